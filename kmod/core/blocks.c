// SPDX-License-Identifier: GPL-2.0
/* Rows by address; see blocks.h. */
#include "core/blocks.h"
#include "core/compile_state.h"
#include "core/rows.h"

/**
 * struct edge - a prefix inside which a block begins to match, or stops
 * @address: the address as two numbers, so that edges sort by it; an IPv4 address is in the
 *	upper half of the first
 * @block: number of the block in the compilation
 * @length: length of the prefix
 * @except: the prefix is an except, inside which the block stops to match
 */
struct edge {
	u64 address[2];
	u32 block;
	u8 length;
	bool except;
};

/**
 * struct sweep - the walk over the edges of one family, outer before inner
 * @edge: edges, sorted by address and length
 * @nedges: how many
 * @spare: room for as many edges, for sorting
 * @open: for each block, whether the sweep is inside its prefix (0 or 1)
 * @excepts: for each block, inside how many of its excepts the sweep is
 * @matching: for each rule with blocks, how many of its blocks match here
 * @before: for each rule with blocks that match here, the one before it in the list of these
 *	rules, or NO_RULE
 * @after: likewise the one after it
 * @head: the first rule of that list, or NO_RULE
 * @signature: signature of the rules in that list
 */
struct sweep {
	struct edge *edge;
	u32 nedges;
	struct edge *spare;
	u8 *open;
	u32 *excepts;
	u32 *matching;
	u32 *before;
	u32 *after;
	u32 head;
	struct netpol_signature signature;
};

#define NO_RULE U32_MAX

/* cond_resched() is called once in so many edges. */
#define RESCHED_EDGES 1024

static bool edge_before(const struct edge *a, const struct edge *b)
{
	if (a->address[0] != b->address[0])
		return a->address[0] < b->address[0];
	if (a->address[1] != b->address[1])
		return a->address[1] < b->address[1];
	return a->length < b->length;
}

static bool edge_same(const struct edge *a, const struct edge *b)
{
	return a->length == b->length && a->address[0] == b->address[0] &&
	       a->address[1] == b->address[1];
}

/* Is @inner inside @outer, or the same prefix? It must not sort before it. */
static bool edge_inside(const struct edge *outer, const struct edge *inner)
{
	u32 length = outer->length;

	if (length > 64)
		return outer->address[0] == inner->address[0] &&
		       !((outer->address[1] ^ inner->address[1]) >> (128 - length));
	return !length || !((outer->address[0] ^ inner->address[0]) >> (64 - length));
}

/* The end of the run of sorted edges that begins at @from: the number of the edge after it. */
static u32 run_end(const struct edge *edge, u32 from, u32 count)
{
	u32 end = from + 1;

	while (end < count && !edge_before(&edge[end], &edge[end - 1]))
		if (++end % RESCHED_EDGES == 0)
			cond_resched();
	return min(end, count);
}

/* Merges the runs [@from, @middle) and [@middle, @end) into the same positions of @to. */
static void merge_runs(const struct edge *edge, u32 from, u32 middle, u32 end, struct edge *to)
{
	u32 left = from, right = middle, at;

	for (at = from; at < end; at++) {
		if (right == end || (left < middle && !edge_before(&edge[right], &edge[left])))
			to[at] = edge[left++];
		else
			to[at] = edge[right++];
		if (at % RESCHED_EDGES == 0)
			cond_resched();
	}
}

/*
 * Natural merge sort: merges the runs that are sorted already. People keep long lists of
 * blocks in order, so that there are few runs.
 */
static void sort_edges(struct sweep *sweep)
{
	u32 from, middle, end;

	while (run_end(sweep->edge, 0, sweep->nedges) < sweep->nedges) {
		for (from = 0; from < sweep->nedges; from = end) {
			middle = run_end(sweep->edge, from, sweep->nedges);
			end = middle < sweep->nedges ?
			      run_end(sweep->edge, middle, sweep->nedges) : middle;
			merge_runs(sweep->edge, from, middle, end, sweep->spare);
		}
		swap(sweep->edge, sweep->spare);
	}
}

