// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Netlink messages into objects.
 *
 * Everything from the kernel is checked as if it came from a stranger: an older or a
 * newer module may be on the other side. What an attribute may hold is checked by the
 * schema, so that the code below can take values as they are.
 */
#include "netlink/decode.h"
#include "base/sort.h"
#include "object/digest.h"
#include "object/settings.h"
#include "object/state.h"

#include <stdlib.h>
#include <string.h>
#include <linux/genetlink.h>
#include <netinet/in.h>

/* Label sets of a stream that uses numbers; dumps carry labels in the pod. */
struct np_state_set {
	uint32_t id;
	struct np_labels labels;
	struct np_named_port *port;
	uint32_t port_count;
};

int np_malformed(struct np_error *err, const char *what)
{
	np_error_set(err, NP_EXIT_ABI, "malformed %s from the kernel", what);
	np_error_hint(err, "'netpolctl version' compares tool and module");
	return -1;
}

struct nlattr *np_message_attrs(const struct nlmsghdr *nlh, int *len)
{
	*len = (int)nlh->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
	if (*len < 0)
		*len = 0;
	return (struct nlattr *)((char *)NLMSG_DATA(nlh) + GENL_HDRLEN);
}

bool np_parse_nest(const struct np_schema *schema, const struct nlattr *nest, struct nlattr **tb)
{
	return !nla_parse_nested(tb, (int)schema->max, (struct nlattr *)nest,
				 (struct nla_policy *)schema->policy);
}

bool np_parse_message(const struct nlmsghdr *nlh, struct nlattr **tb)
{
	struct nlattr *attrs;
	int len;

	attrs = np_message_attrs(nlh, &len);
	return !nla_parse(tb, (int)np_netpol_schema.max, attrs, len,
			  (struct nla_policy *)np_netpol_schema.policy);
}

/* The text of an attribute, kept with the objects; NULL without an attribute. */
static const char *text_of(struct np_objects *objs, const struct nlattr *attr)
{
	return attr ? np_intern_str(objs, nla_get_string((struct nlattr *)attr)) : NULL;
}

bool np_read_address(const struct nlattr *four, const struct nlattr *six, struct np_address *to)
{
	memset(to, 0, sizeof(*to));
	if (four && six)
		return false;
	if (four) {
		to->family = AF_INET;
		memcpy(to->addr, nla_data(four), 4);
	} else if (six) {
		to->family = AF_INET6;
		memcpy(to->addr, nla_data(six), 16);
	}
	return true;
}

bool np_read_prefix(const struct nlattr *nest, struct np_cidr *cidr)
{
	struct nlattr *tb[NETPOL_PREFIX_A_MAX + 1];
	struct np_address addr;

	memset(cidr, 0, sizeof(*cidr));
	if (!np_parse_nest(&np_prefix_schema, nest, tb) || !tb[NETPOL_PREFIX_A_LENGTH] ||
	    !np_read_address(tb[NETPOL_PREFIX_A_ADDRESS4], tb[NETPOL_PREFIX_A_ADDRESS6], &addr))
		return false;
	*cidr = np_address_block(&addr);
	cidr->length = nla_get_u8(tb[NETPOL_PREFIX_A_LENGTH]);
	if (!addr.family || cidr->length > np_family_bits(addr.family))
		return false;
	np_cidr_mask(cidr);
	return true;
}

bool np_read_port(const struct nlattr *nest, struct np_port *port, struct np_objects *objs)
{
	struct nlattr *tb[NETPOL_PORT_A_MAX + 1];

	memset(port, 0, sizeof(*port));
	if (!np_parse_nest(&np_port_schema, nest, tb) || !tb[NETPOL_PORT_A_PROTOCOL])
		return false;
	port->has_protocol = true;
	port->protocol = nla_get_u8(tb[NETPOL_PORT_A_PROTOCOL]);
	port->first = np_attr_u16(tb[NETPOL_PORT_A_FIRST]);
	port->last = tb[NETPOL_PORT_A_LAST] ? nla_get_u16(tb[NETPOL_PORT_A_LAST]) : port->first;
	if (objs)
		port->name = text_of(objs, tb[NETPOL_PORT_A_NAME]);
	if (tb[NETPOL_PORT_A_NAME])	/* of a pod, FIRST is its number */
		port->kind = NP_PORT_NAME;
	else if (!tb[NETPOL_PORT_A_FIRST])
		port->kind = NP_PORT_ANY;
	else
		port->kind = port->last == port->first ? NP_PORT_NUMBER : NP_PORT_RANGE;
	return port->last >= port->first;
}

