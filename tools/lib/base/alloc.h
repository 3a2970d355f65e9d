/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory: allocators that do not fail, and a bump allocator.
 */
#ifndef NP_BASE_ALLOC_H
#define NP_BASE_ALLOC_H

#include <stdarg.h>
#include <stddef.h>

/* How many entries an array has. */
#define NP_COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/*
 * Checked allocators. The tool can do nothing useful without memory, so they
 * never return NULL: they print one line and exit with status 2.
 */
void *np_xmalloc(size_t size);
void *np_xcalloc(size_t count, size_t size);
void *np_xrealloc(void *old, size_t count, size_t size);
char *np_xstrdup(const char *text);
char *np_xvasprintf(const char *fmt, va_list args) __attribute__((format(printf, 1, 0)));

/*
 * Makes room for one more entry behind `count` in an array that only this function has
 * allocated: doubles it whenever it may be full, so the owner keeps no size. Entries are
 * of `size` bytes. Returns the array, which may have moved.
 */
void *np_array_grow(void *array, size_t count, size_t size);

/*
 * A bump allocator: it hands out memory that is only ever freed all at once. An arena whose
 * bytes are all zero is empty.
 */
struct np_chunk;
struct np_arena {
	struct np_chunk *chunk;
	size_t bytes;		/* bytes handed out since the last reset */
};

void *np_arena_alloc(struct np_arena *arena, size_t size);
void *np_arena_zalloc(struct np_arena *arena, size_t size);
char *np_arena_memdup(struct np_arena *arena, const char *text, size_t len);
/* Frees everything that was handed out, but keeps one chunk to use again. */
void np_arena_reset(struct np_arena *arena);
void np_arena_free(struct np_arena *arena);

#endif
