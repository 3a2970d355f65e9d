// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decides when the agent commits, checks and compares.
 */
#include "agent/schedule.h"

#include <stdio.h>
#include <string.h>

#include "agent/compare.h"
#include "agent/bounds.h"
#include "agent/commit.h"
#include "agent/desired_policy.h"
#include "agent/desired_refuse.h"
#include "agent/ranges.h"
#include "agent/settings.h"
#include "agent/state.h"
#include "base/log.h"
#include "netlink/report.h"

/* The pause between two commits is nine times what the last one took, within these milliseconds. */
#define NP_COMMIT_PACE_LEAST	5
#define NP_COMMIT_PACE_MOST	100
#define NP_COMMIT_RETRY		100	/* milliseconds after a failure, then doubled */
#define NP_COMMIT_RETRY_MAX	5000
#define NP_REPORT_PACE		1000	/* milliseconds between two reports of commits */

static const struct np_log_about np_about = { .component = "commit" };

void np_schedule_wake(struct np_agent *agent)
{
	struct np_agent_commits *commits = &agent->commits;
	int64_t now = np_loop_now(agent->loop), delay = 0;

	if (agent->stopping || !np_agent_synced(agent) || !np_agent_pending(agent))
		return;
	if (commits->pending_ms < 0)
		commits->pending_ms = now;
	if (np_timer_active(&commits->timer))
		return;
	/* The first change is committed at once. Changes that come soon after it are collected. */
	if (commits->retry_ms)
		delay = commits->retry_ms;
	else if (commits->worked_ms >= 0 && now - commits->worked_ms < commits->pace_ms)
		delay = commits->pace_ms - (now - commits->worked_ms);
	np_timer_start(agent->loop, &commits->timer, delay);
}

static void np_schedule_failed(struct np_agent *agent, const struct np_error *err)
{
	struct np_agent_commits *commits = &agent->commits;
	struct np_log_about about = np_about;

	commits->retry_ms = commits->retry_ms ? commits->retry_ms * 2 : NP_COMMIT_RETRY;
	if (commits->retry_ms > NP_COMMIT_RETRY_MAX)
		commits->retry_ms = NP_COMMIT_RETRY_MAX;
	about.error = err->text;
	about.name = err->object;
	if (strcmp(commits->error, err->text))
		np_log_line(NP_LOG_ERROR, &about, "the commit failed and the kernel keeps what it "
			    "has; the next try is in %lld ms", (long long)commits->retry_ms);
	snprintf(commits->error, sizeof(commits->error), "%s", err->text);
	np_agent_report(agent);
	np_schedule_wake(agent);
}

static void np_schedule_first(struct np_agent *agent)
{
	np_log_line(NP_LOG_INFO, &np_about, "everything is committed: generation %llu, %zu "
		    "namespaces, %zu pods, %zu of them local, %zu policies",
		    (unsigned long long)agent->kernel.generation,
		    agent->desired.namespaces.count, agent->desired.pods.count,
		    agent->desired.local_count, agent->desired.policies.count);
	if (agent->opts->once) {
		agent->stopping = true;
		np_loop_stop(agent->loop);
	}
}

int np_schedule_settings(struct np_agent *agent, struct np_error *err)
{
	struct np_settings set = { 0 }, have = { 0 };
	bool changed = false;
	int ret;

	ret = np_settings_get(&agent->kernel.client, &have, err);
	if (!ret) {
		np_settings_wanted(agent->opts, &agent->desired, &agent->quarantine,
				   &agent->kernel, &have, &set);
		ret = np_settings_commit(&agent->kernel, &set, &changed, err);
	}
	np_settings_free(&set);
	np_settings_free(&have);
	if (ret)
		return -1;
	if (changed) {
		/* Our own commit is no change by somebody else. */
		agent->commits.settings_generation = agent->kernel.generation;
		agent->desired.urgent = true;
		np_log_line(NP_LOG_INFO, &np_about, "the settings of the kernel were replaced");
	}
	agent->commits.settings_changed = false;
	return 0;
}

/* Updates the quarantine. Returns true if the settings must be committed. */
static bool np_schedule_quarantine(struct np_agent *agent, bool keep)
{
	uint64_t limit = agent->kernel.limit[NETPOL_LIMIT_GUARDS];
	uint64_t others = agent->opts->settings.guard_prefix_count +
			  agent->desired.pod_cidr_count;

	return np_quarantine_update(&agent->quarantine, &agent->desired, &agent->node.host,
				    limit > others ? limit - others : 0, keep);
}

