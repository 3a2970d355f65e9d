// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Objects of the API to objects of the tool, through the decoder that manifests go
 * through, so that both mean the same. Of a pod only the fields that matter are handed to
 * it: a pod is some kilobytes, and there may be 150,000 of them.
 */
#include "agent/desired.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "object/read.h"
#include "object/validate.h"

/* Which members of an object are handed on; children NULL: all below. */
struct np_pick {
	const char *key;
	const struct np_pick *children;
};

static const struct np_pick np_pick_port[] = {
	{ "name", NULL }, { "containerPort", NULL }, { "protocol", NULL }, { NULL, NULL },
};

static const struct np_pick np_pick_container[] = {
	{ "restartPolicy", NULL }, { "ports", np_pick_port }, { NULL, NULL },
};

static const struct np_pick np_pick_pod_spec[] = {
	{ "nodeName", NULL }, { "hostNetwork", NULL }, { "containers", np_pick_container },
	{ "initContainers", np_pick_container }, { NULL, NULL },
};

static const struct np_pick np_pick_address[] = { { "ip", NULL }, { NULL, NULL } };

static const struct np_pick np_pick_status[] = {
	{ "phase", NULL }, { "podIP", NULL }, { "podIPs", np_pick_address }, { NULL, NULL },
};

static const struct np_pick np_pick_meta[] = {
	{ "name", NULL }, { "namespace", NULL }, { "uid", NULL }, { "labels", NULL },
	{ "creationTimestamp", NULL }, { "deletionTimestamp", NULL }, { NULL, NULL },
};

static const struct np_pick np_pick_pod[] = {
	{ "metadata", np_pick_meta }, { "spec", np_pick_pod_spec },
	{ "status", np_pick_status }, { NULL, NULL },
};

static const struct np_pick np_pick_namespace[] = {
	{ "metadata", np_pick_meta }, { NULL, NULL },
};

static const struct np_pick np_pick_name[] = {
	{ "name", NULL }, { "namespace", NULL }, { "uid", NULL }, { NULL, NULL },
};

static const struct np_pick np_pick_policy[] = {
	{ "metadata", np_pick_name }, { "spec", NULL }, { NULL, NULL },
};

static const struct np_pick np_pick_head[] = {
	{ "podSelector", NULL }, { "policyTypes", NULL }, { NULL, NULL },
};

static const struct np_pick np_pick_types[] = { { "policyTypes", NULL }, { NULL, NULL } };
static const struct np_pick np_pick_selector[] = { { "podSelector", NULL }, { NULL, NULL } };

/* A policy without its rules, without its types, without its selector, without both. */
static const struct np_pick np_pick_closed[][3] = {
	{ { "metadata", np_pick_name }, { "spec", np_pick_head }, { NULL, NULL } },
	{ { "metadata", np_pick_name }, { "spec", np_pick_selector }, { NULL, NULL } },
	{ { "metadata", np_pick_name }, { "spec", np_pick_types }, { NULL, NULL } },
	{ { "metadata", np_pick_name }, { NULL, NULL }, { NULL, NULL } },
};

static const struct np_pick *np_picked(const struct np_pick *pick, const char *key)
{
	for (; pick->key; pick++)
		if (!strcmp(pick->key, key))
			return pick;
	return NULL;
}

static struct np_node *np_node_number(struct np_arena *arena, double value)
{
	bool whole = fabs(value) < 9e15 && value == floor(value);
	struct np_node *node = np_node_new(arena, whole ? NP_NODE_INT : NP_NODE_FLOAT, 0, 0);
	char text[40];
	int len;

	if (whole)
		len = snprintf(text, sizeof(text), "%.0f", value);
	else
		len = snprintf(text, sizeof(text), "%.17g", value);
	node->text = np_arena_memdup(arena, text, len);
	node->number = whole ? (int64_t)value : 0;
	return node;
}

/* The depth of an object is bounded by the source. */
static struct np_node *np_node_from(struct np_arena *arena, const cJSON *json,
				    const struct np_pick *pick)
{
	struct np_node *node, *tail = NULL, *child;
	const struct np_pick *below;
	const cJSON *item;

	if (cJSON_IsString(json)) {
		node = np_node_new(arena, NP_NODE_STRING, 0, 0);
		node->count = (uint32_t)strlen(json->valuestring);
		node->text = np_arena_memdup(arena, json->valuestring, node->count);
		return node;
	}
	if (cJSON_IsNumber(json))
		return np_node_number(arena, json->valuedouble);
	if (cJSON_IsBool(json)) {
		node = np_node_new(arena, NP_NODE_BOOL, 0, 0);
		node->text = cJSON_IsTrue(json) ? "true" : "false";
		node->truth = cJSON_IsTrue(json);
		return node;
	}
	if (!cJSON_IsArray(json) && !cJSON_IsObject(json)) {
		node = np_node_new(arena, NP_NODE_NULL, 0, 0);
		node->text = "null";
		return node;
	}
	node = np_node_new(arena, cJSON_IsArray(json) ? NP_NODE_LIST : NP_NODE_MAP, 0, 0);
	cJSON_ArrayForEach(item, json) {
		below = pick;
		if (cJSON_IsObject(json) && pick) {
			below = np_picked(pick, item->string);
			if (!below)
				continue;
			below = below->children;
		}
		child = np_node_from(arena, item, below);
		if (cJSON_IsObject(json))
			np_node_set_key(child, np_arena_memdup(arena, item->string,
							       strlen(item->string)), 0, 0);
		np_node_append(node, &tail, child);
	}
	return node;
}

