// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads what a cluster has now. */
#include "kube/fetch.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/loop.h"
#include "kube/cluster.h"
#include "object/nodes.h"
#include "object/read_cluster.h"
#include "object/read_node.h"
#include "object/read_pod.h"
#include "object/read_policy.h"

/**
 * struct np_fetch - lists that are being read
 * @options: the caller's
 * @loop: event loop, which ends when all is there or something failed
 * @cluster: API client
 * @objs: where objects go, the caller's
 * @err: filled if something failed
 * @timer: ends it if nothing arrives
 * @wanted: kinds that are waited for
 * @failed: @err is filled
 */
struct np_fetch {
	const struct np_fetch_options *options;
	struct np_loop *loop;
	struct np_cluster *cluster;
	struct np_objects *objs;
	struct np_error *err;
	struct np_timer timer;
	bool wanted[NP_SOURCE_KINDS];
	bool failed;
};

static const char *np_fetch_kind(enum np_source_kind kind)
{
	return kind == NP_SOURCE_NODES ? "nodes" : np_source_kind_name(kind);
}

static void __attribute__((format(printf, 2, 3)))
np_fetch_warn(const struct np_fetch *fetch, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fetch->options->warn(text);
}

static void np_fetch_alive(struct np_fetch *fetch)
{
	if (fetch->options->timeout_ms >= 0)
		np_timer_start(fetch->loop, &fetch->timer, fetch->options->timeout_ms);
}

static const char *np_fetch_server(const struct np_fetch *fetch)
{
	struct np_cluster_status status;

	np_cluster_status(fetch->cluster, &status);
	return status.server;
}

static void np_fetch_silent(void *arg)
{
	struct np_fetch *fetch = arg;
	int kind;

	for (kind = 0; kind < NP_SOURCE_KINDS && !fetch->wanted[kind]; kind++)
		;
	if (kind == NP_SOURCE_KINDS)	/* the last one came just now */
		return;
	np_error_set(fetch->err, NP_EXIT_TIMEOUT, "%s: nothing came of the list of %s for %d ms",
		     np_fetch_server(fetch), np_fetch_kind(kind), fetch->options->timeout_ms);
	np_error_hint(fetch->err, "--timeout allows more");
	fetch->failed = true;
	np_loop_stop(fetch->loop);
}

/* --- objects ----------------------------------------------------------------- */

static enum np_source_kind np_fetch_kind_of(const struct np_policy *policy)
{
	return policy->tier == NP_TIER_NETWORK_POLICY ? NP_SOURCE_POLICY :
							NP_SOURCE_CLUSTER_POLICY;
}

/* A list starts, perhaps over again, so what was seen of the kind does not count. */
static void np_fetch_begin(void *context, enum np_source_kind kind)
{
	struct np_fetch *fetch = context;
	struct np_objects *objs = fetch->objs;
	size_t i, kept = 0;

	np_fetch_alive(fetch);
	if (kind == NP_SOURCE_NAMESPACE)
		objs->namespace_count = 0;
	else if (kind == NP_SOURCE_POD)
		objs->pod_count = 0;
	else if (kind == NP_SOURCE_NODES)
		objs->node_count = 0;
	else
		for (i = 0; i < objs->policy_count; i++)
			if (np_fetch_kind_of(&objs->policies[i]) != kind)
				objs->policies[kept++] = objs->policies[i];
	if (kind == NP_SOURCE_POLICY || kind == NP_SOURCE_CLUSTER_POLICY)
		objs->policy_count = kept;
}

static int np_fetch_decode(struct np_decode *decode, enum np_source_kind kind,
			   const struct np_node *object)
{
	switch (kind) {
	case NP_SOURCE_NAMESPACE:
		return np_decode_namespace(decode, object, NULL);
	case NP_SOURCE_POD:
		return np_decode_pod(decode, object, NULL);
	case NP_SOURCE_NODES:
		return np_decode_kube_node(decode, object, NULL);
	case NP_SOURCE_POLICY:
		return np_decode_policy(decode, object, NULL);
	default:
		return np_decode_cluster_policy(decode, object, NULL);
	}
}

/* Reads in part what cannot be read as a whole, as the agent does. */
static int np_fetch_decode_closed(struct np_decode *decode, enum np_source_kind kind,
				  const struct np_node *object)
{
	switch (kind) {
	case NP_SOURCE_POD:
		return np_decode_pod_closed(decode, object);
	case NP_SOURCE_POLICY:
		return np_decode_policy_closed(decode, object, NULL);
	case NP_SOURCE_CLUSTER_POLICY:
		return np_decode_cluster_policy_closed(decode, object, NULL);
	default:
		return -1;
	}
}

