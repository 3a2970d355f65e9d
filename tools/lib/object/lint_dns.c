// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The checks of lint about DNS. Egress is judged behind a Service, so what counts is the port on
 * which the pods of the cluster's DNS listen: 53 in most clusters, 5353 in OpenShift.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object/lint_dns.h"
#include "object/lint_match.h"
#include "object/select.h"
#include "object/settings.h"

#define NP_DNS_PORT	53
#define NP_DNS_PORT_HIGH	5353

/* Where the DNS cache of a node listens if its arguments are not known. */
static const struct np_address np_node_local = {
	.family = AF_INET, .addr = { 169, 254, 20, 10 },
};

static bool np_has_label(const struct np_pod *pod, const char *key, const char *value)
{
	const char *have = np_labels_get(&pod->labels, key);

	return have && !strcmp(have, value);
}

/* True for a pod of the DNS cache that Kubernetes and Kubespray ship for each node. */
static bool np_is_cache_pod(const struct np_pod *pod)
{
	return pod->host_network && (np_has_label(pod, "k8s-app", "node-local-dns") ||
				     np_has_label(pod, "k8s-app", "nodelocaldns"));
}

/* True for a pod whose labels are those of the cluster's DNS. */
static bool np_is_cluster_dns(const struct np_pod *pod)
{
	return !pod->host_network &&
	       (np_has_label(pod, "k8s-app", "kube-dns") ||
		np_has_label(pod, "k8s-app", "coredns") ||
		np_has_label(pod, "app.kubernetes.io/name", "coredns") ||
		np_labels_get(&pod->labels, "dns.operator.openshift.io/daemonset-dns"));
}

/*
 * Returns the UDP port on which a pod answers DNS, or 0 if it does not seem to: the port that is
 * called "dns...", or 53 of a pod of the cluster's DNS.
 */
static uint16_t np_dns_port_of(const struct np_pod *pod)
{
	uint32_t i;

	if (pod->host_network)
		return 0;
	for (i = 0; i < pod->port_count; i++)
		if (pod->port[i].protocol == NP_PROTOCOL_UDP &&
		    !strncmp(pod->port[i].name, "dns", 3))
			return pod->port[i].number;
	return np_is_cluster_dns(pod) ? NP_DNS_PORT : 0;
}

/**
 * struct np_dns - what the input says about DNS
 * @answers: the indexes of the pods that answer DNS
 * @count: how many
 * @server: a pod of the cluster's DNS, or NULL
 * @cache: a pod of a DNS cache of the nodes, or NULL
 * @admin: the policies of tier Admin, in the order in which they are asked
 * @admin_count: how many
 */
struct np_dns {
	size_t *answers;
	size_t count;
	const struct np_pod *server;
	const struct np_pod *cache;
	const struct np_policy **admin;
	size_t admin_count;
};

/* Returns where a pod of a DNS cache listens, and how many addresses that are. */
static const struct np_address *np_cache_listens(const struct np_pod *cache, uint32_t *count)
{
	*count = cache->listen_count ? cache->listen_count : 1;
	return cache->listen_count ? cache->listen : &np_node_local;
}

bool np_lint_is_dns_cache(const struct np_objects *objs, const struct np_address *addr)
{
	const struct np_address *listens;
	uint32_t count, k;
	size_t i;

	for (i = 0; i < objs->pod_count; i++) {
		if (!np_is_cache_pod(&objs->pods[i]))
			continue;
		listens = np_cache_listens(&objs->pods[i], &count);
		for (k = 0; k < count; k++)
			if (!memcmp(&listens[k], addr, sizeof(*addr)))
				return true;
	}
	return false;
}

static int np_admin_order(const void *a, const void *b)
{
	const struct np_policy *x = *(const struct np_policy * const *)a;
	const struct np_policy *y = *(const struct np_policy * const *)b;

	return x->priority != y->priority ? (int)x->priority - (int)y->priority :
					    strcmp(x->name, y->name);
}

