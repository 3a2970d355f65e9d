// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libcurl's multi interface on the event loop.
 *
 * libcurl reads the real clock, so its timers run by that clock and not by the clock of the loop,
 * which tests can move. No function of libcurl may be called from its callbacks. So a request
 * that is cancelled in a callback is only marked, and removed afterwards.
 */
#include "kube/http.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>
#include <openssl/crypto.h>

#include "base/alloc.h"
#include "base/loop.h"
#include "kube/http_text.h"

#define NP_HTTP_HEADER_MAX	65536
#define NP_HTTP_RATIO_FREE	(1024 * 1024)	/* bytes that may unpack from any answer */

struct np_http {
	struct np_loop *loop;
	CURLM *multi;
	struct np_timer timer;
	struct np_http_request *first;
	bool busy;		/* a function of libcurl is running */
};

/* A socket of libcurl. */
struct np_http_socket {
	struct np_io io;
	struct np_http *http;
	curl_socket_t fd;
};

struct np_http_request {
	struct np_http *http;
	struct np_http_request *next;
	struct np_http_request **link;
	struct np_http_options options;
	CURL *curl;
	struct curl_slist *headers;
	struct curl_slist *connect_to;
	struct np_timer answer_timer;
	char proxy[256];	/* host and port of the proxy, for messages */
	long status;
	int64_t retry_after_ms;
	size_t header_bytes;
	uint64_t plain;		/* unpacked bytes of the body */
	char *body;
	size_t body_len;
	const char *broken;	/* the bound that was exceeded, as a message */
	bool answered;
	bool stopped;
	bool late;
	bool cancelled;
	char error[CURL_ERROR_SIZE];
};

struct np_tls *np_tls_get(struct np_tls *tls)
{
	if (tls)
		tls->refs++;
	return tls;
}

void np_tls_put(struct np_tls *tls)
{
	if (!tls || --tls->refs)
		return;
	free(tls->ca);
	free(tls->cert);
	if (tls->key)
		OPENSSL_cleanse(tls->key, tls->key_len);
	free(tls->key);
	free(tls);
}

static void np_http_reap(struct np_http *http);

/* Tells libcurl that a socket is ready or that its timer has fired. */
static void np_http_action(struct np_http *http, curl_socket_t fd, int events)
{
	int running;

	http->busy = true;
	curl_multi_socket_action(http->multi, fd, events, &running);
	http->busy = false;
	np_http_reap(http);
}

static void np_http_arrived(void *context, unsigned int events)
{
	struct np_http_socket *socket = context;
	int mask = 0;

	if (events & NP_IO_READ)
		mask |= CURL_CSELECT_IN;
	if (events & NP_IO_WRITE)
		mask |= CURL_CSELECT_OUT;
	if (events & NP_IO_ERROR)
		mask |= CURL_CSELECT_ERR;
	np_http_action(socket->http, socket->fd, mask);
}

static void np_http_timeout(void *context)
{
	np_http_action(context, CURL_SOCKET_TIMEOUT, 0);
}

static int np_http_on_socket(CURL *curl, curl_socket_t fd, int what,
			     void *context, void *socket_context)
{
	struct np_http_socket *socket = socket_context;
	struct np_http *http = context;
	unsigned int events = 0;

	if (what == CURL_POLL_REMOVE) {
		if (socket)
			np_io_stop(&socket->io);
		free(socket);
		curl_multi_assign(http->multi, fd, NULL);
		return 0;
	}
	if (!socket) {
		socket = np_xcalloc(1, sizeof(*socket));
		socket->http = http;
		socket->fd = fd;
		socket->io.ready = np_http_arrived;
		socket->io.context = socket;
		curl_multi_assign(http->multi, fd, socket);
	}
	if (what & CURL_POLL_IN)
		events |= NP_IO_READ;
	if (what & CURL_POLL_OUT)
		events |= NP_IO_WRITE;
	/* If the socket cannot be watched, the timer of the request ends it. */
	np_io_set(http->loop, &socket->io, fd, events);
	return 0;
}

