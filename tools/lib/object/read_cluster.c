// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Turns nodes into struct np_policy, for ClusterNetworkPolicies. No field has a default. The API
 * server drops fields that are null before it checks anything, so null is as good as missing.
 */
#include <string.h>
#include <linux/netpol.h>

#include "object/read_cluster.h"
#include "base/loop.h"
#include "object/read_part.h"
#include "object/validate.h"

#define NP_CLUSTER_NAME_MAX	100	/* characters of a rule's name */
#define NP_CLUSTER_CIDR_MAX	43	/* characters of a network */

/* A direction of a policy: ingress has from, egress has to. */
struct np_cluster_list {
	const char *rules;
	const char *peers;
	uint8_t direction;	/* NP_DIR_INGRESS or NP_DIR_EGRESS */
};

static const struct np_cluster_list np_cluster_lists[] = {
	{ "ingress", "from", NP_DIR_INGRESS },
	{ "egress", "to", NP_DIR_EGRESS },
};

/*
 * Fields of NetworkPolicy and of the kinds before ClusterNetworkPolicy, and what is written in
 * their place.
 */
static void np_cluster_hint(struct np_decode *d, const struct np_node *map)
{
	static const struct {
		const char *field;
		const char *hint;
	} old[] = {
		{ "podSelector", "a peer or subject of pods is written pods: {podSelector: {...}}; "
				 "without a namespaceSelector that is pods of every namespace" },
		{ "namespaceSelector", "all pods of namespaces are written namespaces: {...}" },
		{ "ipBlock", "only egress rules have address blocks, written networks: "
			     "[10.0.0.0/8]; they have no except" },
		{ "networks", "only egress rules have networks" },
		{ "ports", "write protocols: [{tcp: {destinationPort: {number: 80}}}]" },
		{ "policyTypes", "a direction without rules is left out, and is not isolated" },
	};
	size_t i;

	for (i = 0; map->type == NP_NODE_MAP && i < NP_COUNT(old); i++)
		if (np_node_get(map, old[i].field)) {
			np_error_hint(d->err, "%s", old[i].hint);
			return;
		}
}

/* Checks that a node is a map of these fields. */
static int np_cluster_fields(struct np_decode *d, const struct np_node *node,
			     const struct np_path *path, const char *const *known, size_t count)
{
	if (np_expect(d, node, NP_NODE_MAP, path))
		return -1;
	if (!np_check_fields(d, node, path, known, count))
		return 0;
	np_cluster_hint(d, node);
	return -1;
}

/* Says of a map of which one field is to be set that none is. */
static int np_cluster_none(struct np_decode *d, const struct np_node *node,
			   const struct np_path *path, const char *const *known, size_t count)
{
	char text[128] = "";
	size_t len = 0, i;

	for (i = 0; i < count && len < sizeof(text); i++)
		len += snprintf(text + len, sizeof(text) - len, "%s%s", !i ? "" :
				i + 1 < count ? ", " : " or ", known[i]);
	return np_fail(d, node, path, "must have %s", text);
}

/* Returns the index of the one field that is set, or -1 with d->err filled. */
static int np_cluster_one_of(struct np_decode *d, const struct np_node *node,
			     const struct np_path *path, const char *const *known, size_t count,
			     const struct np_node **field)
{
	const struct np_node *one;
	int found = -1;
	size_t i;

	if (np_cluster_fields(d, node, path, known, count))
		return -1;
	for (i = 0; i < count; i++) {
		one = np_node_get(node, known[i]);
		if (!one || one->type == NP_NODE_NULL)
			continue;
		if (found >= 0) {
			np_fail_key(d, one, NP_FIELD(path, known[i]), "must not stand beside %s",
				    known[found]);
			np_error_hint(d->err, "exactly one of them can be set");
			return -1;
		}
		found = (int)i;
		*field = one;
	}
	if (found < 0)
		np_cluster_none(d, node, path, known, count);
	return found;
}

/*
 * Reads the pods of a peer or a subject. Without a namespaceSelector they are those of every
 * namespace.
 */
static int np_cluster_pods(struct np_decode *d, const struct np_node *node,
			   const struct np_path *path, struct np_selector *ns_selector,
			   struct np_selector *pod_selector)
{
	static const char * const known[] = { "namespaceSelector", "podSelector" };
	const struct np_node *namespaces, *pods;

