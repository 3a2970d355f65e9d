// SPDX-License-Identifier: GPL-2.0
/*
 * Counters, by real packets between two pods of a node: per pod, per rule, totals, and
 * read-and-zero while packets flow.
 *
 * netpol-test: newest
 * netpol-test: timeout=300
 */
#include "kselftest_harness.h"
#include "netpol_net.h"

FIXTURE(counters)
{
	struct nl nl;
	struct netpod a, b;
	int from, to;
};

/* The policy of t/b, which takes UDP 5000 (first rule) and @second (second) from t/a. */
static void add_policy(struct txn *t, uint16_t second)
{
	t_policy(t, "t/in", "app=b", INGRESS);
	t_rule(t, NETPOL_DIRECTION_INGRESS);
	t_peer(t, NULL, "app=a");
	t_port(t, IPPROTO_UDP, 5000, 0, NULL);
	t_rule(t, NETPOL_DIRECTION_INGRESS);
	t_peer(t, NULL, "app=a");
	t_port(t, IPPROTO_UDP, second, 0, NULL);
}

/* Replaces the policy by one with another second rule. */
static int load_second(struct nl *nl, uint16_t second)
{
	struct txn t;
	int ret = txn_begin(&t, nl, "manual", 0);

	if (ret)
		return ret;
	add_policy(&t, second);
	return txn_commit(&t);
}

/* Pods t/a and t/b; t/b takes UDP 5000 (first rule) and 5001 (second) from t/a. */
static int load_pair(struct nl *nl, const struct netpod *a, const struct netpod *b)
{
	struct txn t;
	int ret = txn_begin(&t, nl, "manual", NETPOL_FLAG_FULL);

	if (ret)
		return ret;
	t_pair(&t, a, b);
	add_policy(&t, 5001);
	return txn_commit(&t);
}

FIXTURE_SETUP(counters)
{
	ASSERT_EQ(0, node_enter());
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, netpod_new(&self->a, 1));
	ASSERT_EQ(0, netpod_new(&self->b, 2));
	self->from = udp_open(&self->a, self->a.address4, 4000);
	self->to = udp_open(&self->b, self->b.address4, 5000);
	ASSERT_LE(0, self->from);
	ASSERT_LE(0, self->to);
	/* so that no packet below waits for a neighbour */
	ASSERT_TRUE(udp_reaches(self->from, self->to, self->b.address4, 5000, 10000));
	ASSERT_TRUE(udp_reaches(self->to, self->from, self->a.address4, 4000, 10000));
	ASSERT_EQ(0, load_pair(&self->nl, &self->a, &self->b));
}

FIXTURE_TEARDOWN(counters)
{
	nl_flush_objects(&self->nl);
	nl_close(&self->nl);
}

#define COUNT(pod, what) nl_counter(&self->nl, pod, NETPOL_COUNTERS_A_##what)

/* An attribute of rule @index of policy "in"; ~0: it is not there. */
static uint64_t rule_attr(struct nl *nl, uint32_t index, int type)
{
	struct bytes dump = {};
	uint64_t value = ~0ULL;
	struct record r;

	if (nl_counters(nl, 0, &dump))
		return value;
	for (size_t at = 0; dump_next(&dump, &at, &r); ) {
		const struct nlattr *c = at_find(r.attrs, r.len, NETPOL_A_COUNTERS);

		if (strcmp(at_str_in(c, NETPOL_COUNTERS_A_POLICY_NAME), "in"))
			continue;
		at_for_each(a, r.attrs, r.len)
			if (at_type(a) == NETPOL_A_RULE &&
			    at_u_in(a, NETPOL_RULE_A_INDEX) == index && at_in(a, type))
				value = at_u_in(a, type);
	}
	bytes_free(&dump);
	return value;
}

/* Packets that rule @index of policy "in" decided. */
static uint64_t hits(struct nl *nl, uint32_t index)
{
	return rule_attr(nl, index, NETPOL_RULE_A_HITS);
}

