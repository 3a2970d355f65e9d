/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pods as they were loaded. An object does not change once it is in a world, except for the
 * fields whose comment says so. Every call needs the world's mutex. Packets read the runtime
 * and the names too, under RCU, through the table of local pods.
 */
#ifndef NETPOL_POD_H
#define NETPOL_POD_H

#include "core/identity.h"
#include "core/label.h"
#include <linux/netpol.h>

/* Most addresses of one pod: a claim keeps the index of one in three bits of a pointer. */
#define NETPOL_POD_ADDRESSES 8

/* The slot of a pod that is not in the table of local pods. */
#define NETPOL_NO_SLOT U32_MAX

/**
 * struct netpol_pod_stats - packets of one local pod, per CPU
 * @allowed: judged and accepted, by enum netpol_direction
 * @denied: judged and denied, by enum netpol_direction
 * @spoofed: part of @denied in egress: dropped because the source is forged
 * @unchecked: sent by it without an interface that the source could be checked against
 * @sent: sent by it and seen by the hook
 * @received: sent to it and seen by the hook
 * @audited: part of @allowed that would be denied if the observed policies were enforced, by
 *	enum netpol_direction
 *
 * What every packet counts is in the first line of 64 bytes.
 */
struct netpol_pod_stats {
	u64 allowed[NETPOL_DIRECTIONS];
	u64 denied[NETPOL_DIRECTIONS];
	u64 spoofed;
	u64 unchecked;
	u64 sent;
	u64 received;
	u64 audited[NETPOL_DIRECTIONS];
};

/* Bytes that a program with too many cells needs: nobody knows. */
#define NETPOL_CELLS_NEED U64_MAX

/**
 * struct netpol_lack - the program that a local pod lacks in a direction; under the mutex
 * @need: bytes of it at least; 0: the pod has lacked none so far
 * @limit: enum netpol_limit of the limit that it does not fit in
 * @tried: serial of the last edit that found out that it does not do, with room for all left
 * @own: those who pay for it made it too large, so that it counts against their share
 * @cluster: it is charged to world->cluster, otherwise to the pod's namespace
 * @hash: its netpol_program::hash
 */
struct netpol_lack {
	u64 need;
	u32 limit;
	u64 tried;
	bool own;
	bool cluster;
	u32 hash;
};

/**
 * struct netpol_runtime - the part of a local pod that all versions of its object share
 * @refs: pod objects that share it; under the mutex
 * @gone: its interface was removed, so that its addresses are unknown; set once, read by
 *	packets with READ_ONCE()
 * @adopted: its interface was looked up, after the commit that loaded it; under the mutex
 * @changed: serial of the last edit that set the pod, or that may have given it an address or
 *	taken one from it; under the mutex
 * @device_sent: packets that the interface had carried from the pod when it was adopted
 * @device_received: packets that the interface had carried to the pod when it was adopted
 * @stats: counters
 * @zero: sums of the counters when they were last reset; under the mutex
 * @lack: of each direction; counts while the pod is closed in it for that
 */
struct netpol_runtime {
	u32 refs;
	bool gone;
	bool adopted;
	u64 changed;
	u64 device_sent;
	u64 device_received;
	struct netpol_pod_stats __percpu *stats;
	struct netpol_pod_stats zero;
	struct netpol_lack lack[NETPOL_DIRECTIONS];
};

/**
 * struct netpol_pod - a pod of one origin
 * @template: namespace, labels and named ports; one reference
 * @runtime: runtime of a local pod, one reference; NULL for a remote one
 * @mark: serial of the last edit that set it; changes, under the mutex
 * @hash: netpol_name_hash()
 * @arrived: when this uid first came, as a number that grows; decides between two claims
 * @slot: place in the table of local pods, or NETPOL_NO_SLOT; changes, under the mutex
 * @ifindex: interface of a local pod, 0 if unknown
 * @flags: NETPOL_POD_F_*
 * @origin: number of the origin
 * @naddress4: number of IPv4 addresses
 * @naddress6: number of IPv6 addresses
 * @uid: uid
 * @data: IPv6 addresses, then IPv4 addresses, then the name with NUL
 */
struct netpol_pod {
	struct netpol_template *template;
	struct netpol_runtime *runtime;
	u64 mark;
	u32 hash;
	u32 arrived;
	u32 slot;
	u32 ifindex;
	u16 flags;
	u8 origin;
	u8 naddress4;
	u8 naddress6;
	u8 uid[NETPOL_UID_LEN];
	u8 data[];
};

/* A pod as it is given to the core. */
struct netpol_pod_text {
	struct netpol_text ns;
	struct netpol_text name;
	u8 uid[NETPOL_UID_LEN];
	struct netpol_labels *labels;
	struct netpol_ports *ports;
	u32 naddress4;
	u32 naddress6;
	u8 address4[NETPOL_POD_ADDRESSES][4];
	u8 address6[NETPOL_POD_ADDRESSES][16];
	u32 flags;
	u32 ifindex;
};

struct netpol_pod *netpol_pod_create(struct netpol_world *world,
				     const struct netpol_pod_text *text);
void netpol_pod_free(struct netpol_world *world, struct netpol_pod *pod);
bool netpol_pod_owns(const struct netpol_pod *a, const struct netpol_pod *b);
void netpol_pod_share_runtime(struct netpol_pod *pod, struct netpol_pod *old);
bool netpol_pod_equal(const struct netpol_pod *a, const struct netpol_pod *b);

/* Bytes of a pod; its data begin directly after its last field, without padding. */
static inline size_t netpol_pod_size(size_t addresses, size_t name)
{
	return offsetof(struct netpol_pod, data) + addresses + name + 1;
}

/* The name of a pod, with NUL. */
static inline const char *netpol_pod_name(const struct netpol_pod *pod)
{
	return (const char *)pod->data + pod->naddress6 * 16 + pod->naddress4 * 4;
}

/* Address @i of a pod, 4 or 16 bytes, IPv6 addresses first; @family is set to its family. */
static inline const u8 *netpol_pod_address(const struct netpol_pod *pod, u32 i,
					   u8 *family)
{
	if (i < pod->naddress6) {
		*family = AF_INET6;
		return pod->data + i * 16;
	}
	*family = AF_INET;
	return pod->data + pod->naddress6 * 16 + (i - pod->naddress6) * 4;
}

/* Do two objects have the same namespace and name? */
static inline bool netpol_pod_same_name(const struct netpol_pod *a,
					const struct netpol_pod *b)
{
	return a->hash == b->hash && a->template->ns == b->template->ns &&
	       !strcmp(netpol_pod_name(a), netpol_pod_name(b));
}

/* The number of a pod's addresses. */
static inline u32 netpol_pod_addresses(const struct netpol_pod *pod)
{
	return pod->naddress4 + pod->naddress6;
}

/* Does a pod run on this node? */
static inline bool netpol_pod_is_local(const struct netpol_pod *pod)
{
	return pod->flags & NETPOL_POD_F_LOCAL;
}

#endif /* NETPOL_POD_H */
