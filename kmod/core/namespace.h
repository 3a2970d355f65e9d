/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Namespaces. A struct netpol_ns exists as soon as anything names the namespace; its
 * labels are there only while a Namespace object is loaded. Until then the namespace
 * matches no namespaceSelector. Every call needs the world's mutex.
 */
#ifndef NETPOL_NAMESPACE_H
#define NETPOL_NAMESPACE_H

#include "core/idset.h"
#include "core/intern.h"
#include "core/label.h"

/**
 * struct netpol_ns - one namespace, by name
 * @interned: head
 * @number: of the namespace, place in world->ns
 * @labels: of the effective Namespace object, one reference; NULL: not loaded
 * @identities: of its pods
 * @blocks: numbers of its blocks of identities, see identity.c
 * @nblocks: how many
 * @sblocks: room for how many
 * @first_block: place of the first block that may have a free number
 * @policies: attached policies, sorted by origin and name
 * @npolicies: how many are attached
 * @npods: pod objects in it
 * @policies_changed: serial of the last edit that changed @policies
 * @labels_changed: serial of the last edit that changed @labels
 * @before: labels before that edit, not owned; valid during it
 * @length: bytes of @name
 * @name: with NUL
 */
struct netpol_ns {
	struct netpol_interned interned;
	u32 number;
	struct netpol_labels *labels;
	struct netpol_idset identities;
	u32 *blocks;
	u32 nblocks;
	u32 sblocks;
	u32 first_block;
	struct list_head policies;
	u32 npolicies;
	u32 npods;
	u64 policies_changed;
	u64 labels_changed;
	struct netpol_labels *before;
	u32 length;
	char name[];
};

/**
 * struct netpol_namespace - a Namespace object of one origin, immutable
 * @ns: the namespace, one reference
 * @labels: one reference
 * @hash: of the name
 * @mark: serial of the last edit that set it
 * @origin: number of the origin
 */
struct netpol_namespace {
	struct netpol_ns *ns;
	struct netpol_labels *labels;
	u32 hash;
	u64 mark;
	u8 origin;
};

u32 netpol_name_hash(const struct netpol_ns *ns, struct netpol_text name);
struct netpol_ns *netpol_ns_get(struct netpol_world *world, struct netpol_text name);
struct netpol_ns *netpol_ns_find(struct netpol_world *world, struct netpol_text name);
void netpol_ns_put(struct netpol_world *world, struct netpol_ns *ns);
int netpol_ns_set_labels(struct netpol_world *world, struct netpol_ns *ns,
			 struct netpol_labels *labels);
struct netpol_namespace *netpol_namespace_create(struct netpol_world *world,
						 struct netpol_text name,
						 const struct netpol_label_text *labels,
						 u32 nlabels);
void netpol_namespace_free(struct netpol_world *world,
			   struct netpol_namespace *namespace);

static inline struct netpol_ns *netpol_ns_hold(struct netpol_ns *ns)
{
	ns->interned.refs++;
	return ns;
}

#endif /* NETPOL_NAMESPACE_H */
