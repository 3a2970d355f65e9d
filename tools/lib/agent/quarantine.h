/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quarantine: guards of single addresses, for local pods that cannot be loaded.
 *
 * A local pod is not loaded if it exceeds a bound, if the kernel refused it, or if one of its
 * policies cannot even be loaded without rules. Such a pod has no policies in the kernel. So each
 * of its addresses gets a guard, unless a guard covers it already, and is then closed with
 * `unknown=deny`.
 */
#ifndef NP_AGENT_QUARANTINE_H
#define NP_AGENT_QUARANTINE_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/desired_record.h"

/* Zeroed bytes are an empty one. */
struct np_quarantine {
	struct np_cidr *guard;
	size_t count;
};

/*
 * Finds out which addresses need a guard. keep: those that have one keep it. room: how many guards
 * the kernel takes; addresses that find no room are logged. Returns true if the guards have
 * changed, so that the settings are to be committed.
 */
bool np_quarantine_update(struct np_quarantine *q, const struct np_desired *d, size_t room,
			  bool keep);
void np_quarantine_free(struct np_quarantine *q);

#endif