static bool read_allow(const struct nlattr *nest, struct np_host_allow *allow)
{
	struct nlattr *tb[NETPOL_HOST_ALLOW_A_MAX + 1];

	if (!np_parse_nest(&np_host_allow_schema, nest, tb) ||
	    !np_read_address(tb[NETPOL_HOST_ALLOW_A_ADDRESS4],
			     tb[NETPOL_HOST_ALLOW_A_ADDRESS6], &allow->address))
		return false;
	allow->protocol = np_attr_u8(tb[NETPOL_HOST_ALLOW_A_PROTOCOL]);
	allow->port = np_attr_u16(tb[NETPOL_HOST_ALLOW_A_PORT]);
	return allow->address.family;
}

static bool read_source_allow(const struct nlattr *nest, struct np_source_allow *allow)
{
	struct nlattr *tb[NETPOL_SOURCE_ALLOW_A_MAX + 1];

	if (!np_parse_nest(&np_source_allow_schema, nest, tb) ||
	    !tb[NETPOL_SOURCE_ALLOW_A_PREFIX] ||
	    !tb[NETPOL_SOURCE_ALLOW_A_NAMESPACE] != !tb[NETPOL_SOURCE_ALLOW_A_NAME] ||
	    !np_read_prefix(tb[NETPOL_SOURCE_ALLOW_A_PREFIX], &allow->prefix))
		return false;
	if (tb[NETPOL_SOURCE_ALLOW_A_NAME]) {
		snprintf(allow->namespace, sizeof(allow->namespace), "%s",
			 nla_get_string(tb[NETPOL_SOURCE_ALLOW_A_NAMESPACE]));
		snprintf(allow->name, sizeof(allow->name), "%s",
			 nla_get_string(tb[NETPOL_SOURCE_ALLOW_A_NAME]));
	}
	return true;
}

/* One entry of a list of the settings; true for what is no list. */
static bool read_setting(const struct nlattr *attr, struct np_settings *set)
{
	struct np_source_allow source = { 0 };
	struct np_host_allow allow = { 0 };
	struct np_cidr cidr;

	switch (nla_type(attr)) {
	case NETPOL_SETTINGS_A_GUARD_PREFIX:
		if (!np_read_prefix(attr, &cidr))
			return false;
		np_settings_add_prefix(set, &cidr);
		break;
	case NETPOL_SETTINGS_A_POD_RANGE:
		if (!np_read_prefix(attr, &cidr))
			return false;
		np_settings_add_range(set, &cidr);
		break;
	case NETPOL_SETTINGS_A_GUARD_INTERFACE:
		np_settings_add_interface(set, nla_get_string((struct nlattr *)attr));
		break;
	case NETPOL_SETTINGS_A_HOST_ALLOW:
		if (!read_allow(attr, &allow))
			return false;
		np_settings_add_allow(set, &allow);
		break;
	case NETPOL_SETTINGS_A_SOURCE_ALLOW:
		if (!read_source_allow(attr, &source))
			return false;
		np_settings_add_source(set, &source);
		break;
	}
	return true;
}

bool np_read_settings(const struct nlattr *nest, struct np_settings *set)
{
	struct nlattr *tb[NETPOL_SETTINGS_A_MAX + 1], *attr;
	int left;

	if (!np_parse_nest(&np_settings_schema, nest, tb))
		return false;
	set->unknown = np_attr_u8(tb[NETPOL_SETTINGS_A_UNKNOWN]);
	set->established = np_attr_u8(tb[NETPOL_SETTINGS_A_ESTABLISHED]);
	set->host_egress = np_attr_u8(tb[NETPOL_SETTINGS_A_HOST_EGRESS]);
	set->tunnels = np_attr_u8(tb[NETPOL_SETTINGS_A_TUNNELS]);
	set->event_rate = np_attr_u32(tb[NETPOL_SETTINGS_A_EVENT_RATE]);
	nla_for_each_nested(attr, (struct nlattr *)nest, left)
		if (!read_setting(attr, set))
			return false;
	return true;
}

