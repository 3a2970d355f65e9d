// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The core against the naive evaluator, on made-up clusters and what happens to them:
 * after each transaction, published or not, both give the same verdict, for the same
 * reason, to every pair of addresses; and the core's own books are in order.
 *
 *	NETPOL_WORLDS=N		how many histories (default 600)
 *	NETPOL_SEED=N		the first one's seed (default 1)
 *	NETPOL_BUDGET=N		most verdicts a step (default 20000)
 */
#include <stdlib.h>

#include "../evaluator/evaluator.c"
#include "../evaluator/history.c"
#include "check.h"
#include "offline.h"

/* Samples of a snapshot that is held on to. */
#define HELD_FLOWS	100
#define HELD_SNAPSHOTS	3

struct held {
	struct netpol_snapshot *snapshot;
	struct np_flow flow[HELD_FLOWS];
	bool allowed[HELD_FLOWS];
};

/**
 * struct run - one history being run
 * @history: what happens
 * @model: what is loaded, for the evaluator
 * @core: the core
 * @held: old snapshots
 * @quiet: a mismatch is not printed
 * @what: what was wrong first; empty: nothing
 */
struct run {
	struct history *history;
	struct model model;
	struct np_offline core;
	struct held held[HELD_SNAPSHOTS];
	bool quiet;
	char what[640];
};

static unsigned long verdicts, allowed, judged, transactions, published, refused, starved,
	over, budget;

#define WRONG(run, ...)							\
do {									\
	if (!(run)->what[0])						\
		snprintf((run)->what, sizeof((run)->what), __VA_ARGS__);	\
} while (0)

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

/* The rule that the core says decided must be the one that the evaluator found. */
static bool same_half(const struct netpol_decision *core, const struct evaluator_half *want)
{
	const struct netpol_order *order;

	if (!core->subject != !want->judged)
		return false;
	if (!core->subject)
		return true;
	if (core->accept != want->allowed || !core->program != !want->isolated)
		return false;
	if (!core->program)
		return core->reason == NETPOL_REASON_NOT_ISOLATED;
	if (!core->accept)
		return core->reason == NETPOL_REASON_ISOLATED;
	order = &core->program->order[NETPOL_CELL_ORDER(core->cell)];
	return core->reason == NETPOL_REASON_RULE &&
	       !strcmp(order->policy->name, want->policy->name) &&
	       !strcmp(order->policy->ns->name, want->policy->namespace) &&
	       order->rule->index == want->rule;
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
	char from[NP_CIDR_TEXT], to[NP_CIDR_TEXT];
	bool core, want, right;

	core = np_offline_judge(&run->core, &flow, &judgement);
	want = evaluator_judge(ev, source, destination, protocol, port, &egress, &ingress);
	/* the core does not ask the second half if the first one denies */
	if (egress.judged && !egress.allowed)
		ingress.judged = false;
	verdicts++;
	allowed += core;
	judged += egress.judged || ingress.judged;
	right = core == want && core == judgement.accept &&
		same_half(&judgement.half[NETPOL_DIRECTION_EGRESS], &egress) &&
		same_half(&judgement.half[NETPOL_DIRECTION_INGRESS], &ingress);
	if (!right)
		WRONG(run,
		      "%s (%s/%s) to %s (%s/%s), %u/%u: core %d reason %u, evaluator %d",
		      np_address_text(source->address, from),
		      source->pod ? source->pod->namespace : "",
		      source->pod ? source->pod->name : "",
		      np_address_text(destination->address, to),
		      destination->pod ? destination->pod->namespace : "",
		      destination->pod ? destination->pod->name : "", protocol, port, core,
		      judgement.reason, want);
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

			if (!has_address(pod, address))
				continue;
			claims++;
			gone += model_is_gone(pod);
		}
	}
	return gone && claims > 1;
}

