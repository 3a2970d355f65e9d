// SPDX-License-Identifier: GPL-2.0
/* Rows of a program and their cells; see rows.h. */
#include "core/array.h"
#include "core/compile_state.h"
#include "core/fault.h"
#include "core/order.h"
#include "core/rows.h"
#include "core/world.h"

/* The row map's page for identities that all have row 0. */
#define NO_ROWS	((u16 *)netpol_zero_page)

/* Puts a row that is not in the hash table yet into it. */
static void row_hash(u32 *row_slot, u32 mask, const struct netpol_signature *signature, u32 row)
{
	u32 slot = signature->low & mask;

	while (row_slot[slot])
		slot = (slot + 1) & mask;
	row_slot[slot] = row + 1;
}

/* Makes room for one more row. Return: 0, -ENOMEM, -ENOSPC or -EDQUOT. */
static int rows_reserve(struct netpol_compile *c)
{
	struct netpol_program *program = c->program;
	u32 i, mask, size = max(16u, c->rows_size * 2);
	struct netpol_signature *signature;
	u32 *run_first, *row_slot;

	if (program->nrows < c->rows_size)
		return 0;
	if ((u64)program->nrows * program->nclasses >=
	    c->world->limit[NETPOL_LIMIT_CELLS_PER_PROGRAM] ||
	    program->nrows >= NETPOL_ROWS_MAX)
		return netpol_fail(c->fault, -ENOSPC,
				   "%s%s on one pod: more than %llu cells (%u rows, %u port classes)",
				   program->ns == c->world->cluster ? "ClusterNetworkPolicies" :
								      "policies of namespace ",
				   program->ns->name,
				   (unsigned long long)
				   c->world->limit[NETPOL_LIMIT_CELLS_PER_PROGRAM],
				   program->nrows, program->nclasses);
	size = min(size, NETPOL_ROWS_MAX);
	mask = roundup_pow_of_two(size) * 2 - 1;
	if (netpol_compile_charge(c, (size - c->rows_size) * sizeof(*signature)))
		return -EDQUOT;
	signature = netpol_alloc_array(size, sizeof(*signature));
	run_first = netpol_alloc_array(size + 1, sizeof(*run_first));
	row_slot = netpol_alloc_array((size_t)mask + 1, sizeof(*row_slot));
	if (!signature || !run_first || !row_slot) {
		netpol_free(signature);
		netpol_free(run_first);
		netpol_free(row_slot);
		return -ENOMEM;
	}
	if (program->nrows) {
		memcpy(signature, c->signature, program->nrows * sizeof(*signature));
		memcpy(run_first, c->run_first, (program->nrows + 1) * sizeof(*run_first));
	}
	for (i = 0; i < program->nrows; i++)
		row_hash(row_slot, mask, &signature[i], i);
	netpol_free(c->signature);
	netpol_free(c->run_first);
	netpol_free(c->row_slot);
	c->signature = signature;
	c->run_first = run_first;
	c->row_slot = row_slot;
	c->row_mask = mask;
	c->rows_size = size;
	return 0;
}

/* Finds the row of a signature. Return: false if there is none. */
static bool row_find(const struct netpol_compile *c, const struct netpol_signature *wanted,
		     u32 *row)
{
	u32 slot;

	if (!c->row_slot)
		return false;
	slot = wanted->low & c->row_mask;
	for (; c->row_slot[slot]; slot = (slot + 1) & c->row_mask) {
		const struct netpol_signature *there = &c->signature[c->row_slot[slot] - 1];

		if (there->low == wanted->low && there->high == wanted->high) {
			*row = c->row_slot[slot] - 1;
			return true;
		}
	}
	return false;
}

/*
 * Adds the row of a signature that has none. Return: as rows_reserve(). Not inlined, so
 * that the usual case, a signature that has a row, saves fewer registers.
 */
static noinline int row_add(struct netpol_compile *c, const struct netpol_signature *wanted,
			    u32 *row)
{
	int error = rows_reserve(c);

	if (error)
		return error;
	*row = c->program->nrows++;
	c->signature[*row] = *wanted;
	row_hash(c->row_slot, c->row_mask, wanted, *row);
	return 0;
}

int netpol_row_get(struct netpol_compile *c, const struct netpol_signature *wanted, u32 *row,
		   bool *fresh)
{
	*fresh = !row_find(c, wanted, row);
	return *fresh ? row_add(c, wanted, row) : 0;
}

void netpol_row_hit(struct netpol_compile *c, u32 item)
{
	u32 i;

	cond_resched();
	c->unknown |= item == c->unknown_item;
	netpol_csr_for_each(&c->item_orders, item, i) {
		u32 order = c->item_orders.item[i];

		c->hit[order / 64] |= BIT_ULL(order % 64);
		netpol_offer(i);
	}
}

