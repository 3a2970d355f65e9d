/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads ClusterNetworkPolicies from nodes. Both functions return 0, or -1 with d->err filled.
 */
#ifndef NP_OBJECT_READ_CLUSTER_H
#define NP_OBJECT_READ_CLUSTER_H

#include "object/field.h"

/*
 * Fails if anything in the spec cannot be read, with d->lenient too. That allows only for names of
 * ports that no container can have, which match nothing.
 */
int np_decode_cluster_policy(struct np_decode *d, const struct np_node *node,
			     const struct np_path *path);
/*
 * Reads a policy that np_decode_cluster_policy() cannot read. A rule that cannot be read is closed:
 * it matches nothing if its action is Accept, else it denies everything. If what stands above the
 * rules cannot be read, the policy is one of the Admin tier whose Accept rules are all closed and
 * whose other rules deny; without a subject, for every pod. There is a warning for each of this.
 * Fails if not even its name can be read.
 */
int np_decode_cluster_policy_closed(struct np_decode *d, const struct np_node *node,
				    const struct np_path *path);

#endif
