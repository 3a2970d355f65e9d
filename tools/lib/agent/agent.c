// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The node agent: start, signals, watchdog and end.
 */
#include "agent/agent.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "agent/desired.h"
#include "agent/http.h"
#include "agent/nodes.h"
#include "agent/schedule.h"
#include "agent/status.h"
#include "base/log.h"

static const struct np_log_about np_about = { .component = "agent" };

/* --- what the parts report ------------------------------------------------------ */

static void np_agent_changed(void *arg, bool node)
{
	struct np_agent *agent = arg;

	/* The guards may depend on the Node. */
	if (node)
		agent->commits.settings_changed = true;
	np_agent_nodes_check(agent);
	np_schedule_wake(agent);
}

static void np_agent_listed(void *arg)
{
	struct np_agent *agent = arg;

	np_agent_report(agent);
	np_agent_nodes_check(agent);
	np_schedule_wake(agent);
	if (agent->desired.synced[NP_SOURCE_NODE] && !agent->desired.node_seen)
		np_log_line(NP_LOG_ERROR, &np_about, "the cluster has no Node \"%s\", so nothing "
			    "is committed; `kubectl get nodes` shows the names, and --node or "
			    "NODE_NAME sets ours", agent->opts->node);
}

static void np_agent_news(void *arg)
{
	np_agent_nodes_check(arg);
	np_agent_report(arg);
}

static void np_agent_node_changed(void *arg)
{
	struct np_agent *agent = arg;

	np_schedule_wake(agent);
	/*
	 * If no commit is due, the tables are read now. This notes when each address was first
	 * seen, also before there are local pods.
	 */
	if (!np_timer_active(&agent->commits.timer))
		np_agent_node_update(&agent->node);
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
		    kind == NP_SOURCE_POLICY ? "the policy is not enforced as it is; it "
		    "isolates the pods that it selects" :
		    kind == NP_SOURCE_CLUSTER_POLICY ? "the cluster-wide policy is not enforced "
		    "as it is; a rule of it that is closed accepts nothing or denies everything" :
		    "the object is not enforced as it is");
}

static void np_agent_notice(void *arg, enum np_source_kind kind, const char *namespace,
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
	np_log_line(NP_LOG_WARNING, &about, "the annotation " NP_AUDIT_KEY " does not count");
}

static void np_agent_local(void *arg, struct np_desired_pod *pod, bool gone)
{
	struct np_agent *agent = arg;

	if (gone)
		np_quarantine_leave(&agent->quarantine, pod);
	else
		agent->node.stale = true;
}

static void np_agent_status(void *arg, FILE *file)
{
	np_agent_status_write(arg, file);
}

/* --- start, signals, end -------------------------------------------------------- */

/* Is urgent. It reads since when changes are pending and work lasts, and writes to a socket. */
static void np_agent_watchdog(void *context)
{
	struct np_agent *agent = context;
	struct np_notify *notify = &agent->outside.notify;

	np_timer_start(agent->loop, &agent->watchdog_timer, notify->watchdog_ms / 3);
	if (np_agent_progress(agent))
		np_notify_send(notify, "WATCHDOG=1");
}

static void np_agent_give_up(void *context)
{
	struct np_agent *agent = context;
	char why[512];

	np_agent_ready(agent, why, sizeof(why));
	np_log_line(NP_LOG_ERROR, &np_about, "gave up waiting: %s", why);
	agent->status = NP_EXIT_TIMEOUT;
	agent->stopping = true;
	np_loop_stop(agent->loop);
}

static void np_agent_reload(struct np_agent *agent)
{
	struct np_notify *notify = &agent->outside.notify;

	np_notify_reloading(notify);
	np_log_line(NP_LOG_INFO, &np_about, "reloading");
	if (agent->reload)
		agent->reload(agent->arg);
	np_agent_node_refresh(&agent->node);
	if (agent->opts->compare_ms)
		np_timer_start(agent->loop, &agent->commits.compare_timer, 0);
	np_schedule_wake(agent);
	np_notify_send(notify, "READY=1");
	np_agent_report(agent);
}

static void np_agent_signal(void *context, int signo)
{
	struct np_agent *agent = context;

	switch (signo) {
	case SIGHUP:
		np_agent_reload(agent);
		break;
	case SIGCHLD:
		np_agent_snapshot_reap(&agent->snapshot);
		break;
	default:
		agent->stopping = true;
		np_loop_stop(agent->loop);
	}
}

static int np_agent_signals(struct np_agent *agent, struct np_error *err)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (np_loop_signal(agent->loop, signals[i], np_agent_signal, agent))
			return np_error_set(err, NP_EXIT_USAGE, "signals cannot be handled: %s",
					    strerror(errno));
	return 0;
}

