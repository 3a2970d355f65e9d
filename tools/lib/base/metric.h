/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prometheus' text format, version 0.0.4.
 */
#ifndef NP_BASE_METRIC_H
#define NP_BASE_METRIC_H

#include <stdint.h>
#include <stdio.h>

#define NP_HISTOGRAM_BUCKETS	12

/*
 * A histogram of durations. Its bounds are fixed, from 1 ms to 60 s. One whose bytes are all
 * zero is empty.
 */
struct np_histogram {
	/* the last bucket counts what is beyond all bounds */
	uint64_t bucket[NP_HISTOGRAM_BUCKETS + 1];
	double sum;		/* seconds */
	uint64_t count;
};

void np_histogram_add(struct np_histogram *histogram, double seconds);

/* Writes the lines "# HELP" and "# TYPE" of a metric. The type is counter, gauge or histogram. */
void np_metric_head(FILE *file, const char *name, const char *type, const char *help);
#define NP_METRIC_END	((const char *)NULL)

/*
 * Writes one sample. Its labels are pairs of a name and a value, and the list ends with
 * NP_METRIC_END. Values are escaped.
 */
void np_metric_value(FILE *file, const char *name, double value, ...)
	__attribute__((sentinel));
/* Writes a metric that has one sample and no labels. */
void np_metric_one(FILE *file, const char *name, const char *type, const char *help,
		   double value);
void np_metric_histogram(FILE *file, const char *name, const char *help,
			 const struct np_histogram *histogram);

#endif
