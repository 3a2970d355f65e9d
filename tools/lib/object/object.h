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

/* Labels of a pod, namespace or policy. They are sorted by key, and each key occurs once. */
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
	const char **value;	/* in the order in which they were written */
	uint32_t value_count;	/* 0 for Exists and DoesNotExist */
	uint8_t op;		/* enum np_operator */
	bool match_label;	/* was written in matchLabels: NP_OP_IN with one value */
};

/*
 * A selector. It matches if all of its requirements hold, so one without requirements matches
 * everything. matchLabels come first, sorted by key, then matchExpressions as written. A selector
 * that is not present has no requirements, and what that means depends on where it is missing.
 */
struct np_selector {
	struct np_requirement *item;
	uint32_t count;
	bool present;		/* it was written, and not as null */
};

/* IANA protocol numbers of the three protocols that NetworkPolicy has. */
enum np_protocol {
	NP_PROTOCOL_TCP = 6,
	NP_PROTOCOL_UDP = 17,
	NP_PROTOCOL_SCTP = 132,
};

enum np_port_kind {
	NP_PORT_ANY,		/* every port of the protocol */
	NP_PORT_NUMBER,		/* first == last */
	NP_PORT_RANGE,		/* first <= last, both included */
	NP_PORT_NAME,		/* a name that the destination pod resolves */
};

struct np_port {
	const char *name;	/* set for NP_PORT_NAME only */
	uint16_t first;
	uint16_t last;
	uint8_t protocol;	/* enum np_protocol; TCP if none was written */
	uint8_t kind;		/* enum np_port_kind */
	bool has_protocol;	/* the protocol was written */
	uint16_t entry;		/* as in struct np_peer, of protocols */
	uint32_t line;
};

/*
 * An ipBlock. Each except lies inside cidr, is longer than it and of the same family. Excepts
 * may overlap.
 */
struct np_ipblock {
	struct np_cidr cidr;
	struct np_cidr *except;
	uint32_t except_count;
	/*
	 * The first cidr or except that was written with bits behind its mask, as "10.3.4.5/24",
	 * and which one: 0 for cidr, else 1 + the index of except. NULL: there is none.
	 */
	const char *host_bits;
	uint32_t host_bits_at;
	/* Where that one was written. */
	uint32_t line;
	uint32_t column;
};

/*
 * One entry of a rule's from or to. It has a block, or at least one of the two selectors is
 * present. Where a ClusterNetworkPolicy has pods without a namespaceSelector, the ns_selector is
 * present and empty, because they are those of every namespace.
 */
struct np_peer {
	struct np_selector ns_selector;
	struct np_selector pod_selector;
	struct np_ipblock *ipblock;	/* NULL: the selectors decide */
	/*
	 * In a rule of a ClusterNetworkPolicy that comes from a file: 1 + the index of the entry
	 * of from or to, and of a network 1 + its index in there. Else 0.
	 */
	uint16_t entry;
	uint16_t network;
	/* The block holds addresses of Nodes; the entry is 0 if several entries name Nodes. */
	bool nodes;
	uint32_t line;
};

/*
 * An entry `nodes` of an egress rule of a ClusterNetworkPolicy: a selector of Nodes, which means
 * their addresses.
 */
struct np_node_peer {
	struct np_selector selector;
	uint32_t line;
	uint32_t column;
	uint32_t at;		/* index in the list `to` */
};

/* What an egress rule that names Nodes says; see struct np_rule. */
struct np_rule_nodes {
	struct np_node_peer *node;
	struct np_peer *peer;		/* its other peers */
	struct np_port *port;
	uint32_t node_count;
	uint32_t peer_count;
	uint32_t port_count;
};

/* What a rule does with what it matches. A NetworkPolicy can only accept. */
enum np_action {
	NP_ACTION_ACCEPT,
	NP_ACTION_DENY,
	NP_ACTION_PASS,
};

/*
 * A rule. One without peers matches every other end; one without ports matches every port of
 * every protocol.
 *
 * In a ClusterNetworkPolicy each entry of `networks` is a peer with an ipblock, and a
 * destinationNamedPort is three ports of that name, one for each protocol. A rule of it that
 * cannot be read is `closed` and has neither peers nor ports: if its action is Accept it matches
 * nothing, else it denies everything.
 *
 * A rule that names Nodes has `nodes`. It is closed as well, until nodes.h has found their
 * addresses. Then it has them among its peers, behind the others.
 */
struct np_rule {
	const char *name;	/* "" or NULL: none was given; only of a ClusterNetworkPolicy */
	struct np_peer *peer;
	struct np_port *port;
	struct np_rule_nodes *nodes;	/* NULL: it names none */
	uint32_t peer_count;
	uint32_t port_count;
	uint32_t line;
	uint8_t action;		/* enum np_action */
	bool closed;
};

