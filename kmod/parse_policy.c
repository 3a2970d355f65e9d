// SPDX-License-Identifier: GPL-2.0
/*
 * A policy comes in pieces: the policy itself, then its rules, and after each rule its peers
 * with their excepts, and its ports.
 */
#include "parse_policy.h"
#include "netlink.h"

#define refuse(parse, attr, error, ...) \
	netpol_refuse((parse)->refusal, attr, error, __VA_ARGS__)

/* A selector in the form that the core takes. It owns both arrays. */
struct selector_text {
	struct netpol_requirement_text *requirement;
	struct netpol_text *value;
	u32 count;
};

static void selector_release(struct selector_text *selector)
{
	netpol_free(selector->requirement);
	netpol_free(selector->value);
}

/* One requirement. Its values are stored at *@value, which is moved behind them. */
static int parse_requirement(struct netpol_parse *parse, const struct nlattr *nest,
			     struct netpol_requirement_text *requirement,
			     struct netpol_text **value)
{
	struct nlattr *tb[NETPOL_REQUIREMENT_A_MAX + 1];
	const struct nlattr *attr;
	int left, error;
	bool has;

	netpol_nest_attrs(tb, NETPOL_REQUIREMENT_A_MAX, nest);
	error = netpol_need_text(parse, nest, tb, NETPOL_REQUIREMENT_A_KEY, false,
				 &requirement->key);
	if (error)
		return error;
	if (!tb[NETPOL_REQUIREMENT_A_OPERATOR])
		return netpol_refuse_missing(parse->refusal, nest,
					     NETPOL_REQUIREMENT_A_OPERATOR);
	requirement->operator = nla_get_u8(tb[NETPOL_REQUIREMENT_A_OPERATOR]);
	has = requirement->operator == NETPOL_OPERATOR_IN ||
	      requirement->operator == NETPOL_OPERATOR_NOT_IN;
	if (has && !tb[NETPOL_REQUIREMENT_A_VALUE])
		return netpol_refuse_missing(parse->refusal, nest,
					     NETPOL_REQUIREMENT_A_VALUE);
	if (!has && tb[NETPOL_REQUIREMENT_A_VALUE])
		return refuse(parse, tb[NETPOL_REQUIREMENT_A_VALUE], -EINVAL,
			      "Exists and DoesNotExist take no values");
	requirement->value = *value;
	nla_for_each_nested(attr, nest, left) {
		if (nla_type(attr) != NETPOL_REQUIREMENT_A_VALUE)
			continue;
		error = netpol_parse_text(parse, attr, true, *value);
		if (error)
			return error;
		++*value;
		requirement->count++;
	}
	return 0;
}

/* A selector, to be released after an error as well. @nest: NULL is the empty selector. */
static int parse_selector(struct netpol_parse *parse, const struct nlattr *nest,
			  struct selector_text *selector)
{
	const struct nlattr *attr;
	struct netpol_text *value;
	u32 values = 0, at = 0;
	int left, error;

	memset(selector, 0, sizeof(*selector));
	if (!nest)
		return 0;
	error = netpol_count_limited(parse, nest, NETPOL_SELECTOR_A_REQUIREMENT,
				     NETPOL_LIMIT_LABELS_PER_OBJECT, "requirements",
				     &selector->count);
	if (error || !selector->count)
		return error;
	nla_for_each_nested(attr, nest, left)
		values += netpol_count_attrs(attr, NETPOL_REQUIREMENT_A_VALUE);
	selector->requirement = netpol_alloc_array(selector->count,
						   sizeof(*selector->requirement));
	selector->value = netpol_alloc_array(max(values, 1U), sizeof(*selector->value));
	if (!selector->requirement || !selector->value)
		return netpol_no_memory(parse);
	value = selector->value;
	nla_for_each_nested(attr, nest, left) {
		error = parse_requirement(parse, attr, &selector->requirement[at++],
					  &value);
		if (error)
			return error;
	}
	return 0;
}

