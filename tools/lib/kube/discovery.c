// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks the API server whether it has a kind at all.
 *
 * A round asks for the version that is followed. If the server does not have the kind in it, the
 * versions of its group are asked for, and then each of the others: a kind that is there in another
 * version only is neither there nor absent.
 */
#include "kube/discovery.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cjson/cJSON.h>

#include "kube/cluster_state.h"
#include "kube/reflector.h"
#include "kube/reflector_state.h"

#define NP_DISCOVERY_WAKE_MS	1000	/* after the server was reached again */
#define NP_DISCOVERY_BODY_MS	30000	/* for an answer that has begun */

/* The kind that a server need not have. */
static const char np_discovery_group[] = NP_CLUSTER_GROUP;
static const char np_discovery_version[] = NP_CLUSTER_VERSION;
static const char np_discovery_resource[] = "clusternetworkpolicies";

bool np_discovery_optional(enum np_source_kind kind)
{
	return kind == NP_SOURCE_CLUSTER_POLICY;
}

static struct np_loop *np_discovery_loop(const struct np_discovery *d)
{
	return d->r->cluster->loop;
}

/* --- what a round has found ------------------------------------------------------ */

static void np_discovery_later(struct np_discovery *d, int64_t delay_ms)
{
	d->step = NP_DISCOVERY_OURS;
	np_timer_start(np_discovery_loop(d), &d->timer, delay_ms);
}

/* Returns a pause that grows with the failures in a row, from 0.8 s to 30 s, at random twice. */
static int64_t np_discovery_pause(unsigned int failures)
{
	int64_t delay = (int64_t)NP_BACKOFF_MIN_MS << (failures < 6 ? failures : 6);

	if (delay > NP_BACKOFF_MAX_MS)
		delay = NP_BACKOFF_MAX_MS;
	return delay + np_jitter((uint32_t)delay);
}

/* Whether the server has the kind is not known. What was known stays. */
static void __attribute__((format(printf, 3, 4)))
np_discovery_failed(struct np_discovery *d, bool passing, const char *fmt, ...)
{
	char text[600];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	d->absent_ms = -1;
	d->r->connected = false;
	np_reflector_failed(d->r, passing, "whether the API server has %s is not known: %s",
			    np_discovery_resource, text);
	np_discovery_later(d, np_discovery_pause(d->failures++));
}

/* Starts the reflector. */
static void np_discovery_run(struct np_discovery *d)
{
	np_reflector_restart(d->r, d->list, d->forget);
	d->list = false;
	d->forget = false;
}

static void np_discovery_found(struct np_discovery *d)
{
	if (d->state == NP_DISCOVERY_ABSENT)
		np_cluster_log(d->r->cluster, NP_LOG_INFO, d->r->kind,
			       "the API server has the kind now, and it is followed");
	d->state = NP_DISCOVERY_THERE;
	d->known = true;
	d->absent_ms = -1;
	d->failures = 0;
	d->r->absent = false;
	d->r->other = false;
	np_discovery_run(d);
}

/* The server has the kind, but not in the version that is followed. */
static void np_discovery_found_other(struct np_discovery *d, const char *version)
{
	d->absent_ms = -1;
	d->failures = 0;
	d->r->other = true;
	np_reflector_failed(d->r, false, "the API server has %s only as %s/%s, and %s is what is "
			    "followed: they are not enforced as they are now",
			    np_discovery_resource, np_discovery_group, version,
			    np_discovery_version);
	np_discovery_later(d, NP_DISCOVERY_EVERY_MS + np_jitter(NP_DISCOVERY_SPREAD_MS));
}

/*
 * Returns the pause before the server is asked again whether the kind that was there is gone. It is
 * asked a minute after it first said so, and before that too: an API server that has just started
 * may not know its custom resources yet, and once it does they are to be followed again.
 */
static int64_t np_discovery_again(struct np_discovery *d, int64_t now)
{
	int64_t left = d->absent_ms + NP_DISCOVERY_EVERY_MS - now;
	int64_t delay = np_discovery_pause(d->absences++);

	return delay < left ? delay : left + np_jitter(NP_DISCOVERY_WAKE_MS);
}

static void np_discovery_none(struct np_discovery *d)
{
	int64_t now = np_loop_now(np_discovery_loop(d));

	d->failures = 0;
	if (d->absent_ms < 0) {
		d->absent_ms = now;
		d->absences = 0;
		if (d->known)
			np_cluster_log(d->r->cluster, NP_LOG_WARNING, d->r->kind,
				       "the API server does not have the kind any more; what is in force stays until it says so again, in a minute");
	}
	if (d->known && now - d->absent_ms < NP_DISCOVERY_EVERY_MS) {
		np_discovery_later(d, np_discovery_again(d, now));
		return;
	}
	np_discovery_later(d, NP_DISCOVERY_EVERY_MS + np_jitter(NP_DISCOVERY_SPREAD_MS));
	if (d->state != NP_DISCOVERY_ABSENT)
		np_cluster_log(d->r->cluster, NP_LOG_INFO, d->r->kind, "%s", d->known ?
			       "the API server says again that the kind and its objects are gone" :
			       "the API server does not have the kind; asked again every minute");
	np_reflector_absent(d->r, d->state != NP_DISCOVERY_ABSENT);
	d->state = NP_DISCOVERY_ABSENT;
	d->known = false;
}

