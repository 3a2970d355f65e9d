/* SPDX-License-Identifier: GPL-2.0 */
/* The decisions about a packet, and the registration of the hooks that ask for them. */
#ifndef NETPOL_HOOK_H
#define NETPOL_HOOK_H

#include <linux/netfilter.h>
#include <net/netfilter/nf_conntrack.h>
#include "netns.h"

unsigned int netpol_decide_post_routing(struct netpol_net *nn, struct sk_buff *skb,
					const struct nf_hook_state *state);
unsigned int netpol_decide_local_in(struct netpol_net *nn, struct sk_buff *skb,
				    const struct nf_hook_state *state);
void netpol_hook_places(struct nf_hook_ops *ops);
int netpol_hook_register(struct netpol_net *nn);
void netpol_hook_unregister(struct netpol_net *nn);

/* The verdict for any packet, by all decisions; at either hook, under rcu_read_lock(). */
static inline unsigned int netpol_decide(struct netpol_net *nn, struct sk_buff *skb,
					 const struct nf_hook_state *state)
{
	return state->hook == NF_INET_LOCAL_IN ? netpol_decide_local_in(nn, skb, state) :
						 netpol_decide_post_routing(nn, skb, state);
}

/*
 * A bit of the flags that conntrack keeps for an SCTP association. conntrack uses the lowest
 * one (SCTP_FLAG_HEARTBEAT_VTAG_FAILED) and leaves the others alone; this one means that netpol
 * saw the entry begin with an INIT.
 */
#define NETPOL_SCTP_OPENED	BIT(7)

/*
 * Notes that a new SCTP entry begins with an INIT, which this packet is. conntrack begins one with
 * other chunks as well: a HEARTBEAT, from either end, is enough, and once it is answered nothing
 * in the entry tells it from one that began with an INIT. Until conntrack confirms the entry,
 * which it does after the hooks, nobody else has it.
 */
static inline void netpol_sctp_note_opener(struct nf_conn *ct)
{
	if (!nf_ct_is_confirmed(ct))
		ct->proto.sctp.flags |= NETPOL_SCTP_OPENED;
}

/* Did the end that sends in the original direction of @ct open this SCTP association? */
static inline bool netpol_sctp_opened(const struct nf_conn *ct)
{
	return READ_ONCE(ct->proto.sctp.flags) & NETPOL_SCTP_OPENED;
}

#endif /* NETPOL_HOOK_H */
