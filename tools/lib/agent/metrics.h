/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's metrics, as text for Prometheus.
 */
#ifndef NP_AGENT_METRICS_H
#define NP_AGENT_METRICS_H

#include <stdio.h>

struct np_agent;

/* Writes all metrics. Asks the kernel for its counters. */
void np_agent_metrics_write(struct np_agent *agent, FILE *file);

#endif
