// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads JSON documents into nodes that know their locations, in bounded memory. A list as
 * `kubectl get -o json` prints it has no useful upper size, and a parser that reads it whole
 * needs seven times its size. So the input is read in chunks, and the entries of a top-level
 * "items" are handed over and freed one by one.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "object/node.h"

#define NP_JSON_CHUNK 65536

struct np_json {
	struct np_input *in;
	const struct np_reader *reader;
	struct np_error *err;
	const char *p;
	const char *end;
	uint64_t offset;	/* offset of buf[0] in the input */
	/*
	 * start of the line, moved by one for each UTF-8 continuation byte, so that columns count
	 * characters
	 */
	int64_t line_start;
	uint32_t line;
	uint32_t depth;
	uint32_t nodes;		/* nodes of this object */
	uint64_t limit;		/* offset at which this object is too large */
	bool ended;
	bool failed;		/* err has been filled */
	bool items_read;
	struct np_arena top;	/* nodes of the document without its items */
	struct np_arena one;	/* nodes of the current item */
	struct np_arena *arena;	/* whichever of the two is in use */
	char *text;		/* the string that is being read */
	size_t text_len;
	size_t text_room;
	char buf[NP_JSON_CHUNK];
};

static struct np_node *np_json_value(struct np_json *j);

static uint32_t np_json_column(const struct np_json *j)
{
	return (int64_t)(j->offset + (j->p - j->buf)) - j->line_start + 1;
}

static int __attribute__((format(printf, 4, 5)))
np_json_fail_at(struct np_json *j, uint32_t line, uint32_t column,
		const char *fmt, ...)
{
	va_list args;

	if (j->failed)
		return -1;
	va_start(args, fmt);
	np_error_vset(j->err, NP_EXIT_INPUT, fmt, args);
	va_end(args);
	np_error_place(j->err, j->in->name, line, column);
	j->failed = true;
	return -1;
}

#define np_json_fail(j, ...) \
	np_json_fail_at(j, (j)->line, np_json_column(j), __VA_ARGS__)

/* Returns the next byte without taking it, or -1 at the end or after an error. */
static int np_json_fill(struct np_json *j)
{
	ssize_t n;

	if (j->ended)
		return -1;
	j->offset += j->end - j->buf;
	j->p = j->buf;
	j->end = j->buf;
	if (j->offset >= j->limit) {
		np_json_fail(j, "an object is larger than %u MiB",
			     NP_DOCUMENT_MAX >> 20);
		j->ended = true;
		return -1;
	}
	n = np_input_read(j->in, j->buf, sizeof(j->buf), j->err);
	if (n <= 0) {
		j->ended = true;
		if (n < 0)
			j->failed = true;
		return -1;
	}
	j->end += n;
	return (unsigned char)*j->p;
}

static inline int np_json_peek(struct np_json *j)
{
	return j->p < j->end ? (unsigned char)*j->p : np_json_fill(j);
}

/* Skips white space. Returns the byte behind it without taking it, or -1. */
static int np_json_space(struct np_json *j)
{
	int c;

	for (;;) {
		c = np_json_peek(j);
		if (c == '\n') {
			j->line++;
			j->line_start = j->offset + (j->p - j->buf) + 1;
		} else if (c != ' ' && c != '\t' && c != '\r') {
			return c;
		}
		j->p++;
	}
}

/* Fails with "expected ..., found ..." at the current byte. */
static int np_json_expected(struct np_json *j, const char *what)
{
	int c = np_json_peek(j);

	if (c < 0)
		return np_json_fail(j, "expected %s, found the end", what);
	if (c > 0x20 && c < 0x7f)
		return np_json_fail(j, "expected %s, found '%c'", what, c);
	return np_json_fail(j, "expected %s, found byte 0x%02x", what, c);
}

static void np_json_keep(struct np_json *j, const char *text, size_t len)
{
	if (j->text_room - j->text_len < len) {
		j->text_room = (j->text_len + len) * 2;
		j->text = np_xrealloc(j->text, j->text_room, 1);
	}
	if (len)
		memcpy(j->text + j->text_len, text, len);
	j->text_len += len;
}

static int np_json_hex4(struct np_json *j, uint32_t *code)
{
	int i, c;

	*code = 0;
	for (i = 0; i < 4; i++) {
		c = np_json_peek(j);
		if (c >= '0' && c <= '9')
			c -= '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			c = (c | 0x20) - 'a' + 10;
		else
			return np_json_expected(j,
						"four hexadecimal digits after \\u");
		*code = *code << 4 | c;
		j->p++;
	}
	return 0;
}

