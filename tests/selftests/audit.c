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
#include <arpa/inet.h>
#include <netinet/tcp.h>

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

/* An end that a loaded machine does not miss before the test has looked. */
#define SOON 6

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

/* When the only audit ends, as listed; 0: there is none. */
static uint64_t listed_end(struct nl *nl)
{
	struct bytes dump = {};
	uint64_t until = 0;
	struct record r;

	nl_dump(nl, NETPOL_CMD_GET_AUDIT, &dump);
	for (size_t at = 0; dump_next(&dump, &at, &r); )
		at_for_each(a, r.attrs, r.len)
			if (at_type(a) == NETPOL_A_AUDIT)
				until = at_u(at_in(a, NETPOL_AUDIT_A_UNTIL));
	bytes_free(&dump);
	return until;
}

/*
 * The seconds of the kernel's two clocks begin at different times: the end is the same for all of
 * that.
 */
TEST_F(audit, end_is_listed_as_given)
{
	uint64_t start = now(), until;

	while (now() <= start + 1) {
		until = now() + 100;
		ASSERT_EQ(0, change(&self->nl, NETPOL_CMD_AUDIT,
				    &(struct about){ "t", "in", NULL }, until));
		ASSERT_EQ(until, listed_end(&self->nl));
	}
}

/* Nobody commits anything when the time has come. */
TEST_F(audit, ends_by_itself)
{
	uint64_t until = now() + SOON, generation, limit = now() + 60;

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
	uint64_t first = now() + SOON;

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

/* The next event of a listener within @ms: its attributes, *@len bytes; NULL: none came. */
static const void *take_event(struct nl *nl, int ms, size_t *len)
{
	struct nlmsghdr *nlh = (void *)event;
	ssize_t got = nl_take(nl, event, sizeof(event), ms);

	if (got < (ssize_t)(NLMSG_HDRLEN + GENL_HDRLEN) || nlh->nlmsg_type != nl->family)
		return NULL;
	*len = nlh->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
	return event + NLMSG_HDRLEN + GENL_HDRLEN;
}

TEST_F(audit, reported)
{
	const struct nlattr *e;
	const void *attrs;
	struct txn t;
	size_t len;

	/* a policy that is enforced selects the pod as well, and is not to blame */
	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", 0));
	t_cluster_policy(&t, "baseline", NETPOL_TIER_BASELINE, 1, "", "", INGRESS);
	t_action(&t, NETPOL_DIRECTION_INGRESS, NETPOL_ACTION_DENY, NULL);
	t_peer(&t, "nobody=here", NULL);
	ASSERT_EQ(0, txn_commit(&t));
	ASSERT_EQ(0, begin(&self->nl, "t", "in", NULL));
	ASSERT_EQ(0, nl_join(&self->listener, 1));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5001, 3));
	EXPECT_EQ(3, udp_take(self->closed, NL_TIMEOUT));
	attrs = take_event(&self->listener, NL_TIMEOUT, &len);
	ASSERT_NE(NULL, attrs);
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

/* What is observed takes nothing from the reports of what is denied. */
TEST_F(audit, denials_are_reported)
{
	struct nl deny;
	struct txn t;
	size_t len;
	uint32_t at;
	int i;

	ASSERT_EQ(0, nl_open(&deny));
	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", 0));
	at = nest(txn_room(&t), NETPOL_A_SETTINGS);
	put_u32(txn_room(&t), NETPOL_SETTINGS_A_EVENT_RATE, 10);
	nest_end(txn_room(&t), at);
	t_policy(&t, "t/shut", "app=a", INGRESS);
	ASSERT_EQ(0, txn_commit(&t));
	ASSERT_EQ(0, begin(&self->nl, "t", "in", NULL));
	ASSERT_EQ(0, nl_join(&deny, 0));
	ASSERT_EQ(0, nl_join(&self->listener, 1));
	for (i = 0; i < 100; i++)
		ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5001, i));
	ASSERT_EQ(0, udp_send(self->to, self->a.address4, 4444, 1));
	EXPECT_NE(NULL, take_event(&deny, NL_TIMEOUT, &len));
	EXPECT_EQ(1, COUNT("a", INGRESS_DENIED));
	nl_close(&deny);
}

