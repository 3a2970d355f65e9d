/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reasons of verdicts.
 */
#ifndef NP_MATRIX_WHY_H
#define NP_MATRIX_WHY_H

#include <stdint.h>
#include <stdio.h>

#include "matrix/verdicts.h"

/*
 * Returns the index of an equal reason, or of an equal pair of reasons, which is added if it
 * is new. Strings are copied.
 */
uint32_t np_matrix_why(struct np_matrix *m, const struct np_matrix_why *why);
uint32_t np_matrix_cell(struct np_matrix *m, uint32_t egress, uint32_t ingress);
/* Returns the half that decided, and its direction; NULL: another node judges. */
const struct np_matrix_why *np_matrix_decider(const struct np_matrix *m, size_t at,
					      uint8_t *direction);
/* The rule that decided a half, whose decider is not NP_MATRIX_NONE. */
struct np_matrix_rule np_matrix_decided(const struct np_matrix_why *why);
/*
 * Prints the reason of the half that decided, such as "ingress of a/b: isolated by a/deny, no
 * rule accepts" or "egress of a/b: passed on by egress[1] "dns" of Admin/base; not isolated".
 */
void np_matrix_describe(const struct np_matrix *m, size_t port, size_t source,
			size_t destination, FILE *file);

#endif
