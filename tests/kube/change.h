/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random changes of a cluster, one write to the API server each, decided by a seed:
 * pods come, go, finish and change labels, namespaces change labels, policies of every
 * construct come, change and go. Addresses are used again and again.
 */
#ifndef KUBE_CHANGE_H
#define KUBE_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster.h"

enum change_kind {
	CHANGE_POD_ADD,
	CHANGE_POD_DELETE,
	CHANGE_POD_FINISH,
	CHANGE_POD_LABELS,
	CHANGE_NAMESPACE_LABELS,
	CHANGE_POLICY_ADD,
	CHANGE_POLICY_REPLACE,
	CHANGE_POLICY_DELETE,
	CHANGES,
};

/**
 * struct change - one change that is to be made
 * @kind: what is done
 * @slot: to which pod, for the first four; NULL otherwise
 * @which: number of the namespace, or of the policy
 * @text: in words
 */
struct change {
	enum change_kind kind;
	struct slot *slot;
	unsigned int which;
	char text[160];
};

/* Namespaces. */
void change_begin(uint64_t seed);
/* A DNS pod on each node, in an isolated kube-system that lets anyone ask. */
void change_dns(void);
/* Ends that isolation, and puts a pod into most slots. */
void change_fill_up(void);
/* Less than n. */
uint32_t change_random(uint32_t n);
/* The next change; allowed: a set of 1 << kind. What the node does before it is done. */
void change_choose(struct change *change, unsigned int allowed);
/* The write to the API server. */
void change_write(const struct change *change);
/* What the node does after it. */
void change_finish(const struct change *change);
/* Ends all pods and policies. */
void change_clear(void);
/* "namespace/name" of the pod in a slot, NULL if none. */
const char *change_pod(const struct slot *slot);

#endif
