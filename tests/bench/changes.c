// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a change costs: from the call that commits it until packets are judged by it, and
 * the messages that it takes; and what it costs to load a whole cluster.
 *
 *	changes [-k] [-q] [-r ROUNDS] [-c CHANGE] [-o FILE.json] [SHAPE...]
 *
 *	-k	through the module, from inside a network namespace with it; else the
 *		module's core in this process, times in CPU time
 *	-q	fewer rounds and the small shapes
 *	-c	after the cold load this change only; "-c none": the cold load alone
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loader.h"
#include "probed.h"
#include "rows.h"
#include "shape.h"

#define ROUNDS_MAX 400

static const struct shape shapes[] = {
	{ "tiny", 10, 500, 20, 200, 10, 4, 1, 1000 },
	{ "1k-pods", 50, 1000, 110, 10000, 10, 4, 1, 1 },
	{ "30k-pods", 300, 30000, 110, 10000, 20, 4, 1, 1000 },
	{ "150k-pods", 1000, 100000, 110, 10000, 20, 4, 1, 50000 },
	{ "30k-pods-30k-policies", 300, 30000, 110, 30000, 20, 4, 1, 1000 },
	{ "250k-endpoints", 1000, 250000, 200, 10000, 20, 4, 1, 0 },
	{ "240x20-blocks", 240, 24000, 110, 4800, 10, 10, 0, 0, true },
	{ "240x20-excepts", 240, 24000, 110, 4800, 10, 10, 4, 0, true },
	{ "30k-pods-20k-identities", 20, 30000, 330, 30000, 1000, 4, 1, 0 },
	{ "25k-namespaces", 25000, 100000, 110, 75000, 4, 4, 1, 0 },
};

/* Of these the cold load has a target of its own: 0.5 s in the kernel. */
#define COLD_TARGET_SHAPE "150k-pods"
#define COLD_TARGET_US 500e3
#define CHANGE_TARGET_SHAPE "30k-pods-30k-policies"
#define CHANGE_TARGET_US 2000

/**
 * struct bench - one shape being measured
 * @loader: where it is loaded
 * @shape: its size
 * @objs: all its objects
 * @rounds: of each change
 * @prober: real pods, with the module
 * @where: "core" or "module"
 */
struct bench {
	struct loader loader;
	const struct shape *shape;
	struct np_objects objs;
	unsigned int rounds;
	struct prober *prober;
	const char *where;
};

/**
 * struct change - one kind of change
 * @name: for the table
 * @make: fills set with what is set by round, and other with what puts it back
 * @restore: other is set again; else what was set is deleted
 * @size: messages and bytes are rows of their own
 * @large: needs the shape's large namespace
 */
struct change {
	const char *name;
	void (*make)(const struct bench *bench, unsigned int round, struct np_objects *set,
		     struct np_objects *other);
	bool restore;
	bool size;
	bool large;
};

static struct np_pod *known_pod(struct np_objects *set, unsigned int round)
{
	char name[64];
	struct np_pod *pod;

	snprintf(name, sizeof(name), "app-0-7d9c8b6d5f-new%u", round);
	pod = shape_pod(set, "ns-0", name, SHAPE_ADDRESS_FRESH + round);
	shape_label(set, &pod->labels, "app", "app-0");
	shape_label(set, &pod->labels, "role", "role-0");
	shape_label(set, &pod->labels, "pod-template-hash", "hash-0-0");
	shape_label(set, &pod->labels, "app.kubernetes.io/managed-by", "helm");
	return pod;
}

static void make_pod(const struct bench *bench, unsigned int round, struct np_objects *set,
		     struct np_objects *other)
{
	known_pod(set, round);
}

static void make_local(const struct bench *bench, unsigned int round, struct np_objects *set,
		       struct np_objects *other)
{
	known_pod(set, round)->node = np_intern_str(set, SHAPE_NODE);
}

/* Another value of a key that policies name. */
static void make_identity(const struct bench *bench, unsigned int round,
			  struct np_objects *set, struct np_objects *other)
{
	struct np_pod *pod;
	char text[64];

	snprintf(text, sizeof(text), "fresh-%u", round);
	pod = shape_pod(set, "ns-0", text, SHAPE_ADDRESS_FRESH + round);
	shape_label(set, &pod->labels, "app", text);
	shape_label(set, &pod->labels, "role", "role-1");
}

static struct np_policy *plain_policy(struct np_objects *set, unsigned int round)
{
	char name[64];

