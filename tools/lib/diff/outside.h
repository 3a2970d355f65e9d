/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses that are no pod's, as ends of connections: for each set of rules whose blocks hold an
 * address, one that stands for all of them.
 */
#ifndef NP_DIFF_OUTSIDE_H
#define NP_DIFF_OUTSIDE_H

#include "diff/side.h"

/*
 * Adds to both states, under the namespace NP_DIFF_OUTSIDE, the same pods without labels, each with
 * an address that no pod of either has; the name is the first range of those it stands for. No
 * selector matches them, and no policy selects them. To be called when all else is in the states.
 */
void np_diff_outside_add(struct np_diff_side *a, struct np_diff_side *b);

#endif
