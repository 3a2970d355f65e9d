// SPDX-License-Identifier: GPL-2.0-or-later
/* Made-up histories; see the header. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "random.h"
#include "object/nodes.h"
#include "object/write.h"
#include "object/validate.h"

const char *const history_origin[HISTORY_ORIGINS] = { "kube", "hand", "manual" };

static const char *const keys[] = { "app", "tier", "a", "example.com/app", "example.com/a" };
static const char *const values[] = { "a", "", "b", "c", "B" };
static const char *const port_names[] = { "http", "dns", "web", "x" };
static const uint16_t port_numbers[] = { 80, 81, 53, 443, 8080, 1, 65535, 65534, 79, 82, 32000 };
/* In the order of their bytes, which is neither that of numbers nor that of a dictionary. */
static const char *const cluster_names[] = { "a", "a-b", "a.b", "a0", "p10", "p9" };
static const uint16_t priorities[] = { 5, 5, 5, 5, 9, 10, 0, 1000 };
static const uint8_t protocols[] = { NP_PROTOCOL_TCP, NP_PROTOCOL_UDP, NP_PROTOCOL_SCTP };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(h, array) ((array)[history_random(h, COUNT(array))])

/* splitmix64 */
uint32_t history_random(struct history *h, uint32_t n)
{
	uint64_t z;

	if (h->left >= 2) {
		z = h->bytes[0];
		if (n > 256)
			z |= (uint64_t)h->bytes[1] << 8;
		h->bytes += 1 + (n > 256);
		h->left -= 1 + (n > 256);
		return z % n;
	}
	h->left = 0;
	return random_below(&h->random, n);
}

/* True in one of n cases. */
static bool rarely(struct history *h, uint32_t n)
{
	return !history_random(h, n);
}

/* Half of all labels are about one key and two values, so that selectors match often. */
static const char *some_key(struct history *h)
{
	return rarely(h, 2) ? keys[0] : PICK(h, keys);
}

static void *room(struct history *h, size_t count, size_t size)
{
	return np_arena_zalloc(&h->pool.arena, (count + 1) * size);
}

static const char *name(struct history *h, const char *prefix, unsigned int number)
{
	char text[32];

	snprintf(text, sizeof(text), "%s%u", prefix, number);
	return np_intern_str(&h->pool, text);
}

/* A key that pods carry long before a policy names it, if one ever does. */
static const char *late_key(struct history *h)
{
	return name(h, "late", history_random(h, 6));
}

static const char *some_value(struct history *h)
{
	return rarely(h, 2) ? values[history_random(h, 2)] : PICK(h, values);
}

static int label_order(const void *a, const void *b)
{
	return strcmp(((const struct np_label *)a)->key, ((const struct np_label *)b)->key);
}

static void add_label(struct np_labels *labels, const char *key, const char *value)
{
	uint32_t i;

	for (i = 0; i < labels->count; i++)
		if (!strcmp(labels->item[i].key, key))
			return;
	labels->item[labels->count].key = key;
	labels->item[labels->count++].value = value;
}

static void make_labels(struct history *h, struct np_labels *labels, uint32_t most)
{
	uint32_t i, count = history_random(h, most + 1);

	labels->item = room(h, count + 2, sizeof(*labels->item));
	for (i = 0; i < count; i++)
		add_label(labels, some_key(h), some_value(h));
}

static void sort_labels(struct np_labels *labels)
{
	qsort(labels->item, labels->count, sizeof(*labels->item), label_order);
}

static void make_namespace(struct history *h, struct np_namespace *ns)
{
	ns->name = name(h, "n", history_random(h, h->namespaces));
	make_labels(h, &ns->labels, 3);
	if (!rarely(h, 8))
		add_label(&ns->labels, "kubernetes.io/metadata.name", ns->name);
	sort_labels(&ns->labels);
}

/* Gives a namespace another name, and the label that goes with it. */
static void rename_namespace(struct history *h, struct np_namespace *ns, unsigned int number)
{
	uint32_t i;

	ns->name = name(h, "n", number);
	for (i = 0; i < ns->labels.count; i++)
		if (!strcmp(ns->labels.item[i].key, "kubernetes.io/metadata.name"))
			ns->labels.item[i].value = ns->name;
}

/* An address that packets of a pod can have. */
static bool is_unicast(const struct np_address *address)
{
	static const uint8_t none[16], loopback[16] = { [15] = 1 };
	const uint8_t *a = address->addr;

	if (address->family == AF_INET)
		return a[0] && a[0] != 127 && (a[0] & 0xf0) != 0xe0 &&
		       memcmp(a, "\xff\xff\xff\xff", 4);
	return memcmp(a, none, 16) && memcmp(a, loopback, 16) && a[0] != 0xff;
}

