// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl convert
 */
#include <stdio.h>
#include <stdlib.h>

#include "common.h"
#include "object/convert.h"
#include "object/load.h"

struct np_convert_options {
	const char **file;
	size_t file_count;
	bool partial;
	struct np_load_options load;
	struct np_convert convert;
	struct np_objects objects;
};

enum {
	NP_OPT_PARTIAL = 0x100,
};

static int np_convert_option(int code, const char *arg, void *ctx, struct np_error *err)
{
	struct np_convert_options *opts = ctx;

	switch (code) {
	case 'f':
		opts->file = np_array_grow(opts->file, opts->file_count, sizeof(*opts->file));
		opts->file[opts->file_count++] = arg;
		break;
	case 'R':
		opts->load.recursive = true;
		break;
	case NP_OPT_PARTIAL:
		opts->partial = true;
		break;
	}
	return 0;
}

/* Says what was not converted. Returns the exit status. */
static int np_convert_tell(const struct np_convert_options *opts)
{
	const struct np_convert *c = &opts->convert;
	size_t i;

	for (i = 0; i < c->refusals && i < NP_CONVERT_REFUSED_MAX; i++)
		if (opts->partial)
			np_report_text(&c->refused[i]);
		else
			np_report(&c->refused[i]);
	if (i < c->refusals)
		np_warning("%zu more are not listed", c->refusals - i);
	if (!c->refusals)
		return NP_EXIT_OK;
	if (opts->partial) {
		np_warning("%zu of %u policies are not converted: what they allow and deny is "
			   "missing", c->refusals, c->found);
		return NP_EXIT_NEGATIVE;
	}
	np_notice("%zu of %u policies can't be converted, so nothing is written; --partial writes "
		  "the others", c->refusals, c->found);
	return NP_EXIT_INPUT;
}

static int np_convert_do(struct np_convert_options *opts)
{
	struct np_objects *objs = &opts->objects;
	struct np_error err = { 0 };
	int ret;

	opts->load.convert = &opts->convert;
	if (np_read_files(objs, opts->file, opts->file_count, &opts->load, &err))
		return np_report(&err);
	if (!opts->convert.found) {
		np_error_set(&err, NP_EXIT_INPUT,
			     "the input has no AdminNetworkPolicy and no BaselineAdminNetworkPolicy");
		return np_report(&err);
	}
	np_load_keep_last(objs);
	np_convert_finish(&opts->convert, objs);
	np_print_warnings(objs);
	ret = np_convert_tell(opts);
	if (ret != NP_EXIT_INPUT)
		np_convert_write(&opts->convert, stdout, np_common.format);
	return ret;
}

static const struct np_option_row np_convert_options[] = {
	NP_ROW_FILES,
	NP_ROW_RECURSIVE,
	{ "partial", NP_OPT_PARTIAL, NULL, NULL,
	  "write what can be converted although something cannot" },
	{ 0 }
};

static int np_convert_main(const struct np_command *cmd, int argc, char **argv)
{
	struct np_convert_options opts = { 0 };
	int ret;

	np_objects_init(&opts.objects);
	ret = np_options_parse(cmd, argc, argv, np_convert_option, &opts);
	if (ret == NP_PARSE_DONE)
		ret = np_check_files(cmd, opts.file_count, argc, argv);
	if (ret == NP_PARSE_DONE)
		ret = np_convert_do(&opts);
	np_convert_free(&opts.convert);
	np_objects_free(&opts.objects);
	free(opts.file);
	return ret;
}

const struct np_command np_command_convert = {
	.name = "convert",
	.summary = "older admin policies as ClusterNetworkPolicies",
	.usage = "convert -f FILE [-f FILE...] [OPTION...]",
	.about = "Writes AdminNetworkPolicies and BaselineAdminNetworkPolicies "
		"(policy.networking.k8s.io/v1alpha1) as ClusterNetworkPolicies (v1alpha2) "
		"that mean exactly the same. What has no exact form is listed, with the "
		"object and the field, and then nothing is written. Other objects of the "
		"input are left out. "
		"docs/convert.md says what becomes what.",
	.options = np_convert_options,
	.exits = "0 all are converted, 1 with --partial some are not, 3 some are not and "
		"nothing is written, or the input cannot be read or has none.",
	.examples = "kubectl get anp,banp -o yaml | netpolctl convert -f - > policies.yaml\n"
		"netpolctl convert -f old/ -R -o json | jq '.items[].metadata.name'",
	.forms = NP_FORMAT_BIT(NP_FORMAT_YAML) | NP_FORMAT_BIT(NP_FORMAT_JSON),
	.form = NP_FORMAT_YAML,
	.run = np_convert_main,
};
