// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Turns nodes of a document into struct np_kube_node. The schema of a Node is huge and grows, so
 * only the fields that are needed are read.
 */
#include "object/read_node.h"

#include <string.h>

/* Must an address of this type be an IP address? Others are names, or what a cloud makes up. */
static bool np_is_ip_type(const struct np_node *type)
{
	static const char suffix[] = "IP";
	size_t len = type ? strlen(type->text) : 0;

	return len >= sizeof(suffix) - 1 && !strcmp(type->text + len - (sizeof(suffix) - 1), suffix);
}

static int np_add_node_address(struct np_decode *d, const struct np_node *node,
			       const struct np_path *path, const struct np_address *addr,
			       struct np_kube_node *to)
{
	uint32_t i;

	for (i = 0; i < to->address_count; i++)
		if (!memcmp(&to->address[i], addr, sizeof(*addr)))
			return 0;
	if (to->address_count == NP_NODE_ADDRESSES_MAX)
		return np_fail(d, node, path, "a Node has more than %u addresses",
			       NP_NODE_ADDRESSES_MAX);
	to->address[to->address_count++] = *addr;
	return 0;
}

static int np_decode_node_address(struct np_decode *d, const struct np_node *entry,
				  const struct np_path *path, struct np_kube_node *to)
{
	const struct np_node *type, *field;
	struct np_address addr;
	const char *wrong;

	if (np_expect(d, entry, NP_NODE_MAP, path) ||
	    NP_CHECK_MISSPELT(d, entry, path, "type", "address") ||
	    np_get(d, entry, "type", NP_NODE_STRING, path, &type) ||
	    np_get(d, entry, "address", NP_NODE_STRING, path, &field))
		return -1;
	if (!field)
		return 0;
	wrong = np_address_parse(field->text, &addr);
	if (!wrong)
		return np_add_node_address(d, field, NP_FIELD(path, "address"), &addr, to);
	if (d->lenient || !np_is_ip_type(type))
		return 0;
	return np_fail(d, field, NP_FIELD(path, "address"), "\"%.60s\" %s", field->text, wrong);
}

int np_decode_kube_node(struct np_decode *d, const struct np_node *node,
			const struct np_path *path)
{
	const struct np_path *at = NP_FIELD(path, "status"), *list_at = NP_FIELD(at, "addresses");
	struct np_kube_node to = { .place = np_decode_place(d, node) };
	const struct np_node *status, *list, *entry;
	struct np_meta meta;
	uint32_t i = 0;

	if (np_decode_meta(d, node, path, NP_SCOPE_CLUSTER, &meta) ||
	    NP_CHECK_FIELDS(d, node, path, "apiVersion", "kind", "metadata", "spec", "status") ||
	    np_get(d, node, "status", NP_NODE_MAP, path, &status) ||
	    (status && NP_CHECK_MISSPELT(d, status, at, "addresses")) ||
	    np_get(d, status, "addresses", NP_NODE_LIST, at, &list))
		return -1;
	to.name = meta.name;
	to.labels = meta.labels;
	to.address = np_arena_zalloc(&d->objs->arena, NP_NODE_ADDRESSES_MAX *
				     sizeof(*to.address));
	for (entry = list ? list->child : NULL; entry; entry = entry->next)
		if (np_decode_node_address(d, entry, NP_INDEX(list_at, i++), &to))
			return -1;
	*np_objects_add_node(d->objs) = to;
	return 0;
}
