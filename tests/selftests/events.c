// SPDX-License-Identifier: GPL-2.0
/*
 * Events: denied packets with the names of pods and policies, packets of a flow that are counted,
 * the bound on their rate and what each sender has of it, what is lost, and the notification of a
 * commit.
 *
 * netpol-test: timeout=300
 */
#include "kselftest_harness.h"
#include "netpol_net.h"

FIXTURE(events)
{
	struct nl nl;
	struct nl listener;
	struct netpod a, b;
	int from, to;
};

/* Pods t/a and t/b; t/b is isolated but for UDP 5000. */
static int load_pair(struct nl *nl, const struct netpod *a, const struct netpod *b,
		     uint32_t rate)
{
	struct txn t;
	struct msg *m;
	uint32_t at;
	int ret = txn_begin(&t, nl, "manual", NETPOL_FLAG_FULL);

	if (ret)
		return ret;
	t_pair(&t, a, b);
	t_policy(&t, "t/first", "app=b", INGRESS);
	t_policy(&t, "t/second", "app=b", INGRESS);
	t_rule(&t, NETPOL_DIRECTION_INGRESS);
	t_port(&t, IPPROTO_UDP, 5000, 0, NULL);
	m = txn_room(&t);
	at = nest(m, NETPOL_A_SETTINGS);
	put_u32(m, NETPOL_SETTINGS_A_EVENT_RATE, rate);
	nest_end(m, at);
	return txn_commit(&t);
}

FIXTURE_SETUP(events)
{
	ASSERT_EQ(0, node_enter());
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, nl_open(&self->listener));
	ASSERT_EQ(0, netpod_new(&self->a, 1));
	ASSERT_EQ(0, netpod_new(&self->b, 2));
	self->from = udp_open(&self->a, self->a.address4, 4000);
	self->to = udp_open(&self->b, self->b.address4, 5000);
	ASSERT_LE(0, self->from);
	ASSERT_LE(0, self->to);
	ASSERT_TRUE(udp_reaches(self->from, self->to, self->b.address4, 5000, 10000));
	ASSERT_EQ(0, load_pair(&self->nl, &self->a, &self->b, 1000000));
}

FIXTURE_TEARDOWN(events)
{
	nl_flush_objects(&self->nl);
	nl_close(&self->nl);
	nl_close(&self->listener);
}

static unsigned char event[65536] __attribute__((aligned(8)));

/*
 * The next event of a listener within @ms: its attributes, *@len bytes; NULL: none came.
 * *@cmd is its command.
 */
static const void *take_event(struct nl *nl, int ms, size_t *len, uint8_t *cmd)
{
	struct nlmsghdr *nlh = (void *)event;
	ssize_t got = nl_take(nl, event, sizeof(event), ms);

	if (got < (ssize_t)(NLMSG_HDRLEN + GENL_HDRLEN) || nlh->nlmsg_type != nl->family)
		return NULL;
	*cmd = *(uint8_t *)NLMSG_DATA(nlh);
	*len = nlh->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
	return event + NLMSG_HDRLEN + GENL_HDRLEN;
}

/* Waits for the event about a port; others may come before it. */
static bool told_of(struct nl *nl, unsigned int port)
{
	const struct nlattr *e;
	const void *attrs;
	uint8_t cmd;
	size_t len;

	while ((attrs = take_event(nl, NL_TIMEOUT, &len, &cmd))) {
		e = at_find(attrs, len, NETPOL_A_EVENT);
		if (at_in(e, NETPOL_EVENT_A_DESTINATION_PORT) &&
		    at_u_in(e, NETPOL_EVENT_A_DESTINATION_PORT) == port)
			return true;
	}
	return false;
}

/* Waits until packets sent before have been judged: one that arrives, behind them. */
static bool settle(int from, int to, const char *address)
{
	return udp_reaches(from, to, address, 5000, 10000);
}

