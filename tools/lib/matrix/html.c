// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A matrix as one page that needs nothing else: page.html, with the verdicts and
 * their reasons as JSON in its middle. The page puts strings nowhere but into text nodes.
 */
#include <stdlib.h>
#include <string.h>
#include <linux/netpol.h>

#include "matrix/html.h"
#include "base/output.h"
#include "netlink/report.h"

#ifndef NETPOL_VERSION
#define NETPOL_VERSION	"0"
#endif

/* The page as it lies in the source tree. */
__asm__(".pushsection .rodata\n"
	".globl np_matrix_page\n"
	"np_matrix_page:\n"
	".incbin \"tools/lib/matrix/page.html\"\n"
	".byte 0\n"
	".popsection\n");

#define NP_MATRIX_MARK	"@DATA@"

int np_matrix_check_page(const struct np_matrix *m, struct np_error *err)
{
	uint64_t cells = (uint64_t)m->pods * m->pods * m->ports;

	if (m->pods <= NP_MATRIX_PAGE_PODS_MAX && cells <= NP_MATRIX_PAGE_CELLS_MAX)
		return 0;
	np_error_set(err, NP_EXIT_INPUT,
		     "%zu pods and %zu port%s are more than a page can show: it takes %u pods and %u verdicts",
		     m->pods, m->ports, m->ports == 1 ? "" : "s", NP_MATRIX_PAGE_PODS_MAX,
		     NP_MATRIX_PAGE_CELLS_MAX);
	np_error_hint(err, "ask for some namespaces with -n, for fewer ports, or for -o json");
	return -1;
}

static void np_page_whys(const struct np_matrix *m, struct np_writer *w)
{
	const struct np_matrix_why *why;
	uint32_t k;
	size_t i;

	np_write_array(w, "whys");
	for (i = 0; i < m->why_count; i++) {
		why = &m->whys[i];
		np_write_object(w, NULL);
		np_write_string(w, "reason", np_reason_name(why->reason));
		np_write_string(w, "text", np_reason_text(why->reason));
		np_write_bool(w, "accept", why->accept);
		if (why->decider != NP_MATRIX_NONE) {
			np_write_number(w, "decider", why->decider);
			np_write_number(w, "rule", why->rule);
		}
		if (why->rule_name && *why->rule_name)
			np_write_string(w, "name", why->rule_name);
		np_write_array(w, "policies");
		for (k = 0; k < why->policies; k++)
			np_write_string(w, NULL, why->policy[k]);
		np_write_end(w);
		np_write_array(w, "passes");
		for (k = 0; k < why->passes; k++) {
			np_write_object(w, NULL);
			np_write_string(w, "policy", why->pass[k].policy);
			np_write_number(w, "rule", why->pass[k].rule);
			if (why->pass[k].name && *why->pass[k].name)
				np_write_string(w, "name", why->pass[k].name);
			np_write_end(w);
		}
		np_write_end(w);
		np_write_end(w);
	}
	np_write_end(w);
}

/* Writes the pairs of reasons for egress and ingress. -1 stands for none. */
static void np_page_cells(const struct np_matrix *m, FILE *file)
{
	static const int direction[] = { NETPOL_DIRECTION_EGRESS, NETPOL_DIRECTION_INGRESS };
	uint32_t half;
	size_t i;
	int d;

	fputs(",\"cells\":[", file);
	for (i = 0; i < m->cell_count; i++) {
		fputs(i ? ",[" : "[", file);
		for (d = 0; d < 2; d++) {
			half = m->cells[i].half[direction[d]];
			fputs(d ? "," : "", file);
			if (half == NP_MATRIX_NONE)
				fputs("-1", file);
			else
				fprintf(file, "%u", half);
		}
		fputc(']', file);
	}
	fputc(']', file);
}

/* Writes the row of one source as runs: a cell, how often it repeats, the next cell, ... */
static void np_page_row(const struct np_matrix *m, const uint32_t *cell, FILE *file)
{
	size_t i, run;

	fputc('[', file);
	for (i = 0; i < m->pods; i += run) {
		for (run = 1; i + run < m->pods && cell[i + run] == cell[i]; run++)
			;
		fprintf(file, "%s%u,%zu", i ? "," : "", cell[i], run);
	}
	fputc(']', file);
}

static void np_page_data(const struct np_matrix *m, FILE *file)
{
	char text[NP_CIDR_TEXT];
	struct np_writer w;
	size_t port, i;

	fputs("{\"head\":", file);
	np_writer_init(&w, file, NP_FORMAT_JSONL);
	np_write_top(&w, "MatrixPage");
	np_write_string(&w, "version", NETPOL_VERSION);
	np_write_number(&w, "family", m->family == AF_INET ? 4 : 6);
	np_write_number(&w, "generation", m->generation);
	np_write_array(&w, "pods");
	for (i = 0; i < m->pods; i++)
		np_write_string(&w, NULL, m->pod[i].text);
	np_write_end(&w);
	np_write_array(&w, "addresses");
	for (i = 0; i < m->pods; i++)
		np_write_string(&w, NULL, np_address_text(&m->pod[i].address, text));
	np_write_end(&w);
	np_write_array(&w, "ports");
	for (i = 0; i < m->ports; i++)
		np_write_string(&w, NULL, m->port[i].text);
	np_write_end(&w);
	np_page_whys(m, &w);
	np_write_end(&w);
	np_page_cells(m, file);
	fputs(",\"rows\":[", file);
	for (port = 0; port < m->ports; port++) {
		fputs(port ? ",[" : "[", file);
		for (i = 0; i < m->pods; i++) {
			fputs(i ? "," : "", file);
			np_page_row(m, m->cell + np_matrix_at(m, port, i, 0), file);
		}
		fputc(']', file);
	}
	fputs("]}", file);
}

void np_matrix_write_html(const struct np_matrix *m, FILE *file)
{
	const char *mark = strstr(np_matrix_page, NP_MATRIX_MARK);
	char *json = NULL;
	size_t len = 0;
	FILE *data = open_memstream(&json, &len);

	if (!data || !mark)
		abort();
	np_page_data(m, data);
	fclose(data);
	fwrite(np_matrix_page, 1, mark - np_matrix_page, file);
	np_print_script(file, json, len);
	fputs(mark + strlen(NP_MATRIX_MARK), file);
	free(json);
}
