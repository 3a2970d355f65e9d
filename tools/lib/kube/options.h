/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options of the API client.
 */
#ifndef NP_KUBE_OPTIONS_H
#define NP_KUBE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kube/kubeconfig.h"
#include "kube/source.h"

struct np_cluster_options {
	struct np_kubeconfig_search search;
	/* Servers to use instead of the one in the kubeconfig, with the same CA and TLS name. */
	const char *const *servers;
	size_t server_count;
	/* Name of the node that the agent runs on, for the User-Agent and for NP_SOURCE_NODE. */
	const char *node;
	bool kinds[NP_SOURCE_KINDS];	/* kinds to follow */
	/*
	 * Only one list of each kind, of what the server has now, and nothing is followed. What
	 * fails is tried again all the same.
	 */
	bool once;
	bool foreign;		/* look for policies of kinds that netpol does not enforce */
	/* Key of the taint to remove from the Node once the agent is ready. NULL: none. */
	const char *remove_taint;
	bool gzip;		/* ask for compressed lists */
	bool plain_token;	/* send tokens over plain http also to other hosts */
	/* The first request waits for a random part of this, because many agents start at once. */
	int64_t spread_ms;
	/*
	 * For a start after a restart: the versions that were saved with the state, NULL or ""
	 * for none, and whether the kernel holds any state. With them a server that lags
	 * behind cannot bring back an older state.
	 */
	const char *versions[NP_SOURCE_KINDS];
	bool have_state;
	/* The kernel holds ClusterNetworkPolicies, so the cluster had the kind. */
	bool have_cluster_policies;
};

#endif
