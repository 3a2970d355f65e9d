// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a tenant can do to the others by objects alone: how long a commit takes, how long
 * at a stretch it keeps a processor, what packets pay, and where it is refused.
 *
 *	adversary [-k] [-q] [-o FILE.json]
 *
 *	-k	through the module: the commit by the clock and, in User Mode Linux, so on one
 *		processor, as stretch what a thread of highest priority waits for (gap.h);
 *		else the module's core in this process, times in CPU time
 *	-q	a tenth of the objects; the module's caps on pods and policies, which are what
 *		they are, are not met then
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gap.h"
#include "loader.h"
#include "rows.h"
#include "shape.h"

/* A longer stretch without an offer of the processor to others misses its target. */
#define STRETCH_TARGET_US	10000
#define TRIES		5	/* of each commit through the module */
#define IDLE_SECONDS	0.3	/* of each try without one */

static bool kernel, watched;
static unsigned int tenth = 1;
static double resched_last, resched_longest;
static const struct loader *resched_loader;

/* What the tool does before a transaction is no stretch of the core. */
static void resched_note(void)
{
	double now = rows_cpu(), begun = resched_loader ? resched_loader->begun : 0;
	double last = resched_last > begun ? resched_last : begun;

	if (now - last > resched_longest)
		resched_longest = now - last;
	resched_last = now;
}

/**
 * struct attack - one world and what is done to it
 * @loader: world
 * @base: what it has before
 * @objs: what is loaded next
 * @gone: what is deleted with it
 * @params: for the rows
 */
struct attack {
	struct loader loader;
	struct np_objects base;
	struct np_objects objs;
	struct np_objects gone;
	char params[128];
};

/* A new world with the base; through the module that of a new network namespace. */
static void attack_open(struct attack *attack)
{
	if (kernel && unshare(CLONE_NEWNET)) {
		perror("adversary: a network namespace");
		exit(4);
	}
	loader_open(&attack->loader, kernel);
	loader_do(&attack->loader, &attack->base, NULL, false);
}

/* A world with a local victim, "ns-0/server", that "ns-0/client" may reach at TCP 80. */
static void attack_begin(struct attack *attack)
{
	struct np_objects *base = &attack->base;
	struct np_policy *policy;
	struct np_pod *pod;

	np_objects_init(base);
	np_objects_init(&attack->objs);
	np_objects_init(&attack->gone);
	shape_namespace(base, "ns-0", "team-0", "env-0");
	shape_namespace(base, "ns-1", "team-1", "env-0");
	pod = shape_pod(base, "ns-0", "server", SHAPE_ADDRESS);
	pod->node = np_intern_str(base, SHAPE_NODE);
	shape_label(base, &pod->labels, "app", "server");
	pod = shape_pod(base, "ns-0", "client", SHAPE_ADDRESS + 1);
	shape_label(base, &pod->labels, "app", "client");
	policy = shape_policy(base, "ns-0", "victim", "server");
	shape_peer(base, policy->ingress, NULL, "app", "client");
	shape_port(base, policy->ingress, 80, 80);
	attack_open(attack);
	attack->params[0] = 0;
}

static void attack_end(struct attack *attack)
{
	np_objects_free(&attack->base);
	np_objects_free(&attack->objs);
	np_objects_free(&attack->gone);
	loader_close(&attack->loader);
}

static struct np_address address(uint32_t host)
{
	struct np_address made = { .family = AF_INET };

	made.addr[0] = host >> 24;
	made.addr[1] = host >> 16;
	made.addr[2] = host >> 8;
	made.addr[3] = host;
	return made;
}

/* What a verdict costs, and how many of those asked for are not as wanted. */
static unsigned int time_verdicts(struct attack *attack, const struct np_flow *flow, bool wanted,
				  const char *text)
{
	unsigned int i, n = kernel ? 1000 : 1000000 / tenth, wrong = 0;
	double start = rows_cpu();

	for (i = 0; i < n; i++)
		wrong += loader_judge(&attack->loader, flow) != wanted;
	if (!kernel)
		rows_add(text, attack->params, (rows_cpu() - start) / n * 1e9, "ns",
			 ROWS_NO_TARGET, false);
	return wrong;
}

