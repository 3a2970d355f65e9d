// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the module tells of itself: requests and decoders.
 */
#include "netlink/report.h"

#include <stdlib.h>
#include <string.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#define NP_COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static void *np_append(void *old, size_t count, size_t size)
{
	char *array = old;

	if (!(count & (count - 1)))
		array = np_xrealloc(old, count ? count * 2 : 1, size);
	memset(array + count * size, 0, size);
	return array;
}

static bool np_decode_limit(struct nlattr *nest, struct np_limit *limit)
{
	struct nlattr *attr;
	bool good;
	int left;

	nla_for_each_nested(attr, nest, left) {
		good = true;
		switch (nla_type(attr)) {
		case NETPOL_LIMIT_A_ID:
			good = np_read_u32(attr, &limit->id);
			break;
		case NETPOL_LIMIT_A_USED:
			good = np_read_u64(attr, &limit->used);
			limit->has_used = good;
			break;
		case NETPOL_LIMIT_A_MAX:
			good = np_read_u64(attr, &limit->max);
			break;
		}
		if (!good)
			return false;
	}
	return true;
}

static bool np_decode_origin(struct nlattr *nest, struct np_origin *origin)
{
	struct nlattr *attr;
	bool good;
	int left;

	nla_for_each_nested(attr, nest, left) {
		good = true;
		switch (nla_type(attr)) {
		case NETPOL_ORIGIN_A_NAME:
			good = np_read_string(attr, origin->name, sizeof(origin->name));
			break;
		case NETPOL_ORIGIN_A_GENERATION:
			good = np_read_u64(attr, &origin->generation);
			break;
		case NETPOL_ORIGIN_A_OBJECTS:
			good = np_read_u64(attr, &origin->objects);
			break;
		}
		if (!good)
			return false;
	}
	return true;
}

int np_info_decode(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct np_info *info = arg;
	struct nlattr *attrs, *attr;
	int len, left;
	bool good;

	attrs = np_message_attrs(nlh, &len);
	nla_for_each_attr(attr, attrs, len, left) {
		good = true;
		switch (nla_type(attr)) {
		case NETPOL_A_ABI_MIN:
			good = np_read_u32(attr, &info->abi_min);
			break;
		case NETPOL_A_ABI_MAX:
			good = np_read_u32(attr, &info->abi_max);
			break;
		case NETPOL_A_FLAGS:
			good = np_read_u32(attr, &info->flags);
			break;
		case NETPOL_A_FEATURES:
			good = np_read_u64(attr, &info->features);
			break;
		case NETPOL_A_GENERATION:
			good = np_read_u64(attr, &info->generation);
			break;
		case NETPOL_A_VERSION:
			good = np_read_string(attr, info->version, sizeof(info->version));
			break;
		case NETPOL_A_BOOT_ID:
			good = np_read_string(attr, info->boot_id, sizeof(info->boot_id));
			break;
		case NETPOL_A_LIMIT:
			info->limit = np_append(info->limit, info->limit_count,
						sizeof(*info->limit));
			good = np_decode_limit(attr, &info->limit[info->limit_count++]);
			break;
		case NETPOL_A_ORIGIN_INFO:
			info->origin = np_append(info->origin, info->origin_count,
						 sizeof(*info->origin));
			good = np_decode_origin(attr, &info->origin[info->origin_count++]);
			break;
		}
		if (!good)
			return np_malformed(err, "information");
	}
	return 0;
}

int np_info_get(struct np_client *client, struct np_info *info, struct np_error *err)
{
	memset(info, 0, sizeof(*info));
	return np_client_call(client, np_client_message(client, NETPOL_CMD_GET_INFO, 256),
			      np_info_decode, info, err);
}

void np_info_free(struct np_info *info)
{
	free(info->limit);
	free(info->origin);
	memset(info, 0, sizeof(*info));
}

