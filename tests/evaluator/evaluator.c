// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The naive evaluator. Rules are numbered as in the Kubernetes documentation of
 * NetworkPolicy (concepts/services-networking/network-policies).
 */
#include <string.h>

#include "evaluator.h"

/* Only pods with an address of their own that are not over. */
static bool counts(const struct np_pod *pod)
{
	return !pod->host_network && pod->address_count > 0 &&
	       pod->phase != NP_PHASE_SUCCEEDED && pod->phase != NP_PHASE_FAILED;
}

static bool same_pod(const struct np_pod *a, const struct np_pod *b)
{
	return !strcmp(a->namespace, b->namespace) && !strcmp(a->name, b->name);
}

/* Does an origin before this one have a pod of the same name? */
static bool shadowed(const struct evaluator *ev, unsigned int origin,
		     const struct np_pod *pod)
{
	unsigned int i;
	size_t j;

	for (i = 0; i < origin; i++)
		for (j = 0; j < ev->origin[i]->pod_count; j++)
			if (counts(&ev->origin[i]->pods[j]) &&
			    same_pod(&ev->origin[i]->pods[j], pod))
				return true;
	return false;
}

static bool same_address(const struct np_address *a, const struct np_address *b)
{
	return a->family == b->family &&
	       !memcmp(a->addr, b->addr, a->family == AF_INET ? 4 : 16);
}

static bool has_address(const struct np_pod *pod, const struct np_address *address)
{
	uint32_t i;

	for (i = 0; i < pod->address_count; i++)
		if (same_address(&pod->address[i], address))
			return true;
	return false;
}

static bool running(const struct np_pod *pod)
{
	return pod->phase == NP_PHASE_RUNNING || pod->phase == NP_PHASE_NONE;
}

/* Of two pods with one address, the running one, then the younger one. */
static bool rather(const struct np_pod *a, const struct np_pod *b)
{
	if (running(a) != running(b))
		return running(a);
	return a->created >= b->created;
}

const struct np_pod *evaluator_owner(const struct evaluator *ev,
				     const struct np_address *address)
{
	const struct np_pod *owner = NULL;
	unsigned int i;
	size_t j;

	for (i = 0; i < ev->origins; i++) {
		for (j = 0; j < ev->origin[i]->pod_count; j++) {
			const struct np_pod *pod = &ev->origin[i]->pods[j];

			if (!counts(pod) || !has_address(pod, address) ||
			    shadowed(ev, i, pod))
				continue;
			if (!owner || rather(pod, owner))
				owner = pod;
		}
	}
	return owner;
}

/* The namespace of this name that counts, or NULL if none is loaded. */
static const struct np_namespace *namespace_of(const struct evaluator *ev, const char *name)
{
	unsigned int i;
	size_t j;

	for (i = 0; i < ev->origins; i++)
		for (j = 0; j < ev->origin[i]->namespace_count; j++)
			if (!strcmp(ev->origin[i]->namespaces[j].name, name))
				return &ev->origin[i]->namespaces[j];
	return NULL;
}

static const char *label_value(const struct np_labels *labels, const char *key)
{
	uint32_t i;

	for (i = 0; i < labels->count; i++)
		if (!strcmp(labels->item[i].key, key))
			return labels->item[i].value;
	return NULL;
}

static bool requirement_holds(const struct np_requirement *requirement,
			      const struct np_labels *labels)
{
	const char *value = label_value(labels, requirement->key);
	bool listed = false;
	uint32_t i;

	for (i = 0; value && i < requirement->value_count; i++)
		listed |= !strcmp(requirement->value[i], value);
	switch (requirement->op) {
	case NP_OP_IN:
		return listed;
	case NP_OP_NOT_IN:
		return !listed;
	case NP_OP_EXISTS:
		return value;
	default:
		return !value;
	}
}

static bool selects(const struct np_selector *selector, const struct np_labels *labels)
{
	uint32_t i;

	for (i = 0; i < selector->count; i++)
		if (!requirement_holds(&selector->item[i], labels))
			return false;
	return true;
}

static bool cidr_has(const struct np_cidr *cidr, const struct np_address *address)
{
	unsigned int bit;

	if (cidr->family != address->family)
		return false;
	for (bit = 0; bit < cidr->length; bit++)
		if ((cidr->addr[bit / 8] ^ address->addr[bit / 8]) & (128 >> bit % 8))
			return false;
	return true;
}

static bool block_matches(const struct np_ipblock *block, const struct np_address *address)
{
	uint32_t i;

	for (i = 0; i < block->except_count; i++)
		if (cidr_has(&block->except[i], address))
			return false;
	return cidr_has(&block->cidr, address);
}

