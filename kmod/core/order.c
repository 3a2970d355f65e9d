// SPDX-License-Identifier: GPL-2.0
/* Large arrays, piece by piece; see order.h. */
#include "core/order.h"

/* Bytes that are copied or filled at a stretch. */
#define PIECE	(64 * 1024)

/* Elements that sort() gets at a time. */
#define SORTED	1024U

void netpol_copy(void *to, const void *from, size_t bytes)
{
	size_t at, piece;

	for (at = 0; at < bytes; at += piece) {
		piece = min_t(size_t, bytes - at, PIECE);
		memcpy((u8 *)to + at, (const u8 *)from + at, piece);
		cond_resched();
	}
}

void netpol_random(void *to, size_t bytes)
{
	size_t at, piece;

	for (at = 0; at < bytes; at += piece) {
		piece = min_t(size_t, bytes - at, PIECE);
		get_random_bytes((u8 *)to + at, piece);
		cond_resched();
	}
}

/* Merges the runs [@from, @middle) and [@middle, @end) of @base into the same part of @to. */
static void merge(const u8 *base, u32 from, u32 middle, u32 end, size_t size, u8 *to,
		  int (*compare)(const void *a, const void *b))
{
	u32 left = from, right = middle, at, next;

	for (at = from; at < end; at++) {
		if (right == end || (left < middle &&
				     compare(base + left * size, base + right * size) <= 0))
			next = left++;
		else
			next = right++;
		memcpy(to + at * size, base + next * size, size);
		netpol_offer(at);
	}
}

int netpol_sort(void *base, u32 count, size_t size,
		int (*compare)(const void *a, const void *b))
{
	u8 *from = base, *to, *spare;
	u64 at, run;

	for (at = 0; at < count; at += SORTED) {
		sort(from + at * size, min_t(u32, count - at, SORTED), size, compare, NULL);
		cond_resched();
	}
	if (count <= SORTED)
		return 0;
	spare = netpol_alloc_array(count, size);
	if (!spare)
		return -ENOMEM;
	to = spare;
	for (run = SORTED; run < count; run *= 2) {
		for (at = 0; at < count; at += run * 2)
			merge(from, at, min_t(u64, at + run, count),
			      min_t(u64, at + run * 2, count), size, to, compare);
		swap(from, to);
	}
	if (from != base)
		netpol_copy(base, from, count * size);
	netpol_free(spare);
	return 0;
}
