// SPDX-License-Identifier: GPL-2.0
/* Peer table: address -> value; see addrmap.h. */
#include "core/addrmap.h"

/* Full buckets that a search for a free slot looks at, at most. */
#define SEARCH_MAX	64

/* Rebuilds with new keys before giving up, and how many of them at one size. */
#define REBUILD_MAX	8
#define REBUILD_SAME	2

/**
 * struct netpol_peer_key - an address of either family
 * @word: IPv6: as in memory; IPv4: as in memory in the lower half of the first
 */
struct netpol_peer_key {
	u64 word[2];
};

/* Addresses that would fill the table; 0 while it is empty and was never written. */
static u64 netpol_peers_capacity(const struct netpol_peers_edit *e)
{
	return e->pages.dir ? ((u64)e->now.mask + 1) * netpol_peers_slots(e->family) : 0;
}

static struct netpol_peer_key netpol_peer_key(u8 family, const void *address)
{
	struct netpol_peer_key key = {};

	if (family == AF_INET) {
		u32 word;

		memcpy(&word, address, sizeof(word));
		key.word[0] = word;
	} else {
		memcpy(&key, address, sizeof(key));
	}
	return key;
}

/* The first or second bucket (0 or 1) of an address. */
static u32 netpol_peers_bucket(const struct netpol_peers_edit *e, int which,
			       struct netpol_peer_key key)
{
	const u64 *keys = e->now.key[which];

	if (e->family == AF_INET)
		return netpol_peers_hash4(keys, (__force __be32)key.word[0]) & e->now.mask;
	return netpol_peers_hash6(keys, key.word[0], key.word[1]) & e->now.mask;
}

static const void *netpol_peers_at(const struct netpol_peers_edit *e, u32 bucket)
{
	return netpol_pages_read(&e->pages, bucket);
}

/* The value in a slot and, if there is one, its address. */
static u32 netpol_peers_read(const struct netpol_peers_edit *e, u32 bucket, u32 slot,
			     struct netpol_peer_key *key)
{
	const void *at = netpol_peers_at(e, bucket);

	*key = netpol_peer_key(e->family, netpol_bucket_address(at, e->family, slot));
	return netpol_bucket_value(at, e->family, slot);
}

