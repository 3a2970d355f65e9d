// SPDX-License-Identifier: GPL-2.0-or-later
/* Options by their table: parsed, printed as help, and written for the man pages. */
#include "options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

#define NP_OPTION_MAX	48
#define NP_HELP_WIDTH	80
#define NP_HELP_COLUMN	26	/* where meanings begin */
#define NP_FORMS_TEXT	160	/* size of a list of all forms */
#define NP_CONFIRM_MAX	(24 * 60 * 60 * 1000)	/* milliseconds */

const struct np_option_row np_common_rows[] = {
	{ "output", 'o', "FORM", NULL,
	  "form of the output: table, wide, json, yaml, jsonl, name, csv, md, html, text, sarif, "
	  "dot, mermaid or ipfix, as far as the command has it" },
	{ "no-headers", NP_OPT_NO_HEADERS, NULL, NULL, "print tables without a line of titles" },
	{ "netns", NP_OPT_NETNS, "NAME", "@netns @files",
	  "work in the network namespace of this name, or of a path" },
	{ "quiet", 'q', NULL, NULL, "print no notes, and no line for each object" },
	{ "verbose", 'v', NULL, NULL, "print more notes, and all warnings of one kind" },
	{ "timeout", NP_OPT_TIMEOUT, "TIME", NULL,
	  "how long one answer of the kernel may take: 500ms, 30s (default), 2m; 0: for ever" },
	{ "color", NP_OPT_COLOR, "WHEN", "auto always never",
	  "print colours: auto (default), always or never; NO_COLOR is honoured" },
	{ "help", 'h', NULL, NULL, "print help on a command" },
	{ 0 }
};

static const struct np_option_row np_no_rows[] = { { 0 } };

static const struct np_option_row *np_rows(const struct np_command *cmd)
{
	return cmd && cmd->options ? cmd->options : np_no_rows;
}

/* True for a row of a command that only says what a common option means there. */
static bool np_row_common(const struct np_option_row *row)
{
	const struct np_option_row *common;

	for (common = np_common_rows; common->name; common++)
		if (common->code == row->code)
			return true;
	return false;
}

/* --- parsing ------------------------------------------------------------------ */

static int np_take_color(const char *arg, struct np_error *err)
{
	static const char * const word[] = {
		[NP_COLOR_AUTO] = "auto", [NP_COLOR_ALWAYS] = "always", [NP_COLOR_NEVER] = "never",
		NULL
	};
	int choice = np_parse_choice("color", arg, word, err);

	if (choice < 0)
		return -1;
	np_common.color = (enum np_color_mode)choice;
	return 0;
}

static int np_take_common(int code, const char *arg, struct np_error *err)
{
	switch (code) {
	case 'o':
		np_common.form = arg;
		return 0;
	case 'q':
		np_common.quiet = true;
		return 0;
	case 'v':
		np_common.verbose = true;
		return 0;
	case NP_OPT_NO_HEADERS:
		np_common.no_headers = true;
		return 0;
	case NP_OPT_NETNS:
		np_common.netns = arg;
		return 0;
	case NP_OPT_TIMEOUT:
		if (np_parse_timeout(arg, &np_common.timeout))
			return 0;
		return np_error_set(err, NP_EXIT_USAGE, "--timeout takes 500ms, 30s or 2m, "
				    "not \"%.40s\"", arg);
	case NP_OPT_CONFIRM:
		if (np_parse_timeout(arg, &np_common.confirm) && np_common.confirm >= 1000 &&
		    np_common.confirm <= NP_CONFIRM_MAX)
			return 0;
		return np_error_set(err, NP_EXIT_USAGE, "--confirm takes a time between 1s and "
				    "1440m, not \"%.40s\"", arg);
	case NP_OPT_COLOR:
		return np_take_color(arg, err);
	}
	return 1;
}

struct np_parser {
	struct option longs[NP_OPTION_MAX + 1];
	char shorts[2 * NP_OPTION_MAX + 3];
	unsigned int count;
};

static void np_parser_add(struct np_parser *parser, const struct np_option_row *row)
{
	size_t used = strlen(parser->shorts);

	if (parser->count == NP_OPTION_MAX)
		abort();
	parser->longs[parser->count++] = (struct option) {
		.name = row->name,
		.has_arg = row->value ? required_argument : no_argument,
		.val = row->code,
	};
	if (row->code < 0x80)
		snprintf(parser->shorts + used, sizeof(parser->shorts) - used, "%c%s", row->code,
			 row->value ? ":" : "");
}

