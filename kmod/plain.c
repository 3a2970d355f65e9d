// SPDX-License-Identifier: GPL-2.0
/*
 * The short way to a verdict, for plain packets. Nearly all packets are plain, and for them
 * the decisions of hook.c come down to two look-ups and a cell. A plain packet is TCP, UDP or
 * SCTP with its ports in reach, or a request or answer of ICMP; either conntrack knows who opened
 * its connection, or the packet has no entry and is judged as one that opens a connection; it is
 * routed from one interface to another one; if its sender is a pod of this node, it comes from
 * that pod's interface; and no guard and no setting has a say in it. docs/design.md lists all of
 * this.
 *
 * TCP and UDP with an entry are read by netpol_plain_read(), which pays for nothing else. What it
 * refuses comes to netpol_plain_rare(), which knows the rest of the plain packets.
 *
 * Each condition is checked before anything is counted. Where one does not hold, or can't be
 * checked here, the packet is left to netpol_decide(), whose decisions hold for every packet.
 * A plain packet must get the same verdict, for the same reason and with the same counters,
 * from either. So when you add a check to hook.c, add it here too, or make netpol_plain_read()
 * and netpol_plain_read_rare() return false for the packets that it is about.
 *
 * Most plain packets go between one pod of this node and something elsewhere. For them only
 * one address is looked up, and each function ends in a jump to the next one.
 *
 * No function here takes the address of a variable. So all variables stay in registers, and
 * the stack protector adds no code.
 */
#include "plain.h"
#include "compat.h"
#include "core/classify.h"
#include "event.h"
#include "hook.h"
#include "netns.h"
#include "netpol_trace.h"
#include "tunnel.h"

#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/sctp.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack.h>

/*
 * What these functions tell each other about a packet is one integer, always called @pkt: the
 * flags below and, in bits 0 to 15, the port that is judged, the one that the opener of the
 * connection sends to. Packed like this it takes one argument register. A structure would be
 * written to the stack and read back in each function, and a register for each value is
 * more than there are: some functions take six arguments already.
 */
#define NETPOL_PLAIN_UDP	BIT(16)	/* UDP, not TCP */
#define NETPOL_PLAIN_IP6	BIT(17)	/* IPv6, not IPv4 */
#define NETPOL_PLAIN_REPLY	BIT(18)	/* it travels in conntrack's reply direction */
#define NETPOL_PLAIN_LOCAL_IN	BIT(19)	/* at LOCAL_IN, not at POST_ROUTING */
#define NETPOL_PLAIN_EGRESS	BIT(20)	/* the subject, once it is known, is judged for egress */
/* netpol_plain_read() never sets these, which the compiler knows */
#define NETPOL_PLAIN_NO_ENTRY	BIT(21)	/* it has no conntrack entry */
#define NETPOL_PLAIN_SCTP	BIT(22)	/* SCTP, not TCP */
#define NETPOL_PLAIN_ICMP	BIT(23)	/* ICMP of the packet's family, not TCP */

static __always_inline u8 netpol_plain_family(u32 pkt)
{
	return pkt & NETPOL_PLAIN_IP6 ? AF_INET6 : AF_INET;
}

static __always_inline u8 netpol_plain_protocol(u32 pkt)
{
	if (pkt & NETPOL_PLAIN_SCTP)
		return IPPROTO_SCTP;
	if (pkt & NETPOL_PLAIN_ICMP)
		return pkt & NETPOL_PLAIN_IP6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	return pkt & NETPOL_PLAIN_UDP ? IPPROTO_UDP : IPPROTO_TCP;
}

/*
 * Address of the packet's sender. It is that of the IP header, with two exceptions. A reply is
 * judged by the real server and the opener, which conntrack knows. At LOCAL_IN the source
 * is the one that the packet came with, if conntrack knows it.
 */
static __always_inline const void *netpol_plain_sender(const struct sk_buff *skb, u32 pkt)
{
	const struct nf_conn *ct = (const void *)(skb->_nfct & NFCT_PTRMASK);

	if (pkt & NETPOL_PLAIN_REPLY)
		return &ct->tuplehash[IP_CT_DIR_REPLY].tuple.src.u3;
	if (pkt & NETPOL_PLAIN_LOCAL_IN && !(pkt & NETPOL_PLAIN_NO_ENTRY))
		return &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple.src.u3;
	return pkt & NETPOL_PLAIN_IP6 ? (const void *)&ipv6_hdr(skb)->saddr :
					(const void *)&ip_hdr(skb)->saddr;
}

/* Address of the packet's receiver, see netpol_plain_sender(). */
static __always_inline const void *netpol_plain_receiver(const struct sk_buff *skb, u32 pkt)
{
	const struct nf_conn *ct = (const void *)(skb->_nfct & NFCT_PTRMASK);

	if (pkt & NETPOL_PLAIN_REPLY)
		return &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple.src.u3;
	return pkt & NETPOL_PLAIN_IP6 ? (const void *)&ipv6_hdr(skb)->daddr :
					(const void *)&ip_hdr(skb)->daddr;
}

/* Bytes of an IP header without options. */
static __always_inline int netpol_plain_header(u32 pkt)
{
	return pkt & NETPOL_PLAIN_IP6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
}

/* Bytes in one piece from the IP header on. */
static __always_inline int netpol_plain_room(const struct sk_buff *skb)
{
	return skb_tail_pointer(skb) - skb_network_header(skb);
}

/* The header behind an IP header without options: source and destination port, if it has any. */
static __always_inline const __be16 *netpol_plain_ports(const struct sk_buff *skb, u32 pkt)
{
	return (const __be16 *)(skb_network_header(skb) + netpol_plain_header(pkt));
}

