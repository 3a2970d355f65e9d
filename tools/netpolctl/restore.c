// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl restore
 */
#include <stdio.h>
#include <string.h>

#include "common.h"
#include "node/host_read.h"
#include "node/reload.h"
#include "netlink/plan.h"
#include "netlink/snapshot.h"
#include "netlink/transaction.h"

enum { NP_RESTORE_DRY_RUN = 0x100, NP_RESTORE_IF_EMPTY };

struct np_restore {
	bool client_only;
	bool if_empty;
	bool left;		/* the kernel already had state */
	struct np_snapshot snap;
	struct np_host host;
	struct np_reload load;
};

static int np_restore_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	static const char * const dry[] = { "none", "client", "kernel", NULL };
	struct np_restore *re = ctx;
	int choice;

	if (code == NP_RESTORE_IF_EMPTY) {
		re->if_empty = true;
		return 0;
	}
	choice = np_parse_choice("dry-run", arg, dry, err);
	re->client_only = choice == 1;
	re->load.check = choice == 2;
	return choice < 0 ? -1 : 0;
}

static bool np_restore_unwanted(const struct np_restore *re, const struct np_info *info)
{
	size_t i;

	for (i = 0; re->if_empty && i < info->origin_count; i++)
		if (info->origin[i].objects)
			return true;
	return false;
}

static int np_restore_kernel(struct np_restore *re, struct np_error *err)
{
	struct np_client client;
	struct np_info info;
	size_t i;
	int ret;

	np_common.changes = !re->load.check;
	ret = np_connect(&client, &info, err);
	re->left = !ret && np_restore_unwanted(re, &info);
	if (re->left)
		goto out;
	if (!ret)
		ret = np_host_read(&re->host, np_common.timeout, err);
	re->load.host = &re->host;
	/* Settings come first, so that guards cover what is not restored yet, or not at all. */
	if (!ret)
		ret = np_reload_settings(&re->load, &client, &re->snap.settings, err);
	for (i = 0; !ret && i < re->snap.origin_count; i++) {
		if (!strcmp(re->snap.origin[i].name, NP_SETTINGS_ORIGIN))
			continue;
		ret = np_reload_origin(&re->load, &client, &re->snap.origin[i], NULL, err);
		if (ret && !re->load.check)
			np_error_hint(err, "the settings are restored, and the origins before "
				      "\"%s\" in the file", re->snap.origin[i].name);
	}
out:
	np_info_free(&info);
	np_client_close(&client);
	return ret;
}

static const struct np_option_row np_restore_options[] = {
	{ "if-empty", NP_RESTORE_IF_EMPTY, NULL, NULL,
	  "change nothing if the kernel holds objects already, as they may be newer than the "
	  "file" },
	{ "dry-run", NP_RESTORE_DRY_RUN, "MODE", "none client kernel",
	  "change nothing: check the file only (client), or let the kernel do everything except "
	  "publish it (kernel); none (default)" },
	{ 0 }
};

static int np_restore_run(const struct np_command *cmd, int argc, char **argv)
{
	char boot[NETPOL_BOOT_ID_MAX + 1];
	struct np_restore re = { .client_only = false };
	struct np_error err = { 0 };
	size_t i;
	int ret;

	ret = np_options_parse(cmd, argc, argv, np_restore_take, &re);
	if (ret != NP_PARSE_DONE)
		return ret;
	if (argc - optind != 1)
		return np_usage(cmd, "restore takes one file");
	np_boot_id(boot);
	ret = np_snapshot_read(argv[optind], boot, &re.snap, &err);
	for (i = 0; !ret && i < re.snap.origin_count; i++)
		ret = np_plan_limits(&re.snap.origin[i].objects, NULL, &err);
	if (!ret && !re.client_only)
		ret = np_restore_kernel(&re, &err);
	if (ret) {
		ret = np_report(&err);
		goto out;
	}
	if (re.left) {
		np_notice("the kernel holds objects already; nothing is restored");
		goto out;
	}
	if (re.snap.left_out)
		np_notice("left out %zu local pod%s of the boot before", re.snap.left_out,
			  re.snap.left_out == 1 ? "" : "s");
	if (re.load.gone)
		np_notice("left out %zu local pod%s whose interface is gone", re.load.gone,
			  re.load.gone == 1 ? "" : "s");
	if (re.client_only)
		np_notice("the snapshot of %s is sound", re.snap.time);
	else
		np_notice("%s %zu objects of the snapshot of %s",
			  re.load.check ? "the kernel would take" : "restored", re.load.objects,
			  re.snap.time);
out:
	np_host_free(&re.host);
	np_snapshot_free(&re.snap);
	return ret;
}

const struct np_command np_command_restore = {
	.name = "restore",
	.summary = "load a snapshot",
	.usage = "restore FILE [OPTION...]",
	.about = "Loads a snapshot of 'netpolctl save'; - is standard input. The settings "
		"come first, so that guards cover what is not restored yet. Then each origin "
		"in it is replaced as a whole, in one step; other origins stay. After a "
		"reboot the local pods in it are gone and are left out, and a note says how "
		"many. A damaged snapshot, or one of a newer format, is refused before "
		"anything is changed.",
	.options = np_restore_options,
	.examples = "netpolctl restore /var/lib/netpol/snapshot\n"
		"netpolctl restore snapshot --dry-run=kernel",
	.words = "@files",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE),
	.form = NP_FORMAT_TABLE,
	.changes = true,
	.run = np_restore_run,
};
