/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP requests on the event loop: libcurl's multi interface, with the bounds
 * that a server or somebody in between might break.
 *
 * GET only, HTTP/1.1, TLS 1.2 or newer, no redirects. A request that is not
 * answered within 30 seconds, more than 64 KiB of header, and a body that
 * unpacks to more than 200 times its size, are errors.
 */
#ifndef NP_KUBE_HTTP_H
#define NP_KUBE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"

struct np_http;
struct np_http_request;

#define NP_HTTP_ANSWER_MS	30000	/* until the header is whole */
#define NP_HTTP_CONNECT_MS	10000	/* TCP, proxy and TLS */
#define NP_HTTP_BODY_KEEP	65536	/* of an answer that is no 200 */
#define NP_HTTP_RATIO_MAX	200	/* unpacked bytes to received ones */

/*
 * Certificates and key in PEM, NULL where there is none. Counted, as requests
 * under way need what a rotation replaces; the last one wipes the key.
 */
struct np_tls {
	unsigned int refs;
	char *ca;		/* NULL: the system's */
	size_t ca_len;
	char *cert;
	size_t cert_len;
	char *key;
	size_t key_len;
};

struct np_tls *np_tls_get(struct np_tls *tls);
void np_tls_put(struct np_tls *tls);

enum np_http_end {
	NP_HTTP_DONE,		/* a whole answer, whatever its status */
	NP_HTTP_CONNECT,	/* no answer: name, connection, proxy, time */
	NP_HTTP_TLS,		/* certificate or handshake */
	NP_HTTP_CUT,		/* the answer ended early */
	NP_HTTP_BOUND,		/* a bound above was broken */
	NP_HTTP_STOPPED,	/* data() said so */
};

struct np_http_result {
	enum np_http_end end;
	long status;		/* of the answer, 0: none */
	int64_t retry_after_ms;	/* -1: not given or unreadable */
	const char *error;	/* for people, no secrets; "" if DONE */
	const char *body;	/* beginning of one that is no 200 */
	size_t body_len;
};

struct np_http_options {
	/* Scheme, host, port and path of the server; no slash at the end. */
	const char *server;
	/* Behind the server's path; begins with a slash. */
	const char *path;
	/* Name in the certificate and SNI, if it is not the host. */
	const char *tls_server_name;
	struct np_tls *tls;	/* or NULL */
	bool insecure;
	const char *proxy;	/* URL; NULL: as the environment says */
	/* Lines of header, NULL at the end; copied, and wiped afterwards. */
	const char *const *headers;
	const char *user_agent;
	bool gzip;
	bool fresh;		/* on a new connection */
	/*
	 * The status is known and is 200. Neither this nor data() may start
	 * requests; they may cancel.
	 */
	void (*answered)(void *context);
	/* Body of a 200; -1 stops. */
	int (*data)(void *context, const char *data, size_t len);
	/* Once, unless it was cancelled; the request is gone already. */
	void (*done)(void *context, const struct np_http_result *result);
	void *context;
};

/* Also makes the process ignore SIGPIPE. */
struct np_http *np_http_new(struct np_loop *loop);
/* Cancels what is under way. NULL is fine. */
void np_http_free(struct np_http *http);

/* All options are copied. Fails only through done(). */
struct np_http_request *np_http_start(struct np_http *http,
				      const struct np_http_options *options);
/* No more callbacks of it. */
void np_http_cancel(struct np_http_request *request);

#endif
