/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generic tree of what a YAML or JSON document says, with places, and the two
 * readers that build it. Nodes live in an arena and are never freed one by
 * one. Both readers give the same tree for the same content.
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
#define NP_DOCUMENT_MAX		(8u * 1024 * 1024)	/* bytes */
#define NP_NODES_MAX		1000000u	/* in a document or item */
#define NP_PENDING_MAX		(256u * 1024 * 1024)	/* items kept back */
#define NP_ALIAS_NODES_MAX	100000u
#define NP_ALIAS_FACTOR		10		/* expanded bytes to read */
#define NP_ALIAS_BYTES_FREE	65536u		/* for small documents */
#define NP_ANCHORS_MAX		1000u
#define NP_DIRECTIVES_MAX	64u

enum np_node_type {
	NP_NODE_NULL,
	NP_NODE_BOOL,
	NP_NODE_INT,
	NP_NODE_FLOAT,		/* also integers beyond 64 bits */
	NP_NODE_STRING,
	NP_NODE_LIST,
	NP_NODE_MAP,
};

/*
 * A node is also its own entry in its parent: next, and in a map the key.
 * Through a YAML alias two nodes may share their children.
 */
struct np_node {
	struct np_node *next;
	const char *key;	/* in a map; never holds a NUL */
	union {
		struct np_node *child;	/* first one; list or map */
		const char *text;	/* scalar as written, no NUL inside */
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
	uint32_t count;		/* children; bytes of a string */
	uint8_t type;		/* enum np_node_type */
};

/* Bytes to read: data first, then fd if it is not -1. */
struct np_input {
	const char *name;	/* for messages */
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
};

/*
 * All documents of an input, one after the other. 0, or -1 with *err filled
 * by the reader's function or because the input is no YAML or JSON.
 */
int np_yaml_read(struct np_input *in, const struct np_reader *reader,
		 struct np_error *err);
int np_json_read(struct np_input *in, const struct np_reader *reader,
		 struct np_error *err);

/* Up to size bytes; 0 at the end, -1 with *err filled. */
ssize_t np_input_read(struct np_input *in, void *buf, size_t size,
		      struct np_error *err);

/*
 * First bytes of an input, three or all of it: -1 with *err if it is UTF-16,
 * UTF-32 or compressed, which YAML's and JSON's errors would not say.
 */
int np_input_check_encoding(const char *name, const char *head, size_t len,
			    struct np_error *err);

/* Zeroed but for these. */
struct np_node *np_node_new(struct np_arena *arena, enum np_node_type type,
			    uint32_t line, uint32_t column);
/* *tail is the last child so far, NULL at first. */
void np_node_append(struct np_node *parent, struct np_node **tail,
		    struct np_node *child);
/* Keeps key; line and column are those of the key. */
void np_node_set_key(struct np_node *node, const char *key, uint32_t line,
		     uint32_t column);
/* Entry of a map, or NULL; NULL too if map is no map. */
struct np_node *np_node_get(const struct np_node *map, const char *key);
/*
 * Two entries of one key: returns the later, *first is the earlier. NULL if
 * there are none.
 */
const struct np_node *np_node_duplicate(const struct np_node *map,
					const struct np_node **first);
/* Error for the above, same words for YAML and JSON. */
int np_node_check_duplicates(const struct np_node *map, const char *file,
			     struct np_error *err);
/* "a number", "a list", ... */
const char *np_node_type_name(const struct np_node *node);

#endif
