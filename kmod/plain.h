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

/* Rare, and not worth instructions before it is known: who denied, for those who listen. */
static noinline void netpol_plain_event(struct netpol_net *nn,
					const struct netpol_snapshot *snapshot,
					const void *source, const void *destination,
					const struct nf_conn *ct, u8 direction)
{
	const struct nf_conntrack_tuple *original = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	const struct nf_conntrack_tuple *reply = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	const struct netpol_flow flow = {
		.source = source,
		.destination = destination,
		.family = nf_ct_l3num(ct),
		.protocol = nf_ct_protonum(ct),
		.port = ntohs(reply->src.u.all),
	};
	const struct netpol_judgement judgement = {
		.reason = NETPOL_REASON_ISOLATED,
		.direction = direction,
	};

	netpol_event_deny(nn, snapshot, &flow, ntohs(original->src.u.all), &judgement);
}

/* One half, like netpol_judge_half(); counted. */
static __always_inline bool
netpol_plain_half(const struct netpol_net *nn, const struct netpol_snapshot *snapshot,
		  const struct netpol_local *subject, u8 direction, u8 family, u8 protocol,
		  u16 port, u32 peer, const void *address)
{
	const struct netpol_program *program = subject->program[direction];
	struct netpol_pod_stats __percpu *stats = subject->runtime->stats;
	u32 cell;

	if (program) {
		cell = netpol_program_cell(snapshot, program, family, protocol, port, peer,
					   address);
		if (NETPOL_CELL_ACTION(cell) != NETPOL_ACTION_ACCEPT) {
			if (NETPOL_CELL_ACTION(cell))
				netpol_percpu_inc(program->order[NETPOL_CELL_ORDER(cell)].packets);
			netpol_percpu_inc(&stats->denied[direction]);
			this_cpu_inc(nn->totals->denied[direction]);
			return false;
		}
		netpol_percpu_inc(program->order[NETPOL_CELL_ORDER(cell)].packets);
	}
	netpol_percpu_inc(&stats->allowed[direction]);
	this_cpu_inc(nn->totals->allowed[direction]);
	return true;
}

