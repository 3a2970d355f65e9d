/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The desired state, and the functions by which a source fills it.
 */
#ifndef NP_AGENT_DESIRED_H
#define NP_AGENT_DESIRED_H

#include "agent/desired_record.h"
#include "kube/source.h"

/* node: the spec.nodeName of pods of this node. It is not copied. */
void np_desired_init(struct np_desired *d, const char *node);
void np_desired_free(struct np_desired *d);

/* What a source reports. struct np_source_ops describes each function. */
void np_desired_begin(struct np_desired *d, enum np_source_kind kind);
void np_desired_upsert(struct np_desired *d, enum np_source_kind kind,
		       const struct np_node *object);
void np_desired_remove(struct np_desired *d, enum np_source_kind kind, const char *namespace,
		       const char *name, const char *uid);
void np_desired_rejected(struct np_desired *d, enum np_source_kind kind, const char *namespace,
			 const char *name, const char *uid, const char *reason);
void np_desired_synced(struct np_desired *d, enum np_source_kind kind);

#endif
