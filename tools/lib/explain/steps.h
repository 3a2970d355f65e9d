/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of an answer, of the kernel or of files, as lines for people and as fields for
 * programs.
 */
#ifndef NP_EXPLAIN_STEPS_H
#define NP_EXPLAIN_STEPS_H

#include <stdio.h>

#include "base/output.h"
#include "netlink/report.h"

/* What was asked, as it was written; the protocol in small letters. */
struct np_question {
	const char *source;
	const char *destination;
	char protocol[16];
};

void np_question_set(struct np_question *question, const char *source, const char *destination,
		     const char *protocol);
/* Prints one step as a line, with its number. */
void np_steps_line(FILE *file, const struct np_step *step, unsigned int number);
/*
 * Prints the verdict as the beginning of a line: that of ALLOW names the ends, that of DENY the
 * pod that is isolated and the policies that isolate it.
 */
void np_steps_verdict(FILE *file, const struct np_eval *eval, const struct np_question *question);
/* Prints the rest of that line: where the answer comes from. */
void np_steps_source(FILE *file, const struct np_eval *eval);

/* Writes the question and the verdict as fields of the object that is open. */
void np_steps_write_verdict(struct np_writer *w, const struct np_eval *eval,
			    const struct np_question *question);
/* Writes the fields of a step into the object that is open. */
void np_steps_write(struct np_writer *w, const struct np_step *step);

#endif
