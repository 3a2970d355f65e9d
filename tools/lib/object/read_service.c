// SPDX-License-Identifier: GPL-2.0-or-later
/* Turns nodes into struct np_service. */
#include <string.h>

#include "object/read_service.h"

/* More ClusterIPs than a Service can have: one of each address family. */
#define NP_SERVICE_ADDRESSES_MAX	4

/* "None" and "" are no addresses, so they are left out as well. */
static void np_add_cluster_ip(struct np_service *service, const char *text)
{
	struct np_address addr;
	uint32_t i;

	if (service->address_count == NP_SERVICE_ADDRESSES_MAX ||
	    np_address_parse(text, &addr))
		return;
	for (i = 0; i < service->address_count; i++)
		if (!memcmp(&service->address[i], &addr, sizeof(addr)))
			return;
	service->address[service->address_count++] = addr;
}

void np_decode_service(struct np_decode *d, const struct np_node *node)
{
	const struct np_node *meta = np_node_get(node, "metadata");
	const struct np_node *spec = np_node_get(node, "spec"), *list, *entry;
	struct np_service service = { .place = np_decode_place(d, node) };
	const char *namespace = np_node_text(meta, "namespace");

	service.address = np_arena_zalloc(&d->objs->arena, NP_SERVICE_ADDRESSES_MAX *
					  sizeof(*service.address));
	list = np_node_get(spec, "clusterIPs");
	for (entry = list && list->type == NP_NODE_LIST ? list->child : NULL; entry;
	     entry = entry->next)
		if (entry->type == NP_NODE_STRING)
			np_add_cluster_ip(&service, entry->text);
	np_add_cluster_ip(&service, np_node_text(spec, "clusterIP"));
	if (!service.address_count)
		return;
	service.namespace = np_intern_str(d->objs, *namespace ? namespace : "default");
	service.name = np_intern_str(d->objs, np_node_text(meta, "name"));
	*np_objects_add_service(d->objs) = service;
}
