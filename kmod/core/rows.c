// SPDX-License-Identifier: GPL-2.0
/*
 * Policies to program, second half: rows. Two identities (or two addresses) belong in one
 * row if the same peers of the same rules match them. To find out, each peer gets a random
 * number of 128 bits, and an identity's signature is the exclusive or of the numbers of its
 * peers: equal signatures, equal rows. The numbers are drawn anew for each program, so no
 * tenant can aim at a collision, and by chance one is out of reach. The work is the sum of
 * the sizes of the peers' sets, not identities times policies.
 */
#include "core/compile_state.h"

/**
 * struct edge - a prefix at which a block begins or stops to match
 * @address: as numbers, so that edges sort by it; IPv4 in the upper half of the first
 * @block: number of the block
 * @length: bits
 * @except: the block stops to match
 */
struct edge {
	u64 address[2];
	u32 block;
	u8 length;
	bool except;
};

static int rows_reserve(struct compile *c)
{
	struct netpol_program *program = c->program;
	u32 i, slot, size = max(16u, c->rows_size * 2);
	struct signature *signature;
	u32 *cell, *row_slot;

	if (program->nrows < c->rows_size)
		return 0;
	if ((u64)program->nrows * program->nclasses >=
	    c->world->limit[NETPOL_LIMIT_CELLS_PER_PROGRAM] ||
	    program->nrows >= NETPOL_ROWS_MAX)
		return netpol_fail(c->fault, -ENOSPC,
				   "policies of namespace %s on one pod: more than %llu cells (%u rows, %u port classes)",
				   program->policy[0]->ns->name,
				   (unsigned long long)
				   c->world->limit[NETPOL_LIMIT_CELLS_PER_PROGRAM],
				   program->nrows, program->nclasses);
	size = min(size, NETPOL_ROWS_MAX);
	signature = netpol_alloc_array(size, sizeof(*signature));
	cell = netpol_alloc_array((size_t)size * program->nclasses, sizeof(*cell));
	row_slot = netpol_alloc_array(roundup_pow_of_two(size) * 2, sizeof(*row_slot));
	if (!signature || !cell || !row_slot) {
		netpol_free(signature);
		netpol_free(cell);
		netpol_free(row_slot);
		return -ENOMEM;
	}
	if (program->nrows) {
		memcpy(signature, c->signature, program->nrows * sizeof(*signature));
		memcpy(cell, program->cell, (size_t)program->nrows *
		       program->nclasses * sizeof(*cell));
	}
	netpol_free(c->signature);
	netpol_free(program->cell);
	netpol_free(c->row_slot);
	c->signature = signature;
	program->cell = cell;
	c->row_slot = row_slot;
	c->rows_size = size;
	c->row_mask = roundup_pow_of_two(size) * 2 - 1;
	for (i = 0; i < program->nrows; i++) {
		slot = signature[i].low & c->row_mask;
		while (row_slot[slot])
			slot = (slot + 1) & c->row_mask;
		row_slot[slot] = i + 1;
	}
	return 0;
}

/* The row of a signature; a new one is still to be filled. */
static int row_get(struct compile *c, struct signature wanted, u32 *row, bool *fresh)
{
	u32 slot;
	int error;

	*fresh = false;
	if (c->row_slot) {
		slot = wanted.low & c->row_mask;
		for (; c->row_slot[slot]; slot = (slot + 1) & c->row_mask) {
			*row = c->row_slot[slot] - 1;
			if (c->signature[*row].low == wanted.low &&
			    c->signature[*row].high == wanted.high)
				return 0;
		}
	}
	error = rows_reserve(c);
	if (error)
		return error;
	*fresh = true;
	*row = c->program->nrows++;
	c->signature[*row] = wanted;
	slot = wanted.low & c->row_mask;
	while (c->row_slot[slot])
		slot = (slot + 1) & c->row_mask;
	c->row_slot[slot] = *row + 1;
	return 0;
}

static void hit_item(struct compile *c, u32 item)
{
	u32 i;

	for (i = c->item_first[item]; i < c->item_first[item + 1]; i++)
		c->hit[c->item_order[i] / 64] |= BIT_ULL(c->item_order[i] % 64);
}

