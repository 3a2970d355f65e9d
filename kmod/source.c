// SPDX-License-Identifier: GPL-2.0
/*
 * Drops packets whose source their interface has no right to send, ahead of everything that
 * would learn from them. Whoever can show conntrack a packet in another's name can close a
 * connection there, or have it recorded as opened by its server, and then send as if it was
 * answering. It can also put fragments between those of another one. It does not help that
 * hook.c drops such packets in the end.
 *
 * At PRE_ROUTING the interface tells which pod sends, also for bridged packets, for which
 * br_netfilter calls the hook with the bridge port at hand. At LOCAL_OUT only the sockets of
 * other network namespaces are of interest, which send there through ipvlan.
 *
 * Fragments have not been put together here, and only the IP header is known to be sound. The
 * question needs no more than that: it is about the source address alone.
 *
 * Nearly all packets are answered by the first lines of from_interface(). An interface of a
 * pod is compared with the address in that pod's entry. For any other interface a filter
 * tells that no local pod has the address.
 */
#include "source.h"
#include "event.h"
#include "packet.h"

#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/route.h>
#include <net/rtnetlink.h>
#include <net/sock.h>

/*
 * Does an interface lead to a container or a virtual machine of this node? A pair (veth, netkit)
 * does so if its other end is elsewhere; one with both ends here is a wire of the node's own.
 */
static bool leads_to_pod(struct net_device *device)
{
	const struct net_device_ops *ops = device->netdev_ops;
	const struct net_device *peer;

	if (!ops->ndo_get_peer_dev)
		return device->rtnl_link_ops && !strcmp(device->rtnl_link_ops->kind, "tun");
	peer = ops->ndo_get_peer_dev(device);
	return !peer || !net_eq(dev_net(peer), dev_net(device));
}

/**
 * netpol_source_related() - how does an interface belong to a local pod?
 * @net: network namespace
 * @local: the pod that the source address is one of
 * @ifindex: an interface that is no known pod's, which the packet came in by
 *
 * Where the interface of @local is not known, any interface that leads to a pod may be its own,
 * and may be that of somebody who sends in its name. Nobody can tell, so that is forged. By
 * other interfaces packets of the pod may come back that left the node where no hook sees them,
 * as those of macvlan do, or those of a pod that runs on another node after all.
 */
enum netpol_source netpol_source_related(struct net *net, const struct netpol_local *local,
					 u32 ifindex)
{
	struct net_device *in = dev_get_by_index_rcu(net, ifindex);
	struct net_device *device;

	if (!in)
		return NETPOL_SOURCE_FORGED;
	if (!local->ifindex)
		return leads_to_pod(in) ? NETPOL_SOURCE_FORGED : NETPOL_SOURCE_UNCHECKED;
	device = dev_get_by_index_rcu(net, local->ifindex);
	if (!device)
		return NETPOL_SOURCE_FORGED;
	if (netdev_has_upper_dev_all_rcu(in, device))
		return NETPOL_SOURCE_OWN;
	if (netdev_has_upper_dev_all_rcu(device, in))
		return NETPOL_SOURCE_UNCHECKED;
	return NETPOL_SOURCE_FORGED;
}

/*
 * Is this an address of the node itself? If the packet is in a VRF, the addresses of that VRF
 * are meant. Without a device, as for EVAL, those that are in none. Needs no lock.
 */
bool netpol_source_is_node(const struct nf_hook_state *state, u8 family, const void *address)
{
	const struct net_device *device = state->in ?: state->out;

	if (family == AF_INET)
		return inet_addr_type_dev_table(state->net, device,
						*(const __be32 *)address) == RTN_LOCAL;
	return netpol_node_has6(state->net, address, device);
}

/* Can one machine have this address, and be reached by it from others? */
static bool unicast(u8 family, const void *address)
{
	__be32 v4;

	if (family == AF_INET6)
		return (ipv6_addr_type(address) & (IPV6_ADDR_UNICAST | IPV6_ADDR_LOOPBACK |
						   IPV6_ADDR_LINKLOCAL)) == IPV6_ADDR_UNICAST;
	v4 = *(const __be32 *)address;
	return !ipv4_is_multicast(v4) && !ipv4_is_lbcast(v4) && !ipv4_is_zeronet(v4) &&
	       !ipv4_is_loopback(v4);
}

