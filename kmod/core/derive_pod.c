// SPDX-License-Identifier: GPL-2.0
/*
 * What follows from changed objects: labels of namespaces, identities, who owns which
 * address; the rest is in derive_program.c. Everything that is changed in place
 * on the control side is noted in the undo log first, so that an abort puts it back
 * without allocating.
 */
#include "core/edit_state.h"
#include "core/hash.h"

/* Notes how to undo what is about to be done. Return: 0 or -ENOMEM. */
int netpol_undo_note(struct netpol_edit *edit, u32 kind, u32 number, void *subject,
		     void *value)
{
	return netpol_log_add(&edit->undo, kind, number, subject, value);
}

/* Puts the control side back to before the edit, newest change first. */
void netpol_undo_run(struct netpol_edit *edit)
{
	struct netpol_world *world = edit->world;
	struct netpol_peer *peer, *next_peer;
	struct netpol_program *program, *next_program;
	u32 i;

	list_for_each_entry_safe(program, next_program, &world->programs, node)
		if (program->created == edit->serial)
			list_del_init(&program->node);
	list_for_each_entry_safe(peer, next_peer, &world->active_peers, active) {
		if (peer->activated != edit->serial)
			continue;
		list_del_init(&peer->active);
		netpol_idset_free(&peer->set);
	}
	for (i = edit->undo.count; i; i--) {
		struct netpol_change *change = &edit->undo.change[i - 1];
		struct netpol_template *template = change->subject;
		struct netpol_identity *identity;

		switch (change->kind) {
		case NETPOL_UNDO_NS:
			netpol_ns_set_labels(world, change->subject, change->value);
			cond_resched();
			break;
		case NETPOL_UNDO_KEY:
			((struct netpol_key *)change->subject)->active = false;
			break;
		case NETPOL_UNDO_TEMPLATE:
			identity = template->identity;
			template->identity = change->value;
			netpol_identity_put(world, identity);
			break;
		case NETPOL_UNDO_RENAME:
			netpol_identity_rename(world, change->subject, change->value);
			netpol_labels_put(world, change->value);
			break;
		case NETPOL_UNDO_PEER:
			peer = change->subject;
			netpol_idset_free(&peer->set);
			peer->set = *(struct netpol_idset *)change->value;
			netpol_free(change->value);
			break;
		case NETPOL_UNDO_MEMBER_NEW:
			peer = change->subject;
			netpol_idset_del(&peer->set, change->number);
			break;
		case NETPOL_UNDO_MEMBER_GONE:
			/* the set had room for it a moment ago, and keeps it */
			peer = change->subject;
			netpol_idset_add(&peer->set, change->number);
			break;
		case NETPOL_UNDO_PROGRAM:
			program = change->value;
			list_replace(&program->node,
				     &((struct netpol_program *)change->subject)->node);
			break;
		case NETPOL_UNDO_SLOT_TAKEN:
			netpol_idset_del(&world->slots, change->number);
			break;
		case NETPOL_UNDO_SLOT_FREED:
			netpol_idset_add(&world->slots, change->number);
			break;
		}
	}
}

/* The edit is published: what it could have gone back to is given up. */
void netpol_undo_forget(struct netpol_edit *edit)
{
	u32 i;

	for (i = 0; i < edit->undo.count; i++) {
		struct netpol_change *change = &edit->undo.change[i];

		if (change->kind == NETPOL_UNDO_TEMPLATE && change->value)
			netpol_identity_put(edit->world, change->value);
		if (change->kind == NETPOL_UNDO_RENAME)
			netpol_labels_put(edit->world, change->value);
		if (change->kind == NETPOL_UNDO_PEER) {
			netpol_idset_free(change->value);
			netpol_free(change->value);
		}
	}
}

