// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hold - long-lived connections, watched while commands run.
 *
 *   hold [-i US] [-l SECONDS] LIST EXPECT COMMAND [EXPECT COMMAND...]
 *
 * LIST is a file; a line is "NAME PROTO CLIENT-NETNS SERVER-NETNS ADDRESS PORT", PROTO
 * tcp or udp. Of each connection both ends send a number every US microseconds (5000).
 * With TCP the server talks first, and the client only after it has heard ten numbers.
 * When all of them flow both ways, each COMMAND is run by a shell in turn. Once it has
 * returned, the connections are watched until they are what EXPECT says:
 *
 *   cut      nothing comes through, either way, for half a second of sending
 *   open     numbers come through both ways
 *   steady   open, and nothing at all was lost since the phase before
 *
 * or a list NAME=EXPECT,... where the name "*" means all others. Answers, for each
 * phase, connection and direction ("out": from the client, "back"):
 *
 *   PHASE NAME DIRECTION STATE last=US first=US lost=N
 *
 * last: from the return of the command to the last number that came through, 0 if that
 * was before; first: to the first one that came through in this phase, 0 likewise;
 * lost: datagrams lost, segments that had to be sent again. A number counts as come
 * through when the receiving pod's interface took it (SO_TIMESTAMPNS). Exit status 1 if
 * an expectation is not met in SECONDS (15).
 */
#include "e2e.h"

#include <signal.h>
#include <linux/tcp.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#define CONNECTIONS_MAX	64
#define SILENCE		500000		/* microseconds that make "cut" */
#define SILENCE_SENT	50		/* and numbers sent meanwhile */
#define FLOWING		20		/* numbers each way that make "open" */
#define WATCH		300000		/* at least, after a command */

enum { OUT, BACK };
enum expect { EXPECT_CUT, EXPECT_OPEN, EXPECT_STEADY };

static const char *const expect_name[] = { "cut", "open", "steady" };

struct way {
	uint64_t sent;
	uint64_t got;
	uint64_t top;		/* of a datagram: the highest number that came, plus one */
	uint64_t last;		/* CLOCK_REALTIME us of the last number that came */
	uint64_t sent_then;	/* what was sent by then */
	/* since the phase began */
	uint64_t first;
	uint64_t got_before;
	uint64_t lost_before;
	uint64_t got_return;	/* got when the command had returned */
};

struct connection {
	char name[64];
	char client_netns[128];
	char server_netns[128];
	struct address address;
	bool udp;
	int client;
	int server;		/* -1 until accepted */
	int listener;
	struct way way[2];
	enum expect expect;
	bool met;
};

static struct connection list[CONNECTIONS_MAX];
static unsigned int count;
static uint64_t interval = 5000;
static uint64_t limit = 15000000;
static int ep;

static uint64_t real_us(void)
{
	return clock_us(CLOCK_REALTIME);
}

static void watch(int fd, unsigned int index, unsigned int role)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)role << 32 | index };

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event))
		die("epoll_ctl");
}

static void socket_prepare(int fd, bool udp)
{
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) ||
	    (!udp && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on))))
		die("socket options");
}

static void connection_open(struct connection *c)
{
	int type = (c->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, on = 1;
	int family = c->address.sa.sa_family;
	struct address any = c->address;
	unsigned int index = (unsigned int)(c - list);

	if (family == AF_INET)
		any.v4.sin_addr.s_addr = 0;
	else
		any.v6.sin6_addr = in6addr_any;
	netns_enter(c->server_netns);
	c->listener = socket(family, type, 0);
	if (family == AF_INET6)
		setsockopt(c->listener, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	setsockopt(c->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(c->listener, &any.sa, any.len) || (!c->udp && listen(c->listener, 4)))
		die("%s: the server's port", c->name);
	c->server = -1;
	if (c->udp) {
		socket_prepare(c->listener, true);
		c->server = c->listener;
	}
	watch(c->listener, index, c->udp ? OUT : 2);
	netns_enter(c->client_netns);
	c->client = socket(family, type, 0);
	socket_prepare(c->client, c->udp);
	if (connect(c->client, &c->address.sa, c->address.len) && errno != EINPROGRESS)
		die("%s: connect", c->name);
	watch(c->client, index, BACK);
	netns_enter("-");
}

static void list_read(const char *path)
{
	char line[512], proto[16], address[64];
	struct connection *c;
	unsigned int port;
	FILE *file = fopen(path, "r");

	if (!file)
		die("%s", path);
	while (fgets(line, sizeof(line), file)) {
		errno = 0;
		if (*line == '\n')
			continue;
		c = &list[count++];
		if (count > CONNECTIONS_MAX ||
		    sscanf(line, "%63s %15s %127s %127s %63s %u", c->name, proto,
			   c->client_netns, c->server_netns, address, &port) != 6)
			die("%s: not a line of a list: %s", path, line);
		c->udp = !strcmp(proto, "udp");
		address_parse(&c->address, address, port);
		connection_open(c);
	}
	fclose(file);
}

/* --- numbers out and in ------------------------------------------------------ */

static void number_send(struct way *way, int fd)
{
	uint64_t number = way->sent;

	if (fd < 0 || send(fd, &number, sizeof(number), MSG_NOSIGNAL) != sizeof(number))
		return;
	way->sent++;
}

static void send_all(void)
{
	struct connection *c;
	unsigned int i;

	for (i = 0; i < count; i++) {
		c = &list[i];
		/* The server talks first, but UDP needs a client that knocks. */
		if (c->udp || c->way[BACK].got >= 10)
			number_send(&c->way[OUT], c->client);
		if (!c->udp || c->way[OUT].got)
			number_send(&c->way[BACK], c->server);
	}
}

/* When the packet reached the pod: the kernel's own time stamp. */
static uint64_t message_time(struct msghdr *msg)
{
	struct cmsghdr *c;
	struct timespec ts;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&ts, CMSG_DATA(c), sizeof(ts));
			return (uint64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
		}
	}
	return real_us();
}

