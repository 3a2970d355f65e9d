// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the module tells of itself: requests and decoders.
 */
#include "netlink/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "base/alloc.h"
#include "base/buffer.h"

/* Adds an entry of zeros to an array, which is returned. */
static void *append(void *old, size_t *count, size_t size)
{
	char *array = np_array_grow(old, *count, size);

	memset(array + *count * size, 0, size);
	++*count;
	return array;
}

static bool decode_limit(struct nlattr *nest, struct np_limit *limit)
{
	struct nlattr *tb[NETPOL_LIMIT_A_LAST + 1];

	if (!np_parse_nest(&np_limit_schema, nest, tb))
		return false;
	limit->id = np_attr_u32(tb[NETPOL_LIMIT_A_ID]);
	limit->has_used = tb[NETPOL_LIMIT_A_USED];
	limit->used = np_attr_u64(tb[NETPOL_LIMIT_A_USED]);
	limit->max = np_attr_u64(tb[NETPOL_LIMIT_A_MAX]);
	return true;
}

static bool decode_origin(struct nlattr *nest, struct np_origin *origin)
{
	struct nlattr *tb[NETPOL_ORIGIN_A_MAX + 1];

	if (!np_parse_nest(&np_origin_schema, nest, tb))
		return false;
	np_attr_string(tb[NETPOL_ORIGIN_A_NAME], origin->name, sizeof(origin->name));
	origin->generation = np_attr_u64(tb[NETPOL_ORIGIN_A_GENERATION]);
	origin->objects = np_attr_u64(tb[NETPOL_ORIGIN_A_OBJECTS]);
	return true;
}

