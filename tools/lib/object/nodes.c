// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds the addresses that rules of ClusterNetworkPolicies mean which name Nodes.
 */
#include "object/nodes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "object/select.h"

/* The most peers of a policy of a file, as the kernel takes them. */
#define NP_NODES_ROOM	65536u

/*
 * An address that nothing can be sent to. It stands for the Nodes of a rule if there are none,
 * because a rule without any peer would be about everything.
 */
static const struct np_cidr np_nobody = { .family = AF_INET6, .length = 128 };

static bool np_node_selected(const struct np_rule_nodes *rule, const struct np_kube_node *node)
{
	uint32_t i;

	for (i = 0; i < rule->node_count; i++)
		if (np_selector_met(&rule->node[i].selector, &node->labels))
			return true;
	return false;
}

/* Returns the addresses of the Nodes of a rule as few blocks. The caller frees them. */
static struct np_cidr *np_node_blocks(const struct np_rule_nodes *rule,
				      const struct np_nodes *nodes, size_t *count)
{
	struct np_cidr *block = NULL;
	size_t n, found = 0;
	uint32_t i;

	for (n = 0; n < nodes->count; n++) {
		const struct np_kube_node *node = nodes->node[n];

		np_breathe();
		if (!np_node_selected(rule, node))
			continue;
		for (i = 0; i < node->address_count; i++) {
			block = np_array_grow(block, found, sizeof(*block));
			block[found++] = np_address_block(&node->address[i]);
		}
	}
	*count = np_cidr_aggregate(block, found);
	return block;
}

/* Is a block one of the networks that the rule itself has? */
static bool np_network_in(const struct np_rule_nodes *rule, const struct np_cidr *cidr)
{
	uint32_t i;

	for (i = 0; i < rule->peer_count; i++)
		if (rule->peer[i].ipblock &&
		    !memcmp(&rule->peer[i].ipblock->cidr, cidr, sizeof(*cidr)))
			return true;
	return false;
}

/* Opens a rule: it gets its own peers and ports, and the blocks. */
static void np_rule_open(struct np_arena *arena, struct np_rule *rule, const struct np_cidr *block,
			 size_t count)
{
	const struct np_rule_nodes *own = rule->nodes;
	struct np_ipblock *blocks = np_arena_zalloc(arena, count * sizeof(*blocks));
	uint32_t all = own->peer_count;
	struct np_peer *peer;
	size_t i;

	peer = np_arena_zalloc(arena, (all + count) * sizeof(*peer));
	if (all)
		memcpy(peer, own->peer, all * sizeof(*peer));
	for (i = 0; i < count; i++) {
		np_breathe();
		if (np_network_in(own, &block[i]))
			continue;
		blocks[i].cidr = block[i];
		peer[all].line = own->node[0].line;
		peer[all].nodes = true;
		peer[all].entry = own->node_count == 1 ? (uint16_t)(own->node[0].at + 1) : 0;
		peer[all++].ipblock = &blocks[i];
	}
	rule->peer = peer;
	rule->peer_count = all;
	rule->port = own->port;
	rule->port_count = own->port_count;
	rule->closed = false;
}

static enum np_nodes_lack np_nodes_rule(struct np_arena *arena, struct np_rule *rule,
					const struct np_nodes *nodes, size_t *room)
{
	const struct np_rule_nodes *own = rule->nodes;
	struct np_cidr *block;
	size_t count;

	np_rule_close(rule);
	if (nodes->unknown)
		return NP_NODES_UNKNOWN;
	if (nodes->partial && rule->action != NP_ACTION_ACCEPT)
		return NP_NODES_PARTIAL;
	block = np_node_blocks(own, nodes, &count);
	if (count + own->peer_count > *room) {
		free(block);
		return NP_NODES_TOO_MANY;
	}
	*room -= count + own->peer_count;
	if (!count && !own->peer_count)
		np_rule_open(arena, rule, &np_nobody, 1);
	else
		np_rule_open(arena, rule, block, count);
	free(block);
	return NP_NODES_ENOUGH;
}

bool np_policy_names_nodes(const struct np_policy *policy)
{
	uint32_t i;

	for (i = 0; i < policy->egress_count; i++)
		if (policy->egress[i].nodes)
			return true;
	return false;
}

/* Returns how many peers the rules of a policy have that name no Nodes. */
static size_t np_other_peers(const struct np_policy *policy)
{
	size_t count = 0;
	uint32_t i;

	for (i = 0; i < policy->ingress_count; i++)
		count += policy->ingress[i].peer_count;
	for (i = 0; i < policy->egress_count; i++)
		if (!policy->egress[i].nodes)
			count += policy->egress[i].peer_count;
	return count;
}

