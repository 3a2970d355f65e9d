// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The event loop: order of timers, virtual time, descriptors that go away in
 * the middle of a round, signals, and what is urgent in the middle of long work.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/wait.h>

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

/* --- what is urgent ---------------------------------------------------------------- */

static struct np_loop *busy_loop;
static struct np_timer urgent_timer, plain_timer, busy_timer;
static struct np_io urgent_io, plain_io;
static int urgent_pipe[2], plain_pipe[2], answer_pipe[2];
static void (*busy_work)(void);

static void busy(void *context)
{
	busy_work();
}

static void urgent_fired(void *context)
{
	strcat(seen, "t");
	np_timer_start(busy_loop, &urgent_timer, 100);
	/* Nothing is urgent enough to interrupt this. */
	np_loop_skip(busy_loop, 1000);
	np_breathe();
	CHECK_EQ(np_breathe_wait(urgent_pipe[0], 0), 0);
}

static void urgent_ready(void *context, unsigned int events)
{
	char byte;

	CHECK_EQ(read(urgent_pipe[0], &byte, 1), 1);
	strncat(seen, &byte, 1);
	np_breathe();
	errno = EDOM;
}

static void plain_ready(void *context, unsigned int events)
{
	char byte;

	CHECK_EQ(read(plain_pipe[0], &byte, 1), 1);
	strcat(seen, "p");
}

/* Runs work in a callback of a loop in which something urgent and something else is due. */
static void run_busy(void (*work)(void))
{
	*seen = 0;
	busy_work = work;
	busy_loop = np_loop_new();
	np_loop_set_clock(busy_loop, virtual_clock, NULL);
	CHECK(!pipe(urgent_pipe) && !pipe(plain_pipe) && !pipe(answer_pipe));
	urgent_io = (struct np_io){ .ready = urgent_ready, .urgent = true };
	plain_io = (struct np_io){ .ready = plain_ready };
	urgent_timer = (struct np_timer){ .fire = urgent_fired, .urgent = true };
	plain_timer = (struct np_timer){ .fire = note, .context = "n" };
	busy_timer = (struct np_timer){ .fire = busy };
	np_io_set(busy_loop, &urgent_io, urgent_pipe[0], NP_IO_READ);
	np_io_set(busy_loop, &plain_io, plain_pipe[0], NP_IO_READ);
	np_timer_start(busy_loop, &busy_timer, 0);
	CHECK_EQ(np_loop_busy(busy_loop), 0);
	np_loop_step(busy_loop, 0);
	CHECK_EQ(np_loop_busy(busy_loop), 0);
	np_timer_stop(&urgent_timer);
	np_timer_stop(&plain_timer);
	np_io_stop(&urgent_io);
	np_io_stop(&plain_io);
	np_loop_free(busy_loop);
	close(urgent_pipe[0]);
	close(urgent_pipe[1]);
	close(plain_pipe[0]);
	close(plain_pipe[1]);
	close(answer_pipe[0]);
	close(answer_pipe[1]);
}

static void send_both(const char *byte)
{
	CHECK_EQ(write(urgent_pipe[1], byte, 1), 1);
	CHECK_EQ(write(plain_pipe[1], byte, 1), 1);
}

static void work_long(void)
{
	np_timer_start(busy_loop, &urgent_timer, 50);
	np_timer_start(busy_loop, &plain_timer, 0);
	send_both("1");
	np_breathe();
	CHECK_STR(seen, "");		/* the loop has looked a moment ago */
	np_loop_skip(busy_loop, 20);
	errno = ERANGE;
	np_breathe();
	CHECK_EQ(errno, ERANGE);
	CHECK_STR(seen, "1");		/* the descriptor; nothing that is not urgent */
	np_breathe();
	np_loop_skip(busy_loop, 40);
	np_breathe();
	CHECK_STR(seen, "1t");		/* the timer, which has moved the clock ahead */
	send_both("2");
	np_loop_skip(busy_loop, 20);
	np_breathe();
	CHECK_STR(seen, "1t2t");
}

