// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads YAML documents into nodes, from libyaml's events. libyaml has no limits and knows
 * neither types nor merge keys nor duplicate keys, so they are handled here. Types are those
 * of the YAML 1.1 reader that kubectl uses.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/errors.h"
#include "object/yaml.h"

#define NP_YAML_CHUNK 16384
#define NP_YAML_TAG "tag:yaml.org,2002:"

/* A list or map that is still open. */
struct np_yaml_frame {
	struct np_node *node;
	struct np_node *tail;
	const char *anchor;
	const char *key;	/* a key whose value has not been read yet */
	uint32_t key_line;
	uint32_t key_column;
	uint32_t height;	/* levels below it so far */
	uint64_t nodes;		/* nodes that were read before it */
	uint64_t bytes;
};

struct np_yaml_anchor {
	const char *name;
	struct np_node *node;
	uint64_t nodes;		/* its bytes when aliases are written out */
	uint64_t bytes;
	uint32_t height;
};

/* The last bytes that libyaml was given, to find the line of an invalid one. */
struct np_yaml_chunk {
	char data[NP_YAML_CHUNK];
	size_t len;
	uint64_t offset;
	uint32_t line;
	uint32_t column;	/* line of its first byte, from 0 */
};

struct np_yaml {
	struct np_input *in;
	const struct np_reader *reader;
	struct np_error *err;
	bool failed;		/* err has been filled */
	struct np_arena arena;
	struct np_yaml_frame frame[NP_DEPTH_MAX];
	uint32_t depth;
	struct np_node *root;
	struct np_yaml_anchor *anchor;
	size_t anchor_count;
	uint64_t nodes;		/* nodes of this document with aliases written out */
	uint64_t bytes;
	uint64_t alias_nodes;
	uint64_t alias_bytes;
	uint64_t given;		/* bytes given to libyaml */
	uint64_t start;		/* bytes that had been given when the document began */
	struct np_yaml_chunk chunk[2];
	unsigned int last;
	uint32_t directives;
	uint32_t mark;		/* bytes of a byte order mark that have been read */
	bool line_start;
};

static int __attribute__((format(printf, 3, 4)))
np_yaml_fail(struct np_yaml *y, const yaml_mark_t *mark, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	np_error_vset(y->err, NP_EXIT_INPUT, fmt, args);
	va_end(args);
	np_error_place(y->err, y->in->name, mark ? mark->line + 1 : 0,
		       mark ? mark->column + 1 : 0);
	y->failed = true;
	return -1;
}

/* Fails with an error that quotes a name from the file between two texts. */
static int np_yaml_fail_name(struct np_yaml *y, const yaml_event_t *event,
			     const char *before, const char *name,
			     const char *after)
{
	np_yaml_fail(y, &event->start_mark, "%s%.60s%s", before, name, after);
	y->err->quotes = true;
	return -1;
}

/* Finds the location of the byte at offset len of a chunk. The column counts from 0. */
static void np_yaml_follow(const struct np_yaml_chunk *c, size_t len,
			   uint32_t *line, uint32_t *column)
{
	size_t i;

	*line = c->line;
	*column = c->column;
	for (i = 0; i < len; i++) {
		if (c->data[i] == '\n') {
			(*line)++;
			*column = 0;
		} else if ((c->data[i] & 0xc0) != 0x80) {
			(*column)++;
		}
	}
}

/*
 * Checks the bytes before libyaml reads them, for two reasons. libyaml compares each %TAG line
 * with all earlier ones, which takes quadratic time. And it takes a byte order mark at the
 * beginning of a line for a character, so that a "---" behind it begins no document.
 */
