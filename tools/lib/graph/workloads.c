// SPDX-License-Identifier: GPL-2.0-or-later
/* Pods by workload. */
#include "graph/workloads.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* A pod, to be sorted. */
struct np_workload_pod {
	const struct np_pod *pod;
	const char *name;	/* of its workload, or its own */
	bool is_pod;
	size_t group;
};

static int np_workload_of_order(const struct np_workload_pod *a, const struct np_workload_pod *b)
{
	int order = strcmp(a->pod->namespace, b->pod->namespace);

	if (!order)
		order = strcmp(a->name, b->name);
	return order ? order : (int)a->is_pod - (int)b->is_pod;
}

static int np_workload_pod_order(const void *left, const void *right)
{
	const struct np_workload_pod *a = left, *b = right;
	int order = np_workload_of_order(a, b);

	return order ? order : strcmp(a->pod->name, b->pod->name);
}

static int np_workload_part_order(const void *left, const void *right)
{
	const struct np_workload_part *a = left, *b = right;

	return a->group < b->group ? -1 : a->group > b->group;
}

static bool np_workload_listed(const char *text, const char *const *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(list[i], text))
			return true;
	return false;
}

static struct np_workload_pod *np_workloads_list(const struct np_flows *flows,
						 const char *const *alone, size_t count,
						 size_t *found)
{
	const struct np_diff_groups *groups = &flows->groups;
	struct np_workload_pod *list = NULL, *to;
	const struct np_diff_pod *pod;
	const char *owner;
	size_t g, i;

	*found = 0;
	for (g = 0; g < groups->groups; g++)
		for (i = 0; flows->out_of[g] == SIZE_MAX && i < groups->group[g].count; i++) {
			pod = &groups->pod[groups->group[g].first + i];
			owner = pod->pod[0]->owner;
			list = np_array_grow(list, *found, sizeof(*list));
			to = &list[(*found)++];
			to->pod = pod->pod[0];
			to->is_pod = !owner || !*owner ||
				     np_workload_listed(pod->text, alone, count);
			to->name = to->is_pod ? to->pod->name : owner;
			to->group = g;
		}
	if (*found)
		qsort(list, *found, sizeof(*list), np_workload_pod_order);
	return list;
}

/* Joins the parts of one group; there is one for each pod before. */
static void np_workload_join(struct np_workload *workload)
{
	size_t i, kept = 0;

	qsort(workload->part, workload->parts, sizeof(*workload->part), np_workload_part_order);
	for (i = 0; i < workload->parts; i++)
		if (kept && workload->part[kept - 1].group == workload->part[i].group)
			workload->part[kept - 1].pods++;
		else
			workload->part[kept++] = workload->part[i];
	workload->parts = kept;
}

void np_workloads_make(struct np_workloads *workloads, struct np_flows *flows,
		       const char *const *alone, size_t count)
{
	struct np_workload *item;
	struct np_workload_pod *list;
	size_t i, pods;

	memset(workloads, 0, sizeof(*workloads));
	workloads->flows = flows;
	list = np_workloads_list(flows, alone, count, &pods);
	workloads->pod = np_xcalloc(pods + 1, sizeof(*workloads->pod));
	workloads->part = np_xcalloc(pods + 1, sizeof(*workloads->part));
	workloads->item = np_xcalloc(pods + 1, sizeof(*workloads->item));
	for (i = 0; i < pods; i++) {
		workloads->pod[i] = list[i].pod->name;
		workloads->part[i] = (struct np_workload_part) { list[i].group, 1 };
		if (!i || np_workload_of_order(&list[i - 1], &list[i]))
			workloads->item[workloads->count++] = (struct np_workload) {
				.namespace = list[i].pod->namespace,
				.name = list[i].name,
				.is_pod = list[i].is_pod,
				.pod = &workloads->pod[i],
				.part = &workloads->part[i],
			};
		workloads->namespaces += !i || strcmp(list[i - 1].pod->namespace,
						      list[i].pod->namespace);
		item = &workloads->item[workloads->count - 1];
		item->here |= np_flows_here(flows, list[i].group);
		item->pods++;
		item->parts++;
	}
	for (i = 0; i < workloads->count; i++)
		np_workload_join(&workloads->item[i]);
	free(list);
}

void np_workloads_free(struct np_workloads *workloads)
{
	free(workloads->item);
	free(workloads->pod);
	free(workloads->part);
	memset(workloads, 0, sizeof(*workloads));
}

struct np_passes np_workloads_pass(const struct np_workloads *workloads, bool v6,
				   const struct np_workload *from, const struct np_workload *to)
{
	struct np_passes passes = { NP_FLOWS_UNASKED, NP_FLOWS_UNASKED };
	const struct np_workload_part *a, *b;
	size_t i, k;

	for (i = 0; i < from->parts; i++)
		for (k = 0; k < to->parts; k++) {
			a = &from->part[i];
			b = &to->part[k];
			/* a pod by itself has nobody to reach but itself */
			if (from == to && a->group == b->group && a->pods == 1)
				continue;
			np_passes_add(workloads->flows, &passes,
				      np_flows_between(workloads->flows, v6, a->group, b->group));
		}
	return passes;
}

struct np_passes np_workloads_pass_out(const struct np_workloads *workloads, bool v6,
				       const struct np_workload *workload, size_t outside,
				       bool leaves)
{
	struct np_passes passes = { NP_FLOWS_UNASKED, NP_FLOWS_UNASKED };
	const struct np_flows *flows = workloads->flows;
	size_t i, group;

	for (i = 0; i < workload->parts; i++) {
		group = workload->part[i].group;
		np_passes_add(workloads->flows, &passes,
			      leaves ? np_flows_between(flows, v6, group, outside) :
				       np_flows_between(flows, v6, outside, group));
	}
	return passes;
}
