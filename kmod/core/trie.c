// SPDX-License-Identifier: GPL-2.0
/* Rule trie; see trie.h. */
#include "core/order.h"
#include "core/trie.h"

/* How many bits a node looks at. */
#define STRIDE	6

/* cond_resched() is called once in so many prefixes. */
#define RESCHED_PREFIXES	1024

/**
 * struct region - the part of the address space that a node is about
 * @children: children of the node, as in struct netpol_trie_node
 * @runs: runs of the node, likewise
 * @first: index of the first prefix inside the region; all of them are longer than @from
 * @end: index after that of the last one
 * @row: row of the addresses in the region that no prefix inside it matches
 * @child: number of the first child of the node
 * @leaf: number of the first leaf of the node, less 1
 * @from: how many bits of an address lead to the node
 * @off: first bit that the node looks at; if it is after @from, the node has a check
 */
struct region {
	u64 children;
	u64 runs;
	u32 first;
	u32 end;
	u32 row;
	u32 child;
	u32 leaf;
	u8 from;
	u8 off;
};

/**
 * struct build - a trie while it is built
 * @prefix: prefixes, sorted by address and length, each once
 * @region: a region for each node, in the order of the nodes
 * @regions: how many
 * @room: room for how many
 * @leaf: rows of the leaves, with the unused first one
 * @leaves: how many
 * @leaf_room: room for how many
 * @checks: how many checks, with the unused first one
 * @width: bits of an address
 */
struct build {
	const struct netpol_prefix *prefix;
	struct region *region;
	u32 regions;
	u32 room;
	u32 *leaf;
	u32 leaves;
	u32 leaf_room;
	u32 checks;
	u8 width;
};

/* Makes room for the children and leaves of one more node. Return: 0 or -ENOMEM. */
static int reserve_node(struct build *b)
{
	if (b->regions + 64 > b->room) {
		u32 room = b->room * 2 + 64;
		struct region *region = netpol_alloc_array(room, sizeof(*region));

		if (!region)
			return -ENOMEM;
		netpol_copy(region, b->region, b->regions * sizeof(*region));
		netpol_free(b->region);
		b->region = region;
		b->room = room;
	}
	if (b->leaves + 64 > b->leaf_room) {
		u32 room = b->leaf_room * 2 + 64;
		u32 *leaf = netpol_alloc_array(room, sizeof(*leaf));

		if (!leaf)
			return -ENOMEM;
		if (b->leaf)
			netpol_copy(leaf, b->leaf, b->leaves * sizeof(*leaf));
		netpol_free(b->leaf);
		b->leaf = leaf;
		b->leaf_room = room;
	}
	return 0;
}

/* The STRIDE bits of an address of 16 bytes from bit @off on, all of which must exist. */
static u32 bits_at(const u8 *addr, u32 off)
{
	u32 byte = min_t(u32, off / 8, 14);

	return (addr[byte] << 8 | addr[byte + 1]) >> (16 - STRIDE - (off - 8 * byte)) & 63;
}

/* The first (@half 0) or second (1) half of an address of 16 bytes, as a number. */
static u64 half_of(const u8 *addr, u32 half)
{
	__be64 word;

	memcpy(&word, addr + 8 * half, sizeof(word));
	return be64_to_cpu(word);
}

/* How many bits two addresses of 16 bytes have in common, counted from the first. */
static u32 common_bits(const u8 *a, const u8 *b)
{
	u64 differ = half_of(a, 0) ^ half_of(b, 0);

	if (differ)
		return 64 - fls64(differ);
	differ = half_of(a, 1) ^ half_of(b, 1);
	return 128 - fls64(differ);
}

/* Clears the bits of an address after the first @length. */
static void mask_address(u8 addr[16], u32 length)
{
	u32 half, kept;

	for (half = 0; half < 2; half++, length -= kept) {
		u64 word = half_of(addr, half);
		__be64 masked;

		kept = min_t(u32, length, 64);
		masked = cpu_to_be64(kept < 64 ? word & ~(~0ULL >> kept) : word);
		memcpy(addr + 8 * half, &masked, sizeof(masked));
	}
}