static int np_yaml_look(struct np_yaml *y, const struct np_yaml_chunk *c)
{
	static const char mark[] = "\xef\xbb\xbf";
	uint32_t line, column;
	size_t i;

	for (i = 0; i < c->len; i++) {
		if (y->line_start && c->data[i] == '%')
			y->directives++;
		y->mark = (y->line_start || y->mark) &&
			  c->data[i] == mark[y->mark] ? y->mark + 1 : 0;
		y->line_start = c->data[i] == '\n' || c->data[i] == '\r';
		if (y->mark < 3)
			continue;
		np_yaml_follow(c, i, &line, &column);
		np_yaml_fail(y, NULL, "a byte order mark inside the input");
		np_error_place(y->err, y->in->name, line, 1);
		np_error_hint(y->err, "were files put together? Give each with -f");
		return -1;
	}
	if (y->directives <= NP_DIRECTIVES_MAX)
		return 0;
	return np_yaml_fail(y, NULL, "more than %u lines begin with '%%'",
			    NP_DIRECTIVES_MAX);
}

static int np_yaml_give(void *data, unsigned char *buf, size_t size,
			size_t *given)
{
	struct np_yaml *y = data;
	struct np_yaml_chunk *old = &y->chunk[y->last];
	struct np_yaml_chunk *new = &y->chunk[!y->last];
	ssize_t n;

	*given = 0;
	if (y->given - y->start > NP_DOCUMENT_MAX) {
		np_yaml_fail(y, NULL, "a document is larger than %u MiB",
			     NP_DOCUMENT_MAX >> 20);
		np_error_hint(y->err,
			      "split it with --- lines, or use JSON, whose "
			      "lists may be of any size: kubectl get -o json");
		return 0;
	}
	if (size > NP_YAML_CHUNK)
		size = NP_YAML_CHUNK;
	n = np_input_read(y->in, new->data, size, y->err);
	if (n < 0) {
		y->failed = true;
		return 0;
	}
	/* At the end the last bytes are kept. */
	if (!n)
		return 1;
	np_yaml_follow(old, old->len, &new->line, &new->column);
	new->len = n;
	new->offset = y->given;
	y->last = !y->last;
	y->given += n;
	if (np_yaml_look(y, new))
		return 0;
	memcpy(buf, new->data, n);
	*given = n;
	return 1;
}

/* Turns an error of libyaml into a struct np_error. */
static int np_yaml_syntax(struct np_yaml *y, const yaml_parser_t *parser)
{
	const char *problem = parser->problem ? parser->problem : "not YAML";
	unsigned int i;

	if (y->failed)
		return -1;
	if (parser->error == YAML_MEMORY_ERROR)
		return np_yaml_fail(y, NULL, "out of memory");
	if (parser->error != YAML_READER_ERROR) {
		np_yaml_fail(y, &parser->problem_mark, "%s%s%s", problem,
			     parser->context ? ", " : "",
			     parser->context ? parser->context : "");
		if (strstr(problem, "character that cannot start any token"))
			np_error_hint(y->err,
				      "YAML is indented with spaces, not tabs; "
				      "quote a text that begins with @ ` or %%");
		return -1;
	}
	np_yaml_fail(y, NULL, "%s (byte 0x%02x)", problem,
		     (unsigned int)parser->problem_value);
	for (i = 0; i < 2; i++) {
		const struct np_yaml_chunk *c = &y->chunk[i];
		uint64_t at = parser->problem_offset;
		uint32_t line, column;

		if (at < c->offset || at >= c->offset + c->len)
			continue;
		np_yaml_follow(c, at - c->offset, &line, &column);
		np_error_place(y->err, y->in->name, line, column + 1);
	}
	return -1;
}

static bool np_in(const char *text, const char *const *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(text, list[i]))
			return true;
	return false;
}

#define NP_IN(text, ...)						\
({									\
	static const char *const np_list[] = { __VA_ARGS__ };		\
	np_in(text, np_list, sizeof(np_list) / sizeof(np_list[0]));	\
})

/*
 * Reads an integer as Go's strconv.ParseInt(text, 0, 64) does after each '_' was removed.
 * Returns 1, 0 if the text is no integer, or -1 if it does not fit 64 bits.
 */
