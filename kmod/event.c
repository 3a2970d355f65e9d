// SPDX-License-Identifier: GPL-2.0
/*
 * Events about packets that are denied, or would be without audit. The packet path writes what it
 * knows into a ring. A work item takes it from there, finds the names of pods and policies and
 * multicasts a message.
 *
 * The ring is the bounded queue of D. Vyukov, with many writers and one reader, and nobody
 * waits. Each slot has a turn. Event number t goes into slot t % EVENT_SLOTS: the slot is free
 * for it when its turn is t, and holds it when its turn is t + 1. An event that finds no free
 * slot is lost and counted.
 */
#include "event.h"
#include "core/classify.h"
#include "core/hash.h"
#include "netlink.h"
#include "netns.h"
#include "netpol_trace.h"

#include <linux/atomic.h>
#include <linux/timekeeping.h>

#define EVENT_SLOTS	128	/* a power of two */
#define EVENT_TRIES	4	/* to get a slot while other CPUs take them */

/* Policies listed in one event. NETPOL_EVENT_A_POLICIES says how many there are in all. */
#define EVENT_POLICIES	8

/* Size of a message: the names of two pods and of EVENT_POLICIES policies, and the rest. */
#define EVENT_BYTES	NLMSG_DEFAULT_SIZE

bool netpol_event_asked __read_mostly;

/**
 * struct netpol_event - a packet, as far as the packet path knows it
 * @turn: which event the slot is free for or holds, see above
 * @source_port: host order
 * @port: destination port, host order
 * @time: CLOCK_REALTIME, nanoseconds
 * @source: address, 4 or 16 bytes, network order
 * @destination: address
 * @family: AF_INET or AF_INET6
 * @protocol: IPPROTO_*
 * @direction: enum netpol_direction of the half that denied, or would
 * @reason: enum netpol_reason
 */
struct netpol_event {
	u32 turn;
	u16 source_port;
	u16 port;
	u64 time;
	u8 source[16];
	u8 destination[16];
	u8 family;
	u8 protocol;
	u8 direction;
	u8 reason;
};

/**
 * struct netpol_event_queue - events from the packets of one network namespace to listeners
 * @nn: state of the network namespace
 * @verdict: enum netpol_verdict of the packets, DENY or AUDIT
 * @work: sends what is in the ring
 * @lost: events that exceeded the rate or found no free slot; per CPU
 * @second: the second that @spent counts; a race at its end costs or grants a few events
 * @spent: events in that second
 * @tail: number of the next event
 * @head: number of the next event to send; only @work uses it
 * @sent: events sent; only @work writes it
 * @lost_reported: how many of the lost events listeners were told of; only @work uses it
 * @event: ring
 */
struct netpol_event_queue {
	struct netpol_net *nn;
	u8 verdict;
	struct work_struct work;
	u64 __percpu *lost;
	u32 second;
	atomic_t spent;
	atomic_t tail;
	u32 head;
	u64 sent;
	u64 lost_reported;
	struct netpol_event event[EVENT_SLOTS];
};

static u64 events_lost(const struct netpol_event_queue *queue)
{
	u64 lost = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		lost += READ_ONCE(*per_cpu_ptr(queue->lost, cpu));
	return lost;
}

/* Is another event within the rate for this second? If so, it is counted. */
static bool event_allowed(struct netpol_event_queue *queue, u32 rate)
{
	u32 now = ktime_get_seconds(), second = READ_ONCE(queue->second);

	if (second != now && cmpxchg(&queue->second, second, now) == second)
		atomic_set(&queue->spent, 0);
	if ((u32)atomic_read(&queue->spent) >= rate)
		return false;
	return (u32)atomic_inc_return(&queue->spent) <= rate;
}

/* Takes a free slot. @turn: set to the turn to give it once it is filled. NULL: none is free. */
static struct netpol_event *event_slot(struct netpol_event_queue *queue, u32 *turn)
{
	u32 tail = atomic_read(&queue->tail);
	int i;

