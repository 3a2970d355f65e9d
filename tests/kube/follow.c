// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * follow: the API client by itself, for tests. Prints each call of the source
 * as one line of JSON, and obeys lines on standard input:
 *
 *   skip MS    moves the clock ahead     waits     what each kind waits for
 *   state      of all kinds              reload, refresh, check
 *   usage      memory and processor time quit
 *   ready, unready   as the agent says it
 *
 *   follow [--kubeconfig F] [--in-cluster DIR] [--server URL]... [--server-from F] [--node N]
 *          [--kinds pods,...] [--version KIND=RV]... [--have-state] [--have-cluster-policies]
 *          [--gzip] [--spread MS] [--quiet] [--foreign] [--remove-taint KEY]
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kube/cluster.h"
#include "kube/cluster_state.h"
#include "kube/discovery.h"
#include "kube/reflector.h"
#include "kube/reflector_state.h"
#include "object/object.h"

static struct np_loop *loop;
static struct np_cluster *cluster;
static struct np_io input;
static char line[1 << 16];
static size_t line_len;
static bool quiet;
static uint64_t upserts;

static void field(const char *name, const char *value)
{
	printf(",\"%s\":", name);
	np_print_json_string(stdout, value);
}

static void start(const char *call, enum np_source_kind kind)
{
	printf("{\"call\":\"%s\",\"kind\":\"%s\"", call, np_source_kind_name(kind));
}

static void end(void)
{
	puts("}");
	fflush(stdout);
}

static void on_begin(void *context, enum np_source_kind kind)
{
	start("begin", kind);
	end();
}

static void on_upsert(void *context, enum np_source_kind kind,
		      const struct np_node *object)
{
	const struct np_node *meta = np_node_get(object, "metadata");
	const struct np_node *annotations = np_node_get(meta, "annotations");

	upserts++;
	if (quiet && kind == NP_SOURCE_POD)
		return;
	start("upsert", kind);
	field("ns", np_node_text(meta, "namespace"));
	field("name", np_node_text(meta, "name"));
	field("uid", np_node_text(meta, "uid"));
	field("rv", np_node_text(meta, "resourceVersion"));
	field("audit", np_node_text(annotations, NP_AUDIT_KEY));
	printf(",\"annotations\":%u", annotations ? annotations->count : 0);
	end();
}

static void on_remove(void *context, enum np_source_kind kind,
		      const char *namespace, const char *name, const char *uid)
{
	start("remove", kind);
	field("ns", namespace);
	field("name", name);
	field("uid", uid);
	end();
}

static void on_synced(void *context, enum np_source_kind kind)
{
	start("synced", kind);
	end();
}

static void on_rejected(void *context, enum np_source_kind kind,
			const char *namespace, const char *name,
			const char *uid, const char *reason)
{
	start("rejected", kind);
	field("ns", namespace);
	field("name", name);
	field("uid", uid);
	field("reason", reason);
	end();
}

static void print_state(enum np_source_kind kind,
			const struct np_source_state *state)
{
	const struct np_source_stats *s = state->stats;
	int i;

	start("state", kind);
	printf(",\"connected\":%d,\"synced\":%d,\"absent\":%d,\"other\":%d,\"refused\":%d,\"age\":%lld",
	       state->connected, state->synced, state->absent, state->other, state->forbidden,
	       state->last_event_ms < 0 ? -1LL :
	       (long long)(np_loop_now(loop) - state->last_event_ms));
	field("version", state->resource_version);
	field("error", state->error);
	printf(",\"requests\":%llu,\"bytes\":%llu,\"objects\":%llu,\"rejected\":%llu,"
	       "\"bookmarks\":%llu,\"throttled\":%llu,\"unauthorized\":%llu,\"forbidden\":%llu",
	       (unsigned long long)s->requests, (unsigned long long)s->bytes,
	       (unsigned long long)s->objects, (unsigned long long)s->rejected,
	       (unsigned long long)s->bookmarks,
	       (unsigned long long)s->throttled,
	       (unsigned long long)s->unauthorized,
	       (unsigned long long)s->forbidden);
	printf(",\"relists\":{");
	for (i = 0; i < NP_RELIST_REASONS; i++)
		printf("%s\"%s\":%llu", i ? "," : "", np_relist_reason_name(i),
		       (unsigned long long)s->relists[i]);
	printf("},\"ends\":{");
	for (i = 0; i < NP_WATCH_ENDS; i++)
		printf("%s\"%s\":%llu", i ? "," : "", np_watch_end_name(i),
		       (unsigned long long)s->watch_ends[i]);
	putchar('}');
	end();
}

