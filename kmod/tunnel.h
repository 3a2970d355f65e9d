/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tunnels that end on this node. What comes out of a tunnel comes from the tunnel's interface,
 * where the addresses of pods of other nodes are believed. So who may speak a tunnel protocol
 * to the node can send in the name of any of them, and past its own policies. Nothing is
 * changed here; everything needs rcu_read_lock().
 */
#ifndef NETPOL_TUNNEL_H
#define NETPOL_TUNNEL_H

#include <linux/skbuff.h>
#include <net/net_namespace.h>

bool netpol_tunnel_protocol(u8 protocol);
bool netpol_tunnel_takes_udp(struct net *net, const struct sk_buff *skb, u8 family,
			     u16 source_port, u16 port);
bool netpol_tunnel_takes_flow(struct net *net, u8 family, const void *source,
			      const void *destination, u16 port);

#endif /* NETPOL_TUNNEL_H */
