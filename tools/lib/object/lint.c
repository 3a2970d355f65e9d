// SPDX-License-Identifier: GPL-2.0-or-later
/* Finds what is valid in a set of policies and most likely not meant. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "object/lint.h"
#include "object/validate.h"

const struct np_lint_check np_lint_checks[NP_LINT_COUNT] = {
	[NP_LINT_EMPTY_SELECTOR] = { "NP001", "empty-selector",
		"An empty selector opens to every pod of the cluster" },
	[NP_LINT_SELECTS_NOTHING] = { "NP002", "selects-nothing",
		"A policy selects no pod" },
	[NP_LINT_DNS_BLOCKED] = { "NP003", "dns-blocked",
		"An egress policy leaves pods without DNS" },
	[NP_LINT_PORT_NAME] = { "NP004", "port-name-unknown",
		"No pod has a port of this name" },
	[NP_LINT_POD_ADDRESS] = { "NP005", "block-of-pods",
		"An address block holds addresses of pods" },
	[NP_LINT_NODE_LOCAL_DNS] = { "NP006", "node-local-dns",
		"A DNS cache on the node is out of the reach of pods with egress policies" },
};

/* The address on which a node-local DNS cache listens by default. */
static const struct np_cidr np_node_local = {
	.family = AF_INET, .length = 32, .addr = { 169, 254, 20, 10 },
};

#define NP_DNS_PORT	53

/* What the checks of one policy work on. */
struct np_linting {
	struct np_lint *lint;
	const struct np_objects *objs;
	const struct np_policy *policy;
};

int np_lint_disable(struct np_lint *lint, const char *text, struct np_error *err)
{
	int i;

	for (i = 0; i < NP_LINT_COUNT; i++)
		if (!strcmp(text, np_lint_checks[i].id) ||
		    !strcmp(text, np_lint_checks[i].name)) {
			lint->disabled[i] = true;
			return 0;
		}
	np_error_set(err, NP_EXIT_USAGE, "there is no check \"%.40s\"", text);
	np_error_hint(err, "the checks are %s to %s", np_lint_checks[0].id,
		      np_lint_checks[NP_LINT_COUNT - 1].id);
	return -1;
}

/* Begins a finding. Returns NULL if the check is disabled. */
static struct np_lint_finding *__attribute__((format(printf, 4, 5)))
np_lint_add(const struct np_linting *l, enum np_lint_id id, uint32_t line, const char *fmt, ...)
{
	struct np_lint *lint = l->lint;
	struct np_lint_finding *item;
	va_list args;

	if (lint->disabled[id])
		return NULL;
	lint->item = np_array_grow(lint->item, lint->count, sizeof(*lint->item));
	item = &lint->item[lint->count++];
	memset(item, 0, sizeof(*item));
	item->id = (uint8_t)id;
	item->policy = l->policy;
	item->line = line ? line : l->policy->place.line;
	va_start(args, fmt);
	item->text = np_xvasprintf(fmt, args);
	va_end(args);
	return item;
}

static void __attribute__((format(printf, 2, 3)))
np_lint_path(struct np_lint_finding *item, const char *fmt, ...)
{
	va_list args;

	if (!item)
		return;
	va_start(args, fmt);
	item->path = np_xvasprintf(fmt, args);
	va_end(args);
}

static void __attribute__((format(printf, 2, 3)))
np_lint_hint(struct np_lint_finding *item, const char *fmt, ...)
{
	va_list args;

	if (!item)
		return;
	va_start(args, fmt);
	item->hint = np_xvasprintf(fmt, args);
	va_end(args);
}

static bool np_requirement_holds(const struct np_requirement *need,
				 const struct np_labels *labels)
{
	const char *value = np_labels_get(labels, need->key);
	bool among = false;
	uint32_t i;

	for (i = 0; value && i < need->value_count; i++)
		among |= !strcmp(need->value[i], value);
	switch (need->op) {
	case NP_OP_IN:
		return among;
	case NP_OP_NOT_IN:
		return !among;
	case NP_OP_EXISTS:
		return value;
	default:
		return !value;
	}
}

