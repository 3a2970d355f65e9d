// SPDX-License-Identifier: GPL-2.0
/* Explanations of verdicts; see explain.h. */
#include "core/explain.h"

/* Does one of the named ports give the name of @port to the destination port of the flow? */
static bool port_named(const struct netpol_ports *ports, const struct netpol_rule_port *port,
		       const struct netpol_flow *flow)
{
	u32 i;

	for (i = 0; ports && i < ports->count; i++)
		if (ports->port[i].name == port->name &&
		    ports->port[i].protocol == flow->protocol &&
		    ports->port[i].port == flow->port)
			return true;
	return false;
}

/**
 * struct question - what the rules of one half are asked
 * @flow: what is judged
 * @direction: enum netpol_direction
 * @ports: named ports of the destination, or NULL
 * @identity: identity of the other end, see netpol_program_identity()
 * @unknown: the other end is a pod that is not known
 * @address: of the other end
 */
struct question {
	const struct netpol_flow *flow;
	u8 direction;
	const struct netpol_ports *ports;
	u32 identity;
	bool unknown;
	const void *address;
};

static bool rule_covers_port(const struct netpol_rule *rule, const struct question *question)
{
	const struct netpol_flow *flow = question->flow;
	u32 i;

	for (i = 0; i < rule->nports; i++) {
		const struct netpol_rule_port *port = &rule->port[i];

		if (port->protocol != flow->protocol)
			continue;
		if (!port->name && port->first <= flow->port && flow->port <= port->last)
			return true;
		if (port->name && port_named(question->ports, port, flow))
			return true;
		/* what names an unknown pod gives to its ports is not known either */
		if (port->name && question->unknown && netpol_rule_doubts(rule) &&
		    question->direction == NETPOL_DIRECTION_EGRESS)
			return true;
	}
	return !rule->nports;
}

static bool rule_covers_peer(const struct netpol_rule *rule, const struct question *question)
{
	u32 i;

	for (i = 0; i < rule->npeers; i++) {
		const struct netpol_rule_peer *peer = &rule->peer[i];

		if (peer->block && netpol_block_has(peer->block, question->flow->family,
						    question->address))
			return true;
		if (peer->pods && question->identity &&
		    netpol_idset_has(&peer->pods->set, question->identity))
			return true;
	}
	return !rule->npeers || (question->unknown && netpol_rule_doubts(rule));
}

/* What a rule that matches does; a Pass denies where it could also be that it does not match. */
static u8 rule_action(const struct netpol_rule *rule, const struct question *question)
{
	if (rule->action == NETPOL_ACTION_PASS && question->unknown && netpol_rule_doubts(rule))
		return NETPOL_ACTION_DENY;
	return rule->action;
}

/* The first rule of a policy that matches, or NULL. */
static const struct netpol_rule *first_rule(const struct netpol_policy *policy,
					    const struct question *question)
{
	u32 i;

	for (i = 0; i < policy->nrules; i++) {
		const struct netpol_rule *rule = &policy->rule[i];

		if (rule->direction == question->direction && !question->flow->no_ports &&
		    rule->action != NETPOL_ACTION_NONE && rule_covers_port(rule, question) &&
		    rule_covers_peer(rule, question))
			return rule;
	}
	return NULL;
}

/* What the rules of one half are asked. */
static struct question half_question(const struct netpol_world *world,
				     const struct netpol_flow *flow, u8 direction,
				     const struct netpol_decision *half,
				     const struct netpol_end *other)
{
	const struct netpol_snapshot *snapshot = world->snapshot;
	bool egress = direction == NETPOL_DIRECTION_EGRESS;
	struct question question = {
		.flow = flow,
		.direction = direction,
		.identity = other->identity,
		.address = egress ? flow->destination : flow->source,
	};

	question.ports = egress ? netpol_snapshot_ports(snapshot, other->identity) :
				  half->subject->pod->template->ports;
	if (half->program && half->program->doubts) {
		question.identity = netpol_program_identity(snapshot, half->program, flow->family,
							    other->identity, question.address);
		question.unknown = netpol_idset_has(&world->unknown->set, question.identity);
	}
	return question;
}

/* Makes the step about one policy. Return: the rule that matches, or NULL. */
static const struct netpol_rule *policy_step(const struct netpol_policy *policy,
					     const struct question *question,
					     struct netpol_step *step)
{
	const struct netpol_rule *rule = first_rule(policy, question);

