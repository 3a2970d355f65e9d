/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The settings of the kernel. The agent sets the guards and `unknown`. It leaves the other settings
 * as they are.
 */
#ifndef NP_AGENT_SETTINGS_H
#define NP_AGENT_SETTINGS_H

#include <stdbool.h>

#include "agent/desired_record.h"
#include "agent/kernel.h"
#include "agent/options.h"
#include "agent/quarantine.h"
#include "node/host.h"
#include "object/settings.h"

/*
 * Fills in the settings as they should be. have: the kernel's settings now. The caller frees set.
 */
void np_settings_wanted(const struct np_agent_options *opts, const struct np_desired *d,
			const struct np_quarantine *quarantine, const struct np_kernel *kernel,
			const struct np_settings *have, struct np_settings *set);
/* Adds ranges of pods that are not there, as many as the kernel takes. */
void np_settings_add_ranges(struct np_settings *set, const struct np_kernel *kernel,
			    const struct np_cidr *cidr, size_t count);
/*
 * Replaces the settings of the kernel if they differ from those in want. Returns 0, or -1 with *err
 * filled. *changed: they were replaced; changed may be NULL.
 */
int np_settings_commit(struct np_kernel *kernel, const struct np_settings *want, bool *changed,
		       struct np_error *err);
/*
 * Returns how many local pods no guard of the options or of the Node covers, by their addresses or
 * by their interface. What happens to such a pod before it is loaded is up to nobody. *first is one
 * of them, or NULL; first may be NULL.
 */
size_t np_settings_unguarded(const struct np_agent_options *opts, const struct np_desired *d,
			     const struct np_host *host, const struct np_desired_pod **first);
/* Returns true if both mean the same. The order of entries does not matter. */
bool np_settings_equal(const struct np_settings *a, const struct np_settings *b);

#endif
