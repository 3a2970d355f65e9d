// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The node agent: what the source says, when to commit, what to tell the service manager.
 */
#include "agent/agent.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static const struct np_log_about np_about_commit = { .component = "commit" };
static const struct np_log_about np_about_agent = { .component = "agent" };

static void np_copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

/* --- state ---------------------------------------------------------------------- */

static bool np_agent_synced(const struct np_agent *agent)
{
	const struct np_desired *d = &agent->desired;
	int64_t last = -1;
	unsigned int k;

	for (k = 0; k < NP_SOURCE_NODE; k++) {
		if (!d->synced[k])
			return false;
		if (agent->kind[k].synced_ms > last)
			last = agent->kind[k].synced_ms;
	}
	/* Without our own Node only the guards of its podCIDRs lack. */
	return d->synced[NP_SOURCE_NODE] || !agent->opts->node_guard || agent->whole ||
	       np_loop_now(agent->loop) - last >= NP_NODE_GRACE;
}

static bool np_agent_pending(const struct np_agent *agent)
{
	return agent->desired.full || agent->desired.change_count ||
	       agent->settings_changed || agent->place_stale;
}

bool np_agent_progress(const struct np_agent *agent)
{
	return agent->waiting_ms < 0 ||
	       np_loop_now(agent->loop) - agent->waiting_ms < NP_STUCK;
}

bool np_agent_ready(const struct np_agent *agent, char *why, size_t size)
{
	unsigned int k;

	*why = '\0';
	for (k = 0; k < NP_SOURCE_KINDS; k++) {
		if (agent->desired.synced[k])
			continue;
		if (k == NP_SOURCE_NODE && !agent->opts->node_guard)
			continue;
		snprintf(why, size, "%s not synced%s%s", np_source_kind_name(k),
			 *agent->kind[k].error ? ": " : "", agent->kind[k].error);
		return false;
	}
	/* Under another name than the cluster's no pod would pass for one of this node. */
	if (agent->opts->node_guard && !agent->desired.node_seen)
		snprintf(why, size, "the cluster has no node \"%s\"", agent->opts->node);
	else if (*agent->error)
		snprintf(why, size, "commit: %s", agent->error);
	else if (!agent->whole)
		snprintf(why, size, "nothing committed yet");
	return !*why;
}

void np_agent_say(struct np_agent *agent)
{
	char why[512], text[sizeof(why) + 16];

	if (np_agent_ready(agent, why, sizeof(why))) {
		np_notify_send(&agent->notify, "STATUS=generation %llu, %zu pods, %zu of them "
			       "here, %zu policies",
			       (unsigned long long)agent->commit.kernel_generation,
			       agent->desired.pods.count, agent->desired.local_count,
			       agent->desired.policies.count);
		return;
	}
	snprintf(text, sizeof(text), "waiting: %s", why);
	np_notify_status(&agent->notify, text);
}

/* --- commits -------------------------------------------------------------------- */

void np_agent_wake(struct np_agent *agent)
{
	int64_t now = np_loop_now(agent->loop), delay = 0;

	if (agent->stopping || !np_agent_synced(agent) || !np_agent_pending(agent))
		return;
	if (agent->waiting_ms < 0)
		agent->waiting_ms = now;
	if (np_timer_active(&agent->commit_timer))
		return;
	/* The first change goes at once, what comes soon after it together. */
	if (agent->retry_ms)
		delay = agent->retry_ms;
	else if (agent->committed_ms >= 0 && now - agent->committed_ms < agent->pace_ms)
		delay = agent->pace_ms - (now - agent->committed_ms);
	np_timer_start(agent->loop, &agent->commit_timer, delay);
}