/*
 * Arrays inside an object grow in the arena, doubling when their count is a power of
 * two, so that no room needs to be kept. Returns the new array with count + 1 places.
 */
static void *grow(struct np_objects *objs, void *old, uint32_t count, size_t size)
{
	void *grown;

	if (count & (count - 1))
		return old;
	grown = np_arena_zalloc(&objs->arena, (count ? (size_t)count * 2 : 1) * size);
	if (count)
		memcpy(grown, old, count * size);
	return grown;
}

static bool decode_label(struct np_objects *objs, const struct nlattr *nest,
			 struct np_labels *labels)
{
	struct nlattr *tb[NETPOL_LABEL_A_MAX + 1];

	if (!np_parse_nest(&np_label_schema, nest, tb) || !tb[NETPOL_LABEL_A_KEY] ||
	    !tb[NETPOL_LABEL_A_VALUE])
		return false;
	labels->item = grow(objs, labels->item, labels->count, sizeof(*labels->item));
	labels->item[labels->count++] = (struct np_label) {
		.key = text_of(objs, tb[NETPOL_LABEL_A_KEY]),
		.value = text_of(objs, tb[NETPOL_LABEL_A_VALUE]),
	};
	return true;
}

static int compare_labels(const void *a, const void *b)
{
	const struct np_label *left = a, *right = b;

	return strcmp(left->key, right->key);
}

static void sort_labels(struct np_labels *labels)
{
	if (labels->count)
		np_sort_many(labels->item, labels->count, sizeof(*labels->item), compare_labels);
}

static bool decode_named_port(struct np_objects *objs, const struct nlattr *nest,
			      struct np_named_port **ports, uint32_t *count)
{
	struct np_port port;

	if (!np_read_port(nest, &port, objs) || !port.name)
		return false;
	*ports = grow(objs, *ports, *count, sizeof(**ports));
	(*ports)[(*count)++] = (struct np_named_port) {
		.name = port.name,
		.number = port.first,
		.protocol = port.protocol,
	};
	return true;
}

static bool decode_requirement(struct np_objects *objs, const struct nlattr *nest,
			       struct np_requirement *req)
{
	struct nlattr *tb[NETPOL_REQUIREMENT_A_MAX + 1], *attr;
	uint8_t op;
	int left;

	memset(req, 0, sizeof(*req));
	if (!np_parse_nest(&np_requirement_schema, nest, tb) || !tb[NETPOL_REQUIREMENT_A_KEY])
		return false;
	op = np_attr_u8(tb[NETPOL_REQUIREMENT_A_OPERATOR]);
	if (op < NETPOL_OPERATOR_IN || op > NETPOL_OPERATOR_DOES_NOT_EXIST)
		return false;
	req->key = text_of(objs, tb[NETPOL_REQUIREMENT_A_KEY]);
	req->op = op - 1;
	nla_for_each_nested(attr, (struct nlattr *)nest, left) {
		if (nla_type(attr) != NETPOL_REQUIREMENT_A_VALUE)
			continue;
		req->value = grow(objs, req->value, req->value_count, sizeof(*req->value));
		req->value[req->value_count++] = text_of(objs, attr);
	}
	req->match_label = req->op == NP_OP_IN && req->value_count == 1;
	return true;
}

static bool decode_selector(struct np_objects *objs, const struct nlattr *nest,
			    struct np_selector *selector)
{
	struct nlattr *attr;
	int left;

	selector->present = true;
	nla_for_each_nested(attr, (struct nlattr *)nest, left) {
		if (nla_type(attr) != NETPOL_SELECTOR_A_REQUIREMENT)
			continue;
		selector->item = grow(objs, selector->item, selector->count,
				      sizeof(*selector->item));
		if (!decode_requirement(objs, attr, &selector->item[selector->count]))
			return false;
		selector->count++;
	}
	return true;
}