/* The Namespace object that counts: of the origin that wins. */
static struct netpol_namespace *effective_namespace(struct netpol_edit *edit,
						    const struct netpol_ns *ns)
{
	struct netpol_namespace *namespace, *best = NULL;
	u32 cursor = 0;

	while ((namespace = netpol_table_edit_for_each(&edit->namespaces,
						       ns->interned.hash, &cursor)))
		if (namespace->ns == ns &&
		    (!best || netpol_origin_wins(edit->next, namespace->origin,
						 best->origin)))
			best = namespace;
	return best;
}

static int derive_namespaces(struct netpol_edit *edit)
{
	u32 i;

	for (i = 0; i < edit->objects.count; i++) {
		struct netpol_change *change = &edit->objects.change[i];
		struct netpol_namespace *namespace;
		struct netpol_labels *labels;
		struct netpol_ns *ns;
		int error;

		if (change->kind != NETPOL_CHANGE_NAMESPACE)
			continue;
		cond_resched();
		namespace = change->value ? change->value : change->subject;
		ns = namespace->ns;
		namespace = effective_namespace(edit, ns);
		labels = namespace ? namespace->labels : NULL;
		if (labels == ns->labels)
			continue;
		error = netpol_undo_note(edit, NETPOL_UNDO_NS, 0, ns, ns->labels);
		if (!error)
			error = netpol_log_add(&edit->relabelled, 0, 0, ns, NULL);
		if (error)
			return error;
		if (ns->labels_changed != edit->serial)
			ns->before = ns->labels;
		ns->labels_changed = edit->serial;
		error = netpol_ns_set_labels(edit->world, ns, labels);
		if (error)
			return error;
	}
	return 0;
}

/*
 * Makes the keys that a policy's peers name tell identities apart; the templates that
 * carry one of them are added to @carriers.
 */
static int activate_keys(struct netpol_edit *edit, const struct netpol_policy *policy,
			 struct netpol_idset *carriers)
{
	u32 i, j, k;

	for (i = 0; i < policy->nrules; i++) {
		for (j = 0; j < policy->rule[i].npeers; j++) {
			const struct netpol_peer *peer = policy->rule[i].peer[j].pods;

			if (!peer || !peer->pods)
				continue;
			for (k = 0; k < peer->pods->count; k++) {
				struct netpol_key *key = peer->pods->requirement[k].key;

				if (key->active)
					continue;
				if (netpol_undo_note(edit, NETPOL_UNDO_KEY, 0, key, NULL))
					return -ENOMEM;
				key->active = true;
				if (netpol_idset_or(carriers, &key->templates))
					return -ENOMEM;
			}
		}
	}
	return 0;
}

/* Gives a template the identity that the active keys make of it. */
static int identify(struct netpol_edit *edit, struct netpol_template *template)
{
	struct netpol_identity *identity = netpol_identity_get(edit->world, template);
	struct netpol_identity *before = template->identity;
	struct netpol_ports **ports;
	int error;

	if (IS_ERR(identity)) {
		if (PTR_ERR(identity) != -ENOSPC)
			return PTR_ERR(identity);
		return netpol_fail(edit->fault, -ENOSPC,
				   "pods of namespace %s: more than %llu identities in all",
				   template->ns->name, (unsigned long long)
				   edit->world->limit[NETPOL_LIMIT_IDENTITIES]);
	}
	if (identity == before) {
		netpol_identity_put(edit->world, identity);
		return 0;
	}
	/* the reference on the old identity moves to the undo log */
	error = netpol_undo_note(edit, NETPOL_UNDO_TEMPLATE, 0, template, before);
	if (error) {
		netpol_identity_put(edit->world, identity);
		return error;
	}
	template->identity = identity;
	template->changed = edit->serial;
	if (identity->interned.refs > 1 || identity->created != edit->serial)
		return 0;
	ports = netpol_pages_write(&edit->ports, identity->number);
	if (!ports)
		return -ENOMEM;
	*ports = identity->ports;
	return netpol_log_add(&edit->identities, 0, 0, identity, before);
}

