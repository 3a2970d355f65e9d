// SPDX-License-Identifier: GPL-2.0
#include "encode.h"
#include <linux/netpol.h>

/* An address, as attribute @type4 or @type6 by its family. */
int netpol_put_address(struct sk_buff *skb, int type4, int type6, u8 family,
		       const void *address)
{
	if (family == AF_INET)
		return nla_put(skb, type4, 4, address);
	return nla_put(skb, type6, 16, address);
}

/* A prefix, as enum netpol_prefix_attr. */
int netpol_put_prefix(struct sk_buff *skb, int type, u8 family, const void *address,
		      u8 length)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest ||
	    netpol_put_address(skb, NETPOL_PREFIX_A_ADDRESS4, NETPOL_PREFIX_A_ADDRESS6,
			       family, address) ||
	    nla_put_u8(skb, NETPOL_PREFIX_A_LENGTH, length))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * netpol_put_port() - a port of a rule or of a pod, as enum netpol_port_attr
 * @skb: message
 * @type: type of the attribute
 * @protocol: IPPROTO_*
 * @name: name or NULL
 * @first: first port; 0: no numbers are put
 * @last: last port, put only if it differs from @first
 *
 * Return: 0 or -EMSGSIZE.
 */
int netpol_put_port(struct sk_buff *skb, int type, u8 protocol, const char *name,
		    u16 first, u16 last)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest || nla_put_u8(skb, NETPOL_PORT_A_PROTOCOL, protocol) ||
	    (name && nla_put_string(skb, NETPOL_PORT_A_NAME, name)) ||
	    (first && nla_put_u16(skb, NETPOL_PORT_A_FIRST, first)) ||
	    (first && last != first && nla_put_u16(skb, NETPOL_PORT_A_LAST, last)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Labels, as one attribute of enum netpol_label_attr each. */
int netpol_put_labels(struct sk_buff *skb, int type, const struct netpol_labels *labels)
{
	u32 i;

	for (i = 0; i < labels->count; i++) {
		const struct netpol_label *label = labels->label[i];
		struct nlattr *nest = nla_nest_start(skb, type);

		if (!nest || nla_put_string(skb, NETPOL_LABEL_A_KEY, label->key->name) ||
		    nla_put_string(skb, NETPOL_LABEL_A_VALUE, label->value))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

/* Named ports of a pod, as one attribute each. @ports: may be NULL, for none. */
int netpol_put_ports(struct sk_buff *skb, int type, const struct netpol_ports *ports)
{
	u32 i;

	for (i = 0; ports && i < ports->count; i++) {
		const struct netpol_named_port *port = &ports->port[i];

		if (netpol_put_port(skb, type, port->protocol, port->name->name,
				    port->port, port->port))
			return -EMSGSIZE;
	}
	return 0;
}

static int put_requirement(struct sk_buff *skb,
			   const struct netpol_requirement *requirement)
{
	struct nlattr *nest = nla_nest_start(skb, NETPOL_SELECTOR_A_REQUIREMENT);
	u32 i;

	if (!nest ||
	    nla_put_string(skb, NETPOL_REQUIREMENT_A_KEY, requirement->key->name) ||
	    nla_put_u8(skb, NETPOL_REQUIREMENT_A_OPERATOR, requirement->operator))
		return -EMSGSIZE;
	for (i = 0; i < requirement->count; i++)
		if (nla_put_string(skb, NETPOL_REQUIREMENT_A_VALUE,
				   requirement->value[i]->value))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* A selector, as enum netpol_selector_attr. @selector: NULL is the empty one. */
int netpol_put_selector(struct sk_buff *skb, int type,
			const struct netpol_selector *selector)
{
	struct nlattr *nest = nla_nest_start(skb, type);
	u32 i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; selector && i < selector->count; i++)
		if (put_requirement(skb, &selector->requirement[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/*
 * A peer, without the excepts of its prefix. The core does not keep a podSelector that selects
 * all pods, so an empty one is put only where the peer would otherwise have no selector.
 */
int netpol_put_peer(struct sk_buff *skb, const struct netpol_rule_peer *peer)
{
	struct nlattr *nest = nla_nest_start(skb, NETPOL_A_PEER);
	const struct netpol_peer *pods = peer->pods;

	if (!nest)
		return -EMSGSIZE;
	if (!pods && netpol_put_prefix(skb, NETPOL_PEER_A_PREFIX, peer->block->family,
				       peer->block->address, peer->block->length))
		return -EMSGSIZE;
	if (pods && (pods->ns || pods->pods) &&
	    netpol_put_selector(skb, NETPOL_PEER_A_POD_SELECTOR, pods->pods))
		return -EMSGSIZE;
	if (pods && !pods->ns &&
	    netpol_put_selector(skb, NETPOL_PEER_A_NAMESPACE_SELECTOR, pods->namespaces))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* A namespace and its state. */
int netpol_put_namespace(struct sk_buff *skb, const struct netpol_snapshot *snapshot,
			 const struct netpol_namespace *namespace)
{
	struct nlattr *nest = nla_nest_start(skb, NETPOL_A_NAMESPACE);
	u32 flags = 0;

	if (netpol_namespace_shadowed(snapshot, namespace))
		flags |= NETPOL_OBJECT_F_SHADOWED;
	if (!nest || nla_put_string(skb, NETPOL_NAMESPACE_A_NAME, namespace->ns->name) ||
	    netpol_put_labels(skb, NETPOL_NAMESPACE_A_LABEL, namespace->labels) ||
	    nla_put_string(skb, NETPOL_NAMESPACE_A_ORIGIN,
			   snapshot->origin[namespace->origin].name) ||
	    nla_put_u32(skb, NETPOL_NAMESPACE_A_FLAGS, flags))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Flags of a pod: NETPOL_POD_F_* and its state. */
static u32 pod_flags(const struct netpol_snapshot *snapshot, const struct netpol_pod *pod)
{
	u32 state = 0;

	if (netpol_pod_shadowed(snapshot, pod))
		state |= NETPOL_OBJECT_F_SHADOWED;
	if (netpol_pod_conflict(snapshot, pod))
		state |= NETPOL_OBJECT_F_CONFLICT;
	if (pod->runtime && READ_ONCE(pod->runtime->gone))
		state |= NETPOL_OBJECT_F_GONE;
	return pod->flags | state << NETPOL_POD_F_STATE_SHIFT;
}

/* Addresses of a pod, IPv4 first: the order between the families is not kept. */
static int put_pod_addresses(struct sk_buff *skb, const struct netpol_pod *pod)
{
	u32 i, count = netpol_pod_addresses(pod);
	const u8 *address;
	u8 family;

	for (i = 0; i < count; i++) {
		address = netpol_pod_address(pod, (i + pod->naddress6) % count, &family);
		if (netpol_put_address(skb, NETPOL_POD_A_ADDRESS4, NETPOL_POD_A_ADDRESS6,
				       family, address))
			return -EMSGSIZE;
	}
	return 0;
}

/* Puts what a local pod lacks in a direction. */
int netpol_put_lack(struct sk_buff *skb, int type, const struct netpol_lack *lack, u8 direction,
		    const struct netpol_pod *pod)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest || nla_put_u8(skb, NETPOL_LACK_A_DIRECTION, direction) ||
	    nla_put_u32(skb, NETPOL_LACK_A_LIMIT, lack->limit) ||
	    (!lack->cluster &&
	     nla_put_string(skb, NETPOL_LACK_A_NAMESPACE, pod->template->ns->name)) ||
	    (lack->need != NETPOL_CELLS_NEED &&
	     nla_put_u64_64bit(skb, NETPOL_LACK_A_BYTES, lack->need, NETPOL_LACK_A_PAD)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Puts what a pod lacks in each direction. */
static int put_lacks(struct sk_buff *skb, const struct netpol_snapshot *snapshot,
		     const struct netpol_pod *pod)
{
	u8 i;

	for (i = 0; i < NETPOL_DIRECTIONS; i++) {
		const struct netpol_lack *lack = netpol_pod_lack(snapshot, pod, i);

		if (lack && netpol_put_lack(skb, NETPOL_POD_A_LACK, lack, i, pod))
			return -EMSGSIZE;
	}
	return 0;
}

/* A pod and its state. The identity is the current one; the rest is that of @snapshot. */
int netpol_put_pod(struct sk_buff *skb, const struct netpol_snapshot *snapshot,
		   const struct netpol_pod *pod)
{
	const struct netpol_template *template = pod->template;
	struct nlattr *nest = nla_nest_start(skb, NETPOL_A_POD);

	if (!nest || nla_put_string(skb, NETPOL_POD_A_NAMESPACE, template->ns->name) ||
	    nla_put_string(skb, NETPOL_POD_A_NAME, netpol_pod_name(pod)) ||
	    (memchr_inv(pod->uid, 0, sizeof(pod->uid)) &&
	     nla_put(skb, NETPOL_POD_A_UID, sizeof(pod->uid), pod->uid)) ||
	    put_pod_addresses(skb, pod) ||
	    nla_put_u32(skb, NETPOL_POD_A_FLAGS, pod_flags(snapshot, pod)) ||
	    (pod->ifindex && nla_put_u32(skb, NETPOL_POD_A_IFINDEX, pod->ifindex)) ||
	    nla_put_string(skb, NETPOL_POD_A_ORIGIN, snapshot->origin[pod->origin].name) ||
	    netpol_put_labels(skb, NETPOL_POD_A_LABEL, template->labels) ||
	    netpol_put_ports(skb, NETPOL_POD_A_PORT, template->ports) ||
	    (template->identity &&
	     nla_put_u32(skb, NETPOL_POD_A_IDENTITY, template->identity->number)) ||
	    put_lacks(skb, snapshot, pod))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* What identifies a policy. */
static int put_policy_key(struct sk_buff *skb, const struct netpol_snapshot *snapshot,
			  const struct netpol_policy *policy)
{
	if (nla_put_u8(skb, NETPOL_POLICY_A_KIND, policy->kind) ||
	    (!policy->namespaces &&
	     nla_put_string(skb, NETPOL_POLICY_A_NAMESPACE, policy->ns->name)) ||
	    nla_put_string(skb, NETPOL_POLICY_A_NAME, policy->name) ||
	    nla_put_string(skb, NETPOL_POLICY_A_ORIGIN,
			   snapshot->origin[policy->origin].name))
		return -EMSGSIZE;
	return 0;
}

/* What identifies a policy, and @flags if there are any. */
int netpol_put_policy_name(struct sk_buff *skb, int type,
			   const struct netpol_snapshot *snapshot,
			   const struct netpol_policy *policy, u32 flags)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest || put_policy_key(skb, snapshot, policy) ||
	    (flags && nla_put_u32(skb, NETPOL_POLICY_A_FLAGS, flags)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* How many local pods a policy selects. */
static u32 policy_pods(const struct netpol_snapshot *snapshot,
		       const struct netpol_policy *policy)
{
	u32 i, count = 0;

	for (i = 0; snapshot->locals && i < snapshot->locals->count; i++) {
		const struct netpol_pod *pod = netpol_snapshot_local(snapshot, i)->pod;

		if (pod && netpol_policy_selects(policy, pod->template->ns,
						 pod->template->labels))
			count++;
	}
	return count;
}

/* A policy without its rules. */
int netpol_put_policy(struct sk_buff *skb, const struct netpol_snapshot *snapshot,
		      const struct netpol_policy *policy)
{
	struct nlattr *nest = nla_nest_start(skb, NETPOL_A_POLICY);

	if (!nest || put_policy_key(skb, snapshot, policy) ||
	    netpol_put_selector(skb, NETPOL_POLICY_A_SUBJECT, policy->subject) ||
	    nla_put_u8(skb, NETPOL_POLICY_A_DIRECTIONS, policy->directions) ||
	    nla_put_u8(skb, NETPOL_POLICY_A_TIER, policy->tier) ||
	    (policy->audit &&
	     nla_put_u32(skb, NETPOL_POLICY_A_FLAGS, NETPOL_POLICY_F_AUDIT)) ||
	    (policy->namespaces &&
	     (nla_put_u16(skb, NETPOL_POLICY_A_PRIORITY, policy->priority) ||
	      netpol_put_selector(skb, NETPOL_POLICY_A_SUBJECT_NAMESPACES,
				  policy->namespaces))) ||
	    nla_put_u32(skb, NETPOL_POLICY_A_PODS, policy_pods(snapshot, policy)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_host_allow(struct sk_buff *skb, const struct netpol_host_allow *allow)
{
	struct nlattr *nest = nla_nest_start(skb, NETPOL_SETTINGS_A_HOST_ALLOW);

	if (!nest ||
	    netpol_put_address(skb, NETPOL_HOST_ALLOW_A_ADDRESS4,
			       NETPOL_HOST_ALLOW_A_ADDRESS6, allow->family,
			       allow->address) ||
	    nla_put_u8(skb, NETPOL_HOST_ALLOW_A_PROTOCOL, allow->protocol) ||
	    nla_put_u16(skb, NETPOL_HOST_ALLOW_A_PORT, allow->port))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_source_allow(struct sk_buff *skb, const struct netpol_source_allow *allow)
{
	struct nlattr *nest = nla_nest_start(skb, NETPOL_SETTINGS_A_SOURCE_ALLOW);

	if (!nest ||
	    netpol_put_prefix(skb, NETPOL_SOURCE_ALLOW_A_PREFIX, allow->family, allow->address,
			      allow->length) ||
	    (allow->ns[0] &&
	     (nla_put_string(skb, NETPOL_SOURCE_ALLOW_A_NAMESPACE, allow->ns) ||
	      nla_put_string(skb, NETPOL_SOURCE_ALLOW_A_NAME, allow->name))))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* All settings, as enum netpol_settings_attr. */
int netpol_put_settings(struct sk_buff *skb, const struct netpol_settings *settings)
{
	struct nlattr *nest = nla_nest_start(skb, NETPOL_A_SETTINGS);
	u32 i;

	if (!nest || nla_put_u8(skb, NETPOL_SETTINGS_A_UNKNOWN, settings->unknown) ||
	    nla_put_u8(skb, NETPOL_SETTINGS_A_ESTABLISHED, settings->established) ||
	    nla_put_u8(skb, NETPOL_SETTINGS_A_HOST_EGRESS, settings->host_egress) ||
	    nla_put_u8(skb, NETPOL_SETTINGS_A_TUNNELS, settings->tunnels) ||
	    nla_put_u32(skb, NETPOL_SETTINGS_A_EVENT_RATE, settings->event_rate))
		return -EMSGSIZE;
	for (i = 0; i < settings->nguards; i++)
		if (netpol_put_prefix(skb, NETPOL_SETTINGS_A_GUARD_PREFIX,
				      settings->guard_family[i], settings->guard[i].addr,
				      settings->guard[i].length))
			return -EMSGSIZE;
	for (i = 0; i < settings->nranges; i++)
		if (netpol_put_prefix(skb, NETPOL_SETTINGS_A_POD_RANGE,
				      settings->range_family[i], settings->range[i].addr,
				      settings->range[i].length))
			return -EMSGSIZE;
	for (i = 0; i < settings->npatterns; i++)
		if (nla_put_string(skb, NETPOL_SETTINGS_A_GUARD_INTERFACE,
				   settings->pattern[i]))
			return -EMSGSIZE;
	for (i = 0; i < settings->nhost_allow; i++)
		if (put_host_allow(skb, &settings->host_allow[i]))
			return -EMSGSIZE;
	for (i = 0; i < settings->nsource_allow; i++)
		if (put_source_allow(skb, &settings->source_allow[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}
