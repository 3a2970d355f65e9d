// SPDX-License-Identifier: GPL-2.0-or-later
/* Why a connection is allowed or denied. */
#include "explain/explain.h"

#include <stdlib.h>
#include <string.h>

#include "explain/say.h"
#include "offline/ask.h"

void np_explain_free(struct np_explain *x)
{
	np_observe_free(&x->observed);
	np_eval_free(&x->eval);
	np_change_free(&x->change);
	np_arena_free(&x->arena);
	memset(x, 0, sizeof(*x));
}

/* Which of the ends a direction judges. */
static unsigned int np_explain_subject(uint8_t direction)
{
	return direction == NETPOL_DIRECTION_INGRESS;
}

/* The pod at an end: the one that was named, or the one that a step is about. */
static const struct np_pod *np_explain_pod(const struct np_explain *x,
					   const struct np_objects *objs, unsigned int end)
{
	const struct np_end *asked = end ? &x->request.destination : &x->request.source;
	const char *namespace = asked->namespace, *name = asked->name;
	const struct np_step *step;
	size_t i;

	for (i = 0; !*name && i < x->eval.step_count; i++) {
		step = &x->eval.step[i];
		if (np_explain_subject(step->direction) != end || !*step->pod_name)
			continue;
		namespace = step->pod_namespace;
		name = step->pod_name;
	}
	if (!*name)
		return np_ask_owner(objs, end ? &x->flow.destination : &x->flow.source, NULL);
	for (i = 0; i < objs->pod_count; i++)
		if (!strcmp(objs->pods[i].namespace, namespace) &&
		    !strcmp(objs->pods[i].name, name))
			return &objs->pods[i];
	return NULL;
}

static void np_explain_end(struct np_explain *x, const struct np_objects *objs, unsigned int end)
{
	const struct np_address *address = end ? &x->flow.destination : &x->flow.source;
	const struct np_pod *pod = np_explain_pod(x, objs, end);
	char text[NP_CIDR_TEXT];
	const char *name;

	if (x->named[end].kind == NP_END_MADE_UP)
		name = x->named[end].text;
	else if (pod)
		name = np_say(&x->arena, "%s/%s", pod->namespace, pod->name);
	else
		name = np_say(&x->arena, "%s", np_address_text(address, text));
	np_reason_end(objs, pod, address, name, &x->end[end]);
	x->end[end].made_up = x->named[end].kind == NP_END_MADE_UP;
}

static const struct np_policy *np_explain_policy(const struct np_objects *objs,
						 const char *const *origin,
						 const struct np_step *step)
{
	const struct np_policy *policy;
	size_t i;

	for (i = 0; i < objs->policy_count; i++) {
		policy = &objs->policies[i];
		if (!strcmp(policy->name, step->policy_name) &&
		    !strcmp(policy->namespace, step->policy_namespace) &&
		    (!origin || !strcmp(origin[i], step->policy_origin)))
			return policy;
	}
	return NULL;
}

static int np_explain_unlike(const struct np_explain *x, const struct np_step *step,
			     const char *what, struct np_error *err)
{
	np_error_set(err, x->eval.has_generation ? NP_EXIT_KERNEL : NP_EXIT_INPUT,
		     "the verdict and the words about %s/%s do not agree: %s",
		     np_step_space(step), step->policy_name, what);
	np_error_hint(err, "this is a fault of netpolctl; 'netpolctl eval' gives the verdict "
		      "alone");
	return -1;
}

/* Explains the rules of one policy. Returns the first that matches, or their number. */
static uint32_t np_explain_words(const struct np_reason_about *about,
				 const struct np_policy *policy, const struct np_rule *rule,
				 struct np_explain_step *to)
{
	uint32_t i, first = to->rule_count;

	for (i = 0; i < to->rule_count; i++) {
		np_reason_rule(about, policy, &rule[i], &to->rule[i]);
		if (i < first && to->rule[i].matches)
			first = i;
	}
	return first;
}

/* Explains the rules of one policy, and holds them against what the core says of it. */
static int np_explain_rules(struct np_explain *x, const struct np_step *step,
			    struct np_explain_step *to, struct np_error *err)
{
	bool egress = step->direction == NETPOL_DIRECTION_EGRESS;
	const struct np_rule *rule = egress ? to->policy->egress : to->policy->ingress;
	struct np_reason_about about = {
		.arena = &x->arena,
		.peer = &x->end[egress],
		.destination = &x->end[1],
		.protocol = x->flow.protocol,
		.port = x->flow.port,
		.egress = egress,
	};
	uint32_t first, wanted;

