/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program: the policies that select a pod, compiled for one direction, in the form that
 * packets read. The other end of a packet becomes a row, its port a class, and
 *
 *	cell[row][class] = order of the first rule that covers both, and the rule's action
 *
 * So a verdict takes two rows (by identity and by address of the other end), one class and
 * two cells, whatever the number of policies. An example with two ingress policies A and B:
 *
 *	A: from app=web, ports TCP 80			rule of order 0
 *	B: from 10.0.0.0/8 except 10.9.0.0/16		rule of order 1
 *
 *	rows     0 no rule  1 rule A  2 rule B    classes  0 TCP 0-79  1 TCP 80
 *	identity "web" -> 1                                2 TCP 81-65535
 *	10/8 -> 2, 10.9/16 -> 0                            3 UDP  4 SCTP  5 other
 *	cells    row 1: - 0 - - - -    row 2: 1 1 1 1 1 1
 *
 * A packet from a web pod at 10.1.2.3 to TCP port 81 has row 1 by its identity and row 2 by
 * its address. The cells are "none" and "rule 1"; the lower order decides, here the only
 * one there is, so policy B accepts.
 *
 * The order of rules is: those of the Admin tier, then those of NetworkPolicies, or, if there are
 * none, those of the Baseline tier. If a rule of the Admin tier can pass, each row has each class
 * twice. The second one has what holds after a rule that passes: the rules from @stage2 on. A
 * packet looks there if its cell passes (Kubernetes ClusterNetworkPolicy, action Pass). A cell of
 * the Baseline tier that passes is the same there, and accepts.
 *
 * Where no NetworkPolicy isolates the pod, a cell that no rule decides accepts. It has an order
 * behind those of all rules.
 *
 * If all NetworkPolicies that select the pod are observed instead of enforced (audit.h), their
 * rules come last, and each row has each class once more. There it has what these rules say: a cell
 * of theirs that accepts, or none where they would deny. No other cell knows of them, so they make
 * no difference to what passes. Where an enforced one isolates the pod, observed ones would only
 * accept more, so they are left out.
 *
 * Pods whose programs would be equal share one. A program never changes once it is
 * published; packets read it under RCU.
 */
#ifndef NETPOL_PROGRAM_H
#define NETPOL_PROGRAM_H

#include "core/policy.h"
#include "core/trie.h"
#include <linux/netpol.h>

/*
 * A cell: the order of a rule and its enum netpol_action. Where no rule decides, the order
 * is the highest there is and the action NETPOL_ACTION_NONE.
 */
#define NETPOL_CELL_SHIFT	2
#define NETPOL_CELL(order, action) ((order) << NETPOL_CELL_SHIFT | (action))
#define NETPOL_CELL_NONE	NETPOL_CELL(U32_MAX, NETPOL_ACTION_NONE)
#define NETPOL_CELL_ACTION(cell) ((cell) & ((1U << NETPOL_CELL_SHIFT) - 1))
#define NETPOL_CELL_ORDER(cell)	((cell) >> NETPOL_CELL_SHIFT)

/* Identities on one page of the row map. */
#define NETPOL_ROWS_SHIFT	8
#define NETPOL_ROWS_PAGE	BIT(NETPOL_ROWS_SHIFT)

/* Most rows of a program: the row map keeps them in 16 bits. */
#define NETPOL_ROWS_MAX		65535U

/**
 * struct netpol_run - a run of port classes that have the same cell in one row
 * @class: first class of the run
 * @cell: their cell
 */
struct netpol_run {
	u32 class;
	u32 cell;
};

/* Protocols that have port classes. */
enum netpol_protocol {
	NETPOL_PROTOCOL_TCP,
	NETPOL_PROTOCOL_UDP,
	NETPOL_PROTOCOL_SCTP,

	NETPOL_PROTOCOLS
};

/* With up to so many ranges a port is compared with each border instead of searched for. */
#define NETPOL_FEW_RANGES 4

