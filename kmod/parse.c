// SPDX-License-Identifier: GPL-2.0
/* Label sets, namespaces, pods, settings and deletions, and what parse_policy.c shares. */
#include "parse.h"
#include "netlink.h"
#include <net/ipv6.h>

#define refuse(parse, attr, error, ...) \
	netpol_refuse((parse)->refusal, attr, error, __VA_ARGS__)

/* Refuses a request because there is no memory. -ENOMEM */
int netpol_no_memory(struct netpol_parse *parse)
{
	return refuse(parse, NULL, -ENOMEM, "out of memory");
}

/**
 * netpol_parse_text() - the text of a string attribute
 * @parse: context
 * @attr: attribute, checked by NLA_NUL_STRING with a maximal length
 * @empty: it may be empty
 * @text: set; points into the message
 *
 * Return: 0 or -EINVAL.
 */
int netpol_parse_text(struct netpol_parse *parse, const struct nlattr *attr, bool empty,
		      struct netpol_text *text)
{
	text->data = nla_data(attr);
	text->length = nla_len(attr) - 1;
	if (memchr(text->data, '\0', text->length))
		return refuse(parse, attr, -EINVAL, "the string goes on after a NUL character");
	if (!text->length && !empty)
		return refuse(parse, attr, -EINVAL, "the string is empty");
	return 0;
}

/* The text of attribute @type of @nest, which must be there. */
int netpol_need_text(struct netpol_parse *parse, const struct nlattr *nest, struct nlattr
		     **tb, u16 type, bool empty, struct netpol_text *text)
{
	if (!tb[type])
		return netpol_refuse_missing(parse->refusal, nest, type);
	return netpol_parse_text(parse, tb[type], empty, text);
}

/* The protocol of attribute @type of @nest, which must be there: one that has ports. */
int netpol_need_protocol(struct netpol_parse *parse, const struct nlattr *nest,
			 struct nlattr **tb, u16 type, u8 *protocol)
{
	if (!tb[type])
		return netpol_refuse_missing(parse->refusal, nest, type);
	*protocol = nla_get_u8(tb[type]);
	if (netpol_protocol_index(*protocol) != NETPOL_PROTOCOLS)
		return 0;
	return refuse(parse, tb[type], -EINVAL, "protocol %u is not TCP, UDP or SCTP",
		      *protocol);
}

/* The attributes of a nest that was validated. Of a repeated attribute, the last one counts. */
void netpol_nest_attrs(struct nlattr **tb, int max, const struct nlattr *nest)
{
	const struct nlattr *attr;
	int left;

	memset(tb, 0, sizeof(*tb) * (max + 1));
	nla_for_each_nested(attr, nest, left)
		tb[nla_type(attr)] = (struct nlattr *)attr;
}

/* How many attributes of a type a nest has. */
u32 netpol_count_attrs(const struct nlattr *nest, int type)
{
	const struct nlattr *attr;
	u32 count = 0;
	int left;

	nla_for_each_nested(attr, nest, left)
		if (nla_type(attr) == type)
			count++;
	return count;
}

/* Counts the attributes of a type. -ENOSPC if there are more than the limit allows. */
int netpol_count_limited(struct netpol_parse *parse, const struct nlattr *nest, int type,
			 u32 limit, const char *what, u32 *count)
{
	*count = netpol_count_attrs(nest, type);
	if (*count <= parse->world->limit[limit])
		return 0;
	return refuse(parse, nest, -ENOSPC, "there are %u %s, but at most %llu are allowed",
		      *count, what, (unsigned long long)parse->world->limit[limit]);
}

static int parse_label(struct netpol_parse *parse, const struct nlattr *nest,
		       struct netpol_label_text *label)
{
	struct nlattr *tb[NETPOL_LABEL_A_MAX + 1];
	int error;

	netpol_nest_attrs(tb, NETPOL_LABEL_A_MAX, nest);
	error = netpol_need_text(parse, nest, tb, NETPOL_LABEL_A_KEY, false, &label->key);
	if (!error)
		error = netpol_need_text(parse, nest, tb, NETPOL_LABEL_A_VALUE, true,
					 &label->value);
	return error;
}

