// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl monitor
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "common.h"
#include "events.h"

enum { NP_OPT_COUNT = 0x100 };

struct np_monitor {
	struct np_filter filter;
	unsigned long count;	/* 0: no limit */
	unsigned long seen;
	uint64_t lost;		/* lost events that have not been reported yet */
};

static int np_monitor_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	struct np_monitor *mon = ctx;

	if (code != NP_OPT_COUNT)
		return np_events_take(code, arg, &mon->filter, err);
	return np_parse_count("count", arg, &mon->count, err);
}

/* Reports lost events once, before the event that follows them. */
static void np_monitor_lost(struct np_monitor *mon, uint64_t more)
{
	struct np_writer w;

	mon->lost += more;
	if (!mon->lost)
		return;
	if (np_common.format == NP_FORMAT_JSONL) {
		np_writer_init(&w, stdout, NP_FORMAT_JSONL);
		np_write_top(&w, "Lost");
		np_write_number(&w, "events", mon->lost);
		np_write_end(&w);
	} else {
		printf("-- %llu events lost\n", (unsigned long long)mon->lost);
	}
	mon->lost = 0;
}

/* Prints the time of day, with milliseconds. */
static void np_monitor_time(uint64_t when)
{
	time_t seconds = (time_t)(when / 1000000000);
	char text[16] = "";
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	printf("%s.%03u ", text, (unsigned int)(when / 1000000 % 1000));
}

static void np_monitor_end(const struct np_end *end, bool has_port, uint16_t port)
{
	bool six = end->address.family == AF_INET6;
	char text[NP_CIDR_TEXT];

	if (*end->name) {
		np_print_escaped(stdout, end->namespace);
		putchar('/');
		np_print_escaped(stdout, end->name);
	} else if (end->address.family) {
		printf("%s%s%s", six && has_port ? "[" : "",
		       np_address_text(&end->address, text), six && has_port ? "]" : "");
	} else {
		putchar('?');
	}
	if (has_port)
		printf(":%u", port);
}

static void np_monitor_line(const struct np_event *event)
{
	char protocol[NP_PROTOCOL_TEXT];
	struct timespec now;
	uint32_t i;

	if (event->change) {
		clock_gettime(CLOCK_REALTIME, &now);
		np_monitor_time((uint64_t)now.tv_sec * 1000000000 + now.tv_nsec);
		printf("CHANGE generation %llu%s", (unsigned long long)event->generation,
		       *event->origin ? " by " : " of audits");
		np_print_escaped(stdout, event->origin);
		putchar('\n');
		return;
	}
	np_monitor_time(event->time);
	np_color_print(stdout, event->verdict == NETPOL_VERDICT_DENY ? NP_COLOR_BAD :
		       NP_COLOR_NOTE, np_verdict_name(event->verdict));
	printf(" %-7s ", np_direction_name(event->direction));
	np_monitor_end(&event->source, event->has_ports, event->source_port);
	fputs(" -> ", stdout);
	np_monitor_end(&event->destination, event->has_ports, event->destination_port);
	printf(" %s  %s", np_protocol_text(event->protocol, protocol),
	       !event->policy_count ? np_reason_text(event->reason) :
	       event->verdict == NETPOL_VERDICT_AUDIT ? "would be isolated by" : "isolated by");
	for (i = 0; i < event->policy_count; i++) {
		fputs(i ? ", " : " ", stdout);
		np_print_escaped(stdout, event->policy[i].namespace);
		fputs(*event->policy[i].namespace ? "/" : "", stdout);
		np_print_escaped(stdout, event->policy[i].name);
	}
	if (event->policies > event->policy_count)
		printf(" and %u more", event->policies - event->policy_count);
	putchar('\n');
}

