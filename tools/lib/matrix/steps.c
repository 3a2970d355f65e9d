// SPDX-License-Identifier: GPL-2.0-or-later
/* Collects the steps behind one verdict. */
#include <stdio.h>
#include <string.h>
#include <linux/netpol.h>

#include "matrix/steps.h"
#include "netlink/report.h"

void np_matrix_steps_reset(struct np_matrix_steps *steps)
{
	int i;

	np_arena_reset(&steps->arena);
	steps->self = false;
	for (i = 0; i < 2; i++) {
		steps->judged[i] = false;
		steps->why[i] = (struct np_matrix_why) {
			.rule = NP_MATRIX_NONE,
			.decider = NP_MATRIX_NONE,
			.policy = steps->policy[i],
		};
	}
}

/* Names a rule and its policy, in the memory of the steps. */
static struct np_matrix_rule np_matrix_steps_name(struct np_matrix_steps *steps,
						  const char *namespace,
						  const struct np_matrix_rule *rule)
{
	/* as no namespace is written with a capital letter, a tier is the name of none */
	const char *space = *namespace ? namespace : np_tier_text(rule->tier);
	size_t room = strlen(space) + strlen(rule->policy) + 2;
	char *text = np_arena_alloc(&steps->arena, room);
	struct np_matrix_rule named = *rule;

	snprintf(text, room, "%s/%s", space, rule->policy);
	named.policy = text;
	named.name = rule->name ? np_arena_memdup(&steps->arena, rule->name, strlen(rule->name)) :
				  "";
	return named;
}

void np_matrix_steps_policy(struct np_matrix_steps *steps, uint8_t direction,
			    const char *namespace, const struct np_matrix_rule *rule,
			    uint8_t action)
{
	struct np_matrix_why *why = &steps->why[direction];
	struct np_matrix_rule named;

	if (!*namespace && action == NETPOL_ACTION_PASS) {
		if (why->passes < NP_MATRIX_PASSES_MAX)
			why->pass[why->passes++] = np_matrix_steps_name(steps, namespace, rule);
		return;
	}
	if (why->policies == NP_MATRIX_POLICIES_MAX ||
	    (!*namespace && action != NETPOL_ACTION_ACCEPT && action != NETPOL_ACTION_DENY))
		return;
	named = np_matrix_steps_name(steps, namespace, rule);
	if (rule->rule != NP_MATRIX_NONE && why->decider == NP_MATRIX_NONE) {
		why->decider = why->policies;
		why->rule = rule->rule;
		why->rule_name = named.name;
		why->tier = rule->tier;
	}
	why->policy[why->policies++] = named.policy;
}

void np_matrix_steps_half(struct np_matrix_steps *steps, uint8_t direction, uint8_t reason,
			  bool accept)
{
	if (reason == NETPOL_REASON_NOT_LOCAL)
		return;
	steps->self |= reason == NETPOL_REASON_SELF;
	steps->judged[direction] = true;
	steps->why[direction].reason = reason;
	steps->why[direction].accept = accept;
}

int np_matrix_steps_visit(void *context, const struct netpol_step *step)
{
	struct np_matrix_steps *steps = context;
	struct np_matrix_rule rule;

	if (!step->policy) {
		np_matrix_steps_half(steps, step->direction, step->reason, step->accept);
		return 0;
	}
	/* what is only observed has no part in the verdict */
	if (step->audit)
		return 0;
	rule = (struct np_matrix_rule) {
		.policy = step->policy->name,
		.name = step->name,
		.rule = step->rule == NETPOL_NO_RULE ? NP_MATRIX_NONE : step->rule,
		.tier = step->policy->tier,
	};
	np_matrix_steps_policy(steps, step->direction, step->policy->ns->name, &rule,
			       step->action);
	return 0;
}
