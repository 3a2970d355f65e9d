// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a tenant can do to the node agent by objects alone: how much memory they take, how much
 * processor time an event costs, how long the loop does not look at what is urgent (probes, the
 * watchdog), and whether the state of another namespace changes. Each world is a process of its
 * own. Objects come as an API server sends them, through the splitter and the JSON reader, in
 * callbacks of a loop; commits are encoded, and there is no kernel.
 *
 *	agent_adversary [-q] [-o FILE.json] [WORLD...]
 *
 *	-q	a tenth of the objects
 *
 * Memory, the state of others and ratios are exact rows. Times have bounds that are not exact,
 * except that of the longest stretch, which has a margin for slow processors.
 */
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netlink/msg.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "agent/desired.h"
#include "agent/desired_pod.h"
#include "agent/desired_policy.h"
#include "agent/encode.h"
#include "base/loop.h"
#include "kube/splitter.h"
#include "listing.h"
#include "object/digest.h"
#include "rows.h"

#define CHUNK		16384	/* bytes that are read from a connection at once */
/*
 * The longest stretch may have 50 ms. The check leaves room for a processor that is slower, or
 * that other processes disturb.
 */
#define STRETCH_MS	50
#define ROWS_MAX	16

/* A row that a world's process leaves for its parent. */
struct row {
	char name[96];
	double value;
	char unit[16];
	double target;
	bool exact;
};

struct shared {
	struct row row[ROWS_MAX];
	unsigned int rows;
	char params[128];
};

static struct shared *shared;
static unsigned int tenth = 1;
static struct np_desired desired;
static struct np_loop *loop;
static struct np_timer timer;
static const char *world_name;
static struct np_splitter splitter;
static enum np_source_kind kind;

/* --- rows ------------------------------------------------------------------------- */

static void add_row(const char *name, double value, const char *unit, double target, bool exact)
{
	struct row *row = &shared->row[shared->rows++];

	snprintf(row->name, sizeof(row->name), "%s: %s", world_name, name);
	row->value = value;
	snprintf(row->unit, sizeof(row->unit), "%s", unit);
	row->target = target;
	row->exact = exact;
}

/* --- work in callbacks of the loop --------------------------------------------------- */

static void (*work)(void);

static void fire(void *context)
{
	(void)context;
	work();
}

/* Runs something in a callback. Returns the processor time in seconds. */
static double run(void (*fn)(void))
{
	double from = rows_cpu();

	work = fn;
	np_timer_start(loop, &timer, 0);
	while (!np_loop_step(loop, -1))
		;
	return rows_cpu() - from;
}

static double longest_ms(void)
{
	return (double)np_loop_longest(loop) / 1e6;
}

/* The longest stretch is counted anew. */
static void fresh_loop(void)
{
	np_loop_free(loop);
	loop = np_loop_new();
	timer = (struct np_timer){ .fire = fire };
}

/* --- objects ------------------------------------------------------------------------ */

static char *text;
static size_t text_len, text_room, text_most;

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *fmt, ...)
{
	va_list args;
	int len;

	if (text_room - text_len < 4096) {
		text_room = text_room * 2 + 8192;
		text = np_xrealloc(text, text_room, 1);
	}
	va_start(args, fmt);
	len = vsnprintf(text + text_len, text_room - text_len, fmt, args);
	va_end(args);
	text_len += (size_t)len;
}

/* The memory of this process but for the text that was said, which the agent does not have. */
static double resident(const char *which)
{
	return rows_memory(which) - (double)text_most / 1048576;
}

static void on_object(void *context, const char *object, size_t len)
{
	static struct np_arena arena;
	struct np_error err = { 0 };
	struct np_node *root;

	(void)context;
	np_arena_reset(&arena);
	if (np_json_object(object, len, np_source_pick(kind), &arena, &root, &err) ==
	    NP_JSON_WHOLE)
		np_desired_upsert(&desired, kind, root);
	else
		np_desired_rejected(&desired, kind, "", "", "", err.text);
	np_arena_reset(&arena);
}

