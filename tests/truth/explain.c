// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl explain over random worlds: what its words say of each rule is what the core does, and
 * the change that it proposes allows the connection and opens exactly what it announces.
 *
 *   explain [-n WORLDS] [-s SEED] [-q QUESTIONS]
 *
 *	-n	how many histories (default 200)
 *	-s	the first one's seed (default 1)
 *	-q	questions for the objects of one origin after each transaction (default 12)
 *
 * The verdict, the rule that decides and the rules that pass are also those of the naive evaluator.
 * Each part of a rule that is said not to match is asked of the core alone: it must deny; with what
 * is said to be wrong put right, it must accept. Half of the worlds have ClusterNetworkPolicies.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../evaluator/history.h"
#include "explain/explain.h"
#include "explain/say.h"
#include "matrix/matrix.h"
#include "object/digest.h"
#include "object/load.h"
#include "object/write.h"
#include "offline/ask.h"

/* Larger worlds are only asked, because a matrix of them takes too long. */
#define MATRIX_PODS	40

static struct {
	unsigned long asked, refused, evaluated, denied, rules, parts, mended, changes, none, opened,
		pairs, cluster_rules, cluster_parts, cluster_mended, passes, doubts, closed;
	/* why nothing was proposed */
	unsigned long unreadable, unknown, closed_pod, admin, baseline;
	unsigned int wrong;
} totals;

#define WRONG(...)							\
do {									\
	if (totals.wrong++ < 20) {					\
		printf("wrong: " __VA_ARGS__);				\
		putchar('\n');						\
	}								\
} while (0)

/* The core's word on one half of a connection, in a world in which only these policies are. */
static bool core_half(const struct np_explain *x, const struct np_objects *objs,
		      struct np_policy *policy, size_t policies, uint8_t direction)
{
	struct np_objects only = *objs;
	bool accept = false, judged = false;
	struct np_offline off;
	struct np_error err;
	struct np_eval eval;
	size_t i;

	only.policies = policy;
	only.policy_count = policies;
	if (np_offline_init(&off, NULL, &err) ||
	    np_offline_apply(&off, "manual", &only, true, &err)) {
		WRONG("a world of one rule: %s", err.text);
		return false;
	}
	np_ask_judge(&off, &x->flow, &eval);
	for (i = 0; i < eval.step_count; i++)
		if (!*eval.step[i].policy_name && eval.step[i].direction == direction) {
			accept = eval.step[i].verdict == NETPOL_VERDICT_ALLOW;
			judged = true;
		}
	if (!judged)
		WRONG("a world of one rule: the half is not judged");
	np_eval_free(&eval);
	np_offline_free(&off);
	return accept;
}

/* A policy in which only these rules are, of one direction. */
static struct np_policy with_rules(const struct np_policy *of, uint8_t direction,
				   struct np_rule *rule, uint32_t count)
{
	bool egress = direction == NETPOL_DIRECTION_EGRESS;
	struct np_policy policy = *of;

	policy.directions = egress ? NP_DIR_EGRESS : NP_DIR_INGRESS;
	policy.egress = egress ? rule : NULL;
	policy.ingress = egress ? NULL : rule;
	policy.egress_count = egress ? count : 0;
	policy.ingress_count = egress ? 0 : count;
	return policy;
}

/*
 * The core's word on whether one rule matches one half of a connection. A rule of a
 * NetworkPolicy is alone; that of a ClusterNetworkPolicy has what follows it if it does not match.
 */
