/* SPDX-License-Identifier: GPL-2.0 */
/* What the two halves of the compiler share: compile.c and rows.c. */
#ifndef NETPOL_COMPILE_H
#define NETPOL_COMPILE_H

#include "core/program.h"
#include "core/world.h"

/**
 * struct signature - exclusive or of the numbers of the peers that match
 * @low: lower half
 * @high: upper half
 */
struct signature {
	u64 low;
	u64 high;
};

/**
 * struct span - classes that a port item covers, both ends included
 */
struct span {
	u32 first;
	u32 last;
};

/**
 * struct rule_block - an ipBlock of a rule
 * @block: the block
 * @rule: number of the rule among those that have blocks
 */
struct rule_block {
	const struct netpol_block *block;
	u32 rule;
};

/**
 * struct compile - everything that lives during one compilation
 * @world: world
 * @program: what is being made
 * @fault: where a refusal is explained
 * @nitems: what rows are told apart by: first pod peers, then rules that have blocks, as
 *	it is one to a rule which of its blocks an address is in
 * @number: random number of each item
 * @item_first: where the orders of an item begin in @item_order; one more at the end
 * @item_order: orders of rules by item
 * @any_order: orders of rules without peers
 * @nany: how many
 * @span_first: where the spans of an order begin in @span; one more at the end
 * @span: classes by order
 * @block: blocks
 * @nblocks: how many
 * @nblock_rules: rules that have some
 * @nedges: prefixes of blocks and excepts, IPv4 and IPv6
 * @signature: of each row
 * @row_slot: hash table: row + 1 by signature
 * @row_mask: slots less one
 * @rows_size: rows that @signature and the cells have room for
 * @hit: one bit for each order, while a row is filled
 * @next: next class that is not filled, while a row is filled
 */
struct compile {
	struct netpol_world *world;
	struct netpol_program *program;
	struct netpol_fault *fault;
	u32 nitems;
	struct signature *number;
	u32 *item_first;
	u32 *item_order;
	u32 *any_order;
	u32 nany;
	u32 *span_first;
	struct span *span;
	struct rule_block *block;
	u32 nblocks;
	u32 nblock_rules;
	u32 nedges[2];
	struct signature *signature;
	u32 *row_slot;
	u32 row_mask;
	u32 rows_size;
	u64 *hit;
	u32 *next;
};

int netpol_compile_spans(struct compile *c);
int netpol_compile_rows(struct compile *c);
void netpol_compile_fill(struct compile *c, u32 row);

#endif /* NETPOL_COMPILE_H */
