/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arrays that grow: a pointer to zeroed elements, a count, and the room there is. The owner
 * frees the array with netpol_free(). Process context; growing allocates and may sleep.
 */
#ifndef NETPOL_CORE_ARRAY_H
#define NETPOL_CORE_ARRAY_H

#include <netpol/shim.h>

/* Makes @size at least @wanted by moving @count elements to new memory. 0 or -ENOMEM. */
int netpol_array_grow(void **array, u32 count, u32 *size, u32 wanted, size_t element);

/**
 * netpol_array_reserve() - make room for a number of elements in all
 * @array: the array, NULL if @size is 0; replaced where it has to grow
 * @count: elements that are kept
 * @size: room in elements; at least doubled where the array has to grow
 * @wanted: the room that is needed
 * @element: bytes of an element
 *
 * Return: 0; -ENOMEM with nothing changed.
 */
static inline int netpol_array_reserve(void **array, u32 count, u32 *size, u32 wanted,
				       size_t element)
{
	return wanted <= *size ? 0 : netpol_array_grow(array, count, size, wanted, element);
}

/*
 * A pointer to the element behind the first @count ones, for the caller to fill and count;
 * it may not be zero if it was in use before. NULL without memory, with nothing changed.
 */
static inline void *netpol_array_more(void **array, u32 count, u32 *size, size_t element)
{
	if (netpol_array_reserve(array, count, size, count + 1, element))
		return NULL;
	return (u8 *)*array + count * element;
}

#endif /* NETPOL_CORE_ARRAY_H */
