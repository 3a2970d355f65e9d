/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flows that listeners have been told of: packets that are alike in all but the source port. Those
 * that follow within a window of time are only counted, so that neither a client that tries again
 * nor a flood costs more than an event in a window. The memory is fixed. Packets take no lock, and
 * end after a bounded number of steps.
 *
 * A state of 64 bits says all of a flow that packets change, so that one cmpxchg counts a packet
 * and sees to it that the flow is still the one that was looked at:
 *
 *	bits  0 to 31	packets that are counted and not told
 *	bits 32 to 47	source port of the first of them
 *	bit  48		others had another source port
 *	bit  49		no window has ended since the flow began
 *	bit  50		there is a flow
 *	bit  51		a flow is being written
 *	bits 52 to 63	number of the flow among those that were in this place
 *
 * Only the end of a window, which one task at a time does, takes the count and ends a flow.
 *
 * Packets from one address have at most a quarter of the flows and of the rate, and packets to one
 * address at most half. So a sender leaves room for others, even for those that send to the same
 * pod, and many senders to one pod leave room for packets to others. Addresses are told apart by a
 * keyed hash of 8 bits: which of them share a quarter or a half, nobody outside can choose. Sources
 * that a sender can make up, as many as it likes, have one quarter together.
 */
#ifndef NETPOL_EVENT_TABLE_H
#define NETPOL_EVENT_TABLE_H

#include <linux/atomic.h>
#include <linux/types.h>

#define NETPOL_EVENT_WAYS	4	/* places for a flow */
#define NETPOL_EVENT_BUCKETS	64	/* a power of two */
#define NETPOL_EVENT_FLOWS	(NETPOL_EVENT_WAYS * NETPOL_EVENT_BUCKETS)
#define NETPOL_EVENT_ENDS	2	/* source and destination */
#define NETPOL_EVENT_HASHES	256	/* of addresses */
#define NETPOL_EVENT_MADE_UP	NETPOL_EVENT_HASHES	/* share of sources that are made up */
#define NETPOL_EVENT_SHARES	(NETPOL_EVENT_HASHES + 1)

/**
 * struct netpol_event_key - what the packets of a flow have in common
 * @source: address, 4 or 16 bytes in network order, and zeros
 * @destination: likewise
 * @port: destination port, host order
 * @family: AF_INET or AF_INET6
 * @protocol: IPPROTO_*
 * @direction: enum netpol_direction of the half that denied, or would
 * @reason: enum netpol_reason
 * @zero: 0, so that every byte is compared
 */
struct netpol_event_key {
	u8 source[16];
	u8 destination[16];
	u16 port;
	u8 family;
	u8 protocol;
	u8 direction;
	u8 reason;
	u16 zero;
} __aligned(8);

/**
 * struct netpol_event - packets of a flow, as far as the packet path knows them
 * @key: see there
 * @first: CLOCK_REALTIME of the first packet, nanoseconds
 * @last: that of the last one
 * @count: packets
 * @hash: of @key
 * @source_port: host order
 * @several: there are several source ports
 */
struct netpol_event {
	struct netpol_event_key key;
	u64 first;
	u64 last;
	u32 count;
	u32 hash;
	u16 source_port;
	bool several;
};

/**
 * struct netpol_event_budget - events in a second
 * @second: the second that @spent counts; a race at its end costs or grants a few events
 * @spent: events in that second
 */
struct netpol_event_budget {
	u32 second;
	atomic_t spent;
};

/**
 * struct netpol_event_share - what packets from one address have, or those to one
 * @spent: events of single packets
 * @held: flows
 */
struct netpol_event_share {
	struct netpol_event_budget spent;
	atomic_t held;
};

/**
 * struct netpol_event_flow - a flow, or a place for one
 * @state: see above
 * @key: see there; constant while there is a flow
 * @told: no packet that is not told is older than this
 * @first: time of the first packet that is not told; a clock that is read fast is good enough
 * @last: time of the last one
 * @share: of the source and of the destination; constant while there is a flow
 */
struct netpol_event_flow {
	atomic64_t state;
	struct netpol_event_key key;
	u64 told;
	u64 first;
	u64 last;
	u16 share[NETPOL_EVENT_ENDS];
};

struct netpol_event_table {
	struct netpol_event_flow flow[NETPOL_EVENT_FLOWS];
	struct netpol_event_share share[NETPOL_EVENT_ENDS][NETPOL_EVENT_SHARES];
};

enum netpol_event_counted {
	NETPOL_EVENT_COUNTED,
	NETPOL_EVENT_NO_FLOW,
	NETPOL_EVENT_OVERRUN,	/* there is a flow, but it cannot count this packet */
};

enum netpol_event_ended {
	NETPOL_EVENT_GONE,	/* there is no flow, any more */
	NETPOL_EVENT_KEPT,	/* there is one, and nothing to tell of it */
	NETPOL_EVENT_SUM,	/* there is one, and packets to tell of */
};

bool netpol_event_spend(struct netpol_event_budget *budget, u32 now, u32 limit);
void netpol_event_shares(const struct netpol_event_key *key, u16 *share);
bool netpol_event_share_spend(struct netpol_event_table *table, const u16 *share, u32 now,
			      u32 rate);
enum netpol_event_counted netpol_event_flow_count(struct netpol_event_table *table,
						  const struct netpol_event *event);
struct netpol_event_flow *netpol_event_flow_reserve(struct netpol_event_table *table,
						    const struct netpol_event *event,
						    const u16 *share);
void netpol_event_flow_publish(struct netpol_event_flow *flow, const struct netpol_event *event,
			       const u16 *share, bool told);
enum netpol_event_ended netpol_event_flow_end(struct netpol_event_table *table, u32 number,
					      bool tell, struct netpol_event *event);

#endif /* NETPOL_EVENT_TABLE_H */