static void np_parser_init(struct np_parser *parser, const char *first,
			   const struct np_option_row *rows)
{
	const struct np_option_row *row;

	memset(parser, 0, sizeof(*parser));
	strcpy(parser->shorts, first);
	for (row = rows; row->name; row++)
		if (!np_row_common(row))
			np_parser_add(parser, row);
	for (row = np_common_rows; row->name; row++)
		np_parser_add(parser, row);
	optind = 0;
	opterr = 0;
}

static int np_bad_option(const char *name, int code, char **argv, struct np_error *err)
{
	char word[3] = { '-', (char)optopt, '\0' };
	/*
	 * Finds the option that was given: getopt_long() returns an index for a long one and a
	 * letter for a short one.
	 */
	const char *text = optopt && optopt < 0x80 ? word : argv[optind - 1];

	if (code == ':')
		np_error_set(err, NP_EXIT_USAGE, "option %.80s needs a value", text);
	else
		np_error_set(err, NP_EXIT_USAGE, "there is no option %.80s here, or it takes "
			     "no value", text);
	np_error_hint(err, "netpolctl %s%s--help", name, *name ? " " : "");
	return np_report(err);
}

int np_options_parse(const struct np_command *cmd, int argc, char **argv, np_option_fn take,
		     void *ctx)
{
	struct np_error err = { 0 };
	struct np_parser parser;
	int code, ret;

	np_parser_init(&parser, ":", np_rows(cmd));
	while ((code = getopt_long(argc, argv, parser.shorts, parser.longs, NULL)) != -1) {
		if (code == '?' || code == ':')
			return np_bad_option(cmd->name, code, argv, &err);
		if (code == 'h') {
			np_options_help(cmd, stdout);
			return NP_EXIT_OK;
		}
		ret = np_take_common(code, optarg, &err);
		if (ret > 0)
			ret = take(code, optarg, ctx, &err);
		if (ret)
			return np_report(&err);
	}
	np_common.format = cmd->form;
	if (np_common.form && cmd->forms &&
	    np_format_parse(np_common.form, cmd->forms, &np_common.format, &err))
		return np_report(&err);
	np_color_setup(np_common.color);
	return NP_PARSE_DONE;
}

int np_options_leading(int argc, char **argv, int *first)
{
	struct np_error err = { 0 };
	struct np_parser parser;
	int code;

	np_parser_init(&parser, "+:", np_no_rows);
	*first = 0;
	while ((code = getopt_long(argc, argv, parser.shorts, parser.longs, NULL)) != -1) {
		if (code == '?' || code == ':')
			return np_bad_option("", code, argv, &err);
		if (code == 'h')
			return NP_EXIT_OK;
		if (np_take_common(code, optarg, &err))
			return np_report(&err);
	}
	*first = optind;
	return NP_PARSE_DONE;
}

const struct np_option_row *np_options_find(const struct np_command *cmd, const char *name,
					    size_t length, int code)
{
	const struct np_option_row *table[] = { np_rows(cmd), np_common_rows }, *row;
	size_t i;

	for (i = 0; i < 2; i++)
		for (row = table[i]; row->name; row++)
			if (name ? !strncmp(row->name, name, length) && !row->name[length] :
				   row->code == code)
				return row;
	return NULL;
}

/* --- help --------------------------------------------------------------------- */

/* Prints a word, on a new line if the present one has no room for it. */
static void np_help_word(const char *word, size_t length, size_t column, size_t *at, FILE *file)
{
	if (*at > column && *at + 1 + length > NP_HELP_WIDTH) {
		fputc('\n', file);
		*at = 0;
	}
	if (*at > column) {
		fputc(' ', file);
		++*at;
	} else {
		fprintf(file, "%*s", (int)(column - *at), "");
		*at = column;
	}
	fwrite(word, 1, length, file);
	*at += length;
}

/*
 * Prints text from a column on; the cursor is at `at`, which is not beyond it. Lines of the text
 * that begin with a blank are printed as they are, and others are filled.
 */
static void np_help_text(const char *text, size_t column, size_t at, FILE *file)
{
	size_t length, word;

	for (; *text; text += *text == '\n') {
		length = strcspn(text, "\n");
		if (length && *text != ' ') {
			for (; length; text += word, length -= word) {
				word = strcspn(text, "\n ");
				if (word)
					np_help_word(text, word, column, &at, file);
				else
					word = 1;
			}
			continue;
		}
		fprintf(file, "%s%.*s\n", at > column ? "\n" : "", (int)length, text);
		text += length;
		at = 0;
	}
	if (at > column)
		fputc('\n', file);
}