/* Makes room for entry `count` of one of the state arrays, and clears it. */
static void *state_room(void *old, size_t count, size_t size)
{
	char *array = np_array_grow(old, count, size);

	memset(array + count * size, 0, size);
	return array;
}

/* The labels of a nest, which has them as attributes of one type. */
static bool decode_labels(struct np_objects *objs, const struct nlattr *nest, int type,
			  struct np_labels *labels)
{
	struct nlattr *attr;
	int left;

	nla_for_each_nested(attr, (struct nlattr *)nest, left)
		if (nla_type(attr) == type && !decode_label(objs, attr, labels))
			return false;
	sort_labels(labels);
	return true;
}

static bool decode_named_ports(struct np_objects *objs, const struct nlattr *nest, int type,
			       struct np_named_port **ports, uint32_t *count)
{
	struct nlattr *attr;
	int left;

	nla_for_each_nested(attr, (struct nlattr *)nest, left)
		if (nla_type(attr) == type && !decode_named_port(objs, attr, ports, count))
			return false;
	return true;
}

static bool decode_namespace(struct np_state *state, const struct nlattr *nest)
{
	struct np_objects *objs = &state->objects;
	struct np_namespace *ns = np_objects_add_namespace(objs);
	struct nlattr *tb[NETPOL_NAMESPACE_A_MAX + 1];
	struct np_namespace_state *more;

	state->namespace = state_room(state->namespace, objs->namespace_count - 1, sizeof(*more));
	more = &state->namespace[objs->namespace_count - 1];
	if (!np_parse_nest(&np_namespace_schema, nest, tb) ||
	    !decode_labels(objs, nest, NETPOL_NAMESPACE_A_LABEL, &ns->labels))
		return false;
	ns->name = text_of(objs, tb[NETPOL_NAMESPACE_A_NAME]);
	np_attr_string(tb[NETPOL_NAMESPACE_A_ORIGIN], more->origin, sizeof(more->origin));
	more->flags = np_attr_u32(tb[NETPOL_NAMESPACE_A_FLAGS]);
	return ns->name;
}

static bool decode_set(struct np_state *state, const struct nlattr *nest)
{
	struct nlattr *tb[NETPOL_LABEL_SET_A_MAX + 1];
	struct np_objects *objs = &state->objects;
	struct np_state_set *set;

	state->set = state_room(state->set, state->set_count, sizeof(*set));
	set = &state->set[state->set_count];
	if (!np_parse_nest(&np_label_set_schema, nest, tb) ||
	    !decode_labels(objs, nest, NETPOL_LABEL_SET_A_LABEL, &set->labels) ||
	    !decode_named_ports(objs, nest, NETPOL_LABEL_SET_A_PORT, &set->port,
				&set->port_count))
		return false;
	set->id = np_attr_u32(tb[NETPOL_LABEL_SET_A_ID]);
	state->set_count++;
	return true;
}

static bool use_set(struct np_state *state, const struct nlattr *attr,
		    struct np_pod *pod)
{
	const struct np_state_set *set = NULL;
	uint32_t id = nla_get_u32((struct nlattr *)attr);
	size_t i;

	if (id && id <= state->set_count && state->set[id - 1].id == id)
		set = &state->set[id - 1];
	for (i = state->set_count; !set && i; i--)
		if (state->set[i - 1].id == id)
			set = &state->set[i - 1];
	if (!set)
		return false;
	pod->labels = set->labels;
	pod->port = set->port;
	pod->port_count = set->port_count;
	return true;
}

/* Addresses, in the order of their attributes, whatever their family. */
static void decode_addresses(struct np_objects *objs, const struct nlattr *nest,
			     struct np_pod *pod)
{
	struct nlattr *attr;
	bool four, six;
	int left;

