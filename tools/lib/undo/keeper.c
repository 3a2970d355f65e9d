// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The process that takes a change back unless it is confirmed.
 *
 * It leaves the session of the terminal, so the terminal's end does not reach it. Being told to
 * end, as when a session is cleaned up, is a reason to take the change back at once: nobody is
 * there to confirm it. It is the last that the kernel kills when memory is short. What it can't
 * survive is SIGKILL; the snapshot from before is still there then.
 */
#include "undo/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/loop.h"
#include "netlink/client.h"
#include "netlink/snapshot.h"
#include "netlink/transaction.h"
#include "node/host_read.h"
#include "node/reload.h"

#define NP_KEEPER_AGAIN_MS	1000
#define NP_KEEPER_TRIES		60	/* to take a change back */
#define NP_KEEPER_FILES		1024	/* descriptors that a command may have open */
#define NP_KEEPER_REQUEST_S	2	/* for who has connected to say what he wants */

/* The keeper and all that it holds. */
struct np_keeper {
	const struct np_undo *undo;
	struct np_loop *loop;
	struct np_io pipe;
	struct np_io socket;
	struct np_timer timer;
	struct np_undo_change *change;	/* what the command has done */
	size_t count;
	bool told;		/* it is known, from the command or the kernel */
	bool alone;		/* the command has ended */
	unsigned int tries;
	const char *why;	/* it is to be taken back now; NULL: not yet */
	char how[512];		/* how it ended, or why it could not be taken back yet */
};

static void np_keeper_say(struct np_keeper *keeper, int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Logs how it goes, and keeps the text for those who ask. */
static void np_keeper_say(struct np_keeper *keeper, int level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(keeper->how, sizeof(keeper->how), fmt, args);
	va_end(args);
	syslog(level, "%s", keeper->how);
}

/* Ends the loop. The text of the last np_keeper_say() is left for 'netpolctl confirm'. */
static void np_keeper_end(struct np_keeper *keeper)
{
	const struct np_undo_place *place = &keeper->undo->place;
	char now[32];
	time_t at = time(NULL);
	struct tm tm;
	FILE *file;

	if (*keeper->how) {
		strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
		file = fopen(place->last, "we");
		if (file) {
			fprintf(file, "%s, at %s\n", keeper->how, now);
			fclose(file);
		}
	}
	np_loop_stop(keeper->loop);
}

/* The change is over, and what was in force before it is of no use any more. */
static void np_keeper_done(struct np_keeper *keeper)
{
	unlink(keeper->undo->place.before);
	np_keeper_end(keeper);
}

static int np_keeper_open(struct np_keeper *keeper, struct np_client *client, struct np_info *info,
			  struct np_error *err)
{
	memset(client, 0, sizeof(*client));
	memset(info, 0, sizeof(*info));
	return np_client_open(client, NETPOL_GENL_NAME, keeper->undo->timeout, err) ||
	       np_info_get(client, info, err) ? -1 : 0;
}

/* Finds out what the command has changed where it did not say so. */
static int np_keeper_find(struct np_keeper *keeper)
{
	struct np_error err = { 0 };
	struct np_client client;
	struct np_info info;
	int ret;

	ret = np_keeper_open(keeper, &client, &info, &err);
	if (!ret)
		keeper->count = np_undo_compare(&keeper->undo->before, &info,
						keeper->undo->origin, &keeper->change);
	keeper->told = keeper->count;
	np_info_free(&info);
	np_client_close(&client);
	if (ret)
		np_keeper_say(keeper, LOG_ERR, "it is not known whether a change was made: %s",
			      err.text);
	return ret;
}

/* Puts one origin back to what it was. */
static int np_keeper_origin(struct np_keeper *keeper, const struct np_undo_change *change,
			    const struct np_snapshot *snap, struct np_reload *load,
			    struct np_client *client, struct np_error *err)
{
	struct np_snapshot_origin none = { .place = NULL };
	const struct np_snapshot_origin *origin = &none;
	size_t i;
	int ret;

	if (!strcmp(change->origin, NP_SETTINGS_ORIGIN))
		return np_reload_settings(load, client, &snap->settings, &change->generation, err);
	memcpy(none.name, change->origin, sizeof(none.name));
	np_objects_init(&none.objects);
	for (i = 0; i < snap->origin_count; i++)
		if (!strcmp(snap->origin[i].name, change->origin))
			origin = &snap->origin[i];
	ret = np_reload_origin(load, client, origin, &change->generation, err);
	np_objects_free(&none.objects);
	return ret;
}

/* Has somebody else changed the origin since? */
static bool np_keeper_moved(const struct np_undo_change *change, const struct np_info *info)
{
	return np_info_generation(info, change->origin) != change->generation;
}

/*
 * Puts all origins back that are still as the command made them. One that was changed since stays:
 * whoever did that knew of the change, and was not locked out.
 */
static int np_keeper_origins(struct np_keeper *keeper, const struct np_snapshot *snap,
			     struct np_reload *load, struct np_client *client,
			     const struct np_info *info, bool *moved, struct np_error *err)
{
	struct np_undo_change *change;
	size_t i;
	int pass;

	/* Settings come first, so that guards cover what is not there yet. */
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < keeper->count; i++) {
			change = &keeper->change[i];
			if (!*change->origin ||
			    !strcmp(change->origin, NP_SETTINGS_ORIGIN) != !pass)
				continue;
			if (np_keeper_moved(change, info))
				*moved = true;
			else if (np_keeper_origin(keeper, change, snap, load, client, err))
				return -1;
			/* Another try does not come here again. */
			*change->origin = '\0';
		}
	}
	return 0;
}