	if (np_expect(d, node, NP_NODE_MAP, path) ||
	    np_check_fields(d, node, path, known, NP_COUNT(known)) ||
	    np_need(d, node, "podSelector", NP_NODE_MAP, path, &pods) ||
	    np_get(d, node, "namespaceSelector", NP_NODE_MAP, path, &namespaces) ||
	    np_decode_selector(d, namespaces, NP_FIELD(path, "namespaceSelector"), ns_selector))
		return -1;
	return np_decode_selector(d, pods, NP_FIELD(path, "podSelector"), pod_selector);
}

static int np_cluster_namespaces(struct np_decode *d, const struct np_node *node,
				 const struct np_path *path, struct np_selector *ns_selector)
{
	if (np_expect(d, node, NP_NODE_MAP, path))
		return -1;
	return np_decode_selector(d, node, path, ns_selector);
}

/* Adds a network to the peers of a rule, unless it is there, as it may be in another spelling. */
static void np_cluster_add_network(struct np_decode *d, const struct np_node *node,
				   const struct np_cidr *cidr, bool host_bits,
				   uint32_t index, struct np_rule *rule)
{
	struct np_peer *peer;
	uint32_t i;

	/* What this tool has written may have very many, and what another program loaded. */
	for (i = 0; !d->own && i < rule->peer_count; i++)
		if (rule->peer[i].ipblock &&
		    !memcmp(&rule->peer[i].ipblock->cidr, cidr, sizeof(*cidr)))
			return;
	peer = &rule->peer[rule->peer_count++];
	peer->line = node->line;
	peer->network = (uint16_t)(index + 1);
	peer->ipblock = np_arena_zalloc(&d->objs->arena, sizeof(*peer->ipblock));
	peer->ipblock->cidr = *cidr;
	if (host_bits)
		np_note_host_bits(d, node, peer->ipblock, 0);
}

static int np_cluster_networks(struct np_decode *d, const struct np_node *peer,
			       const struct np_path *up, struct np_rule *rule)
{
	const struct np_path *path = NP_FIELD(up, "networks"), *at;
	const struct np_node *list, *entry, *before;
	struct np_cidr cidr;
	bool host_bits;
	uint32_t i = 0;

	if (np_get_entries(d, peer, "networks", up, true, NP_CLUSTER_MAX, &list))
		return -1;
	for (entry = list->child; entry; entry = entry->next) {
		at = NP_INDEX(path, i++);
		if (np_expect(d, entry, NP_NODE_STRING, at))
			return -1;
		if (entry->count > NP_CLUSTER_CIDR_MAX)
			return np_fail(d, entry, at, "\"%.60s\" must be at most %u characters",
				       entry->text, NP_CLUSTER_CIDR_MAX);
		if (np_decode_cidr(d, entry, at, np_network_parse, &cidr, &host_bits))
			return -1;
		for (before = list->child; !d->own && before != entry; before = before->next)
			if (!strcmp(before->text, entry->text))
				return np_fail(d, entry, at, "\"%.60s\" is there twice",
					       entry->text);
		np_cluster_add_network(d, entry, &cidr, host_bits, i - 1, rule);
	}
	return 0;
}

/* Reads a selector of Nodes. path: that of the peer, which ends with its index. */
static int np_cluster_nodes(struct np_decode *d, const struct np_node *node,
			    const struct np_path *path, struct np_rule *rule)
{
	const struct np_path *at = NP_FIELD(path, "nodes");
	struct np_node_peer *peer;

	if (!rule->nodes) {
		rule->nodes = np_arena_zalloc(&d->objs->arena, sizeof(*rule->nodes));
		rule->nodes->node = np_arena_zalloc(&d->objs->arena, NP_CLUSTER_MAX *
						    sizeof(*rule->nodes->node));
	}
	if (rule->nodes->node_count == NP_CLUSTER_MAX)
		return np_fail(d, node, at, "a rule must name Nodes at most %u times",
			       NP_CLUSTER_MAX);
	peer = &rule->nodes->node[rule->nodes->node_count++];

	peer->line = node->line;
	peer->column = node->column;
	peer->at = path->index;
	if (np_expect(d, node, NP_NODE_MAP, at))
		return -1;
	return np_decode_selector(d, node, at, &peer->selector);
}

