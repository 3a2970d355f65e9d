// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Turns nodes of a document into struct np_kube_node. The schema of a Node is huge and grows, so
 * only the fields that are needed are read.
 */
#include "object/read_node.h"

#include <string.h>

#include "object/pick.h"

/* Must an address of this type be an IP address? Others are names, or what a cloud makes up. */
static bool np_is_ip_type(const struct np_node *type)
{
	static const char suffix[] = "IP";
	size_t len = type ? strlen(type->text) : 0;

	return len >= sizeof(suffix) - 1 &&
	       !strcmp(type->text + len - (sizeof(suffix) - 1), suffix);
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
	/* Without it a Deny of Nodes would miss this one, so nobody may go on without it. */
	if (!np_is_ip_type(type))
		return 0;
	return np_fail(d, field, NP_FIELD(path, "address"), "\"%.60s\" %s", field->text, wrong);
}

static int np_decode_pod_cidr(struct np_decode *d, const struct np_node *node,
			      const struct np_path *path, struct np_kube_node *to)
{
	const char *wrong;

	if (np_expect(d, node, NP_NODE_STRING, path))
		return -1;
	if (to->pod_cidr_count == NP_NODE_CIDRS_MAX)
		return np_fail(d, node, path, "a Node has more than %u podCIDRs",
			       NP_NODE_CIDRS_MAX);
	wrong = np_cidr_parse(node->text, &to->pod_cidr[to->pod_cidr_count]);
	if (wrong)
		return np_fail(d, node, path, "\"%.60s\" %s", node->text, wrong);
	to->pod_cidr_count++;
	return 0;
}

static int np_decode_node_spec(struct np_decode *d, const struct np_node *spec,
			       const struct np_path *path, struct np_kube_node *to)
{
	const struct np_path *at = NP_FIELD(path, "podCIDRs");
	const struct np_node *one, *list, *entry;
	uint32_t i = 0;

	if (!spec)
		return 0;
	if (NP_CHECK_MISSPELT(d, spec, path, "podCIDR", "podCIDRs") ||
	    np_get(d, spec, "podCIDRs", NP_NODE_LIST, path, &list) ||
	    np_get(d, spec, "podCIDR", NP_NODE_STRING, path, &one))
		return -1;
	to->pod_cidr = np_arena_zalloc(&d->objs->arena, NP_NODE_CIDRS_MAX * sizeof(*to->pod_cidr));
	for (entry = list ? list->child : NULL; entry; entry = entry->next)
		if (np_decode_pod_cidr(d, entry, NP_INDEX(at, i++), to))
			return -1;
	if (!i && one && one->count)
		return np_decode_pod_cidr(d, one, NP_FIELD(path, "podCIDR"), to);
	return 0;
}

/* An annotation that is no address is of a later version of its program, and says nothing here. */
static void np_decode_node_tunnels(struct np_decode *d, const struct np_node *annotations,
				   struct np_kube_node *to)
{
	const char *backend = np_node_text(annotations, NP_FLANNEL_BACKEND);
	size_t i;

	to->tunnel = np_arena_zalloc(&d->objs->arena, NP_PICK_TUNNELS * sizeof(*to->tunnel));
	for (i = 0; i < NP_PICK_TUNNELS; i++)
		if (!np_address_parse(np_node_text(annotations, np_pick_node_annotations[i].key),
				      &to->tunnel[to->tunnel_count]))
			to->tunnel_count++;
	to->tunnel_first = *backend && strcmp(backend, "host-gw") && strcmp(backend, "alloc");
}

int np_decode_kube_node(struct np_decode *d, const struct np_node *node,
			const struct np_path *path)
{
	const struct np_path *at = NP_FIELD(path, "status"), *list_at = NP_FIELD(at, "addresses");
	struct np_kube_node to = { .place = np_decode_place(d, node) };
	const struct np_node *spec, *status, *list, *entry;
	struct np_meta meta;
	uint32_t i = 0;

	if (np_decode_meta(d, node, path, NP_SCOPE_CLUSTER, &meta) ||
	    NP_CHECK_FIELDS(d, node, path, "apiVersion", "kind", "metadata", "spec", "status") ||
	    np_get(d, node, "spec", NP_NODE_MAP, path, &spec) ||
	    np_decode_node_spec(d, spec, NP_FIELD(path, "spec"), &to) ||
	    np_get(d, node, "status", NP_NODE_MAP, path, &status) ||
	    (status && NP_CHECK_MISSPELT(d, status, at, "addresses")) ||
	    np_get(d, status, "addresses", NP_NODE_LIST, at, &list))
		return -1;
	to.name = meta.name;
	to.labels = meta.labels;
	np_decode_node_tunnels(d, meta.annotations, &to);
	to.address = np_arena_zalloc(&d->objs->arena, NP_NODE_ADDRESSES_MAX *
				     sizeof(*to.address));
	for (entry = list ? list->child : NULL; entry; entry = entry->next)
		if (np_decode_node_address(d, entry, NP_INDEX(list_at, i++), &to))
			return -1;
	*np_objects_add_node(d->objs) = to;
	return 0;
}