/* Puts a rule on the list of rules that match here, or takes it off. */
static void rule_switch(struct netpol_compile *c, struct sweep *sweep, u32 rule, bool on)
{
	const struct netpol_signature *random = &c->item_random[c->program->npeers + rule];

	sweep->signature.low ^= random->low;
	sweep->signature.high ^= random->high;
	if (on) {
		sweep->before[rule] = NO_RULE;
		sweep->after[rule] = sweep->head;
		if (sweep->head != NO_RULE)
			sweep->before[sweep->head] = rule;
		sweep->head = rule;
		return;
	}
	if (sweep->before[rule] == NO_RULE)
		sweep->head = sweep->after[rule];
	else
		sweep->after[sweep->before[rule]] = sweep->after[rule];
	if (sweep->after[rule] != NO_RULE)
		sweep->before[sweep->after[rule]] = sweep->before[rule];
}

/* The sweep enters the prefix of an edge, or leaves it. */
static void edge_cross(struct netpol_compile *c, struct sweep *sweep, const struct edge *edge,
		       bool inwards)
{
	u32 block = edge->block, rule = c->block[block].rule;
	bool before = sweep->open[block] && !sweep->excepts[block];
	bool after;

	if (edge->except)
		sweep->excepts[block] += inwards ? 1 : -1;
	else
		sweep->open[block] = inwards;
	after = sweep->open[block] && !sweep->excepts[block];
	if (before == after)
		return;
	if (after ? !sweep->matching[rule]++ : !--sweep->matching[rule])
		rule_switch(c, sweep, rule, after);
}

static void edge_set(struct edge *edge, const u8 address[16], u8 length, u32 block, bool except)
{
	__be64 word[2];

	memcpy(word, address, sizeof(word));
	edge->address[0] = be64_to_cpu(word[0]);
	edge->address[1] = be64_to_cpu(word[1]);
	edge->length = length;
	edge->block = block;
	edge->except = except;
}

static void collect_edges(const struct netpol_compile *c, u8 family, struct edge *edge)
{
	u32 i, j, at = 0;

	for (i = 0; i < c->nblocks; i++) {
		const struct netpol_block *block = c->block[i].block;

		netpol_offer(at++);
		if (block->family != family)
			continue;
		edge_set(edge++, block->address, block->length, i, false);
		for (j = 0; j < block->nexcepts; j++) {
			edge_set(edge++, block->except[j].address, block->except[j].length, i,
				 true);
			netpol_offer(at++);
		}
	}
}

/* The row of the rules that match here; a new one is filled. */
static int address_row(struct netpol_compile *c, struct sweep *sweep, u32 *row)
{
	bool fresh;
	u32 rule;
	int error = netpol_row_get(c, &sweep->signature, row, &fresh);

	if (error || !fresh)
		return error;
	for (rule = sweep->head; rule != NO_RULE; rule = sweep->after[rule])
		netpol_row_hit(c, c->program->npeers + rule);
	return netpol_row_fill(c);
}

/*
 * Finds the row of each prefix, which is the row of the addresses for which it is the longest
 * one. Edges come outer before inner, so the prefixes around the present one form a stack, of
 * at most one for each length from 0 to 128. An entry of the stack is the number of the
 * first of the edges that have this prefix.
 */
static int walk_edges(struct netpol_compile *c, struct sweep *sweep,
		      struct netpol_prefix *prefix, u32 *nprefixes)
{
	u32 stack[129], depth = 0, i, j, end;
	int error;

