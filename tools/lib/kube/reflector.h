/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reflector: keeps one kind in step with the API server by list and watch.
 */
#ifndef NP_KUBE_REFLECTOR_H
#define NP_KUBE_REFLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "kube/source.h"

struct np_cluster;
struct np_reflector;

#define NP_PAGE_LIMIT		500
#define NP_WATCH_SECONDS_MIN	300	/* timeoutSeconds, at random up to twice this */
#define NP_WATCH_GRACE_MS	15000	/* then we close it ourselves */
#define NP_INITIAL_WARN_MS	10000	/* a streaming list that says nothing */
#define NP_INITIAL_END_MS	30000
#define NP_LIST_TICK_MS		30000	/* a list moves, or is given up */
#define NP_LIST_TICK_BYTES	3000
#define NP_ERROR_MS		60000	/* a watch that fails with 5xx for so long is listed */

struct np_reflector *np_reflector_new(struct np_cluster *cluster,
				      enum np_source_kind kind,
				      const char *version);
void np_reflector_free(struct np_reflector *r);
void np_reflector_start(struct np_reflector *r, int64_t delay_ms);
/* Ends its stream; nothing happens until it is started or restarted. */
void np_reflector_stop(struct np_reflector *r);
/*
 * Opens its stream anew, from the last version, or with a list; forgets the
 * version if it may be another cluster's.
 */
void np_reflector_restart(struct np_reflector *r, bool list, bool forget);
/*
 * The same after new certificates, if a stream is open; what is about to be
 * sent takes them anyway.
 */
void np_reflector_renew(struct np_reflector *r);

#endif
