/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of an object that exceeds a bound or that the kernel refuses.
 */
#ifndef NP_AGENT_DESIRED_REFUSE_H
#define NP_AGENT_DESIRED_REFUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/desired_record.h"

/*
 * To be called for a record that exceeds a bound, or that the kernel refused. The first time, a
 * NetworkPolicy loses its rules but keeps its subject and directions, so it isolates what it
 * selects, and the rules of a ClusterNetworkPolicy are closed. The second time it is rejected, and
 * the local pods that it selects are withheld. Other objects are rejected at once. Returns false if
 * the record was rejected before.
 */
bool np_desired_refuse(struct np_desired *d, uint8_t object, void *record, const char *reason);
/* Makes everything that was refused pending again, as it was before. */
void np_desired_retry(struct np_desired *d);

#endif
