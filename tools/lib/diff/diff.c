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

/* Lists the audits of both states, each once. */
static void np_diff_audits(struct np_diff *diff, const struct np_diff_side *const side[2])
{
	size_t s, i, k;

	for (s = 0; s < 2; s++)
		for (i = 0; side[s]->audits && i < side[s]->audits->count; i++) {
			for (k = 0; k < diff->audits; k++)
				if (np_observe_same(diff->audit[k].about,
						    &side[s]->audits->item[i]))
					break;
			if (k == diff->audits) {
				diff->audit = np_array_grow(diff->audit, k, sizeof(*diff->audit));
				diff->audit[diff->audits++] = (struct np_diff_audit) {
					.about = &side[s]->audits->item[i],
				};
			}
			diff->audit[k].in[s] = true;
		}
}

int np_diff_compare(struct np_diff *diff, const struct np_diff_side *a,
		    const struct np_diff_side *b, const struct np_reach_options *opts,
		    struct np_error *err)
{
	const struct np_diff_side *const side[2] = { a, b };

	diff->from = a->name;
	diff->to = b->name;
	if (a->settings && b->settings)
		np_diff_settings(diff, a->settings, b->settings);
	np_diff_audits(diff, side);
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
	free(diff->audit);
	diff->audit = NULL;
	diff->audits = 0;
	np_diff_objects_free(&diff->objects);
	np_reach_free(&diff->reach);
}

bool np_diff_differs(const struct np_diff *diff)
{
	return diff->settings || diff->objects.items || diff->reach.lines;
}
