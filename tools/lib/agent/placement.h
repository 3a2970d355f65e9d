/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This node and its pods: their interfaces from the node's tables, their addresses from the cache
 * of the CNI until the API server has them, and how long each pod waited for its first commit.
 */
#ifndef NP_AGENT_PLACEMENT_H
#define NP_AGENT_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/desired_record.h"
#include "agent/kernel.h"
#include "agent/options.h"
#include "base/loop.h"
#include "base/metric.h"
#include "node/cni.h"
#include "node/locate.h"

/* When an address was first seen on this node. */
struct np_node_address {
	struct np_address address;
	uint32_t ms;
};

/* The interface that a pod was loaded with when the agent started. */
struct np_node_kept {
	uint8_t uid[NETPOL_UID_LEN];
	uint32_t ifindex;
};

/* Belongs to the agent. */
struct np_agent_node {
	struct np_loop *loop;
	const struct np_agent_options *opts;
	struct np_desired *desired;
	struct np_host host;		/* the tables, as they were last read */
	struct np_cni cni;		/* the cache, as it was last read */
	struct np_io route_io;
	struct np_io inside_io;
	struct np_io cni_io;
	struct np_timer timer;		/* to read what has changed */
	int route_fd;			/* tells of changes of the tables */
	int inside_fd;			/* tells of addresses in other network namespaces */
	int cni_fd;			/* tells of changes of the cache; -1: none is watched */
	bool cni_missing;		/* a folder of the cache does not exist yet */
	bool host_stale;		/* the tables have changed since they were read */
	bool cni_stale;			/* the cache has changed since it was read */
	bool stale;			/* addresses and interfaces must be found again */
	int64_t read_ms;		/* when the tables were last read */
	struct np_node_address *seen;	/* addresses on this node, sorted */
	size_t seen_count;
	struct np_node_kept *kept;	/* sorted by uid */
	size_t kept_count;
	bool measured;			/* np_agent_node_measure() has been called */
	struct np_histogram delay;	/* seconds from an address to its pod's first commit */
	/* Called when something has changed and np_agent_node_update() is to be called. */
	void (*changed)(void *arg);
	void *arg;
};

/* changed and arg are to be set afterwards. */
void np_agent_node_init(struct np_agent_node *node, struct np_loop *loop,
			const struct np_agent_options *opts, struct np_desired *desired);
/*
 * Reads where the kernel has local pods, and begins to watch the tables and the cache. Returns 0,
 * or -1 with *err filled.
 */
int np_agent_node_open(struct np_agent_node *node, struct np_kernel *kernel, struct np_error *err);
void np_agent_node_close(struct np_agent_node *node);
/* Makes the next np_agent_node_update() read everything again. */
void np_agent_node_refresh(struct np_agent_node *node);
/* Reads what has changed, and finds addresses and interfaces of local pods again if need be. */
void np_agent_node_update(struct np_agent_node *node);
/* To be called after a commit. Counts the delays of pods that are loaded for the first time. */
void np_agent_node_measure(struct np_agent_node *node);

#endif
