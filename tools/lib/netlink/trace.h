/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traces: the request that begins one, and what the module tells of packets.
 */
#ifndef NP_NETLINK_TRACE_H
#define NP_NETLINK_TRACE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/netpol.h>

#include "base/error.h"
#include "netlink/client.h"
#include "object/address.h"

/* The blocks of addresses that one end of a connection may have; none means any address. */
struct np_trace_end {
	struct np_cidr block[NETPOL_TRACE_PREFIXES_MAX];
	size_t count;
};

/**
 * struct np_trace_request - which packets are meant, and for how long
 * @from: who opens the connection
 * @to: what it is opened to
 * @has_protocol: of one protocol only
 * @protocol: IPPROTO_*
 * @port: destination port; 0: any
 * @packets: how many; 0: any number
 * @seconds: how long
 */
struct np_trace_request {
	struct np_trace_end from;
	struct np_trace_end to;
	bool has_protocol;
	uint8_t protocol;
	uint16_t port;
	uint32_t packets;
	uint32_t seconds;
};

/* An address and a port. */
struct np_trace_address {
	struct np_address address;
	uint16_t port;
};

/**
 * struct np_passage - a packet at one of the points, or the end of a trace
 * @end: enum netpol_trace_end; 0: a packet. At the end only @seen and @lost are set
 * @seen: packets of the trace
 * @lost: messages that were not sent since the last one
 * @time: nanoseconds since 1970
 * @generation: in force when the packet was judged
 * @packet: its number
 * @length: bytes
 * @flags: NETPOL_TRACE_F_*
 * @point: enum netpol_point
 * @verdict: enum netpol_verdict; 0: not known
 * @reason: enum netpol_reason, if denied
 * @direction: enum netpol_direction, if denied
 * @protocol: IPPROTO_*
 * @connection: enum netpol_connection
 * @ct_protocol: of the connection, if @tracked
 * @tcp_flags: if @has_tcp
 * @icmp_type: if @has_icmp
 * @icmp_code: if @has_icmp
 * @has_ports: @source and @destination have ports
 * @has_tcp: it is TCP, and has its header
 * @has_icmp: it is ICMP, and has its header
 * @tracked: conntrack has an entry, so @opener, @service and @server are set
 * @has_ct_ports: these have ports
 * @in: interface that it came in by; "": none
 * @out: interface that it is to leave by; "": none
 * @in_ifindex: its number; 0: none
 * @out_ifindex: likewise
 * @source: by its own header
 * @destination: by its own header
 * @opener: who opened the connection
 * @service: the address that it was opened to
 * @server: who answers
 */
struct np_passage {
	uint8_t end;
	uint64_t seen;
	uint64_t lost;
	uint64_t time;
	uint64_t generation;
	uint32_t packet;
	uint32_t length;
	uint32_t flags;
	uint8_t point;
	uint8_t verdict;
	uint8_t reason;
	uint8_t direction;
	uint8_t protocol;
	uint8_t connection;
	uint8_t ct_protocol;
	uint8_t tcp_flags;
	uint8_t icmp_type;
	uint8_t icmp_code;
	bool has_ports;
	bool has_tcp;
	bool has_icmp;
	bool tracked;
	bool has_ct_ports;
	char in[IF_NAMESIZE];
	char out[IF_NAMESIZE];
	uint32_t in_ifindex;
	uint32_t out_ifindex;
	struct np_trace_address source;
	struct np_trace_address destination;
	struct np_trace_address opener;
	struct np_trace_address service;
	struct np_trace_address server;
};

/*
 * Begins a trace, whose messages come to this client until it is closed: with np_client_receive(),
 * and to reply as well, as some may come before the acknowledgment. Returns 0, or -1 with *err
 * filled.
 */
int np_trace_begin(struct np_client *client, const struct np_trace_request *request,
		   np_reply_fn reply, void *arg, struct np_error *err);
/* Reads a NETPOL_CMD_TRACE. Returns 0, or -1 with *err filled. */
int np_passage_decode(const struct nlmsghdr *nlh, struct np_passage *passage,
		      struct np_error *err);
/* "preRouting", ... for programs, and "PRE_ROUTING", ... for people. */
const char *np_point_word(uint8_t point);
const char *np_point_name(uint8_t point);
/* "none", "untracked", "new", "established", "related" */
const char *np_connection_word(uint8_t connection);

#endif
