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
	for (i = 0; i < why->passes; i++) {
		hash = np_hash_bytes(hash, &why->pass[i].rule, sizeof(why->pass[i].rule));
		hash = np_hash_bytes(hash, why->pass[i].policy, strlen(why->pass[i].policy) + 1);
	}
	return hash;
}

static const char *np_matrix_text(const char *text)
{
	return text ? text : "";
}

static bool np_matrix_rule_equal(const struct np_matrix_rule *a, const struct np_matrix_rule *b)
{
	return a->rule == b->rule && a->tier == b->tier && !strcmp(a->policy, b->policy) &&
	       !strcmp(np_matrix_text(a->name), np_matrix_text(b->name));
}

static bool np_matrix_why_equal(const struct np_matrix_why *a, const struct np_matrix_why *b)
{
	uint32_t i;

	if (a->reason != b->reason || a->accept != b->accept || a->rule != b->rule ||
	    a->decider != b->decider || a->policies != b->policies || a->tier != b->tier ||
	    a->passes != b->passes ||
	    strcmp(np_matrix_text(a->rule_name), np_matrix_text(b->rule_name)))
		return false;
	for (i = 0; i < a->passes; i++)
		if (!np_matrix_rule_equal(&a->pass[i], &b->pass[i]))
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

static const char *np_matrix_keep(struct np_matrix *m, const char *text)
{
	return text ? np_arena_memdup(&m->arena, text, strlen(text)) : "";
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
		made->policy[i] = np_matrix_keep(m, why->policy[i]);
	made->rule_name = np_matrix_keep(m, why->rule_name);
	for (i = 0; i < why->passes; i++) {
		made->pass[i].policy = np_matrix_keep(m, why->pass[i].policy);
		made->pass[i].name = np_matrix_keep(m, why->pass[i].name);
	}
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

const struct np_matrix_why *np_matrix_decider(const struct np_matrix *m, size_t at,
					      uint8_t *direction)
{
	const struct np_matrix_why *egress = np_matrix_half_of(m, at, NETPOL_DIRECTION_EGRESS);
	const struct np_matrix_why *ingress = np_matrix_half_of(m, at, NETPOL_DIRECTION_INGRESS);
	bool out = egress && (!ingress || !egress->accept);

	*direction = out ? NETPOL_DIRECTION_EGRESS : NETPOL_DIRECTION_INGRESS;
	return out ? egress : ingress;
}

/* Prints "egress[1] "name" of Admin/a". */
static void np_matrix_print_rule(const struct np_matrix_rule *rule, uint8_t direction, FILE *file)
{
	fprintf(file, "%s[%u] ", np_direction_name(direction), rule->rule);
	if (rule->name && *rule->name) {
		fputc('"', file);
		np_print_escaped(file, rule->name);
		fputs("\" ", file);
	}
	fputs("of ", file);
	np_print_escaped(file, rule->policy);
}

static void np_matrix_print_isolated(const struct np_matrix_why *why, FILE *file)
{
	uint32_t i;

	fputs(np_reason_text(why->reason), file);
	for (i = 0; !why->accept && i < why->policies; i++) {
		fputs(i ? ", " : " (isolated by ", file);
		np_print_escaped(file, why->policy[i]);
	}
	if (i)
		fputc(')', file);
}

struct np_matrix_rule np_matrix_decided(const struct np_matrix_why *why)
{
	return (struct np_matrix_rule) {
		.policy = why->policy[why->decider],
		.name = why->rule_name,
		.rule = why->rule,
		.tier = why->tier,
	};
}

void np_matrix_describe(const struct np_matrix *m, size_t port, size_t source,
			size_t destination, FILE *file)
{
	size_t at = np_matrix_at(m, port, source, destination);
	const struct np_matrix_why *why;
	struct np_matrix_rule rule;
	uint8_t direction;
	uint32_t i;

	why = np_matrix_decider(m, at, &direction);
	if (!why) {
		fputs("judged by another node", file);
		return;
	}
	fprintf(file, "%s of ", np_direction_name(direction));
	np_print_escaped(file, m->pod[direction == NETPOL_DIRECTION_EGRESS ? source :
				      destination].text);
	fputs(": ", file);
	for (i = 0; i < why->passes; i++) {
		fputs("passed on by ", file);
		np_matrix_print_rule(&why->pass[i], direction, file);
		fputs("; ", file);
	}
	if (why->decider == NP_MATRIX_NONE) {
		np_matrix_print_isolated(why, file);
		return;
	}
	rule = np_matrix_decided(why);
	np_matrix_print_rule(&rule, direction, file);
	fputs(why->accept ? " accepts" : " denies", file);
}
