/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the completion of shells offers: commands, options and their values, by the tables of
 * options.h, and names of what the kernel has loaded. The files in deploy/completion call
 * `netpolctl __complete WORD...` and know no name themselves.
 */
#ifndef NP_COMPLETE_H
#define NP_COMPLETE_H

#include <stddef.h>

struct np_command;

/*
 * Prints candidates for the last word, one a line, with a tab and their meaning where there is one.
 * A candidate that ends in one of = / is a beginning, after which no blank belongs. The lines
 * ":files" and ":folders" mean that names of these belong there too.
 *
 * words are those behind the name of the tool up to the cursor; the last one may be empty or
 * incomplete. Says nothing of what goes wrong and never loads the module. If an answer of the
 * kernel takes more than half a second, the process ends with what it has printed so far. Returns
 * an exit status.
 */
int np_complete(const struct np_command *const *commands, size_t count, int words, char **word);

#endif