static int compare_prefixes(const void *a, const void *b)
{
	const struct netpol_prefix *x = a, *y = b;
	u32 half;

	for (half = 0; half < 2; half++) {
		u64 left = half_of(x->addr, half);
		u64 right = half_of(y->addr, half);

		if (left != right)
			return left < right ? -1 : 1;
	}
	return (int)x->length - (int)y->length;
}

/* Masks and sorts prefixes and removes repeated ones. Return: 0, -EINVAL, -EEXIST or -ENOMEM. */
static int sort_prefixes(struct netpol_prefix *prefixes, u32 *n, u32 width)
{
	bool sorted = true;
	u32 i, kept = 0;

	for (i = 0; i < *n; i++) {
		if (prefixes[i].length > width)
			return -EINVAL;
		mask_address(prefixes[i].addr, prefixes[i].length);
		if (i && compare_prefixes(&prefixes[i - 1], &prefixes[i]) > 0)
			sorted = false;
		if (i % RESCHED_PREFIXES == 0)
			cond_resched();
	}
	if (!sorted && netpol_sort(prefixes, *n, sizeof(*prefixes), compare_prefixes))
		return -ENOMEM;
	for (i = 0; i < *n; i++) {
		if (kept && !compare_prefixes(&prefixes[kept - 1], &prefixes[i])) {
			if (prefixes[kept - 1].row != prefixes[i].row)
				return -EEXIST;
			continue;
		}
		if (kept != i)
			prefixes[kept] = prefixes[i];
		kept++;
		if (i % RESCHED_PREFIXES == 0)
			cond_resched();
	}
	*n = kept;
	return 0;
}

/*
 * The first bit that the node of a region looks at: the one after the bits that all prefixes in
 * the region have in common, if that saves a level. In sorted order, no two prefixes have fewer
 * bits in common than the first and the last. If one of the prefixes is not longer than what they
 * have in common, it is the first.
 */
static u32 first_bit(const struct build *b, const struct region *r)
{
	const struct netpol_prefix *first = &b->prefix[r->first];
	u32 last = b->width - STRIDE;
	u32 off;

	off = common_bits(first->addr, b->prefix[r->end - 1].addr);
	off = min_t(u32, off, first->length - 1);
	if (off < (u32)r->from + STRIDE)
		off = r->from;
	return min_t(u32, off, last);
}

/* Fills the check of a node that looks at the bits from @off on. */
static void fill_check(struct netpol_trie_check *c, const u8 *addr, u32 off,
		       u32 row, u32 width)
{
	u8 masked[16], mask[16];

	memcpy(masked, addr, sizeof(masked));
	mask_address(masked, off);
	memset(mask, 0xff, sizeof(mask));
	mask_address(mask, off);
	if (width == 32) {
		__be32 word;

		memcpy(&word, masked, sizeof(word));
		c->addr4 = be32_to_cpu(word);
		memcpy(&word, mask, sizeof(word));
		c->mask4 = be32_to_cpu(word);
	} else {
		memcpy(c->addr, masked, sizeof(masked));
		memcpy(c->mask, mask, sizeof(mask));
	}
	c->row = row;
}

/**
 * struct values - the rows of the 64 values that the bits of a node can have
 * @starts: one bit for each value whose entry in @row is set; value 0 always is
 * @row: row of a value in @starts, and of the values between it and the next one
 */
struct values {
	u64 starts;
	u32 row[64];
};

/* The row of a value. */
static u32 value_row(const struct values *values, u32 v)
{
	return values->row[fls64(values->starts & ((2ULL << v) - 1)) - 1];
}

/* Gives the values from @first up to, but without, @end a row. */
static void value_set(struct values *values, u32 first, u32 end, u32 row)
{
	u64 inside = ~0ULL << first;

	if (end < 64) {
		values->row[end] = value_row(values, end);
		values->starts |= BIT_ULL(end);
		inside &= BIT_ULL(end) - 1;
	}
	values->starts = (values->starts & ~inside) | BIT_ULL(first);
	values->row[first] = row;
}

