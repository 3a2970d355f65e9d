/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink client: requests, dumps and multicast events, with the kernel's
 * extended acks decoded and its error numbers kept.
 *
 * One struct np_client is one socket and is used by one thread. A request is
 * built with np_client_message(), filled with libnl's nla_put family, and
 * consumed by np_client_call() or np_client_dump().
 */
#ifndef NP_NETLINK_CLIENT_H
#define NP_NETLINK_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/netlink.h>
#include <netlink/netlink.h>

#include "base/error.h"

/* Messages to the kernel stay below this, unless one unit needs more. */
#define NP_MESSAGE_SIZE		32768
#define NP_MESSAGE_SIZE_LARGE	(80 * 1024)

#define NP_CLIENT_TIMEOUT	30000	/* the default timeout in milliseconds */
#define NP_CLIENT_TRIES		8	/* tries of a dump that a change interrupts */
#define NP_CLIENT_GROUPS	8

/* What the kernel said about the last request that it refused, or that it made a remark on. */
struct np_refusal {
	int error;		/* a positive errno; 0: nothing was refused */
	bool has_offset;
	bool has_missing;
	bool has_object;
	/* offset of the attribute at fault, counted from the message header */
	uint32_t offset;
	uint32_t missing;	/* type of the attribute that is missing */
	uint32_t missing_nest;	/* offset of the nest it is missing in, or 0 */
	uint64_t object;	/* number in its transaction of the object that is refused */
	char text[160];
};

struct np_client_group {
	char name[16];
	uint32_t id;
};

struct np_client {
	struct nl_sock *sock;
	int fd;
	int timeout;		/* milliseconds for one request; < 0: for ever */
	uint16_t family;	/* generic netlink family, 0 on a route socket */
	uint32_t sequence;
	uint32_t port;
	uint8_t *buffer;
	uint32_t drops;		/* overruns of the socket, as they were last read */
	bool interrupted;	/* NLM_F_DUMP_INTR was seen in this dump */
	bool slow;		/* the kernel may work for long on requests: np_breathe_call() */
	unsigned int group_count;
	struct np_client_group group[NP_CLIENT_GROUPS];
	struct np_refusal refusal;
};

/* Called for each message of an answer. Returns 0, or -1 with *err filled to stop. */
typedef int (*np_reply_fn)(const struct nlmsghdr *nlh, void *arg, struct np_error *err);
/* Called before each try of a dump, to forget what the last try collected. */
typedef void (*np_restart_fn)(void *arg);

/* Moves the process into a network namespace: a name below /run/netns, or a path. */
int np_netns_enter(const char *name, struct np_error *err);

/*
 * Opens a socket and resolves the generic netlink family. A family that is not there
 * gives NP_EXIT_MODULE. The client may be closed after a failure too.
 */
int np_client_open(struct np_client *client, const char *family, int timeout,
		   struct np_error *err);
/* Opens a route, or netfilter, netlink socket (family 0). */
int np_client_open_route(struct np_client *client, int timeout, struct np_error *err);
int np_client_open_netfilter(struct np_client *client, int timeout, struct np_error *err);
void np_client_close(struct np_client *client);

/* Makes a request of the client's family with room for size bytes. */
struct nl_msg *np_client_message(const struct np_client *client, uint8_t command, size_t size);
/* Sends msg, waits for its acknowledgment and frees msg. */
int np_client_call(struct np_client *client, struct nl_msg *msg, np_reply_fn reply, void *arg,
		   struct np_error *err);
/* Sends msg and waits for its acknowledgment. The caller keeps msg and may send it again. */
int np_client_call_keep(struct np_client *client, struct nl_msg *msg, np_reply_fn reply,
			void *arg, struct np_error *err);
/*
 * Sends a dump request and frees msg. If restart is set, a dump that a change interrupted is
 * repeated, at most NP_CLIENT_TRIES times; otherwise it is taken as it came.
 */
int np_client_dump(struct np_client *client, struct nl_msg *msg, np_restart_fn restart,
		   np_reply_fn reply, void *arg, struct np_error *err);

/* Joins a multicast group of the family by name. */
int np_client_join(struct np_client *client, const char *group, struct np_error *err);
/*
 * Waits for events. The timeout is in milliseconds; a negative one means no limit. Returns 1
 * if some came, 0 if none came in time, -1 on failure. Adds the number of messages that
 * overran the socket to *lost.
 */
int np_client_receive(struct np_client *client, int timeout, np_reply_fn reply, void *arg,
		      uint64_t *lost, struct np_error *err);

/*
 * One datagram of an answer to request `sequence`. 1: the answer is complete, 0: more
 * is to come, -1: refused (client->refusal.error is set) or reply failed (*err is).
 */
int np_client_feed(struct np_client *client, const void *data, size_t len, uint32_t sequence,
		   np_reply_fn reply, void *arg, struct np_error *err);

/*
 * Turns client->refusal into *err. If request is not NULL, the attribute at fault is looked up
 * in it.
 */
int np_client_refused(const struct np_client *client, const struct nlmsghdr *request,
		      struct np_error *err);

#endif
