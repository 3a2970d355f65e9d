/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the events and items that a server sends to a reflector, and hands the objects over. Only
 * reflector.c uses it.
 */
#ifndef NP_KUBE_REFLECTOR_READ_H
#define NP_KUBE_REFLECTOR_READ_H

#include "kube/splitter.h"

struct np_reflector;

/* Functions for the splitter, for a watch and for a list. The context is the reflector. */
extern const struct np_splitter_ops np_reflector_events;
extern const struct np_splitter_ops np_reflector_items;
/* The same for a list of which only the version matters. */
extern const struct np_splitter_ops np_reflector_ignored;

/*
 * Reads a list without its items when it is complete: its version, or the token of the next
 * page. In NP_PHASE_CHECK the version is only compared, and r->went_back is set. Returns 0, or -1
 * with r->garbage set.
 */
int np_reflector_head(struct np_reflector *r);

#endif
