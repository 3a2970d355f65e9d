// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Netlink messages into objects, and the place in a message that an error names.
 *
 * Everything from the kernel is checked as if it came from a stranger: an older or a
 * newer module may be on the other side.
 */
#include "netlink/decode.h"
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

bool np_read_u8(const struct nlattr *attr, uint8_t *value)
{
	if (nla_len(attr) < 1)
		return false;
	*value = *(uint8_t *)nla_data(attr);
	return true;
}

bool np_read_u16(const struct nlattr *attr, uint16_t *value)
{
	if (nla_len(attr) < 2)
		return false;
	memcpy(value, nla_data(attr), 2);
	return true;
}

bool np_read_u32(const struct nlattr *attr, uint32_t *value)
{
	if (nla_len(attr) < 4)
		return false;
	memcpy(value, nla_data(attr), 4);
	return true;
}

bool np_read_u64(const struct nlattr *attr, uint64_t *value)
{
	if (nla_len(attr) < 8)
		return false;
	memcpy(value, nla_data(attr), 8);
	return true;
}

/* The text of an attribute, which must end in it; NULL if not. */
static const char *np_text(const struct nlattr *attr, size_t max)
{
	size_t len = nla_len(attr) < 0 ? 0 : (size_t)nla_len(attr);
	const char *text = nla_data(attr);
	size_t used = strnlen(text, len);

	return used == len || used > max ? NULL : text;
}

bool np_read_string(const struct nlattr *attr, char *to, size_t size)
{
	const char *text = np_text(attr, size - 1);

	if (!text)
		return false;
	strcpy(to, text);
	return true;
}

static bool np_read_text(const struct nlattr *attr, struct np_objects *objs, size_t max,
			 const char **to)
{
	const char *text = np_text(attr, max);

	if (!text)
		return false;
	*to = np_intern_str(objs, text);
	return true;
}

bool np_read_address(const struct nlattr *attr, uint8_t family, struct np_address *to)
{
	int len = family == AF_INET ? 4 : 16;

	memset(to, 0, sizeof(*to));
	if (nla_len(attr) != len)
		return false;
	to->family = family;
	memcpy(to->addr, nla_data(attr), len);
	return true;
}

static void np_mask(struct np_cidr *cidr)
{
	unsigned int i, bits;

	for (i = 0; i < sizeof(cidr->addr); i++) {
		bits = cidr->length > i * 8 ? cidr->length - i * 8 : 0;
		if (bits < 8)
			cidr->addr[i] &= (uint8_t)(0xff00 >> bits);
	}
}

bool np_read_prefix(const struct nlattr *nest, struct np_cidr *cidr)
{
	struct np_address addr = { 0 };
	bool has_length = false, good;
	struct nlattr *attr;
	int left;

	memset(cidr, 0, sizeof(*cidr));
	nla_for_each_nested(attr, (struct nlattr *)nest, left) {
		good = true;
		switch (nla_type(attr)) {
		case NETPOL_PREFIX_A_ADDRESS4:
			good = np_read_address(attr, AF_INET, &addr);
			break;
		case NETPOL_PREFIX_A_ADDRESS6:
			good = np_read_address(attr, AF_INET6, &addr);
			break;
		case NETPOL_PREFIX_A_LENGTH:
			good = np_read_u8(attr, &cidr->length);
			has_length = good;
			break;
		}
		if (!good)
			return false;
	}
	if (!addr.family || !has_length || cidr->length > (addr.family == AF_INET ? 32 : 128))
		return false;
	cidr->family = addr.family;
	memcpy(cidr->addr, addr.addr, sizeof(cidr->addr));
	np_mask(cidr);
	return true;
}

