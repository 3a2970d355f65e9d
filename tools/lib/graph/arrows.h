/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arrows of a drawing: who reaches whom on which ports, from several workloads to several ones
 * where all of them are alike, so that few arrows say exactly what many would.
 */
#ifndef NP_GRAPH_ARROWS_H
#define NP_GRAPH_ARROWS_H

#include "graph/exposure.h"

/* Workloads that a page or a drawing can have. */
#define NP_ARROWS_WORKLOADS_MAX	1000

/**
 * struct np_arrow - each of some workloads reaches each of others
 * @passes: on which ports, by family == AF_INET6
 * @label: number of what passes, the same for all arrows that pass the same
 * @from: indexes of workloads, in order
 * @froms: how many
 * @to: indexes of workloads, in order; an arrow from or to the world has none
 * @tos: how many
 * @addresses: of the world, as np_exposure_ranges_text() writes them; else NULL
 * @leaves: an arrow of the world leads there, else it comes from there
 *
 * A workload may be on both sides. To itself it passes the same if it has several pods; with one
 * pod nothing is said, as a pod always reaches itself.
 */
struct np_arrow {
	struct np_passes passes[2];
	size_t label;
	size_t *from;
	size_t froms;
	const size_t *to;
	size_t tos;
	const char *addresses;
	bool leaves;
};

/**
 * struct np_arrows - a drawing; owns all that it points to but the exposure
 * @exposure: workloads, those that were asked for being items of it
 * @item: of each workload its index among the items, or SIZE_MAX: it is an other end only
 * @drawn: of each workload whether it is drawn: it is an item, or an end of an arrow
 * @drawns: how many are drawn
 * @namespaces: how many namespaces they are in
 * @arrow: arrows, in order of their sources
 * @arrows: how many
 * @world: arrows between workloads and the world
 * @worlds: how many
 * @labels: how many labels all of them have
 * @arena: of ends
 */
struct np_arrows {
	const struct np_exposure *exposure;
	size_t *item;
	bool *drawn;
	size_t drawns;
	size_t namespaces;
	struct np_arrow *arrow;
	size_t arrows;
	struct np_arrow *world;
	size_t worlds;
	size_t labels;
	struct np_arena arena;
};

/*
 * Finds the arrows. Returns 0, or -1 with *err filled: NP_EXIT_INPUT if there are more workloads to
 * draw than NP_ARROWS_WORKLOADS_MAX. np_arrows_free() must be called after a failure too.
 */
int np_arrows_make(struct np_arrows *arrows, const struct np_exposure *exposure,
		   struct np_error *err);
void np_arrows_free(struct np_arrows *arrows);
/* Returns true if a workload among the ends of an arrow reaches itself by it. */
bool np_arrows_itself(const struct np_arrows *arrows, size_t workload);
/* Returns the workload behind the last one of a namespace that begins with the given one. */
size_t np_arrows_namespace_end(const struct np_arrows *arrows, size_t first);

#endif
