// SPDX-License-Identifier: GPL-2.0
/*
 * NETPOL_CMD_GET_COUNTERS. Packets count per CPU and without a lock, so nobody else can set a
 * counter to zero without losing some. A reset therefore remembers the current sums, and a
 * dump shows the difference to them. A counter is reset when it is put into a message.
 *
 * A reset leaves the time of a rule's last hit as it is.
 *
 * What a pod's interface counted and what the hooks saw of it are there to be compared with
 * each other, so a reset leaves both as they are.
 */
#include "dump_counters.h"
#include "dump.h"
#include "event.h"
#include "look.h"
#include <linux/netdevice.h>
#include <linux/timekeeping.h>

/* What is listed, in this order: dump->stage. */
enum stage {
	STAGE_TOTALS,
	STAGE_PODS,
	STAGE_POLICIES,
};

/* The sums over all CPUs of a per-CPU struct that consists of u64 counters. */
static void sum_all(const void __percpu *counters, void *sums, size_t size)
{
	u64 *sum = sums;
	size_t i;

	for (i = 0; i < size / sizeof(u64); i++)
		sum[i] = netpol_look_sum(counters, i * sizeof(u64));
}

static int put_count(struct sk_buff *skb, int type, u64 now, u64 zero)
{
	return nla_put_u64_64bit(skb, type, now - zero, NETPOL_COUNTERS_A_PAD);
}

static int put_directions(struct sk_buff *skb, const u64 *allowed, const u64 *allowed_zero,
			  const u64 *denied, const u64 *denied_zero)
{
	if (put_count(skb, NETPOL_COUNTERS_A_INGRESS_ALLOWED,
		      allowed[NETPOL_DIRECTION_INGRESS],
		      allowed_zero[NETPOL_DIRECTION_INGRESS]) ||
	    put_count(skb, NETPOL_COUNTERS_A_INGRESS_DENIED,
		      denied[NETPOL_DIRECTION_INGRESS],
		      denied_zero[NETPOL_DIRECTION_INGRESS]) ||
	    put_count(skb, NETPOL_COUNTERS_A_EGRESS_ALLOWED,
		      allowed[NETPOL_DIRECTION_EGRESS],
		      allowed_zero[NETPOL_DIRECTION_EGRESS]) ||
	    put_count(skb, NETPOL_COUNTERS_A_EGRESS_DENIED,
		      denied[NETPOL_DIRECTION_EGRESS],
		      denied_zero[NETPOL_DIRECTION_EGRESS]))
		return -EMSGSIZE;
	return 0;
}

static int put_audited(struct sk_buff *skb, const u64 *audited, const u64 *zero)
{
	return put_count(skb, NETPOL_COUNTERS_A_INGRESS_AUDITED,
			 audited[NETPOL_DIRECTION_INGRESS], zero[NETPOL_DIRECTION_INGRESS]) ||
	       put_count(skb, NETPOL_COUNTERS_A_EGRESS_AUDITED,
			 audited[NETPOL_DIRECTION_EGRESS], zero[NETPOL_DIRECTION_EGRESS]);
}

static int put_totals(struct netpol_dump *dump, struct sk_buff *skb)
{
	struct netpol_net *nn = dump->nn;
	const struct netpol_totals *zero = &nn->totals_zero;
	struct netpol_totals now;
	u64 sent, lost;

	sum_all(nn->totals, &now, sizeof(now));
	netpol_event_counts(nn, &sent, &lost);
	if (put_directions(skb, now.allowed, zero->allowed, now.denied, zero->denied) ||
	    put_count(skb, NETPOL_COUNTERS_A_SPOOFED, now.spoofed, zero->spoofed) ||
	    put_count(skb, NETPOL_COUNTERS_A_UNKNOWN, now.unknown, zero->unknown) ||
	    put_count(skb, NETPOL_COUNTERS_A_UNCHECKED, now.unchecked, zero->unchecked) ||
	    put_count(skb, NETPOL_COUNTERS_A_TUNNELS, now.tunnels, zero->tunnels) ||
	    put_count(skb, NETPOL_COUNTERS_A_UNDECIDED, now.undecided, zero->undecided) ||
	    put_count(skb, NETPOL_COUNTERS_A_DISCOVERY, now.discovery, zero->discovery) ||
	    put_audited(skb, now.audited, zero->audited) ||
	    put_count(skb, NETPOL_COUNTERS_A_EVENTS, sent, nn->events_zero[0]) ||
	    put_count(skb, NETPOL_COUNTERS_A_EVENTS_LOST, lost, nn->events_zero[1]))
		return -EMSGSIZE;
	if (dump->zero) {
		nn->totals_zero = now;
		nn->events_zero[0] = sent;
		nn->events_zero[1] = lost;
	}
	return 0;
}

