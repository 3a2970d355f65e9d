// SPDX-License-Identifier: GPL-2.0
/* A program gets other rows for a few identities; see patch.h. */
#include "core/classes.h"
#include "core/compile_state.h"
#include "core/edit_state.h"
#include "core/patch.h"
#include "core/rows.h"

/**
 * struct patch - the patch of one program
 * @edit: edit
 * @old: program in force
 * @rows: rows in use, new ones included
 * @row: row of each affected identity, in the order of the edit's list
 * @compile: what it takes to fill rows; made before the first new row is filled
 */
struct patch {
	struct netpol_edit *edit;
	struct netpol_program *old;
	u32 rows;
	u32 *row;
	struct netpol_compile compile;
};

/* Makes what it takes to fill rows, unless it is there already. Return: 0 or -ENOMEM. */
static int prepare_fill(struct patch *patch)
{
	struct netpol_compile *c = &patch->compile;
	int error;

	if (c->hit)
		return 0;
	c->world = patch->edit->world;
	c->program = patch->old;
	c->hit = netpol_alloc_array(patch->old->norders / 64 + 1, sizeof(u64));
	c->next = netpol_alloc_array(patch->old->nclasses + 2, sizeof(u32));
	if (!c->hit || !c->next)
		return -ENOMEM;
	error = netpol_compile_spans(c);
	return error;
}

/*
 * Does a peer of the rule match an identity? A rule without peers matches every one. @unknown: it
 * is of a namespace that is not loaded.
 */
static bool rule_has(const struct netpol_rule *rule, u32 number, bool unknown)
{
	u32 i;

	if (rule->action == NETPOL_ACTION_NONE)
		return false;
	if (unknown && netpol_rule_doubts(rule))
		return true;
	for (i = 0; i < rule->npeers; i++)
		if (rule->peer[i].pods && netpol_idset_has(&rule->peer[i].pods->set, number))
			return true;
	return !rule->npeers;
}

/* Fills a new row with the rules that match an identity. Return: 0 or -ENOMEM. */
static int fill_row(struct patch *patch, struct netpol_signature signature, u32 number)
{
	const struct netpol_program *program = patch->old;
	bool unknown = netpol_idset_has(&patch->edit->world->unknown->set, number);
	int error = prepare_fill(patch);
	u32 i;

	if (error)
		return error;
	patch->compile.unknown = program->doubts && unknown;
	for (i = 0; i < program->norders; i++) {
		if (rule_has(program->order[i].rule, number, unknown))
			patch->compile.hit[i / 64] |= BIT_ULL(i % 64);
		cond_resched();
	}
	program->signature[patch->rows] = signature;
	netpol_row_cells(&patch->compile, program->cell +
			 (size_t)patch->rows++ * program->nclasses);
	return 0;
}

/*
 * Finds the row of the peers that match an identity, or fills a new one. Return: 0; -ENOMEM;
 * -ENOENT if there is no such row and no room for one.
 */
static int find_row(struct patch *patch, u32 number, u32 *row)
{
	const struct netpol_program *program = patch->old;
	struct netpol_signature wanted = { 0, 0 };
	u32 i;

	*row = 0;
	for (i = 0; i < program->npeers; i++) {
		netpol_offer(i);
		if (!netpol_idset_has(&program->peer[i]->set, number))
			continue;
		wanted.low ^= program->peer_random[i].low;
		wanted.high ^= program->peer_random[i].high;
	}
	for (; *row < patch->rows; ++*row)
		if (program->signature[*row].low == wanted.low &&
		    program->signature[*row].high == wanted.high)
			return 0;
	if (patch->rows == program->rows_size)
		return -ENOENT;
	return fill_row(patch, wanted, number);
}

/*
 * Finds the row of each affected identity. @change: one has another row than before. Return:
 * 0; -ENOMEM; -ENOENT if the program has to be compiled.
 */
static int find_rows(struct patch *patch, bool *change)
{
	const struct netpol_split_log *affected = &patch->edit->affected;
	int error = 0;
	u32 i;

	for (i = 0; i < affected->count && !error; i++) {
		const struct netpol_identity *identity = affected->split[i].identity;
		const struct netpol_identity *parent = affected->split[i].parent;

		if (parent)
			patch->row[i] = netpol_program_row(patch->old, parent->number);
		else
			error = find_row(patch, identity->number, &patch->row[i]);
		*change |= patch->row[i] != netpol_program_row(patch->old, identity->number);
		cond_resched();
	}
	return error;
}

