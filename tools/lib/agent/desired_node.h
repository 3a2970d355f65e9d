/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Nodes of the desired state, which policies name. A Node is written every few minutes, and
 * most of what it says does not matter here: a record is replaced only if what is kept of it
 * differs.
 *
 * A record that cannot be read has what its last version said that could be read, or nothing.
 * Only the ranges of pods count with that: the addresses of a Node stay out of them. Whoever has
 * the credentials of a kubelet can write the addresses of its own Node. So a Node may have few
 * of them only, and all Nodes together may take NP_NODE_BYTES_ALL; what exceeds that cannot be
 * read.
 */
#ifndef NP_AGENT_DESIRED_NODE_H
#define NP_AGENT_DESIRED_NODE_H

#include <stdbool.h>

#include "agent/desired_record.h"

#define NP_NODE_BYTES_ALL	(96u * 1024 * 1024)

struct np_desired_node {
	uint32_t hash;
	uint8_t epoch;		/* number of the list that it was last seen in */
	bool unread;		/* it exists and cannot be read */
	uint8_t uid[NETPOL_UID_LEN];
	size_t bytes;
	struct np_kube_node node;	/* what it points to is behind it, in the same block */
};

/* Returns the record of a Node, or NULL. */
struct np_desired_node *np_desired_node(const struct np_desired *d, const char *name);
/* Adds or replaces a Node, of which a copy is kept. object: NULL if it cannot be read. */
void np_desired_node_set(struct np_desired *d, const char *name, const char *uid,
			 const struct np_kube_node *object);
void np_desired_node_remove(struct np_desired *d, struct np_desired_node *node);
/* To be called when a list of them is complete. */
void np_desired_nodes_listed(struct np_desired *d);
/* Returns true while policies need Nodes, there is no list of them, and it is waited for. */
bool np_desired_nodes_wait(const struct np_desired *d);
/* Fills in d->node_list. To be called before policies are resolved, after Nodes have changed. */
void np_desired_nodes_index(struct np_desired *d);
/* To be called when Nodes are followed no longer: nothing is known of them any more. */
void np_desired_nodes_forget(struct np_desired *d);
void np_desired_nodes_free(struct np_desired *d);

#endif