uint64_t np_info_generation(const struct np_info *info, const char *origin)
{
	size_t i;

	for (i = 0; i < info->origin_count; i++)
		if (!strcmp(info->origin[i].name, origin))
			return info->origin[i].generation;
	return 0;
}

int np_info_check(const struct np_info *info, struct np_error *err)
{
	if (info->abi_min <= NETPOL_ABI_MAX && info->abi_max >= NETPOL_ABI_MIN)
		return 0;
	np_error_set(err, NP_EXIT_ABI, "the module %s speaks ABI %u to %u, this tool %u to %u",
		     info->version, info->abi_min, info->abi_max, NETPOL_ABI_MIN,
		     NETPOL_ABI_MAX);
	np_error_hint(err, "install netpolctl and netpol-dkms of one release");
	return -1;
}

static int np_settings_decode(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct nlattr *attrs, *attr;
	int len, left;

	attrs = np_message_attrs(nlh, &len);
	nla_for_each_attr(attr, attrs, len, left)
		if (nla_type(attr) == NETPOL_A_SETTINGS && !np_read_settings(attr, arg))
			return np_malformed(err, "settings");
	return 0;
}

int np_settings_get(struct np_client *client, struct np_settings *set, struct np_error *err)
{
	memset(set, 0, sizeof(*set));
	return np_client_call(client, np_client_message(client, NETPOL_CMD_GET_SETTINGS, 256),
			      np_settings_decode, set, err);
}

int np_state_get(struct np_client *client, uint8_t command, struct np_state *state,
		 struct np_error *err)
{
	return np_client_dump(client, np_client_message(client, command, 256),
			      np_state_restart, np_state_reply, state, err);
}

uint64_t np_counter(const struct np_counters *c, int attr)
{
	return c->value[attr - NP_COUNTER_FIRST];
}

const char *np_counter_name(int attr)
{
	static const char * const name[] = {
		[NETPOL_COUNTERS_A_INGRESS_ALLOWED] = "ingressAllowed",
		[NETPOL_COUNTERS_A_INGRESS_DENIED] = "ingressDenied",
		[NETPOL_COUNTERS_A_EGRESS_ALLOWED] = "egressAllowed",
		[NETPOL_COUNTERS_A_EGRESS_DENIED] = "egressDenied",
		[NETPOL_COUNTERS_A_SPOOFED] = "spoofed",
		[NETPOL_COUNTERS_A_UNKNOWN] = "unknown",
		[NETPOL_COUNTERS_A_UNCHECKED] = "unchecked",
		[NETPOL_COUNTERS_A_EVENTS] = "events",
		[NETPOL_COUNTERS_A_EVENTS_LOST] = "eventsLost",
		[NETPOL_COUNTERS_A_SEEN_SENT] = "seenSent",
		[NETPOL_COUNTERS_A_SEEN_RECEIVED] = "seenReceived",
		[NETPOL_COUNTERS_A_DEVICE_SENT] = "deviceSent",
		[NETPOL_COUNTERS_A_DEVICE_RECEIVED] = "deviceReceived",
	};

	return attr >= 0 && (size_t)attr < NP_COUNT(name) && name[attr] ? name[attr] : "";
}

static bool np_decode_counters(struct nlattr *nest, struct np_counters *c)
{
	struct nlattr *attr;
	int left, type;
	bool good;

	nla_for_each_nested(attr, nest, left) {
		good = true;
		type = nla_type(attr);
		switch (type) {
		case NETPOL_COUNTERS_A_POD_NAMESPACE:
		case NETPOL_COUNTERS_A_POLICY_NAMESPACE:
			good = np_read_string(attr, c->namespace, sizeof(c->namespace));
			break;
		case NETPOL_COUNTERS_A_POD_NAME:
			c->kind = NP_COUNTERS_POD;
			good = np_read_string(attr, c->name, sizeof(c->name));
			break;
		case NETPOL_COUNTERS_A_POLICY_NAME:
			c->kind = NP_COUNTERS_POLICY;
			good = np_read_string(attr, c->name, sizeof(c->name));
			break;
		case NETPOL_COUNTERS_A_POLICY_ORIGIN:
			good = np_read_string(attr, c->origin, sizeof(c->origin));
			break;
		case NETPOL_COUNTERS_A_IFINDEX:
			good = np_read_u32(attr, &c->ifindex);
			break;
		default:
			if (type < NP_COUNTER_FIRST || type > NETPOL_COUNTERS_A_MAX)
				break;
			good = np_read_u64(attr, &c->value[type - NP_COUNTER_FIRST]);
			c->has[type - NP_COUNTER_FIRST] = true;
		}
		if (!good)
			return false;
	}
	return true;
}

