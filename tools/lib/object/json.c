// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads JSON into nodes that know their locations, in bounded memory. A list as
 * `kubectl get -o json` prints it has no useful upper size, and a parser that reads it whole
 * needs seven times its size. So documents are read in chunks, and the entries of a top-level
 * "items" are handed over and freed one by one. An object that lies in memory is read in place.
 */
#include "object/json.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/loop.h"

#define NP_JSON_CHUNK 65536
#define NP_JSON_BREATHE	256	/* entries of lists and maps, or escapes */

struct np_json {
	struct np_input *in;	/* NULL: all bytes lie between start and end */
	const struct np_reader *reader;	/* NULL: "items" is like any other list */
	struct np_error *err;
	const char *name;	/* name of the input, for messages */
	const char *start;	/* the bytes that have been read from the input */
	const char *p;		/* the next byte */
	const char *end;
	uint64_t offset;	/* offset of start in the input */
	/*
	 * start of the line, moved by one for each UTF-8 continuation byte, so that columns count
	 * characters
	 */
	int64_t line_start;
	uint32_t line;
	uint32_t depth;
	uint32_t nodes;		/* nodes of this object */
	uint32_t steps;
	uint64_t limit;		/* offset at which this object is too large */
	bool ended;
	bool failed;		/* err has been filled */
	bool refused;		/* the failure is not one of form; NP_JSON_REFUSED */
	bool items_read;
	struct np_arena top;	/* nodes of the document without its items */
	struct np_arena one;	/* nodes of the current item */
	struct np_arena *arena;	/* the arena in use: one of the two, or the caller's */
	struct np_buffer text;	/* the string or number that is being read */
	char *chunk;		/* NP_JSON_CHUNK bytes, or NULL without an input */
};

static int np_json_value(struct np_json *j, struct np_node *node,
			 const struct np_pick *pick);

static uint32_t np_json_column(const struct np_json *j)
{
	return (int64_t)(j->offset + (j->p - j->start)) - j->line_start + 1;
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
	np_error_place(j->err, j->name, line, column);
	j->failed = true;
	return -1;
}

#define np_json_fail(j, ...) \
	np_json_fail_at(j, (j)->line, np_json_column(j), __VA_ARGS__)

/* The same for JSON that is well-formed and that is not accepted all the same. */
#define np_json_refuse_at(j, ...) \
	((j)->refused = true, np_json_fail_at(j, __VA_ARGS__))
#define np_json_refuse(j, ...) \
	((j)->refused = true, np_json_fail(j, __VA_ARGS__))