/* All pairs of addresses, all questions; evenly spread ones if that is too many. */
static void compare_all(struct run *run)
{
	struct evaluator ev = model_view(&run->model);
	const struct history *h = run->history;
	unsigned long n = h->addresses, i, step = 1, total = n * n * QUESTIONS;
	struct evaluator_end *end = np_xcalloc(n, sizeof(*end));

	for (i = 0; i < n; i++) {
		if (contested(&run->model, &h->address[i]))
			continue;
		end[i].address = &h->address[i];
		end[i].pod = evaluator_owner(&ev, &h->address[i]);
		if (end[i].pod && model_is_gone(end[i].pod))
			end[i].pod = NULL;
	}
	if (total > budget)
		step = total / budget + 1;
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
	free(end);
}

/* Everything that an abort must leave alone. */
struct books {
	u64 generation;
	u32 namespaces, pods, policies, claims, nlocals, peers[2];
	u32 keys, labels, label_sets, port_names, port_sets, selectors, peer_objects, ns_names,
	    templates, identities, nidentities, loaded_namespaces, loaded_identities, slots,
	    active_keys, active_peers, programs;
	u64 retired_bytes;
	struct netpol_origin origin[NETPOL_ORIGINS];
	const struct netpol_snapshot *snapshot;
};

static u32 list_count(const struct list_head *head)
{
	const struct list_head *at;
	u32 count = 0;

	list_for_each(at, head)
		count++;
	return count;
}

static void take_books(struct books *b, const struct netpol_world *w)
{
	const struct netpol_snapshot *s = w->snapshot;
	struct netpol_interned *thing;
	u32 i;

	memset(b, 0, sizeof(*b));
	b->snapshot = s;
	b->generation = s->generation;
	b->namespaces = s->namespaces.count;
	b->pods = s->pods.count;
	b->policies = s->policies.count;
	b->claims = s->claims.count;
	b->nlocals = s->nlocals;
	b->peers[0] = s->peers[0].count;
	b->peers[1] = s->peers[1].count;
	b->keys = w->keys.count;
	b->labels = w->labels.count;
	b->label_sets = w->label_sets.count;
	b->port_names = w->port_names.count;
	b->port_sets = w->port_sets.count;
	b->selectors = w->selectors.count;
	b->peer_objects = w->peers.count;
	b->ns_names = w->ns_names.count;
	b->templates = w->templates.count;
	b->identities = w->identities.count;
	b->nidentities = w->nidentities;
	b->loaded_namespaces = netpol_idset_weight(&w->loaded_namespaces);
	b->loaded_identities = netpol_idset_weight(&w->loaded_identities);
	b->slots = netpol_idset_weight(&w->slots);
	b->retired_bytes = w->retired_bytes;
	netpol_intern_for_each(&w->keys, i, thing)
		b->active_keys += container_of(thing, struct netpol_key, interned)->active;
	b->active_peers = list_count(&w->active_peers);
	b->programs = list_count(&w->programs);
	memcpy(b->origin, s->origin, sizeof(b->origin));
}

/* The sets of the peers that programs are made of, each by two ways. */
static void check_peers(struct run *run)
{
	struct netpol_world *w = run->core.world;
	struct netpol_idset set = {};
	struct netpol_peer *peer;
	u32 i;

	list_for_each_entry(peer, &w->active_peers, active) {
		if (netpol_peer_evaluate(w, peer, &set) ||
		    !netpol_idset_equal(&set, &peer->set))
			WRONG(run, "the set of a peer is out of date");
		for (i = 0; i < w->nblocks * NETPOL_IDENTITY_BLOCK; i++)
			if (w->identity[i] && netpol_peer_matches(peer, w->identity[i]) !=
					      netpol_idset_has(&peer->set, i))
				WRONG(run, "peer and identity %u: set and labels differ", i);
	}
	netpol_idset_free(&set);
}

