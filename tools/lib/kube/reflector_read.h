/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reflector's state, and the reading of what servers send. Private to
 * reflector.c and reflector_read.c.
 */
#ifndef NP_KUBE_REFLECTOR_READ_H
#define NP_KUBE_REFLECTOR_READ_H

#include <cjson/cJSON.h>

#include "kube/request.h"
#include "kube/reflector.h"
#include "kube/splitter.h"

enum np_reflector_phase {
	NP_PHASE_IDLE,
	NP_PHASE_WAIT,		/* until the timer fires */
	NP_PHASE_INITIAL,	/* streaming list, before its end was marked */
	NP_PHASE_LIST,		/* a page of a list */
	NP_PHASE_WATCH,
	NP_PHASE_PROBE,		/* does the server live? */
};

/* A Status object: body of an error, or of an ERROR event. */
struct np_api_status {
	int code;		/* 0: none */
	bool too_large;		/* our version is newer than the server's */
	bool bad_selector;	/* a field selector that it doesn't know */
	bool expired;
	char text[512];
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

/* Callbacks of the splitter; context is the reflector. */
extern const struct np_splitter_ops np_reflector_events;
extern const struct np_splitter_ops np_reflector_items;

/* A list's frame: version and continue token. -1: garbage is set. */
int np_reflector_head(struct np_reflector *r);
void np_api_status_read(struct np_api_status *status, const char *text,
			size_t len);
void np_reflector_set_version(struct np_reflector *r, const char *version);
/* The end of a streaming list: in reflector.c. */
void np_reflector_synced(struct np_reflector *r, const char *version);
void np_reflector_tell(struct np_reflector *r);
/* Failures are over. */
void np_reflector_works(struct np_reflector *r);

#endif
