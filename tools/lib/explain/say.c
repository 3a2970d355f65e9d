// SPDX-License-Identifier: GPL-2.0-or-later
/* What a rule says, in words. */
#include "explain/say.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>

#include "base/buffer.h"

/* How many peers, ports or values a sentence lists before it counts the others. */
#define NP_SAY_MAX	4

const char *np_say(struct np_arena *arena, const char *fmt, ...)
{
	const char *text;
	va_list args;
	char *made;

	va_start(args, fmt);
	made = np_xvasprintf(fmt, args);
	va_end(args);
	text = np_arena_memdup(arena, made, strlen(made));
	free(made);
	return text;
}

/* Moves what was collected into the arena. */
static const char *np_say_done(struct np_arena *arena, struct np_buffer *buffer)
{
	const char *text = np_arena_memdup(arena, buffer->data ? buffer->data : "",
					   buffer->data ? strlen(buffer->data) : 0);

	np_buffer_free(buffer);
	return text;
}

static const char *np_say_values(struct np_arena *arena, const struct np_requirement *need)
{
	struct np_buffer buffer = { 0 };
	uint32_t i;

	for (i = 0; i < need->value_count && i < NP_SAY_MAX; i++)
		np_buffer_print(&buffer, "%s%s", i ? ", " : "", need->value[i]);
	if (i < need->value_count)
		np_buffer_print(&buffer, ", and %u more", need->value_count - i);
	return np_say_done(arena, &buffer);
}

const char *np_say_requirement(struct np_arena *arena, const struct np_requirement *need)
{
	switch (need->op) {
	case NP_OP_IN:
		if (need->value_count == 1)
			return np_say(arena, "%s=%s", need->key, need->value[0]);
		return np_say(arena, "%s in (%s)", need->key, np_say_values(arena, need));
	case NP_OP_NOT_IN:
		return np_say(arena, "%s not in (%s)", need->key, np_say_values(arena, need));
	case NP_OP_EXISTS:
		return np_say(arena, "%s exists", need->key);
	default:
		return np_say(arena, "%s does not exist", need->key);
	}
}

const char *np_say_selector(struct np_arena *arena, const struct np_selector *selector)
{
	struct np_buffer buffer = { 0 };
	uint32_t i;

	if (!selector->count)
		return "{}";
	for (i = 0; i < selector->count; i++)
		np_buffer_print(&buffer, "%s%s", i ? ", " : "",
				np_say_requirement(arena, &selector->item[i]));
	return np_say_done(arena, &buffer);
}

static const char *np_say_block(struct np_arena *arena, const struct np_ipblock *block)
{
	struct np_buffer buffer = { 0 };
	char text[NP_CIDR_TEXT];
	uint32_t i;

	np_buffer_print(&buffer, "ipBlock %s", np_cidr_text(&block->cidr, text));
	for (i = 0; i < block->except_count && i < NP_SAY_MAX; i++)
		np_buffer_print(&buffer, "%s%s", i ? ", " : " except ",
				np_cidr_text(&block->except[i], text));
	if (i < block->except_count)
		np_buffer_print(&buffer, ", and %u more", block->except_count - i);
	return np_say_done(arena, &buffer);
}

static const char *np_say_cluster_peer(struct np_arena *arena, const struct np_peer *peer)
{
	const char *pods = np_say_selector(arena, &peer->pod_selector);
	const char *namespaces = np_say_selector(arena, &peer->ns_selector);
	char text[NP_CIDR_TEXT];

	if (peer->ipblock)
		return np_say(arena, "network %s", np_cidr_text(&peer->ipblock->cidr, text));
	if (!peer->pod_selector.present)
		return np_say(arena, "namespaces %s", namespaces);
	if (!peer->ns_selector.count)
		return np_say(arena, "pods %s", pods);
	return np_say(arena, "pods %s of namespaces %s", pods, namespaces);
}

const char *np_say_peer(struct np_arena *arena, const struct np_policy *policy,
			const struct np_peer *peer)
{
	if (policy->tier != NP_TIER_NETWORK_POLICY)
		return np_say_cluster_peer(arena, peer);
	if (peer->ipblock)
		return np_say_block(arena, peer->ipblock);
	if (!peer->ns_selector.present)
		return np_say(arena, "podSelector %s",
			      np_say_selector(arena, &peer->pod_selector));
	if (!peer->pod_selector.present)
		return np_say(arena, "namespaceSelector %s",
			      np_say_selector(arena, &peer->ns_selector));
	return np_say(arena, "podSelector %s and namespaceSelector %s",
		      np_say_selector(arena, &peer->pod_selector),
		      np_say_selector(arena, &peer->ns_selector));
}

const char *np_say_protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case NP_PROTOCOL_TCP:
		return "tcp";
	case NP_PROTOCOL_UDP:
		return "udp";
	case NP_PROTOCOL_SCTP:
		return "sctp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmpv6";
	default:
		return NULL;
	}
}

const char *np_say_port(struct np_arena *arena, const struct np_port *port)
{
	const char *name = np_say_protocol_name(port->protocol);

	switch (port->kind) {
	case NP_PORT_ANY:
		return np_say(arena, "every %s port", name);
	case NP_PORT_NAME:
		return np_say(arena, "%s/%s", name, port->name);
	default:
		if (port->first == port->last)
			return np_say(arena, "%s/%u", name, port->first);
		return np_say(arena, "%s/%u-%u", name, port->first, port->last);
	}
}

const char *np_say_protocol(struct np_arena *arena, uint8_t protocol, uint16_t port)
{
	const char *name = np_say_protocol_name(protocol);

	if (!name)
		return np_say(arena, "%u", protocol);
	return *np_protocol_name(protocol) ? np_say(arena, "%s/%u", name, port) : name;
}

const char *np_say_rule(struct np_arena *arena, const struct np_policy *policy,
			const struct np_rule *rule, bool egress)
{
	struct np_buffer buffer = { 0 };
	uint32_t i;

	if (rule->closed)
		return rule->action == NP_ACTION_ACCEPT ? "could not be read" :
							  "could not be read, so it is everything";
	if (rule->name && *rule->name)
		np_buffer_print(&buffer, "%s: ", rule->name);
	if (rule->action != NP_ACTION_ACCEPT)
		np_buffer_print(&buffer, "%s ", np_rule_action_name(rule->action));
	np_buffer_print(&buffer, egress ? "to " : "from ");
	if (!rule->peer_count)
		np_buffer_print(&buffer, "anywhere");
	for (i = 0; i < rule->peer_count && i < NP_SAY_MAX; i++)
		np_buffer_print(&buffer, "%s%s", i ? " or " : "",
				np_say_peer(arena, policy, &rule->peer[i]));
	if (i < rule->peer_count)
		np_buffer_print(&buffer, " or %u more", rule->peer_count - i);
	if (!rule->port_count)
		np_buffer_print(&buffer, ", every port");
	for (i = 0; i < rule->port_count && i < NP_SAY_MAX; i++)
		np_buffer_print(&buffer, "%s%s", i ? " or " : ", ",
				np_say_port(arena, &rule->port[i]));
	if (i < rule->port_count)
		np_buffer_print(&buffer, " or %u more", rule->port_count - i);
	return np_say_done(arena, &buffer);
}