/* The labels of a nest. The caller frees the array, after an error as well. */
static int parse_labels(struct netpol_parse *parse, const struct nlattr *nest, int type,
			struct netpol_label_text **labels, u32 *count)
{
	const struct nlattr *attr;
	u32 at = 0;
	int left, error;

	*labels = NULL;
	error = netpol_count_limited(parse, nest, type, NETPOL_LIMIT_LABELS_PER_OBJECT,
				     "labels", count);
	if (error || !*count)
		return error;
	*labels = netpol_alloc_array(*count, sizeof(**labels));
	if (!*labels)
		return netpol_no_memory(parse);
	nla_for_each_nested(attr, nest, left) {
		if (nla_type(attr) != type)
			continue;
		error = parse_label(parse, attr, &(*labels)[at++]);
		if (error)
			return error;
	}
	return 0;
}

/* Refuses labels that the core did not take. Return: @error */
static int refuse_labels(struct netpol_parse *parse, const struct nlattr *nest, int error)
{
	if (error == -EEXIST)
		return refuse(parse, nest, error, "a label key is given twice");
	return netpol_no_memory(parse);
}

/* A named port of a pod, which has NAME, PROTOCOL and FIRST. */
static int parse_named_port(struct netpol_parse *parse, const struct nlattr *nest,
			    struct netpol_port_text *port)
{
	struct nlattr *tb[NETPOL_PORT_A_MAX + 1];
	int error;

	netpol_nest_attrs(tb, NETPOL_PORT_A_MAX, nest);
	error = netpol_need_text(parse, nest, tb, NETPOL_PORT_A_NAME, false, &port->name);
	if (error)
		return error;
	error = netpol_need_protocol(parse, nest, tb, NETPOL_PORT_A_PROTOCOL,
				     &port->protocol);
	if (error)
		return error;
	if (!tb[NETPOL_PORT_A_FIRST])
		return netpol_refuse_missing(parse->refusal, nest, NETPOL_PORT_A_FIRST);
	if (tb[NETPOL_PORT_A_LAST])
		return refuse(parse, tb[NETPOL_PORT_A_LAST], -EINVAL,
			      "a named port of a pod is one port, not a range");
	port->port = nla_get_u16(tb[NETPOL_PORT_A_FIRST]);
	return 0;
}

/* The named ports of a label set. The caller frees the array, after an error as well. */
static int parse_named_ports(struct netpol_parse *parse, const struct nlattr *nest,
			     struct netpol_port_text **ports, u32 *count)
{
	const struct nlattr *attr;
	u32 at = 0;
	int left, error;

	*ports = NULL;
	error = netpol_count_limited(parse, nest, NETPOL_LABEL_SET_A_PORT,
				     NETPOL_LIMIT_PORTS_PER_POD, "named ports", count);
	if (error || !*count)
		return error;
	*ports = netpol_alloc_array(*count, sizeof(**ports));
	if (!*ports)
		return netpol_no_memory(parse);
	nla_for_each_nested(attr, nest, left) {
		if (nla_type(attr) != NETPOL_LABEL_SET_A_PORT)
			continue;
		error = parse_named_port(parse, attr, &(*ports)[at++]);
		if (error)
			return error;
	}
	return 0;
}

/* Interns the labels and named ports of a label set. */
static int label_set_fill(struct netpol_parse *parse, const struct nlattr *nest,
			  struct netpol_label_set *set)
{
	struct netpol_label_text *labels;
	struct netpol_port_text *ports;
	u32 nlabels, nports;
	int error;

	error = parse_labels(parse, nest, NETPOL_LABEL_SET_A_LABEL, &labels, &nlabels);
	if (!error) {
		set->labels = netpol_labels_get(parse->world, labels, nlabels);
		if (IS_ERR(set->labels))
			error = refuse_labels(parse, nest, PTR_ERR(set->labels));
	}
	netpol_free(labels);
	if (error)
		return error;
	error = parse_named_ports(parse, nest, &ports, &nports);
	if (!error) {
		set->ports = netpol_ports_get(parse->world, ports, nports);
		if (IS_ERR(set->ports))
			error = netpol_no_memory(parse);
	}
	netpol_free(ports);
	if (error)
		netpol_labels_put(parse->world, set->labels);
	return error;
}

