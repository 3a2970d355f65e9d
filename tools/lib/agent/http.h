/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's HTTP server: /metrics, /healthz and /readyz.
 */
#ifndef NP_AGENT_HTTP_H
#define NP_AGENT_HTTP_H

#include "base/error.h"

struct np_agent;

/* Starts the server, unless opts->listen is NULL. Returns 0, or -1 with *err filled. */
int np_agent_http_start(struct np_agent *agent, struct np_error *err);
void np_agent_http_stop(struct np_agent *agent);

#endif
