/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads fields of nodes, and the metadata that all objects have. All functions that return int
 * return 0, or -1 with d->err filled.
 */
#ifndef NP_OBJECT_FIELD_H
#define NP_OBJECT_FIELD_H

#include <stdbool.h>

#include "base/errors.h"
#include "object/node.h"
#include "object/object.h"

/* The path of a field. It is built on the stack and only turned into text for a message. */
struct np_path {
	const struct np_path *up;
	const char *key;	/* NULL: the step is an index */
	uint32_t index;
};

#define NP_FIELD(up, key)	(&(const struct np_path){ (up), (key), 0 })
#define NP_INDEX(up, index)	(&(const struct np_path){ (up), NULL, (index) })

/* The kind of the entries of a list, which they may leave out. */
struct np_list_kind {
	const char *list;
	const char *api_version;	/* NULL: each entry names its kind */
	const char *kind;
};

/* What is being read, and how. */
struct np_convert;

struct np_decode {
	struct np_objects *objs;
	struct np_error *err;
	struct np_errors *errors;	/* of struct np_load_options */
	const char *file;	/* interned in objs */
	bool lenient;
	/*
	 * With lenient: an unknown field is still an error, because it may narrow what it is part
	 * of.
	 */
	bool known_only;
	/*
	 * With lenient: what is wrong is still an error, because a part of it means something else.
	 * A null is no empty value either. Set while the spec of a ClusterNetworkPolicy is read.
	 */
	bool exact;
	struct np_convert *convert;	/* of struct np_load_options */
	/* It was written by this tool; see struct np_load_options. */
	bool own;
	/* The current object, for messages. Never NULL. */
	const char *kind;
	const char *namespace;
	const char *name;
	/* A list whose items arrive one by one, possibly before its kind is known. */
	struct np_mark mark;
	const struct np_list_kind *list_kind;
	bool list_known;
	bool list_foreign;
	struct np_node *pending;
	struct np_node *pending_tail;
};

/* The metadata of an object. */
struct np_meta {
	const char *namespace;	/* "" if there is none */
	const char *name;
	const char *uid;
	const struct np_node *annotations;	/* NULL: none */
	const struct np_node *owners;		/* NULL: none */
	struct np_labels labels;
	int64_t created;
	bool deleting;
};

/*
 * Errors and warnings. The location of a node is that of its value; the functions named _key take
 * that of its key.
 */
int np_fail(struct np_decode *d, const struct np_node *node,
	    const struct np_path *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int np_fail_key(struct np_decode *d, const struct np_node *node,
		const struct np_path *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void np_warn(struct np_decode *d, const struct np_node *node,
	     const struct np_path *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/*
 * Where errors are collected, notes the error of a part of an object, and lets the rest of the
 * object be read, to find more of them. The object is left out in any case. ret: what reading the
 * part returned. Returns -1 if reading must end with this error.
 */
int np_go_on(struct np_decode *d, int ret);
struct np_place np_decode_place(const struct np_decode *d,
				const struct np_node *node);

/*
 * Gets a field of a map. *field is NULL if the field is missing or null; otherwise its value
 * must have the type.
 */
int np_get(struct np_decode *d, const struct np_node *map, const char *key,
	   enum np_node_type type, const struct np_path *path,
	   const struct np_node **field);
/* Gets a string field of a map and interns it. It is "" if the field is missing or null. */
int np_get_string(struct np_decode *d, const struct np_node *map,
		  const char *key, const struct np_path *path,
		  const char **text);
/* Gets a field of a map that must be there. */
int np_need(struct np_decode *d, const struct np_node *map, const char *key,
	    enum np_node_type type, const struct np_path *path, const struct np_node **field);
/*
 * Gets a list that must have entries if it is there, at most max if that is not 0. *list is NULL if
 * it is not there and not required.
 */
int np_get_entries(struct np_decode *d, const struct np_node *map, const char *key,
		   const struct np_path *path, bool required, uint32_t max,
		   const struct np_node **list);
/* Checks the type of a node. */
int np_expect(struct np_decode *d, const struct np_node *node,
	      enum np_node_type type, const struct np_path *path);
/* Checks that an entry of a list is a map. Sets *null if it is null where that is allowed. */
int np_expect_entry(struct np_decode *d, const struct np_node *node,
		    const struct np_path *path, const char *meaning,
		    bool *null);
/* Checks that a map has only these fields. */
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
 * Checks a map whose schema grows with each Kubernetes version: an unknown field is an error
 * only if it differs from one of these by case or by one letter.
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
/* What an object is in. */
enum np_scope {
	NP_SCOPE_OF_NAMESPACE,	/* it is a namespace, so its name is short */
	NP_SCOPE_NAMESPACED,
	NP_SCOPE_CLUSTER,
};

/* Reads the metadata of an object, and sets the names of d for messages. */
int np_decode_meta(struct np_decode *d, const struct np_node *node,
		   const struct np_path *path, enum np_scope scope,
		   struct np_meta *meta);
/* Reads the priority of a spec of a cluster-wide policy, which must be there. */
int np_decode_priority(struct np_decode *d, const struct np_node *spec,
		       const struct np_path *path, uint16_t *priority);
/*
 * Reads NP_AUDIT_KEY of an object. *asked: it is "true". *refused: it has another value. Warns if
 * that is not "false". refused may be NULL.
 */
void np_decode_audit(struct np_decode *d, const struct np_meta *meta, const struct np_path *path,
		     bool *asked, bool *refused);
/* Reads a protocol's name into its number. If field is NULL, the protocol is TCP. */
int np_decode_protocol(struct np_decode *d, const struct np_node *field,
		       const struct np_path *path, uint8_t *protocol);

#endif
