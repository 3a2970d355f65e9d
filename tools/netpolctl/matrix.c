// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl matrix
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "object/load.h"
#include "matrix/expect.h"
#include "matrix/html.h"
#include "matrix/matrix.h"
#include "matrix/write.h"
#include "netlink/plan.h"

#define NP_DIFFERENCES_MAX	50

struct np_matrix_run {
	const char **file;
	size_t file_count;
	struct np_load_options load;
	struct np_matrix_options options;
	const char *expect_file;
	bool kernel;

	struct np_objects objects;
	struct np_matrix matrix;
	struct np_expect expect;
};

enum {
	NP_OPT_LENIENT = 0x100,
	NP_OPT_KERNEL,
	NP_OPT_PORTS,
	NP_OPT_FAMILY,
	NP_OPT_EXPECT,
};

static int np_matrix_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	struct np_matrix_options *opts;
	struct np_matrix_run *run = ctx;

	opts = &run->options;
	switch (code) {
	case 'f':
		run->file = np_array_grow(run->file, run->file_count, sizeof(*run->file));
		run->file[run->file_count++] = arg;
		break;
	case 'n':
		opts->namespace = np_array_grow(opts->namespace, opts->namespaces,
						sizeof(*opts->namespace));
		opts->namespace[opts->namespaces++] = arg;
		break;
	case 'R':
		run->load.recursive = true;
		break;
	case NP_OPT_LENIENT:
		run->load.lenient = true;
		break;
	case NP_OPT_KERNEL:
		run->kernel = true;
		break;
	case NP_OPT_PORTS:
		return np_matrix_add_ports(&run->matrix, arg, err);
	case NP_OPT_EXPECT:
		run->expect_file = arg;
		break;
	case NP_OPT_FAMILY:
		return np_parse_family(arg, &opts->family, err);
	}
	return 0;
}

/* Prints notes about pods that have no row although the reader may look for them. */
static void np_matrix_left_out(const struct np_matrix_run *run)
{
	const struct np_objects *objs = &run->objects;
	size_t i, unusable = 0, usable = 0;

	for (i = 0; i < objs->pod_count; i++)
		if (np_pod_usable(&objs->pods[i]))
			usable++;
		else
			unusable++;
	if (unusable)
		np_notice("left out %zu pod%s without an address, finished, or of the host's network",
			  unusable, unusable == 1 ? "" : "s");
	if (!run->options.namespaces && usable > run->matrix.pods)
		np_notice("left out %zu pod%s without an IPv%c address", usable - run->matrix.pods,
			  usable - run->matrix.pods == 1 ? "" : "s",
			  run->matrix.family == AF_INET ? '4' : '6');
}

static int np_matrix_files(struct np_matrix_run *run, struct np_error *err)
{
	struct np_objects *objs = &run->objects;

	if (np_read_manifests(objs, run->file, run->file_count, &run->load, err))
		return -1;
	if (np_matrix_from_objects(&run->matrix, objs, &run->options, err))
		return -1;
	np_matrix_left_out(run);
	return 0;
}

static int np_matrix_kernel(struct np_matrix_run *run, struct np_error *err)
{
	struct np_client client;
	struct np_info info;
	int ret;

	ret = np_connect(&client, &info, err);
	np_info_free(&info);
	if (!ret)
		ret = np_matrix_from_kernel(&run->matrix, &client, &run->options, err);
	np_client_close(&client);
	return ret;
}

static void np_matrix_print(const struct np_matrix *m)
{
	switch (np_common.format) {
	case NP_FORMAT_JSON:
		np_matrix_write_json(m, stdout);
		break;
	case NP_FORMAT_CSV:
		np_matrix_write_csv(m, stdout, np_common.no_headers);
		break;
	case NP_FORMAT_MD:
		np_matrix_write_md(m, stdout);
		break;
	case NP_FORMAT_HTML:
		np_matrix_write_html(m, stdout);
		break;
	default:
		np_matrix_write_table(m, stdout, np_common.no_headers);
	}
}

/* Compares with what was expected, and returns the exit status. */
static int np_matrix_compare(const struct np_matrix_run *run, struct np_error *err)
{
	struct np_difference *list;
	uint64_t compared;
	size_t count;

	compared = np_expect_compare(&run->expect, &run->matrix, &list, &count);
	if (!compared && !count) {
		free(list);
		np_error_set(err, NP_EXIT_INPUT, "expects no verdict: all of them are ?");
		np_error_place(err, run->expect_file, 0, 0);
		return np_report(err);
	}
	if (np_common.format == NP_FORMAT_JSON)
		np_difference_write_json(&run->matrix, list, count, compared, stdout);
	else
		np_difference_print(&run->matrix, list, count, compared,
				    np_common.verbose ? SIZE_MAX : NP_DIFFERENCES_MAX, stdout);
	free(list);
	return count ? NP_EXIT_NEGATIVE : NP_EXIT_OK;
}