static int np_http_on_timer(CURLM *multi, long timeout_ms, void *context)
{
	struct np_http *http = context;

	if (timeout_ms < 0)
		np_timer_stop(&http->timer);
	else
		np_timer_start(http->loop, &http->timer, timeout_ms);
	return 0;
}

struct np_http *np_http_new(struct np_loop *loop)
{
	struct np_http *http = np_xcalloc(1, sizeof(*http));
	static bool started;

	if (!started) {
		curl_global_init(CURL_GLOBAL_DEFAULT);
		/*
		 * TLS may write to a connection that has been closed. libcurl does not
		 * handle SIGPIPE, because CURLOPT_NOSIGNAL is set.
		 */
		signal(SIGPIPE, SIG_IGN);
	}
	started = true;
	http->loop = loop;
	http->multi = curl_multi_init();
	if (!http->multi) {
		fputs("netpolctl: error: out of memory\n", stderr);
		exit(2);
	}
	http->timer.fire = np_http_timeout;
	http->timer.context = http;
	http->timer.real = true;
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, np_http_on_socket);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, np_http_on_timer);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, 8L);
	return http;
}

static void np_http_wipe_list(struct curl_slist *list)
{
	struct curl_slist *entry;

	for (entry = list; entry; entry = entry->next)
		OPENSSL_cleanse(entry->data, strlen(entry->data));
	curl_slist_free_all(list);
}

/* Removes a request from libcurl and frees it. */
static void np_http_drop(struct np_http_request *r)
{
	np_timer_stop(&r->answer_timer);
	*r->link = r->next;
	if (r->next)
		r->next->link = r->link;
	if (r->curl) {
		curl_multi_remove_handle(r->http->multi, r->curl);
		curl_easy_cleanup(r->curl);
	}
	np_http_wipe_list(r->headers);
	curl_slist_free_all(r->connect_to);
	np_tls_put(r->options.tls);
	free(r->body);
	free(r);
}

void np_http_free(struct np_http *http)
{
	if (!http)
		return;
	while (http->first)
		np_http_drop(http->first);
	curl_multi_cleanup(http->multi);
	np_timer_stop(&http->timer);
	free(http);
}

void np_http_cancel(struct np_http_request *r)
{
	if (r->http->busy) {
		r->cancelled = true;
		np_timer_stop(&r->answer_timer);
	} else {
		np_http_drop(r);
	}
}

static enum np_http_end np_http_end_of(const struct np_http_request *r,
				       CURLcode code)
{
	if (r->stopped)
		return NP_HTTP_STOPPED;
	if (r->broken)
		return NP_HTTP_BOUND;
	switch (code) {
	case CURLE_OK:
		return NP_HTTP_DONE;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_INVALIDCERTSTATUS:
		return NP_HTTP_TLS;
	default:
		return r->status ? NP_HTTP_CUT : NP_HTTP_CONNECT;
	}
}

/* A request has ended. Frees it and then calls done(), which may start or cancel others. */
static void np_http_finish(struct np_http_request *r, CURLcode code)
{
	void (*done)(void *context, const struct np_http_result *result) =
		r->options.done;
	void *context = r->options.context;
	struct np_http_result result = {
		.end = np_http_end_of(r, code),
		.late = r->late,
		.status = r->status,
		.retry_after_ms = r->retry_after_ms,
		.body = r->body,
		.body_len = r->body_len,
	};
	char error[sizeof(r->error) + sizeof(r->proxy) + 32] = "", late[48];
	const char *why = *r->error ? r->error : curl_easy_strerror(code);
	char *body = r->body;

	if (r->late) {
		snprintf(late, sizeof(late), "no answer in %lld seconds",
			 (long long)r->options.answer_ms / 1000);
		why = late;
	}
	if (r->broken)
		why = r->broken;
	if (result.end != NP_HTTP_DONE)
		snprintf(error, sizeof(error), "%s%s%s", why,
			 *r->proxy ? ", through the proxy " : "", r->proxy);
	result.error = error;
	r->body = NULL;
	np_http_drop(r);
	done(context, &result);
	free(body);
}