bool np_read_port(const struct nlattr *nest, struct np_port *port, struct np_objects *objs)
{
	bool has_last = false, good, named = false;
	struct nlattr *attr;
	int left;

	memset(port, 0, sizeof(*port));
	port->kind = NP_PORT_ANY;
	nla_for_each_nested(attr, (struct nlattr *)nest, left) {
		good = true;
		switch (nla_type(attr)) {
		case NETPOL_PORT_A_PROTOCOL:
			good = np_read_u8(attr, &port->protocol);
			port->has_protocol = true;
			break;
		case NETPOL_PORT_A_FIRST:
			good = np_read_u16(attr, &port->first);
			port->kind = NP_PORT_NUMBER;
			break;
		case NETPOL_PORT_A_LAST:
			good = np_read_u16(attr, &port->last);
			has_last = good;
			break;
		case NETPOL_PORT_A_NAME:
			named = true;
			good = !objs || np_read_text(attr, objs, NETPOL_PORT_NAME_MAX,
						     &port->name);
			break;
		}
		if (!good)
			return false;
	}
	if (!has_last)
		port->last = port->first;
	if (port->kind == NP_PORT_NUMBER && port->last != port->first)
		port->kind = NP_PORT_RANGE;
	if (named)	/* of a pod, FIRST is its number */
		port->kind = NP_PORT_NAME;
	return port->has_protocol && port->last >= port->first;
}

static bool np_read_allow(const struct nlattr *nest, struct np_host_allow *allow)
{
	struct nlattr *attr;
	bool good;
	int left;

	memset(allow, 0, sizeof(*allow));
	nla_for_each_nested(attr, (struct nlattr *)nest, left) {
		good = true;
		switch (nla_type(attr)) {
		case NETPOL_HOST_ALLOW_A_ADDRESS4:
			good = np_read_address(attr, AF_INET, &allow->address);
			break;
		case NETPOL_HOST_ALLOW_A_ADDRESS6:
			good = np_read_address(attr, AF_INET6, &allow->address);
			break;
		case NETPOL_HOST_ALLOW_A_PROTOCOL:
			good = np_read_u8(attr, &allow->protocol);
			break;
		case NETPOL_HOST_ALLOW_A_PORT:
			good = np_read_u16(attr, &allow->port);
			break;
		}
		if (!good)
			return false;
	}
	return allow->address.family;
}

bool np_read_settings(const struct nlattr *nest, struct np_settings *set)
{
	char name[NETPOL_INTERFACE_MAX + 2];
	struct np_host_allow allow;
	struct np_cidr cidr;
	struct nlattr *attr;
	bool good;
	int left;

	nla_for_each_nested(attr, (struct nlattr *)nest, left) {
		good = true;
		switch (nla_type(attr)) {
		case NETPOL_SETTINGS_A_GUARD_PREFIX:
			good = np_read_prefix(attr, &cidr);
			if (good)
				np_settings_add_prefix(set, &cidr);
			break;
		case NETPOL_SETTINGS_A_GUARD_INTERFACE:
			good = np_read_string(attr, name, sizeof(name));
			if (good)
				np_settings_add_interface(set, name);
			break;
		case NETPOL_SETTINGS_A_UNKNOWN:
			good = np_read_u8(attr, &set->unknown);
			break;
		case NETPOL_SETTINGS_A_ESTABLISHED:
			good = np_read_u8(attr, &set->established);
			break;
		case NETPOL_SETTINGS_A_HOST_EGRESS:
			good = np_read_u8(attr, &set->host_egress);
			break;
		case NETPOL_SETTINGS_A_HOST_ALLOW:
			good = np_read_allow(attr, &allow);
			if (good)
				np_settings_add_allow(set, &allow);
			break;
		case NETPOL_SETTINGS_A_EVENT_RATE:
			good = np_read_u32(attr, &set->event_rate);
			break;
		}
		if (!good)
			return false;
	}
	return true;
}

/*
 * Arrays inside an object grow in the arena, doubling when their count is a power of
 * two, so that no room needs to be kept. Returns the new array with count + 1 places.
 */
static void *np_grow(struct np_objects *objs, void *old, uint32_t count, size_t size)
{
	void *grown;

	if (count & (count - 1))
		return old;
	grown = np_arena_zalloc(&objs->arena, (count ? (size_t)count * 2 : 1) * size);
	if (count)
		memcpy(grown, old, count * size);
	return grown;
}

static bool np_decode_label(struct np_objects *objs, const struct nlattr *nest,
			    struct np_labels *labels)
{
	struct np_label label = { 0 };
	struct nlattr *attr;
	bool good;
	int left;

