// SPDX-License-Identifier: GPL-2.0
/* Labels of namespaces, and identities; see derive_identity.h. */
#include "core/derive_identity.h"
#include "core/edit_state.h"
#include "core/hash.h"

/* The Namespace object whose labels count, which is the one of the origin that wins; or NULL. */
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

int netpol_derive_namespaces(struct netpol_edit *edit)
{
	u32 i;

	for (i = 0; i < edit->objects.count; i++) {
		const struct netpol_change *change = &edit->objects.change[i];
		const struct netpol_namespace *namespace;
		struct netpol_labels *labels;
		struct netpol_ns *ns;
		int error;

		if (change->kind != NETPOL_CHANGE_NAMESPACE)
			continue;
		cond_resched();
		namespace = change->object ? change->object : change->old;
		ns = namespace->ns;
		namespace = effective_namespace(edit, ns);
		labels = namespace ? namespace->labels : NULL;
		if (labels == ns->labels)
			continue;
		error = netpol_undo_note(edit, (struct netpol_undo){
			.kind = NETPOL_UNDO_LABELS, .ns = ns, .labels = ns->labels,
		});
		if (!error)
			error = netpol_log_ns(&edit->relabelled, ns);
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
 * Finds out which of the label keys that a policy's peers name have become active or are no
 * longer so. Templates that have one of these are added to @carriers. Return: 0 or -ENOMEM.
 */
static int flip_keys(struct netpol_edit *edit, const struct netpol_policy *policy,
		     struct netpol_idset *carriers)
{
	u32 i, j, k;
	int error;

	for (i = 0; i < policy->nrules; i++) {
		for (j = 0; j < policy->rule[i].npeers; j++) {
			const struct netpol_peer *peer = policy->rule[i].peer[j].pods;

			netpol_offer(j);
			if (!peer || !peer->pods)
				continue;
			for (k = 0; k < peer->pods->count; k++) {
				struct netpol_key *key = peer->pods->requirement[k].key;

				if (key->active == !!key->namers)
					continue;
				error = netpol_undo_note(edit, (struct netpol_undo){
					.kind = NETPOL_UNDO_KEY, .key = key,
				});
				if (error)
					return error;
				key->active = !key->active;
				error = netpol_idset_or(carriers, &key->templates);
				if (error)
					return error;
			}
		}
		cond_resched();
	}
	return 0;
}

/*
 * No longer keeps the sets of the peers that only a policy had which has gone: such a peer may
 * name a key that is no longer active. Return: 0 or -ENOMEM.
 */
static int drop_peers(struct netpol_edit *edit, const struct netpol_policy *policy)
{
	struct netpol_idset *set;
	u32 i, j;
	int error;

	for (i = 0; i < policy->nrules; i++) {
		for (j = 0; j < policy->rule[i].npeers; j++) {
			struct netpol_peer *peer = policy->rule[i].peer[j].pods;

			netpol_offer(j);
			if (!peer || peer->users || list_empty(&peer->active))
				continue;
			set = netpol_alloc(sizeof(*set));
			if (!set)
				return -ENOMEM;
			error = netpol_undo_note(edit, (struct netpol_undo){
				.kind = NETPOL_UNDO_PEER, .peer = peer, .set = set,
			});
			if (error) {
				netpol_free(set);
				return error;
			}
			*set = peer->set;
			memset(&peer->set, 0, sizeof(peer->set));
			list_del_init(&peer->active);
		}
		cond_resched();
	}
	return 0;
}

int netpol_derive_identity(struct netpol_edit *edit, struct netpol_template *template)
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
	error = netpol_undo_note(edit, (struct netpol_undo){
		.kind = NETPOL_UNDO_TEMPLATE, .template = template, .before = before,
	});
	if (error) {
		netpol_identity_put(edit->world, identity);
		return error;
	}
	template->identity = identity;
	if (identity->interned.refs > 1 || identity->created != edit->serial)
		return 0;
	ports = netpol_pages_write(&edit->ports, identity->number);
	if (!ports)
		return -ENOMEM;
	*ports = identity->ports;
	return netpol_log_split(&edit->identities, identity, before);
}

/* Counts for each identity how many of its templates are in @carriers. */
static void count_carriers(struct netpol_edit *edit, const struct netpol_idset *carriers)
{
	struct netpol_idset_walk walk;
	u32 number, visited = 0;

	netpol_idset_for_each(carriers, walk, number) {
		struct netpol_identity *identity = edit->world->template[number]->identity;

		netpol_offer(visited++);
		if (!identity)
			continue;
		if (identity->split != edit->serial)
			identity->carriers = 0;
		identity->split = edit->serial;
		identity->carriers++;
	}
}

/*
 * Called with the first of an identity's templates that has a key which is active or not since
 * this edit. If all of its templates have one, and no other identity has the labels that this
 * template has now, the identity gets these and keeps its number. So a key with one value for
 * all pods of an identity changes nothing that packets read. @renamed: this was done, so that
 * the template has the identity that is right for it. Return: 0 or -ENOMEM.
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
	if (netpol_identity_find(edit->world, template, labels)) {
		netpol_labels_put(edit->world, labels);
		return 0;
	}
	error = netpol_undo_note(edit, (struct netpol_undo){
		.kind = NETPOL_UNDO_RENAME, .identity = identity, .labels = identity->labels,
	});
	if (!error) {
		netpol_labels_hold(identity->labels);
		error = netpol_identity_rename(edit->world, identity, labels);
	}
	netpol_labels_put(edit->world, labels);
	*renamed = !error;
	return error;
}

/* Touches the addresses of remote pods whose identity number is in @moved. Return: 0 or -ENOMEM. */
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

			/* the value of a local pod is larger than all numbers */
			if (!value || value >= numbers || !test_bit(value, moved))
				continue;
			if (netpol_log_touched(&edit->touched, family, address,
					       netpol_address_hash(family, address)))
				return -ENOMEM;
		}
		if (i % 1024 == 0)
			cond_resched();
	}
	return 0;
}

/*
 * Gives the templates in @carriers their identities, and touches the addresses of the
 * identities that lost a template. This comes before the edit changes any address, so the
 * address map that is walked, and whose memory the touched addresses are in, is the published
 * one, which outlives the edit.
 */
static int regroup_identities(struct netpol_edit *edit, const struct netpol_idset *carriers)
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
			error = netpol_derive_identity(edit, template);
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

int netpol_derive_keys(struct netpol_edit *edit)
{
	struct netpol_idset carriers = {};
	int error = 0;
	u32 i;

	for (i = 0; !error && i < edit->objects.count; i++) {
		const struct netpol_change *change = &edit->objects.change[i];

		if (change->kind != NETPOL_CHANGE_POLICY)
			continue;
		if (change->old)
			error = drop_peers(edit, change->old);
		if (!error && change->old)
			error = flip_keys(edit, change->old, &carriers);
		if (!error && change->object)
			error = flip_keys(edit, change->object, &carriers);
	}
	if (!error && carriers.count)
		error = regroup_identities(edit, &carriers);
	netpol_idset_free(&carriers);
	return error;
}
