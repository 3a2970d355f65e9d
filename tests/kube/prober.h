/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traffic between all pods at all times, in a thread of its own: for each ordered pair of
 * slots a UDP flow and a TCP connection, numbers every PROBER_ROUND. While a pair is said
 * to be OPEN nothing may be lost, while it is said to be SHUT nothing may come through.
 */
#ifndef KUBE_PROBER_H
#define KUBE_PROBER_H

#include <stdint.h>

#include "cluster.h"

#define PROBER_UDP	7000
#define PROBER_TCP	7001
#define PROBER_ROUND	50000	/* microseconds */

enum flow { FLOW_UDP, FLOW_TCP, FLOWS };

enum prober_state {
	PROBER_ABSENT,	/* one end is no pod now: nothing is sent */
	PROBER_FREE,	/* may change at any time: anything goes */
	PROBER_OPEN,
	PROBER_SHUT,
};

struct prober_result {
	uint64_t sent;		/* while OPEN or SHUT */
	uint64_t opened;	/* TCP connections */
	uint64_t lost;		/* while OPEN: datagrams lost, TCP without progress */
	uint64_t broken;	/* while OPEN: TCP connections reset */
	uint64_t passed;	/* while SHUT */
};

/* Sockets in every slot, which must exist; the thread. */
void prober_begin(void);
/*
 * What holds for each pair from now on. What went wrong since the call before counts,
 * but not for pairs that are PROBER_FREE now: so a call that follows a change can say
 * for which pairs it was one.
 */
void prober_set(enum prober_state state[SLOTS][SLOTS][FLOWS]);
struct prober_result prober_result(void);
void prober_end(void);

#endif
