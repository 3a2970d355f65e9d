/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * netpol: Kubernetes NetworkPolicy enforced in the kernel, control interface.
 *
 * Generic netlink family "netpol". Each network namespace has a state of its own.
 * Every command needs CAP_NET_ADMIN in the initial user namespace. The interface
 * only ever grows: new commands and attributes are added at the end of their enum.
 * docs/abi.md describes it in prose, docs/netlink/netpol.yaml in the format of the
 * kernel's netlink specifications.
 */
#ifndef _UAPI_LINUX_NETPOL_H
#define _UAPI_LINUX_NETPOL_H

#include <linux/types.h>

#define NETPOL_GENL_NAME	"netpol"
#define NETPOL_GENL_VERSION	1

/* The ABI revisions that this header describes, oldest and newest. */
#define NETPOL_ABI_MIN		1
#define NETPOL_ABI_MAX		1

/* Multicast groups; a listener needs CAP_NET_ADMIN over the network namespace. */
#define NETPOL_MCGRP_DENY	"deny"		/* NETPOL_CMD_EVENT with verdict deny */
#define NETPOL_MCGRP_AUDIT	"audit"		/* NETPOL_CMD_EVENT with verdict audit */
#define NETPOL_MCGRP_CHANGE	"change"	/* NETPOL_CMD_CHANGE after each commit */

/* Longest strings, in bytes without the terminating NUL; the limits are those of Kubernetes. */
#define NETPOL_ORIGIN_MAX	15
#define NETPOL_NAMESPACE_MAX	63
#define NETPOL_NAME_MAX		253
#define NETPOL_KEY_MAX		317
#define NETPOL_VALUE_MAX	63
#define NETPOL_PORT_NAME_MAX	15
#define NETPOL_INTERFACE_MAX	15
#define NETPOL_VERSION_MAX	31
#define NETPOL_BOOT_ID_MAX	36

/* Bytes of a pod uid: a UUID in binary, or a digest of a uid that is no UUID. */
#define NETPOL_UID_LEN		16

/**
 * enum netpol_cmd - commands
 * @NETPOL_CMD_GET_INFO: do: ABI range, features, limits and use, generations
 * @NETPOL_CMD_TXN_BEGIN: do: open a transaction; the reply carries NETPOL_A_TXN
 * @NETPOL_CMD_TXN_ADD: do: append objects to a transaction, in attribute order
 * @NETPOL_CMD_TXN_COMMIT: do: validate the transaction and publish all of it, or publish
 *	nothing and fail; the transaction ends either way; the reply carries
 *	NETPOL_A_GENERATION
 * @NETPOL_CMD_TXN_ABORT: do: discard a transaction
 * @NETPOL_CMD_GET_NAMESPACE: dump: namespaces with their labels
 * @NETPOL_CMD_GET_POD: dump: pods
 * @NETPOL_CMD_GET_POLICY: dump: policies; a large one spans several messages
 * @NETPOL_CMD_GET_SETTINGS: do: the settings in force
 * @NETPOL_CMD_GET_TRIE: dump: the compiled programs of one pod (classes, rows, prefixes)
 * @NETPOL_CMD_GET_COUNTERS: dump: counters; NETPOL_FLAG_ZERO also resets them
 * @NETPOL_CMD_EVAL: do: the verdict on a packet that the request describes, and its steps
 * @NETPOL_CMD_FLUSH: do: delete every object of this network namespace
 * @NETPOL_CMD_EVENT: notification: a packet was denied (or audited)
 * @NETPOL_CMD_CHANGE: notification: a commit was published
 */
enum netpol_cmd {
	NETPOL_CMD_UNSPEC,
	NETPOL_CMD_GET_INFO,
	NETPOL_CMD_TXN_BEGIN,
	NETPOL_CMD_TXN_ADD,
	NETPOL_CMD_TXN_COMMIT,
	NETPOL_CMD_TXN_ABORT,
	NETPOL_CMD_GET_NAMESPACE,
	NETPOL_CMD_GET_POD,
	NETPOL_CMD_GET_POLICY,
	NETPOL_CMD_GET_SETTINGS,
	NETPOL_CMD_GET_TRIE,
	NETPOL_CMD_GET_COUNTERS,
	NETPOL_CMD_EVAL,
	NETPOL_CMD_FLUSH,
	NETPOL_CMD_EVENT,
	NETPOL_CMD_CHANGE,

	__NETPOL_CMD_MAX,
	NETPOL_CMD_MAX = __NETPOL_CMD_MAX - 1
};

