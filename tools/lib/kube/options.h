/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the user of the API client wants of it.
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
	/* Instead of the kubeconfig's server; the same CA and TLS name for all. */
	const char *const *servers;
	size_t server_count;
	/* Name of our node, for the User-Agent; NP_SOURCE_NODE needs it. */
	const char *node;
	bool kinds[NP_SOURCE_KINDS];	/* which to follow */
	bool gzip;		/* ask for compressed lists */
	bool plain_token;	/* send tokens over plain http to other hosts */
	/* The first request waits for up to this, at random: a fleet starts too. */
	int64_t spread_ms;
	/*
	 * After a restart: the versions that were saved with the state, and
	 * whether the kernel holds any state, so that an old server can't take
	 * us back in time. NULL and "" are "none".
	 */
	const char *versions[NP_SOURCE_KINDS];
	bool have_state;
};

#endif
