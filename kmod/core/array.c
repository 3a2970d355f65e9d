// SPDX-License-Identifier: GPL-2.0
/* Arrays that grow; see array.h. */
#include "core/array.h"
#include "core/order.h"

/* Room of an array that gets its first elements. */
#define ARRAY_FIRST	4u

int netpol_array_grow(void **array, u32 count, u32 *size, u32 wanted, size_t element)
{
	u32 larger = max(*size * 2, wanted);
	void *copy;

	larger = max(larger, ARRAY_FIRST);
	copy = netpol_alloc_array(larger, element);
	if (!copy)
		return -ENOMEM;
	if (count)
		netpol_copy(copy, *array, count * element);
	netpol_free(*array);
	*array = copy;
	*size = larger;
	return 0;
}
