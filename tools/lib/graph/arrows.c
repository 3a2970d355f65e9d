// SPDX-License-Identifier: GPL-2.0-or-later
/* The arrows of a drawing. */
#include "graph/arrows.h"

#include <stdlib.h>
#include <string.h>
#include <linux/netpol.h>

#include "base/alloc.h"
#include "graph/ranges.h"

/* What one workload lets pass to another one. */
struct np_arrow_pair {
	size_t from;
	size_t to;
	size_t label;
};

/**
 * struct np_arrow_ends - workloads that somebody reaches by one label
 * @hash: of all that follows
 * @label: number
 * @uses: how many sources could have it
 * @arrow: index of its arrow, or SIZE_MAX
 * @to: indexes of workloads, in order
 * @tos: how many
 */
struct np_arrow_ends {
	uint32_t hash;
	size_t label;
	size_t uses;
	size_t arrow;
	const size_t *to;
	size_t tos;
};

/* Addresses of the world that somebody reaches, or is reached from, by one label. */
struct np_arrow_world {
	uint32_t hash;
	size_t label;
	bool leaves;
	const char *addresses;
	size_t arrow;
};

/**
 * struct np_arrows_run - the search for arrows
 * @arrows: what is found
 * @passes: of each label
 * @pair: all pairs
 * @pairs: how many
 * @ends: sets of ends
 * @world: addresses of the world
 * @buffer: room for one set
 */
struct np_arrows_run {
	struct np_arrows *arrows;
	struct np_passes (*passes)[2];
	struct np_arrow_pair *pair;
	size_t pairs;
	struct np_hash ends;
	struct np_hash world;
	size_t *buffer;
};

static size_t np_arrow_label(struct np_arrows_run *run, const struct np_passes passes[2])
{
	size_t i;

	for (i = 0; i < run->arrows->labels; i++)
		if (np_passes_same(run->passes[i], passes))
			return i;
	run->passes = np_array_grow(run->passes, i, sizeof(*run->passes));
	memcpy(run->passes[i], passes, sizeof(*run->passes));
	run->arrows->labels++;
	return i;
}

static void np_arrow_draw(struct np_arrows *arrows, size_t workload)
{
	arrows->drawns += !arrows->drawn[workload];
	arrows->drawn[workload] = true;
}

/* Adds the pairs of one side of an item; those that come from items are known from there. */
static void np_arrow_pairs(struct np_arrows_run *run, size_t workload,
			   const struct np_exposure_list *list, bool leaves)
{
	const struct np_exposure_peers *peers;
	struct np_arrow_pair *pair;
	size_t i, k, label;

	for (i = 0; i < list->items; i++) {
		peers = &list->item[i];
		label = np_arrow_label(run, peers->passes);
		for (k = 0; k < peers->count; k++) {
			if (!leaves && run->arrows->item[peers->peer[k]] != SIZE_MAX)
				continue;
			run->pair = np_array_grow(run->pair, run->pairs, sizeof(*pair));
			pair = &run->pair[run->pairs++];
			pair->from = leaves ? workload : peers->peer[k];
			pair->to = leaves ? peers->peer[k] : workload;
			pair->label = label;
			np_arrow_draw(run->arrows, peers->peer[k]);
		}
	}
}

static int np_arrow_pair_order(const void *left, const void *right)
{
	const struct np_arrow_pair *a = left, *b = right;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	if (a->label != b->label)
		return a->label < b->label ? -1 : 1;
	return a->to < b->to ? -1 : a->to > b->to;
}

bool np_arrows_itself(const struct np_arrows *arrows, size_t workload)
{
	return arrows->exposure->workloads->item[workload].pods > 1;
}

size_t np_arrows_namespace_end(const struct np_arrows *arrows, size_t first)
{
	const struct np_workloads *all = arrows->exposure->workloads;
	size_t end;

	for (end = first + 1; end < all->count &&
	     !strcmp(all->item[end].namespace, all->item[first].namespace); end++)
		;
	return end;
}

static bool np_arrow_ends_match(const void *record, const void *key)
{
	const struct np_arrow_ends *a = record, *b = key;

	return a->label == b->label && a->tos == b->tos &&
	       !memcmp(a->to, b->to, a->tos * sizeof(*a->to));
}

