// SPDX-License-Identifier: GPL-2.0-or-later
#include "prober.h"

#include <arpa/inet.h>
#include <sys/mman.h>
#include <time.h>

#include "netpol_net.h"
#include "rows.h"

#define LOG_PACKETS	(1U << 21)
#define SETTLE		50

/**
 * struct prober_log - what was sent and what came
 * @stop: the sender ends
 * @pause: raised: the sender pauses until it is even again
 * @paused: it has seen this value of @pause
 * @drained: with this value of @pause nothing came any more
 * @sent: packets sent
 * @at: when it began to send one, rows_clock()
 * @done: when it had sent it
 * @came: it arrived
 */
struct prober_log {
	volatile bool stop;
	volatile uint32_t pause;
	volatile uint32_t paused;
	volatile uint32_t drained;
	volatile uint32_t sent;
	volatile double at[LOG_PACKETS];
	volatile double done[LOG_PACKETS];
	volatile uint8_t came[LOG_PACKETS];
};

static struct netpod pods[2];

int prober_open(struct prober *prober)
{
	struct in_addr address;
	int i;

	memset(prober, 0, sizeof(*prober));
	if (node_enter())
		return -1;
	for (i = 0; i < 2; i++) {
		if (netpod_new(&pods[i], i + 1))
			return -1;
		prober->ifindex[i] = pods[i].ifindex;
	}
	inet_pton(AF_INET, pods[0].address4, &address);
	prober->client = ntohl(address.s_addr);
	inet_pton(AF_INET, pods[1].address4, &address);
	prober->server = ntohl(address.s_addr);
	prober->log = mmap(NULL, sizeof(*prober->log), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return prober->log == MAP_FAILED ? -1 : 0;
}

static void send_packets(struct prober_log *log, int fd)
{
	struct timespec next;
	uint32_t i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (i = 0; i < LOG_PACKETS && !log->stop; i++) {
		struct timespec now;

		log->at[i] = rows_clock();
		udp_send(fd, pods[1].address4, PROBER_PORT, i);
		log->done[i] = rows_clock();
		log->sent = i + 1;
		while (log->pause % 2) {
			log->paused = log->pause;
			usleep(100);
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
		next.tv_nsec += 100000;
		if (next.tv_nsec >= 1000000000) {
			next.tv_nsec -= 1000000000;
			next.tv_sec++;
		}
		/* no burst to make up for lost time */
		if (now.tv_sec > next.tv_sec ||
		    (now.tv_sec == next.tv_sec && now.tv_nsec > next.tv_nsec))
			next = now;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	_exit(0);
}

/*
 * Nothing came three times in a row: where the processor is emulated, the clock can jump past the
 * end of one wait while packets are still on their way.
 */
#define QUIET		3

static void take_packets(struct prober_log *log, int fd)
{
	uint32_t quiet = 0;
	int64_t word;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		uint32_t paused = log->paused;

		word = udp_take(fd, 20);
		quiet = word < 0 && paused == log->pause ? quiet + 1 : 0;
		if (word >= 0 && word < LOG_PACKETS)
			log->came[word] = 1;
		else if (quiet >= QUIET)
			log->drained = paused;
	}
}

/* Waits for a number in the log to reach a value. */
static bool wait_for(const volatile uint32_t *number, uint32_t value)
{
	double end = rows_clock() + 20;

	while (*number < value) {
		if (rows_clock() > end)
			return false;
		usleep(200);
	}
	return true;
}

/* Sends so many more packets, then none until all of them are accounted for. */
static bool settle(struct prober_log *log, uint32_t packets)
{
	if (!wait_for(&log->sent, log->sent + packets))
		return false;
	log->pause++;
	return wait_for(&log->paused, log->pause) && wait_for(&log->drained, log->pause);
}

int prober_start(struct prober *prober, bool allowed)
{
	int size = 8 << 20, from, at;
	double end = rows_clock() + 20;

	from = udp_open(&pods[0], pods[0].address4, PROBER_PORT);
	at = udp_open(&pods[1], pods[1].address4, PROBER_PORT);
	if (from < 0 || at < 0)
		return -1;
	setsockopt(at, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	prober->pid[0] = fork();
	if (!prober->pid[0])
		send_packets(prober->log, from);
	prober->pid[1] = fork();
	if (!prober->pid[1])
		take_packets(prober->log, at);
	close(from);
	close(at);
	while (rows_clock() < end) {
		uint32_t i, mark = prober_mark(prober), right = 0;

		if (!settle(prober->log, SETTLE))
			return -1;
		for (i = mark; i < prober->log->sent; i++)
			right += prober->log->came[i] == allowed;
		prober->log->pause++;
		if (right == i - mark)
			return 0;
	}
	return -1;
}

uint32_t prober_mark(const struct prober *prober)
{
	return prober->log->sent;
}

int prober_look(struct prober *prober, uint32_t mark, double call, bool allowed,
		struct prober_result *result)
{
	struct prober_log *log = prober->log;
	uint32_t i, first = UINT32_MAX, last = UINT32_MAX, end;

	memset(result, 0, sizeof(*result));
	if (!settle(log, SETTLE))
		return -1;
	end = log->sent;
	for (i = mark; i < end; i++) {
		if (log->came[i] == allowed) {
			if (log->done[i] < call)
				result->wrong++;
			if (first == UINT32_MAX)
				first = i;
		} else {
			if (first != UINT32_MAX)
				result->wrong++;
			last = i;
		}
	}
	log->pause++;
	if (first == UINT32_MAX)
		return -1;
	result->packets = end - mark;
	result->interval = (log->at[end - 1] - log->at[mark]) / (end - 1 - mark);
	result->first_new = log->at[first] - call;
	result->last_old = last == UINT32_MAX ? 0 : log->at[last] - call;
	if (result->last_old < 0)
		result->last_old = 0;
	return 0;
}

void prober_stop(struct prober *prober)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (prober->pid[i] <= 0)
			continue;
		kill(prober->pid[i], SIGKILL);
		waitpid(prober->pid[i], NULL, 0);
		prober->pid[i] = 0;
	}
	/* all zero again, and no memory */
	madvise(prober->log, sizeof(*prober->log), MADV_REMOVE);
}
