// SPDX-License-Identifier: GPL-2.0-or-later
/* Core, module and evaluator, asked the same; see run.h. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

/* What to ask of each pair of addresses: ports at and next to those in the policies. */
static const struct {
	uint8_t protocol;
	uint16_t port;
} questions[] = {
	{ IPPROTO_TCP, 80 }, { IPPROTO_TCP, 81 }, { IPPROTO_TCP, 79 }, { IPPROTO_TCP, 82 },
	{ IPPROTO_TCP, 83 }, { IPPROTO_TCP, 78 }, { IPPROTO_TCP, 53 }, { IPPROTO_TCP, 443 },
	{ IPPROTO_TCP, 444 }, { IPPROTO_TCP, 8080 }, { IPPROTO_TCP, 8081 },
	{ IPPROTO_TCP, 0 }, { IPPROTO_TCP, 1 }, { IPPROTO_TCP, 2 }, { IPPROTO_TCP, 32000 },
	{ IPPROTO_TCP, 65534 }, { IPPROTO_TCP, 65535 },
	{ IPPROTO_UDP, 53 }, { IPPROTO_UDP, 80 }, { IPPROTO_UDP, 8080 }, { IPPROTO_UDP, 81 },
	{ IPPROTO_SCTP, 80 }, { IPPROTO_SCTP, 443 }, { IPPROTO_ICMP, 0 }, { IPPROTO_GRE, 0 },
};

#define QUESTIONS ARRAY_SIZE(questions)

/* The core's number of the origin that a policy of the evaluator is of. */
static int origin_of(const struct run *run, const struct np_policy *policy)
{
	unsigned int i;

	for (i = 0; i < HISTORY_ORIGINS; i++)
		if (run->model.origin[i].policy_count &&
		    policy >= run->model.origin[i].policies &&
		    policy < run->model.origin[i].policies + run->model.origin[i].policy_count)
			return netpol_world_origin(run->core.world->snapshot, history_origin[i]);
	return -1;
}

/* Is a cell of the core the rule that the evaluator found? */
static bool same_rule(const struct run *run, const struct netpol_decision *core, u32 cell,
		      const struct np_policy *policy, uint32_t rule)
{
	static const u8 tiers[] = {
		[NP_TIER_NETWORK_POLICY] = NETPOL_TIER_NETWORK_POLICY,
		[NP_TIER_ADMIN] = NETPOL_TIER_ADMIN,
		[NP_TIER_BASELINE] = NETPOL_TIER_BASELINE,
	};
	const struct netpol_order *order;

	if (!core->program || NETPOL_CELL_ORDER(cell) >= core->program->norders)
		return false;
	order = &core->program->order[NETPOL_CELL_ORDER(cell)];
	return order->policy->tier == tiers[policy->tier] &&
	       !strcmp(order->policy->name, policy->name) &&
	       (policy->tier || !strcmp(order->policy->ns->name, policy->namespace)) &&
	       order->policy->origin == origin_of(run, policy) && order->rule->index == rule;
}

/*
 * Is what the observed policies say of a half what the evaluator says? Where a limit left no room for
 * them, nobody asks them (docs/semantics.md), until the pod gets another program.
 */
static bool same_observed(const struct run *run, const struct netpol_decision *core,
			  const struct evaluator_half *want)
{
	const struct netpol_program *program = core->program;

	if (run->unobserved && (!program || program->nenforced == program->npolicies))
		return !core->audit && core->observed == NETPOL_CELL_NONE;
	if (core->audit != want->audit)
		return false;
	if (want->observed)
		return same_rule(run, core, core->observed, want->observed, want->observed_rule);
	return core->observed == NETPOL_CELL_NONE;
}

/* The rule that the core says decided must be the one that the evaluator found. */
static bool same_half(const struct run *run, const struct netpol_decision *core,
		      const struct evaluator_half *want)
{
	if (!core->subject != !want->judged)
		return false;
	if (!core->subject)
		return true;
	if (core->accept != want->allowed || !same_observed(run, core, want))
		return false;
	if (want->closed)
		return core->reason == NETPOL_REASON_ISOLATED;
	if (want->pass[0].policy ? !same_rule(run, core, core->passed, want->pass[0].policy,
					      want->pass[0].rule) :
				   core->passed != NETPOL_CELL_NONE)
		return false;
	if (want->policy)
		return core->reason == NETPOL_REASON_RULE &&
		       same_rule(run, core, core->cell, want->policy, want->rule);
	/* what the Baseline tier passes is open, and the core counts it at the rule */
	if (want->pass[1].policy)
		return core->reason == NETPOL_REASON_NOT_ISOLATED &&
		       same_rule(run, core, core->cell, want->pass[1].policy, want->pass[1].rule);
	if (want->isolated)
		return core->reason == NETPOL_REASON_ISOLATED;
	return core->reason == NETPOL_REASON_NOT_ISOLATED;
}