static bool np_decode_hits(struct nlattr *nest, struct np_counters *c)
{
	struct np_rule_hits hits = { 0 };
	struct nlattr *attr;
	bool good;
	int left;

	nla_for_each_nested(attr, nest, left) {
		good = true;
		switch (nla_type(attr)) {
		case NETPOL_RULE_A_DIRECTION:
			good = np_read_u8(attr, &hits.direction);
			break;
		case NETPOL_RULE_A_INDEX:
			good = np_read_u32(attr, &hits.index);
			break;
		case NETPOL_RULE_A_HITS:
			good = np_read_u64(attr, &hits.hits);
			break;
		}
		if (!good)
			return false;
	}
	c->rule = np_append(c->rule, c->rule_count, sizeof(*c->rule));
	c->rule[c->rule_count++] = hits;
	return true;
}

/* Rules that go on in another message follow the same subject. */
static bool np_same_counters(const struct np_counters *a, const struct np_counters *b)
{
	return a->kind == NP_COUNTERS_POLICY && b->kind == NP_COUNTERS_POLICY &&
	       !strcmp(a->namespace, b->namespace) && !strcmp(a->name, b->name) &&
	       !strcmp(a->origin, b->origin);
}

int np_counters_decode(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct np_counter_list *list = arg;
	struct np_counters *c;
	struct nlattr *attrs, *attr;
	int len, left;

	attrs = np_message_attrs(nlh, &len);
	nla_for_each_attr(attr, attrs, len, left) {
		if (nla_type(attr) == NETPOL_A_COUNTERS) {
			if (list->count == list->room) {
				list->room = list->room ? list->room * 2 : 64;
				list->item = np_xrealloc(list->item, list->room, sizeof(*c));
			}
			c = &list->item[list->count];
			memset(c, 0, sizeof(*c));
			if (!np_decode_counters(attr, c))
				return np_malformed(err, "counters");
			if (!list->count || !np_same_counters(c, c - 1))
				list->count++;
		} else if (nla_type(attr) == NETPOL_A_RULE) {
			if (!list->count || !np_decode_hits(attr, &list->item[list->count - 1]))
				return np_malformed(err, "counters of a rule");
		}
	}
	return 0;
}

void np_counters_reset(void *arg)
{
	struct np_counter_list *list = arg;

	while (list->count)
		free(list->item[--list->count].rule);
}

void np_counters_free(struct np_counter_list *list)
{
	np_counters_reset(list);
	free(list->item);
	memset(list, 0, sizeof(*list));
}

int np_counters_get(struct np_client *client, bool zero, struct np_counter_list *list,
		    struct np_error *err)
{
	struct nl_msg *msg = np_client_message(client, NETPOL_CMD_GET_COUNTERS, 256);

	memset(list, 0, sizeof(*list));
	if (zero)
		nla_put_u32(msg, NETPOL_A_FLAGS, NETPOL_FLAG_ZERO);
	/* Reading twice would lose what the first time set to zero. */
	return np_client_dump(client, msg, zero ? NULL : np_counters_reset, np_counters_decode,
			      list, err);
}

