/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors of the tool: where, which field, what, what to do, exit status.
 */
#ifndef NP_BASE_ERROR_H
#define NP_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Where something was written. line 0: the place is not known. */
struct np_place {
	const char *file;	/* as given; "-" is standard input */
	uint32_t line;
	uint32_t column;	/* in characters, from 1 */
};

struct np_warning {
	const char *text;	/* may hold user text: escape when printing */
	const char *path;	/* field path, "" if none */
	struct np_place place;
};

/* Exit statuses of netpolctl. */
enum np_exit {
	NP_EXIT_OK = 0,
	NP_EXIT_NEGATIVE = 1,	/* denied, differs, findings */
	NP_EXIT_USAGE = 2,
	NP_EXIT_INPUT = 3,	/* input rejected: syntax, schema, limits */
	NP_EXIT_MODULE = 4,	/* module absent */
	NP_EXIT_KERNEL = 5,	/* kernel rejected, nothing changed */
	NP_EXIT_PERMISSION = 6,
	NP_EXIT_API = 7,	/* API server or credentials */
	NP_EXIT_TIMEOUT = 8,
	NP_EXIT_ABI = 9,
};

/*
 * One error. Owns nothing: what is too long for a buffer is cut. Empty
 * strings and line 0 mean "not known" and are not printed.
 */
struct np_error {
	enum np_exit exit;
	uint32_t line;
	uint32_t column;
	bool quotes;		/* the text quotes the file, which may hold secrets */
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
 * "netpolctl: error: FILE:LINE:COL: PATH: TEXT", then "hint: HINT" if there
 * is one. User text is escaped.
 */
void np_error_print(FILE *out, const struct np_error *err);
/* The same as one JSON object on one line. */
void np_error_print_json(FILE *out, const struct np_error *err);
/* "netpolctl: warning: FILE:LINE:COL: PATH: TEXT" */
void np_warning_print(FILE *out, const struct np_warning *warning);

/*
 * Writes text for people: control characters, bytes that are no UTF-8 and
 * characters that reorder a line come out as \n, \t, \xNN or \uNNNN.
 */
void np_print_escaped(FILE *out, const char *text);
/* Writes text as a JSON string with its quotes; always valid UTF-8. */
void np_print_json_string(FILE *out, const char *text);

/*
 * Length of the UTF-8 character at text, with its number in *code, or 0 if
 * there is none (also for surrogates and overlong forms). left >= 1.
 */
unsigned int np_utf8_next(const char *text, size_t left, uint32_t *code);

#endif
