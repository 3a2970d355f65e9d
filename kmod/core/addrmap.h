/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Address map: a copy-on-write hash table from the addresses of one family to u32 values
 * other than 0. What a value means is the caller's business (NETPOL_VALUE_LOCAL in world.h).
 *
 * The table is a paged array of buckets of 64 bytes, each with 7 IPv4 or 3 IPv6 addresses
 * and their values. An address is in one of two buckets, which two keyed, strongly
 * universal hashes give (multiply-shift; pair-multiply-shift for IPv6). Their keys are
 * drawn anew at each rebuild, so that nobody can choose addresses that collide. An address
 * goes into its second bucket only when the first is full. Each bucket counts the addresses
 * whose first bucket it is and that are in their second one; where that count is 0, a lookup
 * ends after the first bucket, also for an address that is not in the table. A lookup has no
 * branch per address.
 *
 * The unspecified address (0.0.0.0, ::) cannot be in the table.
 *
 * Readers hold the RCU read lock under which they found the table, as long as they use it.
 * Edits run in process context under the world's mutex. After an edit has returned -ENOMEM
 * or -ENOSPC it can only be aborted.
 */
#ifndef NETPOL_CORE_ADDRMAP_H
#define NETPOL_CORE_ADDRMAP_H

#include "core/pages.h"

/* log2 of the bytes of a bucket. */
#define NETPOL_ADDRMAP_SHIFT		6

/* Buckets of the smallest table, which is one page, and of the largest. */
#define NETPOL_ADDRMAP_BUCKETS_MIN	64U
#define NETPOL_ADDRMAP_BUCKETS_MAX	BIT(24)

/* Addresses in a bucket. */
#define NETPOL_ADDRMAP_SLOTS4		7
#define NETPOL_ADDRMAP_SLOTS6		3

/**
 * struct netpol_bucket4 - IPv4 addresses and their values; an empty slot has 0 for both
 * @key: addresses, network byte order
 * @value: value of the address in the same slot
 * @elsewhere: how many addresses have this as their first bucket and are in their second
 * @pad: 0
 */
struct netpol_bucket4 {
	__be32 key[NETPOL_ADDRMAP_SLOTS4];
	u32 value[NETPOL_ADDRMAP_SLOTS4];
	u32 elsewhere;
	u32 pad;
};

/**
 * struct netpol_bucket6 - IPv6 addresses and their values; an empty slot has 0 for both
 * @key: the 16 bytes of each address, read as two words of the CPU's byte order
 * @value: value of the address in the same slot
 * @elsewhere: how many addresses have this as their first bucket and are in their second
 */
struct netpol_bucket6 {
	u64 key[NETPOL_ADDRMAP_SLOTS6][2];
	u32 value[NETPOL_ADDRMAP_SLOTS6];
	u32 elsewhere;
};

/**
 * struct netpol_addrmap - a published table, part of a snapshot; all zero is an empty one
 * @buckets: array of struct netpol_bucket4 or netpol_bucket6; NULL if the table is empty
 * @mask: number of buckets less 1; the number is a power of two
 * @count: number of addresses
 * @key: keys of the two hashes; of each, IPv4 uses [0], which is odd, and [1]
 * @pad: in both maps of struct netpol_snapshot all that most look-ups read lies in one line of 64
 *	bytes: in that of IPv4 it ends with the second word of the first key, in that of IPv6 with
 *	its last one
 */
struct netpol_addrmap {
	struct netpol_pages *buckets;
	u32 mask;
	u32 count;
	u64 key[2][5];
	u64 pad;
};

/**
 * struct netpol_addrmap_edit - a table while an edit changes it
 * @pages: the buckets
 * @now: mask, count and keys so far; its buckets are NULL until the edit is done
 * @family: AF_INET or AF_INET6
 */
struct netpol_addrmap_edit {
	struct netpol_pages_edit pages;
	struct netpol_addrmap now;
	u8 family;
};

/* Hashes of an address by one key. The number of the bucket is hash & mask. */
static __always_inline u32 netpol_addrmap_hash4(const u64 key[5], __be32 address)
{
	return (key[0] * (__force u32)address + key[1]) >> 32;
}