/* Local pods that are alike have the same programs. */
static void check_sharing(struct run *run)
{
	const struct netpol_snapshot *s = run->core.world->snapshot;
	struct netpol_idset_walk a, b;
	u32 i, j;

	netpol_idset_for_each(&run->core.world->slots, a, i) {
		const struct netpol_local *left = netpol_snapshot_local(s, i);

		if (left->pod->slot != i || left->runtime != left->pod->runtime ||
		    left->identity != left->pod->template->identity->number)
			WRONG(run, "local pod %u is not in order", i);
		netpol_idset_for_each(&run->core.world->slots, b, j) {
			const struct netpol_local *right = netpol_snapshot_local(s, j);

			if (left->pod->template == right->pod->template &&
			    memcmp(left->program, right->program, sizeof(left->program)))
				WRONG(run, "equal pods %u and %u have two programs", i, j);
		}
	}
}

/* A program that was patched again and again says what one made of today's state says. */
static void check_rows(struct run *run, const struct netpol_program *p)
{
	struct netpol_world *w = run->core.world;
	struct netpol_fault fault = {};
	struct netpol_program *fresh;
	u32 i, size = p->nclasses * sizeof(*p->cell);

	fresh = netpol_program_compile(w, p->direction, p->policy, p->npolicies, p->ports,
				       &fault);
	if (IS_ERR(fresh)) {
		WRONG(run, "a program in use can't be made again: %s", fault.text);
		return;
	}
	if (fresh->nclasses != p->nclasses)
		WRONG(run, "classes of a program");
	for (i = 0; !run->what[0] && i < w->nblocks * NETPOL_IDENTITY_BLOCK; i++)
		if (w->identity[i] && memcmp(p->cell + netpol_program_row(p, i) * p->nclasses,
					     fresh->cell +
					     netpol_program_row(fresh, i) * p->nclasses, size))
			WRONG(run, "a program's row of identity %u is out of date", i);
	netpol_program_free(w, fresh);
}

/* Programs of equal policies and ports exist once, and only those in use exist. */
static void check_programs(struct run *run)
{
	const struct netpol_snapshot *s = run->core.world->snapshot;
	struct netpol_program *p, *q;
	struct netpol_idset_walk walk;
	u32 slot, users;

	list_for_each_entry(p, &run->core.world->programs, node) {
		check_rows(run, p);
		users = 0;
		netpol_idset_for_each(&run->core.world->slots, walk, slot)
			users += netpol_snapshot_local(s, slot)->program[p->direction] == p;
		if (!users)
			WRONG(run, "a program that nobody uses");
		list_for_each_entry(q, &run->core.world->programs, node)
			if (p != q && p->direction == q->direction && p->ports == q->ports &&
			    p->npolicies == q->npolicies &&
			    !memcmp(p->policy, q->policy, p->npolicies * sizeof(*p->policy)))
				WRONG(run, "a program twice");
	}
}

/* What the core counts is what the model has. */
static void check_counts(struct run *run)
{
	size_t namespaces = 0, pods = 0, policies = 0, addresses = 0, locals = 0;
	const struct netpol_snapshot *s = run->core.world->snapshot;
	unsigned int i;
	size_t j;

	for (i = 0; i < HISTORY_ORIGINS; i++) {
		const struct np_objects *objs = &run->model.origin[i];
		int origin = netpol_world_origin((struct netpol_snapshot *)s,
						 history_origin[i]);

		namespaces += objs->namespace_count;
		policies += objs->policy_count;
		pods += objs->pod_count;
		for (j = 0; j < objs->pod_count; j++) {
			addresses += objs->pods[j].address_count;
			locals += !strcmp(objs->pods[j].node, HISTORY_NODE);
		}
		if ((origin < 0 ? 0 : s->origin[origin].objects) !=
		    objs->namespace_count + objs->pod_count + objs->policy_count)
			WRONG(run, "origin %s: count of objects", history_origin[i]);
	}
	if (s->namespaces.count != namespaces || s->pods.count != pods ||
	    s->policies.count != policies || s->claims.count != addresses ||
	    s->nlocals != locals || netpol_idset_weight(&run->core.world->slots) != locals)
		WRONG(run, "counts of objects");
}