/* Returns the next byte without taking it, or -1 at the end or after an error. */
static int np_json_fill(struct np_json *j)
{
	ssize_t n;

	if (j->ended)
		return -1;
	j->offset += j->end - j->start;
	j->start = j->chunk;
	j->p = j->chunk;
	j->end = j->chunk;
	if (j->offset >= j->limit) {
		np_json_refuse(j, "an object is larger than %u MiB",
			       NP_DOCUMENT_MAX >> 20);
		j->ended = true;
		return -1;
	}
	n = np_input_read(j->in, j->chunk, NP_JSON_CHUNK, j->err);
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
			j->line_start = j->offset + (j->p - j->start) + 1;
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
		np_buffer_add(&j->text, s, 1);
	} else if (code < 0x800) {
		s[0] = 0xc0 | code >> 6;
		s[1] = 0x80 | (code & 0x3f);
		np_buffer_add(&j->text, s, 2);
	} else if (code < 0x10000) {
		s[0] = 0xe0 | code >> 12;
		s[1] = 0x80 | (code >> 6 & 0x3f);
		s[2] = 0x80 | (code & 0x3f);
		np_buffer_add(&j->text, s, 3);
	} else {
		s[0] = 0xf0 | code >> 18;
		s[1] = 0x80 | (code >> 12 & 0x3f);
		s[2] = 0x80 | (code >> 6 & 0x3f);
		s[3] = 0x80 | (code & 0x3f);
		np_buffer_add(&j->text, s, 4);
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
		return np_json_refuse(j, "a text holds a NUL character");
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

static void np_json_step(struct np_json *j)
{
	if (!(++j->steps % NP_JSON_BREATHE))
		np_breathe();
}

/* Reads an escape sequence, behind its backslash. */
static int np_json_escape(struct np_json *j)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	int c, ret;

	np_json_step(j);
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
		np_buffer_add(&j->text, &to[at - from], 1);
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

static int np_json_control(struct np_json *j, int c)
{
	return np_json_fail(j, "a string holds the control character 0x%02x; "
			    "write it as an escape", c);
}

/*
 * Reads a string that begins here with its opening quote. *text is not terminated. It points
 * into the input or, if the string has escapes or goes on in the next chunk, to j->text. So
 * it is valid until the next byte is read.
 */
static int np_json_string(struct np_json *j, const char **text, uint32_t *len)
{
	uint32_t line = j->line, column = np_json_column(j);
	bool high = false;
	const char *s;
	int c;

	j->p++;
	j->text.len = 0;
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
		*text = j->p;
		*len = s - j->p;
		j->p = s;
		if (s < j->end && *s == '"' && !j->text.len)
			break;
		np_buffer_add(&j->text, *text, *len);
		*text = j->text.data;
		*len = j->text.len;
		c = np_json_peek(j);
		if (c == '"')
			break;
		if (c < 0)
			return np_json_fail_at(j, line, column,
					       "a string has no closing quote");
		if (c < 0x20)
			return np_json_control(j, c);
		if (c == '\\') {
			j->p++;
			if (np_json_escape(j))
				return -1;
		}
	}
	j->p++;
	if (high && !np_json_is_utf8(*text, *len))
		return np_json_refuse_at(j, line, column, "a string is not UTF-8");
	return 0;
}

static bool np_json_digits(struct np_json *j)
{
	int c = np_json_peek(j);

	if (c < '0' || c > '9')
		return false;
	do {
		np_buffer_add(&j->text, j->p++, 1);
		c = np_json_peek(j);
	} while (c >= '0' && c <= '9');
	return true;
}

/* Reads a number into j->text. *integer: it has neither a fraction nor an exponent. */
static int np_json_numeral_text(struct np_json *j, bool *integer)
{
	*integer = true;
	j->text.len = 0;
	if (np_json_peek(j) == '-')
		np_buffer_add(&j->text, j->p++, 1);
	if (np_json_peek(j) == '0')
		np_buffer_add(&j->text, j->p++, 1);
	else if (!np_json_digits(j))
		return np_json_expected(j, "a value");
	if (np_json_peek(j) == '.') {
		*integer = false;
		np_buffer_add(&j->text, j->p++, 1);
		if (!np_json_digits(j))
			return np_json_expected(j, "a digit");
	}
	if ((np_json_peek(j) | 0x20) == 'e' && np_json_peek(j) > 0) {
		*integer = false;
		np_buffer_add(&j->text, j->p++, 1);
		if (np_json_peek(j) == '+' || np_json_peek(j) == '-')
			np_buffer_add(&j->text, j->p++, 1);
		if (!np_json_digits(j))
			return np_json_expected(j, "a digit");
	}
	return 0;
}

static int np_json_numeral(struct np_json *j, struct np_node *node)
{
	bool integer, big = false, negative;
	uint64_t n = 0;
	size_t i;

	if (np_json_numeral_text(j, &integer))
		return -1;
	negative = *j->text.data == '-';
	node->text = np_arena_memdup(j->arena, j->text.data, j->text.len);
	for (i = negative; integer && i < j->text.len; i++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, j->text.data[i] - '0', &n))
			big = true;
	if (!integer || big || n > (uint64_t)INT64_MAX + negative) {
		node->type = NP_NODE_FLOAT;
		return 0;
	}
	node->type = NP_NODE_INT;
	node->number = negative ? (int64_t)(0 - n) : (int64_t)n;
	return 0;
}