static __always_inline u32 netpol_addrmap_hash6(const u64 key[5], u64 lo, u64 hi)
{
	return (((u32)lo + key[0]) * ((lo >> 32) + key[1]) +
		((u32)hi + key[2]) * ((hi >> 32) + key[3]) + key[4]) >> 32;
}

/*
 * Selections without a branch, because a jump for each slot of a bucket would be mispredicted
 * once a lookup. In C, the load of the value has to be hidden from the compiler, which would
 * else move it behind a jump, so that each slot takes one more instruction. Measured with
 * tests/bench/insn.sh on Linux 6.12, gcc 12: with the C versions, a packet of an established
 * connection takes 208 instructions instead of 201 (IPv4) and 223 instead of 219 (IPv6). No
 * difference in time was measured.
 *
 * The sanitizers do not see what assembly reads, so they get the C versions too.
 */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)

/* *value if *key is want, else found; both are always read. */
static __always_inline u32 netpol_bucket_select4(u32 found, const u32 *key, u32 want,
						 const u32 *value)
{
	asm("cmpl %[want], %[key]\n\t"
	    "cmovel %[value], %[found]"
	    : [found] "+r" (found)
	    : [key] "m" (*key), [want] "r" (want), [value] "m" (*value) : "cc");
	return found;
}

/* *value if a and b are both 0, else found; it is always read. */
static __always_inline u32 netpol_bucket_select6(u32 found, u64 a, u64 b, const u32 *value)
{
	asm("orq %[b], %[a]\n\t"
	    "cmovel %[value], %[found]"
	    : [found] "+r" (found), [a] "+r" (a)
	    : [b] "r" (b), [value] "m" (*value) : "cc");
	return found;
}

#else

static __always_inline u32 netpol_bucket_select4(u32 found, const u32 *key, u32 want,
						 const u32 *value)
{
	u32 v = *value;

	OPTIMIZER_HIDE_VAR(v);
	return *key == want ? v : found;
}

static __always_inline u32 netpol_bucket_select6(u32 found, u64 a, u64 b, const u32 *value)
{
	u32 v = *value;

	OPTIMIZER_HIDE_VAR(v);
	return a | b ? found : v;
}

#endif

/* The value of an address if it is in this bucket, else 0. RCU. */
static __always_inline u32 netpol_bucket4_find(const struct netpol_bucket4 *b, __be32 address)
{
	u32 found = 0;
	int i;

#pragma GCC unroll 7
	for (i = 0; i < NETPOL_ADDRMAP_SLOTS4; i++)
		found = netpol_bucket_select4(found, (__force const u32 *)&b->key[i],
					      (__force u32)address, &b->value[i]);
	return found;
}

static __always_inline u32 netpol_bucket6_find(const struct netpol_bucket6 *b, u64 lo, u64 hi)
{
	u32 found = 0;
	int i;

#pragma GCC unroll 3
	for (i = 0; i < NETPOL_ADDRMAP_SLOTS6; i++)
		found = netpol_bucket_select6(found, b->key[i][0] ^ lo, b->key[i][1] ^ hi,
					      &b->value[i]);
	return found;
}

/* To walk all addresses: the number of slots in a bucket. */
static inline u32 netpol_addrmap_slots(u8 family)
{
	return family == AF_INET ? NETPOL_ADDRMAP_SLOTS4 : NETPOL_ADDRMAP_SLOTS6;
}

/* To walk all addresses: the value in a slot of a bucket; 0 if the slot is empty. */
static inline u32 netpol_bucket_value(const void *bucket, u8 family, u32 slot)
{
	if (family == AF_INET)
		return ((const struct netpol_bucket4 *)bucket)->value[slot];
	return ((const struct netpol_bucket6 *)bucket)->value[slot];
}

/* To walk all addresses: the address in a slot, 4 or 16 bytes in network byte order. */
static inline const void *netpol_bucket_address(const void *bucket, u8 family, u32 slot)
{
	if (family == AF_INET)
		return &((const struct netpol_bucket4 *)bucket)->key[slot];
	return ((const struct netpol_bucket6 *)bucket)->key[slot];
}

