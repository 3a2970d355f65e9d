/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who frees what in copy-on-write: lists of (pointer, kind).
 *
 * An edit notes what it allocated in `created` and what it replaced in
 * `retired`. Something that it allocated and then replaced itself is on both.
 *
 *	publish: netpol_retire_drop(&cow.created); netpol_retire_move() of
 *		 cow.retired to the old snapshot, which runs it after a grace
 *		 period
 *	abort:	 netpol_retire_run(&cow.created); netpol_retire_drop(&cow.retired)
 *
 * A list belongs to whoever holds the struct; all functions run in process
 * context, by one caller at a time (the world's mutex, or the worker that frees
 * an old snapshot).
 */
#ifndef NETPOL_CORE_RETIRE_H
#define NETPOL_CORE_RETIRE_H

#include <netpol/shim.h>

/**
 * enum netpol_retire_kind - how to free an entry
 * @NETPOL_RETIRE_PAGE: netpol_page_free()
 * @NETPOL_RETIRE_MEMORY: netpol_free()
 * @NETPOL_RETIRE_FIRST_OBJECT: this and higher ones: the callback of
 *	netpol_retire_run() knows
 */
enum netpol_retire_kind {
	NETPOL_RETIRE_PAGE,
	NETPOL_RETIRE_MEMORY,
	NETPOL_RETIRE_FIRST_OBJECT = 8,
};

struct netpol_retire_chunk;

/**
 * struct netpol_retire_list - pointers to free later; all zero is an empty list
 * @first: chunks of entries, in order
 * @last: the chunk that is being filled
 * @bytes: sum of the sizes given; a page counts NETPOL_PAGE_SIZE by itself
 * @count: entries
 */
struct netpol_retire_list {
	struct netpol_retire_chunk *first;
	struct netpol_retire_chunk *last;
	u64 bytes;
	u64 count;
};

/**
 * struct netpol_cow - what one edit has allocated and what it has replaced
 * @created: to free if the edit is aborted
 * @retired: to free once no reader can hold the old snapshot
 */
struct netpol_cow {
	struct netpol_retire_list created;
	struct netpol_retire_list retired;
};

/* Appends an entry of a known size in bytes. 0 or -ENOMEM: then p isn't on the list. */
int netpol_retire_add_sized(struct netpol_retire_list *l, void *p, u8 kind, u64 bytes);

/* Appends an entry; counts NETPOL_PAGE_SIZE bytes for a page, else none. 0 or -ENOMEM. */
static inline int netpol_retire_add(struct netpol_retire_list *l, void *p, u8 kind)
{
	return netpol_retire_add_sized(l, p, kind,
				       kind == NETPOL_RETIRE_PAGE ? NETPOL_PAGE_SIZE : 0);
}

/*
 * Frees every entry in the order they were added and empties the list. Kinds
 * other than PAGE and MEMORY go to free_object(), which must not touch the list;
 * it may be NULL if there are none. May sleep.
 */
void netpol_retire_run(struct netpol_retire_list *l,
		       void (*free_object)(void *ctx, void *p, u8 kind), void *ctx);

/* Empties the list and frees none of the entries. */
void netpol_retire_drop(struct netpol_retire_list *l);

/* Appends all of src to dst; src is empty then. Can't fail. */
void netpol_retire_move(struct netpol_retire_list *dst, struct netpol_retire_list *src);

#endif /* NETPOL_CORE_RETIRE_H */
