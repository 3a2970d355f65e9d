// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The event loop: epoll, signals by signalfd, and two heaps of timers, one for timers on the
 * loop's clock and one for timers on CLOCK_MONOTONIC.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/alloc.h"
#include "base/time.h"

#define NP_LOOP_EVENTS 64

struct np_heap {
	struct np_timer **item;
	size_t count;
};

struct np_loop_handler {
	void (*fn)(void *context, int signo);
	void *context;
};

struct np_loop {
	int epoll;
	int signal_fd;
	bool stopped;
	np_clock clock;
	void *clock_context;
	int64_t skipped;	/* milliseconds that np_loop_skip() has added */
	uint64_t order;
	struct np_heap heap[2];	/* [0]: on the loop's clock, [1]: on CLOCK_MONOTONIC */
	struct np_io signal_io;
	sigset_t signals;
	struct np_loop_handler handler[_NSIG];
	/*
	 * The events of the current round. An np_io that is stopped during the round is taken out
	 * of them.
	 */
	struct epoll_event event[NP_LOOP_EVENTS];
	int event_count;
};

static int64_t np_clock_real(void *context)
{
	return np_time_monotonic();
}

struct np_loop *np_loop_new(void)
{
	struct np_loop *loop = np_xcalloc(1, sizeof(*loop));

	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0) {
		fprintf(stderr, "netpolctl: error: no event loop: %s\n",
			strerror(errno));
		exit(2);
	}
	loop->signal_fd = -1;
	loop->clock = np_clock_real;
	sigemptyset(&loop->signals);
	return loop;
}

void np_loop_free(struct np_loop *loop)
{
	if (!loop)
		return;
	if (loop->signal_fd >= 0) {
		np_io_stop(&loop->signal_io);
		close(loop->signal_fd);
	}
	close(loop->epoll);
	free(loop->heap[0].item);
	free(loop->heap[1].item);
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
	if (epoll_ctl(loop->epoll, op, fd, &event))
		return -1;
	io->loop = loop;
	io->fd = fd;
	io->events = events;
	return 0;
}

void np_io_stop(struct np_io *io)
{
	struct np_loop *loop = io->loop;
	int i;

	if (!loop)
		return;
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, io->fd, NULL);
	for (i = 0; i < loop->event_count; i++)
		if (loop->event[i].data.ptr == io)
			loop->event[i].data.ptr = NULL;
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
	struct np_heap *heap = &loop->heap[timer->real];

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
	heap = &timer->loop->heap[timer->real];
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
static int64_t np_heap_next(struct np_loop *loop, bool real)
{
	const struct np_heap *heap = &loop->heap[real];

	return heap->count ? np_timer_left(heap->item[0]) : -1;
}

int64_t np_loop_next(struct np_loop *loop)
{
	return np_heap_next(loop, false);
}

/*
 * Fires only the timers that are due now. A timer that restarts itself is left for the next
 * round.
 */
static int np_loop_fire(struct np_loop *loop, bool real)
{
	struct np_heap *heap = &loop->heap[real];
	int64_t now = np_loop_clock(loop, real);
	uint64_t order = loop->order;
	int n = 0;

	while (heap->count && heap->item[0]->due <= now &&
	       heap->item[0]->order < order) {
		struct np_timer *timer = heap->item[0];

		np_timer_stop(timer);
		timer->fire(timer->context);
		n++;
	}
	return n;
}

static int np_loop_wait(struct np_loop *loop, int64_t wait_ms)
{
	int64_t next;
	int real;

	for (real = 0; real <= 1; real++) {
		next = np_heap_next(loop, real);
		if (next >= 0 && (wait_ms < 0 || next < wait_ms))
			wait_ms = next;
	}
	if (wait_ms > INT32_MAX)
		wait_ms = INT32_MAX;
	loop->event_count = epoll_wait(loop->epoll, loop->event,
				       NP_LOOP_EVENTS, (int)wait_ms);
	if (loop->event_count >= 0)
		return 0;
	loop->event_count = 0;
	return errno == EINTR ? 0 : -1;
}

int np_loop_step(struct np_loop *loop, int64_t wait_ms)
{
	int i, n = 0;

	if (np_loop_wait(loop, wait_ms))
		return -1;
	for (i = 0; i < loop->event_count; i++) {
		struct np_io *io = loop->event[i].data.ptr;
		uint32_t got = loop->event[i].events;
		unsigned int events = 0;

		if (!io)
			continue;
		if (got & EPOLLIN)
			events |= NP_IO_READ;
		if (got & EPOLLOUT)
			events |= NP_IO_WRITE;
		if (got & (EPOLLERR | EPOLLHUP))
			events |= NP_IO_ERROR;
		io->ready(io->context, events);
		n++;
	}
	loop->event_count = 0;
	n += np_loop_fire(loop, true);
	n += np_loop_fire(loop, false);
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