/*
 * The first class at or after @class that has no cell yet, or the number of classes. next[i]
 * is i if class i has none, else a later class, with none that has no cell between the two
 * (union-find). The search shortens its way for the next one.
 */
static u32 next_class(u32 *next, u32 class)
{
	u32 end = class, step;

	while (next[end] != end)
		end = next[end];
	while (next[class] != end) {
		step = next[class];
		next[class] = end;
		class = step;
	}
	return end;
}

/* Gives the classes of a span that have no cell yet a cell. */
static void span_fill(struct netpol_compile *c, u32 *cell, u32 first, u32 last, u32 value)
{
	u32 class = next_class(c->next, first);

	while (class <= last) {
		cell[class] = value;
		c->next[class] = class + 1;
		class = next_class(c->next, class + 1);
	}
}

/*
 * What the rule of an order does in the row that is filled. To a pod that is not known it denies
 * what it would pass, as the rules behind it might accept. In the Baseline tier nothing comes
 * behind it that isolates, so it accepts. But where the row of the address has its network, a cell
 * that accepts would stand above the one that denies in the row of the identity; a cell that passes
 * stands below.
 */
static u32 order_action(const struct netpol_compile *c, u32 order)
{
	const struct netpol_order *at = &c->program->order[order];

	if (at->rule->action != NETPOL_ACTION_PASS)
		return at->rule->action;
	if (c->unknown && netpol_rule_doubts(at->rule))
		return NETPOL_ACTION_DENY;
	return at->policy->tier == NETPOL_TIER_BASELINE && !netpol_rule_mixed(at->rule) ?
	       NETPOL_ACTION_ACCEPT : NETPOL_ACTION_PASS;
}

/* Gives the classes that an order covers and that have no cell yet their cell. */
static void order_fill(struct netpol_compile *c, u32 *cell, u32 order)
{
	const struct netpol_program *program = c->program;
	const struct netpol_rule *rule = program->order[order].rule;
	const u32 value = NETPOL_CELL(order, order_action(c, order));
	/* after a rule that passes, only the rules behind the Admin tier count */
	const u32 passed = order < program->stage2 ? 0 : program->passed;
	/* a rule of an observed policy has no say in any other cell */
	const u32 first = order < program->observed ? 0 : program->audit;
	u32 i;

	for (i = c->span_first[order]; i < c->span_first[order + 1]; i++) {
		span_fill(c, cell, c->span[i].first + first, c->span[i].last + first, value);
		if (passed && !first)
			span_fill(c, cell, c->span[i].first + passed, c->span[i].last + passed,
				  value);
		netpol_offer(i);
	}
	if (!c->unknown || !netpol_rule_doubts(rule))
		return;
	/* the ports that a pod which is not known gives names to are not known either */
	for (i = 0; i < rule->nports; i++) {
		const struct netpol_ranges *ranges;

		netpol_offer(i);
		if (!rule->port[i].name || program->direction != NETPOL_DIRECTION_EGRESS)
			continue;
		ranges = &program->ranges[netpol_protocol_index(rule->port[i].protocol)];
		span_fill(c, cell, ranges->class, ranges->class + ranges->count - 1, value);
		if (passed)
			span_fill(c, cell, ranges->class + passed,
				  ranges->class + ranges->count - 1 + passed, value);
	}
}

void netpol_row_cells(struct netpol_compile *c, u32 *cell)
{
	const struct netpol_program *program = c->program;
	const u32 none = program->isolates ? NETPOL_CELL_NONE :
			 NETPOL_CELL(program->norders, NETPOL_ACTION_ACCEPT);
	u32 word, i, class;

	for (i = 0; i < c->nany; i++) {
		c->hit[c->any_order[i] / 64] |= BIT_ULL(c->any_order[i] % 64);
		netpol_offer(i);
	}
	for (class = 0; class <= program->nclasses; class++)
		c->next[class] = class;
	for (class = 0; class < program->nclasses; class++)
		cell[class] = program->audit && class >= program->audit ? NETPOL_CELL_NONE : none;
	for (word = 0; word * 64 < program->norders; word++) {
		while (c->hit[word]) {
			order_fill(c, cell, word * 64 + __ffs64(c->hit[word]));
			c->hit[word] &= c->hit[word] - 1;
		}
		netpol_offer(word);
	}
	c->unknown = false;
	cond_resched();
}