static void numbers_take(struct connection *c, unsigned int role)
{
	int fd = role == OUT ? c->server : c->client;
	struct way *way = &c->way[role];
	static uint64_t room[8192];
	union {
		char room[256];
		struct cmsghdr align;
	} control;
	struct address peer;
	struct iovec vec = { .iov_base = room, .iov_len = sizeof(room) };
	struct msghdr msg = {
		.msg_name = &peer.sa, .msg_iov = &vec, .msg_iovlen = 1,
		.msg_control = &control,
	};
	ssize_t len;

	for (;;) {
		msg.msg_namelen = sizeof(peer.v6);
		msg.msg_controllen = sizeof(control);
		len = recvmsg(fd, &msg, 0);
		if (len < (ssize_t)sizeof(*room))
			return;
		if (c->udp && role == OUT && !way->got &&
		    connect(fd, &peer.sa, msg.msg_namelen))
			die("%s: the server's connect", c->name);
		if (c->udp) {
			/* one that another processor has overtaken is late, not lost */
			if (room[0] >= way->top)
				way->top = room[0] + 1;
			way->got++;
		} else {
			way->got += (uint64_t)len / sizeof(*room);
		}
		way->last = message_time(&msg);
		way->sent_then = way->sent;
		if (!way->first)
			way->first = way->last;
	}
}

static void step(void)
{
	static uint64_t due;
	struct epoll_event events[64];
	struct connection *c;
	unsigned int role;
	uint64_t now = now_us();
	int n;

	if (now >= due) {
		send_all();
		due = now + interval;
	}
	n = epoll_wait(ep, events, 64, 1);
	while (n > 0) {
		c = &list[(uint32_t)events[--n].data.u64];
		role = (unsigned int)(events[n].data.u64 >> 32);
		if (role < 2) {
			numbers_take(c, role);
			continue;
		}
		netns_enter(c->server_netns);
		c->server = accept4(c->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		netns_enter("-");
		if (c->server < 0)
			die("%s: accept", c->name);
		epoll_ctl(ep, EPOLL_CTL_DEL, c->listener, NULL);
		socket_prepare(c->server, false);
		watch(c->server, (unsigned int)(c - list), OUT);
	}
}

/* --- phases ------------------------------------------------------------------ */

/*
 * Segments sent again that the other end had not got: what a probe or a timer of TCP sent
 * in vain, because the machine was slow, comes back as a duplicate (DSACK).
 */
static uint64_t lost(const struct connection *c, unsigned int role)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	if (c->udp)
		return c->way[role].top - c->way[role].got;
	getsockopt(role == OUT ? c->client : c->server, IPPROTO_TCP, TCP_INFO, &info, &size);
	return info.tcpi_total_retrans > info.tcpi_dsack_dups ?
	       info.tcpi_total_retrans - info.tcpi_dsack_dups : 0;
}

static enum expect expect_parse(const char *text, size_t len)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (strlen(expect_name[i]) == len && !strncmp(text, expect_name[i], len))
			return i;
	errno = 0;
	die("\"%s\" is no expectation", text);
}

static void expect_set(const char *text)
{
	bool set[CONNECTIONS_MAX] = { false };
	const char *end, *equals;
	unsigned int i;
	bool any;

	if (!strchr(text, '=')) {
		for (i = 0; i < count; i++)
			list[i].expect = expect_parse(text, strlen(text));
		return;
	}
	for (; *text; text = *end ? end + 1 : end) {
		end = text + strcspn(text, ",");
		equals = memchr(text, '=', (size_t)(end - text));
		errno = 0;
		if (!equals)
			die("\"%s\": an = is missing", text);
		any = *text == '*';
		for (i = 0; i < count; i++) {
			if (any ? set[i] : strlen(list[i].name) != (size_t)(equals - text) ||
			    strncmp(list[i].name, text, (size_t)(equals - text)))
				continue;
			set[i] = true;
			list[i].expect = expect_parse(equals + 1, (size_t)(end - equals - 1));
		}
	}
}

