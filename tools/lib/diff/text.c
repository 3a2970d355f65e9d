// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes what differs for people. */
#include <string.h>

#include "base/buffer.h"
#include "base/output.h"
#include "diff/reason.h"
#include "diff/text.h"
#include "netlink/loaded.h"

#define NP_DIFF_COLUMNS	80

static const char *np_diff_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void np_diff_sign(FILE *file, char sign)
{
	const char text[] = { sign, '\0' };

	np_color_print(file, sign == NP_DIFF_ADDED ? NP_COLOR_GOOD :
		       sign == NP_DIFF_REMOVED ? NP_COLOR_BAD : NP_COLOR_NOTE, text);
}

static void np_diff_object_name(struct np_buffer *to, const struct np_diff_object *item)
{
	np_buffer_print(to, "%s/%s%s%s", np_object_name(item->object, item->namespace),
			item->namespace, *item->namespace ? "/" : "", item->name);
	if (item->origin)
		np_buffer_print(to, " (origin %s)", item->origin);
}

static void np_diff_text_objects(const struct np_diff *diff, size_t most, FILE *file)
{
	const struct np_diff_objects *objects = &diff->objects;
	const struct np_diff_object *item;
	struct np_buffer name = { 0 };
	size_t i, k;

	fprintf(file, "objects: %zu added, %zu removed, %zu changed\n", objects->count[0],
		objects->count[1], objects->count[2]);
	for (i = 0; i < objects->items && i < most; i++) {
		item = &objects->item[i];
		fputs("  ", file);
		np_diff_sign(file, item->sign);
		fputc(' ', file);
		np_diff_object_name(&name, item);
		np_print_escaped(file, name.data);
		np_buffer_free(&name);
		fputc('\n', file);
		for (k = 0; k < item->parts; k++) {
			fputs("      ", file);
			np_diff_sign(file, item->part[k].sign);
			fprintf(file, " %s ", item->part[k].path);
			np_print_escaped(file, item->part[k].text);
			fputc('\n', file);
		}
	}
	if (objects->items > most)
		fprintf(file, "  and %zu more; -v shows all\n", objects->items - most);
	if (objects->elsewhere)
		fprintf(file, "%zu polic%s left out, without a pod of this node to select\n",
			objects->elsewhere, objects->elsewhere == 1 ? "y" : "ies");
}

/* "a/b", or "a/b +2" for three pods that are alike. */
static void np_diff_group_name(struct np_buffer *to, const struct np_reach_result *reach,
			       size_t group)
{
	np_buffer_print(to, "%s", np_reach_first(reach, group)->text);
	if (reach->groups.group[group].count > 1)
		np_buffer_print(to, " +%zu", reach->groups.group[group].count - 1);
}

static void np_diff_line_ports(struct np_buffer *to, const struct np_reach_result *reach,
			       const struct np_reach_line *line)
{
	np_diff_ports_text(to, &reach->ports, line->ports);
	if (!line->all_families)
		np_buffer_print(to, " over %s", line->families == NP_REACH_IPV4 ? "IPv4" :
								  "IPv6");
}

static void np_diff_text_line(const struct np_reach_result *reach,
			      const struct np_reach_line *line, FILE *file)
{
	struct np_buffer ends = { 0 }, ports = { 0 }, outcome = { 0 };
	bool wide;

	np_diff_group_name(&ends, reach, line->source);
	np_buffer_print(&ends, " -> ");
	np_diff_group_name(&ends, reach, line->destination);
	np_diff_line_ports(&ports, reach, line);
	np_buffer_print(&outcome, "%s -> %s: ", np_reach_name(line->was),
			np_reach_name(line->is));
	np_reach_reason_text(&outcome, reach, line);
	fputs("  ", file);
	np_diff_sign(file, line->is == NP_REACH_ALLOWED ? NP_DIFF_ADDED : NP_DIFF_REMOVED);
	fputc(' ', file);
	np_print_escaped(file, ends.data);
	wide = ends.len + ports.len + 6 > NP_DIFF_COLUMNS;
	fputs(wide ? "\n      " : "  ", file);
	np_print_escaped(file, ports.data);
	wide = (wide ? 0 : ends.len) + ports.len + outcome.len + 8 > NP_DIFF_COLUMNS;
	fputs(wide ? "\n      " : "  ", file);
	np_print_escaped(file, outcome.data);
	fputc('\n', file);
	np_buffer_free(&ends);
	np_buffer_free(&ports);
	np_buffer_free(&outcome);
}

