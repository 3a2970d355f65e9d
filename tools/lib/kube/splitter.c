// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds JSON objects in watch streams and lists.
 *
 * Most bytes only pass through np_split_scan(), which finds the end of a nested value. Bytes
 * of a list outside of its items are looked at one by one and kept, because their keys matter.
 * Whether they are valid JSON is found out by the parser of the head.
 */
#include "kube/splitter.h"

#include <stdlib.h>
#include <string.h>

#include "base/loop.h"

/* Buffers of up to this size are kept from one object to the next. */
#define NP_SPLIT_KEEP		(256u * 1024)

enum np_split_state {
	NP_SPLIT_BEFORE,	/* before an object or the list */
	NP_SPLIT_INSIDE,	/* inside an object that will be handed over */
	/* in a list, outside of its items */
	NP_SPLIT_KEY,		/* a key or the end of the list is next */
	NP_SPLIT_COLON,		/* a colon is next */
	NP_SPLIT_VALUE,		/* a value is next */
	NP_SPLIT_FRAME,		/* inside a value other than "items" */
	NP_SPLIT_COMMA,		/* behind a value */
	NP_SPLIT_FIRST,		/* behind the [ of "items" */
	NP_SPLIT_ITEM,		/* behind a comma between items */
	NP_SPLIT_NEXT,		/* behind an item */
	NP_SPLIT_DONE,		/* behind the list */
};

/* The meaning of a byte outside of strings. */
enum np_split_class {
	NP_SPLIT_OTHER,
	NP_SPLIT_QUOTE,
	NP_SPLIT_OPEN,
	NP_SPLIT_CLOSE,
	NP_SPLIT_BAD,		/* a control character that is no white space */
};

static const uint8_t np_split_class[256] = {
	[0 ... '\t' - 1] = NP_SPLIT_BAD,
	['\n' + 1 ... '\r' - 1] = NP_SPLIT_BAD,
	['\r' + 1 ... ' ' - 1] = NP_SPLIT_BAD,
	['"'] = NP_SPLIT_QUOTE,
	['{'] = NP_SPLIT_OPEN,
	['['] = NP_SPLIT_OPEN,
	['}'] = NP_SPLIT_CLOSE,
	[']'] = NP_SPLIT_CLOSE,
};

/* The bytes inside a string that need a closer look. */
static const uint8_t np_split_special[256] = {
	[0 ... 31] = 1,
	['"'] = 1,
	['\\'] = 1,
};

void np_splitter_init(struct np_splitter *s, enum np_split_mode mode,
		      const struct np_splitter_ops *ops, void *context)
{
	memset(s, 0, sizeof(*s));
	s->ops = ops;
	s->context = context;
	s->mode = mode;
}

static void np_split_shrink(struct np_splitter *s)
{
	if (s->object.room > NP_SPLIT_KEEP)
		np_buffer_free(&s->object);
	s->object.len = 0;
}

void np_splitter_reset(struct np_splitter *s, enum np_split_mode mode)
{
	np_split_shrink(s);
	s->mode = mode;
	s->state = NP_SPLIT_BEFORE;
	s->in_string = false;
	s->escaped = false;
	s->items_seen = false;
	s->key_is_items = false;
	s->skip = NULL;
	s->error = NULL;
	s->depth = 0;
	s->lists = 0;
	s->head.len = 0;
	s->key_len = 0;
	s->bytes = 0;
}

void np_splitter_free(struct np_splitter *s)
{
	np_buffer_free(&s->object);
	np_buffer_free(&s->head);
	memset(s, 0, sizeof(*s));
}

static int np_split_fail(struct np_splitter *s, const char *why)
{
	s->error = why;
	np_split_shrink(s);
	return -1;
}

