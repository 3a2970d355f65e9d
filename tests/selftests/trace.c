// SPDX-License-Identifier: GPL-2.0
/*
 * Traces: which packets are told of, what is told of them, and the ways in which a trace ends.
 *
 * netpol-test: newest
 * netpol-test: timeout=300
 */
#include "kselftest_harness.h"
#include "netpol_net.h"
#include <arpa/inet.h>

#define ALLOW	NETPOL_VERDICT_ALLOW
#define DENY	NETPOL_VERDICT_DENY
#define SECONDS	60

FIXTURE(trace)
{
	struct nl nl;
	struct nl asker;
	struct netpod a, b;
	int from, to, other;
};

/* Pods t/a and t/b; t/b takes UDP 5000 and nothing else. */
static int load_pair(struct nl *nl, const struct netpod *a, const struct netpod *b)
{
	struct txn t;
	int ret = txn_begin(&t, nl, "manual", NETPOL_FLAG_FULL);

	if (ret)
		return ret;
	t_pair(&t, a, b);
	t_policy(&t, "t/in", "app=b", INGRESS);
	t_rule(&t, NETPOL_DIRECTION_INGRESS);
	t_port(&t, IPPROTO_UDP, 5000, 0, NULL);
	return txn_commit(&t);
}

FIXTURE_SETUP(trace)
{
	ASSERT_EQ(0, node_enter());
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, nl_open(&self->asker));
	ASSERT_EQ(0, netpod_new(&self->a, 1));
	ASSERT_EQ(0, netpod_new(&self->b, 2));
	self->from = udp_open(&self->a, self->a.address4, 4000);
	self->to = udp_open(&self->b, self->b.address4, 5000);
	self->other = udp_open(&self->a, self->a.address4, 4001);
	ASSERT_LE(0, self->from);
	ASSERT_LE(0, self->to);
	ASSERT_LE(0, self->other);
	ASSERT_TRUE(udp_reaches(self->from, self->to, self->b.address4, 5000, 10000));
	ASSERT_EQ(0, load_pair(&self->nl, &self->a, &self->b));
}

FIXTURE_TEARDOWN(trace)
{
	nl_flush_objects(&self->nl);
	nl_close(&self->asker);
	nl_close(&self->nl);
}

/* What a trace is about; what is 0 or NULL is not in the request. */
struct about {
	const char *from, *from2;
	const char *to;
	uint8_t protocol;
	uint16_t port;
	uint32_t packets;
	uint32_t seconds;
};

static void ask(struct nl *nl, const struct about *about)
{
	struct msg *m = nl_msg(nl, NETPOL_CMD_TRACE_BEGIN);
	uint32_t at = nest(m, NETPOL_A_TRACE);

	if (about->from)
		put_prefix(m, NETPOL_TRACE_A_FROM, about->from);
	if (about->from2)
		put_prefix(m, NETPOL_TRACE_A_FROM, about->from2);
	if (about->to)
		put_prefix(m, NETPOL_TRACE_A_TO, about->to);
	if (about->protocol)
		put_u8(m, NETPOL_TRACE_A_PROTOCOL, about->protocol);
	if (about->port)
		put_u16(m, NETPOL_TRACE_A_PORT, about->port);
	if (about->packets)
		put_u32(m, NETPOL_TRACE_A_PACKETS, about->packets);
	if (about->seconds)
		put_u32(m, NETPOL_TRACE_A_SECONDS, about->seconds);
	nest_end(m, at);
}

static int begin(struct nl *nl, const struct about *about)
{
	ask(nl, about);
	return nl_call(nl);
}

static unsigned char message[65536] __attribute__((aligned(8)));

/**
 * struct seen - a message of a trace
 * @trace: its nest; NULL: no message came
 * @verdict: ~0: none
 * @reason: likewise
 * @direction: likewise
 */
struct seen {
	const struct nlattr *trace;
	uint64_t verdict;
	uint64_t reason;
	uint64_t direction;
};

