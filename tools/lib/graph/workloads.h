/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pods by workload, and what passes between two workloads: what all pairs of their pods allow, and
 * what some allow.
 */
#ifndef NP_GRAPH_WORKLOADS_H
#define NP_GRAPH_WORKLOADS_H

#include "graph/flows.h"
#include "graph/passes.h"

/* Pods of a workload that no policy tells apart. */
struct np_workload_part {
	size_t group;
	uint64_t pods;
};

/**
 * struct np_workload - a workload, or a pod without one
 * @namespace: of its pods
 * @name: of the workload as manifests name it, or of the pod
 * @is_pod: it is a pod by itself
 * @here: this node judges one of its pods
 * @pod: names of pods, in order
 * @pods: how many
 * @part: groups of its pods, in order
 * @parts: how many
 */
struct np_workload {
	const char *namespace;
	const char *name;
	bool is_pod;
	bool here;
	const char **pod;
	size_t pods;
	struct np_workload_part *part;
	size_t parts;
};

/**
 * struct np_workloads - all of them
 * @flows: connections, the caller's
 * @item: in order of namespaces and names
 * @count: how many
 * @namespaces: how many namespaces they are in
 * @pod: names of pods, which items point into
 * @part: parts, which items point into
 */
struct np_workloads {
	struct np_flows *flows;
	struct np_workload *item;
	size_t count;
	size_t namespaces;
	const char **pod;
	struct np_workload_part *part;
};

/*
 * Puts the pods of loaded flows, which must outlive it, in workloads. Each pod whose
 * "namespace/name" is listed is taken out of its workload and stands for itself.
 */
void np_workloads_make(struct np_workloads *workloads, struct np_flows *flows,
		       const char *const *alone, size_t count);
void np_workloads_free(struct np_workloads *workloads);
/* What passes between two workloads that were asked for, which may be the same one. */
struct np_passes np_workloads_pass(const struct np_workloads *workloads, bool v6,
				   const struct np_workload *from, const struct np_workload *to);
/* What passes between a workload and the addresses outside of a group. */
struct np_passes np_workloads_pass_out(const struct np_workloads *workloads, bool v6,
				       const struct np_workload *workload, size_t outside,
				       bool leaves);

#endif
