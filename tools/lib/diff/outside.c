// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses that are no pod's, as ends of connections. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "diff/edges.h"
#include "diff/outside.h"

/**
 * struct np_diff_run_of - addresses from one edge to the next
 * @range: addresses
 * @rules: digest of the rules whose blocks hold them
 * @rule: the last rule that was found to hold them, counted from 1
 * @except: the last block that leaves them out, counted from 1
 */
struct np_diff_run_of {
	struct np_diff_range range;
	uint64_t rules;
	uint64_t rule;
	uint64_t except;
};

/**
 * struct np_diff_space - all addresses of a family
 * @v6: the family is IPv6
 * @family: AF_INET or AF_INET6
 * @run: runs in order
 * @runs: how many
 * @pod: addresses of pods, in order
 * @pods: how many
 * @edges: where runs begin
 * @key: a random number, so that nobody can choose rules whose digests are alike
 * @rules: how many rules were read
 * @blocks: how many blocks
 */
struct np_diff_space {
	bool v6;
	uint8_t family;
	struct np_diff_run_of *run;
	size_t runs;
	uint8_t (*pod)[16];
	size_t pods;
	struct np_diff_edges edges;
	uint64_t key;
	uint64_t rules;
	uint64_t blocks;
};

static uint64_t np_diff_mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

void np_diff_step(uint8_t address[16], bool v6, int by)
{
	int i = v6 ? 16 : 4;

	while (i--) {
		address[i] += (uint8_t)by;
		if (address[i] != (by > 0 ? 0 : 0xff))
			break;
	}
}

static void np_diff_space_runs(struct np_diff_space *space)
{
	const struct np_diff_edges *edges = &space->edges;
	struct np_diff_run_of *run;
	size_t i;

	space->run = np_xcalloc(edges->count + 1, sizeof(*space->run));
	space->runs = 1;
	for (i = 0; i < edges->count; i++) {
		run = &space->run[space->runs - 1];
		if (!memcmp(run->range.first, edges->at[i], 16))
			continue;
		memcpy(run->range.last, edges->at[i], 16);
		np_diff_step(run->range.last, space->v6, -1);
		memcpy(run[1].range.first, edges->at[i], 16);
		space->runs++;
	}
	memset(space->run[space->runs - 1].range.last, 0xff, space->v6 ? 16 : 4);
}

