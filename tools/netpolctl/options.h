/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options of a command, in one table. Parsing, --help, the man pages (docs/man/generate.py)
 * and completion (complete.h) read the same rows, so they cannot differ.
 *
 * A command is added with its struct np_command in a file of its own and a line in main.c.
 */
#ifndef NP_OPTIONS_H
#define NP_OPTIONS_H

#include <stdio.h>

#include "base/error.h"

struct np_command;

/**
 * struct np_option_row - an option
 * @name: as --NAME
 * @code: what is handed to np_option_fn; a letter is the short option too
 * @value: the name of its argument, in capitals; NULL: it has none
 * @from: what completion offers for the argument: words, and sources of names such as @files or
 *	@pods, which complete.c lists; NULL: nothing
 * @text: its meaning, as a phrase that begins with a small letter and has no full stop
 *
 * A table ends with a row without a name. A row with the code of one of the options that every
 * command has (the letter of -o, for instance) is not a new option: it says what that one means
 * here.
 */
struct np_option_row {
	const char *name;
	int code;
	const char *value;
	const char *from;
	const char *text;
};

/* Options that more than one command has. */
#define NP_ROW_FILES \
	{ "filename", 'f', "FILE", "@files", \
	  "a file, a directory, or - for standard input; may be repeated" }
#define NP_ROW_RECURSIVE \
	{ "recursive", 'R', NULL, NULL, "read directories inside a directory too" }
#define NP_ROW_CONFIRM \
	{ "confirm", NP_OPT_CONFIRM, "TIME", NULL, \
	  "take the change back after TIME (60s, 5m) unless it is confirmed" }

/* Codes of what every command has, and of NP_ROW_CONFIRM. Those of commands are lower. */
enum {
	NP_OPT_NO_HEADERS = 0x1000,
	NP_OPT_NETNS,
	NP_OPT_TIMEOUT,
	NP_OPT_COLOR,
	NP_OPT_CONFIRM,
};

/* The options that every command has. */
extern const struct np_option_row np_common_rows[];

/* Handles one option of a command. Returns 0, or -1 with *err filled. */
typedef int (*np_option_fn)(int code, const char *arg, void *ctx, struct np_error *err);

#define NP_PARSE_DONE	(-1)

/*
 * Parses the options of a command and those that every command has, and sets np_common. take may be
 * NULL if the command has none of its own. NP_PARSE_DONE: go on with the words from argv[optind];
 * else the exit status to return, after --help or an error that is reported already.
 */
int np_options_parse(const struct np_command *cmd, int argc, char **argv, np_option_fn take,
		     void *ctx);
/* Parses the options before the command's name, and sets *first to the index of the name. */
int np_options_leading(int argc, char **argv, int *first);

/* Prints what `netpolctl COMMAND --help` does. */
void np_options_help(const struct np_command *cmd, FILE *file);
/* Prints rows, 80 columns wide. */
void np_options_rows(const struct np_option_row *rows, FILE *file);
/* Returns the row that says what an option means to a command, or NULL; by code if name is NULL. */
const struct np_option_row *np_options_find(const struct np_command *cmd, const char *name,
					    size_t length, int code);
/* Writes all commands and their tables as JSON, for docs/man/generate.py. */
void np_options_write(const struct np_command *const *commands, size_t count);

#endif