static int np_decode_picked(struct np_desired *d, enum np_source_kind kind,
			    const cJSON *object, const struct np_pick *pick,
			    struct np_error *err)
{
	static const char * const name[NP_SOURCE_KINDS] = {
		[NP_SOURCE_NAMESPACE] = "Namespace", [NP_SOURCE_POD] = "Pod",
		[NP_SOURCE_POLICY] = "NetworkPolicy",
	};
	struct np_decode decode = {
		.objs = &d->scratch,
		.err = err,
		.file = "",
		.lenient = true,
		.known_only = kind == NP_SOURCE_POLICY,
		.kind = name[kind],
		.namespace = "",
		.name = "",
	};
	struct np_node *node;

	np_objects_reset(&d->scratch);
	node = np_node_from(&d->scratch.arena, object, pick);
	if (node->type != NP_NODE_MAP)
		return np_error_set(err, NP_EXIT_INPUT, "the object is %s",
				    np_node_type_name(node));
	switch (kind) {
	case NP_SOURCE_NAMESPACE:
		return np_decode_namespace(&decode, node, NULL);
	case NP_SOURCE_POD:
		return np_decode_pod(&decode, node, NULL);
	default:
		return np_decode_policy(&decode, node, NULL);
	}
}

/* Directions of a policy whose types could not be read: as far as it may go. */
static uint8_t np_closed_directions(const cJSON *object, bool types)
{
	const cJSON *spec = cJSON_GetObjectItemCaseSensitive(object, "spec"), *egress, *list;

	if (!types)
		return NP_DIR_INGRESS | NP_DIR_EGRESS;
	list = cJSON_GetObjectItemCaseSensitive(spec, "policyTypes");
	if (cJSON_GetArraySize(list))
		return 0;
	egress = cJSON_GetObjectItemCaseSensitive(spec, "egress");
	if (!egress || cJSON_IsNull(egress) ||
	    (cJSON_IsArray(egress) && !cJSON_GetArraySize(egress)))
		return NP_DIR_INGRESS;
	return NP_DIR_INGRESS | NP_DIR_EGRESS;
}

/*
 * A policy that the API server took and we can't read isolates what it selects, as far as
 * that can be told: in all directions, or the whole namespace, where it can't. Without the
 * rules that it may have meant.
 */
static int np_decode_closed(struct np_desired *d, const cJSON *object)
{
	struct np_error ignored = { 0 };
	struct np_policy *policy;
	uint8_t directions;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (np_decode_picked(d, NP_SOURCE_POLICY, object, np_pick_closed[i], &ignored))
			continue;
		policy = &d->scratch.policies[0];
		directions = np_closed_directions(object, i == 0 || i == 2);
		if (directions)
			policy->directions = directions;
		policy->pod_selector.present = true;
		return 0;
	}
	return -1;
}

int np_desired_decode(struct np_desired *d, enum np_source_kind kind, const cJSON *object,
		      bool *closed, struct np_error *err)
{
	*closed = false;
	switch (kind) {
	case NP_SOURCE_NAMESPACE:
		return np_decode_picked(d, kind, object, np_pick_namespace, err);
	case NP_SOURCE_POD:
		return np_decode_picked(d, kind, object, np_pick_pod, err);
	default:
		break;
	}
	if (!np_decode_picked(d, kind, object, np_pick_policy, err))
		return 0;
	if (np_decode_closed(d, object))
		return -1;
	*closed = true;
	return 0;
}

static int np_node_cidr(const cJSON *item, struct np_cidr *cidr, struct np_error *err)
{
	const char *wrong;

	if (!cJSON_IsString(item))
		return np_error_set(err, NP_EXIT_INPUT, "a podCIDR is no string");
	wrong = np_cidr_parse(item->valuestring, cidr);
	if (wrong)
		return np_error_set(err, NP_EXIT_INPUT, "podCIDR \"%.60s\" %s",
				    item->valuestring, wrong);
	return 0;
}

int np_desired_decode_node(struct np_desired *d, const cJSON *object, struct np_error *err)
{
	const cJSON *spec = cJSON_GetObjectItemCaseSensitive(object, "spec");
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(spec, "podCIDRs");
	const cJSON *one = cJSON_GetObjectItemCaseSensitive(spec, "podCIDR"), *item;
	struct np_cidr *cidr;
	size_t count = 0;

	cidr = np_xcalloc(cJSON_GetArraySize(list) + 1, sizeof(*cidr));
	cJSON_ArrayForEach(item, list) {
		if (np_node_cidr(item, &cidr[count++], err)) {
			free(cidr);
			return -1;
		}
	}
	if (!count && one && !cJSON_IsNull(one) && np_node_cidr(one, &cidr[count++], err)) {
		free(cidr);
		return -1;
	}
	d->node_seen = true;
	/* A Node that was registered anew has none at first; its pods are still here. */
	if (!count) {
		free(cidr);
		return 0;
	}
	free(d->pod_cidr);
	d->pod_cidr = cidr;
	d->pod_cidr_count = count;
	return 0;
}
