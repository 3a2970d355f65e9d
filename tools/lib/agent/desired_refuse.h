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
 * A record exceeds a bound, or the kernel refused it. A policy is closed the first time, so its
 * subject and directions stay and its rules go. The second time it is rejected, together with the
 * local pods that it selects. Other objects are rejected at once. Returns false if the record is
 * rejected already.
 */
bool np_desired_refuse(struct np_desired *d, uint8_t object, void *record, const char *reason);
/* Everything that was refused may be tried again. */
void np_desired_retry(struct np_desired *d);

#endif
