// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hash table of records that their owner keeps.
 */
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

uint32_t np_hash_bytes(uint32_t seed, const void *data, size_t len)
{
	uint32_t hash = seed ^ 2166136261u;
	const uint8_t *byte = data;

	while (len--)
		hash = (hash ^ *byte++) * 16777619u;
	hash ^= hash >> 15;
	return hash * 0x2c1b3c6du;
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
		for (i = 0; i < room; i++)
			if (old[i])
				np_hash_put(hash, old[i]);
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

void np_hash_clear(struct np_hash *hash)
{
	if (hash->room)
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