/* May a plain packet come in by @in: is it an interface, with no bridge in between? */
static __always_inline bool netpol_plain_routed(const struct sk_buff *skb,
						const struct net_device *in)
{
	/* the loopback interface of each network namespace has this index, and no other one has */
	if (unlikely(!in || in->ifindex == LOOPBACK_IFINDEX))
		return false;
	return !unlikely(netpol_bridged(skb));
}

/*
 * The protocol of a packet whose IP header has no options and claims no more than there is, which
 * is at least a UDP header, and which is no fragment but a first one; else 0, which is that of no
 * plain packet.
 */
static __always_inline u8 netpol_plain_read_ip(const struct sk_buff *skb, u32 pkt)
{
	const int length = netpol_plain_header(pkt), room = netpol_plain_room(skb);
	u32 claimed;
	u8 protocol;

	if (unlikely(room < length + (int)sizeof(struct udphdr)))
		return 0;
	if (pkt & NETPOL_PLAIN_IP6) {
		const struct ipv6hdr *ip = ipv6_hdr(skb);

		claimed = ntohs(ip->payload_len);
		protocol = ip->nexthdr;
	} else {
		const struct iphdr *ip = ip_hdr(skb);

		claimed = ntohs(ip->tot_len) - length;
		if (*(const u8 *)ip != 0x45 || ip->frag_off & htons(IP_OFFSET))
			return 0;
		protocol = ip->protocol;
	}
	return claimed > room + skb->data_len - length ? 0 : protocol;
}

/*
 * Reads the headers and adds what they say to @pkt, which begins with family and hook. Return:
 * is it TCP or UDP, and may it be plain? It has an input interface, with no bridge in between.
 * conntrack knows its connection and who opened it. Its transport header is in one piece.
 */
static __always_inline bool netpol_plain_read(const struct sk_buff *skb,
					      const struct net_device *in, u32 *pkt)
{
	const struct nf_conn *ct = (const void *)(skb->_nfct & NFCT_PTRMASK);
	u8 protocol;

	if (!netpol_plain_routed(skb, in))
		return false;
	if (unlikely(!ct))
		return false;
	if (unlikely(nf_ct_is_template(ct)))
		return false;
	protocol = netpol_plain_read_ip(skb, *pkt);
	/* without this flag tcp_has_no_opener() is false */
	if (likely(protocol == IPPROTO_TCP)) {
		if (netpol_plain_room(skb) <
		    netpol_plain_header(*pkt) + (int)sizeof(struct tcphdr) ||
		    READ_ONCE(ct->proto.tcp.seen[IP_CT_DIR_ORIGINAL].flags) &
		    IP_CT_TCP_FLAG_BE_LIBERAL)
			return false;
	} else {
		if (protocol != IPPROTO_UDP)
			return false;
		*pkt |= NETPOL_PLAIN_UDP;
	}
	if ((skb->_nfct & NFCT_INFOMASK) >= IP_CT_IS_REPLY)
		*pkt |= NETPOL_PLAIN_REPLY |
			ntohs(ct->tuplehash[IP_CT_DIR_REPLY].tuple.src.u.all);
	else
		*pkt |= ntohs(netpol_plain_ports(skb, *pkt)[1]);
	return true;
}

/*
 * Is it known who opened the association of @ct? Also notes that it begins with this packet, if it
 * does. @sctp: the header, with that of the first chunk behind it.
 */
static __always_inline bool netpol_plain_read_sctp(struct nf_conn *ct, const void *sctp)
{
	const struct sctp_chunkhdr *first = sctp + sizeof(struct sctphdr);

	if (first->type == SCTP_CID_INIT)
		netpol_sctp_note_opener(ct);
	return netpol_sctp_opened(ct);
}

/*
 * May ICMP be plain? An error is judged by the flow that it quotes, for which follow_error() of
 * hook.c looks up three addresses. Of ICMPv6 all but echo goes there: conntrack does not track
 * neighbour and multicast listener discovery, which pass without a policy.
 */
static __always_inline bool netpol_plain_read_icmp(const struct sk_buff *skb, u32 pkt, u32 info)
{
	const struct icmp6hdr *icmp = (const void *)netpol_plain_ports(skb, pkt);

	if (info == IP_CT_RELATED || info == IP_CT_RELATED_REPLY)
		return false;
	return !(pkt & NETPOL_PLAIN_IP6) || icmp->icmp6_type == ICMPV6_ECHO_REQUEST ||
	       icmp->icmp6_type == ICMPV6_ECHO_REPLY;
}

/*
 * netpol_plain_read() for the plain packets that it refuses: TCP and UDP without an entry, SCTP and
 * ICMP. Without an entry conntrack says nothing about a packet, so it is read as one that opens a
 * connection, and its addresses and ports are those of its header, see look() in hook.c.
 */
static __always_inline bool netpol_plain_read_rare(const struct sk_buff *skb,
						   const struct net_device *in, u32 *pkt)
{
	struct nf_conn *ct = (void *)(skb->_nfct & NFCT_PTRMASK);
	/* without an entry these bits read as anything */
	const u32 info = ct ? skb->_nfct & NFCT_INFOMASK : IP_CT_NEW;
	const int room = netpol_plain_room(skb) - netpol_plain_header(*pkt);
	const __be16 *ports = netpol_plain_ports(skb, *pkt);

	if (!netpol_plain_routed(skb, in) || (ct && nf_ct_is_template(ct)))
		return false;
	switch (netpol_plain_read_ip(skb, *pkt)) {
	case IPPROTO_TCP:
		/* with an entry it is here because nobody knows who opened its connection */
		if (ct || room < (int)sizeof(struct tcphdr))
			return false;
		break;
	case IPPROTO_UDP:
		*pkt |= NETPOL_PLAIN_UDP;
		break;
	case IPPROTO_SCTP:
		if (room < (int)(sizeof(struct sctphdr) + sizeof(struct sctp_chunkhdr)))
			return false;
		if (ct && !netpol_plain_read_sctp(ct, ports))
			return false;
		*pkt |= NETPOL_PLAIN_SCTP;
		break;
	case IPPROTO_ICMP:
		if (*pkt & NETPOL_PLAIN_IP6 || !netpol_plain_read_icmp(skb, *pkt, info))
			return false;
		*pkt |= NETPOL_PLAIN_ICMP;
		break;
	case IPPROTO_ICMPV6:
		if (!(*pkt & NETPOL_PLAIN_IP6) || !netpol_plain_read_icmp(skb, *pkt, info))
			return false;
		*pkt |= NETPOL_PLAIN_ICMP;
		break;
	default:
		return false;
	}
	if (info >= IP_CT_IS_REPLY)
		*pkt |= NETPOL_PLAIN_REPLY |
			ntohs(ct->tuplehash[IP_CT_DIR_REPLY].tuple.src.u.all);
	else if (!(*pkt & NETPOL_PLAIN_ICMP))
		*pkt |= ntohs(ports[1]);
	if (!ct)
		*pkt |= NETPOL_PLAIN_NO_ENTRY;
	return true;
}