/**
 * netpol_parse_label_set() - a label set that pods will refer to
 * @parse: context
 * @nest: enum netpol_label_set_attr
 * @id: set to its number
 *
 * Return: the set with its references, or -EINVAL, -EEXIST, -ENOSPC, -ENOMEM.
 */
struct netpol_label_set *netpol_parse_label_set(struct netpol_parse *parse,
						const struct nlattr *nest, u32 *id)
{
	struct nlattr *tb[NETPOL_LABEL_SET_A_MAX + 1];
	struct netpol_label_set *set;
	int error;

	netpol_nest_attrs(tb, NETPOL_LABEL_SET_A_MAX, nest);
	if (!tb[NETPOL_LABEL_SET_A_ID])
		return ERR_PTR(netpol_refuse_missing(parse->refusal, nest,
						     NETPOL_LABEL_SET_A_ID));
	*id = nla_get_u32(tb[NETPOL_LABEL_SET_A_ID]);
	set = netpol_alloc(sizeof(*set));
	if (!set)
		return ERR_PTR(netpol_no_memory(parse));
	error = label_set_fill(parse, nest, set);
	if (error) {
		netpol_free(set);
		return ERR_PTR(error);
	}
	return set;
}

/**
 * netpol_parse_namespace() - a namespace
 * @parse: context
 * @nest: enum netpol_namespace_attr
 *
 * Return: the object, or -EINVAL, -EEXIST, -ENOSPC, -ENOMEM.
 */
struct netpol_namespace *netpol_parse_namespace(struct netpol_parse *parse,
						const struct nlattr *nest)
{
	struct nlattr *tb[NETPOL_NAMESPACE_A_MAX + 1];
	struct netpol_namespace *namespace = NULL;
	struct netpol_label_text *labels;
	struct netpol_text name;
	u32 nlabels;
	int error;

	netpol_nest_attrs(tb, NETPOL_NAMESPACE_A_MAX, nest);
	error = netpol_need_text(parse, nest, tb, NETPOL_NAMESPACE_A_NAME, false, &name);
	if (error)
		return ERR_PTR(error);
	error = parse_labels(parse, nest, NETPOL_NAMESPACE_A_LABEL, &labels, &nlabels);
	if (!error) {
		namespace = netpol_namespace_create(parse->world, name, labels, nlabels);
		if (IS_ERR(namespace))
			error = refuse_labels(parse, nest, PTR_ERR(namespace));
	}
	netpol_free(labels);
	return error ? ERR_PTR(error) : namespace;
}

static bool is_unicast4(const struct nlattr *attr)
{
	__be32 address = nla_get_in_addr(attr);

	return !ipv4_is_zeronet(address) && !ipv4_is_multicast(address) &&
	       !ipv4_is_loopback(address) && !ipv4_is_lbcast(address);
}

static bool is_unicast6(const struct nlattr *attr)
{
	struct in6_addr address = nla_get_in6_addr(attr);

	return !ipv6_addr_any(&address) && !ipv6_addr_is_multicast(&address) &&
	       !ipv6_addr_loopback(&address) && !ipv6_addr_v4mapped(&address);
}

/* Adds an address to a pod, unless the pod has it already. */
static int pod_address(struct netpol_parse *parse, const struct nlattr *attr,
		       struct netpol_pod_text *text)
{
	bool v6 = nla_type(attr) == NETPOL_POD_A_ADDRESS6;
	u32 limit = min_t(u64, NETPOL_POD_ADDRESSES,
			  parse->world->limit[NETPOL_LIMIT_ADDRESSES_PER_POD]);
	u32 i;

	if (v6 ? !is_unicast6(attr) : !is_unicast4(attr))
		return refuse(parse, attr, -EINVAL,
			      "a pod can't have this address, which is not unicast");
	for (i = 0; v6 && i < text->naddress6; i++)
		if (!memcmp(text->address6[i], nla_data(attr), 16))
			return 0;
	for (i = 0; !v6 && i < text->naddress4; i++)
		if (!memcmp(text->address4[i], nla_data(attr), 4))
			return 0;
	if (text->naddress4 + text->naddress6 >= limit)
		return refuse(parse, attr, -ENOSPC, "the pod has more than %u addresses",
			      limit);
	if (v6)
		memcpy(text->address6[text->naddress6++], nla_data(attr), 16);
	else
		memcpy(text->address4[text->naddress4++], nla_data(attr), 4);
	return 0;
}

