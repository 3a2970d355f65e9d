// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent's snapshot and settings.
 *
 * Written by a child that a fork gave the state as it was, so that writing holds up
 * nothing and needs no second copy. Restored by `netpolctl restore`, whose memory is
 * given back before the agent begins to fill its own.
 */
#include "agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/log.h"
#include "netlink/snapshot.h"

#define NP_SNAPSHOT_SOON	1000	/* milliseconds from a commit to its snapshot */

static const struct np_log_about np_about = { .component = "snapshot" };

/* --- restoring ------------------------------------------------------------------ */

/* Runs the tool; its exit status, and the beginning of what it had to say. */
static int np_restore_run(const char *tool, const char *path, char *said, size_t size)
{
	char name[] = "netpolctl", word[] = "restore", *file = strdup(path),
	     *argv[] = { name, word, file, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int pipes[2], status, ret;
	char rest[512] = "";
	sigset_t none;
	size_t len = 0;
	ssize_t got;
	pid_t pid;

	*said = '\0';
	if (pipe2(pipes, O_CLOEXEC)) {
		free(file);
		return -1;
	}
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], 2);
	ret = posix_spawn(&pid, tool, &actions, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	free(file);
	close(pipes[1]);
	if (ret) {
		snprintf(said, size, "%s: %s", tool, strerror(ret));
		close(pipes[0]);
		return -1;
	}
	do {
		bool full = len + 1 >= size;

		got = read(pipes[0], full ? rest : said + len,
			   full ? sizeof(rest) : size - 1 - len);
		if (got > 0 && !full)
			len += got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	close(pipes[0]);
	while (len && said[len - 1] == '\n')
		len--;
	said[len] = '\0';
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool np_agent_restore(struct np_agent *agent, uint64_t present)
{
	struct np_log_about about = np_about;
	const char *path = agent->opts->snapshot;
	char said[1024];

	if (!path)
		return true;
	np_snapshot_sweep(path);
	if (present) {
		np_log_line(NP_LOG_INFO, &np_about, "the kernel holds %llu objects already; "
			    "nothing to restore", (unsigned long long)present);
		agent->restored = true;
		return true;
	}
	if (access(path, F_OK)) {
		np_log_line(NP_LOG_INFO, &np_about, "there is none yet at %s", path);
		return true;
	}
	agent->restored = !np_restore_run(agent->opts->tool, path, said, sizeof(said));
	about.error = said;
	if (agent->restored)
		np_log_line(NP_LOG_INFO, &about, "restored %s", path);
	else
		np_log_line(NP_LOG_ERROR, &about, "not restored; until the API server is "
			    "reached only guards hold, those of the command line and the kernel's");
	return agent->restored;
}

/* --- settings ------------------------------------------------------------------- */

static void np_add_prefix(struct np_settings *set, const struct np_cidr *cidr)
{
	size_t k;

	for (k = 0; k < set->guard_prefix_count; k++)
		if (!memcmp(&set->guard_prefix[k], cidr, sizeof(*cidr)))
			return;
	np_settings_add_prefix(set, cidr);
}

static void np_add_prefixes(struct np_settings *set, const struct np_cidr *cidr, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		np_add_prefix(set, &cidr[i]);
}

/* What guards already, but for single addresses: those are guarded as long as they have to. */
static void np_keep_prefixes(struct np_settings *set, const struct np_settings *have)
{
	const struct np_cidr *cidr;
	size_t i;

	for (i = 0; i < have->guard_prefix_count; i++) {
		cidr = &have->guard_prefix[i];
		if (cidr->length < (cidr->family == AF_INET ? 32 : 128))
			np_add_prefix(set, cidr);
	}
}

void np_agent_settings(const struct np_agent *agent, const struct np_settings *have,
		       struct np_settings *set)
{
	const struct np_agent_options *opts = agent->opts;
	size_t i;

	memset(set, 0, sizeof(*set));
	np_add_prefixes(set, opts->settings.guard_prefix, opts->settings.guard_prefix_count);
	if (opts->node_guard && agent->desired.node_seen)
		np_add_prefixes(set, agent->desired.pod_cidr, agent->desired.pod_cidr_count);
	else if (opts->node_guard)
		/* Not known yet: what guards now goes on doing so. */
		np_keep_prefixes(set, have);
	/* Never more than the kernel takes: nothing else would be committed any more. */
	for (i = 0; i < agent->shut_count; i++)
		if (set->guard_prefix_count < agent->commit.limit[NETPOL_LIMIT_GUARDS])
			np_add_prefix(set, &agent->shut[i]);
	for (i = 0; i < opts->settings.guard_interface_count; i++)
		np_settings_add_interface(set, opts->settings.guard_interface[i]);
	for (i = 0; i < have->host_allow_count; i++)
		np_settings_add_allow(set, &have->host_allow[i]);
	set->unknown = opts->settings.unknown;
	set->established = have->established;
	set->host_egress = have->host_egress;
	set->event_rate = have->event_rate;
}

/* --- writing -------------------------------------------------------------------- */

static void np_snapshot_put(struct np_agent *agent, struct np_snapshot_output *out)
{
	struct np_namespace_state ns_state = { .origin = NP_KUBE_ORIGIN };
	struct np_policy_state policy_state = { .origin = NP_KUBE_ORIGIN };
	struct np_pod_state pod_state = { .origin = NP_KUBE_ORIGIN };
	struct np_address address[NP_DESIRED_ADDRESSES];
	struct np_desired *d = &agent->desired;
	struct np_desired_pod **pod;
	char uid[NP_UID_TEXT];
	struct np_namespace ns;
	struct np_policy policy;
	struct np_pod view;
	size_t count, i;

	for (i = 0; i < d->namespaces.room; i++) {
		if (!d->namespaces.slot[i] ||
		    !np_desired_loaded(NETPOL_OBJECT_NAMESPACE, d->namespaces.slot[i]))
			continue;
		np_desired_namespace_view((void *)d->namespaces.slot[i], &ns);
		np_snapshot_namespace(out, &ns, &ns_state);
	}
	pod = np_commit_pods(d, &count);
	for (i = 0; i < count; i++) {
		np_desired_pod_view(d, pod[i], &view, address, uid);
		pod_state.place.local = pod[i]->flags & NP_DESIRED_LOCAL;
		pod_state.place.ifindex = pod[i]->ifindex;
		pod_state.running = pod[i]->flags & NP_DESIRED_RUNNING;
		np_snapshot_pod(out, &view, &pod_state);
	}
	free(pod);
	for (i = 0; i < d->policies.room; i++) {
		if (!d->policies.slot[i] ||
		    !np_desired_loaded(NETPOL_OBJECT_POLICY, d->policies.slot[i]))
			continue;
		np_commit_policy_view((void *)d->policies.slot[i], &policy);
		np_snapshot_policy(out, &policy, &policy_state);
	}
}

static int np_snapshot_child(struct np_agent *agent, const struct np_settings *set)
{
	struct np_snapshot_version versions[NP_SOURCE_KINDS + 1] = { { NULL, NULL } };
	struct np_origin origin = { .generation = agent->commit.generation };
	struct np_info info = { .origin = &origin, .origin_count = 1 };
	struct np_log_about about = np_about;
	struct np_snapshot_output out;
	struct np_error err = { 0 };
	unsigned int k, count = 0;

	strcpy(origin.name, NP_KUBE_ORIGIN);
	info.generation = agent->commit.kernel_generation;
	memcpy(info.version, agent->commit.version, sizeof(info.version));
	for (k = 0; k < NP_SOURCE_KINDS; k++) {
		if (!*agent->kind[k].version)
			continue;
		versions[count].kind = np_source_kind_name(k);
		versions[count++].version = agent->kind[k].version;
	}
	if (!np_snapshot_begin(&out, agent->opts->snapshot, &info, set, versions, &err)) {
		np_snapshot_put(agent, &out);
		if (!np_snapshot_end(&out, false, &err))
			return 0;
	}
	about.error = err.text;
	np_log_line(NP_LOG_ERROR, &about, "not written");
	return 1;
}

void np_agent_snapshot_now(struct np_agent *agent)
{
	struct np_settings set = { 0 };
	struct np_error err = { 0 };
	pid_t pid;

	/* Nothing but what the kernel has been told belongs into it. */
	if (!agent->opts->snapshot || !agent->whole || agent->snapshot_child)
		return;
	if (agent->desired.full || agent->desired.change_count) {
		np_agent_snapshot_later(agent);
		return;
	}
	if (!agent->commit.open || np_settings_get(&agent->commit.client, &set, &err)) {
		np_settings_free(&set);
		agent->snapshot_failures++;
		return;
	}
	agent->snapshot_stale = false;
	pid = fork();
	if (!pid)
		_exit(np_snapshot_child(agent, &set));
	np_settings_free(&set);
	if (pid < 0) {
		np_log_line(NP_LOG_ERROR, &np_about, "not written: %s", strerror(errno));
		agent->snapshot_failures++;
		return;
	}
	agent->snapshot_child = pid;
}

void np_agent_snapshot_reap(struct np_agent *agent, bool wait)
{
	int status;
	pid_t pid;

	if (!agent->snapshot_child)
		return;
	do {
		pid = waitpid(agent->snapshot_child, &status, wait ? 0 : WNOHANG);
	} while (pid < 0 && errno == EINTR);
	if (!pid)
		return;
	agent->snapshot_child = 0;
	if (pid > 0 && WIFEXITED(status) && !WEXITSTATUS(status)) {
		agent->snapshots++;
		agent->snapshot_ms = np_loop_now(agent->loop);
	} else {
		agent->snapshot_failures++;
		agent->snapshot_stale = true;
	}
	if (agent->snapshot_stale && !agent->stopping)
		np_agent_snapshot_later(agent);
}

static void np_agent_snapshot_fire(void *context)
{
	np_agent_snapshot_now(context);
}

void np_agent_snapshot_later(struct np_agent *agent)
{
	int64_t now = np_loop_now(agent->loop), delay = NP_SNAPSHOT_SOON;

	agent->snapshot_stale = true;
	agent->snapshot_timer.fire = np_agent_snapshot_fire;
	agent->snapshot_timer.context = agent;
	if (!agent->opts->snapshot || agent->snapshot_child || agent->stopping ||
	    np_timer_active(&agent->snapshot_timer))
		return;
	if (agent->snapshot_ms >= 0 && agent->snapshot_ms + agent->opts->snapshot_ms > now + delay)
		delay = agent->snapshot_ms + agent->opts->snapshot_ms - now;
	np_timer_start(agent->loop, &agent->snapshot_timer, delay);
}