static bool np_decode_step(struct nlattr *nest, struct np_step *step)
{
	struct nlattr *attr;
	bool good;
	int left;

	nla_for_each_nested(attr, nest, left) {
		good = true;
		switch (nla_type(attr)) {
		case NETPOL_STEP_A_DIRECTION:
			good = np_read_u8(attr, &step->direction);
			break;
		case NETPOL_STEP_A_POD_NAMESPACE:
			good = np_read_string(attr, step->pod_namespace,
					      sizeof(step->pod_namespace));
			break;
		case NETPOL_STEP_A_POD_NAME:
			good = np_read_string(attr, step->pod_name, sizeof(step->pod_name));
			break;
		case NETPOL_STEP_A_VERDICT:
			good = np_read_u8(attr, &step->verdict);
			break;
		case NETPOL_STEP_A_REASON:
			good = np_read_u8(attr, &step->reason);
			break;
		case NETPOL_STEP_A_POLICY_NAMESPACE:
			good = np_read_string(attr, step->policy_namespace,
					      sizeof(step->policy_namespace));
			break;
		case NETPOL_STEP_A_POLICY_NAME:
			good = np_read_string(attr, step->policy_name,
					      sizeof(step->policy_name));
			break;
		case NETPOL_STEP_A_POLICY_ORIGIN:
			good = np_read_string(attr, step->policy_origin,
					      sizeof(step->policy_origin));
			break;
		case NETPOL_STEP_A_RULE:
			good = np_read_u32(attr, &step->rule);
			step->has_rule = good;
			break;
		}
		if (!good)
			return false;
	}
	return true;
}

int np_eval_decode(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct np_eval *eval = arg;
	struct nlattr *attrs, *attr;
	int len, left;
	bool good;

	attrs = np_message_attrs(nlh, &len);
	nla_for_each_attr(attr, attrs, len, left) {
		good = true;
		switch (nla_type(attr)) {
		case NETPOL_A_VERDICT:
			good = np_read_u8(attr, &eval->verdict);
			break;
		case NETPOL_A_REASON:
			good = np_read_u8(attr, &eval->reason);
			break;
		case NETPOL_A_DIRECTION:
			good = np_read_u8(attr, &eval->direction);
			eval->has_direction = good;
			break;
		case NETPOL_A_GENERATION:
			good = np_read_u64(attr, &eval->generation);
			break;
		case NETPOL_A_STEP:
			eval->step = np_append(eval->step, eval->step_count,
					       sizeof(*eval->step));
			good = np_decode_step(attr, &eval->step[eval->step_count++]);
			break;
		}
		if (!good)
			return np_malformed(err, "evaluation");
	}
	return 0;
}

void np_eval_free(struct np_eval *eval)
{
	free(eval->step);
	memset(eval, 0, sizeof(*eval));
}

static int np_put_end(struct nl_msg *msg, const struct np_end *end, int base)
{
	/* NAMESPACE, NAME, 4 and 6 follow one another for both ends. */
	if (end->name[0])
		return nla_put_string(msg, base, end->namespace) ||
		       nla_put_string(msg, base + 1, end->name);
	if (end->address.family == AF_INET)
		return nla_put(msg, base + 2, 4, end->address.addr);
	return nla_put(msg, base + 3, 16, end->address.addr);
}

int np_eval_get(struct np_client *client, const struct np_eval_request *request,
		struct np_eval *eval, struct np_error *err)
{
	struct nl_msg *msg = np_client_message(client, NETPOL_CMD_EVAL, 4096);
	struct nlattr *nest = nla_nest_start(msg, NETPOL_A_EVAL);

	memset(eval, 0, sizeof(*eval));
	if (request->family)
		nla_put_u8(msg, NETPOL_EVAL_A_FAMILY, request->family);
	np_put_end(msg, &request->source, NETPOL_EVAL_A_SOURCE_NAMESPACE);
	np_put_end(msg, &request->destination, NETPOL_EVAL_A_DESTINATION_NAMESPACE);
	nla_put_u8(msg, NETPOL_EVAL_A_PROTOCOL, request->protocol);
	if (request->has_port)
		nla_put_u16(msg, NETPOL_EVAL_A_PORT, request->port);
	nla_nest_end(msg, nest);
	return np_client_call(client, msg, np_eval_decode, eval, err);
}

