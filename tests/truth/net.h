/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A node and its pods as network namespaces: made once, each behind a routed veth pair
 * with fixed neighbours, so that giving a pod other addresses is a few route messages.
 */
#ifndef NET_H
#define NET_H

#include <stdbool.h>
#include <sys/socket.h>

#include "object/object.h"
#include "table.h"

/* Network namespaces of pods; the first one is the world outside. */
#define NET_PODS	24
#define NET_ADDRESSES	TABLE_ENDS

/**
 * struct net_pod - one network namespace
 * @netns: file descriptor
 * @route: route netlink socket in it
 * @ifindex: of the node's end of its interface
 * @inside: of its own end
 * @address: that it has
 * @count: how many
 * @owner: whatever the caller likes; NULL: free
 */
struct net_pod {
	int netns;
	int route;
	unsigned int ifindex;
	unsigned int inside;
	struct np_address address[NET_ADDRESSES];
	unsigned int count;
	const void *owner;
};

/**
 * struct net - all of it; the process is in the node's network namespace
 * @netns: the node's
 * @route: its route netlink socket
 * @pod: pods
 */
struct net {
	int netns;
	int route;
	struct net_pod pod[NET_PODS];
};

/* All of these exit with a message on failure. */
void net_begin(struct net *net);
/* Makes a pod have these addresses, and no others. */
void net_assign(struct net *net, struct net_pod *pod, const struct np_address *const *address,
		unsigned int count);
/* A socket of a pod, or of the node (NULL); non-blocking. */
int net_socket(struct net *net, const struct net_pod *pod, int family, int type, int protocol);
/* Runs a command with this input, and an nft script, in the node. */
void net_run(const char *command, const char *input);
void net_nft(const char *script);
/* An address and a port as sockets take them; returns the size. */
socklen_t net_sockaddr(struct sockaddr_storage *to, const struct np_address *address,
		       uint16_t port);
bool net_same_address(const struct np_address *a, const struct np_address *b);
/* Can packets with this source or destination be routed? */
bool net_routable(const struct np_address *address);

__attribute__((format(printf, 1, 2), noreturn))
void net_die(const char *format, ...);

#endif
