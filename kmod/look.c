// SPDX-License-Identifier: GPL-2.0
#include "look.h"
#include <linux/timekeeping.h>

/* How many slots, and counters of one processor, a piece reads: some 100 microseconds. */
#define LOOK_PIECE	16384

/* The sum over all CPUs of one u64 counter of a per-CPU struct. */
u64 netpol_look_sum(const void __percpu *counters, size_t offset)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*(const u64 *)((const u8 *)per_cpu_ptr(counters, cpu) +
						offset));
	return sum;
}

/*
 * Looks at the counter of one rule at @now, in seconds since boot. The state of the network
 * namespace is locked. Return: its sum.
 */
u64 netpol_look_rule(struct netpol_hits *hits, u32 i, u64 now)
{
	u64 sum = netpol_look_sum(hits->packets, i * sizeof(u64));

	netpol_hits_look(hits, i, sum, now);
	return sum;
}

/**
 * netpol_look_piece() - look at some more of the counters of all rules
 * @nn: state, locked; between two pieces anything may change
 * @look: where to go on, all zero at first; advanced
 *
 * A policy that changes its slot between two pieces may be left out this time. Nothing is lost:
 * the next look finds what it counted.
 *
 * Return: whether there is more.
 */
bool netpol_look_piece(struct netpol_net *nn, struct netpol_look *look)
{
	const struct netpol_table *policies = &nn->world->snapshot->policies;
	u64 now = ktime_get_boottime_seconds();
	const struct netpol_policy *policy;
	u32 done = 0;

	lockdep_assert_held(&nn->lock);
	for (; policies->slots && look->slot <= policies->mask; look->slot++) {
		policy = netpol_table_slot(policies, look->slot);
		for (; policy && policy->hits && look->rule < policy->hits->count; look->rule++) {
			if (done >= LOOK_PIECE)
				return true;
			netpol_look_rule(policy->hits, look->rule, now);
			done += num_possible_cpus();
		}
		look->rule = 0;
		if (++done >= LOOK_PIECE) {
			look->slot++;
			return true;
		}
	}
	return false;
}
