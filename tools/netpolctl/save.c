// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl save
 */
#include <stdio.h>
#include <string.h>

#include "common.h"
#include "netlink/loaded.h"
#include "netlink/save.h"
#include "netlink/snapshot.h"

static int np_save_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_loaded loaded = { .item = NULL };
	struct np_settings set = { 0 };
	struct np_error err = { 0 };
	struct np_client client;
	struct np_info info;
	size_t skipped;
	int ret;

	ret = np_options_parse(cmd, argc, argv, NULL, NULL);
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
	.usage = "save FILE",
	.about = "Writes everything that is loaded to a snapshot, for 'netpolctl restore': "
		"objects of every origin, and the settings. FILE is replaced as a whole, or "
		"not at all; - is standard output. A snapshot is text, one JSON object a "
		"line, with a checksum at its end.",
	.examples = "netpolctl save /var/lib/netpol/snapshot\n"
		"netpolctl save - | gzip > snapshot.gz",
	.words = "@files",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE),
	.form = NP_FORMAT_TABLE,
	.run = np_save_run,
};