/* Port that the opener sends from, for reports. ICMP has one in an answer alone, as in hook.c. */
static __always_inline u16 netpol_plain_source_port(const struct sk_buff *skb, u32 pkt)
{
	const struct nf_conn *ct = (const void *)(skb->_nfct & NFCT_PTRMASK);

	if (pkt & NETPOL_PLAIN_ICMP && !(pkt & NETPOL_PLAIN_REPLY))
		return 0;
	return ntohs(pkt & NETPOL_PLAIN_NO_ENTRY ? netpol_plain_ports(skb, pkt)[0] :
		     ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple.src.u.all);
}

/* The connection of a packet, for reports. */
static __always_inline struct netpol_flow netpol_plain_flow(const struct sk_buff *skb, u32 pkt)
{
	const void *from = netpol_plain_sender(skb, pkt);
	const void *to = netpol_plain_receiver(skb, pkt);
	const bool reply = pkt & NETPOL_PLAIN_REPLY;

	return (struct netpol_flow){
		.source = reply ? to : from,
		.destination = reply ? from : to,
		.family = netpol_plain_family(pkt),
		.protocol = netpol_plain_protocol(pkt),
		.port = (u16)pkt,
	};
}

/*
 * Reports a packet that was denied in @direction to the listeners. Why it was is found out again:
 * where it was denied, there is no register to keep it in.
 */
static noinline void netpol_plain_report(struct netpol_net *nn, const struct sk_buff *skb,
					 u32 pkt, u8 direction)
{
	const struct netpol_snapshot *snapshot = rcu_dereference(nn->root);
	const struct netpol_flow flow = netpol_plain_flow(skb, pkt);
	struct netpol_end source, destination;
	struct netpol_judgement judgement;

	netpol_resolve(snapshot, flow.family, flow.source, &source);
	netpol_resolve(snapshot, flow.family, flow.destination, &destination);
	destination.node = pkt & NETPOL_PLAIN_LOCAL_IN && !destination.identity;
	netpol_judge(snapshot, &flow, &source, &destination, &judgement);
	/* another snapshot than the one that denied may accept */
	if (judgement.accept)
		judgement.reason = NETPOL_REASON_ISOLATED;
	judgement.accept = false;
	judgement.direction = direction;
	netpol_event_deny(nn, snapshot, &flow, netpol_plain_source_port(skb, pkt), &judgement);
}

/* netpol_plain_deny() where somebody may want to know of it. */
static noinline unsigned int netpol_plain_deny_watched(struct netpol_net *nn,
						       struct sk_buff *skb, u32 pkt,
						       u8 direction)
{
	if (netpol_event_wanted(nn))
		netpol_plain_report(nn, skb, pkt, direction);
	return netpol_drop(skb);
}

/*
 * netpol_plain_deny() where somebody traces what is denied; apart, because a question that is asked
 * by patching code costs registers where there is a call behind it.
 */
static noinline unsigned int netpol_plain_deny_traced(struct netpol_net *nn,
						      struct sk_buff *skb, u32 pkt,
						      u8 direction)
{
	netpol_plain_report(nn, skb, pkt, direction);
	return netpol_drop(skb);
}

/* The verdict for a packet that is denied in @direction, and has been counted. */
static __always_inline unsigned int netpol_plain_deny(struct netpol_net *nn,
						      struct sk_buff *skb, u32 pkt,
						      u8 direction)
{
	if (trace_netpol_packet_enabled())
		return netpol_plain_deny_traced(nn, skb, pkt, direction);
	if (unlikely(READ_ONCE(netpol_event_asked)) || netpol_drop_traced())
		return netpol_plain_deny_watched(nn, skb, pkt, direction);
	return NF_DROP;
}

/*
 * Counts what @cell of @program says about the subject that @stats belongs to. Return: does
 * it accept?
 */
static __always_inline bool netpol_plain_count_cell(const struct netpol_net *nn,
						    const struct netpol_program *program,
						    struct netpol_pod_stats __percpu *stats,
						    u8 direction, u32 cell)
{
	if (unlikely(NETPOL_CELL_ACTION(cell) != NETPOL_ACTION_ACCEPT)) {
		if (NETPOL_CELL_ACTION(cell))
			netpol_percpu_inc(netpol_program_counter(program, cell));
		netpol_percpu_inc(&stats->denied[direction]);
		this_cpu_inc(nn->totals->denied[direction]);
		return false;
	}
	netpol_percpu_inc(netpol_program_counter(program, cell));
	netpol_percpu_inc(&stats->allowed[direction]);
	this_cpu_inc(nn->totals->allowed[direction]);
	return true;
}

/* Counts an accepted packet of a subject that no policy isolates in @direction. */
static __always_inline void
netpol_plain_count_unisolated(const struct netpol_net *nn,
			      struct netpol_pod_stats __percpu *stats, u8 direction)
{
	netpol_percpu_inc(&stats->allowed[direction]);
	this_cpu_inc(nn->totals->allowed[direction]);
}

