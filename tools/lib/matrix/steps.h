/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps behind one verdict, collected into the reason of each half.
 */
#ifndef NP_MATRIX_STEPS_H
#define NP_MATRIX_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "core/explain.h"
#include "matrix/verdicts.h"

#define NP_MATRIX_POLICIES_MAX	4096

/**
 * struct np_matrix_steps - the steps of one verdict, while they come
 * @arena: of the names
 * @why: halves so far, by enum netpol_direction
 * @policy: names of each half
 * @judged: a line summed the half up
 * @self: a pod to itself
 */
struct np_matrix_steps {
	struct np_arena arena;
	struct np_matrix_why why[2];
	const char *policy[2][NP_MATRIX_POLICIES_MAX];
	bool judged[2];
	bool self;
};

/* To be called before each verdict. */
void np_matrix_steps_reset(struct np_matrix_steps *steps);
/*
 * Adds a policy that isolates, with its first rule that matches; rule->policy is its name without
 * the namespace. A cluster-wide policy, whose namespace is empty, is added if its rule decides or
 * passes on; the action is that of the ABI.
 */
void np_matrix_steps_policy(struct np_matrix_steps *steps, uint8_t direction,
			    const char *namespace, const struct np_matrix_rule *rule,
			    uint8_t action);
/* Sums a half up. */
void np_matrix_steps_half(struct np_matrix_steps *steps, uint8_t direction, uint8_t reason,
			  bool accept);
/* For np_offline_explain(): context is the steps. */
int np_matrix_steps_visit(void *context, const struct netpol_step *step);

#endif