static bool peer_matches(const struct evaluator *ev, const struct np_policy *policy,
			 const struct np_peer *peer, const struct evaluator_end *end)
{
	const struct np_namespace *namespace;

	if (peer->ipblock)
		return block_matches(peer->ipblock, end->address);
	if (!end->pod)
		return false;
	/* the labels of a namespace that nobody described are not known */
	namespace = namespace_of(ev, end->pod->namespace);
	if (!namespace)
		return false;
	if (peer->ns_selector.present) {
		if (!selects(&peer->ns_selector, &namespace->labels))
			return false;
	} else if (strcmp(end->pod->namespace, policy->namespace)) {
		return false;
	}
	return !peer->pod_selector.present ||
	       selects(&peer->pod_selector, &end->pod->labels);
}

/* The port is always one of the destination. */
static bool port_matches(const struct np_port *item, const struct np_pod *destination,
			 uint8_t protocol, uint16_t port)
{
	uint32_t i;

	if (item->protocol != protocol)
		return false;
	if (item->kind == NP_PORT_ANY)
		return true;
	if (item->kind != NP_PORT_NAME)
		return item->first <= port && port <= item->last;
	for (i = 0; destination && i < destination->port_count; i++)
		if (destination->port[i].protocol == protocol &&
		    destination->port[i].number == port &&
		    !strcmp(destination->port[i].name, item->name))
			return true;
	return false;
}

static bool rule_matches(const struct evaluator *ev, const struct np_policy *policy,
			 const struct np_rule *rule, const struct evaluator_end *peer,
			 const struct np_pod *destination, uint8_t protocol, uint16_t port)
{
	bool peers = !rule->peer_count, ports = !rule->port_count;
	uint32_t i;

	for (i = 0; !ports && i < rule->port_count; i++)
		ports = port_matches(&rule->port[i], destination, protocol, port);
	for (i = 0; ports && !peers && i < rule->peer_count; i++)
		peers = peer_matches(ev, policy, &rule->peer[i], peer);
	return peers && ports;
}

/* One policy that selects the subject: does a rule match, and which first? */
static void judge_policy(const struct evaluator *ev, const struct np_policy *policy,
			 bool is_egress, const struct evaluator_end *peer,
			 const struct np_pod *destination, uint8_t protocol, uint16_t port,
			 struct evaluator_half *half)
{
	const struct np_rule *rule = is_egress ? policy->egress : policy->ingress;
	uint32_t i, count = is_egress ? policy->egress_count : policy->ingress_count;

	for (i = 0; i < count; i++) {
		if (!rule_matches(ev, policy, &rule[i], peer, destination, protocol, port))
			continue;
		half->allowed = true;
		half->policy = policy;
		half->rule = i;
		return;
	}
}

static void judge_half(const struct evaluator *ev, bool is_egress, const struct np_pod *subject,
		       const struct evaluator_end *peer, const struct np_pod *destination,
		       uint8_t protocol, uint16_t port, struct evaluator_half *half)
{
	unsigned int i;
	size_t j;

	memset(half, 0, sizeof(*half));
	half->allowed = true;
	if (!subject || (ev->node && strcmp(subject->node, ev->node)))
		return;
	half->judged = true;
	for (i = 0; i < ev->origins; i++) {
		const struct np_policy *best = half->policy;

		for (j = 0; j < ev->origin[i]->policy_count; j++) {
			const struct np_policy *policy = &ev->origin[i]->policies[j];

			if (strcmp(policy->namespace, subject->namespace) ||
			    !(policy->directions & (is_egress ? NP_DIR_EGRESS :
								NP_DIR_INGRESS)) ||
			    !selects(&policy->pod_selector, &subject->labels))
				continue;
			if (!half->isolated)
				half->allowed = false;
			half->isolated = true;
			/* which one is named first does not change the verdict */
			if (half->policy && (half->policy == best ||
					     strcmp(half->policy->name, policy->name) < 0))
				continue;
			judge_policy(ev, policy, is_egress, peer, destination, protocol,
				     port, half);
		}
	}
}

bool evaluator_judge(const struct evaluator *ev, const struct evaluator_end *source,
		     const struct evaluator_end *destination, uint8_t protocol,
		     uint16_t port, struct evaluator_half *egress,
		     struct evaluator_half *ingress)
{
	judge_half(ev, true, source->pod, destination, destination->pod, protocol, port,
		   egress);
	judge_half(ev, false, destination->pod, source, destination->pod, protocol, port,
		   ingress);
	/* a pod cannot block itself */
	if (source->pod && source->pod == destination->pod) {
		egress->judged = false;
		ingress->judged = false;
		return true;
	}
	return egress->allowed && ingress->allowed;
}
