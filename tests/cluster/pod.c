// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pod - the program in the pods of the cluster test, static: an image of one file.
 *
 *   pod                       nothing, until it is told to end (the sandbox of each pod)
 *   pod serve PORT...         TCP and UDP echo; an HTTP request gets an answer. Tells who came:
 *                             "tcp ADDRESS" for each connection, "udp ADDRESS TEXT" for each
 *                             datagram
 *   pod first ADDRESS PORT SECONDS
 *                             the first thing it does is a datagram (with the host name) and a
 *                             connection to that server, and it goes on trying until both are
 *                             answered or the time is over. Tells "first yes" if anything came
 *                             back, "first no" otherwise
 *   pod try ADDRESS PORT SECONDS
 *                             one connection, one datagram sent each half second: "tcp yes udp
 *                             no" or the like, and status 1 unless both were answered
 *   pod flow ADDRESS PORT     numbers over a connection and in datagrams, 20 times a second, for
 *                             ever. Tells each second "tcp OPENED SENT GOT udp SENT GOT", what
 *                             has been opened, sent and answered since the start
 */
#include "../e2e/e2e.h"

#include <poll.h>
#include <signal.h>
#include <sys/utsname.h>

#define SOCKETS_MAX	256
#define TICK		50		/* milliseconds between two numbers of a flow */

enum { ROLE_LISTEN, ROLE_STREAM, ROLE_DATAGRAM };

static void end(int number)
{
	_exit(0);
}

static int socket_new(int type)
{
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	return fd;
}

/* --- serve ------------------------------------------------------------------- */

static struct pollfd sockets[SOCKETS_MAX];
static int roles[SOCKETS_MAX];
static unsigned int count;

static void add(int fd, int role)
{
	if (count == SOCKETS_MAX) {
		close(fd);
		return;
	}
	sockets[count] = (struct pollfd){ .fd = fd, .events = POLLIN };
	roles[count++] = role;
}

static void listen_on(int type, unsigned int port)
{
	int fd = socket_new(type), on = 1;
	struct address any;

	address_parse(&any, "0.0.0.0", port);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, &any.sa, any.len) || (type == SOCK_STREAM && listen(fd, 64)))
		die("port %u", port);
	add(fd, type == SOCK_STREAM ? ROLE_LISTEN : ROLE_DATAGRAM);
}

static void serve_connection(int listener)
{
	struct sockaddr_in peer;
	socklen_t size = sizeof(peer);
	int fd = accept4(listener, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	printf("tcp %s\n", inet_ntoa(peer.sin_addr));
	add(fd, ROLE_STREAM);
}

static void serve_datagram(int fd)
{
	struct sockaddr_in peer;
	socklen_t size = sizeof(peer);
	char text[256];
	ssize_t len = recvfrom(fd, text, sizeof(text) - 1, 0, (struct sockaddr *)&peer, &size);

	if (len < 0)
		return;
	text[len] = '\0';
	printf("udp %s %s\n", inet_ntoa(peer.sin_addr), text);
	if (sendto(fd, text, (size_t)len, 0, (struct sockaddr *)&peer, size) < 0)
		errno = 0;
}

/* False: the connection is to be closed. */
static bool serve_stream(int fd)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
				     "Connection: close\r\n\r\nok\n";
	char text[4096];
	ssize_t len = read(fd, text, sizeof(text));

	if (len <= 0)
		return len < 0 && errno == EAGAIN;
	if (len > 4 && !memcmp(text, "GET ", 4)) {
		if (send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL) < 0)
			errno = 0;
		shutdown(fd, SHUT_WR);
		return true;
	}
	return send(fd, text, (size_t)len, MSG_NOSIGNAL) == len;
}

__attribute__((noreturn))
static void serve(char **ports)
{
	unsigned int i;

	for (; *ports; ports++) {
		listen_on(SOCK_STREAM, (unsigned int)atoi(*ports));
		listen_on(SOCK_DGRAM, (unsigned int)atoi(*ports));
	}
	printf("ready\n");
	for (;;) {
		if (poll(sockets, count, -1) < 0)
			die("poll");
		/* from the end: a closed one gives its place to the last */
		for (i = count; i-- > 0;) {
			if (!sockets[i].revents)
				continue;
			if (roles[i] == ROLE_LISTEN) {
				serve_connection(sockets[i].fd);
			} else if (roles[i] == ROLE_DATAGRAM) {
				serve_datagram(sockets[i].fd);
			} else if (!serve_stream(sockets[i].fd)) {
				close(sockets[i].fd);
				count--;
				sockets[i] = sockets[count];
				roles[i] = roles[count];
			}
		}
	}
}

/* --- clients ----------------------------------------------------------------- */

