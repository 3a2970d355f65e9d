/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copy-on-write hash table of opaque values: a paged array of pointers with open addressing,
 * linear probing, and deletion by shifting back.
 *
 * A value is a void * other than NULL, which the table never dereferences. The user's hash_of()
 * gives the 32-bit hash of a value, and match() compares a value with a key. So a value may be
 * a tagged pointer, and one object may be in the table several times with different tags and
 * hashes. Several values may have one hash or match one key; each costs a probe. Where tenants
 * choose the keys, the hashes must be keyed. The table does not own its values. They must stay
 * readable by hash_of() as long as they are in a table.
 *
 * Readers hold the RCU read lock under which they found the table, as long as they use it.
 * Edits run in process context under the world's mutex. After an edit has returned -ENOMEM or
 * -ENOSPC it can only be aborted.
 */
#ifndef NETPOL_CORE_TABLE_H
#define NETPOL_CORE_TABLE_H

#include "core/pages.h"

/* log2 of the bytes of a slot. */
#define NETPOL_TABLE_SHIFT	(sizeof(void *) == 8 ? 3 : 2)

/* Slots of the smallest and the largest table. */
#define NETPOL_TABLE_SLOTS_MIN	512U
#define NETPOL_TABLE_SLOTS_MAX	BIT(28)

/* The hash of a value; whether a value matches a key. */
typedef u32 (*netpol_table_hash_fn)(const void *value);
typedef bool (*netpol_table_match_fn)(const void *value, const void *key);

/**
 * struct netpol_table - a published table, part of a snapshot; all zero is an empty one
 * @slots: array of pointers to values, NULL in a free slot; NULL if the table is empty
 * @mask: number of slots less 1; the number is a power of two
 * @count: number of values
 */
struct netpol_table {
	struct netpol_pages *slots;
	u32 mask;
	u32 count;
};

/**
 * struct netpol_table_edit - a table while an edit changes it
 * @pages: the slots
 * @hash_of: hash of a value
 * @mask: number of slots less 1, if there are any
 * @count: number of values
 */
struct netpol_table_edit {
	struct netpol_pages_edit pages;
	netpol_table_hash_fn hash_of;
	u32 mask;
	u32 count;
};

/* The value in slot i, for dumps that walk 0 <= i <= mask; NULL in a free slot. RCU. */
static __always_inline const void *netpol_table_slot(const struct netpol_table *t, u32 i)
{
	if (!t->slots || i > t->mask)
		return NULL;
	return *(const void *const *)netpol_pages_at(t->slots, NETPOL_TABLE_SHIFT, i);
}

/*
 * Iterates over the values that have this hash: *cursor is 0 for the first and is advanced.
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

/* Begins an edit of a published table; NULL is an empty one. Cannot fail. */
void netpol_table_edit_init(struct netpol_table_edit *e, const struct netpol_table *published,
			    netpol_table_hash_fn hash_of, struct netpol_cow *cow);

/*
 * Makes the table large enough for count values in all, so that it does not grow again and
 * again during many inserts. Returns 0, -ENOMEM, or -ENOSPC above NETPOL_TABLE_SLOTS_MAX.
 */
int netpol_table_reserve(struct netpol_table_edit *e, u32 count);

/* A value that has this hash and matches the key, or NULL. */
void *netpol_table_edit_find(const struct netpol_table_edit *e, u32 hash,
			     netpol_table_match_fn match, const void *key);

/*
 * Iterates over the values that have this hash: *cursor is 0 for the first and is advanced.
 * NULL after the last one. Must not go on after an insert, replace or remove.
 */
void *netpol_table_edit_for_each(const struct netpol_table_edit *e, u32 hash, u32 *cursor);

/*
 * Iterates like netpol_table_edit_for_each() but does not compute the hash of the values, so
 * that values with other hashes come too. For values whose hash costs more to compute than the
 * caller's own comparison.
 */
static inline void *netpol_table_edit_probe(const struct netpol_table_edit *e, u32 hash,
					    u32 *cursor)
{
	if (!e->pages.dir || *cursor > e->mask)
		return NULL;
	return *(void *const *)netpol_pages_read(&e->pages, (hash + (*cursor)++) & e->mask);
}

/* The value in slot i, 0 <= i <= mask, or NULL. Any change of the table may move values. */
void *netpol_table_edit_slot(const struct netpol_table_edit *e, u32 i);

/*
 * Adds a value whose hash_of() is hash, even if it or an equal one is there already. Returns 0,
 * -EINVAL (value NULL), -ENOMEM, or -ENOSPC above NETPOL_TABLE_SLOTS_MAX.
 */
int netpol_table_insert(struct netpol_table_edit *e, void *value, u32 hash);

/*
 * Puts a value in the place of another one that has the same hash. Returns 0, -EINVAL (value
 * NULL, or another hash), -ENOENT or -ENOMEM.
 */
int netpol_table_replace(struct netpol_table_edit *e, const void *old, void *value);

/* Removes a value; once, if it is there several times. Returns 0, -ENOENT or -ENOMEM. */
int netpol_table_remove(struct netpol_table_edit *e, const void *value);

/* Ends the edit and stores the table to publish in *out. Cannot fail. */
void netpol_table_edit_done(struct netpol_table_edit *e, struct netpol_table *out);

/* Ends the edit without a result; the caller frees its memory by running cow->created. */
void netpol_table_edit_abort(struct netpol_table_edit *e);

/* Frees the slots at once and leaves an empty table. Only when no reader is left. */
void netpol_table_free_all(struct netpol_table *t);

#endif /* NETPOL_CORE_TABLE_H */
