/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One kubeconfig file's entries. Private to kubeconfig.c.
 */
#ifndef NP_KUBE_KUBECONFIG_ENTRY_H
#define NP_KUBE_KUBECONFIG_ENTRY_H

#include <cjson/cJSON.h>

#include "kube/connection.h"
#include "object/node.h"

/* A file in memory. */
struct np_kube_file {
	char *path;
	char *data;
	size_t len;
	bool open;		/* others than its owner may read it */
};

/* What is looked for in a file. */
enum np_kube_section {
	NP_KUBE_CURRENT,	/* current-context, into context->current */
	NP_KUBE_CONTEXT,	/* into context->cluster and user */
	NP_KUBE_CLUSTER,	/* into cfg */
	NP_KUBE_USER,		/* into cfg */
};

struct np_kube_context {
	char *current;
	char *cluster;
	char *user;
};

/* 1: found, 0: not in this file, -1: *err is filled. */
int np_kube_parse(const struct np_kube_file *file, struct np_kubeconfig *cfg,
		  enum np_kube_section section, const char *name,
		  struct np_kube_context *context, struct np_error *err);
#endif
