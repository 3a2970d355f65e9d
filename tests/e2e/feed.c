// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The node agent with a source that says what a test tells it: one JSON object a line on
 * standard input.
 *
 *   {"do":"begin","kind":"pods"}   {"do":"synced","kind":"pods"}
 *   {"do":"upsert","kind":"pods","object":{...}}
 *   {"do":"remove","kind":"pods","namespace":"shop","name":"web","uid":"..."}
 *   {"do":"rejected","kind":...,"namespace":...,"name":...,"reason":"..."}
 *   {"do":"state","kind":"pods","connected":1,"reason":"what is wrong"}
 *   {"do":"generate","namespaces":100,"pods":150000,"local":100,"policies":10000}
 *   {"do":"churn","changes":6000}  relabels that many pods, as fast as they are read
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../bench/listing.h"
#include "agent/agent.h"
#include "base/log.h"
#include "object/settings.h"
#include "object/validate.h"

static struct np_agent agent;
static struct np_loop *loop;
static struct np_io input;
static char *line;
static size_t line_len, line_room;

static enum np_source_kind kind_of(const struct np_node *command)
{
	unsigned int k;

	for (k = 0; k < NP_SOURCE_KINDS; k++)
		if (!strcmp(np_node_text(command, "kind"), np_source_kind_name(k)))
			return k;
	fprintf(stderr, "feed: which kind?\n");
	exit(2);
}

static unsigned int number_of(const struct np_node *command, const char *key)
{
	const struct np_node *item = np_node_get(command, key);

	return item && item->type == NP_NODE_INT ? (unsigned int)item->number : 0;
}

static void give(enum np_source_kind kind, const struct np_node *object)
{
	np_intake_ops()->upsert(&agent.intake, kind, object);
}

static struct listing listing = { .spaces = 1, .give = give };

static void generate(const struct np_node *command)
{
	const struct np_source_ops *ops = np_intake_ops();
	unsigned int i;

	listing.spaces = number_of(command, "namespaces");
	listing.pods = number_of(command, "pods");
	listing.locals = number_of(command, "local");
	listing.policies = number_of(command, "policies");
	for (i = 0; i < NP_SOURCE_KINDS; i++)
		ops->begin(&agent.intake, i);
	listing_all(&listing);
	for (i = 0; i < NP_SOURCE_KINDS; i++)
		ops->synced(&agent.intake, i);
	fprintf(stderr, "feed: generated\n");
}

/* Of a command all but its object, or the object alone, as the API client reads it. */
static const struct np_node *parse(const char *text, const struct np_pick *pick)
{
	static struct np_arena arena;
	struct np_node *root;
	struct np_error err;

	np_arena_reset(&arena);
	if (np_json_object(text, strlen(text), pick, &arena, &root, &err) != NP_JSON_WHOLE) {
		fprintf(stderr, "feed: %s: %s\n", err.text, text);
		exit(2);
	}
	return root;
}

static void upsert(enum np_source_kind kind, const char *text)
{
	const struct np_pick pick[] = { { "object", np_source_pick(kind) }, { NULL, NULL } };

	give(kind, np_node_get(parse(text, pick), "object"));
}

/* How the source is doing with a kind; it has just heard something. */
static void tell_state(const struct np_node *command)
{
	const struct np_source_state state = {
		.connected = number_of(command, "connected"),
		.synced = true,
		.last_event_ms = np_loop_now(loop),
		.error = np_node_text(command, "reason"),
	};

	np_intake_ops()->state(&agent.intake, kind_of(command), &state);
}