int netpol_row_fill(struct netpol_compile *c)
{
	u32 class, before = c->nruns, row = c->nfilled;

	netpol_row_cells(c, c->row_cell);
	for (class = 0; class < c->program->nclasses; class++) {
		struct netpol_run *run;

		netpol_offer(class);
		if (class && c->row_cell[class] == c->row_cell[class - 1])
			continue;
		run = netpol_array_more((void **)&c->run, c->nruns, &c->runs_size, sizeof(*run));
		if (!run)
			return -ENOMEM;
		run->class = class;
		run->cell = c->row_cell[class];
		c->nruns++;
	}
	c->run_first[row] = before;
	c->run_first[row + 1] = c->nruns;
	c->nfilled++;
	return netpol_compile_charge(c, (c->nruns - before) * sizeof(*c->run));
}

/* Signatures by identity number, up to the highest one that a peer matches; NULL: -ENOMEM. */
static struct netpol_signature *sign_identities(struct netpol_compile *c, u32 *count)
{
	const struct netpol_program *program = c->program;
	struct netpol_signature *signature;
	struct netpol_idset_walk walk;
	u32 i, number, visited = 0;

	*count = 0;
	for (i = 0; i < program->npeers; i++) {
		const struct netpol_idset *set = &program->peer[i]->set;

		if (set->count)
			*count = max(*count, (set->words[set->count - 1].index + 1) * 64);
	}
	signature = netpol_alloc_array(*count, sizeof(*signature));
	if (!signature)
		return NULL;
	for (i = 0; i < program->npeers; i++) {
		netpol_idset_for_each(&program->peer[i]->set, walk, number) {
			netpol_offer(visited++);
			/* the set may have numbers that no identity has any more */
			if (number != NETPOL_IDENTITY_UNKNOWN && !c->world->identity[number])
				continue;
			signature[number].low ^= c->item_random[i].low;
			signature[number].high ^= c->item_random[i].high;
		}
		cond_resched();
	}
	return signature;
}

/* Sets the row of an identity in the row map. Return: 0, -ENOMEM or -EDQUOT. */
static int row_map_set(struct netpol_compile *c, u32 identity, u32 row)
{
	struct netpol_program *program = c->program;
	u16 **page = &program->rows[identity >> NETPOL_ROWS_SHIFT];

	if (*page == NO_ROWS) {
		u16 *fresh = netpol_alloc_array(NETPOL_ROWS_PAGE, sizeof(*fresh));

		if (!fresh)
			return -ENOMEM;
		*page = fresh;
		if (netpol_compile_charge(c, NETPOL_ROWS_PAGE * sizeof(*fresh)))
			return -EDQUOT;
	}
	(*page)[identity & (NETPOL_ROWS_PAGE - 1)] = row;
	return 0;
}

/*
 * Makes the row map of the identities whose signatures are given. For each new row, (*example)
 * becomes an identity that has it; the caller frees that array.
 */
static int map_identities(struct netpol_compile *c, const struct netpol_signature *signature,
			  u32 count, u32 **example)
{
	struct netpol_program *program = c->program;
	u32 i, row, size = 0, pages = DIV_ROUND_UP(count, NETPOL_ROWS_PAGE);
	bool fresh;
	int error;

	if (netpol_compile_charge(c, pages * sizeof(*program->rows)))
		return -EDQUOT;
	program->rows = netpol_alloc_array(pages, sizeof(*program->rows));
	if (!program->rows)
		return -ENOMEM;
	for (i = 0; i < pages; i++)
		program->rows[i] = NO_ROWS;
	program->nidentities = pages * NETPOL_ROWS_PAGE;
	for (i = 0; i < count; i++) {
		netpol_offer(i);
		if (!signature[i].low && !signature[i].high)
			continue;
		error = netpol_row_get(c, &signature[i], &row, &fresh);
		if (!error && fresh) {
			error = netpol_array_reserve((void **)example, size, &size,
						     max(64u, row + 1), sizeof(**example));
			if (!error)
				(*example)[row] = i;
		}
		if (!error)
			error = row_map_set(c, i, row);
		if (error)
			return error;
	}
	return 0;
}

/* Calls @visit with each peer that matches the example of a row, and with that row. */
static void visit_example_peers(const struct netpol_program *program, const u32 *example,
				struct netpol_csr *row_peers,
				void (*visit)(struct netpol_csr *csr, u32 row, u32 peer))
{
	struct netpol_idset_walk walk;
	u32 i, number, row, visited = 0;

	for (i = 0; i < program->npeers; i++) {
		netpol_idset_for_each(&program->peer[i]->set, walk, number) {
			row = netpol_program_row(program, number);
			if (row && example[row] == number)
				visit(row_peers, row, i);
			netpol_offer(visited++);
		}
		cond_resched();
	}
}

static void count_peer(struct netpol_csr *csr, u32 row, u32 peer)
{
	netpol_csr_count(csr, row);
}

