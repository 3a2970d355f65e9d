/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's status as JSON, for `netpolctl sync status`.
 */
#ifndef NP_AGENT_STATUS_H
#define NP_AGENT_STATUS_H

#include <stdio.h>

struct np_agent;

/* Writes the status as one JSON object. */
void np_agent_status_write(struct np_agent *agent, FILE *file);

#endif
