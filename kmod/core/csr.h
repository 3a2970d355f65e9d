/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Many short lists of numbers, one after the other in a single array (compressed sparse
 * rows). They are made in two passes over the same input:
 *
 *	netpol_csr_init(csr, lists)
 *	netpol_csr_count(csr, list)		for each item to come
 *	netpol_csr_begin(csr)
 *	netpol_csr_add(csr, list, item)		for each item, in the order of its list
 *
 * and then read by netpol_csr_for_each(). Owned by the caller; process context.
 */
#ifndef NETPOL_CORE_CSR_H
#define NETPOL_CORE_CSR_H

#include <netpol/shim.h>

/**
 * struct netpol_csr - lists of numbers
 * @lists: how many lists
 * @first: once all items are added, list i is @item[@first[i]] up to @item[@first[i + 1]].
 *	While they are counted and added, @first[i + 1] is where the next item of list i goes:
 *	it begins at the start of the list and ends at the start of the next one. To make that
 *	so, the items of list i are counted in @first[i + 2] before the counts are summed up.
 * @item: the items of all lists
 */
struct netpol_csr {
	u32 lists;
	u32 *first;
	u32 *item;
};

/* Begins to count the items of so many lists. 0 or -ENOMEM. */
int netpol_csr_init(struct netpol_csr *csr, u32 lists);

/* Every item is counted: makes room for them. 0 or -ENOMEM. */
int netpol_csr_begin(struct netpol_csr *csr);

/* Frees the lists; fine on an all-zero struct. */
void netpol_csr_free(struct netpol_csr *csr);

/* Counts an item of a list. */
static inline void netpol_csr_count(struct netpol_csr *csr, u32 list)
{
	csr->first[list + 2]++;
}

/* Appends an item to a list. */
static inline void netpol_csr_add(struct netpol_csr *csr, u32 list, u32 item)
{
	csr->item[csr->first[list + 1]++] = item;
}

/* The items of a list in order; @i is a u32, the item is csr->item[i]. */
#define netpol_csr_for_each(csr, list, i) \
	for ((i) = (csr)->first[list]; (i) < (csr)->first[(list) + 1]; (i)++)

#endif /* NETPOL_CORE_CSR_H */