static bool core_matches(const struct np_explain *x, const struct np_objects *objs,
			 const struct np_policy *of, uint8_t direction, const struct np_rule *rule)
{
	struct np_rule rules[2] = { *rule, { .action = NP_ACTION_DENY, .closed = true } };
	struct np_policy policy;
	uint32_t last;

	for (last = 1; last <= 2; last++) {
		policy = with_rules(of, direction, rules, last);
		if (of->tier == NP_TIER_NETWORK_POLICY)
			return core_half(x, objs, &policy, 1, direction);
		policy.tier = NP_TIER_ADMIN;
		/* With nothing behind it only a rule that denies closes the half. */
		if (last == 1 && rule->action != NP_ACTION_ACCEPT &&
		    !core_half(x, objs, &policy, 1, direction))
			return true;
		/* With a Deny of all behind it only a rule that accepts or passes opens it. */
		if (last == 2 && rule->action != NP_ACTION_DENY &&
		    core_half(x, objs, &policy, 1, direction))
			return true;
	}
	return false;
}

/* Puts right what is said to be wrong with a peer. False: nothing can. */
static bool mend_peer(const struct np_reason_end *end, uint8_t code, struct np_peer *peer,
		      struct np_ipblock *block)
{
	switch (code) {
	case NP_REASON_FAMILY:
	case NP_REASON_BLOCK:
		memset(block, 0, sizeof(*block));
		block->cidr.family = end->address.family;
		peer->ipblock = block;
		return true;
	case NP_REASON_EXCEPT:
		*block = *peer->ipblock;
		block->except_count = 0;
		peer->ipblock = block;
		return true;
	case NP_REASON_OTHER_NAMESPACE:
	case NP_REASON_NAMESPACE_LABELS:
		memset(peer, 0, sizeof(*peer));
		peer->ns_selector.present = true;
		return true;
	case NP_REASON_POD_LABELS:
		memset(&peer->pod_selector, 0, sizeof(peer->pod_selector));
		peer->pod_selector.present = true;
		return true;
	default:
		/* No selector matches, not even the widest. */
		memset(peer, 0, sizeof(*peer));
		peer->ns_selector.present = true;
		return false;
	}
}

static void check_peer(const struct np_explain *x, const struct np_objects *objs,
		       const struct np_explain_step *step, uint8_t direction, uint8_t action,
		       const struct np_peer *of, const struct np_reason_part *part)
{
	const struct np_reason_end *end = &x->end[direction == NETPOL_DIRECTION_EGRESS];
	struct np_peer peer = *of;
	struct np_rule rule = { .action = action, .peer = &peer, .peer_count = 1 };
	bool cluster = step->policy->tier != NP_TIER_NETWORK_POLICY;
	struct np_ipblock block;
	bool want;

	totals.parts++;
	totals.cluster_parts += cluster;
	if (core_matches(x, objs, step->policy, direction, &rule) !=
	    (part->code == NP_REASON_MATCHES))
		WRONG("peer %s is said to be: %s %s", part->says,
		      np_reason_code_name(part->code), part->text);
	if (part->code == NP_REASON_MATCHES)
		return;
	totals.mended++;
	totals.cluster_mended += cluster;
	if (part->code == NP_REASON_BLOCK) {
		/* No except is to blame. */
		block = *of->ipblock;
		block.except_count = 0;
		peer.ipblock = &block;
		if (core_matches(x, objs, step->policy, direction, &rule))
			WRONG("peer %s: it is an except: %s", part->says, part->text);
	}
	want = mend_peer(end, part->code, &peer, &block);
	if (core_matches(x, objs, step->policy, direction, &rule) != want)
		WRONG("peer %s is not what is wrong: %s %s", part->says,
		      np_reason_code_name(part->code), part->text);
}

