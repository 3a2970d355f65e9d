/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the files of `netpolctl sync`.
 */
#ifndef NP_SYNC_H
#define NP_SYNC_H

/* Asks the agent at a socket and prints its answer; an exit status. */
int np_sync_status(const char *path);

#endif