static void on_state(void *context, enum np_source_kind kind,
		     const struct np_source_state *state)
{
	if (!quiet)
		print_state(kind, state);
}

static void on_log(void *context, enum np_log_level level,
		   enum np_source_kind kind, const char *message)
{
	static const char *const name[] = { "debug", "info", "warning", "error" };

	start("log", kind);
	field("level", name[level]);
	field("text", message);
	end();
}

static const struct np_source_ops ops = {
	.begin = on_begin,
	.upsert = on_upsert,
	.remove = on_remove,
	.synced = on_synced,
	.rejected = on_rejected,
	.state = on_state,
	.log = on_log,
};

/*
 * What the kinds wait for: "timer" with the milliseconds left if the clock
 * decides, "answer" if a server or plugin does, "stream" if it is open.
 */
static void print_waits(void)
{
	int kind;

	for (kind = 0; kind < NP_SOURCE_KINDS; kind++) {
		const struct np_reflector *r = cluster->reflectors[kind];
		const struct np_discovery *d = cluster->discovery;

		if (!r)
			continue;
		start("waits", kind);
		printf(",\"phase\":%d", r->phase);
		if (np_discovery_optional(kind) && np_timer_active(&d->timer)) {
			field("for", "timer");
			printf(",\"left\":%lld", (long long)np_timer_left(&d->timer));
		} else if (np_timer_active(&r->timer) || np_timer_active(&r->call.timer)) {
			field("for", "timer");
			printf(",\"left\":%lld", (long long)
			       (np_timer_active(&r->timer) ? np_timer_left(&r->timer) :
				np_timer_left(&r->call.timer)));
		} else {
			field("for", r->call.request && r->answered ? "stream" :
			      "answer");
			printf(",\"deadline\":%lld,\"silent\":%lld",
			       (long long)np_timer_left(&r->deadline),
			       (long long)np_timer_left(&r->silent));
		}
		end();
	}
}

static void print_usage(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("{\"call\":\"usage\",\"upserts\":%llu,\"rss_kb\":%ld,\"user_ms\":%ld,\"system_ms\":%ld}\n",
	       (unsigned long long)upserts, usage.ru_maxrss,
	       usage.ru_utime.tv_sec * 1000 + usage.ru_utime.tv_usec / 1000,
	       usage.ru_stime.tv_sec * 1000 + usage.ru_stime.tv_usec / 1000);
}

/* The kinds of policies that the cluster has and netpol does not enforce. */
static void print_foreign(void)
{
	const struct np_foreign_kind *kind;
	enum np_foreign_state state;
	size_t i;

	printf("{\"call\":\"rounds\",\"count\":%llu",
	       (unsigned long long)np_cluster_foreign_rounds(cluster));
	end();
	for (i = 0; (kind = np_cluster_foreign(cluster, i, &state)); i++) {
		if (state == NP_FOREIGN_NONE)
			continue;
		printf("{\"call\":\"foreign\"");
		field("kind", kind->resource);
		field("state", np_foreign_state_name(state));
		end();
	}
}

static void obey(const char *command)
{
	struct np_source_state state;
	struct np_cluster_status status;
	struct np_error err;
	int kind;

	if (!strncmp(command, "skip ", 5)) {
		np_loop_skip(loop, atoll(command + 5));
	} else if (!strcmp(command, "waits")) {
		print_waits();
	} else if (!strcmp(command, "state")) {
		for (kind = 0; kind < NP_SOURCE_KINDS; kind++)
			if (cluster->reflectors[kind]) {
				np_cluster_state(cluster, kind, &state);
				print_state(kind, &state);
			}
		np_cluster_status(cluster, &status);
		printf("{\"call\":\"cluster\",\"expiry\":%lld,\"bad_rotations\":%llu,\"insecure\":%d,\"dumpable\":%d",
		       (long long)status.cert_expiry,
		       (unsigned long long)status.bad_rotations, status.insecure,
		       prctl(PR_GET_DUMPABLE));
		field("server", status.server);
		end();
	} else if (!strcmp(command, "foreign")) {
		print_foreign();
	} else if (!strcmp(command, "reload")) {
		if (np_cluster_reload(cluster, &err)) {
			np_error_print_json(stdout, &err);
			fflush(stdout);
		}
	} else if (!strcmp(command, "need nodes") || !strcmp(command, "drop nodes")) {
		np_cluster_follow(cluster, NP_SOURCE_NODES, *command == 'n');
	} else if (!strcmp(command, "refresh")) {
		np_cluster_refresh(cluster);
	} else if (!strcmp(command, "check")) {
		np_credential_check(cluster->credential);
	} else if (!strcmp(command, "ready") || !strcmp(command, "unready")) {
		np_cluster_set_ready(cluster, *command == 'r');
	} else if (!strcmp(command, "usage")) {
		print_usage();
	} else {
		np_loop_stop(loop);
		return;
	}
	printf("{\"call\":\"did\"}\n");
	fflush(stdout);
}

