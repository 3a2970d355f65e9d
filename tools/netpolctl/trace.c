// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl trace
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/time.h"
#include "common.h"
#include "explain/traced.h"
#include "question.h"

#define NP_TRACE_SECONDS	30	/* how long, unless --for says it */
#define NP_TRACE_GRACE		15000	/* milliseconds to wait for the kernel's word of the end */
#define NP_TRACE_ROUND		64	/* datagrams of the kernel that are read in a row */

enum { NP_OPT_TRACE_FOR = 0x200, NP_OPT_TRACE_COUNT };

/**
 * struct np_tracing - a trace that runs
 * @request: what the kernel is asked
 * @asking: protocol and family, as the options say
 * @client: whose socket the trace belongs to
 * @asker: for everything else
 * @loop: waits for messages, signals and time
 * @io: of @client
 * @tick: prints packets that wait for nothing more
 * @late: the kernel has not said that the trace has ended
 * @packets: packets that are being put together
 * @asked: the last question about policies, if @answered
 * @answer: the answer to it
 * @answered: there is one, for the generation @generation
 * @generation: in which it was asked
 * @lost: messages that were lost
 * @ended: the kernel has said why the trace ended: enum netpol_trace_end; 0: it was interrupted
 * @enforcing: netpol enforces something in this network namespace
 * @error: why it failed
 * @failed: it did
 */
struct np_tracing {
	struct np_trace_request request;
	struct np_asking asking;
	struct np_client client;
	struct np_client asker;
	struct np_loop *loop;
	struct np_io io;
	struct np_timer tick;
	struct np_timer late;
	struct np_traced_set packets;
	struct np_eval_request asked;
	struct np_eval answer;
	bool answered;
	uint64_t generation;
	uint64_t lost;
	uint8_t ended;
	bool enforcing;
	struct np_error error;
	bool failed;
};

static int np_trace_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	struct np_tracing *run = ctx;
	unsigned long count;
	uint64_t seconds;

	switch (code) {
	case 'p':
		return np_asking_some(arg, &run->asking, err);
	case NP_OPT_TRACE_FOR:
		if (np_time_span_parse(arg, &seconds) && seconds <= NETPOL_TRACE_SECONDS_MAX) {
			run->request.seconds = (uint32_t)seconds;
			return 0;
		}
		return np_error_set(err, NP_EXIT_USAGE, "--for takes a time of at most 10m, as 30s "
				    "or 5m, not \"%.40s\"", arg);
	case NP_OPT_TRACE_COUNT:
		if (np_parse_count("count", arg, &count, err))
			return -1;
		if (count > NETPOL_TRACE_PACKETS_MAX)
			return np_error_set(err, NP_EXIT_USAGE, "--count takes at most %u",
					    NETPOL_TRACE_PACKETS_MAX);
		run->request.packets = (uint32_t)count;
		return 0;
	default:
		return np_asking_take(&run->asking, code, arg, err);
	}
}

/* --- what was asked -------------------------------------------------------------- */

static void np_trace_add(struct np_trace_end *end, const struct np_cidr *block, uint8_t family)
{
	if ((family && block->family != family) || end->count == NETPOL_TRACE_PREFIXES_MAX)
		return;
	end->block[end->count++] = *block;
}

/* Adds the addresses of a pod that is loaded. */
static int np_trace_pod(struct np_tracing *run, const char *text, struct np_trace_end *end,
			struct np_error *err)
{
	char namespace[NETPOL_NAMESPACE_MAX + 1], name[NETPOL_NAME_MAX + 1];
	const struct np_pod *pod;
	struct np_state state;
	struct np_cidr block;
	size_t i, j;
	int ret;

	np_split_name(text, namespace, sizeof(namespace), name, sizeof(name));
	np_state_init(&state);
	ret = np_state_get(&run->asker, NETPOL_CMD_GET_POD, &state, err);
	for (i = 0; !ret && i < state.objects.pod_count; i++) {
		pod = &state.objects.pods[i];
		if (strcmp(pod->namespace, namespace) || strcmp(pod->name, name))
			continue;
		for (j = 0; j < pod->address_count; j++) {
			block = np_address_block(&pod->address[j]);
			np_trace_add(end, &block, run->asking.request.family);
		}
	}
	np_state_free(&state);
	if (ret || end->count)
		return ret;
	np_error_set(err, NP_EXIT_INPUT, "no pod %.200s with such an address is loaded", text);
	np_error_hint(err, "'netpolctl get pods' lists what is loaded");
	return -1;
}

