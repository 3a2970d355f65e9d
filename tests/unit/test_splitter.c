// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The splitter: the same objects however the bytes arrive, limits, what can be
 * no JSON, linear work.
 */
#include <stdlib.h>

#include "check.h"
#include "object/object.h"
#include "kube/splitter.h"
#include "object/json.h"

/* What was handed over: objects by "|", skipped ones as "!prefix of 8 bytes|". */
static struct np_buffer got;
static unsigned int objects, skipped;
static size_t last_len;
static const char *last_reason;

static void put(const char *text, size_t len)
{
	np_buffer_print(&got, "%.*s", (int)len, text);
}

static void on_object(void *context, const char *text, size_t len)
{
	objects++;
	last_len = len;
	if (len < 4096)
		put(text, len);
	put("|", 1);
}

static void on_skipped(void *context, const char *text, size_t len,
		       const char *reason)
{
	skipped++;
	last_len = len;
	last_reason = reason;
	put("!", 1);
	put(text, len < 8 ? len : 8);
	put("|", 1);
}

static const struct np_splitter_ops ops = {
	.object = on_object,
	.skipped = on_skipped,
};

static struct np_splitter s;

/* Feeds text in parts of step bytes; "" or the error. */
static const char *split_at(enum np_split_mode mode, const char *text,
			    size_t len, size_t first, size_t step)
{
	size_t at = 0;

	np_splitter_reset(&s, mode);
	objects = 0;
	skipped = 0;
	got.len = 0;
	put("", 0);
	while (at < len) {
		size_t n = at ? step : first;
		/* a copy of its own size, so that reading over it is seen */
		char *part;

		if (!n)
			n = step;
		if (n > len - at)
			n = len - at;
		part = np_xmalloc(n);
		memcpy(part, text + at, n);
		at += n;
		if (np_splitter_feed(&s, part, n)) {
			free(part);
			return np_splitter_error(&s);
		}
		free(part);
	}
	return "";
}

static const char *split(enum np_split_mode mode, const char *text)
{
	return split_at(mode, text, strlen(text), 0, strlen(text));
}

static const char stream[] =
	"{\"type\":\"ADDED\",\"object\":{\"a\":\"}{\\\"][\\\\\",\"b\":[[],{}]}}\n"
	"{}{\"\\u007b\":\"\xc3\xa4\"}\r\n \t{\"n\":[1,2,{\"x\":null}]}";
static const char stream_got[] =
	"{\"type\":\"ADDED\",\"object\":{\"a\":\"}{\\\"][\\\\\",\"b\":[[],{}]}}|"
	"{}|{\"\\u007b\":\"\xc3\xa4\"}|{\"n\":[1,2,{\"x\":null}]}|";
static const char list[] =
	" {\"kind\":\"PodList\", \"metadata\" : {\"continue\":\"a\\\"}b\",\"x\":[{\"items\":[1]}]},"
	"\"n\":12,\n\"items\": [ {\"a\":1} ,\n{\"items\":[{}]},{}], \"s\":\"[\\\\\",\"z\":null } \n";
static const char list_got[] = "{\"a\":1}|{\"items\":[{}]}|{}|";
static const char list_head[] =
	"{\"kind\":\"PodList\",\"metadata\":{\"continue\":\"a\\\"}b\",\"x\":[{\"items\":[1]}]},"
	"\"n\":12,\"items\":[],\"s\":\"[\\\\\",\"z\":null }";

/* L19: framed by structure: split at every offset, and byte by byte. */
static void test_every_offset(void)
{
	size_t i, len;

	for (i = 0; i < strlen(stream); i++) {
		CHECK_STR(split_at(NP_SPLIT_STREAM, stream, strlen(stream), i,
				   strlen(stream)), "");
		CHECK_STR(got.data, stream_got);
		CHECK(np_splitter_complete(&s));
	}
	for (i = 1; i < 9; i++) {
		CHECK_STR(split_at(NP_SPLIT_STREAM, stream, strlen(stream), i, i), "");
		CHECK_STR(got.data, stream_got);
	}
	for (i = 0; i < strlen(list); i++) {
		CHECK_STR(split_at(NP_SPLIT_LIST, list, strlen(list), i,
				   strlen(list)), "");
		CHECK_STR(got.data, list_got);
		CHECK(np_splitter_complete(&s));
		np_splitter_head(&s, &len);
		CHECK(len == strlen(list_head) &&
		      !memcmp(np_splitter_head(&s, &len), list_head, len));
	}
	for (i = 1; i < 9; i++) {
		CHECK_STR(split_at(NP_SPLIT_LIST, list, strlen(list), i, i), "");
		CHECK_STR(got.data, list_got);
	}
}

