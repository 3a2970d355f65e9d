// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds where pods are: by the longest matching route of the node, and on bridges by their
 * neighbour and forwarding tables.
 */
#include "node/locate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/rtnetlink.h>

void np_host_init(struct np_host *host)
{
	memset(host, 0, sizeof(*host));
}

void np_host_free(struct np_host *host)
{
	free(host->route);
	free(host->device);
	free(host->neighbour);
	free(host->station);
	memset(host, 0, sizeof(*host));
}

static void *np_host_append(void *array, size_t *count, const void *entry, size_t size)
{
	array = np_array_grow(array, *count, size);
	memcpy((char *)array + (*count)++ * size, entry, size);
	return array;
}

void np_host_add_route(struct np_host *host, const struct np_route *route)
{
	host->route = np_host_append(host->route, &host->route_count, route, sizeof(*route));
}

void np_host_add_device(struct np_host *host, const struct np_device *device)
{
	host->device = np_host_append(host->device, &host->device_count, device,
				      sizeof(*device));
}

void np_host_add_neighbour(struct np_host *host, const struct np_neighbour *neighbour)
{
	host->neighbour = np_host_append(host->neighbour, &host->neighbour_count, neighbour,
					 sizeof(*neighbour));
}

void np_host_add_station(struct np_host *host, const struct np_station *station)
{
	host->station = np_host_append(host->station, &host->station_count, station,
				       sizeof(*station));
}

/* The kernel's default rules look up the local table first, then main, then default. */
static int np_table_rank(uint8_t table)
{
	return table == RT_TABLE_LOCAL ? 0 : table == RT_TABLE_MAIN ? 1 : 2;
}

static int np_prefix_compare(const struct np_route *a, const struct np_route *b)
{
	if (a->to.family != b->to.family)
		return a->to.family < b->to.family ? -1 : 1;
	if (a->to.length != b->to.length)
		return a->to.length > b->to.length ? -1 : 1;
	return memcmp(a->to.addr, b->to.addr, sizeof(a->to.addr));
}

static int np_route_compare(const void *left, const void *right)
{
	const struct np_route *a = left, *b = right;
	int ret = np_prefix_compare(a, b);

	if (!ret)
		ret = np_table_rank(a->table) - np_table_rank(b->table);
	if (!ret && a->priority != b->priority)
		ret = a->priority < b->priority ? -1 : 1;
	return ret;
}

static int np_device_compare(const void *left, const void *right)
{
	const struct np_device *a = left, *b = right;

	return a->ifindex < b->ifindex ? -1 : a->ifindex > b->ifindex;
}

static int np_neighbour_compare(const void *left, const void *right)
{
	const struct np_neighbour *a = left, *b = right;

	if (a->ifindex != b->ifindex)
		return a->ifindex < b->ifindex ? -1 : 1;
	if (a->address.family != b->address.family)
		return a->address.family < b->address.family ? -1 : 1;
	return memcmp(a->address.addr, b->address.addr, sizeof(a->address.addr));
}

static int np_station_compare(const void *left, const void *right)
{
	const struct np_station *a = left, *b = right;

	if (a->bridge != b->bridge)
		return a->bridge < b->bridge ? -1 : 1;
	return memcmp(a->mac, b->mac, sizeof(a->mac));
}

static void np_sort(void *array, size_t count, size_t size,
		    int (*compare)(const void *, const void *))
{
	if (count)
		qsort(array, count, size, compare);
}

void np_host_sort(struct np_host *host)
{
	unsigned int family, *count;
	size_t i;

	np_sort(host->route, host->route_count, sizeof(*host->route), np_route_compare);
	np_sort(host->device, host->device_count, sizeof(*host->device), np_device_compare);
	np_sort(host->neighbour, host->neighbour_count, sizeof(*host->neighbour),
		np_neighbour_compare);
	np_sort(host->station, host->station_count, sizeof(*host->station), np_station_compare);
	memset(host->length_count, 0, sizeof(host->length_count));
	for (i = 0; i < host->route_count; i++) {
		family = host->route[i].to.family == AF_INET ? 0 : 1;
		count = &host->length_count[family];
		if (!*count || host->length[family][*count - 1] != host->route[i].to.length)
			host->length[family][(*count)++] = host->route[i].to.length;
	}
}

