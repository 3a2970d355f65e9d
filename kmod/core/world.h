/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The world: everything that netpol knows in one network namespace. It has a control
 * side, changed in place under one mutex that the owner of the world holds around every
 * call, and a published side, the snapshot: immutable, read by packets under RCU, and
 * replaced whole by a commit. An edit (edit.h) makes the next snapshot out of the last
 * one, copying only what it changes.
 *
 * What a snapshot no longer needs once the next one is published hangs on the older one,
 * and is freed with it. Snapshots are freed in order, oldest first, whatever the order
 * in which their readers let go.
 */
#ifndef NETPOL_WORLD_H
#define NETPOL_WORLD_H

#include "core/addrmap.h"
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

#define NETPOL_ORIGINS 16

/* Kinds of objects on retire lists. */
enum netpol_world_retire {
	NETPOL_RETIRE_NAMESPACE = NETPOL_RETIRE_FIRST_OBJECT,
	NETPOL_RETIRE_POD,
	NETPOL_RETIRE_POLICY,
	NETPOL_RETIRE_PROGRAM,
	NETPOL_RETIRE_SETTINGS,
};

/* A value in the address map: identity number, or this bit and the local pod's slot. */
#define NETPOL_VALUE_LOCAL	0x80000000U

/**
 * struct netpol_local - a local pod, as packets read it; one element of a page
 * @program: by enum netpol_direction; NULL: not isolated
 * @runtime: counters, and whether the interface is gone
 * @pod: names, addresses
 * @identity: number
 * @ifindex: interface, 0 if unknown
 * @address4: an IPv4 address that the address map says is this pod's, as in memory; or
 *	NETPOL_NO_ADDRESS4, which none is equal to
 * @address6: an IPv6 one, likewise, or the unspecified one
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

/* Places in netpol_snapshot::behind, 8 KiB that each commit fills. */
#define NETPOL_BEHIND		1024

#define NETPOL_LOCAL_SHIFT	6
#define NETPOL_PORTS_SHIFT	3

/**
 * struct netpol_origin - who loaded objects
 * @name: with NUL; empty: no such origin
 * @generation: of its last commit
 * @objects: how many of its objects are loaded
 */
struct netpol_origin {
	char name[NETPOL_ORIGIN_MAX + 1];
	u64 generation;
	u64 objects;
};

/**
 * struct netpol_snapshot - what is in force between two commits
 * @addrmap: address to identity or local pod, IPv4 and IPv6
 * @interfaces: interface index to local pod, kept as if it were an IPv4 address
 * @locals: struct netpol_local by slot
 * @ports: named ports of each identity, a pointer to struct netpol_ports each
 * @behind: by interface index, modulo its size: a local pod that may be behind it, one that
 *	lives if there is one; NULL: none is
 * @settings: settings in force
 * @generation: number of the commit, from 1; 0: nothing was ever committed
 * @nlocals: slots in use
 * @plain: there are local pods, and each of their packets is judged
 * @guarded: ends that are no known pods are denied by prefixes or interface names
 * @host_judged: whatever a pod opens to its node is judged, and nothing always allowed
 * @namespaces: struct netpol_namespace by name and origin
 * @pods: struct netpol_pod by namespace, name and origin
 * @policies: struct netpol_policy by namespace, name and origin
 * @claims: pods by address; the low bits of the pointer are the address's index
 * @origin: by number
 * @refs: readers that hold it, the root among them; under the mutex
 * @next: the snapshot after it, one reference
 * @retired: what @next no longer needs
 *
 * Read under RCU, or with a reference. It never changes but for the last three fields.
 */
struct netpol_snapshot {
	struct netpol_addrmap addrmap[2];
	struct netpol_addrmap interfaces;
	struct netpol_pages *locals;
	struct netpol_pages *ports;
	const struct netpol_settings *settings;
	u64 generation;
	u32 nlocals;
	bool plain;
	bool guarded;
	bool host_judged;
	const struct netpol_local *behind[NETPOL_BEHIND];

	/* control path */
	struct netpol_table namespaces;
	struct netpol_table pods;
	struct netpol_table policies;
	struct netpol_table claims;
	struct netpol_origin origin[NETPOL_ORIGINS];
	u32 refs;
	struct netpol_snapshot *next;
	struct netpol_retire_list retired;
};

