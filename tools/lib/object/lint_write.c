// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Findings as text, as JSON and as SARIF.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "object/lint_write.h"
#include "base/output.h"

#ifndef NETPOL_VERSION
#define NETPOL_VERSION	"0"
#endif

void np_lint_write_text(const struct np_lint *lint, FILE *file)
{
	const struct np_lint_finding *item;
	size_t i, fixes = 0;

	for (i = 0; i < lint->count; i++) {
		item = &lint->item[i];
		fixes += !!item->fix;
		np_print_escaped(file, item->policy->place.file);
		fprintf(file, ":%u: ", item->line);
		np_color_print(file, NP_COLOR_NOTE, np_lint_checks[item->id].id);
		fputc(' ', file);
		np_print_escaped(file, item->policy->namespace);
		fputs(*item->policy->namespace ? "/" : "", file);
		np_print_escaped(file, item->policy->name);
		fprintf(file, ": %s: ", item->path);
		np_print_escaped(file, item->text);
		fprintf(file, "\n    %s\n", item->hint);
	}
	if (!lint->count)
		fputs("no findings\n", file);
	else if (!fixes)
		fprintf(file, "%zu finding%s\n", lint->count, lint->count == 1 ? "" : "s");
	else
		fprintf(file, "%zu finding%s, %zu with a fix: --diff prints it as a patch\n",
			lint->count, lint->count == 1 ? "" : "s", fixes);
}

/* A fix is about a part of a line, or about whole lines, which go. */
static void np_json_fix(struct np_writer *w, const struct np_lint_fix *fix)
{
	np_write_object(w, "fix");
	np_write_number(w, "startLine", fix->line);
	np_write_number(w, "endLine", fix->last);
	if (fix->kind == NP_LINT_FIX_TEXT) {
		np_write_number(w, "startColumn", fix->column);
		np_write_string(w, "old", fix->old);
	}
	np_write_string(w, "new", fix->text ? fix->text : "");
	np_write_end(w);
}

void np_lint_write_json(const struct np_lint *lint, FILE *file)
{
	const struct np_lint_finding *item;
	struct np_writer w;
	size_t i;

	np_writer_init(&w, file, NP_FORMAT_JSON);
	np_write_top(&w, "LintReport");
	np_write_array(&w, "findings");
	for (i = 0; i < lint->count; i++) {
		item = &lint->item[i];
		np_write_object(&w, NULL);
		np_write_string(&w, "id", np_lint_checks[item->id].id);
		np_write_string(&w, "name", np_lint_checks[item->id].name);
		np_write_string(&w, "file", item->policy->place.file);
		np_write_number(&w, "line", item->line);
		np_write_format(&w, "policy", "%s%s%s", item->policy->namespace,
				*item->policy->namespace ? "/" : "", item->policy->name);
		np_write_string(&w, "path", item->path);
		np_write_string(&w, "message", item->text);
		np_write_string(&w, "hint", item->hint);
		if (item->fix)
			np_json_fix(&w, item->fix);
		np_write_end(&w);
	}
	np_write_end(&w);
	np_write_end(&w);
}

static void np_sarif_text(struct np_writer *w, const char *key, const char *text)
{
	np_write_object(w, key);
	np_write_string(w, "text", text);
	np_write_end(w);
}

static void np_sarif_rules(struct np_writer *w)
{
	int i;

	np_write_array(w, "rules");
	for (i = 0; i < NP_LINT_COUNT; i++) {
		np_write_object(w, NULL);
		np_write_string(w, "id", np_lint_checks[i].id);
		np_write_string(w, "name", np_lint_checks[i].name);
		np_sarif_text(w, "shortDescription", np_lint_checks[i].text);
		np_write_end(w);
	}
	np_write_end(w);
}

/*
 * Writes a file's name as a relative reference of a URI. All but plain characters is
 * percent-encoded.
 */
