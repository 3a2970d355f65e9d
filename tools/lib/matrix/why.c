// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reasons of verdicts: each distinct one is kept once, so that a page of a million
 * verdicts stays small.
 */
#include <stdlib.h>
#include <string.h>
#include <linux/netpol.h>

#include "matrix/why.h"
#include "netlink/report.h"

/* An entry of a table. It leads from a reason, or from a pair of reasons, to its index. */
struct np_matrix_entry {
	uint32_t hash;
	uint32_t index;
};

/* What is looked for in a table: a reason or a cell of a matrix. */
struct np_matrix_key {
	const struct np_matrix *matrix;
	const void *wanted;
};

static uint32_t np_matrix_why_hash(const struct np_matrix_why *why)
{
	uint32_t hash, i;

	hash = np_hash_bytes(0, &why->reason, sizeof(why->reason));
	hash = np_hash_bytes(hash, &why->rule, sizeof(why->rule));
	hash = np_hash_bytes(hash, &why->decider, sizeof(why->decider));
	for (i = 0; i < why->policies; i++)
		hash = np_hash_bytes(hash, why->policy[i], strlen(why->policy[i]) + 1);
	return hash;
}

static bool np_matrix_why_equal(const struct np_matrix_why *a, const struct np_matrix_why *b)
{
	uint32_t i;

	if (a->reason != b->reason || a->accept != b->accept || a->rule != b->rule ||
	    a->decider != b->decider || a->policies != b->policies)
		return false;
	for (i = 0; i < a->policies; i++)
		if (strcmp(a->policy[i], b->policy[i]))
			return false;
	return true;
}

static bool np_matrix_why_match(const void *record, const void *key)
{
	const struct np_matrix_entry *entry = record;
	const struct np_matrix_key *want = key;

	return np_matrix_why_equal(&want->matrix->whys[entry->index], want->wanted);
}

static bool np_matrix_cell_match(const void *record, const void *key)
{
	const struct np_matrix_entry *entry = record;
	const struct np_matrix_key *want = key;

	return !memcmp(&want->matrix->cells[entry->index], want->wanted,
		       sizeof(struct np_matrix_cell));
}

static void np_matrix_enter(struct np_matrix *m, struct np_hash *table, uint32_t hash,
			    size_t index)
{
	struct np_matrix_entry *entry = np_arena_alloc(&m->arena, sizeof(*entry));

	entry->hash = hash;
	entry->index = (uint32_t)index;
	np_hash_add(table, entry);
}

uint32_t np_matrix_why(struct np_matrix *m, const struct np_matrix_why *why)
{
	const struct np_matrix_key key = { m, why };
	uint32_t hash = np_matrix_why_hash(why), i;
	const struct np_matrix_entry *found;
	struct np_matrix_why *made;

	found = np_hash_find(&m->why_table, hash, np_matrix_why_match, &key);
	if (found)
		return found->index;
	m->whys = np_array_grow(m->whys, m->why_count, sizeof(*m->whys));
	made = &m->whys[m->why_count];
	*made = *why;
	made->policy = np_arena_alloc(&m->arena, (why->policies + 1) * sizeof(*made->policy));
	for (i = 0; i < why->policies; i++)
		made->policy[i] = np_arena_memdup(&m->arena, why->policy[i],
						  strlen(why->policy[i]));
	np_matrix_enter(m, &m->why_table, hash, m->why_count);
	return (uint32_t)m->why_count++;
}

uint32_t np_matrix_cell(struct np_matrix *m, uint32_t egress, uint32_t ingress)
{
	struct np_matrix_cell cell = { .half = {
		[NETPOL_DIRECTION_EGRESS] = egress, [NETPOL_DIRECTION_INGRESS] = ingress,
	} };
	const struct np_matrix_key key = { m, &cell };
	uint32_t hash = np_hash_bytes(0, cell.half, sizeof(cell.half));
	const struct np_matrix_entry *found;

	found = np_hash_find(&m->cell_table, hash, np_matrix_cell_match, &key);
	if (found)
		return found->index;
	m->cells = np_array_grow(m->cells, m->cell_count, sizeof(*m->cells));
	m->cells[m->cell_count] = cell;
	np_matrix_enter(m, &m->cell_table, hash, m->cell_count);
	return (uint32_t)m->cell_count++;
}

static const struct np_matrix_why *np_matrix_half_of(const struct np_matrix *m, size_t at,
						     int direction)
{
	uint32_t number = m->cells[m->cell[at]].half[direction];

	return number == NP_MATRIX_NONE ? NULL : &m->whys[number];
}

void np_matrix_describe(const struct np_matrix *m, size_t port, size_t source,
			size_t destination, FILE *file)
{
	size_t at = np_matrix_at(m, port, source, destination);
	const struct np_matrix_why *egress, *why;
	int direction = NETPOL_DIRECTION_INGRESS;
	uint32_t i;

	egress = np_matrix_half_of(m, at, NETPOL_DIRECTION_EGRESS);
	why = np_matrix_half_of(m, at, NETPOL_DIRECTION_INGRESS);
	if (egress && (!why || !egress->accept)) {
		direction = NETPOL_DIRECTION_EGRESS;
		why = egress;
	}
	if (!why) {
		fputs("judged by another node", file);
		return;
	}
	fprintf(file, "%s of ", np_direction_name(direction));
	np_print_escaped(file, m->pod[direction == NETPOL_DIRECTION_EGRESS ? source :
				      destination].text);
	if (why->decider != NP_MATRIX_NONE) {
		fprintf(file, ": %s[%u] of ", np_direction_name(direction), why->rule);
		np_print_escaped(file, why->policy[why->decider]);
		fputs(why->accept ? " accepts" : " denies", file);
		return;
	}
	fprintf(file, ": %s", np_reason_text(why->reason));
	for (i = 0; !why->accept && i < why->policies; i++) {
		fputs(i ? ", " : " (isolated by ", file);
		np_print_escaped(file, why->policy[i]);
	}
	if (i)
		fputc(')', file);
}