TEST_F(events, deny)
{
	const struct nlattr *e, *first, *second;
	const void *attrs;
	unsigned char address[4];
	struct timespec now;
	uint64_t ns;
	uint8_t cmd;
	size_t len;

	ASSERT_EQ(0, nl_join(&self->listener, 0));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5002, 1));
	attrs = take_event(&self->listener, NL_TIMEOUT, &len, &cmd);
	ASSERT_NE(NULL, attrs);
	clock_gettime(CLOCK_REALTIME, &now);
	ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
	EXPECT_EQ(NETPOL_CMD_EVENT, cmd);
	EXPECT_EQ(NETPOL_VERDICT_DENY, at_u(at_find(attrs, len, NETPOL_A_VERDICT)));
	e = at_find(attrs, len, NETPOL_A_EVENT);
	ASSERT_NE(NULL, e);
	EXPECT_EQ(NETPOL_DIRECTION_INGRESS, at_u_in(e, NETPOL_EVENT_A_DIRECTION));
	EXPECT_EQ(NETPOL_REASON_ISOLATED, at_u_in(e, NETPOL_EVENT_A_REASON));
	EXPECT_EQ(IPPROTO_UDP, at_u_in(e, NETPOL_EVENT_A_PROTOCOL));
	EXPECT_EQ(4000, at_u_in(e, NETPOL_EVENT_A_SOURCE_PORT));
	EXPECT_EQ(5002, at_u_in(e, NETPOL_EVENT_A_DESTINATION_PORT));
	EXPECT_STREQ("t", at_str_in(e, NETPOL_EVENT_A_SOURCE_NAMESPACE));
	EXPECT_STREQ("a", at_str_in(e, NETPOL_EVENT_A_SOURCE_NAME));
	EXPECT_STREQ("t", at_str_in(e, NETPOL_EVENT_A_DESTINATION_NAMESPACE));
	EXPECT_STREQ("b", at_str_in(e, NETPOL_EVENT_A_DESTINATION_NAME));
	ASSERT_NE(NULL, at_in(e, NETPOL_EVENT_A_SOURCE4));
	ASSERT_NE(NULL, at_in(e, NETPOL_EVENT_A_DESTINATION4));
	inet_pton(AF_INET, self->a.address4, address);
	EXPECT_EQ(0, memcmp(address, at_data(at_in(e, NETPOL_EVENT_A_SOURCE4)), 4));
	inet_pton(AF_INET, self->b.address4, address);
	EXPECT_EQ(0, memcmp(address, at_data(at_in(e, NETPOL_EVENT_A_DESTINATION4)), 4));
	EXPECT_EQ(2, at_u_in(e, NETPOL_EVENT_A_POLICIES));
	first = at_nth(at_data(e), at_len(e), NETPOL_EVENT_A_POLICY, 0);
	second = at_nth(at_data(e), at_len(e), NETPOL_EVENT_A_POLICY, 1);
	EXPECT_STREQ("t", at_str_in(first, NETPOL_POLICY_A_NAMESPACE));
	EXPECT_STREQ("first", at_str_in(first, NETPOL_POLICY_A_NAME));
	EXPECT_STREQ("second", at_str_in(second, NETPOL_POLICY_A_NAME));
	/* within the last minute */
	EXPECT_LE(at_u_in(e, NETPOL_EVENT_A_TIME), ns);
	EXPECT_LT(ns - 60000000000ULL, at_u_in(e, NETPOL_EVENT_A_TIME));
	EXPECT_EQ(1, nl_counter(&self->nl, NULL, NETPOL_COUNTERS_A_EVENTS));
	EXPECT_EQ(0, nl_counter(&self->nl, NULL, NETPOL_COUNTERS_A_EVENTS_LOST));
}

