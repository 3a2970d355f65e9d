// SPDX-License-Identifier: GPL-2.0-or-later
#include "../e2e/e2e.h"

#include <pthread.h>
#include <netinet/tcp.h>

#include "prober.h"

#define SOURCE_PORT	40000
#define SETTLE		3000000		/* microseconds that a datagram may take at most */
#define STALL		8000000		/* ... and that a TCP connection may stand still */
#define COMPLAINTS	30

/*
 * struct pair - one flow of an ordered pair of slots
 * @state: what holds for it
 * @sequence: of the last number sent
 * @first: the first number sent in this state; it began with nothing under way
 * @count: how many of those came
 * @progress: TCP: when the last number came, or the state began
 * @pending: what went wrong since the state began; it counts once the state is set again,
 *           unless to PROBER_FREE
 * @to: where to
 * @fd: TCP: the client's end, -1 without connection
 * @peer: TCP: the server's end, -1 before it is accepted
 * @connected: TCP: the handshake is over
 */
struct pair {
	enum prober_state state;
	uint64_t sequence;
	uint64_t first;
	uint64_t count;
	uint64_t progress;
	struct prober_result pending;
	struct address to;
	int fd;
	int peer;
	bool connected;
};

/* One datagram, or one record of a TCP connection. */
struct number {
	uint32_t magic;
	uint16_t from;
	uint16_t to;
	uint64_t sequence;
};

#define MAGIC 0x6e70726fu

static pthread_t thread;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool ending;
static struct pair pairs[SLOTS][SLOTS][FLOWS];
static int source[SLOTS], sink[SLOTS], listener[SLOTS];
static struct prober_result result;
static unsigned int complaints;

/* By the main thread until the other one runs; setns() is a thread's own. */
static int slot_socket(unsigned int slot, int type, unsigned int port)
{
	struct address any;
	int fd, on = 1;

	netns_enter(slots[slot].netns);
	fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket in %s", slots[slot].netns);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	address_parse(&any, "0.0.0.0", port);
	if (bind(fd, &any.sa, any.len))
		die("port %u in %s", port, slots[slot].netns);
	netns_enter("-");
	return fd;
}

static void tcp_close(struct pair *p)
{
	if (p->fd >= 0)
		close(p->fd);
	if (p->peer >= 0)
		close(p->peer);
	p->fd = p->peer = -1;
	p->connected = false;
}

static void heard(unsigned int i, unsigned int j, enum flow flow, const struct number *n)
{
	struct pair *p = &pairs[i][j][flow];

	p->progress = now_us();
	p->count += n->sequence >= p->first;
	/*
	 * What a connection sent before lies in its queue and must not come either; a
	 * datagram that late was under way when the state began.
	 */
	if (p->state == PROBER_SHUT && (flow == FLOW_TCP || n->sequence >= p->first))
		p->pending.passed++;
}

static void udp_receive(unsigned int j)
{
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	char buffer[256];
	struct number n;
	ssize_t len;

	while ((len = recvfrom(sink[j], buffer, sizeof(buffer), 0, (struct sockaddr *)&from,
			       &size)) >= 0) {
		memcpy(&n, buffer, sizeof(n));
		if (len == sizeof(n) && n.magic == MAGIC && n.from < SLOTS && n.to == j)
			heard(n.from, j, FLOW_UDP, &n);
		else if (sendto(sink[j], buffer, (size_t)len, 0, (struct sockaddr *)&from,
				size) < 0)
			errno = 0;	/* whoever else asks gets an echo */
	}
}

