// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The bounds of single objects.
 */
#include "agent/bounds.h"

#include <stdio.h>

#include "agent/desired_policy.h"
#include "agent/desired_refuse.h"
#include "base/loop.h"

/* Returns true, with a reason, if a count exceeds the limit of the kernel. */
static bool np_over(const struct np_kernel *kernel, uint32_t limit, uint64_t count,
		    const char *what, char *reason, size_t size)
{
	if (!kernel->limit[limit] || count <= kernel->limit[limit])
		return false;
	snprintf(reason, size, "%llu %s, the kernel takes at most %llu",
		 (unsigned long long)count, what, (unsigned long long)kernel->limit[limit]);
	return true;
}

static void np_count_rules(const struct np_rule *rule, uint32_t count, uint64_t *peers,
			   uint64_t *ports)
{
	uint32_t i, k;

	for (i = 0; i < count; i++) {
		*peers += rule[i].peer_count;
		*ports += rule[i].port_count;
		for (k = 0; k < rule[i].peer_count; k++)
			if (rule[i].peer[k].ipblock)
				*peers += rule[i].peer[k].ipblock->except_count;
	}
}

static bool np_policy_over(const struct np_kernel *kernel, const struct np_desired_policy *policy,
			   char *reason, size_t size)
{
	uint64_t peers = 0, ports = 0, rules = 0;
	struct np_policy view;

	np_desired_policy_view(policy, &view);
	if (view.directions & NP_DIR_INGRESS) {
		np_count_rules(view.ingress, view.ingress_count, &peers, &ports);
		rules += view.ingress_count;
	}
	if (view.directions & NP_DIR_EGRESS) {
		np_count_rules(view.egress, view.egress_count, &peers, &ports);
		rules += view.egress_count;
	}
	return np_over(kernel, NETPOL_LIMIT_RULES_PER_POLICY, rules, "rules", reason, size) ||
	       np_over(kernel, NETPOL_LIMIT_PEERS_PER_POLICY, peers, "peers and excepts", reason,
		       size) ||
	       np_over(kernel, NETPOL_LIMIT_PORTS_PER_POLICY, ports, "ports", reason, size);
}

static bool np_pod_over(const struct np_kernel *kernel, const struct np_desired_pod *pod,
			char *reason, size_t size)
{
	return np_over(kernel, NETPOL_LIMIT_LABELS_PER_OBJECT, pod->labels->label_count, "labels",
		       reason, size) ||
	       np_over(kernel, NETPOL_LIMIT_PORTS_PER_POD, pod->labels->port_count, "named ports",
		       reason, size) ||
	       np_over(kernel, NETPOL_LIMIT_ADDRESSES_PER_POD, pod->address4 + pod->address6,
		       "addresses", reason, size);
}

/* Refuses an object that exceeds a bound. */
static void np_bounds_check(const struct np_kernel *kernel, struct np_desired *d, uint8_t object,
			    void *record)
{
	const struct np_desired_namespace *ns = record;
	char reason[160];
	bool over;

	if (!np_desired_loaded(object, record))
		return;
	switch (object) {
	case NETPOL_OBJECT_NAMESPACE:
		over = np_over(kernel, NETPOL_LIMIT_LABELS_PER_OBJECT, ns->labels->label_count,
			       "labels", reason, sizeof(reason));
		break;
	case NETPOL_OBJECT_POD:
		over = np_pod_over(kernel, record, reason, sizeof(reason));
		break;
	default:
		over = np_policy_over(kernel, record, reason, sizeof(reason));
	}
	if (over)
		np_desired_refuse(d, object, record, reason);
}

void np_bounds_check_pending(const struct np_kernel *kernel, struct np_desired *d)
{
	size_t i;

	for (i = 0; i < d->pending_count; i++) {
		if (!d->pending[i].stale)
			np_bounds_check(kernel, d, d->pending[i].object, d->pending[i].record);
		np_breathe();
	}
}

static void np_bounds_check_table(const struct np_kernel *kernel, struct np_desired *d,
				  const struct np_hash *hash, uint8_t object)
{
	size_t at = 0;
	void *record;

	while ((record = np_hash_next(hash, &at)))
		np_bounds_check(kernel, d, object, record);
}

void np_bounds_check_all(const struct np_kernel *kernel, struct np_desired *d)
{
	np_bounds_check_table(kernel, d, &d->namespaces, NETPOL_OBJECT_NAMESPACE);
	np_bounds_check_table(kernel, d, &d->pods, NETPOL_OBJECT_POD);
	np_bounds_check_table(kernel, d, &d->policies, NETPOL_OBJECT_POLICY);
}
