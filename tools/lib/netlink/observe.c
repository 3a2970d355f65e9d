// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NetworkPolicies that are observed instead of enforced.
 */
#include "netlink/observe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "base/alloc.h"
#include "object/lint_match.h"

const char *np_observe_text(const struct np_observe *observe, char text[NP_OBSERVE_TEXT])
{
	if (*observe->pod)
		snprintf(text, NP_OBSERVE_TEXT, "pod %s/%s", observe->namespace, observe->pod);
	else if (*observe->policy)
		snprintf(text, NP_OBSERVE_TEXT, "policy %s/%s", observe->namespace,
			 observe->policy);
	else
		snprintf(text, NP_OBSERVE_TEXT, "namespace %s", observe->namespace);
	return text;
}

static int np_observe_compare(const void *left, const void *right)
{
	const struct np_observe *a = left, *b = right;
	int ret = strcmp(a->namespace, b->namespace);

	if (!ret)
		ret = strcmp(a->policy, b->policy);
	return ret ? ret : strcmp(a->pod, b->pod);
}

bool np_observe_same(const struct np_observe *a, const struct np_observe *b)
{
	return !np_observe_compare(a, b);
}

static int np_observe_done(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct nlattr *tb[NETPOL_A_MAX + 1];

	if (!np_parse_message(nlh, tb))
		return np_malformed(err, "answer about an audit");
	*(uint64_t *)arg = np_attr_u64(tb[NETPOL_A_GENERATION]);
	return 0;
}

static int np_observe_send(struct np_client *client, uint8_t command,
			   const struct np_observe *observe, uint64_t until,
			   uint64_t *generation, struct np_error *err)
{
	struct nl_msg *msg = np_client_message(client, command, 1024);
	struct nlattr *nest = nla_nest_start(msg, NETPOL_A_AUDIT);
	int ret;

	nla_put_string(msg, NETPOL_AUDIT_A_NAMESPACE, observe->namespace);
	if (*observe->policy)
		nla_put_string(msg, NETPOL_AUDIT_A_POLICY, observe->policy);
	if (*observe->pod)
		nla_put_string(msg, NETPOL_AUDIT_A_POD, observe->pod);
	if (until)
		nla_put_u64(msg, NETPOL_AUDIT_A_UNTIL, until);
	nla_nest_end(msg, nest);
	/* The kernel may compile the programs of many pods anew. */
	client->slow = true;
	ret = np_client_call(client, msg, np_observe_done, generation, err);
	client->slow = false;
	return ret;
}

int np_observe_begin(struct np_client *client, const struct np_observe *observe,
		     uint64_t *generation, struct np_error *err)
{
	return np_observe_send(client, NETPOL_CMD_AUDIT, observe, observe->until, generation,
			       err);
}

int np_observe_end(struct np_client *client, const struct np_observe *observe,
		   uint64_t *generation, struct np_error *err)
{
	char text[NP_OBSERVE_TEXT];

	if (!np_observe_send(client, NETPOL_CMD_AUDIT_END, observe, 0, generation, err))
		return 0;
	if (client->refusal.error != ENOENT)
		return -1;
	np_error_set(err, NP_EXIT_NEGATIVE, "there is no audit of %s",
		     np_observe_text(observe, text));
	np_error_hint(err, "'netpolctl audit' lists them");
	return -1;
}

static bool np_observe_read(struct nlattr *nest, struct np_observe *observe)
{
	struct nlattr *tb[NETPOL_AUDIT_A_MAX + 1];

	memset(observe, 0, sizeof(*observe));
	if (!np_parse_nest(&np_audit_schema, nest, tb) || !tb[NETPOL_AUDIT_A_NAMESPACE])
		return false;
	np_attr_string(tb[NETPOL_AUDIT_A_NAMESPACE], observe->namespace,
		       sizeof(observe->namespace));
	np_attr_string(tb[NETPOL_AUDIT_A_POLICY], observe->policy, sizeof(observe->policy));
	np_attr_string(tb[NETPOL_AUDIT_A_POD], observe->pod, sizeof(observe->pod));
	observe->until = np_attr_u64(tb[NETPOL_AUDIT_A_UNTIL]);
	return true;
}

int np_observe_decode(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct np_observe_list *list = arg;
	struct nlattr *attrs, *attr;
	int len, left;

	attrs = np_message_attrs(nlh, &len);
	nla_for_each_attr(attr, attrs, len, left) {
		if (nla_type(attr) != NETPOL_A_AUDIT)
			continue;
		list->item = np_array_grow(list->item, list->count, sizeof(*list->item));
		if (!np_observe_read(attr, &list->item[list->count]))
			return np_malformed(err, "audit");
		list->count++;
	}
	return 0;
}

void np_observe_reset(void *arg)
{
	struct np_observe_list *list = arg;

	list->count = 0;
}

