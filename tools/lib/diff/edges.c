// SPDX-License-Identifier: GPL-2.0-or-later
/* Where blocks begin and end. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "diff/edges.h"

static void np_diff_edge(struct np_diff_edges *edges, const uint8_t at[16])
{
	edges->at = np_array_grow(edges->at, edges->count, sizeof(*edges->at));
	memcpy(edges->at[edges->count++], at, 16);
}

bool np_diff_block_end(const struct np_cidr *cidr, uint8_t end[16])
{
	static const uint8_t zero[16];
	int i;

	memcpy(end, cidr->addr, 16);
	if (!cidr->length)
		return false;
	/* Adds 1 at the last bit of the prefix. */
	i = (cidr->length - 1) / 8;
	end[i] += (uint8_t)(0x80 >> (cidr->length - 1) % 8);
	if (end[i] < (uint8_t)(0x80 >> (cidr->length - 1) % 8))
		while (i && !++end[--i])
			;
	return memcmp(end, zero, 16);
}

/* A block begins with its address, and ends before the address that follows its last one. */
static void np_diff_block(struct np_diff_edges edges[2], const struct np_cidr *cidr)
{
	struct np_diff_edges *to = &edges[cidr->family == AF_INET6];
	uint8_t end[16];

	np_diff_edge(to, cidr->addr);
	if (np_diff_block_end(cidr, end))
		np_diff_edge(to, end);
}

static void np_diff_rule_blocks(struct np_diff_edges edges[2], const struct np_rule *rule,
				uint32_t count)
{
	const struct np_ipblock *block;
	uint32_t i, k, e;

	for (i = 0; i < count; i++)
		for (k = 0; k < rule[i].peer_count; k++) {
			block = rule[i].peer[k].ipblock;
			if (!block)
				continue;
			np_diff_block(edges, &block->cidr);
			for (e = 0; e < block->except_count; e++)
				np_diff_block(edges, &block->except[e]);
		}
}

static int np_diff_edge_order(const void *left, const void *right)
{
	return memcmp(left, right, 16);
}

void np_diff_edges_make(struct np_diff_edges edges[2], const struct np_diff_side *const side[2])
{
	const struct np_objects *objs;
	size_t s, i, k;

	for (s = 0; s < 2; s++)
		for (i = 0; i < side[s]->origins; i++) {
			objs = &side[s]->origin[i].objects;
			for (k = 0; k < objs->policy_count; k++) {
				np_diff_rule_blocks(edges, objs->policies[k].ingress,
						    objs->policies[k].ingress_count);
				np_diff_rule_blocks(edges, objs->policies[k].egress,
						    objs->policies[k].egress_count);
			}
		}
	for (i = 0; i < 2; i++)
		if (edges[i].count)
			qsort(edges[i].at, edges[i].count, sizeof(*edges[i].at),
			      np_diff_edge_order);
}

void np_diff_edges_free(struct np_diff_edges edges[2])
{
	free(edges[0].at);
	free(edges[1].at);
	memset(edges, 0, 2 * sizeof(*edges));
}

size_t np_diff_edges_before(const struct np_diff_edges *edges, const uint8_t address[16])
{
	size_t low = 0, high = edges->count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (memcmp(edges->at[mid], address, 16) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}
