// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent's snapshot file.
 *
 * A forked child writes it, so that writing delays nothing and the state need not be copied.
 * `netpolctl restore` restores it in a process of its own, so that its memory is free again before
 * the agent needs memory.
 */
#include "agent/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "agent/desired_pod.h"
#include "agent/desired_policy.h"
#include "agent/encode.h"
#include "base/log.h"
#include "netlink/report.h"
#include "netlink/snapshot.h"
#include "object/digest.h"

#define NP_SNAPSHOT_SOON	1000	/* milliseconds from a commit to its snapshot */
/* The least milliseconds between two snapshots if only pods of other nodes have changed. */
#define NP_SNAPSHOT_REMOTE	300000
/* After a snapshot of n bytes the next one waits n / this milliseconds: 22 GB a day at most. */
#define NP_SNAPSHOT_BYTES_MS	250
#define NP_SNAPSHOT_RETRY_MAX	300000	/* the pause after a failure doubles up to this */

static const struct np_log_about np_about = { .component = "snapshot" };

/* --- restoring ------------------------------------------------------------------ */

/* Reads all of a pipe. Keeps its beginning without newlines at the end. */
static void np_pipe_read(int fd, char *said, size_t size)
{
	char rest[512];
	size_t len = 0;
	ssize_t got;

	do {
		if (len + 1 >= size) {
			got = read(fd, rest, sizeof(rest));
			continue;
		}
		got = read(fd, said + len, size - 1 - len);
		if (got > 0)
			len += got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	while (len && said[len - 1] == '\n')
		len--;
	said[len] = '\0';
}

/* Starts `netpolctl restore PATH` with its output into a pipe. Returns 0 or an errno. */
static int np_tool_spawn(const char *tool, const char *path, int output, pid_t *pid)
{
	char name[] = "netpolctl", word[] = "restore", *file = np_xstrdup(path),
	     *argv[] = { name, word, file, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	int ret;

	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, output, 1);
	posix_spawn_file_actions_adddup2(&actions, output, 2);
	ret = posix_spawn(pid, tool, &actions, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	free(file);
	return ret;
}

/* Runs the tool. Returns its exit status or -1, and the beginning of its output. */
static int np_tool_restore(const char *tool, const char *path, char *said, size_t size)
{
	int pipes[2], status, ret;
	pid_t pid;

	*said = '\0';
	if (pipe2(pipes, O_CLOEXEC))
		return -1;
	ret = np_tool_spawn(tool, path, pipes[1], &pid);
	close(pipes[1]);
	if (ret) {
		snprintf(said, size, "%s: %s", tool, strerror(ret));
		close(pipes[0]);
		return -1;
	}
	np_pipe_read(pipes[0], said, size);
	close(pipes[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool np_agent_snapshot_restore(struct np_agent_snapshot *s, uint64_t present)
{
	struct np_log_about about = np_about;
	const char *path = s->opts->snapshot;
	char said[1024];

	if (path)
		np_snapshot_sweep(path);
	if (present) {
		np_log_line(NP_LOG_INFO, &np_about, "the kernel holds %llu objects already; "
			    "nothing is restored", (unsigned long long)present);
		s->restored = true;
		return true;
	}
	if (!path)
		return true;
	if (access(path, F_OK)) {
		np_log_line(NP_LOG_INFO, &np_about, "there is no snapshot at %s yet", path);
		return true;
	}
	s->restored = !np_tool_restore(s->opts->tool, path, said, sizeof(said));
	about.error = said;
	if (s->restored)
		np_log_line(NP_LOG_INFO, &about, "restored the snapshot %s", path);
	else
		np_log_line(NP_LOG_ERROR, &about, "the snapshot cannot be restored; until the API "
			    "server is reached only the guards of the command line and of the "
			    "kernel are in force");
	return s->restored;
}

/* --- writing -------------------------------------------------------------------- */

static void np_snapshot_put(const struct np_desired *d, struct np_snapshot_output *out)
{
	struct np_namespace_state ns_state = { .origin = NP_KUBE_ORIGIN };
	struct np_policy_state policy_state = { .origin = NP_KUBE_ORIGIN };
	struct np_pod_state pod_state = { .origin = NP_KUBE_ORIGIN };
	struct np_address address[NP_POD_ADDRESSES_MAX];
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
	pod = np_desired_by_arrival(d, &count);
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
		np_desired_policy_view((void *)d->policies.slot[i], &policy);
		np_snapshot_policy(out, &policy, &policy_state);
	}
}

static int np_snapshot_child(const struct np_agent_snapshot *s, const struct np_settings *set)
{
	struct np_snapshot_version versions[NP_SOURCE_KINDS + 1] = { { NULL, NULL } };
	struct np_origin origin = { .generation = s->kernel->origin_generation };
	struct np_info info = { .origin = &origin, .origin_count = 1 };
	struct np_log_about about = np_about;
	struct np_snapshot_output out;
	struct np_error err = { 0 };
	unsigned int k, count = 0;

	strcpy(origin.name, NP_KUBE_ORIGIN);
	info.generation = s->kernel->generation;
	memcpy(info.version, s->kernel->version, sizeof(info.version));
	for (k = 0; k < NP_SOURCE_KINDS; k++) {
		if (!*s->intake->kind[k].version)
			continue;
		versions[count].kind = np_source_kind_name(k);
		versions[count++].version = s->intake->kind[k].version;
	}
	if (!np_snapshot_begin(&out, s->opts->snapshot, &info, set, versions, &err)) {
		np_snapshot_put(s->desired, &out);
		if (!np_snapshot_end(&out, false, &err))
			return 0;
	}
	about.error = err.text;
	np_log_line(s->failing ? NP_LOG_DEBUG : NP_LOG_ERROR, &about,
		    "the snapshot cannot be written; the next try is within five minutes");
	return 1;
}

/* Starts the timer for the next snapshot, or moves it ahead. */
static void np_snapshot_schedule(struct np_agent_snapshot *s)
{
	int64_t now = np_loop_now(s->loop), delay = NP_SNAPSHOT_SOON, pace = s->opts->snapshot_ms;

	if (!s->opts->snapshot || s->child || s->stopping)
		return;
	if (!s->urgent && pace < NP_SNAPSHOT_REMOTE)
		pace = NP_SNAPSHOT_REMOTE;
	if (pace < s->bytes / NP_SNAPSHOT_BYTES_MS)
		pace = s->bytes / NP_SNAPSHOT_BYTES_MS;
	if (s->written_ms >= 0 && s->written_ms + pace > now + delay)
		delay = s->written_ms + pace - now;
	if (s->failing) {
		pace = (int64_t)NP_SNAPSHOT_SOON << (s->failing < 10 ? s->failing : 10);
		delay = pace < NP_SNAPSHOT_RETRY_MAX ? pace : NP_SNAPSHOT_RETRY_MAX;
	}
	if (!np_timer_active(&s->timer) || np_timer_left(&s->timer) > delay)
		np_timer_start(s->loop, &s->timer, delay);
}

static void np_snapshot_failed(struct np_agent_snapshot *s)
{
	s->failures++;
	s->failing++;
	s->stale = true;
	np_snapshot_schedule(s);
}

static void np_snapshot_written(struct np_agent_snapshot *s)
{
	struct stat st;

	if (s->failing)
		np_log_line(NP_LOG_INFO, &np_about, "written again, after %u failures", s->failing);
	s->failing = 0;
	s->count++;
	s->written_ms = np_loop_now(s->loop);
	s->bytes = stat(s->opts->snapshot, &st) ? 0 : st.st_size;
	if (s->stale)
		np_snapshot_schedule(s);
	else
		s->urgent = false;
}

static void np_snapshot_fork(struct np_agent_snapshot *s)
{
	struct np_settings set = { 0 };
	struct np_error err = { 0 };
	pid_t pid;

	if (!s->opts->snapshot || s->child)
		return;
	/* The file must hold only what the kernel has. */
	if (s->desired->full || s->desired->pending_count) {
		np_snapshot_schedule(s);
		return;
	}
	if (!s->kernel->open || np_settings_get(&s->kernel->client, &set, &err)) {
		np_settings_free(&set);
		np_snapshot_failed(s);
		return;
	}
	s->stale = false;
	pid = fork();
	if (!pid)
		_exit(np_snapshot_child(s, &set));
	np_settings_free(&set);
	if (pid < 0) {
		np_log_line(s->failing ? NP_LOG_DEBUG : NP_LOG_ERROR, &np_about,
			    "the snapshot cannot be written: %s", strerror(errno));
		np_snapshot_failed(s);
		return;
	}
	s->child = pid;
}

static void np_snapshot_reap(struct np_agent_snapshot *s, bool wait)
{
	int status;
	pid_t pid;

	if (!s->child)
		return;
	do {
		pid = waitpid(s->child, &status, wait ? 0 : WNOHANG);
	} while (pid < 0 && errno == EINTR);
	if (!pid)
		return;
	s->child = 0;
	if (pid > 0 && WIFEXITED(status) && !WEXITSTATUS(status))
		np_snapshot_written(s);
	else
		np_snapshot_failed(s);
}

void np_agent_snapshot_reap(struct np_agent_snapshot *s)
{
	np_snapshot_reap(s, false);
}

static void np_snapshot_fire(void *context)
{
	np_snapshot_fork(context);
}

void np_agent_snapshot_init(struct np_agent_snapshot *s, struct np_loop *loop,
			    const struct np_agent_options *opts, const struct np_desired *desired,
			    const struct np_intake *intake, struct np_kernel *kernel)
{
	memset(s, 0, sizeof(*s));
	s->loop = loop;
	s->opts = opts;
	s->desired = desired;
	s->intake = intake;
	s->kernel = kernel;
	s->written_ms = -1;
	s->timer.fire = np_snapshot_fire;
	s->timer.context = s;
}

void np_agent_snapshot_later(struct np_agent_snapshot *s, bool urgent)
{
	s->stale = true;
	s->urgent |= urgent;
	np_snapshot_schedule(s);
}

void np_agent_snapshot_stop(struct np_agent_snapshot *s)
{
	s->stopping = true;
	np_timer_stop(&s->timer);
	np_snapshot_reap(s, true);
	if (s->stale)
		np_snapshot_fork(s);
	np_snapshot_reap(s, true);
}
