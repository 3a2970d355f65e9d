/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Made-up histories of a cluster: transactions of Namespaces, Pods, NetworkPolicies and, in half
 * of the histories, ClusterNetworkPolicies, and audits between them if somebody adds some, all of it
 * decided by one seed, and a model of what is loaded after each. The model is
 * lists of objects, for the naive evaluator; it knows nothing of the core.
 */
#ifndef HISTORY_H
#define HISTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "evaluator.h"
#include "object/object.h"

#define HISTORY_ORIGINS		3
#define HISTORY_TRANSACTIONS	40
#define HISTORY_NODE		"here"
#define HISTORY_RANGES		2
#define HISTORY_NODES		5
#define HISTORY_AUDITS		(2 * HISTORY_TRANSACTIONS)

enum operation_kind {
	SET_NAMESPACE,
	SET_POD,
	SET_POLICY,
	DELETE_NAMESPACE,
	DELETE_POD,
	DELETE_POLICY,
};

/**
 * struct operation - one object of a transaction
 * @kind: what is done
 * @dropped: left out, to find the smallest history that fails
 * @by_uid: deletes the pod only if it still has this uid
 * @namespace: object, or its name
 * @pod: object, or its names and uid
 * @policy: object, or its names
 */
struct operation {
	enum operation_kind kind;
	bool dropped;
	bool by_uid;
	struct np_namespace namespace;
	struct np_pod pod;
	struct np_policy policy;
};

enum ending {
	PUBLISH,
	ABORT_EARLY,	/* after some objects */
	ABORT_LATE,	/* after prepare */
	ABORT_STARVED,	/* an allocation fails, unless it needs fewer */
	ABORT_LIMITED,	/* a limit is as low as what is there already */
};

/**
 * struct transaction - one of a history
 * @origin: number
 * @full: replaces everything of the origin
 * @dropped: left out
 * @ending: how it ends
 * @after: operations before an early abort; allocations before a failing one; which limit
 * @gone: a pod of the origin whose interface is removed before it, or NULL
 * @operation: operations, in the history's arena
 * @count: how many
 */
struct transaction {
	unsigned int origin;
	bool full;
	bool dropped;
	enum ending ending;
	unsigned long after;
	const struct np_pod *gone;
	struct operation *operation;
	unsigned int count;
};

enum audit_kind {
	AUDIT_BEGIN,
	AUDIT_END,
	AUDIT_LOOK,	/* ends those whose time has come */
	AUDIT_WAIT,	/* the time goes on */
};

/**
 * struct audit_step - something about audits that happens between transactions
 * @kind: what is done
 * @dropped: left out
 * @before: number of the transaction before which it is
 * @about: which policies and pods, with names in the history's arena
 * @seconds: how long the audit lasts, 0: without an end; or how far the time goes on
 * @after: allocations before one that fails, unless it needs fewer; -1: none fails
 */
struct audit_step {
	enum audit_kind kind;
	bool dropped;
	unsigned int before;
	struct evaluator_audit about;
	unsigned int seconds;
	long after;
};

/**
 * struct model - what is loaded
 * @origin: objects of each origin
 * @arrivals: pods that ever arrived, for np_pod.created
 * @range: networks of pods, the history's
 * @ranges: how many
 * @kube_node: Nodes, the history's
 * @kube_nodes: how many
 */
struct model {
	struct np_objects origin[HISTORY_ORIGINS];
	int64_t arrivals;
	const struct np_cidr *range;
	unsigned int ranges;
	const struct np_kube_node *kube_node;
	unsigned int kube_nodes;
};

/**
 * struct history - a cluster and what happens to it
 * @random: state of the generator
 * @bytes: what decides before it, or NULL
 * @left: how many
 * @pool: memory of all objects
 * @pods: names of pods to choose from, in each namespace
 * @namespaces: names of namespaces to choose from
 * @policies: names of policies to choose from, in each namespace
 * @wide: most pods have labels of their own
 * @unicast: pods have addresses only that the kernel takes
 * @cluster: there are ClusterNetworkPolicies; may be cleared before the first transaction
 * @audit: half of the NetworkPolicies are observed instead of enforced; may be set before the first
 *	transaction
 * @range: networks that only pods have addresses of
 * @ranges: how many; none without ClusterNetworkPolicies
 * @kube_node: Nodes, which do not change
 * @kube_nodes: how many; none without ClusterNetworkPolicies
 * @address: addresses to choose from, and to judge
 * @addresses: how many
 * @transaction: transactions
 * @transactions: how many
 * @audit_step: what is done about audits, in order
 * @audit_steps: how many
 */
struct history {
	uint64_t random;
	const uint8_t *bytes;
	size_t left;
	struct np_objects pool;
	unsigned int pods;
	unsigned int namespaces;
	unsigned int policies;
	bool wide;
	bool unicast;
	bool cluster;
	bool audit;
	struct np_cidr range[HISTORY_RANGES];
	unsigned int ranges;
	struct np_kube_node kube_node[HISTORY_NODES];
	unsigned int kube_nodes;
	struct np_address *address;
	unsigned int addresses;
	struct transaction transaction[HISTORY_TRANSACTIONS];
	unsigned int transactions;
	struct audit_step audit_step[HISTORY_AUDITS];
	unsigned int audit_steps;
};

/* By number; the origins are in the order in which they win. */
extern const char *const history_origin[HISTORY_ORIGINS];

void history_begin(struct history *h, uint64_t seed);
/* The same, but bytes decide for as long as there are some; they stay the caller's. */
void history_from(struct history *h, const uint8_t *bytes, size_t size);
/* Are there, and is there room for another transaction? */
bool history_has_more(const struct history *h);
void history_free(struct history *h);
/* Appends the next transaction to what is loaded now. */
struct transaction *history_next(struct history *h, const struct model *model);
/* A ClusterNetworkPolicy has the directions that it has rules for. */
void history_directions(struct np_policy *policy);
/* Less than n. */
uint32_t history_random(struct history *h, uint32_t n);

/* Nothing is loaded yet. */
void model_begin(struct model *model, const struct history *h);
void model_free(struct model *model);
/*
 * The interface of txn->gone is removed; its addresses are nobody's until a pod of another
 * uid takes the name, or the pod lives elsewhere.
 */
void model_gone(struct model *model, const struct transaction *txn);
bool model_is_gone(const struct np_pod *pod);
/* What a published transaction changes. */
void model_apply(struct model *model, const struct transaction *txn);
/* The evaluator's view of it. */
struct evaluator model_view(const struct model *model);

/* Everything that is not dropped, as YAML with comments between. */
void history_print(const struct history *h, FILE *to);

#endif
