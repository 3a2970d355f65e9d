// SPDX-License-Identifier: GPL-2.0-or-later
/* Why a rule matches a connection or does not, in words. */
#include "explain/reason.h"

#include <string.h>

#include "explain/path.h"
#include "explain/say.h"
#include "object/lint_match.h"
#include "object/select.h"

const char *np_reason_code_name(uint8_t code)
{
	static const char * const name[NP_REASON_COUNT] = {
		[NP_REASON_MATCHES] = "matches",
		[NP_REASON_PROTOCOL] = "protocol",
		[NP_REASON_PORT] = "port",
		[NP_REASON_NAME] = "portName",
		[NP_REASON_NAME_NUMBER] = "portNameNumber",
		[NP_REASON_NAME_NO_POD] = "portNameNoPod",
		[NP_REASON_FAMILY] = "family",
		[NP_REASON_BLOCK] = "block",
		[NP_REASON_EXCEPT] = "except",
		[NP_REASON_NO_POD] = "noPod",
		[NP_REASON_NO_NAMESPACE] = "namespaceUnknown",
		[NP_REASON_OTHER_NAMESPACE] = "otherNamespace",
		[NP_REASON_NAMESPACE_LABELS] = "namespaceLabels",
		[NP_REASON_POD_LABELS] = "podLabels",
	};

	return name[code];
}

/* Says which requirement of a selector the labels of somebody do not meet. */
static const char *np_reason_labels(struct np_arena *arena, const struct np_selector *selector,
				    const struct np_labels *labels, const char *whose)
{
	const struct np_requirement *need = selector->item;
	const char *value;

	while (np_requirement_met(need, labels))
		need++;
	value = np_labels_get(labels, need->key);
	if (!value)
		return np_say(arena, "%s has no label %s", whose, need->key);
	if (need->op == NP_OP_IN && need->value_count == 1)
		return np_say(arena, "%s has %s=%s, not %s", whose, need->key, value,
			      need->value[0]);
	return np_say(arena, "%s has %s=%s, and the rule wants: %s", whose, need->key, value,
		      np_say_requirement(arena, need));
}

static uint8_t np_reason_block(const struct np_reason_about *about,
			       const struct np_ipblock *block, const char **text)
{
	const struct np_address *address = &about->peer->address;
	char left[NP_CIDR_TEXT], right[NP_CIDR_TEXT];
	struct np_ipblock whole = { .cidr = block->cidr };
	uint32_t i;

	if (np_lint_block_holds(block, address))
		return NP_REASON_MATCHES;
	np_address_text(address, left);
	if (block->cidr.family != address->family) {
		*text = np_say(about->arena, "%s is IPv%c, and the block is IPv%c", left,
			       address->family == AF_INET ? '4' : '6',
			       address->family == AF_INET ? '6' : '4');
		return NP_REASON_FAMILY;
	}
	if (!np_lint_block_holds(&whole, address)) {
		*text = np_say(about->arena, "%s is not in %s", left,
			       np_cidr_text(&block->cidr, right));
		return NP_REASON_BLOCK;
	}
	for (i = 0; i < block->except_count; i++) {
		whole.cidr = block->except[i];
		if (np_lint_block_holds(&whole, address))
			break;
	}
	*text = np_say(about->arena, "%s is in the except %s", left,
		       np_cidr_text(&whole.cidr, right));
	return NP_REASON_EXCEPT;
}

static uint8_t np_reason_peer(const struct np_reason_about *about,
			      const struct np_policy *policy, const struct np_peer *peer,
			      const char **text)
{
	const struct np_reason_end *end = about->peer;
	struct np_arena *arena = about->arena;

	if (peer->ipblock)
		return np_reason_block(about, peer->ipblock, text);
	if (!end->pod && end->host) {
		*text = np_say(arena, "%s is the address of the host of %s/%s, and selectors "
				    "match no pod on the network of its host", end->name,
				    end->host->namespace, end->host->name);
		return NP_REASON_NO_POD;
	}
	if (!end->pod) {
		*text = np_say(arena, "%s is no pod, and selectors match pods only", end->name);
		return NP_REASON_NO_POD;
	}
	if (!end->ns) {
		*text = np_say(arena, "the labels of namespace %s are not known, so no selector "
				    "matches its pods", end->pod->namespace);
		return NP_REASON_NO_NAMESPACE;
	}
	if (!peer->ns_selector.present && policy->tier == NP_TIER_NETWORK_POLICY &&
	    strcmp(end->pod->namespace, policy->namespace)) {
		*text = np_say(arena, "a podSelector alone is about namespace %s, and %s is not "
				    "there", policy->namespace, end->name);
		return NP_REASON_OTHER_NAMESPACE;
	}
	if (peer->ns_selector.present &&
	    !np_selector_met(&peer->ns_selector, &end->ns->labels)) {
		*text = np_reason_labels(arena, &peer->ns_selector, &end->ns->labels,
					 np_say(arena, "namespace %s", end->ns->name));
		return NP_REASON_NAMESPACE_LABELS;
	}
	if (!np_selector_met(&peer->pod_selector, &end->pod->labels)) {
		*text = np_reason_labels(arena, &peer->pod_selector, &end->pod->labels,
					 end->name);
		return NP_REASON_POD_LABELS;
	}
	return NP_REASON_MATCHES;
}