	for (i = 0; i < sweep->nedges; i = end) {
		const struct edge *edge = &sweep->edge[i];
		__be64 word[2];

		while (depth) {
			const struct edge *top = &sweep->edge[stack[depth - 1]];

			if (edge_inside(top, edge))
				break;
			for (j = stack[--depth]; j < sweep->nedges &&
			     edge_same(&sweep->edge[j], top); j++) {
				edge_cross(c, sweep, &sweep->edge[j], false);
				if (j % RESCHED_EDGES == 0)
					cond_resched();
			}
		}
		for (end = i; end < sweep->nedges &&
		     edge_same(&sweep->edge[end], edge); end++) {
			edge_cross(c, sweep, &sweep->edge[end], true);
			if (end % RESCHED_EDGES == 0)
				cond_resched();
		}
		stack[depth++] = i;
		word[0] = cpu_to_be64(edge->address[0]);
		word[1] = cpu_to_be64(edge->address[1]);
		memcpy(prefix->addr, word, sizeof(prefix->addr));
		prefix->length = edge->length;
		error = address_row(c, sweep, &prefix->row);
		if (error)
			return error;
		prefix++;
		(*nprefixes)++;
	}
	return 0;
}

/* Makes the prefixes of one family, with their rows. */
static int make_prefixes(struct netpol_compile *c, u8 family, struct sweep *sweep,
			 struct netpol_prefix *prefix, u32 *nprefixes)
{
	int error = -ENOMEM;

	sweep->edge = netpol_alloc_array(sweep->nedges, sizeof(*sweep->edge));
	sweep->spare = netpol_alloc_array(sweep->nedges, sizeof(*sweep->spare));
	if (sweep->edge && sweep->spare) {
		collect_edges(c, family, sweep->edge);
		sort_edges(sweep);
		memset(sweep->open, 0, c->nblocks);
		memset(sweep->excepts, 0, c->nblocks * sizeof(u32));
		memset(sweep->matching, 0, c->nblock_rules * sizeof(u32));
		sweep->head = NO_RULE;
		sweep->signature = (struct netpol_signature){ 0, 0 };
		error = walk_edges(c, sweep, prefix, nprefixes);
	}
	netpol_free(sweep->edge);
	netpol_free(sweep->spare);
	return error;
}

/* Makes the rows of the addresses of one family, and the trie that leads to them. */
static int make_address_rows(struct netpol_compile *c, u8 family, struct sweep *sweep)
{
	struct netpol_program *program = c->program;
	struct netpol_prefix *prefix = program->prefix + program->nprefixes[0];
	u32 v6 = family == AF_INET6;
	int error;

	sweep->nedges = c->nedges[v6];
	if (!sweep->nedges)
		return 0;
	error = make_prefixes(c, family, sweep, prefix, &program->nprefixes[v6]);
	if (error)
		return error;
	if (program->nprefixes[v6] == 1 && !prefix->length) {
		program->address_row[v6] = prefix->row;
		return 0;
	}
	program->trie[v6] = netpol_trie_build(family, prefix, program->nprefixes[v6], 0,
					      &error);
	if (!program->trie[v6])
		return error;
	return netpol_compile_charge(c, netpol_trie_bytes(program->trie[v6]));
}

int netpol_compile_blocks(struct netpol_compile *c)
{
	struct sweep sweep = {};
	int error;

	if (!c->nblocks)
		return 0;
	error = netpol_compile_charge(c, (u64)(c->nedges[0] + c->nedges[1]) *
				      sizeof(*c->program->prefix));
	if (error)
		return error;
	error = -ENOMEM;
	c->program->prefix = netpol_alloc_array(c->nedges[0] + c->nedges[1],
						sizeof(*c->program->prefix));
	sweep.open = netpol_alloc(c->nblocks);
	sweep.excepts = netpol_alloc_array(c->nblocks, sizeof(u32));
	sweep.matching = netpol_alloc_array(c->nblock_rules, sizeof(u32));
	sweep.before = netpol_alloc_array(c->nblock_rules, sizeof(u32));
	sweep.after = netpol_alloc_array(c->nblock_rules, sizeof(u32));
	if (c->program->prefix && sweep.open && sweep.excepts && sweep.matching &&
	    sweep.before && sweep.after)
		error = make_address_rows(c, AF_INET, &sweep);
	if (!error)
		error = make_address_rows(c, AF_INET6, &sweep);
	netpol_free(sweep.open);
	netpol_free(sweep.excepts);
	netpol_free(sweep.matching);
	netpol_free(sweep.before);
	netpol_free(sweep.after);
	return error;
}
