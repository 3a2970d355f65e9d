// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads all that the kernel holds, as of one generation.
 */
#include "netlink/save.h"

#define NP_SAVE_TRIES	8

int np_save_collect(struct np_client *client, struct np_info *info, struct np_settings *set,
		    struct np_loaded *loaded, struct np_error *err)
{
	struct np_info before;
	uint64_t generation;
	int try;

	for (try = 0; try < NP_SAVE_TRIES; try++) {
		if (np_info_get(client, &before, err)) {
			np_info_free(&before);
			return -1;
		}
		generation = before.generation;
		np_info_free(&before);
		np_loaded_free(loaded);
		np_settings_free(set);
		np_info_free(info);
		if (np_loaded_get(client, loaded, err) || np_settings_get(client, set, err) ||
		    np_info_get(client, info, err))
			return -1;
		if (info->generation == generation)
			return 0;
	}
	np_error_set(err, NP_EXIT_KERNEL, "the objects change faster than they can be saved");
	np_error_hint(err, "nothing was written; run it again");
	return -1;
}
