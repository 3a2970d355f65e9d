// SPDX-License-Identifier: GPL-2.0-or-later
/* The smallest change that allows a connection, and what it opens besides. */
#include "explain/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/say.h"
#include "object/digest.h"
#include "object/lint_match.h"
#include "object/select.h"

#define NP_NAME_LABEL	"kubernetes.io/metadata.name"

/* What the making of one policy needs. */
struct np_change_half {
	struct np_objects *objs;
	const struct np_eval *eval;
	const struct np_flow *flow;
	const struct np_reason_end *subject;
	const struct np_reason_end *peer;
	uint8_t direction;	/* enum netpol_direction */
	bool outside;
};

bool np_change_passing_label(const char *key)
{
	static const char * const passing[] = {
		"pod-template-hash", "controller-revision-hash", "pod-template-generation",
		"statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index",
		"batch.kubernetes.io/job-name", "batch.kubernetes.io/controller-uid",
		"batch.kubernetes.io/job-completion-index", "job-name", "controller-uid",
	};
	size_t i;

	for (i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (!strcmp(key, passing[i]))
			return true;
	return false;
}

static void np_change_need(struct np_objects *objs, struct np_selector *selector, const char *key,
			   const char *value)
{
	struct np_requirement *need = &selector->item[selector->count++];

	need->key = key;
	need->value = np_arena_alloc(&objs->arena, sizeof(*need->value));
	need->value[0] = value;
	need->value_count = 1;
	need->op = NP_OP_IN;
	need->match_label = true;
}

static struct np_selector np_change_selector(struct np_objects *objs, uint32_t room)
{
	return (struct np_selector){
		.item = np_arena_zalloc(&objs->arena, (room + 1) * sizeof(struct np_requirement)),
		.present = true,
	};
}

/* A selector of the labels of a pod that stay when it is made anew. */
static struct np_selector np_change_labels(struct np_objects *objs, const struct np_pod *pod)
{
	struct np_selector selector = np_change_selector(objs, pod->labels.count);
	uint32_t i;

	for (i = 0; i < pod->labels.count; i++)
		if (!np_change_passing_label(pod->labels.item[i].key))
			np_change_need(objs, &selector, pod->labels.item[i].key,
				       pod->labels.item[i].value);
	return selector;
}

/* How many pods of its namespace a policy selects. */
static size_t np_change_selected(const struct np_objects *objs, const struct np_policy *policy)
{
	const struct np_pod *pod;
	size_t i, count = 0;

	for (i = 0; i < objs->pod_count; i++) {
		pod = &objs->pods[i];
		count += np_pod_usable(pod) && !strcmp(pod->namespace, policy->namespace) &&
			 np_selector_met(&policy->pod_selector, &pod->labels);
	}
	return count;
}

/* The policy that a step names, or NULL. */
static const struct np_policy *np_change_policy_of(const struct np_objects *objs,
						   const struct np_step *step)
{
	size_t i;

	for (i = 0; i < objs->policy_count; i++)
		if (!strcmp(objs->policies[i].name, step->policy_name) &&
		    !strcmp(objs->policies[i].namespace, step->policy_namespace))
			return &objs->policies[i];
	return NULL;
}

/*
 * Whom the new policy selects: the pods of the policy that isolates the fewest, if it names labels
 * at all. Where all that isolate are for the whole namespace, the pods with the subject's labels.
 * All of these are isolated in this direction already, so the new policy takes nothing away.
 */
static struct np_selector np_change_subject(const struct np_change_half *half)
{
	const struct np_policy *policy, *best = NULL;
	const struct np_step *step;
	size_t i, count, least = 0;

	for (i = 0; i < half->eval->step_count; i++) {
		step = &half->eval->step[i];
		if (step->direction != half->direction || !*step->policy_namespace)
			continue;
		policy = np_change_policy_of(half->objs, step);
		if (!policy || !policy->pod_selector.count)
			continue;
		count = np_change_selected(half->objs, policy);
		if (best && count >= least)
			continue;
		best = policy;
		least = count;
	}
	return best ? best->pod_selector : np_change_labels(half->objs, half->subject->pod);
}

/* A block of one address, or of all addresses outside private networks. */
static struct np_ipblock *np_change_block(const struct np_change_half *half)
{
	static const char * const private[] = {
		"10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12",
		"192.168.0.0/16", "fc00::/7", "fe80::/10",
	};
	const size_t count = sizeof(private) / sizeof(private[0]);
	struct np_ipblock *block = np_arena_zalloc(&half->objs->arena, sizeof(*block));
	const struct np_address *address = &half->peer->address;
	struct np_ipblock one = { 0 };
	size_t i;

	if (!half->outside) {
		block->cidr = np_address_block(address);
		return block;
	}
	block->cidr.family = address->family;
	block->except = np_arena_zalloc(&half->objs->arena, count * sizeof(*block->except));
	for (i = 0; i < count; i++) {
		np_cidr_parse(private[i], &one.cidr);
		if (one.cidr.family == address->family && !np_lint_block_holds(&one, address))
			block->except[block->except_count++] = one.cidr;
	}
	return block;
}

/* Fills in the peer. Returns NULL, or why no peer can match the other end. */
static const char *np_change_peer(const struct np_change_half *half, struct np_peer *peer)
{
	const struct np_reason_end *end = half->peer;
	struct np_objects *objs = half->objs;
	const char *name;

	if (!end->pod) {
		peer->ipblock = np_change_block(half);
		return NULL;
	}
	if (!end->ns)
		return np_say(&objs->arena, "namespace %s is not in the input, so no selector "
				   "matches %s; give it as well, as with kubectl get ns,po,netpol "
				   "-A -o yaml", end->pod->namespace, end->name);
	name = np_labels_get(&end->ns->labels, NP_NAME_LABEL);
	if (!name)
		return np_say(&objs->arena, "namespace %s has no label " NP_NAME_LABEL,
			      end->ns->name);
	peer->ns_selector = np_change_selector(objs, 1);
	np_change_need(objs, &peer->ns_selector, NP_NAME_LABEL, name);
	peer->pod_selector = np_change_labels(objs, end->pod);
	peer->pod_selector.present = peer->pod_selector.count;
	return NULL;
}

/*
 * Names the policy after what it says, so that another one never replaces it, and the same one does
 * when it is applied again.
 */
static const char *np_change_name(struct np_objects *objs, const struct np_policy *policy)
{
	return np_say(&objs->arena, "allow-%s-%08x",
		      policy->directions & NP_DIR_EGRESS ? "egress" : "ingress",
		      (uint32_t)np_policy_digest(policy));
}

/* Makes the policy of one direction. Returns NULL, or why there is none. */
static const char *np_change_policy(const struct np_change_half *half, struct np_policy *policy)
{
	bool egress = half->direction == NETPOL_DIRECTION_EGRESS;
	struct np_rule *rule = np_arena_zalloc(&half->objs->arena, sizeof(*rule));
	const char *none;

	memset(policy, 0, sizeof(*policy));
	rule->peer = np_arena_zalloc(&half->objs->arena, sizeof(*rule->peer));
	rule->peer_count = 1;
	none = np_change_peer(half, rule->peer);
	if (none)
		return none;
	if (*np_protocol_name(half->flow->protocol)) {
		rule->port = np_arena_zalloc(&half->objs->arena, sizeof(*rule->port));
		rule->port_count = 1;
		*rule->port = (struct np_port) {
			.protocol = half->flow->protocol,
			.has_protocol = true,
			.kind = NP_PORT_NUMBER,
			.first = half->flow->port,
			.last = half->flow->port,
		};
	}
	policy->namespace = half->subject->pod->namespace;
	policy->name = "";
	policy->pod_selector = np_change_subject(half);
	policy->pod_selector.present = true;
	policy->directions = egress ? NP_DIR_EGRESS : NP_DIR_INGRESS;
	policy->types_given = true;
	*(egress ? &policy->egress : &policy->ingress) = rule;
	*(egress ? &policy->egress_count : &policy->ingress_count) = 1;
	policy->name = np_change_name(half->objs, policy);
	return NULL;
}

/* The step of the rule of a ClusterNetworkPolicy that denies in a direction, or NULL. */
static const struct np_step *np_change_denier(const struct np_change_half *half)
{
	const struct np_step *step;
	size_t i;

	for (i = 0; i < half->eval->step_count; i++) {
		step = &half->eval->step[i];
		if (step->direction == half->direction && *step->policy_name &&
		    step->action == NETPOL_ACTION_DENY)
			return step;
	}
	return NULL;
}

/* Says why no NetworkPolicy is proposed where a rule of a ClusterNetworkPolicy denies. */
static const char *np_change_denied(const struct np_change_half *half)
{
	const char *direction = np_direction_name(half->direction), *rule_text;
	const struct np_step *step = np_change_denier(half);
	struct np_arena *arena = &half->objs->arena;
	const struct np_policy *policy = step ? np_change_policy_of(half->objs, step) : NULL;
	const struct np_rule *rule;

	if (!policy)
		return "a rule of a ClusterNetworkPolicy denies it, which its administrator has to "
		       "change";
	rule = &(half->direction == NETPOL_DIRECTION_EGRESS ? policy->egress :
							      policy->ingress)[step->rule];
	rule_text = np_say(arena, "%s[%u] of ClusterNetworkPolicy %s", direction, step->rule,
			   policy->name);
	if (rule->closed)
		return np_say(arena, "%s could not be read, so it denies everything; it has to be "
			      "corrected", rule_text);
	if (half->peer->pod && !half->peer->ns && np_reason_rule_doubts(policy, rule))
		return np_say(arena, "%s denies it only because namespace %s is not in the input, "
			      "so nobody knows whether the rule means %s; give it as well, as with "
			      "kubectl get ns,po,netpol,cnp -A -o yaml", rule_text,
			      half->peer->pod->namespace, half->peer->name);
	if (policy->tier == NP_TIER_BASELINE)
		return np_say(arena, "%s denies it, in tier Baseline. A NetworkPolicy that selects "
			      "%s for %s is asked before it, but it also isolates the pod, so it "
			      "would have to allow all else that the pod needs", rule_text,
			      half->subject->name, direction);
	return np_say(arena, "%s denies it, in tier Admin, which no NetworkPolicy can change; its "
		      "administrator has to change the rule or put one before it", rule_text);
}

/*
 * True if the subject is closed, because there are ClusterNetworkPolicies and nobody knows
 * whether they select it.
 */
static bool np_change_closed(const struct np_change_half *half)
{
	size_t i;

	if (!half->subject->pod || half->subject->ns)
		return false;
	for (i = 0; i < half->objs->policy_count; i++)
		if (half->objs->policies[i].tier != NP_TIER_NETWORK_POLICY)
			return true;
	return false;
}

/* Makes the policy for a half that denies. Returns NULL, or why there is none. */
static const char *np_change_half_policy(struct np_change *change,
					 const struct np_change_half *half, uint8_t reason)
{
	if (reason == NETPOL_REASON_NO_ROOM)
		return NP_CHANGE_NO_ROOM;
	if (np_change_closed(half))
		return np_say(&half->objs->arena, "namespace %s is not in the input, so nobody "
			      "knows which ClusterNetworkPolicies select %s, and it is closed; give "
			      "it as well, as with kubectl get ns,po,netpol,cnp -A -o yaml",
			      half->subject->pod->namespace, half->subject->name);
	if (reason == NETPOL_REASON_RULE)
		return np_change_denied(half);
	if (reason != NETPOL_REASON_ISOLATED || !half->subject->pod || change->policies == 2)
		return "no policy is what denies it";
	return np_change_policy(half, &change->policy[change->policies++]);
}

/* Makes a policy for each direction that denies. */
static void np_change_policies(struct np_change *change, struct np_change_half *half,
			       const struct np_reason_end end[2])
{
	const struct np_step *step;
	size_t i;

	for (i = 0; i < half->eval->step_count && !change->none; i++) {
		step = &half->eval->step[i];
		if (*step->policy_name || step->verdict != NETPOL_VERDICT_DENY)
			continue;
		half->direction = step->direction;
		half->subject = &end[step->direction == NETPOL_DIRECTION_INGRESS];
		half->peer = &end[step->direction == NETPOL_DIRECTION_EGRESS];
		change->none = np_change_half_policy(change, half, step->reason);
	}
	if (!change->none && !change->policies)
		change->none = "no policy is what denies it";
	if (change->none)
		change->policies = 0;
}

static void np_change_add_port(struct np_change *change, uint8_t protocol, uint16_t port)
{
	unsigned int i;

	for (i = 0; i < change->ports; i++)
		if (change->port[i].protocol == protocol && change->port[i].port == port)
			return;
	if (change->ports < NP_CHANGE_PORTS_MAX)
		change->port[change->ports++] = (struct np_change_port){ protocol, port };
}

static void np_change_rule_ports(struct np_change *change, const struct np_rule *rule,
				 uint32_t count)
{
	uint32_t i, k;

	for (i = 0; i < count; i++)
		for (k = 0; k < rule[i].port_count; k++)
			if (rule[i].port[k].kind == NP_PORT_NUMBER ||
			    rule[i].port[k].kind == NP_PORT_RANGE)
				np_change_add_port(change, rule[i].port[k].protocol,
						   rule[i].port[k].first);
}

static int np_change_port_order(const void *a, const void *b)
{
	const struct np_change_port *left = a, *right = b;

	return left->protocol != right->protocol ? left->protocol - right->protocol :
						   left->port - right->port;
}

/*
 * The ports for which the change may open something: the one that its rules name. Without one they
 * open all, and those that the objects name are tried.
 */
static void np_change_ports(struct np_change *change, const struct np_objects *objs,
			    const struct np_flow *flow)
{
	const struct np_pod *pod;
	uint32_t k;
	size_t i;

	np_change_add_port(change, flow->protocol, flow->port);
	if (*np_protocol_name(flow->protocol))
		return;
	for (i = 0; i < objs->pod_count; i++) {
		pod = &objs->pods[i];
		for (k = 0; k < pod->port_count; k++)
			np_change_add_port(change, pod->port[k].protocol, pod->port[k].number);
	}
	for (i = 0; i < objs->policy_count; i++) {
		np_change_rule_ports(change, objs->policies[i].ingress,
				     objs->policies[i].ingress_count);
		np_change_rule_ports(change, objs->policies[i].egress,
				     objs->policies[i].egress_count);
	}
	/* the kernel lists objects in another order than files have */
	qsort(&change->port[1], change->ports - 1, sizeof(*change->port), np_change_port_order);
}

/**
 * struct np_change_row - a pod that may be an end of what is opened
 * @pod: pod
 * @address: its first one of each family, the one that was asked about first; without: family 0
 * @namespace: of the pod that the core knows by this address, which another pod may claim as well
 */
struct np_change_row {
	const struct np_pod *pod;
	struct np_address address[2];
	const char *namespace[2];
};

static int np_change_row_order(const void *a, const void *b)
{
	const struct np_pod *left = ((const struct np_change_row *)a)->pod;
	const struct np_pod *right = ((const struct np_change_row *)b)->pod;
	int order = strcmp(left->namespace, right->namespace);

	return order ? order : strcmp(left->name, right->name);
}

/* Pods that do not exist are no rows: they are there for the question only. */
static bool np_change_exists(const struct np_pod *pod, const struct np_reason_end end[2])
{
	return !(end[0].made_up && end[0].pod == pod) && !(end[1].made_up && end[1].pod == pod);
}

/* The namespace of the pod that is judged by an address. */
static const char *np_change_namespace(const struct np_offline *off, const struct np_pod *pod,
				       const struct np_address *address)
{
	struct netpol_end end;
	uint32_t bytes[4];

	memcpy(bytes, address->addr, sizeof(bytes));
	netpol_resolve(off->world->snapshot, address->family, bytes, &end);
	return end.local ? end.local->pod->template->ns->name : pod->namespace;
}

/* Fills in the first address of each family. */
static void np_change_addresses(const struct np_offline *off, uint8_t asked,
				struct np_change_row *row)
{
	const struct np_pod *pod = row->pod;
	uint32_t k;
	int other;

	for (k = pod->address_count; k--;) {
		other = pod->address[k].family != asked;
		row->address[other] = pod->address[k];
		row->namespace[other] = np_change_namespace(off, pod, &pod->address[k]);
	}
}

static size_t np_change_rows(const struct np_objects *objs, const struct np_offline *off,
			     const struct np_reason_end end[2], struct np_change_row *row)
{
	uint8_t family = end[0].address.family;
	const struct np_pod *pod;
	size_t i, count = 0;

	for (i = 0; i < objs->pod_count; i++) {
		pod = &objs->pods[i];
		if (!np_pod_usable(pod) || !np_change_exists(pod, end))
			continue;
		row[count].pod = pod;
		np_change_addresses(off, family, &row[count++]);
	}
	qsort(row, count, sizeof(*row), np_change_row_order);
	return count;
}

/* False if a policy says nothing about pods of these namespaces: by its own one and its peer's. */
static bool np_change_concerns(const struct np_policy *policy, const char *source,
			       const char *destination)
{
	bool egress = policy->directions & NP_DIR_EGRESS;
	const struct np_peer *peer = (egress ? policy->egress : policy->ingress)->peer;
	const char *subject = egress ? source : destination;
	const char *other = egress ? destination : source;

	return (!subject || !strcmp(subject, policy->namespace)) &&
	       (!other || !peer->ns_selector.count ||
		!strcmp(other, peer->ns_selector.item[0].value[0]));
}

/* True if both have an address of a family. destination: NULL is anybody */
static bool np_change_meet(const struct np_change_row *source,
			   const struct np_change_row *destination, unsigned int other)
{
	return source->namespace[other] && (!destination || destination->namespace[other]);
}

static bool np_change_concerns_any(const struct np_change *change,
				   const struct np_change_row *source,
				   const struct np_change_row *destination)
{
	unsigned int i, other;

	for (i = 0; i < change->policies; i++)
		for (other = 0; other < 2; other++)
			if (np_change_meet(source, destination, other) &&
			    np_change_concerns(&change->policy[i], source->namespace[other],
					       destination ? destination->namespace[other] : NULL))
				return true;
	return false;
}

static void np_change_add_opened(struct np_change *change, const struct np_pod *source,
				 const struct np_pod *destination, struct np_change_port port)
{
	change->count++;
	if (change->listed == NP_CHANGE_LISTED_MAX)
		return;
	change->opened = np_array_grow(change->opened, change->listed, sizeof(*change->opened));
	change->opened[change->listed++] = (struct np_change_opened) {
		.source = source,
		.destination = destination,
		.port = port,
	};
}

/*
 * Judges one pair before and after the change, for every port that is tried. Selectors match over
 * both families, so a pair that meets over the other one only is opened as well.
 */
static void np_change_pair(struct np_change *change, const struct np_offline off[2],
			   const struct np_change_row *source,
			   const struct np_change_row *destination, const struct np_flow *asked)
{
	bool named = !memcmp(&source->address[0], &asked->source, sizeof(asked->source)) &&
		     !memcmp(&destination->address[0], &asked->destination,
			     sizeof(asked->destination));
	struct np_flow flow;
	unsigned int i, other;

	for (i = 0; i < change->ports; i++) {
		flow.protocol = change->port[i].protocol;
		flow.port = change->port[i].port;
		if (named && flow.protocol == asked->protocol && flow.port == asked->port)
			continue;
		for (other = 0; other < 2; other++) {
			flow.source = source->address[other];
			flow.destination = destination->address[other];
			if (!np_change_meet(source, destination, other) ||
			    np_offline_judge(&off[0], &flow, NULL) ||
			    !np_offline_judge(&off[1], &flow, NULL))
				continue;
			np_change_add_opened(change, source->pod, destination->pod,
					     change->port[i]);
			break;
		}
	}
}

/* off: before and after */
static void np_change_open(struct np_change *change, const struct np_objects *objs,
			   const struct np_offline off[2], const struct np_flow *asked,
			   const struct np_reason_end end[2])
{
	struct np_change_row *row = np_xcalloc(objs->pod_count + 1, sizeof(*row));
	size_t count = np_change_rows(objs, off, end, row), i, k;
	uint64_t pairs = 0;

	for (i = 0; i < count; i++) {
		if (!np_change_concerns_any(change, &row[i], NULL))
			continue;
		for (k = 0; k < count && !change->partial; k++) {
			if (i == k || !np_change_concerns_any(change, &row[i], &row[k]))
				continue;
			change->partial = ++pairs * change->ports > NP_CHANGE_PAIRS_MAX;
			np_change_pair(change, off, &row[i], &row[k], asked);
		}
	}
	free(row);
}

/* Loads the objects and then the policies of the change into a second world. */
static int np_change_load(const struct np_change *change, const struct np_objects *objs,
			  const struct np_observe_list *observed,
			  struct np_offline *after, struct np_error *err)
{
	unsigned int i;
	int ret;

	if (np_offline_init(after, NULL, err))
		return -1;
	ret = np_offline_apply(after, "manual", objs, true, err);
	if (!ret)
		ret = np_offline_observe(after, observed, err);
	if (!ret)
		ret = np_offline_begin(after, "manual", err);
	for (i = 0; !ret && i < change->policies; i++)
		ret = np_offline_policy(after, &change->policy[i], err);
	if (!ret)
		ret = np_offline_prepare(after, err);
	if (!ret)
		np_offline_publish(after);
	return ret;
}

int np_change_find(struct np_change *change, struct np_objects *objs,
		   const struct np_observe_list *observed, const struct np_offline *off,
		   const struct np_eval *eval, const struct np_flow *flow,
		   const struct np_reason_end end[2], bool outside, struct np_error *err)
{
	struct np_change_half half = {
		.objs = objs,
		.eval = eval,
		.flow = flow,
		.outside = outside,
	};
	struct np_offline both[2] = { *off };
	int ret;

	memset(change, 0, sizeof(*change));
	np_change_policies(change, &half, end);
	if (change->none)
		return 0;
	ret = np_change_load(change, objs, observed, &both[1], err);
	if (!ret && !np_offline_judge(&both[1], flow, NULL)) {
		change->none = "the rule that was tried does not allow it";
		change->policies = 0;
	} else if (!ret) {
		np_change_ports(change, objs, flow);
		np_change_open(change, objs, both, flow, end);
	}
	np_offline_free(&both[1]);
	return ret;
}

void np_change_free(struct np_change *change)
{
	free(change->opened);
	memset(change, 0, sizeof(*change));
}
