// SPDX-License-Identifier: GPL-2.0
#include "packet.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/sctp.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/ndisc.h>

/* Marks a packet as malformed, which also means that its ports can't be trusted. */
static void malformed(struct netpol_packet *packet)
{
	packet->flow.no_ports = true;
	packet->flags |= NETPOL_PACKET_MALFORMED;
}

/* Reads the ports at @offset, if the transport header is complete: @header bytes long. */
static __always_inline void parse_ports(const struct sk_buff *skb, u32 offset, u32 header,
					struct netpol_packet *packet)
{
	__be16 buffer[2];
	const __be16 *port;

	port = skb_header_pointer(skb, offset, sizeof(buffer), buffer);
	if (unlikely(!port || skb->len < offset + header)) {
		packet->flow.no_ports = true;
		return;
	}
	packet->source_port = ntohs(port[0]);
	packet->flow.port = ntohs(port[1]);
}

static bool is_link_local(const struct in6_addr *address)
{
	return ipv6_addr_type(address) & IPV6_ADDR_LINKLOCAL;
}

/*
 * Reads the ports of SCTP, and whether its first chunk is an INIT. INIT comes alone (RFC 9260,
 * section 4.3); conntrack takes what has other chunks behind it for invalid.
 */
static noinline void parse_sctp(const struct sk_buff *skb, u32 offset,
				struct netpol_packet *packet)
{
	const u32 chunk = offset + sizeof(struct sctphdr);
	const struct sctp_chunkhdr *first;
	struct sctp_chunkhdr buffer;

	parse_ports(skb, offset, sizeof(struct sctphdr), packet);
	first = skb_header_pointer(skb, chunk, sizeof(buffer), &buffer);
	if (first && first->type == SCTP_CID_INIT)
		packet->flags |= NETPOL_PACKET_INIT;
}

/*
 * Is this neighbour discovery (ND) or multicast listener discovery (MLD) that no router can
 * have forwarded, and that a receiver may not ignore? ND, which includes duplicate address
 * detection, has the hop limit 255, the code 0, and the addresses that RFC 4861 asks for
 * (sections 6.1, 7.1 and 8.1). MLD has the hop limit 1, comes from a link-local or the
 * unspecified address (RFC 3810, sections 5.1.14 and 5.2.13), and goes to a multicast or a
 * link-local address. Its source alone proves nothing: a router that sends a packet back by the
 * interface that it came in by does not look at the source (ip6_forward()). Anything else of
 * these types is judged like any other packet.
 */
static bool is_discovery(const struct ipv6hdr *ip, const struct icmp6hdr *icmp)
{
	bool nobody = ipv6_addr_any(&ip->saddr);

	switch (icmp->icmp6_type) {
	case NDISC_ROUTER_SOLICITATION:
	case NDISC_NEIGHBOUR_SOLICITATION:
		return ip->hop_limit == 255 && !icmp->icmp6_code &&
		       (!nobody || ipv6_addr_is_multicast(&ip->daddr));
	case NDISC_NEIGHBOUR_ADVERTISEMENT:
		return ip->hop_limit == 255 && !icmp->icmp6_code && !nobody;
	case NDISC_ROUTER_ADVERTISEMENT:
	case NDISC_REDIRECT:
		return ip->hop_limit == 255 && !icmp->icmp6_code && is_link_local(&ip->saddr);
	case ICMPV6_MGM_QUERY:
	case ICMPV6_MGM_REPORT:
	case ICMPV6_MGM_REDUCTION:
	case ICMPV6_MLD2_REPORT:
		return ip->hop_limit == 1 && (nobody || is_link_local(&ip->saddr)) &&
		       (ipv6_addr_is_multicast(&ip->daddr) || is_link_local(&ip->daddr));
	default:
		return false;
	}
}

static void parse_icmp6(const struct sk_buff *skb, u32 offset, bool fragment,
			struct netpol_packet *packet)
{
	struct icmp6hdr buffer;
	const struct icmp6hdr *icmp;