/*
 * What the node's end of a pod's interface counted since the pod was loaded. It receives what
 * the pod sends.
 */
static int put_moved(struct netpol_dump *dump, struct sk_buff *skb,
		     const struct netpol_local *local)
{
	const struct netpol_runtime *runtime = local->runtime;
	struct rtnl_link_stats64 stats;
	struct net_device *device;

	if (!local->ifindex)
		return 0;
	rcu_read_lock();
	device = dev_get_by_index_rcu(dump->nn->net, local->ifindex);
	if (device)
		dev_get_stats(device, &stats);
	rcu_read_unlock();
	if (!device)
		return 0;
	if (put_count(skb, NETPOL_COUNTERS_A_DEVICE_SENT, stats.rx_packets,
		      runtime->device_sent) ||
	    put_count(skb, NETPOL_COUNTERS_A_DEVICE_RECEIVED, stats.tx_packets,
		      runtime->device_received))
		return -EMSGSIZE;
	return 0;
}

static int put_pod(struct netpol_dump *dump, struct sk_buff *skb,
		   const struct netpol_local *local)
{
	const struct netpol_pod *pod = local->pod;
	struct netpol_pod_stats now, *zero = &local->runtime->zero;
	bool gone = READ_ONCE(local->runtime->gone);

	sum_all(local->runtime->stats, &now, sizeof(now));
	if (nla_put_string(skb, NETPOL_COUNTERS_A_POD_NAMESPACE, pod->template->ns->name) ||
	    nla_put_string(skb, NETPOL_COUNTERS_A_POD_NAME, netpol_pod_name(pod)) ||
	    (local->ifindex &&
	     nla_put_u32(skb, NETPOL_COUNTERS_A_IFINDEX, local->ifindex)) ||
	    put_directions(skb, now.allowed, zero->allowed, now.denied, zero->denied) ||
	    put_count(skb, NETPOL_COUNTERS_A_SPOOFED, now.spoofed, zero->spoofed) ||
	    put_count(skb, NETPOL_COUNTERS_A_UNCHECKED, now.unchecked, zero->unchecked) ||
	    put_audited(skb, now.audited, zero->audited) ||
	    put_count(skb, NETPOL_COUNTERS_A_SEEN_SENT, now.sent, 0) ||
	    put_count(skb, NETPOL_COUNTERS_A_SEEN_RECEIVED, now.received, 0) ||
	    (!gone && put_moved(dump, skb, local)))
		return -EMSGSIZE;
	if (dump->zero)
		*zero = now;
	return 0;
}

static int put_policy(struct netpol_dump *dump, struct sk_buff *skb,
		      const struct netpol_policy *policy)
{
	const char *origin = dump->snapshot->origin[policy->origin].name;

	if ((!policy->namespaces &&
	     nla_put_string(skb, NETPOL_COUNTERS_A_POLICY_NAMESPACE, policy->ns->name)) ||
	    nla_put_u8(skb, NETPOL_COUNTERS_A_POLICY_TIER, policy->tier) ||
	    nla_put_string(skb, NETPOL_COUNTERS_A_POLICY_NAME, policy->name) ||
	    nla_put_string(skb, NETPOL_COUNTERS_A_POLICY_ORIGIN, origin))
		return -EMSGSIZE;
	return 0;
}

