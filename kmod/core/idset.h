/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A set of numbers (identities, namespaces) as a sorted array of 64-bit words, zero
 * words left out. Numbers of one namespace lie in runs, so a set of many of its
 * identities takes few words, and AND, OR and NOT are merges of word lists.
 */
#ifndef NETPOL_IDSET_H
#define NETPOL_IDSET_H

#include <netpol/shim.h>

/**
 * struct netpol_idset_word - 64 numbers
 * @bits: which of them are in the set
 * @index: number of the first, divided by 64
 */
struct netpol_idset_word {
	u64 bits;
	u32 index;
};

/**
 * struct netpol_idset - a set of numbers
 * @words: sorted by index, none with zero bits; owned by the set
 * @count: words in use
 * @size: words allocated
 *
 * Lock: the world's mutex.
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
 * struct netpol_idset_walk - walks the numbers of a set in order
 * @set: the set, unchanged meanwhile
 * @word: next word
 * @bits: what is left of the word before it
 */
struct netpol_idset_walk {
	const struct netpol_idset *set;
	u32 word;
	u64 bits;
};

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

/* All numbers of a set, in order; @walk is a struct netpol_idset_walk. */
#define netpol_idset_for_each(s, walk, number)				\
	for ((walk) = (struct netpol_idset_walk){ .set = (s) };		\
	     netpol_idset_next(&(walk), &(number));)

#endif /* NETPOL_IDSET_H */
