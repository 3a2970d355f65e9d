/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the addresses that rules of ClusterNetworkPolicies mean which name Nodes. The kernel knows
 * of no Nodes, so such a rule gets a peer for each address, or for several that are exactly a
 * block.
 */
#ifndef NP_OBJECT_NODES_H
#define NP_OBJECT_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/errors.h"
#include "object/object.h"

/* What is known of the Nodes of a cluster. */
struct np_nodes {
	const struct np_kube_node *const *node;
	size_t count;
	/* some Nodes cannot be read: a rule that names Nodes and does not accept is closed */
	bool partial;
	/* it is not known which there are: every rule that names Nodes is closed */
	bool unknown;
};

/* Why a rule that names Nodes is closed. */
enum np_nodes_lack {
	NP_NODES_ENOUGH,	/* it is not */
	NP_NODES_UNKNOWN,
	NP_NODES_PARTIAL,
	NP_NODES_TOO_MANY,	/* the policy would have more peers than it may have */
};

/* Returns true if a rule of the policy names Nodes. */
bool np_policy_names_nodes(const struct np_policy *policy);
/*
 * Resolves the rules of a policy that name Nodes, or closes them. It gets new rules and peers from
 * the arena; what it had before stays as it is, also if that was resolved already. room: how many
 * peers the policy may have. Returns why the first of the rules that are closed is closed, and its
 * index in *rule.
 */
enum np_nodes_lack np_nodes_resolve(struct np_arena *arena, struct np_policy *policy,
				    const struct np_nodes *nodes, size_t room, uint32_t *rule);
/*
 * To be called after all files have been loaded: resolves the rules of all policies against the
 * Nodes that are among the objects. Without any Node the rules cannot be resolved. Then, and if a
 * policy gets too many peers, it returns -1 with *err filled. lenient: such rules are closed
 * instead, with a warning. errors: gets the first error of each policy, if it is not NULL.
 */
int np_nodes_resolve_all(struct np_objects *objs, bool lenient, struct np_errors *errors,
			 struct np_error *err);

#endif
