// SPDX-License-Identifier: GPL-2.0-or-later
/* Real connections; see the header. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "flow.h"

#define SERVERS 8192

enum role { ROLE_LISTEN, ROLE_STREAM, ROLE_DATAGRAM, ROLE_RAW4, ROLE_RAW6, ROLE_FLOW };

/* One socket that answers: a listener, kept, or what it accepted. */
struct server {
	enum role role;
	int fd;
	const struct net_pod *pod;
	struct np_address address;
	uint8_t protocol;
	uint16_t port;
};

static struct server *listener[SERVERS], *accepted[SERVERS];
static unsigned int listeners, accepts;
static uint16_t next_id;
static int ep;

void flow_begin(void)
{
	ep = epoll_create1(EPOLL_CLOEXEC);
	if (ep < 0)
		net_die("epoll_create1");
}

static bool is_stream(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_SCTP;
}

static int socket_type(uint8_t protocol)
{
	if (is_stream(protocol))
		return SOCK_STREAM;
	return protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_RAW;
}

/* data.ptr is a struct server or a struct flow; both are told apart by the lowest bit. */
static void watch(int op, int fd, uint32_t events, void *ptr, bool is_flow)
{
	struct epoll_event event = { .events = events, .data.u64 = (uintptr_t)ptr | is_flow };

	if (epoll_ctl(ep, op, fd, &event))
		net_die("epoll_ctl");
}

/* What is over is polled no more: it would be ready for ever. */
static void unwatch(int fd)
{
	if (epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL))
		net_die("epoll_ctl");
}

static struct server *server_add(struct server **list, unsigned int *count, enum role role,
				 int fd)
{
	struct server *server = np_xcalloc(1, sizeof(*server));

	errno = 0;
	if (*count == SERVERS)
		net_die("too many servers");
	server->role = role;
	server->fd = fd;
	list[(*count)++] = server;
	watch(EPOLL_CTL_ADD, fd, EPOLLIN, server, false);
	return server;
}

void flow_serve(struct net *net, const struct net_pod *pod, const struct np_address *address,
		uint8_t protocol, uint16_t port)
{
	enum role role = ROLE_LISTEN;
	struct sockaddr_storage addr;
	struct server *server;
	int fd, on = 1;
	unsigned int i;
	socklen_t len;

	/* the kernel itself answers echo requests */
	if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6)
		return;
	for (i = 0; i < listeners; i++)
		if (listener[i]->pod == pod && listener[i]->protocol == protocol &&
		    listener[i]->port == port &&
		    !memcmp(&listener[i]->address, address, sizeof(*address)))
			return;
	fd = net_socket(net, pod, address->family, socket_type(protocol), protocol);
	len = net_sockaddr(&addr, address, socket_type(protocol) == SOCK_RAW ? 0 : port);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&addr, len) ||
	    (is_stream(protocol) && listen(fd, 256)))
		net_die("%s/%u in a pod", table_protocol(protocol), port);
	if (protocol == IPPROTO_UDP)
		role = ROLE_DATAGRAM;
	else if (!is_stream(protocol))
		role = address->family == AF_INET ? ROLE_RAW4 : ROLE_RAW6;
	server = server_add(listener, &listeners, role, fd);
	server->pod = pod;
	server->address = *address;
	server->protocol = protocol;
	server->port = port;
}

