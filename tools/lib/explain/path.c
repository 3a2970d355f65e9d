// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the peers and ports of a rule are written. */
#include "explain/path.h"

#include "explain/say.h"

/* So many networks are one entry of a manifest, and so many ports one destinationNamedPort. */
#define NP_PATH_NETWORKS	25
#define NP_PATH_NAMED		3

void np_path_peers(const struct np_policy *policy, const struct np_rule *rule,
		   struct np_path_place *place)
{
	bool cluster = policy->tier != NP_TIER_NETWORK_POLICY;
	uint32_t i, entry = 0, run = 0;

	for (i = 0; i < rule->peer_count; i++) {
		const struct np_peer *peer = &rule->peer[i];

		if (peer->entry || peer->nodes) {
			place[i].entry = peer->entry ? peer->entry - 1u : 0;
			place[i].network = peer->network ? peer->network - 1u : 0;
			continue;
		}
		if (i && (!cluster || !peer->ipblock || !rule->peer[i - 1].ipblock ||
			  run == NP_PATH_NETWORKS)) {
			entry++;
			run = 0;
		}
		place[i].entry = entry;
		place[i].network = run++;
	}
}

void np_path_ports(const struct np_policy *policy, const struct np_rule *rule,
		   struct np_path_place *place)
{
	bool cluster = policy->tier != NP_TIER_NETWORK_POLICY;
	uint32_t i, entry = 0, run = 0;

	for (i = 0; i < rule->port_count; i++) {
		const struct np_port *port = &rule->port[i];

		if (port->entry) {
			place[i].entry = port->entry - 1u;
			continue;
		}
		if (i && (!cluster || port->kind != NP_PORT_NAME ||
			  rule->port[i - 1].kind != NP_PORT_NAME || run == NP_PATH_NAMED)) {
			entry++;
			run = 0;
		}
		place[i].entry = entry;
		run++;
	}
}

const char *np_path_peer(struct np_arena *arena, const struct np_policy *policy,
			 const struct np_peer *peer, const struct np_path_place *place, bool egress)
{
	const char *list = egress ? "to" : "from";

	if (peer->nodes)
		return peer->entry ? np_say(arena, "%s[%u].nodes", list, place->entry) : "nodes";
	if (peer->ipblock && policy->tier != NP_TIER_NETWORK_POLICY)
		return np_say(arena, "%s[%u].networks[%u]", list, place->entry, place->network);
	return np_say(arena, "%s[%u]", list, place->entry);
}

const char *np_path_port(struct np_arena *arena, const struct np_policy *policy,
			 const struct np_port *port, const struct np_path_place *place)
{
	if (policy->tier == NP_TIER_NETWORK_POLICY)
		return np_say(arena, "ports[%u]", place->entry);
	if (port->kind == NP_PORT_NAME)
		return np_say(arena, "protocols[%u].destinationNamedPort", place->entry);
	return np_say(arena, "protocols[%u].%s.destinationPort", place->entry,
		      np_say_protocol_name(port->protocol));
}
