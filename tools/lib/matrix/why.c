// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reasons of verdicts: each distinct one is kept once, so that a page of a million
 * verdicts stays small.
 */
#include <stdlib.h>
#include <string.h>
#include <linux/netpol.h>

#include "matrix/matrix.h"
#include "netlink/report.h"

static uint32_t np_matrix_hash(uint32_t hash, const void *data, size_t len)
{
	const unsigned char *byte = data;

	while (len--)
		hash = (hash ^ *byte++) * 16777619u;
	return hash;
}

static uint32_t np_matrix_why_hash(const struct np_matrix_why *why)
{
	uint32_t hash = 2166136261u, i;

	hash = np_matrix_hash(hash, &why->reason, sizeof(why->reason));
	hash = np_matrix_hash(hash, &why->rule, sizeof(why->rule));
	hash = np_matrix_hash(hash, &why->decider, sizeof(why->decider));
	for (i = 0; i < why->policies; i++)
		hash = np_matrix_hash(hash, why->policy[i], strlen(why->policy[i]) + 1);
	return hash ^ hash >> 15;
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

/* Empties a table of slots after it grew; the caller fills it again. */
static uint32_t *np_matrix_slots(uint32_t *slot, size_t count)
{
	free(slot);
	slot = np_xmalloc(count * sizeof(*slot));
	memset(slot, 0xff, count * sizeof(*slot));
	return slot;
}

static void np_matrix_why_grow(struct np_matrix *m)
{
	size_t i, at;

	m->why_slots = m->why_slots ? m->why_slots * 2 : 256;
	m->why_hash = np_matrix_slots(m->why_hash, m->why_slots);
	for (i = 0; i < m->why_count; i++) {
		at = np_matrix_why_hash(&m->whys[i]) & (m->why_slots - 1);
		while (m->why_hash[at] != NP_MATRIX_NONE)
			at = (at + 1) & (m->why_slots - 1);
		m->why_hash[at] = (uint32_t)i;
	}
}

uint32_t np_matrix_why(struct np_matrix *m, const struct np_matrix_why *why)
{
	struct np_matrix_why *made;
	size_t at;
	uint32_t i;

	if (m->why_count * 2 >= m->why_slots)
		np_matrix_why_grow(m);
	at = np_matrix_why_hash(why) & (m->why_slots - 1);
	for (; m->why_hash[at] != NP_MATRIX_NONE; at = (at + 1) & (m->why_slots - 1))
		if (np_matrix_why_equal(&m->whys[m->why_hash[at]], why))
			return m->why_hash[at];
	if (m->why_count == m->why_room) {
		m->why_room = m->why_room ? m->why_room * 2 : 64;
		m->whys = np_xrealloc(m->whys, m->why_room, sizeof(*m->whys));
	}
	m->why_hash[at] = (uint32_t)m->why_count;
	made = &m->whys[m->why_count++];
	*made = *why;
	made->policy = np_arena_alloc(&m->arena, (why->policies + 1) * sizeof(*made->policy));
	for (i = 0; i < why->policies; i++)
		made->policy[i] = np_arena_memdup(&m->arena, why->policy[i],
						  strlen(why->policy[i]));
	return m->why_hash[at];
}

static uint32_t np_matrix_cell_hash(const struct np_matrix_cell *cell)
{
	uint32_t hash = np_matrix_hash(2166136261u, cell->half, sizeof(cell->half));

	return hash ^ hash >> 15;
}

static void np_matrix_cell_grow(struct np_matrix *m)
{
	size_t i, at;

	m->cell_slots = m->cell_slots ? m->cell_slots * 2 : 256;
	m->cell_hash = np_matrix_slots(m->cell_hash, m->cell_slots);
	for (i = 0; i < m->cell_count; i++) {
		at = np_matrix_cell_hash(&m->cells[i]) & (m->cell_slots - 1);
		while (m->cell_hash[at] != NP_MATRIX_NONE)
			at = (at + 1) & (m->cell_slots - 1);
		m->cell_hash[at] = (uint32_t)i;
	}
}

uint32_t np_matrix_cell(struct np_matrix *m, uint32_t egress, uint32_t ingress)
{
	struct np_matrix_cell cell = { .half = {
		[NETPOL_DIRECTION_EGRESS] = egress, [NETPOL_DIRECTION_INGRESS] = ingress,
	} };
	size_t at;

	if (m->cell_count * 2 >= m->cell_slots)
		np_matrix_cell_grow(m);
	at = np_matrix_cell_hash(&cell) & (m->cell_slots - 1);
	for (; m->cell_hash[at] != NP_MATRIX_NONE; at = (at + 1) & (m->cell_slots - 1))
		if (!memcmp(&m->cells[m->cell_hash[at]], &cell, sizeof(cell)))
			return m->cell_hash[at];
	if (m->cell_count == m->cell_room) {
		m->cell_room = m->cell_room ? m->cell_room * 2 : 64;
		m->cells = np_xrealloc(m->cells, m->cell_room, sizeof(*m->cells));
	}
	m->cells[m->cell_count] = cell;
	m->cell_hash[at] = (uint32_t)m->cell_count++;
	return m->cell_hash[at];
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
	if (why->accept && why->decider != NP_MATRIX_NONE) {
		fprintf(file, ": %s[%u] of ", np_direction_name(direction), why->rule);
		np_print_escaped(file, why->policy[why->decider]);
		fputs(" accepts", file);
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
