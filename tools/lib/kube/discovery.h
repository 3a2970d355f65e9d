/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks the API server whether it has a kind at all. ClusterNetworkPolicy is a custom resource: a
 * cluster may never have heard of it, and it may come and go while the agent runs.
 *
 * Of these answers only "it has none" and "it has it" say anything. All else, such as 403, 5xx or
 * no answer, leaves everything as it was, because to take it for "none" would open what the
 * policies deny. The reflector of the kind runs while the server has the kind. If the server does
 * not, the keeper gets an empty list: at once if the kind was never there, else once the server has
 * said nothing else for a minute, at its beginning and at its end at least. Until then the objects
 * stay.
 */
#ifndef NP_KUBE_DISCOVERY_H
#define NP_KUBE_DISCOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/loop.h"
#include "kube/request.h"
#include "kube/source.h"

struct np_reflector;

#define NP_DISCOVERY_EVERY_MS	60000	/* between two questions while the server has none */
#define NP_DISCOVERY_SPREAD_MS	15000	/* at random more, because there are many agents */
#define NP_DISCOVERY_BYTES_MAX	(512 * 1024)	/* of an answer */
#define NP_DISCOVERY_VERSIONS	16	/* other versions of the group that are asked for */
#define NP_DISCOVERY_NAME_MAX	63	/* bytes of a version's name */

enum np_discovery_state {
	NP_DISCOVERY_UNKNOWN,	/* the server has not said yet */
	NP_DISCOVERY_ABSENT,
	NP_DISCOVERY_THERE,	/* the reflector runs */
	NP_DISCOVERY_LOST,	/* it was there, and a list or watch got a 404 */
};

/* What a round asks for. */
enum np_discovery_step {
	NP_DISCOVERY_OURS,	/* the version that is followed */
	NP_DISCOVERY_GROUP,	/* the versions of the group */
	NP_DISCOVERY_OTHERS,	/* each of them */
};

/* The state. Only discovery.c and tests look inside. */
struct np_discovery {
	struct np_reflector *r;
	enum np_discovery_state state;
	enum np_discovery_step step;
	bool known;			/* the kind has been there */
	bool list;			/* for the start of the reflector */
	bool forget;
	bool calling;
	struct np_call call;
	struct np_timer timer;		/* for the next question */
	struct np_timer deadline;	/* for the call */
	struct np_buffer body;
	bool truncated;			/* the answer has more bytes than are kept */
	int64_t absent_ms;		/* when it first said "none" in a row, -1: it did not */
	unsigned int absences;		/* since then, or since the server was reached again */
	unsigned int failures;		/* in a row */
	unsigned int losses;		/* lists and watches in a row that got a 404 */
	int64_t lost_ms;		/* when the last one did */
	char other[NP_DISCOVERY_VERSIONS][NP_DISCOVERY_NAME_MAX + 1];
	unsigned int other_count;
	unsigned int other_next;
};

/* Returns true if a server need not have this kind. */
bool np_discovery_optional(enum np_source_kind kind);

/*
 * Makes it for the reflector of an optional kind. known: the kind has been there, as the saved
 * version of it or what the kernel holds shows. Nothing is sent before np_discovery_start().
 */
struct np_discovery *np_discovery_new(struct np_reflector *r, bool known);
/* Asks after a delay, and starts the reflector if the server has the kind. */
void np_discovery_start(struct np_discovery *discovery, int64_t delay_ms);
/*
 * Begins again: with the reflector if the server has the kind, else with the question. list,
 * forget: as for np_reflector_restart(). With forget the server may be one of another cluster.
 */
void np_discovery_restart(struct np_discovery *discovery, bool list, bool forget);
/* Cancels what is going on. What has been found stays. */
void np_discovery_stop(struct np_discovery *discovery);
/* discovery may be NULL. */
void np_discovery_free(struct np_discovery *discovery);

#endif
