/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Troubles: objects that are not enforced as they are, and why. `netpolctl sync status` lists them.
 */
#ifndef NP_AGENT_DESIRED_TROUBLE_H
#define NP_AGENT_DESIRED_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/desired_record.h"

/* What is enforced in place of the object. */
enum np_trouble_kind {
	/*
	 * A NetworkPolicy without its rules, so that it isolates. A ClusterNetworkPolicy with rules
	 * that accept nothing or deny everything.
	 */
	NP_TROUBLE_CLOSED,
	NP_TROUBLE_REJECTED,	/* nothing: the object is not loaded */
};

struct np_trouble {
	uint32_t hash;
	uint8_t object;		/* enum netpol_object */
	uint8_t kind;		/* enum np_trouble_kind */
	uint8_t epoch;		/* number of the list in which the object was last seen */
	bool refused;		/* over a bound or refused by the kernel; else it cannot be read */
	const char *namespace;
	const char *name;
	const char *reason;
	char text[];
};

#define NP_TROUBLES_MAX	4096	/* the most that are kept */

/* Notes a trouble, in place of an earlier one of the same object. */
void np_trouble_set(struct np_desired *d, uint8_t object, const char *namespace,
		    const char *name, enum np_trouble_kind kind, bool refused,
		    const char *reason);
/* Forgets the trouble of an object, if there is one. */
void np_trouble_clear(struct np_desired *d, uint8_t object, const char *namespace,
		      const char *name);
/* Forgets troubles of objects of a kind that were not seen in the list that is complete now. */
void np_troubles_sweep(struct np_desired *d, enum np_source_kind kind);

#endif
