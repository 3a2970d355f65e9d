/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a change that waits for its confirmation is kept: one folder for each network namespace,
 * that only root may enter.
 */
#ifndef NP_UNDO_PLACE_H
#define NP_UNDO_PLACE_H

#include <stdbool.h>
#include <sys/un.h>

#include "base/error.h"

#define NP_UNDO_FOLDER	"/run/netpolctl"

/* Names of the files of one network namespace. */
struct np_undo_place {
	char folder[64];
	char lock[80];		/* locked by the keeper while a change waits */
	char socket[80];	/* the keeper answers here */
	char before[80];	/* a snapshot of what was in force before the change */
	char kept[80];		/* one that a keeper has left behind which was killed */
	char last[80];		/* one line of text: how the last change ended */
};

/*
 * Names the files for the network namespace that the process is in. With make, the folder is made,
 * and it is an error if somebody else than root may enter it.
 */
int np_undo_place(struct np_undo_place *place, bool make, struct np_error *err);
/* The address of the socket. */
void np_undo_address(const struct np_undo_place *place, struct sockaddr_un *address);

#endif