/*
 * The annotation of a NetworkPolicy, or of a Namespace for all of its NetworkPolicies, that asks
 * for them to be observed instead of enforced. Its value is "true". With any other value the object
 * does not ask, and a NetworkPolicy is enforced even if its Namespace asks. A tenant can write it,
 * so that it only counts where somebody with a say over the node wants it to.
 */
#define NP_AUDIT_KEY	"netpolctl/audit"

struct np_namespace {
	const char *name;
	struct np_labels labels; /* always include kubernetes.io/metadata.name */
	bool audit_asked;	/* NP_AUDIT_KEY; only of an object of Kubernetes */
	struct np_place place;
};

enum np_phase {
	NP_PHASE_NONE,		/* not written: the pod counts as running */
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

/* Far more addresses than a pod can have. A pod with more is not read. */
#define NP_POD_ADDRESSES_MAX	64

/* The annotation of a mirror pod; see struct np_pod. */
#define NP_MIRROR_KEY	"kubernetes.io/config.mirror"

/*
 * A pod. Every pod that was read is kept, also those that netpol never enforces: pods on the
 * host network, finished ones and those without an address. np_pod_usable() tells them apart.
 */
struct np_pod {
	const char *namespace;
	const char *name;
	const char *uid;	/* "" if it was not written */
	/*
	 * For a mirror pod, which shows a static pod of kubelet at the API server: the uid of the
	 * static pod. The container runtime and the CNI know the pod by it. Else "" or NULL.
	 */
	const char *mirror;
	const char *node;	/* "" if the pod is not scheduled */
	/*
	 * The workload that the pod belongs to: the controller among its ownerReferences, and for a
	 * ReplicaSet of a Deployment the Deployment. "" or NULL if there is none. Only manifests
	 * have it.
	 */
	const char *owner;
	struct np_labels labels;
	struct np_address *address; /* without duplicates: podIPs in order, then podIP */
	struct np_named_port *port; /* without duplicates: of containers, then of sidecars */
	/*
	 * The addresses that -localip of a container names. This is how the DNS cache of a node is
	 * told where to listen. Only pods of the host's network have them, and only in manifests.
	 */
	struct np_address *listen;
	uint32_t listen_count;
	uint32_t address_count;
	uint32_t port_count;
	int64_t created;	/* seconds since 1970, 0 if not known */
	uint8_t phase;		/* enum np_phase */
	bool host_network;
	bool deleting;		/* deletionTimestamp is set; the pod may still run */
	struct np_place place;
};

#define NP_DIR_INGRESS	1
#define NP_DIR_EGRESS	2

/* Tiers of policies. Admin is asked first, then NetworkPolicies, then Baseline. */
enum np_tier {
	NP_TIER_NETWORK_POLICY,
	NP_TIER_ADMIN,
	NP_TIER_BASELINE,
};

/* The API of ClusterNetworkPolicies. */
#define NP_CLUSTER_GROUP	"policy.networking.k8s.io"
#define NP_CLUSTER_VERSION	"v1alpha2"
#define NP_CLUSTER_API		NP_CLUSTER_GROUP "/" NP_CLUSTER_VERSION
/* The most it takes of each: rules of a direction, peers and protocols of a rule, networks. */
#define NP_CLUSTER_MAX		25
#define NP_CLUSTER_PRIORITY_MAX	1000

/*
 * A NetworkPolicy or, if `tier` says so, a ClusterNetworkPolicy (policy.networking.k8s.io). Rules
 * of a direction that is not in `directions` are kept but have no effect. A NetworkPolicy isolates
 * its subjects in its directions. A ClusterNetworkPolicy isolates nobody; its directions are those
 * that it has rules for.
 */
struct np_policy {
	const char *namespace;	/* "" for a ClusterNetworkPolicy */
	const char *name;
	uint8_t tier;		/* enum np_tier */
	uint16_t priority;	/* of a ClusterNetworkPolicy, 0 to 1000; the lowest is first */
	struct np_labels labels;
	/* namespaces of the subjects of a ClusterNetworkPolicy; not present: all namespaces */
	struct np_selector ns_selector;
	/* not present: every pod, of the namespace or, in a ClusterNetworkPolicy, of those above */
	struct np_selector pod_selector;
	struct np_rule *ingress;
	struct np_rule *egress;
	uint32_t ingress_count;
	uint32_t egress_count;
	uint8_t directions;	/* NP_DIR_*, after the API's defaults were applied */
	bool types_given;	/* policyTypes was written and is not empty */
	bool audit;		/* it is observed instead of enforced */
	bool audit_asked;	/* NP_AUDIT_KEY asks for that; only of an object of Kubernetes */
	bool audit_refused;	/* NP_AUDIT_KEY has another value: its Namespace cannot ask */
	struct np_place place;
};

/* Far more addresses and podCIDRs than a Node can have. A Node with more is not read. */
#define NP_NODE_ADDRESSES_MAX	64
#define NP_NODE_CIDRS_MAX	16

#define NP_FLANNEL_BACKEND	"flannel.alpha.coreos.com/backend-type"

/* A Node, as far as ClusterNetworkPolicies ask for it. */
struct np_kube_node {
	const char *name;
	struct np_labels labels;
	/* without duplicates: those of status.addresses that are IP addresses */
	struct np_address *address;
	uint32_t address_count;
	struct np_cidr *pod_cidr;	/* spec.podCIDRs, else spec.podCIDR */
	uint32_t pod_cidr_count;
	/* addresses of its tunnels, which may lie in a podCIDR: those that Calico notes */
	struct np_address *tunnel;
	uint32_t tunnel_count;
	/* flannel has given the first address of each of its podCIDRs to a tunnel */
	bool tunnel_first;
	struct np_place place;
};

/* A Service, as far as lint asks for it. */
struct np_service {
	const char *namespace;
	const char *name;
	struct np_address *address;	/* its ClusterIPs */
	uint32_t address_count;
	struct np_place place;
};

/* An object of a kind that netpol does not enforce. Services are among them. */
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
	struct np_kube_node *nodes;
	struct np_service *services;
	struct np_skipped *skipped;
	struct np_warning *warnings;
	size_t namespace_count;
	size_t pod_count;
	size_t policy_count;
	size_t node_count;
	size_t service_count;
	size_t skipped_count;
	size_t warning_count;

