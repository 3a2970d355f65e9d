/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP requests on the event loop, by libcurl's multi interface. Bounds protect the agent from a
 * server, or a proxy on the way, that misbehaves.
 *
 * Requests are GET, or PATCH with a JSON patch, over HTTP/1.1, with TLS 1.2 or newer. Redirects
 * are not followed. It is an error if there is no answer in time, if the header exceeds 64 KiB, or
 * if a body unpacks to more than 200 times its size.
 */
#ifndef NP_KUBE_HTTP_H
#define NP_KUBE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"

struct np_http;
struct np_http_request;

#define NP_HTTP_ANSWER_MS	30000	/* time until the header is complete, by default */
#define NP_HTTP_CONNECT_MS	10000	/* time for TCP, a proxy and TLS */
#define NP_HTTP_BODY_KEEP	65536	/* bytes that are kept of an answer other than 200 */
#define NP_HTTP_RATIO_MAX	200	/* ratio of unpacked bytes to received ones */

/*
 * Certificates and a key in PEM, or NULL where there is none. They are counted by references,
 * because a request still uses them when they have been replaced. The key is wiped when the last
 * reference is gone.
 */
struct np_tls {
	unsigned int refs;
	char *ca;		/* NULL: the authorities of the system */
	size_t ca_len;
	char *cert;
	size_t cert_len;
	char *key;
	size_t key_len;
};

/* Take and drop a reference. tls may be NULL. */
struct np_tls *np_tls_get(struct np_tls *tls);
void np_tls_put(struct np_tls *tls);

enum np_http_end {
	NP_HTTP_DONE,		/* the answer is complete, whatever its status */
	NP_HTTP_CONNECT,	/* there is no answer: name, connection, proxy or time */
	NP_HTTP_TLS,		/* the certificate or the handshake failed */
	NP_HTTP_CUT,		/* the answer ended early */
	NP_HTTP_BOUND,		/* the answer exceeded a bound */
	NP_HTTP_STOPPED,	/* data() returned -1 */
};

struct np_http_result {
	enum np_http_end end;
	bool late;		/* there was no answer in time, though perhaps a connection */
	long status;		/* status of the answer, 0: there is no answer */
	int64_t retry_after_ms;	/* -1: not given or unreadable */
	const char *error;	/* for people, without secrets; "" after NP_HTTP_DONE */
	const char *body;	/* beginning of the body of an answer other than 200 */
	size_t body_len;
};

struct np_http_options {
	/* Scheme, host, port and path of the server, without a slash at the end. */
	const char *server;
	/* Path behind that of the server. It begins with a slash. */
	const char *path;
	const char *patch;	/* JSON patch, for PATCH; NULL: the request is a GET */
	/* The name for SNI, which the certificate must have. NULL: it is the host. */
	const char *tls_server_name;
	struct np_tls *tls;	/* NULL: neither a certificate nor a CA is given */
	bool insecure;
	const char *proxy;	/* URL; NULL: the environment decides */
	/* Lines of the header, ending with NULL. They are copied, and the copies are wiped. */
	const char *const *headers;
	const char *user_agent;
	bool gzip;
	bool fresh;		/* use a new connection */
	int64_t answer_ms;	/* time until the header is complete; 0: NP_HTTP_ANSWER_MS */
	/*
	 * The header is complete and the status is 200. Neither this nor data() may start
	 * requests. They may cancel one.
	 */
	void (*answered)(void *context);
	/* Takes bytes of the body of a 200. Returns 0, or -1 to end the request. */
	int (*data)(void *context, const char *data, size_t len);
	/* Called once, unless the request is cancelled. The request has been freed by then. */
	void (*done)(void *context, const struct np_http_result *result);
	void *context;
};

/* Makes the process ignore SIGPIPE, too. */
struct np_http *np_http_new(struct np_loop *loop);
/* Cancels all requests. http may be NULL. */
void np_http_free(struct np_http *http);

/* Starts a request. The options are copied. Errors are reported by done(). */
struct np_http_request *np_http_start(struct np_http *http,
				      const struct np_http_options *options);
/* Ends a request without a call of done(). */
void np_http_cancel(struct np_http_request *request);

#endif
