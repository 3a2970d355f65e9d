/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Peer table: address -> u32 value other than 0, for one family, copy-on-write.
 *
 * Buckets of 64 bytes in a paged array: 7 IPv4 or 3 IPv6 addresses and their
 * values. An address is in one of two buckets, given by two keyed, strongly
 * universal hashes (multiply-shift; pair-multiply-shift for IPv6), whose keys
 * are drawn again at each rebuild: nobody can choose addresses that collide. The
 * second bucket is used when the first is full; how many addresses of a bucket
 * are in their second one is counted, so that most lookups end in the first, of
 * strangers too. A lookup has no branch per address.
 *
 * The unspecified address (0.0.0.0, ::) can't be a peer.
 *
 * Readers hold the RCU section under which they found the table. Edits run in
 * process context under the world's mutex. An edit that returned -ENOMEM or
 * -ENOSPC can only be aborted.
 */
#ifndef NETPOL_CORE_PEER_H
#define NETPOL_CORE_PEER_H

#include "core/pages.h"

/* log2 of the bytes of a bucket. */
#define NETPOL_PEERS_SHIFT		6

/* Buckets of the smallest table, one page, and of the largest. */
#define NETPOL_PEERS_BUCKETS_MIN	64U
#define NETPOL_PEERS_BUCKETS_MAX	BIT(24)

/* Addresses in a bucket. */
#define NETPOL_PEERS_SLOTS4		7
#define NETPOL_PEERS_SLOTS6		3

/**
 * struct netpol_bucket4 - IPv4 addresses and their values; both 0 if empty
 * @key: addresses, network byte order
 * @value: values
 * @elsewhere: addresses whose first bucket this is, and that are in their second one
 * @pad: 0
 */
struct netpol_bucket4 {
	__be32 key[NETPOL_PEERS_SLOTS4];
	u32 value[NETPOL_PEERS_SLOTS4];
	u32 elsewhere;
	u32 pad;
};

/**
 * struct netpol_bucket6 - IPv6 addresses and their values; both 0 if empty
 * @key: addresses, as they are in memory
 * @value: values
 * @elsewhere: addresses whose first bucket this is, and that are in their second one
 */
struct netpol_bucket6 {
	u64 key[NETPOL_PEERS_SLOTS6][2];
	u32 value[NETPOL_PEERS_SLOTS6];
	u32 elsewhere;
};

/**
 * struct netpol_peers - a published table, part of a snapshot; all zero is empty
 * @buckets: of struct netpol_bucket4 or netpol_bucket6; NULL for an empty table
 * @mask: number of buckets - 1; the number is a power of two
 * @count: addresses
 * @key: keys of the two hashes; IPv4 uses [0] (odd) and [4] of each
 */
struct netpol_peers {
	struct netpol_pages *buckets;
	u32 mask;
	u32 count;
	u64 key[2][5];
};

/**
 * struct netpol_peers_edit - the table while one edit is changing it
 * @pages: buckets
 * @now: mask, count and keys; its buckets are those of @pages
 * @family: AF_INET or AF_INET6
 */
struct netpol_peers_edit {
	struct netpol_pages_edit pages;
	struct netpol_peers now;
	u8 family;
};

/* The bits that make up a bucket's number are the lower ones of these 32. */
static __always_inline u32 netpol_peers_hash4(const u64 key[5], __be32 address)
{
	return (key[0] * (__force u32)address + key[4]) >> 32;
}

static __always_inline u32 netpol_peers_hash6(const u64 key[5], u64 lo, u64 hi)
{
	return (((u32)lo + key[0]) * ((lo >> 32) + key[1]) +
		((u32)hi + key[2]) * ((hi >> 32) + key[3]) + key[4]) >> 32;
}

/* The value of an address in a bucket, or 0. */
static __always_inline u32 netpol_bucket4_find(const struct netpol_bucket4 *b, __be32 address)
{
	u32 found = 0;
	int i;

#pragma GCC unroll 7
	for (i = 0; i < NETPOL_PEERS_SLOTS4; i++)
		found = netpol_select_equal(found, (__force const u32 *)&b->key[i],
					    (__force u32)address, &b->value[i]);
	return found;
}

static __always_inline u32 netpol_bucket6_find(const struct netpol_bucket6 *b, u64 lo, u64 hi)
{
	u32 found = 0;
	int i;

#pragma GCC unroll 3
	for (i = 0; i < NETPOL_PEERS_SLOTS6; i++)
		found = netpol_select_zero(found, b->key[i][0] ^ lo, b->key[i][1] ^ hi,
					   &b->value[i]);
	return found;
}

