// SPDX-License-Identifier: GPL-2.0
/*
 * Audits: policies that are observed instead of enforced, until somebody or the clock ends it. By
 * EVAL, and by real packets between two pods of a node.
 *
 * netpol-test: newest
 * netpol-test: timeout=300
 */
#include "kselftest_harness.h"
#include "netpol_net.h"

#define ALLOW	NETPOL_VERDICT_ALLOW
#define DENY	NETPOL_VERDICT_DENY
#define AUDIT	NETPOL_VERDICT_AUDIT

/* A flag of add_policy(). */
#define OBSERVED NETPOL_POLICY_F_AUDIT

FIXTURE(audit)
{
	struct nl nl;
	struct nl listener;
	struct netpod a, b;
	int from, to, closed;
};

/* A policy of t/b that takes TCP and UDP @port from t/a. */
static void add_policy(struct txn *t, const char *name, uint16_t port, uint32_t flags)
{
	struct msg *m = txn_room(t);
	uint32_t at = nest(m, NETPOL_A_POLICY);

	put_u8(m, NETPOL_POLICY_A_KIND, NETPOL_KIND_NETWORK_POLICY);
	put_pod_name(m, NETPOL_POLICY_A_NAMESPACE, NETPOL_POLICY_A_NAME, name);
	put_selector(m, NETPOL_POLICY_A_SUBJECT, "app=b");
	put_u8(m, NETPOL_POLICY_A_DIRECTIONS, INGRESS);
	if (flags)
		put_u32(m, NETPOL_POLICY_A_FLAGS, flags);
	nest_end(m, at);
	t_rule(t, NETPOL_DIRECTION_INGRESS);
	t_peer(t, NULL, "app=a");
	t_port(t, IPPROTO_UDP, port, 0, NULL);
	t_port(t, IPPROTO_TCP, port, 0, NULL);
}

/* Adds a policy to what is loaded. */
static int load_policy(struct nl *nl, const char *name, uint16_t port, uint32_t flags)
{
	struct txn t;
	int ret = txn_begin(&t, nl, "manual", 0);

	if (ret)
		return ret;
	add_policy(&t, name, port, flags);
	return txn_commit(&t);
}

/* Pods t/a and t/b, and a policy t/in that takes 5000. */
static int load_pair(struct nl *nl, const struct netpod *a, const struct netpod *b)
{
	struct txn t;
	int ret = txn_begin(&t, nl, "manual", NETPOL_FLAG_FULL);

	if (ret)
		return ret;
	t_namespace(&t, "t", "team=t");
	t_labels(&t, 1, "app=a", NULL);
	t_labels(&t, 2, "app=b", NULL);
	t_pod(&t, &(struct pod){ "t/a", 1, { a->address4, a->address6 }, LOCAL, a->ifindex });
	t_pod(&t, &(struct pod){ "t/b", 2, { b->address4, b->address6 }, LOCAL, b->ifindex });
	add_policy(&t, "t/in", 5000, 0);
	return txn_commit(&t);
}

FIXTURE_SETUP(audit)
{
	ASSERT_EQ(0, node_enter());
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, nl_open(&self->listener));
	ASSERT_EQ(0, netpod_new(&self->a, 1));
	ASSERT_EQ(0, netpod_new(&self->b, 2));
	self->from = udp_open(&self->a, self->a.address4, 4000);
	self->to = udp_open(&self->b, self->b.address4, 5000);
	self->closed = udp_open(&self->b, self->b.address4, 5001);
	ASSERT_LE(0, self->from);
	ASSERT_LE(0, self->to);
	ASSERT_LE(0, self->closed);
	/* so that no packet below waits for a neighbour */
	ASSERT_TRUE(udp_reaches(self->from, self->to, self->b.address4, 5000, 10000));
	ASSERT_EQ(0, load_pair(&self->nl, &self->a, &self->b));
	ASSERT_EQ(ALLOW, nl_verdict(&self->nl, "t/a", "t/b", 5000));
	ASSERT_EQ(DENY, nl_verdict(&self->nl, "t/a", "t/b", 5001));
}