static void np_diff_text_kind(const struct np_reach_result *reach, enum np_reach_kind kind,
			      size_t most, FILE *file)
{
	size_t i, shown = 0, left = 0;

	for (i = 0; i < reach->lines; i++) {
		if (np_reach_kind(reach, &reach->line[i]) != kind)
			continue;
		if (shown == most) {
			left++;
			continue;
		}
		np_diff_text_line(reach, &reach->line[i], file);
		shown++;
	}
	if (left)
		fprintf(file, "  and %zu more; -v shows all\n", left);
}

static void np_diff_text_reach(const struct np_diff *diff, size_t most, FILE *file)
{
	const struct np_reach_result *reach = &diff->reach;
	const uint64_t (*count)[2] = reach->connections;

	fprintf(file, "connections: %llu appear, %llu go%s\n",
		(unsigned long long)count[NP_REACH_BOTH][1],
		(unsigned long long)count[NP_REACH_BOTH][0],
		reach->ports.asked ? ", of the ports asked for" : "");
	np_diff_text_kind(reach, NP_REACH_BOTH, most, file);
	if (count[NP_REACH_OUTSIDE][0] || count[NP_REACH_OUTSIDE][1]) {
		fprintf(file, "connections with addresses outside: %llu appear, %llu go\n",
			(unsigned long long)count[NP_REACH_OUTSIDE][1],
			(unsigned long long)count[NP_REACH_OUTSIDE][0]);
		np_diff_text_kind(reach, NP_REACH_OUTSIDE, most, file);
	}
	if (reach->only[1]) {
		fprintf(file, "connections of %zu new pod%s: %llu\n", reach->only[1],
			np_diff_plural(reach->only[1]),
			(unsigned long long)count[NP_REACH_NEW][1]);
		np_diff_text_kind(reach, NP_REACH_NEW, most, file);
	}
	if (reach->only[0]) {
		fprintf(file, "connections of %zu pod%s that go: %llu\n", reach->only[0],
			np_diff_plural(reach->only[0]),
			(unsigned long long)count[NP_REACH_GONE][0]);
		np_diff_text_kind(reach, NP_REACH_GONE, most, file);
	}
	if (reach->elsewhere)
		fprintf(file, "%zu pod%s of other nodes: what their policies say is not judged\n",
			reach->elsewhere, np_diff_plural(reach->elsewhere));
}

static const char *np_diff_setting_value(const char *text)
{
	return *text ? text : "none";
}

static void np_diff_text_settings(const struct np_diff *diff, FILE *file)
{
	const struct np_diff_setting *item;
	size_t i;

	if (diff->settings)
		fprintf(file, "settings: %zu changed; connections are judged without them\n",
			diff->settings);
	for (i = 0; i < diff->settings; i++) {
		item = &diff->setting[i];
		fputs("  ", file);
		np_diff_sign(file, NP_DIFF_CHANGED);
		fprintf(file, " %s ", item->name);
		np_print_escaped(file, np_diff_setting_value(item->was));
		fputs(" -> ", file);
		np_print_escaped(file, np_diff_setting_value(item->is));
		fputc('\n', file);
	}
}

/* Which of the states has an audit, where not both do. */
static const char *np_diff_audit_state(const struct np_diff *diff,
				       const struct np_diff_audit *audit)
{
	return audit->in[0] && audit->in[1] ? NULL : audit->in[0] ? diff->from : diff->to;
}

static void np_diff_text_audits(const struct np_diff *diff, size_t most, FILE *file)
{
	char text[NP_OBSERVE_TEXT];
	const char *state;
	size_t i;

	if (diff->audits)
		fprintf(file, "audits: %zu; what a policy would deny passes while it is "
			"observed\n", diff->audits);
	for (i = 0; i < diff->audits && i < most; i++) {
		state = np_diff_audit_state(diff, &diff->audit[i]);
		fprintf(file, "    %s", np_observe_text(diff->audit[i].about, text));
		if (state) {
			fputs(", only of ", file);
			np_print_escaped(file, state);
		}
		fputc('\n', file);
	}
	if (diff->audits > most)
		fprintf(file, "  and %zu more; -v shows all\n", diff->audits - most);
}

void np_diff_write_text(const struct np_diff *diff, size_t most, FILE *file)
{
	np_diff_text_settings(diff, file);
	np_diff_text_audits(diff, most, file);
	if (diff->by_objects)
		np_diff_text_objects(diff, most, file);
	if (diff->by_reach)
		np_diff_text_reach(diff, most, file);
}