/* Allocates memory that is freed if the edit is aborted. */
static void *edit_alloc(struct netpol_edit *edit, size_t size)
{
	void *memory = netpol_alloc(size);

	if (memory && netpol_retire_add(&edit->cow.created, memory, NETPOL_RETIRE_MEMORY)) {
		netpol_free(memory);
		return NULL;
	}
	return memory;
}

/* Has memory freed with the old snapshot. Return: 0 or -ENOMEM. */
static int edit_retire(struct netpol_edit *edit, void *memory, size_t size)
{
	return netpol_retire_add_sized(&edit->cow.retired, memory, NETPOL_RETIRE_MEMORY,
				       size);
}

/* Gives the new program a directory of pages of its own, large enough for identity @number. */
static int copy_directory(struct patch *patch, struct netpol_program *program, u32 number)
{
	u32 have = program->nidentities / NETPOL_ROWS_PAGE;
	u32 pages = max(have, number / NETPOL_ROWS_PAGE + 1), i;
	u16 **rows = edit_alloc(patch->edit, array_size(pages, sizeof(*rows)));

	if (!rows || edit_retire(patch->edit, program->rows, have * sizeof(*rows)))
		return -ENOMEM;
	for (i = 0; i < pages; i++)
		rows[i] = i < have ? program->rows[i] : (u16 *)netpol_zero_page;
	program->bytes += (pages - have) * sizeof(*rows);
	program->rows = rows;
	program->nidentities = pages * NETPOL_ROWS_PAGE;
	return 0;
}

/* Sets the row of an identity in the new program, in a page of its own. Return: 0 or -ENOMEM. */
static int set_row(struct patch *patch, struct netpol_program *program, u32 number, u32 row)
{
	u32 size = NETPOL_ROWS_PAGE * sizeof(u16), at = number / NETPOL_ROWS_PAGE;
	u16 *old = program->rows[at], *page;
	bool absent = old == (const u16 *)netpol_zero_page;

	if (netpol_program_row(program, number) == row)
		return 0;
	/* this edit has made the page already if it is not the one in force */
	if (at < patch->old->nidentities / NETPOL_ROWS_PAGE ? old == patch->old->rows[at] :
							      absent) {
		page = edit_alloc(patch->edit, size);
		if (!page || (!absent && edit_retire(patch->edit, old, size)))
			return -ENOMEM;
		memcpy(page, old, size);
		program->rows[at] = page;
		program->bytes += absent ? size : 0;
	}
	program->rows[at][number % NETPOL_ROWS_PAGE] = row;
	return 0;
}

/* Makes the program with the rows that were found. Return: 0 or -ENOMEM. */
static int make_patched(struct patch *patch, struct netpol_program **patched)
{
	const struct netpol_split_log *affected = &patch->edit->affected;
	struct netpol_program *program;
	u32 i, last = 0;
	int error;

	program = edit_alloc(patch->edit, sizeof(*program));
	if (!program || edit_retire(patch->edit, patch->old, sizeof(*program)))
		return -ENOMEM;
	*program = *patch->old;
	INIT_LIST_HEAD(&program->node);
	program->nrows = patch->rows;
	for (i = 0; i < affected->count; i++) {
		const struct netpol_identity *identity = affected->split[i].identity;

		if (patch->row[i])
			last = max(last, identity->number);
	}
	error = copy_directory(patch, program, last);
	for (i = 0; i < affected->count && !error; i++) {
		const struct netpol_identity *identity = affected->split[i].identity;

		if (identity->number < program->nidentities)
			error = set_row(patch, program, identity->number, patch->row[i]);
	}
	*patched = program;
	return error;
}

int netpol_program_patch(struct netpol_edit *edit, struct netpol_program *program,
			 struct netpol_program **patched)
{
	struct patch patch = { .edit = edit, .old = program, .rows = program->nrows };
	bool change = false;
	int error = -ENOMEM;

	*patched = NULL;
	patch.row = netpol_alloc_array(edit->affected.count, sizeof(*patch.row));
	if (patch.row)
		error = find_rows(&patch, &change);
	if (!error && change)
		error = make_patched(&patch, patched);
	else if (!error)
		*patched = program;
	netpol_free(patch.row);
	netpol_free(patch.compile.hit);
	netpol_free(patch.compile.next);
	netpol_free(patch.compile.span_first);
	netpol_free(patch.compile.span);
	return error == -ENOENT ? 0 : error;
}
