// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compares the objects in the kernel with the desired ones.
 *
 * The dump is compared message by message, so that it is never in memory as a whole.
 */
#include "agent/compare.h"

#include <stdlib.h>
#include <string.h>

#include "agent/desired_pod.h"
#include "agent/desired_policy.h"
#include "base/loop.h"
#include "netlink/report.h"
#include "object/digest.h"

struct np_compare {
	struct np_desired *desired;
	struct np_state state;	/* objects of the current message, or of a policy's messages */
	uint8_t object;		/* the kind that is dumped, enum netpol_object */
	struct np_hash *hash;	/* the records of that kind */
	struct np_change *stale;	/* stale objects that were found */
	size_t stale_count;
	size_t stale_kept;	/* how many of these are of kinds that are complete */
};

/* Forgets what the dump has shown, because it starts over: the kernel's state has changed. */
static void np_compare_restart(void *arg)
{
	struct np_compare *compare = arg;
	size_t at = 0;
	void *record;

	np_state_reset(&compare->state);
	while ((record = np_hash_next(compare->hash, &at)))
		*np_desired_flags(compare->object, record) &=
			~(NP_DESIRED_COMPARED | NP_DESIRED_COMMITTED);
	while (compare->stale_count > compare->stale_kept)
		free(compare->stale[--compare->stale_count].record);
}

/*
 * Notes that the kernel has an object. record: the desired one, or NULL. equal: both say the same.
 */
static void np_compare_one(struct np_compare *compare, void *record, bool equal,
			   const char *namespace, const char *name)
{
	uint16_t *flags;

	np_breathe();
	if (!record) {
		compare->stale = np_array_grow(compare->stale, compare->stale_count,
					       sizeof(*compare->stale));
		compare->stale[compare->stale_count++] = (struct np_change) {
			.object = compare->object,
			.stale = true,
			.record = np_stale_new(namespace, name),
		};
		return;
	}
	flags = np_desired_flags(compare->object, record);
	*flags |= NP_DESIRED_COMMITTED;
	if (equal && np_desired_loaded(compare->object, record))
		*flags |= NP_DESIRED_COMPARED;
}

static void np_compare_namespace(struct np_compare *compare, const struct np_namespace *have)
{
	struct np_desired_namespace *ns = np_desired_namespace(compare->desired, have->name);
	struct np_namespace view;

	if (ns)
		np_desired_namespace_view(ns, &view);
	np_compare_one(compare, ns, ns && np_namespace_digest(&view) == np_namespace_digest(have),
		       "", have->name);
}

static void np_compare_pod(struct np_compare *compare, const struct np_pod *have,
			   const struct np_pod_state *state)
{
	struct np_desired_pod *pod = np_desired_pod(compare->desired, have->namespace, have->name);
	struct np_address address[NP_POD_ADDRESSES_MAX];
	struct np_placement placement = { 0 };
	char uid[NP_UID_TEXT];
	struct np_pod view;
	bool equal = false;

	if (pod) {
		np_desired_pod_view(compare->desired, pod, &view, address, uid);
		placement.local = pod->flags & NP_DESIRED_LOCAL;
		placement.ifindex = pod->ifindex;
		equal = np_pod_digest(&view, &placement) == np_pod_digest(have, &state->place);
	}
	np_compare_one(compare, pod, equal, have->namespace, have->name);
}

static void np_compare_policy(struct np_compare *compare, const struct np_policy *have)
{
	struct np_desired_policy *policy;
	struct np_policy view;

	policy = np_desired_policy(compare->desired, have->namespace, have->name);
	if (policy)
		np_desired_policy_view(policy, &view);
	np_compare_one(compare, policy,
		       policy && np_policy_digest(&view) == np_policy_digest(have),
		       have->namespace, have->name);
}

