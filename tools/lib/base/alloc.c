// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Checked allocators and the bump allocator.
 */
#include "base/alloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define NP_CHUNK_SIZE (64 * 1024)

static void __attribute__((noreturn)) np_out_of_memory(void)
{
	fputs("netpolctl: error: out of memory\n", stderr);
	exit(NP_EXIT_USAGE);
}

void *np_xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		np_out_of_memory();
	return p;
}

void *np_xcalloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p)
		np_out_of_memory();
	return p;
}

void *np_xrealloc(void *old, size_t count, size_t size)
{
	void *p = reallocarray(old, count ? count : 1, size ? size : 1);

	if (!p)
		np_out_of_memory();
	return p;
}

char *np_xstrdup(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		np_out_of_memory();
	return copy;
}

char *np_xvasprintf(const char *fmt, va_list args)
{
	char *text;

	if (vasprintf(&text, fmt, args) < 0)
		np_out_of_memory();
	return text;
}

/* The smallest capacity of an array. Every capacity is a power of two. */
#define NP_ARRAY_MIN 16

void *np_array_grow(void *array, size_t count, size_t size)
{
	if (count < NP_ARRAY_MIN ? count : count & (count - 1))
		return array;
	return np_xrealloc(array, count ? 2 * count : NP_ARRAY_MIN, size);
}

struct np_chunk {
	struct np_chunk *next;
	size_t size;
	size_t used;
	char data[] __attribute__((aligned(16)));
};

static struct np_chunk *np_chunk_new(size_t size)
{
	struct np_chunk *chunk;

	if (size > SIZE_MAX / 2)
		np_out_of_memory();
	chunk = np_xmalloc(sizeof(*chunk) + size);
	chunk->next = NULL;
	chunk->size = size;
	chunk->used = 0;
	return chunk;
}

void *np_arena_alloc(struct np_arena *arena, size_t size)
{
	struct np_chunk *chunk = arena->chunk;
	void *p;

	if (size > SIZE_MAX / 2)
		np_out_of_memory();
	size = (size + 7) & ~(size_t)7;
	arena->bytes += size;
	if (chunk && chunk->size - chunk->used >= size) {
		p = chunk->data + chunk->used;
		chunk->used += size;
		return p;
	}
	if (size > NP_CHUNK_SIZE / 4 && chunk) {
		/*
		 * A large piece gets a chunk of its own, which goes behind the current one,
		 * because that one still has room.
		 */
		struct np_chunk *big = np_chunk_new(size);

		big->used = size;
		big->next = chunk->next;
		chunk->next = big;
		return big->data;
	}
	chunk = np_chunk_new(size > NP_CHUNK_SIZE ? size : NP_CHUNK_SIZE);
	chunk->next = arena->chunk;
	chunk->used = size;
	arena->chunk = chunk;
	return chunk->data;
}

void *np_arena_zalloc(struct np_arena *arena, size_t size)
{
	return memset(np_arena_alloc(arena, size), 0, size);
}

char *np_arena_memdup(struct np_arena *arena, const char *text, size_t len)
{
	char *copy = np_arena_alloc(arena, len + 1);

	if (len)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

void np_arena_reset(struct np_arena *arena)
{
	struct np_chunk *chunk, *next, *keep = NULL;

	for (chunk = arena->chunk; chunk; chunk = next) {
		next = chunk->next;
		if (!keep && chunk->size == NP_CHUNK_SIZE)
			keep = chunk;
		else
			free(chunk);
	}
	if (keep) {
		keep->next = NULL;
		keep->used = 0;
	}
	arena->chunk = keep;
	arena->bytes = 0;
}

void np_arena_free(struct np_arena *arena)
{
	np_arena_reset(arena);
	free(arena->chunk);
	arena->chunk = NULL;
}
