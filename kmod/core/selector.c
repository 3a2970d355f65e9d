// SPDX-License-Identifier: GPL-2.0
#include "core/hash.h"
#include "core/identity.h"
#include "core/namespace.h"
#include "core/selector.h"
#include "core/world.h"
#include <linux/netpol.h>

static int value_order(const void *a, const void *b)
{
	const struct netpol_label *left = *(struct netpol_label * const *)a;
	const struct netpol_label *right = *(struct netpol_label * const *)b;

	return left < right ? -1 : left > right;
}

static int requirement_order(const void *a, const void *b)
{
	const struct netpol_requirement *left = a, *right = b;

	if (left->key != right->key)
		return left->key->serial < right->key->serial ? -1 : 1;
	if (left->operator != right->operator)
		return left->operator - right->operator;
	if (left->count != right->count)
		return left->count < right->count ? -1 : 1;
	return left->count ? memcmp(left->value, right->value,
				    left->count * sizeof(*left->value)) : 0;
}

static void selector_free(struct netpol_world *world, struct netpol_selector *selector)
{
	u32 i, j;

	for (i = 0; i < selector->count; i++) {
		struct netpol_requirement *requirement = &selector->requirement[i];

		for (j = 0; j < requirement->count; j++)
			netpol_label_put(world, requirement->value[j]);
		netpol_free(requirement->value);
		if (requirement->key)
			netpol_key_put(world, requirement->key);
	}
	netpol_free(selector);
}

static bool selector_equal(const struct netpol_selector *a,
			   const struct netpol_selector *b)
{
	u32 i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (requirement_order(&a->requirement[i], &b->requirement[i]))
			return false;
	return true;
}

static int requirement_fill(struct netpol_world *world,
			    struct netpol_requirement *requirement,
			    const struct netpol_requirement_text *text)
{
	u32 i, at = 0;

	requirement->operator = text->operator;
	requirement->key = netpol_key_get(world, text->key);
	if (!requirement->key)
		return -ENOMEM;
	if (!text->count)
		return 0;
	requirement->value = netpol_alloc_array(text->count,
						sizeof(*requirement->value));
	if (!requirement->value)
		return -ENOMEM;
	for (i = 0; i < text->count; i++) {
		requirement->value[i] = netpol_label_get(world, text->key,
							 text->value[i]);
		if (!requirement->value[i])
			return -ENOMEM;
		requirement->count++;
	}
	sort(requirement->value, requirement->count, sizeof(*requirement->value),
	     value_order, NULL);
	for (i = 0; i < requirement->count; i++) {
		if (at && requirement->value[at - 1] == requirement->value[i])
			netpol_label_put(world, requirement->value[i]);
		else
			requirement->value[at++] = requirement->value[i];
	}
	requirement->count = at;
	return 0;
}

/**
 * netpol_selector_get() - find or make the selector of these requirements
 * @world: world, locked
 * @text: requirements
 * @count: how many; a selector without requirements matches everything
 *
 * Return: the selector with one more reference, or NULL without memory.
 */
struct netpol_selector *netpol_selector_get(struct netpol_world *world,
					    const struct netpol_requirement_text *text,
					    u32 count)
{
	struct netpol_selector *selector, *old;
	u32 i, j, hash = 0;

	selector = netpol_alloc(struct_size(selector, requirement, count));
	if (!selector)
		return NULL;
	for (i = 0; i < count; i++) {
		selector->count++;
		if (requirement_fill(world, &selector->requirement[i], &text[i])) {
			selector_free(world, selector);
			return NULL;
		}
	}
	sort(selector->requirement, count, sizeof(*selector->requirement),
	     requirement_order, NULL);
	for (i = 0; i < count; i++) {
		struct netpol_requirement *requirement = &selector->requirement[i];

		hash = hash * 31 + requirement->key->interned.hash +
		       requirement->operator;
		for (j = 0; j < requirement->count; j++)
			hash = hash * 31 + requirement->value[j]->interned.hash;
	}
	hlist_for_each_entry(old, netpol_intern_chain(&world->selectors, hash),
			     interned.node) {
		if (old->interned.hash == hash && selector_equal(old, selector)) {
			selector_free(world, selector);
			old->interned.refs++;
			return old;
		}
	}
	netpol_intern_add(&world->selectors, &selector->interned, hash);
	return selector;
}

