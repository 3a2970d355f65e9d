/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One event loop over epoll, for file descriptors, one-shot timers and signals. A loop belongs
 * to one thread. The caller owns each struct np_io and struct np_timer, zeroes it before its
 * first use and must stop it before its memory is freed. Any callback may stop any of them,
 * also one whose event is due in the same round. Callbacks run one at a time and may add and
 * remove everything, themselves included.
 *
 * A callback that works for long calls np_breathe() every now and then, in the functions that do
 * the work. What is marked as urgent is then called, in the middle of that work. So an urgent
 * callback may read and change only what no other work leaves half changed when it calls
 * np_breathe() or np_breathe_wait(): its own state, and flags and numbers that are set at once. It
 * may start and stop timers and descriptors of its own. It must be short. np_breathe() does nothing
 * inside of an urgent callback, so urgent callbacks too run one at a time.
 */
#ifndef NP_BASE_LOOP_H
#define NP_BASE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct np_loop;

/* What an np_io waits for, and what its callback is given. */
#define NP_IO_READ	1u
#define NP_IO_WRITE	2u
#define NP_IO_ERROR	4u	/* always watched; error or hang-up */

/* A file descriptor that the loop watches. The caller opens and closes it. */
struct np_io {
	void (*ready)(void *context, unsigned int events);
	void *context;
	bool urgent;		/* see above; must not change while the descriptor is watched */
	/* private */
	struct np_loop *loop;
	int fd;
	unsigned int events;
};

/* A one-shot timer: fire() is called once, and then the timer is stopped. */
struct np_timer {
	void (*fire)(void *context);
	void *context;
	/*
	 * True if the timer counts by CLOCK_MONOTONIC although the loop's clock was replaced, for
	 * libraries that read that clock themselves. Must not change while the timer runs.
	 */
	bool real;
	bool urgent;		/* see above; must not change while the timer runs */
	/* private */
	struct np_loop *loop;
	int64_t due;		/* milliseconds on its clock */
	/* timers that are due at the same time fire in the order in which they were started */
	uint64_t order;
	size_t index;		/* its index in the heap */
};

/* A clock in milliseconds. It must never go back. */
typedef int64_t (*np_clock)(void *context);

/* Makes a loop. Ends the program, as the allocators do, if the kernel has no resources for it. */
struct np_loop *np_loop_new(void);
/* Frees a loop, which may be NULL. Everything but signals must have been stopped before. */
void np_loop_free(struct np_loop *loop);

/*
 * Watches fd for events, or changes the events that are watched. Returns 0, or -1 with the
 * errno of epoll_ctl(2). An np_io watches one descriptor at a time.
 */
int np_io_set(struct np_loop *loop, struct np_io *io, int fd,
	      unsigned int events);
/* Stops watching. Must be called before close(fd). Does nothing if nothing is watched. */
void np_io_stop(struct np_io *io);

/* Starts or restarts a timer. A delay below 0 counts as 0. */
void np_timer_start(struct np_loop *loop, struct np_timer *timer,
		    int64_t delay_ms);
void np_timer_stop(struct np_timer *timer);
bool np_timer_active(const struct np_timer *timer);
/* Returns the milliseconds until the timer fires, or 0 if it is due or stopped. */
int64_t np_timer_left(const struct np_timer *timer);

/*
 * Calls fn from the loop whenever the process gets this signal. The signal is blocked from
 * then on, so child processes need a signal mask of their own. Each signal has one function;
 * NULL ends the calls but leaves the signal blocked. Returns 0, or -1 with errno.
 */
int np_loop_signal(struct np_loop *loop, int signo,
		   void (*fn)(void *context, int signo), void *context);

/* Returns the present time of the loop's clock. */
int64_t np_loop_now(struct np_loop *loop);
/* Replaces the clock of all timers that do not count by CLOCK_MONOTONIC. For tests. */
void np_loop_set_clock(struct np_loop *loop, np_clock clock, void *context);
/*
 * Moves the loop's clock ahead, so that its timers are due without waiting. Timers that count
 * by CLOCK_MONOTONIC are not affected. For tests.
 */
void np_loop_skip(struct np_loop *loop, int64_t ms);
/* Returns the milliseconds until the next timer on the loop's clock, or -1 if there is none. */
int64_t np_loop_next(struct np_loop *loop);

/* Runs the loop until np_loop_stop() is called. Returns 0, or -1 with errno if epoll fails. */
int np_loop_run(struct np_loop *loop);
void np_loop_stop(struct np_loop *loop);
/*
 * Runs one round: waits at most wait_ms for events (without limit if it is negative) and
 * handles those that came. Returns the number of callbacks that ran, or -1 with errno.
 */
int np_loop_step(struct np_loop *loop, int64_t wait_ms);

/*
 * To be called often in work that may take longer than a few milliseconds: it calls what is urgent
 * if the loop has not looked for 10 ms by its clock. It keeps errno. Outside of the callbacks of a
 * loop, and in a child that was forked, it does nothing. It is as cheap as reading the time.
 */
void np_breathe(void);
/*
 * Waits until fd can be read or has failed, at most wait_ms (without limit if it is negative), and
 * calls meanwhile what is urgent. Returns 1, 0 if the time is over, or -1 with errno.
 */
int np_breathe_wait(int fd, int64_t wait_ms);
/*
 * Calls fn in a thread of its own, waits until it has returned, and calls meanwhile what is urgent.
 * For a system call that works for long. fn must not use the loop, nor anything that is urgent. It
 * is called in this thread where np_breathe() does nothing.
 */
void np_breathe_call(void (*fn)(void *arg), void *arg);
/*
 * Returns the most nanoseconds of processor time that have passed between two looks at what is
 * urgent.
 */
int64_t np_loop_longest(const struct np_loop *loop);
/*
 * Returns for how many milliseconds, by the loop's clock, the callbacks of this round have been
 * running. What is urgent is called in the middle of work that never ends too, and finds out by
 * this that it does not.
 */
int64_t np_loop_busy(struct np_loop *loop);

#endif
