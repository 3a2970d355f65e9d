// SPDX-License-Identifier: GPL-2.0
/* Copy-on-write hash table of opaque values; see table.h. */
#include "core/table.h"

/* The number of slots; 0 if the table is empty and has none. */
static u32 table_slots(const struct netpol_table_edit *e)
{
	return e->pages.dir ? e->mask + 1 : 0;
}

static void *table_read(const struct netpol_table_edit *e, u32 i)
{
	return *(void *const *)netpol_pages_read(&e->pages, i);
}

static int table_write(struct netpol_table_edit *e, u32 i, const void *value)
{
	const void **slot = netpol_pages_write(&e->pages, i);

	if (!slot)
		return -ENOMEM;
	*slot = value;
	return 0;
}

/* Puts a value into the first free slot at or after the one that its hash gives. */
static int place(struct netpol_table_edit *e, const void *value, u32 hash)
{
	u32 i = hash & e->mask;

	while (table_read(e, i))
		i = (i + 1) & e->mask;
	return table_write(e, i, value);
}

/* How many slots hold @count values at a load of at most @num / @den. */
static int slots_for(u32 count, u32 num, u32 den, u32 *slots)
{
	u64 n = DIV_ROUND_UP((u64)count * den, num);

	if (n > NETPOL_TABLE_SLOTS_MAX)
		return -ENOSPC;
	*slots = roundup_pow_of_two(max_t(u32, n, NETPOL_TABLE_SLOTS_MIN));
	return 0;
}

/* Moves every value to new pages of @slots slots. Return: 0, -ENOMEM or -ENOSPC. */
static int rebuild(struct netpol_table_edit *e, u32 slots)
{
	u32 i, n = table_slots(e);
	struct netpol_table_edit to = *e;
	int error;

	netpol_pages_edit_init(&to.pages, NULL, NETPOL_TABLE_SHIFT, e->pages.cow);
	to.mask = slots - 1;
	error = netpol_pages_reserve(&to.pages, slots);
	for (i = 0; i < n && !error; i++) {
		const void *value = table_read(e, i);

		if (value)
			error = place(&to, value, e->hash_of(value));
		if (i % 1024 == 1023)
			cond_resched();
	}
	if (!error)
		error = netpol_pages_edit_discard(&e->pages);
	if (error) {
		netpol_pages_edit_abort(&to.pages);
		return error;
	}
	*e = to;
	return 0;
}

void netpol_table_edit_init(struct netpol_table_edit *e, const struct netpol_table *published,
			    netpol_table_hash_fn hash_of, struct netpol_cow *cow)
{
	memset(e, 0, sizeof(*e));
	netpol_pages_edit_init(&e->pages, published ? published->slots : NULL,
			       NETPOL_TABLE_SHIFT, cow);
	e->hash_of = hash_of;
	if (published) {
		e->mask = published->mask;
		e->count = published->count;
	}
}

int netpol_table_reserve(struct netpol_table_edit *e, u32 count)
{
	u32 slots;
	int error;

	if (!count)
		return 0;
	error = slots_for(count, 3, 4, &slots);
	if (error || slots <= table_slots(e))
		return error;
	return rebuild(e, slots);
}

void *netpol_table_edit_for_each(const struct netpol_table_edit *e, u32 hash, u32 *cursor)
{
	void *value;

	while ((value = netpol_table_edit_probe(e, hash, cursor)))
		if (e->hash_of(value) == hash)
			return value;
	return NULL;
}

void *netpol_table_edit_find(const struct netpol_table_edit *e, u32 hash,
			     netpol_table_match_fn match, const void *key)
{
	u32 cursor = 0;
	void *value;

	while ((value = netpol_table_edit_for_each(e, hash, &cursor)))
		if (match(value, key))
			break;
	return value;
}

void *netpol_table_edit_slot(const struct netpol_table_edit *e, u32 i)
{
	return i < table_slots(e) ? table_read(e, i) : NULL;
}

int netpol_table_insert(struct netpol_table_edit *e, void *value, u32 hash)
{
	u32 slots = table_slots(e);
	int error;

	if (!value)
		return -EINVAL;
	if ((u64)(e->count + 1) * 4 > (u64)slots * 3) {
		/* doubles the slots: the load goes from 3/4 to 3/8 */
		error = slots_for(e->count + 1, 3, 4, &slots);
		if (!error)
			error = rebuild(e, slots);
		if (error)
			return error;
	}
	error = place(e, value, hash);
	if (!error)
		e->count++;
	return error;
}

/* Finds the slot of a value. Return: 0 or -ENOENT. */
static int find_slot(const struct netpol_table_edit *e, const void *value, u32 *slot)
{
	u32 hash, cursor = 0;
	const void *at;

	if (!value)
		return -ENOENT;
	hash = e->hash_of(value);
	while ((at = netpol_table_edit_for_each(e, hash, &cursor))) {
		if (at == value) {
			*slot = (hash + cursor - 1) & e->mask;
			return 0;
		}
	}
	return -ENOENT;
}

int netpol_table_replace(struct netpol_table_edit *e, const void *old, void *value)
{
	u32 slot;
	int error;

	error = find_slot(e, old, &slot);
	if (error)
		return error;
	if (!value || e->hash_of(value) != e->hash_of(old))
		return -EINVAL;
	return value == old ? 0 : table_write(e, slot, value);
}

int netpol_table_remove(struct netpol_table_edit *e, const void *value)
{
	u32 hole, i, slots;
	int error;

	error = find_slot(e, value, &hole);
	if (error)
		return error;

	/*
	 * Fill the hole with the next value that a search finds there too: one
	 * whose hash does not give a slot after the hole.
	 */
	for (i = (hole + 1) & e->mask; ; i = (i + 1) & e->mask) {
		const void *other = table_read(e, i);

		if (!other)
			break;
		if (((i - e->hash_of(other)) & e->mask) < ((i - hole) & e->mask))
			continue;
		error = table_write(e, hole, other);
		if (error)
			return error;
		hole = i;
	}
	error = table_write(e, hole, NULL);
	if (error)
		return error;
	e->count--;

	if (e->mask + 1 > NETPOL_TABLE_SLOTS_MIN && e->count < (e->mask + 1) / 8) {
		/* the load goes from 1/8 to between 1/4 and 1/2 */
		error = slots_for(max(e->count, 1u), 1, 2, &slots);
		if (!error)
			error = rebuild(e, slots);
	}
	return error;
}

void netpol_table_edit_done(struct netpol_table_edit *e, struct netpol_table *out)
{
	out->slots = netpol_pages_edit_done(&e->pages);
	out->mask = e->mask;
	out->count = e->count;
}

void netpol_table_edit_abort(struct netpol_table_edit *e)
{
	netpol_pages_edit_abort(&e->pages);
}

void netpol_table_free_all(struct netpol_table *t)
{
	netpol_pages_free_all(t->slots);
	memset(t, 0, sizeof(*t));
}
