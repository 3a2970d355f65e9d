/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Label selectors, and peers made of them; both are interned. A selector is a list of
 * requirements, all of which must hold (k8s.io/apimachinery, meta/v1 LabelSelector). It is
 * evaluated in two ways that must agree: on one label set, and on all identities or namespaces
 * at once, through the sets that keys and labels keep of them (posting sets). Every call needs
 * the world's mutex.
 */
#ifndef NETPOL_SELECTOR_H
#define NETPOL_SELECTOR_H

#include "core/idset.h"
#include "core/intern.h"
#include "core/label.h"

struct netpol_ns;
struct netpol_identity;

/**
 * struct netpol_requirement - one condition on one label key
 * @key: the key, one reference
 * @operator: enum netpol_operator
 * @count: number of values; 0 unless the operator is IN or NOT_IN
 * @value: the labels that have @key and one of the values, sorted by address, one reference
 *	each
 */
struct netpol_requirement {
	struct netpol_key *key;
	u8 operator;
	u32 count;
	struct netpol_label **value;
};

/**
 * struct netpol_selector - requirements, all of which must hold
 * @interned: head
 * @count: how many requirements; a selector without any matches everything
 * @requirement: the requirements, sorted by key and operator
 */
struct netpol_selector {
	struct netpol_interned interned;
	u32 count;
	struct netpol_requirement requirement[];
};

/* A requirement as it is given to the core. */
struct netpol_requirement_text {
	struct netpol_text key;
	u8 operator;
	u32 count;
	const struct netpol_text *value;
};

/**
 * struct netpol_peer - a peer made of selectors, or the one of unknown pods (world->unknown)
 * @interned: head
 * @ns: namespace of the pods that match, one reference; NULL: @namespaces selects it
 * @namespaces: selector of namespaces, one reference; NULL if there is @ns. The peer of unknown
 *	pods has neither: it matches the identities in namespaces that are not loaded, and
 *	NETPOL_IDENTITY_UNKNOWN
 * @pods: selector of pods, one reference; NULL: every pod matches
 * @users: how often loaded policies name the peer
 * @active: place in world->active_peers, the peers with @users whose @set is kept up to date
 * @set: identities that the peer matches, and perhaps numbers that no identity has any more;
 *	valid while the peer is on that list
 * @changed: serial of the last edit that changed @set
 * @activated: serial of the edit that put the peer on that list
 * @scratch: number of the peer in the compilation that is running
 */
struct netpol_peer {
	struct netpol_interned interned;
	struct netpol_ns *ns;
	struct netpol_selector *namespaces;
	struct netpol_selector *pods;
	u32 users;
	struct list_head active;
	struct netpol_idset set;
	u64 changed;
	u64 activated;
	u32 scratch;
};

struct netpol_selector *netpol_selector_get(struct netpol_world *world,
					    const struct netpol_requirement_text *text,
					    u32 count);
void netpol_selector_put(struct netpol_world *world, struct netpol_selector *selector);
bool netpol_selector_matches(const struct netpol_selector *selector,
			     const struct netpol_labels *labels);
int netpol_selector_namespaces(const struct netpol_selector *selector,
			       struct netpol_idset *set);

struct netpol_peer *netpol_peer_get(struct netpol_world *world, struct netpol_ns *ns,
				    struct netpol_selector *namespaces,
				    struct netpol_selector *pods);
void netpol_peer_put(struct netpol_world *world, struct netpol_peer *peer);
bool netpol_peer_matches(const struct netpol_peer *peer,
			 const struct netpol_identity *identity);
int netpol_peer_evaluate(struct netpol_world *world, const struct netpol_peer *peer,
			 struct netpol_idset *set);

#endif /* NETPOL_SELECTOR_H */
