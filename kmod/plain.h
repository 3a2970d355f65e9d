/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A plain packet: nearly all of them are, and for these the decisions of hook.c come down
 * to two look-ups and a cell. It is TCP or UDP with its ports in reach, of a connection
 * whose opener is known, routed from one interface to another one, and its sender sends
 * by its own interface, if it is a pod of this node; no guard, no setting has a say in it.
 * netpol_plain() makes sure of each of these before anything is counted. Whatever it can't
 * be sure of it leaves to the decisions in hook.c, which hold for every packet: a packet
 * that is plain gets the same verdict, for the same reason and with the same counters,
 * from either. So a test that is added there is also added here, or its packets kept out.
 *
 * No variable has its address taken: all stay in registers, and there is no stack to guard.
 */
#ifndef NETPOL_PLAIN_H
#define NETPOL_PLAIN_H

#include "compat.h"
#include "core/classify.h"
#include "netlink.h"
#include "netns.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack.h>

/* No verdict: the packet is not plain. Not a verdict of netfilter, see NF_MAX_VERDICT. */
#define NETPOL_NOT_PLAIN	0xffU

/* What was judged, for those who want to be told of a denied packet. */
static noinline void netpol_plain_event(struct netpol_net *nn,
					const struct netpol_snapshot *snapshot,
					const void *source, const void *destination,
					const struct nf_conn *ct, u8 direction)
{
	const struct nf_conntrack_tuple *original = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	const struct nf_conntrack_tuple *answer = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	const struct netpol_flow flow = {
		.source = source,
		.destination = destination,
		.family = nf_ct_l3num(ct),
		.protocol = nf_ct_protonum(ct),
		.port = ntohs(answer->src.u.all),
	};
	const struct netpol_judgement judgement = {
		.reason = NETPOL_REASON_ISOLATED,
		.direction = direction,
	};

	netpol_event_deny(nn, snapshot, &flow, ntohs(original->src.u.all), &judgement);
}

/*
 * Which pod an address belongs to. For IPv6 a function of its own, which needs no register
 * that its caller uses across the call, rather than two copies that fight over all of them.
 */
static noinline notrace struct netpol_end netpol_plain_find6(const struct netpol_snapshot *snapshot,
							     const void *address)
{
	return netpol_find(snapshot, AF_INET6, address);
}

static __always_inline struct netpol_end netpol_plain_find(const struct netpol_snapshot *snapshot,
							   u8 family, const void *address)
{
	return family == AF_INET ? netpol_find(snapshot, AF_INET, address) :
				   netpol_plain_find6(snapshot, address);
}

/* One half, like netpol_judge_half(); counted. */
static __always_inline bool
netpol_plain_half(const struct netpol_net *nn, const struct netpol_snapshot *snapshot,
		  const struct netpol_local *subject, u8 direction, u8 family, bool udp,
		  u16 port, u32 peer, const void *address)
{
	const u32 index = udp ? NETPOL_PROTOCOL_UDP : NETPOL_PROTOCOL_TCP;
	const struct netpol_program *program = subject->program[direction];
	struct netpol_pod_stats __percpu *stats = subject->runtime->stats;
	u32 cell;

	if (program) {
		cell = netpol_program_cell(snapshot, program, family,
					   udp ? IPPROTO_UDP : IPPROTO_TCP, port,
					   netpol_ranges_class(&program->ranges[index], port),
					   peer, address);
		if (likely(NETPOL_CELL_ACTION(cell)))
			netpol_percpu_inc(program->order[NETPOL_CELL_ORDER(cell)].packets);
		if (NETPOL_CELL_ACTION(cell) != NETPOL_ACTION_ACCEPT) {
			netpol_percpu_inc(&stats->denied[direction]);
			this_cpu_inc(nn->totals->denied[direction]);
			return false;
		}
	}
	netpol_percpu_inc(&stats->allowed[direction]);
	this_cpu_inc(nn->totals->allowed[direction]);
	return true;
}

/*
 * Both halves, between two pods of the node. @port: with family and protocol above it.
 * Return: the direction that denied, or NETPOL_DIRECTIONS.
 */
