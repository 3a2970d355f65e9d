/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checks of lint about what rules are beside others: NP007, NP013, NP016 and NP017.
 */
#ifndef NP_OBJECT_LINT_RULE_H
#define NP_OBJECT_LINT_RULE_H

#include "object/lint_find.h"

/* Checks the rules of one direction against each other and against other policies. */
void np_lint_rules_together(const struct np_linting *l, bool egress);
/* Adds a finding for rules of a direction that policyTypes leaves out. */
void np_lint_no_direction(const struct np_linting *l, bool egress);

#endif
