/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: events/netpol in tracefs, for perf, bpftrace and ftrace. They cost nothing while
 * nobody uses them. What is allowed has none, because the ways that nearly all packets take have no
 * instruction to spare. docs/testing.md says how to use them.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM netpol

#if !defined(NETPOL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define NETPOL_TRACE_H

#include <linux/tracepoint.h>
#include "core/classify.h"

/*
 * A packet that is denied (NETPOL_VERDICT_DENY), or would be if policies were not only observed
 * (NETPOL_VERDICT_AUDIT), with the numbers of linux/netpol.h. Addresses are in network order, those
 * of IPv4 in the first 4 bytes. Needs rcu_read_lock().
 */
TRACE_EVENT(netpol_packet,
	TP_PROTO(u32 netns, u64 generation, const struct netpol_flow *flow, u16 source_port,
		 u8 verdict, u8 direction, u8 reason),
	TP_ARGS(netns, generation, flow, source_port, verdict, direction, reason),
	TP_STRUCT__entry(
		__field(u64, generation)
		__field(u32, netns)
		__field(u16, family)
		__field(u16, source_port)
		__field(u16, port)
		__field(u8, protocol)
		__field(u8, verdict)
		__field(u8, direction)
		__field(u8, reason)
		__array(u8, source, 16)
		__array(u8, destination, 16)
	),
	TP_fast_assign(
		__entry->generation = generation;
		__entry->netns = netns;
		__entry->family = flow->family;
		__entry->source_port = source_port;
		__entry->port = flow->port;
		__entry->protocol = flow->protocol;
		__entry->verdict = verdict;
		__entry->direction = direction;
		__entry->reason = reason;
		memset(__entry->source, 0, 16);
		memset(__entry->destination, 0, 16);
		memcpy(__entry->source, flow->source, flow->family == AF_INET ? 4 : 16);
		memcpy(__entry->destination, flow->destination,
		       flow->family == AF_INET ? 4 : 16);
	),
	TP_printk("netns=%u generation=%llu verdict=%u direction=%u reason=%u family=%u protocol=%u source=%16phN:%u destination=%16phN:%u",
		  __entry->netns, __entry->generation, __entry->verdict, __entry->direction,
		  __entry->reason, __entry->family, __entry->protocol, __entry->source,
		  __entry->source_port, __entry->destination, __entry->port)
);

/*
 * A commit: the number of the network namespace, the generation that it made (0: it was refused), a
 * negative errno, and how long it took, from the beginning of the edit to the publication.
 */
TRACE_EVENT(netpol_commit,
	TP_PROTO(u32 netns, u64 generation, int error, u64 nanoseconds),
	TP_ARGS(netns, generation, error, nanoseconds),
	TP_STRUCT__entry(
		__field(u64, generation)
		__field(u64, nanoseconds)
		__field(u32, netns)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->generation = generation;
		__entry->nanoseconds = nanoseconds;
		__entry->netns = netns;
		__entry->error = error;
	),
	TP_printk("netns=%u generation=%llu error=%d nanoseconds=%llu", __entry->netns,
		  __entry->generation, __entry->error, __entry->nanoseconds)
);

#endif /* NETPOL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE netpol_trace
#include <trace/define_trace.h>
