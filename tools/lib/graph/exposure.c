// SPDX-License-Identifier: GPL-2.0-or-later
/* What reaches each workload, and what it reaches. */
#include "graph/exposure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netpol.h>

#include "base/alloc.h"
#include "diff/spell.h"
#include "netlink/report.h"

static void np_exposure_add(struct np_exposure_list *list, const struct np_passes passes[2],
			    size_t peer)
{
	struct np_exposure_peers *item;
	size_t i;

	if (!np_passes_asked(passes))
		return;
	list->asked++;
	if (!np_passes_any(passes))
		return;
	for (i = 0; i < list->items && !np_passes_same(list->item[i].passes, passes); i++)
		;
	if (i == list->items) {
		list->item = np_array_grow(list->item, list->items, sizeof(*list->item));
		item = &list->item[list->items++];
		memset(item, 0, sizeof(*item));
		memcpy(item->passes, passes, sizeof(item->passes));
	}
	item = &list->item[i];
	item->peer = np_array_grow(item->peer, item->count, sizeof(*item->peer));
	item->peer[item->count++] = peer;
}

/* Addresses outside have one family; what passes is kept as that of both, so that they join. */
static void np_exposure_world(struct np_exposure *exposure, const struct np_workload *workload,
			      bool leaves, struct np_exposure_list *list)
{
	const struct np_workloads *workloads = exposure->workloads;
	const struct np_flows *flows = workloads->flows;
	struct np_passes passes[2];
	size_t g;
	bool v6;

	for (g = 0; g < flows->groups.groups; g++) {
		if (flows->out_of[g] == SIZE_MAX)
			continue;
		v6 = flows->outside.set[flows->out_of[g]].address.family == AF_INET6;
		passes[0] = np_workloads_pass_out(workloads, v6, workload, g, leaves);
		passes[1] = passes[0];
		np_exposure_add(list, passes, flows->out_of[g]);
	}
}

static void np_exposure_pods(struct np_exposure *exposure, const struct np_workload *workload,
			     bool leaves, struct np_exposure_side *side)
{
	const struct np_workloads *workloads = exposure->workloads;
	const struct np_workload *other;
	struct np_passes passes[2];
	size_t i;
	int v6;

	for (i = 0; i < workloads->count; i++) {
		other = &workloads->item[i];
		for (v6 = 0; v6 < 2; v6++)
			passes[v6] = leaves ?
				np_workloads_pass(workloads, v6, workload, other) :
				np_workloads_pass(workloads, v6, other, workload);
		/* what has one family is like what passes the same over both */
		for (v6 = 0; v6 < 2; v6++)
			if (passes[v6].some == NP_FLOWS_UNASKED)
				passes[v6] = passes[!v6];
		np_exposure_add(strcmp(other->namespace, workload->namespace) ? &side->others :
				&side->own, passes, i);
	}
}

static const char *np_exposure_policy(struct np_exposure *exposure,
				      const struct netpol_policy *policy)
{
	/* as no namespace is written with a capital letter, a tier is the name of none */
	const char *space = *policy->ns->name ? policy->ns->name : np_tier_text(policy->tier);
	size_t room = strlen(space) + strlen(policy->name) + 2;
	char *text = np_arena_alloc(&exposure->arena, room);

	snprintf(text, room, "%s/%s", space, policy->name);
	return text;
}

/* The program of the pods of a group that this node judges; NULL: no policy selects them. */
static const struct netpol_program *np_exposure_program(const struct np_flows *flows, size_t group,
							uint8_t direction)
{
	const struct np_diff_pod *pod = np_flows_first(flows, group);
	const struct np_address *address = pod->address[0][0] ? pod->address[0][0] :
								pod->address[0][1];
	struct netpol_end end;
	uint32_t bytes[4];

	memcpy(bytes, address->addr, sizeof(bytes));
	netpol_resolve(flows->world[0].world->snapshot, address->family, bytes, &end);
	return end.local ? end.local->program[direction] : NULL;
}

static void np_exposure_policies(struct np_exposure *exposure, const struct np_workload *workload,
				 uint8_t direction, struct np_exposure_side *side)
{
	const struct np_flows *flows = exposure->workloads->flows;
	const struct netpol_program *program;
	struct np_spelled names = { 0 }, observed = { 0 };
	size_t i, isolated = 0;
	uint32_t k;

	for (i = 0; i < workload->parts; i++) {
		program = np_exposure_program(flows, workload->part[i].group, direction);
		if (!program)
			continue;
		isolated += program->isolates;
		side->unknown |= netpol_program_closed(program);
		for (k = 0; k < program->npolicies; k++)
			np_spell_add(k < program->nenforced ? &names : &observed,
				     np_exposure_policy(exposure, program->policy[k]));
	}
	np_spell_sort(&names);
	np_spell_sort(&observed);
	side->policy = names.text;
	side->policies = names.count;
	side->observed = observed.text;
	side->observeds = observed.count;
	side->isolated = !isolated ? NP_ISOLATED_NONE :
			 isolated < workload->parts ? NP_ISOLATED_SOME : NP_ISOLATED_ALL;
}

