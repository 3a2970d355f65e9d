/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rule trie: longest prefix match from address to row, for one family, built
 * at once and never changed.
 *
 * A multibit trie of 6 bits a level in the manner of poptrie: a node has one bit
 * per child and one per run of equal leaves, and counts bits to find them. Bits
 * that all prefixes below a node have in common are skipped and compared as a
 * whole; an address that differs there takes the row of the prefix around them.
 * So n prefixes make fewer than 2n nodes, however long they are, and no lookup
 * takes more than 22 steps (IPv6) or 6 (IPv4). Where there are many nodes a table
 * takes the first two steps at once.
 *
 * Memory: one allocation of at most 2n nodes of 32 bytes, 2n checks of 40 bytes
 * and 4n leaves of 4 bytes, 160 bytes a prefix, far less in practice; and the
 * table of 16 KiB. Building needs 44 bytes a node, twice while it grows, for a
 * moment.
 *
 * Whoever builds it owns it and frees it after a grace period. Readers hold the
 * RCU section under which they found it.
 */
#ifndef NETPOL_CORE_TRIE_H
#define NETPOL_CORE_TRIE_H

#include <netpol/shim.h>

/* Nodes from which on there is a table, what it looks at, and its leaves' flag. */
#define NETPOL_TRIE_TOP_NODES		256
#define NETPOL_TRIE_TOP_BITS		12
#define NETPOL_TRIE_TOP_LEAF		BIT(31)

/* Most prefixes in one trie. */
#define NETPOL_TRIE_PREFIXES_MAX	BIT(24)

/**
 * struct netpol_prefix - what a trie is built from
 * @addr: address in network byte order; IPv4 uses the first 4 bytes
 * @length: bits, at most 32 or 128
 * @row: the row of addresses for which this is the longest prefix
 */
struct netpol_prefix {
	u8 addr[16];
	u8 length;
	u32 row;
};

/**
 * struct netpol_trie_node - 6 bits of the address
 * @children: one bit per value that leads to another node
 * @runs: one bit per value that begins a run of leaves with the same row
 * @child: number of the first child; the others follow it
 * @leaf: number of the leaf before the first
 * @check: number of the check to pass before, 0 for none
 * @shift: how far down the 6 bits are, in an IPv4 address or in the 16 bits at @byte
 * @byte: where the 6 bits are in an IPv6 address
 * @pad: 0
 */
struct netpol_trie_node {
	u64 children;
	u64 runs;
	u32 child;
	u32 leaf;
	u32 check;
	u8 shift;
	u8 byte;
	u16 pad;
};

/**
 * struct netpol_trie_check - bits that an address must have to go on
 * @addr: their values; an IPv4 address in host byte order in the first u32
 * @mask: the bits
 * @row: the row of an address that differs
 * @pad: 0
 */
struct netpol_trie_check {
	union {
		u32 addr4;
		u64 addr[2];
	};
	union {
		u32 mask4;
		u64 mask[2];
	};
	u32 row;
	u32 pad;
};

/**
 * struct netpol_trie - a trie; nodes, checks and leaves are in its own memory
 * @default_row: the row where no prefix matches
 * @nodes: number of nodes; 0 if every address has the default row
 * @leaves: number of leaves
 * @checks: number of checks
 * @family: AF_INET or AF_INET6
 * @top_byte: where the bits that @top is about are in an IPv6 address
 * @top_shift: how far down, in an IPv4 address or in the 32 bits at @top_byte
 * @top: by the first 12 bits that the root looks at, its own and the next: a node, or a row
 *	and NETPOL_TRIE_TOP_LEAF; NULL: there is no table
 * @leaf: rows; the first is unused
 * @check: checks; the first is unused
 * @node: nodes, the root first, children always after their parent
 */
struct netpol_trie {
	u32 default_row;
	u32 nodes;
	u32 leaves;
	u32 checks;
	u8 family;
	u8 top_byte;
	u8 top_shift;
	const u32 *top;
	const u32 *leaf;
	const struct netpol_trie_check *check;
	struct netpol_trie_node node[];
};

/*
 * The bits of a set up to a value, given as its complement of which 6 bits count, at the
 * upper end: the sign says whether the value is in the set.
 */
static __always_inline u64 netpol_trie_until(u64 set, u32 complement)
{
	return set << (complement & 63);
}

