// SPDX-License-Identifier: GPL-2.0
/* Address map; see addrmap.h. */
#include "core/addrmap.h"

/* How many full buckets a search for a free slot looks at, at most. */
#define SEARCH_MAX	64

/* How often a rebuild is tried, each time with new keys, and how often at one size. */
#define REBUILD_MAX	8
#define REBUILD_SAME	2

/**
 * struct address - an address of either family, as the hashes take it
 * @word: IPv6: the 16 bytes as two words of the CPU's byte order; IPv4: the 4 bytes as such
 *	a word, in [0]
 */
struct address {
	u64 word[2];
};

/* How many addresses fill the table; 0 if it is empty and has no buckets. */
static u64 capacity(const struct netpol_addrmap_edit *e)
{
	return e->pages.dir ? ((u64)e->now.mask + 1) * netpol_addrmap_slots(e->family) : 0;
}

static struct address load_address(u8 family, const void *address)
{
	struct address key = {};

	if (family == AF_INET) {
		u32 word;

		memcpy(&word, address, sizeof(word));
		key.word[0] = word;
	} else {
		memcpy(&key, address, sizeof(key));
	}
	return key;
}

/* The number of the first (@which 0) or second (1) bucket of an address. */
static u32 bucket_of(const struct netpol_addrmap_edit *e, int which,
		     struct address key)
{
	const u64 *keys = e->now.key[which];

	if (e->family == AF_INET)
		return netpol_addrmap_hash4(keys, (__force __be32)key.word[0]) & e->now.mask;
	return netpol_addrmap_hash6(keys, key.word[0], key.word[1]) & e->now.mask;
}

static const void *bucket_at(const struct netpol_addrmap_edit *e, u32 bucket)
{
	return netpol_pages_read(&e->pages, bucket);
}

/* Returns the value in a slot and stores its address in @key; value 0: the slot is empty. */
static u32 slot_read(const struct netpol_addrmap_edit *e, u32 bucket, u32 slot,
		     struct address *key)
{
	const void *at = bucket_at(e, bucket);

	*key = load_address(e->family, netpol_bucket_address(at, e->family, slot));
	return netpol_bucket_value(at, e->family, slot);
}

/*
 * Adds @more to the count of addresses elsewhere, in the first bucket of an address that
 * comes into @bucket or leaves it; does nothing if @bucket is its first one, or if there is
 * no address (@value 0). Returns 0 or -ENOMEM.
 */
static int count_elsewhere(struct netpol_addrmap_edit *e, u32 bucket, struct address key,
			   u32 value, int more)
{
	u32 first = value ? bucket_of(e, 0, key) : bucket;
	struct netpol_bucket4 *b4;
	struct netpol_bucket6 *b6;

	if (first == bucket)
		return 0;
	b4 = netpol_pages_write(&e->pages, first);
	b6 = (struct netpol_bucket6 *)b4;
	if (!b4)
		return -ENOMEM;
	if (e->family == AF_INET)
		b4->elsewhere += more;
	else
		b6->elsewhere += more;
	return 0;
}

static int slot_write(struct netpol_addrmap_edit *e, u32 bucket, u32 slot,
		      struct address key, u32 value)
{
	struct address before;
	u32 value_before = slot_read(e, bucket, slot, &before);
	void *at;

	if (count_elsewhere(e, bucket, before, value_before, -1) ||
	    count_elsewhere(e, bucket, key, value, 1))
		return -ENOMEM;
	at = netpol_pages_write(&e->pages, bucket);
	if (!at)
		return -ENOMEM;
	if (e->family == AF_INET) {
		struct netpol_bucket4 *b = at;

		b->key[slot] = (__force __be32)key.word[0];
		b->value[slot] = value;
	} else {
		struct netpol_bucket6 *b = at;

		memcpy(b->key[slot], &key, sizeof(key));
		b->value[slot] = value;
	}
	return 0;
}

/* The first free slot of a bucket, or -1. */
static int free_slot(const struct netpol_addrmap_edit *e, u32 bucket)
{
	u32 slots = netpol_addrmap_slots(e->family);
	const void *at = bucket_at(e, bucket);
	u32 i;

	for (i = 0; i < slots; i++)
		if (!netpol_bucket_value(at, e->family, i))
			return i;
	return -1;
}

/* The slot of an address in a bucket, or -1. */
static int slot_of(u8 family, const void *bucket, struct address key)
{
	const struct netpol_bucket4 *b4 = bucket;
	const struct netpol_bucket6 *b6 = bucket;
	int i;

	if (family == AF_INET) {
		for (i = 0; i < NETPOL_ADDRMAP_SLOTS4; i++)
			if (b4->key[i] == (__force __be32)key.word[0] && b4->value[i])
				return i;
		return -1;
	}
	for (i = 0; i < NETPOL_ADDRMAP_SLOTS6; i++)
		if (b6->key[i][0] == key.word[0] && b6->key[i][1] == key.word[1] && b6->value[i])
			return i;
	return -1;
}

