/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Namespaces. A struct netpol_ns exists as soon as any object names the namespace. It has
 * labels only while a Namespace object is loaded; without labels it matches no
 * namespaceSelector. Every call needs the world's mutex.
 */
#ifndef NETPOL_NAMESPACE_H
#define NETPOL_NAMESPACE_H

#include "core/idset.h"
#include "core/intern.h"
#include "core/label.h"

/**
 * struct netpol_ns - a namespace
 * @interned: head
 * @number: place in world->ns
 * @labels: labels of the Namespace object of the origin that wins, one reference; NULL: no
 *	Namespace object is loaded
 * @identities: identities of its pods
 * @blocks: its blocks of identity numbers, see identity.c; owned
 * @nblocks: how many
 * @sblocks: room for how many
 * @first_block: index in @blocks of the first one that may have a free number
 * @policies: its policies, sorted by origin and name, except for those in @fresh
 * @fresh: policies that are not in order yet, see netpol_policies_settle()
 * @npolicies: how many
 * @npods: how many pod objects are in it
 * @policies_changed: serial of the last edit that changed @policies
 * @program_bytes: memory of the programs of its pods, in the snapshot in force
 * @edit_bytes: likewise in the next snapshot, as far as the edit with serial @edit_serial knows
 * @edit_serial: see there
 * @grown: how many of its identities are new or are others for some peer, as far as the edit with
 *	serial @grown_serial has counted them
 * @grown_by_labels: they are because the namespace was relabelled
 * @grown_serial: see there
 * @hits_bytes: memory of the counters of its policies' rules
 * @labels_changed: serial of the last edit that changed @labels
 * @before: labels before that edit, without a reference; valid during the edit
 * @audits_changed: serial of the last edit that began or ended an audit of its policies
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
	struct list_head fresh;
	u32 npolicies;
	u32 npods;
	u64 policies_changed;
	u64 program_bytes;
	u64 edit_bytes;
	u64 edit_serial;
	u32 grown;
	bool grown_by_labels;
	u64 grown_serial;
	u64 hits_bytes;
	u64 labels_changed;
	struct netpol_labels *before;
	u64 audits_changed;
	u32 length;
	char name[];
};

/**
 * struct netpol_namespace - a Namespace object of one origin, immutable
 * @ns: the namespace, one reference
 * @labels: labels, one reference
 * @hash: hash of the name
 * @mark: serial of the last edit that set the object
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

/* Takes one more reference of a namespace that is held. */
static inline struct netpol_ns *netpol_ns_hold(struct netpol_ns *ns)
{
	ns->interned.refs++;
	return ns;
}

#endif /* NETPOL_NAMESPACE_H */