static int touch_address(struct netpol_edit *edit, u8 family, const u8 *address, u32 hash)
{
	return netpol_log_add(&edit->touched, hash, family, (void *)address, NULL);
}

static int touch(struct netpol_edit *edit, const struct netpol_pod *pod)
{
	const u8 *address;
	u8 family;
	u32 i;

	for (i = 0; i < netpol_pod_addresses(pod); i++) {
		address = netpol_pod_address(pod, i, &family);
		if (touch_address(edit, family, address, netpol_address_hash(family, address)))
			return -ENOMEM;
	}
	return 0;
}

/* Counts for each identity the templates that carry a key new to this edit. */
static void count_carriers(struct netpol_edit *edit, const struct netpol_idset *carriers)
{
	struct netpol_idset_walk walk;
	u32 number;

	netpol_idset_for_each(carriers, walk, number) {
		struct netpol_identity *identity = edit->world->template[number]->identity;

		if (!identity)
			continue;
		if (identity->split != edit->serial)
			identity->carriers = 0;
		identity->split = edit->serial;
		identity->carriers++;
	}
}

/*
 * The first of the templates of an identity: if all of them carry a new key, then the
 * identity keeps its number and becomes that of the first one, so that a key with one
 * value for all of its pods changes nothing that packets see. @renamed: the template has
 * the identity that is its own then.
 */
static int rename_identity(struct netpol_edit *edit, const struct netpol_template *template,
			   bool *renamed)
{
	struct netpol_identity *identity = template->identity;
	struct netpol_labels *labels;
	int error;

	if (identity->carriers != identity->interned.refs)
		return 0;
	labels = netpol_labels_active(edit->world, template->labels);
	if (!labels)
		return -ENOMEM;
	error = netpol_undo_note(edit, NETPOL_UNDO_RENAME, 0, identity, identity->labels);
	if (!error) {
		netpol_labels_hold(identity->labels);
		error = netpol_identity_rename(edit->world, identity, labels);
	}
	netpol_labels_put(edit->world, labels);
	*renamed = !error;
	return error;
}

/* Touches the addresses of remote pods whose identity number is in @moved. */
static int touch_identities(struct netpol_edit *edit, u8 family, const unsigned long *moved,
			    u32 numbers)
{
	const struct netpol_addrmap_edit *addrmap = &edit->addrmap[family == AF_INET6];
	u32 i, j;

	for (i = 0; addrmap->now.count && i <= addrmap->now.mask; i++) {
		const void *bucket = netpol_pages_read(&addrmap->pages, i);

		for (j = 0; j < netpol_addrmap_slots(family); j++) {
			u32 value = netpol_bucket_value(bucket, family, j);
			const void *address = netpol_bucket_address(bucket, family, j);

			/* a local pod has its bit set, which is past all numbers */
			if (!value || value >= numbers || !test_bit(value, moved))
				continue;
			if (touch_address(edit, family, address,
					  netpol_address_hash(family, address)))
				return -ENOMEM;
		}
		if (i % 1024 == 0)
			cond_resched();
	}
	return 0;
}

/*
 * The templates that carry a new key get their identity anew, and the addresses of
 * those whose number is another one now are looked at again. This is before the edit
 * changes any address, so the table is still the published one and stays for its life.
 */
static int split_identities(struct netpol_edit *edit, const struct netpol_idset *carriers)
{
	u32 number, numbers = edit->world->nblocks * NETPOL_IDENTITY_BLOCK;
	struct netpol_idset_walk walk;
	unsigned long *moved;
	int error = 0;
	bool any = false;

	moved = netpol_alloc_array(BITS_TO_LONGS(numbers), sizeof(*moved));
	if (!moved)
		return -ENOMEM;
	count_carriers(edit, carriers);
	netpol_idset_for_each(carriers, walk, number) {
		struct netpol_template *template = edit->world->template[number];
		struct netpol_identity *before = template->identity;
		bool renamed = false;

		if (!before)
			continue;
		if (before->split == edit->serial) {
			before->split = 0;
			error = rename_identity(edit, template, &renamed);
		}
		if (!error && !renamed)
			error = identify(edit, template);
		if (error)
			break;
		if (template->identity != before) {
			__set_bit(before->number, moved);
			any = true;
		}
		cond_resched();
	}
	if (any && !error)
		error = touch_identities(edit, AF_INET, moved, numbers);
	if (any && !error)
		error = touch_identities(edit, AF_INET6, moved, numbers);
	netpol_free(moved);
	return error;
}

