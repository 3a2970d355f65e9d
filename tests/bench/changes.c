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

#include "change.h"
#include "loader.h"
#include "probed.h"
#include "rows.h"
#include "shape.h"

#define ROUNDS_MAX 400

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
	double seconds[ROUNDS_MAX], taken[ROUNDS_MAX], commit[ROUNDS_MAX];
	struct np_objects set, other;
	char text[256], name[96];
	unsigned int i;
	double start;

	np_objects_init(&set);
	np_objects_init(&other);
	for (i = 0; i < bench->rounds; i++) {
		np_objects_reset(&set);
		np_objects_reset(&other);
		change->make(i, &set, &other);
		if (!i && change->restore)
			loader_do(&bench->loader, &other, NULL, false);
		start = rows_clock();
		loader_do(&bench->loader, &set, NULL, false);
		seconds[i] = bench->loader.kernel ? bench->loader.at - start :
						    bench->loader.cpu;
		taken[i] = bench->loader.taken;
		commit[i] = bench->loader.commit_taken;
		if (change->restore)
			loader_do(&bench->loader, &other, NULL, false);
		else
			loader_do(&bench->loader, NULL, &set, false);
	}
	params(bench, text, sizeof(text));
	snprintf(name, sizeof(name), "%s", change->name);
	rows_time(name, text, seconds, bench->rounds,
		  targeted ? change->large ? 20000 : CHANGE_TARGET_US : ROWS_NO_TARGET);
	if (bench->loader.taken > 0) {
		snprintf(name, sizeof(name), "%s, commit, kernel's processor time", change->name);
		rows_time(name, text, commit, bench->rounds, ROWS_NO_TARGET);
		snprintf(name, sizeof(name), "%s, kernel's processor time", change->name);
		rows_time(name, text, taken, bench->rounds, ROWS_NO_TARGET);
	}
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
	rows_time("cold load", text, &seconds, 1,
		  targeted && !bench->loader.kernel ? COLD_TARGET_US : ROWS_NO_TARGET);
	if (!bench->loader.kernel)
		return;
	rows_time("cold load, its commit", text, &bench->loader.commit, 1, ROWS_NO_TARGET);
	if (bench->loader.taken > 0)
		rows_time("cold load, kernel's processor time", text, &bench->loader.taken, 1,
			  targeted ? COLD_TARGET_US : ROWS_NO_TARGET);
	rows_add("cold load, messages", text, bench->loader.messages, "messages",
		 ROWS_NO_TARGET, false);
	rows_add("cold load, bytes", text, bench->loader.bytes, "bytes", ROWS_NO_TARGET, false);
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
	for (i = 0; i < change_count; i++)
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
	for (i = 0; i < shape_count; i++) {
		if (!wanted(shapes[i].name, argv + optind) || (!argv[optind] && (quick ? i > 2 : !i)))
			continue;
		measure(&shapes[i], kernel ? &prober : NULL, rounds, only);
	}
	return rows_end();
}
