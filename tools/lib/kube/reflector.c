// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The state machine of lists and watches.
 *
 * The rules are those of client-go's reflector, because servers are made for it. A streaming list
 * is tried first, then a list in pages. The watch begins at the version of the list, and at each
 * end it begins again at the last version. A new list is needed only if the server no longer knows
 * that version, if the stream was unreadable twice, or if the server's data is older than ours.
 */
#include "kube/reflector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/buffer.h"
#include "kube/cluster_state.h"
#include "kube/reflector_read.h"
#include "kube/reflector_state.h"

struct np_resource {
	const char *path;
	const char *group;	/* API group, for messages */
	const char *list_accept;
	const char *watch_accept;
};

static const char np_accept_json[] = "Accept: application/json";

static const struct np_resource np_resources[NP_SOURCE_KINDS] = {
	/* Only the labels of a namespace matter, so only its metadata is asked for. */
	[NP_SOURCE_NAMESPACE] = {
		"/api/v1/namespaces", "",
		"Accept: application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
		"Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json",
	},
	[NP_SOURCE_POD] = {
		"/api/v1/pods", "", np_accept_json, np_accept_json,
	},
	[NP_SOURCE_POLICY] = {
		"/apis/networking.k8s.io/v1/networkpolicies", "networking.k8s.io",
		np_accept_json, np_accept_json,
	},
	[NP_SOURCE_CLUSTER_POLICY] = {
		"/apis/" NP_CLUSTER_API "/clusternetworkpolicies", NP_CLUSTER_GROUP,
		np_accept_json, np_accept_json,
	},
	[NP_SOURCE_NODE] = {
		"/api/v1/nodes", "", np_accept_json, np_accept_json,
	},
	[NP_SOURCE_NODES] = {
		"/api/v1/nodes", "", np_accept_json, np_accept_json,
	},
};

static void np_reflector_go(void *context);

/* --- requests ---------------------------------------------------------------- */

static void np_query(struct np_buffer *path, const char *name, const char *value)
{
	char *escaped = curl_easy_escape(NULL, value, 0);

	np_buffer_print(path, "%c%s=%s", strchr(path->data, '?') ? '&' : '?', name,
			escaped ? escaped : "");
	curl_free(escaped);
}

static void np_query_number(struct np_buffer *path, const char *name, unsigned int value)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%u", value);
	np_query(path, name, digits);
}

static struct np_buffer np_reflector_path(struct np_reflector *r)
{
	struct np_buffer path = { 0 };
	char name[300];

	np_buffer_print(&path, "%s", np_resources[r->kind].path);
	if (r->kind == NP_SOURCE_POD) {
		np_query(&path, "fieldSelector", r->no_host_filter ?
			 "status.phase!=Succeeded,status.phase!=Failed" :
			 "spec.hostNetwork=false,status.phase!=Succeeded,status.phase!=Failed");
	} else if (r->kind == NP_SOURCE_NODE) {
		snprintf(name, sizeof(name), "metadata.name=%s", r->cluster->node);
		np_query(&path, "fieldSelector", name);
	}
	return path;
}

static char *np_watch_path(struct np_reflector *r, bool initial)
{
	struct np_buffer path = np_reflector_path(r);

	r->watch_seconds = NP_WATCH_SECONDS_MIN + np_jitter(NP_WATCH_SECONDS_MIN + 1);
	np_query(&path, "watch", "1");
	np_query(&path, "allowWatchBookmarks", "true");
	np_query_number(&path, "timeoutSeconds", r->watch_seconds);
	if (initial) {
		np_query(&path, "sendInitialEvents", "true");
		np_query(&path, "resourceVersionMatch", "NotOlderThan");
	}
	if (*r->version && !(initial && r->any_version))
		np_query(&path, "resourceVersion", r->version);
	return path.data;
}

/*
 * Chooses the version of a list. It must not be older than the last version. Without one, the
 * version that the server has in memory is good enough ("0"). But if the kernel holds state and
 * its version is not known, it must be the newest one, because a server that lags behind could
 * bring back an older state.
 */