/* Does the victim's own policy still say what it says, at a fair price? */
static void measure_verdicts(struct attack *attack, const char *name)
{
	struct np_flow flow = {
		.source = address(SHAPE_ADDRESS + 1),
		.destination = address(SHAPE_ADDRESS),
		.protocol = IPPROTO_TCP,
		.port = 80,
	};
	unsigned int i, wrong;
	char text[96];

	snprintf(text, sizeof(text), "%s, a verdict then", name);
	wrong = time_verdicts(attack, &flow, true, text);
	flow.port = 81;
	for (i = 0; i < 1000; i++)
		wrong += loader_judge(&attack->loader, &flow);
	snprintf(text, sizeof(text), "%s, verdicts of others changed", name);
	rows_add(text, attack->params, wrong, "verdicts", 0, true);
}

static void stretch_begin(const struct loader *loader)
{
	resched_loader = loader;
	if (kernel)
		gap_reset();
	resched_last = rows_cpu();
	resched_longest = 0;
}

static double stretch_end(void)
{
	if (kernel)
		return gap_longest();
	resched_note();
	resched_loader = NULL;
	return resched_longest;
}

/*
 * Loads what was made; times of the commit and of what comes after it, the longest stretch of
 * both, verdicts. Through the module a few times.
 */
static void measure(struct attack *attack, const char *name, unsigned int count)
{
	double seconds[TRIES], after[TRIES], stretch[TRIES];
	unsigned int i, tries = kernel ? TRIES : 1;
	char text[96];

	snprintf(attack->params, sizeof(attack->params), "\"where\":\"%s\",\"count\":%u",
		 kernel ? "module" : "core", count);
	for (i = 0; i < tries; i++) {
		if (i) {
			loader_close(&attack->loader);
			attack_open(attack);
		}
		stretch_begin(&attack->loader);
		loader_do(&attack->loader, &attack->objs, &attack->gone, false);
		after[i] = loader_settle(&attack->loader);
		if (!kernel)
			after[i] = attack->loader.after;
		stretch[i] = stretch_end();
		seconds[i] = kernel ? attack->loader.commit : attack->loader.cpu;
	}
	snprintf(text, sizeof(text), "%s, commit", name);
	rows_time(text, attack->params, seconds, tries, ROWS_NO_TARGET);
	snprintf(text, sizeof(text), "%s, freed after it", name);
	rows_time(text, attack->params, after, tries, ROWS_NO_TARGET);
	snprintf(text, sizeof(text), "%s, longest stretch", name);
	if (!kernel || watched)
		rows_time(text, attack->params, stretch, tries, STRETCH_TARGET_US);
	measure_verdicts(attack, name);
}

/* Loads what was made, which is to be refused with these words and to change nothing. */
static void measure_refusal(struct attack *attack, const char *name, const char *words)
{
	uint64_t generation = loader_generation(&attack->loader);
	struct np_error err = {};
	bool right;
	char text[96];

	right = loader_try(&attack->loader, &attack->objs, NULL, false, &err) &&
		strstr(err.text, words) && loader_generation(&attack->loader) == generation;
	if (!right)
		fprintf(stderr, "%s: not refused, or not with \"%s\": %s\n", name, words,
			err.text);
	snprintf(text, sizeof(text), "%s, unclear refusals at the cap", name);
	rows_add(text, attack->params, !right, "refusals", 0, true);
}

/* Pods whose addresses have all bits in common that a simple hash would take. */
static void attack_bucket(void)
{
	const struct netpol_snapshot *snapshot;
	unsigned int i, count = 65536 / tenth;
	struct attack attack;
	char name[32];

	attack_begin(&attack);
	for (i = 0; i < count; i++) {
		struct np_pod *pod;

		snprintf(name, sizeof(name), "p%u", i);
		pod = shape_pod(&attack.objs, "ns-1", name, 0x0a000000 + (i << 8));
		shape_label(&attack.objs, &pod->labels, "app", "x");
	}
	measure(&attack, "addresses that differ in 16 bits", count);
	snapshot = kernel ? NULL : attack.loader.core.world->snapshot;
	if (snapshot)
		rows_add("addresses that differ in 16 bits, table", attack.params,
			 (double)netpol_pages_bytes(snapshot->addrmap[0].buckets) / count, "bytes",
			 24, true);
	attack_end(&attack);
}

