// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Netlink client. libnl makes sockets and messages; receiving is done here, since
 * libnl 3.7 knows no extended acks, folds error numbers and reports an
 * interrupted dump only in passing.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE		/* setns() */
#endif
#include "netlink/client.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/genetlink.h>
#include <linux/sock_diag.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/socket.h>

#include "base/loop.h"
#include "base/time.h"
#include "netlink/place.h"
#include "object/object.h"

#define NP_SOCKET_BUFFER	(4 * 1024 * 1024)
#define NP_RECEIVE_BUFFER	(512 * 1024)

int np_netns_enter(const char *name, struct np_error *err)
{
	char path[512];
	int fd, ret;

	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return np_error_set(err, NP_EXIT_USAGE, "\"%s\" is no network namespace", name);
	if (strchr(name, '/'))
		snprintf(path, sizeof(path), "%s", name);
	else
		snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		ret = errno;
		np_error_set(err, ret == EACCES ? NP_EXIT_PERMISSION : NP_EXIT_INPUT,
			     "network namespace %s: %s", name, strerror(ret));
		if (ret == ENOENT)
			np_error_hint(err, "'ip netns list' shows them; a path also works, "
				      "as /proc/PID/ns/net");
		return -1;
	}
	ret = setns(fd, CLONE_NEWNET) ? errno : 0;
	close(fd);
	if (!ret)
		return 0;
	np_error_set(err, ret == EPERM ? NP_EXIT_PERMISSION : NP_EXIT_INPUT,
		     "network namespace %s: %s", name, strerror(ret));
	if (ret == EPERM)
		np_error_hint(err, "entering a network namespace needs CAP_SYS_ADMIN");
	return -1;
}

/*
 * Asks for a buffer beyond the system's limit where that is permitted, else for the largest
 * one.
 */
static void np_client_grow(int fd, int option, int force)
{
	int size = NP_SOCKET_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, option, &size, sizeof(size));
}

static void np_client_option(int fd, int option)
{
	int one = 1;

	/* A kernel without one of these options works as well, with poorer messages. */
	setsockopt(fd, SOL_NETLINK, option, &one, sizeof(one));
}

static int np_client_connect(struct np_client *client, int protocol, int timeout,
			     struct np_error *err)
{
	int ret;

	memset(client, 0, sizeof(*client));
	client->fd = -1;
	client->timeout = timeout ? timeout : NP_CLIENT_TIMEOUT;
	client->sock = nl_socket_alloc();
	if (!client->sock)
		return np_error_set(err, NP_EXIT_KERNEL, "no memory for a socket");
	ret = nl_connect(client->sock, protocol);
	if (ret)
		return np_error_set(err, ret == -NLE_NOACCESS || ret == -NLE_PERM ?
				    NP_EXIT_PERMISSION : NP_EXIT_KERNEL,
				    "netlink socket: %s", nl_geterror(ret));
	client->fd = nl_socket_get_fd(client->sock);
	client->port = nl_socket_get_local_port(client->sock);
	client->sequence = (uint32_t)time(NULL);
	client->buffer = np_xmalloc(NP_RECEIVE_BUFFER);
	np_client_grow(client->fd, SO_SNDBUF, SO_SNDBUFFORCE);
	np_client_grow(client->fd, SO_RCVBUF, SO_RCVBUFFORCE);
	np_client_option(client->fd, NETLINK_EXT_ACK);
	np_client_option(client->fd, NETLINK_CAP_ACK);
	np_client_option(client->fd, NETLINK_GET_STRICT_CHK);
	return 0;
}

static void np_client_read_group(struct np_client *client, struct nlattr *group)
{
	struct np_client_group *to = &client->group[client->group_count];
	struct nlattr *tb[CTRL_ATTR_MCAST_GRP_MAX + 1];

	if (client->group_count == NP_CLIENT_GROUPS ||
	    nla_parse_nested(tb, CTRL_ATTR_MCAST_GRP_MAX, group, NULL) ||
	    !tb[CTRL_ATTR_MCAST_GRP_NAME] || !tb[CTRL_ATTR_MCAST_GRP_ID] ||
	    nla_len(tb[CTRL_ATTR_MCAST_GRP_ID]) < 4)
		return;
	nla_strlcpy(to->name, tb[CTRL_ATTR_MCAST_GRP_NAME], sizeof(to->name));
	to->id = nla_get_u32(tb[CTRL_ATTR_MCAST_GRP_ID]);
	client->group_count++;
}

