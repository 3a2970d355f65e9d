// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The event loop: order of timers, virtual time, descriptors that go away in
 * the middle of a round, signals.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "base/loop.h"

static char seen[64];
static int64_t virtual_now;

static int64_t virtual_clock(void *context)
{
	return virtual_now;
}

static void note(void *context)
{
	strncat(seen, context, sizeof(seen) - strlen(seen) - 1);
}

static void test_timers(void)
{
	struct np_loop *loop = np_loop_new();
	struct np_timer a = { .fire = note, .context = "a" };
	struct np_timer b = { .fire = note, .context = "b" };
	struct np_timer c = { .fire = note, .context = "c" };
	struct np_timer real = { .fire = note, .context = "r", .real = true };

	np_loop_set_clock(loop, virtual_clock, NULL);
	CHECK_EQ(np_loop_next(loop), -1);
	np_timer_start(loop, &b, 20);
	np_timer_start(loop, &c, 20);
	np_timer_start(loop, &a, 10);
	CHECK_EQ(np_loop_next(loop), 10);
	CHECK_EQ(np_loop_step(loop, 0), 0);
	virtual_now += 9;
	CHECK_EQ(np_loop_step(loop, 0), 0);
	CHECK_EQ(np_timer_left(&a), 1);
	virtual_now += 11;
	CHECK_EQ(np_loop_step(loop, -1), 3);
	CHECK_STR(seen, "abc");
	CHECK(!np_timer_active(&a));
	/* restarted, stopped, skipped */
	np_timer_start(loop, &a, 5);
	np_timer_start(loop, &a, 500);
	np_timer_start(loop, &b, 100);
	np_timer_start(loop, &c, 300);
	np_timer_stop(&c);
	np_timer_stop(&c);
	np_loop_skip(loop, 200);
	CHECK_EQ(np_loop_step(loop, 0), 1);
	CHECK_STR(seen, "abcb");
	CHECK_EQ(np_loop_next(loop), 300);
	/* a real timer fires though the loop's clock stands still */
	np_timer_start(loop, &real, 1);
	while (np_loop_step(loop, -1) == 0)
		;
	CHECK_STR(seen, "abcbr");
	np_timer_stop(&a);
	np_loop_free(loop);
}

/* Random starts and stops against the order that they must fire in. */
static struct many {
	struct np_timer timer;
	int64_t due;
	bool fired;
} many[200];

static int64_t last_due;
static unsigned int fired, early;

static void many_fire(void *context)
{
	struct many *m = context;

	m->fired = true;
	fired++;
	if (m->due < last_due)
		early++;
	last_due = m->due;
}

static void test_heap(void)
{
	struct np_loop *loop = np_loop_new();
	unsigned int i, round, stopped = 0;

	np_loop_set_clock(loop, virtual_clock, NULL);
	srand(1);
	for (round = 0; round < 4; round++)
		for (i = 0; i < 200; i++) {
			int64_t delay = rand() % 1000;

			many[i].timer.fire = many_fire;
			many[i].timer.context = &many[i];
			many[i].due = virtual_now + delay;
			np_timer_start(loop, &many[i].timer, delay);
		}
	for (i = 0; i < 200; i += 3, stopped++)
		np_timer_stop(&many[i].timer);
	while (np_loop_next(loop) >= 0) {
		virtual_now += np_loop_next(loop);
		CHECK(np_loop_step(loop, 0) > 0);
	}
	CHECK_EQ(fired, 200 - stopped);
	CHECK_EQ(early, 0);
	np_loop_free(loop);
}

static struct np_timer again;
static struct np_loop *again_loop;

static void fire_again(void *context)
{
	note(context);
	np_timer_start(again_loop, &again, 0);
}

/* A timer that always restarts itself at once must not stop the rest. */
static void test_fair(void)
{
	again_loop = np_loop_new();
	again.fire = fire_again;
	again.context = "x";
	*seen = 0;
	np_timer_start(again_loop, &again, 0);
	CHECK_EQ(np_loop_step(again_loop, 0), 1);
	CHECK_EQ(np_loop_step(again_loop, 0), 1);
	CHECK_STR(seen, "xx");
	np_timer_stop(&again);
	np_loop_free(again_loop);
}

static struct np_io ends[2];
static unsigned int calls;

static void ready(void *context, unsigned int events)
{
	calls++;
	/* whichever is first takes both out and frees nothing twice */
	np_io_stop(&ends[0]);
	np_io_stop(&ends[1]);
}

static void test_io(void)
{
	struct np_loop *loop = np_loop_new();
	int a[2], b[2];

	if (!CHECK(!pipe(a) && !pipe(b)))
		return;
	ends[0].ready = ready;
	ends[1].ready = ready;
	CHECK_EQ(np_io_set(loop, &ends[0], a[0], NP_IO_READ), 0);
	CHECK_EQ(np_io_set(loop, &ends[1], b[0], NP_IO_READ), 0);
	CHECK_EQ(write(a[1], "x", 1), 1);
	CHECK_EQ(write(b[1], "x", 1), 1);
	CHECK_EQ(np_loop_step(loop, -1), 1);
	CHECK_EQ(np_loop_step(loop, 0), 0);
	CHECK_EQ(calls, 1);
	/* a hang-up is told though only writing was asked for */
	CHECK_EQ(np_io_set(loop, &ends[0], a[1], NP_IO_WRITE), 0);
	CHECK_EQ(np_io_set(loop, &ends[0], a[1], 0), 0);
	close(a[0]);
	CHECK_EQ(np_loop_step(loop, 1000), 1);
	CHECK_EQ(np_io_set(loop, &ends[0], -1, NP_IO_READ), -1);
	close(a[1]);
	close(b[0]);
	close(b[1]);
	np_loop_free(loop);
}

static struct np_loop *signal_loop;
static int signals_seen;

static void on_signal(void *context, int signo)
{
	signals_seen = signals_seen * 100 + signo;
	np_loop_stop(signal_loop);
}

static void test_signals(void)
{
	signal_loop = np_loop_new();
	CHECK_EQ(np_loop_signal(signal_loop, SIGUSR1, on_signal, NULL), 0);
	CHECK_EQ(np_loop_signal(signal_loop, SIGUSR2, on_signal, NULL), 0);
	CHECK_EQ(np_loop_signal(signal_loop, 0, on_signal, NULL), -1);
	kill(getpid(), SIGUSR2);
	CHECK_EQ(np_loop_run(signal_loop), 0);
	CHECK_EQ(signals_seen, SIGUSR2);
	CHECK_EQ(np_loop_signal(signal_loop, SIGUSR2, NULL, NULL), 0);
	kill(getpid(), SIGUSR2);
	kill(getpid(), SIGUSR1);
	CHECK_EQ(np_loop_run(signal_loop), 0);
	CHECK_EQ(signals_seen, SIGUSR2 * 100 + SIGUSR1);
	np_loop_free(signal_loop);
}

int main(void)
{
	test_timers();
	test_heap();
	test_fair();
	test_io();
	test_signals();
	return check_done("loop");
}
