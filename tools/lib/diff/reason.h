/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What decides about a connection in the second state: for each half, the rule that accepts, or
 * the policies that isolate.
 */
#ifndef NP_DIFF_REASON_H
#define NP_DIFF_REASON_H

#include "base/buffer.h"
#include "diff/reach.h"

/**
 * struct np_reach_reason - one policy that decides
 * @direction: enum netpol_direction
 * @policy: "namespace/name"
 * @rule: the rule that accepts, or NP_MATRIX_NONE: the policy isolates, and no rule accepts
 */
struct np_reach_reason {
	uint8_t direction;
	const char *policy;
	uint32_t rule;
};

/*
 * Calls visit for each policy that decides: none if no policy isolates the pods, or if a pod is
 * gone.
 */
void np_reach_reasons(const struct np_reach_result *result, const struct np_reach_line *line,
		      void (*visit)(void *context, const struct np_reach_reason *reason),
		      void *context);
/*
 * Writes all of it, or the first few policies: "ingress[0] of a/b", "isolated by a/b (ingress)",
 * "no policy isolates".
 */
void np_reach_reason_text(struct np_buffer *to, const struct np_reach_result *result,
			  const struct np_reach_line *line);

#endif