static int np_yaml_integer(const char *text, int64_t *number)
{
	bool negative = *text == '-';
	const char *s = text;
	unsigned int base = 10;
	uint64_t n = 0;
	bool big = false, digits = false;

	if (*s == '-' || *s == '+')
		s++;
	if (*s == '0') {
		switch (s[1]) {
		case 'x':
		case 'X':
			base = 16;
			s += 2;
			break;
		case 'b':
		case 'B':
			base = 2;
			s += 2;
			break;
		case 'o':
		case 'O':
			base = 8;
			s += 2;
			break;
		case '\0':
			break;
		default:
			base = 8;
			digits = true;
			s++;
		}
	}
	for (; *s; s++) {
		unsigned int digit;

		if (*s == '_')
			continue;
		if (*s >= '0' && *s <= '9')
			digit = *s - '0';
		else if ((*s | 0x20) >= 'a' && (*s | 0x20) <= 'f')
			digit = (*s | 0x20) - 'a' + 10;
		else
			return 0;
		if (digit >= base)
			return 0;
		digits = true;
		if (__builtin_mul_overflow(n, base, &n) ||
		    __builtin_add_overflow(n, digit, &n))
			big = true;
	}
	if (!digits)
		return 0;
	if (big || n > (uint64_t)INT64_MAX + negative)
		return -1;
	*number = negative ? (int64_t)(0 - n) : (int64_t)n;
	return 1;
}

/* True for [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?, where each '_' is skipped. */
static bool np_yaml_is_float(const char *s)
{
	size_t whole = 0, part = 0, power = 0;

	if (*s == '-' || *s == '+')
		s++;
	for (; (*s >= '0' && *s <= '9') || *s == '_'; s++)
		whole += *s != '_';
	if (*s == '.')
		for (s++; (*s >= '0' && *s <= '9') || *s == '_'; s++)
			part += *s != '_';
	if (!whole && !part)
		return false;
	if (*s == 'e' || *s == 'E') {
		s++;
		if (*s == '-' || *s == '+')
			s++;
		for (; (*s >= '0' && *s <= '9') || *s == '_'; s++)
			power += *s != '_';
		if (!power)
			return false;
	}
	return !*s;
}

static void np_yaml_type_plain(struct np_node *node)
{
	const char *text = node->text;
	int integer;

	if (NP_IN(text, "", "~", "null", "Null", "NULL")) {
		node->type = NP_NODE_NULL;
	} else if (NP_IN(text, "y", "Y", "yes", "Yes", "YES", "true", "True",
			 "TRUE", "on", "On", "ON")) {
		node->type = NP_NODE_BOOL;
		node->truth = true;
	} else if (NP_IN(text, "n", "N", "no", "No", "NO", "false", "False",
			 "FALSE", "off", "Off", "OFF")) {
		node->type = NP_NODE_BOOL;
		node->truth = false;
	} else if (NP_IN(text, ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF",
			 "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf",
			 "-.INF")) {
		node->type = NP_NODE_FLOAT;
	} else if (strchr("+-.0123456789", *text)) {
		integer = *text == '.' ? 0 :
				       np_yaml_integer(text, &node->number);
		if (integer > 0)
			node->type = NP_NODE_INT;
		else if (integer < 0 || np_yaml_is_float(text))
			node->type = NP_NODE_FLOAT;
	}
}

/* Gives a scalar its type. Returns 0, or -1 with the error set. */
static int np_yaml_type(struct np_yaml *y, struct np_node *node,
			const yaml_event_t *event)
{
	const char *tag = (const char *)event->data.scalar.tag;
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (!tag) {
		if (plain)
			np_yaml_type_plain(node);
		return 0;
	}
	if (!strcmp(tag, "!") || !strcmp(tag, NP_YAML_TAG "str") ||
	    !strcmp(tag, NP_YAML_TAG "timestamp"))
		return 0;
	np_yaml_type_plain(node);
	if ((!strcmp(tag, NP_YAML_TAG "null") && node->type == NP_NODE_NULL) ||
	    (!strcmp(tag, NP_YAML_TAG "bool") && node->type == NP_NODE_BOOL) ||
	    (!strcmp(tag, NP_YAML_TAG "int") && node->type == NP_NODE_INT))
		return 0;
	if (!strcmp(tag, NP_YAML_TAG "float") &&
	    (node->type == NP_NODE_FLOAT || node->type == NP_NODE_INT)) {
		node->type = NP_NODE_FLOAT;
		return 0;
	}
	return np_yaml_fail_name(y, event, "tag ", tag,
				 " is not supported for this value");
}

