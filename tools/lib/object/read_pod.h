/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads pods and namespaces from nodes. They return 0, or -1 with d->err filled.
 */
#ifndef NP_OBJECT_READ_POD_H
#define NP_OBJECT_READ_POD_H

#include "object/field.h"

int np_decode_namespace(struct np_decode *d, const struct np_node *node,
			const struct np_path *path);
int np_decode_pod(struct np_decode *d, const struct np_node *node,
		  const struct np_path *path);
/*
 * Reads of a pod that np_decode_pod() rejects what tells where it is: its names, uid and node, and
 * as many of its addresses as are readable and fit. It gets no labels and no ports, and a phase or
 * hostNetwork that cannot be read does not take it out of sight. Returns 0, or -1 if its namespace
 * or name cannot be read.
 */
int np_decode_pod_closed(struct np_decode *d, const struct np_node *node);

#endif
