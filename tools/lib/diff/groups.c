// SPDX-License-Identifier: GPL-2.0-or-later
/* Groups pods that no policy of two states tells apart. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "diff/edges.h"
#include "diff/groups.h"

/*
 * All that verdicts on a pod depend on, in each state: whether it is judged here, and by which
 * programs; as a peer its identity, which stands for its namespace, for labels that peers of rules
 * name and for named ports; and the place of its address among the blocks. It has no padding.
 */
struct np_diff_key {
	const void *program[2][2][NETPOL_DIRECTIONS];	/* by state and family == AF_INET6 */
	uint32_t identity[2][2];
	uint32_t range[2][2];
	uint32_t present[2];
	uint32_t local[2];
	uint64_t alone;			/* a number of its own, or 0 */
};

struct np_diff_keyed {
	struct np_diff_key key;
	struct np_diff_pod pod;
};

static int np_diff_keyed_names(const void *left, const void *right)
{
	const struct np_diff_keyed *a = left, *b = right;

	return strcmp(a->pod.text, b->pod.text);
}

static int np_diff_keyed_order(const void *left, const void *right)
{
	const struct np_diff_keyed *a = left, *b = right;
	int order = memcmp(&a->key, &b->key, sizeof(a->key));

	return order ? order : strcmp(a->pod.text, b->pod.text);
}

static void np_diff_take_pod(struct np_diff_keyed *to, size_t state, const struct np_pod *pod)
{
	uint32_t i;
	bool v6;

	to->pod.pod[state] = pod;
	for (i = pod->address_count; i--;) {
		v6 = pod->address[i].family == AF_INET6;
		to->pod.address[state][v6] = &pod->address[i];
	}
}

static bool np_diff_wanted(const struct np_pod *pod, const char *const *namespace,
			   size_t namespaces)
{
	size_t i;

	for (i = 0; i < namespaces; i++)
		if (!strcmp(namespace[i], pod->namespace))
			return true;
	return !namespaces || np_diff_is_outside(pod);
}

/* Lists the pods of both states, each once, in order of names. */
static struct np_diff_keyed *np_diff_list(struct np_arena *arena,
					  const struct np_diff_side *const side[2],
					  const char *const *namespace, size_t namespaces,
					  size_t *count)
{
	struct np_diff_keyed *list = NULL, *last;
	const struct np_objects *objs;
	size_t s, rank, i, used = 0, room;
	char *text;

	/* Origins that win come last, because what is taken last is kept. */
	for (s = 0; s < 2; s++)
		for (rank = side[s]->origins; rank--;) {
			objs = &side[s]->origin[rank].objects;
			for (i = 0; i < objs->pod_count; i++) {
				if (!np_diff_wanted(&objs->pods[i], namespace, namespaces))
					continue;
				list = np_array_grow(list, used, sizeof(*list));
				last = &list[used++];
				memset(last, 0, sizeof(*last));
				room = strlen(objs->pods[i].namespace) +
				       strlen(objs->pods[i].name) + 2;
				text = np_arena_alloc(arena, room);
				snprintf(text, room, "%s/%s", objs->pods[i].namespace,
					 objs->pods[i].name);
				last->pod.text = text;
				last->pod.pod[s] = &objs->pods[i];
				last->key.alone = used;
			}
		}
	*count = used;
	return list;
}

/* By name, and in the order in which they were listed. */
static int np_diff_listed_order(const void *left, const void *right)
{
	const struct np_diff_keyed *a = left, *b = right;
	int order = np_diff_keyed_names(left, right);

	return order ? order : a->key.alone < b->key.alone ? -1 : 1;
}

static size_t np_diff_merge(struct np_diff_keyed *list, size_t count)
{
	struct np_diff_keyed *to = NULL;
	const struct np_pod *pod[2];
	size_t i, kept = 0;

	if (count)
		qsort(list, count, sizeof(*list), np_diff_listed_order);
	for (i = 0; i < count; i++) {
		memcpy(pod, list[i].pod.pod, sizeof(pod));
		if (!kept || np_diff_keyed_names(to, &list[i])) {
			to = &list[kept++];
			*to = list[i];
			memset(&to->key, 0, sizeof(to->key));
		}
		if (pod[0]) {
			memset(to->pod.address[0], 0, sizeof(to->pod.address[0]));
			np_diff_take_pod(to, 0, pod[0]);
		} else {
			memset(to->pod.address[1], 0, sizeof(to->pod.address[1]));
			np_diff_take_pod(to, 1, pod[1]);
		}
	}
	return kept;
}

