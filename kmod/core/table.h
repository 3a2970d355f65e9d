/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copy-on-write hash table of opaque values: open addressing, linear probing,
 * deletion by shifting back, in a paged array of pointers.
 *
 * A value is a void * other than NULL that the table never looks into. The
 * user's hash_of() gives the full 32-bit hash of a value, match() compares one
 * with a key; so a value may be a tagged pointer, and one object may be in the
 * table several times under different tags and hashes. Several values with one
 * hash, or matching one key, are fine, but they cost one probe each. Hashes
 * must be keyed where tenants choose the keys. Values aren't owned; they must
 * be readable by hash_of() as long as they are in a table.
 *
 * Readers hold the RCU section under which they found the table. Edits run in
 * process context under the world's mutex. An edit that returned -ENOMEM or
 * -ENOSPC can only be aborted.
 */
#ifndef NETPOL_CORE_TABLE_H
#define NETPOL_CORE_TABLE_H

#include "core/pages.h"

/* log2 of the bytes of a slot. */
#define NETPOL_TABLE_SHIFT	(sizeof(void *) == 8 ? 3 : 2)

/* Slots of the smallest and the largest table. */
#define NETPOL_TABLE_SLOTS_MIN	512U
#define NETPOL_TABLE_SLOTS_MAX	BIT(28)

typedef u32 (*netpol_table_hash_fn)(const void *value);
typedef bool (*netpol_table_match_fn)(const void *value, const void *key);

/**
 * struct netpol_table - a published table, part of a snapshot; all zero is empty
 * @slots: values, NULL where there is none; NULL for an empty table
 * @mask: number of slots - 1; the number is a power of two
 * @count: values
 */
struct netpol_table {
	struct netpol_pages *slots;
	u32 mask;
	u32 count;
};

/**
 * struct netpol_table_edit - the table while one edit is changing it
 * @pages: slots
 * @hash_of: hash of a value
 * @mask: number of slots - 1, if there are any
 * @count: values
 */
struct netpol_table_edit {
	struct netpol_pages_edit pages;
	netpol_table_hash_fn hash_of;
	u32 mask;
	u32 count;
};

/* Slot i of a table, for dumps, 0 <= i <= mask; NULL if empty. RCU. */
static __always_inline const void *netpol_table_slot(const struct netpol_table *t, u32 i)
{
	if (!t->slots || i > t->mask)
		return NULL;
	return *(const void *const *)netpol_pages_at(t->slots, NETPOL_TABLE_SHIFT, i);
}

/*
 * The next value with this hash. *cursor is 0 for the first and is moved on;
 * NULL after the last one. RCU.
 */
static __always_inline const void *
netpol_table_for_each(const struct netpol_table *t, u32 hash, u32 *cursor,
		      netpol_table_hash_fn hash_of)
{
	if (!t->slots)
		return NULL;
	while (*cursor <= t->mask) {
		const void *value = netpol_table_slot(t, (hash + *cursor) & t->mask);

		if (!value)
			break;
		++*cursor;
		if (hash_of(value) == hash)
			return value;
	}
	return NULL;
}

/* A value that has this hash and matches the key, or NULL. RCU. */
static __always_inline const void *
netpol_table_find(const struct netpol_table *t, u32 hash, netpol_table_match_fn match,
		  const void *key, netpol_table_hash_fn hash_of)
{
	const void *value;
	u32 cursor = 0;

	while ((value = netpol_table_for_each(t, hash, &cursor, hash_of)))
		if (match(value, key))
			break;
	return value;
}

/* Begins an edit of a published table, or of an empty one (NULL). Can't fail. */
void netpol_table_edit_init(struct netpol_table_edit *e, const struct netpol_table *published,
			    netpol_table_hash_fn hash_of, struct netpol_cow *cow);

/* Makes room for count values in all before many inserts. 0, -ENOMEM or -ENOSPC. */
int netpol_table_reserve(struct netpol_table_edit *e, u32 count);

/* A value that has this hash and matches the key, or NULL. */
void *netpol_table_edit_find(const struct netpol_table_edit *e, u32 hash,
			     netpol_table_match_fn match, const void *key);

/*
 * The next value with this hash. *cursor is 0 for the first and is moved on;
 * NULL after the last one. An insert, replace or remove ends the iteration.
 */
void *netpol_table_edit_for_each(const struct netpol_table_edit *e, u32 hash, u32 *cursor);

/*
 * The same without a look at the hash, for values whose hash is dearer than to see whether
 * they are the ones: all with this hash, and others.
 */
static inline void *netpol_table_edit_probe(const struct netpol_table_edit *e, u32 hash,
					    u32 *cursor)
{
	if (!e->pages.dir || *cursor > e->mask)
		return NULL;
	return *(void *const *)netpol_pages_read(&e->pages, (hash + (*cursor)++) & e->mask);
}

/* Slot i while editing, 0 <= i <= mask; any change may move values. NULL if empty. */
void *netpol_table_edit_slot(const struct netpol_table_edit *e, u32 i);

/*
 * Adds a value whose hash_of() is hash, also if it or its like is there already.
 * 0, -EINVAL (NULL), -ENOMEM, or -ENOSPC above NETPOL_TABLE_SLOTS_MAX.
 */
int netpol_table_insert(struct netpol_table_edit *e, void *value, u32 hash);

/* Puts one value, of the same hash, in place of another. 0, -EINVAL, -ENOENT or -ENOMEM. */
int netpol_table_replace(struct netpol_table_edit *e, const void *old, void *value);

/* Removes a value, once if it is there several times. 0, -ENOENT or -ENOMEM. */
int netpol_table_remove(struct netpol_table_edit *e, const void *value);

/* Ends the edit; the table to publish goes to *out. Can't fail. */
void netpol_table_edit_done(struct netpol_table_edit *e, struct netpol_table *out);

/* Ends the edit and forgets it; running cow->created frees its memory. */
void netpol_table_edit_abort(struct netpol_table_edit *e);

/* Frees the slots at once and leaves an empty table. For the final teardown. */
void netpol_table_free_all(struct netpol_table *t);

#endif /* NETPOL_CORE_TABLE_H */
