// SPDX-License-Identifier: GPL-2.0
/* Sets of peers; see derive_peer.h. */
#include "core/derive_peer.h"
#include "core/edit_state.h"

/* With up to so many new or relabelled identities, sets and rows are changed one by one. */
#define FEW_IDENTITIES 64

/* With up to so many, if all were split from others: their peers and rows can be copied. */
#define FEW_SPLITS 1024

bool netpol_peer_relabelled(const struct netpol_peer *peer, const struct netpol_ns *ns)
{
	if (peer->ns || !peer->namespaces)
		return (peer->ns == ns || !peer->ns) && !ns->labels != !ns->before;
	return (ns->before && netpol_selector_matches(peer->namespaces, ns->before)) !=
	       (ns->labels && netpol_selector_matches(peer->namespaces, ns->labels));
}

/* May the edit have changed the set of identities that a peer matches? */
static bool peer_affected(const struct netpol_edit *edit, const struct netpol_peer *peer)
{
	u32 i;

	if (edit->identities.count > FEW_IDENTITIES ||
	    edit->relabelled.count > FEW_IDENTITIES)
		return true;
	for (i = 0; i < edit->relabelled.count; i++)
		if (netpol_peer_relabelled(peer, edit->relabelled.ns[i]))
			return true;
	for (i = 0; i < edit->identities.count; i++)
		if (netpol_peer_matches(peer, edit->identities.split[i].identity))
			return true;
	return false;
}

/*
 * Lists the identities that the edit made and those of relabelled namespaces, and sets
 * edit->one_by_one, unless they are too many. Return: 0 or -ENOMEM.
 */
static int list_affected(struct netpol_edit *edit)
{
	struct netpol_idset_walk walk;
	u32 i, number;

	if (edit->identities.count > (edit->relabelled.count ? FEW_IDENTITIES : FEW_SPLITS))
		return 0;
	for (i = 0; i < edit->identities.count; i++) {
		const struct netpol_split *split = &edit->identities.split[i];

		if (!split->parent && i >= FEW_IDENTITIES)
			return 0;
		if (netpol_log_split(&edit->affected, split->identity,
				     edit->relabelled.count ? NULL : split->parent))
			return -ENOMEM;
	}
	for (i = 0; i < edit->relabelled.count; i++) {
		const struct netpol_ns *ns = edit->relabelled.ns[i];

		netpol_idset_for_each(&ns->identities, walk, number) {
			if (edit->affected.count >= FEW_IDENTITIES)
				return 0;
			if (netpol_log_split(&edit->affected, edit->world->identity[number],
					     NULL))
				return -ENOMEM;
		}
	}
	edit->one_by_one = true;
	return 0;
}

/* Adds the affected identities to a peer's set, or removes them. Return: 0 or -ENOMEM. */
static int update_members(struct netpol_edit *edit, struct netpol_peer *peer)
{
	u32 i;
	int error;

	for (i = 0; i < edit->affected.count; i++) {
		const struct netpol_identity *identity = edit->affected.split[i].identity;
		const struct netpol_identity *parent = edit->affected.split[i].parent;
		bool has = netpol_idset_has(&peer->set, identity->number);
		bool match;

		/* a peer in use names no key that is new, so that it cannot tell the two apart */
		match = parent ? netpol_idset_has(&peer->set, parent->number) :
				 netpol_peer_matches(peer, identity);
		if (has == match)
			continue;
		error = netpol_undo_note(edit, (struct netpol_undo){
			.kind = match ? NETPOL_UNDO_MEMBER_NEW : NETPOL_UNDO_MEMBER_GONE,
			.peer = peer,
			.number = identity->number,
		});
		if (error)
			return error;
		if (match) {
			error = netpol_idset_add(&peer->set, identity->number);
			if (error)
				return error;
		} else {
			netpol_idset_del(&peer->set, identity->number);
		}
		peer->changed = edit->serial;
	}
	return 0;
}

/* Evaluates a peer anew, using @set as scratch. Return: 0 or -ENOMEM. */
static int update_set(struct netpol_edit *edit, struct netpol_peer *peer,
		      struct netpol_idset *set)
{
	struct netpol_idset *before;
	int error;

	error = netpol_peer_evaluate(edit->world, peer, set);
	if (error || netpol_idset_equal(set, &peer->set))
		return error;
	before = netpol_alloc(sizeof(*before));
	if (!before)
		return -ENOMEM;
	error = netpol_undo_note(edit, (struct netpol_undo){
		.kind = NETPOL_UNDO_SET, .peer = peer, .set = before,
	});
	if (error) {
		netpol_free(before);
		return error;
	}
	*before = peer->set;
	peer->set = *set;
	peer->changed = edit->serial;
	memset(set, 0, sizeof(*set));
	return 0;
}

/* Lists the numbers of the identities that the edit made. Return: 0 or -ENOMEM. */
static int list_fresh(const struct netpol_edit *edit, struct netpol_idset *fresh)
{
	int error = 0;
	u32 i;

	for (i = 0; i < edit->identities.count && !error; i++) {
		error = netpol_idset_add(fresh, edit->identities.split[i].identity->number);
		netpol_offer(i);
	}
	return error;
}

/*
 * An identity that is freed stays in the sets of peers, where nobody asks for it. It is taken out
 * here, when a new identity has got its number. That needs no undo: if the edit is aborted, the
 * number is nobody's again.
 */
int netpol_derive_peers(struct netpol_edit *edit)
{
	struct netpol_idset set = {}, fresh = {};
	struct netpol_peer *peer;
	int error;

	if (!edit->identities.count && !edit->relabelled.count)
		return 0;
	error = list_affected(edit);
	if (!error)
		error = list_fresh(edit, &fresh);
	if (error)
		goto free;
	list_for_each_entry(peer, &edit->world->active_peers, active) {
		netpol_idset_and_not(&peer->set, &fresh);
		if (edit->one_by_one)
			error = update_members(edit, peer);
		else if (peer_affected(edit, peer))
			error = update_set(edit, peer, &set);
		if (error)
			break;
		cond_resched();
	}
free:
	netpol_idset_free(&set);
	netpol_idset_free(&fresh);
	return error;
}