	icmp = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	if (!icmp)
		malformed(packet);
	else if (!fragment && is_discovery(ipv6_hdr(skb), icmp))
		packet->flags |= NETPOL_PACKET_DISCOVERY;
}

static bool parse4(const struct sk_buff *skb, struct netpol_packet *packet)
{
	const u32 offset = skb_network_offset(skb);
	const struct iphdr *ip = ip_hdr(skb);
	u32 header, length;

	if (unlikely(skb_headlen(skb) < offset + sizeof(*ip)))
		return false;
	packet->flow.source = &ip->saddr;
	packet->flow.destination = &ip->daddr;
	packet->flow.protocol = ip->protocol;
	header = ip->ihl * 4;
	length = ntohs(ip->tot_len);
	if (unlikely(!length && skb_is_gso(skb)))	/* BIG TCP */
		length = skb->len - offset;
	if (unlikely(header < sizeof(*ip) || length < header ||
		     length > skb->len - offset)) {
		malformed(packet);
		return true;
	}
	if (unlikely(ip->frag_off & htons(IP_OFFSET))) {
		packet->flow.no_ports = true;
		return true;
	}
	switch (ip->protocol) {
	case IPPROTO_TCP:
		parse_ports(skb, offset + header, sizeof(struct tcphdr), packet);
		break;
	case IPPROTO_UDP:
		parse_ports(skb, offset + header, sizeof(struct udphdr), packet);
		break;
	case IPPROTO_SCTP:
		parse_sctp(skb, offset + header, packet);
		break;
	case IPPROTO_ICMP:
		if (skb->len < offset + header + sizeof(struct icmphdr))
			malformed(packet);
		break;
	}
	return true;
}

static bool parse6(const struct sk_buff *skb, struct netpol_packet *packet)
{
	u32 offset = skb_network_offset(skb);
	const struct ipv6hdr *ip = ipv6_hdr(skb);
	unsigned int header = 0;
	unsigned short fragment = 0;
	int protocol = ip->nexthdr, flags = 0;

	if (unlikely(skb_headlen(skb) < offset + sizeof(*ip)))
		return false;
	packet->flow.source = &ip->saddr;
	packet->flow.destination = &ip->daddr;
	packet->flow.protocol = protocol;
	if (unlikely(ntohs(ip->payload_len) > skb->len - offset - sizeof(*ip))) {
		malformed(packet);
		return true;
	}
	offset += sizeof(*ip);
	if (unlikely(netpol_protocol_index(protocol) == NETPOL_PROTOCOLS &&
		     protocol != IPPROTO_ICMPV6)) {
		protocol = ipv6_find_hdr(skb, &header, -1, &fragment, &flags);
		if (protocol < 0) {
			malformed(packet);
			return true;
		}
		packet->flow.protocol = protocol;
		if (fragment) {
			packet->flow.no_ports = true;
			return true;
		}
		offset = header;
	}
	switch (protocol) {
	case IPPROTO_TCP:
		parse_ports(skb, offset, sizeof(struct tcphdr), packet);
		break;
	case IPPROTO_UDP:
		parse_ports(skb, offset, sizeof(struct udphdr), packet);
		break;
	case IPPROTO_SCTP:
		parse_sctp(skb, offset, packet);
		break;
	case IPPROTO_ICMPV6:
		parse_icmp6(skb, offset, flags & IP6_FH_F_FRAG, packet);
		break;
	}
	return true;
}

/**
 * netpol_packet_parse() - read the headers of a packet
 * @skb: packet at an IPv4 or IPv6 netfilter hook
 * @family: AF_INET or AF_INET6
 * @packet: filled
 *
 * A fragment other than the first one has no ports, whatever its protocol. conntrack
 * reassembles all fragments except those of packets that it was told not to track.
 *
 * Return: false if not even the addresses can be read.
 */
bool netpol_packet_parse(const struct sk_buff *skb, u8 family, struct netpol_packet *packet)
{
	packet->flow.family = family;
	packet->flow.no_ports = false;
	packet->flow.port = 0;
	packet->source_port = 0;
	packet->flags = 0;
	return family == AF_INET ? parse4(skb, packet) : parse6(skb, packet);
}
