// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policies of the desired state: their copies, and which of them select a local pod.
 */
#include "agent/desired_policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/desired_node.h"
#include "agent/desired_trouble.h"
#include "base/loop.h"
#include "base/sort.h"
#include "object/audit.h"
#include "object/digest.h"
#include "object/nodes.h"

#define NP_POLICY_PEERS	65536	/* the most peers of a policy, while the kernel has not said */
#define NP_COPY_BREATHE	256	/* values of a selector */
/* A policy that takes more without its rules has a large selector. */
#define NP_NARROW_BYTES	4096
#define NP_NARROW_CLUSTER_BYTES	16384	/* the same with closed rules, of which there are 50 */

/* --- copies --------------------------------------------------------------------- */

/*
 * The block of memory in which a policy is copied. A copy is made in two passes. The first pass has
 * no base and only finds out how many bytes are used.
 */
struct np_block {
	uint8_t *base;
	size_t used;
};

static void *np_block_take(struct np_block *block, const void *from, size_t size)
{
	void *to = block->base ? block->base + block->used : NULL;

	block->used += (size + 7) & ~(size_t)7;
	if (to && size)
		memcpy(to, from, size);
	return to;
}

static const char *np_block_text(struct np_block *block, const char *text)
{
	return text ? np_block_take(block, text, strlen(text) + 1) : NULL;
}

static void np_copy_selector(struct np_block *block, struct np_selector *to,
			     const struct np_selector *from)
{
	struct np_requirement *item;
	const char **value;
	uint32_t i, v;

	item = np_block_take(block, from->item, from->count * sizeof(*item));
	for (i = 0; i < from->count; i++) {
		const struct np_requirement *req = &from->item[i];
		const char *key = np_block_text(block, req->key);

		value = np_block_take(block, req->value, req->value_count * sizeof(*value));
		for (v = 0; v < req->value_count; v++) {
			const char *text = np_block_text(block, req->value[v]);

			if (block->base)
				value[v] = text;
			if (!(v % NP_COPY_BREATHE))
				np_breathe();
		}
		if (block->base) {
			item[i].key = key;
			item[i].value = value;
		}
	}
	if (block->base)
		to->item = item;
}

static void np_copy_peer(struct np_block *block, struct np_peer *to, const struct np_peer *from)
{
	struct np_ipblock *ip;
	struct np_cidr *except;

	np_copy_selector(block, to ? &to->ns_selector : NULL, &from->ns_selector);
	np_copy_selector(block, to ? &to->pod_selector : NULL, &from->pod_selector);
	if (!from->ipblock)
		return;
	ip = np_block_take(block, from->ipblock, sizeof(*ip));
	except = np_block_take(block, from->ipblock->except,
			       from->ipblock->except_count * sizeof(*except));
	if (!to)
		return;
	to->ipblock = ip;
	ip->except = except;
}

static struct np_peer *np_copy_peers(struct np_block *block, const struct np_peer *from,
				     uint32_t count)
{
	struct np_peer *peer = np_block_take(block, from, count * sizeof(*peer));
	uint32_t i;

	for (i = 0; i < count; i++) {
		np_copy_peer(block, peer ? &peer[i] : NULL, &from[i]);
		np_breathe();
	}
	return peer;
}

static struct np_port *np_copy_ports(struct np_block *block, const struct np_port *from,
				     uint32_t count)
{
	struct np_port *port = np_block_take(block, from, count * sizeof(*port));
	uint32_t i;

	for (i = 0; i < count; i++) {
		const char *name = np_block_text(block, from[i].name);

		if (port)
			port[i].name = name;
	}
	return port;
}

static struct np_rule_nodes *np_copy_nodes(struct np_block *block, const struct np_rule_nodes *from)
{
	struct np_rule_nodes *to;
	struct np_node_peer *node;
	struct np_peer *peer;
	struct np_port *port;
	uint32_t i;

