/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What diff and exposure share: the state that the module has loaded. */
#ifndef NP_KERNEL_H
#define NP_KERNEL_H

#include "base/error.h"
#include "diff/side.h"

/*
 * Connects to the module and reads its state, all of it in one generation, into a side that holds
 * nothing. Returns 0, or -1 with *err filled.
 */
int np_read_kernel(struct np_diff_side *side, struct np_error *err);

#endif