FIXTURE_TEARDOWN(audit)
{
	nl_flush_objects(&self->nl);
	nl_close(&self->listener);
	nl_close(&self->nl);
}

/* What an audit is about; each may be NULL. */
struct about {
	const char *ns;
	const char *policy;
	const char *pod;
};

static int change(struct nl *nl, uint8_t cmd, const struct about *about, uint64_t until)
{
	struct msg *m = nl_msg(nl, cmd);
	uint32_t at = nest(m, NETPOL_A_AUDIT);

	if (about->ns)
		put_str(m, NETPOL_AUDIT_A_NAMESPACE, about->ns);
	if (about->policy)
		put_str(m, NETPOL_AUDIT_A_POLICY, about->policy);
	if (about->pod)
		put_str(m, NETPOL_AUDIT_A_POD, about->pod);
	if (until)
		put_u64(m, NETPOL_AUDIT_A_UNTIL, until);
	nest_end(m, at);
	return nl_call(nl);
}

static int begin(struct nl *nl, const char *ns, const char *policy, const char *pod)
{
	return change(nl, NETPOL_CMD_AUDIT, &(struct about){ ns, policy, pod }, 0);
}

static int end(struct nl *nl, const char *ns, const char *policy, const char *pod)
{
	return change(nl, NETPOL_CMD_AUDIT_END, &(struct about){ ns, policy, pod }, 0);
}

/* How many audits there are, or a negative errno. */
static int count(struct nl *nl)
{
	struct bytes dump = {};
	struct record r;
	int n = nl_dump(nl, NETPOL_CMD_GET_AUDIT, &dump);

	for (size_t at = 0; !n && dump_next(&dump, &at, &r); )
		at_for_each(a, r.attrs, r.len)
			n += at_type(a) == NETPOL_A_AUDIT;
	bytes_free(&dump);
	return n;
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return time.tv_sec;
}

#define COUNT(pod, what) nl_counter(&self->nl, pod, NETPOL_COUNTERS_A_##what)

TEST_F(audit, passes_and_counts)
{
	ASSERT_EQ(0, begin(&self->nl, "t", "in", NULL));
	EXPECT_EQ(1, count(&self->nl));
	EXPECT_EQ(AUDIT, nl_verdict(&self->nl, "t/a", "t/b", 5001));
	EXPECT_EQ(NETPOL_REASON_NOT_ISOLATED, nl_reason(&self->nl));
	EXPECT_EQ(ALLOW, nl_verdict(&self->nl, "t/a", "t/b", 5000));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5001, 7));
	EXPECT_EQ(7, udp_take(self->closed, NL_TIMEOUT));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, 8));
	EXPECT_EQ(8, udp_take(self->to, NL_TIMEOUT));
	EXPECT_EQ(1, COUNT("b", INGRESS_AUDITED));
	EXPECT_EQ(2, COUNT("b", INGRESS_ALLOWED));
	EXPECT_EQ(0, COUNT("b", INGRESS_DENIED));
	EXPECT_EQ(0, COUNT("b", EGRESS_AUDITED));
	EXPECT_EQ(0, COUNT("a", EGRESS_AUDITED));
	EXPECT_EQ(1, COUNT(NULL, INGRESS_AUDITED));
	EXPECT_EQ(0, COUNT(NULL, EGRESS_AUDITED));

	ASSERT_EQ(0, end(&self->nl, "t", "in", NULL));
	EXPECT_EQ(0, count(&self->nl));
	EXPECT_EQ(DENY, nl_verdict(&self->nl, "t/a", "t/b", 5001));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5001, 9));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, 10));
	EXPECT_EQ(10, udp_take(self->to, NL_TIMEOUT));
	EXPECT_EQ(-1, udp_take(self->closed, 0));
	EXPECT_EQ(1, COUNT("b", INGRESS_DENIED));
	EXPECT_EQ(1, COUNT("b", INGRESS_AUDITED));
}