/* After libcurl has run: frees requests that were cancelled, and finishes those that ended. */
static void np_http_reap(struct np_http *http)
{
	struct np_http_request *r, *next;
	CURLMsg *message;
	int left;

	for (r = http->first; r; r = next) {
		next = r->next;
		if (r->cancelled)
			np_http_drop(r);
	}
	while ((message = curl_multi_info_read(http->multi, &left))) {
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &r);
		np_http_finish(r, code);
	}
}

static void np_http_late(void *context)
{
	struct np_http_request *r = context;

	r->late = true;
	np_http_finish(r, CURLE_OPERATION_TIMEDOUT);
}

/* Takes a line of the header. It is not terminated. */
static size_t np_http_on_header(char *line, size_t size, size_t count,
				void *context)
{
	struct np_http_request *r = context;
	size_t len = size * count;
	char value[64];

	if (r->cancelled)
		return 0;
	r->header_bytes += len;
	if (r->header_bytes > NP_HTTP_HEADER_MAX) {
		r->broken = "the answer's header is larger than 64 KiB";
		return 0;
	}
	if (len > 5 && !memcmp(line, "HTTP/", 5)) {
		curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &r->status);
		r->retry_after_ms = -1;
	} else if (len > 12 && len < 12 + sizeof(value) &&
		   !strncasecmp(line, "Retry-After:", 12)) {
		memcpy(value, line + 12, len - 12);
		value[len - 12] = 0;
		r->retry_after_ms = np_http_retry_after(value);
	} else if (len == 2 && r->status == 200 && !r->answered) {
		/* Any other answer must be complete before the timer fires. */
		np_timer_stop(&r->answer_timer);
		r->answered = true;
		if (r->options.answered)
			r->options.answered(r->options.context);
	}
	return len;
}

static size_t np_http_on_data(char *data, size_t size, size_t count,
			      void *context)
{
	struct np_http_request *r = context;
	size_t len = size * count;
	curl_off_t received = 0;

	if (r->cancelled)
		return 0;
	np_breathe();
	r->plain += len;
	curl_easy_getinfo(r->curl, CURLINFO_SIZE_DOWNLOAD_T, &received);
	if (r->plain > NP_HTTP_RATIO_FREE &&
	    r->plain / NP_HTTP_RATIO_MAX > (uint64_t)received) {
		r->broken = "the answer unpacks to more than 200 times its size";
		return 0;
	}
	if (r->status != 200) {
		size_t room = NP_HTTP_BODY_KEEP - r->body_len;

		if (!r->body)
			r->body = np_xmalloc(NP_HTTP_BODY_KEEP);
		if (len < room)
			room = len;
		memcpy(r->body + r->body_len, data, room);
		r->body_len += room;
		/* It may never end, and its beginning is enough. */
		if (r->plain > 16 * NP_HTTP_BODY_KEEP) {
			r->broken = "the answer to an error never ends";
			return 0;
		}
		return len;
	}
	if (r->options.data(r->options.context, data, len)) {
		r->stopped = true;
		return 0;
	}
	return r->cancelled ? 0 : len;
}

/*
 * A peer that has vanished is noticed within a minute. Keepalive begins after 15 seconds of
 * silence, and bytes that were sent must be acknowledged within 45 seconds.
 */
static int np_http_on_open(void *context, curl_socket_t fd,
			   curlsocktype purpose)
{
	static const int on = 1, idle = 15, interval = 5, count = 3;
	static const unsigned int unanswered_ms = 45000;

	if (purpose != CURLSOCKTYPE_IPCXN)
		return CURL_SOCKOPT_OK;
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms,
		   sizeof(unanswered_ms));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return CURL_SOCKOPT_OK;
}

