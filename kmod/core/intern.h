/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interning: hash tables of things (label keys, labels, label sets, selectors, ...) of which
 * each content exists only once, so that comparing pointers compares content. A thing counts its
 * references; the file that makes it looks it up, and frees it with the last reference.
 */
#ifndef NETPOL_INTERN_H
#define NETPOL_INTERN_H

#include <netpol/shim.h>

/**
 * struct netpol_interned - the head of every interned thing
 * @node: place in a chain of the table
 * @hash: hash of the content
 * @refs: references; with the last one the thing leaves its table and is freed
 */
struct netpol_interned {
	struct hlist_node node;
	u32 hash;
	u32 refs;
};

/**
 * struct netpol_intern - a hash table of interned things
 * @heads: the chains
 * @mask: number of chains less 1
 * @count: number of things
 *
 * Every call needs the world's mutex. Adding a thing may sleep.
 */
struct netpol_intern {
	struct hlist_head *heads;
	u32 mask;
	u32 count;
};

int netpol_intern_init(struct netpol_intern *table);
void netpol_intern_exit(struct netpol_intern *table);
void netpol_intern_add(struct netpol_intern *table, struct netpol_interned *thing,
		       u32 hash);
void netpol_intern_move(struct netpol_intern *table, struct netpol_interned *thing,
			u32 hash);
void netpol_intern_remove(struct netpol_intern *table,
			  struct netpol_interned *thing);

/* The chain that things with this hash are in. */
static inline struct hlist_head *netpol_intern_chain(struct netpol_intern *table,
						     u32 hash)
{
	return &table->heads[hash & table->mask];
}

/* Walks all things of a table; @thing is a struct netpol_interned *, @i a u32. */
#define netpol_intern_for_each(table, i, thing)				\
	for ((i) = 0; (i) <= (table)->mask; (i)++)			\
		hlist_for_each_entry(thing, &(table)->heads[i], node)

#endif /* NETPOL_INTERN_H */
