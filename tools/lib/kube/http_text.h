/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions about URLs and headers of HTTP that their text answers.
 */
#ifndef NP_KUBE_HTTP_TEXT_H
#define NP_KUBE_HTTP_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Returns the proxy for a server by HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or NULL. A server on
 * this machine has none. environment is getenv(), or another function in tests.
 *
 * libcurl has rules of its own. These are the rules of Go, which other Kubernetes clients
 * follow. They differ from libcurl's: an entry of NO_PROXY may have a port, and ".name" does not
 * match "name" itself.
 */
const char *np_http_proxy(const char *server,
			  char *(*environment)(const char *name));
/* Returns true if the host of a URL is this machine itself. */
bool np_http_is_loopback(const char *url);
/*
 * Returns the milliseconds that a Retry-After header asks for, as seconds or as a date. Returns
 * -1 if it cannot be read or lies in the past.
 */
int64_t np_http_retry_after(const char *value);

#endif
