// SPDX-License-Identifier: GPL-2.0
/*
 * The decisions about any packet, and the registration of the hooks. Each of the functions
 * netpol_decide_*() reads from top to bottom like the table of decisions in docs/design.md.
 * Most packets never get here, because kmod/plain.c decides about them: when you add a
 * check here, add it there too, or make netpol_plain_read() and netpol_plain_read_rare() return
 * false for such packets.
 *
 * At POST_ROUTING netpol runs just before source NAT (NF_IP_PRI_NAT_SRC). Destination
 * addresses are final by then and source addresses not yet masqueraded, and whatever leaves
 * the node by IP passes exactly once, wherever it came from.
 *
 * At LOCAL_IN it runs just after NF_IP_PRI_NAT_SRC. By then IPVS, at NF_IP_PRI_NAT_SRC - 2
 * and - 1, has taken the packets to Services, which are not for the node although they look
 * so; they go on to LOCAL_OUT and POST_ROUTING. Helpers (NF_IP_PRI_CONNTRACK_HELPER) and the
 * confirmation of the conntrack entry come later, so a denied connection leaves no entry.
 *
 * Everything runs under the rcu_read_lock() of nf_hook(), in softirq or, from LOCAL_OUT, in
 * process context. So nothing keeps scratch data per CPU, and counters are changed only by
 * this_cpu operations. Nothing allocates memory, takes a lock or prints; forget_entry(), which
 * leaves that to conntrack, is the exception. Loops are bounded by the limits on guards,
 * interface patterns and local pods.
 */
#include "hook.h"
#include "compat.h"
#include "core/classify.h"
#include "event.h"
#include "netns.h"
#include "packet.h"
#include "plain.h"
#include "source.h"
#include "tunnel.h"

#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ip_fib.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/route.h>
#include <net/sock.h>

/*
 * Distance of the hooks from NF_IP_PRI_NAT_SRC, or from NF_IP_PRI_RAW_BEFORE_DEFRAG. No other
 * hook registers at this distance, so the order does not depend on which module was loaded
 * first.
 */
#define HOOK_DISTANCE	7

/**
 * struct view - a packet and what is known about it; on the stack of netpol_decide_*()
 * @nn: state of the network namespace
 * @snapshot: the snapshot that judges the packet, from the first look-up to the last
 * @packet: the packet's headers. @packet.flow is what is judged: it starts as the packet's
 *	own header; for replies and ICMP errors it is replaced by the flow of the
 *	connection, which conntrack knows
 * @ct: conntrack entry; NULL: the packet is judged as the first one of a connection
 * @source: pod or identity at the flow's source
 * @destination: pod or identity at the flow's destination
 * @outer: pod or identity at the source of an ICMP error itself, not of the flow it quotes
 * @sender: which of these three sent this packet
 * @receiver: which of @source and @destination gets it
 * @sender_address: the address that @sender sent it by
 * @ifindex: interface that the packet came in by, the bridge port if it is known; 0: none,
 *	it was made on this node
 * @reply: the packet travels in the reply direction of @ct
 * @error: the packet is an ICMP error that is judged by the flow that it quotes
 * @no_opener: @ct does not tell which end opened the connection
 * @owned: the packet came from its sender's own interface
 */
struct view {
	struct netpol_net *nn;
	const struct netpol_snapshot *snapshot;
	struct netpol_packet packet;
	const struct nf_conn *ct;
	struct netpol_end source;
	struct netpol_end destination;
	struct netpol_end outer;
	struct netpol_end *sender;
	const struct netpol_end *receiver;
	const void *sender_address;
	u32 ifindex;
	bool reply;
	bool error;
	bool no_opener;
	bool owned;
};

static __always_inline const struct nf_conntrack_tuple *tuple_of(const struct nf_conn *ct,
								 u8 direction)
{
	return &ct->tuplehash[direction].tuple;
}

static bool same_address(u8 family, const void *a, const void *b)
{
	return !memcmp(a, b, family == AF_INET ? 4 : 16);
}

/*
 * Did conntrack first see this TCP connection in its middle? Then the original direction of
 * the entry is that of the first packet that was seen, which may be from either end.
 *
 * tcp_new() (nf_conntrack_proto_tcp.c, alike in 6.1 and 6.12) gives such an entry, and no
 * other, SACK_PERM and BE_LIBERAL in both directions. Flow tables and act_ct set BE_LIBERAL
 * as well, later. But an entry that saw a SYN nearly always has WINDOW_SCALE by then, and an
 * entry that saw none can't get it: tcp_conntracks[] lets no SYN of an established entry get
 * as far as tcp_options(). If a handshake is seen after all (a SYN that was let through, and
 * the SYN/ACK that answers it), conntrack takes BE_LIBERAL from the original direction,
 * which is the opener's from then on.
 */
