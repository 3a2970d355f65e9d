// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as YAML: the loader must return, with or without an error, and
 * print what it found.
 */
#include <stdlib.h>
#include <string.h>

#include "again.h"
#include "object/load.h"
#include "object/node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *null;
	struct np_load_options opts = { .lenient = size & 1 };
	struct np_objects objs;
	struct np_error err;
	size_t i, start;

	if (!null)
		null = fopen("/dev/null", "w");
	/* What begins with a brace or bracket would be taken for JSON. */
	start = 0;
	while (start < size && strchr("{[ \t\r\n", data[start]))
		start++;
	np_objects_init(&objs);
	if (np_load_buffer(&objs, "fuzz.yaml", (const char *)data + start,
			   size - start, &opts, &err)) {
		np_error_print(null, &err);
		np_error_print_json(null, &err);
		if (objs.policy_count || objs.pod_count || !err.text[0])
			abort();
		fuzz_all_errors((const char *)data + start, size - start, &opts, &err);
	}
	for (i = 0; i < objs.warning_count; i++)
		np_warning_print(null, &objs.warnings[i]);
	np_load_keep_last(&objs);
	for (i = 0; i < objs.policy_count; i++)
		fuzz_again(&objs.policies[i], NP_FORMAT_YAML);
	np_objects_free(&objs);
	return 0;
}