static char *np_list_path(struct np_reflector *r)
{
	struct np_buffer path = np_reflector_path(r);

	if (!r->no_limit)
		np_query_number(&path, "limit", NP_PAGE_LIMIT);
	if (r->next_page) {
		np_query(&path, "continue", r->next_page);
	} else if (!r->any_version && *r->version) {
		np_query(&path, "resourceVersion", r->version);
		np_query(&path, "resourceVersionMatch", "NotOlderThan");
	} else if (!r->any_version && !r->cluster->options.have_state &&
		   !r->cluster->options.once && !r->synced) {
		np_query(&path, "resourceVersion", "0");
	}
	return path.data;
}

/* A list of one object, the newest that the server has: its version tells how new that is. */
static char *np_check_path(struct np_reflector *r)
{
	struct np_buffer path = np_reflector_path(r);

	np_query_number(&path, "limit", 1);
	return path.data;
}

/* --- streams ----------------------------------------------------------------- */

static void np_reflector_begin(struct np_reflector *r)
{
	r->stats.relists[r->reason]++;
	r->garbled = false;
	r->cluster->ops->begin(r->cluster->context, r->kind);
}

/*
 * A server answers again. The kinds that pause because they could not connect need not wait out
 * pauses of up to a minute, in which they would lag behind the kind that follows already.
 */
static void np_wake_unreachable(struct np_cluster *cluster)
{
	int kind;

	for (kind = 0; kind < NP_SOURCE_KINDS; kind++) {
		struct np_reflector *r = cluster->reflectors[kind];

		if (!r || r->phase != NP_PHASE_WAIT || !r->unreachable)
			continue;
		r->unreachable = false;
		r->backoff_step = 0;
		np_reflector_later(r, np_jitter(NP_BACKOFF_MIN_MS));
	}
}

static void np_on_answered(void *context)
{
	struct np_reflector *r = context;
	struct np_loop *loop = r->cluster->loop;

	np_wake_unreachable(r->cluster);
	if (r->returns && r->cluster->returned)
		r->cluster->returned(r->cluster->returned_arg);
	r->returns = false;
	r->answered = true;
	r->started_ms = np_loop_now(loop);
	if (r->phase == NP_PHASE_PROBE || r->phase == NP_PHASE_CHECK) {
		np_timer_start(loop, &r->deadline, NP_HTTP_CONNECT_MS);
		return;
	}
	r->connected = true;
	r->error_since_ms = 0;
	r->forbidden = false;
	r->eased = false;
	*r->error = 0;
	np_timer_start(loop, &r->silent, r->phase == NP_PHASE_LIST ?
		       NP_LIST_TICK_MS : r->phase == NP_PHASE_INITIAL ?
		       NP_INITIAL_WARN_MS : NP_SILENT_MS);
	if (r->phase != NP_PHASE_LIST)
		np_timer_start(loop, &r->deadline, NP_WATCH_GRACE_MS +
			       1000 * (int64_t)r->watch_seconds);
	if (r->phase == NP_PHASE_INITIAL ||
	    (r->phase == NP_PHASE_LIST && !r->next_page))
		np_reflector_begin(r);
	np_reflector_tell(r);
}

static int np_on_data(void *context, const char *data, size_t len)
{
	struct np_reflector *r = context;

	r->stats.bytes += len;
	r->tick_bytes += len;
	if (r->phase == NP_PHASE_PROBE)
		return 0;
	if (r->phase == NP_PHASE_WATCH)
		np_timer_start(r->cluster->loop, &r->silent, NP_SILENT_MS);
	else if (r->phase == NP_PHASE_INITIAL)
		np_timer_start(r->cluster->loop, &r->silent, NP_INITIAL_WARN_MS);
	if (np_splitter_feed(&r->splitter, data, len) && !r->garbage)
		r->garbage = np_splitter_error(&r->splitter);
	return r->ended || r->garbage ? -1 : 0;
}

static void np_on_done(void *context, const struct np_http_result *result,
		       const char *error);