/* Every key becomes text: kubectl's reader turns true and 0x1f into text as well. */
static int np_yaml_key(struct np_yaml *y, struct np_yaml_frame *frame,
		       struct np_node *node, const yaml_event_t *event)
{
	char number[32];

	frame->key_line = node->line;
	frame->key_column = node->column;
	switch (node->type) {
	case NP_NODE_STRING:
		if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		    !strcmp(node->text, "<<")) {
			np_yaml_fail(y, &event->start_mark,
				     "merge key << is not supported");
			np_error_hint(y->err,
				      "write the merged fields out; a plain "
				      "alias (key: *name) works");
			return -1;
		}
		frame->key = node->text;
		return 0;
	case NP_NODE_BOOL:
		frame->key = node->truth ? "true" : "false";
		return 0;
	case NP_NODE_INT:
		snprintf(number, sizeof(number), "%lld",
			 (long long)node->number);
		frame->key = np_arena_memdup(&y->arena, number,
					     strlen(number));
		return 0;
	default:
		np_yaml_fail(y, &event->start_mark, "%s cannot be a key",
			     np_node_type_name(node));
		np_error_hint(y->err, "quote it");
		return -1;
	}
}

/* Puts a finished node, or a container that was just opened, into its parent. */
static void np_yaml_put(struct np_yaml *y, struct np_node *node)
{
	struct np_yaml_frame *frame;

	if (!y->depth) {
		y->root = node;
		return;
	}
	frame = &y->frame[y->depth - 1];
	if (frame->node->type == NP_NODE_MAP) {
		np_node_set_key(node, frame->key, frame->key_line,
				frame->key_column);
		frame->key = NULL;
	}
	np_node_append(frame->node, &frame->tail, node);
}

static void np_yaml_raise(struct np_yaml *y, uint32_t height)
{
	if (y->depth && y->frame[y->depth - 1].height < height)
		y->frame[y->depth - 1].height = height;
}

static int np_yaml_name(struct np_yaml *y, const char *name,
			struct np_node *node, uint64_t nodes, uint64_t bytes,
			uint32_t height)
{
	struct np_yaml_anchor *anchor;

	/* The number of anchors is limited because an alias is looked up among all of them. */
	if (y->anchor_count == NP_ANCHORS_MAX) {
		np_yaml_fail(y, NULL, "more than %u anchors", NP_ANCHORS_MAX);
		np_error_place(y->err, y->in->name, node->line, node->column);
		return -1;
	}
	y->anchor = np_array_grow(y->anchor, y->anchor_count, sizeof(*y->anchor));
	anchor = &y->anchor[y->anchor_count++];
	anchor->name = name;
	anchor->node = node;
	anchor->nodes = nodes;
	anchor->bytes = bytes;
	anchor->height = height;
	return 0;
}

static const char *np_yaml_dup(struct np_yaml *y, const yaml_char_t *text)
{
	if (!text)
		return NULL;
	return np_arena_memdup(&y->arena, (const char *)text,
			       strlen((const char *)text));
}

static bool np_yaml_wants_key(const struct np_yaml *y)
{
	const struct np_yaml_frame *frame;

	if (!y->depth)
		return false;
	frame = &y->frame[y->depth - 1];
	return frame->node->type == NP_NODE_MAP && !frame->key;
}