enum np_cluster_peer {
	NP_CLUSTER_NAMESPACES,
	NP_CLUSTER_PODS,
	NP_CLUSTER_NETWORKS,
	NP_CLUSTER_NODES,
};

static int np_cluster_peer(struct np_decode *d, const struct np_node *node,
			   const struct np_path *path, const struct np_cluster_list *in,
			   struct np_rule *rule)
{
	static const char * const known[] = {
		[NP_CLUSTER_NAMESPACES] = "namespaces", [NP_CLUSTER_PODS] = "pods",
		[NP_CLUSTER_NETWORKS] = "networks", [NP_CLUSTER_NODES] = "nodes", "domainNames",
	};
	bool egress = in->direction == NP_DIR_EGRESS;
	const struct np_node *field;
	struct np_peer *peer;
	int which;

	which = np_cluster_one_of(d, node, path, known, egress ? NP_COUNT(known) : 2, &field);
	if (which < 0)
		return -1;
	if (which == NP_CLUSTER_NETWORKS)
		return np_cluster_networks(d, node, path, rule);
	if (which == NP_CLUSTER_NODES)
		return np_cluster_nodes(d, field, path, rule);
	if (which > NP_CLUSTER_NODES) {
		np_fail_key(d, field, NP_FIELD(path, known[which]), "is not enforced");
		np_error_hint(d->err, "write the addresses as networks, or take the peer out");
		return -1;
	}
	peer = &rule->peer[rule->peer_count++];
	peer->line = node->line;
	if (which == NP_CLUSTER_NAMESPACES)
		return np_cluster_namespaces(d, field, NP_FIELD(path, "namespaces"),
					     &peer->ns_selector);
	if (np_cluster_pods(d, field, NP_FIELD(path, "pods"), &peer->ns_selector,
			    &peer->pod_selector))
		return -1;
	peer->ns_selector.present = true;
	return 0;
}

/* Returns how many peers a list becomes at most. */
static size_t np_cluster_peer_room(const struct np_node *list)
{
	const struct np_node *entry, *networks;
	size_t room = 0;

	for (entry = list->child; entry; entry = entry->next) {
		networks = entry->type == NP_NODE_MAP ? np_node_get(entry, "networks") : NULL;
		room += networks && networks->type == NP_NODE_LIST ? NP_CLUSTER_MAX : 1;
	}
	return room;
}

static int np_cluster_peers(struct np_decode *d, const struct np_node *node,
			    const struct np_path *up, const struct np_cluster_list *in,
			    struct np_rule *rule)
{
	const struct np_path *path = NP_FIELD(up, in->peers);
	const struct np_node *list, *entry;
	uint32_t i = 0, k = 0;

	if (np_get_entries(d, node, in->peers, up, true, d->own ? 0 : NP_CLUSTER_MAX, &list))
		return -1;
	rule->peer = np_arena_zalloc(&d->objs->arena,
				     np_cluster_peer_room(list) * sizeof(*rule->peer));
	for (entry = list->child; entry; entry = entry->next) {
		np_breathe();
		if (np_go_on(d, np_cluster_peer(d, entry, NP_INDEX(path, i), in, rule)))
			return -1;
		i++;
		for (; k < rule->peer_count; k++)
			rule->peer[k].entry = (uint16_t)i;
	}
	return 0;
}

static int np_cluster_range(struct np_decode *d, const struct np_node *node,
			    const struct np_path *path, struct np_port *port)
{
	static const char * const known[] = { "start", "end" };
	const struct np_node *start, *end;

	if (np_expect(d, node, NP_NODE_MAP, path) ||
	    np_check_fields(d, node, path, known, NP_COUNT(known)) ||
	    np_need(d, node, "start", NP_NODE_INT, path, &start) ||
	    np_need(d, node, "end", NP_NODE_INT, path, &end) ||
	    np_decode_port_number(d, start, NP_FIELD(path, "start"), &port->first) ||
	    np_decode_port_number(d, end, NP_FIELD(path, "end"), &port->last))
		return -1;
	port->kind = NP_PORT_RANGE;
	if (port->first < port->last)
		return 0;
	np_fail(d, end, NP_FIELD(path, "end"), "%u must be above start %u", port->last,
		port->first);
	if (port->first == port->last)
		np_error_hint(d->err, "one port is written number: %u", port->first);
	return -1;
}

