// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a byte offset in a message, as an extended ack carries it, to the
 * names of the object and of the attribute.
 */
#include "netlink/place.h"
#include "netlink/decode.h"
#include "object/settings.h"

#include <string.h>

struct np_spec {
	const char *name;
	const struct np_spec *nest;
	unsigned int max;	/* of nest */
};

#define NP_NEST(text, spec)	{ text, spec, sizeof(spec) / sizeof((spec)[0]) - 1 }

static const struct np_spec np_prefix_spec[] = {
	[NETPOL_PREFIX_A_ADDRESS4] = { .name = "address4" },
	[NETPOL_PREFIX_A_ADDRESS6] = { .name = "address6" },
	[NETPOL_PREFIX_A_LENGTH] = { .name = "length" },
};

static const struct np_spec np_port_spec[] = {
	[NETPOL_PORT_A_PROTOCOL] = { .name = "protocol" },
	[NETPOL_PORT_A_FIRST] = { .name = "first" },
	[NETPOL_PORT_A_LAST] = { .name = "last" },
	[NETPOL_PORT_A_NAME] = { .name = "name" },
};

static const struct np_spec np_label_spec[] = {
	[NETPOL_LABEL_A_KEY] = { .name = "key" },
	[NETPOL_LABEL_A_VALUE] = { .name = "value" },
};

static const struct np_spec np_label_set_spec[] = {
	[NETPOL_LABEL_SET_A_ID] = { .name = "id" },
	[NETPOL_LABEL_SET_A_LABEL] = NP_NEST("label", np_label_spec),
	[NETPOL_LABEL_SET_A_PORT] = NP_NEST("port", np_port_spec),
};

static const struct np_spec np_namespace_spec[] = {
	[NETPOL_NAMESPACE_A_NAME] = { .name = "name" },
	[NETPOL_NAMESPACE_A_LABEL] = NP_NEST("label", np_label_spec),
};

static const struct np_spec np_pod_spec[] = {
	[NETPOL_POD_A_NAMESPACE] = { .name = "namespace" },
	[NETPOL_POD_A_NAME] = { .name = "name" },
	[NETPOL_POD_A_UID] = { .name = "uid" },
	[NETPOL_POD_A_LABEL_SET] = { .name = "label-set" },
	[NETPOL_POD_A_ADDRESS4] = { .name = "address4" },
	[NETPOL_POD_A_ADDRESS6] = { .name = "address6" },
	[NETPOL_POD_A_FLAGS] = { .name = "flags" },
	[NETPOL_POD_A_IFINDEX] = { .name = "ifindex" },
};

static const struct np_spec np_requirement_spec[] = {
	[NETPOL_REQUIREMENT_A_KEY] = { .name = "key" },
	[NETPOL_REQUIREMENT_A_OPERATOR] = { .name = "operator" },
	[NETPOL_REQUIREMENT_A_VALUE] = { .name = "value" },
};

static const struct np_spec np_selector_spec[] = {
	[NETPOL_SELECTOR_A_REQUIREMENT] = NP_NEST("requirement", np_requirement_spec),
};

static const struct np_spec np_policy_spec[] = {
	[NETPOL_POLICY_A_KIND] = { .name = "kind" },
	[NETPOL_POLICY_A_NAMESPACE] = { .name = "namespace" },
	[NETPOL_POLICY_A_NAME] = { .name = "name" },
	[NETPOL_POLICY_A_SUBJECT] = NP_NEST("subject", np_selector_spec),
	[NETPOL_POLICY_A_DIRECTIONS] = { .name = "directions" },
	[NETPOL_POLICY_A_TIER] = { .name = "tier" },
	[NETPOL_POLICY_A_PRIORITY] = { .name = "priority" },
	[NETPOL_POLICY_A_FLAGS] = { .name = "flags" },
};

static const struct np_spec np_rule_spec[] = {
	[NETPOL_RULE_A_DIRECTION] = { .name = "direction" },
	[NETPOL_RULE_A_ACTION] = { .name = "action" },
};

static const struct np_spec np_peer_spec[] = {
	[NETPOL_PEER_A_POD_SELECTOR] = NP_NEST("pod-selector", np_selector_spec),
	[NETPOL_PEER_A_NAMESPACE_SELECTOR] = NP_NEST("namespace-selector", np_selector_spec),
	[NETPOL_PEER_A_PREFIX] = NP_NEST("prefix", np_prefix_spec),
};

