// SPDX-License-Identifier: GPL-2.0-or-later
/* What differs between two states. */
#include "diff/diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static char *np_diff_setting_text(const struct np_settings *set, unsigned int index)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (file) {
		np_setting_print(file, set, index);
		fclose(file);
	}
	return text ? text : np_xcalloc(1, 1);
}

static void np_diff_settings(struct np_diff *diff, const struct np_settings *a,
			     const struct np_settings *b)
{
	struct np_diff_setting *item;
	unsigned int i;

	for (i = 0; i < NP_SETTING_COUNT; i++) {
		item = &diff->setting[diff->settings];
		item->name = np_setting_name(i);
		item->was = np_diff_setting_text(a, i);
		item->is = np_diff_setting_text(b, i);
		if (strcmp(item->was, item->is)) {
			diff->settings++;
			continue;
		}
		free(item->was);
		free(item->is);
	}
}

int np_diff_compare(struct np_diff *diff, const struct np_diff_side *a,
		    const struct np_diff_side *b, const struct np_reach_options *opts,
		    struct np_error *err)
{
	diff->from = a->name;
	diff->to = b->name;
	if (a->settings && b->settings)
		np_diff_settings(diff, a->settings, b->settings);
	if (diff->by_objects)
		np_diff_objects_compare(&diff->objects, a, b);
	return diff->by_reach ? np_reach_compare(&diff->reach, a, b, opts, err) : 0;
}

void np_diff_free(struct np_diff *diff)
{
	while (diff->settings--) {
		free(diff->setting[diff->settings].was);
		free(diff->setting[diff->settings].is);
	}
	diff->settings = 0;
	np_diff_objects_free(&diff->objects);
	np_reach_free(&diff->reach);
}

bool np_diff_differs(const struct np_diff *diff)
{
	return diff->settings || diff->objects.items || diff->reach.lines;
}
