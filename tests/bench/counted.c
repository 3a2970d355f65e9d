// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Instructions of the module's core in this process: a verdict, a commit, a cold load.
 * To be run under callgrind, which writes a file for each row, named by the row:
 *
 *	valgrind --tool=callgrind --instr-atstart=no --collect-atstart=no counted [-q]
 *
 *	-q	the smaller shapes
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

#include "change.h"
#include "loader.h"
#include "shape.h"

#define ROUNDS		8
#define FLOWS		512	/* of each verdict */

/**
 * struct counted - a shape, and what is counted in it
 * @shape: its name
 * @quick: part of the short form
 * @verdicts: verdicts are counted
 * @commits: changes are counted
 */
struct counted {
	const char *shape;
	bool quick;
	bool verdicts;
	bool commits;
};

static const struct counted list[] = {
	{ "1k-pods", true, true, true },
	{ "30k-pods-30k-policies", true, true, true },
	{ "240x20-excepts", true, true, false },
	{ "30k-pods-20k-identities", false, true, true },
	{ "150k-pods", false, true, true },
};

/**
 * struct flows - flows with the same verdict
 * @source: addresses, network order
 * @destination: the same
 * @port: TCP ports
 * @count: how many
 */
struct flows {
	uint32_t source[FLOWS];
	uint32_t destination[FLOWS];
	uint16_t port[FLOWS];
	unsigned int count;
};

static void count_begin(void)
{
	CALLGRIND_START_INSTRUMENTATION;
	CALLGRIND_ZERO_STATS;
}

/* Ends a row: what was collected, divided by @per, is its value. */
static void count_end(const struct shape *shape, const char *name, const char *kind,
		      unsigned int per)
{
	char row[512];

	snprintf(row, sizeof(row), "{\"name\":\"%s\",\"params\":{\"kind\":\"%s\",\"shape\":\"%s\","
		 "\"pods\":%u,\"policies\":%u,\"local\":%u},\"per\":%u}", name, kind, shape->name,
		 shape->pods + shape->large, shape->policies, shape->local, per);
	CALLGRIND_DUMP_STATS_AT(row);
	CALLGRIND_STOP_INSTRUMENTATION;
}

static bool judge(const struct netpol_snapshot *snapshot, const struct flows *flows, unsigned int i)
{
	const struct netpol_flow flow = {
		.source = &flows->source[i],
		.destination = &flows->destination[i],
		.family = AF_INET,
		.protocol = IPPROTO_TCP,
		.port = flows->port[i],
	};
	struct netpol_end source, destination;
	struct netpol_judgement judgement;

	netpol_resolve(snapshot, flow.family, flow.source, &source);
	netpol_resolve(snapshot, flow.family, flow.destination, &destination);
	return netpol_judge(snapshot, &flow, &source, &destination, &judgement);
}

/* From anywhere, or from the ipBlocks of shapes, to pods of this node. */
static void count_verdicts(struct loader *loader, const struct shape *shape, bool blocks)
{
	const struct netpol_snapshot *snapshot = loader->core.world->snapshot;
	static struct flows by_verdict[2];
	static const char *const kinds[2][2] = {
		{ "denied", "allowed" }, { "CIDR, denied", "CIDR, allowed" },
	};
	unsigned int i, verdict, state = 1;

	memset(by_verdict, 0, sizeof(by_verdict));
	for (i = 0; i < 1000000; i++) {
		struct flows *flows;
		struct flows one = {};

		state = state * 1664525 + 1013904223;
		one.source[0] = htonl(blocks ? 0xac100000 + (state >> 12) :
					       SHAPE_ADDRESS + (state >> 8) % shape->pods);
		one.destination[0] = htonl(SHAPE_ADDRESS + i % shape->local);
		one.port[0] = 8000 + (state >> 4) % 8;
		flows = &by_verdict[judge(snapshot, &one, 0)];
		if (flows->count == FLOWS)
			continue;
		flows->source[flows->count] = one.source[0];
		flows->destination[flows->count] = one.destination[0];
		flows->port[flows->count++] = one.port[0];
	}
	for (verdict = 0; verdict < 2; verdict++) {
		struct flows *flows = &by_verdict[verdict];

		if (!flows->count)
			continue;
		count_begin();
		CALLGRIND_TOGGLE_COLLECT;
		for (i = 0; i < flows->count; i++)
			judge(snapshot, flows, i);
		CALLGRIND_TOGGLE_COLLECT;
		count_end(shape, "core verdict", kinds[blocks][verdict], flows->count);
	}
}

/* What the loader does between the first object and the published snapshot. */
static void count_change(struct loader *loader, const struct shape *shape,
			 const struct change *change)
{
	struct np_objects set, other;
	unsigned int i;

	np_objects_init(&set);
	np_objects_init(&other);
	for (i = 0; i <= ROUNDS; i++) {
		np_objects_reset(&set);
		np_objects_reset(&other);
		change->make(i, &set, &other);
		/* the first round makes room, and what is put back */
		if (!i && change->restore)
			loader_do(loader, &other, NULL, false);
		if (i == 1)
			count_begin();
		loader->counted = i > 0;
		loader_do(loader, &set, NULL, false);
		loader->counted = false;
		if (change->restore)
			loader_do(loader, &other, NULL, false);
		else
			loader_do(loader, NULL, &set, false);
	}
	count_end(shape, "core commit", change->name, ROUNDS);
	if (change->restore && other.policy_count)
		loader_do(loader, NULL, &other, false);
	np_objects_free(&set);
	np_objects_free(&other);
}

static void count_shape(const struct counted *counted)
{
	const struct shape *shape = shape_named(counted->shape);
	struct np_objects objs;
	struct loader loader;
	unsigned int i;

	np_objects_init(&objs);
	shape_make(shape, &objs);
	loader_open(&loader, false);
	count_begin();
	loader.counted = true;
	loader_do(&loader, &objs, NULL, true);
	loader.counted = false;
	count_end(shape, "core cold load", "all", 1);
	if (counted->verdicts)
		count_verdicts(&loader, shape, shape->blocks_only);
	for (i = 0; counted->commits && i < change_count; i++)
		if (!changes[i].large || shape->large > 1000)
			count_change(&loader, shape, &changes[i]);
	loader_close(&loader);
	np_objects_free(&objs);
}

int main(int argc, char **argv)
{
	bool quick = argc > 1 && !strcmp(argv[1], "-q");
	unsigned int i;

	if (argc > 1 + quick) {
		fprintf(stderr, "usage: counted [-q]\n");
		return 1;
	}
	/* the same numbers each time */
	netpol_random_seed = 1;
	for (i = 0; i < sizeof(list) / sizeof(*list); i++)
		if (!quick || list[i].quick)
			count_shape(&list[i]);
	return 0;
}