/* The next message of a trace within @ms. */
static struct seen take(struct nl *nl, int ms)
{
	struct nlmsghdr *nlh = (void *)message;
	ssize_t got = nl_take(nl, message, sizeof(message), ms);
	struct seen seen = {};
	const void *attrs;
	size_t len;

	if (got < (ssize_t)(NLMSG_HDRLEN + GENL_HDRLEN) || nlh->nlmsg_type != nl->family ||
	    *(uint8_t *)NLMSG_DATA(nlh) != NETPOL_CMD_TRACE)
		return seen;
	len = nlh->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
	attrs = message + NLMSG_HDRLEN + GENL_HDRLEN;
	seen.trace = at_find(attrs, len, NETPOL_A_TRACE);
	seen.verdict = at_u(at_find(attrs, len, NETPOL_A_VERDICT));
	seen.reason = at_u(at_find(attrs, len, NETPOL_A_REASON));
	seen.direction = at_u(at_find(attrs, len, NETPOL_A_DIRECTION));
	return seen;
}

/* Takes messages up to the end: how many passages were told, and how many lost. False: no end. */
static bool take_all(struct nl *nl, uint64_t *told, uint64_t *lost)
{
	struct seen seen;

	for (*told = 0, *lost = 0;; (*told)++) {
		seen = take(nl, NL_TIMEOUT);
		/* once, a socket may say that it has overrun */
		if (!seen.trace)
			seen = take(nl, NL_TIMEOUT);
		if (!seen.trace)
			return false;
		if (at_in(seen.trace, NETPOL_TRACE_A_LOST))
			*lost += at_u_in(seen.trace, NETPOL_TRACE_A_LOST);
		if (at_in(seen.trace, NETPOL_TRACE_A_END))
			return true;
	}
}

static bool address_is(const struct nlattr *trace, uint16_t type, const char *address)
{
	const struct nlattr *attr = at_in(trace, type);
	unsigned char bytes[16];
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;

	return attr && inet_pton(family, address, bytes) == 1 &&
	       at_len(attr) == (family == AF_INET ? 4 : 16) &&
	       !memcmp(bytes, at_data(attr), at_len(attr));
}

