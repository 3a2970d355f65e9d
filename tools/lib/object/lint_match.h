/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pods, namespaces and addresses selectors and blocks match, for lint. Strings of one
 * struct np_objects are equal if their pointers are.
 */
#ifndef NP_OBJECT_LINT_MATCH_H
#define NP_OBJECT_LINT_MATCH_H

#include "object/lint_find.h"

/* The port of API servers, to which the ClusterIP of default/kubernetes leads. */
#define NP_PORT_API	6443

/* True if the policy isolates the pod. */
bool np_lint_selects(const struct np_policy *policy, const struct np_pod *pod);
/*
 * True if a policy of tier Admin accepts anything in a direction. Whatever it is, NetworkPolicies
 * have no say in it.
 */
bool np_lint_admin_accepts(const struct np_objects *objs, bool egress);
/*
 * True if a peer's selectors match a pod by its index, as if no pod were on the host's network.
 * For a pod whose namespace the input does not have, only the namespace's name is known, and a
 * requirement about another label is taken to hold.
 */
bool np_lint_peer_matches(const struct np_linting *l, const struct np_peer *peer, size_t pod);
/* True if the pod's namespace matches. The same holds for namespaces that the input lacks. */
bool np_lint_namespace_matches(const struct np_linting *l, const struct np_selector *selector,
			       size_t pod);
/*
 * True if a requirement says what must not be there. That nobody lacks it now is no mistake: it
 * is an exception for whoever comes.
 */
bool np_lint_is_negative(const struct np_requirement *need);
/* True if a selector also says what must be there. */
bool np_lint_asks(const struct np_selector *selector);
bool np_lint_block_holds(const struct np_ipblock *block, const struct np_address *addr);
/* True if a port of a rule covers this port of a pod, which may be NULL. */
bool np_lint_port_covers(const struct np_port *port, const struct np_pod *pod, uint8_t protocol,
			 uint16_t number);

/*
 * True if all that a rule or a peer matches is also matched by `wide`. False if that cannot be
 * told from the text alone.
 */
bool np_lint_selector_within(const struct np_selector *narrow, const struct np_selector *wide);
bool np_lint_peer_within(const struct np_peer *narrow, const struct np_peer *wide);
bool np_lint_port_within(const struct np_port *narrow, const struct np_port *wide);
bool np_lint_ports_within(const struct np_rule *narrow, const struct np_rule *wide);
bool np_lint_rule_within(const struct np_rule *narrow, const struct np_rule *wide);

#endif