/**
 * enum netpol_attr - attributes at the top level of a message
 *
 * NETPOL_CMD_TXN_ADD reads LABEL_SET, NAMESPACE, POD, POLICY, RULE, PEER, EXCEPT,
 * PORT, SETTINGS and DELETE in the order of the message, any number of each. A RULE
 * belongs to the POLICY before it, a PEER or PORT to the RULE before it, an EXCEPT to
 * the PEER before it. This holds across the messages of one transaction too, so that
 * the 64 KiB of a nested attribute do not limit the size of an object. Dumps use the
 * same order. A message that continues a policy repeats its POLICY attribute with
 * NETPOL_POLICY_F_CONTINUED, and a RULE of the same DIRECTION and INDEX as the last one
 * continues that rule.
 */
enum netpol_attr {
	NETPOL_A_UNSPEC,
	NETPOL_A_PAD,
	NETPOL_A_ABI_MIN,		/* u32 */
	NETPOL_A_ABI_MAX,		/* u32 */
	NETPOL_A_FEATURES,		/* u64, NETPOL_FEATURE_* */
	NETPOL_A_VERSION,		/* string: module version */
	NETPOL_A_GENERATION,		/* u64: generation in force; 0: no commit so far */
	NETPOL_A_FLAGS,			/* u32, NETPOL_FLAG_* */
	NETPOL_A_TXN,			/* u32: number of a transaction of this socket */
	NETPOL_A_ORIGIN,		/* string: "kube", "manual", ... */
	NETPOL_A_BASE_GENERATION,	/* u64: generation of the origin to build on, or 0 */
	NETPOL_A_LABEL_SET,		/* nest: enum netpol_label_set_attr */
	NETPOL_A_NAMESPACE,		/* nest: enum netpol_namespace_attr */
	NETPOL_A_POD,			/* nest: enum netpol_pod_attr */
	NETPOL_A_POLICY,		/* nest: enum netpol_policy_attr */
	NETPOL_A_RULE,			/* nest: enum netpol_rule_attr */
	NETPOL_A_PEER,			/* nest: enum netpol_peer_attr */
	NETPOL_A_EXCEPT,		/* nest: enum netpol_prefix_attr */
	NETPOL_A_PORT,			/* nest: enum netpol_port_attr */
	NETPOL_A_SETTINGS,		/* nest: enum netpol_settings_attr */
	NETPOL_A_DELETE,		/* nest: enum netpol_delete_attr */
	NETPOL_A_LIMIT,			/* nest: enum netpol_limit_attr, repeated */
	NETPOL_A_ORIGIN_INFO,		/* nest: enum netpol_origin_attr, repeated */
	NETPOL_A_EVAL,			/* nest: enum netpol_eval_attr */
	NETPOL_A_VERDICT,		/* u8, enum netpol_verdict */
	NETPOL_A_REASON,		/* u8, enum netpol_reason */
	NETPOL_A_DIRECTION,		/* u8, enum netpol_direction that decided */
	NETPOL_A_STEP,			/* nest: enum netpol_step_attr, repeated, in order */
	NETPOL_A_COUNTERS,		/* nest: enum netpol_counters_attr */
	NETPOL_A_TRIE,			/* nest: enum netpol_trie_attr */
	NETPOL_A_EVENT,			/* nest: enum netpol_event_attr */
	NETPOL_A_BOOT_ID,		/* string: reserved; the kernel never sends it */
	NETPOL_A_MESSAGES,		/* u32: TXN_ADD messages sent; TXN_COMMIT checks it */

	__NETPOL_A_MAX,
	NETPOL_A_MAX = __NETPOL_A_MAX - 1
};

/* NETPOL_A_FLAGS */
#define NETPOL_FLAG_FULL	(1U << 0)	/* TXN_BEGIN: replace all objects of the origin */
#define NETPOL_FLAG_CHECK	(1U << 1)	/* TXN_COMMIT: do everything but publish */
#define NETPOL_FLAG_ZERO	(1U << 2)	/* GET_COUNTERS: reset what was read */
#define NETPOL_FLAG_ENFORCING	(1U << 3)	/* GET_INFO: the packet hooks are registered */

/* NETPOL_A_FEATURES */
#define NETPOL_FEATURE_NETWORK_POLICY	(1ULL << 0)

enum netpol_label_set_attr {
	NETPOL_LABEL_SET_A_UNSPEC,
	NETPOL_LABEL_SET_A_ID,		/* u32: number within the transaction */
	NETPOL_LABEL_SET_A_LABEL,	/* nest: enum netpol_label_attr, repeated */
	NETPOL_LABEL_SET_A_PORT,	/* nest: enum netpol_port_attr: NAME, PROTOCOL, FIRST */