/* Gives a reference back; the last one frees the selector. NULL does nothing. World locked. */
void netpol_selector_put(struct netpol_world *world, struct netpol_selector *selector)
{
	if (!selector || --selector->interned.refs)
		return;
	netpol_intern_remove(&world->selectors, &selector->interned);
	selector_free(world, selector);
}

static bool requirement_matches(const struct netpol_requirement *requirement,
				const struct netpol_labels *labels)
{
	struct netpol_label *label = netpol_labels_find(labels, requirement->key);
	u32 i;

	switch (requirement->operator) {
	case NETPOL_OPERATOR_EXISTS:
		return label;
	case NETPOL_OPERATOR_DOES_NOT_EXIST:
		return !label;
	case NETPOL_OPERATOR_IN:
	case NETPOL_OPERATOR_NOT_IN:
		for (i = 0; label && i < requirement->count; i++)
			if (requirement->value[i] == label)
				return requirement->operator == NETPOL_OPERATOR_IN;
		return requirement->operator == NETPOL_OPERATOR_NOT_IN;
	default:
		return false;
	}
}

/* Does a selector match a label set? */
bool netpol_selector_matches(const struct netpol_selector *selector,
			     const struct netpol_labels *labels)
{
	u32 i;

	for (i = 0; i < selector->count; i++)
		if (!requirement_matches(&selector->requirement[i], labels))
			return false;
	return true;
}

/* Which posting sets a selector is evaluated on. */
enum posting { POSTING_IDENTITIES, POSTING_NAMESPACES };

static const struct netpol_idset *key_posting(const struct netpol_key *key,
					      enum posting posting)
{
	return posting == POSTING_IDENTITIES ? &key->identities : &key->namespaces;
}

static const struct netpol_idset *label_posting(const struct netpol_label *label,
						enum posting posting)
{
	return posting == POSTING_IDENTITIES ? &label->identities :
					       &label->namespaces;
}

/* Keeps in @set only what the selector matches. Return: 0 or -ENOMEM. */
static int selector_narrow(const struct netpol_selector *selector,
			   enum posting posting, struct netpol_idset *set)
{
	struct netpol_idset any = {};
	int error = 0;
	u32 i, j;

	for (i = 0; i < selector->count && set->count; i++) {
		const struct netpol_requirement *requirement =
			&selector->requirement[i];

		switch (requirement->operator) {
		case NETPOL_OPERATOR_EXISTS:
			netpol_idset_and(set, key_posting(requirement->key, posting));
			break;
		case NETPOL_OPERATOR_DOES_NOT_EXIST:
			netpol_idset_and_not(set,
					     key_posting(requirement->key, posting));
			break;
		case NETPOL_OPERATOR_NOT_IN:
			for (j = 0; j < requirement->count; j++) {
				netpol_idset_and_not(set,
						     label_posting(requirement->value[j],
								   posting));
				cond_resched();
			}
			break;
		case NETPOL_OPERATOR_IN:
			if (requirement->count == 1) {
				netpol_idset_and(set,
						 label_posting(requirement->value[0],
							       posting));
				break;
			}
			netpol_idset_clear(&any);
			for (j = 0; j < requirement->count && !error; j++) {
				error = netpol_idset_or(&any,
							label_posting(requirement->value[j],
								      posting));
				cond_resched();
			}
			netpol_idset_and(set, &any);
			break;
		default:
			netpol_idset_clear(set);
			break;
		}
	}
	netpol_idset_free(&any);
	return error;
}

/* Keeps in a set of namespaces only those that the selector matches. Return: 0 or -ENOMEM. */
int netpol_selector_namespaces(const struct netpol_selector *selector,
			       struct netpol_idset *set)
{
	return selector_narrow(selector, POSTING_NAMESPACES, set);
}

/**
 * netpol_peer_get() - find or make the peer of these selectors
 * @world: world, locked
 * @ns: namespace, of which a reference is taken; NULL if there is @namespaces
 * @namespaces: selector of namespaces or NULL; the reference is taken over, also on failure
 * @pods: selector of pods or NULL; the reference is taken over, also on failure
 *
 * Return: the peer with one more reference, or NULL without memory.
 */