	nla_for_each_nested(attr, (struct nlattr *)nest, left) {
		four = nla_type(attr) == NETPOL_POD_A_ADDRESS4;
		six = nla_type(attr) == NETPOL_POD_A_ADDRESS6;
		if (!four && !six)
			continue;
		pod->address = grow(objs, pod->address, pod->address_count,
				    sizeof(*pod->address));
		np_read_address(four ? attr : NULL, six ? attr : NULL,
				&pod->address[pod->address_count++]);
	}
}

bool np_read_shortage(const struct nlattr *nest, struct np_shortage *lack)
{
	struct nlattr *tb[NETPOL_LACK_A_MAX + 1];

	memset(lack, 0, sizeof(*lack));
	if (!np_parse_nest(&np_lack_schema, nest, tb))
		return false;
	lack->direction = np_attr_u8(tb[NETPOL_LACK_A_DIRECTION]);
	lack->limit = np_attr_u32(tb[NETPOL_LACK_A_LIMIT]);
	lack->bytes = np_attr_u64(tb[NETPOL_LACK_A_BYTES]);
	np_attr_string(tb[NETPOL_LACK_A_NAMESPACE], lack->namespace, sizeof(lack->namespace));
	return true;
}

/* What a pod lacks in each direction. */
static bool decode_lacks(struct np_objects *objs, const struct nlattr *nest,
			 struct np_pod_state *more)
{
	struct nlattr *attr;
	int left;

	nla_for_each_nested(attr, (struct nlattr *)nest, left) {
		if (nla_type(attr) != NETPOL_POD_A_LACK)
			continue;
		more->lack = grow(objs, more->lack, more->lack_count, sizeof(*more->lack));
		if (!np_read_shortage(attr, &more->lack[more->lack_count++]))
			return false;
	}
	return true;
}

static bool decode_pod(struct np_state *state, const struct nlattr *nest)
{
	struct np_objects *objs = &state->objects;
	struct np_pod *pod = np_objects_add_pod(objs);
	struct nlattr *tb[NETPOL_POD_A_MAX + 1];
	struct np_pod_state *more;
	char text[NP_UID_TEXT];
	uint32_t flags;

	state->pod = state_room(state->pod, objs->pod_count - 1, sizeof(*more));
	more = &state->pod[objs->pod_count - 1];
	if (!np_parse_nest(&np_pod_schema, nest, tb) ||
	    (tb[NETPOL_POD_A_LABEL_SET] &&
	     !use_set(state, tb[NETPOL_POD_A_LABEL_SET], pod)) ||
	    !decode_labels(objs, nest, NETPOL_POD_A_LABEL, &pod->labels) ||
	    !decode_named_ports(objs, nest, NETPOL_POD_A_PORT, &pod->port, &pod->port_count) ||
	    (tb[NETPOL_POD_A_LACK] && !decode_lacks(objs, nest, more)))
		return false;
	decode_addresses(objs, nest, pod);
	pod->namespace = text_of(objs, tb[NETPOL_POD_A_NAMESPACE]);
	pod->name = text_of(objs, tb[NETPOL_POD_A_NAME]);
	pod->node = "";
	if (tb[NETPOL_POD_A_UID])
		memcpy(more->uid, nla_data(tb[NETPOL_POD_A_UID]), sizeof(more->uid));
	pod->uid = np_intern_str(objs, np_uid_text(more->uid, text));
	np_attr_string(tb[NETPOL_POD_A_ORIGIN], more->origin, sizeof(more->origin));
	more->identity = np_attr_u32(tb[NETPOL_POD_A_IDENTITY]);
	more->place.ifindex = np_attr_u32(tb[NETPOL_POD_A_IFINDEX]);
	flags = np_attr_u32(tb[NETPOL_POD_A_FLAGS]);
	more->flags = flags >> NETPOL_POD_F_STATE_SHIFT;
	more->place.local = flags & NETPOL_POD_F_LOCAL;
	more->running = flags & NETPOL_POD_F_RUNNING;
	pod->phase = more->running ? NP_PHASE_RUNNING : NP_PHASE_PENDING;
	return pod->namespace && pod->name;
}

/*
 * What a ClusterNetworkPolicy has besides. Its directions are counted from its rules. As its
 * subject always has both selectors, one without requirements may have been left out.
 */
