// SPDX-License-Identifier: GPL-2.0
/*
 * Events about packets that are denied, or would be without audit. The packet path counts those of
 * a flow that has been told of already (see event_table.h), and writes what it knows of others into
 * a ring. A work item takes it from there, finds the names of pods and policies and multicasts a
 * message. Another one does the same for what was counted, when the window of time ends; it tells
 * what was lost too, if no event has told it by then.
 *
 * The ring is the bounded queue of D. Vyukov, with many writers and one reader, and nobody
 * waits. Each slot has a turn. Event number t goes into slot t % EVENT_SLOTS: the slot is free
 * for it when its turn is t, and holds it when its turn is t + 1. A packet that finds no free
 * slot is counted in its flow, or lost and counted as such.
 */
#include "event.h"
#include "core/classify.h"
#include "core/hash.h"
#include "event_table.h"
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
 * struct netpol_event_slot - a slot of the ring
 * @turn: which event the slot is free for or holds, see above
 * @event: one packet
 */
struct netpol_event_slot {
	u32 turn;
	struct netpol_event event;
};

/**
 * struct netpol_event_queue - events from the packets of one network namespace to listeners
 * @nn: state of the network namespace
 * @verdict: enum netpol_verdict of the packets, DENY or AUDIT
 * @work: sends what is in the ring
 * @window: sends what was counted and what was lost; it is pending or running while there is a flow
 *	in @table
 * @table: flows; allocated before the first packet is judged
 * @lost: packets that are in no event; per CPU
 * @spent: events of single packets
 * @tail: number of the next event
 * @sending: guards what is below, but for the slots
 * @head: number of the next event to send
 * @sent: events sent
 * @lost_reported: how many of the lost packets listeners were told of
 * @next: the flow whose turn it is to be told of first
 * @slot: ring
 */
struct netpol_event_queue {
	struct netpol_net *nn;
	u8 verdict;
	struct work_struct work;
	struct delayed_work window;
	struct netpol_event_table *table;
	u64 __percpu *lost;
	struct netpol_event_budget spent;
	atomic_t tail;
	struct mutex sending; /* see above */
	u32 head;
	u64 sent;
	u64 lost_reported;
	u32 next;
	struct netpol_event_slot slot[EVENT_SLOTS];
};

static u64 events_lost(const struct netpol_event_queue *queue)
{
	u64 lost = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		lost += READ_ONCE(*per_cpu_ptr(queue->lost, cpu));
	return lost;
}

/* Events of single packets in a second, and as many of what was counted. */
static u32 event_rate(const struct netpol_snapshot *snapshot)
{
	return snapshot->settings->event_rate ?: NETPOL_EVENT_RATE;
}

static unsigned int event_group(const struct netpol_event_queue *queue)
{
	return queue->verdict == NETPOL_VERDICT_AUDIT ? NETPOL_GROUP_AUDIT : NETPOL_GROUP_DENY;
}

/* Does anybody listen? */
static bool event_listened(const struct netpol_event_queue *queue)
{
	bool listened;

	rcu_read_lock();
	listened = netpol_genl_listened(&netpol_genl_family, queue->nn->net, event_group(queue));
	rcu_read_unlock();
	return listened;
}

/*
 * Has the window end some time. To be called after what it should find was written: its work item
 * is no longer pending when it looks, and then this begins another one.
 */
static void event_arm(struct netpol_event_queue *queue)
{
	/* pairs with the barrier of the workqueue between "not pending" and event_window() */
	smp_mb();
	if (!delayed_work_pending(&queue->window))
		schedule_delayed_work(&queue->window, msecs_to_jiffies(NETPOL_EVENT_WINDOW));
}

/* Asks netlink who listens for denied packets, and notes it. For netpol_event_wanted(). */
noinline bool netpol_event_ask(struct netpol_net *nn)
{
	unsigned long now = netpol_heard_nobody();
	/* pairs with the release in netpol_event_forget(): who joined before that is found below */
	unsigned long before = smp_load_acquire(&nn->heard);
	bool somebody;

	/*
	 * Another packet has just asked. What is written below replaces no answer of this tick:
	 * there may have been a request since, and an answer that looks the same.
	 */
	if ((before & ~NETPOL_HEARD_SOMEBODY) == now)
		return before & NETPOL_HEARD_SOMEBODY;
	somebody = READ_ONCE(netpol_event_asked) &&
		   netpol_genl_listened(&netpol_genl_family, nn->net, NETPOL_GROUP_DENY);
	cmpxchg(&nn->heard, before, somebody ? now | NETPOL_HEARD_SOMEBODY : now);
	return somebody;
}