	step->policy = policy;
	step->rule = rule ? rule->index : NETPOL_NO_RULE;
	step->name = rule ? rule->name : NULL;
	step->action = rule ? rule_action(rule, question) : NETPOL_ACTION_NONE;
	step->accept = step->action == NETPOL_ACTION_ACCEPT;
	step->reason = rule ? NETPOL_REASON_RULE :
		       policy->namespaces ? NETPOL_REASON_NOT_ISOLATED : NETPOL_REASON_ISOLATED;
	return rule;
}

/*
 * Visits the policies of a half. The first match of a cluster-wide tier ends the tier: with the
 * verdict, or with a Pass on to the next one.
 */
static int explain_policies(const struct netpol_decision *half,
			    const struct question *question, struct netpol_step *step,
			    int (*visit)(void *context, const struct netpol_step *step),
			    void *context)
{
	const struct netpol_program *program = half->program;
	const struct netpol_rule *rule;
	u8 over = 0;
	int error = 0;
	u32 i;

	for (i = 0; i < program->nenforced && !error; i++) {
		if (program->policy[i]->tier <= over)
			continue;
		rule = policy_step(program->policy[i], question, step);
		error = visit(context, step);
		if (!rule || !step->policy->namespaces)
			continue;
		if (step->action != NETPOL_ACTION_PASS)
			break;
		over = step->policy->tier;
	}
	/* where others deny, nobody asks them */
	step->audit = true;
	for (i = program->nenforced; i < program->npolicies && !error; i++) {
		if (!half->audit && half->observed == NETPOL_CELL_NONE)
			break;
		policy_step(program->policy[i], question, step);
		error = visit(context, step);
	}
	step->audit = false;
	step->policy = NULL;
	step->rule = NETPOL_NO_RULE;
	step->name = NULL;
	step->action = NETPOL_ACTION_NONE;
	return error;
}

/* Visits the steps of one half: its policies, and the step that sums it up. */
static int explain_half(const struct netpol_world *world, const struct netpol_flow *flow,
			u8 direction, const struct netpol_decision *half,
			const struct netpol_end *other,
			int (*visit)(void *context, const struct netpol_step *step),
			void *context)
{
	struct question question = half_question(world, flow, direction, half, other);
	struct netpol_step step = { .direction = direction, .subject = half->subject,
				    .rule = NETPOL_NO_RULE };
	int error = 0;

	if (half->program)
		error = explain_policies(half, &question, &step, visit, context);
	if (error)
		return error;
	step.accept = half->accept;
	step.audit = half->audit;
	step.reason = netpol_reason_told(half->reason, half->program);
	return visit(context, &step);
}

/**
 * netpol_explain() - judge a flow by the snapshot in force, and list what is behind the verdict
 * @world: world, locked
 * @flow: what is judged; both ends are looked up by address
 * @to_node: the destination is an address of this node
 * @judgement: filled
 * @visit: called for each step, in order: egress, then ingress, and for each half its policies,
 *	then a step that sums it up; an error ends the walk
 * @context: passed to @visit
 *
 * Both halves are explained, even if egress denies.
 *
 * Return: 0, or what @visit returned.
 */
int netpol_explain(struct netpol_world *world, const struct netpol_flow *flow, bool to_node,
		   struct netpol_judgement *judgement,
		   int (*visit)(void *context, const struct netpol_step *step),
		   void *context)
{
	const struct netpol_snapshot *snapshot = world->snapshot;
	struct netpol_end source, destination;
	const struct netpol_decision *last;
	struct netpol_decision half;
	int error = 0;

	netpol_resolve(snapshot, flow->family, flow->source, &source);
	netpol_resolve(snapshot, flow->family, flow->destination, &destination);
	destination.node = to_node && !destination.identity;
	netpol_judge(snapshot, flow, &source, &destination, judgement);
	last = &judgement->half[judgement->direction];
	if (last->subject)
		judgement->reason = netpol_reason_told(last->reason, last->program);
	if (judgement->reason == NETPOL_REASON_SELF ||
	    judgement->reason == NETPOL_REASON_NOT_LOCAL) {
		struct netpol_step step = {
			.direction = judgement->direction,
			.reason = judgement->reason,
			.accept = true,
			.subject = source.local,
			.rule = NETPOL_NO_RULE,
		};

		return visit(context, &step);
	}
	if (source.local) {
		netpol_judge_half(snapshot, flow, NETPOL_DIRECTION_EGRESS, source.local,
				  &destination, &half);
		error = explain_half(world, flow, NETPOL_DIRECTION_EGRESS, &half, &destination,
				     visit, context);
	}
	if (destination.local && !error) {
		netpol_judge_half(snapshot, flow, NETPOL_DIRECTION_INGRESS,
				  destination.local, &source, &half);
		error = explain_half(world, flow, NETPOL_DIRECTION_INGRESS, &half, &source,
				     visit, context);
	}
	return error;
}
