/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface between a source of Kubernetes objects (the API client) and their keeper (the
 * agent's desired state). The source calls the functions of struct np_source_ops, which the
 * keeper provides.
 *
 * For each kind the calls come in this order:
 *
 *   begin (upsert | remove | rejected)* synced (upsert | remove | rejected)*
 *
 * The source may start over with begin at any time, also before it has called synced. Every
 * object that it hands over is complete and is, or was, in the cluster. But until synced
 * nobody knows which objects no longer exist. So the keeper notes the objects that it sees
 * after begin, by upsert or by rejected, and at synced it removes the others. Nothing may be
 * committed to a kernel that holds nothing before every kind has been synced once. A kind that is
 * followed only on demand may end at any time. The keeper has asked for that, and knows nothing of
 * its objects from then on.
 *
 * All calls come from the thread of the event loop. Objects, strings and structures are valid
 * until the call returns. A call must not free the source.
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
	NP_SOURCE_CLUSTER_POLICY,	/* ClusterNetworkPolicy, if the API server has the kind */
	NP_SOURCE_NODE,		/* only the Node that the agent runs on */
	NP_SOURCE_NODES,	/* all Nodes; followed only on demand */
	NP_SOURCE_KINDS,
};

/* Why a list starts from the beginning. */
enum np_relist_reason {
	NP_RELIST_START,	/* it is the first one, or a reload asked for it */
	NP_RELIST_CUT,		/* the streaming list or the list before broke off */
	NP_RELIST_EXPIRED,	/* 410: the server no longer knows the version */
	NP_RELIST_GARBAGE,	/* the stream was unreadable twice */
	NP_RELIST_ERROR,	/* the watch has failed for too long */
	NP_RELIST_VERSION,	/* the server refused the version as too large */
	NP_RELIST_FALLBACK,	/* the server has no streaming lists */
	NP_RELIST_RESTORED,	/* the server's data is older than ours: a restored backup */
	NP_RELIST_FILTER,	/* the server refused the field selector */
	NP_RELIST_REASONS,
};

/* Why a watch ended. */
enum np_watch_end {
	NP_WATCH_CLOSED,	/* the server ended it as it should */
	NP_WATCH_DEADLINE,	/* the client ended it 15 s after timeoutSeconds */
	NP_WATCH_CONNECTION,	/* the connection, TLS or a proxy failed */
	NP_WATCH_SILENT,	/* no byte came for three periods of bookmarks */
	NP_WATCH_STATUS,	/* the server sent an HTTP status or an ERROR event */
	NP_WATCH_GARBAGE,	/* the stream was unreadable */
	NP_WATCH_CREDENTIALS,	/* the client certificate or the CA was replaced */
	NP_WATCH_ENDS,
};

/* Counters since the start of the process. */
struct np_source_stats {
	uint64_t requests;	/* HTTP requests that were sent, with retries */
	uint64_t bytes;		/* bytes of bodies, after decompression */
	uint64_t objects;	/* calls of upsert and remove */
	uint64_t rejected;	/* calls of rejected */
	uint64_t bookmarks;
	uint64_t relists[NP_RELIST_REASONS];
	uint64_t watch_ends[NP_WATCH_ENDS];
	uint64_t throttled;	/* answers 429 */
	uint64_t unauthorized;	/* answers 401 */
	uint64_t forbidden;	/* answers 403 */
};

/* How a source is doing with one kind. */
struct np_source_state {
	bool connected;		/* a list or watch is being answered */
	bool synced;		/* synced has been called, at least once */
	bool absent;		/* the API server does not have the kind, so there are no objects */
	/* It has the kind only in a version that is not followed, so what it has is not known. */
	bool other;
	/* Lists and watches are answered by 403. A server that says nothing, or 5xx, ends that. */
	bool forbidden;
	/*
	 * The opaque version for the snapshot, "" until the kind is synced. It covers only
	 * objects that were handed over before this call.
	 */
	const char *resource_version;
	/* time of the last event, bookmark or end of a list by the loop's clock; -1: none yet */
	int64_t last_event_ms;
	/*
	 * What is wrong now, for people, or "". It may quote the server, so it must be
	 * escaped where it is shown.
	 */
	const char *error;
	const struct np_source_stats *stats;
};

/* The functions of the keeper. All are set. context belongs to the keeper. */
struct np_source_ops {
	/* A list or a streaming list starts. */
	void (*begin)(void *context, enum np_source_kind kind);
	/*
	 * The object is new, changed or unchanged. It has only the fields of
	 * np_source_pick(). Its metadata.name is a string that is not empty, and so is
	 * metadata.namespace if the kind is namespaced. Nothing else has been checked. An
	 * object with a known name and another uid is another object.
	 */
	void (*upsert)(void *context, enum np_source_kind kind,
		       const struct np_node *object);
	/*
	 * The object no longer exists, or no longer matches the field selector. The keeper
	 * may not know it, or may know a newer object with that name. uid tells them apart;
	 * it is "" if the source does not know it.
	 */
	void (*remove)(void *context, enum np_source_kind kind,
		       const char *namespace, const char *name,
		       const char *uid);
	/* The list is complete: objects that were not seen since begin do not exist. */
	void (*synced)(void *context, enum np_source_kind kind);
	/*
	 * An object exists but cannot be read: it is too large or nested too deep, has no
	 * name, or gives a key twice. The keeper decides what is enforced in its place. Names
	 * are "" if they could not be read.
	 */
	void (*rejected)(void *context, enum np_source_kind kind,
			 const char *namespace, const char *name,
			 const char *uid, const char *reason);
	/* The state has changed. It is not called for every event. */
	void (*state)(void *context, enum np_source_kind kind,
		      const struct np_source_state *state);
	/* kind is NP_SOURCE_KINDS if the text is about all kinds. It may quote the server. */
	void (*log)(void *context, enum np_log_level level,
		    enum np_source_kind kind, const char *text);
};

/* Returns the fields that are read of an object of this kind. */
const struct np_pick *np_source_pick(enum np_source_kind kind);
/*
 * Returns "namespaces", "pods", "networkpolicies", "clusternetworkpolicies", "nodes", for the Node
 * that the agent runs on, or "allnodes".
 */
const char *np_source_kind_name(enum np_source_kind kind);
/* Return "start", "cut", "expired", and so on: the values of a label of metrics. */
const char *np_relist_reason_name(enum np_relist_reason reason);
const char *np_watch_end_name(enum np_watch_end end);

#endif
