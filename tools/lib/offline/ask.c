// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Answers a question about one connection from files.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netpol.h>

#include "base/alloc.h"
#include "offline/ask.h"

/**
 * struct np_ask_end - an end of the connection
 * @pod: NULL: the end is an address
 * @address: addresses by [family == AF_INET6]; NULL: none of that family
 * @name: for messages; "": the end is an address
 */
struct np_ask_end {
	const struct np_pod *pod;
	const struct np_address *address[2];
	char name[NETPOL_NAMESPACE_MAX + NETPOL_NAME_MAX + 2];
};

static int np_ask_pod(const struct np_objects *objs, const struct np_end *from,
		      struct np_ask_end *end, struct np_error *err)
{
	const struct np_pod *pod = NULL;
	bool v6;
	size_t i;

	snprintf(end->name, sizeof(end->name), "%s/%s", from->namespace, from->name);
	for (i = 0; i < objs->pod_count && !pod; i++)
		if (!strcmp(objs->pods[i].namespace, from->namespace) &&
		    !strcmp(objs->pods[i].name, from->name))
			pod = &objs->pods[i];
	if (!pod || !np_pod_usable(pod)) {
		np_error_set(err, NP_EXIT_INPUT, pod ? "the pod %s has no address, is finished, or "
			     "is on the network of its host" : "there is no pod %s in the input",
			     end->name);
		np_error_hint(err, pod ? "give an address, as 10.0.0.1" :
			      "give the file that has it with -f, or an address");
		return -1;
	}
	end->pod = pod;
	for (i = pod->address_count; i--;) {
		v6 = pod->address[i].family == AF_INET6;
		end->address[v6] = &pod->address[i];
	}
	return 0;
}

static int np_ask_end(const struct np_objects *objs, const struct np_end *from,
		      struct np_ask_end *end, struct np_error *err)
{
	if (*from->name)
		return np_ask_pod(objs, from, end, err);
	end->address[from->address.family == AF_INET6] = &from->address;
	return 0;
}

const struct np_pod *np_ask_owner(const struct np_objects *objs,
				  const struct np_address *address, const struct np_pod *but)
{
	const struct np_pod *pod;
	size_t i, j;

	for (i = 0; i < objs->pod_count; i++) {
		pod = &objs->pods[i];
		for (j = 0; pod != but && np_pod_usable(pod) && j < pod->address_count; j++)
			if (!memcmp(&pod->address[j], address, sizeof(*address)))
				return pod;
	}
	return NULL;
}

/* Without a pod at either end every answer is ALLOW: more likely an address is wrong. */
static int np_ask_check(const struct np_objects *objs, const struct np_flow *flow,
			const struct np_ask_end *end, struct np_error *err)
{
	const struct np_address *address[] = { &flow->source, &flow->destination };
	const struct np_pod *other;
	size_t i;

	for (i = 0; i < 2; i++) {
		other = end[i].pod ? np_ask_owner(objs, address[i], end[i].pod) : NULL;
		if (!other)
			continue;
		np_error_set(err, NP_EXIT_INPUT, "the pods %s and %s/%s have one address",
			     end[i].name, other->namespace, other->name);
		np_error_hint(err, "leave out the one that has the address no more");
		return -1;
	}
	if (end[0].pod || end[1].pod || np_ask_owner(objs, address[0], NULL) ||
	    np_ask_owner(objs, address[1], NULL))
		return 0;
	np_error_set(err, NP_EXIT_INPUT, "neither address is that of a pod in the input, so no "
		     "policy is asked");
	np_error_hint(err, "see the addresses of pods with: kubectl get pods -o wide");
	return -1;
}

/* The kernel's order: the family that was asked for, else IPv4 if both ends have it. */
static int np_ask_choose(const struct np_objects *objs, const struct np_eval_request *request,
			 struct np_ask_end *end, struct np_flow *flow, struct np_error *err)
{
	int v6;

	if (np_ask_end(objs, &request->source, &end[0], err) ||
	    np_ask_end(objs, &request->destination, &end[1], err))
		return -1;
	flow->protocol = request->protocol;
	flow->port = request->port;
	for (v6 = 0; v6 < 2; v6++) {
		if (!end[0].address[v6] || !end[1].address[v6] ||
		    (request->family && request->family != (v6 ? AF_INET6 : AF_INET)))
			continue;
		flow->source = *end[0].address[v6];
		flow->destination = *end[1].address[v6];
		return 0;
	}
	np_error_set(err, NP_EXIT_INPUT, "the two ends have no addresses of the same family%s",
		     request->family ? " that was asked for" : "");
	np_error_hint(err, "see the addresses of pods with: kubectl get pods -o wide");
	return -1;
}