static void np_help_row(const struct np_option_row *row, const char *text, FILE *file)
{
	int at;

	if (row->code < 0x80)
		at = fprintf(file, "  -%c, --%s", row->code, row->name);
	else
		at = fprintf(file, "      --%s", row->name);
	if (row->value)
		at += fprintf(file, " %s", row->value);
	if (at + 2 > NP_HELP_COLUMN) {
		fputc('\n', file);
		at = 0;
	}
	np_help_text(text, NP_HELP_COLUMN, at, file);
}

void np_options_rows(const struct np_option_row *rows, FILE *file)
{
	for (; rows->name; rows++)
		np_help_row(rows, rows->text, file);
}

/*
 * Says what -o may be, the default first. False if there is no choice, or the command's table says
 * it better.
 */
static bool np_help_forms(const struct np_command *cmd, char text[NP_FORMS_TEXT])
{
	enum np_format form;
	int used;

	if (!(cmd->forms & (cmd->forms - 1)) ||
	    np_options_find(cmd, NULL, 0, 'o') != &np_common_rows[0])
		return false;
	used = snprintf(text, NP_FORMS_TEXT, "form of the output: %s (default)",
			np_format_text(cmd->form));
	for (form = 0; np_format_text(form); form++)
		if (form != cmd->form && cmd->forms & NP_FORMAT_BIT(form))
			used += snprintf(text + used, NP_FORMS_TEXT - used, ", %s",
					 np_format_text(form));
	return true;
}

void np_options_help(const struct np_command *cmd, FILE *file)
{
	const char *usage = cmd->usage;
	char forms[NP_FORMS_TEXT];
	size_t length;
	bool choice;

	for (; *usage; usage += length + (usage[length] == '\n')) {
		length = strcspn(usage, "\n");
		fprintf(file, "%s netpolctl %.*s\n", usage == cmd->usage ? "Usage:" : "      ",
			(int)length, usage);
	}
	fputc('\n', file);
	np_help_text(cmd->about, 0, 0, file);
	choice = np_help_forms(cmd, forms);
	if (np_rows(cmd)->name || choice)
		fputs("\nOptions:\n", file);
	np_options_rows(np_rows(cmd), file);
	if (choice)
		np_help_row(&np_common_rows[0], forms, file);
	fputs("\n'netpolctl help' lists the options of every command.\n", file);
	if (cmd->exits) {
		fputs("\nExit status:", file);
		np_help_text(cmd->exits, 0, 12, file);
	}
	fputs("\nExamples:\n", file);
	for (usage = cmd->examples; *usage; usage += length + (usage[length] == '\n')) {
		length = strcspn(usage, "\n");
		fprintf(file, "  %.*s\n", (int)length, usage);
	}
}

/* --- for the man pages -------------------------------------------------------- */

static void np_options_write_row(struct np_writer *w, const struct np_option_row *row,
				 const char *text)
{
	np_write_object(w, NULL);
	np_write_string(w, "name", row->name);
	if (row->code < 0x80)
		np_write_format(w, "short", "%c", row->code);
	if (row->value)
		np_write_string(w, "value", row->value);
	if (row->from)
		np_write_string(w, "from", row->from);
	np_write_string(w, "text", text);
	np_write_end(w);
}

static void np_options_write_rows(struct np_writer *w, const struct np_option_row *row)
{
	for (; row->name; row++)
		np_options_write_row(w, row, row->text);
}

void np_options_write(const struct np_command *const *commands, size_t count)
{
	const struct np_command *cmd;
	char forms[NP_FORMS_TEXT];
	struct np_writer w;
	size_t i;

	np_writer_init(&w, stdout, NP_FORMAT_JSON);
	np_write_top(&w, "Commands");
	np_write_array(&w, "options");
	np_options_write_rows(&w, np_common_rows);
	np_write_end(&w);
	np_write_array(&w, "commands");
	for (i = 0; i < count; i++) {
		cmd = commands[i];
		np_write_object(&w, NULL);
		np_write_string(&w, "name", cmd->name);
		np_write_string(&w, "summary", cmd->summary);
		np_write_string(&w, "usage", cmd->usage);
		np_write_string(&w, "about", cmd->about);
		np_write_string(&w, "exits", cmd->exits ? cmd->exits : "");
		np_write_string(&w, "examples", cmd->examples);
		np_write_string(&w, "words", cmd->words ? cmd->words : "");
		np_write_array(&w, "options");
		np_options_write_rows(&w, np_rows(cmd));
		if (np_help_forms(cmd, forms))
			np_options_write_row(&w, &np_common_rows[0], forms);
		np_write_end(&w);
		np_write_end(&w);
	}
	np_write_end(&w);
	np_write_end(&w);
}