static void np_agent_init(struct np_agent *agent, struct np_loop *loop,
			  const struct np_agent_options *opts)
{
	memset(agent, 0, sizeof(*agent));
	agent->opts = opts;
	agent->loop = loop;
	agent->started_ms = np_loop_now(loop);
	np_desired_init(&agent->desired, opts->node);
	agent->desired.node_ranges = opts->node_ranges;
	agent->desired.audit_annotations = opts->audit_annotations;
	agent->desired.remark = np_agent_remark;
	agent->desired.notice = np_agent_notice;
	agent->desired.local_changed = np_agent_local;
	agent->desired.arg = agent;
	np_kernel_init(&agent->kernel, opts->timeout);
	np_intake_init(&agent->intake, loop, &agent->desired);
	agent->intake.changed = np_agent_changed;
	agent->intake.synced = np_agent_listed;
	agent->intake.news = np_agent_news;
	agent->intake.arg = agent;
	np_schedule_init(agent);
	np_agent_nodes_init(agent);
	np_agent_node_init(&agent->node, loop, opts, &agent->desired);
	agent->node.changed = np_agent_node_changed;
	agent->node.arg = agent;
	np_agent_snapshot_init(&agent->snapshot, loop, opts, &agent->desired, &agent->intake,
			       &agent->kernel);
	np_notify_open(&agent->outside.notify);
	np_text_socket_init(&agent->outside.socket, np_agent_status, agent);
	agent->once_timer.fire = np_agent_give_up;
	agent->once_timer.context = agent;
	agent->watchdog_timer.fire = np_agent_watchdog;
	agent->watchdog_timer.context = agent;
	agent->watchdog_timer.urgent = true;
}

/*
 * Restores the snapshot, and puts what is known without the API server in force: the guards of the
 * options, and `unknown`. *sound: there is no snapshot that cannot be loaded.
 */
static int np_agent_close_early(struct np_agent *agent, bool *sound, struct np_error *err)
{
	uint64_t present;

	if (np_kernel_open(&agent->kernel, &present, err))
		return -1;
	*sound = np_agent_snapshot_restore(&agent->snapshot, present);
	return np_schedule_settings(agent, err);
}

int np_agent_boot(struct np_agent *agent, struct np_loop *loop,
		  const struct np_agent_options *opts, struct np_error *err)
{
	bool sound;

	np_agent_init(agent, loop, opts);
	if (np_agent_close_early(agent, &sound, err))
		return -1;
	agent->status = sound ? NP_EXIT_OK : NP_EXIT_INPUT;
	return 0;
}

int np_agent_start(struct np_agent *agent, struct np_loop *loop,
		   const struct np_agent_options *opts, struct np_error *err)
{
	bool sound;

	np_agent_init(agent, loop, opts);
	if (np_agent_signals(agent, err) || np_agent_close_early(agent, &sound, err))
		return -1;
	if (np_agent_node_open(&agent->node, &agent->kernel, err) ||
	    np_agent_http_start(agent, err))
		return -1;
	if (opts->socket &&
	    np_text_socket_open(&agent->outside.socket, loop, opts->socket, err))
		return -1;
	np_schedule_start(agent);
	if (opts->once && opts->once_ms)
		np_timer_start(loop, &agent->once_timer, opts->once_ms);
	if (agent->outside.notify.watchdog_ms)
		np_agent_watchdog(agent);
	np_notify_send(&agent->outside.notify, "READY=1");
	np_agent_report(agent);
	return 0;
}

void np_agent_stop(struct np_agent *agent)
{
	agent->stopping = true;
	np_notify_send(&agent->outside.notify, "STOPPING=1");
	np_agent_snapshot_stop(&agent->snapshot);
	np_log_line(NP_LOG_INFO, &np_about, "stopped; the kernel keeps generation %llu",
		    (unsigned long long)agent->kernel.generation);
}

void np_agent_free(struct np_agent *agent)
{
	np_schedule_stop(agent);
	np_timer_stop(&agent->nodes.timer);
	np_timer_stop(&agent->once_timer);
	np_timer_stop(&agent->watchdog_timer);
	np_timer_stop(&agent->snapshot.timer);
	np_text_socket_close(&agent->outside.socket);
	np_agent_http_stop(agent);
	np_agent_node_close(&agent->node);
	np_kernel_close(&agent->kernel);
	np_desired_free(&agent->desired);
	np_quarantine_free(&agent->quarantine);
	np_notify_close(&agent->outside.notify);
}
