// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads objects of the API by the functions that read manifests, so that both mean the same.
 */
#include "agent/desired_decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/desired_policy.h"
#include "object/read_cluster.h"
#include "object/read_node.h"
#include "object/read_pod.h"
#include "object/read_policy.h"
#include "object/validate.h"

/* Returns the name of the rule that a path leads to, or "" if there is none. */
static const char *np_rule_name_at(const struct np_policy *policy, const char *path)
{
	unsigned int i;

	if (sscanf(path, "spec.ingress[%u]", &i) == 1 && i < policy->ingress_count)
		return policy->ingress[i].name;
	if (sscanf(path, "spec.egress[%u]", &i) == 1 && i < policy->egress_count)
		return policy->egress[i].name;
	return "";
}

/* Says of a ClusterNetworkPolicy that was read in part what cannot be read, and of which rule. */
static void np_closed_reason(const struct np_objects *objs, struct np_error *err)
{
	const struct np_warning *first = &objs->warnings[0];
	const char *rule;
	char more[32] = "";

	memset(err, 0, sizeof(*err));
	if (!objs->warning_count) {
		np_error_set(err, NP_EXIT_INPUT, "it cannot be read");
		return;
	}
	rule = np_rule_name_at(&objs->policies[0], first->path);
	if (objs->warning_count > 1)
		snprintf(more, sizeof(more), "; and %zu more", objs->warning_count - 1);
	np_error_set(err, NP_EXIT_INPUT, "%.100s%s%.100s%s: %.250s%s", first->path,
		     *rule ? " (rule \"" : "", rule, *rule ? "\")" : "", first->text, more);
}

/*
 * Reads a ClusterNetworkPolicy, in part if need be. A rule of one that was read as a whole may be
 * closed too: one for ports that no container can have.
 */
static int np_decode_either(struct np_decode *decode, const struct np_node *object, bool *closed)
{
	struct np_error *err = decode->err, ignored;

	if (!np_decode_cluster_policy(decode, object, NULL)) {
		*closed = np_desired_policy_partial(&decode->objs->policies[0]);
		if (*closed)
			np_closed_reason(decode->objs, err);
		return 0;
	}
	/* What was warned of so far is warned of again. */
	np_objects_reset(decode->objs);
	decode->err = &ignored;
	decode->exact = false;
	*closed = !np_decode_cluster_policy_closed(decode, object, NULL);
	decode->err = err;
	if (!*closed)
		return -1;
	np_closed_reason(decode->objs, err);
	return 0;
}

bool np_desired_decode_lost(const struct np_desired *d)
{
	static const char subject[] = "spec.subject";
	const char *path;
	size_t i;

	for (i = 0; i < d->scratch.warning_count; i++) {
		path = d->scratch.warnings[i].path;
		if (!strcmp(path, "spec") ||
		    (!strncmp(path, subject, sizeof(subject) - 1) &&
		     (!path[sizeof(subject) - 1] || strchr(".[", path[sizeof(subject) - 1]))))
			return true;
	}
	return false;
}

int np_desired_decode(struct np_desired *d, enum np_source_kind kind,
		      const struct np_node *object, bool *closed, struct np_error *err)
{
	static const char * const name[NP_SOURCE_KINDS] = {
		[NP_SOURCE_NAMESPACE] = "Namespace", [NP_SOURCE_POD] = "Pod",
		[NP_SOURCE_POLICY] = "NetworkPolicy",
		[NP_SOURCE_CLUSTER_POLICY] = "ClusterNetworkPolicy",
		[NP_SOURCE_NODES] = "Node",
	};
	struct np_decode decode = {
		.objs = &d->scratch,
		.err = err,
		.file = "",
		.lenient = true,
		.known_only = kind == NP_SOURCE_POLICY || kind == NP_SOURCE_CLUSTER_POLICY,
		.kind = name[kind],
		.namespace = "",
		.name = "",
	};
	struct np_error ignored;

	*closed = false;
	np_objects_reset(&d->scratch);
	if (object->type != NP_NODE_MAP)
		return np_error_set(err, NP_EXIT_INPUT, "the object is %s",
				    np_node_type_name(object));
	switch (kind) {
	case NP_SOURCE_NAMESPACE:
		return np_decode_namespace(&decode, object, NULL);
	case NP_SOURCE_POD:
		if (!np_decode_pod(&decode, object, NULL))
			return 0;
		np_objects_reset(&d->scratch);
		*closed = !np_decode_pod_closed(&decode, object);
		return *closed ? 0 : -1;
	case NP_SOURCE_NODES:
		return np_decode_kube_node(&decode, object, NULL);
	case NP_SOURCE_CLUSTER_POLICY:
		return np_decode_either(&decode, object, closed);
	default:
		break;
	}
	if (!np_decode_policy(&decode, object, NULL))
		return 0;
	decode.err = &ignored;
	*closed = !np_decode_policy_closed(&decode, object, NULL);
	return *closed ? 0 : -1;
}

static int np_node_cidr(const struct np_node *item, struct np_cidr *cidr, struct np_error *err)
{
	const char *wrong;

	if (item->type != NP_NODE_STRING)
		return np_error_set(err, NP_EXIT_INPUT, "an entry of podCIDRs is not a string");
	wrong = np_cidr_parse(item->text, cidr);
	if (wrong)
		return np_error_set(err, NP_EXIT_INPUT, "podCIDR \"%.60s\" %s", item->text,
				    wrong);
	return 0;
}

int np_desired_decode_node(struct np_desired *d, const struct np_node *object,
			   struct np_error *err)
{
	const struct np_node *spec = np_node_get(object, "spec"), *item;
	const struct np_node *list = np_node_get(spec, "podCIDRs");
	const struct np_node *one = np_node_get(spec, "podCIDR");
	struct np_cidr *cidr;
	size_t count = 0;
	int ret = 0;

	/* Its name is what commits wait for, and that could be read. */
	d->node_seen = true;
	if (list && list->type != NP_NODE_LIST)
		list = NULL;
	cidr = np_xcalloc((list ? list->count : 0) + 1, sizeof(*cidr));
	for (item = list ? list->child : NULL; item && !ret; item = item->next)
		ret = np_node_cidr(item, &cidr[count++], err);
	if (!count && one && one->type != NP_NODE_NULL)
		ret = np_node_cidr(one, &cidr[count++], err);
	if (ret) {
		free(cidr);
		return -1;
	}
	d->node_read = true;
	/* A Node that was registered again has no podCIDR at first, but its pods still run. */
	if (!count) {
		free(cidr);
		return 0;
	}
	free(d->pod_cidr);
	d->pod_cidr = cidr;
	d->pod_cidr_count = count;
	return 0;
}
