/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why a verdict is what it is: the policies that were consulted, in order, and the first
 * rule of each that matches. The verdict itself comes from netpol_judge(), the code that
 * packets run; the steps name what stands behind it.
 */
#ifndef NETPOL_EXPLAIN_H
#define NETPOL_EXPLAIN_H

#include "core/classify.h"

/* No rule of the policy matches. */
#define NETPOL_NO_RULE U32_MAX

/**
 * struct netpol_step - one line of an explanation
 * @direction: enum netpol_direction
 * @reason: enum netpol_reason
 * @accept: of the half (no @policy), or whether a rule of @policy matches
 * @subject: pod whose policies are judged; NULL: an end that is no local pod
 * @policy: policy that isolates the pod; NULL: the line sums up the half
 * @rule: index of the first rule that matches, in its direction, or NETPOL_NO_RULE
 */
struct netpol_step {
	u8 direction;
	u8 reason;
	bool accept;
	const struct netpol_local *subject;
	const struct netpol_policy *policy;
	u32 rule;
};

int netpol_explain(struct netpol_world *world, const struct netpol_flow *flow,
		   struct netpol_judgement *judgement,
		   int (*visit)(void *context, const struct netpol_step *step),
		   void *context);

#endif /* NETPOL_EXPLAIN_H */