/* Packets that a rule of policy "in" has let in, or would have. */
static uint64_t hits(struct nl *nl)
{
	struct bytes dump = {};
	uint64_t value = ~0ULL;
	struct record r;

	if (nl_counters(nl, 0, &dump))
		return value;
	for (size_t at = 0; dump_next(&dump, &at, &r); ) {
		const struct nlattr *c = at_find(r.attrs, r.len, NETPOL_A_COUNTERS);

		if (!strcmp(at_str_in(c, NETPOL_COUNTERS_A_POLICY_NAME), "in"))
			value = at_u_in(at_find(r.attrs, r.len, NETPOL_A_RULE),
					NETPOL_RULE_A_HITS);
	}
	bytes_free(&dump);
	return value;
}

/* Rules count what they would let in, and reading can reset what is counted. */
TEST_F(audit, counters)
{
	struct bytes dump = {};
	uint64_t before = hits(&self->nl);

	ASSERT_EQ(0, begin(&self->nl, "t", "in", NULL));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, 1));
	EXPECT_EQ(1, udp_take(self->to, NL_TIMEOUT));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5001, 2));
	EXPECT_EQ(2, udp_take(self->closed, NL_TIMEOUT));
	EXPECT_EQ(before + 1, hits(&self->nl));
	EXPECT_EQ(1, COUNT("b", INGRESS_AUDITED));
	ASSERT_EQ(0, nl_counters(&self->nl, NETPOL_FLAG_ZERO, &dump));
	bytes_free(&dump);
	EXPECT_EQ(0, COUNT("b", INGRESS_AUDITED));
	EXPECT_EQ(0, COUNT(NULL, INGRESS_AUDITED));
}

/* The names of ports are asked as well. */
TEST_F(audit, port_names)
{
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", NETPOL_FLAG_FULL));
	t_namespace(&t, "t", "team=t");
	t_labels(&t, 1, "app=a", NULL);
	t_labels(&t, 2, "app=b", "web/17/5000");
	t_pod(&t, &(struct pod){ "t/a", 1, { self->a.address4 }, LOCAL, self->a.ifindex });
	t_pod(&t, &(struct pod){ "t/b", 2, { self->b.address4 }, LOCAL, self->b.ifindex });
	t_policy(&t, "t/in", "app=a", EGRESS);
	t_rule(&t, NETPOL_DIRECTION_EGRESS);
	t_port(&t, IPPROTO_UDP, 0, 0, "web");
	ASSERT_EQ(0, txn_commit(&t));
	ASSERT_EQ(0, begin(&self->nl, "t", NULL, NULL));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5000, 1));
	EXPECT_EQ(1, udp_take(self->to, NL_TIMEOUT));
	EXPECT_EQ(0, COUNT("a", EGRESS_AUDITED));
	EXPECT_EQ(1, hits(&self->nl));
	ASSERT_EQ(0, udp_send(self->from, self->b.address4, 5001, 2));
	EXPECT_EQ(2, udp_take(self->closed, NL_TIMEOUT));
	EXPECT_EQ(1, COUNT("a", EGRESS_AUDITED));
}

/* An audit that has ended is not listed, and does not begin again, although nothing is enforced. */
TEST_F(audit, ends_without_objects)
{
	uint64_t limit = now() + 60;
	struct txn t;

	ASSERT_EQ(0, change(&self->nl, NETPOL_CMD_AUDIT, &(struct about){ "t", NULL, NULL },
			    now() + SOON));
	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", NETPOL_FLAG_FULL));
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(1, count(&self->nl));
	while (count(&self->nl) == 1)
		ASSERT_GT(limit, now());
	EXPECT_EQ(0, count(&self->nl));
	EXPECT_EQ(-ENOENT, end(&self->nl, "t", NULL, NULL));
	ASSERT_EQ(0, load_pair(&self->nl, &self->a, &self->b));
	EXPECT_EQ(DENY, nl_verdict(&self->nl, "t/a", "t/b", 5001));
}

static uint16_t sum(const void *data, size_t len)
{
	const uint16_t *p = data;
	uint32_t total = 0;

	for (; len > 1; len -= 2)
		total += *p++;
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return ~total;
}

