/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Identities. An identity stands for all pods that no loaded peer can tell apart: they have
 * the same namespace, the same values of the label keys that loaded peer selectors name (the
 * active keys), and the same named ports. Keys that no peer names (pod-template-hash, names
 * of StatefulSet pods) make no identities. Identity numbers come in blocks that belong to one
 * namespace, so that the identities of a namespace share words of sets (idset.h).
 *
 * A template is a namespace, a full label set and named ports; pods that have all of these in
 * common share it. Its identity follows from it and from the keys that are active.
 *
 * Every call needs the world's mutex.
 */
#ifndef NETPOL_IDENTITY_H
#define NETPOL_IDENTITY_H

#include "core/intern.h"
#include "core/label.h"
#include "core/namespace.h"

/* Identity numbers in a block. Block 0 is not used, so that number 0 means no identity. */
#define NETPOL_IDENTITY_BLOCK 8

/* A number of block 0: the other end is a pod, of which nothing else is known. */
#define NETPOL_IDENTITY_UNKNOWN 1U

/**
 * struct netpol_identity - pods that no peer can tell apart
 * @interned: head; each template with this identity has one reference
 * @number: place in world->identity, from NETPOL_IDENTITY_BLOCK on
 * @ns: namespace, one reference
 * @labels: the labels that have active keys, one reference
 * @ports: named ports or NULL, one reference
 * @created: serial of the edit that made it
 * @split: serial of the edit that is checking whether it has to be split or merged
 * @carriers: how many of its templates have a key that is active or not since this edit
 */
struct netpol_identity {
	struct netpol_interned interned;
	u32 number;
	struct netpol_ns *ns;
	struct netpol_labels *labels;
	struct netpol_ports *ports;
	u64 created;
	u64 split;
	u32 carriers;
};

/**
 * struct netpol_template - what pods that are made alike have in common
 * @interned: head; each pod object has one reference
 * @ns: namespace, one reference
 * @labels: full label set, one reference
 * @ports: named ports or NULL, one reference
 * @identity: identity, one reference; NULL until a commit needs it
 * @number: place in world->template; its number in the sets of its keys
 */
struct netpol_template {
	struct netpol_interned interned;
	struct netpol_ns *ns;
	struct netpol_labels *labels;
	struct netpol_ports *ports;
	struct netpol_identity *identity;
	u32 number;
};

struct netpol_template *netpol_template_get(struct netpol_world *world,
					    struct netpol_ns *ns,
					    struct netpol_labels *labels,
					    struct netpol_ports *ports);
void netpol_template_put(struct netpol_world *world, struct netpol_template *template);
struct netpol_identity *netpol_identity_find(struct netpol_world *world,
					     const struct netpol_template *template,
					     const struct netpol_labels *labels);
struct netpol_identity *netpol_identity_get(struct netpol_world *world,
					    const struct netpol_template *template);
int netpol_identity_rename(struct netpol_world *world, struct netpol_identity *identity,
			   struct netpol_labels *labels);
void netpol_identity_put(struct netpol_world *world, struct netpol_identity *identity);

#endif /* NETPOL_IDENTITY_H */