/* What each namespace counts. */
static void check_namespaces(struct run *run)
{
	const struct netpol_snapshot *s = run->core.world->snapshot;
	struct netpol_interned *thing;
	u32 i, j, pods;

	netpol_intern_for_each(&run->core.world->ns_names, i, thing) {
		const struct netpol_ns *ns = container_of(thing, struct netpol_ns, interned);

		for (j = 0, pods = 0; s->pods.slots && j <= s->pods.mask; j++) {
			const struct netpol_pod *pod = netpol_table_slot(&s->pods, j);

			pods += pod && pod->template->ns == ns;
		}
		if (ns->npods != pods || ns->npolicies != list_count(&ns->policies))
			WRONG(run, "counts of namespace %s", ns->name);
	}
}

static void check_books(struct run *run)
{
	struct netpol_world *w = run->core.world;
	u32 i, j, count = 0;

	for (i = 0; i < w->nblocks * NETPOL_IDENTITY_BLOCK; i++) {
		const struct netpol_identity *identity = w->identity[i];

		if (!identity)
			continue;
		count++;
		for (j = 0; j < identity->labels->count; j++)
			if (!identity->labels->label[j]->key->active)
				WRONG(run, "identity %u has a key that nobody selects on", i);
		if (identity->number != i || !netpol_idset_has(&identity->ns->identities, i) ||
		    netpol_idset_has(&w->loaded_identities, i) != !!identity->ns->labels ||
		    w->blocks[i / NETPOL_IDENTITY_BLOCK] != identity->ns)
			WRONG(run, "identity %u is not in order", i);
	}
	if (count != w->nidentities || count != w->identities.count)
		WRONG(run, "count of identities");
	check_counts(run);
	check_namespaces(run);
	check_peers(run);
	check_sharing(run);
	check_programs(run);
}

static void hold(struct run *run, struct held *held)
{
	struct history *h = run->history;
	unsigned int i;

	held->snapshot = netpol_snapshot_get(run->core.world->snapshot);
	for (i = 0; i < HELD_FLOWS; i++) {
		unsigned int question = history_random(h, QUESTIONS);
		struct np_flow *flow = &held->flow[i];

		flow->source = h->address[history_random(h, h->addresses)];
		do
			flow->destination = h->address[history_random(h, h->addresses)];
		while (flow->destination.family != flow->source.family);
		flow->protocol = questions[question].protocol;
		flow->port = questions[question].port;
		held->allowed[i] = np_offline_judge_in(held->snapshot, flow, NULL);
	}
}

/* An old snapshot says what it said when it was in force. */
static void check_held(struct run *run, struct held *held)
{
	unsigned int i;

	for (i = 0; held->snapshot && i < HELD_FLOWS; i++)
		if (np_offline_judge_in(held->snapshot, &held->flow[i], NULL) !=
		    held->allowed[i])
			WRONG(run, "a verdict of an old snapshot changed");
}

static void let_go(struct run *run, struct held *held, bool check)
{
	if (check)
		check_held(run, held);
	if (held->snapshot)
		netpol_snapshot_put(run->core.world, held->snapshot);
	held->snapshot = NULL;
}

/* Holds on to a snapshot now and then, and lets go of one. */
static void juggle(struct run *run)
{
	struct held *held = &run->held[history_random(run->history, HELD_SNAPSHOTS)];
	unsigned int i;

	for (i = 0; i < HELD_SNAPSHOTS; i++)
		check_held(run, &run->held[i]);
	if (held->snapshot)
		let_go(run, held, true);
	else if (!history_random(run->history, 2))
		hold(run, held);
}

/* The interface of a pod goes: what the kernel does on NETDEV_UNREGISTER. */
static void run_gone(struct run *run, const struct transaction *txn)
{
	struct netpol_snapshot *s = run->core.world->snapshot;
	int origin = netpol_world_origin(s, history_origin[txn->origin]);
	const struct netpol_pod *pod;
	u32 i;

	for (i = 0; s->pods.slots && i <= s->pods.mask; i++) {
		pod = netpol_table_slot(&s->pods, i);
		if (!pod || !pod->runtime || pod->origin != origin ||
		    strcmp(netpol_pod_name(pod), txn->gone->name) ||
		    strcmp(pod->template->ns->name, txn->gone->namespace))
			continue;
		pod->runtime->gone = true;
		model_gone(&run->model, txn);
	}
	for (i = 0; i < HELD_SNAPSHOTS; i++)
		let_go(run, &run->held[i], false);
}