static void np_exposure_one(struct np_exposure *exposure, size_t workload)
{
	const struct np_workload *of = &exposure->workloads->item[workload];
	struct np_exposed *item;
	const struct np_diff_pod *pod;
	uint8_t direction;
	bool leaves;
	size_t i;
	int v6;

	exposure->item = np_array_grow(exposure->item, exposure->items, sizeof(*item));
	item = &exposure->item[exposure->items++];
	memset(item, 0, sizeof(*item));
	item->workload = workload;
	for (i = 0; i < of->parts; i++) {
		pod = np_flows_first(exposure->workloads->flows, of->part[i].group);
		for (v6 = 0; v6 < 2; v6++)
			item->families[v6] |= !!pod->address[0][v6];
	}
	for (direction = 0; direction < 2; direction++) {
		leaves = direction == NETPOL_DIRECTION_EGRESS;
		np_exposure_policies(exposure, of, direction, &item->side[direction]);
		np_exposure_world(exposure, of, leaves, &item->side[direction].world);
		np_exposure_pods(exposure, of, leaves, &item->side[direction]);
	}
}

static int np_exposure_range_order(const void *left, const void *right)
{
	const struct np_exposure_range *a = left, *b = right;

	return memcmp(a->range.first, b->range.first, sizeof(a->range.first));
}

static void np_exposure_ranges(struct np_exposure *exposure)
{
	const struct np_diff_outside *outside = &exposure->workloads->flows->outside;
	size_t i, k, *count;
	int v6;

	for (i = 0; i < outside->sets; i++) {
		v6 = outside->set[i].address.family == AF_INET6;
		count = &exposure->ranges[v6];
		for (k = 0; k < outside->set[i].ranges; k++) {
			exposure->range[v6] = np_array_grow(exposure->range[v6], *count,
							    sizeof(struct np_exposure_range));
			exposure->range[v6][(*count)++] = (struct np_exposure_range) {
				outside->set[i].range[k], i,
			};
		}
	}
	for (v6 = 0; v6 < 2; v6++)
		if (exposure->ranges[v6])
			qsort(exposure->range[v6], exposure->ranges[v6],
			      sizeof(struct np_exposure_range), np_exposure_range_order);
}

int np_exposure_make(struct np_exposure *exposure, const struct np_workloads *workloads,
		     const bool *wanted, struct np_error *err)
{
	size_t i, count = 0;

	memset(exposure, 0, sizeof(*exposure));
	exposure->workloads = workloads;
	for (i = 0; i < workloads->count; i++)
		count += !wanted || wanted[i];
	if ((uint64_t)count * workloads->count > NP_EXPOSURE_PAIRS_MAX) {
		np_error_set(err, NP_EXIT_INPUT, "%zu workloads and %zu other ends are more than "
			     "%u pairs", count, workloads->count, NP_EXPOSURE_PAIRS_MAX);
		np_error_hint(err, "ask for some namespaces or workloads");
		return -1;
	}
	np_exposure_ranges(exposure);
	for (i = 0; i < workloads->count; i++)
		if (!wanted || wanted[i])
			np_exposure_one(exposure, i);
	return 0;
}

static void np_exposure_list_free(struct np_exposure_list *list)
{
	size_t i;

	for (i = 0; i < list->items; i++)
		free(list->item[i].peer);
	free(list->item);
}

void np_exposure_free(struct np_exposure *exposure)
{
	struct np_exposure_side *side;
	size_t i;
	int k;

	for (i = 0; i < exposure->items; i++)
		for (k = 0; k < 2; k++) {
			side = &exposure->item[i].side[k];
			np_exposure_list_free(&side->world);
			np_exposure_list_free(&side->others);
			np_exposure_list_free(&side->own);
			free(side->policy);
			free(side->observed);
		}
	free(exposure->item);
	free(exposure->range[0]);
	free(exposure->range[1]);
	np_arena_free(&exposure->arena);
	memset(exposure, 0, sizeof(*exposure));
}

size_t np_exposure_runs(const struct np_exposure *exposure, const struct np_exposure_peers *peers,
			bool v6, bool others,
			void (*visit)(void *context, uint8_t family,
				      const struct np_diff_range *range), void *context)
{
	const struct np_exposure_range *list = exposure->range[v6];
	size_t sets = exposure->workloads->flows->outside.sets, i, runs = 0;
	bool *of = np_xcalloc(sets + 1, sizeof(*of)), open = false;
	struct np_diff_range run;

	for (i = 0; i < peers->count; i++)
		of[peers->peer[i]] = true;
	for (i = 0; i <= exposure->ranges[v6]; i++) {
		if (i < exposure->ranges[v6] && of[list[i].set] != others) {
			if (!open)
				run = list[i].range;
			memcpy(run.last, list[i].range.last, sizeof(run.last));
			open = true;
			continue;
		}
		if (open && visit)
			visit(context, v6 ? AF_INET6 : AF_INET, &run);
		runs += open;
		open = false;
	}
	free(of);
	return runs;
}
