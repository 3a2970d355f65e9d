// SPDX-License-Identifier: GPL-2.0
/*
 * A plain packet: nearly all of them are, and for these the decisions of hook.c come down
 * to two look-ups and a cell. It is TCP or UDP with its ports in reach, of a connection
 * whose opener is known, routed from one interface to another one, and its sender sends
 * by its own interface, if it is a pod of this node; no guard, no setting has a say in it.
 * netpol_plain() makes sure of each of these before anything is counted. Whatever it can't
 * be sure of it leaves to netpol_decide(), whose decisions hold for every packet: a packet
 * that is plain gets the same verdict, for the same reason and with the same counters,
 * from either. So a test that is added there is also added here, or its packets kept out.
 *
 * Nearly all of them go between a pod behind its own interface and what is elsewhere: then
 * one address is looked up, and functions are only left by a jump to another one.
 *
 * No variable has its address taken: all stay in registers, and there is no stack to guard.
 */
#include "plain.h"
#include "compat.h"
#include "core/classify.h"
#include "event.h"
#include "hook.h"
#include "netns.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack.h>

/* What a plain packet is, in one register: the port that is judged, and these. */
#define NETPOL_PLAIN_UDP	BIT(16)
#define NETPOL_PLAIN_IP6	BIT(17)
#define NETPOL_PLAIN_REPLY	BIT(18)
#define NETPOL_PLAIN_LOCAL_IN	BIT(19)
#define NETPOL_PLAIN_EGRESS	BIT(20)

static __always_inline u8 netpol_plain_family(u32 what)
{
	return what & NETPOL_PLAIN_IP6 ? AF_INET6 : AF_INET;
}

/*
 * Addresses of a packet's sender and receiver. It is judged by its own header, at LOCAL_IN
 * with the source that it came with, or if it answers by its opener and the real server.
 */
static __always_inline const void *netpol_plain_from(const struct sk_buff *skb, u32 what)
{
	const struct nf_conn *ct = (const void *)(skb->_nfct & NFCT_PTRMASK);

	if (what & NETPOL_PLAIN_REPLY)
		return &ct->tuplehash[IP_CT_DIR_REPLY].tuple.src.u3;
	if (what & NETPOL_PLAIN_LOCAL_IN)
		return &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple.src.u3;
	return what & NETPOL_PLAIN_IP6 ? (const void *)&ipv6_hdr(skb)->saddr :
					 (const void *)&ip_hdr(skb)->saddr;
}

static __always_inline const void *netpol_plain_to(const struct sk_buff *skb, u32 what)
{
	const struct nf_conn *ct = (const void *)(skb->_nfct & NFCT_PTRMASK);

	if (what & NETPOL_PLAIN_REPLY)
		return &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple.src.u3;
	return what & NETPOL_PLAIN_IP6 ? (const void *)&ipv6_hdr(skb)->daddr :
					 (const void *)&ip_hdr(skb)->daddr;
}

/*
 * Adds to @what, family and hook, what a packet says of itself. False: it is not plain. It
 * is if it comes from another interface, with no bridge in between; is of a connection whose
 * opener is known; has a header without options, as long as it says, and the transport's in
 * one piece.
 */
