/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cuts what an API server sends into whole JSON objects, by their structure
 * and not by lines or reads, so that no list is ever held or parsed whole.
 *
 * It looks at strings, braces and brackets only: a whole object may still be
 * no JSON, which its parser finds out. Work is linear in the bytes; memory is
 * one object, at most NP_SPLIT_OBJECT_MAX.
 */
#ifndef NP_KUBE_SPLITTER_H
#define NP_KUBE_SPLITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An object of etcd's limit of 1.5 MB may be about twice that as JSON. */
#define NP_SPLIT_OBJECT_MAX	(3u * 1000 * 1000)
#define NP_SPLIT_DEPTH_MAX	64u
/* What a list says besides its items: version, continue token. */
#define NP_SPLIT_HEAD_MAX	(256u * 1024)

enum np_split_mode {
	NP_SPLIT_STREAM,	/* objects one after the other: a watch */
	NP_SPLIT_LIST,		/* one object; those in its "items" count */
};

struct np_splitter_ops {
	/*
	 * A whole object, from { to }. The text is not terminated, and lives
	 * until the call returns.
	 */
	void (*object)(void *context, const char *text, size_t len);
	/*
	 * An object over a limit has ended; text is its beginning. The reason
	 * is for people.
	 */
	void (*skipped)(void *context, const char *text, size_t len,
			const char *reason);
};

/* Belongs to the caller; all members are private. */
struct np_splitter {
	const struct np_splitter_ops *ops;
	void *context;
	enum np_split_mode mode;
	uint8_t state;		/* enum np_split_state */
	bool in_string;
	bool escaped;
	bool items_seen;
	bool key_is_items;
	const char *skip;	/* why the object at hand is skipped, or NULL */
	const char *error;
	uint64_t depth;		/* inside the object at hand, or the list */
	uint64_t lists;		/* bit n: level n + 1 is a list, not a map */
	char *buffer;		/* the object at hand, as far as read */
	size_t len;
	size_t room;
	char *head;		/* of a list: all but its items */
	size_t head_len;
	size_t head_room;
	char key[8];		/* key at level 1 of a list, if it is short */
	uint8_t key_len;	/* more than the size of key: too long */
	uint64_t bytes;
};

void np_splitter_init(struct np_splitter *s, enum np_split_mode mode,
		      const struct np_splitter_ops *ops, void *context);
/* Ready for another stream or list; keeps small buffers. */
void np_splitter_reset(struct np_splitter *s, enum np_split_mode mode);
void np_splitter_free(struct np_splitter *s);

/*
 * Takes the next bytes and hands over what is complete. 0, or -1 if this can
 * be no JSON (np_splitter_error() says why), for ever from then on.
 */
int np_splitter_feed(struct np_splitter *s, const char *data, size_t len);
/* Is this a place where the input may end? */
bool np_splitter_complete(const struct np_splitter *s);
/* NULL: none. */
const char *np_splitter_error(const struct np_splitter *s);
/* A complete list without its items, as JSON text; not terminated. */
const char *np_splitter_head(const struct np_splitter *s, size_t *len);

#endif
