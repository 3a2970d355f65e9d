/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program: what the policies that select a pod say in one direction, ready for
 * packets. Peers become rows, ports become classes, and
 *
 *	cell[row][class] = order of the first rule that covers both, and its action
 *
 * so that a verdict is two rows (the peer's identity, the peer's address), one class and
 * two cells, whatever the number of policies. Example, two ingress policies A and B:
 *
 *	A: from app=web, ports TCP 80        rule order 0
 *	B: from 10.0.0.0/8 except 10.9.0.0/16                rule order 1
 *
 *	rows     0 nobody   1 {web}  2 {10/8}     classes  0 TCP 0-79  1 TCP 80
 *	identity "web" -> 1                                2 TCP 81-65535
 *	10/8 -> 2, 10.9/16 -> 0                            3 UDP  4 SCTP  5 other
 *	cells    row 1: - 0 - - - -    row 2: 1 1 1 1 1 1
 *
 * A web pod at 10.1.2.3 to TCP 81: identity row 1, address row 2: cells "-" and "1": the
 * lower order that is there decides: accepted by B. Equal programs are shared by pods. A
 * program never changes once published; packets read it under RCU.
 */
#ifndef NETPOL_PROGRAM_H
#define NETPOL_PROGRAM_H

#include "core/fault.h"
#include "core/policy.h"
#include "core/trie.h"
#include <linux/netpol.h>

/* A cell is the order of a rule shifted by two, and its enum netpol_action. */
#define NETPOL_CELL_NONE	0xfffffffcU
#define NETPOL_CELL_ACTION(cell) ((cell) & 3)
#define NETPOL_CELL_ORDER(cell)	((cell) >> NETPOL_CELL_SHIFT)
#define NETPOL_CELL_SHIFT	2

/* Identities on one page of the row map. */
#define NETPOL_ROWS_SHIFT	8
#define NETPOL_ROWS_PAGE	BIT(NETPOL_ROWS_SHIFT)

#define NETPOL_ROWS_MAX		65535U

/* Protocols that have port classes. */
enum netpol_protocol {
	NETPOL_PROTOCOL_TCP,
	NETPOL_PROTOCOL_UDP,
	NETPOL_PROTOCOL_SCTP,

	NETPOL_PROTOCOLS
};

/* Ranges of a protocol up to which each border is compared, rather than searched for. */
#define NETPOL_FEW_RANGES 4

/**
 * struct netpol_ranges - port ranges of one protocol
 * @first: first port of each range, sorted, the first of all 0
 * @count: how many, 1 or more
 * @class: class of the first range; the others follow it
 * @border: of few ranges, the first ports but that of the first; past all ports where
 *	there are fewer
 */
struct netpol_ranges {
	u16 *first;
	u32 count;
	u32 class;
	u32 border[NETPOL_FEW_RANGES - 1];
};

/**
 * struct netpol_name_class - class of a destination port by its name
 * @name: the name, held by the rule
 * @protocol: IPPROTO_*
 * @class: the class
 */
struct netpol_name_class {
	const struct netpol_port_name *name;
	u8 protocol;
	u32 class;
};

/**
 * struct netpol_order - the rule behind an order
 * @policy: its policy
 * @rule: the rule
 * @packets: its counter, per CPU
 * @pad: 0; a cell without its action is a multiple of the place of its rule then
 */
struct netpol_order {
	const struct netpol_policy *policy;
	const struct netpol_rule *rule;
	u64 __percpu *packets;
	u64 pad;
};

/* What tells rows apart, see compile.h. */
struct signature;

/**
 * struct netpol_program - see the head of this file
 * @cell: rows times classes
 * @nclasses: classes
 * @nidentities: identities that the row map reaches; others have row 0
 * @rows: pages of the row map
 * @trie: IPv4 and IPv6 address to row; NULL: @address_row
 * @address_row: row of every address of the family
 * @by_address: there are ipBlocks: the address has to be looked up
 * @simple: no ipBlocks, and no ports by name in egress: identity and port decide
 * @other: class of other protocols than the three, and of no ports
 * @ranges: by enum netpol_protocol
 * @names: named destination ports, egress only
 * @nnames: how many
 * @order: rules in order
 * @norders: how many
 * @direction: enum netpol_direction
 * @policy: policies that select the pod, in order; with @ports the key of the program
 * @npolicies: how many
 * @ports: named ports of the subject, one reference; NULL where no rule needs them
 * @peer: distinct peers; held by the policies
 * @npeers: how many
 * @nrows: rows
 * @rows_size: rows that @cell and @signature have room for
 * @signature: which items match, of each row; owned, see rows.c
 * @number: of each peer, likewise
 * @prefix: what the tries were built from, IPv4 first; for dumps
 * @nprefixes: how many, by family
 * @node: place in world->programs
 * @stale: serial of the edit that found it out of date
 * @moved: serial of the edit that put @replacement in its place
 * @replacement: the same program with other rows; good for that edit
 * @used: serial of the last edit whose state uses it
 * @created: serial of the edit that made it
 * @bytes: memory
 */