static void np_agent_failed(struct np_agent *agent, const struct np_error *err)
{
	struct np_log_about about = np_about_commit;

	agent->retry_ms = agent->retry_ms ? agent->retry_ms * 2 : NP_COMMIT_RETRY;
	if (agent->retry_ms > NP_COMMIT_RETRY_MAX)
		agent->retry_ms = NP_COMMIT_RETRY_MAX;
	about.error = err->text;
	about.name = err->object;
	if (strcmp(agent->error, err->text))
		np_log_line(NP_LOG_ERROR, &about, "the kernel was not told; it keeps what it "
			    "has, the next try is in %lld ms", (long long)agent->retry_ms);
	np_copy_text(agent->error, sizeof(agent->error), err->text);
	np_agent_say(agent);
	np_agent_wake(agent);
}

static void np_agent_first(struct np_agent *agent)
{
	np_log_line(NP_LOG_INFO, &np_about_commit, "the kernel has all of it: generation "
		    "%llu, %zu namespaces, %zu pods, %zu of them here, %zu policies",
		    (unsigned long long)agent->commit.kernel_generation,
		    agent->desired.namespaces.count, agent->desired.pods.count,
		    agent->desired.local_count, agent->desired.policies.count);
	if (agent->opts->once) {
		agent->stopping = true;
		np_loop_stop(agent->loop);
	}
}

/* Guards and `unknown` are ours; the other settings stay as they are. */
static int np_agent_commit_settings(struct np_agent *agent, struct np_error *err)
{
	struct np_settings set = { 0 }, have = { 0 };
	bool changed = false;
	int ret;

	ret = np_settings_get(&agent->commit.client, &have, err);
	if (!ret) {
		np_agent_settings(agent, &have, &set);
		ret = np_commit_settings(&agent->commit, &set, &changed, err);
	}
	np_settings_free(&set);
	np_settings_free(&have);
	if (ret)
		return -1;
	if (changed)
		np_log_line(NP_LOG_INFO, &np_about_commit, "settings of the kernel replaced");
	agent->settings_changed = false;
	return 0;
}

/*
 * Objects, then settings. A pod that is set aside by this, and so loses what the kernel has
 * of it, is guarded before.
 */
static int np_agent_commit_all(struct np_agent *agent, struct np_error *err)
{
	bool guard;

	if (agent->whole && agent->commit.open && !agent->desired.full) {
		np_commit_bound_changes(&agent->commit);
		guard = np_agent_shut(agent, true);
		agent->settings_changed |= guard;
		if (guard && np_agent_commit_settings(agent, err))
			return -1;
	}
	if (np_commit_run(&agent->commit, err))
		return -1;
	agent->settings_changed |= np_agent_shut(agent, false);
	return agent->settings_changed ? np_agent_commit_settings(agent, err) : 0;
}

/* Commits take a tenth of the time at most, where there is always something to commit. */
static void np_agent_pace(struct np_agent *agent, int64_t began)
{
	agent->committed_ms = np_loop_now(agent->loop);
	agent->pace_ms = (agent->committed_ms - began) * 9;
	if (agent->pace_ms < NP_COMMIT_PACE_LEAST)
		agent->pace_ms = NP_COMMIT_PACE_LEAST;
	if (agent->pace_ms > NP_COMMIT_PACE_MOST)
		agent->pace_ms = NP_COMMIT_PACE_MOST;
}

static void np_agent_commit(void *context)
{
	struct np_agent *agent = context;
	int64_t began = np_loop_now(agent->loop);
	bool first = !agent->whole, failed = *agent->error;
	struct np_error err = { 0 };
	int ret;

	agent->desired.now = (uint32_t)began;
	np_agent_place(agent);
	if (!np_agent_pending(agent)) {
		agent->waiting_ms = -1;
		return;
	}
	/*
	 * Stays set until it is done, whatever fails before. Where the objects may be lost
	 * the settings may be too.
	 */
	agent->settings_changed |= first || agent->desired.full || !agent->commit.open;
	ret = np_agent_commit_all(agent, &err);
	np_agent_pace(agent, began);
	if (ret) {
		np_agent_failed(agent, &err);
		return;
	}
	agent->whole = true;
	agent->retry_ms = 0;
	agent->waiting_ms = -1;
	agent->error[0] = '\0';
	np_agent_waited(agent);
	np_agent_snapshot_later(agent);
	if (first)
		np_agent_first(agent);
	if (first || failed || agent->committed_ms - agent->said_ms >= NP_SAY_PACE) {
		agent->said_ms = agent->committed_ms;
		np_agent_say(agent);
	}
	np_agent_wake(agent);
}

