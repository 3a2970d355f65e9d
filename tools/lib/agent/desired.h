/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Desired state: what the cluster says this node's kernel should hold.
 *
 * Fed by a source (source.h) with one call an object, read by commits (commit.h). Kept
 * small, since every pod of the cluster is in it: texts and label sets are interned and
 * counted, a pod is one block of about 100 bytes. All of it belongs to one struct
 * np_desired and is used by one thread.
 *
 * Records: a pod is kept if it has an address or runs here, and neither uses the host's
 * network nor has finished. Of the policies all are kept, since a pod of theirs may come
 * to this node any time; those that select a local pod are wanted in the kernel.
 *
 * Changes: as long as `full` is set the kernel's state is not known, and all that is
 * wanted has to be sent. After that each record that differs from what the kernel was
 * told is listed once in `change`; a record that is gone stays in its table until the
 * kernel was told, and comes back to life if its name does.
 */
#ifndef NP_AGENT_DESIRED_H
#define NP_AGENT_DESIRED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/netpol.h>

#include "base/error.h"
#include "object/digest.h"
#include "object/object.h"
#include "base/hash.h"
#include "kube/source.h"

/* An interned text; text points into it. */
struct np_text {
	uint32_t hash;
	uint32_t refs;
	char text[];
};

/* A set of labels and named ports, interned. */
struct np_label_bundle {
	uint32_t hash;
	uint32_t refs;
	uint32_t serial;	/* transaction that it was sent in */
	uint32_t number;	/* its number there */
	uint32_t label_count;
	uint32_t port_count;
	struct np_named_port *port;	/* behind the labels, in the same block */
	struct np_label label[];
};

enum np_desired_flag {
	NP_DESIRED_LISTED = 1 << 0,	/* in `change` */
	NP_DESIRED_COMMITTED = 1 << 1,	/* the kernel has some version of it */
	NP_DESIRED_GONE = 1 << 2,	/* does not exist; freed once the kernel was told */
	NP_DESIRED_ASIDE = 1 << 3,	/* refused: not to be loaded */
	NP_DESIRED_KNOWN = 1 << 4,	/* namespace: the object itself was seen */
	NP_DESIRED_WANTED = 1 << 5,	/* policy: selects a local pod */
	NP_DESIRED_CLOSED = 1 << 6,	/* policy: its rules can't be read or loaded */
	NP_DESIRED_LOCAL = 1 << 7,	/* pod: runs on this node */
	NP_DESIRED_DELETING = 1 << 8,	/* pod: has a deletionTimestamp */
	NP_DESIRED_RUNNING = 1 << 9,	/* pod: phase Running, or none */
	NP_DESIRED_OWN = 1 << 10,	/* pod: has an address of the node itself */
	NP_DESIRED_WITHHELD = 1 << 11,	/* pod: a policy of it can't even be closed */
	NP_DESIRED_EARLY = 1 << 12,	/* pod: addresses are from the CNI, not the API */
	NP_DESIRED_AUDITED = 1 << 13,	/* seen in the running audit's dump */
	NP_DESIRED_DEAD = 1 << 14,	/* pod: replaced by a record of another size */
	NP_DESIRED_WAITED = 1 << 15,	/* pod: was in the kernel, its wait is over */
};

struct np_desired_policy;

struct np_desired_namespace {
	uint32_t hash;
	uint16_t flags;		/* enum np_desired_flag */
	uint8_t epoch;		/* of the list that it was last seen in */
	uint32_t pods;
	struct np_label_bundle *labels;	/* NULL unless KNOWN */
	struct np_desired_policy *policies;
	size_t policy_bytes;
	uint8_t uid[NETPOL_UID_LEN];
	char name[];
};

struct np_desired_pod {
	uint32_t hash;
	uint16_t flags;
	uint8_t epoch;
	uint8_t address4;	/* how many, at the start of data */
	uint8_t address6;	/* behind those */
	uint32_t ifindex;	/* LOCAL only; 0: not known */
	uint32_t created;	/* seconds since 1970, 0: not known */
	uint32_t arrival;	/* order in which uids were first seen */
	uint32_t since;		/* when it got its addresses, by `now` of the state */
	struct np_desired_namespace *namespace;
	struct np_label_bundle *labels;
	uint8_t uid[NETPOL_UID_LEN];
	uint8_t data[];		/* addresses, then the name with its NUL */
};

struct np_desired_policy {
	uint32_t hash;
	uint16_t flags;
	uint8_t epoch;
	struct np_desired_namespace *namespace;
	struct np_desired_policy *next;	/* in the namespace */
	struct np_policy *policy;	/* one block of its own */
	uint8_t uid[NETPOL_UID_LEN];
	size_t bytes;
};

