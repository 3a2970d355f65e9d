/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commits the desired state to the kernel, by full and delta transactions of origin `kube`.
 */
#ifndef NP_AGENT_COMMIT_H
#define NP_AGENT_COMMIT_H

#include <stdbool.h>

#include "agent/desired_record.h"
#include "agent/kernel.h"
#include "base/error.h"

/*
 * Commits everything that differs: by a full transaction if the state of the kernel is not known,
 * else by a delta. Returns 0, or -1 with *err filled. After a failure, what was not committed is
 * still pending, and the caller tries again later.
 */
int np_commit_run(struct np_kernel *kernel, struct np_desired *d, struct np_error *err);
/*
 * *touched: somebody else changed the origin since the last commit, so the state of the kernel
 * counts as unknown. Returns 0, or -1 with *err filled.
 */
int np_commit_check(struct np_kernel *kernel, struct np_desired *d, bool *touched,
		    struct np_error *err);

#endif