/* For walks over all addresses: slots of a bucket, and what is in one; value 0: empty. */
static inline u32 netpol_peers_slots(u8 family)
{
	return family == AF_INET ? NETPOL_PEERS_SLOTS4 : NETPOL_PEERS_SLOTS6;
}

static inline u32 netpol_bucket_value(const void *bucket, u8 family, u32 slot)
{
	if (family == AF_INET)
		return ((const struct netpol_bucket4 *)bucket)->value[slot];
	return ((const struct netpol_bucket6 *)bucket)->value[slot];
}

static inline const void *netpol_bucket_address(const void *bucket, u8 family, u32 slot)
{
	if (family == AF_INET)
		return &((const struct netpol_bucket4 *)bucket)->key[slot];
	return ((const struct netpol_bucket6 *)bucket)->key[slot];
}

/* The bucket of an address by one of the two hashes. */
static __always_inline const struct netpol_bucket4 *
netpol_peers_bucket4(const struct netpol_peers *p, int which, __be32 address)
{
	u32 i = netpol_peers_hash4(p->key[which], address) & p->mask;

	return netpol_pages_at(p->buckets, NETPOL_PEERS_SHIFT, i);
}

static __always_inline const struct netpol_bucket6 *
netpol_peers_bucket6(const struct netpol_peers *p, int which, u64 lo, u64 hi)
{
	u32 i = netpol_peers_hash6(p->key[which], lo, hi) & p->mask;

	return netpol_pages_at(p->buckets, NETPOL_PEERS_SHIFT, i);
}

/* The value of an IPv4 address, or 0. RCU; two buckets at most. */
static __always_inline u32 netpol_peers_find4(const struct netpol_peers *p, __be32 address)
{
	const struct netpol_bucket4 *first;
	u32 value;

	if (unlikely(!p->buckets))
		return 0;
	first = netpol_peers_bucket4(p, 0, address);
	value = netpol_bucket4_find(first, address);
	if (likely(value || !first->elsewhere))
		return value;
	barrier();	/* the second hash's keys are not worth registers until here */
	return netpol_bucket4_find(netpol_peers_bucket4(p, 1, address), address);
}

/* The value of an IPv6 address, or 0. RCU; two buckets at most. */
static __always_inline u32 netpol_peers_find6(const struct netpol_peers *p,
					      const struct in6_addr *address)
{
	const struct netpol_bucket6 *first;
	u64 lo, hi;
	u32 value;

	if (unlikely(!p->buckets))
		return 0;
	memcpy(&lo, &address->s6_addr[0], sizeof(lo));
	memcpy(&hi, &address->s6_addr[8], sizeof(hi));
	first = netpol_peers_bucket6(p, 0, lo, hi);
	value = netpol_bucket6_find(first, lo, hi);
	if (likely(value || !first->elsewhere))
		return value;
	barrier();	/* nor is what the first one made of the address */
	OPTIMIZER_HIDE_VAR(lo);
	OPTIMIZER_HIDE_VAR(hi);
	return netpol_bucket6_find(netpol_peers_bucket6(p, 1, lo, hi), lo, hi);
}

/* Begins an edit of a published table, or of an empty one (NULL). Can't fail. */
void netpol_peers_edit_init(struct netpol_peers_edit *e, const struct netpol_peers *published,
			    u8 family, struct netpol_cow *cow);

/* Makes room for count addresses in all before many are set. 0, -ENOMEM or -ENOSPC. */
int netpol_peers_reserve(struct netpol_peers_edit *e, u32 count);

/*
 * Sets the value of an address (__be32 * or struct in6_addr *, any alignment);
 * value 0 deletes it. 0, -EINVAL (a value for the unspecified address), -ENOMEM,
 * or -ENOSPC above NETPOL_PEERS_BUCKETS_MAX.
 */
int netpol_peers_set(struct netpol_peers_edit *e, const void *address, u32 value);

/* The value of an address as it is now, or 0. */
u32 netpol_peers_get(const struct netpol_peers_edit *e, const void *address);

/* Ends the edit; the table to publish goes to *out. Can't fail. */
void netpol_peers_edit_done(struct netpol_peers_edit *e, struct netpol_peers *out);

/* Ends the edit and forgets it; running cow->created frees its memory. */
void netpol_peers_edit_abort(struct netpol_peers_edit *e);

/* Frees the buckets at once and leaves an empty table. For the final teardown. */
void netpol_peers_free_all(struct netpol_peers *p);

#endif /* NETPOL_CORE_PEER_H */