static void attack_ports(void)
{
	unsigned int i, count = 10000 / tenth;
	struct np_policy *policy;
	struct attack attack;
	char value[32];

	attack_begin(&attack);
	policy = shape_policy(&attack.objs, "ns-0", "ports", "server");
	shape_peer(&attack.objs, policy->ingress, "team-1", NULL, NULL);
	for (i = 0; i < count; i++)
		shape_port(&attack.objs, policy->ingress, 1000 + i * 6, 1003 + i * 6);
	measure(&attack, "distinct port ranges", count);
	/* as many rows as it takes */
	np_objects_reset(&attack.objs);
	for (i = 0; i < 4096; i++) {
		uint32_t block = 0xac000000 + (i << 8);

		snprintf(value, sizeof(value), "rows-%u", i);
		policy = shape_policy(&attack.objs, "ns-0", value, "server");
		shape_block(&attack.objs, policy->ingress, block, 24);
		shape_port(&attack.objs, policy->ingress, 1 + i, 1 + i);
	}
	measure_refusal(&attack, "distinct port ranges", "cells");
	attack_end(&attack);
}

/* Blocks one in the other, 25 deep, with excepts that are in other blocks. */
static void attack_blocks(void)
{
	unsigned int i, j, count = 10000 / tenth;
	struct np_policy *policy;
	struct attack attack;

	attack_begin(&attack);
	policy = shape_policy(&attack.objs, "ns-0", "blocks", "server");
	for (i = 0; i < count; i++) {
		unsigned int length = 6 + i % 25;
		uint32_t base = (0xac000000 + (i / 25 << 20)) & ~0u << (32 - length);
		struct np_ipblock *block = shape_block(&attack.objs, policy->ingress, base,
						       length);

		for (j = 0; j < 2; j++)
			shape_except(&attack.objs, block, base + (j << (31 - length)),
				     length + 1 + j);
	}
	measure(&attack, "nested CIDRs with excepts", count);
	attack_end(&attack);
}

/* As many more pods in a namespace, each with an identity of its own. */
static void add_identities(struct np_objects *objs, unsigned int first, unsigned int count)
{
	unsigned int i;
	char name[32];

	for (i = first; i < first + count; i++) {
		struct np_pod *pod;

		snprintf(name, sizeof(name), "p%u", i);
		pod = shape_pod(objs, "ns-1", name, SHAPE_ADDRESS_FRESH + i);
		shape_label(objs, &pod->labels, "app", name);
	}
}

/* The module's cap on identities is above that on pods, which is met first. */
static void attack_identities(void)
{
	unsigned int cap = kernel ? 1 << 18 : 100000 / tenth, count = 100000 / tenth - 100;
	struct attack attack;

	attack_begin(&attack);
	if (!kernel)
		attack.loader.core.world->limit[NETPOL_LIMIT_IDENTITIES] = cap;
	add_identities(&attack.objs, 0, count);
	measure(&attack, "identity numbers used up", count);
	np_objects_reset(&attack.objs);
	if (!kernel || tenth == 1) {
		add_identities(&attack.objs, count, cap - count + 200);
		measure_refusal(&attack, "identity numbers used up",
				kernel ? "pods in one namespace" : "identities in all");
	}
	attack_end(&attack);
}

