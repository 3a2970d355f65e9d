// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes what differs for programs. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "diff/json.h"
#include "diff/reason.h"
#include "netlink/loaded.h"
#include "netlink/report.h"

static const char *np_diff_action(char sign)
{
	return sign == NP_DIFF_ADDED ? "added" : sign == NP_DIFF_REMOVED ? "removed" : "changed";
}

static void np_diff_json_objects(struct np_writer *w, const struct np_diff_objects *objects)
{
	const struct np_diff_object *item;
	size_t i, k;

	np_write_object(w, "objects");
	np_write_number(w, "added", objects->count[0]);
	np_write_number(w, "removed", objects->count[1]);
	np_write_number(w, "changed", objects->count[2]);
	np_write_number(w, "policiesOfOtherNodes", objects->elsewhere);
	np_write_array(w, "items");
	for (i = 0; i < objects->items; i++) {
		item = &objects->item[i];
		np_write_object(w, NULL);
		np_write_string(w, "action", np_diff_action(item->sign));
		np_write_string(w, "object", np_object_name(item->object, item->namespace));
		if (*item->namespace)
			np_write_string(w, "namespace", item->namespace);
		np_write_string(w, "name", item->name);
		if (item->origin)
			np_write_string(w, "origin", item->origin);
		np_write_array(w, "parts");
		for (k = 0; k < item->parts; k++) {
			np_write_object(w, NULL);
			np_write_string(w, "action", np_diff_action(item->part[k].sign));
			np_write_string(w, "path", item->part[k].path);
			np_write_string(w, "text", item->part[k].text);
			np_write_end(w);
		}
		np_write_end(w);
		np_write_end(w);
	}
	np_write_end(w);
	np_write_end(w);
}

static void np_diff_json_groups(struct np_writer *w, const struct np_reach_result *reach)
{
	bool *used = np_xcalloc(reach->groups.groups + 1, sizeof(*used));
	const struct np_diff_pods *group;
	size_t i, k;

	for (i = 0; i < reach->lines; i++) {
		used[reach->line[i].source] = true;
		used[reach->line[i].destination] = true;
	}
	np_write_array(w, "groups");
	for (i = 0; i < reach->groups.groups; i++) {
		if (!used[i])
			continue;
		group = &reach->groups.group[i];
		np_write_object(w, NULL);
		np_write_string(w, "name", np_reach_first(reach, i)->text);
		np_write_array(w, "pods");
		for (k = 0; k < group->count; k++)
			np_write_string(w, NULL, reach->groups.pod[group->first + k].text);
		np_write_end(w);
		np_write_end(w);
	}
	np_write_end(w);
	free(used);
}

void np_diff_write_ports(struct np_writer *w, const struct np_diff_ports *ports,
			 const uint64_t *set)
{
	struct np_diff_ports_of *list = np_xcalloc(ports->count + 1, sizeof(*list));
	size_t count = np_diff_ports_join(ports, set, false, list), i;

	np_write_array(w, "ports");
	for (i = 0; i < count; i++) {
		np_write_object(w, NULL);
		if (!list[i].protocol)
			np_write_string(w, "protocol", "other");
		else if (*np_protocol_name(list[i].protocol))
			np_write_string(w, "protocol", np_protocol_name(list[i].protocol));
		else
			np_write_format(w, "protocol", "%u", list[i].protocol);
		if (list[i].first) {
			np_write_number(w, "first", list[i].first);
			np_write_number(w, "last", list[i].last);
		}
		np_write_end(w);
	}
	np_write_end(w);
	free(list);
}

static void np_diff_json_reason(void *context, const struct np_reach_reason *reason)
{
	struct np_writer *w = context;

	np_write_object(w, NULL);
	np_write_string(w, "direction", np_direction_name(reason->direction));
	np_write_string(w, "policy", reason->policy);
	if (reason->rule != NP_MATRIX_NONE)
		np_write_number(w, "rule", reason->rule);
	np_write_end(w);
}

