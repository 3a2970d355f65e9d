// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages on their way to a file, a pipe or an endpoint. A regular file takes them at once, and a
 * datagram is sent or lost. Pipes and TCP connections have the queue.
 */
#include "record/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/time.h"

#define NP_SINK_CONNECT	10000	/* milliseconds that a try to connect may take */
#define NP_SINK_SILENT	30000	/* milliseconds that a peer may leave data unacknowledged */
#define NP_SINK_PAUSE	500	/* milliseconds before the second try; doubled each time */
#define NP_SINK_PAUSES	15000	/* but not beyond this */
#define NP_SINK_STEADY	10000	/* milliseconds of a connection after which pauses begin anew */

static void np_sink_connect(struct np_sink *sink);

struct np_sink_message *np_sink_message(const void *data, size_t len)
{
	struct np_sink_message *message = np_xcalloc(1, sizeof(*message) + len);

	message->len = len;
	memcpy(message->data, data, len);
	return message;
}

/* --- the queue ---------------------------------------------------------------- */

static void np_sink_lose(struct np_sink *sink, const struct np_sink_message *message)
{
	sink->use.lost->records += message->records;
	sink->use.lost->packets += message->packets;
}

static void np_sink_drop(struct np_sink *sink)
{
	struct np_sink_message *message = sink->first;

	sink->first = message->next;
	if (!sink->first)
		sink->last = NULL;
	sink->kept -= message->len;
	free(message);
}

static void np_sink_keep(struct np_sink *sink, struct np_sink_message *message)
{
	if (sink->last)
		sink->last->next = message;
	else
		sink->first = message;
	sink->last = message;
	sink->kept += message->len;
}

static bool np_sink_due(const struct np_sink *sink)
{
	return sink->greets || sink->first;
}

static void np_sink_stamp(const struct np_sink *sink, struct np_sink_message *message)
{
	if (sink->use.stamp)
		sink->use.stamp(message->data, message->len, (uint32_t)time(NULL), sink->sequence);
}

/* --- telling ------------------------------------------------------------------ */

/* An endpoint is told of once, however often it fails in a row. */
static void np_sink_down(struct np_sink *sink, int error)
{
	if (!sink->down)
		sink->use.warn("%s: %s; %s", sink->target->text, strerror(error),
			       sink->target->kind == NP_TARGET_TCP ?
			       "records are kept while it is tried again" :
			       "records are lost until it is back");
	sink->down = true;
}

static void np_sink_back(struct np_sink *sink)
{
	if (sink->down)
		sink->use.warn("%s: it is back", sink->target->text);
	sink->down = false;
}

static void np_sink_fail(struct np_sink *sink, int error)
{
	struct np_error err = { 0 };

	np_io_stop(&sink->io);
	sink->up = false;
	np_error_set(&err, NP_EXIT_INPUT, "cannot write to %s: %s", sink->target->text,
		     strerror(error));
	sink->use.fail(sink->use.context, error == EPIPE ? NULL : &err);
}

/* --- streams ------------------------------------------------------------------ */

static void np_sink_retry(struct np_sink *sink)
{
	/* A balancer without a server accepts each connection, and ends it. */
	if (sink->up && np_loop_now(sink->use.loop) - sink->since >= NP_SINK_STEADY)
		sink->pause = NP_SINK_PAUSE;
	np_io_stop(&sink->io);
	if (sink->fd >= 0)
		close(sink->fd);
	sink->fd = -1;
	sink->up = false;
	sink->written = 0;	/* the message that was under way begins anew */
	np_timer_start(sink->use.loop, &sink->timer, sink->pause);
	sink->pause = sink->pause < NP_SINK_PAUSES / 2 ? 2 * sink->pause : NP_SINK_PAUSES;
}

/* Takes back the beginning of a message whose end has no room in the file any more. */
static void np_sink_mend(const struct np_sink *sink)
{
	off_t end = sink->written ? lseek(sink->fd, 0, SEEK_CUR) : -1;
	struct stat st;

	/* what others have written behind it stays */
	if (end >= (off_t)sink->written && !fstat(sink->fd, &st) && st.st_size == end &&
	    ftruncate(sink->fd, end - (off_t)sink->written))
		sink->use.warn("%s: its last record is not whole", sink->target->text);
}

static void np_sink_broken(struct np_sink *sink, int error)
{
	if (sink->target->kind != NP_TARGET_TCP) {
		if (sink->plain)
			np_sink_mend(sink);
		np_sink_fail(sink, error);
		return;
	}
	np_sink_down(sink, error);
	np_sink_retry(sink);
}

/*
 * Writes what the stream takes of one message. A pipe is asked first, as its descriptor belongs to
 * others too and is not made to return at once; if it has room, then for PIPE_BUF bytes. Returns
 * false if the stream takes no more now, or is broken.
 */
