// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl diff
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "kernel.h"
#include "diff/diff.h"
#include "diff/json.h"
#include "diff/outside.h"
#include "diff/text.h"
#include "kube/fetch.h"
#include "matrix/matrix.h"
#include "object/load.h"
#include "object/nodes.h"

#define NP_DIFF_LINES_MAX	50

enum {
	NP_OPT_LENIENT = 0x100,
	NP_OPT_OBJECTS,
	NP_OPT_CONNECTIVITY,
	NP_OPT_PORTS,
	NP_OPT_KUBECONFIG,
	NP_OPT_IN_CLUSTER,
	NP_OPT_SERVER,
};

struct np_diff_run {
	const char **file;	/* the last one is that of the side */
	size_t files;
	const char **namespace;
	size_t namespaces;
	struct np_load_options load;
	struct np_matrix asked;
	bool objects;
	bool connectivity;
	struct np_fetch_options cluster;
	bool cluster_given;	/* an option says where the cluster is */

	struct np_diff_side side[2];
	struct np_diff diff;
};

static int np_diff_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	struct np_diff_run *run = ctx;

	switch (code) {
	case 'f':
		run->file = np_array_grow(run->file, run->files, sizeof(*run->file));
		run->file[run->files++] = arg;
		break;
	case 'n':
		run->namespace = np_array_grow(run->namespace, run->namespaces,
					       sizeof(*run->namespace));
		run->namespace[run->namespaces++] = arg;
		break;
	case 'R':
		run->load.recursive = true;
		break;
	case NP_OPT_LENIENT:
		run->load.lenient = true;
		break;
	case NP_OPT_OBJECTS:
		run->objects = true;
		break;
	case NP_OPT_CONNECTIVITY:
		run->connectivity = true;
		break;
	case NP_OPT_PORTS:
		return np_matrix_add_ports(&run->asked, arg, err);
	case NP_OPT_KUBECONFIG:
		run->cluster.search.path = arg;
		run->cluster_given = true;
		break;
	case NP_OPT_IN_CLUSTER:
		run->cluster.search.in_cluster = true;
		run->cluster_given = true;
		break;
	case NP_OPT_SERVER:
		run->cluster.server = arg;
		run->cluster_given = true;
	}
	return 0;
}

/* Is a side the cluster of a kubeconfig? Its context is what follows the colon, if there is one. */
static bool np_diff_is_cluster(const char *name, const char **context)
{
	static const char word[] = "cluster";
	size_t len = sizeof(word) - 1;

	if (strncmp(name, word, len) || (name[len] && name[len] != ':'))
		return false;
	if (context)
		*context = name[len] ? name + len + 1 : NULL;
	return true;
}

static void np_diff_warn(const char *text)
{
	np_warning("%s", text);
}

static int np_diff_read_cluster(struct np_diff_run *run, struct np_diff_side *side,
				struct np_error *err)
{
	struct np_fetch_options options = run->cluster;
	struct np_objects *objs = &side->files;
	size_t warned, i;

	np_diff_is_cluster(side->name, &options.search.context);
	options.timeout_ms = np_common.timeout;
	options.warn = np_diff_warn;
	if (np_fetch(&options, objs, err))
		return -1;
	warned = objs->warning_count;
	if (np_nodes_resolve_all(objs, true, NULL, err) || np_plan_limits(objs, NULL, err))
		return -1;
	for (i = warned; i < objs->warning_count; i++)
		np_warning("%s: %s", objs->warnings[i].path, objs->warnings[i].text);
	np_diff_side_files(side);
	return 0;
}

static int np_diff_read(struct np_diff_run *run, struct np_diff_side *side, struct np_error *err)
{
	bool kernel = !strcmp(side->name, "kernel"), cluster = np_diff_is_cluster(side->name, NULL);

	if ((kernel || cluster || np_diff_is_snapshot(side->name)) && run->files)
		np_notice("the files of -f are not added to %s, which is whole", side->name);
	if (kernel)
		return np_read_kernel(side, err);
	if (cluster)
		return np_diff_read_cluster(run, side, err);
	if (np_diff_is_snapshot(side->name))
		return np_diff_side_snapshot(side, side->name, err);
	run->file[run->files] = side->name;
	if (np_read_manifests(&side->files, run->file, run->files + 1, &run->load, err))
		return -1;
	np_diff_side_files(side);
	return 0;
}

