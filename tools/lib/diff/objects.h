/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between two states, object by object: what an object means and not how it is
 * written. The order of keys, labels, rules, peers and ports has no meaning, and a default that
 * is written is equal to one that is not.
 */
#ifndef NP_DIFF_OBJECTS_H
#define NP_DIFF_OBJECTS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/alloc.h"
#include "diff/side.h"

#define NP_DIFF_ADDED	'+'
#define NP_DIFF_REMOVED	'-'
#define NP_DIFF_CHANGED	'~'

/**
 * struct np_diff_part - what differs in an object
 * @sign: NP_DIFF_*
 * @path: "podSelector", "ingress[0]", "labels"
 * @text: what was added or removed; "BEFORE -> AFTER" of what changed
 */
struct np_diff_part {
	char sign;
	const char *path;
	const char *text;
};

/**
 * struct np_diff_object - an object that differs
 * @sign: NP_DIFF_*
 * @object: enum netpol_object
 * @namespace: "" for a namespace
 * @name: its name
 * @origin: set where a side has policies of one name in several origins; else NULL
 * @part: what differs, if @sign is NP_DIFF_CHANGED
 * @parts: how many
 */
struct np_diff_object {
	char sign;
	uint8_t object;
	const char *namespace;
	const char *name;
	const char *origin;
	struct np_diff_part *part;
	size_t parts;
};

/**
 * struct np_diff_objects - what differs
 * @arena: of texts
 * @item: objects: namespaces, pods, policies, each kind in order of names
 * @items: how many
 * @count: how many of a sign, in the order of "+-~"
 * @elsewhere: how many policies of manifests are left out, because they select no pod of the node
 *	that is the other side, so that its agent does not load them
 */
struct np_diff_objects {
	struct np_arena arena;
	struct np_diff_object *item;
	size_t items;
	size_t count[3];
	size_t elsewhere;
};

/* Compares from a to b. Both must outlive the result. */
void np_diff_objects_compare(struct np_diff_objects *diff, const struct np_diff_side *a,
			     const struct np_diff_side *b);
void np_diff_objects_free(struct np_diff_objects *diff);

#endif