/* Adds the leaves of a node. Return: the values at which a run of leaves begins. */
static u64 add_runs(struct build *b, u64 children, const struct values *values)
{
	u64 starts = values->starts, runs = 0;
	u32 before = 0;

	while (starts) {
		u32 v = __ffs64(starts);
		u64 span = ~0ULL << v;

		starts &= starts - 1;
		if (starts)
			span &= BIT_ULL(__ffs64(starts)) - 1;
		span &= ~children;
		if (!span || (runs && values->row[v] == before))
			continue;
		before = values->row[v];
		runs |= BIT_ULL(__ffs64(span));
		b->leaf[b->leaves++] = before;
	}
	return runs;
}

/*
 * Adds the regions of the children of a node, and finds the rows of its values. Return: the
 * values that have a child.
 */
static u64 split_region(struct build *b, const struct region *r, struct values *values)
{
	u32 i, v, next = r->off + STRIDE;
	u64 children = 0;

	values->starts = 1;
	values->row[0] = r->row;
	for (i = r->first; i < r->end; i++) {
		const struct netpol_prefix *p = &b->prefix[i];

		if (i % RESCHED_PREFIXES == 0)
			cond_resched();
		v = bits_at(p->addr, r->off);
		if (p->length <= next) {
			/* longer prefixes inside it come later and overwrite their values */
			value_set(values, v, v + (1U << (next - p->length)), p->row);
			continue;
		}
		if (!(children >> v & 1)) {
			children |= BIT_ULL(v);
			b->region[b->regions++] = (struct region){
				.first = i, .row = value_row(values, v), .from = next,
			};
		}
		b->region[b->regions - 1].end = i + 1;
	}
	return children;
}

/*
 * Finds what each node will be, level by level: region n becomes node n, and the regions of its
 * children are added at the end. Return: 0 or -ENOMEM.
 */
static int walk_regions(struct build *b)
{
	struct values values;
	u32 i;

	for (i = 0; i < b->regions; i++) {
		struct region *r;

		if (reserve_node(b))
			return -ENOMEM;
		r = &b->region[i];
		r->off = first_bit(b, r);
		r->child = b->regions;
		r->leaf = b->leaves - 1;
		r->children = split_region(b, r, &values);
		r->runs = add_runs(b, r->children, &values);
		b->checks += r->off > r->from;
		if (i % 64 == 63)
			cond_resched();
	}
	return 0;
}

/* Writes the node of a region, and its check if it has one, as number *checks. */
static void fill_node(const struct build *b, const struct region *r,
		      struct netpol_trie_node *node, struct netpol_trie_check *check,
		      u32 *checks)
{
	node->children = r->children;
	node->runs = r->runs;
	node->child = r->child;
	node->leaf = r->leaf;
	if (r->off > r->from) {
		fill_check(&check[*checks], b->prefix[r->first].addr, r->off, r->row,
			   b->width);
		node->check = (*checks)++;
	}
	if (b->width == 32) {
		node->shift = 32 - STRIDE - r->off;
	} else {
		node->byte = min_t(u32, r->off / 8, 14);
		node->shift = 16 - STRIDE - (r->off - 8 * node->byte);
	}
}

/* One step from a node with value @v: the next node, or a row with NETPOL_TRIE_TOP_LEAF. */
static u32 take_step(const struct netpol_trie *t, const struct netpol_trie_node *node, u32 v)
{
	u64 until = netpol_trie_until(node->children, ~v);

	if ((s64)until < 0)
		return node->child + hweight64(until) - 1;
	return t->leaf[node->leaf + hweight64(netpol_trie_until(node->runs, ~v))] |
	       NETPOL_TRIE_TOP_LEAF;
}

/* Bytes of the table; 0 if there are few nodes or its bits would end after the address. */
static u64 top_bytes(const struct build *b)
{
	if (b->regions < NETPOL_TRIE_TOP_NODES ||
	    b->region[0].off + NETPOL_TRIE_TOP_BITS > b->width)
		return 0;
	return sizeof(u32) << NETPOL_TRIE_TOP_BITS;
}