static void np_find_admin(struct np_dns *dns, const struct np_objects *objs)
{
	size_t i;

	dns->admin = np_xcalloc(objs->policy_count + 1, sizeof(*dns->admin));
	for (i = 0; i < objs->policy_count; i++)
		if (objs->policies[i].tier == NP_TIER_ADMIN)
			dns->admin[dns->admin_count++] = &objs->policies[i];
	qsort(dns->admin, dns->admin_count, sizeof(*dns->admin), np_admin_order);
}

struct np_dns *np_lint_dns_find(const struct np_objects *objs)
{
	struct np_dns *dns = np_xcalloc(1, sizeof(*dns));
	size_t i;

	np_find_admin(dns, objs);
	for (i = 0; i < objs->pod_count; i++) {
		if (!dns->cache && np_is_cache_pod(&objs->pods[i]))
			dns->cache = &objs->pods[i];
		if (!dns->server && np_is_cluster_dns(&objs->pods[i]))
			dns->server = &objs->pods[i];
		if (!np_dns_port_of(&objs->pods[i]))
			continue;
		dns->answers = np_array_grow(dns->answers, dns->count, sizeof(*dns->answers));
		dns->answers[dns->count++] = i;
	}
	return dns;
}

void np_lint_dns_free(struct np_dns *dns)
{
	free(dns->answers);
	free(dns->admin);
	free(dns);
}

static bool np_rule_covers(const struct np_rule *rule, const struct np_pod *pod, uint16_t number)
{
	uint32_t i;

	for (i = 0; i < rule->port_count; i++)
		if (np_lint_port_covers(&rule->port[i], pod, NP_PROTOCOL_UDP, number))
			return true;
	return !rule->port_count;
}

/*
 * True if the ports of a rule allow DNS, as far as the ports alone can tell. Where no pods are
 * known, any port name may be that of DNS.
 */
static bool np_ports_allow_dns(const struct np_linting *l, const struct np_rule *rule)
{
	const struct np_objects *objs = l->objs;
	uint32_t i;
	size_t k;

	if (np_rule_covers(rule, NULL, NP_DNS_PORT) || np_rule_covers(rule, NULL, NP_DNS_PORT_HIGH))
		return true;
	for (i = 0; i < rule->port_count; i++) {
		if (rule->port[i].kind != NP_PORT_NAME)
			continue;
		if (!objs->pod_count && rule->port[i].protocol == NP_PROTOCOL_UDP)
			return true;
		for (k = 0; k < objs->pod_count; k++)
			if (np_lint_port_covers(&rule->port[i], &objs->pods[k], NP_PROTOCOL_UDP,
						NP_DNS_PORT))
				return true;
	}
	return false;
}

static bool np_rule_reaches_cache(const struct np_rule *rule, const struct np_pod *cache)
{
	const struct np_address *listens;
	uint32_t count, i, k;

	if (!rule->peer_count)
		return true;
	listens = np_cache_listens(cache, &count);
	for (i = 0; i < rule->peer_count; i++)
		for (k = 0; rule->peer[i].ipblock && k < count; k++)
			if (np_lint_block_holds(rule->peer[i].ipblock, &listens[k]))
				return true;
	return false;
}

/* True if a rule lets its subjects ask this pod, which answers DNS. */
static bool np_rule_reaches_server(const struct np_linting *l, const struct np_rule *rule,
				   size_t server)
{
	const struct np_pod *pod = &l->objs->pods[server];
	uint32_t i, k;

	if (!np_rule_covers(rule, pod, np_dns_port_of(pod)))
		return false;
	for (i = 0; i < rule->peer_count; i++) {
		if (np_lint_peer_matches(l, &rule->peer[i], server))
			return true;
		for (k = 0; rule->peer[i].ipblock && k < pod->address_count; k++)
			if (np_lint_block_holds(rule->peer[i].ipblock, &pod->address[k]))
				return true;
	}
	return !rule->peer_count;
}

