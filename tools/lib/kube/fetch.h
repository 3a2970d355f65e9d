/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads what a cluster has now: one list of each kind that netpol uses, by the API client of the
 * agent, and no watch.
 */
#ifndef NP_KUBE_FETCH_H
#define NP_KUBE_FETCH_H

#include "base/error.h"
#include "kube/options.h"
#include "object/object.h"

/**
 * struct np_fetch_options - where the cluster is, and who hears of what
 * @search: kubeconfig and context, or the service account
 * @server: URL to use instead of the one in the kubeconfig; NULL: that one
 * @timeout_ms: time in which something must arrive; negative: no limit
 * @warn: told of what is passed over or read in part; text may quote the server
 */
struct np_fetch_options {
	struct np_kubeconfig_search search;
	const char *server;
	int timeout_ms;
	void (*warn)(const char *text);
};

/*
 * Adds namespaces, pods (but for finished ones and those of the host's network), NetworkPolicies
 * and ClusterNetworkPolicies, with Nodes if one of these names some. An object that cannot be read
 * as a whole is what the agent makes of it: a policy is closed as far as need be, a pod or
 * Namespace of which no more than the name can be read is left out. Returns 0, or -1 with *err
 * filled, which names the server and the kind: NP_EXIT_API or NP_EXIT_TIMEOUT.
 */
int np_fetch(const struct np_fetch_options *options, struct np_objects *objs,
	     struct np_error *err);

#endif