static __always_inline bool tcp_has_no_opener(const struct nf_conn *ct)
{
	u8 original = READ_ONCE(ct->proto.tcp.seen[IP_CT_DIR_ORIGINAL].flags);
	u8 reply = READ_ONCE(ct->proto.tcp.seen[IP_CT_DIR_REPLY].flags);

	return original & reply & IP_CT_TCP_FLAG_BE_LIBERAL &&
	       !((original | reply) & IP_CT_TCP_FLAG_WINDOW_SCALE);
}

/*
 * Is it unknown which end opened the connection of @ct? Of UDP, GRE and protocols that
 * conntrack knows nothing of, any first packet opens a connection. Of ICMP only a request
 * does (icmp_pkt_to_tuple() and its siblings), so an answer has no entry without one.
 */
static __always_inline bool has_no_opener(const struct nf_conn *ct, u8 protocol)
{
	if (likely(protocol == IPPROTO_TCP))
		return tcp_has_no_opener(ct);
	if (protocol == IPPROTO_SCTP)
		return !netpol_sctp_opened(ct);
	return protocol == IPPROTO_DCCP && !netpol_dccp_opened(ct);
}

/* Replaces the flow by that of the connection, from its opener to the real server. */
static __always_inline void follow_entry(struct view *view)
{
	const struct nf_conntrack_tuple *original, *reply;
	struct netpol_packet *packet = &view->packet;

	original = tuple_of(view->ct, IP_CT_DIR_ORIGINAL);
	reply = tuple_of(view->ct, IP_CT_DIR_REPLY);
	packet->flow.source = &original->src.u3;
	packet->flow.destination = &reply->src.u3;
	packet->flow.no_ports = false;
	packet->flow.port = ntohs(reply->src.u.all);
	packet->source_port = ntohs(original->src.u.all);
}

/* Looks up both addresses of the flow. */
static __always_inline void resolve_flow(struct view *view)
{
	const struct netpol_flow *flow = &view->packet.flow;

	netpol_resolve(view->snapshot, flow->family, flow->source, &view->source);
	netpol_resolve(view->snapshot, flow->family, flow->destination,
		       &view->destination);
}

/*
 * An ICMP error is judged by the flow that it quotes, except in two cases, where it is judged
 * as a packet of its own:
 * - Its sender is a known pod at neither end of that flow. Such a pod has nothing to report,
 *   and could otherwise send data to any pod of which it knows a flow.
 * - It is at LOCAL_IN, and nobody knows who opened that flow. Then both directions would have
 *   to be allowed, but at LOCAL_IN only one is judged, see judge().
 */
static noinline void follow_error(struct view *view, bool local_in)
{
	struct netpol_flow *flow = &view->packet.flow;
	const struct netpol_flow own = *flow;
	const struct nf_conn *ct = view->ct;

	follow_entry(view);
	flow->protocol = nf_ct_protonum(ct);
	view->no_opener = has_no_opener(ct, flow->protocol);
	view->error = true;
	view->sender_address = own.source;
	view->sender = &view->outer;
	view->receiver = view->reply ? &view->source : &view->destination;
	resolve_flow(view);
	netpol_resolve(view->snapshot, own.family, own.source, &view->outer);
	if (!(local_in && view->no_opener) &&
	    (!view->outer.identity ||
	     same_address(own.family, own.source, flow->source) ||
	     same_address(own.family, own.source, flow->destination) ||
	     (view->outer.local && (view->outer.local == view->source.local ||
				    view->outer.local == view->destination.local))))
		return;
	view->packet.flow = own;
	view->packet.source_port = 0;
	view->ct = NULL;
	view->reply = false;
	view->error = false;
	view->no_opener = false;
	view->sender = &view->source;
	view->receiver = &view->destination;
	resolve_flow(view);
}

/*
 * Finds the flow that is judged, and its two ends. A packet that opens a connection, belongs
 * to none or travels in its original direction is judged by its own header; a reply by the
 * flow from the opener to the real server, as the header of an IPVS reply carries the
 * ClusterIP. At LOCAL_IN the source comes from conntrack, because the INPUT chain of the nat
 * table may have replaced that of the header.
 */
static __always_inline void look(struct view *view, const struct sk_buff *skb, bool local_in)
{
	struct netpol_flow *flow = &view->packet.flow;
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	/* look at the pointer first: without an entry, ctinfo reads as ESTABLISHED */
	if (ct && unlikely(nf_ct_is_template(ct)))
		ct = NULL;
	view->ct = ct;
	view->reply = ct && CTINFO2DIR(ctinfo) == IP_CT_DIR_REPLY;
	view->error = false;
	view->no_opener = false;
	view->owned = false;
	view->sender = &view->source;
	view->receiver = &view->destination;
	if (ct) {
		if (unlikely((flow->protocol == IPPROTO_ICMP ||
			      flow->protocol == IPPROTO_ICMPV6) &&
			     (ctinfo == IP_CT_RELATED || ctinfo == IP_CT_RELATED_REPLY))) {
			follow_error(view, local_in);
			return;
		}
		if (unlikely(view->packet.flags & NETPOL_PACKET_INIT))
			netpol_sctp_note_opener(ct);
		view->no_opener = has_no_opener(ct, flow->protocol);
		if (local_in && (!view->reply || view->no_opener)) {
			flow->source = &tuple_of(ct, view->reply)->src.u3;
			view->reply = false;
		} else if (view->reply) {
			follow_entry(view);
			view->sender = &view->destination;
			view->receiver = &view->source;
		}
	}
	view->sender_address = view->reply ? flow->destination : flow->source;
	resolve_flow(view);
}

