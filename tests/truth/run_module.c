// SPDX-License-Identifier: GPL-2.0-or-later
/* A history in the loaded module, message by message; see run.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "netlink/transaction.h"
#include "object/digest.h"
#include "run.h"

void run_module_begin(struct run *run)
{
	const struct history *h = run->history;
	struct np_error err = {};

	run->client = np_xcalloc(1, sizeof(*run->client));
	/* a fresh network namespace: nothing is loaded, and its generation begins anew */
	ask_begin(run->client);
	if (h->ranges &&
	    ask_ranges(run->client, h->range, h->ranges, &run->generation, &err))
		WRONG(run, "the module refuses ranges: %s", err.text);
}

void run_module_end(struct run *run)
{
	if (run->client)
		np_client_close(run->client);
	free(run->client);
	run->client = NULL;
}

static int encode(struct np_encoder *encoder, const struct operation *op, struct np_error *err)
{
	struct np_placement place = { .local = !strcmp(op->pod.node ? op->pod.node : "",
						       HISTORY_NODE) };
	const struct np_pod *pod = &op->pod;
	uint8_t uid[NETPOL_UID_LEN];

	switch (op->kind) {
	case SET_NAMESPACE:
		return np_encode_namespace(encoder, &op->namespace, err);
	case SET_POD:
		if (np_pod_usable(pod))
			return np_encode_pod(encoder, pod, &place, err);
		return np_encode_delete(encoder, NETPOL_OBJECT_POD, pod->namespace, pod->name,
					NULL, err);
	case SET_POLICY:
		return np_encode_policy(encoder, &op->policy, err);
	case DELETE_NAMESPACE:
		return np_encode_delete(encoder, NETPOL_OBJECT_NAMESPACE, NULL,
					op->namespace.name, NULL, err);
	case DELETE_POD:
		np_uid_bytes(pod->uid, uid);
		return np_encode_delete(encoder, NETPOL_OBJECT_POD, pod->namespace, pod->name,
					op->by_uid ? uid : NULL, err);
	default:
		return np_encode_delete(encoder, NETPOL_OBJECT_POLICY, op->policy.namespace,
					op->policy.name, NULL, err);
	}
}

/* A transaction over the same origin, which has to lose. */
static void stale_begin(struct run *run, const struct transaction *txn,
			struct np_transaction *loser)
{
	static const struct np_namespace nowhere = { .name = "nowhere" };
	struct np_transaction_options opts = {};
	struct np_error err;

	if (np_transaction_begin(loser, run->client, history_origin[txn->origin], &opts, &err) ||
	    np_encode_namespace(&loser->encoder, &nowhere, &err))
		WRONG(run, "the module refuses a second transaction: %s", err.text);
}

static void stale_end(struct run *run, struct np_transaction *loser)
{
	struct np_error err = {};

	if (!np_transaction_commit(loser, false, NULL, &err) ||
	    run->client->refusal.error != ESTALE)
		WRONG(run, "of two transactions over an origin both are published");
	run_totals.stale++;
	loser->open = false;
	np_transaction_end(loser);
}

/* Its end: published, checked, given up, or left to the closing of the socket. */
static int finish(struct run *run, struct np_transaction *module, const struct transaction *txn,
		  enum ending ending, struct np_error *err)
{
	struct np_transaction loser;
	bool race = ending == PUBLISH && run->generation % 4 == 1;
	uint64_t generation = run->generation;
	int error = 0;

	if (ending == ABORT_EARLY && txn->after % 2)
		return np_encoder_flush(&module->encoder, err);
	if (ending == ABORT_EARLY)
		return 0;
	if (race)
		stale_begin(run, txn, &loser);
	error = np_transaction_commit(module, ending != PUBLISH, &generation, err);
	if (!error && ending == PUBLISH)
		run->generation++;
	if (!error && generation != run->generation)
		WRONG(run, "a commit gives generation %llu, not %llu",
		      (unsigned long long)generation, (unsigned long long)run->generation);
	if (race)
		stale_end(run, &loser);
	return error;
}

void run_module(struct run *run, const struct transaction *txn, enum ending ending)
{
	struct np_transaction_options opts = { .full = txn->full };
	struct np_transaction module;
	struct np_error err = {};
	unsigned int i;
	int error;

	if (!run->client || run->what[0])
		return;
	error = np_transaction_begin(&module, run->client, history_origin[txn->origin], &opts,
				     &err);
	for (i = 0; !error && i < txn->count; i++) {
		if (ending == ABORT_EARLY && i == txn->after)
			break;
		if (!txn->operation[i].dropped)
			error = encode(&module.encoder, &txn->operation[i], &err);
	}
	if (!error)
		error = finish(run, &module, txn, ending, &err);
	if (error)
		WRONG(run, "the module refuses a transaction: %s", err.text);
	if (ending == ABORT_EARLY && txn->after % 4 == 1) {
		/* a closed socket aborts */
		np_client_close(run->client);
		if (np_client_open(run->client, NETPOL_GENL_NAME, NP_CLIENT_TIMEOUT, &err))
			WRONG(run, "the module can't be reached: %s", err.text);
		module.open = false;
	}
	np_transaction_end(&module);
}

/* The first kind of object that the module still has some of, or NULL. */
static const char *left_over(struct run *run)
{
	struct np_info info = {};
	const char *name = NULL;
	struct np_error err = {};
	size_t i;

	if (np_info_get(run->client, &info, &err))
		WRONG(run, "no information: %s", err.text);
	for (i = 0; !name && i < info.limit_count; i++)
		if (info.limit[i].id <= NETPOL_LIMIT_ADDRESSES && info.limit[i].used)
			name = np_limit_name(info.limit[i].id);
	np_info_free(&info);
	return name;
}

void run_module_empty(struct run *run)
{
	struct np_transaction_options opts = { .full = true };
	struct np_transaction module;
	struct np_error err = {};
	const char *left;
	unsigned int i, tries = 0;
	time_t deadline;

	for (i = 0; run->client && i < HISTORY_ORIGINS; i++) {
		if (np_transaction_begin(&module, run->client, history_origin[i], &opts, &err) ||
		    np_transaction_commit(&module, false, NULL, &err))
			WRONG(run, "the module refuses to be emptied: %s", err.text);
		np_transaction_end(&module);
	}
	if (!run->client)
		return;
	/* what the last packets may have seen goes by RCU */
	deadline = time(NULL) + 10;
	do
		left = left_over(run);
	while (left && (++tries < 2000 || time(NULL) < deadline));
	if (left)
		WRONG(run, "%s are left in an emptied module", left);
}