struct netpol_program {
	u32 *cell;
	u32 nclasses;
	u32 nidentities;
	u16 **rows;
	struct netpol_trie *trie[2];
	u32 address_row[2];
	bool by_address;
	bool simple;
	u32 other;
	struct netpol_ranges ranges[NETPOL_PROTOCOLS];
	struct netpol_name_class *names;
	u32 nnames;
	struct netpol_order *order;

	/* control path */
	u32 norders;
	u8 direction;
	struct netpol_policy **policy;
	u32 npolicies;
	struct netpol_ports *ports;
	struct netpol_peer **peer;
	u32 npeers;
	u32 nrows;
	u32 rows_size;
	struct signature *signature;
	struct signature *number;
	struct netpol_prefix *prefix;
	u32 nprefixes[2];
	struct list_head node;
	u64 stale;
	u64 moved;
	struct netpol_program *replacement;
	u64 used;
	u64 created;
	u64 bytes;
};

struct netpol_program *netpol_program_compile(struct netpol_world *world, u8 direction,
					      struct netpol_policy **policy, u32 npolicies,
					      struct netpol_ports *ports,
					      struct netpol_fault *fault);
void netpol_program_free(struct netpol_world *world, struct netpol_program *program);
bool netpol_policies_need_ports(struct netpol_policy *const *policy, u32 npolicies,
				u8 direction);

/* The counter of the rule that decided a cell. RCU. */
static __always_inline u64 __percpu *
netpol_program_counter(const struct netpol_program *program, u32 cell)
{
	const size_t scale = sizeof(struct netpol_order) >> NETPOL_CELL_SHIFT;

	return *(u64 __percpu **)((u8 *)program->order +
				  (cell & ~NETPOL_CELL_ACTION(~0U)) * scale +
				  offsetof(struct netpol_order, packets));
}

/* Row of an identity. RCU. */
static __always_inline u32 netpol_program_row(const struct netpol_program *program,
					      u32 identity)
{
	if (identity >= program->nidentities)
		return 0;
	return program->rows[identity >> NETPOL_ROWS_SHIFT]
			    [identity & (NETPOL_ROWS_PAGE - 1)];
}

/* Row of an address in network order. RCU. */
static __always_inline u32 netpol_program_address_row(const struct netpol_program *program,
						      u8 family, const void *address)
{
	const struct netpol_trie *trie = program->trie[family == AF_INET6];

	if (!trie)
		return program->address_row[family == AF_INET6];
	if (family == AF_INET6)
		return netpol_trie_find6(trie, address);
	return netpol_trie_find4(trie, *(const __be32 *)address);
}

/* The protocol's place among those that have classes, or NETPOL_PROTOCOLS. */
static __always_inline u32 netpol_protocol_index(u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return NETPOL_PROTOCOL_TCP;
	case IPPROTO_UDP:
		return NETPOL_PROTOCOL_UDP;
	case IPPROTO_SCTP:
		return NETPOL_PROTOCOL_SCTP;
	default:
		return NETPOL_PROTOCOLS;
	}
}

/* Class of a destination port, host order, of one protocol. RCU; 17 steps at most. */
static __always_inline u32 netpol_ranges_class(const struct netpol_ranges *ranges, u32 port)
{
	u32 low = 0, count;

	if (likely(ranges->count <= NETPOL_FEW_RANGES))
		return ranges->class + (port >= ranges->border[0]) +
		       (port >= ranges->border[1]) + (port >= ranges->border[2]);
	for (count = ranges->count; count > 1;) {
		u32 half = count / 2;

		low += ranges->first[low + half] <= port ? half : 0;
		count -= half;
	}
	return ranges->class + low;
}

/* Class of a protocol and destination port. RCU. */
static __always_inline u32 netpol_program_class(const struct netpol_program *program,
						u8 protocol, u16 port)
{
	u32 index = netpol_protocol_index(protocol);

	if (index == NETPOL_PROTOCOLS)
		return program->other;
	return netpol_ranges_class(&program->ranges[index], port);
}

#endif /* NETPOL_PROGRAM_H */
