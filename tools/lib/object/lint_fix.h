/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fixes of findings: where there is one change that is surely right, and its place in the file is
 * known for sure.
 */
#ifndef NP_OBJECT_LINT_FIX_H
#define NP_OBJECT_LINT_FIX_H

#include <stdio.h>

#include "object/lint_finding.h"

/*
 * Reads the files again and compares them with the fixes that the checks propose. Drops each fix
 * whose place does not look exactly as it has to, and all of standard input and of pipes, which
 * cannot be read again.
 */
void np_lint_fix_find(struct np_lint *lint);
/*
 * Writes all fixes as a unified diff that patch -p1 takes. Nothing is written if there is none.
 * To be called after np_lint_fix_find().
 */
void np_lint_write_diff(const struct np_lint *lint, FILE *file);
void np_lint_fix_free(struct np_lint *lint);

#endif
