// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes a drawing as a flowchart of Mermaid. Names stand nowhere but in quoted labels, where every
 * ASCII character but letters, digits and a few others is written by its number: Mermaid looks for
 * its directives everywhere.
 */
#include "graph/mermaid.h"

#include <ctype.h>
#include <string.h>
#include <linux/netpol.h>

#include "base/buffer.h"
#include "graph/ends.h"

/* Writes a label, which may have several lines, in quotes. */
static void np_mermaid_label(FILE *file, struct np_buffer *label)
{
	const char *at;

	fputc('"', file);
	for (at = label->data ? label->data : ""; *at; at++)
		if (*at == '\n')
			fputs("<br>", file);
		else if (*at & 0x80 || isalnum((unsigned char)*at) || strchr(" ./,:_-", *at))
			fputc(*at, file);
		else
			fprintf(file, "#%u;", (unsigned int)*at);
	fputc('"', file);
	np_buffer_free(label);
}

static void np_mermaid_workload(const struct np_arrows *arrows, size_t i, FILE *file)
{
	struct np_buffer label = { 0 };

	np_ends_workload(&label, arrows, i);
	fprintf(file, "    w%zu(", i);
	np_mermaid_label(file, &label);
	/* a dashed line: not isolated in ingress */
	fputs(np_ends_isolated(arrows, i, NETPOL_DIRECTION_INGRESS) == NP_ISOLATED_ALL ?
	      "):::closed\n" : "):::open\n", file);
}

static void np_mermaid_namespaces(const struct np_arrows *arrows, FILE *file)
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
		fprintf(file, "  subgraph n%zu [", k);
		np_ends_space(&label, arrows, k);
		np_mermaid_label(file, &label);
		fputs("]\n", file);
		for (; k < end; k++)
			if (arrows->drawn[k])
				np_mermaid_workload(arrows, k, file);
		fputs("  end\n", file);
	}
}

/* The lines between the ends of an arrow and the node with its ports. */
struct np_mermaid_lines {
	FILE *file;
	size_t number;
	bool from_node;
};

static void np_mermaid_end(void *context, enum np_end_of kind, size_t workload)
{
	const struct np_mermaid_lines *lines = context;
	char name[32];

	np_ends_name(kind, workload, name);
	if (lines->from_node)
		fprintf(lines->file, "  a%zu --> %s\n", lines->number, name);
	else
		fprintf(lines->file, "  %s --- a%zu\n", name, lines->number);
}

/* Between several ends there is a node with the ports. */
static void np_mermaid_several(const struct np_arrows *arrows, const struct np_arrow *arrow,
			       size_t number, struct np_buffer *label, FILE *file)
{
	struct np_mermaid_lines lines = { .file = file, .number = number };

	fprintf(file, "  a%zu[", number);
	np_mermaid_label(file, label);
	fputs("]:::ports\n", file);
	lines.from_node = arrow->addresses && !arrow->leaves;
	if (lines.from_node)
		fprintf(file, "  world --- a%zu\n", number);
	np_ends_visit(arrows, arrow->from, arrow->froms, np_mermaid_end, &lines);
	lines.from_node = true;
	if (!arrow->addresses)
		np_ends_visit(arrows, arrow->to, arrow->tos, np_mermaid_end, &lines);
	else if (arrow->leaves)
		fprintf(file, "  a%zu --> world\n", number);
}

static void np_mermaid_arrow(const struct np_arrows *arrows, const struct np_arrow *arrow,
			     size_t number, FILE *file)
{
	struct np_buffer label = { 0 };
	char from[32], to[32];

	np_ends_label(&label, arrows, arrow);
	if (np_ends_single(arrows, arrow, from, to)) {
		fprintf(file, "  %s -->|", from);
		np_mermaid_label(file, &label);
		fprintf(file, "| %s\n", to);
	} else {
		np_mermaid_several(arrows, arrow, number, &label, file);
	}
}

void np_graph_write_mermaid(const struct np_arrows *arrows, FILE *file)
{
	size_t i;

	fputs("flowchart LR\n", file);
	np_mermaid_namespaces(arrows, file);
	if (np_ends_all(arrows))
		fputs("  all[[\"all workloads\"]]\n", file);
	if (arrows->worlds)
		fputs("  world((\"world\"))\n", file);
	for (i = 0; i < arrows->arrows; i++)
		np_mermaid_arrow(arrows, &arrows->arrow[i], i, file);
	for (i = 0; i < arrows->worlds; i++)
		np_mermaid_arrow(arrows, &arrows->world[i], arrows->arrows + i, file);
	fputs("  classDef closed fill:#e8f1ee,stroke:#5b6675,color:#18202b\n"
	      "  classDef open fill:#fff4e2,stroke:#5b6675,stroke-dasharray:4 3,color:#18202b\n"
	      "  classDef ports fill:none,stroke:none\n", file);
}
