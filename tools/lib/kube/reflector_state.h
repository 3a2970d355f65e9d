/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a reflector, and the small steps that change it. Private to reflector.c
 * and reflector_read.c.
 */
#ifndef NP_KUBE_REFLECTOR_STATE_H
#define NP_KUBE_REFLECTOR_STATE_H

#include "base/loop.h"
#include "kube/request.h"
#include "kube/source.h"
#include "kube/splitter.h"
#include "kube/status.h"

#define NP_SILENT_MS		180000	/* three bookmark periods */
#define NP_BACKOFF_MIN_MS	800
#define NP_BACKOFF_MAX_MS	30000
#define NP_BACKOFF_RESET_MS	120000

enum np_reflector_phase {
	NP_PHASE_IDLE,
	NP_PHASE_WAIT,		/* until the timer fires */
	NP_PHASE_INITIAL,	/* streaming list, before its end was marked */
	NP_PHASE_LIST,		/* a page of a list */
	NP_PHASE_WATCH,
	NP_PHASE_PROBE,		/* does the server live? */
};

struct np_reflector {
	struct np_cluster *cluster;
	enum np_source_kind kind;
	enum np_reflector_phase phase;
	struct np_call call;
	struct np_splitter splitter;
	struct np_timer timer;		/* start, backoff */
	struct np_timer deadline;
	struct np_timer silent;
	/* position */
	char *version;			/* opaque; "" is none */
	bool synced;			/* ever */
	bool need_list;
	enum np_relist_reason reason;
	bool any_version;		/* list without a version: it was refused */
	unsigned int refusals;		/* of the version as too large, in a row */
	bool no_limit;			/* the list's pages expired: in one piece */
	bool no_host_filter;		/* spec.hostNetwork can't be selected */
	bool no_streaming;		/* this time */
	unsigned int initial_failures;	/* streaming lists cut in a row */
	char *next_page;		/* continue token, or NULL */
	/* the stream at hand */
	bool answered;
	bool got_event;
	bool warned_silent;
	bool ended;			/* by an ERROR event, or by us */
	const char *garbage;		/* why the stream can't be read */
	struct np_api_status status;
	enum np_watch_end end;
	int64_t started_ms;
	uint64_t tick_bytes;
	unsigned int watch_seconds;
	/* failures */
	unsigned int garbage_count;	/* in a row */
	unsigned int failures;		/* in a row */
	unsigned int backoff_step;
	int64_t backoff_until_ms;
	int64_t error_since_ms;		/* first 5xx of a row, 0: none */
	bool forbidden;			/* by a 403, since the last stream */
	bool connected;
	int64_t last_event_ms;
	char error[768];
	struct np_source_stats stats;
};

void np_reflector_state(const struct np_reflector *r,
			struct np_source_state *state);
/* Tells the keeper the state. */
void np_reflector_tell(struct np_reflector *r);
/* Keeps a version to go on from; "" changes nothing. */
void np_reflector_set_version(struct np_reflector *r, const char *version);
/* A list is whole, or a streaming list has come to its end mark. */
void np_reflector_synced(struct np_reflector *r, const char *version);
/* What failed before is over. */
void np_reflector_works(struct np_reflector *r);
/*
 * Notes what is wrong, for status and log. passing: it may be over by itself, so it is
 * logged as a warning only at the third failure in a row.
 */
void np_reflector_failed(struct np_reflector *r, bool passing, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The next request is a list from the start. */
void np_reflector_relist(struct np_reflector *r, enum np_relist_reason reason);
void np_reflector_stop_timers(struct np_reflector *r);
/* The next request is sent after a delay. */
void np_reflector_later(struct np_reflector *r, int64_t delay_ms);
/*
 * The same after a pause that grows with the failures in a row: 0.8 s, doubled up to
 * 30 s, each time up to doubled again at random.
 */
void np_reflector_backoff(struct np_reflector *r);

#endif