static bool np_decode_policy_name(struct nlattr *nest, struct np_policy_name *policy)
{
	struct nlattr *attr;
	bool good;
	int left;

	memset(policy, 0, sizeof(*policy));
	nla_for_each_nested(attr, nest, left) {
		good = true;
		if (nla_type(attr) == NETPOL_POLICY_A_NAMESPACE)
			good = np_read_string(attr, policy->namespace,
					      sizeof(policy->namespace));
		else if (nla_type(attr) == NETPOL_POLICY_A_NAME)
			good = np_read_string(attr, policy->name, sizeof(policy->name));
		if (!good)
			return false;
	}
	return true;
}

static bool np_trie_add_policy(struct nlattr *nest, struct np_trie *trie)
{
	size_t used = trie->policies ? strlen(trie->policies) : 0;
	struct np_policy_name policy;

	if (!np_decode_policy_name(nest, &policy))
		return false;
	trie->policies = np_xrealloc(trie->policies, used + sizeof(policy) + 3, 1);
	sprintf(trie->policies + used, "%s%s/%s", used ? " " : "", policy.namespace, policy.name);
	return true;
}

static bool np_decode_trie(struct nlattr *nest, struct np_trie *trie)
{
	struct nlattr *attr;
	bool good;
	int left;

	nla_for_each_nested(attr, nest, left) {
		good = true;
		switch (nla_type(attr)) {
		case NETPOL_TRIE_A_DIRECTION:
			good = np_read_u8(attr, &trie->direction);
			break;
		case NETPOL_TRIE_A_POLICY:
			good = np_trie_add_policy(attr, trie);
			break;
		case NETPOL_TRIE_A_ROWS:
			good = np_read_u32(attr, &trie->rows);
			trie->head = good;
			break;
		case NETPOL_TRIE_A_CLASSES:
			good = np_read_u32(attr, &trie->classes);
			trie->head = good;
			break;
		case NETPOL_TRIE_A_BYTES:
			good = np_read_u64(attr, &trie->bytes);
			break;
		case NETPOL_TRIE_A_PREFIX:
			good = np_read_prefix(attr, &trie->prefix);
			trie->has_prefix = good;
			break;
		case NETPOL_TRIE_A_IDENTITY:
			good = np_read_u32(attr, &trie->identity);
			trie->has_identity = good;
			break;
		case NETPOL_TRIE_A_ROW:
			good = np_read_u32(attr, &trie->row);
			trie->has_row = good;
			break;
		case NETPOL_TRIE_A_CLASS:
			good = np_read_u32(attr, &trie->class);
			trie->has_class = good;
			break;
		case NETPOL_TRIE_A_PORT:
			good = np_read_port(attr, &trie->port, NULL);
			trie->has_port = good;
			break;
		case NETPOL_TRIE_A_RULE:
			good = np_read_u32(attr, &trie->rule);
			trie->has_rule = good;
			break;
		case NETPOL_TRIE_A_ACTION:
			good = np_read_u8(attr, &trie->action);
			trie->has_action = good;
			break;
		}
		if (!good)
			return false;
	}
	return true;
}

int np_trie_decode(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct np_trie_list *list = arg;
	struct nlattr *attrs, *attr;
	struct np_trie *trie;
	int len, left;

	attrs = np_message_attrs(nlh, &len);
	nla_for_each_attr(attr, attrs, len, left) {
		if (nla_type(attr) != NETPOL_A_TRIE)
			continue;
		if (list->count == list->room) {
			list->room = list->room ? list->room * 2 : 64;
			list->item = np_xrealloc(list->item, list->room, sizeof(*trie));
		}
		trie = &list->item[list->count++];
		memset(trie, 0, sizeof(*trie));
		trie->direction = list->direction;	/* the entries follow their head */
		if (!np_decode_trie(attr, trie) || trie->direction >= NETPOL_DIRECTIONS)
			return np_malformed(err, "program of a pod");
		list->direction = trie->direction;
	}
	return 0;
}