/*
 * Did the node itself send this packet? No single test proves it; all of them must hold.
 * br_netfilter shows no input device for any bridged packet; a packet of an ipvlan pod has
 * no input device either, and has the pod's socket; and SYNPROXY sends in a client's name,
 * without a socket.
 */
static __always_inline bool from_own_node(const struct view *view, const struct sk_buff *skb,
					  const struct nf_hook_state *state)
{
	return !state->in && !skb->skb_iif && !netpol_bridged(skb) && skb->sk &&
	       net_eq(sock_net(skb->sk), state->net) && !view->sender->identity;
}

/* Counts a packet of a local pod whose source can't be checked against its interface. */
static void count_unchecked(const struct view *view)
{
	this_cpu_inc(view->nn->totals->unchecked);
	netpol_percpu_inc(&view->sender->local->runtime->stats->unchecked);
}

/*
 * A packet came in by the interface of the pod @owner, with a source that is none of its
 * addresses. Return: is it forged?
 */
static bool foreign_source(struct view *view, const struct nf_hook_state *state,
			   const struct netpol_local *owner, bool local_in)
{
	const struct netpol_flow *flow = &view->packet.flow;
	const void *address = view->sender_address;
	bool link_local, opener, server;

	/*
	 * A pod may speak to the node by a link-local address. Its interface tells which pod
	 * it is, and thereby its policies. To anybody else, such a packet would be one of a
	 * sender without policies.
	 *
	 * By the setting source-allow it may send from an address that nobody knows. Then its
	 * own policies judge what it sends, and those of the receiver see the address.
	 */
	link_local = local_in && flow->family == AF_INET6 && !view->sender->identity &&
		     ipv6_addr_type(address) & IPV6_ADDR_LINKLOCAL;
	if (link_local || netpol_source_allowed(view->snapshot, state, owner, view->sender,
						flow->family, address)) {
		opener = view->error && same_address(flow->family, address, flow->source);
		server = view->error && same_address(flow->family, address, flow->destination);
		/* as in follow_error(): who quotes the flow of others may not send by it */
		if (view->error && !opener && !server && owner != view->source.local &&
		    owner != view->destination.local)
			return true;
		if (link_local)
			view->sender->identity = owner->identity;
		view->sender->local = owner;
		if (opener)
			view->source = view->outer;
		else if (server)
			view->destination = view->outer;
		view->owned = true;
		return false;
	}
	/* a server of a Service reports an error about a flow; IPVS translated its source */
	if (view->error && !view->sender->identity && owner == view->destination.local &&
	    same_address(flow->family, view->sender_address,
			 &tuple_of(view->ct, IP_CT_DIR_ORIGINAL)->dst.u3))
		return false;
	return true;
}

/*
 * Did the node's own IPsec make this packet out of another one, which was judged before? It
 * still has the input interface of that other packet, and no input device if it goes into
 * another tunnel.
 *
 * IPsec clears the IP layer's control block and sets a flag in it, in the form of the family of
 * its first tunnel. So around a tunnel of IPv6 a packet of IPv4 has the flag of IPv6, which
 * means IPSKB_FORWARDED to IPv4. But what came in has its interface in the control block, at a
 * place that both forms have in common. Where the control block is the bridge's, br_netfilter
 * knows the port that the packet leaves by.
 */
static bool made_by_ipsec(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	BUILD_BUG_ON(offsetof(struct inet_skb_parm, iif) != offsetof(struct inet6_skb_parm, iif));
	if (IPCB(skb)->iif || (!state->in && netpol_bridge_physoutdev(skb)))
		return false;
	return IPCB(skb)->flags & IPSKB_XFRM_TRANSFORMED ||
	       IP6CB(skb)->flags & IP6SKB_XFRM_TRANSFORMED;
}