static void np_diff_md_buffer(FILE *file, struct np_buffer *buffer)
{
	np_print_md(file, buffer->data ? buffer->data : "");
	np_buffer_free(buffer);
}

static void np_diff_md_objects(const struct np_diff_objects *objects, size_t most, FILE *file)
{
	const struct np_diff_object *item;
	struct np_buffer name = { 0 };
	size_t i, k;

	fputs("\n| object | change |\n|---|---|\n", file);
	for (i = 0; i < objects->items && i < most; i++) {
		item = &objects->item[i];
		fputs("| ", file);
		np_diff_object_name(&name, item);
		np_diff_md_buffer(file, &name);
		fprintf(file, " | %s", item->sign == NP_DIFF_ADDED ? "added" :
				       item->sign == NP_DIFF_REMOVED ? "removed" : "changed");
		for (k = 0; k < item->parts; k++)
			if (!k || strcmp(item->part[k].path, item->part[k - 1].path)) {
				fputs(k ? ", " : ": ", file);
				np_print_md(file, item->part[k].path);
			}
		fputs(" |\n", file);
	}
	if (objects->items > most)
		fprintf(file, "\nand %zu more\n", objects->items - most);
}

static void np_diff_md_parts(const struct np_diff_objects *objects, size_t most, FILE *file)
{
	const struct np_diff_object *item;
	struct np_buffer name = { 0 };
	size_t i, k;

	if (!objects->count[2])
		return;
	fputs("\n<details><summary>what changed in objects</summary>\n\n", file);
	for (i = 0; i < objects->items && i < most; i++) {
		item = &objects->item[i];
		if (!item->parts)
			continue;
		fputs("- ", file);
		np_diff_object_name(&name, item);
		np_diff_md_buffer(file, &name);
		fputc('\n', file);
		for (k = 0; k < item->parts; k++) {
			fprintf(file, "  - %s ", item->part[k].sign == NP_DIFF_ADDED ? "added" :
				item->part[k].sign == NP_DIFF_REMOVED ? "removed" : "changed");
			np_print_md(file, item->part[k].path);
			fputs(": ", file);
			np_print_md(file, item->part[k].text);
			fputc('\n', file);
		}
	}
	fputs("\n</details>\n", file);
}

static void np_diff_md_line(const struct np_reach_result *reach, const struct np_reach_line *line,
			    FILE *file)
{
	struct np_buffer text = { 0 };

	fputs(line->is == NP_REACH_ALLOWED ? "| appears | " : "| goes | ", file);
	np_diff_group_name(&text, reach, line->source);
	np_diff_md_buffer(file, &text);
	fputs(" | ", file);
	np_diff_group_name(&text, reach, line->destination);
	np_diff_md_buffer(file, &text);
	fputs(" | ", file);
	np_diff_line_ports(&text, reach, line);
	np_diff_md_buffer(file, &text);
	fprintf(file, " | %s, now %s | ", np_reach_name(line->was), np_reach_name(line->is));
	np_reach_reason_text(&text, reach, line);
	np_diff_md_buffer(file, &text);
	fputs(" |\n", file);
}

/* A table of one kind of lines, folded under a title if there is one. */
static void np_diff_md_kind(const struct np_reach_result *reach, enum np_reach_kind kind,
			    const char *title, size_t most, FILE *file)
{
	size_t i, count = 0;

	for (i = 0; i < reach->lines; i++) {
		if (np_reach_kind(reach, &reach->line[i]) != kind)
			continue;
		if (!count++) {
			if (title)
				fprintf(file, "\n<details><summary>%s</summary>\n", title);
			fputs("\n| | from | to | ports | verdict | decided by |\n"
			      "|---|---|---|---|---|---|\n", file);
		}
		if (count <= most)
			np_diff_md_line(reach, &reach->line[i], file);
	}
	if (count > most)
		fprintf(file, "\nand %zu more\n", count - most);
	if (count && title)
		fputs("\n</details>\n", file);
}

/* Who is meant by "a/b +2". */
static void np_diff_md_groups(const struct np_reach_result *reach, size_t most, FILE *file)
{
	const struct np_diff_pods *group;
	size_t g, i, count = 0;

	for (g = 0; g < reach->groups.groups; g++) {
		group = &reach->groups.group[g];
		if (group->count < 2)
			continue;
		if (!count++)
			fputs("\n<details><summary>pods that no policy tells apart</summary>\n\n",
			      file);
		if (count > most)
			continue;
		fputs("- ", file);
		for (i = 0; i < group->count && i < most; i++) {
			fputs(i ? ", " : "", file);
			np_print_md(file, reach->groups.pod[group->first + i].text);
		}
		if (group->count > most)
			fprintf(file, " and %zu more", group->count - most);
		fputc('\n', file);
	}
	if (count > most)
		fprintf(file, "\nand %zu more\n", count - most);
	if (count)
		fputs("\n</details>\n", file);
}

