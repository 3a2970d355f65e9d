/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Traces: what a socket asked to be told of packets that it describes, for a while. A network
 * namespace has one trace at most. kmod/tracer_hook.c sees the packets and kmod/tracer.c tells of
 * them. Without a trace nothing of this is on the way of a packet.
 */
#ifndef NETPOL_TRACER_H
#define NETPOL_TRACER_H

#include <linux/atomic.h>
#include <linux/if.h>
#include <linux/in6.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include "netns.h"

struct genl_info;
struct netpol_refusal;

#define NETPOL_TRACER_RATE	1000	/* passages told in a second; others count as lost */
#define NETPOL_TRACER_SLOTS	256	/* passages that wait to be sent; a power of two */
#define NETPOL_TRACER_OPEN	32	/* packets inside the hooks at one time */
#define NETPOL_TRACER_RECENT	256	/* packets that are known again; a power of two */

/**
 * struct netpol_trace_prefix - addresses of an end
 * @address: network order, 4 or 16 bytes
 * @family: AF_INET or AF_INET6
 * @length: in bits
 */
struct netpol_trace_prefix {
	struct in6_addr address;
	u8 family;
	u8 length;
};

/**
 * struct netpol_trace_addresses - the addresses that one end of a connection may have
 * @prefix: list of them
 * @count: how many; 0: any address
 */
struct netpol_trace_addresses {
	struct netpol_trace_prefix prefix[NETPOL_TRACE_PREFIXES_MAX];
	u8 count;
};

/**
 * struct netpol_trace_filter - which connections are meant
 * @from: who opens them
 * @to: what they are opened to, or the server behind that
 * @port: destination port, host order; 0: any
 * @protocol: IPPROTO_*, if @has_protocol
 * @has_protocol: only that protocol is meant
 */
struct netpol_trace_filter {
	struct netpol_trace_addresses from;
	struct netpol_trace_addresses to;
	u16 port;
	u8 protocol;
	bool has_protocol;
};

/**
 * struct netpol_trace_address - an address and a port
 * @address: network order, 4 or 16 bytes
 * @port: host order
 */
struct netpol_trace_address {
	struct in6_addr address;
	u16 port;
};

/**
 * struct netpol_passage - a packet at one of the points, and what netpol did with it there
 * @time: CLOCK_REALTIME, nanoseconds
 * @generation: of the snapshot that was in force, or for a denied packet that judged it
 * @packet: number of the packet
 * @length: bytes from the IP header on
 * @flags: NETPOL_TRACE_F_*
 * @in_ifindex: interface that it came in by; 0: none
 * @out_ifindex: interface that it is to leave by; 0: none
 * @in_name: name of that interface
 * @out_name: name of that interface
 * @source: by its own header, as is @destination
 * @destination: likewise
 * @opener: who opened the connection, if @tracked
 * @service: what it was opened to
 * @server: who answers
 * @family: AF_INET or AF_INET6
 * @point: enum netpol_point
 * @protocol: IPPROTO_*
 * @ct_protocol: protocol of the connection, if @tracked
 * @connection: enum netpol_connection
 * @verdict: ALLOW or DENY; 0: it was not seen behind netpol, nor denied by it
 * @reason: enum netpol_reason, if denied
 * @direction: enum netpol_direction, if denied
 * @tcp_flags: as in the header, if @has_header and TCP
 * @icmp_type: if @has_header and ICMP, as is @icmp_code
 * @icmp_code: likewise
 * @has_header: the transport header could be read
 * @tracked: conntrack has an entry
 */
struct netpol_passage {
	u64 time;
	u64 generation;
	u32 packet;
	u32 length;
	u32 flags;
	u32 in_ifindex;
	u32 out_ifindex;
	char in_name[IFNAMSIZ];
	char out_name[IFNAMSIZ];
	struct netpol_trace_address source;
	struct netpol_trace_address destination;
	struct netpol_trace_address opener;
	struct netpol_trace_address service;
	struct netpol_trace_address server;
	u8 family;
	u8 point;
	u8 protocol;
	u8 ct_protocol;
	u8 connection;
	u8 verdict;
	u8 reason;
	u8 direction;
	u8 tcp_flags;
	u8 icmp_type;
	u8 icmp_code;
	bool has_header;
	bool tracked;
};

/**
 * struct netpol_trace_open - a packet that is between the hooks before and after netpol's
 * @key: the context that it is in; 0: the slot is free
 * @skb: the packet; only compared
 * @since: jiffies
 * @passage: what is known of it
 */
struct netpol_trace_open {
	unsigned long key;
	const void *skb;
	unsigned long since;
	struct netpol_passage passage;
};

/**
 * struct netpol_trace_recent - a packet that may be seen at another point
 * @skb: where it was; only compared
 * @print: bits of the packet that stay as they are on its way
 * @packet: its number; 0: the slot is free
 * @points: BIT() of each point where it was seen
 * @since: jiffies
 */
struct netpol_trace_recent {
	const void *skb;
	u32 print;
	u32 packet;
	u32 points;
	unsigned long since;
};

/**
 * struct netpol_tracer - a trace
 * @nn: state of its network namespace
 * @portid: of the socket that asked, which gets the messages
 * @sequence: of the request, which the messages repeat
 * @filter: which packets are meant
 * @max: how many packets to tell of; 0: any number
 * @families: which address families can match, by [family == AF_INET6]
 * @closing: no packet is begun any more, or none yet: not all hooks are registered
 * @destroyed: nobody wants to hear of it any more
 * @tries: how often the end could not be told; only @work uses it
 * @over: the hooks are gone and the end was told; only the memory is left
 * @mutex: guards @hooked
 * @hooked: the hooks are registered
 * @lock: guards what follows, and the contents of open slots; raw, because a tracepoint takes it
 * @end: when it ends, in jiffies
 * @end_by: enum netpol_trace_end, why it ends then
 * @second: the second that @spent counts
 * @spent: passages in that second
 * @packets: numbers given to packets
 * @head: number of the next passage to send
 * @tail: number of the next passage
 * @nopen: slots of @open in use; also read without the lock
 * @lost: passages that exceeded a bound
 * @lost_told: how many of these were told; only @work uses it
 * @work: sends, and ends the trace
 * @before: hooks just before netpol's
 * @after: hooks just after them
 * @open: packets inside the hooks
 * @recent: packets that were seen, by their address
 * @ring: passages to send
 */
struct netpol_tracer {
	struct netpol_net *nn;
	u32 portid;
	u32 sequence;
	struct netpol_trace_filter filter;
	u32 max;
	bool families[2];
	bool closing;
	bool destroyed;
	bool over;
	u8 tries;
	struct mutex mutex; /* see above */
	bool hooked;
	raw_spinlock_t lock; /* see above */
	unsigned long end;
	u8 end_by;
	u32 second;
	u32 spent;
	u32 packets;
	u32 head;
	u32 tail;
	u32 nopen;
	atomic64_t lost;
	u64 lost_told;
	struct delayed_work work;
	struct nf_hook_ops before[NETPOL_HOOKS];
	struct nf_hook_ops after[NETPOL_HOOKS];
	struct netpol_trace_open open[NETPOL_TRACER_OPEN];
	struct netpol_trace_recent recent[NETPOL_TRACER_RECENT];
	struct netpol_passage ring[NETPOL_TRACER_SLOTS];
};

int netpol_tracer_register(void);
void netpol_tracer_unregister(void);
int netpol_trace_begin_doit(struct netpol_refusal *refusal, struct genl_info *info);
void netpol_tracer_end(struct netpol_net *nn);

#endif /* NETPOL_TRACER_H */
