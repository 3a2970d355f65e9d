// SPDX-License-Identifier: GPL-2.0
/* The verdict; see classify.h. */
#include "core/classify.h"

/**
 * netpol_resolve() - find out which pod an address belongs to
 * @snapshot: state in force
 * @family: AF_INET or AF_INET6
 * @address: network order
 * @end: filled; an address of a local pod whose interface is gone belongs to no pod
 */
void netpol_resolve(const struct netpol_snapshot *snapshot, u8 family, const void *address,
		    struct netpol_end *end)
{
	u32 value = netpol_address_value(snapshot, family, address);
	const struct netpol_local *local;

	end->identity = value;
	end->node = false;
	end->local = NULL;
	if (!(value & NETPOL_VALUE_LOCAL))
		return;
	local = netpol_snapshot_local(snapshot, value & ~NETPOL_VALUE_LOCAL);
	if (READ_ONCE(local->runtime->gone)) {
		end->identity = 0;
		return;
	}
	end->identity = local->identity;
	end->local = local;
}

/*
 * netpol_program_cell() of a sparse program. Without blocks every address has row 0, in which the
 * cells are never lower than in the row of an identity. RCU.
 */
noinline u32 netpol_program_sparse_cell(const struct netpol_program *program, u8 family, u32 class,
					u32 identity, const void *address)
{
	u32 cell = netpol_run_cell(program, netpol_program_row(program, identity), class);

	return min(cell, netpol_run_cell(program, netpol_program_address_row(program, family,
									      address), class));
}

/**
 * netpol_program_name_cell() - find the cell of a destination port by its names
 * @snapshot: state in force
 * @program: egress program that has names
 * @family: AF_INET or AF_INET6
 * @named: the port, and the identity of the destination, which is a known pod
 * @passed: 0, or after a rule that passes @program->passed
 * @address: address of the destination
 *
 * Looks at one name, or at several if the destination gives the port several names, which are
 * at most NETPOL_LIMIT_PORTS_PER_POD.
 *
 * Return: the lowest cell of the classes of these names; NETPOL_CELL_NONE if there are none.
 */
u32 netpol_program_name_cell(const struct netpol_snapshot *snapshot,
			     const struct netpol_program *program, u8 family,
			     struct netpol_named named, u32 passed, const void *address)
{
	const struct netpol_ports *ports = netpol_snapshot_ports(snapshot, named.identity);
	u32 low = 0, high, cell = NETPOL_CELL_NONE;

	if (!ports)
		return cell;
	high = ports->count;

	while (low < high) {
		u32 middle = (low + high) / 2;
		const struct netpol_named_port *port = &ports->port[middle];

		if (port->protocol < named.protocol ||
		    (port->protocol == named.protocol && port->port < named.port))
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < ports->count; low++) {
		const struct netpol_named_port *port = &ports->port[low];
		u32 first = 0, count = program->nnames;

		if (port->protocol != named.protocol || port->port != named.port)
			break;
		while (count) {
			u32 half = count / 2;
			const struct netpol_name_class *name =
				&program->names[first + half];

			if (name->name == port->name &&
			    name->protocol == port->protocol) {
				cell = min(cell, netpol_program_cell(program, family,
								     name->class + passed,
								     named.identity,
								     address));
				break;
			}
			if (name->name < port->name ||
			    (name->name == port->name &&
			     name->protocol < port->protocol)) {
				first += half + 1;
				count -= half + 1;
			} else {
				count = half;
			}
		}
	}
	return cell;
}

/*
 * The cell that decides about a flow, also by the names of ports. @identity: of the other end, see
 * netpol_program_identity(). @passed: 0, or after a rule that passes @program->passed. RCU.
 */
static __always_inline u32 flow_cell(const struct netpol_snapshot *snapshot,
				     const struct netpol_program *program,
				     const struct netpol_flow *flow,
				     const struct netpol_end *other, u32 identity, u32 passed,
				     const void *address)
{
	u32 class = netpol_program_class(program, flow->protocol, flow->port) + passed;
	u32 cell = netpol_program_cell(program, flow->family, class, identity, address);

	if (unlikely(program->nnames) && other->identity) {
		const struct netpol_named named = { other->identity, flow->port,
						    flow->protocol };

		cell = min(cell, netpol_program_name_cell(snapshot, program, flow->family, named,
							  passed, address));
	}
	return cell;
}

