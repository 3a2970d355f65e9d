// SPDX-License-Identifier: GPL-2.0
/*
 * The hooks of a trace. There are two around each hook of netpol, at the next priorities. The one
 * before notes a packet that is meant in an open slot. The one behind finds it there, so netpol has
 * let the packet pass; or netpol has reported that it denies it (netpol_event_deny() and its
 * tracepoint), so that the one behind will not see it.
 *
 * What ties these together is the context that they run in: the task, and whether it is in softirq.
 * A packet stays in one context from one hook of a list to the next, and a context has one packet
 * there at a time, because no hook of netpol sends anything. So what is told of a packet is what
 * happened to it, and no guess.
 *
 * The hooks accept every packet and change none. They read with skb_header_pointer(), allocate
 * nothing, and are bounded: a packet that is not meant costs the comparison with the filter, and
 * one that is meant takes a lock, as long as the rate of a second is not spent.
 */
#include "tracer_hook.h"
#include "compat.h"
#include "core/policy.h"
#include "hook.h"
#include "netpol_trace.h"
#include "packet.h"

#include <linux/icmp.h>
#include <linux/jhash.h>
#include <linux/netfilter_ipv4.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/tcp.h>
#include <linux/timekeeping.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_zones.h>

/* How long the end of a trace waits for what the last packet still passes, in milliseconds. */
#define LAST_MS		250

/* How long a packet is known again, in seconds: nothing holds it so long but a queue of others. */
#define RECENT_SECONDS	2

/**
 * struct view - a packet in the first hook; on its stack
 * @packet: its headers
 * @original: tuple of the connection that it belongs to, NULL: conntrack has none
 * @reply: likewise, of the other direction
 * @found: the entry was looked up, and a reference on it is held
 * @connection: enum netpol_connection
 * @replies: the packet travels in the reply direction
 */
struct view {
	struct netpol_packet packet;
	const struct nf_conntrack_tuple *original;
	const struct nf_conntrack_tuple *reply;
	struct nf_conn *found;
	u8 connection;
	bool replies;
};

/* --- which packets are meant --------------------------------------------------- */

static bool end_has(const struct netpol_trace_addresses *end, u8 family, const void *address)
{
	u32 i;

	for (i = 0; i < end->count; i++)
		if (end->prefix[i].family == family &&
		    netpol_prefix_has(end->prefix[i].address.s6_addr, end->prefix[i].length,
				      address))
			return true;
	return !end->count;
}

/* Is a packet from @source to @port of @destination meant, if it opens its connection? */
static bool opens(const struct netpol_trace_filter *filter, u8 family, const void *source,
		  const void *destination, u16 port)
{
	return (!filter->port || filter->port == port) &&
	       end_has(&filter->from, family, source) &&
	       end_has(&filter->to, family, destination);
}

/* Is the connection meant? */
static bool connection_meant(const struct netpol_trace_filter *filter, const struct view *view)
{
	const struct nf_conntrack_tuple *original = view->original, *reply = view->reply;
	u8 family = view->packet.flow.family;

	if (filter->has_protocol && filter->protocol != original->dst.protonum)
		return false;
	return opens(filter, family, &original->src.u3, &original->dst.u3,
		     ntohs(original->dst.u.all)) ||
	       opens(filter, family, &original->src.u3, &reply->src.u3, ntohs(reply->src.u.all));
}

static void note_entry(struct view *view, const struct nf_conn *ct, bool replies, u8 connection)
{
	view->original = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	view->reply = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	view->replies = replies;
	view->connection = connection;
}

/* Notes what conntrack has said of the packet, if it has seen it. */
static void note_connection(struct view *view, const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	bool replies = CTINFO2DIR(ctinfo) == IP_CT_DIR_REPLY;

	if (!ct) {
		view->connection = ctinfo == IP_CT_UNTRACKED ? NETPOL_CONNECTION_UNTRACKED :
							       NETPOL_CONNECTION_NONE;
		return;
	}
	if (nf_ct_is_template(ct))
		return;
	switch (ctinfo) {
	case IP_CT_NEW:
		note_entry(view, ct, replies, NETPOL_CONNECTION_NEW);
		break;
	case IP_CT_RELATED:
	case IP_CT_RELATED_REPLY:
		note_entry(view, ct, replies, NETPOL_CONNECTION_RELATED);
		break;
	default:
		note_entry(view, ct, replies, NETPOL_CONNECTION_ESTABLISHED);
	}
}

/*
 * Looks up the connection of a packet that conntrack has not seen yet. Only what would be meant by
 * its own header comes here. Which of its ends opened the connection, only the entry tells.
 */