/* forged(), where sender and interface don't obviously belong together. */
static noinline bool forged_slow(struct view *view, const struct sk_buff *skb,
				 const struct nf_hook_state *state, bool local_in)
{
	const struct netpol_local *local = view->sender->local, *owner = NULL;

	/*
	 * The node's own multicast comes in again by the interface that it left by. What the node
	 * sends in the name of no pod has not come in by any, although IGMP names its output
	 * interface as the one that it came in by.
	 */
	if (skb->pkt_type == PACKET_LOOPBACK ||
	    (!local_in && (made_by_ipsec(skb, state) || (!local && !skb->skb_iif))))
		view->ifindex = 0;
	if (view->ifindex)
		owner = netpol_source_owner(view->snapshot, view->ifindex);
	if (owner)
		return foreign_source(view, state, owner, local_in);
	if (!local)
		return false;
	if (!view->ifindex) {
		/*
		 * It was sent in the pod's name by another netns, which may be the pod (ipvlan)
		 * if its interface is not known, or by the node (SYNPROXY).
		 */
		if (local->ifindex && skb->sk && !net_eq(sock_net(skb->sk), state->net))
			return true;
		count_unchecked(view);
		return false;
	}
	switch (netpol_source_related(state->net, local, view->ifindex)) {
	case NETPOL_SOURCE_OWN:
		view->owned = true;
		return false;
	case NETPOL_SOURCE_UNCHECKED:
		count_unchecked(view);
		return false;
	default:
		return true;
	}
}

/* Does the packet have a source address that its interface has no right to send? */
static __always_inline bool forged(struct view *view, const struct sk_buff *skb,
				   const struct nf_hook_state *state, bool local_in)
{
	const struct netpol_local *local = view->sender->local;

	view->ifindex = netpol_source_ifindex(skb, state);
	if (likely(local && local->ifindex && local->ifindex == view->ifindex)) {
		view->owned = true;
		return false;
	}
	if (!local && !view->ifindex)
		return false;
	return forged_slow(view, skb, state, local_in);
}

/*
 * A packet that leaves by the interface of a pod is for that pod, even if the address is not
 * a known one: a link-local address, a second one that the pod gave itself, or a multicast
 * address.
 */
static noinline void find_receiver(struct view *view, const struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	struct netpol_end *receiver = view->reply ? &view->source : &view->destination;
	const struct net_device *device = netpol_bridge_physoutdev(skb) ?: state->out;
	const struct netpol_local *owner;

	if (!device || receiver->identity)
		return;
	owner = netpol_source_owner(view->snapshot, device->ifindex);
	if (!owner)
		return;
	receiver->identity = owner->identity;
	receiver->local = owner;
}

/* Counts the packet at its pods, to be compared with what their interfaces counted. */
static __always_inline void count_seen(const struct view *view)
{
	if (view->sender->local)
		netpol_percpu_inc(&view->sender->local->runtime->stats->sent);
	if (view->receiver->local)
		netpol_percpu_inc(&view->receiver->local->runtime->stats->received);
}

/* Is @address inside a guard prefix, and that of no known pod? */
static bool guarded(const struct view *view, const struct nf_hook_state *state,
		    const struct netpol_end *end, const void *address)
{
	u8 family = view->packet.flow.family;

	return !end->identity &&
	       netpol_settings_guards(view->snapshot->settings, family, address) &&
	       !netpol_source_is_node(state, family, address);
}

/*
 * Is one end an unknown address inside a guard? @direction: set to the half that denies. At
 * LOCAL_IN the receiver is the node, so only the sender is asked about. Only local pods live
 * behind a guarded interface, so what it sends in the name of a remote pod is unknown, too.
 */
static noinline bool unknown_slow(const struct view *view, const struct sk_buff *skb,
				  const struct nf_hook_state *state, bool local_in,
				  u8 *direction)
{
	const struct netpol_settings *settings = view->snapshot->settings;
	const struct netpol_flow *flow = &view->packet.flow;
	const void *to = view->reply ? flow->source : flow->destination;
	const struct net_device *device;

	*direction = NETPOL_DIRECTION_EGRESS;
	if (guarded(view, state, view->sender, view->sender_address))
		return true;
	if (settings->npatterns && !view->sender->local && view->ifindex) {
		device = state->in;
		if (!device || device->ifindex != view->ifindex)
			device = dev_get_by_index_rcu(state->net, view->ifindex);
		if (device && netpol_settings_guards_interface(settings, device->name))
			return true;
	}
	if (local_in)
		return false;
	*direction = NETPOL_DIRECTION_INGRESS;
	if (guarded(view, state, view->receiver, to))
		return true;
	if (!settings->npatterns || view->receiver->identity)
		return false;
	device = netpol_bridge_physoutdev(skb) ?: state->out;
	return device && netpol_settings_guards_interface(settings, device->name);
}

/* Does the packet have to be dropped because of an unknown address? See unknown_slow(). */
static __always_inline bool unknown(const struct view *view, const struct sk_buff *skb,
				    const struct nf_hook_state *state, bool local_in,
				    u8 *direction)
{
	const struct netpol_settings *settings = view->snapshot->settings;

	if (settings->unknown != NETPOL_UNKNOWN_DENY ||
	    (!settings->nguards && !settings->npatterns))
		return false;
	if (view->sender->local && view->receiver->identity)
		return false;
	return unknown_slow(view, skb, state, local_in, direction);
}

