// SPDX-License-Identifier: GPL-2.0-or-later
/* Parts of objects in one spelling. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "diff/spell.h"

static int np_spell_order(const void *left, const void *right)
{
	return strcmp(*(const char * const *)left, *(const char * const *)right);
}

void np_spell_sort(struct np_spelled *list)
{
	size_t i, kept = 0;

	if (!list->count)
		return;
	qsort(list->text, list->count, sizeof(*list->text), np_spell_order);
	for (i = 0; i < list->count; i++)
		if (!kept || strcmp(list->text[kept - 1], list->text[i]))
			list->text[kept++] = list->text[i];
	list->count = kept;
}

void np_spell_add(struct np_spelled *list, const char *text)
{
	list->text = np_array_grow(list->text, list->count, sizeof(*list->text));
	list->text[list->count++] = text;
}

void np_spell_free(struct np_spelled *list)
{
	free(list->text);
	memset(list, 0, sizeof(*list));
}

/* Moves what a buffer holds into an arena. */
static const char *np_spell_keep(struct np_arena *arena, struct np_buffer *buffer)
{
	const char *text = np_arena_memdup(arena, buffer->data ? buffer->data : "", buffer->len);

	np_buffer_free(buffer);
	return text;
}

const char *np_spell_join(struct np_arena *arena, const struct np_spelled *list,
			  const char *between)
{
	struct np_buffer buffer = { 0 };
	size_t i;

	for (i = 0; i < list->count; i++)
		np_buffer_print(&buffer, "%s%s", i ? between : "", list->text[i]);
	return np_spell_keep(arena, &buffer);
}

static const char *np_spell_requirement(struct np_arena *arena,
					const struct np_requirement *need)
{
	struct np_spelled values = { 0 };
	struct np_buffer buffer = { 0 };
	uint32_t i;

	for (i = 0; i < need->value_count; i++)
		np_spell_add(&values, need->value[i]);
	np_spell_sort(&values);
	switch (need->op) {
	case NP_OP_EXISTS:
		np_buffer_print(&buffer, "%s", need->key);
		break;
	case NP_OP_DOES_NOT_EXIST:
		np_buffer_print(&buffer, "!%s", need->key);
		break;
	case NP_OP_IN:
		if (values.count == 1)
			np_buffer_print(&buffer, "%s=%s", need->key, values.text[0]);
		else
			np_buffer_print(&buffer, "%s in (%s)", need->key,
					np_spell_join(arena, &values, ","));
		break;
	default:
		np_buffer_print(&buffer, "%s notin (%s)", need->key,
				np_spell_join(arena, &values, ","));
	}
	np_spell_free(&values);
	return np_spell_keep(arena, &buffer);
}

const char *np_spell_selector(struct np_arena *arena, const struct np_selector *selector)
{
	struct np_spelled list = { 0 };
	const char *text;
	uint32_t i;

	/* No label has this name. */
	if (!selector->count)
		return "{}";
	for (i = 0; i < selector->count; i++)
		np_spell_add(&list, np_spell_requirement(arena, &selector->item[i]));
	np_spell_sort(&list);
	text = np_spell_join(arena, &list, ",");
	np_spell_free(&list);
	return text;
}

static const char *np_spell_block(struct np_arena *arena, const struct np_ipblock *block)
{
	struct np_spelled excepts = { 0 };
	struct np_buffer buffer = { 0 };
	char text[NP_CIDR_TEXT];
	uint32_t i;

	np_buffer_print(&buffer, "%s", np_cidr_text(&block->cidr, text));
	for (i = 0; i < block->except_count; i++) {
		np_cidr_text(&block->except[i], text);
		np_spell_add(&excepts, np_arena_memdup(arena, text, strlen(text)));
	}
	np_spell_sort(&excepts);
	if (excepts.count)
		np_buffer_print(&buffer, " except %s", np_spell_join(arena, &excepts, ","));
	np_spell_free(&excepts);
	return np_spell_keep(arena, &buffer);
}

static const char *np_spell_peer(struct np_arena *arena, const struct np_peer *peer)
{
	struct np_buffer buffer = { 0 };

	if (peer->ipblock)
		return np_spell_block(arena, peer->ipblock);
	if (peer->pod_selector.count)
		np_buffer_print(&buffer, "pods %s", np_spell_selector(arena, &peer->pod_selector));
	else
		np_buffer_print(&buffer, "all pods");
	if (!peer->ns_selector.present)
		np_buffer_print(&buffer, " of its namespace");
	else if (peer->ns_selector.count)
		np_buffer_print(&buffer, " of namespaces %s",
				np_spell_selector(arena, &peer->ns_selector));
	else
		np_buffer_print(&buffer, " of all namespaces");
	return np_spell_keep(arena, &buffer);
}

void np_spell_peers(struct np_arena *arena, const struct np_rule *rule, struct np_spelled *list)
{
	uint32_t i;

	for (i = 0; i < rule->peer_count; i++)
		np_spell_add(list, np_spell_peer(arena, &rule->peer[i]));
	if (!rule->peer_count)
		np_spell_add(list, "anywhere");
	np_spell_sort(list);
}

static const char *np_spell_port(struct np_arena *arena, const struct np_port *port)
{
	struct np_buffer buffer = { 0 };
	const char *name = np_protocol_name(port->protocol);

	for (; *name; name++)
		np_buffer_print(&buffer, "%c", tolower((unsigned char)*name));
	if (port->kind == NP_PORT_NAME)
		np_buffer_print(&buffer, "/%s", port->name);
	else if (port->kind != NP_PORT_ANY && port->first == port->last)
		np_buffer_print(&buffer, "/%u", port->first);
	else if (port->kind != NP_PORT_ANY)
		np_buffer_print(&buffer, "/%u-%u", port->first, port->last);
	return np_spell_keep(arena, &buffer);
}

void np_spell_ports(struct np_arena *arena, const struct np_rule *rule, struct np_spelled *list)
{
	uint32_t i;

	for (i = 0; i < rule->port_count; i++)
		np_spell_add(list, np_spell_port(arena, &rule->port[i]));
	if (!rule->port_count)
		np_spell_add(list, "every port");
	np_spell_sort(list);
}

void np_spell_labels(struct np_arena *arena, const struct np_labels *labels,
		     struct np_spelled *list)
{
	struct np_buffer buffer = { 0 };
	uint32_t i;

	for (i = 0; i < labels->count; i++) {
		np_buffer_print(&buffer, "%s=%s", labels->item[i].key, labels->item[i].value);
		np_spell_add(list, np_spell_keep(arena, &buffer));
	}
	np_spell_sort(list);
}

void np_spell_addresses(struct np_arena *arena, const struct np_pod *pod,
			struct np_spelled *list)
{
	char text[NP_CIDR_TEXT];
	uint32_t i;

	for (i = 0; i < pod->address_count; i++) {
		np_address_text(&pod->address[i], text);
		np_spell_add(list, np_arena_memdup(arena, text, strlen(text)));
	}
	np_spell_sort(list);
}

void np_spell_named_ports(struct np_arena *arena, const struct np_pod *pod,
			  struct np_spelled *list)
{
	struct np_buffer buffer = { 0 };
	uint32_t i;

	for (i = 0; i < pod->port_count; i++) {
		np_buffer_print(&buffer, "%s=%s/%u", pod->port[i].name,
				np_protocol_name(pod->port[i].protocol), pod->port[i].number);
		np_spell_add(list, np_spell_keep(arena, &buffer));
	}
	np_spell_sort(list);
}