/**
 * struct netpol_ranges - port ranges of one protocol; all ports of a range have one class
 * @count: how many ranges, 1 or more
 * @class: class of the first range; the classes of the others follow in order
 * @border: @first[1] and those after it if there are at most NETPOL_FEW_RANGES ranges; for
 *	ranges that do not exist U16_MAX + 1, which no port reaches
 * @first: first port of each range, sorted; @first[0] is 0
 */
struct netpol_ranges {
	u32 count;
	u32 class;
	u32 border[NETPOL_FEW_RANGES - 1];
	u16 *first;
};

/**
 * struct netpol_name_class - class of a named destination port
 * @name: name of the port; the rule holds the reference
 * @protocol: IPPROTO_*
 * @class: the class
 */
struct netpol_name_class {
	const struct netpol_port_name *name;
	u8 protocol;
	u32 class;
};

/**
 * struct netpol_order - the rule of an order; orders count the rules of a program from 0
 * @policy: policy of the rule
 * @rule: the rule
 */
struct netpol_order {
	const struct netpol_policy *policy;
	const struct netpol_rule *rule;
};

/* Tells apart the sets of peers and rules that rows stand for; see rows.h. */
struct netpol_signature;

/**
 * struct netpol_program - see the head of this file
 *
 * What a packet of TCP reads, if no rule has an ipBlock, lies in the first line of 64 bytes.
 *
 * @cell: the cells, row by row; NULL if the program is sparse
 * @rows: row map: pages of NETPOL_ROWS_PAGE rows, by identity
 * @counter: per-CPU counter of each rule, by order, owned by the policies' netpol_hits; then
 *	world->unmatched
 * @nclasses: number of classes; twice that if there is @passed
 * @nidentities: identity numbers that the row map has room for; higher ones have row 0
 * @by_address: a rule has an ipBlock, so that addresses have rows too; or the program is sparse
 * @sparse: the cells are in @run, because most of them are alike
 * @simple: identity and port number decide, and lead to @cell: no rule has an ipBlock and, in
 *	egress, none names a port; no rule passes, no policy is observed, and the program is not
 *	sparse
 * @direct: a packet finds its cell without a search: there are no @names, no @audit, and the
 *	program is not sparse
 * @other: class of packets without ports and of all protocols but TCP, UDP and SCTP
 * @ranges: port ranges, by enum netpol_protocol
 * @trie: rule tries, IPv4 and IPv6: address to row; NULL: @address_row holds
 * @address_row: row of every address of the family that has no trie, IPv4 and IPv6
 * @names: classes of named destination ports, sorted by name and protocol; egress only
 * @nnames: how many
 * @rare: there are @names or @audit
 * @passed: what to add to a class after a cell that passes; 0: none does
 * @passing: there is @passed, and the program would be direct without it
 * @audit: what to add to a class for the cell of the observed policies; 0: there are none
 * @doubts: a rule denies or passes on pods, so that NETPOL_IDENTITY_UNKNOWN has a row, which those
 *	rules deny in. It stands for other ends that are pods of which nothing else is known
 * @run: runs of a sparse program, row by row, in each row by class; the first is of class 0
 * @run_first: index of the first run of each row, and after the last row the number of runs
 * @order: rules, by order
 * @norders: how many rules
 * @stage2: order of the first rule that is not of the Admin tier, or @norders
 * @observed: order of the first rule of an observed policy, or @norders
 * @isolates: what no rule decides is denied: a NetworkPolicy isolates the pod, or nobody knows
 *	which policies select it or there is no room for them, and @npolicies is 0
 * @lacking: there is no room for the policies of its pods, and @npolicies is 0
 * @ns: namespace that the memory is charged to: that of the pods if the program depends on them,
 *	else world->cluster; one reference
 * @direction: enum netpol_direction
 * @policy: policies that select the pod, in order; these, @nenforced, @ports and @ns identify the
 *	program
 * @npolicies: how many
 * @nenforced: how many of them, the first ones, are enforced; the others are observed
 * @hash: hash of @policy
 * @ports: named ports of the subject, one reference; NULL where no rule needs them
 * @peer: distinct peers of the rules; the policies hold the references
 * @npeers: how many
 * @nrows: rows in use
 * @rows_size: rows that @cell and @signature have room for; no more than there are if sparse
 * @signature: signature of each row; kept for later patches
 * @peer_random: random number of each peer that signatures are made of; likewise kept
 * @prefix: prefixes that the tries were built from, IPv4 first; for dumps
 * @nprefixes: how many, IPv4 and IPv6
 * @node: place in world->programs
 * @stale: serial of the edit that found the program out of date
 * @moved: serial of the edit that put @replacement in its place
 * @replacement: this program with other rows (patch.h); valid during that edit
 * @used: serial of the last edit whose snapshot uses the program
 * @created: serial of the edit that made the program
 * @bytes: memory, in bytes, without the policies and their counters
 */
