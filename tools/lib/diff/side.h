/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One of the two states that are compared: objects of one or several origins, from manifests,
 * from the kernel, from a snapshot, or what the kernel would hold after a change.
 */
#ifndef NP_DIFF_SIDE_H
#define NP_DIFF_SIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "netlink/client.h"
#include "netlink/loaded.h"
#include "netlink/observe.h"
#include "netlink/plan.h"
#include "netlink/snapshot.h"
#include "object/object.h"
#include "object/settings.h"

/* The node of pods whose policies are evaluated. Other pods are known, and judged elsewhere. */
#define NP_DIFF_HERE	"here"

/*
 * The namespace of pods that stand for addresses that are no pod's (diff/outside.h). No namespace
 * can have this name.
 */
#define NP_DIFF_OUTSIDE	"(outside)"

/**
 * struct np_diff_origin - the objects of an origin
 * @name: of the origin
 * @objects: copies that point into what they were made from. np_pod.node is NP_DIFF_HERE or "",
 *	and np_pod.created is the order in which pods came
 * @loses: a pod lost an address to a pod of another origin, which came later
 */
struct np_diff_origin {
	const char *name;
	struct np_objects objects;
	bool loses;
};

/**
 * struct np_diff_side - a state
 * @name: for people: a file, "kernel"
 * @origin: origins, the one that wins over the others first
 * @origins: how many
 * @node: it is that of a node, which evaluates the policies of some pods only
 * @manifests: it is made of manifests, which may be those of many nodes
 * @settings: of the node; NULL: unknown
 * @audits: that run on the node; NULL: none, as in manifests and snapshots
 * @files: manifests, to be filled by the caller before np_diff_side_files()
 *
 * The other members are what the copies may point into.
 */
struct np_diff_side {
	const char *name;
	struct np_diff_origin *origin;
	size_t origins;
	bool node;
	bool manifests;
	const struct np_settings *settings;
	const struct np_observe_list *audits;
	struct np_objects files;
	struct np_loaded loaded;
	struct np_snapshot snapshot;
	struct np_settings loaded_settings;
	struct np_observe_list loaded_audits;
};

void np_diff_side_init(struct np_diff_side *side, const char *name);
void np_diff_side_free(struct np_diff_side *side);

/* Takes the manifests in side->files. All pods are local. */
void np_diff_side_files(struct np_diff_side *side);
/* Takes what the kernel holds, with its audits. Returns 0, or -1 with *err filled. */
int np_diff_side_kernel(struct np_diff_side *side, struct np_client *client,
			struct np_error *err);
/* Takes a state that was dumped. It must outlive the side. */
void np_diff_side_state(struct np_diff_side *side, const struct np_state *state);
/*
 * Takes what the kernel would hold if a plan were carried out on a state. All of it must outlive
 * the side.
 */
void np_diff_side_plan(struct np_diff_side *side, const struct np_state *state,
		       const struct np_plan *plan);
/* True if a file is a snapshot of `netpolctl save`. Standard input never is. */
bool np_diff_is_snapshot(const char *path);
/* Reads a snapshot, also one of an earlier boot. Returns 0, or -1 with *err filled. */
int np_diff_side_snapshot(struct np_diff_side *side, const char *path, struct np_error *err);

/* Returns objects to which some of the caller's may be added, whatever origin they are of. */
struct np_objects *np_diff_side_objects(struct np_diff_side *side);
/* Returns how many objects of a kind (enum netpol_object) there are. */
size_t np_diff_side_count(const struct np_diff_side *side, uint8_t object);
/*
 * Gives a side that has no pod at all those of the other one, and likewise namespaces. Returns
 * true if it did so. The other side must outlive it.
 */
bool np_diff_side_borrow(struct np_diff_side *side, const struct np_diff_side *other,
			 uint8_t object);
/* Returns true if a policy is observed for all pods instead of enforced. */
bool np_diff_side_observes(const struct np_diff_side *side, const struct np_policy *policy);
/* Returns true if a pod stands for addresses that are no pod's. */
bool np_diff_is_outside(const struct np_pod *pod);
/* Returns true if another node evaluates the policies of a pod. */
bool np_diff_side_has_remote(const struct np_diff_side *side);
/*
 * If one of the sides is that of a node, pods of the other one are local where that node has
 * them so, and also where it does not have them at all.
 */
void np_diff_side_align(struct np_diff_side *a, struct np_diff_side *b);

#endif
