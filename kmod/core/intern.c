// SPDX-License-Identifier: GPL-2.0
/* Interning; see intern.h. */
#include "core/intern.h"

/* Chains of a new table. */
#define INTERN_FIRST 64u

/* Makes an empty table. Return: 0 or -ENOMEM. */
int netpol_intern_init(struct netpol_intern *table)
{
	table->heads = netpol_alloc_array(INTERN_FIRST, sizeof(*table->heads));
	if (!table->heads)
		return -ENOMEM;
	table->mask = INTERN_FIRST - 1;
	table->count = 0;
	return 0;
}

/* Frees a table; nothing may be in it any more. */
void netpol_intern_exit(struct netpol_intern *table)
{
	if (table->heads)
		WARN_ON_ONCE(table->count);
	netpol_free(table->heads);
	table->heads = NULL;
}

/* Doubles the chains. Without memory the table stays as it is and only gets slower. */
static void intern_grow(struct netpol_intern *table)
{
	u32 i, mask = table->mask * 2 + 1;
	struct hlist_head *heads;
	struct hlist_node *next;
	struct netpol_interned *thing;

	heads = netpol_alloc_array((size_t)mask + 1, sizeof(*heads));
	if (!heads)
		return;
	for (i = 0; i <= table->mask; i++) {
		hlist_for_each_entry_safe(thing, next, &table->heads[i], node) {
			hlist_del(&thing->node);
			hlist_add_head(&thing->node, &heads[thing->hash & mask]);
		}
		if (i % 256 == 255)
			cond_resched();
	}
	netpol_free(table->heads);
	table->heads = heads;
	table->mask = mask;
}

/**
 * netpol_intern_add() - put a new thing into its table, with one reference
 * @table: the table
 * @thing: head of the thing, which is in no table
 * @hash: hash of its content
 */
void netpol_intern_add(struct netpol_intern *table, struct netpol_interned *thing,
		       u32 hash)
{
	if (table->count > table->mask)
		intern_grow(table);
	thing->hash = hash;
	thing->refs = 1;
	hlist_add_head(&thing->node, netpol_intern_chain(table, hash));
	table->count++;
}

/* Puts a thing that was taken out back under a new hash; it keeps its references. */
void netpol_intern_move(struct netpol_intern *table, struct netpol_interned *thing, u32 hash)
{
	u32 refs = thing->refs;

	netpol_intern_add(table, thing, hash);
	thing->refs = refs;
}

/* Takes a thing out of its table, for the caller to free or to put back. */
void netpol_intern_remove(struct netpol_intern *table,
			  struct netpol_interned *thing)
{
	hlist_del(&thing->node);
	table->count--;
}
