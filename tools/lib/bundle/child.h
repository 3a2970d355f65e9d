/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a program and takes what it prints, within limits of time and size. */
#ifndef NP_BUNDLE_CHILD_H
#define NP_BUNDLE_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/**
 * struct np_child - a program and what came of it
 * @argv: its arguments, ended by NULL; the program is argv[0], looked for in the usual folders
 * @program: its path, in place of argv[0]; NULL: none
 * @max: more bytes of its output are left out
 * @timeout: it is killed after so many milliseconds
 * @out: what it printed, to be freed
 * @cut: it printed more than @max bytes
 * @status: its exit status; -1: there is none, and @error says why
 * @error: what went wrong, or the first line that it printed to standard error; "" if neither
 */
struct np_child {
	const char *const *argv;
	const char *program;
	size_t max;
	int timeout;
	struct np_buffer out;
	bool cut;
	int status;
	char error[256];
};

/*
 * Runs it to its end, without a shell, without standard input and with an environment of two
 * variables, PATH and LC_ALL. After the time it and its process group are killed. The time is also
 * that for reading on where a grandchild keeps the pipe.
 */
void np_child_run(struct np_child *child);

#endif
