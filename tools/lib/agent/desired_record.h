/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of the desired state: what the cluster says the kernel of this node should hold.
 * desired.h fills it from a source, and commit.h commits it.
 *
 * All pods of the cluster have a record, so records are small: label sets are shared, and a pod is
 * one block of about 100 bytes. Records belong to one struct np_desired and one thread.
 *
 * A pod is kept if it has an address or runs on this node, is not on the host network, and has not
 * finished. All policies are kept, because a pod that one of them selects may come to this node at
 * any time. Policies that select a local pod are wanted in the kernel. ClusterNetworkPolicies are
 * policies of the nameless namespace `cluster`. While the labels of a namespace are not known, they
 * count as if they suited every ClusterNetworkPolicy: the kernel closes the pods of such a
 * namespace as long as it holds one.
 *
 * While `full` is set the state of the kernel is not known, and everything that is to be loaded
 * must be sent. Otherwise each record that differs from what the kernel has is pending: it is in
 * the list `pending` once. A record of an object that no longer exists stays until that is
 * committed, and is used again if an object with that name appears.
 */
#ifndef NP_AGENT_DESIRED_RECORD_H
#define NP_AGENT_DESIRED_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/netpol.h>

#include "agent/desired_labels.h"
#include "base/hash.h"
#include "kube/source.h"
#include "object/object.h"

enum np_desired_flag {
	NP_DESIRED_PENDING = 1 << 0,	/* it is in the list of pending changes */
	NP_DESIRED_COMMITTED = 1 << 1,	/* the kernel has some version of it */
	NP_DESIRED_GONE = 1 << 2,	/* the object no longer exists */
	NP_DESIRED_REJECTED = 1 << 3,	/* unreadable, over a bound or refused: not loaded */
	NP_DESIRED_KNOWN = 1 << 4,	/* namespace: it exists at the API server */
	NP_DESIRED_WANTED = 1 << 5,	/* policy: it selects a local pod */
	NP_DESIRED_CLOSED = 1 << 6,	/* policy: it is loaded without rules, or all are closed */
	NP_DESIRED_LOCAL = 1 << 7,	/* pod: it runs on this node */
	NP_DESIRED_DELETING = 1 << 8,	/* pod: it has a deletionTimestamp */
	NP_DESIRED_RUNNING = 1 << 9,	/* pod: its phase is Running, or is not given */
	NP_DESIRED_OWN = 1 << 10,	/* pod: one of its addresses is an address of the node */
	NP_DESIRED_WITHHELD = 1 << 11,	/* pod: a rejected policy selects it, so it is not loaded */
	NP_DESIRED_EARLY = 1 << 12,	/* pod: its addresses come from the CNI, not from the API */
	NP_DESIRED_COMPARED = 1 << 13,	/* the running comparison found it equal */
	NP_DESIRED_REPLACED = 1 << 14,	/* pod: a record of another size has taken its place */
	NP_DESIRED_MEASURED = 1 << 15,	/* pod: the delay until its first commit was counted */
};

/* What a ClusterNetworkPolicy needs Nodes for. */
enum np_node_need {
	NP_NEED_NODES = 1 << 0,		/* a rule names Nodes */
	NP_NEED_RANGES = 1 << 1,	/* a rule of pods does not accept, see ranges.h */
};

struct np_desired_policy;

/* A namespace. There also is a record if only objects in the namespace have been seen. */
struct np_desired_namespace {
	uint32_t hash;
	uint16_t flags;		/* enum np_desired_flag */
	uint8_t epoch;		/* number of the list that it was last seen in */
	bool audit_asked : 1;	/* NP_AUDIT_KEY asks, and counts */
	bool audit : 1;		/* it asks and is loaded: its NetworkPolicies are observed */
	uint32_t pods;		/* how many pods of it there are */
	struct np_desired_labels *labels;	/* NULL unless NP_DESIRED_KNOWN */
	/* by which ClusterNetworkPolicies count its pods, with a reference; NULL: not known */
	struct np_desired_labels *counted;
	struct np_desired_policy *policies;	/* list of its policies */
	size_t policy_bytes;	/* memory of its policies */
	size_t label_bytes;	/* memory of its label sets, its own and those of its pods */
	uint8_t uid[NETPOL_UID_LEN];
	char name[];
};