static void np_json_keep_utf8(struct np_json *j, uint32_t code)
{
	char s[4];

	if (code < 0x80) {
		s[0] = code;
		np_json_keep(j, s, 1);
	} else if (code < 0x800) {
		s[0] = 0xc0 | code >> 6;
		s[1] = 0x80 | (code & 0x3f);
		np_json_keep(j, s, 2);
	} else if (code < 0x10000) {
		s[0] = 0xe0 | code >> 12;
		s[1] = 0x80 | (code >> 6 & 0x3f);
		s[2] = 0x80 | (code & 0x3f);
		np_json_keep(j, s, 3);
	} else {
		s[0] = 0xf0 | code >> 18;
		s[1] = 0x80 | (code >> 12 & 0x3f);
		s[2] = 0x80 | (code >> 6 & 0x3f);
		s[3] = 0x80 | (code & 0x3f);
		np_json_keep(j, s, 4);
	}
}

/* Reads the four digits behind "\u". A surrogate without its partner becomes U+FFFD, as in Go. */
static int np_json_unicode(struct np_json *j)
{
	uint32_t code, low;

	if (np_json_hex4(j, &code))
		return -1;
again:
	if (!code)
		return np_json_fail(j, "a text holds a NUL character");
	if (code < 0xd800 || code > 0xdfff) {
		np_json_keep_utf8(j, code);
		return 0;
	}
	if (code >= 0xdc00 || np_json_peek(j) != '\\') {
		np_json_keep_utf8(j, 0xfffd);
		return 0;
	}
	j->p++;
	if (np_json_peek(j) != 'u') {
		np_json_keep_utf8(j, 0xfffd);
		return 1;
	}
	j->p++;
	if (np_json_hex4(j, &low))
		return -1;
	if (low >= 0xdc00 && low <= 0xdfff) {
		np_json_keep_utf8(j, 0x10000 + ((code & 0x3ff) << 10) +
				     (low & 0x3ff));
		return 0;
	}
	np_json_keep_utf8(j, 0xfffd);
	code = low;
	goto again;
}

/* Reads an escape sequence, behind its backslash. */
static int np_json_escape(struct np_json *j)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	int c, ret;

	do {
		c = np_json_peek(j);
		if (c == 'u') {
			j->p++;
			/* 1: read a surrogate and another backslash. */
			ret = np_json_unicode(j);
			continue;
		}
		at = c > 0 ? strchr(from, c) : NULL;
		if (!at)
			return np_json_expected(j, "one of \"\\/bfnrtu after \\");
		np_json_keep(j, &to[at - from], 1);
		j->p++;
		ret = 0;
	} while (ret > 0);
	return ret;
}

static bool np_json_is_utf8(const char *text, size_t len)
{
	unsigned int n;
	uint32_t code;

	while (len) {
		n = np_utf8_next(text, len, &code);
		if (!n)
			return false;
		text += n;
		len -= n;
	}
	return true;
}

/* Reads a string that begins here with its opening quote. Returns NULL after an error. */
static const char *np_json_string(struct np_json *j, uint32_t *len)
{
	uint32_t line = j->line, column = np_json_column(j);
	bool high = false;
	const char *s;
	int c;

	j->p++;
	j->text_len = 0;
	for (;;) {
		for (s = j->p; s < j->end; s++) {
			unsigned char byte = *s;

			if (byte == '"' || byte == '\\' || byte < 0x20)
				break;
			if (byte >= 0x80) {
				high = true;
				if ((byte & 0xc0) == 0x80)
					j->line_start++;
			}
		}
		np_json_keep(j, j->p, s - j->p);
		j->p = s;
		c = np_json_peek(j);
		if (c == '"')
			break;
		if (c < 0) {
			np_json_fail_at(j, line, column,
					"a string has no closing quote");
			return NULL;
		}
		if (c == '\\') {
			j->p++;
			if (np_json_escape(j))
				return NULL;
		} else if (c < 0x20) {
			np_json_fail(j, "a string holds the control character "
					"0x%02x; write it as an escape",
				     c);
			return NULL;
		}
	}
	j->p++;
	if (high && !np_json_is_utf8(j->text, j->text_len)) {
		np_json_fail_at(j, line, column, "a string is not UTF-8");
		return NULL;
	}
	if (len)
		*len = j->text_len;
	return np_arena_memdup(j->arena, j->text, j->text_len);
}

static bool np_json_digits(struct np_json *j)
{
	int c = np_json_peek(j);

	if (c < '0' || c > '9')
		return false;
	do {
		np_json_keep(j, j->p++, 1);
		c = np_json_peek(j);
	} while (c >= '0' && c <= '9');
	return true;
}