/* Refuses what a NetworkPolicy does not have. */
static int network_policy_supported(struct netpol_parse *parse, struct nlattr **tb)
{
	const struct nlattr *attr = tb[NETPOL_POLICY_A_TIER];

	if (attr && nla_get_u8(attr) != NETPOL_TIER_NETWORK_POLICY)
		return refuse(parse, attr, -EINVAL, "a NetworkPolicy is in a tier of its own");
	attr = tb[NETPOL_POLICY_A_PRIORITY];
	if (attr && nla_get_u16(attr))
		return refuse(parse, attr, -EINVAL, "a NetworkPolicy has no priority");
	attr = tb[NETPOL_POLICY_A_SUBJECT_NAMESPACES];
	if (attr)
		return refuse(parse, attr, -EINVAL,
			      "a NetworkPolicy selects pods of its own namespace only");
	return 0;
}

/* Refuses a cluster-wide policy without something that it needs. */
static int cluster_policy_supported(struct netpol_parse *parse, const struct nlattr *nest,
				    struct nlattr **tb)
{
	static const u16 required[] = {
		NETPOL_POLICY_A_TIER, NETPOL_POLICY_A_PRIORITY, NETPOL_POLICY_A_SUBJECT_NAMESPACES,
	};
	const struct nlattr *attr = tb[NETPOL_POLICY_A_NAMESPACE];
	u32 i;

	if (attr)
		return refuse(parse, attr, -EINVAL, "a ClusterNetworkPolicy is in no namespace");
	for (i = 0; i < ARRAY_SIZE(required); i++)
		if (!tb[required[i]])
			return netpol_refuse_missing(parse->refusal, nest, required[i]);
	attr = tb[NETPOL_POLICY_A_TIER];
	if (nla_get_u8(attr) == NETPOL_TIER_NETWORK_POLICY)
		return refuse(parse, attr, -EINVAL,
			      "the tier of a ClusterNetworkPolicy is Admin or Baseline");
	return 0;
}

/* Refuses what the ABI can express but the kind does not have, or this version not support. */
static int policy_supported(struct netpol_parse *parse, const struct nlattr *nest,
			    struct nlattr **tb)
{
	const struct nlattr *attr = tb[NETPOL_POLICY_A_KIND];
	int error;

	if (nla_get_u8(attr) == NETPOL_KIND_CLUSTER_NETWORK_POLICY)
		error = cluster_policy_supported(parse, nest, tb);
	else
		error = network_policy_supported(parse, tb);
	if (error)
		return error;
	if (nla_get_u8(attr) == NETPOL_KIND_NETWORK_POLICY)
		return 0;
	attr = tb[NETPOL_POLICY_A_FLAGS];
	if (attr && nla_get_u32(attr))
		return refuse(parse, attr, -EOPNOTSUPP,
			      "a ClusterNetworkPolicy can't be observed instead of enforced");
	return 0;
}

/* The part of a cluster-wide policy that no other kind has. */
static int parse_cluster_policy(struct netpol_parse *parse, struct nlattr **tb,
				struct netpol_policy *policy)
{
	struct selector_text namespaces;
	int error;

	error = parse_selector(parse, tb[NETPOL_POLICY_A_SUBJECT_NAMESPACES], &namespaces);
	if (!error && netpol_policy_set_tier(parse->world, policy,
					     nla_get_u8(tb[NETPOL_POLICY_A_TIER]),
					     nla_get_u16(tb[NETPOL_POLICY_A_PRIORITY]),
					     namespaces.requirement, namespaces.count))
		error = netpol_no_memory(parse);
	selector_release(&namespaces);
	return error;
}

/**
 * netpol_parse_policy() - a policy, still without rules
 * @parse: context
 * @nest: enum netpol_policy_attr
 *
 * Return: the object, or -EINVAL, -EOPNOTSUPP, -ENOSPC, -ENOMEM.
 */
