/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running a made-up history: in the core of this process, in the loaded module if there is
 * one, and in the model that the naive evaluator looks at. After each transaction,
 * published or not, all give the same verdict to every pair of addresses; the core also
 * names the rule that the evaluator found, and its own books are in order.
 */
#ifndef RUN_H
#define RUN_H

#include <stdio.h>

#include "../evaluator/history.h"
#include "ask.h"
#include "audits.h"
#include "offline/offline.h"

/* Samples of a snapshot that is held on to. */
#define HELD_FLOWS	100
#define HELD_SNAPSHOTS	3

struct held {
	struct netpol_snapshot *snapshot;
	struct np_flow flow[HELD_FLOWS];
	bool allowed[HELD_FLOWS];
};

/* Everything that an abort must leave alone. */
struct books {
	u64 generation;
	u32 namespaces, pods, policies, claims, nlocals, addresses[2];
	u32 keys, labels, label_sets, port_names, port_sets, selectors, peer_objects, ns_names,
	    templates, identities, nidentities, loaded_namespaces, loaded_identities, slots,
	    active_keys, active_peers, programs;
	u64 retired_bytes;
	struct netpol_origin origin[NETPOL_ORIGINS];
	const struct netpol_snapshot *snapshot;
	const struct netpol_audits *audits;
	u64 now;
};

/**
 * struct run - one history being run
 * @history: what happens
 * @model: what is loaded, for the evaluator
 * @core: the core
 * @audits: the audits that are under way there
 * @client: the module, or NULL
 * @generation: of the module
 * @empty: the books of the core when nothing was loaded
 * @held: old snapshots
 * @only: the one tuple to judge, or NULL: all
 * @lacking: a limit has closed pods of the core: it may deny what the evaluator accepts
 * @unobserved: since a limit left no room for them, the core may not ask policies that are observed
 * @what: what was wrong first; empty: nothing
 * @flow: the tuple that was judged wrongly
 * @has_flow: if it was that
 */
struct run {
	struct history *history;
	struct model model;
	struct np_offline core;
	struct audits audits;
	struct np_client *client;
	uint64_t generation;
	struct books empty;
	struct held held[HELD_SNAPSHOTS];
	const struct np_flow *only;
	bool lacking;
	bool unobserved;
	char what[640];
	struct np_flow flow;
	bool has_flow;
};

#define WRONG(run, ...)							\
do {									\
	if (!(run)->what[0])						\
		snprintf((run)->what, sizeof((run)->what), __VA_ARGS__);	\
} while (0)

/**
 * struct run_totals - over all runs
 * @verdicts: of the core, compared with the evaluator's
 * @module: of the module, compared with the evaluator's
 * @allowed: of the core's
 * @judged: of the core's, by a pod of this node
 * @transactions: run
 * @published: of these
 * @refused: aborted
 * @starved: of these, without memory
 * @over: of these, over a limit
 * @lacking: of those published, with pods that a limit has closed
 * @unobserved: of those published, without room for policies that are observed
 * @stale: of the module: lost to another transaction
 * @halves: of the verdicts, halves that the evaluator has judged
 * @tiers: of these, by the tier that decided; enum np_tier
 * @passed: of these, with a rule of the Admin tier that passes
 * @unknown: of these, denied because the other end is not known
 * @closed: of these, denied because the Namespace of the pod is not loaded
 * @audited: of these, allowed because policies are observed instead of enforced
 * @observed: of these, with an observed policy that accepts as well
 * @begun: audits that began
 * @ended: of these, by command
 * @over_time: of these, because their time was over
 * @absent: commands to end an audit that there was not, or no longer
 * @audits_starved: edits of audits that failed for want of memory
 * @budget: most verdicts a step; 0: all
 * @fault: to try the search for the smallest world: the core's answer to what comes to this
 *	port by a rule is taken for the opposite; 0: it is not
 * @fault_denied: that, where the rule denies; else where it accepts
 */
struct run_totals {
	unsigned long verdicts, module, allowed, judged, transactions, published, refused,
		starved, over, lacking, unobserved, stale, halves, tiers[3], passed, unknown, closed, audited,
		observed, begun, ended, over_time, absent, audits_starved, budget;
	unsigned int fault;
	bool fault_denied;
};

extern struct run_totals run_totals;

/* module: in the loaded module too, in a network namespace of its own. */
void run_begin(struct run *run, struct history *history, bool module);
void run_transaction(struct run *run, const struct transaction *txn);
/* Between transactions: holds on to a snapshot now and then, and lets go of one. */
void run_juggle(struct run *run);
/* Deletes everything, in one of two ways; nothing may be left. */
void run_empty(struct run *run);
void run_end(struct run *run);

/* All pairs of addresses, all questions; evenly spread ones if there are too many. */
void run_compare(struct run *run);
/* A tuple of the history's addresses, any. */
void run_some_flow(struct history *h, struct np_flow *flow);
/* The core's own counts, sets and lists. */
void run_take_books(struct books *b, const struct netpol_world *w);
void run_check_books(struct run *run);

/* The module's part. */
void run_module_begin(struct run *run);
void run_module(struct run *run, const struct transaction *txn, enum ending ending);
void run_module_empty(struct run *run);
void run_module_end(struct run *run);

/*
 * Leaves out what it can while the tuple that failed still fails, and writes what is left:
 * a world to be loaded, or the history where it takes one. False: it did not fail again.
 */
bool run_shrink(struct history *h, const struct run *failed, FILE *to);

#endif
