// SPDX-License-Identifier: GPL-2.0-or-later
/* What decides about a connection in the second state. */
#include <linux/netpol.h>

#include "diff/reason.h"
#include "netlink/report.h"

#define NP_REASONS_MAX	3	/* policies that a text names */

void np_reach_reasons(const struct np_reach_result *result, const struct np_reach_line *line,
		      void (*visit)(void *context, const struct np_reach_reason *reason),
		      void *context)
{
	static const uint8_t order[] = { NETPOL_DIRECTION_EGRESS, NETPOL_DIRECTION_INGRESS };
	const struct np_matrix *reasons = &result->reasons;
	bool allowed = line->is == NP_REACH_ALLOWED;
	struct np_reach_reason reason;
	const struct np_matrix_why *why;
	uint32_t half, i;
	size_t d;

	if (line->why == NP_MATRIX_NONE)
		return;
	for (d = 0; d < 2; d++) {
		half = reasons->cells[line->why].half[order[d]];
		why = half == NP_MATRIX_NONE ? NULL : &reasons->whys[half];
		if (!why || why->accept != allowed)
			continue;
		reason.direction = order[d];
		for (i = 0; i < why->policies; i++) {
			if (why->decider != NP_MATRIX_NONE && i != why->decider)
				continue;
			reason.policy = why->policy[i];
			reason.rule = why->rule;
			visit(context, &reason);
		}
		/* A connection that one half denies is not asked of the other one. */
		if (!why->accept)
			return;
	}
}

struct np_reach_telling {
	struct np_buffer *to;
	unsigned int count;
	uint8_t direction;
	bool denied;
};

static void np_reach_tell(void *context, const struct np_reach_reason *reason)
{
	struct np_reach_telling *telling = context;

	telling->denied = reason->rule == NP_MATRIX_NONE;
	telling->direction = reason->direction;
	if (telling->count++ >= NP_REASONS_MAX)
		return;
	if (telling->denied)
		np_buffer_print(telling->to, "%s%s", telling->count > 1 ? ", " : "isolated by ",
				reason->policy);
	else
		np_buffer_print(telling->to, "%s%s[%u] of %s", telling->count > 1 ? ", " : "",
				np_direction_name(reason->direction), reason->rule,
				reason->policy);
}

/* True if this node judged an end in the first state, and another one does so in the second. */
static bool np_reach_moved(const struct np_diff_pod *pod)
{
	return pod->pod[0] && pod->pod[1] && *pod->pod[0]->node && !*pod->pod[1]->node;
}

void np_reach_reason_text(struct np_buffer *to, const struct np_reach_result *result,
			  const struct np_reach_line *line)
{
	struct np_reach_telling telling = { .to = to };

	if (line->is == NP_REACH_NONE) {
		np_buffer_print(to, "no pod there any more");
		return;
	}
	np_reach_reasons(result, line, np_reach_tell, &telling);
	if (telling.count > NP_REASONS_MAX)
		np_buffer_print(to, " and %u more", telling.count - NP_REASONS_MAX);
	if (telling.denied)
		np_buffer_print(to, " (%s)", np_direction_name(telling.direction));
	if (telling.count)
		return;
	if (np_reach_moved(np_reach_first(result, line->source)) ||
	    np_reach_moved(np_reach_first(result, line->destination)))
		np_buffer_print(to, "judged on another node now");
	else
		np_buffer_print(to, "no policy isolates");
}
