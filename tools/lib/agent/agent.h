/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The node agent: a source's objects into the desired state, that into the kernel, and
 * what an operator needs around it. One loop, one thread.
 *
 * np_agent_start() restores the snapshot and opens everything; the caller then starts a
 * source with np_agent_ops() and runs the loop. Nothing is committed before every kind is
 * synced, and nothing that happens to the source or to this process takes anything away
 * from the kernel.
 */
#ifndef NP_AGENT_AGENT_H
#define NP_AGENT_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "node/cni.h"
#include "agent/commit.h"
#include "agent/desired.h"
#include "node/locate.h"
#include "base/loop.h"
#include "base/metric.h"
#include "base/notify.h"
#include "kube/source.h"

#define NP_AGENT_SOCKET		"/run/netpol/sync.sock"
#define NP_AGENT_SNAPSHOT	"/var/lib/netpol/snapshot"
#define NP_AGENT_LISTEN		"127.0.0.1:9474"

/* Milliseconds between two commits: nine times what the last one took, within these. */
#define NP_COMMIT_PACE_LEAST	5
#define NP_COMMIT_PACE_MOST	100
#define NP_COMMIT_RETRY		100	/* after a failure, then twice that, ... */
#define NP_COMMIT_RETRY_MAX	5000
#define NP_SAY_PACE		1000	/* between two words about commits to the service manager */
#define NP_NODE_GRACE		10000	/* for the own Node, once the others are synced */
#define NP_CHECK_PACE		10000	/* between looks at the origin's generation */
#define NP_STUCK		600000	/* changes that wait that long: no progress */

/* What the user asked for; all pointers are the caller's and stay. */
struct np_agent_options {
	const char *node;
	const char *snapshot;		/* NULL: none */
	const char *listen;		/* ADDRESS:PORT of the metrics; NULL: none */
	const char *socket;		/* of `sync status`; NULL: none */
	const char *tool;		/* netpolctl's own file, to restore with */
	const char *const *cni;		/* folders, ends with NULL */
	struct np_settings settings;	/* guards that are always there */
	bool node_guard;		/* the Node's podCIDRs are guards too */
	int64_t audit_ms;		/* between two audits; 0: none */
	int64_t snapshot_ms;		/* at least between two snapshots */
	int timeout;			/* of the kernel's answers */
	bool once;			/* stop after the first whole commit */
	int64_t once_ms;		/* with once: give up after that long */
};

/* What the source said of one kind. */
struct np_agent_kind {
	bool connected;
	bool begun;		/* a list is under way */
	char version[64];	/* for the snapshot */
	char error[256];
	int64_t last_event_ms;	/* -1: none */
	int64_t synced_ms;	/* by the loop's clock, of the last whole list; -1: none */
	struct np_source_stats stats;
};

/* When an address was first seen on this node. */
struct np_agent_seen {
	struct np_address address;
	uint32_t ms;
};

struct np_agent_http;
struct np_cluster;

struct np_agent {
	const struct np_agent_options *opts;
	struct np_loop *loop;
	struct np_desired desired;
	struct np_commit commit;
	struct np_notify notify;
	struct np_agent_kind kind[NP_SOURCE_KINDS];
	int64_t started_ms;

	/* commits */
	struct np_timer commit_timer;
	struct np_timer check_timer;
	struct np_timer audit_timer;
	struct np_timer once_timer;
	struct np_timer watchdog_timer;
	int64_t committed_ms;		/* of the last commit; -1: none */
	int64_t pace_ms;		/* from it to the next one */
	int64_t said_ms;		/* to the service manager, what was committed */
	int64_t waiting_ms;		/* since when changes wait; -1: none do */
	int64_t retry_ms;		/* delay of the next try; 0: the last one worked */
	bool whole;			/* the first full commit is through */
	bool settings_changed;
	uint64_t settings_generation;	/* of the settings, when they were last compared */
	char error[512];		/* of the last commit, "" if it worked */

	/* this node */
	struct np_host host;
	struct np_cni cni;
	struct np_io route_io;
	struct np_io cni_io;
	struct np_timer place_timer;
	int route_fd;
	int cni_fd;
	bool host_stale;		/* the tables changed since they were read */
	bool cni_stale;
	bool place_stale;		/* some local pod is to be placed */
	int64_t placed_ms;
	struct np_agent_seen *seen;
	size_t seen_count;
	struct np_histogram wait;	/* seconds from address to enforcement */
	uint64_t placements;
	struct np_cidr *shut;		/* addresses guarded one by one; see quarantine.c */
	size_t shut_count;

	/* snapshot */
	struct np_timer snapshot_timer;
	pid_t snapshot_child;
	bool snapshot_stale;
	int64_t snapshot_ms;		/* of the last one that was written; -1: none */
	uint64_t snapshots;
	uint64_t snapshot_failures;
	bool restored;

	/* the outside */
	struct np_agent_http *http;
	struct np_io socket_io;
	int socket_fd;
	bool stopping;
	int status;			/* exit status */
	const struct np_cluster *cluster;	/* the source, for status; NULL: another */
	/* A reload was asked for; the source's part. May be NULL. */
	void (*reload)(void *arg);
	void *arg;
};

/* Opens and restores; 0, or -1 with *err. np_agent_free() also after a failure. */
int np_agent_start(struct np_agent *agent, struct np_loop *loop,
		   const struct np_agent_options *opts, struct np_error *err);
/* For the source; context is the agent. */
const struct np_source_ops *np_agent_ops(void);
/* After the loop has ended: says so, writes the last snapshot. */
void np_agent_stop(struct np_agent *agent);
void np_agent_free(struct np_agent *agent);

/* Every kind is synced and the kernel has all of it; *why (size bytes) says what lacks. */
bool np_agent_ready(const struct np_agent *agent, char *why, size_t size);
/* No change has waited too long. */
bool np_agent_progress(const struct np_agent *agent);

/* --- between the files of the agent --------------------------------------------- */

/* Something changed: commit as soon as the pace allows. */
void np_agent_wake(struct np_agent *agent);
void np_agent_say(struct np_agent *agent);

/* placement.c */
int np_agent_watch_node(struct np_agent *agent, struct np_error *err);
void np_agent_unwatch_node(struct np_agent *agent);
/* Finds addresses and interfaces of local pods anew where something changed. */
void np_agent_place(struct np_agent *agent);
void np_agent_waited(struct np_agent *agent);

/*
 * quarantine.c: finds anew whose addresses are to be guarded one by one; those before stay
 * if keep. True if that changed `shut`: the settings are to be committed.
 */
bool np_agent_shut(struct np_agent *agent, bool keep);

/* snapshot.c */
/*
 * Restores the snapshot where the kernel has nothing of ours. False: there is one, but it
 * can't be loaded.
 */
bool np_agent_restore(struct np_agent *agent, uint64_t present);
void np_agent_snapshot_later(struct np_agent *agent);
void np_agent_snapshot_now(struct np_agent *agent);
void np_agent_snapshot_reap(struct np_agent *agent, bool wait);
/* What the settings should be, where they are `have` now; to be freed. */
void np_agent_settings(const struct np_agent *agent, const struct np_settings *have,
		       struct np_settings *set);

/* http.c, metrics.c, status.c */
int np_agent_http_start(struct np_agent *agent, struct np_error *err);
void np_agent_http_stop(struct np_agent *agent);
void np_agent_metrics(struct np_agent *agent, FILE *file);
int np_agent_socket_start(struct np_agent *agent, struct np_error *err);
void np_agent_socket_stop(struct np_agent *agent);
void np_agent_status_write(struct np_agent *agent, FILE *file);

#endif
