/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The smallest change that allows a connection which policies deny: one more NetworkPolicy for each
 * direction that denies it, and what it opens besides. Both are tried out in the core.
 */
#ifndef NP_EXPLAIN_CHANGE_H
#define NP_EXPLAIN_CHANGE_H

#include "base/error.h"
#include "explain/reason.h"
#include "netlink/report.h"
#include "object/object.h"
#include "offline/offline.h"

/* Connections that are listed, ports that are tried, and pairs of pods that are judged, at most. */
#define NP_CHANGE_LISTED_MAX	(1024u * 1024)
#define NP_CHANGE_PORTS_MAX	64
#define NP_CHANGE_PAIRS_MAX	(64u * 1024 * 1024)

struct np_change_port {
	uint8_t protocol;
	uint16_t port;
};

/* A connection between two pods that the change allows. */
struct np_change_opened {
	const struct np_pod *source;
	const struct np_pod *destination;
	struct np_change_port port;
};

/* Why there is no change for a pod that a limit has closed. */
#define NP_CHANGE_NO_ROOM	"there is no room for the policies, and more would not help"

/**
 * struct np_change - what would allow a connection; empty if all bytes are zero
 * @policy: policies to add, in the arena of the objects
 * @policies: how many; 0: there is no such change, see @none
 * @none: why there is none; NULL: none was looked for
 * @port: ports that were tried: that of the connection; if it has none, those that the objects name
 * @ports: how many
 * @opened: connections that it also allows, without the one that was asked about; in order of
 *	the names of the source, the destination, and of the ports
 * @listed: how many of them are in @opened
 * @count: how many there are
 * @partial: not all pairs of pods were tried, because there are too many
 */
struct np_change {
	struct np_policy policy[2];
	unsigned int policies;
	const char *none;
	struct np_change_port port[NP_CHANGE_PORTS_MAX];
	unsigned int ports;
	struct np_change_opened *opened;
	size_t listed;
	uint64_t count;
	bool partial;
};

/*
 * Finds the change for a connection that eval denies. off: a world of the objects, with the audits
 * in observed. end: source and destination. outside: an end without a pod stands for all addresses
 * outside private networks. Returns 0, or -1 with *err filled if the core refuses the change.
 */
int np_change_find(struct np_change *change, struct np_objects *objs,
		   const struct np_observe_list *observed, const struct np_offline *off,
		   const struct np_eval *eval, const struct np_flow *flow,
		   const struct np_reason_end end[2], bool outside, struct np_error *err);
void np_change_free(struct np_change *change);

/* True for labels that a workload gives each of its pods anew, so that no rule may name them. */
bool np_change_passing_label(const char *key);

#endif
