/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What reaches each workload, and what it reaches: the world, other namespaces, its own one.
 */
#ifndef NP_GRAPH_EXPOSURE_H
#define NP_GRAPH_EXPOSURE_H

#include "graph/workloads.h"

/* Whether policies isolate the pods of a workload. */
enum np_isolated {
	NP_ISOLATED_NONE,
	NP_ISOLATED_SOME,
	NP_ISOLATED_ALL,
};

/**
 * struct np_exposure_peers - other ends that all pass the same
 * @passes: what, by family == AF_INET6; the same for both where the ends have one only
 * @peer: indexes of workloads, or of outside sets, in order
 * @count: how many
 */
struct np_exposure_peers {
	struct np_passes passes[2];
	size_t *peer;
	size_t count;
};

/* Other ends of one kind, those that pass the same together; what passes nothing is left out. */
struct np_exposure_list {
	struct np_exposure_peers *item;
	size_t items;
	size_t asked;	/* how many such ends there are */
};

/**
 * struct np_exposure_side - one direction
 * @policy: names of the policies that are enforced and select a pod of the workload, in order
 * @policies: how many
 * @observed: names of those that select one and are observed instead of enforced; of a pod that
 *	an enforced NetworkPolicy isolates none, because they make no difference there
 * @observeds: how many
 * @isolated: enum np_isolated; what no rule allows is denied
 * @unknown: a pod that nothing reaches, because its Namespace is not there while a
 *	ClusterNetworkPolicy is
 * @world: peers are outside sets
 * @others: peers are workloads of other namespaces
 * @own: peers are workloads of its own namespace, with itself for its pods among each other
 */
struct np_exposure_side {
	const char **policy;
	size_t policies;
	const char **observed;
	size_t observeds;
	uint8_t isolated;
	bool unknown;
	struct np_exposure_list world;
	struct np_exposure_list others;
	struct np_exposure_list own;
};

/**
 * struct np_exposed - a workload
 * @workload: index
 * @families: that its pods have addresses of, by family == AF_INET6
 * @side: by enum netpol_direction
 */
struct np_exposed {
	size_t workload;
	bool families[2];
	struct np_exposure_side side[2];
};

/* A range of addresses outside, in order, and the outside set that it is of. */
struct np_exposure_range {
	struct np_diff_range range;
	size_t set;
};

/**
 * struct np_exposure - all that was asked for; owns all that it points to but the workloads
 * @workloads: pods
 * @item: workloads that were asked for, in order
 * @items: how many
 * @range: ranges outside by family == AF_INET6
 * @ranges: how many
 * @arena: of names of policies
 */
struct np_exposure {
	const struct np_workloads *workloads;
	struct np_exposed *item;
	size_t items;
	struct np_exposure_range *range[2];
	size_t ranges[2];
	struct np_arena arena;
};

/* How many pairs of workloads may be looked at. */
#define NP_EXPOSURE_PAIRS_MAX	(16u * 1024 * 1024)

/*
 * Finds what the workloads that are wanted are exposed to. They were asked for before. Returns 0,
 * or -1 with *err filled: NP_EXIT_INPUT if that is more than NP_EXPOSURE_PAIRS_MAX pairs.
 * np_exposure_free() must be called after a failure too.
 */
int np_exposure_make(struct np_exposure *exposure, const struct np_workloads *workloads,
		     const bool *wanted, struct np_error *err);
void np_exposure_free(struct np_exposure *exposure);
/*
 * Calls visit for each run of ranges of a family that are those of the peers, or of all others.
 * Ranges whose addresses are all pods' join what lies beside them. Returns how many runs there are.
 */
size_t np_exposure_runs(const struct np_exposure *exposure, const struct np_exposure_peers *peers,
			bool v6, bool others,
			void (*visit)(void *context, uint8_t family,
				      const struct np_diff_range *range), void *context);

#endif
