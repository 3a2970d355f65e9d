// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl settings
 */
#include <errno.h>
#include <stdio.h>

#include "common.h"
#include "object/settings.h"
#include "netlink/transaction.h"

#define NP_SETTINGS_TRIES	5

void np_show_settings(const struct np_settings *set)
{
	static const char * const titles[] = { "NAME", "VALUE" };
	unsigned int i;
	struct np_writer w;

	if (np_format_structured(np_common.format)) {
		np_writer_init(&w, stdout, np_common.format);
		np_write_top(&w, "Settings");
		np_settings_write(&w, "settings", set);
		np_write_end(&w);
		return;
	}
	if (!np_common.no_headers)
		printf("%-15s   %s\n", titles[0], titles[1]);
	for (i = 0; i < NP_SETTING_COUNT; i++) {
		printf("%-15s   ", np_setting_name(i));
		np_setting_print(stdout, set, i);
		putchar('\n');
	}
}

/*
 * Reads the settings, changes them and writes them. Returns 1 if another writer committed
 * first.
 */
static int np_settings_try(struct np_client *client, int count, char **word,
			   struct np_settings *set, struct np_error *err)
{
	struct np_transaction_options opts = { .has_base = true };
	struct np_transaction txn = { .client = client };
	struct np_info info;
	int ret, i;

	np_settings_free(set);
	ret = np_info_get(client, &info, err);
	opts.base = np_info_generation(&info, NP_SETTINGS_ORIGIN);
	np_info_free(&info);
	if (ret || np_settings_get(client, set, err))
		return -1;
	for (i = 0; i < count; i++)
		if (np_setting_assign(set, word[i], err))
			return -1;
	ret = np_transaction_begin(&txn, client, NP_SETTINGS_ORIGIN, &opts, err);
	if (!ret)
		ret = np_encode_settings(&txn.encoder, set, err);
	if (!ret)
		ret = np_transaction_commit(&txn, false, NULL, err);
	if (ret && client->refusal.error == ESTALE)
		ret = 1;
	np_transaction_end(&txn);
	return ret;
}

static int np_settings_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_settings set = { 0 }, check = { 0 };
	struct np_error err = { 0 };
	struct np_client client;
	struct np_info info;
	int ret, i, try;

	ret = np_options_parse(cmd, argc, argv, NULL, NULL);
	if (ret != NP_PARSE_DONE)
		return ret;
	/* Reports a mistyped setting before the kernel is asked for anything. */
	for (i = optind, ret = 0; !ret && i < argc; i++)
		ret = np_setting_assign(&check, argv[i], &err);
	np_settings_free(&check);
	if (ret)
		return np_report(&err);
	np_common.changes = optind < argc;
	ret = np_connect(&client, &info, &err);
	if (!ret && optind == argc)
		ret = np_settings_get(&client, &set, &err);
	else if (!ret)
		for (try = 0, ret = 1; ret > 0 && try < NP_SETTINGS_TRIES; try++)
			ret = np_settings_try(&client, argc - optind, argv + optind, &set, &err);
	if (ret)
		ret = np_report(&err);
	else if (optind == argc || np_common.form)
		np_show_settings(&set);
	else if (!np_common.quiet)
		puts("settings configured");
	np_settings_free(&set);
	np_info_free(&info);
	np_client_close(&client);
	return ret;
}

const struct np_command np_command_settings = {
	.name = "settings",
	.summary = "show or change guards and other settings",
	.usage = "settings [-o FORM] [NAME=VALUE...]",
	.about = "Shows the settings, or changes those that are named and leaves the others "
		"as they are. An empty value sets the default.\n\n"
		"  guard-prefix=CIDR,...      pod addresses of this node (none)\n"
		"  pod-range=CIDR,...         addresses of pods in the whole cluster, for a Deny\n"
		"                             (none)\n"
		"  guard-interface=NAME,...   interfaces of pods; a last * matches any (none)\n"
		"  unknown=deny|allow         addresses inside a guard of no known pod (deny)\n"
		"  established=cut|keep       answered connections that policy now denies (cut)\n"
		"  host-egress=enforce|allow  egress policy from a pod to its own node (enforce)\n"
		"  host-allow=ADDR:PROTO/PORT,...  always open to pods on their node (none)\n"
		"  source-allow=[NS/POD=]CIDR,...  other addresses that pods may send from (none)\n"
		"  event-rate=N               events a second (100)\n"
		"  tunnels=deny|allow         pods to tunnels that end on their node (deny)",
	.examples = "netpolctl settings guard-prefix=10.244.1.0/24 guard-interface='cali*'\n"
		"netpolctl settings host-allow=169.254.20.10:udp/53,169.254.20.10:tcp/53",
	.words = "@settings ...",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE) | NP_FORMAT_BIT(NP_FORMAT_JSON) |
		 NP_FORMAT_BIT(NP_FORMAT_YAML),
	.form = NP_FORMAT_TABLE,
	.changes = true,
	.run = np_settings_run,
};
