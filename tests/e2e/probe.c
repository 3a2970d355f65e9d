// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe - real connections between network namespaces, many at a time.
 *
 *   probe serve <LIST      echo servers. A line is "NETNS PROTO PORT"; PROTO is tcp,
 *                          udp, sctp, or ipN for the IP protocol N (PORT is ignored).
 *                          IPv4 and IPv6. Prints its process id once all of them
 *                          listen, and goes on in the background.
 *   probe batch <LIST      tries connections. A line is "LABEL NETNS PROTO SOURCE
 *                          DESTINATION PORT"; SOURCE may be "-"; PROTO may also be icmp,
 *                          and udp/SIZE for a datagram of that many bytes. Answers
 *                          "LABEL yes" (what was sent came back), "LABEL no" (silence),
 *                          "LABEL refused" (a reset or an ICMP error) or "LABEL errno=N",
 *                          in the order of the input.
 *      -c NETNS,ADDRESS,PORT   a TCP connection that is known to work. Silence counts
 *                          only when three of these, begun after the attempt one after
 *                          the other, have been answered: so a slow machine gets more
 *                          time by itself.
 *      -m MS               ... and when this long has passed (300)
 *      -t                  print the microseconds of each answer too
 */
#include "e2e.h"

#include <signal.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#ifndef IPPROTO_SCTP
#define IPPROTO_SCTP 132
#endif

#define DATAGRAM_MAX	65000
#define ACTIVE_MAX	256
#define CONTROL_ROUNDS	3
#define CONTROL_PAUSE	10000		/* microseconds between two */
#define CONTROL_DEAD	20000000

enum kind { KIND_TCP, KIND_UDP, KIND_SCTP, KIND_ICMP, KIND_IP };

struct protocol {
	enum kind kind;
	unsigned int number;	/* of KIND_IP */
	unsigned int size;	/* of a datagram */
};

static char buffer[DATAGRAM_MAX + 100];

static struct protocol protocol_parse(const char *text)
{
	struct protocol p = { .size = 1 };

	if (!strcmp(text, "tcp")) {
		p.kind = KIND_TCP;
	} else if (!strncmp(text, "udp", 3) && (!text[3] || text[3] == '/')) {
		p.kind = KIND_UDP;
		if (text[3])
			p.size = (unsigned int)atoi(text + 4);
	} else if (!strcmp(text, "sctp")) {
		p.kind = KIND_SCTP;
	} else if (!strcmp(text, "icmp")) {
		p.kind = KIND_ICMP;
	} else if (!strncmp(text, "ip", 2) && atoi(text + 2) > 0) {
		p.kind = KIND_IP;
		p.number = (unsigned int)atoi(text + 2);
	} else {
		errno = 0;
		die("\"%s\" is no protocol", text);
	}
	errno = 0;
	if (!p.size || p.size > DATAGRAM_MAX)
		die("\"%s\": 1 to %d bytes", text, DATAGRAM_MAX);
	return p;
}

static bool is_stream(const struct protocol *p)
{
	return p->kind == KIND_TCP || p->kind == KIND_SCTP;
}

static int socket_open(const char *netns, const struct protocol *p, int family)
{
	int type = SOCK_STREAM, number = IPPROTO_TCP, fd;

	switch (p->kind) {
	case KIND_TCP:
		break;
	case KIND_UDP:
		type = SOCK_DGRAM;
		number = IPPROTO_UDP;
		break;
	case KIND_SCTP:
		number = IPPROTO_SCTP;
		break;
	case KIND_ICMP:
		type = SOCK_RAW;
		number = family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
		break;
	case KIND_IP:
		type = SOCK_RAW;
		number = (int)p->number;
		break;
	}
	netns_enter(netns);
	fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, number);
	if (fd < 0)
		die("socket in %s", netns);
	return fd;
}

static int poll_create(void)
{
	int ep = epoll_create1(EPOLL_CLOEXEC);

	if (ep < 0)
		die("epoll_create1");
	return ep;
}

static void poll_add(int ep, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = { .events = events, .data.u64 = data };

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event))
		die("epoll_ctl");
}

/* --- serve ------------------------------------------------------------------- */

enum role { ROLE_LISTEN, ROLE_STREAM, ROLE_DATAGRAM, ROLE_RAW4, ROLE_RAW6 };

static uint64_t role_data(int fd, enum role role)
{
	return (uint64_t)role << 32 | (uint32_t)fd;
}

