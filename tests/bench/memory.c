// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory of a pod, an identity, a policy and a CIDR, and whether it comes back: ten rounds
 * of loading and deleting.
 *
 *	memory [-k] [-q] [-o FILE.json]
 *
 *	-k	of the module: what the kernel charges the control group of this process;
 *		else of the module's core in this process: what malloc has handed out
 *	-q	a tenth of the objects, and no patience with the kernel's counts: with -k
 *		this shows that the bench runs, and no figure to go by
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader.h"
#include "rows.h"
#include "shape.h"

#define CGROUP "/sys/fs/cgroup/netpol-bench"
#define CHURN_ROUNDS 10

static bool kernel;
static struct loader loader;
static unsigned int tenth = 1;

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n < 0 ? -1 : 0;
}

/* Puts this process in a control group of its own, where kernel memory is charged. */
static int enter_cgroup(void)
{
	char pid[16];

	write_text("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	mkdir(CGROUP, 0755);
	snprintf(pid, sizeof(pid), "%d", getpid());
	if (write_text(CGROUP "/cgroup.procs", pid) || access(CGROUP "/memory.stat", R_OK))
		return -1;
	return 0;
}

/* Slab, pages, vmalloc and per-CPU memory of the control group, not of its processes. */
static double charged(void)
{
	FILE *f = fopen(CGROUP "/memory.stat", "re");
	double bytes = 0, value;
	char name[64];

	while (f && fscanf(f, "%63s %lf", name, &value) == 2)
		if (!strcmp(name, "kernel"))
			bytes += value;
		else if (!strcmp(name, "kernel_stack") || !strcmp(name, "pagetables") ||
			 !strcmp(name, "sec_pagetables"))
			bytes -= value;
	if (f)
		fclose(f);
	return bytes;
}

/* Memory in use, once what was replaced is freed and the count has settled. */
static double used(void)
{
	double now = 0, before = -1;
	int i;

	if (!kernel)
		return mallinfo2().uordblks + mallinfo2().hblkhd;
	/* the kernel adds its counts up every two seconds */
	for (i = 0; i < 10; i++) {
		usleep(tenth > 1 ? 100000 : 2500000);
		now = charged();
		if (now == before)
			break;
		before = now;
	}
	return now;
}

/**
 * struct kind - objects whose memory is measured
 * @name: for the table
 * @count: how many
 * @make: adds them to objs
 * @target: bytes of each, or ROWS_NO_TARGET
 * @tables: the growth of the tables that they are in is theirs too
 */
struct kind {
	const char *name;
	unsigned int count;
	void (*make)(struct np_objects *objs, unsigned int count);
	double target;
	bool tables;
};

static struct np_pod *made_pod(struct np_objects *objs, unsigned int i)
{
	char name[64];
	struct np_pod *pod;

	snprintf(name, sizeof(name), "cart-7d9c8b6d5f-%05x", i);
	pod = shape_pod(objs, "ns-0", name, SHAPE_ADDRESS_FRESH + i);
	shape_label(objs, &pod->labels, "app", "app-0");
	shape_label(objs, &pod->labels, "role", "role-0");
	shape_label(objs, &pod->labels, "pod-template-hash", "7d9c8b6d5f");
	return pod;
}

static void make_remote(struct np_objects *objs, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		made_pod(objs, i);
}

static void make_local(struct np_objects *objs, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		made_pod(objs, i)->node = np_intern_str(objs, SHAPE_NODE);
}

/* Pods that differ in a label that a policy names. */
static void make_identity(struct np_objects *objs, unsigned int count)
{
	char text[64];
	unsigned int i;

	for (i = 0; i < count; i++) {
		struct np_pod *pod;

		snprintf(text, sizeof(text), "set-%05x", i);
		pod = shape_pod(objs, "ns-0", text, SHAPE_ADDRESS_FRESH + i);
		shape_label(objs, &pod->labels, "app", text);
		shape_label(objs, &pod->labels, "role", "role-0");
	}
}

static void make_policy(struct np_objects *objs, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		struct np_policy *policy;
		char name[64];

		snprintf(name, sizeof(name), "allow-%05x", i);
		policy = shape_policy(objs, "ns-0", name, "nobody");
		shape_peer(objs, policy->ingress, "team-1", "app", "app-1");
		shape_port(objs, policy->ingress, 8080, 8080);
	}
}

/* Blocks of one policy about a local pod, so with rows and a trie. */
static void make_block(struct np_objects *objs, unsigned int count)
{
	struct np_policy *policy = shape_policy(objs, "ns-0", "blocks", "app-0");
	unsigned int i;

	for (i = 0; i < count; i++)
		shape_block(objs, policy->ingress, 0xac000000 + (i << 8), 24);
}

