/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads what a snapshot holds into the kernel again: the settings, or one origin as a whole. */
#ifndef NP_NODE_RELOAD_H
#define NP_NODE_RELOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "netlink/client.h"
#include "netlink/snapshot.h"
#include "node/host.h"
#include "object/settings.h"

/* What is to be done, and what was done. All of it is the caller's. */
struct np_reload {
	const struct np_host *host;	/* the interfaces of the node */
	bool check;			/* the kernel does all but publish it */
	const bool *skip;		/* pods of an origin to leave out, or NULL */
	size_t gone;			/* local pods left out, as their interface does not exist */
	size_t objects;			/* loaded */
};

/*
 * Each is one transaction, all or nothing. base is the generation that the origin must still have,
 * else the kernel refuses it with ESTALE (see client->refusal); NULL: whatever it is.
 */
int np_reload_settings(const struct np_reload *load, struct np_client *client,
		       const struct np_settings *set, struct np_error *err);
int np_reload_origin(struct np_reload *load, struct np_client *client,
		     const struct np_snapshot_origin *origin, const uint64_t *base,
		     struct np_error *err);

#endif
