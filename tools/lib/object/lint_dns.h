/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks of lint about DNS: NP003 and NP006. */
#ifndef NP_OBJECT_LINT_DNS_H
#define NP_OBJECT_LINT_DNS_H

#include "object/lint_find.h"

/*
 * True if a DNS cache of the nodes listens at the address, so that it is an address of the node,
 * even if it is the ClusterIP of a Service as well.
 */
bool np_lint_is_dns_cache(const struct np_objects *objs, const struct np_address *addr);
/* Finds who answers DNS in the input, for all of its policies. The caller frees it. */
struct np_dns *np_lint_dns_find(const struct np_objects *objs);
void np_lint_dns_free(struct np_dns *dns);
/* Adds at most one finding of each check for a policy, with the first pod that shows it. */
void np_lint_dns(const struct np_linting *l);

/* The same for a policy of tier Admin, whose Deny takes DNS away whatever other policies allow. */
void np_lint_cluster_dns(const struct np_linting *l);

#endif