static void serve_add(int ep, const char *netns, const struct protocol *p, int family,
		      unsigned int port)
{
	int fd = socket_open(netns, p, family), on = 1;
	enum role role = ROLE_LISTEN;
	struct address addr;

	address_parse(&addr, family == AF_INET ? "0.0.0.0" : "::", port);
	if (family == AF_INET6 && p->kind != KIND_IP &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))
		die("IPV6_V6ONLY");
	if (p->kind == KIND_IP) {
		role = family == AF_INET ? ROLE_RAW4 : ROLE_RAW6;
	} else {
		if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
		    bind(fd, &addr.sa, addr.len))
			die("port %u in %s", port, netns);
		if (is_stream(p)) {
			if (listen(fd, 4096))
				die("listen");
		} else {
			/* The answer has to leave from the address that was asked. */
			role = ROLE_DATAGRAM;
			if (family == AF_INET ?
			    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) :
			    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)))
				die("packet information");
		}
	}
	poll_add(ep, fd, EPOLLIN, role_data(fd, role));
}

static void serve_datagram(int fd)
{
	union {
		char room[256];
		struct cmsghdr align;
	} control;
	struct sockaddr_in6 peer;
	struct iovec vec = { .iov_base = buffer, .iov_len = sizeof(buffer) };
	struct msghdr msg = {
		.msg_name = &peer, .msg_namelen = sizeof(peer), .msg_iov = &vec,
		.msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;
	ssize_t len = recvmsg(fd, &msg, 0);

	if (len < 0)
		return;
	vec.iov_len = (size_t)len;
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo *info = (struct in_pktinfo *)CMSG_DATA(c);

			info->ipi_ifindex = 0;
			info->ipi_spec_dst = info->ipi_addr;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo *info = (struct in6_pktinfo *)CMSG_DATA(c);

			if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
				info->ipi6_ifindex = 0;
		}
	}
	if (sendmsg(fd, &msg, 0) < 0)
		errno = 0;
}

/* A request begins with "?", so that two servers never answer each other. */
static void serve_raw(int fd, bool v4)
{
	struct sockaddr_in6 peer;
	socklen_t size = sizeof(peer);
	ssize_t len = recvfrom(fd, buffer, sizeof(buffer), 0, (struct sockaddr *)&peer, &size);
	size_t skip = v4 ? (buffer[0] & 15) * 4 : 0;

	if (len <= (ssize_t)skip || buffer[skip] != '?')
		return;
	buffer[skip] = '!';
	if (sendto(fd, buffer + skip, (size_t)len - skip, 0, (struct sockaddr *)&peer, size) < 0)
		errno = 0;
}

static void serve_event(int ep, uint64_t data)
{
	int fd = (int)(uint32_t)data, peer;
	ssize_t len;

	switch ((enum role)(data >> 32)) {
	case ROLE_LISTEN:
		while ((peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
			poll_add(ep, peer, EPOLLIN, role_data(peer, ROLE_STREAM));
		break;
	case ROLE_STREAM:
		len = read(fd, buffer, sizeof(buffer));
		if (len > 0)
			len = send(fd, buffer, (size_t)len, MSG_NOSIGNAL);
		if (!len || (len < 0 && errno != EAGAIN))
			close(fd);
		break;
	case ROLE_DATAGRAM:
		serve_datagram(fd);
		break;
	case ROLE_RAW4:
	case ROLE_RAW6:
		serve_raw(fd, data >> 32 == ROLE_RAW4);
		break;
	}
}

static int serve(void)
{
	char line[256], netns[128], name[32];
	struct epoll_event events[64];
	struct protocol p;
	unsigned int port;
	int ep = poll_create(), n, null;
	pid_t pid;

	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%127s %31s %u", netns, name, &port) != 3)
			continue;
		p = protocol_parse(name);
		serve_add(ep, netns, &p, AF_INET, port);
		serve_add(ep, netns, &p, AF_INET6, port);
	}
	netns_enter("-");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid) {
		printf("%d\n", (int)pid);
		return 0;
	}
	setsid();
	null = open("/dev/null", O_RDWR);
	for (n = 0; n < 3; n++)
		dup2(null, n);
	for (;;) {
		n = epoll_wait(ep, events, 64, -1);
		while (n > 0)
			serve_event(ep, events[--n].data.u64);
	}
}

/* --- batch ------------------------------------------------------------------- */

struct attempt {
	char label[96];
	char netns[128];
	struct protocol protocol;
	struct address source;
	struct address destination;
	int fd;
	bool sent;
	bool done;
	uint16_t id;		/* of an echo request */
	int error;		/* 0: came back; ETIMEDOUT: silence */
	unsigned int fence;	/* the first control begun after it */
	unsigned int again;	/* datagrams sent */
	uint64_t begun;
	uint64_t took;
};

static struct {
	struct attempt *list;
	size_t count;
	size_t next;
	unsigned int active;
	int ep;
	uint64_t least;		/* microseconds */
	/* the control connection: attempt number count, made over and over */
	bool has_control;
	struct attempt control;
	unsigned int control_begun;
	unsigned int control_done;
	uint64_t control_idle;
} batch;