TEST_F(counters, start_at_zero)
{
	EXPECT_EQ(0, COUNT("a", EGRESS_ALLOWED));
	EXPECT_EQ(0, COUNT("b", INGRESS_ALLOWED));
	EXPECT_EQ(0, COUNT("b", INGRESS_DENIED));
	EXPECT_EQ(0, hits(&self->nl, 0));
	EXPECT_EQ(0, hits(&self->nl, 1));
}

TEST_F(counters, allowed)
{
	int i;

	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, i));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(i, udp_take(self->to, 5000));
	EXPECT_EQ(10, COUNT("a", EGRESS_ALLOWED));
	EXPECT_EQ(0, COUNT("a", EGRESS_DENIED));
	EXPECT_EQ(10, COUNT("b", INGRESS_ALLOWED));
	EXPECT_EQ(0, COUNT("b", INGRESS_DENIED));
	EXPECT_EQ(10, COUNT("a", SEEN_SENT));
	EXPECT_EQ(10, COUNT("b", SEEN_RECEIVED));
	EXPECT_EQ(10, hits(&self->nl, 0));
	EXPECT_EQ(0, hits(&self->nl, 1));
	EXPECT_EQ(10, COUNT(NULL, INGRESS_ALLOWED));
	EXPECT_EQ(10, COUNT(NULL, EGRESS_ALLOWED));
}

TEST_F(counters, denied)
{
	int i;

	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5002, i));
	/* a packet that arrives, behind those that don't */
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, 99));
	ASSERT_EQ(99, udp_take(self->to, 5000));
	EXPECT_EQ(10, COUNT("b", INGRESS_DENIED));
	EXPECT_EQ(1, COUNT("b", INGRESS_ALLOWED));
	EXPECT_EQ(11, COUNT("a", EGRESS_ALLOWED));
	EXPECT_EQ(10, COUNT(NULL, INGRESS_DENIED));
	EXPECT_EQ(1, hits(&self->nl, 0));
	EXPECT_EQ(0, hits(&self->nl, 1));
}

TEST_F(counters, each_rule)
{
	int second = udp_open(&self->b, self->b.address4, 5001), i;

	ASSERT_LE(0, second);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, i));
	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5001, i));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(i, udp_take(self->to, 5000));
	for (i = 0; i < 5; i++)
		ASSERT_EQ(i, udp_take(second, 5000));
	EXPECT_EQ(3, hits(&self->nl, 0));
	EXPECT_EQ(5, hits(&self->nl, 1));
	close(second);
}

TEST_F(counters, ipv6)
{
	int from = udp_open(&self->a, self->a.address6, 4000);
	int to = udp_open(&self->b, self->b.address6, 5000), i;

	ASSERT_LE(0, from);
	ASSERT_LE(0, to);
	ASSERT_TRUE(udp_reaches(from, to, self->b.address6, 5000, 10000));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, udp_send(from, self->b.address6, 5009, i));
	ASSERT_TRUE(udp_reaches(from, to, self->b.address6, 5000, 10000));
	EXPECT_EQ(4, COUNT("b", INGRESS_DENIED));
	EXPECT_LE(2, COUNT("b", INGRESS_ALLOWED));
	close(from);
	close(to);
}

/* EVAL counts nothing. */
TEST_F(counters, eval_does_not_count)
{
	struct bytes before = {}, after = {};
	int i;

	ASSERT_EQ(0, nl_counters(&self->nl, 0, &before));
	for (i = 0; i < 10; i++) {
		nl_verdict(&self->nl, "t/a", "t/b", 80);
		nl_eval_family(&self->nl, "t/a", "t/b", IPPROTO_UDP, 5000, 0);
	}
	ASSERT_EQ(0, nl_counters(&self->nl, 0, &after));
	EXPECT_EQ(0, COUNT("b", INGRESS_DENIED));
	EXPECT_EQ(0, COUNT("b", INGRESS_ALLOWED));
	EXPECT_EQ(0, hits(&self->nl, 0));
	bytes_free(&before);
	bytes_free(&after);
}

