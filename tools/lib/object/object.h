/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tool keeps of Kubernetes objects.
 *
 * Everything hangs off one struct np_objects: strings are interned in it,
 * arrays inside an object come from its arena, and np_objects_free() releases
 * all of it. Nothing in here is freed one by one, and no pointer into it
 * survives np_objects_reset() or np_objects_free(). The three top-level arrays
 * move while objects are being added: keep indexes, not pointers, until the
 * loading is over. Pointers inside an object (labels, rules, names) stay.
 */
#ifndef NP_OBJECT_OBJECT_H
#define NP_OBJECT_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "object/address.h"

struct np_label {
	const char *key;
	const char *value;
};

/* Labels of a pod, namespace or policy, sorted by key, keys unique. */
struct np_labels {
	struct np_label *item;
	uint32_t count;
};

enum np_operator {
	NP_OP_IN,
	NP_OP_NOT_IN,
	NP_OP_EXISTS,
	NP_OP_DOES_NOT_EXIST,
};

struct np_requirement {
	const char *key;
	const char **value;	/* in the order written */
	uint32_t value_count;	/* 0 for Exists, DoesNotExist */
	uint8_t op;		/* enum np_operator */
	bool match_label;	/* came from matchLabels: NP_OP_IN, one value */
};

/*
 * All requirements must hold; none = everything matches. matchLabels come
 * first, sorted by key, then matchExpressions as written. A selector that is
 * not present has no requirements; what that means is up to its owner.
 */
struct np_selector {
	struct np_requirement *item;
	uint32_t count;
	bool present;		/* written, and not null */
};

/* IANA protocol numbers, the only three NetworkPolicy has. */
enum np_protocol {
	NP_PROTOCOL_TCP = 6,
	NP_PROTOCOL_UDP = 17,
	NP_PROTOCOL_SCTP = 132,
};

enum np_port_kind {
	NP_PORT_ANY,		/* every port of the protocol */
	NP_PORT_NUMBER,		/* first == last */
	NP_PORT_RANGE,		/* first <= last, both included */
	NP_PORT_NAME,		/* resolved on the destination pod */
};

struct np_port {
	const char *name;	/* NP_PORT_NAME only */
	uint16_t first;
	uint16_t last;
	uint8_t protocol;	/* enum np_protocol, TCP if none was written */
	uint8_t kind;		/* enum np_port_kind */
	bool has_protocol;	/* the protocol was written */
	uint32_t line;
};

/* except[]: inside cidr, strictly longer, same family; may overlap. */
struct np_ipblock {
	struct np_cidr cidr;
	struct np_cidr *except;
	uint32_t except_count;
};

/* Either a block, or at least one of the two selectors is present. */
struct np_peer {
	struct np_selector ns_selector;
	struct np_selector pod_selector;
	struct np_ipblock *ipblock;	/* NULL: selectors */
	uint32_t line;
};

/* No peers: any peer. No ports: any port of any protocol. */
struct np_rule {
	struct np_peer *peer;
	struct np_port *port;
	uint32_t peer_count;
	uint32_t port_count;
	uint32_t line;
};

struct np_namespace {
	const char *name;
	struct np_labels labels; /* always with kubernetes.io/metadata.name */
	struct np_place place;
};

enum np_phase {
	NP_PHASE_NONE,		/* not written: taken for a running pod */
	NP_PHASE_PENDING,
	NP_PHASE_RUNNING,
	NP_PHASE_SUCCEEDED,
	NP_PHASE_FAILED,
	NP_PHASE_UNKNOWN,
};

struct np_named_port {
	const char *name;
	uint16_t number;
	uint8_t protocol;	/* enum np_protocol */
};

/*
 * Every pod read is kept, also those that are never enforced: a pod of the
 * host's network, a finished one, one without an address. np_pod_usable()
 * tells.
 */
struct np_pod {
	const char *namespace;
	const char *name;
	const char *uid;	/* "" if not written */
	const char *node;	/* "" if not scheduled */
	struct np_labels labels;
	struct np_address *address; /* unique; podIPs in order, then podIP */
	struct np_named_port *port; /* unique; containers, then sidecars */
	uint32_t address_count;
	uint32_t port_count;
	int64_t created;	/* seconds since 1970, 0 if not known */
	uint8_t phase;		/* enum np_phase */
	bool host_network;
	bool deleting;		/* deletionTimestamp is set, may still run */
	struct np_place place;
};

#define NP_DIR_INGRESS	1
#define NP_DIR_EGRESS	2

/* Rules of a direction that is not in `directions` are kept but mean nothing */
struct np_policy {
	const char *namespace;
	const char *name;
	struct np_labels labels;
	struct np_selector pod_selector; /* not present = every pod */
	struct np_rule *ingress;
	struct np_rule *egress;
	uint32_t ingress_count;
	uint32_t egress_count;
	uint8_t directions;	/* NP_DIR_* after defaulting */
	bool types_given;	/* policyTypes was written and not empty */
	struct np_place place;
};

/* An object of a kind that netpol has no use for. */
struct np_skipped {
	const char *api_version;
	const char *kind;
	const char *namespace;	/* "" if none */
	const char *name;	/* "" if none */
	struct np_place place;
};

struct np_objects {
	struct np_namespace *namespaces;
	struct np_pod *pods;
	struct np_policy *policies;
	struct np_skipped *skipped;
	struct np_warning *warnings;
	size_t namespace_count;
	size_t pod_count;
	size_t policy_count;
	size_t skipped_count;
	size_t warning_count;

	/* private to object.c */
	struct np_arena arena;
	struct np_hash strings;	/* interned */
};

/* How far a load has come, to be able to go back. */
struct np_mark {
	size_t namespace_count;
	size_t pod_count;
	size_t policy_count;
	size_t skipped_count;
	size_t warning_count;
};

void np_objects_init(struct np_objects *objs);
/* Empties it and keeps memory for the next round. */
void np_objects_reset(struct np_objects *objs);
void np_objects_free(struct np_objects *objs);

/* The one copy of a string in objs; equal strings have equal pointers. */
const char *np_intern(struct np_objects *objs, const char *text, size_t len);
const char *np_intern_str(struct np_objects *objs, const char *text);

/* A new zeroed entry at the end; valid until the next one is added. */
struct np_namespace *np_objects_add_namespace(struct np_objects *objs);
struct np_pod *np_objects_add_pod(struct np_objects *objs);
struct np_policy *np_objects_add_policy(struct np_objects *objs);
struct np_skipped *np_objects_add_skipped(struct np_objects *objs);
/* Copies text and path. */
void np_objects_warn(struct np_objects *objs, const struct np_place *place,
		     const char *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

struct np_mark np_objects_mark(const struct np_objects *objs);
/* Drops what was added since; its memory stays until the reset. */
void np_objects_rewind(struct np_objects *objs, const struct np_mark *mark);

/* Value of a label, or NULL. */
const char *np_labels_get(const struct np_labels *labels, const char *key);
/* False: of the host's network, finished, or without an address. */
bool np_pod_usable(const struct np_pod *pod);
/*
 * All pods in the order in which they are to arrive: of two that claim an address and
 * both run, the kernel takes the later. Those being deleted, then the others, oldest
 * first; what is left is in order of names. To be freed.
 */
const struct np_pod **np_pods_by_arrival(const struct np_objects *objs);

/* "TCP", "UDP", "SCTP"; "In", ...; "Running", ... ("" for none). */
const char *np_protocol_name(uint8_t protocol);
const char *np_operator_name(uint8_t op);
const char *np_phase_name(uint8_t phase);

#endif
