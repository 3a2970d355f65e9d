/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pods run on this node, and behind which interface, by the node's own routing
 * table. Read once; nothing is sent.
 *
 * An address is local if it is reached without a gateway over a host route (/32, /128)
 * to a device that is neither a tunnel nor a physical one, or over a subnet that is
 * connected to a bridge, unless its forwarding table shows it on a port to other nodes. A
 * bridge forgets who is silent: where its tables show no port, the pod is local behind an
 * interface that is not known, so that its policies are enforced. What lies behind a
 * gateway or a tunnel is remote, and so is what is in a subnet on another device. Where
 * the tables show no interface, a pod that is loaded as local stays where it is. A pod
 * with an address of the node itself is none of the network.
 */
#ifndef NP_NODE_LOCATE_H
#define NP_NODE_LOCATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <net/if.h>

#include "base/error.h"
#include "object/state.h"
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

/*
 * The node as its tables show it. It is filled by np_host_add_...() and then sorted by
 * np_host_sort().
 */
struct np_host {
	struct np_route *route;
	struct np_device *device;
	struct np_neighbour *neighbour;
	struct np_station *station;
	size_t route_count;
	size_t device_count;
	size_t neighbour_count;
	size_t station_count;
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
void np_host_sort(struct np_host *host);
/* Returns the longest match, of the local table first, or NULL if there is no route. */
const struct np_route *np_host_route(const struct np_host *host, const struct np_address *addr);
const struct np_device *np_host_device(const struct np_host *host, uint32_t ifindex);
const struct np_device *np_host_device_named(const struct np_host *host, const char *name);

enum np_where {
	NP_WHERE_REMOTE,	/* *ifindex is the bridge port that saw it, or 0 */
	NP_WHERE_LOCAL,		/* *ifindex is its interface */
	NP_WHERE_OWN,		/* an address of the node itself */
	NP_WHERE_BRIDGE,	/* on a bridge that has not seen it: it counts as local */
	NP_WHERE_CONNECTED,	/* in a subnet on another device: it counts as remote */
};

/* Finds where an address is. *ifindex is its interface, or the bridge or device in doubt. */
enum np_where np_host_locate(const struct np_host *host, const struct np_address *addr,
			     uint32_t *ifindex);

enum np_locate_mode {
	NP_LOCATE_AUTO,
	NP_LOCATE_ALL,		/* every pod counts as local */
	NP_LOCATE_NONE,		/* no pod counts as local */
};

/* --interface NS/POD=DEV */
struct np_locate_override {
	const char *pod;	/* "namespace/name" */
	const char *device;
};

struct np_locate_options {
	enum np_locate_mode mode;
	/* the pods with this spec.nodeName are local; NULL: the routing table decides */
	const char *node;
	const struct np_locate_override *override;
	size_t override_count;
};

/* Called for each remark. Its text names the pod. */
typedef void (*np_locate_warn_fn)(void *arg, const char *text);

/*
 * Places all usable pods of objs; place has objs->pod_count entries. So has loaded, which
 * may be NULL: where the same pods, by their uid, are loaded as local, if they are. Fails
 * only if an override names a pod or device that does not exist.
 */
int np_locate(const struct np_host *host, const struct np_objects *objs,
	      const struct np_locate_options *opts, const struct np_placement *loaded,
	      struct np_placement *place, np_locate_warn_fn warn, void *arg,
	      struct np_error *err);

#endif
