/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares the objects in the kernel with the desired ones.
 */
#ifndef NP_AGENT_COMPARE_H
#define NP_AGENT_COMPARE_H

#include <stddef.h>

#include "agent/desired_record.h"
#include "agent/kernel.h"
#include "base/error.h"

/*
 * Makes every difference pending, also the deletion of stale objects of the origin. *found: how
 * many differences there are. Returns 0, or -1 with *err filled. After a failure the state of the
 * kernel counts as unknown.
 */
int np_compare_run(struct np_kernel *kernel, struct np_desired *d, size_t *found,
		   struct np_error *err);

#endif
