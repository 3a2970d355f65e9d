/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of `netpolctl sync` share. */
#ifndef NP_SYNC_H
#define NP_SYNC_H

/* Asks the agent at a socket and prints its answer. Returns an exit status. */
int np_sync_status(const char *path);
/*
 * Tells whether a pod that starts now is closed until it is known: guards are in force, and the
 * objects of the cluster are if there is a snapshot, which may be NULL. Changes nothing. Returns
 * an exit status.
 */
int np_sync_check(const char *snapshot);

#endif