TEST_F(audit, of_a_namespace_or_a_pod)
{
	ASSERT_EQ(0, begin(&self->nl, "t", NULL, NULL));
	EXPECT_EQ(AUDIT, nl_verdict(&self->nl, "t/a", "t/b", 5001));
	ASSERT_EQ(0, end(&self->nl, "t", NULL, NULL));
	EXPECT_EQ(DENY, nl_verdict(&self->nl, "t/a", "t/b", 5001));
	ASSERT_EQ(0, begin(&self->nl, "t", NULL, "b"));
	EXPECT_EQ(AUDIT, nl_verdict(&self->nl, "t/a", "t/b", 5001));
	ASSERT_EQ(0, end(&self->nl, "t", NULL, "b"));
	/* none of these is about the policy or the pod */
	ASSERT_EQ(0, begin(&self->nl, "t", "out", NULL));
	ASSERT_EQ(0, begin(&self->nl, "t", NULL, "a"));
	ASSERT_EQ(0, begin(&self->nl, "tt", NULL, NULL));
	EXPECT_EQ(3, count(&self->nl));
	EXPECT_EQ(DENY, nl_verdict(&self->nl, "t/a", "t/b", 5001));
}

/* An observed policy isolates nobody, and opens nothing that another one keeps shut. */
TEST_F(audit, loosens_nothing)
{
	ASSERT_EQ(0, load_policy(&self->nl, "t/other", 5001, 0));
	EXPECT_EQ(ALLOW, nl_verdict(&self->nl, "t/a", "t/b", 5000));
	ASSERT_EQ(0, begin(&self->nl, "t", "in", NULL));
	EXPECT_EQ(DENY, nl_verdict(&self->nl, "t/a", "t/b", 5000));
	EXPECT_EQ(ALLOW, nl_verdict(&self->nl, "t/a", "t/b", 5001));
	EXPECT_EQ(DENY, nl_verdict(&self->nl, "t/a", "t/b", 5002));
	ASSERT_EQ(0, begin(&self->nl, "t", "other", NULL));
	EXPECT_EQ(ALLOW, nl_verdict(&self->nl, "t/a", "t/b", 5000));
	EXPECT_EQ(ALLOW, nl_verdict(&self->nl, "t/a", "t/b", 5001));
	EXPECT_EQ(AUDIT, nl_verdict(&self->nl, "t/a", "t/b", 5002));
}

TEST_F(audit, by_the_policy_itself)
{
	ASSERT_EQ(0, load_policy(&self->nl, "t/in", 5000, OBSERVED));
	EXPECT_EQ(0, count(&self->nl));
	EXPECT_EQ(AUDIT, nl_verdict(&self->nl, "t/a", "t/b", 5001));
	ASSERT_EQ(0, load_policy(&self->nl, "t/in", 5000, 0));
	EXPECT_EQ(DENY, nl_verdict(&self->nl, "t/a", "t/b", 5001));
}

/* Nobody commits anything when the time has come. */
TEST_F(audit, ends_by_itself)
{
	uint64_t until = now() + 2, generation, limit = now() + 60;

	ASSERT_EQ(0, change(&self->nl, NETPOL_CMD_AUDIT, &(struct about){ "t", "in", NULL },
			    until));
	generation = at_u(nl_reply(&self->nl, NETPOL_A_GENERATION));
	EXPECT_EQ(AUDIT, nl_verdict(&self->nl, "t/a", "t/b", 5001));
	while (nl_verdict(&self->nl, "t/a", "t/b", 5001) == AUDIT)
		ASSERT_GT(limit, now());
	EXPECT_LE(until, now());
	EXPECT_EQ(DENY, nl_verdict(&self->nl, "t/a", "t/b", 5001));
	EXPECT_EQ(generation + 1, at_u(nl_reply(&self->nl, NETPOL_A_GENERATION)));
	EXPECT_EQ(0, count(&self->nl));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5001, 1));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, 2));
	EXPECT_EQ(2, udp_take(self->to, NL_TIMEOUT));
	EXPECT_EQ(-1, udp_take(self->closed, 0));
	/* what has ended cannot be ended again */
	EXPECT_EQ(-ENOENT, end(&self->nl, "t", "in", NULL));
}

