/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of `netpolctl sync` share. */
#ifndef NP_SYNC_H
#define NP_SYNC_H

#include <cjson/cJSON.h>

#include "base/error.h"

/*
 * Asks the agent at a socket. Returns its answer, which is to be freed with cJSON_Delete(), or NULL
 * with *err filled. text, if it is not NULL, gets the answer as it came, to be freed.
 */
struct cJSON *np_sync_status_fetch(const char *path, char **text, struct np_error *err);
/* The number of a key, or 0 if there is none. */
double np_number_of(const cJSON *object, const char *key);
/* The text of a key, or otherwise if there is none. */
const char *np_sync_status_text(const cJSON *object, const char *key, const char *otherwise);
/* Asks the agent at a socket and prints its answer. Returns an exit status. */
int np_sync_status(const char *path);
/*
 * Tells whether a pod that starts now is closed until it is known: guards are in force, and the
 * objects of the cluster are if there is a snapshot, which may be NULL. Changes nothing. Returns
 * an exit status.
 */
int np_sync_check(const char *snapshot);

#endif
