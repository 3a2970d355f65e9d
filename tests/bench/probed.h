/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes seen by real packets: last one by the old policy, first one by the new. */
#ifndef BENCH_PROBED_H
#define BENCH_PROBED_H

#include "loader.h"
#include "prober.h"

/*
 * Adds rows for each kind of change; ns is the namespace that is relabelled, loaded
 * already. The rows' parameters begin with params. 0, or -1 if packets don't flow.
 */
int probed_changes(struct loader *loader, struct prober *prober, const char *ns,
		   const char *params, unsigned int rounds);

#endif