/* Counts a packet at its pod, to be compared with what the pod's interface counted. */
static __always_inline void netpol_plain_count_seen(struct netpol_pod_stats __percpu *stats,
						    bool sends)
{
	if (sends)
		netpol_percpu_inc(&stats->sent);
	else
		netpol_percpu_inc(&stats->received);
}

static __always_inline u32 netpol_plain_port_class(const struct netpol_program *program,
						   u32 pkt)
{
	const struct netpol_ranges *ranges = &program->ranges[NETPOL_PROTOCOL_TCP];

	if (unlikely(pkt & NETPOL_PLAIN_ICMP))
		return program->other;
	if (pkt & NETPOL_PLAIN_UDP)
		ranges = &program->ranges[NETPOL_PROTOCOL_UDP];
	else if (unlikely(pkt & NETPOL_PLAIN_SCTP))
		ranges = &program->ranges[NETPOL_PROTOCOL_SCTP];
	return netpol_ranges_class(ranges, (u16)pkt);
}

/*
 * The cell for the names that the destination, @other, has for the port that is judged. @passed: 0,
 * or after a rule that passes @program->passed.
 */
static noinline u32 netpol_plain_name_cell(const struct netpol_snapshot *snapshot,
					   const struct netpol_program *program, u32 pkt,
					   u32 other, u32 passed, const void *address)
{
	const struct netpol_named named = {
		.identity = other,
		.port = pkt,
		.protocol = netpol_plain_protocol(pkt),
	};

	return netpol_program_name_cell(snapshot, program, netpol_plain_family(pkt), named,
					passed, address);
}

/* The cell after one that passes, whose packet is counted here. */
static noinline u32 netpol_plain_passed_cell(const struct netpol_snapshot *snapshot,
					     const struct netpol_program *program, u32 pkt,
					     u32 other, const void *address, u32 cell)
{
	const u32 class = netpol_plain_port_class(program, pkt) + program->passed;
	u32 last = netpol_program_cell(program, netpol_plain_family(pkt), class, other, address);

	if (program->nnames && other)
		last = min(last, netpol_plain_name_cell(snapshot, program, pkt, other,
							program->passed, address));
	/* in the Baseline tier it is the same one, which the caller counts */
	if (last != cell)
		netpol_percpu_inc(netpol_program_counter(program, cell));
	return netpol_cell_last(last);
}

/* Direction that the subject is judged for: egress if it opened the connection. */
static __always_inline u8 netpol_plain_direction(u32 pkt, bool sends)
{
	return sends == !(pkt & NETPOL_PLAIN_REPLY) ? NETPOL_DIRECTION_EGRESS :
						      NETPOL_DIRECTION_INGRESS;
}

/*
 * Does the subject send this packet? The inverse of netpol_plain_direction(), for functions
 * that get the direction in @pkt: who is judged for egress sends all packets but replies.
 */
static __always_inline bool netpol_plain_sends(u32 pkt)
{
	return !(pkt & NETPOL_PLAIN_EGRESS) == !!(pkt & NETPOL_PLAIN_REPLY);
}

/* Address of the other end, where the subject sends the packet or does not. */
static __always_inline const void *netpol_plain_other(const struct sk_buff *skb, u32 pkt,
						      bool sends)
{
	return sends ? netpol_plain_receiver(skb, pkt) : netpol_plain_sender(skb, pkt);
}

/* Address of the subject, likewise. */
static __always_inline const void *netpol_plain_subject(const struct sk_buff *skb, u32 pkt,
							bool sends)
{
	return netpol_plain_other(skb, pkt, !sends);
}

/* Reports a packet that observed policies would deny in @direction. */
static noinline void netpol_plain_report_audit(struct netpol_net *nn,
					       const struct netpol_snapshot *snapshot,
					       const struct sk_buff *skb, u32 pkt, u8 direction)
{
	const struct netpol_flow flow = netpol_plain_flow(skb, pkt);

	netpol_event_audit(nn, snapshot, &flow, netpol_plain_source_port(skb, pkt), direction);
}

/*
 * Asks the observed policies of @subject's program about a packet that it accepts, and counts what
 * they say, like judge_observed() of the core. It makes no difference to the packet.
 */
static noinline void netpol_plain_observe(struct netpol_net *nn,
					  const struct netpol_snapshot *snapshot,
					  const struct sk_buff *skb, u32 pkt,
					  const struct netpol_local *subject, u32 other,
					  const void *address, u8 direction)
{
	const struct netpol_program *program = subject->program[direction];
	const u32 class = netpol_plain_port_class(program, pkt) + program->audit;
	u32 cell = netpol_program_cell(program, netpol_plain_family(pkt), class, other, address);

	if (program->nnames && other)
		cell = min(cell, netpol_plain_name_cell(snapshot, program, pkt, other,
							program->audit, address));
	if (NETPOL_CELL_ACTION(cell)) {
		netpol_percpu_inc(netpol_program_counter(program, cell));
		return;
	}
	netpol_percpu_inc(&subject->runtime->stats->audited[direction]);
	this_cpu_inc(nn->totals->audited[direction]);
	if (netpol_event_audit_wanted(nn) || trace_netpol_packet_enabled())
		netpol_plain_report_audit(nn, snapshot, skb, pkt, direction);
}

/* The cell that decides, with what a rule that passes leaves to others. @cell: the first one. */
static __always_inline u32 netpol_plain_last_cell(const struct netpol_snapshot *snapshot,
						  const struct netpol_program *program, u32 pkt,
						  u32 other, const void *address, u32 cell)
{
	/* the first comparison is that of netpol_plain_count_cell(), so it costs nothing */
	if (unlikely(NETPOL_CELL_ACTION(cell) != NETPOL_ACTION_ACCEPT) &&
	    NETPOL_CELL_ACTION(cell) == NETPOL_ACTION_PASS)
		return netpol_plain_passed_cell(snapshot, program, pkt, other, address, cell);
	return cell;
}