static struct np_rule *np_fetch_deny(struct np_objects *objs)
{
	struct np_rule *rule = np_arena_alloc(&objs->arena, sizeof(*rule));

	*rule = (struct np_rule) {
		.name = np_intern_str(objs, ""), .action = NP_ACTION_DENY, .closed = true,
	};
	return rule;
}

/*
 * Adds what the agent makes of a policy of which only the name is known: it denies everything to
 * every pod of its namespace, or of the cluster.
 */
static void np_fetch_close(struct np_objects *objs, enum np_source_kind kind,
			   const char *namespace, const char *name)
{
	struct np_policy policy = {
		.place.file = "",
		.namespace = np_intern_str(objs, kind == NP_SOURCE_POLICY ? namespace : ""),
		.name = np_intern_str(objs, name),
		.directions = NP_DIR_INGRESS | NP_DIR_EGRESS,
		.types_given = true,
	};

	if (kind == NP_SOURCE_POLICY) {
		policy.pod_selector.present = true;
	} else {
		policy.tier = NP_TIER_ADMIN;
		policy.ns_selector.present = true;
		policy.ingress = np_fetch_deny(objs);
		policy.egress = np_fetch_deny(objs);
		policy.ingress_count = 1;
		policy.egress_count = 1;
	}
	*np_objects_add_policy(objs) = policy;
}

/* Takes an object of which no more than the name can be read, as the agent takes it. */
static void np_fetch_unread(struct np_fetch *fetch, enum np_source_kind kind,
			    const char *namespace, const char *name, const char *why)
{
	bool policy = kind == NP_SOURCE_POLICY || kind == NP_SOURCE_CLUSTER_POLICY;
	const char *slash = *namespace ? "/" : "", *kinds = np_fetch_kind(kind);

	if (kind == NP_SOURCE_NAMESPACE || kind == NP_SOURCE_POD) {
		np_fetch_warn(fetch, "%s of the cluster, %s%s%s: %s; it is left out", kinds,
			      namespace, slash, *name ? name : "?", why);
	} else if (policy && *name && (*namespace || kind == NP_SOURCE_CLUSTER_POLICY)) {
		np_fetch_close(fetch->objs, kind, namespace, name);
		np_fetch_warn(fetch, "%s of the cluster, %s%s%s: %s; it denies everything to every "
			      "pod%s, as the agent enforces it", kinds, namespace, slash, name,
			      why, kind == NP_SOURCE_POLICY ? " of its namespace" : "");
	} else if (!fetch->failed) {
		np_error_set(fetch->err, NP_EXIT_API, "%s: one of the %s of the cluster cannot be "
			     "read, so what is enforced is not known: %s: %s",
			     np_fetch_server(fetch), kinds, *name ? name : "?", why);
		fetch->failed = true;
		np_loop_stop(fetch->loop);
	}
}

static void np_fetch_upsert(void *context, enum np_source_kind kind, const struct np_node *object)
{
	const struct np_node *meta = np_node_get(object, "metadata");
	const char *namespace = np_node_text(meta, "namespace");
	const char *name = np_node_text(meta, "name");
	struct np_error why = { 0 }, ignored = { 0 };
	struct np_fetch *fetch = context;
	struct np_decode decode = {
		.objs = fetch->objs, .err = &why, .file = "", .lenient = true,
		.known_only = kind == NP_SOURCE_POLICY || kind == NP_SOURCE_CLUSTER_POLICY,
		.kind = np_fetch_kind(kind), .namespace = "", .name = "",
	};
	struct np_mark mark = np_objects_mark(fetch->objs);

	np_fetch_alive(fetch);
	if (!np_fetch_decode(&decode, kind, object))
		return;
	np_objects_rewind(fetch->objs, &mark);
	decode.err = &ignored;
	decode.exact = false;
	if (!np_fetch_decode_closed(&decode, kind, object)) {
		np_fetch_warn(fetch, "%s of the cluster, %s%s%s: %s; it is closed as far as it "
			      "cannot be read, as the agent enforces it", np_fetch_kind(kind),
			      namespace, *namespace ? "/" : "", name, why.text);
		return;
	}
	np_objects_rewind(fetch->objs, &mark);
	np_fetch_unread(fetch, kind, namespace, name, why.text);
}