static bool np_lint_selects(const struct np_policy *policy, const struct np_pod *pod)
{
	uint32_t i;

	if (pod->host_network || strcmp(policy->namespace, pod->namespace))
		return false;
	for (i = 0; i < policy->pod_selector.count; i++)
		if (!np_requirement_holds(&policy->pod_selector.item[i], &pod->labels))
			return false;
	return true;
}

static const struct np_pod *np_policy_first_pod(const struct np_linting *l)
{
	size_t i;

	for (i = 0; i < l->objs->pod_count; i++)
		if (np_lint_selects(l->policy, &l->objs->pods[i]))
			return &l->objs->pods[i];
	return NULL;
}

static bool np_pod_has_port(const struct np_pod *pod, const struct np_port *port,
			    uint16_t number)
{
	uint32_t i;

	for (i = 0; i < pod->port_count; i++)
		if (pod->port[i].protocol == port->protocol &&
		    (!number || pod->port[i].number == number) &&
		    !strcmp(pod->port[i].name, port->name))
			return true;
	return false;
}

/*
 * True if a pod has a port of this name, and of this number unless it is 0. With `subject`,
 * only pods that the policy selects count.
 */
static bool np_port_known(const struct np_linting *l, const struct np_port *port, bool subject,
			  uint16_t number)
{
	size_t i;

	for (i = 0; i < l->objs->pod_count; i++)
		if ((!subject || np_lint_selects(l->policy, &l->objs->pods[i])) &&
		    np_pod_has_port(&l->objs->pods[i], port, number))
			return true;
	return false;
}

/* True if a port covers UDP 53. Where no pods are known, any named port may be it. */
static bool np_rule_covers_dns(const struct np_linting *l, const struct np_rule *rule)
{
	uint32_t i;

	for (i = 0; i < rule->port_count; i++) {
		const struct np_port *port = &rule->port[i];

		if (port->protocol != NP_PROTOCOL_UDP)
			continue;
		if (port->kind == NP_PORT_ANY ||
		    (port->kind == NP_PORT_NAME ?
		     !l->objs->pod_count || np_port_known(l, port, false, NP_DNS_PORT) :
		     port->first <= NP_DNS_PORT && port->last >= NP_DNS_PORT))
			return true;
	}
	return !rule->port_count;
}

static bool np_block_holds(const struct np_ipblock *block, const struct np_cidr *cidr)
{
	uint32_t i;

	if (!np_cidr_contains(&block->cidr, cidr))
		return false;
	for (i = 0; i < block->except_count; i++)
		if (np_cidr_contains(&block->except[i], cidr))
			return false;
	return true;
}

static bool np_rule_reaches_node_local(const struct np_rule *rule)
{
	uint32_t i;

	for (i = 0; i < rule->peer_count; i++)
		if (rule->peer[i].ipblock &&
		    np_block_holds(rule->peer[i].ipblock, &np_node_local))
			return true;
	return !rule->peer_count;
}

/**
 * struct np_dns_access - what the egress policies of a pod let it do
 * @rules: number of their egress rules
 * @dns: a rule lets the pod ask a DNS server
 * @node_local: a rule lets the pod ask the node-local DNS cache
 */
struct np_dns_access {
	uint32_t rules;
	bool dns;
	bool node_local;
};

static void np_dns_add(const struct np_linting *l, const struct np_policy *policy,
		       struct np_dns_access *dns)
{
	uint32_t i;

	for (i = 0; (policy->directions & NP_DIR_EGRESS) && i < policy->egress_count; i++) {
		dns->rules++;
		if (!np_rule_covers_dns(l, &policy->egress[i]))
			continue;
		dns->dns = true;
		dns->node_local |= np_rule_reaches_node_local(&policy->egress[i]);
	}
}

/* If pod is NULL, no pods are known, and all policies of the namespace count together. */
static struct np_dns_access np_dns_of(const struct np_linting *l, const struct np_pod *pod)
{
	struct np_dns_access dns = { 0 };
	size_t i;