/* First class at or after @class that is not filled; shortens the way for the next. */
static u32 next_class(u32 *next, u32 class)
{
	u32 end = class, step;

	while (next[end] != end)
		end = next[end];
	while (next[class] != end) {
		step = next[class];
		next[class] = end;
		class = step;
	}
	return end;
}

/* Writes the cells of a row whose rules have their bit in @hit; clears the bits. */
void netpol_compile_fill(struct compile *c, u32 row)
{
	const struct netpol_program *program = c->program;
	u32 *cell = program->cell + (size_t)row * program->nclasses;
	u32 word, i, class;

	for (i = 0; i < c->nany; i++)
		c->hit[c->any_order[i] / 64] |= BIT_ULL(c->any_order[i] % 64);
	for (class = 0; class <= program->nclasses; class++)
		c->next[class] = class;
	for (class = 0; class < program->nclasses; class++)
		cell[class] = NETPOL_CELL_NONE;
	for (word = 0; word * 64 < program->norders; word++) {
		while (c->hit[word]) {
			u32 order = word * 64 + __ffs64(c->hit[word]);

			c->hit[word] &= c->hit[word] - 1;
			for (i = c->span_first[order]; i < c->span_first[order + 1]; i++) {
				class = next_class(c->next, c->span[i].first);
				while (class <= c->span[i].last) {
					cell[class] = order << 2 |
						program->order[order].rule->action;
					c->next[class] = class + 1;
					class = next_class(c->next, class + 1);
				}
			}
		}
	}
	cond_resched();
}

/* Signatures of all identities that some peer matches. */
static struct signature *sign_identities(struct compile *c, u32 *count)
{
	const struct netpol_program *program = c->program;
	struct netpol_idset_walk walk;
	struct signature *signature;
	u32 i, number;

	*count = 0;
	for (i = 0; i < program->npeers; i++) {
		const struct netpol_idset *set = &program->peer[i]->set;

		if (set->count)
			*count = max(*count, (set->words[set->count - 1].index + 1) * 64);
	}
	signature = netpol_alloc_array(*count, sizeof(*signature));
	if (!signature)
		return NULL;
	for (i = 0; i < program->npeers; i++) {
		netpol_idset_for_each(&program->peer[i]->set, walk, number) {
			signature[number].low ^= c->number[i].low;
			signature[number].high ^= c->number[i].high;
		}
		cond_resched();
	}
	return signature;
}

static int row_map_set(struct netpol_program *program, u32 identity, u32 row)
{
	u16 **page = &program->rows[identity >> NETPOL_ROWS_SHIFT];

	if (*page == (const u16 *)netpol_zero_page) {
		*page = netpol_alloc_array(NETPOL_ROWS_PAGE, sizeof(u16));
		if (!*page) {
			*page = (u16 *)netpol_zero_page;
			return -ENOMEM;
		}
		program->bytes += NETPOL_ROWS_PAGE * sizeof(u16);
	}
	(*page)[identity & (NETPOL_ROWS_PAGE - 1)] = row;
	return 0;
}

static int map_identities(struct compile *c, const struct signature *signature,
			  u32 count, u32 **example)
{
	struct netpol_program *program = c->program;
	u32 i, row, size = 0, pages = DIV_ROUND_UP(count, NETPOL_ROWS_PAGE);
	bool fresh;
	int error;

	program->rows = netpol_alloc_array(pages, sizeof(*program->rows));
	if (!program->rows)
		return -ENOMEM;
	for (i = 0; i < pages; i++)
		program->rows[i] = (u16 *)netpol_zero_page;
	program->nidentities = pages * NETPOL_ROWS_PAGE;
	for (i = 0; i < count; i++) {
		if (!signature[i].low && !signature[i].high)
			continue;
		error = row_get(c, signature[i], &row, &fresh);
		if (error)
			return error;
		if (row >= size) {
			u32 *larger;

			larger = netpol_alloc_array(max(64u, size * 2),
						    sizeof(*larger));
			if (!larger)
				return -ENOMEM;
			if (size)
				memcpy(larger, *example, size * sizeof(*larger));
			netpol_free(*example);
			*example = larger;
			size = max(64u, size * 2);
		}
		if (fresh)
			(*example)[row] = i;
		error = row_map_set(program, i, row);
		if (error)
			return error;
	}
	return 0;
}