/* Looks whether someone else changed our origin, with a message that costs nothing. */
static void np_agent_check(void *context)
{
	struct np_agent *agent = context;
	struct np_error err = { 0 };
	bool touched;

	np_timer_start(agent->loop, &agent->check_timer, NP_CHECK_PACE);
	if (!agent->whole)
		np_agent_wake(agent);
	if (!agent->whole || np_timer_active(&agent->commit_timer))
		return;
	if (np_commit_check(&agent->commit, &touched, &err)) {
		np_desired_set_full(&agent->desired);
		np_agent_failed(agent, &err);
		return;
	}
	if (touched) {
		np_log_line(NP_LOG_WARNING, &np_about_commit, "someone else changed origin "
			    NP_KUBE_ORIGIN "; all of it is sent again");
		agent->commit.stats.repairs++;
		np_agent_wake(agent);
	}
	if (agent->commit.settings_generation != agent->settings_generation) {
		agent->settings_generation = agent->commit.settings_generation;
		agent->settings_changed = true;
		np_agent_wake(agent);
	}
}

static void np_agent_audit(void *context)
{
	struct np_agent *agent = context;
	struct np_error err = { 0 };
	size_t found;

	np_timer_start(agent->loop, &agent->audit_timer, agent->opts->audit_ms);
	if (!agent->whole || np_agent_pending(agent)) {
		/* A commit is due; it would be taken for a difference. */
		np_timer_start(agent->loop, &agent->audit_timer, 1000);
		return;
	}
	if (np_audit_run(&agent->commit, &found, &err)) {
		np_agent_failed(agent, &err);
		return;
	}
	agent->settings_changed = true;
	if (found) {
		agent->commit.stats.divergences += found;
		agent->commit.stats.repairs++;
		np_log_line(NP_LOG_WARNING, &np_about_commit, "audit: %zu objects in the kernel "
			    "differ from what the API server says; repaired", found);
	}
	np_desired_retry(&agent->desired);
	np_agent_wake(agent);
}

/* --- the source's calls --------------------------------------------------------- */

static void np_ops_begin(void *context, enum np_source_kind kind)
{
	struct np_agent *agent = context;

	agent->kind[kind].begun = true;
	np_desired_begin(&agent->desired, kind);
}

static void np_ops_upsert(void *context, enum np_source_kind kind, const struct np_node *object)
{
	struct np_agent *agent = context;

	agent->desired.now = (uint32_t)np_loop_now(agent->loop);
	np_desired_upsert(&agent->desired, kind, object);
	if (kind == NP_SOURCE_NODE)
		agent->settings_changed = true;
	np_agent_wake(agent);
}

static void np_ops_remove(void *context, enum np_source_kind kind, const char *namespace,
			  const char *name, const char *uid)
{
	struct np_agent *agent = context;

	np_desired_remove(&agent->desired, kind, namespace, name, uid);
	np_agent_wake(agent);
}

static void np_ops_synced(void *context, enum np_source_kind kind)
{
	struct np_agent *agent = context;

	agent->kind[kind].begun = false;
	agent->kind[kind].synced_ms = np_loop_now(agent->loop);
	np_desired_synced(&agent->desired, kind);
	np_agent_say(agent);
	np_agent_wake(agent);
	/* In case our own Node never comes. */
	if (!agent->whole)
		np_timer_start(agent->loop, &agent->check_timer, NP_NODE_GRACE);
}

