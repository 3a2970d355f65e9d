/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The node agent: takes the objects of a source into the desired state, commits it to the kernel,
 * and shows an operator how it is doing. One loop, one thread.
 *
 * np_agent_start() restores the snapshot and opens everything. Then the caller starts a source,
 * with np_intake_ops() and agent->intake, and runs the loop. Nothing is committed before every
 * kind is synced. Whatever happens to the source or to this process, the kernel keeps what it has.
 */
#ifndef NP_AGENT_AGENT_H
#define NP_AGENT_AGENT_H

#include "agent/options.h"
#include "agent/state.h"
#include "base/error.h"
#include "base/loop.h"

/* Returns 0, or -1 with *err filled. np_agent_free() must be called in both cases. */
int np_agent_start(struct np_agent *agent, struct np_loop *loop,
		   const struct np_agent_options *opts, struct np_error *err);
/*
 * Does before any pod starts what needs no API server: restores the snapshot if the kernel is
 * empty, and puts the guards of the options and `unknown` in force. Returns 0 with agent->status
 * set to the exit status of the process, or -1 with *err filled. np_agent_free() must be called in
 * both cases.
 */
int np_agent_boot(struct np_agent *agent, struct np_loop *loop,
		  const struct np_agent_options *opts, struct np_error *err);
/* To be called after the loop has ended. Writes the last snapshot. */
void np_agent_stop(struct np_agent *agent);
/* Frees what belongs to the agent. The kernel keeps what it has. */
void np_agent_free(struct np_agent *agent);

#endif
