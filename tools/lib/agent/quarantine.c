// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guards of single addresses, for local pods that cannot be loaded.
 */
#include "agent/quarantine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/desired_pod.h"
#include "base/log.h"

static bool np_quarantine_has(const struct np_quarantine *q, const struct np_cidr *guard)
{
	size_t i;

	for (i = 0; i < q->count; i++)
		if (!memcmp(&q->guard[i], guard, sizeof(*guard)))
			return true;
	return false;
}

static void np_quarantine_add(struct np_quarantine *q, const struct np_cidr *guard)
{
	q->guard = np_array_grow(q->guard, q->count, sizeof(*q->guard));
	q->guard[q->count++] = *guard;
}

/* Adds the addresses of a pod. Returns how many of them found no room. */
static size_t np_quarantine_pod(struct np_quarantine *q, const struct np_desired_pod *pod,
				size_t room)
{
	struct np_address address[NP_POD_ADDRESSES_MAX];
	uint32_t count = np_desired_addresses(pod, address), i;
	struct np_cidr guard;
	size_t left = 0;

	for (i = 0; i < count; i++) {
		memset(&guard, 0, sizeof(guard));
		guard.family = address[i].family;
		guard.length = guard.family == AF_INET ? 32 : 128;
		memcpy(guard.addr, address[i].addr, guard.length / 8);
		if (np_quarantine_has(q, &guard))
			continue;
		if (q->count < room)
			np_quarantine_add(q, &guard);
		else
			left++;
	}
	return left;
}

bool np_quarantine_update(struct np_quarantine *q, const struct np_desired *d, size_t room,
			  bool keep)
{
	static const struct np_log_about about = { .component = "local" };
	struct np_quarantine before = *q;
	const struct np_desired_pod *pod;
	size_t left = 0, i;
	bool changed;

	*q = (struct np_quarantine) { 0 };
	for (i = 0; keep && i < before.count; i++)
		np_quarantine_add(q, &before.guard[i]);
	for (i = 0; i < d->local_count; i++) {
		pod = d->local[i];
		if (pod->flags & (NP_DESIRED_REJECTED | NP_DESIRED_WITHHELD) &&
		    !(pod->flags & (NP_DESIRED_GONE | NP_DESIRED_REPLACED | NP_DESIRED_OWN)))
			left += np_quarantine_pod(q, pod, room);
	}
	changed = q->count != before.count;
	for (i = 0; !changed && i < before.count; i++)
		changed = !np_quarantine_has(q, &before.guard[i]);
	np_quarantine_free(&before);
	if (changed && left)
		np_log_line(NP_LOG_ERROR, &about, "%zu addresses of pods that cannot be loaded "
			    "are open: the kernel takes no more guards", left);
	return changed;
}

void np_quarantine_free(struct np_quarantine *q)
{
	free(q->guard);
	*q = (struct np_quarantine) { 0 };
}
