/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The node as its tables show it: routes, devices, neighbours, forwarding tables of bridges, and
 * the addresses at the other ends of devices. Read once; nothing is sent.
 */
#ifndef NP_NODE_HOST_H
#define NP_NODE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <net/if.h>

#include "base/error.h"
#include "object/object.h"

enum np_route_kind {
	NP_ROUTE_DIRECT,	/* over ifindex, without a gateway */
	NP_ROUTE_GATEWAY,	/* by a gateway, a nexthop object or several ways */
	NP_ROUTE_OWN,		/* the address is the node's own */
	NP_ROUTE_OTHER,		/* broadcast, unreachable, blackhole, ... */
};

struct np_route {
	struct np_cidr to;
	uint32_t priority;
	uint32_t ifindex;
	uint8_t kind;		/* enum np_route_kind */
	uint8_t table;		/* RT_TABLE_LOCAL, _MAIN or _DEFAULT */
};

enum np_device_kind {
	/* a device without a kind of its own, which leads out of the node */
	NP_DEVICE_PHYSICAL,
	NP_DEVICE_BRIDGE,
	NP_DEVICE_TUNNEL,
	NP_DEVICE_POD,		/* veth, tap, netkit, ipvlan, ...: may lead to a pod */
};

struct np_device {
	char name[IFNAMSIZ];
	uint32_t ifindex;
	uint32_t master;
	/* its other end in another network namespace: index there, and that namespace's number */
	uint32_t peer;		/* 0: it has none */
	int32_t netns;
	uint8_t kind;		/* enum np_device_kind */
};

struct np_neighbour {
	struct np_address address;
	uint32_t ifindex;
	uint8_t mac[6];
};

/* An entry of a bridge's forwarding table. */
struct np_station {
	uint32_t bridge;
	uint32_t port;
	uint8_t mac[6];
};

/* An address that the interface at the other end of a device has, in its network namespace. */
struct np_inside {
	struct np_address address;
	uint32_t ifindex;	/* of the device on the node */
};

/*
 * The node as its tables show it. It is filled by np_host_add_...() and then sorted by
 * np_host_sort().
 */
struct np_host {
	struct np_route *route;
	struct np_device *device;
	struct np_neighbour *neighbour;
	struct np_station *station;
	struct np_inside *inside;
	size_t route_count;
	size_t device_count;
	size_t neighbour_count;
	size_t station_count;
	size_t inside_count;
	/* the kernel did not let this process look into other network namespaces */
	bool blind;
	/* for each family (0 is IPv4): which prefix lengths occur, longest first */
	uint8_t length[2][129];
	unsigned int length_count[2];
};

void np_host_init(struct np_host *host);
void np_host_free(struct np_host *host);
void np_host_add_route(struct np_host *host, const struct np_route *route);
void np_host_add_device(struct np_host *host, const struct np_device *device);
void np_host_add_neighbour(struct np_host *host, const struct np_neighbour *neighbour);
void np_host_add_station(struct np_host *host, const struct np_station *station);
void np_host_add_inside(struct np_host *host, const struct np_inside *inside);
void np_host_sort(struct np_host *host);

/* Returns the longest match, of the local table first, or NULL if there is no route. */
const struct np_route *np_host_route(const struct np_host *host, const struct np_address *addr);
const struct np_device *np_host_device(const struct np_host *host, uint32_t ifindex);
const struct np_device *np_host_device_named(const struct np_host *host, const char *name);
/*
 * Returns the port behind which a bridge saw an address, or 0. Every frame of a pod can change
 * that.
 */
uint32_t np_host_port(const struct np_host *host, uint32_t bridge, const struct np_address *addr);
/*
 * Returns the first entry of an address, or NULL if it is at no other end. More entries of it may
 * follow, up to the end of host->inside.
 */
const struct np_inside *np_host_inside(const struct np_host *host,
				       const struct np_address *addr);

#endif
