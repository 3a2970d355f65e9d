/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the peers and ports of a rule are written, as paths inside the rule: "from[1]",
 * "to[0].networks[3]", "protocols[1].tcp.destinationPort".
 *
 * The kernel does not keep which networks a ClusterNetworkPolicy had in one entry. The paths of a
 * policy that it has loaded are those of the manifest that `netpolctl get -o yaml` prints.
 */
#ifndef NP_EXPLAIN_PATH_H
#define NP_EXPLAIN_PATH_H

#include "base/alloc.h"
#include "object/object.h"

/**
 * struct np_path_place - where one peer or port stands
 * @entry: index in from, to, ports or protocols
 * @network: index in networks, for a peer that is one
 */
struct np_path_place {
	uint32_t entry;
	uint32_t network;
};

/* Fills in the place of each peer or port of a rule. */
void np_path_peers(const struct np_policy *policy, const struct np_rule *rule,
		   struct np_path_place *place);
void np_path_ports(const struct np_policy *policy, const struct np_rule *rule,
		   struct np_path_place *place);
/* The path of one of them; the text is in the arena. */
const char *np_path_peer(struct np_arena *arena, const struct np_policy *policy,
			 const struct np_peer *peer, const struct np_path_place *place,
			 bool egress);
const char *np_path_port(struct np_arena *arena, const struct np_policy *policy,
			 const struct np_port *port, const struct np_path_place *place);

#endif