/* A TCP segment in the middle of a connection that nobody has seen begin. */
static int midstream(const struct netpod *from, const struct netpod *to, uint16_t sport,
		     uint16_t dport)
{
	struct {
		uint32_t source, destination;
		uint16_t protocol, length;
		struct tcphdr tcp;
	} __attribute__((packed)) p = {
		.protocol = htons(IPPROTO_TCP), .length = htons(sizeof(p.tcp)),
	};
	int fd = netns_socket(from->ns, AF_INET, SOCK_RAW, IPPROTO_TCP), ret;
	struct sockaddr_in sin = { .sin_family = AF_INET };

	if (fd < 0)
		return -1;
	p.source = inet_addr(from->address4);
	p.destination = inet_addr(to->address4);
	p.tcp.source = htons(sport);
	p.tcp.dest = htons(dport);
	p.tcp.seq = htonl(1000);
	p.tcp.ack_seq = htonl(2000);
	p.tcp.doff = 5;
	p.tcp.ack = 1;
	p.tcp.window = htons(1000);
	p.tcp.check = sum(&p, sizeof(p));
	sin.sin_addr.s_addr = p.destination;
	ret = sendto(fd, &p.tcp, sizeof(p.tcp), 0, (struct sockaddr *)&sin, sizeof(sin));
	close(fd);
	return ret == sizeof(p.tcp) ? 0 : -1;
}

/* Nobody knows the opener: what either direction would deny is counted, for the right policy. */
TEST_F(audit, no_opener)
{
	const struct nlattr *e;
	const void *attrs;
	struct txn t;
	size_t len;

	ASSERT_EQ(0, begin(&self->nl, "t", NULL, NULL));
	ASSERT_EQ(0, nl_join(&self->listener, 1));
	ASSERT_EQ(0, midstream(&self->a, &self->b, 4002, 5003));
	ASSERT_NE(NULL, take_event(&self->listener, NL_TIMEOUT, &len));
	EXPECT_LE(1, COUNT("b", INGRESS_AUDITED));

	/* b lets in everything now, and a nothing */
	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", 0));
	t_policy(&t, "t/in", "app=b", INGRESS);
	t_rule(&t, NETPOL_DIRECTION_INGRESS);
	t_policy(&t, "t/denies", "app=a", INGRESS);
	ASSERT_EQ(0, txn_commit(&t));
	while (take_event(&self->listener, 0, &len))
		;
	ASSERT_EQ(0, midstream(&self->a, &self->b, 4004, 5005));
	attrs = take_event(&self->listener, NL_TIMEOUT, &len);
	ASSERT_NE(NULL, attrs);
	EXPECT_LE(1, COUNT("a", INGRESS_AUDITED));
	e = at_in(at_find(attrs, len, NETPOL_A_EVENT), NETPOL_EVENT_A_POLICY);
	ASSERT_NE(NULL, e);
	EXPECT_STREQ("denies", at_str_in(e, NETPOL_POLICY_A_NAME));
}

/* Loads pods and a policy into a network namespace of its own, and begins audits that end soon. */
static int short_life(int number)
{
	char name[16], address[16];
	struct nl nl;
	struct txn t;
	int j;

	if (unshare(CLONE_NEWNET) || nl_open(&nl) ||
	    txn_begin(&t, &nl, "manual", NETPOL_FLAG_FULL))
		return 1;
	t_namespace(&t, "t", "team=t");
	t_labels(&t, 1, "app=a", NULL);
	for (j = 0; j < 20; j++) {
		snprintf(name, sizeof(name), "t/p%d", j);
		snprintf(address, sizeof(address), "10.9.0.%d", j + 1);
		t_pod(&t, &(struct pod){ name, 1, { address }, LOCAL, 0 });
	}
	t_policy(&t, "t/in", "app=a", INGRESS);
	if (txn_commit(&t) ||
	    change(&nl, NETPOL_CMD_AUDIT, &(struct about){ "t", NULL, NULL }, now() + SOON))
		return 1;
	/* how far the audit gets before the network namespace goes is different each time */
	usleep(number * 300000);
	return number & 1 ? nl_flush_objects(&nl) : 0;
}

/* Network namespaces go away while audits end in them. */
TEST_F(audit, networks_go_away)
{
	pid_t pid[24];
	int i, status;

	for (i = 0; i < 24; i++) {
		pid[i] = fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i])
			_exit(short_life(i));
	}
	for (i = 0; i < 24; i++) {
		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		EXPECT_EQ(0, status);
	}
}

TEST_HARNESS_MAIN