void np_trie_reset(void *arg)
{
	struct np_trie_list *list = arg;

	while (list->count)
		free(list->item[--list->count].policies);
	list->direction = 0;
}

void np_trie_free(struct np_trie_list *list)
{
	np_trie_reset(list);
	free(list->item);
	memset(list, 0, sizeof(*list));
}

int np_trie_get(struct np_client *client, const char *namespace, const char *name,
		struct np_trie_list *list, struct np_error *err)
{
	struct nl_msg *msg = np_client_message(client, NETPOL_CMD_GET_TRIE, 1024);
	struct nlattr *nest = nla_nest_start(msg, NETPOL_A_TRIE);

	memset(list, 0, sizeof(*list));
	nla_put_string(msg, NETPOL_TRIE_A_POD_NAMESPACE, namespace);
	nla_put_string(msg, NETPOL_TRIE_A_POD_NAME, name);
	nla_nest_end(msg, nest);
	return np_client_dump(client, msg, np_trie_reset, np_trie_decode, list, err);
}

static bool np_decode_event_attr(struct nlattr *attr, struct np_event *event)
{
	switch (nla_type(attr)) {
	case NETPOL_EVENT_A_TIME:
		return np_read_u64(attr, &event->time);
	case NETPOL_EVENT_A_DIRECTION:
		return np_read_u8(attr, &event->direction);
	case NETPOL_EVENT_A_REASON:
		return np_read_u8(attr, &event->reason);
	case NETPOL_EVENT_A_SOURCE4:
		return np_read_address(attr, AF_INET, &event->source.address);
	case NETPOL_EVENT_A_SOURCE6:
		return np_read_address(attr, AF_INET6, &event->source.address);
	case NETPOL_EVENT_A_DESTINATION4:
		return np_read_address(attr, AF_INET, &event->destination.address);
	case NETPOL_EVENT_A_DESTINATION6:
		return np_read_address(attr, AF_INET6, &event->destination.address);
	case NETPOL_EVENT_A_PROTOCOL:
		return np_read_u8(attr, &event->protocol);
	case NETPOL_EVENT_A_SOURCE_PORT:
		return np_read_u16(attr, &event->source_port);
	case NETPOL_EVENT_A_DESTINATION_PORT:
		event->has_ports = true;
		return np_read_u16(attr, &event->destination_port);
	case NETPOL_EVENT_A_SOURCE_NAMESPACE:
		return np_read_string(attr, event->source.namespace,
				      sizeof(event->source.namespace));
	case NETPOL_EVENT_A_SOURCE_NAME:
		return np_read_string(attr, event->source.name, sizeof(event->source.name));
	case NETPOL_EVENT_A_DESTINATION_NAMESPACE:
		return np_read_string(attr, event->destination.namespace,
				      sizeof(event->destination.namespace));
	case NETPOL_EVENT_A_DESTINATION_NAME:
		return np_read_string(attr, event->destination.name,
				      sizeof(event->destination.name));
	case NETPOL_EVENT_A_POLICY:
		if (event->policy_count == NP_EVENT_POLICIES)
			return true;
		return np_decode_policy_name(attr, &event->policy[event->policy_count++]);
	case NETPOL_EVENT_A_POLICIES:
		return np_read_u32(attr, &event->policies);
	case NETPOL_EVENT_A_LOST:
		return np_read_u64(attr, &event->lost);
	}
	return true;
}