static void make_addresses(struct history *h, struct np_pod *pod)
{
	uint32_t i, j, count = rarely(h, 12) ? history_random(h, 5) : 1 + history_random(h, 2);

	pod->address = room(h, count, sizeof(*pod->address));
	for (i = 0; i < count; i++) {
		const struct np_address *address = &h->address[history_random(h, h->addresses)];

		if (h->unicast && !is_unicast(address))
			continue;
		for (j = 0; j < pod->address_count; j++)
			if (!memcmp(&pod->address[j], address, sizeof(*address)))
				break;
		if (j == pod->address_count)
			pod->address[pod->address_count++] = *address;
	}
}

static void make_pod_ports(struct history *h, struct np_pod *pod)
{
	uint32_t i, j, count = rarely(h, 3) ? 0 : history_random(h, 4);

	pod->port = room(h, count, sizeof(*pod->port));
	for (i = 0; i < count; i++) {
		struct np_named_port port = {
			.name = PICK(h, port_names),
			.number = port_numbers[history_random(h, 5)],
			.protocol = rarely(h, 3) ? PICK(h, protocols) : NP_PROTOCOL_TCP,
		};

		for (j = 0; j < pod->port_count; j++)
			if (pod->port[j].name == port.name &&
			    pod->port[j].number == port.number &&
			    pod->port[j].protocol == port.protocol)
				break;
		if (j == pod->port_count)
			pod->port[pod->port_count++] = port;
	}
}

/* One of the pods that differ in nothing but a key that may be named late. */
static void make_twin(struct history *h, struct np_pod *pod)
{
	pod->labels.count = 0;
	pod->labels.item = room(h, 3, sizeof(*pod->labels.item));
	add_label(&pod->labels, keys[0], values[0]);
	if (rarely(h, 2))
		add_label(&pod->labels, late_key(h), values[history_random(h, 2)]);
	sort_labels(&pod->labels);
}

static void make_pod(struct history *h, struct np_pod *pod)
{
	static const uint8_t phases[] = {
		NP_PHASE_RUNNING, NP_PHASE_RUNNING, NP_PHASE_NONE, NP_PHASE_PENDING,
		NP_PHASE_SUCCEEDED, NP_PHASE_FAILED, NP_PHASE_UNKNOWN,
	};

	pod->namespace = name(h, "n", history_random(h, h->namespaces));
	pod->name = name(h, "pod", history_random(h, h->pods));
	pod->uid = rarely(h, 3) ? "" : name(h, "uid", history_random(h, 3));
	pod->node = rarely(h, 4) ? "elsewhere" : HISTORY_NODE;
	pod->phase = rarely(h, 4) ? PICK(h, phases) : NP_PHASE_RUNNING;
	pod->host_network = rarely(h, 25);
	pod->deleting = rarely(h, 10);
	make_labels(h, &pod->labels, 3);
	if (h->wide)
		add_label(&pod->labels, "pod", pod->name);
	else if (!rarely(h, 3))
		add_label(&pod->labels, late_key(h), values[history_random(h, 2)]);
	sort_labels(&pod->labels);
	make_addresses(h, pod);
	if (!h->wide && rarely(h, 2))
		make_twin(h, pod);
	else
		make_pod_ports(h, pod);
}

static void make_requirement(struct history *h, struct np_requirement *requirement)
{
	uint32_t i;

	requirement->key = rarely(h, 10) ? "nobody" : some_key(h);
	if (h->wide && rarely(h, 2))
		requirement->key = "pod";
	else if (rarely(h, 6))
		requirement->key = late_key(h);
	requirement->op = history_random(h, 4);
	requirement->match_label = rarely(h, 2);
	if (requirement->match_label)
		requirement->op = NP_OP_IN;
	if (requirement->op != NP_OP_IN && requirement->op != NP_OP_NOT_IN)
		return;
	requirement->value_count = requirement->match_label ? 1 : 1 + history_random(h, 3);
	requirement->value = room(h, requirement->value_count, sizeof(*requirement->value));
	for (i = 0; i < requirement->value_count; i++)
		requirement->value[i] = strcmp(requirement->key, "pod") ? some_value(h) :
					name(h, "pod", history_random(h, h->pods));
}

static void make_selector(struct history *h, struct np_selector *selector, uint32_t most)
{
	uint32_t i, count = history_random(h, most + 1);

	selector->present = true;
	selector->item = room(h, count + 1, sizeof(*selector->item));
	for (i = 0; i < count; i++)
		make_requirement(h, &selector->item[selector->count++]);
	/* what the last one says, and its contrary: nothing matches */
	if (count && rarely(h, 12)) {
		selector->item[count] = selector->item[count - 1];
		selector->item[count].match_label = false;
		selector->item[selector->count++].op ^= 1;
	}
}

/* A prefix of one of the addresses; now and then with host bits, which don't count. */
static void make_cidr(struct history *h, struct np_cidr *cidr)
{
	static const uint8_t usual[] = { 0, 1, 8, 16, 24, 25, 28, 30, 31, 32 };
	const struct np_address *address = &h->address[history_random(h, h->addresses)];
	unsigned int bit, bits = address->family == AF_INET ? 32 : 128;

	memset(cidr, 0, sizeof(*cidr));
	cidr->family = address->family;
	cidr->length = bits - 32 + PICK(h, usual);
	if (rarely(h, 4))
		cidr->length = history_random(h, bits + 1);
	if (rarely(h, 8))
		memcpy(cidr->addr, address->addr, bits / 8);
	for (bit = 0; bit < cidr->length; bit++)
		cidr->addr[bit / 8] |= address->addr[bit / 8] & 128 >> bit % 8;
}

