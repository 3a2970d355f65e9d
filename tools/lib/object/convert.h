/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns AdminNetworkPolicies and BaselineAdminNetworkPolicies (policy.networking.k8s.io/v1alpha1)
 * into ClusterNetworkPolicies that mean the same. What has no form that means exactly the same is
 * refused: with the object, the field and the reason.
 *
 * np_load_path() and its like fill one that stands in their options. Then np_convert_finish()
 * compares all that came of it.
 */
#ifndef NP_OBJECT_CONVERT_H
#define NP_OBJECT_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/output.h"
#include "object/field.h"

/* More refused objects are counted only. */
#define NP_CONVERT_REFUSED_MAX	1000u

/**
 * struct np_converted - one ClusterNetworkPolicy
 * @root: it
 * @name: its name
 * @of: what it was made of, "AdminNetworkPolicy a"
 * @place: where that stands
 * @tier: enum np_tier
 * @priority: its priority
 * @source: number of what it was made of
 * @part: which of the policies that were made of that
 * @refused: it is not to be written
 */
struct np_converted {
	struct np_node *root;
	const char *name;
	const char *of;
	struct np_place place;
	uint8_t tier;
	uint16_t priority;
	uint32_t source;
	uint32_t part;
	bool refused;
};

/**
 * struct np_convert - what is converted; empty if all bytes are zero
 * @arena: of all nodes and texts
 * @policy: policies that were made
 * @count: how many
 * @found: how many objects were to be converted
 * @refused: why some were not, up to NP_CONVERT_REFUSED_MAX
 * @refusals: how many were not
 */
struct np_convert {
	struct np_arena arena;
	struct np_converted *policy;
	size_t count;
	uint32_t found;
	struct np_error *refused;
	size_t refusals;
};

/*
 * Converts an object if its kind is one of the two, or a list of them. Returns 1 if it did, also if
 * the object was refused, and 0 if it is something else.
 */
int np_convert_object(struct np_convert *c, struct np_decode *d, const struct np_node *node,
		      const struct np_path *path, const char *api_version, const char *kind);
/* The lists of the two kinds; NULL if it is another kind. */
const struct np_list_kind *np_convert_list(const char *kind);
/*
 * Keeps the last one of objects that were given more than once, with a warning for each. Refuses
 * policies whose names collide, with each other or with ClusterNetworkPolicies of objs, or
 * whose order would be another one. Adds warnings to objs about what stays open.
 */
void np_convert_finish(struct np_convert *c, struct np_objects *objs);
/* Writes all policies, as YAML documents or as a JSON list. */
void np_convert_write(const struct np_convert *c, FILE *file, enum np_format format);
void np_convert_free(struct np_convert *c);

#endif