void np_observe_free(struct np_observe_list *list)
{
	free(list->item);
	memset(list, 0, sizeof(*list));
}

int np_observe_get(struct np_client *client, struct np_observe_list *list, struct np_error *err)
{
	memset(list, 0, sizeof(*list));
	if (np_client_dump(client, np_client_message(client, NETPOL_CMD_GET_AUDIT, 256),
			   np_observe_reset, np_observe_decode, list, err))
		return client->refusal.error == EOPNOTSUPP ? 0 : -1;
	if (list->count)
		qsort(list->item, list->count, sizeof(*list->item), np_observe_compare);
	return 0;
}

const struct np_observe *np_observe_next(const struct np_observe_list *list)
{
	const struct np_observe *next = NULL;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->item[i].until && (!next || list->item[i].until < next->until))
			next = &list->item[i];
	return next;
}

/* Is the audit about a policy, for a pod or, if it has no name, for all pods? */
static bool np_observe_covers(const struct np_observe *observe, const char *namespace,
			      const char *policy, const char *pod)
{
	return !strcmp(observe->namespace, namespace) &&
	       (!*observe->policy || !strcmp(observe->policy, policy)) &&
	       (!*observe->pod || !strcmp(observe->pod, pod));
}

const struct np_observe *np_observe_find(const struct np_observe_list *list, const char *namespace,
					 const char *policy, const char *pod)
{
	const struct np_observe *found = NULL, *observe;
	size_t i;

	for (i = 0; i < list->count; i++) {
		observe = &list->item[i];
		if (!np_observe_covers(observe, namespace, policy, pod))
			continue;
		if (!found || !observe->until || (found->until && observe->until > found->until))
			found = observe;
	}
	return found;
}

static void np_observe_count_reset(void *arg)
{
	struct np_observe_list *list = arg;
	size_t i;

	list->policies = 0;
	for (i = 0; i < list->count; i++)
		list->item[i].policies = 0;
}

/* Calls visit for each NetworkPolicy that begins in a message. */
static int np_observe_policies(const struct nlmsghdr *nlh,
			       void (*visit)(void *context,
					     const struct np_observed_policy *policy),
			       void *context, struct np_error *err)
{
	struct nlattr *tb[NETPOL_POLICY_A_MAX + 1], *attrs, *attr;
	struct np_observed_policy policy;
	uint32_t flags;
	int len, left;

	attrs = np_message_attrs(nlh, &len);
	nla_for_each_attr(attr, attrs, len, left) {
		if (nla_type(attr) != NETPOL_A_POLICY)
			continue;
		if (!np_parse_nest(&np_policy_schema, attr, tb) || !tb[NETPOL_POLICY_A_NAME])
			return np_malformed(err, "policy");
		flags = np_attr_u32(tb[NETPOL_POLICY_A_FLAGS]);
		if (!tb[NETPOL_POLICY_A_NAMESPACE] || (flags & NETPOL_POLICY_F_CONTINUED))
			continue;
		np_attr_string(tb[NETPOL_POLICY_A_NAMESPACE], policy.namespace,
			       sizeof(policy.namespace));
		np_attr_string(tb[NETPOL_POLICY_A_NAME], policy.name, sizeof(policy.name));
		np_attr_string(tb[NETPOL_POLICY_A_ORIGIN], policy.origin, sizeof(policy.origin));
		policy.audit = flags & NETPOL_POLICY_F_AUDIT;
		visit(context, &policy);
	}
	return 0;
}

static void np_observe_count_policy(void *context, const struct np_observed_policy *policy)
{
	struct np_observe_list *list = context;
	bool observed = policy->audit;
	size_t i;

	for (i = 0; i < list->count; i++) {
		if (!np_observe_covers(&list->item[i], policy->namespace, policy->name, ""))
			continue;
		list->item[i].policies++;
		observed = true;
	}
	list->policies += observed;
}

static int np_observe_count_decode(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	return np_observe_policies(nlh, np_observe_count_policy, arg, err);
}

int np_observe_count(struct np_client *client, struct np_observe_list *list, struct np_error *err)
{
	np_observe_count_reset(list);
	return np_client_dump(client, np_client_message(client, NETPOL_CMD_GET_POLICY, 256),
			      np_observe_count_reset, np_observe_count_decode, list, err);
}

/**
 * struct np_observed_run - policies while they are dumped
 * @audits: audits
 * @observed: policies that are observed so far
 */
struct np_observed_run {
	struct np_observe_list audits;
	struct np_observed *observed;
};

static int np_observed_compare(const void *left, const void *right)
{
	const struct np_observed_policy *a = left, *b = right;
	int ret = strcmp(a->namespace, b->namespace);

	if (!ret)
		ret = strcmp(a->name, b->name);
	return ret ? ret : strcmp(a->origin, b->origin);
}