/* Keeps a part of the current object, unless the object is skipped. */
static void np_split_keep(struct np_splitter *s, const char *data, size_t len)
{
	if (s->skip || np_buffer_add_bounded(&s->object, data, len, NP_SPLIT_OBJECT_MAX))
		return;
	np_buffer_add_bounded(&s->object, data, NP_SPLIT_OBJECT_MAX - s->object.len,
			      NP_SPLIT_OBJECT_MAX);
	s->skip = "it is larger than 20 MiB";
}

static int np_split_keep_head(struct np_splitter *s, const char *data,
			      size_t len)
{
	if (!np_buffer_add_bounded(&s->head, data, len, NP_SPLIT_HEAD_MAX))
		return np_split_fail(s, "a list with more than 256 KiB besides its items");
	return 0;
}

/* Goes one level down or up. Returns -1 if the bracket does not match. */
static int np_split_level(struct np_splitter *s, char c)
{
	bool list = c == '[' || c == ']';

	if (c == '{' || c == '[') {
		if (s->depth < NP_SPLIT_BRACKETS) {
			uint64_t bit = 1ull << s->depth;

			s->lists = list ? s->lists | bit : s->lists & ~bit;
		}
		s->depth++;
		return 0;
	}
	s->depth--;
	if (s->depth < NP_SPLIT_BRACKETS &&
	    (s->lists >> s->depth & 1) != list)
		return -1;
	return 0;
}

/*
 * Follows the structure from *at until the depth falls to end. Then *at is behind the closing
 * bracket, and it returns 1. Returns 0 at the end of the data, or -1 with the error set.
 */
static int np_split_scan(struct np_splitter *s, const char **at,
			 const char *stop, uint64_t end)
{
	const char *p = *at;

	while (p < stop) {
		if (s->in_string) {
			if (s->escaped) {
				s->escaped = false;
				p++;
				continue;
			}
			while (p < stop && !np_split_special[(uint8_t)*p])
				p++;
			if (p == stop)
				break;
			if (*p == '"')
				s->in_string = false;
			else if (*p == '\\')
				s->escaped = true;
			else
				return np_split_fail(s, "a control character in a string");
			p++;
			continue;
		}
		while (p < stop && !np_split_class[(uint8_t)*p])
			p++;
		if (p == stop)
			break;
		switch (np_split_class[(uint8_t)*p]) {
		case NP_SPLIT_QUOTE:
			s->in_string = true;
			break;
		case NP_SPLIT_BAD:
			return np_split_fail(s, "a control character between values");
		default:
			if (np_split_level(s, *p))
				return np_split_fail(s, "brackets that do not match");
			if (s->depth > NP_SPLIT_DEPTH_MAX && !s->skip)
				s->skip = "it is nested deeper than 16384 levels";
			break;
		}
		p++;
		if (s->depth == end) {
			*at = p;
			return 1;
		}
	}
	*at = p;
	return 0;
}

/* Hands over an object whose last part lies from start to p. The buffer holds the rest. */
static void np_split_deliver(struct np_splitter *s, const char *start,
			     const char *p)
{
	/* The whole object lies in the data, so it needs no copy. */
	np_breathe();
	if (!s->skip && !s->object.len && p - start <= NP_SPLIT_OBJECT_MAX) {
		s->ops->object(s->context, start, p - start);
		return;
	}
	np_split_keep(s, start, p - start);
	if (s->skip)
		s->ops->skipped(s->context, s->object.len ? s->object.data : "", s->object.len,
				s->skip);
	else
		s->ops->object(s->context, s->object.data, s->object.len);
	np_split_shrink(s);
	s->skip = NULL;
}

/*
 * Reads on inside an object that ends when the depth falls to end. Returns 1 if it has ended,
 * 0 if it goes on, -1 with the error set.
 */