	__NETPOL_LABEL_SET_A_MAX,
	NETPOL_LABEL_SET_A_MAX = __NETPOL_LABEL_SET_A_MAX - 1
};

enum netpol_label_attr {
	NETPOL_LABEL_A_UNSPEC,
	NETPOL_LABEL_A_KEY,		/* string */
	NETPOL_LABEL_A_VALUE,		/* string, may be empty */

	__NETPOL_LABEL_A_MAX,
	NETPOL_LABEL_A_MAX = __NETPOL_LABEL_A_MAX - 1
};

enum netpol_namespace_attr {
	NETPOL_NAMESPACE_A_UNSPEC,
	NETPOL_NAMESPACE_A_NAME,	/* string */
	NETPOL_NAMESPACE_A_LABEL,	/* nest: enum netpol_label_attr, repeated */
	NETPOL_NAMESPACE_A_ORIGIN,	/* string; dumps only */
	NETPOL_NAMESPACE_A_FLAGS,	/* u32, NETPOL_OBJECT_F_*; dumps only */

	__NETPOL_NAMESPACE_A_MAX,
	NETPOL_NAMESPACE_A_MAX = __NETPOL_NAMESPACE_A_MAX - 1
};

/* State of an object, in dumps. */
#define NETPOL_OBJECT_F_SHADOWED	(1U << 0) /* the same object of another origin wins */
#define NETPOL_OBJECT_F_CONFLICT	(1U << 1) /* another pod owns one of its addresses */
#define NETPOL_OBJECT_F_GONE		(1U << 2) /* the interface of this local pod is gone */

enum netpol_pod_attr {
	NETPOL_POD_A_UNSPEC,
	NETPOL_POD_A_NAMESPACE,		/* string */
	NETPOL_POD_A_NAME,		/* string */
	NETPOL_POD_A_UID,		/* NETPOL_UID_LEN bytes; absent: all zero */
	NETPOL_POD_A_LABEL_SET,		/* u32: ID of an earlier LABEL_SET */
	NETPOL_POD_A_ADDRESS4,		/* 4 bytes, network order, repeated */
	NETPOL_POD_A_ADDRESS6,		/* 16 bytes, repeated */
	NETPOL_POD_A_FLAGS,		/* u32, NETPOL_POD_F_*; dumps add the state, see there */
	NETPOL_POD_A_IFINDEX,		/* u32: interface of a local pod; 0, absent: unknown */
	NETPOL_POD_A_ORIGIN,		/* string; dumps only */
	NETPOL_POD_A_LABEL,		/* nest: enum netpol_label_attr; dumps only */
	NETPOL_POD_A_PORT,		/* nest: enum netpol_port_attr; dumps only */
	NETPOL_POD_A_IDENTITY,		/* u32; dumps only */

	__NETPOL_POD_A_MAX,
	NETPOL_POD_A_MAX = __NETPOL_POD_A_MAX - 1
};

/* NETPOL_POD_A_FLAGS */
#define NETPOL_POD_F_LOCAL	(1U << 0)	/* runs on this node: its policies are enforced */
#define NETPOL_POD_F_RUNNING	(1U << 1)	/* owns an address rather than one not running */
#define NETPOL_POD_F_STATE_SHIFT	16	/* dumps: NETPOL_OBJECT_F_* from this bit on */

/* Kinds of policy. */
enum netpol_kind {
	NETPOL_KIND_NETWORK_POLICY = 1,
	NETPOL_KIND_CLUSTER_NETWORK_POLICY = 2,	/* reserved: the kernel refuses it */
};

enum netpol_tier {
	NETPOL_TIER_ADMIN = 1,
	NETPOL_TIER_NETWORK_POLICY = 2,
	NETPOL_TIER_BASELINE = 3,
};

enum netpol_action {
	NETPOL_ACTION_NONE,		/* no rule matches */
	NETPOL_ACTION_ACCEPT,
	NETPOL_ACTION_DENY,
	NETPOL_ACTION_PASS,
};

enum netpol_direction {
	NETPOL_DIRECTION_INGRESS,
	NETPOL_DIRECTION_EGRESS,

	NETPOL_DIRECTIONS
};