static void on_skipped(void *context, const char *object, size_t len, const char *reason)
{
	(void)context;
	np_desired_rejected(&desired, kind, "", "", "", reason);
}

static void feed(void)
{
	size_t at, len;

	for (at = 0; at < text_len; at += len) {
		len = text_len - at < CHUNK ? text_len - at : CHUNK;
		if (np_splitter_feed(&splitter, text + at, len)) {
			fprintf(stderr, "agent_adversary: %s\n", np_splitter_error(&splitter));
			exit(1);
		}
	}
}

/* Hands over what was said as objects of a kind. Returns the processor time in seconds. */
static double give(enum np_source_kind of)
{
	double cpu;

	if (text_len > text_most)
		text_most = text_len;
	kind = of;
	cpu = run(feed);
	text_len = 0;
	return cpu;
}

static void say_namespace(const char *name)
{
	say("{\"metadata\":{\"name\":\"%s\",\"uid\":\"%s\",\"labels\":{\"team\":\"%s\"}}}", name,
	    name, name);
}

/* A pod with one label, and address number n. */
static void say_pod(const char *namespace, const char *name, const char *node, unsigned int label,
		    unsigned int n)
{
	say("{\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\",\"uid\":\"%s/%s\","
	    "\"labels\":{\"app\":\"a%u\"}},\"spec\":{\"nodeName\":\"%s\"},\"status\":{\"phase\":"
	    "\"Running\",\"podIPs\":[{\"ip\":\"10.%u.%u.%u\"}]}}", name, namespace, namespace,
	    name, label, node, n >> 16 & 255, n >> 8 & 255, n & 255);
}

static void say_policy(const char *namespace, const char *name, unsigned int label)
{
	say("{\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\",\"uid\":\"%s/%s\"},\"spec\":"
	    "{\"podSelector\":{\"matchLabels\":{\"app\":\"a%u\"}},\"policyTypes\":[\"Ingress\"],"
	    "\"ingress\":[{\"from\":[{\"podSelector\":{}}],\"ports\":[{\"port\":80}]}]}}", name,
	    namespace, namespace, name, label);
}

/* --- commits ------------------------------------------------------------------------- */

static size_t sent_bytes;

static struct nl_msg *fresh(void *arg, size_t size)
{
	struct nl_msg *msg = nlmsg_alloc_size(size + 64);

	nlmsg_put(msg, 0, 0, 1, 4, 0);
	return msg;
}

static int sent(void *arg, struct nl_msg *msg, struct np_error *err)
{
	return 0;
}

static void encode(struct np_change *change, size_t count)
{
	struct np_change *refused;
	struct np_error err = { 0 };
	struct np_encoder enc;

	np_encoder_init(&enc, fresh, sent, NULL);
	np_changes_encode(&desired, change, count, &enc, &refused, &err);
	np_encoder_flush(&enc, &err);
	sent_bytes += enc.bytes;
	np_encoder_free(&enc);
}

/* Encodes what is pending, or everything, as a commit does, and takes it as committed. */
static void commit(void)
{
	struct np_desired_pod **pod;
	struct np_change *change;
	size_t count, i, at = 0;
	void *record;

	if (!desired.full) {
		change = np_desired_take(&desired, &count);
		np_changes_sort(change, count);
		encode(change, count);
		for (i = 0; i < count; i++) {
			np_desired_finish(&desired, &change[i]);
			np_breathe();
		}
		free(change);
		return;
	}
	pod = np_desired_by_arrival(&desired, &count);
	change = np_xcalloc(count + desired.policies.count + 1, sizeof(*change));
	for (i = 0; i < count; i++)
		change[i] = (struct np_change){ .object = NETPOL_OBJECT_POD, .record = pod[i] };
	free(pod);
	while ((record = np_hash_next(&desired.policies, &at)))
		if (np_desired_policy_loaded(record))
			change[count++] = (struct np_change){ .object = NETPOL_OBJECT_POLICY,
							      .record = record };
	encode(change, count);
	free(change);
	np_desired_finish_full(&desired);
}

