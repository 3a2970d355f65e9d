/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options of the agent.
 */
#ifndef NP_AGENT_OPTIONS_H
#define NP_AGENT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "object/settings.h"

#define NP_AGENT_SOCKET		"/run/netpol/sync.sock"
#define NP_AGENT_SNAPSHOT	"/var/lib/netpol/snapshot"
#define NP_AGENT_LISTEN		"127.0.0.1:9474"
#define NP_AGENT_PROBES		"127.0.0.1:9475"

/* What the user asked for. What it points to belongs to the caller and must not change. */
struct np_agent_options {
	const char *node;		/* name of this node */
	const char *snapshot;		/* path of the snapshot; NULL: none */
	const char *listen;		/* ADDRESS:PORT of metrics and probes; NULL: none */
	const char *probes;		/* ADDRESS:PORT of the probes alone; NULL: none */
	int64_t request_ms;		/* time for a whole request there; 0: ten seconds */
	const char *socket;		/* path of the socket for `sync status`; NULL: none */
	const char *tool;		/* path of netpolctl, which restores the snapshot */
	const char *const *cni;		/* folders with results of the CNI; ends with NULL */
	struct np_settings settings;	/* guards of the command line, and `unknown` */
	bool node_guard;		/* the podCIDRs of the Node are guards too */
	bool node_ranges;		/* so are those of all Nodes ranges of pods */
	bool audit_annotations;		/* NP_AUDIT_KEY counts, of NetworkPolicies and Namespaces */
	int64_t compare_ms;		/* time between two comparisons; 0: none */
	int64_t snapshot_ms;		/* shortest time between two snapshots */
	int timeout;			/* milliseconds for an answer of the kernel */
	bool once;			/* stop after the first complete commit */
	int64_t once_ms;		/* with once: give up after this time; 0: never */
};

#endif
