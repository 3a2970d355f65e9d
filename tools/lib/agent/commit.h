/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the desired state to the kernel: full and delta transactions of origin `kube`,
 * what is done about refusals, and the audit.
 */
#ifndef NP_AGENT_COMMIT_H
#define NP_AGENT_COMMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/netpol.h>

#include "netlink/client.h"
#include "agent/desired.h"
#include "base/metric.h"
#include "netlink/report.h"
#include "netlink/transaction.h"

#define NP_KUBE_ORIGIN	"kube"

struct np_commit_stats {
	uint64_t full;			/* transactions that were published */
	uint64_t delta;
	uint64_t failures;		/* tries that published nothing */
	uint64_t stale;			/* of them, as the origin was changed by others */
	uint64_t objects;		/* sent in published transactions */
	uint64_t messages;
	uint64_t bytes;
	uint64_t audits;
	uint64_t divergences;		/* objects that an audit found different */
	uint64_t repairs;		/* audits that found any */
	struct np_histogram duration;	/* seconds of a published transaction */
};

/* One client of the kernel. Owned by the agent; all calls block for a moment. */
struct np_commit {
	struct np_desired *desired;
	struct np_client client;
	bool open;
	int timeout;			/* milliseconds for one answer */
	uint64_t generation;		/* of the origin, as we left it */
	uint64_t kernel_generation;
	uint64_t settings_generation;	/* of the settings, when they were last looked at */
	uint64_t limit[NETPOL_LIMIT_MAX + 1];
	char version[NETPOL_VERSION_MAX + 1];
	struct np_commit_stats stats;
};

void np_commit_init(struct np_commit *c, struct np_desired *desired, int timeout);
void np_commit_close(struct np_commit *c);
/*
 * Opens the socket, reads limits and generation. *present: how many objects the origin
 * has. 0, or -1 with *err.
 */
int np_commit_open(struct np_commit *c, uint64_t *present, struct np_error *err);

/*
 * Tells the kernel all that differs: a full transaction where its state is not known,
 * else a delta. 0, or -1 with *err: try again later, what is not told stays listed.
 */
int np_commit_run(struct np_commit *c, struct np_error *err);
/* Sets aside what is over a bound of single objects, of all that is listed as changed. */
void np_commit_bound_changes(struct np_commit *c);
/*
 * Did someone else touch the origin since our last commit? Sets `full` of the desired
 * state if so. 0, or -1 with *err.
 */
int np_commit_check(struct np_commit *c, bool *touched, struct np_error *err);
/*
 * Compares the kernel's objects with the desired ones and lists what differs, to be
 * committed. *found: how many differ. 0, or -1 with *err.
 */
int np_audit_run(struct np_commit *c, size_t *found, struct np_error *err);
/* Replaces the kernel's settings if they differ. *changed may be NULL. */
int np_commit_settings(struct np_commit *c, const struct np_settings *want, bool *changed,
		       struct np_error *err);
/* Do they say the same? The order of lists means nothing. */
bool np_settings_equal(const struct np_settings *a, const struct np_settings *b);

/*
 * Encodes one record as it is wanted now, or its deletion. serial: of the transaction, for
 * the numbers of label sets; *sets counts them.
 */
int np_commit_encode(struct np_desired *d, const struct np_change *change,
		     struct np_encoder *enc, uint32_t serial, uint32_t *sets,
		     struct np_error *err);
/* Pods that are to be loaded, in the order in which they are to arrive; to be freed. */
struct np_desired_pod **np_commit_pods(const struct np_desired *d, size_t *count);
/* A policy as it goes to the kernel: without rules if it is closed. */
void np_commit_policy_view(const struct np_desired_policy *policy, struct np_policy *view);
/*
 * Encodes changes as one transaction and gives each the number by which the kernel calls
 * its object. 0, or -1 with *err; then *refused is the change that could not be encoded.
 */
int np_commit_send(struct np_desired *d, struct np_change *change, size_t count,
		   struct np_encoder *enc, struct np_change **refused, struct np_error *err);
/* The change whose object has a number in the transaction last sent; NULL: none. */
struct np_change *np_commit_number(struct np_change *change, size_t count, uint64_t number);

#endif
