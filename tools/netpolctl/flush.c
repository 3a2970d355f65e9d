// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl flush
 */
#include <stdio.h>

#include "common.h"

static int np_flush_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	(void)code;
	(void)arg;
	(void)err;
	*(bool *)ctx = true;
	return 0;
}

static const struct np_option_row np_flush_options[] = {
	{ "yes", 0x100, NULL, NULL, "really do it; without it nothing is dropped" },
	{ 0 }
};

static int np_flush_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_client client;
	struct np_error err = { 0 };
	struct np_info info;
	bool yes = false;
	int ret;

	ret = np_options_parse(cmd, argc, argv, np_flush_take, &yes);
	if (ret != NP_PARSE_DONE)
		return ret;
	if (optind < argc)
		return np_usage(cmd, "flush takes no word \"%.40s\"", argv[optind]);
	if (!yes)
		return np_usage(cmd, "flush opens every pod to everyone; --yes if you mean it");
	ret = np_connect(&client, &info, &err) ||
	      np_client_call(&client, np_client_message(&client, NETPOL_CMD_FLUSH, 256), NULL,
			     NULL, &err);
	if (ret)
		ret = np_report(&err);
	else if (!np_common.quiet)
		puts("flushed");
	np_info_free(&info);
	np_client_close(&client);
	return ret;
}

const struct np_command np_command_flush = {
	.name = "flush",
	.summary = "drop everything; all traffic passes",
	.usage = "flush --yes",
	.about = "Drops every namespace, pod, policy and setting of all origins in this "
		"network namespace. From then on every packet passes, until objects are "
		"loaded again.",
	.options = np_flush_options,
	.examples = "netpolctl save /root/before.netpol && netpolctl flush --yes\n"
		"netpolctl --netns node2 flush --yes",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE),
	.form = NP_FORMAT_TABLE,
	.changes = true,
	.run = np_flush_run,
};
