/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads kubeconfig files, or the service account of a pod, to find the API server and the
 * credentials. No connection is opened here.
 *
 * Files are merged and checked by the rules of client-go's clientcmd. Comments name them by the
 * numbers K1 to K20 of the statements about credentials in docs/api-client.md, which also lists
 * the tests of each.
 */
#ifndef NP_KUBE_KUBECONFIG_H
#define NP_KUBE_KUBECONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "kube/connection.h"

/* Where to look. The strings belong to the caller. NULL and "" mean that one is not given. */
struct np_kubeconfig_search {
	const char *path;	/* --kubeconfig: a file that must exist */
	const char *list;	/* $KUBECONFIG: files with colons between them */
	const char *home;	/* $HOME */
	const char *context;	/* name of a context, instead of current-context */
	bool in_cluster;	/* use the service account only */
	/*
	 * A kubeconfig whose cluster says where the API server is and how to reach it, such as
	 * kubelet's. Everything else comes from elsewhere.
	 */
	const char *server_from;
	const char *service_host;	/* $KUBERNETES_SERVICE_HOST */
	const char *service_port;
	const char *service_account;	/* NULL: the folder that every pod has */
};

/* Fills in a search from the environment. The other members are zeroed. */
void np_kubeconfig_environment(struct np_kubeconfig_search *search);
/*
 * Reads the configuration. Returns 0, or -1 with *err filled: NP_EXIT_API, with file, line and
 * field, and without secrets. cfg need not be initialised. It must be freed only after 0.
 */
int np_kubeconfig_load(const struct np_kubeconfig_search *search,
		       struct np_kubeconfig *cfg, struct np_error *err);

#endif
