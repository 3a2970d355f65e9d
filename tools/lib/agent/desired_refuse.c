// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Drops the rules of policies, and rejects objects, that exceed a bound or that the kernel refuses.
 */
#include "agent/desired_refuse.h"

#include <stdlib.h>

#include "agent/desired_pod.h"
#include "agent/desired_policy.h"
#include "agent/desired_trouble.h"
#include "base/loop.h"

bool np_desired_refuse(struct np_desired *d, uint8_t object, void *record, const char *reason)
{
	enum np_trouble_kind kind = NP_TROUBLE_REJECTED;
	struct np_desired_namespace *ns = record;
	struct np_desired_policy *policy = record;
	struct np_desired_pod *pod = record;
	const char *namespace = "", *name;
	enum np_source_kind source;
	uint16_t *flags;

	switch (object) {
	case NETPOL_OBJECT_NAMESPACE:
		flags = &ns->flags;
		name = ns->name;
		break;
	case NETPOL_OBJECT_POD:
		flags = &pod->flags;
		namespace = pod->namespace->name;
		name = np_desired_pod_name(pod);
		break;
	default:
		flags = &policy->flags;
		namespace = policy->namespace->name;
		name = policy->policy->name;
		if (!(*flags & NP_DESIRED_CLOSED))
			kind = NP_TROUBLE_CLOSED;
	}
	if (*flags & (NP_DESIRED_REJECTED | NP_DESIRED_GONE))
		return false;
	if (kind == NP_TROUBLE_CLOSED)
		*flags |= NP_DESIRED_CLOSED;
	else if (object == NETPOL_OBJECT_POLICY)
		np_desired_policy_set_rejected(d, policy, true);
	else
		*flags |= NP_DESIRED_REJECTED;
	if (object == NETPOL_OBJECT_NAMESPACE)
		np_desired_namespace_select(d, ns);
	source = np_desired_kind(object, namespace);
	d->stats.refused[source]++;
	np_trouble_set(d, object, namespace, name, kind, true, reason);
	np_desired_remark(d, source, namespace, name, reason);
	np_desired_set_pending(d, object, record);
	return true;
}

/*
 * What the kernel refused of a ClusterNetworkPolicy is tried again. If some of it cannot be read,
 * that is still so.
 */
static void np_retry_trouble(struct np_desired *d, struct np_desired_policy *policy)
{
	np_desired_policy_unread(d, policy);
	/* What there is to say of its Nodes is said again. */
	if (policy->needs & NP_NEED_NODES) {
		policy->blind = false;
		d->nodes_stale = true;
	}
}

/* Returns the record if it is one of a ClusterNetworkPolicy, else NULL. */
static struct np_desired_policy *np_retry_one(struct np_desired *d,
					      const struct np_trouble *trouble)
{
	struct np_desired_policy *policy = NULL;
	struct np_desired_namespace *ns;
	struct np_desired_pod *pod;

	switch (trouble->object) {
	case NETPOL_OBJECT_NAMESPACE:
		ns = np_desired_namespace(d, trouble->name);
		if (!ns)
			break;
		ns->flags &= ~NP_DESIRED_REJECTED;
		np_desired_namespace_select(d, ns);
		np_desired_set_pending(d, NETPOL_OBJECT_NAMESPACE, ns);
		break;
	case NETPOL_OBJECT_POD:
		pod = np_desired_pod(d, trouble->namespace, trouble->name);
		if (!pod)
			break;
		pod->flags &= ~NP_DESIRED_REJECTED;
		np_desired_set_pending(d, NETPOL_OBJECT_POD, pod);
		break;
	default:
		policy = np_desired_policy(d, trouble->namespace, trouble->name);
		if (!policy)
			break;
		np_desired_policy_set_rejected(d, policy, false);
		policy->flags &= ~NP_DESIRED_CLOSED;
		np_desired_set_pending(d, NETPOL_OBJECT_POLICY, policy);
	}
	return policy && policy->namespace == d->cluster ? policy : NULL;
}

void np_desired_retry(struct np_desired *d)
{
	struct np_desired_policy *policy;
	struct np_trouble *trouble;
	struct np_trouble **found;
	size_t count = 0, at = 0, i;

	found = np_xcalloc(d->troubles.count, sizeof(*found));
	while ((trouble = np_hash_next(&d->troubles, &at)))
		if (trouble->refused)
			found[count++] = trouble;
	for (i = 0; i < count; i++) {
		policy = np_retry_one(d, found[i]);
		np_hash_remove(&d->troubles, found[i]);
		free(found[i]);
		if (policy)
			np_retry_trouble(d, policy);
		np_breathe();
	}
	free(found);
}