	for (i = 0; i < l->objs->policy_count; i++) {
		const struct np_policy *policy = &l->objs->policies[i];

		if (pod ? np_lint_selects(policy, pod) :
		    !strcmp(policy->namespace, l->policy->namespace))
			np_dns_add(l, policy, &dns);
	}
	return dns;
}

static void np_lint_dns_of(const struct np_linting *l, const struct np_pod *pod, bool cache,
			   bool *blocked, bool *cut)
{
	struct np_dns_access dns = np_dns_of(l, pod);
	struct np_lint_finding *item;

	/* A pod that may reach nothing has no use for DNS. */
	if (!dns.rules)
		return;
	if (!dns.dns && !*blocked) {
		item = np_lint_add(l, NP_LINT_DNS_BLOCKED, 0,
				   "%s%s%s may not ask any DNS server: no rule allows UDP port 53",
				   pod ? pod->namespace : "a pod of namespace ",
				   pod ? "/" : "", pod ? pod->name : l->policy->namespace);
		np_lint_path(item, "spec.egress");
		np_lint_hint(item, "allow UDP and TCP port 53 to the DNS server's pods");
		*blocked = true;
	}
	if (cache && dns.dns && !dns.node_local && !*cut) {
		item = np_lint_add(l, NP_LINT_NODE_LOCAL_DNS, 0,
				   "%s/%s may not ask the DNS cache of its node, which is no pod",
				   pod->namespace, pod->name);
		np_lint_path(item, "spec.egress");
		np_lint_hint(item, "on each node: netpolctl settings host-allow="
			     "169.254.20.10:udp/53,169.254.20.10:tcp/53");
		*cut = true;
	}
}

/* True for a pod of the node-local DNS DaemonSet that Kubernetes ships. */
static bool np_has_node_local(const struct np_objects *objs)
{
	const char *app;
	size_t i;

	for (i = 0; i < objs->pod_count; i++) {
		app = np_labels_get(&objs->pods[i].labels, "k8s-app");
		if (objs->pods[i].host_network && app &&
		    (!strcmp(app, "node-local-dns") || !strcmp(app, "nodelocaldns")))
			return true;
	}
	return false;
}

/* Adds at most one finding for each policy, with the first pod that shows it. */
static void np_lint_dns(const struct np_linting *l)
{
	bool cache = np_has_node_local(l->objs), blocked = false, cut = false;
	size_t i;

	if (!(l->policy->directions & NP_DIR_EGRESS))
		return;
	if (!l->objs->pod_count)
		np_lint_dns_of(l, NULL, false, &blocked, &cut);
	for (i = 0; i < l->objs->pod_count; i++)
		if (np_lint_selects(l->policy, &l->objs->pods[i]))
			np_lint_dns_of(l, &l->objs->pods[i], cache, &blocked, &cut);
}

static const struct np_pod *np_block_pod(const struct np_objects *objs,
					 const struct np_ipblock *block)
{
	struct np_cidr cidr;
	size_t i;
	uint32_t k;

	for (i = 0; i < objs->pod_count; i++)
		for (k = 0; np_pod_usable(&objs->pods[i]) && k < objs->pods[i].address_count;
		     k++) {
			cidr.family = objs->pods[i].address[k].family;
			cidr.length = cidr.family == AF_INET ? 32 : 128;
			memcpy(cidr.addr, objs->pods[i].address[k].addr, sizeof(cidr.addr));
			if (np_block_holds(block, &cidr))
				return &objs->pods[i];
		}
	return NULL;
}

/* A block this wide is meant for the whole internet, although pods' addresses lie in it. */
static bool np_block_wide(const struct np_cidr *cidr)
{
	return cidr->length < (cidr->family == AF_INET ? 8 : 16);
}

