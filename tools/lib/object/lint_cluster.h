/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks of lint about ClusterNetworkPolicies. */
#ifndef NP_OBJECT_LINT_CLUSTER_H
#define NP_OBJECT_LINT_CLUSTER_H

#include "object/lint_find.h"

void np_lint_cluster(const struct np_linting *l);

#endif
