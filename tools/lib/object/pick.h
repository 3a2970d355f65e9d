/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fields of an object of the API server that are read. All other fields are passed over:
 * a pod has some kilobytes, of which a few hundred bytes matter, and a cluster may have
 * 150,000 pods.
 *
 * The functions of read.h read objects, from manifests and from API servers. A field that they
 * begin to read must be added here. Otherwise it is missing in objects from API servers.
 */
#ifndef NP_OBJECT_PICK_H
#define NP_OBJECT_PICK_H

#include "object/json.h"

extern const struct np_pick np_pick_namespace[];
extern const struct np_pick np_pick_pod[];
extern const struct np_pick np_pick_policy[];	/* policies of both kinds */
extern const struct np_pick np_pick_node[];	/* the Node of the agent */
extern const struct np_pick np_pick_kube_node[];	/* a Node among all of them */

/* Annotations of Nodes. So many of the first ones are Calico's, for addresses of tunnels. */
#define NP_PICK_TUNNELS	5
extern const struct np_pick np_pick_node_annotations[];

#endif
