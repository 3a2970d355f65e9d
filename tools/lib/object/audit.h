/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which NetworkPolicies of manifests are observed instead of enforced; see NP_AUDIT_KEY.
 */
#ifndef NP_OBJECT_AUDIT_H
#define NP_OBJECT_AUDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "object/object.h"

/* Does a NetworkPolicy ask to be observed? namespace_asks: its Namespace asks for all of them. */
bool np_audit_asked(const struct np_policy *policy, bool namespace_asks);
/*
 * Sets which NetworkPolicies are observed. all: every one; annotations: those that ask, or whose
 * Namespace is among the objects and asks. Returns how many ask, whether that counts or not.
 */
size_t np_audit_decide(struct np_objects *objs, bool all, bool annotations);

#endif