static void check_port(const struct np_explain *x, const struct np_objects *objs,
		       const struct np_explain_step *step, uint8_t direction, uint8_t action,
		       const struct np_port *of, const struct np_reason_part *part)
{
	struct np_port port = *of;
	/* Somebody, so that a rule that doubts does so here too; and anybody. */
	struct np_ipblock all[2] = { { .cidr.family = AF_INET }, { .cidr.family = AF_INET6 } };
	struct np_peer peer[3] = {
		{ .ns_selector.present = true }, { .ipblock = &all[0] }, { .ipblock = &all[1] },
	};
	struct np_rule rule = {
		.action = action, .port = &port, .port_count = 1, .peer = peer, .peer_count = 3,
	};
	bool cluster = step->policy->tier != NP_TIER_NETWORK_POLICY;

	totals.parts++;
	totals.cluster_parts += cluster;
	if (core_matches(x, objs, step->policy, direction, &rule) !=
	    (part->code == NP_REASON_MATCHES))
		WRONG("port %s is said to be: %s %s", part->says,
		      np_reason_code_name(part->code), part->text);
	if (part->code == NP_REASON_MATCHES || !*np_protocol_name(x->flow.protocol))
		return;
	totals.mended++;
	totals.cluster_mended += cluster;
	if (part->code == NP_REASON_PROTOCOL) {
		port.protocol = x->flow.protocol;
		port.kind = NP_PORT_ANY;
	} else {
		port.kind = NP_PORT_NUMBER;
		port.first = x->flow.port;
		port.last = x->flow.port;
	}
	if (!core_matches(x, objs, step->policy, direction, &rule))
		WRONG("port %s is not what is wrong: %s %s", part->says,
		      np_reason_code_name(part->code), part->text);
}

/* One rule of one policy, and one of its parts. */
static void check_rule(const struct np_explain *x, const struct np_objects *objs,
		       const struct np_explain_step *step, uint8_t direction, uint32_t index,
		       struct history *h)
{
	const struct np_policy *policy = step->policy;
	const struct np_reason_rule *said = &step->rule[index];
	struct np_rule rule = direction == NETPOL_DIRECTION_EGRESS ? policy->egress[index] :
								     policy->ingress[index];
	uint32_t i;

	totals.rules++;
	totals.cluster_rules += policy->tier != NP_TIER_NETWORK_POLICY;
	totals.doubts += !!*said->note;
	totals.closed += rule.closed;
	if (*said->note && !(said->matches && np_reason_rule_doubts(policy, &rule)))
		WRONG("rule %s does not doubt: %s", said->says, said->note);
	if (core_matches(x, objs, policy, direction, &rule) != said->matches)
		WRONG("rule %s of %s/%s is said %sto match: %s", said->says, policy->namespace,
		      policy->name, said->matches ? "" : "not ", said->text);
	if (said->matches != !*said->text)
		WRONG("rule %s matches and has a reason not to: %s", said->says, said->text);
	if (rule.peer_count) {
		i = history_random(h, rule.peer_count);
		check_peer(x, objs, step, direction, rule.action, &rule.peer[i], &said->peer[i]);
	}
	if (rule.port_count) {
		i = history_random(h, rule.port_count);
		check_port(x, objs, step, direction, rule.action, &rule.port[i], &said->port[i]);
	}
}

/* The first step of a direction whose rule decides, or NULL. */
static const struct np_step *first_rule(const struct np_eval *eval, uint8_t direction)
{
	size_t i;

	for (i = 0; i < eval->step_count; i++)
		if (eval->step[i].direction == direction && eval->step[i].has_rule &&
		    eval->step[i].action != NETPOL_ACTION_PASS)
			return &eval->step[i];
	return NULL;
}

/* The rule of a tier that passes on is a step, and there is no other such step. */
static void check_pass(const struct np_explain *x, const struct evaluator_pass *pass,
		       uint8_t direction, uint8_t tier)
{
	const struct np_step *step, *found = NULL;
	size_t i;

	for (i = 0; i < x->eval.step_count; i++) {
		step = &x->eval.step[i];
		if (step->direction == direction && step->has_rule && step->tier == tier &&
		    step->action == NETPOL_ACTION_PASS)
			found = step;
	}
	totals.passes += !!pass->policy;
	if (!pass->policy != !found ||
	    (found && (strcmp(found->policy_name, pass->policy->name) || *found->policy_namespace ||
		       found->rule != pass->rule)))
		WRONG("%s -> %s: for %s the evaluator passes by %s[%u], and the step is %s[%u]",
		      x->question.source, x->question.destination, np_direction_name(direction),
		      pass->policy ? pass->policy->name : "none", pass->rule,
		      found ? found->policy_name : "none", found ? found->rule : 0);
}

