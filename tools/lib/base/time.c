// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Times as text.
 */
#include "base/time.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static const struct {
	char letter;
	uint32_t seconds;
} np_time_units[] = {
	{ 'd', 86400 },
	{ 'h', 3600 },
	{ 'm', 60 },
	{ 's', 1 },
};

#define NP_TIME_UNIT_COUNT	(sizeof(np_time_units) / sizeof(np_time_units[0]))

bool np_time_span_parse(const char *text, uint64_t *seconds)
{
	unsigned long number;
	char *end;
	size_t i;

	if (!isdigit((unsigned char)*text))
		return false;
	number = strtoul(text, &end, 10);
	for (i = 0; *end && i < NP_TIME_UNIT_COUNT; i++)
		if (*end == np_time_units[i].letter)
			break;
	if (i == NP_TIME_UNIT_COUNT || (*end && end[1]) || !number || number > UINT32_MAX)
		return false;
	*seconds = (uint64_t)number * (*end ? np_time_units[i].seconds : 1);
	return true;
}

const char *np_time_span_text(uint64_t seconds, char text[NP_TIME_SPAN_SIZE])
{
	size_t i = 0;

	while (i < NP_TIME_UNIT_COUNT - 1 && seconds < np_time_units[i].seconds)
		i++;
	snprintf(text, NP_TIME_SPAN_SIZE, "%llu%c",
		 (unsigned long long)seconds / np_time_units[i].seconds, np_time_units[i].letter);
	return text;
}

static const char *np_time_text(uint64_t when, const char *form,
				struct tm *(*split)(const time_t *when, struct tm *tm),
				char text[NP_TIME_TEXT_SIZE])
{
	time_t seconds = (time_t)when;
	struct tm tm;

	if (when > INT64_MAX || !split(&seconds, &tm) ||
	    !strftime(text, NP_TIME_TEXT_SIZE, form, &tm))
		snprintf(text, NP_TIME_TEXT_SIZE, "%llu", (unsigned long long)when);
	return text;
}

const char *np_time_utc_text(uint64_t when, char text[NP_TIME_TEXT_SIZE])
{
	return np_time_text(when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r, text);
}

const char *np_time_milli_text(uint64_t when, char text[NP_TIME_TEXT_SIZE])
{
	size_t used;

	np_time_text(when / 1000, "%Y-%m-%dT%H:%M:%S", gmtime_r, text);
	used = strlen(text);
	snprintf(text + used, NP_TIME_TEXT_SIZE - used, ".%03uZ", (unsigned int)(when % 1000));
	return text;
}

const char *np_time_local_text(uint64_t when, char text[NP_TIME_TEXT_SIZE])
{
	return np_time_text(when, "%Y-%m-%d %H:%M:%S", localtime_r, text);
}

const char *np_time_of_day_text(uint64_t when, char text[NP_TIME_TEXT_SIZE])
{
	size_t used;

	np_time_text(when / 1000, "%H:%M:%S", localtime_r, text);
	used = strlen(text);
	snprintf(text + used, NP_TIME_TEXT_SIZE - used, ".%03u", (unsigned int)(when % 1000));
	return text;
}

const char *np_time_left_text(uint64_t seconds, char text[NP_TIME_TEXT_SIZE])
{
	static const char * const word[] = { "d", "h", "min", "s" };
	size_t i = 0;

	while (i < NP_TIME_UNIT_COUNT - 1 && seconds < np_time_units[i].seconds)
		i++;
	snprintf(text, NP_TIME_TEXT_SIZE, "in %llu %s",
		 (unsigned long long)seconds / np_time_units[i].seconds, word[i]);
	return text;
}

int64_t np_time_monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