/* A packet comes in by an interface and leaves by another one: two messages, one number. */
TEST_F(trace, allowed)
{
	struct seen seen;
	uint64_t number;

	ASSERT_EQ(0, begin(&self->asker, &(struct about){ .from = "10.0.1.2/32",
			   .to = "10.0.2.0/24", .protocol = IPPROTO_UDP, .port = 5000,
			   .seconds = SECONDS }));
	/* neither the port nor the sender */
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5001, 1));
	ASSERT_EQ(0, udp_send(self->to, "10.0.2.1", 5000, 1));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, 2));
	seen = take(&self->asker, NL_TIMEOUT);
	ASSERT_NE(NULL, seen.trace);
	EXPECT_EQ(ALLOW, seen.verdict);
	EXPECT_EQ(~0ULL, seen.reason);
	EXPECT_EQ(NETPOL_POINT_PRE_ROUTING, at_u_in(seen.trace, NETPOL_TRACE_A_POINT));
	EXPECT_EQ(self->a.ifindex, at_u_in(seen.trace, NETPOL_TRACE_A_IN_IFINDEX));
	EXPECT_STREQ(self->a.veth, at_str_in(seen.trace, NETPOL_TRACE_A_IN_NAME));
	EXPECT_EQ(NULL, at_in(seen.trace, NETPOL_TRACE_A_OUT_IFINDEX));
	EXPECT_EQ(IPPROTO_UDP, at_u_in(seen.trace, NETPOL_TRACE_A_PROTOCOL));
	EXPECT_EQ(4000, at_u_in(seen.trace, NETPOL_TRACE_A_SOURCE_PORT));
	EXPECT_EQ(5000, at_u_in(seen.trace, NETPOL_TRACE_A_DESTINATION_PORT));
	EXPECT_EQ(20 + 8 + 4, at_u_in(seen.trace, NETPOL_TRACE_A_LENGTH));
	EXPECT_TRUE(address_is(seen.trace, NETPOL_TRACE_A_SOURCE4, self->a.address4));
	EXPECT_TRUE(address_is(seen.trace, NETPOL_TRACE_A_DESTINATION4, self->b.address4));
	number = at_u_in(seen.trace, NETPOL_TRACE_A_PACKET);
	EXPECT_EQ(1, number);
	seen = take(&self->asker, NL_TIMEOUT);
	ASSERT_NE(NULL, seen.trace);
	EXPECT_EQ(ALLOW, seen.verdict);
	EXPECT_EQ(NETPOL_POINT_POST_ROUTING, at_u_in(seen.trace, NETPOL_TRACE_A_POINT));
	EXPECT_EQ(self->b.ifindex, at_u_in(seen.trace, NETPOL_TRACE_A_OUT_IFINDEX));
	EXPECT_STREQ(self->b.veth, at_str_in(seen.trace, NETPOL_TRACE_A_OUT_NAME));
	EXPECT_EQ(number, at_u_in(seen.trace, NETPOL_TRACE_A_PACKET));
	EXPECT_TRUE(address_is(seen.trace, NETPOL_TRACE_A_OPENER4, self->a.address4));
	EXPECT_TRUE(address_is(seen.trace, NETPOL_TRACE_A_SERVER4, self->b.address4));
	EXPECT_EQ(5000, at_u_in(seen.trace, NETPOL_TRACE_A_SERVER_PORT));
	/* the answer belongs to it, and takes the next number */
	ASSERT_EQ(0, udp_send(self->to, self->a.address4, 4000, 3));
	seen = take(&self->asker, NL_TIMEOUT);
	ASSERT_NE(NULL, seen.trace);
	EXPECT_EQ(ALLOW, seen.verdict);
	EXPECT_EQ(number + 1, at_u_in(seen.trace, NETPOL_TRACE_A_PACKET));
	EXPECT_EQ(NETPOL_TRACE_F_REPLY, at_u_in(seen.trace, NETPOL_TRACE_A_FLAGS));
	EXPECT_TRUE(address_is(seen.trace, NETPOL_TRACE_A_SOURCE4, self->b.address4));
	EXPECT_TRUE(address_is(seen.trace, NETPOL_TRACE_A_OPENER4, self->a.address4));
}

/* The same packet is denied, whether somebody traces it or not, and is counted once. */
TEST_F(trace, denied)
{
	struct nl *nl = &self->nl;
	struct seen seen;

	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5001, 1));
	ASSERT_TRUE(WAIT_FOR(nl_counter(nl, "b", NETPOL_COUNTERS_A_INGRESS_DENIED) == 1, 5000));
	ASSERT_EQ(0, begin(&self->asker, &(struct about){ .to = "10.0.2.2/32",
			   .seconds = SECONDS }));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5001, 2));
	seen = take(&self->asker, NL_TIMEOUT);
	ASSERT_NE(NULL, seen.trace);
	EXPECT_EQ(ALLOW, seen.verdict);
	seen = take(&self->asker, NL_TIMEOUT);
	ASSERT_NE(NULL, seen.trace);
	EXPECT_EQ(NETPOL_POINT_POST_ROUTING, at_u_in(seen.trace, NETPOL_TRACE_A_POINT));
	EXPECT_EQ(DENY, seen.verdict);
	EXPECT_EQ(NETPOL_REASON_ISOLATED, seen.reason);
	EXPECT_EQ(NETPOL_DIRECTION_INGRESS, seen.direction);
	EXPECT_EQ(NETPOL_CONNECTION_NEW, at_u_in(seen.trace, NETPOL_TRACE_A_CONNECTION));
	EXPECT_EQ(2, nl_counter(nl, "b", NETPOL_COUNTERS_A_INGRESS_DENIED));
	/* nobody listens for events, so none is made for the sake of the trace */
	EXPECT_EQ(0, nl_counter(nl, NULL, NETPOL_COUNTERS_A_EVENTS));
}

