/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Audits: NetworkPolicies that are observed instead of enforced. An observed policy isolates no
 * pod and lets nothing in that others deny. What it would deny passes, is counted and reported.
 * A list does not change once it is in a snapshot.
 */
#ifndef NETPOL_AUDIT_H
#define NETPOL_AUDIT_H

#include "core/namespace.h"
#include <linux/netpol.h>

struct netpol_policy;

/* Most audits at the same time. */
#define NETPOL_AUDITS_MAX 256

/**
 * struct netpol_audit - which policies are observed, and until when
 * @ns: their namespace, one reference
 * @end: when it ends, by netpol_now(); 0: it has no end
 * @policy: name of the policy, with NUL; empty: all those of @ns
 * @pod: name of the pod for which they are observed, with NUL; empty: for all pods
 */
struct netpol_audit {
	struct netpol_ns *ns;
	u64 end;
	char policy[NETPOL_NAME_MAX + 1];
	char pod[NETPOL_NAME_MAX + 1];
};

/**
 * struct netpol_audits - all audits of a network namespace
 * @count: how many; some may have ended
 * @audit: the audits
 */
struct netpol_audits {
	u32 count;
	struct netpol_audit audit[];
};

/* Is an audit in force at a time, by netpol_now()? */
static inline bool netpol_audit_lasts(const struct netpol_audit *audit, u64 now)
{
	return !audit->end || now < audit->end;
}

bool netpol_audits_have(const struct netpol_audits *audits, u64 now,
			const struct netpol_policy *policy, const char *pod);
bool netpol_audits_ended(const struct netpol_audits *audits, u64 before, u64 now);
void netpol_audits_mark(const struct netpol_audits *audits, u64 before,
			const struct netpol_audits *fresh, u64 now, u64 serial);
u64 netpol_audits_next_end(const struct netpol_audits *audits, u64 now);
struct netpol_audits *netpol_audits_with(const struct netpol_audits *audits, u64 now,
					 const struct netpol_audit *audit);
struct netpol_audits *netpol_audits_without(const struct netpol_audits *audits, u64 now,
					    const struct netpol_audit *audit);
void netpol_audits_free(struct netpol_world *world, struct netpol_audits *audits);

#endif /* NETPOL_AUDIT_H */
