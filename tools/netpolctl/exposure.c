// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl exposure
 */
#include <stdio.h>

#include "common.h"
#include "graph/exposure_json.h"
#include "graph/exposure_text.h"
#include "workload.h"

static const char np_exposure_help[] =
"Usage: netpolctl exposure [WORD...] -f FILE [-f FILE...] [OPTION...]\n"
"       netpolctl exposure [WORD...] --kernel [OPTION...]\n"
"\n"
"What reaches each workload, and what it reaches: the world outside the cluster,\n"
"its node, other namespaces, its own namespace; by the code that the kernel runs,\n"
"on every port. A WORD chooses workloads: NAMESPACE, NAMESPACE/WORKLOAD or\n"
"NAMESPACE/POD; without one, all are written.\n"
"\n"
"Options:\n"
"  -f, --filename FILE   manifests: a file, a directory, or - for standard input,\n"
"                        repeatable; or one snapshot of 'netpolctl save'\n"
"  -R, --recursive       directories inside a directory too\n"
"      --lenient         unknown fields are warnings instead of errors\n"
"      --kernel          what the module has loaded: pods of this node\n"
"      --ports LIST      tcp/80,udp/53,icmp, ...; default: every port\n"
"  -v, --verbose         all names, however many are alike\n"
"  -o, --output FORM     text, json\n"
"\n"
"Examples:\n"
"  netpolctl exposure -f cluster.yaml -f policies/\n"
"  netpolctl exposure shop/web -f all.yaml --ports tcp/443\n"
"  netpolctl exposure shop --kernel -o json\n";

#define NP_EXPOSURE_NAMES_MAX	12

static int np_exposure_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_error err = { 0 };
	struct np_workload_run run;
	int ret;

	np_workload_init(&run);
	ret = np_parse(cmd, argc, argv, np_workload_options, np_workload_take, &run,
		       NP_FORMAT_BIT(NP_FORMAT_TEXT) | NP_FORMAT_BIT(NP_FORMAT_JSON),
		       NP_FORMAT_TEXT);
	if (ret == NP_PARSE_DONE)
		ret = np_workload_check(cmd, &run, argc, argv);
	if (ret == NP_PARSE_DONE) {
		ret = np_workload_find(&run, &err) ? np_report(&err) : NP_EXIT_OK;
		if (!ret && np_common.format == NP_FORMAT_JSON)
			np_exposure_write_json(&run.exposure, stdout);
		else if (!ret)
			np_exposure_write_text(&run.exposure, np_common.verbose ? SIZE_MAX :
					       NP_EXPOSURE_NAMES_MAX, stdout);
	}
	np_workload_free(&run);
	return ret;
}

const struct np_command np_command_exposure = {
	.name = "exposure",
	.summary = "what reaches each workload, and what it reaches",
	.help = np_exposure_help,
	.run = np_exposure_run,
};
