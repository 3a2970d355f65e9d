/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Settings of a network namespace: guards, and the choices that Kubernetes leaves to the
 * implementation. An object does not change once it is in a world; packets read it under RCU.
 */
#ifndef NETPOL_SETTINGS_H
#define NETPOL_SETTINGS_H

#include "core/trie.h"
#include <linux/netpol.h>

/* Most guard prefixes, ranges of pods, guard patterns, host-allow and source-allow entries. */
#define NETPOL_GUARDS_MAX	256
#define NETPOL_PATTERNS_MAX	16
#define NETPOL_HOST_ALLOW_MAX	32
#define NETPOL_SOURCE_ALLOW_MAX	32

/* The default of @event_rate. */
#define NETPOL_EVENT_RATE	100

/**
 * struct netpol_host_allow - a port that pods may always reach on their own node
 * @family: AF_INET or AF_INET6
 * @protocol: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
 * @port: host order
 * @address: network order
 */
struct netpol_host_allow {
	u8 family;
	u8 protocol;
	u16 port;
	u8 address[16];
};

/**
 * struct netpol_source_allow - addresses that pods may send from besides their own
 * @family: AF_INET or AF_INET6
 * @length: bits of the prefix
 * @address: address of the prefix, in network order; bits behind @length don't matter
 * @ns: namespace of the pod, with NUL; empty: all pods
 * @name: name of the pod, with NUL
 */
struct netpol_source_allow {
	u8 family;
	u8 length;
	u8 address[16];
	char ns[NETPOL_NAMESPACE_MAX + 1];
	char name[NETPOL_NAME_MAX + 1];
};

/**
 * struct netpol_settings - the settings
 * @unknown: enum netpol_unknown
 * @established: enum netpol_established
 * @host_egress: enum netpol_host_egress
 * @tunnels: enum netpol_tunnels
 * @origin: number of the origin that set them
 * @event_rate: deny events a second, at most
 * @nguards: number of guard prefixes
 * @npatterns: number of guard patterns
 * @nhost_allow: number of host-allow entries
 * @nsource_allow: number of source-allow entries
 * @nranges: number of ranges of pods
 * @guard: guard prefixes, inside which every address has to be a known pod's
 * @guard_family: AF_INET or AF_INET6, of the guard at the same index
 * @range: ranges of pods: an address in one is a pod's, be it known or not
 * @range_family: likewise
 * @trie: guard prefixes of IPv4 and of IPv6: row 1 inside, row 0 outside; NULL: there is none
 * @range_trie: likewise of guard prefixes and ranges of pods together
 * @pattern: guard patterns of interface names, behind which every address has to be a known
 *	pod's; '*' at the end matches any rest
 * @host_allow: host-allow entries
 * @source_allow: source-allow entries
 */
struct netpol_settings {
	u8 unknown;
	u8 established;
	u8 host_egress;
	u8 tunnels;
	u8 origin;
	u32 event_rate;
	u32 nguards;
	u32 npatterns;
	u32 nhost_allow;
	u32 nsource_allow;
	u32 nranges;
	struct netpol_prefix guard[NETPOL_GUARDS_MAX];
	u8 guard_family[NETPOL_GUARDS_MAX];
	struct netpol_prefix range[NETPOL_GUARDS_MAX];
	u8 range_family[NETPOL_GUARDS_MAX];
	struct netpol_trie *trie[2];
	struct netpol_trie *range_trie[2];
	char pattern[NETPOL_PATTERNS_MAX][NETPOL_INTERFACE_MAX + 1];
	struct netpol_host_allow host_allow[NETPOL_HOST_ALLOW_MAX];
	struct netpol_source_allow source_allow[NETPOL_SOURCE_ALLOW_MAX];
};

struct netpol_settings *netpol_settings_create(void);
void netpol_settings_free(struct netpol_settings *settings);
int netpol_settings_finish(struct netpol_settings *settings);
bool netpol_settings_guards(const struct netpol_settings *settings, u8 family,
			    const void *address);
bool netpol_settings_has_pod(const struct netpol_settings *settings, u8 family,
			     const void *address);
bool netpol_settings_guards_interface(const struct netpol_settings *settings,
				      const char *name);
bool netpol_settings_host_allows(const struct netpol_settings *settings, u8 family,
				 u8 protocol, u16 port, const void *address);
bool netpol_settings_source_allows(const struct netpol_settings *settings, u8 family,
				   const void *address, const char *ns, const char *name);

#endif /* NETPOL_SETTINGS_H */
