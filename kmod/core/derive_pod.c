// SPDX-License-Identifier: GPL-2.0
/* Owners of addresses, and local pods; see derive_pod.h. */
#include "core/derive_identity.h"
#include "core/derive_pod.h"
#include "core/edit_state.h"
#include "core/hash.h"

/* Notes that the owners of a pod's addresses may change. Return: 0 or -ENOMEM. */
static int touch(struct netpol_edit *edit, const struct netpol_pod *pod)
{
	const u8 *address;
	u8 family;
	u32 i;

	for (i = 0; i < netpol_pod_addresses(pod); i++) {
		address = netpol_pod_address(pod, i, &family);
		if (netpol_log_touched(&edit->touched, family, address,
				       netpol_address_hash(family, address)))
			return -ENOMEM;
	}
	return 0;
}

/* Takes the lowest free slot of a local pod. Return: 0; -ENOMEM; -ENOSPC over the limit. */
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
	error = netpol_undo_note(edit, (struct netpol_undo){
		.kind = NETPOL_UNDO_SLOT_TAKEN, .number = *slot,
	});
	if (error)
		return error;
	error = netpol_idset_add(&world->slots, *slot);
	if (!error)
		edit->next->nlocals++;
	return error;
}

/*
 * An interface no longer leads to a slot. If other local pods name it too, it leads to one of
 * these from now on, rather to one whose interface is not gone. Return: 0 or -ENOMEM.
 */
static int interface_drop(struct netpol_edit *edit, u32 ifindex, u32 slot)
{
	struct netpol_idset_walk walk;
	bool live = false;
	u32 value = 0, other;

	if (netpol_addrmap_get(&edit->interfaces, &ifindex) != (NETPOL_VALUE_LOCAL | slot))
		return 0;
	cond_resched();
	netpol_idset_for_each(&edit->world->slots, walk, other) {
		const struct netpol_local *local = netpol_pages_read(&edit->locals, other);

		if (other == slot || local->ifindex != ifindex || live)
			continue;
		value = NETPOL_VALUE_LOCAL | other;
		live = !local->runtime->gone;
	}
	return netpol_addrmap_set(&edit->interfaces, &ifindex, value);
}

/* Clears the entry of a local pod and gives its slot back. Return: 0 or -ENOMEM. */
static int slot_free(struct netpol_edit *edit, u32 slot)
{
	struct netpol_local *local;
	int error;

	error = netpol_undo_note(edit, (struct netpol_undo){
		.kind = NETPOL_UNDO_SLOT_FREED, .number = slot,
	});
	if (error)
		return error;
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
 * A pod's interface leads to its slot from now on. The kernel may have given the index to a
 * new interface, so a pod whose interface is gone does not take the index from another pod.
 * Return: 0 or -ENOMEM.
 */
static int interface_set(struct netpol_edit *edit, const struct netpol_pod *pod, u32 slot)
{
	if (!pod->ifindex ||
	    (pod->runtime->gone && netpol_addrmap_get(&edit->interfaces, &pod->ifindex)))
		return 0;
	return netpol_addrmap_set(&edit->interfaces, &pod->ifindex, NETPOL_VALUE_LOCAL | slot);
}

/*
 * Writes or clears the entry of a local pod, as @pod takes the place of @old; either may be
 * NULL or remote. The entry gets its programs later. Return: 0, -ENOMEM or -ENOSPC.
 */
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

/* Removes the claims of a pod to its addresses. Return: 0 or -ENOMEM. */
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

/* Adds the claims of a pod to its addresses. Return: 0 or -ENOMEM. */
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
			error = netpol_log_touched(&edit->touched, family, address, hash);
		if (error)
			return error;
	}
	return 0;
}

/*
 * Do all loaded objects belong to the edit's own origin? Then no pod is shadowed by the same
 * pod of another origin, and nothing has to be looked up to know that.
 */
static bool origin_alone(const struct netpol_edit *edit)
{
	u32 i;

	for (i = 0; i < NETPOL_ORIGINS; i++)
		if (i != edit->origin && edit->next->origin[i].objects)
			return false;
	return true;
}

/*
 * Touches the addresses of pods of the same name in other origins, which @pod may shadow or no
 * longer shadow. Return: 0 or -ENOMEM.
 */
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

/* Makes room for the addresses of all pods that the edit sets, at once. Return: 0 or an error. */
static int reserve_addresses(struct netpol_edit *edit)
{
	u32 i, added[2] = { 0, 0 };
	int error;

	for (i = 0; i < edit->objects.count; i++) {
		const struct netpol_change *change = &edit->objects.change[i];
		const struct netpol_pod *pod = change->object;

		if (change->kind != NETPOL_CHANGE_POD || !pod)
			continue;
		added[0] += pod->naddress4;
		added[1] += pod->naddress6;
	}
	/* most of them may be there already, so that they are not added to the present count */
	error = netpol_table_reserve(&edit->claims,
				     max(edit->claims.count, added[0] + added[1]));
	for (i = 0; i < 2 && !error; i++)
		error = netpol_addrmap_reserve(&edit->addrmap[i],
					       max(edit->addrmap[i].now.count, added[i]));
	if (!error)
		error = netpol_log_expect_touched(&edit->touched, edit->touched.count +
						  added[0] + added[1]);
	return error;
}

int netpol_derive_pods(struct netpol_edit *edit)
{
	bool alone = origin_alone(edit);
	int error = reserve_addresses(edit);
	u32 i;

	for (i = 0; !error && i < edit->objects.count; i++) {
		const struct netpol_change *change = &edit->objects.change[i];
		struct netpol_pod *old = change->old, *pod = change->object;

		if (change->kind != NETPOL_CHANGE_POD)
			continue;
		if (old)
			error = claims_remove(edit, old);
		if (!error && pod && !pod->template->identity)
			error = netpol_derive_identity(edit, pod->template);
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

/* Is there the same pod of an origin that wins over this pod's? */
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

/*
 * The value of an address for the address map: of the pod that owns it among all that claim
 * it, or 0. Local pods that claim it are marked, since they may gain or lose it. @alone: see
 * origin_alone().
 */
static u32 address_value(struct netpol_edit *edit, const struct netpol_touched *touched,
			 bool alone)
{
	struct netpol_pod *pod, *owner = NULL;
	u32 cursor = 0;
	void *claim;

	while ((claim = netpol_table_edit_probe(&edit->claims, touched->hash, &cursor))) {
		netpol_offer(cursor);
		if (!netpol_claim_is(claim, touched->family, touched->address))
			continue;
		pod = netpol_claim_pod(claim);
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

int netpol_derive_addresses(struct netpol_edit *edit)
{
	bool alone = origin_alone(edit);
	u32 i;
	int error;

	for (i = 0; i < edit->touched.count; i++) {
		const struct netpol_touched *touched = &edit->touched.touched[i];

		error = netpol_addrmap_set(&edit->addrmap[touched->family == AF_INET6],
					   touched->address, address_value(edit, touched, alone));
		if (error)
			return error;
		if (i % 256 == 0)
			cond_resched();
	}
	return 0;
}
