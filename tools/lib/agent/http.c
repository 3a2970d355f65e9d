// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Serves /metrics, /healthz and /readyz by libmicrohttpd, which runs in the agent's loop.
 *
 * A pod that reaches the address of the metrics can take all connections there, one after the
 * other. So probes have a listener of their own, which is on loopback by default. That one is
 * urgent: it answers in the middle of long work. Its answers follow from flags, times and texts of
 * errors, each of which is set at once.
 */
#include "agent/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <microhttpd.h>
#include <netdb.h>
#include <sys/socket.h>

#include "agent/metrics.h"
#include "agent/state.h"
#include "base/time.h"

#define NP_HTTP_CONNECTIONS	64
#define NP_HTTP_PER_ADDRESS	8	/* so that one client cannot use up all connections */
#define NP_HTTP_MEMORY		(32 * 1024)	/* bytes for one connection */
#define NP_HTTP_REQUEST_MS	10000	/* unless the options say otherwise */

/*
 * A connection. It is closed if no request is complete in time, however busy it is. Its times are
 * of the real clock, which tests do not move.
 */
struct np_http_peer {
	struct np_http_peer *next;
	struct np_http_peer **link;	/* to this one */
	int fd;
	int64_t since_ms;	/* it was opened, or its last request was complete */
};

struct np_http_listener {
	struct np_agent *agent;
	struct MHD_Daemon *daemon;
	struct np_io io;
	struct np_timer timer;
	struct np_http_peer *peers;
	bool probes;		/* probes alone, no metrics */
};

struct np_agent_http {
	struct np_http_listener metrics;
	struct np_http_listener probes;
};

static enum MHD_Result np_http_reply(struct MHD_Connection *connection, unsigned int status,
				     const char *type, char *text, size_t len)
{
	struct MHD_Response *response;
	enum MHD_Result ret;

	response = MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	ret = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return ret;
}

static enum MHD_Result np_http_line(struct MHD_Connection *connection, unsigned int status,
				    const char *line)
{
	char *text;
	int len;

	len = asprintf(&text, "%s\n", line);
	if (len < 0)
		return MHD_NO;
	return np_http_reply(connection, status, "text/plain; charset=utf-8", text, len);
}

static enum MHD_Result np_http_answer(void *cls, struct MHD_Connection *connection,
				      const char *url, const char *method, const char *version,
				      const char *upload, size_t *upload_size, void **state)
{
	struct np_http_listener *http = cls;
	char why[512], *text = NULL;
	size_t len = 0;
	FILE *file;

	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return np_http_line(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
				    "only GET and HEAD are allowed");
	if (!strcmp(url, "/healthz")) {
		if (np_agent_progress(http->agent))
			return np_http_line(connection, MHD_HTTP_OK, "ok");
		return np_http_line(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
				    "changes have been pending, or work has not ended, for ten minutes");
	}
	if (!strcmp(url, "/readyz")) {
		if (np_agent_ready(http->agent, why, sizeof(why)))
			return np_http_line(connection, MHD_HTTP_OK, "ok");
		return np_http_line(connection, MHD_HTTP_SERVICE_UNAVAILABLE, why);
	}
	if (http->probes || strcmp(url, "/metrics"))
		return np_http_line(connection, MHD_HTTP_NOT_FOUND, http->probes ?
				    "not found; the pages are /healthz and /readyz" :
				    "not found; the pages are /metrics, /healthz and /readyz");
	file = open_memstream(&text, &len);
	if (!file)
		return MHD_NO;
	np_agent_metrics_write(http->agent, file);
	if (fclose(file)) {
		free(text);
		return MHD_NO;
	}
	return np_http_reply(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8",
			     text, len);
}

static void np_http_peer(void *cls, struct MHD_Connection *connection, void **context,
			 enum MHD_ConnectionNotificationCode code)
{
	struct np_http_listener *http = cls;
	struct np_http_peer *peer = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		peer = np_xcalloc(1, sizeof(*peer));
		peer->fd = MHD_get_connection_info(connection,
						   MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
		peer->since_ms = np_time_monotonic();
		peer->next = http->peers;
		peer->link = &http->peers;
		if (peer->next)
			peer->next->link = &peer->next;
		http->peers = peer;
		*context = peer;
	} else if (peer) {
		*peer->link = peer->next;
		if (peer->next)
			peer->next->link = peer->link;
		free(peer);
		*context = NULL;
	}
}

static void np_http_completed(void *cls, struct MHD_Connection *connection, void **state,
			      enum MHD_RequestTerminationCode code)
{
	struct np_http_peer *peer;