/* Rows of identities. Each row is filled from the peers of one identity that has it. */
static int make_identity_rows(struct compile *c)
{
	struct netpol_program *program = c->program;
	u32 *example = NULL, *first = NULL, *item = NULL;
	struct netpol_idset_walk walk;
	struct signature *signature;
	u32 i, number, row, count;
	int error = -ENOMEM;
	int pass;

	signature = sign_identities(c, &count);
	if (!signature)
		return -ENOMEM;
	error = map_identities(c, signature, count, &example);
	if (error)
		goto out;
	error = -ENOMEM;
	first = netpol_alloc_array(program->nrows + 2, sizeof(*first));
	if (!first)
		goto out;
	/* two passes: count the peers of each row's example, then list them */
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < program->npeers; i++) {
			netpol_idset_for_each(&program->peer[i]->set, walk, number) {
				row = netpol_program_row(program, number);
				if (!row || example[row] != number)
					continue;
				if (pass)
					item[first[row + 1]++] = i;
				else
					first[row + 2]++;
			}
			cond_resched();
		}
		if (pass)
			break;
		for (row = 0; row < program->nrows; row++)
			first[row + 2] += first[row + 1];
		item = netpol_alloc_array(first[program->nrows + 1] + 1, sizeof(*item));
		if (!item)
			goto out;
	}
	for (row = 1; row < program->nrows; row++) {
		for (i = first[row]; i < first[row + 1]; i++)
			hit_item(c, item[i]);
		netpol_compile_fill(c, row);
	}
	error = 0;
out:
	netpol_free(signature);
	netpol_free(example);
	netpol_free(first);
	netpol_free(item);
	return error;
}

/**
 * struct blocks - the walk over the prefixes of one family, outer before inner
 * @edge: where blocks begin or stop to match, sorted by address and length
 * @nedges: how many
 * @spare: room for as many, for sorting
 * @open: how many cidrs (0 or 1) of a block are open
 * @excepts: how many excepts of a block are open
 * @matching: how many blocks of a rule match
 * @before: list of the rules with blocks that match
 * @after: the same
 * @head: its first
 * @signature: of those rules
 */
struct blocks {
	struct edge *edge;
	u32 nedges;
	struct edge *spare;
	u8 *open;
	u32 *excepts;
	u32 *matching;
	u32 *before;
	u32 *after;
	u32 head;
	struct signature signature;
};

#define NO_RULE U32_MAX

/* So many edges are gone over between two offers of the processor to others. */
#define OFFER_EDGES 1024

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

/* Is one prefix inside another one? */
static bool edge_inside(const struct edge *outer, const struct edge *inner)
{
	u32 length = outer->length;

	if (length > 64)
		return outer->address[0] == inner->address[0] &&
		       !((outer->address[1] ^ inner->address[1]) >> (128 - length));
	return !length || !((outer->address[0] ^ inner->address[0]) >> (64 - length));
}

/* The end of the run of sorted edges that begins at @from. */
static u32 run_end(const struct edge *edge, u32 from, u32 count)
{
	u32 end = from + 1;

	while (end < count && !edge_before(&edge[end], &edge[end - 1]))
		if (++end % OFFER_EDGES == 0)
			cond_resched();
	return min(end, count);
}

/* Merges two runs that lie one behind the other into the same place of @to. */
static void merge_runs(const struct edge *edge, u32 from, u32 middle, u32 end, struct edge *to)
{
	u32 left = from, right = middle, at;

	for (at = from; at < end; at++) {
		if (right == end || (left < middle && !edge_before(&edge[right], &edge[left])))
			to[at] = edge[left++];
		else
			to[at] = edge[right++];
		if (at % OFFER_EDGES == 0)
			cond_resched();
	}
}

/*
 * Sorts by merging the runs that are sorted already: people keep long lists in order, so
 * that there are few.
 */