/* L22: an end that comes early is seen, and no half object is handed over. */
static void test_cut(void)
{
	static const char one[] = "{\"a\":{\"b\":\"c\"}}";
	size_t i;

	for (i = 1; i < strlen(one); i++) {
		CHECK_STR(split_at(NP_SPLIT_STREAM, one, i, 0, i), "");
		CHECK_EQ(objects, 0);
		CHECK(!np_splitter_complete(&s));
	}
	for (i = 0; list[i]; i++) {
		CHECK_STR(split_at(NP_SPLIT_LIST, list, i, 0, i + 1), "");
		CHECK_EQ(np_splitter_complete(&s),
			 i > strrchr(list, '}') - list);
	}
}

static void test_bad(void)
{
	static const char *const streams[] = {
		"x", "[]", "{}x", "{]", "{\"a\":[}", "{\"a\":\"\n\"}", "}", "\"a\"",
		"{}\001{}", "{\001}", "{}null", "1", "{}}",
	};
	static const char *const lists[] = {
		"[]", "x", "{}{}", "{}x", "{\"items\":{}}", "{\"items\":[1]}",
		"{\"items\":[{}{}]}", "{\"items\":[,{}]}", "{\"items\":[{},]}",
		"{\"items\":[[]]}", "{\"items\":[{}],\"items\":[{}]}", "{a:1}",
		"{\"a\"}", "{\"a\":]}", "{\"a\":[}]}", "{\"items\":\"x\"}",
		"{\"items\":[\"x\"]}", "{\"items\":[null]}", "{\"a\":\"\n\"}",
		"{\"a\n\":1}", "{\"items\":[{\"a\":]}]}",
	};
	size_t i;

	for (i = 0; i < sizeof(streams) / sizeof(*streams); i++)
		if (!CHECK(*split(NP_SPLIT_STREAM, streams[i])))
			printf("\t%s\n", streams[i]);
	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (!CHECK(*split(NP_SPLIT_LIST, lists[i])))
			printf("\t%s\n", lists[i]);
	CHECK_EQ(np_splitter_feed(&s, "{}", 2), -1);
	CHECK(!np_splitter_complete(&s));
	/* an empty list in both ways that Go writes it */
	CHECK_STR(split(NP_SPLIT_LIST, "{\"items\":null,\"a\":1}"), "");
	CHECK(np_splitter_complete(&s) && !objects);
	CHECK_STR(split(NP_SPLIT_LIST, "{\"items\":[]}"), "");
	CHECK(np_splitter_complete(&s) && !objects);
	/* a key that only looks like it */
	CHECK_STR(split(NP_SPLIT_LIST, "{\"\\u0069tems\":[{}],\"itemsx\":[{}]}"), "");
	CHECK_EQ(objects, 0);
	/* a frame that is no end: whoever parses the head finds out */
	CHECK_STR(split(NP_SPLIT_LIST, "{\"a\":1,}"), "");
}

/* An object of about size bytes, named n. */
static char *big_object(size_t size, size_t *len)
{
	char *text = np_xmalloc(size + 256);

	*len = sprintf(text, "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"n\",\"uid\":\"u\"},\"x\":\"");
	memset(text + *len, 'x', size);
	*len += size;
	*len += sprintf(text + *len, "\"}}");
	return text;
}

/* Is that the name in an event that may be cut off? */
static bool begins(const char *text, size_t n, const char *name)
{
	struct np_arena arena = { 0 };
	const struct np_node *object;
	struct np_node *root;
	struct np_error err;
	bool same;

	np_json_object(text, n, NULL, &arena, &root, &err);
	object = np_node_get(root, "object");
	same = !strcmp(np_node_text(np_node_get(object, "metadata"), "name"), name);
	np_arena_free(&arena);
	return same;
}

