// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Arrays, interned strings and small helpers of the tool's objects.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "object/object.h"

void np_objects_init(struct np_objects *objs)
{
	memset(objs, 0, sizeof(*objs));
}

void np_objects_reset(struct np_objects *objs)
{
	objs->namespace_count = 0;
	objs->pod_count = 0;
	objs->policy_count = 0;
	objs->node_count = 0;
	objs->service_count = 0;
	objs->skipped_count = 0;
	objs->warning_count = 0;
	np_hash_clear(&objs->strings);
	np_arena_reset(&objs->arena);
}

void np_objects_free(struct np_objects *objs)
{
	free(objs->namespaces);
	free(objs->pods);
	free(objs->policies);
	free(objs->nodes);
	free(objs->services);
	free(objs->skipped);
	free(objs->warnings);
	np_hash_free(&objs->strings);
	np_arena_free(&objs->arena);
	memset(objs, 0, sizeof(*objs));
}

/* An interned string. It lies in the arena. */
struct np_string {
	uint32_t hash;
	char text[];
};

struct np_slice {
	const char *text;
	size_t len;
};

static bool np_string_match(const void *record, const void *key)
{
	const char *text = ((const struct np_string *)record)->text;
	const struct np_slice *slice = key;

	return !strncmp(text, slice->text, slice->len) && !text[slice->len];
}

const char *np_intern(struct np_objects *objs, const char *text, size_t len)
{
	const struct np_slice slice = { text, len };
	uint32_t hash = np_hash_bytes(0, text, len);
	struct np_string *string = np_hash_find(&objs->strings, hash, np_string_match, &slice);

	if (string)
		return string->text;
	string = np_arena_alloc(&objs->arena, sizeof(*string) + len + 1);
	string->hash = hash;
	memcpy(string->text, text, len);
	string->text[len] = '\0';
	np_hash_add(&objs->strings, string);
	return string->text;
}

const char *np_intern_str(struct np_objects *objs, const char *text)
{
	return np_intern(objs, text, strlen(text));
}

/* Adds a zeroed entry at the end of an array. */
static void *np_objects_add(void **array, size_t *count, size_t size)
{
	*array = np_array_grow(*array, *count, size);
	return memset((char *)*array + (*count)++ * size, 0, size);
}

struct np_namespace *np_objects_add_namespace(struct np_objects *objs)
{
	return np_objects_add((void **)&objs->namespaces, &objs->namespace_count,
			      sizeof(*objs->namespaces));
}

struct np_pod *np_objects_add_pod(struct np_objects *objs)
{
	return np_objects_add((void **)&objs->pods, &objs->pod_count,
			      sizeof(*objs->pods));
}

struct np_policy *np_objects_add_policy(struct np_objects *objs)
{
	return np_objects_add((void **)&objs->policies, &objs->policy_count,
			      sizeof(*objs->policies));
}

struct np_kube_node *np_objects_add_node(struct np_objects *objs)
{
	return np_objects_add((void **)&objs->nodes, &objs->node_count, sizeof(*objs->nodes));
}

struct np_service *np_objects_add_service(struct np_objects *objs)
{
	return np_objects_add((void **)&objs->services, &objs->service_count,
			      sizeof(*objs->services));
}

struct np_skipped *np_objects_add_skipped(struct np_objects *objs)
{
	return np_objects_add((void **)&objs->skipped, &objs->skipped_count,
			      sizeof(*objs->skipped));
}

void np_objects_warn(struct np_objects *objs, const struct np_place *place,
		     const char *path, const char *fmt, ...)
{
	struct np_warning *warning;
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	warning = np_objects_add((void **)&objs->warnings, &objs->warning_count,
				 sizeof(*objs->warnings));
	warning->text = np_intern_str(objs, text);
	warning->path = np_intern_str(objs, path ? path : "");
	warning->place = *place;
}