static void sort_edges(struct blocks *blocks)
{
	u32 from, middle, end;

	while (run_end(blocks->edge, 0, blocks->nedges) < blocks->nedges) {
		for (from = 0; from < blocks->nedges; from = end) {
			middle = run_end(blocks->edge, from, blocks->nedges);
			end = middle < blocks->nedges ?
			      run_end(blocks->edge, middle, blocks->nedges) : middle;
			merge_runs(blocks->edge, from, middle, end, blocks->spare);
		}
		swap(blocks->edge, blocks->spare);
	}
}

/* Puts a rule on the list of those that match, or takes it off. */
static void rule_switch(struct compile *c, struct blocks *blocks, u32 rule, bool on)
{
	const struct signature *number = &c->number[c->program->npeers + rule];

	blocks->signature.low ^= number->low;
	blocks->signature.high ^= number->high;
	if (on) {
		blocks->before[rule] = NO_RULE;
		blocks->after[rule] = blocks->head;
		if (blocks->head != NO_RULE)
			blocks->before[blocks->head] = rule;
		blocks->head = rule;
		return;
	}
	if (blocks->before[rule] == NO_RULE)
		blocks->head = blocks->after[rule];
	else
		blocks->after[blocks->before[rule]] = blocks->after[rule];
	if (blocks->after[rule] != NO_RULE)
		blocks->before[blocks->after[rule]] = blocks->before[rule];
}