/*
 * netpol_plain_judge_half() where the program has names or observed policies. @pkt says the
 * direction. The address is found again, so that all arguments fit into registers.
 */
static noinline bool netpol_plain_judge_rare(struct netpol_net *nn,
					     const struct netpol_snapshot *snapshot,
					     const struct sk_buff *skb, u32 pkt,
					     const struct netpol_local *subject, u32 other)
{
	const u8 direction = pkt & NETPOL_PLAIN_EGRESS ? NETPOL_DIRECTION_EGRESS :
							 NETPOL_DIRECTION_INGRESS;
	const void *address = netpol_plain_other(skb, pkt, netpol_plain_sends(pkt));
	const struct netpol_program *program = subject->program[direction];
	u32 cell = netpol_program_cell(program, netpol_plain_family(pkt),
				       netpol_plain_port_class(program, pkt), other, address);

	if (program->nnames && other)
		cell = min(cell, netpol_plain_name_cell(snapshot, program, pkt, other, 0,
							address));
	cell = netpol_plain_last_cell(snapshot, program, pkt, other, address, cell);
	if (!netpol_plain_count_cell(nn, program, subject->runtime->stats, direction, cell))
		return false;
	if (netpol_program_asks(program, cell))
		netpol_plain_observe(nn, snapshot, skb, pkt, subject, other, address, direction);
	return true;
}

/*
 * Judges and counts one half, like netpol_judge_half(). @other and @address: identity and
 * address of the other end, of which netpol_plain_needs_guards() has said that it is no unknown
 * pod. Return: does it accept?
 */
static __always_inline bool
netpol_plain_judge_half(struct netpol_net *nn, const struct netpol_snapshot *snapshot,
			const struct sk_buff *skb, const struct netpol_local *subject,
			u8 direction, u32 pkt, u32 other, const void *address)
{
	const struct netpol_program *program = subject->program[direction];
	struct netpol_pod_stats __percpu *stats = subject->runtime->stats;
	u32 cell;

	if (!program) {
		netpol_plain_count_unisolated(nn, stats, direction);
		return true;
	}
	if (unlikely(program->rare)) {
		pkt &= ~NETPOL_PLAIN_EGRESS;
		pkt |= direction == NETPOL_DIRECTION_EGRESS ? NETPOL_PLAIN_EGRESS : 0;
		return netpol_plain_judge_rare(nn, snapshot, skb, pkt, subject, other);
	}
	cell = netpol_program_cell(program, netpol_plain_family(pkt),
				   netpol_plain_port_class(program, pkt), other, address);
	cell = netpol_plain_last_cell(snapshot, program, pkt, other, address, cell);
	return netpol_plain_count_cell(nn, program, stats, direction, cell);
}

/* The verdict between two pods of this node, of which both halves are judged. */
static noinline unsigned int
netpol_plain_judge_pair(struct netpol_net *nn, const struct netpol_snapshot *snapshot,
			const struct netpol_local *sender, const struct netpol_local *receiver,
			struct sk_buff *skb, u32 pkt)
{
	const void *from = netpol_plain_sender(skb, pkt);
	const void *to = netpol_plain_receiver(skb, pkt);
	const bool reply = pkt & NETPOL_PLAIN_REPLY;
	const struct netpol_local *opener = reply ? receiver : sender;
	const struct netpol_local *server = reply ? sender : receiver;

	netpol_percpu_inc(&sender->runtime->stats->sent);
	netpol_percpu_inc(&receiver->runtime->stats->received);
	if (!netpol_plain_judge_half(nn, snapshot, skb, opener, NETPOL_DIRECTION_EGRESS, pkt,
				     server->identity, reply ? from : to))
		return netpol_plain_deny(nn, skb, pkt, NETPOL_DIRECTION_EGRESS);
	if (!netpol_plain_judge_half(nn, snapshot, skb, server, NETPOL_DIRECTION_INGRESS, pkt,
				     opener->identity, reply ? to : from))
		return netpol_plain_deny(nn, skb, pkt, NETPOL_DIRECTION_INGRESS);
	return NF_ACCEPT;
}

/* Does an interface belong to a local pod, or is there none? */
static __always_inline bool netpol_plain_no_uplink(const struct netpol_snapshot *snapshot,
						   const struct net_device *device)
{
	return !device || (netpol_snapshot_behind(snapshot, device->ifindex) &&
			   netpol_snapshot_interface(snapshot, device->ifindex));
}

/*
 * Must hook.c decide about an end that is no local pod, because it may be a pod that is not known?
 * @identity and @address are that end's. Guard prefixes, which unknown() asks for, and ranges of
 * pods, which netpol_program_identity() asks for, are only about addresses of no known pod.
 * Interface patterns are about more than an address, so with them hook.c always decides.
 */
static __always_inline bool netpol_plain_needs_guards(const struct netpol_snapshot *snapshot,
						      u8 family, u32 identity,
						      const void *address)
{
	return snapshot->guarded &&
	       (snapshot->settings->npatterns ||
		(!identity && netpol_settings_has_pod(snapshot->settings, family, address)));
}

/*
 * Is what a pod opens to @address, by which the packet came to this node, judged here? See
 * netpol_snapshot::host_judged. A transparent proxy also gets what is for others, and hook.c finds
 * out whether an address that must be a pod's is the node's.
 */
static __always_inline bool netpol_plain_host_judged(const struct netpol_snapshot *snapshot,
						     u8 family, const void *address)
{
	if (likely(snapshot->host_judged))
		return true;
	return !snapshot->settings->nhost_allow &&
	       snapshot->settings->host_egress == NETPOL_HOST_EGRESS_ENFORCE &&
	       !netpol_settings_has_pod(snapshot->settings, family, address);
}