static void find_connection(struct view *view, const struct sk_buff *skb,
			    const struct nf_hook_state *state)
{
	const struct nf_conntrack_tuple_hash *hash;
	struct nf_conntrack_tuple tuple;
	bool replies;

	if (!nf_ct_get_tuplepr(skb, skb_network_offset(skb), state->pf, state->net, &tuple))
		return;
	hash = nf_conntrack_find_get(state->net, &nf_ct_zone_dflt, &tuple);
	if (!hash)
		return;
	view->found = nf_ct_tuplehash_to_ctrack(hash);
	replies = NF_CT_DIRECTION(hash) == IP_CT_DIR_REPLY;
	note_entry(view, view->found, replies,
		   replies || test_bit(IPS_SEEN_REPLY_BIT, &view->found->status) ?
		   NETPOL_CONNECTION_ESTABLISHED : NETPOL_CONNECTION_NEW);
}

/* Is this packet meant? The caller puts view->found. */
static bool meant(const struct netpol_trace_filter *filter, struct view *view,
		  const struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct netpol_flow *flow = &view->packet.flow;
	bool forth, back, ports = !flow->no_ports;

	note_connection(view, skb);
	if (view->original)
		return connection_meant(filter, view);
	if (filter->has_protocol && filter->protocol != flow->protocol)
		return false;
	/* what has no ports may be the rest of a packet that is meant */
	forth = opens(filter, flow->family, flow->source, flow->destination,
		      ports ? flow->port : filter->port);
	back = opens(filter, flow->family, flow->destination, flow->source,
		     ports ? view->packet.source_port : filter->port);
	if (!forth && !back)
		return false;
	/* later on conntrack has taken it for invalid, or does not track it */
	if (state->hook != NF_INET_PRE_ROUTING && state->hook != NF_INET_LOCAL_OUT)
		return true;
	find_connection(view, skb, state);
	if (view->original)
		return connection_meant(filter, view);
	return forth || !ports;
}

/* --- what is noted ---------------------------------------------------------------- */

/* Where the transport header begins; negative: it can't be read. */
static int transport_offset(const struct sk_buff *skb, const struct netpol_packet *packet)
{
	unsigned int offset = 0;
	unsigned short fragment = 0;

	if (packet->flow.no_ports || packet->flags & NETPOL_PACKET_MALFORMED)
		return -1;
	if (packet->flow.family == AF_INET)
		return skb_network_offset(skb) + ip_hdrlen(skb);
	if (ipv6_find_hdr(skb, &offset, -1, &fragment, NULL) < 0 || fragment)
		return -1;
	return offset;
}

/* Reads what is told of the transport header. Return: bits of it that stay as they are. */
static u32 read_transport(const struct sk_buff *skb, const struct netpol_packet *packet,
			  struct netpol_passage *passage)
{
	int offset = transport_offset(skb, packet);
	__be32 word[4], *at;

	if (offset < 0)
		return 0;
	switch (packet->flow.protocol) {
	case IPPROTO_TCP:
		at = skb_header_pointer(skb, offset, 16, word);
		if (!at)
			return 0;
		passage->has_header = true;
		passage->tcp_flags = ((const u8 *)at)[13];
		return (__force u32)at[1];	/* sequence number */
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		at = skb_header_pointer(skb, offset, 8, word);
		if (!at)
			return 0;
		passage->has_header = true;
		passage->icmp_type = ((const u8 *)at)[0];
		passage->icmp_code = ((const u8 *)at)[1];
		return ((const __force u16 *)at)[3];	/* number of an echo */
	case IPPROTO_UDP:
		at = skb_header_pointer(skb, offset, 8, word);
		return at ? ((const __force u16 *)at)[2] : 0;	/* length */
	}
	return 0;
}

/*
 * The number of a packet: the one that it has from another point, or the next one; 0: there are
 * enough. The lock is held.
 *
 * A packet is known again by its address and by bits of it that address translation leaves alone. A
 * copy of it is another packet, and so is what comes to a point again, because memory is used again
 * at once.
 */
