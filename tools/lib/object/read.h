/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes to objects. Private to the loader.
 *
 * All functions that return int return 0, or -1 with d->err filled.
 */
#ifndef NP_OBJECT_READ_H
#define NP_OBJECT_READ_H

#include <stdbool.h>

#include "base/error.h"
#include "object/node.h"
#include "object/object.h"

/* Path of a field, built on the stack and written out only for a message. */
struct np_path {
	const struct np_path *up;
	const char *key;	/* NULL: index */
	uint32_t index;
};

#define NP_FIELD(up, key)	(&(const struct np_path){ (up), (key), 0 })
#define NP_INDEX(up, index)	(&(const struct np_path){ (up), NULL, (index) })

/* Kind that the entries of a list have if they don't say. */
struct np_list_kind {
	const char *list;
	const char *api_version;	/* NULL: entries say */
	const char *kind;
};

struct np_decode {
	struct np_objects *objs;
	struct np_error *err;
	const char *file;	/* interned in objs */
	bool lenient;
	/* Lenient, but an unknown field is an error: it may narrow what it is part of. */
	bool known_only;
	/* The object at hand, for messages; not NULL. */
	const char *kind;
	const char *namespace;
	const char *name;
	/* A list whose items come one by one, before its kind may be known. */
	struct np_mark mark;
	const struct np_list_kind *list_kind;
	bool list_known;
	bool list_foreign;
	struct np_node *pending;
	struct np_node *pending_tail;
};

struct np_meta {
	const char *namespace;	/* "" if none */
	const char *name;
	const char *uid;
	struct np_labels labels;
	int64_t created;
	bool deleting;
};

/* The three callbacks of struct np_reader; arg is a struct np_decode. */
int np_decode_items_begin(void *arg, struct np_node *head,
			  struct np_error *err);
int np_decode_item(void *arg, struct np_node *item, uint32_t index,
		   struct np_error *err);
int np_decode_document(void *arg, struct np_node *root, bool items_read,
		       struct np_error *err);

int np_decode_namespace(struct np_decode *d, const struct np_node *node,
			const struct np_path *path);
int np_decode_pod(struct np_decode *d, const struct np_node *node,
		  const struct np_path *path);
int np_decode_policy(struct np_decode *d, const struct np_node *node,
		     const struct np_path *path);

/* Helpers. A place is that of a node's value, or of its key. */
int np_fail(struct np_decode *d, const struct np_node *node,
	    const struct np_path *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int np_fail_key(struct np_decode *d, const struct np_node *node,
		const struct np_path *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void np_warn(struct np_decode *d, const struct np_node *node,
	     const struct np_path *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
struct np_place np_decode_place(const struct np_decode *d,
				const struct np_node *node);

/*
 * Field of a map: *field is NULL if it is missing or null. The value of a
 * field that is there must have the type.
 */
int np_get(struct np_decode *d, const struct np_node *map, const char *key,
	   enum np_node_type type, const struct np_path *path,
	   const struct np_node **field);
/* The same for a string; "" if missing or null. The text is interned. */
int np_get_string(struct np_decode *d, const struct np_node *map,
		  const char *key, const struct np_path *path,
		  const char **text);
int np_expect(struct np_decode *d, const struct np_node *node,
	      enum np_node_type type, const struct np_path *path);
/* Entry of a list that must be a map; *null if it is null and may be. */
int np_expect_entry(struct np_decode *d, const struct np_node *node,
		    const struct np_path *path, const char *meaning,
		    bool *null);
int np_check_fields(struct np_decode *d, const struct np_node *map,
		    const struct np_path *path, const char *const *known,
		    size_t count);
#define NP_CHECK_FIELDS(d, map, path, ...)				\
({									\
	static const char *const np_known[] = { __VA_ARGS__ };		\
	np_check_fields(d, map, path, np_known,				\
			sizeof(np_known) / sizeof(np_known[0]));	\
})
/*
 * For a map whose schema grows from version to version: an unknown field is an
 * error only if it is one of these but for a capital or one letter.
 */
int np_check_misspelt(struct np_decode *d, const struct np_node *map,
		      const struct np_path *path, const char *const *known,
		      size_t count);
#define NP_CHECK_MISSPELT(d, map, path, ...)				\
({									\
	static const char *const np_known[] = { __VA_ARGS__ };		\
	np_check_misspelt(d, map, path, np_known,			\
			  sizeof(np_known) / sizeof(np_known[0]));	\
})
int np_decode_meta(struct np_decode *d, const struct np_node *node,
		   const struct np_path *path, bool namespaced,
		   struct np_meta *meta);
/* "TCP", ... to the number; field may be NULL: TCP. */
int np_decode_protocol(struct np_decode *d, const struct np_node *field,
		       const struct np_path *path, uint8_t *protocol);

#endif
