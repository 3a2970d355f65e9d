// SPDX-License-Identifier: GPL-2.0
/* Rule trie: longest prefix match; see trie.h. */
#include "core/trie.h"

/* Bits that a node looks at. */
#define STRIDE	6

/* Prefixes that are gone over between two offers of the processor to others. */
#define OFFER	1024

/**
 * struct netpol_trie_region - a node to be made, and then what it will be
 * @children: as in the node
 * @runs: as in the node
 * @first: the first prefix inside it; all are longer than @from
 * @end: the one after the last
 * @row: the row of addresses in it that none of them covers
 * @child: number of the first child
 * @leaf: number of the leaf before the first
 * @from: bits that lead to it
 * @off: bit at which it begins to look; past @from: there is a check
 */
struct netpol_trie_region {
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
 * struct netpol_trie_build - a trie being built
 * @prefix: prefixes, sorted by address and length, each once
 * @region: one per node, in the order of the nodes
 * @regions: number of them
 * @room: how many fit
 * @leaf: rows of the leaves, the unused first one included
 * @leaves: number of them
 * @leaf_room: how many fit
 * @checks: checks so far, the unused first included
 * @width: bits of an address
 */
struct netpol_trie_build {
	const struct netpol_prefix *prefix;
	struct netpol_trie_region *region;
	u32 regions;
	u32 room;
	u32 *leaf;
	u32 leaves;
	u32 leaf_room;
	u32 checks;
	u8 width;
};

/* Copies what may be long in pieces, between which others can run. */
static void netpol_trie_copy(void *to, const void *from, size_t bytes)
{
	size_t at, piece;

	for (at = 0; at < bytes; at += piece) {
		piece = min_t(size_t, bytes - at, 64 * NETPOL_PAGE_SIZE);
		memcpy((u8 *)to + at, (const u8 *)from + at, piece);
		cond_resched();
	}
}

/* Room for the children and leaves of one more node. 0 or -ENOMEM. */
static int netpol_trie_reserve(struct netpol_trie_build *b)
{
	if (b->regions + 64 > b->room) {
		u32 room = b->room * 2 + 64;
		struct netpol_trie_region *region = netpol_alloc_array(room, sizeof(*region));

		if (!region)
			return -ENOMEM;
		netpol_trie_copy(region, b->region, b->regions * sizeof(*region));
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
			netpol_trie_copy(leaf, b->leaf, b->leaves * sizeof(*leaf));
		netpol_free(b->leaf);
		b->leaf = leaf;
		b->leaf_room = room;
	}
	return 0;
}

/* The bits from off on, which must not be the last five or fewer; 16 bytes at addr. */
static u32 netpol_trie_bits(const u8 *addr, u32 off)
{
	u32 byte = min_t(u32, off / 8, 14);

	return (addr[byte] << 8 | addr[byte + 1]) >> (16 - STRIDE - (off - 8 * byte)) & 63;
}

/* One half of an address of 16 bytes, as a number. */
static u64 netpol_trie_word(const u8 *addr, u32 half)
{
	__be64 word;

	memcpy(&word, addr + 8 * half, sizeof(word));
	return be64_to_cpu(word);
}

/* Bits that two addresses of 16 bytes have in common from the first on. */
static u32 netpol_trie_common(const u8 *a, const u8 *b)
{
	u64 differ = netpol_trie_word(a, 0) ^ netpol_trie_word(b, 0);

	if (differ)
		return 64 - fls64(differ);
	differ = netpol_trie_word(a, 1) ^ netpol_trie_word(b, 1);
	return 128 - fls64(differ);
}

/* Clears the bits of an address from length on. */
static void netpol_trie_mask(u8 addr[16], u32 length)
{
	u32 half, kept;

	for (half = 0; half < 2; half++, length -= kept) {
		u64 word = netpol_trie_word(addr, half);
		__be64 masked;

		kept = min_t(u32, length, 64);
		masked = cpu_to_be64(kept < 64 ? word & ~(~0ULL >> kept) : word);
		memcpy(addr + 8 * half, &masked, sizeof(masked));
	}
}

static int netpol_trie_compare(const void *a, const void *b)
{
	const struct netpol_prefix *x = a, *y = b;
	u32 half;

	for (half = 0; half < 2; half++) {
		u64 left = netpol_trie_word(x->addr, half);
		u64 right = netpol_trie_word(y->addr, half);

		if (left != right)
			return left < right ? -1 : 1;
	}
	return (int)x->length - (int)y->length;
}

/* Masks, sorts, and leaves each prefix once. */
static int netpol_trie_sort(struct netpol_prefix *prefixes, u32 *n, u32 width)
{
	bool sorted = true;
	u32 i, kept = 0;

	for (i = 0; i < *n; i++) {
		if (prefixes[i].length > width)
			return -EINVAL;
		netpol_trie_mask(prefixes[i].addr, prefixes[i].length);
		if (i && netpol_trie_compare(&prefixes[i - 1], &prefixes[i]) > 0)
			sorted = false;
		if (i % OFFER == 0)
			cond_resched();
	}
	if (!sorted)
		sort(prefixes, *n, sizeof(*prefixes), netpol_trie_compare, NULL);
	for (i = 0; i < *n; i++) {
		if (kept && !netpol_trie_compare(&prefixes[kept - 1], &prefixes[i])) {
			if (prefixes[kept - 1].row != prefixes[i].row)
				return -EEXIST;
			continue;
		}
		if (kept != i)
			prefixes[kept] = prefixes[i];
		kept++;
		if (i % OFFER == 0)
			cond_resched();
	}
	*n = kept;
	return 0;
}

/*
 * Where the node of a region begins to look: past the bits that all its
 * prefixes have in common, if that saves a level. In sorted order the first
 * and the last have no more in common than any others, and if one is no longer
 * than that, the first one is the shortest.
 */
static u32 netpol_trie_offset(const struct netpol_trie_build *b,
			      const struct netpol_trie_region *r)
{
	const struct netpol_prefix *first = &b->prefix[r->first];
	u32 last = b->width - STRIDE;
	u32 off;

	off = netpol_trie_common(first->addr, b->prefix[r->end - 1].addr);
	off = min_t(u32, off, first->length - 1);
	if (off < (u32)r->from + STRIDE)
		off = r->from;
	return min_t(u32, off, last);
}

/* The check of a node that looks at the bits from off on. */
static void netpol_trie_fill_check(struct netpol_trie_check *c, const u8 *addr, u32 off,
				   u32 row, u32 width)
{
	u8 masked[16], mask[16];

	memcpy(masked, addr, sizeof(masked));
	netpol_trie_mask(masked, off);
	memset(mask, 0xff, sizeof(mask));
	netpol_trie_mask(mask, off);
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
 * struct netpol_trie_values - the rows of a node's 64 values
 * @starts: one bit per value that has a row of its own; the first does
 * @row: rows of those; the values up to the next one have the same
 */
struct netpol_trie_values {
	u64 starts;
	u32 row[64];
};

static u32 netpol_trie_value(const struct netpol_trie_values *values, u32 v)
{
	return values->row[fls64(values->starts & ((2ULL << v) - 1)) - 1];
}

/* Gives a row to the values from first to the one before end. */
static void netpol_trie_value_set(struct netpol_trie_values *values, u32 first, u32 end, u32 row)
{
	u64 inside = ~0ULL << first;

	if (end < 64) {
		values->row[end] = netpol_trie_value(values, end);
		values->starts |= BIT_ULL(end);
		inside &= BIT_ULL(end) - 1;
	}
	values->starts = (values->starts & ~inside) | BIT_ULL(first);
	values->row[first] = row;
}

/* Adds the runs of leaves of a node. */
static u64 netpol_trie_runs(struct netpol_trie_build *b, u64 children,
			    const struct netpol_trie_values *values)
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

/* Adds the children of a region, and finds the rows of its 64 values. */
static u64 netpol_trie_split(struct netpol_trie_build *b, const struct netpol_trie_region *r,
			     struct netpol_trie_values *values)
{
	u32 i, v, next = r->off + STRIDE;
	u64 children = 0;

	values->starts = 1;
	values->row[0] = r->row;
	for (i = r->first; i < r->end; i++) {
		const struct netpol_prefix *p = &b->prefix[i];

		if (i % OFFER == 0)
			cond_resched();
		v = netpol_trie_bits(p->addr, r->off);
		if (p->length <= next) {
			/* Those it covers come later and write over it. */
			netpol_trie_value_set(values, v, v + (1U << (next - p->length)), p->row);
			continue;
		}
		if (!(children >> v & 1)) {
			children |= BIT_ULL(v);
			b->region[b->regions++] = (struct netpol_trie_region){
				.first = i, .row = netpol_trie_value(values, v), .from = next,
			};
		}
		b->region[b->regions - 1].end = i + 1;
	}
	return children;
}

/*
 * Finds what each node will be, level by level: the n-th region becomes the n-th node
 * and adds its children to the end. 0 or -ENOMEM.
 */
static int netpol_trie_walk(struct netpol_trie_build *b)
{
	struct netpol_trie_values values;
	u32 i;

	for (i = 0; i < b->regions; i++) {
		struct netpol_trie_region *r;

		if (netpol_trie_reserve(b))
			return -ENOMEM;
		r = &b->region[i];
		r->off = netpol_trie_offset(b, r);
		r->child = b->regions;
		r->leaf = b->leaves - 1;
		r->children = netpol_trie_split(b, r, &values);
		r->runs = netpol_trie_runs(b, r->children, &values);
		b->checks += r->off > r->from;
		if (i % 64 == 63)
			cond_resched();
	}
	return 0;
}

/* Writes the node of a region, and its check, whose number is *checks, if it has one. */
static void netpol_trie_fill(const struct netpol_trie_build *b, const struct netpol_trie_region *r,
			     struct netpol_trie_node *node, struct netpol_trie_check *check,
			     u32 *checks)
{
	node->children = r->children;
	node->runs = r->runs;
	node->child = r->child;
	node->leaf = r->leaf;
	if (r->off > r->from) {
		netpol_trie_fill_check(&check[*checks], b->prefix[r->first].addr, r->off, r->row,
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

/* One step: the next node by number, or a row and NETPOL_TRIE_TOP_LEAF. */
static u32 netpol_trie_step(const struct netpol_trie *t, const struct netpol_trie_node *node,
			    u32 v)
{
	u64 until = netpol_trie_until(node->children, ~v);

	if ((s64)until < 0)
		return node->child + hweight64(until) - 1;
	return t->leaf[node->leaf + hweight64(netpol_trie_until(node->runs, ~v))] |
	       NETPOL_TRIE_TOP_LEAF;
}

/* Bytes of the table, if a trie is to have one: not where it would end past the address. */
static u64 netpol_trie_top_bytes(const struct netpol_trie_build *b)
{
	if (b->regions < NETPOL_TRIE_TOP_NODES ||
	    b->region[0].off + NETPOL_TRIE_TOP_BITS > b->width)
		return 0;
	return sizeof(u32) << NETPOL_TRIE_TOP_BITS;
}

/*
 * Fills the table that stands for the root and those of its children that look at the
 * bits behind it; the others and their checks are still to be passed.
 */
static void netpol_trie_fill_top(const struct netpol_trie_build *b, struct netpol_trie *t,
				 u32 *top)
{
	u32 i, next, off = b->region[0].off;

	t->top = top;
	if (t->family == AF_INET6)
		t->top_byte = min_t(u32, off / 8, 12);
	t->top_shift = 32 - NETPOL_TRIE_TOP_BITS - (off - 8 * t->top_byte);
	for (i = 0; i < BIT(NETPOL_TRIE_TOP_BITS); i++) {
		next = netpol_trie_step(t, t->node, i >> STRIDE);
		if (!(next & NETPOL_TRIE_TOP_LEAF) && b->region[next].off == off + STRIDE)
			next = netpol_trie_step(t, &t->node[next], i & 63);
		top[i] = next;
	}
}

/* The trie that the walk has found; NULL without memory. */
static struct netpol_trie *netpol_trie_make(const struct netpol_trie_build *b, u32 default_row)
{
	struct netpol_trie_check *check;
	struct netpol_trie *t;
	u32 i, checks = 1, *leaf;
	u64 bytes, top = netpol_trie_top_bytes(b);

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
	netpol_trie_copy(leaf, b->leaf, b->leaves * sizeof(*leaf));
	for (i = 0; i < b->regions; i++) {
		netpol_trie_fill(b, &b->region[i], &t->node[i], check, &checks);
		if (i % 256 == 255)
			cond_resched();
	}
	if (top)
		netpol_trie_fill_top(b, t, leaf + b->leaves);
	return t;
}

struct netpol_trie *netpol_trie_build(u8 family, struct netpol_prefix *prefixes, u32 n,
				      u32 default_row, int *error)
{
	struct netpol_trie_build b = { .width = family == AF_INET ? 32 : 128 };
	struct netpol_trie *t;

	if (family != AF_INET && family != AF_INET6) {
		*error = -EINVAL;
		return NULL;
	}
	if (n > NETPOL_TRIE_PREFIXES_MAX) {
		*error = -ENOSPC;
		return NULL;
	}
	*error = netpol_trie_sort(prefixes, &n, b.width);
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
	*error = netpol_trie_reserve(&b);
	if (!*error && n) {
		b.region[b.regions++] = (struct netpol_trie_region){
			.end = n, .row = default_row,
		};
		*error = netpol_trie_walk(&b);
	}
	t = *error ? NULL : netpol_trie_make(&b, default_row);
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
