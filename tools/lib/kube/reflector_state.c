// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The state of a reflector: position, failures and pauses.
 */
#include "kube/reflector_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kube/cluster_state.h"

void np_reflector_state(const struct np_reflector *r,
			struct np_source_state *state)
{
	*state = (struct np_source_state){
		.connected = r->connected,
		.synced = r->synced,
		.absent = r->absent,
		.other = r->other,
		.forbidden = r->forbidden,
		.resource_version = r->synced ? r->version : "",
		.last_event_ms = r->last_event_ms,
		.error = r->error,
		.stats = &r->stats,
	};
}

void np_reflector_tell(struct np_reflector *r)
{
	struct np_source_state state;

	np_reflector_state(r, &state);
	r->cluster->ops->state(r->cluster->context, r->kind, &state);
}

void np_reflector_disconnected(struct np_reflector *r)
{
	if (!r->connected)
		return;
	r->connected = false;
	np_reflector_tell(r);
}

void np_reflector_set_version(struct np_reflector *r, const char *version)
{
	if (!*version || !strcmp(version, r->version))
		return;
	free(r->version);
	r->version = np_xstrdup(version);
}

static bool np_is_decimal(const char *text)
{
	return *text && *text != '0' && !text[strspn(text, "0123456789")];
}

bool np_reflector_is_older(const struct np_reflector *r, const char *version)
{
	size_t len = strlen(version), last = strlen(r->version);

	if (!np_is_decimal(version) || !np_is_decimal(r->version))
		return false;
	return len != last ? len < last : strcmp(version, r->version) < 0;
}

void np_reflector_synced(struct np_reflector *r, const char *version)
{
	np_reflector_set_version(r, version);
	r->synced = true;
	r->need_list = false;
	r->any_version = false;
	r->check_version = false;
	r->refusals = 0;
	r->no_limit = false;
	r->no_streaming = false;
	r->initial_failures = 0;
	r->garbage_count = 0;
	r->last_event_ms = np_loop_now(r->cluster->loop);
	np_reflector_works(r);
	r->cluster->ops->synced(r->cluster->context, r->kind);
	if (r->phase == NP_PHASE_INITIAL) {
		r->phase = NP_PHASE_WATCH;
		np_timer_start(r->cluster->loop, &r->silent, NP_SILENT_MS);
	}
	np_reflector_tell(r);
}

void np_reflector_absent(struct np_reflector *r, bool news)
{
	const struct np_source_ops *ops = r->cluster->ops;

	/* Versions of what is gone mean nothing for what may come. */
	*r->version = 0;
	np_reflector_relist(r, NP_RELIST_START);
	r->synced = true;
	r->absent = true;
	r->other = false;
	r->connected = true;
	r->last_event_ms = np_loop_now(r->cluster->loop);
	np_reflector_works(r);
	if (news) {
		ops->begin(r->cluster->context, r->kind);
		ops->synced(r->cluster->context, r->kind);
	}
	np_reflector_tell(r);
}

void np_reflector_works(struct np_reflector *r)
{
	if (r->failures >= 3)
		np_cluster_log(r->cluster, NP_LOG_INFO, r->kind, "works again");
	r->failures = 0;
	*r->error = 0;
}

void np_reflector_failed(struct np_reflector *r, bool passing, const char *fmt, ...)
{
	char text[sizeof(r->error)];
	bool same;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	same = !strcmp(text, r->error);
	memcpy(r->error, text, sizeof(text));
	r->failures++;
	if (passing ? r->failures == 3 : !same)
		np_cluster_log(r->cluster, NP_LOG_WARNING, r->kind, "%s", text);
	else
		np_cluster_log(r->cluster, NP_LOG_DEBUG, r->kind, "%s", text);
	np_reflector_tell(r);
}

void np_reflector_relist(struct np_reflector *r, enum np_relist_reason reason)
{
	/* The first reason stays until the list has begun. */
	if (!r->need_list)
		r->reason = reason;
	r->need_list = true;
	free(r->next_page);
	r->next_page = NULL;
}

void np_reflector_stop_timers(struct np_reflector *r)
{
	np_timer_stop(&r->timer);
	np_timer_stop(&r->deadline);
	np_timer_stop(&r->silent);
}

void np_reflector_later(struct np_reflector *r, int64_t delay_ms)
{
	np_reflector_stop_timers(r);
	r->phase = NP_PHASE_WAIT;
	np_timer_start(r->cluster->loop, &r->timer, delay_ms);
}

void np_reflector_backoff(struct np_reflector *r)
{
	int64_t now = np_loop_now(r->cluster->loop), delay;

	if (now - r->backoff_until_ms > NP_BACKOFF_RESET_MS)
		r->backoff_step = 0;
	delay = (int64_t)NP_BACKOFF_MIN_MS << r->backoff_step;
	if (delay > NP_BACKOFF_MAX_MS)
		delay = NP_BACKOFF_MAX_MS;
	else
		r->backoff_step++;
	delay += np_jitter(delay);
	r->backoff_until_ms = now + delay;
	np_reflector_later(r, delay);
}