/* Reads null, true or false. */
static int np_json_word(struct np_json *j, struct np_node *node)
{
	static const char * const known[] = { "null", "true", "false" };
	uint32_t line = j->line, column = np_json_column(j);
	char word[8];
	size_t len = 0, i;
	int c;

	for (c = np_json_peek(j); c >= 'a' && c <= 'z' && len < 7;
	     c = np_json_peek(j)) {
		word[len++] = c;
		j->p++;
	}
	word[len] = '\0';
	if (!len)
		return np_json_expected(j, "a value");
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(word, known[i])) {
			node->text = known[i];
			node->type = i ? NP_NODE_BOOL : NP_NODE_NULL;
			node->truth = i == 1;
			return 0;
		}
	np_json_fail_at(j, line, column, "\"%s\" is not a JSON value", word);
	j->err->quotes = true;
	return -1;
}

static int np_json_enter(struct np_json *j)
{
	if (j->depth == NP_DEPTH_MAX)
		return np_json_refuse(j, "nested deeper than %u levels",
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

	np_json_step(j);
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

/* Checks that a key begins here. */
static int np_json_key(struct np_json *j)
{
	return np_json_space(j) == '"' ? 0 :
	       np_json_expected(j, "a key in double quotes");
}

static int np_json_colon(struct np_json *j)
{
	if (np_json_space(j) != ':')
		return np_json_expected(j, "':'");
	j->p++;
	return 0;
}

/* Passes over a string that begins here with its opening quote. It is not decoded. */
static int np_json_pass_string(struct np_json *j)
{
	uint32_t line = j->line, column = np_json_column(j), code;
	const char *s;
	int c;

	j->p++;
	for (;;) {
		for (s = j->p; s < j->end; s++)
			if (*s == '"' || *s == '\\' || (unsigned char)*s < 0x20)
				break;
		j->p = s;
		c = np_json_peek(j);
		if (c < 0)
			return np_json_fail_at(j, line, column,
					       "a string has no closing quote");
		if (c < 0x20)
			return np_json_control(j, c);
		if (c != '"' && c != '\\')
			continue;
		j->p++;
		if (c == '"')
			return 0;
		c = np_json_peek(j);
		if (c <= 0 || !strchr("\"\\/bfnrtu", c))
			return np_json_expected(j, "one of \"\\/bfnrtu after \\");
		j->p++;
		if (c == 'u' && np_json_hex4(j, &code))
			return -1;
	}
}

/* Passes over a value that is no map and no list and begins with c. */
static int np_json_pass_scalar(struct np_json *j, int c)
{
	struct np_node ignored;
	bool integer;

	if (c == '"')
		return np_json_pass_string(j);
	if (c == '-' || (c >= '0' && c <= '9'))
		return np_json_numeral_text(j, &integer);
	return np_json_word(j, &ignored);
}

/* Passes over a key and its colon. */
static int np_json_pass_key(struct np_json *j)
{
	return np_json_key(j) || np_json_pass_string(j) || np_json_colon(j) ? -1 : 0;
}

/*
 * Passes over a map or a list. A level takes a byte: whoever writes an object may nest such a value
 * deeply, and the rest of the object must still be read.
 */
static int np_json_pass_levels(struct np_json *j)
{
	char close[NP_PASS_DEPTH_MAX];
	uint32_t depth = 0;
	int c, more;

	do {
		c = np_json_space(j);
		if (c == '{' || c == '[') {
			if (depth == NP_PASS_DEPTH_MAX)
				return np_json_refuse(j, "nested deeper than %u levels",
						      NP_PASS_DEPTH_MAX);
			close[depth++] = c == '{' ? '}' : ']';
			j->depth++;
			j->p++;
			if (np_json_space(j) != close[depth - 1]) {
				if (c == '{' && np_json_pass_key(j))
					return -1;
				continue;
			}
		} else if (np_json_pass_scalar(j, c)) {
			return -1;
		}
		/* The levels that end here. */
		for (more = 0; depth && !more; depth -= !more) {
			more = np_json_more(j, close[depth - 1]);
			if (more < 0 ||
			    (more && close[depth - 1] == '}' && np_json_pass_key(j)))
				return -1;
		}
	} while (depth);
	return 0;
}

/* Passes over a value that is not wanted. Only its form is checked. */
static int np_json_pass(struct np_json *j)
{
	int c = np_json_space(j);

	return c == '{' || c == '[' ? np_json_pass_levels(j) : np_json_pass_scalar(j, c);
}

/* Makes the node for a value that begins here. Returns NULL if the object is too large. */
static struct np_node *np_json_node(struct np_json *j)
{
	np_json_space(j);
	if (j->offset + (j->p - j->start) > j->limit) {
		np_json_refuse(j, "an object is larger than %u MiB",
			       NP_DOCUMENT_MAX >> 20);
		return NULL;
	}
	if (j->nodes++ == NP_NODES_MAX) {
		np_json_refuse(j, "more than %u values in one object",
			       NP_NODES_MAX);
		return NULL;
	}
	return np_node_new(j->arena, NP_NODE_NULL, j->line, np_json_column(j));
}

/* Reads a list that begins here with '['. */
static int np_json_list(struct np_json *j, struct np_node *list,
			const struct np_pick *pick)
{
	struct np_node *tail = NULL, *node;
	int more = 1;

	if (np_json_enter(j))
		return -1;
	if (np_json_space(j) == ']')
		more = np_json_more(j, ']');
	while (more > 0) {
		node = np_json_node(j);
		if (!node)
			return -1;
		/* Appended before it is read, so that a list that is cut off keeps it. */
		np_node_append(list, &tail, node);
		if (np_json_value(j, node, pick))
			return -1;
		more = np_json_more(j, ']');
	}
	return more;
}

/* An object begins here, so the limits of its size and its nodes start again. */
static void np_json_allow(struct np_json *j)
{
	j->limit = j->offset + (j->p - j->start) + NP_DOCUMENT_MAX;
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
		node = np_json_node(j);
		if (!node || np_json_value(j, node, NULL))
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

static const struct np_pick *np_json_picked(const struct np_pick *pick,
					    const char *key, uint32_t len)
{
	for (; pick->key; pick++)
		if (!strncmp(pick->key, key, len) && !pick->key[len])
			return pick;
	return NULL;
}

/* Reads a field of a map that begins here with its key, or passes over it. */
static int np_json_field(struct np_json *j, struct np_node *map,
			 struct np_node **tail, const struct np_pick *pick)
{
	uint32_t line = j->line, column = np_json_column(j), len;
	struct np_node *node;
	const char *key;

	if (np_json_string(j, &key, &len))
		return -1;
	if (pick) {
		pick = np_json_picked(pick, key, len);
		if (!pick)
			return np_json_colon(j) ? -1 : np_json_pass(j);
		pick = pick->children;
	}
	key = np_arena_memdup(j->arena, key, len);
	if (np_json_colon(j))
		return -1;
	if (j->reader && np_json_space(j) == '[' && j->depth == 1 &&
	    !strcmp(key, "items")) {
		node = np_node_new(j->arena, NP_NODE_LIST, j->line,
				   np_json_column(j));
		if (np_json_items(j, map, node))
			return -1;
		np_node_set_key(node, key, line, column);
		np_node_append(map, tail, node);
		return 0;
	}
	node = np_json_node(j);
	if (!node)
		return -1;
	np_node_set_key(node, key, line, column);
	np_node_append(map, tail, node);
	return np_json_value(j, node, pick);
}

/* Reads a map that begins here with '{'. */
static int np_json_map(struct np_json *j, struct np_node *map,
		       const struct np_pick *pick)
{
	struct np_node *tail = NULL;
	int more = 1;

	if (np_json_enter(j))
		return -1;
	if (np_json_space(j) == '}')
		more = np_json_more(j, '}');
	while (more > 0) {
		if (np_json_key(j) || np_json_field(j, map, &tail, pick))
			return -1;
		more = np_json_more(j, '}');
	}
	if (more)
		return -1;
	if (np_node_check_duplicates(map, j->name, j->err)) {
		j->failed = true;
		j->refused = true;
		return -1;
	}
	return 0;
}

/*
 * Reads any value that begins here into its node. While it is incomplete the node is null, or
 * a map or a list with the entries that have been read.
 */
static int np_json_value(struct np_json *j, struct np_node *node,
			 const struct np_pick *pick)
{
	int c = np_json_peek(j);
	const char *text;
	uint32_t len;

	switch (c) {
	case '"':
		if (np_json_string(j, &text, &len))
			return -1;
		node->type = NP_NODE_STRING;
		node->text = np_arena_memdup(j->arena, text, len);
		node->count = len;
		return 0;
	case '{':
		node->type = NP_NODE_MAP;
		return np_json_map(j, node, pick);
	case '[':
		node->type = NP_NODE_LIST;
		return np_json_list(j, node, pick);
	case '-':
	case '0' ... '9':
		return np_json_numeral(j, node);
	default:
		return np_json_word(j, node);
	}
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
		root = np_json_node(j);
		if (!root || np_json_value(j, root, NULL))
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

	while (j->end - j->start < 3) {
		n = np_input_read(j->in, j->chunk + (j->end - j->start),
				  3 - (j->end - j->start), j->err);
		if (n < 0)
			j->failed = true;
		if (n <= 0)
			break;
		j->end += n;
	}
	if (!j->failed &&
	    np_input_check_encoding(j->name, j->start, j->end - j->start, j->err))
		j->failed = true;
	if (j->end - j->start == 3 && !memcmp(j->start, "\xef\xbb\xbf", 3)) {
		j->p += 3;
		j->line_start = 3;
	}
}

int np_json_read(struct np_input *in, const struct np_reader *reader,
		 struct np_error *err)
{
	char *chunk = np_xmalloc(NP_JSON_CHUNK);
	struct np_json j = {
		.in = in,
		.reader = reader,
		.err = err,
		.name = in->name,
		.text = { .secret = true },	/* it may be of a kubeconfig */
		.chunk = chunk,
		.start = chunk,
		.p = chunk,
		.end = chunk,
		.line = 1,
	};
	int ret = -1;

	j.arena = &j.top;
	np_json_skip_mark(&j);
	if (!j.failed)
		ret = np_json_documents(&j);
	np_buffer_free(&j.text);
	explicit_bzero(chunk, NP_JSON_CHUNK);
	free(chunk);
	np_arena_free(&j.top);
	np_arena_free(&j.one);
	return ret;
}

enum np_json_end np_json_object(const char *text, size_t len,
				const struct np_pick *pick,
				struct np_arena *arena, struct np_node **root,
				struct np_error *err)
{
	struct np_json j = {
		.err = err,
		.name = "",
		.start = text,
		.p = text,
		.end = text + len,
		.ended = true,
		.line = 1,
		/* The caller has the text already, so its size is bounded. */
		.limit = UINT64_MAX,
		.arena = arena,
	};
	int ret = -1;

	*root = NULL;
	if (np_json_space(&j) == '{')
		*root = np_json_node(&j);
	else
		np_json_expected(&j, "an object");
	if (*root)
		ret = np_json_value(&j, *root, pick);
	np_buffer_free(&j.text);
	if (!ret)
		return NP_JSON_WHOLE;
	return j.refused ? NP_JSON_REFUSED : NP_JSON_BROKEN;
}