static void np_fetch_remove(void *context, enum np_source_kind kind, const char *namespace,
			    const char *name, const char *uid)
{
	/* Only a watch removes something, and there is none. */
}

static void np_fetch_rejected(void *context, enum np_source_kind kind, const char *namespace,
			      const char *name, const char *uid, const char *reason)
{
	np_fetch_alive(context);
	np_fetch_unread(context, kind, namespace, name, reason);
}

/* --- how it goes ------------------------------------------------------------- */

static void np_fetch_done(struct np_fetch *fetch, enum np_source_kind kind)
{
	int i;

	fetch->wanted[kind] = false;
	for (i = 0; i < NP_SOURCE_KINDS && !fetch->wanted[i]; i++)
		;
	if (i == NP_SOURCE_KINDS)
		np_loop_stop(fetch->loop);
}

static void np_fetch_synced(void *context, enum np_source_kind kind)
{
	np_fetch_alive(context);
	np_fetch_done(context, kind);
}

/* The client would try again for ever; here the first failure is the last one. */
static void np_fetch_state(void *context, enum np_source_kind kind,
			   const struct np_source_state *state)
{
	struct np_fetch *fetch = context;

	if (!*state->error || fetch->failed || !fetch->wanted[kind])
		return;
	if (state->other) {
		np_fetch_warn(fetch, "%s", state->error);
		np_fetch_done(fetch, kind);
		return;
	}
	np_error_set(fetch->err, NP_EXIT_API, "%s: the %s of the cluster cannot be listed: %s",
		     np_fetch_server(fetch), np_fetch_kind(kind), state->error);
	if (state->forbidden)
		np_error_hint(fetch->err, "give the user a ClusterRole with the verb list for %s; "
			      "'kubectl auth can-i list %s -A' tells whether he has it",
			      np_fetch_kind(kind), np_fetch_kind(kind));
	fetch->failed = true;
	np_loop_stop(fetch->loop);
}

/* What is wrong with one kind comes by its state. */
static void np_fetch_log(void *context, enum np_log_level level, enum np_source_kind kind,
			 const char *text)
{
	if (kind == NP_SOURCE_KINDS && level >= NP_LOG_WARNING)
		np_fetch_warn(context, "%s", text);
}

static const struct np_source_ops np_fetch_ops = {
	.begin = np_fetch_begin,
	.upsert = np_fetch_upsert,
	.remove = np_fetch_remove,
	.synced = np_fetch_synced,
	.rejected = np_fetch_rejected,
	.state = np_fetch_state,
	.log = np_fetch_log,
};

static bool np_fetch_needs_nodes(const struct np_objects *objs)
{
	size_t i;

	for (i = 0; i < objs->policy_count; i++)
		if (np_policy_names_nodes(&objs->policies[i]))
			return true;
	return false;
}

static void np_fetch_run(struct np_fetch *fetch)
{
	np_fetch_alive(fetch);
	np_cluster_start(fetch->cluster);
	np_loop_run(fetch->loop);
	if (!fetch->failed && np_fetch_needs_nodes(fetch->objs)) {
		fetch->wanted[NP_SOURCE_NODES] = true;
		np_fetch_alive(fetch);
		np_cluster_follow(fetch->cluster, NP_SOURCE_NODES, true);
		np_loop_run(fetch->loop);
	}
	np_timer_stop(&fetch->timer);
}

int np_fetch(const struct np_fetch_options *options, struct np_objects *objs, struct np_error *err)
{
	struct np_cluster_options cluster = {
		.search = options->search, .servers = &options->server,
		.server_count = options->server ? 1 : 0, .once = true,
	};
	struct np_fetch fetch = {
		.options = options, .objs = objs, .err = err, .loop = np_loop_new(),
	};
	static const enum np_source_kind kinds[] = {
		NP_SOURCE_NAMESPACE, NP_SOURCE_POD, NP_SOURCE_POLICY, NP_SOURCE_CLUSTER_POLICY,
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		cluster.kinds[kinds[i]] = true;
		fetch.wanted[kinds[i]] = true;
	}
	cluster.kinds[NP_SOURCE_NODES] = true;
	fetch.timer.fire = np_fetch_silent;
	fetch.timer.context = &fetch;
	fetch.cluster = np_cluster_open(fetch.loop, &cluster, &np_fetch_ops, &fetch, err);
	fetch.failed = !fetch.cluster;
	if (fetch.cluster)
		np_fetch_run(&fetch);
	np_cluster_close(fetch.cluster);
	np_loop_free(fetch.loop);
	return fetch.failed ? -1 : 0;
}
