/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call is one request to a cluster with all its tries: it waits for credentials and for the
 * limit of requests, tries once more after a 401, and waits if Retry-After asks for it.
 */
#ifndef NP_KUBE_REQUEST_H
#define NP_KUBE_REQUEST_H

#include "kube/credential.h"
#include "kube/http.h"
#include "kube/source.h"

#define NP_CALL_TRIES		10	/* tries of a call, if Retry-After asks for them */
#define NP_RETRY_AFTER_MAX_MS	300000	/* longest pause that Retry-After gets */

struct np_cluster;

/* The caller provides the memory, zeroed at first. It can be used again after done(). */
struct np_call {
	struct np_cluster *cluster;
	char *path;		/* allocated by the caller, freed by the call */
	const char *accept;	/* the header Accept */
	const char *patch;	/* JSON patch, valid until done(); NULL: the request is a GET */
	size_t server;		/* from np_cluster_choose() */
	bool gzip;
	bool fresh;		/* use a new connection */
	int64_t answer_ms;	/* time until the answer begins; 0: NP_HTTP_ANSWER_MS */
	bool page;		/* this is a later page of a list */
	/* It is not limited nor counted, and its failure says nothing about the server. */
	bool aside;
	struct np_source_stats *stats;	/* counts requests and answers */
	void (*answered)(void *context);
	int (*data)(void *context, const char *data, size_t len);
	/* error says why no request could be sent, or is NULL and there is a result. */
	void (*done)(void *context, const struct np_http_result *result,
		     const char *error);
	void *context;
	/* private */
	struct np_http_request *request;
	struct np_credential_waiter waiter;
	struct np_timer timer;
	int64_t sent_ms;
	unsigned int tries;
	bool retried;		/* it has been tried again after a 401 */
	bool ready;		/* there are credentials */
};

/* Starts a call. It ends with done(), which the loop calls, or with np_call_cancel(). */
void np_call_start(struct np_call *call);
void np_call_cancel(struct np_call *call);

#endif
