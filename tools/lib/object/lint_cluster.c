// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The checks of lint about ClusterNetworkPolicies. Their rules have an order, within a policy and
 * over all policies of a tier, and the first one that matches decides.
 */
#include <string.h>

#include "object/lint_cluster.h"
#include "object/lint_dns.h"
#include "object/lint_match.h"
#include "object/select.h"

/* The rules of one direction of a policy. */
struct np_turns {
	const struct np_rule *rule;
	uint32_t count;
	const char *list;
};

static struct np_turns np_turns_of(const struct np_policy *policy, bool egress)
{
	struct np_turns turns = {
		.rule = egress ? policy->egress : policy->ingress,
		.count = egress ? policy->egress_count : policy->ingress_count,
		.list = egress ? "egress" : "ingress",
	};

	return turns;
}

/* True if a closed rule or a Deny is among them. */
static bool np_turns_deny(const struct np_turns *turns)
{
	uint32_t i;

	for (i = 0; i < turns->count; i++)
		if (turns->rule[i].action == NP_ACTION_DENY ||
		    (turns->rule[i].closed && turns->rule[i].action == NP_ACTION_PASS))
			return true;
	return false;
}

/* True if no set of labels meets both requirements, which are about one key. */
static bool np_requirements_exclude(const struct np_requirement *a, const struct np_requirement *b)
{
	bool in = b->op == NP_OP_IN;
	uint32_t i;

	if (in && a->op != NP_OP_IN)
		return np_requirements_exclude(b, a);
	if (a->op == NP_OP_DOES_NOT_EXIST)
		return b->op == NP_OP_EXISTS;
	if (b->op == NP_OP_DOES_NOT_EXIST)
		return a->op == NP_OP_EXISTS || a->op == NP_OP_IN;
	if (a->op != NP_OP_IN || b->op == NP_OP_EXISTS)
		return false;
	for (i = 0; i < a->value_count; i++)
		if (np_requirement_has(b, a->value[i]) == in)
			return false;
	return true;
}

static bool np_selectors_exclude(const struct np_selector *a, const struct np_selector *b)
{
	uint32_t i, k;

	for (i = 0; i < a->count; i++)
		for (k = 0; k < b->count; k++)
			if (!strcmp(a->item[i].key, b->item[k].key) &&
			    np_requirements_exclude(&a->item[i], &b->item[k]))
				return true;
	return false;
}

/* True if rules of two actions are among those of two policies, so that their order matters. */
static bool np_order_matters(const struct np_turns *a, const struct np_turns *b)
{
	uint8_t actions = 0;
	uint32_t i;

	if (!a->count || !b->count)
		return false;
	for (i = 0; i < a->count; i++)
		actions |= 1 << a->rule[i].action;
	for (i = 0; i < b->count; i++)
		actions |= 1 << b->rule[i].action;
	return actions & (actions - 1);
}

static bool np_ties(const struct np_policy *a, const struct np_policy *b)
{
	struct np_turns in[2] = { np_turns_of(a, false), np_turns_of(b, false) };
	struct np_turns out[2] = { np_turns_of(a, true), np_turns_of(b, true) };

	return a->tier == b->tier && a->priority == b->priority &&
	       (np_order_matters(&in[0], &in[1]) || np_order_matters(&out[0], &out[1])) &&
	       !np_selectors_exclude(&a->ns_selector, &b->ns_selector) &&
	       !np_selectors_exclude(&a->pod_selector, &b->pod_selector);
}

/* Says it once, of the policy that comes later in the input. */
static void np_check_ties(const struct np_linting *l)
{
	const struct np_policy *other;
	struct np_lint_finding *item;

	for (other = l->objs->policies; other < l->policy; other++)
		if (np_ties(other, l->policy))
			break;
	if (other == l->policy)
		return;
	item = np_lint_add(l, NP_LINT_EQUAL_PRIORITY, 0,
			   "has priority %u of tier %s as %s has, and their subjects may overlap: "
			   "the API leaves open which of them decides", l->policy->priority,
			   np_tier_name(l->policy->tier), other->name);
	np_lint_path(item, "spec.priority");
	np_lint_hint(item, "give each its own priority; netpol asks the one first whose name comes "
		     "first");
}

/* True if an earlier rule matches all that a later one does. */
static bool np_hides(const struct np_rule *first, const struct np_rule *second)
{
	if (second->closed)
		return false;
	if (first->closed)
		return first->action != NP_ACTION_ACCEPT;
	return np_lint_rule_within(second, first);
}

static void np_check_hidden(const struct np_linting *l, const struct np_turns *turns)
{
	struct np_lint_finding *item;
	uint32_t i, k;

	for (i = 0; i < turns->count; i++) {
		for (k = 0; k < i; k++)
			if (np_hides(&turns->rule[k], &turns->rule[i]))
				break;
		if (k == i)
			continue;
		item = np_lint_add(l, NP_LINT_HIDDEN_RULE, turns->rule[i].line,
				   "is never reached: spec.%s[%u], which comes first, matches all "
				   "of it", turns->list, k);
		np_lint_path(item, "spec.%s[%u]", turns->list, i);
		np_lint_hint(item, "the first rule that matches decides, so put the narrow one "
			     "before the wide one");
	}
}

/* True if a policy of tier Baseline is asked after this one. */
static bool np_is_later(const struct np_policy *policy, const struct np_policy *other)
{
	if (other->tier != NP_TIER_BASELINE || other == policy)
		return false;
	if (other->priority != policy->priority)
		return other->priority > policy->priority;
	return strcmp(other->name, policy->name) > 0;
}

/*
 * After the last Deny of tier Baseline a Pass does what happens anyway: what no rule of the tier
 * matches is allowed.
 */
static void np_check_pass(const struct np_linting *l, const struct np_turns *turns, bool egress)
{
	struct np_lint_finding *item;
	struct np_turns rest;
	size_t i;
	uint32_t k;

	if (l->policy->tier != NP_TIER_BASELINE)
		return;
	for (i = 0; i < l->objs->policy_count; i++) {
		rest = np_turns_of(&l->objs->policies[i], egress);
		if (np_is_later(l->policy, &l->objs->policies[i]) && np_turns_deny(&rest))
			return;
	}
	for (k = turns->count; k--;) {
		rest = *turns;
		rest.rule += k;
		rest.count = 1;
		if (np_turns_deny(&rest))
			return;
		if (turns->rule[k].action != NP_ACTION_PASS)
			continue;
		item = np_lint_add(l, NP_LINT_IDLE_PASS, turns->rule[k].line,
				   "has no effect: no later rule of tier Baseline denies anything, "
				   "and what none matches is allowed");
		np_lint_path(item, "spec.%s[%u]", turns->list, k);
		np_lint_hint(item, "NetworkPolicies were asked before: a Pass of tier Baseline "
			     "does not lead to them");
	}
}

void np_lint_cluster(const struct np_linting *l)
{
	struct np_turns turns;
	int egress;

	np_check_ties(l);
	for (egress = 0; egress < 2; egress++) {
		turns = np_turns_of(l->policy, egress);
		np_check_hidden(l, &turns);
		np_check_pass(l, &turns, egress);
	}
	np_lint_cluster_dns(l);
}