static void np_route_mask(struct np_cidr *cidr)
{
	unsigned int i, bits;

	for (i = 0; i < sizeof(cidr->addr); i++) {
		bits = cidr->length > i * 8 ? cidr->length - i * 8 : 0;
		if (bits < 8)
			cidr->addr[i] &= (uint8_t)(0xff00 >> bits);
	}
}

/* Finds the first route to exactly this prefix, in order of tables and priorities. */
static const struct np_route *np_route_find(const struct np_host *host, const struct np_cidr *to)
{
	struct np_route want = { .to = *to };
	size_t low = 0, high = host->route_count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (np_prefix_compare(&host->route[mid], &want) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < host->route_count && !np_prefix_compare(&host->route[low], &want))
		return &host->route[low];
	return NULL;
}

/* Finds the first route of one table among those to the same prefix. */
static const struct np_route *np_route_of_table(const struct np_host *host,
						const struct np_route *route, int rank)
{
	const struct np_route *end = host->route + host->route_count, *next;

	for (next = route; next < end && !np_prefix_compare(next, route); next++)
		if (np_table_rank(next->table) == rank)
			return next;
	return NULL;
}

const struct np_route *np_host_route(const struct np_host *host, const struct np_address *addr)
{
	unsigned int family = addr->family == AF_INET ? 0 : 1, i;
	const struct np_route *best[3] = { NULL }, *route, *hit;
	struct np_cidr to;
	int rank;

	for (i = 0; i < host->length_count[family]; i++) {
		to.family = addr->family;
		to.length = host->length[family][i];
		memcpy(to.addr, addr->addr, sizeof(to.addr));
		np_route_mask(&to);
		route = np_route_find(host, &to);
		for (rank = 0; route && rank < 3; rank++) {
			hit = best[rank] ? NULL : np_route_of_table(host, route, rank);
			if (hit)
				best[rank] = hit;
		}
		if (best[0])
			break;
	}
	return best[0] ? best[0] : best[1] ? best[1] : best[2];
}

const struct np_device *np_host_device(const struct np_host *host, uint32_t ifindex)
{
	struct np_device want = { .ifindex = ifindex };

	if (!host->device_count)
		return NULL;
	return bsearch(&want, host->device, host->device_count, sizeof(want),
		       np_device_compare);
}

const struct np_device *np_host_device_named(const struct np_host *host, const char *name)
{
	size_t i;

	for (i = 0; i < host->device_count; i++)
		if (!strcmp(host->device[i].name, name))
			return &host->device[i];
	return NULL;
}

/*
 * Finds the port of a bridge behind which an address was seen. An entry ages out while a pod
 * is silent, so the absence of one tells nothing.
 */
static enum np_where np_locate_bridge(const struct np_host *host, uint32_t bridge,
				      const struct np_address *addr, uint32_t *ifindex)
{
	struct np_neighbour near = { .address = *addr, .ifindex = bridge }, *neighbour;
	struct np_station at = { .bridge = bridge }, *station;
	const struct np_device *port;

	*ifindex = bridge;
	neighbour = host->neighbour_count ?
		bsearch(&near, host->neighbour, host->neighbour_count, sizeof(near),
			np_neighbour_compare) : NULL;
	if (!neighbour)
		return NP_WHERE_BRIDGE;
	memcpy(at.mac, neighbour->mac, sizeof(at.mac));
	station = host->station_count ?
		bsearch(&at, host->station, host->station_count, sizeof(at),
			np_station_compare) : NULL;
	port = station ? np_host_device(host, station->port) : NULL;
	if (!port)
		return NP_WHERE_BRIDGE;
	*ifindex = port->ifindex;
	return port->kind == NP_DEVICE_POD ? NP_WHERE_LOCAL : NP_WHERE_REMOTE;
}