/* A commit that leaves pod and policy as they are keeps their counters. */
TEST_F(counters, survive_a_commit)
{
	struct txn t;

	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, 1));
	ASSERT_EQ(1, udp_take(self->to, 5000));
	ASSERT_EQ(0, load_pair(&self->nl, &self->a, &self->b));
	EXPECT_EQ(1, COUNT("b", INGRESS_ALLOWED));
	EXPECT_EQ(1, hits(&self->nl, 0));
	/* also with other labels, and another policy beside it */
	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", 0));
	t_labels(&t, 2, "app=b,new=label", NULL);
	t_pod(&t, &(struct pod){ "t/b", 2, { self->b.address4, self->b.address6 }, LOCAL,
				 self->b.ifindex });
	t_policy(&t, "t/more", "app=b", INGRESS);
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(1, COUNT("b", INGRESS_ALLOWED));
	EXPECT_EQ(1, hits(&self->nl, 0));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, 2));
	ASSERT_EQ(2, udp_take(self->to, 5000));
	EXPECT_EQ(2, COUNT("b", INGRESS_ALLOWED));
	EXPECT_EQ(2, hits(&self->nl, 0));
}

TEST_F(counters, device_counters)
{
	uint64_t sent = COUNT("a", DEVICE_SENT), received = COUNT("b", DEVICE_RECEIVED);
	int i;

	ASSERT_NE(~0ULL, sent);
	ASSERT_NE(~0ULL, received);
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, i));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(i, udp_take(self->to, 5000));
	EXPECT_LE(sent + 10, COUNT("a", DEVICE_SENT));
	EXPECT_LE(received + 10, COUNT("b", DEVICE_RECEIVED));
}

/* A forged source is denied and counted as that. */
TEST_F(counters, spoofed)
{
	int raw, here = netns_here();

	ASSERT_LE(0, here);
	ASSERT_EQ(0, setns(self->a.ns, CLONE_NEWNET));
	ASSERT_EQ(0, sh("ip addr add 10.0.77.77/32 dev lo"));
	ASSERT_EQ(0, setns(here, CLONE_NEWNET));
	/* a reverse path filter of the node would drop it before us */
	sh("for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done");
	raw = udp_open(&self->a, "10.0.77.77", 4000);
	ASSERT_LE(0, raw);
	ASSERT_EQ(0, udp_send(raw, self->b.address4, 5000, 1));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, 2));
	ASSERT_EQ(2, udp_take(self->to, 5000));
	EXPECT_EQ(1, COUNT(NULL, SPOOFED));
	EXPECT_EQ(1, COUNT("a", SPOOFED));
	close(raw);
	close(here);
}

/*
 * Reading notes a hit at once. Without a reader the module looks every 10 seconds, so a hit of 15
 * seconds ago is known to be 5 seconds old at least, and nothing but time can show that.
 */
TEST_F_TIMEOUT(counters, last_hit, 120)
{
	struct nl *nl = &self->nl;
	struct bytes dump = {};
	uint64_t idle = 0, watched;
	int try;

	EXPECT_EQ(~0ULL, rule_attr(nl, 0, NETPOL_RULE_A_IDLE));
	EXPECT_GE(60, rule_attr(nl, 0, NETPOL_RULE_A_WATCHED));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, 1));
	ASSERT_EQ(1, udp_take(self->to, 5000));
	EXPECT_GE(5, rule_attr(nl, 0, NETPOL_RULE_A_IDLE));
	EXPECT_EQ(~0ULL, rule_attr(nl, 1, NETPOL_RULE_A_IDLE));
	/* a machine that is busy may look late: the hit counts from the look */
	for (try = 0; try < 4 && !idle; try++) {
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, 2));
		ASSERT_EQ(2, udp_take(self->to, 5000));
		sleep(15);
		idle = rule_attr(nl, 0, NETPOL_RULE_A_IDLE);
	}
	EXPECT_LE(1, idle);
	EXPECT_GE(60, idle);
	EXPECT_LE(15, rule_attr(nl, 0, NETPOL_RULE_A_WATCHED));
	EXPECT_EQ(~0ULL, rule_attr(nl, 1, NETPOL_RULE_A_IDLE));
	/* a reset leaves it, and so does a commit that leaves the policy */
	ASSERT_EQ(0, nl_counters(nl, NETPOL_FLAG_ZERO, &dump));
	bytes_free(&dump);
	EXPECT_EQ(0, hits(nl, 0));
	ASSERT_EQ(0, load_pair(nl, &self->a, &self->b));
	EXPECT_LE(idle, rule_attr(nl, 0, NETPOL_RULE_A_IDLE));
	/* a new second rule begins to be watched, beside the first one */
	ASSERT_EQ(0, load_second(nl, 5002));
	watched = rule_attr(nl, 1, NETPOL_RULE_A_WATCHED);
	EXPECT_LE(watched + 15, rule_attr(nl, 0, NETPOL_RULE_A_WATCHED));
	EXPECT_LE(idle, rule_attr(nl, 0, NETPOL_RULE_A_IDLE));
}