static void np_lint_peer(const struct np_linting *l, const struct np_peer *peer,
			 const char *list, uint32_t rule, const char *peers, uint32_t index)
{
	const struct np_pod *pod;
	struct np_lint_finding *item;
	char text[NP_CIDR_TEXT];

	if (peer->ipblock) {
		pod = np_block_wide(&peer->ipblock->cidr) ? NULL :
		      np_block_pod(l->objs, peer->ipblock);
		if (!pod)
			return;
		item = np_lint_add(l, NP_LINT_POD_ADDRESS, peer->line,
				   "%s holds an address of pod %s/%s; they go from pod to pod",
				   np_cidr_text(&peer->ipblock->cidr, text), pod->namespace,
				   pod->name);
		np_lint_path(item, "spec.%s[%u].%s[%u].ipBlock", list, rule, peers, index);
		np_lint_hint(item, "select pods by their labels, or put their range into except");
		return;
	}
	if (!peer->ns_selector.present || peer->ns_selector.count || peer->pod_selector.count)
		return;
	item = np_lint_add(l, NP_LINT_EMPTY_SELECTOR, peer->line,
			   "an empty namespaceSelector is every pod of every namespace");
	np_lint_path(item, "spec.%s[%u].%s[%u].namespaceSelector", list, rule, peers, index);
	np_lint_hint(item, "for one namespace: matchLabels: {kubernetes.io/metadata.name: NAME}");
}

static void np_lint_port(const struct np_linting *l, const struct np_port *port,
			 const char *list, uint32_t rule, uint32_t index, bool subject)
{
	struct np_lint_finding *item;

	/* A policy that selects nothing gets a finding of its own. */
	if (port->kind != NP_PORT_NAME || !l->objs->pod_count ||
	    np_port_known(l, port, subject, 0) || (subject && !np_policy_first_pod(l)))
		return;
	item = np_lint_add(l, NP_LINT_PORT_NAME, port->line,
			   "no pod%s has a %s port \"%s\"",
			   subject ? " that the policy selects" : "",
			   np_protocol_name(port->protocol), port->name);
	np_lint_path(item, "spec.%s[%u].ports[%u].port", list, rule, index);
	np_lint_hint(item, "names are those of the containers' ports, with their protocol");
}

static void np_lint_rules(const struct np_linting *l, bool egress)
{
	const struct np_rule *rules = egress ? l->policy->egress : l->policy->ingress;
	uint32_t count = egress ? l->policy->egress_count : l->policy->ingress_count, i, k;
	const char *list = egress ? "egress" : "ingress", *peers = egress ? "to" : "from";

	if (!(l->policy->directions & (egress ? NP_DIR_EGRESS : NP_DIR_INGRESS)))
		return;
	for (i = 0; i < count; i++) {
		for (k = 0; k < rules[i].peer_count; k++)
			np_lint_peer(l, &rules[i].peer[k], list, i, peers, k);
		for (k = 0; k < rules[i].port_count; k++)
			np_lint_port(l, &rules[i].port[k], list, i, k, !egress);
	}
}

void np_lint_run(struct np_lint *lint, const struct np_objects *objs)
{
	struct np_linting l = { .lint = lint, .objs = objs };
	struct np_lint_finding *item;
	size_t i;

	for (i = 0; i < objs->policy_count; i++) {
		l.policy = &objs->policies[i];
		if (objs->pod_count && !np_policy_first_pod(&l)) {
			item = np_lint_add(&l, NP_LINT_SELECTS_NOTHING, 0,
					   "selects no pod of namespace %s",
					   l.policy->namespace);
			np_lint_path(item, "spec.podSelector");
			np_lint_hint(item, "a pod must have all of the labels, and be in "
				     "the policy's namespace");
		}
		np_lint_rules(&l, false);
		np_lint_rules(&l, true);
		np_lint_dns(&l);
	}
}

void np_lint_free(struct np_lint *lint)
{
	size_t i;

	for (i = 0; i < lint->count; i++) {
		free(lint->item[i].path);
		free(lint->item[i].text);
		free(lint->item[i].hint);
	}
	free(lint->item);
	memset(lint, 0, sizeof(*lint));
}
