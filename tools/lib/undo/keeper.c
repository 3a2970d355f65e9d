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
#include "netlink/loaded.h"
#include "netlink/snapshot.h"
#include "node/host_read.h"
#include "node/reload.h"

#define NP_KEEPER_AGAIN_MS	1000
#define NP_KEEPER_TRIES		60	/* to take a change back */
#define NP_KEEPER_FILES		1024	/* descriptors that a command may have open */
#define NP_KEEPER_REQUEST_S	2	/* for who has connected to say what he wants */

/* The keeper and all that it holds. */
struct np_keeper {
	const struct np_undo *undo;
	int lock;		/* held until the change is over */
	struct np_loop *loop;
	struct np_io command;	/* which makes the change */
	struct np_io socket;
	struct np_timer timer;
	uint64_t generation;	/* of the origin, as the change has left it */
	bool sent;		/* the command had come so far that it may have made the change */
	bool made;		/* the change was made, and generation is known */
	bool over;		/* it was confirmed, taken back, or not made */
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

/*
 * The change is over, and another one may begin. Its text is left for 'netpolctl confirm'. Events
 * that are due in the same round of the loop have no effect any more.
 */
static void np_keeper_end(struct np_keeper *keeper)
{
	const struct np_undo_place *place = &keeper->undo->place;
	time_t at = time(NULL);
	char now[32];
	struct tm tm;
	FILE *file;

	keeper->over = true;
	if (*keeper->how) {
		strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
		file = fopen(place->last, "we");
		if (file) {
			fprintf(file, "%s, at %s\n", keeper->how, now);
			fclose(file);
		}
	}
	unlink(place->socket);
	close(keeper->lock);
	np_loop_stop(keeper->loop);
}

/* As np_keeper_end(), where what was in force before is of no use any more. */
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

/* Finds out whether the command has made its change where it did not say so. */
static int np_keeper_find(struct np_keeper *keeper)
{
	struct np_error err = { 0 };
	struct np_client client;
	struct np_info info;
	int ret;

	ret = np_keeper_open(keeper, &client, &info, &err);
	if (ret) {
		np_keeper_say(keeper, LOG_ERR, "it is not known whether a change was made: %s",
			      err.text);
	} else {
		keeper->generation = np_info_generation(&info, keeper->undo->origin);
		keeper->made = keeper->generation != keeper->undo->before;
	}
	np_info_free(&info);
	np_client_close(&client);
	return ret;
}

/* Are all bytes of two addresses alike? For qsort() and bsearch(). */
static int np_keeper_compare(const void *left, const void *right)
{
	return memcmp(left, right, sizeof(struct np_address));
}

/*
 * Marks the pods of the snapshot that are to be left out: those that the origin has lost by the
 * change, and whose address a running pod of another origin has now. Loaded again, such a pod would
 * count as the later one and take the address away. Returns how many.
 */
static size_t np_keeper_contested(const struct np_snapshot_origin *origin,
				  struct np_loaded *loaded, bool *skip)
{
	const struct np_objects *now = &loaded->state.objects;
	struct np_address *taken = NULL;
	const struct np_pod *pod;
	size_t count = 0, left_out = 0, i;
	uint32_t k;

	for (i = 0; i < now->pod_count; i++) {
		pod = &now->pods[i];
		if (!loaded->state.pod[i].running ||
		    !strcmp(loaded->state.pod[i].origin, origin->name))
			continue;
		for (k = 0; k < pod->address_count; k++) {
			taken = np_array_grow(taken, count, sizeof(*taken));
			taken[count++] = pod->address[k];
		}
	}
	if (count)
		qsort(taken, count, sizeof(*taken), np_keeper_compare);
	for (i = 0; count && i < origin->objects.pod_count; i++) {
		pod = &origin->objects.pods[i];
		if (np_loaded_find(loaded, NETPOL_OBJECT_POD, pod->namespace, pod->name,
				   origin->name))
			continue;
		for (k = 0; k < pod->address_count && !skip[i]; k++)
			skip[i] = bsearch(&pod->address[k], taken, count, sizeof(*taken),
					  np_keeper_compare);
		left_out += skip[i];
	}
	free(taken);
	return left_out;
}

/* Puts the origin back to what it was. *left_out gets the number of pods that are not put back. */
static int np_keeper_reload(struct np_keeper *keeper, struct np_client *client,
			    const struct np_snapshot_origin *origin, size_t *left_out,
			    struct np_error *err)
{
	struct np_loaded loaded = { .item = NULL };
	struct np_host host = { 0 };
	struct np_reload load = { .host = &host };
	bool *skip = np_xcalloc(origin->objects.pod_count + 1, sizeof(*skip));
	int ret;