/* Does an IPv4 address, host byte order, differ from what leads to a node? */
static __always_inline bool netpol_trie_differs4(const struct netpol_trie_check *c, u32 a)
{
	return (a ^ c->addr4) & c->mask4;
}

static __always_inline bool netpol_trie_differs6(const struct netpol_trie_check *c,
						 const u8 *bytes)
{
	u64 lo, hi;

	memcpy(&lo, bytes, sizeof(lo));
	memcpy(&hi, bytes + 8, sizeof(hi));
	return ((lo ^ c->addr[0]) & c->mask[0]) | ((hi ^ c->addr[1]) & c->mask[1]);
}

/* The row of an IPv4 address. RCU; at most 6 steps. */
static __always_inline u32 netpol_trie_find4(const struct netpol_trie *t, __be32 address)
{
	const struct netpol_trie_node *node = t->node;
	const u32 a = be32_to_cpu(address), complement = ~a;

	if (t->top) {
		u32 next = t->top[(a >> t->top_shift) & (BIT(NETPOL_TRIE_TOP_BITS) - 1)];

		if (node->check && netpol_trie_differs4(&t->check[node->check], a))
			return t->check[node->check].row;
		if (next & NETPOL_TRIE_TOP_LEAF)
			return next & ~NETPOL_TRIE_TOP_LEAF;
		node = &t->node[next];
	} else if (unlikely(!t->nodes)) {
		return t->default_row;
	}
	for (;;) {
		u32 v = complement >> node->shift;
		u64 until = netpol_trie_until(node->children, v);

		if (node->check && netpol_trie_differs4(&t->check[node->check], a))
			return t->check[node->check].row;
		if ((s64)until >= 0)
			return t->leaf[node->leaf +
				       hweight64(netpol_trie_until(node->runs, v))];
		node = &t->node[node->child + hweight64(until) - 1];
	}
}

/* The row of an IPv6 address. RCU; at most 22 steps. */
static __always_inline u32 netpol_trie_find6(const struct netpol_trie *t,
					     const struct in6_addr *address)
{
	const struct netpol_trie_node *node = t->node;
	const u8 *bytes = address->s6_addr;

	if (t->top) {
		__be32 word;
		u32 next;

		memcpy(&word, bytes + t->top_byte, sizeof(word));
		next = t->top[(be32_to_cpu(word) >> t->top_shift) &
			      (BIT(NETPOL_TRIE_TOP_BITS) - 1)];
		if (node->check && netpol_trie_differs6(&t->check[node->check], bytes))
			return t->check[node->check].row;
		if (next & NETPOL_TRIE_TOP_LEAF)
			return next & ~NETPOL_TRIE_TOP_LEAF;
		node = &t->node[next];
	} else if (unlikely(!t->nodes)) {
		return t->default_row;
	}
	for (;;) {
		const u8 *at = bytes + node->byte;
		u32 v = ~(u32)(at[0] << 8 | at[1]) >> node->shift;
		u64 until = netpol_trie_until(node->children, v);

		if (node->check && netpol_trie_differs6(&t->check[node->check], bytes))
			return t->check[node->check].row;
		if ((s64)until >= 0)
			return t->leaf[node->leaf +
				       hweight64(netpol_trie_until(node->runs, v))];
		node = &t->node[node->child + hweight64(until) - 1];
	}
}

/*
 * Builds a trie from prefixes in any order; host bits are ignored. The array is
 * masked and sorted in place and not needed afterwards. A prefix given twice
 * must have the same row both times; a prefix of length 0 replaces default_row.
 * May sleep. NULL with *error -ENOMEM, -ENOSPC (above NETPOL_TRIE_PREFIXES_MAX),
 * -EEXIST (one prefix, two rows) or -EINVAL (family or length).
 */
struct netpol_trie *netpol_trie_build(u8 family, struct netpol_prefix *prefixes, u32 n,
				      u32 default_row, int *error);

/* Frees it at once; NULL is fine. It's a single netpol_free() object (RETIRE_MEMORY). */
void netpol_trie_free(struct netpol_trie *t);

/* Bytes allocated. */
u64 netpol_trie_bytes(const struct netpol_trie *t);

#endif /* NETPOL_CORE_TRIE_H */
