// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent's status as JSON.
 */
#include "agent/status.h"

#include <stdio.h>

#include "agent/desired_pod.h"
#include "agent/desired_policy.h"
#include "agent/desired_trouble.h"
#include "agent/settings.h"
#include "agent/state.h"
#include "kube/cluster.h"
#include "netlink/loaded.h"
#include "base/output.h"

#define NP_STATUS_TROUBLES	100	/* the most that are listed; all of them are counted */

static void np_status_kinds(struct np_agent *agent, struct np_writer *w)
{
	const struct np_intake_kind *kind;
	int64_t now = np_loop_now(agent->loop);
	struct np_source_state state = { 0 };
	const char *version;
	unsigned int k;

	np_write_array(w, "kinds");
	for (k = 0; k < NP_SOURCE_KINDS; k++) {
		kind = &agent->intake.kind[k];
		np_write_object(w, NULL);
		np_write_string(w, "kind", np_source_kind_name(k));
		if (k == NP_SOURCE_NODES)
			np_write_bool(w, "needed", agent->desired.node_users);
		np_write_bool(w, "synced", agent->desired.synced[k]);
		np_write_bool(w, "connected", kind->connected);
		if (kind->absent)
			np_write_bool(w, "absent", true);
		if (kind->last_event_ms >= 0)
			np_write_number(w, "lastEventAgeSeconds",
					(now - kind->last_event_ms) / 1000);
		np_write_number(w, "events", agent->desired.stats.events[k]);
		np_write_number(w, "malformed", agent->desired.stats.malformed[k]);
		np_write_number(w, "refused", agent->desired.stats.refused[k]);
		/* The source does not tell of every event, so it is asked what it has seen. */
		version = kind->version;
		if (agent->outside.cluster) {
			np_cluster_state(agent->outside.cluster, k, &state);
			version = state.resource_version;
		}
		if (*version)
			np_write_string(w, "resourceVersion", version);
		if (*kind->error)
			np_write_string(w, "error", kind->error);
		np_write_end(w);
	}
	np_write_end(w);
}

static void np_status_cluster(const struct np_agent *agent, struct np_writer *w)
{
	struct np_cluster_status status;
	size_t i;

	if (!agent->outside.cluster)
		return;
	np_cluster_status(agent->outside.cluster, &status);
	np_write_object(w, "server");
	np_write_string(w, "url", status.server ? status.server : "");
	np_write_string(w, "configuration", status.file ? status.file : "");
	np_write_bool(w, "insecure", status.insecure);
	if (status.cert_expiry)
		np_write_number(w, "certificateExpiry", status.cert_expiry);
	np_write_array(w, "warnings");
	for (i = 0; i < status.warning_count; i++)
		np_write_string(w, NULL, status.warnings[i]);
	np_write_end(w);
	np_write_end(w);
}

/* Writes which kinds of policies the cluster has that netpol does not enforce. */
static void np_status_foreign(const struct np_agent *agent, struct np_writer *w)
{
	const struct np_cluster *cluster = agent->outside.cluster;
	const struct np_foreign_kind *kind;
	enum np_foreign_state state;
	size_t i;

	if (!cluster || !np_cluster_foreign_rounds(cluster))
		return;
	np_write_array(w, "notEnforced");
	for (i = 0; (kind = np_cluster_foreign(cluster, i, &state)); i++) {
		if (state == NP_FOREIGN_NONE)
			continue;
		np_write_object(w, NULL);
		np_write_string(w, "kind", kind->kind);
		np_write_string(w, "group", kind->group);
		np_write_string(w, "resource", kind->resource);
		np_write_string(w, "state", np_foreign_state_name(state));
		np_write_end(w);
	}
	np_write_end(w);
}

