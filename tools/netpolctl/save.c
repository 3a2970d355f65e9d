// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl save
 */
#include <stdio.h>
#include <string.h>

#include "common.h"
#include "netlink/loaded.h"
#include "netlink/snapshot.h"

static const char np_save_help[] =
"Usage: netpolctl save FILE\n"
"\n"
"Writes all that is loaded to a snapshot, for 'netpolctl restore': objects of\n"
"every origin, and the settings. FILE is replaced as a whole, or not at all; -\n"
"is standard output. A snapshot is text, one JSON object a line, with a checksum\n"
"at its end.\n"
"\n"
"Examples:\n"
"  netpolctl save /var/lib/netpol/snapshot\n"
"  netpolctl save - | gzip > snapshot.gz\n";

#define NP_SAVE_TRIES	8

/* Reads all parts of one generation. Reads again if a commit came in between. */
static int np_save_collect(struct np_client *client, struct np_info *info,
			   struct np_settings *set, struct np_loaded *loaded,
			   struct np_error *err)
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

static int np_save_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_loaded loaded = { .item = NULL };
	struct np_settings set = { 0 };
	struct np_error err = { 0 };
	struct np_client client;
	struct np_info info;
	size_t skipped;
	int ret;

	ret = np_parse(cmd, argc, argv, NULL, NULL, NULL, NP_FORMAT_BIT(NP_FORMAT_TABLE),
		       NP_FORMAT_TABLE);
	if (ret != NP_PARSE_DONE)
		return ret;
	if (argc - optind != 1)
		return np_usage(cmd, "save takes one file");
	ret = np_connect(&client, &info, &err);
	if (!ret)
		ret = np_save_collect(&client, &info, &set, &loaded, &err);
	if (!ret)
		ret = np_snapshot_write(argv[optind], &info, &set, &loaded.state, &skipped,
					&err);
	if (!ret && skipped)
		np_notice("left out %zu local pod%s whose interface is gone", skipped,
			  skipped == 1 ? "" : "s");
	if (ret)
		ret = np_report(&err);
	else
		np_notice("saved %zu objects of generation %llu", loaded.count - skipped,
			  (unsigned long long)info.generation);
	np_loaded_free(&loaded);
	np_settings_free(&set);
	np_info_free(&info);
	np_client_close(&client);
	return ret;
}

const struct np_command np_command_save = {
	.name = "save",
	.summary = "write all that is loaded to a snapshot",
	.help = np_save_help,
	.run = np_save_run,
};