	to->rule_count = egress ? to->policy->egress_count : to->policy->ingress_count;
	to->rule = np_arena_zalloc(&x->arena, (to->rule_count + 1) * sizeof(*to->rule));
	wanted = step->has_rule ? step->rule : to->rule_count;
	first = np_explain_words(&about, to->policy, rule, to);
	if (first != wanted && !about.peer->pod && to->policy->tier != NP_TIER_NETWORK_POLICY) {
		/* the kernel knows from its settings that the address is a pod's */
		about.unknown = true;
		first = np_explain_words(&about, to->policy, rule, to);
	}
	if (first == wanted)
		return 0;
	if (!step->has_rule)
		return np_explain_unlike(x, step, "a rule matches by its words only", err);
	if (first == to->rule_count)
		return np_explain_unlike(x, step, "no rule matches by its words", err);
	return np_explain_unlike(x, step, "another rule matches first", err);
}

int np_explain_fill(struct np_explain *x, const struct np_objects *objs,
		    const char *const *origin, struct np_error *err)
{
	const struct np_step *step;
	size_t i;

	np_explain_end(x, objs, 0);
	np_explain_end(x, objs, 1);
	x->step = np_arena_zalloc(&x->arena, (x->eval.step_count + 1) * sizeof(*x->step));
	for (i = 0; i < x->eval.step_count; i++) {
		step = &x->eval.step[i];
		if (!*step->policy_name)
			continue;
		x->step[i].policy = np_explain_policy(objs, origin, step);
		if (!x->step[i].policy)
			return np_explain_unlike(x, step, "there is no such policy", err);
		if (np_explain_rules(x, step, &x->step[i], err))
			return -1;
	}
	return 0;
}

/* The node reaches its own pods, before any policy is asked; this is what EVAL says of it. */
static void np_explain_own_node(struct np_explain *x)
{
	x->eval.verdict = NETPOL_VERDICT_ALLOW;
	x->eval.reason = NETPOL_REASON_OWN_NODE;
	x->eval.direction = NETPOL_DIRECTION_EGRESS;
	x->eval.has_direction = true;
	x->eval.step = np_array_grow(NULL, 0, sizeof(*x->eval.step));
	x->eval.step_count = 1;
	x->eval.step[0] = (struct np_step) {
		.direction = NETPOL_DIRECTION_EGRESS,
		.verdict = NETPOL_VERDICT_ALLOW,
		.reason = NETPOL_REASON_OWN_NODE,
	};
}

/* Finds the connection, and loads a world that judges it. */
static int np_explain_judge(struct np_explain *x, const struct np_objects *objs,
			    struct np_offline *off, struct np_error *err)
{
	if (np_offline_init(off, NULL, err))
		return -1;
	if (x->named[0].kind == NP_END_HOST) {
		/* An end that is found is all that is asked of the destination. */
		x->request.source = x->request.destination;
		if (np_ask_find(objs, &x->request, &x->flow, err))
			return -1;
		np_explain_own_node(x);
		return 0;
	}
	if (np_ask_flow(objs, &x->request, &x->flow, err) ||
	    np_offline_apply(off, "manual", objs, true, err) ||
	    np_offline_observe(off, &x->observed, err))
		return -1;
	np_ask_judge(off, &x->flow, &x->eval);
	return 0;
}

/* Does another pod of the workload at an end get another verdict? Returns it, or NULL. */
static const struct np_pod *np_explain_other(const struct np_explain *x,
					     const struct np_objects *objs,
					     const struct np_offline *off, unsigned int end,
					     size_t *count)
{
	const struct np_pod *asked = x->end[end].pod, *pod, *found = NULL;
	struct np_flow flow = x->flow;
	struct np_address *address = end ? &flow.destination : &flow.source;
	bool allowed = np_verdict_passes(x->eval.verdict);
	uint8_t family = address->family;
	uint32_t k;
	size_t i;

	for (i = 0, *count = 0; i < objs->pod_count; i++) {
		pod = &objs->pods[i];
		if (pod == asked || !pod->owner || strcmp(pod->owner, asked->owner) ||
		    strcmp(pod->namespace, asked->namespace) || !np_pod_usable(pod))
			continue;
		for (k = 0; k < pod->address_count && pod->address[k].family != family; k++)
			;
		if (k == pod->address_count)
			continue;
		*address = pod->address[k];
		if (np_offline_judge(off, &flow, NULL) == allowed)
			continue;
		(*count)++;
		if (!found || strcmp(pod->name, found->name) < 0)
			found = pod;
	}
	return found;
}

/* One pod is asked about for its workload; that the others are not treated alike is said. */
static void np_explain_workload(struct np_explain *x, const struct np_objects *objs,
				const struct np_offline *off, unsigned int end)
{
	struct np_named_end *named = &x->named[end];
	size_t used = strlen(named->note), count;
	const struct np_pod *other;

	if (!named->workload || !x->end[end].pod)
		return;
	other = np_explain_other(x, objs, off, end, &count);
	if (other)
		snprintf(named->note + used, sizeof(named->note) - used,
			 "; the verdict is another one for %zu of them, as for %s", count,
			 other->name);
}