/* Finds the bucket and slot of an address. Returns its value, or 0 if it is not there. */
static u32 find_slot(const struct netpol_addrmap_edit *e, struct address key,
		     u32 *bucket, u32 *slot)
{
	int which, found;

	if (!e->pages.dir)
		return 0;
	for (which = 0; which < 2; which++) {
		const void *at;

		*bucket = bucket_of(e, which, key);
		at = bucket_at(e, *bucket);
		found = slot_of(e->family, at, key);
		if (found < 0)
			continue;
		*slot = found;
		return netpol_bucket_value(at, e->family, found);
	}
	return 0;
}

/**
 * struct step - a full bucket that the search for a free slot has reached
 * @bucket: number of the bucket
 * @parent: index of the step from whose bucket it was reached; -1: one of the two buckets
 *	of the new address
 * @slot: slot in the parent's bucket, of the address that has this as its other bucket
 */
struct step {
	u32 bucket;
	s8 parent;
	u8 slot;
};

/*
 * Moves the address in @slot of the last step's bucket to the free slot, then the address
 * of the parent step into the slot that became free, and so on up to a bucket of the new
 * address, which goes into the slot that is free in the end.
 */
static int displace_along(struct netpol_addrmap_edit *e, const struct step *steps,
			  int step, u32 slot, u32 to_bucket, u32 to_slot,
			  struct address new_key, u32 new_value)
{
	struct address key;
	u32 value;
	int error;

	while (step >= 0) {
		value = slot_read(e, steps[step].bucket, slot, &key);
		error = slot_write(e, to_bucket, to_slot, key, value);
		if (error)
			return error;
		to_bucket = steps[step].bucket;
		to_slot = slot;
		slot = steps[step].slot;
		step = steps[step].parent;
	}
	return slot_write(e, to_bucket, to_slot, new_key, new_value);
}

/*
 * Makes room for a new address in one of its two full buckets: searches breadth first for
 * the nearest bucket with a free slot and moves addresses on the way there to their other
 * bucket. No bucket is visited twice, so no address is moved twice. Returns -ENOSPC, with
 * nothing changed, if there is no free slot near enough.
 */
static int displace(struct netpol_addrmap_edit *e, u32 first, u32 second,
		    struct address key, u32 value)
{
	struct step steps[SEARCH_MAX];
	u32 slots = netpol_addrmap_slots(e->family);
	int head, seen, tail = 0;
	u32 slot;

	steps[tail++] = (struct step){ .bucket = first, .parent = -1 };
	if (second != first)
		steps[tail++] = (struct step){ .bucket = second, .parent = -1 };
	for (head = 0; head < tail; head++) {
		for (slot = 0; slot < slots; slot++) {
			u32 here = steps[head].bucket;
			struct address at;
			u32 other;
			int free;

			slot_read(e, here, slot, &at);
			other = bucket_of(e, 0, at);
			if (other == here)
				other = bucket_of(e, 1, at);
			free = free_slot(e, other);
			if (free >= 0)
				return displace_along(e, steps, head, slot, other, free,
						      key, value);
			for (seen = 0; seen < tail; seen++)
				if (steps[seen].bucket == other)
					break;
			if (seen == tail && tail < SEARCH_MAX)
				steps[tail++] = (struct step){
					.bucket = other, .parent = head, .slot = slot,
				};
		}
	}
	return -ENOSPC;
}

/* Adds an address that is not there. Returns -ENOSPC if these keys leave no slot for it. */
static int place(struct netpol_addrmap_edit *e, struct address key, u32 value)
{
	u32 bucket[2];
	int which, slot;

	for (which = 0; which < 2; which++) {
		bucket[which] = bucket_of(e, which, key);
		slot = free_slot(e, bucket[which]);
		if (slot >= 0)
			return slot_write(e, bucket[which], slot, key, value);
	}
	return displace(e, bucket[0], bucket[1], key, value);
}

/* Adds every address of one edit to another one, which is empty. */
static int copy_all(struct netpol_addrmap_edit *to, const struct netpol_addrmap_edit *from)
{
	u32 slots = netpol_addrmap_slots(from->family);
	struct address key;
	u32 bucket, slot, value;
	int error;

	if (!from->pages.dir)
		return 0;
	for (bucket = 0; bucket <= from->now.mask; bucket++) {
		for (slot = 0; slot < slots; slot++) {
			value = slot_read(from, bucket, slot, &key);
			if (!value)
				continue;
			error = place(to, key, value);
			if (error)
				return error;
		}
		if (bucket % 64 == 63)
			cond_resched();
	}
	return 0;
}

