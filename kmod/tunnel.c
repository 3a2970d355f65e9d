// SPDX-License-Identifier: GPL-2.0
#include "tunnel.h"
#include "compat.h"

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/udp.h>

/**
 * netpol_tunnel_protocol() - does this protocol carry other packets?
 * @protocol: IPPROTO_*, behind all extension headers
 *
 * The protocols are those that Linux, or something that runs on it, takes apart and sends on:
 * IP in IP, 6in4 and 4in6, GRE, IPsec, EtherIP, L2TP, MPLS, and Ethernet behind IPv6.
 */
bool netpol_tunnel_protocol(u8 protocol)
{
	switch (protocol) {
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
	case IPPROTO_GRE:
	case IPPROTO_ESP:
	case IPPROTO_AH:
	case IPPROTO_BEETPH:
	case 97:	/* EtherIP, RFC 3378 */
	case IPPROTO_ENCAP:
	case IPPROTO_COMP:
	case IPPROTO_L2TP:
	case IPPROTO_MPLS:
	case 143:	/* Ethernet, RFC 8986 */
		return true;
	}
	return false;
}

/* Is this a socket that takes what it gets for a tunnel's? */
static bool is_tunnel(const struct sock *sk)
{
	return sk && READ_ONCE(udp_sk(sk)->encap_type);
}

static bool lookup(struct net *net, u8 family, const void *source, u16 source_port,
		   const void *destination, u16 port, int ifindex, int slave)
{
	if (family == AF_INET)
		return is_tunnel(netpol_udp4_socket(net, *(const __be32 *)source,
						    htons(source_port),
						    *(const __be32 *)destination, htons(port),
						    ifindex, slave));
	return is_tunnel(netpol_udp6_socket(net, source, htons(source_port), destination,
					    htons(port), ifindex, slave));
}

/**
 * netpol_tunnel_takes_udp() - will a tunnel of this node take this packet?
 * @net: network namespace
 * @skb: UDP, at LOCAL_IN
 * @family: AF_INET or AF_INET6
 * @source_port: host order
 * @port: destination port, host order
 *
 * The kernel knows from the socket that gets the packet (VXLAN, Geneve, WireGuard, FOU, L2TP,
 * ESP in UDP, GTP and others). It knows nothing of programs that read from a socket and write
 * to a tun device.
 */
bool netpol_tunnel_takes_udp(struct net *net, const struct sk_buff *skb, u8 family,
			     u16 source_port, u16 port)
{
	const struct sock *early = skb->sk;

	if (early && sk_fullsock(early) && early->sk_protocol == IPPROTO_UDP &&
	    is_tunnel(early))
		return true;
	if (family == AF_INET)
		return lookup(net, family, &ip_hdr(skb)->saddr, source_port,
			      &ip_hdr(skb)->daddr, port, inet_iif(skb), netpol_inet_sdif(skb));
	return lookup(net, family, &ipv6_hdr(skb)->saddr, source_port,
		      &ipv6_hdr(skb)->daddr, port, inet6_iif(skb), inet6_sdif(skb));
}

/**
 * netpol_tunnel_takes_flow() - would a tunnel of this node take such a UDP packet?
 * @net: network namespace
 * @family: AF_INET or AF_INET6
 * @source: address in network order
 * @destination: address of this node
 * @port: destination port, host order
 */
bool netpol_tunnel_takes_flow(struct net *net, u8 family, const void *source,
			      const void *destination, u16 port)
{
	return lookup(net, family, source, 0, destination, port, 0, 0);
}