static void on_input(void *context, unsigned int events)
{
	ssize_t n = read(0, line + line_len, sizeof(line) - 1 - line_len);
	char *newline;

	if (n <= 0) {
		np_loop_stop(loop);
		return;
	}
	line_len += n;
	line[line_len] = 0;
	while ((newline = strchr(line, '\n'))) {
		*newline = 0;
		obey(line);
		line_len -= newline + 1 - line;
		memmove(line, newline + 1, line_len + 1);
	}
}

static void add_kinds(struct np_cluster_options *o, char *list)
{
	char *name;
	int kind;

	for (name = strtok(list, ","); name; name = strtok(NULL, ","))
		for (kind = 0; kind < NP_SOURCE_KINDS; kind++)
			if (!strcmp(name, np_source_kind_name(kind)))
				o->kinds[kind] = true;
}

static void add_version(struct np_cluster_options *o, char *text)
{
	char *value = strchr(text, '=');
	int kind;

	if (!value)
		return;
	*value++ = 0;
	for (kind = 0; kind < NP_SOURCE_KINDS; kind++)
		if (!strcmp(text, np_source_kind_name(kind)))
			o->versions[kind] = value;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "kubeconfig", required_argument, NULL, 'k' },
		{ "in-cluster", required_argument, NULL, 'i' },
		{ "server", required_argument, NULL, 's' },
		{ "server-from", required_argument, NULL, 'F' },
		{ "node", required_argument, NULL, 'n' },
		{ "kinds", required_argument, NULL, 'K' },
		{ "version", required_argument, NULL, 'v' },
		{ "have-state", no_argument, NULL, 'h' },
		{ "have-cluster-policies", no_argument, NULL, 'c' },
		{ "gzip", no_argument, NULL, 'g' },
		{ "foreign", no_argument, NULL, 'f' },
		{ "remove-taint", required_argument, NULL, 't' },
		{ "spread", required_argument, NULL, 'S' },
		{ "quiet", no_argument, NULL, 'q' },
		{ 0 },
	};
	struct np_cluster_options o = { 0 };
	const char *servers[8];
	struct np_error err;
	int c;

	np_kubeconfig_environment(&o.search);
	o.servers = servers;
	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 'k':
			o.search.path = optarg;
			break;
		case 'i':
			o.search.in_cluster = true;
			o.search.service_account = optarg;
			break;
		case 's':
			if (o.server_count < 8)
				servers[o.server_count++] = optarg;
			break;
		case 'F':
			o.search.server_from = optarg;
			break;
		case 'n':
			o.node = optarg;
			break;
		case 'K':
			add_kinds(&o, optarg);
			break;
		case 'v':
			add_version(&o, optarg);
			break;
		case 'h':
			o.have_state = true;
			break;
		case 'c':
			o.have_cluster_policies = true;
			break;
		case 'g':
			o.gzip = true;
			break;
		case 'f':
			o.foreign = true;
			break;
		case 't':
			o.remove_taint = optarg;
			break;
		case 'S':
			o.spread_ms = atoll(optarg);
			break;
		case 'q':
			quiet = true;
			break;
		default:
			return NP_EXIT_USAGE;
		}
	}
	loop = np_loop_new();
	cluster = np_cluster_open(loop, &o, &ops, NULL, &err);
	if (!cluster) {
		np_error_print_json(stdout, &err);
		np_loop_free(loop);
		return err.exit;
	}
	input.ready = on_input;
	np_io_set(loop, &input, 0, NP_IO_READ);
	np_cluster_start(cluster);
	np_loop_run(loop);
	np_io_stop(&input);
	np_cluster_close(cluster);
	np_loop_free(loop);
	printf("{\"call\":\"bye\"}\n");
	return 0;
}
