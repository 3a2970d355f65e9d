/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between two states, by objects and by connections.
 */
#ifndef NP_DIFF_DIFF_H
#define NP_DIFF_DIFF_H

#include <stdbool.h>

#include "base/error.h"
#include "diff/objects.h"
#include "diff/reach.h"
#include "diff/side.h"

/* A setting that differs, in the words of the command line. A list may be empty. */
struct np_diff_setting {
	const char *name;
	char *was;
	char *is;
};

/**
 * struct np_diff - the result
 * @from: name of the first state
 * @to: name of the second state
 * @by_objects: objects were compared
 * @by_reach: connections were compared
 * @setting: settings that differ, if both states have any; connections are judged without them
 * @settings: how many
 * @objects: objects that differ
 * @reach: connections that differ
 */
struct np_diff {
	const char *from;
	const char *to;
	bool by_objects;
	bool by_reach;
	struct np_diff_setting setting[NP_SETTING_COUNT];
	size_t settings;
	struct np_diff_objects objects;
	struct np_reach_result reach;
};

/*
 * Compares from a to b, which must outlive the result. by_objects and by_reach are to be set
 * before, and the rest to be zero. Returns 0, or -1 with *err filled, as np_reach_compare().
 * np_diff_free() must be called after a failure too.
 */
int np_diff_compare(struct np_diff *diff, const struct np_diff_side *a,
		    const struct np_diff_side *b, const struct np_reach_options *opts,
		    struct np_error *err);
void np_diff_free(struct np_diff *diff);
bool np_diff_differs(const struct np_diff *diff);

#endif
