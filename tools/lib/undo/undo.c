// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A change that takes itself back unless it is confirmed: the side of the command that makes it,
 * and of the commands that ask for it.
 */
#include "undo/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "netlink/loaded.h"
#include "netlink/save.h"
#include "netlink/snapshot.h"
#include "undo/keeper.h"

#define NP_UNDO_ANSWER_S	120	/* taking a large change back takes its time */

/* Takes the lock that says that a change waits. Returns its descriptor, or -1. */
static int np_undo_lock(const struct np_undo_place *place, struct np_error *err)
{
	int fd = open(place->lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return np_error_set(err, NP_EXIT_INPUT, "%s: %s", place->lock, strerror(errno));
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	close(fd);
	np_error_set(err, NP_EXIT_KERNEL, "a change waits for its confirmation, and nothing else "
		     "is changed meanwhile");
	np_error_hint(err, "'netpolctl confirm' keeps it, 'netpolctl confirm --revert' takes it "
		      "back");
	return -1;
}

static int np_undo_listen(const struct np_undo_place *place, struct np_error *err)
{
	struct sockaddr_un at;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	np_undo_address(place, &at);
	/* The lock is ours, so a socket that is there is of a keeper that was killed. */
	unlink(place->socket);
	if (fd >= 0 && !bind(fd, (struct sockaddr *)&at, sizeof(at)) && !listen(fd, 8))
		return fd;
	np_error_set(err, NP_EXIT_INPUT, "cannot listen at %s: %s", place->socket,
		     strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int np_undo_save(struct np_undo *undo, struct np_client *client, struct np_error *err)
{
	struct np_loaded loaded = { .item = NULL };
	struct np_settings set = { 0 };
	size_t skipped;
	int ret;

	ret = np_save_collect(client, &undo->before, &set, &loaded, err);
	if (!ret)
		ret = np_snapshot_write(undo->place.before, &undo->before, &set, &loaded.state,
					&skipped, err);
	np_loaded_free(&loaded);
	np_settings_free(&set);
	return ret;
}

/* In the parent, returns 0 or -1. In the keeper, does not return. */
static int np_undo_fork(struct np_undo *undo, struct np_client *client, int lock, int socket,
			struct np_error *err)
{
	int fd[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return np_error_set(err, NP_EXIT_INPUT, "a pair of sockets cannot be made: %s",
				    strerror(errno));
	fflush(NULL);
	pid = fork();
	if (!pid) {
		close(fd[1]);
		/* The kernel ends an open transaction when its last descriptor is closed. */
		np_client_close(client);
		np_undo_keep(undo, fd[0], lock, socket);
		_exit(0);
	}
	close(fd[0]);
	if (pid > 0) {
		undo->pipe = fd[1];
		return 0;
	}
	close(fd[1]);
	return np_error_set(err, NP_EXIT_INPUT, "the process that would take the change back "
			    "cannot be started: %s", strerror(errno));
}

int np_undo_begin(struct np_undo *undo, struct np_client *client, const char *origin,
		  int64_t wait, int timeout, struct np_error *err)
{
	int lock, socket = -1, ret;

	memset(undo, 0, sizeof(*undo));
	undo->pipe = -1;
	undo->wait = wait;
	undo->timeout = timeout;
	if (origin)
		snprintf(undo->origin, sizeof(undo->origin), "%s", origin);
	if (np_undo_place(&undo->place, true, err))
		return -1;
	lock = np_undo_lock(&undo->place, err);
	if (lock < 0)
		return -1;
	ret = np_undo_save(undo, client, err);
	if (!ret) {
		socket = np_undo_listen(&undo->place, err);
		ret = socket < 0 ? -1 : np_undo_fork(undo, client, lock, socket, err);
	}
	if (socket >= 0)
		close(socket);
	close(lock);
	return ret;
}

static void np_undo_close(struct np_undo *undo)
{
	if (undo->pipe < 0)
		return;
	close(undo->pipe);
	undo->pipe = -1;
	np_info_free(&undo->before);
}

/* Tells the keeper. Returns 0, or -1 if it has ended. */
static int np_undo_tell(struct np_undo *undo, const struct np_undo_change *list, size_t count)
{
	return send(undo->pipe, list, count * sizeof(*list), MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int np_undo_made(struct np_undo *undo, struct np_client *client)
{
	struct np_undo_change *list = NULL;
	struct np_error err = { 0 };
	struct np_info now;
	size_t count = 0;
	int ret;

	if (undo->pipe < 0)
		return 0;
	ret = np_info_get(client, &now, &err);
	if (!ret)
		count = np_undo_compare(&undo->before, &now, undo->origin, &list);
	np_info_free(&now);
	if (!ret && !count) {
		np_undo_drop(undo);
		return 0;
	}
	/* A keeper that reads nothing before the end asks the kernel. */
	ret = np_undo_tell(undo, list, count);
	free(list);
	np_undo_close(undo);
	return ret ? ret : 1;
}

void np_undo_drop(struct np_undo *undo)
{
	static const struct np_undo_change nothing;

	/* A keeper that has ended takes nothing back, as it should. */
	if (undo->pipe >= 0)
		np_undo_tell(undo, &nothing, 1);
	np_undo_close(undo);
}

static void np_undo_last(const struct np_undo_place *place, char *answer, size_t size)
{
	FILE *file = fopen(place->last, "re");

	*answer = '\0';
	if (!file)
		return;
	if (!fgets(answer, (int)size, file))
		*answer = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	fclose(file);
}

/* Sends one byte and reads the answer until its end. Returns its length, or -1 with errno. */
static ssize_t np_undo_talk(int fd, enum np_undo_request request, char *answer, size_t size)
{
	struct timeval limit = { .tv_sec = NP_UNDO_ANSWER_S };
	uint8_t byte = (uint8_t)request;
	size_t len = 0;
	ssize_t got;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1)
		return -1;
	while (len < size - 1) {
		got = recv(fd, answer + len, size - 1 - len, 0);
		if (got < 0)
			return -1;
		if (!got)
			break;
		len += got;
	}
	answer[len] = '\0';
	return (ssize_t)len;
}

int np_undo_ask(enum np_undo_request request, char *answer, size_t size, struct np_error *err)
{
	struct np_undo_place place;
	struct sockaddr_un at;
	ssize_t len;
	int fd, cause;

	if (np_undo_place(&place, false, err))
		return -1;
	np_undo_address(&place, &at);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return np_error_set(err, NP_EXIT_INPUT, "a Unix socket cannot be made: %s",
				    strerror(errno));
	if (connect(fd, (struct sockaddr *)&at, sizeof(at))) {
		cause = errno;
		close(fd);
		if (cause != ENOENT && cause != ECONNREFUSED)
			return np_error_set(err, cause == EACCES ? NP_EXIT_PERMISSION :
					    NP_EXIT_INPUT, "%s: %s", place.socket, strerror(cause));
		np_undo_last(&place, answer, size);
		return 0;
	}
	len = np_undo_talk(fd, request, answer, size);
	cause = errno;
	close(fd);
	if (len > 0)
		return 1;
	if (len < 0 && (cause == EAGAIN || cause == EWOULDBLOCK))
		return np_error_set(err, NP_EXIT_TIMEOUT, "the process that keeps the change does "
				    "not answer");
	/* It ended while it was asked. */
	np_undo_last(&place, answer, size);
	return 0;
}

int64_t np_undo_left(void)
{
	struct np_error err = { 0 };
	char answer[256];

	if (np_undo_ask(NP_UNDO_STATUS, answer, sizeof(answer), &err) <= 0)
		return -1;
	return strtoll(answer, NULL, 10);
}
