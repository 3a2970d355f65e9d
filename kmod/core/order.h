/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work on large arrays that offers the processor to others now and then. A tenant decides how
 * large they are, and the kernel's sort() and memcpy() go on to the end.
 */
#ifndef NETPOL_CORE_ORDER_H
#define NETPOL_CORE_ORDER_H

#include <netpol/shim.h>

/* Copies memory. Process context. */
void netpol_copy(void *to, const void *from, size_t bytes);

/* Fills memory with random bytes. Process context. */
void netpol_random(void *to, size_t bytes);

/**
 * netpol_sort() - sort an array
 * @base: elements
 * @count: how many
 * @size: bytes of an element
 * @compare: as for sort(); equal elements may come in any order
 *
 * Process context; needs as much memory again while it runs.
 *
 * Return: 0; -ENOMEM with the elements in any order.
 */
int netpol_sort(void *base, u32 count, size_t size,
		int (*compare)(const void *a, const void *b));

#endif /* NETPOL_CORE_ORDER_H */
