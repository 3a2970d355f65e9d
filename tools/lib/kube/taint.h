/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Removes a taint from the agent's own Node. The taint keeps pods away from a new node until the
 * agent is ready; kubelet sets it when it registers the Node (--register-with-taints).
 *
 * The index of the taint is known from the watch of the Node. It is removed by a JSON patch, which
 * tests that the taint with this key is still there, so that no other taint is removed if the list
 * has changed meanwhile. (The list of taints is atomic for the API server: it can't be merged by
 * key.) The taint is never set by this client.
 */
#ifndef NP_KUBE_TAINT_H
#define NP_KUBE_TAINT_H

#include <stdbool.h>

#include "object/json.h"

struct np_cluster;
struct np_taint;

/* key: as in "kubectl taint", without value and effect. Taints of all effects are removed. */
struct np_taint *np_taint_new(struct np_cluster *cluster, const char *key);
/* Takes the taints of the Node as it is now. NULL: the Node is gone. */
void np_taint_seen(struct np_taint *taint, const struct np_node *object);
/* Whether the agent is ready, that is, whether a taint that is seen is to be removed. */
void np_taint_ready(struct np_taint *taint, bool ready);
/* Cancels what is going on. The taint is removed later if it is still there. */
void np_taint_stop(struct np_taint *taint);
/* taint may be NULL. */
void np_taint_free(struct np_taint *taint);

#endif
