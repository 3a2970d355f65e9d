// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rule trie against a linear search: nested, adjacent and random prefixes,
 * addresses on and beside their borders, and every allocation made to fail.
 *
 * The seed is printed; give it as the first argument to repeat a run.
 */
#include <netpol/shim.h>

#include "check.h"
#include "core/trie.h"

/* Random numbers of the test's own. */

static u64 seed;

static u32 next(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (u32)(*state * 0x2545f4914f6cdd1dULL >> 32);
}

static u32 below(u64 *state, u32 n)
{
	return (u32)((u64)next(state) * n >> 32);
}

#define PREFIXES_MAX 10000

static struct netpol_prefix naive[PREFIXES_MAX], built[PREFIXES_MAX];

static bool covers(const struct netpol_prefix *p, const u8 *a)
{
	u32 full = p->length / 8, rest = p->length % 8;

	return !memcmp(p->addr, a, full) &&
	       (!rest || !((p->addr[full] ^ a[full]) >> (8 - rest)));
}

static u32 naive_find(u32 n, const u8 *a, u32 row)
{
	int longest = -1;
	u32 i;

	for (i = 0; i < n; i++) {
		if (naive[i].length > longest && covers(&naive[i], a)) {
			longest = naive[i].length;
			row = naive[i].row;
		}
	}
	return row;
}

static u32 trie_find(const struct netpol_trie *t, const u8 *a)
{
	struct in6_addr a6;
	__be32 a4;

	if (t->family == AF_INET) {
		memcpy(&a4, a, sizeof(a4));
		return netpol_trie_find4(t, a4);
	}
	memcpy(&a6, a, sizeof(a6));
	return netpol_trie_find6(t, &a6);
}

/* A prefix; many are inside, around or beside an earlier one. */
static struct netpol_prefix random_prefix(u64 *state, u32 n, u32 width, u32 style)
{
	struct netpol_prefix p = {};
	u32 i, from = 0, bytes = width / 8;

	for (i = 0; i < bytes; i++)
		p.addr[i] = (u8)next(state);
	p.length = below(state, 8) ? 1 + below(state, width) : width;
	if (style & 1) {
		/* All in one block, as a cluster's are. */
		memcpy(p.addr, "\x20\x01\x0d\xb8", width == 32 ? 2 : 4);
		from = width == 32 ? 16 : 32;
		p.length = max_t(u32, p.length, from);
	}
	if (n && below(state, 3)) {
		const struct netpol_prefix *other = &naive[below(state, n)];

		/* Shares the first bits, and often its length too. */
		memcpy(p.addr, other->addr, below(state, bytes + 1));
		if (!below(state, 3)) {
			memcpy(p.addr, other->addr, bytes);
			p.addr[below(state, bytes)] ^= 1U << below(state, 8);
		}
		p.length = other->length;
		if (below(state, 2))
			p.length = clamp_t(int, p.length + (int)below(state, 13) - 6, 0, width);
	}
	if (style & 2)
		p.length = min_t(u32, p.length, width == 32 ? 24 : 64);
	if (!below(state, style & 1 ? 100 : 400))
		p.length = 0;
	/* Few rows, so that neighbours are often equal. */
	p.row = below(state, style & 4 ? 4 : 1000000);
	for (i = p.length; i < width; i++)
		p.addr[i / 8] &= ~(0x80 >> i % 8);
	return p;
}

static u32 random_prefixes(u64 *state, u32 n, u32 width, u32 style)
{
	u32 i, j, made = 0;

	for (i = 0; i < n; i++) {
		naive[made] = random_prefix(state, made, width, style);
		for (j = 0; j < made; j++)
			if (naive[j].length == naive[made].length &&
			    !memcmp(naive[j].addr, naive[made].addr, 16))
				break;
		made += j == made;
	}
	return made;
}

/* An address: of a prefix the first, the last, one beside them, one inside, or any. */
static void random_address(u64 *state, u32 n, u32 width, u8 *a)
{
	u32 i, what = below(state, 6);
	const struct netpol_prefix *p;
	int step;

	for (i = 0; i < 16; i++)
		a[i] = i < width / 8 ? (u8)next(state) : 0;
	if (!n || what == 5)
		return;
	p = &naive[below(state, n)];
	for (i = 0; i < width; i++) {
		u8 bit = 0x80 >> i % 8;

		if (i < p->length || what == 0 || what == 1)
			a[i / 8] = (a[i / 8] & ~bit) | (p->addr[i / 8] & bit);
		if (i >= p->length && (what == 2 || what == 3))
			a[i / 8] |= bit;
	}
	/* The address before the first, or after the last. */
	step = what == 1 ? -1 : what == 3 ? 1 : 0;
	for (i = width / 8; step && i-- > 0;) {
		a[i] += step;
		if (a[i] != (step < 0 ? 0xff : 0))
			break;
	}
	if (what == 4 && !below(state, 4))
		a[below(state, width / 8)] ^= 1U << below(state, 8);
}