/* Reads the file of the other side when the first one has errors, to find its errors too. */
static void np_diff_read_rest(struct np_diff_run *run)
{
	struct np_diff_side *side = &run->side[1];
	struct np_error ignored;

	if (np_common.errors.count && strcmp(side->name, "kernel") &&
	    !np_diff_is_cluster(side->name, NULL) &&
	    strcmp(side->name, run->side[0].name) &&
	    !np_diff_is_snapshot(side->name))
		np_read_files(&side->files, &side->name, 1, &run->load, &ignored);
}

static void np_diff_borrow(struct np_diff_run *run)
{
	static const struct {
		uint8_t object;
		const char *name;
	} kind[] = {
		{ NETPOL_OBJECT_NAMESPACE, "namespaces" }, { NETPOL_OBJECT_POD, "pods" },
	};
	struct np_diff_side *side = run->side;
	size_t i, s;

	for (i = 0; i < 2; i++)
		for (s = 0; s < 2; s++)
			if (np_diff_side_borrow(&side[s], &side[!s], kind[i].object))
				np_notice("%s has no %s: those of %s count", side[s].name,
					  kind[i].name, side[!s].name);
	np_diff_side_align(&side[0], &side[1]);
}

static int np_diff_do(struct np_diff_run *run)
{
	struct np_reach_options opts = {
		.namespace = run->namespace,
		.namespaces = run->namespaces,
		.asked = &run->asked,
	};
	struct np_error err = { 0 };
	size_t i;

	for (i = 0; i < 2; i++) {
		if (!np_diff_read(run, &run->side[i], &err))
			continue;
		if (!i)
			np_diff_read_rest(run);
		return np_report(&err);
	}
	np_diff_borrow(run);
	run->diff.by_objects = run->objects || !run->connectivity;
	run->diff.by_reach = run->connectivity || !run->objects;
	if (!run->connectivity && run->diff.by_reach &&
	    !np_diff_side_count(&run->side[0], NETPOL_OBJECT_POD) &&
	    !np_diff_side_count(&run->side[1], NETPOL_OBJECT_POD)) {
		np_notice("neither side has a pod, so connections are not compared");
		run->diff.by_reach = false;
	}
	if (run->diff.by_reach)
		np_diff_outside_add(&run->side[0], &run->side[1]);
	if (np_diff_compare(&run->diff, &run->side[0], &run->side[1], &opts, &err))
		return np_report(&err);
	if (np_common.format == NP_FORMAT_JSON)
		np_diff_write_json(&run->diff, stdout);
	else if (np_common.format == NP_FORMAT_MD)
		np_diff_write_md(&run->diff, np_common.verbose ? SIZE_MAX : NP_DIFF_LINES_MAX,
				 stdout);
	else
		np_diff_write_text(&run->diff, np_common.verbose ? SIZE_MAX : NP_DIFF_LINES_MAX,
				   stdout);
	return np_diff_differs(&run->diff) ? NP_EXIT_NEGATIVE : NP_EXIT_OK;
}

static int np_diff_check(const struct np_command *cmd, struct np_diff_run *run, int argc,
			 char **argv)
{
	const char *context = NULL, *named;
	bool cluster = false;
	size_t i, input = 0;

	if (argc - optind != 2)
		return np_usage(cmd, "diff takes two words, what was and what is to be");
	for (i = 0; i < 2; i++) {
		named = NULL;
		cluster |= np_diff_is_cluster(argv[optind + i], &named);
		context = named ? named : context;
		if (context && !*context)
			return np_usage(cmd, "cluster: is followed by the name of a context, as in "
					"cluster:staging");
	}
	if (run->cluster_given && !cluster)
		return np_usage(cmd, "--kubeconfig, --in-cluster and --api-server are for the side "
				"cluster");
	if (run->cluster.search.in_cluster && context)
		return np_usage(cmd, "--in-cluster uses the service account of the pod, which has "
				"no context: write cluster instead of cluster:%.80s", context);
	for (i = 0; i < run->files; i++)
		input += !strcmp(run->file[i], "-");
	/* Files of both sides are read twice. */
	if (input || (!strcmp(argv[optind], "-") && !strcmp(argv[optind + 1], "-")))
		return np_usage(cmd, "standard input can be one of A and B");
	if (run->objects && run->connectivity) {
		run->objects = false;
		run->connectivity = false;
	}
	return NP_PARSE_DONE;
}

