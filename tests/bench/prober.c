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
 * @sent: packets sent
 * @at: when, rows_clock()
 * @came: it arrived
 */
struct prober_log {
	volatile bool stop;
	volatile uint32_t sent;
	volatile double at[LOG_PACKETS];
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
		log->sent = i + 1;
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

static void take_packets(struct prober_log *log, int fd)
{
	int64_t word;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		word = udp_take(fd, 1000);
		if (word >= 0 && word < LOG_PACKETS)
			log->came[word] = 1;
	}
}

/* Waits until so many packets were sent. */
static bool wait_sent(const struct prober *prober, uint32_t sent)
{
	double end = rows_clock() + 20;

	while (prober->log->sent < sent) {
		if (rows_clock() > end)
			return false;
		usleep(200);
	}
	/* what is on its way */
	usleep(2000);
	return true;
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

		if (!wait_sent(prober, mark + SETTLE))
			return -1;
		for (i = mark; i < mark + SETTLE / 2; i++)
			right += prober->log->came[i] == allowed;
		if (right == SETTLE / 2)
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
	uint32_t i, first = UINT32_MAX, last = UINT32_MAX, end = log->sent + SETTLE;

	memset(result, 0, sizeof(*result));
	if (end > LOG_PACKETS || !wait_sent(prober, end + SETTLE))
		return -1;
	for (i = mark; i < end; i++) {
		if (log->came[i] == allowed) {
			if (log->at[i] < call)
				result->wrong++;
			if (first == UINT32_MAX)
				first = i;
		} else {
			if (first != UINT32_MAX)
				result->wrong++;
			last = i;
		}
	}
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