/* The first number on a connection tells whose it is; others get echoes of one read. */
static void tcp_accept(unsigned int j)
{
	struct pair *p;
	struct number n;
	char other[64];
	int fd, i;
	ssize_t len;
	static struct {
		int fd;
		unsigned int slot;
		uint64_t begun;
	} fresh[256];

	while ((fd = accept4(listener[j], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		for (i = 0; i < 256 && fresh[i].fd; i++)
			;
		if (i == 256) {
			close(fd);
			continue;
		}
		fresh[i].fd = fd;
		fresh[i].slot = j;
		fresh[i].begun = now_us();
	}
	for (i = 0; i < 256; i++) {
		if (!fresh[i].fd || fresh[i].slot != j)
			continue;
		fd = fresh[i].fd;
		len = recv(fd, other, sizeof(n), MSG_PEEK);
		if (len < 0 && errno == EAGAIN && now_us() - fresh[i].begun < 60000000)
			continue;
		memcpy(&n, other, sizeof(n));
		if (len == sizeof(n) && n.magic == MAGIC && n.from < SLOTS && n.to == j) {
			p = &pairs[n.from][j][FLOW_TCP];
			if (p->peer >= 0)
				close(p->peer);
			p->peer = fd;
			fresh[i].fd = 0;
		} else if (len > 0 && len < (ssize_t)sizeof(n)) {
			len = recv(fd, other, sizeof(other), 0);
			if (len > 0 && send(fd, other, (size_t)len, MSG_NOSIGNAL) < 0)
				errno = 0;
		} else {
			close(fd);
			fresh[i].fd = 0;
		}
	}
}

static void tcp_receive(unsigned int i, unsigned int j)
{
	struct pair *p = &pairs[i][j][FLOW_TCP];
	struct number n;
	ssize_t len;

	while (p->peer >= 0) {
		len = recv(p->peer, &n, sizeof(n), MSG_PEEK);
		if (len == sizeof(n)) {
			len = recv(p->peer, &n, sizeof(n), 0);
			heard(i, j, FLOW_TCP, &n);
		} else if (!len || (len < 0 && errno != EAGAIN)) {
			close(p->peer);
			p->peer = -1;
		} else {
			break;
		}
	}
}

static void tcp_open(unsigned int i, unsigned int j)
{
	struct pair *p = &pairs[i][j][FLOW_TCP];
	int on = 1, type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	struct linger linger = { .l_onoff = 1 };

	netns_enter(slots[i].netns);
	p->fd = socket(AF_INET, type, 0);
	netns_enter("-");
	if (p->fd < 0)
		die("socket");
	setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	if (connect(p->fd, &p->to.sa, p->to.len) && errno != EINPROGRESS)
		tcp_close(p);
}

static void number_send(unsigned int i, unsigned int j, enum flow flow, int fd)
{
	struct pair *p = &pairs[i][j][flow];
	struct number n = { .magic = MAGIC, .from = (uint16_t)i, .to = (uint16_t)j,
			    .sequence = p->sequence + 1 };
	ssize_t len;

	if (flow == FLOW_UDP)
		len = sendto(fd, &n, sizeof(n), 0, &p->to.sa, p->to.len);
	else
		len = send(fd, &n, sizeof(n), MSG_NOSIGNAL);
	if (len == sizeof(n)) {
		p->sequence++;
		p->pending.sent++;
		if (flow == FLOW_TCP && !p->connected) {
			p->connected = true;
			p->pending.opened++;
		}
	} else if (flow == FLOW_TCP && errno != EAGAIN) {
		/* The attempt of a pair that is shut ends so, after its time. */
		p->pending.broken += p->connected && p->state == PROBER_OPEN;
		tcp_close(p);
	}
}

/*
 * A connection is kept through all that comes, so that one that was open and then shut
 * is seen to stay silent.
 */
static void tcp_round(unsigned int i, unsigned int j)
{
	struct pair *p = &pairs[i][j][FLOW_TCP];
	uint64_t now = now_us();

	if (p->fd < 0)
		tcp_open(i, j);
	if (p->fd >= 0)
		number_send(i, j, FLOW_TCP, p->fd);
	if (p->state == PROBER_OPEN && now - p->progress > STALL) {
		p->pending.lost++;
		p->progress = now;
		tcp_close(p);
	}
}

static void send_all(void)
{
	unsigned int i, j;

	for (i = 0; i < SLOTS; i++) {
		for (j = 0; j < SLOTS; j++) {
			if (pairs[i][j][FLOW_UDP].state != PROBER_ABSENT)
				number_send(i, j, FLOW_UDP, source[i]);
			if (pairs[i][j][FLOW_TCP].state != PROBER_ABSENT)
				tcp_round(i, j);
		}
	}
}

static void receive_all(void)
{
	unsigned int i, j;

	for (j = 0; j < SLOTS; j++) {
		udp_receive(j);
		tcp_accept(j);
		for (i = 0; i < SLOTS; i++)
			tcp_receive(i, j);
	}
}

static void *prober_thread(void *context)
{
	struct timespec pause = { .tv_nsec = PROBER_ROUND * 1000L };

	(void)context;
	for (;;) {
		pthread_mutex_lock(&lock);
		if (ending) {
			pthread_mutex_unlock(&lock);
			return NULL;
		}
		send_all();
		receive_all();
		pthread_mutex_unlock(&lock);
		nanosleep(&pause, NULL);
	}
}

void prober_begin(void)
{
	unsigned int i, j;
	enum flow flow;

	for (i = 0; i < SLOTS; i++) {
		source[i] = slot_socket(i, SOCK_DGRAM, SOURCE_PORT);
		sink[i] = slot_socket(i, SOCK_DGRAM, PROBER_UDP);
		listener[i] = slot_socket(i, SOCK_STREAM, PROBER_TCP);
		if (listen(listener[i], 128))
			die("listen");
		for (j = 0; j < SLOTS; j++)
			for (flow = 0; flow < FLOWS; flow++)
				pairs[i][j][flow].fd = pairs[i][j][flow].peer = -1;
	}
	if (pthread_create(&thread, NULL, prober_thread, NULL))
		die("pthread_create");
}

/* Has all come that was sent on pairs which were and stay OPEN? */
static bool settled(enum prober_state state[SLOTS][SLOTS][FLOWS])
{
	const struct pair *p;
	unsigned int i, j;

	for (i = 0; i < SLOTS; i++) {
		for (j = 0; j < SLOTS; j++) {
			p = &pairs[i][j][FLOW_UDP];
			if (p->state == PROBER_OPEN && state[i][j][FLOW_UDP] == PROBER_OPEN &&
			    p->sequence - p->first + 1 > p->count)
				return false;
		}
	}
	return true;
}

static void complain(unsigned int i, unsigned int j, enum flow flow)
{
	const struct prober_result *r = &pairs[i][j][flow].pending;

	if (complaints++ >= COMPLAINTS)
		return;
	printf("# %s %s (%s) -> %s (%s): %llu lost, %llu broken, %llu came through of %llu\n",
	       flow == FLOW_UDP ? "udp" : "tcp", slots[i].netns, slots[i].v4, slots[j].netns,
	       slots[j].v4, (unsigned long long)r->lost, (unsigned long long)r->broken,
	       (unsigned long long)r->passed, (unsigned long long)r->sent);
	fflush(stdout);
}

static void pair_set(unsigned int i, unsigned int j, enum flow flow, enum prober_state state)
{
	struct pair *p = &pairs[i][j][flow];
	struct prober_result *r = &p->pending;

	if (p->state == PROBER_OPEN && flow == FLOW_UDP)
		r->lost = p->sequence - p->first + 1 - p->count;
	if (p->state >= PROBER_OPEN && state >= PROBER_OPEN) {
		if (r->lost || r->broken || r->passed)
			complain(i, j, flow);
		result.sent += r->sent;
		result.opened += r->opened;
		result.lost += r->lost;
		result.broken += r->broken;
		result.passed += r->passed;
	}
	if (state == PROBER_ABSENT || (state == PROBER_OPEN && p->state != PROBER_OPEN))
		tcp_close(p);
	if (p->state != state)
		p->progress = now_us();
	if (state != PROBER_ABSENT)
		address_parse(&p->to, slots[j].v4, flow == FLOW_UDP ? PROBER_UDP : PROBER_TCP);
	memset(r, 0, sizeof(*r));
	p->state = state;
	p->first = p->sequence + 1;
	p->count = 0;
}

void prober_set(enum prober_state state[SLOTS][SLOTS][FLOWS])
{
	struct timespec pause = { .tv_nsec = 2000000 };
	uint64_t end = now_us() + SETTLE;
	unsigned int i, j;
	enum flow flow;

	pthread_mutex_lock(&lock);
	receive_all();
	while (!settled(state) && now_us() < end) {
		nanosleep(&pause, NULL);
		receive_all();
	}
	for (i = 0; i < SLOTS; i++)
		for (j = 0; j < SLOTS; j++)
			for (flow = 0; flow < FLOWS; flow++)
				pair_set(i, j, flow, state[i][j][flow]);
	pthread_mutex_unlock(&lock);
}

struct prober_result prober_result(void)
{
	struct prober_result r;

	pthread_mutex_lock(&lock);
	r = result;
	pthread_mutex_unlock(&lock);
	return r;
}

void prober_end(void)
{
	pthread_mutex_lock(&lock);
	ending = true;
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
}