static struct np_ipblock *make_block(struct history *h)
{
	struct np_ipblock *block = room(h, 1, sizeof(*block));
	uint32_t i, count = rarely(h, 2) ? 0 : history_random(h, 5);

	make_cidr(h, &block->cidr);
	block->except = room(h, count, sizeof(*block->except));
	/* most attempts are outside of the block: many for a few that fit */
	for (i = 0; i < 60 && block->except_count < count; i++) {
		struct np_cidr *except = &block->except[block->except_count];

		make_cidr(h, except);
		if (except->length > block->cidr.length &&
		    np_cidr_contains(&block->cidr, except))
			block->except_count++;
	}
	return block;
}

static void make_peer(struct history *h, struct np_peer *peer)
{
	switch (history_random(h, 5)) {
	case 0:
		make_selector(h, &peer->pod_selector, 2);
		break;
	case 1:
		make_selector(h, &peer->ns_selector, 2);
		break;
	case 2:
		make_selector(h, &peer->ns_selector, 1);
		make_selector(h, &peer->pod_selector, 2);
		break;
	default:
		peer->ipblock = make_block(h);
		break;
	}
}

static void make_port(struct history *h, struct np_port *port)
{
	uint16_t other = PICK(h, port_numbers);

	port->protocol = rarely(h, 3) ? PICK(h, protocols) : NP_PROTOCOL_TCP;
	port->kind = history_random(h, 4);
	if (port->kind == NP_PORT_NAME) {
		port->name = PICK(h, port_names);
	} else if (port->kind != NP_PORT_ANY) {
		port->first = PICK(h, port_numbers);
		port->last = port->first;
	}
	if (port->kind == NP_PORT_RANGE) {
		port->first = other < port->first ? other : port->first;
		port->last = other > port->last ? other : port->last;
	}
}

static void make_rules(struct history *h, struct np_rule **rules, uint32_t *rule_count)
{
	uint32_t i, j, count = rarely(h, 30) ? 70 + history_random(h, 70) :
				history_random(h, 4);

	*rules = room(h, count, sizeof(**rules));
	*rule_count = count;
	for (i = 0; i < count; i++) {
		struct np_rule *rule = &(*rules)[i];

		rule->peer_count = rarely(h, 5) ? 0 : 1 + history_random(h, 3);
		rule->port_count = rarely(h, 2) ? 0 : 1 + history_random(h, 3);
		rule->peer = room(h, rule->peer_count, sizeof(*rule->peer));
		rule->port = room(h, rule->port_count, sizeof(*rule->port));
		for (j = 0; j < rule->peer_count; j++)
			make_peer(h, &rule->peer[j]);
		for (j = 0; j < rule->port_count; j++)
			make_port(h, &rule->port[j]);
	}
}

static void make_policy(struct history *h, struct np_policy *policy)
{
	policy->namespace = name(h, "n", history_random(h, h->namespaces));
	policy->name = name(h, "policy", history_random(h, h->policies));
	policy->directions = 1 + history_random(h, 3);
	policy->types_given = true;
	policy->audit = h->audit && rarely(h, 2);
	make_selector(h, &policy->pod_selector, 1);
	make_rules(h, &policy->ingress, &policy->ingress_count);
	make_rules(h, &policy->egress, &policy->egress_count);
}

/* A peer of a ClusterNetworkPolicy; only the destination may be a network. */
static void make_cluster_peer(struct history *h, struct np_peer *peer, bool is_egress)
{
	switch (history_random(h, is_egress ? 6 : 3)) {
	case 0:
		make_selector(h, &peer->ns_selector, 2);
		break;
	case 1:
		make_selector(h, &peer->pod_selector, 2);
		break;
	case 2:
		make_selector(h, &peer->ns_selector, 1);
		make_selector(h, &peer->pod_selector, 2);
		break;
	default:
		peer->ipblock = room(h, 1, sizeof(*peer->ipblock));
		make_cidr(h, &peer->ipblock->cidr);
		break;
	}
}

/* One item of protocols. Returns how many ports it is: a name is one of each protocol. */
static uint32_t make_cluster_port(struct history *h, struct np_port *port, bool names)
{
	uint32_t i;

	if (names && rarely(h, 4)) {
		port[0].name = PICK(h, port_names);
		for (i = 0; i < COUNT(protocols); i++) {
			port[i].name = port[0].name;
			port[i].protocol = protocols[i];
			port[i].kind = NP_PORT_NAME;
			port[i].has_protocol = true;
		}
		return COUNT(protocols);
	}
	make_port(h, port);
	port->has_protocol = true;
	port->name = NULL;
	if (port->kind != NP_PORT_RANGE || port->first == port->last) {
		port->kind = NP_PORT_NUMBER;
		port->first = PICK(h, port_numbers);
		port->last = port->first;
	}
	return 1;
}