static const struct np_option_row np_diff_options[] = {
	{ "filename", 'f', "FILE", "@files",
	  "manifests that belong to A and to B, except to the kernel, a cluster and snapshots; "
	  "may be repeated" },
	NP_ROW_RECURSIVE,
	{ "lenient", NP_OPT_LENIENT, NULL, NULL, "unknown fields are warnings instead of errors" },
	{ "objects", NP_OPT_OBJECTS, NULL, NULL, "compare only objects" },
	{ "connectivity", NP_OPT_CONNECTIVITY, NULL, NULL, "compare only connections" },
	{ "ports", NP_OPT_PORTS, "LIST", NULL,
	  "compare only these: tcp/80,udp/53,icmp and so on; by default every port" },
	{ "namespace", 'n', "NAME", "@namespaces",
	  "compare only connections between pods of this namespace; may be repeated" },
	{ "kubeconfig", NP_OPT_KUBECONFIG, "FILE", "@files",
	  "where a cluster is; by default KUBECONFIG, else ~/.kube/config, else the service "
	  "account of the pod" },
	{ "in-cluster", NP_OPT_IN_CLUSTER, NULL, NULL,
	  "use the service account of this pod, and nothing else" },
	{ "api-server", NP_OPT_SERVER, "URL", NULL,
	  "use this server instead of the kubeconfig's" },
	{ "verbose", 'v', NULL, NULL, "print every line, where there are more than 50 of a kind" },
	{ 0 }
};

static int np_diff_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_diff_run run = { 0 };
	int ret;

	np_kubeconfig_environment(&run.cluster.search);
	np_matrix_init(&run.asked);
	np_diff_side_init(&run.side[0], "");
	np_diff_side_init(&run.side[1], "");
	ret = np_options_parse(cmd, argc, argv, np_diff_take, &run);
	if (ret == NP_PARSE_DONE)
		ret = np_diff_check(cmd, &run, argc, argv);
	if (ret == NP_PARSE_DONE) {
		run.file = np_array_grow(run.file, run.files, sizeof(*run.file));
		run.side[0].name = argv[optind];
		run.side[1].name = argv[optind + 1];
		ret = np_diff_do(&run);
	}
	np_diff_free(&run.diff);
	np_diff_side_free(&run.side[0]);
	np_diff_side_free(&run.side[1]);
	np_matrix_free(&run.asked);
	free(run.namespace);
	free(run.file);
	return ret;
}

const struct np_command np_command_diff = {
	.name = "diff",
	.summary = "what a change does: objects, connections that appear and go",
	.usage = "diff A B [-f FILE...] [OPTION...]",
	.about = "Shows what a change of policies does: objects that differ in what they "
		"mean, and the connections that appear and go, by the code that the kernel "
		"runs. A and B are each a file or a directory of manifests, - for standard "
		"input, a snapshot of 'netpolctl save', the word kernel: what the module has "
		"loaded, or the word cluster: what the API server of the kubeconfig has now, "
		"or of a context of it: cluster:CONTEXT.\n\n"
		"Addresses that are no pod's are ends of connections too, one for all that "
		"no rule tells apart. A side without pods takes those of the other one; so "
		"it is with namespaces.",
	.options = np_diff_options,
	.exits = "0 nothing differs, 1 something differs, 2 and above an error; 7: of the API "
		"server.",
	.examples = "netpolctl diff policies-before/ policies/ -f cluster.yaml\n"
		"netpolctl diff kernel policies/\n"
		"netpolctl diff cluster policies/\n"
		"netpolctl diff main/ branch/ -f cluster.yaml --lenient -o md > review.md",
	.words = "kernel cluster @files | kernel cluster @files",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TEXT) | NP_FORMAT_BIT(NP_FORMAT_JSON) |
		 NP_FORMAT_BIT(NP_FORMAT_MD),
	.form = NP_FORMAT_TEXT,
	.run = np_diff_run,
};
