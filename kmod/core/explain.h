/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Explains a verdict: lists the policies that were consulted, in order, and the first rule of
 * each that matches. In a tier of cluster-wide policies the list ends with the first match. Those
 * that are observed come last, if they are asked. The verdict itself comes from netpol_judge(), the
 * code that packets run; the steps name the policies and rules behind it. Needs the world's mutex.
 */
#ifndef NETPOL_EXPLAIN_H
#define NETPOL_EXPLAIN_H

#include "core/classify.h"

/* @rule of a step whose policy has no rule that matches. */
#define NETPOL_NO_RULE U32_MAX

/**
 * struct netpol_step - one step of an explanation
 * @direction: enum netpol_direction
 * @reason: enum netpol_reason
 * @action: with @policy, enum netpol_action of the rule that matches, NONE if none does
 * @accept: with @policy, whether a rule of it accepts; else whether the half accepts
 * @audit: with @policy, whether it is observed instead of enforced; else whether the half would
 *	deny what it accepts if the observed policies were enforced
 * @subject: pod whose policies are evaluated; NULL: neither end is a local pod
 * @policy: a policy that selects the subject; NULL: the step sums up a half
 * @rule: index, among the rules of the direction, of the first rule that matches, or
 *	NETPOL_NO_RULE
 * @name: name of that rule, or NULL
 */
struct netpol_step {
	u8 direction;
	u8 reason;
	u8 action;
	bool accept;
	bool audit;
	const struct netpol_local *subject;
	const struct netpol_policy *policy;
	u32 rule;
	const char *name;
};

int netpol_explain(struct netpol_world *world, const struct netpol_flow *flow, bool to_node,
		   struct netpol_judgement *judgement,
		   int (*visit)(void *context, const struct netpol_step *step),
		   void *context);

#endif /* NETPOL_EXPLAIN_H */