	snprintf(name, sizeof(name), "new-%u", round);
	return shape_policy(set, "ns-0", name, "app-0");
}

static void make_policy(const struct bench *bench, unsigned int round,
			struct np_objects *set, struct np_objects *other)
{
	struct np_policy *policy = plain_policy(set, round);

	shape_peer(set, policy->ingress, "team-1", "app", "app-1");
	shape_port(set, policy->ingress, 9000, 9000 + round % 8);
}

/* A key that one pod in SHAPE_RARE times 100 carries. */
static void make_rare_key(const struct bench *bench, unsigned int round,
			  struct np_objects *set, struct np_objects *other)
{
	struct np_policy *policy = plain_policy(set, round);
	char key[64];

	snprintf(key, sizeof(key), "rare-%u", round % 100);
	shape_peer(set, policy->ingress, "", key, "yes");
}

/* A key that every pod carries, with one value for all. */
static void make_common_key(const struct bench *bench, unsigned int round,
			    struct np_objects *set, struct np_objects *other)
{
	struct np_policy *policy = plain_policy(set, round);

	shape_peer(set, policy->ingress, "", "app.kubernetes.io/managed-by", "helm");
}

/* One more ipBlock in a policy that has @blocks. */
static void make_blocks(struct np_objects *objs, unsigned int blocks, unsigned int round,
			bool more)
{
	struct np_policy *policy = shape_policy(objs, "ns-0", "blocks", "app-0");
	unsigned int i;

	for (i = 0; i < blocks; i++) {
		struct np_ipblock *block = shape_block(objs, policy->ingress,
						       0xac000000 + (i << 8), 24);

		if (i % 2)
			shape_except(objs, block, 0xac000000 + (i << 8) + 16, 28);
	}
	if (more)
		shape_block(objs, policy->ingress, 0xc0a80000 + (round << 4), 28);
}

static void make_cidr(const struct bench *bench, unsigned int round, struct np_objects *set,
		      struct np_objects *other)
{
	make_blocks(set, 100, round, true);
	make_blocks(other, 100, round, false);
}

static void make_cidr_many(const struct bench *bench, unsigned int round,
			   struct np_objects *set, struct np_objects *other)
{
	make_blocks(set, 10000, round, true);
	make_blocks(other, 10000, round, false);
}

/* A namespace changes its team, and with it which policies let its pods in. */
static void relabel(const char *name, unsigned int round, struct np_objects *set,
		    struct np_objects *other)
{
	char team[16];

	snprintf(team, sizeof(team), "team-%u", round % 20);
	shape_namespace(set, name, team, "env-0");
	shape_namespace(other, name, "before", "env-0");
}

static void make_relabel(const struct bench *bench, unsigned int round,
			 struct np_objects *set, struct np_objects *other)
{
	relabel("ns-1", round, set, other);
}

static void make_relabel_large(const struct bench *bench, unsigned int round,
			       struct np_objects *set, struct np_objects *other)
{
	relabel("large", round, set, other);
}

static const struct change changes[] = {
	{ "pod", make_pod, .size = true },
	{ "local pod", make_local },
	{ "pod with a new identity", make_identity },
	{ "policy", make_policy, .size = true },
	{ "policy with a rare new key", make_rare_key },
	{ "policy with a common new key", make_common_key },
	{ "CIDR, 100 blocks", make_cidr, .restore = true },
	{ "CIDR, 10,000 blocks", make_cidr_many, .restore = true },
	{ "namespace relabel", make_relabel, .restore = true, .size = true },
	{ "namespace relabel, large", make_relabel_large, .restore = true, .size = true,
	  .large = true },
};

static void params(const struct bench *bench, char *text, size_t size)
{
	const struct shape *shape = bench->shape;

	snprintf(text, size,
		 "\"shape\":\"%s\",\"where\":\"%s\",\"pods\":%u,\"policies\":%u,\"local\":%u",
		 shape->name, bench->where, shape->pods + shape->large, shape->policies,
		 shape->local);
}

static void measure_size(const struct bench *bench, const struct change *change,
			 const struct np_objects *set)
{
	char name[96], text[256];
	uint64_t messages, bytes;

	loader_size(set, NULL, &messages, &bytes);
	snprintf(name, sizeof(name), "%s, messages", change->name);
	params(bench, text, sizeof(text));
	rows_add(name, text, messages, "messages", 1, true);
	snprintf(name, sizeof(name), "%s, bytes", change->name);
	rows_add(name, text, bytes, "bytes", 512, true);
}