/* Reads {destinationPort: {number: 80}} of tcp, udp or sctp. */
static int np_cluster_port(struct np_decode *d, const struct np_node *node,
			   const struct np_path *path, struct np_port *port)
{
	static const char * const known[] = { "destinationPort" };
	static const char * const either[] = { "number", "range" };
	const struct np_path *at = NP_FIELD(path, "destinationPort");
	const struct np_node *to, *field;
	int which;

	if (np_expect(d, node, NP_NODE_MAP, path) ||
	    np_check_fields(d, node, path, known, NP_COUNT(known)) ||
	    np_need(d, node, "destinationPort", NP_NODE_MAP, path, &to))
		return -1;
	which = np_cluster_one_of(d, to, at, either, NP_COUNT(either), &field);
	if (which < 0)
		return -1;
	if (which)
		return np_cluster_range(d, field, NP_FIELD(at, "range"), port);
	if (np_decode_port_number(d, field, NP_FIELD(at, "number"), &port->first))
		return -1;
	port->kind = NP_PORT_NUMBER;
	port->last = port->first;
	return 0;
}

/* True if a rule has networks, or Nodes, which are as good as networks. */
static bool np_cluster_has_networks(const struct np_rule *rule)
{
	uint32_t i;

	if (rule->nodes)
		return true;
	for (i = 0; i < rule->peer_count; i++)
		if (rule->peer[i].ipblock)
			return true;
	return false;
}

/*
 * Reads destinationNamedPort, which is a port of that name of each protocol. What the API server
 * takes may be longer, or have other characters, than the name of a container's port. Such a name
 * matches nothing, and the other protocols of the rule mean what they say.
 */
static int np_cluster_named_port(struct np_decode *d, const struct np_node *node,
				 const struct np_path *path, struct np_rule *rule)
{
	static const uint8_t protocol[] = {
		NP_PROTOCOL_TCP, NP_PROTOCOL_UDP, NP_PROTOCOL_SCTP,
	};
	const char *wrong;
	size_t i;

	if (np_expect(d, node, NP_NODE_STRING, path))
		return -1;
	if (!node->count)
		return np_fail(d, node, path, "must not be empty");
	if (np_cluster_has_networks(rule)) {
		np_fail(d, node, path, "must not stand in a rule with %s: only pods have names of "
			"ports", rule->nodes ? "nodes" : "networks");
		np_error_hint(d->err, "make a rule of its own of them, with numbers");
		return -1;
	}
	wrong = np_check_port_name(node->text);
	if (wrong && !d->lenient)
		return np_fail(d, node, path, "\"%.60s\" is no port name: it %s", node->text,
			       wrong);
	if (wrong) {
		np_warn(d, node, path, "no container has a port \"%.60s\": it %s", node->text,
			wrong);
		return 0;
	}
	for (i = 0; i < NP_COUNT(protocol); i++)
		rule->port[rule->port_count++] = (struct np_port) {
			.kind = NP_PORT_NAME,
			.name = np_intern_str(d->objs, node->text),
			.protocol = protocol[i],
			.has_protocol = true,
			.line = node->line,
		};
	return 0;
}

static int np_cluster_protocol(struct np_decode *d, const struct np_node *node,
			       const struct np_path *path, struct np_rule *rule)
{
	static const char * const known[] = { "tcp", "udp", "sctp", "destinationNamedPort" };
	static const uint8_t protocol[] = {
		NP_PROTOCOL_TCP, NP_PROTOCOL_UDP, NP_PROTOCOL_SCTP,
	};
	const struct np_node *field;
	struct np_port *port;
	int which;

	which = np_cluster_one_of(d, node, path, known, NP_COUNT(known), &field);
	if (which < 0)
		return -1;
	if (which == NP_COUNT(protocol))
		return np_cluster_named_port(d, field, NP_FIELD(path, known[which]), rule);
	port = &rule->port[rule->port_count++];
	port->protocol = protocol[which];
	port->has_protocol = true;
	port->line = node->line;
	return np_cluster_port(d, field, NP_FIELD(path, known[which]), port);
}

