/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reflector: the reading of what servers send, and the handing over of objects. Private
 * to reflector.c.
 */
#ifndef NP_KUBE_REFLECTOR_READ_H
#define NP_KUBE_REFLECTOR_READ_H

#include "kube/splitter.h"

struct np_reflector;

/* Callbacks of the splitter; the context is the reflector. */
extern const struct np_splitter_ops np_reflector_events;	/* of a watch */
extern const struct np_splitter_ops np_reflector_items;		/* of a list */

/*
 * A list without its items, once all of it has come: takes its version, or the token of
 * its next page. 0, or -1 with r->garbage set.
 */
int np_reflector_head(struct np_reflector *r);

#endif
