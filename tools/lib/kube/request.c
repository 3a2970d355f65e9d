// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests to a cluster.
 */
#include "kube/request.h"

#include <stdlib.h>

#include "kube/cluster_state.h"

#define NP_CALL_HEADERS_MAX	256

static bool np_call_limited(const struct np_call *call)
{
	return !call->page && !call->aside;
}

static void np_call_finish(struct np_call *call,
			   const struct np_http_result *result,
			   const char *error)
{
	np_timer_stop(&call->timer);
	free(call->path);
	call->path = NULL;
	call->done(call->context, result, error);
}

static void np_call_again(struct np_call *call, int64_t delay_ms)
{
	call->ready = false;
	np_timer_start(call->cluster->loop, &call->timer, delay_ms);
}

/*
 * Waits if the server asks for it by Retry-After. A random part is added, so that not all agents
 * come back at once.
 */
static bool np_call_waits(struct np_call *call,
			  const struct np_http_result *result)
{
	int64_t delay = result->retry_after_ms;

	if (result->end != NP_HTTP_DONE || delay < 0 ||
	    (result->status != 429 && result->status < 500) ||
	    call->tries >= NP_CALL_TRIES)
		return false;
	if (delay > NP_RETRY_AFTER_MAX_MS)
		delay = NP_RETRY_AFTER_MAX_MS;
	np_call_again(call, delay + np_jitter(delay / 10 + 200));
	return true;
}

static bool np_call_is_bad(const struct np_http_result *result)
{
	return result->end == NP_HTTP_CONNECT || result->end == NP_HTTP_TLS ||
	       result->end == NP_HTTP_BOUND || result->status >= 500;
}

static void np_call_done(void *context, const struct np_http_result *result)
{
	struct np_call *call = context;
	struct np_cluster *cluster = call->cluster;
	bool several = cluster->server_count > 1;

	call->request = NULL;
	call->stats->throttled += result->status == 429;
	call->stats->forbidden += result->status == 403;
	if (result->end == NP_HTTP_TLS || result->status == 401)
		np_credential_suspect(cluster->credential);
	if (result->status == 401) {
		call->stats->unauthorized++;
		np_credential_rejected(cluster->credential, call->sent_ms);
		if (!call->retried) {
			call->retried = true;
			np_call_again(call, 0);
			return;
		}
	}
	if (!call->aside && np_call_is_bad(result))
		np_cluster_mark_bad(cluster, call->server);
	/* With several servers the next one may answer at once, so there is no pause. */
	if (!(several && result->status >= 500) && np_call_waits(call, result))
		return;
	np_call_finish(call, result, NULL);
}

static void np_call_answered(void *context)
{
	struct np_call *call = context;

	call->answered(call->context);
}

static int np_call_data(void *context, const char *data, size_t len)
{
	struct np_call *call = context;

	return call->data(call->context, data, len);
}

static void np_call_send(struct np_call *call)
{
	struct np_cluster *cluster = call->cluster;
	const char *headers[NP_CALL_HEADERS_MAX], *header;
	struct np_http_options options = {
		.server = cluster->servers[call->server].url,
		.path = call->path,
		.patch = call->patch,
		.tls_server_name = cluster->cfg.tls_server_name,
		.tls = np_credential_tls(cluster->credential),
		.insecure = cluster->cfg.insecure,
		.proxy = cluster->cfg.proxy_url,
		.headers = headers,
		.user_agent = cluster->user_agent,
		.gzip = call->gzip && !cluster->cfg.disable_compression,
		.fresh = call->fresh,
		.answer_ms = call->answer_ms,
		.answered = np_call_answered,
		.data = np_call_data,
		.done = np_call_done,
		.context = call,
	};
	size_t count = 0, i;

	headers[count++] = call->accept;
	header = np_credential_header(cluster->credential);
	if (header)
		headers[count++] = header;
	for (i = 0; cluster->headers && cluster->headers[i] &&
	     count < NP_CALL_HEADERS_MAX - 1; i++)
		headers[count++] = cluster->headers[i];
	headers[count] = NULL;
	call->tries++;
	call->stats->requests++;
	call->sent_ms = np_loop_now(cluster->loop);
	if (np_call_limited(call))
		np_cluster_sent(cluster);
	call->request = np_http_start(cluster->http, &options);
}

static void np_call_ready(void *context, const char *error)
{
	struct np_call *call = context;

	if (error) {
		np_call_finish(call, NULL, error);
		return;
	}
	call->ready = true;
	np_timer_start(call->cluster->loop, &call->timer,
		       np_call_limited(call) ? np_cluster_slot(call->cluster) : 0);
}

/* Waits for credentials first, then for the limit of requests, and sends the request. */
static void np_call_step(void *context)
{
	struct np_call *call = context;
	const char *error;
	int64_t wait;

	if (!call->ready) {
		if (np_credential_get(call->cluster->credential, &call->waiter,
				      &error))
			np_call_ready(call, error);
		return;
	}
	wait = np_call_limited(call) ? np_cluster_slot(call->cluster) : 0;
	if (wait)
		np_timer_start(call->cluster->loop, &call->timer, wait);
	else
		np_call_send(call);
}

void np_call_start(struct np_call *call)
{
	call->tries = 0;
	call->retried = false;
	call->waiter.ready = np_call_ready;
	call->waiter.context = call;
	call->timer.fire = np_call_step;
	call->timer.context = call;
	np_call_again(call, 0);
}

void np_call_cancel(struct np_call *call)
{
	np_timer_stop(&call->timer);
	np_credential_forget(&call->waiter);
	if (call->request)
		np_http_cancel(call->request);
	call->request = NULL;
	free(call->path);
	call->path = NULL;
}