/* Sends the request of the current phase. The call frees path. */
static void np_reflector_send(struct np_reflector *r, char *path,
			      const char *accept, bool gzip)
{
	r->answered = false;
	r->got_event = false;
	r->warned_silent = false;
	r->ended = false;
	r->went_back = false;
	r->garbage = NULL;
	r->tick_bytes = 0;
	r->end = NP_WATCH_CLOSED;
	memset(&r->status, 0, sizeof(r->status));
	r->call.path = path;
	r->call.accept = accept;
	r->call.gzip = gzip;
	r->call.fresh = r->phase == NP_PHASE_PROBE;
	r->call.answer_ms = r->phase == NP_PHASE_LIST && !r->next_page ? NP_LIST_ANSWER_MS : 0;
	r->call.page = r->phase == NP_PHASE_LIST && r->next_page;
	np_call_start(&r->call);
}

static void np_reflector_go(void *context)
{
	struct np_reflector *r = context;
	const struct np_resource *resource = &np_resources[r->kind];
	struct np_cluster *cluster = r->cluster;

	r->returns = r->unreachable;
	r->unreachable = false;
	r->call.server = np_cluster_choose(cluster);
	if (r->need_list && !r->next_page && !r->no_streaming && !cluster->options.once &&
	    !cluster->servers[r->call.server].no_streaming) {
		r->phase = NP_PHASE_INITIAL;
		np_splitter_reset(&r->splitter, NP_SPLIT_STREAM);
		r->splitter.ops = &np_reflector_events;
		np_reflector_send(r, np_watch_path(r, true),
				  resource->watch_accept, false);
	} else if (r->need_list) {
		r->phase = NP_PHASE_LIST;
		np_splitter_reset(&r->splitter, NP_SPLIT_LIST);
		r->splitter.ops = &np_reflector_items;
		np_reflector_send(r, np_list_path(r), resource->list_accept,
				  cluster->options.gzip);
		/* If one piece is too much for the server, the next list comes in pages again. */
		r->no_limit = false;
	} else if (r->check_version) {
		r->phase = NP_PHASE_CHECK;
		np_splitter_reset(&r->splitter, NP_SPLIT_LIST);
		r->splitter.ops = &np_reflector_ignored;
		np_reflector_send(r, np_check_path(r), resource->list_accept, false);
	} else {
		r->phase = NP_PHASE_WATCH;
		np_splitter_reset(&r->splitter, NP_SPLIT_STREAM);
		r->splitter.ops = &np_reflector_events;
		np_reflector_send(r, np_watch_path(r, false),
				  resource->watch_accept, false);
	}
}

/* Ends the stream as if the server had done so. */
static void np_reflector_cut(struct np_reflector *r, enum np_watch_end end)
{
	const struct np_http_result result = {
		.end = NP_HTTP_STOPPED, .retry_after_ms = -1, .error = "",
		.status = r->answered ? 200 : 0,
	};

	np_call_cancel(&r->call);
	r->end = end;
	np_on_done(r, &result, NULL);
}

static void np_on_deadline(void *context)
{
	np_reflector_cut(context, NP_WATCH_DEADLINE);
}

/* Nothing was received for too long. */
static void np_on_silent(void *context)
{
	struct np_reflector *r = context;
	struct np_loop *loop = r->cluster->loop;

	switch (r->phase) {
	case NP_PHASE_INITIAL:
		if (!r->warned_silent) {
			r->warned_silent = true;
			np_cluster_log(r->cluster, NP_LOG_WARNING, r->kind,
				       "the streaming list says nothing for 10 seconds, and its end has not been marked yet");
			np_timer_start(loop, &r->silent,
				       NP_INITIAL_END_MS - NP_INITIAL_WARN_MS);
			return;
		}
		/* The server does not know streaming lists and ignores the parameter. */
		r->cluster->servers[r->call.server].no_streaming = true;
		np_reflector_cut(r, NP_WATCH_SILENT);
		return;
	case NP_PHASE_LIST:
		if (r->tick_bytes >= NP_LIST_TICK_BYTES) {
			r->tick_bytes = 0;
			np_timer_start(loop, &r->silent, NP_LIST_TICK_MS);
			return;
		}
		np_cluster_mark_bad(r->cluster, r->call.server);
		np_reflector_cut(r, NP_WATCH_SILENT);
		return;
	default:
		np_reflector_cut(r, NP_WATCH_SILENT);
		return;
	}
}