static void check_half(const struct np_explain *x, const struct evaluator_half *half,
		       uint8_t direction)
{
	const struct np_step *step = first_rule(&x->eval, direction);

	if (!half->judged)
		return;
	check_pass(x, &half->pass[0], direction, NETPOL_TIER_ADMIN);
	check_pass(x, &half->pass[1], direction, NETPOL_TIER_BASELINE);
	if (!half->policy != !step ||
	    (step && (strcmp(half->policy->name, step->policy_name) || half->rule != step->rule ||
		      strcmp(half->policy->namespace, step->policy_namespace))))
		WRONG("%s -> %s: for %s the evaluator names %s[%u], and the step %s[%u]",
		      x->question.source, x->question.destination,
		      np_direction_name(direction), half->policy ? half->policy->name : "none",
		      half->rule, step ? step->policy_name : "none", step ? step->rule : 0);
}

/*
 * Do two pods claim an address? netpolctl loads pods that are being deleted first, so that another
 * one wins, and the evaluator knows the order of arrival only.
 */
static bool claimed_twice(const struct np_objects *objs, const struct np_address *address)
{
	const struct np_pod *owner = np_ask_owner(objs, address, NULL);

	return owner && np_ask_owner(objs, address, owner);
}

/* The history whose world is asked about: its Nodes are not among the objects. */
static const struct history *asked;

static struct evaluator evaluator_of(const struct np_objects *objs)
{
	return (struct evaluator){
		.origin = { objs },
		.origins = 1,
		.kube_node = asked->kube_node,
		.kube_nodes = asked->kube_nodes,
	};
}

/*
 * Asks the naive evaluator: egress, then ingress. Returns false if it cannot know which pod an
 * address belongs to.
 */
static bool judged(const struct np_explain *x, const struct np_objects *objs, bool *allowed,
		   struct evaluator_half half[2])
{
	struct evaluator ev = evaluator_of(objs);
	struct evaluator_end end[2] = {
		{ .address = &x->flow.source }, { .address = &x->flow.destination },
	};
	int i;

	for (i = 0; i < 2; i++) {
		if (claimed_twice(objs, end[i].address))
			return false;
		end[i].pod = evaluator_owner(&ev, end[i].address);
	}
	*allowed = evaluator_judge(&ev, &end[0], &end[1], x->flow.protocol, x->flow.port,
				   &half[0], &half[1]);
	return true;
}

/* The verdict, and the rule that decides, of the naive evaluator. */
static void check_evaluator(const struct np_explain *x, const struct np_objects *objs)
{
	struct evaluator_half half[2];
	bool allowed;

	if (!judged(x, objs, &allowed, half))
		return;
	totals.evaluated++;
	if (allowed != (x->eval.verdict == NETPOL_VERDICT_ALLOW))
		WRONG("the evaluator says %s", allowed ? "allow" : "deny");
	check_half(x, &half[0], NETPOL_DIRECTION_EGRESS);
	check_half(x, &half[1], NETPOL_DIRECTION_INGRESS);
}

/* The policies of a change as netpolctl prints them, read again as netpolctl apply reads them. */
static void reread(const struct np_change *change, struct np_objects *to)
{
	struct np_policy_state state = { { 0 } };
	struct np_error err = { 0 };
	char *text = NULL;
	size_t size = 0;
	struct np_writer w;
	unsigned int i;
	FILE *file = open_memstream(&text, &size);

	for (i = 0; i < change->policies; i++) {
		fputs("---\n", file);
		np_writer_init(&w, file, NP_FORMAT_YAML);
		np_manifest_policy(&w, NULL, &change->policy[i], &state);
	}
	fclose(file);
	if (np_load_buffer(to, "change.yaml", text, size, NULL, &err))
		WRONG("the change can't be read: %s: %s\n%s", err.path, err.text, text);
	else if (to->policy_count != change->policies)
		WRONG("%zu of %u policies were read", to->policy_count, change->policies);
	for (i = 0; i < to->policy_count && i < change->policies; i++)
		if (np_policy_digest(&to->policies[i]) != np_policy_digest(&change->policy[i]))
			WRONG("what was read is not what the change says:\n%s", text);
	free(text);
}

