/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Explains a verdict: lists the policies that were consulted, in order, and the first rule of
 * each that matches. The verdict itself comes from netpol_judge(), the code that packets run;
 * the steps name the policies and rules behind it. Needs the world's mutex.
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
 * @accept: with @policy, whether a rule of it matches; else whether the half accepts
 * @subject: pod whose policies are evaluated; NULL: neither end is a local pod
 * @policy: a policy that isolates the subject; NULL: the step sums up a half
 * @rule: index, among the rules of the direction, of the first rule that matches, or
 *	NETPOL_NO_RULE
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
