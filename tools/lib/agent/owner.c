// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds the owner of each address that the CNI has given to a local pod.
 */
#include "agent/owner.h"

#include <stdlib.h>
#include <string.h>

#include "agent/desired_pod.h"
#include "base/alloc.h"

/* A pod to which the CNI has given an address. */
struct np_owner {
	struct np_address address;
	int64_t time;			/* when it did, see struct np_cni_entry */
	const struct np_desired_pod *pod;
};

/* By address, and for each address the owner first. */
static int np_owner_compare(const void *left, const void *right)
{
	const struct np_owner *a = left, *b = right;
	int ret = memcmp(&a->address, &b->address, sizeof(a->address));

	if (!ret && a->time != b->time)
		ret = a->time > b->time ? -1 : 1;
	if (!ret)
		ret = memcmp(a->pod->uid, b->pod->uid, sizeof(a->pod->uid));
	return ret;
}

/*
 * Is there an interface that the entry names? A bridge says nothing, because it is there for all
 * pods. An entry that names no other interface cannot be told from one that is left over.
 */
static bool np_entry_present(const struct np_cni_entry *entry, const struct np_host *host)
{
	const struct np_device *device;
	bool named = false;
	uint32_t i;

	for (i = 0; i < entry->interface_count; i++) {
		device = np_host_device_named(host, entry->interface[i]);
		if (device && device->kind != NP_DEVICE_BRIDGE)
			return true;
		named |= !device;
	}
	return !named;
}

const struct np_cni_entry *np_owner_entry(const struct np_cni *cni, const struct np_host *host,
					  const struct np_desired_pod *pod)
{
	const char *namespace = pod->namespace->name, *name = np_desired_pod_name(pod);
	const struct np_cni_entry *entry = np_cni_find(cni, namespace, name, pod->uid);

	if (entry || !pod->mirror)
		return entry;
	entry = np_cni_find(cni, namespace, name, np_desired_pod_mirror(pod));
	return entry && np_entry_present(entry, host) ? entry : NULL;
}

/* Returns all owners, and pods that are none beside them, sorted. The caller frees the array. */
static struct np_owner *np_owners(const struct np_desired *d, const struct np_cni *cni,
				  const struct np_host *host, size_t *count)
{
	const struct np_cni_entry *entry;
	const struct np_desired_pod *pod;
	struct np_owner *owner = NULL;
	uint32_t k;
	size_t i;

	*count = 0;
	for (i = 0; i < d->local_count; i++) {
		pod = d->local[i];
		entry = np_owner_entry(cni, host, pod);
		if (!entry || !np_entry_present(entry, host))
			continue;
		for (k = 0; k < entry->address_count; k++) {
			owner = np_array_grow(owner, *count, sizeof(*owner));
			owner[(*count)++] = (struct np_owner){
				.address = entry->address[k],
				.time = entry->time,
				.pod = pod,
			};
		}
	}
	if (*count)
		qsort(owner, *count, sizeof(*owner), np_owner_compare);
	return owner;
}

/* Returns the pod that owns an address, or NULL if the CNI has given it to none. */
static const struct np_desired_pod *np_owner_find(const struct np_owner *owner, size_t count,
						  const struct np_address *address)
{
	size_t low = 0, high = count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (memcmp(&owner[mid].address, address, sizeof(*address)) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < count && !memcmp(&owner[low].address, address, sizeof(*address)))
		return owner[low].pod;
	return NULL;
}

static bool np_owner_other(const struct np_owner *owner, size_t count,
			   const struct np_desired_pod *pod)
{
	struct np_address address[NP_POD_ADDRESSES_MAX];
	uint32_t n = np_desired_addresses(pod, address), i;
	const struct np_desired_pod *found;

	for (i = 0; i < n; i++) {
		found = np_owner_find(owner, count, &address[i]);
		if (found && found != pod)
			return true;
	}
	return false;
}

void np_owners_update(struct np_desired *d, const struct np_cni *cni, const struct np_host *host)
{
	size_t count, owned_count = 0, i;
	struct np_address *owned;
	struct np_owner *owner;

	owner = np_owners(d, cni, host, &count);
	for (i = 0; i < d->local_count; i++)
		np_desired_set_waits(d, d->local[i], np_owner_other(owner, count, d->local[i]));
	owned = np_xcalloc(count, sizeof(*owned));
	for (i = 0; i < count; i++)
		if (!i || memcmp(&owner[i].address, &owner[i - 1].address, sizeof(*owned)))
			owned[owned_count++] = owner[i].address;
	np_desired_set_owned(d, owned, owned_count);
	free(owner);
}
