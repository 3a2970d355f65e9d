/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes what differs for people: for a terminal, and as Markdown for a review. */
#ifndef NP_DIFF_TEXT_H
#define NP_DIFF_TEXT_H

#include <stdio.h>

#include "diff/diff.h"

/*
 * Prints at most `most` objects, and at most that many lines of connections of each kind. Nothing
 * is wider than 80 columns unless a name or a rule is.
 */
void np_diff_write_text(const struct np_diff *diff, size_t most, FILE *file);
/* A summary, tables of at most `most` rows, and details that are folded. */
void np_diff_write_md(const struct np_diff *diff, size_t most, FILE *file);

#endif