static u32 number_of(struct netpol_tracer *tracer, const struct sk_buff *skb, u32 print, u8 point)
{
	u32 slot = hash_ptr(skb, ilog2(NETPOL_TRACER_RECENT));
	struct netpol_trace_recent *recent = &tracer->recent[slot];

	if (recent->packet && recent->skb == skb && recent->print == print &&
	    !(recent->points & BIT(point)) &&
	    time_before(jiffies, recent->since + RECENT_SECONDS * HZ)) {
		recent->points |= BIT(point);
		return recent->packet;
	}
	if (tracer->max && tracer->packets >= tracer->max)
		return 0;
	tracer->packets++;
	if (tracer->packets == tracer->max) {
		unsigned long end = jiffies + msecs_to_jiffies(LAST_MS);

		if (time_before(end, tracer->end)) {
			tracer->end = end;
			tracer->end_by = NETPOL_TRACE_END_PACKETS;
		}
	}
	recent->skb = skb;
	recent->print = print;
	recent->points = BIT(point);
	recent->packet = tracer->packets;
	recent->since = jiffies;
	return recent->packet;
}

/* Is another passage within the rate for this second? If so, it is counted. The lock is held. */
static bool within_rate(struct netpol_tracer *tracer)
{
	u32 now = ktime_get_seconds();

	if (tracer->second != now) {
		WRITE_ONCE(tracer->second, now);
		WRITE_ONCE(tracer->spent, 0);
	}
	if (tracer->spent >= NETPOL_TRACER_RATE)
		return false;
	WRITE_ONCE(tracer->spent, tracer->spent + 1);
	return true;
}

/* Is the rate of this second spent? Tells the same without the lock, when a flood comes. */
static bool rate_spent(const struct netpol_tracer *tracer)
{
	return READ_ONCE(tracer->spent) >= NETPOL_TRACER_RATE &&
	       READ_ONCE(tracer->second) == (u32)ktime_get_seconds();
}

static void copy_address(u8 family, const void *address, u16 port, struct netpol_trace_address *to)
{
	memcpy(&to->address, address, family == AF_INET ? 4 : 16);
	to->port = port;
}

static void copy_tuples(const struct view *view, struct netpol_passage *passage)
{
	const struct nf_conntrack_tuple *original = view->original, *reply = view->reply;
	u8 family = passage->family;

	passage->tracked = true;
	passage->ct_protocol = original->dst.protonum;
	copy_address(family, &original->src.u3, ntohs(original->src.u.all), &passage->opener);
	copy_address(family, &original->dst.u3, ntohs(original->dst.u.all), &passage->service);
	copy_address(family, &reply->src.u3, ntohs(reply->src.u.all), &passage->server);
}

static u8 point_of(unsigned int hook)
{
	switch (hook) {
	case NF_INET_PRE_ROUTING:
		return NETPOL_POINT_PRE_ROUTING;
	case NF_INET_LOCAL_OUT:
		return NETPOL_POINT_LOCAL_OUT;
	case NF_INET_LOCAL_IN:
		return NETPOL_POINT_LOCAL_IN;
	default:
		return NETPOL_POINT_POST_ROUTING;
	}
}

static void copy_device(const struct net_device *device, u32 *ifindex, char *name)
{
	if (!device)
		return;
	*ifindex = device->ifindex;
	strscpy(name, device->name, IFNAMSIZ);
}

/* Fills in all of a passage but its number and its verdict. Return: bits that tell the packet. */
static u32 fill(struct netpol_passage *passage, const struct view *view,
		const struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct netpol_flow *flow = &view->packet.flow;

	memset(passage, 0, sizeof(*passage));
	passage->time = ktime_get_real_ns();
	passage->length = skb->len - skb_network_offset(skb);
	passage->family = flow->family;
	passage->protocol = flow->protocol;
	passage->point = point_of(state->hook);
	passage->connection = view->connection;
	if (view->replies)
		passage->flags |= NETPOL_TRACE_F_REPLY;
	if (flow->no_ports)
		passage->flags |= NETPOL_TRACE_F_NO_PORTS;
	if (view->packet.flags & NETPOL_PACKET_MALFORMED)
		passage->flags |= NETPOL_TRACE_F_MALFORMED;
	copy_device(state->in, &passage->in_ifindex, passage->in_name);
	copy_device(state->out, &passage->out_ifindex, passage->out_name);
	copy_address(flow->family, flow->source, view->packet.source_port, &passage->source);
	copy_address(flow->family, flow->destination, flow->port, &passage->destination);
	if (view->original)
		copy_tuples(view, passage);
	return jhash_3words(flow->family << 8 | flow->protocol,
			    flow->family == AF_INET ? (__force u16)ip_hdr(skb)->id : 0,
			    read_transport(skb, &view->packet, passage), 0);
}

/* --- from one hook to the next ------------------------------------------------------ */

/* The context that this runs in, which is never 0. */
static unsigned long context_key(void)
{
	return (unsigned long)current | (in_serving_softirq() ? 1 : 0);
}