enum netpol_policy_attr {
	NETPOL_POLICY_A_UNSPEC,
	NETPOL_POLICY_A_KIND,		/* u8, enum netpol_kind */
	NETPOL_POLICY_A_NAMESPACE,	/* string; absent for cluster-wide kinds */
	NETPOL_POLICY_A_NAME,		/* string */
	NETPOL_POLICY_A_SUBJECT,	/* nest: enum netpol_selector_attr, on pods of NAMESPACE */
	NETPOL_POLICY_A_DIRECTIONS,	/* u8: 1 << enum netpol_direction */
	NETPOL_POLICY_A_TIER,		/* u8, enum netpol_tier; absent: NETWORK_POLICY */
	NETPOL_POLICY_A_PRIORITY,	/* u16: lower first */
	NETPOL_POLICY_A_FLAGS,		/* u32, NETPOL_POLICY_F_* */
	NETPOL_POLICY_A_ORIGIN,		/* string; dumps only */
	NETPOL_POLICY_A_PODS,		/* u32: local pods that it selects; dumps only */

	__NETPOL_POLICY_A_MAX,
	NETPOL_POLICY_A_MAX = __NETPOL_POLICY_A_MAX - 1
};

/* NETPOL_POLICY_A_FLAGS */
#define NETPOL_POLICY_F_AUDIT		(1U << 0)	/* reserved: the kernel refuses it */
#define NETPOL_POLICY_F_CONTINUED	(1U << 1)	/* dumps: continues the last message */

/* A selector without requirements selects everything that it is applied to. */
enum netpol_selector_attr {
	NETPOL_SELECTOR_A_UNSPEC,
	NETPOL_SELECTOR_A_REQUIREMENT,	/* nest: enum netpol_requirement_attr, repeated, ANDed */

	__NETPOL_SELECTOR_A_MAX,
	NETPOL_SELECTOR_A_MAX = __NETPOL_SELECTOR_A_MAX - 1
};

/* The operators of a Kubernetes LabelSelectorRequirement. */
enum netpol_operator {
	NETPOL_OPERATOR_IN = 1,
	NETPOL_OPERATOR_NOT_IN,
	NETPOL_OPERATOR_EXISTS,
	NETPOL_OPERATOR_DOES_NOT_EXIST,
};

enum netpol_requirement_attr {
	NETPOL_REQUIREMENT_A_UNSPEC,
	NETPOL_REQUIREMENT_A_KEY,	/* string */
	NETPOL_REQUIREMENT_A_OPERATOR,	/* u8, enum netpol_operator */
	NETPOL_REQUIREMENT_A_VALUE,	/* string, repeated; IN and NOT_IN need one or more */

	__NETPOL_REQUIREMENT_A_MAX,
	NETPOL_REQUIREMENT_A_MAX = __NETPOL_REQUIREMENT_A_MAX - 1
};

enum netpol_rule_attr {
	NETPOL_RULE_A_UNSPEC,
	NETPOL_RULE_A_DIRECTION,	/* u8, enum netpol_direction */
	NETPOL_RULE_A_ACTION,		/* u8, enum netpol_action; absent: ACCEPT */
	NETPOL_RULE_A_INDEX,		/* u32: place among rules of DIRECTION; dumps only */
	NETPOL_RULE_A_HITS,		/* u64: packets that it decided; counters only */
	NETPOL_RULE_A_PAD,

	__NETPOL_RULE_A_MAX,
	NETPOL_RULE_A_MAX = __NETPOL_RULE_A_MAX - 1
};

/*
 * A peer is a PREFIX (ipBlock), or one or two selectors. POD_SELECTOR alone means pods
 * of the policy's namespace, NAMESPACE_SELECTOR alone every pod of those namespaces.
 */
enum netpol_peer_attr {
	NETPOL_PEER_A_UNSPEC,
	NETPOL_PEER_A_POD_SELECTOR,		/* nest: enum netpol_selector_attr */
	NETPOL_PEER_A_NAMESPACE_SELECTOR,	/* nest: enum netpol_selector_attr */
	NETPOL_PEER_A_PREFIX,			/* nest: enum netpol_prefix_attr */

	__NETPOL_PEER_A_MAX,
	NETPOL_PEER_A_MAX = __NETPOL_PEER_A_MAX - 1
};

enum netpol_prefix_attr {
	NETPOL_PREFIX_A_UNSPEC,
	NETPOL_PREFIX_A_ADDRESS4,	/* 4 bytes; bits past LENGTH are ignored */
	NETPOL_PREFIX_A_ADDRESS6,	/* 16 bytes */
	NETPOL_PREFIX_A_LENGTH,		/* u8 */

	__NETPOL_PREFIX_A_MAX,
	NETPOL_PREFIX_A_MAX = __NETPOL_PREFIX_A_MAX - 1
};

/*
 * PROTOCOL alone means every port of it, FIRST without LAST one port, NAME a named port.
 */
