/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the blocks of two states begin and end: between two edges no rule tells addresses apart.
 */
#ifndef NP_DIFF_EDGES_H
#define NP_DIFF_EDGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/side.h"
#include "object/address.h"

/**
 * struct np_diff_edges - edges of one family
 * @at: addresses that begin a run, in order; an edge may be there more than once
 * @count: how many
 */
struct np_diff_edges {
	uint8_t (*at)[16];
	size_t count;
};

/*
 * Lists the edges of all blocks and excepts of both states, by family == AF_INET6. To be freed
 * with np_diff_edges_free().
 */
void np_diff_edges_make(struct np_diff_edges edges[2], const struct np_diff_side *const side[2]);
void np_diff_edges_free(struct np_diff_edges edges[2]);
/* Returns how many edges lie at or before an address. */
size_t np_diff_edges_before(const struct np_diff_edges *edges, const uint8_t address[16]);
/*
 * Stores the address that follows the last one of a block. Returns false if there is none: the
 * block is all addresses, or its last one is the last of all.
 */
bool np_diff_block_end(const struct np_cidr *cidr, uint8_t end[16]);

#endif