static int pod_addresses(struct netpol_parse *parse, const struct nlattr *nest,
			 struct netpol_pod_text *text)
{
	const struct nlattr *attr;
	int left, error;

	nla_for_each_nested(attr, nest, left) {
		if (nla_type(attr) != NETPOL_POD_A_ADDRESS4 &&
		    nla_type(attr) != NETPOL_POD_A_ADDRESS6)
			continue;
		error = pod_address(parse, attr, text);
		if (error)
			return error;
	}
	return 0;
}

/* Everything about a pod but its label set. */
static int pod_text(struct netpol_parse *parse, const struct nlattr *nest,
		    struct nlattr **tb, struct netpol_pod_text *text)
{
	int error;

	error = netpol_need_text(parse, nest, tb, NETPOL_POD_A_NAMESPACE, false, &text->ns);
	if (!error)
		error = netpol_need_text(parse, nest, tb, NETPOL_POD_A_NAME, false, &text->name);
	if (!error)
		error = pod_addresses(parse, nest, text);
	if (error)
		return error;
	if (tb[NETPOL_POD_A_UID])
		memcpy(text->uid, nla_data(tb[NETPOL_POD_A_UID]), NETPOL_UID_LEN);
	if (tb[NETPOL_POD_A_FLAGS])
		text->flags = nla_get_u32(tb[NETPOL_POD_A_FLAGS]);
	if (tb[NETPOL_POD_A_IFINDEX])
		text->ifindex = nla_get_u32(tb[NETPOL_POD_A_IFINDEX]);
	if (text->ifindex && !(text->flags & NETPOL_POD_F_LOCAL))
		return refuse(parse, tb[NETPOL_POD_A_IFINDEX], -EINVAL,
			      "only a pod of this node can have an interface here");
	return 0;
}

/**
 * netpol_parse_pod() - a pod
 * @parse: context
 * @nest: enum netpol_pod_attr
 * @label_sets: struct netpol_label_set by number
 *
 * Return: the object, or -EINVAL, -ENOENT, -ENOSPC, -ENOMEM.
 */
struct netpol_pod *netpol_parse_pod(struct netpol_parse *parse, const struct nlattr *nest,
				    struct xarray *label_sets)
{
	struct nlattr *tb[NETPOL_POD_A_MAX + 1];
	const struct netpol_label_set *set;
	struct netpol_pod_text text = {};
	const struct nlattr *number;
	struct netpol_pod *pod;
	int error;

	netpol_nest_attrs(tb, NETPOL_POD_A_MAX, nest);
	error = pod_text(parse, nest, tb, &text);
	if (error)
		return ERR_PTR(error);
	number = tb[NETPOL_POD_A_LABEL_SET];
	if (number) {
		set = xa_load(label_sets, nla_get_u32(number));
		if (!set)
			return ERR_PTR(refuse(parse, number, -ENOENT,
					      "label set %u was not sent before this pod",
					      nla_get_u32(number)));
		text.labels = netpol_labels_hold(set->labels);
		text.ports = set->ports;
	} else {
		text.labels = netpol_labels_get(parse->world, NULL, 0);
		if (IS_ERR(text.labels))
			return ERR_PTR(netpol_no_memory(parse));
	}
	pod = netpol_pod_create(parse->world, &text);
	netpol_labels_put(parse->world, text.labels);
	if (IS_ERR(pod))
		return ERR_PTR(netpol_no_memory(parse));
	return pod;
}

/*
 * A prefix, which has exactly one address and a length that its family allows. @address is set
 * to point into the message.
 */
int netpol_parse_prefix(struct netpol_parse *parse, const struct nlattr *nest, u8 *family,
			const void **address, u8 *length)
{
	struct nlattr *tb[NETPOL_PREFIX_A_MAX + 1];
	const struct nlattr *v4, *v6;

	netpol_nest_attrs(tb, NETPOL_PREFIX_A_MAX, nest);
	v4 = tb[NETPOL_PREFIX_A_ADDRESS4];
	v6 = tb[NETPOL_PREFIX_A_ADDRESS6];
	if (!v4 && !v6)
		return netpol_refuse_missing(parse->refusal, nest, NETPOL_PREFIX_A_ADDRESS4);
	if (v4 && v6)
		return refuse(parse, v6, -EINVAL, "a prefix has exactly one address");
	if (!tb[NETPOL_PREFIX_A_LENGTH])
		return netpol_refuse_missing(parse->refusal, nest, NETPOL_PREFIX_A_LENGTH);
	*family = v4 ? AF_INET : AF_INET6;
	*address = nla_data(v4 ? v4 : v6);
	*length = nla_get_u8(tb[NETPOL_PREFIX_A_LENGTH]);
	if (v4 && *length > 32)
		return refuse(parse, tb[NETPOL_PREFIX_A_LENGTH], -EINVAL,
			      "an IPv4 prefix has at most 32 bits");
	return 0;
}