/* Closes a rule for good, also one that names Nodes. */
static void np_cluster_rule_empty(struct np_rule *rule)
{
	np_rule_close(rule);
	rule->nodes = NULL;
}

/* Closes a rule that names Nodes until their addresses are known. What it says is kept aside. */
static void np_cluster_rule_wait(struct np_rule *rule)
{
	struct np_rule_nodes *nodes = rule->nodes;

	if (!nodes)
		return;
	nodes->peer = rule->peer;
	nodes->port = rule->port;
	nodes->peer_count = rule->peer_count;
	nodes->port_count = rule->port_count;
	np_rule_close(rule);
}

static const char *np_cluster_closed_text(const struct np_rule *rule)
{
	return rule->action == NP_ACTION_ACCEPT ? "the rule is closed and matches nothing" :
						  "the rule is closed and denies everything";
}

static int np_cluster_protocols(struct np_decode *d, const struct np_node *node,
				const struct np_path *up, struct np_rule *rule)
{
	const struct np_path *path = NP_FIELD(up, "protocols");
	const struct np_node *list, *entry;
	uint32_t i = 0, k = 0;

	if (np_get_entries(d, node, "protocols", up, false, NP_CLUSTER_MAX, &list))
		return -1;
	if (!list)
		return 0;
	rule->port = np_arena_zalloc(&d->objs->arena,
				     (size_t)list->count * 3 * sizeof(*rule->port));
	for (entry = list->child; entry; entry = entry->next) {
		if (np_go_on(d, np_cluster_protocol(d, entry, NP_INDEX(path, i), rule)))
			return -1;
		i++;
		for (; k < rule->port_count; k++)
			rule->port[k].entry = (uint16_t)i;
	}
	/*
	 * Every item was a name that no port has, so the rule matches nothing. There is no way to
	 * say so of a Deny or Pass, which without ports would be about all of them. A closed one
	 * denies more than it should, and a Deny that is left out would deny less.
	 */
	if (!rule->port_count) {
		np_cluster_rule_empty(rule);
		np_warn(d, list, path, "no port is left: %s", np_cluster_closed_text(rule));
	}
	return 0;
}

static int np_cluster_action(struct np_decode *d, const struct np_node *node,
			     const struct np_path *path, uint8_t *action)
{
	const struct np_node *field;

	if (np_need(d, node, "action", NP_NODE_STRING, path, &field))
		return -1;
	for (*action = NP_ACTION_ACCEPT; *action <= NP_ACTION_PASS; (*action)++)
		if (!strcmp(field->text, np_rule_action_name(*action)))
			return 0;
	np_fail(d, field, NP_FIELD(path, "action"), "\"%.60s\" must be Accept, Deny or Pass",
		field->text);
	if (!strcmp(field->text, "Allow"))
		np_error_hint(d->err, "write Accept");
	return -1;
}

/*
 * Reads the name of a rule. The limit is one of characters in the API and one of bytes in the
 * kernel. As names need not be unique, a longer one is cut.
 */
static int np_cluster_rule_name(struct np_decode *d, const struct np_node *node,
				const struct np_path *path, const char **name)
{
	const struct np_path *at = NP_FIELD(path, "name");
	size_t len = 0, kept = 0, count = 0, step;
	const struct np_node *field;
	uint32_t code;

	*name = "";
	if (np_get(d, node, "name", NP_NODE_STRING, path, &field))
		return -1;
	if (!field)
		return 0;
	for (; len < field->count; len += step, count++) {
		step = np_utf8_next(field->text + len, field->count - len, &code);
		step = step ? step : 1;
		if (len + step <= NETPOL_RULE_NAME_MAX)
			kept = len + step;
	}
	*name = np_intern(d->objs, field->text, kept);
	if (count > NP_CLUSTER_NAME_MAX)
		return np_fail(d, field, at, "must be at most %u characters, has %zu",
			       NP_CLUSTER_NAME_MAX, count);
	if (kept < field->count)
		np_warn(d, field, at, "is cut to %zu bytes: \"%s\"", kept, *name);
	return 0;
}

