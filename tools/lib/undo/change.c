// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is known of a change.
 */
#include "undo/change.h"

#include <string.h>

#include "base/alloc.h"

size_t np_undo_compare(const struct np_info *before, const struct np_info *now,
		       const char *origin, struct np_undo_change **list)
{
	const struct np_info *info[2] = { before, now };
	size_t count = 0, k, i, j;
	const char *name;

	*list = NULL;
	for (k = 0; k < 2; k++) {
		for (i = 0; i < info[k]->origin_count; i++) {
			name = info[k]->origin[i].name;
			for (j = 0; j < count && strcmp((*list)[j].origin, name); j++)
				;
			if (j < count || (*origin && strcmp(name, origin)) ||
			    np_info_generation(before, name) == np_info_generation(now, name))
				continue;
			*list = np_array_grow(*list, count, sizeof(**list));
			memcpy((*list)[count].origin, name, sizeof((*list)[count].origin));
			(*list)[count++].generation = np_info_generation(now, name);
		}
	}
	return count;
}
