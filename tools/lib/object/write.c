// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes objects as Kubernetes manifests. What only the kernel knows becomes annotations. */
#include "object/write.h"

#include <string.h>

#include "base/time.h"

static void np_manifest_labels(struct np_writer *w, const char *key,
			       const struct np_labels *labels)
{
	uint32_t i;

	if (!labels->count)
		return;
	np_write_object(w, key);
	for (i = 0; i < labels->count; i++)
		np_write_string(w, labels->item[i].key, labels->item[i].value);
	np_write_end(w);
}

/* Writes apiVersion, kind and metadata, and leaves the object open. */
static void np_manifest_head(struct np_writer *w, const char *key, const char *version,
			     const char *kind, const char *namespace, const char *name,
			     const char *uid, const struct np_labels *labels, const char *origin,
			     bool audit, const struct np_policy_state *observed)
{
	bool annotated = *origin || audit || observed;
	char text[NP_TIME_TEXT_SIZE];

	np_write_object(w, key);
	np_write_string(w, "apiVersion", version);
	np_write_string(w, "kind", kind);
	np_write_object(w, "metadata");
	np_write_string(w, "name", name);
	if (namespace)
		np_write_string(w, "namespace", namespace);
	if (*uid)
		np_write_string(w, "uid", uid);
	np_manifest_labels(w, "labels", labels);
	if (annotated)
		np_write_object(w, "annotations");
	if (*origin)
		np_write_string(w, "netpolctl/origin", origin);
	if (audit)
		np_write_string(w, NP_AUDIT_KEY, "true");
	if (observed)
		np_write_string(w, "netpolctl/observed-until", observed->observed_until ?
				np_time_utc_text(observed->observed_until, text) : "ever");
	if (annotated)
		np_write_end(w);
	np_write_end(w);
}

void np_manifest_namespace(struct np_writer *w, const char *key, const struct np_namespace *ns,
			   const struct np_namespace_state *more)
{
	np_manifest_head(w, key, "v1", "Namespace", NULL, ns->name, "", &ns->labels,
			 more->origin, false, NULL);
	np_write_end(w);
}

void np_manifest_pod(struct np_writer *w, const char *key, const struct np_pod *pod,
		     const struct np_pod_state *more)
{
	char text[NP_CIDR_TEXT];
	uint32_t i;

	np_manifest_head(w, key, "v1", "Pod", pod->namespace, pod->name, pod->uid, &pod->labels,
			 more->origin, false, NULL);
	np_write_object(w, "spec");
	np_write_array(w, "containers");
	np_write_object(w, NULL);
	np_write_string(w, "name", "all");
	if (pod->port_count)
		np_write_array(w, "ports");
	for (i = 0; i < pod->port_count; i++) {
		np_write_object(w, NULL);
		np_write_string(w, "name", pod->port[i].name);
		np_write_number(w, "containerPort", pod->port[i].number);
		np_write_string(w, "protocol", np_protocol_name(pod->port[i].protocol));
		np_write_end(w);
	}
	if (pod->port_count)
		np_write_end(w);
	np_write_end(w);
	np_write_end(w);
	np_write_end(w);
	np_write_object(w, "status");
	np_write_string(w, "phase", more->running ? "Running" : "Pending");
	if (pod->address_count)
		np_write_string(w, "podIP", np_address_text(&pod->address[0], text));
	np_write_array(w, "podIPs");
	for (i = 0; i < pod->address_count; i++) {
		np_write_object(w, NULL);
		np_write_string(w, "ip", np_address_text(&pod->address[i], text));
		np_write_end(w);
	}
	np_write_end(w);
	np_write_end(w);
	np_write_end(w);
}