/**
 * netpol_source_allowed() - may a pod send from an address that is none of its own?
 * @snapshot: snapshot that judges the packet
 * @state: of the hook
 * @owner: the pod that the packet's interface belongs to
 * @sender: what the address is
 * @family: AF_INET or AF_INET6
 * @address: source address
 *
 * Where the setting source-allow says so, and never from an address of a known pod or of the
 * node, or from one inside a guard.
 */
bool netpol_source_allowed(const struct netpol_snapshot *snapshot,
			   const struct nf_hook_state *state,
			   const struct netpol_local *owner, const struct netpol_end *sender,
			   u8 family, const void *address)
{
	const struct netpol_settings *settings = snapshot->settings;

	return settings->nsource_allow && !sender->identity &&
	       netpol_settings_source_allows(settings, family, address,
					     owner->pod->template->ns->name,
					     netpol_pod_name(owner->pod)) &&
	       unicast(family, address) && !netpol_settings_guards(settings, family, address) &&
	       !netpol_source_is_node(state, family, address);
}

/**
 * netpol_source_deny() - drop a forged packet, count it and report it
 * @nn: state of the network namespace
 * @snapshot: snapshot that judges the packet
 * @skb: packet
 * @flow: the packet itself, whoever opened its connection
 * @source_port: likewise
 * @owner: local pod that the packet's interface belongs to; NULL: none
 *
 * Return: the verdict of the hook.
 */
unsigned int netpol_source_deny(struct netpol_net *nn, const struct netpol_snapshot *snapshot,
				struct sk_buff *skb, const struct netpol_flow *flow,
				u16 source_port, const struct netpol_local *owner)
{
	const struct netpol_judgement judgement = {
		.reason = NETPOL_REASON_SPOOFED,
		.direction = NETPOL_DIRECTION_EGRESS,
	};

	this_cpu_inc(nn->totals->denied[NETPOL_DIRECTION_EGRESS]);
	this_cpu_inc(nn->totals->spoofed);
	if (owner) {
		netpol_percpu_inc(&owner->runtime->stats->denied[NETPOL_DIRECTION_EGRESS]);
		netpol_percpu_inc(&owner->runtime->stats->spoofed);
	}
	netpol_event_deny(nn, snapshot, flow, source_port, &judgement);
	return netpol_drop(skb);
}

static __always_inline const void *source_of(const struct sk_buff *skb, u8 family)
{
	return family == AF_INET ? (const void *)&ip_hdr(skb)->saddr :
				   (const void *)&ipv6_hdr(skb)->saddr;
}

/*
 * May a pod send this packet by a link-local IPv6 address? Nobody knows which of these are whose:
 * the kernel of the pod makes them up, and another pod can use the same ones. So they are good
 * for speaking to the node alone, where the interface tells which pod it is; see
 * foreign_source() in hook.c. The node's own ones are not the pod's.
 */
static bool link_local(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct ipv6hdr *ip = ipv6_hdr(skb);
	int type = ipv6_addr_type(&ip->saddr) & (IPV6_ADDR_LINKLOCAL | IPV6_ADDR_MULTICAST);

	return type == IPV6_ADDR_LINKLOCAL &&
	       !netpol_node_has6(state->net, &ip->saddr, state->in) &&
	       (ipv6_addr_is_multicast(&ip->daddr) ||
		netpol_node_has6(state->net, &ip->daddr, state->in));
}

