/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is to be sent, and whether it may be, from the input and from what is loaded.
 * Nothing here talks to the kernel but through the encoder.
 */
#ifndef NP_NETLINK_PLAN_H
#define NP_NETLINK_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "netlink/loaded.h"
#include "netlink/encode.h"
#include "object/state.h"
#include "object/object.h"

/* Bounds of one object, as the kernel has them. */
#define NP_POD_ADDRESSES	8
#define NP_OBJECT_LABELS	256
#define NP_POD_PORTS		256

struct np_plan {
	struct np_objects *objects;		/* names of results are kept in it too */
	const struct np_placement *place;	/* of each pod */
	const char *origin;
	bool replace;
	bool allow_empty_kinds;
};

/* NP_EXIT_INPUT, with the object and the bound, if one is beyond what the kernel takes. */
int np_plan_limits(const struct np_objects *objs, struct np_error *err);
/* Where each pod of objs is loaded as local, as far as it is; to be freed. */
struct np_placement *np_plan_loaded(const struct np_objects *objs, struct np_loaded *loaded,
				    const char *origin);
/* NP_EXIT_INPUT if a replacement would delete all objects of one kind unasked. */
int np_plan_kinds(const struct np_plan *plan, const struct np_loaded *loaded,
		  struct np_error *err);
/* Sends the objects and what is to be deleted; results tells of each. */
int np_plan_send(const struct np_plan *plan, struct np_loaded *loaded, struct np_encoder *enc,
		 struct np_result_list *results, struct np_error *err);

#endif
