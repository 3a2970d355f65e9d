/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the API client share. Only the files of this room look into it;
 * cluster.h is for the others.
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
#include "kube/source.h"

#define NP_SERVER_BAD_MS	30000	/* a server that failed is not asked for so long */
#define NP_REQUESTS_A_SECOND	5	/* to all servers together; see np_cluster_slot() */

struct np_reflector;

/* An API server of the cluster. */
struct np_server {
	char *url;
	int64_t bad_until_ms;	/* by the loop's clock */
	bool no_streaming;	/* it refused, or never ended, a streaming list */
};

struct np_cluster {
	struct np_loop *loop;
	struct np_http *http;
	struct np_cluster_options options;
	const struct np_source_ops *ops;
	void *context;
	struct np_kubeconfig cfg;
	struct np_credential *credential;
	struct np_server *servers;
	size_t server_count;
	size_t current;		/* the server in use */
	char **headers;		/* impersonation; NULL at the end */
	char *user_agent;
	char *node;
	int64_t sent_ms[NP_REQUESTS_A_SECOND];	/* ring of the last requests */
	unsigned int sent;	/* requests so far, until the ring is full */
	unsigned int sent_next;
	struct np_reflector *reflectors[NP_SOURCE_KINDS];
	struct np_arena arena;	/* nodes of the object that is being handed over */
	bool started;
};

/* The server to ask: the one in use, unless it failed and another one did not. */
size_t np_cluster_choose(struct np_cluster *cluster);
void np_cluster_mark_bad(struct np_cluster *cluster, size_t server);
/*
 * Milliseconds until one more request may be sent. Later pages of a list don't count, as
 * the server's answers pace them.
 */
int64_t np_cluster_slot(struct np_cluster *cluster);
/* Counts a request against np_cluster_slot(). */
void np_cluster_sent(struct np_cluster *cluster);
/* kind is NP_SOURCE_KINDS if the text is about all of them. */
void np_cluster_log(struct np_cluster *cluster, enum np_log_level level,
		    enum np_source_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* A random number, 0 <= n < below; not for secrets. */
uint32_t np_jitter(uint32_t below);

#endif
