/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What lives during one compilation of a program. compile.c collects the rules and their
 * peers, classes.c makes the port classes, rows.c the rows by identity and the cells,
 * blocks.c the rows by address. patch.c fills single rows of a program that exists.
 */
#ifndef NETPOL_COMPILE_STATE_H
#define NETPOL_COMPILE_STATE_H

#include "core/csr.h"
#include "core/program.h"

struct netpol_fault;

/**
 * struct netpol_signature - a random number, or the exclusive or of several
 * @low: lower 64 bits
 * @high: upper 64 bits
 */
struct netpol_signature {
	u64 low;
	u64 high;
};

/**
 * struct netpol_span - a run of port classes that a rule covers
 * @first: first class
 * @last: last class, inclusive
 */
struct netpol_span {
	u32 first;
	u32 last;
};

/**
 * struct netpol_rule_block - an ipBlock of a rule
 * @block: the block; its policy owns it
 * @rule: number of the rule among the rules that have blocks
 */
struct netpol_rule_block {
	const struct netpol_block *block;
	u32 rule;
};

/**
 * struct netpol_compile - one compilation
 * @world: world, locked
 * @program: the program that is being made
 * @fault: a refusal is explained here
 * @nitems: number of items. Rows are told apart by the items that match. The first
 *	@program->npeers items are the peers made of selectors; each of the others is a rule
 *	that has blocks, since which of its blocks an address is in makes no difference
 * @item_random: random number of each item, which signatures are made of
 * @item_orders: for each item the orders of the rules that it belongs to
 * @unknown_item: number of the peer of unknown pods, or U32_MAX
 * @unknown: the row that is filled is of unknown pods
 * @any_order: orders of rules without peers, which every row matches
 * @nany: how many
 * @span_first: for each order where its spans begin in @span, and at the end their number
 * @span: spans of all orders
 * @block: ipBlocks of all rules
 * @nblocks: how many
 * @nblock_rules: number of rules that have blocks
 * @nedges: prefixes of blocks and excepts together, IPv4 and IPv6
 * @signature: signature of each row
 * @row_slot: hash table with open addressing from signature to row + 1
 * @row_mask: slots of @row_slot less one
 * @rows_size: rows that @signature and @run_first have room for
 * @row_cell: the cells of the row that is filled
 * @run: cells of the rows that are filled, as runs; see struct netpol_program
 * @nruns: how many
 * @nfilled: rows that are filled
 * @runs_size: room for how many
 * @run_first: as in struct netpol_program
 * @budget: most bytes that the program may have
 * @hit: while a row is filled, one bit for each order whose rule matches
 * @next: while a row is filled, finds the next class that has no cell yet
 */
struct netpol_compile {
	struct netpol_world *world;
	struct netpol_program *program;
	struct netpol_fault *fault;
	u32 nitems;
	struct netpol_signature *item_random;
	struct netpol_csr item_orders;
	u32 unknown_item;
	bool unknown;
	u32 *any_order;
	u32 nany;
	u32 *span_first;
	struct netpol_span *span;
	struct netpol_rule_block *block;
	u32 nblocks;
	u32 nblock_rules;
	u32 nedges[2];
	struct netpol_signature *signature;
	u32 *row_slot;
	u32 row_mask;
	u32 rows_size;
	u32 *row_cell;
	struct netpol_run *run;
	u32 nruns;
	u32 nfilled;
	u32 runs_size;
	u32 *run_first;
	u64 budget;
	u64 *hit;
	u32 *next;
};

/* Counts memory that the program is to keep. Return: 0, or -EDQUOT above the budget. */
static inline int netpol_compile_charge(struct netpol_compile *c, u64 bytes)
{
	c->program->bytes += bytes;
	return c->program->bytes > c->budget ? -EDQUOT : 0;
}

#endif /* NETPOL_COMPILE_STATE_H */
