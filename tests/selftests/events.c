// SPDX-License-Identifier: GPL-2.0
/*
 * Events: denied packets with the names of pods and policies, the bound on their rate,
 * and the notification of a commit.
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

/* Over the rate, events are lost, counted, and the next one says how many. */
TEST_F_TIMEOUT(events, rate, 60)
{
	enum { PACKETS = 300, RATE = 10 };
	uint64_t told = 0, lost, sent, denied;
	int64_t begin, end;
	const void *attrs;
	int i, got = 0;
	uint8_t cmd;
	size_t len;

	ASSERT_EQ(0, load_pair(&self->nl, &self->a, &self->b, RATE));
	ASSERT_EQ(0, nl_join(&self->listener, 0));
	begin = now_ms();
	for (i = 0; i < PACKETS; i++)
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5002, i));
	ASSERT_TRUE(settle(self->from, self->to, self->b.address4));
	end = now_ms();
	denied = nl_counter(&self->nl, NULL, NETPOL_COUNTERS_A_INGRESS_DENIED);
	EXPECT_EQ(PACKETS, denied);
	/* each denied packet becomes an event or is lost */
	EXPECT_TRUE(WAIT_FOR((sent = nl_counter(&self->nl, NULL, NETPOL_COUNTERS_A_EVENTS),
			      lost = nl_counter(&self->nl, NULL,
						NETPOL_COUNTERS_A_EVENTS_LOST),
			      sent + lost == PACKETS), 5000))
		TH_LOG("%llu sent, %llu lost", (unsigned long long)sent,
		       (unsigned long long)lost);
	EXPECT_LT(0, lost);
	/* a rate for each second that the clock showed */
	EXPECT_GE(RATE * ((end - begin) / 1000 + 2), sent);
	EXPECT_LE(1, sent);
	while ((attrs = take_event(&self->listener, 0, &len, &cmd))) {
		const struct nlattr *e = at_find(attrs, len, NETPOL_A_EVENT);

		if (at_in(e, NETPOL_EVENT_A_LOST))
			told += at_u_in(e, NETPOL_EVENT_A_LOST);
		got++;
	}
	EXPECT_EQ(sent, got);
	/* the first event of another second tells the rest */
	begin = now_ms();
	do {
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5002, 1));
		attrs = take_event(&self->listener, 100, &len, &cmd);
		if (attrs && at_in(at_find(attrs, len, NETPOL_A_EVENT), NETPOL_EVENT_A_LOST))
			told += at_u_in(at_find(attrs, len, NETPOL_A_EVENT),
					NETPOL_EVENT_A_LOST);
	} while (told < lost && now_ms() < begin + 10000);
	EXPECT_LE(lost, told);
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