/* Nodes beside the other peers of a rule, or instead of them. */
static void make_node_peers(struct history *h, struct np_rule *rule)
{
	struct np_rule_nodes *nodes = room(h, 1, sizeof(*nodes));
	uint32_t i;

	nodes->node_count = 1 + history_random(h, 2);
	nodes->node = room(h, nodes->node_count, sizeof(*nodes->node));
	for (i = 0; i < nodes->node_count; i++)
		make_selector(h, &nodes->node[i].selector, 2);
	nodes->peer = rule->peer;
	nodes->peer_count = rarely(h, 2) ? 0 : rule->peer_count;
	nodes->port = rule->port;
	nodes->port_count = rule->port_count;
	rule->nodes = nodes;
}

/* Finds the addresses of the Nodes that rules name, as whoever sends a policy has to. */
static void resolve(struct history *h, struct np_policy *policy)
{
	const struct np_kube_node *list[HISTORY_NODES];
	const struct np_nodes nodes = { .node = list, .count = h->kube_nodes };
	unsigned int i;
	uint32_t rule;

	for (i = 0; i < h->kube_nodes; i++)
		list[i] = &h->kube_node[i];
	if (np_policy_names_nodes(policy))
		np_nodes_resolve(&h->pool.arena, policy, &nodes, 1u << 16, &rule);
}

static void make_cluster_rule(struct history *h, struct np_rule *rule, bool is_egress)
{
	bool names = true, with_nodes;
	uint32_t i, count;

	rule->action = history_random(h, 3);
	rule->name = rarely(h, 3) ? name(h, "rule", history_random(h, 3)) : "";
	rule->closed = rarely(h, 12);
	if (rule->closed)
		return;
	rule->peer_count = rarely(h, 40) ? 25 : 1 + history_random(h, 3);
	rule->peer = room(h, rule->peer_count, sizeof(*rule->peer));
	for (i = 0; i < rule->peer_count; i++) {
		make_cluster_peer(h, &rule->peer[i], is_egress);
		names &= !rule->peer[i].ipblock;
	}
	with_nodes = is_egress && h->kube_nodes && rarely(h, 4);
	names &= !with_nodes;
	count = rarely(h, 2) ? 0 : 1 + history_random(h, 3);
	rule->port = room(h, count * COUNT(protocols), sizeof(*rule->port));
	for (i = 0; i < count; i++)
		rule->port_count += make_cluster_port(h, &rule->port[rule->port_count], names);
	if (with_nodes)
		make_node_peers(h, rule);
}

static void make_cluster_rules(struct history *h, struct np_rule **rules, uint32_t *rule_count,
			       bool is_egress)
{
	uint32_t i, count = rarely(h, 30) ? 25 : history_random(h, 5);

	*rules = room(h, count, sizeof(**rules));
	*rule_count = count;
	for (i = 0; i < count; i++)
		make_cluster_rule(h, &(*rules)[i], is_egress);
}

void history_directions(struct np_policy *policy)
{
	if (policy->tier == NP_TIER_NETWORK_POLICY)
		return;
	policy->directions = (policy->ingress_count ? NP_DIR_INGRESS : 0) |
			     (policy->egress_count ? NP_DIR_EGRESS : 0);
}

static void make_cluster_policy(struct history *h, struct np_policy *policy)
{
	unsigned int names = h->policies < COUNT(cluster_names) ? h->policies + 1 :
								  COUNT(cluster_names);

	policy->namespace = "";
	policy->name = cluster_names[history_random(h, names)];
	policy->tier = rarely(h, 3) ? NP_TIER_BASELINE : NP_TIER_ADMIN;
	policy->priority = PICK(h, priorities);
	if (!rarely(h, 3))
		make_selector(h, &policy->pod_selector, 1);
	if (!policy->pod_selector.present || rarely(h, 3))
		make_selector(h, &policy->ns_selector, 1);
	make_cluster_rules(h, &policy->ingress, &policy->ingress_count, false);
	make_cluster_rules(h, &policy->egress, &policy->egress_count, true);
	history_directions(policy);
}

/* Of either kind. */
static void make_any_policy(struct history *h, struct np_policy *policy)
{
	if (h->cluster && rarely(h, 2))
		make_cluster_policy(h, policy);
	else
		make_policy(h, policy);
}

static struct operation *add_operation(struct transaction *txn, enum operation_kind kind)
{
	struct operation *operation = &txn->operation[txn->count++];

	memset(operation, 0, sizeof(*operation));
	operation->kind = kind;
	return operation;
}

/* A loaded pod with something about it changed. */
static void alter_pod(struct history *h, struct np_pod *pod)
{
	struct np_pod fresh = {};

	make_pod(h, &fresh);
	switch (history_random(h, 6)) {
	case 0:
		pod->labels = fresh.labels;
		break;
	case 1:
		pod->address = fresh.address;
		pod->address_count = fresh.address_count;
		break;
	case 2:
		pod->port = fresh.port;
		pod->port_count = fresh.port_count;
		break;
	case 3:
		pod->phase = fresh.phase;
		break;
	case 4:
		pod->uid = fresh.uid;
		break;
	case 5:
		pod->node = fresh.node;
		break;
	}
}