static int np_keeper_try(struct np_keeper *keeper, bool *moved, struct np_error *err)
{
	char boot[NETPOL_BOOT_ID_MAX + 1];
	struct np_snapshot snap = { 0 };
	struct np_host host = { 0 };
	struct np_reload load = { .host = &host };
	struct np_client client;
	struct np_info info;
	int ret;

	np_boot_id(boot);
	ret = np_keeper_open(keeper, &client, &info, err);
	if (!ret)
		ret = np_snapshot_read(keeper->undo->place.before, boot, &snap, err);
	if (!ret)
		ret = np_host_read(&host, keeper->undo->timeout, err);
	if (!ret)
		ret = np_keeper_origins(keeper, &snap, &load, &client, &info, moved, err);
	np_host_free(&host);
	np_snapshot_free(&snap);
	np_info_free(&info);
	np_client_close(&client);
	return ret;
}

/* Tries again soon, but not for ever. Returns whether it does. */
static bool np_keeper_again(struct np_keeper *keeper)
{
	if (++keeper->tries == NP_KEEPER_TRIES)
		return false;
	np_timer_start(keeper->loop, &keeper->timer, NP_KEEPER_AGAIN_MS);
	return true;
}

/* Takes the change back, or tries again soon. */
static void np_keeper_back(struct np_keeper *keeper)
{
	struct np_error err = { 0 };
	bool moved = false;

	if (!np_keeper_try(keeper, &moved, &err)) {
		np_keeper_say(keeper, LOG_WARNING, "the change was taken back, as %s%s",
			      keeper->why, moved ? "; what was changed again since stays" : "");
		np_keeper_done(keeper);
	} else if (np_keeper_again(keeper)) {
		np_keeper_say(keeper, LOG_ERR, "the change cannot be taken back yet: %s", err.text);
	} else {
		np_keeper_say(keeper, LOG_CRIT, "the change could not be taken back: %s; "
			      "'netpolctl restore %s' does it by hand", err.text,
			      keeper->undo->place.before);
		np_keeper_end(keeper);
	}
}

/* Begins the time when it is known what was changed, or takes it back if that is due already. */
static void np_keeper_begin(struct np_keeper *keeper)
{
	if (!keeper->told)
		np_keeper_done(keeper);
	else if (keeper->why)
		np_keeper_back(keeper);
	else
		np_timer_start(keeper->loop, &keeper->timer, keeper->undo->wait);
}

/* The command tells what it has changed, or has ended. */
static void np_keeper_pipe(void *context, unsigned int events)
{
	struct np_keeper *keeper = context;
	struct np_undo_change change;
	ssize_t got = read(keeper->pipe.fd, &change, sizeof(change));

	(void)events;
	if (got < 0 && errno == EINTR)
		return;
	if (got == (ssize_t)sizeof(change) && *change.origin) {
		keeper->change = np_array_grow(keeper->change, keeper->count,
					       sizeof(*keeper->change));
		keeper->change[keeper->count++] = change;
		return;
	}
	np_io_stop(&keeper->pipe);
	keeper->alone = true;
	keeper->told = keeper->count;
	/* A command that was killed says nothing, neither of a change nor that there is none. */
	if (got != (ssize_t)sizeof(change) && !keeper->told && np_keeper_find(keeper))
		np_timer_start(keeper->loop, &keeper->timer, NP_KEEPER_AGAIN_MS);
	else
		np_keeper_begin(keeper);
}

