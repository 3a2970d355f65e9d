// SPDX-License-Identifier: GPL-2.0-or-later
/* Weighs claims to interfaces against each other. */
#include "node/claim.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* One pod may be behind one interface. */
struct np_claim {
	size_t who;
	size_t device;		/* index in host->device */
	bool loaded;		/* the kernel has the pod there */
	/* the pod's address that the interface shows, or NULL */
	const struct np_address *address;
};

/* What is known of one interface. */
struct np_claimed {
	bool taken;		/* it is some pod's */
	/* of the pods that only this interface claims: the first one's claim */
	const struct np_claim *first;
	bool differ;		/* not all of them have that address */
};

struct np_claims {
	const struct np_host *host;
	struct np_claimant *claimant;
	size_t count;
	struct np_claim *claim;		/* in order of who */
	size_t claim_count;
	struct np_claimed *claimed;	/* for each device of the host */
};

/* address: the pod's address that the interface shows; NULL: the pod is loaded there. */
static void np_claim_add(struct np_claims *claims, size_t who, uint32_t ifindex,
			 const struct np_address *address)
{
	const struct np_device *device = np_host_device(claims->host, ifindex);
	const struct np_claimant *claimant = &claims->claimant[who];
	struct np_claim *claim;
	size_t i;

	if (!device)
		return;
	if (address && (device->kind != NP_DEVICE_POD ||
			(claimant->bridge && device->master != claimant->bridge)))
		return;
	claims->claimant[who].shown |= !!address;
	for (i = claims->claim_count; i && claims->claim[i - 1].who == who; i--)
		if (&claims->host->device[claims->claim[i - 1].device] == device)
			break;
	if (i && claims->claim[i - 1].who == who) {
		if (!claims->claim[i - 1].address)
			claims->claim[i - 1].address = address;
		return;
	}
	claims->claim = np_array_grow(claims->claim, claims->claim_count, sizeof(*claim));
	claim = &claims->claim[claims->claim_count++];
	claim->who = who;
	claim->device = device - claims->host->device;
	claim->loaded = !address;
	claim->address = address;
}

static void np_claims_collect(struct np_claims *claims)
{
	const struct np_claimant *claimant;
	const struct np_inside *inside, *end = claims->host->inside + claims->host->inside_count;
	size_t who;
	uint32_t i;

	for (who = 0; who < claims->count; who++) {
		claimant = &claims->claimant[who];
		if (claimant->loaded)
			np_claim_add(claims, who, claimant->loaded, NULL);
		for (i = 0; i < claimant->address_count; i++) {
			inside = np_host_inside(claims->host, &claimant->address[i]);
			for (; inside && inside < end &&
			     !memcmp(&inside->address, &claimant->address[i],
				     sizeof(inside->address)); inside++)
				np_claim_add(claims, who, inside->ifindex,
					     &claimant->address[i]);
		}
	}
}

/* Returns the only claim of a pod that is not void, from *at on; moves *at to the next pod's. */
static const struct np_claim *np_claim_only(const struct np_claims *claims, size_t *at)
{
	size_t who = claims->claim[*at].who, live = 0;
	const struct np_claim *only = NULL;

	for (; *at < claims->claim_count && claims->claim[*at].who == who; ++*at) {
		if (claims->claimed[claims->claim[*at].device].taken)
			continue;
		only = &claims->claim[*at];
		live++;
	}
	return live == 1 && !claims->claimant[who].ifindex ? only : NULL;
}

static bool np_claims_agree(const struct np_claim *a, const struct np_claim *b)
{
	return a->address && b->address && !memcmp(a->address, b->address, sizeof(*a->address));
}

/*
 * Gives interfaces to the pods that have one claim left. Returns whether there was one. Several
 * pods that are loaded with one interface keep it, because somebody named it for each of them.
 */
static bool np_claims_round(struct np_claims *claims)
{
	const struct np_claim *only;
	struct np_claimed *claimed;
	bool settled = false;
	size_t at, i;

	for (i = 0; i < claims->host->device_count; i++) {
		claims->claimed[i].first = NULL;
		claims->claimed[i].differ = false;
	}
	for (at = 0; at < claims->claim_count;) {
		only = np_claim_only(claims, &at);
		if (!only)
			continue;
		claimed = &claims->claimed[only->device];
		if (!claimed->first)
			claimed->first = only;
		claimed->differ |= only != claimed->first && !np_claims_agree(only, claimed->first);
	}
	for (at = 0; at < claims->claim_count;) {
		only = np_claim_only(claims, &at);
		if (!only || (claims->claimed[only->device].differ && !only->loaded))
			continue;
		claims->claimant[only->who].ifindex =
			claims->host->device[only->device].ifindex;
		settled = true;
	}
	/* Taken only now, so that several pods of one interface all get it. */
	for (i = 0; i < claims->claim_count; i++)
		if (claims->claimant[claims->claim[i].who].ifindex ==
		    claims->host->device[claims->claim[i].device].ifindex)
			claims->claimed[claims->claim[i].device].taken = true;
	return settled;
}

/* Notes what speaks against each other for a pod that got nothing. */
static void np_claims_rivals(struct np_claims *claims)
{
	struct np_claimant *claimant;
	uint32_t ifindex;
	size_t i;

	for (i = 0; i < claims->claim_count; i++) {
		claimant = &claims->claimant[claims->claim[i].who];
		ifindex = claims->host->device[claims->claim[i].device].ifindex;
		if (claimant->ifindex)
			continue;
		if (!claimant->rival[0])
			claimant->rival[0] = ifindex;
		else if (!claimant->rival[1])
			claimant->rival[1] = ifindex;
	}
}

void np_claims_settle(const struct np_host *host, const uint32_t *taken, size_t taken_count,
		      struct np_claimant *claimant, size_t count)
{
	struct np_claims claims = { .host = host, .claimant = claimant, .count = count };
	const struct np_device *device;
	size_t i;

	claims.claimed = np_xcalloc(host->device_count + 1, sizeof(*claims.claimed));
	for (i = 0; i < taken_count; i++) {
		device = np_host_device(host, taken[i]);
		if (device)
			claims.claimed[device - host->device].taken = true;
	}
	np_claims_collect(&claims);
	while (np_claims_round(&claims))
		;
	np_claims_rivals(&claims);
	free(claims.claim);
	free(claims.claimed);
}