int np_ask_find(const struct np_objects *objs, const struct np_eval_request *request,
		struct np_flow *flow, struct np_error *err)
{
	struct np_ask_end end[2] = { 0 };

	return np_ask_choose(objs, request, end, flow, err);
}

int np_ask_flow(const struct np_objects *objs, const struct np_eval_request *request,
		struct np_flow *flow, struct np_error *err)
{
	struct np_ask_end end[2] = { 0 };

	if (np_ask_choose(objs, request, end, flow, err))
		return -1;
	return np_ask_check(objs, flow, end, err);
}

/* What the subject of a half lacks, so that it is closed. */
static void np_ask_shortage(const struct netpol_step *step, struct np_shortage *to)
{
	const struct netpol_lack *lack = &step->subject->runtime->lack[step->direction];

	to->direction = step->direction;
	to->limit = lack->limit;
	to->bytes = lack->need == NETPOL_CELLS_NEED ? 0 : lack->need;
	if (!lack->cluster)
		snprintf(to->namespace, sizeof(to->namespace), "%s",
			 step->subject->pod->template->ns->name);
}

static int np_ask_visit(void *context, const struct netpol_step *step)
{
	struct np_eval *eval = context;
	struct np_step *to;

	eval->step = np_array_grow(eval->step, eval->step_count, sizeof(*eval->step));
	to = &eval->step[eval->step_count++];
	memset(to, 0, sizeof(*to));
	to->direction = step->direction;
	to->reason = step->reason;
	if (!step->policy || step->accept || step->action == NETPOL_ACTION_DENY)
		to->verdict = step->accept ? NETPOL_VERDICT_ALLOW : NETPOL_VERDICT_DENY;
	if (!step->policy && step->audit)
		to->verdict = NETPOL_VERDICT_AUDIT;
	if (step->subject) {
		snprintf(to->pod_namespace, sizeof(to->pod_namespace), "%s",
			 step->subject->pod->template->ns->name);
		snprintf(to->pod_name, sizeof(to->pod_name), "%s",
			 netpol_pod_name(step->subject->pod));
	}
	if (step->reason == NETPOL_REASON_NO_ROOM)
		np_ask_shortage(step, &to->lack);
	if (step->policy) {
		snprintf(to->policy_namespace, sizeof(to->policy_namespace), "%s",
			 step->policy->ns->name);
		snprintf(to->policy_name, sizeof(to->policy_name), "%s", step->policy->name);
		to->tier = step->policy->tier;
		to->action = step->action;
		to->audited = step->audit;
		snprintf(to->rule_name, sizeof(to->rule_name), "%s", step->name ? step->name : "");
		to->has_rule = step->rule != NETPOL_NO_RULE;
		to->rule = to->has_rule ? step->rule : 0;
	}
	return 0;
}

void np_ask_judge(const struct np_offline *off, const struct np_flow *flow, struct np_eval *eval)
{
	struct netpol_judgement judgement;

	memset(eval, 0, sizeof(*eval));
	np_offline_explain(off, flow, &judgement, np_ask_visit, eval);
	eval->verdict = judgement.accept ? NETPOL_VERDICT_ALLOW : NETPOL_VERDICT_DENY;
	if (netpol_judgement_audit(&judgement))
		eval->verdict = NETPOL_VERDICT_AUDIT;
	eval->reason = judgement.reason;
	eval->direction = judgement.direction;
	eval->has_direction = true;
}

int np_offline_ask(const struct np_objects *objs, const struct np_eval_request *request,
		   struct np_eval *eval, struct np_error *err)
{
	struct np_offline off;
	struct np_flow flow;
	int ret;

	memset(eval, 0, sizeof(*eval));
	if (np_ask_flow(objs, request, &flow, err) || np_offline_init(&off, NULL, err))
		return -1;
	ret = np_offline_apply(&off, "manual", objs, true, err);
	if (!ret)
		np_ask_judge(&off, &flow, eval);
	np_offline_free(&off);
	return ret;
}