void flow_forget(void)
{
	struct linger linger = { .l_onoff = 1 };

	while (accepts) {
		struct server *server = accepted[--accepts];

		setsockopt(server->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		close(server->fd);
		free(server);
	}
}

/* Requests: '?', then the number of the flow; answers begin with '!'. */
static size_t request_make(const struct flow *flow, uint8_t buffer[16])
{
	struct icmphdr *icmp = (struct icmphdr *)buffer;
	uint32_t sum = 0;
	unsigned int i;

	memset(buffer, 0, 16);
	if (flow->protocol != IPPROTO_ICMP && flow->protocol != IPPROTO_ICMPV6) {
		/* for GRE: a header without options, of no tunnel */
		buffer[4] = '?';
		memcpy(buffer + 5, &flow->id, 2);
		return 16;
	}
	icmp->type = flow->family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
	icmp->un.echo.id = flow->id;
	for (i = 0; i < 8; i++)
		sum += buffer[2 * i] | buffer[2 * i + 1] << 8;
	sum = (sum & 0xffff) + (sum >> 16);
	icmp->checksum = ~(sum + (sum >> 16));
	return 16;
}

static void flow_send(struct flow *flow)
{
	uint8_t buffer[16];
	size_t size = request_make(flow, buffer);

	flow->sent = true;
	if (send(flow->fd, buffer, size, MSG_NOSIGNAL) < 0)
		flow->error = errno;
}

void flow_open(struct flow *flow, struct net *net, const struct net_pod *pod,
	       const struct np_address *source, const struct np_address *destination,
	       uint8_t protocol, uint16_t port)
{
	bool raw = socket_type(protocol) == SOCK_RAW;
	struct sockaddr_storage addr;
	socklen_t len;

	memset(flow, 0, sizeof(*flow));
	flow->protocol = protocol;
	flow->family = destination->family;
	flow->id = ++next_id;
	flow->fd = net_socket(net, pod, destination->family, socket_type(protocol), protocol);
	len = net_sockaddr(&addr, source, 0);
	if (bind(flow->fd, (struct sockaddr *)&addr, len))
		net_die("source of a connection");
	len = net_sockaddr(&addr, destination, raw ? 0 : port);
	if (connect(flow->fd, (struct sockaddr *)&addr, len) && errno != EINPROGRESS) {
		flow->error = errno;
		return;
	}
	watch(EPOLL_CTL_ADD, flow->fd, is_stream(protocol) ? EPOLLOUT : EPOLLIN, flow, true);
	if (!is_stream(protocol))
		flow_send(flow);
}

void flow_again(struct flow *flow)
{
	flow->answered = false;
	flow->id = ++next_id;
	flow_send(flow);
}

void flow_close(struct flow *flow)
{
	struct linger linger = { .l_onoff = 1 };

	if (flow->fd < 0)
		return;
	/* leaves nothing behind */
	if (is_stream(flow->protocol))
		setsockopt(flow->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(flow->fd);
	flow->fd = -1;
}

/* Is what came the answer, and not someone else's? */
static bool answer_fits(const struct flow *flow, const uint8_t *data, ssize_t len)
{
	size_t skip = 0;

	if (socket_type(flow->protocol) == SOCK_RAW && flow->family == AF_INET)
		skip = len > 0 ? (data[0] & 15) * 4 : 0;
	data += skip;
	len -= skip;
	if (flow->protocol == IPPROTO_ICMP || flow->protocol == IPPROTO_ICMPV6)
		return len >= 8 && !memcmp(data + 4, &flow->id, 2) &&
		       data[0] == (flow->family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY);
	return len >= 7 && data[4] == '!' && !memcmp(data + 5, &flow->id, 2);
}

static void flow_event(struct flow *flow)
{
	socklen_t size = sizeof(flow->error);
	uint8_t data[2048];
	ssize_t len;

	if (!flow->sent) {
		if (getsockopt(flow->fd, SOL_SOCKET, SO_ERROR, &flow->error, &size))
			net_die("SO_ERROR");
		if (flow->error) {
			unwatch(flow->fd);
			return;
		}
		watch(EPOLL_CTL_MOD, flow->fd, EPOLLIN, flow, true);
		flow_send(flow);
		return;
	}
	len = recv(flow->fd, data, sizeof(data), 0);
	if (len < 0 && errno == EAGAIN)
		return;
	if (len <= 0) {
		flow->error = len ? errno : ECONNRESET;
		unwatch(flow->fd);
	} else if (answer_fits(flow, data, len)) {
		flow->answered = true;
	}
}

static void answer(struct server *server)
{
	size_t skip = 0, size = sizeof(struct sockaddr_storage);
	struct sockaddr_storage peer;
	socklen_t peer_len = size;
	uint8_t data[2048];
	ssize_t len = recvfrom(server->fd, data, sizeof(data), 0, (struct sockaddr *)&peer,
			       &peer_len);

	if (server->role == ROLE_RAW4 && len > 0)
		skip = (data[0] & 15) * 4;
	if (server->role == ROLE_STREAM && len <= 0 && !(len < 0 && errno == EAGAIN))
		unwatch(server->fd);
	if (len < (ssize_t)skip + 7 || data[skip + 4] != '?')
		return;
	data[skip + 4] = '!';
	if (server->role == ROLE_STREAM)
		len = send(server->fd, data, len, MSG_NOSIGNAL);
	else
		len = sendto(server->fd, data + skip, len - skip, 0,
			     (struct sockaddr *)&peer, peer_len);
	/* an answer that can't be sent is one that does not come */
	if (len < 0)
		errno = 0;
}

static void server_event(struct server *server)
{
	int fd;

	if (server->role != ROLE_LISTEN) {
		answer(server);
		return;
	}
	while ((fd = accept4(server->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		server_add(accepted, &accepts, ROLE_STREAM, fd);
}

int flow_poll(int milliseconds)
{
	struct epoll_event events[64];
	int i, n = epoll_wait(ep, events, 64, milliseconds);

	for (i = 0; i < n; i++) {
		uintptr_t ptr = events[i].data.u64;

		if (ptr & 1)
			flow_event((struct flow *)(ptr & ~(uintptr_t)1));
		else
			server_event((struct server *)ptr);
	}
	return n < 0 ? 0 : n;
}