/* The first (@which 0) or second (1) bucket of an address; the table is not empty. RCU. */
static __always_inline const struct netpol_bucket4 *
netpol_addrmap_bucket4(const struct netpol_addrmap *p, int which, __be32 address)
{
	u32 i = netpol_addrmap_hash4(p->key[which], address) & p->mask;

	return netpol_pages_at(p->buckets, NETPOL_ADDRMAP_SHIFT, i);
}

static __always_inline const struct netpol_bucket6 *
netpol_addrmap_bucket6(const struct netpol_addrmap *p, int which, u64 lo, u64 hi)
{
	u32 i = netpol_addrmap_hash6(p->key[which], lo, hi) & p->mask;

	return netpol_pages_at(p->buckets, NETPOL_ADDRMAP_SHIFT, i);
}

/* The value of an IPv4 address, or 0. RCU; looks at two buckets at most. */
static __always_inline u32 netpol_addrmap_find4(const struct netpol_addrmap *p, __be32 address)
{
	const struct netpol_bucket4 *first;
	u32 value;

	if (unlikely(!p->buckets))
		return 0;
	first = netpol_addrmap_bucket4(p, 0, address);
	value = netpol_bucket4_find(first, address);
	if (likely(value || !first->elsewhere))
		return value;
	barrier();	/* keeps the compiler from loading the second keys before this point */
	return netpol_bucket4_find(netpol_addrmap_bucket4(p, 1, address), address);
}

/* The value of an IPv6 address, or 0. RCU; looks at two buckets at most. */
static __always_inline u32 netpol_addrmap_find6(const struct netpol_addrmap *p,
						const struct in6_addr *address)
{
	const struct netpol_bucket6 *first;
	u64 lo, hi;
	u32 value;

	if (unlikely(!p->buckets))
		return 0;
	memcpy(&lo, &address->s6_addr[0], sizeof(lo));
	memcpy(&hi, &address->s6_addr[8], sizeof(hi));
	first = netpol_addrmap_bucket6(p, 0, lo, hi);
	value = netpol_bucket6_find(first, lo, hi);
	if (likely(value || !first->elsewhere))
		return value;
	/* keeps the compiler from computing parts of the second hash before this point */
	barrier();
	OPTIMIZER_HIDE_VAR(lo);
	OPTIMIZER_HIDE_VAR(hi);
	return netpol_bucket6_find(netpol_addrmap_bucket6(p, 1, lo, hi), lo, hi);
}

/* Begins an edit of a published table; NULL is an empty one. Cannot fail. */
void netpol_addrmap_edit_init(struct netpol_addrmap_edit *e, const struct netpol_addrmap *published,
			      u8 family, struct netpol_cow *cow);

/*
 * Makes the table large enough for count addresses in all, so that it does not grow again
 * and again while many are set. Returns 0, -ENOMEM, or -ENOSPC above
 * NETPOL_ADDRMAP_BUCKETS_MAX.
 */
int netpol_addrmap_reserve(struct netpol_addrmap_edit *e, u32 count);

/*
 * Sets the value of an address (__be32 * or struct in6_addr *, any alignment); value 0
 * deletes the address. Returns 0, -EINVAL (a value for the unspecified address), -ENOMEM,
 * or -ENOSPC above NETPOL_ADDRMAP_BUCKETS_MAX.
 */
int netpol_addrmap_set(struct netpol_addrmap_edit *e, const void *address, u32 value);

/* The value that an address has in the edit now, or 0. */
u32 netpol_addrmap_get(const struct netpol_addrmap_edit *e, const void *address);

/* Ends the edit and stores the table to publish in *out. Cannot fail. */
void netpol_addrmap_edit_done(struct netpol_addrmap_edit *e, struct netpol_addrmap *out);

/* Ends the edit without a result; the caller frees its memory by running cow->created. */
void netpol_addrmap_edit_abort(struct netpol_addrmap_edit *e);

/* Frees the buckets at once and leaves an empty table. Only when no reader is left. */
void netpol_addrmap_free_all(struct netpol_addrmap *p);

#endif /* NETPOL_CORE_ADDRMAP_H */
