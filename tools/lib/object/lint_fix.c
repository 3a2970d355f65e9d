// SPDX-License-Identifier: GPL-2.0-or-later
/* Fixes of findings, in the text of the files. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "object/lint_fix.h"

#define NP_FIX_FILE_MAX		(64u * 1024 * 1024)
#define NP_FIX_CONTEXT		3	/* lines of a diff around a change */

/**
 * struct np_fix_file - a file that has findings
 * @name: as the findings name it
 * @text: its bytes
 * @start: where each line begins, and after the last one where the text ends
 * @count: how many lines it has; 0 if it cannot be read again
 */
struct np_fix_file {
	const char *name;
	struct np_buffer text;
	size_t *start;
	uint32_t count;
};

/* A line with its line ending, if it has one. */
static const char *np_fix_line(const struct np_fix_file *file, uint32_t line, size_t *len)
{
	*len = file->start[line] - file->start[line - 1];
	return file->text.data + file->start[line - 1];
}

static void np_fix_split(struct np_fix_file *file)
{
	size_t at, room = 1;
	const char *end;

	for (at = 0; at < file->text.len; at++)
		room += file->text.data[at] == '\n';
	file->start = np_xcalloc(room + 1, sizeof(*file->start));
	for (at = 0; at < file->text.len; at = file->start[file->count]) {
		end = memchr(file->text.data + at, '\n', file->text.len - at);
		file->start[++file->count] = end ? end + 1 - file->text.data : file->text.len;
	}
}

/*
 * YAML also ends a line at a lone carriage return and at three characters of Unicode. Where a file
 * has one of them, its lines may be counted in another way than here.
 */
static bool np_fix_has_other_lines(const struct np_buffer *text)
{
	static const char * const end[] = { "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9" };
	const char *at = text->data, *last = at + text->len;
	size_t i;

	for (i = 0; i < NP_COUNT(end); i++)
		if (memmem(at, text->len, end[i], strlen(end[i])))
			return true;
	while ((at = memchr(at, '\r', last - at)))
		if (++at == last || *at != '\n')
			return true;
	return false;
}

/* Reads a file if it is one: what came from a pipe is gone. */
static void np_fix_read(struct np_fix_file *file)
{
	int fd = open(file->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) &&
	    !np_buffer_read(&file->text, fd, NP_FIX_FILE_MAX) && file->text.len &&
	    !np_fix_has_other_lines(&file->text))
		np_fix_split(file);
	close(fd);
}

/* A diff has a name on a line of its own, and a tab would end it. */
static bool np_fix_name_fits(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name < ' ' || strchr("\"\\\x7f", *name))
			return false;
	return true;
}

static struct np_fix_file *np_fix_file(struct np_lint *lint, const char *name)
{
	struct np_fix_file *file;
	size_t i;

	for (i = 0; i < lint->file_count; i++)
		if (lint->file[i].name == name)
			return &lint->file[i];
	lint->file = np_array_grow(lint->file, lint->file_count, sizeof(*lint->file));
	file = &lint->file[lint->file_count++];
	memset(file, 0, sizeof(*file));
	file->name = name;
	if (strcmp(name, "-") && np_fix_name_fits(name))
		np_fix_read(file);
	return file;
}

/* The byte at which a column of a line begins, or len if the line is shorter. */
static size_t np_fix_byte(const char *line, size_t len, uint32_t column)
{
	size_t at = 0;

	for (; column > 1 && at < len; column--)
		for (at++; at < len && (line[at] & 0xc0) == 0x80; at++)
			;
	return at;
}

/* True if the text stands at the column, and a scalar ends behind it. */
static bool np_fix_find_text(const struct np_fix_file *file, struct np_lint_fix *fix)
{
	size_t len, at, old = strlen(fix->old);
	const char *line = np_fix_line(file, fix->line, &len);
	char quote = 0;

	at = np_fix_byte(line, len, fix->column);
	if (at < len && (line[at] == '"' || line[at] == '\'')) {
		quote = line[at++];
		fix->column++;
	}
	if (len - at < old || memcmp(line + at, fix->old, old))
		return false;
	at += old;
	fix->last = fix->line;
	if (quote)
		return at < len && line[at] == quote;
	return at == len || strchr(" \r\n,]}", line[at]);
}

static size_t np_fix_indent(const char *line, size_t len)
{
	size_t at = 0;

	while (at < len && line[at] == ' ')
		at++;
	return at;
}

