// SPDX-License-Identifier: GPL-2.0-or-later
/* Sorting of arrays that may be long. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE		/* qsort_r() */
#endif
#include "base/sort.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/loop.h"

#define NP_SORT_BREATHE	256	/* comparisons */

struct np_sorting {
	int (*compare)(const void *left, const void *right);
	uint32_t steps;
};

static int np_sort_compare(const void *left, const void *right, void *arg)
{
	struct np_sorting *sorting = arg;

	if (!(++sorting->steps % NP_SORT_BREATHE))
		np_breathe();
	return sorting->compare(left, right);
}

void np_sort_many(void *array, size_t count, size_t size,
		  int (*compare)(const void *left, const void *right))
{
	struct np_sorting sorting = { .compare = compare };

	if (count > 1)
		qsort_r(array, count, size, np_sort_compare, &sorting);
}
