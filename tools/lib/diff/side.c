// SPDX-License-Identifier: GPL-2.0-or-later
/* The two states that are compared. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "diff/side.h"
#include "object/state.h"

#define NP_DIFF_SNIFF	256	/* bytes at the beginning of a snapshot that tell what it is */

void np_diff_side_init(struct np_diff_side *side, const char *name)
{
	memset(side, 0, sizeof(*side));
	side->name = name;
	np_objects_init(&side->files);
	np_state_init(&side->loaded.state);
}

void np_diff_side_free(struct np_diff_side *side)
{
	size_t i;

	for (i = 0; i < side->origins; i++)
		np_objects_free(&side->origin[i].objects);
	free(side->origin);
	np_objects_free(&side->files);
	np_loaded_free(&side->loaded);
	np_settings_free(&side->loaded_settings);
	np_observe_free(&side->loaded_audits);
	np_snapshot_free(&side->snapshot);
	memset(side, 0, sizeof(*side));
}

/* The order of netpol_origin_wins(). */
static bool np_diff_wins(const char *a, const char *b)
{
	if (!strcmp(a, "kube") || !strcmp(b, "kube"))
		return !strcmp(a, "kube");
	return strcmp(a, b) < 0;
}

/* Returns the objects of an origin. What was returned before may have moved. */
static struct np_diff_origin *np_diff_origin(struct np_diff_side *side, const char *name)
{
	size_t i, at;

	for (at = 0; at < side->origins; at++)
		if (!strcmp(side->origin[at].name, name))
			return &side->origin[at];
	side->origin = np_array_grow(side->origin, side->origins, sizeof(*side->origin));
	for (at = 0; at < side->origins && np_diff_wins(side->origin[at].name, name); at++)
		;
	for (i = side->origins++; i > at; i--)
		side->origin[i] = side->origin[i - 1];
	memset(&side->origin[at], 0, sizeof(side->origin[at]));
	side->origin[at].name = name;
	np_objects_init(&side->origin[at].objects);
	return &side->origin[at];
}

static void np_diff_add_pod(struct np_objects *to, const struct np_pod *pod, bool local,
			    int64_t created)
{
	struct np_pod *copy;

	if (!np_pod_usable(pod))
		return;
	copy = np_objects_add_pod(to);
	*copy = *pod;
	copy->node = local ? NP_DIFF_HERE : "";
	copy->created = created;
}

void np_diff_side_files(struct np_diff_side *side)
{
	struct np_objects *to = &np_diff_origin(side, "manual")->objects;
	const struct np_pod **pod = np_pods_by_arrival(&side->files);
	size_t i;

	side->manifests = true;
	for (i = 0; i < side->files.namespace_count; i++)
		*np_objects_add_namespace(to) = side->files.namespaces[i];
	for (i = 0; i < side->files.pod_count; i++)
		np_diff_add_pod(to, pod[i], true, (int64_t)i + 1);
	for (i = 0; i < side->files.policy_count; i++)
		*np_objects_add_policy(to) = side->files.policies[i];
	free(pod);
}

/* Objects by name, to find those that a plan replaces. */
struct np_diff_names {
	const void **item;
	size_t count;
	int (*compare)(const void *left, const void *right);
};

static int np_diff_order(const char *a, const char *a_name, const char *b, const char *b_name)
{
	int order = strcmp(a, b);

	return order ? order : strcmp(a_name, b_name);
}

static int np_diff_pod_order(const void *left, const void *right)
{
	const struct np_pod *a = *(const struct np_pod * const *)left;
	const struct np_pod *b = *(const struct np_pod * const *)right;

	return np_diff_order(a->namespace, a->name, b->namespace, b->name);
}

static int np_diff_policy_order(const void *left, const void *right)
{
	const struct np_policy *a = *(const struct np_policy * const *)left;
	const struct np_policy *b = *(const struct np_policy * const *)right;

	return np_diff_order(a->namespace, a->name, b->namespace, b->name);
}

