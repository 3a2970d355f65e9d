/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns rules and subjects of AdminNetworkPolicies into those of ClusterNetworkPolicies, as nodes
 * in an arena. All functions return 0, or -1 with d->err filled.
 */
#ifndef NP_OBJECT_CONVERT_RULE_H
#define NP_OBJECT_CONVERT_RULE_H

#include <stdbool.h>

#include "object/field.h"

/* As NP_CLUSTER_MAX, of the kinds before ClusterNetworkPolicy. */
#define NP_CONVERT_OLD_MAX	100

/**
 * struct np_convert_list - a list that is being made
 * @arena: of all nodes
 * @list: it
 * @tail: its last entry
 */
struct np_convert_list {
	struct np_arena *arena;
	struct np_node *list;
	struct np_node *tail;
};

/* Make an empty list, and an empty map. */
struct np_convert_list np_convert_list_of(struct np_arena *arena, const struct np_node *at);
struct np_convert_list np_convert_map_of(struct np_arena *arena, const struct np_node *at);
/* Append an entry, and give a map an entry of a key, which is not copied. */
void np_convert_add(struct np_convert_list *list, struct np_node *entry);
void np_convert_set(struct np_convert_list *map, const char *key, struct np_node *entry);
struct np_node *np_convert_text(struct np_arena *arena, const char *text,
				const struct np_node *at);
struct np_node *np_convert_number(struct np_arena *arena, int64_t number,
				  const struct np_node *at);
/* A copy of a node with all that is in it. */
struct np_node *np_convert_copy(struct np_arena *arena, const struct np_node *node);

/* Checks the subject of a spec, which needs no other form. */
int np_convert_subject(struct np_decode *d, const struct np_node *spec, const struct np_path *path,
		       const struct np_node **subject);
/* Converts the rules of a direction; one may become several in a row. */
int np_convert_rules(struct np_decode *d, const struct np_node *spec, const struct np_path *path,
		     bool egress, bool baseline, struct np_convert_list *to);

#endif
