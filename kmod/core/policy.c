// SPDX-License-Identifier: GPL-2.0
#include "core/array.h"
#include "core/policy.h"
#include "core/world.h"
#include <linux/netpol.h>

/**
 * netpol_policy_create() - make a policy without rules, of the tier of NetworkPolicies
 * @world: world, locked
 * @ns: namespace; empty for a cluster-wide policy
 * @name: name
 * @kind: enum netpol_kind
 * @directions: bits 1 << enum netpol_direction
 * @subject: requirements of the pod selector
 * @nsubject: how many
 *
 * Return: the policy, owned by the caller, or NULL without memory.
 */
struct netpol_policy *netpol_policy_create(struct netpol_world *world,
					   struct netpol_text ns,
					   struct netpol_text name, u8 kind,
					   u8 directions,
					   const struct netpol_requirement_text *subject,
					   u32 nsubject)
{
	struct netpol_policy *policy = netpol_alloc(sizeof(*policy));

	if (!policy)
		return NULL;
	INIT_LIST_HEAD(&policy->node);
	policy->kind = kind;
	policy->tier = NETPOL_TIER_NETWORK_POLICY;
	policy->directions = directions;
	policy->name = netpol_alloc(name.length + 1);
	policy->ns = netpol_ns_get(world, ns);
	policy->subject = netpol_selector_get(world, subject, nsubject);
	if (!policy->name || !policy->ns || !policy->subject) {
		netpol_policy_free(world, policy);
		return NULL;
	}
	memcpy(policy->name, name.data, name.length);
	policy->hash = netpol_name_hash(policy->ns, name);
	return policy;
}

/**
 * netpol_policy_set_tier() - make a policy without rules a cluster-wide one
 * @world: world, locked
 * @policy: policy
 * @tier: NETPOL_TIER_ADMIN or NETPOL_TIER_BASELINE
 * @priority: place in the tier, the lowest first
 * @namespaces: requirements of the selector of its subjects' namespaces
 * @nnamespaces: how many
 *
 * Return: 0 or -ENOMEM.
 */
int netpol_policy_set_tier(struct netpol_world *world, struct netpol_policy *policy, u8 tier,
			   u16 priority, const struct netpol_requirement_text *namespaces,
			   u32 nnamespaces)
{
	policy->tier = tier;
	policy->priority = priority;
	policy->namespaces = netpol_selector_get(world, namespaces, nnamespaces);
	return policy->namespaces ? 0 : -ENOMEM;
}

/*
 * Does a policy select pods of a namespace with these labels? Of a namespace whose labels are not
 * known a cluster-wide policy selects none; see select_policies() for what becomes of its pods.
 */
bool netpol_policy_selects(const struct netpol_policy *policy, const struct netpol_ns *ns,
			   const struct netpol_labels *labels)
{
	if (!policy->namespaces ? policy->ns != ns :
	    !ns->labels || !netpol_selector_matches(policy->namespaces, ns->labels))
		return false;
	return netpol_selector_matches(policy->subject, labels);
}

static void rule_free(struct netpol_world *world, struct netpol_rule *rule)
{
	u32 i;

	for (i = 0; i < rule->npeers; i++) {
		if (rule->peer[i].pods)
			netpol_peer_put(world, rule->peer[i].pods);
		if (rule->peer[i].block)
			netpol_free(rule->peer[i].block->except);
		netpol_free(rule->peer[i].block);
		netpol_offer(i);
	}
	for (i = 0; i < rule->nports; i++) {
		if (rule->port[i].name)
			netpol_port_name_put(world, rule->port[i].name);
		netpol_offer(i);
	}
	netpol_free(rule->peer);
	netpol_free(rule->port);
	netpol_free(rule->name);
}

/* Memory of the counters of so many rules. */
static u64 hits_bytes(u32 rules)
{
	return rules * (sizeof(u64) * netpol_cpus() + sizeof(struct netpol_hits_rule));
}

static void hits_put(struct netpol_world *world, struct netpol_policy *policy)
{
	struct netpol_hits *hits = policy->hits;

	if (!hits || --hits->refs)
		return;
	world->hits_bytes -= hits_bytes(hits->count);
	policy->ns->hits_bytes -= hits_bytes(hits->count);
	netpol_percpu_free(hits->packets);
	netpol_free(hits->rule);
	netpol_free(hits);
}

