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

#include "change.h"
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

/**
 * struct memory - in use, in bytes
 * @all: all of it; of the module without what its processes need
 * @slab: of the module's, in slabs; 0 for the core
 * @vmalloc: the same, in pages with addresses of their own
 * @percpu: the same, for each processor
 */
struct memory {
	double all;
	double slab;
	double vmalloc;
	double percpu;
};

/* What the control group is charged for. */
static void charged(struct memory *memory)
{
	FILE *f = fopen(CGROUP "/memory.stat", "re");
	double value;
	char name[64];

	memset(memory, 0, sizeof(*memory));
	while (f && fscanf(f, "%63s %lf", name, &value) == 2) {
		if (!strcmp(name, "kernel"))
			memory->all += value;
		else if (!strcmp(name, "kernel_stack") || !strcmp(name, "pagetables") ||
			 !strcmp(name, "sec_pagetables"))
			memory->all -= value;
		else if (!strcmp(name, "slab"))
			memory->slab = value;
		else if (!strcmp(name, "vmalloc"))
			memory->vmalloc = value;
		else if (!strcmp(name, "percpu"))
			memory->percpu = value;
	}
	if (f)
		fclose(f);
}

/* Memory in use, once what was replaced is freed and the count has settled. */
static struct memory used(void)
{
	struct memory now = {};
	double before = -1;
	int i;

	if (!kernel) {
		now.all = mallinfo2().uordblks + mallinfo2().hblkhd;
		return now;
	}
	/* the kernel adds its counts up every two seconds */
	for (i = 0; i < 10; i++) {
		usleep(tenth > 1 ? 100000 : 2500000);
		charged(&now);
		if (now.all == before)
			break;
		before = now.all;
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

static void make_remote(struct np_objects *objs, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		change_pod(objs, i);
}

static void make_local(struct np_objects *objs, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		change_pod(objs, i)->node = np_intern_str(objs, SHAPE_NODE);
}

static void make_identity(struct np_objects *objs, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		change_identity(objs, i);
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

/* Bytes of an object, and of the module where they are. */
static void measure_bytes(const char *name, const char *params, double target, size_t count,
			  const struct memory *before, const struct memory *with)
{
	const struct {
		const char *name;
		double bytes;
	} parts[] = {
		{ "slab", with->slab - before->slab },
		{ "vmalloc", with->vmalloc - before->vmalloc },
		{ "per-CPU", with->percpu - before->percpu },
	};
	unsigned int i;
	char text[96];

	/* not exact: malloc and the kernel's counts round, each in its way */
	rows_add(name, params, (with->all - before->all) / count, "bytes", target, false);
	for (i = 0; kernel && i < sizeof(parts) / sizeof(*parts); i++) {
		snprintf(text, sizeof(text), "%s, %s", name, parts[i].name);
		rows_add(text, params, parts[i].bytes / count, "bytes", ROWS_NO_TARGET, false);
	}
}

/* What ten rounds of deleting and loading leave behind; of the module, of a tenth. */
static void measure_churn(const struct kind *kind, const char *params, double bytes)
{
	unsigned int i, part = kernel ? 10 : 1;
	double first = 0, after = 0;
	struct np_objects objs;
	char name[96];

	np_objects_init(&objs);
	kind->make(&objs, kind->count / tenth / part);
	for (i = 0; i < CHURN_ROUNDS; i++) {
		loader_do(&loader, NULL, &objs, false);
		loader_do(&loader, &objs, NULL, false);
		if (!i)
			first = used().all;
	}
	after = used().all;
	/* sets and tables may grow once more; losing a tenth of what is deleted is 90 % */
	snprintf(name, sizeof(name), "%s, left by ten rounds", kind->name);
	rows_add(name, params, 100 * (after - first) / (bytes / part), "%", 20, !kernel);
	np_objects_free(&objs);
}

static void measure(const struct kind *kind)
{
	unsigned int count = kind->count / tenth;
	struct memory before, with;
	struct np_objects objs;
	char text[96];

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
	measure_bytes(kind->name, text, kind->target, count, &before, &with);
	measure_churn(kind, text, with.all - before.all);
	loader_do(&loader, NULL, &objs, false);
	np_objects_free(&objs);
}

/* Tables by address and by name, with the pods that the cluster has. */
static void measure_tables(const struct np_objects *objs)
{
	const struct netpol_snapshot *snapshot = loader.core.world->snapshot;
	char text[96];

	snprintf(text, sizeof(text), "\"where\":\"core\",\"count\":%zu", objs->pod_count);
	rows_add("remote IPv4 pod, packet path", text,
		 (double)netpol_pages_bytes(snapshot->addrmap[0].buckets) / objs->pod_count,
		 "bytes", 24, true);
	rows_add("pod, its places in tables", text,
		 (double)(netpol_pages_bytes(snapshot->addrmap[0].buckets) +
			  netpol_pages_bytes(snapshot->claims.slots) +
			  netpol_pages_bytes(snapshot->pods.slots)) / objs->pod_count,
		 "bytes", ROWS_NO_TARGET, false);
}

/* 150,000 pods of a kind or two in each namespace: what one of them costs, all told. */
static void measure_cluster(void)
{
	struct shape shape = { "memory", 1000, 150000, 110, 10000, 20, 4, 1, 0, false };
	struct np_objects objs, half;
	struct memory before, with;
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
	measure_bytes("pod of a cluster, all that comes with it", text, ROWS_NO_TARGET,
		      objs.pod_count, &before, &with);
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