/* Has the next denied packet ask anew, whoever asks at this moment. */
void netpol_event_forget(struct netpol_net *nn)
{
	static atomic_long_t serial;
	unsigned long unique = atomic_long_inc_return(&serial);

	/* pairs with the acquire in netpol_event_ask() */
	smp_store_release(&nn->heard, unique * NETPOL_HEARD_TICK);
}

/* Counts packets that are in no event. */
static void event_lose(struct netpol_event_queue *queue, u64 packets)
{
	this_cpu_add(*queue->lost, packets);
	event_arm(queue);
}

/* Takes a free slot. @turn: set to the turn to give it once it is filled. NULL: none is free. */
static struct netpol_event_slot *event_slot(struct netpol_event_queue *queue, u32 *turn)
{
	u32 tail = atomic_read(&queue->tail);
	int i;

	for (i = 0; i < EVENT_TRIES; i++) {
		struct netpol_event_slot *slot = &queue->slot[tail % EVENT_SLOTS];
		/* pairs with the release in event_take() */
		s32 behind = tail - smp_load_acquire(&slot->turn);
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
			return slot;
		}
		tail = before;
	}
	return NULL;
}

/* Writes an event into the ring. Return: false: no slot was free. */
static bool event_write(struct netpol_event_queue *queue, const struct netpol_event *event)
{
	struct netpol_event_slot *slot;
	u32 turn;

	slot = event_slot(queue, &turn);
	if (!slot)
		return false;
	slot->event = *event;
	/* pairs with the acquire in event_take() */
	smp_store_release(&slot->turn, turn);
	schedule_work(&queue->work);
	return true;
}

/*
 * Tells of a packet that begins a flow at once, if the rate allows it. What cannot be told at once
 * is counted in its flow, or lost if there is no room for that.
 */
static void event_begin(struct netpol_event_queue *queue, u32 rate, struct netpol_event *event)
{
	u16 share[NETPOL_EVENT_ENDS];
	struct netpol_event_flow *flow;
	u32 now = ktime_get_seconds();
	bool told;

	event->first = ktime_get_real_ns();
	event->last = event->first;
	event->count = 1;
	netpol_event_shares(&event->key, share);
	flow = netpol_event_flow_reserve(queue->table, event, share);
	told = netpol_event_share_spend(queue->table, share, now, rate) &&
	       netpol_event_spend(&queue->spent, now, rate) && event_write(queue, event);
	if (flow) {
		netpol_event_flow_publish(flow, event, share, told);
		event_arm(queue);
	} else if (!told) {
		event_lose(queue, 1);
	}
}