	if (!from)
		return NULL;
	to = np_block_take(block, from, sizeof(*to));
	node = np_block_take(block, from->node, from->node_count * sizeof(*node));
	for (i = 0; i < from->node_count; i++)
		np_copy_selector(block, node ? &node[i].selector : NULL, &from->node[i].selector);
	peer = np_copy_peers(block, from->peer, from->peer_count);
	port = np_copy_ports(block, from->port, from->port_count);
	if (to) {
		to->node = node;
		to->peer = peer;
		to->port = port;
	}
	return to;
}

static struct np_rule *np_copy_rules(struct np_block *block, const struct np_rule *from,
				     uint32_t count)
{
	struct np_rule *rule = np_block_take(block, from, count * sizeof(*rule));
	uint32_t i;

	for (i = 0; i < count; i++, from++) {
		const char *rule_name = np_block_text(block, from->name);
		struct np_peer *peer = np_copy_peers(block, from->peer, from->peer_count);
		struct np_port *port = np_copy_ports(block, from->port, from->port_count);
		struct np_rule_nodes *nodes = np_copy_nodes(block, from->nodes);

		np_breathe();
		if (rule) {
			rule[i].name = rule_name;
			rule[i].peer = peer;
			rule[i].port = port;
			rule[i].nodes = nodes;
		}
	}
	return rule;
}

static int np_text_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts values, whose order has no meaning, so that a label can be looked up among them. */
static void np_sort_values(const struct np_selector *selector)
{
	struct np_requirement *req;
	uint32_t i;

	for (i = 0; i < selector->count; i++) {
		req = &selector->item[i];
		np_sort_many(req->value, req->value_count, sizeof(*req->value), np_text_compare);
	}
}

/* A rule in place of one that cannot be enforced: it accepts nothing, or denies everything. */
static struct np_rule np_rule_closed(const struct np_rule *from)
{
	return (struct np_rule){
		.name = from->name,
		.action = from->action == NP_ACTION_ACCEPT ? NP_ACTION_ACCEPT : NP_ACTION_DENY,
		.closed = true,
		.line = from->line,
	};
}

/* Makes closed rules of rules that have been copied. A NetworkPolicy does without rules instead. */
static struct np_rule *np_close_copy(struct np_block *block, const struct np_policy *policy,
				     const struct np_rule *copy, uint32_t count)
{
	struct np_rule *rule;
	uint32_t i;

	if (policy->tier == NP_TIER_NETWORK_POLICY)
		return NULL;
	rule = np_block_take(block, copy, count * sizeof(*rule));
	for (i = 0; rule && i < count; i++)
		rule[i] = np_rule_closed(&copy[i]);
	return rule;
}

/* closed gets the closed rules, see struct np_desired_policy. */
static struct np_policy *np_copy_once(struct np_block *block, const struct np_policy *from,
				      struct np_rule **closed)
{
	struct np_policy *to = np_block_take(block, from, sizeof(*from));
	const char *name = np_block_text(block, from->name);
	struct np_rule *ingress, *egress;

	np_copy_selector(block, to ? &to->ns_selector : NULL, &from->ns_selector);
	np_copy_selector(block, to ? &to->pod_selector : NULL, &from->pod_selector);
	ingress = np_copy_rules(block, from->ingress, from->ingress_count);
	egress = np_copy_rules(block, from->egress, from->egress_count);
	closed[0] = np_close_copy(block, from, ingress, from->ingress_count);
	closed[1] = np_close_copy(block, from, egress, from->egress_count);
	if (!to)
		return NULL;
	np_sort_values(&to->ns_selector);
	np_sort_values(&to->pod_selector);
	to->name = name;
	to->ingress = ingress;
	to->egress = egress;
	memset(&to->labels, 0, sizeof(to->labels));
	memset(&to->place, 0, sizeof(to->place));
	return to;
}

/* Copies a policy into one block, except for the name of its namespace. */
static struct np_policy *np_policy_copy(const struct np_policy *from, const char *namespace,
					struct np_rule **closed, size_t *bytes)
{
	struct np_block block = { 0 };
	struct np_policy *policy;

	np_copy_once(&block, from, closed);
	*bytes = block.used;
	block.base = np_xmalloc(block.used);
	block.used = 0;
	policy = np_copy_once(&block, from, closed);
	policy->namespace = namespace;
	return policy;
}