static void np_status_troubles(struct np_agent *agent, struct np_writer *w)
{
	/* These words are part of the interface, so they stay. */
	static const char * const state[] = {
		[NP_TROUBLE_CLOSED] = "closed", [NP_TROUBLE_REJECTED] = "aside",
	};
	const struct np_desired *d = &agent->desired;
	const struct np_trouble *trouble;
	size_t i, listed = 0;

	np_write_number(w, "troubleCount", d->troubles.count);
	np_write_array(w, "troubles");
	for (i = 0; i < d->troubles.room && listed < NP_STATUS_TROUBLES; i++) {
		trouble = (void *)d->troubles.slot[i];
		if (!trouble)
			continue;
		listed++;
		np_write_object(w, NULL);
		np_write_string(w, "object", np_object_name(trouble->object, trouble->namespace));
		if (*trouble->namespace)
			np_write_string(w, "namespace", trouble->namespace);
		np_write_string(w, "name", trouble->name);
		np_write_string(w, "state", state[trouble->kind]);
		np_write_string(w, "reason", trouble->reason);
		np_write_end(w);
	}
	np_write_end(w);
}

/* Writes how many local pods no guard covers, and which is one of them. */
static void np_status_unguarded(const struct np_agent *agent, struct np_writer *w)
{
	char text[NETPOL_NAMESPACE_MAX + NETPOL_NAME_MAX + 2];
	const struct np_desired_pod *first;

	np_write_number(w, "localPodsUnguarded",
			np_settings_unguarded(agent->opts, &agent->desired, &agent->node.host,
					      &first));
	if (!first)
		return;
	snprintf(text, sizeof(text), "%s/%s", first->namespace->name, np_desired_pod_name(first));
	np_write_string(w, "unguardedPod", text);
}

/* Writes how many pods limits of the kernel module have closed; `netpolctl status` names them. */
static void np_agent_limits(struct np_agent *agent, struct np_writer *w)
{
	uint32_t pods;

	if (np_kernel_lacking(&agent->kernel, &pods))
		np_write_number(w, "podsWithoutRoom", pods);
}

void np_agent_status_write(struct np_agent *agent, FILE *file)
{
	const struct np_agent_snapshot *snapshot = &agent->snapshot;
	const struct np_commit_stats *stats = &agent->kernel.stats;
	int64_t now = np_loop_now(agent->loop), committed = agent->commits.committed_ms;
	const struct np_desired *d = &agent->desired;
	struct np_writer w;
	char why[512];

	np_writer_init(&w, file, NP_FORMAT_JSON);
	np_write_top(&w, "SyncStatus");
	np_write_string(&w, "node", d->node);
	np_write_bool(&w, "ready", np_agent_ready(agent, why, sizeof(why)));
	if (*why)
		np_write_string(&w, "waitingFor", why);
	np_write_number(&w, "generation", agent->kernel.generation);
	if (committed >= 0)
		np_write_number(&w, "lastCommitAgeSeconds", (now - committed) / 1000);
	np_write_number(&w, "changesWaiting", d->pending_count);
	np_write_number(&w, "commitsFull", stats->full);
	np_write_number(&w, "commitsDelta", stats->delta);
	np_write_number(&w, "commitFailures", stats->failures);
	np_write_number(&w, "audits", stats->comparisons);
	np_write_number(&w, "repairs", stats->repairs);
	np_write_number(&w, "namespaces", d->namespaces.count);
	np_write_number(&w, "pods", d->pods.count);
	np_write_number(&w, "policies", d->policies.count - d->cluster_policies);
	np_write_number(&w, "clusterPolicies", d->cluster_policies);
	np_write_number(&w, "policiesObserved", np_desired_observed(d));
	np_write_number(&w, "localPods", d->local_count);
	np_write_number(&w, "localPodsClosed", np_agent_unloaded(agent));
	np_agent_limits(agent, &w);
	np_status_unguarded(agent, &w);
	if (d->range_users) {
		np_write_number(&w, "nodeRanges", d->range_count);
		np_write_number(&w, "nodeRangesLeftOut", d->ranges_left_out);
	}
	np_write_bool(&w, "restored", snapshot->restored);
	np_write_number(&w, "snapshots", snapshot->count);
	np_write_number(&w, "snapshotFailures", snapshot->failures);
	if (snapshot->written_ms >= 0)
		np_write_number(&w, "snapshotAgeSeconds", (now - snapshot->written_ms) / 1000);
	np_status_cluster(agent, &w);
	np_status_foreign(agent, &w);
	np_status_kinds(agent, &w);
	np_status_troubles(agent, &w);
	np_write_end(&w);
}
