/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the entries of one kubeconfig file. Only kubeconfig.c uses it.
 */
#ifndef NP_KUBE_KUBECONFIG_ENTRY_H
#define NP_KUBE_KUBECONFIG_ENTRY_H

#include <cjson/cJSON.h>

#include "kube/connection.h"
#include "object/node.h"

/* A kubeconfig file in memory. */
struct np_kube_file {
	char *path;
	char *data;
	size_t len;
	bool open;		/* users other than its owner may read it */
};

/* The entry that is looked for, and where it goes. */
enum np_kube_section {
	NP_KUBE_CURRENT,	/* current-context: into context->current */
	NP_KUBE_CONTEXT,	/* a context: into context->cluster and context->user */
	NP_KUBE_CLUSTER,	/* a cluster: into cfg */
	NP_KUBE_USER,		/* a user: into cfg */
};

/* The names that lead to a cluster and a user. NULL: not given. */
struct np_kube_context {
	char *current;
	char *cluster;
	char *user;
};

/* Reads an entry. Returns 1 if it was found, 0 if this file does not have it, -1 with *err. */
int np_kube_parse(const struct np_kube_file *file, struct np_kubeconfig *cfg,
		  enum np_kube_section section, const char *name,
		  struct np_kube_context *context, struct np_error *err);

#endif
