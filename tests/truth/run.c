// SPDX-License-Identifier: GPL-2.0-or-later
/* A history, step by step, in the core; see run.h. */
#include <stdlib.h>
#include <string.h>

#include "run.h"

struct run_totals run_totals = { .budget = 20000 };

static void hold(struct run *run, struct held *held)
{
	struct history *h = run->history;
	unsigned int i;

	held->snapshot = netpol_snapshot_get(run->core.world->snapshot);
	for (i = 0; i < HELD_FLOWS; i++) {
		run_some_flow(h, &held->flow[i]);
		held->allowed[i] = np_offline_judge_in(held->snapshot, &held->flow[i], NULL);
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
void run_juggle(struct run *run)
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
		NETPOL_LIMIT_PROGRAM_BYTES, NETPOL_LIMIT_PROGRAM_BYTES_PER_NAMESPACE,
		/* more often, because these close pods where a cluster-wide policy is loaded */
		NETPOL_LIMIT_PROGRAM_BYTES, NETPOL_LIMIT_PROGRAM_BYTES,
		NETPOL_LIMIT_CELLS_PER_PROGRAM, NETPOL_LIMIT_CELLS_PER_PROGRAM,
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
	if (!error)
		error = np_offline_expect(&run->core, txn->count, txn->count, txn->count, &err);
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
	run_totals.starved += error && starve;
	run_totals.over += error && limited;
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

	run_totals.refused++;
	if (run->core.edit) {
		netpol_fail_after = 0;
		np_offline_abort(&run->core);
		if (netpol_fail_after)
			WRONG(run, "an abort allocates");
		netpol_fail_after = -1;
	}
	run_take_books(&after, run->core.world);
	if (memcmp(before, &after, sizeof(after)))
		WRONG(run, "an abort changed the books");
}

static void run_publish(struct run *run, const struct transaction *txn,
			const struct books *before)
{
	run_totals.published++;
	netpol_fail_after = 0;
	np_offline_publish(&run->core);
	if (netpol_fail_after)
		WRONG(run, "publishing allocates");
	netpol_fail_after = -1;
	model_apply(&run->model, txn);
	if (run->core.world->snapshot->nunobserved) {
		run_totals.unobserved++;
		run->unobserved = true;
	}
	if (run->core.world->snapshot->generation != before->generation + 1)
		WRONG(run, "the generation did not go up by one");
}

/*
 * A limit has closed pods, rather than to refuse a cluster-wide policy: nothing may be open that the
 * policies close, and without the limit the pods open with the next commit.
 */
static void run_lacking(struct run *run, const struct transaction *txn)
{
	struct np_error err;

	run_totals.lacking++;
	run->lacking = true;
	run_compare(run);
	run->lacking = false;
	if (run->what[0])
		return;
	if (np_offline_begin(&run->core, history_origin[txn->origin], &err) ||
	    np_offline_prepare(&run->core, &err)) {
		WRONG(run, "a commit of nothing is refused: %s", err.text);
		return;
	}
	np_offline_publish(&run->core);
	if (run->core.world->snapshot->nlacking)
		WRONG(run, "there is room, and pods are closed");
}

void run_transaction(struct run *run, const struct transaction *txn)
{
	bool starve = txn->ending == ABORT_STARVED || txn->ending == ABORT_LIMITED;
	struct books before;
	int error;

	run_totals.transactions++;
	if (txn->gone)
		run_gone(run, txn);
	run_take_books(&before, run->core.world);
	error = run_objects(run, txn, starve);
	if (error || (txn->ending != PUBLISH && !starve)) {
		run_abort(run, &before);
		run_module(run, txn, txn->ending == ABORT_EARLY ? ABORT_EARLY : ABORT_LATE);
		run_compare(run);
		/* it must be possible to do the same once more */
		if (!run->what[0] && starve)
			error = run_objects(run, txn, false);
	}
	if (!error && (txn->ending == PUBLISH || starve)) {
		run_publish(run, txn, &before);
		run_module(run, txn, PUBLISH);
		if (run->core.world->snapshot->nlacking)
			run_lacking(run, txn);
	} else if (run->core.edit) {
		run_abort(run, &before);
	}
	run_check_books(run);
	if (!run->what[0])
		run_compare(run);
}

void run_begin(struct run *run, struct history *history, bool module)
{
	struct np_error err;

	memset(run, 0, sizeof(*run));
	run->history = history;
	model_begin(&run->model, history);
	audits_begin();
	if (np_offline_init(&run->core, HISTORY_NODE, &err)) {
		WRONG(run, "no world");
		return;
	}
	run_take_books(&run->empty, run->core.world);
	if (history->ranges &&
	    ask_offline_ranges(&run->core, history->range, history->ranges, &err))
		WRONG(run, "%s", err.text);
	if (module)
		run_module_begin(run);
}

/* Deletes everything, in one of two ways; nothing may be left. */
void run_empty(struct run *run)
{
	struct books books, zero = run->empty;
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
		audits_end_all(run);
		for (i = 0; i < HISTORY_ORIGINS; i++)
			if (np_offline_apply(&run->core, history_origin[(start + i) %
					     HISTORY_ORIGINS], &none, true, &err))
				WRONG(run, "deleting everything is refused");
	}
	for (i = 0; i < HELD_SNAPSHOTS; i++)
		let_go(run, &run->held[i], true);
	run_take_books(&books, run->core.world);
	zero.snapshot = books.snapshot;
	zero.audits = books.audits;
	zero.now = books.now;
	if (books.audits && books.audits->count)
		WRONG(run, "audits are left");
	zero.generation = books.generation;
	for (i = 0; i < NETPOL_ORIGINS; i++)
		if (books.origin[i].objects)
			WRONG(run, "objects of an origin are left");
	memcpy(zero.origin, books.origin, sizeof(zero.origin));
	if (memcmp(&books, &zero, sizeof(zero)))
		WRONG(run, "something is left of an emptied world");
	np_objects_free(&none);
	run_module_empty(run);
}

void run_end(struct run *run)
{
	unsigned int i;

	for (i = 0; i < HELD_SNAPSHOTS; i++)
		if (run->held[i].snapshot)
			netpol_snapshot_put(run->core.world, run->held[i].snapshot);
	run_module_end(run);
	np_offline_free(&run->core);
	model_free(&run->model);
	audits_end();
	if (netpol_warnings)
		WRONG(run, "the core warned");
}
