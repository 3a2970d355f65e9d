/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rule trie: finds the longest prefix of an address, and so its row, for one family. A trie is
 * built in one go and never changes.
 *
 * It is a multibit trie with 6 bits a level, in the manner of poptrie: a node has one bit for
 * each child and one for each run of equal leaves, and counts bits to find the child or leaf.
 * Bits that all prefixes below a node have in common are skipped and compared as a whole (the
 * check of the node). An address that differs in them has the row of the prefix around them. So
 * n prefixes make fewer than 2n nodes, however long they are, and no lookup takes more than 22
 * steps (IPv6) or 6 (IPv4). A trie of many nodes has a table that takes the first two steps at
 * once.
 *
 * Memory: one allocation of at most 2n nodes of 32 bytes, 2n checks of 40 bytes and 4n leaves
 * of 4 bytes, which are 160 bytes a prefix and in practice far less; and 16 KiB for the table.
 * Building needs 44 bytes a node in addition, and twice that for a moment when it grows.
 *
 * Whoever builds a trie owns it and frees it after a grace period. Readers hold the RCU read
 * lock under which they found it, as long as they use it.
 */
#ifndef NETPOL_CORE_TRIE_H
#define NETPOL_CORE_TRIE_H

#include <netpol/shim.h>

/*
 * A trie of so many nodes or more has a table, which is indexed by so many bits of the address.
 * The flag marks an entry that is a row; the others are numbers of nodes.
 */
#define NETPOL_TRIE_TOP_NODES		256
#define NETPOL_TRIE_TOP_BITS		12
#define NETPOL_TRIE_TOP_LEAF		BIT(31)

/* Most prefixes in one trie. */
#define NETPOL_TRIE_PREFIXES_MAX	BIT(24)

/**
 * struct netpol_prefix - a prefix and its row, which a trie is built from
 * @addr: address in network byte order; IPv4 uses the first 4 bytes
 * @length: length of the prefix, at most 32 or 128
 * @row: row of the addresses for which this is the longest prefix
 */
struct netpol_prefix {
	u8 addr[16];
	u8 length;
	u32 row;
};

/**
 * struct netpol_trie_node - a node, which looks at 6 bits of an address, their value being 0
 *	to 63
 * @children: one bit for each value that leads to another node
 * @runs: one bit for each value at which a run of leaves with the same row begins
 * @child: number of the node for the lowest value in @children; the others follow it
 * @leaf: number of the leaf of the lowest value in @runs, less 1; the others follow it
 * @check: number of the check that an address has to pass before; 0: there is none
 * @shift: how many bits there are below the 6 bits, in an IPv4 address, or in the 2 bytes at
 *	@byte of an IPv6 address
 * @byte: IPv6: which byte of the address has the first of the 6 bits, or byte 14
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
 * struct netpol_trie_check - bits that an address must have to go on at a node
 * @addr4: IPv4: values of the bits, host byte order
 * @addr: IPv6: values of the bits, as the address is in memory
 * @mask4: IPv4: the bits, host byte order
 * @mask: IPv6: the bits, as the address is in memory
 * @row: row of an address that differs in them
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
 * struct netpol_trie - a trie; the arrays that it points to are in the same allocation
 * @default_row: row of an address that no prefix matches
 * @nodes: number of nodes; 0: every address has the default row
 * @leaves: number of leaves, with the unused first one
 * @checks: number of checks, with the unused first one
 * @family: AF_INET or AF_INET6
 * @top_byte: IPv6: from which byte of the address the bits that index @top are taken
 * @top_shift: how many bits there are below them, in an IPv4 address, or in the 4 bytes at
 *	@top_byte of an IPv6 address
 * @top: table of nodes, or rows with NETPOL_TRIE_TOP_LEAF, by the first 12 bits from the
 *	first one that the root looks at; NULL: there is no table
 * @leaf: rows of the leaves; the first one is unused
 * @check: checks; the first one is unused
 * @node: nodes; the root is the first, and children come after their parent
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
 * The bits of a set for the values up to v, moved to the upper end of the word, so that its sign
 * says whether v itself is in the set. v is given as its complement, of which the lower 6 bits
 * count: the shift is 63 - v.
 */
static __always_inline u64 netpol_trie_until(u64 set, u32 complement)
{
	return set << (complement & 63);
}

/* Does an IPv4 address, host byte order, fail the check of a node? RCU. */
static __always_inline bool netpol_trie_differs4(const struct netpol_trie_check *c, u32 a)
{
	return (a ^ c->addr4) & c->mask4;
}

/* Does an IPv6 address fail the check of a node? RCU. */
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

/**
 * netpol_trie_build() - build a trie
 * @family: AF_INET or AF_INET6
 * @prefixes: prefixes in any order; the bits past their length are ignored. The array is masked
 *	and sorted in place, and not needed afterwards. A prefix that is given twice must have
 *	the same row both times
 * @n: how many
 * @default_row: row of an address that no prefix matches; a prefix of length 0 replaces it
 * @error: set to 0, -ENOMEM, -ENOSPC (above NETPOL_TRIE_PREFIXES_MAX), -EEXIST (one prefix with
 *	two rows) or -EINVAL (family or length)
 *
 * May sleep.
 *
 * Return: the trie, or NULL with an error.
 */
struct netpol_trie *netpol_trie_build(u8 family, struct netpol_prefix *prefixes, u32 n,
				      u32 default_row, int *error);

/*
 * Frees a trie at once; NULL does nothing. A trie is one allocation, so that it can be retired
 * as NETPOL_RETIRE_MEMORY too.
 */
void netpol_trie_free(struct netpol_trie *t);

/* The bytes that a trie takes. */
u64 netpol_trie_bytes(const struct netpol_trie *t);

#endif /* NETPOL_CORE_TRIE_H */
