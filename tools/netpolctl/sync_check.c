// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl sync check
 */
#include "sync.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <linux/netpol.h>

#include "agent/kernel.h"
#include "common.h"
#include "netlink/report.h"
#include "object/settings.h"

/* Any answer but "there is none" is taken for a snapshot, so that an unreadable one counts. */
static bool np_check_snapshot_exists(const char *path)
{
	return path && (!access(path, F_OK) || errno != ENOENT);
}

static int np_check_in_force(const struct np_info *info, const struct np_settings *set,
			     const char *snapshot, struct np_error *err)
{
	if (set->unknown != NETPOL_UNKNOWN_DENY) {
		np_error_set(err, NP_EXIT_NEGATIVE,
			     "unknown=allow: the guards are not in force");
		np_error_hint(err, "--unknown in NETPOL_SYNC_OPTIONS of /etc/netpol/sync.env");
		return -1;
	}
	if (!set->guard_prefix_count && !set->guard_interface_count) {
		np_error_set(err, NP_EXIT_NEGATIVE,
			     "no guard is in force: a pod would be open until it is loaded");
		np_error_hint(err, "give --guard-prefix or --guard-interface in "
			      "NETPOL_SYNC_OPTIONS of /etc/netpol/sync.env, then restart "
			      "netpol-restore");
		return -1;
	}
	if (np_check_snapshot_exists(snapshot) && !np_info_objects(info, NP_KUBE_ORIGIN)) {
		np_error_set(err, NP_EXIT_NEGATIVE, "the snapshot %s is not in force", snapshot);
		np_error_hint(err, "restart netpol-restore; if the file is damaged, the agent "
			      "loads everything from the API server");
		return -1;
	}
	return 0;
}

int np_sync_check(const char *snapshot)
{
	struct np_settings settings = { .unknown = 0 };
	struct np_error err = { 0 };
	struct np_client client;
	struct np_info info;
	int ret;

	ret = np_connect(&client, &info, &err) || np_settings_get(&client, &settings, &err) ||
	      np_check_in_force(&info, &settings, snapshot, &err);
	ret = ret ? np_report(&err) : NP_EXIT_OK;
	np_settings_free(&settings);
	np_info_free(&info);
	np_client_close(&client);
	return ret;
}
