/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a matrix as text, for people and for programs.
 */
#ifndef NP_MATRIX_WRITE_H
#define NP_MATRIX_WRITE_H

#include <stdbool.h>
#include <stdio.h>

#include "matrix/verdicts.h"

/* Each writes the matrix in one format. */
void np_matrix_write_json(const struct np_matrix *m, FILE *file);
void np_matrix_write_table(const struct np_matrix *m, FILE *file, bool no_headers);
void np_matrix_write_csv(const struct np_matrix *m, FILE *file, bool no_headers);
void np_matrix_write_md(const struct np_matrix *m, FILE *file);

#endif
