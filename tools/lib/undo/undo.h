/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A change that takes itself back unless it is confirmed, so that an operator can't lock himself
 * out. Before the change is made, what is in force is saved, and a process of its own is started:
 * the keeper. It outlives the command and its terminal, and takes the change back when the time is
 * over, when it is asked to, or when it is told to end. One change at a time waits in a network
 * namespace.
 */
#ifndef NP_UNDO_UNDO_H
#define NP_UNDO_UNDO_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "netlink/client.h"
#include "undo/change.h"

/*
 * Saves what is in force and starts the keeper; returns when the keeper is ready. The change must
 * be built on the generation undo->before, or the keeper would take back what somebody else has
 * done in between. NP_EXIT_KERNEL if a change waits already.
 */
int np_undo_begin(struct np_undo *undo, struct np_client *client, const char *origin,
		  int64_t wait, int timeout, struct np_error *err);
/*
 * To be called before the commit is sent: from here on somebody has to find out whether the change
 * was made, if the command does not say it. Until here, it was not.
 */
void np_undo_send(struct np_undo *undo);
/*
 * To be called after the attempt, also after one that failed. changed is false if the kernel has
 * refused the change, or if all was in force already. Returns 1 if a change was made, so that the
 * time begins now; 0 if nothing waits; or -1 if the keeper has ended, so that a change stays. If
 * the kernel does not answer, the keeper asks it again itself.
 */
int np_undo_end(struct np_undo *undo, struct np_client *client, bool changed);

/* How a request has ended. */
enum np_undo_answer {
	NP_UNDO_ANSWER_DONE,
	NP_UNDO_ANSWER_REFUSED,	/* the text says why */
	NP_UNDO_ANSWER_NONE,	/* no change waits; the text says how the last one ended, or "" */
};

/*
 * Asks the keeper of this network namespace. Returns an enum np_undo_answer with a line of text in
 * answer, or -1 with *err filled.
 */
int np_undo_ask(enum np_undo_request request, char *answer, size_t size, struct np_error *err);
/*
 * Finds out whether a change waits. *left gets the milliseconds until it is taken back, or -1 if
 * none waits. Returns -1 with *err filled if that cannot be known.
 */
int np_undo_left(int64_t *left, struct np_error *err);
/* Refuses a change while another one waits: returns -1 with *err filled, also if it can't know. */
int np_undo_check(struct np_error *err);

#endif
