/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policies of the desired state.
 */
#ifndef NP_AGENT_DESIRED_POLICY_H
#define NP_AGENT_DESIRED_POLICY_H

#include <stdbool.h>

#include "agent/desired_record.h"

/*
 * Bounds of the memory of policies, in bytes. The policies of one namespace may take its share, or
 * only the lower one once all policies take more than NP_POLICY_BYTES_ALL. A policy beyond that is
 * kept without its rules, so it is closed.
 */
#define NP_POLICY_BYTES_SHARE	(32u * 1024 * 1024)
#define NP_POLICY_BYTES_ALL	(96u * 1024 * 1024)
#define NP_POLICY_BYTES_LOW	(1024u * 1024)

/* Returns a policy that exists, or NULL. */
struct np_desired_policy *np_desired_policy(const struct np_desired *d, const char *namespace,
					    const char *name);
/* Fills in the policy as it goes to the kernel. It points into the record. */
void np_desired_policy_view(const struct np_desired_policy *policy, struct np_policy *view);

/* Adds or replaces a policy, of which a copy is kept. closed: its rules are unusable. */
void np_desired_policy_upsert(struct np_desired *d, const struct np_policy *policy, bool closed);
void np_desired_policy_remove(struct np_desired *d, struct np_desired_policy *policy);

/* A local pod of the namespace has come, gone or changed. Finds out which policies are wanted. */
void np_desired_policies_select(struct np_desired *d, struct np_desired_namespace *ns);
/* A policy of the namespace was rejected, or is no longer. Finds out which pods are withheld. */
void np_desired_pods_withhold(struct np_desired *d, const struct np_desired_namespace *ns);

#endif