/* --- the namespace of others --------------------------------------------------------------- */

#define OTHERS	10

/* A digest of what the kernel is to have of the namespace "other". */
static __uint128_t others_digest(void)
{
	struct np_address address[NP_POD_ADDRESSES_MAX];
	struct np_placement place = { 0 };
	struct np_desired_namespace *ns;
	struct np_desired_policy *policy;
	struct np_namespace ns_view;
	struct np_desired_pod *pod;
	struct np_policy view;
	__uint128_t sum = 0;
	char name[32], uid[NP_UID_TEXT];
	struct np_pod pod_view;
	unsigned int i;

	ns = np_desired_namespace(&desired, "other");
	if (ns && np_desired_namespace_loaded(ns)) {
		np_desired_namespace_view(ns, &ns_view);
		sum += np_namespace_digest(&ns_view);
	}
	for (i = 0; i < OTHERS; i++) {
		sprintf(name, "other%u", i);
		pod = np_desired_pod(&desired, "other", name);
		if (pod && np_desired_pod_loaded(pod)) {
			np_desired_pod_view(&desired, pod, &pod_view, address, uid);
			place.local = pod->flags & NP_DESIRED_LOCAL;
			sum = sum * 3 + np_pod_digest(&pod_view, &place);
		}
		policy = np_desired_policy(&desired, "other", name);
		if (policy && np_desired_policy_loaded(policy)) {
			np_desired_policy_view(policy, &view);
			sum = sum * 5 + np_policy_digest(&view);
		}
	}
	return sum;
}

static void say_others(void)
{
	char name[32];
	unsigned int i;

	say_namespace("other");
	give(NP_SOURCE_NAMESPACE);
	for (i = 0; i < OTHERS; i++) {
		sprintf(name, "other%u", i);
		say_pod("other", name, i < 5 ? "here" : "there", i, 1 + i);
		give(NP_SOURCE_POD);
		say_policy("other", name, i);
		give(NP_SOURCE_POLICY);
	}
}

/* Tells of an event of the others. Returns the processor time in seconds. */
static double others_event(void)
{
	static unsigned int n;

	say_pod("other", "other0", "here", n++ % 2 ? 0 : 1, 1);
	return give(NP_SOURCE_POD);
}

/* --- worlds ------------------------------------------------------------------------------ */

static unsigned int many(unsigned int n)
{
	return n / tenth ? n / tenth : 1;
}