	for (i = 0; i < EVENT_TRIES; i++) {
		struct netpol_event *event = &queue->event[tail % EVENT_SLOTS];
		/* pairs with the release in event_take() */
		s32 behind = tail - smp_load_acquire(&event->turn);
		u32 before;

		if (behind > 0)		/* the ring is full */
			return NULL;
		if (behind < 0) {	/* another CPU has this number */
			tail = atomic_read(&queue->tail);
			continue;
		}
		before = atomic_cmpxchg(&queue->tail, tail, tail + 1);
		if (before == tail) {
			*turn = tail + 1;
			return event;
		}
		tail = before;
	}
	return NULL;
}

/* Writes an event into the ring, or counts it as lost. Needs rcu_read_lock(). */
static void event_write(struct netpol_event_queue *queue, const struct netpol_snapshot *snapshot,
			const struct netpol_flow *flow, u16 source_port, u8 direction, u8 reason)
{
	size_t bytes = flow->family == AF_INET ? 4 : 16;
	struct netpol_event *event = NULL;
	u32 turn;

	if (event_allowed(queue, snapshot->settings->event_rate ?: NETPOL_EVENT_RATE))
		event = event_slot(queue, &turn);
	if (!event) {
		this_cpu_inc(*queue->lost);
		return;
	}
	event->time = ktime_get_real_ns();
	event->source_port = source_port;
	event->port = flow->port;
	memcpy(event->source, flow->source, bytes);
	memcpy(event->destination, flow->destination, bytes);
	event->family = flow->family;
	event->protocol = flow->protocol;
	event->direction = direction;
	event->reason = reason;
	/* pairs with the acquire in event_take() */
	smp_store_release(&event->turn, turn);
	schedule_work(&queue->work);
}

/**
 * netpol_event_deny() - report a denied packet to the listeners
 * @nn: state of the network namespace
 * @snapshot: snapshot that judged the packet
 * @flow: addresses, protocol and destination port to report
 * @source_port: host order
 * @judgement: reason and direction of the denial
 *
 * Needs rcu_read_lock(). If nobody listens, it costs a test of one bit.
 */
void netpol_event_deny(struct netpol_net *nn, const struct netpol_snapshot *snapshot,
		       const struct netpol_flow *flow, u16 source_port,
		       const struct netpol_judgement *judgement)
{
	trace_netpol_packet(nn->net->ns.inum, snapshot->generation, flow, source_port,
			    NETPOL_VERDICT_DENY, judgement->direction, judgement->reason);
	if (netpol_event_wanted(nn))
		event_write(nn->events, snapshot, flow, source_port, judgement->direction,
			    judgement->reason);
}

/**
 * netpol_event_audit() - report a packet that observed policies would deny
 * @nn: state of the network namespace
 * @snapshot: snapshot that judged the packet
 * @flow: addresses, protocol and destination port to report
 * @source_port: host order
 * @direction: enum netpol_direction of the half that would deny it
 *
 * Needs rcu_read_lock().
 */
void netpol_event_audit(struct netpol_net *nn, const struct netpol_snapshot *snapshot,
			const struct netpol_flow *flow, u16 source_port, u8 direction)
{
	u8 reason = flow->no_ports ? NETPOL_REASON_NO_PORTS : NETPOL_REASON_ISOLATED;

	trace_netpol_packet(nn->net->ns.inum, snapshot->generation, flow, source_port,
			    NETPOL_VERDICT_AUDIT, direction, reason);
	if (netpol_event_audit_wanted(nn))
		event_write(nn->observed, snapshot, flow, source_port, direction, reason);
}

