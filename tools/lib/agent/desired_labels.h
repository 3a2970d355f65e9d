/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The label sets of the desired state. Most pods of a namespace share their labels with others, so
 * each label set is stored once for a namespace, and each text in one is stored once. Both are
 * counted by references.
 */
#ifndef NP_AGENT_DESIRED_LABELS_H
#define NP_AGENT_DESIRED_LABELS_H

#include <stdint.h>

#include "base/hash.h"
#include "object/object.h"

/*
 * Bounds of the memory of labels and named ports, in bytes. Those of one namespace and its pods may
 * take its share, or only the lower one once those of all namespaces take more than
 * NP_LABEL_BYTES_ALL. Those of one object may take NP_LABEL_BYTES_OBJECT, into which what the
 * kernel takes of an object fits. An object beyond a bound is kept without its labels and rejected.
 * A namespace counts, but only its pods are refused for a share: else a tenant whose pods fill it
 * could have the namespace withdrawn, and with it what policies allow all pods in it.
 */
#define NP_LABEL_BYTES_SHARE	(32u * 1024 * 1024)
#define NP_LABEL_BYTES_ALL	(96u * 1024 * 1024)
#define NP_LABEL_BYTES_LOW	(8u * 1024 * 1024)
#define NP_LABEL_BYTES_OBJECT	(256u * 1024)

/* The labels and named ports of pods, or the labels of namespaces. */
struct np_desired_labels {
	uint32_t hash;
	uint32_t refs;
	size_t bytes;		/* memory that it may take, its texts included */
	size_t *charged;	/* the count of bytes of its namespace */
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
	size_t bytes;		/* of all sets */
};

/*
 * Returns a label set with one more reference. The labels must be sorted, with unique keys.
 * charged: the bytes of all label sets of the namespace; a set of another namespace is another set.
 */
struct np_desired_labels *np_desired_labels_get(struct np_desired_label_sets *all, size_t *charged,
						const struct np_labels *labels,
						const struct np_named_port *port,
						uint32_t port_count);
/* Returns why these labels are too large for one object, or NULL if they are not. */
const char *np_desired_labels_large(const struct np_labels *labels,
				    const struct np_named_port *port, uint32_t port_count);
/*
 * Returns why np_desired_labels_get() must not be called for these labels of a pod, or NULL if they
 * are within all bounds. old: those of the same pod that they replace, or NULL.
 */
const char *np_desired_labels_refused(const struct np_desired_label_sets *all, size_t *charged,
				      const struct np_desired_labels *old,
				      const struct np_labels *labels,
				      const struct np_named_port *port, uint32_t port_count);
/* Drops a reference. labels may be NULL. */
void np_desired_labels_put(struct np_desired_label_sets *all, struct np_desired_labels *labels);
/* Frees all label sets, whatever refers to them. */
void np_desired_labels_free(struct np_desired_label_sets *all);

#endif