/* A forged packet is denied where it comes in, and only there. */
TEST_F(trace, forged)
{
	struct seen seen;

	ASSERT_EQ(0, sh("nsenter --net=/proc/%d/fd/%d ip addr add 10.0.9.9/32 dev eth0",
			getpid(), self->a.ns));
	ASSERT_EQ(0, begin(&self->asker, &(struct about){ .from = "10.0.9.9/32",
			   .from2 = "fd09::/64", .seconds = SECONDS }));
	ASSERT_EQ(0, udp_send(udp_open(&self->a, "10.0.9.9", 4000), self->b.address4, 5000, 1));
	seen = take(&self->asker, NL_TIMEOUT);
	ASSERT_NE(NULL, seen.trace);
	EXPECT_EQ(NETPOL_POINT_PRE_ROUTING, at_u_in(seen.trace, NETPOL_TRACE_A_POINT));
	EXPECT_EQ(DENY, seen.verdict);
	EXPECT_EQ(NETPOL_REASON_SPOOFED, seen.reason);
	EXPECT_EQ(NETPOL_DIRECTION_EGRESS, seen.direction);
	EXPECT_EQ(NULL, take(&self->asker, 500).trace);
}

TEST_F(trace, ipv6)
{
	int from = udp_open(&self->a, self->a.address6, 4000);
	int to = udp_open(&self->b, self->b.address6, 5000);
	struct seen seen;

	ASSERT_TRUE(udp_reaches(from, to, self->b.address6, 5000, 10000));
	ASSERT_EQ(0, begin(&self->asker, &(struct about){ .from = "fd00:1::/32",
			   .to = "fd00:2::2/128", .protocol = IPPROTO_UDP,
			   .seconds = SECONDS }));
	/* of another family */
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, 1));
	ASSERT_EQ(0, udp_send(from, self->b.address6, 5001, 1));
	seen = take(&self->asker, NL_TIMEOUT);
	ASSERT_NE(NULL, seen.trace);
	EXPECT_TRUE(address_is(seen.trace, NETPOL_TRACE_A_SOURCE6, self->a.address6));
	seen = take(&self->asker, NL_TIMEOUT);
	ASSERT_NE(NULL, seen.trace);
	EXPECT_EQ(DENY, seen.verdict);
	EXPECT_EQ(NETPOL_REASON_ISOLATED, seen.reason);
}

/* What the node itself sends is seen where it sends it. */
TEST_F(trace, from_node)
{
	struct seen seen;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, begin(&self->asker, &(struct about){ .from = "10.0.2.1/32",
			   .seconds = SECONDS }));
	ASSERT_EQ(0, udp_send(fd, self->b.address4, 5001, 1));
	seen = take(&self->asker, NL_TIMEOUT);
	ASSERT_NE(NULL, seen.trace);
	EXPECT_EQ(NETPOL_POINT_LOCAL_OUT, at_u_in(seen.trace, NETPOL_TRACE_A_POINT));
	EXPECT_EQ(ALLOW, seen.verdict);
	seen = take(&self->asker, NL_TIMEOUT);
	ASSERT_NE(NULL, seen.trace);
	EXPECT_EQ(NETPOL_POINT_POST_ROUTING, at_u_in(seen.trace, NETPOL_TRACE_A_POINT));
	EXPECT_EQ(ALLOW, seen.verdict);
	close(fd);
}

TEST_F(trace, ends_after_packets)
{
	struct seen seen;
	int n = 0;

	ASSERT_EQ(0, begin(&self->asker, &(struct about){ .from = "10.0.1.2/32", .packets = 2,
			   .seconds = SECONDS }));
	for (int i = 0; i < 4; i++)
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, i));
	while ((seen = take(&self->asker, NL_TIMEOUT)).trace) {
		if (at_in(seen.trace, NETPOL_TRACE_A_END))
			break;
		EXPECT_GE(2, at_u_in(seen.trace, NETPOL_TRACE_A_PACKET));
		n++;
	}
	ASSERT_NE(NULL, seen.trace);
	EXPECT_EQ(4, n);
	EXPECT_EQ(NETPOL_TRACE_END_PACKETS, at_u_in(seen.trace, NETPOL_TRACE_A_END));
	EXPECT_EQ(2, at_u_in(seen.trace, NETPOL_TRACE_A_SEEN));
	/* and is told of no packet any more */
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, 9));
	EXPECT_EQ(NULL, take(&self->asker, 500).trace);
	/* the next one may begin, by the same socket or another one */
	EXPECT_EQ(0, begin(&self->nl, &(struct about){ .seconds = SECONDS }));
}

