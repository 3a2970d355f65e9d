// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables, JSON, JSON lines and YAML.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE		/* qsort_r() */
#endif
#include "base/output.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/alloc.h"

static const char * const np_format_name[] = {
	[NP_FORMAT_TABLE] = "table",
	[NP_FORMAT_WIDE] = "wide",
	[NP_FORMAT_JSON] = "json",
	[NP_FORMAT_YAML] = "yaml",
	[NP_FORMAT_JSONL] = "jsonl",
	[NP_FORMAT_NAME] = "name",
	[NP_FORMAT_CSV] = "csv",
	[NP_FORMAT_MD] = "md",
	[NP_FORMAT_HTML] = "html",
	[NP_FORMAT_TEXT] = "text",
	[NP_FORMAT_SARIF] = "sarif",
	[NP_FORMAT_DOT] = "dot",
	[NP_FORMAT_MERMAID] = "mermaid",
	[NP_FORMAT_IPFIX] = "ipfix",
};

#define NP_FORMAT_COUNT	(sizeof(np_format_name) / sizeof(np_format_name[0]))

int np_format_parse(const char *text, unsigned int allowed, enum np_format *format,
		    struct np_error *err)
{
	char list[128] = "";
	size_t i;

	for (i = 0; i < NP_FORMAT_COUNT; i++) {
		if (!(allowed & NP_FORMAT_BIT(i)))
			continue;
		if (!strcmp(text, np_format_name[i])) {
			*format = i;
			return 0;
		}
		strcat(list, *list ? ", " : "");
		strcat(list, np_format_name[i]);
	}
	np_error_set(err, NP_EXIT_USAGE, "this command has no output form \"%.40s\"", text);
	np_error_hint(err, "it has: %s", list);
	return -1;
}

const char *np_format_text(enum np_format format)
{
	return format < NP_FORMAT_COUNT ? np_format_name[format] : NULL;
}

bool np_format_structured(enum np_format format)
{
	return format == NP_FORMAT_JSON || format == NP_FORMAT_YAML ||
	       format == NP_FORMAT_JSONL;
}

void np_writer_init(struct np_writer *w, FILE *file, enum np_format format)
{
	memset(w, 0, sizeof(*w));
	w->file = file;
	w->format = format;
}

static void np_pad(FILE *file, size_t width)
{
	fprintf(file, "%*s", (int)width, "");
}

/* True for words and numbers that a YAML reader would not take for text. */
static bool np_yaml_special(const char *text)
{
	static const char * const word[] = {
		"true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf",
	};
	size_t i;

	for (i = 0; i < sizeof(word) / sizeof(word[0]); i++)
		if (!strcasecmp(text, word[i]))
			return true;
	return false;
}

/*
 * True for a text that needs no quotes in YAML: it begins with a letter and holds only
 * letters, digits and a few other characters, with "/" allowed in a key.
 */
static bool np_yaml_plain(const char *text)
{
	const char *c;

	if (!isalpha((unsigned char)*text))
		return false;
	for (c = text; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_./", *c))
			return false;
	return !np_yaml_special(text);
}

static void np_yaml_string(FILE *file, const char *text)
{
	if (np_yaml_plain(text))
		fputs(text, file);
	else
		np_print_json_string(file, text);
}

/* Writes all that comes before a value: a comma, a line break, the indentation and the key. */
static void np_lead(struct np_writer *w, const char *key)
{
	bool first;

	if (!w->depth)
		return;
	first = w->level[w->depth - 1].empty;
	w->level[w->depth - 1].empty = false;
	if (w->format == NP_FORMAT_YAML) {
		if (w->depth > 1 && first && !w->level[w->depth - 1].item)
			fputc('\n', w->file);
		if (!first || !w->level[w->depth - 1].item)
			np_pad(w->file, w->level[w->depth - 1].indent);
		if (w->level[w->depth - 1].array) {
			fputs("- ", w->file);
		} else {
			np_yaml_string(w->file, key);
			fputc(':', w->file);
		}
		return;
	}
	if (!first)
		fputc(',', w->file);
	if (w->format == NP_FORMAT_JSON) {
		fputc('\n', w->file);
		np_pad(w->file, (size_t)w->depth * 2);
	}
	if (!w->level[w->depth - 1].array) {
		np_print_json_string(w->file, key);
		fputs(w->format == NP_FORMAT_JSON ? ": " : ":", w->file);
	}
}

static bool np_in_array(const struct np_writer *w)
{
	return w->depth && w->level[w->depth - 1].array;
}

static void np_begin(struct np_writer *w, const char *key, bool array)
{
	unsigned int indent = 0;
	bool item = np_in_array(w);

	np_lead(w, key);
	if (w->depth) {
		indent = w->level[w->depth - 1].indent;
		if (!array || item)
			indent += 2;
	}
	if (w->depth == NP_WRITER_DEPTH)
		abort();
	w->level[w->depth].array = array;
	w->level[w->depth].empty = true;
	w->level[w->depth].item = item;
	w->level[w->depth].indent = indent;
	w->depth++;
	if (w->format != NP_FORMAT_YAML)
		fputc(array ? '[' : '{', w->file);
}

void np_write_object(struct np_writer *w, const char *key)
{
	np_begin(w, key, false);
}

void np_write_array(struct np_writer *w, const char *key)
{
	np_begin(w, key, true);
}

void np_write_end(struct np_writer *w)
{
	bool array, empty, item;

	w->depth--;
	array = w->level[w->depth].array;
	empty = w->level[w->depth].empty;
	item = w->level[w->depth].item;
	if (w->format == NP_FORMAT_YAML) {
		if (empty)
			fprintf(w->file, "%s%s\n", item || !w->depth ? "" : " ",
				array ? "[]" : "{}");
		return;
	}
	if (!empty && w->format == NP_FORMAT_JSON) {
		fputc('\n', w->file);
		np_pad(w->file, (size_t)w->depth * 2);
	}
	fputc(array ? ']' : '}', w->file);
	if (!w->depth)
		fputc('\n', w->file);
}

/* Ends the line of a YAML scalar. */
static void np_value_begin(struct np_writer *w, const char *key)
{
	np_lead(w, key);
	if (w->format == NP_FORMAT_YAML && !np_in_array(w))
		fputc(' ', w->file);
}

static void np_value_end(struct np_writer *w)
{
	if (w->format == NP_FORMAT_YAML)
		fputc('\n', w->file);
}

void np_write_string(struct np_writer *w, const char *key, const char *value)
{
	np_value_begin(w, key);
	if (w->format == NP_FORMAT_YAML)
		np_yaml_string(w->file, value);
	else
		np_print_json_string(w->file, value);
	np_value_end(w);
}

void np_write_format(struct np_writer *w, const char *key, const char *fmt, ...)
{
	char *text;
	va_list args;

	va_start(args, fmt);
	text = np_xvasprintf(fmt, args);
	va_end(args);
	np_write_string(w, key, text);
	free(text);
}

void np_write_number(struct np_writer *w, const char *key, uint64_t value)
{
	np_value_begin(w, key);
	fprintf(w->file, "%llu", (unsigned long long)value);
	np_value_end(w);
}

void np_write_bool(struct np_writer *w, const char *key, bool value)
{
	np_value_begin(w, key);
	fputs(value ? "true" : "false", w->file);
	np_value_end(w);
}

void np_write_top(struct np_writer *w, const char *kind)
{
	np_write_object(w, NULL);
	np_write_string(w, "apiVersion", NP_API_VERSION);
	np_write_string(w, "kind", kind);
}

void np_table_init(struct np_table *table, const char *const *titles, unsigned int columns)
{
	memset(table, 0, sizeof(*table));
	table->title = titles;
	table->columns = columns;
}

static char *np_escape(const char *text)
{
	char *escaped = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&escaped, &len);

	if (!file)
		abort();
	np_print_escaped(file, text);
	fclose(file);
	return escaped;
}

