/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two nodes and their pods as network namespaces.
 *
 * A node has an uplink to the API server, a link to the other node and routes to its
 * pods. A slot is a place for a pod: a network namespace with servers in it. A pod that
 * comes gets a fresh veth pair with an address of its node, often one that another pod
 * had before; a pod that goes takes its interface along.
 */
#ifndef KUBE_CLUSTER_H
#define KUBE_CLUSTER_H

#include <stdbool.h>

#define NODES		2
#define SLOTS		12		/* of which each node has half */
#define ADDRESSES	(SLOTS / 2 + 2)	/* of a node, to choose from */

struct slot {
	char netns[16];
	unsigned int node;
	bool up;		/* has its interface */
	unsigned int number;	/* of its address on the node */
	char v4[40];
	char v6[40];
};

extern struct slot slots[SLOTS];
extern const char *const node_name[NODES];

/* ip(8) with the lines given, in a network namespace ("-": that of the program). */
__attribute__((format(printf, 2, 3)))
void ip_batch(const char *netns, const char *format, ...);
/* Nodes and empty slots; the API server is behind the program's namespace. */
void cluster_begin(void);
/* The interface of a pod in the slot, with address `number` of its node; all of it routed. */
void slot_up(struct slot *slot, unsigned int number);
void slot_down(struct slot *slot);
/* Cuts the node off from the API server, or ends that. */
void node_uplink(unsigned int node, bool up);

#endif
