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
 * Saves what is in force and starts the keeper. origin is the only one that the change is to touch,
 * or NULL. NP_EXIT_KERNEL if a change waits already.
 */
int np_undo_begin(struct np_undo *undo, struct np_client *client, const char *origin,
		  int64_t wait, int timeout, struct np_error *err);
/*
 * To be called when the change is made: the time begins. Returns 1; 0 if nothing has changed, so
 * that nothing waits; or -1 if the keeper has ended, so that the change stays.
 */
int np_undo_made(struct np_undo *undo, struct np_client *client);
/* To be called when no change was made. Does nothing after np_undo_made(). */
void np_undo_drop(struct np_undo *undo);

/*
 * Asks the keeper of this network namespace. Returns 1 with its answer, a line of text; 0 if no
 * change waits, with how the last one ended in answer, or ""; or -1.
 */
int np_undo_ask(enum np_undo_request request, char *answer, size_t size, struct np_error *err);
/* Milliseconds until a change is taken back, or -1 if none waits. */
int64_t np_undo_left(void);

#endif