static void np_ops_rejected(void *context, enum np_source_kind kind, const char *namespace,
			    const char *name, const char *uid, const char *reason)
{
	struct np_agent *agent = context;

	np_desired_rejected(&agent->desired, kind, namespace, name, uid, reason);
	np_agent_wake(agent);
}

static void np_ops_state(void *context, enum np_source_kind kind,
			 const struct np_source_state *state)
{
	struct np_agent *agent = context;
	struct np_agent_kind *mine = &agent->kind[kind];
	bool news = strcmp(mine->error, state->error ? state->error : "");

	mine->connected = state->connected;
	mine->last_event_ms = state->last_event_ms;
	np_copy_text(mine->version, sizeof(mine->version), state->resource_version);
	/* One that is cut off is none. */
	if (state->resource_version && strlen(state->resource_version) >= sizeof(mine->version))
		mine->version[0] = '\0';
	np_copy_text(mine->error, sizeof(mine->error), state->error);
	if (state->stats)
		mine->stats = *state->stats;
	if (news)
		np_agent_say(agent);
}

static void np_ops_log(void *context, enum np_log_level level, enum np_source_kind kind,
		       const char *text)
{
	struct np_log_about about = { .component = "client" };

	(void)context;
	if (kind < NP_SOURCE_KINDS)
		about.kind = np_source_kind_name(kind);
	np_log_line(level, &about, "%s", text);
}

const struct np_source_ops *np_agent_ops(void)
{
	static const struct np_source_ops ops = {
		.begin = np_ops_begin,
		.upsert = np_ops_upsert,
		.remove = np_ops_remove,
		.synced = np_ops_synced,
		.rejected = np_ops_rejected,
		.state = np_ops_state,
		.log = np_ops_log,
	};

	return &ops;
}

static void np_agent_remark(void *arg, enum np_source_kind kind, const char *namespace,
			    const char *name, const char *text)
{
	struct np_log_about about = {
		.component = "agent",
		.kind = np_source_kind_name(kind),
		.namespace = namespace,
		.name = name,
		.error = text,
	};

	(void)arg;
	np_log_line(NP_LOG_WARNING, &about, "%s",
		    kind == NP_SOURCE_POLICY ? "not taken as it is; what it selects is closed" :
		    "not taken as it is");
}

static void np_agent_local(void *arg, struct np_desired_pod *pod, bool gone)
{
	struct np_agent *agent = arg;

	(void)pod;
	if (!gone)
		agent->place_stale = true;
}

/* --- life ----------------------------------------------------------------------- */

static void np_agent_watchdog(void *context)
{
	struct np_agent *agent = context;

	np_timer_start(agent->loop, &agent->watchdog_timer, agent->notify.watchdog_ms / 3);
	if (np_agent_progress(agent))
		np_notify_send(&agent->notify, "WATCHDOG=1");
}

static void np_agent_give_up(void *context)
{
	struct np_agent *agent = context;
	char why[512];

	np_agent_ready(agent, why, sizeof(why));
	np_log_line(NP_LOG_ERROR, &np_about_agent, "gave up waiting: %s", why);
	agent->status = NP_EXIT_TIMEOUT;
	agent->stopping = true;
	np_loop_stop(agent->loop);
}

static void np_agent_signal(void *context, int signo)
{
	struct np_agent *agent = context;

	switch (signo) {
	case SIGHUP:
		np_notify_reloading(&agent->notify);
		np_log_line(NP_LOG_INFO, &np_about_agent, "reload");
		if (agent->reload)
			agent->reload(agent->arg);
		agent->host_stale = true;
		agent->cni_stale = true;
		agent->place_stale = true;
		if (agent->opts->audit_ms)
			np_timer_start(agent->loop, &agent->audit_timer, 0);
		np_agent_wake(agent);
		np_notify_send(&agent->notify, "READY=1");
		np_agent_say(agent);
		break;
	case SIGCHLD:
		np_agent_snapshot_reap(agent, false);
		break;
	default:
		agent->stopping = true;
		np_loop_stop(agent->loop);
	}
}

