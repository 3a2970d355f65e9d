/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the verdict must be: a second implementation of NetworkPolicy and
 * ClusterNetworkPolicy, straight from the Kubernetes types, with loops over lists and
 * comparisons of strings. It shares no code with kmod/core and is as slow as it looks.
 */
#ifndef EVALUATOR_H
#define EVALUATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "object/object.h"

#define EVALUATOR_ORIGINS 4

/**
 * struct evaluator_audit - NetworkPolicies that are observed instead of enforced
 * @namespace: of the policies, and of the pods that they select
 * @policy: name of the policy; NULL: all those of the namespace
 * @pod: name of the pod for which they are observed; NULL: for all pods
 */
struct evaluator_audit {
	const char *namespace;
	const char *policy;
	const char *pod;
};

/**
 * struct evaluator - the objects of all origins
 * @origin: the one that wins over the others first
 * @origins: how many
 * @node: pods scheduled here are judged; NULL: all are
 * @range: addresses that only pods have: one in there that is no known pod's is an unknown pod
 * @ranges: how many
 * @kube_node: Nodes of the cluster, which rules may name
 * @kube_nodes: how many
 * @audit: audits that are under way
 * @audits: how many
 * @enforce_all: policies are enforced that are only observed
 */
struct evaluator {
	const struct np_objects *origin[EVALUATOR_ORIGINS];
	unsigned int origins;
	const char *node;
	const struct np_cidr *range;
	unsigned int ranges;
	const struct np_kube_node *kube_node;
	size_t kube_nodes;
	const struct evaluator_audit *audit;
	unsigned int audits;
	bool enforce_all;
};

/* The first rule with action Pass that matches in a tier. */
struct evaluator_pass {
	const struct np_policy *policy;	/* NULL: there is none */
	uint32_t rule;
};

/**
 * struct evaluator_half - what one end says
 * @judged: it is a pod of this node, and not both ends at once
 * @closed: its Namespace is not loaded while a ClusterNetworkPolicy is: nothing is allowed
 * @isolated: the Admin tier left it open and some NetworkPolicy selects it in this direction
 * @allowed: not judged, or a rule accepts, or nothing says otherwise
 * @tier: the tier that decided: that of @policy, or of the NetworkPolicies that isolate
 * @policy: the policy whose rule decided, or NULL. Of NetworkPolicies it is the first with a
 *	rule that matches, by origin, then by name
 * @rule: the first rule of it that matches
 * @unknown: the rule denies because it can't be known whether it matches: the labels of the
 *	other end are not known
 * @audit: allowed, and would not be if all policies were enforced that are only observed
 * @observed: the observed policy that accepts what is asked of it, or NULL: none does, or none is
 *	asked, because the half is denied, the Admin tier accepts it, or some policy is enforced. Of
 *	more it is the first, as with @policy
 * @observed_rule: the first rule of it that matches
 * @pass: what passes in the Admin tier, and in the Baseline tier
 */
struct evaluator_half {
	bool judged;
	bool closed;
	bool isolated;
	bool allowed;
	uint8_t tier;
	const struct np_policy *policy;
	uint32_t rule;
	bool unknown;
	bool audit;
	const struct np_policy *observed;
	uint32_t observed_rule;
	struct evaluator_pass pass[2];
};

/* One end of a connection: its address, and the pod that has it, or NULL. */
struct evaluator_end {
	const struct np_address *address;
	const struct np_pod *pod;
};

/* The pod that an address belongs to, or NULL. */
const struct np_pod *evaluator_owner(const struct evaluator *ev,
				     const struct np_address *address);
/* Both halves, also if the first one denies. */
bool evaluator_judge(const struct evaluator *ev, const struct evaluator_end *source,
		     const struct evaluator_end *destination, uint8_t protocol,
		     uint16_t port, struct evaluator_half *egress,
		     struct evaluator_half *ingress);

#endif