TEST_F(events, deny_ipv6)
{
	int from = udp_open(&self->a, self->a.address6, 4000);
	int to = udp_open(&self->b, self->b.address6, 5000);
	unsigned char address[16];
	const struct nlattr *e;
	const void *attrs;
	uint8_t cmd;
	size_t len;

	ASSERT_LE(0, from);
	ASSERT_LE(0, to);
	ASSERT_TRUE(settle(from, to, self->b.address6));
	ASSERT_EQ(0, nl_join(&self->listener, 0));
	ASSERT_EQ(0, udp_send(from, self->b.address6, 5002, 1));
	attrs = take_event(&self->listener, NL_TIMEOUT, &len, &cmd);
	ASSERT_NE(NULL, attrs);
	e = at_find(attrs, len, NETPOL_A_EVENT);
	ASSERT_NE(NULL, at_in(e, NETPOL_EVENT_A_SOURCE6));
	inet_pton(AF_INET6, self->a.address6, address);
	EXPECT_EQ(0, memcmp(address, at_data(at_in(e, NETPOL_EVENT_A_SOURCE6)), 16));
	EXPECT_STREQ("a", at_str_in(e, NETPOL_EVENT_A_SOURCE_NAME));
	EXPECT_STREQ("b", at_str_in(e, NETPOL_EVENT_A_DESTINATION_NAME));
	close(from);
	close(to);
}

/* An end that is no pod has an address and no name; egress is the source's. */
TEST_F(events, deny_egress)
{
	const struct nlattr *e;
	const void *attrs;
	struct txn t;
	uint8_t cmd;
	size_t len;

	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", 0));
	t_policy(&t, "t/out", "app=a", EGRESS);
	ASSERT_EQ(0, txn_commit(&t));
	ASSERT_EQ(0, nl_join(&self->listener, 0));
	/* behind pod b's interface there is more than pod b */
	ASSERT_EQ(0, sh("ip route add 198.51.100.0/24 via %s", self->b.address4));
	ASSERT_EQ(0, udp_send(self->from, "198.51.100.1", 53, 1));
	attrs = take_event(&self->listener, NL_TIMEOUT, &len, &cmd);
	ASSERT_NE(NULL, attrs);
	e = at_find(attrs, len, NETPOL_A_EVENT);
	EXPECT_EQ(NETPOL_DIRECTION_EGRESS, at_u_in(e, NETPOL_EVENT_A_DIRECTION));
	EXPECT_STREQ("a", at_str_in(e, NETPOL_EVENT_A_SOURCE_NAME));
	EXPECT_EQ(NULL, at_in(e, NETPOL_EVENT_A_DESTINATION_NAME));
	EXPECT_STREQ("out", at_str_in(at_in(e, NETPOL_EVENT_A_POLICY), NETPOL_POLICY_A_NAME));
}

/*
 * Netlink is asked for listeners once a tick. Who sends a request after joining is told of the next
 * denied packet all the same, also if one was denied just before, when nobody listened.
 */
TEST_F(events, joined_now)
{
	int i;

	for (i = 0; i < 20; i++) {
		nl_close(&self->listener);
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5100 + i, 1));
		ASSERT_EQ(0, nl_open(&self->listener));
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5100 + i, 1));
		ASSERT_EQ(0, nl_join(&self->listener, 0));
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5200 + i, 1));
		ASSERT_TRUE(told_of(&self->listener, 5200 + i)) TH_LOG("round %d", i);
	}
}

/* What is allowed makes no event, and neither does EVAL. */
TEST_F(events, silence)
{
	uint8_t cmd;
	size_t len;

	ASSERT_EQ(0, nl_join(&self->listener, 0));
	EXPECT_EQ(NETPOL_VERDICT_DENY, nl_verdict(&self->nl, "t/a", "t/b", 80));
	ASSERT_TRUE(settle(self->from, self->to, self->b.address4));
	EXPECT_EQ(NULL, take_event(&self->listener, 0, &len, &cmd));
	EXPECT_EQ(0, nl_counter(&self->nl, NULL, NETPOL_COUNTERS_A_EVENTS));
}