	nla_for_each_nested(attr, (struct nlattr *)nest, left) {
		good = true;
		if (nla_type(attr) == NETPOL_LABEL_A_KEY)
			good = np_read_text(attr, objs, NETPOL_KEY_MAX, &label.key);
		else if (nla_type(attr) == NETPOL_LABEL_A_VALUE)
			good = np_read_text(attr, objs, NETPOL_VALUE_MAX, &label.value);
		if (!good)
			return false;
	}
	if (!label.key || !label.value)
		return false;
	labels->item = np_grow(objs, labels->item, labels->count, sizeof(label));
	labels->item[labels->count++] = label;
	return true;
}

static int np_label_compare(const void *a, const void *b)
{
	const struct np_label *left = a, *right = b;

	return strcmp(left->key, right->key);
}

static void np_labels_sort(struct np_labels *labels)
{
	if (labels->count)
		qsort(labels->item, labels->count, sizeof(*labels->item), np_label_compare);
}

static bool np_decode_named_port(struct np_objects *objs, const struct nlattr *nest,
				 struct np_named_port **ports, uint32_t *count)
{
	struct np_port port;

	if (!np_read_port(nest, &port, objs) || !port.name)
		return false;
	*ports = np_grow(objs, *ports, *count, sizeof(**ports));
	(*ports)[(*count)++] = (struct np_named_port) {
		.name = port.name,
		.number = port.first,
		.protocol = port.protocol,
	};
	return true;
}

static bool np_decode_requirement(struct np_objects *objs, const struct nlattr *nest,
				  struct np_requirement *req)
{
	struct nlattr *attr;
	uint8_t op = 0;
	bool good;
	int left;

	memset(req, 0, sizeof(*req));
	nla_for_each_nested(attr, (struct nlattr *)nest, left) {
		good = true;
		switch (nla_type(attr)) {
		case NETPOL_REQUIREMENT_A_KEY:
			good = np_read_text(attr, objs, NETPOL_KEY_MAX, &req->key);
			break;
		case NETPOL_REQUIREMENT_A_OPERATOR:
			good = np_read_u8(attr, &op);
			break;
		case NETPOL_REQUIREMENT_A_VALUE:
			req->value = np_grow(objs, req->value, req->value_count,
					     sizeof(*req->value));
			good = np_read_text(attr, objs, UINT16_MAX,
					    &req->value[req->value_count]);
			req->value_count++;
			break;
		}
		if (!good)
			return false;
	}
	if (!req->key || op < NETPOL_OPERATOR_IN || op > NETPOL_OPERATOR_DOES_NOT_EXIST)
		return false;
	req->op = op - 1;
	req->match_label = req->op == NP_OP_IN && req->value_count == 1;
	return true;
}

static bool np_decode_selector(struct np_objects *objs, const struct nlattr *nest,
			       struct np_selector *selector)
{
	struct nlattr *attr;
	int left;

	selector->present = true;
	nla_for_each_nested(attr, (struct nlattr *)nest, left) {
		if (nla_type(attr) != NETPOL_SELECTOR_A_REQUIREMENT)
			continue;
		selector->item = np_grow(objs, selector->item, selector->count,
					 sizeof(*selector->item));
		if (!np_decode_requirement(objs, attr, &selector->item[selector->count]))
			return false;
		selector->count++;
	}
	return true;
}

/* Makes room for entry `count` of one of the state arrays, and clears it. */
static void *np_state_room(void *old, size_t *room, size_t count, size_t size)
{
	if (count >= *room) {
		*room = *room ? *room * 2 : 64;
		old = np_xrealloc(old, *room, size);
	}
	memset((char *)old + count * size, 0, size);
	return old;
}

static bool np_decode_namespace(struct np_state *state, const struct nlattr *nest)
{
	struct np_objects *objs = &state->objects;
	struct np_namespace *ns = np_objects_add_namespace(objs);
	struct np_namespace_state *more;
	struct nlattr *attr;
	bool good;
	int left;

	state->namespace = np_state_room(state->namespace, &state->namespace_room,
					 objs->namespace_count - 1, sizeof(*more));
	more = &state->namespace[objs->namespace_count - 1];
	nla_for_each_nested(attr, (struct nlattr *)nest, left) {
		good = true;
		switch (nla_type(attr)) {
		case NETPOL_NAMESPACE_A_NAME:
			good = np_read_text(attr, objs, NETPOL_NAMESPACE_MAX, &ns->name);
			break;
		case NETPOL_NAMESPACE_A_LABEL:
			good = np_decode_label(objs, attr, &ns->labels);
			break;
		case NETPOL_NAMESPACE_A_ORIGIN:
			good = np_read_string(attr, more->origin, sizeof(more->origin));
			break;
		case NETPOL_NAMESPACE_A_FLAGS:
			good = np_read_u32(attr, &more->flags);
			break;
		}
		if (!good)
			return false;
	}
	np_labels_sort(&ns->labels);
	return ns->name;
}

