// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which NetworkPolicies of manifests are observed instead of enforced.
 */
#include "object/audit.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

bool np_audit_asked(const struct np_policy *policy, bool namespace_asks)
{
	return policy->tier == NP_TIER_NETWORK_POLICY &&
	       (policy->audit_asked || (namespace_asks && !policy->audit_refused));
}

static int np_audit_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Returns the names of the namespaces that ask, sorted. The caller frees the array. */
static const char **np_audit_namespaces(const struct np_objects *objs, size_t *count)
{
	const char **name = np_xcalloc(objs->namespace_count + 1, sizeof(*name));
	size_t i;

	*count = 0;
	for (i = 0; i < objs->namespace_count; i++)
		if (objs->namespaces[i].audit_asked)
			name[(*count)++] = objs->namespaces[i].name;
	qsort(name, *count, sizeof(*name), np_audit_order);
	return name;
}

size_t np_audit_decide(struct np_objects *objs, bool all, bool annotations)
{
	size_t names, asked = 0, i;
	const char **name = np_audit_namespaces(objs, &names);
	struct np_policy *policy;
	bool asks;

	for (i = 0; i < objs->policy_count; i++) {
		policy = &objs->policies[i];
		asks = np_audit_asked(policy, bsearch(&policy->namespace, name, names,
						      sizeof(*name), np_audit_order));
		policy->audit = policy->tier == NP_TIER_NETWORK_POLICY &&
				(all || (annotations && asks));
		asked += asks;
	}
	free(name);
	return asked;
}
