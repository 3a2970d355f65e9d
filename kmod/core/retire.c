// SPDX-License-Identifier: GPL-2.0
/* Retire lists; see retire.h. */
#include "core/retire.h"

/* Entries of the first chunk of a list (256 bytes), and of every other chunk (4 KiB). */
#define FIRST_CHUNK	13
#define LATER_CHUNK	254

/* cond_resched() is called once in so many entries that are freed. */
#define RUN_BATCH	64

/**
 * struct netpol_retire_entry - something to free
 * @p: pointer to it
 * @kind: how to free it: enum netpol_retire_kind, or a kind of the owner
 */
struct netpol_retire_entry {
	void *p;
	u8 kind;
};

/**
 * struct netpol_retire_chunk - some entries of a list
 * @next: next chunk
 * @count: entries in use
 * @capacity: room for how many
 * @bytes: sum of the sizes of the entries
 * @entry: entries, in the order in which they were added
 */
struct netpol_retire_chunk {
	struct netpol_retire_chunk *next;
	u32 count;
	u32 capacity;
	u64 bytes;
	struct netpol_retire_entry entry[];
};

int netpol_retire_add_sized(struct netpol_retire_list *l, void *p, u8 kind, u64 bytes)
{
	struct netpol_retire_chunk *chunk = l->last;

	if (!chunk || chunk->count == chunk->capacity) {
		u32 capacity = chunk ? LATER_CHUNK : FIRST_CHUNK;

		chunk = netpol_alloc(struct_size(chunk, entry, capacity));
		if (!chunk)
			return -ENOMEM;
		chunk->capacity = capacity;
		if (l->last)
			l->last->next = chunk;
		else
			l->first = chunk;
		l->last = chunk;
	}
	chunk->entry[chunk->count].p = p;
	chunk->entry[chunk->count].kind = kind;
	chunk->count++;
	chunk->bytes += bytes;
	l->count++;
	l->bytes += bytes;
	return 0;
}

u64 netpol_retire_step(struct netpol_retire_list *l,
		       void (*free_object)(void *ctx, void *p, u8 kind), void *ctx)
{
	struct netpol_retire_chunk *chunk = l->first;
	u64 bytes;
	u32 i;

	if (!chunk)
		return 0;
	for (i = 0; i < chunk->count; i++) {
		const struct netpol_retire_entry *entry = &chunk->entry[i];

		if (entry->kind == NETPOL_RETIRE_PAGE)
			netpol_page_free(entry->p);
		else if (entry->kind == NETPOL_RETIRE_MEMORY)
			netpol_free(entry->p);
		else if (!WARN_ON_ONCE(!free_object))
			free_object(ctx, entry->p, entry->kind);
		if (i % RUN_BATCH == RUN_BATCH - 1)
			cond_resched();
	}
	bytes = chunk->bytes;
	l->first = chunk->next;
	l->bytes -= bytes;
	l->count -= chunk->count;
	if (!l->first)
		l->last = NULL;
	netpol_free(chunk);
	cond_resched();
	return bytes;
}

void netpol_retire_run(struct netpol_retire_list *l,
		       void (*free_object)(void *ctx, void *p, u8 kind), void *ctx)
{
	while (l->first)
		netpol_retire_step(l, free_object, ctx);
}

void netpol_retire_drop(struct netpol_retire_list *l)
{
	struct netpol_retire_chunk *chunk, *next;

	for (chunk = l->first; chunk; chunk = next) {
		next = chunk->next;
		netpol_free(chunk);
		cond_resched();
	}
	memset(l, 0, sizeof(*l));
}

void netpol_retire_move(struct netpol_retire_list *dst, struct netpol_retire_list *src)
{
	if (!src->first)
		return;
	if (dst->last)
		dst->last->next = src->first;
	else
		dst->first = src->first;
	dst->last = src->last;
	dst->bytes += src->bytes;
	dst->count += src->count;
	memset(src, 0, sizeof(*src));
}