/* Reads a rule but for its action. */
static int np_cluster_rule_rest(struct np_decode *d, const struct np_node *node,
				const struct np_path *path, const struct np_cluster_list *in,
				struct np_rule *rule)
{
	const char *const known[] = { "name", "action", in->peers, "protocols" };

	if (np_go_on(d, np_cluster_rule_name(d, node, path, &rule->name)) ||
	    np_cluster_fields(d, node, path, known, NP_COUNT(known)) ||
	    np_go_on(d, np_cluster_peers(d, node, path, in, rule)) ||
	    np_cluster_protocols(d, node, path, rule))
		return -1;
	np_cluster_rule_wait(rule);
	return 0;
}

static int np_cluster_rule(struct np_decode *d, const struct np_node *node,
			   const struct np_path *path, const struct np_cluster_list *in,
			   struct np_rule *rule)
{
	rule->line = node->line;
	rule->name = "";
	if (np_expect(d, node, NP_NODE_MAP, path) ||
	    np_go_on(d, np_cluster_action(d, node, path, &rule->action)))
		return -1;
	return np_cluster_rule_rest(d, node, path, in, rule);
}

/* Puts rules where a policy has those of a direction. */
static void np_cluster_set_rules(struct np_policy *policy, const struct np_cluster_list *in,
				 struct np_rule *rule, uint32_t count)
{
	if (count)
		policy->directions |= in->direction;
	if (in->direction == NP_DIR_INGRESS) {
		policy->ingress = rule;
		policy->ingress_count = count;
	} else {
		policy->egress = rule;
		policy->egress_count = count;
	}
}

static int np_cluster_rules(struct np_decode *d, const struct np_node *spec,
			    const struct np_path *up, const struct np_cluster_list *in,
			    struct np_policy *policy)
{
	const struct np_path *path = NP_FIELD(up, in->rules);
	const struct np_node *list, *entry;
	struct np_rule *rule;
	uint32_t i = 0;

	if (np_get(d, spec, in->rules, NP_NODE_LIST, up, &list))
		return -1;
	if (!list || !list->count)
		return 0;
	if (list->count > NP_CLUSTER_MAX)
		return np_fail(d, list, path, "must have at most %u entries, has %u",
			       NP_CLUSTER_MAX, (unsigned int)list->count);
	rule = np_arena_zalloc(&d->objs->arena, list->count * sizeof(*rule));
	for (entry = list->child; entry; entry = entry->next, i++)
		if (np_go_on(d, np_cluster_rule(d, entry, NP_INDEX(path, i), in, &rule[i])))
			return -1;
	np_cluster_set_rules(policy, in, rule, list->count);
	return 0;
}

static int np_cluster_subject(struct np_decode *d, const struct np_node *spec,
			      const struct np_path *up, struct np_policy *policy)
{
	static const char * const known[] = { "namespaces", "pods" };
	const struct np_path *path = NP_FIELD(up, "subject");
	const struct np_node *subject, *field;
	int which;

	if (np_need(d, spec, "subject", NP_NODE_MAP, up, &subject))
		return -1;
	which = np_cluster_one_of(d, subject, path, known, NP_COUNT(known), &field);
	if (which < 0)
		return -1;
	if (!which)
		return np_cluster_namespaces(d, field, NP_FIELD(path, "namespaces"),
					     &policy->ns_selector);
	return np_cluster_pods(d, field, NP_FIELD(path, "pods"), &policy->ns_selector,
			       &policy->pod_selector);
}

/* Reads all of a spec that is no rule and not the subject. The priority is read in any case. */
static int np_cluster_head(struct np_decode *d, const struct np_node *spec,
			   const struct np_path *path, struct np_policy *policy)
{
	static const char * const known[] = {
		"tier", "priority", "subject", "ingress", "egress",
	};
	const struct np_node *tier;

	policy->tier = NP_TIER_ADMIN;
	if (np_decode_priority(d, spec, path, &policy->priority) ||
	    np_cluster_fields(d, spec, path, known, NP_COUNT(known)) ||
	    np_need(d, spec, "tier", NP_NODE_STRING, path, &tier))
		return -1;
	if (!strcmp(tier->text, np_tier_name(NP_TIER_BASELINE)))
		policy->tier = NP_TIER_BASELINE;
	else if (strcmp(tier->text, np_tier_name(NP_TIER_ADMIN)))
		return np_fail(d, tier, NP_FIELD(path, "tier"),
			       "\"%.60s\" must be Admin or Baseline", tier->text);
	return 0;
}