/* Finds a set of ends, which is kept. */
static struct np_arrow_ends *np_arrow_ends(struct np_arrows_run *run, size_t label,
					   const size_t *to, size_t tos)
{
	struct np_arrow_ends key = { .label = label, .to = to, .tos = tos }, *ends;
	uint32_t hash = np_hash_bytes((uint32_t)label, to, tos * sizeof(*to));
	size_t *copy;

	ends = np_hash_find(&run->ends, hash, np_arrow_ends_match, &key);
	if (ends)
		return ends;
	ends = np_arena_zalloc(&run->arrows->arena, sizeof(*ends));
	copy = np_arena_alloc(&run->arrows->arena, tos * sizeof(*copy));
	memcpy(copy, to, tos * sizeof(*copy));
	*ends = key;
	ends->hash = hash;
	ends->arrow = SIZE_MAX;
	ends->to = copy;
	np_hash_add(&run->ends, ends);
	return ends;
}

/*
 * The ends of a run of pairs. Nothing is said of a source of one pod and itself, so it may also be
 * among the ends, as it must be to be like its neighbours if all of them reach each other.
 */
static struct np_arrow_ends *np_arrow_run_ends(struct np_arrows_run *run, size_t first, size_t end,
					       bool itself)
{
	size_t from = run->pair[first].from, i, count = 0;

	for (i = first; i < end; i++) {
		if (itself && run->pair[i].to > from) {
			run->buffer[count++] = from;
			itself = false;
		}
		run->buffer[count++] = run->pair[i].to;
	}
	if (itself)
		run->buffer[count++] = from;
	return np_arrow_ends(run, run->pair[first].label, run->buffer, count);
}

/* Adds a source to an arrow, which is a new one for the first source. */
static void np_arrow_add(struct np_arrow **list, size_t *count, size_t *number,
			 const struct np_arrow *like, size_t from)
{
	struct np_arrow *arrow;

	if (*number == SIZE_MAX) {
		*list = np_array_grow(*list, *count, sizeof(**list));
		*number = (*count)++;
		(*list)[*number] = *like;
	}
	arrow = &(*list)[*number];
	arrow->from = np_array_grow(arrow->from, arrow->froms, sizeof(*arrow->from));
	arrow->from[arrow->froms++] = from;
}

/* First the sets of ends are counted, then each source takes the one that most could have. */
static void np_arrow_join(struct np_arrows_run *run, bool count)
{
	struct np_arrows *arrows = run->arrows;
	struct np_arrow_ends *plain, *other;
	struct np_arrow like = { 0 };
	size_t i, end, from;

	for (i = 0; i < run->pairs; i = end) {
		from = run->pair[i].from;
		for (end = i; end < run->pairs && run->pair[end].from == from &&
		     run->pair[end].label == run->pair[i].label; end++)
			;
		plain = np_arrow_run_ends(run, i, end, false);
		other = np_arrows_itself(run->arrows, from) ? plain :
			np_arrow_run_ends(run, i, end, true);
		if (count) {
			plain->uses++;
			other->uses += other != plain;
		} else {
			if (other->uses > plain->uses)
				plain = other;
			like.label = plain->label;
			memcpy(like.passes, run->passes[like.label], sizeof(like.passes));
			like.to = plain->to;
			like.tos = plain->tos;
			np_arrow_add(&arrows->arrow, &arrows->arrows, &plain->arrow, &like, from);
		}
	}
}

static int np_arrows_too_many(const struct np_arrows *arrows, struct np_error *err)
{
	if (arrows->drawns <= NP_ARROWS_WORKLOADS_MAX)
		return 0;
	np_error_set(err, NP_EXIT_INPUT, "there are more than %u workloads, which is more than can "
		     "be drawn", NP_ARROWS_WORKLOADS_MAX);
	np_error_hint(err, "ask for some namespaces or workloads, as in: netpolctl graph shop "
		      "-f FILE");
	return -1;
}

static void np_arrows_namespaces(struct np_arrows *arrows)
{
	const struct np_workload *of = arrows->exposure->workloads->item;
	const char *last = "";
	size_t i;

	for (i = 0; i < arrows->exposure->workloads->count; i++) {
		if (!arrows->drawn[i])
			continue;
		arrows->namespaces += !!strcmp(of[i].namespace, last);
		last = of[i].namespace;
	}
}

static void np_arrow_item_pairs(struct np_arrows_run *run, const struct np_exposed *item)
{
	uint8_t side;

	for (side = 0; side < 2; side++) {
		np_arrow_pairs(run, item->workload, &item->side[side].others,
			       side == NETPOL_DIRECTION_EGRESS);
		np_arrow_pairs(run, item->workload, &item->side[side].own,
			       side == NETPOL_DIRECTION_EGRESS);
	}
}