/* Drops a packet for a reason that is not a policy's, counts it and reports it. */
static noinline unsigned int deny(const struct view *view, struct sk_buff *skb, u8 reason,
				  u8 direction)
{
	struct netpol_totals __percpu *totals = view->nn->totals;
	const struct netpol_flow *judged = &view->packet.flow;
	const struct netpol_local *local = view->sender->local;
	struct netpol_flow flow = *judged;
	u16 source_port = view->packet.source_port;
	struct netpol_judgement judgement = {
		.reason = reason,
		.direction = direction,
	};

	/* the report is about this packet, not about who opened its connection */
	flow.source = view->sender_address;
	if (view->reply) {
		flow.destination = judged->source;
		flow.port = source_port;
		source_port = judged->port;
	}
	if (reason == NETPOL_REASON_SPOOFED)
		return netpol_source_deny(view->nn, view->snapshot, skb, &flow, source_port,
					  view->ifindex ?
					  netpol_source_owner(view->snapshot, view->ifindex) :
					  NULL);
	this_cpu_inc(totals->denied[direction]);
	if (reason == NETPOL_REASON_UNKNOWN)
		this_cpu_inc(totals->unknown);
	if (reason == NETPOL_REASON_TUNNEL) {
		this_cpu_inc(totals->tunnels);
		if (local)
			netpol_percpu_inc(&local->runtime->stats->denied[direction]);
	}
	netpol_event_deny(view->nn, view->snapshot, &flow, source_port, &judgement);
	return netpol_drop(skb);
}

/* Drops a packet without readable addresses, because it may be for an isolated pod. */
static noinline unsigned int deny_unreadable(const struct view *view, struct sk_buff *skb)
{
	this_cpu_inc(view->nn->totals->denied[NETPOL_DIRECTION_INGRESS]);
	return netpol_drop(skb);
}

/* Was the destination of the connection translated, as that of a Service is? */
static bool by_service(const struct view *view)
{
	return view->ct && !nf_inet_addr_cmp(&tuple_of(view->ct, IP_CT_DIR_ORIGINAL)->dst.u3,
					     &tuple_of(view->ct, IP_CT_DIR_REPLY)->src.u3);
}

/*
 * A packet of a pod to itself passes (see netpol_judge()) if that pod really sent it: by its
 * interface, or in its own connection to a Service that led back to it. To the latter the rules
 * of cluster-wide policies apply, which are the only ones that deny (Kubernetes
 * ClusterNetworkPolicy, hairpin). Otherwise both halves are judged.
 */
static noinline bool judge_self(const struct view *view, struct netpol_judgement *judgement)
{
	const struct netpol_flow *flow = &view->packet.flow;
	struct netpol_decision *half = judgement->half;
	bool service = by_service(view), denies;
	u8 direction;

	if (service || view->owned) {
		netpol_judge(view->snapshot, flow, &view->source, &view->destination, judgement);
		for (direction = 0; service && direction < NETPOL_DIRECTIONS; direction++) {
			netpol_judge_half(view->snapshot, flow, direction, view->source.local,
					  &view->source, &half[direction]);
			denies = half[direction].program &&
				 (NETPOL_CELL_ACTION(half[direction].cell) == NETPOL_ACTION_DENY ||
				  netpol_program_closed(half[direction].program));
			half[!direction].subject = NULL;
			if (!denies) {
				half[direction].subject = NULL;
				continue;
			}
			judgement->accept = false;
			judgement->reason = half[direction].reason;
			judgement->direction = direction;
			break;
		}
		return judgement->accept;
	}
	judgement->accept = true;
	for (direction = 0; direction < NETPOL_DIRECTIONS; direction++) {
		netpol_judge_half(view->snapshot, flow, direction, view->source.local,
				  &view->source, &half[direction]);
		if (half[direction].accept && !judgement->accept)
			continue;
		judgement->accept = half[direction].accept;
		judgement->reason = half[direction].reason;
		judgement->direction = direction;
	}
	return judgement->accept;
}

/*
 * Turns the view round and judges the opposite direction, from the end that the conntrack entry
 * takes for the server. What is counted and reported then is about that direction.
 */
static noinline bool judge_backwards(struct view *view, struct netpol_judgement *judgement)
{
	struct netpol_flow *flow = &view->packet.flow;

	swap(flow->source, flow->destination);
	swap(flow->port, view->packet.source_port);
	swap(view->source, view->destination);
	return netpol_judge(view->snapshot, flow, &view->source, &view->destination, judgement);
}

/* Adds the decision of one half to the totals of the network namespace. */
static __always_inline void count_half(const struct view *view,
				       const struct netpol_judgement *judgement, u8 direction)
{
	const struct netpol_decision *half = &judgement->half[direction];

	if (!half->subject)
		return;
	if (half->accept)
		this_cpu_inc(view->nn->totals->allowed[direction]);
	else
		this_cpu_inc(view->nn->totals->denied[direction]);
}

