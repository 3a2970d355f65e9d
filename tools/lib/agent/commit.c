// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commits: full and delta transactions of origin `kube`.
 *
 * An object that the kernel refuses must not keep the others out. The refusal says which object it
 * is about: then that object is rejected, and the others are sent again. If it does not say, and
 * the kernel takes a transaction without objects, the changes are halved until the object is found.
 * The changes of a full transaction cannot be halved, because it removes what it does not contain.
 * So a comparison finds the differences, and they are sent as a delta.
 */
#include "agent/commit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/compare.h"
#include "agent/bounds.h"
#include "agent/desired_refuse.h"
#include "agent/encode.h"
#include "base/loop.h"
#include "netlink/transaction.h"

/*
 * The most refused objects that are rejected one by one, where each costs a transaction of all the
 * others. If there are more, halving the changes sends fewer objects.
 */
#define NP_COMMIT_SINGLY	8

#define NP_STALE_TRIES		5	/* the most tries while somebody else changes the origin */

enum np_outcome {
	NP_OUTCOME_DONE,
	NP_OUTCOME_STALE,	/* somebody else changed the origin */
	NP_OUTCOME_OBJECT,	/* an object was refused */
	NP_OUTCOME_AGAIN,	/* an object was rejected, so more changes are pending */
	NP_OUTCOME_FAILED,	/* it should be tried again later */
};

static enum np_outcome np_outcome(struct np_kernel *kernel, int ret, const struct np_error *err)
{
	if (!ret)
		return NP_OUTCOME_DONE;
	kernel->stats.failures++;
	switch (kernel->client.refusal.error) {
	case 0:
		if (err->exit == NP_EXIT_INPUT)
			return NP_OUTCOME_OBJECT;
		/* The socket cannot be used any more, because an answer may still arrive on it. */
		np_kernel_close(kernel);
		return NP_OUTCOME_FAILED;
	case ESTALE:
		kernel->stats.stale++;
		return NP_OUTCOME_STALE;
	case EINVAL:
	case ERANGE:
	case ENOSPC:
	case EMSGSIZE:
	case EOPNOTSUPP:
	case EEXIST:
		return NP_OUTCOME_OBJECT;
	case EAGAIN:
	case ENOMEM:
		return NP_OUTCOME_FAILED;
	default:
		np_kernel_close(kernel);
		return NP_OUTCOME_FAILED;
	}
}

static double np_commit_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void np_commit_count(struct np_commit_stats *stats, const struct np_transaction *txn,
			    bool full, uint64_t objects, double began)
{
	if (full)
		stats->full++;
	else
		stats->delta++;
	stats->objects += objects;
	stats->messages += txn->encoder.messages;
	stats->bytes += txn->encoder.bytes;
	np_histogram_add(&stats->duration, np_commit_clock() - began);
}

/* Sends one transaction. *refused: the change whose object was refused; NULL: it is not known. */
static enum np_outcome np_commit_try(struct np_kernel *kernel, struct np_desired *d,
				     struct np_change *change, size_t count, bool full,
				     struct np_change **refused, struct np_error *err)
{
	struct np_transaction_options opts = { .full = full, .has_base = true };
	const struct np_refusal *refusal = &kernel->client.refusal;
	double began = np_commit_clock();
	struct np_transaction txn;
	enum np_outcome outcome;
	int ret;

	*refused = NULL;
	memset(err, 0, sizeof(*err));
	memset(&kernel->client.refusal, 0, sizeof(kernel->client.refusal));
	if (full && np_kernel_info(kernel, &kernel->origin_generation, NULL, err))
		return np_outcome(kernel, -1, err);
	opts.base = kernel->origin_generation;
	ret = np_transaction_begin(&txn, &kernel->client, NP_KUBE_ORIGIN, &opts, err);
	if (ret && refusal->error == ENOSPC)
		kernel->client.refusal.error = EAGAIN;
	if (!ret)
		ret = np_changes_encode(d, change, count, &txn.encoder, refused, err);
	if (!ret)
		ret = np_transaction_commit(&txn, false, &kernel->generation, err);
	if (refusal->error)
		*refused = refusal->has_object ?
			   np_changes_find(change, count, refusal->object) : NULL;
	outcome = np_outcome(kernel, ret, err);
	if (outcome == NP_OUTCOME_DONE) {
		kernel->origin_generation = kernel->generation;
		np_commit_count(&kernel->stats, &txn, full, count, began);
	}
	if (kernel->open)
		np_transaction_end(&txn);
	else
		np_encoder_free(&txn.encoder);
	return outcome;
}