/* Policies of which each matches every pod of a cluster with many identities. */
static void attack_selectors(void)
{
	unsigned int i, pods = 20000 / tenth, count = 1000 / tenth;
	struct np_requirement *item;
	struct attack attack;
	char name[32];

	attack_begin(&attack);
	add_identities(&attack.base, 0, pods);
	loader_do(&attack.loader, &attack.base, NULL, false);
	for (i = 0; i < count; i++) {
		struct np_policy *policy;
		struct np_peer *peer;

		snprintf(name, sizeof(name), "all-%u", i);
		policy = shape_policy(&attack.objs, "ns-0", name, "server");
		peer = shape_peer(&attack.objs, policy->ingress, "", "app", name);
		item = peer->pod_selector.item;
		item->op = NP_OP_NOT_IN;
		item->match_label = false;
		shape_port(&attack.objs, policy->ingress, 1000 + i, 1000 + i);
	}
	measure(&attack, "selectors that match everything", count);
	attack_end(&attack);
}

static void attack_policies(void)
{
	unsigned int i, count = 65536 / tenth;
	struct attack attack;
	char name[32];

	attack_begin(&attack);
	if (!kernel)
		attack.loader.core.world->limit[NETPOL_LIMIT_POLICIES_PER_NAMESPACE] = count + 1;
	for (i = 0; i < count; i++) {
		struct np_policy *policy;

		snprintf(name, sizeof(name), "flood-%05u", i);
		policy = shape_policy(&attack.objs, "ns-1", name, NULL);
		shape_peer(&attack.objs, policy->ingress, "team-1", "app", name);
	}
	measure(&attack, "policy flood", count);
	for (i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "more-%u", i);
		shape_policy(&attack.objs, "ns-1", name, NULL);
	}
	if (!kernel || tenth == 1)
		measure_refusal(&attack, "policy flood", "policies in one namespace");
	attack_end(&attack);
}

/* Loads policies of the victim's namespace, some in each commit, in an order of their names. */
static double load_named(unsigned int count, bool descending)
{
	struct attack attack;
	struct np_policy *policy;
	unsigned int i;
	char name[32];
	double cpu;

	attack_begin(&attack);
	attack.loader.core.world->limit[NETPOL_LIMIT_POLICIES_PER_NAMESPACE] = count + 1;
	cpu = rows_cpu();
	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "p%06u", descending ? count - 1 - i : i);
		policy = shape_policy(&attack.objs, "ns-0", name, "server");
		shape_peer(&attack.objs, policy->ingress, "team-1", "app", "x");
		if (i % 100 != 99)
			continue;
		loader_do(&attack.loader, &attack.objs, NULL, false);
		np_objects_reset(&attack.objs);
	}
	cpu = rows_cpu() - cpu;
	attack_end(&attack);
	return cpu;
}

/* The order in which policies come costs nothing. */
static void attack_names(void)
{
	unsigned int count = 20000;
	char params[64];
	double up, down;

	/* The limit of policies in a namespace is lifted, which only works in this process. */
	if (kernel)
		return;
	snprintf(params, sizeof(params), "\"where\":\"core\",\"count\":%u", count);
	/* Noting each offer of the processor would cost more than the work in between. */
	netpol_resched = NULL;
	up = load_named(count, false);
	down = load_named(count, true);
	netpol_resched = resched_note;
	rows_add("policies whose names descend, over ascending", params, down / up, "", 3, true);
}

/* Policies of one pod with as many ports as they may have, none of them in order. */
static void attack_port_lists(void)
{
	unsigned int i, j, count = 65536 / tenth, policies = 4;
	struct np_policy *policy;
	struct attack attack;
	char name[32];

	attack_begin(&attack);
	for (i = 0; i < policies; i++) {
		snprintf(name, sizeof(name), "ports-%u", i);
		policy = shape_policy(&attack.objs, "ns-0", name, "server");
		shape_peer(&attack.objs, policy->ingress, "team-1", NULL, NULL);
		for (j = 0; j < count; j++) {
			unsigned int port = 1 + (j * 40503 + i) % 65535;

			shape_port(&attack.objs, policy->ingress, port, port);
		}
	}
	measure(&attack, "lists of ports", policies * count);
	attack_end(&attack);
}