static int run_operation(struct np_offline *core, const struct operation *op,
			 struct np_error *err)
{
	switch (op->kind) {
	case SET_NAMESPACE:
		return np_offline_namespace(core, &op->namespace, err);
	case SET_POD:
		return np_offline_pod(core, &op->pod, err);
	case SET_POLICY:
		return np_offline_policy(core, &op->policy, err);
	case DELETE_NAMESPACE:
		return np_offline_delete_namespace(core, op->namespace.name, err);
	case DELETE_POD:
		return np_offline_delete_pod(core, op->pod.namespace, op->pod.name,
					     op->by_uid ? op->pod.uid : NULL, err);
	default:
		return np_offline_delete_policy(core, op->policy.namespace, op->policy.name,
						err);
	}
}

/* Makes one limit as tight as it can be without refusing what is there. */
static void tighten(struct netpol_world *w, unsigned long random)
{
	static const u32 limits[] = {
		NETPOL_LIMIT_NAMESPACES, NETPOL_LIMIT_PODS, NETPOL_LIMIT_LOCAL_PODS,
		NETPOL_LIMIT_POLICIES, NETPOL_LIMIT_IDENTITIES, NETPOL_LIMIT_ADDRESSES,
		NETPOL_LIMIT_PODS_PER_NAMESPACE, NETPOL_LIMIT_POLICIES_PER_NAMESPACE,
		NETPOL_LIMIT_RULES_PER_POLICY, NETPOL_LIMIT_PEERS_PER_POLICY,
		NETPOL_LIMIT_PORTS_PER_POLICY, NETPOL_LIMIT_CELLS_PER_PROGRAM,
	};
	u32 limit = limits[random % ARRAY_SIZE(limits)];

	w->limit[limit] = netpol_world_used(w, limit) + random / ARRAY_SIZE(limits) % 8;
}

/* All of a transaction but its end. Return: 0, or -1 where it has to be aborted. */
static int run_objects(struct run *run, const struct transaction *txn, bool starve)
{
	bool limited = starve && txn->ending == ABORT_LIMITED;
	struct netpol_world *w = run->core.world;
	u64 limit[ARRAY_SIZE(w->limit)];
	struct np_error err = {};
	unsigned int i;
	int error;

	memcpy(limit, w->limit, sizeof(limit));
	if (limited) {
		tighten(w, txn->after);
		starve = false;
	}

	netpol_fail_after = starve ? (long)txn->after : -1;
	error = np_offline_begin(&run->core, history_origin[txn->origin], &err);
	for (i = 0; !error && i < txn->count; i++) {
		if (txn->ending == ABORT_EARLY && !starve && i == txn->after)
			break;
		if (!txn->operation[i].dropped)
			error = run_operation(&run->core, &txn->operation[i], &err);
	}
	if (!error && txn->full && !(txn->ending == ABORT_EARLY && i < txn->count))
		error = np_offline_sweep(&run->core, &err);
	if (!error && txn->ending != ABORT_EARLY)
		error = np_offline_prepare(&run->core, &err);
	memcpy(w->limit, limit, sizeof(limit));
	starved += error && starve;
	over += error && limited;
	if (error && run->core.fault.error != (limited ? -ENOSPC : starve ? -ENOMEM : 0))
		WRONG(run, "refused: %s (%d)", err.text, run->core.fault.error);
	if (error && limited && !run->core.fault.text[0])
		WRONG(run, "a limit is hit and nobody says which");
	if (error && netpol_fail_after >= 0)
		WRONG(run, "refused before an allocation failed: %s", err.text);
	netpol_fail_after = -1;
	return error;
}