static bool np_decode_set(struct np_state *state, const struct nlattr *nest)
{
	struct np_objects *objs = &state->objects;
	struct np_state_set *set;
	struct nlattr *attr;
	bool good;
	int left;

	state->set = np_state_room(state->set, &state->set_room, state->set_count,
				   sizeof(*set));
	set = &state->set[state->set_count];
	nla_for_each_nested(attr, (struct nlattr *)nest, left) {
		good = true;
		switch (nla_type(attr)) {
		case NETPOL_LABEL_SET_A_ID:
			good = np_read_u32(attr, &set->id);
			break;
		case NETPOL_LABEL_SET_A_LABEL:
			good = np_decode_label(objs, attr, &set->labels);
			break;
		case NETPOL_LABEL_SET_A_PORT:
			good = np_decode_named_port(objs, attr, &set->port, &set->port_count);
			break;
		}
		if (!good)
			return false;
	}
	np_labels_sort(&set->labels);
	state->set_count++;
	return true;
}

static bool np_decode_use_set(struct np_state *state, const struct nlattr *attr,
			      struct np_pod *pod)
{
	const struct np_state_set *set = NULL;
	uint32_t id;
	size_t i;

	if (!np_read_u32(attr, &id))
		return false;
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

static bool np_decode_pod_address(struct np_objects *objs, struct np_pod *pod,
				  const struct nlattr *attr, uint8_t family)
{
	pod->address = np_grow(objs, pod->address, pod->address_count, sizeof(*pod->address));
	return np_read_address(attr, family, &pod->address[pod->address_count++]);
}

static bool np_decode_pod(struct np_state *state, const struct nlattr *nest)
{
	struct np_objects *objs = &state->objects;
	struct np_pod *pod = np_objects_add_pod(objs);
	struct np_pod_state *more;
	char text[NP_UID_TEXT];
	struct nlattr *attr;
	uint32_t flags = 0;
	bool good;
	int left;

	state->pod = np_state_room(state->pod, &state->pod_room, objs->pod_count - 1,
				   sizeof(*more));
	more = &state->pod[objs->pod_count - 1];
	nla_for_each_nested(attr, (struct nlattr *)nest, left) {
		good = true;
		switch (nla_type(attr)) {
		case NETPOL_POD_A_NAMESPACE:
			good = np_read_text(attr, objs, NETPOL_NAMESPACE_MAX, &pod->namespace);
			break;
		case NETPOL_POD_A_NAME:
			good = np_read_text(attr, objs, NETPOL_NAME_MAX, &pod->name);
			break;
		case NETPOL_POD_A_UID:
			good = nla_len(attr) == NETPOL_UID_LEN;
			if (good)
				memcpy(more->uid, nla_data(attr), NETPOL_UID_LEN);
			break;
		case NETPOL_POD_A_LABEL_SET:
			good = np_decode_use_set(state, attr, pod);
			break;
		case NETPOL_POD_A_ADDRESS4:
			good = np_decode_pod_address(objs, pod, attr, AF_INET);
			break;
		case NETPOL_POD_A_ADDRESS6:
			good = np_decode_pod_address(objs, pod, attr, AF_INET6);
			break;
		case NETPOL_POD_A_FLAGS:
			good = np_read_u32(attr, &flags);
			break;
		case NETPOL_POD_A_IFINDEX:
			good = np_read_u32(attr, &more->place.ifindex);
			break;
		case NETPOL_POD_A_ORIGIN:
			good = np_read_string(attr, more->origin, sizeof(more->origin));
			break;
		case NETPOL_POD_A_LABEL:
			good = np_decode_label(objs, attr, &pod->labels);
			break;
		case NETPOL_POD_A_PORT:
			good = np_decode_named_port(objs, attr, &pod->port, &pod->port_count);
			break;
		case NETPOL_POD_A_IDENTITY:
			good = np_read_u32(attr, &more->identity);
			break;
		}
		if (!good)
			return false;
	}
	np_labels_sort(&pod->labels);
	pod->uid = np_intern_str(objs, np_uid_text(more->uid, text));
	pod->node = "";
	more->flags = flags >> NETPOL_POD_F_STATE_SHIFT;
	more->place.local = flags & NETPOL_POD_F_LOCAL;
	more->running = flags & NETPOL_POD_F_RUNNING;
	pod->phase = more->running ? NP_PHASE_RUNNING : NP_PHASE_PENDING;
	return pod->namespace && pod->name;
}

static bool np_decode_policy(struct np_state *state, const struct nlattr *nest)
{
	struct np_objects *objs = &state->objects;
	struct np_policy policy = { .namespace = "" }, *last;
	struct np_policy_state more = { .tier = NETPOL_TIER_NETWORK_POLICY };
	struct nlattr *attr;
	bool good;
	int left;

	nla_for_each_nested(attr, (struct nlattr *)nest, left) {
		good = true;
		switch (nla_type(attr)) {
		case NETPOL_POLICY_A_KIND:
			good = np_read_u8(attr, &more.kind);
			break;
		case NETPOL_POLICY_A_NAMESPACE:
			good = np_read_text(attr, objs, NETPOL_NAMESPACE_MAX,
					    &policy.namespace);
			break;
		case NETPOL_POLICY_A_NAME:
			good = np_read_text(attr, objs, NETPOL_NAME_MAX, &policy.name);
			break;
		case NETPOL_POLICY_A_SUBJECT:
			good = np_decode_selector(objs, attr, &policy.pod_selector);
			break;
		case NETPOL_POLICY_A_DIRECTIONS:
			good = np_read_u8(attr, &policy.directions);
			break;
		case NETPOL_POLICY_A_TIER:
			good = np_read_u8(attr, &more.tier);
			break;
		case NETPOL_POLICY_A_PRIORITY:
			good = np_read_u16(attr, &more.priority);
			break;
		case NETPOL_POLICY_A_FLAGS:
			good = np_read_u32(attr, &more.flags);
			break;
		case NETPOL_POLICY_A_ORIGIN:
			good = np_read_string(attr, more.origin, sizeof(more.origin));
			break;
		case NETPOL_POLICY_A_PODS:
			good = np_read_u32(attr, &more.pods);
			break;
		}
		if (!good)
			return false;
	}
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
	policy.types_given = true;
	*np_objects_add_policy(objs) = policy;
	state->policy = np_state_room(state->policy, &state->policy_room,
				      objs->policy_count - 1, sizeof(more));
	state->policy[objs->policy_count - 1] = more;
	state->has_rule = false;
	state->has_peer = false;
	state->continued = false;
	return true;
}

static struct np_rule *np_last_rule(struct np_state *state)
{
	struct np_policy *policy;