/*
 * Counts what observed policies say about the halves that accept, and reports what they would deny:
 * each half by itself, as the counters of what is allowed and denied do.
 */
static noinline void observe(const struct view *view, const struct netpol_judgement *judgement)
{
	u8 i;

	for (i = 0; i < NETPOL_DIRECTIONS; i++) {
		if (!netpol_account_observed(&judgement->half[i], i))
			continue;
		this_cpu_inc(view->nn->totals->audited[i]);
		netpol_event_audit(view->nn, view->snapshot, &view->packet.flow,
				   view->packet.source_port, i);
	}
}

/* The verdict for a packet of or to a local pod that no policy is asked about; counts it. */
static __always_inline unsigned int pass_undecided(const struct view *view)
{
	this_cpu_inc(view->nn->totals->undecided);
	return NF_ACCEPT;
}

/* The verdict for neighbour and multicast listener discovery; counts it. */
static noinline unsigned int pass_discovery(const struct view *view)
{
	this_cpu_inc(view->nn->totals->discovery);
	return NF_ACCEPT;
}

/*
 * Ends the conntrack entry of an INIT that is denied because the entry has no opener. The
 * INIT may be allowed, and sent again: then it begins an entry that has one.
 */
static noinline void forget_entry(const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	if (nf_ct_is_confirmed(ct))
		nf_ct_kill(ct);
}

/* Counts and reports what was decided. Return: the verdict for a packet that is denied. */
static noinline unsigned int deny_judged(const struct view *view, struct sk_buff *skb,
					 const struct netpol_judgement *judgement)
{
	netpol_account(judgement);
	count_half(view, judgement, NETPOL_DIRECTION_EGRESS);
	count_half(view, judgement, NETPOL_DIRECTION_INGRESS);
	netpol_event_deny(view->nn, view->snapshot, &view->packet.flow,
			  view->packet.source_port, judgement);
	return netpol_drop(skb);
}

/*
 * The verdict for a packet that a setting accepts: it stands above NetworkPolicies, but not above a
 * rule of the Admin tier that denies. No rule is about what a pod sends to its own address.
 */
static noinline unsigned int pass_by_setting(const struct view *view, struct sk_buff *skb)
{
	struct netpol_judgement judgement;

	if (view->source.local == view->destination.local && view->owned && !by_service(view))
		return pass_undecided(view);
	if (netpol_judge_admin(view->snapshot, &view->packet.flow, &view->source,
			       &view->destination, &judgement))
		return deny_judged(view, skb, &judgement);
	return pass_undecided(view);
}

/* The verdict of the policies. */
static noinline unsigned int judge(struct view *view, struct sk_buff *skb, bool local_in)
{
	const struct netpol_settings *settings = view->snapshot->settings;
	struct netpol_judgement judgement;
	bool accept;

	/* established=keep: an answered connection passes; any reply packet is an answer */
	if (unlikely(settings->established == NETPOL_ESTABLISHED_KEEP) && view->ct &&
	    !view->no_opener && test_bit(IPS_SEEN_REPLY_BIT, &view->ct->status))
		return pass_by_setting(view, skb);
	if (unlikely(view->source.local == view->destination.local))
		accept = judge_self(view, &judgement);
	else
		accept = netpol_judge(view->snapshot, &view->packet.flow, &view->source,
				      &view->destination, &judgement);
	/* the node may open connections to any pod: at LOCAL_IN one direction is enough */
	if (unlikely(view->no_opener)) {
		if (accept && !local_in) {
			observe(view, &judgement);
			accept = judge_backwards(view, &judgement);
		}
		judgement.reason = NETPOL_REASON_UNTRACEABLE;
	}
	if (unlikely(netpol_account(&judgement)))
		observe(view, &judgement);
	count_half(view, &judgement, NETPOL_DIRECTION_EGRESS);
	count_half(view, &judgement, NETPOL_DIRECTION_INGRESS);
	if (unlikely(judgement.reason == NETPOL_REASON_SELF))
		return pass_undecided(view);
	if (likely(accept))
		return NF_ACCEPT;
	if (judgement.reason == NETPOL_REASON_NO_PORTS &&
	    view->packet.flags & NETPOL_PACKET_MALFORMED)
		judgement.reason = NETPOL_REASON_MALFORMED;
	netpol_event_deny(view->nn, view->snapshot, &view->packet.flow,
			  view->packet.source_port, &judgement);
	if (unlikely(view->no_opener && view->packet.flags & NETPOL_PACKET_INIT))
		forget_entry(skb);
	return netpol_drop(skb);
}

/*
 * Starts @view. Return: is there anything to enforce, and is this not the node to itself? A
 * node without pods of its own has tunnels, too, see for_tunnel().
 */