static void measure_change(struct bench *bench, const struct change *change)
{
	bool targeted = !strcmp(bench->shape->name, CHANGE_TARGET_SHAPE) || change->large;
	double seconds[ROUNDS_MAX];
	struct np_objects set, other;
	char text[256], name[96];
	unsigned int i;
	double start;

	np_objects_init(&set);
	np_objects_init(&other);
	for (i = 0; i < bench->rounds; i++) {
		np_objects_reset(&set);
		np_objects_reset(&other);
		change->make(bench, i, &set, &other);
		if (!i && change->restore)
			loader_do(&bench->loader, &other, NULL, false);
		start = rows_clock();
		loader_do(&bench->loader, &set, NULL, false);
		seconds[i] = bench->loader.kernel ? bench->loader.at - start :
						    bench->loader.cpu;
		if (change->restore)
			loader_do(&bench->loader, &other, NULL, false);
		else
			loader_do(&bench->loader, NULL, &set, false);
	}
	params(bench, text, sizeof(text));
	snprintf(name, sizeof(name), "%s", change->name);
	rows_time(name, text, seconds, bench->rounds,
		  targeted ? change->large ? 20000 : CHANGE_TARGET_US : ROWS_NO_TARGET);
	if (change->size)
		measure_size(bench, change, &set);
	if (change->restore && other.policy_count)
		loader_do(&bench->loader, NULL, &other, false);
	np_objects_free(&set);
	np_objects_free(&other);
}

static void measure_cold(struct bench *bench)
{
	bool targeted = !strcmp(bench->shape->name, COLD_TARGET_SHAPE);
	double start, seconds;
	char text[256];

	start = rows_clock();
	loader_do(&bench->loader, &bench->objs, NULL, true);
	seconds = bench->loader.kernel ? bench->loader.at - start : bench->loader.cpu;
	params(bench, text, sizeof(text));
	rows_time("cold load", text, &seconds, 1, targeted ? COLD_TARGET_US : ROWS_NO_TARGET);
}

/* With real packets; the cluster is loaded. */
static void measure_probed(struct bench *bench)
{
	const char *ns = bench->shape->large ? "large" : "ns-1";
	struct prober *prober = bench->prober;
	char text[256];

	params(bench, text, sizeof(text));
	if (probed_changes(&bench->loader, prober, ns, text, bench->rounds))
		exit(2);
	prober_stop(prober);
}

static void measure(const struct shape *shape, struct prober *prober, unsigned int rounds,
		    const char *only)
{
	struct bench bench = {
		.shape = shape,
		.rounds = rounds,
		.prober = prober,
		.where = prober ? "module" : "core",
	};
	unsigned int i;

	np_objects_init(&bench.objs);
	shape_make(shape, &bench.objs);
	loader_open(&bench.loader, prober);
	measure_cold(&bench);
	for (i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		if ((!changes[i].large || shape->large) &&
		    (!only || !strcmp(only, changes[i].name)))
			measure_change(&bench, &changes[i]);
	if (prober && !only)
		measure_probed(&bench);
	loader_close(&bench.loader);
	np_objects_free(&bench.objs);
}

static int usage(void)
{
	fprintf(stderr, "usage: changes [-k] [-q] [-r ROUNDS] [-c CHANGE] [-o FILE.json] [SHAPE...]\n");
	return 1;
}

static bool wanted(const char *name, char **list)
{
	if (!*list)
		return true;
	for (; *list; list++)
		if (!strcmp(*list, name))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	const char *file = NULL, *only = NULL;
	unsigned int rounds = 0, i;
	struct prober prober;
	bool kernel = false, quick = false;
	int option;

	while ((option = getopt(argc, argv, "kqo:r:c:")) != -1) {
		switch (option) {
		case 'k':
			kernel = true;
			break;
		case 'q':
			quick = true;
			break;
		case 'o':
			file = optarg;
			break;
		case 'r':
			rounds = atoi(optarg);
			break;
		case 'c':
			only = optarg;
			break;
		default:
			return usage();
		}
	}
	if (!rounds)
		rounds = quick ? 10 : 100;
	if (rounds > ROUNDS_MAX)
		return usage();
	if (kernel && prober_open(&prober)) {
		fprintf(stderr, "changes: no network namespaces with veth pairs here\n");
		return 4;
	}
	rows_begin(file);
	for (i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		if (!wanted(shapes[i].name, argv + optind) || (!argv[optind] && (quick ? i > 2 : !i)))
			continue;
		measure(&shapes[i], kernel ? &prober : NULL, rounds, only);
	}
	return rows_end();
}