/* One thing that differs from what the kernel was told. */
struct np_change {
	uint8_t object;		/* enum netpol_object */
	bool stray;		/* record is a struct np_stray */
	uint32_t number;	/* in the transaction that carries it, by np_commit_send() */
	void *record;
};

/* An object of our origin in the kernel that nobody asked for. */
struct np_stray {
	const char *namespace;	/* "" for a namespace */
	const char *name;
	char text[];
};

/* What is wrong with an object. */
enum np_trouble_kind {
	NP_TROUBLE_KEPT,	/* malformed: the last good version stays, if any */
	NP_TROUBLE_CLOSED,	/* policy: its subject is closed */
	NP_TROUBLE_ASIDE,	/* not loaded: over a cap, or refused by the kernel */
};

struct np_trouble {
	uint32_t hash;
	uint8_t object;		/* enum netpol_object */
	uint8_t kind;		/* enum np_trouble_kind */
	uint8_t epoch;
	bool refused;		/* by the kernel or its caps, not by decoding */
	const char *namespace;
	const char *name;
	const char *reason;
	char text[];
};

#define NP_TROUBLES_MAX	4096	/* more are only counted */

/*
 * Bytes of policies that are kept. Those of one namespace that are over its share, or over
 * the lower one once all of them are too many, are kept without their rules, so closed.
 */
#define NP_POLICY_BYTES_SHARE	(32u * 1024 * 1024)
#define NP_POLICY_BYTES_ALL	(96u * 1024 * 1024)
#define NP_POLICY_BYTES_LOW	(1024u * 1024)

struct np_desired_stats {
	uint64_t events[NP_SOURCE_KINDS];
	uint64_t malformed[NP_SOURCE_KINDS];	/* also those that the source rejected */
	uint64_t refused[NP_SOURCE_KINDS];	/* by the kernel or over a cap */
};

struct np_desired {
	const char *node;	/* our spec.nodeName; the caller's */
	bool full;		/* the kernel's state is not known */
	bool synced[NP_SOURCE_KINDS];
	uint8_t epoch[NP_SOURCE_KINDS];
	struct np_hash texts;
	struct np_hash bundles;
	struct np_hash namespaces;
	struct np_hash pods;
	struct np_hash policies;
	struct np_hash troubles;
	struct np_change *change;
	size_t change_count;
	size_t change_room;
	/* Pods of this node, in no order. */
	struct np_desired_pod **local;
	size_t local_count;
	size_t local_room;
	/* The own Node, as it was last seen. */
	bool node_seen;
	struct np_cidr *pod_cidr;
	size_t pod_cidr_count;
	size_t policy_bytes;
	uint32_t arrivals;
	uint32_t now;		/* milliseconds, may wrap; the caller sets it */
	uint32_t serial;	/* of the last transaction */
	struct np_desired_stats stats;
	/*
	 * Called for each remark on an object, its text for people. May be NULL.
	 */
	void (*remark)(void *arg, enum np_source_kind kind, const char *namespace,
		       const char *name, const char *text);
	/* A local pod is new, changed or about to be forgotten. May be NULL. */
	void (*local_changed)(void *arg, struct np_desired_pod *pod, bool gone);
	void *arg;
	/* private: what decoding needs from one object to the next */
	struct np_objects scratch;
	bool nameless;		/* this list had a policy whose name can't be read */
};

void np_desired_init(struct np_desired *d, const char *node);
void np_desired_free(struct np_desired *d);

/* The source's calls, see struct np_source_ops. */
void np_desired_begin(struct np_desired *d, enum np_source_kind kind);
void np_desired_upsert(struct np_desired *d, enum np_source_kind kind,
		       const struct np_node *object);
void np_desired_remove(struct np_desired *d, enum np_source_kind kind, const char *namespace,
		       const char *name, const char *uid);
void np_desired_rejected(struct np_desired *d, enum np_source_kind kind, const char *namespace,
			 const char *name, const char *uid, const char *reason);
void np_desired_synced(struct np_desired *d, enum np_source_kind kind);

/* Finding; NULL: not there, or gone. */
struct np_desired_namespace *np_desired_namespace(const struct np_desired *d, const char *name);
struct np_desired_pod *np_desired_pod(const struct np_desired *d, const char *namespace,
				      const char *name);
struct np_desired_policy *np_desired_policy(const struct np_desired *d, const char *namespace,
					    const char *name);

/* Views, which point into the record. */
const char *np_desired_pod_name(const struct np_desired_pod *pod);
/* address has room for NP_POD_ADDRESSES_MAX; returns how many. */
#define NP_DESIRED_ADDRESSES	64
uint32_t np_desired_addresses(const struct np_desired_pod *pod, struct np_address *address);
/* uid_text has NP_UID_TEXT bytes. node is "" but for a local pod. */
void np_desired_pod_view(const struct np_desired *d, const struct np_desired_pod *pod,
			 struct np_pod *view, struct np_address *address, char *uid_text);
