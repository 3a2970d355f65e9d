// SPDX-License-Identifier: GPL-2.0
/*
 * Flows that listeners have been told of, and what each address may take of the events.
 */
#include "event_table.h"
#include "core/hash.h"

#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/netpol.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>

#define STATE_COUNT	GENMASK_ULL(31, 0)
#define STATE_PORT_BIT	32
#define STATE_PORT	GENMASK_ULL(47, 32)
#define STATE_SEVERAL	BIT_ULL(48)
#define STATE_NEW	BIT_ULL(49)
#define STATE_LIVE	BIT_ULL(50)
#define STATE_WRITTEN	BIT_ULL(51)
#define STATE_NUMBER	GENMASK_ULL(63, 52)
#define STATE_NUMBER_1	BIT_ULL(52)

/* To count a packet while other CPUs count others of the same flow; then it is lost. */
#define COUNT_TRIES	16

/**
 * netpol_event_spend() - take an event out of a budget
 * @budget: budget
 * @now: second of any clock that does not go back
 * @limit: events in a second
 *
 * Return: false: there is none left for this second.
 */
bool netpol_event_spend(struct netpol_event_budget *budget, u32 now, u32 limit)
{
	u32 second = READ_ONCE(budget->second);

	if (second != now && cmpxchg(&budget->second, second, now) == second)
		atomic_set(&budget->spent, 0);
	if ((u32)atomic_read(&budget->spent) >= limit)
		return false;
	return (u32)atomic_inc_return(&budget->spent) <= limit;
}

/*
 * Can a pod send from any number of such sources? They are not its own, or are those by which it
 * speaks to its node alone, which nobody knows; see foreign_source() in hook.c.
 */
static bool made_up(const struct netpol_event_key *key)
{
	return key->reason == NETPOL_REASON_SPOOFED ||
	       (key->family == AF_INET6 && key->source[0] == 0xfe &&
		(key->source[1] & 0xc0) == 0x80);
}

/* Sets the numbers of the shares of source and destination. */
void netpol_event_shares(const struct netpol_event_key *key, u16 *share)
{
	share[0] = made_up(key) ? NETPOL_EVENT_MADE_UP :
		   netpol_address_hash(key->family, key->source) % NETPOL_EVENT_HASHES;
	share[1] = netpol_address_hash(key->family, key->destination) % NETPOL_EVENT_HASHES;
}

/* What one source (@end 0) or destination (@end 1) has of @whole, which is not 0: 1 at least. */
static u32 share_of(u32 whole, int end)
{
	return (whole - 1) / (end ? 2 : 4) + 1;
}

/* Is another event within what both ends have of the rate for this second? If so, it is counted. */
bool netpol_event_share_spend(struct netpol_event_table *table, const u16 *share, u32 now,
			      u32 rate)
{
	int end;

	for (end = 0; end < NETPOL_EVENT_ENDS; end++)
		if (!netpol_event_spend(&table->share[end][share[end]].spent, now,
					share_of(rate, end)))
			return false;
	return true;
}

static struct netpol_event_flow *flow_bucket(struct netpol_event_table *table, u32 hash)
{
	return &table->flow[hash % NETPOL_EVENT_BUCKETS * NETPOL_EVENT_WAYS];
}

/* The state after one more packet. */
static u64 state_counted(u64 state, u16 source_port)
{
	u64 port = (u64)source_port << STATE_PORT_BIT;

	if (!(state & STATE_COUNT))
		return (state & ~(STATE_PORT | STATE_SEVERAL)) + port + 1;
	return (state | ((state & STATE_PORT) == port ? 0 : STATE_SEVERAL)) + 1;
}

/* Counts a packet in a flow that was seen in this state. */
static enum netpol_event_counted flow_count(struct netpol_event_flow *flow, u64 state,
					    u16 source_port)
{
	u64 number = state & STATE_NUMBER, now = ktime_get_coarse_real_ns(), before;
	int i;

	for (i = 0; i < COUNT_TRIES && (state & STATE_COUNT) != STATE_COUNT; i++) {
		if (!(state & STATE_COUNT))
			WRITE_ONCE(flow->first, now);
		if (READ_ONCE(flow->last) != now)
			WRITE_ONCE(flow->last, now);
		before = atomic64_cmpxchg(&flow->state, state, state_counted(state, source_port));
		if (before == state)
			return NETPOL_EVENT_COUNTED;
		state = before;
		if (!(state & STATE_LIVE) || (state & STATE_NUMBER) != number)
			return NETPOL_EVENT_NO_FLOW;
	}
	return NETPOL_EVENT_OVERRUN;
}

/* Counts a packet in its flow, if there is one. */
enum netpol_event_counted netpol_event_flow_count(struct netpol_event_table *table,
						  const struct netpol_event *event)
{
	struct netpol_event_flow *flow = flow_bucket(table, event->hash);
	struct netpol_event_flow *end = flow + NETPOL_EVENT_WAYS;

	for (; flow < end; flow++) {
		/* pairs with the release in netpol_event_flow_publish() */
		u64 state = atomic64_read_acquire(&flow->state);

		/* If the key is being replaced, the state is another one by now. */
		if (state & STATE_LIVE && !memcmp(&flow->key, &event->key, sizeof(flow->key)))
			return flow_count(flow, state, event->source_port);
	}
	return NETPOL_EVENT_NO_FLOW;
}