/*
 * Does @device lead to the pod @local, and is @address one of that pod's? The pod's entry
 * keeps the address, so this needs no look-up. @local: the pod that may be behind @device.
 */
static __always_inline bool netpol_plain_owns(const struct netpol_local *local,
					      const struct net_device *device, u8 family,
					      const void *address)
{
	if (unlikely(local->ifindex != device->ifindex))
		return false;
	if (unlikely(!netpol_local_has(local, family, address)))
		return false;
	return likely(!READ_ONCE(local->runtime->gone));
}

/*
 * May this be a pod's packet to a tunnel of the node, which for_tunnel() of hook.c decides?
 * @identity: the sender's. A sender without one may be a pod that is not known yet, if there
 * are guards, also those that let it pass (unknown=allow).
 */
static __always_inline bool netpol_plain_for_tunnel(const struct netpol_snapshot *snapshot,
						    u32 pkt, u32 identity)
{
	return pkt & NETPOL_PLAIN_LOCAL_IN && pkt & NETPOL_PLAIN_UDP &&
	       netpol_tunnel_sockets() &&
	       (identity || snapshot->settings->nguards || snapshot->settings->npatterns);
}

/* What an address is. The pod behind @device, which the packet goes by, is tried first. */
static __always_inline struct netpol_end
netpol_plain_resolve(const struct netpol_snapshot *snapshot, const struct net_device *device,
		     u8 family, const void *address)
{
	const struct netpol_local *local = NULL;
	struct netpol_end end;

	if (device)
		local = netpol_snapshot_behind(snapshot, device->ifindex);
	if (local && netpol_plain_owns(local, device, family, address))
		return (struct netpol_end){ .identity = local->identity, .local = local };
	netpol_resolve(snapshot, family, address, &end);
	return end;
}

/*
 * The verdict by the addresses of both ends, where the interfaces do not tell the subject: a
 * packet between two local pods, one that uses a pod's second address, or a forged one.
 */
static noinline unsigned int netpol_plain_by_addresses(struct netpol_net *nn,
						       struct sk_buff *skb,
						       const struct nf_hook_state *state,
						       u32 pkt)
{
	const struct netpol_snapshot *snapshot = rcu_dereference(nn->root);
	const void *from = netpol_plain_sender(skb, pkt);
	const void *to = netpol_plain_receiver(skb, pkt);
	const bool reply = pkt & NETPOL_PLAIN_REPLY;
	const bool local_in = pkt & NETPOL_PLAIN_LOCAL_IN;
	const u8 family = netpol_plain_family(pkt);
	const struct net_device *in = state->in;
	struct netpol_end sender, receiver;
	u8 direction;

	sender = netpol_plain_resolve(snapshot, in, family, from);
	receiver = netpol_plain_resolve(snapshot, local_in ? NULL : state->out, family, to);
	/* plain: a local pod by its own interface, or anything else by an uplink */
	if (sender.local ? sender.local->ifindex != in->ifindex :
			   netpol_plain_no_uplink(snapshot, in) ||
			   netpol_plain_needs_guards(snapshot, family, sender.identity, from))
		return netpol_decide(nn, skb, state);
	/* plain: to a known pod, to anything else by an uplink, or to the node */
	if (!local_in && !receiver.identity &&
	    (netpol_plain_no_uplink(snapshot, state->out) ||
	     netpol_plain_needs_guards(snapshot, family, 0, to)))
		return netpol_decide(nn, skb, state);
	if (netpol_plain_for_tunnel(snapshot, pkt, sender.identity))
		return netpol_decide(nn, skb, state);
	if (local_in && sender.local &&
	    (receiver.identity || !netpol_plain_host_judged(snapshot, family, to)))
		return netpol_decide(nn, skb, state);
	if (local_in && !sender.local && receiver.local)
		return netpol_decide(nn, skb, state);

	if (sender.local && receiver.local) {
		if (sender.local == receiver.local)
			return netpol_decide(nn, skb, state);
		return netpol_plain_judge_pair(nn, snapshot, sender.local, receiver.local, skb,
					       pkt);
	}
	if (sender.local) {
		direction = reply ? NETPOL_DIRECTION_INGRESS : NETPOL_DIRECTION_EGRESS;
		netpol_percpu_inc(&sender.local->runtime->stats->sent);
		/* a reply to a connection that the node opened */
		if (local_in && reply) {
			this_cpu_inc(nn->totals->undecided);
			return NF_ACCEPT;
		}
		if (netpol_plain_judge_half(nn, snapshot, skb, sender.local, direction, pkt,
					    receiver.identity, to))
			return NF_ACCEPT;
		return netpol_plain_deny(nn, skb, pkt, direction);
	}
	if (receiver.local) {
		direction = reply ? NETPOL_DIRECTION_EGRESS : NETPOL_DIRECTION_INGRESS;
		netpol_percpu_inc(&receiver.local->runtime->stats->received);
		if (!netpol_plain_judge_half(nn, snapshot, skb, receiver.local, direction, pkt,
					     sender.identity, from))
			return netpol_plain_deny(nn, skb, pkt, direction);
	}
	return NF_ACCEPT;
}

/*
 * Goes on for netpol_plain_by_interface() where the other end is no known pod and there are
 * guards, or rules that deny what is in a range of pods and not known. @snapshot is the one that
 * @subject was found in, and that says that the other end is unknown: with a newer one the packet
 * would be judged by a mixture of two states, which may allow what each of them denies.
 */