/*
 * Drops the rules of a refused policy, or rejects the refused object. Returns false if the changes
 * must not be sent again.
 */
static bool np_commit_refuse(struct np_kernel *kernel, struct np_desired *d,
			     const struct np_change *refused, const struct np_error *err)
{
	const char *text = kernel->client.refusal.text;

	return !refused->stale && np_desired_refuse(d, refused->object, refused->record,
						    *text ? text : err->text);
}

/*
 * The kernel refused changes and did not say which one is to blame. Commits nothing, to find out
 * whether any is: what the kernel then refuses too is no object's fault, such as an origin too
 * many. Returns NP_OUTCOME_OBJECT if one of the changes is to blame.
 */
static enum np_outcome np_commit_nothing(struct np_kernel *kernel, struct np_desired *d)
{
	struct np_refusal refusal = kernel->client.refusal;
	struct np_change *refused;
	enum np_outcome outcome;
	struct np_error ignored;

	outcome = np_commit_try(kernel, d, NULL, 0, false, &refused, &ignored);
	/* Why the changes were refused is still to be told. */
	kernel->client.refusal = refusal;
	if (outcome == NP_OUTCOME_DONE)
		return NP_OUTCOME_OBJECT;
	return outcome == NP_OUTCOME_OBJECT ? NP_OUTCOME_FAILED : outcome;
}

/*
 * Sends changes in one transaction. If the kernel refuses an object, np_commit_refuse() is called
 * for it, and the changes are sent again. Returns NP_OUTCOME_OBJECT if the kernel still refuses
 * them.
 */
static enum np_outcome np_commit_singly(struct np_kernel *kernel, struct np_desired *d,
					struct np_change *change, size_t count,
					struct np_error *err)
{
	struct np_change *refused;
	enum np_outcome outcome;
	unsigned int singly;

	for (singly = 0; ; singly++) {
		outcome = np_commit_try(kernel, d, change, count, false, &refused, err);
		if (outcome == NP_OUTCOME_OBJECT && !refused)
			outcome = np_commit_nothing(kernel, d);
		if (outcome != NP_OUTCOME_OBJECT)
			return outcome;
		if (!refused && count == 1)
			refused = change;
		if (!refused || singly == NP_COMMIT_SINGLY ||
		    !np_commit_refuse(kernel, d, refused, err))
			return outcome;
		/*
		 * The pods of a policy that is withdrawn must be withdrawn by the same
		 * transaction, even if they belong to another part of the changes.
		 */
		if (d->pending_count || (refused->object == NETPOL_OBJECT_POLICY &&
					 !np_desired_policy_loaded(refused->record)))
			return NP_OUTCOME_AGAIN;
	}
}

/* Commits changes, in halves if need be. Changes that are not committed are pending again. */
static enum np_outcome np_commit_some(struct np_kernel *kernel, struct np_desired *d,
				      struct np_change *change, size_t count,
				      struct np_error *err)
{
	enum np_outcome outcome = np_commit_singly(kernel, d, change, count, err);
	size_t half = count / 2, i;

	if (outcome == NP_OUTCOME_OBJECT && count > 1) {
		outcome = np_commit_some(kernel, d, change, half, err);
		change += half;
		count -= half;
		if (outcome == NP_OUTCOME_DONE)
			return np_commit_some(kernel, d, change, count, err);
	} else if (outcome == NP_OUTCOME_OBJECT) {
		outcome = NP_OUTCOME_FAILED;
	}
	for (i = 0; i < count; i++) {
		if (outcome == NP_OUTCOME_DONE)
			np_desired_finish(d, &change[i]);
		else
			np_desired_give_back(d, &change[i]);
		np_breathe();
	}
	return outcome;
}