/*
 * Fills the table. It replaces the step at the root, and the step at those of the root's
 * children that look at the bits directly after the root's; a lookup goes on at other children,
 * with their checks.
 */
static void fill_top(const struct build *b, struct netpol_trie *t, u32 *top)
{
	u32 i, next, off = b->region[0].off;

	t->top = top;
	if (t->family == AF_INET6)
		t->top_byte = min_t(u32, off / 8, 12);
	t->top_shift = 32 - NETPOL_TRIE_TOP_BITS - (off - 8 * t->top_byte);
	for (i = 0; i < BIT(NETPOL_TRIE_TOP_BITS); i++) {
		next = take_step(t, t->node, i >> STRIDE);
		if (!(next & NETPOL_TRIE_TOP_LEAF) && b->region[next].off == off + STRIDE)
			next = take_step(t, &t->node[next], i & 63);
		top[i] = next;
	}
}

/* Makes the trie from what the walk has found. NULL without memory. */
static struct netpol_trie *make_trie(const struct build *b, u32 default_row)
{
	struct netpol_trie_check *check;
	struct netpol_trie *t;
	u32 i, checks = 1, *leaf;
	u64 bytes, top = top_bytes(b);

	bytes = top + sizeof(*t) + (u64)b->regions * sizeof(t->node[0]) +
		(u64)b->checks * sizeof(*check) + (u64)b->leaves * sizeof(*leaf);
	t = bytes <= SIZE_MAX ? netpol_alloc(bytes) : NULL;
	if (!t)
		return NULL;
	check = (struct netpol_trie_check *)&t->node[b->regions];
	leaf = (u32 *)&check[b->checks];
	t->default_row = default_row;
	t->nodes = b->regions;
	t->leaves = b->leaves;
	t->checks = b->checks;
	t->family = b->width == 32 ? AF_INET : AF_INET6;
	t->check = check;
	t->leaf = leaf;
	netpol_copy(leaf, b->leaf, b->leaves * sizeof(*leaf));
	for (i = 0; i < b->regions; i++) {
		fill_node(b, &b->region[i], &t->node[i], check, &checks);
		if (i % 256 == 255)
			cond_resched();
	}
	if (top)
		fill_top(b, t, leaf + b->leaves);
	return t;
}

struct netpol_trie *netpol_trie_build(u8 family, struct netpol_prefix *prefixes, u32 n,
				      u32 default_row, int *error)
{
	struct build b = { .width = family == AF_INET ? 32 : 128 };
	struct netpol_trie *t;

	if (family != AF_INET && family != AF_INET6) {
		*error = -EINVAL;
		return NULL;
	}
	if (n > NETPOL_TRIE_PREFIXES_MAX) {
		*error = -ENOSPC;
		return NULL;
	}
	*error = sort_prefixes(prefixes, &n, b.width);
	if (*error)
		return NULL;
	if (n && !prefixes->length) {
		default_row = prefixes->row;
		prefixes++;
		n--;
	}
	b.prefix = prefixes;
	b.leaves = 1;
	b.checks = 1;
	*error = reserve_node(&b);
	if (!*error && n) {
		b.region[b.regions++] = (struct region){
			.end = n, .row = default_row,
		};
		*error = walk_regions(&b);
	}
	t = *error ? NULL : make_trie(&b, default_row);
	if (!t)
		*error = -ENOMEM;
	netpol_free(b.region);
	netpol_free(b.leaf);
	return t;
}

void netpol_trie_free(struct netpol_trie *t)
{
	netpol_free(t);
}

u64 netpol_trie_bytes(const struct netpol_trie *t)
{
	return (t->top ? sizeof(u32) << NETPOL_TRIE_TOP_BITS : 0) + sizeof(*t) +
	       (u64)t->nodes * sizeof(t->node[0]) +
	       (u64)t->checks * sizeof(*t->check) + (u64)t->leaves * sizeof(*t->leaf);
}
