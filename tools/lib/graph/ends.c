// SPDX-License-Identifier: GPL-2.0-or-later
/* The ends of an arrow as a drawing shows them. */
#include "graph/ends.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

size_t np_ends_namespace(const struct np_arrows *arrows, size_t workload)
{
	const struct np_workload *of = arrows->exposure->workloads->item;
	size_t first = workload, i;

	for (i = workload; i-- && !strcmp(of[i].namespace, of[workload].namespace);)
		if (arrows->drawn[i])
			first = i;
	return first;
}

/* How many workloads of a namespace are drawn. */
static size_t np_ends_drawn(const struct np_arrows *arrows, size_t first)
{
	size_t end = np_arrows_namespace_end(arrows, first), count = 0;

	for (; first < end; first++)
		count += arrows->drawn[first];
	return count;
}

void np_ends_visit(const struct np_arrows *arrows, const size_t *set, size_t count,
		   void (*visit)(void *context, enum np_end_of kind, size_t workload),
		   void *context)
{
	size_t i, k, end, first;

	if (count > 1 && count == arrows->drawns) {
		visit(context, NP_END_OF_ALL, set[0]);
		return;
	}
	for (i = 0; i < count; i = end) {
		first = np_ends_namespace(arrows, set[i]);
		k = np_arrows_namespace_end(arrows, first);
		for (end = i; end < count && set[end] < k; end++)
			;
		if (end - i > 1 && end - i == np_ends_drawn(arrows, first)) {
			visit(context, NP_END_OF_NAMESPACE, first);
			continue;
		}
		for (k = i; k < end; k++)
			visit(context, NP_END_OF_WORKLOAD, set[k]);
	}
}

bool np_ends_all(const struct np_arrows *arrows)
{
	size_t i;

	for (i = 0; arrows->drawns > 1 && i < arrows->arrows; i++)
		if (arrows->arrow[i].froms == arrows->drawns ||
		    arrows->arrow[i].tos == arrows->drawns)
			return true;
	for (i = 0; arrows->drawns > 1 && i < arrows->worlds; i++)
		if (arrows->world[i].froms == arrows->drawns)
			return true;
	return false;
}

void np_ends_label(struct np_buffer *to, const struct np_arrows *arrows,
		   const struct np_arrow *arrow)
{
	np_passes_text(to, arrows->exposure->workloads->flows, arrow->passes);
	if (arrow->addresses)
		np_buffer_print(to, "\n%s", arrow->addresses);
}

void np_ends_name(enum np_end_of kind, size_t workload, char name[32])
{
	if (kind == NP_END_OF_ALL)
		strcpy(name, "all");
	else
		snprintf(name, 32, "%c%zu", kind == NP_END_OF_NAMESPACE ? 'n' : 'w', workload);
}

/* The name of an end, and how many there are. */
struct np_ends_first {
	char *name;
	size_t count;
};

static void np_ends_first(void *context, enum np_end_of kind, size_t workload)
{
	struct np_ends_first *first = context;

	if (!first->count++)
		np_ends_name(kind, workload, first->name);
}

bool np_ends_single(const struct np_arrows *arrows, const struct np_arrow *arrow, char from[32],
		    char to[32])
{
	struct np_ends_first a = { .name = from }, b = { .name = to };

	np_ends_visit(arrows, arrow->from, arrow->froms, np_ends_first, &a);
	np_ends_visit(arrows, arrow->to, arrow->tos, np_ends_first, &b);
	/* a namespace and one of its own have a node between them, outside of it */
	if (!arrow->addresses)
		return a.count == 1 && b.count == 1 &&
		       ((*from != 'n' && *to != 'n') ||
			np_ends_namespace(arrows, arrow->from[0]) !=
			np_ends_namespace(arrows, arrow->to[0]));
	strcpy(to, arrow->leaves ? "world" : from);
	if (!arrow->leaves)
		strcpy(from, "world");
	return a.count == 1;
}

uint8_t np_ends_isolated(const struct np_arrows *arrows, size_t workload, uint8_t direction)
{
	size_t item = arrows->item[workload];

	return item == SIZE_MAX ? NP_ISOLATED_ALL :
				  arrows->exposure->item[item].side[direction].isolated;
}

/* A name may hold anything. What is no printable character, such as a line end, is spelled out. */
static void np_ends_printable(struct np_buffer *to, const char *text)
{
	char *copy = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&copy, &len);

	if (!file)
		abort();
	np_print_escaped(file, text);
	fclose(file);
	np_buffer_print(to, "%s", copy);
	free(copy);
}

void np_ends_workload(struct np_buffer *to, const struct np_arrows *arrows, size_t workload)
{
	const struct np_workload *of = &arrows->exposure->workloads->item[workload];

	np_ends_printable(to, of->name);
	if (!of->is_pod)
		np_buffer_print(to, "\n%zu pod%s", of->pods, of->pods == 1 ? "" : "s");
}

void np_ends_space(struct np_buffer *to, const struct np_arrows *arrows, size_t workload)
{
	np_ends_printable(to, arrows->exposure->workloads->item[workload].namespace);
}
