/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree of what a YAML or JSON document says, with locations, and the two readers that
 * build it. Nodes live in an arena and are never freed one by one. Both readers make the same
 * tree of the same content.
 */
#ifndef NP_OBJECT_NODE_H
#define NP_OBJECT_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "object/object.h"

/* Limits of an input, checked while reading. */
#define NP_DEPTH_MAX		64
#define NP_PASS_DEPTH_MAX	16384u	/* levels of a value that is passed over */
#define NP_DOCUMENT_MAX		(8u * 1024 * 1024)	/* bytes of a document or item */
#define NP_NODES_MAX		1000000u	/* nodes of a document or item */
/* bytes of items that came before the list's kind was known */
#define NP_PENDING_MAX		(256u * 1024 * 1024)
#define NP_ALIAS_NODES_MAX	100000u
/* bytes with aliases written out, in multiples of the bytes read */
#define NP_ALIAS_FACTOR		10
#define NP_ALIAS_BYTES_FREE	65536u		/* aliases may always expand to this many bytes */
#define NP_ANCHORS_MAX		1000u
#define NP_DIRECTIVES_MAX	64u

enum np_node_type {
	NP_NODE_NULL,
	NP_NODE_BOOL,
	NP_NODE_INT,
	NP_NODE_FLOAT,		/* also integers that do not fit 64 bits */
	NP_NODE_STRING,
	NP_NODE_LIST,
	NP_NODE_MAP,
};

/*
 * A node. It is also its own entry in its parent, by `next` and, in a map, by its key. Two
 * nodes may share their children where the document has a YAML alias.
 */
struct np_node {
	struct np_node *next;
	const char *key;	/* its key in a map; never contains a NUL */
	union {
		struct np_node *child;	/* the first entry of a list or map */
		const char *text;	/* a scalar as it was written; never contains a NUL */
	};
	union {
		int64_t number;		/* NP_NODE_INT */
		bool truth;		/* NP_NODE_BOOL */
	};
	uint32_t key_hash;
	uint32_t key_line;
	uint32_t key_column;
	uint32_t line;
	uint32_t column;
	uint32_t count;		/* number of children, or of the bytes of a string */
	uint8_t type;		/* enum np_node_type */
};

/* What to read: data first, and then fd if it is not -1. */
struct np_input {
	const char *name;	/* named in messages */
	const char *data;
	size_t len;
	int fd;
};

/*
 * What a reader does with what it has read. Each returns 0, or -1 with *err
 * filled, which ends the reading.
 *
 * A JSON document may be far bigger than memory if it is a list, so its
 * top-level "items" are handed over one by one, before the document itself:
 * items_begin (with the part of the document read so far), item for each,
 * then document, whose "items" then has the right count and no children. An
 * item lives until the next call, or to the end of its document if item()
 * returned 1.
 */
struct np_reader {
	int (*items_begin)(void *arg, struct np_node *head,
			   struct np_error *err);
	int (*item)(void *arg, struct np_node *item, uint32_t index,
		    struct np_error *err);
	int (*document)(void *arg, struct np_node *root, bool items_read,
			struct np_error *err);
	void *arg;
	struct np_errors *errors;	/* what document() noted and went on; NULL if it does not */
};

/* Reads up to size bytes. Returns their number, 0 at the end, or -1 with *err filled. */
ssize_t np_input_read(struct np_input *in, void *buf, size_t size,
		      struct np_error *err);

/*
 * Checks the first three bytes of an input, or all of a shorter one. Returns -1 with *err
 * filled if it is UTF-16, UTF-32 or compressed, because the errors of the YAML and JSON
 * readers would not say so.
 */
int np_input_check_encoding(const char *name, const char *head, size_t len,
			    struct np_error *err);

/* Makes a node whose other members are zero. */
struct np_node *np_node_new(struct np_arena *arena, enum np_node_type type,
			    uint32_t line, uint32_t column);
/* Appends a child. *tail is the last child so far, and NULL at first. */
void np_node_append(struct np_node *parent, struct np_node **tail,
		    struct np_node *child);
/* Appends an entry of a map. The key is not copied. line and column are those of the key. */
void np_node_set_key(struct np_node *node, const char *key, uint32_t line,
		     uint32_t column);
/* Returns the entry of a map, or NULL, also if map is NULL or no map. */
struct np_node *np_node_get(const struct np_node *map, const char *key);
/* Returns the text of an entry, or "" if there is no such entry or it is no string. */
const char *np_node_text(const struct np_node *map, const char *key);
/*
 * Finds two entries with the same key: returns the later one, and the earlier one in *first.
 * Returns NULL if there are none.
 */
const struct np_node *np_node_duplicate(const struct np_node *map,
					const struct np_node **first);
/* Sets the error for two entries with the same key, in the same words for YAML and JSON. */
int np_node_check_duplicates(const struct np_node *map, const char *file,
			     struct np_error *err);
/* Names a type in messages: "a number", "a list", ... */
const char *np_node_type_name(const struct np_node *node);

#endif