struct np_desired_pod {
	uint32_t hash;
	uint16_t flags;
	uint8_t epoch;
	uint8_t address4;	/* number of IPv4 addresses, at the start of data */
	uint8_t address6;	/* number of IPv6 addresses, behind them */
	bool mirror;		/* it shows a static pod, whose uid is behind the name in data */
	bool waits;		/* a local pod, but not it, owns an address of it, see owner.h */
	uint32_t ifindex;	/* its interface, for a local pod; 0: not known */
	uint32_t created;	/* seconds since 1970, 0: not known */
	uint32_t arrival;	/* position in the order in which uids were first seen */
	uint32_t rejected;	/* how many rejected policies select it, if it is local */
	uint32_t since;		/* when it got its addresses, by the member now of np_desired */
	struct np_desired_namespace *namespace;
	struct np_desired_labels *labels;
	uint8_t uid[NETPOL_UID_LEN];
	uint8_t data[];		/* addresses, then the name with its NUL, then maybe a uid */
};

struct np_desired_policy {
	uint32_t hash;
	uint16_t flags;
	uint8_t epoch;
	struct np_desired_namespace *namespace;
	struct np_desired_policy *next;	/* next policy of the namespace */
	struct np_desired_policy **at;	/* what points to it: the list, or its predecessor */
	struct np_policy *policy;	/* one block of memory */
	struct np_rule *closed[2];	/* in it too: all rules, closed; of ingress and of egress */
	uint8_t uid[NETPOL_UID_LEN];
	uint8_t needs;			/* what it needs Nodes for: enum np_node_need */
	bool blind;			/* Nodes are why it is a trouble */
	bool lost;			/* it is for every pod, because its subject was not read */
	bool kept;			/* it is an earlier version than one that cannot be read */
	size_t bytes;			/* size of that block */
	uint32_t pods;			/* how many local pods it selects */
};

/* A difference between the desired state and the kernel. */
struct np_change {
	uint8_t object;		/* enum netpol_object */
	bool stale;		/* record is a struct np_stale */
	uint32_t number;	/* number of the object in its transaction, see encode.h */
	void *record;
};

/* An object of origin `kube` that the kernel has and that is not desired. */
struct np_stale {
	const char *namespace;	/* "" for a namespace */
	const char *name;
	char text[];
};

struct np_desired_stats {
	uint64_t events[NP_SOURCE_KINDS];
	uint64_t malformed[NP_SOURCE_KINDS];	/* objects that cannot be read */
	uint64_t refused[NP_SOURCE_KINDS];	/* objects over a bound or refused by the kernel */
};

struct np_desired {
	const char *node;	/* name of this node; belongs to the caller */
	bool full;		/* the state of the kernel is not known */
	bool synced[NP_SOURCE_KINDS];
	uint8_t epoch[NP_SOURCE_KINDS];	/* number of the current list */
	struct np_desired_label_sets labels;
	struct np_hash namespaces;
	struct np_hash pods;
	struct np_hash policies;
	/* the namespace of ClusterNetworkPolicies, which has no name and is not among the others */
	struct np_desired_namespace *cluster;
	size_t cluster_policies;	/* how many of the policies are in it */
	struct np_hash troubles;	/* see desired_trouble.h */
	struct np_change *pending;
	size_t pending_count;
	struct np_desired_pod **local;	/* pods of this node, in no order */
	size_t local_count;
	struct np_address *owned;	/* addresses that the CNI has given to local pods, sorted */
	size_t owned_count;
	bool node_seen;		/* the Node of this name has been seen */
	bool node_read;		/* its podCIDRs have been read */
	struct np_cidr *pod_cidr;	/* its podCIDRs, as they were last known */
	size_t pod_cidr_count;
	/*
	 * All Nodes; see desired_node.h. They are followed while policies need them, and until a
	 * list of them is complete nothing is known of them.
	 */
	struct np_hash nodes;
	const struct np_kube_node **node_list;	/* of the records that can be read */
	size_t node_count;
	size_t nodes_unread;	/* records that cannot be read */
	size_t node_bytes;	/* memory of the records */
	size_t node_users;	/* how many policies need Nodes */
	size_t range_users;	/* how many of them for the ranges of pods */
	bool node_ranges;	/* podCIDRs are to be ranges of pods; set by the caller */
	bool audit_annotations;	/* NP_AUDIT_KEY counts; set by the caller, at the start */
	struct np_cidr *range;	/* these ranges */
	size_t range_count;
	size_t ranges_left_out;	/* blocks of podCIDRs for which there is no room */
	bool nodes_nameless;	/* there is one whose name cannot be read, as far as is known */
	bool nodes_stale;	/* the policies that name Nodes are to be resolved again */
	bool nodes_given_up;	/* nobody waits any longer for the list of Nodes */
	size_t peers_max;	/* the most peers of a policy; 0: not known */
	struct np_arena resolved;	/* private: the policy that is being resolved */
	size_t policy_bytes;	/* memory of all policies of namespaces that have a name */
	/*
	 * Set by a change of a namespace, a policy or a local pod, after which a snapshot file is
	 * due soon. Whoever writes the file clears it.
	 */
	bool urgent;
	uint32_t arrivals;
	uint32_t now;		/* milliseconds, which may wrap; the caller sets it */
	uint32_t serial;	/* number of the last transaction */
	uint64_t steps;		/* comparisons of pods' labels with selectors, which tests bound */
	struct np_desired_stats stats;
	/* Called with each remark on an object. The text is for people. May be NULL. */
	void (*remark)(void *arg, enum np_source_kind kind, const char *namespace,
		       const char *name, const char *text);
	/* The same with what does not count of an object that is taken otherwise. */
	void (*notice)(void *arg, enum np_source_kind kind, const char *namespace,
		       const char *name, const char *text);
	/* Called when a local pod is new, has changed, or is about to be forgotten. May be NULL. */
	void (*local_changed)(void *arg, struct np_desired_pod *pod, bool gone);
	void *arg;
	struct np_objects scratch;	/* private: the object that is being read */
	/* private: this list had a policy whose name cannot be read */
	bool nameless[NP_SOURCE_KINDS];
};