/* Takes the oldest event out of the ring; false: the ring is empty. */
static bool event_take(struct netpol_event_queue *queue, struct netpol_event *event)
{
	struct netpol_event *slot = &queue->event[queue->head % EVENT_SLOTS];

	/* pairs with the release in event_write() */
	if (smp_load_acquire(&slot->turn) != queue->head + 1)
		return false;
	*event = *slot;
	/* pairs with the acquire in event_slot() */
	smp_store_release(&slot->turn, queue->head + EVENT_SLOTS);
	queue->head++;
	return true;
}

/* The pod that an address belongs to, on this node or not; NULL: none. Needs the lock. */
static const struct netpol_pod *event_pod(const struct netpol_snapshot *snapshot, u8 family,
					  const void *address, struct netpol_end *end)
{
	u32 hash = netpol_address_hash(family, address), cursor = 0;
	const struct netpol_pod *pod;
	const void *claim;

	netpol_resolve(snapshot, family, address, end);
	if (end->local)
		return end->local->pod;
	if (!end->identity)
		return NULL;
	while ((claim = netpol_table_for_each(&snapshot->claims, hash, &cursor,
					      netpol_claim_hash))) {
		pod = netpol_claim_pod(claim);
		if (netpol_claim_is(claim, family, address) &&
		    !netpol_pod_is_local(pod) && pod->template->identity &&
		    pod->template->identity->number == end->identity)
			return pod;
	}
	return NULL;
}

static int put_pod(struct sk_buff *skb, const struct netpol_pod *pod, u16 ns, u16 name)
{
	if (!pod)
		return 0;
	return nla_put_string(skb, ns, pod->template->ns->name) ||
	       nla_put_string(skb, name, netpol_pod_name(pod));
}