/* The slot of a context, or for key 0 a free one; NULL: there is none. */
static struct netpol_trace_open *find_slot(struct netpol_tracer *tracer, unsigned long key)
{
	u32 i;

	for (i = 0; i < NETPOL_TRACER_OPEN; i++)
		if (READ_ONCE(tracer->open[i].key) == key)
			return &tracer->open[i];
	return NULL;
}

/*
 * The open slot of this context; NULL: none. Only this context opens or closes it, except that
 * netpol_tracer_forget() closes it when it is old, so look again under the lock.
 */
static struct netpol_trace_open *find_open(struct netpol_tracer *tracer, unsigned long key)
{
	return READ_ONCE(tracer->nopen) ? find_slot(tracer, key) : NULL;
}

/* Closes a slot, and leaves its passage to the work. The lock is held. */
static void close_open(struct netpol_tracer *tracer, struct netpol_trace_open *open)
{
	WRITE_ONCE(open->key, 0);
	WRITE_ONCE(tracer->nopen, tracer->nopen - 1);
	if (tracer->tail - tracer->head >= NETPOL_TRACER_SLOTS) {
		atomic64_inc(&tracer->lost);
		return;
	}
	tracer->ring[tracer->tail++ % NETPOL_TRACER_SLOTS] = open->passage;
	netpol_net_queue(&tracer->work, 0);
}

/*
 * Closes the slot of this context, if it has one, where the next packet comes to the hook before
 * netpol's: the packet in it never came to the hook behind, because a hook of others took it. No
 * other packet may close it with its own verdict.
 */
static void close_taken(struct netpol_tracer *tracer)
{
	unsigned long key = context_key(), flags;
	struct netpol_trace_open *open;

	if (likely(!find_open(tracer, key)))
		return;
	raw_spin_lock_irqsave(&tracer->lock, flags);
	open = find_open(tracer, key);
	if (open)
		close_open(tracer, open);
	raw_spin_unlock_irqrestore(&tracer->lock, flags);
}

/* Opens a slot for a packet that is meant. */
static void open_slot(struct netpol_tracer *tracer, const struct view *view,
		      const struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct netpol_snapshot *snapshot = rcu_dereference(tracer->nn->root);
	unsigned long key = context_key(), flags;
	struct netpol_trace_open *open;
	u32 print;

	raw_spin_lock_irqsave(&tracer->lock, flags);
	open = find_slot(tracer, 0);
	if (!open || !within_rate(tracer)) {
		atomic64_inc(&tracer->lost);
		goto unlock;
	}
	print = fill(&open->passage, view, skb, state);
	open->passage.generation = snapshot->generation;
	open->passage.packet = number_of(tracer, skb, print, open->passage.point);
	if (!open->passage.packet)
		goto unlock;
	open->skb = skb;
	open->since = jiffies;
	WRITE_ONCE(tracer->nopen, tracer->nopen + 1);
	WRITE_ONCE(open->key, key);
unlock:
	raw_spin_unlock_irqrestore(&tracer->lock, flags);
}

/* The hook before netpol's. */
static unsigned int trace_before(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	struct netpol_tracer *tracer = priv;
	struct view view = {};

	close_taken(tracer);
	if (READ_ONCE(tracer->closing) || !tracer->families[state->pf == NFPROTO_IPV6] ||
	    !netpol_packet_parse(skb, state->pf, &view.packet))
		return NF_ACCEPT;
	if (meant(&tracer->filter, &view, skb, state)) {
		if (rate_spent(tracer))
			atomic64_inc(&tracer->lost);
		else
			open_slot(tracer, &view, skb, state);
	}
	if (view.found)
		nf_ct_put(view.found);
	return NF_ACCEPT;
}

/*
 * Closes the slot of this context, if it has one, with a verdict about the packet @skb; NULL: about
 * the one that this context has just had in the hook before.
 */
static void decided(struct netpol_tracer *tracer, const struct sk_buff *skb, u8 verdict,
		    u64 generation, u8 direction, u8 reason)
{
	unsigned long key = context_key(), flags;
	struct netpol_trace_open *open;

	if (!find_open(tracer, key))
		return;
	raw_spin_lock_irqsave(&tracer->lock, flags);
	open = find_open(tracer, key);
	/* a packet of a queue of others comes to the hook behind in the context of its reader */
	if (open && (!skb || open->skb == skb)) {
		open->passage.verdict = verdict;
		open->passage.reason = reason;
		open->passage.direction = direction;
		if (verdict == NETPOL_VERDICT_DENY)
			open->passage.generation = generation;
		close_open(tracer, open);
	}
	raw_spin_unlock_irqrestore(&tracer->lock, flags);
}