/* Identities go while very many peers are in use. */
static void attack_freed(void)
{
	unsigned int i, peers = 60000 / tenth, pods = 20000 / tenth;
	struct np_policy *policy;
	struct attack attack;
	char name[32];

	attack_begin(&attack);
	policy = shape_policy(&attack.base, "ns-0", "peers", "server");
	for (i = 0; i < peers; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		shape_peer(&attack.base, policy->ingress, "team-1", "app", name);
	}
	add_identities(&attack.base, 0, pods);
	loader_do(&attack.loader, &attack.base, NULL, false);
	add_identities(&attack.gone, 0, pods);
	measure(&attack, "identities that go", pods);
	attack_end(&attack);
}

/* So many more local pods, each with a policy of its own and so with programs of its own. */
static void add_local_pods(struct np_objects *objs, unsigned int first, unsigned int count)
{
	struct np_policy *policy;
	struct np_pod *pod;
	unsigned int i;
	char name[32];

	for (i = first; i < first + count; i++) {
		snprintf(name, sizeof(name), "l%u", i);
		pod = shape_pod(objs, "ns-0", name, SHAPE_ADDRESS_FRESH + i);
		pod->node = np_intern_str(objs, SHAPE_NODE);
		shape_label(objs, &pod->labels, "app", name);
		policy = shape_policy(objs, "ns-0", name, name);
		shape_peer(objs, policy->ingress, "team-1", NULL, NULL);
	}
}

/*
 * Rules, each of which has a block and a port of its own, of pods that have programs of their own:
 * what that takes for each pod, and where it ends.
 */
static void attack_programs(void)
{
	const uint32_t limit = NETPOL_LIMIT_PROGRAM_BYTES_PER_NAMESPACE;
	unsigned int i, rules = 2040, pods = 12, step = 8, most = 600;
	struct np_policy *policy;
	struct attack attack;
	char name[32];

	attack_begin(&attack);
	if (!kernel)
		attack.loader.core.world->limit[limit] /= tenth;
	for (i = 0; i < rules; i++) {
		snprintf(name, sizeof(name), "square-%u", i);
		policy = shape_policy(&attack.objs, "ns-0", name, NULL);
		shape_block(&attack.objs, policy->ingress, 0xac000000 + (i << 8), 24);
		shape_port(&attack.objs, policy->ingress, 1 + i, 1 + i);
	}
	add_local_pods(&attack.objs, 0, pods);
	measure(&attack, "rules times ports", pods);
	/* the server has such a program too */
	rows_add("rules times ports, memory of a program", attack.params,
		 (double)loader_used(&attack.loader, NETPOL_LIMIT_PROGRAM_BYTES) / (pods + 1),
		 "bytes", 1 << 20, true);
	/* as many as there is room for */
	for (i = pods; i < most && (!kernel || tenth == 1); i += step) {
		struct np_error err = {};

		np_objects_reset(&attack.objs);
		add_local_pods(&attack.objs, i, step);
		if (loader_try(&attack.loader, &attack.objs, NULL, false, &err))
			break;
	}
	if (!kernel || tenth == 1)
		measure_refusal(&attack, "rules times ports", "the share of a namespace");
	rows_add("rules times ports, most memory of one namespace", attack.params,
		 loader_used(&attack.loader, NETPOL_LIMIT_PROGRAM_BYTES), "bytes",
		 64 << 20, true);
	measure_verdicts(&attack, "rules times ports, all used up");
	attack_end(&attack);
}

/* What all programs take now. */
static void measure_bytes(struct attack *attack, const char *name, double most)
{
	char text[96];

	snprintf(text, sizeof(text), "%s, memory of programs", name);
	rows_add(text, attack->params, loader_used(&attack->loader, NETPOL_LIMIT_PROGRAM_BYTES),
		 "bytes", most, true);
}

/* How long a verdict takes for what the server sends to an address that a rule names. */
static void measure_egress(struct attack *attack, const char *name, uint32_t to, bool wanted)
{
	struct np_flow flow = {
		.source = address(SHAPE_ADDRESS),
		.destination = address(to),
		.protocol = IPPROTO_TCP,
		.port = 80,
	};
	unsigned int wrong;
	char text[96];

	snprintf(text, sizeof(text), "%s, a verdict by a network, %s", name,
		 wanted ? "passed" : "denied");
	wrong = time_verdicts(attack, &flow, wanted, text);
	snprintf(text, sizeof(text), "%s, wrong verdicts by a network, %s", name,
		 wanted ? "passed" : "denied");
	rows_add(text, attack->params, wrong, "verdicts", 0, true);
}