static int np_diff_namespace_order(const void *left, const void *right)
{
	const struct np_namespace *a = *(const struct np_namespace * const *)left;
	const struct np_namespace *b = *(const struct np_namespace * const *)right;

	return strcmp(a->name, b->name);
}

static void np_diff_names(struct np_diff_names *names, const void *array, size_t count,
			  size_t size, int (*compare)(const void *left, const void *right))
{
	size_t i;

	names->item = np_xcalloc(count + 1, sizeof(*names->item));
	names->count = count;
	names->compare = compare;
	for (i = 0; i < count; i++)
		names->item[i] = (const char *)array + i * size;
	if (count)
		qsort(names->item, count, sizeof(*names->item), compare);
}

static const void *np_diff_named(const struct np_diff_names *names, const void *wanted)
{
	const void **found;

	if (!names->count)
		return NULL;
	found = bsearch(&wanted, names->item, names->count, sizeof(*names->item),
			names->compare);
	return found ? *found : NULL;
}

/* What a plan says by name; empty without a plan. */
struct np_diff_planned {
	const struct np_plan *plan;
	struct np_diff_names namespaces;
	struct np_diff_names pods;
	struct np_diff_names policies;
};

static void np_diff_planned_init(struct np_diff_planned *planned, const struct np_plan *plan)
{
	const struct np_objects *objs = plan->objects;

	planned->plan = plan;
	np_diff_names(&planned->namespaces, objs->namespaces, objs->namespace_count,
		      sizeof(*objs->namespaces), np_diff_namespace_order);
	np_diff_names(&planned->pods, objs->pods, objs->pod_count, sizeof(*objs->pods),
		      np_diff_pod_order);
	np_diff_names(&planned->policies, objs->policies, objs->policy_count,
		      sizeof(*objs->policies), np_diff_policy_order);
}

static void np_diff_planned_free(struct np_diff_planned *planned)
{
	free(planned->namespaces.item);
	free(planned->pods.item);
	free(planned->policies.item);
}

/* True if a loaded object stays as it is. */
static bool np_diff_stays(const struct np_diff_planned *planned, const char *origin,
			  const struct np_diff_names *names, const void *object)
{
	const struct np_plan *plan = planned->plan;

	if (!plan || strcmp(plan->origin, origin))
		return true;
	return !plan->replace && !np_diff_named(names, object);
}

/* Pods that lost an address come first, as in snapshots. */
static void np_diff_state_pod(struct np_diff_side *side, const struct np_state *state, size_t i)
{
	bool lost = state->pod[i].flags & NETPOL_OBJECT_F_CONFLICT;
	struct np_diff_origin *origin = np_diff_origin(side, state->pod[i].origin);

	if (state->pod[i].flags & NETPOL_OBJECT_F_GONE)
		return;
	np_diff_add_pod(&origin->objects, &state->objects.pods[i], state->pod[i].place.local,
			lost ? 1 : 2);
	origin->loses |= lost;
}

static void np_diff_side_loaded(struct np_diff_side *side, const struct np_state *state,
				const struct np_diff_planned *planned)
{
	const struct np_objects *objs = &state->objects;
	struct np_objects *to;
	const char *origin;
	size_t i;

	side->node = true;
	for (i = 0; i < objs->namespace_count; i++) {
		origin = state->namespace[i].origin;
		to = &np_diff_origin(side, origin)->objects;
		if (np_diff_stays(planned, origin, &planned->namespaces, &objs->namespaces[i]))
			*np_objects_add_namespace(to) = objs->namespaces[i];
	}
	for (i = 0; i < objs->pod_count; i++)
		if (np_diff_stays(planned, state->pod[i].origin, &planned->pods, &objs->pods[i]))
			np_diff_state_pod(side, state, i);
	for (i = 0; i < objs->policy_count; i++) {
		origin = state->policy[i].origin;
		to = &np_diff_origin(side, origin)->objects;
		if (np_diff_stays(planned, origin, &planned->policies, &objs->policies[i]))
			*np_objects_add_policy(to) = objs->policies[i];
	}
}