/* Goes over an edge, inwards or back out. */
static void edge_cross(struct compile *c, struct blocks *blocks, const struct edge *edge,
		       bool inwards)
{
	u32 block = edge->block, rule = c->block[block].rule;
	bool before = blocks->open[block] && !blocks->excepts[block];
	bool after;

	if (edge->except)
		blocks->excepts[block] += inwards ? 1 : -1;
	else
		blocks->open[block] = inwards;
	after = blocks->open[block] && !blocks->excepts[block];
	if (before == after)
		return;
	if (after ? !blocks->matching[rule]++ : !--blocks->matching[rule])
		rule_switch(c, blocks, rule, after);
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

static void collect_edges(const struct compile *c, u8 family, struct edge *edge)
{
	u32 i, j;

	for (i = 0; i < c->nblocks; i++) {
		const struct netpol_block *block = c->block[i].block;

		if (i % OFFER_EDGES == 0)
			cond_resched();
		if (block->family != family)
			continue;
		edge_set(edge++, block->address, block->length, i, false);
		for (j = 0; j < block->nexcepts; j++)
			edge_set(edge++, block->except[j].address, block->except[j].length, i,
				 true);
	}
}

static int address_row(struct compile *c, struct blocks *blocks, u32 *row)
{
	bool fresh;
	u32 rule;
	int error = row_get(c, blocks->signature, row, &fresh);

	if (error || !fresh)
		return error;
	for (rule = blocks->head; rule != NO_RULE; rule = blocks->after[rule])
		hit_item(c, c->program->npeers + rule);
	netpol_compile_fill(c, *row);
	return 0;
}

/*
 * The row of each prefix: what matches an address for which it is the longest one. The
 * edges come outer before inner, so the open ones form a stack; at most one for each
 * length, 129 of them.
 */
static int walk_edges(struct compile *c, struct blocks *blocks,
		      struct netpol_prefix *prefix, u32 *nprefixes)
{
	u32 stack[130], depth = 0, i, j, end;
	int error;

	for (i = 0; i < blocks->nedges; i = end) {
		const struct edge *edge = &blocks->edge[i];
		__be64 word[2];

		while (depth) {
			const struct edge *top = &blocks->edge[stack[depth - 1]];

			if (edge_inside(top, edge))
				break;
			for (j = stack[--depth]; j < blocks->nedges &&
			     edge_same(&blocks->edge[j], top); j++) {
				edge_cross(c, blocks, &blocks->edge[j], false);
				if (j % OFFER_EDGES == 0)
					cond_resched();
			}
		}
		for (end = i; end < blocks->nedges &&
		     edge_same(&blocks->edge[end], edge); end++) {
			edge_cross(c, blocks, &blocks->edge[end], true);
			if (end % OFFER_EDGES == 0)
				cond_resched();
		}
		stack[depth++] = i;
		word[0] = cpu_to_be64(edge->address[0]);
		word[1] = cpu_to_be64(edge->address[1]);
		memcpy(prefix->addr, word, sizeof(prefix->addr));
		prefix->length = edge->length;
		error = address_row(c, blocks, &prefix->row);
		if (error)
			return error;
		prefix++;
		(*nprefixes)++;
	}
	return 0;
}

/* The prefixes of one family and their rows. */
static int make_prefixes(struct compile *c, u8 family, struct blocks *blocks,
			 struct netpol_prefix *prefix, u32 *nprefixes)
{
	int error = -ENOMEM;

	blocks->edge = netpol_alloc_array(blocks->nedges, sizeof(*blocks->edge));
	blocks->spare = netpol_alloc_array(blocks->nedges, sizeof(*blocks->spare));
	if (blocks->edge && blocks->spare) {
		collect_edges(c, family, blocks->edge);
		sort_edges(blocks);
		memset(blocks->open, 0, c->nblocks);
		memset(blocks->excepts, 0, c->nblocks * sizeof(u32));
		memset(blocks->matching, 0, c->nblock_rules * sizeof(u32));
		blocks->head = NO_RULE;
		blocks->signature = (struct signature){ 0, 0 };
		error = walk_edges(c, blocks, prefix, nprefixes);
	}
	netpol_free(blocks->edge);
	netpol_free(blocks->spare);
	return error;
}

/* Rows of the addresses of one family, and their trie. */
static int make_address_rows(struct compile *c, u8 family, struct blocks *blocks)
{
	struct netpol_program *program = c->program;
	struct netpol_prefix *prefix = program->prefix + program->nprefixes[0];
	u32 v6 = family == AF_INET6;
	int error;

	blocks->nedges = c->nedges[v6];
	if (!blocks->nedges)
		return 0;
	error = make_prefixes(c, family, blocks, prefix, &program->nprefixes[v6]);
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
	program->bytes += netpol_trie_bytes(program->trie[v6]);
	return 0;
}

static int make_blocks(struct compile *c)
{
	struct blocks blocks = {};
	int error = -ENOMEM;

	if (!c->nblocks)
		return 0;
	c->program->prefix = netpol_alloc_array(c->nedges[0] + c->nedges[1],
						sizeof(*c->program->prefix));
	blocks.open = netpol_alloc(c->nblocks);
	blocks.excepts = netpol_alloc_array(c->nblocks, sizeof(u32));
	blocks.matching = netpol_alloc_array(c->nblock_rules, sizeof(u32));
	blocks.before = netpol_alloc_array(c->nblock_rules, sizeof(u32));
	blocks.after = netpol_alloc_array(c->nblock_rules, sizeof(u32));
	if (c->program->prefix && blocks.open && blocks.excepts && blocks.matching &&
	    blocks.before && blocks.after)
		error = make_address_rows(c, AF_INET, &blocks);
	if (!error)
		error = make_address_rows(c, AF_INET6, &blocks);
	netpol_free(blocks.open);
	netpol_free(blocks.excepts);
	netpol_free(blocks.matching);
	netpol_free(blocks.before);
	netpol_free(blocks.after);
	return error;
}

/**
 * netpol_compile_rows() - make the rows, their cells, and the maps to them
 * @c: compilation with items, classes and spans
 *
 * Return: 0, -ENOMEM, or -ENOSPC over the limit of cells.
 */
int netpol_compile_rows(struct compile *c)
{
	struct netpol_program *program = c->program;
	u32 row;
	bool fresh;
	int error;

	c->hit = netpol_alloc_array(program->norders / 64 + 1, sizeof(u64));
	c->next = netpol_alloc_array(program->nclasses + 2, sizeof(u32));
	if (!c->hit || !c->next)
		return -ENOMEM;
	error = row_get(c, (struct signature){ 0, 0 }, &row, &fresh);
	if (error)
		return error;
	netpol_compile_fill(c, row);
	error = make_identity_rows(c);
	if (!error)
		error = make_blocks(c);
	program->bytes += (u64)c->rows_size * program->nclasses * sizeof(u32);
	return error;
}