/* Frees a policy that nobody can see any more, whether it is completely filled or not. */
void netpol_policy_free(struct netpol_world *world, struct netpol_policy *policy)
{
	u32 i;

	for (i = 0; i < policy->nrules; i++) {
		rule_free(world, &policy->rule[i]);
		cond_resched();
	}
	netpol_free(policy->rule);
	hits_put(world, policy);
	netpol_selector_put(world, policy->namespaces);
	netpol_selector_put(world, policy->subject);
	if (policy->ns)
		netpol_ns_put(world, policy->ns);
	netpol_free(policy->name);
	netpol_free(policy);
}

/**
 * netpol_policy_add_rule() - append a rule without peers and ports
 * @policy: policy
 * @direction: enum netpol_direction
 * @action: enum netpol_action
 * @name: name of the rule; of length 0 if it has none
 *
 * Return: 0 or -ENOMEM.
 */
int netpol_policy_add_rule(struct netpol_policy *policy, u8 direction, u8 action,
			   struct netpol_text name)
{
	char *copy = NULL;
	struct netpol_rule *rule;
	u32 i, index = 0;

	rule = netpol_array_more((void **)&policy->rule, policy->nrules, &policy->srules,
				 sizeof(*rule));
	if (!rule)
		return -ENOMEM;
	if (name.length) {
		copy = netpol_alloc(name.length + 1);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, name.data, name.length);
	}
	for (i = policy->nrules; i; i--) {
		if (policy->rule[i - 1].direction == direction) {
			index = policy->rule[i - 1].index + 1;
			break;
		}
	}
	policy->nrules++;
	rule->direction = direction;
	rule->action = action;
	rule->name = copy;
	rule->index = index;
	return 0;
}

static struct netpol_rule *last_rule(struct netpol_policy *policy)
{
	return &policy->rule[policy->nrules - 1];
}

static struct netpol_rule_peer *add_peer(struct netpol_policy *policy)
{
	struct netpol_rule *rule = last_rule(policy);

	return netpol_array_more((void **)&rule->peer, rule->npeers, &rule->speers,
				 sizeof(*rule->peer));
}

/**
 * netpol_rule_add_pods() - append a peer made of selectors to the last rule
 * @world: world, locked
 * @policy: policy with one rule at least
 * @namespaces: requirements of the namespaceSelector
 * @nnamespaces: how many
 * @has_namespaces: there is a namespaceSelector; if not, the policy's own namespace is meant, or,
 *	if it is cluster-wide, every namespace
 * @pods: requirements of the podSelector
 * @npods: how many
 * @has_pods: there is a podSelector; if not, every pod is meant
 *
 * Return: 0 or -ENOMEM.
 */
int netpol_rule_add_pods(struct netpol_world *world, struct netpol_policy *policy,
			 const struct netpol_requirement_text *namespaces,
			 u32 nnamespaces, bool has_namespaces,
			 const struct netpol_requirement_text *pods, u32 npods,
			 bool has_pods)
{
	struct netpol_selector *ns_selector = NULL, *pod_selector = NULL;
	struct netpol_rule_peer *peer = add_peer(policy);

	if (!peer)
		return -ENOMEM;
	has_namespaces |= policy->tier != NETPOL_TIER_NETWORK_POLICY;
	if (has_namespaces) {
		ns_selector = netpol_selector_get(world, namespaces, nnamespaces);
		if (!ns_selector)
			return -ENOMEM;
	}
	/* an empty podSelector is left out, so that equal peers are one object */
	if (has_pods && npods) {
		pod_selector = netpol_selector_get(world, pods, npods);
		if (!pod_selector) {
			netpol_selector_put(world, ns_selector);
			return -ENOMEM;
		}
	}
	peer->block = NULL;
	peer->pods = netpol_peer_get(world, has_namespaces ? NULL : policy->ns,
				     ns_selector, pod_selector);
	if (!peer->pods)
		return -ENOMEM;
	last_rule(policy)->selects = true;
	last_rule(policy)->npeers++;
	policy->npeers++;
	return 0;
}

static void prefix_copy(u8 *to, const void *address, u8 length)
{
	const u8 *from = address;

	memset(to, 0, 16);
	memcpy(to, from, length / 8);
	if (length % 8)
		to[length / 8] = from[length / 8] & (0xff00 >> length % 8);
}

/**
 * netpol_rule_add_block() - append an ipBlock to the last rule
 * @policy: policy with one rule at least
 * @family: AF_INET or AF_INET6
 * @address: 4 or 16 bytes; bits past @length are ignored
 * @length: at most 32 or 128
 *
 * Return: 0, -ENOMEM, or -EINVAL for a length that the family does not have.
 */
