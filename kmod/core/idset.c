// SPDX-License-Identifier: GPL-2.0
/* Sets of numbers; see idset.h. */
#include "core/array.h"
#include "core/idset.h"

/* Frees the words; the set is empty then and can be used again. */
void netpol_idset_free(struct netpol_idset *set)
{
	netpol_free(set->words);
	set->words = NULL;
	set->count = 0;
	set->size = 0;
}

/* The position of the first word whose index is not below @index. */
static u32 idset_place(const struct netpol_idset *set, u32 index)
{
	u32 low = 0, high = set->count;

	while (low < high) {
		u32 middle = (low + high) / 2;

		if (set->words[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int idset_reserve(struct netpol_idset *set, u32 size)
{
	return netpol_array_reserve((void **)&set->words, set->count, &set->size, size,
				    sizeof(*set->words));
}

/* Is a number in the set? */
bool netpol_idset_has(const struct netpol_idset *set, u32 number)
{
	u32 place = idset_place(set, number / 64);

	return place < set->count && set->words[place].index == number / 64 &&
	       (set->words[place].bits & BIT_ULL(number % 64));
}

/* Adds a number. Return: 0; -ENOMEM with the set unchanged. */
int netpol_idset_add(struct netpol_idset *set, u32 number)
{
	u32 place = idset_place(set, number / 64);
	int error;

	if (place == set->count || set->words[place].index != number / 64) {
		error = idset_reserve(set, set->count + 1);
		if (error)
			return error;
		memmove(&set->words[place + 1], &set->words[place],
			(set->count - place) * sizeof(*set->words));
		set->words[place].index = number / 64;
		set->words[place].bits = 0;
		set->count++;
	}
	set->words[place].bits |= BIT_ULL(number % 64);
	return 0;
}

/* Removes a number if it is in the set. Cannot fail. The set keeps its room. */
void netpol_idset_del(struct netpol_idset *set, u32 number)
{
	u32 place = idset_place(set, number / 64);

	if (place == set->count || set->words[place].index != number / 64)
		return;
	set->words[place].bits &= ~BIT_ULL(number % 64);
	if (set->words[place].bits)
		return;
	set->count--;
	memmove(&set->words[place], &set->words[place + 1],
		(set->count - place) * sizeof(*set->words));
}

/* Makes @to equal to @from. Return: 0; -ENOMEM with @to unchanged. */
int netpol_idset_copy(struct netpol_idset *to, const struct netpol_idset *from)
{
	int error = idset_reserve(to, from->count);

	if (error)
		return error;
	if (from->count)
		memcpy(to->words, from->words, from->count * sizeof(*to->words));
	to->count = from->count;
	return 0;
}

/* Adds all numbers of @other. Return: 0; -ENOMEM with the set unchanged. */
int netpol_idset_or(struct netpol_idset *set, const struct netpol_idset *other)
{
	u32 i = 0, j = 0, missing = 0, at;
	int error;

	for (j = 0; j < other->count; j++) {
		while (i < set->count &&
		       set->words[i].index < other->words[j].index)
			i++;
		if (i == set->count ||
		    set->words[i].index != other->words[j].index)
			missing++;
	}
	error = idset_reserve(set, set->count + missing);
	if (error)
		return error;
	/* merged from the end, so that no word is overwritten before it has moved */
	at = set->count + missing;
	i = set->count;
	j = other->count;
	set->count = at;
	while (j) {
		if (i && set->words[i - 1].index > other->words[j - 1].index) {
			set->words[--at] = set->words[--i];
		} else if (i && set->words[i - 1].index ==
				other->words[j - 1].index) {
			set->words[--at] = set->words[--i];
			set->words[at].bits |= other->words[--j].bits;
		} else {
			set->words[--at] = other->words[--j];
		}
	}
	return 0;
}

/* Keeps only the numbers that are in @other too. */
void netpol_idset_and(struct netpol_idset *set, const struct netpol_idset *other)
{
	u32 i, j = 0, at = 0;

	for (i = 0; i < set->count; i++) {
		u64 bits;

		while (j < other->count &&
		       other->words[j].index < set->words[i].index)
			j++;
		if (j == other->count)
			break;
		if (other->words[j].index != set->words[i].index)
			continue;
		bits = set->words[i].bits & other->words[j].bits;
		if (!bits)
			continue;
		set->words[at].index = set->words[i].index;
		set->words[at++].bits = bits;
	}
	set->count = at;
}

/* Removes all numbers that are in @other. */
void netpol_idset_and_not(struct netpol_idset *set,
			  const struct netpol_idset *other)
{
	u32 i, j = 0, at = 0;

	for (i = 0; i < set->count; i++) {
		u64 bits = set->words[i].bits;

		while (j < other->count &&
		       other->words[j].index < set->words[i].index)
			j++;
		if (j < other->count &&
		    other->words[j].index == set->words[i].index)
			bits &= ~other->words[j].bits;
		if (!bits)
			continue;
		set->words[at].index = set->words[i].index;
		set->words[at++].bits = bits;
	}
	set->count = at;
}

/* Do two sets have the same numbers? */
bool netpol_idset_equal(const struct netpol_idset *a, const struct netpol_idset *b)
{
	u32 i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (a->words[i].index != b->words[i].index ||
		    a->words[i].bits != b->words[i].bits)
			return false;
	return true;
}

/* How many numbers are in the set. */
u32 netpol_idset_weight(const struct netpol_idset *set)
{
	u32 i, weight = 0;

	for (i = 0; i < set->count; i++)
		weight += hweight64(set->words[i].bits);
	return weight;
}
