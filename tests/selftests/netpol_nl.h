/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Raw generic netlink for the selftests. It shares nothing with the tool's client, so
 * that a bug in one does not hide a bug in the other. Every function returns 0 or a
 * negative errno unless it says otherwise; the tests do the asserting.
 */
#ifndef NETPOL_NL_H
#define NETPOL_NL_H

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/netpol.h>

/* The harness defines the functions of a fixture without declaring them. */
#pragma GCC diagnostic ignored "-Wmissing-declarations"

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

/* Longest message; more than a nest can hold, so that overflow can be tested. */
#define MSG_MAX		(96 * 1024)
#define TAKE_MAX	(256 * 1024)
#define NL_TIMEOUT	20000		/* ms for one answer, TCG is slow */

/**
 * struct msg - a request in the making
 * @len: bytes so far
 * @data: struct nlmsghdr first
 */
struct msg {
	uint32_t len;
	unsigned char data[MSG_MAX] __attribute__((aligned(8)));
};

/**
 * struct ack - what the kernel said at the end
 * @error: negative errno or 0
 * @has_text: NLMSGERR_ATTR_MSG was there
 * @has_offset: NLMSGERR_ATTR_OFFS was there
 * @has_missing: NLMSGERR_ATTR_MISS_TYPE was there
 * @offset: its value
 * @missing: its value
 * @object: NLMSGERR_ATTR_COOKIE, the number of the object that was refused; -1: not there
 * @text: the sentence
 */
struct ack {
	int error;
	bool has_text;
	bool has_offset;
	bool has_missing;
	uint32_t offset;
	uint32_t missing;
	int64_t object;
	char text[256];
};

/* Is this Linux 5.10? The series is in the environment, see tests/run/check-vm.sh. */
static inline bool linux_5_10(void)
{
	const char *series = getenv("NETPOL_KERNEL");

	return series && !strcmp(series, "5.10");
}

/*
 * Was the client told that the attribute @type is missing? Linux 5.10 has no room for more
 * than the sentence in an answer.
 */
static inline bool ack_missing(const struct ack *ack, uint32_t type)
{
	if (linux_5_10())
		return !ack->has_missing && !strcmp(ack->text, "a required attribute is missing");
	return ack->has_missing && ack->missing == type;
}

/**
 * struct bytes - a growing buffer
 * @data: owned
 * @len: used
 * @size: allocated
 * @count: messages, where it holds a dump
 */
struct bytes {
	unsigned char *data;
	size_t len;
	size_t size;
	uint32_t count;
};

/**
 * struct nl - a socket
 * @fd: of the socket
 * @port: its netlink port
 * @seq: last sequence number
 * @family: of netpol; 0: not loaded
 * @group: multicast group ids: deny, audit, change
 * @interrupted: a dump said NLM_F_DUMP_INTR
 * @take: bytes to take at a time; netlink makes the pieces of a dump no larger than what
 *	the socket ever asked for, so this has to be small from the beginning
 * @connected: messages are sent without an address
 * @out: current request
 * @ack: of the last call
 * @reply: attributes of the last call's answer
 * @reply_cmd: its command
 */
struct nl {
	int fd;
	uint32_t port;
	uint32_t seq;
	uint16_t family;
	uint32_t group[3];
	bool interrupted;
	bool connected;
	size_t take;
	struct msg out;
	struct ack ack;
	struct bytes reply;
	uint8_t reply_cmd;
};

static inline int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Evaluates @cond until it holds or @ms have passed; true if it held. */
#define WAIT_FOR(cond, ms) ({					\
	int64_t end_ = now_ms() + (ms);				\
	bool held_;						\
								\
	while (!(held_ = (cond)) && now_ms() < end_)		\
		poll(NULL, 0, 1);				\
	held_;							\
})

static inline void bytes_add(struct bytes *b, const void *data, size_t len)
{
	if (b->len + len > b->size) {
		b->size = (b->len + len) * 2 + 256;
		b->data = realloc(b->data, b->size);
		if (!b->data)
			abort();
	}
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
}

