/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A reflector follows the objects of one kind at the API server, by lists and watches.
 */
#ifndef NP_KUBE_REFLECTOR_H
#define NP_KUBE_REFLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "kube/source.h"

struct np_cluster;
struct np_reflector;

#define NP_PAGE_LIMIT		500	/* objects in one page of a list */
#define NP_WATCH_SECONDS_MIN	300	/* timeoutSeconds is random, from this to twice as much */
#define NP_WATCH_GRACE_MS	15000	/* time after timeoutSeconds when the client ends a watch */
/* A streaming list that sends nothing leads to a warning after a time, and then is given up. */
#define NP_INITIAL_WARN_MS	10000
#define NP_INITIAL_END_MS	30000
/*
 * The time until the first byte of a list. A server may send all objects in one piece, also if
 * pages were asked for, and begins when it has put them together. That takes long in a large
 * cluster, and kube-apiserver gives itself 60 seconds.
 */
#define NP_LIST_ANSWER_MS	90000
/* A list is given up unless each period of time brings at least that many bytes. */
#define NP_LIST_TICK_MS		30000
#define NP_LIST_TICK_BYTES	3000
#define NP_ERROR_MS		60000	/* time of 5xx answers after which a list follows a watch */

/* version: the one that was saved with the state, NULL or "" for none. */
struct np_reflector *np_reflector_new(struct np_cluster *cluster,
				      enum np_source_kind kind,
				      const char *version);
void np_reflector_free(struct np_reflector *r);
void np_reflector_start(struct np_reflector *r, int64_t delay_ms);
/* Ends its stream. Nothing happens until it is started or restarted. */
void np_reflector_stop(struct np_reflector *r);
/*
 * Opens its stream again: from the last version, or with a list. forget: the version may belong to
 * another cluster and must not be used.
 */
void np_reflector_restart(struct np_reflector *r, bool list, bool forget);
/*
 * Ends its stream, and all that is known of the objects. It may be started again, with a list.
 * forget: as above.
 */
void np_reflector_rest(struct np_reflector *r, bool forget);
/*
 * Certificates were replaced. Opens the stream again if it is open. A request that has not been
 * sent yet uses them anyway.
 */
void np_reflector_renew(struct np_reflector *r);

#endif