static void param(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void param(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(shared->params, sizeof(shared->params), fmt, args);
	va_end(args);
}

/* Six policies with very many values in their selectors, and local pods that change labels. */
static void world_values(void)
{
	unsigned int values = many(300000), pods = 100, p, i;
	double policy = 0, pod = 0, cpu;
	char name[32];

	param("\"policies\":6,\"values\":%u,\"pods\":%u", values, pods);
	for (p = 0; p < 6; p++) {
		say("{\"metadata\":{\"name\":\"p%u\",\"namespace\":\"evil\"},\"spec\":{\"podSelector\":"
		    "{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"NotIn\",\"values\":[", p);
		/* In no order, so that sorting has work. */
		for (i = 0; i < values; i++)
			say("%s\"v%u\"", i ? "," : "", i * 2654435761u % 1000000);
		say("]}]},\"policyTypes\":[\"Ingress\"]}}");
		cpu = give(NP_SOURCE_POLICY);
		policy = cpu > policy ? cpu : policy;
	}
	run(commit);
	for (i = 0; i < 3 * pods; i++) {
		sprintf(name, "pod%u", i % pods);
		say_pod("evil", name, "here", i, 1000 + i % pods);
		pod += give(NP_SOURCE_POD);
	}
	run(commit);
	add_row("a policy, CPU", policy * 1e3, "ms", 1000, false);
	add_row("a relabelled local pod, CPU", pod / (3 * pods) * 1e6, "us", 1000, false);
}

/* Very many small policies in one namespace. */
static void world_small(void)
{
	unsigned int policies = many(60000), i;
	double made, relabelled, gone;
	char name[32];

	param("\"policies\":%u", policies);
	say_pod("evil", "pod", "here", 0, 1000);
	give(NP_SOURCE_POD);
	for (i = 0; i < policies; i++) {
		sprintf(name, "p%u", i);
		say_policy("evil", name, i);
	}
	made = give(NP_SOURCE_POLICY);
	run(commit);
	say_pod("evil", "pod", "here", 1, 1000);
	relabelled = give(NP_SOURCE_POD);
	run(commit);
	for (i = 0; i < policies; i++) {
		sprintf(name, "p%u", i);
		say_policy("evil", name, i + 1);
	}
	made += give(NP_SOURCE_POLICY);
	run(commit);
	gone = rows_cpu();
	for (i = 0; i < policies; i++) {
		sprintf(name, "p%u", i);
		np_desired_remove(&desired, NP_SOURCE_POLICY, "evil", name, "");
	}
	run(commit);
	gone = rows_cpu() - gone;
	add_row("a policy made or changed, CPU", made / policies / 2 * 1e6, "us", 200, false);
	add_row("a policy deleted, CPU", gone / policies * 1e6, "us", 50, false);
	add_row("a relabelled local pod, CPU", relabelled * 1e3, "ms", 50, false);
}

/* Pods with very many labels. */
static void world_labels(void)
{
	unsigned int pods = 80, labels = many(50000), p, i;
	double most = 0, cpu;

	param("\"pods\":%u,\"labels\":%u", pods, labels);
	for (p = 0; p < pods; p++) {
		say("{\"metadata\":{\"name\":\"pod%u\",\"namespace\":\"evil\",\"uid\":\"u%u\",\"labels\":{",
		    p, p);
		for (i = 0; i < labels; i++)
			say("%s\"k%u\":\"v%u\"", i ? "," : "", i * 2654435761u % 10000000, p * 100000 + i);
		say("}},\"spec\":{\"nodeName\":\"%s\"},\"status\":{\"podIP\":\"10.1.0.%u\"}}",
		    p % 2 ? "here" : "there", p + 1);
		cpu = give(NP_SOURCE_POD);
		most = cpu > most ? cpu : most;
	}
	run(commit);
	add_row("a pod, CPU", most * 1e3, "ms", 500, false);
}

/* Pods with one port more than the agent takes, all with names. */
static void world_ports(void)
{
	unsigned int pods = many(2000), ports = 1025, p, i;
	double cpu = 0;

	param("\"pods\":%u,\"ports\":%u", pods, ports);
	for (p = 0; p < pods; p++) {
		say("{\"metadata\":{\"name\":\"pod%u\",\"namespace\":\"evil\",\"uid\":\"u%u\"},\"spec\":"
		    "{\"nodeName\":\"here\",\"containers\":[{\"ports\":[", p, p);
		for (i = 0; i < ports - p % 2; i++)
			say("%s{\"name\":\"p%u-%u\",\"containerPort\":%u}", i ? "," : "", p, i, i + 1);
		say("]}]},\"status\":{\"podIP\":\"10.1.%u.%u\"}}", p >> 8, p & 255);
		cpu += give(NP_SOURCE_POD);
	}
	run(commit);
	add_row("a pod, CPU", cpu / pods * 1e3, "ms", 20, false);
}

/* Objects of 4 MB and of 20 MB JSON. */
static void world_json(void)
{
	unsigned int objects = 20, size = many(4u << 20), p;
	double most = 0, cpu;
	size_t begin;

	param("\"objects\":%u,\"bytes\":%u", objects, size);
	for (p = 0; p < objects; p++) {
		begin = text_len;
		say("{\"metadata\":{\"name\":\"pod%u\",\"namespace\":\"evil\",\"uid\":\"u%u\",", p, p);
		switch (p % 4) {
		case 0:		/* what is passed over: one text of escapes */
			say("\"annotations\":{\"a\":\"");
			while (text_len - begin < size)
				say("\\u003c\\u003c\\u003c\\u003c\\u003c\\u003c\\u003c\\u003c");
			say("\"}}");
			break;
		case 1:		/* and many small values */
			say("\"managedFields\":[0");
			while (text_len - begin < size)
				say(",{},[],0,1,\"\",null");
			say("]}");
			break;
		case 2:		/* labels that nobody can have */
			say("\"labels\":{\"a\":\"");
			while (text_len - begin < size)
				say("\\u003c\\u003c\\u003c\\u003c\\u003c\\u003c\\u003c\\u003c");
			say("\"}}");
			break;
		default:	/* more values than an object may have */
			say("\"labels\":[0");
			while (text_len - begin < size)
				say(",0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0");
			say("]}");
		}
		say(",\"spec\":{\"nodeName\":\"here\"},\"status\":{\"podIP\":\"10.1.0.%u\"}}", p + 1);
		cpu = give(NP_SOURCE_POD);
		most = cpu > most ? cpu : most;
	}
	run(commit);
	add_row("an object, CPU", most * 1e3, "ms", 1000, false);
}

static double named_policies(const char *namespace, unsigned int count, bool descending)
{
	char name[32];
	double cpu = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		sprintf(name, "p%06u", descending ? count - 1 - i : i);
		say_policy(namespace, name, 0);
		if (i % 100 == 99 || i + 1 == count) {
			cpu += give(NP_SOURCE_POLICY);
			cpu += run(commit);
		}
	}
	return cpu;
}

