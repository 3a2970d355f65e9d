// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The event loop: epoll, signals by signalfd, and heaps of timers, apart for timers on the loop's
 * clock and on CLOCK_MONOTONIC.
 *
 * What is urgent has an epoll descriptor and heaps of its own, so that np_breathe() can look at it
 * alone. That descriptor is also watched by the other one, so one wait is for both.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/alloc.h"
#include "base/time.h"

#define NP_LOOP_EVENTS 64
#define NP_BREATHE_MS	10	/* np_breathe() does nothing until so long after the last look */
#define NP_APART_STACK	(256 * 1024)	/* bytes of the stack of np_breathe_call() */

struct np_heap {
	struct np_timer **item;
	size_t count;
};

/* The descriptors of one class, and what came of them in the current round. */
struct np_watched {
	int epoll;
	/* An np_io that is stopped during the round is taken out of these. */
	struct epoll_event event[NP_LOOP_EVENTS];
	int count;
};

struct np_loop_handler {
	void (*fn)(void *context, int signo);
	void *context;
};

struct np_loop {
	struct np_watched watched[2];	/* [1]: what is urgent */
	struct np_io urgent_io;	/* watched[1].epoll, in watched[0] */
	int signal_fd;
	bool stopped;
	np_clock clock;
	void *clock_context;
	int64_t skipped;	/* milliseconds that np_loop_skip() has added */
	uint64_t order;
	/* by whether they are urgent, and by whether they count by CLOCK_MONOTONIC */
	struct np_heap heap[2][2];
	struct np_io signal_io;
	sigset_t signals;
	struct np_loop_handler handler[_NSIG];
	bool urgent;		/* urgent callbacks are running */
	pid_t pid;		/* of the process that the loop belongs to */
	int64_t looked_ms;	/* when it last looked at what is urgent */
	int64_t looked_cpu;	/* processor time at that moment, in nanoseconds */
	int64_t longest;	/* the most processor time between two looks, in nanoseconds */
	int64_t began_ms;	/* when this round's callbacks began, by its clock; -1: none run */
};

/* The loop whose callbacks are running in this thread, or NULL. */
static _Thread_local struct np_loop *np_loop_current;

static int64_t np_clock_real(void *context)
{
	return np_time_monotonic();
}

static int64_t np_loop_cpu(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct np_loop *np_loop_new(void)
{
	struct np_loop *loop = np_xcalloc(1, sizeof(*loop));

	loop->watched[0].epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->watched[1].epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->watched[0].epoll < 0 || loop->watched[1].epoll < 0 ||
	    np_io_set(loop, &loop->urgent_io, loop->watched[1].epoll, NP_IO_READ)) {
		fprintf(stderr, "netpolctl: error: no event loop: %s\n",
			strerror(errno));
		exit(2);
	}
	loop->signal_fd = -1;
	loop->clock = np_clock_real;
	loop->pid = getpid();
	loop->began_ms = -1;
	sigemptyset(&loop->signals);
	return loop;
}

void np_loop_free(struct np_loop *loop)
{
	int i;

	if (!loop)
		return;
	if (loop->signal_fd >= 0) {
		np_io_stop(&loop->signal_io);
		close(loop->signal_fd);
	}
	close(loop->watched[0].epoll);
	close(loop->watched[1].epoll);
	for (i = 0; i < 4; i++)
		free(loop->heap[i / 2][i % 2].item);
	free(loop);
}

int np_io_set(struct np_loop *loop, struct np_io *io, int fd,
	      unsigned int events)
{
	struct epoll_event event = { .data.ptr = io };
	int op = io->loop ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (events & NP_IO_READ)
		event.events |= EPOLLIN;
	if (events & NP_IO_WRITE)
		event.events |= EPOLLOUT;
	if (epoll_ctl(loop->watched[io->urgent].epoll, op, fd, &event))
		return -1;
	io->loop = loop;
	io->fd = fd;
	io->events = events;
	return 0;
}

void np_io_stop(struct np_io *io)
{
	struct np_watched *watched;
	int i;

	if (!io->loop)
		return;
	watched = &io->loop->watched[io->urgent];
	epoll_ctl(watched->epoll, EPOLL_CTL_DEL, io->fd, NULL);
	for (i = 0; i < watched->count; i++)
		if (watched->event[i].data.ptr == io)
			watched->event[i].data.ptr = NULL;
	io->loop = NULL;
}