static void np_manifest_selector(struct np_writer *w, const char *key,
				 const struct np_selector *selector)
{
	const struct np_requirement *req;
	uint32_t i, v, labels = 0, k;
	bool twice;

	np_write_object(w, key);
	/*
	 * matchLabels can hold each key once, so a second requirement for a key becomes an
	 * expression.
	 */
	for (i = 0; i < selector->count; i++)
		labels += selector->item[i].match_label;
	for (i = 0; labels && i < selector->count; i++) {
		for (k = 0, twice = false; k < i; k++)
			twice |= selector->item[k].match_label &&
				 !strcmp(selector->item[k].key, selector->item[i].key);
		if (twice)
			labels = 0;
	}
	if (labels) {
		np_write_object(w, "matchLabels");
		for (i = 0; i < selector->count; i++)
			if (selector->item[i].match_label)
				np_write_string(w, selector->item[i].key,
						selector->item[i].value[0]);
		np_write_end(w);
	}
	if (labels < selector->count)
		np_write_array(w, "matchExpressions");
	for (i = 0; i < selector->count; i++) {
		req = &selector->item[i];
		if (labels && req->match_label)
			continue;
		np_write_object(w, NULL);
		np_write_string(w, "key", req->key);
		np_write_string(w, "operator", np_operator_name(req->op));
		if (req->value_count)
			np_write_array(w, "values");
		for (v = 0; v < req->value_count; v++)
			np_write_string(w, NULL, req->value[v]);
		if (req->value_count)
			np_write_end(w);
		np_write_end(w);
	}
	if (labels < selector->count)
		np_write_end(w);
	np_write_end(w);
}

static void np_manifest_peer(struct np_writer *w, const struct np_peer *peer)
{
	char text[NP_CIDR_TEXT];
	uint32_t i;

	np_write_object(w, NULL);
	if (peer->ipblock) {
		np_write_object(w, "ipBlock");
		np_write_string(w, "cidr", np_cidr_text(&peer->ipblock->cidr, text));
		if (peer->ipblock->except_count)
			np_write_array(w, "except");
		for (i = 0; i < peer->ipblock->except_count; i++)
			np_write_string(w, NULL, np_cidr_text(&peer->ipblock->except[i], text));
		if (peer->ipblock->except_count)
			np_write_end(w);
		np_write_end(w);
	}
	if (peer->ns_selector.present)
		np_manifest_selector(w, "namespaceSelector", &peer->ns_selector);
	if (peer->pod_selector.present)
		np_manifest_selector(w, "podSelector", &peer->pod_selector);
	np_write_end(w);
}

static void np_manifest_rules(struct np_writer *w, const char *key, const char *peers,
			      const struct np_rule *rule, uint32_t count)
{
	const struct np_port *port;
	uint32_t i, k;

	np_write_array(w, key);
	for (i = 0; i < count; i++, rule++) {
		np_write_object(w, NULL);
		if (rule->peer_count)
			np_write_array(w, peers);
		for (k = 0; k < rule->peer_count; k++)
			np_manifest_peer(w, &rule->peer[k]);
		if (rule->peer_count)
			np_write_end(w);
		if (rule->port_count)
			np_write_array(w, "ports");
		for (k = 0; k < rule->port_count; k++) {
			port = &rule->port[k];
			np_write_object(w, NULL);
			np_write_string(w, "protocol", np_protocol_name(port->protocol));
			if (port->kind == NP_PORT_NAME)
				np_write_string(w, "port", port->name);
			else if (port->kind != NP_PORT_ANY)
				np_write_number(w, "port", port->first);
			if (port->kind == NP_PORT_RANGE)
				np_write_number(w, "endPort", port->last);
			np_write_end(w);
		}
		if (rule->port_count)
			np_write_end(w);
		np_write_end(w);
	}
	np_write_end(w);
}

/* At most so many networks are one peer of a ClusterNetworkPolicy. */
#define NP_MANIFEST_NETWORKS	25

/* The pods or namespaces that a subject or a peer of a ClusterNetworkPolicy is about. */
static void np_manifest_pods(struct np_writer *w, const struct np_selector *ns_selector,
			     const struct np_selector *pod_selector)
{
	if (!pod_selector->present) {
		np_manifest_selector(w, "namespaces", ns_selector);
		return;
	}
	np_write_object(w, "pods");
	if (ns_selector->count)
		np_manifest_selector(w, "namespaceSelector", ns_selector);
	np_manifest_selector(w, "podSelector", pod_selector);
	np_write_end(w);
}