static void work_waits(void)
{
	np_timer_start(busy_loop, &urgent_timer, 50);
	send_both("3");
	CHECK_EQ(np_breathe_wait(answer_pipe[0], 20), 0);
	CHECK_STR(seen, "3");
	CHECK_EQ(write(answer_pipe[1], "a", 1), 1);
	CHECK_EQ(np_breathe_wait(answer_pipe[0], -1), 1);
	CHECK_STR(seen, "3");
}

/* A child that was forked must not answer in its parent's name. */
static void work_forks(void)
{
	int status = -1;
	pid_t pid;

	send_both("4");
	np_loop_skip(busy_loop, 1000);
	pid = fork();
	if (!pid) {
		np_breathe();
		np_loop_skip(busy_loop, 1000);
		np_breathe();
		_exit(np_breathe_wait(urgent_pipe[0], 1000) != 1 || *seen);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK_EQ(status, 0);
	np_breathe();
	CHECK_STR(seen, "4");
}

static void wait_for_answer(void *arg)
{
	char byte;

	CHECK_EQ(read(answer_pipe[0], &byte, 1), 1);
	*(char *)arg = byte;
}

static void answer(void *context)
{
	CHECK_EQ(write(answer_pipe[1], "b", 1), 1);
}

/* A call that ends only when something urgent has run. */
static void work_apart(void)
{
	struct np_timer helper = { .fire = answer, .real = true, .urgent = true };
	char byte = 0;

	np_timer_start(busy_loop, &helper, 0);
	np_breathe_call(wait_for_answer, &byte);
	CHECK_EQ(byte, 'b');
}

/* What is urgent can find out for how long the work in the middle of which it runs has lasted. */
static void work_hangs(void)
{
	CHECK_EQ(np_loop_busy(busy_loop), 0);
	np_loop_skip(busy_loop, 5000);
	np_breathe();
	np_loop_skip(busy_loop, 5000);
	CHECK_EQ(np_loop_busy(busy_loop), 10000);
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void work_hard(void)
{
	double from = cpu_seconds();
	unsigned int i;

	/* Twenty times 5 ms of processor time with a look after each, and once 40 ms. */
	for (i = 1; i <= 20; i++) {
		while (cpu_seconds() < from + 0.005 * i)
			;
		np_loop_skip(busy_loop, 1000);
		np_breathe();
	}
	CHECK(np_loop_longest(busy_loop) >= 5000000);
	CHECK(np_loop_longest(busy_loop) < 40000000);
	from = cpu_seconds();
	while (cpu_seconds() < from + 0.04)
		;
	np_loop_skip(busy_loop, 1000);
	np_breathe();
	CHECK(np_loop_longest(busy_loop) >= 40000000);
}

/* Several callbacks that are short do not keep what is urgent waiting together either. */
static void fire_short(void *context)
{
	np_loop_skip(busy_loop, 8);
	strcat(seen, "s");
}

static void test_short(void)
{
	struct np_timer each[4];
	unsigned int i;

	*seen = 0;
	busy_loop = np_loop_new();
	np_loop_set_clock(busy_loop, virtual_clock, NULL);
	urgent_timer = (struct np_timer){ .fire = note, .context = "u", .urgent = true };
	np_timer_start(busy_loop, &urgent_timer, 10);
	for (i = 0; i < 4; i++) {
		each[i] = (struct np_timer){ .fire = fire_short };
		np_timer_start(busy_loop, &each[i], 0);
	}
	CHECK_EQ(np_loop_next(busy_loop), 0);
	np_loop_step(busy_loop, 0);
	CHECK_STR(seen, "ssuss");
	np_loop_free(busy_loop);
}

static void test_urgent(void)
{
	np_breathe();		/* outside of all loops */
	run_busy(work_long);
	run_busy(work_waits);
	run_busy(work_forks);
	run_busy(work_apart);
	run_busy(work_hangs);
	run_busy(work_hard);
	test_short();
}

int main(void)
{
	test_timers();
	test_heap();
	test_fair();
	test_io();
	test_signals();
	test_urgent();
	return check_done("loop");
}
