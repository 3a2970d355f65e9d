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
	netpol_trie_free(settings->range_trie[0]);
	netpol_trie_free(settings->range_trie[1]);
	netpol_free(settings);
}

/* The trie of some prefixes of a family: row 1 inside. NULL: there are none, or @error is set. */
static struct netpol_trie *prefix_trie(const struct netpol_prefix *from, const u8 *families,
				       u32 count, u8 family, struct netpol_prefix *scratch,
				       int *error)
{
	u32 i, n = 0;

	for (i = 0; i < count; i++) {
		if (families[i] != family)
			continue;
		scratch[n] = from[i];
		scratch[n++].row = 1;
	}
	return n ? netpol_trie_build(family, scratch, n, 0, error) : NULL;
}

/* Builds the tries of settings that are filled. Return: 0 or -ENOMEM. */
int netpol_settings_finish(struct netpol_settings *settings)
{
	u32 both = settings->nguards + settings->nranges, v6;
	struct netpol_prefix *scratch, *all;
	u8 *families;
	int error = 0;

	if (!both)
		return 0;
	scratch = netpol_alloc_array(both, sizeof(*scratch));
	all = netpol_alloc_array(both, sizeof(*all));
	families = netpol_alloc(both);
	if (!scratch || !all || !families)
		error = -ENOMEM;
	if (!error) {
		memcpy(all, settings->guard, settings->nguards * sizeof(*all));
		memcpy(all + settings->nguards, settings->range,
		       settings->nranges * sizeof(*all));
		memcpy(families, settings->guard_family, settings->nguards);
		memcpy(families + settings->nguards, settings->range_family, settings->nranges);
	}
	for (v6 = 0; v6 < 2 && !error; v6++) {
		u8 family = v6 ? AF_INET6 : AF_INET;

		settings->trie[v6] = prefix_trie(all, families, settings->nguards, family,
						 scratch, &error);
		if (!error)
			settings->range_trie[v6] = prefix_trie(all, families, both, family,
							       scratch, &error);
	}
	netpol_free(scratch);
	netpol_free(all);
	netpol_free(families);
	return error;
}

static bool trie_has(struct netpol_trie *const *trie, u8 family, const void *address)
{
	const struct netpol_trie *of = trie[family == AF_INET6];

	if (!of)
		return false;
	if (family == AF_INET6)
		return netpol_trie_find6(of, address);
	return netpol_trie_find4(of, *(const __be32 *)address);
}

/* Is an address in network order inside a guard prefix? RCU. */
bool netpol_settings_guards(const struct netpol_settings *settings, u8 family,
			    const void *address)
{
	return trie_has(settings->trie, family, address);
}

/* Is an address in network order a pod's, because a guard or a range of pods has it? RCU. */
bool netpol_settings_has_pod(const struct netpol_settings *settings, u8 family,
			     const void *address)
{
	return trie_has(settings->range_trie, family, address);
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
