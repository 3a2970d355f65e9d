/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pods run on this node, and behind which interface.
 *
 * An address is local if it is reached without a gateway over a host route (/32, /128)
 * to a device that is neither a tunnel nor a physical one, or over a subnet that is
 * connected to a bridge, unless its forwarding table shows it on a port to other nodes.
 * What lies behind a gateway or a tunnel is remote, and so is what is in a subnet on another
 * device. A pod with an address of the node itself is none of the network.
 *
 * The interface of a local pod is decided by whom the evidence comes from, see
 * docs/semantics.md, "Where a pod is": the administrator's word (--interface), a host route,
 * the result of the CNI; then what is loaded and the addresses in the network namespaces at
 * the other ends of interfaces, which are weighed against each other (claim.h). What bridges
 * have learned decides about no interface, because every frame of a pod teaches them. Where
 * this gives no clear answer, the interface is not known.
 */
#ifndef NP_NODE_LOCATE_H
#define NP_NODE_LOCATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "node/cni.h"
#include "node/host.h"
#include "object/state.h"
#include "object/object.h"

enum np_where {
	NP_WHERE_REMOTE,	/* not on this node */
	NP_WHERE_LOCAL,		/* *ifindex is its interface */
	NP_WHERE_OWN,		/* an address of the node itself */
	NP_WHERE_BRIDGE,	/* behind a port of bridge *ifindex */
	NP_WHERE_AWAY,		/* bridge *ifindex saw it on a port that leads to other nodes */
	NP_WHERE_CONNECTED,	/* in a subnet on another device: it counts as remote */
};

/* Finds where an address is. *ifindex is its interface, or its bridge, or the device in doubt. */
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

/* A local pod that is loaded and is not among those that are to be placed. */
struct np_locate_other {
	const struct np_pod *pod;
	uint32_t ifindex;	/* 0: not known */
};

struct np_locate_options {
	enum np_locate_mode mode;
	const struct np_cni *cni;	/* results of the CNI, or NULL */
	/* the pods with this spec.nodeName are local; NULL: the routing table decides */
	const char *node;
	const struct np_locate_override *override;
	size_t override_count;
	const struct np_locate_other *other;
	size_t other_count;
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