static __always_inline bool netpol_plain_read(const struct sk_buff *skb,
					      const struct net_device *in, u32 *what)
{
	const int length = *what & NETPOL_PLAIN_IP6 ? sizeof(struct ipv6hdr) :
						     sizeof(struct iphdr);
	const struct nf_conn *ct = (const void *)(skb->_nfct & NFCT_PTRMASK);
	int room = skb_tail_pointer(skb) - skb_network_header(skb);
	const __be16 *ports;
	u32 claimed;
	u8 protocol;

	if (unlikely(!in || in->flags & IFF_LOOPBACK))
		return false;
	if (unlikely(netpol_bridged(skb)))
		return false;
	if (unlikely(!ct))
		return false;
	if (unlikely(nf_ct_is_template(ct)))
		return false;
	if (unlikely(room < length + (int)sizeof(struct udphdr)))
		return false;
	if (*what & NETPOL_PLAIN_IP6) {
		const struct ipv6hdr *ip = ipv6_hdr(skb);

		claimed = ntohs(ip->payload_len);
		protocol = ip->nexthdr;
		ports = (const __be16 *)(ip + 1);
	} else {
		const struct iphdr *ip = ip_hdr(skb);

		claimed = ntohs(ip->tot_len) - length;
		if (*(const u8 *)ip != 0x45 || ip->frag_off & htons(IP_OFFSET))
			return false;
		protocol = ip->protocol;
		ports = (const __be16 *)(ip + 1);
	}
	if (claimed > room + skb->data_len - length)
		return false;
	/* see has_no_opener(), which is false without this bit */
	if (likely(protocol == IPPROTO_TCP)) {
		if (room < length + (int)sizeof(struct tcphdr) ||
		    READ_ONCE(ct->proto.tcp.seen[IP_CT_DIR_ORIGINAL].flags) &
		    IP_CT_TCP_FLAG_BE_LIBERAL)
			return false;
	} else {
		if (protocol != IPPROTO_UDP)
			return false;
		*what |= NETPOL_PLAIN_UDP;
	}
	if ((skb->_nfct & NFCT_INFOMASK) >= IP_CT_IS_REPLY)
		*what |= NETPOL_PLAIN_REPLY |
			 ntohs(ct->tuplehash[IP_CT_DIR_REPLY].tuple.src.u.all);
	else
		*what |= ntohs(ports[1]);
	return true;
}

/* Tells of a denied packet. */
static noinline void netpol_plain_event(struct netpol_net *nn, const struct sk_buff *skb,
					u32 what, u8 direction)
{
	const struct nf_conn *ct = (const void *)(skb->_nfct & NFCT_PTRMASK);
	const void *from = netpol_plain_from(skb, what), *to = netpol_plain_to(skb, what);
	const bool reply = what & NETPOL_PLAIN_REPLY;
	const struct netpol_flow flow = {
		.source = reply ? to : from,
		.destination = reply ? from : to,
		.family = netpol_plain_family(what),
		.protocol = what & NETPOL_PLAIN_UDP ? IPPROTO_UDP : IPPROTO_TCP,
		.port = (u16)what,
	};
	const struct netpol_judgement judgement = {
		.reason = NETPOL_REASON_ISOLATED,
		.direction = direction,
	};

	netpol_event_deny(nn, rcu_dereference(nn->root), &flow,
			  ntohs(ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple.src.u.all), &judgement);
}

/* Denied, and somebody may want to know. */
static noinline unsigned int netpol_plain_tell(struct netpol_net *nn, struct sk_buff *skb,
					       u32 what, u8 direction)
{
	if (netpol_event_wanted(nn))
		netpol_plain_event(nn, skb, what, direction);
	return netpol_drop(skb);
}

static __always_inline unsigned int netpol_plain_deny(struct netpol_net *nn,
						      struct sk_buff *skb, u32 what,
						      u8 direction)
{
	if (unlikely(READ_ONCE(netpol_event_asked)) || netpol_drop_traced())
		return netpol_plain_tell(nn, skb, what, direction);
	return NF_DROP;
}