struct netpol_policy *netpol_parse_policy(struct netpol_parse *parse,
					  const struct nlattr *nest)
{
	static const u16 required[] = {
		NETPOL_POLICY_A_KIND, NETPOL_POLICY_A_DIRECTIONS, NETPOL_POLICY_A_SUBJECT,
	};
	struct nlattr *tb[NETPOL_POLICY_A_MAX + 1];
	struct netpol_text ns = { "", 0 }, name;
	struct netpol_policy *policy = NULL;
	struct selector_text subject;
	int error = 0;
	bool cluster;
	u32 i;

	netpol_nest_attrs(tb, NETPOL_POLICY_A_MAX, nest);
	for (i = 0; i < ARRAY_SIZE(required) && !error; i++)
		if (!tb[required[i]])
			error = netpol_refuse_missing(parse->refusal, nest, required[i]);
	if (!error)
		error = policy_supported(parse, nest, tb);
	cluster = !error && nla_get_u8(tb[NETPOL_POLICY_A_KIND]) ==
			    NETPOL_KIND_CLUSTER_NETWORK_POLICY;
	if (!error && !cluster)
		error = netpol_need_text(parse, nest, tb, NETPOL_POLICY_A_NAMESPACE, false, &ns);
	if (!error)
		error = netpol_need_text(parse, nest, tb, NETPOL_POLICY_A_NAME, false, &name);
	if (error)
		return ERR_PTR(error);
	error = parse_selector(parse, tb[NETPOL_POLICY_A_SUBJECT], &subject);
	if (!error) {
		policy = netpol_policy_create(parse->world, ns, name,
					      nla_get_u8(tb[NETPOL_POLICY_A_KIND]),
					      nla_get_u8(tb[NETPOL_POLICY_A_DIRECTIONS]),
					      subject.requirement, subject.count);
		if (!policy)
			error = netpol_no_memory(parse);
	}
	selector_release(&subject);
	if (!error)
		policy->audit = tb[NETPOL_POLICY_A_FLAGS] &&
				nla_get_u32(tb[NETPOL_POLICY_A_FLAGS]) & NETPOL_POLICY_F_AUDIT;
	if (!error && cluster)
		error = parse_cluster_policy(parse, tb, policy);
	if (!error)
		return policy;
	if (policy)
		netpol_policy_free(parse->world, policy);
	return ERR_PTR(error);
}

/* Refuses another part of a policy that has as many of the kind as the limit allows. */
static int policy_limit(struct netpol_parse *parse, const struct nlattr *attr,
			const struct netpol_policy *policy, u32 limit, u32 count,
			const char *what)
{
	if (count < parse->world->limit[limit])
		return 0;
	return refuse(parse, attr, -ENOSPC, "policy %s%s%s: more than %llu %s",
		      policy->ns->name, netpol_policy_slash(policy), policy->name,
		      (unsigned long long)parse->world->limit[limit], what);
}

/* Refuses an attribute that belongs to a rule if no rule came before it. */
static int need_rule(struct netpol_parse *parse, const struct nlattr *nest,
		     const struct netpol_policy *policy)
{
	if (policy && policy->nrules)
		return 0;
	return refuse(parse, nest, -EINVAL, "this attribute needs a rule before it");
}

/**
 * netpol_parse_rule() - append a rule
 * @parse: context
 * @nest: enum netpol_rule_attr
 * @policy: policy; NULL: no policy came before
 *
 * Return: 0, -EINVAL, -EOPNOTSUPP, -ENOSPC or -ENOMEM.
 */
int netpol_parse_rule(struct netpol_parse *parse, const struct nlattr *nest,
		      struct netpol_policy *policy)
{
	struct nlattr *tb[NETPOL_RULE_A_MAX + 1];
	struct netpol_text name = { "", 0 };
	u8 direction, action = NETPOL_ACTION_ACCEPT;
	const struct nlattr *attr;
	int error;