/* Takes over what has changed about Nodes. */
static void np_schedule_nodes(struct np_agent *agent)
{
	uint64_t limit = agent->kernel.limit[NETPOL_LIMIT_GUARDS];
	uint64_t given = agent->opts->settings.pod_range_count;
	struct np_desired *d = &agent->desired;
	size_t left_out = d->ranges_left_out;

	if (!d->nodes_stale)
		return;
	d->peers_max = agent->kernel.limit[NETPOL_LIMIT_PEERS_PER_POLICY];
	np_desired_policies_resolve(d);
	if (np_desired_ranges_update(d, limit > given ? limit - given : 0))
		agent->commits.ranges_changed = true;
	if (d->ranges_left_out && d->ranges_left_out != left_out)
		np_log_line(NP_LOG_ERROR, &np_about, "the podCIDRs of Nodes need more ranges of "
			    "pods than the kernel takes, and %zu blocks of them are left out: a Deny of "
			    "pods may be missed by pods there that are not known yet; --pod-range can "
			    "cover them together", d->ranges_left_out);
}

/*
 * Puts the ranges of Nodes in force beside those that are, before the policies that ask for them.
 * What is in force too long is taken away after the commit.
 */
static int np_schedule_ranges(struct np_agent *agent, struct np_error *err)
{
	struct np_settings have = { 0 };
	struct np_desired *d = &agent->desired;
	bool changed = false;
	int ret;

	ret = np_settings_get(&agent->kernel.client, &have, err);
	if (!ret) {
		np_settings_add_ranges(&have, &agent->kernel, d->range, d->range_count);
		ret = np_settings_commit(&agent->kernel, &have, &changed, err);
	}
	if (!ret && changed) {
		agent->commits.settings_generation = agent->kernel.generation;
		d->urgent = true;
	}
	np_settings_free(&have);
	return ret ? -1 : 0;
}

/*
 * Commits objects, then settings. But a pod that exceeds a bound is removed from the kernel, so the
 * guards of its addresses are committed before, and so are the ranges of pods that policies may ask
 * for.
 */
static int np_schedule_commit_all(struct np_agent *agent, struct np_error *err)
{
	struct np_agent_commits *commits = &agent->commits;
	bool guard;

	if (commits->whole && agent->kernel.open && !agent->desired.full) {
		np_bounds_check_pending(&agent->kernel, &agent->desired);
		guard = np_schedule_quarantine(agent, true);
		commits->settings_changed |= guard;
		if (guard && np_schedule_settings(agent, err))
			return -1;
	}
	if (commits->ranges_changed && agent->kernel.open &&
	    np_desired_ranges_known(&agent->desired) && np_schedule_ranges(agent, err))
		return -1;
	commits->settings_changed |= commits->ranges_changed;
	commits->ranges_changed = false;
	if (np_commit_run(&agent->kernel, &agent->desired, err))
		return -1;
	commits->settings_changed |= np_schedule_quarantine(agent, false);
	return commits->settings_changed ? np_schedule_settings(agent, err) : 0;
}

/*
 * Even if there is always something to commit, commits take a tenth of the time at most, with what
 * finds out whether there is.
 */
static void np_schedule_pace(struct np_agent *agent, int64_t began)
{
	struct np_agent_commits *commits = &agent->commits;

	commits->worked_ms = np_loop_now(agent->loop);
	commits->pace_ms = (commits->worked_ms - began) * 9;
	if (commits->pace_ms < NP_COMMIT_PACE_LEAST)
		commits->pace_ms = NP_COMMIT_PACE_LEAST;
	if (commits->pace_ms > NP_COMMIT_PACE_MOST)
		commits->pace_ms = NP_COMMIT_PACE_MOST;
}

