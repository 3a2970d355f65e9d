/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The label sets of the desired state. Most pods of a cluster share their labels with others, so
 * each label set, and each text in one, is stored once and counted by references.
 */
#ifndef NP_AGENT_DESIRED_LABELS_H
#define NP_AGENT_DESIRED_LABELS_H

#include <stdint.h>

#include "base/hash.h"
#include "object/object.h"

/* The labels and named ports of pods, or the labels of namespaces. */
struct np_desired_labels {
	uint32_t hash;
	uint32_t refs;
	uint32_t serial;	/* the transaction that it was last sent in */
	uint32_t number;	/* its number in that transaction */
	uint32_t label_count;
	uint32_t port_count;
	struct np_named_port *port;	/* behind the labels, in the same block of memory */
	struct np_label label[];
};

/* All label sets, and their texts. If all bytes are zero it is empty. */
struct np_desired_label_sets {
	struct np_hash sets;
	struct np_hash texts;
};

/* Returns a label set with one more reference. The labels must be sorted, with unique keys. */
struct np_desired_labels *np_desired_labels_get(struct np_desired_label_sets *all,
						const struct np_labels *labels,
						const struct np_named_port *port,
						uint32_t port_count);
/* Drops a reference. labels may be NULL. */
void np_desired_labels_put(struct np_desired_label_sets *all, struct np_desired_labels *labels);
/* Frees all label sets, whatever refers to them. */
void np_desired_labels_free(struct np_desired_label_sets *all);

#endif