/* Counts what was decided about a subject, whose are @stats. Return: is it accepted? */
static __always_inline bool netpol_plain_count(const struct netpol_net *nn,
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

/* The same of one that no policy isolates. */
static __always_inline void netpol_plain_count_free(const struct netpol_net *nn,
						    struct netpol_pod_stats __percpu *stats,
						    u8 direction)
{
	netpol_percpu_inc(&stats->allowed[direction]);
	this_cpu_inc(nn->totals->allowed[direction]);
}

static __always_inline u32 netpol_plain_class(const struct netpol_program *program, u32 what)
{
	const struct netpol_ranges *ranges = &program->ranges[NETPOL_PROTOCOL_TCP];

	if (what & NETPOL_PLAIN_UDP)
		ranges = &program->ranges[NETPOL_PROTOCOL_UDP];
	return netpol_ranges_class(ranges, (u16)what);
}

/* The cell of the destination's names for the port that is judged. */
static noinline u32 netpol_plain_name_cell(const struct netpol_snapshot *snapshot,
					   const struct netpol_program *program, u32 what,
					   u32 peer, const void *address)
{
	const struct netpol_named named = {
		.identity = peer,
		.port = what,
		.protocol = what & NETPOL_PLAIN_UDP ? IPPROTO_UDP : IPPROTO_TCP,
	};

	return netpol_program_name_cell(snapshot, program, netpol_plain_family(what), named,
					address);
}

/* One half, like netpol_judge_half(); counted. */
static __always_inline bool
netpol_plain_half(const struct netpol_net *nn, const struct netpol_snapshot *snapshot,
		  const struct netpol_local *subject, u8 direction, u32 what, u32 peer,
		  const void *address)
{
	const struct netpol_program *program = subject->program[direction];
	struct netpol_pod_stats __percpu *stats = subject->runtime->stats;
	u32 cell;

	if (!program) {
		netpol_plain_count_free(nn, stats, direction);
		return true;
	}
	cell = netpol_program_cell(program, netpol_plain_family(what),
				   netpol_plain_class(program, what), peer, address);
	if (unlikely(program->nnames) && peer)
		cell = min(cell, netpol_plain_name_cell(snapshot, program, what, peer, address));
	return netpol_plain_count(nn, program, stats, direction, cell);
}

/* Both halves, between two pods of the node. */
static noinline unsigned int
netpol_plain_both(struct netpol_net *nn, const struct netpol_snapshot *snapshot,
		  const struct netpol_local *sender, const struct netpol_local *receiver,
		  struct sk_buff *skb, u32 what)
{
	const void *from = netpol_plain_from(skb, what), *to = netpol_plain_to(skb, what);
	const bool reply = what & NETPOL_PLAIN_REPLY;
	const struct netpol_local *opener = reply ? receiver : sender;
	const struct netpol_local *server = reply ? sender : receiver;

	netpol_percpu_inc(&sender->runtime->stats->sent);
	netpol_percpu_inc(&receiver->runtime->stats->received);
	if (!netpol_plain_half(nn, snapshot, opener, NETPOL_DIRECTION_EGRESS, what,
			       server->identity, reply ? from : to))
		return netpol_plain_deny(nn, skb, what, NETPOL_DIRECTION_EGRESS);
	if (!netpol_plain_half(nn, snapshot, server, NETPOL_DIRECTION_INGRESS, what,
			       opener->identity, reply ? to : from))
		return netpol_plain_deny(nn, skb, what, NETPOL_DIRECTION_INGRESS);
	return NF_ACCEPT;
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
static __always_inline bool netpol_plain_guarded(const struct netpol_snapshot *snapshot,
						 u8 family, u32 identity, const void *address)
{
	return snapshot->guarded &&
	       (snapshot->settings->npatterns ||
		(!identity && netpol_settings_guards(snapshot->settings, family, address)));
}

/*
 * Does an interface lead to a local pod, and an address to the same one? The snapshot has
 * noted whose it is, so that it needs no look-up. @local: what may be behind the interface.
 */
static __always_inline bool netpol_plain_is(const struct netpol_local *local,
					    const struct net_device *device, u8 family,
					    const void *address)
{
	if (unlikely(local->ifindex != device->ifindex))
		return false;
	if (unlikely(!netpol_local_has(local, family, address)))
		return false;
	return likely(!READ_ONCE(local->runtime->gone));
}

/* What an address is, with a guess by the interface that a packet goes by. */
static __always_inline struct netpol_end
netpol_plain_end(const struct netpol_snapshot *snapshot, const struct net_device *device,
		 u8 family, const void *address)
{
	const struct netpol_local *local = NULL;
	struct netpol_end end;

	if (device)
		local = netpol_snapshot_behind(snapshot, device->ifindex);
	if (local && netpol_plain_is(local, device, family, address))
		return (struct netpol_end){ .identity = local->identity, .local = local };
	netpol_resolve(snapshot, family, address, &end);
	return end;
}

/* The verdict by what the addresses are, by whatever interfaces local pods are reached. */
static noinline unsigned int netpol_plain_ends(struct netpol_net *nn, struct sk_buff *skb,
					       const struct nf_hook_state *state, u32 what)
{
	const struct netpol_snapshot *snapshot = rcu_dereference(nn->root);
	const void *from = netpol_plain_from(skb, what), *to = netpol_plain_to(skb, what);
	const bool reply = what & NETPOL_PLAIN_REPLY;
	const bool local_in = what & NETPOL_PLAIN_LOCAL_IN;
	const u8 family = netpol_plain_family(what);
	const struct net_device *in = state->in;
	struct netpol_end sender, receiver;
	u8 direction;

	sender = netpol_plain_end(snapshot, in, family, from);
	receiver = netpol_plain_end(snapshot, local_in ? NULL : state->out, family, to);
	/* a local pod by its own interface, or what is none by one that is no pod's */
	if (sender.local ? sender.local->ifindex != in->ifindex :
			   netpol_plain_behind(snapshot, in) ||
			   netpol_plain_guarded(snapshot, family, sender.identity, from))
		return netpol_decide(nn, skb, state);
	/* to a known pod, or by an interface that is no pod's; or to the node */
	if (!local_in && !receiver.identity &&
	    (netpol_plain_behind(snapshot, state->out) ||
	     netpol_plain_guarded(snapshot, family, 0, to)))
		return netpol_decide(nn, skb, state);
	if (local_in && (sender.local ? receiver.identity || !snapshot->host_judged :
					!!receiver.local))
		return netpol_decide(nn, skb, state);

	if (sender.local && receiver.local) {
		if (sender.local == receiver.local)
			return netpol_decide(nn, skb, state);
		return netpol_plain_both(nn, snapshot, sender.local, receiver.local, skb, what);
	}
	if (sender.local) {
		direction = reply ? NETPOL_DIRECTION_INGRESS : NETPOL_DIRECTION_EGRESS;
		netpol_percpu_inc(&sender.local->runtime->stats->sent);
		/* an answer to what the node has opened */
		if ((local_in && reply) ||
		    netpol_plain_half(nn, snapshot, sender.local, direction, what,
				      receiver.identity, to))
			return NF_ACCEPT;
		return netpol_plain_deny(nn, skb, what, direction);
	}
	if (receiver.local) {
		direction = reply ? NETPOL_DIRECTION_EGRESS : NETPOL_DIRECTION_INGRESS;
		netpol_percpu_inc(&receiver.local->runtime->stats->received);
		if (!netpol_plain_half(nn, snapshot, receiver.local, direction, what,
				       sender.identity, from))
			return netpol_plain_deny(nn, skb, what, direction);
	}
	return NF_ACCEPT;
}

/* Direction in which a pod is the subject: who opens the connection is judged for egress. */
static __always_inline u8 netpol_plain_direction(u32 what, bool sends)
{
	return sends == !(what & NETPOL_PLAIN_REPLY) ? NETPOL_DIRECTION_EGRESS :
						       NETPOL_DIRECTION_INGRESS;
}

/* Counts a packet as seen at its pod. */
static __always_inline void netpol_plain_seen(struct netpol_pod_stats __percpu *stats, bool sends)
{
	if (sends)
		netpol_percpu_inc(&stats->sent);
	else
		netpol_percpu_inc(&stats->received);
}

static __always_inline const void *netpol_plain_other(const struct sk_buff *skb, u32 what,
						      bool sends)
{
	return sends ? netpol_plain_to(skb, what) : netpol_plain_from(skb, what);
}

/*
 * netpol_plain_near() where guards have to be asked about the other end, which is no known
 * pod. @snapshot is that of @subject, as it says so of the other end: by another one the
 * packet would be judged by two states at once, each of which may deny it.
 */
static noinline unsigned int netpol_plain_guard(struct netpol_net *nn,
						const struct netpol_snapshot *snapshot,
						struct sk_buff *skb,
						const struct nf_hook_state *state, u32 what,
						const struct netpol_local *subject)
{
	const bool sends = !(what & NETPOL_PLAIN_EGRESS) == !!(what & NETPOL_PLAIN_REPLY);
	const void *address = netpol_plain_other(skb, what, sends);
	u8 direction = netpol_plain_direction(what, sends);

	if (netpol_plain_guarded(snapshot, netpol_plain_family(what), 0, address))
		return netpol_decide(nn, skb, state);
	netpol_plain_seen(subject->runtime->stats, sends);
	if (netpol_plain_half(nn, snapshot, subject, direction, what, 0, address))
		return NF_ACCEPT;
	return netpol_plain_deny(nn, skb, what, direction);
}

/* netpol_plain_near() where the destination's ports have names; of one @snapshot as well. */
static noinline unsigned int netpol_plain_named(struct netpol_net *nn,
						const struct netpol_snapshot *snapshot,
						struct sk_buff *skb, u32 what,
						const struct netpol_local *subject, u32 peer)
{
	const bool sends = !(what & NETPOL_PLAIN_EGRESS) == !!(what & NETPOL_PLAIN_REPLY);
	const void *address = netpol_plain_other(skb, what, sends);
	u8 direction = netpol_plain_direction(what, sends);

	if (netpol_plain_half(nn, snapshot, subject, direction, what, peer, address))
		return NF_ACCEPT;
	return netpol_plain_deny(nn, skb, what, direction);
}

/* netpol_plain_near() of a program with blocks and no names; @address is the peer's. */
static __always_inline unsigned int
netpol_plain_blocks(struct netpol_net *nn, struct sk_buff *skb, u32 what,
		    const struct netpol_local *subject, const void *address, u32 peer,
		    const u8 family)
{
	u8 direction = what & NETPOL_PLAIN_EGRESS ? NETPOL_DIRECTION_EGRESS :
						    NETPOL_DIRECTION_INGRESS;
	const struct netpol_program *program = subject->program[direction];
	u32 cell = netpol_program_cell(program, family, netpol_plain_class(program, what), peer,
				       address);

	if (netpol_plain_count(nn, program, subject->runtime->stats, direction, cell))
		return NF_ACCEPT;
	return netpol_plain_deny(nn, skb, what, direction);
}

static noinline unsigned int netpol_plain_blocks4(struct netpol_net *nn, struct sk_buff *skb,
						  u32 what, const struct netpol_local *subject,
						  const void *address, u32 peer)
{
	return netpol_plain_blocks(nn, skb, what, subject, address, peer, AF_INET);
}

static noinline unsigned int netpol_plain_blocks6(struct netpol_net *nn, struct sk_buff *skb,
						  u32 what, const struct netpol_local *subject,
						  const void *address, u32 peer)
{
	return netpol_plain_blocks(nn, skb, what, subject, address, peer, AF_INET6);
}

/*
 * The verdict between a local pod, by its own interface, and what is elsewhere: one address
 * to look up. @subject: what may be behind @device; @sends: it is the sender, a constant.
 */
static __always_inline unsigned int
netpol_plain_near(struct netpol_net *nn, const struct netpol_snapshot *snapshot,
		  struct sk_buff *skb, const struct nf_hook_state *state, u32 what,
		  const struct netpol_local *subject, const struct net_device *device,
		  const bool sends)
{
	u8 direction = netpol_plain_direction(what, sends);
	u32 more = what | (direction == NETPOL_DIRECTION_EGRESS ? NETPOL_PLAIN_EGRESS : 0);
	const u8 family = netpol_plain_family(what);
	struct netpol_pod_stats __percpu *stats;
	const struct netpol_program *program;
	const void *address;
	u32 peer, cell;

	if (!netpol_plain_is(subject, device, family, netpol_plain_other(skb, what, !sends)))
		return netpol_plain_ends(nn, skb, state, what);
	address = netpol_plain_other(skb, what, sends);
	peer = netpol_peer_value(snapshot, family, address);
	if (unlikely(peer & NETPOL_VALUE_LOCAL))
		return netpol_plain_ends(nn, skb, state, what);
	stats = subject->runtime->stats;
	/* a pod to its node: an answer to what that has opened, or to be judged */
	if (what & NETPOL_PLAIN_LOCAL_IN) {
		if (unlikely(peer || !snapshot->host_judged))
			return netpol_plain_ends(nn, skb, state, what);
		if (what & NETPOL_PLAIN_REPLY) {
			netpol_plain_seen(stats, sends);
			return NF_ACCEPT;
		}
	} else if (unlikely(snapshot->guarded)) {
		if (!peer)
			return netpol_plain_guard(nn, snapshot, skb, state, more, subject);
		if (!sends && snapshot->settings->npatterns)
			return netpol_decide(nn, skb, state);
	}
	program = subject->program[direction];
	netpol_plain_seen(stats, sends);
	if (unlikely(!program)) {
		netpol_plain_count_free(nn, stats, direction);
		return NF_ACCEPT;
	}
	if (unlikely(!program->simple)) {
		if (unlikely(program->nnames))
			return netpol_plain_named(nn, snapshot, skb, more, subject, peer);
		return family == AF_INET ?
			netpol_plain_blocks4(nn, skb, more, subject, address, peer) :
			netpol_plain_blocks6(nn, skb, more, subject, address, peer);
	}
	cell = netpol_program_simple_cell(program, netpol_plain_class(program, what), peer);
	if (likely(netpol_plain_count(nn, program, stats, direction, cell)))
		return NF_ACCEPT;
	return netpol_plain_deny(nn, skb, what, direction);
}

/**
 * netpol_plain() - the verdict for a packet, by the shortest way if it is plain
 * @nn: network namespace
 * @skb: at one of the two hooks
 * @state: its
 * @what: the constants NETPOL_PLAIN_IP6 and NETPOL_PLAIN_LOCAL_IN that it is of
 *
 * Return: the verdict of the hook.
 */
static __always_inline unsigned int netpol_plain(struct netpol_net *nn, struct sk_buff *skb,
						 const struct nf_hook_state *state, u32 what)
{
	const struct netpol_snapshot *snapshot = rcu_dereference(nn->root);
	const struct net_device *in = state->in, *out = state->out;
	const struct netpol_local *near, *far;

	if (!snapshot->plain || !netpol_plain_read(skb, in, &what))
		return netpol_decide(nn, skb, state);
	near = netpol_snapshot_behind(snapshot, in->ifindex);
	if (what & NETPOL_PLAIN_LOCAL_IN && near)
		return netpol_plain_near(nn, snapshot, skb, state, what, near, in, true);
	if (what & NETPOL_PLAIN_LOCAL_IN || unlikely(!out))
		return netpol_plain_ends(nn, skb, state, what);
	far = netpol_snapshot_behind(snapshot, out->ifindex);
	if (!near && far)
		return netpol_plain_near(nn, snapshot, skb, state, what, far, out, false);
	if (near && !far)
		return netpol_plain_near(nn, snapshot, skb, state, what, near, in, true);
	return netpol_plain_ends(nn, skb, state, what);
}

/* Each family has hooks of its own: what the one needs costs the other nothing. */
unsigned int netpol_plain_post_routing4(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
	return netpol_plain(priv, skb, state, 0);
}

unsigned int netpol_plain_post_routing6(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
	return netpol_plain(priv, skb, state, NETPOL_PLAIN_IP6);
}

unsigned int netpol_plain_local_in4(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	return netpol_plain(priv, skb, state, NETPOL_PLAIN_LOCAL_IN);
}

unsigned int netpol_plain_local_in6(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	return netpol_plain(priv, skb, state, NETPOL_PLAIN_LOCAL_IN | NETPOL_PLAIN_IP6);
}