static size_t np_policy_bytes(const struct np_policy *policy)
{
	struct np_block block = { 0 };
	struct np_rule *closed[2];

	np_copy_once(&block, policy, closed);
	return block.used;
}

/* --- selecting pods ------------------------------------------------------------- */

/* Is a text among sorted values? Adds the number of comparisons to *steps. */
static bool np_value_found(const struct np_requirement *req, const char *text, uint64_t *steps)
{
	uint32_t low = 0, high = req->value_count, mid;
	int order;

	while (low < high) {
		mid = low + (high - low) / 2;
		order = strcmp(req->value[mid], text);
		++*steps;
		if (!order)
			return true;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

static bool np_requirement_matches(const struct np_requirement *req,
				   const struct np_labels *labels, uint64_t *steps)
{
	const char *value = np_labels_get(labels, req->key);

	++*steps;
	switch (req->op) {
	case NP_OP_EXISTS:
		return value;
	case NP_OP_DOES_NOT_EXIST:
		return !value;
	case NP_OP_IN:
		return value && np_value_found(req, value, steps);
	default:
		return !value || !np_value_found(req, value, steps);
	}
}

static bool np_selector_matches(struct np_desired *d, const struct np_selector *selector,
				const struct np_desired_labels *of)
{
	const struct np_labels labels = {
		.item = (struct np_label *)of->label, .count = of->label_count,
	};
	uint32_t i;

	d->steps++;
	for (i = 0; i < selector->count; i++)
		if (!np_requirement_matches(&selector->item[i], &labels, &d->steps))
			return false;
	return true;
}

/*
 * Does a policy select a pod that has these labels, or may it? Whether a ClusterNetworkPolicy
 * selects a namespace whose labels are not known cannot be told.
 */
static bool np_policy_selects(struct np_desired *d, const struct np_desired_policy *policy,
			      const struct np_desired_namespace *ns,
			      const struct np_desired_labels *of)
{
	if (policy->namespace != ns &&
	    (policy->namespace != d->cluster ||
	     (ns->counted &&
	      !np_selector_matches(d, &policy->policy->ns_selector, ns->counted))))
		return false;
	return np_selector_matches(d, &policy->policy->pod_selector, of);
}

/* Makes a policy wanted as long as it selects a local pod. */
static void np_policy_want(struct np_desired *d, struct np_desired_policy *policy)
{
	bool wanted = policy->pods && !(policy->flags & NP_DESIRED_GONE);

	if (wanted == !!(policy->flags & NP_DESIRED_WANTED))
		return;
	policy->flags ^= NP_DESIRED_WANTED;
	np_desired_set_pending(d, NETPOL_OBJECT_POLICY, policy);
}

/* Counts the pods that a policy selects, after the policy has changed. */
static void np_policy_select(struct np_desired *d, struct np_desired_policy *policy)
{
	size_t i;

	policy->pods = 0;
	for (i = 0; i < d->local_count; i++) {
		policy->pods += np_policy_selects(d, policy, d->local[i]->namespace,
						  d->local[i]->labels);
		np_breathe();
	}
	np_policy_want(d, policy);
}

/* Sets how many rejected policies select a local pod, which is withheld if there are any. */
static void np_pod_set_rejected(struct np_desired *d, struct np_desired_pod *pod, uint32_t count)
{
	pod->rejected = count;
	if (!!count == !!(pod->flags & NP_DESIRED_WITHHELD))
		return;
	pod->flags ^= NP_DESIRED_WITHHELD;
	np_desired_set_pending(d, NETPOL_OBJECT_POD, pod);
}

static bool np_policy_withholds(const struct np_desired_policy *policy)
{
	return (policy->flags & (NP_DESIRED_REJECTED | NP_DESIRED_GONE)) == NP_DESIRED_REJECTED;
}

/* Adds to the counts of the pods that a policy selects. */
static void np_policy_withhold(struct np_desired *d, const struct np_desired_policy *policy,
			       int add)
{
	struct np_desired_pod *pod;
	size_t i;

	for (i = 0; i < d->local_count; i++) {
		np_breathe();
		pod = d->local[i];
		if (np_policy_selects(d, policy, pod->namespace, pod->labels))
			np_pod_set_rejected(d, pod, pod->rejected + add);
	}
}

void np_desired_policy_set_rejected(struct np_desired *d, struct np_desired_policy *policy,
				    bool rejected)
{
	if (rejected == np_policy_withholds(policy) || policy->flags & NP_DESIRED_GONE)
		return;
	policy->flags ^= NP_DESIRED_REJECTED;
	np_policy_withhold(d, policy, rejected ? 1 : -1);
}

void np_desired_policies_select(struct np_desired *d, struct np_desired_pod *pod,
				struct np_desired_labels *before, struct np_desired_labels *after)
{
	struct np_desired_policy *const list[] = { pod->namespace->policies, d->cluster->policies };
	struct np_desired_policy *policy;
	uint32_t rejected = 0, i;
	bool was, is;

	for (i = 0; i < 2; i++) {
		for (policy = list[i]; policy; policy = policy->next) {
			np_breathe();
			was = before && np_policy_selects(d, policy, pod->namespace, before);
			is = after && np_policy_selects(d, policy, pod->namespace, after);
			policy->pods += is - was;
			np_policy_want(d, policy);
			rejected += is && np_policy_withholds(policy);
		}
	}
	if (after)
		np_pod_set_rejected(d, pod, rejected);
}

/*
 * Adds to what is counted for the ClusterNetworkPolicies that select local pods of a namespace, by
 * the labels that it counts with.
 */
static void np_namespace_count(struct np_desired *d, const struct np_desired_namespace *ns, int add)
{
	struct np_desired_policy *policy;
	struct np_desired_pod *pod;
	size_t i;

	for (i = 0; i < d->local_count; i++) {
		pod = d->local[i];
		if (pod->namespace != ns)
			continue;
		for (policy = d->cluster->policies; policy; policy = policy->next) {
			np_breathe();
			if (!np_policy_selects(d, policy, ns, pod->labels))
				continue;
			policy->pods += add;
			if (np_policy_withholds(policy))
				np_pod_set_rejected(d, pod, pod->rejected + add);
		}
	}
}

/* Takes over whether a namespace asks for its NetworkPolicies to be observed. */
static void np_namespace_audit(struct np_desired *d, struct np_desired_namespace *ns)
{
	bool audit = ns->audit_asked && np_desired_namespace_loaded(ns);
	struct np_desired_policy *policy;

	if (audit == ns->audit)
		return;
	ns->audit = audit;
	for (policy = ns->policies; policy; policy = policy->next) {
		np_breathe();
		if (np_audit_asked(policy->policy, true) != np_audit_asked(policy->policy, false))
			np_desired_set_pending(d, NETPOL_OBJECT_POLICY, policy);
	}
}

void np_desired_namespace_select(struct np_desired *d, struct np_desired_namespace *ns)
{
	struct np_desired_labels *now = np_desired_namespace_loaded(ns) ? ns->labels : NULL;
	struct np_desired_labels *before = ns->counted;
	struct np_desired_policy *policy;

	np_namespace_audit(d, ns);
	if (now == before)
		return;
	np_namespace_count(d, ns, -1);
	if (now)
		now->refs++;
	ns->counted = now;
	np_namespace_count(d, ns, 1);
	np_desired_labels_put(&d->labels, before);
	for (policy = d->cluster->policies; policy; policy = policy->next)
		np_policy_want(d, policy);
}

/* --- records -------------------------------------------------------------------- */

struct np_policy_key {
	const struct np_desired_namespace *namespace;
	const char *name;
};

static bool np_policy_match(const void *record, const void *key)
{
	const struct np_desired_policy *policy = record;
	const struct np_policy_key *want = key;

	return policy->namespace == want->namespace &&
	       !strcmp(policy->policy->name, want->name);
}

static struct np_desired_policy *np_policy_find(const struct np_desired *d,
						const struct np_desired_namespace *ns,
						const char *name)
{
	struct np_policy_key key = { ns, name };

	return np_hash_find(&d->policies, np_hash_bytes(ns->hash + 1, name, strlen(name)),
			    np_policy_match, &key);
}

struct np_desired_policy *np_desired_policy(const struct np_desired *d, const char *namespace,
					    const char *name)
{
	struct np_desired_namespace *ns = *namespace ? np_desired_namespace_find(d, namespace) :
						       d->cluster;
	struct np_desired_policy *policy = ns ? np_policy_find(d, ns, name) : NULL;

	return policy && !(policy->flags & NP_DESIRED_GONE) ? policy : NULL;
}

static bool np_policy_observed(const struct np_desired_policy *policy)
{
	return !(policy->flags & (NP_DESIRED_CLOSED | NP_DESIRED_REJECTED)) &&
	       np_audit_asked(policy->policy, policy->namespace->audit);
}

size_t np_desired_observed(const struct np_desired *d)
{
	const struct np_desired_policy *policy;
	size_t count = 0, at = 0;

	while ((policy = np_hash_next(&d->policies, &at)))
		count += !(policy->flags & NP_DESIRED_GONE) && np_policy_observed(policy);
	return count;
}

void np_desired_policy_view(const struct np_desired_policy *policy, struct np_policy *view)
{
	*view = *policy->policy;
	view->audit = np_policy_observed(policy);
	if (!(policy->flags & NP_DESIRED_CLOSED))
		return;
	if (view->tier != NP_TIER_NETWORK_POLICY) {
		view->ingress = policy->closed[0];
		view->egress = policy->closed[1];
		return;
	}
	view->ingress_count = 0;
	view->egress_count = 0;
}

/* Takes away what a policy asks for and does not get. What is closed never gets it. */
static void np_policy_audit(const struct np_desired *d, bool closed, struct np_policy *policy)
{
	policy->audit_asked &= d->audit_annotations && !closed;
	policy->audit_refused &= d->audit_annotations;
	policy->audit_refused |= closed;
}

static bool np_policy_too_much(const struct np_desired *d, const struct np_desired_namespace *ns,
			       const struct np_desired_policy *old, const struct np_policy *policy)
{
	size_t more = np_policy_bytes(policy), less = old ? old->bytes : 0;
	size_t share = ns->policy_bytes - less + more;

	if (ns == d->cluster)
		return share > NP_POLICY_BYTES_CLUSTER;
	return share > NP_POLICY_BYTES_SHARE ||
	       (share > NP_POLICY_BYTES_LOW &&
		d->policy_bytes - less + more > NP_POLICY_BYTES_ALL);
}

/* Replaces rules by closed ones, which live until the next object is read. */
static struct np_rule *np_close_rules(struct np_desired *d, const struct np_rule *from,
				      uint32_t count)
{
	struct np_rule *rule = np_arena_zalloc(&d->scratch.arena, count * sizeof(*rule));
	uint32_t i;

	for (i = 0; i < count; i++)
		rule[i] = np_rule_closed(&from[i]);
	return rule;
}

/*
 * If a policy would exceed the bounds, drops its rules, or what they match, and returns true. If
 * its selector alone is too large, the selector is dropped too, so that the policy selects the
 * whole namespace, or every pod.
 */
static bool np_policy_narrow(struct np_desired *d, const struct np_desired_namespace *ns,
			     const struct np_desired_policy *old, struct np_policy *policy)
{
	const char *reason = ns == d->cluster ?
			     "the cluster-wide policies take too much memory" :
			     "the policies of this namespace take too much memory";
	enum np_source_kind kind = np_desired_kind(NETPOL_OBJECT_POLICY, ns->name);

	if (!np_policy_too_much(d, ns, old, policy))
		return false;
	if (ns == d->cluster) {
		policy->ingress = np_close_rules(d, policy->ingress, policy->ingress_count);
		policy->egress = np_close_rules(d, policy->egress, policy->egress_count);
	} else {
		policy->ingress_count = 0;
		policy->egress_count = 0;
	}
	if (np_policy_bytes(policy) >
	    (ns == d->cluster ? NP_NARROW_CLUSTER_BYTES : NP_NARROW_BYTES)) {
		policy->ns_selector = (struct np_selector) { .present = ns == d->cluster };
		policy->pod_selector = (struct np_selector) { .present = true };
	}
	np_trouble_set(d, NETPOL_OBJECT_POLICY, policy->namespace, policy->name,
		       NP_TROUBLE_CLOSED, false, reason);
	np_desired_remark(d, kind, policy->namespace, policy->name, reason);
	return true;
}

bool np_desired_policy_partial(const struct np_policy *policy)
{
	uint32_t i;

	for (i = 0; i < policy->ingress_count; i++)
		if (policy->ingress[i].closed)
			return true;
	for (i = 0; i < policy->egress_count; i++)
		if (policy->egress[i].closed && !policy->egress[i].nodes)
			return true;
	return false;
}

void np_desired_policy_unread(struct np_desired *d, const struct np_desired_policy *policy)
{
	if (policy->kept)
		np_trouble_set(d, NETPOL_OBJECT_POLICY, "", policy->policy->name,
			       NP_TROUBLE_CLOSED, false,
			       "it cannot be read, and its version before stays in force");
	else if (policy->lost || np_desired_policy_partial(policy->policy))
		np_trouble_set(d, NETPOL_OBJECT_POLICY, "", policy->policy->name,
			       NP_TROUBLE_CLOSED, false, "some of it cannot be read");
}

/* Why rules of a policy are closed that name Nodes. */
struct np_lack {
	enum np_nodes_lack kind;	/* NP_NODES_ENOUGH: none is */
	uint32_t rule;			/* the first one */
	bool memory;
};

/*
 * Resolves the rules of a ClusterNetworkPolicy that name Nodes. The policy gets rules that live
 * until the next one is resolved. old: its record, or NULL.
 */
static struct np_lack np_policy_resolve(struct np_desired *d, const struct np_desired_policy *old,
					struct np_policy *policy)
{
	const struct np_nodes nodes = {
		.node = d->node_list, .count = d->node_count,
		.partial = d->nodes_unread || d->nodes_nameless,
		.unknown = !d->synced[NP_SOURCE_NODES],
	};
	size_t room = d->peers_max ? d->peers_max : NP_POLICY_PEERS;
	struct np_lack lack = { NP_NODES_ENOUGH };

	np_arena_reset(&d->resolved);
	if (!np_policy_names_nodes(policy))
		return lack;
	lack.kind = np_nodes_resolve(&d->resolved, policy, &nodes, room, &lack.rule);
	if (!np_policy_too_much(d, d->cluster, old, policy))
		return lack;
	lack.kind = np_nodes_resolve(&d->resolved, policy, &nodes, 0, &lack.rule);
	lack.memory = lack.kind == NP_NODES_TOO_MANY;
	return lack;
}

/* Says what is lacking of Nodes for a policy that has been resolved, or that it is no longer. */
static void np_policy_blame(struct np_desired *d, struct np_desired_policy *policy,
			    const struct np_lack *lack)
{
	static const char * const what[] = {
		[NP_NODES_UNKNOWN] = "which Nodes there are is not known",
		[NP_NODES_PARTIAL] = "there are Nodes that cannot be read",
		[NP_NODES_TOO_MANY] = "these Nodes have more addresses than the kernel "
				      "takes in a policy",
	};
	const char *name = policy->policy->name, *rule;
	bool accept, was = policy->blind;
	char text[400];

	/* All of its rules are closed for another reason, and that is said. */
	if (policy->flags & (NP_DESIRED_CLOSED | NP_DESIRED_REJECTED))
		return;
	/* While commits wait for the list of Nodes there is nothing to say. */
	policy->blind = lack->kind && (lack->kind != NP_NODES_UNKNOWN || d->nodes_given_up);
	if (policy->blind) {
		rule = policy->policy->egress[lack->rule].name;
		accept = policy->policy->egress[lack->rule].action == NP_ACTION_ACCEPT;
		snprintf(text, sizeof(text),
			 "spec.egress[%u]%s%.100s%s: %s: the rule is closed and %s", lack->rule,
			 rule && *rule ? " (rule \"" : "", rule ? rule : "",
			 rule && *rule ? "\")" : "", lack->memory ?
			 "the cluster-wide policies would take too much memory with these Nodes" :
			 what[lack->kind], accept ? "matches nothing" : "denies everything");
		np_trouble_set(d, NETPOL_OBJECT_POLICY, "", name, NP_TROUBLE_CLOSED, false, text);
		if (!was)
			np_desired_remark(d, NP_SOURCE_CLUSTER_POLICY, "", name, text);
	} else if (was) {
		np_trouble_clear(d, NETPOL_OBJECT_POLICY, "", name);
		np_desired_policy_unread(d, policy);
	}
}

/* Replaces what a record has of a ClusterNetworkPolicy by the same policy for other Nodes. */
static void np_policy_replace(struct np_desired *d, struct np_desired_policy *policy,
			      const struct np_policy *object)
{
	struct np_policy *copy;
	size_t bytes;

	copy = np_policy_copy(object, d->cluster->name, policy->closed, &bytes);
	free(policy->policy);
	policy->policy = copy;
	d->cluster->policy_bytes += bytes - policy->bytes;
	policy->bytes = bytes;
	/* What was refused of it may be taken now. */
	if (policy->flags & (NP_DESIRED_CLOSED | NP_DESIRED_REJECTED)) {
		np_desired_policy_set_rejected(d, policy, false);
		policy->flags &= ~NP_DESIRED_CLOSED;
		np_trouble_clear(d, NETPOL_OBJECT_POLICY, "", copy->name);
		policy->blind = false;
		np_desired_policy_unread(d, policy);
	}
	np_desired_set_pending(d, NETPOL_OBJECT_POLICY, policy);
}

void np_desired_policies_resolve(struct np_desired *d)
{
	struct np_desired_policy *policy;
	struct np_policy object;
	struct np_lack lack;

	if (!d->nodes_stale)
		return;
	d->nodes_stale = false;
	np_desired_nodes_index(d);
	for (policy = d->cluster->policies; policy; policy = policy->next) {
		np_breathe();
		if (policy->flags & NP_DESIRED_GONE || !np_policy_names_nodes(policy->policy))
			continue;
		object = *policy->policy;
		lack = np_policy_resolve(d, policy, &object);
		if (np_policy_digest(&object) != np_policy_digest(policy->policy))
			np_policy_replace(d, policy, &object);
		np_policy_blame(d, policy, &lack);
	}
	np_arena_reset(&d->resolved);
}

static bool np_peers_select(const struct np_peer *peer, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (!peer[i].ipblock)
			return true;
	return false;
}

/* Would a rule be missed by a pod of which only the address is known? */
static bool np_rules_doubt(const struct np_rule *rule, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (rule[i].action != NP_ACTION_ACCEPT &&
		    (np_peers_select(rule[i].peer, rule[i].peer_count) ||
		     (rule[i].nodes && np_peers_select(rule[i].nodes->peer,
						       rule[i].nodes->peer_count))))
			return true;
	return false;
}

/* Notes what a policy needs Nodes for. */
static void np_policy_need(struct np_desired *d, struct np_desired_policy *policy)
{
	uint8_t needs = 0;

	if (!(policy->flags & NP_DESIRED_GONE)) {
		if (np_policy_names_nodes(policy->policy))
			needs |= NP_NEED_NODES;
		if (d->node_ranges && (np_rules_doubt(policy->policy->ingress,
						      policy->policy->ingress_count) ||
				       np_rules_doubt(policy->policy->egress,
						      policy->policy->egress_count)))
			needs |= NP_NEED_RANGES;
	}
	/* The ranges are to be found, or to be forgotten. */
	if ((needs ^ policy->needs) & NP_NEED_RANGES)
		d->nodes_stale = true;
	d->node_users += !!needs;
	d->node_users -= !!policy->needs;
	d->range_users += !!(needs & NP_NEED_RANGES);
	d->range_users -= !!(policy->needs & NP_NEED_RANGES);
	policy->needs = needs;
}

void np_desired_policy_upsert(struct np_desired *d, const struct np_policy *given, bool closed)
{
	struct np_desired_namespace *ns = given->tier == NP_TIER_NETWORK_POLICY ?
					  np_desired_namespace_get(d, given->namespace) :
					  d->cluster;
	enum np_source_kind kind = np_desired_kind(NETPOL_OBJECT_POLICY, ns->name);
	struct np_desired_policy *policy = np_policy_find(d, ns, given->name);
	struct np_policy narrow = *given, *copy;
	const struct np_policy *object = &narrow;
	struct np_lack lack = { NP_NODES_ENOUGH };
	struct np_rule *rules[2];
	size_t bytes;
	bool same;

	if (!closed)
		np_trouble_clear(d, NETPOL_OBJECT_POLICY, object->namespace, object->name);
	if (ns == d->cluster && closed) {
		/* They name no Nodes any more, so that no Node that changes opens them. */
		narrow.ingress = np_close_rules(d, narrow.ingress, narrow.ingress_count);
		narrow.egress = np_close_rules(d, narrow.egress, narrow.egress_count);
	} else if (ns == d->cluster) {
		if (d->nodes_stale)
			np_desired_nodes_index(d);
		lack = np_policy_resolve(d, policy, &narrow);
	}
	closed |= np_policy_narrow(d, ns, policy, &narrow);
	np_policy_audit(d, closed, &narrow);
	copy = np_policy_copy(object, ns->name, rules, &bytes);
	if (!policy) {
		policy = np_xcalloc(1, sizeof(*policy));
		policy->hash = np_hash_bytes(ns->hash + 1, copy->name, strlen(copy->name));
		policy->namespace = ns;
		policy->next = ns->policies;
		policy->at = &ns->policies;
		if (policy->next)
			policy->next->at = &policy->next;
		ns->policies = policy;
		policy->policy = copy;
		np_hash_add(&d->policies, policy);
		d->cluster_policies += ns == d->cluster;
		same = false;
	} else {
		same = !(policy->flags & (NP_DESIRED_GONE | NP_DESIRED_CLOSED |
					  NP_DESIRED_REJECTED)) && !closed &&
		       np_policy_digest(copy) == np_policy_digest(policy->policy) &&
		       np_audit_asked(copy, ns->audit) ==
		       np_audit_asked(policy->policy, ns->audit);
		np_desired_policy_set_rejected(d, policy, false);
		free(policy->policy);
		policy->policy = copy;
	}
	memcpy(policy->closed, rules, sizeof(rules));
	ns->policy_bytes += bytes - policy->bytes;
	if (ns != d->cluster)
		d->policy_bytes += bytes - policy->bytes;
	policy->bytes = bytes;
	policy->lost = false;
	policy->kept = false;
	policy->epoch = d->epoch[kind];
	policy->flags &= ~(NP_DESIRED_GONE | NP_DESIRED_REJECTED | NP_DESIRED_CLOSED);
	if (closed)
		policy->flags |= NP_DESIRED_CLOSED;
	policy->blind = false;
	if (ns == d->cluster)
		np_policy_need(d, policy);
	if (lack.kind && !closed)
		np_policy_blame(d, policy, &lack);
	if (same)
		return;
	np_policy_select(d, policy);
	np_desired_set_pending(d, NETPOL_OBJECT_POLICY, policy);
}

void np_desired_policy_remove(struct np_desired *d, struct np_desired_policy *policy)
{
	if (!(policy->flags & NP_DESIRED_GONE)) {
		np_trouble_clear(d, NETPOL_OBJECT_POLICY, policy->namespace->name,
				 policy->policy->name);
		np_desired_policy_set_rejected(d, policy, false);
		policy->flags |= NP_DESIRED_GONE;
		policy->flags &= ~NP_DESIRED_WANTED;
		np_policy_need(d, policy);
		np_desired_set_pending(d, NETPOL_OBJECT_POLICY, policy);
	}
	if (!(policy->flags & NP_DESIRED_PENDING))
		np_desired_policy_free(d, policy);
}
