// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds out whether the agent is ready, and reports it to the service manager.
 */
#include "agent/state.h"

#include <stdio.h>

#include "agent/desired_node.h"
#include "kube/cluster.h"

/* Milliseconds after which pending changes, or work that has not ended, count as stuck. */
#define NP_STUCK	600000

bool np_agent_synced(const struct np_agent *agent)
{
	const struct np_desired *d = &agent->desired;
	unsigned int k;

	for (k = 0; k < NP_SOURCE_NODE; k++)
		if (!d->synced[k])
			return false;
	/*
	 * Under a name that no Node has, no pod counts as local, and a commit would take the
	 * policies of every pod here away.
	 */
	return d->node_seen && !np_desired_nodes_wait(&agent->desired);
}

bool np_agent_pending(const struct np_agent *agent)
{
	return agent->desired.full || agent->desired.pending_count ||
	       agent->commits.settings_changed || agent->node.stale ||
	       agent->commits.ranges_changed ||
	       (agent->desired.nodes_stale && agent->desired.node_users);
}

bool np_agent_progress(const struct np_agent *agent)
{
	/* Without changes that are pending, only the loop shows that something hangs. */
	return np_loop_busy(agent->loop) < NP_STUCK &&
	       (agent->commits.pending_ms < 0 ||
		np_loop_now(agent->loop) - agent->commits.pending_ms < NP_STUCK);
}

bool np_agent_ready(const struct np_agent *agent, char *why, size_t size)
{
	unsigned int k;

	*why = '\0';
	for (k = 0; k < NP_SOURCE_KINDS; k++) {
		const char *error = agent->intake.kind[k].error;

		if (agent->desired.synced[k] && !agent->intake.kind[k].other)
			continue;
		if (k == NP_SOURCE_NODES && !agent->desired.node_users)
			continue;
		snprintf(why, size, "%s are not %s%s%s", np_source_kind_name(k),
			 agent->desired.synced[k] ? "followed" : "synced", *error ? ": " : "",
			 error);
		return false;
	}
	if (!agent->desired.node_seen)
		snprintf(why, size, "the cluster has no Node \"%s\"", agent->opts->node);
	else if (*agent->commits.error)
		snprintf(why, size, "the last commit failed: %s", agent->commits.error);
	else if (!agent->commits.whole)
		snprintf(why, size, "nothing has been committed yet");
	return !*why;
}

bool np_agent_takes_pods(const struct np_agent *agent, bool ready)
{
	return ready && (agent->desired.node_read || !agent->opts->node_guard);
}

size_t np_agent_unloaded(const struct np_agent *agent)
{
	size_t count = 0, i;

	for (i = 0; i < agent->desired.local_count; i++)
		count += !np_desired_pod_loaded(agent->desired.local[i]);
	return count;
}

void np_agent_report(struct np_agent *agent)
{
	struct np_notify *notify = &agent->outside.notify;
	char why[512], text[sizeof(why) + 16];
	bool ready = np_agent_ready(agent, why, sizeof(why));

	if (agent->outside.cluster)
		np_cluster_set_ready(agent->outside.cluster, np_agent_takes_pods(agent, ready));
	if (ready) {
		np_notify_send(notify, "STATUS=generation %llu, %zu pods, %zu of them local, "
			       "%zu policies", (unsigned long long)agent->kernel.generation,
			       agent->desired.pods.count, agent->desired.local_count,
			       agent->desired.policies.count);
		return;
	}
	snprintf(text, sizeof(text), "waiting: %s", why);
	np_notify_status(notify, text);
}
