// SPDX-License-Identifier: GPL-2.0-or-later
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static FILE *rows_file;
static unsigned int rows_count, rows_missed;
static bool rows_broken;

static double now(clockid_t clock)
{
	struct timespec at;

	clock_gettime(clock, &at);
	return at.tv_sec + at.tv_nsec / 1e9;
}

double rows_cpu(void)
{
	return now(CLOCK_PROCESS_CPUTIME_ID);
}

double rows_clock(void)
{
	return now(CLOCK_MONOTONIC);
}

void rows_begin(const char *file)
{
	if (file) {
		rows_file = fopen(file, "w");
		if (!rows_file) {
			perror(file);
			rows_broken = true;
		}
	}
	printf("%-34s %12s %-8s %10s%-8s %s\n", "name", "value", "unit", "target", "", "params");
}

/* Parameters as the table shows them: without quotes. */
static const char *plain(const char *params, char *text, size_t size)
{
	size_t at = 0;

	for (; *params && at + 2 < size; params++) {
		if (*params == '"')
			continue;
		text[at++] = *params == ':' ? '=' : *params == ',' ? ' ' : *params;
	}
	text[at] = 0;
	return text;
}

static void write_row(const char *name, const char *params, double value, const char *unit,
		      double target, bool exact)
{
	if (!rows_file)
		return;
	fprintf(rows_file, "%s\n {\"name\":\"%s\",\"params\":{%s},\"value\":%.6g,\"unit\":\"%s\",",
		rows_count ? "," : "[", name, params, value, unit);
	if (target >= 0)
		fprintf(rows_file, "\"target\":%.6g,\"exact\":%s}", target,
			exact ? "true" : "false");
	else
		fprintf(rows_file, "\"target\":null,\"exact\":false}");
}

void rows_add(const char *name, const char *params, double value, const char *unit,
	      double target, bool exact)
{
	bool missed = target >= 0 && value > target;
	char text[256];

	write_row(name, params, value, unit, target, exact);
	rows_count++;
	rows_missed += missed && exact;
	printf("%-34s %12.6g %-8s ", name, value, unit);
	if (target >= 0)
		printf("%10.6g%-8s", target, !missed ? "" : exact ? " MISSED" : " (over)");
	else
		printf("%10s%-8s", "-", "");
	printf(" %s\n", plain(params, text, sizeof(text)));
	fflush(stdout);
}

static int order(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

void rows_time(const char *name, const char *params, double *seconds, size_t n,
	       double target_us)
{
	char more[256];

	if (!n)
		return;
	qsort(seconds, n, sizeof(*seconds), order);
	snprintf(more, sizeof(more),
		 "%s%s\"rounds\":%zu,\"q1\":%.6g,\"q3\":%.6g,\"p99\":%.6g", params,
		 *params ? "," : "", n, seconds[n / 4] * 1e6, seconds[n * 3 / 4] * 1e6,
		 seconds[n * 99 / 100] * 1e6);
	rows_add(name, more, seconds[n / 2] * 1e6, "us", target_us, false);
}

int rows_end(void)
{
	if (rows_file) {
		fprintf(rows_file, rows_count ? "\n]\n" : "[]\n");
		if (fclose(rows_file))
			rows_broken = true;
		rows_file = NULL;
	}
	printf("%u rows, %u exact ones missed their target\n", rows_count, rows_missed);
	return rows_missed || rows_broken || !rows_count;
}

double rows_memory(const char *which)
{
	FILE *file = fopen("/proc/self/status", "re");
	double value = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, which, strlen(which)))
			value = atof(line + strlen(which)) / 1024;
	if (file)
		fclose(file);
	return value;
}