/* As many of each as the API allows in one cluster-wide policy. */
#define CLUSTER_MOST	25

/* One cluster-wide policy with the most networks: 25 rules, of 25 peers, of 25 networks. */
static void attack_networks(void)
{
	unsigned int i, j, peers = CLUSTER_MOST * CLUSTER_MOST / tenth;
	struct np_policy *policy;
	struct attack attack;

	attack_begin(&attack);
	policy = shape_cluster(&attack.objs, "networks", 5, 0, CLUSTER_MOST);
	for (i = 0; i < CLUSTER_MOST; i++)
		for (j = 0; j < peers; j++)
			shape_block(&attack.objs, &policy->egress[i],
				    0xac000000 + ((j * CLUSTER_MOST + i) << 8), 24);
	measure(&attack, "most networks of a policy", CLUSTER_MOST * peers);
	measure_bytes(&attack, "most networks of a policy", 8 << 20);
	measure_egress(&attack, "most networks of a policy", 0xac000001, false);
	measure_egress(&attack, "most networks of a policy", 0xac000101, true);
	attack_end(&attack);
}

/* A thousand of them, all at one priority, and none in the order of its name. */
static void attack_priority(void)
{
	unsigned int i, count = 1000 / tenth;
	struct np_policy *policy;
	struct attack attack;
	char name[32];

	attack_begin(&attack);
	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "p%04u", i * 7919 % count);
		policy = shape_cluster(&attack.objs, name, 5, 3, 3);
		/* a rule that passes the client on ends the tier for it, so no peer is the client */
		shape_peer(&attack.objs, &policy->ingress[0], "team-1", "app", name);
		shape_peer(&attack.objs, &policy->ingress[1], "", "app", name);
		shape_port(&attack.objs, &policy->ingress[1], 1000 + i, 1000 + i);
		shape_peer(&attack.objs, &policy->ingress[2], "team-1", "app", name);
		shape_block(&attack.objs, &policy->egress[0], 0xac000000 + (i << 8), 24);
		shape_peer(&attack.objs, &policy->egress[1], "", "app", name);
		shape_block(&attack.objs, &policy->egress[2], 0xad000000 + (i << 8), 24);
	}
	measure(&attack, "policies of one priority", count);
	measure_bytes(&attack, "policies of one priority", 8 << 20);
	measure_egress(&attack, "policies of one priority", 0xac000001, false);
	attack_end(&attack);
}

/*
 * A policy with as many ports and selectors as it may have, in each direction, in a cluster with
 * pods of as many kinds as its selectors tell apart.
 */
static void attack_square(void)
{
	unsigned int i, j, pods = 20000 / tenth;
	struct np_policy *policy;
	struct attack attack;
	char name[32];

	attack_begin(&attack);
	add_identities(&attack.base, 0, pods);
	loader_do(&attack.loader, &attack.base, NULL, false);
	policy = shape_cluster(&attack.objs, "square", 5, CLUSTER_MOST, CLUSTER_MOST);
	for (i = 0; i < CLUSTER_MOST; i++) {
		for (j = 0; j < CLUSTER_MOST; j++) {
			unsigned int port = 1000 + (i * CLUSTER_MOST + j) * 2;

			snprintf(name, sizeof(name), "p%u", i * CLUSTER_MOST + j);
			shape_peer(&attack.objs, &policy->ingress[i], "", "app", name);
			shape_port(&attack.objs, &policy->ingress[i], port, port);
			shape_peer(&attack.objs, &policy->egress[i], "", "app", name);
			shape_port(&attack.objs, &policy->egress[i], port, port);
		}
	}
	measure(&attack, "most ports and selectors of a policy", 2 * CLUSTER_MOST);
	measure_bytes(&attack, "most ports and selectors of a policy", 16 << 20);
	attack_end(&attack);
}

