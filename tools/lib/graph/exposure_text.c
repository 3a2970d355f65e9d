// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes what workloads are exposed to for people. */
#include <stdlib.h>
#include <string.h>
#include <linux/netpol.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/output.h"
#include "graph/exposure_text.h"
#include "graph/ranges.h"
#include "netlink/report.h"

#define NP_EXPOSURE_COLUMNS	80
#define NP_EXPOSURE_LABEL	22	/* columns before what is said of one kind of ends */

/**
 * struct np_exposure_text - text that is being written
 * @exposure: what it is about
 * @file: where it goes
 * @most: names in a list
 * @line: one statement
 * @cut: names were left out
 */
struct np_exposure_text {
	const struct np_exposure *exposure;
	FILE *file;
	size_t most;
	struct np_buffer line;
	bool cut;
};

static const char *np_exposure_plural(size_t count)
{
	return count == 1 ? "" : "s";
}

/* Writes the statement in lines of words, behind a label, and forgets it. */
static void np_exposure_put(struct np_exposure_text *text, const char *label, size_t indent)
{
	size_t column = strlen(label), len;
	const char *at = text->line.data ? text->line.data : "";
	char *word;

	fputs(label, text->file);
	for (; column < indent; column++)
		fputc(' ', text->file);
	for (; *at; at += len + (at[len] == ' ')) {
		len = strcspn(at, " ");
		if (column > indent && column + 1 + len > NP_EXPOSURE_COLUMNS) {
			fprintf(text->file, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', text->file);
			column++;
		}
		word = strndup(at, len);
		np_print_escaped(text->file, word);
		free(word);
		column += len;
	}
	fputc('\n', text->file);
	text->line.len = 0;
	np_buffer_print(&text->line, "%s", "");
}

/* Writes "everything" as the statement. */
static void np_exposure_everything(struct np_exposure_text *text, const char *label,
				   const struct np_exposure_side *side)
{
	np_buffer_print(&text->line, "%s%s",
			text->exposure->workloads->flows->ports.asked ? "all these ports" :
			"everything", side->policies || side->unknown ? "" : side->observeds ?
			", its policies are only observed" : ", no policy selects it");
	np_exposure_put(text, label, NP_EXPOSURE_LABEL);
}

/*
 * Writes a list that is one statement: nothing passes, or everything does. @unasked is said where
 * there was nobody to ask about. Returns whether that was all.
 */
static bool np_exposure_put_whole(struct np_exposure_text *text, const char *label,
				  const struct np_exposure_side *side,
				  const struct np_exposure_list *list, const char *unasked)
{
	if (!list->items) {
		np_buffer_print(&text->line, "%s", list->asked ? "nothing" : unasked);
		np_exposure_put(text, label, NP_EXPOSURE_LABEL);
		return true;
	}
	if (list->items > 1 || list->item->count != list->asked ||
	    !np_passes_full(text->exposure->workloads->flows, list->item->passes))
		return false;
	np_exposure_everything(text, label, side);
	return true;
}

/* Adds what passes, and the word before the other ends. */
static void np_exposure_say_passes(struct np_exposure_text *text,
				   const struct np_exposure_peers *peers, uint8_t direction)
{
	np_passes_text(&text->line, text->exposure->workloads->flows, peers->passes);
	np_buffer_print(&text->line, direction == NETPOL_DIRECTION_EGRESS ? " to " : " from ");
}

static void np_exposure_put_world(struct np_exposure_text *text, const struct np_exposed *item,
				  uint8_t direction)
{
	const struct np_exposure_side *side = &item->side[direction];
	const struct np_exposure_list *list = &side->world;
	const char *label = "    world";
	size_t i;

	if (np_exposure_put_whole(text, label, side, list, "not judged"))
		return;
	for (i = 0; i < list->items; i++) {
		np_exposure_say_passes(text, &list->item[i], direction);
		np_exposure_ranges_text(&text->line, text->exposure, item, &list->item[i]);
		np_exposure_put(text, i ? "" : label, NP_EXPOSURE_LABEL);
	}
}

/* How many other ends of a list lie in the namespace of a workload, of all that were asked. */
static size_t np_exposure_in_namespace(const struct np_exposure_text *text, size_t workload,
				       size_t subject)
{
	const struct np_workload *of = text->exposure->workloads->item;
	size_t i, first = workload, count = 0;

	/* they are sorted, so those of a namespace lie side by side */
	while (first && !strcmp(of[first - 1].namespace, of[workload].namespace))
		first--;
	for (i = first; i < text->exposure->workloads->count &&
	     !strcmp(of[i].namespace, of[workload].namespace); i++)
		count += i != subject || of[i].pods > 1;
	return count;
}

/* Adds names of peers: a whole namespace is one name. */
static void np_exposure_say_peers(struct np_exposure_text *text, size_t subject,
				  const struct np_exposure_list *list,
				  const struct np_exposure_peers *peers)
{
	const struct np_workload *of = text->exposure->workloads->item, *peer;
	size_t i, end, shown = 0, left = 0, k;

	if (peers->count == list->asked && list->asked > 1) {
		np_buffer_print(&text->line, "all %zu workloads", list->asked);
		return;
	}
	for (i = 0; i < peers->count; i = end) {
		peer = &of[peers->peer[i]];
		for (end = i; end < peers->count &&
		     !strcmp(of[peers->peer[end]].namespace, peer->namespace); end++)
			;
		if (end - i > 1 &&
		    end - i == np_exposure_in_namespace(text, peers->peer[i], subject)) {
			if (shown < text->most)
				np_buffer_print(&text->line, "%s%s/*", shown ? ", " : "",
						peer->namespace);
			left += shown >= text->most ? end - i : 0;
			shown++;
			continue;
		}
		for (k = i; k < end; k++, shown++) {
			if (shown < text->most)
				np_buffer_print(&text->line, "%s%s/%s", shown ? ", " : "",
						of[peers->peer[k]].namespace,
						of[peers->peer[k]].name);
			left += shown >= text->most;
		}
	}
	if (left)
		np_buffer_print(&text->line, " and %zu more", left);
	text->cut |= left;
}

static void np_exposure_put_pods(struct np_exposure_text *text, const struct np_exposed *item,
				 uint8_t direction, bool own)
{
	const struct np_exposure_side *side = &item->side[direction];
	const struct np_exposure_list *list = own ? &side->own : &side->others;
	const char *label = own ? "    own namespace" : "    other namespaces";
	size_t i;

	if (np_exposure_put_whole(text, label, side, list, "no other pods are there"))
		return;
	for (i = 0; i < list->items; i++) {
		np_exposure_say_passes(text, &list->item[i], direction);
		np_exposure_say_peers(text, item->workload, list, &list->item[i]);
		np_exposure_put(text, i ? "" : label, NP_EXPOSURE_LABEL);
	}
}

static void np_exposure_say_policies(struct np_exposure_text *text, const char *const *policy,
				     size_t count)
{
	size_t i;

	for (i = 0; i < count && i < text->most; i++)
		np_buffer_print(&text->line, "%s%s", i ? ", " : "", policy[i]);
	if (count > text->most)
		np_buffer_print(&text->line, " and %zu more", count - text->most);
	text->cut |= count > text->most;
}

/* Adds the policies that select the workload, and whether they isolate it. */
static void np_exposure_put_policies(struct np_exposure_text *text,
				     const struct np_exposure_side *side, uint8_t direction)
{
	np_buffer_print(&text->line, "%s: ", np_direction_name(direction));
	if (side->unknown)
		np_buffer_print(&text->line, "nothing is allowed, as its Namespace is not there, "
				"or its policies have no room");
	else if (!side->policies)
		np_buffer_print(&text->line, side->observeds ? "not isolated" :
				"no policy selects it");
	else
		np_buffer_print(&text->line, side->isolated == NP_ISOLATED_ALL ? "isolated by " :
				side->isolated == NP_ISOLATED_SOME ? "isolated in part by " :
				"not isolated, selected by ");
	np_exposure_say_policies(text, side->policy, side->policies);
	if (side->observeds)
		np_buffer_print(&text->line, "; observed and not enforced: ");
	np_exposure_say_policies(text, side->observed, side->observeds);
	np_exposure_put(text, "  ", 2);
}

static void np_exposure_put_item(struct np_exposure_text *text, const struct np_exposed *item)
{
	const struct np_workload *of = &text->exposure->workloads->item[item->workload];
	static const uint8_t order[] = { NETPOL_DIRECTION_INGRESS, NETPOL_DIRECTION_EGRESS };
	uint8_t direction;
	int i;

	fputc('\n', text->file);
	np_buffer_print(&text->line, "%s/%s, ", of->namespace, of->name);
	if (of->is_pod)
		np_buffer_print(&text->line, "a pod");
	else
		np_buffer_print(&text->line, "%zu pod%s", of->pods, np_exposure_plural(of->pods));
	np_exposure_put(text, "", 0);
	for (i = 0; i < 2; i++) {
		direction = order[i];
		np_exposure_put_policies(text, &item->side[direction], direction);
		np_exposure_put_world(text, item, direction);
		if (direction == NETPOL_DIRECTION_INGRESS) {
			np_buffer_print(&text->line, "everything, its own node always reaches it");
			np_exposure_put(text, "    node", NP_EXPOSURE_LABEL);
		}
		np_exposure_put_pods(text, item, direction, false);
		np_exposure_put_pods(text, item, direction, true);
	}
}

/* What somebody wants to know first: how many are open to whom. */
static void np_exposure_put_totals(struct np_exposure_text *text)
{
	const struct np_exposure *exposure = text->exposure;
	size_t world[2] = { 0 }, open[2] = { 0 }, others = 0, i;
	const struct np_exposed *item;
	int k;

	for (i = 0; i < exposure->items; i++) {
		item = &exposure->item[i];
		for (k = 0; k < 2; k++) {
			world[k] += item->side[k].world.items > 0;
			open[k] += item->side[k].isolated != NP_ISOLATED_ALL;
		}
		others += item->side[NETPOL_DIRECTION_INGRESS].others.items > 0;
	}
	fprintf(text->file, "%zu workload%s\n", exposure->items,
		np_exposure_plural(exposure->items));
	fprintf(text->file, "  reached from the world: %zu, from other namespaces: %zu\n",
		world[NETPOL_DIRECTION_INGRESS], others);
	fprintf(text->file, "  reaching the world: %zu\n", world[NETPOL_DIRECTION_EGRESS]);
	fprintf(text->file, "  not isolated: ingress %zu, egress %zu\n",
		open[NETPOL_DIRECTION_INGRESS], open[NETPOL_DIRECTION_EGRESS]);
}

void np_exposure_write_text(const struct np_exposure *exposure, size_t most, FILE *file)
{
	struct np_exposure_text text = { .exposure = exposure, .file = file, .most = most };
	size_t i;

	np_exposure_put_totals(&text);
	for (i = 0; i < exposure->items; i++)
		np_exposure_put_item(&text, &exposure->item[i]);
	if (text.cut)
		fputs("\n-v writes all names\n", file);
	np_buffer_free(&text.line);
}
