/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One event loop over epoll: file descriptors, one-shot timers, signals.
 *
 * A loop is used by one thread. The structs np_io and np_timer belong to the
 * caller, are zeroed before their first use, and must be taken out of the loop
 * before their memory goes; taking one out inside any callback is safe, also
 * when its own event is due in the same round. Callbacks run one at a time and
 * may add and remove everything, themselves included.
 */
#ifndef NP_BASE_LOOP_H
#define NP_BASE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct np_loop;

/* What an np_io waits for, and what it is told. */
#define NP_IO_READ	1u
#define NP_IO_WRITE	2u
#define NP_IO_ERROR	4u	/* always watched; error or hang-up */

/* One watched file descriptor; the descriptor stays the caller's. */
struct np_io {
	void (*ready)(void *context, unsigned int events);
	void *context;
	/* private */
	struct np_loop *loop;
	int fd;
	unsigned int events;
};

/* One-shot timer: fire() is called once, then it is stopped. */
struct np_timer {
	void (*fire)(void *context);
	void *context;
	/*
	 * Counts by CLOCK_MONOTONIC even if the loop's clock was replaced: for
	 * libraries that look at that clock themselves. Not to be changed
	 * while it runs.
	 */
	bool real;
	/* private */
	struct np_loop *loop;
	int64_t due;		/* milliseconds on its clock */
	uint64_t order;		/* equal due times fire in order of their start */
	size_t index;		/* in the heap */
};

/* A clock in milliseconds that never goes back. */
typedef int64_t (*np_clock)(void *context);

/* Exits if the kernel has no room for it, as the allocators do. */
struct np_loop *np_loop_new(void);
/* Nothing may be left in it but signals. NULL is fine. */
void np_loop_free(struct np_loop *loop);

/*
 * Watches fd for events, or changes what is watched. 0, or -1 with errno of
 * epoll_ctl(2). An np_io watches one descriptor at a time.
 */
int np_io_set(struct np_loop *loop, struct np_io *io, int fd,
	      unsigned int events);
/* Must come before close(fd). Harmless if it is not watched. */
void np_io_stop(struct np_io *io);

/* (Re)starts a timer; delays below 0 count as 0. */
void np_timer_start(struct np_loop *loop, struct np_timer *timer,
		    int64_t delay_ms);
void np_timer_stop(struct np_timer *timer);
bool np_timer_active(const struct np_timer *timer);
/* Milliseconds until it fires, 0 if it is due or stopped. */
int64_t np_timer_left(const struct np_timer *timer);

/*
 * Calls fn from the loop when the process gets this signal, which is blocked
 * from then on (children need an own mask). One function a signal; NULL stops
 * the calls but leaves the signal blocked. 0, or -1 with errno.
 */
int np_loop_signal(struct np_loop *loop, int signo,
		   void (*fn)(void *context, int signo), void *context);

/* Now, by the loop's clock. */
int64_t np_loop_now(struct np_loop *loop);
/* Replaces the clock of all timers that are not real; for tests. */
void np_loop_set_clock(struct np_loop *loop, np_clock clock, void *context);
/*
 * Moves the loop's clock ahead by ms, so that its timers fall due without
 * waiting; for tests. Real timers are not moved.
 */
void np_loop_skip(struct np_loop *loop, int64_t ms);
/* Milliseconds until the next timer that is not real; -1: there is none. */
int64_t np_loop_next(struct np_loop *loop);

/* Until np_loop_stop(); 0, or -1 with errno if epoll fails. */
int np_loop_run(struct np_loop *loop);
void np_loop_stop(struct np_loop *loop);
/*
 * One round: waits at most wait_ms (< 0: for ever) for something to happen,
 * then handles all of it. Returns how many callbacks ran, or -1 with errno.
 */
int np_loop_step(struct np_loop *loop, int64_t wait_ms);

#endif