/* True if a port and the two behind it are one name for all protocols. */
static bool np_manifest_named(const struct np_rule *rule, uint32_t at)
{
	static const uint8_t protocol[] = {
		NP_PROTOCOL_TCP, NP_PROTOCOL_UDP, NP_PROTOCOL_SCTP,
	};
	uint32_t i;

	for (i = 0; i < 3; i++)
		if (at + i >= rule->port_count || rule->port[at + i].kind != NP_PORT_NAME ||
		    rule->port[at + i].protocol != protocol[i] ||
		    strcmp(rule->port[at + i].name, rule->port[at].name))
			return false;
	return true;
}

/*
 * False if a rule of a ClusterNetworkPolicy is closed, or is one that the API has no form for. The
 * kernel would take such a rule of another program.
 */
static bool np_manifest_expressible(const struct np_rule *rule)
{
	uint32_t i;

	if (rule->closed || !rule->peer_count)
		return false;
	for (i = 0; i < rule->peer_count; i++)
		if (rule->peer[i].ipblock && rule->peer[i].ipblock->except_count)
			return false;
	for (i = 0; i < rule->port_count; i++) {
		if (rule->port[i].kind != NP_PORT_NAME)
			continue;
		if (!np_manifest_named(rule, i))
			return false;
		i += 2;
	}
	return true;
}

/* Writes one peer, or those from it on that are networks. Returns how many. */
static uint32_t np_manifest_cluster_peer(struct np_writer *w, const struct np_rule *rule,
					 uint32_t at)
{
	const struct np_peer *peer = &rule->peer[at];
	char text[NP_CIDR_TEXT];
	uint32_t count = 0;

	np_write_object(w, NULL);
	if (peer->ipblock)
		np_write_array(w, "networks");
	else
		np_manifest_pods(w, &peer->ns_selector, &peer->pod_selector);
	while (count < NP_MANIFEST_NETWORKS && at + count < rule->peer_count &&
	       peer[count].ipblock)
		np_write_string(w, NULL, np_cidr_text(&peer[count++].ipblock->cidr, text));
	if (peer->ipblock)
		np_write_end(w);
	np_write_end(w);
	return count ? count : 1;
}

static void np_manifest_destination(struct np_writer *w, const struct np_port *port)
{
	static const struct {
		uint8_t protocol;
		const char *key;
	} key[] = {
		{ NP_PROTOCOL_TCP, "tcp" }, { NP_PROTOCOL_UDP, "udp" },
		{ NP_PROTOCOL_SCTP, "sctp" },
	};
	bool any = port->kind == NP_PORT_ANY;
	size_t i;

	for (i = 0; i < sizeof(key) / sizeof(key[0]); i++)
		if (key[i].protocol == port->protocol)
			np_write_object(w, key[i].key);
	np_write_object(w, "destinationPort");
	if (port->kind == NP_PORT_NUMBER) {
		np_write_number(w, "number", port->first);
	} else {
		np_write_object(w, "range");
		np_write_number(w, "start", any ? 1 : port->first);
		np_write_number(w, "end", any ? UINT16_MAX : port->last);
		np_write_end(w);
	}
	np_write_end(w);
	np_write_end(w);
}

static void np_manifest_protocols(struct np_writer *w, const struct np_rule *rule)
{
	uint32_t i;

	np_write_array(w, "protocols");
	for (i = 0; i < rule->port_count; i++) {
		np_write_object(w, NULL);
		if (rule->port[i].kind == NP_PORT_NAME) {
			np_write_string(w, "destinationNamedPort", rule->port[i].name);
			i += 2;
		} else {
			np_manifest_destination(w, &rule->port[i]);
		}
		np_write_end(w);
	}
	np_write_end(w);
}

/* The Nodes of a rule, while their addresses are not among its peers. */
static void np_manifest_nodes(struct np_writer *w, const struct np_rule *rule)
{
	uint32_t i;

	for (i = 0; rule->closed && rule->nodes && i < rule->nodes->node_count; i++) {
		np_write_object(w, NULL);
		np_manifest_selector(w, "nodes", &rule->nodes->node[i].selector);
		np_write_end(w);
	}
}