static int put_hits(struct netpol_dump *dump, struct sk_buff *skb,
		    const struct netpol_policy *policy, u32 i)
{
	struct nlattr *nest = nla_nest_start(skb, NETPOL_A_RULE);
	const struct netpol_rule *rule = &policy->rule[i];
	u64 time = ktime_get_boottime_seconds();
	struct netpol_hits *hits = policy->hits;
	u64 now = netpol_look_rule(hits, i, time);

	if (!nest || nla_put_u8(skb, NETPOL_RULE_A_DIRECTION, rule->direction) ||
	    nla_put_u32(skb, NETPOL_RULE_A_INDEX, rule->index) ||
	    nla_put_u64_64bit(skb, NETPOL_RULE_A_HITS, now - hits->rule[i].zero,
			      NETPOL_RULE_A_PAD) ||
	    nla_put_u64_64bit(skb, NETPOL_RULE_A_WATCHED, time - hits->rule[i].since,
			      NETPOL_RULE_A_PAD) ||
	    (hits->rule[i].hit &&
	     nla_put_u64_64bit(skb, NETPOL_RULE_A_IDLE, time - hits->rule[i].hit,
			       NETPOL_RULE_A_PAD)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	if (dump->zero)
		hits->rule[i].zero = now;
	return 0;
}

/* NETPOL_A_COUNTERS of one subject: the totals, a pod or a policy. Its rules follow it. */
static int put_subject(struct netpol_dump *dump, struct sk_buff *skb, const void *subject)
{
	struct nlattr *nest = nla_nest_start(skb, NETPOL_A_COUNTERS);
	int error = -EMSGSIZE;

	if (!nest)
		return error;
	switch (dump->stage) {
	case STAGE_TOTALS:
		error = put_totals(dump, skb);
		break;
	case STAGE_PODS:
		error = put_pod(dump, skb, subject);
		break;
	case STAGE_POLICIES:
		error = put_policy(dump, skb, subject);
		break;
	}
	if (!error)
		nla_nest_end(skb, nest);
	return error;
}

/* Lists one subject in a message of its own. A policy's rules may continue in the next one. */
static int fill_subject(struct netpol_dump *dump, struct sk_buff *skb, const void *subject)
{
	const struct netpol_policy *policy = subject;
	void *header = netpol_dump_message(dump, skb);
	u32 first = dump->sub, rules = 0;
	unsigned char *mark;

	if (!header)
		return -EMSGSIZE;
	if (dump->stage == STAGE_POLICIES)
		rules = min(policy->nrules, policy->hits->count);
	if (put_subject(dump, skb, subject))
		goto cancel;
	for (; dump->sub < rules; dump->sub++) {
		mark = skb_tail_pointer(skb);
		if (put_hits(dump, skb, policy, dump->sub)) {
			nlmsg_trim(skb, mark);
			break;
		}
	}
	if (dump->sub == first && rules > first)
		goto cancel;
	genlmsg_end(skb, header);
	dump->units++;
	return dump->sub < rules ? -EMSGSIZE : 0;
cancel:
	genlmsg_cancel(skb, header);
	return -EMSGSIZE;
}

/* The next subject of this stage, from dump->slot on; NULL: there is none left. */
static const void *next_subject(struct netpol_dump *dump)
{
	const struct netpol_snapshot *snapshot = dump->snapshot;
	const struct netpol_table *policies = &snapshot->policies;
	const struct netpol_policy *policy;
	const struct netpol_local *local;

	switch (dump->stage) {
	case STAGE_TOTALS:
		return dump->slot ? NULL : snapshot;
	case STAGE_PODS:
		for (; snapshot->locals && dump->slot < snapshot->locals->count;
		     dump->slot++) {
			local = netpol_snapshot_local(snapshot, dump->slot);
			if (local->pod)
				return local;
		}
		return NULL;
	case STAGE_POLICIES:
		for (; policies->slots && dump->slot <= policies->mask; dump->slot++) {
			policy = netpol_table_slot(policies, dump->slot);
			if (policy && policy->hits)
				return policy;
		}
	}
	return NULL;
}

static int fill_counters(struct netpol_dump *dump, struct sk_buff *skb)
{
	const struct nlattr *flags = netpol_dump_attrs(dump->cb)[NETPOL_A_FLAGS];
	const void *subject;
	int error;

	dump->zero = flags && nla_get_u32(flags) & NETPOL_FLAG_ZERO;
	while (dump->stage <= STAGE_POLICIES) {
		subject = next_subject(dump);
		if (!subject) {
			dump->stage++;
			dump->slot = 0;
			continue;
		}
		error = fill_subject(dump, skb, subject);
		if (error)
			return error;
		dump->slot++;
		dump->sub = 0;
	}
	return 0;
}

/* NETPOL_CMD_GET_COUNTERS */
int netpol_counters_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return netpol_dump_run(skb, cb, NETPOL_CMD_GET_COUNTERS, fill_counters);
}
