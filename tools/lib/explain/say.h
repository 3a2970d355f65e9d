/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a rule says, in words: "to podSelector app=redis, tcp/6379". Texts are taken from an arena
 * and quote the input, so that they must be escaped when they are printed.
 */
#ifndef NP_EXPLAIN_SAY_H
#define NP_EXPLAIN_SAY_H

#include "base/alloc.h"
#include "object/object.h"

/* Returns text in the arena, as printf() makes it. */
const char *np_say(struct np_arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* "app=redis", "tier in (a, b)", "app exists"; "{}" for a selector that matches everything */
const char *np_say_selector(struct np_arena *arena, const struct np_selector *selector);
const char *np_say_requirement(struct np_arena *arena, const struct np_requirement *need);
/*
 * "podSelector app=redis", "ipBlock 10.0.0.0/8 except 10.1.0.0/16"; of a ClusterNetworkPolicy "pods
 * app=redis of namespaces team=a", "network 10.0.0.0/8"
 */
const char *np_say_peer(struct np_arena *arena, const struct np_policy *policy,
			const struct np_peer *peer);
/* "tcp/80", "tcp/80-90", "tcp/http", "every tcp port" */
const char *np_say_port(struct np_arena *arena, const struct np_port *port);
/* "tcp", "udp", "sctp", "icmp", "icmpv6", or NULL */
const char *np_say_protocol_name(uint8_t protocol);
/* "tcp/80", "icmp", "47": a connection's protocol and port */
const char *np_say_protocol(struct np_arena *arena, uint8_t protocol, uint16_t port);
/*
 * "to podSelector app=redis, tcp/6379". Of many peers or ports the first ones are named, and the
 * others are counted.
 */
const char *np_say_rule(struct np_arena *arena, const struct np_policy *policy,
			const struct np_rule *rule, bool egress);

#endif
