/* SPDX-License-Identifier: GPL-2.0 */
/* Tables of things that exist once: keys, labels, label sets, selectors, ... */
#ifndef NETPOL_INTERN_H
#define NETPOL_INTERN_H

#include <netpol/shim.h>

/**
 * struct netpol_interned - what every interned thing begins with
 * @node: place in the table's chain
 * @hash: of the content
 * @refs: owners; at 0 the thing leaves its table and is freed
 */
struct netpol_interned {
	struct hlist_node node;
	u32 hash;
	u32 refs;
};

/**
 * struct netpol_intern - hash table of interned things, keyed against tenants
 * @heads: chains, @mask + 1 of them
 * @mask: number of chains less one
 * @count: things in the table
 *
 * Lock: the world's mutex for every call; an add may sleep.
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

/* The chain that a thing with this hash is in. */
static inline struct hlist_head *netpol_intern_chain(struct netpol_intern *table,
						     u32 hash)
{
	return &table->heads[hash & table->mask];
}

/* All things of a table; @thing is a struct netpol_interned, @i a u32. */
#define netpol_intern_for_each(table, i, thing)				\
	for ((i) = 0; (i) <= (table)->mask; (i)++)			\
		hlist_for_each_entry(thing, &(table)->heads[i], node)

#endif /* NETPOL_INTERN_H */