/* Why a program came to a cell. A Pass of the Baseline tier is no word: what comes then is open. */
static noinline u8 cell_reason(const struct netpol_program *program, u32 cell)
{
	u32 order = NETPOL_CELL_ORDER(cell);

	if (NETPOL_CELL_ACTION(cell) == NETPOL_ACTION_NONE)
		return NETPOL_REASON_ISOLATED;
	if (order >= program->norders || (NETPOL_CELL_ACTION(cell) == NETPOL_ACTION_ACCEPT &&
					  program->order[order].rule->action == NETPOL_ACTION_PASS))
		return NETPOL_REASON_NOT_ISOLATED;
	return NETPOL_REASON_RULE;
}

/* What a program says after a rule that passes; see netpol_judge_half(). */
static noinline void judge_passed(const struct netpol_snapshot *snapshot,
				  const struct netpol_flow *flow, const struct netpol_end *other,
				  u32 identity, const void *address,
				  struct netpol_decision *decision)
{
	u32 cell = flow_cell(snapshot, decision->program, flow, other, identity,
			     decision->program->passed, address);

	/* it is the same one in the Baseline tier, where it has the last word */
	if (cell != decision->cell)
		decision->passed = decision->cell;
	decision->cell = netpol_cell_last(cell);
}

/* What the observed policies of a program say about what it accepts; see netpol_judge_half(). */
static noinline void judge_observed(const struct netpol_snapshot *snapshot,
				    const struct netpol_flow *flow, const struct netpol_end *other,
				    u32 identity, const void *address,
				    struct netpol_decision *decision)
{
	decision->observed = flow_cell(snapshot, decision->program, flow, other, identity,
				       decision->program->audit, address);
	decision->audit = !NETPOL_CELL_ACTION(decision->observed);
}

/**
 * netpol_judge_half() - judge a flow by the program of one subject
 * @snapshot: state in force
 * @flow: what is judged
 * @direction: enum netpol_direction of the flow, as the subject sees it
 * @subject: local pod
 * @other: the other end
 * @decision: filled
 */
void netpol_judge_half(const struct netpol_snapshot *snapshot,
		       const struct netpol_flow *flow, u8 direction,
		       const struct netpol_local *subject, const struct netpol_end *other,
		       struct netpol_decision *decision)
{
	const struct netpol_program *program = subject->program[direction];
	u32 identity = other->identity;
	const void *address;

	decision->subject = subject;
	decision->program = program;
	decision->cell = NETPOL_CELL_NONE;
	decision->passed = NETPOL_CELL_NONE;
	decision->observed = NETPOL_CELL_NONE;
	decision->audit = false;
	if (!program) {
		decision->accept = true;
		decision->reason = NETPOL_REASON_NOT_ISOLATED;
		return;
	}
	if (unlikely(flow->no_ports)) {
		decision->accept = netpol_program_observes(program);
		decision->audit = decision->accept;
		decision->reason = decision->accept ? NETPOL_REASON_NOT_ISOLATED :
						      NETPOL_REASON_NO_PORTS;
		return;
	}
	address = direction == NETPOL_DIRECTION_EGRESS ? flow->destination : flow->source;
	if (unlikely(program->doubts) && !other->node)
		identity = netpol_program_identity(snapshot, program, flow->family, identity,
						   address);
	decision->cell = flow_cell(snapshot, program, flow, other, identity, 0, address);
	if (unlikely(NETPOL_CELL_ACTION(decision->cell) == NETPOL_ACTION_PASS))
		judge_passed(snapshot, flow, other, identity, address, decision);
	decision->accept = NETPOL_CELL_ACTION(decision->cell) == NETPOL_ACTION_ACCEPT;
	decision->reason = NETPOL_REASON_RULE;
	if (likely(program->isolates &&
		   NETPOL_CELL_ORDER(decision->cell) < program->norders))
		return;
	decision->reason = cell_reason(program, decision->cell);
	/* where policies are observed, no other one isolates the pod */
	if (decision->accept && netpol_program_asks(program, decision->cell))
		judge_observed(snapshot, flow, other, identity, address, decision);
}

/**
 * netpol_judge() - judge both halves: egress of the source, ingress of the destination
 * @snapshot: state in force
 * @flow: what is judged
 * @source: what the source is, by netpol_resolve()
 * @destination: what the destination is, by netpol_resolve()
 * @judgement: filled
 *
 * Only local pods are judged; the node of a remote pod judges the half of that pod. A flow
 * from a pod to itself is accepted (a pod cannot block itself, Kubernetes Network Policies
 * page). The caller has made sure that the pod itself sends it.
 *
 * Return: whether the flow is accepted.
 */
bool netpol_judge(const struct netpol_snapshot *snapshot, const struct netpol_flow *flow,
		  const struct netpol_end *source, const struct netpol_end *destination,
		  struct netpol_judgement *judgement)
{
	struct netpol_decision *half = judgement->half;