/* A dump is a request as any other. */
TEST_F(events, joined_dump)
{
	struct bytes dump = {};
	int i;

	for (i = 0; i < 20; i++) {
		nl_close(&self->listener);
		ASSERT_EQ(0, nl_open(&self->listener));
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5100 + i, 1));
		ASSERT_EQ(0, nl_join_only(&self->listener, 0));
		ASSERT_EQ(0, nl_dump(&self->nl, NETPOL_CMD_GET_AUDIT, &dump));
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5200 + i, 1));
		ASSERT_TRUE(told_of(&self->listener, 5200 + i)) TH_LOG("round %d", i);
	}
}

/**
 * struct heard - what a listener was told
 * @messages: with packets
 * @packets: in them
 * @single: messages about one packet
 * @lost: packets that are in no event
 * @lost_alone: messages about lost packets alone
 */
struct heard {
	uint64_t messages, packets, single, lost, lost_alone;
};

/* Adds up events until none comes for @ms. Return: false: one makes no sense. */
static bool hear(struct nl *listener, int ms, struct heard *heard)
{
	const struct nlattr *e;
	const void *attrs;
	bool sense = true;
	uint64_t count;
	uint8_t cmd;
	size_t len;

	while ((attrs = take_event(listener, ms, &len, &cmd))) {
		e = at_find(attrs, len, NETPOL_A_EVENT);
		if (cmd != NETPOL_CMD_EVENT || !e)
			return false;
		if (at_in(e, NETPOL_EVENT_A_LOST))
			heard->lost += at_u_in(e, NETPOL_EVENT_A_LOST);
		if (!at_in(e, NETPOL_EVENT_A_PROTOCOL)) {
			sense = sense && at_in(e, NETPOL_EVENT_A_LOST);
			heard->lost_alone++;
			continue;
		}
		count = at_in(e, NETPOL_EVENT_A_COUNT) ? at_u_in(e, NETPOL_EVENT_A_COUNT) : 1;
		sense = sense && count &&
			(count == 1) == !at_in(e, NETPOL_EVENT_A_FIRST) &&
			(count == 1 || at_u_in(e, NETPOL_EVENT_A_FIRST) <=
					       at_u_in(e, NETPOL_EVENT_A_TIME));
		heard->messages++;
		heard->single += count == 1;
		heard->packets += count;
	}
	return sense;
}

/* What was told is what the kernel counted, and each of the denied packets is in it once. */
#define EXPECT_EXACT(nl, heard, denied)						\
	do {									\
		EXPECT_EQ(denied, (heard).packets + (heard).lost);		\
		EXPECT_EQ(nl_counter(nl, NULL, NETPOL_COUNTERS_A_EVENTS), (heard).messages); \
		EXPECT_EQ(nl_counter(nl, NULL, NETPOL_COUNTERS_A_EVENTS_LOST), (heard).lost); \
	} while (0)

