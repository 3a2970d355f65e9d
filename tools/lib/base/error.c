// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Errors of the tool and how they are printed.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

int np_error_vset(struct np_error *err, enum np_exit exit, const char *fmt, va_list args)
{
	memset(err, 0, sizeof(*err));
	err->exit = exit;
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	return -1;
}

int np_error_set(struct np_error *err, enum np_exit exit, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	np_error_vset(err, exit, fmt, args);
	va_end(args);
	return -1;
}

void np_error_hint(struct np_error *err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, args);
	va_end(args);
}

void np_error_place(struct np_error *err, const char *file, uint32_t line,
		    uint32_t column)
{
	snprintf(err->file, sizeof(err->file), "%s", file ? file : "");
	err->line = line;
	err->column = column;
}

unsigned int np_utf8_next(const char *text, size_t left, uint32_t *code)
{
	const unsigned char *s = (const unsigned char *)text;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned int len, i;
	uint32_t c = s[0];

	if (c < 0x80) {
		*code = c;
		return 1;
	}
	if (c >= 0xc2 && c <= 0xdf) {
		len = 2;
		c &= 0x1f;
	} else if (c >= 0xe0 && c <= 0xef) {
		len = 3;
		c &= 0x0f;
	} else if (c >= 0xf0 && c <= 0xf4) {
		len = 4;
		c &= 0x07;
	} else {
		return 0;
	}
	if (left < len)
		return 0;
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*code = c;
	return len;
}

/* True for characters that a terminal or an editor obeys instead of showing. */
static bool np_is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

void np_print_escaped(FILE *out, const char *text)
{
	size_t left = strlen(text);
	unsigned int len;
	uint32_t c;

	while (left) {
		len = np_utf8_next(text, left, &c);
		if (!len) {
			fprintf(out, "\\x%02x", (unsigned char)*text);
			len = 1;
		} else if (!np_is_control(c)) {
			fwrite(text, 1, len, out);
		} else if (c == '\n') {
			fputs("\\n", out);
		} else if (c == '\t') {
			fputs("\\t", out);
		} else if (c == '\r') {
			fputs("\\r", out);
		} else if (c < 0x80) {
			fprintf(out, "\\x%02x", c);
		} else {
			fprintf(out, "\\u%04x", c);
		}
		text += len;
		left -= len;
	}
}

void np_print_json_string(FILE *out, const char *text)
{
	size_t left = strlen(text);
	unsigned int len;
	uint32_t c;

	fputc('"', out);
	while (left) {
		len = np_utf8_next(text, left, &c);
		if (!len) {
			fputs("\\ufffd", out);
			len = 1;
		} else if (c == '"' || c == '\\') {
			fprintf(out, "\\%c", (char)c);
		} else if (c > 0xffff && np_is_control(c)) {
			c -= 0x10000;
			fprintf(out, "\\u%04x\\u%04x", 0xd800 + (c >> 10),
				0xdc00 + (c & 0x3ff));
		} else if (np_is_control(c)) {
			fprintf(out, "\\u%04x", c);
		} else {
			fwrite(text, 1, len, out);
		}
		text += len;
		left -= len;
	}
	fputc('"', out);
}

static void np_print_message(FILE *out, const char *level, const char *file,
			     uint32_t line, uint32_t column, const char *path,
			     const char *text)
{
	fprintf(out, "netpolctl: %s: ", level);
	if (file && *file) {
		np_print_escaped(out, file);
		if (line)
			fprintf(out, ":%u:%u", line, column);
		fputs(": ", out);
	}
	if (path && *path) {
		np_print_escaped(out, path);
		fputs(": ", out);
	}
	np_print_escaped(out, text);
	fputc('\n', out);
}

void np_error_print(FILE *out, const struct np_error *err)
{
	np_print_message(out, "error", err->file, err->line, err->column,
			 err->path, err->text);
	if (*err->hint) {
		fputs("hint: ", out);
		np_print_escaped(out, err->hint);
		fputc('\n', out);
	}
}

static void np_print_member(FILE *out, const char *key, const char *text)
{
	if (!*text)
		return;
	fprintf(out, ",\"%s\":", key);
	np_print_json_string(out, text);
}

static void np_print_members(FILE *out, const struct np_error *err)
{
	fprintf(out, "\"exitStatus\":%d", err->exit);
	np_print_member(out, "file", err->file);
	if (err->line)
		fprintf(out, ",\"line\":%u,\"column\":%u", err->line,
			err->column);
	np_print_member(out, "object", err->object);
	np_print_member(out, "path", err->path);
	fputs(",\"message\":", out);
	np_print_json_string(out, err->text);
	np_print_member(out, "hint", err->hint);
}

static void np_print_top(FILE *out, const struct np_error *err)
{
	fputs("{\"apiVersion\":\"netpolctl/v1\",\"kind\":\"Error\",", out);
	np_print_members(out, err);
}

void np_error_print_json(FILE *out, const struct np_error *err)
{
	np_print_top(out, err);
	fputs("}\n", out);
}

void np_error_print_json_all(FILE *out, const struct np_error *err, size_t count,
			     size_t not_listed)
{
	size_t i;

	np_print_top(out, err);
	fputs(",\"errors\":[", out);
	for (i = 0; i < count; i++) {
		fputs(i ? ",{" : "{", out);
		np_print_members(out, &err[i]);
		fputc('}', out);
	}
	fprintf(out, "],\"notListed\":%zu}\n", not_listed);
}

void np_warning_print(FILE *out, const struct np_warning *warning)
{
	np_print_message(out, "warning", warning->place.file,
			 warning->place.line, warning->place.column,
			 warning->path, warning->text);
}
