/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request to a cluster: which server, credentials, the second try after a
 * 401, Retry-After, our own limit of requests. Between reflector and cluster.
 */
#ifndef NP_KUBE_REQUEST_H
#define NP_KUBE_REQUEST_H

#include "kube/credential.h"
#include "kube/http.h"
#include "kube/source.h"

#define NP_CALL_TRIES		10	/* with Retry-After */
#define NP_RETRY_AFTER_MAX_MS	300000

struct np_cluster;

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

#endif