static __always_inline bool begin(struct view *view, struct netpol_net *nn,
				  const struct nf_hook_state *state, bool local_in)
{
	const struct netpol_snapshot *snapshot = rcu_dereference(nn->root);
	const struct netpol_settings *settings = snapshot->settings;

	view->nn = nn;
	view->snapshot = snapshot;
	if (!snapshot->nlocals && !settings->nguards && !settings->npatterns &&
	    !(local_in && (snapshot->addrmap[0].count || snapshot->addrmap[1].count)))
		return false;
	return !state->in || !(state->in->flags & IFF_LOOPBACK);
}

/* Was the packet sent by a pod, or by what could be one that is not known yet? */
static bool from_pod(const struct view *view, const struct nf_hook_state *state)
{
	const struct netpol_settings *settings = view->snapshot->settings;

	if (view->sender->identity || guarded(view, state, view->sender, view->sender_address))
		return true;
	return view->ifindex &&
	       (netpol_source_owner(view->snapshot, view->ifindex) ||
		(settings->npatterns && state->in &&
		 netpol_settings_guards_interface(settings, state->in->name)));
}

/*
 * Is this a pod's packet to a tunnel that ends on this node? What is in it would come from the
 * tunnel's interface, where the pods of other nodes are believed, and where the policies of
 * the sender are over. This is about the packet itself, whoever opened its connection.
 * @protocol, @source_port, @port: of the packet.
 */
static noinline bool for_tunnel(const struct view *view, const struct sk_buff *skb,
				const struct nf_hook_state *state, u8 protocol,
				u16 source_port, u16 port)
{
	const struct netpol_settings *settings = view->snapshot->settings;
	const void *to;

	if (settings->tunnels != NETPOL_TUNNELS_DENY || !from_pod(view, state))
		return false;
	if (protocol != IPPROTO_UDP)
		return netpol_tunnel_protocol(protocol);
	if (!netpol_tunnel_sockets())
		return false;
	to = state->pf == NFPROTO_IPV4 ? (const void *)&ip_hdr(skb)->daddr :
					 (const void *)&ipv6_hdr(skb)->daddr;
	if (view->sender->local &&
	    netpol_settings_host_allows(settings, state->pf, protocol, port, to))
		return false;
	return netpol_tunnel_takes_udp(state->net, skb, state->pf, source_port, port);
}

/* Do the settings allow this packet of a pod to its node, whatever the policies say? */
static bool host_allowed(const struct view *view, const struct nf_hook_state *state)
{
	const struct netpol_settings *settings = view->snapshot->settings;
	const struct netpol_flow *flow = &view->packet.flow;

	if (!view->source.local || view->destination.identity)
		return false;
	/* a transparent proxy also gets packets here that are not for the node's addresses */
	if (settings->host_egress == NETPOL_HOST_EGRESS_ALLOW &&
	    netpol_source_is_node(state, flow->family, flow->destination))
		return true;
	return settings->nhost_allow && !flow->no_ports &&
	       netpol_settings_host_allows(settings, flow->family, flow->protocol,
					   flow->port, flow->destination);
}

/*
 * Is this the node's answer to something that the settings let a pod send to it? Nearly all
 * answers have a socket and pass by from_own_node(). The SYN/ACK of a SYN cookie has none
 * (tcp_make_synack()).
 */
static noinline bool host_answers(const struct view *view, const struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	return !state->in && !skb->skb_iif && !netpol_bridged(skb) &&
	       netpol_source_is_node(state, view->packet.flow.family, view->sender_address) &&
	       host_allowed(view, state);
}

/**
 * netpol_decide_post_routing() - the verdict for a packet that leaves by IP
 * @nn: network namespace
 * @skb: packet
 * @state: of the hook
 *
 * Needs rcu_read_lock(). Return: the verdict of the hook.
 */
unsigned int netpol_decide_post_routing(struct netpol_net *nn, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
	struct view view;
	u8 direction;

	if (!begin(&view, nn, state, false))
		return NF_ACCEPT;
	if (unlikely(!netpol_packet_parse(skb, state->pf, &view.packet)))
		return deny_unreadable(&view, skb);
	if (unlikely(view.packet.flags & NETPOL_PACKET_DISCOVERY))
		return pass_discovery(&view);
	look(&view, skb, false);
	if (from_own_node(&view, skb, state)) {
		count_seen(&view);
		return view.receiver->local ? pass_undecided(&view) : NF_ACCEPT;
	}
	if (unlikely(forged(&view, skb, state, false)))
		return deny(&view, skb, NETPOL_REASON_SPOOFED, NETPOL_DIRECTION_EGRESS);
	if (!view.receiver->identity)
		find_receiver(&view, skb, state);
	count_seen(&view);
	if (unlikely(unknown(&view, skb, state, false, &direction)))
		return deny(&view, skb, NETPOL_REASON_UNKNOWN, direction);
	if (!view.source.local && !view.destination.local)
		return NF_ACCEPT;
	if (unlikely(view.reply && !state->in && !view.destination.identity))
		view.destination.node = netpol_source_is_node(state, view.packet.flow.family,
							      view.sender_address);
	if (unlikely(view.reply && host_answers(&view, skb, state)))
		return pass_by_setting(&view, skb);
	return judge(&view, skb, false);
}

