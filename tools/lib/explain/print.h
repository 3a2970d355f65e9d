/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Explanations as text for people, and as JSON or YAML after docs/schema/explain.json. */
#ifndef NP_EXPLAIN_PRINT_H
#define NP_EXPLAIN_PRINT_H

#include "explain/explain.h"

/**
 * struct np_explain_more - what is printed besides
 * @all: every rule, and every connection that a change opens
 * @kernel: the kernel's answer to the same question, or NULL
 * @same: it is the same as far as the kernel judges
 */
struct np_explain_more {
	bool all;
	const struct np_eval *kernel;
	bool same;
};

void np_explain_print(const struct np_explain *x, const struct np_explain_more *more, FILE *file);
void np_explain_write(const struct np_explain *x, const struct np_explain_more *more,
		      struct np_writer *w);

#endif
