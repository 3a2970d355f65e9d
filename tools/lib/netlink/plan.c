// SPDX-License-Identifier: GPL-2.0-or-later
/* Decides what is sent, from the input and from what is loaded. */
#include "netlink/plan.h"
#include "object/digest.h"

#include <stdlib.h>
#include <string.h>

static int np_plan_beyond(const char *kind, const char *namespace, const char *name,
			  const struct np_place *place, uint32_t count, const char *what,
			  uint32_t limit, struct np_error *err)
{
	const char *slash = *namespace ? "/" : "";

	np_error_set(err, NP_EXIT_INPUT, "has %u %s, the kernel takes at most %u", count, what,
		     limit);
	if (place->file && place->line)
		np_error_place(err, place->file, place->line, place->column);
	snprintf(err->object, sizeof(err->object), "%s %s%s%s", kind, namespace, slash, name);
	return -1;
}

static int np_plan_pod_limits(const struct np_pod *pod, struct np_error *err)
{
	const struct {
		const char *what;
		uint32_t count;
		uint32_t limit;
	} bound[] = {
		{ "addresses", pod->address_count, NP_POD_ADDRESSES },
		{ "labels", pod->labels.count, NP_OBJECT_LABELS },
		{ "named ports", pod->port_count, NP_POD_PORTS },
	};
	size_t i;

	for (i = 0; i < sizeof(bound) / sizeof(bound[0]); i++)
		if (bound[i].count > bound[i].limit)
			return np_plan_beyond("Pod", pod->namespace, pod->name, &pod->place,
					      bound[i].count, bound[i].what, bound[i].limit,
					      err);
	return 0;
}

static int np_plan_namespace_limits(const struct np_namespace *ns, struct np_error *err)
{
	if (ns->labels.count <= NP_OBJECT_LABELS)
		return 0;
	return np_plan_beyond("Namespace", "", ns->name, &ns->place, ns->labels.count, "labels",
			      NP_OBJECT_LABELS, err);
}

int np_plan_limits(const struct np_objects *objs, struct np_errors *errors, struct np_error *err)
{
	size_t i, count = objs->namespace_count + objs->pod_count;
	const struct np_pod *pod;
	int ret = 0;

	for (i = 0; (!ret || errors) && i < count; i++) {
		pod = i < objs->namespace_count ? NULL : &objs->pods[i - objs->namespace_count];
		if (pod && !np_pod_usable(pod))
			continue;
		if (!(pod ? np_plan_pod_limits(pod, err) :
			    np_plan_namespace_limits(&objs->namespaces[i], err)))
			continue;
		ret = -1;
		if (errors)
			np_errors_add(errors, err);
	}
	return ret;
}

struct np_placement *np_plan_loaded(const struct np_objects *objs, struct np_loaded *loaded,
				    const char *origin)
{
	struct np_placement *place = np_xcalloc(objs->pod_count + 1, sizeof(*place));
	uint8_t uid[NETPOL_UID_LEN];
	struct np_loaded_item *item;
	const struct np_pod *pod;
	size_t i;

	for (i = 0; i < objs->pod_count; i++) {
		pod = &objs->pods[i];
		item = np_loaded_find(loaded, NETPOL_OBJECT_POD, pod->namespace, pod->name,
				      origin);
		if (!item)
			continue;
		np_uid_bytes(pod->uid, uid);
		if (item->pod->place.local && !(item->pod->flags & NETPOL_OBJECT_F_GONE) &&
		    !memcmp(uid, item->pod->uid, sizeof(uid)))
			place[i] = item->pod->place;
	}
	return place;
}

static int np_plan_pod_compare(const void *left, const void *right)
{
	const struct np_pod *a = *(const struct np_pod *const *)left;
	const struct np_pod *b = *(const struct np_pod *const *)right;
	int ret = strcmp(a->namespace, b->namespace);

	return ret ? ret : strcmp(a->name, b->name);
}

size_t *np_plan_others(const struct np_plan *plan, const struct np_loaded *loaded, size_t *count)
{
	const struct np_objects *objs = plan->objects;
	const struct np_pod **pod = np_xcalloc(objs->pod_count + 1, sizeof(*pod));
	const struct np_loaded_item *item;
	size_t *others = NULL;
	size_t i;

	*count = 0;
	for (i = 0; i < objs->pod_count; i++)
		pod[i] = &objs->pods[i];
	if (objs->pod_count)
		qsort(pod, objs->pod_count, sizeof(*pod), np_plan_pod_compare);
	for (i = 0; i < loaded->count; i++) {
		struct np_pod want = { 0 };
		const struct np_pod *key = &want;

		item = &loaded->item[i];
		if (item->object != NETPOL_OBJECT_POD || !item->pod->place.local ||
		    item->pod->flags & NETPOL_OBJECT_F_GONE ||
		    (plan->replace && !strcmp(item->origin, plan->origin)))
			continue;
		want.namespace = item->namespace;
		want.name = item->name;
		if (objs->pod_count && bsearch(&key, pod, objs->pod_count, sizeof(*pod),
					       np_plan_pod_compare))
			continue;
		others = np_array_grow(others, *count, sizeof(*others));
		others[(*count)++] = item->pod - loaded->state.pod;
	}
	free(pod);
	return others;
}

/* Returns how many policies are ClusterNetworkPolicies. */
static size_t np_plan_cluster(const struct np_objects *objs)
{
	size_t count = 0, i;

	for (i = 0; i < objs->policy_count; i++)
		count += objs->policies[i].tier != NP_TIER_NETWORK_POLICY;
	return count;
}