static void matrix_of(struct np_matrix *m, const struct np_objects *objs,
		      const struct np_change *change, uint8_t family)
{
	struct np_matrix_options opts = { .family = family };
	struct np_error err = { 0 };
	char text[16];
	unsigned int i;

	np_matrix_init(m);
	for (i = 0; i < change->ports; i++) {
		if (*np_protocol_name(change->port[i].protocol))
			snprintf(text, sizeof(text), "%s/%u",
				 np_protocol_name(change->port[i].protocol),
				 change->port[i].port);
		else
			snprintf(text, sizeof(text), "%u", change->port[i].protocol);
		if (np_matrix_add_ports(m, text, &err))
			WRONG("port %s of a matrix", text);
	}
	/* Two ends that are no pods of the input leave nobody for a row. */
	if (np_matrix_from_objects(m, objs, &opts, &err) && !strstr(err.text, "pod"))
		WRONG("a matrix: %s", err.text);
}

static bool announced(const struct np_change *change, const struct np_matrix *m, size_t port,
		      size_t source, size_t destination)
{
	const struct np_change_opened *opened;
	size_t i;

	for (i = 0; i < change->listed; i++) {
		opened = &change->opened[i];
		if (opened->port.protocol == m->port[port].protocol &&
		    opened->port.port == m->port[port].port &&
		    !strcmp(opened->source->namespace, m->pod[source].namespace) &&
		    !strcmp(opened->source->name, m->pod[source].name) &&
		    !strcmp(opened->destination->namespace, m->pod[destination].namespace) &&
		    !strcmp(opened->destination->name, m->pod[destination].name))
			return true;
	}
	return false;
}

/* Is it the connection that was asked about? Two pods may have its address. */
static bool asked_about(const struct np_explain *x, const struct np_matrix *m, size_t port,
			size_t source, size_t destination)
{
	return m->port[port].protocol == x->flow.protocol && m->port[port].port == x->flow.port &&
	       !memcmp(&m->pod[source].address, &x->flow.source, sizeof(x->flow.source)) &&
	       !memcmp(&m->pod[destination].address, &x->flow.destination,
		       sizeof(x->flow.destination));
}

/* Has the first family counted a pair of the second one already, or was it asked about? */
static bool counted(const struct np_explain *x, const struct np_matrix *first,
		    const struct np_matrix *opened, const struct np_matrix *m, size_t port,
		    size_t source, size_t destination)
{
	size_t i, k, at;

	for (i = 0; i < first->pods && strcmp(first->pod[i].text, m->pod[source].text); i++)
		;
	for (k = 0; k < first->pods && strcmp(first->pod[k].text, m->pod[destination].text); k++)
		;
	if (i == first->pods || k == first->pods || !first->allowed)
		return false;
	at = np_matrix_at(first, port, i, k);
	return first->allowed[at] != opened->allowed[at] || asked_about(x, first, port, i, k);
}

/* One port of the matrices of a family, by [0] before and [1] after. Returns how many pairs opened. */
static size_t compare_port(const struct np_explain *x, const struct np_matrix first[2],
			   const struct np_matrix m[2], size_t port)
{
	size_t i, k, at, found = 0;

	for (i = 0; i < m[0].pods; i++) {
		for (k = 0; k < m[0].pods; k++) {
			at = np_matrix_at(&m[0], port, i, k);
			totals.pairs++;
			if (m[0].allowed[at] == m[1].allowed[at])
				continue;
			if (m[1].allowed[at] != NP_MATRIX_ALLOW)
				WRONG("the change denies %s -> %s", m[0].pod[i].text,
				      m[0].pod[k].text);
			if (asked_about(x, &m[0], port, i, k) ||
			    (m != first && counted(x, &first[0], &first[1], &m[0], port, i, k)))
				continue;
			found++;
			if (!announced(&x->change, &m[0], port, i, k))
				WRONG("%s -> %s %s opens and is not announced", m[0].pod[i].text,
				      m[0].pod[k].text, m[0].port[port].text);
		}
	}
	return found;
}

