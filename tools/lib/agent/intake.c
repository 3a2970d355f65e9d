// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Passes what the source reports on to the desired state.
 */
#include "agent/intake.h"

#include <stdio.h>
#include <string.h>

#include "agent/desired.h"
#include "base/log.h"
#include "base/loop.h"

void np_intake_init(struct np_intake *intake, struct np_loop *loop, struct np_desired *desired)
{
	unsigned int k;

	memset(intake, 0, sizeof(*intake));
	intake->loop = loop;
	intake->desired = desired;
	for (k = 0; k < NP_SOURCE_KINDS; k++) {
		intake->kind[k].last_event_ms = -1;
		intake->kind[k].synced_ms = -1;
	}
}

static void np_intake_begin(void *context, enum np_source_kind kind)
{
	struct np_intake *intake = context;

	intake->kind[kind].begun = true;
	np_desired_begin(intake->desired, kind);
}

static void np_intake_upsert(void *context, enum np_source_kind kind,
			     const struct np_node *object)
{
	struct np_intake *intake = context;

	np_breathe();
	intake->desired->now = (uint32_t)np_loop_now(intake->loop);
	np_desired_upsert(intake->desired, kind, object);
	intake->changed(intake->arg, kind == NP_SOURCE_NODE);
}

static void np_intake_remove(void *context, enum np_source_kind kind, const char *namespace,
			     const char *name, const char *uid)
{
	struct np_intake *intake = context;

	np_breathe();
	np_desired_remove(intake->desired, kind, namespace, name, uid);
	intake->changed(intake->arg, false);
}

static void np_intake_synced(void *context, enum np_source_kind kind)
{
	struct np_intake *intake = context;

	intake->kind[kind].begun = false;
	intake->kind[kind].synced_ms = np_loop_now(intake->loop);
	np_desired_synced(intake->desired, kind);
	intake->synced(intake->arg);
}

static void np_intake_rejected(void *context, enum np_source_kind kind, const char *namespace,
			       const char *name, const char *uid, const char *reason)
{
	struct np_intake *intake = context;

	np_desired_rejected(intake->desired, kind, namespace, name, uid, reason);
	intake->changed(intake->arg, false);
}

static void np_intake_state(void *context, enum np_source_kind kind,
			    const struct np_source_state *state)
{
	struct np_intake *intake = context;
	struct np_intake_kind *mine = &intake->kind[kind];
	const char *version = state->resource_version ? state->resource_version : "";
	const char *error = state->error ? state->error : "";
	bool news = strcmp(mine->error, error) || mine->other != state->other ||
		    mine->forbidden != state->forbidden;

	mine->connected = state->connected;
	mine->absent = state->absent;
	mine->forbidden = state->forbidden;
	mine->other = state->other;
	mine->last_event_ms = state->last_event_ms;
	/* A part of a version is of no use. */
	snprintf(mine->version, sizeof(mine->version), "%s",
		 strlen(version) < sizeof(mine->version) ? version : "");
	snprintf(mine->error, sizeof(mine->error), "%s", error);
	if (state->stats)
		mine->stats = *state->stats;
	if (news)
		intake->news(intake->arg);
}

static void np_intake_log(void *context, enum np_log_level level, enum np_source_kind kind,
			  const char *text)
{
	struct np_log_about about = { .component = "client" };

	(void)context;
	if (kind < NP_SOURCE_KINDS)
		about.kind = np_source_kind_name(kind);
	np_log_line(level, &about, "%s", text);
}

const struct np_source_ops *np_intake_ops(void)
{
	static const struct np_source_ops ops = {
		.begin = np_intake_begin,
		.upsert = np_intake_upsert,
		.remove = np_intake_remove,
		.synced = np_intake_synced,
		.rejected = np_intake_rejected,
		.state = np_intake_state,
		.log = np_intake_log,
	};

	return &ops;
}