/* True if a rule is for the DNS port of an address block: a DNS server outside of the cluster. */
static bool np_rule_names_resolver(const struct np_rule *rule)
{
	uint32_t i;

	if (!rule->port_count || !np_rule_covers(rule, NULL, NP_DNS_PORT))
		return false;
	for (i = 0; i < rule->peer_count; i++)
		if (rule->peer[i].ipblock)
			return true;
	return false;
}

static bool np_rule_allows_dns(const struct np_linting *l, const struct np_dns *dns,
			       const struct np_rule *rule)
{
	size_t i;

	if (dns->cache && np_rule_reaches_cache(rule, dns->cache) &&
	    np_rule_covers(rule, NULL, NP_DNS_PORT))
		return true;
	if (!dns->count)
		return np_ports_allow_dns(l, rule);
	if (np_rule_names_resolver(rule))
		return true;
	for (i = 0; i < dns->count; i++)
		if (np_rule_reaches_server(l, rule, dns->answers[i]))
			return true;
	return false;
}

/* True if a rule is for the port of API servers alone, or that of their Service as well. */
static bool np_is_for_api(const struct np_rule *rule)
{
	bool api = false;
	uint32_t i;

	for (i = 0; i < rule->port_count; i++) {
		if (rule->port[i].kind != NP_PORT_NUMBER ||
		    rule->port[i].protocol != NP_PROTOCOL_TCP ||
		    (rule->port[i].first != NP_PORT_API && rule->port[i].first != 443))
			return false;
		api |= rule->port[i].first == NP_PORT_API;
	}
	return api;
}

/*
 * True if what a rule allows has to be found by its name. Pods are told the address of the API
 * server, and whoever writes down single addresses uses them.
 */
static bool np_rule_needs_names(const struct np_rule *rule)
{
	uint32_t i;

	if (np_is_for_api(rule))
		return false;
	for (i = 0; i < rule->peer_count; i++) {
		const struct np_ipblock *block = rule->peer[i].ipblock;

		if (!block || block->cidr.length != np_family_bits(block->cidr.family))
			return true;
	}
	return !rule->peer_count;
}

static bool np_rule_names_dns_tcp(const struct np_rule *rule)
{
	uint32_t i;

	for (i = 0; i < rule->port_count; i++)
		if (rule->port[i].kind == NP_PORT_NUMBER && rule->port[i].first == NP_DNS_PORT &&
		    rule->port[i].protocol == NP_PROTOCOL_TCP)
			return true;
	return false;
}

/**
 * struct np_dns_access - what the egress policies of a pod let it do
 * @rules: number of their egress rules that are for DNS or for what is found by it
 * @dns: a rule lets the pod ask a DNS server
 * @node_local: a rule lets the pod ask the DNS cache of its node
 * @whole: a policy is about every pod of the namespace
 * @tcp: a rule is for port 53 of TCP
 */
struct np_dns_access {
	uint32_t rules;
	bool dns;
	bool node_local;
	bool whole;
	bool tcp;
};

static void np_dns_add(const struct np_linting *l, const struct np_dns *dns,
		       const struct np_policy *policy, struct np_dns_access *access)
{
	bool cluster = policy->tier != NP_TIER_NETWORK_POLICY, allows;
	uint32_t i;

	if (!(policy->directions & NP_DIR_EGRESS))
		return;
	access->whole |= !cluster && !policy->pod_selector.count;
	for (i = 0; i < policy->egress_count; i++) {
		if (cluster && (policy->egress[i].closed ||
				policy->egress[i].action != NP_ACTION_ACCEPT))
			continue;
		allows = np_rule_allows_dns(l, dns, &policy->egress[i]);
		access->rules += !cluster && (allows || np_rule_needs_names(&policy->egress[i]));
		access->tcp |= !cluster && np_rule_names_dns_tcp(&policy->egress[i]);
		if (!allows)
			continue;
		access->dns = true;
		access->node_local |= dns->cache &&
				      np_rule_reaches_cache(&policy->egress[i], dns->cache);
	}
}

