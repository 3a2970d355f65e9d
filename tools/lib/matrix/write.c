// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes a matrix as JSON, as a table for a terminal, as CSV and as Markdown. */
#include <string.h>

#include "matrix/write.h"
#include "base/output.h"

void np_matrix_write_json(const struct np_matrix *m, FILE *file)
{
	struct np_writer w;
	size_t port, i;

	np_writer_init(&w, file, NP_FORMAT_JSON);
	np_write_top(&w, "Matrix");
	np_write_number(&w, "family", m->family == AF_INET ? 4 : 6);
	if (m->generation)
		np_write_number(&w, "generation", m->generation);
	np_write_array(&w, "pods");
	for (i = 0; i < m->pods; i++)
		np_write_string(&w, NULL, m->pod[i].text);
	np_write_end(&w);
	np_write_object(&w, "allowed");
	for (port = 0; port < m->ports; port++) {
		np_write_array(&w, m->port[port].text);
		for (i = 0; i < m->pods; i++)
			np_write_format(&w, NULL, "%.*s", (int)m->pods,
					m->allowed + np_matrix_at(m, port, i, 0));
		np_write_end(&w);
	}
	np_write_end(&w);
	np_write_end(&w);
}

static void np_matrix_counts(const struct np_matrix *m, size_t port, size_t count[3])
{
	size_t at, end = np_matrix_at(m, port + 1, 0, 0);

	memset(count, 0, 3 * sizeof(*count));
	for (at = np_matrix_at(m, port, 0, 0); at < end; at++)
		count[m->allowed[at] == NP_MATRIX_ALLOW ? 0 :
		      m->allowed[at] == NP_MATRIX_DENY ? 1 : 2]++;
}

static unsigned int np_matrix_digits(size_t number)
{
	unsigned int digits = 1;

	for (; number > 9; number /= 10)
		digits++;
	return digits;
}

static void np_matrix_pad(FILE *file, size_t width)
{
	fprintf(file, "%*s", (int)width, "");
}

/*
 * A row shows its number and its name. A column shows only the number, one digit below the
 * other.
 */
static void np_matrix_grid(const struct np_matrix *m, size_t port, size_t width, FILE *file,
			   bool no_headers)
{
	unsigned int digits = np_matrix_digits(m->pods), line, d;
	char number[24];
	size_t i, j;
	char c;

	for (line = 0; !no_headers && line < digits; line++) {
		np_matrix_pad(file, digits + width + 2);
		for (j = 0; j < m->pods; j++) {
			snprintf(number, sizeof(number), "%*zu", (int)digits, j + 1);
			fprintf(file, " %c", number[line]);
		}
		fputc('\n', file);
	}
	for (i = 0; i < m->pods; i++) {
		fprintf(file, "%*zu ", (int)digits, i + 1);
		np_print_escaped(file, m->pod[i].text);
		for (d = (unsigned int)strlen(m->pod[i].text); d < width + 1; d++)
			fputc(' ', file);
		for (j = 0; j < m->pods; j++) {
			c = m->allowed[np_matrix_at(m, port, i, j)];
			fputc(' ', file);
			if (c == NP_MATRIX_ALLOW)
				np_color_print(file, NP_COLOR_GOOD, ".");
			else if (c == NP_MATRIX_DENY)
				np_color_print(file, NP_COLOR_BAD, "X");
			else
				np_color_print(file, NP_COLOR_NOTE, "?");
		}
		fputc('\n', file);
	}
}

void np_matrix_write_table(const struct np_matrix *m, FILE *file, bool no_headers)
{
	size_t port, i, width = 0, count[3];
	bool unknown = false;

	for (i = 0; i < m->pods; i++)
		if (strlen(m->pod[i].text) > width)
			width = strlen(m->pod[i].text);
	for (port = 0; port < m->ports; port++) {
		np_matrix_counts(m, port, count);
		unknown |= count[2];
		if (!no_headers)
			fprintf(file, "%s%s  (%zu allowed, %zu denied%s)\n", port ? "\n" : "",
				m->port[port].text, count[0], count[1],
				count[2] ? ", others not judged here" : "");
		np_matrix_grid(m, port, width, file, no_headers);
	}
	if (!no_headers)
		fprintf(file, "\nfrom the pod of the row to the pod of the column: "
			". allowed, X denied%s\n",
			unknown ? ", ? judged in part by another node" : "");
}

/*
 * Writes a field of CSV. It is quoted where needed, and a spreadsheet never takes it for a
 * formula.
 */
static void np_matrix_csv(FILE *file, const char *text)
{
	bool formula = *text && strchr("=+-@\t\r", *text);

	if (!formula && !strpbrk(text, "\",\r\n")) {
		fputs(text, file);
		return;
	}
	fputs(formula ? "\"'" : "\"", file);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', file);
		fputc(*text, file);
	}
	fputc('"', file);
}

void np_matrix_write_csv(const struct np_matrix *m, FILE *file, bool no_headers)
{
	size_t i, j, port;
	char c;

	if (!no_headers) {
		fputs("source,destination", file);
		for (port = 0; port < m->ports; port++)
			fprintf(file, ",%s", m->port[port].text);
		fputc('\n', file);
	}
	for (i = 0; i < m->pods; i++)
		for (j = 0; j < m->pods; j++) {
			np_matrix_csv(file, m->pod[i].text);
			fputc(',', file);
			np_matrix_csv(file, m->pod[j].text);
			for (port = 0; port < m->ports; port++) {
				c = m->allowed[np_matrix_at(m, port, i, j)];
				fputs(c == NP_MATRIX_ALLOW ? ",allow" :
				      c == NP_MATRIX_DENY ? ",deny" : ",unknown", file);
			}
			fputc('\n', file);
		}
}

static void np_matrix_md_cell(const struct np_matrix *m, size_t source, size_t destination,
			      FILE *file)
{
	size_t port, allowed = 0, unknown = 0;
	char c;

	if (source == destination) {
		fputs(" self |", file);
		return;
	}
	for (port = 0; port < m->ports; port++) {
		c = m->allowed[np_matrix_at(m, port, source, destination)];
		allowed += c == NP_MATRIX_ALLOW;
		unknown += c == NP_MATRIX_UNKNOWN;
	}
	if (m->ports > 1 && allowed == m->ports) {
		fputs(" all |", file);
		return;
	}
	if (!allowed && !unknown)
		fputs(" -", file);
	for (port = 0; port < m->ports; port++) {
		c = m->allowed[np_matrix_at(m, port, source, destination)];
		if (c != NP_MATRIX_DENY)
			fprintf(file, " %s%s", m->port[port].text,
				c == NP_MATRIX_UNKNOWN ? "?" : "");
	}
	fputs(" |", file);
}

void np_matrix_write_md(const struct np_matrix *m, FILE *file)
{
	size_t port, i, j;

	fputs("| from, to |", file);
	for (j = 0; j < m->pods; j++) {
		fputc(' ', file);
		np_print_md(file, m->pod[j].text);
		fputs(" |", file);
	}
	fputs("\n|---|", file);
	for (j = 0; j < m->pods; j++)
		fputs("---|", file);
	for (i = 0; i < m->pods; i++) {
		fputs("\n| ", file);
		np_print_md(file, m->pod[i].text);
		fputs(" |", file);
		for (j = 0; j < m->pods; j++)
			np_matrix_md_cell(m, i, j, file);
	}
	fputs("\n\nCells list what is allowed of", file);
	for (port = 0; port < m->ports; port++)
		fprintf(file, "%s %s", port ? "," : "", m->port[port].text);
	fputs("; `-`: none.\n", file);
}
