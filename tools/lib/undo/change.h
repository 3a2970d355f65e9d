/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command that makes a change and the process that takes it back know of it. */
#ifndef NP_UNDO_CHANGE_H
#define NP_UNDO_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "netlink/report.h"
#include "undo/place.h"

/* A change between np_undo_begin() and np_undo_end(): of the objects of one origin. */
struct np_undo {
	struct np_undo_place place;
	char origin[NETPOL_ORIGIN_MAX + 1];
	uint64_t before;	/* generation of the origin before the change; 0: none */
	int64_t wait;		/* in milliseconds, from the change on */
	int timeout;		/* for one answer of the kernel, in milliseconds */
	int fd;			/* to the other process; -1: none */
};

/* How far the command has come with its change. */
enum np_undo_stage {
	NP_UNDO_BEGUN,		/* it has sent nothing that the kernel could make a change of */
	NP_UNDO_SENT,		/* it sends the commit, and does not know what becomes of it */
	NP_UNDO_MADE,
	NP_UNDO_NOTHING,	/* it made no change and will make none */
};

/* What the command tells the keeper when it has come further. */
struct np_undo_news {
	enum np_undo_stage stage;
	uint64_t generation;	/* of the origin after NP_UNDO_MADE */
};

/* What the keeper can be asked for, in one byte. */
enum np_undo_request {
	NP_UNDO_STATUS,		/* nothing; the answer is how many milliseconds are left */
	NP_UNDO_CONFIRM,	/* the change stays */
	NP_UNDO_REVERT,		/* the change is taken back at once */
};

/* The first byte of an answer; the rest is text. */
#define NP_UNDO_DONE	'+'
#define NP_UNDO_REFUSED	'-'

#endif
