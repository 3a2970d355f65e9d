/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides when the agent commits, checks and compares.
 */
#ifndef NP_AGENT_SCHEDULE_H
#define NP_AGENT_SCHEDULE_H

#include "base/error.h"

struct np_agent;

#define NP_CHECK_PACE	10000	/* milliseconds between two checks of the origin's generation */

/* Sets up the timers. */
void np_schedule_init(struct np_agent *agent);
/* Starts checks and comparisons. */
void np_schedule_start(struct np_agent *agent);
void np_schedule_stop(struct np_agent *agent);
/* To be called when something has changed. It is committed as soon as the pace allows. */
void np_schedule_wake(struct np_agent *agent);
/*
 * Compares the settings of the kernel with the wanted ones, and replaces them if they differ.
 * Returns 0, or -1 with *err filled.
 */
int np_schedule_settings(struct np_agent *agent, struct np_error *err);

#endif
