// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a trace: NETPOL_CMD_TRACE_BEGIN, the messages to the socket that sent it, and its
 * end.
 *
 * A trace ends when its socket is closed, when its time or its number of packets is over, or when
 * its network namespace goes away. At the end of its time its work unregisters the hooks and tells
 * the socket; the memory stays until the socket is closed, or asks again.
 */
#include "tracer.h"
#include "netlink.h"
#include "parse.h"
#include "tracer_hook.h"

#include <linux/netlink.h>
#include <linux/notifier.h>

/* Size of a message; what is put takes less than 700 bytes. */
#define MESSAGE_BYTES	1024

/* How often the end is told again, once in a second, to a socket that has no room for it. */
#define END_TRIES	10

/* --- messages -------------------------------------------------------------------- */

static int put_address(struct sk_buff *skb, u8 family, u16 four,
		       const struct netpol_trace_address *address)
{
	/* the attribute of IPv6 follows that of IPv4 */
	return family == AF_INET ? nla_put(skb, four, 4, &address->address) :
				   nla_put(skb, four + 1, 16, &address->address);
}

static int put_interface(struct sk_buff *skb, u16 number, u32 ifindex, const char *name)
{
	/* the attribute of the name follows that of the number */
	return ifindex && (nla_put_u32(skb, number, ifindex) ||
			   nla_put_string(skb, number + 1, name));
}

/* Puts what the packet's own headers say. */
static int put_headers(struct sk_buff *skb, const struct netpol_passage *passage)
{
	bool ports = netpol_protocol_index(passage->protocol) != NETPOL_PROTOCOLS &&
		     !(passage->flags & NETPOL_TRACE_F_NO_PORTS);
	bool tcp = passage->has_header && passage->protocol == IPPROTO_TCP;

	if (put_address(skb, passage->family, NETPOL_TRACE_A_SOURCE4, &passage->source) ||
	    put_address(skb, passage->family, NETPOL_TRACE_A_DESTINATION4,
			&passage->destination) ||
	    nla_put_u8(skb, NETPOL_TRACE_A_PROTOCOL, passage->protocol) ||
	    nla_put_u32(skb, NETPOL_TRACE_A_LENGTH, passage->length))
		return -EMSGSIZE;
	if (ports &&
	    (nla_put_u16(skb, NETPOL_TRACE_A_SOURCE_PORT, passage->source.port) ||
	     nla_put_u16(skb, NETPOL_TRACE_A_DESTINATION_PORT, passage->destination.port)))
		return -EMSGSIZE;
	if (tcp)
		return nla_put_u8(skb, NETPOL_TRACE_A_TCP_FLAGS, passage->tcp_flags);
	if (passage->has_header &&
	    (nla_put_u8(skb, NETPOL_TRACE_A_ICMP_TYPE, passage->icmp_type) ||
	     nla_put_u8(skb, NETPOL_TRACE_A_ICMP_CODE, passage->icmp_code)))
		return -EMSGSIZE;
	return 0;
}

/* Puts what conntrack knows of the connection. */
static int put_connection(struct sk_buff *skb, const struct netpol_passage *passage)
{
	bool ports = netpol_protocol_index(passage->ct_protocol) != NETPOL_PROTOCOLS;

	if (nla_put_u8(skb, NETPOL_TRACE_A_CONNECTION, passage->connection))
		return -EMSGSIZE;
	if (!passage->tracked)
		return 0;
	if (nla_put_u8(skb, NETPOL_TRACE_A_CT_PROTOCOL, passage->ct_protocol) ||
	    put_address(skb, passage->family, NETPOL_TRACE_A_OPENER4, &passage->opener) ||
	    put_address(skb, passage->family, NETPOL_TRACE_A_SERVICE4, &passage->service) ||
	    put_address(skb, passage->family, NETPOL_TRACE_A_SERVER4, &passage->server))
		return -EMSGSIZE;
	return ports && (nla_put_u16(skb, NETPOL_TRACE_A_OPENER_PORT, passage->opener.port) ||
			 nla_put_u16(skb, NETPOL_TRACE_A_SERVICE_PORT, passage->service.port) ||
			 nla_put_u16(skb, NETPOL_TRACE_A_SERVER_PORT, passage->server.port)) ?
	       -EMSGSIZE : 0;
}