void np_table_add(struct np_table *table, const char *fmt, ...)
{
	char *text;
	va_list args;

	va_start(args, fmt);
	text = np_xvasprintf(fmt, args);
	va_end(args);
	table->cell = np_array_grow(table->cell, table->count, sizeof(*table->cell));
	table->cell[table->count++] = np_escape(text);
	free(text);
}

static int np_row_compare(const void *a, const void *b, void *arg)
{
	unsigned int *columns = arg, i;
	char *const *left = a, *const *right = b;
	int ret = 0;

	for (i = 0; !ret && i < *columns; i++)
		ret = strcmp(left[i], right[i]);
	return ret;
}

void np_table_sort(struct np_table *table)
{
	if (table->count)
		qsort_r(table->cell, table->count / table->columns,
			table->columns * sizeof(*table->cell), np_row_compare, &table->columns);
}

/*
 * Returns the width of a text in characters. Wide characters do not occur, because names are
 * ASCII.
 */
static size_t np_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

void np_table_print(struct np_table *table, FILE *file, bool no_headers)
{
	size_t *width = np_xcalloc(table->columns, sizeof(*width)), i;
	unsigned int c;

	if (!table->count) {
		free(width);
		return;
	}
	for (c = 0; !no_headers && c < table->columns; c++)
		width[c] = np_width(table->title[c]);
	for (i = 0; i < table->count; i++) {
		c = i % table->columns;
		if (np_width(table->cell[i]) > width[c])
			width[c] = np_width(table->cell[i]);
	}
	for (c = 0; !no_headers && c < table->columns; c++) {
		if (c + 1 < table->columns) {
			fputs(table->title[c], file);
			np_pad(file, width[c] - np_width(table->title[c]) + 3);
		} else {
			fprintf(file, "%s\n", table->title[c]);
		}
	}
	for (i = 0; i < table->count; i++) {
		c = i % table->columns;
		fputs(table->cell[i], file);
		if (c + 1 == table->columns)
			fputc('\n', file);
		else
			np_pad(file, width[c] - np_width(table->cell[i]) + 3);
	}
	free(width);
}

void np_table_free(struct np_table *table)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		free(table->cell[i]);
	free(table->cell);
	memset(table, 0, sizeof(*table));
}

static bool np_colors;

void np_color_setup(enum np_color_mode mode)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	np_colors = mode == NP_COLOR_ALWAYS;
	if (mode == NP_COLOR_AUTO)
		np_colors = isatty(STDOUT_FILENO) && !(no && *no) && term &&
			    strcmp(term, "dumb");
}

void np_color_print(FILE *file, enum np_color color, const char *text)
{
	static const char * const code[] = {
		[NP_COLOR_NONE] = "",
		[NP_COLOR_GOOD] = "\033[32m",
		[NP_COLOR_BAD] = "\033[31m",
		[NP_COLOR_NOTE] = "\033[33m",
	};
	bool on = np_colors && color != NP_COLOR_NONE;

	if (on)
		fputs(code[color], file);
	np_print_escaped(file, text);
	if (on)
		fputs("\033[0m", file);
}

void np_print_md(FILE *file, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\`*_{}[]<>()#+!|&~\"$", *text))
			fputc('\\', file);
		fputc((unsigned char)*text < ' ' || *text == '\x7f' ? ' ' : *text, file);
	}
}

void np_print_script(FILE *file, const char *json, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (json[i] == '<' || json[i] == '>' || json[i] == '&')
			fprintf(file, "\\u%04x", json[i]);
		else if (json[i] != '\n')
			fputc(json[i], file);
}