static void np_sarif_uri(struct np_writer *w, const char *name)
{
	char *uri = np_xmalloc(strlen(name) * 3 + 1), *to = uri;

	for (; *name; name++)
		if (isalnum((unsigned char)*name) || strchr("-._~/", *name))
			*to++ = *name;
		else
			to += sprintf(to, "%%%02X", (unsigned char)*name);
	*to = '\0';
	np_write_string(w, "uri", uri);
	free(uri);
}

static void np_sarif_fix(struct np_writer *w, const struct np_lint_finding *item)
{
	const struct np_lint_fix *fix = item->fix;

	np_write_array(w, "fixes");
	np_write_object(w, NULL);
	np_sarif_text(w, "description", item->hint);
	np_write_array(w, "artifactChanges");
	np_write_object(w, NULL);
	np_write_object(w, "artifactLocation");
	np_sarif_uri(w, item->policy->place.file);
	np_write_end(w);
	np_write_array(w, "replacements");
	np_write_object(w, NULL);
	np_write_object(w, "deletedRegion");
	np_write_number(w, "startLine", fix->line);
	np_write_number(w, "startColumn", fix->kind == NP_LINT_FIX_TEXT ? fix->column : 1);
	np_write_number(w, "endLine", fix->kind == NP_LINT_FIX_TEXT ? fix->line : fix->last + 1);
	np_write_number(w, "endColumn",
			fix->kind == NP_LINT_FIX_TEXT ? fix->column + strlen(fix->old) : 1);
	np_write_end(w);
	np_sarif_text(w, "insertedContent", fix->text ? fix->text : "");
	np_write_end(w);
	np_write_end(w);
	np_write_end(w);
	np_write_end(w);
	np_write_end(w);
	np_write_end(w);
}

static void np_sarif_result(struct np_writer *w, const struct np_lint_finding *item)
{
	np_write_object(w, NULL);
	np_write_string(w, "ruleId", np_lint_checks[item->id].id);
	np_write_number(w, "ruleIndex", item->id);
	np_write_string(w, "level", "warning");
	np_write_object(w, "message");
	np_write_format(w, "text", "%s: %s. %s", item->path, item->text, item->hint);
	np_write_end(w);
	np_write_array(w, "locations");
	np_write_object(w, NULL);
	np_write_object(w, "physicalLocation");
	np_write_object(w, "artifactLocation");
	np_sarif_uri(w, item->policy->place.file);
	np_write_end(w);
	np_write_object(w, "region");
	np_write_number(w, "startLine", item->line);
	np_write_end(w);
	np_write_end(w);
	np_write_array(w, "logicalLocations");
	np_write_object(w, NULL);
	np_write_format(w, "fullyQualifiedName", "%s%s%s", item->policy->namespace,
			*item->policy->namespace ? "/" : "", item->policy->name);
	np_write_end(w);
	np_write_end(w);
	np_write_end(w);
	np_write_end(w);
	if (item->fix)
		np_sarif_fix(w, item);
	np_write_end(w);
}

void np_lint_write_sarif(const struct np_lint *lint, FILE *file)
{
	struct np_writer w;
	size_t i;

	np_writer_init(&w, file, NP_FORMAT_JSON);
	np_write_object(&w, NULL);
	np_write_string(&w, "version", "2.1.0");
	np_write_string(&w, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	np_write_array(&w, "runs");
	np_write_object(&w, NULL);
	np_write_object(&w, "tool");
	np_write_object(&w, "driver");
	np_write_string(&w, "name", "netpolctl");
	np_write_string(&w, "version", NETPOL_VERSION);
	np_sarif_rules(&w);
	np_write_end(&w);
	np_write_end(&w);
	np_write_string(&w, "columnKind", "unicodeCodePoints");
	np_write_array(&w, "results");
	for (i = 0; i < lint->count; i++)
		np_sarif_result(&w, &lint->item[i]);
	np_write_end(&w);
	np_write_end(&w);
	np_write_end(&w);
	np_write_end(&w);
}