static void np_schedule_commit(void *context)
{
	struct np_agent *agent = context;
	struct np_agent_commits *commits = &agent->commits;
	int64_t began = np_loop_now(agent->loop);
	bool first = !commits->whole, failed = *commits->error;
	bool resolve = agent->desired.nodes_stale;
	struct np_error err = { 0 };
	int ret;

	/* Nodes may have come to be needed since the timer was started. What waits is not stuck. */
	if (!np_agent_synced(agent)) {
		commits->pending_ms = -1;
		return;
	}
	agent->desired.now = (uint32_t)began;
	np_schedule_nodes(agent);
	np_agent_node_update(&agent->node);
	commits->settings_changed |= np_quarantine_ended(&agent->quarantine, &agent->desired,
							 &agent->node.host);
	if (!np_agent_pending(agent)) {
		commits->pending_ms = -1;
		/* Nodes that change all the time cost this each time. */
		if (resolve)
			np_schedule_pace(agent, began);
		return;
	}
	/* If the objects in the kernel may be lost, the settings may be lost too. */
	commits->settings_changed |= first || agent->desired.full || !agent->kernel.open;
	ret = np_schedule_commit_all(agent, &err);
	np_schedule_pace(agent, began);
	commits->committed_ms = commits->worked_ms;
	if (ret) {
		np_schedule_failed(agent, &err);
		return;
	}
	commits->whole = true;
	commits->retry_ms = 0;
	commits->pending_ms = -1;
	commits->error[0] = '\0';
	np_agent_node_measure(&agent->node);
	np_agent_snapshot_later(&agent->snapshot, agent->desired.urgent);
	agent->desired.urgent = false;
	if (first)
		np_schedule_first(agent);
	if (first || failed || commits->committed_ms - commits->said_ms >= NP_REPORT_PACE) {
		commits->said_ms = commits->committed_ms;
		np_agent_report(agent);
	}
	np_schedule_wake(agent);
}

/* Finds out, by one short message, whether somebody else changed the origin. */
static void np_schedule_check(void *context)
{
	struct np_agent *agent = context;
	struct np_agent_commits *commits = &agent->commits;
	struct np_error err = { 0 };
	bool touched;

	np_timer_start(agent->loop, &commits->check_timer, NP_CHECK_PACE);
	if (!commits->whole || np_timer_active(&commits->timer))
		return;
	if (np_commit_check(&agent->kernel, &agent->desired, &touched, &err)) {
		np_desired_set_full(&agent->desired);
		np_schedule_failed(agent, &err);
		return;
	}
	if (touched) {
		np_log_line(NP_LOG_WARNING, &np_about, "somebody else changed origin "
			    NP_KUBE_ORIGIN "; everything is sent again");
		agent->kernel.stats.repairs++;
		np_schedule_wake(agent);
	}
	if (agent->kernel.settings_generation != commits->settings_generation) {
		commits->settings_generation = agent->kernel.settings_generation;
		commits->settings_changed = true;
		np_schedule_wake(agent);
	}
}

static void np_schedule_compare(void *context)
{
	struct np_agent *agent = context;
	struct np_error err = { 0 };
	size_t found;

	np_timer_start(agent->loop, &agent->commits.compare_timer, agent->opts->compare_ms);
	if (!agent->commits.whole || np_agent_pending(agent)) {
		/* A pending change would count as a difference. */
		np_timer_start(agent->loop, &agent->commits.compare_timer, 1000);
		return;
	}
	if (np_compare_run(&agent->kernel, &agent->desired, &found, &err)) {
		np_schedule_failed(agent, &err);
		return;
	}
	agent->commits.settings_changed = true;
	if (found) {
		agent->kernel.stats.divergences += found;
		agent->kernel.stats.repairs++;
		np_log_line(NP_LOG_WARNING, &np_about, "comparison: %zu objects in the kernel "
			    "differ from those at the API server and are replaced", found);
	}
	np_desired_retry(&agent->desired);
	np_schedule_wake(agent);
}

static void np_schedule_bind(struct np_timer *timer, void (*fire)(void *), void *context)
{
	timer->fire = fire;
	timer->context = context;
}

void np_schedule_init(struct np_agent *agent)
{
	struct np_agent_commits *commits = &agent->commits;

	commits->committed_ms = -1;
	commits->worked_ms = -1;
	commits->pending_ms = -1;
	np_schedule_bind(&commits->timer, np_schedule_commit, agent);
	np_schedule_bind(&commits->check_timer, np_schedule_check, agent);
	np_schedule_bind(&commits->compare_timer, np_schedule_compare, agent);
}

void np_schedule_start(struct np_agent *agent)
{
	np_timer_start(agent->loop, &agent->commits.check_timer, NP_CHECK_PACE);
	if (agent->opts->compare_ms)
		np_timer_start(agent->loop, &agent->commits.compare_timer, agent->opts->compare_ms);
}

void np_schedule_stop(struct np_agent *agent)
{
	np_timer_stop(&agent->commits.timer);
	np_timer_stop(&agent->commits.check_timer);
	np_timer_stop(&agent->commits.compare_timer);
}