enum netpol_port_attr {
	NETPOL_PORT_A_UNSPEC,
	NETPOL_PORT_A_PROTOCOL,		/* u8: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP */
	NETPOL_PORT_A_FIRST,		/* u16, host order, 1 or more */
	NETPOL_PORT_A_LAST,		/* u16, host order, inclusive */
	NETPOL_PORT_A_NAME,		/* string */

	__NETPOL_PORT_A_MAX,
	NETPOL_PORT_A_MAX = __NETPOL_PORT_A_MAX - 1
};

/* What happens to packets of an address inside a guard that belongs to no known pod. */
enum netpol_unknown {
	NETPOL_UNKNOWN_DENY,
	NETPOL_UNKNOWN_ALLOW,
};

enum netpol_established {
	NETPOL_ESTABLISHED_CUT,		/* every packet is judged by the policies in force */
	NETPOL_ESTABLISHED_KEEP,	/* packets of answered connections are accepted */
};

enum netpol_host_egress {
	NETPOL_HOST_EGRESS_ENFORCE,	/* egress policies apply from a pod to its own node */
	NETPOL_HOST_EGRESS_ALLOW,	/* a pod may always reach its own node */
};

/*
 * NETPOL_A_SETTINGS in a transaction replaces all settings: one that it does not carry
 * returns to its default (the first value of each enum, empty lists). All origins share
 * one set of settings; whoever changes them uses the origin "settings" and its generation
 * as the base. A FULL transaction without SETTINGS does not change them.
 */
enum netpol_settings_attr {
	NETPOL_SETTINGS_A_UNSPEC,
	NETPOL_SETTINGS_A_GUARD_PREFIX,		/* nest: enum netpol_prefix_attr, repeated */
	NETPOL_SETTINGS_A_GUARD_INTERFACE,	/* string, repeated; '*' at the end: any rest */
	NETPOL_SETTINGS_A_UNKNOWN,		/* u8, enum netpol_unknown */
	NETPOL_SETTINGS_A_ESTABLISHED,		/* u8, enum netpol_established */
	NETPOL_SETTINGS_A_HOST_EGRESS,		/* u8, enum netpol_host_egress */
	NETPOL_SETTINGS_A_HOST_ALLOW,		/* nest: enum netpol_host_allow_attr, repeated */
	NETPOL_SETTINGS_A_EVENT_RATE,		/* u32: events a second; 0 means the default, 100 */

	__NETPOL_SETTINGS_A_MAX,
	NETPOL_SETTINGS_A_MAX = __NETPOL_SETTINGS_A_MAX - 1
};

enum netpol_host_allow_attr {
	NETPOL_HOST_ALLOW_A_UNSPEC,
	NETPOL_HOST_ALLOW_A_ADDRESS4,	/* 4 bytes */
	NETPOL_HOST_ALLOW_A_ADDRESS6,	/* 16 bytes */
	NETPOL_HOST_ALLOW_A_PROTOCOL,	/* u8: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP */
	NETPOL_HOST_ALLOW_A_PORT,	/* u16, host order */

	__NETPOL_HOST_ALLOW_A_MAX,
	NETPOL_HOST_ALLOW_A_MAX = __NETPOL_HOST_ALLOW_A_MAX - 1
};

/* What NETPOL_A_DELETE deletes; only objects of the transaction's own origin. */
enum netpol_object {
	NETPOL_OBJECT_NAMESPACE = 1,
	NETPOL_OBJECT_POD,
	NETPOL_OBJECT_POLICY,
	NETPOL_OBJECT_SETTINGS,		/* all settings return to their defaults */
};

enum netpol_delete_attr {
	NETPOL_DELETE_A_UNSPEC,
	NETPOL_DELETE_A_OBJECT,		/* u8, enum netpol_object */
	NETPOL_DELETE_A_KIND,		/* u8, enum netpol_kind; policies only */
	NETPOL_DELETE_A_NAMESPACE,	/* string; pods and policies only */
	NETPOL_DELETE_A_NAME,		/* string */
	NETPOL_DELETE_A_UID,		/* pods only: delete it only if this is its uid */

	__NETPOL_DELETE_A_MAX,
	NETPOL_DELETE_A_MAX = __NETPOL_DELETE_A_MAX - 1
};