/* The first packet of a flow is told at once, and the others are when the window ends. */
TEST_F_TIMEOUT(events, count, 60)
{
	enum { PACKETS = 300, RATE = 10 };
	struct heard heard = { 0 };
	const struct nlattr *e;
	const void *attrs;
	int i, other;
	uint8_t cmd;
	size_t len;

	other = udp_open(&self->a, self->a.address4, 4001);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, load_pair(&self->nl, &self->a, &self->b, RATE));
	ASSERT_EQ(0, nl_join(&self->listener, 0));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5002, 0));
	attrs = take_event(&self->listener, NETPOL_EVENT_WINDOW * 3 / 4, &len, &cmd);
	ASSERT_NE(NULL, attrs);
	e = at_find(attrs, len, NETPOL_A_EVENT);
	EXPECT_EQ(NULL, at_in(e, NETPOL_EVENT_A_COUNT));
	EXPECT_EQ(NULL, at_in(e, NETPOL_EVENT_A_FIRST));
	EXPECT_EQ(4000, at_u_in(e, NETPOL_EVENT_A_SOURCE_PORT));
	/* of one source port, which the event has */
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, udp_send(other, self->b.address4, 5002, i));
	attrs = take_event(&self->listener, NL_TIMEOUT, &len, &cmd);
	ASSERT_NE(NULL, attrs);
	e = at_find(attrs, len, NETPOL_A_EVENT);
	EXPECT_EQ(2, at_u_in(e, NETPOL_EVENT_A_COUNT));
	EXPECT_LE(at_u_in(e, NETPOL_EVENT_A_FIRST), at_u_in(e, NETPOL_EVENT_A_TIME));
	EXPECT_EQ(4001, at_u_in(e, NETPOL_EVENT_A_SOURCE_PORT));
	EXPECT_EQ(5002, at_u_in(e, NETPOL_EVENT_A_DESTINATION_PORT));
	EXPECT_STREQ("a", at_str_in(e, NETPOL_EVENT_A_SOURCE_NAME));
	/* of several, which no event has */
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5002, 0));
	ASSERT_EQ(0, udp_send(other, self->b.address4, 5002, 0));
	attrs = take_event(&self->listener, NL_TIMEOUT, &len, &cmd);
	ASSERT_NE(NULL, attrs);
	e = at_find(attrs, len, NETPOL_A_EVENT);
	EXPECT_EQ(2, at_u_in(e, NETPOL_EVENT_A_COUNT));
	EXPECT_EQ(NULL, at_in(e, NETPOL_EVENT_A_SOURCE_PORT));
	/* more than the rate of one flow: nothing is lost */
	for (i = 0; i < PACKETS; i++)
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5002, i));
	EXPECT_TRUE(hear(&self->listener, 3 * NETPOL_EVENT_WINDOW, &heard));
	EXPECT_EQ(PACKETS, heard.packets);
	EXPECT_EQ(0, heard.lost);
	EXPECT_EQ(0, nl_counter(&self->nl, NULL, NETPOL_COUNTERS_A_EVENTS_LOST));
	/* after a while without packets the next one begins anew, with the source port */
	ASSERT_EQ(0, udp_send(other, self->b.address4, 5002, 0));
	attrs = take_event(&self->listener, NETPOL_EVENT_WINDOW * 3 / 4, &len, &cmd);
	ASSERT_NE(NULL, attrs);
	EXPECT_EQ(4001, at_u_in(at_find(attrs, len, NETPOL_A_EVENT), NETPOL_EVENT_A_SOURCE_PORT));
	close(other);
}

/* Sends from @fd to @ports ports by turns, on one processor, for @ms. Return: packets. */
static uint64_t flood(int fd, const char *address, int first, int ports, int cpu, int ms)
{
	int64_t end = now_ms() + ms;
	uint64_t sent = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	while (now_ms() < end)
		if (!udp_send(fd, address, first + sent % ports, 0))
			sent++;
	return sent;
}

/*
 * Two processors send packets of the same flows from two source ports, over the ends of several
 * windows: each packet is counted once, nothing is lost, and a single packet of another flow is
 * told.
 */
TEST_F_TIMEOUT(events, flood, 120)
{
	struct heard heard = { 0 };
	uint64_t denied;
	pid_t child;
	int other, status;

	other = udp_open(&self->a, self->a.address4, 4001);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, load_pair(&self->nl, &self->a, &self->b, 100));
	ASSERT_EQ(0, nl_join(&self->listener, 0));
	child = fork();
	if (!child) {
		flood(other, self->b.address4, 6000, 8, 1, 4500);
		_exit(0);
	}
	flood(self->from, self->b.address4, 6000, 8, 0, 2500);
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 7000, 0));
	flood(self->from, self->b.address4, 6000, 8, 0, 2000);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(settle(self->from, self->to, self->b.address4));
	EXPECT_TRUE(hear(&self->listener, 3 * NETPOL_EVENT_WINDOW, &heard));
	denied = nl_counter(&self->nl, NULL, NETPOL_COUNTERS_A_INGRESS_DENIED);
	TH_LOG("%llu packets in %llu events", (unsigned long long)denied,
	       (unsigned long long)heard.messages);
	EXPECT_EXACT(&self->nl, heard, denied);
	EXPECT_EQ(0, heard.lost);
	/* the first packet of each flow; two processors may begin one together */
	EXPECT_LE(8 + 1, heard.single);
	EXPECT_GE(2 * 8 + 1, heard.single);
	EXPECT_GT(200, heard.messages);
	close(other);
}

