// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hash table of records that their owner keeps.
 */
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/alloc.h"
#include "base/loop.h"

#define NP_HASH_BREATHE	4096	/* slots */
/* A table with more slots than this is freed when it is cleared and had few records. */
#define NP_HASH_KEEP	1024
#define NP_HASH_SPARSE	16	/* slots for each of them */

static uint64_t np_hash_key[2];

/* Takes the random bytes that the kernel gives each program when it starts it. */
static void __attribute__((constructor)) np_hash_key_init(void)
{
	memcpy(np_hash_key, (const void *)getauxval(AT_RANDOM), sizeof(np_hash_key));
}

static uint64_t np_rotate(uint64_t word, unsigned int bits)
{
	return word << bits | word >> (64 - bits);
}

/* One round of SipHash. */
static void np_sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = np_rotate(v[1], 13) ^ v[0];
	v[3] = np_rotate(v[3], 16) ^ v[2];
	v[0] = np_rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = np_rotate(v[1], 17) ^ v[2];
	v[3] = np_rotate(v[3], 21) ^ v[0];
	v[2] = np_rotate(v[2], 32);
}

static void np_sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	np_sip_round(v);
	v[0] ^= word;
}

/* SipHash-1-3 of the seed and the bytes. */
uint32_t np_hash_bytes(uint32_t seed, const void *data, size_t len)
{
	uint64_t v[4] = {
		np_hash_key[0] ^ 0x736f6d6570736575, np_hash_key[1] ^ 0x646f72616e646f6d,
		np_hash_key[0] ^ 0x6c7967656e657261, np_hash_key[1] ^ 0x7465646279746573,
	};
	uint64_t word = 0, last = (uint64_t)len << 56;
	const uint8_t *byte = data;
	int i;

	np_sip_word(v, seed);
	for (; len >= sizeof(word); len -= sizeof(word), byte += sizeof(word)) {
		memcpy(&word, byte, sizeof(word));
		np_sip_word(v, word);
	}
	word = 0;
	if (len)
		memcpy(&word, byte, len);
	np_sip_word(v, word | last);
	v[2] ^= 0xff;
	for (i = 0; i < 3; i++)
		np_sip_round(v);
	return (uint32_t)(v[0] ^ v[1] ^ v[2] ^ v[3]);
}

static size_t np_hash_home(const struct np_hash *hash, uint32_t value)
{
	return (value ^ value >> 16) & (hash->room - 1);
}

void *np_hash_find(const struct np_hash *hash, uint32_t value, np_hash_match_fn match,
		   const void *key)
{
	size_t at;

	if (!hash->room)
		return NULL;
	for (at = np_hash_home(hash, value); hash->slot[at]; at = (at + 1) & (hash->room - 1))
		if (*hash->slot[at] == value && match(hash->slot[at], key))
			return hash->slot[at];
	return NULL;
}

static void np_hash_put(struct np_hash *hash, void *record)
{
	size_t at = np_hash_home(hash, *(uint32_t *)record);

	while (hash->slot[at])
		at = (at + 1) & (hash->room - 1);
	hash->slot[at] = record;
}

void np_hash_add(struct np_hash *hash, void *record)
{
	uint32_t **old = hash->slot;
	size_t room = hash->room, i;

	if (hash->count * 4 >= room * 3) {
		hash->room = room ? room * 2 : 64;
		hash->slot = np_xcalloc(hash->room, sizeof(*hash->slot));
		for (i = 0; i < room; i++) {
			if (old[i])
				np_hash_put(hash, old[i]);
			if (!(i % NP_HASH_BREATHE))
				np_breathe();
		}
		free(old);
	}
	np_hash_put(hash, record);
	hash->count++;
}

void np_hash_remove(struct np_hash *hash, const void *record)
{
	size_t mask = hash->room - 1, at, next, home;

	if (!hash->room)
		return;
	at = np_hash_home(hash, *(const uint32_t *)record);
	while (hash->slot[at] && hash->slot[at] != record)
		at = (at + 1) & mask;
	if (!hash->slot[at])
		return;
	hash->count--;
	/* Move up each record that follows, as far as the slot that its hash asks for allows. */
	for (next = (at + 1) & mask; hash->slot[next]; next = (next + 1) & mask) {
		home = np_hash_home(hash, *hash->slot[next]);
		if (((next - home) & mask) < ((next - at) & mask))
			continue;
		hash->slot[at] = hash->slot[next];
		at = next;
	}
	hash->slot[at] = NULL;
}

void *np_hash_next(const struct np_hash *hash, size_t *at)
{
	while (*at < hash->room) {
		if (!(*at % NP_HASH_BREATHE))
			np_breathe();
		if (hash->slot[(*at)++])
			return hash->slot[*at - 1];
	}
	return NULL;
}

void np_hash_clear(struct np_hash *hash)
{
	if (hash->room > NP_HASH_KEEP && hash->room / NP_HASH_SPARSE > hash->count)
		np_hash_free(hash);
	else if (hash->room)
		memset(hash->slot, 0, hash->room * sizeof(*hash->slot));
	hash->count = 0;
}

void np_hash_free(struct np_hash *hash)
{
	free(hash->slot);
	memset(hash, 0, sizeof(*hash));
}

void np_hash_free_records(struct np_hash *hash)
{
	size_t i;

	for (i = 0; i < hash->room; i++)
		free(hash->slot[i]);
	np_hash_free(hash);
}