/* --- answers --------------------------------------------------------------------- */

static const char *np_discovery_text(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsString(item) ? item->valuestring : "";
}

/* Reads an APIResourceList. Returns 1 if it has the kind, 0 if not, and -1 if it is none. */
static int np_discovery_resources(const struct np_discovery *d)
{
	cJSON *root = cJSON_ParseWithLength(d->body.data, d->body.len);
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "resources"), *one;
	int found = cJSON_IsArray(list) ? 0 : -1;

	cJSON_ArrayForEach(one, list)
		if (!strcmp(np_discovery_text(one, "name"), np_discovery_resource))
			found = 1;
	cJSON_Delete(root);
	return found;
}

/* Reads the versions of an APIGroup. Returns -1 if it is none, or has too many of them. */
static int np_discovery_versions(struct np_discovery *d)
{
	cJSON *root = cJSON_ParseWithLength(d->body.data, d->body.len);
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "versions"), *one;
	int ret = cJSON_IsArray(list) ? 0 : -1;

	d->other_count = 0;
	d->other_next = 0;
	cJSON_ArrayForEach(one, list) {
		const char *name = np_discovery_text(one, "version");

		if (!strcmp(name, np_discovery_version))
			continue;
		/* It becomes a part of a path. */
		if (!*name || strlen(name) > NP_DISCOVERY_NAME_MAX ||
		    d->other_count == NP_DISCOVERY_VERSIONS ||
		    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789")]) {
			ret = -1;
			break;
		}
		strcpy(d->other[d->other_count++], name);
	}
	cJSON_Delete(root);
	return ret;
}

static void np_discovery_send(struct np_discovery *d);

/* Goes on with what comes next in the round, after an answer that the kind is not there. */
static void np_discovery_next(struct np_discovery *d)
{
	if (d->step == NP_DISCOVERY_OURS) {
		d->step = NP_DISCOVERY_GROUP;
	} else {
		d->other_next += d->step == NP_DISCOVERY_OTHERS;
		d->step = NP_DISCOVERY_OTHERS;
		if (d->other_next >= d->other_count) {
			np_discovery_none(d);
			return;
		}
	}
	np_discovery_send(d);
}

/* The server has answered 200. */
static void np_discovery_read(struct np_discovery *d)
{
	int found;

	if (d->truncated) {
		np_discovery_failed(d, false, "the answer is larger than %u KiB",
				    NP_DISCOVERY_BYTES_MAX / 1024);
		return;
	}
	found = d->step == NP_DISCOVERY_GROUP ? np_discovery_versions(d) :
						np_discovery_resources(d);
	if (found < 0)
		np_discovery_failed(d, false, "the answer cannot be read");
	else if (!found)
		np_discovery_next(d);
	else if (d->step == NP_DISCOVERY_OURS)
		np_discovery_found(d);
	else
		np_discovery_found_other(d, d->other[d->other_next]);
}

static void np_discovery_ended(struct np_discovery *d, const struct np_http_result *result,
			       const char *error)
{
	bool whole = !error && (result->end == NP_HTTP_DONE || d->truncated);
	struct np_reflector *r = d->r;

	d->calling = false;
	np_timer_stop(&d->deadline);
	if (whole && result->status == 200) {
		np_discovery_read(d);
	} else if (whole && result->status == 404) {
		/* There is not the version or, if that was asked for, the group. */
		if (d->step == NP_DISCOVERY_GROUP)
			d->other_count = 0;
		np_discovery_next(d);
	} else if (whole && result->status == 403) {
		np_discovery_failed(d, false,
				    "forbidden: the agent must be allowed to get /apis/%s, as the ClusterRole system:discovery allows it",
				    np_discovery_group);
	} else if (whole) {
		np_discovery_failed(d, result->status == 429 || result->status >= 500,
				    "%s answers %ld",
				    r->cluster->servers[d->call.server].url, result->status);
	} else {
		np_discovery_failed(d, !error, "%s", error ? error :
				    *result->error ? result->error : "the answer ended early");
	}
	np_buffer_free(&d->body);
}

static void np_discovery_answered(void *context)
{
	struct np_discovery *d = context;

	np_buffer_free(&d->body);
	d->truncated = false;
	np_timer_start(np_discovery_loop(d), &d->deadline, NP_DISCOVERY_BODY_MS);
}

