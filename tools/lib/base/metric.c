// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prometheus' text format.
 */
#include "base/metric.h"

#include <math.h>
#include <stdarg.h>

static const double np_bound[NP_HISTOGRAM_BUCKETS] = {
	0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 20, 60,
};

void np_histogram_add(struct np_histogram *histogram, double seconds)
{
	unsigned int i;

	for (i = 0; i < NP_HISTOGRAM_BUCKETS && seconds > np_bound[i]; i++)
		;
	histogram->bucket[i]++;
	histogram->sum += seconds;
	histogram->count++;
}

void np_metric_head(FILE *file, const char *name, const char *type, const char *help)
{
	fprintf(file, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void np_metric_label(FILE *file, const char *value)
{
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", file);
		else if (*value == '"' || *value == '\\')
			fprintf(file, "\\%c", *value);
		else
			putc(*value, file);
	}
}

static void np_metric_number(FILE *file, double value)
{
	if (value == floor(value) && fabs(value) < 9e15)
		fprintf(file, " %.0f\n", value);
	else
		fprintf(file, " %.9g\n", value);
}

void np_metric_value(FILE *file, const char *name, double value, ...)
{
	const char *label, *text;
	char before = '{';
	va_list args;

	fputs(name, file);
	va_start(args, value);
	for (label = va_arg(args, const char *); label; label = va_arg(args, const char *)) {
		text = va_arg(args, const char *);
		fprintf(file, "%c%s=\"", before, label);
		np_metric_label(file, text);
		putc('"', file);
		before = ',';
	}
	va_end(args);
	if (before == ',')
		putc('}', file);
	np_metric_number(file, value);
}

void np_metric_one(FILE *file, const char *name, const char *type, const char *help,
		   double value)
{
	np_metric_head(file, name, type, help);
	np_metric_value(file, name, value, NP_METRIC_END);
}

void np_metric_histogram(FILE *file, const char *name, const char *help,
			 const struct np_histogram *histogram)
{
	uint64_t total = 0;
	unsigned int i;

	np_metric_head(file, name, "histogram", help);
	for (i = 0; i < NP_HISTOGRAM_BUCKETS; i++) {
		total += histogram->bucket[i];
		fprintf(file, "%s_bucket{le=\"%g\"} %llu\n", name, np_bound[i],
			(unsigned long long)total);
	}
	fprintf(file, "%s_bucket{le=\"+Inf\"} %llu\n", name,
		(unsigned long long)histogram->count);
	fprintf(file, "%s_sum", name);
	np_metric_number(file, histogram->sum);
	fprintf(file, "%s_count %llu\n", name, (unsigned long long)histogram->count);
}