static bool np_trace_anybody(const char *text)
{
	return !strcmp(text, "any") || !strcmp(text, "world");
}

/* Finds the addresses of an end. */
static int np_trace_end(struct np_tracing *run, const char *text, struct np_trace_end *end,
			struct np_error *err)
{
	struct np_cidr block;

	if (np_prefix_parse(text, &block)) {
		np_trace_add(end, &block, 0);
		return 0;
	}
	if (!np_trace_anybody(text))
		return np_trace_pod(run, text, end, err);
	block = (struct np_cidr){ .family = run->asking.request.family };
	if (block.family)
		np_trace_add(end, &block, 0);
	return 0;
}

static int np_trace_check(const struct np_command *cmd, int words, char **word)
{
	char namespace[NETPOL_NAMESPACE_MAX + 1], name[NETPOL_NAME_MAX + 1];
	struct np_cidr block;
	int i;

	if (words != 2)
		return np_usage(cmd, "trace takes a source and a destination");
	for (i = 0; i < 2; i++)
		if (!np_trace_anybody(word[i]) && !np_prefix_parse(word[i], &block) &&
		    !np_split_name(word[i], namespace, sizeof(namespace), name, sizeof(name)))
			return np_usage(cmd, "\"%.80s\" is no NAMESPACE/POD, address, block or "
					"any", word[i]);
	return NP_PARSE_DONE;
}

/* --- what is seen ---------------------------------------------------------------- */

/*
 * Asks which policies have a say about a passage. Returns NULL if they have none, or if they have
 * changed so that they do not explain it.
 */
static const struct np_eval *np_trace_why(struct np_tracing *run, const struct np_passage *passage)
{
	struct np_eval_request request;
	struct np_error err = { 0 };

	if (!np_passage_question(passage, &request))
		return NULL;
	if (!run->answered || run->generation != passage->generation ||
	    memcmp(&request, &run->asked, sizeof(request))) {
		np_eval_free(&run->answer);
		memset(&run->answer, 0, sizeof(run->answer));
		run->answered = !np_eval_get(&run->asker, &request, &run->answer, &err);
		run->asked = request;
		run->generation = passage->generation;
	}
	return run->answered && np_passage_explained(passage, &run->answer) ? &run->answer : NULL;
}

static void np_trace_packet(const struct np_traced *traced, void *arg)
{
	struct np_tracing *run = arg;
	struct np_writer w;
	size_t i;

	if (np_common.format == NP_FORMAT_JSONL) {
		np_writer_init(&w, stdout, NP_FORMAT_JSONL);
		np_write_top(&w, "TracedPacket");
		np_write_number(&w, "packet", traced->number);
		np_write_string(&w, "result", np_fate_word(np_traced_fate(traced)));
		np_write_array(&w, "passages");
		for (i = 0; i < traced->count; i++)
			np_traced_write(&w, &traced->passage[i],
					np_trace_why(run, &traced->passage[i]));
		np_write_end(&w);
		np_write_end(&w);
		return;
	}
	np_traced_head(stdout, &run->packets, traced);
	for (i = 0; i < traced->count; i++)
		np_traced_passage(stdout, &traced->passage[i],
				  np_trace_why(run, &traced->passage[i]));
	np_traced_result(stdout, traced);
}

static int np_trace_message(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	const struct genlmsghdr *genl = NLMSG_DATA(nlh);
	struct np_tracing *run = arg;
	struct np_passage passage;

	if (genl->cmd != NETPOL_CMD_TRACE)
		return 0;
	if (np_passage_decode(nlh, &passage, err))
		return -1;
	run->lost += passage.lost;
	if (passage.end) {
		run->ended = passage.end;
		np_loop_stop(run->loop);
	} else {
		np_traced_add(&run->packets, &passage, np_time_monotonic(), np_trace_packet, run);
	}
	return 0;
}

static void np_trace_ready(void *context, unsigned int events)
{
	struct np_tracing *run = context;
	uint64_t overrun = 0;
	int round, ret = 1;

	/* the kernel counts as lost what the socket had no room for */
	for (round = 0; ret > 0 && round < NP_TRACE_ROUND; round++)
		ret = np_client_receive(&run->client, 0, np_trace_message, run, &overrun,
					&run->error);
	if (ret >= 0)
		return;
	run->failed = true;
	np_loop_stop(run->loop);
}

