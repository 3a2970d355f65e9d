/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The API client. A cluster is a source of objects: it has API servers, credentials, and a
 * reflector for each kind, which hands the objects over by struct np_source_ops.
 *
 * Numbers such as L15 and K11 in comments of this folder and in names of tests are those of the
 * statements in docs/api-client.md: L for lists and watches, K for credentials.
 */
#ifndef NP_KUBE_CLUSTER_H
#define NP_KUBE_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"
#include "kube/foreign.h"
#include "kube/options.h"
#include "kube/source.h"

struct np_cluster;

/*
 * Reads the configuration and the credentials. Nothing is sent yet. The options are copied,
 * except for the strings of search, which np_cluster_reload() uses again. The process holds
 * credentials from now on, so core dumps of it are switched off. Returns NULL with *err filled
 * after an error.
 */
struct np_cluster *np_cluster_open(struct np_loop *loop,
				   const struct np_cluster_options *options,
				   const struct np_source_ops *ops,
				   void *context, struct np_error *err);
/* Starts the lists and watches. */
void np_cluster_start(struct np_cluster *cluster);
/*
 * NP_SOURCE_NODES is followed from the first call with follow on until one without. It lists all
 * Nodes then, and begins with a list each time. Must not be called by a function of ops.
 */
void np_cluster_follow(struct np_cluster *cluster, enum np_source_kind kind, bool follow);
/* Ends all streams. The functions of ops are not called any more. cluster may be NULL. */
void np_cluster_close(struct np_cluster *cluster);

/*
 * Reads the configuration again, for SIGHUP. If nothing has changed the streams go on. With new
 * credentials streams are opened again from the last version. Another server or CA may mean
 * another cluster, so everything is listed again. Returns 0, or -1 with *err filled; then the
 * old configuration stays in force.
 */
int np_cluster_reload(struct np_cluster *cluster, struct np_error *err);
/* Lists all kinds again. */
void np_cluster_refresh(struct np_cluster *cluster);

/*
 * Says whether the agent is ready. If it is, options.remove_taint is removed from the Node. Nothing
 * is ever set on the Node.
 */
void np_cluster_set_ready(struct np_cluster *cluster, bool ready);

/*
 * Returns a kind of policies that netpol does not enforce, by its number from 0 on, and what is
 * known of it. Returns NULL after the last one.
 */
const struct np_foreign_kind *np_cluster_foreign(const struct np_cluster *cluster, size_t number,
						 enum np_foreign_state *state);
/* Returns how many times they have been looked for. Before the first time nothing is known. */
uint64_t np_cluster_foreign_rounds(const struct np_cluster *cluster);

/* Fills in the current state of a kind. Its strings are valid until the loop runs. */
void np_cluster_state(const struct np_cluster *cluster,
		      enum np_source_kind kind, struct np_source_state *state);

/* The part of the status that does not depend on a kind. Strings are valid until the loop runs. */
struct np_cluster_status {
	const char *server;	/* URL of the server in use */
	const char *file;	/* file that the configuration comes from */
	bool insecure;		/* the certificate of the server is not checked */
	const char *const *warnings;	/* warnings about the configuration */
	size_t warning_count;
	int64_t cert_expiry;	/* end of the client certificate, seconds since 1970; 0: none */
	uint64_t bad_rotations;	/* new certificates that were refused */
};

void np_cluster_status(const struct np_cluster *cluster,
		       struct np_cluster_status *status);

#endif