	(void)cls;
	(void)state;
	(void)code;
	peer = MHD_get_connection_info(connection,
				       MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
	if (peer)
		peer->since_ms = np_time_monotonic();
}

/* Ends the connections whose time is over. Returns the milliseconds until the next one's is. */
static int64_t np_http_deadlines(struct np_http_listener *http)
{
	int64_t limit = http->agent->opts->request_ms, left, next = INT64_MAX;
	struct np_http_peer *peer;

	if (!limit)
		limit = NP_HTTP_REQUEST_MS;
	for (peer = http->peers; peer; peer = peer->next) {
		left = peer->since_ms + limit - np_time_monotonic();
		/* The library sees the end of the connection and frees it. */
		if (left <= 0)
			shutdown(peer->fd, SHUT_RDWR);
		else if (left < next)
			next = left;
	}
	return next;
}

/* Lets the server do what is possible now, and finds out when it wants to be called again. */
static void np_http_run(struct np_http_listener *http)
{
	MHD_UNSIGNED_LONG_LONG wait;
	int64_t next = np_http_deadlines(http);

	MHD_run(http->daemon);
	if (MHD_get_timeout(http->daemon, &wait) == MHD_YES && (int64_t)wait < next)
		next = (int64_t)wait;
	if (http->peers)
		np_timer_start(http->agent->loop, &http->timer, next > 1000 ? 1000 : next);
}

static void np_http_ready(void *context, unsigned int events)
{
	(void)events;
	np_http_run(context);
}

static void np_http_fire(void *context)
{
	np_http_run(context);
}

/*
 * Reads "127.0.0.1:9474", "[::1]:9474" or, for all addresses, ":9474". The caller frees *found.
 * Returns 0, or -1 with *err filled.
 */
static int np_http_address(const char *option, const char *text, struct addrinfo **found,
			   struct np_error *err)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
	};
	const char *colon = strrchr(text, ':');
	char host[64];
	size_t len = colon ? (size_t)(colon - text) : 0;
	int ret = -1;

	if (colon && len < sizeof(host)) {
		if (len > 1 && *text == '[' && text[len - 1] == ']')
			snprintf(host, sizeof(host), "%.*s", (int)len - 2, text + 1);
		else
			snprintf(host, sizeof(host), "%.*s", (int)len, text);
		ret = getaddrinfo(*host ? host : NULL, colon + 1, &hints, found);
	}
	if (!ret)
		return 0;
	np_error_set(err, NP_EXIT_USAGE, "--%s takes ADDRESS:PORT, not \"%.80s\"", option, text);
	np_error_hint(err, "for example " NP_AGENT_LISTEN " or [::1]:9474; none switches it off");
	return -1;
}

/* Opens a listener, whose address the option gave; NULL: there is none. */
static int np_http_open(struct np_http_listener *http, struct np_agent *agent, const char *option,
			const char *text, struct np_error *err)
{
	const union MHD_DaemonInfo *info;
	struct addrinfo *address;
	unsigned int flags = MHD_USE_EPOLL;

	if (!text)
		return 0;
	if (np_http_address(option, text, &address, err))
		return -1;
	http->agent = agent;
	if (address->ai_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	errno = 0;
	http->daemon = MHD_start_daemon(flags, 0, NULL, NULL, np_http_answer, http,
					MHD_OPTION_SOCK_ADDR, address->ai_addr,
					MHD_OPTION_CONNECTION_LIMIT,
					(unsigned int)NP_HTTP_CONNECTIONS,
					MHD_OPTION_PER_IP_CONNECTION_LIMIT,
					(unsigned int)NP_HTTP_PER_ADDRESS,
					MHD_OPTION_NOTIFY_CONNECTION, np_http_peer, http,
					MHD_OPTION_NOTIFY_COMPLETED, np_http_completed, NULL,
					MHD_OPTION_CONNECTION_MEMORY_LIMIT,
					(size_t)NP_HTTP_MEMORY, MHD_OPTION_END);
	freeaddrinfo(address);
	info = http->daemon ? MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info) {
		np_error_set(err, NP_EXIT_USAGE, "cannot listen on %s: %s", text,
			     strerror(errno ? errno : EADDRINUSE));
		np_error_hint(err, "give --%s another address, or none", option);
		if (http->daemon)
			MHD_stop_daemon(http->daemon);
		http->daemon = NULL;
		return -1;
	}
	http->io.ready = np_http_ready;
	http->io.context = http;
	http->timer.fire = np_http_fire;
	http->timer.context = http;
	http->timer.real = true;
	http->io.urgent = http->probes;
	http->timer.urgent = http->probes;
	np_io_set(agent->loop, &http->io, info->epoll_fd, NP_IO_READ);
	return 0;
}

static void np_http_close(struct np_http_listener *http)
{
	if (!http->daemon)
		return;
	np_io_stop(&http->io);
	np_timer_stop(&http->timer);
	MHD_stop_daemon(http->daemon);
	http->daemon = NULL;
}

int np_agent_http_start(struct np_agent *agent, struct np_error *err)
{
	struct np_agent_http *http = np_xcalloc(1, sizeof(*http));

	agent->outside.http = http;
	http->probes.probes = true;
	if (np_http_open(&http->metrics, agent, "listen", agent->opts->listen, err) ||
	    np_http_open(&http->probes, agent, "probe-listen", agent->opts->probes, err)) {
		np_agent_http_stop(agent);
		return -1;
	}
	return 0;
}

void np_agent_http_stop(struct np_agent *agent)
{
	struct np_agent_http *http = agent->outside.http;

	if (!http)
		return;
	np_http_close(&http->metrics);
	np_http_close(&http->probes);
	free(http);
	agent->outside.http = NULL;
}
