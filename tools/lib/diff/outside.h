/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses that are no pod's, as ends of connections: for each set of rules whose blocks hold an
 * address, one that stands for all of them.
 */
#ifndef NP_DIFF_OUTSIDE_H
#define NP_DIFF_OUTSIDE_H

#include "base/buffer.h"
#include "diff/side.h"

/* Addresses of one family from the first to the last, both included. */
struct np_diff_range {
	uint8_t first[16];
	uint8_t last[16];
};

/**
 * struct np_diff_outside_set - addresses that no rule tells apart
 * @address: the one that stands for them
 * @range: they, with those of pods among them, in order
 * @ranges: how many
 */
struct np_diff_outside_set {
	struct np_address address;
	struct np_diff_range *range;
	size_t ranges;
};

/* All such sets. To be freed with np_diff_outside_free(). */
struct np_diff_outside {
	struct np_diff_outside_set *set;
	size_t sets;
};

/*
 * Adds to both states, under the namespace NP_DIFF_OUTSIDE, the same pods without labels, each with
 * an address that no pod of either has; the name is the first range of those it stands for. No
 * selector matches them, and no policy selects them. To be called when all else is in the states.
 */
void np_diff_outside_add(struct np_diff_side *a, struct np_diff_side *b);
/* The same, and lists what each of these pods stands for; outside is to be empty. */
void np_diff_outside_list(struct np_diff_side *a, struct np_diff_side *b,
			  struct np_diff_outside *outside);
void np_diff_outside_free(struct np_diff_outside *outside);
/* Writes a range as a block if it is one, else by its ends. */
void np_diff_range_text(struct np_buffer *to, uint8_t family, const struct np_diff_range *range);
/* Adds 1 to an address, or takes 1 away. An address after the last one is 0. */
void np_diff_step(uint8_t address[16], bool v6, int by);

#endif