/*
 * Adds a prefix to those of a list that is full at the limit of guards. @what: what the list has.
 */
static int settings_prefix(struct netpol_parse *parse, const struct nlattr *nest, const char *what,
			   struct netpol_prefix *prefix, u8 *families, u32 *count)
{
	u32 limit = min_t(u64, NETPOL_GUARDS_MAX,
			  parse->world->limit[NETPOL_LIMIT_GUARDS]);
	const void *address;
	u8 family, length;
	int error;

	error = netpol_parse_prefix(parse, nest, &family, &address, &length);
	if (error)
		return error;
	if (*count >= limit)
		return refuse(parse, nest, -ENOSPC, "there are more than %u %s", limit, what);
	memcpy(prefix[*count].addr, address, family == AF_INET ? 4 : 16);
	prefix[*count].length = length;
	families[(*count)++] = family;
	return 0;
}

static int settings_pattern(struct netpol_parse *parse, const struct nlattr *attr,
			    struct netpol_settings *settings)
{
	struct netpol_text text;
	int error;

	error = netpol_parse_text(parse, attr, false, &text);
	if (error)
		return error;
	if (settings->npatterns >= NETPOL_PATTERNS_MAX)
		return refuse(parse, attr, -ENOSPC, "there are more than %u guard interfaces",
			      NETPOL_PATTERNS_MAX);
	memcpy(settings->pattern[settings->npatterns++], text.data, text.length);
	return 0;
}

static int settings_host_allow(struct netpol_parse *parse, const struct nlattr *nest,
			       struct netpol_settings *settings)
{
	struct nlattr *tb[NETPOL_HOST_ALLOW_A_MAX + 1];
	struct netpol_host_allow *allow;
	const struct nlattr *v4, *v6;
	u8 protocol;
	int error;

	netpol_nest_attrs(tb, NETPOL_HOST_ALLOW_A_MAX, nest);
	v4 = tb[NETPOL_HOST_ALLOW_A_ADDRESS4];
	v6 = tb[NETPOL_HOST_ALLOW_A_ADDRESS6];
	if (!v4 && !v6)
		return netpol_refuse_missing(parse->refusal, nest,
					     NETPOL_HOST_ALLOW_A_ADDRESS4);
	if (v4 && v6)
		return refuse(parse, v6, -EINVAL, "a host-allow entry has exactly one address");
	error = netpol_need_protocol(parse, nest, tb, NETPOL_HOST_ALLOW_A_PROTOCOL,
				     &protocol);
	if (error)
		return error;
	if (!tb[NETPOL_HOST_ALLOW_A_PORT])
		return netpol_refuse_missing(parse->refusal, nest, NETPOL_HOST_ALLOW_A_PORT);
	if (settings->nhost_allow >= NETPOL_HOST_ALLOW_MAX)
		return refuse(parse, nest, -ENOSPC, "there are more than %u host-allow entries",
			      NETPOL_HOST_ALLOW_MAX);
	allow = &settings->host_allow[settings->nhost_allow++];
	allow->family = v4 ? AF_INET : AF_INET6;
	memcpy(allow->address, nla_data(v4 ? v4 : v6), v4 ? 4 : 16);
	allow->protocol = protocol;
	allow->port = nla_get_u16(tb[NETPOL_HOST_ALLOW_A_PORT]);
	return 0;
}

static int settings_source_allow(struct netpol_parse *parse, const struct nlattr *nest,
				 struct netpol_settings *settings)
{
	struct nlattr *tb[NETPOL_SOURCE_ALLOW_A_MAX + 1];
	struct netpol_text ns = {}, name = {};
	struct netpol_source_allow *allow;
	const void *address;
	u8 family, length;
	int error;

