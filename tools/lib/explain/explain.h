/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a connection is allowed or denied: the steps of the code that enforces, in the kernel or in
 * this process, and for each policy in them what its rules say and why they match or do not.
 */
#ifndef NP_EXPLAIN_EXPLAIN_H
#define NP_EXPLAIN_EXPLAIN_H

#include "base/alloc.h"
#include "explain/change.h"
#include "explain/end.h"
#include "explain/reason.h"
#include "explain/steps.h"

/**
 * struct np_explain_step - what a step of the answer is about
 * @policy: a policy that isolates; NULL: the step sums up a half
 * @rule: its rules of the direction
 * @rule_count: how many
 */
struct np_explain_step {
	const struct np_policy *policy;
	struct np_reason_rule *rule;
	uint32_t rule_count;
};

/**
 * struct np_explain - an explanation
 * @arena: of all that is said
 * @question: as it was asked
 * @request: protocol, port and family; np_explain_objects() fills in the ends
 * @named: source and destination as they were asked
 * @observed: audits that the kernel has; files alone have none
 * @eval: the answer
 * @flow: the connection that it is about
 * @end: source and destination
 * @step: for each step of @eval
 * @change: what would allow it, if it is denied
 */
struct np_explain {
	struct np_arena arena;
	struct np_question question;
	struct np_eval_request request;
	struct np_named_end named[2];
	struct np_observe_list observed;
	struct np_eval eval;
	struct np_flow flow;
	struct np_reason_end end[2];
	struct np_explain_step *step;
	struct np_change change;
};

/* An explanation whose bytes are all zero is empty. */
void np_explain_free(struct np_explain *x);

/* Finds the ends that were named among the objects. Returns 0, or -1 with *err filled. */
int np_explain_ends(struct np_explain *x, struct np_objects *objs, struct np_error *err);

/*
 * Explains a connection by the policies of objects, some of which may be observed. The caller has
 * set question, request and named. Pods that do not exist are added to the objects, which must
 * outlive the explanation. Returns 0, or -1 with *err filled.
 */
int np_explain_objects(struct np_explain *x, struct np_objects *objs, struct np_error *err);

/*
 * Fills in end and step, from eval, flow and the objects that the answer is about. origin: that of
 * each policy, or NULL if all have the same. Fails if a step names a policy that is not there, or
 * if the rule that matches by its words is not the one that decided: the words would be wrong.
 */
int np_explain_fill(struct np_explain *x, const struct np_objects *objs,
		    const char *const *origin, struct np_error *err);

/*
 * Finds out what would allow a connection that the kernel denies, from what it has loaded. All pods
 * are judged as if they were of this node, so that a rule that another node lacks is proposed as
 * well. All of these may take more than the limits allow, which the kernel has for the pods of one
 * node: then nothing is proposed. The objects must outlive the explanation.
 */
void np_explain_propose(struct np_explain *x, struct np_objects *objs);

#endif
