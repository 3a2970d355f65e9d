/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions for the benches: into the kernel's core in this process, or the module. */
#ifndef BENCH_LOADER_H
#define BENCH_LOADER_H

#include "offline/offline.h"
#include "netlink/transaction.h"

/**
 * struct loader - where transactions go
 * @kernel: to the module, through @client; else to @core
 * @core: the core in this process
 * @client: netlink socket
 * @at: when the last commit came back, rows_clock()
 * @begun: CPU seconds of this process when the last transaction in @core began
 * @cpu: CPU seconds of the last transaction in @core, without what the tool does before
 * @after: CPU seconds of freeing what it replaced in @core
 * @commit: seconds of the last commit by the clock; of the module only
 * @commit_taken: processor time of it, where the kernel tells
 * @taken: processor seconds of the kernel in the last transaction; see gap_taken()
 * @counted: under callgrind, what @cpu is the time of is collected
 * @messages: messages with objects of the last transaction
 * @bytes: their bytes
 */
struct loader {
	bool kernel;
	struct np_offline core;
	struct np_client client;
	double at;
	double begun;
	double cpu;
	double after;
	double commit;
	double commit_taken;
	double taken;
	bool counted;
	uint64_t messages;
	uint64_t bytes;
};

/* Both end the process where they fail. */
void loader_open(struct loader *loader, bool kernel);
void loader_close(struct loader *loader);

/*
 * One transaction: sets all objects of @set, deletes all of @gone; either may be NULL.
 * Full: what is not in @set goes. 0, or -1 with *err where it was refused.
 */
int loader_try(struct loader *loader, const struct np_objects *set,
	       const struct np_objects *gone, bool full, struct np_error *err);
/* The same, and ends the process where it fails. */
void loader_do(struct loader *loader, const struct np_objects *set,
	       const struct np_objects *gone, bool full);
/* The verdict for a flow, and the number of the last commit; both end the process too. */
bool loader_judge(struct loader *loader, const struct np_flow *flow);
uint64_t loader_generation(struct loader *loader);
/* How much of a limit (enum netpol_limit) is in use. */
uint64_t loader_used(struct loader *loader, uint32_t limit);
/* Waits until the module has freed what the last transaction replaced. Returns the seconds. */
double loader_settle(struct loader *loader);
/* Messages and bytes that a transaction takes, without sending any. */
void loader_size(const struct np_objects *set, const struct np_objects *gone,
		 uint64_t *messages, uint64_t *bytes);

#endif