#define NETPOL_PLAIN_UDP	BIT(16)
#define NETPOL_PLAIN_IP6	BIT(17)
static noinline notrace u8
netpol_plain_both(const struct netpol_net *nn, const struct netpol_snapshot *snapshot,
		  const struct netpol_local *opener, const struct netpol_local *server,
		  const void *source, const void *destination, u32 port)
{
	u8 family = port & NETPOL_PLAIN_IP6 ? AF_INET6 : AF_INET;
	bool udp = port & NETPOL_PLAIN_UDP;

	if (!netpol_plain_half(nn, snapshot, opener, NETPOL_DIRECTION_EGRESS, family, udp, port,
			       server->identity, destination))
		return NETPOL_DIRECTION_EGRESS;
	if (!netpol_plain_half(nn, snapshot, server, NETPOL_DIRECTION_INGRESS, family, udp, port,
			       opener->identity, source))
		return NETPOL_DIRECTION_INGRESS;
	return NETPOL_DIRECTIONS;
}

/* Is an interface a local pod's, or none at all? */
static __always_inline bool netpol_plain_behind(const struct netpol_snapshot *snapshot,
						const struct net_device *device)
{
	return !device || (netpol_snapshot_behind(snapshot, device->ifindex) &&
			   netpol_snapshot_interface(snapshot, device->ifindex));
}

/*
 * Can unknown() of hook.c, for what is no local pod's packet to a known one, be left out?
 * A remote pod's packet to a local one is in no guard; interface patterns decide by more.
 */
static __always_inline bool netpol_plain_guarded(const struct netpol_settings *settings,
						 u8 family, u32 identity, const void *address)
{
	if (settings->unknown != NETPOL_UNKNOWN_DENY ||
	    (!settings->nguards && !settings->npatterns))
		return false;
	return settings->npatterns ||
	       (!identity && netpol_settings_guards(settings, family, address));
}

/**
 * netpol_plain() - the verdict for a packet, if it is plain
 * @skb: at one of the two hooks
 * @state: its
 * @family: AF_INET or AF_INET6; a constant, like @local_in
 * @local_in: the hook at LOCAL_IN
 *
 * Return: the verdict of the hook, or NETPOL_NOT_PLAIN: then nothing was counted.
 */
