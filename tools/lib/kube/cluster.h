/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cluster as a source of objects: its API servers, our credentials, and one
 * reflector for each kind, which hand over what they list and watch by
 * struct np_source_ops.
 */
#ifndef NP_KUBE_CLUSTER_H
#define NP_KUBE_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"
#include "kube/options.h"
#include "kube/source.h"

struct np_cluster;

/*
 * Reads the configuration and the credentials; nothing is sent yet. All
 * options are copied but the strings of search, which np_cluster_reload()
 * reads again. NULL with *err filled. Also protects the process against core
 * dumps, as it holds credentials from now on.
 */
struct np_cluster *np_cluster_open(struct np_loop *loop,
				   const struct np_cluster_options *options,
				   const struct np_source_ops *ops,
				   void *context, struct np_error *err);
/* Starts to list and watch. */
void np_cluster_start(struct np_cluster *cluster);
/* Ends all streams; nothing is called any more. NULL is fine. */
void np_cluster_close(struct np_cluster *cluster);

/*
 * Reads the configuration again (SIGHUP). What is equal goes on undisturbed;
 * new credentials open new streams from the last version; another server or
 * CA may be another cluster: everything is listed again. -1 with *err filled:
 * the old configuration stays in force.
 */
int np_cluster_reload(struct np_cluster *cluster, struct np_error *err);
/* Lists all kinds again. */
void np_cluster_refresh(struct np_cluster *cluster);

/* The state of a kind as of now; strings live until the loop runs. */
void np_cluster_state(const struct np_cluster *cluster,
		      enum np_source_kind kind, struct np_source_state *state);

struct np_cluster_status {
	const char *server;	/* the one in use */
	const char *file;	/* of the configuration */
	bool insecure;		/* its certificate is not checked */
	const char *const *warnings;	/* of the configuration */
	size_t warning_count;
	int64_t cert_expiry;	/* of the client certificate, seconds since 1970; 0: none */
	uint64_t bad_rotations;	/* new certificates that were refused */
};

void np_cluster_status(const struct np_cluster *cluster,
		       struct np_cluster_status *status);

#endif