static bool np_arrow_world_match(const void *record, const void *key)
{
	const struct np_arrow_world *a = record, *b = key;

	return a->label == b->label && a->leaves == b->leaves &&
	       !strcmp(a->addresses, b->addresses);
}

/* Finds addresses of the world, which are kept. */
static struct np_arrow_world *np_arrow_world(struct np_arrows_run *run, size_t label, bool leaves,
					     const struct np_buffer *addresses)
{
	struct np_arrow_world key = { .label = label, .leaves = leaves, .arrow = SIZE_MAX }, *world;
	uint32_t hash = np_hash_bytes((uint32_t)(2 * label + leaves), addresses->data,
				      addresses->len);

	key.addresses = addresses->data;
	world = np_hash_find(&run->world, hash, np_arrow_world_match, &key);
	if (world)
		return world;
	world = np_arena_zalloc(&run->arrows->arena, sizeof(*world));
	*world = key;
	world->hash = hash;
	world->addresses = np_arena_memdup(&run->arrows->arena, addresses->data, addresses->len);
	np_hash_add(&run->world, world);
	return world;
}

static void np_arrow_item_world(struct np_arrows_run *run, const struct np_exposed *item)
{
	struct np_arrows *arrows = run->arrows;
	const struct np_exposure_peers *peers;
	struct np_buffer addresses = { 0 };
	struct np_arrow_world *world;
	struct np_arrow like = { 0 };
	uint8_t side;
	size_t i;

	for (side = 0; side < 2; side++)
		for (i = 0; i < item->side[side].world.items; i++) {
			peers = &item->side[side].world.item[i];
			memcpy(like.passes, peers->passes, sizeof(like.passes));
			like.label = np_arrow_label(run, peers->passes);
			like.leaves = side == NETPOL_DIRECTION_EGRESS;
			addresses.len = 0;
			np_exposure_ranges_text(&addresses, arrows->exposure, item, peers);
			world = np_arrow_world(run, like.label, like.leaves, &addresses);
			like.addresses = world->addresses;
			np_arrow_add(&arrows->world, &arrows->worlds, &world->arrow, &like,
				     item->workload);
		}
	np_buffer_free(&addresses);
}

int np_arrows_make(struct np_arrows *arrows, const struct np_exposure *exposure,
		   struct np_error *err)
{
	size_t count = exposure->workloads->count, i;
	struct np_arrows_run run = { .arrows = arrows };

	memset(arrows, 0, sizeof(*arrows));
	arrows->exposure = exposure;
	arrows->item = np_xcalloc(count + 1, sizeof(*arrows->item));
	arrows->drawn = np_xcalloc(count + 1, sizeof(*arrows->drawn));
	memset(arrows->item, 0xff, count * sizeof(*arrows->item));
	for (i = 0; i < exposure->items; i++) {
		arrows->item[exposure->item[i].workload] = i;
		np_arrow_draw(arrows, exposure->item[i].workload);
	}
	for (i = 0; i < exposure->items && arrows->drawns <= NP_ARROWS_WORKLOADS_MAX; i++)
		np_arrow_item_pairs(&run, &exposure->item[i]);
	if (!np_arrows_too_many(arrows, err)) {
		run.buffer = np_xcalloc(count + 1, sizeof(*run.buffer));
		if (run.pairs)
			qsort(run.pair, run.pairs, sizeof(*run.pair), np_arrow_pair_order);
		np_arrow_join(&run, true);
		np_arrow_join(&run, false);
		for (i = 0; i < exposure->items; i++)
			np_arrow_item_world(&run, &exposure->item[i]);
		np_arrows_namespaces(arrows);
	}
	np_hash_free(&run.world);
	np_hash_free(&run.ends);
	free(run.passes);
	free(run.pair);
	free(run.buffer);
	return arrows->drawns > NP_ARROWS_WORKLOADS_MAX ? -1 : 0;
}

void np_arrows_free(struct np_arrows *arrows)
{
	size_t i;

	for (i = 0; i < arrows->arrows; i++)
		free(arrows->arrow[i].from);
	for (i = 0; i < arrows->worlds; i++)
		free(arrows->world[i].from);
	free(arrows->arrow);
	free(arrows->world);
	free(arrows->item);
	free(arrows->drawn);
	np_arena_free(&arrows->arena);
	memset(arrows, 0, sizeof(*arrows));
}