/* Moves every address to new pages of at least @buckets buckets, under new keys. */
static int rebuild(struct netpol_addrmap_edit *e, u32 buckets)
{
	struct netpol_addrmap_edit to;
	int error, attempt;

	for (attempt = 0; attempt < REBUILD_MAX; attempt++) {
		if (attempt && attempt % REBUILD_SAME == 0)
			buckets *= 2;
		if (buckets > NETPOL_ADDRMAP_BUCKETS_MAX)
			return -ENOSPC;
		to = *e;
		netpol_pages_edit_init(&to.pages, NULL, NETPOL_ADDRMAP_SHIFT, e->pages.cow);
		to.now.mask = buckets - 1;
		get_random_bytes(to.now.key, sizeof(to.now.key));
		to.now.key[0][0] |= 1;
		to.now.key[1][0] |= 1;
		error = netpol_pages_reserve(&to.pages, buckets);
		if (!error)
			error = copy_all(&to, e);
		if (!error)
			error = netpol_pages_edit_discard(&e->pages);
		if (!error) {
			*e = to;
			return 0;
		}
		if (error != -ENOSPC) {
			netpol_pages_edit_abort(&to.pages);
			return error;
		}
		error = netpol_pages_edit_discard(&to.pages);
		if (error)
			return error;
	}
	return -ENOSPC;
}

/* How many buckets hold @count addresses at a load of at most @percent. */
static int buckets_for(u8 family, u32 count, u32 percent, u32 *buckets)
{
	u64 n = DIV_ROUND_UP((u64)count * 100, percent * netpol_addrmap_slots(family));

	if (n > NETPOL_ADDRMAP_BUCKETS_MAX)
		return -ENOSPC;
	*buckets = roundup_pow_of_two(max_t(u32, n, NETPOL_ADDRMAP_BUCKETS_MIN));
	return 0;
}

void netpol_addrmap_edit_init(struct netpol_addrmap_edit *e, const struct netpol_addrmap *published,
			      u8 family, struct netpol_cow *cow)
{
	memset(e, 0, sizeof(*e));
	if (published)
		e->now = *published;
	e->now.buckets = NULL;
	e->family = family;
	netpol_pages_edit_init(&e->pages, published ? published->buckets : NULL,
			       NETPOL_ADDRMAP_SHIFT, cow);
}

int netpol_addrmap_reserve(struct netpol_addrmap_edit *e, u32 count)
{
	u32 buckets;
	int error;

	if (!count)
		return 0;
	error = buckets_for(e->family, count, 80, &buckets);
	if (error || (e->pages.dir && buckets <= e->now.mask + 1))
		return error;
	return rebuild(e, buckets);
}

/* Deletes the address in a slot, and shrinks the table if it has become too large. */
static int delete_slot(struct netpol_addrmap_edit *e, u32 bucket, u32 slot)
{
	u32 buckets;
	int error;

	error = slot_write(e, bucket, slot, (struct address){}, 0);
	if (error)
		return error;
	e->now.count--;
	if (e->now.mask + 1 <= NETPOL_ADDRMAP_BUCKETS_MIN ||
	    (u64)e->now.count * 100 >= capacity(e) * 15)
		return 0;
	error = buckets_for(e->family, e->now.count, 60, &buckets);
	return error ? error : rebuild(e, buckets);
}

int netpol_addrmap_set(struct netpol_addrmap_edit *e, const void *address, u32 value)
{
	struct address key = load_address(e->family, address);
	u32 bucket, slot, now, buckets;
	int error, attempt;

	now = find_slot(e, key, &bucket, &slot);
	if (now == value)
		return 0;
	if (!key.word[0] && !key.word[1])
		return -EINVAL;
	if (now && value)
		return slot_write(e, bucket, slot, key, value);
	if (now)
		return delete_slot(e, bucket, slot);

	if ((u64)(e->now.count + 1) * 100 > capacity(e) * 80) {
		error = netpol_addrmap_reserve(e, e->now.count + 1);
		if (error)
			return error;
	}
	error = place(e, key, value);
	for (attempt = 0; error == -ENOSPC && attempt < REBUILD_MAX; attempt++) {
		buckets = e->now.mask + 1;
		if ((u64)e->now.count * 100 > capacity(e) * 70)
			buckets *= 2;
		error = rebuild(e, buckets);
		if (error)
			return error;
		error = place(e, key, value);
	}
	if (!error)
		e->now.count++;
	return error;
}

u32 netpol_addrmap_get(const struct netpol_addrmap_edit *e, const void *address)
{
	u32 bucket, slot;

	return find_slot(e, load_address(e->family, address), &bucket, &slot);
}

void netpol_addrmap_edit_done(struct netpol_addrmap_edit *e, struct netpol_addrmap *out)
{
	*out = e->now;
	out->buckets = netpol_pages_edit_done(&e->pages);
}

void netpol_addrmap_edit_abort(struct netpol_addrmap_edit *e)
{
	netpol_pages_edit_abort(&e->pages);
}

void netpol_addrmap_free_all(struct netpol_addrmap *p)
{
	netpol_pages_free_all(p->buckets);
	memset(p, 0, sizeof(*p));
}
