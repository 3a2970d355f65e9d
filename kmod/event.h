/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events: from the packet path to the listeners of the multicast groups "deny" and "audit".
 */
#ifndef NETPOL_EVENT_H
#define NETPOL_EVENT_H

#include "compat.h"
#include "core/classify.h"
#include "netlink.h"
#include "netns.h"

/*
 * Has anybody ever joined the multicast group "deny"? Always true on kernels that do not say
 * when somebody joins. It is never cleared: the kernel says it before it counts the listener,
 * so a test for listeners at that moment could miss one.
 */
extern bool netpol_event_asked;

/*
 * What netpol_net::heard says: with NETPOL_HEARD_NOW, netlink was asked in the tick that the rest
 * of the number is, and with NETPOL_HEARD_SOMEBODY somebody listened. Without it the number says
 * nothing but that it was never there before. NETPOL_HEARD_TICK is above both.
 */
#define NETPOL_HEARD_SOMEBODY	1ul
#define NETPOL_HEARD_NOW	2ul
#define NETPOL_HEARD_TICK	4ul

bool netpol_event_ask(struct netpol_net *nn);
void netpol_event_forget(struct netpol_net *nn);

/* What netpol_net::heard is if netlink was asked in this tick, and nobody listened. */
static inline unsigned long netpol_heard_nobody(void)
{
	return jiffies * NETPOL_HEARD_TICK | NETPOL_HEARD_NOW;
}

/*
 * Does anybody listen for denied packets? Netlink is asked once a tick, because that takes a third
 * of a verdict. So who joins the group may miss the denied packets of a tick, unless he sends a
 * request afterwards: that has all the next ones ask. Needs rcu_read_lock().
 */
static inline bool netpol_event_wanted(struct netpol_net *nn)
{
	unsigned long heard = READ_ONCE(nn->heard);

	if (likely((heard & ~NETPOL_HEARD_SOMEBODY) == netpol_heard_nobody()))
		return heard & NETPOL_HEARD_SOMEBODY;
	return netpol_event_ask(nn);
}

/* Likewise for packets that pass because policies are observed instead of enforced. */
static inline bool netpol_event_audit_wanted(const struct netpol_net *nn)
{
	return netpol_genl_listened(&netpol_genl_family, nn->net, NETPOL_GROUP_AUDIT);
}

struct netpol_event_queue *netpol_event_queue_create(struct netpol_net *nn, u8 verdict);
int netpol_event_queue_prepare(struct netpol_event_queue *queue);
void netpol_event_queue_destroy(struct netpol_event_queue *queue);
void netpol_event_deny(struct netpol_net *nn, const struct netpol_snapshot *snapshot,
		       const struct netpol_flow *flow, u16 source_port,
		       const struct netpol_judgement *judgement);
void netpol_event_audit(struct netpol_net *nn, const struct netpol_snapshot *snapshot,
			const struct netpol_flow *flow, u16 source_port, u8 direction);
void netpol_event_counts(const struct netpol_net *nn, u64 *sent, u64 *lost);

#endif /* NETPOL_EVENT_H */