static int np_yaml_count(struct np_yaml *y, const yaml_event_t *event)
{
	/* Aliases have a limit of their own, because a small document can expand to a huge one. */
	if (y->nodes - y->alias_nodes < NP_NODES_MAX)
		return 0;
	return np_yaml_fail(y, &event->start_mark,
			    "more than %u values in one document",
			    NP_NODES_MAX);
}

static int np_yaml_scalar(struct np_yaml *y, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	bool key = np_yaml_wants_key(y);
	struct np_node *node;

	if (np_yaml_count(y, event))
		return -1;
	if (memchr(text, '\0', len))
		return np_yaml_fail(y, &event->start_mark,
				    "a text holds a NUL character");
	node = np_node_new(&y->arena, NP_NODE_STRING,
			   event->start_mark.line + 1,
			   event->start_mark.column + 1);
	node->text = np_arena_memdup(&y->arena, text, len);
	node->count = len;
	if (np_yaml_type(y, node, event))
		return -1;
	y->nodes++;
	y->bytes += len + 1;
	if (event->data.scalar.anchor &&
	    np_yaml_name(y, np_yaml_dup(y, event->data.scalar.anchor), node, 1,
			 len + 1, 0))
		return -1;
	if (key)
		return np_yaml_key(y, &y->frame[y->depth - 1], node, event);
	np_yaml_put(y, node);
	return 0;
}

static int np_yaml_open(struct np_yaml *y, const yaml_event_t *event,
			enum np_node_type type, const yaml_char_t *anchor,
			const yaml_char_t *tag)
{
	struct np_yaml_frame *frame;
	struct np_node *node;

	if (np_yaml_count(y, event))
		return -1;
	if (tag && strcmp((const char *)tag, "!") &&
	    strcmp((const char *)tag, type == NP_NODE_MAP ?
		   NP_YAML_TAG "map" : NP_YAML_TAG "seq"))
		return np_yaml_fail_name(y, event, "tag ", (const char *)tag,
					 type == NP_NODE_MAP ?
					 " is not supported for a map" :
					 " is not supported for a list");
	if (np_yaml_wants_key(y))
		return np_yaml_fail(y, &event->start_mark,
				    "%s cannot be a key",
				    type == NP_NODE_MAP ? "a map" : "a list");
	if (y->depth == NP_DEPTH_MAX)
		return np_yaml_fail(y, &event->start_mark,
				    "nested deeper than %u levels",
				    NP_DEPTH_MAX);
	node = np_node_new(&y->arena, type, event->start_mark.line + 1,
			   event->start_mark.column + 1);
	np_yaml_put(y, node);
	frame = &y->frame[y->depth++];
	memset(frame, 0, sizeof(*frame));
	frame->node = node;
	frame->anchor = np_yaml_dup(y, anchor);
	frame->nodes = y->nodes++;
	frame->bytes = y->bytes++;
	return 0;
}

static int np_yaml_close(struct np_yaml *y)
{
	struct np_yaml_frame *frame = &y->frame[--y->depth];

	if (frame->node->type == NP_NODE_MAP &&
	    np_node_check_duplicates(frame->node, y->in->name, y->err)) {
		y->failed = true;
		return -1;
	}
	if (frame->anchor &&
	    np_yaml_name(y, frame->anchor, frame->node,
			 y->nodes - frame->nodes, y->bytes - frame->bytes,
			 frame->height + 1))
		return -1;
	np_yaml_raise(y, frame->height + 1);
	return 0;
}