static inline void bytes_free(struct bytes *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

static inline bool bytes_equal(const struct bytes *a, const struct bytes *b)
{
	return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

/* --- attributes, writing --------------------------------------------------- */

static inline struct nlmsghdr *msg_head(struct msg *m)
{
	return (struct nlmsghdr *)m->data;
}

/* Begins a generic netlink message. */
static inline void msg_start(struct msg *m, uint16_t type, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *nlh = msg_head(m);
	struct genlmsghdr *head;

	memset(m->data, 0, NLMSG_HDRLEN + GENL_HDRLEN);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	head = (void *)(m->data + NLMSG_HDRLEN);
	head->cmd = cmd;
	head->version = NETPOL_GENL_VERSION;
	m->len = NLMSG_HDRLEN + GENL_HDRLEN;
}

/* Room for an attribute of @len bytes with its header written; its payload. */
static inline void *put_head(struct msg *m, uint16_t type, size_t len)
{
	struct nlattr *a = (void *)(m->data + m->len);

	if (m->len + NLA_HDRLEN + NLA_ALIGN(len) > MSG_MAX)
		abort();
	memset(a, 0, NLA_HDRLEN + NLA_ALIGN(len));
	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + len;
	m->len += NLA_HDRLEN + NLA_ALIGN(len);
	return (char *)a + NLA_HDRLEN;
}

static inline void put(struct msg *m, uint16_t type, const void *data, size_t len)
{
	memcpy(put_head(m, type, len), data, len);
}

static inline void put_u8(struct msg *m, uint16_t type, uint8_t v)
{
	put(m, type, &v, sizeof(v));
}

static inline void put_u16(struct msg *m, uint16_t type, uint16_t v)
{
	put(m, type, &v, sizeof(v));
}

static inline void put_u32(struct msg *m, uint16_t type, uint32_t v)
{
	put(m, type, &v, sizeof(v));
}

static inline void put_u64(struct msg *m, uint16_t type, uint64_t v)
{
	put(m, type, &v, sizeof(v));
}

static inline void put_str(struct msg *m, uint16_t type, const char *v)
{
	put(m, type, v, strlen(v) + 1);
}

/* The value of @len characters, for names that are no C strings. */
static inline void put_strn(struct msg *m, uint16_t type, const char *v, size_t len)
{
	memcpy(put_head(m, type, len + 1), v, len);
}

static inline uint32_t nest(struct msg *m, uint16_t type)
{
	uint32_t at = m->len;

	put_head(m, type | NLA_F_NESTED, 0);
	return at;
}

static inline void nest_end(struct msg *m, uint32_t at)
{
	((struct nlattr *)(m->data + at))->nla_len = m->len - at;
}

/* --- attributes, reading --------------------------------------------------- */

static inline uint16_t at_type(const struct nlattr *a)
{
	return a->nla_type & NLA_TYPE_MASK;
}

static inline size_t at_len(const struct nlattr *a)
{
	return a->nla_len - NLA_HDRLEN;
}

static inline const void *at_data(const struct nlattr *a)
{
	return (const char *)a + NLA_HDRLEN;
}

static inline bool at_ok(const struct nlattr *a, const void *end)
{
	return (const char *)end - (const char *)a >= NLA_HDRLEN &&
	       a->nla_len >= NLA_HDRLEN &&
	       a->nla_len <= (const char *)end - (const char *)a;
}

static inline const struct nlattr *at_next(const struct nlattr *a)
{
	return (const void *)((const char *)a + NLA_ALIGN(a->nla_len));
}

#define at_for_each(a, data, len)					\
	for (const struct nlattr *a = (const void *)(data),		\
	     *end_##a = (const void *)((const char *)(data) + (len));	\
	     at_ok(a, end_##a); a = at_next(a))

#define at_for_each_in(a, nest) at_for_each(a, at_data(nest), at_len(nest))

/* The @nth attribute of a type, from 0, or NULL. */
static inline const struct nlattr *at_nth(const void *data, size_t len, uint16_t type,
					  uint32_t nth)
{
	at_for_each(a, data, len)
		if (at_type(a) == type && !nth--)
			return a;
	return NULL;
}

static inline const struct nlattr *at_find(const void *data, size_t len, uint16_t type)
{
	return at_nth(data, len, type, 0);
}

static inline const struct nlattr *at_in(const struct nlattr *outer, uint16_t type)
{
	return outer ? at_find(at_data(outer), at_len(outer), type) : NULL;
}

static inline uint32_t at_count(const void *data, size_t len, uint16_t type)
{
	uint32_t n = 0;

	at_for_each(a, data, len)
		n += at_type(a) == type;
	return n;
}

/* Numbers of any width; -1 where the attribute is not there or has another. */
static inline uint64_t at_u(const struct nlattr *a)
{
	uint64_t v8;
	uint32_t v4;
	uint16_t v2;

	switch (a ? at_len(a) : 0) {
	case 1:
		return *(const uint8_t *)at_data(a);
	case 2:
		memcpy(&v2, at_data(a), 2);
		return v2;
	case 4:
		memcpy(&v4, at_data(a), 4);
		return v4;
	case 8:
		memcpy(&v8, at_data(a), 8);
		return v8;
	}
	return ~0ULL;
}

static inline uint64_t at_u_in(const struct nlattr *outer, uint16_t type)
{
	return at_u(at_in(outer, type));
}

/* The string, or "" where it is not there or has no NUL. */
static inline const char *at_str(const struct nlattr *a)
{
	const char *s = a ? at_data(a) : NULL;

	return s && at_len(a) && !s[at_len(a) - 1] ? s : "";
}

static inline const char *at_str_in(const struct nlattr *outer, uint16_t type)
{
	return at_str(at_in(outer, type));
}

/* --- sockets ---------------------------------------------------------------- */

static inline int nl_send(struct nl *nl)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct nlmsghdr *nlh = msg_head(&nl->out);

	nlh->nlmsg_len = nl->out.len;
	nlh->nlmsg_seq = ++nl->seq;
	nlh->nlmsg_pid = nl->port;
	if (sendto(nl->fd, nl->out.data, nl->out.len, 0,
		   nl->connected ? NULL : (struct sockaddr *)&kernel,
		   nl->connected ? 0 : sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

/* One datagram into @buffer; its length, -ETIMEDOUT after @ms, or an error. */
static inline ssize_t nl_take(struct nl *nl, void *buffer, size_t size, int ms)
{
	struct pollfd wait = { .fd = nl->fd, .events = POLLIN };
	int64_t end = now_ms() + ms;
	ssize_t len;

	for (;;) {
		int64_t left = end - now_ms();

		if (poll(&wait, 1, left > 0 ? (int)left : 0) == 0)
			return -ETIMEDOUT;
		len = recv(nl->fd, buffer, size, MSG_DONTWAIT | MSG_TRUNC);
		if (len > (ssize_t)size)
			return -EMSGSIZE;
		if (len >= 0)
			return len;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
}

static inline void nl_read_ack(struct ack *ack, const struct nlmsghdr *nlh)
{
	size_t len = nlh->nlmsg_len - NLMSG_HDRLEN, skip = sizeof(int);
	const char *data = NLMSG_DATA(nlh);

	memset(ack, 0, sizeof(*ack));
	ack->object = -1;
	if (len >= sizeof(int))
		memcpy(&ack->error, data, sizeof(int));
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *e = (const void *)data;

		skip = sizeof(*e);
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
			skip += NLMSG_ALIGN(e->msg.nlmsg_len - NLMSG_HDRLEN);
	}
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || skip >= len)
		return;
	at_for_each(a, data + skip, len - skip) {
		switch (at_type(a)) {
		case NLMSGERR_ATTR_MSG:
			ack->has_text = at_len(a) > 1;
			snprintf(ack->text, sizeof(ack->text), "%s", at_str(a));
			break;
		case NLMSGERR_ATTR_OFFS:
			ack->has_offset = true;
			ack->offset = at_u(a);
			break;
		case NLMSGERR_ATTR_MISS_TYPE:
			ack->has_missing = true;
			ack->missing = at_u(a);
			break;
		case NLMSGERR_ATTR_COOKIE:
			ack->object = at_len(a) == 8 ? (int64_t)at_u(a) : -2;
			break;
		}
	}
}

/*
 * Takes one datagram of an answer. 1: it was the end, nl->ack tells how; 0: more is
 * to come; negative: the socket failed. Messages go to @to, headers and all, but
 * without the sequence and port numbers, which differ from one dump to the next.
 */
static inline int nl_step(struct nl *nl, struct bytes *to)
{
	static unsigned char buffer[TAKE_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = (void *)buffer;
	ssize_t len;
	size_t left;

	len = nl_take(nl, buffer, nl->take, NL_TIMEOUT);
	if (len < 0)
		return len;
	for (left = len; left >= NLMSG_HDRLEN && nlh->nlmsg_len >= NLMSG_HDRLEN &&
			 nlh->nlmsg_len <= left;
	     left -= NLMSG_ALIGN(nlh->nlmsg_len) > left ? left : NLMSG_ALIGN(nlh->nlmsg_len),
	     nlh = (void *)((char *)nlh + NLMSG_ALIGN(nlh->nlmsg_len))) {
		if (nlh->nlmsg_seq != nl->seq || nlh->nlmsg_pid != nl->port)
			continue;
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			nl->interrupted = true;
		if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
			nl_read_ack(&nl->ack, nlh);
			return 1;
		}
		if (nlh->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN)
			continue;
		nl->reply_cmd = *(uint8_t *)NLMSG_DATA(nlh);
		nlh->nlmsg_seq = 0;
		nlh->nlmsg_pid = 0;
		bytes_add(to, nlh, NLMSG_ALIGN(nlh->nlmsg_len));
		to->count++;
	}
	return 0;
}

/* Sends nl->out as it is and waits for the end; the messages go to @to. */
static inline int nl_run(struct nl *nl, struct bytes *to)
{
	int ret = nl_send(nl);

	memset(&nl->ack, 0, sizeof(nl->ack));
	to->len = 0;
	to->count = 0;
	while (!ret)
		ret = nl_step(nl, to);
	return ret < 0 ? ret : nl->ack.error;
}

/* A request with an acknowledgement; the attributes of its answer are in nl->reply. */
static inline int nl_call(struct nl *nl)
{
	int ret;

	ret = nl_run(nl, &nl->reply);
	if (nl->reply.count) {
		struct nlmsghdr *nlh = (void *)nl->reply.data;
		size_t len = nlh->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;

		memmove(nl->reply.data, nl->reply.data + NLMSG_HDRLEN + GENL_HDRLEN, len);
		nl->reply.len = len;
	}
	return ret;
}

static inline struct msg *nl_msg(struct nl *nl, uint8_t cmd)
{
	msg_start(&nl->out, nl->family, cmd, NLM_F_REQUEST | NLM_F_ACK);
	return &nl->out;
}

static inline struct msg *nl_dump_msg(struct nl *nl, uint8_t cmd)
{
	msg_start(&nl->out, nl->family, cmd, NLM_F_REQUEST | NLM_F_DUMP);
	return &nl->out;
}

static inline const struct nlattr *nl_reply(struct nl *nl, uint16_t type)
{
	return at_find(nl->reply.data, nl->reply.len, type);
}

/**
 * struct record - one message of a dump
 * @attrs: its attributes
 * @len: their bytes
 */
struct record {
	const void *attrs;
	size_t len;
};

/* The next message of a dump; *@at is 0 for the first. false: there is no other. */
static inline bool dump_next(const struct bytes *dump, size_t *at, struct record *r)
{
	const struct nlmsghdr *nlh = (const void *)(dump->data + *at);

	if (*at + NLMSG_HDRLEN + GENL_HDRLEN > dump->len)
		return false;
	r->attrs = (const char *)nlh + NLMSG_HDRLEN + GENL_HDRLEN;
	r->len = nlh->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
	*at += NLMSG_ALIGN(nlh->nlmsg_len);
	return true;
}

/* How often the attribute occurs at the top of the dump's messages. */
static inline uint32_t dump_count(const struct bytes *dump, uint16_t type)
{
	struct record r;
	uint32_t n = 0;

	for (size_t at = 0; dump_next(dump, &at, &r); )
		n += at_count(r.attrs, r.len, type);
	return n;
}

/* The first attribute @type of any message whose member @key is @name, or NULL. */
static inline const struct nlattr *dump_find(const struct bytes *dump, uint16_t type,
					     uint16_t key, const char *name)
{
	struct record r;

	for (size_t at = 0; dump_next(dump, &at, &r); )
		at_for_each(a, r.attrs, r.len)
			if (at_type(a) == type && !strcmp(at_str_in(a, key), name))
				return a;
	return NULL;
}

/* Looks the family up; nl->family is 0 afterwards if it is not there. */
static inline int nl_resolve(struct nl *nl)
{
	static const char *const name[] = {
		NETPOL_MCGRP_DENY, NETPOL_MCGRP_AUDIT, NETPOL_MCGRP_CHANGE,
	};
	const struct nlattr *groups;
	int ret, i;

	nl->family = 0;
	memset(nl->group, 0, sizeof(nl->group));
	msg_start(&nl->out, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_REQUEST | NLM_F_ACK);
	put_str(&nl->out, CTRL_ATTR_FAMILY_NAME, NETPOL_GENL_NAME);
	ret = nl_call(nl);
	if (ret)
		return ret;
	nl->family = at_u(nl_reply(nl, CTRL_ATTR_FAMILY_ID));
	groups = nl_reply(nl, CTRL_ATTR_MCAST_GROUPS);
	if (!groups)
		return 0;
	at_for_each_in(g, groups)
		for (i = 0; i < 3; i++)
			if (!strcmp(at_str_in(g, CTRL_ATTR_MCAST_GRP_NAME), name[i]))
				nl->group[i] = at_u_in(g, CTRL_ATTR_MCAST_GRP_ID);
	return 0;
}

/* Opens a socket in the caller's network namespace that takes @take bytes at a time. */
static inline int nl_open_small(struct nl *nl, size_t take)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(self);
	int one = 1, big = 4 << 20;

	memset(nl, 0, sizeof(*nl));
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (nl->fd < 0)
		return -errno;
	if (bind(nl->fd, (struct sockaddr *)&self, sizeof(self)) ||
	    getsockname(nl->fd, (struct sockaddr *)&self, &len))
		return -errno;
	nl->port = self.nl_pid;
	nl->seq = 1000;
	nl->take = take;
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	setsockopt(nl->fd, SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof(big));
	return nl_resolve(nl);
}

static inline int nl_open(struct nl *nl)
{
	return nl_open_small(nl, TAKE_MAX);
}

static inline void nl_close(struct nl *nl)
{
	if (nl->fd > 0)
		close(nl->fd);
	nl->fd = -1;
	bytes_free(&nl->reply);
}

/* Joins a group: 0 deny, 1 audit, 2 change. */
static inline int nl_join_only(struct nl *nl, int group)
{
	if (setsockopt(nl->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &nl->group[group],
		       sizeof(nl->group[group])))
		return -errno;
	return 0;
}

/* Joins a group, and sends a request: the next denied packet is told. */
static inline int nl_join(struct nl *nl, int group)
{
	int error = nl_join_only(nl, group);
	struct nl other;

	if (error)
		return error;
	error = nl_open(&other);
	if (!error) {
		nl_msg(&other, NETPOL_CMD_GET_INFO);
		error = nl_call(&other);
	}
	nl_close(&other);
	return error;
}

/* A dump without arguments. */
static inline int nl_dump(struct nl *nl, uint8_t cmd, struct bytes *to)
{
	nl_dump_msg(nl, cmd);
	nl->interrupted = false;
	return nl_run(nl, to);
}

#endif /* NETPOL_NL_H */