static void *copy(struct history *h, const void *from, size_t count, size_t size)
{
	void *to = room(h, count, size);

	return count ? memcpy(to, from, count * size) : to;
}

static void tweak_selector(struct history *h, struct np_selector *selector)
{
	struct np_requirement *requirement;

	if (!selector->count)
		return;
	selector->item = copy(h, selector->item, selector->count, sizeof(*selector->item));
	requirement = &selector->item[history_random(h, selector->count)];
	if (requirement->value_count > 1 && rarely(h, 2)) {
		requirement->value_count--;
	} else {
		/* In and NotIn, Exists and DoesNotExist */
		requirement->op ^= 1;
		requirement->match_label = false;
	}
}

static void tweak_peer(struct history *h, struct np_peer *peer)
{
	struct np_ipblock *block;

	if (!peer->ipblock) {
		tweak_selector(h, rarely(h, 2) ? &peer->ns_selector : &peer->pod_selector);
		return;
	}
	block = copy(h, peer->ipblock, 1, sizeof(*block));
	peer->ipblock = block;
	if (!block->except_count) {
		if (block->cidr.length && rarely(h, 2))
			block->cidr.length--;
		return;
	}
	block->except = copy(h, block->except, block->except_count, sizeof(*block->except));
	if (rarely(h, 2))
		block->except_count--;
	else if (block->except[0].length < (block->cidr.family == AF_INET ? 32 : 128))
		block->except[0].length++;
}

/* Changes next to nothing, so that old and new are hard to tell apart. */
static void tweak_rules(struct history *h, bool is_cluster, struct np_rule **rules,
			uint32_t count)
{
	struct np_rule *rule;
	struct np_port *port;

	if (!count)
		return;
	*rules = copy(h, *rules, count, sizeof(**rules));
	rule = &(*rules)[history_random(h, count)];
	rule->peer = copy(h, rule->peer, rule->peer_count, sizeof(*rule->peer));
	rule->port = copy(h, rule->port, rule->port_count, sizeof(*rule->port));
	if (rule->port_count && rarely(h, 2)) {
		port = &rule->port[history_random(h, rule->port_count)];
		if (port->kind == NP_PORT_RANGE && port->last < 65535)
			port->last++;
		else if (port->kind != NP_PORT_NAME || !is_cluster)
			port->protocol = PICK(h, protocols);
	} else if (rule->peer_count) {
		tweak_peer(h, &rule->peer[history_random(h, rule->peer_count)]);
	}
}

/* Another order or another action: what only a ClusterNetworkPolicy has. */
static void turn_rules(struct history *h, struct np_rule **rules, uint32_t count)
{
	struct np_rule *a, *b, swap;

	if (!count)
		return;
	*rules = copy(h, *rules, count, sizeof(**rules));
	a = &(*rules)[history_random(h, count)];
	b = &(*rules)[history_random(h, count)];
	if (a == b) {
		a->action = (a->action + 1) % 3;
		return;
	}
	swap = *a;
	*a = *b;
	*b = swap;
}

static void alter_cluster_policy(struct history *h, struct np_policy *policy)
{
	struct np_policy fresh = {};

	make_cluster_policy(h, &fresh);
	switch (history_random(h, 9)) {
	case 0:
	case 1:
		policy->priority = fresh.priority;
		break;
	case 2:
		policy->tier = fresh.tier;
		break;
	case 3:
		policy->pod_selector = fresh.pod_selector;
		policy->ns_selector = fresh.ns_selector;
		break;
	case 4:
		policy->ingress = fresh.ingress;
		policy->ingress_count = fresh.ingress_count;
		break;
	case 5:
		policy->egress = fresh.egress;
		policy->egress_count = fresh.egress_count;
		break;
	case 6:
		turn_rules(h, &policy->ingress, policy->ingress_count);
		turn_rules(h, &policy->egress, policy->egress_count);
		break;
	case 7:
		tweak_rules(h, true, &policy->ingress, policy->ingress_count);
		tweak_rules(h, true, &policy->egress, policy->egress_count);
		break;
	case 8:
		tweak_selector(h, &policy->pod_selector);
		tweak_selector(h, &policy->ns_selector);
		break;
	}
	history_directions(policy);
}