static int np_client_read_family(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct nlattr *tb[CTRL_ATTR_MAX + 1], *group;
	struct np_client *client = arg;
	int left;

	if (nlmsg_parse((struct nlmsghdr *)nlh, GENL_HDRLEN, tb, CTRL_ATTR_MAX, NULL) ||
	    !tb[CTRL_ATTR_FAMILY_ID] || nla_len(tb[CTRL_ATTR_FAMILY_ID]) < 2)
		return np_error_set(err, NP_EXIT_KERNEL, "malformed answer about the family");
	client->family = nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	client->group_count = 0;
	if (tb[CTRL_ATTR_MCAST_GROUPS])
		nla_for_each_nested(group, tb[CTRL_ATTR_MCAST_GROUPS], left)
			np_client_read_group(client, group);
	return 0;
}

int np_client_open(struct np_client *client, const char *family, int timeout,
		   struct np_error *err)
{
	struct nl_msg *msg;

	if (np_client_connect(client, NETLINK_GENERIC, timeout, err))
		return -1;
	client->family = GENL_ID_CTRL;
	msg = np_client_message(client, CTRL_CMD_GETFAMILY, 4096);
	nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, family);
	if (!np_client_call(client, msg, np_client_read_family, client, err))
		return 0;
	if (client->refusal.error == ENOENT) {
		np_error_set(err, NP_EXIT_MODULE, "kernel module \"%s\" is not loaded", family);
		np_error_hint(err, "'modprobe netpol' loads it; it comes with the package "
			      "netpol-dkms, 'dkms status' tells whether it was built for "
			      "this kernel");
	}
	return -1;
}

int np_client_open_route(struct np_client *client, int timeout, struct np_error *err)
{
	return np_client_connect(client, NETLINK_ROUTE, timeout, err);
}

int np_client_open_netfilter(struct np_client *client, int timeout, struct np_error *err)
{
	return np_client_connect(client, NETLINK_NETFILTER, timeout, err);
}

void np_client_close(struct np_client *client)
{
	if (client->sock)
		nl_socket_free(client->sock);
	free(client->buffer);
	client->sock = NULL;
	client->buffer = NULL;
	client->fd = -1;
}

struct nl_msg *np_client_message(const struct np_client *client, uint8_t command, size_t size)
{
	struct nl_msg *msg = nlmsg_alloc_size(size);

	if (!msg || !genlmsg_put(msg, client->port, 0, client->family, 0, 0, command, 1)) {
		fprintf(stderr, "netpolctl: error: no memory for a message\n");
		exit(NP_EXIT_USAGE);
	}
	return msg;
}

static int np_client_failed(struct np_client *client, int error, const char *text,
			    struct np_error *err)
{
	client->refusal.error = error;
	snprintf(client->refusal.text, sizeof(client->refusal.text), "%s", text);
	return np_client_refused(client, NULL, err);
}

/* A request that is sent. The kernel does what it asks for before sendto() returns. */
struct np_sending {
	int fd;
	const struct nlmsghdr *nlh;
	int error;
};

static void np_sending_run(void *arg)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct np_sending *sending = arg;
	ssize_t sent;

	do {
		sent = sendto(sending->fd, sending->nlh, sending->nlh->nlmsg_len, 0,
			      (struct sockaddr *)&kernel, sizeof(kernel));
	} while (sent < 0 && errno == EINTR);
	sending->error = sent < 0 ? errno : 0;
}

static int np_client_send(struct np_client *client, struct nl_msg *msg, unsigned int flags,
			  struct np_error *err)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct np_sending sending = { .fd = client->fd, .nlh = nlh };

	memset(&client->refusal, 0, sizeof(client->refusal));
	nlh->nlmsg_seq = ++client->sequence;
	nlh->nlmsg_pid = client->port;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	if (client->slow)
		np_breathe_call(np_sending_run, &sending);
	else
		np_sending_run(&sending);
	return sending.error ? np_client_failed(client, sending.error, "", err) : 0;
}

