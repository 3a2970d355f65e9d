/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which connections appear and which go between two states: both are loaded into the module's core
 * in this process, and each is asked for every pair of pods, every port and both families.
 */
#ifndef NP_DIFF_REACH_H
#define NP_DIFF_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "diff/groups.h"
#include "diff/ports.h"
#include "diff/side.h"
#include "matrix/verdicts.h"
#include "offline/offline.h"

/* What a state says of a connection. */
enum np_reach {
	NP_REACH_NONE,		/* it lacks one of the pods, or its address of the family */
	NP_REACH_DENIED,
	NP_REACH_ALLOWED,
};

#define NP_REACH_IPV4	1
#define NP_REACH_IPV6	2

/**
 * struct np_reach_options - what is asked
 * @namespace: pods of these only; all pods count as peers of their policies
 * @namespaces: how many; 0: all
 * @asked: ports to ask for; NULL or none: every port
 * @bytes: of memory that lines may need; 0: NP_REACH_BYTES_MAX
 */
struct np_reach_options {
	const char *const *namespace;
	size_t namespaces;
	const struct np_matrix *asked;
	uint64_t bytes;
};

#define NP_REACH_BYTES_MAX	(512u * 1024 * 1024)

/**
 * struct np_reach_line - connections that differ, all for one reason
 * @source: index of a group
 * @destination: index of a group, which may be the same one: each to the others
 * @families: NP_REACH_IPV*
 * @all_families: these are all that both ends have
 * @was: enum np_reach in the first state
 * @is: enum np_reach in the second state
 * @why: index of the cell of reasons that the second state has, or NP_MATRIX_NONE
 * @ports: a bit for each of the ports
 * @pairs: how many pairs of pods
 */
struct np_reach_line {
	size_t source;
	size_t destination;
	uint8_t families;
	bool all_families;
	uint8_t was;
	uint8_t is;
	uint32_t why;
	uint64_t *ports;
	uint64_t pairs;
};

/* Which pods a line is about. */
enum np_reach_kind {
	NP_REACH_BOTH,		/* both states have both pods */
	NP_REACH_NEW,		/* a pod that only the second state has */
	NP_REACH_GONE,		/* a pod that only the first state has */
	NP_REACH_OUTSIDE,	/* one end stands for addresses that are no pod's */
	NP_REACH_KINDS
};

/**
 * struct np_reach_result - what differs
 * @groups: all pods
 * @ports: all ports that were asked
 * @reasons: keeps the reasons, and has no rows
 * @line: lines, in order of sources and destinations
 * @lines: how many
 * @connections: pairs of pods of all lines, by kind, and [1] those that are allowed now; ranges of
 *	addresses outside that no rule tells apart count as one end
 * @outside: how many groups stand for addresses that are no pod's
 * @only: how many pods only one state has, by state
 * @elsewhere: how many pods another node judges
 */
struct np_reach_result {
	struct np_diff_groups groups;
	struct np_diff_ports ports;
	struct np_matrix reasons;
	struct np_reach_line *line;
	size_t lines;
	uint64_t connections[NP_REACH_KINDS][2];
	size_t only[2];
	size_t elsewhere;
	size_t outside;
};

/*
 * Compares from a to b, which must outlive the result. Returns 0, or -1 with *err filled:
 * NP_EXIT_INPUT if there are no pods, if there is too much to ask, or if the core refuses a
 * state. np_reach_free() must be called after a failure too.
 */
int np_reach_compare(struct np_reach_result *result, const struct np_diff_side *a,
		     const struct np_diff_side *b, const struct np_reach_options *opts,
		     struct np_error *err);
void np_reach_free(struct np_reach_result *result);

/*
 * Makes a world of a state, the origins whose pods lost an address first, as `netpolctl restore`
 * does. Returns 0, or -1 with *err filled; np_offline_free() must be called after a failure too.
 */
int np_reach_load(struct np_offline *world, const struct np_diff_side *side,
		  struct np_error *err);

/* Tells which pods a line is about. */
enum np_reach_kind np_reach_kind(const struct np_reach_result *result,
				 const struct np_reach_line *line);
/* Returns the first pod of a group. */
const struct np_diff_pod *np_reach_first(const struct np_reach_result *result, size_t group);
/* "allowed", "denied", "none" */
const char *np_reach_name(uint8_t reach);

#endif
