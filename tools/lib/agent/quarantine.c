// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guards of single addresses, for local pods that cannot be loaded or are no longer known.
 */
#include "agent/quarantine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/desired_pod.h"
#include "base/log.h"
#include "base/loop.h"

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

/* Adds the addresses of a pod. Returns for how many of them there is no room. */
static size_t np_quarantine_addresses(struct np_quarantine *q, const struct np_address *address,
				      uint32_t count, size_t room)
{
	struct np_cidr guard;
	size_t left = 0;
	uint32_t i;

	for (i = 0; i < count; i++) {
		guard = np_address_block(&address[i]);
		if (np_quarantine_has(q, &guard))
			continue;
		if (q->count < room)
			np_quarantine_add(q, &guard);
		else
			left++;
	}
	return left;
}

void np_quarantine_leave(struct np_quarantine *q, const struct np_desired_pod *pod)
{
	struct np_left_pod *left;

	if (!pod->ifindex || pod->flags & NP_DESIRED_OWN || (!pod->address4 && !pod->address6))
		return;
	q->left = np_array_grow(q->left, q->left_count, sizeof(*q->left));
	left = &q->left[q->left_count++];
	left->ifindex = pod->ifindex;
	left->address_count = np_desired_addresses(pod, left->address);
}

static bool np_has_pod(const struct np_desired *d, uint32_t ifindex)
{
	size_t i;

	for (i = 0; i < d->local_count; i++)
		if (d->local[i]->ifindex == ifindex)
			return true;
	return false;
}

/* Is a local pod not loaded although its addresses may be in use? */
static bool np_pod_unloaded(const struct np_desired_pod *pod)
{
	return (pod->flags & (NP_DESIRED_REJECTED | NP_DESIRED_WITHHELD) || pod->waits) &&
	       !(pod->flags & (NP_DESIRED_GONE | NP_DESIRED_REPLACED | NP_DESIRED_OWN));
}

static bool np_left_ended(const struct np_left_pod *left, const struct np_desired *d,
			  const struct np_host *host)
{
	return !np_host_device(host, left->ifindex) || np_has_pod(d, left->ifindex);
}

bool np_quarantine_ended(const struct np_quarantine *q, const struct np_desired *d,
			 const struct np_host *host)
{
	size_t i;

	for (i = 0; i < q->left_count; i++)
		if (np_left_ended(&q->left[i], d, host))
			return true;
	return false;
}

/* Drops the forgotten pods that have ended. */
static void np_quarantine_settle(struct np_quarantine *q, const struct np_desired *d,
				 const struct np_host *host)
{
	size_t i, count = 0;

	for (i = 0; i < q->left_count; i++)
		if (!np_left_ended(&q->left[i], d, host))
			q->left[count++] = q->left[i];
	q->left_count = count;
}

bool np_quarantine_update(struct np_quarantine *q, const struct np_desired *d,
			  const struct np_host *host, size_t room, bool keep)
{
	static const struct np_log_about about = { .component = "local" };
	struct np_address address[NP_POD_ADDRESSES_MAX];
	struct np_quarantine before = *q;
	const struct np_desired_pod *pod;
	size_t left = 0, i;
	bool changed;

	q->guard = NULL;
	q->count = 0;
	np_quarantine_settle(q, d, host);
	for (i = 0; keep && i < before.count; i++)
		np_quarantine_add(q, &before.guard[i]);
	for (i = 0; i < d->local_count; i++) {
		np_breathe();
		pod = d->local[i];
		if (np_pod_unloaded(pod))
			left += np_quarantine_addresses(q, address,
							np_desired_addresses(pod, address), room);
	}
	for (i = 0; i < q->left_count; i++)
		left += np_quarantine_addresses(q, q->left[i].address, q->left[i].address_count,
						room);
	changed = q->count != before.count;
	for (i = 0; !changed && i < before.count; i++)
		changed = !np_quarantine_has(q, &before.guard[i]);
	free(before.guard);
	if (changed && left)
		np_log_line(NP_LOG_ERROR, &about, "%zu addresses of pods that cannot be loaded "
			    "have no guard, so no policy covers them: the kernel takes no more "
			    "guards", left);
	return changed;
}

void np_quarantine_free(struct np_quarantine *q)
{
	free(q->guard);
	free(q->left);
	*q = (struct np_quarantine) { 0 };
}