static const struct np_spec np_host_allow_spec[] = {
	[NETPOL_HOST_ALLOW_A_ADDRESS4] = { .name = "address4" },
	[NETPOL_HOST_ALLOW_A_ADDRESS6] = { .name = "address6" },
	[NETPOL_HOST_ALLOW_A_PROTOCOL] = { .name = "protocol" },
	[NETPOL_HOST_ALLOW_A_PORT] = { .name = "port" },
};

static const struct np_spec np_settings_spec[] = {
	[NETPOL_SETTINGS_A_GUARD_PREFIX] = NP_NEST("guard-prefix", np_prefix_spec),
	[NETPOL_SETTINGS_A_GUARD_INTERFACE] = { .name = "guard-interface" },
	[NETPOL_SETTINGS_A_UNKNOWN] = { .name = "unknown" },
	[NETPOL_SETTINGS_A_ESTABLISHED] = { .name = "established" },
	[NETPOL_SETTINGS_A_HOST_EGRESS] = { .name = "host-egress" },
	[NETPOL_SETTINGS_A_HOST_ALLOW] = NP_NEST("host-allow", np_host_allow_spec),
	[NETPOL_SETTINGS_A_EVENT_RATE] = { .name = "event-rate" },
};

static const struct np_spec np_delete_spec[] = {
	[NETPOL_DELETE_A_OBJECT] = { .name = "object" },
	[NETPOL_DELETE_A_KIND] = { .name = "kind" },
	[NETPOL_DELETE_A_NAMESPACE] = { .name = "namespace" },
	[NETPOL_DELETE_A_NAME] = { .name = "name" },
	[NETPOL_DELETE_A_UID] = { .name = "uid" },
};

static const struct np_spec np_eval_spec[] = {
	[NETPOL_EVAL_A_FAMILY] = { .name = "family" },
	[NETPOL_EVAL_A_SOURCE_NAMESPACE] = { .name = "source-namespace" },
	[NETPOL_EVAL_A_SOURCE_NAME] = { .name = "source-name" },
	[NETPOL_EVAL_A_SOURCE4] = { .name = "source4" },
	[NETPOL_EVAL_A_SOURCE6] = { .name = "source6" },
	[NETPOL_EVAL_A_DESTINATION_NAMESPACE] = { .name = "destination-namespace" },
	[NETPOL_EVAL_A_DESTINATION_NAME] = { .name = "destination-name" },
	[NETPOL_EVAL_A_DESTINATION4] = { .name = "destination4" },
	[NETPOL_EVAL_A_DESTINATION6] = { .name = "destination6" },
	[NETPOL_EVAL_A_PROTOCOL] = { .name = "protocol" },
	[NETPOL_EVAL_A_PORT] = { .name = "port" },
};

static const struct np_spec np_trie_spec[] = {
	[NETPOL_TRIE_A_POD_NAMESPACE] = { .name = "pod-namespace" },
	[NETPOL_TRIE_A_POD_NAME] = { .name = "pod-name" },
};

static const struct np_spec np_top_spec[] = {
	[NETPOL_A_FLAGS] = { .name = "flags" },
	[NETPOL_A_TXN] = { .name = "txn" },
	[NETPOL_A_ORIGIN] = { .name = "origin" },
	[NETPOL_A_BASE_GENERATION] = { .name = "base-generation" },
	[NETPOL_A_LABEL_SET] = NP_NEST("label-set", np_label_set_spec),
	[NETPOL_A_NAMESPACE] = NP_NEST("namespace", np_namespace_spec),
	[NETPOL_A_POD] = NP_NEST("pod", np_pod_spec),
	[NETPOL_A_POLICY] = NP_NEST("policy", np_policy_spec),
	[NETPOL_A_RULE] = NP_NEST("rule", np_rule_spec),
	[NETPOL_A_PEER] = NP_NEST("peer", np_peer_spec),
	[NETPOL_A_EXCEPT] = NP_NEST("except", np_prefix_spec),
	[NETPOL_A_PORT] = NP_NEST("port", np_port_spec),
	[NETPOL_A_SETTINGS] = NP_NEST("settings", np_settings_spec),
	[NETPOL_A_DELETE] = NP_NEST("delete", np_delete_spec),
	[NETPOL_A_EVAL] = NP_NEST("eval", np_eval_spec),
	[NETPOL_A_TRIE] = NP_NEST("trie", np_trie_spec),
};

