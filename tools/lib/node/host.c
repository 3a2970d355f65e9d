// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tables of the node, sorted, and what is looked up in them.
 */
#include "node/host.h"

#include <stdlib.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "base/alloc.h"

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
	free(host->inside);
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

void np_host_add_inside(struct np_host *host, const struct np_inside *inside)
{
	host->inside = np_host_append(host->inside, &host->inside_count, inside,
				      sizeof(*inside));
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

static int np_inside_compare(const void *left, const void *right)
{
	const struct np_inside *a = left, *b = right;
	int ret = memcmp(&a->address, &b->address, sizeof(a->address));

	if (!ret && a->ifindex != b->ifindex)
		ret = a->ifindex < b->ifindex ? -1 : 1;
	return ret;
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
	np_sort(host->inside, host->inside_count, sizeof(*host->inside), np_inside_compare);
	memset(host->length_count, 0, sizeof(host->length_count));
	for (i = 0; i < host->route_count; i++) {
		family = host->route[i].to.family == AF_INET ? 0 : 1;
		count = &host->length_count[family];
		if (!*count || host->length[family][*count - 1] != host->route[i].to.length)
			host->length[family][(*count)++] = host->route[i].to.length;
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
		np_cidr_mask(&to);
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

uint32_t np_host_port(const struct np_host *host, uint32_t bridge, const struct np_address *addr)
{
	struct np_neighbour near = { .address = *addr, .ifindex = bridge }, *neighbour;
	struct np_station at = { .bridge = bridge }, *station;

	neighbour = host->neighbour_count ?
		bsearch(&near, host->neighbour, host->neighbour_count, sizeof(near),
			np_neighbour_compare) : NULL;
	if (!neighbour)
		return 0;
	memcpy(at.mac, neighbour->mac, sizeof(at.mac));
	station = host->station_count ?
		bsearch(&at, host->station, host->station_count, sizeof(at),
			np_station_compare) : NULL;
	return station ? station->port : 0;
}

const struct np_inside *np_host_inside(const struct np_host *host,
				       const struct np_address *addr)
{
	struct np_inside want = { .address = *addr };
	size_t low = 0, high = host->inside_count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (np_inside_compare(&host->inside[mid], &want) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < host->inside_count && !memcmp(&host->inside[low].address, addr, sizeof(*addr)))
		return &host->inside[low];
	return NULL;
}