static int derive_keys(struct netpol_edit *edit)
{
	struct netpol_idset carriers = {};
	int error = 0;
	u32 i;

	for (i = 0; !error && i < edit->objects.count; i++) {
		struct netpol_change *change = &edit->objects.change[i];

		if (change->kind == NETPOL_CHANGE_POLICY && change->value)
			error = activate_keys(edit, change->value, &carriers);
	}
	if (!error && carriers.count)
		error = split_identities(edit, &carriers);
	netpol_idset_free(&carriers);
	return error;
}

static int slot_take(struct netpol_edit *edit, u32 *slot)
{
	struct netpol_world *world = edit->world;
	u32 i;
	int error;

	for (i = 0, *slot = 0; i < world->slots.count; i++, *slot += 64) {
		const struct netpol_idset_word *word = &world->slots.words[i];

		if (word->index * 64 != *slot)
			break;
		if (~word->bits) {
			*slot += __ffs64(~word->bits);
			break;
		}
	}
	if (edit->next->nlocals >= world->limit[NETPOL_LIMIT_LOCAL_PODS])
		return -ENOSPC;
	error = netpol_undo_note(edit, NETPOL_UNDO_SLOT_TAKEN, *slot, NULL, NULL);
	if (error)
		return error;
	error = netpol_idset_add(&world->slots, *slot);
	if (!error)
		edit->next->nlocals++;
	return error;
}

/* An interface no longer leads to a slot; another pod may be behind it too. */
static int interface_drop(struct netpol_edit *edit, u32 ifindex, u32 slot)
{
	struct netpol_idset_walk walk;
	bool live = false;
	u32 value = 0, other;

	if (netpol_addrmap_get(&edit->interfaces, &ifindex) != (NETPOL_VALUE_LOCAL | slot))
		return 0;
	netpol_idset_for_each(&edit->world->slots, walk, other) {
		const struct netpol_local *local = netpol_pages_read(&edit->locals, other);

		if (other == slot || local->ifindex != ifindex || live)
			continue;
		value = NETPOL_VALUE_LOCAL | other;
		live = !local->runtime->gone;
	}
	return netpol_addrmap_set(&edit->interfaces, &ifindex, value);
}

static int slot_free(struct netpol_edit *edit, u32 slot)
{
	struct netpol_local *local;

	if (netpol_undo_note(edit, NETPOL_UNDO_SLOT_FREED, slot, NULL, NULL))
		return -ENOMEM;
	local = netpol_pages_write(&edit->locals, slot);
	if (!local)
		return -ENOMEM;
	if (local->ifindex && interface_drop(edit, local->ifindex, slot))
		return -ENOMEM;
	memset(local, 0, sizeof(*local));
	netpol_idset_del(&edit->world->slots, slot);
	edit->next->nlocals--;
	return 0;
}

/*
 * An interface leads to a slot. But the index may be another interface's by now: a pod
 * whose own one is gone does not take it from the pod that is behind it.
 */
static int interface_set(struct netpol_edit *edit, const struct netpol_pod *pod, u32 slot)
{
	if (!pod->ifindex ||
	    (pod->runtime->gone && netpol_addrmap_get(&edit->interfaces, &pod->ifindex)))
		return 0;
	return netpol_addrmap_set(&edit->interfaces, &pod->ifindex, NETPOL_VALUE_LOCAL | slot);
}