/* True if the entry of a list begins with a key of its kind, so that nothing else does there. */
static bool np_fix_is_entry(const char *line, size_t len, enum np_lint_fix_kind kind)
{
	static const char * const keys[][3] = {
		[NP_LINT_FIX_RULE] = { "from:", "to:", "ports:" },
		[NP_LINT_FIX_PEER] = { "podSelector:", "namespaceSelector:", "ipBlock:" },
		[NP_LINT_FIX_PORT] = { "port:", "protocol:", "endPort:" },
	};
	size_t at = np_fix_indent(line, len), i, key;

	if (len - at < 2 || line[at] != '-' || line[at + 1] != ' ')
		return false;
	at++;
	at += np_fix_indent(line + at, len - at);
	if (at < len && line[at] == '{') {
		at++;
		at += np_fix_indent(line + at, len - at);
	}
	for (i = 0; i < 3; i++) {
		key = strlen(keys[kind][i]);
		if (len - at >= key && !memcmp(line + at, keys[kind][i], key))
			return true;
	}
	return false;
}

/*
 * True if a part of the text may go: it has neither an anchor or an alias, nor a bracket that is
 * closed elsewhere, nor a quoted text of several lines, as these may be indented in any way.
 */
static bool np_fix_closed(const char *text, size_t len)
{
	bool single = false, twin = false;
	int depth = 0;
	size_t i;

	for (i = 0; i < len && depth >= 0; i++) {
		if (text[i] == '&' || text[i] == '*' || (text[i] == '\n' && (single || twin)))
			return false;
		single ^= text[i] == '\'';
		twin ^= text[i] == '"';
		depth += (text[i] == '{' || text[i] == '[') - (text[i] == '}' || text[i] == ']');
	}
	return !depth;
}

/*
 * True if an entry of the list stands before this one. A list that has lost its only entry would
 * mean all peers or all ports.
 */
static bool np_fix_has_elder(const struct np_fix_file *file, uint32_t line, size_t dash)
{
	const char *text;
	size_t len, at;

	while (--line) {
		text = np_fix_line(file, line, &len);
		at = np_fix_indent(text, len);
		if (at <= dash && at < len && !strchr("#\r\n", text[at]))
			return at == dash && text[at] == '-';
	}
	return false;
}

/*
 * Finds the last line of an entry of a list in block style: what is indented more than its dash.
 * Comments and empty lines behind it stay.
 */
static bool np_fix_find_entry(const struct np_fix_file *file, struct np_lint_fix *fix)
{
	size_t len, dash, at, begin = file->start[fix->line - 1];
	const char *line = np_fix_line(file, fix->line, &len);
	uint32_t i;

	if (!np_fix_is_entry(line, len, fix->kind))
		return false;
	dash = np_fix_indent(line, len);
	if (!np_fix_has_elder(file, fix->line, dash))
		return false;
	fix->last = fix->line;
	for (i = fix->line + 1; i <= file->count; i++) {
		line = np_fix_line(file, i, &len);
		at = np_fix_indent(line, len);
		if (at == len || strchr("#\r\n", line[at]))
			continue;
		if (at <= dash)
			break;
		fix->last = i;
	}
	return file->text.data[file->start[fix->last] - 1] == '\n' &&
	       np_fix_closed(file->text.data + begin, file->start[fix->last] - begin);
}

static void np_fix_drop(struct np_lint_finding *item)
{
	if (item->fix)
		free(item->fix->text);
	free(item->fix);
	item->fix = NULL;
}

void np_lint_fix_find(struct np_lint *lint)
{
	struct np_lint_finding *item;
	struct np_fix_file *file;
	size_t i;

	for (i = 0; i < lint->count; i++) {
		item = &lint->item[i];
		if (!item->fix)
			continue;
		file = np_fix_file(lint, item->policy->place.file);
		if (!item->fix->line || item->fix->line > file->count ||
		    !(item->fix->kind == NP_LINT_FIX_TEXT ?
		      np_fix_find_text(file, item->fix) : np_fix_find_entry(file, item->fix)))
			np_fix_drop(item);
	}
}

/* What becomes of a line. */
struct np_fix_change {
	bool gone;
	char *text;	/* what it becomes, if it is not gone; NULL: it stays */
};

static int np_fix_order(const void *a, const void *b)
{
	const struct np_lint_fix *x = *(const struct np_lint_fix * const *)a;
	const struct np_lint_fix *y = *(const struct np_lint_fix * const *)b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->column < y->column ? 1 : x->column > y->column ? -1 : 0;
}

static void np_fix_put(const struct np_fix_file *file, const struct np_lint_fix *fix,
		       struct np_fix_change *change)
{
	struct np_buffer text = { 0 };
	size_t len, at, rest;
	const char *line = np_fix_line(file, fix->line, &len);