/* Questions that wait for the module's answers. */
static struct {
	struct np_flow flow[ASK_MAX];
	bool want[ASK_MAX];
	bool audit[ASK_MAX];
	unsigned int count;
} batch;

static void wrong_flow(struct run *run, const struct np_flow *flow, const char *who, bool have,
		       bool want, unsigned int reason)
{
	char from[NP_CIDR_TEXT], to[NP_CIDR_TEXT];

	if (run->what[0])
		return;
	run->has_flow = true;
	run->flow = *flow;
	WRONG(run, "%s to %s, protocol %u port %u: %s %d (reason %u), evaluator %d",
	      np_address_text(&flow->source, from), np_address_text(&flow->destination, to),
	      flow->protocol, flow->port, who, have, reason, want);
}

/* Asks the module what has gathered. */
static void flush(struct run *run)
{
	static struct np_eval_request request[ASK_MAX];
	static struct answer answer[ASK_MAX];
	unsigned int i;

	for (i = 0; i < batch.count; i++)
		request[i] = (struct np_eval_request){
			.source.address = batch.flow[i].source,
			.destination.address = batch.flow[i].destination,
			.protocol = batch.flow[i].protocol,
			.has_port = *np_protocol_name(batch.flow[i].protocol),
			.port = batch.flow[i].port,
		};
	if (batch.count)
		ask(run->client, request, batch.count, answer);
	for (i = 0; i < batch.count; i++) {
		bool have = answer[i].verdict != NETPOL_VERDICT_DENY;

		run_totals.module++;
		if (answer[i].error)
			WRONG(run, "EVAL is refused: errno %d", answer[i].error);
		else if (answer[i].generation != run->generation)
			WRONG(run, "generation %llu of the module, not %llu",
			      (unsigned long long)answer[i].generation,
			      (unsigned long long)run->generation);
		else if (have != batch.want[i] ||
			 (answer[i].verdict == NETPOL_VERDICT_AUDIT) != batch.audit[i])
			wrong_flow(run, &batch.flow[i], "module", have, batch.want[i],
				   answer[i].reason);
	}
	batch.count = 0;
}

/* The fault that a test of the shrinker puts in. */
static bool faulty(const struct np_flow *flow, const struct netpol_judgement *judgement)
{
	return run_totals.fault && flow->port == run_totals.fault &&
	       judgement->accept == !run_totals.fault_denied &&
	       judgement->half[NETPOL_DIRECTION_INGRESS].subject &&
	       judgement->half[NETPOL_DIRECTION_INGRESS].reason == NETPOL_REASON_RULE;
}

static void count_half(const struct evaluator_half *half)
{
	if (!half->judged)
		return;
	run_totals.halves++;
	run_totals.tiers[half->tier] += half->policy || half->isolated;
	run_totals.passed += half->pass[0].policy != NULL;
	run_totals.unknown += half->unknown;
	run_totals.closed += half->closed;
	run_totals.audited += half->audit;
	run_totals.observed += half->observed != NULL;
}

