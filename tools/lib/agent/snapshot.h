/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's snapshot file: restoring it at start, and writing it after commits.
 */
#ifndef NP_AGENT_SNAPSHOT_H
#define NP_AGENT_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/desired_record.h"
#include "agent/intake.h"
#include "agent/kernel.h"
#include "agent/options.h"
#include "base/loop.h"

/* Belongs to the agent. */
struct np_agent_snapshot {
	struct np_loop *loop;
	const struct np_agent_options *opts;
	const struct np_desired *desired;
	const struct np_intake *intake;
	struct np_kernel *kernel;
	struct np_timer timer;
	pid_t child;		/* writes the file; 0: nobody does */
	bool stale;		/* there was a commit since the last snapshot */
	bool urgent;		/* one of them changed more than pods of other nodes */
	bool stopping;		/* only np_agent_snapshot_stop() may still write one */
	int64_t written_ms;	/* when the last one was complete; -1: never */
	int64_t bytes;		/* its size */
	uint64_t count;		/* how many were written */
	uint64_t failures;
	unsigned int failing;	/* failures in a row */
	bool restored;		/* at start the kernel held an earlier state, or it was restored */
};

void np_agent_snapshot_init(struct np_agent_snapshot *s, struct np_loop *loop,
			    const struct np_agent_options *opts, const struct np_desired *desired,
			    const struct np_intake *intake, struct np_kernel *kernel);
/*
 * Restores the file if the kernel has no objects of the origin. present: how many it has. Returns
 * false if there is a file that cannot be restored.
 */
bool np_agent_snapshot_restore(struct np_agent_snapshot *s, uint64_t present);
/*
 * To be called after a commit. A snapshot is written later, when the kernel holds everything.
 * urgent: it changed more than pods of other nodes.
 */
void np_agent_snapshot_later(struct np_agent_snapshot *s, bool urgent);
/* To be called when a child has ended. It may be the one that writes the file. */
void np_agent_snapshot_reap(struct np_agent_snapshot *s);
/* Writes a last snapshot if there was a commit since the last one, and waits for it. */
void np_agent_snapshot_stop(struct np_agent_snapshot *s);

#endif