/* Builds with every allocation failing in turn, then for good. */
static struct netpol_trie *build(u8 family, u32 n, u32 row, bool walk, int *error)
{
	struct netpol_trie *t;
	long after;

	for (after = walk ? 0 : -1; ; after++) {
		memcpy(built, naive, sizeof(naive[0]) * n);
		netpol_fail_after = after;
		t = netpol_trie_build(family, built, n, row, error);
		if (t || *error != -ENOMEM)
			break;
	}
	/* two arrays to build it with, which may have grown, and the trie */
	if (walk)
		CHECK(t ? after >= 3 : !after);
	netpol_fail_after = -1;
	return t;
}

static void test_trie(u8 family)
{
	u32 width = family == AF_INET ? 32 : 128;
	u64 state = seed ^ 0x721e ^ family;
	u32 round, n, i, wrong = 0;
	struct netpol_trie *t;
	u8 a[16];
	int error;

	for (round = 0; round < 1200; round++) {
		u32 want = round % 50 == 0 ? 1000 : below(&state, round < 400 ? 5 : 120);

		n = random_prefixes(&state, want, width, round % 8);
		/* Host bits don't matter. */
		for (i = 0; i < n && round % 3 == 0; i++)
			if (naive[i].length < width)
				naive[i].addr[width / 8 - 1] |= 1;
		t = build(family, n, 42, round % 2, &error);
		if (!CHECK(t))
			return;
		CHECK(t->nodes <= 2 * n);
		CHECK(netpol_trie_bytes(t) <= sizeof(*t) + 160 * n + 80);
		for (i = 0; i < 3000; i++) {
			random_address(&state, n, width, a);
			wrong += trie_find(t, a) != naive_find(n, a, 42);
		}
		CHECK_EQ(wrong, 0);
		netpol_trie_free(t);
	}

	/* The same prefix twice. */
	n = random_prefixes(&state, 20, width, 0);
	naive[n] = naive[0];
	t = build(family, n + 1, 42, false, &error);
	CHECK(t);
	netpol_trie_free(t);
	naive[n].row = naive[0].row + 1;
	CHECK(!build(family, n + 1, 42, false, &error));
	CHECK_EQ(error, -EEXIST);
	naive[n].length = width + 1;
	CHECK(!build(family, n + 1, 42, false, &error));
	CHECK_EQ(error, -EINVAL);
	CHECK(!build(AF_UNIX, 0, 42, false, &error));
	CHECK_EQ(error, -EINVAL);

	/* Only a default, given either way. */
	memset(naive, 0, sizeof(naive[0]));
	naive[0].row = 7;
	for (n = 0; n < 2; n++) {
		t = build(family, n, 42, false, &error);
		CHECK(t && !t->nodes);
		random_address(&state, 0, width, a);
		CHECK_EQ(trie_find(t, a), n ? 7 : 42);
		netpol_trie_free(t);
	}
}

/* 10,000 prefixes. */
static void test_trie_many(u8 family)
{
	u32 width = family == AF_INET ? 32 : 128;
	u64 state = seed ^ 0x10000 ^ family;
	u32 i, n, wrong = 0;
	struct netpol_trie *t;
	u8 a[16];
	int error;

	n = random_prefixes(&state, PREFIXES_MAX, width, 1);
	t = build(family, n, 42, false, &error);
	if (!CHECK(t))
		return;
	for (i = 0; i < 3000; i++) {
		random_address(&state, n, width, a);
		wrong += trie_find(t, a) != naive_find(n, a, 42);
	}
	CHECK_EQ(wrong, 0);
	printf("%u IPv%d prefixes: %u nodes, %llu bytes\n", n, family == AF_INET ? 4 : 6,
	       t->nodes, netpol_trie_bytes(t));
	netpol_trie_free(t);
}

int main(int argc, char **argv)
{
	get_random_bytes(&seed, sizeof(seed));
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	seed |= 1;
	printf("seed %#llx\n", seed);

	test_trie(AF_INET);
	test_trie(AF_INET6);
	test_trie_many(AF_INET);
	test_trie_many(AF_INET6);
	CHECK_EQ(netpol_warnings, 0);
	return check_done("trie");
}
