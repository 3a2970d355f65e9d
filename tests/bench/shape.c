// SPDX-License-Identifier: GPL-2.0-or-later
#include "shape.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct shape shapes[] = {
	{ "tiny", 10, 500, 20, 200, 10, 4, 1, 1000 },
	{ "1k-pods", 50, 1000, 110, 10000, 10, 4, 1, 1 },
	{ "30k-pods", 300, 30000, 110, 10000, 20, 4, 1, 1000 },
	{ "150k-pods", 1000, 100000, 110, 10000, 20, 4, 1, 50000 },
	{ "30k-pods-30k-policies", 300, 30000, 110, 30000, 20, 4, 1, 1000 },
	{ "250k-endpoints", 1000, 250000, 200, 10000, 20, 4, 1, 0 },
	{ "240x20-blocks", 240, 24000, 110, 4800, 10, 10, 0, 0, true },
	{ "240x20-excepts", 240, 24000, 110, 4800, 10, 10, 4, 0, true },
	{ "30k-pods-20k-identities", 20, 30000, 330, 30000, 1000, 4, 1, 0 },
	{ "25k-namespaces", 25000, 100000, 110, 75000, 4, 4, 1, 0 },
};

const size_t shape_count = sizeof(shapes) / sizeof(*shapes);

const struct shape *shape_named(const char *name)
{
	size_t i;

	for (i = 0; i < shape_count; i++)
		if (!strcmp(shapes[i].name, name))
			return &shapes[i];
	fprintf(stderr, "no shape %s\n", name);
	exit(2);
}