/* Does a guard have a say about an end? As unknown() and unknown_slow() in hook.c. */
static __always_inline bool netpol_plain_guarded(const struct netpol_settings *settings,
						 u8 family, const struct netpol_end *sender,
						 const void *sender_address,
						 const struct netpol_end *receiver,
						 const void *receiver_address, bool local_in)
{
	if (settings->unknown != NETPOL_UNKNOWN_DENY ||
	    (!settings->nguards && !settings->npatterns))
		return false;
	if (sender->local && receiver->identity)
		return false;
	if (settings->npatterns)
		return true;
	if (!sender->identity && netpol_settings_guards(settings, family, sender_address))
		return true;
	return !local_in && !receiver->identity &&
	       netpol_settings_guards(settings, family, receiver_address);
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
	const void *source, *destination, *sender_address, *receiver_address;
	const struct nf_conntrack_tuple *original, *answer;
	struct netpol_end sender, receiver, swapped;
	struct netpol_net *nn = netpol_net_rcu(state->net);
	const struct netpol_snapshot *snapshot = rcu_dereference(nn->root);
	const struct netpol_settings *settings = snapshot->settings;
	const struct net_device *in = state->in;
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct;
	const __be16 *ports;
	u32 room, claimed;
	bool reply, guarded;
	u8 protocol;
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
	if (room < length + sizeof(struct udphdr))
		return NETPOL_NOT_PLAIN;
	if (family == AF_INET) {
		const struct iphdr *ip = ip_hdr(skb);

		claimed = ntohs(ip->tot_len) - length;
		if (*(const u8 *)ip != 0x45 || ip->frag_off & htons(IP_OFFSET))
			return NETPOL_NOT_PLAIN;
		protocol = ip->protocol;
		source = &ip->saddr;
		destination = &ip->daddr;
		ports = (const __be16 *)(ip + 1);
	} else {
		const struct ipv6hdr *ip = ipv6_hdr(skb);

		claimed = ntohs(ip->payload_len);
		protocol = ip->nexthdr;
		source = &ip->saddr;
		destination = &ip->daddr;
		ports = (const __be16 *)(ip + 1);
	}
	if (claimed > room + skb->data_len - length)
		return NETPOL_NOT_PLAIN;
	/* see has_no_opener(), which is false without this bit */
	if (protocol == IPPROTO_TCP) {
		if (room < length + sizeof(struct tcphdr) ||
		    READ_ONCE(ct->proto.tcp.seen[IP_CT_DIR_ORIGINAL].flags) &
		    IP_CT_TCP_FLAG_BE_LIBERAL)
			return NETPOL_NOT_PLAIN;
	} else if (protocol != IPPROTO_UDP) {
		return NETPOL_NOT_PLAIN;
	}

	/* the flow: the packet's own, or from the entry's opener to the real server */
	original = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	answer = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	reply = CTINFO2DIR(ctinfo) == IP_CT_DIR_REPLY;
	if (reply) {
		source = &original->src.u3;
		destination = &answer->src.u3;
		port = ntohs(answer->src.u.all);
		sender_address = destination;
		receiver_address = source;
	} else {
		if (local_in)
			source = &original->src.u3;
		port = ntohs(ports[1]);
		sender_address = source;
		receiver_address = destination;
	}
	sender = netpol_find(snapshot, family, sender_address);
	receiver = netpol_find(snapshot, family, receiver_address);

	/* whoever sends, sends by its own interface, and what gets it is what it seems */
	if (sender.local ? sender.local->ifindex != in->ifindex :
	    netpol_snapshot_behind(snapshot, in->ifindex) &&
	    netpol_snapshot_interface(snapshot, in->ifindex))
		return NETPOL_NOT_PLAIN;
	if (!local_in && !receiver.identity &&
	    (!state->out || (netpol_snapshot_behind(snapshot, state->out->ifindex) &&
			     netpol_snapshot_interface(snapshot, state->out->ifindex))))
		return NETPOL_NOT_PLAIN;
	guarded = netpol_plain_guarded(settings, family, &sender, sender_address, &receiver,
				       receiver_address, local_in);
	if (guarded)
		return NETPOL_NOT_PLAIN;
	if (!sender.local && !receiver.local)
		return NF_ACCEPT;
	if (sender.local == receiver.local)
		return NETPOL_NOT_PLAIN;
	if (local_in && !reply && sender.local && !receiver.identity &&
	    (settings->host_egress != NETPOL_HOST_EGRESS_ENFORCE || settings->nhost_allow))
		return NETPOL_NOT_PLAIN;

	/* from here on nothing is left to hook.c */
	if (sender.local)
		netpol_percpu_inc(&sender.local->runtime->stats->sent);
	if (receiver.local)
		netpol_percpu_inc(&receiver.local->runtime->stats->received);
	if (local_in && reply && !receiver.identity)
		return NF_ACCEPT;
	if (reply) {
		swapped = sender;
		sender = receiver;
		receiver = swapped;
	}
	if (sender.local &&
	    !netpol_plain_half(nn, snapshot, sender.local, NETPOL_DIRECTION_EGRESS, family,
			       protocol, port, receiver.identity, destination)) {
		if (netpol_event_wanted(nn))
			netpol_plain_event(nn, snapshot, source, destination, ct,
					   NETPOL_DIRECTION_EGRESS);
		return netpol_drop(skb);
	}
	if (receiver.local &&
	    !netpol_plain_half(nn, snapshot, receiver.local, NETPOL_DIRECTION_INGRESS, family,
			       protocol, port, sender.identity, source)) {
		if (netpol_event_wanted(nn))
			netpol_plain_event(nn, snapshot, source, destination, ct,
					   NETPOL_DIRECTION_INGRESS);
		return netpol_drop(skb);
	}
	return NF_ACCEPT;
}

#endif /* NETPOL_PLAIN_H */
