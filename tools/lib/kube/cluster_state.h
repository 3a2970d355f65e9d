/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state that the parts of the API client share. Only files of this folder include it;
 * others include cluster.h.
 */
#ifndef NP_KUBE_CLUSTER_STATE_H
#define NP_KUBE_CLUSTER_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/loop.h"
#include "kube/credential.h"
#include "kube/http.h"
#include "kube/options.h"
#include "kube/plugin.h"
#include "kube/source.h"

#define NP_SERVER_BAD_MS	30000	/* the time for which a server that failed is not used */
#define NP_REQUESTS_A_SECOND	5	/* to all servers; np_cluster_slot() waits for it */

struct np_reflector;

/* One of the API servers of the cluster. */
struct np_server {
	char *url;
	int64_t bad_until_ms;	/* it is not used before this, by the loop's clock */
	bool no_streaming;	/* it refused a streaming list or never ended one */
};

struct np_cluster {
	struct np_loop *loop;
	struct np_http *http;
	struct np_cluster_options options;
	const struct np_source_ops *ops;
	void *context;
	struct np_kubeconfig cfg;
	struct np_credential *credential;
	struct np_plugin_killed killed;	/* plugins of these and earlier credentials */
	struct np_server *servers;
	size_t server_count;
	size_t current;		/* index of the server in use */
	char **headers;		/* headers for impersonation; ends with NULL */
	char *user_agent;
	char *node;
	int64_t sent_ms[NP_REQUESTS_A_SECOND];	/* when the last requests were sent, as a ring */
	unsigned int sent;	/* entries of the ring that are filled */
	unsigned int sent_next;	/* entry of the ring for the next request */
	struct np_reflector *reflectors[NP_SOURCE_KINDS];
	bool resting[NP_SOURCE_KINDS];	/* not to be followed at present */
	struct np_discovery *discovery;	/* of the kind that may be absent; NULL: not followed */
	/* Called when a server that could not be reached has answered. May be NULL. */
	void (*returned)(void *arg);
	void *returned_arg;
	struct np_foreign *foreign;	/* NULL: not asked for */
	struct np_taint *taint;	/* NULL: none is to be removed */
	struct np_arena arena;	/* nodes of the object that is handed over */
	bool started;
};

/* Returns the index of the server to ask. Another one is chosen if the server in use failed. */
size_t np_cluster_choose(struct np_cluster *cluster);
/* Notes that a server failed. */
void np_cluster_mark_bad(struct np_cluster *cluster, size_t server);
/*
 * Returns the milliseconds until one more request may be sent. Later pages of a list are not
 * limited, because the server's answers pace them.
 */
int64_t np_cluster_slot(struct np_cluster *cluster);
/* Counts a request for np_cluster_slot(). */
void np_cluster_sent(struct np_cluster *cluster);
/* Gives the keeper a text for the log. kind is NP_SOURCE_KINDS for all kinds. */
void np_cluster_log(struct np_cluster *cluster, enum np_log_level level,
		    enum np_source_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Returns a random number of 0 <= n < below. It is not good enough for secrets. */
uint32_t np_jitter(uint32_t below);

#endif