/* L20: caps on bytes and depth; the rest of the stream goes on. */
static void test_caps(void)
{
	static const size_t step[] = { 1000, 65536, 1 << 23 };
	size_t len, i, fill;
	char *text;

	fill = NP_SPLIT_OBJECT_MAX;
	text = big_object(fill, &len);
	fill -= len - NP_SPLIT_OBJECT_MAX;
	free(text);
	for (i = 0; i < 3; i++) {
		text = big_object(fill, &len);
		CHECK_EQ(len, NP_SPLIT_OBJECT_MAX);
		CHECK_STR(split_at(NP_SPLIT_STREAM, text, len, 0, step[i]), "");
		CHECK_EQ(objects, 1);
		CHECK_EQ(last_len, len);
		free(text);
		text = big_object(fill + 1, &len);
		text[len] = '{';
		text[len + 1] = '}';
		CHECK_STR(split_at(NP_SPLIT_STREAM, text, len + 2, 0, step[i]), "");
		CHECK_EQ(objects, 1);
		CHECK_EQ(skipped, 1);
		CHECK_STR(got.data, "!{\"type\":|{}|");
		CHECK(strstr(last_reason, "20 MiB"));
		free(text);
		/* skipping keeps nothing but the beginning */
		text = big_object(fill + fill / 8, &len);
		CHECK_STR(split_at(NP_SPLIT_STREAM, text, len - 1, 0, step[i]), "");
		CHECK(s.object.room <= NP_SPLIT_OBJECT_MAX);
		CHECK(begins(s.object.data, s.object.len, "n") || step[i] > len);
		CHECK_STR(split_at(NP_SPLIT_STREAM, text, len, 0, step[i]), "");
		CHECK_EQ(skipped, 1);
		CHECK_EQ(s.object.room, 0);
		free(text);
	}
	text = np_xmalloc(1 << 20);
	/* no cap at the number of brackets that are compared, but one farther down */
	for (i = 60; i < NP_SPLIT_DEPTH_MAX + 4; i += i == 70 ? NP_SPLIT_DEPTH_MAX - 74 : 1) {
		size_t j;

		len = 0;
		for (j = 0; j < i; j++)
			len += sprintf(text + len, j & 1 ? "[" : j ? "{\"a\":" : "{\"a\":");
		while (j-- > 0)
			text[len++] = j & 1 ? ']' : '}';
		text[len++] = '{';
		text[len++] = '}';
		CHECK_STR(split_at(NP_SPLIT_STREAM, text, len, 7, 13), "");
		CHECK_EQ(objects, i <= NP_SPLIT_DEPTH_MAX ? 2 : 1);
		CHECK_EQ(skipped, i <= NP_SPLIT_DEPTH_MAX ? 0 : 1);
	}
	/* a million levels are no more than a counter */
	memcpy(text, "{\"a\":", 5);
	memset(text + 5, '[', 400000);
	memset(text + 400005, ']', 400000);
	text[800005] = '}';
	CHECK_STR(split_at(NP_SPLIT_STREAM, text, 800006, 0, 4096), "");
	CHECK_EQ(skipped, 1);
	CHECK(strstr(last_reason, "16384 levels"));
	/* an item over the cap in a list; a frame over its cap */
	len = sprintf(text, "{\"items\":[{\"a\":");
	memset(text + len, '[', NP_SPLIT_DEPTH_MAX);
	memset(text + len + NP_SPLIT_DEPTH_MAX, ']', NP_SPLIT_DEPTH_MAX);
	len += 2 * NP_SPLIT_DEPTH_MAX;
	len += sprintf(text + len, "},{}]}");
	CHECK_STR(split_at(NP_SPLIT_LIST, text, len, 0, 10), "");
	CHECK_EQ(skipped, 1);
	CHECK_EQ(objects, 1);
	CHECK(np_splitter_complete(&s));
	len = sprintf(text, "{\"metadata\":\"");
	memset(text + len, 'x', NP_SPLIT_HEAD_MAX);
	CHECK(*split_at(NP_SPLIT_LIST, text, len + NP_SPLIT_HEAD_MAX, 0, 4096));
	CHECK(s.head.room <= NP_SPLIT_HEAD_MAX);
	free(text);
}

/* A 1 MB event in reads of one byte: each byte is looked at once. */
static void test_linear(void)
{
	size_t len, i;
	char *text = big_object(1 << 20, &len);

	np_splitter_reset(&s, NP_SPLIT_STREAM);
	objects = 0;
	for (i = 0; i < len; i++)
		if (np_splitter_feed(&s, text + i, 1))
			break;
	CHECK_EQ(i, len);
	CHECK_EQ(objects, 1);
	CHECK_EQ(last_len, len);
	CHECK_EQ(s.bytes, len);
	free(text);
}

int main(void)
{
	np_splitter_init(&s, NP_SPLIT_STREAM, &ops, NULL);
	test_every_offset();
	test_cut();
	test_bad();
	test_caps();
	test_linear();
	np_splitter_free(&s);
	np_buffer_free(&got);
	return check_done("splitter");
}