TEST_F(trace, ends_by_time)
{
	int64_t begun = now_ms();
	struct seen seen;

	ASSERT_EQ(0, begin(&self->asker, &(struct about){ .from = "192.0.2.1/32",
			   .seconds = 1 }));
	seen = take(&self->asker, NL_TIMEOUT);
	ASSERT_NE(NULL, seen.trace);
	EXPECT_EQ(NETPOL_TRACE_END_TIME, at_u_in(seen.trace, NETPOL_TRACE_A_END));
	EXPECT_EQ(0, at_u_in(seen.trace, NETPOL_TRACE_A_SEEN));
	EXPECT_LE(900, now_ms() - begun);
	EXPECT_EQ(0, begin(&self->asker, &(struct about){ .seconds = SECONDS }));
}

/* There is one at a time, until its socket is closed. */
TEST_F(trace, one_at_a_time)
{
	static struct nl other;

	ASSERT_EQ(0, begin(&self->asker, &(struct about){ .seconds = SECONDS }));
	EXPECT_EQ(-EBUSY, begin(&self->nl, &(struct about){ .seconds = SECONDS }));
	EXPECT_STREQ("a trace runs already in this network namespace", self->nl.ack.text);
	EXPECT_EQ(-EBUSY, begin(&self->asker, &(struct about){ .seconds = SECONDS }));
	/* another network namespace has its own */
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&other));
	EXPECT_EQ(0, begin(&other, &(struct about){ .seconds = SECONDS }));
	nl_close(&other);
	nl_close(&self->asker);
	EXPECT_EQ(0, begin(&self->nl, &(struct about){ .seconds = SECONDS }));
}

/* What a hook of others takes, at the very place of netpol's, has no verdict. */
TEST_F(trace, taken_by_others)
{
	struct seen seen;

	ASSERT_EQ(0, sh("nft add table ip taker && nft add chain ip taker in "
			"'{ type filter hook prerouting priority -457; }' && "
			"nft add rule ip taker in udp dport 5001 drop"));
	ASSERT_EQ(0, begin(&self->asker, &(struct about){ .from = "10.0.1.2/32",
			   .protocol = IPPROTO_UDP, .port = 5001, .seconds = SECONDS }));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5001, 1));
	/* nobody has asked for this one, which passes the same place */
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, 2));
	seen = take(&self->asker, NL_TIMEOUT);
	ASSERT_NE(NULL, seen.trace);
	EXPECT_EQ(NETPOL_POINT_PRE_ROUTING, at_u_in(seen.trace, NETPOL_TRACE_A_POINT));
	EXPECT_EQ(~0ULL, seen.verdict);
	EXPECT_EQ(0, sh("nft delete table ip taker"));
}

/* Packets that look the same, and may lie at the same place in memory, are several. */
TEST_F(trace, alike)
{
	int i, from = udp_open(&self->a, self->a.address6, 4000);
	int to = udp_open(&self->b, self->b.address6, 5000);
	struct seen seen;

	ASSERT_LE(0, from);
	ASSERT_LE(0, to);
	ASSERT_TRUE(udp_reaches(from, to, self->b.address6, 5000, 10000));
	ASSERT_EQ(0, begin(&self->asker, &(struct about){ .protocol = IPPROTO_UDP, .port = 5001,
			   .seconds = SECONDS }));
	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, udp_send(from, self->b.address6, 5001, 1));
	for (i = 2; i < 18; i++) {
		seen = take(&self->asker, NL_TIMEOUT);
		ASSERT_NE(NULL, seen.trace);
		EXPECT_EQ(i % 2 ? DENY : ALLOW, seen.verdict);
		EXPECT_EQ(i / 2, at_u_in(seen.trace, NETPOL_TRACE_A_PACKET));
	}
	close(from);
	close(to);
}

