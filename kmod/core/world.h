/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The world: everything that netpol knows in one network namespace. The control side is
 * changed in place, under a mutex that the owner of the world holds around every call. The
 * published side is the snapshot: it never changes, packets read it under RCU, and a commit
 * replaces it as a whole. An edit (edit.h) makes the next snapshot from the last one and
 * copies only what it changes.
 *
 * What the next snapshot no longer needs is freed with the older one. Snapshots are freed in
 * order, oldest first, in whatever order their readers let go.
 */
#ifndef NETPOL_WORLD_H
#define NETPOL_WORLD_H

#include "core/addrmap.h"
#include "core/audit.h"
#include "core/fault.h"
#include "core/identity.h"
#include "core/intern.h"
#include "core/label.h"
#include "core/namespace.h"
#include "core/pod.h"
#include "core/policy.h"
#include "core/program.h"
#include "core/retire.h"
#include "core/selector.h"
#include "core/settings.h"
#include "core/table.h"

/* Most origins that have objects at the same time. */
#define NETPOL_ORIGINS 16

/* Kinds of objects on retire lists, for netpol_world_free(). */
enum netpol_world_retire {
	NETPOL_RETIRE_NAMESPACE = NETPOL_RETIRE_FIRST_OBJECT,
	NETPOL_RETIRE_POD,
	NETPOL_RETIRE_POLICY,
	NETPOL_RETIRE_PROGRAM,
	NETPOL_RETIRE_SETTINGS,
	NETPOL_RETIRE_AUDITS,
};

/* A value in the address map is an identity number, or this bit and the slot of a local pod. */
#define NETPOL_VALUE_LOCAL	0x80000000U

/**
 * struct netpol_local - a local pod, as packets read it; one element of a page
 * @program: programs by enum netpol_direction; NULL: no policy selects the pod in it
 * @runtime: counters, and whether the interface is gone
 * @pod: the pod object, for its names and addresses
 * @identity: number of its identity
 * @ifindex: interface, 0 if unknown
 * @address4: an IPv4 address whose value in the address map is this pod, in network order; or
 *	NETPOL_NO_ADDRESS4, which no address is equal to
 * @address6: likewise an IPv6 address, as two words of the CPU's byte order; or all zero
 */
struct netpol_local {
	const struct netpol_program *program[NETPOL_DIRECTIONS];
	struct netpol_runtime *runtime;
	const struct netpol_pod *pod;
	u32 identity;
	u32 ifindex;
	u64 address4;
	u64 address6[2];
};

#define NETPOL_NO_ADDRESS4	BIT_ULL(32)

/* Buckets of netpol_snapshot::behind, 8 KiB that each commit fills. */
#define NETPOL_BEHIND		1024

/* Bits of netpol_snapshot::sources, for each family. */
#define NETPOL_SOURCES		8192
#define NETPOL_SOURCES_SHIFT	(64 - 13)	/* of a hash of 64 bits */

/* log2 of the bytes of an element of netpol_snapshot::locals and ::ports. */
#define NETPOL_LOCAL_SHIFT	6
#define NETPOL_PORTS_SHIFT	3

/**
 * struct netpol_origin - who loads objects
 * @name: name with NUL; empty: this number is not in use
 * @generation: generation of its last commit
 * @objects: how many of its objects are loaded
 */
struct netpol_origin {
	char name[NETPOL_ORIGIN_MAX + 1];
	u64 generation;
	u64 objects;
};