/* Aborts; it must not allocate, and leave everything as it was. */
static void run_abort(struct run *run, const struct books *before)
{
	struct books after;

	refused++;
	if (run->core.edit) {
		netpol_fail_after = 0;
		np_offline_abort(&run->core);
		if (netpol_fail_after)
			WRONG(run, "an abort allocates");
		netpol_fail_after = -1;
	}
	take_books(&after, run->core.world);
	if (memcmp(before, &after, sizeof(after)))
		WRONG(run, "an abort changed the books");
}

static void run_publish(struct run *run, const struct transaction *txn,
			const struct books *before)
{
	published++;
	netpol_fail_after = 0;
	np_offline_publish(&run->core);
	if (netpol_fail_after)
		WRONG(run, "publishing allocates");
	netpol_fail_after = -1;
	model_apply(&run->model, txn);
	if (run->core.world->snapshot->generation != before->generation + 1)
		WRONG(run, "the generation did not go up by one");
}

static void run_transaction(struct run *run, const struct transaction *txn)
{
	bool starve = txn->ending == ABORT_STARVED || txn->ending == ABORT_LIMITED;
	struct books before;
	int error;

	transactions++;
	if (txn->gone)
		run_gone(run, txn);
	take_books(&before, run->core.world);
	error = run_objects(run, txn, starve);
	if (error || (txn->ending != PUBLISH && !starve)) {
		run_abort(run, &before);
		compare_all(run);
		/* it must be possible to do the same once more */
		if (!run->what[0] && starve)
			error = run_objects(run, txn, false);
	}
	if (!error && (txn->ending == PUBLISH || starve))
		run_publish(run, txn, &before);
	else if (run->core.edit)
		run_abort(run, &before);
	check_books(run);
	if (!run->what[0])
		compare_all(run);
}

static void run_begin(struct run *run, struct history *history)
{
	struct np_error err;

	memset(run, 0, sizeof(*run));
	run->history = history;
	model_begin(&run->model);
	if (np_offline_init(&run->core, HISTORY_NODE, &err))
		WRONG(run, "no world");
}

/* Deletes everything, in one of two ways; nothing may be left. */
static void run_empty(struct run *run)
{
	struct books books, zero = {};
	struct np_error err;
	struct np_objects none;
	unsigned int i, start = history_random(run->history, HISTORY_ORIGINS);

	np_objects_init(&none);
	if (history_random(run->history, 2)) {
		if (np_offline_begin(&run->core, "kube", &err) ||
		    netpol_edit_clear(run->core.edit) ||
		    np_offline_prepare(&run->core, &err))
			WRONG(run, "clearing is refused");
		else
			np_offline_publish(&run->core);
	} else {
		for (i = 0; i < HISTORY_ORIGINS; i++)
			if (np_offline_apply(&run->core, history_origin[(start + i) %
					     HISTORY_ORIGINS], &none, true, &err))
				WRONG(run, "deleting everything is refused");
	}
	for (i = 0; i < HELD_SNAPSHOTS; i++)
		let_go(run, &run->held[i], true);
	take_books(&books, run->core.world);
	zero.snapshot = books.snapshot;
	zero.generation = books.generation;
	for (i = 0; i < NETPOL_ORIGINS; i++)
		if (books.origin[i].objects)
			WRONG(run, "objects of an origin are left");
	memcpy(zero.origin, books.origin, sizeof(zero.origin));
	if (memcmp(&books, &zero, sizeof(zero)))
		WRONG(run, "something is left of an emptied world");
	np_objects_free(&none);
}

static void run_end(struct run *run)
{
	unsigned int i;

	for (i = 0; i < HELD_SNAPSHOTS; i++)
		if (run->held[i].snapshot)
			netpol_snapshot_put(run->core.world, run->held[i].snapshot);
	np_offline_free(&run->core);
	model_free(&run->model);
	if (netpol_warnings)
		WRONG(run, "the core warned");
}