static int np_json_number(struct np_json *j, struct np_node *node)
{
	bool integer = true, big = false;
	bool negative = false;
	uint64_t n = 0;
	size_t i;

	j->text_len = 0;
	if (np_json_peek(j) == '-') {
		negative = true;
		np_json_keep(j, j->p++, 1);
	}
	if (np_json_peek(j) == '0')
		np_json_keep(j, j->p++, 1);
	else if (!np_json_digits(j))
		return np_json_expected(j, "a value");
	if (np_json_peek(j) == '.') {
		integer = false;
		np_json_keep(j, j->p++, 1);
		if (!np_json_digits(j))
			return np_json_expected(j, "a digit");
	}
	if ((np_json_peek(j) | 0x20) == 'e' && np_json_peek(j) > 0) {
		integer = false;
		np_json_keep(j, j->p++, 1);
		if (np_json_peek(j) == '+' || np_json_peek(j) == '-')
			np_json_keep(j, j->p++, 1);
		if (!np_json_digits(j))
			return np_json_expected(j, "a digit");
	}
	node->text = np_arena_memdup(j->arena, j->text, j->text_len);
	for (i = negative; integer && i < j->text_len; i++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, j->text[i] - '0', &n))
			big = true;
	if (!integer || big || n > (uint64_t)INT64_MAX + negative) {
		node->type = NP_NODE_FLOAT;
		return 0;
	}
	node->type = NP_NODE_INT;
	node->number = negative ? (int64_t)(0 - n) : (int64_t)n;
	return 0;
}

static int np_json_word(struct np_json *j, struct np_node *node)
{
	uint32_t line = j->line, column = np_json_column(j);
	char word[8];
	size_t len = 0;
	int c;

	for (c = np_json_peek(j); c >= 'a' && c <= 'z' && len < 7;
	     c = np_json_peek(j)) {
		word[len++] = c;
		j->p++;
	}
	word[len] = '\0';
	node->text = np_arena_memdup(j->arena, word, len);
	if (!strcmp(word, "null")) {
		node->type = NP_NODE_NULL;
	} else if (!strcmp(word, "true") || !strcmp(word, "false")) {
		node->type = NP_NODE_BOOL;
		node->truth = *word == 't';
	} else if (len) {
		np_json_fail_at(j, line, column, "\"%s\" is not a JSON value", word);
		j->err->quotes = true;
		return -1;
	} else {
		return np_json_expected(j, "a value");
	}
	return 0;
}

static int np_json_enter(struct np_json *j)
{
	if (j->depth == NP_DEPTH_MAX)
		return np_json_fail(j, "nested deeper than %u levels",
				    NP_DEPTH_MAX);
	j->depth++;
	j->p++;
	return 0;
}

/*
 * Reads what follows an entry. Returns 1 if another entry follows, 0 if the closing bracket
 * was there and was taken, -1 after an error.
 */
static int np_json_more(struct np_json *j, char close)
{
	int c = np_json_space(j);

	if (c == close) {
		j->p++;
		j->depth--;
		return 0;
	}
	if (c != ',')
		return np_json_expected(j, close == ']' ? "',' or ']'" :
							  "',' or '}'");
	j->p++;
	if (np_json_space(j) == close)
		return np_json_fail(j, "a comma has no entry behind it");
	return 1;
}

/* Reads a list that begins here with '['. */
static int np_json_list(struct np_json *j, struct np_node *list)
{
	struct np_node *tail = NULL, *node;
	int more = 1;

	if (np_json_enter(j))
		return -1;
	if (np_json_space(j) == ']')
		more = np_json_more(j, ']');
	while (more > 0) {
		node = np_json_value(j);
		if (!node)
			return -1;
		np_node_append(list, &tail, node);
		more = np_json_more(j, ']');
	}
	return more;
}

/* An object begins here, so the limits of its size and its nodes start again. */
static void np_json_allow(struct np_json *j)
{
	j->limit = j->offset + (j->p - j->buf) + NP_DOCUMENT_MAX;
	j->nodes = 0;
}

/* Reads a top-level "items" that begins here with '[' and hands its entries over one by one. */
static int np_json_items(struct np_json *j, struct np_node *head,
			 struct np_node *list)
{
	const struct np_reader *reader = j->reader;
	struct np_node *node;
	int more = 1, ret;

	if (reader->items_begin(reader->arg, head, j->err)) {
		j->failed = true;
		return -1;
	}
	if (np_json_enter(j))
		return -1;
	j->items_read = true;
	j->arena = &j->one;
	if (np_json_space(j) == ']')
		more = np_json_more(j, ']');
	while (more > 0) {
		np_json_allow(j);
		node = np_json_value(j);
		if (!node)
			return -1;
		ret = reader->item(reader->arg, node, list->count++, j->err);
		if (ret < 0) {
			j->failed = true;
			return -1;
		}
		if (!ret)
			np_arena_reset(&j->one);
		if (j->one.bytes > NP_PENDING_MAX) {
			np_json_fail(j, "the items have no kind, and the kind "
					"of their list comes after them");
			np_error_hint(j->err,
				      "put \"kind\" before \"items\", as the API server does");
			return -1;
		}
		more = np_json_more(j, ']');
	}
	j->arena = &j->top;
	np_json_allow(j);
	return more;
}