/* Limits of each network namespace. */
enum netpol_limit {
	NETPOL_LIMIT_NAMESPACES = 1,
	NETPOL_LIMIT_PODS,
	NETPOL_LIMIT_LOCAL_PODS,
	NETPOL_LIMIT_POLICIES,
	NETPOL_LIMIT_IDENTITIES,
	NETPOL_LIMIT_ADDRESSES,
	NETPOL_LIMIT_PODS_PER_NAMESPACE,
	NETPOL_LIMIT_POLICIES_PER_NAMESPACE,
	NETPOL_LIMIT_RULES_PER_POLICY,
	NETPOL_LIMIT_PEERS_PER_POLICY,
	NETPOL_LIMIT_PORTS_PER_POLICY,
	NETPOL_LIMIT_LABELS_PER_OBJECT,
	NETPOL_LIMIT_PORTS_PER_POD,
	NETPOL_LIMIT_ADDRESSES_PER_POD,
	NETPOL_LIMIT_CELLS_PER_PROGRAM,
	NETPOL_LIMIT_BYTES,
	NETPOL_LIMIT_UNFREED_BYTES,
	NETPOL_LIMIT_TRANSACTIONS,
	NETPOL_LIMIT_GUARDS,

	__NETPOL_LIMIT_MAX,
	NETPOL_LIMIT_MAX = __NETPOL_LIMIT_MAX - 1
};

enum netpol_limit_attr {
	NETPOL_LIMIT_A_UNSPEC,
	NETPOL_LIMIT_A_ID,		/* u32, enum netpol_limit */
	NETPOL_LIMIT_A_USED,		/* u64; absent where the limit is on a single object */
	NETPOL_LIMIT_A_MAX,		/* u64 */
	NETPOL_LIMIT_A_PAD,

	__NETPOL_LIMIT_A_MAX,
	NETPOL_LIMIT_A_LAST = __NETPOL_LIMIT_A_MAX - 1
};

enum netpol_origin_attr {
	NETPOL_ORIGIN_A_UNSPEC,
	NETPOL_ORIGIN_A_NAME,		/* string */
	NETPOL_ORIGIN_A_GENERATION,	/* u64: generation of its last commit */
	NETPOL_ORIGIN_A_OBJECTS,	/* u64: objects of it that are loaded */
	NETPOL_ORIGIN_A_PAD,

	__NETPOL_ORIGIN_A_MAX,
	NETPOL_ORIGIN_A_MAX = __NETPOL_ORIGIN_A_MAX - 1
};

enum netpol_verdict {
	NETPOL_VERDICT_ALLOW = 1,
	NETPOL_VERDICT_DENY,
	NETPOL_VERDICT_AUDIT,		/* allowed, but would be denied without audit */
};

/**
 * enum netpol_reason - the reason for a verdict, or for one half of it
 * @NETPOL_REASON_NOT_LOCAL: neither end is a pod of this node, so nothing is judged here
 * @NETPOL_REASON_NOT_ISOLATED: no policy isolates the pod in this direction
 * @NETPOL_REASON_RULE: a rule of a policy decided
 * @NETPOL_REASON_ISOLATED: policies isolate the pod and no rule accepts
 * @NETPOL_REASON_SELF: a pod sends to itself
 * @NETPOL_REASON_UNKNOWN: an address inside a guard belongs to no known pod
 * @NETPOL_REASON_SPOOFED: the sending interface has no right to the source address
 * @NETPOL_REASON_NO_PORTS: an isolated pod's fragment or short header has no ports
 * @NETPOL_REASON_MALFORMED: an isolated pod's packet cannot be parsed
 * @NETPOL_REASON_OWN_NODE: this node sent the packet
 * @NETPOL_REASON_HOST_ALLOW: the settings let a pod reach its own node
 * @NETPOL_REASON_RELATED: ICMP error of a connection that is allowed
 * @NETPOL_REASON_DISCOVERY: IPv6 neighbour discovery or multicast listener discovery
 * @NETPOL_REASON_ESTABLISHED: the connection was answered and the setting is "keep"
 * @NETPOL_REASON_UNTRACEABLE: the opener of a TCP connection is not known, and one of
 *	the two directions is denied
 */
enum netpol_reason {
	NETPOL_REASON_NONE,
	NETPOL_REASON_NOT_LOCAL,
	NETPOL_REASON_NOT_ISOLATED,
	NETPOL_REASON_RULE,
	NETPOL_REASON_ISOLATED,
	NETPOL_REASON_SELF,
	NETPOL_REASON_UNKNOWN,
	NETPOL_REASON_SPOOFED,
	NETPOL_REASON_NO_PORTS,
	NETPOL_REASON_MALFORMED,
	NETPOL_REASON_OWN_NODE,
	NETPOL_REASON_HOST_ALLOW,
	NETPOL_REASON_RELATED,
	NETPOL_REASON_DISCOVERY,
	NETPOL_REASON_ESTABLISHED,
	NETPOL_REASON_UNTRACEABLE,