/* Runs a recorded history again, without what is dropped. */
static bool fails_again(struct history *h)
{
	unsigned int i;
	struct run run;

	run_begin(&run, h);
	for (i = 0; i < h->transactions && !run.what[0]; i++)
		if (!h->transaction[i].dropped)
			run_transaction(&run, &h->transaction[i]);
	run_end(&run);
	return run.what[0];
}

static bool drop(struct history *h, bool *dropped)
{
	if (*dropped)
		return false;
	*dropped = true;
	if (fails_again(h))
		return true;
	*dropped = false;
	return false;
}

/* Leaves out one rule, if the failure stays. */
static bool drop_rules(struct history *h, struct np_rule *rule, uint32_t *count)
{
	bool any = false;
	uint32_t i;

	for (i = *count; i; i--) {
		struct np_rule gone = rule[i - 1];

		memmove(&rule[i - 1], &rule[i], (*count - i) * sizeof(*rule));
		--*count;
		if (fails_again(h)) {
			any = true;
			continue;
		}
		memmove(&rule[i], &rule[i - 1], (*count - i + 1) * sizeof(*rule));
		rule[i - 1] = gone;
		++*count;
	}
	return any;
}

/* Leaves out what it can while the history still fails, and prints the rest. */
static void shrink(struct history *h, const struct run *run, uint64_t seed)
{
	unsigned int i, j, rounds;
	bool any = true;

	printf("seed %llu: %s\n", (unsigned long long)seed, run->what);
	if (!fails_again(h)) {
		printf("it does not fail when it is run again\n");
		return;
	}
	for (rounds = 0; any && rounds < 6; rounds++) {
		any = false;
		for (i = h->transactions; i; i--)
			any |= drop(h, &h->transaction[i - 1].dropped);
		for (i = 0; i < h->transactions; i++) {
			struct transaction *txn = &h->transaction[i];

			for (j = 0; !txn->dropped && j < txn->count; j++)
				any |= drop(h, &txn->operation[j].dropped);
			for (j = 0; !txn->dropped && j < txn->count; j++) {
				struct np_policy *policy = &txn->operation[j].policy;

				if (txn->operation[j].dropped ||
				    txn->operation[j].kind != SET_POLICY)
					continue;
				any |= drop_rules(h, policy->ingress, &policy->ingress_count);
				any |= drop_rules(h, policy->egress, &policy->egress_count);
			}
		}
	}
	printf("the smallest history that fails:\n");
	history_print(h);
}

static void run_seed(uint64_t seed)
{
	struct history h;
	unsigned int i, count;
	struct run run;

	/* the core's own random numbers, so that a failure comes again */
	netpol_random_seed = seed + 1;
	history_begin(&h, seed);
	count = 3 + history_random(&h, h.pods > 20 ? 8 : 24);
	run_begin(&run, &h);
	for (i = 0; i < count && !run.what[0]; i++) {
		run_transaction(&run, history_next(&h, &run.model));
		if (!run.what[0])
			juggle(&run);
	}
	if (!run.what[0])
		run_empty(&run);
	run_end(&run);
	check_one(!run.what[0], __FILE__, __LINE__, "core and evaluator agree");
	if (run.what[0])
		shrink(&h, &run, seed);
	netpol_warnings = 0;
	history_free(&h);
}

static unsigned long number(const char *variable, unsigned long otherwise)
{
	const char *text = getenv(variable);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

int main(void)
{
	unsigned long i, worlds = number("NETPOL_WORLDS", 600);
	unsigned long seed = number("NETPOL_SEED", 1);

	budget = number("NETPOL_BUDGET", 20000);
	for (i = 0; i < worlds && check_failed < 3; i++)
		run_seed(seed + i);
	printf("%lu histories, %lu transactions: %lu published, %lu aborted (%lu out of memory, %lu over a limit)\n",
	       i, transactions, published, refused, starved, over);
	printf("%lu verdicts: %lu judged here, %lu allowed\n", verdicts, judged, allowed);
	return check_done("test_worlds");
}
