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

/* An audit that runs in one of the states or in both, [0] the first one. */
struct np_diff_audit {
	const struct np_observe *about;
	bool in[2];
};

/**
 * struct np_diff - the result
 * @from: name of the first state
 * @to: name of the second state
 * @by_objects: objects were compared
 * @by_reach: connections were compared
 * @setting: settings that differ, if both states have any; connections are judged without them
 * @settings: how many
 * @audit: audits of both states. They are no difference; what comes of them is
 * @audits: how many
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
	struct np_diff_audit *audit;
	size_t audits;
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