static int np_cluster_spec(struct np_decode *d, const struct np_node *spec,
			   const struct np_path *path, struct np_policy *policy)
{
	size_t i;

	if (np_go_on(d, np_cluster_head(d, spec, path, policy)) ||
	    np_go_on(d, np_cluster_subject(d, spec, path, policy)))
		return -1;
	for (i = 0; i < NP_COUNT(np_cluster_lists); i++)
		if (np_go_on(d, np_cluster_rules(d, spec, path, &np_cluster_lists[i], policy)))
			return -1;
	return 0;
}

static int np_cluster_meta(struct np_decode *d, const struct np_node *node,
			   const struct np_path *path, struct np_policy *policy)
{
	struct np_meta meta;

	if (np_decode_meta(d, node, path, NP_SCOPE_CLUSTER, &meta) ||
	    NP_CHECK_FIELDS(d, node, path, "apiVersion", "kind", "metadata",
			    "spec", "status"))
		return -1;
	policy->place = np_decode_place(d, node);
	policy->namespace = "";
	policy->name = meta.name;
	policy->labels = meta.labels;
	return 0;
}

int np_decode_cluster_policy(struct np_decode *d, const struct np_node *node,
			     const struct np_path *path)
{
	struct np_policy policy = { 0 };
	const struct np_node *spec;
	int ret;

	if (np_cluster_meta(d, node, path, &policy) ||
	    np_need(d, node, "spec", NP_NODE_MAP, path, &spec))
		return -1;
	d->exact = true;
	ret = np_cluster_spec(d, spec, NP_FIELD(path, "spec"), &policy);
	d->exact = false;
	if (ret)
		return -1;
	policy.types_given = true;
	*np_objects_add_policy(d->objs) = policy;
	return 0;
}

/* Turns the error into a warning, with what is enforced in place of what cannot be read. */
static void np_cluster_warn(struct np_decode *d, const char *instead)
{
	const struct np_place place = {
		.file = d->file, .line = d->err->line, .column = d->err->column,
	};

	np_objects_warn(d->objs, &place, d->err->path, "%.300s: %s", d->err->text, instead);
}

/* Reads what can be read of a rule. lost: what stands above it cannot be read. */
static void np_cluster_rule_closed(struct np_decode *d, const struct np_node *node,
				   const struct np_path *path, const struct np_cluster_list *in,
				   bool lost, struct np_rule *rule)
{
	rule->line = node->line;
	rule->name = "";
	rule->action = NP_ACTION_DENY;
	if (np_expect(d, node, NP_NODE_MAP, path)) {
		np_cluster_rule_empty(rule);
		np_cluster_warn(d, np_cluster_closed_text(rule));
		return;
	}
	if (np_cluster_action(d, node, path, &rule->action)) {
		rule->action = NP_ACTION_DENY;
		np_cluster_warn(d, "the rule denies what it matches");
	}
	if (np_cluster_rule_rest(d, node, path, in, rule)) {
		np_cluster_rule_empty(rule);
		np_cluster_warn(d, np_cluster_closed_text(rule));
	}
	if (!lost)
		return;
	if (rule->action == NP_ACTION_ACCEPT)
		np_cluster_rule_empty(rule);
	else if (!rule->closed || rule->nodes)
		rule->action = NP_ACTION_DENY;
}

/* A direction whose rules are unknown: one rule that denies everything. */
static void np_cluster_direction_closed(struct np_decode *d, const struct np_node *node,
					const struct np_cluster_list *in, struct np_policy *policy)
{
	struct np_rule *rule = np_arena_zalloc(&d->objs->arena, sizeof(*rule));

	rule->action = NP_ACTION_DENY;
	rule->name = "";
	rule->line = node->line;
	rule->closed = true;
	np_cluster_set_rules(policy, in, rule, 1);
}

/*
 * Reads the rules of a direction. full: there are more than the API knows of, so all of them are
 * closed, and those over the limit become one, which denies unless all of them accept.
 */