/*
 * The difference of two matrices is what was announced, and the connection itself. By family, the
 * one that was asked about first; a pair is announced once.
 */
static void compare(const struct np_explain *x, struct np_matrix m[2][2])
{
	const struct np_change *change = &x->change;
	size_t port, f, found = 0;

	for (f = 0; f < 2; f++) {
		if (m[f][0].pods != m[f][1].pods) {
			WRONG("the matrices have other rows");
			return;
		}
		for (port = 0; port < m[f][0].ports && m[f][0].allowed; port++)
			found += compare_port(x, m[0], m[f], port);
	}
	totals.opened += found;
	if (found != change->count || change->count != change->listed || change->partial)
		WRONG("%llu announced, %zu opened", (unsigned long long)change->count, found);
}

/* The change as it is printed, on top of the input: asked again, it is allowed. */
static void check_change(const struct np_explain *x, struct np_objects *objs, size_t pods)
{
	struct np_objects change, with = *objs;
	struct np_explain again = { .question = x->question };
	bool six = x->flow.source.family == AF_INET6;
	struct np_matrix m[2][2];
	struct np_error err = { 0 };
	int i;

	np_objects_init(&change);
	reread(&x->change, &change);
	with.policies = np_xcalloc(objs->policy_count + 2, sizeof(*with.policies));
	memcpy(with.policies, objs->policies, objs->policy_count * sizeof(*with.policies));
	memcpy(with.policies + objs->policy_count, change.policies,
	       change.policy_count * sizeof(*with.policies));
	with.policy_count += change.policy_count;
	again.request = x->request;
	again.named[0].end = x->request.source;
	again.named[1].end = x->request.destination;
	again.named[0].kind = *again.named[0].end.name ? NP_END_POD : NP_END_ADDRESS;
	again.named[1].kind = *again.named[1].end.name ? NP_END_POD : NP_END_ADDRESS;
	if (np_explain_objects(&again, &with, &err))
		WRONG("with the change: %s", err.text);
	else if (again.eval.verdict != NETPOL_VERDICT_ALLOW)
		WRONG("the change does not allow it");
	/* Pods that don't exist are the last ones. */
	with.pod_count = pods;
	if (pods && pods <= MATRIX_PODS) {
		struct np_objects input = *objs;

		input.pod_count = pods;
		for (i = 0; i < 2; i++) {
			matrix_of(&m[i][0], &input, &x->change, six == i ? AF_INET : AF_INET6);
			matrix_of(&m[i][1], &with, &x->change, six == i ? AF_INET : AF_INET6);
		}
		compare(x, m);
		for (i = 0; i < 2; i++) {
			np_matrix_free(&m[i][0]);
			np_matrix_free(&m[i][1]);
		}
	}
	np_explain_free(&again);
	free(with.policies);
	np_objects_free(&change);
}

/* The name of an end, for a random question. */
static const char *some_end(struct history *h, struct np_objects *objs)
{
	static const char *const made_up[] = { "", "app=a", "app=,tier=b", "example.com/app=c" };
	char text[NP_CIDR_TEXT];
	const struct np_pod *pod;

	switch (history_random(h, 12)) {
	case 0:
		return "world";
	case 1:
		return np_say(&h->pool.arena, "label:%s@n%u", made_up[history_random(h, 4)],
			      history_random(h, h->namespaces));
	case 2:
	case 3:
		return np_say(&h->pool.arena, "%s",
			      np_address_text(&h->address[history_random(h, h->addresses)], text));
	default:
		if (!objs->pod_count)
			return "world";
		pod = &objs->pods[history_random(h, objs->pod_count)];
		return np_say(&h->pool.arena, "%s/%s", pod->namespace, pod->name);
	}
}