/* --- how a stream ends ------------------------------------------------------- */

static const char *np_reflector_server(const struct np_reflector *r)
{
	return r->call.server < r->cluster->server_count ?
	       r->cluster->servers[r->call.server].url : "";
}

/* There was no answer. The message says what an operator can do about it. */
static void np_end_connection(struct np_reflector *r,
			      const struct np_http_result *result)
{
	const char *hint = "";

	/* Whether it would refuse still is not known. */
	r->forbidden = false;
	if (result->end == NP_HTTP_CONNECT && r->cluster->cfg.in_cluster &&
	    !r->cluster->options.server_count && !r->cluster->options.search.server_from)
		hint = "; this is the address of a Service, which needs kube-proxy: "
		       "give the address of an API server (--api-server)";
	np_reflector_failed(r, result->end != NP_HTTP_TLS, "%s: %s%s",
			    np_reflector_server(r), *result->error ?
			    result->error : "the stream ended early", hint);
	np_reflector_backoff(r);
	/* A server that has too much to do for an answer is spared, whatever else it answers. */
	r->unreachable = result->end == NP_HTTP_CONNECT && !result->late;
}

static void np_end_forbidden(struct np_reflector *r)
{
	const struct np_resource *resource = &np_resources[r->kind];

	r->forbidden = true;
	np_reflector_failed(r, false,
			    "forbidden: the ClusterRole must allow list%s of %s in the API group \"%s\"%s%s",
			    r->cluster->options.once ? "" : " and watch",
			    strrchr(resource->path, '/') + 1, resource->group,
			    *r->status.text ? "; the server says: " : "",
			    r->status.text);
	/*
	 * A server that has just started refuses everything until it has read its roles. So
	 * the pauses begin again at their shortest, once until it answers.
	 */
	if (!r->eased)
		r->backoff_step = 0;
	r->eased = true;
	np_reflector_backoff(r);
}

/* The last version is newer than any that the server knows. It may lag behind. */
static void np_end_too_large(struct np_reflector *r)
{
	r->no_streaming = r->no_streaming || r->any_version;
	np_reflector_relist(r, NP_RELIST_VERSION);
	np_cluster_mark_bad(r->cluster, r->call.server);
	if (++r->refusals >= r->cluster->server_count)
		r->any_version = true;
	np_reflector_failed(r, true, "%s lags behind what we know: %s",
			    np_reflector_server(r), r->status.text);
	np_reflector_backoff(r);
}

static void np_end_expired(struct np_reflector *r, enum np_reflector_phase phase)
{
	if (phase == NP_PHASE_LIST && r->next_page)
		r->no_limit = true;
	else if (phase == NP_PHASE_INITIAL && r->any_version)
		r->no_streaming = true;
	else if (phase != NP_PHASE_WATCH)
		r->any_version = true;
	np_reflector_relist(r, NP_RELIST_EXPIRED);
	r->reason = NP_RELIST_EXPIRED;
	/*
	 * A server that always answers this must not be asked without a pause, and the pauses
	 * grow. But after the first one they begin again at their shortest: a server that has been
	 * away answers so, and the long pauses were for its absence.
	 */
	if (phase == NP_PHASE_WATCH && !r->expired) {
		r->expired = true;
		r->backoff_step = 0;
	}
	if (phase == NP_PHASE_WATCH && r->got_event)
		np_reflector_later(r, 0);
	else
		np_reflector_backoff(r);
}

static void np_end_server_error(struct np_reflector *r)
{
	int64_t now = np_loop_now(r->cluster->loop);

	r->forbidden = false;
	if (!r->error_since_ms)
		r->error_since_ms = now;
	if (!r->need_list && now - r->error_since_ms > NP_ERROR_MS)
		np_reflector_relist(r, NP_RELIST_ERROR);
	np_reflector_failed(r, true, "%s answers %d: %s", np_reflector_server(r),
			    r->status.code, r->status.text);
	np_reflector_backoff(r);
}

