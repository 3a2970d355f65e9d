// SPDX-License-Identifier: GPL-2.0-or-later
/* What is loaded after each transaction of a history; see history.h. */
#include <stdlib.h>
#include <string.h>

#include "history.h"

void model_begin(struct model *model, const struct history *h)
{
	unsigned int i;

	memset(model, 0, sizeof(*model));
	model->range = h->range;
	model->ranges = h->ranges;
	model->kube_node = h->kube_node;
	model->kube_nodes = h->kube_nodes;
	for (i = 0; i < HISTORY_ORIGINS; i++)
		np_objects_init(&model->origin[i]);
}

void model_free(struct model *model)
{
	unsigned int i;

	for (i = 0; i < HISTORY_ORIGINS; i++)
		np_objects_free(&model->origin[i]);
}

struct evaluator model_view(const struct model *model)
{
	struct evaluator ev = {
		.origins = HISTORY_ORIGINS,
		.node = HISTORY_NODE,
		.range = model->range,
		.ranges = model->ranges,
		.kube_node = model->kube_node,
		.kube_nodes = model->kube_nodes,
	};
	unsigned int i;

	for (i = 0; i < HISTORY_ORIGINS; i++)
		ev.origin[i] = &model->origin[i];
	return ev;
}

static bool same(const char *a, const char *b, const char *c, const char *d)
{
	return !strcmp(a, c) && !strcmp(b, d);
}

/* place.line marks what a full transaction has set. */
static void set_namespace(struct np_objects *objs, const struct np_namespace *ns)
{
	size_t i;

	for (i = 0; i < objs->namespace_count; i++)
		if (!strcmp(objs->namespaces[i].name, ns->name))
			break;
	if (i == objs->namespace_count)
		np_objects_add_namespace(objs);
	objs->namespaces[i] = *ns;
	objs->namespaces[i].place.line = 1;
}

static void delete_namespace(struct np_objects *objs, const char *ns)
{
	size_t i;

	for (i = 0; i < objs->namespace_count; i++)
		if (!strcmp(objs->namespaces[i].name, ns))
			objs->namespaces[i] = objs->namespaces[--objs->namespace_count];
}

static void delete_pod(struct np_objects *objs, const struct np_pod *pod, bool by_uid)
{
	size_t i;

	for (i = 0; i < objs->pod_count; i++) {
		struct np_pod *old = &objs->pods[i];

		if (same(old->namespace, old->name, pod->namespace, pod->name) &&
		    (!by_uid || !strcmp(old->uid, pod->uid)))
			*old = objs->pods[--objs->pod_count];
	}
}

static void set_pod(struct model *model, struct np_objects *objs, const struct np_pod *pod)
{
	int64_t created = 0;
	int gone = 0;
	size_t i;

	if (!np_pod_usable(pod)) {
		delete_pod(objs, pod, false);
		return;
	}
	for (i = 0; i < objs->pod_count; i++)
		if (same(objs->pods[i].namespace, objs->pods[i].name, pod->namespace, pod->name))
			break;
	if (i == objs->pod_count) {
		np_objects_add_pod(objs);
	} else if (!strcmp(objs->pods[i].uid, pod->uid)) {
		created = objs->pods[i].created;
		/* an interface that is gone does not come back by being told again */
		gone = model_is_gone(&objs->pods[i]) && !strcmp(pod->node, HISTORY_NODE);
	}
	objs->pods[i] = *pod;
	objs->pods[i].created = created ? created : ++model->arrivals;
	objs->pods[i].place.line = 1;
	objs->pods[i].place.column = gone;
}

/* A ClusterNetworkPolicy has no namespace, and a NetworkPolicy always has one. */
static void delete_policy(struct np_objects *objs, const struct np_policy *policy)
{
	size_t i;

	for (i = 0; i < objs->policy_count; i++)
		if (same(objs->policies[i].namespace, objs->policies[i].name,
			 policy->namespace, policy->name))
			objs->policies[i] = objs->policies[--objs->policy_count];
}

static void set_policy(struct np_objects *objs, const struct np_policy *policy)
{
	struct np_policy *fresh;

	delete_policy(objs, policy);
	fresh = np_objects_add_policy(objs);
	*fresh = *policy;
	fresh->place.line = 1;
}

/* Deletes what is not marked. */
static void sweep(struct np_objects *objs)
{
	size_t i;

	for (i = objs->namespace_count; i; i--)
		if (!objs->namespaces[i - 1].place.line)
			objs->namespaces[i - 1] = objs->namespaces[--objs->namespace_count];
	for (i = objs->pod_count; i; i--)
		if (!objs->pods[i - 1].place.line)
			objs->pods[i - 1] = objs->pods[--objs->pod_count];
	for (i = objs->policy_count; i; i--)
		if (!objs->policies[i - 1].place.line)
			objs->policies[i - 1] = objs->policies[--objs->policy_count];
}

void model_gone(struct model *model, const struct transaction *txn)
{
	struct np_objects *objs = &model->origin[txn->origin];
	size_t i;

	for (i = 0; i < objs->pod_count; i++)
		if (same(objs->pods[i].namespace, objs->pods[i].name, txn->gone->namespace,
			 txn->gone->name))
			objs->pods[i].place.column = 1;
}

bool model_is_gone(const struct np_pod *pod)
{
	return pod->place.column && !strcmp(pod->node, HISTORY_NODE);
}

void model_apply(struct model *model, const struct transaction *txn)
{
	struct np_objects *objs = &model->origin[txn->origin];
	unsigned int i;

	for (i = 0; i < objs->namespace_count; i++)
		objs->namespaces[i].place.line = 0;
	for (i = 0; i < objs->pod_count; i++)
		objs->pods[i].place.line = 0;
	for (i = 0; i < objs->policy_count; i++)
		objs->policies[i].place.line = 0;
	for (i = 0; i < txn->count; i++) {
		const struct operation *op = &txn->operation[i];

		if (op->dropped)
			continue;
		switch (op->kind) {
		case SET_NAMESPACE:
			set_namespace(objs, &op->namespace);
			break;
		case SET_POD:
			set_pod(model, objs, &op->pod);
			break;
		case SET_POLICY:
			set_policy(objs, &op->policy);
			break;
		case DELETE_NAMESPACE:
			delete_namespace(objs, op->namespace.name);
			break;
		case DELETE_POD:
			delete_pod(objs, &op->pod, op->by_uid);
			break;
		case DELETE_POLICY:
			delete_policy(objs, &op->policy);
			break;
		}
	}
	if (txn->full)
		sweep(objs);
}
