/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What netpol knows of an object besides what its manifest says.
 */
#ifndef NP_OBJECT_STATE_H
#define NP_OBJECT_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/netpol.h>

/* Where a pod runs, as far as the kernel is told. */
struct np_placement {
	bool local;
	uint32_t ifindex;	/* 0: not known */
	bool own;		/* an address is the node's own: not to be loaded */
};

/* What the kernel knows of an object besides the object. */
struct np_namespace_state {
	char origin[NETPOL_ORIGIN_MAX + 1];
	uint32_t flags;		/* NETPOL_OBJECT_F_* */
};

struct np_pod_state {
	char origin[NETPOL_ORIGIN_MAX + 1];
	uint32_t flags;		/* NETPOL_OBJECT_F_* */
	uint32_t identity;
	struct np_placement place;
	bool running;
	uint8_t uid[NETPOL_UID_LEN];
};

struct np_policy_state {
	char origin[NETPOL_ORIGIN_MAX + 1];
	uint32_t flags;		/* NETPOL_POLICY_F_* */
	uint32_t pods;		/* local pods it selects */
	uint16_t priority;
	uint8_t tier;		/* enum netpol_tier */
	uint8_t kind;		/* enum netpol_kind */
};

#endif