/* If pod is NULL, no pods are known, and all policies of the namespace count together. */
static struct np_dns_access np_dns_of(const struct np_linting *l, const struct np_dns *dns,
				      const struct np_pod *pod)
{
	struct np_dns_access access = { 0 };
	size_t i;

	for (i = 0; i < l->objs->policy_count; i++) {
		const struct np_policy *policy = &l->objs->policies[i];

		/*
		 * What tier Admin accepts counts for whatever pod, although it may be for others or
		 * come too late: better no finding than one that is not true.
		 */
		if (policy->tier == NP_TIER_ADMIN ||
		    (policy->tier == NP_TIER_NETWORK_POLICY &&
		     (pod ? np_lint_selects(policy, pod) :
			    policy->namespace == l->policy->namespace)))
			np_dns_add(l, dns, policy, &access);
	}
	return access;
}

static void np_find_blocked(const struct np_linting *l, const struct np_dns *dns,
			    const struct np_pod *pod)
{
	const struct np_pod *server = dns->server;
	uint16_t number = server ? np_dns_port_of(server) : NP_DNS_PORT;
	struct np_lint_finding *item;

	item = np_lint_add(l, NP_LINT_DNS_BLOCKED, 0,
			   "%s%s%s may not ask any DNS server: no rule allows UDP port %u%s%s%s%s",
			   pod ? pod->namespace : "a pod of namespace ",
			   pod ? "/" : "", pod ? pod->name : l->policy->namespace, number,
			   server ? " of pod " : "", server ? server->namespace : "",
			   server ? "/" : "", server ? server->name : "");
	np_lint_path(item, "spec.egress");
	np_lint_hint(item, "allow UDP and TCP port %u to the DNS server's pods%s", number,
		     number == NP_DNS_PORT ? "" :
		     ": what counts is the port of the pod, not that of the Service");
}

static void np_find_cut(const struct np_linting *l, const struct np_pod *cache,
			const struct np_pod *pod)
{
	static const uint8_t protocols[] = { NP_PROTOCOL_UDP, NP_PROTOCOL_TCP };
	char list[1024] = "", text[NP_HOST_ALLOW_TEXT];
	const struct np_address *listens;
	struct np_lint_finding *item;
	struct np_host_allow allow;
	uint32_t count, i;
	size_t len = 0;

	listens = np_cache_listens(cache, &count);
	for (i = 0; i < count * 2 && len < sizeof(list) - sizeof(text); i++) {
		memset(&allow, 0, sizeof(allow));
		allow.address = listens[i / 2];
		allow.protocol = protocols[i % 2];
		allow.port = NP_DNS_PORT;
		len += snprintf(list + len, sizeof(list) - len, "%s%s", i ? "," : "",
				np_host_allow_text(&allow, text));
	}
	item = np_lint_add(l, NP_LINT_NODE_LOCAL_DNS, 0,
			   "%s/%s may not ask the DNS cache of its node, which is no pod",
			   pod->namespace, pod->name);
	np_lint_path(item, "spec.egress");
	np_lint_hint(item, "on each node: netpolctl settings host-allow=%s", list);
}

/*
 * Where no pods are known, the policies of a namespace count together, so one finding for all of
 * them is enough: at the first one that allows something.
 */
static bool np_first_of_namespace(const struct np_linting *l)
{
	const struct np_policy *policy;

	for (policy = l->objs->policies; policy < l->policy; policy++)
		if (policy->namespace == l->policy->namespace &&
		    (policy->directions & NP_DIR_EGRESS) && policy->egress_count)
			return false;
	return l->policy->egress_count;
}

