/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash table of pointers to records. The records belong to the caller. */
#ifndef NP_BASE_HASH_H
#define NP_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A table with open addressing. Each record begins with its hash, a uint32_t. */
struct np_hash {
	uint32_t **slot;
	size_t count;
	size_t room;
};

typedef bool (*np_hash_match_fn)(const void *record, const void *key);

void *np_hash_find(const struct np_hash *hash, uint32_t value, np_hash_match_fn match,
		   const void *key);
void np_hash_add(struct np_hash *hash, void *record);
/* Removes a record. Does nothing if the record is not in the table. */
void np_hash_remove(struct np_hash *hash, const void *record);
/*
 * Returns the next record from slot *at on, or NULL at the end, and moves *at behind it. No record
 * may be added or removed meanwhile. It calls np_breathe().
 */
void *np_hash_next(const struct np_hash *hash, size_t *at);
/*
 * Empties the table. It keeps its memory, unless that is large for the records it had, so that
 * clearing costs what the records cost.
 */
void np_hash_clear(struct np_hash *hash);
void np_hash_free(struct np_hash *hash);
/* Frees the table and its records, each of which is one block of memory. */
void np_hash_free_records(struct np_hash *hash);
/*
 * The hash of bytes. The seed tells apart uses of the same bytes, and continues a hash over several
 * pieces. Tenants choose names and labels, so the hash has a random key of this process: nobody
 * can choose what collides. It must not be stored where another process reads it.
 */
uint32_t np_hash_bytes(uint32_t seed, const void *data, size_t len);

#endif
