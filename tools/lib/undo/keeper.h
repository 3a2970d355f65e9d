/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that takes a change back unless it is confirmed. */
#ifndef NP_UNDO_KEEPER_H
#define NP_UNDO_KEEPER_H

#include "undo/change.h"

/*
 * Runs as the keeper until the change is confirmed or taken back, or was not made. command is where
 * the command tells what it has done, lock is held until the end, and socket is asked by other
 * commands. To be called in a child that was just forked.
 */
void np_undo_keep(const struct np_undo *undo, int command, int lock, int socket);

#endif