int np_event_decode(const struct nlmsghdr *nlh, struct np_event *event, struct np_error *err)
{
	const struct genlmsghdr *genl = NLMSG_DATA(nlh);
	struct nlattr *attrs, *attr, *inner;
	int len, left, rest;
	bool good;

	memset(event, 0, sizeof(*event));
	event->change = genl->cmd == NETPOL_CMD_CHANGE;
	event->verdict = NETPOL_VERDICT_DENY;
	attrs = np_message_attrs(nlh, &len);
	nla_for_each_attr(attr, attrs, len, left) {
		good = true;
		switch (nla_type(attr)) {
		case NETPOL_A_ORIGIN:
			good = np_read_string(attr, event->origin, sizeof(event->origin));
			break;
		case NETPOL_A_GENERATION:
			good = np_read_u64(attr, &event->generation);
			break;
		case NETPOL_A_VERDICT:
			good = np_read_u8(attr, &event->verdict);
			break;
		case NETPOL_A_EVENT:
			nla_for_each_nested(inner, attr, rest)
				good = good && np_decode_event_attr(inner, event);
			break;
		}
		if (!good)
			return np_malformed(err, "event");
	}
	if (event->policies < event->policy_count)
		event->policies = event->policy_count;
	return 0;
}

const char *np_direction_name(uint8_t direction)
{
	return direction == NETPOL_DIRECTION_INGRESS ? "ingress" : "egress";
}

const char *np_verdict_name(uint8_t verdict)
{
	static const char * const name[] = { "", "ALLOW", "DENY", "AUDIT" };

	return verdict < NP_COUNT(name) ? name[verdict] : "?";
}

const char *np_reason_name(uint8_t reason)
{
	static const char * const name[] = {
		"none", "notLocal", "notIsolated", "rule", "isolated", "self", "unknown",
		"spoofed", "noPorts", "malformed", "ownNode", "hostAllow", "related",
		"discovery", "established", "untraceable",
	};

	return reason < NP_COUNT(name) ? name[reason] : "other";
}

const char *np_reason_text(uint8_t reason)
{
	static const char * const text[] = {
		"no reason given", "not a pod of this node", "not isolated",
		"a rule accepts", "isolated, no rule accepts", "a pod to itself",
		"address inside a guard that belongs to no known pod",
		"source address is not the sending pod's", "packet without ports",
		"malformed packet", "sent by this node", "allowed by host-allow",
		"error of an allowed connection", "neighbour discovery",
		"established connection", "opener of the connection not known",
	};

	return reason < NP_COUNT(text) ? text[reason] : "reason not known to this tool";
}

const char *np_limit_name(uint32_t id)
{
	static const char * const name[] = {
		[NETPOL_LIMIT_NAMESPACES] = "namespaces",
		[NETPOL_LIMIT_PODS] = "pods",
		[NETPOL_LIMIT_LOCAL_PODS] = "local-pods",
		[NETPOL_LIMIT_POLICIES] = "policies",
		[NETPOL_LIMIT_IDENTITIES] = "identities",
		[NETPOL_LIMIT_ADDRESSES] = "addresses",
		[NETPOL_LIMIT_PODS_PER_NAMESPACE] = "pods-per-namespace",
		[NETPOL_LIMIT_POLICIES_PER_NAMESPACE] = "policies-per-namespace",
		[NETPOL_LIMIT_RULES_PER_POLICY] = "rules-per-policy",
		[NETPOL_LIMIT_PEERS_PER_POLICY] = "peers-per-policy",
		[NETPOL_LIMIT_PORTS_PER_POLICY] = "ports-per-policy",
		[NETPOL_LIMIT_LABELS_PER_OBJECT] = "labels-per-object",
		[NETPOL_LIMIT_PORTS_PER_POD] = "ports-per-pod",
		[NETPOL_LIMIT_ADDRESSES_PER_POD] = "addresses-per-pod",
		[NETPOL_LIMIT_CELLS_PER_PROGRAM] = "cells-per-program",
		[NETPOL_LIMIT_BYTES] = "bytes",
		[NETPOL_LIMIT_UNFREED_BYTES] = "unfreed-bytes",
		[NETPOL_LIMIT_TRANSACTIONS] = "transactions",
		[NETPOL_LIMIT_GUARDS] = "guards",
	};

	return id < NP_COUNT(name) && name[id] ? name[id] : "other";
}