void np_desired_namespace_view(const struct np_desired_namespace *ns,
			       struct np_namespace *view);

/* Is it to be in the kernel? */
bool np_desired_loaded(uint8_t object, const void *record);
uint16_t *np_desired_flags(uint8_t object, void *record);
bool np_desired_pod_loaded(const struct np_desired_pod *pod);
bool np_desired_namespace_loaded(const struct np_desired_namespace *ns);
bool np_desired_policy_loaded(const struct np_desired_policy *policy);

/* Lists a record as changed, unless `full` is set or it is listed. */
void np_desired_list(struct np_desired *d, uint8_t object, void *record);
/* Lists what the kernel has beyond what is wanted. */
void np_desired_list_stray(struct np_desired *d, uint8_t object, const char *namespace,
			   const char *name);
/*
 * Takes the list of changes away, to be told to the kernel and freed. Each of them is then
 * either finished, which forgets it and frees what is gone, or given back.
 */
struct np_change *np_desired_take(struct np_desired *d, size_t *count);
void np_desired_finish(struct np_desired *d, const struct np_change *change);
void np_desired_give_back(struct np_desired *d, const struct np_change *change);
/* The same after a full transaction. */
void np_desired_all_done(struct np_desired *d);
/* From now on the kernel's state is not known. */
void np_desired_set_full(struct np_desired *d);

/* Where a local pod is; lists it if that is new. */
void np_desired_place(struct np_desired *d, struct np_desired_pod *pod, uint32_t ifindex,
		      bool own);
/* Addresses of a local pod that the API hasn't told yet; the API's own win. */
struct np_desired_pod *np_desired_early(struct np_desired *d, struct np_desired_pod *pod,
					const struct np_address *address, uint32_t count);
/*
 * Addresses of a local pod as its network interface has them. Those that the API tells and
 * these contradict are of a sandbox before: after a reboot, or when it was made anew, the
 * API server tells them until kubelet has reported, while others have them already.
 */
struct np_desired_pod *np_desired_actual(struct np_desired *d, struct np_desired_pod *pod,
					 const struct np_address *address, uint32_t count);

/*
 * The kernel refused a record, or it is over a cap. A policy is replaced by one with the
 * same subject and directions but without rules, the second time withdrawn together with
 * its local pods; others are withdrawn. False if there is nothing left to withdraw.
 */
bool np_desired_set_aside(struct np_desired *d, uint8_t object, void *record,
			  const char *reason);
/* All that was refused may be tried again. */
void np_desired_retry(struct np_desired *d);

/* --- between the files of the desired state ------------------------------------- */

const char *np_text_get(struct np_desired *d, const char *text);
void np_text_put(struct np_desired *d, const char *text);
/* A bundle with one more reference; labels are sorted and unique. */
struct np_label_bundle *np_bundle_get(struct np_desired *d, const struct np_labels *labels,
				      const struct np_named_port *port, uint32_t port_count);
void np_bundle_put(struct np_desired *d, struct np_label_bundle *bundle);
struct np_desired_namespace *np_namespace_get(struct np_desired *d, const char *name);
/* Frees it if nothing is left of it. */
void np_namespace_check(struct np_desired *d, struct np_desired_namespace *ns);

void np_pod_upsert(struct np_desired *d, const struct np_pod *pod);
void np_pod_remove(struct np_desired *d, struct np_desired_pod *pod);
void np_policy_upsert(struct np_desired *d, const struct np_policy *policy, bool closed);
void np_policy_remove(struct np_desired *d, struct np_desired_policy *policy);
/* Policies of a namespace: which of them does a local pod select now? */
void np_policies_select(struct np_desired *d, struct np_desired_namespace *ns);
bool np_selector_matches(const struct np_selector *selector, const struct np_labels *labels);

/*
 * From an object to d->scratch, by the same rules as a manifest: 0, or -1 with *err.
 * *closed: it is a policy of which only the subject and the directions were understood.
 */
int np_desired_decode(struct np_desired *d, enum np_source_kind kind,
		      const struct np_node *object, bool *closed, struct np_error *err);
int np_desired_decode_node(struct np_desired *d, const struct np_node *object,
			   struct np_error *err);

void np_trouble_set(struct np_desired *d, uint8_t object, const char *namespace,
		    const char *name, enum np_trouble_kind kind, bool refused,
		    const char *reason);
void np_trouble_clear(struct np_desired *d, uint8_t object, const char *namespace,
		      const char *name);
enum np_source_kind np_object_source(uint8_t object);

#endif