static int np_discovery_data(void *context, const char *data, size_t len)
{
	struct np_discovery *d = context;

	d->r->stats.bytes += len;
	if (!np_buffer_add_bounded(&d->body, data, len, NP_DISCOVERY_BYTES_MAX))
		d->truncated = true;
	return d->truncated ? -1 : 0;
}

static void np_discovery_done(void *context, const struct np_http_result *result,
			      const char *error)
{
	np_discovery_ended(context, result, error);
}

/* An answer that has begun does not end. */
static void np_discovery_late(void *context)
{
	const struct np_http_result result = {
		.end = NP_HTTP_CUT, .retry_after_ms = -1, .error = "the answer does not end",
	};
	struct np_discovery *d = context;

	np_call_cancel(&d->call);
	np_cluster_mark_bad(d->r->cluster, d->call.server);
	np_discovery_ended(d, &result, NULL);
}

static void np_discovery_send(struct np_discovery *d)
{
	struct np_cluster *cluster = d->r->cluster;
	struct np_buffer path = { 0 };

	np_buffer_print(&path, "/apis/%s", np_discovery_group);
	if (d->step == NP_DISCOVERY_OURS)
		np_buffer_print(&path, "/%s", np_discovery_version);
	else if (d->step == NP_DISCOVERY_OTHERS)
		np_buffer_print(&path, "/%s", d->other[d->other_next]);
	np_buffer_free(&d->body);
	d->truncated = false;
	d->calling = true;
	d->call.path = path.data;
	d->call.server = np_cluster_choose(cluster);
	np_call_start(&d->call);
}

static void np_discovery_fire(void *context)
{
	np_discovery_send(context);
}

/* --- start and stop -------------------------------------------------------------- */

void np_discovery_start(struct np_discovery *d, int64_t delay_ms)
{
	np_discovery_stop(d);
	d->absent_ms = -1;
	np_discovery_later(d, delay_ms);
}

void np_discovery_restart(struct np_discovery *d, bool list, bool forget)
{
	d->list |= list;
	d->forget |= forget;
	if (d->state == NP_DISCOVERY_THERE && !forget) {
		np_discovery_run(d);
		return;
	}
	if (d->state == NP_DISCOVERY_THERE)
		d->state = NP_DISCOVERY_LOST;
	np_reflector_stop(d->r);
	np_discovery_start(d, 0);
}

void np_discovery_stop(struct np_discovery *d)
{
	np_timer_stop(&d->timer);
	np_timer_stop(&d->deadline);
	if (d->calling)
		np_call_cancel(&d->call);
	d->calling = false;
	np_buffer_free(&d->body);
}

void np_discovery_free(struct np_discovery *d)
{
	if (!d)
		return;
	np_discovery_stop(d);
	free(d);
}

/* A list or watch was answered with 404. The reflector waits for what the server says. */
static void np_discovery_missing(void *arg)
{
	struct np_discovery *d = arg;
	int64_t now = np_loop_now(np_discovery_loop(d));

	if (now - d->lost_ms > NP_BACKOFF_RESET_MS)
		d->losses = 0;
	d->lost_ms = now;
	d->state = NP_DISCOVERY_LOST;
	/* Whatever was deleted and created in between, a list shows it. */
	d->list = true;
	np_reflector_stop(d->r);
	np_discovery_start(d, np_discovery_pause(d->losses++));
}

/* The server has been reached again. It may have the kind now. */
static void np_discovery_wake(void *arg)
{
	struct np_discovery *d = arg;

	if (d->state == NP_DISCOVERY_THERE || !np_timer_active(&d->timer))
		return;
	d->failures = 0;
	d->absences = 0;
	if (np_timer_left(&d->timer) > NP_DISCOVERY_WAKE_MS)
		np_discovery_later(d, np_jitter(NP_DISCOVERY_WAKE_MS));
}

struct np_discovery *np_discovery_new(struct np_reflector *r, bool known)
{
	struct np_discovery *d = np_xcalloc(1, sizeof(*d));

	d->r = r;
	d->known = known;
	d->absent_ms = -1;
	d->timer.fire = np_discovery_fire;
	d->timer.context = d;
	d->deadline.fire = np_discovery_late;
	d->deadline.context = d;
	d->call.cluster = r->cluster;
	d->call.accept = "Accept: application/json";
	d->call.stats = &r->stats;
	d->call.answered = np_discovery_answered;
	d->call.data = np_discovery_data;
	d->call.done = np_discovery_done;
	d->call.context = d;
	r->missing = np_discovery_missing;
	r->missing_arg = d;
	r->cluster->returned = np_discovery_wake;
	r->cluster->returned_arg = d;
	return d;
}
