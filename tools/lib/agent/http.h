/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's HTTP server: /metrics, /healthz and /readyz, and a second listener for the probes
 * alone, whose connections nobody outside can use up.
 */
#ifndef NP_AGENT_HTTP_H
#define NP_AGENT_HTTP_H

#include "base/error.h"

struct np_agent;

/*
 * Opens the listeners of opts->listen and opts->probes, as far as they are given. Returns 0, or -1
 * with *err filled.
 */
int np_agent_http_start(struct np_agent *agent, struct np_error *err);
/* Stops the server if it runs. */
void np_agent_http_stop(struct np_agent *agent);

#endif