struct np_mark np_objects_mark(const struct np_objects *objs)
{
	struct np_mark mark = {
		.namespace_count = objs->namespace_count,
		.pod_count = objs->pod_count,
		.policy_count = objs->policy_count,
		.node_count = objs->node_count,
		.service_count = objs->service_count,
		.skipped_count = objs->skipped_count,
		.warning_count = objs->warning_count,
	};

	return mark;
}

void np_objects_rewind(struct np_objects *objs, const struct np_mark *mark)
{
	objs->namespace_count = mark->namespace_count;
	objs->pod_count = mark->pod_count;
	objs->policy_count = mark->policy_count;
	objs->node_count = mark->node_count;
	objs->service_count = mark->service_count;
	objs->skipped_count = mark->skipped_count;
	objs->warning_count = mark->warning_count;
}

const char *np_labels_get(const struct np_labels *labels, const char *key)
{
	uint32_t low = 0, high = labels->count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int order = strcmp(key, labels->item[mid].key);

		if (!order)
			return labels->item[mid].value;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

void np_rule_close(struct np_rule *rule)
{
	rule->closed = true;
	rule->peer = NULL;
	rule->port = NULL;
	rule->peer_count = 0;
	rule->port_count = 0;
}

bool np_pod_usable(const struct np_pod *pod)
{
	return !pod->host_network && pod->phase != NP_PHASE_SUCCEEDED &&
	       pod->phase != NP_PHASE_FAILED && pod->address_count;
}

static int np_pod_arrival_order(const void *a, const void *b)
{
	const struct np_pod *left = *(const struct np_pod * const *)a;
	const struct np_pod *right = *(const struct np_pod * const *)b;
	int order;

	if (left->deleting != right->deleting)
		return left->deleting ? -1 : 1;
	if (left->created != right->created)
		return left->created < right->created ? -1 : 1;
	order = strcmp(left->namespace, right->namespace);
	if (!order)
		order = strcmp(left->name, right->name);
	return order ? order : left < right ? -1 : left > right;
}

const struct np_pod **np_pods_by_arrival(const struct np_objects *objs)
{
	const struct np_pod **pod = np_xcalloc(objs->pod_count + 1, sizeof(*pod));
	size_t i;

	for (i = 0; i < objs->pod_count; i++)
		pod[i] = &objs->pods[i];
	qsort(pod, objs->pod_count, sizeof(*pod), np_pod_arrival_order);
	return pod;
}

const char *np_protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case NP_PROTOCOL_TCP:
		return "TCP";
	case NP_PROTOCOL_UDP:
		return "UDP";
	case NP_PROTOCOL_SCTP:
		return "SCTP";
	default:
		return "";
	}
}

const char *np_operator_name(uint8_t op)
{
	switch (op) {
	case NP_OP_IN:
		return "In";
	case NP_OP_NOT_IN:
		return "NotIn";
	case NP_OP_EXISTS:
		return "Exists";
	case NP_OP_DOES_NOT_EXIST:
		return "DoesNotExist";
	default:
		return "";
	}
}

const char *np_phase_name(uint8_t phase)
{
	switch (phase) {
	case NP_PHASE_PENDING:
		return "Pending";
	case NP_PHASE_RUNNING:
		return "Running";
	case NP_PHASE_SUCCEEDED:
		return "Succeeded";
	case NP_PHASE_FAILED:
		return "Failed";
	case NP_PHASE_UNKNOWN:
		return "Unknown";
	default:
		return "";
	}
}

const char *np_tier_name(uint8_t tier)
{
	switch (tier) {
	case NP_TIER_ADMIN:
		return "Admin";
	case NP_TIER_BASELINE:
		return "Baseline";
	default:
		return "";
	}
}

const char *np_rule_action_name(uint8_t action)
{
	switch (action) {
	case NP_ACTION_ACCEPT:
		return "Accept";
	case NP_ACTION_DENY:
		return "Deny";
	case NP_ACTION_PASS:
		return "Pass";
	default:
		return "";
	}
}

const char *np_policy_kind(const struct np_policy *policy)
{
	return policy->tier == NP_TIER_NETWORK_POLICY ? "NetworkPolicy" : "ClusterNetworkPolicy";
}
