/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random changes of a cluster, one write to the API server each, decided by a seed:
 * pods come, go, finish and change labels, namespaces change labels, policies of both kinds and
 * every construct come, change and go. Addresses are used again and again.
 */
#ifndef KUBE_CHANGE_H
#define KUBE_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster.h"

enum change_kind {
	CHANGE_POD_ADD,
	CHANGE_POD_DELETE,
	CHANGE_POD_FINISH,
	CHANGE_POD_LABELS,
	CHANGE_NAMESPACE_LABELS,
	CHANGE_POLICY_ADD,
	CHANGE_POLICY_REPLACE,
	CHANGE_POLICY_DELETE,
	CHANGE_CLUSTER_ADD,	/* ClusterNetworkPolicies */
	CHANGE_CLUSTER_REPLACE,
	CHANGE_CLUSTER_DELETE,
	CHANGES,
};

#define CHANGE_CLUSTER	(1u << CHANGE_CLUSTER_ADD | 1u << CHANGE_CLUSTER_REPLACE | \
			 1u << CHANGE_CLUSTER_DELETE)

/**
 * struct change - one change that is to be made
 * @kind: what is done
 * @slot: to which pod, for the first four; NULL otherwise
 * @which: number of the namespace, or of the policy
 * @text: in words
 */
struct change {
	enum change_kind kind;
	struct slot *slot;
	unsigned int which;
	char text[160];
};

/* Namespaces. */
void change_begin(uint64_t seed);
/* A DNS pod on each node, in an isolated kube-system that lets anyone ask. */
void change_dns(void);
/* Ends that isolation, and puts a pod into most slots. */
void change_fill_up(void);
/* The next change; allowed: a set of 1 << kind. What the node does before it is done. */
void change_choose(struct change *change, unsigned int allowed);
/* The write to the API server. */
void change_write(const struct change *change);
/*
 * A write to an object of the same kind that changes no verdict. Its version, which is returned, is
 * later than that of the change, so a watch that has shown it has shown the change.
 */
const char *change_mark(const struct change *change);
/* The same kind's name at the API server: "pods". */
const char *change_resource(const struct change *change);
/* What the node does after it. */
void change_finish(const struct change *change);
/* Deletes all ClusterNetworkPolicies that came from changes. */
void change_clusters_end(void);
/* Ends all pods and policies. */
void change_clear(void);
/* "namespace/name" of the pod in a slot, NULL if none. */
const char *change_pod(const struct slot *slot);

#endif
