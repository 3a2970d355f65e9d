/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pod is behind which interface, where nothing that root wrote says so: by the addresses
 * that are found in the network namespace at the other end of each interface.
 *
 * Such an address is a claim and no proof, because a container may give itself any address. So
 * claims are weighed against each other. An interface is one pod's only, or that of several which
 * have the address in common. A pod that one interface alone claims has it, and the interface's
 * other claims are void. Whoever two interfaces claim gets neither, and so do two pods that one
 * and the same interface alone claims, unless one of them is loaded there. That a pod is loaded
 * with an interface counts as a claim, because a pod does not move.
 */
#ifndef NP_NODE_CLAIM_H
#define NP_NODE_CLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/host.h"

/* A pod whose interface is to be found. */
struct np_claimant {
	const struct np_address *address;
	uint32_t address_count;
	uint32_t bridge;	/* its interface is a port of this bridge; 0: any interface */
	uint32_t loaded;	/* the interface that it is loaded with, or 0 */
	/* the result */
	uint32_t ifindex;	/* its interface; 0: not known */
	/* Without a result: two interfaces that remain, or one, or none (0). */
	uint32_t rival[2];
	bool shown;		/* an interface shows one of its addresses */
};

/* Settles who has which interface. taken: interfaces that are known to be other pods'. */
void np_claims_settle(const struct np_host *host, const uint32_t *taken, size_t taken_count,
		      struct np_claimant *claimant, size_t count);

#endif