	if (change->text) {
		line = change->text;
		len = strlen(line);
	}
	at = np_fix_byte(line, len, fix->column);
	rest = at + strlen(fix->old);
	np_buffer_add(&text, line, at);
	np_buffer_add(&text, fix->text, strlen(fix->text));
	np_buffer_add(&text, line + rest, len - rest);
	np_buffer_add(&text, "", 1);
	free(change->text);
	change->text = text.data;
}

/* Fills in what becomes of each line. Returns false if none changes. */
static bool np_fix_changes(const struct np_lint *lint, const struct np_fix_file *file,
			   struct np_fix_change *change)
{
	const struct np_lint_fix **fix = np_xcalloc(lint->count, sizeof(*fix));
	size_t count = 0, i;
	uint32_t k;

	for (i = 0; i < lint->count; i++)
		if (lint->item[i].fix && lint->item[i].policy->place.file == file->name)
			fix[count++] = lint->item[i].fix;
	/* Line by line, each from its end to its beginning, so that the columns hold. */
	qsort(fix, count, sizeof(*fix), np_fix_order);
	for (i = 0; i < count; i++) {
		if (fix[i]->kind != NP_LINT_FIX_TEXT)
			for (k = fix[i]->line; k <= fix[i]->last; k++)
				change[k - 1].gone = true;
		/* A block that an alias stands for has a finding in each place. */
		else if (!i || fix[i]->column != fix[i - 1]->column ||
			 fix[i]->line != fix[i - 1]->line)
			np_fix_put(file, fix[i], &change[fix[i]->line - 1]);
	}
	free(fix);
	return count;
}

static bool np_fix_changed(const struct np_fix_change *change)
{
	return change->gone || change->text;
}

static void np_fix_print(FILE *out, char mark, const char *line, size_t len)
{
	fputc(mark, out);
	fwrite(line, 1, len, out);
	if (!len || line[len - 1] != '\n')
		fputs("\n\\ No newline at end of file\n", out);
}

/* Writes the lines from begin to end, without the last one; `gone` lines are gone before them. */
static uint32_t np_fix_hunk(const struct np_fix_file *file, const struct np_fix_change *change,
			    uint32_t begin, uint32_t end, uint32_t gone, FILE *out)
{
	uint32_t less = 0, i;
	const char *line;
	size_t len;

	for (i = begin; i < end; i++)
		less += change[i].gone;
	fprintf(out, "@@ -%u,%u +%u,%u @@\n", begin + 1, end - begin, begin + 1 - gone,
		end - begin - less);
	for (i = begin; i < end; i++) {
		line = np_fix_line(file, i + 1, &len);
		np_fix_print(out, np_fix_changed(&change[i]) ? '-' : ' ', line, len);
		if (change[i].text && !change[i].gone)
			np_fix_print(out, '+', change[i].text, strlen(change[i].text));
	}
	return less;
}

static void np_fix_file_diff(const struct np_fix_file *file, const struct np_fix_change *change,
			     FILE *out)
{
	uint32_t i = 0, begin, last, gone = 0;
	const char *name = file->name;

	while (*name == '/' || !strncmp(name, "./", 2))
		name++;
	/* A name with a space needs a tab behind it. */
	fprintf(out, "--- a/%s%s\n+++ b/%s%s\n", name, strchr(name, ' ') ? "\t" : "", name,
		strchr(name, ' ') ? "\t" : "");
	while (i < file->count) {
		if (!np_fix_changed(&change[i])) {
			i++;
			continue;
		}
		begin = i > NP_FIX_CONTEXT ? i - NP_FIX_CONTEXT : 0;
		for (last = i; i < file->count && i <= last + 2 * NP_FIX_CONTEXT; i++)
			if (np_fix_changed(&change[i]))
				last = i;
		i = last + NP_FIX_CONTEXT < file->count ? last + NP_FIX_CONTEXT + 1 : file->count;
		gone += np_fix_hunk(file, change, begin, i, gone, out);
	}
}

void np_lint_write_diff(const struct np_lint *lint, FILE *file)
{
	struct np_fix_change *change;
	size_t i;
	uint32_t k;

	for (i = 0; i < lint->file_count; i++) {
		change = np_xcalloc(lint->file[i].count + 1, sizeof(*change));
		if (np_fix_changes(lint, &lint->file[i], change))
			np_fix_file_diff(&lint->file[i], change, file);
		for (k = 0; k < lint->file[i].count; k++)
			free(change[k].text);
		free(change);
	}
}

void np_lint_fix_free(struct np_lint *lint)
{
	size_t i;

	for (i = 0; i < lint->count; i++)
		np_fix_drop(&lint->item[i]);
	for (i = 0; i < lint->file_count; i++) {
		np_buffer_free(&lint->file[i].text);
		free(lint->file[i].start);
	}
	free(lint->file);
}