/* The end can be changed; the last word counts. */
TEST_F(audit, another_end)
{
	uint64_t first = now() + 2;

	ASSERT_EQ(0, change(&self->nl, NETPOL_CMD_AUDIT, &(struct about){ "t", "in", NULL },
			    first));
	ASSERT_EQ(0, begin(&self->nl, "t", "in", NULL));
	EXPECT_EQ(1, count(&self->nl));
	while (now() <= first + 1)
		EXPECT_EQ(AUDIT, nl_verdict(&self->nl, "t/a", "t/b", 5001));
	EXPECT_EQ(1, count(&self->nl));
	ASSERT_EQ(0, change(&self->nl, NETPOL_CMD_AUDIT, &(struct about){ "t", "in", NULL },
			    now() + 3600));
	EXPECT_EQ(AUDIT, nl_verdict(&self->nl, "t/a", "t/b", 5001));
}

/* Audits are no objects: no origin replaces them, and a flush ends them. */
TEST_F(audit, outlives_transactions)
{
	uint64_t generation;

	generation = nl_origin(&self->nl, "manual", NETPOL_ORIGIN_A_GENERATION);
	ASSERT_EQ(0, begin(&self->nl, "t", NULL, NULL));
	/* so that whoever loads objects does not take it for the commit of another one */
	EXPECT_EQ(generation, nl_origin(&self->nl, "manual", NETPOL_ORIGIN_A_GENERATION));
	ASSERT_EQ(0, load_pair(&self->nl, &self->a, &self->b));
	EXPECT_EQ(AUDIT, nl_verdict(&self->nl, "t/a", "t/b", 5001));
	ASSERT_EQ(0, nl_flush_objects(&self->nl));
	EXPECT_EQ(0, count(&self->nl));
	ASSERT_EQ(0, load_pair(&self->nl, &self->a, &self->b));
	EXPECT_EQ(DENY, nl_verdict(&self->nl, "t/a", "t/b", 5001));
}

TEST_F(audit, refused)
{
	struct about about = { "t", "in", NULL };
	char name[16];
	int i;

	EXPECT_EQ(-ENOENT, end(&self->nl, "t", "in", NULL));
	EXPECT_EQ(-EINVAL, begin(&self->nl, NULL, "in", NULL));
	EXPECT_EQ(-EINVAL, begin(&self->nl, "", NULL, NULL));
	EXPECT_EQ(-EINVAL, begin(&self->nl, "t", "", NULL));
	EXPECT_EQ(-EINVAL, begin(&self->nl, "t", "in", "b"));
	EXPECT_EQ(-EINVAL, change(&self->nl, NETPOL_CMD_AUDIT, &about, now() - 1));
	EXPECT_EQ(-EINVAL, change(&self->nl, NETPOL_CMD_AUDIT_END, &about, now() + 60));
	EXPECT_EQ(0, count(&self->nl));
	EXPECT_EQ(DENY, nl_verdict(&self->nl, "t/a", "t/b", 5001));
	for (i = 0; i < 256; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		ASSERT_EQ(0, begin(&self->nl, "t", name, NULL));
	}
	EXPECT_EQ(256, count(&self->nl));
	EXPECT_EQ(-ENOSPC, begin(&self->nl, "t", "in", NULL));
	EXPECT_EQ(256, count(&self->nl));
	EXPECT_EQ(DENY, nl_verdict(&self->nl, "t/a", "t/b", 5001));
	/* one that is there may get another end */
	EXPECT_EQ(0, begin(&self->nl, "t", "p7", NULL));
	ASSERT_EQ(0, end(&self->nl, "t", "p7", NULL));
	EXPECT_EQ(0, begin(&self->nl, "t", "in", NULL));
	EXPECT_EQ(AUDIT, nl_verdict(&self->nl, "t/a", "t/b", 5001));
}

