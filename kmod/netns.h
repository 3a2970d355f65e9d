/* SPDX-License-Identifier: GPL-2.0 */
/* The state of one network namespace, and the commit that puts a new snapshot in force. */
#ifndef NETPOL_NETNS_H
#define NETPOL_NETNS_H

#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include "core/edit.h"
#include "core/world.h"

/* PRE_ROUTING, LOCAL_OUT, POST_ROUTING and LOCAL_IN, for each family. */
#define NETPOL_HOOKS 8

struct netpol_event_queue;
struct netpol_grave;
struct netpol_tracer;

/**
 * struct netpol_totals - counters of packets of a network namespace, per CPU
 * @allowed: accepted by a half, by enum netpol_direction
 * @denied: denied, by direction
 * @spoofed: how many of those denied were forged
 * @unknown: how many of those denied had an unknown address inside a guard
 * @tunnels: how many of those denied were for a tunnel that ends on this node
 * @unchecked: packets of local pods whose source can't be checked against an interface
 * @undecided: packets of or to local pods that passed without asking a policy
 * @discovery: neighbour and multicast listener discovery, which passed without a look at its
 *	ends
 * @audited: how many of those accepted would be denied if the observed policies were enforced, by
 *	direction
 */
struct netpol_totals {
	u64 allowed[NETPOL_DIRECTIONS];
	u64 denied[NETPOL_DIRECTIONS];
	u64 spoofed;
	u64 unknown;
	u64 tunnels;
	u64 unchecked;
	u64 undecided;
	u64 discovery;
	u64 audited[NETPOL_DIRECTIONS];
};

/**
 * struct netpol_net - state of one network namespace
 * @net: the network namespace
 * @root: snapshot in force; written under @lock, read by packets under RCU
 * @totals: counters
 * @events: queue from the packet path to the multicast group "deny"
 * @observed: queue from the packet path to the multicast group "audit", which takes nothing from
 *	the other one
 * @world: control side; under @lock
 * @heard: whether anybody listens for denied packets, see netpol_event_wanted()
 * @enforcing: the hooks are registered, and references on conntrack and on the module are
 *	held; under @lock
 * @conntrack: a reference on conntrack is held; under @lock
 * @devices_gone: how many interfaces have gone away
 * @totals_zero: sums of @totals when they were last reset; under @lock
 * @events_zero: events sent and events lost when they were last reset; under @lock
 * @lock: guards everything, except that packets only read @root. A commit holds it for long,
 *	so nobody waits for it who holds RTNL or another lock that others want
 * @old: replaced snapshots whose grace period has passed, for @reaper to free
 * @reaper: frees @old, under @lock, piece by piece
 * @ender: enforces policies again whose audit ends
 * @looker: looks at the counters of all rules, under @lock, piece by piece, while @enforcing
 * @transactions: list of struct netpol_txn, of all sockets; under @lock
 * @ntransactions: length of that list
 * @dumps: list of struct netpol_dump in progress; under @lock
 * @grave: what frees @world in the end
 * @trace: guards @tracer; nobody holds it for long, and @lock is not taken under it
 * @tracer: the trace that runs or has run, or NULL; under @trace
 * @hooks: what is registered while @enforcing; their private pointer is this structure
 *
 * What packets read is in the first line of 64 bytes, with what is hardly ever written. Who waits
 * for @lock, and the reaper, write to other lines.
 */
struct netpol_net {
	struct net *net;
	struct netpol_snapshot __rcu *root;
	struct netpol_totals __percpu *totals;
	struct netpol_event_queue *events;
	struct netpol_world *world;
	unsigned long heard;
	bool enforcing;
	bool conntrack;
	struct netpol_event_queue *observed;
	atomic_t devices_gone;
	struct netpol_totals totals_zero;
	u64 events_zero[2];
	struct mutex lock; /* see above */
	struct llist_head old;
	struct work_struct reaper;
	struct delayed_work ender;
	struct delayed_work looker;
	struct list_head transactions;
	u32 ntransactions;
	struct list_head dumps;
	struct netpol_grave *grave;
	struct mutex trace; /* see above */
	struct netpol_tracer *tracer;
	struct nf_hook_ops hooks[NETPOL_HOOKS];
};

extern unsigned int netpol_net_id;
int netpol_net_register(void);
void netpol_net_unregister(void);
int netpol_net_commit(struct netpol_net *nn, struct netpol_edit *edit,
		      struct netpol_fault *fault);
void netpol_net_trace(const struct netpol_net *nn, int error, u64 begun);
void netpol_net_drop(struct netpol_net *nn, struct netpol_snapshot *snapshot);
int netpol_net_make_room(struct netpol_net *nn, struct netpol_fault *fault);
int netpol_net_audit(struct netpol_net *nn, const struct netpol_audit *audit, bool end,
		     struct netpol_fault *fault);
void netpol_net_end_audits(struct netpol_net *nn);
void netpol_net_queue(struct delayed_work *work, unsigned long delay);
int netpol_net_flush(struct netpol_net *nn, struct netpol_fault *fault);

/* State of a network namespace. Each has one for as long as the module is loaded. */
static inline struct netpol_net *netpol_net(const struct net *net)
{
	return net_generic(net, netpol_net_id);
}

#endif /* NETPOL_NETNS_H */
