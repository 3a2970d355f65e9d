/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The module in this process: the functions of netlink/client.h, answered by the module's core. A
 * program that is linked with it in front of the library has no kernel to talk to. Dumps are empty,
 * so there are no audits; tables of the node are empty too.
 */
#ifndef BENCH_INSIDE_H
#define BENCH_INSIDE_H

#include <stdint.h>

#include "offline/offline.h"

/**
 * struct inside - what the agent has put in force
 * @off: world
 * @commits: transactions of objects that were published
 * @refused: transactions that were refused
 * @generation: of the last commit, settings included
 */
struct inside {
	struct np_offline off;
	uint64_t commits;
	uint64_t refused;
	uint64_t generation;
};

extern struct inside inside;

/* Makes it, for a node of that name. */
void inside_begin(const char *node);
void inside_end(void);

#endif