	netpol_nest_attrs(tb, NETPOL_SOURCE_ALLOW_A_MAX, nest);
	if (!tb[NETPOL_SOURCE_ALLOW_A_PREFIX])
		return netpol_refuse_missing(parse->refusal, nest, NETPOL_SOURCE_ALLOW_A_PREFIX);
	error = netpol_parse_prefix(parse, tb[NETPOL_SOURCE_ALLOW_A_PREFIX], &family, &address,
				    &length);
	if (!error && (tb[NETPOL_SOURCE_ALLOW_A_NAMESPACE] || tb[NETPOL_SOURCE_ALLOW_A_NAME])) {
		error = netpol_need_text(parse, nest, tb, NETPOL_SOURCE_ALLOW_A_NAMESPACE, false,
					 &ns);
		if (!error)
			error = netpol_need_text(parse, nest, tb, NETPOL_SOURCE_ALLOW_A_NAME,
						 false, &name);
	}
	if (error)
		return error;
	if (settings->nsource_allow >= NETPOL_SOURCE_ALLOW_MAX)
		return refuse(parse, nest, -ENOSPC,
			      "there are more than %u source-allow entries",
			      NETPOL_SOURCE_ALLOW_MAX);
	allow = &settings->source_allow[settings->nsource_allow++];
	allow->family = family;
	allow->length = length;
	memcpy(allow->address, address, family == AF_INET ? 4 : 16);
	memcpy(allow->ns, ns.data, ns.length);
	memcpy(allow->name, name.data, name.length);
	return 0;
}

static int settings_attr(struct netpol_parse *parse, const struct nlattr *attr,
			 struct netpol_settings *settings)
{
	switch (nla_type(attr)) {
	case NETPOL_SETTINGS_A_GUARD_PREFIX:
		return settings_prefix(parse, attr, "guard prefixes", settings->guard,
				       settings->guard_family, &settings->nguards);
	case NETPOL_SETTINGS_A_POD_RANGE:
		return settings_prefix(parse, attr, "ranges of pods", settings->range,
				       settings->range_family, &settings->nranges);
	case NETPOL_SETTINGS_A_GUARD_INTERFACE:
		return settings_pattern(parse, attr, settings);
	case NETPOL_SETTINGS_A_HOST_ALLOW:
		return settings_host_allow(parse, attr, settings);
	case NETPOL_SETTINGS_A_SOURCE_ALLOW:
		return settings_source_allow(parse, attr, settings);
	case NETPOL_SETTINGS_A_UNKNOWN:
		settings->unknown = nla_get_u8(attr);
		break;
	case NETPOL_SETTINGS_A_ESTABLISHED:
		settings->established = nla_get_u8(attr);
		break;
	case NETPOL_SETTINGS_A_HOST_EGRESS:
		settings->host_egress = nla_get_u8(attr);
		break;
	case NETPOL_SETTINGS_A_TUNNELS:
		settings->tunnels = nla_get_u8(attr);
		break;
	case NETPOL_SETTINGS_A_EVENT_RATE:
		if (nla_get_u32(attr))
			settings->event_rate = nla_get_u32(attr);
		break;
	}
	return 0;
}

/**
 * netpol_parse_settings() - settings
 * @parse: context
 * @nest: enum netpol_settings_attr; NULL: all settings have their defaults
 *
 * Return: the settings, finished, or -EINVAL, -ENOSPC, -ENOMEM.
 */
struct netpol_settings *netpol_parse_settings(struct netpol_parse *parse,
					      const struct nlattr *nest)
{
	struct netpol_settings *settings = netpol_settings_create();
	const struct nlattr *attr;
	int left, error = 0;

	if (!settings)
		return ERR_PTR(netpol_no_memory(parse));
	if (nest) {
		nla_for_each_nested(attr, nest, left) {
			error = settings_attr(parse, attr, settings);
			if (error)
				goto free;
		}
	}
	if (netpol_settings_finish(settings)) {
		error = netpol_no_memory(parse);
		goto free;
	}
	return settings;
free:
	netpol_settings_free(settings);
	return ERR_PTR(error);
}