static void np_trace_tick(void *context)
{
	struct np_tracing *run = context;

	np_traced_flush(&run->packets, np_time_monotonic(), false, np_trace_packet, run);
	np_timer_start(run->loop, &run->tick, NP_TRACED_WAIT);
}

static void np_trace_stop(void *context)
{
	struct np_tracing *run = context;

	np_loop_stop(run->loop);
}

static void np_trace_signal(void *context, int signo)
{
	np_trace_stop(context);
}

/* --- from the beginning to the end ----------------------------------------------- */

static int np_trace_connect(struct np_tracing *run, char **word, struct np_error *err)
{
	struct np_trace_end *end[] = { &run->request.from, &run->request.to };
	struct np_info info;
	int i, ret;

	ret = np_connect(&run->asker, &info, err);
	run->enforcing = info.flags & NETPOL_FLAG_ENFORCING;
	np_info_free(&info);
	for (i = 0; !ret && i < 2; i++) {
		ret = np_trace_end(run, word[i], end[i], err);
		if (!np_trace_anybody(word[i]))
			run->packets.name[i] = (struct np_traced_name){ word[i], end[i] };
	}
	if (ret || np_client_open(&run->client, NETPOL_GENL_NAME, np_common.timeout, err))
		return -1;
	return np_trace_begin(&run->client, &run->request, np_trace_message, run, err);
}

static int np_trace_loop(struct np_tracing *run, struct np_error *err)
{
	char text[NP_TIME_SPAN_SIZE];

	run->io.ready = np_trace_ready;
	run->io.context = run;
	run->tick.fire = np_trace_tick;
	run->tick.context = run;
	run->late.fire = np_trace_stop;
	run->late.context = run;
	if (np_loop_signal(run->loop, SIGINT, np_trace_signal, run) ||
	    np_loop_signal(run->loop, SIGTERM, np_trace_signal, run) ||
	    np_io_set(run->loop, &run->io, run->client.fd, NP_IO_READ))
		return np_error_set(err, NP_EXIT_KERNEL, "cannot wait for packets: %s",
				    strerror(errno));
	/* who reads this may interrupt it */
	np_notice("tracing for at most %s", np_time_span_text(run->request.seconds, text));
	np_timer_start(run->loop, &run->tick, NP_TRACED_WAIT);
	np_timer_start(run->loop, &run->late,
		       (int64_t)run->request.seconds * 1000 + NP_TRACE_GRACE);
	if (!run->ended && np_loop_run(run->loop))
		return np_error_set(err, NP_EXIT_KERNEL, "cannot wait for packets: %s",
				    strerror(errno));
	if (run->failed)
		*err = run->error;
	return run->failed ? -1 : 0;
}

static const char *np_trace_ending(uint8_t end)
{
	return end == NETPOL_TRACE_END_PACKETS ? "packets" : end ? "time" : "interrupted";
}

/* Prints the counts, and what may be wrong if there is nothing to count. */
static int np_trace_summary(struct np_tracing *run)
{
	const uint64_t *fate = run->packets.fate;
	unsigned long long all = fate[NP_FATE_PASSED] + fate[NP_FATE_DROPPED] +
				 fate[NP_FATE_UNSEEN] + fate[NP_FATE_UNKNOWN];
	struct np_writer w;
	int i;

	if (np_common.format == NP_FORMAT_JSONL) {
		np_writer_init(&w, stdout, NP_FORMAT_JSONL);
		np_write_top(&w, "TraceEnd");
		np_write_string(&w, "end", np_trace_ending(run->ended));
		for (i = 0; i <= NP_FATE_UNKNOWN; i++)
			np_write_number(&w, np_fate_word(i), fate[i]);
		np_write_number(&w, "lost", run->lost);
		np_write_bool(&w, "enforcing", run->enforcing);
		np_write_end(&w);
	} else {
		printf("%llu packet%s: %llu passed, %llu dropped by netpol", all,
		       all == 1 ? "" : "s", (unsigned long long)fate[NP_FATE_PASSED],
		       (unsigned long long)fate[NP_FATE_DROPPED]);
		if (fate[NP_FATE_UNSEEN])
			printf(", %llu not seen again", (unsigned long long)fate[NP_FATE_UNSEEN]);
		if (fate[NP_FATE_UNKNOWN])
			printf(", %llu not known", (unsigned long long)fate[NP_FATE_UNKNOWN]);
		putchar('\n');
	}
	if (run->lost)
		np_warning("%llu reports of packets were lost: more than 1000 in a second, or more "
			   "than were read in time; -p and addresses make it fewer",
			   (unsigned long long)run->lost);
	if (!all && !run->lost)
		np_notice("no packet that was meant came by; is the pod on this node, is this its "
			  "network namespace (--netns), did the name resolve to this address, and "
			  "do packets meet the hooks ('netpolctl doctor')?");
	if (!run->enforcing)
		np_notice("nothing is loaded in this network namespace, so netpol drops nothing");
	return !all || fate[NP_FATE_DROPPED] ? NP_EXIT_NEGATIVE : NP_EXIT_OK;
}

