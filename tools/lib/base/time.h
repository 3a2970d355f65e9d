/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times as text, and the clock.
 */
#ifndef NP_BASE_TIME_H
#define NP_BASE_TIME_H

#include <stdint.h>

/*
 * Reads a time as RFC 3339 has it, with or without fractions of a second. Returns seconds
 * since 1970; 0 for an earlier time and for a text of another form.
 */
int64_t np_time_parse(const char *text);
/* Returns the milliseconds of CLOCK_MONOTONIC. */
int64_t np_time_monotonic(void);

#endif
