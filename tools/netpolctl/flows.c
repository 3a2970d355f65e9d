// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl flows
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/loop.h"
#include "common.h"
#include "events.h"
#include "record/interface.h"
#include "record/ipfix.h"
#include "record/jsonl.h"
#include "record/record.h"
#include "record/sink.h"
#include "record/target.h"

#define NP_FLOWS_RECORDS	4096	/* so many are written before the time */
#define NP_FLOWS_ROUND		64	/* datagrams of the kernel that are read in a row */
#define NP_FLOWS_GRACE		3000	/* milliseconds to write what is left at the end */

enum { NP_OPT_INTERVAL = 0x100, NP_OPT_FOR, NP_OPT_COUNT, NP_OPT_WRITE, NP_OPT_ENTERPRISE };

struct np_flows {
	struct np_filter filter;
	struct np_target target;
	int interval;		/* milliseconds */
	int duration;		/* milliseconds; 0 or less: no end */
	unsigned long count;	/* packets; 0: no end */
	unsigned long enterprise;
	uint64_t seen;		/* packets in records so far */
	struct np_loop *loop;
	struct np_client client;	/* which has joined the events */
	struct np_client asker;		/* for everything else */
	struct np_io io;
	struct np_timer write;
	struct np_timer end;
	struct np_record_table table;
	struct np_interfaces interfaces;
	struct np_sink sink;
	struct np_lost lost;
	struct np_lost told;	/* as it was last written */
	bool signalled;
	bool deaf;		/* nobody reads what is written any more */
	int status;		/* exit status, when the loop has ended */
};

static int np_flows_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	struct np_flows *flows = ctx;

	switch (code) {
	case NP_OPT_INTERVAL:
		if (np_parse_timeout(arg, &flows->interval) && flows->interval >= 100)
			return 0;
		return np_error_set(err, NP_EXIT_USAGE, "--interval takes a time of 100ms or more, "
				    "as 500ms, 10s or 1m, not \"%.40s\"", arg);
	case NP_OPT_FOR:
		if (np_parse_timeout(arg, &flows->duration) && flows->duration > 0)
			return 0;
		return np_error_set(err, NP_EXIT_USAGE, "--for takes a time, as 30s or 10m, not "
				    "\"%.40s\"", arg);
	case NP_OPT_COUNT:
		return np_parse_count("count", arg, &flows->count, err);
	case NP_OPT_WRITE:
		return np_target_parse("write", arg, &flows->target, err);
	case NP_OPT_ENTERPRISE:
		if (!np_parse_count("enterprise", arg, &flows->enterprise, err) &&
		    flows->enterprise <= UINT32_MAX)
			return 0;
		return np_error_set(err, NP_EXIT_USAGE, "--enterprise takes a private enterprise "
				    "number of IANA, from 1 to 4294967295, not \"%.40s\"", arg);
	default:
		return np_events_take(code, arg, &flows->filter, err);
	}
}

static uint64_t np_flows_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- writing ------------------------------------------------------------------ */

/* Hands over an IPFIX message, and begins the next one. Returns false if it was lost. */
static bool np_flows_hand_over(struct np_flows *flows, struct np_ipfix *ipfix, uint32_t records)
{
	struct np_sink_message *message;

	message = np_sink_message(ipfix->bytes.data, ipfix->bytes.len);
	message->counted = ipfix->records;
	message->records = records;
	message->packets = ipfix->packets;
	np_ipfix_free(ipfix);
	return np_sink_put(&flows->sink, message);
}

