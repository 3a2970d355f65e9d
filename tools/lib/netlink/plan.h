/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what is sent, and whether it may be, from the input and from what is loaded. It
 * reaches the kernel only through the encoder.
 */
#ifndef NP_NETLINK_PLAN_H
#define NP_NETLINK_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/errors.h"
#include "netlink/loaded.h"
#include "netlink/encode.h"
#include "object/state.h"
#include "object/object.h"

/* Limits of one object, which are those of the kernel. */
#define NP_POD_ADDRESSES	8
#define NP_OBJECT_LABELS	256
#define NP_POD_PORTS		256

struct np_plan {
	struct np_objects *objects;		/* also holds the names of results */
	const struct np_placement *place;	/* placement of each pod */
	const char *origin;
	bool replace;
	bool allow_empty_kinds;
};

/*
 * Fails with NP_EXIT_INPUT, the object and the limit if an object is beyond what the kernel
 * accepts. errors: gets one error for each such object, if it is not NULL.
 */
int np_plan_limits(const struct np_objects *objs, struct np_errors *errors, struct np_error *err);
/*
 * Returns the placement of each pod of objs that is loaded as local. The caller frees the
 * array.
 */
struct np_placement *np_plan_loaded(const struct np_objects *objs, struct np_loaded *loaded,
				    const char *origin);
/*
 * Returns the loaded local pods that the input does not have and that stay loaded, as their
 * numbers in loaded->state, *count of them. The caller frees the array.
 */
size_t *np_plan_others(const struct np_plan *plan, const struct np_loaded *loaded, size_t *count);
/*
 * Fails with NP_EXIT_INPUT if a replacement would delete all objects of a kind although nobody
 * asked for that.
 */
int np_plan_kinds(const struct np_plan *plan, const struct np_loaded *loaded,
		  struct np_error *err);
/* Sends the objects and the deletions. results gets an entry for each. */
int np_plan_send(const struct np_plan *plan, struct np_loaded *loaded, struct np_encoder *enc,
		 struct np_result_list *results, struct np_error *err);

#endif