	__NETPOL_REASON_MAX,
	NETPOL_REASON_MAX = __NETPOL_REASON_MAX - 1
};

/*
 * Each end is a pod, by its namespace and name, or an address. Where an end is a pod,
 * FAMILY says which of its addresses is meant; without FAMILY it is the family that both
 * ends have an address of.
 */
enum netpol_eval_attr {
	NETPOL_EVAL_A_UNSPEC,
	NETPOL_EVAL_A_FAMILY,			/* u8: AF_INET or AF_INET6 */
	NETPOL_EVAL_A_SOURCE_NAMESPACE,		/* string */
	NETPOL_EVAL_A_SOURCE_NAME,		/* string */
	NETPOL_EVAL_A_SOURCE4,			/* 4 bytes */
	NETPOL_EVAL_A_SOURCE6,			/* 16 bytes */
	NETPOL_EVAL_A_DESTINATION_NAMESPACE,	/* string */
	NETPOL_EVAL_A_DESTINATION_NAME,		/* string */
	NETPOL_EVAL_A_DESTINATION4,		/* 4 bytes */
	NETPOL_EVAL_A_DESTINATION6,		/* 16 bytes */
	NETPOL_EVAL_A_PROTOCOL,			/* u8: any IP protocol */
	NETPOL_EVAL_A_PORT,			/* u16: destination port, host order */

	__NETPOL_EVAL_A_MAX,
	NETPOL_EVAL_A_MAX = __NETPOL_EVAL_A_MAX - 1
};

/*
 * A step with POLICY_NAME is about one policy that was consulted. A step without it sums
 * up one half of the verdict; its REASON says why that half accepted or denied.
 */
enum netpol_step_attr {
	NETPOL_STEP_A_UNSPEC,
	NETPOL_STEP_A_DIRECTION,	/* u8 */
	NETPOL_STEP_A_POD_NAMESPACE,	/* string: of the pod whose policies are evaluated */
	NETPOL_STEP_A_POD_NAME,		/* string */
	NETPOL_STEP_A_VERDICT,		/* u8; absent where no rule of the policy matches */
	NETPOL_STEP_A_REASON,		/* u8 */
	NETPOL_STEP_A_POLICY_NAMESPACE,	/* string */
	NETPOL_STEP_A_POLICY_NAME,	/* string */
	NETPOL_STEP_A_POLICY_ORIGIN,	/* string */
	NETPOL_STEP_A_RULE,		/* u32: first rule of the policy that matches, from 0 */

	__NETPOL_STEP_A_MAX,
	NETPOL_STEP_A_MAX = __NETPOL_STEP_A_MAX - 1
};

/*
 * GET_COUNTERS sends one message with the totals of the network namespace, which has
 * neither POD_NAME nor POLICY_NAME, then one message for each local pod, then one for each
 * policy that has ever selected a local pod, with a NETPOL_A_RULE for each rule.
 * DEVICE_SENT and DEVICE_RECEIVED are what the interface of a pod has carried from and to
 * the pod since it was loaded; SEEN_SENT and SEEN_RECEIVED are what the hooks saw of that.
 */
enum netpol_counters_attr {
	NETPOL_COUNTERS_A_UNSPEC,
	NETPOL_COUNTERS_A_PAD,
	NETPOL_COUNTERS_A_POD_NAMESPACE,	/* string */
	NETPOL_COUNTERS_A_POD_NAME,		/* string */
	NETPOL_COUNTERS_A_IFINDEX,		/* u32: interface of the pod, where known */
	NETPOL_COUNTERS_A_POLICY_NAMESPACE,	/* string */
	NETPOL_COUNTERS_A_POLICY_NAME,		/* string */
	NETPOL_COUNTERS_A_POLICY_ORIGIN,	/* string */
	NETPOL_COUNTERS_A_INGRESS_ALLOWED,	/* u64, packets */
	NETPOL_COUNTERS_A_INGRESS_DENIED,	/* u64 */
	NETPOL_COUNTERS_A_EGRESS_ALLOWED,	/* u64 */
	NETPOL_COUNTERS_A_EGRESS_DENIED,	/* u64 */
	NETPOL_COUNTERS_A_SPOOFED,		/* u64: dropped as forged, part of EGRESS_DENIED */
	NETPOL_COUNTERS_A_UNKNOWN,		/* u64, totals: dropped because an end is unknown */
	NETPOL_COUNTERS_A_UNCHECKED,		/* u64: no interface to check the source against */
	NETPOL_COUNTERS_A_EVENTS,		/* u64, totals: events sent */
	NETPOL_COUNTERS_A_EVENTS_LOST,		/* u64, totals: events over the rate or dropped */
	NETPOL_COUNTERS_A_SEEN_SENT,		/* u64, packets, pods only */
	NETPOL_COUNTERS_A_SEEN_RECEIVED,	/* u64, packets, pods only */
	NETPOL_COUNTERS_A_DEVICE_SENT,		/* u64, packets, pods only */
	NETPOL_COUNTERS_A_DEVICE_RECEIVED,	/* u64, packets, pods only */