/* Calls remark(). */
void np_desired_remark(struct np_desired *d, enum np_source_kind kind, const char *namespace,
		       const char *name, const char *text);
/* Calls notice(). */
void np_desired_notice(struct np_desired *d, enum np_source_kind kind, const char *namespace,
		       const char *name, const char *text);
/* Returns the kind of an object. namespace: "" for one that is in none. */
enum np_source_kind np_desired_kind(uint8_t object, const char *namespace);

/* Returns a namespace that exists, or NULL. */
struct np_desired_namespace *np_desired_namespace(const struct np_desired *d, const char *name);
/* Fills in a namespace, which points into the record. */
void np_desired_namespace_view(const struct np_desired_namespace *ns, struct np_namespace *view);
/* Returns the record of a namespace, whether it exists or not, or NULL. */
struct np_desired_namespace *np_desired_namespace_find(const struct np_desired *d,
						       const char *name);
/* Returns the record of a namespace, and makes one if there is none. */
struct np_desired_namespace *np_desired_namespace_get(struct np_desired *d, const char *name);
/* Frees a namespace if nothing refers to it any more. */
void np_desired_namespace_check(struct np_desired *d, struct np_desired_namespace *ns);
void np_desired_pod_free(struct np_desired *d, struct np_desired_pod *pod);
void np_desired_policy_free(struct np_desired *d, struct np_desired_policy *policy);

/* Returns the name of a pod, which points into the record. */
const char *np_desired_pod_name(const struct np_desired_pod *pod);
/* Returns the uid of the static pod that a pod shows, which points into the record, or NULL. */
const uint8_t *np_desired_pod_mirror(const struct np_desired_pod *pod);

/* Return true if a record is to be in the kernel. */
bool np_desired_namespace_loaded(const struct np_desired_namespace *ns);
bool np_desired_pod_loaded(const struct np_desired_pod *pod);
bool np_desired_policy_loaded(const struct np_desired_policy *policy);
bool np_desired_loaded(uint8_t object, const void *record);
/* Returns the flags of a record. */
uint16_t *np_desired_flags(uint8_t object, void *record);

/* Adds a record to the pending changes, unless it is among them or `full` is set. */
void np_desired_set_pending(struct np_desired *d, uint8_t object, void *record);
/* Makes a stale object. It is freed with the change that removes it. */
struct np_stale *np_stale_new(const char *namespace, const char *name);
/*
 * Takes the list of pending changes away. Each of them must then be passed to
 * np_desired_finish() or np_desired_give_back(). The caller frees the list.
 */
struct np_change *np_desired_take(struct np_desired *d, size_t *count);
/* To be called for a change that was committed. Frees the record of an object that is gone. */
void np_desired_finish(struct np_desired *d, const struct np_change *change);
/* Makes a change pending, for one that was not committed or is new. */
void np_desired_give_back(struct np_desired *d, const struct np_change *change);
/* To be called after a full transaction was committed. */
void np_desired_finish_full(struct np_desired *d);
/* To be called when the state of the kernel is not known any more. Nothing is pending then. */
void np_desired_set_full(struct np_desired *d);

#endif
