// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The naive evaluator: NetworkPolicy after the Kubernetes documentation
 * (concepts/services-networking/network-policies), ClusterNetworkPolicy after the types of
 * policy.networking.k8s.io/v1alpha2 and, where those leave something open, docs/semantics.md.
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

/* Is a NetworkPolicy that selects the subject observed for it, and not enforced? */
static bool is_observed(const struct evaluator *ev, const struct np_policy *policy,
			const struct np_pod *subject)
{
	const struct evaluator_audit *audit;

	if (ev->enforce_all)
		return false;
	for (audit = ev->audit; audit < ev->audit + ev->audits; audit++)
		if (!strcmp(audit->namespace, policy->namespace) &&
		    (!audit->policy || !strcmp(audit->policy, policy->name)) &&
		    (!audit->pod || !strcmp(audit->pod, subject->name)))
			return true;
	return policy->audit;
}

/*
 * NetworkPolicies. They are final if one selects the subject in this direction; else nothing
 * changes.
 */
static void judge_network_policies(const struct evaluator *ev, bool is_egress,
				   const struct np_pod *subject, const struct evaluator_end *peer,
				   const struct np_pod *destination, uint8_t protocol,
				   uint16_t port, struct evaluator_half *half)
{
	unsigned int i;
	size_t j;

	for (i = 0; i < ev->origins; i++) {
		const struct np_policy *best = half->policy;

		for (j = 0; j < ev->origin[i]->policy_count; j++) {
			const struct np_policy *policy = &ev->origin[i]->policies[j];

			if (policy->tier != NP_TIER_NETWORK_POLICY ||
			    strcmp(policy->namespace, subject->namespace) ||
			    is_observed(ev, policy, subject) ||
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

static bool has_cluster_policies(const struct evaluator *ev)
{
	unsigned int i;
	size_t j;

	for (i = 0; i < ev->origins; i++)
		for (j = 0; j < ev->origin[i]->policy_count; j++)
			if (ev->origin[i]->policies[j].tier != NP_TIER_NETWORK_POLICY)
				return true;
	return false;
}

/* Is the end a pod whose labels, or those of its namespace, nobody has told us? */
static bool is_unknown(const struct evaluator *ev, const struct evaluator_end *end)
{
	unsigned int i;

	if (end->pod)
		return !namespace_of(ev, end->pod->namespace);
	for (i = 0; i < ev->ranges; i++)
		if (cidr_has(&ev->range[i], end->address))
			return true;
	return false;
}

/*
 * A ClusterNetworkPolicy has no namespace of its own: where it does not name namespaces it
 * means all of them.
 */
static bool cluster_selects(const struct evaluator *ev, const struct np_selector *ns_selector,
			    const struct np_selector *pod_selector, const struct np_pod *pod)
{
	const struct np_namespace *namespace = namespace_of(ev, pod->namespace);

	return namespace &&
	       (!ns_selector->present || selects(ns_selector, &namespace->labels)) &&
	       (!pod_selector->present || selects(pod_selector, &pod->labels));
}

/* any_name: the names of the destination's ports are not known, so each may be any port. */
static bool cluster_port_matches(const struct np_port *item, bool any_name,
				 const struct np_pod *destination, uint8_t protocol,
				 uint16_t port)
{
	if (any_name && item->kind == NP_PORT_NAME)
		return item->protocol == protocol;
	return port_matches(item, destination, protocol, port);
}

/* Is an address, in whatever role, one of a Node that the rule names? */
static bool node_matches(const struct evaluator *ev, const struct np_rule *rule,
			 const struct np_address *address)
{
	uint32_t i, a;
	size_t n;

	for (n = 0; n < ev->kube_nodes; n++)
		for (i = 0; rule->nodes && i < rule->nodes->node_count; i++)
			for (a = 0; a < ev->kube_node[n].address_count; a++)
				if (selects(&rule->nodes->node[i].selector, &ev->kube_node[n].labels) &&
				    same_address(&ev->kube_node[n].address[a], address))
					return true;
	return false;
}

enum outcome { NO_MATCH, ACCEPTS, DENIES, PASSES, DENIES_UNKNOWN };

/*
 * What one rule says. A pod that is not known may or may not be what a selector means: it is not
 * accepted for that, and a rule that denies or passes because of a selector denies it, also where
 * a network of the same rule has its address.
 */
static enum outcome cluster_rule(const struct evaluator *ev, const struct np_rule *rule,
				 bool is_egress, const struct evaluator_end *peer,
				 const struct np_pod *destination, uint8_t protocol,
				 uint16_t port)
{
	/* what was written, and not what somebody has made of the Nodes that it names */
	const struct np_rule_nodes plain = {
		.peer = rule->peer, .peer_count = rule->peer_count,
		.port = rule->port, .port_count = rule->port_count,
	}, *own = rule->nodes ? rule->nodes : &plain;
	bool selectors = false, ports = !own->port_count;
	bool peers = !own->peer_count && !rule->nodes;
	bool unknown = is_unknown(ev, peer), doubt;
	uint32_t i;

	if (rule->closed && !rule->nodes)
		return rule->action == NP_ACTION_ACCEPT ? NO_MATCH : DENIES;
	for (i = 0; i < own->peer_count; i++)
		selectors |= !own->peer[i].ipblock;
	doubt = unknown && selectors && rule->action != NP_ACTION_ACCEPT;
	for (i = 0; i < own->port_count; i++)
		ports |= cluster_port_matches(&own->port[i], doubt && is_egress, destination,
					      protocol, port);
	if (!ports)
		return NO_MATCH;
	if (doubt)
		return DENIES_UNKNOWN;
	peers |= node_matches(ev, rule, peer->address);
	for (i = 0; i < own->peer_count; i++) {
		const struct np_peer *item = &own->peer[i];

		if (item->ipblock)
			peers |= block_matches(item->ipblock, peer->address);
		else if (peer->pod && !unknown)
			peers |= cluster_selects(ev, &item->ns_selector, &item->pod_selector,
						 peer->pod);
	}
	if (!peers)
		return NO_MATCH;
	if (rule->action == NP_ACTION_ACCEPT)
		return ACCEPTS;
	return rule->action == NP_ACTION_PASS ? PASSES : DENIES;
}

/* Less than 0: a is asked before b. The numbers are those of their origins. */
static int cluster_order(const struct np_policy *a, unsigned int a_origin,
			 const struct np_policy *b, unsigned int b_origin)
{
	int names;

	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	names = strcmp(a->name, b->name);
	if (names)
		return names;
	return a_origin < b_origin ? -1 : a_origin > b_origin;
}

/* The policy of a tier that is asked after this one, which may be NULL, or NULL. */
static const struct np_policy *next_in_tier(const struct evaluator *ev, uint8_t tier,
					    const struct np_policy *last, unsigned int *origin)
{
	const struct np_policy *next = NULL;
	unsigned int i, next_origin = 0;
	size_t j;

	for (i = 0; i < ev->origins; i++) {
		for (j = 0; j < ev->origin[i]->policy_count; j++) {
			const struct np_policy *policy = &ev->origin[i]->policies[j];

			if (policy->tier != tier ||
			    (last && cluster_order(policy, i, last, *origin) <= 0) ||
			    (next && cluster_order(policy, i, next, next_origin) >= 0))
				continue;
			next = policy;
			next_origin = i;
		}
	}
	*origin = next_origin;
	return next;
}

/* Returns true if the tier decides, and fills *half; a Pass is noted in *pass. */
static bool judge_tier(const struct evaluator *ev, uint8_t tier, bool is_egress,
		       const struct np_pod *subject, const struct evaluator_end *peer,
		       const struct np_pod *destination, uint8_t protocol, uint16_t port,
		       struct evaluator_half *half, struct evaluator_pass *pass)
{
	const struct np_policy *policy = NULL;
	unsigned int origin = 0;
	enum outcome outcome;
	uint32_t i;

	while ((policy = next_in_tier(ev, tier, policy, &origin))) {
		const struct np_rule *rule = is_egress ? policy->egress : policy->ingress;
		uint32_t count = is_egress ? policy->egress_count : policy->ingress_count;

		if (!cluster_selects(ev, &policy->ns_selector, &policy->pod_selector, subject))
			continue;
		for (i = 0; i < count; i++) {
			outcome = cluster_rule(ev, &rule[i], is_egress, peer, destination,
					       protocol, port);
			if (outcome == NO_MATCH)
				continue;
			if (outcome == PASSES) {
				pass->policy = policy;
				pass->rule = i;
				return false;
			}
			half->allowed = outcome == ACCEPTS;
			half->unknown = outcome == DENIES_UNKNOWN;
			half->tier = tier;
			half->policy = policy;
			half->rule = i;
			return true;
		}
	}
	return false;
}

static void judge_half(const struct evaluator *ev, bool is_egress, const struct np_pod *subject,
		       const struct evaluator_end *peer, const struct np_pod *destination,
		       uint8_t protocol, uint16_t port, struct evaluator_half *half)
{
	memset(half, 0, sizeof(*half));
	half->allowed = true;
	if (!subject || (ev->node && strcmp(subject->node, ev->node)))
		return;
	half->judged = true;
	/* nobody can say which policies select it */
	if (has_cluster_policies(ev) && !namespace_of(ev, subject->namespace)) {
		half->closed = true;
		half->allowed = false;
		return;
	}
	if (judge_tier(ev, NP_TIER_ADMIN, is_egress, subject, peer, destination, protocol, port,
		       half, &half->pass[0]))
		return;
	judge_network_policies(ev, is_egress, subject, peer, destination, protocol, port, half);
	if (!half->isolated)
		judge_tier(ev, NP_TIER_BASELINE, is_egress, subject, peer, destination, protocol,
			   port, half, &half->pass[1]);
}

/*
 * What the observed policies make of a half, by what it would be if they were enforced. One that is
 * enforced leaves them nothing to say: they would only accept more.
 */
static void note_observed(struct evaluator_half *half, const struct evaluator_half *enforced)
{
	half->audit = half->allowed && !enforced->allowed;
	if (!half->allowed || half->isolated || !enforced->allowed || !enforced->policy ||
	    enforced->policy->tier != NP_TIER_NETWORK_POLICY)
		return;
	half->observed = enforced->policy;
	half->observed_rule = enforced->rule;
}

bool evaluator_judge(const struct evaluator *ev, const struct evaluator_end *source,
		     const struct evaluator_end *destination, uint8_t protocol,
		     uint16_t port, struct evaluator_half *egress,
		     struct evaluator_half *ingress)
{
	struct evaluator enforcing = *ev;
	struct evaluator_half half;

	enforcing.enforce_all = true;
	judge_half(ev, true, source->pod, destination, destination->pod, protocol, port,
		   egress);
	judge_half(&enforcing, true, source->pod, destination, destination->pod, protocol, port,
		   &half);
	note_observed(egress, &half);
	judge_half(ev, false, destination->pod, source, destination->pod, protocol, port,
		   ingress);
	judge_half(&enforcing, false, destination->pod, source, destination->pod, protocol, port,
		   &half);
	note_observed(ingress, &half);
	/* a pod cannot block itself */
	if (source->pod && source->pod == destination->pod) {
		egress->judged = false;
		ingress->judged = false;
		return true;
	}
	return egress->allowed && ingress->allowed;
}
