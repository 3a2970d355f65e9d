/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP: what can be said of a URL or a header by its text alone.
 */
#ifndef NP_KUBE_HTTP_TEXT_H
#define NP_KUBE_HTTP_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The proxy for a server by HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or NULL;
 * addresses of this machine have none. getenv is replaceable for tests.
 */
const char *np_http_proxy(const char *server,
			  char *(*environment)(const char *name));
/* Is the host of this URL the machine itself? */
bool np_http_is_loopback(const char *url);
/*
 * Milliseconds that a Retry-After header asks for (seconds, or a date), -1
 * if it can't be read or is in the past.
 */
int64_t np_http_retry_after(const char *value);

#endif
