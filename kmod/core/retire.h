/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Retire lists: pointers to free later, and how. They say who frees what in copy-on-write.
 *
 * An edit notes what it allocated in `created` and what it replaced in `retired`. What it
 * allocated and then replaced itself is on both lists.
 *
 *	publish: netpol_retire_drop(&cow.created), and netpol_retire_move() of cow.retired to
 *		 the old snapshot, which is freed with it after a grace period
 *	abort:	 netpol_retire_run(&cow.created), and netpol_retire_drop(&cow.retired)
 *
 * The owner of the struct owns the list. All functions run in process context and need the
 * world's mutex, or another reason why only one caller at a time uses the list.
 */
#ifndef NETPOL_CORE_RETIRE_H
#define NETPOL_CORE_RETIRE_H

#include <netpol/shim.h>

/**
 * enum netpol_retire_kind - how to free an entry
 * @NETPOL_RETIRE_PAGE: netpol_page_free()
 * @NETPOL_RETIRE_MEMORY: netpol_free()
 * @NETPOL_RETIRE_FIRST_OBJECT: this one and higher ones: the callback of netpol_retire_run()
 */
enum netpol_retire_kind {
	NETPOL_RETIRE_PAGE,
	NETPOL_RETIRE_MEMORY,
	NETPOL_RETIRE_FIRST_OBJECT = 8,
};

struct netpol_retire_chunk;

/**
 * struct netpol_retire_list - pointers to free later; all zero is an empty list
 * @first: first chunk of entries; owned
 * @last: last chunk, which is being filled
 * @bytes: sum of the sizes of the entries
 * @count: number of entries
 */
struct netpol_retire_list {
	struct netpol_retire_chunk *first;
	struct netpol_retire_chunk *last;
	u64 bytes;
	u64 count;
};

/**
 * struct netpol_cow - what an edit has allocated and what it has replaced (copy-on-write)
 * @created: to be freed if the edit is aborted
 * @retired: to be freed when no reader holds the old snapshot any more
 */
struct netpol_cow {
	struct netpol_retire_list created;
	struct netpol_retire_list retired;
};

/* Appends an entry of a given size in bytes. Returns 0, or -ENOMEM with nothing appended. */
int netpol_retire_add_sized(struct netpol_retire_list *l, void *p, u8 kind, u64 bytes);

/* Appends an entry whose size counts as NETPOL_PAGE_SIZE for a page and as 0 for others. */
static inline int netpol_retire_add(struct netpol_retire_list *l, void *p, u8 kind)
{
	return netpol_retire_add_sized(l, p, kind,
				       kind == NETPOL_RETIRE_PAGE ? NETPOL_PAGE_SIZE : 0);
}

/*
 * Frees every entry, in the order in which they were added, and empties the list. Entries that
 * are neither PAGE nor MEMORY are passed to free_object(), with ctx; it must not change the list,
 * and may be NULL if there are no such entries. May sleep.
 */
void netpol_retire_run(struct netpol_retire_list *l,
		       void (*free_object)(void *ctx, void *p, u8 kind), void *ctx);

/*
 * Frees the oldest entries, some hundreds at most, as netpol_retire_run() does; nothing if the
 * list is empty. Return: the sum of their sizes. May sleep.
 */
u64 netpol_retire_step(struct netpol_retire_list *l,
		       void (*free_object)(void *ctx, void *p, u8 kind), void *ctx);

/* Empties the list without freeing what its entries point to. */
void netpol_retire_drop(struct netpol_retire_list *l);

/* Moves all entries of src to the end of dst. Cannot fail. */
void netpol_retire_move(struct netpol_retire_list *dst, struct netpol_retire_list *src);

#endif /* NETPOL_CORE_RETIRE_H */