/* The verdict for any packet at PRE_ROUTING. */
static noinline unsigned int decide(struct netpol_net *nn,
				    const struct netpol_snapshot *snapshot, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	const u32 ifindex = netpol_source_ifindex(skb, state);
	const struct netpol_local *owner;
	struct netpol_packet packet;
	struct netpol_end sender;

	/*
	 * PACKET_LOOPBACK is the node's own multicast, which it hears on the interface that it
	 * sent it by. What comes in from outside can't have that type: eth_type_trans() sets it,
	 * and skb_scrub_packet() where a packet comes from another network namespace.
	 */
	if (state->in->flags & IFF_LOOPBACK || skb->pkt_type == PACKET_LOOPBACK)
		return NF_ACCEPT;
	owner = netpol_source_owner(snapshot, ifindex);
	if (!owner && !netpol_snapshot_may_be_local(snapshot, state->pf,
						    source_of(skb, state->pf)))
		return NF_ACCEPT;
	netpol_resolve(snapshot, state->pf, source_of(skb, state->pf), &sender);
	if (sender.local && sender.local->ifindex == ifindex)
		return NF_ACCEPT;
	if (!owner && (!sender.local ||
		       netpol_source_related(state->net, sender.local, ifindex) !=
		       NETPOL_SOURCE_FORGED))
		return NF_ACCEPT;
	if (owner && netpol_source_allowed(snapshot, state, owner, &sender, state->pf,
					   source_of(skb, state->pf)))
		return NF_ACCEPT;
	/* hook.c drops what can't be read */
	if (!netpol_packet_parse(skb, state->pf, &packet) ||
	    packet.flags & NETPOL_PACKET_DISCOVERY)
		return NF_ACCEPT;
	if (owner && state->pf == NFPROTO_IPV6 && link_local(skb, state))
		return NF_ACCEPT;
	return netpol_source_deny(nn, snapshot, skb, &packet.flow, packet.source_port, owner);
}

/*
 * The verdict at PRE_ROUTING, by the shortest way. @behind is the pod that may be behind the
 * interface; an interface without one may send in the name of anybody but a local pod.
 */
static __always_inline unsigned int from_interface(struct netpol_net *nn, struct sk_buff *skb,
						   const struct nf_hook_state *state,
						   const u8 family)
{
	const struct netpol_snapshot *snapshot = rcu_dereference(nn->root);
	const void *source = source_of(skb, family);
	const struct netpol_local *behind;

	if (!snapshot->nlocals)
		return NF_ACCEPT;
	if (unlikely(netpol_bridged(skb)))
		return decide(nn, snapshot, skb, state);
	behind = netpol_snapshot_behind(snapshot, state->in->ifindex);
	if (behind) {
		if (likely(behind->ifindex == state->in->ifindex &&
			   netpol_local_has(behind, family, source) &&
			   !READ_ONCE(behind->runtime->gone)))
			return NF_ACCEPT;
	} else if (likely(!netpol_snapshot_may_be_local(snapshot, family, source))) {
		return NF_ACCEPT;
	}
	return decide(nn, snapshot, skb, state);
}

unsigned int netpol_source_pre_routing4(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
	return from_interface(priv, skb, state, AF_INET);
}

unsigned int netpol_source_pre_routing6(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
	return from_interface(priv, skb, state, AF_INET6);
}

/* The verdict at LOCAL_OUT for what a socket of another network namespace sends. */
static noinline unsigned int decide_local_out(struct netpol_net *nn, struct sk_buff *skb,
					      const struct nf_hook_state *state)
{
	const struct netpol_snapshot *snapshot = rcu_dereference(nn->root);
	struct netpol_packet packet;
	struct netpol_end sender;

	if (!snapshot->nlocals || !netpol_packet_parse(skb, state->pf, &packet))
		return NF_ACCEPT;
	netpol_resolve(snapshot, state->pf, packet.flow.source, &sender);
	if (!sender.local || !sender.local->ifindex)
		return NF_ACCEPT;
	return netpol_source_deny(nn, snapshot, skb, &packet.flow, packet.source_port, NULL);
}

static __always_inline unsigned int from_socket(struct netpol_net *nn, struct sk_buff *skb,
						const struct nf_hook_state *state)
{
	if (likely(!skb->sk || net_eq(sock_net(skb->sk), state->net)))
		return NF_ACCEPT;
	return decide_local_out(nn, skb, state);
}

unsigned int netpol_source_local_out4(void *priv, struct sk_buff *skb,
				      const struct nf_hook_state *state)
{
	return from_socket(priv, skb, state);
}

unsigned int netpol_source_local_out6(void *priv, struct sk_buff *skb,
				      const struct nf_hook_state *state)
{
	return from_socket(priv, skb, state);
}
