/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's connection to the kernel module, and what it knows of the module's state.
 */
#ifndef NP_AGENT_KERNEL_H
#define NP_AGENT_KERNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/netpol.h>

#include "base/error.h"
#include "base/metric.h"
#include "netlink/client.h"

#define NP_KUBE_ORIGIN	"kube"

struct np_commit_stats {
	uint64_t full;			/* full transactions that were published */
	uint64_t delta;			/* deltas that were published */
	uint64_t failures;		/* attempts that published nothing */
	uint64_t stale;			/* failures because somebody else changed the origin */
	uint64_t objects;		/* objects in published transactions */
	uint64_t messages;		/* messages of published transactions */
	uint64_t bytes;			/* bytes of published transactions */
	uint64_t comparisons;
	uint64_t divergences;		/* objects that comparisons found to differ */
	uint64_t repairs;		/* how many times the kernel was found to differ */
	struct np_histogram duration;	/* seconds that published transactions took */
};

/* Belongs to the agent. All calls block until the kernel has answered. */
struct np_kernel {
	struct np_client client;
	bool open;
	int timeout;			/* milliseconds for one answer */
	uint64_t origin_generation;	/* of origin `kube`, after the agent's last commit */
	uint64_t generation;		/* of the module, when it was last known */
	uint64_t settings_generation;	/* of the settings, when it was last known */
	uint64_t limit[NETPOL_LIMIT_MAX + 1];	/* by enum netpol_limit, 0: not known */
	char version[NETPOL_VERSION_MAX + 1];	/* of the module */
	struct np_commit_stats stats;
};

void np_kernel_init(struct np_kernel *kernel, int timeout);
void np_kernel_close(struct np_kernel *kernel);
/*
 * Opens the connection and reads limits and generations. *present: how many objects the origin has.
 * Returns 0, or -1 with *err filled.
 */
int np_kernel_open(struct np_kernel *kernel, uint64_t *present, struct np_error *err);
/*
 * Reads limits and generations again. *origin_generation: the current one. *present: how many
 * objects the origin has; present may be NULL. Returns 0, or -1 with *err filled.
 */
int np_kernel_info(struct np_kernel *kernel, uint64_t *origin_generation, uint64_t *present,
		   struct np_error *err);
/*
 * Reads how many pods of this node limits of the module have closed. Returns false if the module
 * does not answer, or is not connected.
 */
bool np_kernel_lacking(struct np_kernel *kernel, uint32_t *pods);
/*
 * Returns true if the origin has a ClusterNetworkPolicy, or if that can't be told: an agent that
 * starts must not believe then that there never was one.
 */
bool np_kernel_has_cluster_policies(struct np_kernel *kernel);

#endif
