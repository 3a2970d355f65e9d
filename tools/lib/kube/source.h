/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where Kubernetes objects come from: the interface between what reads them
 * (the API client, later a relay) and who keeps them (the agent's desired
 * state). The source calls, the keeper provides struct np_source_ops.
 *
 * Order of calls, for each kind by itself:
 *
 *   begin (upsert | remove | rejected)* synced (upsert | remove | rejected)*
 *
 * and from begin again whenever the source has to start over, also before
 * synced was reached. Every object that is handed over is whole and was true
 * at the server; only what is missing is not known before synced. So the
 * keeper marks at begin, and sweeps what was not seen at synced; upsert and
 * rejected both count as seen. Nothing may be committed to an empty kernel
 * before every kind is synced once.
 *
 * All calls come from the event loop's thread. Objects, strings and structs
 * live until the call returns. No call may free the source.
 */
#ifndef NP_KUBE_SOURCE_H
#define NP_KUBE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "object/json.h"

enum np_source_kind {
	NP_SOURCE_NAMESPACE,
	NP_SOURCE_POD,
	NP_SOURCE_POLICY,	/* NetworkPolicy */
	NP_SOURCE_NODE,		/* the agent's own Node, no other */
	NP_SOURCE_KINDS,
};

/* Why a kind is listed (again) from the start. */
enum np_relist_reason {
	NP_RELIST_START,	/* first time */
	NP_RELIST_CUT,		/* the initial stream or list broke off */
	NP_RELIST_EXPIRED,	/* 410: the server forgot our version */
	NP_RELIST_GARBAGE,	/* unreadable stream, twice */
	NP_RELIST_ERROR,	/* the server's watch failed for too long */
	NP_RELIST_VERSION,	/* version refused as too large */
	NP_RELIST_FALLBACK,	/* the server has no streaming lists */
	NP_RELIST_FILTER,	/* the field selector was refused */
	NP_RELIST_REASONS,
};

/* Why a watch ended. */
enum np_watch_end {
	NP_WATCH_CLOSED,	/* by the server, in good order */
	NP_WATCH_DEADLINE,	/* by us: timeoutSeconds and 15 s passed */
	NP_WATCH_CONNECTION,	/* refused, reset, cut, TLS, proxy */
	NP_WATCH_SILENT,	/* no byte for three bookmark periods */
	NP_WATCH_STATUS,	/* HTTP status or ERROR event */
	NP_WATCH_GARBAGE,	/* unreadable */
	NP_WATCH_CREDENTIALS,	/* new client certificate or CA */
	NP_WATCH_ENDS,
};

/* Counters since the start; all are totals. */
struct np_source_stats {
	uint64_t requests;	/* HTTP requests sent, retries included */
	uint64_t bytes;		/* of bodies, after decompression */
	uint64_t objects;	/* handed over: upsert and remove */
	uint64_t rejected;	/* objects that could not be read */
	uint64_t bookmarks;
	uint64_t relists[NP_RELIST_REASONS];
	uint64_t watch_ends[NP_WATCH_ENDS];
	uint64_t throttled;	/* 429 */
	uint64_t unauthorized;	/* 401 */
	uint64_t forbidden;	/* 403 */
};

struct np_source_state {
	bool connected;		/* a list or watch is being answered */
	bool synced;		/* synced was called, ever */
	/*
	 * Version for the snapshot, opaque; "" until the kind is synced. Only
	 * what was handed over before this call is in it.
	 */
	const char *resource_version;
	/* By the loop's clock: last event, bookmark or end of a list; -1: none. */
	int64_t last_event_ms;
	/*
	 * What keeps it from working now, for people; "" if nothing does. May
	 * quote the server: to be escaped where it is shown.
	 */
	const char *error;
	const struct np_source_stats *stats;
};

/* The keeper's side. All members are set; context is the keeper's own. */
struct np_source_ops {
	/* A list or initial stream starts. */
	void (*begin)(void *context, enum np_source_kind kind);
	/*
	 * The object is new, changed or unchanged. Of its fields it has those
	 * of np_source_pick(): metadata.name, and metadata.namespace if its
	 * kind has namespaces, are strings and not empty; nothing else in it
	 * was checked. A known name with another uid is another object.
	 */
	void (*upsert)(void *context, enum np_source_kind kind,
		       const struct np_node *object);
	/*
	 * The object is gone, or no longer passes the filter. It may be
	 * unknown, and a newer one of that name may be known: uid tells ("" if
	 * the source doesn't know it).
	 */
	void (*remove)(void *context, enum np_source_kind kind,
		       const char *namespace, const char *name,
		       const char *uid);
	/* The list is whole: what was not seen since begin does not exist. */
	void (*synced)(void *context, enum np_source_kind kind);
	/*
	 * An object exists but can't be read (too large, too deep, no name, a
	 * key given twice): the keeper decides whether its last good version
	 * stays or its subject is closed. Names are "" where they could not be
	 * read.
	 */
	void (*rejected)(void *context, enum np_source_kind kind,
			 const char *namespace, const char *name,
			 const char *uid, const char *reason);
	/* Something in the state changed; not for every event. */
	void (*state)(void *context, enum np_source_kind kind,
		      const struct np_source_state *state);
	/*
	 * kind is NP_SOURCE_KINDS if the text is about all of them. The text
	 * may quote the server, too.
	 */
	void (*log)(void *context, enum np_log_level level,
		    enum np_source_kind kind, const char *text);
};

/* The fields that are read of an object of this kind. */
const struct np_pick *np_source_pick(enum np_source_kind kind);
/* "namespaces", "pods", "networkpolicies", "nodes" */
const char *np_source_kind_name(enum np_source_kind kind);
/* "start", "cut", "expired", ...: values of a metric's label */
const char *np_relist_reason_name(enum np_relist_reason reason);
const char *np_watch_end_name(enum np_watch_end end);

#endif