static bool decode_cluster_policy(struct np_objects *objs, struct nlattr **tb,
				  struct np_policy *policy)
{
	uint8_t tier = np_attr_u8(tb[NETPOL_POLICY_A_TIER]);

	policy->tier = tier == NETPOL_TIER_ADMIN ? NP_TIER_ADMIN : NP_TIER_BASELINE;
	policy->priority = np_attr_u16(tb[NETPOL_POLICY_A_PRIORITY]);
	policy->directions = 0;
	policy->ns_selector.present = true;
	policy->pod_selector.present = policy->pod_selector.count;
	if (tb[NETPOL_POLICY_A_SUBJECT_NAMESPACES] &&
	    !decode_selector(objs, tb[NETPOL_POLICY_A_SUBJECT_NAMESPACES], &policy->ns_selector))
		return false;
	return (tier == NETPOL_TIER_ADMIN || tier == NETPOL_TIER_BASELINE) && !*policy->namespace;
}

static bool decode_policy(struct np_state *state, const struct nlattr *nest)
{
	struct np_objects *objs = &state->objects;
	struct np_policy policy = { .namespace = "" }, *last;
	struct nlattr *tb[NETPOL_POLICY_A_MAX + 1];
	struct np_policy_state more = { 0 };

	if (!np_parse_nest(&np_policy_schema, nest, tb))
		return false;
	if (tb[NETPOL_POLICY_A_NAMESPACE])
		policy.namespace = text_of(objs, tb[NETPOL_POLICY_A_NAMESPACE]);
	policy.name = text_of(objs, tb[NETPOL_POLICY_A_NAME]);
	policy.directions = np_attr_u8(tb[NETPOL_POLICY_A_DIRECTIONS]);
	if (tb[NETPOL_POLICY_A_SUBJECT] &&
	    !decode_selector(objs, tb[NETPOL_POLICY_A_SUBJECT], &policy.pod_selector))
		return false;
	more.kind = np_attr_u8(tb[NETPOL_POLICY_A_KIND]);
	more.tier = tb[NETPOL_POLICY_A_TIER] ? nla_get_u8(tb[NETPOL_POLICY_A_TIER]) :
		    NETPOL_TIER_NETWORK_POLICY;
	more.priority = np_attr_u16(tb[NETPOL_POLICY_A_PRIORITY]);
	more.flags = np_attr_u32(tb[NETPOL_POLICY_A_FLAGS]);
	policy.audit = more.flags & NETPOL_POLICY_F_AUDIT;
	more.pods = np_attr_u32(tb[NETPOL_POLICY_A_PODS]);
	np_attr_string(tb[NETPOL_POLICY_A_ORIGIN], more.origin, sizeof(more.origin));
	if (!policy.name)
		return false;
	if (more.flags & NETPOL_POLICY_F_CONTINUED) {
		if (!objs->policy_count)
			return false;
		last = &objs->policies[objs->policy_count - 1];
		if (strcmp(last->namespace, policy.namespace) ||
		    strcmp(last->name, policy.name) ||
		    strcmp(state->policy[objs->policy_count - 1].origin, more.origin))
			return false;
		state->continued = true;
		return true;
	}
	if (more.kind == NETPOL_KIND_CLUSTER_NETWORK_POLICY &&
	    !decode_cluster_policy(objs, tb, &policy))
		return false;
	policy.types_given = true;
	*np_objects_add_policy(objs) = policy;
	state->policy = state_room(state->policy, objs->policy_count - 1, sizeof(more));
	state->policy[objs->policy_count - 1] = more;
	state->has_rule = false;
	state->has_peer = false;
	state->continued = false;
	return true;
}

static struct np_rule *last_rule(struct np_state *state)
{
	struct np_policy *policy;

	if (!state->has_rule)
		return NULL;
	policy = &state->objects.policies[state->objects.policy_count - 1];
	return state->direction == NETPOL_DIRECTION_INGRESS ?
		&policy->ingress[policy->ingress_count - 1] :
		&policy->egress[policy->egress_count - 1];
}