static __always_inline unsigned int netpol_plain(struct sk_buff *skb,
						 const struct nf_hook_state *state,
						 const u8 family, const bool local_in)
{
	const u32 length = family == AF_INET ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	struct netpol_net *nn = netpol_net_rcu(state->net);
	const struct netpol_snapshot *snapshot = rcu_dereference(nn->root);
	const struct netpol_settings *settings = snapshot->settings;
	const struct nf_conntrack_tuple *original, *answer;
	const struct net_device *in = state->in;
	const void *from, *to, *peer_address;
	const struct netpol_local *subject;
	struct netpol_end sender, receiver;
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct;
	u32 claimed, peer;
	int room;
	u8 protocol, direction;
	const __be16 *ports;
	bool reply, udp;
	u16 port;

	/* from another interface, with no bridge in between, and somebody to protect */
	if (!snapshot->nlocals || settings->established != NETPOL_ESTABLISHED_CUT)
		return NETPOL_NOT_PLAIN;
	if (!in || in->flags & IFF_LOOPBACK || netpol_bridged(skb))
		return NETPOL_NOT_PLAIN;
	ct = nf_ct_get(skb, &ctinfo);
	if (!ct || nf_ct_is_template(ct))
		return NETPOL_NOT_PLAIN;

	/* a header without options, as long as it says, and the transport's in one piece */
	room = skb_tail_pointer(skb) - skb_network_header(skb);
	if (room < (int)(length + sizeof(struct udphdr)))
		return NETPOL_NOT_PLAIN;
	if (family == AF_INET) {
		const struct iphdr *ip = ip_hdr(skb);

		claimed = ntohs(ip->tot_len) - length;
		if (*(const u8 *)ip != 0x45 || ip->frag_off & htons(IP_OFFSET))
			return NETPOL_NOT_PLAIN;
		protocol = ip->protocol;
		from = &ip->saddr;
		to = &ip->daddr;
		ports = (const __be16 *)(ip + 1);
	} else {
		const struct ipv6hdr *ip = ipv6_hdr(skb);

		claimed = ntohs(ip->payload_len);
		protocol = ip->nexthdr;
		from = &ip->saddr;
		to = &ip->daddr;
		ports = (const __be16 *)(ip + 1);
	}
	if (claimed > room + skb->data_len - length)
		return NETPOL_NOT_PLAIN;
	/* see has_no_opener(), which is false without this bit */
	if (protocol == IPPROTO_TCP) {
		if (room < (int)(length + sizeof(struct tcphdr)) ||
		    READ_ONCE(ct->proto.tcp.seen[IP_CT_DIR_ORIGINAL].flags) &
		    IP_CT_TCP_FLAG_BE_LIBERAL)
			return NETPOL_NOT_PLAIN;
	} else if (protocol != IPPROTO_UDP) {
		return NETPOL_NOT_PLAIN;
	}

	udp = protocol == IPPROTO_UDP;

	/* the flow is the packet's own; a reply's is from the real server to the opener */
	original = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	answer = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	reply = CTINFO2DIR(ctinfo) == IP_CT_DIR_REPLY;
	port = ntohs(ports[1]);
	if (reply) {
		from = &answer->src.u3;
		to = &original->src.u3;
		port = ntohs(answer->src.u.all);
	} else if (local_in) {
		from = &original->src.u3;
	}
	sender = netpol_plain_find(snapshot, family, from);
	receiver = netpol_plain_find(snapshot, family, to);

	if (sender.local) {
		/* by its own interface, to another pod or to what is nobody's */
		if (sender.local->ifindex != in->ifindex)
			return NETPOL_NOT_PLAIN;
		if (receiver.local) {
			if (local_in || sender.local == receiver.local)
				return NETPOL_NOT_PLAIN;
			netpol_percpu_inc(&sender.local->runtime->stats->sent);
			netpol_percpu_inc(&receiver.local->runtime->stats->received);
			direction = netpol_plain_both(nn, snapshot,
						      reply ? receiver.local : sender.local,
						      reply ? sender.local : receiver.local,
						      reply ? to : from, reply ? from : to,
						      port | (udp ? NETPOL_PLAIN_UDP : 0) |
						      (family == AF_INET6 ?
						       NETPOL_PLAIN_IP6 : 0));
			if (direction == NETPOL_DIRECTIONS)
				return NF_ACCEPT;
			goto denied;
		}
		if (!receiver.identity && !local_in &&
		    (netpol_plain_behind(snapshot, state->out) ||
		     netpol_plain_guarded(settings, family, 0, to)))
			return NETPOL_NOT_PLAIN;
		if (local_in && (receiver.identity || settings->nhost_allow ||
				 settings->host_egress != NETPOL_HOST_EGRESS_ENFORCE))
			return NETPOL_NOT_PLAIN;
		netpol_percpu_inc(&sender.local->runtime->stats->sent);
		/* an answer to what the node has opened */
		if (local_in && reply)
			return NF_ACCEPT;
		subject = sender.local;
		peer = receiver.identity;
		peer_address = to;
		direction = reply ? NETPOL_DIRECTION_INGRESS : NETPOL_DIRECTION_EGRESS;
	} else {
		/* by an interface that is no pod's */
		if (netpol_plain_behind(snapshot, in) ||
		    netpol_plain_guarded(settings, family, sender.identity, from))
			return NETPOL_NOT_PLAIN;
		if (!receiver.local) {
			if (!local_in && !receiver.identity &&
			    (netpol_plain_behind(snapshot, state->out) ||
			     netpol_plain_guarded(settings, family, 0, to)))
				return NETPOL_NOT_PLAIN;
			return NF_ACCEPT;
		}
		if (local_in)
			return NETPOL_NOT_PLAIN;
		netpol_percpu_inc(&receiver.local->runtime->stats->received);
		subject = receiver.local;
		peer = sender.identity;
		peer_address = from;
		direction = reply ? NETPOL_DIRECTION_EGRESS : NETPOL_DIRECTION_INGRESS;
	}

	/* nothing is left to hook.c from here on */
	if (netpol_plain_half(nn, snapshot, subject, direction, family, udp, port, peer,
			      peer_address))
		return NF_ACCEPT;
denied:
	if (netpol_event_wanted(nn))
		netpol_plain_event(nn, snapshot, reply ? to : from, reply ? from : to, ct,
				   direction);
	return netpol_drop(skb);
}

#endif /* NETPOL_PLAIN_H */