static void compare(struct run *run, const struct evaluator *ev,
		    const struct evaluator_end *source,
		    const struct evaluator_end *destination, uint8_t protocol, uint16_t port)
{
	struct np_flow flow = {
		.source = *source->address,
		.destination = *destination->address,
		.protocol = protocol,
		.port = port,
	};
	struct evaluator_half egress, ingress;
	struct netpol_judgement judgement;
	bool core, want;

	core = np_offline_judge(&run->core, &flow, &judgement);
	if (faulty(&flow, &judgement))
		core = !core;
	want = evaluator_judge(ev, source, destination, protocol, port, &egress, &ingress);
	/* the core does not ask the second half if the first one denies */
	if (egress.judged && !egress.allowed)
		ingress.judged = false;
	run_totals.verdicts++;
	run_totals.allowed += core;
	count_half(&egress);
	count_half(&ingress);
	run_totals.judged += egress.judged || ingress.judged;
	if (run->lacking) {
		if (core && !want)
			wrong_flow(run, &flow, "core", core, want, judgement.reason);
		return;
	}
	if (core != want || core != judgement.accept ||
	    !same_half(run, &judgement.half[NETPOL_DIRECTION_EGRESS], &egress) ||
	    !same_half(run, &judgement.half[NETPOL_DIRECTION_INGRESS], &ingress))
		wrong_flow(run, &flow, "core", core, want, judgement.reason);
	if (!run->client)
		return;
	batch.flow[batch.count] = flow;
	batch.audit[batch.count] = want && ((egress.judged && egress.audit) ||
					    (ingress.judged && ingress.audit));
	batch.want[batch.count++] = want;
	if (batch.count == ASK_MAX)
		flush(run);
}

static bool claims_address(const struct np_pod *pod, const struct np_address *address)
{
	uint32_t i;

	for (i = 0; i < pod->address_count; i++)
		if (!memcmp(&pod->address[i], address, sizeof(*address)))
			return true;
	return false;
}

/*
 * Do a pod whose interface is gone and another one both claim an address? It goes to the
 * other one, but not before something about either of them changes.
 */
static bool contested(const struct model *model, const struct np_address *address)
{
	unsigned int i, claims = 0, gone = 0;
	size_t j;

	for (i = 0; i < HISTORY_ORIGINS; i++) {
		for (j = 0; j < model->origin[i].pod_count; j++) {
			const struct np_pod *pod = &model->origin[i].pods[j];

			if (!claims_address(pod, address))
				continue;
			claims++;
			gone += model_is_gone(pod);
		}
	}
	return gone && claims > 1;
}

/* Who has an address, unless that is in doubt. */
static bool find_end(struct run *run, const struct evaluator *ev,
		     const struct np_address *address, struct evaluator_end *end)
{
	if (contested(&run->model, address))
		return false;
	end->address = address;
	end->pod = evaluator_owner(ev, address);
	if (end->pod && model_is_gone(end->pod))
		end->pod = NULL;
	return true;
}

/* The one tuple that a failure is about. */
static void compare_only(struct run *run, const struct evaluator *ev)
{
	const struct np_flow *flow = run->only;
	struct evaluator_end source, destination;

	if (find_end(run, ev, &flow->source, &source) &&
	    find_end(run, ev, &flow->destination, &destination))
		compare(run, ev, &source, &destination, flow->protocol, flow->port);
}

void run_compare(struct run *run)
{
	struct evaluator ev = model_view(&run->model);
	const struct history *h = run->history;
	unsigned long n = h->addresses, i, step = 1, total = n * n * QUESTIONS;
	struct evaluator_end *end = np_xcalloc(n, sizeof(*end));

	ev.audit = run->audits.about;
	ev.audits = run->audits.count;
	if (run->only) {
		compare_only(run, &ev);
		total = 0;
	}
	for (i = 0; total && i < n; i++)
		find_end(run, &ev, &h->address[i], &end[i]);
	if (run_totals.budget && total > run_totals.budget)
		step = total / run_totals.budget + 1;
	for (i = step > 1 ? h->random % step : 0; i < total && !run->what[0]; i += step) {
		const struct evaluator_end *source = &end[i / QUESTIONS / n];
		const struct evaluator_end *destination = &end[i / QUESTIONS % n];

		/* a step that is no multiple of the questions meets them all */
		if (step > 1 && step % QUESTIONS == 0)
			step++;
		if (!source->address || !destination->address)
			continue;
		/* between two strangers there is nothing to judge: ask once */
		if (!source->pod && !destination->pod && i % QUESTIONS)
			continue;
		if (source->address->family == destination->address->family)
			compare(run, &ev, source, destination,
				questions[i % QUESTIONS].protocol,
				questions[i % QUESTIONS].port);
	}
	if (run->client)
		flush(run);
	free(end);
}

void run_some_flow(struct history *h, struct np_flow *flow)
{
	unsigned int question = history_random(h, QUESTIONS);

	flow->source = h->address[history_random(h, h->addresses)];
	do
		flow->destination = h->address[history_random(h, h->addresses)];
	while (flow->destination.family != flow->source.family);
	flow->protocol = questions[question].protocol;
	flow->port = questions[question].port;
}
