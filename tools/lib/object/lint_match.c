// SPDX-License-Identifier: GPL-2.0-or-later
/* Which pods, namespaces and addresses selectors and blocks match, for lint. */
#include <string.h>

#include "object/lint_match.h"
#include "object/select.h"

#define NP_NAME_LABEL	"kubernetes.io/metadata.name"

bool np_lint_selects(const struct np_policy *policy, const struct np_pod *pod)
{
	return !pod->host_network && policy->namespace == pod->namespace &&
	       np_selector_met(&policy->pod_selector, &pod->labels);
}

bool np_lint_admin_accepts(const struct np_objects *objs, bool egress)
{
	const struct np_policy *policy;
	const struct np_rule *rule;
	uint32_t count, k;
	size_t i;

	for (i = 0; i < objs->policy_count; i++) {
		policy = &objs->policies[i];
		rule = egress ? policy->egress : policy->ingress;
		count = egress ? policy->egress_count : policy->ingress_count;
		for (k = 0; policy->tier == NP_TIER_ADMIN && k < count; k++)
			if (rule[k].action == NP_ACTION_ACCEPT && !rule[k].closed)
				return true;
	}
	return false;
}

bool np_lint_namespace_matches(const struct np_linting *l, const struct np_selector *selector,
			       size_t pod)
{
	const struct np_namespace *ns = l->pod_namespace[pod];
	uint32_t i;

	if (ns)
		return np_selector_met(selector, &ns->labels);
	for (i = 0; i < selector->count; i++)
		if (!strcmp(selector->item[i].key, NP_NAME_LABEL) &&
		    !np_requirement_holds(&selector->item[i], l->objs->pods[pod].namespace))
			return false;
	return true;
}

bool np_lint_peer_matches(const struct np_linting *l, const struct np_peer *peer, size_t pod)
{
	const struct np_pod *to = &l->objs->pods[pod];

	if (peer->ipblock)
		return false;
	if (peer->ns_selector.present ? !np_lint_namespace_matches(l, &peer->ns_selector, pod) :
					to->namespace != l->policy->namespace)
		return false;
	return np_selector_met(&peer->pod_selector, &to->labels);
}

bool np_lint_is_negative(const struct np_requirement *need)
{
	return need->op == NP_OP_NOT_IN || need->op == NP_OP_DOES_NOT_EXIST;
}

bool np_lint_asks(const struct np_selector *selector)
{
	uint32_t i;

	for (i = 0; i < selector->count; i++)
		if (!np_lint_is_negative(&selector->item[i]))
			return true;
	return false;
}

bool np_lint_block_holds(const struct np_ipblock *block, const struct np_address *addr)
{
	struct np_cidr cidr = np_address_block(addr);
	uint32_t i;

	if (!np_cidr_contains(&block->cidr, &cidr))
		return false;
	for (i = 0; i < block->except_count; i++)
		if (np_cidr_contains(&block->except[i], &cidr))
			return false;
	return true;
}

bool np_lint_port_covers(const struct np_port *port, const struct np_pod *pod, uint8_t protocol,
			 uint16_t number)
{
	uint32_t i;

	if (port->protocol != protocol)
		return false;
	if (port->kind == NP_PORT_ANY)
		return true;
	if (port->kind != NP_PORT_NAME)
		return port->first <= number && number <= port->last;
	for (i = 0; pod && i < pod->port_count; i++)
		if (pod->port[i].protocol == protocol && pod->port[i].number == number &&
		    !strcmp(pod->port[i].name, port->name))
			return true;
	return false;
}

static bool np_same_requirement(const struct np_requirement *a, const struct np_requirement *b)
{
	uint32_t i;

	if (a->op != b->op || a->key != b->key || a->value_count != b->value_count)
		return false;
	/* Values may be written twice, so it takes both directions to compare two sets. */
	for (i = 0; i < a->value_count; i++)
		if (!np_requirement_has(b, a->value[i]) || !np_requirement_has(a, b->value[i]))
			return false;
	return true;
}

bool np_lint_selector_within(const struct np_selector *narrow, const struct np_selector *wide)
{
	uint32_t i, k;

	for (i = 0; i < wide->count; i++) {
		for (k = 0; k < narrow->count; k++)
			if (np_same_requirement(&wide->item[i], &narrow->item[k]))
				break;
		if (k == narrow->count)
			return false;
	}
	return true;
}

/* The excepts of `wide` must not take anything away from `narrow`. */
static bool np_block_within(const struct np_ipblock *narrow, const struct np_ipblock *wide)
{
	uint32_t i, k;

	if (!np_cidr_contains(&wide->cidr, &narrow->cidr))
		return false;
	for (i = 0; i < wide->except_count; i++) {
		if (np_cidr_contains(&wide->except[i], &narrow->cidr))
			return false;
		if (!np_cidr_contains(&narrow->cidr, &wide->except[i]))
			continue;
		for (k = 0; k < narrow->except_count; k++)
			if (np_cidr_contains(&narrow->except[k], &wide->except[i]))
				break;
		if (k == narrow->except_count)
			return false;
	}
	return true;
}

bool np_lint_peer_within(const struct np_peer *narrow, const struct np_peer *wide)
{
	if (!narrow->ipblock != !wide->ipblock)
		return false;
	if (narrow->ipblock)
		return np_block_within(narrow->ipblock, wide->ipblock);
	/*
	 * Without a namespaceSelector the pods are those of the policy's namespace. Only an empty
	 * one surely matches that.
	 */
	if (!narrow->ns_selector.present) {
		if (wide->ns_selector.present && wide->ns_selector.count)
			return false;
	} else if (!wide->ns_selector.present ||
		   !np_lint_selector_within(&narrow->ns_selector, &wide->ns_selector)) {
		return false;
	}
	return np_lint_selector_within(&narrow->pod_selector, &wide->pod_selector);
}

bool np_lint_port_within(const struct np_port *narrow, const struct np_port *wide)
{
	if (narrow->protocol != wide->protocol)
		return false;
	if (wide->kind == NP_PORT_ANY)
		return true;
	if (narrow->kind == NP_PORT_ANY)
		return false;
	if (narrow->kind == NP_PORT_NAME || wide->kind == NP_PORT_NAME)
		return narrow->kind == wide->kind && narrow->name == wide->name;
	return wide->first <= narrow->first && narrow->last <= wide->last;
}

bool np_lint_ports_within(const struct np_rule *narrow, const struct np_rule *wide)
{
	uint32_t i, k;

	if (!wide->port_count)
		return true;
	for (i = 0; i < narrow->port_count; i++) {
		for (k = 0; k < wide->port_count; k++)
			if (np_lint_port_within(&narrow->port[i], &wide->port[k]))
				break;
		if (k == wide->port_count)
			return false;
	}
	return narrow->port_count;
}

bool np_lint_rule_within(const struct np_rule *narrow, const struct np_rule *wide)
{
	uint32_t i, k;

	if (!np_lint_ports_within(narrow, wide))
		return false;
	if (!wide->peer_count)
		return true;
	for (i = 0; i < narrow->peer_count; i++) {
		for (k = 0; k < wide->peer_count; k++)
			if (np_lint_peer_within(&narrow->peer[i], &wide->peer[k]))
				break;
		if (k == wide->peer_count)
			return false;
	}
	return narrow->peer_count;
}