static size_t request_make(const struct attempt *a)
{
	memset(buffer, '?', a->protocol.size);
	if (a->protocol.kind == KIND_ICMP) {
		struct icmphdr *icmp = (struct icmphdr *)buffer;
		uint32_t sum = 0;
		unsigned int i;

		memset(buffer, 0, 16);
		icmp->type = a->destination.sa.sa_family == AF_INET ? ICMP_ECHO :
			     ICMP6_ECHO_REQUEST;
		icmp->un.echo.id = a->id;
		icmp->un.echo.sequence = htons(1);
		for (i = 0; i < 8; i++)
			sum += ((uint16_t *)buffer)[i];
		sum = (sum & 0xffff) + (sum >> 16);
		icmp->checksum = (uint16_t)~(sum + (sum >> 16));
		return 16;
	}
	return a->protocol.size;
}

static void attempt_end(struct attempt *a, int error)
{
	struct linger linger = { .l_onoff = 1 };

	if (a->done)
		return;
	a->done = true;
	a->error = error;
	a->took = now_us() - a->begun;
	/* Leaves no TIME_WAIT behind. */
	if (is_stream(&a->protocol))
		setsockopt(a->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(a->fd);
}

static void attempt_send(struct attempt *a)
{
	size_t size = request_make(a);

	a->sent = true;
	a->again++;
	if (send(a->fd, buffer, size, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		attempt_end(a, errno);
}

static void attempt_begin(struct attempt *a, uint64_t data)
{
	int family = a->destination.sa.sa_family;
	int off = family == AF_INET ? IP_PMTUDISC_DONT : IPV6_PMTUDISC_DONT;

	a->done = false;
	a->sent = false;
	a->again = 0;
	a->fd = socket_open(a->netns, &a->protocol, family);
	a->begun = now_us();
	a->fence = batch.control_begun + 1;
	/* Big datagrams are to be cut into fragments, not refused. */
	if (a->protocol.kind == KIND_UDP)
		setsockopt(a->fd, family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
			   family == AF_INET ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, &off,
			   sizeof(off));
	if (a->source.len && bind(a->fd, &a->source.sa, a->source.len))
		die("%s: its source address", a->label);
	if (connect(a->fd, &a->destination.sa, a->destination.len) && errno != EINPROGRESS) {
		attempt_end(a, errno);
		return;
	}
	poll_add(batch.ep, a->fd, is_stream(&a->protocol) ? EPOLLOUT : EPOLLIN, data);
	if (!is_stream(&a->protocol))
		attempt_send(a);
}

/* Is what came in the answer, and not someone else's? */
static bool answer_fits(const struct attempt *a, ssize_t len)
{
	bool v4 = a->destination.sa.sa_family == AF_INET;
	size_t skip = v4 && (a->protocol.kind == KIND_ICMP || a->protocol.kind == KIND_IP) ?
		      (buffer[0] & 15) * 4 : 0;
	const struct icmphdr *icmp = (const struct icmphdr *)(buffer + skip);

	switch (a->protocol.kind) {
	case KIND_ICMP:
		return len >= (ssize_t)skip + 8 && icmp->un.echo.id == a->id &&
		       icmp->type == (v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY);
	case KIND_IP:
		return len > (ssize_t)skip && buffer[skip] == '!';
	default:
		return len == (ssize_t)a->protocol.size;
	}
}

static void attempt_event(struct attempt *a, uint64_t data)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = data };
	socklen_t size = sizeof(int);
	int error = 0;
	ssize_t len;

	if (a->done)
		return;
	if (!a->sent) {
		getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &error, &size);
		if (error) {
			attempt_end(a, error);
			return;
		}
		if (epoll_ctl(batch.ep, EPOLL_CTL_MOD, a->fd, &event))
			die("epoll_ctl");
		attempt_send(a);
		return;
	}
	len = recv(a->fd, buffer, sizeof(buffer), 0);
	if (len < 0 && errno != EAGAIN)
		attempt_end(a, errno);
	else if (!len && is_stream(&a->protocol))
		attempt_end(a, ECONNRESET);
	else if (len > 0 && answer_fits(a, len))
		attempt_end(a, 0);
}

static void control_step(uint64_t now)
{
	struct attempt *c = &batch.control;

	if (!batch.has_control)
		return;
	if (c->done && batch.control_done != batch.control_begun) {
		errno = c->error;
		if (c->error)
			die("the control connection failed");
		batch.control_done = batch.control_begun;
		batch.control_idle = now;
	}
	if (!c->done && now - c->begun > CONTROL_DEAD) {
		errno = 0;
		die("the control connection is not answered");
	}
	if (c->done && now - batch.control_idle >= CONTROL_PAUSE) {
		attempt_begin(c, batch.count);
		batch.control_begun++;
	}
}