/* Policies whose names come in descending order. */
static void world_names(void)
{
	unsigned int policies = many(60000);
	double up, down;

	param("\"policies\":%u", policies);
	say_pod("evil", "pod", "here", 0, 1000);
	give(NP_SOURCE_POD);
	say_pod("evil2", "pod", "here", 0, 1001);
	give(NP_SOURCE_POD);
	run(commit);
	up = named_policies("evil", policies, false);
	down = named_policies("evil2", policies, true);
	add_row("descending names over ascending ones, CPU", down / up, "", 3, true);
}

static double pods_at(const char *namespace, unsigned int count, unsigned int from, bool one)
{
	char name[32];
	double cpu = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		sprintf(name, "pod%u", i);
		say_pod(namespace, name, i % 2 ? "here" : "there", i % 100, one ? from : from + i);
		if (i % 100 == 99 || i + 1 == count) {
			cpu += give(NP_SOURCE_POD);
			cpu += run(commit);
		}
	}
	for (i = 0; i < count; i++)
		np_desired_remove(&desired, NP_SOURCE_POD, namespace, np_desired_pod_name(
				  np_desired_pod(&desired, namespace, (sprintf(name, "pod%u", i), name))),
				  "");
	cpu += run(commit);
	return cpu;
}

/* One address that very many pods claim, half of them of this node. */
static void world_address(void)
{
	unsigned int pods = many(20000);
	double own, one;

	param("\"pods\":%u", pods);
	own = pods_at("evil", pods, 100000, false);
	one = pods_at("evil2", pods, 99999, true);
	add_row("a pod that comes and goes, CPU", one / pods * 1e6, "us", 500, false);
	add_row("one address over one for each, CPU", one / own, "", 3, true);
}

/* Namespaces with very many labels. */
static void world_namespaces(void)
{
	unsigned int spaces = 80, labels = many(50000), p, i;
	double most = 0, cpu;

	param("\"namespaces\":%u,\"labels\":%u", spaces, labels);
	for (p = 0; p < spaces; p++) {
		say("{\"metadata\":{\"name\":\"evil%u\",\"uid\":\"u%u\",\"labels\":{", p, p);
		for (i = 0; i < labels; i++)
			say("%s\"k%u\":\"v%u\"", i ? "," : "", i * 2654435761u % 10000000, p * 100000 + i);
		say("}}}");
		cpu = give(NP_SOURCE_NAMESPACE);
		most = cpu > most ? cpu : most;
	}
	run(commit);
	add_row("a namespace, CPU", most * 1e3, "ms", 500, false);
}

