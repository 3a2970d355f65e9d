/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request to a cluster: which server, credentials, the second try after a
 * 401, Retry-After, our own limit of requests. Between reflector and cluster.
 */
#ifndef NP_KUBE_REQUEST_H
#define NP_KUBE_REQUEST_H

#include "kube/cluster.h"
#include "kube/credential.h"
#include "kube/http.h"

#define NP_CALL_TRIES		10	/* with Retry-After */
#define NP_RETRY_AFTER_MAX_MS	300000
#define NP_SERVER_BAD_MS	30000	/* a failed server is left alone */
#define NP_REQUESTS_A_SECOND	5	/* later pages of a list don't count */

/* An API server; the cluster's. */
struct np_server {
	char *url;
	int64_t bad_until_ms;
	bool no_streaming;	/* it refused, or never ended, a streaming list */
};

/* Private to request.c and cluster.c. */
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
	size_t current;		/* server in use */
	char **headers;		/* impersonation; NULL at the end */
	char *user_agent;
	char *node;
	char *versions[NP_SOURCE_KINDS];
	int64_t sent_ms[NP_REQUESTS_A_SECOND];	/* ring of the last requests */
	unsigned int sent;	/* requests so far, until the ring is full */
	unsigned int sent_next;
	struct np_reflector *reflectors[NP_SOURCE_KINDS];
	bool started;
};

/* The caller's; zeroed but for the first part, and reusable after done(). */
struct np_call {
	struct np_cluster *cluster;
	char *path;		/* allocated; freed by the call */
	const char *accept;
	size_t server;		/* np_cluster_choose() */
	bool gzip;
	bool fresh;
	bool page;		/* a later page of a list */
	struct np_source_stats *stats;
	void (*answered)(void *context);
	int (*data)(void *context, const char *data, size_t len);
	/* error: why no request could be sent, or NULL and a result */
	void (*done)(void *context, const struct np_http_result *result,
		     const char *error);
	void *context;
	/* private */
	struct np_http_request *request;
	struct np_credential_waiter waiter;
	struct np_timer timer;
	int64_t sent_ms;
	unsigned int tries;
	bool retried;		/* after a 401 */
	bool ready;		/* credentials are */
};

/* Takes call->path. Ends with done(), from the loop, or np_call_cancel(). */
void np_call_start(struct np_call *call);
void np_call_cancel(struct np_call *call);

/* The server to ask: the one in use unless it is bad. */
size_t np_cluster_choose(struct np_cluster *cluster);
void np_cluster_mark_bad(struct np_cluster *cluster, size_t server);
void np_cluster_log(struct np_cluster *cluster, enum np_log_level level,
		    enum np_source_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* 0 <= n < below, not for secrets */
uint32_t np_jitter(uint32_t below);

#endif