int netpol_rule_add_block(struct netpol_policy *policy, u8 family, const void *address,
			  u8 length)
{
	struct netpol_rule_peer *peer;

	if (length > (family == AF_INET ? 32 : 128))
		return -EINVAL;
	peer = add_peer(policy);
	if (!peer)
		return -ENOMEM;
	peer->pods = NULL;
	peer->block = netpol_alloc(sizeof(*peer->block));
	if (!peer->block)
		return -ENOMEM;
	peer->block->family = family;
	peer->block->length = length;
	prefix_copy(peer->block->address, address, length);
	last_rule(policy)->blocks = true;
	last_rule(policy)->npeers++;
	policy->npeers++;
	return 0;
}

/**
 * netpol_rule_add_except() - append an except to the last peer, which is an ipBlock
 * @policy: policy
 * @family: AF_INET or AF_INET6, as of the block
 * @address: 4 or 16 bytes
 * @length: length of the prefix, longer than that of the block
 *
 * Return: 0; -ENOMEM; -EINVAL if the last peer is no ipBlock, or the except is not strictly
 * inside it (k8s.io/kubernetes, pkg/apis/networking/validation).
 */
int netpol_rule_add_except(struct netpol_policy *policy, u8 family, const void *address,
			   u8 length)
{
	struct netpol_block_except *except;
	struct netpol_rule *rule;
	struct netpol_block *block;
	u8 masked[16];

	if (!policy->nrules || !last_rule(policy)->npeers)
		return -EINVAL;
	rule = last_rule(policy);
	block = rule->peer[rule->npeers - 1].block;
	if (!block || block->family != family || length <= block->length ||
	    length > (family == AF_INET ? 32 : 128))
		return -EINVAL;
	prefix_copy(masked, address, length);
	if (!netpol_prefix_has(block->address, block->length, masked))
		return -EINVAL;
	except = netpol_array_more((void **)&block->except, block->nexcepts, &block->sexcepts,
				   sizeof(*except));
	if (!except)
		return -ENOMEM;
	memcpy(except->address, masked, sizeof(masked));
	except->length = length;
	block->nexcepts++;
	policy->npeers++;
	return 0;
}

/**
 * netpol_rule_add_port() - append a port to the last rule
 * @world: world, locked
 * @policy: policy with one rule at least
 * @protocol: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
 * @name: name of the port; of length 0 if the port is given by numbers
 * @first: first number, host order
 * @last: last number, inclusive; 0 to 65535 is every port of the protocol
 *
 * Return: 0, -ENOMEM, or -EINVAL for @last below @first.
 */
int netpol_rule_add_port(struct netpol_world *world, struct netpol_policy *policy,
			 u8 protocol, struct netpol_text name, u16 first, u16 last)
{
	struct netpol_rule *rule = last_rule(policy);
	struct netpol_rule_port *port;

	if (last < first)
		return -EINVAL;
	port = netpol_array_more((void **)&rule->port, rule->nports, &rule->sports,
				 sizeof(*port));
	if (!port)
		return -ENOMEM;
	port->name = NULL;
	if (name.length) {
		port->name = netpol_port_name_get(world, name);
		if (!port->name)
			return -ENOMEM;
	}
	port->protocol = protocol;
	port->first = first;
	port->last = last;
	rule->nports++;
	policy->nports++;
	return 0;
}

static bool block_equal(const struct netpol_block *a, const struct netpol_block *b)
{
	if (!a || !b)
		return a == b;
	return a->family == b->family && a->length == b->length &&
	       a->nexcepts == b->nexcepts && !memcmp(a->address, b->address, 16) &&
	       (!a->nexcepts ||
		!memcmp(a->except, b->except, a->nexcepts * sizeof(*a->except)));
}

static bool rule_equal(const struct netpol_rule *a, const struct netpol_rule *b)
{
	u32 i;

	if (a->direction != b->direction || a->action != b->action ||
	    a->npeers != b->npeers || a->nports != b->nports ||
	    strcmp(a->name ? a->name : "", b->name ? b->name : ""))
		return false;
	for (i = 0; i < a->npeers; i++)
		if (a->peer[i].pods != b->peer[i].pods ||
		    !block_equal(a->peer[i].block, b->peer[i].block))
			return false;
	for (i = 0; i < a->nports; i++)
		if (a->port[i].name != b->port[i].name ||
		    a->port[i].protocol != b->port[i].protocol ||
		    a->port[i].first != b->port[i].first ||
		    a->port[i].last != b->port[i].last)
			return false;
	return true;
}

