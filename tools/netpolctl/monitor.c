// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl monitor
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "events.h"
#include "record/line.h"

enum { NP_OPT_COUNT = 0x100 };

struct np_monitor {
	struct np_filter filter;
	unsigned long count;	/* 0: no limit */
	unsigned long seen;
	uint64_t lost;		/* lost packets that have not been reported yet */
};

static int np_monitor_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	struct np_monitor *mon = ctx;

	if (code != NP_OPT_COUNT)
		return np_events_take(code, arg, &mon->filter, err);
	return np_parse_count("count", arg, &mon->count, err);
}

/* Reports lost packets once, as soon as they are known. */
static void np_monitor_lost(struct np_monitor *mon, uint64_t more)
{
	mon->lost += more;
	if (!mon->lost)
		return;
	np_line_lost(stdout, np_common.format == NP_FORMAT_JSONL, mon->lost);
	mon->lost = 0;
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
	if (!event.change && !event.packet)
		return 0;
	if (!np_filter_match(&mon->filter, &event))
		return 0;
	np_line_event(stdout, np_common.format == NP_FORMAT_JSONL, &event);
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
	while (!mon->count || mon->seen < mon->count) {
		if (np_client_receive(client, -1, np_monitor_event, mon, &mon->lost, err) < 0)
			return -1;
		np_monitor_lost(mon, 0);
	}
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
		"The first packet of a flow is shown at once. Packets that differ from it in "
		"no more than the source port are counted for a second, and are one line "
		"with their number and the time of the last one: (x 37 in 0.9 s).\n\n"
		"The kernel limits the rate (event-rate in 'netpolctl settings') before "
		"anything is left out here: so many first packets a second, of which one "
		"sender has a quarter, and so many lines of counts. A flood that no condition "
		"meets can still lose others. The number of lost packets is a line of its own "
		"within a second.",
	.options = np_monitor_options,
	.examples = "netpolctl monitor --to db/main --port tcp/5432\n"
		"netpolctl monitor all -o jsonl --count 100",
	.words = "deny audit change all",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE) | NP_FORMAT_BIT(NP_FORMAT_JSONL),
	.form = NP_FORMAT_TABLE,
	.run = np_monitor_run,
};
