/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The core in this process and the loaded module: what the library has no call for. Objects go in as
 * netpolctl's library sends them, verdicts come out of EVAL, many in one datagram.
 */
#ifndef ASK_H
#define ASK_H

#include <stdbool.h>

#include "netlink/client.h"
#include "object/state.h"
#include "offline/offline.h"
#include "netlink/report.h"

/* Questions of one ask() at most. */
#define ASK_MAX 1024

/**
 * struct answer - what EVAL says
 * @error: errno, positive, or 0
 * @verdict: enum netpol_verdict
 * @reason: enum netpol_reason
 * @generation: that was asked
 */
struct answer {
	int error;
	uint8_t verdict;
	uint8_t reason;
	uint64_t generation;
};

/* Says which networks only pods have addresses of, in place of all settings. */
int ask_offline_ranges(struct np_offline *off, const struct np_cidr *range, unsigned int count,
		       struct np_error *err);
/*
 * Moves the process into a network namespace of its own, where no address is the node's,
 * and opens a client there. Exits on failure.
 */
void ask_begin(struct np_client *client);
/* The same to the module. Returns 0, or -1 with *err filled; *generation is that of the commit. */
int ask_ranges(struct np_client *client, const struct np_cidr *range, unsigned int count,
	       uint64_t *generation, struct np_error *err);
/* All objects in one full transaction; place may be NULL: all pods are local. */
int ask_load(struct np_client *client, const char *origin, const struct np_objects *objs,
	     const struct np_placement *place, struct np_error *err);
/* count questions, ASK_MAX at most; exits if the socket fails. */
void ask(struct np_client *client, const struct np_eval_request *request, unsigned int count,
	 struct answer *answer);

#endif