/*
 * One who sends to any port has a part of the rate, and another sender's first packet is told at
 * once; what was lost is told without another event.
 */
TEST_F_TIMEOUT(events, share, 120)
{
	enum { PORTS = 1000, RATE = 300 };
	struct heard heard = { 0 };
	bool told = false;
	const struct nlattr *e;
	struct netpod other[3];
	int64_t begin;
	const void *attrs;
	uint64_t denied;
	int from[3], i;
	uint8_t cmd;
	size_t len;

	/* One of 256 has its share with the first sender, by the key of the hash; not all three. */
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, netpod_new(&other[i], 3 + i));
		from[i] = udp_open(&other[i], other[i].address4, 4000);
		ASSERT_LE(0, from[i]);
		ASSERT_TRUE(udp_reaches(from[i], self->to, self->b.address4, 5000, 10000));
	}
	ASSERT_EQ(0, load_pair(&self->nl, &self->a, &self->b, RATE));
	ASSERT_EQ(0, nl_join(&self->listener, 0));
	begin = now_ms();
	for (i = 0; i < PORTS; i++)
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 10000 + i, i));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, udp_send(from[i], self->b.address4, 9999, 1));
	/* so many that the last of them are lost, and no event is behind them */
	for (i = 0; i < PORTS; i++)
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 20000 + i, i));
	while (!told && (attrs = take_event(&self->listener, NL_TIMEOUT, &len, &cmd))) {
		e = at_find(attrs, len, NETPOL_A_EVENT);
		told = at_in(e, NETPOL_EVENT_A_DESTINATION_PORT) &&
		       at_u_in(e, NETPOL_EVENT_A_DESTINATION_PORT) == 9999;
		heard.lost_alone += !at_in(e, NETPOL_EVENT_A_PROTOCOL);
		heard.messages += !!at_in(e, NETPOL_EVENT_A_PROTOCOL);
		heard.packets += !!at_in(e, NETPOL_EVENT_A_PROTOCOL);
		heard.lost += at_in(e, NETPOL_EVENT_A_LOST) ?
			      at_u_in(e, NETPOL_EVENT_A_LOST) : 0;
	}
	EXPECT_TRUE(told);
	EXPECT_TRUE(hear(&self->listener, 3 * NETPOL_EVENT_WINDOW, &heard));
	denied = nl_counter(&self->nl, NULL, NETPOL_COUNTERS_A_INGRESS_DENIED);
	EXPECT_EQ(2 * PORTS + 3, denied);
	EXPECT_EXACT(&self->nl, heard, denied);
	EXPECT_LT(PORTS, heard.lost);
	EXPECT_LT(0, heard.lost_alone);
	/* single packets and counts, a rate of each for each second that the clock showed */
	EXPECT_GE(2 * RATE * ((now_ms() - begin) / 1000 + 2), heard.messages);
	for (i = 0; i < 3; i++)
		close(from[i]);
}

/* Waits until a counter of the totals is above @least. */
static bool counted(struct nl *nl, int attr, uint64_t least)
{
	int64_t end = now_ms() + 20000;

	while (nl_counter(nl, NULL, attr) <= least && now_ms() < end)
		poll(NULL, 0, 20);
	return nl_counter(nl, NULL, attr) > least;
}

