// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl lint
 */
#include <stdio.h>
#include <stdlib.h>

#include "common.h"
#include "object/lint_fix.h"
#include "object/lint_write.h"
#include "object/load.h"
#include "object/nodes.h"

struct np_lint_options {
	const char **file;
	size_t file_count;
	struct np_load_options load;
	struct np_lint lint;
	struct np_objects objects;
	bool diff;
};

enum {
	NP_OPT_LENIENT = 0x100,
	NP_OPT_DISABLE,
	NP_OPT_DIFF,
};

static int np_lint_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	struct np_lint_options *opts = ctx;

	switch (code) {
	case 'f':
		opts->file = np_array_grow(opts->file, opts->file_count, sizeof(*opts->file));
		opts->file[opts->file_count++] = arg;
		break;
	case 'R':
		opts->load.recursive = true;
		break;
	case NP_OPT_LENIENT:
		opts->load.lenient = true;
		break;
	case NP_OPT_DISABLE:
		return np_lint_disable(&opts->lint, arg, err);
	case NP_OPT_DIFF:
		opts->diff = true;
		break;
	}
	return 0;
}

static int np_lint_do(struct np_lint_options *opts)
{
	struct np_objects *objs = &opts->objects;
	struct np_error err = { 0 };

	if (np_read_files(objs, opts->file, opts->file_count, &opts->load, &err))
		return np_report(&err);
	np_load_keep_last(objs);
	if (np_nodes_resolve_all(objs, opts->load.lenient, &np_common.errors, &err))
		return np_report(&err);
	np_print_warnings(objs);
	if (!objs->policy_count) {
		np_error_set(&err, NP_EXIT_INPUT, "the input has no network policy");
		return np_report(&err);
	}
	if (!objs->pod_count)
		np_notice("the input has no pods: checks that need them see nothing");
	np_lint_run(&opts->lint, objs);
	np_lint_fix_find(&opts->lint);
	if (opts->diff)
		np_lint_write_diff(&opts->lint, stdout);
	else if (np_common.format == NP_FORMAT_JSON)
		np_lint_write_json(&opts->lint, stdout);
	else if (np_common.format == NP_FORMAT_SARIF)
		np_lint_write_sarif(&opts->lint, stdout);
	else
		np_lint_write_text(&opts->lint, stdout);
	return opts->lint.count ? NP_EXIT_NEGATIVE : NP_EXIT_OK;
}

static const struct np_option_row np_lint_options[] = {
	NP_ROW_FILES,
	NP_ROW_RECURSIVE,
	{ "lenient", NP_OPT_LENIENT, NULL, NULL, "unknown fields are warnings instead of errors" },
	{ "disable", NP_OPT_DISABLE, "ID", "@lint",
	  "leave a check out, by its number or name; may be repeated" },
	{ "diff", NP_OPT_DIFF, NULL, NULL, "print the fixes as a patch, for patch -p1" },
	{ 0 }
};

static int np_lint_main(const struct np_command *cmd, int argc, char **argv)
{
	struct np_lint_options opts = { 0 };
	int ret;

	np_objects_init(&opts.objects);
	ret = np_options_parse(cmd, argc, argv, np_lint_take, &opts);
	if (ret == NP_PARSE_DONE)
		ret = np_check_files(cmd, opts.file_count, argc, argv);
	if (ret == NP_PARSE_DONE && opts.diff && np_common.format != NP_FORMAT_TEXT)
		ret = np_usage(cmd, "--diff has a form of its own, so -o is not for it");
	if (ret == NP_PARSE_DONE)
		ret = np_lint_do(&opts);
	np_lint_free(&opts.lint);
	np_objects_free(&opts.objects);
	free(opts.file);
	return ret;
}

const struct np_command np_command_lint = {
	.name = "lint",
	.summary = "what is valid in policies and most likely not meant",
	.usage = "lint -f FILE [-f FILE...] [OPTION...]",
	.about = "Finds what is valid in policies and most likely not meant, from files. The "
		"more of the cluster's pods they hold, the more it sees. Files are never "
		"changed: --diff prints what to change.\n\n"
		"Checks (docs/lint.md has a wrong and a right example of each):\n"
		"  NP001 empty-selector         an empty selector opens to the whole cluster\n"
		"  NP002 selects-nothing        a policy selects no pod\n"
		"  NP003 dns-blocked            an egress policy leaves pods without DNS\n"
		"  NP004 port-name-unknown      no pod has a port of this name\n"
		"  NP005 block-of-pods          an address block holds addresses of pods\n"
		"  NP006 node-local-dns         a DNS cache on the node needs a host-allow line\n"
		"  NP007 direction-left-out     policyTypes leaves out the direction of rules\n"
		"  NP008 peer-nobody            no pod or no namespace has a peer's labels\n"
		"  NP009 peer-elsewhere         a podSelector's pods are in another namespace\n"
		"  NP010 peer-never-both        no pod meets both selectors of a peer\n"
		"  NP011 peer-on-host-network   a peer's pods are all on the host's network\n"
		"  NP012 block-mistyped-all     0.0.0.0/24 and the like in place of 0.0.0.0/0\n"
		"  NP013 except-void            another rule allows what an except takes away\n"
		"  NP014 host-bits              an address block has bits behind its mask\n"
		"  NP015 own-namespace-blocked  a policy without rules blocks its own namespace\n"
		"  NP016 duplicate              a rule, peer or port is there twice\n"
		"  NP017 adds-nothing           another rule or peer covers all of this one\n"
		"  NP018 block-of-cluster-ip    an address block is that of a Service\n"
		"  NP019 equal-priority         two ClusterNetworkPolicies have one priority\n"
		"  NP020 hidden-rule            an earlier rule matches all that this one does\n"
		"  NP021 idle-pass              a Pass of tier Baseline with no Deny behind it\n"
		"  NP022 admin-denies-dns       a Deny of tier Admin leaves pods without DNS",
	.options = np_lint_options,
	.exits = "0 no findings, 1 findings, 3 the input cannot be read or has no policy.",
	.examples = "kubectl get ns,po,svc,netpol,cnp -A -o yaml | netpolctl lint -f - --lenient\n"
		"netpolctl lint -f policies/ -R -o sarif > lint.sarif\n"
		"netpolctl lint -f policies/ -R --diff | patch -p1",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TEXT) | NP_FORMAT_BIT(NP_FORMAT_JSON) |
		 NP_FORMAT_BIT(NP_FORMAT_SARIF),
	.form = NP_FORMAT_TEXT,
	.run = np_lint_main,
};
