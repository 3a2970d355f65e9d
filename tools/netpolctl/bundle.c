// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl support-bundle
 */
#include <stdio.h>
#include <time.h>

#include "agent/options.h"
#include "bundle/bundle.h"
#include "common.h"

#define NP_PIECE_MS	20000	/* for one piece, if --timeout says nothing else */

enum {
	NP_OPT_FORCE = 0x100,
	NP_OPT_REDACT,
	NP_OPT_SOCKET,
	NP_OPT_METRICS,
};

static int np_bundle_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	struct np_bundle_options *opts = ctx;

	switch (code) {
	case NP_OPT_FORCE:
		opts->force = true;
		break;
	case NP_OPT_REDACT:
		opts->redact = true;
		break;
	case NP_OPT_SOCKET:
		opts->socket = arg;
		break;
	case NP_OPT_METRICS:
		opts->metrics = arg;
		break;
	}
	return 0;
}

static int np_bundle_do(struct np_bundle_options *opts)
{
	struct np_bundle_result result;
	struct np_error err = { 0 };
	time_t now = time(NULL);
	char path[64];
	struct tm when;

	gmtime_r(&now, &when);
	strftime(path, sizeof(path), "netpol-support-%Y%m%d-%H%M%S.tar.gz", &when);
	opts->path = np_common.form ? np_common.form : path;
	/* -o names a file, and no form of an error. */
	np_common.form = NULL;
	if (np_common.timeout > 0 && np_common.timeout != NP_CLIENT_TIMEOUT)
		opts->timeout = np_common.timeout;
	if (np_enter(&err) || np_bundle_make(opts, &result, &err))
		return np_report(&err);
	if (*opts->path != '-' || opts->path[1])
		puts(opts->path);
	np_notice("%zu files, %zu pieces are missing and %zu are cut, as MANIFEST says; %s",
		  result.files, result.missing, result.cut, opts->redact ?
		  "names and addresses are made up, but look at it before you send it" :
		  "it has the names and addresses of your cluster, so look at it before you send it");
	return NP_EXIT_OK;
}

static const struct np_option_row np_bundle_options[] = {
	{ "output", 'o', "FILE", "@files",
	  "a new file, or - for standard output; by default netpol-support-DATE.tar.gz" },
	{ "force", NP_OPT_FORCE, NULL, NULL, "replace the file if it is there" },
	{ "redact", NP_OPT_REDACT, NULL, NULL,
	  "made-up names and addresses, the same ones in all files; without the journal and the "
	  "kernel's log, which may name what is gone" },
	{ "socket", NP_OPT_SOCKET, "PATH", "@files",
	  "where the agent answers; by default /run/netpol/sync.sock" },
	{ "metrics", NP_OPT_METRICS, "ADDR:PORT", NULL,
	  "where the agent's metrics are; by default 127.0.0.1:9474" },
	{ 0 }
};

static int np_bundle_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_bundle_options opts = {
		.socket = NP_AGENT_SOCKET,
		.metrics = NP_AGENT_LISTEN,
		.version = NETPOL_VERSION,
		.timeout = NP_PIECE_MS,
	};
	int ret;

	ret = np_options_parse(cmd, argc, argv, np_bundle_take, &opts);
	if (ret != NP_PARSE_DONE)
		return ret;
	if (optind < argc)
		return np_usage(cmd, "a file is given as -o %.80s", argv[optind]);
	return np_bundle_do(&opts);
}

const struct np_command np_command_bundle = {
	.name = "support-bundle",
	.summary = "an archive with what is asked for when something is wrong",
	.usage = "support-bundle [-o FILE] [OPTION...]",
	.about = "Writes one archive with what somebody who looks for a fault on this node "
		"asks for: versions, status, doctor, settings, counters, the objects that are "
		"loaded, the agent's status, metrics and journal, the kernel's lines on "
		"netpol, interfaces, routes, sysctls. The file MANIFEST in it says what is "
		"there, what is missing and why. Works without the module and without root, "
		"with less in it. There are no credentials in it; the names of the cluster "
		"are, unless --redact is given. Look at it before you send it. Changes "
		"nothing.",
	.options = np_bundle_options,
	.examples = "netpolctl support-bundle\n"
		"netpolctl support-bundle --redact -o - | ssh elsewhere 'cat > "
		"bundle.tar.gz'",
	.run = np_bundle_run,
};
