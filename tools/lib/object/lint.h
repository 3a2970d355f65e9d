/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds what is valid in a set of policies and most likely not meant. */
#ifndef NP_OBJECT_LINT_H
#define NP_OBJECT_LINT_H

#include "base/error.h"
#include "object/lint_finding.h"
#include "object/object.h"

/* A check: its identifier ("NP001"), its name ("empty-selector") and what its findings mean. */
struct np_lint_check {
	const char *id;
	const char *name;
	const char *text;
};

extern const struct np_lint_check np_lint_checks[NP_LINT_COUNT];

/* Disables a check, which is named by its identifier or its name. Fails with NP_EXIT_USAGE. */
int np_lint_disable(struct np_lint *lint, const char *text, struct np_error *err);
/*
 * Adds the findings about objs, which must not be freed before the findings. Checks that need
 * pods are left out if objs has none.
 */
void np_lint_run(struct np_lint *lint, const struct np_objects *objs);
void np_lint_free(struct np_lint *lint);

#endif
