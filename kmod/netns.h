/* SPDX-License-Identifier: GPL-2.0 */
/* What the module keeps for one network namespace. */
#ifndef NETPOL_NETNS_H
#define NETPOL_NETNS_H

#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include "core/edit.h"
#include "core/world.h"

/* Sentences of refusals, kept until the acknowledgment has been sent. */
#define NETPOL_FAULT_RING 64

/* Two for each family. */
#define NETPOL_HOOKS 4

struct netpol_event_queue;

/**
 * struct netpol_totals - packets of a network namespace, per CPU
 * @allowed: judged and accepted, by enum netpol_direction of the half
 * @denied: judged and denied
 * @spoofed: of those denied, with a forged source
 * @unknown: denied because an address inside a guard belongs to no known pod
 * @unchecked: source of a local pod that could not be held against its interface
 */
struct netpol_totals {
	u64 allowed[NETPOL_DIRECTIONS];
	u64 denied[NETPOL_DIRECTIONS];
	u64 spoofed;
	u64 unknown;
	u64 unchecked;
};

/**
 * struct netpol_net - state of one network namespace
 * @net: the namespace
 * @lock: guards everything but @root's readers; taken inside RTNL, never around it
 * @root: the snapshot in force; written under @lock, read by packets under RCU
 * @world: control side, under @lock
 * @enforcing: hooks are registered, conntrack is taken, the module is held; under @lock
 * @conntrack: conntrack is taken; under @lock
 * @old: snapshots that a grace period has passed for, to be put by @reaper
 * @reaper: frees them, under @lock
 * @transactions: struct netpol_txn of all sockets; under @lock
 * @ntransactions: how many
 * @dumps: struct netpol_dump that hold snapshots; under @lock
 * @fault_text: ring of sentences for netlink acknowledgments; under @lock
 * @fault_next: next place in it
 * @totals: counters
 * @totals_zero: their sums when they were last reset; under @lock
 * @events_zero: events sent and lost, likewise
 * @events: queue from the packet path to the multicast groups
 * @hooks: what is registered while @enforcing, with this as their private pointer
 */
struct netpol_net {
	struct net *net;
	struct mutex lock; /* see above */
	struct netpol_snapshot __rcu *root;
	struct netpol_world *world;
	bool enforcing;
	bool conntrack;
	struct llist_head old;
	struct work_struct reaper;
	struct list_head transactions;
	u32 ntransactions;
	struct list_head dumps;
	char fault_text[NETPOL_FAULT_RING][NETPOL_FAULT_TEXT];
	u32 fault_next;
	struct netpol_totals __percpu *totals;
	struct netpol_totals totals_zero;
	u64 events_zero[2];
	struct netpol_event_queue *events;
	struct nf_hook_ops hooks[NETPOL_HOOKS];
};

extern unsigned int netpol_net_id;
int netpol_net_register(void);
void netpol_net_unregister(void);
int netpol_net_commit(struct netpol_net *nn, struct netpol_edit *edit,
		      struct netpol_fault *fault);
int netpol_net_make_room(struct netpol_net *nn, struct netpol_fault *fault);
int netpol_net_flush(struct netpol_net *nn, struct netpol_fault *fault);
const char *netpol_net_fault(struct netpol_net *nn, const struct netpol_fault *fault);

/* The state of a network namespace, which has one for as long as the module is there. */
static inline struct netpol_net *netpol_net(const struct net *net)
{
	return net_generic(net, netpol_net_id);
}

#endif /* NETPOL_NETNS_H */