static bool way_met(const struct connection *c, unsigned int role, uint64_t now)
{
	const struct way *way = &c->way[role];

	switch (c->expect) {
	case EXPECT_CUT:
		return now >= way->last + SILENCE &&
		       (!c->udp || way->sent - way->sent_then >= SILENCE_SENT);
	case EXPECT_STEADY:
		if (lost(c, role) > way->lost_before)
			return false;
		break;
	case EXPECT_OPEN:
		break;
	}
	return way->got - way->got_return >= FLOWING;
}

static bool all_met(void)
{
	uint64_t now = real_us();
	bool all = true;
	unsigned int i;

	for (i = 0; i < count; i++) {
		list[i].met = way_met(&list[i], OUT, now) && way_met(&list[i], BACK, now);
		all &= list[i].met;
	}
	return all;
}

/* Runs a shell command in the background; its time of return comes through the pipe. */
static int command_start(const char *command)
{
	uint64_t answer[2];
	int ends[2], status;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid) {
		close(ends[1]);
		fcntl(ends[0], F_SETFL, O_NONBLOCK);
		return ends[0];
	}
	pid = fork();
	if (!pid) {
		dup2(2, 1);
		signal(SIGPIPE, SIG_DFL);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	answer[0] = real_us();
	answer[1] = (uint64_t)status;
	_exit(write(ends[1], answer, sizeof(answer)) != sizeof(answer));
}

static uint64_t since(uint64_t time, uint64_t start)
{
	return time > start ? time - start : 0;
}

static void phase_print(unsigned int phase, uint64_t returned)
{
	const struct connection *c;
	const struct way *way;
	unsigned int i, role;

	for (i = 0; i < count; i++) {
		c = &list[i];
		for (role = OUT; role <= BACK; role++) {
			way = &c->way[role];
			printf("%u %s %s %s%s last=%llu first=%llu lost=%llu\n", phase, c->name,
			       role == OUT ? "out" : "back", c->met ? "" : "not-",
			       expect_name[c->expect],
			       (unsigned long long)since(way->last, returned),
			       (unsigned long long)since(way->first, returned),
			       (unsigned long long)since(lost(c, role), way->lost_before));
		}
	}
	fflush(stdout);
}

static bool phase_run(unsigned int phase, const char *expect, const char *command)
{
	uint64_t answer[2], began;
	unsigned int i, role;
	bool met = false;
	int fd;

	expect_set(expect);
	for (i = 0; i < count; i++) {
		for (role = OUT; role <= BACK; role++) {
			struct way *way = &list[i].way[role];

			way->first = 0;
			way->lost_before = lost(&list[i], role);
		}
	}
	fd = command_start(command);
	while (read(fd, answer, sizeof(answer)) != sizeof(answer))
		step();
	close(fd);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	if (answer[1]) {
		errno = 0;
		die("phase %u: \"%s\" failed with status %d", phase, command,
		    WEXITSTATUS((int)answer[1]));
	}
	for (i = 0; i < count; i++)
		for (role = OUT; role <= BACK; role++)
			list[i].way[role].got_return = list[i].way[role].got;
	began = now_us();
	while (!met && now_us() - began < limit) {
		step();
		met = all_met() && now_us() - began >= WATCH;
	}
	phase_print(phase, answer[0]);
	return met;
}

static bool flowing(void)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (list[i].way[OUT].got < FLOWING || list[i].way[BACK].got < FLOWING)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	bool good = true;
	uint64_t began;
	unsigned int i;
	int opt, at;

	e2e_name = "hold";
	while ((opt = getopt(argc, argv, "+i:l:")) != -1) {
		if (opt == 'i')
			interval = (uint64_t)atoi(optarg);
		else if (opt == 'l')
			limit = (uint64_t)atoi(optarg) * 1000000;
		else
			return 2;
	}
	if (argc - optind < 3 || (argc - optind) % 2 == 0) {
		fputs("usage: hold [-i US] [-l SECONDS] LIST EXPECT COMMAND...\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	ep = epoll_create1(EPOLL_CLOEXEC);
	list_read(argv[optind]);
	began = now_us();
	while (!flowing()) {
		step();
		errno = 0;
		if (now_us() - began <= limit)
			continue;
		for (i = 0; i < count; i++)
			if (list[i].way[OUT].got < FLOWING || list[i].way[BACK].got < FLOWING)
				fprintf(stderr, "hold: %s does not come up\n", list[i].name);
		return 2;
	}
	for (at = optind + 1; at < argc; at += 2)
		good &= phase_run((unsigned int)(at - optind) / 2 + 1, argv[at], argv[at + 1]);
	return good ? 0 : 1;
}
