/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A made-up cluster as an API server would list it, object by object. */
#ifndef BENCH_LISTING_H
#define BENCH_LISTING_H

#include <stdbool.h>
#include <stddef.h>

#include "kube/source.h"

/**
 * struct listing - size of the cluster, and who is told of its objects
 * @spaces: namespaces
 * @pods: of all of them
 * @locals: of these, on the node "here0"
 * @policies: of all namespaces
 * @distinct: no two pods have the same labels
 * @pod_bytes: out: JSON of the last pod
 * @give: gets one object as the API client reads it; it lives until the call returns
 */
struct listing {
	unsigned int spaces;
	unsigned int pods;
	unsigned int locals;
	unsigned int policies;
	bool distinct;
	size_t pod_bytes;
	void (*give)(enum np_source_kind kind, const struct np_node *object);
};

/* An object of that text, to @give. */
void listing_give(const struct listing *listing, enum np_source_kind kind, const char *text);
/* A pod of 4.4 KB, as one of two containers is without its managedFields. */
void listing_pod(struct listing *listing, unsigned int i, unsigned int version);
/* Namespaces, policies, the node, pods. */
void listing_all(struct listing *listing);

#endif
