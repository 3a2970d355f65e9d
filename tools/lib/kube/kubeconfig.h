/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kubeconfig files and the service account of a pod: which API server to talk
 * to, and how to prove who we are. Nothing here opens a connection.
 *
 * Rules of merging and validation are those of client-go's clientcmd.
 */
#ifndef NP_KUBE_KUBECONFIG_H
#define NP_KUBE_KUBECONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "kube/connection.h"

/* Where to look. Strings stay the caller's; NULL and "" are "not given". */
struct np_kubeconfig_search {
	const char *path;	/* --kubeconfig: this file or an error */
	const char *list;	/* $KUBECONFIG: colon between files */
	const char *home;	/* $HOME */
	const char *context;	/* instead of current-context */
	bool in_cluster;	/* the service account only */
	const char *service_host;	/* $KUBERNETES_SERVICE_HOST */
	const char *service_port;
	const char *service_account;	/* NULL: the directory in every pod */
};

/* Fills a search from the environment; the rest is zeroed. */
void np_kubeconfig_environment(struct np_kubeconfig_search *search);
/*
 * 0, or -1 with *err filled (NP_EXIT_API; it names file, line and field, and
 * no secret). cfg need not be initialised and is to be freed only after 0.
 */
int np_kubeconfig_load(const struct np_kubeconfig_search *search,
		       struct np_kubeconfig *cfg, struct np_error *err);
#endif