/* Reads the next datagram of the kernel. Returns its length, or -1 with errno. */
static ssize_t np_client_take(struct np_client *client, int64_t deadline)
{
	struct sockaddr_nl from;
	struct iovec iov = { client->buffer, NP_RECEIVE_BUFFER };
	struct msghdr head = {
		.msg_name = &from,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	int64_t left;
	ssize_t len;
	int ready;

	for (;;) {
		left = deadline < 0 ? -1 : deadline - np_time_monotonic();
		if (deadline >= 0 && left < 0)
			left = 0;
		ready = np_breathe_wait(client->fd, left);
		if (ready < 0 && errno != EINTR)
			return -1;
		if (!ready) {
			errno = ETIMEDOUT;
			return -1;
		}
		if (ready < 0)
			continue;
		head.msg_namelen = sizeof(from);
		len = recvmsg(client->fd, &head, MSG_TRUNC | MSG_DONTWAIT);
		if (len < 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			return -1;
		}
		if (head.msg_namelen != sizeof(from) || from.nl_pid)
			continue;
		if (len > NP_RECEIVE_BUFFER) {
			errno = EMSGSIZE;
			return -1;
		}
		return len;
	}
}

static void np_client_read_remark(struct np_refusal *refusal, struct nlattr *attrs, int len)
{
	struct nlattr *attr;
	int left;

	nla_for_each_attr(attr, attrs, len, left) {
		switch (nla_type(attr)) {
		case NLMSGERR_ATTR_MSG:
			snprintf(refusal->text, sizeof(refusal->text), "%.*s",
				 (int)strnlen(nla_data(attr), nla_len(attr)),
				 (const char *)nla_data(attr));
			break;
		case NLMSGERR_ATTR_OFFS:
			if (nla_len(attr) < 4)
				break;
			refusal->offset = nla_get_u32(attr);
			refusal->has_offset = true;
			break;
		case NLMSGERR_ATTR_COOKIE:
			if (nla_len(attr) != 8)
				break;
			refusal->object = nla_get_u64(attr);
			refusal->has_object = true;
			break;
		case NLMSGERR_ATTR_MISS_TYPE:
			if (nla_len(attr) < 4)
				break;
			refusal->missing = nla_get_u32(attr);
			refusal->has_missing = true;
			break;
		case NLMSGERR_ATTR_MISS_NEST:
			if (nla_len(attr) >= 4)
				refusal->missing_nest = nla_get_u32(attr);
			break;
		}
	}
}

/*
 * Reads NLMSG_ERROR or NLMSG_DONE: an error number, and extended attributes behind `skip`
 * bytes.
 */
static void np_client_read_end(struct np_client *client, const struct nlmsghdr *nlh)
{
	struct np_refusal *refusal = &client->refusal;
	size_t len = nlh->nlmsg_len - NLMSG_HDRLEN, skip = sizeof(int);
	const char *data = NLMSG_DATA(nlh);
	const struct nlmsgerr *end;
	int error = 0;

	memset(refusal, 0, sizeof(*refusal));
	if (len >= sizeof(error))
		memcpy(&error, data, sizeof(error));
	else if (nlh->nlmsg_type == NLMSG_ERROR)
		error = -EPROTO;
	refusal->error = error > 0 || error < -4095 ? EPROTO : -error;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		end = (const void *)data;
		if (len < sizeof(*end))
			return;
		skip = sizeof(*end);
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && end->msg.nlmsg_len > NLMSG_HDRLEN)
			skip += NLMSG_ALIGN((size_t)end->msg.nlmsg_len - NLMSG_HDRLEN);
	}
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS && skip < len)
		np_client_read_remark(refusal, (struct nlattr *)(data + skip), len - skip);
}

int np_client_feed(struct np_client *client, const void *data, size_t len, uint32_t sequence,
		   np_reply_fn reply, void *arg, struct np_error *err)
{
	struct nlmsghdr *nlh;
	int left = (int)len;

	for (nlh = (struct nlmsghdr *)data; nlmsg_ok(nlh, left); nlh = nlmsg_next(nlh, &left)) {
		if (nlh->nlmsg_seq != sequence || nlh->nlmsg_pid != client->port)
			continue;	/* this belongs to an answer that was given up */
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			client->interrupted = true;
		switch (nlh->nlmsg_type) {
		case NLMSG_NOOP:
			continue;
		case NLMSG_OVERRUN:
			client->refusal.error = ENOBUFS;
			return -1;
		case NLMSG_ERROR:
		case NLMSG_DONE:
			np_client_read_end(client, nlh);
			return client->refusal.error ? -1 : 1;
		}
		if (nlh->nlmsg_type < NLMSG_MIN_TYPE ||
		    (client->family && nlh->nlmsg_type != client->family) ||
		    (client->family && nlh->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN))
			continue;
		if (reply && reply(nlh, arg, err))
			return -1;
	}
	return 0;
}

/* 0 or -1; with -1, refusal.error is zero if reply() failed. */
static int np_client_answer(struct np_client *client, const struct nlmsghdr *request,
			    np_reply_fn reply, void *arg, struct np_error *err)
{
	int64_t deadline = client->timeout < 0 ? -1 : np_time_monotonic() + client->timeout;
	ssize_t len;
	int ret;

	for (;;) {
		len = np_client_take(client, deadline);
		if (len < 0)
			return np_client_failed(client, errno, "", err);
		ret = np_client_feed(client, client->buffer, len, client->sequence, reply, arg,
				     err);
		np_breathe();
		if (ret > 0)
			return 0;
		if (ret < 0)
			return client->refusal.error ? np_client_refused(client, request, err) : -1;
	}
}

int np_client_call_keep(struct np_client *client, struct nl_msg *msg, np_reply_fn reply,
			void *arg, struct np_error *err)
{
	if (np_client_send(client, msg, NLM_F_ACK, err))
		return -1;
	return np_client_answer(client, nlmsg_hdr(msg), reply, arg, err);
}