/* What a rule of a ClusterNetworkPolicy has besides. A Deny is closed until a peer comes. */
static bool decode_cluster_rule(struct np_objects *objs, struct nlattr **tb, struct np_rule *rule)
{
	uint8_t action = tb[NETPOL_RULE_A_ACTION] ? nla_get_u8(tb[NETPOL_RULE_A_ACTION]) :
			 NETPOL_ACTION_ACCEPT;

	rule->name = tb[NETPOL_RULE_A_NAME] ? text_of(objs, tb[NETPOL_RULE_A_NAME]) : "";
	rule->action = action == NETPOL_ACTION_DENY ? NP_ACTION_DENY :
		       action == NETPOL_ACTION_PASS ? NP_ACTION_PASS : NP_ACTION_ACCEPT;
	rule->closed = action == NETPOL_ACTION_NONE || action == NETPOL_ACTION_DENY;
	return action <= NETPOL_ACTION_PASS;
}

/* A rule that is no longer a Deny of everything. */
static void open_rule(struct np_rule *rule)
{
	if (rule->action == NP_ACTION_DENY)
		rule->closed = false;
}

static bool decode_rule(struct np_state *state, const struct nlattr *nest)
{
	struct np_objects *objs = &state->objects;
	struct nlattr *tb[NETPOL_RULE_A_MAX + 1];
	struct np_policy *policy;
	struct np_rule **rule;
	uint8_t direction;
	uint32_t *count;

	if (!objs->policy_count || !np_parse_nest(&np_rule_schema, nest, tb) ||
	    !tb[NETPOL_RULE_A_DIRECTION])
		return false;
	direction = nla_get_u8(tb[NETPOL_RULE_A_DIRECTION]);
	if (direction >= NETPOL_DIRECTIONS)
		return false;
	policy = &objs->policies[objs->policy_count - 1];
	rule = direction == NETPOL_DIRECTION_INGRESS ? &policy->ingress : &policy->egress;
	count = direction == NETPOL_DIRECTION_INGRESS ? &policy->ingress_count :
							&policy->egress_count;
	/* A message may repeat the rule that it goes on with. */
	if (state->continued && state->has_rule && state->direction == direction &&
	    tb[NETPOL_RULE_A_INDEX] && nla_get_u32(tb[NETPOL_RULE_A_INDEX]) + 1 == *count) {
		state->continued = false;
		return true;
	}
	*rule = grow(objs, *rule, *count, sizeof(**rule));
	memset(&(*rule)[*count], 0, sizeof(**rule));
	if (policy->tier != NP_TIER_NETWORK_POLICY) {
		if (!decode_cluster_rule(objs, tb, &(*rule)[*count]))
			return false;
		policy->directions |= direction == NETPOL_DIRECTION_INGRESS ? NP_DIR_INGRESS :
									      NP_DIR_EGRESS;
	}
	++*count;
	state->direction = direction;
	state->has_rule = true;
	state->has_peer = false;
	state->continued = false;
	return true;
}

static bool decode_peer(struct np_state *state, const struct nlattr *nest)
{
	struct np_rule *rule = last_rule(state);
	struct np_objects *objs = &state->objects;
	struct nlattr *tb[NETPOL_PEER_A_MAX + 1];
	struct np_peer *peer;

	if (!rule || !np_parse_nest(&np_peer_schema, nest, tb))
		return false;
	rule->peer = grow(objs, rule->peer, rule->peer_count, sizeof(*peer));
	peer = &rule->peer[rule->peer_count++];
	memset(peer, 0, sizeof(*peer));
	open_rule(rule);
	state->has_peer = true;
	state->continued = false;
	if (tb[NETPOL_PEER_A_POD_SELECTOR] &&
	    !decode_selector(objs, tb[NETPOL_PEER_A_POD_SELECTOR], &peer->pod_selector))
		return false;
	if (tb[NETPOL_PEER_A_NAMESPACE_SELECTOR] &&
	    !decode_selector(objs, tb[NETPOL_PEER_A_NAMESPACE_SELECTOR], &peer->ns_selector))
		return false;
	if (tb[NETPOL_PEER_A_PREFIX]) {
		peer->ipblock = np_arena_zalloc(&objs->arena, sizeof(*peer->ipblock));
		if (!np_read_prefix(tb[NETPOL_PEER_A_PREFIX], &peer->ipblock->cidr))
			return false;
	}
	return peer->ipblock || peer->pod_selector.present || peer->ns_selector.present;
}