/* Returns the index of the run that an address is in. */
static size_t np_diff_run_at(const struct np_diff_space *space, const uint8_t address[16])
{
	size_t low = 0, high = space->runs, mid;

	while (high - low > 1) {
		mid = low + (high - low) / 2;
		if (memcmp(space->run[mid].range.first, address, 16) <= 0)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* Returns the index of the first run behind a block. Blocks begin and end where runs do. */
static size_t np_diff_run_behind(const struct np_diff_space *space, const struct np_cidr *cidr)
{
	uint8_t end[16];

	return np_diff_block_end(cidr, end) ? np_diff_run_at(space, end) : space->runs;
}

static void np_diff_space_block(struct np_diff_space *space, const struct np_ipblock *block)
{
	size_t i, end;
	uint32_t e;

	if (block->cidr.family != space->family)
		return;
	space->blocks++;
	for (e = 0; e < block->except_count; e++) {
		end = np_diff_run_behind(space, &block->except[e]);
		for (i = np_diff_run_at(space, block->except[e].addr); i < end; i++)
			space->run[i].except = space->blocks;
	}
	end = np_diff_run_behind(space, &block->cidr);
	for (i = np_diff_run_at(space, block->cidr.addr); i < end; i++) {
		if (space->run[i].except == space->blocks || space->run[i].rule == space->rules)
			continue;
		space->run[i].rule = space->rules;
		space->run[i].rules = np_diff_mix(space->run[i].rules ^
						  np_diff_mix(space->key + space->rules));
	}
}

static void np_diff_space_rules(struct np_diff_space *space, const struct np_rule *rule,
				uint32_t count)
{
	uint32_t i, k;

	for (i = 0; i < count; i++) {
		space->rules++;
		for (k = 0; k < rule[i].peer_count; k++)
			if (rule[i].peer[k].ipblock)
				np_diff_space_block(space, rule[i].peer[k].ipblock);
	}
}

static int np_diff_bytes_order(const void *left, const void *right)
{
	return memcmp(left, right, 16);
}

static void np_diff_space_side(struct np_diff_space *space, const struct np_diff_side *side)
{
	const struct np_objects *objs;
	const struct np_pod *pod;
	size_t i, k;
	uint32_t a;

	for (i = 0; i < side->origins; i++) {
		objs = &side->origin[i].objects;
		for (k = 0; k < objs->policy_count; k++) {
			np_diff_space_rules(space, objs->policies[k].ingress,
					    objs->policies[k].ingress_count);
			np_diff_space_rules(space, objs->policies[k].egress,
					    objs->policies[k].egress_count);
		}
		for (k = 0; k < objs->pod_count; k++) {
			pod = &objs->pods[k];
			for (a = 0; a < pod->address_count; a++) {
				if (pod->address[a].family != space->family)
					continue;
				space->pod = np_array_grow(space->pod, space->pods,
							   sizeof(*space->pod));
				memcpy(space->pod[space->pods++], pod->address[a].addr, 16);
			}
		}
	}
}

/* Finds an address of a run that no pod has, and that is not 0. Returns false if there is none. */
static bool np_diff_free_address(const struct np_diff_space *space,
				 const struct np_diff_run_of *run, uint8_t address[16])
{
	static const uint8_t zero[16];

	memcpy(address, run->range.first, 16);
	while (!memcmp(address, zero, 16) ||
	       (space->pods && bsearch(address, space->pod, space->pods, 16,
				       np_diff_bytes_order))) {
		if (!memcmp(address, run->range.last, 16))
			return false;
		np_diff_step(address, space->v6, 1);
	}
	return true;
}

void np_diff_range_text(struct np_buffer *to, uint8_t family, const struct np_diff_range *range)
{
	static const uint8_t zero[16];
	struct np_cidr cidr = { .family = family };
	struct np_address address = { .family = family };
	uint8_t bits = np_family_bits(family);
	char text[NP_CIDR_TEXT];
	uint8_t after[16], end[16];
	bool more, is;

	memcpy(cidr.addr, range->first, 16);
	memcpy(after, range->last, 16);
	np_diff_step(after, family == AF_INET6, 1);
	for (cidr.length = bits;; cidr.length--) {
		more = np_diff_block_end(&cidr, end);
		is = !memcmp(more ? end : zero, after, 16);
		/* A shorter prefix would have to hold its own first bit at 0. */
		if (is || !cidr.length ||
		    cidr.addr[(cidr.length - 1) / 8] & 0x80 >> (cidr.length - 1) % 8)
			break;
	}
	if (is) {
		np_buffer_print(to, "%s", np_cidr_text(&cidr, text));
		return;
	}
	memcpy(address.addr, range->first, 16);
	np_buffer_print(to, "%s", np_address_text(&address, text));
	memcpy(address.addr, range->last, 16);
	np_buffer_print(to, "-%s", np_address_text(&address, text));
}

static void np_diff_outside_pod(struct np_diff_side *side, const struct np_diff_space *space,
				const char *name, const uint8_t address[16])
{
	struct np_objects *to = np_diff_side_objects(side);
	size_t length = strlen(name);
	struct np_pod *pod;

	pod = np_objects_add_pod(to);
	pod->namespace = NP_DIFF_OUTSIDE;
	pod->name = np_arena_memdup(&to->arena, name, length);
	pod->uid = "";
	pod->node = "";
	pod->phase = NP_PHASE_RUNNING;
	/*
	 * The core is not to take it for a pod: of a pod without a Namespace it says that nobody
	 * knows whether the selectors of ClusterNetworkPolicies mean it.
	 */
	pod->host_network = true;
	pod->address = np_arena_zalloc(&to->arena, sizeof(*pod->address));
	pod->address->family = space->family;
	memcpy(pod->address->addr, address, 16);
	pod->address_count = 1;
}

static int np_diff_run_order(const void *left, const void *right)
{
	const struct np_diff_run_of *a = left, *b = right;

	if (a->rules != b->rules)
		return a->rules < b->rules ? -1 : 1;
	return memcmp(a->range.first, b->range.first, 16);
}

static void np_diff_outside_note(struct np_diff_outside *outside,
				 const struct np_diff_space *space,
				 const struct np_diff_run_of *run, size_t runs,
				 const uint8_t address[16])
{
	struct np_diff_outside_set *set;
	size_t i;

	outside->set = np_array_grow(outside->set, outside->sets, sizeof(*set));
	set = &outside->set[outside->sets++];
	memset(set, 0, sizeof(*set));
	set->address.family = space->family;
	memcpy(set->address.addr, address, 16);
	set->range = np_xcalloc(runs, sizeof(*set->range));
	set->ranges = runs;
	for (i = 0; i < runs; i++)
		set->range[i] = run[i].range;
}

/* Of each set of rules the first run that has a free address stands for all of them. */
static void np_diff_space_add(struct np_diff_space *space, struct np_diff_side *side[2],
			      struct np_diff_outside *outside)
{
	struct np_buffer name = { 0 };
	uint8_t address[16];
	size_t i, k, end;

	qsort(space->run, space->runs, sizeof(*space->run), np_diff_run_order);
	for (i = 0; i < space->runs; i = end) {
		for (end = i + 1; end < space->runs &&
		     space->run[end].rules == space->run[i].rules; end++)
			;
		for (k = i; k < end; k++)
			if (np_diff_free_address(space, &space->run[k], address))
				break;
		if (k == end)
			continue;
		name.len = 0;
		np_diff_range_text(&name, space->family, &space->run[k].range);
		if (end - i > 1)
			np_buffer_print(&name, " +%zu", end - i - 1);
		np_diff_outside_pod(side[0], space, name.data, address);
		np_diff_outside_pod(side[1], space, name.data, address);
		if (outside)
			np_diff_outside_note(outside, space, &space->run[i], end - i, address);
	}
	np_buffer_free(&name);
}

void np_diff_outside_list(struct np_diff_side *a, struct np_diff_side *b,
			  struct np_diff_outside *outside)
{
	const struct np_diff_side *const sides[2] = { a, b };
	struct np_diff_side *to[2] = { a, b };
	struct np_diff_edges edges[2] = { 0 };
	struct np_diff_space space[2];
	int v6, s;

	np_diff_edges_make(edges, sides);
	for (v6 = 0; v6 < 2; v6++) {
		space[v6] = (struct np_diff_space) {
			.v6 = v6,
			.family = v6 ? AF_INET6 : AF_INET,
			.edges = edges[v6],
		};
		if (getrandom(&space[v6].key, sizeof(space[v6].key), 0) < 0)
			space[v6].key = (uintptr_t)to;
		np_diff_space_runs(&space[v6]);
		for (s = 0; s < 2; s++)
			np_diff_space_side(&space[v6], sides[s]);
		if (space[v6].pods)
			qsort(space[v6].pod, space[v6].pods, 16, np_diff_bytes_order);
	}
	for (v6 = 0; v6 < 2; v6++) {
		if (space[v6].pods)
			np_diff_space_add(&space[v6], to, outside);
		free(space[v6].run);
		free(space[v6].pod);
	}
	np_diff_edges_free(edges);
}

void np_diff_outside_add(struct np_diff_side *a, struct np_diff_side *b)
{
	np_diff_outside_list(a, b, NULL);
}

void np_diff_outside_free(struct np_diff_outside *outside)
{
	size_t i;

	for (i = 0; i < outside->sets; i++)
		free(outside->set[i].range);
	free(outside->set);
	memset(outside, 0, sizeof(*outside));
}
