// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fields that a source reads of each kind, and the names of what it counts.
 */
#include "kube/source.h"

#include <stddef.h>

#include "object/pick.h"

const struct np_pick *np_source_pick(enum np_source_kind kind)
{
	static const struct np_pick *const pick[NP_SOURCE_KINDS] = {
		[NP_SOURCE_NAMESPACE] = np_pick_namespace,
		[NP_SOURCE_POD] = np_pick_pod,
		[NP_SOURCE_POLICY] = np_pick_policy,
		[NP_SOURCE_CLUSTER_POLICY] = np_pick_policy,
		[NP_SOURCE_NODE] = np_pick_node,
		[NP_SOURCE_NODES] = np_pick_kube_node,
	};

	return kind < NP_SOURCE_KINDS ? pick[kind] : NULL;
}

const char *np_source_kind_name(enum np_source_kind kind)
{
	static const char *const name[NP_SOURCE_KINDS] = {
		[NP_SOURCE_NAMESPACE] = "namespaces",
		[NP_SOURCE_POD] = "pods",
		[NP_SOURCE_POLICY] = "networkpolicies",
		[NP_SOURCE_CLUSTER_POLICY] = "clusternetworkpolicies",
		[NP_SOURCE_NODE] = "nodes",
		[NP_SOURCE_NODES] = "allnodes",
	};

	return kind < NP_SOURCE_KINDS ? name[kind] : "all";
}

const char *np_relist_reason_name(enum np_relist_reason reason)
{
	static const char *const name[NP_RELIST_REASONS] = {
		[NP_RELIST_START] = "start",
		[NP_RELIST_CUT] = "cut",
		[NP_RELIST_EXPIRED] = "expired",
		[NP_RELIST_GARBAGE] = "garbage",
		[NP_RELIST_ERROR] = "error",
		[NP_RELIST_VERSION] = "version",
		[NP_RELIST_FALLBACK] = "fallback",
		[NP_RELIST_RESTORED] = "restored",
		[NP_RELIST_FILTER] = "filter",
	};

	return reason < NP_RELIST_REASONS ? name[reason] : "unknown";
}

const char *np_watch_end_name(enum np_watch_end end)
{
	static const char *const name[NP_WATCH_ENDS] = {
		[NP_WATCH_CLOSED] = "closed",
		[NP_WATCH_DEADLINE] = "deadline",
		[NP_WATCH_CONNECTION] = "connection",
		[NP_WATCH_SILENT] = "silent",
		[NP_WATCH_STATUS] = "status",
		[NP_WATCH_GARBAGE] = "garbage",
		[NP_WATCH_CREDENTIALS] = "credentials",
	};

	return end < NP_WATCH_ENDS ? name[end] : "unknown";
}
