/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of the agent: its parts, and whether it is ready.
 */
#ifndef NP_AGENT_STATE_H
#define NP_AGENT_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/desired_record.h"
#include "agent/intake.h"
#include "agent/kernel.h"
#include "agent/options.h"
#include "agent/placement.h"
#include "agent/quarantine.h"
#include "agent/snapshot.h"
#include "agent/socket.h"
#include "base/loop.h"
#include "base/notify.h"

struct np_agent_http;
struct np_cluster;

/* When commits happen; see schedule.h. */
struct np_agent_commits {
	struct np_timer timer;		/* for the next commit */
	struct np_timer check_timer;
	struct np_timer compare_timer;
	int64_t committed_ms;		/* when the last commit ended; -1: never */
	int64_t worked_ms;		/* the same of looking for something to commit */
	int64_t pace_ms;		/* shortest time from that to the next one */
	int64_t said_ms;		/* when a commit was last reported to the service manager */
	int64_t pending_ms;		/* since when changes are pending; -1: none are */
	int64_t retry_ms;		/* delay of the next try; 0: the last commit succeeded */
	bool whole;			/* the first full commit has succeeded */
	bool settings_changed;		/* the settings must be compared, and maybe replaced */
	bool ranges_changed;		/* so have the ranges of pods that Nodes give */
	uint64_t settings_generation;	/* of the settings, when they were last compared */
	char error[512];		/* error of the last commit, "" if it succeeded */
};

/* Whether all Nodes are followed; see nodes.h. */
struct np_agent_nodes {
	struct np_timer timer;		/* for what is to be done about it next */
	bool followed;
	int64_t since_ms;		/* when the following began or ended */
	int64_t refused_ms;		/* since when the list is refused; -1: it is not */
};

/* The ways in which others see the agent. */
struct np_agent_outside {
	struct np_notify notify;	/* the service manager */
	struct np_agent_http *http;	/* metrics and probes */
	struct np_text_socket socket;	/* for `sync status` */
	struct np_cluster *cluster;	/* the source; NULL if it is not a cluster */
};

struct np_agent {
	const struct np_agent_options *opts;
	struct np_loop *loop;
	struct np_desired desired;
	struct np_kernel kernel;
	struct np_intake intake;
	struct np_quarantine quarantine;
	struct np_agent_commits commits;
	struct np_agent_nodes nodes;
	struct np_agent_node node;
	struct np_agent_snapshot snapshot;
	struct np_agent_outside outside;
	struct np_timer once_timer;	/* with opts->once: ends the wait for the first commit */
	struct np_timer watchdog_timer;
	int64_t started_ms;		/* by the loop's clock */
	bool stopping;
	int status;			/* exit status of the process */
	/* Called when a reload is asked for, to reload the source. May be NULL. */
	void (*reload)(void *arg);
	void *arg;
};

/*
 * Returns true if every kind is synced and our own Node was seen, so that commits may begin, and if
 * they do not wait for the list of all Nodes.
 */
bool np_agent_synced(const struct np_agent *agent);
/* Returns true if there is something to commit. */
bool np_agent_pending(const struct np_agent *agent);
/*
 * Returns true if every kind is synced, none has come to be there in another version only, and
 * everything is committed. Else *why is the reason.
 */
bool np_agent_ready(const struct np_agent *agent, char *why, size_t size);
/*
 * Returns true if pods may come to the node, so that its taint may go. ready: as np_agent_ready()
 * says. While the podCIDRs of the Node cannot be read, the guards that it asks for are not known.
 */
bool np_agent_takes_pods(const struct np_agent *agent, bool ready);
/* Returns false if changes have been pending, or one piece of work has taken, too long. */
bool np_agent_progress(const struct np_agent *agent);
/* Returns how many local pods are not loaded. */
size_t np_agent_unloaded(const struct np_agent *agent);
/* Tells the service manager how the agent is doing, and the source whether it is ready. */
void np_agent_report(struct np_agent *agent);

#endif