static void batch_expire(uint64_t now)
{
	struct attempt *a;
	size_t i;

	batch.active = 0;
	for (i = 0; i < batch.next; i++) {
		a = &batch.list[i];
		if (a->done)
			continue;
		/* A datagram may be lost to a neighbour queue: once more, half way. */
		if (!is_stream(&a->protocol) && a->again == 1 &&
		    now - a->begun >= batch.least / 2)
			attempt_send(a);
		if (!a->done && now - a->begun >= batch.least && (!batch.has_control ||
		    batch.control_done >= a->fence + CONTROL_ROUNDS - 1))
			attempt_end(a, ETIMEDOUT);
		batch.active += !a->done;
	}
}

static void batch_read(void)
{
	char line[512], name[32], source[64], destination[64];
	struct attempt *a;
	unsigned int port;

	while (fgets(line, sizeof(line), stdin)) {
		if (*line == '\n')
			continue;
		if (!(batch.count & (batch.count - 1)))
			batch.list = need(realloc(batch.list,
						  (2 * batch.count + 1) * sizeof(*a)));
		a = &batch.list[batch.count++];
		memset(a, 0, sizeof(*a));
		errno = 0;
		if (sscanf(line, "%95s %127s %31s %63s %63s %u", a->label, a->netns, name,
			   source, destination, &port) != 6)
			die("not a line of a batch: %s", line);
		a->protocol = protocol_parse(name);
		a->id = (uint16_t)batch.count;
		if (a->protocol.kind == KIND_ICMP || a->protocol.kind == KIND_IP)
			port = 0;
		address_parse(&a->source, source, 0);
		address_parse(&a->destination, destination, port);
	}
}

static void batch_print(bool times)
{
	const struct attempt *a;
	size_t i;

	for (i = 0; i < batch.count; i++) {
		a = &batch.list[i];
		if (!a->error)
			printf("%s yes", a->label);
		else if (a->error == ETIMEDOUT)
			printf("%s no", a->label);
		else if (a->error == ECONNREFUSED || a->error == ECONNRESET ||
			 a->error == EHOSTUNREACH || a->error == ENETUNREACH ||
			 a->error == EPROTO || a->error == ENOPROTOOPT)
			printf("%s refused", a->label);
		else
			printf("%s errno=%d", a->label, a->error);
		if (times)
			printf(" %llu", (unsigned long long)a->took);
		putchar('\n');
	}
}

static void control_parse(char *text)
{
	struct attempt *c = &batch.control;
	char *address = strchr(text, ','), *port = address ? strchr(address + 1, ',') : NULL;

	errno = 0;
	if (!port)
		die("-c takes NETNS,ADDRESS,PORT");
	*address++ = *port++ = '\0';
	snprintf(c->netns, sizeof(c->netns), "%s", text);
	strcpy(c->label, "control");
	c->protocol = protocol_parse("tcp");
	address_parse(&c->destination, address, (unsigned int)atoi(port));
	c->done = true;
	batch.has_control = true;
}

static int batch_run(int argc, char **argv)
{
	struct epoll_event events[64];
	bool times = false;
	uint64_t now;
	int opt, n;

	batch.least = 300000;
	while ((opt = getopt(argc, argv, "c:m:t")) != -1) {
		if (opt == 'c')
			control_parse(optarg);
		else if (opt == 'm')
			batch.least = (uint64_t)atoi(optarg) * 1000;
		else if (opt == 't')
			times = true;
		else
			return 2;
	}
	batch.ep = poll_create();
	batch_read();
	do {
		now = now_us();
		control_step(now);
		batch_expire(now);
		while (batch.next < batch.count && batch.active < ACTIVE_MAX) {
			attempt_begin(&batch.list[batch.next], batch.next);
			batch.next++;
			batch.active++;
		}
		n = epoll_wait(batch.ep, events, 64, 2);
		while (n > 0) {
			uint64_t data = events[--n].data.u64;

			attempt_event(data == batch.count ? &batch.control :
				      &batch.list[data], data);
		}
	} while (batch.active || batch.next < batch.count);
	batch_print(times);
	return 0;
}

int main(int argc, char **argv)
{
	e2e_name = "probe";
	signal(SIGPIPE, SIG_IGN);
	files_raise();
	if (argc > 1 && !strcmp(argv[1], "serve"))
		return serve();
	if (argc > 1 && !strcmp(argv[1], "batch"))
		return batch_run(argc - 1, argv + 1);
	fputs("usage: probe serve <LIST | probe batch [-c NETNS,ADDRESS,PORT] [-m MS] [-t] "
	      "<LIST\n", stderr);
	return 2;
}