static struct listing listing = {
	.spaces = 100, .pods = 150000, .locals = 110, .policies = 10000, .distinct = true,
};

static void give_listed(enum np_source_kind of, const struct np_node *object)
{
	np_desired_upsert(&desired, of, object);
	np_breathe();
}

static void list_all(void)
{
	unsigned int i;

	for (i = 0; i < NP_SOURCE_NODE; i++)
		np_desired_begin(&desired, i);
	listing_all(&listing);
	for (i = 0; i < NP_SOURCE_NODE; i++)
		np_desired_synced(&desired, i);
}

static void list_nothing(void)
{
	unsigned int i;

	for (i = 0; i < NP_SOURCE_NODE; i++) {
		np_desired_begin(&desired, i);
		np_desired_synced(&desired, i);
	}
}

static void forget(void)
{
	np_desired_set_full(&desired);
}

/* A large cluster: lists, a full commit, everything sent again, everything deleted. */
static void world_cluster(void)
{
	listing.pods = many(listing.pods);
	listing.policies = many(listing.policies);
	listing.give = give_listed;
	param("\"pods\":%u,\"policies\":%u", listing.pods, listing.policies);
	desired.node = "here0";
	run(list_all);
	add_row("the longest stretch of a list", longest_ms(), "ms", STRETCH_MS, false);
	fresh_loop();
	run(commit);
	add_row("the longest stretch of a full commit", longest_ms(), "ms", STRETCH_MS, false);
	fresh_loop();
	run(list_all);
	run(commit);
	run(list_nothing);
	add_row("the longest stretch of deleting all", longest_ms(), "ms", STRETCH_MS, false);
	fresh_loop();
	run(commit);
	run(forget);
	desired.node = "here";
	say_others();
}

/* Policies of one namespace, as large as its share allows. */
static void caps_policies(unsigned int space, unsigned int values)
{
	unsigned int p, i;

	for (p = 0; p < 7; p++) {
		say("{\"metadata\":{\"name\":\"p%u\",\"namespace\":\"evil%u\"},\"spec\":"
		    "{\"podSelector\":{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"NotIn\","
		    "\"values\":[", p, space);
		for (i = 0; i < values; i++)
			say("%s\"v%u\"", i ? "," : "", i * 2654435761u % 1000000);
		say("]}]},\"policyTypes\":[\"Ingress\"]}}");
		give(NP_SOURCE_POLICY);
	}
}

/* And pods with labels of their own. */
static void caps_labels(unsigned int space, unsigned int pods)
{
	unsigned int p, i;

	for (p = 0; p < pods; p++) {
		say("{\"metadata\":{\"name\":\"pod%u\",\"namespace\":\"evil%u\",\"uid\":\"u%u-%u\","
		    "\"labels\":{", p, space, space, p);
		for (i = 0; i < 250; i++)
			say("%s\"k%u-%u-%u\":\"v%u-%u-%u\"", i ? "," : "", space, p, i, space, p, i);
		say("}},\"spec\":{\"nodeName\":\"%s\"},\"status\":{\"podIP\":\"10.%u.%u.%u\"}}",
		    p < 20 ? "here" : "there", 200 + space, p >> 8, p & 255);
		give(NP_SOURCE_POD);
	}
}

/*
 * A large cluster, three namespaces that take what all may take together, some more that take the
 * lower share, and objects that are as large as they can be while they are read.
 */