static const struct kind kinds[] = {
	{ "remote IPv4 pod, all told", 150000, make_remote, 144, true },
	{ "local pod", 2000, make_local, ROWS_NO_TARGET },
	{ "pod with an identity of its own", 20000, make_identity, ROWS_NO_TARGET },
	{ "policy of no local pod", 20000, make_policy, ROWS_NO_TARGET },
	{ "CIDR, with its row and trie", 10000, make_block, ROWS_NO_TARGET },
};

static void measure(const struct kind *kind)
{
	unsigned int i, count = kind->count / tenth;
	double before, with, after = 0, first = 0;
	struct np_objects objs;
	char text[96], name[96];

	np_objects_init(&objs);
	kind->make(&objs, count);
	/* once before, so that tables have their size */
	if (!kind->tables) {
		loader_do(&loader, &objs, NULL, false);
		loader_do(&loader, NULL, &objs, false);
	}
	before = used();
	loader_do(&loader, &objs, NULL, false);
	with = used();
	snprintf(text, sizeof(text), "\"where\":\"%s\",\"count\":%u",
		 kernel ? "module" : "core", count);
	/* not exact: malloc and the kernel's counts round, each in its way */
	rows_add(kind->name, text, (with - before) / count, "bytes", kind->target, false);
	for (i = 0; i < CHURN_ROUNDS; i++) {
		loader_do(&loader, NULL, &objs, false);
		after = used();
		if (!i)
			first = after;
		loader_do(&loader, &objs, NULL, false);
	}
	loader_do(&loader, NULL, &objs, false);
	/* sets and tables may grow once more; losing a tenth of what is deleted is 90 % */
	snprintf(name, sizeof(name), "%s, left by ten rounds", kind->name);
	rows_add(name, text, 100 * (after - first) / (with - before), "%", 20, !kernel);
	np_objects_free(&objs);
}

/* Tables by address and by name, with the pods that the cluster has. */
static void measure_tables(const struct np_objects *objs)
{
	const struct netpol_snapshot *snapshot = loader.core.world->snapshot;
	char text[96];

	snprintf(text, sizeof(text), "\"where\":\"core\",\"count\":%zu", objs->pod_count);
	rows_add("remote IPv4 pod, packet path", text,
		 (double)netpol_pages_bytes(snapshot->peers[0].buckets) / objs->pod_count,
		 "bytes", 24, true);
	rows_add("pod, its places in tables", text,
		 (double)(netpol_pages_bytes(snapshot->peers[0].buckets) +
			  netpol_pages_bytes(snapshot->claims.slots) +
			  netpol_pages_bytes(snapshot->pods.slots)) / objs->pod_count,
		 "bytes", ROWS_NO_TARGET, false);
}

/* 150,000 pods of a kind or two in each namespace: what one of them costs, all told. */
static void measure_cluster(void)
{
	struct shape shape = { "memory", 1000, 150000, 110, 10000, 20, 4, 1, 0, false };
	struct np_objects objs, half;
	double before, with;
	char text[96];

	shape.pods /= tenth;
	np_objects_init(&objs);
	np_objects_init(&half);
	shape_make(&shape, &objs);
	shape.pods = 0;
	shape_make(&shape, &half);
	loader_do(&loader, &half, NULL, true);
	before = used();
	loader_do(&loader, &objs, NULL, true);
	with = used();
	snprintf(text, sizeof(text), "\"where\":\"%s\",\"count\":%zu",
		 kernel ? "module" : "core", objs.pod_count);
	rows_add("pod of a cluster, all that comes with it", text,
		 (with - before) / objs.pod_count, "bytes", ROWS_NO_TARGET, false);
	if (!kernel)
		measure_tables(&objs);
	np_objects_free(&objs);
	np_objects_free(&half);
}

int main(int argc, char **argv)
{
	const char *file = NULL;
	unsigned int i;
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
			fprintf(stderr, "usage: memory [-k] [-q] [-o FILE.json]\n");
			return 1;
		}
	}
	/* bytes are exact: the same numbers are drawn each time */
	netpol_random_seed = 1;
	if (kernel && enter_cgroup()) {
		fprintf(stderr, "memory: no control group that kernel memory is charged to\n");
		return 4;
	}
	loader_open(&loader, kernel);
	rows_begin(file);
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		measure(&kinds[i]);
	measure_cluster();
	loader_close(&loader);
	return rows_end();
}
