/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors of the tool: where the error is, which field it is about, what is wrong, what to do,
 * and with which exit status the tool ends.
 */
#ifndef NP_BASE_ERROR_H
#define NP_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Where something was written. The line is 0 where that is not known. */
struct np_place {
	const char *file;	/* as the user named it; "-" is standard input */
	uint32_t line;
	uint32_t column;	/* counts characters, from 1 */
};

struct np_warning {
	const char *text;	/* may quote the input, so it must be escaped when it is printed */
	const char *path;	/* field path, "" if none */
	struct np_place place;
};

/* Exit statuses of netpolctl. */
enum np_exit {
	NP_EXIT_OK = 0,
	NP_EXIT_NEGATIVE = 1,	/* a denied verdict, a difference, or findings */
	NP_EXIT_USAGE = 2,
	NP_EXIT_INPUT = 3,	/* the input is rejected: its syntax, its schema or a limit */
	NP_EXIT_MODULE = 4,	/* the module is not loaded */
	NP_EXIT_KERNEL = 5,	/* the kernel refused, and nothing was changed */
	NP_EXIT_PERMISSION = 6,
	NP_EXIT_API = 7,	/* the API server or the credentials for it */
	NP_EXIT_TIMEOUT = 8,
	NP_EXIT_ABI = 9,
};

/*
 * One error. It owns no memory: a text that is too long for its buffer is cut. An empty string
 * and line 0 mean "not known" and are not printed.
 */
struct np_error {
	enum np_exit exit;
	uint32_t line;
	uint32_t column;
	bool quotes;		/* the text quotes the input file, which may hold secrets */
	char file[512];
	char object[384];	/* "NetworkPolicy shop/allow-web" */
	char path[384];		/* "spec.ingress[0].ports[1].endPort" */
	char text[512];
	char hint[512];
};

/*
 * Clears an error and sets its exit status and text, whose arguments must not lie in the
 * error itself. Returns -1, so that callers can return its value.
 */
int np_error_vset(struct np_error *err, enum np_exit exit, const char *fmt, va_list args)
	__attribute__((format(printf, 3, 0)));
int np_error_set(struct np_error *err, enum np_exit exit, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void np_error_hint(struct np_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void np_error_place(struct np_error *err, const char *file, uint32_t line,
		    uint32_t column);

/*
 * Prints "netpolctl: error: FILE:LINE:COL: PATH: TEXT" and, if there is a hint, a second line
 * "hint: HINT". Control characters in them are escaped.
 */
void np_error_print(FILE *out, const struct np_error *err);
/* Prints an error as one JSON object on one line. */
void np_error_print_json(FILE *out, const struct np_error *err);
/*
 * Prints several errors as one JSON object on one line: that of the first one, with all of them in
 * "errors", and the number of those that are not among them in "notListed".
 */
void np_error_print_json_all(FILE *out, const struct np_error *err, size_t count,
			     size_t not_listed);
/* Prints "netpolctl: warning: FILE:LINE:COL: PATH: TEXT". */
void np_warning_print(FILE *out, const struct np_warning *warning);

/*
 * Writes text for people. Control characters, bytes that are not UTF-8 and characters that
 * reorder a line are written as \n, \t, \xNN or \uNNNN.
 */
void np_print_escaped(FILE *out, const char *text);
/* Writes text as a JSON string with its quotes. The output is always valid UTF-8. */
void np_print_json_string(FILE *out, const char *text);

/*
 * Returns the length of the UTF-8 character at text and stores its code point in *code.
 * Returns 0 if there is no valid character, which includes surrogates and overlong forms. At
 * least one byte must be left.
 */
unsigned int np_utf8_next(const char *text, size_t left, uint32_t *code);

#endif