static void np_monitor_write_end(struct np_writer *w, const char *key, const struct np_end *end,
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

static void np_monitor_json(const struct np_event *event)
{
	char text[NP_TIME_TEXT_SIZE], protocol[NP_PROTOCOL_TEXT];
	struct np_writer w;
	uint32_t i;

	np_writer_init(&w, stdout, NP_FORMAT_JSONL);
	if (event->change) {
		np_write_top(&w, "Change");
		np_write_number(&w, "generation", event->generation);
		if (*event->origin)
			np_write_string(&w, "origin", event->origin);
		np_write_end(&w);
		return;
	}
	np_write_top(&w, "Event");
	np_write_string(&w, "time", np_time_milli_text(event->time / 1000000, text));
	np_write_string(&w, "verdict", np_verdict_name(event->verdict));
	np_write_string(&w, "direction", np_direction_name(event->direction));
	np_write_string(&w, "reason", np_reason_name(event->reason));
	np_write_string(&w, "protocol", np_protocol_text(event->protocol, protocol));
	np_monitor_write_end(&w, "source", &event->source, event->has_ports,
			     event->source_port);
	np_monitor_write_end(&w, "destination", &event->destination, event->has_ports,
			     event->destination_port);
	np_write_array(&w, "policies");
	for (i = 0; i < event->policy_count; i++)
		np_write_format(&w, NULL, "%s%s%s", event->policy[i].namespace,
				*event->policy[i].namespace ? "/" : "", event->policy[i].name);
	np_write_end(&w);
	np_write_number(&w, "policyCount", event->policies);
	np_write_end(&w);
}

static int np_monitor_event(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct np_monitor *mon = arg;
	struct np_event event;

	if (mon->count && mon->seen == mon->count)
		return 0;
	if (np_event_decode(nlh, &event, err))
		return -1;
	np_monitor_lost(mon, event.lost);
	if (!np_filter_match(&mon->filter, &event))
		return 0;
	if (np_common.format == NP_FORMAT_JSONL)
		np_monitor_json(&event);
	else
		np_monitor_line(&event);
	mon->seen++;
	return 0;
}

/* Prints events of a group, or of all, until enough have come. */
static int np_monitor_listen(struct np_client *client, struct np_monitor *mon, const char *what,
			     struct np_error *err)
{
	if (np_events_join(client, what, true, err))
		return -1;
	/* Line buffering shows each event at once to a reader at the other end of a pipe. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (!mon->count || mon->seen < mon->count)
		if (np_client_receive(client, -1, np_monitor_event, mon, &mon->lost, err) < 0)
			return -1;
	return 0;
}

/* Prints what was asked for until enough has come. Returns the exit status. */
static int np_monitor_do(const struct np_command *cmd, struct np_monitor *mon, int words,
			 char **word)
{
	const char *what = words ? *word : "deny";
	struct np_error err = { 0 };
	struct np_client client;
	struct np_info info;
	int ret;

	if (words > 1 || !np_events_known(what, true))
		return np_usage(cmd, "monitor takes deny, audit, change or all");
	ret = np_connect(&client, &info, &err) || np_monitor_listen(&client, mon, what, &err);
	if (ret)
		ret = np_report(&err);
	np_info_free(&info);
	np_client_close(&client);
	return ret;
}

static const struct np_option_row np_monitor_options[] = {
	NP_ROW_FROM,
	NP_ROW_TO,
	NP_ROW_POD,
	NP_ROW_NAMESPACE,
	NP_ROW_POLICY,
	NP_ROW_PORT,
	{ "count", NP_OPT_COUNT, "N", NULL, "end after N events" },
	{ 0 }
};

static int np_monitor_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_monitor mon = { .count = 0 };
	int ret;

	ret = np_options_parse(cmd, argc, argv, np_monitor_take, &mon);
	if (ret == NP_PARSE_DONE)
		ret = np_monitor_do(cmd, &mon, argc - optind, argv + optind);
	np_filter_free(&mon.filter);
	return ret;
}

const struct np_command np_command_monitor = {
	.name = "monitor",
	.summary = "denied and audited packets and changes as they happen",
	.usage = "monitor [deny|audit|change|all] [OPTION...]",
	.about = "Prints packets that are denied (deny, the default), packets that pass because "
		"the policies that would deny them are observed (audit, see 'netpolctl help "
		"audit'), commits (change), or all of that, as they come, until "
		"interrupted.\n\n"
		"Packets that meet all conditions of the options are shown, and every "
		"change; an option that is given more than once is met by any of its values. "
		"The kernel limits the rate (event-rate in 'netpolctl settings') before "
		"anything is left out here, so a flood that no condition meets can still "
		"lose others. The number of lost events is printed once, before the next "
		"event.",
	.options = np_monitor_options,
	.examples = "netpolctl monitor --to db/main --port tcp/5432\n"
		"netpolctl monitor all -o jsonl --count 100",
	.words = "deny audit change all",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE) | NP_FORMAT_BIT(NP_FORMAT_JSONL),
	.form = NP_FORMAT_TABLE,
	.run = np_monitor_run,
};