static int np_matrix_do(struct np_matrix_run *run)
{
	struct np_error err = { 0 };

	if (run->expect_file &&
	    (np_expect_read(&run->expect, run->expect_file, &err) ||
	     (!run->matrix.ports && np_expect_ports(&run->expect, &run->matrix, &err))))
		return np_report(&err);
	if (run->kernel ? np_matrix_kernel(run, &err) : np_matrix_files(run, &err))
		return np_report(&err);
	if (run->expect_file)
		return np_matrix_compare(run, &err);
	np_matrix_print(&run->matrix);
	return NP_EXIT_OK;
}

static int np_matrix_check(const struct np_command *cmd, const struct np_matrix_run *run,
			   int argc, char **argv)
{
	if (optind < argc)
		return np_usage(cmd, "a file is given as -f %.80s", argv[optind]);
	if (run->kernel && run->file_count)
		return np_usage(cmd, "-f and --kernel can't be had together");
	if (!run->kernel && !run->file_count)
		return np_usage(cmd, "matrix needs -f FILE or --kernel");
	if (!run->matrix.ports && !run->expect_file)
		return np_usage(cmd, "matrix needs --ports, as --ports tcp/80,udp/53");
	if (run->expect_file && np_common.format != NP_FORMAT_JSON &&
	    np_common.format != NP_FORMAT_TABLE)
		return np_usage(cmd, "--expect has the output forms table and json");
	return NP_PARSE_DONE;
}

static const struct np_option_row np_matrix_options[] = {
	NP_ROW_FILES,
	NP_ROW_RECURSIVE,
	{ "lenient", NP_OPT_LENIENT, NULL, NULL, "unknown fields are warnings instead of errors" },
	{ "kernel", NP_OPT_KERNEL, NULL, NULL,
	  "ask the module instead; ? is judged by another node" },
	{ "ports", NP_OPT_PORTS, "LIST", NULL,
	  "protocols and ports to ask for: tcp/80,udp/53,icmp and so on; with --expect by default "
	  "those of its file" },
	{ "family", NP_OPT_FAMILY, "4|6", "4 6",
	  "which addresses of the pods; by default 4, or 6 if no pod has an IPv4 address" },
	{ "namespace", 'n', "NAME", "@namespaces",
	  "show only pods of this namespace; may be repeated" },
	{ "expect", NP_OPT_EXPECT, "FILE", "@files",
	  "compare with a file that -o json has written, and list what differs" },
	{ "output", 'o', "FORM", NULL,
	  "form of the output: table (default), json, csv, md or html; with --expect "
	  "table or json" },
	{ 0 }
};

static int np_matrix_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_matrix_run run = { 0 };
	int ret;

	np_objects_init(&run.objects);
	np_matrix_init(&run.matrix);
	ret = np_options_parse(cmd, argc, argv, np_matrix_take, &run);
	if (ret == NP_PARSE_DONE)
		ret = np_matrix_check(cmd, &run, argc, argv);
	if (ret == NP_PARSE_DONE) {
		run.options.page = np_common.format == NP_FORMAT_HTML;
		run.options.reasons = run.options.page || run.expect_file;
		ret = np_matrix_do(&run);
	}
	np_expect_free(&run.expect);
	np_matrix_free(&run.matrix);
	np_objects_free(&run.objects);
	free(run.options.namespace);
	free(run.file);
	return ret;
}

const struct np_command np_command_matrix = {
	.name = "matrix",
	.summary = "who reaches whom, from files or from the kernel",
	.usage = "matrix -f FILE [-f FILE...] --ports LIST [OPTION...]\n"
		"matrix --kernel --ports LIST [OPTION...]",
	.about = "Prints the verdict for every pair of pods: from files, by the code that the "
		"kernel runs, without module and privileges, or from what the module has "
		"loaded. Rows are sources, columns are destinations: all pods with an "
		"address of the family, without finished ones and those of the host's "
		"network.",
	.options = np_matrix_options,
	.exits = "0 done, or with --expect as expected; 1 something differs; 3 the input is "
		"rejected.",
	.examples = "netpolctl matrix -f cluster.yaml -f policies/ --ports tcp/80,udp/53 -o json\n"
		"netpolctl matrix -f all.yaml --ports tcp/443 -o html > matrix.html\n"
		"netpolctl matrix -f all.yaml --expect matrix.json",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE) | NP_FORMAT_BIT(NP_FORMAT_JSON) |
		 NP_FORMAT_BIT(NP_FORMAT_CSV) | NP_FORMAT_BIT(NP_FORMAT_MD) |
		 NP_FORMAT_BIT(NP_FORMAT_HTML),
	.form = NP_FORMAT_TABLE,
	.run = np_matrix_run,
};
