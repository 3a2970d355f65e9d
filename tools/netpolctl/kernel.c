// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads what the module has loaded. */
#include "kernel.h"

#include "common.h"

#define NP_READ_TRIES	5

int np_read_kernel(struct np_diff_side *side, struct np_error *err)
{
	struct np_client client;
	struct np_info info;
	uint64_t generation;
	int ret, try;

	ret = np_connect(&client, &info, err);
	for (try = 0; !ret; try++) {
		generation = info.generation;
		np_info_free(&info);
		np_diff_side_free(side);
		np_diff_side_init(side, "kernel");
		ret = np_diff_side_kernel(side, &client, err);
		if (!ret)
			ret = np_info_get(&client, &info, err);
		if (ret || info.generation == generation)
			break;
		if (try + 1 < NP_READ_TRIES)
			continue;
		ret = np_error_set(err, NP_EXIT_TIMEOUT, "the kernel's state changed %u times "
				   "while it was being read", NP_READ_TRIES);
		np_error_hint(err, "run it again, or read a file of 'netpolctl save'");
	}
	np_info_free(&info);
	np_client_close(&client);
	return ret;
}