/* Fills the rows of identities, each from the peers that match its example. */
static int fill_identity_rows(struct netpol_compile *c, const u32 *example)
{
	const struct netpol_program *program = c->program;
	struct netpol_csr peers = {};
	int error;
	u32 i, row;

	error = netpol_csr_init(&peers, program->nrows);
	if (!error) {
		visit_example_peers(program, example, &peers, count_peer);
		error = netpol_csr_begin(&peers);
	}
	if (!error) {
		visit_example_peers(program, example, &peers, netpol_csr_add);
		for (row = 1; row < program->nrows; row++) {
			netpol_csr_for_each(&peers, row, i)
				netpol_row_hit(c, peers.item[i]);
			error = netpol_row_fill(c);
			if (error)
				break;
		}
	}
	netpol_csr_free(&peers);
	return error;
}

static int make_identity_rows(struct netpol_compile *c)
{
	struct netpol_signature *signature;
	u32 count, *example = NULL;
	int error;

	signature = sign_identities(c, &count);
	if (!signature)
		return -ENOMEM;
	error = map_identities(c, signature, count, &example);
	netpol_free(signature);
	if (!error)
		error = fill_identity_rows(c, example);
	netpol_free(example);
	return error;
}

int netpol_compile_rows(struct netpol_compile *c)
{
	const struct netpol_signature none = { 0, 0 };
	struct netpol_program *program = c->program;
	u32 row;
	bool fresh;
	int error;

	c->hit = netpol_alloc_array(program->norders / 64 + 1, sizeof(*c->hit));
	c->next = netpol_alloc_array(program->nclasses + 2, sizeof(*c->next));
	c->row_cell = netpol_alloc_array(program->nclasses, sizeof(*c->row_cell));
	if (!c->hit || !c->next || !c->row_cell)
		return -ENOMEM;
	/* row 0 is of those that no item matches */
	error = netpol_row_get(c, &none, &row, &fresh);
	if (error)
		return error;
	error = netpol_row_fill(c);
	return error ? error : make_identity_rows(c);
}

/* Cells up to so many bytes are always written out. */
#define DENSE_BYTES	(256 * 1024)

/* Runs have to be so many times smaller, to be worth the longer way to a cell. */
#define SPARSE_GAIN	4

/* Writes all cells out. Return: 0, -ENOMEM or -EDQUOT. */
static int make_dense(struct netpol_compile *c, u32 rows_size)
{
	struct netpol_program *program = c->program;
	size_t cells = (size_t)rows_size * program->nclasses;
	u32 row, run, class;
	u32 *cell;

	if (netpol_compile_charge(c, cells * sizeof(*cell)))
		return -EDQUOT;
	cell = netpol_alloc_array(cells, sizeof(*cell));
	if (!cell)
		return -ENOMEM;
	program->cell = cell;
	program->rows_size = rows_size;
	for (row = 0; row < program->nrows; row++) {
		for (run = c->run_first[row], class = 0; class < program->nclasses; class++) {
			if (run + 1 < c->run_first[row + 1] && c->run[run + 1].class == class)
				run++;
			*cell++ = c->run[run].cell;
			netpol_offer(class);
		}
		netpol_offer(row);
	}
	return 0;
}

/* Leaves the cells in runs, in as much memory as they need. Return: 0 or -ENOMEM. */
static int make_sparse(struct netpol_compile *c)
{
	struct netpol_program *program = c->program;

	program->run = netpol_alloc_array(c->nruns, sizeof(*program->run));
	program->run_first = netpol_alloc_array(program->nrows + 1, sizeof(u32));
	if (!program->run || !program->run_first)
		return -ENOMEM;
	netpol_copy(program->run, c->run, c->nruns * sizeof(*program->run));
	netpol_copy(program->run_first, c->run_first, (program->nrows + 1) * sizeof(u32));
	program->rows_size = program->nrows;
	program->sparse = true;
	program->by_address = true;
	program->simple = false;
	program->direct = false;
	program->passing = false;
	return 0;
}

int netpol_compile_cells(struct netpol_compile *c)
{
	struct netpol_program *program = c->program;
	/* with room for rows to come, so that a few new ones need no compilation */
	u32 rows_size = min(c->rows_size, program->nrows + program->nrows / 4 + 8);
	u64 dense = (u64)rows_size * program->nclasses * sizeof(*program->cell);
	u64 sparse = c->nruns * sizeof(*c->run) + (program->nrows + 1) * sizeof(u32);

	program->rare = program->nnames || program->audit;
	program->direct = !program->rare && !program->passed;
	program->passing = !program->rare && program->passed;
	if (dense > DENSE_BYTES && dense / SPARSE_GAIN > sparse)
		return netpol_compile_charge(c, (program->nrows + 1) * sizeof(u32)) ?
		       -EDQUOT : make_sparse(c);
	/* the runs are charged already, and go */
	program->bytes -= c->nruns * sizeof(*c->run);
	return make_dense(c, rows_size);
}
