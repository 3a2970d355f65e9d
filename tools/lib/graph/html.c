// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A drawing as one page that needs nothing else: page.html, with workloads and arrows as JSON in
 * its middle. The page puts strings nowhere but into text nodes.
 */
#include "graph/html.h"

#include <stdlib.h>
#include <string.h>
#include <linux/netpol.h>

#include "base/alloc.h"
#include "base/output.h"
#include "diff/json.h"
#include "graph/ends.h"

#ifndef NETPOL_VERSION
#define NETPOL_VERSION	"0"
#endif

/* The page as it lies in the source tree. */
__asm__(".pushsection .rodata\n"
	".globl np_graph_page\n"
	"np_graph_page:\n"
	".incbin \"tools/lib/graph/page.html\"\n"
	".byte 0\n"
	".popsection\n");

#define NP_GRAPH_MARK	"@DATA@"

/* What is written, and the number that each workload that is drawn has in it. */
struct np_graph_html {
	const struct np_arrows *arrows;
	struct np_writer w;
	size_t *number;
};

static void np_graph_html_side(struct np_graph_html *html, const char *key,
			       const struct np_exposure_side *side)
{
	size_t i;

	np_write_object(&html->w, key);
	np_write_number(&html->w, "isolated", side->isolated);
	np_write_array(&html->w, "policies");
	for (i = 0; i < side->policies; i++)
		np_write_string(&html->w, NULL, side->policy[i]);
	np_write_end(&html->w);
	np_write_array(&html->w, "observed");
	for (i = 0; i < side->observeds; i++)
		np_write_string(&html->w, NULL, side->observed[i]);
	np_write_end(&html->w);
	np_write_end(&html->w);
}

static void np_graph_html_workloads(struct np_graph_html *html)
{
	const struct np_arrows *arrows = html->arrows;
	const struct np_workload *of = arrows->exposure->workloads->item;
	const struct np_exposed *item;
	struct np_writer *w = &html->w;
	size_t i, count = 0;

	np_write_array(w, "workloads");
	for (i = 0; i < arrows->exposure->workloads->count; i++) {
		if (!arrows->drawn[i])
			continue;
		html->number[i] = count++;
		np_write_object(w, NULL);
		np_write_string(w, "namespace", of[i].namespace);
		np_write_string(w, "name", of[i].name);
		np_write_number(w, "pods", of[i].pods);
		np_write_bool(w, "pod", of[i].is_pod);
		if (arrows->item[i] != SIZE_MAX) {
			item = &arrows->exposure->item[arrows->item[i]];
			np_graph_html_side(html, "ingress",
					   &item->side[NETPOL_DIRECTION_INGRESS]);
			np_graph_html_side(html, "egress", &item->side[NETPOL_DIRECTION_EGRESS]);
		}
		np_write_end(w);
	}
	np_write_end(w);
}

/* Writes a label, when the first arrow comes that has it. */
static void np_graph_html_label(struct np_graph_html *html, const struct np_arrow *arrow)
{
	struct np_flows *flows = html->arrows->exposure->workloads->flows;
	struct np_buffer text = { 0 };
	uint32_t set = NP_FLOWS_NOTHING;
	int v6;

	for (v6 = 0; v6 < 2; v6++)
		if (arrow->passes[v6].some != NP_FLOWS_UNASKED)
			set = np_flows_or(flows, set, arrow->passes[v6].some);
	np_passes_text(&text, flows, arrow->passes);
	np_write_object(&html->w, NULL);
	np_write_string(&html->w, "text", text.data);
	np_write_bool(&html->w, "full", np_passes_full(flows, arrow->passes));
	np_diff_write_ports(&html->w, &flows->ports, flows->set[set]->bit);
	np_write_end(&html->w);
	np_buffer_free(&text);
}

static const struct np_arrow *np_graph_html_find(const struct np_arrows *arrows, size_t label)
{
	size_t i;

	for (i = 0; i < arrows->arrows; i++)
		if (arrows->arrow[i].label == label)
			return &arrows->arrow[i];
	for (i = 0; i < arrows->worlds && arrows->world[i].label != label; i++)
		;
	return &arrows->world[i];
}

static void np_graph_html_ends(struct np_graph_html *html, const char *key, const size_t *set,
			       size_t count)
{
	size_t i;

	np_write_array(&html->w, key);
	for (i = 0; i < count; i++)
		np_write_number(&html->w, NULL, html->number[set[i]]);
	np_write_end(&html->w);
}

static void np_graph_html_arrows(struct np_graph_html *html)
{
	const struct np_arrows *arrows = html->arrows;
	const struct np_arrow *arrow;
	struct np_writer *w = &html->w;
	size_t i;

	np_write_array(w, "labels");
	for (i = 0; i < arrows->labels; i++)
		np_graph_html_label(html, np_graph_html_find(arrows, i));
	np_write_end(w);
	np_write_array(w, "arrows");
	for (i = 0; i < arrows->arrows; i++) {
		arrow = &arrows->arrow[i];
		np_write_object(w, NULL);
		np_write_number(w, "label", arrow->label);
		np_graph_html_ends(html, "from", arrow->from, arrow->froms);
		np_graph_html_ends(html, "to", arrow->to, arrow->tos);
		np_write_end(w);
	}
	np_write_end(w);
	np_write_array(w, "world");
	for (i = 0; i < arrows->worlds; i++) {
		arrow = &arrows->world[i];
		np_write_object(w, NULL);
		np_write_number(w, "label", arrow->label);
		np_write_bool(w, "leaves", arrow->leaves);
		np_write_string(w, "addresses", arrow->addresses);
		np_graph_html_ends(html, "of", arrow->from, arrow->froms);
		np_write_end(w);
	}
	np_write_end(w);
}

static void np_graph_html_data(const struct np_arrows *arrows, FILE *file)
{
	struct np_graph_html html = { .arrows = arrows };

	html.number = np_xcalloc(arrows->exposure->workloads->count + 1, sizeof(*html.number));
	np_writer_init(&html.w, file, NP_FORMAT_JSONL);
	np_write_top(&html.w, "GraphPage");
	np_write_string(&html.w, "version", NETPOL_VERSION);
	np_write_string(&html.w, "state", arrows->exposure->workloads->flows->side->name);
	np_write_bool(&html.w, "everyPort", !arrows->exposure->workloads->flows->ports.asked);
	np_graph_html_workloads(&html);
	np_graph_html_arrows(&html);
	np_write_end(&html.w);
	free(html.number);
}

void np_graph_write_html(const struct np_arrows *arrows, FILE *file)
{
	const char *mark = strstr(np_graph_page, NP_GRAPH_MARK);
	char *json = NULL;
	size_t len = 0;
	FILE *data = open_memstream(&json, &len);

	if (!data || !mark)
		abort();
	np_graph_html_data(arrows, data);
	fclose(data);
	fwrite(np_graph_page, 1, mark - np_graph_page, file);
	np_print_script(file, json, len);
	fputs(mark + strlen(NP_GRAPH_MARK), file);
	free(json);
}