/* Writes all records, and then what was lost, if that is new. */
static void np_flows_ipfix(struct np_flows *flows)
{
	bool lost = memcmp(&flows->lost, &flows->told, sizeof(flows->lost));
	struct np_lost now = flows->lost;
	struct np_ipfix ipfix = { .set = 0 };
	size_t i;

	if (flows->table.count || lost)
		np_sink_greet(&flows->sink);
	for (i = 0; i < flows->table.count; i++)
		while (!np_ipfix_record(&ipfix, flows->table.record[i]))
			np_flows_hand_over(flows, &ipfix, ipfix.records);
	if (ipfix.records)
		np_flows_hand_over(flows, &ipfix, ipfix.records);
	if (!lost)
		return;
	np_ipfix_lost(&ipfix, &now, np_flows_now());
	if (np_flows_hand_over(flows, &ipfix, 0))
		flows->told = now;
}

/* Hands over a line that was printed. Returns false if it was lost. */
static bool np_flows_line(struct np_flows *flows, const char *line, size_t len,
			  const struct np_record *record)
{
	struct np_sink_message *message = np_sink_message(line, len);

	message->records = record ? 1 : 0;
	message->packets = record ? record->packets : 0;
	return np_sink_put(&flows->sink, message);
}

static void np_flows_jsonl(struct np_flows *flows)
{
	struct np_lost now = flows->lost;
	char *line = NULL;
	size_t len = 0, i;
	FILE *file;

	file = open_memstream(&line, &len);
	if (!file) {
		flows->lost.records += flows->table.count;
		return;
	}
	for (i = 0; i < flows->table.count; i++) {
		rewind(file);
		np_jsonl_record(file, flows->table.record[i]);
		fflush(file);
		np_flows_line(flows, line, len, flows->table.record[i]);
	}
	if (memcmp(&now, &flows->told, sizeof(now))) {
		rewind(file);
		np_jsonl_lost(file, &now, np_flows_now());
		fflush(file);
		if (np_flows_line(flows, line, len, NULL))
			flows->told = now;
	}
	fclose(file);
	free(line);
}

static void np_flows_write(struct np_flows *flows)
{
	size_t i;

	for (i = 0; i < flows->table.count; i++)
		np_interfaces_set(&flows->interfaces, flows->table.record[i]);
	if (np_common.format == NP_FORMAT_IPFIX)
		np_flows_ipfix(flows);
	else
		np_flows_jsonl(flows);
	np_record_clear(&flows->table);
}

/* --- what happens ------------------------------------------------------------- */

static void np_flows_fire(void *context)
{
	struct np_flows *flows = context;

	np_timer_start(flows->loop, &flows->write, flows->interval);
	np_flows_write(flows);
}

static void np_flows_over(void *context)
{
	struct np_flows *flows = context;

	np_loop_stop(flows->loop);
}

/* The second signal ends it at once, without what could not be written yet. */
static void np_flows_signal(void *context, int signo)
{
	struct np_flows *flows = context;

	if (flows->signalled)
		np_sink_give_up(&flows->sink);
	flows->signalled = true;
	np_flows_over(flows);
}

/* The file cannot be written any more; without an error nobody reads the pipe. */
static void np_flows_fail(void *context, const struct np_error *err)
{
	struct np_flows *flows = context;

	if (err)
		flows->status = np_report(err);
	flows->deaf = true;
	np_loop_stop(flows->loop);
}

static int np_flows_event(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct np_flows *flows = arg;
	struct np_event event;

	if (flows->count && flows->seen >= flows->count)
		return 0;
	if (np_event_decode(nlh, &event, err))
		return -1;
	flows->lost.events += event.lost;
	if (!event.packet || !np_filter_match(&flows->filter, &event))
		return 0;
	np_record_add(&flows->table, &event);
	flows->seen += event.count;
	if (flows->count && flows->seen >= flows->count)
		np_loop_stop(flows->loop);
	/* As many as there may be are written now, so that none has to be lost for want of room. */
	if (flows->table.count >= NP_FLOWS_RECORDS)
		np_flows_write(flows);
	return 0;
}

