// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl exposure
 */
#include <stdio.h>

#include "common.h"
#include "graph/exposure_json.h"
#include "graph/exposure_text.h"
#include "workload.h"

#define NP_EXPOSURE_NAMES_MAX	12

static const struct np_option_row np_exposure_options[] = {
	NP_ROW_WORKLOAD_FILES,
	NP_ROW_RECURSIVE,
	NP_ROW_WORKLOAD_LENIENT,
	NP_ROW_WORKLOAD_KERNEL,
	NP_ROW_WORKLOAD_PORTS,
	{ "verbose", 'v', NULL, NULL, "list all names, however many are alike" },
	{ 0 }
};

static int np_exposure_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_error err = { 0 };
	struct np_workload_run run;
	int ret;

	np_workload_init(&run);
	ret = np_options_parse(cmd, argc, argv, np_workload_take, &run);
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
	.usage = "exposure [WORD...] -f FILE [-f FILE...] [OPTION...]\n"
		"exposure [WORD...] --kernel [OPTION...]",
	.about = "Prints what reaches each workload, and what it reaches: the world outside "
		"the cluster, its node, other namespaces, its own namespace; by the code that "
		"the kernel runs, on every port. A WORD chooses workloads: NAMESPACE, "
		"NAMESPACE/WORKLOAD or NAMESPACE/POD; without one, all are printed.",
	.options = np_exposure_options,
	.examples = "netpolctl exposure -f cluster.yaml -f policies/\n"
		"netpolctl exposure shop/web -f all.yaml --ports tcp/443\n"
		"netpolctl exposure shop --kernel -o json",
	.words = "@namespaces @pods ...",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TEXT) | NP_FORMAT_BIT(NP_FORMAT_JSON),
	.form = NP_FORMAT_TEXT,
	.run = np_exposure_run,
};
