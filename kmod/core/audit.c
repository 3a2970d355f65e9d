// SPDX-License-Identifier: GPL-2.0
/* Which policies are observed instead of enforced; see audit.h. */
#include "core/audit.h"
#include "core/policy.h"

/* Are two audits about the same policies of the same pods? */
static bool same_subject(const struct netpol_audit *a, const struct netpol_audit *b)
{
	return a->ns == b->ns && !strcmp(a->policy, b->policy) && !strcmp(a->pod, b->pod);
}

/**
 * netpol_audits_have() - find out whether a policy is observed for a pod
 * @audits: audits; NULL: none
 * @now: time, by netpol_now()
 * @policy: policy; one that is cluster-wide is never observed, because its namespace has no name
 * @pod: name of a pod in the namespace of @policy
 */
bool netpol_audits_have(const struct netpol_audits *audits, u64 now,
			const struct netpol_policy *policy, const char *pod)
{
	u32 i;

	for (i = 0; audits && i < audits->count; i++) {
		const struct netpol_audit *audit = &audits->audit[i];

		if (audit->ns == policy->ns && netpol_audit_lasts(audit, now) &&
		    (!audit->policy[0] || !strcmp(audit->policy, policy->name)) &&
		    (!audit->pod[0] || !strcmp(audit->pod, pod)))
			return true;
	}
	return false;
}

/* Has an audit ended after the time @before, and not later than @now? */
bool netpol_audits_ended(const struct netpol_audits *audits, u64 before, u64 now)
{
	u32 i;

	for (i = 0; audits && i < audits->count; i++)
		if (netpol_audit_lasts(&audits->audit[i], before) &&
		    !netpol_audit_lasts(&audits->audit[i], now))
			return true;
	return false;
}

/* Do audits have one about the same policies and pods, that lasts at @now? */
static bool have_alike(const struct netpol_audits *audits, u64 now,
		       const struct netpol_audit *audit)
{
	u32 i;

	for (i = 0; audits && i < audits->count; i++)
		if (netpol_audit_lasts(&audits->audit[i], now) &&
		    same_subject(&audits->audit[i], audit))
			return true;
	return false;
}

/* Marks the namespaces of audits that @others do not have, or no longer. */
static void mark_others(const struct netpol_audits *audits, u64 now,
			const struct netpol_audits *others, u64 then, u64 serial)
{
	u32 i;

	for (i = 0; audits && i < audits->count; i++) {
		const struct netpol_audit *audit = &audits->audit[i];

		if (netpol_audit_lasts(audit, now) && !have_alike(others, then, audit))
			audit->ns->audits_changed = serial;
		cond_resched();
	}
}

/**
 * netpol_audits_mark() - mark the namespaces in which audits begin or end
 * @audits: audits in force; NULL: none
 * @before: the time by which they are
 * @fresh: audits that are to be; NULL: none
 * @now: the time by which they are to be
 * @serial: becomes netpol_ns::audits_changed of these namespaces
 */
void netpol_audits_mark(const struct netpol_audits *audits, u64 before,
			const struct netpol_audits *fresh, u64 now, u64 serial)
{
	mark_others(audits, before, fresh, now, serial);
	mark_others(fresh, now, audits, before, serial);
}

/* When the first of the audits that last at @now ends, by netpol_now(); 0: none does. */
u64 netpol_audits_next_end(const struct netpol_audits *audits, u64 now)
{
	u64 next = 0;
	u32 i;

	for (i = 0; audits && i < audits->count; i++) {
		const struct netpol_audit *audit = &audits->audit[i];

		if (audit->end && now < audit->end && (!next || audit->end < next))
			next = audit->end;
	}
	return next;
}

/* Copies the audits that last at @now, but for the one like @but, with room for one more. */
static struct netpol_audits *copy(const struct netpol_audits *audits, u64 now,
				  const struct netpol_audit *but)
{
	u32 i, count = audits ? audits->count : 0;
	struct netpol_audits *fresh;

	fresh = netpol_alloc(struct_size(fresh, audit, count + 1));
	for (i = 0; fresh && i < count; i++) {
		const struct netpol_audit *audit = &audits->audit[i];

		if (!netpol_audit_lasts(audit, now) || same_subject(audit, but))
			continue;
		fresh->audit[fresh->count] = *audit;
		netpol_ns_hold(fresh->audit[fresh->count++].ns);
	}
	return fresh;
}

/**
 * netpol_audits_with() - the audits with one more, or with another end of one
 * @audits: audits in force; NULL: none
 * @now: time, by netpol_now(); what has ended by then is left out
 * @audit: the audit; its reference stays with the caller
 *
 * Return: the new list, which may be longer than NETPOL_AUDITS_MAX by one; -ENOMEM.
 */
struct netpol_audits *netpol_audits_with(const struct netpol_audits *audits, u64 now,
					 const struct netpol_audit *audit)
{
	struct netpol_audits *fresh = copy(audits, now, audit);

	if (!fresh)
		return ERR_PTR(-ENOMEM);
	fresh->audit[fresh->count] = *audit;
	netpol_ns_hold(fresh->audit[fresh->count++].ns);
	return fresh;
}

/**
 * netpol_audits_without() - the audits without one
 * @audits: audits in force; NULL: none
 * @now: time, by netpol_now(); what has ended by then is left out
 * @audit: what the one that is left out is about
 *
 * Return: the new list; -ENOENT: there is no such audit; -ENOMEM.
 */
struct netpol_audits *netpol_audits_without(const struct netpol_audits *audits, u64 now,
					    const struct netpol_audit *audit)
{
	if (have_alike(audits, now, audit))
		return copy(audits, now, audit) ?: ERR_PTR(-ENOMEM);
	return ERR_PTR(-ENOENT);
}

/* Frees audits that no snapshot has any more, or NULL. */
void netpol_audits_free(struct netpol_world *world, struct netpol_audits *audits)
{
	u32 i;

	for (i = 0; audits && i < audits->count; i++)
		netpol_ns_put(world, audits->audit[i].ns);
	netpol_free(audits);
}