struct netpol_program {
	u32 *cell;
	u16 **rows;
	u64 __percpu **counter;
	u32 nclasses;
	u32 nidentities;
	bool by_address;
	bool sparse;
	bool simple;
	bool direct;
	u32 other;
	struct netpol_ranges ranges[NETPOL_PROTOCOLS];
	struct netpol_trie *trie[2];
	u32 address_row[2];
	struct netpol_name_class *names;
	u32 nnames;
	bool rare;
	u32 passed;
	bool passing;
	bool doubts;
	u32 audit;
	struct netpol_run *run;
	u32 *run_first;

	/* control path */
	struct netpol_order *order;
	u32 norders;
	u32 stage2;
	u32 observed;
	bool isolates;
	bool lacking;
	struct netpol_ns *ns;
	u8 direction;
	struct netpol_policy **policy;
	u32 npolicies;
	u32 nenforced;
	u32 hash;
	struct netpol_ports *ports;
	struct netpol_peer **peer;
	u32 npeers;
	u32 nrows;
	u32 rows_size;
	struct netpol_signature *signature;
	struct netpol_signature *peer_random;
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

void netpol_program_free(struct netpol_world *world, struct netpol_program *program);

/* The counter of what decided a cell, which is not NETPOL_CELL_NONE. RCU. */
static __always_inline u64 __percpu *
netpol_program_counter(const struct netpol_program *program, u32 cell)
{
	return program->counter[NETPOL_CELL_ORDER(cell)];
}

/* The last cell that is looked at, after one that passes: what it passes nobody else denies. */
static __always_inline u32 netpol_cell_last(u32 cell)
{
	if (NETPOL_CELL_ACTION(cell) != NETPOL_ACTION_PASS)
		return cell;
	return NETPOL_CELL(NETPOL_CELL_ORDER(cell), NETPOL_ACTION_ACCEPT);
}

/* Cell of a row and a class in a sparse program. RCU; 18 steps at most. */
static __always_inline u32 netpol_run_cell(const struct netpol_program *program, u32 row, u32 class)
{
	u32 low = program->run_first[row], count = program->run_first[row + 1] - low;

	while (count > 1) {
		u32 half = count / 2;

		low += program->run[low + half].class <= class ? half : 0;
		count -= half;
	}
	return program->run[low].cell;
}

/* Cell of a row and a class, for the control path; packets know which form they look at. */
static inline u32 netpol_program_cell_at(const struct netpol_program *program, u32 row, u32 class)
{
	if (program->sparse)
		return netpol_run_cell(program, row, class);
	return program->cell[(u64)row * program->nclasses + class];
}

/* The cells of a row, by class. The program is not sparse. RCU. */
static __always_inline const u32 *netpol_program_cells(const struct netpol_program *program,
						       u64 row)
{
	return &program->cell[row * program->nclasses];
}

/* Row of an identity; row 0 for no identity (0). RCU. */
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

/* The enum netpol_protocol of an IPPROTO_*, or NETPOL_PROTOCOLS if it has no ports. */
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

/* Class of a destination port, host order, by the ranges of its protocol. RCU; 17 steps at most. */
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

/* Class of a protocol (IPPROTO_*) and destination port, host order. RCU. */
static __always_inline u32 netpol_program_class(const struct netpol_program *program,
						u8 protocol, u16 port)
{
	u32 index = netpol_protocol_index(protocol);

	if (index == NETPOL_PROTOCOLS)
		return program->other;
	return netpol_ranges_class(&program->ranges[index], port);
}

#endif /* NETPOL_PROGRAM_H */