enum np_nodes_lack np_nodes_resolve(struct np_arena *arena, struct np_policy *policy,
				    const struct np_nodes *nodes, size_t room, uint32_t *rule)
{
	enum np_nodes_lack first = NP_NODES_ENOUGH, lack;
	size_t others = np_other_peers(policy);
	struct np_rule *rules;
	uint32_t i;

	rules = np_arena_alloc(arena, policy->egress_count * sizeof(*rules));
	memcpy(rules, policy->egress, policy->egress_count * sizeof(*rules));
	policy->egress = rules;
	room = room > others ? room - others : 0;
	for (i = 0; i < policy->egress_count; i++) {
		if (!rules[i].nodes)
			continue;
		lack = np_nodes_rule(arena, &rules[i], nodes, &room);
		if (lack && !first) {
			first = lack;
			*rule = i;
		}
	}
	return first;
}

/* --- files ---------------------------------------------------------------------- */

static const char *np_nodes_lack_text(enum np_nodes_lack lack)
{
	return lack == NP_NODES_TOO_MANY ?
	       "these Nodes have more addresses than a policy may have" :
	       "the input has no Node object, so their addresses are not known";
}

static void np_nodes_path(const struct np_rule *rule, uint32_t index, char *path, size_t size)
{
	snprintf(path, size, "spec.egress[%u].to[%u].nodes", index, rule->nodes->node[0].at);
}

static int np_nodes_fail(const struct np_policy *policy, uint32_t index, enum np_nodes_lack lack,
			 struct np_error *err)
{
	const struct np_rule *rule = &policy->egress[index];

	np_error_set(err, NP_EXIT_INPUT, "%s", np_nodes_lack_text(lack));
	np_error_hint(err, lack == NP_NODES_TOO_MANY ?
		      "select fewer Nodes, or write their blocks as networks" :
		      "add the Node objects (kubectl get nodes -o yaml), or write the addresses "
		      "as networks");
	np_error_place(err, policy->place.file, rule->nodes->node[0].line,
		       rule->nodes->node[0].column);
	np_nodes_path(rule, index, err->path, sizeof(err->path));
	snprintf(err->object, sizeof(err->object), "%s %s", np_policy_kind(policy), policy->name);
	return -1;
}

/* Closes the rules that could not be resolved, which then name no Nodes any more. */
static void np_nodes_close(struct np_objects *objs, struct np_policy *policy,
			   enum np_nodes_lack lack)
{
	struct np_place place = policy->place;
	struct np_rule *rule;
	char path[64];
	uint32_t i;

	for (i = 0; i < policy->egress_count; i++) {
		rule = &policy->egress[i];
		if (!rule->nodes || !rule->closed)
			continue;
		place.line = rule->nodes->node[0].line;
		place.column = rule->nodes->node[0].column;
		np_nodes_path(rule, i, path, sizeof(path));
		np_objects_warn(objs, &place, path, "%s: the rule is closed and %s",
				np_nodes_lack_text(lack), rule->action == NP_ACTION_ACCEPT ?
				"matches nothing" : "denies everything");
		rule->nodes = NULL;
	}
}

int np_nodes_resolve_all(struct np_objects *objs, bool lenient, struct np_errors *errors,
			 struct np_error *err)
{
	const struct np_kube_node **node = np_xcalloc(objs->node_count + 1, sizeof(*node));
	struct np_nodes nodes = {
		.node = node, .count = objs->node_count, .unknown = !objs->node_count,
	};
	enum np_nodes_lack lack;
	uint32_t rule = 0;
	size_t i;
	int ret = 0;

	for (i = 0; i < objs->node_count; i++)
		node[i] = &objs->nodes[i];
	for (i = 0; (!ret || errors) && i < objs->policy_count; i++) {
		if (!np_policy_names_nodes(&objs->policies[i]))
			continue;
		lack = np_nodes_resolve(&objs->arena, &objs->policies[i], &nodes, NP_NODES_ROOM,
					&rule);
		if (lack && lenient) {
			np_nodes_close(objs, &objs->policies[i], lack);
		} else if (lack) {
			ret = np_nodes_fail(&objs->policies[i], rule, lack, err);
			if (errors)
				np_errors_add(errors, err);
		}
	}
	free(node);
	return ret;
}