void np_diff_side_state(struct np_diff_side *side, const struct np_state *state)
{
	const struct np_diff_planned none = { 0 };

	np_diff_side_loaded(side, state, &none);
}

void np_diff_side_plan(struct np_diff_side *side, const struct np_state *state,
		       const struct np_plan *plan)
{
	const struct np_objects *objs = plan->objects;
	const struct np_pod **pod = np_pods_by_arrival(objs);
	const struct np_placement *place;
	struct np_diff_planned planned;
	struct np_objects *to;
	size_t i;

	np_diff_planned_init(&planned, plan);
	np_diff_side_loaded(side, state, &planned);
	np_diff_planned_free(&planned);
	to = &np_diff_origin(side, plan->origin)->objects;
	for (i = 0; i < objs->namespace_count; i++)
		*np_objects_add_namespace(to) = objs->namespaces[i];
	for (i = 0; i < objs->pod_count; i++) {
		place = &plan->place[pod[i] - objs->pods];
		if (!place->own)
			np_diff_add_pod(to, pod[i], place->local, (int64_t)i + 3);
	}
	for (i = 0; i < objs->policy_count; i++)
		*np_objects_add_policy(to) = objs->policies[i];
	free(pod);
}

int np_diff_side_kernel(struct np_diff_side *side, struct np_client *client,
			struct np_error *err)
{
	np_loaded_free(&side->loaded);
	np_settings_free(&side->loaded_settings);
	np_observe_free(&side->loaded_audits);
	if (np_settings_get(client, &side->loaded_settings, err) ||
	    np_loaded_get(client, &side->loaded, err) ||
	    np_observe_get(client, &side->loaded_audits, err))
		return -1;
	side->settings = &side->loaded_settings;
	side->audits = &side->loaded_audits;
	np_diff_side_state(side, &side->loaded.state);
	return 0;
}

bool np_diff_is_snapshot(const char *path)
{
	char head[NP_DIFF_SNIFF + 1];
	ssize_t len;
	int fd;

	if (!strcmp(path, "-"))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	len = pread(fd, head, NP_DIFF_SNIFF, 0);
	close(fd);
	head[len > 0 ? len : 0] = '\0';
	head[strcspn(head, "\n")] = '\0';
	return *head == '{' && strstr(head, "\"kind\":\"Snapshot\"");
}

int np_diff_side_snapshot(struct np_diff_side *side, const char *path, struct np_error *err)
{
	const struct np_snapshot_origin *from;
	struct np_diff_origin *origin;
	char boot[NETPOL_BOOT_ID_MAX + 1];
	size_t i, k;

	/* The local pods of another boot are read only if that boot is named. */
	if (np_snapshot_read(path, "", &side->snapshot, err))
		return -1;
	memcpy(boot, side->snapshot.boot_id, sizeof(boot));
	if (side->snapshot.left_out) {
		np_snapshot_free(&side->snapshot);
		if (np_snapshot_read(path, boot, &side->snapshot, err))
			return -1;
	}
	side->node = true;
	side->settings = &side->snapshot.settings;
	for (i = 0; i < side->snapshot.origin_count; i++) {
		from = &side->snapshot.origin[i];
		if (np_plan_limits(&from->objects, NULL, err))
			return -1;
		origin = np_diff_origin(side, from->name);
		/* Origins whose pods lost an address come first in a snapshot. */
		origin->loses = i + 1 < side->snapshot.origin_count;
		for (k = 0; k < from->objects.namespace_count; k++)
			*np_objects_add_namespace(&origin->objects) = from->objects.namespaces[k];
		for (k = 0; k < from->objects.pod_count; k++)
			np_diff_add_pod(&origin->objects, &from->objects.pods[k],
					from->place[k].local, (int64_t)k + 1);
		for (k = 0; k < from->objects.policy_count; k++)
			*np_objects_add_policy(&origin->objects) = from->objects.policies[k];
	}
	return 0;
}