static void np_cluster_rules_closed(struct np_decode *d, const struct np_node *spec,
				    const struct np_path *up, const struct np_cluster_list *in,
				    bool lost, bool full, struct np_policy *policy)
{
	const struct np_path *path = NP_FIELD(up, in->rules);
	struct np_rule *rule, *one, other = { 0 };
	const struct np_node *list, *entry;
	uint32_t i = 0;

	if (np_get(d, spec, in->rules, NP_NODE_LIST, up, &list)) {
		np_cluster_warn(d, "the direction is closed and denies everything");
		np_cluster_direction_closed(d, spec, in, policy);
		return;
	}
	rule = np_arena_zalloc(&d->objs->arena, (NP_CLUSTER_MAX + 1) * sizeof(*rule));
	for (entry = list ? list->child : NULL; entry; entry = entry->next, i++) {
		one = i <= NP_CLUSTER_MAX ? &rule[i] : &other;
		np_cluster_rule_closed(d, entry, NP_INDEX(path, i), in, lost, one);
		if (full)
			np_cluster_rule_empty(one);
		if (one == &other && one->action != NP_ACTION_ACCEPT)
			rule[NP_CLUSTER_MAX].action = NP_ACTION_DENY;
	}
	np_cluster_set_rules(policy, in, rule, i <= NP_CLUSTER_MAX ? i : NP_CLUSTER_MAX + 1);
}

/* Returns true, with a warning, if a direction has more rules than the API knows of. */
static bool np_cluster_is_full(struct np_decode *d, const struct np_node *spec,
			       const struct np_path *path)
{
	const struct np_node *list;
	size_t i;

	for (i = 0; i < NP_COUNT(np_cluster_lists); i++) {
		list = np_node_get(spec, np_cluster_lists[i].rules);
		if (!list || list->type != NP_NODE_LIST || list->count <= NP_CLUSTER_MAX)
			continue;
		np_fail(d, list, NP_FIELD(path, np_cluster_lists[i].rules),
			"must have at most %u entries, has %u", NP_CLUSTER_MAX,
			(unsigned int)list->count);
		np_cluster_warn(d, "every rule of the policy is closed");
		return true;
	}
	return false;
}

/* As namespaces: {}. */
static const struct np_selector np_cluster_every_pod = { .present = true };

static void np_cluster_spec_closed(struct np_decode *d, const struct np_node *spec,
				   const struct np_path *path, struct np_policy *policy)
{
	bool lost = false, full = np_cluster_is_full(d, spec, path);
	size_t i;

	if (np_cluster_head(d, spec, path, policy)) {
		np_cluster_warn(d, "the policy is of tier Admin and accepts nothing");
		policy->tier = NP_TIER_ADMIN;
		lost = true;
	}
	if (np_cluster_subject(d, spec, path, policy)) {
		np_cluster_warn(d, "the policy is of tier Admin, for every pod, and accepts nothing");
		policy->tier = NP_TIER_ADMIN;
		policy->ns_selector = np_cluster_every_pod;
		policy->pod_selector = (struct np_selector) { 0 };
		lost = true;
	}
	for (i = 0; i < NP_COUNT(np_cluster_lists); i++)
		np_cluster_rules_closed(d, spec, path, &np_cluster_lists[i], lost, full, policy);
}

int np_decode_cluster_policy_closed(struct np_decode *d, const struct np_node *node,
				    const struct np_path *path)
{
	struct np_policy policy = { .tier = NP_TIER_ADMIN };
	const struct np_node *spec;
	size_t i;

	if (np_cluster_meta(d, node, path, &policy))
		return -1;
	if (np_need(d, node, "spec", NP_NODE_MAP, path, &spec)) {
		np_cluster_warn(d, "the policy is of tier Admin and denies everything to every pod");
		policy.ns_selector = np_cluster_every_pod;
		for (i = 0; i < NP_COUNT(np_cluster_lists); i++)
			np_cluster_direction_closed(d, node, &np_cluster_lists[i], &policy);
	} else {
		d->exact = true;
		np_cluster_spec_closed(d, spec, NP_FIELD(path, "spec"), &policy);
		d->exact = false;
	}
	policy.types_given = true;
	*np_objects_add_policy(d->objs) = policy;
	return 0;
}