static void alter_policy(struct history *h, struct np_policy *policy)
{
	struct np_policy fresh = {};

	if (policy->tier != NP_TIER_NETWORK_POLICY) {
		alter_cluster_policy(h, policy);
		return;
	}
	make_policy(h, &fresh);
	if (fresh.audit != policy->audit && rarely(h, 2)) {
		policy->audit = fresh.audit;
		return;
	}
	switch (history_random(h, 8)) {
	case 4:
	case 5:
		tweak_rules(h, false, &policy->ingress, policy->ingress_count);
		break;
	case 6:
		tweak_rules(h, false, &policy->egress, policy->egress_count);
		break;
	case 7:
		tweak_selector(h, &policy->pod_selector);
		break;
	case 0:
		policy->pod_selector = fresh.pod_selector;
		break;
	case 1:
		policy->directions = fresh.directions;
		break;
	case 2:
		policy->ingress = fresh.ingress;
		policy->ingress_count = fresh.ingress_count;
		break;
	case 3:
		policy->egress = fresh.egress;
		policy->egress_count = fresh.egress_count;
		break;
	}
}

/* One change to one object, mostly to one that is there. */
static void change(struct history *h, const struct np_objects *objs, struct transaction *txn)
{
	bool fresh = rarely(h, 3), delete = rarely(h, 3);
	struct operation *op;
	size_t n;

	switch (history_random(h, 8)) {
	case 0:
	case 1:
		op = add_operation(txn, delete ? DELETE_NAMESPACE : SET_NAMESPACE);
		make_namespace(h, &op->namespace);
		break;
	case 2:
	case 3:
	case 4:
	case 5:
		op = add_operation(txn, delete ? DELETE_POD : SET_POD);
		op->by_uid = rarely(h, 3);
		n = objs->pod_count;
		if (fresh || !n) {
			make_pod(h, &op->pod);
			break;
		}
		op->pod = objs->pods[history_random(h, n)];
		if (!delete)
			alter_pod(h, &op->pod);
		break;
	default:
		op = add_operation(txn, delete ? DELETE_POLICY : SET_POLICY);
		n = objs->policy_count;
		if (fresh || !n) {
			make_any_policy(h, &op->policy);
			break;
		}
		op->policy = objs->policies[history_random(h, n)];
		if (!delete)
			alter_policy(h, &op->policy);
		break;
	}
}

/* Pods only: some go, some come. */
static void churn(struct history *h, const struct np_objects *objs, struct transaction *txn,
		  unsigned int count)
{
	struct operation *op;
	unsigned int i;

	for (i = 0; i < count; i++) {
		op = add_operation(txn, objs->pod_count && rarely(h, 2) ? DELETE_POD : SET_POD);
		if (op->kind == DELETE_POD)
			op->pod = objs->pods[history_random(h, objs->pod_count)];
		else
			make_pod(h, &op->pod);
	}
}

/* Most of what is there, and new objects, in any order. */
static void make_full(struct history *h, const struct np_objects *objs,
		      struct transaction *txn, unsigned int fresh)
{
	unsigned int i, keep = rarely(h, 4) ? 2 : 8;
	struct operation *op;

	for (i = 0; i < objs->namespace_count; i++)
		if (!rarely(h, keep))
			add_operation(txn, SET_NAMESPACE)->namespace = objs->namespaces[i];
	for (i = 0; i < objs->pod_count; i++)
		if (!rarely(h, keep))
			add_operation(txn, SET_POD)->pod = objs->pods[i];
	for (i = 0; i < objs->policy_count; i++)
		if (!rarely(h, keep))
			add_operation(txn, SET_POLICY)->policy = objs->policies[i];
	for (i = 0; i < fresh; i++)
		make_pod(h, &add_operation(txn, SET_POD)->pod);
	for (i = 0; fresh && i < h->namespaces; i++) {
		op = add_operation(txn, SET_NAMESPACE);
		make_namespace(h, &op->namespace);
		if (!rarely(h, 4))
			rename_namespace(h, &op->namespace, i);
	}
	for (i = 0; i < h->policies; i++)
		if (fresh && rarely(h, h->cluster ? 5 : 2))
			make_policy(h, &add_operation(txn, SET_POLICY)->policy);
	for (i = 0; h->cluster && i < h->policies; i++)
		if (fresh && rarely(h, 2))
			make_cluster_policy(h, &add_operation(txn, SET_POLICY)->policy);
	for (i = txn->count; i > 1; i--) {
		struct operation swap = txn->operation[i - 1];

		op = &txn->operation[history_random(h, i)];
		txn->operation[i - 1] = *op;
		*op = swap;
	}
}

/* A policy of the same name, tier and priority as another origin has: both are in force. */
static void add_rival(struct history *h, const struct model *model, struct transaction *txn)
{
	const struct np_objects *objs = &model->origin[history_random(h, HISTORY_ORIGINS)];
	const struct np_policy *other;
	struct np_policy *policy;

	if (!objs->policy_count)
		return;
	other = &objs->policies[history_random(h, objs->policy_count)];
	if (!other->tier)
		return;
	policy = &add_operation(txn, SET_POLICY)->policy;
	make_cluster_policy(h, policy);
	policy->name = other->name;
	policy->tier = other->tier;
	policy->priority = other->priority;
}

struct transaction *history_next(struct history *h, const struct model *model)
{
	struct transaction *txn = &h->transaction[h->transactions];
	const struct np_objects *objs;
	unsigned int i, changes = 1 + history_random(h, rarely(h, 3) ? 12 : 3);
	unsigned int fresh;