static struct curl_slist *np_http_append(struct curl_slist *list,
					 const char *line)
{
	struct curl_slist *longer = curl_slist_append(list, line);

	if (!longer) {
		fputs("netpolctl: error: out of memory\n", stderr);
		exit(2);
	}
	return longer;
}

/*
 * Uses another name for TLS than that of the host. libcurl takes the name for TLS from the URL. So
 * the URL gets this name, and the host goes into the Host header and CURLOPT_CONNECT_TO.
 */
static void np_http_rename(struct np_http_request *r, CURLU *url)
{
	char *host = NULL, *port = NULL;
	char line[600];

	if (curl_url_get(url, CURLUPART_HOST, &host, 0) ||
	    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT))
		goto out;
	snprintf(line, sizeof(line), "::%s:%s", host, port);
	r->connect_to = np_http_append(NULL, line);
	snprintf(line, sizeof(line), strcmp(port, "443") ? "Host: %s:%s" :
		 "Host: %s", host, port);
	r->headers = np_http_append(r->headers, line);
	if (strchr(r->options.tls_server_name, ':') &&
	    *r->options.tls_server_name != '[')
		snprintf(line, sizeof(line), "[%s]", r->options.tls_server_name);
	else
		snprintf(line, sizeof(line), "%s", r->options.tls_server_name);
	curl_url_set(url, CURLUPART_HOST, line, 0);
	curl_easy_setopt(r->curl, CURLOPT_CONNECT_TO, r->connect_to);
out:
	curl_free(host);
	curl_free(port);
}

static int np_http_set_url(struct np_http_request *r)
{
	const char *server = r->options.server, *path = r->options.path;
	size_t size = strlen(server) + strlen(path) + 1;
	char *text = np_xmalloc(size), *whole = NULL;
	CURLU *url = curl_url();
	int ret = -1;

	snprintf(text, size, "%s%s", server, path);
	if (!url || curl_url_set(url, CURLUPART_URL, text, 0))
		goto out;
	if (r->options.tls_server_name && *r->options.tls_server_name)
		np_http_rename(r, url);
	if (!curl_url_get(url, CURLUPART_URL, &whole, 0) &&
	    !curl_easy_setopt(r->curl, CURLOPT_URL, whole))
		ret = 0;
out:
	curl_free(whole);
	curl_url_cleanup(url);
	free(text);
	return ret;
}

static void np_http_set_proxy(struct np_http_request *r)
{
	const char *proxy = r->options.proxy;
	CURLU *url = curl_url();
	char *host = NULL, *port = NULL, *resolved = NULL;

	if (!proxy || !*proxy)
		proxy = np_http_proxy(r->options.server, getenv);
	/* With "" libcurl does not read the environment itself. */
	curl_easy_setopt(r->curl, CURLOPT_NOPROXY, "");
	curl_easy_setopt(r->curl, CURLOPT_PROXY, proxy ? proxy : "");
	if (!proxy)
		goto out;
	if (!strncasecmp(proxy, "socks5://", 9)) {
		size_t size = strlen(proxy) + 2;

		/* socks5h: the proxy resolves the name. */
		resolved = np_xmalloc(size);
		snprintf(resolved, size, "socks5h://%s", proxy + 9);
		curl_easy_setopt(r->curl, CURLOPT_PROXY, resolved);
		OPENSSL_cleanse(resolved, size);
	}
	curl_easy_setopt(r->curl, CURLOPT_HTTPPROXYTUNNEL, 1L);
	if (url && !curl_url_set(url, CURLUPART_URL, proxy,
				 CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME) &&
	    !curl_url_get(url, CURLUPART_HOST, &host, 0)) {
		curl_url_get(url, CURLUPART_PORT, &port, 0);
		snprintf(r->proxy, sizeof(r->proxy), "%s%s%s", host,
			 port ? ":" : "", port ? port : "");
	}
out:
	free(resolved);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(url);
}

