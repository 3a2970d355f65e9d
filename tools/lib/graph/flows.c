// SPDX-License-Identifier: GPL-2.0-or-later
/* Asks the core which connections a state allows. */
#include "graph/flows.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "diff/reach.h"

/* A set that is looked for. */
struct np_flows_key {
	const uint64_t *bit;
	size_t words;
};

static bool np_flows_match(const void *record, const void *key)
{
	const struct np_flows_set *set = record;
	const struct np_flows_key *wanted = key;

	return !memcmp(set->bit, wanted->bit, wanted->words * sizeof(uint64_t));
}

uint32_t np_flows_number(struct np_flows *flows, const uint64_t *bit)
{
	struct np_flows_key key = { bit, flows->words };
	size_t bytes = flows->words * sizeof(*bit);
	uint32_t hash = np_hash_bytes(0, bit, bytes);
	struct np_flows_set *set = np_hash_find(&flows->table, hash, np_flows_match, &key);

	if (set)
		return set->number;
	set = np_arena_alloc(&flows->arena, sizeof(*set) + bytes);
	set->hash = hash;
	set->number = (uint32_t)flows->sets;
	memcpy(set->bit, bit, bytes);
	flows->set = np_array_grow(flows->set, flows->sets, sizeof(struct np_flows_set *));
	flows->set[flows->sets++] = set;
	np_hash_add(&flows->table, set);
	return set->number;
}

enum np_flows_with { NP_FLOWS_AND, NP_FLOWS_OR, NP_FLOWS_WITHOUT };

static uint32_t np_flows_combine(struct np_flows *flows, uint32_t a, uint32_t b,
				 enum np_flows_with with)
{
	const uint64_t *left = flows->set[a]->bit, *right = flows->set[b]->bit;
	uint64_t *bit;
	uint32_t number;
	size_t i;

	if (a == b)
		return with == NP_FLOWS_WITHOUT ? NP_FLOWS_NOTHING : a;
	bit = np_xcalloc(flows->words, sizeof(*bit));
	for (i = 0; i < flows->words; i++)
		bit[i] = with == NP_FLOWS_AND ? left[i] & right[i] :
			 with == NP_FLOWS_OR ? left[i] | right[i] : left[i] & ~right[i];
	number = np_flows_number(flows, bit);
	free(bit);
	return number;
}

uint32_t np_flows_and(struct np_flows *flows, uint32_t a, uint32_t b)
{
	return np_flows_combine(flows, a, b, NP_FLOWS_AND);
}

uint32_t np_flows_or(struct np_flows *flows, uint32_t a, uint32_t b)
{
	return np_flows_combine(flows, a, b, NP_FLOWS_OR);
}

uint32_t np_flows_without(struct np_flows *flows, uint32_t a, uint32_t b)
{
	return np_flows_combine(flows, a, b, NP_FLOWS_WITHOUT);
}

void np_flows_text(struct np_buffer *to, const struct np_flows *flows, uint32_t set)
{
	if (set == flows->full && flows->ports.asked)
		np_buffer_print(to, "all these ports");
	else
		np_diff_ports_text(to, &flows->ports, flows->set[set]->bit);
}

const struct np_diff_pod *np_flows_first(const struct np_flows *flows, size_t group)
{
	return &flows->groups.pod[flows->groups.group[group].first];
}

bool np_flows_here(const struct np_flows *flows, size_t group)
{
	return !strcmp(np_flows_first(flows, group)->pod[0]->node, NP_DIFF_HERE);
}

/* Tells pods from what stands for addresses outside, and what that is. */
static size_t np_flows_outside(struct np_flows *flows)
{
	const struct np_diff_outside *outside = &flows->outside;
	const struct np_diff_pod *pod;
	size_t g, s, pods = 0;

	flows->out_of = np_xcalloc(flows->groups.groups + 1, sizeof(*flows->out_of));
	for (g = 0; g < flows->groups.groups; g++) {
		pod = np_flows_first(flows, g);
		flows->out_of[g] = SIZE_MAX;
		if (!np_diff_is_outside(pod->pod[0])) {
			pods++;
			continue;
		}
		for (s = 0; s < outside->sets; s++)
			if (!memcmp(&outside->set[s].address, &pod->pod[0]->address[0],
				    sizeof(outside->set[s].address)))
				flows->out_of[g] = s;
	}
	return pods;
}

static void np_flows_sets(struct np_flows *flows)
{
	uint64_t *bit;
	size_t i;

	flows->words = (flows->ports.count + 63) / 64;
	bit = np_xcalloc(flows->words + 1, sizeof(*bit));
	np_flows_number(flows, bit);
	for (i = 0; i < flows->ports.count; i++)
		bit[i / 64] |= 1ULL << i % 64;
	flows->full = np_flows_number(flows, bit);
	free(bit);
}

int np_flows_load(struct np_flows *flows, struct np_diff_side *side,
		  const struct np_matrix *asked, struct np_error *err)
{
	const struct np_diff_side *sides[2] = { side, &flows->none };

	memset(flows, 0, sizeof(*flows));
	flows->side = side;
	np_diff_side_init(&flows->none, "");
	np_diff_outside_list(side, &flows->none, &flows->outside);
	if (np_reach_load(&flows->world[0], side, err) ||
	    np_reach_load(&flows->world[1], &flows->none, err))
		return -1;
	np_diff_groups_make(&flows->groups, sides, flows->world, NULL, 0);
	if (!np_flows_outside(flows)) {
		np_error_set(err, NP_EXIT_INPUT, "there are no pods, so there is nobody to reach");
		np_error_hint(err, "give them as well: kubectl get ns,po,netpol -A -o yaml");
		return -1;
	}
	if (asked && asked->ports)
		np_diff_ports_asked(&flows->ports, asked);
	else
		np_diff_ports_of_rules(&flows->ports, side, &flows->none);
	np_flows_sets(flows);
	return 0;
}

