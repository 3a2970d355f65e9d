/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What netpol knows of an object besides what its manifest says.
 */
#ifndef NP_OBJECT_STATE_H
#define NP_OBJECT_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/netpol.h>

/* A pod's placement: what the kernel is told of where it runs. */
struct np_placement {
	bool local;
	uint32_t ifindex;	/* 0: it is not known */
	/* one of its addresses is the node's own, so the pod must not be loaded */
	bool own;
};

/* What the kernel reports of an object besides the object itself. */
struct np_namespace_state {
	char origin[NETPOL_ORIGIN_MAX + 1];
	uint32_t flags;		/* NETPOL_OBJECT_F_* */
};

/*
 * What a local pod lacks: it is closed in a direction, because a limit leaves no room for what the
 * kernel compiles of its policies.
 */
struct np_shortage {
	uint8_t direction;	/* enum netpol_direction */
	uint32_t limit;		/* enum netpol_limit; 0: it lacks nothing */
	uint64_t bytes;		/* what it takes at least; 0: not known */
	char namespace[NETPOL_NAMESPACE_MAX + 1];	/* that pays; "": ClusterNetworkPolicies */
};

struct np_pod_state {
	char origin[NETPOL_ORIGIN_MAX + 1];
	uint32_t flags;		/* NETPOL_OBJECT_F_* */
	uint32_t identity;
	struct np_placement place;
	bool running;
	uint8_t uid[NETPOL_UID_LEN];
	struct np_shortage *lack;	/* in the arena of the objects */
	uint32_t lack_count;
};

struct np_policy_state {
	char origin[NETPOL_ORIGIN_MAX + 1];
	uint32_t flags;		/* NETPOL_POLICY_F_* */
	uint32_t pods;		/* number of local pods that it selects */
	uint16_t priority;
	uint8_t tier;		/* enum netpol_tier */
	uint8_t kind;		/* enum netpol_kind */
	/* it is observed by an audit, which the dump of policies does not say */
	bool observed;
	uint64_t observed_until;	/* seconds since 1970; 0: the audit has no end */
};

#endif