static const char *text(struct np_objects *objs, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static const char *text(struct np_objects *objs, const char *format, ...)
{
	char buffer[128];
	va_list args;

	va_start(args, format);
	vsnprintf(buffer, sizeof(buffer), format, args);
	va_end(args);
	return np_intern_str(objs, buffer);
}

/* An array of an object with room for one more; rooms are powers of two. */
static void *grow(struct np_objects *objs, void *array, uint32_t count, size_t size)
{
	void *larger;

	if (count & (count - 1) || (count == 0 && array))
		return array;
	larger = np_arena_zalloc(&objs->arena, (count ? 2 * (size_t)count : 1) * size);
	if (count)
		memcpy(larger, array, count * size);
	return larger;
}

void shape_label(struct np_objects *objs, struct np_labels *labels, const char *key,
		 const char *value)
{
	uint32_t at;

	labels->item = grow(objs, labels->item, labels->count, sizeof(*labels->item));
	for (at = labels->count; at && strcmp(labels->item[at - 1].key, key) > 0; at--)
		labels->item[at] = labels->item[at - 1];
	labels->item[at].key = np_intern_str(objs, key);
	labels->item[at].value = np_intern_str(objs, value);
	labels->count++;
}

struct np_namespace *shape_namespace(struct np_objects *objs, const char *name,
				     const char *team, const char *env)
{
	struct np_namespace *ns = np_objects_add_namespace(objs);

	ns->name = np_intern_str(objs, name);
	shape_label(objs, &ns->labels, "kubernetes.io/metadata.name", name);
	shape_label(objs, &ns->labels, "team", team);
	shape_label(objs, &ns->labels, "env", env);
	return ns;
}

struct np_pod *shape_pod(struct np_objects *objs, const char *namespace, const char *name,
			 uint32_t address)
{
	struct np_pod *pod = np_objects_add_pod(objs);
	uint32_t network = htonl(address);

	pod->namespace = np_intern_str(objs, namespace);
	pod->name = np_intern_str(objs, name);
	pod->node = np_intern_str(objs, "elsewhere");
	pod->uid = text(objs, "00000000-0000-4000-8000-%012x", address);
	pod->phase = NP_PHASE_RUNNING;
	pod->address = np_arena_zalloc(&objs->arena, sizeof(*pod->address));
	pod->address->family = AF_INET;
	memcpy(pod->address->addr, &network, sizeof(network));
	pod->address_count = 1;
	return pod;
}

static void selector_in(struct np_objects *objs, struct np_selector *selector,
			const char *key, const char *value)
{
	struct np_requirement *item;

	selector->present = true;
	if (!key)
		return;
	selector->item = grow(objs, selector->item, selector->count, sizeof(*item));
	item = &selector->item[selector->count++];
	item->key = np_intern_str(objs, key);
	item->op = NP_OP_IN;
	item->value_count = 1;
	item->value = np_arena_alloc(&objs->arena, sizeof(*item->value));
	item->value[0] = np_intern_str(objs, value);
	item->match_label = true;
}

struct np_peer *shape_peer(struct np_objects *objs, struct np_rule *rule, const char *team,
			   const char *key, const char *value)
{
	struct np_peer *peer;

	rule->peer = grow(objs, rule->peer, rule->peer_count, sizeof(*peer));
	peer = &rule->peer[rule->peer_count++];
	if (team)
		selector_in(objs, &peer->ns_selector, *team ? "team" : NULL, team);
	if (key || !team)
		selector_in(objs, &peer->pod_selector, key, value);
	return peer;
}

static void cidr_set(struct np_cidr *cidr, uint32_t address, unsigned int length)
{
	uint32_t network = htonl(address);

	cidr->family = AF_INET;
	cidr->length = length;
	memcpy(cidr->addr, &network, sizeof(network));
}

struct np_ipblock *shape_block(struct np_objects *objs, struct np_rule *rule,
			       uint32_t address, unsigned int length)
{
	struct np_peer *peer;

	rule->peer = grow(objs, rule->peer, rule->peer_count, sizeof(*peer));
	peer = &rule->peer[rule->peer_count++];
	peer->ipblock = np_arena_zalloc(&objs->arena, sizeof(*peer->ipblock));
	cidr_set(&peer->ipblock->cidr, address, length);
	return peer->ipblock;
}

void shape_except(struct np_objects *objs, struct np_ipblock *block, uint32_t address,
		  unsigned int length)
{
	block->except = grow(objs, block->except, block->except_count,
			     sizeof(*block->except));
	cidr_set(&block->except[block->except_count++], address, length);
}

void shape_port(struct np_objects *objs, struct np_rule *rule, unsigned int first,
		unsigned int last)
{
	struct np_port *port;

	rule->port = grow(objs, rule->port, rule->port_count, sizeof(*port));
	port = &rule->port[rule->port_count++];
	port->protocol = NP_PROTOCOL_TCP;
	port->has_protocol = true;
	port->kind = first == last ? NP_PORT_NUMBER : NP_PORT_RANGE;
	port->first = first;
	port->last = last;
}

struct np_policy *shape_policy(struct np_objects *objs, const char *namespace,
			       const char *name, const char *app)
{
	struct np_policy *policy = np_objects_add_policy(objs);

	policy->namespace = np_intern_str(objs, namespace);
	policy->name = np_intern_str(objs, name);
	selector_in(objs, &policy->pod_selector, app ? "app" : NULL, app);
	policy->directions = NP_DIR_INGRESS;
	policy->ingress = np_arena_zalloc(&objs->arena, sizeof(*policy->ingress));
	policy->ingress_count = 1;
	return policy;
}

static struct np_rule *cluster_rules(struct np_objects *objs, unsigned int count)
{
	struct np_rule *rule = np_arena_zalloc(&objs->arena, (count + 1) * sizeof(*rule));
	unsigned int i;

	for (i = 0; i < count; i++)
		rule[i].action = i % 3 == 0 ? NP_ACTION_DENY :
				 i % 3 == 1 ? NP_ACTION_PASS : NP_ACTION_ACCEPT;
	return rule;
}

struct np_policy *shape_cluster(struct np_objects *objs, const char *name, unsigned int priority,
				unsigned int ingress, unsigned int egress)
{
	struct np_policy *policy = np_objects_add_policy(objs);

	policy->namespace = np_intern_str(objs, "");
	policy->name = np_intern_str(objs, name);
	policy->tier = NP_TIER_ADMIN;
	policy->priority = priority;
	policy->ns_selector.present = true;
	policy->directions = (ingress ? NP_DIR_INGRESS : 0) | (egress ? NP_DIR_EGRESS : 0);
	policy->ingress = cluster_rules(objs, ingress);
	policy->ingress_count = ingress;
	policy->egress = cluster_rules(objs, egress);
	policy->egress_count = egress;
	return policy;
}

void shape_port_name(struct np_objects *objs, struct np_rule *rule, const char *name)
{
	static const uint8_t protocols[] = { NP_PROTOCOL_TCP, NP_PROTOCOL_UDP, NP_PROTOCOL_SCTP };
	struct np_port *port;
	unsigned int i;

	for (i = 0; i < sizeof(protocols); i++) {
		rule->port = grow(objs, rule->port, rule->port_count, sizeof(*port));
		port = &rule->port[rule->port_count++];
		port->name = np_intern_str(objs, name);
		port->protocol = protocols[i];
		port->kind = NP_PORT_NAME;
	}
}

/* Pods as Deployments make them: a kind's pods differ in name and address alone. */
static void make_pod(const struct shape *shape, struct np_objects *objs, unsigned int i)
{
	unsigned int ns = i % shape->namespaces, app = i / shape->namespaces % shape->apps;
	const char *namespace = text(objs, "ns-%u", ns);
	struct np_pod *pod;

	pod = shape_pod(objs, namespace, text(objs, "app-%u-7d9c8b6d5f-%05x", app, i),
			SHAPE_ADDRESS + i);
	if (i < shape->local)
		pod->node = np_intern_str(objs, SHAPE_NODE);
	shape_label(objs, &pod->labels, "app", text(objs, "app-%u", app));
	shape_label(objs, &pod->labels, "role", text(objs, "role-%u", app % 4));
	shape_label(objs, &pod->labels, "pod-template-hash", text(objs, "hash-%u-%u", ns, app));
	shape_label(objs, &pod->labels, "app.kubernetes.io/managed-by", "helm");
	if (i % SHAPE_RARE == SHAPE_RARE - 1)
		shape_label(objs, &pod->labels, text(objs, "rare-%u", i / SHAPE_RARE % 100),
			    "yes");
}

static void make_blocks(const struct shape *shape, struct np_objects *objs,
			struct np_rule *rule, unsigned int i)
{
	unsigned int j, k;

	for (j = 0; j < shape->blocks; j++) {
		uint32_t base = 0xac100000 + ((i * shape->blocks + j) % 4096 << 8);
		struct np_ipblock *block = shape_block(objs, rule, base, 24);

		for (k = 0; k < shape->excepts; k++)
			shape_except(objs, block, base + k * 16, 28);
	}
}

/* Policies of five kinds, each about one kind of pod of its namespace. */
static void make_policy(const struct shape *shape, struct np_objects *objs, unsigned int i)
{
	unsigned int ns = i % shape->namespaces, j = i / shape->namespaces;
	struct np_policy *policy;
	struct np_rule *rule;

	policy = shape_policy(objs, text(objs, "ns-%u", ns), text(objs, "policy-%03u", j),
			      text(objs, "app-%u", j % shape->apps));
	rule = policy->ingress;
	switch (shape->blocks_only ? 3 : (i + j) % 5) {
	case 0:
		shape_peer(objs, rule, NULL, "app", text(objs, "app-%u", (j + 1) % shape->apps));
		break;
	case 1:
		shape_peer(objs, rule, text(objs, "team-%u", i % 20), NULL, NULL);
		break;
	case 2:
		shape_peer(objs, rule, text(objs, "team-%u", i % 20), "app",
			   text(objs, "app-%u", (j + 2) % shape->apps));
		break;
	case 3:
		make_blocks(shape, objs, rule, i);
		break;
	default:
		shape_peer(objs, rule, "", "role", text(objs, "role-%u", i % 4));
		break;
	}
	shape_port(objs, rule, 8000 + i % 8, 8000 + i % 8);
	if (i % 3)
		return;
	policy->directions |= NP_DIR_EGRESS;
	policy->egress = np_arena_zalloc(&objs->arena, sizeof(*policy->egress));
	policy->egress_count = 1;
	shape_peer(objs, policy->egress, NULL, "role", text(objs, "role-%u", i % 4));
}

void shape_make(const struct shape *shape, struct np_objects *objs)
{
	unsigned int i;

	for (i = 0; i < shape->namespaces; i++)
		shape_namespace(objs, text(objs, "ns-%u", i), text(objs, "team-%u", i % 20),
				text(objs, "env-%u", i % 3));
	for (i = 0; i < shape->pods; i++)
		make_pod(shape, objs, i);
	for (i = 0; i < shape->policies; i++)
		make_policy(shape, objs, i);
	if (!shape->large)
		return;
	shape_namespace(objs, "large", "before", "large");
	for (i = 0; i < shape->large; i++) {
		struct np_pod *pod = shape_pod(objs, "large", text(objs, "large-%06u", i),
					       SHAPE_ADDRESS_LARGE + i);

		shape_label(objs, &pod->labels, "app", text(objs, "app-%u", i % 10));
	}
}
