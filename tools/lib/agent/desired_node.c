// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The Nodes of the desired state.
 */
#include "agent/desired_node.h"

#include <stdlib.h>
#include <string.h>

#include "object/digest.h"

static bool np_desired_node_match(const void *record, const void *key)
{
	return !strcmp(((const struct np_desired_node *)record)->node.name, key);
}

struct np_desired_node *np_desired_node(const struct np_desired *d, const char *name)
{
	return np_hash_find(&d->nodes, np_hash_bytes(2, name, strlen(name)),
			    np_desired_node_match, name);
}

static size_t np_node_bytes(const char *name, const struct np_kube_node *object)
{
	size_t bytes = sizeof(struct np_desired_node) + strlen(name) + 1;
	uint32_t i;

	bytes += object->labels.count * sizeof(*object->labels.item);
	bytes += (object->address_count + object->tunnel_count) * sizeof(*object->address);
	bytes += object->pod_cidr_count * sizeof(*object->pod_cidr);
	for (i = 0; i < object->labels.count; i++)
		bytes += strlen(object->labels.item[i].key) +
			 strlen(object->labels.item[i].value) + 2;
	return bytes;
}

static char *np_node_text_put(char **at, const char *text)
{
	char *to = *at;

	*at = stpcpy(to, text) + 1;
	return to;
}

/* Copies a Node into one block of memory. */
static struct np_desired_node *np_node_copy(const char *name, const struct np_kube_node *object,
					    size_t bytes)
{
	struct np_desired_node *record = np_xcalloc(1, bytes);
	struct np_kube_node *node = &record->node;
	struct np_label *item = (struct np_label *)(record + 1);
	struct np_address *address = (struct np_address *)(item + object->labels.count);
	struct np_address *tunnel = address + object->address_count;
	struct np_cidr *cidr = (struct np_cidr *)(tunnel + object->tunnel_count);
	char *text = (char *)(cidr + object->pod_cidr_count);
	uint32_t i;

	record->hash = np_hash_bytes(2, name, strlen(name));
	record->bytes = bytes;
	node->name = np_node_text_put(&text, name);
	node->labels.item = item;
	node->labels.count = object->labels.count;
	for (i = 0; i < object->labels.count; i++) {
		item[i].key = np_node_text_put(&text, object->labels.item[i].key);
		item[i].value = np_node_text_put(&text, object->labels.item[i].value);
	}
	node->address = address;
	node->address_count = object->address_count;
	if (object->address_count)
		memcpy(address, object->address, object->address_count * sizeof(*address));
	node->tunnel = tunnel;
	node->tunnel_count = object->tunnel_count;
	if (object->tunnel_count)
		memcpy(tunnel, object->tunnel, object->tunnel_count * sizeof(*tunnel));
	node->tunnel_first = object->tunnel_first;
	node->pod_cidr = cidr;
	node->pod_cidr_count = object->pod_cidr_count;
	if (object->pod_cidr_count)
		memcpy(cidr, object->pod_cidr, object->pod_cidr_count * sizeof(*cidr));
	return record;
}

static bool np_bytes_same(const void *a, uint32_t a_count, const void *b, uint32_t b_count,
			  size_t size)
{
	return a_count == b_count && (!a_count || !memcmp(a, b, a_count * size));
}

static bool np_node_same(const struct np_kube_node *a, const struct np_kube_node *b)
{
	uint32_t i;

	if (a->labels.count != b->labels.count || a->tunnel_first != b->tunnel_first)
		return false;
	for (i = 0; i < a->labels.count; i++)
		if (strcmp(a->labels.item[i].key, b->labels.item[i].key) ||
		    strcmp(a->labels.item[i].value, b->labels.item[i].value))
			return false;
	return np_bytes_same(a->address, a->address_count, b->address, b->address_count,
			     sizeof(*a->address)) &&
	       np_bytes_same(a->tunnel, a->tunnel_count, b->tunnel, b->tunnel_count,
			     sizeof(*a->tunnel)) &&
	       np_bytes_same(a->pod_cidr, a->pod_cidr_count, b->pod_cidr, b->pod_cidr_count,
			     sizeof(*a->pod_cidr));
}

/* Takes a record out of the table, and frees it. */
static void np_node_drop(struct np_desired *d, struct np_desired_node *node)
{
	np_hash_remove(&d->nodes, node);
	d->nodes_unread -= node->unread;
	d->node_bytes -= node->bytes;
	free(node);
}

void np_desired_node_set(struct np_desired *d, const char *name, const char *uid,
			 const struct np_kube_node *object)
{
	static const struct np_kube_node none;
	static const char reason[] = "the Nodes take too much memory";
	struct np_desired_node *old = np_desired_node(d, name), *record;
	struct np_kube_node kept = none;
	size_t others = d->node_bytes - (old ? old->bytes : 0);
	bool unread = !object;
	size_t bytes;

	if (object && others + np_node_bytes(name, object) > NP_NODE_BYTES_ALL) {
		unread = true;
		d->stats.refused[NP_SOURCE_NODES]++;
		np_desired_remark(d, NP_SOURCE_NODES, "", name, reason);
	}
	if (unread) {
		/* Its pods still run, and its own addresses are still none of theirs. */
		if (old)
			kept = old->node;
		object = &kept;
	}
	if (old && old->unread == unread && np_node_same(&old->node, object)) {
		old->epoch = d->epoch[NP_SOURCE_NODES];
		np_uid_bytes(uid, old->uid);
		return;
	}
	bytes = np_node_bytes(name, object);
	record = np_node_copy(name, object, bytes);
	record->unread = unread;
	record->epoch = d->epoch[NP_SOURCE_NODES];
	np_uid_bytes(uid, record->uid);
	/* The name may be the one that the old record has. */
	if (old)
		np_node_drop(d, old);
	np_hash_add(&d->nodes, record);
	d->nodes_unread += unread;
	d->node_bytes += bytes;
	d->nodes_stale = true;
}

void np_desired_node_remove(struct np_desired *d, struct np_desired_node *node)
{
	np_node_drop(d, node);
	d->nodes_stale = true;
}

void np_desired_nodes_listed(struct np_desired *d)
{
	d->nodes_given_up = false;
	d->nodes_nameless = d->nameless[NP_SOURCE_NODES];
	d->nodes_stale = true;
}

bool np_desired_nodes_wait(const struct np_desired *d)
{
	return d->node_users && !d->synced[NP_SOURCE_NODES] && !d->nodes_given_up;
}

void np_desired_nodes_index(struct np_desired *d)
{
	struct np_desired_node *record;
	size_t at = 0;

	free(d->node_list);
	d->node_list = np_xcalloc(d->nodes.count + 1, sizeof(*d->node_list));
	d->node_count = 0;
	while ((record = np_hash_next(&d->nodes, &at)))
		if (!record->unread)
			d->node_list[d->node_count++] = &record->node;
}

void np_desired_nodes_free(struct np_desired *d)
{
	np_hash_free_records(&d->nodes);
	np_arena_free(&d->resolved);
	free(d->node_list);
	free(d->range);
	d->node_list = NULL;
	d->range = NULL;
	d->range_count = 0;
	d->ranges_left_out = 0;
	d->node_count = 0;
	d->nodes_unread = 0;
	d->node_bytes = 0;
}

void np_desired_nodes_forget(struct np_desired *d)
{
	np_desired_nodes_free(d);
	d->synced[NP_SOURCE_NODES] = false;
	d->nameless[NP_SOURCE_NODES] = false;
	d->nodes_nameless = false;
	d->nodes_given_up = false;
	d->nodes_stale = true;
}
