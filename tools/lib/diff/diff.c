// SPDX-License-Identifier: GPL-2.0-or-later
/* What differs between two states. */
#include "diff/diff.h"

int np_diff_compare(struct np_diff *diff, const struct np_diff_side *a,
		    const struct np_diff_side *b, const struct np_reach_options *opts,
		    struct np_error *err)
{
	diff->from = a->name;
	diff->to = b->name;
	if (diff->by_objects)
		np_diff_objects_compare(&diff->objects, a, b);
	return diff->by_reach ? np_reach_compare(&diff->reach, a, b, opts, err) : 0;
}

void np_diff_free(struct np_diff *diff)
{
	np_diff_objects_free(&diff->objects);
	np_reach_free(&diff->reach);
}

bool np_diff_differs(const struct np_diff *diff)
{
	return diff->objects.items || diff->reach.lines;
}
