/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policies of the desired state.
 */
#ifndef NP_AGENT_DESIRED_POLICY_H
#define NP_AGENT_DESIRED_POLICY_H

#include <stdbool.h>

#include "agent/desired_record.h"

/*
 * Bounds of the memory of policies, in bytes. The policies of one namespace may take
 * NP_POLICY_BYTES_SHARE, but only NP_POLICY_BYTES_LOW once all policies take more than
 * NP_POLICY_BYTES_ALL. A policy that would exceed this is kept without its rules, so it isolates
 * what it selects.
 *
 * All ClusterNetworkPolicies together may take NP_POLICY_BYTES_CLUSTER, whatever the others take:
 * no tenant can use it up. One that would exceed this is kept with closed rules only.
 */
#define NP_POLICY_BYTES_SHARE	(32u * 1024 * 1024)
#define NP_POLICY_BYTES_ALL	(96u * 1024 * 1024)
#define NP_POLICY_BYTES_LOW	(1024u * 1024)
#define NP_POLICY_BYTES_CLUSTER	(128u * 1024 * 1024)

/* Returns a policy that exists, or NULL. namespace: "" for a ClusterNetworkPolicy. */
struct np_desired_policy *np_desired_policy(const struct np_desired *d, const char *namespace,
					    const char *name);
/* Returns how many NetworkPolicies are observed instead of enforced. */
size_t np_desired_observed(const struct np_desired *d);
/* Fills in the policy as it goes to the kernel. It points into the record. */
void np_desired_policy_view(const struct np_desired_policy *policy, struct np_policy *view);

/*
 * Adds or replaces a policy, of which a copy is kept. closed: a NetworkPolicy is to be kept without
 * rules, and a ClusterNetworkPolicy with closed rules only.
 */
void np_desired_policy_upsert(struct np_desired *d, const struct np_policy *policy, bool closed);
void np_desired_policy_remove(struct np_desired *d, struct np_desired_policy *policy);
/* Returns true if a rule of a ClusterNetworkPolicy is closed because it cannot be read. */
bool np_desired_policy_partial(const struct np_policy *policy);
/* Notes the trouble of a ClusterNetworkPolicy that cannot be read, or some of it, if it is one. */
void np_desired_policy_unread(struct np_desired *d, const struct np_desired_policy *policy);
/*
 * Resolves the rules of all policies that name Nodes, if what is known of Nodes has changed since.
 * To be called before a commit. Policies that come to mean something else are pending then.
 */
void np_desired_policies_resolve(struct np_desired *d);

/*
 * Finds out which policies a local pod makes wanted, of its namespace and of the cluster, and
 * whether they withhold it.
 * before: the labels that it was counted with, or NULL if it is new here. after: its labels now, or
 * NULL if it is local no more.
 */
void np_desired_policies_select(struct np_desired *d, struct np_desired_pod *pod,
				struct np_desired_labels *before, struct np_desired_labels *after);
/*
 * To be called when the labels of a namespace have changed, whether they are known and loaded, or
 * whether it asks for an audit. Finds out which ClusterNetworkPolicies its local pods make wanted,
 * and whether they withhold them; and whether its NetworkPolicies are observed.
 */
void np_desired_namespace_select(struct np_desired *d, struct np_desired_namespace *ns);
/*
 * Sets whether a policy is rejected. The local pods that a rejected policy selects are withheld. It
 * must be told before the selector of the policy changes.
 */
void np_desired_policy_set_rejected(struct np_desired *d, struct np_desired_policy *policy,
				    bool rejected);

#endif
