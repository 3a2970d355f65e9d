// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl graph
 */
#include <stdio.h>

#include "common.h"
#include "graph/arrows.h"
#include "graph/dot.h"
#include "graph/html.h"
#include "graph/mermaid.h"
#include "workload.h"

static int np_graph_draw(struct np_workload_run *run)
{
	struct np_arrows arrows = { 0 };
	struct np_error err = { 0 };
	int ret = NP_EXIT_OK;

	if (np_workload_find(run, &err) || np_arrows_make(&arrows, &run->exposure, &err))
		ret = np_report(&err);
	else if (np_common.format == NP_FORMAT_DOT)
		np_graph_write_dot(&arrows, stdout);
	else if (np_common.format == NP_FORMAT_MERMAID)
		np_graph_write_mermaid(&arrows, stdout);
	else
		np_graph_write_html(&arrows, stdout);
	np_arrows_free(&arrows);
	return ret;
}

static const struct np_option_row np_graph_options[] = {
	NP_ROW_WORKLOAD_FILES,
	NP_ROW_RECURSIVE,
	NP_ROW_WORKLOAD_LENIENT,
	NP_ROW_WORKLOAD_KERNEL,
	NP_ROW_WORKLOAD_PORTS,
	{ "output", 'o', "FORM", NULL,
	  "form of the drawing: html, one page with search and filters, which also saves its "
	  "drawing as SVG; dot, for Graphviz; or mermaid" },
	{ 0 }
};

static int np_graph_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_workload_run run;
	int ret;

	np_workload_init(&run);
	ret = np_options_parse(cmd, argc, argv, np_workload_take, &run);
	if (ret == NP_PARSE_DONE)
		ret = np_workload_check(cmd, &run, argc, argv);
	if (ret == NP_PARSE_DONE && !np_common.form)
		ret = np_usage(cmd, "graph needs -o html, -o dot or -o mermaid");
	if (ret == NP_PARSE_DONE)
		ret = np_graph_draw(&run);
	np_workload_free(&run);
	return ret;
}

const struct np_command np_command_graph = {
	.name = "graph",
	.summary = "a drawing of who reaches whom, as a page or for Graphviz",
	.usage = "graph [WORD...] -f FILE [-f FILE...] -o FORM [OPTION...]\n"
		"graph [WORD...] --kernel -o FORM [OPTION...]",
	.about = "Draws who reaches whom: namespaces are rooms, workloads stand in them, "
		"arrows have ports; by the code that the kernel runs, on every port. A WORD "
		"chooses workloads: NAMESPACE, NAMESPACE/WORKLOAD or NAMESPACE/POD, which are "
		"drawn with all that they reach and all that reaches them; without one, all "
		"are drawn.",
	.options = np_graph_options,
	.examples = "netpolctl graph -f cluster.yaml -f policies/ -o html > graph.html\n"
		"netpolctl graph shop -f all.yaml -o dot | dot -Tsvg > shop.svg\n"
		"netpolctl graph shop/web -f all.yaml --ports tcp/443 -o mermaid",
	.words = "@namespaces @pods ...",
	.forms = NP_FORMAT_BIT(NP_FORMAT_DOT) | NP_FORMAT_BIT(NP_FORMAT_MERMAID) |
		 NP_FORMAT_BIT(NP_FORMAT_HTML),
	.form = NP_FORMAT_HTML,
	.run = np_graph_run,
};