static void np_keeper_timer(void *context)
{
	struct np_keeper *keeper = context;
	int ret = 0;

	/* The command was killed, or hangs and may have made its change nevertheless. */
	if (!keeper->told)
		ret = np_keeper_find(keeper);
	if (keeper->told) {
		if (!keeper->why)
			keeper->why = "nobody confirmed it in time";
		np_keeper_back(keeper);
	} else if (!keeper->alone) {
		np_timer_start(keeper->loop, &keeper->timer, NP_KEEPER_AGAIN_MS);
	} else if (!ret) {
		np_keeper_done(keeper);
	} else if (!np_keeper_again(keeper)) {
		np_keeper_end(keeper);
	}
}

static void np_keeper_signal(void *context, int signo)
{
	struct np_keeper *keeper = context;

	(void)signo;
	keeper->why = "its keeper was told to end";
	if (keeper->told)
		np_keeper_back(keeper);
}

/* Returns the answer to a request. */
static void np_keeper_answer(struct np_keeper *keeper, uint8_t request, char *answer, size_t size)
{
	if (request == NP_UNDO_STATUS) {
		snprintf(answer, size, "%" PRId64, np_timer_left(&keeper->timer));
		return;
	}
	if (!keeper->told) {
		snprintf(answer, size, "the change is being made; ask again");
		return;
	}
	if (request == NP_UNDO_CONFIRM && !keeper->tries) {
		np_keeper_say(keeper, LOG_NOTICE, "the change was confirmed");
		np_keeper_done(keeper);
	} else if (request == NP_UNDO_REVERT) {
		keeper->why = "it was asked for";
		np_keeper_back(keeper);
	}
	snprintf(answer, size, "%s", keeper->how);
}

static void np_keeper_asked(void *context, unsigned int events)
{
	struct timeval limit = { .tv_sec = NP_KEEPER_REQUEST_S };
	struct np_keeper *keeper = context;
	char answer[sizeof(keeper->how)];
	uint8_t request;
	int fd;

	(void)events;
	fd = accept4(keeper->socket.fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (recv(fd, &request, 1, 0) == 1) {
		np_keeper_answer(keeper, request, answer, sizeof(answer));
		/* If who asked has gone, what was asked for is done nevertheless. */
		send(fd, answer, strlen(answer), MSG_NOSIGNAL);
	}
	close(fd);
}

/*
 * Leaves the terminal and all that the command had open, as somebody may wait for the end of a pipe
 * among it.
 */
static void np_keeper_leave(int pipe, int lock, int socket)
{
	int fd, oom;

	for (fd = 3; fd < NP_KEEPER_FILES; fd++)
		if (fd != pipe && fd != lock && fd != socket)
			close(fd);
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	setsid();
	umask(077);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (fd >= 0) {
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		close(fd);
	}
	openlog("netpolctl", LOG_PID, LOG_DAEMON);
	oom = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (chdir("/") || write(oom, "-1000", 5) < 0)
		syslog(LOG_NOTICE, "the keeper of a change runs with less protection: %s",
		       strerror(errno));
	if (oom >= 0)
		close(oom);
}

void np_undo_keep(const struct np_undo *undo, int pipe, int lock, int socket)
{
	struct np_keeper keeper = {
		.undo = undo,
		.pipe = { .ready = np_keeper_pipe, .context = &keeper },
		.socket = { .ready = np_keeper_asked, .context = &keeper },
		.timer = { .fire = np_keeper_timer, .context = &keeper },
	};

	np_keeper_leave(pipe, lock, socket);
	keeper.loop = np_loop_new();
	np_loop_signal(keeper.loop, SIGTERM, np_keeper_signal, &keeper);
	np_loop_signal(keeper.loop, SIGINT, np_keeper_signal, &keeper);
	np_io_set(keeper.loop, &keeper.pipe, pipe, NP_IO_READ);
	np_io_set(keeper.loop, &keeper.socket, socket, NP_IO_READ);
	np_timer_start(keeper.loop, &keeper.timer, undo->wait);
	np_loop_run(keeper.loop);
	np_io_stop(&keeper.pipe);
	np_io_stop(&keeper.socket);
	np_timer_stop(&keeper.timer);
	np_loop_free(keeper.loop);
	/* While the lock is held, nobody else has a socket of this name. */
	unlink(undo->place.socket);
	free(keeper.change);
}
