// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Follows all Nodes while policies need them.
 */
#include "agent/nodes.h"

#include "agent/desired_node.h"
#include "agent/schedule.h"
#include "base/log.h"
#include "kube/cluster.h"

static const struct np_log_about np_about = { .component = "agent" };

/* Begins or ceases to follow. */
static void np_nodes_follow(struct np_agent *agent, bool follow)
{
	struct np_agent_nodes *nodes = &agent->nodes;

	nodes->followed = follow;
	nodes->since_ms = np_loop_now(agent->loop);
	nodes->refused_ms = -1;
	/* A list that has begun is one of before. */
	agent->intake.kind[NP_SOURCE_NODES].begun = false;
	if (!follow)
		np_desired_nodes_forget(&agent->desired);
	if (agent->outside.cluster)
		np_cluster_follow(agent->outside.cluster, NP_SOURCE_NODES, follow);
}

/* Returns when the waiting ends, or -1 if only a list can end it. */
static int64_t np_nodes_deadline(struct np_agent *agent)
{
	const struct np_intake_kind *list = &agent->intake.kind[NP_SOURCE_NODES];
	struct np_agent_nodes *nodes = &agent->nodes;
	bool refused = list->forbidden;

	if (!refused)
		nodes->refused_ms = -1;
	else if (nodes->refused_ms < 0)
		nodes->refused_ms = np_loop_now(agent->loop);
	/* Between two pages a list that comes has no connection, but no error either. */
	if (agent->commits.whole)
		return nodes->since_ms + (list->begun && !*list->error ? NP_NODES_LIST_MS :
									 NP_NODES_WAIT_MS);
	return refused ? nodes->refused_ms + NP_NODES_REFUSED_MS : -1;
}

static void np_nodes_give_up(struct np_agent *agent)
{
	struct np_log_about about = np_about;

	about.error = agent->intake.kind[NP_SOURCE_NODES].error;
	np_log_line(NP_LOG_ERROR, &about, "the Nodes of the cluster cannot be listed, so rules of "
		    "cluster-wide policies that name Nodes are closed, and which addresses are "
		    "those of pods is known only from --pod-range and from before");
	agent->desired.nodes_given_up = true;
	agent->desired.nodes_stale = true;
}

/* Does what must not be done while the source reports something. */
static void np_nodes_fire(void *context)
{
	struct np_agent *agent = context;
	struct np_agent_nodes *nodes = &agent->nodes;
	bool needed = agent->desired.node_users;
	int64_t now = np_loop_now(agent->loop), deadline;

	if (needed != nodes->followed)
		np_nodes_follow(agent, needed);
	if (np_desired_nodes_wait(&agent->desired)) {
		deadline = np_nodes_deadline(agent);
		if (deadline >= 0 && deadline <= now)
			np_nodes_give_up(agent);
		else if (deadline >= 0)
			np_timer_start(agent->loop, &nodes->timer, deadline - now);
	}
	np_agent_report(agent);
	np_schedule_wake(agent);
}

void np_agent_nodes_check(struct np_agent *agent)
{
	struct np_agent_nodes *nodes = &agent->nodes;

	if (agent->stopping || (!!agent->desired.node_users == nodes->followed &&
				!np_desired_nodes_wait(&agent->desired)))
		return;
	if (!np_timer_active(&nodes->timer) || np_timer_left(&nodes->timer) > 0)
		np_timer_start(agent->loop, &nodes->timer, 0);
}

void np_agent_nodes_init(struct np_agent *agent)
{
	agent->nodes.refused_ms = -1;
	agent->nodes.timer.fire = np_nodes_fire;
	agent->nodes.timer.context = agent;
}
