/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real connections between the network namespaces of net.h: what is sent has to come
 * back. TCP, UDP and SCTP to a port, ICMP echo, and other protocols by raw sockets.
 */
#ifndef FLOW_H
#define FLOW_H

#include "net.h"

/**
 * struct flow - one attempt, or a connection that stays open
 * @fd: socket; -1: closed
 * @protocol: IPPROTO_*
 * @family: AF_INET or AF_INET6
 * @id: of its packets, where several share a socket's protocol
 * @sent: a request is under way
 * @answered: it came back
 * @error: what the socket said instead, errno
 */
struct flow {
	int fd;
	uint8_t protocol;
	uint8_t family;
	uint16_t id;
	bool sent;
	bool answered;
	int error;
};

void flow_begin(void);
/* Makes sure that something answers there. */
void flow_serve(struct net *net, const struct net_pod *pod, const struct np_address *address,
		uint8_t protocol, uint16_t port);
/* Sends the first packet. A flow must not move while it is open. */
void flow_open(struct flow *flow, struct net *net, const struct net_pod *pod,
	       const struct np_address *source, const struct np_address *destination,
	       uint8_t protocol, uint16_t port);
/* Sends a request on a flow that was answered. */
void flow_again(struct flow *flow);
void flow_close(struct flow *flow);
/* Takes what has come, waiting this long at most; the number of events. */
int flow_poll(int milliseconds);
/* Servers forget the connections that they have accepted. */
void flow_forget(void);

#endif