/* A policy of every pod that changes again and again, in a large cluster. */
static void attack_changing(void)
{
	unsigned int i, j, pods = 150000 / tenth, local = 250, changes = 20;
	double seconds[20], stretch[20];
	struct np_policy *policy;
	struct attack attack;
	struct np_pod *pod;
	char name[32];

	attack_begin(&attack);
	add_identities(&attack.base, local, pods - local);
	for (i = 0; i < local; i++) {
		snprintf(name, sizeof(name), "l%u", i);
		pod = shape_pod(&attack.base, "ns-0", name, SHAPE_ADDRESS_FRESH + i);
		pod->node = np_intern_str(&attack.base, SHAPE_NODE);
		shape_label(&attack.base, &pod->labels, "app", name);
		/* some have a program of their own, with a row for each pod of the cluster */
		if (i % 4)
			continue;
		policy = shape_policy(&attack.base, "ns-0", name, name);
		shape_peer(&attack.base, policy->ingress, "team-1", NULL, NULL);
	}
	loader_do(&attack.loader, &attack.base, NULL, false);
	snprintf(attack.params, sizeof(attack.params), "\"where\":\"%s\",\"count\":%u",
		 kernel ? "module" : "core", pods);
	for (i = 0; i < changes; i++) {
		np_objects_reset(&attack.objs);
		policy = shape_cluster(&attack.objs, "changing", 5, CLUSTER_MOST, CLUSTER_MOST);
		for (j = 0; j < CLUSTER_MOST; j++) {
			snprintf(name, sizeof(name), "p%u", 1000 + i + j);
			shape_peer(&attack.objs, &policy->ingress[j], "", "app", name);
			shape_port(&attack.objs, &policy->ingress[j], 1000 + i, 1000 + i + j);
			shape_block(&attack.objs, &policy->egress[j],
				    0xac000000 + ((i * 64 + j) << 8), 24);
		}
		stretch_begin(&attack.loader);
		loader_do(&attack.loader, &attack.objs, NULL, false);
		loader_settle(&attack.loader);
		stretch[i] = stretch_end();
		seconds[i] = kernel ? attack.loader.commit : attack.loader.cpu;
	}
	rows_time("a policy of every pod changes, commit", attack.params, seconds, changes,
		  ROWS_NO_TARGET);
	if (!kernel || watched)
		rows_time("a policy of every pod changes, longest stretch", attack.params, stretch,
			  changes, STRETCH_TARGET_US);
	measure_bytes(&attack, "a policy of every pod changes", 64 << 20);
	measure_verdicts(&attack, "a policy of every pod changes");
	attack_end(&attack);
}

/* So many more local pods, each with other numbers of one port name. */
static void add_named_pods(struct np_objects *objs, unsigned int first, unsigned int count)
{
	unsigned int i, j;
	char name[32];

	for (i = first; i < first + count; i++) {
		struct np_pod *pod;

		snprintf(name, sizeof(name), "n%u", i);
		pod = shape_pod(objs, "ns-1", name, SHAPE_ADDRESS_FRESH + i);
		pod->node = np_intern_str(objs, SHAPE_NODE);
		pod->port = np_arena_zalloc(&objs->arena, 256 * sizeof(*pod->port));
		for (j = 0; j < 256; j++) {
			pod->port[j].name = np_intern_str(objs, "web");
			pod->port[j].number = 1000 + i + j * 250;
			pod->port[j].protocol = NP_PROTOCOL_TCP;
		}
		pod->port_count = 256;
	}
}

/* A cluster-wide policy that names a port in each of its rules. */
static void add_named_policy(struct np_objects *objs, const char *name)
{
	struct np_policy *policy = shape_cluster(objs, name, 5, CLUSTER_MOST, 0);
	unsigned int i;
	char value[32];

	for (i = 0; i < CLUSTER_MOST; i++) {
		snprintf(value, sizeof(value), "%s-%u", name, i);
		shape_peer(objs, &policy->ingress[i], "", "app", value);
		shape_port_name(objs, &policy->ingress[i], "web");
	}
}