/* The server refused, by an HTTP status or an ERROR event. */
static void np_end_status(struct np_reflector *r, enum np_reflector_phase phase)
{
	int code = r->status.code;

	if (r->status.too_large && phase != NP_PHASE_WATCH) {
		np_end_too_large(r);
	} else if (r->status.expired) {
		np_end_expired(r, phase);
	} else if ((code == 400 || code == 422) && r->kind == NP_SOURCE_POD &&
		   !r->no_host_filter &&
		   (r->status.bad_selector || phase != NP_PHASE_INITIAL)) {
		r->no_host_filter = true;
		np_reflector_relist(r, NP_RELIST_FILTER);
		np_reflector_later(r, 0);
	} else if ((code == 400 || code == 422) && phase == NP_PHASE_INITIAL) {
		r->cluster->servers[r->call.server].no_streaming = true;
		np_cluster_log(r->cluster, NP_LOG_DEBUG, r->kind,
			       "%s has no streaming lists", np_reflector_server(r));
		r->reason = r->reason == NP_RELIST_START ? NP_RELIST_START :
			    NP_RELIST_FALLBACK;
		np_reflector_later(r, 0);
	} else if (code == 403) {
		np_end_forbidden(r);
	} else if (code == 404 && r->missing) {
		r->no_streaming = r->no_streaming || phase == NP_PHASE_INITIAL;
		np_reflector_failed(r, true, "%s answers 404: it is asked whether it has the kind",
				    np_reflector_server(r));
		r->missing(r->missing_arg);
	} else if (code >= 500) {
		r->no_streaming = r->no_streaming || phase == NP_PHASE_INITIAL;
		np_end_server_error(r);
	} else if (code >= 300 && code < 400) {
		np_reflector_failed(r, false,
				    "%s answers with a redirect (%d), which is not followed: credentials go to the configured server only",
				    np_reflector_server(r), code);
		np_reflector_backoff(r);
	} else {
		if (phase == NP_PHASE_INITIAL && code != 401 && code != 429)
			r->no_streaming = true;
		np_reflector_failed(r, code == 429, "%s answers %d%s%s%s",
				    np_reflector_server(r), code,
				    code == 401 ? " (the credentials are refused)" : "",
				    *r->status.text ? ": " : "", r->status.text);
		np_reflector_backoff(r);
	}
}

static void np_end_garbage(struct np_reflector *r, enum np_reflector_phase phase)
{
	r->no_streaming = r->no_streaming || phase == NP_PHASE_INITIAL;
	r->garbage_count++;
	if (r->garbage_count >= 2)
		np_reflector_relist(r, NP_RELIST_GARBAGE);
	np_reflector_failed(r, false, "%s sends %s", np_reflector_server(r),
			    r->garbage);
	np_reflector_backoff(r);
}

/* A list or a streaming list broke off. It starts over after a pause. */
static void np_end_initial(struct np_reflector *r, enum np_reflector_phase phase,
			   const struct np_http_result *result)
{
	bool streaming = phase == NP_PHASE_INITIAL;

	r->reason = streaming && r->cluster->servers[r->call.server].no_streaming ?
		    NP_RELIST_FALLBACK : NP_RELIST_CUT;
	if (streaming && ++r->initial_failures >= 3)
		r->no_streaming = true;
	np_reflector_relist(r, r->reason);
	np_reflector_failed(r, true, "%s: the %s broke off%s%s",
			    np_reflector_server(r),
			    streaming ? "streaming list" : "list",
			    *result->error ? ": " : "", result->error);
	if (r->reason == NP_RELIST_FALLBACK)
		np_reflector_later(r, 0);
	else
		np_reflector_backoff(r);
}

/* A watch ended without an error. The next one begins at the last version. */
static void np_end_watch(struct np_reflector *r, bool whole)
{
	int64_t lived = np_loop_now(r->cluster->loop) - r->started_ms;

	if (whole && (r->got_event || lived >= 1000)) {
		np_reflector_works(r);
		if (r->garbled)
			np_reflector_relist(r, NP_RELIST_GARBAGE);
		np_cluster_log(r->cluster, NP_LOG_DEBUG, r->kind,
			       "the watch ended; the next one starts");
		np_reflector_later(r, 0);
		return;
	}
	np_reflector_failed(r, true, "%s: the watch %s", np_reflector_server(r),
			    whole ? "ended at once" : "was cut");
	np_reflector_backoff(r);
}

