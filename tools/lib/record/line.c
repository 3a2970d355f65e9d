// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events as lines for people, and as JSON.
 */
#include "record/line.h"

#include <time.h>

#include "base/output.h"
#include "base/time.h"

/* Prints the time of day of nanoseconds since 1970. */
static void np_line_time(FILE *file, uint64_t when)
{
	char text[NP_TIME_TEXT_SIZE];

	fprintf(file, "%s ", np_time_of_day_text(when / 1000000, text));
}

/* Prints how many packets an event is about, and over which time they came. */
static void np_line_count(FILE *file, const struct np_event *event)
{
	uint64_t milliseconds = (event->time - event->first) / 1000000;

	fprintf(file, "  (x %llu in %llu.%llu s)", (unsigned long long)event->count,
		(unsigned long long)(milliseconds / 1000),
		(unsigned long long)(milliseconds % 1000 / 100));
}

static void np_line_end(FILE *file, const struct np_end *end, bool has_port, uint16_t port)
{
	bool six = end->address.family == AF_INET6;
	char text[NP_CIDR_TEXT];

	if (*end->name) {
		np_print_escaped(file, end->namespace);
		putc('/', file);
		np_print_escaped(file, end->name);
	} else if (end->address.family) {
		fprintf(file, "%s%s%s", six && has_port ? "[" : "",
			np_address_text(&end->address, text), six && has_port ? "]" : "");
	} else {
		putc('?', file);
	}
	if (has_port)
		fprintf(file, ":%u", port);
}

static void np_line_text(FILE *file, const struct np_event *event)
{
	char protocol[NP_PROTOCOL_TEXT];
	struct timespec now;
	uint32_t i;

	if (event->change) {
		clock_gettime(CLOCK_REALTIME, &now);
		np_line_time(file, (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec);
		fprintf(file, "CHANGE generation %llu%s", (unsigned long long)event->generation,
			*event->origin ? " by " : " of audits");
		np_print_escaped(file, event->origin);
		putc('\n', file);
		return;
	}
	np_line_time(file, event->time);
	np_color_print(file, event->verdict == NETPOL_VERDICT_DENY ? NP_COLOR_BAD :
		       NP_COLOR_NOTE, np_verdict_name(event->verdict));
	fprintf(file, " %-7s ", np_direction_name(event->direction));
	np_line_end(file, &event->source, event->source_port, event->source_port);
	fputs(" -> ", file);
	np_line_end(file, &event->destination, event->has_ports, event->destination_port);
	fprintf(file, " %s  %s", np_protocol_text(event->protocol, protocol),
		!event->policy_count ? np_reason_text(event->reason) :
		event->verdict == NETPOL_VERDICT_AUDIT ? "would be isolated by" : "isolated by");
	for (i = 0; i < event->policy_count; i++) {
		fputs(i ? ", " : " ", file);
		np_print_escaped(file, event->policy[i].namespace);
		fputs(*event->policy[i].namespace ? "/" : "", file);
		np_print_escaped(file, event->policy[i].name);
	}
	if (event->policies > event->policy_count)
		fprintf(file, " and %u more", event->policies - event->policy_count);
	if (event->count > 1)
		np_line_count(file, event);
	putc('\n', file);
}

static void np_line_json_end(struct np_writer *w, const char *key, const struct np_end *end,
			     bool has_port, uint16_t port)
{
	char text[NP_CIDR_TEXT];

	np_write_object(w, key);
	if (end->address.family)
		np_write_string(w, "address", np_address_text(&end->address, text));
	if (has_port)
		np_write_number(w, "port", port);
	if (*end->name) {
		np_write_string(w, "namespace", end->namespace);
		np_write_string(w, "pod", end->name);
	}
	np_write_end(w);
}

static void np_line_json(FILE *file, const struct np_event *event)
{
	char text[NP_TIME_TEXT_SIZE], protocol[NP_PROTOCOL_TEXT];
	struct np_writer w;
	uint32_t i;

	np_writer_init(&w, file, NP_FORMAT_JSONL);
	if (event->change) {
		np_write_top(&w, "Change");
		np_write_number(&w, "generation", event->generation);
		if (*event->origin)
			np_write_string(&w, "origin", event->origin);
		np_write_end(&w);
		return;
	}
	np_write_top(&w, "Event");
	if (event->count > 1)
		np_write_string(&w, "first", np_time_milli_text(event->first / 1000000, text));
	np_write_string(&w, "time", np_time_milli_text(event->time / 1000000, text));
	np_write_number(&w, "count", event->count);
	np_write_string(&w, "verdict", np_verdict_name(event->verdict));
	np_write_string(&w, "direction", np_direction_name(event->direction));
	np_write_string(&w, "reason", np_reason_name(event->reason));
	np_write_string(&w, "protocol", np_protocol_text(event->protocol, protocol));
	np_line_json_end(&w, "source", &event->source, event->source_port,
			 event->source_port);
	np_line_json_end(&w, "destination", &event->destination, event->has_ports,
			 event->destination_port);
	np_write_array(&w, "policies");
	for (i = 0; i < event->policy_count; i++)
		np_write_format(&w, NULL, "%s%s%s", event->policy[i].namespace,
				*event->policy[i].namespace ? "/" : "", event->policy[i].name);
	np_write_end(&w);
	np_write_number(&w, "policyCount", event->policies);
	np_write_end(&w);
}

void np_line_event(FILE *file, bool json, const struct np_event *event)
{
	if (json)
		np_line_json(file, event);
	else
		np_line_text(file, event);
}

void np_line_lost(FILE *file, bool json, uint64_t lost)
{
	struct np_writer w;

	if (!json) {
		fprintf(file, "-- %llu events lost\n", (unsigned long long)lost);
		return;
	}
	np_writer_init(&w, file, NP_FORMAT_JSONL);
	np_write_top(&w, "Lost");
	np_write_number(&w, "events", lost);
	np_write_end(&w);
}
