/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sender in one real pod and a receiver in another: which packets arrived while the
 * policy between them changed. UDP, one packet every 100 us where the machine can.
 */
#ifndef BENCH_PROBER_H
#define BENCH_PROBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBER_PORT	7777

/**
 * struct prober - two pods of a node of their own, and the processes in them
 * @client: address of the sender, host order
 * @server: address of the receiver
 * @ifindex: the node's interface to each
 * @log: shared with the processes
 * @pid: the processes
 */
struct prober {
	uint32_t client;
	uint32_t server;
	unsigned int ifindex[2];
	struct prober_log *log;
	int pid[2];
};

/**
 * struct prober_result - what packets saw of one change
 * @last_old: when the last one was sent that the old policy judged, s after the call
 * @first_new: the same for the first one that the new policy judged
 * @interval: between two packets, on average
 * @packets: sent meanwhile
 * @wrong: judged by the old policy after one was judged by the new, or before the call
 *	by the new
 */
struct prober_result {
	double last_old;
	double first_new;
	double interval;
	unsigned int packets;
	unsigned int wrong;
};

/* Moves this process into the node's network namespace. 0, or -1. */
int prober_open(struct prober *prober);
/* Begins to send, and waits until packets get through or don't. 0, or -1 after 20 s. */
int prober_start(struct prober *prober, bool allowed);
/* Number of the next packet. */
uint32_t prober_mark(const struct prober *prober);
/*
 * Looks at the packets from number mark on, until 50 were sent after now, and nothing
 * comes any more; call is when
 * the change was called for, allowed is the verdict after it. 0, or -1 without packets.
 */
int prober_look(struct prober *prober, uint32_t mark, double call, bool allowed,
		struct prober_result *result);
/* Ends the processes and forgets their packets; may be started again. */
void prober_stop(struct prober *prober);

#endif