	if (!policy)
		return refuse(parse, nest, -EINVAL, "this rule needs a policy before it");
	netpol_nest_attrs(tb, NETPOL_RULE_A_MAX, nest);
	attr = tb[NETPOL_RULE_A_DIRECTION];
	if (!attr)
		return netpol_refuse_missing(parse->refusal, nest, NETPOL_RULE_A_DIRECTION);
	direction = nla_get_u8(attr);
	if (!(policy->directions & BIT(direction)))
		return refuse(parse, attr, -EINVAL,
			      "policy %s%s%s: a rule has a direction that the policy does not have",
			      policy->ns->name, netpol_policy_slash(policy), policy->name);
	attr = tb[NETPOL_RULE_A_ACTION];
	if (attr)
		action = nla_get_u8(attr);
	if (action != NETPOL_ACTION_ACCEPT && policy->tier == NETPOL_TIER_NETWORK_POLICY)
		return refuse(parse, attr, -EINVAL,
			      "policy %s/%s: the rules of a NetworkPolicy can only accept",
			      policy->ns->name, policy->name);
	attr = tb[NETPOL_RULE_A_NAME];
	if (attr && policy->tier == NETPOL_TIER_NETWORK_POLICY)
		return refuse(parse, attr, -EINVAL,
			      "policy %s/%s: the rules of a NetworkPolicy have no names",
			      policy->ns->name, policy->name);
	error = attr ? netpol_parse_text(parse, attr, true, &name) : 0;
	if (error)
		return error;
	error = policy_limit(parse, nest, policy, NETPOL_LIMIT_RULES_PER_POLICY,
			     policy->nrules, "rules");
	if (error)
		return error;
	if (netpol_policy_add_rule(policy, direction, action, name))
		return netpol_no_memory(parse);
	return 0;
}

/* A peer that selects pods. */
static int peer_pods(struct netpol_parse *parse, struct nlattr **tb,
		     struct netpol_policy *policy)
{
	const struct nlattr *ns_nest = tb[NETPOL_PEER_A_NAMESPACE_SELECTOR];
	const struct nlattr *pod_nest = tb[NETPOL_PEER_A_POD_SELECTOR];
	struct selector_text namespaces, pods;
	int error;

	error = parse_selector(parse, ns_nest, &namespaces);
	if (error) {
		selector_release(&namespaces);
		return error;
	}
	error = parse_selector(parse, pod_nest, &pods);
	if (!error && netpol_rule_add_pods(parse->world, policy, namespaces.requirement,
					   namespaces.count, ns_nest, pods.requirement,
					   pods.count, pod_nest))
		error = netpol_no_memory(parse);
	selector_release(&namespaces);
	selector_release(&pods);
	return error;
}

/**
 * netpol_parse_peer() - append a peer to the last rule
 * @parse: context
 * @nest: enum netpol_peer_attr
 * @policy: policy; NULL: no policy came before
 *
 * Return: 0, -EINVAL, -ENOSPC or -ENOMEM.
 */
int netpol_parse_peer(struct netpol_parse *parse, const struct nlattr *nest,
		      struct netpol_policy *policy)
{
	struct nlattr *tb[NETPOL_PEER_A_MAX + 1];
	const struct nlattr *prefix;
	const void *address;
	u8 family, length;
	bool selectors;
	int error;

	error = need_rule(parse, nest, policy);
	if (!error)
		error = policy_limit(parse, nest, policy, NETPOL_LIMIT_PEERS_PER_POLICY,
				     policy->npeers, "peers");
	if (error)
		return error;
	netpol_nest_attrs(tb, NETPOL_PEER_A_MAX, nest);
	prefix = tb[NETPOL_PEER_A_PREFIX];
	selectors = tb[NETPOL_PEER_A_POD_SELECTOR] || tb[NETPOL_PEER_A_NAMESPACE_SELECTOR];
	if (!prefix && !selectors)
		return refuse(parse, nest, -EINVAL,
			      "policy %s%s%s: a peer needs a prefix or a selector",
			      policy->ns->name, netpol_policy_slash(policy), policy->name);
	if (prefix && selectors)
		return refuse(parse, prefix, -EINVAL,
			      "policy %s%s%s: a peer can't have both a prefix and selectors",
			      policy->ns->name, netpol_policy_slash(policy), policy->name);
	if (selectors)
		return peer_pods(parse, tb, policy);
	error = netpol_parse_prefix(parse, prefix, &family, &address, &length);
	if (error)
		return error;
	if (netpol_rule_add_block(policy, family, address, length))
		return netpol_no_memory(parse);
	return 0;
}