static void np_flows_ready(void *context, unsigned int events)
{
	struct np_flows *flows = context;
	struct np_error err = { 0 };
	int round, ret = 1;

	for (round = 0; ret > 0 && round < NP_FLOWS_ROUND; round++)
		ret = np_client_receive(&flows->client, 0, np_flows_event, flows,
					&flows->lost.events, &err);
	if (ret >= 0)
		return;
	flows->status = np_report(&err);
	np_loop_stop(flows->loop);
}

/* --- from the beginning to the end -------------------------------------------- */

/* Connects the second client, and joins the events with the first. */
static int np_flows_connect(struct np_flows *flows, const char *what, struct np_error *err)
{
	struct np_info info;
	int ret;

	ret = np_connect(&flows->client, &info, err);
	np_info_free(&info);
	if (ret || np_client_open(&flows->asker, NETPOL_GENL_NAME, np_common.timeout, err))
		return -1;
	flows->interfaces.client = &flows->asker;
	return np_events_join(&flows->client, what, false, err);
}

/* Begins to write, and then to read. */
static int np_flows_begin(struct np_flows *flows, struct np_sink_message *greeting,
			  struct np_error *err)
{
	struct np_sink_use use = {
		.loop = flows->loop,
		.stamp = greeting ? np_ipfix_stamp : NULL,
		.greeting = greeting,
		.lost = &flows->lost,
		.warn = np_warning,
		.fail = np_flows_fail,
		.context = flows,
	};

	signal(SIGPIPE, SIG_IGN);
	if (np_sink_open(&flows->sink, &use, &flows->target, err))
		return -1;
	flows->io.ready = np_flows_ready;
	flows->io.context = flows;
	flows->write.fire = np_flows_fire;
	flows->write.context = flows;
	flows->end.fire = np_flows_over;
	flows->end.context = flows;
	if (np_loop_signal(flows->loop, SIGINT, np_flows_signal, flows) ||
	    np_loop_signal(flows->loop, SIGTERM, np_flows_signal, flows) ||
	    np_io_set(flows->loop, &flows->io, flows->client.fd, NP_IO_READ))
		return np_error_set(err, NP_EXIT_KERNEL, "cannot wait for events: %s",
				    strerror(errno));
	np_timer_start(flows->loop, &flows->write, flows->interval);
	if (flows->duration > 0)
		np_timer_start(flows->loop, &flows->end, flows->duration);
	return 0;
}

/* Writes what is left, and says what was lost. */
static void np_flows_finish(struct np_flows *flows)
{
	if (!flows->deaf)
		np_flows_write(flows);
	np_sink_close(&flows->sink, flows->deaf ? 0 : NP_FLOWS_GRACE);
	if (!flows->deaf && (flows->lost.events || flows->lost.records))
		np_warning("lost: %llu events before they were read, and %llu records of %llu "
			   "packets that could not be written",
			   (unsigned long long)flows->lost.events,
			   (unsigned long long)flows->lost.records,
			   (unsigned long long)flows->lost.packets);
}

static int np_flows_do(struct np_flows *flows, const char *what)
{
	struct np_sink_message *greeting = NULL;
	struct np_ipfix ipfix = { .set = 0 };
	struct np_error err = { 0 };
	int ret;

	if (np_common.format == NP_FORMAT_IPFIX) {
		np_ipfix_templates(&ipfix, (uint32_t)flows->enterprise);
		greeting = np_sink_message(ipfix.bytes.data, ipfix.bytes.len);
		greeting->counted = ipfix.records;
		np_ipfix_free(&ipfix);
	}
	flows->loop = np_loop_new();
	flows->sink.fd = -1;
	ret = np_flows_connect(flows, what, &err);
	if (!ret) {
		ret = np_flows_begin(flows, greeting, &err);
		if (!ret && np_loop_run(flows->loop))
			ret = np_error_set(&err, NP_EXIT_KERNEL, "cannot wait for events: %s",
					   strerror(errno));
		np_io_stop(&flows->io);
		np_timer_stop(&flows->write);
		np_timer_stop(&flows->end);
		if (ret)
			flows->deaf = true;
		np_flows_finish(flows);
	}
	np_record_free(&flows->table);
	np_interfaces_free(&flows->interfaces);
	np_client_close(&flows->asker);
	np_client_close(&flows->client);
	np_loop_free(flows->loop);
	free(greeting);
	return ret ? np_report(&err) : flows->status;
}