/* An address of a pod, in one state. */
struct np_diff_claim {
	const struct np_address *address;
	size_t pod;
};

static int np_diff_claim_order(const void *left, const void *right)
{
	const struct np_diff_claim *a = left, *b = right;

	return memcmp(a->address, b->address, sizeof(*a->address));
}

/* Whoever shares an address with another pod is like nobody else. */
static void np_diff_shared(struct np_diff_keyed *list, size_t count, size_t state)
{
	struct np_diff_claim *claim = NULL;
	size_t i, claims = 0;
	const struct np_pod *pod;
	uint32_t k;

	for (i = 0; i < count; i++) {
		pod = list[i].pod.pod[state];
		for (k = 0; pod && k < pod->address_count; k++) {
			claim = np_array_grow(claim, claims, sizeof(*claim));
			claim[claims++] = (struct np_diff_claim) { &pod->address[k], i };
		}
	}
	if (claims)
		qsort(claim, claims, sizeof(*claim), np_diff_claim_order);
	for (i = 1; i < claims; i++)
		if (!np_diff_claim_order(&claim[i - 1], &claim[i])) {
			list[claim[i - 1].pod].key.alone = claim[i - 1].pod + 1;
			list[claim[i].pod].key.alone = claim[i].pod + 1;
		}
	free(claim);
}

static void np_diff_key(struct np_diff_keyed *keyed, size_t number, size_t state,
			const struct netpol_snapshot *snapshot, const struct np_diff_edges edges[2])
{
	const struct np_pod *pod = keyed->pod.pod[state];
	const struct np_address *address;
	struct netpol_end end;
	uint32_t bytes[4];
	size_t v6;

	if (!pod)
		return;
	keyed->key.present[state] = 1;
	keyed->key.local[state] = !strcmp(pod->node, NP_DIFF_HERE);
	for (v6 = 0; v6 < 2; v6++) {
		address = keyed->pod.address[state][v6];
		if (!address)
			continue;
		memcpy(bytes, address->addr, sizeof(bytes));
		netpol_resolve(snapshot, address->family, bytes, &end);
		keyed->key.identity[state][v6] = end.identity;
		if (end.local)
			memcpy(keyed->key.program[state][v6], end.local->program,
			       sizeof(keyed->key.program[state][v6]));
		keyed->key.range[state][v6] = 1 + (uint32_t)
			np_diff_edges_before(&edges[v6], address->addr);
		if (!end.identity)
			keyed->key.alone = number + 1;
	}
}

static int np_diff_pods_order(const void *left, const void *right, void *context)
{
	const struct np_diff_pods *a = left, *b = right;
	const struct np_diff_groups *groups = context;

	return strcmp(groups->pod[a->first].text, groups->pod[b->first].text);
}

void np_diff_groups_make(struct np_diff_groups *groups, const struct np_diff_side *const side[2],
			 const struct np_offline world[2], const char *const *namespace,
			 size_t namespaces)
{
	struct np_diff_edges edges[2] = { 0 };
	struct np_diff_keyed *list;
	size_t i, s, count;

	memset(groups, 0, sizeof(*groups));
	list = np_diff_list(&groups->arena, side, namespace, namespaces, &count);
	count = np_diff_merge(list, count);
	np_diff_edges_make(edges, side);
	for (s = 0; s < 2; s++) {
		np_diff_shared(list, count, s);
		for (i = 0; i < count; i++)
			np_diff_key(&list[i], i, s, world[s].world->snapshot, edges);
	}
	if (count)
		qsort(list, count, sizeof(*list), np_diff_keyed_order);
	groups->pod = np_xcalloc(count + 1, sizeof(*groups->pod));
	groups->pods = count;
	for (i = 0; i < count; i++) {
		groups->pod[i] = list[i].pod;
		if (!i || memcmp(&list[i - 1].key, &list[i].key, sizeof(list[i].key))) {
			groups->group = np_array_grow(groups->group, groups->groups,
						      sizeof(*groups->group));
			groups->group[groups->groups++].first = i;
			groups->group[groups->groups - 1].count = 0;
		}
		groups->group[groups->groups - 1].count++;
	}
	if (groups->groups)
		qsort_r(groups->group, groups->groups, sizeof(*groups->group),
			np_diff_pods_order, groups);
	np_diff_edges_free(edges);
	free(list);
}

void np_diff_groups_free(struct np_diff_groups *groups)
{
	free(groups->pod);
	free(groups->group);
	np_arena_free(&groups->arena);
	memset(groups, 0, sizeof(*groups));
}