/* The entry of a local pod; its programs are found later. */
static int local_set(struct netpol_edit *edit, struct netpol_pod *old,
		     struct netpol_pod *pod)
{
	u32 slot = old ? old->slot : NETPOL_NO_SLOT;
	struct netpol_local *local;
	int error;

	if (!pod || !netpol_pod_is_local(pod))
		return slot == NETPOL_NO_SLOT ? 0 : slot_free(edit, slot);
	if (slot == NETPOL_NO_SLOT) {
		error = slot_take(edit, &slot);
		if (error == -ENOSPC)
			return netpol_fail(edit->fault, error,
					   "pod %s/%s: more than %llu local pods",
					   pod->template->ns->name,
					   netpol_pod_name(pod), (unsigned long long)
					   edit->world->limit[NETPOL_LIMIT_LOCAL_PODS]);
		if (error)
			return error;
	}
	pod->slot = slot;
	local = netpol_pages_write(&edit->locals, slot);
	if (!local)
		return -ENOMEM;
	if (local->ifindex && local->ifindex != pod->ifindex &&
	    interface_drop(edit, local->ifindex, slot))
		return -ENOMEM;
	if (interface_set(edit, pod, slot))
		return -ENOMEM;
	local->pod = pod;
	local->runtime = pod->runtime;
	local->ifindex = pod->ifindex;
	local->runtime->changed = edit->serial;
	return 0;
}

static int claims_remove(struct netpol_edit *edit, struct netpol_pod *pod)
{
	u32 i;
	int error;

	for (i = 0; i < netpol_pod_addresses(pod); i++) {
		error = netpol_table_remove(&edit->claims, netpol_claim(pod, i));
		if (error)
			return error;
	}
	return touch(edit, pod);
}

static int claims_insert(struct netpol_edit *edit, struct netpol_pod *pod)
{
	const u8 *address;
	u8 family;
	u32 i, hash;
	int error;

	for (i = 0; i < netpol_pod_addresses(pod); i++) {
		address = netpol_pod_address(pod, i, &family);
		hash = netpol_address_hash(family, address);
		error = netpol_table_insert(&edit->claims, netpol_claim(pod, i), hash);
		if (!error)
			error = touch_address(edit, family, address, hash);
		if (error)
			return error;
	}
	return 0;
}

/*
 * Is every pod of the edit's own origin? Then no pod is in another's shadow, and there is
 * no need to look for one.
 */
static bool origin_alone(const struct netpol_edit *edit)
{
	u32 i;

	for (i = 0; i < NETPOL_ORIGINS; i++)
		if (i != edit->origin && edit->next->origin[i].objects)
			return false;
	return true;
}

/* Pods of the same name in other origins may have come into or out of the shadow. */
static int touch_namesakes(struct netpol_edit *edit, const struct netpol_pod *pod)
{
	const struct netpol_pod *other;
	u32 cursor = 0;

	while ((other = netpol_table_edit_for_each(&edit->pods, pod->hash, &cursor)))
		if (other->origin != pod->origin && netpol_pod_same_name(other, pod) &&
		    touch(edit, other))
			return -ENOMEM;
	return 0;
}

/* Makes room for the addresses of the pods that the edit sets, once for all. */
static int reserve_addresses(struct netpol_edit *edit)
{
	u32 i, added[2] = { 0, 0 };
	int error;

	for (i = 0; i < edit->objects.count; i++) {
		const struct netpol_change *change = &edit->objects.change[i];
		const struct netpol_pod *pod = change->value;

		if (change->kind != NETPOL_CHANGE_POD || !pod)
			continue;
		added[0] += pod->naddress4;
		added[1] += pod->naddress6;
	}
	/* they are all there in the end: most that are there already may be the same */
	error = netpol_table_reserve(&edit->claims,
				     max(edit->claims.count, added[0] + added[1]));
	for (i = 0; i < 2 && !error; i++)
		error = netpol_addrmap_reserve(&edit->addrmap[i],
					     max(edit->addrmap[i].now.count, added[i]));
	if (!error)
		error = netpol_log_reserve(&edit->touched,
					   edit->touched.count + added[0] + added[1]);
	return error;
}