/* Gives back what a flow takes of the shares of its first @ends ends. */
static void share_put(struct netpol_event_table *table, const u16 *share, int ends)
{
	while (ends--)
		atomic_dec(&table->share[ends][share[ends]].held);
}

/* Takes a flow out of the shares of its ends. Return: false: one has no more. */
static bool share_get(struct netpol_event_table *table, const u16 *share)
{
	int end;

	for (end = 0; end < NETPOL_EVENT_ENDS; end++)
		if ((u32)atomic_inc_return(&table->share[end][share[end]].held) >
		    share_of(NETPOL_EVENT_FLOWS, end)) {
			share_put(table, share, end + 1);
			return false;
		}
	return true;
}

/**
 * netpol_event_flow_reserve() - take a place for the flow of a packet
 * @table: flows
 * @event: the packet
 * @share: numbers of the shares of its ends
 *
 * Two CPUs may do this at once for one flow. Then there are two, each with its count.
 *
 * Return: a flow for netpol_event_flow_publish(), which must follow; NULL: there is no place.
 */
struct netpol_event_flow *netpol_event_flow_reserve(struct netpol_event_table *table,
						    const struct netpol_event *event,
						    const u16 *share)
{
	struct netpol_event_flow *flow = flow_bucket(table, event->hash);
	struct netpol_event_flow *end = flow + NETPOL_EVENT_WAYS;

	if (!share_get(table, share))
		return NULL;
	for (; flow < end; flow++) {
		u64 state = atomic64_read(&flow->state);

		if (!(state & (STATE_LIVE | STATE_WRITTEN)) &&
		    atomic64_cmpxchg(&flow->state, state,
				     (state + STATE_NUMBER_1) | STATE_WRITTEN) == state)
			return flow;
	}
	share_put(table, share, NETPOL_EVENT_ENDS);
	return NULL;
}

/* Begins a flow with a packet, which is counted unless it has been told. */
void netpol_event_flow_publish(struct netpol_event_flow *flow, const struct netpol_event *event,
			       const u16 *share, bool told)
{
	u64 state = atomic64_read(&flow->state) & STATE_NUMBER;

	flow->key = event->key;
	memcpy(flow->share, share, sizeof(flow->share));
	WRITE_ONCE(flow->told, event->first);
	WRITE_ONCE(flow->first, event->first);
	WRITE_ONCE(flow->last, event->last);
	state |= STATE_LIVE | STATE_NEW;
	/* pairs with the acquires of who looks at the flow */
	atomic64_set_release(&flow->state,
			     told ? state : state_counted(state, event->source_port));
}

/* Ends a flow of which nothing was counted. Return: false: a packet came in between. */
static bool flow_free(struct netpol_event_table *table, struct netpol_event_flow *flow, u64 state)
{
	u16 share[NETPOL_EVENT_ENDS];

	memcpy(share, flow->share, sizeof(share));
	if (atomic64_cmpxchg(&flow->state, state, state & STATE_NUMBER) != state)
		return false;
	share_put(table, share, NETPOL_EVENT_ENDS);
	return true;
}

/**
 * netpol_event_flow_end() - the end of the window of a flow
 * @table: flows
 * @number: which one
 * @tell: take what was counted, or leave it
 * @event: set to what was counted, if it is taken
 *
 * One task at a time calls it.
 */
enum netpol_event_ended netpol_event_flow_end(struct netpol_event_table *table, u32 number,
					      bool tell, struct netpol_event *event)
{
	struct netpol_event_flow *flow = &table->flow[number];
	/* pairs with the release in netpol_event_flow_publish() */
	u64 state = atomic64_read_acquire(&flow->state), told, first, last;

	if (!(state & STATE_LIVE))
		return state & STATE_WRITTEN ? NETPOL_EVENT_KEPT : NETPOL_EVENT_GONE;
	if (!(state & (STATE_COUNT | STATE_NEW)))
		return flow_free(table, flow, state) ? NETPOL_EVENT_GONE : NETPOL_EVENT_KEPT;
	if (!tell)
		return NETPOL_EVENT_KEPT;
	first = READ_ONCE(flow->first);
	/* Packets that are counted meanwhile are in the one sum or in the next. */
	state = atomic64_fetch_and(STATE_NUMBER | STATE_LIVE, &flow->state);
	if (!(state & STATE_COUNT))
		return NETPOL_EVENT_KEPT;
	/*
	 * The clock for packets that are counted is behind the other one by a tick; by more if it
	 * was set back meanwhile.
	 */
	last = READ_ONCE(flow->last);
	told = flow->told <= last + NSEC_PER_SEC ? flow->told : 0;
	last = max(last, told);
	event->key = flow->key;
	event->first = clamp(first, told, last);
	event->last = last;
	event->count = state & STATE_COUNT;
	event->source_port = (state & STATE_PORT) >> STATE_PORT_BIT;
	event->several = state & STATE_SEVERAL;
	flow->told = last;
	return NETPOL_EVENT_SUM;
}
