/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What passes between two ends: the same or not, all or nothing, and in words. */
#ifndef NP_GRAPH_PASSES_H
#define NP_GRAPH_PASSES_H

#include "base/buffer.h"
#include "graph/flows.h"

/**
 * struct np_passes - what one family lets pass from pods to others
 * @all: number of the set of ports that every pair of pods has
 * @some: number of the set of ports that at least one pair has
 *
 * Both are NP_FLOWS_UNASKED if there is no pair.
 */
struct np_passes {
	uint32_t all;
	uint32_t some;
};

/* Adds what a pair of kinds of pods lets pass, which may be NP_FLOWS_UNASKED. */
void np_passes_add(struct np_flows *flows, struct np_passes *passes, uint32_t set);

/* The others are about both families, by family == AF_INET6. */

/* Returns true if two ends pass the same. */
bool np_passes_same(const struct np_passes a[2], const struct np_passes b[2]);
/* Returns true if there is anybody who could pass. */
bool np_passes_asked(const struct np_passes passes[2]);
/* Returns true if something passes. */
bool np_passes_any(const struct np_passes passes[2]);
/* Returns true if all ports pass, between all pods and over all families that there are. */
bool np_passes_full(const struct np_flows *flows, const struct np_passes passes[2]);
/* Writes "tcp/80", "all ports over IPv4", "tcp/80; tcp/90 for some pods". */
void np_passes_text(struct np_buffer *to, struct np_flows *flows,
		    const struct np_passes passes[2]);

#endif