static void np_observed_policy(void *context, const struct np_observed_policy *policy)
{
	struct np_observed_run *run = context;
	struct np_observed *observed = run->observed;

	if (!policy->audit && !np_observe_find(&run->audits, policy->namespace, policy->name, ""))
		return;
	observed->item = np_array_grow(observed->item, observed->count, sizeof(*observed->item));
	observed->item[observed->count++] = *policy;
}

static int np_observed_decode(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	return np_observe_policies(nlh, np_observed_policy, arg, err);
}

static void np_observed_reset(void *arg)
{
	struct np_observed_run *run = arg;

	run->observed->count = 0;
}

int np_observed_get(struct np_client *client, struct np_observed *observed, struct np_error *err)
{
	struct np_observed_run run = { .observed = observed };
	int ret;

	observed->count = 0;
	ret = np_observe_get(client, &run.audits, err);
	if (!ret)
		ret = np_client_dump(client, np_client_message(client, NETPOL_CMD_GET_POLICY, 256),
				     np_observed_reset, np_observed_decode, &run, err);
	np_observe_free(&run.audits);
	if (observed->count)
		qsort(observed->item, observed->count, sizeof(*observed->item),
		      np_observed_compare);
	return ret;
}

bool np_observed_has(const struct np_observed *observed, const char *namespace, const char *name,
		     const char *origin)
{
	struct np_observed_policy want = { .audit = false };

	snprintf(want.namespace, sizeof(want.namespace), "%s", namespace);
	snprintf(want.name, sizeof(want.name), "%s", name);
	snprintf(want.origin, sizeof(want.origin), "%s", origin);
	return observed->count && bsearch(&want, observed->item, observed->count, sizeof(want),
					  np_observed_compare);
}

void np_observed_free(struct np_observed *observed)
{
	free(observed->item);
	memset(observed, 0, sizeof(*observed));
}

static void np_observe_note(struct np_observe_pods *pods, const char *name)
{
	if (pods->count < NP_OBSERVE_NAMES)
		pods->name[pods->count] = name;
	pods->count++;
}

/* What the audit means for a pod of its namespace in a direction. */
static void np_observe_pod(const struct np_observe *observe, const struct np_observe_list *list,
			   const struct np_objects *objs, const struct np_pod *pod,
			   uint8_t direction, struct np_observe_effect *effect)
{
	uint8_t bit = direction == NETPOL_DIRECTION_INGRESS ? NP_DIR_INGRESS : NP_DIR_EGRESS;
	bool enforced = false, observed = false, rules = false;
	const struct np_policy *policy;
	size_t i;

	for (i = 0; i < objs->policy_count; i++) {
		policy = &objs->policies[i];
		if (policy->tier != NP_TIER_NETWORK_POLICY || !(policy->directions & bit) ||
		    !np_lint_selects(policy, pod))
			continue;
		if (np_observe_covers(observe, policy->namespace, policy->name, pod->name)) {
			observed = true;
			rules |= bit == NP_DIR_INGRESS ? policy->ingress_count :
							 policy->egress_count;
		} else if (!policy->audit && !np_observe_find(list, policy->namespace,
							      policy->name, pod->name)) {
			enforced = true;
		}
	}
	if (observed && !enforced)
		np_observe_note(&effect->open[direction], pod->name);
	else if (rules)
		np_observe_note(&effect->narrowed[direction], pod->name);
}

void np_observe_effect(const struct np_observe *observe, const struct np_observe_list *list,
		       const struct np_state *state, struct np_observe_effect *effect)
{
	const struct np_objects *objs = &state->objects;
	const struct np_policy *policy;
	const struct np_pod *pod;
	size_t i;

	memset(effect, 0, sizeof(*effect));
	for (i = 0; i < objs->namespace_count; i++)
		effect->has_namespace |= !strcmp(objs->namespaces[i].name, observe->namespace);
	for (i = 0; i < objs->policy_count; i++) {
		policy = &objs->policies[i];
		if (policy->tier == NP_TIER_NETWORK_POLICY)
			effect->policies += np_observe_covers(observe, policy->namespace,
							      policy->name, observe->pod);
		else
			effect->cluster |= !strcmp(policy->name, observe->namespace);
	}
	for (i = 0; i < objs->pod_count; i++) {
		pod = &objs->pods[i];
		if (strcmp(pod->namespace, observe->namespace) ||
		    (*observe->pod && strcmp(pod->name, observe->pod)) ||
		    !state->pod[i].place.local ||
		    (state->pod[i].flags & (NETPOL_OBJECT_F_SHADOWED | NETPOL_OBJECT_F_GONE)))
			continue;
		effect->has_pod = true;
		np_observe_pod(observe, list, objs, pod, NETPOL_DIRECTION_INGRESS, effect);
		np_observe_pod(observe, list, objs, pod, NETPOL_DIRECTION_EGRESS, effect);
	}
}