/**
 * struct netpol_world - one network namespace's state, its control side
 * @snapshot: in force; the owner publishes it to packets
 * @serial: last number given to a key or label
 * @edits: number of edits begun, so that marks of one edit are never mistaken
 * @arrivals: pods that ever arrived
 * @keys: label keys
 * @labels: labels
 * @label_sets: label sets
 * @port_names: names of ports
 * @port_sets: named ports of pods
 * @selectors: selectors
 * @peers: peers made of selectors
 * @ns_names: namespaces
 * @templates: templates
 * @identities: identities
 * @active_label: scratch of netpol_labels_active()
 * @active_size: room in it
 * @active_peers: peers whose set of identities is kept up to date
 * @programs: programs of the state in force
 * @ns: namespaces by number
 * @ns_size: length of @ns
 * @ns_hint: no free number below
 * @loaded_namespaces: namespaces whose object is loaded
 * @loaded_identities: identities in those
 * @template: templates by number
 * @template_size: length of @template
 * @template_hint: no free number below
 * @identity: identities by number
 * @blocks: namespace of each block of identities
 * @nblocks: length of @blocks
 * @block_hint: no free block below
 * @nidentities: identities
 * @bytes: memory of the loaded objects
 * @slots: used slots of the table of local pods
 * @nslots: slots that @slots has bits for
 * @retired_bytes: bytes that wait for readers of old snapshots
 * @limit: by enum netpol_limit
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
	struct list_head programs;
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
void netpol_snapshot_put(struct netpol_world *world, struct netpol_snapshot *snapshot);
const struct netpol_pod *netpol_snapshot_pod(struct netpol_world *world,
					     const struct netpol_snapshot *snapshot,
					     struct netpol_text ns,
					     struct netpol_text name);
bool netpol_origin_wins(const struct netpol_snapshot *snapshot, u8 a, u8 b);
bool netpol_pod_shadowed(const struct netpol_snapshot *snapshot,
			 const struct netpol_pod *pod);
bool netpol_namespace_shadowed(const struct netpol_snapshot *snapshot,
			       const struct netpol_namespace *namespace);
bool netpol_pod_conflict(const struct netpol_snapshot *snapshot,
			 const struct netpol_pod *pod);

u32 netpol_namespace_hash(const void *value);
u32 netpol_pod_hash(const void *value);
u32 netpol_policy_hash(const void *value);
u32 netpol_claim_hash(const void *value);

/* A claim: a pod and, in the low bits of its pointer, the number of an address. */
#define NETPOL_CLAIM_MASK	((unsigned long)NETPOL_POD_ADDRESSES - 1)

static inline struct netpol_pod *netpol_claim_pod(const void *claim)
{
	return (struct netpol_pod *)((unsigned long)claim & ~NETPOL_CLAIM_MASK);
}

static inline void *netpol_claim(const struct netpol_pod *pod, u32 address)
{
	return (void *)((unsigned long)pod | address);
}

/* Is this the claim of an address? */
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

/* The local pod in a slot. RCU. */
static __always_inline const struct netpol_local *
netpol_snapshot_local(const struct netpol_snapshot *snapshot, u32 slot)
{
	return netpol_pages_at(snapshot->locals, NETPOL_LOCAL_SHIFT, slot);
}

/*
 * NULL: no local pod is behind an interface. Else one that may be, by its ifindex: for
 * nearly all interfaces that are no pod's this is NULL, for a pod's nearly always that pod.
 * RCU.
 */
static __always_inline const struct netpol_local *
netpol_snapshot_behind(const struct netpol_snapshot *snapshot, u32 ifindex)
{
	return snapshot->behind[ifindex % NETPOL_BEHIND];
}

/*
 * Does an address belong to a local pod, without a look-up? If so the address map says the
 * same; if not, it may all the same, as a pod has many. RCU.
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

/* A local pod that lives behind an interface, or NULL. RCU. */
static inline const struct netpol_local *
netpol_snapshot_interface(const struct netpol_snapshot *snapshot, u32 ifindex)
{
	u32 value = netpol_addrmap_find4(&snapshot->interfaces, (__force __be32)ifindex);

	if (!value)
		return NULL;
	return netpol_snapshot_local(snapshot, value & ~NETPOL_VALUE_LOCAL);
}

/* Named ports of an identity, or NULL. RCU. */
static inline const struct netpol_ports *
netpol_snapshot_ports(const struct netpol_snapshot *snapshot, u32 identity)
{
	if (!snapshot->ports || identity >= snapshot->ports->count)
		return NULL;
	return *(struct netpol_ports * const *)
		netpol_pages_at(snapshot->ports, NETPOL_PORTS_SHIFT, identity);
}

#endif /* NETPOL_WORLD_H */