/*
 * The server's versions are older than the last one. A watch from that version would be silent
 * until they have caught up, and what changed until then would never be seen.
 */
static void np_end_restored(struct np_reflector *r)
{
	r->went_back = false;
	*r->version = 0;
	r->any_version = true;
	np_reflector_relist(r, NP_RELIST_RESTORED);
	np_reflector_failed(r, false,
			    "%s has older data than this agent, as after a restored backup: everything is listed again",
			    np_reflector_server(r));
	np_reflector_backoff(r);
}

static void np_reflector_probe(struct np_reflector *r)
{
	np_reflector_stop_timers(r);
	np_cluster_log(r->cluster, NP_LOG_INFO, r->kind,
		       "nothing was received for 3 minutes; asking %s whether it lives",
		       np_reflector_server(r));
	r->phase = NP_PHASE_PROBE;
	np_reflector_send(r, np_xstrdup("/version"), np_accept_json, false);
}

static void np_probe_done(struct np_reflector *r,
			  const struct np_http_result *result)
{
	/* Any answer shows that the server lives. */
	if (result->status && result->status < 500) {
		np_reflector_later(r, 0);
		return;
	}
	np_cluster_mark_bad(r->cluster, r->call.server);
	np_reflector_failed(r, true, "%s is silent, and a probe failed: %s",
			    np_reflector_server(r), result->error);
	np_reflector_backoff(r);
}

static void np_count_end(struct np_reflector *r,
			 const struct np_http_result *result)
{
	enum np_watch_end end = r->end;

	if (r->garbage)
		end = NP_WATCH_GARBAGE;
	else if (r->ended || (result->status && result->status != 200))
		end = NP_WATCH_STATUS;
	else if (result->end != NP_HTTP_DONE && result->end != NP_HTTP_STOPPED)
		end = NP_WATCH_CONNECTION;
	r->stats.watch_ends[end]++;
}

static void np_list_done(struct np_reflector *r,
			 const struct np_http_result *result)
{
	if (result->end != NP_HTTP_DONE || !np_splitter_complete(&r->splitter)) {
		np_end_initial(r, NP_PHASE_LIST, result);
		return;
	}
	if (np_reflector_head(r)) {
		r->reason = NP_RELIST_GARBAGE;
		np_end_garbage(r, NP_PHASE_LIST);
		return;
	}
	if (r->cluster->options.once && !r->need_list)
		r->phase = NP_PHASE_IDLE;
	else
		np_reflector_later(r, 0);
}

/* The server's newest version is known; see whether it is older than ours. */
static void np_check_done(struct np_reflector *r, const struct np_http_result *result)
{
	if (result->end != NP_HTTP_DONE || !np_splitter_complete(&r->splitter)) {
		np_end_connection(r, result);
	} else if (np_reflector_head(r)) {
		np_end_garbage(r, NP_PHASE_CHECK);
	} else if (r->went_back) {
		np_end_restored(r);
	} else {
		r->check_version = false;
		np_reflector_later(r, 0);
	}
}

static void np_stream_done(struct np_reflector *r, enum np_reflector_phase phase,
			   const struct np_http_result *result)
{
	bool whole = (result->end == NP_HTTP_DONE ||
		      r->end == NP_WATCH_DEADLINE) &&
		     np_splitter_complete(&r->splitter);

	if (phase == NP_PHASE_INITIAL)
		np_end_initial(r, phase, result);
	else if (r->end == NP_WATCH_SILENT)
		np_reflector_probe(r);
	else if (result->end == NP_HTTP_CUT || result->end == NP_HTTP_BOUND)
		np_end_connection(r, result);
	else
		np_end_watch(r, whole);
}

