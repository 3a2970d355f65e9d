/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connections that one state allows: between every two kinds of pods, and between pods and
 * addresses that are no pod's, on every port. The module's core in this process is asked for each.
 */
#ifndef NP_GRAPH_FLOWS_H
#define NP_GRAPH_FLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "diff/groups.h"
#include "diff/outside.h"
#include "diff/ports.h"
#include "diff/side.h"
#include "matrix/verdicts.h"
#include "offline/offline.h"

/* Numbers of sets of ports. */
#define NP_FLOWS_NOTHING	0
#define NP_FLOWS_UNASKED	UINT32_MAX

/* A set of ports: a bit for each of np_flows.ports. */
struct np_flows_set {
	uint32_t hash;
	uint32_t number;
	uint64_t bit[];
};

/**
 * struct np_flows - the connections; owns all that it points to
 * @side: state, the caller's
 * @none: a state without pods, because groups and ports are those of two states
 * @world: the core, filled with the state, and an empty one
 * @groups: pods that no policy tells apart, and one pod for each set of addresses outside; only
 *	the first state of the two counts
 * @outside: what the latter stand for
 * @out_of: index in outside.set of each group, or SIZE_MAX: pods
 * @ports: what is asked of each pair
 * @words: of a set of ports
 * @set: distinct sets of ports; [NP_FLOWS_NOTHING] is the empty one
 * @sets: how many
 * @full: number of the set of all ports
 * @row: of each group among those that are wanted, or SIZE_MAX
 * @from: numbers of sets by family == AF_INET6 and row of the source * groups + destination
 * @to: likewise by row of the destination * groups + source, if the source has no row
 * @table: of sets
 * @arena: of sets
 */
struct np_flows {
	struct np_diff_side *side;
	struct np_diff_side none;
	struct np_offline world[2];
	struct np_diff_groups groups;
	struct np_diff_outside outside;
	size_t *out_of;
	struct np_diff_ports ports;
	size_t words;
	struct np_flows_set **set;
	size_t sets;
	uint32_t full;
	size_t *row;
	uint32_t *from[2];
	uint32_t *to[2];
	struct np_hash table;
	struct np_arena arena;
};

/*
 * Loads a state, which must outlive the flows and which gets the pods of np_diff_outside_add(), and
 * finds groups and ports. asked: ports to ask for, or NULL or none: every port. Returns 0, or -1
 * with *err filled: NP_EXIT_INPUT if there are no pods, or if the core refuses the state.
 * np_flows_free() must be called after a failure too.
 */
int np_flows_load(struct np_flows *flows, struct np_diff_side *side,
		  const struct np_matrix *asked, struct np_error *err);
/*
 * Asks for the pairs with a group of pods that is wanted at one end; wanted NULL: for all. Returns
 * 0, or -1 with *err filled: NP_EXIT_INPUT if that is more than NP_MATRIX_CELLS_MAX verdicts.
 */
int np_flows_ask(struct np_flows *flows, const bool *wanted, struct np_error *err);
void np_flows_free(struct np_flows *flows);

/*
 * Returns the number of the set of ports that a family allows from a group to another one, or for
 * a group and itself, from each pod to the others. NP_FLOWS_UNASKED: nobody has asked, because an
 * end has no address of the family, no end is wanted, or no end is judged by this node.
 */
uint32_t np_flows_between(const struct np_flows *flows, bool v6, size_t from, size_t to);
/* Returns the first pod of a group. */
const struct np_diff_pod *np_flows_first(const struct np_flows *flows, size_t group);
/* Returns true if this node judges a pod of the group. */
bool np_flows_here(const struct np_flows *flows, size_t group);
/* Returns the number of a set of ports, which is kept. */
uint32_t np_flows_number(struct np_flows *flows, const uint64_t *bit);
/* Return the number of the set of ports in one and in the other, in any, or in a but not in b. */
uint32_t np_flows_and(struct np_flows *flows, uint32_t a, uint32_t b);
uint32_t np_flows_or(struct np_flows *flows, uint32_t a, uint32_t b);
uint32_t np_flows_without(struct np_flows *flows, uint32_t a, uint32_t b);
/* Writes a set: "all ports", "tcp/80, udp"; "" for the empty one. */
void np_flows_text(struct np_buffer *to, const struct np_flows *flows, uint32_t set);

#endif