/* Gives a row to each group that is wanted. Returns how many there are. */
static size_t np_flows_rows(struct np_flows *flows, const bool *wanted)
{
	size_t g, rows = 0;

	free(flows->row);
	flows->row = np_xcalloc(flows->groups.groups + 1, sizeof(*flows->row));
	for (g = 0; g < flows->groups.groups; g++)
		flows->row[g] = flows->out_of[g] == SIZE_MAX && (!wanted || wanted[g]) ? rows++ :
											 SIZE_MAX;
	return rows;
}

static int np_flows_check(const struct np_flows *flows, uint64_t rows, struct np_error *err)
{
	uint64_t groups = flows->groups.groups, pairs = rows * (2 * groups - rows);
	size_t outside = flows->outside.sets;

	if (pairs * flows->ports.count * 2 <= NP_MATRIX_CELLS_MAX)
		return 0;
	np_error_set(err, NP_EXIT_INPUT, "%zu pods of %zu kinds, %zu sets of addresses outside "
		     "and %zu port intervals are more than %u verdicts",
		     flows->groups.pods - outside, flows->groups.groups - outside, outside,
		     flows->ports.count, NP_MATRIX_CELLS_MAX);
	np_error_hint(err, "ask for fewer workloads or namespaces, or for some ports with --ports");
	return -1;
}

/* Asks for every port. Returns the number of a set, or NP_FLOWS_UNASKED. */
static uint32_t np_flows_pair(struct np_flows *flows, const struct np_diff_pod *from,
			      const struct np_diff_pod *to, bool v6, uint64_t *bit)
{
	const struct np_diff_ports *ports = &flows->ports;
	uint8_t family = v6 ? AF_INET6 : AF_INET;
	struct np_flow flow;
	size_t i;

	if (!from->address[0][v6] || !to->address[0][v6])
		return NP_FLOWS_UNASKED;
	flow.source = *from->address[0][v6];
	flow.destination = *to->address[0][v6];
	memset(bit, 0, flows->words * sizeof(*bit));
	for (i = 0; i < ports->count; i++) {
		flow.protocol = np_diff_ports_protocol(&ports->item[i], family);
		flow.port = ports->item[i].first;
		if (np_offline_judge(&flows->world[0], &flow, NULL))
			bit[i / 64] |= 1ULL << i % 64;
	}
	return np_flows_number(flows, bit);
}

/* Nobody asks for what passes by all pods of this node, nor for a pod and itself. */
static bool np_flows_asks(const struct np_flows *flows, size_t from, size_t to)
{
	if (from == to && flows->groups.group[from].count == 1)
		return false;
	return np_flows_here(flows, from) || np_flows_here(flows, to);
}

static void np_flows_ask_row(struct np_flows *flows, bool v6, size_t group, uint64_t *bit)
{
	uint32_t *from = flows->from[v6] + flows->row[group] * flows->groups.groups;
	uint32_t *to = flows->to[v6] + flows->row[group] * flows->groups.groups;
	const struct np_diff_pod *pod = np_flows_first(flows, group), *other;
	size_t k;

	for (k = 0; k < flows->groups.groups; k++) {
		from[k] = NP_FLOWS_UNASKED;
		to[k] = NP_FLOWS_UNASKED;
		/* in a group each pod to the others */
		other = np_flows_first(flows, k) + (group == k);
		if (np_flows_asks(flows, group, k))
			from[k] = np_flows_pair(flows, pod, other, v6, bit);
		if (flows->row[k] == SIZE_MAX && np_flows_asks(flows, k, group))
			to[k] = np_flows_pair(flows, other, pod, v6, bit);
	}
}

int np_flows_ask(struct np_flows *flows, const bool *wanted, struct np_error *err)
{
	size_t rows = np_flows_rows(flows, wanted), g;
	uint64_t *bit;
	int v6;

	if (np_flows_check(flows, rows, err))
		return -1;
	bit = np_xcalloc(flows->words + 1, sizeof(*bit));
	for (v6 = 0; v6 < 2; v6++) {
		free(flows->from[v6]);
		free(flows->to[v6]);
		flows->from[v6] = np_xcalloc(rows * flows->groups.groups + 1, sizeof(uint32_t));
		flows->to[v6] = np_xcalloc(rows * flows->groups.groups + 1, sizeof(uint32_t));
		for (g = 0; g < flows->groups.groups; g++)
			if (flows->row[g] != SIZE_MAX)
				np_flows_ask_row(flows, v6, g, bit);
	}
	free(bit);
	return 0;
}

uint32_t np_flows_between(const struct np_flows *flows, bool v6, size_t from, size_t to)
{
	size_t groups = flows->groups.groups;

	if (flows->row[from] != SIZE_MAX)
		return flows->from[v6][flows->row[from] * groups + to];
	if (flows->row[to] != SIZE_MAX)
		return flows->to[v6][flows->row[to] * groups + from];
	return NP_FLOWS_UNASKED;
}

void np_flows_free(struct np_flows *flows)
{
	int i;

	for (i = 0; i < 2; i++) {
		np_offline_free(&flows->world[i]);
		free(flows->from[i]);
		free(flows->to[i]);
	}
	np_diff_groups_free(&flows->groups);
	np_diff_outside_free(&flows->outside);
	np_diff_ports_free(&flows->ports);
	if (flows->side)
		np_diff_side_free(&flows->none);
	np_hash_free(&flows->table);
	np_arena_free(&flows->arena);
	free(flows->out_of);
	free(flows->row);
	free(flows->set);
	memset(flows, 0, sizeof(*flows));
}
