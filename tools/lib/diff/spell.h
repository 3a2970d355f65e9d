/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts of objects in one spelling, so that what means the same is the same text: sorted,
 * without what is there twice.
 */
#ifndef NP_DIFF_SPELL_H
#define NP_DIFF_SPELL_H

#include <stddef.h>

#include "base/alloc.h"
#include "object/object.h"

/* Texts in order, each once. The array is the owner's; the texts are in an arena. */
struct np_spelled {
	const char **text;
	size_t count;
};

/* Sorts texts and drops those that are there twice. */
void np_spell_sort(struct np_spelled *list);
/* Adds a text at the end. */
void np_spell_add(struct np_spelled *list, const char *text);
void np_spell_free(struct np_spelled *list);
/* Returns all texts with something between them. */
const char *np_spell_join(struct np_arena *arena, const struct np_spelled *list,
			  const char *between);

/* Writes as kubectl does: "app=web,tier in (a,b),!old"; "everything" without requirements. */
const char *np_spell_selector(struct np_arena *arena, const struct np_selector *selector);
/* Fills in the peers of a rule; "anywhere" if there is none. */
void np_spell_peers(struct np_arena *arena, const struct np_rule *rule, struct np_spelled *list);
/* Fills in the ports of a rule; "every port" if there is none. */
void np_spell_ports(struct np_arena *arena, const struct np_rule *rule, struct np_spelled *list);
void np_spell_labels(struct np_arena *arena, const struct np_labels *labels,
		     struct np_spelled *list);
void np_spell_addresses(struct np_arena *arena, const struct np_pod *pod,
			struct np_spelled *list);
void np_spell_named_ports(struct np_arena *arena, const struct np_pod *pod,
			  struct np_spelled *list);

#endif