	ret = np_loaded_get(client, &loaded, err);
	if (!ret)
		ret = np_host_read(&host, keeper->undo->timeout, err);
	if (!ret) {
		*left_out = np_keeper_contested(origin, &loaded, skip);
		load.skip = skip;
		ret = np_reload_origin(&load, client, origin, &keeper->generation, err);
		*left_out += load.gone;
	}
	free(skip);
	np_host_free(&host);
	np_loaded_free(&loaded);
	return ret;
}

/*
 * Tries to take the change back. *moved is set if the origin was changed again since: then what is
 * newer stays, because whoever did that knew of the change, and was not locked out.
 */
static int np_keeper_try(struct np_keeper *keeper, bool *moved, size_t *left_out,
			 struct np_error *err)
{
	struct np_snapshot_origin none = { .place = NULL }, *origin = &none;
	char boot[NETPOL_BOOT_ID_MAX + 1];
	struct np_snapshot snap = { 0 };
	struct np_client client;
	struct np_info info;
	size_t i;
	int ret;

	np_boot_id(boot);
	/* An origin that is not in the snapshot had no object. */
	memcpy(none.name, keeper->undo->origin, sizeof(none.name));
	np_objects_init(&none.objects);
	ret = np_keeper_open(keeper, &client, &info, err);
	/* A module that was loaded again counts generations from the beginning. */
	*moved = !ret && (info.generation < keeper->generation ||
			  np_info_generation(&info, none.name) != keeper->generation);
	if (!ret && !*moved) {
		ret = np_snapshot_read(keeper->undo->place.before, boot, &snap, err);
		for (i = 0; i < snap.origin_count; i++)
			if (!strcmp(snap.origin[i].name, none.name))
				origin = &snap.origin[i];
		if (!ret)
			ret = np_keeper_reload(keeper, &client, origin, left_out, err);
	}
	np_objects_free(&none.objects);
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

/* Takes the change back, or tries again soon. Returns whether it is taken back. */
static bool np_keeper_back(struct np_keeper *keeper)
{
	struct np_error err = { 0 };
	size_t left_out = 0;
	bool moved = false;
	char pods[64] = "";

	if (!np_keeper_try(keeper, &moved, &left_out, &err)) {
		if (moved) {
			np_keeper_say(keeper, LOG_WARNING, "the change was not taken back, because "
				      "origin \"%s\" was changed again since",
				      keeper->undo->origin);
			np_keeper_end(keeper);
			return false;
		}
		if (left_out)
			snprintf(pods, sizeof(pods), ", but for %zu pod%s", left_out,
				 left_out == 1 ? "" : "s");
		np_keeper_say(keeper, LOG_WARNING, "the change was taken back%s, as %s", pods,
			      keeper->why);
		np_keeper_done(keeper);
		return true;
	}
	if (np_keeper_again(keeper)) {
		np_keeper_say(keeper, LOG_ERR, "the change cannot be taken back yet: %s", err.text);
		return false;
	}
	np_keeper_say(keeper, LOG_CRIT, "the change could not be taken back: %s; "
		      "'netpolctl restore %s' does it by hand", err.text,
		      keeper->undo->place.before);
	np_keeper_end(keeper);
	return false;
}

/* The command has ended, and it is known what it has done. */
static void np_keeper_begin(struct np_keeper *keeper)
{
	if (!keeper->made)
		np_keeper_done(keeper);
	else if (keeper->why)
		np_keeper_back(keeper);
	else
		np_timer_start(keeper->loop, &keeper->timer, keeper->undo->wait);
}

/*
 * The command tells what it has done, or has ended without a word. Until then no time passes: a
 * change that is not made yet can't be taken back.
 */
static void np_keeper_told(void *context, unsigned int events)
{
	struct np_keeper *keeper = context;
	struct np_undo_news news;
	ssize_t got;

	(void)events;
	if (keeper->over)
		return;
	got = read(keeper->command.fd, &news, sizeof(news));
	if (got < 0 && errno == EINTR)
		return;
	if (got == (ssize_t)sizeof(news) && news.stage == NP_UNDO_SENT) {
		keeper->sent = true;
		return;
	}
	np_io_stop(&keeper->command);
	if (got == (ssize_t)sizeof(news)) {
		keeper->made = news.stage == NP_UNDO_MADE;
		keeper->generation = news.generation;
	} else if (keeper->sent && np_keeper_find(keeper)) {
		np_keeper_again(keeper);
		return;
	}
	np_keeper_begin(keeper);
}

static void np_keeper_timer(void *context)
{
	struct np_keeper *keeper = context;

	if (keeper->over)
		return;
	if (keeper->made) {
		if (!keeper->why)
			keeper->why = "nobody confirmed it in time";
		np_keeper_back(keeper);
	} else if (!np_keeper_find(keeper)) {
		np_keeper_begin(keeper);
	} else if (!np_keeper_again(keeper)) {
		np_keeper_end(keeper);
	}
}

static void np_keeper_signal(void *context, int signo)
{
	struct np_keeper *keeper = context;

	(void)signo;
	if (keeper->over)
		return;
	keeper->why = "its keeper was told to end";
	if (keeper->made)
		np_keeper_back(keeper);
}

/* Does what is asked for. Returns whether it is done; keeper->how says what happened. */
static bool np_keeper_obey(struct np_keeper *keeper, uint8_t request)
{
	if (keeper->over)
		return false;
	if (!keeper->made) {
		snprintf(keeper->how, sizeof(keeper->how), "the change is not made yet; ask again");
		return false;
	}
	if (request == NP_UNDO_REVERT) {
		keeper->why = "it was asked for";
		return np_keeper_back(keeper);
	}
	if (keeper->why)
		return false;
	np_keeper_say(keeper, LOG_NOTICE, "the change was confirmed");
	np_keeper_done(keeper);
	return true;
}

static void np_keeper_asked(void *context, unsigned int events)
{
	struct timeval limit = { .tv_sec = NP_KEEPER_REQUEST_S };
	struct np_keeper *keeper = context;
	char answer[sizeof(keeper->how) + 1];
	uint8_t request;
	bool done;
	int fd;

	(void)events;
	fd = accept4(keeper->socket.fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (recv(fd, &request, 1, 0) == 1) {
		if (request == NP_UNDO_STATUS) {
			snprintf(answer, sizeof(answer), "%c%" PRId64, NP_UNDO_DONE,
				 np_timer_left(&keeper->timer));
		} else {
			done = np_keeper_obey(keeper, request);
			snprintf(answer, sizeof(answer), "%c%s",
				 done ? NP_UNDO_DONE : NP_UNDO_REFUSED, keeper->how);
		}
		/* If who asked has gone, what was asked for is done nevertheless. */
		send(fd, answer, strlen(answer), MSG_NOSIGNAL);
	}
	close(fd);
}

/*
 * Leaves the terminal and all that the command had open, as somebody may wait for the end of a pipe
 * among it.
 */
static void np_keeper_leave(int command, int lock, int socket)
{
	int fd, oom;

	for (fd = 0; fd < NP_KEEPER_FILES; fd++)
		if (fd != command && fd != lock && fd != socket)
			close(fd);
	/* The standard descriptors, as no lower ones are open. */
	for (fd = 0; fd <= STDERR_FILENO; fd++)
		if (open("/dev/null", O_RDWR) < 0)
			break;
	setsid();
	umask(077);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	openlog("netpolctl", LOG_PID, LOG_DAEMON);
	oom = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (chdir("/") || write(oom, "-1000", 5) < 0)
		syslog(LOG_NOTICE, "the keeper of a change runs with less protection: %s",
		       strerror(errno));
	if (oom >= 0)
		close(oom);
}

void np_undo_keep(const struct np_undo *undo, int command, int lock, int socket)
{
	struct np_keeper keeper = {
		.undo = undo,
		.lock = lock,
		.command = { .ready = np_keeper_told, .context = &keeper },
		.socket = { .ready = np_keeper_asked, .context = &keeper },
		.timer = { .fire = np_keeper_timer, .context = &keeper },
	};

	np_keeper_leave(command, lock, socket);
	keeper.loop = np_loop_new();
	/* Only a keeper that watches all of it says that it is ready. */
	if (!np_loop_signal(keeper.loop, SIGTERM, np_keeper_signal, &keeper) &&
	    !np_loop_signal(keeper.loop, SIGINT, np_keeper_signal, &keeper) &&
	    !np_io_set(keeper.loop, &keeper.command, command, NP_IO_READ) &&
	    !np_io_set(keeper.loop, &keeper.socket, socket, NP_IO_READ) &&
	    send(command, "", 1, MSG_NOSIGNAL) == 1)
		np_loop_run(keeper.loop);
	np_io_stop(&keeper.command);
	np_io_stop(&keeper.socket);
	np_timer_stop(&keeper.timer);
	np_loop_free(keeper.loop);
}
