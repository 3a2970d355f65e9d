// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: the core. The bytes decide what a made-up history holds - objects,
 * transactions, aborts, failing allocations, limits - and after each transaction core and
 * naive evaluator have to agree on some tuples, and the core's own books be in order.
 */
#include <stdlib.h>
#include <string.h>

#include "../truth/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct history h;
	struct run run;

	if (size < 8)
		return 0;
	run_totals.budget = 300;
	netpol_random_seed = 1;
	history_from(&h, data, size);
	run_begin(&run, &h, false);
	while (!run.what[0] && history_has_more(&h)) {
		run_transaction(&run, history_next(&h, &run.model));
		if (!run.what[0])
			run_juggle(&run);
	}
	if (!run.what[0])
		run_empty(&run);
	if (run.what[0]) {
		printf("%s\n", run.what);
		run_shrink(&h, &run, stdout);
		fflush(stdout);
		abort();
	}
	run_end(&run);
	if (run.what[0])
		abort();
	history_free(&h);
	return 0;
}