/* Counts in its first bucket that an address, if it is one, is or no longer is in another. */
static int netpol_peers_note(struct netpol_peers_edit *e, u32 bucket, struct netpol_peer_key key,
			     u32 value, int more)
{
	u32 first = value ? netpol_peers_bucket(e, 0, key) : bucket;
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

static int netpol_peers_write(struct netpol_peers_edit *e, u32 bucket, u32 slot,
			      struct netpol_peer_key key, u32 value)
{
	struct netpol_peer_key before;
	u32 value_before = netpol_peers_read(e, bucket, slot, &before);
	void *at;

	if (netpol_peers_note(e, bucket, before, value_before, -1) ||
	    netpol_peers_note(e, bucket, key, value, 1))
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
static int netpol_peers_free_slot(const struct netpol_peers_edit *e, u32 bucket)
{
	u32 slots = netpol_peers_slots(e->family);
	const void *at = netpol_peers_at(e, bucket);
	u32 i;

	for (i = 0; i < slots; i++)
		if (!netpol_bucket_value(at, e->family, i))
			return i;
	return -1;
}

/* The slot of an address in a bucket, or -1. */
static int netpol_peers_slot(u8 family, const void *bucket, struct netpol_peer_key key)
{
	const struct netpol_bucket4 *b4 = bucket;
	const struct netpol_bucket6 *b6 = bucket;
	int i;

	if (family == AF_INET) {
		for (i = 0; i < NETPOL_PEERS_SLOTS4; i++)
			if (b4->key[i] == (__force __be32)key.word[0] && b4->value[i])
				return i;
		return -1;
	}
	for (i = 0; i < NETPOL_PEERS_SLOTS6; i++)
		if (b6->key[i][0] == key.word[0] && b6->key[i][1] == key.word[1] && b6->value[i])
			return i;
	return -1;
}

/* Where an address is. Its value, or 0 if it is nowhere. */
static u32 netpol_peers_where(const struct netpol_peers_edit *e, struct netpol_peer_key key,
			      u32 *bucket, u32 *slot)
{
	int which, found;

	if (!e->pages.dir)
		return 0;
	for (which = 0; which < 2; which++) {
		const void *at;

		*bucket = netpol_peers_bucket(e, which, key);
		at = netpol_peers_at(e, *bucket);
		found = netpol_peers_slot(e->family, at, key);
		if (found < 0)
			continue;
		*slot = found;
		return netpol_bucket_value(at, e->family, found);
	}
	return 0;
}

/**
 * struct netpol_peer_step - a full bucket that the search for a free slot met
 * @bucket: its number
 * @parent: the step from whose bucket it was reached; -1 for an address's own
 * @slot: the slot in the parent's bucket whose address could also be here
 */
struct netpol_peer_step {
	u32 bucket;
	s8 parent;
	u8 slot;
};

/*
 * Moves an address from a slot to its other bucket, which has a free one, then
 * the address above into the slot that this leaves, and so on up to an address's
 * own bucket; and puts the new one there.
 */
static int netpol_peers_shift(struct netpol_peers_edit *e, const struct netpol_peer_step *steps,
			      int step, u32 slot, u32 to_bucket, u32 to_slot,
			      struct netpol_peer_key new_key, u32 new_value)
{
	struct netpol_peer_key key;
	u32 value;
	int error;

	while (step >= 0) {
		value = netpol_peers_read(e, steps[step].bucket, slot, &key);
		error = netpol_peers_write(e, to_bucket, to_slot, key, value);
		if (error)
			return error;
		to_bucket = steps[step].bucket;
		to_slot = slot;
		slot = steps[step].slot;
		step = steps[step].parent;
	}
	return netpol_peers_write(e, to_bucket, to_slot, new_key, new_value);
}

/*
 * Makes room in one of two full buckets: the nearest free slot, breadth first.
 * No bucket is visited twice, so no address is moved twice. -ENOSPC if there is
 * none near enough; then nothing has changed.
 */
static int netpol_peers_displace(struct netpol_peers_edit *e, u32 first, u32 second,
				 struct netpol_peer_key key, u32 value)
{
	struct netpol_peer_step steps[SEARCH_MAX];
	u32 slots = netpol_peers_slots(e->family);
	int head, seen, tail = 0;
	u32 slot;

	steps[tail++] = (struct netpol_peer_step){ .bucket = first, .parent = -1 };
	if (second != first)
		steps[tail++] = (struct netpol_peer_step){ .bucket = second, .parent = -1 };
	for (head = 0; head < tail; head++) {
		for (slot = 0; slot < slots; slot++) {
			u32 here = steps[head].bucket;
			struct netpol_peer_key at;
			u32 other;
			int free;

			netpol_peers_read(e, here, slot, &at);
			other = netpol_peers_bucket(e, 0, at);
			if (other == here)
				other = netpol_peers_bucket(e, 1, at);
			free = netpol_peers_free_slot(e, other);
			if (free >= 0)
				return netpol_peers_shift(e, steps, head, slot, other, free,
							  key, value);
			for (seen = 0; seen < tail; seen++)
				if (steps[seen].bucket == other)
					break;
			if (seen == tail && tail < SEARCH_MAX)
				steps[tail++] = (struct netpol_peer_step){
					.bucket = other, .parent = head, .slot = slot,
				};
		}
	}
	return -ENOSPC;
}

/* Adds an address that isn't there. -ENOSPC if these keys give it no place. */
static int netpol_peers_place(struct netpol_peers_edit *e, struct netpol_peer_key key, u32 value)
{
	u32 bucket[2];
	int which, slot;

	for (which = 0; which < 2; which++) {
		bucket[which] = netpol_peers_bucket(e, which, key);
		slot = netpol_peers_free_slot(e, bucket[which]);
		if (slot >= 0)
			return netpol_peers_write(e, bucket[which], slot, key, value);
	}
	return netpol_peers_displace(e, bucket[0], bucket[1], key, value);
}

/* Adds everything in one edit to another one, which is empty. */
static int netpol_peers_copy(struct netpol_peers_edit *to, const struct netpol_peers_edit *from)
{
	u32 slots = netpol_peers_slots(from->family);
	struct netpol_peer_key key;
	u32 bucket, slot, value;
	int error;

	if (!from->pages.dir)
		return 0;
	for (bucket = 0; bucket <= from->now.mask; bucket++) {
		for (slot = 0; slot < slots; slot++) {
			value = netpol_peers_read(from, bucket, slot, &key);
			if (!value)
				continue;
			error = netpol_peers_place(to, key, value);
			if (error)
				return error;
		}
		if (bucket % 64 == 63)
			cond_resched();
	}
	return 0;
}

/* Moves everything to fresh pages of at least so many buckets, under new keys. */
static int netpol_peers_rebuild(struct netpol_peers_edit *e, u32 buckets)
{
	struct netpol_peers_edit to;
	int error, attempt;

	for (attempt = 0; attempt < REBUILD_MAX; attempt++) {
		if (attempt && attempt % REBUILD_SAME == 0)
			buckets *= 2;
		if (buckets > NETPOL_PEERS_BUCKETS_MAX)
			return -ENOSPC;
		to = *e;
		netpol_pages_edit_init(&to.pages, NULL, NETPOL_PEERS_SHIFT, e->pages.cow);
		to.now.mask = buckets - 1;
		get_random_bytes(to.now.key, sizeof(to.now.key));
		to.now.key[0][0] |= 1;
		to.now.key[1][0] |= 1;
		error = netpol_pages_reserve(&to.pages, buckets);
		if (!error)
			error = netpol_peers_copy(&to, e);
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

/* The buckets for count addresses at a load of at most percent. */
static int netpol_peers_size(u8 family, u32 count, u32 percent, u32 *buckets)
{
	u64 n = DIV_ROUND_UP((u64)count * 100, percent * netpol_peers_slots(family));

	if (n > NETPOL_PEERS_BUCKETS_MAX)
		return -ENOSPC;
	*buckets = max_t(u32, roundup_pow_of_two(n), NETPOL_PEERS_BUCKETS_MIN);
	return 0;
}

void netpol_peers_edit_init(struct netpol_peers_edit *e, const struct netpol_peers *published,
			    u8 family, struct netpol_cow *cow)
{
	memset(e, 0, sizeof(*e));
	if (published)
		e->now = *published;
	e->now.buckets = NULL;
	e->family = family;
	netpol_pages_edit_init(&e->pages, published ? published->buckets : NULL,
			       NETPOL_PEERS_SHIFT, cow);
}

int netpol_peers_reserve(struct netpol_peers_edit *e, u32 count)
{
	u32 buckets;
	int error;

	if (!count)
		return 0;
	error = netpol_peers_size(e->family, count, 80, &buckets);
	if (error || (e->pages.dir && buckets <= e->now.mask + 1))
		return error;
	return netpol_peers_rebuild(e, buckets);
}

/* Deletes what is in a slot, and shrinks the table when it has become too large. */
static int netpol_peers_delete(struct netpol_peers_edit *e, u32 bucket, u32 slot)
{
	u32 buckets;
	int error;

	error = netpol_peers_write(e, bucket, slot, (struct netpol_peer_key){}, 0);
	if (error)
		return error;
	e->now.count--;
	if (e->now.mask + 1 <= NETPOL_PEERS_BUCKETS_MIN ||
	    (u64)e->now.count * 100 >= netpol_peers_capacity(e) * 15)
		return 0;
	error = netpol_peers_size(e->family, e->now.count, 60, &buckets);
	return error ? error : netpol_peers_rebuild(e, buckets);
}

int netpol_peers_set(struct netpol_peers_edit *e, const void *address, u32 value)
{
	struct netpol_peer_key key = netpol_peer_key(e->family, address);
	u32 bucket, slot, now, buckets;
	int error, attempt;

	now = netpol_peers_where(e, key, &bucket, &slot);
	if (now == value)
		return 0;
	if (!key.word[0] && !key.word[1])
		return -EINVAL;
	if (now && value)
		return netpol_peers_write(e, bucket, slot, key, value);
	if (now)
		return netpol_peers_delete(e, bucket, slot);

	if ((u64)(e->now.count + 1) * 100 > netpol_peers_capacity(e) * 80) {
		error = netpol_peers_reserve(e, e->now.count + 1);
		if (error)
			return error;
	}
	error = netpol_peers_place(e, key, value);
	for (attempt = 0; error == -ENOSPC && attempt < REBUILD_MAX; attempt++) {
		buckets = e->now.mask + 1;
		if ((u64)e->now.count * 100 > netpol_peers_capacity(e) * 70)
			buckets *= 2;
		error = netpol_peers_rebuild(e, buckets);
		if (error)
			return error;
		error = netpol_peers_place(e, key, value);
	}
	if (!error)
		e->now.count++;
	return error;
}

u32 netpol_peers_get(const struct netpol_peers_edit *e, const void *address)
{
	u32 bucket, slot;

	return netpol_peers_where(e, netpol_peer_key(e->family, address), &bucket, &slot);
}

void netpol_peers_edit_done(struct netpol_peers_edit *e, struct netpol_peers *out)
{
	*out = e->now;
	out->buckets = netpol_pages_edit_done(&e->pages);
}

void netpol_peers_edit_abort(struct netpol_peers_edit *e)
{
	netpol_pages_edit_abort(&e->pages);
}

void netpol_peers_free_all(struct netpol_peers *p)
{
	netpol_pages_free_all(p->buckets);
	memset(p, 0, sizeof(*p));
}
