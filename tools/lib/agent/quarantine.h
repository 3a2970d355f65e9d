/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quarantine: guards of single addresses, for local pods that cannot be loaded, and for those that
 * the API server has forgotten.
 *
 * A local pod is not loaded if it exceeds a bound, if the kernel refused it, if one of its policies
 * cannot be loaded even without its rules, or if another local pod owns an address of it (owner.h).
 * Such a pod has no policies in the kernel. So each of its addresses gets a guard, which makes the
 * address unknown if it is no other pod's. With `unknown=deny` its packets are dropped.
 *
 * A pod that was deleted by force lives on without its object, and so without its policies. Its
 * addresses get guards until its interface is gone.
 */
#ifndef NP_AGENT_QUARANTINE_H
#define NP_AGENT_QUARANTINE_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/desired_record.h"
#include "node/host.h"

/* A pod that is no longer known, and whose interface may still be there. */
struct np_left_pod {
	uint32_t ifindex;
	uint32_t address_count;
	struct np_address address[NP_POD_ADDRESSES_MAX];
};

/* If all bytes are zero it is empty. */
struct np_quarantine {
	struct np_cidr *guard;
	size_t count;
	struct np_left_pod *left;
	size_t left_count;
};

/* To be called when a local pod is about to be forgotten. */
void np_quarantine_leave(struct np_quarantine *q, const struct np_desired_pod *pod);

/*
 * Returns true if a forgotten pod has ended, so that its guards end with the next
 * np_quarantine_update(). Nothing else tells of this, because no object changes with it.
 */
bool np_quarantine_ended(const struct np_quarantine *q, const struct np_desired *d,
			 const struct np_host *host);

/*
 * Finds out which addresses need a guard. host: the tables of the node, which show whether the
 * interface of a forgotten pod is gone or belongs to another pod, so that its guards end. keep:
 * addresses that have a guard keep it. room: how many guards the kernel still takes; if that is not
 * enough, it is logged. Returns true if the guards have changed, so that the settings must be
 * committed.
 */
bool np_quarantine_update(struct np_quarantine *q, const struct np_desired *d,
			  const struct np_host *host, size_t room, bool keep);
void np_quarantine_free(struct np_quarantine *q);

#endif