static void np_http_blob(CURL *curl, CURLoption option, char *data, size_t len)
{
	/* It is not copied. The request holds a reference. */
	struct curl_blob blob = {
		.data = data, .len = len, .flags = CURL_BLOB_NOCOPY,
	};

	curl_easy_setopt(curl, option, &blob);
}

static void np_http_set_tls(struct np_http_request *r)
{
	const struct np_tls *tls = r->options.tls;
	CURL *curl = r->curl;

	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (r->options.insecure) {
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (tls && tls->ca) {
		/* Without this libcurl would trust the authorities of the system as well. */
		np_http_blob(curl, CURLOPT_CAINFO_BLOB, tls->ca, tls->ca_len);
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
		curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
	}
	if (!tls || !tls->cert || !tls->key)
		return;
	curl_easy_setopt(curl, CURLOPT_SSLCERTTYPE, "PEM");
	curl_easy_setopt(curl, CURLOPT_SSLKEYTYPE, "PEM");
	np_http_blob(curl, CURLOPT_SSLCERT_BLOB, tls->cert, tls->cert_len);
	np_http_blob(curl, CURLOPT_SSLKEY_BLOB, tls->key, tls->key_len);
}

static int np_http_set(struct np_http_request *r)
{
	CURL *curl = r->curl;
	size_t i;

	for (i = 0; r->options.headers && r->options.headers[i]; i++)
		r->headers = np_http_append(r->headers, r->options.headers[i]);
	if (np_http_set_url(r))
		return -1;
	np_http_set_proxy(r);
	np_http_set_tls(r);
	if (r->options.patch) {
		r->headers = np_http_append(r->headers,
					    "Content-Type: application/json-patch+json");
		curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, r->options.patch);
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "PATCH");
	}
	curl_easy_setopt(curl, CURLOPT_PRIVATE, r);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, r->error);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, r->headers);
	/* Headers for the server are not sent to a proxy. */
	curl_easy_setopt(curl, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (r->options.user_agent)
		curl_easy_setopt(curl, CURLOPT_USERAGENT, r->options.user_agent);
	if (r->options.gzip)
		curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
	if (r->options.fresh) {
		curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
	}
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	/* Without it, ending a request waits for its resolver, and the whole loop with it. */
	curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)NP_HTTP_CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 65536L);
	curl_easy_setopt(curl, CURLOPT_SOCKOPTFUNCTION, np_http_on_open);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, np_http_on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, r);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, np_http_on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, r);
	return curl_multi_add_handle(r->http->multi, curl) ? -1 : 0;
}

static void np_http_refused(void *context)
{
	np_http_finish(context, CURLE_URL_MALFORMAT);
}

struct np_http_request *np_http_start(struct np_http *http,
				      const struct np_http_options *options)
{
	struct np_http_request *r = np_xcalloc(1, sizeof(*r));

	r->http = http;
	r->options = *options;
	r->retry_after_ms = -1;
	np_tls_get(r->options.tls);
	r->next = http->first;
	r->link = &http->first;
	if (r->next)
		r->next->link = &r->next;
	http->first = r;
	r->answer_timer.context = r;
	r->answer_timer.fire = np_http_late;
	r->curl = curl_easy_init();
	if (!r->curl || np_http_set(r)) {
		r->answer_timer.fire = np_http_refused;
		np_timer_start(http->loop, &r->answer_timer, 0);
		return r;
	}
	/* libcurl has copied them or does not need them any more. */
	r->options.server = NULL;
	r->options.path = NULL;
	r->options.patch = NULL;
	r->options.headers = NULL;
	r->options.proxy = NULL;
	r->options.user_agent = NULL;
	r->options.tls_server_name = NULL;
	if (!r->options.answer_ms)
		r->options.answer_ms = NP_HTTP_ANSWER_MS;
	np_timer_start(http->loop, &r->answer_timer, r->options.answer_ms);
	return r;
}
