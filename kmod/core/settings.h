/* SPDX-License-Identifier: GPL-2.0 */
/* Settings of a network namespace: guards, and the choices that Kubernetes leaves open. */
#ifndef NETPOL_SETTINGS_H
#define NETPOL_SETTINGS_H

#include "core/trie.h"
#include <linux/netpol.h>

#define NETPOL_GUARDS_MAX	256
#define NETPOL_PATTERNS_MAX	16
#define NETPOL_HOST_ALLOW_MAX	32

/* Events a second where nothing is said. */
#define NETPOL_EVENT_RATE	100

/**
 * struct netpol_host_allow - what a pod may always reach on its own node
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
 * struct netpol_settings - immutable once it is in a world; read under RCU
 * @unknown: enum netpol_unknown
 * @established: enum netpol_established
 * @host_egress: enum netpol_host_egress
 * @origin: number of the origin that set them
 * @event_rate: events a second
 * @nguards: prefixes in @guard
 * @npatterns: patterns
 * @nhost_allow: how many
 * @guard: prefixes where only known pods live; family by @guard_family
 * @guard_family: AF_INET or AF_INET6, of each guard
 * @trie: of the guards, IPv4 and IPv6: row 1 inside, row 0 outside; NULL: none
 * @pattern: interface names where only known pods live; a last '*' matches any rest
 * @host_allow: see there
 */
struct netpol_settings {
	u8 unknown;
	u8 established;
	u8 host_egress;
	u8 origin;
	u32 event_rate;
	u32 nguards;
	u32 npatterns;
	u32 nhost_allow;
	struct netpol_prefix guard[NETPOL_GUARDS_MAX];
	u8 guard_family[NETPOL_GUARDS_MAX];
	struct netpol_trie *trie[2];
	char pattern[NETPOL_PATTERNS_MAX][NETPOL_INTERFACE_MAX + 1];
	struct netpol_host_allow host_allow[NETPOL_HOST_ALLOW_MAX];
};

struct netpol_settings *netpol_settings_create(void);
void netpol_settings_free(struct netpol_settings *settings);
int netpol_settings_finish(struct netpol_settings *settings);
bool netpol_settings_guards(const struct netpol_settings *settings, u8 family,
			    const void *address);
bool netpol_settings_guards_interface(const struct netpol_settings *settings,
				      const char *name);
bool netpol_settings_host_allows(const struct netpol_settings *settings, u8 family,
				 u8 protocol, u16 port, const void *address);

#endif /* NETPOL_SETTINGS_H */
