/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pods of two states, those that no policy of either tells apart in one group, so that one of
 * a group answers for all.
 */
#ifndef NP_DIFF_GROUPS_H
#define NP_DIFF_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "diff/side.h"
#include "offline/offline.h"

/**
 * struct np_diff_pod - a pod of either state
 * @text: "namespace/name"
 * @pod: in each state; NULL: it has none of this name
 * @address: the one that is judged, by state and family == AF_INET6; NULL: it has none
 */
struct np_diff_pod {
	const char *text;
	const struct np_pod *pod[2];
	const struct np_address *address[2][2];
};

/**
 * struct np_diff_pods - pods that are alike
 * @first: index of the first in np_diff_groups.pod
 * @count: how many follow it there, with it
 */
struct np_diff_pods {
	size_t first;
	size_t count;
};

/**
 * struct np_diff_groups - all pods
 * @arena: of texts
 * @pod: pods, by group, and in a group in order of @text
 * @pods: how many
 * @group: groups, in order of the @text of their first pods
 * @groups: how many
 */
struct np_diff_groups {
	struct np_arena arena;
	struct np_diff_pod *pod;
	size_t pods;
	struct np_diff_pods *group;
	size_t groups;
};

/*
 * Groups the pods of two states, which are loaded in two worlds. Only pods of these namespaces
 * are taken, or all if namespaces is 0.
 */
void np_diff_groups_make(struct np_diff_groups *groups, const struct np_diff_side *const side[2],
			 const struct np_offline world[2], const char *const *namespace,
			 size_t namespaces);
void np_diff_groups_free(struct np_diff_groups *groups);

#endif