static enum np_outcome np_commit_delta(struct np_kernel *kernel, struct np_desired *d,
				       struct np_error *err)
{
	enum np_outcome outcome = NP_OUTCOME_DONE;
	struct np_change *change;
	size_t count;

	/* It goes on until nothing is pending, because rejecting an object may change others. */
	while (d->pending_count &&
	       (outcome == NP_OUTCOME_DONE || outcome == NP_OUTCOME_AGAIN)) {
		np_bounds_check_pending(kernel, d);
		change = np_desired_take(d, &count);
		np_changes_sort(change, count);
		outcome = np_commit_some(kernel, d, change, count, err);
		free(change);
	}
	return outcome;
}

/* Returns a change for each record that is to be loaded. The caller frees the array. */
static struct np_change *np_commit_all(const struct np_desired *d, size_t *count)
{
	const struct np_hash *hash[] = { &d->namespaces, &d->policies };
	static const uint8_t object[] = { NETPOL_OBJECT_NAMESPACE, NETPOL_OBJECT_POLICY };
	struct np_desired_pod **pod = np_desired_by_arrival(d, count);
	struct np_change *change;
	size_t i, k, at;
	void *found;

	change = np_xcalloc(*count + d->namespaces.count + d->policies.count + 1,
			    sizeof(*change));
	for (i = 0; i < *count; i++)
		change[i] = (struct np_change){ .object = NETPOL_OBJECT_POD, .record = pod[i] };
	free(pod);
	for (k = 0; k < 2; k++)
		for (at = 0; (found = np_hash_next(hash[k], &at));)
			if (np_desired_loaded(object[k], found))
				change[(*count)++] = (struct np_change){
					.object = object[k],
					.record = found,
				};
	return change;
}

static enum np_outcome np_commit_full(struct np_kernel *kernel, struct np_desired *d,
				      struct np_error *err)
{
	struct np_change *change, *refused;
	enum np_outcome outcome;
	unsigned int singly = 0;
	size_t count, found;
	bool again;

	do {
		np_bounds_check_all(kernel, d);
		change = np_commit_all(d, &count);
		outcome = np_commit_try(kernel, d, change, count, true, &refused, err);
		again = outcome == NP_OUTCOME_OBJECT && refused &&
			singly++ < NP_COMMIT_SINGLY && np_commit_refuse(kernel, d, refused, err);
		free(change);
	} while (again);
	if (outcome == NP_OUTCOME_DONE)
		np_desired_finish_full(d);
	if (outcome != NP_OUTCOME_OBJECT)
		return outcome;
	if (np_compare_run(kernel, d, &found, err))
		return NP_OUTCOME_FAILED;
	return np_commit_delta(kernel, d, err);
}

int np_commit_run(struct np_kernel *kernel, struct np_desired *d, struct np_error *err)
{
	enum np_outcome outcome = NP_OUTCOME_STALE;
	uint64_t present;
	int i;

	if (!kernel->open) {
		/* The module that answers now may be another one. */
		np_desired_set_full(d);
		if (np_kernel_open(kernel, &present, err)) {
			kernel->stats.failures++;
			return -1;
		}
	}
	for (i = 0; outcome == NP_OUTCOME_STALE && i < NP_STALE_TRIES; i++) {
		outcome = d->full ? np_commit_full(kernel, d, err) :
				    np_commit_delta(kernel, d, err);
		if (outcome == NP_OUTCOME_STALE)
			np_desired_set_full(d);
	}
	return outcome == NP_OUTCOME_DONE ? 0 : -1;
}

int np_commit_check(struct np_kernel *kernel, struct np_desired *d, bool *touched,
		    struct np_error *err)
{
	uint64_t generation;

	*touched = false;
	if (!kernel->open || np_kernel_info(kernel, &generation, NULL, err)) {
		np_kernel_close(kernel);
		return -1;
	}
	if (d->full || generation == kernel->origin_generation)
		return 0;
	*touched = true;
	np_desired_set_full(d);
	return 0;
}
