/* SPDX-License-Identifier: GPL-2.0 */
/* The decisions about a packet, and the registration of the hooks that ask for them. */
#ifndef NETPOL_HOOK_H
#define NETPOL_HOOK_H

#include <linux/netfilter.h>
#include "netns.h"

unsigned int netpol_decide_post_routing(struct netpol_net *nn, struct sk_buff *skb,
					const struct nf_hook_state *state);
unsigned int netpol_decide_local_in(struct netpol_net *nn, struct sk_buff *skb,
				    const struct nf_hook_state *state);
int netpol_hook_register(struct netpol_net *nn);
void netpol_hook_unregister(struct netpol_net *nn);

/* The verdict for any packet, by all decisions; at either hook, under rcu_read_lock(). */
static inline unsigned int netpol_decide(struct netpol_net *nn, struct sk_buff *skb,
					 const struct nf_hook_state *state)
{
	return state->hook == NF_INET_LOCAL_IN ? netpol_decide_local_in(nn, skb, state) :
						 netpol_decide_post_routing(nn, skb, state);
}

#endif /* NETPOL_HOOK_H */
