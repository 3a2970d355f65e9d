/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The JSON reader. It reads documents of any length from an input, and single objects from
 * memory. Both give the same nodes for the same text.
 */
#ifndef NP_OBJECT_JSON_H
#define NP_OBJECT_JSON_H

#include <stddef.h>

#include "base/alloc.h"
#include "base/error.h"
#include "object/node.h"

/*
 * Reads all documents of an input, one after the other. Returns 0, or -1 with *err filled by
 * the reader's function or because the input is not valid JSON.
 */
int np_json_read(struct np_input *in, const struct np_reader *reader,
		 struct np_error *err);

/*
 * The fields of a map that are wanted, up to an entry whose key is NULL. Other fields are
 * passed over and get no node. children: the fields that are wanted of the field's value or,
 * if the value is a list, of each entry. NULL: the whole value is wanted.
 */
struct np_pick {
	const char *key;
	const struct np_pick *children;
};

enum np_json_end {
	NP_JSON_WHOLE,		/* the object has been read to its end */
	/*
	 * It is well-formed JSON but holds what no document may hold: a key twice, a text with
	 * a NUL or that is not UTF-8, too many values, too many levels. Of the fields that are
	 * passed over only the levels count, at NP_PASS_DEPTH_MAX.
	 */
	NP_JSON_REFUSED,
	NP_JSON_BROKEN,		/* it is cut off, or it is not JSON */
};

/*
 * Reads the object that text begins with. What follows the object is ignored. With pick NULL
 * all fields are read. Nodes and their texts lie in the arena. *root is the object as far as
 * it was read, also if it was refused or is cut off; a value that is incomplete is null. It is
 * NULL if no object begins. *err is filled unless NP_JSON_WHOLE is returned.
 */
enum np_json_end np_json_object(const char *text, size_t len,
				const struct np_pick *pick,
				struct np_arena *arena, struct np_node **root,
				struct np_error *err);

#endif