/* Do two policies of the same name have the same content, rule by rule? */
bool netpol_policy_equal(const struct netpol_policy *a, const struct netpol_policy *b)
{
	u32 i;

	if (a->kind != b->kind || a->directions != b->directions || a->audit != b->audit ||
	    a->tier != b->tier || a->priority != b->priority ||
	    a->namespaces != b->namespaces || a->subject != b->subject ||
	    a->nrules != b->nrules)
		return false;
	for (i = 0; i < a->nrules; i++)
		if (!rule_equal(&a->rule[i], &b->rule[i]))
			return false;
	return true;
}

/*
 * Lets a new version of a policy go on with the counters of the old one if it has as many
 * rules. Otherwise a count could move to another rule, so its counters start at 0.
 */
void netpol_policy_share_hits(struct netpol_policy *policy, struct netpol_policy *old)
{
	if (!old->hits || old->hits->count != policy->nrules)
		return;
	policy->hits = old->hits;
	policy->hits->refs++;
}

/*
 * A new version of a policy comes into force. The time since a rule was hit would be wrong for
 * another rule in its place, or for one that now guards other pods, so such a rule is watched
 * from the next look on. What its predecessor decided since the last look counts for it.
 */
void netpol_policy_succeed(const struct netpol_policy *policy,
			   const struct netpol_policy *old)
{
	struct netpol_hits *hits = policy->hits;
	u32 i;

	if (!hits || hits != old->hits)
		return;
	for (i = 0; i < hits->count; i++) {
		if (policy->subject != old->subject || policy->namespaces != old->namespaces ||
		    !rule_equal(&policy->rule[i], &old->rule[i])) {
			hits->rule[i].since = 0;
			hits->rule[i].hit = 0;
		}
		netpol_offer(i);
	}
}

/*
 * Notes what a look at the counter of rule @i found: @sum packets, at @now, in seconds since boot.
 * The packet path only counts, so the time of a hit is that of the first look after it.
 */
void netpol_hits_look(struct netpol_hits *hits, u32 i, u64 sum, u64 now)
{
	struct netpol_hits_rule *rule = &hits->rule[i];

	if (!rule->since)
		rule->since = now;
	if (rule->seen == sum)
		return;
	rule->seen = sum;
	rule->hit = now;
}

/* Does a rule of these policies name ports of the subject? Only ingress rules can. */
bool netpol_policies_need_ports(struct netpol_policy *const *policy, u32 npolicies,
				u8 direction)
{
	u32 i, j, k;

	if (direction != NETPOL_DIRECTION_INGRESS)
		return false;
	for (i = 0; i < npolicies; i++) {
		for (j = 0; j < policy[i]->nrules; j++) {
			netpol_offer(j);
			if (policy[i]->rule[j].direction != direction)
				continue;
			for (k = 0; k < policy[i]->rule[j].nports; k++)
				if (policy[i]->rule[j].port[k].name)
					return true;
		}
		cond_resched();
	}
	return false;
}

/* Gives a policy its counters if it has none yet. Return: 0 or -ENOMEM. */
int netpol_policy_need_hits(struct netpol_world *world, struct netpol_policy *policy)
{
	struct netpol_hits *hits;

	if (policy->hits || !policy->nrules)
		return 0;
	hits = netpol_alloc(sizeof(*hits));
	if (!hits)
		return -ENOMEM;
	hits->refs = 1;
	hits->packets = netpol_percpu_alloc(policy->nrules * sizeof(u64));
	hits->rule = netpol_alloc_array(policy->nrules, sizeof(*hits->rule));
	if (!hits->packets || !hits->rule) {
		netpol_percpu_free(hits->packets);
		netpol_free(hits->rule);
		netpol_free(hits);
		return -ENOMEM;
	}
	hits->count = policy->nrules;
	world->hits_bytes += hits_bytes(hits->count);
	policy->ns->hits_bytes += hits_bytes(hits->count);
	policy->hits = hits;
	return 0;
}

/* Is an address inside a prefix? Both are in network order. */
bool netpol_prefix_has(const u8 *prefix, u8 length, const u8 *address)
{
	u32 bytes = length / 8, bits = length % 8;

	if (memcmp(prefix, address, bytes))
		return false;
	return !bits || !((prefix[bytes] ^ address[bytes]) >> (8 - bits));
}

/* Is an address inside a block and inside none of its excepts? */
bool netpol_block_has(const struct netpol_block *block, u8 family, const void *address)
{
	u32 i;

	if (block->family != family ||
	    !netpol_prefix_has(block->address, block->length, address))
		return false;
	for (i = 0; i < block->nexcepts; i++)
		if (netpol_prefix_has(block->except[i].address,
				      block->except[i].length, address))
			return false;
	return true;
}