/*
 * A tenant whose pods all have other port numbers fills its share by a cluster-wide policy that
 * names a port. Only its own pods are refused, and a further policy is not; pods that there is no
 * room for then are closed.
 */
static void attack_shares(void)
{
	const uint32_t limits[] = { NETPOL_LIMIT_PROGRAM_BYTES,
				    NETPOL_LIMIT_PROGRAM_BYTES_PER_NAMESPACE };
	unsigned int i, pods = 0, step = 10, most = 240;
	struct attack attack;
	char name[32];

	/* the limits are made a sixteenth, or no node has pods enough: only in this process */
	if (kernel)
		return;
	attack_begin(&attack);
	for (i = 0; i < 2; i++)
		attack.loader.core.world->limit[limits[i]] /= 16;
	/* pods of other kinds, so that the policies have rows */
	for (i = 0; i < 3 * CLUSTER_MOST; i++) {
		snprintf(name, sizeof(name), "%s-%u", i % 3 == 0 ? "named" : i % 3 == 1 ? "further" :
			 "last", i / 3);
		shape_label(&attack.base, &shape_pod(&attack.base, "ns-0", name,
						     SHAPE_ADDRESS + 10 + i)->labels, "app", name);
	}
	loader_do(&attack.loader, &attack.base, NULL, false);
	add_named_policy(&attack.objs, "named");
	loader_do(&attack.loader, &attack.objs, NULL, false);
	for (; pods < most; pods += step) {
		struct np_error err = {};

		np_objects_reset(&attack.objs);
		add_named_pods(&attack.objs, pods, step);
		if (loader_try(&attack.loader, &attack.objs, NULL, false, &err))
			break;
	}
	snprintf(attack.params, sizeof(attack.params), "\"where\":\"core\",\"count\":%u", pods);
	measure_refusal(&attack, "port sets of a tenant", "namespace ns-1: programs of its pods");
	measure_bytes(&attack, "port sets of a tenant", 4 << 20);
	np_objects_reset(&attack.objs);
	add_named_policy(&attack.objs, "further");
	add_named_policy(&attack.objs, "last");
	measure(&attack, "policies for a full namespace", pods);
	rows_add("policies for a full namespace, pods that are closed", attack.params,
		 attack.loader.core.world->snapshot->nlacking, "pods", pods, true);
	measure_bytes(&attack, "policies for a full namespace", 16 << 20);
	attack_end(&attack);
}

/* What the thread waits for the processor while nothing is committed. */
static void measure_idle(void)
{
	double stretch[TRIES];
	unsigned int i;

	watched = !gap_open();
	for (i = 0; watched && i < TRIES; i++) {
		double start = rows_clock();

		stretch_begin(NULL);
		while (rows_clock() - start < IDLE_SECONDS)
			;
		stretch[i] = stretch_end();
	}
	if (watched)
		rows_time("nothing, longest stretch", "\"where\":\"module\"", stretch, TRIES,
			  ROWS_NO_TARGET);
}

int main(int argc, char **argv)
{
	const char *file = NULL;
	int option;

	while ((option = getopt(argc, argv, "kqo:")) != -1) {
		switch (option) {
		case 'k':
			kernel = true;
			break;
		case 'q':
			tenth = 10;
			break;
		case 'o':
			file = optarg;
			break;
		default:
			fprintf(stderr, "usage: adversary [-k] [-q] [-o FILE.json]\n");
			return 1;
		}
	}
	netpol_random_seed = 1;
	netpol_resched = resched_note;
	rows_begin(file);
	if (kernel)
		measure_idle();
	attack_bucket();
	attack_ports();
	attack_blocks();
	attack_identities();
	attack_selectors();
	attack_policies();
	attack_names();
	attack_port_lists();
	attack_freed();
	attack_programs();
	attack_networks();
	attack_priority();
	attack_square();
	attack_changing();
	attack_shares();
	return rows_end();
}
