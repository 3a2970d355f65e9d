/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the verdict must be: a second implementation of NetworkPolicy, straight from the
 * Kubernetes types, with loops over lists and comparisons of strings. It shares no code
 * with kmod/core and is as slow as it looks.
 */
#ifndef EVALUATOR_H
#define EVALUATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "object/object.h"

#define EVALUATOR_ORIGINS 4

/**
 * struct evaluator - the objects of all origins
 * @origin: the one that wins over the others first
 * @origins: how many
 * @node: pods scheduled here are judged; NULL: all are
 */
struct evaluator {
	const struct np_objects *origin[EVALUATOR_ORIGINS];
	unsigned int origins;
	const char *node;
};

/**
 * struct evaluator_half - what one end says
 * @judged: it is a pod of this node, and not both ends at once
 * @isolated: some policy selects it in this direction
 * @allowed: not judged, not isolated, or some rule matches
 * @policy: the first policy with a rule that matches, by origin, then by name; or NULL
 * @rule: the first rule of it that matches
 */
struct evaluator_half {
	bool judged;
	bool isolated;
	bool allowed;
	const struct np_policy *policy;
	uint32_t rule;
};

/* One end of a connection: its address, and the pod that has it, or NULL. */
struct evaluator_end {
	const struct np_address *address;
	const struct np_pod *pod;
};

/* The pod that an address belongs to, or NULL. */
const struct np_pod *evaluator_owner(const struct evaluator *ev,
				     const struct np_address *address);
/* Both halves, also if the first one denies. */
bool evaluator_judge(const struct evaluator *ev, const struct evaluator_end *source,
		     const struct evaluator_end *destination, uint8_t protocol,
		     uint16_t port, struct evaluator_half *egress,
		     struct evaluator_half *ingress);

#endif
