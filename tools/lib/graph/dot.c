// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes a drawing in the language of Graphviz. Names stand nowhere but in quoted labels, where the
 * quote, the backslash and the ampersand have a meaning: \G and &lt; are escapes of labels.
 */
#include "graph/dot.h"

#include <linux/netpol.h>

#include "base/buffer.h"
#include "graph/ends.h"

/* Writes a label, which may have several lines. */
static void np_dot_label(FILE *file, struct np_buffer *label)
{
	const char *at;

	fputs("label=\"", file);
	for (at = label->data ? label->data : ""; *at; at++)
		if (*at == '"' || *at == '\\')
			fprintf(file, "\\%c", *at);
		else if (*at == '&')
			fputs("&amp;", file);
		else if (*at == '\n')
			fputs("\\n", file);
		else
			fputc(*at, file);
	fputc('"', file);
	np_buffer_free(label);
}

static void np_dot_workload(const struct np_arrows *arrows, size_t i, FILE *file)
{
	struct np_buffer label = { 0 };

	np_ends_workload(&label, arrows, i);
	fprintf(file, "    w%zu [", i);
	np_dot_label(file, &label);
	/* a dashed line: not isolated in ingress */
	if (np_ends_isolated(arrows, i, NETPOL_DIRECTION_INGRESS) != NP_ISOLATED_ALL)
		fputs(", style=\"rounded,filled,dashed\", fillcolor=\"#fff4e2\"", file);
	fputs("]\n", file);
}

static void np_dot_namespaces(const struct np_arrows *arrows, FILE *file)
{
	const struct np_workloads *all = arrows->exposure->workloads;
	struct np_buffer label = { 0 };
	size_t i, k, end;

	for (i = 0; i < all->count; i = end) {
		end = np_arrows_namespace_end(arrows, i);
		for (k = i; k < end && !arrows->drawn[k]; k++)
			;
		if (k == end)
			continue;
		fprintf(file, "  subgraph cluster_n%zu {\n    ", k);
		np_ends_space(&label, arrows, k);
		np_dot_label(file, &label);
		fputc('\n', file);
		for (; k < end; k++)
			if (arrows->drawn[k])
				np_dot_workload(arrows, k, file);
		fputs("  }\n", file);
	}
}

/* The lines between the ends of an arrow and the node with its ports. */
struct np_dot_lines {
	FILE *file;
	char node[32];
	bool from_node;
};

/* A line to a namespace leads to its first workload, and ends at its box. */
static void np_dot_end(void *context, enum np_end_of kind, size_t workload)
{
	const struct np_dot_lines *lines = context;
	char name[32], box[64] = "";

	if (kind == NP_END_OF_NAMESPACE)
		snprintf(box, sizeof(box), "%s=cluster_n%zu",
			 lines->from_node ? "lhead" : ", ltail", workload);
	np_ends_name(kind == NP_END_OF_ALL ? kind : NP_END_OF_WORKLOAD, workload, name);
	if (lines->from_node)
		fprintf(lines->file, "  %s -> %s [%s]\n", lines->node, name, box);
	else
		fprintf(lines->file, "  %s -> %s [dir=none%s]\n", name, lines->node, box);
}

/*
 * Ports are nodes between the ends, so that dot has room for them and several ends can share them.
 */
static void np_dot_arrow(const struct np_arrows *arrows, const struct np_arrow *arrow,
			 size_t number, FILE *file)
{
	struct np_dot_lines lines = { .file = file };
	struct np_buffer label = { 0 };

	snprintf(lines.node, sizeof(lines.node), "a%zu", number);
	fprintf(file, "  %s [shape=plain, style=\"\", ", lines.node);
	np_ends_label(&label, arrows, arrow);
	np_dot_label(file, &label);
	fputs("]\n", file);
	lines.from_node = arrow->addresses && !arrow->leaves;
	np_ends_visit(arrows, arrow->from, arrow->froms, np_dot_end, &lines);
	lines.from_node = true;
	if (!arrow->addresses)
		np_ends_visit(arrows, arrow->to, arrow->tos, np_dot_end, &lines);
	else if (arrow->leaves)
		fprintf(file, "  %s -> world\n", lines.node);
	else
		fprintf(file, "  world -> %s [dir=none]\n", lines.node);
}

void np_graph_write_dot(const struct np_arrows *arrows, FILE *file)
{
	size_t i;

	fputs("digraph netpol {\n"
	      "  rankdir=LR; compound=true; nodesep=0.15; ranksep=0.7\n"
	      "  graph [fontname=\"sans-serif\", style=rounded, color=\"#8a94a3\"]\n"
	      "  node [fontname=\"sans-serif\", fontsize=11, shape=box, style=\"rounded,filled\",\n"
	      "        fillcolor=\"#e8f1ee\", color=\"#5b6675\", height=0.3]\n"
	      "  edge [fontname=\"sans-serif\", fontsize=10, color=\"#5b6675\", arrowsize=0.7]\n",
	      file);
	np_dot_namespaces(arrows, file);
	if (np_ends_all(arrows))
		fputs("  all [label=\"all workloads\", shape=box, peripheries=2]\n", file);
	if (arrows->worlds)
		fputs("  world [label=\"world\", shape=ellipse, fillcolor=\"#e6ecfa\"]\n", file);
	for (i = 0; i < arrows->arrows; i++)
		np_dot_arrow(arrows, &arrows->arrow[i], i, file);
	for (i = 0; i < arrows->worlds; i++)
		np_dot_arrow(arrows, &arrows->world[i], arrows->arrows + i, file);
	fputs("}\n", file);
}
