/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bounds of single objects, which the kernel tells. An object that exceeds one is refused
 * here, so that no transaction is spent on it.
 */
#ifndef NP_AGENT_BOUNDS_H
#define NP_AGENT_BOUNDS_H

#include "agent/desired_record.h"
#include "agent/kernel.h"

/* Refuses the pending objects that exceed a bound. This may make other objects pending. */
void np_bounds_check_pending(const struct np_kernel *kernel, struct np_desired *d);
/* Refuses all objects that exceed a bound. */
void np_bounds_check_all(const struct np_kernel *kernel, struct np_desired *d);

#endif