static void run(const char *text)
{
	static const struct np_pick pick[] = {
		{ "do", NULL }, { "kind", NULL }, { "namespace", NULL }, { "name", NULL },
		{ "uid", NULL }, { "reason", NULL }, { "namespaces", NULL }, { "pods", NULL },
		{ "local", NULL }, { "policies", NULL }, { "changes", NULL },
		{ "connected", NULL }, { NULL, NULL },
	};
	const struct np_source_ops *ops = np_intake_ops();
	const struct np_node *command = parse(text, pick);
	const char *what = np_node_text(command, "do");
	unsigned int i, changes;

	if (!strcmp(what, "begin"))
		ops->begin(&agent.intake, kind_of(command));
	else if (!strcmp(what, "synced"))
		ops->synced(&agent.intake, kind_of(command));
	else if (!strcmp(what, "upsert"))
		upsert(kind_of(command), text);
	else if (!strcmp(what, "remove"))
		ops->remove(&agent.intake, kind_of(command), np_node_text(command, "namespace"),
			    np_node_text(command, "name"), np_node_text(command, "uid"));
	else if (!strcmp(what, "rejected"))
		ops->rejected(&agent.intake, kind_of(command), np_node_text(command, "namespace"),
			      np_node_text(command, "name"), np_node_text(command, "uid"),
			      np_node_text(command, "reason"));
	else if (!strcmp(what, "state"))
		tell_state(command);
	else if (!strcmp(what, "generate"))
		generate(command);
	else if (!strcmp(what, "churn"))
		for (i = 0, changes = number_of(command, "changes"); i < changes; i++)
			listing_pod(&listing, i, 1 + i % 3);
	else
		fprintf(stderr, "feed: what is %s\n", text);
}

static void ready(void *context, unsigned int events)
{
	char *end;
	ssize_t got;

	if (line_len + 65536 > line_room) {
		line_room = line_room * 2 + 131072;
		line = realloc(line, line_room);
	}
	got = read(0, line + line_len, line_room - line_len - 1);
	if (got <= 0) {
		np_io_stop(&input);
		return;
	}
	line_len += got;
	while ((end = memchr(line, '\n', line_len))) {
		*end = '\0';
		run(line);
		line_len -= end + 1 - line;
		memmove(line, end + 1, line_len);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "node", required_argument, NULL, 'n' },
		{ "snapshot", required_argument, NULL, 's' },
		{ "listen", required_argument, NULL, 'l' },
		{ "probes", required_argument, NULL, 'p' },
		{ "socket", required_argument, NULL, 'u' },
		{ "audit", required_argument, NULL, 'a' },
		{ "cni", required_argument, NULL, 'c' },
		{ "guard", required_argument, NULL, 'g' },
		{ "once", no_argument, NULL, 'o' },
		{ "audit-annotations", no_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 }
	};
	static const char *folders[2];
	static struct np_agent_options opts = {
		.node = "here",
		.tool = "/usr/sbin/netpolctl",
		.node_guard = true,
		.snapshot_ms = 1000,
		.timeout = 30000,
		.once_ms = 60000,
	};
	struct np_error err = { 0 };
	struct np_cidr cidr;
	bool json = false;
	int code, ret;

	while ((code = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (code) {
		case 'n':
			opts.node = optarg;
			break;
		case 's':
			opts.snapshot = optarg;
			break;
		case 'l':
			opts.listen = optarg;
			break;
		case 'p':
			opts.probes = optarg;
			break;
		case 'u':
			opts.socket = optarg;
			break;
		case 'a':
			opts.compare_ms = atol(optarg);
			break;
		case 'c':
			folders[0] = optarg;
			break;
		case 'g':
			if (!np_cidr_parse(optarg, &cidr))
				np_settings_add_prefix(&opts.settings, &cidr);
			break;
		case 'o':
			opts.once = true;
			break;
		case 't':
			opts.audit_annotations = true;
			break;
		case 'j':
			json = true;
			break;
		default:
			return 2;
		}
	}
	opts.cni = folders;
	np_log_init(json, true, false);
	loop = np_loop_new();
	ret = np_agent_start(&agent, loop, &opts, &err);
	if (ret) {
		np_error_print(stderr, &err);
	} else {
		input.ready = ready;
		fcntl(0, F_SETFL, O_NONBLOCK);
		np_io_set(loop, &input, 0, NP_IO_READ);
		np_loop_run(loop);
		np_io_stop(&input);
		np_agent_stop(&agent);
	}
	code = ret ? (int)err.exit : agent.status;
	np_agent_free(&agent);
	np_loop_free(loop);
	np_settings_free(&opts.settings);
	free(line);
	return code;
}