/* Sends denied packets with forged sources, to any destination, for @ms. */
static void forge(const struct netpod *pod, int ms)
{
	enum { SOURCES = 200 };
	int64_t end = now_ms() + ms;
	char address[16];
	int fd[SOURCES], i;

	for (i = 0; i < SOURCES; i++) {
		snprintf(address, sizeof(address), "192.0.2.%d", i + 1);
		fd[i] = udp_open(pod, address, 4000);
	}
	for (i = 0; now_ms() < end; i++) {
		snprintf(address, sizeof(address), "198.51.100.%d", i % 250 + 1);
		udp_send(fd[i % SOURCES], address, 1000 + i % 5000, 0);
	}
}

/* One who forges sources, as many as there are, has no more than any other sender. */
TEST_F_TIMEOUT(events, forger, 60)
{
	int here = netns_here(), status;
	pid_t child;

	ASSERT_LE(0, here);
	ASSERT_EQ(0, setns(self->b.ns, CLONE_NEWNET));
	ASSERT_EQ(0, sh("ip route add local 192.0.2.0/24 dev lo"));
	ASSERT_EQ(0, setns(here, CLONE_NEWNET));
	close(here);
	sh("for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done");
	ASSERT_EQ(0, load_pair(&self->nl, &self->a, &self->b, 40));
	ASSERT_EQ(0, nl_join(&self->listener, 0));
	child = fork();
	if (!child) {
		forge(&self->b, 6000);
		_exit(0);
	}
	/* more than there are flows, and than the rate of some seconds */
	ASSERT_TRUE(counted(&self->nl, NETPOL_COUNTERS_A_SPOOFED, 1000));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 9999, 1));
	EXPECT_TRUE(told_of(&self->listener, 9999));
	ASSERT_EQ(child, waitpid(child, &status, 0));
}

static bool set_clock(time_t by)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += by;
	return !clock_settime(CLOCK_REALTIME, &now);
}

/* The clock is set back: what is counted from then on has the times of the new clock. */
TEST_F_TIMEOUT(events, clock, 60)
{
	uint64_t ns = 0, when = 0, first = 0;
	const struct nlattr *e;
	struct timespec now;
	const void *attrs;
	uint8_t cmd;
	size_t len;

	ASSERT_EQ(0, nl_join(&self->listener, 0));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5002, 0));
	ASSERT_NE(NULL, take_event(&self->listener, NL_TIMEOUT, &len, &cmd));
	ASSERT_TRUE(set_clock(-3600));
	udp_send(self->from, self->b.address4, 5002, 0);
	udp_send(self->from, self->b.address4, 5002, 0);
	attrs = take_event(&self->listener, NL_TIMEOUT, &len, &cmd);
	if (attrs) {
		clock_gettime(CLOCK_REALTIME, &now);
		ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
		e = at_find(attrs, len, NETPOL_A_EVENT);
		when = at_u_in(e, NETPOL_EVENT_A_TIME);
		first = at_in(e, NETPOL_EVENT_A_FIRST) ? at_u_in(e, NETPOL_EVENT_A_FIRST) : 0;
	}
	EXPECT_TRUE(set_clock(3600));
	ASSERT_NE(NULL, attrs);
	EXPECT_LE(when, ns);
	EXPECT_LT(ns - 60000000000ULL, when);
	EXPECT_LE(first, when);
	EXPECT_LT(ns - 60000000000ULL, first);
}

/* A listener that had no room for a message is told later of what that one said was lost. */
TEST_F_TIMEOUT(events, overrun, 60)
{
	struct heard heard = { 0 };
	int small = 1, i;
	int64_t end;

	ASSERT_EQ(0, setsockopt(self->listener.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)));
	ASSERT_EQ(0, nl_join(&self->listener, 0));
	for (i = 0; i < 50; i++)
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 6000 + i, i));
	ASSERT_TRUE(settle(self->from, self->to, self->b.address4));
	ASSERT_EQ(0, load_pair(&self->nl, &self->a, &self->b, 4));
	for (i = 0; i < 400; i++)
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 10000 + i, i));
	EXPECT_TRUE(counted(&self->nl, NETPOL_COUNTERS_A_EVENTS_LOST, 100));
	/* the first ones end with ENOBUFS */
	end = now_ms() + 20000;
	while (heard.lost != nl_counter(&self->nl, NULL, NETPOL_COUNTERS_A_EVENTS_LOST) &&
	       now_ms() < end)
		EXPECT_TRUE(hear(&self->listener, NETPOL_EVENT_WINDOW, &heard));
	EXPECT_EQ(nl_counter(&self->nl, NULL, NETPOL_COUNTERS_A_EVENTS_LOST), heard.lost);
}