/* A port that some pod has a name for, perhaps of another protocol. */
static void some_named_port(struct history *h, const struct np_objects *objs,
			    struct np_eval_request *request)
{
	const struct np_pod *pod;

	if (!objs->pod_count || !request->has_port || history_random(h, 2))
		return;
	pod = &objs->pods[history_random(h, objs->pod_count)];
	if (pod->port_count)
		request->port = pod->port[history_random(h, pod->port_count)].number;
}

static void some_protocol(struct history *h, const struct np_objects *objs,
			  struct np_eval_request *request)
{
	static const uint16_t ports[] = { 80, 81, 53, 443, 8080, 1, 65535, 79, 82, 32000 };
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP,
					     IPPROTO_ICMP, 47 };

	request->protocol = protocols[history_random(h, 6)];
	request->has_port = *np_protocol_name(request->protocol);
	if (request->has_port)
		request->port = ports[history_random(h, 10)];
	some_named_port(h, objs, request);
	if (!history_random(h, 4))
		request->family = history_random(h, 2) ? AF_INET : AF_INET6;
}

/* Has the change that is impossible this reason? */
static bool none_is(const struct np_explain *x, const char *text, unsigned long *count)
{
	if (!strstr(x->change.none, text))
		return false;
	++*count;
	return true;
}

/* The decision of the evaluator for the first half that has a word on why there is no change. */
static const struct evaluator_half *denying(const struct evaluator_half half[2])
{
	return half[0].judged && !half[0].allowed ? &half[0] : &half[1];
}

/*
 * What is said in place of a proposal is what the evaluator says of the half that denies: the first
 * that a NetworkPolicy cannot help, or that has a peer without a Namespace.
 */
static void check_none(const struct np_explain *x, const struct np_objects *objs)
{
	struct evaluator_half half[2];
	const struct evaluator_half *by;
	const struct np_rule *rule;
	unsigned long *count;
	const char *text;
	bool allowed;

	if (none_is(x, "so no selector matches", &totals.unknown) ||
	    none_is(x, "has no label", &totals.unknown))
		return;
	if (!judged(x, objs, &allowed, half))
		return;
	by = denying(half);
	/* A policy was made for egress, and ingress is what it cannot help. */
	if (by == &half[0] && !by->policy && !by->closed)
		by = &half[1];
	rule = by->policy ? &(by == &half[0] ? by->policy->egress :
					       by->policy->ingress)[by->rule] : NULL;
	if (by->closed) {
		text = "and it is closed";
		count = &totals.closed_pod;
	} else if (!rule) {
		text = "no ClusterNetworkPolicy denies it";
		count = &totals.none;
	} else if (rule->closed) {
		text = "could not be read";
		count = &totals.unreadable;
	} else if (by->unknown) {
		text = "only because namespace";
		count = &totals.unknown;
	} else if (by->tier == NP_TIER_BASELINE) {
		text = "in tier Baseline. A NetworkPolicy";
		count = &totals.baseline;
	} else {
		text = "in tier Admin, which no NetworkPolicy can change";
		count = &totals.admin;
	}
	if (!none_is(x, text, count))
		WRONG("%s -> %s: no change: %s; it should be: %s", x->question.source,
		      x->question.destination, x->change.none, text);
}

static void check_answer(struct np_explain *x, struct history *h, struct np_objects *objs,
			 size_t pods)
{
	const struct np_explain_step *step;
	size_t i;

	totals.asked++;
	check_evaluator(x, objs);
	for (i = 0; i < x->eval.step_count; i++) {
		step = &x->step[i];
		if (step->policy && step->rule_count)
			check_rule(x, objs, step, x->eval.step[i].direction,
				   history_random(h, step->rule_count), h);
	}
	if (x->eval.verdict != NETPOL_VERDICT_DENY)
		return;
	totals.denied++;
	if (x->change.none) {
		totals.none++;
		check_none(x, objs);
		return;
	}
	totals.changes++;
	check_change(x, objs, pods);
}

