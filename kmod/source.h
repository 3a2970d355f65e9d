/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sources: may an interface send packets with this source address? The hooks here drop what
 * it may not, before anybody else sees it. hook.c asks the same questions again later on.
 * Everything needs rcu_read_lock().
 */
#ifndef NETPOL_SOURCE_H
#define NETPOL_SOURCE_H

#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include "compat.h"
#include "core/classify.h"
#include "core/world.h"
#include "netns.h"

/* How an interface and a local pod, in whose name it sends, belong together. */
enum netpol_source {
	NETPOL_SOURCE_OWN,	/* the interface is below the pod's one */
	/*
	 * It is a bridge or a VRF, and another port of it may be the sender; or the pod's
	 * interface is not known, and this one leads to no pod
	 */
	NETPOL_SOURCE_UNCHECKED,
	NETPOL_SOURCE_FORGED,	/* not at all */
};

/* The functions that netfilter calls. @priv is the struct netpol_net. */
unsigned int netpol_source_pre_routing4(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state);
unsigned int netpol_source_pre_routing6(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state);
unsigned int netpol_source_local_out4(void *priv, struct sk_buff *skb,
				      const struct nf_hook_state *state);
unsigned int netpol_source_local_out6(void *priv, struct sk_buff *skb,
				      const struct nf_hook_state *state);
enum netpol_source netpol_source_related(struct net *net, const struct netpol_local *local,
					 u32 ifindex);
bool netpol_source_is_node(const struct nf_hook_state *state, u8 family, const void *address);
bool netpol_source_allowed(const struct netpol_snapshot *snapshot,
			   const struct nf_hook_state *state,
			   const struct netpol_local *owner, const struct netpol_end *sender,
			   u8 family, const void *address);
unsigned int netpol_source_deny(struct netpol_net *nn, const struct netpol_snapshot *snapshot,
				struct sk_buff *skb, const struct netpol_flow *flow,
				u16 source_port, const struct netpol_local *owner);

/* The local pod that an interface belongs to; NULL: none, or one whose interface has gone. */
static __always_inline const struct netpol_local *
netpol_source_owner(const struct netpol_snapshot *snapshot, u32 ifindex)
{
	const struct netpol_local *local = netpol_snapshot_interface(snapshot, ifindex);

	return local && !READ_ONCE(local->runtime->gone) ? local : NULL;
}

/* The interface that a packet came in by: the bridge port if br_netfilter knows it; 0: none. */
static __always_inline u32 netpol_source_ifindex(const struct sk_buff *skb,
						 const struct nf_hook_state *state)
{
	if (unlikely(netpol_bridged(skb))) {
		struct net_device *port = netpol_bridge_physindev(skb, state->net);

		/*
		 * The packet is bridged, or was routed off that bridge. What IPsec made of
		 * such a packet still carries br_netfilter's data, but came in elsewhere.
		 */
		if (port && (!state->in || netif_is_bridge_master(state->in) ||
			     netdev_has_upper_dev_all_rcu(port, state->in)))
			return port->ifindex;
	}
	return state->in ? state->in->ifindex : skb->skb_iif;
}

#endif /* NETPOL_SOURCE_H */
