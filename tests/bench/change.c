// SPDX-License-Identifier: GPL-2.0-or-later
#include "change.h"

#include <stdio.h>

#include "shape.h"

struct np_pod *change_pod(struct np_objects *set, unsigned int round)
{
	char name[64];
	struct np_pod *pod;

	snprintf(name, sizeof(name), "new-0-7d9c8b6d5f-%05x", round);
	pod = shape_pod(set, "ns-0", name, SHAPE_ADDRESS_FRESH + round);
	shape_label(set, &pod->labels, "app", "app-0");
	shape_label(set, &pod->labels, "role", "role-0");
	shape_label(set, &pod->labels, "pod-template-hash", "hash-0-0");
	shape_label(set, &pod->labels, "app.kubernetes.io/managed-by", "helm");
	return pod;
}

static void make_pod(unsigned int round, struct np_objects *set, struct np_objects *other)
{
	change_pod(set, round);
}

static void make_local(unsigned int round, struct np_objects *set, struct np_objects *other)
{
	change_pod(set, round)->node = np_intern_str(set, SHAPE_NODE);
}

struct np_pod *change_identity(struct np_objects *set, unsigned int round)
{
	struct np_pod *pod;
	char text[64];

	snprintf(text, sizeof(text), "fresh-%u", round);
	pod = shape_pod(set, "ns-0", text, SHAPE_ADDRESS_FRESH + round);
	shape_label(set, &pod->labels, "app", text);
	shape_label(set, &pod->labels, "role", "role-1");
	return pod;
}

static void make_identity(unsigned int round, struct np_objects *set, struct np_objects *other)
{
	change_identity(set, round);
}

static struct np_policy *plain_policy(struct np_objects *set, unsigned int round)
{
	char name[64];

	snprintf(name, sizeof(name), "new-%u", round);
	return shape_policy(set, "ns-0", name, "app-0");
}

static void make_policy(unsigned int round, struct np_objects *set, struct np_objects *other)
{
	struct np_policy *policy = plain_policy(set, round);

	shape_peer(set, policy->ingress, "team-1", "app", "app-1");
	shape_port(set, policy->ingress, 9000, 9000 + round % 8);
}

/* A key that one pod in SHAPE_RARE times 100 carries. */
static void make_rare_key(unsigned int round, struct np_objects *set, struct np_objects *other)
{
	struct np_policy *policy = plain_policy(set, round);
	char key[64];

	snprintf(key, sizeof(key), "rare-%u", round % 100);
	shape_peer(set, policy->ingress, "", key, "yes");
}

/* A key that every pod carries, with one value for all. */
static void make_common_key(unsigned int round, struct np_objects *set, struct np_objects *other)
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

static void make_cidr(unsigned int round, struct np_objects *set, struct np_objects *other)
{
	make_blocks(set, 100, round, true);
	make_blocks(other, 100, round, false);
}

static void make_cidr_many(unsigned int round, struct np_objects *set, struct np_objects *other)
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

static void make_relabel(unsigned int round, struct np_objects *set, struct np_objects *other)
{
	relabel("ns-1", round, set, other);
}

static void make_relabel_large(unsigned int round, struct np_objects *set,
			       struct np_objects *other)
{
	relabel("large", round, set, other);
}

const struct change changes[] = {
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

const size_t change_count = sizeof(changes) / sizeof(*changes);
