// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A change that takes itself back unless it is confirmed: the side of the command that makes it,
 * and of the commands that ask for it.
 */
#include "undo/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/socket.h>

#include "netlink/loaded.h"
#include "netlink/save.h"
#include "netlink/snapshot.h"
#include "undo/keeper.h"

#define NP_UNDO_STATUS_S	10
#define NP_UNDO_ANSWER_S	120	/* taking a large change back takes its time */
#define NP_UNDO_LOCK_TRIES	20
#define NP_UNDO_LOCK_MS		100

/* Moves a descriptor out of the way of the standard ones. Returns it, or -1. */
static int np_undo_above(int fd)
{
	int above;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	above = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(fd);
	return above;
}

/* Refuses another change. time: "" or " 5 s", how long the first one waits. Returns -1. */
static int np_undo_refuse(const char *time, struct np_error *err)
{
	np_error_set(err, NP_EXIT_KERNEL, "a change waits%s for its confirmation, and nothing else "
		     "is changed meanwhile", time);
	np_error_hint(err, "'netpolctl confirm' keeps it, 'netpolctl confirm --revert' takes it "
		      "back");
	return -1;
}

/*
 * Takes the lock that says that a change waits. A keeper that has just answered for the last time
 * still has it for a moment. Returns its descriptor, or -1.
 */
static int np_undo_lock(const struct np_undo_place *place, struct np_error *err)
{
	int fd = np_undo_above(open(place->lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
	int try;

	if (fd < 0)
		return np_error_set(err, NP_EXIT_INPUT, "%s: %s", place->lock, strerror(errno));
	for (try = 0; try < NP_UNDO_LOCK_TRIES; try++) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return fd;
		usleep(NP_UNDO_LOCK_MS * 1000);
	}
	close(fd);
	return np_undo_refuse("", err);
}

static int np_undo_listen(const struct np_undo_place *place, struct np_error *err)
{
	struct sockaddr_un at;
	int fd = np_undo_above(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));

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
	struct np_info info = { .origin = NULL };
	struct np_settings set = { 0 };
	size_t skipped;
	int ret;

	/* What a keeper left behind that was killed may still be needed. */
	if (rename(undo->place.before, undo->place.kept) && errno != ENOENT)
		return np_error_set(err, NP_EXIT_INPUT, "%s: %s", undo->place.kept,
				    strerror(errno));
	unlink(undo->place.last);
	ret = np_save_collect(client, &info, &set, &loaded, err);
	if (!ret) {
		undo->before = np_info_generation(&info, undo->origin);
		ret = np_snapshot_write(undo->place.before, &info, &set, &loaded.state, &skipped,
					err);
	}
	np_loaded_free(&loaded);
	np_settings_free(&set);
	np_info_free(&info);
	return ret;
}

/* Waits until the keeper says that it watches. */
static int np_undo_ready(int fd, struct np_error *err)
{
	char byte;

	if (read(fd, &byte, 1) == 1)
		return 0;
	return np_error_set(err, NP_EXIT_INPUT, "the process that would take the change back has "
			    "ended at its start, so nothing was changed");
}

/* In the parent, returns 0 or -1. In the keeper, does not return. */
static int np_undo_fork(struct np_undo *undo, struct np_client *client, int lock, int socket,
			struct np_error *err)
{
	sigset_t block, old;
	int fd[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return np_error_set(err, NP_EXIT_INPUT, "a pair of sockets cannot be made: %s",
				    strerror(errno));
	fd[0] = np_undo_above(fd[0]);
	fd[1] = np_undo_above(fd[1]);
	fflush(NULL);
	/* Until it has left the terminal, what is meant for the command must not end the keeper. */
	sigemptyset(&block);
	sigaddset(&block, SIGHUP);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &old);
	pid = fork();
	if (!pid) {
		/* The kernel ends an open transaction when its last descriptor is closed. */
		np_client_close(client);
		np_undo_keep(undo, fd[0], lock, socket);
		_exit(0);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(fd[0]);
	undo->fd = fd[1];
	if (pid < 0)
		np_error_set(err, NP_EXIT_INPUT, "the process that would take the change back "
			     "cannot be started: %s", strerror(errno));
	if (pid > 0 && !np_undo_ready(undo->fd, err))
		return 0;
	close(undo->fd);
	undo->fd = -1;
	return -1;
}

int np_undo_begin(struct np_undo *undo, struct np_client *client, const char *origin,
		  int64_t wait, int timeout, struct np_error *err)
{
	int lock, socket = -1, ret;

	memset(undo, 0, sizeof(*undo));
	undo->fd = -1;
	undo->wait = wait;
	undo->timeout = timeout;
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

void np_undo_send(struct np_undo *undo)
{
	const struct np_undo_news news = { .stage = NP_UNDO_SENT };

	/* If the keeper has ended, np_undo_end() says so. */
	if (undo->fd >= 0)
		send(undo->fd, &news, sizeof(news), MSG_NOSIGNAL);
}

int np_undo_end(struct np_undo *undo, struct np_client *client, bool changed)
{
	struct np_undo_news news = { .stage = NP_UNDO_NOTHING };
	struct np_error err = { 0 };
	struct np_info now;
	bool known;
	int ret = 0;

	if (undo->fd < 0)
		return 0;
	known = !np_info_get(client, &now, &err);
	news.generation = np_info_generation(&now, undo->origin);
	if (changed && news.generation != undo->before)
		news.stage = NP_UNDO_MADE;
	np_info_free(&now);
	/* A keeper that is told nothing asks the kernel. */
	if (known && send(undo->fd, &news, sizeof(news), MSG_NOSIGNAL) != sizeof(news))
		ret = -1;
	close(undo->fd);
	undo->fd = -1;
	return known && news.stage == NP_UNDO_NOTHING ? 0 : ret ? ret : 1;
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
	struct timeval limit = {
		.tv_sec = request == NP_UNDO_STATUS ? NP_UNDO_STATUS_S : NP_UNDO_ANSWER_S,
	};
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
	bool done;

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
		return NP_UNDO_ANSWER_NONE;
	}
	len = np_undo_talk(fd, request, answer, size);
	cause = errno;
	close(fd);
	if (len < 0 && (cause == EAGAIN || cause == EWOULDBLOCK)) {
		np_error_set(err, NP_EXIT_TIMEOUT, "the process that keeps a change does not "
			     "answer");
		np_error_hint(err, "it may be about to take the change back; ask again");
		return -1;
	}
	if (len <= 0) {
		/* It ended while it was asked. */
		np_undo_last(&place, answer, size);
		return NP_UNDO_ANSWER_NONE;
	}
	done = *answer == NP_UNDO_DONE;
	memmove(answer, answer + 1, len);
	return done ? NP_UNDO_ANSWER_DONE : NP_UNDO_ANSWER_REFUSED;
}

int np_undo_left(int64_t *left, struct np_error *err)
{
	char answer[1024];
	int ret = np_undo_ask(NP_UNDO_STATUS, answer, sizeof(answer), err);

	*left = -1;
	if (ret == NP_UNDO_ANSWER_DONE)
		*left = strtoll(answer, NULL, 10);
	return ret < 0 ? -1 : 0;
}

int np_undo_check(struct np_error *err)
{
	char time[32];
	int64_t left;

	if (np_undo_left(&left, err))
		return -1;
	if (left < 0)
		return 0;
	snprintf(time, sizeof(time), " %lld s", (long long)(left + 999) / 1000);
	return np_undo_refuse(time, err);
}