static void np_diff_md_summary(const struct np_diff *diff, FILE *file)
{
	const struct np_reach_result *reach = &diff->reach;
	const uint64_t (*count)[2] = reach->connections;

	fputs("**Network policies:** ", file);
	if (!np_diff_differs(diff))
		fputs("no difference", file);
	else if (!diff->objects.items && !diff->by_reach)
		fputs("settings differ", file);
	if (diff->objects.items)
		fprintf(file, "%zu object%s added, %zu removed, %zu changed",
			diff->objects.count[0], np_diff_plural(diff->objects.count[0]),
			diff->objects.count[1], diff->objects.count[2]);
	if (diff->by_reach && np_diff_differs(diff)) {
		fprintf(file, "%s**%llu connection%s appear%s, %llu go%s**",
			diff->objects.items ? "; " : "",
			(unsigned long long)count[NP_REACH_BOTH][1],
			np_diff_plural(count[NP_REACH_BOTH][1]),
			count[NP_REACH_BOTH][1] == 1 ? "s" : "",
			(unsigned long long)count[NP_REACH_BOTH][0],
			count[NP_REACH_BOTH][0] == 1 ? "es" : "");
		if (count[NP_REACH_OUTSIDE][0] || count[NP_REACH_OUTSIDE][1])
			fprintf(file, "; **with addresses outside %llu appear, %llu go**",
				(unsigned long long)count[NP_REACH_OUTSIDE][1],
				(unsigned long long)count[NP_REACH_OUTSIDE][0]);
		if (reach->only[1])
			fprintf(file, ", %zu new pod%s", reach->only[1],
				np_diff_plural(reach->only[1]));
		if (reach->only[0])
			fprintf(file, ", %zu pod%s gone", reach->only[0],
				np_diff_plural(reach->only[0]));
	}
	fputs("\n\nfrom ", file);
	np_print_md(file, diff->from);
	fputs(" to ", file);
	np_print_md(file, diff->to);
	fputc('\n', file);
}

static void np_diff_md_settings(const struct np_diff *diff, FILE *file)
{
	size_t i;

	if (diff->settings)
		fputs("\nSettings that differ, without which connections are judged:\n\n", file);
	for (i = 0; i < diff->settings; i++) {
		fprintf(file, "- %s: ", diff->setting[i].name);
		np_print_md(file, np_diff_setting_value(diff->setting[i].was));
		fputs(", now ", file);
		np_print_md(file, np_diff_setting_value(diff->setting[i].is));
		fputc('\n', file);
	}
}

static void np_diff_md_audits(const struct np_diff *diff, size_t most, FILE *file)
{
	char text[NP_OBSERVE_TEXT];
	const char *state;
	size_t i;

	if (diff->audits)
		fputs("\nAudits, during which what the observed policies would deny passes:\n\n",
		      file);
	for (i = 0; i < diff->audits && i < most; i++) {
		state = np_diff_audit_state(diff, &diff->audit[i]);
		fputs("- ", file);
		np_print_md(file, np_observe_text(diff->audit[i].about, text));
		if (state) {
			fputs(", only of ", file);
			np_print_md(file, state);
		}
		fputc('\n', file);
	}
	if (diff->audits > most)
		fprintf(file, "\nand %zu more\n", diff->audits - most);
}

void np_diff_write_md(const struct np_diff *diff, size_t most, FILE *file)
{
	np_diff_md_summary(diff, file);
	np_diff_md_settings(diff, file);
	np_diff_md_audits(diff, most, file);
	if (diff->by_reach) {
		np_diff_md_kind(&diff->reach, NP_REACH_BOTH, NULL, most, file);
		np_diff_md_kind(&diff->reach, NP_REACH_OUTSIDE, NULL, most, file);
	}
	if (diff->objects.items) {
		np_diff_md_objects(&diff->objects, most, file);
		np_diff_md_parts(&diff->objects, most, file);
	}
	if (!diff->by_reach)
		return;
	np_diff_md_kind(&diff->reach, NP_REACH_NEW, "connections of new pods", most, file);
	np_diff_md_kind(&diff->reach, NP_REACH_GONE, "connections of pods that go", most, file);
	if (diff->reach.lines)
		np_diff_md_groups(&diff->reach, most, file);
}