struct netpol_peer *netpol_peer_get(struct netpol_world *world, struct netpol_ns *ns,
				    struct netpol_selector *namespaces,
				    struct netpol_selector *pods)
{
	const void *parts[3] = { ns, namespaces, pods };
	u32 hash = netpol_hash(parts, sizeof(parts));
	struct netpol_peer *peer;

	hlist_for_each_entry(peer, netpol_intern_chain(&world->peers, hash),
			     interned.node) {
		if (peer->ns == ns && peer->namespaces == namespaces &&
		    peer->pods == pods) {
			netpol_selector_put(world, namespaces);
			netpol_selector_put(world, pods);
			peer->interned.refs++;
			return peer;
		}
	}
	peer = netpol_alloc(sizeof(*peer));
	if (!peer) {
		netpol_selector_put(world, namespaces);
		netpol_selector_put(world, pods);
		return NULL;
	}
	peer->ns = ns ? netpol_ns_hold(ns) : NULL;
	peer->namespaces = namespaces;
	peer->pods = pods;
	INIT_LIST_HEAD(&peer->active);
	netpol_intern_add(&world->peers, &peer->interned, hash);
	return peer;
}

/* Gives a reference back; the last one frees the peer. World locked. */
void netpol_peer_put(struct netpol_world *world, struct netpol_peer *peer)
{
	if (--peer->interned.refs)
		return;
	netpol_intern_remove(&world->peers, &peer->interned);
	list_del_init(&peer->active);
	netpol_idset_free(&peer->set);
	if (peer->ns)
		netpol_ns_put(world, peer->ns);
	netpol_selector_put(world, peer->namespaces);
	netpol_selector_put(world, peer->pods);
	netpol_free(peer);
}

/* Is this the peer of unknown pods? */
static bool peer_is_unknown(const struct netpol_peer *peer)
{
	return !peer->ns && !peer->namespaces;
}

/*
 * Does a peer match one identity? In a namespace that is not loaded, only the peer of unknown pods
 * does.
 */
bool netpol_peer_matches(const struct netpol_peer *peer,
			 const struct netpol_identity *identity)
{
	const struct netpol_ns *ns = identity->ns;

	if (!ns->labels || peer_is_unknown(peer))
		return !ns->labels && peer_is_unknown(peer);
	if (peer->ns ? peer->ns != ns :
		       !netpol_selector_matches(peer->namespaces, ns->labels))
		return false;
	return !peer->pods || netpol_selector_matches(peer->pods, identity->labels);
}

/* The set of the peer of unknown pods. Return: 0 or -ENOMEM. */
static int unknown_evaluate(struct netpol_world *world, struct netpol_idset *set)
{
	int error = netpol_idset_add(set, NETPOL_IDENTITY_UNKNOWN);
	u32 i;

	for (i = 0; i < world->ns_size && !error; i++) {
		if (world->ns[i] && !world->ns[i]->labels)
			error = netpol_idset_or(set, &world->ns[i]->identities);
		netpol_offer(i);
	}
	return error;
}

/**
 * netpol_peer_evaluate() - find all identities that a peer matches
 * @world: world, locked
 * @peer: the peer
 * @set: filled; what was in it is lost
 *
 * Return: 0 or -ENOMEM.
 */
int netpol_peer_evaluate(struct netpol_world *world, const struct netpol_peer *peer,
			 struct netpol_idset *set)
{
	struct netpol_idset namespaces = {};
	struct netpol_idset_walk walk;
	int error = 0;
	u32 number;

	netpol_idset_clear(set);
	if (peer_is_unknown(peer))
		return unknown_evaluate(world, set);
	if (peer->ns) {
		if (peer->ns->labels)
			error = netpol_idset_copy(set, &peer->ns->identities);
	} else if (!peer->namespaces->count) {
		error = netpol_idset_copy(set, &world->loaded_identities);
	} else {
		error = netpol_idset_copy(&namespaces, &world->loaded_namespaces);
		if (!error)
			error = netpol_selector_namespaces(peer->namespaces,
							   &namespaces);
		netpol_idset_for_each(&namespaces, walk, number) {
			if (error)
				break;
			error = netpol_idset_or(set, &world->ns[number]->identities);
			cond_resched();
		}
	}
	if (!error && peer->pods)
		error = selector_narrow(peer->pods, POSTING_IDENTITIES, set);
	netpol_idset_free(&namespaces);
	return error;
}