static bool np_sink_write(struct np_sink *sink)
{
	struct np_sink_message *message = sink->greets ? sink->use.greeting : sink->first;
	struct pollfd ready = { .fd = sink->fd, .events = POLLOUT };
	size_t left = message->len - sink->written;
	ssize_t done;

	if (!sink->plain && poll(&ready, 1, 0) <= 0)
		return false;
	if (!sink->written)
		np_sink_stamp(sink, message);
	if (sink->target->kind == NP_TARGET_TCP)
		done = send(sink->fd, message->data + sink->written, left,
			    MSG_NOSIGNAL | MSG_DONTWAIT);
	else
		done = write(sink->fd, message->data + sink->written,
			     sink->plain || left < PIPE_BUF ? left : PIPE_BUF);
	if (done < 0) {
		if (errno != EAGAIN && errno != EINTR)
			np_sink_broken(sink, errno);
		return false;
	}
	sink->written += (size_t)done;
	if (sink->written < message->len)
		return true;
	sink->written = 0;
	sink->sequence += message->counted;
	if (sink->greets)
		sink->greets = false;
	else
		np_sink_drop(sink);
	return true;
}

static void np_sink_watch(struct np_sink *sink)
{
	unsigned int events = np_sink_due(sink) ? NP_IO_WRITE : 0;

	if (sink->up && !sink->plain)
		np_io_set(sink->use.loop, &sink->io, sink->fd,
			  events | (sink->target->kind == NP_TARGET_TCP ? NP_IO_READ : 0));
}

/* Writes what can be written now. */
static void np_sink_run(struct np_sink *sink)
{
	while (sink->up && np_sink_due(sink) && np_sink_write(sink))
		;
	np_sink_watch(sink);
}

/* --- TCP ---------------------------------------------------------------------- */

static int np_sink_error(int fd)
{
	socklen_t len = sizeof(int);
	int error = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) ? errno : error;
}

/* Reads and forgets what the peer says. Returns false if it has closed, or the connection broke. */
static bool np_sink_listen(struct np_sink *sink)
{
	char data[512];
	ssize_t got = recv(sink->fd, data, sizeof(data), MSG_DONTWAIT);

	if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
		return true;
	np_sink_broken(sink, got ? errno : ECONNRESET);
	return false;
}

static void np_sink_ready(void *context, unsigned int events)
{
	struct np_sink *sink = context;
	int error;

	if (!sink->up) {
		error = np_sink_error(sink->fd);
		if (error) {
			np_sink_broken(sink, error);
			return;
		}
		np_timer_stop(&sink->timer);
		np_sink_back(sink);
		sink->up = true;
		sink->since = np_loop_now(sink->use.loop);
		sink->sequence = 0;	/* a connection is a session of its own */
		sink->greets = sink->use.greeting;
	} else if (sink->target->kind == NP_TARGET_TCP && events & (NP_IO_READ | NP_IO_ERROR)) {
		if (!np_sink_listen(sink))
			return;
	} else if (events & NP_IO_ERROR) {
		np_sink_fail(sink, EPIPE);
		return;
	}
	np_sink_run(sink);
}

/* The pause is over, or a try has taken too long. */
static void np_sink_fire(void *context)
{
	struct np_sink *sink = context;

	if (sink->fd < 0)
		np_sink_connect(sink);
	else
		np_sink_broken(sink, ETIMEDOUT);
}