static int np_split_inside(struct np_splitter *s, const char **at,
			   const char *stop, uint64_t end)
{
	const char *start = *at;
	const char *skip = s->skip;
	int ret;

	ret = np_split_scan(s, at, stop, end);
	if (ret < 0)
		return -1;
	/* It became too deep just now. Its beginning is still kept, because it holds the name. */
	if (!skip && s->skip) {
		const char *why = s->skip;

		s->skip = NULL;
		np_split_keep(s, start, *at - start);
		s->skip = why;
		start = *at;
	}
	if (!ret) {
		np_split_keep(s, start, *at - start);
		return 0;
	}
	np_split_deliver(s, start, *at);
	return 1;
}

static bool np_split_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int np_split_stream(struct np_splitter *s, const char *p,
			   const char *stop)
{
	int ret;

	while (p < stop) {
		if (s->state == NP_SPLIT_BEFORE) {
			if (np_split_blank(*p)) {
				p++;
				continue;
			}
			if (*p != '{')
				return np_split_fail(s, "something other than an object");
			s->state = NP_SPLIT_INSIDE;
			s->depth = 0;
		}
		ret = np_split_inside(s, &p, stop, 0);
		if (ret < 0)
			return -1;
		if (ret)
			s->state = NP_SPLIT_BEFORE;
	}
	return 0;
}

/* Takes a byte of a string at level 1. */
static int np_split_string(struct np_splitter *s, char c)
{
	if (s->escaped)
		s->escaped = false;
	else if (c == '\\')
		s->escaped = true;
	else if (c == '"')
		s->in_string = false;
	else if ((uint8_t)c < 0x20)
		return np_split_fail(s, "a control character in a string");
	return 0;
}

/*
 * Takes a byte of a key at level 1. A key with an escape is never taken for "items", because no
 * server writes "items" with one.
 */
static int np_split_key(struct np_splitter *s, char c)
{
	if (np_split_string(s, c))
		return -1;
	if (!s->in_string) {
		s->key_is_items = s->key_len == 5 && !memcmp(s->key, "items", 5);
		s->state = NP_SPLIT_COLON;
		return 0;
	}
	if (s->key_len < sizeof(s->key))
		s->key[s->key_len] = c;
	if (s->key_len <= sizeof(s->key))
		s->key_len++;
	return 0;
}

/* Takes a byte between items. */
static int np_split_between(struct np_splitter *s, char c)
{
	if (c == ',' && s->state == NP_SPLIT_NEXT) {
		s->state = NP_SPLIT_ITEM;
		return 0;
	}
	if (c == ']' && s->state != NP_SPLIT_ITEM) {
		s->depth = 1;
		s->state = NP_SPLIT_COMMA;
		return np_split_keep_head(s, "]", 1);
	}
	return np_split_fail(s, "an item that is not an object");
}

/* Takes a byte of a list that is neither in its items nor in another value. */
static int np_split_frame(struct np_splitter *s, char c)
{
	switch (s->state) {
	case NP_SPLIT_BEFORE:
		if (c != '{')
			return np_split_fail(s, "something other than an object");
		s->depth = 1;
		s->lists = 0;
		s->state = NP_SPLIT_KEY;
		return 0;
	case NP_SPLIT_KEY:
		if (c == '"') {
			s->in_string = true;
			s->key_len = 0;
			return 0;
		}
		break;
	case NP_SPLIT_COLON:
		if (c == ':') {
			s->state = NP_SPLIT_VALUE;
			return 0;
		}
		return np_split_fail(s, "a key without a value");
	case NP_SPLIT_COMMA:
		if (c == ',') {
			s->state = NP_SPLIT_KEY;
			return 0;
		}
		break;
	default:
		return np_split_fail(s, "something after the list");
	}
	if (c != '}')
		return np_split_fail(s, "something other than a key or the end of the list");
	s->depth = 0;
	s->state = NP_SPLIT_DONE;
	return 0;
}

/*
 * Finds out what c, with which a value at level 1 begins, is the beginning of. Returns 1 if c has
 * been taken, 0 if it is still to be read, or -1 after an error.
 */