/* What would allow a connection that is denied: eval is why. */
static int np_explain_change(struct np_explain *x, struct np_objects *objs,
			     const struct np_offline *off, const struct np_eval *eval,
			     struct np_error *err)
{
	return np_change_find(&x->change, objs, &x->observed, off, eval, &x->flow, x->end,
			      x->named[0].kind == NP_END_WORLD ||
			      x->named[1].kind == NP_END_WORLD, err);
}

int np_explain_ends(struct np_explain *x, struct np_objects *objs, struct np_error *err)
{
	int ret = np_end_resolve(objs, &x->named[0], &x->named[1], x->request.family, err);

	x->request.source = x->named[0].end;
	x->request.destination = x->named[1].end;
	return ret;
}

int np_explain_objects(struct np_explain *x, struct np_objects *objs, struct np_error *err)
{
	struct np_offline off = { 0 };
	int ret;

	ret = np_explain_ends(x, objs, err);
	if (!ret)
		ret = np_explain_judge(x, objs, &off, err);
	if (!ret && x->named[0].kind != NP_END_HOST)
		ret = np_explain_fill(x, objs, NULL, err);
	if (!ret) {
		np_explain_workload(x, objs, &off, 0);
		np_explain_workload(x, objs, &off, 1);
	}
	if (!ret && x->eval.verdict == NETPOL_VERDICT_DENY)
		ret = np_explain_change(x, objs, &off, &x->eval, err);
	np_offline_free(&off);
	return ret;
}

/*
 * Why the kernel denies what no policy would allow, or NULL. By what is loaded alone it may look
 * otherwise: files have no limits that other commits came under, and no settings.
 */
static const char *np_explain_hopeless(const struct np_eval *eval)
{
	bool room = eval->reason != NETPOL_REASON_NO_ROOM;
	size_t i;

	for (i = 0; i < eval->step_count; i++)
		room &= eval->step[i].reason != NETPOL_REASON_NO_ROOM;
	if (!room)
		return NP_CHANGE_NO_ROOM;
	return eval->reason == NETPOL_REASON_ISOLATED || eval->reason == NETPOL_REASON_RULE ?
	       NULL : "no policy is what denies it";
}

static int np_explain_policy_order(const void *a, const void *b)
{
	const struct np_policy *left = *(const struct np_policy *const *)a;
	const struct np_policy *right = *(const struct np_policy *const *)b;
	int order = strcmp(left->namespace, right->namespace);

	return order ? order : strcmp(left->name, right->name);
}

/* A policy of whose name there is another one, of another origin, or NULL. */
static const struct np_policy *np_explain_namesake(const struct np_objects *objs)
{
	const struct np_policy **policy = np_xcalloc(objs->policy_count + 1, sizeof(*policy));
	const struct np_policy *found = NULL;
	size_t i;

	for (i = 0; i < objs->policy_count; i++)
		policy[i] = &objs->policies[i];
	qsort(policy, objs->policy_count, sizeof(*policy), np_explain_policy_order);
	for (i = 1; i < objs->policy_count && !found; i++)
		if (!np_explain_policy_order(&policy[i - 1], &policy[i]))
			found = policy[i];
	free(policy);
	return found;
}

/* Loads the objects into a world, and looks there for what would allow the connection. */
static int np_explain_try_out(struct np_explain *x, struct np_objects *objs, struct np_error *err)
{
	struct np_offline off = { 0 };
	struct np_eval eval = { 0 };
	int ret;

	ret = np_offline_init(&off, NULL, err);
	if (!ret)
		ret = np_offline_apply(&off, "manual", objs, true, err);
	if (!ret)
		ret = np_offline_observe(&off, &x->observed, err);
	if (!ret)
		np_ask_judge(&off, &x->flow, &eval);
	if (!ret && eval.verdict != NETPOL_VERDICT_DENY)
		x->change.none = "by the policies that are loaded it is allowed";
	else if (!ret)
		ret = np_explain_change(x, objs, &off, &eval, err);
	np_eval_free(&eval);
	np_offline_free(&off);
	return ret;
}

void np_explain_propose(struct np_explain *x, struct np_objects *objs)
{
	const struct np_policy *namesake;
	struct np_error err = { 0 };

	x->change.none = np_explain_hopeless(&x->eval);
	if (x->change.none)
		return;
	namesake = np_explain_namesake(objs);
	if (namesake) {
		x->change.none = np_say(&x->arena, "more than one policy %s%s%s is loaded, of "
					"several origins, and a change is tried out with one only",
					namesake->namespace, *namesake->namespace ? "/" : "",
					namesake->name);
		return;
	}
	if (!np_explain_try_out(x, objs, &err))
		return;
	/* what the kernel answered is told nevertheless */
	np_change_free(&x->change);
	x->change.none = np_say(&x->arena, "what is loaded cannot be tried out as if all pods "
				"were of this node (%s)", err.text);
}