static bool decode_except(struct np_state *state, const struct nlattr *nest)
{
	struct np_rule *rule = last_rule(state);
	struct np_ipblock *block;

	if (!rule || !state->has_peer)
		return false;
	block = rule->peer[rule->peer_count - 1].ipblock;
	if (!block)
		return false;
	state->continued = false;
	block->except = grow(&state->objects, block->except, block->except_count,
			     sizeof(*block->except));
	return np_read_prefix(nest, &block->except[block->except_count++]);
}

static bool decode_port(struct np_state *state, const struct nlattr *nest)
{
	struct np_rule *rule = last_rule(state);

	if (!rule)
		return false;
	state->continued = false;
	open_rule(rule);
	rule->port = grow(&state->objects, rule->port, rule->port_count,
			  sizeof(*rule->port));
	return np_read_port(nest, &rule->port[rule->port_count++], &state->objects);
}

void np_state_init(struct np_state *state)
{
	memset(state, 0, sizeof(*state));
	np_objects_init(&state->objects);
}

void np_state_reset(struct np_state *state)
{
	np_objects_reset(&state->objects);
	state->set_count = 0;
	state->has_rule = false;
	state->has_peer = false;
	state->continued = false;
}

void np_state_free(struct np_state *state)
{
	np_objects_free(&state->objects);
	free(state->namespace);
	free(state->pod);
	free(state->policy);
	free(state->set);
	memset(state, 0, sizeof(*state));
}

static int decode_attrs(struct np_state *state, const struct nlattr *attrs, int len,
			struct np_error *err)
{
	const struct nlattr *attr;
	int left;

	nla_for_each_attr(attr, attrs, len, left) {
		switch (nla_type(attr)) {
		case NETPOL_A_LABEL_SET:
			if (!decode_set(state, attr))
				return np_malformed(err, "label set");
			break;
		case NETPOL_A_NAMESPACE:
			if (!decode_namespace(state, attr))
				return np_malformed(err, "namespace");
			break;
		case NETPOL_A_POD:
			if (!decode_pod(state, attr))
				return np_malformed(err, "pod");
			break;
		case NETPOL_A_POLICY:
			if (!decode_policy(state, attr))
				return np_malformed(err, "policy");
			break;
		case NETPOL_A_RULE:
			if (!decode_rule(state, attr))
				return np_malformed(err, "rule");
			break;
		case NETPOL_A_PEER:
			if (!decode_peer(state, attr))
				return np_malformed(err, "peer");
			break;
		case NETPOL_A_EXCEPT:
			if (!decode_except(state, attr))
				return np_malformed(err, "except");
			break;
		case NETPOL_A_PORT:
			if (!decode_port(state, attr))
				return np_malformed(err, "port");
			break;
		}
	}
	return 0;
}

int np_state_decode(struct np_state *state, const struct nlmsghdr *nlh, struct np_error *err)
{
	struct nlattr *attrs;
	int len;

	attrs = np_message_attrs(nlh, &len);
	return decode_attrs(state, attrs, len, err);
}

int np_state_decode_last(struct np_state *state, const struct nlmsghdr *nlh, struct np_error *err)
{
	struct nlattr *attrs, *attr, *last = NULL;
	int len, left, last_left = 0;

	np_state_reset(state);
	attrs = np_message_attrs(nlh, &len);
	nla_for_each_attr(attr, attrs, len, left) {
		if (nla_type(attr) != NETPOL_A_POLICY)
			continue;
		last = attr;
		last_left = left;
	}
	return last ? decode_attrs(state, last, last_left, err) : 0;
}

int np_state_reply(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	return np_state_decode(arg, nlh, err);
}

void np_state_restart(void *arg)
{
	np_state_reset(arg);
}