static void ask(struct history *h, struct np_objects *objs)
{
	struct np_mark mark = np_objects_mark(objs);
	struct np_error err = { 0 };
	struct np_explain x = { 0 };
	const char *word[2];
	int i;

	for (i = 0; i < 2; i++) {
		word[i] = some_end(h, objs);
		if (!np_end_parse(word[i], &x.named[i]))
			WRONG("\"%s\" is no end", word[i]);
	}
	some_protocol(h, objs, &x.request);
	np_question_set(&x.question, word[0], word[1], "some");
	if (!np_explain_objects(&x, objs, &err)) {
		check_answer(&x, h, objs, mark.pod_count);
	} else {
		totals.refused++;
		if (err.exit != NP_EXIT_INPUT || strstr(err.text, "do not agree"))
			WRONG("%s -> %s: %s", word[0], word[1], err.text);
	}
	np_explain_free(&x);
	np_objects_rewind(objs, &mark);
}

static void run_seed(uint64_t seed, unsigned int questions)
{
	struct transaction *txn;
	struct model model;
	struct history h;
	unsigned int i, k, before = totals.wrong;

	netpol_random_seed = seed + 1;
	history_begin(&h, seed);
	asked = &h;
	/* Files have no settings, so no ranges of pods. */
	h.ranges = 0;
	model_begin(&model, &h);
	for (i = 0; i < 6; i++) {
		txn = history_next(&h, &model);
		txn->gone = NULL;
		model_apply(&model, txn);
		for (k = 0; k < (h.wide ? questions / 4 : questions); k++)
			ask(&h, &model.origin[txn->origin]);
	}
	if (totals.wrong != before)
		printf("seed %llu\n", (unsigned long long)seed);
	model_free(&model);
	history_free(&h);
}

int main(int argc, char **argv)
{
	unsigned long worlds = 200, seed = 1, questions = 12, i;
	int opt;

	while ((opt = getopt(argc, argv, "n:s:q:")) != -1) {
		switch (opt) {
		case 'n': worlds = strtoul(optarg, NULL, 0); break;
		case 's': seed = strtoul(optarg, NULL, 0); break;
		case 'q': questions = strtoul(optarg, NULL, 0); break;
		default: return 2;
		}
	}
	for (i = 0; i < worlds && totals.wrong < 20; i++)
		run_seed(seed + i, (unsigned int)questions);
	printf("%lu histories from seed %lu: %lu questions answered, %lu refused, %lu denied\n", i,
	       seed, totals.asked, totals.refused, totals.denied);
	printf("%lu rules and %lu parts of rules asked of the core, %lu of them put right\n",
	       totals.rules, totals.parts, totals.mended);
	printf("%lu changes applied, %lu not possible; %lu more connections opened, as announced, "
	       "of %lu\n", totals.changes, totals.none, totals.opened, totals.pairs);
	printf("of ClusterNetworkPolicies: %lu rules, %lu closed, %lu in doubt, %lu parts, %lu of them "
	       "put right, %lu that pass\n", totals.cluster_rules, totals.closed, totals.doubts,
	       totals.cluster_parts, totals.cluster_mended, totals.passes);
	printf("no change because of: Admin %lu, Baseline %lu, unreadable %lu, unknown peer %lu, "
	       "unknown pod %lu\n", totals.admin, totals.baseline, totals.unreadable,
	       totals.unknown, totals.closed_pod);
	printf("explanations, core and evaluator: %lu questions compared, %u mismatches\n",
	       totals.evaluated, totals.wrong);
	return totals.wrong || totals.evaluated < 10 * worlds || !totals.opened || !totals.mended ||
	       !totals.cluster_mended || !totals.closed || !totals.doubts || !totals.passes ||
	       !totals.admin || !totals.baseline || !totals.unreadable || !totals.unknown ||
	       !totals.closed_pod;
}
