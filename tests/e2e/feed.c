// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The node agent with a source that says what a test tells it: one JSON object a line on
 * standard input.
 *
 *   {"do":"begin","kind":"pods"}   {"do":"synced","kind":"pods"}
 *   {"do":"upsert","kind":"pods","object":{...}}
 *   {"do":"remove","kind":"pods","namespace":"shop","name":"web","uid":"..."}
 *   {"do":"rejected","kind":...,"namespace":...,"name":...,"reason":"..."}
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

static enum np_source_kind kind_of(const cJSON *command)
{
	const cJSON *kind = cJSON_GetObjectItem(command, "kind");
	unsigned int k;

	for (k = 0; k < NP_SOURCE_KINDS; k++)
		if (cJSON_IsString(kind) && !strcmp(kind->valuestring, np_source_kind_name(k)))
			return k;
	fprintf(stderr, "feed: which kind?\n");
	exit(2);
}

static const char *text_of(const cJSON *command, const char *key)
{
	const cJSON *item = cJSON_GetObjectItem(command, key);

	return cJSON_IsString(item) ? item->valuestring : "";
}

static unsigned int number_of(const cJSON *command, const char *key)
{
	const cJSON *item = cJSON_GetObjectItem(command, key);

	return cJSON_IsNumber(item) ? (unsigned int)item->valuedouble : 0;
}

static void give(enum np_source_kind kind, const cJSON *object)
{
	np_agent_ops()->upsert(&agent, kind, object);
}

static struct listing listing = { .spaces = 1, .give = give };

static void generate(const cJSON *command)
{
	const struct np_source_ops *ops = np_agent_ops();
	unsigned int i;

	listing.spaces = number_of(command, "namespaces");
	listing.pods = number_of(command, "pods");
	listing.locals = number_of(command, "local");
	listing.policies = number_of(command, "policies");
	for (i = 0; i < NP_SOURCE_KINDS; i++)
		ops->begin(&agent, i);
	listing_all(&listing);
	for (i = 0; i < NP_SOURCE_KINDS; i++)
		ops->synced(&agent, i);
	fprintf(stderr, "feed: generated\n");
}

static void run(const char *text)
{
	const struct np_source_ops *ops = np_agent_ops();
	cJSON *command = cJSON_Parse(text);
	const char *what = text_of(command, "do");
	unsigned int i;

	if (!strcmp(what, "begin"))
		ops->begin(&agent, kind_of(command));
	else if (!strcmp(what, "synced"))
		ops->synced(&agent, kind_of(command));
	else if (!strcmp(what, "upsert"))
		ops->upsert(&agent, kind_of(command), cJSON_GetObjectItem(command, "object"));
	else if (!strcmp(what, "remove"))
		ops->remove(&agent, kind_of(command), text_of(command, "namespace"),
			    text_of(command, "name"), text_of(command, "uid"));
	else if (!strcmp(what, "rejected"))
		ops->rejected(&agent, kind_of(command), text_of(command, "namespace"),
			      text_of(command, "name"), text_of(command, "uid"),
			      text_of(command, "reason"));
	else if (!strcmp(what, "generate"))
		generate(command);
	else if (!strcmp(what, "churn"))
		for (i = 0; i < number_of(command, "changes"); i++)
			listing_pod(&listing, i, 1 + i % 3);
	else
		fprintf(stderr, "feed: what is %s\n", text);
	cJSON_Delete(command);
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
		{ "socket", required_argument, NULL, 'u' },
		{ "audit", required_argument, NULL, 'a' },
		{ "cni", required_argument, NULL, 'c' },
		{ "guard", required_argument, NULL, 'g' },
		{ "once", no_argument, NULL, 'o' },
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
		case 'u':
			opts.socket = optarg;
			break;
		case 'a':
			opts.audit_ms = atol(optarg);
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