/* Reports a packet. Needs rcu_read_lock(). */
static void event_report(struct netpol_event_queue *queue, const struct netpol_snapshot *snapshot,
			 const struct netpol_flow *flow, u16 source_port, u8 direction, u8 reason)
{
	size_t bytes = flow->family == AF_INET ? 4 : 16;
	struct netpol_event event = {
		.key = {
			.port = flow->port,
			.family = flow->family,
			.protocol = flow->protocol,
			.direction = direction,
			.reason = reason,
		},
		.source_port = source_port,
	};

	memcpy(event.key.source, flow->source, bytes);
	memcpy(event.key.destination, flow->destination, bytes);
	event.hash = netpol_hash(&event.key, sizeof(event.key));
	switch (netpol_event_flow_count(queue->table, &event)) {
	case NETPOL_EVENT_COUNTED:
		break;
	case NETPOL_EVENT_OVERRUN:
		event_lose(queue, 1);
		break;
	case NETPOL_EVENT_NO_FLOW:
		event_begin(queue, event_rate(snapshot), &event);
	}
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
		event_report(nn->events, snapshot, flow, source_port, judgement->direction,
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
		event_report(nn->observed, snapshot, flow, source_port, direction, reason);
}

/* Takes the oldest event out of the ring; false: the ring is empty. */
static bool event_take(struct netpol_event_queue *queue, struct netpol_event *event)
{
	struct netpol_event_slot *slot = &queue->slot[queue->head % EVENT_SLOTS];

	/* pairs with the release in event_write() */
	if (smp_load_acquire(&slot->turn) != queue->head + 1)
		return false;
	*event = slot->event;
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
						const struct netpol_event_key *key,
						const struct netpol_end *subject,
						const struct netpol_end *other)
{
	const struct netpol_flow flow = {
		.source = key->source,
		.destination = key->destination,
		.family = key->family,
		.protocol = key->protocol,
		.port = key->port,
	};
	struct netpol_decision half;

	if (key->reason != NETPOL_REASON_RULE || !subject->local)
		return NULL;
	netpol_judge_half(snapshot, &flow, key->direction, subject->local, other, &half);
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
		     const struct netpol_event *event)
{
	const struct netpol_event_key *key = &event->key;
	bool v4 = key->family == AF_INET, policies;
	const struct netpol_pod *from, *to;
	struct netpol_end source, destination;
	const struct netpol_end *subject, *other;
	const struct netpol_program *program;
	const struct netpol_order *order;
	int bytes = v4 ? 4 : 16;

	from = event_pod(snapshot, key->family, key->source, &source);
	to = event_pod(snapshot, key->family, key->destination, &destination);
	subject = key->direction == NETPOL_DIRECTION_EGRESS ? &source : &destination;
	other = subject == &source ? &destination : &source;
	program = subject->local ? subject->local->program[key->direction] : NULL;
	order = deciding_rule(snapshot, key, subject, other);
	switch (key->reason) {
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
	if (nla_put_u64_64bit(skb, NETPOL_EVENT_A_TIME, event->last, NETPOL_EVENT_A_PAD) ||
	    nla_put_u8(skb, NETPOL_EVENT_A_DIRECTION, key->direction) ||
	    nla_put_u8(skb, NETPOL_EVENT_A_REASON, netpol_reason_told(key->reason, program)) ||
	    nla_put(skb, v4 ? NETPOL_EVENT_A_SOURCE4 : NETPOL_EVENT_A_SOURCE6, bytes,
		    key->source) ||
	    nla_put(skb, v4 ? NETPOL_EVENT_A_DESTINATION4 : NETPOL_EVENT_A_DESTINATION6,
		    bytes, key->destination) ||
	    nla_put_u8(skb, NETPOL_EVENT_A_PROTOCOL, key->protocol))
		return -EMSGSIZE;
	if (netpol_protocol_index(key->protocol) != NETPOL_PROTOCOLS &&
	    ((!event->several &&
	      nla_put_u16(skb, NETPOL_EVENT_A_SOURCE_PORT, event->source_port)) ||
	     nla_put_u16(skb, NETPOL_EVENT_A_DESTINATION_PORT, key->port)))
		return -EMSGSIZE;
	if (event->count > 1 &&
	    (nla_put_u64_64bit(skb, NETPOL_EVENT_A_COUNT, event->count, NETPOL_EVENT_A_PAD) ||
	     nla_put_u64_64bit(skb, NETPOL_EVENT_A_FIRST, event->first, NETPOL_EVENT_A_PAD)))
		return -EMSGSIZE;
	if (put_pod(skb, from, NETPOL_EVENT_A_SOURCE_NAMESPACE, NETPOL_EVENT_A_SOURCE_NAME) ||
	    put_pod(skb, to, NETPOL_EVENT_A_DESTINATION_NAMESPACE,
		    NETPOL_EVENT_A_DESTINATION_NAME))
		return -EMSGSIZE;
	if (order)
		return put_rule(skb, snapshot, order);
	return policies ? put_policies(skb, snapshot, subject->local, verdict, key->direction) :
			  0;
}

/*
 * The message for an event, or without one about what was lost alone; NULL: no memory, or no room
 * in the message.
 */
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
	if (lost && nla_put_u64_64bit(skb, NETPOL_EVENT_A_LOST, lost, NETPOL_EVENT_A_PAD))
		goto fail;
	if (event) {
		mutex_lock(&nn->lock);
		error = put_event(skb, nn->world->snapshot, queue->verdict, event);
		mutex_unlock(&nn->lock);
		if (error)
			goto fail;
	}
	nla_nest_end(skb, nest);
	genlmsg_end(skb, header);
	return skb;
fail:
	nlmsg_free(skb);
	return NULL;
}

/*
 * Multicasts an event, or without one what was lost alone. Return: 0, -ESRCH if nobody listens any
 * more or has room for it, or another negative errno.
 */
static int event_multicast(struct netpol_event_queue *queue, const struct netpol_event *event)
{
	bool listened = event_listened(queue);
	u64 lost = events_lost(queue);
	int error = -ENOMEM;
	struct sk_buff *skb;

	if (!listened) {
		error = -ESRCH;
	} else {
		skb = event_message(queue, event, lost - queue->lost_reported);
		if (skb)
			error = genlmsg_multicast_netns(&netpol_genl_family, queue->nn->net, skb,
							0, event_group(queue), GFP_KERNEL);
	}
	/* What was lost for those who have stopped listening is not for those who begin. */
	if (!error || !listened)
		queue->lost_reported = lost;
	return error;
}

/* Sends an event. */
static void event_send(struct netpol_event_queue *queue, const struct netpol_event *event)
{
	int error;

	/* Who gets the message may ask for the count before this task goes on. */
	WRITE_ONCE(queue->sent, queue->sent + 1);
	error = event_multicast(queue, event);
	if (error) {
		WRITE_ONCE(queue->sent, queue->sent - 1);
		if (error != -ESRCH)
			event_lose(queue, event->count);
	}
	cond_resched();
}

/* Sends all events of the ring. */
static void event_send_ring(struct netpol_event_queue *queue)
{
	struct netpol_event event;

	while (event_take(queue, &event))
		event_send(queue, &event);
}

static void event_work(struct work_struct *work)
{
	struct netpol_event_queue *queue = container_of(work, struct netpol_event_queue, work);

	mutex_lock(&queue->sending);
	event_send_ring(queue);
	mutex_unlock(&queue->sending);
}

/*
 * Tells what was counted in the flows, as many as the rate allows for a second; the others keep
 * their counts, and are told first the next time. Flows of which nothing was counted are forgotten,
 * and so are all counts if nobody listens any more: they are not for those who begin.
 * Return: is there a flow left?
 */
static bool event_send_flows(struct netpol_event_queue *queue)
{
	u32 i, rate = NETPOL_EVENT_FLOWS, sent = 0, first = queue->next;
	struct netpol_event event;
	bool left = false;

	if (event_listened(queue)) {
		rcu_read_lock();
		rate = event_rate(rcu_dereference(queue->nn->root));
		rcu_read_unlock();
	}
	for (i = 0; i < NETPOL_EVENT_FLOWS; i++) {
		u32 number = (first + i) % NETPOL_EVENT_FLOWS;

		if (sent == rate) {	/* this one is the first that is left out */
			queue->next = number;
			sent++;
		}
		switch (netpol_event_flow_end(queue->table, number, sent < rate, &event)) {
		case NETPOL_EVENT_GONE:
			break;
		case NETPOL_EVENT_SUM:
			event_send(queue, &event);
			sent++;
			fallthrough;
		case NETPOL_EVENT_KEPT:
			left = true;
		}
	}
	return left;
}

/* The end of a window. */
static void event_window(struct work_struct *work)
{
	struct netpol_event_queue *queue = container_of(to_delayed_work(work),
							struct netpol_event_queue, window);
	bool left;

	mutex_lock(&queue->sending);
	/* so that the first packet of a flow is told before the others */
	event_send_ring(queue);
	left = event_send_flows(queue);
	if (events_lost(queue) != queue->lost_reported)
		event_multicast(queue, NULL);
	/* there was no memory for it, or who listens has no room: that is tried again */
	if (events_lost(queue) != queue->lost_reported)
		left = true;
	mutex_unlock(&queue->sending);
	if (left)
		schedule_delayed_work(&queue->window, msecs_to_jiffies(NETPOL_EVENT_WINDOW));
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
	INIT_DELAYED_WORK(&queue->window, event_window);
	mutex_init(&queue->sending);
	for (i = 0; i < EVENT_SLOTS; i++)
		queue->slot[i].turn = i;
	return queue;
}

/*
 * Gets a queue ready for packets, before the first one is judged: most network namespaces are
 * those of pods, and judge none. Return: 0 or -ENOMEM. Under @nn->lock.
 */
int netpol_event_queue_prepare(struct netpol_event_queue *queue)
{
	if (!queue->table)
		queue->table = netpol_alloc(sizeof(*queue->table));
	return queue->table ? 0 : -ENOMEM;
}

/* Frees a queue that no packet can reach any more, or NULL. Not under @nn->lock. */
void netpol_event_queue_destroy(struct netpol_event_queue *queue)
{
	if (!queue)
		return;
	/* In this order: the first may begin the second, which begins nothing but itself. */
	cancel_work_sync(&queue->work);
	cancel_delayed_work_sync(&queue->window);
	netpol_free(queue->table);
	netpol_percpu_free(queue->lost);
	netpol_free(queue);
}

/* Events of denied packets that were sent, and packets in none, since the queue was made. */
void netpol_event_counts(const struct netpol_net *nn, u64 *sent, u64 *lost)
{
	*sent = READ_ONCE(nn->events->sent);
	*lost = events_lost(nn->events);
}