static noinline unsigned int netpol_plain_judge_guarded(struct netpol_net *nn,
							const struct netpol_snapshot *snapshot,
							struct sk_buff *skb,
							const struct nf_hook_state *state,
							u32 pkt,
							const struct netpol_local *subject)
{
	const bool sends = netpol_plain_sends(pkt);
	const void *address = netpol_plain_other(skb, pkt, sends);
	u8 direction = netpol_plain_direction(pkt, sends);

	if (netpol_plain_needs_guards(snapshot, netpol_plain_family(pkt), 0, address))
		return netpol_decide(nn, skb, state);
	netpol_plain_count_seen(subject->runtime->stats, sends);
	if (netpol_plain_judge_half(nn, snapshot, skb, subject, direction, pkt, 0, address))
		return NF_ACCEPT;
	return netpol_plain_deny(nn, skb, pkt, direction);
}

/*
 * Goes on for netpol_plain_by_interface() where rules pass, and the program is direct otherwise.
 * The cell behind one that passes is @passed further.
 */
static noinline unsigned int netpol_plain_judge_passing(struct netpol_net *nn, struct sk_buff *skb,
							u32 pkt, const struct netpol_local *subject,
							const void *address, u32 other)
{
	u8 direction = pkt & NETPOL_PLAIN_EGRESS ? NETPOL_DIRECTION_EGRESS :
						   NETPOL_DIRECTION_INGRESS;
	const struct netpol_program *program = subject->program[direction];
	u32 class = netpol_plain_port_class(program, pkt), cell, last;
	const u32 *first = netpol_program_cells(program, netpol_program_row(program, other));
	const u32 *second = first;

	if (program->by_address)
		second = netpol_program_cells(program,
					      netpol_program_address_row(program,
									 netpol_plain_family(pkt),
									 address));
	cell = min(first[class], second[class]);
	if (NETPOL_CELL_ACTION(cell) == NETPOL_ACTION_PASS) {
		class += program->passed;
		last = min(first[class], second[class]);
		/* see netpol_plain_passed_cell() */
		if (likely(last != cell))
			netpol_percpu_inc(netpol_program_counter(program, cell));
		cell = netpol_cell_last(last);
	}
	if (netpol_plain_count_cell(nn, program, subject->runtime->stats, direction, cell))
		return NF_ACCEPT;
	return netpol_plain_deny(nn, skb, pkt, direction);
}

/*
 * Goes on for netpol_plain_by_interface() where the program has named ports, which belong to
 * the destination, or observed policies, or is sparse. @snapshot is the one that @subject was found
 * in, as above.
 */
static noinline unsigned int netpol_plain_judge_named(struct netpol_net *nn,
						      const struct netpol_snapshot *snapshot,
						      struct sk_buff *skb, u32 pkt,
						      const struct netpol_local *subject,
						      u32 other)
{
	const bool sends = netpol_plain_sends(pkt);
	const void *address = netpol_plain_other(skb, pkt, sends);
	u8 direction = netpol_plain_direction(pkt, sends);

	if (netpol_plain_judge_half(nn, snapshot, skb, subject, direction, pkt, other, address))
		return NF_ACCEPT;
	return netpol_plain_deny(nn, skb, pkt, direction);
}

/*
 * Goes on for netpol_plain_by_interface() where the program has blocks and is direct.
 * @other and @address: identity and address of the other end.
 */
static __always_inline unsigned int
netpol_plain_judge_blocks(struct netpol_net *nn, struct sk_buff *skb, u32 pkt,
			  const struct netpol_local *subject, const void *address, u32 other,
			  const u8 family)
{
	u8 direction = pkt & NETPOL_PLAIN_EGRESS ? NETPOL_DIRECTION_EGRESS :
						   NETPOL_DIRECTION_INGRESS;
	const struct netpol_program *program = subject->program[direction];
	u32 cell = netpol_program_blocks_cell(program, family,
					      netpol_plain_port_class(program, pkt), other,
					      address);

	if (netpol_plain_count_cell(nn, program, subject->runtime->stats, direction, cell))
		return NF_ACCEPT;
	return netpol_plain_deny(nn, skb, pkt, direction);
}

static noinline unsigned int
netpol_plain_judge_blocks4(struct netpol_net *nn, struct sk_buff *skb, u32 pkt,
			   const struct netpol_local *subject, const void *address, u32 other)
{
	return netpol_plain_judge_blocks(nn, skb, pkt, subject, address, other, AF_INET);
}

static noinline unsigned int
netpol_plain_judge_blocks6(struct netpol_net *nn, struct sk_buff *skb, u32 pkt,
			   const struct netpol_local *subject, const void *address, u32 other)
{
	return netpol_plain_judge_blocks(nn, skb, pkt, subject, address, other, AF_INET6);
}

/*
 * The verdict between a local pod, found by its interface, and something elsewhere, whose
 * address is the only one that is looked up. @subject: the pod that may be behind @device;
 * @sends: @device is the input interface, so the subject sends the packet; a constant.
 */