	half[NETPOL_DIRECTION_EGRESS].subject = NULL;
	half[NETPOL_DIRECTION_INGRESS].subject = NULL;
	judgement->accept = true;
	judgement->direction = NETPOL_DIRECTION_INGRESS;
	judgement->reason = NETPOL_REASON_NOT_LOCAL;
	if (source->local) {
		if (source->local == destination->local) {
			judgement->reason = NETPOL_REASON_SELF;
			return true;
		}
		judgement->direction = NETPOL_DIRECTION_EGRESS;
		netpol_judge_half(snapshot, flow, NETPOL_DIRECTION_EGRESS, source->local,
				  destination, &half[NETPOL_DIRECTION_EGRESS]);
		judgement->accept = half[NETPOL_DIRECTION_EGRESS].accept;
	}
	if (destination->local && judgement->accept) {
		judgement->direction = NETPOL_DIRECTION_INGRESS;
		netpol_judge_half(snapshot, flow, NETPOL_DIRECTION_INGRESS,
				  destination->local, source,
				  &half[NETPOL_DIRECTION_INGRESS]);
		judgement->accept = half[NETPOL_DIRECTION_INGRESS].accept;
	}
	if (half[judgement->direction].subject)
		judgement->reason = half[judgement->direction].reason;
	return judgement->accept;
}

/**
 * netpol_judge_admin() - find out whether a rule of the Admin tier denies a flow, or may
 * @snapshot: state in force
 * @flow: what is judged
 * @source: what the source is, by netpol_resolve()
 * @destination: what the destination is, by netpol_resolve()
 * @judgement: filled if so
 *
 * For flows that a setting accepts: no setting stands above the Admin tier, and none opens a pod
 * that is closed. A packet without readable ports is left to the setting. Ends that are the same
 * pod are judged like any others.
 *
 * Return: whether it denies.
 */
bool netpol_judge_admin(const struct netpol_snapshot *snapshot, const struct netpol_flow *flow,
			const struct netpol_end *source, const struct netpol_end *destination,
			struct netpol_judgement *judgement)
{
	u8 direction;

	for (direction = 0; direction < NETPOL_DIRECTIONS; direction++) {
		bool egress = direction == NETPOL_DIRECTION_EGRESS;
		const struct netpol_end *subject = egress ? source : destination;
		struct netpol_decision *half = &judgement->half[direction];
		const struct netpol_program *program;

		judgement->half[!direction].subject = NULL;
		program = subject->local ? subject->local->program[direction] : NULL;
		if (!program || (!program->stage2 && !netpol_program_closed(program)))
			continue;
		netpol_judge_half(snapshot, flow, direction, subject->local,
				  egress ? destination : source, half);
		if (half->accept || !netpol_program_admin_denies(half->program, half->cell))
			continue;
		judgement->accept = false;
		judgement->reason = half->reason;
		judgement->direction = direction;
		return true;
	}
	return false;
}

/* Counts one half. Return: may its observed policies have been asked? */
static __always_inline bool account_half(const struct netpol_decision *half, u8 direction)
{
	struct netpol_pod_stats __percpu *stats;

	if (!half->subject)
		return false;
	stats = half->subject->runtime->stats;
	if (half->accept)
		netpol_percpu_inc(&stats->allowed[direction]);
	else
		netpol_percpu_inc(&stats->denied[direction]);
	if (!half->program)
		return false;
	if (NETPOL_CELL_ACTION(half->cell))
		netpol_percpu_inc(netpol_program_counter(half->program, half->cell));
	if (unlikely(half->passed != NETPOL_CELL_NONE))
		netpol_percpu_inc(netpol_program_counter(half->program, half->passed));
	return half->program->audit;
}

/*
 * Counts a judgement at its pods and at the rules that decided. RCU. May be called with
 * preemption enabled. Return: may observed policies have been asked? What they say,
 * netpol_account_observed() counts.
 */
bool netpol_account(const struct netpol_judgement *judgement)
{
	bool egress = account_half(&judgement->half[NETPOL_DIRECTION_EGRESS],
				   NETPOL_DIRECTION_EGRESS);

	return account_half(&judgement->half[NETPOL_DIRECTION_INGRESS],
			    NETPOL_DIRECTION_INGRESS) | egress;
}

/*
 * Counts at one half what its observed policies say, which netpol_account() leaves out. RCU;
 * likewise. Return: would they deny?
 */
bool netpol_account_observed(const struct netpol_decision *half, u8 direction)
{
	if (!half->subject)
		return false;
	if (half->observed != NETPOL_CELL_NONE)
		netpol_percpu_inc(netpol_program_counter(half->program, half->observed));
	if (half->audit)
		netpol_percpu_inc(&half->subject->runtime->stats->audited[direction]);
	return half->audit;
}
