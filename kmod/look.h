/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When rules were last hit. The packet path only counts, so that this costs a packet nothing:
 * somebody looks at all counters now and then and notes which have grown since.
 */
#ifndef NETPOL_LOOK_H
#define NETPOL_LOOK_H

#include "netns.h"

/* Seconds from one look at all counters to the next, if a look is short. */
#define NETPOL_LOOK_SECONDS	10

/* How many times as long as a look took nobody looks again. */
#define NETPOL_LOOK_REST	100

/**
 * struct netpol_look - where a look at all counters goes on
 * @slot: slot in the table of policies
 * @rule: rule of the policy there
 */
struct netpol_look {
	u32 slot;
	u32 rule;
};

u64 netpol_look_sum(const void __percpu *counters, size_t offset);
u64 netpol_look_rule(struct netpol_hits *hits, u32 i, u64 now);
bool netpol_look_piece(struct netpol_net *nn, struct netpol_look *look);

#endif /* NETPOL_LOOK_H */