int np_plan_kinds(const struct np_plan *plan, const struct np_loaded *loaded,
		  struct np_error *err)
{
	const struct np_objects *objs = plan->objects;
	size_t cluster = np_plan_cluster(objs);
	const struct {
		const char *what;
		uint8_t object;
		bool wide;	/* they are in no namespace */
		size_t given;
	} kind[] = {
		{ "network policies", NETPOL_OBJECT_POLICY, false, objs->policy_count - cluster },
		{ "cluster network policies", NETPOL_OBJECT_POLICY, true, cluster },
		{ "pods", NETPOL_OBJECT_POD, false, objs->pod_count },
		{ "namespaces", NETPOL_OBJECT_NAMESPACE, true, objs->namespace_count },
	};
	size_t i, k, count;

	if (!plan->replace || plan->allow_empty_kinds)
		return 0;
	for (k = 0; k < sizeof(kind) / sizeof(kind[0]); k++) {
		for (i = 0, count = 0; i < loaded->count; i++)
			count += loaded->item[i].object == kind[k].object &&
				 !*loaded->item[i].namespace == kind[k].wide &&
				 !strcmp(loaded->item[i].origin, plan->origin);
		if (kind[k].given || !count)
			continue;
		np_error_set(err, NP_EXIT_INPUT, "the input has no %s, but origin \"%s\" has "
			     "%zu loaded: --replace would delete all of them", kind[k].what,
			     plan->origin, count);
		np_error_hint(err, "nothing was changed; leave --replace out, or if they are to "
			      "go, add --allow-empty-kinds");
		return -1;
	}
	return 0;
}

static const char *np_plan_compare(const struct np_plan *plan, struct np_loaded *loaded,
				   uint8_t object, const char *namespace, const char *name,
				   __uint128_t digest)
{
	struct np_loaded_item *item = np_loaded_find(loaded, object, namespace, name,
						     plan->origin);

	if (!item)
		return "created";
	item->seen = true;
	return item->digest == digest ? "unchanged" : "configured";
}

static int np_plan_pod(const struct np_plan *plan, struct np_loaded *loaded,
		       const struct np_pod *pod, struct np_encoder *enc,
		       struct np_result_list *results, struct np_error *err)
{
	const struct np_placement *place = &plan->place[pod - plan->objects->pods];
	const char *action;

	if (np_pod_usable(pod) && !place->own) {
		action = np_plan_compare(plan, loaded, NETPOL_OBJECT_POD, pod->namespace,
					 pod->name, np_pod_digest(pod, place));
		np_result_add(results, NETPOL_OBJECT_POD, pod->namespace, pod->name, action);
		return np_encode_pod(enc, pod, place, err);
	}
	/*
	 * What is loaded by this name must not stay: either it was this pod while it was
	 * one of the network, or one before it of another uid.
	 */
	if (plan->replace || !np_loaded_find(loaded, NETPOL_OBJECT_POD, pod->namespace,
					     pod->name, plan->origin))
		return 0;
	np_result_add(results, NETPOL_OBJECT_POD, pod->namespace, pod->name, "deleted");
	return np_encode_delete(enc, NETPOL_OBJECT_POD, pod->namespace, pod->name, NULL, err);
}

static int np_plan_pods(const struct np_plan *plan, struct np_loaded *loaded,
			struct np_encoder *enc, struct np_result_list *results,
			struct np_error *err)
{
	const struct np_pod **pod = np_pods_by_arrival(plan->objects);
	int ret = 0;
	size_t i;

	for (i = 0; !ret && i < plan->objects->pod_count; i++)
		ret = np_plan_pod(plan, loaded, pod[i], enc, results, err);
	free(pod);
	return ret;
}

int np_plan_send(const struct np_plan *plan, struct np_loaded *loaded, struct np_encoder *enc,
		 struct np_result_list *results, struct np_error *err)
{
	struct np_objects *objs = plan->objects;
	const struct np_loaded_item *item;
	const struct np_namespace *ns;
	const struct np_policy *policy;
	size_t i;

	for (i = 0; i < objs->namespace_count; i++) {
		ns = &objs->namespaces[i];
		np_result_add(results, NETPOL_OBJECT_NAMESPACE, "", ns->name,
			      np_plan_compare(plan, loaded, NETPOL_OBJECT_NAMESPACE, "",
					      ns->name, np_namespace_digest(ns)));
		if (np_encode_namespace(enc, ns, err))
			return -1;
	}
	if (np_plan_pods(plan, loaded, enc, results, err))
		return -1;
	for (i = 0; i < objs->policy_count; i++) {
		policy = &objs->policies[i];
		np_result_add(results, NETPOL_OBJECT_POLICY, policy->namespace, policy->name,
			      np_plan_compare(plan, loaded, NETPOL_OBJECT_POLICY,
					      policy->namespace, policy->name,
					      np_policy_digest(policy)));
		if (np_encode_policy(enc, policy, err))
			return -1;
	}
	for (i = 0; plan->replace && i < loaded->count; i++) {
		item = &loaded->item[i];
		if (!item->seen && !strcmp(item->origin, plan->origin))
			np_result_add(results, item->object,
				      np_intern_str(objs, item->namespace),
				      np_intern_str(objs, item->name), "deleted");
	}
	return 0;
}
