// SPDX-License-Identifier: GPL-2.0-or-later
#include "probed.h"

#include <stdio.h>
#include <string.h>

#include "rows.h"
#include "shape.h"

#define ROUNDS_MAX 400

/**
 * struct probe - a kind of change that lets the sender's packets in, or no longer
 * @name: for the table
 * @set: what is set to let them in
 * @unset: what is set to keep them out; NULL: what @set made is deleted
 */
struct probe {
	const char *name;
	void (*set)(const struct prober *prober, const char *ns, struct np_objects *objs);
	void (*unset)(const struct prober *prober, const char *ns, struct np_objects *objs);
};

/* A pod of another node: the interface of one of this node would have to be known. */
static void client(const struct prober *prober, const char *ns, struct np_objects *objs,
		   const char *admitted)
{
	struct np_pod *pod = shape_pod(objs, ns, "probe-client", prober->client);

	shape_label(objs, &pod->labels, "app", "app-1");
	shape_label(objs, &pod->labels, "role", admitted);
}

/* The receiver, and a policy that lets in what is labelled so. */
static void base(const struct prober *prober, const char *ns, struct np_objects *objs)
{
	struct np_policy *policy;
	struct np_pod *pod;

	shape_namespace(objs, ns, "before", "env-0");
	shape_namespace(objs, "probe", "probe", "env-0");
	pod = shape_pod(objs, "probe", "server", prober->server);
	pod->node = np_intern_str(objs, SHAPE_NODE);
	shape_label(objs, &pod->labels, "app", "server");
	client(prober, ns, objs, "stranger");
	policy = shape_policy(objs, "probe", "base", "server");
	shape_peer(objs, policy->ingress, "open", "app", "app-1");
	shape_peer(objs, policy->ingress, "", "role", "admitted");
}

static void set_relabel(const struct prober *prober, const char *ns, struct np_objects *objs)
{
	shape_namespace(objs, ns, "open", "env-0");
}

static void unset_relabel(const struct prober *prober, const char *ns,
			  struct np_objects *objs)
{
	shape_namespace(objs, ns, "before", "env-0");
}

static void set_pod(const struct prober *prober, const char *ns, struct np_objects *objs)
{
	client(prober, ns, objs, "admitted");
}

static void unset_pod(const struct prober *prober, const char *ns, struct np_objects *objs)
{
	client(prober, ns, objs, "stranger");
}

static void set_policy(const struct prober *prober, const char *ns, struct np_objects *objs)
{
	struct np_policy *policy = shape_policy(objs, "probe", "extra", "server");

	shape_peer(objs, policy->ingress, "before", "app", "app-1");
}

static void set_cidr(const struct prober *prober, const char *ns, struct np_objects *objs)
{
	struct np_policy *policy = shape_policy(objs, "probe", "block", "server");

	shape_block(objs, policy->ingress, prober->client & ~0xffu, 24);
}

static const struct probe probes[] = {
	{ "namespace relabel", set_relabel, unset_relabel },
	{ "pod relabel", set_pod, unset_pod },
	{ "policy", set_policy, NULL },
	{ "CIDR", set_cidr, NULL },
};

/* The change to and fro, and what packets saw. */
static int probe_rounds(struct loader *loader, struct prober *prober, const char *ns,
			const char *params, const struct probe *probe, unsigned int rounds)
{
	double last[ROUNDS_MAX], first[ROUNDS_MAX], interval[ROUNDS_MAX], call;
	unsigned int i, wrong = 0;
	struct np_objects objs;
	char name[96];
	int error = 0;

	np_objects_init(&objs);
	for (i = 0; !error && i < rounds; i++) {
		struct prober_result result;
		bool on = i % 2 == 0;
		uint32_t mark;

		np_objects_reset(&objs);
		if (on || !probe->unset)
			probe->set(prober, ns, &objs);
		else
			probe->unset(prober, ns, &objs);
		mark = prober_mark(prober);
		call = rows_clock();
		if (on || probe->unset)
			loader_do(loader, &objs, NULL, false);
		else
			loader_do(loader, NULL, &objs, false);
		error = prober_look(prober, mark, call, on, &result);
		last[i] = result.last_old;
		first[i] = result.first_new;
		interval[i] = result.interval;
		wrong += result.wrong;
	}
	np_objects_free(&objs);
	if (error) {
		fprintf(stderr, "%s: no packet is judged by the new policy\n", probe->name);
		return -1;
	}
	snprintf(name, sizeof(name), "%s, last packet by the old", probe->name);
	rows_time(name, params, last, rounds, probe->unset == unset_relabel ? 20000 : 2000);
	snprintf(name, sizeof(name), "%s, first packet by the new", probe->name);
	rows_time(name, params, first, rounds, ROWS_NO_TARGET);
	snprintf(name, sizeof(name), "%s, time between packets", probe->name);
	rows_time(name, params, interval, rounds, ROWS_NO_TARGET);
	snprintf(name, sizeof(name), "%s, packets judged wrongly", probe->name);
	rows_add(name, params, wrong, "packets", 0, true);
	return 0;
}

int probed_changes(struct loader *loader, struct prober *prober, const char *ns,
		   const char *params, unsigned int rounds)
{
	struct np_objects objs;
	unsigned int i;
	int error;

	if (rounds > ROUNDS_MAX)
		rounds = ROUNDS_MAX;
	rounds &= ~1u;
	np_objects_init(&objs);
	base(prober, ns, &objs);
	loader_do(loader, &objs, NULL, false);
	error = prober_start(prober, false);
	if (error)
		fprintf(stderr, "packets pass that no policy lets in\n");
	for (i = 0; !error && i < sizeof(probes) / sizeof(*probes); i++)
		error = probe_rounds(loader, prober, ns, params, &probes[i], rounds);
	np_objects_free(&objs);
	return error;
}