	if (!state->has_rule)
		return NULL;
	policy = &state->objects.policies[state->objects.policy_count - 1];
	return state->direction == NETPOL_DIRECTION_INGRESS ?
		&policy->ingress[policy->ingress_count - 1] :
		&policy->egress[policy->egress_count - 1];
}

static bool np_decode_rule(struct np_state *state, const struct nlattr *nest)
{
	struct np_objects *objs = &state->objects;
	bool good, has_direction = false, has_index = false;
	struct np_policy *policy;
	struct nlattr *attr;
	struct np_rule **rule;
	uint8_t direction = 0;
	uint32_t *count, index = 0;
	int left;

	if (!objs->policy_count)
		return false;
	nla_for_each_nested(attr, (struct nlattr *)nest, left) {
		good = true;
		if (nla_type(attr) == NETPOL_RULE_A_DIRECTION) {
			good = np_read_u8(attr, &direction);
			has_direction = good;
		} else if (nla_type(attr) == NETPOL_RULE_A_INDEX) {
			good = np_read_u32(attr, &index);
			has_index = good;
		}
		if (!good)
			return false;
	}
	if (!has_direction || direction >= NETPOL_DIRECTIONS)
		return false;
	policy = &objs->policies[objs->policy_count - 1];
	rule = direction == NETPOL_DIRECTION_INGRESS ? &policy->ingress : &policy->egress;
	count = direction == NETPOL_DIRECTION_INGRESS ? &policy->ingress_count :
							&policy->egress_count;
	/* A message may repeat the rule that it goes on with. */
	if (state->continued && state->has_rule && state->direction == direction &&
	    has_index && index + 1 == *count) {
		state->continued = false;
		return true;
	}
	*rule = np_grow(objs, *rule, *count, sizeof(**rule));
	memset(&(*rule)[(*count)++], 0, sizeof(**rule));
	state->direction = direction;
	state->has_rule = true;
	state->has_peer = false;
	state->continued = false;
	return true;
}

static bool np_decode_peer(struct np_state *state, const struct nlattr *nest)
{
	struct np_rule *rule = np_last_rule(state);
	struct np_objects *objs = &state->objects;
	struct np_peer *peer;
	struct nlattr *attr;
	bool good;
	int left;

	if (!rule)
		return false;
	rule->peer = np_grow(objs, rule->peer, rule->peer_count, sizeof(*peer));
	peer = &rule->peer[rule->peer_count++];
	memset(peer, 0, sizeof(*peer));
	state->has_peer = true;
	state->continued = false;
	nla_for_each_nested(attr, (struct nlattr *)nest, left) {
		good = true;
		switch (nla_type(attr)) {
		case NETPOL_PEER_A_POD_SELECTOR:
			good = np_decode_selector(objs, attr, &peer->pod_selector);
			break;
		case NETPOL_PEER_A_NAMESPACE_SELECTOR:
			good = np_decode_selector(objs, attr, &peer->ns_selector);
			break;
		case NETPOL_PEER_A_PREFIX:
			peer->ipblock = np_arena_zalloc(&objs->arena, sizeof(*peer->ipblock));
			good = np_read_prefix(attr, &peer->ipblock->cidr);
			break;
		}
		if (!good)
			return false;
	}
	return peer->ipblock || peer->pod_selector.present || peer->ns_selector.present;
}

static bool np_decode_except(struct np_state *state, const struct nlattr *nest)
{
	struct np_rule *rule = np_last_rule(state);
	struct np_ipblock *block;

	if (!rule || !state->has_peer)
		return false;
	block = rule->peer[rule->peer_count - 1].ipblock;
	if (!block)
		return false;
	state->continued = false;
	block->except = np_grow(&state->objects, block->except, block->except_count,
				sizeof(*block->except));
	return np_read_prefix(nest, &block->except[block->except_count++]);
}

static bool np_decode_port(struct np_state *state, const struct nlattr *nest)
{
	struct np_rule *rule = np_last_rule(state);

	if (!rule)
		return false;
	state->continued = false;
	rule->port = np_grow(&state->objects, rule->port, rule->port_count,
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

int np_state_decode(struct np_state *state, const struct nlmsghdr *nlh, struct np_error *err)
{
	struct nlattr *attrs, *attr;
	int len, left;

	attrs = np_message_attrs(nlh, &len);
	nla_for_each_attr(attr, attrs, len, left) {
		switch (nla_type(attr)) {
		case NETPOL_A_LABEL_SET:
			if (!np_decode_set(state, attr))
				return np_malformed(err, "label set");
			break;
		case NETPOL_A_NAMESPACE:
			if (!np_decode_namespace(state, attr))
				return np_malformed(err, "namespace");
			break;
		case NETPOL_A_POD:
			if (!np_decode_pod(state, attr))
				return np_malformed(err, "pod");
			break;
		case NETPOL_A_POLICY:
			if (!np_decode_policy(state, attr))
				return np_malformed(err, "policy");
			break;
		case NETPOL_A_RULE:
			if (!np_decode_rule(state, attr))
				return np_malformed(err, "rule");
			break;
		case NETPOL_A_PEER:
			if (!np_decode_peer(state, attr))
				return np_malformed(err, "peer");
			break;
		case NETPOL_A_EXCEPT:
			if (!np_decode_except(state, attr))
				return np_malformed(err, "except");
			break;
		case NETPOL_A_PORT:
			if (!np_decode_port(state, attr))
				return np_malformed(err, "port");
			break;
		}
	}
	return 0;
}

int np_state_reply(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	return np_state_decode(arg, nlh, err);
}

void np_state_restart(void *arg)
{
	np_state_reset(arg);
}