/* Puts a passage: first what netpol said, then the nest. */
static int put_passage(struct sk_buff *skb, const struct netpol_passage *passage, u64 lost)
{
	struct nlattr *nest;

	if (nla_put_u64_64bit(skb, NETPOL_A_GENERATION, passage->generation, NETPOL_A_PAD) ||
	    (passage->verdict && nla_put_u8(skb, NETPOL_A_VERDICT, passage->verdict)) ||
	    (passage->verdict == NETPOL_VERDICT_DENY &&
	     (nla_put_u8(skb, NETPOL_A_REASON, passage->reason) ||
	      nla_put_u8(skb, NETPOL_A_DIRECTION, passage->direction))))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, NETPOL_A_TRACE);
	if (!nest ||
	    nla_put_u64_64bit(skb, NETPOL_TRACE_A_TIME, passage->time, NETPOL_TRACE_A_PAD) ||
	    nla_put_u32(skb, NETPOL_TRACE_A_PACKET, passage->packet) ||
	    nla_put_u8(skb, NETPOL_TRACE_A_POINT, passage->point) ||
	    put_interface(skb, NETPOL_TRACE_A_IN_IFINDEX, passage->in_ifindex, passage->in_name) ||
	    put_interface(skb, NETPOL_TRACE_A_OUT_IFINDEX, passage->out_ifindex,
			  passage->out_name) ||
	    nla_put_u32(skb, NETPOL_TRACE_A_FLAGS, passage->flags) ||
	    put_headers(skb, passage) || put_connection(skb, passage) ||
	    (lost && nla_put_u64_64bit(skb, NETPOL_TRACE_A_LOST, lost, NETPOL_TRACE_A_PAD)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Puts the end of a trace. */
static int put_end(struct sk_buff *skb, const struct netpol_tracer *tracer, u64 lost)
{
	struct nlattr *nest = nla_nest_start(skb, NETPOL_A_TRACE);

	if (!nest || nla_put_u8(skb, NETPOL_TRACE_A_END, tracer->end_by) ||
	    nla_put_u64_64bit(skb, NETPOL_TRACE_A_SEEN, tracer->packets, NETPOL_TRACE_A_PAD) ||
	    (lost && nla_put_u64_64bit(skb, NETPOL_TRACE_A_LOST, lost, NETPOL_TRACE_A_PAD)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/*
 * Sends a passage, or without one the end. It never waits for a reader that is slow. Return: 0 or a
 * negative errno.
 */
static int send(struct netpol_tracer *tracer, const struct netpol_passage *passage)
{
	struct sk_buff *skb = genlmsg_new(MESSAGE_BYTES, GFP_KERNEL);
	u64 lost = atomic64_read(&tracer->lost);
	int error = -EMSGSIZE;
	void *header;

	if (!skb)
		return -ENOMEM;
	header = genlmsg_put(skb, tracer->portid, tracer->sequence, &netpol_genl_family, 0,
			     NETPOL_CMD_TRACE);
	if (header)
		error = passage ? put_passage(skb, passage, lost - tracer->lost_told) :
				  put_end(skb, tracer, lost - tracer->lost_told);
	if (error) {
		nlmsg_free(skb);
		return error;
	}
	genlmsg_end(skb, header);
	error = genlmsg_unicast(tracer->nn->net, skb, tracer->portid);
	if (!error)
		tracer->lost_told = lost;
	return error;
}

static void send_all(struct netpol_tracer *tracer)
{
	struct netpol_passage passage;

	while (netpol_tracer_take(tracer, &passage)) {
		if (send(tracer, &passage))
			atomic64_inc(&tracer->lost);
		cond_resched();
	}
}

/* Takes a trace whose time is over away from packets, and sends what is left. */
static void finish(struct netpol_tracer *tracer)
{
	WRITE_ONCE(tracer->closing, true);
	netpol_tracer_unhook(tracer);
	netpol_tracer_forget(tracer, 0);
	send_all(tracer);
}

/* Tells the end; later, if there is no room for it. */
static void tell_end(struct netpol_tracer *tracer)
{
	if (send(tracer, NULL) && ++tracer->tries < END_TRIES)
		netpol_net_queue(&tracer->work, HZ);
	else
		/* pairs with the acquire in netpol_trace_begin_doit() */
		smp_store_release(&tracer->over, true);
}

/* Sends what waits, and comes again after a second at the latest. */
static void tracer_work(struct work_struct *work)
{
	struct netpol_tracer *tracer = container_of(to_delayed_work(work), struct netpol_tracer,
						    work);
	unsigned long end;

	if (tracer->over || READ_ONCE(tracer->destroyed))
		return;
	if (!READ_ONCE(tracer->closing)) {
		netpol_tracer_forget(tracer, HZ);
		send_all(tracer);
		end = READ_ONCE(tracer->end);
		if (time_before(jiffies, end)) {
			netpol_net_queue(&tracer->work,
					 min_t(unsigned long, end - jiffies, HZ) ?: 1);
			return;
		}
		finish(tracer);
	}
	tell_end(tracer);
}

/* --- begin and end ---------------------------------------------------------------- */

/* Takes a trace away from packets and ends its work, so that it can be freed. May sleep. */
static void tracer_stop(struct netpol_tracer *tracer)
{
	WRITE_ONCE(tracer->destroyed, true);
	WRITE_ONCE(tracer->closing, true);
	/* afterwards no packet is in a hook, and nobody queues the work */
	netpol_tracer_unhook(tracer);
	cancel_delayed_work_sync(&tracer->work);
}

/* Frees the trace of a network namespace, if it has one. @nn->trace is held. */
static void tracer_destroy(struct netpol_net *nn)
{
	struct netpol_tracer *tracer = nn->tracer;

	lockdep_assert_held(&nn->trace);
	if (!tracer)
		return;
	WRITE_ONCE(nn->tracer, NULL);
	tracer_stop(tracer);
	mutex_destroy(&tracer->mutex);
	netpol_free(tracer);
}

/* Ends the trace of a network namespace, if it has one. May sleep. */
void netpol_tracer_end(struct netpol_net *nn)
{
	mutex_lock(&nn->trace);
	tracer_destroy(nn);
	mutex_unlock(&nn->trace);
}

/* Reads one more prefix of an end. */
static int parse_end(struct netpol_parse *parse, const struct nlattr *nest,
		     struct netpol_trace_addresses *end)
{
	struct netpol_trace_prefix *prefix = &end->prefix[end->count];
	const void *address;
	int error;

	if (end->count == NETPOL_TRACE_PREFIXES_MAX)
		return netpol_refuse(parse->refusal, nest, -ENOSPC,
				     "an end has more than %u prefixes",
				     NETPOL_TRACE_PREFIXES_MAX);
	error = netpol_parse_prefix(parse, nest, &prefix->family, &address, &prefix->length);
	if (error)
		return error;
	memcpy(&prefix->address, address, prefix->family == AF_INET ? 4 : 16);
	end->count++;
	return 0;
}

static bool end_may_be(const struct netpol_trace_addresses *end, u8 family)
{
	u32 i;

	for (i = 0; i < end->count; i++)
		if (end->prefix[i].family == family)
			return true;
	return !end->count;
}

/* Reads which connections are meant. */
static int parse_filter(struct netpol_parse *parse, const struct nlattr *nest,
			struct nlattr **tb, struct netpol_tracer *tracer)
{
	struct netpol_trace_filter *filter = &tracer->filter;
	const struct nlattr *port = tb[NETPOL_TRACE_A_PORT], *attr;
	int left, error = 0;

	nla_for_each_nested(attr, nest, left) {
		if (nla_type(attr) == NETPOL_TRACE_A_FROM)
			error = parse_end(parse, attr, &filter->from);
		else if (nla_type(attr) == NETPOL_TRACE_A_TO)
			error = parse_end(parse, attr, &filter->to);
		if (error)
			return error;
	}
	tracer->families[0] = end_may_be(&filter->from, AF_INET) &&
			      end_may_be(&filter->to, AF_INET);
	tracer->families[1] = end_may_be(&filter->from, AF_INET6) &&
			      end_may_be(&filter->to, AF_INET6);
	if (!tracer->families[0] && !tracer->families[1])
		return netpol_refuse(parse->refusal, tb[NETPOL_TRACE_A_TO], -EINVAL,
				     "the two ends have no addresses of the same family");
	filter->has_protocol = tb[NETPOL_TRACE_A_PROTOCOL];
	if (filter->has_protocol)
		filter->protocol = nla_get_u8(tb[NETPOL_TRACE_A_PROTOCOL]);
	if (!port)
		return 0;
	if (!filter->has_protocol)
		return netpol_refuse_missing(parse->refusal, nest, NETPOL_TRACE_A_PROTOCOL);
	if (netpol_protocol_index(filter->protocol) == NETPOL_PROTOCOLS)
		return netpol_refuse(parse->refusal, port, -EINVAL, "protocol %u has no ports",
				     filter->protocol);
	filter->port = nla_get_u16(port);
	return 0;
}

/* Reads a request into a trace, which is zeroed. */
static int parse_trace(struct netpol_refusal *refusal, const struct nlattr *nest,
		       struct netpol_tracer *tracer)
{
	struct netpol_parse parse = { tracer->nn, tracer->nn->world, refusal };
	struct nlattr *tb[NETPOL_TRACE_A_MAX + 1];

	netpol_nest_attrs(tb, NETPOL_TRACE_A_MAX, nest);
	if (!tb[NETPOL_TRACE_A_SECONDS])
		return netpol_refuse_missing(refusal, nest, NETPOL_TRACE_A_SECONDS);
	tracer->end = jiffies + nla_get_u32(tb[NETPOL_TRACE_A_SECONDS]) * HZ;
	tracer->end_by = NETPOL_TRACE_END_TIME;
	if (tb[NETPOL_TRACE_A_PACKETS])
		tracer->max = nla_get_u32(tb[NETPOL_TRACE_A_PACKETS]);
	return parse_filter(&parse, nest, tb, tracer);
}

/* Puts a trace in the way of packets. @nn->trace is held. */
static int tracer_start(struct netpol_net *nn, struct netpol_tracer *tracer)
{
	int error = netpol_tracer_hook(tracer);

	if (error) {
		/* packets may be in those of its hooks that were registered */
		tracer_stop(tracer);
		return error;
	}
	WRITE_ONCE(tracer->closing, false);
	WRITE_ONCE(nn->tracer, tracer);
	netpol_net_queue(&tracer->work, HZ);
	return 0;
}

/*
 * NETPOL_CMD_TRACE_BEGIN. -EINVAL, -ENOSPC, -EBUSY, -ENOMEM. Messages may be on their way before
 * the acknowledgment is.
 */
int netpol_trace_begin_doit(struct netpol_refusal *refusal, struct genl_info *info)
{
	struct netpol_net *nn = netpol_net(genl_info_net(info));
	const struct nlattr *nest = info->attrs[NETPOL_A_TRACE];
	struct netpol_tracer *tracer, *old;
	int error;

	if (!nest)
		return netpol_refuse_missing(refusal, NULL, NETPOL_A_TRACE);
	tracer = netpol_alloc(sizeof(*tracer));
	if (!tracer)
		return -ENOMEM;
	tracer->nn = nn;
	tracer->closing = true;
	tracer->portid = info->snd_portid;
	tracer->sequence = info->snd_seq;
	mutex_init(&tracer->mutex);
	raw_spin_lock_init(&tracer->lock);
	INIT_DELAYED_WORK(&tracer->work, tracer_work);
	error = parse_trace(refusal, nest, tracer);
	if (error)
		goto free;
	mutex_lock(&nn->trace);
	old = nn->tracer;
	/* pairs with the release in finish() */
	if (old && !smp_load_acquire(&old->over)) {
		error = netpol_refuse(refusal, NULL, -EBUSY,
				      "a trace runs already in this network namespace");
	} else {
		tracer_destroy(nn);
		error = tracer_start(nn, tracer);
	}
	mutex_unlock(&nn->trace);
	if (!error)
		return 0;
free:
	netpol_free(tracer);
	return error;
}

/* Ends the trace of a socket that is closed. */
static int socket_release(struct notifier_block *block, unsigned long event, void *data)
{
	const struct netlink_notify *notify = data;
	struct netpol_tracer *tracer;
	struct netpol_net *nn;

	if (event != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	nn = netpol_net(notify->net);
	if (!READ_ONCE(nn->tracer))
		return NOTIFY_DONE;
	mutex_lock(&nn->trace);
	tracer = nn->tracer;
	if (tracer && tracer->portid == notify->portid)
		tracer_destroy(nn);
	mutex_unlock(&nn->trace);
	return NOTIFY_DONE;
}

static struct notifier_block socket_notifier = {
	.notifier_call = socket_release,
};

/* Begins to watch sockets. To be called after netpol_net_register(). 0 or a negative errno. */
int netpol_tracer_register(void)
{
	return netlink_register_notifier(&socket_notifier);
}

/*
 * Stops watching sockets. To be called when no request can come any more. A trace that runs is left
 * to netpol_tracer_end().
 */
void netpol_tracer_unregister(void)
{
	netlink_unregister_notifier(&socket_notifier);
}
