/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The intake: passes what the source reports on to the desired state, and keeps what the source
 * says about itself.
 */
#ifndef NP_AGENT_INTAKE_H
#define NP_AGENT_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/desired_record.h"
#include "base/loop.h"
#include "kube/source.h"

/* What the source says about one kind. */
struct np_intake_kind {
	bool connected;
	bool begun;		/* a list has begun and is not complete */
	bool absent;		/* the API server does not have the kind */
	bool forbidden;		/* it does not let us list the kind */
	bool other;		/* it has it only in a version that is not followed */
	char version[64];	/* version for the snapshot, "" if there is none */
	char error[256];
	int64_t last_event_ms;	/* by the loop's clock; -1: never */
	int64_t synced_ms;	/* when a list was last complete, by the loop's clock; -1: never */
	struct np_source_stats stats;
};

/* Belongs to the agent. The three functions are called after the desired state has been changed. */
struct np_intake {
	struct np_loop *loop;
	struct np_desired *desired;
	struct np_intake_kind kind[NP_SOURCE_KINDS];
	/* Called when an object has changed. node: it is the Node object of this node. */
	void (*changed)(void *arg, bool node);
	/* Called when a list is complete. */
	void (*synced)(void *arg);
	/* Called when the error of a kind has changed. */
	void (*news)(void *arg);
	void *arg;
};

/* Clears the intake. Its three functions and arg are to be set afterwards. */
void np_intake_init(struct np_intake *intake, struct np_loop *loop, struct np_desired *desired);
/* Returns the functions for a source, whose context is the intake. */
const struct np_source_ops *np_intake_ops(void);

#endif
