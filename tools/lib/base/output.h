/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What commands print: tables for people, and JSON, JSON lines and YAML for programs. JSON and
 * YAML are written by the same calls: a container is begun, filled and ended. A value has a
 * key inside an object and NULL inside an array.
 */
#ifndef NP_BASE_OUTPUT_H
#define NP_BASE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

#define NP_API_VERSION	"netpolctl/v1"

enum np_format {
	NP_FORMAT_TABLE,
	NP_FORMAT_WIDE,
	NP_FORMAT_JSON,
	NP_FORMAT_YAML,
	NP_FORMAT_JSONL,
	NP_FORMAT_NAME,
	NP_FORMAT_CSV,
	NP_FORMAT_MD,
	NP_FORMAT_HTML,
	NP_FORMAT_TEXT,
	NP_FORMAT_SARIF,
	NP_FORMAT_DOT,
	NP_FORMAT_MERMAID,
	NP_FORMAT_IPFIX,
};

#define NP_FORMAT_BIT(format)	(1U << (format))

/* Finds one of the allowed formats by its name. Fails with NP_EXIT_USAGE. */
int np_format_parse(const char *text, unsigned int allowed, enum np_format *format,
		    struct np_error *err);
/* Returns the name of a format, or NULL after the last one. */
const char *np_format_text(enum np_format format);
/* True for the formats that a struct np_writer can write. */
bool np_format_structured(enum np_format format);

#define NP_WRITER_DEPTH	32

/* A stream of JSON or YAML. It buffers nothing beyond what the file does. */
struct np_writer {
	FILE *file;
	enum np_format format;	/* NP_FORMAT_JSON, NP_FORMAT_JSONL or NP_FORMAT_YAML */
	unsigned int depth;
	struct {
		bool array;
		bool empty;	/* nothing has been written in it so far */
		bool item;	/* it is an entry of an array */
		unsigned int indent;
	} level[NP_WRITER_DEPTH];
};

void np_writer_init(struct np_writer *w, FILE *file, enum np_format format);
/* Begins an object with apiVersion and kind. */
void np_write_top(struct np_writer *w, const char *kind);
void np_write_object(struct np_writer *w, const char *key);
void np_write_array(struct np_writer *w, const char *key);
/* Ends the innermost container. After the outermost one it also ends the line or the document. */
void np_write_end(struct np_writer *w);
void np_write_string(struct np_writer *w, const char *key, const char *value);
void np_write_format(struct np_writer *w, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void np_write_number(struct np_writer *w, const char *key, uint64_t value);
void np_write_bool(struct np_writer *w, const char *key, bool value);

/* A table whose columns are as wide as their widest cell. */
struct np_table {
	unsigned int columns;
	const char *const *title;
	char **cell;
	size_t count;		/* number of cells */
};

void np_table_init(struct np_table *table, const char *const *titles, unsigned int columns);
/* Adds the next cell, from left to right and row by row. Control characters are escaped. */
void np_table_add(struct np_table *table, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Sorts the rows by their cells, the first column first. */
void np_table_sort(struct np_table *table);
/* Prints the table. An empty table prints nothing, not even its titles. */
void np_table_print(struct np_table *table, FILE *file, bool no_headers);
void np_table_free(struct np_table *table);

enum np_color_mode {
	NP_COLOR_AUTO,
	NP_COLOR_ALWAYS,
	NP_COLOR_NEVER,
};

enum np_color {
	NP_COLOR_NONE,
	NP_COLOR_GOOD,
	NP_COLOR_BAD,
	NP_COLOR_NOTE,
};

/*
 * Decides whether to print colours, by the mode, NO_COLOR, TERM and whether standard output is
 * a terminal. To be called once.
 */
void np_color_setup(enum np_color_mode mode);
/* Prints text in a colour, if colours are on; the text is escaped. */
void np_color_print(FILE *file, enum np_color color, const char *text);

/*
 * Prints text in Markdown, on one line, with a backslash before each character that has a
 * meaning in Markdown or HTML.
 */
void np_print_md(FILE *file, const char *text);

/*
 * Copies JSON into a script element of a page, on one line. The characters that HTML reads occur
 * only inside strings, where they are escaped; line ends occur only between values.
 */
void np_print_script(FILE *file, const char *json, size_t len);

#endif