int np_info_decode(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct nlattr *tb[NETPOL_A_MAX + 1], *attrs, *attr;
	struct np_info *info = arg;
	int len, left;
	bool good;

	if (!np_parse_message(nlh, tb))
		return np_malformed(err, "information");
	info->abi_min = np_attr_u32(tb[NETPOL_A_ABI_MIN]);
	info->abi_max = np_attr_u32(tb[NETPOL_A_ABI_MAX]);
	info->flags = np_attr_u32(tb[NETPOL_A_FLAGS]);
	info->features = np_attr_u64(tb[NETPOL_A_FEATURES]);
	info->generation = np_attr_u64(tb[NETPOL_A_GENERATION]);
	info->lacking = np_attr_u32(tb[NETPOL_A_LACKING]);
	np_attr_string(tb[NETPOL_A_VERSION], info->version, sizeof(info->version));
	np_attr_string(tb[NETPOL_A_BOOT_ID], info->boot_id, sizeof(info->boot_id));
	attrs = np_message_attrs(nlh, &len);
	nla_for_each_attr(attr, attrs, len, left) {
		good = true;
		if (nla_type(attr) == NETPOL_A_LIMIT) {
			info->limit = append(info->limit, &info->limit_count, sizeof(*info->limit));
			good = decode_limit(attr, &info->limit[info->limit_count - 1]);
		} else if (nla_type(attr) == NETPOL_A_ORIGIN_INFO) {
			info->origin = append(info->origin, &info->origin_count,
					      sizeof(*info->origin));
			good = decode_origin(attr, &info->origin[info->origin_count - 1]);
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

static const struct np_origin *np_info_origin(const struct np_info *info, const char *origin)
{
	size_t i;

	for (i = 0; i < info->origin_count; i++)
		if (!strcmp(info->origin[i].name, origin))
			return &info->origin[i];
	return NULL;
}

uint64_t np_info_generation(const struct np_info *info, const char *origin)
{
	const struct np_origin *found = np_info_origin(info, origin);

	return found ? found->generation : 0;
}

uint64_t np_info_objects(const struct np_info *info, const char *origin)
{
	const struct np_origin *found = np_info_origin(info, origin);

	return found ? found->objects : 0;
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

static int decode_settings(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct nlattr *tb[NETPOL_A_MAX + 1];

	if (!np_parse_message(nlh, tb) ||
	    (tb[NETPOL_A_SETTINGS] && !np_read_settings(tb[NETPOL_A_SETTINGS], arg)))
		return np_malformed(err, "settings");
	return 0;
}

int np_settings_get(struct np_client *client, struct np_settings *set, struct np_error *err)
{
	memset(set, 0, sizeof(*set));
	return np_client_call(client, np_client_message(client, NETPOL_CMD_GET_SETTINGS, 256),
			      decode_settings, set, err);
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
	return attr > 0 && attr <= NETPOL_COUNTERS_A_MAX && np_counter_words[attr] ?
	       np_counter_words[attr] : "";
}

static bool decode_counters(struct nlattr *nest, struct np_counters *c)
{
	struct nlattr *tb[NETPOL_COUNTERS_A_MAX + 1], *name, *space;
	int i;

	if (!np_parse_nest(&np_counters_schema, nest, tb))
		return false;
	name = tb[NETPOL_COUNTERS_A_POD_NAME];
	space = tb[NETPOL_COUNTERS_A_POD_NAMESPACE];
	if (name)
		c->kind = NP_COUNTERS_POD;
	if (tb[NETPOL_COUNTERS_A_POLICY_NAME]) {
		c->kind = NP_COUNTERS_POLICY;
		name = tb[NETPOL_COUNTERS_A_POLICY_NAME];
		space = tb[NETPOL_COUNTERS_A_POLICY_NAMESPACE];
	}
	np_attr_string(space, c->namespace, sizeof(c->namespace));
	np_attr_string(name, c->name, sizeof(c->name));
	np_attr_string(tb[NETPOL_COUNTERS_A_POLICY_ORIGIN], c->origin, sizeof(c->origin));
	c->tier = np_attr_u8(tb[NETPOL_COUNTERS_A_POLICY_TIER]);
	c->ifindex = np_attr_u32(tb[NETPOL_COUNTERS_A_IFINDEX]);
	for (i = 0; i < NP_COUNTER_COUNT; i++) {
		/* what has no word is no counter */
		if (!np_counter_words[NP_COUNTER_FIRST + i])
			continue;
		c->has[i] = tb[NP_COUNTER_FIRST + i];
		c->value[i] = np_attr_u64(tb[NP_COUNTER_FIRST + i]);
	}
	return true;
}

static bool decode_hits(struct nlattr *nest, struct np_counters *c)
{
	struct nlattr *tb[NETPOL_RULE_A_MAX + 1];
	struct np_rule_hits *hits;

	if (!np_parse_nest(&np_rule_schema, nest, tb))
		return false;
	c->rule = append(c->rule, &c->rule_count, sizeof(*c->rule));
	hits = &c->rule[c->rule_count - 1];
	hits->direction = np_attr_u8(tb[NETPOL_RULE_A_DIRECTION]);
	hits->index = np_attr_u32(tb[NETPOL_RULE_A_INDEX]);
	hits->hits = np_attr_u64(tb[NETPOL_RULE_A_HITS]);
	hits->watched = np_attr_u64(tb[NETPOL_RULE_A_WATCHED]);
	hits->has_watched = tb[NETPOL_RULE_A_WATCHED];
	hits->idle = np_attr_u64(tb[NETPOL_RULE_A_IDLE]);
	hits->has_idle = tb[NETPOL_RULE_A_IDLE];
	np_attr_string(tb[NETPOL_RULE_A_NAME], hits->name, sizeof(hits->name));
	return true;
}

/* Rules that go on in another message follow the same subject. */
static bool same_counters(const struct np_counters *a, const struct np_counters *b)
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
			list->item = append(list->item, &list->count, sizeof(*c));
			c = &list->item[list->count - 1];
			if (!decode_counters(attr, c))
				return np_malformed(err, "counters");
			if (list->count > 1 && same_counters(c, c - 1))
				list->count--;
		} else if (nla_type(attr) == NETPOL_A_RULE) {
			if (!list->count || !decode_hits(attr, &list->item[list->count - 1]))
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

int np_counters_compare(const void *left, const void *right)
{
	const struct np_counters *a = left, *b = right;
	int ret = (int)a->kind - (int)b->kind;

	if (!ret)
		ret = strcmp(a->namespace, b->namespace);
	if (!ret)
		ret = strcmp(a->name, b->name);
	return ret ? ret : strcmp(a->origin, b->origin);
}

void np_counters_sort(struct np_counter_list *list)
{
	if (list->count)
		qsort(list->item, list->count, sizeof(*list->item), np_counters_compare);
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

static bool decode_step(struct nlattr *nest, struct np_step *step)
{
	struct nlattr *tb[NETPOL_STEP_A_MAX + 1];

	if (!np_parse_nest(&np_step_schema, nest, tb) ||
	    (tb[NETPOL_STEP_A_LACK] && !np_read_shortage(tb[NETPOL_STEP_A_LACK], &step->lack)))
		return false;
	step->direction = np_attr_u8(tb[NETPOL_STEP_A_DIRECTION]);
	step->verdict = np_attr_u8(tb[NETPOL_STEP_A_VERDICT]);
	step->reason = np_attr_u8(tb[NETPOL_STEP_A_REASON]);
	step->has_rule = tb[NETPOL_STEP_A_RULE];
	step->audited = np_attr_u8(tb[NETPOL_STEP_A_AUDITED]);
	step->rule = np_attr_u32(tb[NETPOL_STEP_A_RULE]);
	step->tier = np_attr_u8(tb[NETPOL_STEP_A_TIER]);
	step->action = np_attr_u8(tb[NETPOL_STEP_A_ACTION]);
	np_attr_string(tb[NETPOL_STEP_A_RULE_NAME], step->rule_name, sizeof(step->rule_name));
	np_attr_string(tb[NETPOL_STEP_A_POD_NAMESPACE], step->pod_namespace,
		       sizeof(step->pod_namespace));
	np_attr_string(tb[NETPOL_STEP_A_POD_NAME], step->pod_name, sizeof(step->pod_name));
	np_attr_string(tb[NETPOL_STEP_A_POLICY_NAMESPACE], step->policy_namespace,
		       sizeof(step->policy_namespace));
	np_attr_string(tb[NETPOL_STEP_A_POLICY_NAME], step->policy_name,
		       sizeof(step->policy_name));
	np_attr_string(tb[NETPOL_STEP_A_POLICY_ORIGIN], step->policy_origin,
		       sizeof(step->policy_origin));
	return true;
}

int np_eval_decode(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct nlattr *tb[NETPOL_A_MAX + 1], *attrs, *attr;
	struct np_eval *eval = arg;
	int len, left;

	if (!np_parse_message(nlh, tb))
		return np_malformed(err, "verdict");
	eval->verdict = np_attr_u8(tb[NETPOL_A_VERDICT]);
	eval->reason = np_attr_u8(tb[NETPOL_A_REASON]);
	eval->has_direction = tb[NETPOL_A_DIRECTION];
	eval->direction = np_attr_u8(tb[NETPOL_A_DIRECTION]);
	eval->has_generation = tb[NETPOL_A_GENERATION];
	eval->generation = np_attr_u64(tb[NETPOL_A_GENERATION]);
	attrs = np_message_attrs(nlh, &len);
	nla_for_each_attr(attr, attrs, len, left) {
		if (nla_type(attr) != NETPOL_A_STEP)
			continue;
		eval->step = append(eval->step, &eval->step_count, sizeof(*eval->step));
		if (!decode_step(attr, &eval->step[eval->step_count - 1]))
			return np_malformed(err, "verdict");
	}
	return 0;
}

void np_eval_free(struct np_eval *eval)
{
	free(eval->step);
	memset(eval, 0, sizeof(*eval));
}

static int put_end(struct nl_msg *msg, const struct np_end *end, int base)
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
	put_end(msg, &request->source, NETPOL_EVAL_A_SOURCE_NAMESPACE);
	put_end(msg, &request->destination, NETPOL_EVAL_A_DESTINATION_NAMESPACE);
	nla_put_u8(msg, NETPOL_EVAL_A_PROTOCOL, request->protocol);
	if (request->has_port)
		nla_put_u16(msg, NETPOL_EVAL_A_PORT, request->port);
	nla_nest_end(msg, nest);
	if (!np_client_call(client, msg, np_eval_decode, eval, err))
		return 0;
	if (client->refusal.error == ENOENT || client->refusal.error == ESRCH) {
		err->exit = NP_EXIT_INPUT;
		np_error_hint(err, "'netpolctl get pods' lists what is loaded");
	}
	return -1;
}

static bool decode_policy_name(struct nlattr *nest, struct np_policy_name *policy)
{
	struct nlattr *tb[NETPOL_POLICY_A_MAX + 1];

	memset(policy, 0, sizeof(*policy));
	if (!np_parse_nest(&np_policy_schema, nest, tb))
		return false;
	np_attr_string(tb[NETPOL_POLICY_A_NAMESPACE], policy->namespace,
		       sizeof(policy->namespace));
	np_attr_string(tb[NETPOL_POLICY_A_NAME], policy->name, sizeof(policy->name));
	return true;
}

/* Reads the names of the policies of a program, in their order. */
static bool decode_trie_policies(struct nlattr *nest, struct np_trie *trie)
{
	struct np_buffer names = { 0 };
	struct np_policy_name policy;
	struct nlattr *attr;
	int left;

	nla_for_each_nested(attr, nest, left) {
		if (nla_type(attr) != NETPOL_TRIE_A_POLICY)
			continue;
		if (!decode_policy_name(attr, &policy))
			return false;
		np_buffer_print(&names, "%s%s%s%s", names.len ? " " : "", policy.namespace,
				*policy.namespace ? "/" : "", policy.name);
		trie->policies = names.data;
	}
	return true;
}

static bool decode_trie(struct nlattr *nest, struct np_trie *trie)
{
	struct nlattr *tb[NETPOL_TRIE_A_MAX + 1];

	if (!np_parse_nest(&np_trie_schema, nest, tb) || !decode_trie_policies(nest, trie))
		return false;
	if (tb[NETPOL_TRIE_A_DIRECTION])
		trie->direction = nla_get_u8(tb[NETPOL_TRIE_A_DIRECTION]);
	trie->head = tb[NETPOL_TRIE_A_ROWS] || tb[NETPOL_TRIE_A_CLASSES];
	trie->rows = np_attr_u32(tb[NETPOL_TRIE_A_ROWS]);
	trie->classes = np_attr_u32(tb[NETPOL_TRIE_A_CLASSES]);
	trie->bytes = np_attr_u64(tb[NETPOL_TRIE_A_BYTES]);
	trie->has_identity = tb[NETPOL_TRIE_A_IDENTITY];
	trie->identity = np_attr_u32(tb[NETPOL_TRIE_A_IDENTITY]);
	trie->has_row = tb[NETPOL_TRIE_A_ROW];
	trie->row = np_attr_u32(tb[NETPOL_TRIE_A_ROW]);
	trie->has_class = tb[NETPOL_TRIE_A_CLASS];
	trie->class = np_attr_u32(tb[NETPOL_TRIE_A_CLASS]);
	trie->has_rule = tb[NETPOL_TRIE_A_RULE];
	trie->rule = np_attr_u32(tb[NETPOL_TRIE_A_RULE]);
	trie->has_action = tb[NETPOL_TRIE_A_ACTION];
	trie->action = np_attr_u8(tb[NETPOL_TRIE_A_ACTION]);
	trie->passed = tb[NETPOL_TRIE_A_PASSED];
	trie->audited = tb[NETPOL_TRIE_A_AUDITED];
	trie->has_prefix = tb[NETPOL_TRIE_A_PREFIX];
	trie->has_port = tb[NETPOL_TRIE_A_PORT];
	return (!trie->has_prefix || np_read_prefix(tb[NETPOL_TRIE_A_PREFIX], &trie->prefix)) &&
	       (!trie->has_port || np_read_port(tb[NETPOL_TRIE_A_PORT], &trie->port, NULL));
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
		list->item = append(list->item, &list->count, sizeof(*trie));
		trie = &list->item[list->count - 1];
		trie->direction = list->direction;	/* the entries follow their head */
		if (!decode_trie(attr, trie) || trie->direction >= NETPOL_DIRECTIONS)
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

/* One end of an event: the attributes of its address, namespace and name. */
static bool decode_end(struct nlattr **tb, int four, int six, int namespace, int name,
		       struct np_end *end)
{
	np_attr_string(tb[namespace], end->namespace, sizeof(end->namespace));
	np_attr_string(tb[name], end->name, sizeof(end->name));
	return np_read_address(tb[four], tb[six], &end->address);
}

static bool decode_packet(struct nlattr *nest, struct np_event *event)
{
	struct nlattr *tb[NETPOL_EVENT_A_MAX + 1], *attr;
	int left;

	if (!np_parse_nest(&np_event_schema, nest, tb) ||
	    !decode_end(tb, NETPOL_EVENT_A_SOURCE4, NETPOL_EVENT_A_SOURCE6,
			NETPOL_EVENT_A_SOURCE_NAMESPACE, NETPOL_EVENT_A_SOURCE_NAME,
			&event->source) ||
	    !decode_end(tb, NETPOL_EVENT_A_DESTINATION4, NETPOL_EVENT_A_DESTINATION6,
			NETPOL_EVENT_A_DESTINATION_NAMESPACE, NETPOL_EVENT_A_DESTINATION_NAME,
			&event->destination))
		return false;
	/* What tells of lost packets alone has no time. */
	event->packet = tb[NETPOL_EVENT_A_TIME];
	event->count = np_attr_u64(tb[NETPOL_EVENT_A_COUNT]);
	if (!event->count)
		event->count = 1;
	event->time = np_attr_u64(tb[NETPOL_EVENT_A_TIME]);
	event->first = event->time;
	if (tb[NETPOL_EVENT_A_FIRST] && np_attr_u64(tb[NETPOL_EVENT_A_FIRST]) < event->time)
		event->first = np_attr_u64(tb[NETPOL_EVENT_A_FIRST]);
	event->direction = np_attr_u8(tb[NETPOL_EVENT_A_DIRECTION]);
	event->reason = np_attr_u8(tb[NETPOL_EVENT_A_REASON]);
	event->protocol = np_attr_u8(tb[NETPOL_EVENT_A_PROTOCOL]);
	event->has_ports = tb[NETPOL_EVENT_A_DESTINATION_PORT];
	event->source_port = np_attr_u16(tb[NETPOL_EVENT_A_SOURCE_PORT]);
	event->destination_port = np_attr_u16(tb[NETPOL_EVENT_A_DESTINATION_PORT]);
	event->policies = np_attr_u32(tb[NETPOL_EVENT_A_POLICIES]);
	event->has_rule = tb[NETPOL_EVENT_A_RULE];
	event->rule = np_attr_u32(tb[NETPOL_EVENT_A_RULE]);
	np_attr_string(tb[NETPOL_EVENT_A_RULE_NAME], event->rule_name, sizeof(event->rule_name));
	event->lost = np_attr_u64(tb[NETPOL_EVENT_A_LOST]);
	nla_for_each_nested(attr, nest, left)
		if (nla_type(attr) == NETPOL_EVENT_A_POLICY &&
		    event->policy_count < NP_EVENT_POLICIES &&
		    !decode_policy_name(attr, &event->policy[event->policy_count++]))
			return false;
	return true;
}

int np_event_decode(const struct nlmsghdr *nlh, struct np_event *event, struct np_error *err)
{
	const struct genlmsghdr *genl = NLMSG_DATA(nlh);
	struct nlattr *tb[NETPOL_A_MAX + 1];

	memset(event, 0, sizeof(*event));
	if (!np_parse_message(nlh, tb))
		return np_malformed(err, "event");
	event->change = genl->cmd == NETPOL_CMD_CHANGE;
	event->verdict = tb[NETPOL_A_VERDICT] ? nla_get_u8(tb[NETPOL_A_VERDICT]) :
			 NETPOL_VERDICT_DENY;
	event->generation = np_attr_u64(tb[NETPOL_A_GENERATION]);
	np_attr_string(tb[NETPOL_A_ORIGIN], event->origin, sizeof(event->origin));
	if (tb[NETPOL_A_EVENT] && !decode_packet(tb[NETPOL_A_EVENT], event))
		return np_malformed(err, "event");
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
	return reason <= NETPOL_REASON_MAX ? np_reason_words[reason] : "other";
}

const char *np_reason_text(uint8_t reason)
{
	static const char * const text[] = {
		"no reason given", "not a pod of this node", "not isolated",
		"a rule decides", "isolated, no rule accepts", "a pod to itself",
		"address inside a guard that belongs to no known pod",
		"source address is not the sending pod's", "packet without ports",
		"malformed packet", "sent by this node", "allowed by host-allow",
		"error of an allowed connection", "neighbour discovery",
		"established connection", "opener of the connection not known",
		"tunnel that ends on this node", "closed, no room for its policies",
	};

	return reason < NP_COUNT(text) ? text[reason] : "reason not known to this tool";
}

void np_shortage_print(FILE *file, const struct np_shortage *lack)
{
	const char *space = lack->namespace;

	if (*space)
		fputs("policies of namespace ", file);
	else
		fputs("ClusterNetworkPolicies", file);
	np_print_escaped(file, space);
	if (lack->limit == NETPOL_LIMIT_CELLS_PER_PROGRAM)
		fputs(" make more cells on it", file);
	else
		fprintf(file, " take %llu KiB or more on it, and that is more",
			(unsigned long long)lack->bytes >> 10);
	fprintf(file, " than limit %s leaves; use fewer ports, peers or blocks%s",
		np_limit_name(lack->limit), lack->limit == NETPOL_LIMIT_PROGRAM_BYTES ?
		" in any namespace" : " in them");
}

void np_shortage_write(struct np_writer *w, const struct np_shortage *lack)
{
	np_write_object(w, "lack");
	np_write_string(w, "limit", np_limit_name(lack->limit));
	if (*lack->namespace)
		np_write_string(w, "namespace", lack->namespace);
	if (lack->bytes)
		np_write_number(w, "bytes", lack->bytes);
	np_write_end(w);
}

const char *np_protocol_text(uint8_t protocol, char text[NP_PROTOCOL_TEXT])
{
	static const char * const word[] = {
		[IPPROTO_TCP] = "tcp", [IPPROTO_UDP] = "udp", [IPPROTO_SCTP] = "sctp",
		[IPPROTO_ICMP] = "icmp", [IPPROTO_ICMPV6] = "icmpv6",
	};

	if (protocol < NP_COUNT(word) && word[protocol])
		snprintf(text, NP_PROTOCOL_TEXT, "%s", word[protocol]);
	else
		snprintf(text, NP_PROTOCOL_TEXT, "%u", protocol);
	return text;
}

const char *np_tier_text(uint8_t tier)
{
	static const char * const name[] = {
		[NETPOL_TIER_ADMIN] = "Admin", [NETPOL_TIER_NETWORK_POLICY] = "NetworkPolicy",
		[NETPOL_TIER_BASELINE] = "Baseline",
	};

	return tier < NP_COUNT(name) && name[tier] ? name[tier] : "";
}

const char *np_step_space(const struct np_step *step)
{
	return *step->policy_namespace ? step->policy_namespace : np_tier_text(step->tier);
}

const char *np_limit_name(uint32_t id)
{
	return id <= NETPOL_LIMIT_MAX && np_limit_words[id] ? np_limit_words[id] : "other";
}