static uint8_t np_reason_port_name(const struct np_reason_about *about,
				   const struct np_port *port, const char **text)
{
	const struct np_pod *pod = about->destination->pod;
	uint32_t i;

	if (!pod) {
		*text = np_say(about->arena, "%s is no pod, so no port of it is named %s",
			       about->destination->name, port->name);
		return NP_REASON_NAME_NO_POD;
	}
	for (i = 0; i < pod->port_count; i++) {
		if (pod->port[i].protocol != port->protocol ||
		    strcmp(pod->port[i].name, port->name))
			continue;
		*text = np_say(about->arena, "%s is %s on %s", port->name,
			       np_say_protocol(about->arena, port->protocol,
					       pod->port[i].number), about->destination->name);
		return NP_REASON_NAME_NUMBER;
	}
	*text = np_say(about->arena, "%s has no port of this protocol that is named %s",
		       about->destination->name, port->name);
	return NP_REASON_NAME;
}

static uint8_t np_reason_port(const struct np_reason_about *about, const struct np_port *port,
			      const char **text)
{
	const char *asked = np_say_protocol(about->arena, about->protocol, about->port);

	if (np_lint_port_covers(port, about->destination->pod, about->protocol, about->port))
		return NP_REASON_MATCHES;
	if (port->protocol != about->protocol) {
		if (*np_protocol_name(about->protocol) && port->kind == NP_PORT_ANY)
			*text = np_say(about->arena, "%s is no %s port", asked,
				       np_say_protocol_name(port->protocol));
		else if (*np_protocol_name(about->protocol))
			*text = np_say(about->arena, "%s is not %s", asked,
				       np_say_port(about->arena, port));
		else
			*text = np_say(about->arena, "%s has no ports, so only a rule without "
					    "ports matches it", asked);
		return NP_REASON_PROTOCOL;
	}
	if (port->kind == NP_PORT_NAME)
		return np_reason_port_name(about, port, text);
	*text = np_say(about->arena, "%s is not %s%s", asked,
		       port->first == port->last ? "" : "in ", np_say_port(about->arena, port));
	return NP_REASON_PORT;
}

/* Sums up why none of several parts matches: the reason of the only one, or their number. */
static const char *np_reason_sum(struct np_arena *arena, const struct np_reason_part *part,
				 uint32_t count, const char *what, const char *wanted)
{
	uint32_t i;

	for (i = 1; i < count && !strcmp(part[i].text, part[0].text); i++)
		;
	if (i >= count)
		return part[0].text;
	return np_say(arena, "none of its %u %s is %s", count, what, wanted);
}

bool np_reason_rule_doubts(const struct np_policy *policy, const struct np_rule *rule)
{
	uint32_t i;

	if (policy->tier == NP_TIER_NETWORK_POLICY || rule->action == NP_ACTION_ACCEPT)
		return false;
	for (i = 0; i < rule->peer_count; i++)
		if (!rule->peer[i].ipblock)
			return true;
	return false;
}

/* Does a rule take the peer for one that it means, because nobody knows whether it is not? */
static bool np_reason_doubts(const struct np_reason_about *about, const struct np_policy *policy,
			     const struct np_rule *rule)
{
	return np_reason_rule_doubts(policy, rule) &&
	       (about->unknown || (about->peer->pod && !about->peer->ns));
}