/**
 * netpol_decide_local_in() - the verdict for a packet to the node itself
 * @nn: network namespace
 * @skb: packet
 * @state: of the hook
 *
 * Needs rcu_read_lock(). Return: the verdict of the hook.
 */
unsigned int netpol_decide_local_in(struct netpol_net *nn, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	u16 source_port, port;
	struct view view;
	u8 direction, protocol;

	if (!begin(&view, nn, state, true))
		return NF_ACCEPT;
	if (unlikely(!netpol_packet_parse(skb, state->pf, &view.packet)))
		return deny_unreadable(&view, skb);
	if (unlikely(view.packet.flags & NETPOL_PACKET_DISCOVERY))
		return pass_discovery(&view);
	protocol = view.packet.flow.protocol;
	source_port = view.packet.source_port;
	port = view.packet.flow.port;
	look(&view, skb, true);
	/* a transparent proxy also gets what is not for the node's addresses, see host_allowed() */
	view.destination.node = !view.reply && !view.destination.identity &&
				netpol_source_is_node(state, view.packet.flow.family,
						      view.packet.flow.destination);
	if (unlikely(forged(&view, skb, state, true)))
		return deny(&view, skb, NETPOL_REASON_SPOOFED, NETPOL_DIRECTION_EGRESS);
	count_seen(&view);
	if (protocol != IPPROTO_TCP && for_tunnel(&view, skb, state, protocol, source_port, port))
		return deny(&view, skb, NETPOL_REASON_TUNNEL, NETPOL_DIRECTION_EGRESS);
	/* a reply to a connection that the node opened, or an error about one */
	if (view.reply && !view.no_opener && !view.source.identity)
		return view.sender->local ? pass_undecided(&view) : NF_ACCEPT;
	if (unlikely(unknown(&view, skb, state, true, &direction)))
		return deny(&view, skb, NETPOL_REASON_UNKNOWN, direction);
	if (!view.source.local && !view.destination.local)
		return NF_ACCEPT;
	if (!view.reply && host_allowed(&view, state))
		return pass_by_setting(&view, skb);
	return judge(&view, skb, true);
}

static const struct nf_hook_ops hook_ops[NETPOL_HOOKS] = {
	{
		.hook = netpol_source_pre_routing4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_RAW_BEFORE_DEFRAG - HOOK_DISTANCE,
	},
	{
		.hook = netpol_source_pre_routing6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_RAW_BEFORE_DEFRAG - HOOK_DISTANCE,
	},
	{
		.hook = netpol_source_local_out4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP_PRI_RAW_BEFORE_DEFRAG - HOOK_DISTANCE,
	},
	{
		.hook = netpol_source_local_out6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP_PRI_RAW_BEFORE_DEFRAG - HOOK_DISTANCE,
	},
	{
		.hook = netpol_plain_post_routing4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_POST_ROUTING,
		.priority = NF_IP_PRI_NAT_SRC - HOOK_DISTANCE,
	},
	{
		.hook = netpol_plain_post_routing6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_POST_ROUTING,
		.priority = NF_IP_PRI_NAT_SRC - HOOK_DISTANCE,
	},
	{
		.hook = netpol_plain_local_in4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = NF_IP_PRI_NAT_SRC + HOOK_DISTANCE,
	},
	{
		.hook = netpol_plain_local_in6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = NF_IP_PRI_NAT_SRC + HOOK_DISTANCE,
	},
};

/*
 * Fills in where the hooks are, NETPOL_HOOKS of them, for those who want to be beside them: the
 * next priorities above and below are free as well.
 */
void netpol_hook_places(struct nf_hook_ops *ops)
{
	memcpy(ops, hook_ops, sizeof(hook_ops));
}

/**
 * netpol_hook_register() - register the hooks in a network namespace
 * @nn: the network namespace; the hooks get it as their private pointer
 *
 * May sleep. Return: 0 or a negative errno.
 */
int netpol_hook_register(struct netpol_net *nn)
{
	u32 i;

	netpol_hook_places(nn->hooks);
	for (i = 0; i < NETPOL_HOOKS; i++)
		nn->hooks[i].priv = nn;
	return nf_register_net_hooks(nn->net, nn->hooks, NETPOL_HOOKS);
}

/**
 * netpol_hook_unregister() - unregister the hooks
 * @nn: the network namespace
 *
 * Does not wait for packets under way. Whatever they read must stay until an RCU grace period
 * has passed.
 */
void netpol_hook_unregister(struct netpol_net *nn)
{
	nf_unregister_net_hooks(nn->net, nn->hooks, NETPOL_HOOKS);
}