static void np_diff_json_line(struct np_writer *w, const struct np_reach_result *reach,
			      const struct np_reach_line *line)
{
	static const char * const kind[] = {
		[NP_REACH_BOTH] = "both", [NP_REACH_NEW] = "new", [NP_REACH_GONE] = "gone",
		[NP_REACH_OUTSIDE] = "outside",
	};

	np_write_object(w, NULL);
	np_write_string(w, "source", np_reach_first(reach, line->source)->text);
	np_write_string(w, "destination", np_reach_first(reach, line->destination)->text);
	np_write_string(w, "pods", kind[np_reach_kind(reach, line)]);
	np_write_number(w, "connections", line->pairs);
	np_write_array(w, "families");
	if (line->families & NP_REACH_IPV4)
		np_write_number(w, NULL, 4);
	if (line->families & NP_REACH_IPV6)
		np_write_number(w, NULL, 6);
	np_write_end(w);
	np_diff_write_ports(w, &reach->ports, line->ports);
	np_write_string(w, "was", np_reach_name(line->was));
	np_write_string(w, "is", np_reach_name(line->is));
	np_write_array(w, "by");
	np_reach_reasons(reach, line, np_diff_json_reason, w);
	np_write_end(w);
	np_write_end(w);
}

static void np_diff_json_reach(struct np_writer *w, const struct np_reach_result *reach)
{
	size_t i;

	np_write_object(w, "connectivity");
	np_write_number(w, "appear", reach->connections[NP_REACH_BOTH][1]);
	np_write_number(w, "go", reach->connections[NP_REACH_BOTH][0]);
	np_write_number(w, "appearWithNewPods", reach->connections[NP_REACH_NEW][1]);
	np_write_number(w, "goWithPods", reach->connections[NP_REACH_GONE][0]);
	np_write_number(w, "appearOutside", reach->connections[NP_REACH_OUTSIDE][1]);
	np_write_number(w, "goOutside", reach->connections[NP_REACH_OUTSIDE][0]);
	np_write_number(w, "podsOnlyInFrom", reach->only[0]);
	np_write_number(w, "podsOnlyInTo", reach->only[1]);
	np_write_number(w, "podsOfOtherNodes", reach->elsewhere);
	np_write_bool(w, "everyPort", !reach->ports.asked);
	np_diff_json_groups(w, reach);
	np_write_array(w, "changes");
	for (i = 0; i < reach->lines; i++)
		np_diff_json_line(w, reach, &reach->line[i]);
	np_write_end(w);
	np_write_end(w);
}

static void np_diff_json_settings(struct np_writer *w, const struct np_diff *diff)
{
	size_t i;

	np_write_array(w, "settings");
	for (i = 0; i < diff->settings; i++) {
		np_write_object(w, NULL);
		np_write_string(w, "name", diff->setting[i].name);
		np_write_string(w, "was", diff->setting[i].was);
		np_write_string(w, "is", diff->setting[i].is);
		np_write_end(w);
	}
	np_write_end(w);
}

static void np_diff_json_audits(struct np_writer *w, const struct np_diff *diff)
{
	const struct np_observe *about;
	size_t i;

	np_write_array(w, "audits");
	for (i = 0; i < diff->audits; i++) {
		about = diff->audit[i].about;
		np_write_object(w, NULL);
		np_write_string(w, "namespace", about->namespace);
		if (*about->policy)
			np_write_string(w, "policy", about->policy);
		if (*about->pod)
			np_write_string(w, "pod", about->pod);
		np_write_bool(w, "was", diff->audit[i].in[0]);
		np_write_bool(w, "is", diff->audit[i].in[1]);
		np_write_end(w);
	}
	np_write_end(w);
}

void np_diff_write_members(struct np_writer *w, const struct np_diff *diff)
{
	np_write_string(w, "from", diff->from);
	np_write_string(w, "to", diff->to);
	np_write_bool(w, "differs", np_diff_differs(diff));
	if (diff->settings)
		np_diff_json_settings(w, diff);
	if (diff->audits)
		np_diff_json_audits(w, diff);
	if (diff->by_objects)
		np_diff_json_objects(w, &diff->objects);
	if (diff->by_reach)
		np_diff_json_reach(w, &diff->reach);
}

void np_diff_write_json(const struct np_diff *diff, FILE *file)
{
	struct np_writer w;

	np_writer_init(&w, file, NP_FORMAT_JSON);
	np_write_top(&w, "Diff");
	np_diff_write_members(&w, diff);
	np_write_end(&w);
}
