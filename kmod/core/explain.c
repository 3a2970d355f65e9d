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

static bool rule_covers_port(const struct netpol_rule *rule, const struct netpol_ports *ports,
			     const struct netpol_flow *flow)
{
	u32 i;

	for (i = 0; i < rule->nports; i++) {
		const struct netpol_rule_port *port = &rule->port[i];

		if (port->protocol != flow->protocol)
			continue;
		if (port->name ? port_named(ports, port, flow) :
		    port->first <= flow->port && flow->port <= port->last)
			return true;
	}
	return !rule->nports;
}

static bool rule_covers_peer(const struct netpol_rule *rule, u32 identity, u8 family,
			     const void *address)
{
	u32 i;

	for (i = 0; i < rule->npeers; i++) {
		const struct netpol_rule_peer *peer = &rule->peer[i];

		if (peer->pods ? identity && netpol_idset_has(&peer->pods->set, identity) :
		    netpol_block_has(peer->block, family, address))
			return true;
	}
	return !rule->npeers;
}

/* The index of the first rule that matches among those of the direction, or NETPOL_NO_RULE. */
static u32 first_rule(const struct netpol_policy *policy, u8 direction,
		      const struct netpol_ports *ports, u32 identity,
		      const struct netpol_flow *flow)
{
	const void *address = direction == NETPOL_DIRECTION_EGRESS ? flow->destination :
								     flow->source;
	u32 i;

	for (i = 0; i < policy->nrules; i++) {
		const struct netpol_rule *rule = &policy->rule[i];

		if (rule->direction == direction && !flow->no_ports &&
		    rule_covers_port(rule, ports, flow) &&
		    rule_covers_peer(rule, identity, flow->family, address))
			return rule->index;
	}
	return NETPOL_NO_RULE;
}

/* Visits the steps of one half: its policies, and the step that sums it up. */
static int explain_half(const struct netpol_snapshot *snapshot,
			const struct netpol_flow *flow, u8 direction,
			const struct netpol_decision *half, const struct netpol_end *other,
			int (*visit)(void *context, const struct netpol_step *step),
			void *context)
{
	struct netpol_step step = { .direction = direction, .subject = half->subject };
	const struct netpol_program *program = half->program;
	const struct netpol_ports *ports;
	int error = 0;
	u32 i;

	ports = direction == NETPOL_DIRECTION_INGRESS ?
		half->subject->pod->template->ports :
		netpol_snapshot_ports(snapshot, other->identity);
	for (i = 0; program && i < program->npolicies && !error; i++) {
		step.policy = program->policy[i];
		step.rule = first_rule(step.policy, direction, ports, other->identity, flow);
		step.accept = step.rule != NETPOL_NO_RULE;
		step.reason = step.accept ? NETPOL_REASON_RULE : NETPOL_REASON_ISOLATED;
		error = visit(context, &step);
	}
	if (error)
		return error;
	step.policy = NULL;
	step.rule = NETPOL_NO_RULE;
	step.accept = half->accept;
	step.reason = half->reason;
	return visit(context, &step);
}

/**
 * netpol_explain() - judge a flow by the snapshot in force, and list what is behind the verdict
 * @world: world, locked
 * @flow: what is judged; both ends are looked up by address
 * @judgement: filled
 * @visit: called for each step, in order: egress, then ingress, and for each half its policies,
 *	then a step that sums it up; an error ends the walk
 * @context: passed to @visit
 *
 * Both halves are explained, even if egress denies.
 *
 * Return: 0, or what @visit returned.
 */
int netpol_explain(struct netpol_world *world, const struct netpol_flow *flow,
		   struct netpol_judgement *judgement,
		   int (*visit)(void *context, const struct netpol_step *step),
		   void *context)
{
	const struct netpol_snapshot *snapshot = world->snapshot;
	struct netpol_end source, destination;
	struct netpol_decision half;
	int error = 0;

	netpol_resolve(snapshot, flow->family, flow->source, &source);
	netpol_resolve(snapshot, flow->family, flow->destination, &destination);
	netpol_judge(snapshot, flow, &source, &destination, judgement);
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
		error = explain_half(snapshot, flow, NETPOL_DIRECTION_EGRESS, &half,
				     &destination, visit, context);
	}
	if (destination.local && !error) {
		netpol_judge_half(snapshot, flow, NETPOL_DIRECTION_INGRESS,
				  destination.local, &source, &half);
		error = explain_half(snapshot, flow, NETPOL_DIRECTION_INGRESS, &half,
				     &source, visit, context);
	}
	return error;
}