/* Holds the peers of a rule against the other end. Returns whether one matches. */
static bool np_reason_peers(const struct np_reason_about *about, const struct np_policy *policy,
			    const struct np_rule *rule, bool doubtful, struct np_reason_rule *to)
{
	struct np_arena *arena = about->arena;
	struct np_path_place *place;
	bool any = !rule->peer_count;
	uint32_t i;

	to->peer_count = rule->peer_count;
	to->peer = np_arena_zalloc(arena, (rule->peer_count + 1) * sizeof(*to->peer));
	place = np_arena_zalloc(arena, (rule->peer_count + 1) * sizeof(*place));
	np_path_peers(policy, rule, place);
	for (i = 0; i < rule->peer_count; i++) {
		const struct np_peer *peer = &rule->peer[i];
		struct np_reason_part *part = &to->peer[i];

		part->text = "";
		part->path = np_path_peer(arena, policy, peer, &place[i], about->egress);
		part->says = np_say_peer(arena, policy, peer);
		if (!doubtful || peer->ipblock)
			part->code = np_reason_peer(about, policy, peer, &part->text);
		any |= part->code == NP_REASON_MATCHES;
	}
	return any;
}

/* Holds the ports of a rule against the connection. Returns whether one matches. */
static bool np_reason_ports(const struct np_reason_about *about, const struct np_policy *policy,
			    const struct np_rule *rule, bool doubtful, struct np_reason_rule *to)
{
	struct np_arena *arena = about->arena;
	struct np_path_place *place;
	bool any = !rule->port_count;
	uint32_t i;

	to->port_count = rule->port_count;
	to->port = np_arena_zalloc(arena, (rule->port_count + 1) * sizeof(*to->port));
	place = np_arena_zalloc(arena, (rule->port_count + 1) * sizeof(*place));
	np_path_ports(policy, rule, place);
	for (i = 0; i < rule->port_count; i++) {
		const struct np_port *port = &rule->port[i];
		struct np_reason_part *part = &to->port[i];

		part->text = "";
		part->path = np_path_port(arena, policy, port, &place[i]);
		part->says = np_say_port(arena, port);
		/* which names an unknown pod gives to its ports is not known either */
		if (!doubtful || !about->egress || port->kind != NP_PORT_NAME ||
		    port->protocol != about->protocol)
			part->code = np_reason_port(about, port, &part->text);
		any |= part->code == NP_REASON_MATCHES;
	}
	return any;
}

void np_reason_rule(const struct np_reason_about *about, const struct np_policy *policy,
		    const struct np_rule *rule, struct np_reason_rule *to)
{
	bool doubtful = np_reason_doubts(about, policy, rule), peers, ports;
	const char *peer_text = "", *port_text = "";
	struct np_arena *arena = about->arena;

	to->note = "";
	peers = np_reason_peers(about, policy, rule, doubtful, to);
	ports = np_reason_ports(about, policy, rule, doubtful, to);
	to->says = np_say_rule(arena, policy, rule, about->egress);
	if (rule->closed) {
		to->matches = rule->action != NP_ACTION_ACCEPT;
		to->text = to->matches ? "" : "it could not be read, so it accepts nothing";
		return;
	}
	to->matches = peers && ports;
	if (to->matches && doubtful)
		to->note = np_say(arena, "the labels of %s are not known, so it counts as one that "
				  "the rule means, and is denied", about->peer->name);
	if (!peers)
		peer_text = np_reason_sum(arena, to->peer, to->peer_count, "peers",
					  about->peer->name);
	if (!ports)
		port_text = np_reason_sum(arena, to->port, to->port_count, "ports",
					  np_say_protocol(arena, about->protocol, about->port));
	to->text = peers || ports ? (peers ? port_text : peer_text) :
		   np_say(arena, "%s; and %s", peer_text, port_text);
}

void np_reason_end(const struct np_objects *objs, const struct np_pod *pod,
		   const struct np_address *address, const char *name, struct np_reason_end *end)
{
	const struct np_pod *other;
	uint32_t k;
	size_t i;

	*end = (struct np_reason_end) { .pod = pod, .address = *address, .name = name };
	for (i = 0; pod && i < objs->namespace_count; i++)
		if (!strcmp(objs->namespaces[i].name, pod->namespace))
			end->ns = &objs->namespaces[i];
	for (i = 0; !pod && !end->host && i < objs->pod_count; i++) {
		other = &objs->pods[i];
		for (k = 0; other->host_network && k < other->address_count; k++)
			if (!memcmp(&other->address[k], address, sizeof(*address)))
				end->host = other;
	}
}
