/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a rule of a policy matches a connection, and which part of it does not. The verdict is
 * the core's: what is said here only explains it, and np_explain_fill() holds it against the steps.
 */
#ifndef NP_EXPLAIN_REASON_H
#define NP_EXPLAIN_REASON_H

#include "base/alloc.h"
#include "object/object.h"
#include "offline/offline.h"

/* Why a peer or a port of a rule does not match. */
enum np_reason_code {
	NP_REASON_MATCHES,

	NP_REASON_PROTOCOL,		/* a port of another protocol */
	NP_REASON_PORT,			/* another number */
	NP_REASON_NAME,			/* the destination has no port of this name */
	NP_REASON_NAME_NUMBER,		/* it has, and it is another number */
	NP_REASON_NAME_NO_POD,		/* the destination is no pod */

	NP_REASON_FAMILY,		/* a block of the other family */
	NP_REASON_BLOCK,		/* the address is not in the block */
	NP_REASON_EXCEPT,		/* it is in one of its excepts */
	NP_REASON_NO_POD,		/* selectors match pods only */
	NP_REASON_NO_NAMESPACE,		/* the labels of the pod's namespace are not known */
	NP_REASON_OTHER_NAMESPACE,	/* a podSelector alone, and a pod of another namespace */
	NP_REASON_NAMESPACE_LABELS,
	NP_REASON_POD_LABELS,

	NP_REASON_COUNT
};

/**
 * struct np_reason_end - an end of the connection, as rules see it
 * @pod: NULL: the address is no pod's
 * @host: a pod of the host's network that has this address, or NULL
 * @ns: namespace of @pod; NULL: it is not among the objects
 * @address: address
 * @name: what it is called
 * @made_up: @pod does not exist
 */
struct np_reason_end {
	const struct np_pod *pod;
	const struct np_pod *host;
	const struct np_namespace *ns;
	struct np_address address;
	const char *name;
	bool made_up;
};

/**
 * struct np_reason_about - the half of a connection that rules are held against
 * @arena: of all texts
 * @peer: the other end
 * @destination: of the connection
 * @protocol: IPPROTO_*
 * @port: destination port
 * @egress: the direction
 * @unknown: @peer is a pod of which nothing is known, because of its address
 */
struct np_reason_about {
	struct np_arena *arena;
	const struct np_reason_end *peer;
	const struct np_reason_end *destination;
	uint8_t protocol;
	uint16_t port;
	bool egress;
	bool unknown;
};

/* One peer or port of a rule. */
struct np_reason_part {
	uint8_t code;		/* enum np_reason_code */
	const char *path;	/* inside the rule, "to[0].networks[3]" */
	const char *says;
	const char *text;	/* why it does not match; "" if it does */
};

/**
 * struct np_reason_rule - one rule of a policy
 * @says: what it allows
 * @text: why it does not match; "" if it does
 * @note: why it counts as one that matches although that is not known; "" if it is
 * @matches: it does
 * @peer: for each peer
 * @port: for each port
 * @peer_count: how many; none: every peer matches
 * @port_count: how many; none: every port matches
 */
struct np_reason_rule {
	const char *says;
	const char *text;
	const char *note;
	bool matches;
	struct np_reason_part *peer;
	struct np_reason_part *port;
	uint32_t peer_count;
	uint32_t port_count;
};

/* "protocol", "podLabels", ... */
const char *np_reason_code_name(uint8_t code);
/* Holds a rule against a connection. Texts and arrays come from the arena. */
void np_reason_rule(const struct np_reason_about *about, const struct np_policy *policy,
		    const struct np_rule *rule, struct np_reason_rule *to);
/*
 * Does a rule deny a pod whose labels are not known? A rule of a ClusterNetworkPolicy does that
 * denies or passes what selectors match.
 */
bool np_reason_rule_doubts(const struct np_policy *policy, const struct np_rule *rule);
/* Fills in an end: the namespace of its pod, or the pod of the host's network. */
void np_reason_end(const struct np_objects *objs, const struct np_pod *pod,
		   const struct np_address *address, const char *name, struct np_reason_end *end);

#endif
