/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times as text, and the clock.
 */
#ifndef NP_BASE_TIME_H
#define NP_BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads a time as RFC 3339 has it, with or without fractions of a second. Returns seconds
 * since 1970; 0 for an earlier time and for a text of another form.
 */
int64_t np_time_parse(const char *text);
/* Reads "90" or "90s", "5m", "12h" or "7d" into seconds, of which there must be at least one. */
bool np_time_span_parse(const char *text, uint64_t *seconds);

#define NP_TIME_SPAN_SIZE	24

/* Writes seconds as "59s", "59m", "23h" or "7d", rounded down, and returns text. */
const char *np_time_span_text(uint64_t seconds, char text[NP_TIME_SPAN_SIZE]);

#define NP_TIME_TEXT_SIZE	40

/*
 * Write a time, in seconds since 1970, as "2026-12-01T03:59:00Z", or in the local time zone as
 * "2026-12-01 04:59:00", and return text. A time that no calendar has is written as a number.
 */
const char *np_time_utc_text(uint64_t when, char text[NP_TIME_TEXT_SIZE]);
const char *np_time_local_text(uint64_t when, char text[NP_TIME_TEXT_SIZE]);
/* Writes a time, in milliseconds since 1970, as "2026-12-01T03:59:00.123Z", and returns text. */
const char *np_time_milli_text(uint64_t when, char text[NP_TIME_TEXT_SIZE]);
/* Likewise, as the local time of day: "04:59:00.123". */
const char *np_time_of_day_text(uint64_t when, char text[NP_TIME_TEXT_SIZE]);
/* Writes seconds that are left as "in 59 s", "in 59 min", "in 23 h" or "in 7 d", rounded down. */
const char *np_time_left_text(uint64_t seconds, char text[NP_TIME_TEXT_SIZE]);
/* Returns the milliseconds of CLOCK_MONOTONIC. */
int64_t np_time_monotonic(void);

#endif