/* A rule as it is to be written: one that waits for Nodes says what it said when it was read. */
static struct np_rule np_manifest_rule(const struct np_rule *rule)
{
	struct np_rule said = *rule;

	if (!rule->closed || !rule->nodes)
		return said;
	said.peer = rule->nodes->peer;
	said.port = rule->nodes->port;
	said.peer_count = rule->nodes->peer_count;
	said.port_count = rule->nodes->port_count;
	return said;
}

/*
 * A rule that is closed gets an empty peer. As nobody may leave that out, it is refused where it is
 * read strictly, and closed where it is read leniently.
 */
static void np_manifest_cluster_rules(struct np_writer *w, const char *key, const char *peers,
				      const struct np_rule *rules, uint32_t count)
{
	const struct np_rule *rule;
	struct np_rule said;
	uint32_t i, k;
	bool plain;

	if (!count)
		return;
	np_write_array(w, key);
	for (i = 0; i < count; i++) {
		said = np_manifest_rule(&rules[i]);
		rule = &said;
		plain = (rule->closed && rule->nodes) || np_manifest_expressible(rule);
		np_write_object(w, NULL);
		if (rule->name && *rule->name)
			np_write_string(w, "name", rule->name);
		np_write_string(w, "action", np_rule_action_name(rule->action));
		np_write_array(w, peers);
		for (k = 0; plain && k < rule->peer_count;)
			k += np_manifest_cluster_peer(w, rule, k);
		np_manifest_nodes(w, rule);
		if (!plain) {
			np_write_object(w, NULL);
			np_write_end(w);
		}
		np_write_end(w);
		if (plain && rule->port_count)
			np_manifest_protocols(w, rule);
		np_write_end(w);
	}
	np_write_end(w);
}

static void np_manifest_cluster(struct np_writer *w, const char *key,
				const struct np_policy *policy,
				const struct np_policy_state *more)
{
	np_manifest_head(w, key, NP_CLUSTER_API, "ClusterNetworkPolicy", NULL,
			 policy->name, "", &policy->labels, more->origin, false, NULL);
	np_write_object(w, "spec");
	np_write_string(w, "tier", np_tier_name(policy->tier));
	np_write_number(w, "priority", policy->priority);
	np_write_object(w, "subject");
	np_manifest_pods(w, &policy->ns_selector, &policy->pod_selector);
	np_write_end(w);
	np_manifest_cluster_rules(w, "ingress", "from", policy->ingress, policy->ingress_count);
	np_manifest_cluster_rules(w, "egress", "to", policy->egress, policy->egress_count);
	np_write_end(w);
	np_write_end(w);
}

void np_manifest_policy(struct np_writer *w, const char *key, const struct np_policy *policy,
			const struct np_policy_state *more)
{
	if (policy->tier != NP_TIER_NETWORK_POLICY) {
		np_manifest_cluster(w, key, policy, more);
		return;
	}
	np_manifest_head(w, key, "networking.k8s.io/v1", "NetworkPolicy", policy->namespace,
			 policy->name, "", &policy->labels, more->origin, policy->audit,
			 more->observed ? more : NULL);
	np_write_object(w, "spec");
	np_manifest_selector(w, "podSelector", &policy->pod_selector);
	np_write_array(w, "policyTypes");
	if (policy->directions & NP_DIR_INGRESS)
		np_write_string(w, NULL, "Ingress");
	if (policy->directions & NP_DIR_EGRESS)
		np_write_string(w, NULL, "Egress");
	np_write_end(w);
	if (policy->directions & NP_DIR_INGRESS)
		np_manifest_rules(w, "ingress", "from", policy->ingress, policy->ingress_count);
	if (policy->directions & NP_DIR_EGRESS)
		np_manifest_rules(w, "egress", "to", policy->egress, policy->egress_count);
	np_write_end(w);
	np_write_end(w);
}
