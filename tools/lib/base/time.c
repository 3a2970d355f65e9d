// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Times as text.
 */
#include "base/time.h"

#include <ctype.h>
#include <stdio.h>
#include <time.h>

int64_t np_time_parse(const char *text)
{
	struct tm tm = { 0 };
	int hours, minutes, used = 0;
	const char *p;
	time_t when;
	char sign;

	p = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!p)
		return 0;
	when = timegm(&tm);
	if (*p == '.') {
		for (p++; isdigit((unsigned char)*p); p++)
			;
	}
	if ((*p == 'Z' || *p == 'z') && !p[1])
		return when > 0 ? when : 0;
	if (sscanf(p, "%c%2d:%2d%n", &sign, &hours, &minutes, &used) != 3 ||
	    p[used] || (sign != '+' && sign != '-') || hours < 0 || minutes < 0)
		return 0;
	used = 60 * (60 * hours + minutes);
	when += sign == '+' ? -used : used;
	return when > 0 ? when : 0;
}

int64_t np_time_monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