static int np_trace_do(struct np_tracing *run, char **word)
{
	struct np_error err = { 0 };
	int ret;

	/* each line is seen at once at the other end of a pipe */
	setvbuf(stdout, NULL, _IOLBF, 0);
	run->loop = np_loop_new();
	ret = np_trace_connect(run, word, &err) || np_trace_loop(run, &err);
	/* ends the trace, if it has not ended */
	np_io_stop(&run->io);
	np_timer_stop(&run->tick);
	np_timer_stop(&run->late);
	np_client_close(&run->client);
	np_traced_flush(&run->packets, 0, true, np_trace_packet, run);
	ret = ret ? np_report(&err) : np_trace_summary(run);
	np_eval_free(&run->answer);
	np_client_close(&run->asker);
	np_loop_free(run->loop);
	return ret;
}

static const struct np_option_row np_trace_options[] = {
	{ "protocol", 'p', "PROTO", "tcp tcp/ udp udp/ sctp sctp/ icmp icmpv6",
	  "only this protocol, and destination port: tcp, tcp/PORT, udp/PORT, sctp/PORT, icmp, "
	  "icmpv6 or a number" },
	NP_ROW_ASK_FAMILY,
	{ "for", NP_OPT_TRACE_FOR, "TIME", NULL,
	  "end after this time: 30s (default), 10m at most" },
	{ "count", NP_OPT_TRACE_COUNT, "N", NULL, "end after N packets" },
	{ 0 }
};

static int np_trace_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_tracing run = { .request.seconds = NP_TRACE_SECONDS };
	int ret;

	ret = np_options_parse(cmd, argc, argv, np_trace_take, &run);
	if (ret == NP_PARSE_DONE)
		ret = np_trace_check(cmd, argc - optind, argv + optind);
	if (ret != NP_PARSE_DONE)
		return ret;
	run.request.has_protocol = run.asking.protocol;
	run.request.protocol = run.asking.request.protocol;
	run.request.port = run.asking.request.port;
	return np_trace_do(&run, argv + optind);
}

const struct np_command np_command_trace = {
	.name = "trace",
	.summary = "what netpol does with real packets, one by one, and why",
	.usage = "trace SRC DST [-p PROTO[/PORT]] [OPTION...]",
	.about = "Follows the packets of connections from SRC to DST through the hooks of this "
		"node, in both directions, for a while. For each packet it prints where it was "
		"seen, whether netpol let it pass there, and the policies and rules that decided. "
		"What netpol enforces does not change, and other packets are not held up.\n\n"
		"SRC and DST are one of:\n"
		"  NAMESPACE/NAME      a pod that is loaded\n"
		"  10.0.0.1, fd00::/8  an address or a block\n"
		"  any, world          anybody\n\n"
		"The kernel knows for certain whether netpol let a packet pass, and for what "
		"reason it did not. Policies and rules are those in force when the line is "
		"printed. There is one trace at a time in a network namespace, and at most 1000 "
		"reports a second; what is lost is counted.",
	.options = np_trace_options,
	.exits = "0 netpol dropped none, 1 it dropped some or no packet was seen, 3 no such "
		"pod, 5 another trace runs.",
	.examples = "netpolctl trace shop/cart-0 shop/redis-0 -p tcp/6379\n"
		"netpolctl trace any shop/web-1 --for 5m --count 100 -o jsonl",
	.words = "any @pods | any @pods",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE) | NP_FORMAT_BIT(NP_FORMAT_JSONL),
	.form = NP_FORMAT_TABLE,
	.run = np_trace_run,
};