	memset(txn, 0, sizeof(*txn));
	txn->origin = rarely(h, 3) ? history_random(h, HISTORY_ORIGINS) : 0;
	if (!h->transactions)
		txn->origin = 0;
	objs = &model->origin[txn->origin];
	txn->full = !h->transactions || rarely(h, 5);
	fresh = !h->transactions ? h->pods : rarely(h, 3) ? history_random(h, h->pods) : 0;
	txn->operation = room(h, objs->namespace_count + objs->pod_count + objs->policy_count +
			      fresh + h->namespaces + 2 * h->policies + changes + 1,
			      sizeof(*txn->operation));
	if (txn->full)
		make_full(h, objs, txn, fresh);
	else if (rarely(h, 3))
		churn(h, objs, txn, changes);
	else
		for (i = 0; i < changes; i++)
			change(h, objs, txn);
	if (h->cluster && txn->origin && rarely(h, 2))
		add_rival(h, model, txn);
	/* only the core's own books know of an interface there */
	if (!h->unicast && objs->pod_count && rarely(h, 6))
		txn->gone = copy(h, &objs->pods[history_random(h, objs->pod_count)], 1,
				 sizeof(struct np_pod));
	switch (history_random(h, 9)) {
	case 0:
		txn->ending = ABORT_EARLY;
		txn->after = history_random(h, txn->count + 1);
		break;
	case 1:
		txn->ending = ABORT_LATE;
		break;
	case 2:
	case 3:
		txn->ending = ABORT_STARVED;
		txn->after = history_random(h, 1u << (2 + history_random(h, 10)));
		break;
	case 4:
		txn->ending = ABORT_LIMITED;
		txn->after = history_random(h, 1u << 16);
		break;
	}
	for (i = 0; i < txn->count; i++)
		if (txn->operation[i].kind == SET_POLICY)
			resolve(h, &txn->operation[i].policy);
	h->transactions++;
	return txn;
}

/* Addresses in a few networks, many of them next to a border of a prefix. */
static void make_pool(struct history *h)
{
	static const char *const nets[] = {
		"10.0.0.0", "10.0.0.128", "10.0.1.0", "10.1.0.0", "192.168.7.0", "127.255.255.0",
		"fd00::", "fd00::1:0", "fd00:0:0:1::", "2001:db8::", "fe80::",
	};
	static const char *const always[] = {
		"255.255.255.255", "9.255.255.255", "11.0.0.0", "0.0.0.1", "::1", "64:ff9b::1",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fcff:ffff::1",
	};
	unsigned int i, count = 6 + h->pods * 3 / 2;

	h->address = room(h, count + COUNT(always), sizeof(*h->address));
	for (i = 0; i < COUNT(always); i++)
		np_address_parse(always[i], &h->address[h->addresses++]);
	for (i = 0; i < count; i++) {
		struct np_address *address = &h->address[h->addresses++];
		unsigned int last, offset = 1u << history_random(h, 9);

		np_address_parse(PICK(h, nets), address);
		last = address->family == AF_INET ? 3 : 15;
		offset += history_random(h, 5);
		offset = offset > 2 ? offset - 2 : 1;
		address->addr[last] += offset;
		address->addr[last - 1] += offset >> 8;
		if (last == 15 && rarely(h, 3))
			address->addr[4 + history_random(h, 10)] ^= 128 >> history_random(h, 8);
	}
}

/* A network around one of the addresses, in which not everybody is. */
static void make_range(struct history *h, struct np_cidr *range)
{
	static const uint8_t rest[] = { 0, 3, 8, 8, 16, 24 };
	const struct np_address *address = &h->address[history_random(h, h->addresses)];
	unsigned int bit, bits = address->family == AF_INET ? 32 : 128;

	memset(range, 0, sizeof(*range));
	range->family = address->family;
	range->length = bits - PICK(h, rest);
	for (bit = 0; bit < range->length; bit++)
		range->addr[bit / 8] |= address->addr[bit / 8] & 128 >> bit % 8;
}

/* Its addresses may be those of pods. */
static void make_node(struct history *h, struct np_kube_node *node, unsigned int number)
{
	uint32_t i;

	node->name = name(h, "node", number);
	make_labels(h, &node->labels, 3);
	sort_labels(&node->labels);
	node->address_count = history_random(h, 4);
	node->address = room(h, node->address_count, sizeof(*node->address));
	for (i = 0; i < node->address_count; i++)
		node->address[i] = h->address[history_random(h, h->addresses)];
}

/* How large the cluster is, and its addresses. */
static void begin(struct history *h)
{
	unsigned int i;

	np_objects_init(&h->pool);
	h->pods = 1 + history_random(h, rarely(h, 5) ? 60 : 10);
	h->wide = !h->bytes && rarely(h, 25);
	if (h->wide)
		h->pods = 400;
	h->namespaces = 1 + history_random(h, h->wide && rarely(h, 2) ? 150 : 4);
	h->policies = 1 + history_random(h, 5);
	make_pool(h);
	h->cluster = history_random(h, 2);
	if (h->cluster)
		h->ranges = history_random(h, HISTORY_RANGES + 1);
	if (h->cluster)
		h->kube_nodes = history_random(h, HISTORY_NODES + 1);
	for (i = 0; i < h->kube_nodes; i++)
		make_node(h, &h->kube_node[i], i);
	for (i = 0; i < h->ranges; i++)
		make_range(h, &h->range[i]);
}

