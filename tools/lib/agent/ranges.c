// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ranges of pods that Nodes give.
 */
#include "agent/ranges.h"

#include <stdlib.h>
#include <string.h>

#include "agent/desired_node.h"
#include "base/loop.h"
#include "base/sort.h"

/* Blocks that are being collected. */
struct np_blocks {
	struct np_cidr *item;
	size_t count;
};

static void np_blocks_add(struct np_blocks *blocks, const struct np_cidr *cidr)
{
	blocks->item = np_array_grow(blocks->item, blocks->count, sizeof(*blocks->item));
	blocks->item[blocks->count++] = *cidr;
}

static void np_blocks_add_addresses(struct np_blocks *blocks, const struct np_address *addr,
				    uint32_t count)
{
	struct np_cidr one;

	for (; count; count--) {
		one = np_address_block(addr++);
		np_blocks_add(blocks, &one);
	}
}

/* Adds what is left of a block without some addresses, each of which is inside. They are sorted. */
static void np_blocks_without(struct np_blocks *blocks, const struct np_cidr *cidr,
			      const struct np_cidr *out, size_t count)
{
	struct np_cidr half = *cidr;
	size_t low = 0;

	if (!count) {
		np_blocks_add(blocks, cidr);
		return;
	}
	if (half.length == np_family_bits(cidr->family))
		return;
	half.length++;
	while (low < count && np_cidr_contains(&half, &out[low]))
		low++;
	np_blocks_without(blocks, &half, out, low);
	half.addr[cidr->length / 8] |= 0x80 >> cidr->length % 8;
	np_blocks_without(blocks, &half, out + low, count - low);
}

static int np_range_order(const void *left, const void *right)
{
	const struct np_cidr *a = left, *b = right;

	return a->family != b->family ? (int)a->family - (int)b->family :
					memcmp(a->addr, b->addr, sizeof(a->addr));
}

/*
 * Collects the addresses that are those of Nodes, also of those that cannot be read. all: also the
 * first one of each IPv4 podCIDR, else only where flannel has a tunnel.
 */
static struct np_blocks np_node_own(const struct np_desired *d, bool all)
{
	struct np_blocks own = { 0 };
	struct np_desired_node *record;
	size_t i, kept = 0, at = 0;
	uint32_t k;

	while ((record = np_hash_next(&d->nodes, &at))) {
		const struct np_kube_node *node = &record->node;

		np_breathe();
		np_blocks_add_addresses(&own, node->address, node->address_count);
		np_blocks_add_addresses(&own, node->tunnel, node->tunnel_count);
		for (k = 0; k < node->pod_cidr_count; k++) {
			struct np_cidr first = node->pod_cidr[k];

			first.length = np_family_bits(first.family);
			if (node->pod_cidr[k].length + 2u <= first.length &&
			    (node->tunnel_first || (all && first.family == AF_INET)))
				np_blocks_add(&own, &first);
		}
	}
	np_sort_many(own.item, own.count, sizeof(*own.item), np_range_order);
	for (i = 0; i < own.count; i++)
		if (!kept || memcmp(&own.item[i], &own.item[kept - 1], sizeof(*own.item)))
			own.item[kept++] = own.item[i];
	own.count = kept;
	return own;
}

/* Returns the addresses inside a block, of sorted ones, and how many they are. */
static const struct np_cidr *np_own_inside(const struct np_blocks *own, const struct np_cidr *cidr,
					   size_t *count)
{
	size_t low = 0, high = own->count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (np_range_order(&own->item[mid], cidr) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (*count = 0; low + *count < own->count &&
	     np_cidr_contains(cidr, &own->item[low + *count]);)
		++*count;
	return own->item + low;
}

/* The podCIDRs of all Nodes, each once. Records that cannot be read have some too. */
static struct np_blocks np_pod_cidrs(const struct np_desired *d)
{
	struct np_blocks all = { 0 };
	struct np_desired_node *record;
	size_t at = 0;
	uint32_t k;

	while ((record = np_hash_next(&d->nodes, &at)))
		for (k = 0; k < record->node.pod_cidr_count; k++)
			np_blocks_add(&all, &record->node.pod_cidr[k]);
	np_sort_many(all.item, all.count, sizeof(*all.item), np_range_order);
	return all;
}

/* All podCIDRs without the addresses of Nodes. */
static struct np_blocks np_ranges_whole(const struct np_desired *d, const struct np_blocks *cidrs,
					bool all)
{
	struct np_blocks own = np_node_own(d, all), ranges = { 0 };
	const struct np_cidr *inside;
	size_t i, count;

	for (i = 0; i < cidrs->count; i++) {
		np_breathe();
		inside = np_own_inside(&own, &cidrs->item[i], &count);
		np_blocks_without(&ranges, &cidrs->item[i], inside, count);
	}
	ranges.count = np_cidr_aggregate(ranges.item, ranges.count);
	free(own.item);
	return ranges;
}

/* As many podCIDRs as there is room for: first those that have no address of a Node. */
static struct np_blocks np_ranges_part(struct np_desired *d, const struct np_blocks *cidrs,
				       size_t room)
{
	struct np_blocks own = np_node_own(d, false), ranges = { 0 };
	const struct np_cidr *inside;
	size_t i, count, before;

	for (i = 0; i < cidrs->count; i++) {
		np_own_inside(&own, &cidrs->item[i], &count);
		if (!count)
			np_blocks_add(&ranges, &cidrs->item[i]);
	}
	ranges.count = np_cidr_aggregate(ranges.item, ranges.count);
	if (ranges.count > room) {
		d->ranges_left_out += ranges.count - room;
		ranges.count = room;
	}
	for (i = 0; i < cidrs->count; i++) {
		np_breathe();
		inside = np_own_inside(&own, &cidrs->item[i], &count);
		before = ranges.count;
		if (count)
			np_blocks_without(&ranges, &cidrs->item[i], inside, count);
		if (ranges.count <= room)
			continue;
		ranges.count = before;
		d->ranges_left_out++;
	}
	ranges.count = np_cidr_aggregate(ranges.item, ranges.count);
	free(own.item);
	return ranges;
}

bool np_desired_ranges_known(const struct np_desired *d)
{
	return d->range_users && d->synced[NP_SOURCE_NODES] && d->range_count;
}

bool np_desired_ranges_update(struct np_desired *d, size_t room)
{
	struct np_blocks cidrs, ranges = { 0 };
	bool same;

	d->ranges_left_out = 0;
	if (d->range_users && d->synced[NP_SOURCE_NODES]) {
		cidrs = np_pod_cidrs(d);
		ranges = np_ranges_whole(d, &cidrs, true);
		if (ranges.count > room) {
			free(ranges.item);
			ranges = np_ranges_whole(d, &cidrs, false);
		}
		if (ranges.count > room) {
			free(ranges.item);
			ranges = np_ranges_part(d, &cidrs, room);
		}
		free(cidrs.item);
	}
	same = ranges.count == d->range_count &&
	       (!ranges.count ||
		!memcmp(ranges.item, d->range, ranges.count * sizeof(*ranges.item)));
	free(d->range);
	d->range = ranges.item;
	d->range_count = ranges.count;
	return !same;
}
