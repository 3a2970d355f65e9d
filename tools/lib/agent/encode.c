// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Encodes changes of the desired state.
 */
#include "agent/encode.h"

#include <stdlib.h>
#include <string.h>

#include "agent/desired_pod.h"
#include "agent/desired_policy.h"
#include "base/loop.h"
#include "base/sort.h"
#include "object/digest.h"

#define NP_NOT_SENT	UINT32_MAX	/* the number of a change for which nothing is sent */

/* --- order ---------------------------------------------------------------------- */

static int np_arrival_order(const struct np_desired_pod *a, const struct np_desired_pod *b)
{
	bool left = a->flags & NP_DESIRED_DELETING, right = b->flags & NP_DESIRED_DELETING;

	if (left != right)
		return left ? -1 : 1;
	if (a->created != b->created)
		return a->created < b->created ? -1 : 1;
	return a->arrival < b->arrival ? -1 : a->arrival > b->arrival;
}

static int np_desired_pod_order(const void *left, const void *right)
{
	return np_arrival_order(*(struct np_desired_pod *const *)left,
				*(struct np_desired_pod *const *)right);
}

struct np_desired_pod **np_desired_by_arrival(const struct np_desired *d, size_t *count)
{
	struct np_desired_pod **pod = np_xcalloc(d->pods.count, sizeof(*pod)), *next;
	size_t at = 0;

	*count = 0;
	while ((next = np_hash_next(&d->pods, &at)))
		if (np_desired_pod_loaded(next))
			pod[(*count)++] = next;
	np_sort_many(pod, *count, sizeof(*pod), np_desired_pod_order);
	return pod;
}

#define NP_RANK_CLUSTER	0	/* of ClusterNetworkPolicies that are loaded */
#define NP_RANK_POD	4	/* of pods that are loaded */

static int np_change_rank(const struct np_change *change)
{
	bool loaded = !change->stale && np_desired_loaded(change->object, change->record);
	const struct np_desired_policy *policy = change->record;

	switch (change->object) {
	case NETPOL_OBJECT_POLICY:
		if (!loaded)
			return 5;
		return *policy->namespace->name ? 1 : NP_RANK_CLUSTER;
	case NETPOL_OBJECT_NAMESPACE:
		return 2;
	default:
		return loaded ? NP_RANK_POD : 3;
	}
}

/*
 * The order in which the rules of ClusterNetworkPolicies are asked. If only the first ones can be
 * committed, no rule is in force before one that is to be asked before it.
 */
static int np_cluster_order(const struct np_desired_policy *a, const struct np_desired_policy *b)
{
	if (a->policy->tier != b->policy->tier)
		return a->policy->tier - b->policy->tier;
	if (a->policy->priority != b->policy->priority)
		return a->policy->priority - b->policy->priority;
	return strcmp(a->policy->name, b->policy->name);
}

static int np_change_order(const void *left, const void *right)
{
	const struct np_change *a = left, *b = right;
	int x = np_change_rank(a), y = np_change_rank(b);

	if (x != y)
		return x - y;
	if (x == NP_RANK_CLUSTER)
		return np_cluster_order(a->record, b->record);
	if (x != NP_RANK_POD)
		return 0;
	return np_arrival_order(a->record, b->record);
}

void np_changes_sort(struct np_change *change, size_t count)
{
	np_sort_many(change, count, sizeof(*change), np_change_order);
}

/* --- encoding ------------------------------------------------------------------- */

/* Encodes a pod, and before it its label set unless the transaction has it already. */
static int np_change_encode_pod(struct np_desired *d, struct np_desired_pod *pod,
				struct np_encoder *enc, uint32_t *sets, struct np_error *err)
{
	struct np_address address[NP_POD_ADDRESSES_MAX];
	struct np_placement placement = {
		.local = pod->flags & NP_DESIRED_LOCAL,
		.ifindex = pod->ifindex,
	};
	char uid[NP_UID_TEXT];
	struct np_pod view;

	np_desired_pod_view(d, pod, &view, address, uid);
	if (pod->labels->serial != d->serial) {
		if (np_encode_label_set(enc, &view, *sets + 1, err))
			return -1;
		pod->labels->serial = d->serial;
		pod->labels->number = ++*sets;
	}
	return np_encode_pod_of_set(enc, &view, &placement, pod->labels->number, err);
}

static int np_change_encode_deletion(const struct np_change *change, struct np_encoder *enc,
				     struct np_error *err)
{
	const struct np_desired_namespace *ns = change->record;
	const struct np_desired_policy *policy = change->record;
	const struct np_desired_pod *pod = change->record;
	const struct np_stale *stale = change->record;

	if (change->stale)
		return np_encode_delete(enc, change->object,
					*stale->namespace ? stale->namespace : NULL,
					stale->name, NULL, err);
	switch (change->object) {
	case NETPOL_OBJECT_NAMESPACE:
		return np_encode_delete(enc, change->object, NULL, ns->name, NULL, err);
	case NETPOL_OBJECT_POD:
		return np_encode_delete(enc, change->object, pod->namespace->name,
					np_desired_pod_name(pod), NULL, err);
	default:
		return np_encode_delete(enc, change->object, *policy->namespace->name ?
					policy->namespace->name : NULL,
					policy->policy->name, NULL, err);
	}
}

/* Encodes one change. *sets: how many label sets the transaction has. */
static int np_change_encode(struct np_desired *d, const struct np_change *change,
			    struct np_encoder *enc, uint32_t *sets, struct np_error *err)
{
	struct np_namespace ns;
	struct np_policy policy;

	if (change->stale)
		return np_change_encode_deletion(change, enc, err);
	if (change->object == NETPOL_OBJECT_POD &&
	    ((struct np_desired_pod *)change->record)->flags & NP_DESIRED_REPLACED)
		return 0;
	if (!np_desired_loaded(change->object, change->record))
		return np_change_encode_deletion(change, enc, err);
	switch (change->object) {
	case NETPOL_OBJECT_NAMESPACE:
		np_desired_namespace_view(change->record, &ns);
		return np_encode_namespace(enc, &ns, err);
	case NETPOL_OBJECT_POD:
		return np_change_encode_pod(d, change->record, enc, sets, err);
	default:
		np_desired_policy_view(change->record, &policy);
		return np_encode_policy(enc, &policy, err);
	}
}

int np_changes_encode(struct np_desired *d, struct np_change *change, size_t count,
		      struct np_encoder *enc, struct np_change **refused, struct np_error *err)
{
	uint32_t sets = 0, number;
	size_t i;
	int ret;

	d->serial++;
	for (i = 0; i < count; i++)
		change[i].number = NP_NOT_SENT;
	for (i = 0; i < count; i++) {
		np_breathe();
		number = enc->objects;
		ret = np_change_encode(d, &change[i], enc, &sets, err);
		if (enc->objects != number)
			change[i].number = number;
		if (ret) {
			*refused = &change[i];
			return -1;
		}
	}
	return 0;
}

struct np_change *np_changes_find(struct np_change *change, size_t count, uint64_t number)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (change[i].number == number && number != NP_NOT_SENT)
			return &change[i];
	return NULL;
}
