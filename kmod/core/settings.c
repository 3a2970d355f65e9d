// SPDX-License-Identifier: GPL-2.0
#include "core/settings.h"

/* Makes settings that are all at their defaults. Return: NULL without memory. */
struct netpol_settings *netpol_settings_create(void)
{
	struct netpol_settings *settings = netpol_alloc(sizeof(*settings));

	if (settings)
		settings->event_rate = NETPOL_EVENT_RATE;
	return settings;
}

/* Frees settings that nobody can see any more. */
void netpol_settings_free(struct netpol_settings *settings)
{
	if (!settings)
		return;
	netpol_trie_free(settings->trie[0]);
	netpol_trie_free(settings->trie[1]);
	netpol_free(settings);
}

/* Builds the tries of settings that are filled. Return: 0 or -ENOMEM. */
int netpol_settings_finish(struct netpol_settings *settings)
{
	struct netpol_prefix *prefix;
	u32 i, n, v6;
	int error = 0;

	if (!settings->nguards)
		return 0;
	prefix = netpol_alloc_array(settings->nguards, sizeof(*prefix));
	if (!prefix)
		return -ENOMEM;
	for (v6 = 0; v6 < 2 && !error; v6++) {
		u8 family = v6 ? AF_INET6 : AF_INET;

		for (i = 0, n = 0; i < settings->nguards; i++) {
			if (settings->guard_family[i] != family)
				continue;
			prefix[n] = settings->guard[i];
			prefix[n++].row = 1;
		}
		if (n)
			settings->trie[v6] = netpol_trie_build(family, prefix, n, 0,
							       &error);
	}
	netpol_free(prefix);
	return error;
}

/* Is an address in network order inside a guard prefix? RCU. */
bool netpol_settings_guards(const struct netpol_settings *settings, u8 family,
			    const void *address)
{
	const struct netpol_trie *trie = settings->trie[family == AF_INET6];

	if (!trie)
		return false;
	if (family == AF_INET6)
		return netpol_trie_find6(trie, address);
	return netpol_trie_find4(trie, *(const __be32 *)address);
}

static bool pattern_matches(const char *pattern, const char *name)
{
	for (; *pattern; pattern++, name++) {
		if (*pattern == '*' && !pattern[1])
			return true;
		if (*pattern != *name)
			return false;
	}
	return !*name;
}

/* Does an interface name match a guard pattern? RCU; at most NETPOL_PATTERNS_MAX steps. */
bool netpol_settings_guards_interface(const struct netpol_settings *settings,
				      const char *name)
{
	u32 i;

	for (i = 0; i < settings->npatterns; i++)
		if (pattern_matches(settings->pattern[i], name))
			return true;
	return false;
}

/* Is this a port that pods may always reach? RCU; at most NETPOL_HOST_ALLOW_MAX steps. */
bool netpol_settings_host_allows(const struct netpol_settings *settings, u8 family,
				 u8 protocol, u16 port, const void *address)
{
	size_t bytes = family == AF_INET ? 4 : 16;
	u32 i;

	for (i = 0; i < settings->nhost_allow; i++) {
		const struct netpol_host_allow *allow = &settings->host_allow[i];

		if (allow->family == family && allow->protocol == protocol &&
		    allow->port == port && !memcmp(allow->address, address, bytes))
			return true;
	}
	return false;
}

/* Do two addresses in network order agree in their first @length bits? */
static bool same_prefix(const u8 *a, const u8 *b, u32 length)
{
	u32 bytes = length / 8, bits = length % 8;

	return !memcmp(a, b, bytes) && (!bits || !((a[bytes] ^ b[bytes]) >> (8 - bits)));
}

/*
 * Is this an address that the pod @name of the namespace @ns may send from besides its own?
 * RCU; at most NETPOL_SOURCE_ALLOW_MAX steps.
 */
bool netpol_settings_source_allows(const struct netpol_settings *settings, u8 family,
				   const void *address, const char *ns, const char *name)
{
	u32 i;

	for (i = 0; i < settings->nsource_allow; i++) {
		const struct netpol_source_allow *allow = &settings->source_allow[i];

		if (allow->family == family &&
		    same_prefix(allow->address, address, allow->length) &&
		    (!allow->ns[0] || (!strcmp(allow->ns, ns) && !strcmp(allow->name, name))))
			return true;
	}
	return false;
}