/* Compares the objects of the state, of which the first ones are policies that are complete. */
static void np_compare_state(struct np_compare *compare, size_t policies)
{
	const struct np_state *state = &compare->state;
	const struct np_objects *objs = &state->objects;
	size_t i;

	for (i = 0; i < objs->namespace_count; i++)
		if (!strcmp(state->namespace[i].origin, NP_KUBE_ORIGIN))
			np_compare_namespace(compare, &objs->namespaces[i]);
	for (i = 0; i < objs->pod_count; i++)
		if (!strcmp(state->pod[i].origin, NP_KUBE_ORIGIN))
			np_compare_pod(compare, &objs->pods[i], &state->pod[i]);
	for (i = 0; i < policies; i++)
		if (!strcmp(state->policy[i].origin, NP_KUBE_ORIGIN))
			np_compare_policy(compare, &objs->policies[i]);
	np_state_reset(&compare->state);
}

static int np_compare_reply(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct np_compare *compare = arg;

	if (np_state_decode(&compare->state, nlh, err))
		return -1;
	if (compare->object != NETPOL_OBJECT_POLICY) {
		np_compare_state(compare, 0);
		return 0;
	}
	/* The last policy may go on in the next message, so it is compared later. */
	if (compare->state.objects.policy_count < 2)
		return 0;
	np_compare_state(compare, compare->state.objects.policy_count - 1);
	return np_state_decode_last(&compare->state, nlh, err);
}

/*
 * Makes the records of one kind pending that the dump did not show as they should be. Returns how
 * many there are.
 */
static size_t np_compare_list(struct np_compare *compare)
{
	size_t found = 0, at = 0;
	uint16_t *flags;
	void *record;

	while ((record = np_hash_next(compare->hash, &at))) {
		flags = np_desired_flags(compare->object, record);
		if (*flags & NP_DESIRED_COMPARED) {
			*flags &= ~NP_DESIRED_COMPARED;
			continue;
		}
		if (!(*flags & NP_DESIRED_COMMITTED) &&
		    !np_desired_loaded(compare->object, record))
			continue;
		np_desired_set_pending(compare->desired, compare->object, record);
		found++;
	}
	return found;
}

int np_compare_run(struct np_kernel *kernel, struct np_desired *d, size_t *found,
		   struct np_error *err)
{
	struct {
		uint8_t object;
		uint8_t command;
		struct np_hash *hash;
	} kind[] = {
		{ NETPOL_OBJECT_NAMESPACE, NETPOL_CMD_GET_NAMESPACE, &d->namespaces },
		{ NETPOL_OBJECT_POD, NETPOL_CMD_GET_POD, &d->pods },
		{ NETPOL_OBJECT_POLICY, NETPOL_CMD_GET_POLICY, &d->policies },
	};
	struct np_client *client = &kernel->client;
	struct np_compare compare = { .desired = d };
	unsigned int k;
	int ret = 0;
	size_t i;

	*found = 0;
	/* Frees the records of objects that no longer exist. If the kernel has one, it is stale. */
	np_desired_set_full(d);
	np_state_init(&compare.state);
	for (k = 0; !ret && k < 3; k++) {
		compare.object = kind[k].object;
		compare.hash = kind[k].hash;
		ret = np_client_dump(client, np_client_message(client, kind[k].command, 256),
				     np_compare_restart, np_compare_reply, &compare, err);
		if (!ret)
			np_compare_state(&compare, compare.state.objects.policy_count);
		compare.stale_kept = compare.stale_count;
	}
	np_state_free(&compare.state);
	if (!ret) {
		d->full = false;
		for (k = 0; k < 3; k++) {
			compare.object = kind[k].object;
			compare.hash = kind[k].hash;
			*found += np_compare_list(&compare);
		}
		*found += compare.stale_count;
		kernel->stats.comparisons++;
	}
	for (i = 0; i < compare.stale_count; i++) {
		if (ret)
			free(compare.stale[i].record);
		else
			np_desired_give_back(d, &compare.stale[i]);
	}
	free(compare.stale);
	return ret;
}
