/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Follows all Nodes while policies need them.
 *
 * What policies say of Nodes that are not listed yet cannot be told. So commits wait for the list:
 * at a start as for those of the other kinds, so that what is in force stays, and later for a
 * while. If the list does not come, the commits go on, with the rules that name Nodes closed.
 */
#ifndef NP_AGENT_NODES_H
#define NP_AGENT_NODES_H

#include <stdbool.h>

#include "agent/state.h"

/* How long commits wait for the list of Nodes, once everything else has been committed. */
#define NP_NODES_WAIT_MS	10000
/* The same while it comes: it has begun, and nothing has gone wrong since. */
#define NP_NODES_LIST_MS	60000
/*
 * At a start they wait until the API server has refused the list for so long. A server that has
 * just started refuses everything for a moment. While it says nothing, they wait.
 */
#define NP_NODES_REFUSED_MS	60000

void np_agent_nodes_init(struct np_agent *agent);
/* To be called when policies, the list of Nodes or what the source says of it have changed. */
void np_agent_nodes_check(struct np_agent *agent);

#endif
