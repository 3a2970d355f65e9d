/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads objects of the API by the functions that read manifests, so that both mean the same.
 */
#ifndef NP_AGENT_DESIRED_DECODE_H
#define NP_AGENT_DESIRED_DECODE_H

#include <stdbool.h>

#include "agent/desired_record.h"

/*
 * Reads a namespace, a pod or a policy of either kind into d->scratch. Returns 0, or -1 with *err
 * filled. If only a part of the object can be read, it returns 0 and sets *closed, and *err says
 * why. A policy in d->scratch then has its subject and its directions, but no rules. A pod has its
 * names, uid, node and addresses, but no labels and no ports. A ClusterNetworkPolicy has all of its
 * rules, and those that cannot be read are closed.
 */
int np_desired_decode(struct np_desired *d, enum np_source_kind kind,
		      const struct np_node *object, bool *closed, struct np_error *err);
/*
 * To be called after a ClusterNetworkPolicy was read in part. Returns true if that is for every pod
 * because its subject cannot be read.
 */
bool np_desired_decode_lost(const struct np_desired *d);
/* Reads the Node of this node into d->pod_cidr. Returns 0, or -1 with *err filled. */
int np_desired_decode_node(struct np_desired *d, const struct np_node *object,
			   struct np_error *err);

#endif