static void np_on_done(void *context, const struct np_http_result *result,
		       const char *error)
{
	struct np_reflector *r = context;
	enum np_reflector_phase phase = r->phase;

	np_reflector_stop_timers(r);
	np_reflector_disconnected(r);
	if (error) {
		np_reflector_failed(r, false, "no credentials: %s", error);
		np_reflector_backoff(r);
		return;
	}
	if (phase == NP_PHASE_WATCH) {
		r->check_version = true;
		np_count_end(r, result);
	}
	if (phase == NP_PHASE_PROBE) {
		np_probe_done(r, result);
		return;
	}
	if (result->status && result->status != 200) {
		np_api_status_read(&r->status, result->body, result->body_len);
		r->status.code = (int)result->status;
		r->status.expired = r->status.expired || result->status == 410;
		np_end_status(r, phase);
	} else if (!result->status) {
		np_end_connection(r, result);
	} else if (r->went_back) {
		np_end_restored(r);
	} else if (r->ended) {
		np_end_status(r, phase);
	} else if (r->garbage) {
		np_end_garbage(r, phase);
	} else if (phase == NP_PHASE_CHECK) {
		np_check_done(r, result);
	} else if (phase == NP_PHASE_LIST) {
		np_list_done(r, result);
	} else {
		np_stream_done(r, phase, result);
	}
}

/* --- start and stop ---------------------------------------------------------- */

struct np_reflector *np_reflector_new(struct np_cluster *cluster,
				      enum np_source_kind kind,
				      const char *version)
{
	struct np_reflector *r = np_xcalloc(1, sizeof(*r));

	r->cluster = cluster;
	r->kind = kind;
	r->version = np_xstrdup(version ? version : "");
	r->need_list = true;
	r->reason = NP_RELIST_START;
	r->last_event_ms = -1;
	r->backoff_until_ms = np_loop_now(cluster->loop);
	np_splitter_init(&r->splitter, NP_SPLIT_STREAM, &np_reflector_events, r);
	r->timer.fire = np_reflector_go;
	r->timer.context = r;
	r->deadline.fire = np_on_deadline;
	r->deadline.context = r;
	r->silent.fire = np_on_silent;
	r->silent.context = r;
	r->call.cluster = cluster;
	r->call.stats = &r->stats;
	r->call.answered = np_on_answered;
	r->call.data = np_on_data;
	r->call.done = np_on_done;
	r->call.context = r;
	return r;
}

void np_reflector_free(struct np_reflector *r)
{
	if (!r)
		return;
	np_reflector_stop_timers(r);
	np_call_cancel(&r->call);
	np_splitter_free(&r->splitter);
	free(r->version);
	free(r->next_page);
	free(r);
}

void np_reflector_start(struct np_reflector *r, int64_t delay_ms)
{
	np_reflector_later(r, delay_ms);
}

void np_reflector_stop(struct np_reflector *r)
{
	np_reflector_stop_timers(r);
	np_call_cancel(&r->call);
	np_reflector_disconnected(r);
	r->phase = NP_PHASE_IDLE;
}

void np_reflector_restart(struct np_reflector *r, bool list, bool forget)
{
	np_reflector_stop(r);
	r->check_version = true;
	if (forget) {
		*r->version = 0;
		r->any_version = true;
	}
	/* The pages of a list that has begun are not needed any more. */
	if (list || r->need_list)
		np_reflector_relist(r, NP_RELIST_START);
	np_reflector_later(r, 0);
}

void np_reflector_rest(struct np_reflector *r, bool forget)
{
	np_reflector_stop(r);
	if (forget) {
		*r->version = 0;
		r->any_version = true;
	}
	np_reflector_relist(r, NP_RELIST_START);
	r->reason = NP_RELIST_START;
	r->synced = false;
	r->forbidden = false;
	r->eased = false;
	r->failures = 0;
	r->backoff_step = 0;
	r->last_event_ms = -1;
	*r->error = 0;
	np_reflector_tell(r);
}

void np_reflector_renew(struct np_reflector *r)
{
	if (!r->answered || !r->call.request)
		return;
	if (r->phase == NP_PHASE_WATCH)
		r->stats.watch_ends[NP_WATCH_CREDENTIALS]++;
	np_reflector_restart(r, false, false);
}
