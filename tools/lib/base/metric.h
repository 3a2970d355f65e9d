/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prometheus' text format, version 0.0.4.
 */
#ifndef NP_BASE_METRIC_H
#define NP_BASE_METRIC_H

#include <stdint.h>
#include <stdio.h>

#define NP_HISTOGRAM_BUCKETS	12

/* Zeroed bytes are an empty one; bounds are fixed, from 1 ms to 60 s. */
struct np_histogram {
	uint64_t bucket[NP_HISTOGRAM_BUCKETS + 1];	/* the last one: beyond all bounds */
	double sum;		/* seconds */
	uint64_t count;
};

void np_histogram_add(struct np_histogram *histogram, double seconds);

/* "# HELP" and "# TYPE" lines; type is counter, gauge or histogram. */
void np_metric_head(FILE *file, const char *name, const char *type, const char *help);
#define NP_METRIC_END	((const char *)NULL)

/*
 * One sample; labels are pairs of name and value that end with NP_METRIC_END. Values are
 * escaped.
 */
void np_metric_value(FILE *file, const char *name, double value, ...)
	__attribute__((sentinel));
/* A metric that has one sample and no labels. */
void np_metric_one(FILE *file, const char *name, const char *type, const char *help,
		   double value);
void np_metric_histogram(FILE *file, const char *name, const char *help,
			 const struct np_histogram *histogram);

#endif
