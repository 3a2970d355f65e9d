// SPDX-License-Identifier: GPL-2.0-or-later
/* The checks of lint about one peer. */
#include <stdio.h>
#include <string.h>

#include "object/lint_dns.h"
#include "object/lint_match.h"
#include "object/lint_peer.h"
#include "object/select.h"

#define NP_NEED_TEXT	400

static const char *np_need_text(const struct np_requirement *need, char text[NP_NEED_TEXT])
{
	uint32_t i;
	int len;

	if (need->op == NP_OP_IN && need->value_count == 1) {
		snprintf(text, NP_NEED_TEXT, "%.200s=%.63s", need->key, need->value[0]);
		return text;
	}
	len = snprintf(text, NP_NEED_TEXT, "%.200s %s", need->key, np_operator_name(need->op));
	for (i = 0; i < need->value_count && len < NP_NEED_TEXT / 2; i++)
		len += snprintf(text + len, NP_NEED_TEXT - len, "%s%.63s", i ? ", " : " ",
				need->value[i]);
	return text;
}

/* The pods that a peer's selectors match, each by the first one. SIZE_MAX: there is none. */
struct np_matched {
	size_t both;		/* a pod that the peer matches */
	size_t host;		/* one that it would match, but on the host's network */
	size_t labels;		/* one that podSelector alone matches, in another namespace */
	size_t namespace;	/* one whose namespace matches */
};

static void np_peer_match(const struct np_linting *l, const struct np_peer *peer,
			  struct np_matched *matched)
{
	const struct np_objects *objs = l->objs;
	size_t i;

	*matched = (struct np_matched) { SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX };
	for (i = 0; i < objs->pod_count && matched->both == SIZE_MAX; i++) {
		bool within = peer->ns_selector.present ?
			      np_lint_namespace_matches(l, &peer->ns_selector, i) :
			      objs->pods[i].namespace == l->policy->namespace;
		bool labels = np_selector_met(&peer->pod_selector, &objs->pods[i].labels);

		if (within && matched->namespace == SIZE_MAX)
			matched->namespace = i;
		if (within && labels && !objs->pods[i].host_network)
			matched->both = i;
		else if (within && labels && matched->host == SIZE_MAX)
			matched->host = i;
		else if (!within && labels && matched->labels == SIZE_MAX)
			matched->labels = i;
	}
}

static bool np_any_pod_has(const struct np_objects *objs, const struct np_requirement *need)
{
	size_t i;

	for (i = 0; i < objs->pod_count; i++)
		if (np_requirement_met(need, &objs->pods[i].labels))
			return true;
	return false;
}

static bool np_any_namespace_has(const struct np_objects *objs, const struct np_requirement *need)
{
	size_t i;

	for (i = 0; i < objs->namespace_count; i++)
		if (np_requirement_met(need, &objs->namespaces[i].labels))
			return true;
	return false;
}

static bool np_any_namespace_matches(const struct np_objects *objs,
				     const struct np_selector *selector)
{
	size_t i;

	for (i = 0; i < objs->namespace_count; i++)
		if (np_selector_met(selector, &objs->namespaces[i].labels))
			return true;
	return false;
}

/* The first requirement of a selector that nobody meets, or NULL if only all together fail. */
static const struct np_requirement *
np_unmet(const struct np_objects *objs, const struct np_selector *selector,
	 bool (*has)(const struct np_objects *objs, const struct np_requirement *need))
{
	uint32_t i;

	for (i = 0; i < selector->count; i++)
		if (!has(objs, &selector->item[i]))
			return &selector->item[i];
	return NULL;
}

/* Returns the value of a requirement if a namespace has this name, which was probably meant. */
static const char *np_meant_name(const struct np_objects *objs, const struct np_requirement *need)
{
	size_t i;

	for (i = 0; need->op == NP_OP_IN && i < objs->namespace_count; i++)
		if (!strcmp(objs->namespaces[i].name, need->value[0]))
			return need->value[0];
	return NULL;
}

/* Returns true if no namespace matches, which usually makes a finding. */
static bool np_check_namespaces(const struct np_linting *l, const struct np_peer *peer,
				const struct np_lint_at *at, uint32_t index)
{
	const struct np_requirement *need;
	struct np_lint_finding *item;
	char text[NP_NEED_TEXT];
	const char *name;

	if (!l->all_namespaces || np_any_namespace_matches(l->objs, &peer->ns_selector))
		return false;
	need = np_unmet(l->objs, &peer->ns_selector, np_any_namespace_has);
	if (need && np_lint_is_negative(need))
		return true;
	item = np_lint_add(l, NP_LINT_NOBODY, peer->line, "no namespace has %s",
			   need ? np_need_text(need, text) :
			   "all of the labels that namespaceSelector asks for");
	np_lint_path(item, "spec.%s[%u].%s[%u].namespaceSelector", at->list, at->rule, at->peers,
		     index);
	name = need ? np_meant_name(l->objs, need) : NULL;
	if (name)
		np_lint_hint(item, "for that namespace: matchLabels: "
			     "{kubernetes.io/metadata.name: %s}", name);
	else
		np_lint_hint(item, "labels are those of the Namespace object, not of its pods");
	return true;
}

