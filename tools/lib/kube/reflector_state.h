/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a reflector and the small steps that change it. Only reflector.c, reflector_read.c
 * and cluster.c use it.
 */
#ifndef NP_KUBE_REFLECTOR_STATE_H
#define NP_KUBE_REFLECTOR_STATE_H

#include "base/loop.h"
#include "kube/request.h"
#include "kube/source.h"
#include "kube/splitter.h"
#include "kube/status.h"

#define NP_SILENT_MS		180000	/* three periods of bookmarks: the watch is dead */
#define NP_BACKOFF_MIN_MS	800
#define NP_BACKOFF_MAX_MS	30000
#define NP_BACKOFF_RESET_MS	120000	/* time without failures after which pauses are short */

enum np_reflector_phase {
	NP_PHASE_IDLE,		/* stopped */
	NP_PHASE_WAIT,		/* waiting for the timer */
	NP_PHASE_INITIAL,	/* in a streaming list, before its end mark */
	NP_PHASE_LIST,		/* in a page of a list */
	NP_PHASE_WATCH,		/* in a watch */
	NP_PHASE_PROBE,		/* asking whether the server lives */
	NP_PHASE_CHECK,		/* asking for the server's newest version */
};

struct np_reflector {
	struct np_cluster *cluster;
	enum np_source_kind kind;
	enum np_reflector_phase phase;
	struct np_call call;
	struct np_splitter splitter;
	struct np_timer timer;		/* sends the next request */
	struct np_timer deadline;	/* ends a watch that is older than timeoutSeconds */
	struct np_timer silent;		/* nothing was received for too long */
	/* Called if the server does not have the kind; NULL: a server must have it. */
	void (*missing)(void *arg);
	void *missing_arg;
	/* the position */
	char *version;			/* "" if there is none */
	bool check_version;		/* before the next watch, see whether versions went back */
	bool synced;			/* it has been synced at least once */
	bool absent;			/* the server does not have the kind */
	bool other;			/* it has it in another version only */
	bool need_list;			/* the next request is a list */
	enum np_relist_reason reason;	/* why */
	bool any_version;		/* list without a version, because it was refused */
	unsigned int refusals;		/* answers in a row that the version is too large */
	bool no_limit;			/* list in one piece, because pages expired */
	bool no_host_filter;		/* the server cannot select by spec.hostNetwork */
	bool no_streaming;		/* no streaming list for this time */
	unsigned int initial_failures;	/* streaming lists in a row that broke off */
	char *next_page;		/* continue token, or NULL */
	/* the current stream */
	bool answered;			/* the server has answered */
	bool got_event;
	bool warned_silent;
	bool ended;			/* by an ERROR event, or because versions went back */
	bool went_back;			/* the server's versions are older than ours */
	const char *garbage;		/* what in it cannot be read, or NULL */
	struct np_api_status status;	/* what the server said instead */
	enum np_watch_end end;
	int64_t started_ms;
	uint64_t tick_bytes;		/* bytes of a list since the last tick */
	unsigned int watch_seconds;	/* timeoutSeconds of the watch */
	/* failures */
	unsigned int garbage_count;	/* unreadable streams in a row */
	unsigned int failures;		/* failures in a row */
	unsigned int backoff_step;	/* how many times the pause was doubled */
	int64_t backoff_until_ms;	/* end of the last pause */
	int64_t error_since_ms;		/* first 5xx in a row, 0: none */
	bool garbled;			/* an item was not JSON, or had no name; a list follows */
	bool forbidden;			/* a 403 came, then no stream and no silence */
	bool eased;			/* for one pauses began anew, since a stream */
	bool expired;			/* a watch was too old since the last event of one */
	bool unreachable;		/* the pause is for a server that takes no connection */
	bool returns;			/* the request is the first after such a pause */
	bool connected;			/* np_reflector_disconnected() ends it, and tells */
	int64_t last_event_ms;
	char error[768];
	struct np_source_stats stats;
};

/* Fills in the state as the keeper sees it. Strings are valid until the loop runs. */
void np_reflector_state(const struct np_reflector *r,
			struct np_source_state *state);
/* Calls state() of the keeper. */
void np_reflector_tell(struct np_reflector *r);
/*
 * The stream has ended, whatever the reason. The keeper is told at once, because a kind that waits
 * for its next request must not be called connected.
 */
void np_reflector_disconnected(struct np_reflector *r);
/* Sets the version from which the next watch goes on. "" changes nothing. */
void np_reflector_set_version(struct np_reflector *r, const char *version);
/*
 * Is version older than the last one? False if one of them is no decimal number. The API server's
 * versions are revisions of etcd, which only grow, unless etcd was restored from a backup.
 */
bool np_reflector_is_older(const struct np_reflector *r, const char *version);
/* A list is complete, or a streaming list has reached its end mark. */
void np_reflector_synced(struct np_reflector *r, const char *version);
/* The server does not have the kind. news: the keeper does not know that there are no objects. */
void np_reflector_absent(struct np_reflector *r, bool news);
/* Earlier failures are over. */
void np_reflector_works(struct np_reflector *r);
/*
 * Notes a failure for the status and the log. passing: it may end by itself, so it becomes a
 * warning only at the third failure in a row.
 */
void np_reflector_failed(struct np_reflector *r, bool passing, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Makes the next request a list from the start. */
void np_reflector_relist(struct np_reflector *r, enum np_relist_reason reason);
void np_reflector_stop_timers(struct np_reflector *r);
/* Sends the next request after a delay. */
void np_reflector_later(struct np_reflector *r, int64_t delay_ms);
/*
 * Sends the next request after a pause, which grows with the failures in a row: 0.8 s, then twice
 * as long each time, up to 30 s. A random part of the same length is added.
 */
void np_reflector_backoff(struct np_reflector *r);

#endif