/* Reads a map that begins here with '{'. */
static int np_json_map(struct np_json *j, struct np_node *map)
{
	struct np_node *tail = NULL, *node;
	uint32_t line, column;
	const char *key;
	int more = 1;

	if (np_json_enter(j))
		return -1;
	if (np_json_space(j) == '}')
		more = np_json_more(j, '}');
	while (more > 0) {
		if (np_json_space(j) != '"')
			return np_json_expected(j, "a key in double quotes");
		line = j->line;
		column = np_json_column(j);
		key = np_json_string(j, NULL);
		if (!key)
			return -1;
		if (np_json_space(j) != ':')
			return np_json_expected(j, "':'");
		j->p++;
		if (np_json_space(j) == '[' && j->depth == 1 &&
		    !strcmp(key, "items")) {
			node = np_node_new(j->arena, NP_NODE_LIST, j->line,
					   np_json_column(j));
			if (np_json_items(j, map, node))
				return -1;
		} else {
			node = np_json_value(j);
			if (!node)
				return -1;
		}
		np_node_set_key(node, key, line, column);
		np_node_append(map, &tail, node);
		more = np_json_more(j, '}');
	}
	if (more)
		return -1;
	if (np_node_check_duplicates(map, j->in->name, j->err)) {
		j->failed = true;
		return -1;
	}
	return 0;
}

/* Reads any value, after white space. Returns NULL after an error. */
static struct np_node *np_json_value(struct np_json *j)
{
	int c = np_json_space(j);
	struct np_node *node;
	int ret;

	if (j->offset + (j->p - j->buf) > j->limit) {
		np_json_fail(j, "an object is larger than %u MiB",
			     NP_DOCUMENT_MAX >> 20);
		return NULL;
	}
	if (j->nodes++ == NP_NODES_MAX) {
		np_json_fail(j, "more than %u values in one object",
			     NP_NODES_MAX);
		return NULL;
	}
	node = np_node_new(j->arena, NP_NODE_STRING, j->line,
			   np_json_column(j));
	if (c == '"') {
		node->text = np_json_string(j, &node->count);
		ret = node->text ? 0 : -1;
	} else if (c == '{') {
		node->type = NP_NODE_MAP;
		ret = np_json_map(j, node);
	} else if (c == '[') {
		node->type = NP_NODE_LIST;
		ret = np_json_list(j, node);
	} else if (c == '-' || (c >= '0' && c <= '9')) {
		ret = np_json_number(j, node);
	} else {
		ret = np_json_word(j, node);
	}
	return ret ? NULL : node;
}

/* Reads all documents. Only white space may stand between them. */
static int np_json_documents(struct np_json *j)
{
	struct np_node *root;
	int c;

	for (;;) {
		j->limit = UINT64_MAX;
		c = np_json_space(j);
		if (j->failed)
			return -1;
		if (c < 0)
			return 0;
		if (c != '{')
			return np_json_expected(j, "an object");
		np_json_allow(j);
		j->items_read = false;
		root = np_json_value(j);
		if (!root)
			return -1;
		if (j->reader->document(j->reader->arg, root, j->items_read,
					j->err))
			return -1;
		np_arena_reset(&j->one);
		np_arena_reset(&j->top);
	}
}

static void np_json_skip_mark(struct np_json *j)
{
	ssize_t n;

	while (j->end - j->buf < 3) {
		n = np_input_read(j->in, (char *)j->end,
				  3 - (j->end - j->buf), j->err);
		if (n < 0)
			j->failed = true;
		if (n <= 0)
			break;
		j->end += n;
	}
	if (!j->failed &&
	    np_input_check_encoding(j->in->name, j->buf, j->end - j->buf, j->err))
		j->failed = true;
	if (j->end - j->buf == 3 && !memcmp(j->buf, "\xef\xbb\xbf", 3)) {
		j->p += 3;
		j->line_start = 3;
	}
}

int np_json_read(struct np_input *in, const struct np_reader *reader,
		 struct np_error *err)
{
	struct np_json *j = np_xmalloc(sizeof(*j));
	int ret = -1;

	memset(j, 0, offsetof(struct np_json, buf));
	j->in = in;
	j->reader = reader;
	j->err = err;
	j->p = j->buf;
	j->end = j->buf;
	j->line = 1;
	j->arena = &j->top;
	np_json_skip_mark(j);
	if (!j->failed)
		ret = np_json_documents(j);
	free(j->text);
	np_arena_free(&j->top);
	np_arena_free(&j->one);
	free(j);
	return ret;
}