/* Begins to connect to the next address. */
static void np_sink_connect(struct np_sink *sink)
{
	const struct addrinfo *to = sink->next;
	unsigned int silent = NP_SINK_SILENT;
	int one = 1;

	sink->next = to->ai_next ? to->ai_next : sink->found;
	sink->fd = socket(to->ai_family, to->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
			  to->ai_protocol);
	if (sink->fd < 0) {
		np_sink_broken(sink, errno);
		return;
	}
	setsockopt(sink->fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	setsockopt(sink->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silent, sizeof(silent));
	if (connect(sink->fd, to->ai_addr, to->ai_addrlen) && errno != EINPROGRESS) {
		np_sink_broken(sink, errno);
		return;
	}
	np_timer_start(sink->use.loop, &sink->timer, NP_SINK_CONNECT);
	if (np_io_set(sink->use.loop, &sink->io, sink->fd, NP_IO_WRITE))
		np_sink_broken(sink, errno);
}

/* --- UDP ---------------------------------------------------------------------- */

/*
 * Sends a datagram, or loses it. A refusal that the kernel reports is that of the last one, as it
 * takes a while to come.
 */
static void np_sink_send(struct np_sink *sink, struct np_sink_message *message)
{
	ssize_t done;

	np_sink_stamp(sink, message);
	done = send(sink->fd, message->data, message->len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (done < 0 && errno == ECONNREFUSED) {
		np_sink_down(sink, errno);
		sink->use.lost->records += sink->sent_records;
		sink->use.lost->packets += sink->sent_packets;
		sink->sent_records = 0;
		sink->sent_packets = 0;
		done = send(sink->fd, message->data, message->len, MSG_NOSIGNAL | MSG_DONTWAIT);
	} else if (done >= 0 && sink->sent_records) {
		np_sink_back(sink);	/* the last records were not refused */
	}
	if (done < 0) {
		np_sink_down(sink, errno);
		np_sink_lose(sink, message);
		return;
	}
	sink->sequence += message->counted;
	sink->sent_records = message->records;
	sink->sent_packets = message->packets;
}

/* Takes the first address that there is a way to. */
static int np_sink_aim(struct np_sink *sink, struct np_error *err)
{
	int error = EADDRNOTAVAIL;

	for (; sink->next && sink->fd < 0; sink->next = sink->next->ai_next) {
		sink->fd = socket(sink->next->ai_family, sink->next->ai_socktype | SOCK_CLOEXEC,
				  sink->next->ai_protocol);
		if (sink->fd >= 0 &&
		    !connect(sink->fd, sink->next->ai_addr, sink->next->ai_addrlen))
			break;
		error = errno;
		if (sink->fd >= 0)
			close(sink->fd);
		sink->fd = -1;
	}
	if (sink->fd >= 0)
		return 0;
	np_error_set(err, NP_EXIT_INPUT, "cannot send to %s: %s", sink->target->text,
		     strerror(error));
	return -1;
}

/* --- opening and closing ------------------------------------------------------ */

static int np_sink_look_up(struct np_sink *sink, struct np_error *err)
{
	struct addrinfo hints = {
		.ai_socktype = sink->target->kind == NP_TARGET_UDP ? SOCK_DGRAM : SOCK_STREAM,
	};
	int ret = getaddrinfo(sink->target->host, sink->target->port, &hints, &sink->found);

	if (!ret) {
		sink->next = sink->found;
		return 0;
	}
	sink->found = NULL;
	np_error_set(err, NP_EXIT_INPUT, "cannot find the host of %s: %s", sink->target->text,
		     ret == EAI_SYSTEM ? strerror(errno) : gai_strerror(ret));
	np_error_hint(err, "check its name, or give its address");
	return -1;
}

static int np_sink_file(struct np_sink *sink, struct np_error *err)
{
	if (!strcmp(sink->target->text, "-"))
		sink->fd = dup(STDOUT_FILENO);
	else
		sink->fd = open(sink->target->text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC |
				O_NOCTTY | O_NONBLOCK, 0600);
	if (sink->fd < 0) {
		np_error_set(err, NP_EXIT_INPUT, "cannot write to %s: %s", sink->target->text,
			     errno == ENXIO ? "nobody reads it" : strerror(errno));
		if (errno == ENXIO)
			np_error_hint(err, "start the program that reads it first");
		return -1;
	}
	/* What a loop cannot watch, a regular file, is always ready. */
	sink->plain = np_io_set(sink->use.loop, &sink->io, sink->fd, NP_IO_WRITE);
	sink->up = true;
	sink->greets = sink->use.greeting;
	return 0;
}

int np_sink_open(struct np_sink *sink, const struct np_sink_use *use,
		 const struct np_target *target, struct np_error *err)
{
	memset(sink, 0, sizeof(*sink));
	sink->use = *use;
	sink->target = target;
	sink->fd = -1;
	sink->pause = NP_SINK_PAUSE;
	sink->io.ready = np_sink_ready;
	sink->io.context = sink;
	sink->timer.fire = np_sink_fire;
	sink->timer.context = sink;
	if (target->kind == NP_TARGET_FILE)
		return np_sink_file(sink, err);
	if (np_sink_look_up(sink, err))
		return -1;
	if (target->kind == NP_TARGET_UDP)
		return np_sink_aim(sink, err);
	np_sink_connect(sink);
	return 0;
}

bool np_sink_put(struct np_sink *sink, struct np_sink_message *message)
{
	if (sink->target->kind == NP_TARGET_UDP) {
		np_sink_send(sink, message);
		free(message);
		return true;
	}
	if (sink->over || sink->kept + message->len > NP_SINK_KEPT) {
		np_sink_lose(sink, message);
		free(message);
		return false;
	}
	np_sink_keep(sink, message);
	np_sink_run(sink);
	return true;
}

void np_sink_greet(struct np_sink *sink)
{
	if (sink->target->kind == NP_TARGET_UDP && sink->use.greeting)
		np_sink_send(sink, sink->use.greeting);
}

void np_sink_give_up(struct np_sink *sink)
{
	sink->over = !sink->plain;
	while (sink->first) {
		np_sink_lose(sink, sink->first);
		np_sink_drop(sink);
	}
}

void np_sink_close(struct np_sink *sink, int64_t wait_ms)
{
	int64_t end = np_time_monotonic() + wait_ms, left = wait_ms;

	while (sink->first && left > 0 && (sink->up || sink->target->kind == NP_TARGET_TCP)) {
		if (np_loop_step(sink->use.loop, left) < 0)
			break;
		left = end - np_time_monotonic();
	}
	np_sink_give_up(sink);
	np_io_stop(&sink->io);
	np_timer_stop(&sink->timer);
	if (sink->fd >= 0)
		close(sink->fd);
	sink->fd = -1;
	if (sink->found)
		freeaddrinfo(sink->found);
	sink->found = NULL;
}
