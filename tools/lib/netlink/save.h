/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads all that the kernel holds, as of one generation. */
#ifndef NP_NETLINK_SAVE_H
#define NP_NETLINK_SAVE_H

#include "base/error.h"
#include "netlink/client.h"
#include "netlink/loaded.h"
#include "netlink/report.h"
#include "object/settings.h"

/*
 * Reads information, settings and objects of one generation, and reads again if a commit came in
 * between. What the three hold before is freed; the caller frees them, after a failure too.
 * NP_EXIT_KERNEL if commits come faster than that.
 */
int np_save_collect(struct np_client *client, struct np_info *info, struct np_settings *set,
		    struct np_loaded *loaded, struct np_error *err);

#endif