static int np_yaml_alias(struct np_yaml *y, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	const struct np_yaml_anchor *anchor = NULL;
	uint64_t room = y->given * NP_ALIAS_FACTOR;
	struct np_node *node;
	size_t i;

	for (i = y->anchor_count; i && !anchor; i--)
		if (!strcmp(y->anchor[i - 1].name, name))
			anchor = &y->anchor[i - 1];
	for (i = 0; i < y->depth; i++)
		if (y->frame[i].anchor && !strcmp(y->frame[i].anchor, name))
			return np_yaml_fail_name(y, event, "alias *", name,
						 " is inside its own anchor");
	if (!anchor)
		return np_yaml_fail_name(y, event, "alias *", name,
					 " has no anchor before it");
	if (np_yaml_wants_key(y) && anchor->node->type >= NP_NODE_LIST)
		return np_yaml_fail(y, &event->start_mark,
				    "%s cannot be a key",
				    np_node_type_name(anchor->node));
	if (y->depth + anchor->height > NP_DEPTH_MAX)
		return np_yaml_fail_name(y, event, "alias *", name,
					 " makes it nested too deep");
	y->nodes += anchor->nodes;
	y->bytes += anchor->bytes;
	y->alias_nodes += anchor->nodes;
	y->alias_bytes += anchor->bytes;
	if (room < NP_ALIAS_BYTES_FREE)
		room = NP_ALIAS_BYTES_FREE;
	if (y->alias_nodes > NP_ALIAS_NODES_MAX || y->alias_bytes > room)
		return np_yaml_fail(y, &event->start_mark,
				    "aliases expand to more than %u nodes or %u times the input",
				    NP_ALIAS_NODES_MAX, NP_ALIAS_FACTOR);
	node = np_arena_alloc(&y->arena, sizeof(*node));
	*node = *anchor->node;
	node->next = NULL;
	node->key = NULL;
	node->line = event->start_mark.line + 1;
	node->column = event->start_mark.column + 1;
	if (np_yaml_wants_key(y)) {
		struct np_yaml_frame *frame = &y->frame[y->depth - 1];

		if (node->type != NP_NODE_STRING)
			return np_yaml_fail(y, &event->start_mark,
					    "%s cannot be a key",
					    np_node_type_name(node));
		frame->key = node->text;
		frame->key_line = node->line;
		frame->key_column = node->column;
		return 0;
	}
	np_yaml_put(y, node);
	np_yaml_raise(y, anchor->height);
	return 0;
}

static void np_yaml_begin(struct np_yaml *y)
{
	np_arena_reset(&y->arena);
	y->root = NULL;
	y->depth = 0;
	y->anchor_count = 0;
	y->nodes = 0;
	y->bytes = 0;
	y->alias_nodes = 0;
	y->alias_bytes = 0;
	y->start = y->given;
}

/*
 * Returns the offset of the first "{{" in a line, or len. Behind a quote or in a comment it is part
 * of a text.
 */
static size_t np_yaml_template_in(const char *line, size_t len)
{
	size_t i, run;

	for (i = 0; i < len; i += run ? run : 1) {
		for (run = 0; i + run < len && line[i + run] == '{'; run++)
			;
		if (run == 2)
			return i;
		if (line[i] == '"' || line[i] == '\'' || line[i] == '#')
			return len;
	}
	return len;
}

/*
 * Templates of Helm are the most usual text that looks like YAML and is none, and what libyaml says
 * of them helps nobody. Looks for one in the line of an error and, with `above`, in the line
 * before, as libyaml often notices it a line later.
 */
static void np_yaml_check_template(const struct np_yaml *y, struct np_error *err, bool above)
{
	const struct np_yaml_chunk *old = &y->chunk[!y->last], *new = &y->chunk[y->last];
	uint32_t line = old->len ? old->line : new->line, want = err->line;
	size_t len = old->len + new->len, at, end, found;
	char *text = np_xmalloc(len + 1);

	memcpy(text, old->data, old->len);
	memcpy(text + old->len, new->data, new->len);
	for (at = 0; at < len && line <= want; at = end + 1, line++) {
		const char *newline = memchr(text + at, '\n', len - at);

		end = newline ? (size_t)(newline - text) : len;
		found = np_yaml_template_in(text + at, end - at);
		if (line + above < want || found == end - at)
			continue;
		np_error_set(err, NP_EXIT_INPUT,
			     "this is a template, as of Helm: \"{{\" in place of YAML");
		np_error_place(err, y->in->name, line, found + 1);
		np_error_hint(err, "render it first: helm template CHART | netpolctl ... -f -");
		break;
	}
	free(text);
}