static int derive_pods(struct netpol_edit *edit)
{
	bool alone = origin_alone(edit);
	int error = reserve_addresses(edit);
	u32 i;

	for (i = 0; !error && i < edit->objects.count; i++) {
		struct netpol_change *change = &edit->objects.change[i];
		struct netpol_pod *old = change->subject, *pod = change->value;

		if (change->kind != NETPOL_CHANGE_POD)
			continue;
		if (old)
			error = claims_remove(edit, old);
		if (!error && pod && !pod->template->identity)
			error = identify(edit, pod->template);
		if (!error && pod)
			error = claims_insert(edit, pod);
		if (!error)
			error = local_set(edit, old, pod);
		if (!error && !alone)
			error = touch_namesakes(edit, pod ? pod : old);
		if (error)
			edit->fault->object = pod;
		if (i % 256 == 0)
			cond_resched();
	}
	return error;
}

static bool pod_in_shadow(struct netpol_edit *edit, const struct netpol_pod *pod)
{
	const struct netpol_pod *other;
	u32 cursor = 0;

	while ((other = netpol_table_edit_for_each(&edit->pods, pod->hash, &cursor)))
		if (netpol_pod_same_name(pod, other) &&
		    netpol_origin_wins(edit->next, other->origin, pod->origin))
			return true;
	return false;
}

/* The value of an address in the address map: its owner's, or 0. */
static u32 address_value(struct netpol_edit *edit, u8 family, const void *address, u32 hash,
			 bool alone)
{
	struct netpol_pod *pod, *owner = NULL;
	u32 cursor = 0;
	void *claim;

	while ((claim = netpol_table_edit_probe(&edit->claims, hash, &cursor))) {
		if (!netpol_claim_is(claim, family, address))
			continue;
		pod = netpol_claim_pod(claim);
		/* it may get or lose the address */
		if (netpol_pod_is_local(pod))
			pod->runtime->changed = edit->serial;
		if ((owner && !netpol_pod_owns(pod, owner)) ||
		    (!alone && pod_in_shadow(edit, pod)))
			continue;
		owner = pod;
	}
	if (!owner)
		return 0;
	return netpol_pod_is_local(owner) ? NETPOL_VALUE_LOCAL | owner->slot :
					    owner->template->identity->number;
}

static int derive_addresses(struct netpol_edit *edit)
{
	bool alone = origin_alone(edit);
	u32 i;
	int error;

	for (i = 0; i < edit->touched.count; i++) {
		const struct netpol_change *touched = &edit->touched.change[i];
		u8 family = touched->number;

		error = netpol_addrmap_set(&edit->addrmap[family == AF_INET6], touched->subject,
					 address_value(edit, family, touched->subject,
						       touched->kind, alone));
		if (error)
			return error;
		if (i % 256 == 0)
			cond_resched();
	}
	return 0;
}

/**
 * netpol_edit_prepare() - bring everything that packets read up to date
 * @edit: filled
 *
 * Return: 0: netpol_edit_publish() can't fail any more; -ENOMEM; -ENOSPC over a limit.
 */
int netpol_edit_prepare(struct netpol_edit *edit)
{
	int error;

	edit->next->origin[edit->origin].generation = edit->next->generation;
	error = derive_namespaces(edit);
	if (!error)
		error = derive_keys(edit);
	if (!error)
		error = derive_pods(edit);
	if (!error)
		error = derive_addresses(edit);
	if (!error)
		error = netpol_derive_peers(edit);
	if (!error)
		error = netpol_derive_programs(edit);
	return error;
}