/* The last of its hooks finds no room, under traffic: nothing is left of the trace. */
TEST_F_TIMEOUT(trace, no_room_for_hooks, 120)
{
	int i, status;
	pid_t child;

	/* 1024 at most: as many as can be had, but for one */
	ASSERT_EQ(0, sh("(echo add table ip6 many; for i in $(seq 1000); do "
			"echo \"add chain ip6 many c$i { type filter hook input priority 0; }\"; "
			"done) >/tmp/many && nft -f /tmp/many"));
	ASSERT_EQ(0, sh("i=1001; while nft add chain ip6 many c$i "
			"'{ type filter hook input priority 0; }' 2>/dev/null; do "
			"i=$((i + 1)); [ $i -lt 1100 ] || exit 1; done; "
			"nft delete chain ip6 many c1"));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		for (;;)
			udp_send(self->from, self->b.address4, 5000, 1);
	for (i = 0; i < 300; i++)
		EXPECT_EQ(-E2BIG, begin(&self->asker, &(struct about){ .from = "10.0.1.2/32",
					.seconds = SECONDS }));
	EXPECT_EQ(0, sh("nft delete table ip6 many"));
	EXPECT_EQ(0, begin(&self->asker, &(struct about){ .from = "10.0.1.2/32",
			   .seconds = SECONDS }));
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
}

/* Sockets that are closed under traffic, while commits and flushes go on. */
TEST_F_TIMEOUT(trace, closed_under_traffic, 120)
{
	static struct nl nl;
	int i, j;

	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, nl_open(&nl));
		ASSERT_EQ(0, begin(&nl, &(struct about){ .to = "10.0.2.2/32",
				   .seconds = SECONDS }));
		for (j = 0; j < 50; j++)
			ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000 + j % 2, j));
		if (i % 4 == 3) {
			ASSERT_EQ(0, nl_flush_objects(&self->nl));
			ASSERT_EQ(0, load_pair(&self->nl, &self->a, &self->b));
		}
		nl_close(&nl);
	}
	EXPECT_TRUE(udp_reaches(self->from, self->to, self->b.address4, 5000, 10000));
}

/* A network namespace that goes away with its trace, after its last socket. */
TEST_F_TIMEOUT(trace, netns_removed, 120)
{
	long idle;
	int i, here = netns_here();
	static struct nl nl;

	ASSERT_LE(0, here);
	ASSERT_EQ(0, nl_flush_objects(&self->nl));
	idle = module_refs();
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, unshare(CLONE_NEWNET));
		ASSERT_EQ(0, sh("ip link set lo up"));
		ASSERT_EQ(0, nl_open(&nl));
		if (i % 2)
			ASSERT_EQ(0, load_cluster(&nl));
		ASSERT_EQ(0, begin(&nl, &(struct about){ .seconds = SECONDS }));
		ASSERT_EQ(0, sh("ping -c 1 -W 5 127.0.0.1 >/dev/null || true"));
		ASSERT_EQ(0, setns(here, CLONE_NEWNET));
		nl_close(&nl);
	}
	EXPECT_TRUE(WAIT_FOR(module_refs() == idle, 60000));
	close(here);
}

/* More than may be told in a second is counted, and told. */
TEST_F(trace, flood)
{
	uint64_t told, lost;
	int i, big = 16 << 20;

	/* whatever the kernel sends has room here */
	ASSERT_EQ(0, setsockopt(self->asker.fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big)));
	ASSERT_EQ(0, begin(&self->asker, &(struct about){ .from = "10.0.1.2/32",
			   .seconds = 4 }));
	for (i = 0; i < 3000; i++)
		udp_send(self->from, self->b.address4, 5000, i);
	ASSERT_TRUE(take_all(&self->asker, &told, &lost));
	EXPECT_LT(0, lost);
	/* PRE_ROUTING and POST_ROUTING of each */
	EXPECT_EQ(6000, told + lost);
}