void np_lint_dns(const struct np_linting *l)
{
	const struct np_dns *dns = l->dns;
	bool blocked = false, cut = false;
	struct np_dns_access access;
	const struct np_pod *pod;
	size_t i;

	if (!(l->policy->directions & NP_DIR_EGRESS))
		return;
	if (!l->objs->pod_count && np_first_of_namespace(l)) {
		access = np_dns_of(l, dns, NULL);
		/*
		 * Files of policies come in parts, and the one that allows DNS may be in another.
		 * What stands beside a policy of the whole namespace is no such part, and neither
		 * is a rule that allows half of DNS.
		 */
		if (!access.dns && access.rules && (access.whole || access.tcp))
			np_find_blocked(l, dns, NULL);
	}
	for (i = 0; i < l->objs->pod_count && !(blocked && cut); i++) {
		pod = &l->objs->pods[i];
		/* A pod that of the cluster's DNS asks others than the cluster's DNS. */
		if (!np_lint_selects(l->policy, pod) || np_is_cluster_dns(pod))
			continue;
		access = np_dns_of(l, dns, pod);
		/* A pod that may reach nothing, or only what it knows, has no use for DNS. */
		if (!access.rules)
			continue;
		if (!access.dns && !blocked) {
			np_find_blocked(l, dns, pod);
			blocked = true;
		}
		if (dns->cache && access.dns && !access.node_local && !cut) {
			np_find_cut(l, dns->cache, pod);
			cut = true;
		}
	}
}

/* Whether a rule or a policy is about something, as far as the input tells. */
enum np_about {
	NP_ABOUT_NO,
	NP_ABOUT_MAYBE,
	NP_ABOUT_YES,
};

/* Namespaces that the input does not have are taken to match. */
static enum np_about np_about_pod(const struct np_linting *l, const struct np_selector *ns_selector,
				  const struct np_selector *pod_selector, size_t pod)
{
	if (l->objs->pods[pod].host_network ||
	    !np_lint_namespace_matches(l, ns_selector, pod) ||
	    !np_selector_met(pod_selector, &l->objs->pods[pod].labels))
		return NP_ABOUT_NO;
	return l->pod_namespace[pod] || !ns_selector->count ? NP_ABOUT_YES : NP_ABOUT_MAYBE;
}

static enum np_about np_about_block(const struct np_ipblock *block, const struct np_pod *pod)
{
	uint32_t held = 0, i;

	for (i = 0; i < pod->address_count; i++)
		held += np_lint_block_holds(block, &pod->address[i]);
	return !held ? NP_ABOUT_NO : held == pod->address_count ? NP_ABOUT_YES : NP_ABOUT_MAYBE;
}

/* Whether a rule of a ClusterNetworkPolicy is about DNS of this server. */
static enum np_about np_about_server(const struct np_linting *l, const struct np_rule *rule,
				     size_t server)
{
	const struct np_pod *pod = &l->objs->pods[server];
	enum np_about about = NP_ABOUT_NO, one;
	const struct np_peer *peer;
	uint32_t i;

	if (rule->closed)
		return rule->action == NP_ACTION_ACCEPT ? NP_ABOUT_NO : NP_ABOUT_YES;
	if (!np_rule_covers(rule, pod, np_dns_port_of(pod)))
		return NP_ABOUT_NO;
	for (i = 0; i < rule->peer_count; i++) {
		peer = &rule->peer[i];
		one = peer->ipblock ? np_about_block(peer->ipblock, pod) :
		      np_about_pod(l, &peer->ns_selector, &peer->pod_selector, server);
		about = one > about ? one : about;
	}
	return about;
}

/* Whether a rule is about DNS where no pods are known; a Deny only if it is about every pod. */
static enum np_about np_about_dns(const struct np_linting *l, const struct np_rule *rule)
{
	const struct np_peer *peer;
	uint32_t i;