/* Puts one policy, or leaves the message as it was if there is no room. */
static int put_policy(struct sk_buff *skb, const struct netpol_snapshot *snapshot,
		      const struct netpol_policy *policy)
{
	struct nlattr *nest = nla_nest_start(skb, NETPOL_EVENT_A_POLICY);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u8(skb, NETPOL_POLICY_A_KIND, policy->kind) ||
	    nla_put_u8(skb, NETPOL_POLICY_A_TIER, policy->tier) ||
	    (!policy->namespaces &&
	     nla_put_string(skb, NETPOL_POLICY_A_NAMESPACE, policy->ns->name)) ||
	    nla_put_string(skb, NETPOL_POLICY_A_NAME, policy->name) ||
	    nla_put_string(skb, NETPOL_POLICY_A_ORIGIN,
			   snapshot->origin[policy->origin].name)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/* Puts the policies that isolate @subject, or would, as many as fit. */
static int put_policies(struct sk_buff *skb, const struct netpol_snapshot *snapshot,
			const struct netpol_local *subject, u8 verdict, u8 direction)
{
	const struct netpol_program *program = subject ? subject->program[direction] : NULL;
	u32 i, first, count;

	if (!program)
		return 0;
	first = verdict == NETPOL_VERDICT_AUDIT ? program->nenforced : 0;
	count = verdict == NETPOL_VERDICT_AUDIT ? program->npolicies - first :
							 program->nenforced;
	if (nla_put_u32(skb, NETPOL_EVENT_A_POLICIES, count))
		return -EMSGSIZE;
	for (i = 0; i < min_t(u32, count, EVENT_POLICIES); i++)
		if (put_policy(skb, snapshot, program->policy[first + i]))
			break;
	return 0;
}

/* The rule that denies what an event is about, by the snapshot in force; NULL: none does. */
static const struct netpol_order *deciding_rule(const struct netpol_snapshot *snapshot,
						const struct netpol_event *event,
						const struct netpol_end *subject,
						const struct netpol_end *other)
{
	const struct netpol_flow flow = {
		.source = event->source,
		.destination = event->destination,
		.family = event->family,
		.protocol = event->protocol,
		.port = event->port,
	};
	struct netpol_decision half;

	if (event->reason != NETPOL_REASON_RULE || !subject->local)
		return NULL;
	netpol_judge_half(snapshot, &flow, event->direction, subject->local, other, &half);
	if (half.accept || half.reason != NETPOL_REASON_RULE)
		return NULL;
	return &half.program->order[NETPOL_CELL_ORDER(half.cell)];
}

/* Puts the rule that denied, and its policy. */
static int put_rule(struct sk_buff *skb, const struct netpol_snapshot *snapshot,
		    const struct netpol_order *order)
{
	if (nla_put_u32(skb, NETPOL_EVENT_A_POLICIES, 1) ||
	    put_policy(skb, snapshot, order->policy) ||
	    nla_put_u32(skb, NETPOL_EVENT_A_RULE, order->rule->index) ||
	    (order->rule->name &&
	     nla_put_string(skb, NETPOL_EVENT_A_RULE_NAME, order->rule->name)))
		return -EMSGSIZE;
	return 0;
}

/*
 * Puts an event. Names and policies come from the snapshot in force now, although the packet
 * may be some commits older: to report those of its own time, the packet path would have to
 * copy them for each packet.
 */
static int put_event(struct sk_buff *skb, const struct netpol_snapshot *snapshot, u8 verdict,
		     const struct netpol_event *event, u64 lost)
{
	bool v4 = event->family == AF_INET, policies;
	const struct netpol_pod *from, *to;
	struct netpol_end source, destination;
	const struct netpol_end *subject, *other;
	const struct netpol_program *program;
	const struct netpol_order *order;
	int bytes = v4 ? 4 : 16;

	from = event_pod(snapshot, event->family, event->source, &source);
	to = event_pod(snapshot, event->family, event->destination, &destination);
	subject = event->direction == NETPOL_DIRECTION_EGRESS ? &source : &destination;
	other = subject == &source ? &destination : &source;
	program = subject->local ? subject->local->program[event->direction] : NULL;
	order = deciding_rule(snapshot, event, subject, other);
	switch (event->reason) {
	case NETPOL_REASON_ISOLATED:
	case NETPOL_REASON_NO_PORTS:
	case NETPOL_REASON_MALFORMED:
	case NETPOL_REASON_UNTRACEABLE:
	case NETPOL_REASON_RULE:
		policies = true;
		break;
	default:
		policies = false;
	}
	if (nla_put_u64_64bit(skb, NETPOL_EVENT_A_TIME, event->time, NETPOL_EVENT_A_PAD) ||
	    nla_put_u8(skb, NETPOL_EVENT_A_DIRECTION, event->direction) ||
	    nla_put_u8(skb, NETPOL_EVENT_A_REASON, netpol_reason_told(event->reason, program)) ||
	    nla_put(skb, v4 ? NETPOL_EVENT_A_SOURCE4 : NETPOL_EVENT_A_SOURCE6, bytes,
		    event->source) ||
	    nla_put(skb, v4 ? NETPOL_EVENT_A_DESTINATION4 : NETPOL_EVENT_A_DESTINATION6,
		    bytes, event->destination) ||
	    nla_put_u8(skb, NETPOL_EVENT_A_PROTOCOL, event->protocol))
		return -EMSGSIZE;
	if (netpol_protocol_index(event->protocol) != NETPOL_PROTOCOLS &&
	    (nla_put_u16(skb, NETPOL_EVENT_A_SOURCE_PORT, event->source_port) ||
	     nla_put_u16(skb, NETPOL_EVENT_A_DESTINATION_PORT, event->port)))
		return -EMSGSIZE;
	if (put_pod(skb, from, NETPOL_EVENT_A_SOURCE_NAMESPACE, NETPOL_EVENT_A_SOURCE_NAME) ||
	    put_pod(skb, to, NETPOL_EVENT_A_DESTINATION_NAMESPACE,
		    NETPOL_EVENT_A_DESTINATION_NAME))
		return -EMSGSIZE;
	if (lost && nla_put_u64_64bit(skb, NETPOL_EVENT_A_LOST, lost, NETPOL_EVENT_A_PAD))
		return -EMSGSIZE;
	if (order)
		return put_rule(skb, snapshot, order);
	return policies ? put_policies(skb, snapshot, subject->local, verdict, event->direction) :
			  0;
}

/* The message for an event; NULL: no memory, or no room in the message. */
static struct sk_buff *event_message(const struct netpol_event_queue *queue,
				     const struct netpol_event *event, u64 lost)
{
	struct netpol_net *nn = queue->nn;
	struct sk_buff *skb = genlmsg_new(EVENT_BYTES, GFP_KERNEL);
	struct nlattr *nest;
	void *header;
	int error;

	if (!skb)
		return NULL;
	header = genlmsg_put(skb, 0, 0, &netpol_genl_family, 0, NETPOL_CMD_EVENT);
	if (!header || nla_put_u8(skb, NETPOL_A_VERDICT, queue->verdict))
		goto fail;
	nest = nla_nest_start(skb, NETPOL_A_EVENT);
	if (!nest)
		goto fail;
	mutex_lock(&nn->lock);
	error = put_event(skb, nn->world->snapshot, queue->verdict, event, lost);
	mutex_unlock(&nn->lock);
	if (error)
		goto fail;
	nla_nest_end(skb, nest);
	genlmsg_end(skb, header);
	return skb;
fail:
	nlmsg_free(skb);
	return NULL;
}

/* Sends all events of a ring. */
static void event_work(struct work_struct *work)
{
	struct netpol_event_queue *queue = container_of(work, struct netpol_event_queue, work);
	unsigned int group = queue->verdict == NETPOL_VERDICT_AUDIT ? NETPOL_GROUP_AUDIT :
								      NETPOL_GROUP_DENY;
	struct netpol_event event;
	struct sk_buff *skb;

	while (event_take(queue, &event)) {
		u64 lost = events_lost(queue);
		int error = -ENOMEM;

		skb = event_message(queue, &event, lost - queue->lost_reported);
		/* Who gets the message may ask for the count before this task goes on. */
		WRITE_ONCE(queue->sent, queue->sent + 1);
		if (skb)
			error = genlmsg_multicast_netns(&netpol_genl_family, queue->nn->net,
							skb, 0, group, GFP_KERNEL);
		if (!error) {
			queue->lost_reported = lost;
		} else {
			WRITE_ONCE(queue->sent, queue->sent - 1);
			if (error != -ESRCH)	/* -ESRCH: nobody listens any more */
				this_cpu_inc(*queue->lost);
		}
		cond_resched();
	}
}

/*
 * Makes a queue of a network namespace, for packets with a verdict, DENY or AUDIT. Return: the
 * queue; NULL: no memory.
 */
struct netpol_event_queue *netpol_event_queue_create(struct netpol_net *nn, u8 verdict)
{
	struct netpol_event_queue *queue = netpol_alloc(sizeof(*queue));
	u32 i;

	if (!queue)
		return NULL;
	queue->lost = netpol_percpu_alloc(sizeof(*queue->lost));
	if (!queue->lost) {
		netpol_free(queue);
		return NULL;
	}
	queue->nn = nn;
	queue->verdict = verdict;
	INIT_WORK(&queue->work, event_work);
	for (i = 0; i < EVENT_SLOTS; i++)
		queue->event[i].turn = i;
	return queue;
}

/* Frees a queue that no packet can reach any more, or NULL. Not under @nn->lock. */
void netpol_event_queue_destroy(struct netpol_event_queue *queue)
{
	if (!queue)
		return;
	cancel_work_sync(&queue->work);
	netpol_percpu_free(queue->lost);
	netpol_free(queue);
}

/* Counts of events of denied packets sent and lost, since the queue was made. */
void netpol_event_counts(const struct netpol_net *nn, u64 *sent, u64 *lost)
{
	*sent = READ_ONCE(nn->events->sent);
	*lost = events_lost(nn->events);
}