/* What names an object of this kind. Only a policy has KIND, and only a pod has UID. */
static int delete_names(struct netpol_parse *parse, const struct nlattr *nest,
			struct nlattr **tb, u8 object, struct netpol_text *ns,
			struct netpol_text *name)
{
	static const u32 allowed[] = {
		[NETPOL_OBJECT_NAMESPACE] = BIT(NETPOL_DELETE_A_NAME),
		[NETPOL_OBJECT_POD] = BIT(NETPOL_DELETE_A_NAMESPACE) |
				      BIT(NETPOL_DELETE_A_NAME) |
				      BIT(NETPOL_DELETE_A_UID),
		[NETPOL_OBJECT_POLICY] = BIT(NETPOL_DELETE_A_NAMESPACE) |
					 BIT(NETPOL_DELETE_A_NAME) |
					 BIT(NETPOL_DELETE_A_KIND),
		[NETPOL_OBJECT_SETTINGS] = 0,
	};
	const struct nlattr *kind = tb[NETPOL_DELETE_A_KIND];
	bool cluster = false;
	int i, error = 0;

	for (i = NETPOL_DELETE_A_OBJECT + 1; i <= NETPOL_DELETE_A_MAX; i++)
		if (tb[i] && !(allowed[object] & BIT(i)))
			return refuse(parse, tb[i], -EINVAL,
				      "this kind of object does not have this attribute");
	if (allowed[object] & BIT(NETPOL_DELETE_A_KIND)) {
		if (!kind)
			return netpol_refuse_missing(parse->refusal, nest,
						     NETPOL_DELETE_A_KIND);
		cluster = nla_get_u8(kind) == NETPOL_KIND_CLUSTER_NETWORK_POLICY;
		if (cluster && tb[NETPOL_DELETE_A_NAMESPACE])
			return refuse(parse, tb[NETPOL_DELETE_A_NAMESPACE], -EINVAL,
				      "a ClusterNetworkPolicy is in no namespace");
	}
	if (!cluster && allowed[object] & BIT(NETPOL_DELETE_A_NAMESPACE))
		error = netpol_need_text(parse, nest, tb, NETPOL_DELETE_A_NAMESPACE, false, ns);
	if (!error && allowed[object] & BIT(NETPOL_DELETE_A_NAME))
		error = netpol_need_text(parse, nest, tb, NETPOL_DELETE_A_NAME, false, name);
	return error;
}

/**
 * netpol_parse_delete() - the deletion of an object
 * @parse: context
 * @nest: enum netpol_delete_attr
 *
 * Return: the deletion, to be freed by netpol_free(), or -EINVAL, -EOPNOTSUPP, -ENOMEM.
 */
struct netpol_deletion *netpol_parse_delete(struct netpol_parse *parse,
					    const struct nlattr *nest)
{
	struct netpol_text ns = { "", 0 }, name = { "", 0 };
	struct nlattr *tb[NETPOL_DELETE_A_MAX + 1];
	struct netpol_deletion *deletion;
	u8 object;
	int error;

	netpol_nest_attrs(tb, NETPOL_DELETE_A_MAX, nest);
	if (!tb[NETPOL_DELETE_A_OBJECT])
		return ERR_PTR(netpol_refuse_missing(parse->refusal, nest,
						     NETPOL_DELETE_A_OBJECT));
	object = nla_get_u8(tb[NETPOL_DELETE_A_OBJECT]);
	error = delete_names(parse, nest, tb, object, &ns, &name);
	if (error)
		return ERR_PTR(error);
	deletion = netpol_alloc(struct_size(deletion, data, ns.length + name.length));
	if (!deletion)
		return ERR_PTR(netpol_no_memory(parse));
	deletion->object = object;
	memcpy(deletion->data, ns.data, ns.length);
	memcpy(deletion->data + ns.length, name.data, name.length);
	deletion->ns = (struct netpol_text){ deletion->data, ns.length };
	deletion->name = (struct netpol_text){ deletion->data + ns.length, name.length };
	if (tb[NETPOL_DELETE_A_KIND])
		deletion->kind = nla_get_u8(tb[NETPOL_DELETE_A_KIND]);
	if (tb[NETPOL_DELETE_A_UID]) {
		deletion->has_uid = true;
		memcpy(deletion->uid, nla_data(tb[NETPOL_DELETE_A_UID]), NETPOL_UID_LEN);
	}
	return deletion;
}