	/* private to object.c */
	struct np_arena arena;
	struct np_hash strings;	/* interned */
};

/* The counts of all arrays at one moment, to be able to drop what was added later. */
struct np_mark {
	size_t namespace_count;
	size_t pod_count;
	size_t policy_count;
	size_t node_count;
	size_t service_count;
	size_t skipped_count;
	size_t warning_count;
};

void np_objects_init(struct np_objects *objs);
/* Empties it and keeps memory to use again. */
void np_objects_reset(struct np_objects *objs);
void np_objects_free(struct np_objects *objs);

/* Returns the only copy of a string in objs. Equal strings have equal pointers. */
const char *np_intern(struct np_objects *objs, const char *text, size_t len);
const char *np_intern_str(struct np_objects *objs, const char *text);

/* Adds a zeroed entry at the end. The pointer is valid until the next entry is added. */
struct np_namespace *np_objects_add_namespace(struct np_objects *objs);
struct np_pod *np_objects_add_pod(struct np_objects *objs);
struct np_policy *np_objects_add_policy(struct np_objects *objs);
struct np_kube_node *np_objects_add_node(struct np_objects *objs);
struct np_service *np_objects_add_service(struct np_objects *objs);
struct np_skipped *np_objects_add_skipped(struct np_objects *objs);
/* Adds a warning. Text and path are copied. */
void np_objects_warn(struct np_objects *objs, const struct np_place *place,
		     const char *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

struct np_mark np_objects_mark(const struct np_objects *objs);
/* Drops what was added since the mark. Its memory is freed by the next reset. */
void np_objects_rewind(struct np_objects *objs, const struct np_mark *mark);

/* Returns the value of a label, or NULL. */
const char *np_labels_get(const struct np_labels *labels, const char *key);
/* Closes a rule: takes its peers and ports out, so that it matches nothing or denies everything. */
void np_rule_close(struct np_rule *rule);
/* False for a pod on the host network, a finished one and one without an address. */
bool np_pod_usable(const struct np_pod *pod);
/*
 * Returns all pods in the order in which the kernel should get them: of two running pods that
 * claim one address, the kernel takes the later one. Pods that are being deleted come first,
 * then the others, oldest first, and pods of one age in order of their names. The caller frees
 * the array.
 */
const struct np_pod **np_pods_by_arrival(const struct np_objects *objs);

/* Names as Kubernetes writes them: "TCP", "In", "Running", ...; "" for anything else. */
const char *np_protocol_name(uint8_t protocol);
const char *np_operator_name(uint8_t op);
const char *np_phase_name(uint8_t phase);
const char *np_tier_name(uint8_t tier);			/* "" for that of NetworkPolicies */
const char *np_rule_action_name(uint8_t action);
/* "NetworkPolicy" or "ClusterNetworkPolicy" */
const char *np_policy_kind(const struct np_policy *policy);

#endif