static const struct np_option_row np_flows_options[] = {
	NP_ROW_FROM,
	NP_ROW_TO,
	NP_ROW_POD,
	NP_ROW_NAMESPACE,
	NP_ROW_POLICY,
	NP_ROW_PORT,
	{ "write", NP_OPT_WRITE, "WHERE", "@files",
	  "write to a file, at its end, or to a program that listens: udp://HOST:PORT or "
	  "tcp://HOST:PORT; - is standard output, the default" },
	{ "interval", NP_OPT_INTERVAL, "TIME", NULL,
	  "time that a record is about, and after which it is written: 500ms, 10s (default), 1m; "
	  "not below 100ms" },
	{ "for", NP_OPT_FOR, "TIME", NULL, "end after this time: 30s, 10m" },
	{ "count", NP_OPT_COUNT, "N", NULL, "end after N packets, or a few more" },
	{ "enterprise", NP_OPT_ENTERPRISE, "N", NULL,
	  "private enterprise number of the elements of IPFIX that are netpol's own (default "
	  "32473, which is for documentation)" },
	{ 0 }
};

static int np_flows_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_flows flows = {
		.interval = 10000,
		.enterprise = NP_IPFIX_ENTERPRISE,
		.target = { .text = "-" },
	};
	const char *what;
	int ret;

	ret = np_options_parse(cmd, argc, argv, np_flows_take, &flows);
	if (ret == NP_PARSE_DONE) {
		what = optind < argc ? argv[optind] : "all";
		if (argc - optind > 1 || !np_events_known(what, false))
			ret = np_usage(cmd, "flows takes deny, audit or all");
		else if (np_common.format == NP_FORMAT_IPFIX &&
			 !strcmp(flows.target.text, "-") && isatty(STDOUT_FILENO))
			ret = np_usage(cmd, "IPFIX is not for a terminal; --write says where it "
				       "goes");
		else
			ret = np_flows_do(&flows, what);
	}
	np_filter_free(&flows.filter);
	return ret;
}

const struct np_command np_command_flows = {
	.name = "flows",
	.summary = "records of denied and audited packets, as JSON lines or IPFIX",
	.usage = "flows [deny|audit|all] [OPTION...]",
	.about = "Writes flow records until interrupted: packets that are denied (deny), packets "
		"that pass because the policies that would deny them are observed (audit), or "
		"both (all, the default), added up. A record counts the packets of an interval "
		"that have the same ends, protocol, destination port, direction, verdict and "
		"policies. Nothing is recorded unless this command runs, and packets that "
		"policies allow are in no record.\n\n"
		"The kernel tells of a flow when it begins, and then once a second how many "
		"packets there were. It limits the rate (event-rate in 'netpolctl settings'), and "
		"an endpoint may be away for longer than 8 MiB of records last. What is lost "
		"is counted in records of its own, and said at the end.",
	.options = np_flows_options,
	.exits = "0 when it was interrupted or has come to its end, 3 if the file cannot be "
		"written or the host of an endpoint cannot be found. An endpoint that does not "
		"answer ends nothing.",
	.examples = "netpolctl flows --interval 1m --write /var/log/netpol-flows.jsonl\n"
		"netpolctl flows deny -o ipfix --write udp://collector.example:4739",
	.words = "deny audit all",
	.forms = NP_FORMAT_BIT(NP_FORMAT_JSONL) | NP_FORMAT_BIT(NP_FORMAT_IPFIX),
	.form = NP_FORMAT_JSONL,
	.run = np_flows_run,
};