/**
 * struct netpol_snapshot - the state between two commits
 * @nlocals: number of local pods
 * @plain: there are local pods, and each packet of theirs is judged (established=cut)
 * @guarded: there are guards, and unknown=deny; or there are ranges of pods, and a rule that denies
 *	what is in them and not known
 * @host_judged: what a pod opens to its own node is judged, without exception, and whether its
 *	destination is in a range of pods makes no difference
 * @common4: the bits in which the IPv4 addresses of all local pods agree, and a mask of them
 * @common6: the same of IPv6, of what netpol_source_word() makes of an address
 * @addrmap: address maps, IPv4 and IPv6: identity or local pod of an address
 * @interfaces: local pod of an interface; an address map whose addresses are interface indexes
 * @locals: struct netpol_local, by slot
 * @ports: pointer to the struct netpol_ports of an identity, by identity number
 * @behind: a hash table of one local pod a bucket, by interface index modulo its size. The pod
 *	is a hint that has to be checked; one whose interface is there is preferred. NULL: no
 *	local pod uses an interface of this bucket
 * @sources: a filter of the addresses of local pods, IPv4 and IPv6: a bit that is clear tells
 *	that no such pod has an address of that hash
 * @settings: settings in force
 * @generation: number of the commit, from 1; 0: there was no commit yet
 * @namespaces: table of struct netpol_namespace, by name and origin
 * @pods: table of struct netpol_pod, by namespace, name and origin
 * @policies: table of struct netpol_policy, by namespace, name and origin
 * @claims: table of claims (see NETPOL_CLAIM_MASK), by address
 * @origin: origins, by number
 * @audits: which policies are observed instead of enforced; NULL: none
 * @now: the time by which they are, by netpol_now(); while there is no object, it may grow
 * @program_bytes: memory of the programs
 * @nunobserved: how many times the edit found no room for the observed policies of a local pod in a
 *	direction, which nobody asks then
 * @nlacking: how many times a local pod is closed in a direction, because there was no room for its
 *	program
 * @refs: references, of which world->snapshot has one; under the mutex
 * @next: the snapshot after this one, one reference
 * @retired: what @next no longer needs
 *
 * Read under RCU, or with a reference. Only the last three fields change. What a packet reads
 * first lies in one line of 64 bytes with what a look-up in the IPv4 map reads; that of the IPv6
 * map has another one.
 */
struct netpol_snapshot {
	u32 nlocals;
	bool plain;
	bool guarded;
	bool host_judged;
	struct {
		u32 bits;
		u32 mask;
	} common4;
	struct {
		u64 bits;
		u64 mask;
	} common6;
	struct netpol_addrmap addrmap[2];
	struct netpol_addrmap interfaces;
	struct netpol_pages *locals;
	struct netpol_pages *ports;
	const struct netpol_settings *settings;
	u64 generation;
	const struct netpol_local *behind[NETPOL_BEHIND];
	u64 sources[2][NETPOL_SOURCES / 64];

	/* control path */
	struct netpol_table namespaces;
	struct netpol_table pods;
	struct netpol_table policies;
	struct netpol_table claims;
	struct netpol_origin origin[NETPOL_ORIGINS];
	const struct netpol_audits *audits;
	u64 now;
	u64 program_bytes;
	u32 nunobserved;
	u32 nlacking;
	u32 refs;
	struct netpol_snapshot *next;
	struct netpol_retire_list retired;
};

/**
 * struct netpol_world - the state of one network namespace, its control side
 * @snapshot: snapshot in force, one reference; the owner of the world publishes it to packets
 * @serial: last serial given to a key or label
 * @edits: number of edits begun, which is the serial of the last one
 * @arrivals: number of pod uids that ever came
 * @keys: label keys, interned
 * @labels: labels, interned
 * @label_sets: label sets, interned
 * @port_names: names of ports, interned
 * @port_sets: named ports of pods, interned
 * @selectors: selectors, interned
 * @peers: peers made of selectors, interned
 * @ns_names: namespaces, interned
 * @templates: templates, interned
 * @identities: identities, interned
 * @active_label: scratch of netpol_labels_active()
 * @active_size: room in @active_label
 * @active_peers: peers whose set of identities is kept up to date
 * @unknown: the peer of unknown pods, one reference; in programs with rules that deny or pass on
 *	pods, see netpol_rule_doubts()
 * @cluster: namespace with an empty name, which no pod can have; the cluster-wide policies are in
 *	it; one reference
 * @unmatched: per-CPU counter of what no rule of a program without isolation decided; nobody
 *	reads it
 * @programs: programs of the snapshot in force
 * @retry: from this slot on an edit looks for room for programs that pods lack
 * @ns: namespaces by number
 * @ns_size: length of @ns
 * @ns_hint: no namespace number below this one is free
 * @loaded_namespaces: namespaces whose Namespace object is loaded
 * @loaded_identities: identities in these namespaces
 * @template: templates by number
 * @template_size: length of @template
 * @template_hint: no template number below this one is free
 * @identity: identities by number
 * @blocks: the namespace that a block of identity numbers belongs to, or NULL
 * @nblocks: length of @blocks
 * @block_hint: no block below this one is free
 * @nidentities: number of identities
 * @slots: slots in use in the table of local pods
 * @bytes: memory that the loaded objects are charged for
 * @hits_bytes: memory of the counters of all rules
 * @unread: what no snapshot needs any more, not freed yet
 * @retired_bytes: memory of @unread, and what is freed when the readers of old snapshots are done
 * @limit: limits, by enum netpol_limit
 */