/* What was counted for one who has stopped listening is not told to the next one, long after. */
TEST_F_TIMEOUT(events, stopped, 60)
{
	struct heard heard = { 0 };
	int i;

	ASSERT_EQ(0, load_pair(&self->nl, &self->a, &self->b, 1));
	ASSERT_EQ(0, nl_join(&self->listener, 0));
	for (i = 0; i < 60; i++)
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 6000 + i % 30, i));
	ASSERT_TRUE(settle(self->from, self->to, self->b.address4));
	nl_close(&self->listener);
	usleep(4000 * NETPOL_EVENT_WINDOW);
	ASSERT_EQ(0, nl_open(&self->listener));
	ASSERT_EQ(0, nl_join(&self->listener, 0));
	EXPECT_TRUE(hear(&self->listener, 3 * NETPOL_EVENT_WINDOW, &heard));
	EXPECT_EQ(0, heard.messages);
}

/* Nobody listens: nothing is sent, nothing is lost. */
TEST_F(events, nobody_listens)
{
	int i;

	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5002, i));
	ASSERT_TRUE(settle(self->from, self->to, self->b.address4));
	EXPECT_EQ(20, nl_counter(&self->nl, NULL, NETPOL_COUNTERS_A_INGRESS_DENIED));
	EXPECT_EQ(0, nl_counter(&self->nl, NULL, NETPOL_COUNTERS_A_EVENTS));
	EXPECT_EQ(0, nl_counter(&self->nl, NULL, NETPOL_COUNTERS_A_EVENTS_LOST));
}

TEST_F(events, change)
{
	const void *attrs;
	uint64_t generation;
	struct txn t;
	uint8_t cmd;
	size_t len;

	ASSERT_EQ(0, nl_join(&self->listener, 2));
	ASSERT_EQ(0, txn_begin(&t, &self->nl, "kube", 0));
	t_namespace(&t, "new", NULL);
	ASSERT_EQ(0, txn_commit(&t));
	generation = nl_generation(&self->nl);
	attrs = take_event(&self->listener, NL_TIMEOUT, &len, &cmd);
	ASSERT_NE(NULL, attrs);
	EXPECT_EQ(NETPOL_CMD_CHANGE, cmd);
	EXPECT_STREQ("kube", at_str(at_find(attrs, len, NETPOL_A_ORIGIN)));
	EXPECT_EQ(generation, at_u(at_find(attrs, len, NETPOL_A_GENERATION)));
	/* nothing of what changes nothing */
	ASSERT_EQ(0, txn_begin(&t, &self->nl, "kube", 0));
	t_namespace(&t, "newer", NULL);
	ASSERT_EQ(0, txn_check(&t));
	ASSERT_EQ(0, txn_begin(&t, &self->nl, "kube", 0));
	ASSERT_EQ(0, txn_abort(&t));
	EXPECT_EQ(NULL, take_event(&self->listener, 0, &len, &cmd));
	/* a flush is a change too */
	ASSERT_EQ(0, nl_flush_objects(&self->nl));
	attrs = take_event(&self->listener, NL_TIMEOUT, &len, &cmd);
	ASSERT_NE(NULL, attrs);
	EXPECT_EQ(NETPOL_CMD_CHANGE, cmd);
	EXPECT_EQ(nl_generation(&self->nl), at_u(at_find(attrs, len, NETPOL_A_GENERATION)));
}

TEST_HARNESS_MAIN
