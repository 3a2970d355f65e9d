/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings of lint as text, as JSON and as SARIF.
 */
#ifndef NP_OBJECT_LINT_WRITE_H
#define NP_OBJECT_LINT_WRITE_H

#include <stdio.h>

#include "object/lint.h"

/*
 * Prints each finding as "FILE:LINE: NP001 namespace/name: PATH: TEXT" with its hint below,
 * and a last line with the number of findings. Of all forms: a fix is written if the finding has
 * one, so np_lint_fix_find() comes before.
 */
void np_lint_write_text(const struct np_lint *lint, FILE *file);
/* Writes the findings as JSON. */
void np_lint_write_json(const struct np_lint *lint, FILE *file);
/* Writes the findings as SARIF 2.1.0. */
void np_lint_write_sarif(const struct np_lint *lint, FILE *file);

#endif