static void np_timer_bind(struct np_timer *timer, void (*fire)(void *), void *context)
{
	timer->fire = fire;
	timer->context = context;
}

static int np_agent_signals(struct np_agent *agent, struct np_error *err)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (np_loop_signal(agent->loop, signals[i], np_agent_signal, agent))
			return np_error_set(err, NP_EXIT_USAGE, "signals: %s", strerror(errno));
	return 0;
}

int np_agent_start(struct np_agent *agent, struct np_loop *loop,
		   const struct np_agent_options *opts, struct np_error *err)
{
	uint64_t present;
	unsigned int k;

	memset(agent, 0, sizeof(*agent));
	agent->opts = opts;
	agent->loop = loop;
	agent->route_fd = -1;
	agent->cni_fd = -1;
	agent->socket_fd = -1;
	agent->committed_ms = -1;
	agent->waiting_ms = -1;
	agent->snapshot_ms = -1;
	agent->started_ms = np_loop_now(loop);
	for (k = 0; k < NP_SOURCE_KINDS; k++) {
		agent->kind[k].last_event_ms = -1;
		agent->kind[k].synced_ms = -1;
	}
	np_desired_init(&agent->desired, opts->node);
	agent->desired.remark = np_agent_remark;
	agent->desired.local_changed = np_agent_local;
	agent->desired.arg = agent;
	np_commit_init(&agent->commit, &agent->desired, opts->timeout);
	np_host_init(&agent->host);
	np_timer_bind(&agent->commit_timer, np_agent_commit, agent);
	np_timer_bind(&agent->check_timer, np_agent_check, agent);
	np_timer_bind(&agent->audit_timer, np_agent_audit, agent);
	np_timer_bind(&agent->once_timer, np_agent_give_up, agent);
	np_timer_bind(&agent->watchdog_timer, np_agent_watchdog, agent);
	np_notify_open(&agent->notify);
	if (np_agent_signals(agent, err) || np_commit_open(&agent->commit, &present, err))
		return -1;
	/* What was enforced here is lost: what can be guarded without it is, from now on. */
	if (!np_agent_restore(agent, present) && np_agent_commit_settings(agent, err))
		return -1;
	if (np_agent_watch_node(agent, err) || np_agent_http_start(agent, err) ||
	    np_agent_socket_start(agent, err))
		return -1;
	np_timer_start(loop, &agent->check_timer, NP_CHECK_PACE);
	if (opts->audit_ms)
		np_timer_start(loop, &agent->audit_timer, opts->audit_ms);
	if (opts->once && opts->once_ms)
		np_timer_start(loop, &agent->once_timer, opts->once_ms);
	if (agent->notify.watchdog_ms)
		np_agent_watchdog(agent);
	np_notify_send(&agent->notify, "READY=1");
	np_agent_say(agent);
	return 0;
}

void np_agent_stop(struct np_agent *agent)
{
	agent->stopping = true;
	np_notify_send(&agent->notify, "STOPPING=1");
	np_agent_snapshot_reap(agent, true);
	if (agent->snapshot_stale)
		np_agent_snapshot_now(agent);
	np_agent_snapshot_reap(agent, true);
	np_log_line(NP_LOG_INFO, &np_about_agent, "stopped; the kernel keeps generation %llu",
		    (unsigned long long)agent->commit.kernel_generation);
}

void np_agent_free(struct np_agent *agent)
{
	np_timer_stop(&agent->commit_timer);
	np_timer_stop(&agent->check_timer);
	np_timer_stop(&agent->audit_timer);
	np_timer_stop(&agent->once_timer);
	np_timer_stop(&agent->watchdog_timer);
	np_timer_stop(&agent->snapshot_timer);
	np_agent_socket_stop(agent);
	np_agent_http_stop(agent);
	np_agent_unwatch_node(agent);
	np_commit_close(&agent->commit);
	np_desired_free(&agent->desired);
	free(agent->shut);
	np_notify_close(&agent->notify);
}
