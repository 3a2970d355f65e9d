// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as JSON: the loader must return, with or without an error. What
 * loads leniently and is printed must not upset the printers either. As a single
 * object: what is passed over is held to the same form as what is read.
 */
#include <stdlib.h>
#include <string.h>

#include "object/json.h"
#include "again.h"
#include "object/load.h"
#include "object/node.h"
#include "object/pick.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_object(const char *text, size_t size)
{
	static const struct np_pick nothing[] = { { NULL, NULL } };
	struct np_arena arena = { 0 };
	enum np_json_end whole, passed;
	struct np_node *root;
	struct np_error err;

	passed = np_json_object(text, size, nothing, &arena, &root, &err);
	if (passed == NP_JSON_WHOLE ? root->count : !err.text[0])
		abort();
	whole = np_json_object(text, size, NULL, &arena, &root, &err);
	if (whole != NP_JSON_WHOLE && !err.text[0])
		abort();
	if (whole != passed && whole != NP_JSON_REFUSED)
		abort();
	if (np_json_object(text, size, np_pick_pod, &arena, &root, &err) != NP_JSON_WHOLE &&
	    whole == NP_JSON_WHOLE)
		abort();
	np_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *null;
	struct np_load_options opts = { .lenient = size & 1 };
	struct np_objects objs;
	struct np_error err;
	char *text;
	size_t i;

	if (!null)
		null = fopen("/dev/null", "w");
	/* What begins with a brace is taken for JSON. */
	text = malloc(size + 1);
	text[0] = '{';
	if (size)
		memcpy(text + 1, data, size);
	np_objects_init(&objs);
	if (np_load_buffer(&objs, "fuzz.json", text, size + 1, &opts, &err)) {
		np_error_print(null, &err);
		np_error_print_json(null, &err);
		if (objs.policy_count || objs.pod_count || !err.text[0])
			abort();
		fuzz_all_errors(text, size + 1, &opts, &err);
	}
	read_object(text, size + 1);
	for (i = 0; i < objs.warning_count; i++)
		np_warning_print(null, &objs.warnings[i]);
	np_load_keep_last(&objs);
	for (i = 0; i < objs.policy_count; i++)
		fuzz_again(&objs.policies[i], NP_FORMAT_JSON);
	np_objects_free(&objs);
	free(text);
	return 0;
}