static void np_check_pods(const struct np_linting *l, const struct np_peer *peer,
			  const struct np_lint_at *at, uint32_t index)
{
	const struct np_requirement *need;
	struct np_lint_finding *item;
	char text[NP_NEED_TEXT];

	need = np_unmet(l->objs, &peer->pod_selector, np_any_pod_has);
	if (need && np_lint_is_negative(need))
		return;
	item = np_lint_add(l, NP_LINT_NOBODY, peer->line, "no pod has %s",
			   need ? np_need_text(need, text) :
			   "all of the labels that podSelector asks for");
	np_lint_path(item, "spec.%s[%u].%s[%u].podSelector", at->list, at->rule, at->peers, index);
	np_lint_hint(item, "labels are those of the pods, not of their Deployment or Service");
}

static void np_check_elsewhere(const struct np_linting *l, const struct np_peer *peer,
			       const struct np_lint_at *at, uint32_t index,
			       const struct np_matched *matched)
{
	const struct np_pod *pod = &l->objs->pods[matched->labels];
	struct np_lint_finding *item;

	if (!peer->ns_selector.present) {
		item = np_lint_add(l, NP_LINT_OTHER_NAMESPACE, peer->line,
				   "a podSelector alone is about namespace %s, and its pods are in "
				   "another one: %s/%s", l->policy->namespace, pod->namespace,
				   pod->name);
		np_lint_path(item, "spec.%s[%u].%s[%u].podSelector", at->list, at->rule, at->peers,
			     index);
		np_lint_hint(item, "add to the same entry: namespaceSelector: {matchLabels: "
			     "{kubernetes.io/metadata.name: %s}}", pod->namespace);
		return;
	}
	item = np_lint_add(l, NP_LINT_NEVER_BOTH, peer->line,
			   "no pod meets both selectors: %s/%s has the labels, and its namespace is "
			   "another one", pod->namespace, pod->name);
	np_lint_path(item, "spec.%s[%u].%s[%u]", at->list, at->rule, at->peers, index);
	np_lint_hint(item, "in one entry both must hold; for either of them write two entries, a "
		     "dash before each");
}

/*
 * True if the input has the pods that a peer may match. Whoever gives the pods of one namespace
 * alone says nothing about those of others, and an empty namespaceSelector is about all of them.
 */
static bool np_pods_known(const struct np_linting *l, const struct np_peer *peer,
			  const struct np_matched *matched)
{
	if (!peer->ns_selector.present)
		return l->own_pods;
	return l->all_pods || (peer->ns_selector.count && matched->namespace != SIZE_MAX);
}

static void np_check_selectors(const struct np_linting *l, const struct np_peer *peer,
			       const struct np_lint_at *at, uint32_t index)
{
	struct np_lint_finding *item;
	struct np_matched matched;
	const struct np_pod *pod;

	if (peer->ns_selector.present && np_check_namespaces(l, peer, at, index))
		return;
	np_peer_match(l, peer, &matched);
	if (matched.both != SIZE_MAX || !np_pods_known(l, peer, &matched))
		return;
	if (matched.host != SIZE_MAX) {
		pod = &l->objs->pods[matched.host];
		item = np_lint_add(l, NP_LINT_HOST_PODS, peer->line,
				   "matches only pods on the host's network, such as %s/%s, and "
				   "their packets are those of the node", pod->namespace,
				   pod->name);
		np_lint_path(item, "spec.%s[%u].%s[%u]", at->list, at->rule, at->peers, index);
		np_lint_hint(item, "give the addresses of the nodes as an ipBlock");
	} else if (!np_lint_asks(&peer->pod_selector)) {
		/* A namespace without pods may get some. */
		return;
	} else if (matched.labels != SIZE_MAX) {
		np_check_elsewhere(l, peer, at, index, &matched);
	} else {
		np_check_pods(l, peer, at, index);
	}
}

static const struct np_pod *np_block_pod(const struct np_objects *objs,
					 const struct np_ipblock *block)
{
	size_t i;
	uint32_t k;

	for (i = 0; i < objs->pod_count; i++)
		for (k = 0; np_pod_usable(&objs->pods[i]) && k < objs->pods[i].address_count; k++)
			if (np_lint_block_holds(block, &objs->pods[i].address[k]))
				return &objs->pods[i];
	return NULL;
}

/* A block this wide is meant for the whole internet, although pods' addresses lie in it. */
static bool np_block_wide(const struct np_cidr *cidr)
{
	return cidr->length < (cidr->family == AF_INET ? 8 : 16);
}