TEST_F(counters, read_and_zero)
{
	struct nl *nl = &self->nl;
	struct bytes dump = {};
	int i;

	for (i = 0; i < 7; i++)
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, i));
	for (i = 0; i < 7; i++)
		ASSERT_EQ(i, udp_take(self->to, 5000));
	ASSERT_EQ(0, nl_counters(nl, NETPOL_FLAG_ZERO, &dump));
	EXPECT_EQ(7, at_u_in(counters_of(&dump, "b", false),
			     NETPOL_COUNTERS_A_INGRESS_ALLOWED));
	EXPECT_EQ(7, at_u_in(counters_of(&dump, NULL, false),
			     NETPOL_COUNTERS_A_INGRESS_ALLOWED));
	EXPECT_EQ(0, COUNT("b", INGRESS_ALLOWED));
	EXPECT_EQ(0, COUNT("a", EGRESS_ALLOWED));
	EXPECT_EQ(0, COUNT(NULL, INGRESS_ALLOWED));
	EXPECT_EQ(0, hits(nl, 0));
	bytes_free(&dump);
}

/* No packet is counted twice or lost, however often the counters are reset. */
TEST_F_TIMEOUT(counters, zero_under_traffic, 90)
{
	enum { PACKETS = 3000 };
	uint64_t pod = 0, rule = 0, total = 0, sum;
	struct nl *nl = &self->nl;
	struct bytes dump = {};
	struct record r;
	int i, resets = 0;
	bool last = false;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (i = 0; i < PACKETS; i++)
			if (udp_send(self->from, self->b.address4, 5000, i))
				_exit(1);
		_exit(0);
	}
	/* once more after the sender is done and its packets have gone through */
	while (!last && resets < 100000) {
		int status;

		if (waitpid(pid, &status, WNOHANG) == pid) {
			EXPECT_EQ(0, status);
			ASSERT_TRUE(WAIT_FOR((sum = COUNT(NULL, INGRESS_ALLOWED),
					      sum + total >= PACKETS), 5000));
			last = true;
		}
		ASSERT_EQ(0, nl_counters(nl, NETPOL_FLAG_ZERO, &dump));
		total += at_u_in(counters_of(&dump, NULL, false),
				 NETPOL_COUNTERS_A_INGRESS_ALLOWED);
		pod += at_u_in(counters_of(&dump, "b", false),
			       NETPOL_COUNTERS_A_INGRESS_ALLOWED);
		for (size_t at = 0; dump_next(&dump, &at, &r); ) {
			const struct nlattr *c = at_find(r.attrs, r.len, NETPOL_A_COUNTERS);

			if (!strcmp(at_str_in(c, NETPOL_COUNTERS_A_POLICY_NAME), "in"))
				rule += at_u_in(at_find(r.attrs, r.len, NETPOL_A_RULE),
						NETPOL_RULE_A_HITS);
		}
		resets++;
	}
	EXPECT_EQ(PACKETS, total);
	EXPECT_EQ(PACKETS, pod);
	EXPECT_EQ(PACKETS, rule);
	EXPECT_LT(1, resets);
	TH_LOG("%d resets", resets);
	bytes_free(&dump);
}

TEST_HARNESS_MAIN