/* The hook behind netpol's: what comes here has passed. */
static unsigned int trace_after(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	decided(priv, skb, NETPOL_VERDICT_ALLOW, 0, 0, NETPOL_REASON_NONE);
	return NF_ACCEPT;
}

/*
 * Called in the hook of netpol that denies a packet, by the tracepoint netpol_packet. Without a
 * trace nobody has hung anything to it, so that a denied packet costs nothing more.
 */
static void trace_denied(void *data, u32 netns, u64 generation, const struct netpol_flow *flow,
			 u16 source_port, u8 verdict, u8 direction, u8 reason)
{
	const struct netpol_tracer *tracer = data;

	/* it is called for the packets of all network namespaces */
	if (verdict == NETPOL_VERDICT_DENY && netns == tracer->nn->net->ns.inum)
		decided(data, NULL, verdict, generation, direction, reason);
}

/**
 * netpol_tracer_forget() - close what has been open for long, without a verdict
 * @tracer: trace
 * @age: in jiffies; 0: close everything
 *
 * A hook of others at the same priority may take a packet away between the two hooks.
 */
void netpol_tracer_forget(struct netpol_tracer *tracer, unsigned long age)
{
	unsigned long flags;
	u32 i;

	raw_spin_lock_irqsave(&tracer->lock, flags);
	for (i = 0; i < NETPOL_TRACER_OPEN; i++)
		if (tracer->open[i].key &&
		    time_after_eq(jiffies, tracer->open[i].since + age))
			close_open(tracer, &tracer->open[i]);
	raw_spin_unlock_irqrestore(&tracer->lock, flags);
}

/**
 * netpol_tracer_take() - take the oldest passage that waits to be sent
 * @tracer: trace
 * @passage: filled
 *
 * Return: was there one?
 */
bool netpol_tracer_take(struct netpol_tracer *tracer, struct netpol_passage *passage)
{
	unsigned long flags;
	bool some;

	raw_spin_lock_irqsave(&tracer->lock, flags);
	some = tracer->head != tracer->tail;
	if (some)
		*passage = tracer->ring[tracer->head++ % NETPOL_TRACER_SLOTS];
	raw_spin_unlock_irqrestore(&tracer->lock, flags);
	return some;
}

/**
 * netpol_tracer_hook() - register the hooks of a trace
 * @tracer: trace
 *
 * Those behind come first, so that whatever is seen before netpol will be seen behind it as well.
 * May sleep. Return: 0 or a negative errno. After an error packets may still be in hooks that were
 * registered: netpol_tracer_unhook() waits for them.
 */
int netpol_tracer_hook(struct netpol_tracer *tracer)
{
	struct net *net = tracer->nn->net;
	int error;
	u32 i;

	netpol_hook_places(tracer->before);
	netpol_hook_places(tracer->after);
	for (i = 0; i < NETPOL_HOOKS; i++) {
		tracer->before[i].hook = trace_before;
		tracer->before[i].priority--;
		tracer->before[i].priv = tracer;
		tracer->after[i].hook = trace_after;
		tracer->after[i].priority++;
		tracer->after[i].priv = tracer;
	}
	mutex_lock(&tracer->mutex);
	error = register_trace_netpol_packet(trace_denied, tracer);
	if (error)
		goto unlock;
	error = nf_register_net_hooks(net, tracer->after, NETPOL_HOOKS);
	if (error)
		goto unregister;
	error = nf_register_net_hooks(net, tracer->before, NETPOL_HOOKS);
	tracer->hooked = !error;
	if (!error)
		goto unlock;
	nf_unregister_net_hooks(net, tracer->after, NETPOL_HOOKS);
unregister:
	unregister_trace_netpol_packet(trace_denied, tracer);
unlock:
	mutex_unlock(&tracer->mutex);
	return error;
}

/**
 * netpol_tracer_unhook() - unregister the hooks of a trace, if that has not been done
 * @tracer: trace
 *
 * Returns when no packet uses it any more.
 */
void netpol_tracer_unhook(struct netpol_tracer *tracer)
{
	struct net *net = tracer->nn->net;

	mutex_lock(&tracer->mutex);
	if (tracer->hooked) {
		nf_unregister_net_hooks(net, tracer->before, NETPOL_HOOKS);
		nf_unregister_net_hooks(net, tracer->after, NETPOL_HOOKS);
		unregister_trace_netpol_packet(trace_denied, tracer);
	}
	tracer->hooked = false;
	mutex_unlock(&tracer->mutex);
	synchronize_rcu();
	tracepoint_synchronize_unregister();
}
