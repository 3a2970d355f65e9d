/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The differences between the kernels that netpol builds on, all in this one place. The
 * HAVE_... macros come from kmod/compat.sh, which looks at the headers of the kernel that the
 * module is built for. No other file asks for a HAVE_... macro or a kernel version.
 */
#ifndef NETPOL_COMPAT_H
#define NETPOL_COMPAT_H

#include <linux/jump_label.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/random.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/addrconf.h>
#include <net/genetlink.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/udp.h>
#include <trace/events/skb.h>

#ifdef HAVE_LINUX_UNALIGNED_H
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* Both families are judged by the same code; dkms.conf asks for this too, and for conntrack. */
#if !IS_ENABLED(CONFIG_IPV6)
#error "netpol needs a kernel with CONFIG_IPV6"
#endif

/*
 * .flags of a multicast group: CAP_NET_ADMIN over the listener's network namespace. Kernels of
 * the 5.10 series from before 2024 do not ask who joins a group; see netpol_genl_listened().
 */
#if defined(HAVE_GENL_MCAST_CAP_NET_ADMIN)
#define NETPOL_MCGRP_FLAGS .flags = GENL_MCAST_CAP_NET_ADMIN,
#elif defined(HAVE_GENL_MCAST_FLAGS)
#define NETPOL_MCGRP_FLAGS .flags = GENL_UNS_ADMIN_PERM,
#else
#define NETPOL_MCGRP_FLAGS
#endif

/*
 * Is there anybody to tell what a multicast group is about? Nobody is told anything where the
 * kernel lets everybody join.
 */
static inline bool netpol_genl_listened(const struct genl_family *family, struct net *net,
					unsigned int group)
{
#if defined(HAVE_GENL_MCAST_CAP_NET_ADMIN) || defined(HAVE_GENL_MCAST_FLAGS)
	return genl_has_listeners(family, net, group);
#else
	return false;
#endif
}

/* Says which attribute is missing. 5.10 carries no more than the sentence to the client. */
static inline void netpol_attr_missing(struct netlink_ext_ack *extack, const struct nlattr *nest,
				       u16 type)
{
#ifdef HAVE_NL_SET_ERR_ATTR_MISS
	NL_SET_ERR_ATTR_MISS(extack, nest, type);
#endif
}

/*
 * Has the kernel call @joined with the index of a multicast group when somebody is about to
 * join it. To be called before the family is registered. Return: does the kernel support it?
 */
static inline bool netpol_genl_watch(struct genl_family *family, int (*joined)(int group))
{
#ifdef HAVE_GENL_FAMILY_BIND
	family->bind = joined;
	return true;
#else
	return false;
#endif
}

