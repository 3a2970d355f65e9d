// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl version
 */
#include <stdio.h>

#include "common.h"

static void np_version_write(const struct np_info *info, const struct np_error *err)
{
	struct np_writer w;

	np_writer_init(&w, stdout, np_common.format);
	np_write_top(&w, "Version");
	np_write_object(&w, "tool");
	np_write_string(&w, "version", NETPOL_VERSION);
	np_write_number(&w, "abiMin", NETPOL_ABI_MIN);
	np_write_number(&w, "abiMax", NETPOL_ABI_MAX);
	np_write_end(&w);
	np_write_object(&w, "module");
	if (!err || err->exit == NP_EXIT_ABI) {
		np_write_string(&w, "version", info->version);
		np_write_number(&w, "abiMin", info->abi_min);
		np_write_number(&w, "abiMax", info->abi_max);
		np_write_number(&w, "features", info->features);
	}
	if (err)
		np_write_string(&w, "problem", err->text);
	np_write_end(&w);
	np_write_end(&w);
}

static int np_version_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_client client;
	struct np_error err = { 0 };
	struct np_info info;
	int failed, ret;

	ret = np_options_parse(cmd, argc, argv, NULL, NULL);
	if (ret != NP_PARSE_DONE)
		return ret;
	if (optind < argc)
		return np_usage(cmd, "version takes no word \"%.40s\"", argv[optind]);
	failed = np_connect(&client, &info, &err);
	if (np_format_structured(np_common.format)) {
		np_version_write(&info, failed ? &err : NULL);
	} else {
		printf("netpolctl  %s, ABI %d to %d\n", NETPOL_VERSION, NETPOL_ABI_MIN,
		       NETPOL_ABI_MAX);
		if (!failed || err.exit == NP_EXIT_ABI)
			printf("module     %s, ABI %u to %u\n", info.version, info.abi_min,
			       info.abi_max);
		if (failed)
			np_notice("%s", err.text);
	}
	np_info_free(&info);
	np_client_close(&client);
	return NP_EXIT_OK;
}

const struct np_command np_command_version = {
	.name = "version",
	.summary = "versions of tool and module",
	.usage = "version [-o FORM]",
	.about = "Shows the versions of the tool and of the loaded module, and the ABI "
		"revisions that they speak. Works without the module and without privileges: "
		"what cannot be asked is left out, and a note gives the reason.",
	.examples = "netpolctl version\n"
		"netpolctl version -o json",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE) | NP_FORMAT_BIT(NP_FORMAT_JSON) |
		 NP_FORMAT_BIT(NP_FORMAT_YAML),
	.form = NP_FORMAT_TABLE,
	.run = np_version_run,
};
