// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Single JSON objects in memory: which fields become nodes, what is only passed over, what
 * is kept of an object that is cut off, and which errors are the object's own.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "object/json.h"
#include "object/pick.h"

static struct np_arena arena;
static struct np_error err;
static struct np_node *root;

/* Reads a copy of its own size, so that reading over its end is seen. */
static enum np_json_end read_object(const char *text, const struct np_pick *pick)
{
	size_t len = strlen(text);
	enum np_json_end end;
	char *copy;

	np_arena_reset(&arena);
	copy = np_xmalloc(len);
	memcpy(copy, text, len);
	end = np_json_object(copy, len, pick, &arena, &root, &err);
	free(copy);
	return end;
}

static const struct np_pick pick_name[] = { { "name", NULL }, { NULL, NULL } };
static const struct np_pick pick_meta[] = { { "metadata", pick_name }, { NULL, NULL } };
static const struct np_pick pick_object[] = { { "object", pick_meta }, { NULL, NULL } };
static const struct np_pick pick_nothing[] = { { NULL, NULL } };

static void name(const char *text, const char *want)
{
	read_object(text, pick_object);
	CHECK_STR(np_node_text(np_node_get(np_node_get(root, "object"), "metadata"), "name"),
		  want);
}

/* Of an object that is cut off, or broken, everything that was whole before that stays. */
static void test_beginning(void)
{
	name("{\"object\":{\"metadata\":{\"name\":\"a\"", "a");
	name("{\"name\":\"x\",\"metadata\":{\"name\":\"y\"},\"object\":{\"name\":\"z\","
	     "\"metadata\":{\"labels\":{\"name\":\"v\"},\"l\":[{\"name\":1}],\"name\" : \"a\"}}}", "a");
	name("{\"type\":\"object\",\"object\":{\"metadata\":{\"name\":\"b\"}}}", "b");
	name("{\"object\":{\"metadata\":{\"name\":\"a", "");
	name("{\"object\":{\"metadata\":{\"name\":\"12345678\"}}}", "12345678");
	name("{\"object\":{\"metadata\":{\"name\":\"a\\\"b\"}}}", "a\"b");
	name("{\"object\":{\"metadata\":{}},\"name\":\"a\"}", "");
	name("{\"object\":{\"metadata\":[{\"name\":\"a\"}]}}", "");
	name("{\"object\":{\"metadata\":1,\"name\":\"a\"}}", "");
	name("{\"object\":{\"metadata\":{\"name\":{\"name\":\"a\"}}}}", "");
	name("{\"object\":\"metadata\",\"name\":\"a\"}", "");
	name("{\"object\":{\"metadata\":{\"name\":\"a\"},\"x\":[[[{\"y\":", "a");
	name("{\"object\":{\"metadata\":{\"name\":\"a\"},}", "a");
	name("{\"\\", "");
	CHECK(root && !root->count);
	name("[\"object\"]", "");
	CHECK(!root);
	name("", "");
	CHECK(!root);
	name("}}}", "");
	CHECK(!root);
}

/* Only what was picked is there, also inside of lists; white space does not matter. */
static void test_pick(void)
{
	static const struct np_pick item[] = { { "a", NULL }, { NULL, NULL } };
	static const struct np_pick pick[] = {
		{ "list", item }, { "all", NULL }, { "scalar", item }, { NULL, NULL },
	};
	const struct np_node *list;

	CHECK_EQ(read_object(" {\"x\" : [1, {\"a\":2}] ,\"list\":[{\"a\":1,\"b\":2},{\"b\":3},"
			     "{\"ab\":1,\"\":2}],\n\"all\":{\"a\":[true,null],\"b\":-1.5e3},"
			     "\"scalar\":7}  {", pick), NP_JSON_WHOLE);
	CHECK_EQ(root->count, 3);
	list = np_node_get(root, "list");
	CHECK(list && list->count == 3 && list->child->count == 1);
	CHECK(list && np_node_get(list->child, "a")->number == 1);
	CHECK(list && !list->child->next->count && !list->child->next->next->count);
	CHECK_EQ(np_node_get(root, "all")->count, 2);
	CHECK_EQ(np_node_get(np_node_get(root, "all"), "b")->type, NP_NODE_FLOAT);
	CHECK_EQ(np_node_get(root, "scalar")->number, 7);
	/* A list named "items" is like any other. */
	CHECK_EQ(read_object("{\"items\":[{\"a\":1},2]}", NULL), NP_JSON_WHOLE);
	CHECK_EQ(np_node_get(root, "items")->count, 2);
	CHECK_EQ(np_node_get(root, "items")->child->next->number, 2);
	CHECK_EQ(read_object("{\"metadata\":{\"name\":\"n\",\"annotations\":{\"a\":1}},"
			     "\"spec\":{\"nodeName\":\"x\",\"volumes\":[{}]},\"kind\":\"Pod\"}",
			     np_pick_pod), NP_JSON_WHOLE);
	CHECK_EQ(root->count, 2);
	CHECK_EQ(np_node_get(root, "metadata")->count, 2);
	CHECK_EQ(np_node_get(np_node_get(root, "metadata"), "annotations")->count, 0);
	CHECK_EQ(np_node_get(root, "spec")->count, 1);
}

