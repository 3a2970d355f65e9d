/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads Nodes of Kubernetes from nodes of a document. Returns 0, or -1 with d->err filled.
 */
#ifndef NP_OBJECT_READ_NODE_H
#define NP_OBJECT_READ_NODE_H

#include "object/field.h"

/*
 * Every entry of status.addresses that is an IP address counts, whatever its type is. Names of
 * hosts do not.
 */
int np_decode_kube_node(struct np_decode *d, const struct np_node *node,
			const struct np_path *path);

#endif