void history_begin(struct history *h, uint64_t seed)
{
	memset(h, 0, sizeof(*h));
	h->random = seed * 0x2545f4914f6cdd1dULL + 1;
	begin(h);
}

void history_from(struct history *h, const uint8_t *bytes, size_t size)
{
	memset(h, 0, sizeof(*h));
	h->bytes = bytes;
	h->left = size;
	begin(h);
}

bool history_has_more(const struct history *h)
{
	return h->left && h->transactions < HISTORY_TRANSACTIONS;
}

void history_free(struct history *h)
{
	np_objects_free(&h->pool);
}

static void print_operation(const struct operation *op, FILE *to)
{
	struct np_namespace_state namespace = {};
	struct np_pod_state pod = { .running = op->pod.phase == NP_PHASE_RUNNING ||
					       op->pod.phase == NP_PHASE_NONE };
	struct np_policy_state policy = {};
	struct np_writer w;

	if (op->kind <= SET_POLICY)
		fprintf(to, "---\n");
	np_writer_init(&w, to, NP_FORMAT_YAML);
	switch (op->kind) {
	case SET_NAMESPACE:
		np_manifest_namespace(&w, NULL, &op->namespace, &namespace);
		break;
	case SET_POD:
		fprintf(to, "# node %s, phase %s%s\n", op->pod.node, np_phase_name(op->pod.phase),
		       op->pod.host_network ? ", hostNetwork" : "");
		np_manifest_pod(&w, NULL, &op->pod, &pod);
		break;
	case SET_POLICY:
		np_manifest_policy(&w, NULL, &op->policy, &policy);
		break;
	case DELETE_NAMESPACE:
		fprintf(to, "# delete namespace %s\n", op->namespace.name);
		break;
	case DELETE_POD:
		fprintf(to, "# delete pod %s/%s, uid %s\n", op->pod.namespace, op->pod.name,
		       op->by_uid ? op->pod.uid : "(any)");
		break;
	case DELETE_POLICY:
		fprintf(to, "# delete policy %s/%s\n", op->policy.tier ? "(cluster)" :
			op->policy.namespace, op->policy.name);
		break;
	}
}

/* What is done about audits before a transaction. */
static void print_audits(const struct history *h, unsigned int before, FILE *to)
{
	unsigned int i;

	for (i = 0; i < h->audit_steps; i++) {
		const struct audit_step *step = &h->audit_step[i];
		const struct evaluator_audit *about = &step->about;

		if (step->dropped || step->before != before)
			continue;
		switch (step->kind) {
		case AUDIT_BEGIN:
		case AUDIT_END:
			fprintf(to, "# an audit %s: namespace %s, policy %s, pod %s",
				step->kind == AUDIT_BEGIN ? "begins" : "is ended", about->namespace,
				about->policy ? about->policy : "(any)",
				about->pod ? about->pod : "(any)");
			if (step->kind == AUDIT_BEGIN && step->seconds)
				fprintf(to, ", for %u seconds", step->seconds);
			break;
		case AUDIT_LOOK:
			fprintf(to, "# the audits end whose time has come");
			break;
		case AUDIT_WAIT:
			fprintf(to, "# %u seconds go by", step->seconds);
			break;
		}
		if (step->after >= 0)
			fprintf(to, ", fails after allocations (%ld), and again", step->after);
		fprintf(to, "\n");
	}
}

void history_print(const struct history *h, FILE *to)
{
	static const char *const endings[] = {
		[PUBLISH] = "published",
		[ABORT_EARLY] = "aborted after objects",
		[ABORT_LATE] = "aborted after prepare",
		[ABORT_STARVED] = "fails after allocations",
		[ABORT_LIMITED] = "hits a limit",
	};
	char text[NP_CIDR_TEXT];
	unsigned int i, j;

	for (i = 0; i < h->ranges; i++)
		fprintf(to, "# only pods have addresses in %s\n",
			np_cidr_text(&h->range[i], text));
	for (i = 0; i < h->transactions; i++) {
		const struct transaction *txn = &h->transaction[i];

		print_audits(h, i, to);
		if (txn->dropped)
			continue;
		fprintf(to, "# transaction %u of %s, %s, %s (%lu)\n", i,
		       history_origin[txn->origin], txn->full ? "full" : "delta",
		       endings[txn->ending], txn->after);
		if (txn->gone)
			fprintf(to, "# before it the interface of pod %s/%s goes\n",
			       txn->gone->namespace, txn->gone->name);
		for (j = 0; j < txn->count; j++)
			if (!txn->operation[j].dropped)
				print_operation(&txn->operation[j], to);
	}
	print_audits(h, h->transactions, to);
}