static void world_caps(void)
{
	unsigned int space;
	size_t begin;

	listing.pods = many(listing.pods);
	listing.policies = many(listing.policies);
	listing.give = give_listed;
	param("\"pods\":%u,\"policies\":%u", listing.pods, listing.policies);
	run(list_all);
	run(commit);
	for (space = 0; space < 8; space++) {
		caps_policies(space, many(300000));
		caps_labels(space, many(1500));
	}
	run(commit);
	run(forget);
	say_others();
	run(commit);
	add_row("policies", (double)desired.policy_bytes / 1048576, "MiB", ROWS_NO_TARGET, false);
	add_row("labels", (double)desired.labels.bytes / 1048576, "MiB", ROWS_NO_TARGET, false);
	add_row("resident", resident("VmRSS:"), "MiB", ROWS_NO_TARGET,
		false);
	say("{\"metadata\":{\"name\":\"pod\",\"namespace\":\"evil\",\"labels\":[0");
	for (begin = text_len; text_len - begin < many(19u << 20);)
		say(",0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0");
	say("]}}");
	give(NP_SOURCE_POD);
}

/* An object that is as it should be costs as much after a large one as before. */
static double after_large(void)
{
	double cpu = 0;
	unsigned int i;

	for (i = 0; i < 1000; i++)
		cpu += others_event();
	return cpu;
}

static const struct world {
	const char *name;
	void (*run)(void);
	double memory;		/* MiB at most, with the tenth too */
} worlds[] = {
	{ "values", world_values, 128 },
	{ "small policies", world_small, 128 },
	{ "labels", world_labels, 128 },
	{ "ports", world_ports, 128 },
	{ "json", world_json, 128 },
	{ "names", world_names, 128 },
	{ "one address", world_address, 128 },
	{ "namespaces", world_namespaces, 128 },
	{ "cluster", world_cluster, 96 },
	{ "caps", world_caps, 384 },
};

static const struct np_splitter_ops splitter_ops = { .object = on_object, .skipped = on_skipped };

static void world_run(const struct world *world)
{
	double before, after;
	__uint128_t digest;

	world_name = world->name;
	loop = np_loop_new();
	timer = (struct np_timer){ .fire = fire };
	np_splitter_init(&splitter, NP_SPLIT_STREAM, &splitter_ops, NULL);
	np_desired_init(&desired, "here");
	say_others();
	run(commit);
	digest = others_digest();
	before = after_large();
	fresh_loop();
	world->run();
	add_row("the longest stretch", longest_ms(), "ms", STRETCH_MS, false);
	add_row("the same with a margin", longest_ms(), "ms", 4 * STRETCH_MS, true);
	add_row("resident at most", resident("VmHWM:"), "MiB",
		world->memory, true);
	after = after_large();
	add_row("an event of others over one before, CPU", after / before, "", 5, true);
	add_row("state of others changed", digest != others_digest(), "", 0, true);
}

static void world_report(const struct world *world)
{
	int status = -1;
	unsigned int i;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		world_run(world);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	world_name = world->name;
	if (status)
		add_row("the process failed", status, "", 0, true);
	for (i = 0; i < shared->rows; i++)
		rows_add(shared->row[i].name, shared->params, shared->row[i].value,
			 shared->row[i].unit, shared->row[i].target, shared->row[i].exact);
	memset(shared, 0, sizeof(*shared));
}

static bool chosen(const struct world *world, int argc, char **argv)
{
	int i;

	for (i = optind; i < argc; i++)
		if (!strcmp(argv[i], world->name))
			return true;
	return optind == argc;
}

int main(int argc, char **argv)
{
	const char *file = NULL;
	unsigned int i;
	int option;

	while ((option = getopt(argc, argv, "qo:")) != -1) {
		switch (option) {
		case 'q':
			tenth = 10;
			break;
		case 'o':
			file = optarg;
			break;
		default:
			fprintf(stderr, "usage: agent_adversary [-q] [-o FILE.json] [WORLD...]\n");
			return 1;
		}
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED) {
		perror("agent_adversary");
		return 1;
	}
	rows_begin(file);
	for (i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++)
		if (chosen(&worlds[i], argc, argv))
			world_report(&worlds[i]);
	return rows_end();
}