/* What is passed over is held to the same form as what is read. */
static void test_form(void)
{
	static const char * const good[] = {
		"{}", "{\"a\":{}}", "{\"a\":[]}", "{\"a\":[1,-0,0.5,1e9,1E-9,12.5e+7]}",
		"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00\\ud800\"}",
		"{\"a\":[true,false,null,\"\",{\"b\":[[]]}]}", "{\"a\":\"\xc3\xa4\"}",
		"{ \"a\" :\t[ \r\n] }",
	};
	static const char * const bad[] = {
		"", " ", "x", "[]", "1", "{", "{\"a\"", "{\"a\":", "{\"a\":}", "{a:1}", "{\"a\" 1}",
		"{\"a\":1,}", "{\"a\":[1,]}", "{\"a\":[1 2]}", "{\"a\":[,1]}", "{\"a\":1 \"b\":2}",
		"{,\"a\":1}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":-}", "{\"a\":1e}",
		"{\"a\":+1}", "{\"a\":nul}", "{\"a\":nulll}", "{\"a\":True}", "{\"a\":undefined}",
		"{\"a\":\"\\q\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"b}",
		"{\"a\":\"\n\"}", "{\"a\":\"\\", "{\"a\":[}", "{\"a\":{]}", "{\"a\":[{]}]}",
		"{\"a\":'b'}", "{\"a\":1]", "{\"a\n\":1}", "{\"a\":\"b\"\"c\"}", "{]",
	};
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!CHECK_EQ(read_object(good[i], NULL), NP_JSON_WHOLE) ||
		    !CHECK_EQ(read_object(good[i], pick_nothing), NP_JSON_WHOLE))
			printf("\t%s: %s\n", good[i], err.text);
		CHECK_EQ(root->count, 0);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!CHECK_EQ(read_object(bad[i], NULL), NP_JSON_BROKEN) ||
		    !CHECK_EQ(read_object(bad[i], pick_nothing), NP_JSON_BROKEN) ||
		    !CHECK(*err.text))
			printf("\t%s\n", bad[i]);
}

/* An object with so many lists in each other. */
static void nest(char *text, unsigned int lists)
{
	strcpy(text, "{\"a\":");
	memset(text + 5, '[', lists);
	memset(text + 5 + lists, ']', lists);
	strcpy(text + 5 + 2 * lists, "}");
}

/* What a document would be refused for is not what makes a stream unreadable. */
static void test_refused(void)
{
	static const char * const text[] = {
		"{\"a\":{\"b\":1,\"b\":2}}", "{\"a\":1,\"a\":1}", "{\"a\":\"x\\u0000y\"}",
		"{\"a\":\"\xff\"}", "{\"a\":{\"\\u0000\":1}}", "{\"a\":[\"\xed\xa0\x80\"]}",
	};
	char *deep = np_xmalloc(2 * NP_PASS_DEPTH_MAX + 100);
	unsigned int levels;
	size_t i;

	for (i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		CHECK_EQ(read_object(text[i], NULL), NP_JSON_REFUSED);
		CHECK(*err.text);
	}
	/* Nobody looks at what is passed over. */
	CHECK_EQ(read_object(text[0], pick_nothing), NP_JSON_WHOLE);
	CHECK_EQ(read_object(text[2], pick_nothing), NP_JSON_WHOLE);
	CHECK_EQ(read_object(text[3], pick_nothing), NP_JSON_WHOLE);
	/* Nor how deep it is, within reason. */
	for (levels = 62; levels < 67; levels++) {
		nest(deep, levels - 1);
		CHECK_EQ(read_object(deep, NULL), levels <= NP_DEPTH_MAX ? NP_JSON_WHOLE :
			 NP_JSON_REFUSED);
		CHECK_EQ(read_object(deep, pick_nothing), NP_JSON_WHOLE);
	}
	nest(deep, NP_PASS_DEPTH_MAX);
	CHECK_EQ(read_object(deep, pick_nothing), NP_JSON_WHOLE);
	deep[5 + NP_PASS_DEPTH_MAX] = '}';
	CHECK_EQ(read_object(deep, pick_nothing), NP_JSON_BROKEN);
	nest(deep, NP_PASS_DEPTH_MAX + 1);
	CHECK_EQ(read_object(deep, pick_nothing), NP_JSON_REFUSED);
	/* What comes behind it is read. */
	name("{\"object\":{\"x\":[{\"y\":[[],{},[1,{\"a\":\"b\",\"c\":{\"d\":[{}]}}]],\"z\":2}],"
	     "\"metadata\":{\"name\":\"a\"}}}", "a");
	free(deep);
}

/* The size is the caller's affair: an API server may write more than a manifest may have. */
static void test_size(void)
{
	static const struct np_pick pick[] = { { "last", NULL }, { NULL, NULL } };
	char *text = np_xmalloc(NP_DOCUMENT_MAX + 100), *at;

	at = stpcpy(text, "{\"a\":\"");
	memset(at, 'x', NP_DOCUMENT_MAX);
	strcpy(at + NP_DOCUMENT_MAX, "\",\"last\":\"y\"}");
	CHECK_EQ(read_object(text, pick), NP_JSON_WHOLE);
	CHECK_STR(np_node_text(root, "last"), "y");
	free(text);
}

int main(void)
{
	test_beginning();
	test_size();
	test_pick();
	test_form();
	test_refused();
	np_arena_free(&arena);
	return check_done("json");
}