TEST_F(audit, not_of_a_cluster_network_policy)
{
	struct msg *m;
	uint32_t at;
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", 0));
	m = txn_room(&t);
	at = nest(m, NETPOL_A_POLICY);
	put_u8(m, NETPOL_POLICY_A_KIND, NETPOL_KIND_CLUSTER_NETWORK_POLICY);
	put_str(m, NETPOL_POLICY_A_NAME, "all");
	put_selector(m, NETPOL_POLICY_A_SUBJECT, "");
	put_selector(m, NETPOL_POLICY_A_SUBJECT_NAMESPACES, "");
	put_u8(m, NETPOL_POLICY_A_DIRECTIONS, INGRESS);
	put_u8(m, NETPOL_POLICY_A_TIER, NETPOL_TIER_ADMIN);
	put_u16(m, NETPOL_POLICY_A_PRIORITY, 1);
	put_u32(m, NETPOL_POLICY_A_FLAGS, OBSERVED);
	nest_end(m, at);
	EXPECT_EQ(-EOPNOTSUPP, txn_commit(&t));
}

/* What the Admin tier says is not asked of observed policies; what the Baseline tier says is. */
TEST_F(audit, tiers)
{
	struct txn t;

	ASSERT_EQ(0, begin(&self->nl, "t", NULL, NULL));
	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", 0));
	t_cluster_policy(&t, "admin", NETPOL_TIER_ADMIN, 1, "", "", INGRESS);
	t_action(&t, NETPOL_DIRECTION_INGRESS, NETPOL_ACTION_ACCEPT, NULL);
	t_peer(&t, "", NULL);
	t_port(&t, IPPROTO_TCP, 5001, 0, NULL);
	t_cluster_policy(&t, "baseline", NETPOL_TIER_BASELINE, 1, "", "", INGRESS);
	t_action(&t, NETPOL_DIRECTION_INGRESS, NETPOL_ACTION_DENY, NULL);
	t_peer(&t, "", NULL);
	t_port(&t, IPPROTO_TCP, 5002, 0, NULL);
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(ALLOW, nl_verdict(&self->nl, "t/a", "t/b", 5000));
	EXPECT_EQ(ALLOW, nl_verdict(&self->nl, "t/a", "t/b", 5001));
	EXPECT_EQ(DENY, nl_verdict(&self->nl, "t/a", "t/b", 5002));
	EXPECT_EQ(AUDIT, nl_verdict(&self->nl, "t/a", "t/b", 5003));
	ASSERT_EQ(0, end(&self->nl, "t", NULL, NULL));
	EXPECT_EQ(DENY, nl_verdict(&self->nl, "t/a", "t/b", 5003));
}

static unsigned char event[65536] __attribute__((aligned(8)));

TEST_F(audit, reported)
{
	struct nlmsghdr *nlh = (void *)event;
	const struct nlattr *e;
	const void *attrs = event + NLMSG_HDRLEN + GENL_HDRLEN;
	size_t len;

	ASSERT_EQ(0, begin(&self->nl, "t", "in", NULL));
	ASSERT_EQ(0, nl_join(&self->listener, 1));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5001, 3));
	EXPECT_EQ(3, udp_take(self->closed, NL_TIMEOUT));
	ASSERT_LT(NLMSG_HDRLEN + GENL_HDRLEN,
		  nl_take(&self->listener, event, sizeof(event), NL_TIMEOUT));
	len = nlh->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
	EXPECT_EQ(AUDIT, at_u(at_find(attrs, len, NETPOL_A_VERDICT)));
	e = at_find(attrs, len, NETPOL_A_EVENT);
	ASSERT_NE(NULL, e);
	EXPECT_EQ(NETPOL_DIRECTION_INGRESS, at_u_in(e, NETPOL_EVENT_A_DIRECTION));
	EXPECT_EQ(NETPOL_REASON_ISOLATED, at_u_in(e, NETPOL_EVENT_A_REASON));
	EXPECT_EQ(5001, at_u_in(e, NETPOL_EVENT_A_DESTINATION_PORT));
	EXPECT_STREQ("a", at_str_in(e, NETPOL_EVENT_A_SOURCE_NAME));
	EXPECT_STREQ("b", at_str_in(e, NETPOL_EVENT_A_DESTINATION_NAME));
	EXPECT_EQ(1, at_u_in(e, NETPOL_EVENT_A_POLICIES));
	EXPECT_STREQ("in", at_str_in(at_in(e, NETPOL_EVENT_A_POLICY), NETPOL_POLICY_A_NAME));
}

TEST_HARNESS_MAIN
