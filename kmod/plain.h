/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The four functions that netfilter calls, for each family at POST_ROUTING and LOCAL_IN, under
 * rcu_read_lock(). @priv is the struct netpol_net. They decide about plain packets themselves
 * and leave all others to netpol_decide(). Each family has its own functions, so that neither
 * pays for what the other one needs.
 */
#ifndef NETPOL_PLAIN_H
#define NETPOL_PLAIN_H

#include <linux/netfilter.h>

unsigned int netpol_plain_post_routing4(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state);
unsigned int netpol_plain_post_routing6(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state);
unsigned int netpol_plain_local_in4(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state);
unsigned int netpol_plain_local_in6(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state);

#endif /* NETPOL_PLAIN_H */