struct np_objects *np_diff_side_objects(struct np_diff_side *side)
{
	return &np_diff_origin(side, side->origins ? side->origin->name : "manual")->objects;
}

size_t np_diff_side_count(const struct np_diff_side *side, uint8_t object)
{
	size_t i, count = 0;

	for (i = 0; i < side->origins; i++)
		count += object == NETPOL_OBJECT_NAMESPACE ?
				side->origin[i].objects.namespace_count :
			 object == NETPOL_OBJECT_POD ? side->origin[i].objects.pod_count :
						       side->origin[i].objects.policy_count;
	return count;
}

bool np_diff_side_observes(const struct np_diff_side *side, const struct np_policy *policy)
{
	return policy->audit ||
	       (side->audits && policy->tier == NP_TIER_NETWORK_POLICY &&
		np_observe_find(side->audits, policy->namespace, policy->name, ""));
}

bool np_diff_is_outside(const struct np_pod *pod)
{
	return !strcmp(pod->namespace, NP_DIFF_OUTSIDE);
}

bool np_diff_side_has_remote(const struct np_diff_side *side)
{
	size_t i, k;

	for (i = 0; i < side->origins; i++)
		for (k = 0; k < side->origin[i].objects.pod_count; k++)
			if (!*side->origin[i].objects.pods[k].node &&
			    !np_diff_is_outside(&side->origin[i].objects.pods[k]))
				return true;
	return false;
}

bool np_diff_side_borrow(struct np_diff_side *side, const struct np_diff_side *other,
			 uint8_t object)
{
	const struct np_objects *from;
	struct np_diff_origin *origin;
	size_t i, k;

	if (np_diff_side_count(side, object) || !np_diff_side_count(other, object))
		return false;
	for (i = 0; i < other->origins; i++) {
		origin = np_diff_origin(side, other->origin[i].name);
		origin->loses = other->origin[i].loses;
		from = &other->origin[i].objects;
		for (k = 0; object == NETPOL_OBJECT_NAMESPACE && k < from->namespace_count; k++)
			*np_objects_add_namespace(&origin->objects) = from->namespaces[k];
		for (k = 0; object == NETPOL_OBJECT_POD && k < from->pod_count; k++)
			*np_objects_add_pod(&origin->objects) = from->pods[k];
	}
	if (object == NETPOL_OBJECT_POD)
		side->node = other->node;
	return true;
}

/* The pod of this name, of the origin that wins. */
static const struct np_pod *np_diff_find_pod(const struct np_diff_names *names, size_t origins,
					     const struct np_pod *pod)
{
	const struct np_pod *found;
	size_t i;

	for (i = 0; i < origins; i++) {
		found = np_diff_named(&names[i], pod);
		if (found)
			return found;
	}
	return NULL;
}

void np_diff_side_align(struct np_diff_side *a, struct np_diff_side *b)
{
	struct np_diff_side *node = a->node ? a : b, *files = a->node ? b : a;
	const struct np_pod *other;
	struct np_diff_names *names;
	struct np_objects *objs;
	size_t i, k;

	if (a->node == b->node)
		return;
	names = np_xcalloc(node->origins + 1, sizeof(*names));
	for (i = 0; i < node->origins; i++)
		np_diff_names(&names[i], node->origin[i].objects.pods,
			      node->origin[i].objects.pod_count, sizeof(struct np_pod),
			      np_diff_pod_order);
	for (i = 0; i < files->origins; i++) {
		objs = &files->origin[i].objects;
		for (k = 0; k < objs->pod_count; k++) {
			other = np_diff_find_pod(names, node->origins, &objs->pods[k]);
			if (other)
				objs->pods[k].node = other->node;
		}
	}
	for (i = 0; i < node->origins; i++)
		free(names[i].item);
	free(names);
}