	__NETPOL_COUNTERS_A_MAX,
	NETPOL_COUNTERS_A_MAX = __NETPOL_COUNTERS_A_MAX - 1
};

/*
 * The request of GET_TRIE carries a NETPOL_A_TRIE with POD_NAMESPACE and POD_NAME. The
 * answer has for each direction one message about the whole program (POLICY, ROWS, CLASSES,
 * BYTES), then messages of entries. Each entry is a NETPOL_A_TRIE of its own, with CLASS
 * and PORT, or IDENTITY and ROW, or PREFIX and ROW, or ROW, CLASS, RULE and ACTION.
 */
enum netpol_trie_attr {
	NETPOL_TRIE_A_UNSPEC,
	NETPOL_TRIE_A_POD_NAMESPACE,	/* string */
	NETPOL_TRIE_A_POD_NAME,		/* string */
	NETPOL_TRIE_A_DIRECTION,	/* u8 */
	NETPOL_TRIE_A_POLICY,		/* nest: enum netpol_policy_attr, repeated, in order */
	NETPOL_TRIE_A_ROWS,		/* u32 */
	NETPOL_TRIE_A_CLASSES,		/* u32 */
	NETPOL_TRIE_A_PREFIX,		/* nest: enum netpol_prefix_attr */
	NETPOL_TRIE_A_IDENTITY,		/* u32 */
	NETPOL_TRIE_A_ROW,		/* u32: of the PREFIX, the IDENTITY, or a cell */
	NETPOL_TRIE_A_CLASS,		/* u32 */
	NETPOL_TRIE_A_PORT,		/* nest: enum netpol_port_attr: ports of CLASS */
	NETPOL_TRIE_A_RULE,		/* u32: order of the rule that decides a cell */
	NETPOL_TRIE_A_ACTION,		/* u8, enum netpol_action of that rule */
	NETPOL_TRIE_A_BYTES,		/* u64: memory of the program */
	NETPOL_TRIE_A_PAD,

	__NETPOL_TRIE_A_MAX,
	NETPOL_TRIE_A_MAX = __NETPOL_TRIE_A_MAX - 1
};

enum netpol_event_attr {
	NETPOL_EVENT_A_UNSPEC,
	NETPOL_EVENT_A_PAD,
	NETPOL_EVENT_A_TIME,			/* u64: CLOCK_REALTIME, nanoseconds */
	NETPOL_EVENT_A_DIRECTION,		/* u8 */
	NETPOL_EVENT_A_REASON,			/* u8 */
	NETPOL_EVENT_A_SOURCE4,			/* 4 bytes */
	NETPOL_EVENT_A_SOURCE6,			/* 16 bytes */
	NETPOL_EVENT_A_DESTINATION4,		/* 4 bytes */
	NETPOL_EVENT_A_DESTINATION6,		/* 16 bytes */
	NETPOL_EVENT_A_PROTOCOL,		/* u8 */
	NETPOL_EVENT_A_SOURCE_PORT,		/* u16 */
	NETPOL_EVENT_A_DESTINATION_PORT,	/* u16 */
	NETPOL_EVENT_A_SOURCE_NAMESPACE,	/* string */
	NETPOL_EVENT_A_SOURCE_NAME,		/* string */
	NETPOL_EVENT_A_DESTINATION_NAMESPACE,	/* string */
	NETPOL_EVENT_A_DESTINATION_NAME,	/* string */
	NETPOL_EVENT_A_POLICY,			/* nest: enum netpol_policy_attr, repeated */
	NETPOL_EVENT_A_POLICIES,		/* u32: policies that isolate, listed or not */
	NETPOL_EVENT_A_LOST,			/* u64: events lost before this one */

	__NETPOL_EVENT_A_MAX,
	NETPOL_EVENT_A_MAX = __NETPOL_EVENT_A_MAX - 1
};

#endif /* _UAPI_LINUX_NETPOL_H */
