// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes to the splitter: parts of any size give what the whole gives, and
 * what it takes for a list has the items that cJSON finds in it.
 */
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "kube/splitter.h"
#include "object/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct result {
	unsigned int objects;
	unsigned int skipped;
	uint64_t sum;
	bool complete;
	bool failed;
};

static void on_object(void *context, const char *text, size_t len)
{
	struct result *r = context;
	size_t i;

	if (len < 2 || text[0] != '{' || text[len - 1] != '}')
		abort();
	r->objects++;
	for (i = 0; i < len; i++)
		r->sum = r->sum * 31 + (uint8_t)text[i];
}

/* What is read of an object of which only the beginning was kept. */
static void beginning(const char *text, size_t len)
{
	static const struct np_pick name[] = { { "name", NULL }, { NULL, NULL } };
	static const struct np_pick pick[] = { { "metadata", name }, { NULL, NULL } };
	struct np_arena arena = { 0 };
	struct np_node *root;
	struct np_error err;

	np_json_object(text, len, pick, &arena, &root, &err);
	if (root && strlen(np_node_text(np_node_get(root, "metadata"), "name")) > len)
		abort();
	np_arena_free(&arena);
}

static void on_skipped(void *context, const char *text, size_t len,
		       const char *reason)
{
	struct result *r = context;

	r->skipped++;
	beginning(text, len);
}

static const struct np_splitter_ops ops = {
	.object = on_object,
	.skipped = on_skipped,
};

static void run(struct np_splitter *s, struct result *r, const char *text,
		size_t len, size_t step)
{
	memset(r, 0, sizeof(*r));
	while (len && !r->failed) {
		size_t n = step && step < len ? step : len;
		char *part = malloc(n);

		memcpy(part, text, n);
		r->failed = np_splitter_feed(s, part, n);
		free(part);
		text += n;
		len -= n;
	}
	r->complete = np_splitter_complete(s);
}

static void compare(const char *text, size_t len, unsigned int objects)
{
	const char *end = NULL;
	cJSON *root, *items;

	/* an escaped key is not taken for items; cJSON decodes it */
	if (memchr(text, '\\', len))
		return;
	root = cJSON_ParseWithLengthOpts(text, len, &end, false);
	if (!root)
		return;
	items = cJSON_GetObjectItemCaseSensitive(root, "items");
	if (cJSON_IsArray(items) ? cJSON_GetArraySize(items) != (int)objects :
				   objects)
		abort();
	cJSON_Delete(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result whole, parts;
	struct np_splitter s;
	size_t step;
	int mode;

	if (!size)
		return 0;
	step = 1 + data[0] % 32;
	data++;
	size--;
	for (mode = NP_SPLIT_STREAM; mode <= NP_SPLIT_LIST; mode++) {
		np_splitter_init(&s, mode, &ops, &whole);
		run(&s, &whole, (const char *)data, size, 0);
		if (mode == NP_SPLIT_LIST && whole.complete && !whole.skipped)
			compare((const char *)data, size, whole.objects);
		np_splitter_reset(&s, mode);
		s.context = &parts;
		run(&s, &parts, (const char *)data, size, step);
		if (whole.complete != parts.complete ||
		    whole.failed != parts.failed ||
		    whole.objects != parts.objects ||
		    whole.skipped != parts.skipped || whole.sum != parts.sum)
			abort();
		np_splitter_free(&s);
	}
	beginning((const char *)data, size);
	return 0;
}