static void np_check_block_pods(const struct np_linting *l, const struct np_peer *peer,
				const struct np_lint_at *at, uint32_t index)
{
	struct np_lint_finding *item;
	const struct np_pod *pod;
	char text[NP_CIDR_TEXT];

	pod = np_block_wide(&peer->ipblock->cidr) ? NULL : np_block_pod(l->objs, peer->ipblock);
	if (!pod)
		return;
	item = np_lint_add(l, NP_LINT_POD_ADDRESS, peer->line,
			   "%s holds an address of pod %s/%s; they go from pod to pod",
			   np_cidr_text(&peer->ipblock->cidr, text), pod->namespace, pod->name);
	np_lint_path(item, "spec.%s[%u].%s[%u].ipBlock", at->list, at->rule, at->peers, index);
	np_lint_hint(item, "select pods by their labels, or put their range into except");
}

/*
 * 0.0.0.0/1 to 0.0.0.0/7 and ::/1 to ::/7 are left out: whoever divides all addresses into blocks
 * begins with one of them. There is no fix: 0.0.0.0/32 is also how people write that nobody may,
 * and a patch does not open what was closed.
 */
static void np_check_block_zero(const struct np_linting *l, const struct np_peer *peer,
				const struct np_lint_at *at, uint32_t index)
{
	static const uint8_t zero[sizeof(peer->ipblock->cidr.addr)];
	const struct np_cidr *cidr = &peer->ipblock->cidr;
	struct np_lint_finding *item;
	char text[NP_CIDR_TEXT];

	if (cidr->length < 8 || memcmp(cidr->addr, zero, sizeof(zero)))
		return;
	item = np_lint_add(l, NP_LINT_MISTYPED_ALL, peer->line,
			   "%s is not every address: it holds only those that begin with %u zero "
			   "bits, which no machine has", np_cidr_text(cidr, text), cidr->length);
	np_lint_path(item, "spec.%s[%u].%s[%u].ipBlock.cidr", at->list, at->rule, at->peers, index);
	np_lint_hint(item, "for every address write %s",
		     cidr->family == AF_INET ? "0.0.0.0/0" : "::/0");
}

static void np_check_host_bits(const struct np_linting *l, const struct np_peer *peer,
			       const struct np_lint_at *at, uint32_t index)
{
	const struct np_ipblock *block = peer->ipblock;
	const struct np_cidr *cidr;
	struct np_lint_finding *item;
	char text[NP_CIDR_TEXT];

	if (!block->host_bits)
		return;
	cidr = block->host_bits_at ? &block->except[block->host_bits_at - 1] : &block->cidr;
	np_cidr_text(cidr, text);
	item = np_lint_add(l, NP_LINT_HOST_BITS, peer->line,
			   "%.100s has bits behind its mask and means all of %s", block->host_bits,
			   text);
	if (block->host_bits_at)
		np_lint_path(item, "spec.%s[%u].%s[%u].ipBlock.except[%u]", at->list, at->rule,
			     at->peers, index, block->host_bits_at - 1);
	else
		np_lint_path(item, "spec.%s[%u].%s[%u].ipBlock.cidr", at->list, at->rule, at->peers,
			     index);
	np_lint_hint(item, "write %s for the block, or %.*s/%u for the one address", text,
		     (int)strcspn(block->host_bits, "/"), block->host_bits,
		     np_family_bits(cidr->family));
	np_lint_fix_text(item, block->line, block->column, block->host_bits, text);
}

/*
 * The range of ClusterIPs has at most 20 bits, so a shorter prefix is not written for it but for
 * something bigger.
 */
static bool np_block_of_services(const struct np_cidr *cidr)
{
	return cidr->length >= (cidr->family == AF_INET ? 12 : 64);
}

static const struct np_service *np_block_service(const struct np_objects *objs,
						 const struct np_ipblock *block)
{
	uint32_t k;
	size_t i;

	if (!np_block_of_services(&block->cidr))
		return NULL;
	for (i = 0; i < objs->service_count; i++)
		for (k = 0; k < objs->services[i].address_count; k++)
			if (np_lint_block_holds(block, &objs->services[i].address[k]) &&
			    !np_lint_is_dns_cache(objs, &objs->services[i].address[k]))
				return &objs->services[i];
	return NULL;
}

static void np_check_cluster_ip(const struct np_linting *l, const struct np_peer *peer,
				const struct np_lint_at *at, uint32_t index)
{
	const struct np_service *service = np_block_service(l->objs, peer->ipblock);
	struct np_lint_finding *item;
	char text[NP_CIDR_TEXT];

	if (!service)
		return;
	item = np_lint_add(l, NP_LINT_CLUSTER_IP, peer->line,
			   "%s holds the ClusterIP of Service %s/%s, and no packet has a ClusterIP "
			   "where policies are judged",
			   np_cidr_text(&peer->ipblock->cidr, text), service->namespace,
			   service->name);
	np_lint_path(item, "spec.%s[%u].%s[%u].ipBlock", at->list, at->rule, at->peers, index);
	np_lint_hint(item, "select the pods behind the Service by their labels; for those without "
		     "pods give the addresses of its EndpointSlices");
}

