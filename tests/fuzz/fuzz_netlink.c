// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: netlink messages from the kernel, decoded as the tool does. The
 * first byte chooses the decoder, the rest is one datagram of a generic netlink socket.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netlink/msg.h>

#include "netlink/client.h"
#include "netlink/decode.h"
#include "netlink/observe.h"
#include "netlink/place.h"
#include "object/digest.h"
#include "explain/traced.h"
#include "object/settings.h"
#include "netlink/report.h"
#include "netlink/trace.h"
#include "record/line.h"
#include "record/record.h"

#define FUZZ_SEQUENCE	1
#define FUZZ_MAX	65536

enum fuzz_kind {
	FUZZ_STATE,
	FUZZ_INFO,
	FUZZ_COUNTERS,
	FUZZ_EVAL,
	FUZZ_TRIE,
	FUZZ_EVENT,
	FUZZ_SETTINGS,
	FUZZ_PLACE,
	FUZZ_AUDIT,
	FUZZ_TRACE,

	FUZZ_KINDS
};

struct fuzz {
	enum fuzz_kind kind;
	struct np_state state;
	struct np_info info;
	struct np_counter_list counters;
	struct np_eval eval;
	struct np_trie_list trie;
	struct np_settings settings;
	struct np_observe_list audits;
	struct np_record_table records;
	FILE *nowhere;
	struct np_traced_set traced;
};

/* An event is printed, and added up, as the tool does. */
static int fuzz_event(const struct nlmsghdr *nlh, struct fuzz *fuzz, struct np_error *err)
{
	struct np_event event;

	if (np_event_decode(nlh, &event, err))
		return -1;
	if (!event.packet && !event.change)
		return 0;
	np_line_event(fuzz->nowhere, false, &event);
	np_line_event(fuzz->nowhere, true, &event);
	if (!event.packet)
		return 0;
	if (!event.count || event.first > event.time)
		abort();
	np_record_add(&fuzz->records, &event);
	return 0;
}

/* Puts a packet of a trace into words, which go nowhere. */
static void fuzz_traced(const struct np_traced *traced, void *arg)
{
	struct np_eval_request request;
	struct np_writer w;
	size_t i;
	FILE *file = fopen("/dev/null", "w");

	if (!file)
		abort();
	np_writer_init(&w, file, NP_FORMAT_JSONL);
	np_write_top(&w, "TracedPacket");
	np_write_array(&w, "passages");
	np_traced_head(file, arg, traced);
	for (i = 0; i < traced->count; i++) {
		np_passage_question(&traced->passage[i], &request);
		np_traced_passage(file, &traced->passage[i], NULL);
		np_traced_write(&w, &traced->passage[i], NULL);
	}
	np_traced_result(file, traced);
	np_write_end(&w);
	np_write_end(&w);
	fclose(file);
}

static void fuzz_settings(const struct nlmsghdr *nlh, struct np_settings *set)
{
	struct nlattr *attrs, *attr;
	int len, left;

	attrs = np_message_attrs(nlh, &len);
	nla_for_each_attr(attr, attrs, len, left)
		if (nla_type(attr) == NETPOL_A_SETTINGS)
			np_read_settings(attr, set);
}

static int fuzz_reply(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct fuzz *fuzz = arg;
	struct np_passage passage;
	uint32_t offset;

	switch (fuzz->kind) {
	case FUZZ_STATE:
		return np_state_decode(&fuzz->state, nlh, err);
	case FUZZ_INFO:
		return np_info_decode(nlh, &fuzz->info, err);
	case FUZZ_COUNTERS:
		return np_counters_decode(nlh, &fuzz->counters, err);
	case FUZZ_EVAL:
		return np_eval_decode(nlh, &fuzz->eval, err);
	case FUZZ_TRIE:
		return np_trie_decode(nlh, &fuzz->trie, err);
	case FUZZ_EVENT:
		return fuzz_event(nlh, fuzz, err);
	case FUZZ_SETTINGS:
		fuzz_settings(nlh, &fuzz->settings);
		return 0;
	case FUZZ_AUDIT:
		return np_observe_decode(nlh, &fuzz->audits, err);
	case FUZZ_TRACE:
		if (np_passage_decode(nlh, &passage, err))
			return -1;
		if (!passage.end)
			np_traced_add(&fuzz->traced, &passage, 0, fuzz_traced, &fuzz->traced);
		return 0;
	default:
		for (offset = 0; offset < nlh->nlmsg_len && offset < 256; offset += 4) {
			np_message_at(nlh, offset, err);
			np_message_missing(nlh, offset, offset, err);
		}
		return 0;
	}
}

/* Objects that were decoded whole are used as the tool uses them. */
static void fuzz_use(const struct np_state *state)
{
	const struct np_objects *objs = &state->objects;
	__uint128_t sum = 0;
	size_t i;

	for (i = 0; i < objs->namespace_count; i++)
		sum += np_namespace_digest(&objs->namespaces[i]);
	for (i = 0; i < objs->pod_count; i++)
		sum += np_pod_digest(&objs->pods[i], &state->pod[i].place);
	for (i = 0; i < objs->policy_count; i++)
		sum += np_policy_digest(&objs->policies[i]);
	if (sum == 1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct np_client client = { .family = 0x20, .port = 1 };
	struct np_error err = { 0 };
	struct nlmsghdr *nlh;
	struct fuzz fuzz;
	size_t at, len;
	char *copy;

	if (!size || size > FUZZ_MAX)
		return 0;
	memset(&fuzz, 0, sizeof(fuzz));
	fuzz.kind = data[0] % FUZZ_KINDS;
	np_state_init(&fuzz.state);
	fuzz.nowhere = fopen("/dev/null", "w");
	if (!fuzz.nowhere)
		abort();
	len = size - 1;
	copy = malloc(len ? len : 1);
	memcpy(copy, data + 1, len);
	/* Every message is of our request, else little would be reached. */
	for (at = 0; at + NLMSG_HDRLEN <= len; at += NLMSG_ALIGN(nlh->nlmsg_len)) {
		nlh = (struct nlmsghdr *)(copy + at);
		nlh->nlmsg_seq = FUZZ_SEQUENCE;
		nlh->nlmsg_pid = client.port;
		if (nlh->nlmsg_type > NLMSG_DONE)
			nlh->nlmsg_type = client.family;
		if (nlh->nlmsg_len < NLMSG_HDRLEN || nlh->nlmsg_len > len - at)
			nlh->nlmsg_len = len - at;
	}
	if (np_client_feed(&client, copy, len, FUZZ_SEQUENCE, fuzz_reply, &fuzz, &err) >= 0)
		fuzz_use(&fuzz.state);
	else if (client.refusal.error)
		np_client_refused(&client, NULL, &err);
	np_state_free(&fuzz.state);
	np_info_free(&fuzz.info);
	np_counters_free(&fuzz.counters);
	np_eval_free(&fuzz.eval);
	np_trie_free(&fuzz.trie);
	np_settings_free(&fuzz.settings);
	np_observe_free(&fuzz.audits);
	np_record_free(&fuzz.records);
	fclose(fuzz.nowhere);
	free(copy);
	return 0;
}