#define NP_TOP_MAX	(sizeof(np_top_spec) / sizeof(np_top_spec[0]) - 1)

static void np_path_add(char *path, size_t size, const char *sep, const struct np_spec *spec,
			unsigned int max, unsigned int type)
{
	size_t used = strlen(path);

	if (spec && type <= max && spec[type].name)
		snprintf(path + used, size - used, "%s%s", used ? sep : "", spec[type].name);
	else
		snprintf(path + used, size - used, "%sattribute %u", used ? sep : "", type);
}

/* "Pod shop/cart-0", from the attributes of the object. */
static void np_name_object(const struct nlattr *nest, unsigned int type, struct np_error *err)
{
	const char *kind = type == NETPOL_A_NAMESPACE ? "Namespace" :
			   type == NETPOL_A_POD ? "Pod" : "NetworkPolicy";
	char space[NETPOL_NAMESPACE_MAX + 1] = "", name[NETPOL_NAME_MAX + 1] = "";
	int at_space = 0, at_name = NETPOL_NAMESPACE_A_NAME, left;
	struct nlattr *attr;

	if (type == NETPOL_A_POD) {
		at_space = NETPOL_POD_A_NAMESPACE;
		at_name = NETPOL_POD_A_NAME;
	} else if (type == NETPOL_A_POLICY) {
		at_space = NETPOL_POLICY_A_NAMESPACE;
		at_name = NETPOL_POLICY_A_NAME;
	}
	nla_for_each_nested(attr, (struct nlattr *)nest, left) {
		if (at_space && nla_type(attr) == at_space)
			np_read_string(attr, space, sizeof(space));
		else if (nla_type(attr) == at_name)
			np_read_string(attr, name, sizeof(name));
	}
	snprintf(err->object, sizeof(err->object), "%s %s%s%s", kind, space, *space ? "/" : "",
		 name);
}

/*
 * The chain of attributes that holds the byte at `offset`; an attribute's own header
 * ends the search, for that is what the kernel points at.
 */
static const struct np_spec *np_walk(const struct nlmsghdr *nlh, uint32_t offset,
				     struct np_error *err, unsigned int *max)
{
	const struct np_spec *spec = np_top_spec;
	unsigned int type, top = NP_TOP_MAX;
	const char *base = (const char *)nlh;
	struct nlattr *attr;
	bool first = true;
	size_t start;
	int left;

	attr = np_message_attrs(nlh, &left);
	while (nla_ok(attr, left)) {
		type = nla_type(attr);
		if (first && (type == NETPOL_A_NAMESPACE || type == NETPOL_A_POD ||
			      type == NETPOL_A_POLICY))
			np_name_object(attr, type, err);
		start = (const char *)attr - base;
		if (offset >= start + NLA_ALIGN(attr->nla_len)) {
			attr = nla_next(attr, &left);
			continue;
		}
		if (offset < start)
			break;
		/* Label sets and deletions belong to no object before them. */
		if (first && (type < NETPOL_A_NAMESPACE || type > NETPOL_A_PORT))
			err->object[0] = '\0';
		np_path_add(err->path, sizeof(err->path), ".", spec, top, type);
		first = false;
		if (type <= top) {
			top = spec[type].max;
			spec = spec[type].nest;
		} else {
			spec = NULL;
		}
		if (!spec || offset < start + NLA_HDRLEN + 1)
			break;
		left = nla_len(attr);
		attr = nla_data(attr);
	}
	*max = first ? NP_TOP_MAX : top;
	return first ? np_top_spec : spec;
}

void np_message_at(const struct nlmsghdr *nlh, uint32_t offset, struct np_error *err)
{
	unsigned int max;

	if (offset < NLMSG_HDRLEN || offset >= nlh->nlmsg_len)
		return;
	err->object[0] = '\0';
	err->path[0] = '\0';
	np_walk(nlh, offset, err, &max);
}

void np_message_missing(const struct nlmsghdr *nlh, uint32_t nest, uint32_t type,
			struct np_error *err)
{
	const struct np_spec *spec = np_top_spec;
	unsigned int max = NP_TOP_MAX;

	err->object[0] = '\0';
	err->path[0] = '\0';
	if (nest >= NLMSG_HDRLEN && nest < nlh->nlmsg_len)
		spec = np_walk(nlh, nest, err, &max);
	np_path_add(err->path, sizeof(err->path), ".", spec, max, type);
}
