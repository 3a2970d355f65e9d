/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorting of arrays that may be long. */
#ifndef NP_BASE_SORT_H
#define NP_BASE_SORT_H

#include <stddef.h>

/* Sorts like qsort(3), and calls np_breathe() meanwhile. array may be NULL if count is 0. */
void np_sort_many(void *array, size_t count, size_t size,
		  int (*compare)(const void *left, const void *right));

#endif