int np_client_call(struct np_client *client, struct nl_msg *msg, np_reply_fn reply, void *arg,
		   struct np_error *err)
{
	int ret = np_client_call_keep(client, msg, reply, arg, err);

	nlmsg_free(msg);
	return ret;
}

int np_client_dump(struct np_client *client, struct nl_msg *msg, np_restart_fn restart,
		   np_reply_fn reply, void *arg, struct np_error *err)
{
	int ret = -1, try;

	for (try = 0; try < NP_CLIENT_TRIES; try++) {
		if (restart)
			restart(arg);
		client->interrupted = false;
		ret = np_client_send(client, msg, NLM_F_DUMP, err);
		if (!ret)
			ret = np_client_answer(client, nlmsg_hdr(msg), reply, arg, err);
		if (!client->interrupted || !restart)
			break;
		if (ret && client->refusal.error && client->refusal.error != EINTR)
			break;
		ret = np_error_set(err, NP_EXIT_KERNEL,
				   "the objects change faster than they can be listed");
	}
	nlmsg_free(msg);
	return ret;
}

int np_client_join(struct np_client *client, const char *group, struct np_error *err)
{
	unsigned int i;
	int id;

	for (i = 0; i < client->group_count; i++)
		if (!strcmp(client->group[i].name, group))
			break;
	if (i == client->group_count)
		return np_error_set(err, NP_EXIT_ABI, "the module has no event group \"%s\"",
				    group);
	id = (int)client->group[i].id;
	if (!setsockopt(client->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &id, sizeof(id)))
		return 0;
	return np_client_failed(client, errno, "", err);
}

/*
 * Returns the number of messages that the socket had no room for since the last call, or 1 if
 * the kernel cannot tell.
 */
static uint64_t np_client_drops(struct np_client *client)
{
	uint32_t memory[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(memory);
	uint32_t more;

	if (getsockopt(client->fd, SOL_SOCKET, SO_MEMINFO, memory, &len))
		return 1;
	more = memory[SK_MEMINFO_DROPS] - client->drops;
	client->drops = memory[SK_MEMINFO_DROPS];
	return more ? more : 1;
}

int np_client_receive(struct np_client *client, int timeout, np_reply_fn reply, void *arg,
		      uint64_t *lost, struct np_error *err)
{
	struct nlmsghdr *nlh;
	ssize_t len;
	int left;

	len = np_client_take(client, timeout < 0 ? -1 : np_time_monotonic() + timeout);
	if (len < 0 && errno == ETIMEDOUT)
		return 0;
	if (len < 0 && errno == ENOBUFS) {
		*lost += np_client_drops(client);
		return 1;
	}
	if (len < 0)
		return np_client_failed(client, errno, "", err);
	left = (int)len;
	for (nlh = (void *)client->buffer; nlmsg_ok(nlh, left); nlh = nlmsg_next(nlh, &left)) {
		if (nlh->nlmsg_type != client->family ||
		    nlh->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN)
			continue;
		if (reply(nlh, arg, err))
			return -1;
	}
	return 1;
}

int np_client_refused(const struct np_client *client, const struct nlmsghdr *request,
		      struct np_error *err)
{
	const struct np_refusal *refusal = &client->refusal;
	const char *text = refusal->text;

	switch (refusal->error) {
	case EPERM:
	case EACCES:
		np_error_set(err, NP_EXIT_PERMISSION, "%s: this needs the capability "
			     "CAP_NET_ADMIN", *text ? text : strerror(refusal->error));
		np_error_hint(err, "run it as root, in the initial user namespace");
		return -1;
	case ETIMEDOUT:
		np_error_set(err, NP_EXIT_TIMEOUT, "the kernel gave no answer in time");
		np_error_hint(err, "--timeout allows more");
		return -1;
	case ESTALE:
		np_error_set(err, NP_EXIT_KERNEL, "%s", *text ? text :
			     "the objects were changed by someone else meanwhile");
		np_error_hint(err, "nothing was changed; run it again");
		return -1;
	case EOPNOTSUPP:
		np_error_set(err, NP_EXIT_KERNEL, "%s", *text ? text :
			     "the loaded module does not know this command");
		break;
	case ENOBUFS:
		np_error_set(err, NP_EXIT_KERNEL, "%s", *text ? text :
			     "the answer overran the socket's buffer");
		break;
	default:
		np_error_set(err, NP_EXIT_KERNEL, "%s%s%s%s", *text ? text : "",
			     *text ? " (" : "", strerror(refusal->error), *text ? ")" : "");
	}
	if (!request || !client->family || client->family == GENL_ID_CTRL)
		return -1;
	if (refusal->has_missing)
		np_message_missing(request, refusal->missing_nest, refusal->missing, err);
	else if (refusal->has_offset)
		np_message_at(request, refusal->offset, err);
	return -1;
}
