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

void np_matrix_steps_policy(struct np_matrix_steps *steps, uint8_t direction,
			    const char *namespace, const char *name, uint32_t rule, uint8_t tier,
			    uint8_t action)
{
	struct np_matrix_why *why = &steps->why[direction];
	size_t room;
	char *text;

	if (why->policies == NP_MATRIX_POLICIES_MAX)
		return;
	if (!*namespace) {
		if (action != NETPOL_ACTION_ACCEPT && action != NETPOL_ACTION_DENY)
			return;
		/* as no namespace is written with a capital letter, this is the name of none */
		namespace = np_tier_text(tier);
	}
	room = strlen(namespace) + strlen(name) + 2;
	text = np_arena_alloc(&steps->arena, room);
	snprintf(text, room, "%s/%s", namespace, name);
	if (rule != NP_MATRIX_NONE && why->decider == NP_MATRIX_NONE) {
		why->decider = why->policies;
		why->rule = rule;
	}
	why->policy[why->policies++] = text;
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
	uint32_t rule = step->rule == NETPOL_NO_RULE ? NP_MATRIX_NONE : step->rule;

	if (step->policy)
		np_matrix_steps_policy(steps, step->direction, step->policy->ns->name,
				       step->policy->name, rule, step->policy->tier, step->action);
	else
		np_matrix_steps_half(steps, step->direction, step->reason, step->accept);
	return 0;
}
