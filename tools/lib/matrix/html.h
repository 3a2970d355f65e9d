/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a matrix as a page.
 */
#ifndef NP_MATRIX_HTML_H
#define NP_MATRIX_HTML_H

#include <stdio.h>

#include "base/error.h"
#include "matrix/verdicts.h"

/* Fails with NP_EXIT_INPUT, before anything is written, if the matrix is too large for a page. */
int np_matrix_check_page(const struct np_matrix *m, struct np_error *err);
/* The contents of page.html. */
extern const char np_matrix_page[];
/* Writes the page. The matrix must have reasons. */
void np_matrix_write_html(const struct np_matrix *m, FILE *file);

#endif
