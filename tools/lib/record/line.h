/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events as lines for people, and as JSON objects, one a line. docs/schema/monitor.json describes
 * these.
 */
#ifndef NP_RECORD_LINE_H
#define NP_RECORD_LINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "netlink/report.h"

/* Writes a line about the packets of an event, or about a change. */
void np_line_event(FILE *file, bool json, const struct np_event *event);
/* Writes a line about so many events that were lost. */
void np_line_lost(FILE *file, bool json, uint64_t lost);

#endif