/* A reader that does not read loses messages, and is told how many; it learns of the end. */
TEST_F(trace, slow_reader)
{
	uint64_t told, lost;
	int i, small = 4096;

	ASSERT_EQ(0, setsockopt(self->asker.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)));
	ASSERT_EQ(0, begin(&self->asker, &(struct about){ .from = "10.0.1.2/32",
			   .seconds = 2 }));
	for (i = 0; i < 100; i++)
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, i));
	/* longer than the trace */
	poll(NULL, 0, 3000);
	ASSERT_TRUE(take_all(&self->asker, &told, &lost));
	EXPECT_LT(0, lost);
	EXPECT_EQ(200, told + lost);
}

static void expect_refused(struct __test_metadata *_metadata, struct nl *nl,
			   const struct about *about, int error, const char *text)
{
	EXPECT_EQ(error, begin(nl, about));
	EXPECT_STREQ(text, nl->ack.text);
}

TEST_F(trace, refused)
{
	struct nl *nl = &self->asker;
	int i;

	nl_msg(nl, NETPOL_CMD_TRACE_BEGIN);
	EXPECT_EQ(-EINVAL, nl_call(nl));
	EXPECT_TRUE(ack_missing(&nl->ack, NETPOL_A_TRACE));
	EXPECT_EQ(-EINVAL, begin(nl, &(struct about){ .from = "10.0.0.1/32" }));
	EXPECT_TRUE(ack_missing(&nl->ack, NETPOL_TRACE_A_SECONDS));
	EXPECT_EQ(-EINVAL, begin(nl, &(struct about){ .port = 5000, .seconds = 1 }));
	EXPECT_TRUE(ack_missing(&nl->ack, NETPOL_TRACE_A_PROTOCOL));
	expect_refused(_metadata, nl, &(struct about){ .protocol = IPPROTO_ICMP, .port = 1,
		       .seconds = 1 }, -EINVAL, "protocol 1 has no ports");
	expect_refused(_metadata, nl, &(struct about){ .from = "10.0.0.0/33", .seconds = 1 },
		       -EINVAL, "an IPv4 prefix has at most 32 bits");
	expect_refused(_metadata, nl, &(struct about){ .from = "10.0.0.0/8", .to = "fd00::/8",
		       .seconds = 1 }, -EINVAL,
		       "the two ends have no addresses of the same family");
	EXPECT_EQ(-ERANGE, begin(nl, &(struct about){ .seconds = NETPOL_TRACE_SECONDS_MAX + 1 }));
	EXPECT_EQ(-ERANGE, begin(nl, &(struct about){ .packets = NETPOL_TRACE_PACKETS_MAX + 1,
				 .seconds = 1 }));
	/* one prefix more than an end can have */
	ask(nl, &(struct about){ .from = "10.0.0.0/8", .seconds = 1 });
	for (i = 0; i < NETPOL_TRACE_PREFIXES_MAX; i++) {
		struct nlattr *outer = (void *)(nl->out.data + NLMSG_HDRLEN + GENL_HDRLEN);

		put_prefix(&nl->out, NETPOL_TRACE_A_FROM, "10.0.0.0/8");
		outer->nla_len = nl->out.len - NLMSG_HDRLEN - GENL_HDRLEN;
	}
	EXPECT_EQ(-ENOSPC, nl_call(nl));
	EXPECT_STREQ("an end has more than 4 prefixes", nl->ack.text);
	/* what only the kernel sends */
	ask(nl, &(struct about){ .seconds = 1 });
	put_u32(&nl->out, NETPOL_TRACE_A_PACKET, 1);
	((struct nlattr *)(nl->out.data + NLMSG_HDRLEN + GENL_HDRLEN))->nla_len =
		nl->out.len - NLMSG_HDRLEN - GENL_HDRLEN;
	EXPECT_EQ(-EINVAL, nl_call(nl));
	/* nothing of this has begun a trace */
	EXPECT_EQ(0, begin(nl, &(struct about){ .seconds = 1 }));
}

TEST_HARNESS_MAIN
