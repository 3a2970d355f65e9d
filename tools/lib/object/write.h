/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes objects as Kubernetes manifests, which `netpolctl apply` accepts. */
#ifndef NP_OBJECT_WRITE_H
#define NP_OBJECT_WRITE_H

#include "base/output.h"
#include "object/object.h"
#include "object/state.h"

/* Each function writes one object, under a key or, if key is NULL, as an entry of an array. */
void np_manifest_namespace(struct np_writer *w, const char *key, const struct np_namespace *ns,
			   const struct np_namespace_state *more);
void np_manifest_pod(struct np_writer *w, const char *key, const struct np_pod *pod,
		     const struct np_pod_state *more);
void np_manifest_policy(struct np_writer *w, const char *key, const struct np_policy *policy,
			const struct np_policy_state *more);

#endif