struct netpol_world {
	struct netpol_snapshot *snapshot;
	u64 serial;
	u64 edits;
	u32 arrivals;
	struct netpol_intern keys;
	struct netpol_intern labels;
	struct netpol_intern label_sets;
	struct netpol_intern port_names;
	struct netpol_intern port_sets;
	struct netpol_intern selectors;
	struct netpol_intern peers;
	struct netpol_intern ns_names;
	struct netpol_intern templates;
	struct netpol_intern identities;
	struct netpol_label **active_label;
	u32 active_size;
	struct list_head active_peers;
	struct netpol_peer *unknown;
	struct netpol_ns *cluster;
	u64 __percpu *unmatched;
	struct list_head programs;
	u32 retry;
	struct netpol_ns **ns;
	u32 ns_size;
	u32 ns_hint;
	struct netpol_idset loaded_namespaces;
	struct netpol_idset loaded_identities;
	struct netpol_template **template;
	u32 template_size;
	u32 template_hint;
	struct netpol_identity **identity;
	struct netpol_ns **blocks;
	u32 nblocks;
	u32 block_hint;
	u32 nidentities;
	struct netpol_idset slots;
	u64 bytes;
	u64 hits_bytes;
	struct netpol_retire_list unread;
	u64 retired_bytes;
	u64 limit[NETPOL_LIMIT_MAX + 1];
};

struct netpol_world *netpol_world_create(void);
void netpol_world_destroy(struct netpol_world *world);
void netpol_world_free(void *context, void *object, u8 kind);
void netpol_world_run(struct netpol_world *world, struct netpol_retire_list *list);
int netpol_world_origin(struct netpol_snapshot *snapshot, const char *name);
u64 netpol_world_used(const struct netpol_world *world, u32 limit);
struct netpol_snapshot *netpol_snapshot_get(struct netpol_snapshot *snapshot);
void netpol_snapshot_drop(struct netpol_world *world, struct netpol_snapshot *snapshot);
void netpol_snapshot_put(struct netpol_world *world, struct netpol_snapshot *snapshot);
bool netpol_world_reap(struct netpol_world *world);
const struct netpol_pod *netpol_snapshot_pod(struct netpol_world *world,
					     const struct netpol_snapshot *snapshot,
					     struct netpol_text ns,
					     struct netpol_text name);
bool netpol_origin_wins(const struct netpol_snapshot *snapshot, u8 a, u8 b);
bool netpol_pod_shadowed(const struct netpol_snapshot *snapshot,
			 const struct netpol_pod *pod);
bool netpol_namespace_shadowed(const struct netpol_snapshot *snapshot,
			       const struct netpol_namespace *namespace);
const struct netpol_lack *netpol_pod_lack(const struct netpol_snapshot *snapshot,
					  const struct netpol_pod *pod, u8 direction);
u32 netpol_world_lacking(const struct netpol_world *world, const struct netpol_pod **first);
bool netpol_pod_conflict(const struct netpol_snapshot *snapshot,
			 const struct netpol_pod *pod);

u32 netpol_namespace_hash(const void *value);
u32 netpol_pod_hash(const void *value);
u32 netpol_policy_hash(const void *value);
u32 netpol_claim_hash(const void *value);

/*
 * A claim of a pod to an address: the pointer to the pod, with the index of the address in its
 * low bits, which are 0 in the pointer.
 */
#define NETPOL_CLAIM_MASK	((unsigned long)NETPOL_POD_ADDRESSES - 1)

/* The pod of a claim. */
static inline struct netpol_pod *netpol_claim_pod(const void *claim)
{
	return (struct netpol_pod *)((unsigned long)claim & ~NETPOL_CLAIM_MASK);
}

/* The claim of a pod to its address of index @address. */
static inline void *netpol_claim(const struct netpol_pod *pod, u32 address)
{
	return (void *)((unsigned long)pod | address);
}

/* Is this a claim to an address in network order? */
static inline bool netpol_claim_is(const void *claim, u8 family, const void *address)
{
	const u8 *claimed;
	u8 claimed_family;

	claimed = netpol_pod_address(netpol_claim_pod(claim),
				     (unsigned long)claim & NETPOL_CLAIM_MASK,
				     &claimed_family);
	return claimed_family == family &&
	       !memcmp(claimed, address, family == AF_INET ? 4 : 16);
}

/* The local pod in a slot that is in use. RCU. */
static __always_inline const struct netpol_local *
netpol_snapshot_local(const struct netpol_snapshot *snapshot, u32 slot)
{
	return netpol_pages_at(snapshot->locals, NETPOL_LOCAL_SHIFT, slot);
}

