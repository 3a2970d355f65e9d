// SPDX-License-Identifier: GPL-2.0-or-later
#include "gap.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_NS 500000

static _Atomic int64_t longest;		/* ns */
static int file = -1;

/* The same in ns. */
static int64_t taken(void)
{
	char text[32] = {};

	if (file < 0)
		file = open("/proc/netpol_bench_time", O_RDONLY | O_CLOEXEC);
	return pread(file, text, sizeof(text) - 1, 0) > 0 ? atoll(text) : 0;
}

double gap_taken(void)
{
	return taken() / 1e9;
}

static void *watch(void *arg)
{
	const struct timespec period = { 0, PERIOD_NS };
	int64_t before = taken();

	for (;;) {
		int64_t now, known;

		nanosleep(&period, NULL);
		now = taken();
		known = longest;
		while (now - before > known &&
		       !atomic_compare_exchange_weak(&longest, &known, now - before))
			;
		before = now;
	}
	return arg;
}

int gap_open(void)
{
	struct sched_param param = { .sched_priority = 50 };
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	if (!taken())
		return -1;
	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &param);
	error = pthread_create(&thread, &attr, watch, NULL);
	pthread_attr_destroy(&attr);
	return error ? -1 : 0;
}

void gap_reset(void)
{
	longest = 0;
}

double gap_longest(void)
{
	return longest / 1e9;
}