static int np_split_value(struct np_splitter *s, char c)
{
	if (!s->key_is_items) {
		s->state = NP_SPLIT_FRAME;
		return 0;
	}
	if (s->items_seen)
		return np_split_fail(s, "two lists of items");
	if (c == '[') {
		s->items_seen = true;
		np_split_level(s, c);
		s->state = NP_SPLIT_FIRST;
		return np_split_keep_head(s, "[", 1) ? -1 : 1;
	}
	if (c != 'n')
		return np_split_fail(s, "items that are not a list");
	/* It must be null, which means an empty list. The parser of the head checks the word. */
	s->items_seen = true;
	s->state = NP_SPLIT_FRAME;
	return 0;
}

/*
 * Reads on in a value at level 1 other than "items". A scalar ends before the comma or brace
 * that follows it, which np_split_frame() takes.
 */
static int np_split_other(struct np_splitter *s, const char **at,
			  const char *stop)
{
	const char *start = *at, *p = start;

	while (p < stop) {
		if (s->depth > 1) {
			if (np_split_scan(s, &p, stop, 1) < 0)
				return -1;
			if (s->skip)
				return np_split_fail(s, "a list that is nested too deep");
			continue;
		}
		if (s->in_string) {
			if (np_split_string(s, *p++))
				return -1;
			continue;
		}
		if (*p == ',' || *p == '}') {
			s->state = NP_SPLIT_COMMA;
			break;
		}
		switch (np_split_class[(uint8_t)*p]) {
		case NP_SPLIT_QUOTE:
			s->in_string = true;
			break;
		case NP_SPLIT_OPEN:
			np_split_level(s, *p);
			break;
		case NP_SPLIT_OTHER:
			break;
		default:
			return np_split_fail(s, "brackets that do not match");
		}
		p++;
	}
	*at = p;
	return np_split_keep_head(s, start, p - start);
}

static int np_split_list(struct np_splitter *s, const char *p,
			 const char *stop)
{
	int ret;

	while (p < stop) {
		if (s->state == NP_SPLIT_INSIDE) {
			ret = np_split_inside(s, &p, stop, 2);
			if (ret < 0)
				return -1;
			if (ret)
				s->state = NP_SPLIT_NEXT;
			continue;
		}
		if (s->state == NP_SPLIT_FRAME) {
			if (np_split_other(s, &p, stop))
				return -1;
			continue;
		}
		if (!s->in_string && np_split_blank(*p)) {
			p++;
			continue;
		}
		if (s->state == NP_SPLIT_VALUE) {
			ret = np_split_value(s, *p);
			if (ret < 0)
				return -1;
			p += ret;
			continue;
		}
		if (s->state == NP_SPLIT_FIRST || s->state == NP_SPLIT_ITEM ||
		    s->state == NP_SPLIT_NEXT) {
			if (*p == '{' && s->state != NP_SPLIT_NEXT) {
				s->state = NP_SPLIT_INSIDE;
				continue;
			}
			if (np_split_between(s, *p++))
				return -1;
			continue;
		}
		if (np_split_keep_head(s, p, 1))
			return -1;
		if (s->in_string ? np_split_key(s, *p) : np_split_frame(s, *p))
			return -1;
		p++;
	}
	return 0;
}

int np_splitter_feed(struct np_splitter *s, const char *data, size_t len)
{
	if (s->error)
		return -1;
	s->bytes += len;
	if (s->mode == NP_SPLIT_STREAM)
		return np_split_stream(s, data, data + len);
	return np_split_list(s, data, data + len);
}

bool np_splitter_complete(const struct np_splitter *s)
{
	if (s->error)
		return false;
	if (s->mode == NP_SPLIT_STREAM)
		return s->state == NP_SPLIT_BEFORE;
	return s->state == NP_SPLIT_DONE;
}

const char *np_splitter_error(const struct np_splitter *s)
{
	return s->error;
}

const char *np_splitter_head(const struct np_splitter *s, size_t *len)
{
	*len = s->head.len;
	return s->head.len ? s->head.data : "";
}