/* Hands a document that is complete to the reader. */
static int np_yaml_document(struct np_yaml *y)
{
	struct np_errors *errors = y->reader->errors;
	size_t i = errors ? errors->count : 0;

	if (y->reader->document(y->reader->arg, y->root, false, y->err)) {
		y->failed = true;
		return -1;
	}
	for (; errors && i < np_errors_kept(errors); i++)
		np_yaml_check_template(y, &errors->item[i], false);
	y->start = y->given;
	return 0;
}

static int np_yaml_event(struct np_yaml *y, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		np_yaml_begin(y);
		return 0;
	case YAML_DOCUMENT_END_EVENT:
		return np_yaml_document(y);
	case YAML_SCALAR_EVENT:
		return np_yaml_scalar(y, event);
	case YAML_SEQUENCE_START_EVENT:
		return np_yaml_open(y, event, NP_NODE_LIST,
				    event->data.sequence_start.anchor,
				    event->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return np_yaml_open(y, event, NP_NODE_MAP,
				    event->data.mapping_start.anchor,
				    event->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return np_yaml_close(y);
	case YAML_ALIAS_EVENT:
		return np_yaml_alias(y, event);
	default:
		return 0;
	}
}

/*
 * Skips a byte order mark. libyaml does so only where it may guess the encoding, and here the
 * encoding is set.
 */
static int np_yaml_skip_mark(struct np_yaml *y)
{
	struct np_yaml_chunk *c = &y->chunk[0];
	ssize_t n;

	while (c->len < 3) {
		n = np_input_read(y->in, c->data + c->len, 3 - c->len, y->err);
		if (n < 0)
			return -1;
		if (!n)
			break;
		c->len += n;
	}
	if (np_input_check_encoding(y->in->name, c->data, c->len, y->err))
		return -1;
	if (c->len == 3 && !memcmp(c->data, "\xef\xbb\xbf", 3))
		c->len = 0;
	return 0;
}

struct np_yaml_feed {
	struct np_yaml *yaml;
	size_t head;		/* bytes of the first chunk that libyaml has not been given yet */
};

static int np_yaml_feed(void *data, unsigned char *buf, size_t size,
			size_t *given)
{
	struct np_yaml_feed *feed = data;
	struct np_yaml *y = feed->yaml;

	if (!feed->head)
		return np_yaml_give(y, buf, size, given);
	memcpy(buf, y->chunk[0].data, feed->head);
	if (np_yaml_look(y, &y->chunk[0])) {
		*given = 0;
		return 0;
	}
	y->given = feed->head;
	*given = feed->head;
	feed->head = 0;
	return 1;
}

int np_yaml_read(struct np_input *in, const struct np_reader *reader,
		 struct np_error *err)
{
	struct np_yaml *y = np_xcalloc(1, sizeof(*y));
	struct np_yaml_feed feed = { .yaml = y };
	yaml_parser_t parser;
	yaml_event_t event;
	bool end = false, syntax = false;
	int ret;

	y->in = in;
	y->reader = reader;
	y->err = err;
	y->line_start = true;
	y->chunk[0].line = 1;
	ret = np_yaml_skip_mark(y);
	if (ret)
		goto out;
	feed.head = y->chunk[0].len;
	if (!yaml_parser_initialize(&parser)) {
		ret = np_yaml_fail(y, NULL, "out of memory");
		goto out;
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input(&parser, np_yaml_feed, &feed);
	while (!ret && !end) {
		if (!yaml_parser_parse(&parser, &event)) {
			ret = np_yaml_syntax(y, &parser);
			syntax = true;
			break;
		}
		end = event.type == YAML_STREAM_END_EVENT;
		ret = np_yaml_event(y, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	if (ret && err->line)
		np_yaml_check_template(y, err, syntax);
out:
	free(y->anchor);
	np_arena_free(&y->arena);
	free(y);
	return ret;
}