/*
 * A local pod that may be behind an interface, to be checked by its ifindex; NULL: no local pod
 * is. For nearly every interface of a local pod it is that pod, and for nearly every other
 * interface it is NULL. RCU.
 */
static __always_inline const struct netpol_local *
netpol_snapshot_behind(const struct netpol_snapshot *snapshot, u32 ifindex)
{
	return snapshot->behind[ifindex % NETPOL_BEHIND];
}

/*
 * Does an address in network order belong to a local pod? This compares it with the addresses
 * in the pod's entry instead of looking it up. True means that the value of the address in the
 * address map is this pod; false means nothing, because a pod may have more addresses. RCU.
 */
static __always_inline bool netpol_local_has(const struct netpol_local *local, u8 family,
					     const void *address)
{
	u64 lo, hi;

	if (family == AF_INET)
		return local->address4 == (__force u32)*(const __be32 *)address;
	memcpy(&lo, address, sizeof(lo));
	memcpy(&hi, (const u8 *)address + 8, sizeof(hi));
	return !((local->address6[0] ^ lo) | (local->address6[1] ^ hi)) && (lo | hi);
}

/*
 * The bit of netpol_snapshot::sources for an address in network order. Whoever chooses
 * addresses by this function gains longer ways for his packets and nothing else.
 *
 * A product mixes upwards only, and what differs between the pods of a cluster is in the last bytes
 * of each half of an IPv6 address, which are the highest ones of a word in network order. So the
 * halves are put beside each other and turned round first.
 */
static __always_inline u32 netpol_source_bit(u8 family, const void *address)
{
	u64 lo, hi;
	u32 four;

	/* the addresses of a pod lie packed, so none of them need be aligned */
	if (family == AF_INET) {
		memcpy(&four, address, sizeof(four));
		return four * 0x9e3779b97f4a7c15ULL >> NETPOL_SOURCES_SHIFT;
	}
	memcpy(&lo, address, sizeof(lo));
	memcpy(&hi, (const u8 *)address + 8, sizeof(hi));
	hi += lo << 40 | lo >> 24;
	return be64_to_cpu((__force __be64)hi) * 0x9e3779b97f4a7c15ULL >> NETPOL_SOURCES_SHIFT;
}

/*
 * The word of an address in network order that struct netpol_snapshot keeps the common bits of: of
 * IPv6 the two halves, put together so that the bytes that differ between nodes do not meet those
 * that differ between the pods of a node, in whichever half a cluster numbers its nodes.
 */
static __always_inline u64 netpol_source_word(u8 family, const void *address)
{
	u64 hi, lo;
	u32 four;

	if (family == AF_INET) {
		memcpy(&four, address, sizeof(four));
		return four;
	}
	memcpy(&hi, address, sizeof(hi));
	memcpy(&lo, (const u8 *)address + 8, sizeof(lo));
	return hi ^ (lo << 32 | lo >> 32);
}

/*
 * May an address in network order belong to a local pod? False means that it does not; true,
 * that it has to be looked up. Most addresses of other nodes differ in the bits that all local pods
 * have in common, which saves reading the filter. RCU.
 */
static __always_inline bool
netpol_snapshot_may_be_local(const struct netpol_snapshot *snapshot, u8 family,
			     const void *address)
{
	u64 word = netpol_source_word(family, address);
	u32 bit;

	if (family == AF_INET ? ((u32)word & snapshot->common4.mask) != snapshot->common4.bits :
				(word & snapshot->common6.mask) != snapshot->common6.bits)
		return false;
	bit = netpol_source_bit(family, address);
	return snapshot->sources[family == AF_INET6][bit / 64] >> bit % 64 & 1;
}

/* The local pod behind an interface, or NULL; its interface may be gone. RCU. */
static inline const struct netpol_local *
netpol_snapshot_interface(const struct netpol_snapshot *snapshot, u32 ifindex)
{
	u32 value = netpol_addrmap_find4(&snapshot->interfaces, (__force __be32)ifindex);

	if (!value)
		return NULL;
	return netpol_snapshot_local(snapshot, value & ~NETPOL_VALUE_LOCAL);
}

/* The named ports of an identity, or NULL. RCU. */
static inline const struct netpol_ports *
netpol_snapshot_ports(const struct netpol_snapshot *snapshot, u32 identity)
{
	if (!snapshot->ports || identity >= snapshot->ports->count)
		return NULL;
	return *(struct netpol_ports * const *)
		netpol_pages_at(snapshot->ports, NETPOL_PORTS_SHIFT, identity);
}

#endif /* NETPOL_WORLD_H */