/* A connection that is being made or is there, and a socket for datagrams. */
struct client {
	struct address to;
	char name[64];
	int tcp;
	int udp;
	bool open;
	uint64_t begun;
	unsigned long opened;
	unsigned long tcp_sent;
	unsigned long tcp_got;
	unsigned long udp_sent;
	unsigned long udp_got;
};

static void client_connect(struct client *c)
{
	c->tcp = socket_new(SOCK_STREAM);
	c->open = false;
	c->begun = now_us();
	if (connect(c->tcp, &c->to.sa, c->to.len) && errno != EINPROGRESS)
		errno = 0;
}

static void client_send(struct client *c)
{
	if (c->open && send(c->tcp, "?", 1, MSG_NOSIGNAL) == 1)
		c->tcp_sent++;
	if (sendto(c->udp, c->name, strlen(c->name), 0, &c->to.sa, c->to.len) > 0)
		c->udp_sent++;
}

static void client_start(struct client *c, char **argv)
{
	struct utsname host;

	memset(c, 0, sizeof(*c));
	address_parse(&c->to, argv[0], (unsigned int)atoi(argv[1]));
	uname(&host);
	snprintf(c->name, sizeof(c->name), "%.60s", host.nodename);
	c->udp = socket_new(SOCK_DGRAM);
	client_connect(c);
	client_send(c);
}

/* Takes in what comes until the time END. */
static void client_wait(struct client *c, uint64_t end)
{
	struct pollfd fds[2];
	char text[4096];
	uint64_t now;
	ssize_t len;

	while ((now = now_us()) < end) {
		fds[0] = (struct pollfd){ .fd = c->tcp, .events = c->open ? POLLIN : POLLOUT };
		fds[1] = (struct pollfd){ .fd = c->udp, .events = POLLIN };
		if (poll(fds, 2, (int)((end - now) / 1000 + 1)) <= 0)
			continue;
		if (fds[1].revents && recv(c->udp, text, sizeof(text), 0) > 0)
			c->udp_got++;
		if (!fds[0].revents)
			continue;
		if (!c->open && !(fds[0].revents & (POLLERR | POLLHUP))) {
			c->open = true;
			c->opened++;
			if (send(c->tcp, "?", 1, MSG_NOSIGNAL) == 1)
				c->tcp_sent++;
			continue;
		}
		len = recv(c->tcp, text, sizeof(text), 0);
		if (len > 0) {
			c->tcp_got += (unsigned long)len;
		} else if (!len || errno != EAGAIN) {
			/* refused or cut: not at once again, so as not to spin */
			close(c->tcp);
			usleep(100000);
			client_connect(c);
		}
	}
}

static int try_first(char **argv)
{
	uint64_t end = now_us() + (uint64_t)atoi(argv[2]) * 1000000;
	struct client c;

	client_start(&c, argv);
	while (now_us() < end && !(c.tcp_got && c.udp_got)) {
		client_wait(&c, now_us() + 200000);
		client_send(&c);
	}
	printf("first %s\n", c.tcp_got || c.udp_got || c.opened ? "yes" : "no");
	return 0;
}

static int try_once(char **argv)
{
	uint64_t end = now_us() + (uint64_t)atoi(argv[2]) * 1000000;
	struct client c;

	client_start(&c, argv);
	while (now_us() < end && !(c.tcp_got && c.udp_got)) {
		client_wait(&c, now_us() + 500000);
		client_send(&c);
	}
	printf("tcp %s udp %s\n", c.tcp_got ? "yes" : "no", c.udp_got ? "yes" : "no");
	return !(c.tcp_got && c.udp_got);
}

__attribute__((noreturn))
static void flow(char **argv)
{
	struct client c;
	unsigned int i;

	client_start(&c, argv);
	for (i = 1;; i++) {
		client_wait(&c, now_us() + TICK * 1000);
		client_send(&c);
		/* a connection that nobody answers: a new one, with a new first packet */
		if (!c.open && now_us() - c.begun > 2000000) {
			close(c.tcp);
			client_connect(&c);
		}
		if (i % (1000 / TICK) == 0)
			printf("tcp %lu %lu %lu udp %lu %lu\n", c.opened, c.tcp_sent, c.tcp_got,
			       c.udp_sent, c.udp_got);
	}
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "first"))
		return try_first(argv + 2);
	e2e_name = "pod";
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* Process 1 of a container ignores what it has no handler for. */
	signal(SIGTERM, end);
	signal(SIGINT, end);
	if (argc == 1)
		for (;;)
			pause();
	if (argc > 2 && !strcmp(argv[1], "serve"))
		serve(argv + 2);
	if (argc == 5 && !strcmp(argv[1], "try"))
		return try_once(argv + 2);
	if (argc == 4 && !strcmp(argv[1], "flow"))
		flow(argv + 2);
	fputs("usage: pod [serve PORT... | first ADDRESS PORT SECONDS | "
	      "try ADDRESS PORT SECONDS | flow ADDRESS PORT]\n", stderr);
	return 2;
}