/**
 * netpol_parse_except() - append an except to the last peer
 * @parse: context
 * @nest: enum netpol_prefix_attr
 * @policy: policy; NULL: no policy came before
 *
 * Return: 0, -EINVAL, -ENOSPC or -ENOMEM.
 */
int netpol_parse_except(struct netpol_parse *parse, const struct nlattr *nest,
			struct netpol_policy *policy)
{
	const void *address;
	u8 family, length;
	int error;

	error = need_rule(parse, nest, policy);
	if (!error)
		error = policy_limit(parse, nest, policy, NETPOL_LIMIT_PEERS_PER_POLICY,
				     policy->npeers, "peers");
	if (!error)
		error = netpol_parse_prefix(parse, nest, &family, &address, &length);
	if (error)
		return error;
	error = netpol_rule_add_except(policy, family, address, length);
	if (error == -EINVAL)
		return refuse(parse, nest, error,
			      "policy %s%s%s: an except must lie inside the prefix before it",
			      policy->ns->name, netpol_policy_slash(policy), policy->name);
	return error ? netpol_no_memory(parse) : 0;
}

/**
 * netpol_parse_port() - append a port to the last rule
 * @parse: context
 * @nest: enum netpol_port_attr
 * @policy: policy; NULL: no policy came before
 *
 * Return: 0, -EINVAL, -ENOSPC or -ENOMEM.
 */
int netpol_parse_port(struct netpol_parse *parse, const struct nlattr *nest,
		      struct netpol_policy *policy)
{
	struct nlattr *tb[NETPOL_PORT_A_MAX + 1];
	struct netpol_text name = { "", 0 };
	const struct nlattr *attr;
	u16 first = 0, last = U16_MAX;
	u8 protocol;
	int error;

	error = need_rule(parse, nest, policy);
	if (!error)
		error = policy_limit(parse, nest, policy, NETPOL_LIMIT_PORTS_PER_POLICY,
				     policy->nports, "ports");
	if (error)
		return error;
	netpol_nest_attrs(tb, NETPOL_PORT_A_MAX, nest);
	error = netpol_need_protocol(parse, nest, tb, NETPOL_PORT_A_PROTOCOL, &protocol);
	if (error)
		return error;
	attr = tb[NETPOL_PORT_A_NAME];
	if (attr && (tb[NETPOL_PORT_A_FIRST] || tb[NETPOL_PORT_A_LAST]))
		return refuse(parse, attr, -EINVAL,
			      "policy %s%s%s: a port can't have both a name and numbers",
			      policy->ns->name, netpol_policy_slash(policy), policy->name);
	if (attr)
		error = netpol_parse_text(parse, attr, false, &name);
	if (error)
		return error;
	attr = tb[NETPOL_PORT_A_LAST];
	if (attr && !tb[NETPOL_PORT_A_FIRST])
		return netpol_refuse_missing(parse->refusal, nest, NETPOL_PORT_A_FIRST);
	if (tb[NETPOL_PORT_A_FIRST]) {
		first = nla_get_u16(tb[NETPOL_PORT_A_FIRST]);
		last = attr ? nla_get_u16(attr) : first;
	}
	if (last < first)
		return refuse(parse, attr, -EINVAL,
			      "policy %s%s%s: port range %u to %u ends before it begins",
			      policy->ns->name, netpol_policy_slash(policy), policy->name,
			      first, last);
	if (netpol_rule_add_port(parse->world, policy, protocol, name, first, last))
		return netpol_no_memory(parse);
	return 0;
}