enum np_where np_host_locate(const struct np_host *host, const struct np_address *addr,
			     uint32_t *ifindex)
{
	const struct np_route *route = np_host_route(host, addr);
	const struct np_device *device;

	*ifindex = 0;
	if (!route)
		return NP_WHERE_REMOTE;
	if (route->kind == NP_ROUTE_OWN)
		return NP_WHERE_OWN;
	if (route->kind != NP_ROUTE_DIRECT || !route->to.length)
		return NP_WHERE_REMOTE;
	device = np_host_device(host, route->ifindex);
	if (!device || device->kind == NP_DEVICE_TUNNEL || device->kind == NP_DEVICE_PHYSICAL)
		return NP_WHERE_REMOTE;
	if (device->kind == NP_DEVICE_BRIDGE)
		return np_locate_bridge(host, device->ifindex, addr, ifindex);
	*ifindex = device->ifindex;
	if (route->to.length == (addr->family == AF_INET ? 32 : 128))
		return NP_WHERE_LOCAL;
	return NP_WHERE_CONNECTED;
}

struct np_locating {
	const struct np_host *host;
	const struct np_locate_options *opts;
	np_locate_warn_fn warn;
	void *arg;
	const struct np_pod *pod;
	const struct np_placement *loaded;	/* what is loaded of the same pod, or NULL */
};

