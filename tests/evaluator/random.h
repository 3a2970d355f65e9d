/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers that a seed decides: the same on every machine. */
#ifndef EVALUATOR_RANDOM_H
#define EVALUATOR_RANDOM_H

#include <stdint.h>

/* Less than n, by splitmix64; the state is the caller's, of any value. */
static inline uint32_t random_below(uint64_t *state, uint32_t n)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return ((z ^ z >> 31) >> 32) % n;
}

#endif