	if (rule->closed)
		return rule->action == NP_ACTION_ACCEPT ? NP_ABOUT_NO : NP_ABOUT_YES;
	if (rule->action != NP_ACTION_DENY)
		return np_ports_allow_dns(l, rule) ? NP_ABOUT_MAYBE : NP_ABOUT_NO;
	if (!np_rule_covers(rule, NULL, NP_DNS_PORT))
		return NP_ABOUT_NO;
	for (i = 0; i < rule->peer_count; i++) {
		peer = &rule->peer[i];
		if (!peer->ipblock && !peer->ns_selector.count && !peer->pod_selector.count)
			return NP_ABOUT_YES;
	}
	return NP_ABOUT_NO;
}

/* The egress rule of tier Admin that decides. */
struct np_decider {
	const struct np_policy *policy;
	const struct np_rule *rule;
};

/*
 * True if DNS of a pod is surely denied by tier Admin, and by what. `pod` and `server` are
 * SIZE_MAX where no pods are known: then whatever another policy does may be about it.
 */
static bool np_admin_denies(const struct np_linting *l, size_t pod, size_t server,
			    struct np_decider *decider)
{
	const struct np_policy *policy;
	const struct np_rule *rule;
	enum np_about subject, about;
	uint32_t i;
	size_t k;

	for (k = 0; k < l->dns->admin_count; k++) {
		policy = l->dns->admin[k];
		subject = pod == SIZE_MAX ? policy == l->policy ? NP_ABOUT_YES : NP_ABOUT_MAYBE :
			  np_about_pod(l, &policy->ns_selector, &policy->pod_selector, pod);
		for (i = 0; subject && i < policy->egress_count; i++) {
			rule = &policy->egress[i];
			about = server == SIZE_MAX ? np_about_dns(l, rule) :
						     np_about_server(l, rule, server);
			if (!about)
				continue;
			if (rule->action != NP_ACTION_DENY && !rule->closed)
				return false;
			if (about != NP_ABOUT_YES || subject != NP_ABOUT_YES)
				continue;
			*decider = (struct np_decider) { policy, rule };
			return true;
		}
	}
	return false;
}

/* True if a pod may ask none of the DNS servers; *decider is what denies the first of them. */
static bool np_admin_denies_all(const struct np_linting *l, size_t pod, struct np_decider *decider)
{
	struct np_decider one;
	size_t i;

	for (i = 0; i < l->dns->count; i++)
		if (l->dns->answers[i] == pod ||
		    !np_admin_denies(l, pod, l->dns->answers[i], i ? &one : decider))
			return false;
	return l->dns->count;
}

void np_lint_cluster_dns(const struct np_linting *l)
{
	const struct np_policy *policy = l->policy;
	struct np_lint_finding *item;
	struct np_decider decider;
	const struct np_pod *pod = NULL;
	size_t i = 0;

	/* What a cache of the node answers does not come from the pods of the cluster's DNS. */
	if (policy->tier != NP_TIER_ADMIN || !policy->egress_count || l->dns->cache)
		return;
	if (l->objs->pod_count) {
		for (; i < l->objs->pod_count; i++)
			if (np_about_pod(l, &policy->ns_selector, &policy->pod_selector, i) &&
			    np_admin_denies_all(l, i, &decider) && decider.policy == policy)
				break;
		if (i == l->objs->pod_count)
			return;
		pod = &l->objs->pods[i];
	} else if (!np_admin_denies(l, SIZE_MAX, SIZE_MAX, &decider)) {
		return;
	}
	item = np_lint_add(l, NP_LINT_DENIES_DNS, decider.rule->line,
			   "%s%s%s may not ask any DNS server among the pods: no rule before this "
			   "one accepts or passes it", pod ? pod->namespace :
			   "what the policy selects", pod ? "/" : "", pod ? pod->name : "");
	np_lint_path(item, "spec.egress[%u]", (unsigned int)(decider.rule - policy->egress));
	np_lint_hint(item, "put a rule before it: action: Accept, to the pods of the cluster's "
		     "DNS, with UDP and TCP port 53; networks match pods too");
}
