// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From an event of the API server to its enforcement: the node agent, with a source that
 * makes objects of 4.4 KB JSON up, and the module that it tells. The clock runs from when
 * the agent is given the text of an object until the commit with it is in force; the
 * kernel's notice of a commit may not come before. Needs netpol.ko in its network namespace.
 *
 *	follow [-q] [-r ROUNDS] [-o FILE.json]
 *
 *	-q	a tenth of the objects
 *	-r	changes for each row, 1,000 if it is not given
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/compare.h"
#include "listing.h"
#include "base/log.h"
#include "rows.h"

/* Changes that may wait for one commit. */
#define WAITING	4096

static struct np_agent agent;
static struct np_loop *loop;
static uint64_t generation;
static double began[WAITING];
static unsigned int waiting;
static double *took;
static unsigned int taken;

static void give(enum np_source_kind kind, const struct np_node *object)
{
	np_intake_ops()->upsert(&agent.intake, kind, object);
}

static struct listing listing = {
	.spaces = 100,
	.pods = 30000,
	.locals = 110,
	.policies = 30000,
	.give = give,
};

/* One round of the loop; what waited is enforced if there was a commit in it. */
static void step(int64_t wait)
{
	double now;
	unsigned int i;

	if (np_loop_step(loop, wait) < 0) {
		perror("follow: epoll");
		exit(1);
	}
	if (agent.kernel.generation == generation)
		return;
	generation = agent.kernel.generation;
	now = rows_clock();
	for (i = 0; i < waiting; i++)
		took[taken++] = now - began[i];
	waiting = 0;
}

static void list(void)
{
	const struct np_source_ops *ops = np_intake_ops();
	double cpu = rows_cpu(), begun = rows_clock();
	unsigned int i;
	char why[512];

	for (i = 0; i < NP_SOURCE_KINDS; i++)
		ops->begin(&agent.intake, i);
	listing_all(&listing);
	for (i = 0; i < NP_SOURCE_KINDS; i++)
		ops->synced(&agent.intake, i);
	while (!np_agent_ready(&agent, why, sizeof(why))) {
		if (rows_clock() - begun > 300) {
			fprintf(stderr, "follow: not ready: %s %s\n", why, agent.commits.error);
			exit(1);
		}
		step(100);
	}
	rows_add("agent: list parsed and committed, CPU", "", rows_cpu() - cpu, "s",
		 ROWS_NO_TARGET, false);
}

/* The policy of a pod of this node, another one each time; others are not loaded here. */
static void change_policy(unsigned int i)
{
	char text[1024];

	snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"allow-0\",\"namespace\":\"team-0\"},"
		 "\"spec\":{\"podSelector\":{\"matchLabels\":{\"app\":\"web-0\"}},\"ingress\":[{\"from\":[{"
		 "\"podSelector\":{\"matchLabels\":{\"tier\":\"v0\"}}}],\"ports\":[{\"port\":%u}]}]}}",
		 8000 + i % 1000);
	listing_give(&listing, NP_SOURCE_POLICY, text);
}

static void change_namespace(unsigned int i)
{
	char text[256];

	snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"team-%u\",\"labels\":{\"team\":"
		 "\"t%u\",\"round\":\"r%u\"}}}", i % listing.spaces, i % listing.spaces, i);
	listing_give(&listing, NP_SOURCE_NAMESPACE, text);
}

static void change(void)
{
	static unsigned int i;

	/* never what is there already: that would be no change, and nothing be committed */
	i++;
	switch (i % 4) {
	case 0:
		change_policy(i / 4);
		break;
	case 1:
		change_namespace(i / 4);
		break;
	default:
		listing_pod(&listing, i * 7919 % listing.pods, 1 + i);
	}
}

/* Changes that come as they like, so many a second on average. */
static void follow(unsigned int rounds, unsigned int rate)
{
	double due = rows_clock(), cpu = rows_cpu(), start = due;
	char params[128];
	unsigned int i;

	taken = 0;
	for (i = 0; i < rounds; i++) {
		due += -log((random() + 1.0) / (RAND_MAX + 2.0)) / rate;
		while (rows_clock() < due)
			step((int64_t)((due - rows_clock()) * 1000));
		if (waiting == WAITING) {
			fprintf(stderr, "follow: no commit for %u changes: %s\n", WAITING,
				agent.commits.error);
			exit(1);
		}
		began[waiting++] = rows_clock();
		change();
		step(0);
	}
	while (waiting && rows_clock() < due + 60)
		step(10);
	if (waiting) {
		fprintf(stderr, "follow: %u changes are never enforced: %s\n", waiting, agent.commits.error);
		exit(1);
	}
	snprintf(params, sizeof(params), "\"pods\":%u,\"policies\":%u,\"changes a second\":%u",
		 listing.pods, listing.policies, rate);
	rows_add("agent: processor time of changes", params,
		 100 * (rows_cpu() - cpu) / (rows_clock() - start), "%", ROWS_NO_TARGET, false);
	rows_time("API event to enforcement", params, took, taken, 10000);
}

int main(int argc, char **argv)
{
	static const char *none[1];
	static struct np_agent_options opts = {
		.node = "here0",
		.timeout = 30000,
		.cni = none,
	};
	unsigned int rounds = 1000;
	const char *file = NULL;
	struct np_error err = { 0 };
	size_t found = 0;
	int option;

	while ((option = getopt(argc, argv, "kqr:o:")) != -1) {
		switch (option) {
		case 'k':	/* as all benches that the module is there for */
			break;
		case 'q':
			listing.pods /= 10;
			listing.policies /= 10;
			break;
		case 'r':
			rounds = (unsigned int)atoi(optarg);
			break;
		case 'o':
			file = optarg;
			break;
		default:
			fprintf(stderr, "usage: follow [-q] [-r ROUNDS] [-o FILE.json]\n");
			return 2;
		}
	}
	srandom(1);
	took = np_xcalloc(rounds, sizeof(*took));
	rows_begin(file);
	np_log_init(false, false, false);
	loop = np_loop_new();
	if (np_agent_start(&agent, loop, &opts, &err)) {
		np_error_print(stderr, &err);
		return 1;
	}
	list();
	follow(rounds, 10);
	follow(rounds, 100);
	follow(rounds, 1000);
	/* what it measured has happened: the kernel holds what the source said */
	if (np_compare_run(&agent.kernel, &agent.desired, &found, &err)) {
		np_error_print(stderr, &err);
		return 1;
	}
	rows_add("objects that the kernel has otherwise", "", (double)found, "objects", 0, true);
	np_agent_stop(&agent);
	np_agent_free(&agent);
	np_loop_free(loop);
	free(took);
	return rows_end();
}