/* True if timer a fires before timer b. */
static bool np_timer_before(const struct np_timer *a, const struct np_timer *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void np_heap_put(struct np_heap *heap, size_t i, struct np_timer *timer)
{
	heap->item[i] = timer;
	timer->index = i;
}

static void np_heap_up(struct np_heap *heap, size_t i)
{
	struct np_timer *timer = heap->item[i];

	while (i && np_timer_before(timer, heap->item[(i - 1) / 2])) {
		np_heap_put(heap, i, heap->item[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	np_heap_put(heap, i, timer);
}

static void np_heap_down(struct np_heap *heap, size_t i)
{
	struct np_timer *timer = heap->item[i];
	size_t child;

	while ((child = 2 * i + 1) < heap->count) {
		if (child + 1 < heap->count &&
		    np_timer_before(heap->item[child + 1], heap->item[child]))
			child++;
		if (!np_timer_before(heap->item[child], timer))
			break;
		np_heap_put(heap, i, heap->item[child]);
		i = child;
	}
	np_heap_put(heap, i, timer);
}

static int64_t np_loop_clock(struct np_loop *loop, bool real)
{
	if (real)
		return np_clock_real(NULL);
	return loop->clock(loop->clock_context) + loop->skipped;
}

void np_timer_start(struct np_loop *loop, struct np_timer *timer,
		    int64_t delay_ms)
{
	struct np_heap *heap = &loop->heap[timer->urgent][timer->real];

	np_timer_stop(timer);
	heap->item = np_array_grow(heap->item, heap->count, sizeof(*heap->item));
	timer->loop = loop;
	timer->due = np_loop_clock(loop, timer->real) +
		     (delay_ms > 0 ? delay_ms : 0);
	timer->order = loop->order++;
	np_heap_put(heap, heap->count++, timer);
	np_heap_up(heap, timer->index);
}

void np_timer_stop(struct np_timer *timer)
{
	struct np_timer *last;
	struct np_heap *heap;

	if (!timer->loop)
		return;
	heap = &timer->loop->heap[timer->urgent][timer->real];
	last = heap->item[--heap->count];
	if (last != timer) {
		np_heap_put(heap, timer->index, last);
		np_heap_up(heap, last->index);
		np_heap_down(heap, last->index);
	}
	timer->loop = NULL;
}

bool np_timer_active(const struct np_timer *timer)
{
	return timer->loop;
}

int64_t np_timer_left(const struct np_timer *timer)
{
	int64_t left;

	if (!timer->loop)
		return 0;
	left = timer->due - np_loop_clock(timer->loop, timer->real);
	return left > 0 ? left : 0;
}

static void np_loop_signalled(void *context, unsigned int events)
{
	struct np_loop *loop = context;
	struct signalfd_siginfo info;

	while (read(loop->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		struct np_loop_handler *handler;

		if (info.ssi_signo >= _NSIG)
			continue;
		handler = &loop->handler[info.ssi_signo];
		if (handler->fn)
			handler->fn(handler->context, info.ssi_signo);
	}
}

int np_loop_signal(struct np_loop *loop, int signo,
		   void (*fn)(void *context, int signo), void *context)
{
	int fd;

	if (signo <= 0 || signo >= _NSIG) {
		errno = EINVAL;
		return -1;
	}
	loop->handler[signo].fn = fn;
	loop->handler[signo].context = context;
	if (!fn)
		return 0;
	sigaddset(&loop->signals, signo);
	if (sigprocmask(SIG_BLOCK, &loop->signals, NULL))
		return -1;
	fd = signalfd(loop->signal_fd, &loop->signals,
		      SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return -1;
	if (loop->signal_fd >= 0)
		return 0;
	loop->signal_fd = fd;
	loop->signal_io.ready = np_loop_signalled;
	loop->signal_io.context = loop;
	return np_io_set(loop, &loop->signal_io, fd, NP_IO_READ);
}

int64_t np_loop_now(struct np_loop *loop)
{
	return np_loop_clock(loop, false);
}

void np_loop_set_clock(struct np_loop *loop, np_clock clock, void *context)
{
	loop->clock = clock;
	loop->clock_context = context;
}

void np_loop_skip(struct np_loop *loop, int64_t ms)
{
	loop->skipped += ms;
}

/* Returns the milliseconds until the first timer of a heap is due, or -1 if the heap is empty. */
static int64_t np_heap_next(struct np_loop *loop, bool urgent, bool real)
{
	const struct np_heap *heap = &loop->heap[urgent][real];

	return heap->count ? np_timer_left(heap->item[0]) : -1;
}

/* Returns the shorter one of two times to wait, of which a negative one has no end. */
static int64_t np_wait_shorter(int64_t a, int64_t b)
{
	return b < 0 || (a >= 0 && a < b) ? a : b;
}

int64_t np_loop_next(struct np_loop *loop)
{
	return np_wait_shorter(np_heap_next(loop, false, false), np_heap_next(loop, true, false));
}

/*
 * Fires only the timers that are due now. A timer that restarts itself is left for the next
 * round.
 */
static int np_loop_fire(struct np_loop *loop, bool urgent, bool real)
{
	struct np_heap *heap = &loop->heap[urgent][real];
	int64_t now = np_loop_clock(loop, real);
	uint64_t order = loop->order;
	int n = 0;

	while (heap->count && heap->item[0]->due <= now &&
	       heap->item[0]->order < order) {
		struct np_timer *timer = heap->item[0];

		np_timer_stop(timer);
		timer->fire(timer->context);
		n++;
		np_breathe();
	}
	return n;
}

/* Waits for descriptors of one class. Returns 0, or -1 with errno. */
static int np_watched_wait(struct np_watched *watched, int64_t wait_ms)
{
	if (wait_ms > INT32_MAX)
		wait_ms = INT32_MAX;
	watched->count = epoll_wait(watched->epoll, watched->event, NP_LOOP_EVENTS, (int)wait_ms);
	if (watched->count >= 0)
		return 0;
	watched->count = 0;
	return errno == EINTR ? 0 : -1;
}

/* Calls those whose descriptors are ready. Returns how many there were. */
static int np_watched_call(struct np_watched *watched, const struct np_io *other)
{
	int i, n = 0;

	for (i = 0; i < watched->count; i++) {
		struct np_io *io = watched->event[i].data.ptr;
		uint32_t got = watched->event[i].events;
		unsigned int events = 0;

		if (!io || io == other)
			continue;
		if (got & EPOLLIN)
			events |= NP_IO_READ;
		if (got & EPOLLOUT)
			events |= NP_IO_WRITE;
		if (got & (EPOLLERR | EPOLLHUP))
			events |= NP_IO_ERROR;
		io->ready(io->context, events);
		n++;
		np_breathe();
	}
	watched->count = 0;
	return n;
}

/* The time by which np_breathe() counts. It is cheap to read and advances in steps of some ms. */
static int64_t np_breathe_clock(struct np_loop *loop)
{
	struct timespec now;

	if (loop->clock != np_clock_real)
		return np_loop_now(loop);
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + loop->skipped;
}

static void np_loop_measure(struct np_loop *loop)
{
	int64_t took = np_loop_cpu() - loop->looked_cpu;

	if (took > loop->longest)
		loop->longest = took;
}

static void np_loop_looked(struct np_loop *loop)
{
	loop->looked_ms = np_breathe_clock(loop);
	loop->looked_cpu = np_loop_cpu();
}

/* Calls what is urgent and due now. Returns how many callbacks ran. */
static int np_loop_urgent(struct np_loop *loop)
{
	int n = 0;

	loop->urgent = true;
	if (!np_watched_wait(&loop->watched[1], 0))
		n = np_watched_call(&loop->watched[1], NULL);
	n += np_loop_fire(loop, true, true);
	n += np_loop_fire(loop, true, false);
	loop->urgent = false;
	return n;
}

/* Returns the loop for which this code may call what is urgent, or NULL. */
static struct np_loop *np_breathe_loop(void)
{
	struct np_loop *loop = np_loop_current;

	return loop && !loop->urgent ? loop : NULL;
}

void np_breathe(void)
{
	struct np_loop *loop = np_breathe_loop();
	int saved = errno;

	if (!loop || np_breathe_clock(loop) - loop->looked_ms < NP_BREATHE_MS)
		return;
	/* A child that was forked has its parent's descriptors. */
	if (loop->pid == getpid()) {
		np_loop_measure(loop);
		np_loop_urgent(loop);
	}
	np_loop_looked(loop);
	errno = saved;
}

int np_breathe_wait(int fd, int64_t wait_ms)
{
	struct pollfd wait[2] = { { .fd = fd, .events = POLLIN }, { .events = POLLIN } };
	struct np_loop *loop = np_breathe_loop();
	int64_t end = np_time_monotonic() + wait_ms, left = wait_ms, next;
	int ready;

	if (!loop || loop->pid != getpid())
		return poll(wait, 1, wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms);
	wait[1].fd = loop->watched[1].epoll;
	do {
		next = np_wait_shorter(left, np_heap_next(loop, true, false));
		next = np_wait_shorter(next, np_heap_next(loop, true, true));
		ready = poll(wait, 2, next > INT32_MAX ? INT32_MAX : (int)next);
		if (ready < 0 || (ready && wait[0].revents))
			return ready < 0 ? -1 : 1;
		np_loop_measure(loop);
		np_loop_urgent(loop);
		np_loop_looked(loop);
		if (wait_ms >= 0)
			left = end - np_time_monotonic();
	} while (wait_ms < 0 || left > 0);
	/* It may have come while something urgent ran. */
	return poll(wait, 1, 0);
}

/* A call in a thread of its own. */
struct np_apart {
	void (*fn)(void *arg);
	void *arg;
	int done;		/* can be read when fn has returned */
};

static void *np_apart_run(void *context)
{
	struct np_apart *apart = context;

	apart->fn(apart->arg);
	eventfd_write(apart->done, 1);
	return NULL;
}

/* Returns 0, or -1 if there can be no thread. */
static int np_apart_call(struct np_apart *apart)
{
	pthread_attr_t attr;
	pthread_t thread;
	int ret;

	apart->done = eventfd(0, EFD_CLOEXEC);
	if (apart->done < 0)
		return -1;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, NP_APART_STACK);
	ret = pthread_create(&thread, &attr, np_apart_run, apart);
	pthread_attr_destroy(&attr);
	if (!ret) {
		while (np_breathe_wait(apart->done, -1) < 0 && errno == EINTR)
			;
		pthread_join(thread, NULL);
	}
	close(apart->done);
	return ret ? -1 : 0;
}

void np_breathe_call(void (*fn)(void *arg), void *arg)
{
	struct np_apart apart = { .fn = fn, .arg = arg };
	struct np_loop *loop = np_breathe_loop();

	if (!loop || loop->pid != getpid() || np_apart_call(&apart))
		fn(arg);
}

int64_t np_loop_longest(const struct np_loop *loop)
{
	return loop->longest;
}

int64_t np_loop_busy(struct np_loop *loop)
{
	return loop->began_ms < 0 ? 0 : np_loop_now(loop) - loop->began_ms;
}

/* Waits for what comes first, and calls all that is due then. */
static int np_loop_round(struct np_loop *loop, int64_t wait_ms)
{
	int i, n;

	for (i = 0; i < 4; i++)
		wait_ms = np_wait_shorter(wait_ms, np_heap_next(loop, i / 2, i % 2));
	if (np_watched_wait(&loop->watched[0], wait_ms))
		return -1;
	np_loop_looked(loop);
	loop->began_ms = np_loop_now(loop);
	n = np_loop_urgent(loop);
	n += np_watched_call(&loop->watched[0], &loop->urgent_io);
	n += np_loop_fire(loop, false, true);
	n += np_loop_fire(loop, false, false);
	np_loop_measure(loop);
	loop->began_ms = -1;
	return n;
}

int np_loop_step(struct np_loop *loop, int64_t wait_ms)
{
	struct np_loop *outer = np_loop_current;
	int n;

	np_loop_current = loop;
	n = np_loop_round(loop, wait_ms);
	np_loop_current = outer;
	return n;
}

int np_loop_run(struct np_loop *loop)
{
	loop->stopped = false;
	while (!loop->stopped)
		if (np_loop_step(loop, -1) < 0)
			return -1;
	return 0;
}

void np_loop_stop(struct np_loop *loop)
{
	loop->stopped = true;
}
