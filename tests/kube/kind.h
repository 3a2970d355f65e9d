/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ClusterNetworkPolicy as a custom resource of a real API server: the kind comes and goes, and
 * its objects are made at random. The definition takes whatever is written into a spec, so that
 * what no agent can read gets through.
 */
#ifndef KUBE_KIND_H
#define KUBE_KIND_H

#include <stdbool.h>
#include <cjson/cJSON.h>

#define CLUSTER_POLICIES	6	/* the most at a time */
#define KIND_PATH	"/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies"

/* Makes the definition. Returns once the API server serves the kind. */
void kind_create(void);
/*
 * Deletes the definition. The API server then deletes the objects, and after them the kind.
 * Returns once it does not serve the kind any more.
 */
void kind_delete(void);

/*
 * A policy of that name. fresh: no earlier version of it has been there, so that its subject too
 * may be one that can't be read.
 */
cJSON *kind_policy(const char *name, bool fresh);
/* One that selects no pod and has no rule. */
cJSON *kind_marker(const char *name);
/*
 * Policies that change the verdicts of many connections: one that denies, one that accepts, and one
 * of the Baseline tier. Less than KIND_FIXED.
 */
#define KIND_FIXED	3
cJSON *kind_fixed(unsigned int number);

#endif
