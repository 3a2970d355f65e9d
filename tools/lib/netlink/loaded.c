// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads what is loaded, and keeps what a command did to it. */
#include "netlink/loaded.h"
#include "object/digest.h"

#include <stdlib.h>
#include <string.h>

static int np_item_compare(const void *left, const void *right)
{
	const struct np_loaded_item *a = left, *b = right;
	int ret = (int)a->object - (int)b->object;

	if (!ret)
		ret = strcmp(a->namespace, b->namespace);
	if (!ret)
		ret = strcmp(a->name, b->name);
	return ret ? ret : strcmp(a->origin, b->origin);
}

void np_loaded_index(struct np_loaded *loaded)
{
	const struct np_state *state = &loaded->state;
	const struct np_objects *objs = &state->objects;
	struct np_loaded_item *item;
	size_t i;

	item = np_xcalloc(objs->namespace_count + objs->pod_count + objs->policy_count + 1,
			  sizeof(*item));
	loaded->item = item;
	for (i = 0; i < objs->namespace_count; i++, item++) {
		item->object = NETPOL_OBJECT_NAMESPACE;
		item->namespace = "";
		item->name = objs->namespaces[i].name;
		item->origin = state->namespace[i].origin;
		item->digest = np_namespace_digest(&objs->namespaces[i]);
	}
	for (i = 0; i < objs->pod_count; i++, item++) {
		item->object = NETPOL_OBJECT_POD;
		item->namespace = objs->pods[i].namespace;
		item->name = objs->pods[i].name;
		item->origin = state->pod[i].origin;
		item->pod = &state->pod[i];
		item->digest = np_pod_digest(&objs->pods[i], &state->pod[i].place);
	}
	for (i = 0; i < objs->policy_count; i++, item++) {
		item->object = NETPOL_OBJECT_POLICY;
		item->namespace = objs->policies[i].namespace;
		item->name = objs->policies[i].name;
		item->origin = state->policy[i].origin;
		item->digest = np_policy_digest(&objs->policies[i]);
	}
	loaded->count = item - loaded->item;
	if (loaded->count)
		qsort(loaded->item, loaded->count, sizeof(*item), np_item_compare);
}

/*
 * A dump that is repeated must forget what its last try added, and nothing of the dumps before
 * it.
 */
struct np_loading {
	struct np_state *state;
	struct np_mark mark;
};

static void np_loading_restart(void *arg)
{
	struct np_loading *loading = arg;

	np_objects_rewind(&loading->state->objects, &loading->mark);
	loading->state->has_rule = false;
	loading->state->has_peer = false;
	loading->state->continued = false;
}

static int np_loading_reply(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct np_loading *loading = arg;

	return np_state_decode(loading->state, nlh, err);
}

int np_loaded_get(struct np_client *client, struct np_loaded *loaded, struct np_error *err)
{
	static const uint8_t command[] = {
		NETPOL_CMD_GET_NAMESPACE, NETPOL_CMD_GET_POD, NETPOL_CMD_GET_POLICY,
	};
	struct np_loading loading = { .state = &loaded->state };
	size_t i;

	memset(loaded, 0, sizeof(*loaded));
	np_state_init(&loaded->state);
	for (i = 0; i < sizeof(command); i++) {
		loading.mark = np_objects_mark(&loaded->state.objects);
		if (np_client_dump(client, np_client_message(client, command[i], 256),
				   np_loading_restart, np_loading_reply, &loading, err))
			return -1;
	}
	np_loaded_index(loaded);
	return 0;
}

void np_loaded_free(struct np_loaded *loaded)
{
	np_state_free(&loaded->state);
	free(loaded->item);
	loaded->item = NULL;
	loaded->count = 0;
}

struct np_loaded_item *np_loaded_find(struct np_loaded *loaded, uint8_t object,
				      const char *namespace, const char *name,
				      const char *origin)
{
	struct np_loaded_item want = {
		.object = object,
		.namespace = namespace ? namespace : "",
		.name = name,
		.origin = origin ? origin : "",
	};
	size_t low = 0, high = loaded->count, mid;
	struct np_loaded_item *item;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (np_item_compare(&loaded->item[mid], &want) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == loaded->count)
		return NULL;
	item = &loaded->item[low];
	if (item->object != object || strcmp(item->namespace, want.namespace) ||
	    strcmp(item->name, name) || (origin && strcmp(item->origin, origin)))
		return NULL;
	return item;
}

const char *np_object_name(uint8_t object, const char *namespace)
{
	return object == NETPOL_OBJECT_NAMESPACE ? "namespace" :
	       object == NETPOL_OBJECT_POD ? "pod" :
	       *namespace ? "networkpolicy" : "clusternetworkpolicy";
}

void np_result_add(struct np_result_list *list, uint8_t object, const char *namespace,
		   const char *name, const char *action)
{
	list->item = np_array_grow(list->item, list->count, sizeof(*list->item));
	list->item[list->count++] = (struct np_result) {
		.object = object,
		.namespace = namespace ? namespace : "",
		.name = name,
		.action = action,
	};
}
