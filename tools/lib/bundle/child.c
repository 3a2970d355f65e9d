// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs a program and takes what it prints, within limits of time and size. */
#include "bundle/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NP_CHILD_FOLDERS	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define NP_CHILD_KILLED_MS	2000	/* how long a killed one is waited for */

static int64_t np_child_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void np_child_failed(struct np_child *child, const char *what, int error)
{
	child->status = -1;
	snprintf(child->error, sizeof(child->error), "%s: %s", what, strerror(error));
}

/*
 * Looks for a program in the usual folders, and not in those of the PATH of whoever calls, who may
 * be another user than root who runs this. Returns path, or NULL with errno.
 */
static const char *np_child_find(const char *name, char path[PATH_MAX])
{
	const char *folder = NP_CHILD_FOLDERS;
	int len, error = ENOENT;

	for (;;) {
		len = (int)strcspn(folder, ":");
		if (snprintf(path, PATH_MAX, "%.*s/%s", len, folder, name) < PATH_MAX) {
			if (!access(path, X_OK))
				return path;
			if (errno != ENOENT)
				error = errno;
		}
		if (!folder[len])
			break;
		folder += len + 1;
	}
	errno = error;
	return NULL;
}

/* Starts it with pipes at its output and its errors. Returns its id, or an errno below 0. */
static pid_t np_child_start(struct np_child *child, const int out[2], const int err[2])
{
	static const char * const environment[] = { "PATH=" NP_CHILD_FOLDERS, "LC_ALL=C", NULL };
	const char *program = child->program;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char path[PATH_MAX];
	sigset_t none;
	pid_t pid;
	int ret;

	if (!program)
		program = np_child_find(child->argv[0], path);
	if (!program)
		return -errno;
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
	ret = posix_spawn(&pid, program, &actions, &attr, (char *const *)child->argv,
			  (char *const *)environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return ret ? -ret : pid;
}

/* Reads once. Returns false at the end. */
static bool np_child_read(struct np_child *child, int fd, bool output, struct np_buffer *err)
{
	char text[16384];
	ssize_t n = read(fd, text, sizeof(text));
	size_t room, take;

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	if (!n)
		return false;
	if (!output) {
		if (err->len < sizeof(child->error))
			np_buffer_add(err, text, n);
		return true;
	}
	room = child->max - child->out.len;
	take = (size_t)n < room ? (size_t)n : room;
	np_buffer_add(&child->out, text, take);
	if (take < (size_t)n)
		child->cut = true;
	return true;
}

/* Reads both pipes until they end, or the output is full, or the time is over: then false. */
static bool np_child_listen(struct np_child *child, int out, int err, int64_t until,
			    struct np_buffer *text)
{
	struct pollfd fds[2] = {
		{ .fd = out, .events = POLLIN }, { .fd = err, .events = POLLIN },
	};
	int64_t left;
	int i;

	while (!child->cut && (fds[0].fd >= 0 || fds[1].fd >= 0)) {
		left = until - np_child_now();
		if (left <= 0)
			return false;
		if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
			return false;
		for (i = 0; i < 2; i++)
			if (fds[i].fd >= 0 && fds[i].revents &&
			    !np_child_read(child, fds[i].fd, !i, text))
				fds[i].fd = -1;
	}
	return true;
}

/* Waits for the end of a process. Returns false if it has not ended by then. */
static bool np_child_wait(pid_t pid, int64_t until, int *status)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	pid_t ret;

	for (;;) {
		ret = waitpid(pid, status, WNOHANG);
		if (ret == pid)
			return true;
		if ((ret < 0 && errno != EINTR) || np_child_now() >= until)
			return false;
		nanosleep(&pause, NULL);
	}
}

static void np_child_end(struct np_child *child, pid_t pid, bool late, int64_t until,
			 struct np_buffer *text)
{
	int status = 0;
	bool ended;

	/* One that waits for somebody to read more of it would wait for ever. */
	ended = !late && !child->cut && np_child_wait(pid, until, &status);
	if (!ended) {
		kill(-pid, SIGKILL);
		np_child_wait(pid, np_child_now() + NP_CHILD_KILLED_MS, &status);
	}
	if (text->len)
		snprintf(child->error, sizeof(child->error), "%.*s",
			 (int)strcspn(text->data, "\n"), text->data);
	if (!ended && !child->cut) {
		child->status = -1;
		snprintf(child->error, sizeof(child->error), "did not end in %d s",
			 child->timeout / 1000);
	} else if (child->cut) {
		child->status = 0;
	} else if (WIFEXITED(status)) {
		child->status = WEXITSTATUS(status);
	} else {
		child->status = -1;
		snprintf(child->error, sizeof(child->error), "was killed by signal %d",
			 WTERMSIG(status));
	}
}

void np_child_run(struct np_child *child)
{
	int64_t until = np_child_now() + child->timeout;
	int out[2] = { -1, -1 }, err[2] = { -1, -1 };
	struct np_buffer text = { 0 };
	bool late = true;
	pid_t pid = 0;

	child->status = -1;
	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		np_child_failed(child, "no pipe", errno);
	else
		pid = np_child_start(child, out, err);
	if (pid < 0)
		np_child_failed(child, "cannot be run", -pid);
	if (out[1] >= 0)
		close(out[1]);
	if (err[1] >= 0)
		close(err[1]);
	if (pid > 0) {
		late = !np_child_listen(child, out[0], err[0], until, &text);
		np_buffer_print(&text, "%s", "");
		np_child_end(child, pid, late, until, &text);
	}
	if (out[0] >= 0)
		close(out[0]);
	if (err[0] >= 0)
		close(err[0]);
	np_buffer_free(&text);
}
