/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cuts the bytes that an API server sends into JSON objects, so that no list is held or parsed
 * as a whole. Objects are found by their structure, not by lines or reads.
 *
 * The splitter looks only at strings, braces and brackets. Whether an object is valid JSON is
 * found out by its parser. The work is linear in the number of bytes. At most one object is
 * kept, of at most NP_SPLIT_OBJECT_MAX bytes.
 */
#ifndef NP_KUBE_SPLITTER_H
#define NP_KUBE_SPLITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* etcd takes objects of up to 1.5 MB, which may have about twice the size as JSON. */
/*
 * The API server takes requests of 3 MiB, and writes '<', '>' and '&' as six bytes each. So no
 * object that it can hold is longer.
 */
#define NP_SPLIT_OBJECT_MAX	(20u << 20)
/*
 * The API server takes 10,000 levels, and an object can have them where nobody looks, as in
 * managedFields. The brackets of the first levels are compared here, the others by the parser.
 */
#define NP_SPLIT_DEPTH_MAX	16384u
#define NP_SPLIT_BRACKETS	64u
/* The rest of a list without its items: version and continue token, for example. */
#define NP_SPLIT_HEAD_MAX	(256u * 1024)

enum np_split_mode {
	NP_SPLIT_STREAM,	/* objects that follow each other: a watch */
	NP_SPLIT_LIST,		/* the objects in the "items" of one object */
};

struct np_splitter_ops {
	/*
	 * A complete object, from { to }. The text is not terminated and is valid until the
	 * call returns.
	 */
	void (*object)(void *context, const char *text, size_t len);
	/*
	 * An object that exceeds a limit has ended. text is its beginning. reason is for
	 * people.
	 */
	void (*skipped)(void *context, const char *text, size_t len,
			const char *reason);
};

/* The caller provides the memory. All members are private. */
struct np_splitter {
	const struct np_splitter_ops *ops;
	void *context;
	enum np_split_mode mode;
	uint8_t state;		/* enum np_split_state */
	bool in_string;
	bool escaped;
	bool items_seen;
	bool key_is_items;
	const char *skip;	/* why the current object is skipped, or NULL */
	const char *error;
	uint64_t depth;		/* levels that are open in the current object or list */
	uint64_t lists;		/* bit n: level n + 1 is a list, not a map */
	struct np_buffer object;	/* the current object, as far as it was read */
	struct np_buffer head;	/* a list without its items */
	char key[8];		/* the current key at level 1 of a list, if it fits */
	uint8_t key_len;	/* greater than sizeof(key): it does not fit */
	uint64_t bytes;
};

void np_splitter_init(struct np_splitter *s, enum np_split_mode mode,
		      const struct np_splitter_ops *ops, void *context);
/* Prepares it for another stream or list. Small buffers are kept. */
void np_splitter_reset(struct np_splitter *s, enum np_split_mode mode);
void np_splitter_free(struct np_splitter *s);

/*
 * Takes the next bytes and hands over the objects that are complete. Returns 0, or -1 if the
 * bytes cannot be JSON. np_splitter_error() says why, and every later call returns -1 too.
 */
int np_splitter_feed(struct np_splitter *s, const char *data, size_t len);
/* Returns true if the input may end here. */
bool np_splitter_complete(const struct np_splitter *s);
/* Returns why the bytes cannot be JSON, or NULL. */
const char *np_splitter_error(const struct np_splitter *s);
/* Returns a complete list without its items, as JSON text that is not terminated. */
const char *np_splitter_head(const struct np_splitter *s, size_t *len);

#endif
