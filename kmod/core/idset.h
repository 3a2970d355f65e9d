/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A set of numbers (of identities, namespaces, templates, slots) as a sorted array of 64-bit
 * words, without those that are zero. The identities of a namespace have numbers close together,
 * so that a set of many of them takes few words. AND, OR and AND NOT merge two arrays.
 *
 * All zero is an empty set. Every call needs the world's mutex.
 */
#ifndef NETPOL_IDSET_H
#define NETPOL_IDSET_H

#include <netpol/shim.h>

/**
 * struct netpol_idset_word - 64 numbers
 * @bits: one bit for each number that is in the set
 * @index: the numbers divided by 64
 */
struct netpol_idset_word {
	u64 bits;
	u32 index;
};

/**
 * struct netpol_idset - a set of numbers
 * @words: words sorted by index, none of them zero; owned by the set
 * @count: words in use
 * @size: room for how many
 */
struct netpol_idset {
	struct netpol_idset_word *words;
	u32 count;
	u32 size;
};

void netpol_idset_free(struct netpol_idset *set);
bool netpol_idset_has(const struct netpol_idset *set, u32 number);
int netpol_idset_add(struct netpol_idset *set, u32 number);
void netpol_idset_del(struct netpol_idset *set, u32 number);
int netpol_idset_copy(struct netpol_idset *to, const struct netpol_idset *from);
int netpol_idset_or(struct netpol_idset *set, const struct netpol_idset *other);
void netpol_idset_and(struct netpol_idset *set, const struct netpol_idset *other);
void netpol_idset_and_not(struct netpol_idset *set,
			  const struct netpol_idset *other);
bool netpol_idset_equal(const struct netpol_idset *a, const struct netpol_idset *b);
u32 netpol_idset_weight(const struct netpol_idset *set);

/* Makes a set empty and keeps its memory. */
static inline void netpol_idset_clear(struct netpol_idset *set)
{
	set->count = 0;
}

/**
 * struct netpol_idset_walk - a walk over the numbers of a set in order
 * @set: the set, which must not change during the walk
 * @word: index of the next word
 * @bits: bits of the word before it that are still to be visited
 */
struct netpol_idset_walk {
	const struct netpol_idset *set;
	u32 word;
	u64 bits;
};

/* Sets @number to the next number of a walk. Returns false after the last. */
static inline bool netpol_idset_next(struct netpol_idset_walk *walk, u32 *number)
{
	while (!walk->bits) {
		if (walk->word >= walk->set->count)
			return false;
		walk->bits = walk->set->words[walk->word++].bits;
	}
	*number = walk->set->words[walk->word - 1].index * 64 + __ffs64(walk->bits);
	walk->bits &= walk->bits - 1;
	return true;
}

/* Walks all numbers of a set in order; @walk is a struct netpol_idset_walk. */
#define netpol_idset_for_each(s, walk, number)				\
	for ((walk) = (struct netpol_idset_walk){ .set = (s) };		\
	     netpol_idset_next(&(walk), &(number));)

#endif /* NETPOL_IDSET_H */
