/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results of a bench: rows that are printed as a table and written to a JSON file, as a
 * list of {name, params, value, unit, target}. Exact rows (instructions, bytes,
 * messages) that miss their target make the bench fail, after its last row.
 */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include <stdbool.h>
#include <stddef.h>

/* No target: the row is for reading. */
#define ROWS_NO_TARGET	(-1.0)

/* Begins the table; file NULL: none is written. */
void rows_begin(const char *file);
/*
 * One row. params is the inside of a JSON object, as "\"pods\":1000". The target is the
 * most that value may be; exact: a miss counts.
 */
void rows_add(const char *name, const char *params, double value, const char *unit,
	      double target, bool exact);
/* A time: the median of n values in seconds is the value, in us; sorts them. */
void rows_time(const char *name, const char *params, double *seconds, size_t n,
	       double target_us);
/* Ends the table; 0, or 1 if an exact row missed its target or the file failed. */
int rows_end(void);

/* CPU time of this process and wall clock, in seconds. */
double rows_cpu(void);
double rows_clock(void);
/* Memory of this process in MiB, by its line of /proc/self/status: "VmRSS:" or "VmHWM:". */
double rows_memory(const char *which);

#endif