/* True if a rule is for every port of a protocol. */
static bool np_all_ports(const struct np_rule *rule)
{
	uint32_t i;

	for (i = 0; i < rule->port_count; i++)
		if (rule->port[i].kind == NP_PORT_ANY)
			return true;
	return !rule->port_count;
}

/* True if a rule lets an address, or any end at all, be asked for this port. */
static bool np_rule_reaches_outside(const struct np_rule *rule, const struct np_port *port)
{
	uint32_t i, k;

	for (i = 0; i < rule->peer_count && !rule->peer[i].ipblock; i++)
		;
	if (rule->peer_count && i == rule->peer_count)
		return false;
	for (k = 0; k < rule->port_count; k++)
		if (np_lint_port_within(port, &rule->port[k]))
			return true;
	return !rule->port_count;
}

/* The same for the egress rules of a namespace. */
static bool np_outside_allowed(const struct np_linting *l, const struct np_port *port)
{
	const struct np_policy *policy;
	uint32_t k;
	size_t i;

	for (i = 0; i < l->objs->policy_count; i++) {
		policy = &l->objs->policies[i];
		if (policy->namespace != l->policy->namespace)
			continue;
		for (k = 0; k < policy->egress_count; k++)
			if (np_rule_reaches_outside(&policy->egress[k], port))
				return true;
	}
	return false;
}

/*
 * The first port of an egress rule that is usually asked of machines outside of the cluster, or
 * of the API server, and that no other rule opens to any address; NULL: there is none.
 */
static const struct np_port *np_port_of_outside(const struct np_linting *l,
						const struct np_rule *rule)
{
	const struct np_port *port;
	uint32_t i;

	for (i = 0; i < rule->port_count; i++) {
		port = &rule->port[i];
		if (port->kind == NP_PORT_NUMBER && port->protocol == NP_PROTOCOL_TCP &&
		    (port->first == 80 || port->first == 443 || port->first == NP_PORT_API) &&
		    !np_outside_allowed(l, port))
			return port;
	}
	return NULL;
}

/*
 * One port that is open to the whole cluster is how metrics are scraped and webhooks are called,
 * and egress to every pod is how the internet is closed. So what is left are ingress without
 * ports, unless the policy's name says that all is allowed, and egress that was meant for what is
 * no pod.
 */
static void np_check_empty(const struct np_linting *l, const struct np_rule *rule,
			   const struct np_lint_at *at, uint32_t index)
{
	const struct np_peer *peer = &rule->peer[index];
	bool egress = !strcmp(at->list, "egress");
	const struct np_port *port = egress ? np_port_of_outside(l, rule) : NULL;
	struct np_lint_finding *item;

	if (!peer->ns_selector.present || peer->ns_selector.count || peer->pod_selector.count ||
	    (egress ? !port : !np_all_ports(rule) || strcasestr(l->policy->name, "allow-all")))
		return;
	if (port)
		item = np_lint_add(l, NP_LINT_EMPTY_SELECTOR, peer->line,
				   "an empty namespaceSelector is every pod and nothing else: TCP "
				   "port %u of %s stays closed", port->first,
				   port->first == NP_PORT_API ? "the API server" :
				   "machines outside of the cluster");
	else
		item = np_lint_add(l, NP_LINT_EMPTY_SELECTOR, peer->line,
				   "an empty namespaceSelector is every pod of every namespace, and "
				   "the rule is for all ports");
	np_lint_path(item, "spec.%s[%u].%s[%u].namespaceSelector", at->list, at->rule, at->peers,
		     index);
	if (port)
		np_lint_hint(item, "give their addresses as an ipBlock; for pods name their "
			     "namespace: matchLabels: {kubernetes.io/metadata.name: NAME}");
	else
		np_lint_hint(item, "for one namespace: matchLabels: {kubernetes.io/metadata.name: "
			     "NAME}");
}

void np_lint_peer(const struct np_linting *l, const struct np_rule *rule,
		  const struct np_lint_at *at, uint32_t index)
{
	const struct np_peer *peer = &rule->peer[index];

	if (!peer->ipblock) {
		np_check_empty(l, rule, at, index);
		np_check_selectors(l, peer, at, index);
		return;
	}
	np_check_block_pods(l, peer, at, index);
	np_check_block_zero(l, peer, at, index);
	np_check_host_bits(l, peer, at, index);
	np_check_cluster_ip(l, peer, at, index);
}