static __always_inline unsigned int
netpol_plain_by_interface(struct netpol_net *nn, const struct netpol_snapshot *snapshot,
			  struct sk_buff *skb, const struct nf_hook_state *state, u32 pkt,
			  const struct netpol_local *subject, const struct net_device *device,
			  const bool sends)
{
	u8 direction = netpol_plain_direction(pkt, sends);
	u32 directed = pkt | (direction == NETPOL_DIRECTION_EGRESS ? NETPOL_PLAIN_EGRESS : 0);
	const u8 family = netpol_plain_family(pkt);
	struct netpol_pod_stats __percpu *stats;
	const struct netpol_program *program;
	const void *address;
	u32 other, cell;

	if (!netpol_plain_owns(subject, device, family, netpol_plain_subject(skb, pkt, sends)))
		return netpol_plain_by_addresses(nn, skb, state, pkt);
	address = netpol_plain_other(skb, pkt, sends);
	other = netpol_address_value(snapshot, family, address);
	if (unlikely(other & NETPOL_VALUE_LOCAL))
		return netpol_plain_by_addresses(nn, skb, state, pkt);
	stats = subject->runtime->stats;
	/* a pod to its node: a reply to a connection that the node opened, or to be judged */
	if (pkt & NETPOL_PLAIN_LOCAL_IN) {
		if (unlikely(other || !snapshot->host_judged))
			return netpol_plain_by_addresses(nn, skb, state, pkt);
		if (unlikely(netpol_plain_for_tunnel(snapshot, pkt, subject->identity)))
			return netpol_decide(nn, skb, state);
		if (pkt & NETPOL_PLAIN_REPLY) {
			netpol_plain_count_seen(stats, sends);
			this_cpu_inc(nn->totals->undecided);
			return NF_ACCEPT;
		}
	} else if (unlikely(snapshot->guarded)) {
		if (!other)
			return netpol_plain_judge_guarded(nn, snapshot, skb, state, directed,
							  subject);
		if (!sends && snapshot->settings->npatterns)
			return netpol_decide(nn, skb, state);
	}
	program = subject->program[direction];
	netpol_plain_count_seen(stats, sends);
	if (unlikely(!program)) {
		netpol_plain_count_unisolated(nn, stats, direction);
		return NF_ACCEPT;
	}
	if (unlikely(!program->simple)) {
		if (unlikely(!program->direct && program->passing))
			return netpol_plain_judge_passing(nn, skb, directed, subject, address,
							  other);
		if (unlikely(!program->direct))
			return netpol_plain_judge_named(nn, snapshot, skb, directed, subject,
							other);
		return family == AF_INET ?
			netpol_plain_judge_blocks4(nn, skb, directed, subject, address, other) :
			netpol_plain_judge_blocks6(nn, skb, directed, subject, address, other);
	}
	cell = netpol_program_simple_cell(program, netpol_plain_port_class(program, pkt), other);
	if (likely(netpol_plain_count_cell(nn, program, stats, direction, cell)))
		return NF_ACCEPT;
	return netpol_plain_deny(nn, skb, pkt, direction);
}

/* The verdict for a packet that was read into @pkt: finds its end that is a pod of this node. */
static __always_inline unsigned int
netpol_plain_by_ends(struct netpol_net *nn, const struct netpol_snapshot *snapshot,
		     struct sk_buff *skb, const struct nf_hook_state *state, u32 pkt)
{
	const struct net_device *in = state->in, *out = state->out;
	const struct netpol_local *in_pod, *out_pod;

	in_pod = netpol_snapshot_behind(snapshot, in->ifindex);
	if (pkt & NETPOL_PLAIN_LOCAL_IN && in_pod)
		return netpol_plain_by_interface(nn, snapshot, skb, state, pkt, in_pod, in, true);
	if (pkt & NETPOL_PLAIN_LOCAL_IN || unlikely(!out))
		return netpol_plain_by_addresses(nn, skb, state, pkt);
	out_pod = netpol_snapshot_behind(snapshot, out->ifindex);
	if (!in_pod && out_pod)
		return netpol_plain_by_interface(nn, snapshot, skb, state, pkt, out_pod, out,
						 false);
	if (in_pod && !out_pod)
		return netpol_plain_by_interface(nn, snapshot, skb, state, pkt, in_pod, in, true);
	return netpol_plain_by_addresses(nn, skb, state, pkt);
}

/* The verdict for any packet that netpol_plain_read() refuses. @pkt: family and hook. */
static __always_inline unsigned int netpol_plain_rare(struct netpol_net *nn,
						      struct sk_buff *skb,
						      const struct nf_hook_state *state,
						      u32 pkt)
{
	const struct netpol_snapshot *snapshot = rcu_dereference(nn->root);

	if (!snapshot->plain || !netpol_plain_read_rare(skb, state->in, &pkt))
		return netpol_decide(nn, skb, state);
	return netpol_plain_by_ends(nn, snapshot, skb, state, pkt);
}

/* Two copies, each with its family as a constant. */
static noinline unsigned int netpol_plain_rare4(struct netpol_net *nn, struct sk_buff *skb,
						const struct nf_hook_state *state, u32 pkt)
{
	return netpol_plain_rare(nn, skb, state, pkt & ~NETPOL_PLAIN_IP6);
}

static noinline unsigned int netpol_plain_rare6(struct netpol_net *nn, struct sk_buff *skb,
						const struct nf_hook_state *state, u32 pkt)
{
	return netpol_plain_rare(nn, skb, state, pkt | NETPOL_PLAIN_IP6);
}

/*
 * The verdict for any packet, by the shortest way if it is plain. @pkt: a constant, the flags
 * NETPOL_PLAIN_IP6 and NETPOL_PLAIN_LOCAL_IN of the hook.
 */
static __always_inline unsigned int netpol_plain_verdict(struct netpol_net *nn,
							 struct sk_buff *skb,
							 const struct nf_hook_state *state,
							 const u32 pkt)
{
	const struct netpol_snapshot *snapshot = rcu_dereference(nn->root);
	u32 read = pkt;

	if (!snapshot->plain || !netpol_plain_read(skb, state->in, &read))
		return pkt & NETPOL_PLAIN_IP6 ? netpol_plain_rare6(nn, skb, state, pkt) :
						netpol_plain_rare4(nn, skb, state, pkt);
	return netpol_plain_by_ends(nn, snapshot, skb, state, read);
}

unsigned int netpol_plain_post_routing4(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
	return netpol_plain_verdict(priv, skb, state, 0);
}

unsigned int netpol_plain_post_routing6(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
	return netpol_plain_verdict(priv, skb, state, NETPOL_PLAIN_IP6);
}

unsigned int netpol_plain_local_in4(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	return netpol_plain_verdict(priv, skb, state, NETPOL_PLAIN_LOCAL_IN);
}

unsigned int netpol_plain_local_in6(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	return netpol_plain_verdict(priv, skb, state, NETPOL_PLAIN_LOCAL_IN | NETPOL_PLAIN_IP6);
}