static void np_locating_warn(const struct np_locating *at, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void np_locating_warn(const struct np_locating *at, const char *fmt, ...)
{
	char text[768];
	int len;
	va_list args;

	if (!at->warn)
		return;
	len = snprintf(text, sizeof(text), "pod %s/%s: ", at->pod->namespace, at->pod->name);
	va_start(args, fmt);
	vsnprintf(text + len, sizeof(text) - len, fmt, args);
	va_end(args);
	at->warn(at->arg, text);
}

static const char *np_device_name(const struct np_host *host, uint32_t ifindex)
{
	const struct np_device *device = np_host_device(host, ifindex);

	return device ? device->name : "?";
}

/* What the tables tell about all addresses of a pod. */
struct np_found {
	bool own;		/* an address is the node's own */
	bool local;		/* an address is behind ifindex */
	/* a bridge saw an address behind a port that leads to other nodes */
	bool away;
	uint32_t ifindex;
	/* addresses in doubt, and where they may be */
	const struct np_address *bridged;
	const struct np_address *connected;
	uint32_t bridge;
	uint32_t device;
};

static void np_locate_routes(const struct np_locating *at, struct np_found *found)
{
	const struct np_pod *pod = at->pod;
	uint32_t ifindex, i;

	for (i = 0; i < pod->address_count; i++) {
		switch (np_host_locate(at->host, &pod->address[i], &ifindex)) {
		case NP_WHERE_LOCAL:
			if (found->local && found->ifindex != ifindex)
				np_locating_warn(at, "its addresses are behind %s and %s; taken: %s",
						 np_device_name(at->host, found->ifindex),
						 np_device_name(at->host, ifindex),
						 np_device_name(at->host, found->ifindex));
			else
				found->ifindex = ifindex;
			found->local = true;
			break;
		case NP_WHERE_OWN:
			found->own = true;
			break;
		case NP_WHERE_BRIDGE:
			found->bridged = &pod->address[i];
			found->bridge = ifindex;
			break;
		case NP_WHERE_CONNECTED:
			found->connected = &pod->address[i];
			found->device = ifindex;
			break;
		case NP_WHERE_REMOTE:
			found->away |= ifindex != 0;
			break;
		}
	}
}

/*
 * Takes a pod's placement from what is loaded where the tables show no interface. A pod never
 * moves, so what was found earlier still holds.
 */
static bool np_locate_loaded(const struct np_locating *at, const struct np_found *found,
			     struct np_placement *place)
{
	const struct np_placement *loaded = at->loaded;

	if (found->local || !loaded || !loaded->local)
		return false;
	if (loaded->ifindex ? !np_host_device(at->host, loaded->ifindex) : !found->connected)
		return false;
	place->local = true;
	place->ifindex = loaded->ifindex;
	return true;
}

/* Adds the remarks about what only the tables decided. */
static void np_locate_doubt(const struct np_locating *at, const struct np_found *found,
			    const struct np_placement *place, bool kept)
{
	char text[NP_CIDR_TEXT];

	if (kept && !found->bridged && !found->connected) {
		np_locating_warn(at, "no local route or bridge port leads to it any more; left local "
				 "behind %s, as it is loaded (--node or --local says otherwise)",
				 np_device_name(at->host, place->ifindex));
	} else if (!kept && !found->local && found->bridged && place->local) {
		np_locating_warn(at, "bridge %s has not seen %s yet; taken as local, its interface is "
				 "not known (--node or --interface says otherwise)",
				 np_device_name(at->host, found->bridge),
				 np_address_text(found->bridged, text));
	} else if (!place->local && found->connected) {
		np_locating_warn(at, "%s is in a subnet on %s, not behind a route of its own; taken as "
				 "remote (--node, --local or --interface says otherwise)",
				 np_address_text(found->connected, text),
				 np_device_name(at->host, found->device));
	}
}

static void np_locate_pod(const struct np_locating *at, struct np_placement *place)
{
	const struct np_locate_options *opts = at->opts;
	struct np_found found = { 0 };
	bool local, kept;

	np_locate_routes(at, &found);
	place->own = found.own;
	if (found.own)
		return;
	place->local = found.local || (found.bridged && !found.away);
	place->ifindex = found.ifindex;
	kept = np_locate_loaded(at, &found, place);
	if (opts->mode == NP_LOCATE_ALL) {
		place->local = true;
	} else if (opts->mode == NP_LOCATE_NONE) {
		place->local = false;
	} else if (opts->node) {
		local = !strcmp(at->pod->node, opts->node);
		if (local && !place->ifindex)
			np_locating_warn(at, "spec.nodeName is this node, but no local route or bridge "
					 "port leads to it; its interface is not known");
		if (!local && found.local)
			np_locating_warn(at, "spec.nodeName is \"%s\", but it is reached over %s of "
					 "this node", at->pod->node,
					 np_device_name(at->host, found.ifindex));
		place->local = local;
	} else {
		np_locate_doubt(at, &found, place, kept);
	}
	if (!place->local)
		place->ifindex = 0;
}

static int np_locate_override(const struct np_locating *at,
			      const struct np_locate_override *over,
			      const struct np_objects *objs, struct np_placement *place,
			      struct np_error *err)
{
	const struct np_device *device = np_host_device_named(at->host, over->device);
	const char *slash = strchr(over->pod, '/');
	size_t i;

	if (!device)
		return np_error_set(err, NP_EXIT_INPUT, "--interface %s=%s: no such interface",
				    over->pod, over->device);
	for (i = 0; slash && i < objs->pod_count; i++)
		if (!strcmp(objs->pods[i].name, slash + 1) &&
		    strlen(objs->pods[i].namespace) == (size_t)(slash - over->pod) &&
		    !strncmp(objs->pods[i].namespace, over->pod, slash - over->pod))
			break;
	if (!slash || i == objs->pod_count)
		return np_error_set(err, NP_EXIT_INPUT,
				    "--interface %s=%s: the input has no such pod", over->pod,
				    over->device);
	place[i].local = true;
	place[i].ifindex = device->ifindex;
	return 0;
}

int np_locate(const struct np_host *host, const struct np_objects *objs,
	      const struct np_locate_options *opts, const struct np_placement *loaded,
	      struct np_placement *place, np_locate_warn_fn warn, void *arg,
	      struct np_error *err)
{
	struct np_locating at = { .host = host, .opts = opts, .warn = warn, .arg = arg };
	size_t i;

	for (i = 0; i < objs->pod_count; i++) {
		at.pod = &objs->pods[i];
		at.loaded = loaded ? &loaded[i] : NULL;
		place[i] = (struct np_placement){ 0 };
		if (np_pod_usable(at.pod))
			np_locate_pod(&at, &place[i]);
	}
	for (i = 0; i < opts->override_count; i++)
		if (np_locate_override(&at, &opts->override[i], objs, place, err))
			return -1;
	return 0;
}
