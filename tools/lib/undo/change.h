/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command that makes a change and the process that takes it back know of it. */
#ifndef NP_UNDO_CHANGE_H
#define NP_UNDO_CHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "netlink/report.h"
#include "undo/place.h"

/* One origin that a change has touched, and the generation that this gave it; 0: it is gone. */
struct np_undo_change {
	char origin[NETPOL_ORIGIN_MAX + 1];
	uint64_t generation;
};

/* A change between np_undo_begin() and np_undo_made() or np_undo_drop(). */
struct np_undo {
	struct np_undo_place place;
	struct np_info before;		/* as it was before the change */
	char origin[NETPOL_ORIGIN_MAX + 1];	/* the only one that it touches; "": any */
	int64_t wait;			/* in milliseconds, from the change on */
	int timeout;			/* for one answer of the kernel, in milliseconds */
	int pipe;			/* to the keeper; -1: none */
};

/* What the keeper can be asked for. */
enum np_undo_request {
	NP_UNDO_STATUS,		/* nothing; the answer is how many milliseconds are left */
	NP_UNDO_CONFIRM,	/* the change stays */
	NP_UNDO_REVERT,		/* the change is taken back at once */
};

/*
 * The origins whose generation differs in two reports of the module, in *list, which the caller
 * frees. origin: only this one; "": all.
 */
size_t np_undo_compare(const struct np_info *before, const struct np_info *now,
		       const char *origin, struct np_undo_change **list);

#endif
