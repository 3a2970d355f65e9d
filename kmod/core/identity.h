/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Identities: what peers can tell apart of a pod, namely its namespace, the values of
 * the label keys that loaded peer selectors name, and its named ports. Keys that nobody
 * selects on (pod-template-hash, names of StatefulSet pods) make no identities. Numbers
 * come in blocks that belong to one namespace, so that its identities share words.
 *
 * A template is a pod's full label set in its namespace; pods made alike share it, and
 * it knows its identity. Every call needs the world's mutex.
 */
#ifndef NETPOL_IDENTITY_H
#define NETPOL_IDENTITY_H

#include "core/intern.h"
#include "core/label.h"
#include "core/namespace.h"

/* Numbers in a block; number 0 is nobody's. */
#define NETPOL_IDENTITY_BLOCK 8

/**
 * struct netpol_identity - pods that no peer can tell apart
 * @interned: head; one reference for each template that has it
 * @number: from NETPOL_IDENTITY_BLOCK on
 * @ns: namespace, one reference
 * @labels: the labels with active keys, one reference
 * @ports: named ports or NULL, one reference
 * @created: serial of the edit that made it
 * @split: serial of the last edit that looked into whether it splits
 * @carriers: templates of it that carry a key new to that edit
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
 * struct netpol_template - what pods of one kind have in common
 * @interned: head; one reference for each pod object
 * @ns: namespace, one reference
 * @labels: full label set, one reference
 * @ports: named ports or NULL, one reference
 * @identity: one reference; NULL until a commit needs it
 * @number: place in world->template, and in the sets of its keys
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
struct netpol_identity *netpol_identity_get(struct netpol_world *world,
					    const struct netpol_template *template);
int netpol_identity_rename(struct netpol_world *world, struct netpol_identity *identity,
			   struct netpol_labels *labels);
void netpol_identity_put(struct netpol_world *world, struct netpol_identity *identity);

#endif /* NETPOL_IDENTITY_H */