/* The attributes of the request, for a .dumpit. */
static inline struct nlattr **netpol_dump_attrs(struct netlink_callback *cb)
{
#ifdef HAVE_GENL_INFO_DUMP
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/*
 * Did the end that sends in the original direction of @ct open this DCCP connection?
 *
 * conntrack begins an entry on a Request only, but turns the roles round in it when the server
 * sends one later (nf_conntrack_proto_dccp.c, alike in 6.1 and 6.12). It notes the number of a
 * Response that answers a Request. Without one, and where conntrack does not know DCCP, as in
 * later kernels, the opener is not known.
 */
static inline bool netpol_dccp_opened(const struct nf_conn *ct)
{
#ifdef HAVE_CONNTRACK_DCCP
	return READ_ONCE(ct->proto.dccp.role[IP_CT_DIR_ORIGINAL]) == CT_DCCP_ROLE_CLIENT &&
	       (READ_ONCE(ct->proto.dccp.handshake_seq) ||
		READ_ONCE(ct->proto.dccp.state) == CT_DCCP_REQUEST);
#else
	return false;
#endif
}

/*
 * Does any socket of this kernel take UDP for a tunnel? Where modules may not ask that (7.3), or
 * are not told of sockets of IPv6 (the 5.10 series before 2022), the answer is yes, and each socket
 * is looked at.
 */
static __always_inline bool netpol_tunnel_sockets(void)
{
#if defined(HAVE_UDP_ENCAP_NEEDED_KEY) && defined(HAVE_UDP_ENCAP_COUNTS_IP6)
	return static_branch_unlikely(&udp_encap_needed_key);
#else
	return true;
#endif
}

/* The slave of a VRF that an IPv4 packet came in by, or 0. 5.10 lacks the const. */
static inline int netpol_inet_sdif(const struct sk_buff *skb)
{
	return inet_sdif((struct sk_buff *)skb);
}

#ifdef HAVE_UDP_LOOKUP_OF_TABLE
/* The table of the UDP sockets of a network namespace. */
static inline struct udp_table *netpol_udp_table(const struct net *net)
{
#ifdef HAVE_UDP_TABLE_OF_NETNS
	return net->ipv4.udp_table;
#else
	return &udp_table;
#endif
}
#endif

/* The UDP socket that gets what goes to an IPv4 address, or NULL. Needs rcu_read_lock(). */
static inline struct sock *
netpol_udp4_socket(struct net *net, __be32 source, __be16 source_port, __be32 destination,
		   __be16 port, int ifindex, int slave)
{
#ifdef HAVE_UDP_LOOKUP_OF_TABLE
	return __udp4_lib_lookup(net, source, source_port, destination, port, ifindex, slave,
				 netpol_udp_table(net), NULL);
#else
	return __udp4_lib_lookup(net, source, source_port, destination, port, ifindex, slave,
				 NULL);
#endif
}

/* The UDP socket that gets what goes to an IPv6 address, or NULL. Needs rcu_read_lock(). */
static inline struct sock *
netpol_udp6_socket(struct net *net, const struct in6_addr *source, __be16 source_port,
		   const struct in6_addr *destination, __be16 port, int ifindex, int slave)
{
#ifdef HAVE_UDP_LOOKUP_OF_TABLE
	return __udp6_lib_lookup(net, source, source_port, destination, port, ifindex, slave,
				 netpol_udp_table(net), NULL);
#else
	return __udp6_lib_lookup(net, source, source_port, destination, port, ifindex, slave,
				 NULL);
#endif
}

/*
 * Is this an IPv6 address of the node, as @device sees it: a link-local one of @device, or any
 * other one of its VRF, if it is in one? Without @device: any that is in no VRF.
 */
static inline bool netpol_node_has6(struct net *net, const struct in6_addr *address,
				    const struct net_device *device)
{
	return ipv6_chk_addr(net, address, device, 0);
}

#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
/* The bridge port that a bridged packet came in by; NULL: none. Needs rcu_read_lock(). */
static inline struct net_device *
netpol_bridge_physindev(const struct sk_buff *skb, struct net *net)
{
#ifdef HAVE_BRIDGE_PHYSINDEV_NET
	return nf_bridge_get_physindev(skb, net);
#else
	return nf_bridge_get_physindev(skb);
#endif
}

/* The bridge port that a bridged packet leaves by; NULL: it is not bridged. */
static inline struct net_device *netpol_bridge_physoutdev(const struct sk_buff *skb)
{
	return nf_bridge_get_physoutdev(skb);
}

/* Did the packet come in by a bridge port, seen by br_netfilter? */
static inline bool netpol_bridged(const struct sk_buff *skb)
{
	return nf_bridge_info_exists(skb);
}
#else
static inline struct net_device *
netpol_bridge_physindev(const struct sk_buff *skb, struct net *net)
{
	return NULL;
}

static inline struct net_device *netpol_bridge_physoutdev(const struct sk_buff *skb)
{
	return NULL;
}

static inline bool netpol_bridged(const struct sk_buff *skb)
{
	return false;
}
#endif

/* Does somebody trace where packets are freed, and can this kernel be told the reason? */
static inline bool netpol_drop_traced(void)
{
#if defined(HAVE_NF_DROP_REASON) && defined(HAVE_NETFILTER_DROP_REASON)
	return trace_kfree_skb_enabled();
#else
	return false;
#endif
}

/*
 * The verdict for a denied packet, which may be freed by now. nf_hook_slow() frees it and
 * returns EPERM to the sender. Where drops are traced it is freed here instead, with the same
 * drop reason and error, so that the trace shows netpol.
 */
static inline unsigned int netpol_drop(struct sk_buff *skb)
{
#if defined(HAVE_NF_DROP_REASON) && defined(HAVE_NETFILTER_DROP_REASON)
	if (netpol_drop_traced())
		return NF_DROP_REASON(skb, SKB_DROP_REASON_NETFILTER_DROP, EPERM);
#endif
	return NF_DROP;
}

#endif /* NETPOL_COMPAT_H */
