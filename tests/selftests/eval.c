// SPDX-License-Identifier: GPL-2.0
/*
 * EVAL: verdicts and steps for made-up packets.
 *
 * netpol-test: newest
 */
#include <sched.h>
#include "kselftest_harness.h"
#include "netpol_obj.h"

#define ALLOW	NETPOL_VERDICT_ALLOW
#define DENY	NETPOL_VERDICT_DENY

FIXTURE(eval)
{
	struct nl nl;
};

FIXTURE_SETUP(eval)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, load_cluster(&self->nl));
}

FIXTURE_TEARDOWN(eval)
{
	nl_close(&self->nl);
}

TEST_F(eval, by_name)
{
	struct nl *nl = &self->nl;

	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 80));
	EXPECT_EQ(NETPOL_REASON_RULE, nl_reason(nl));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "shop/web", 443));
	EXPECT_EQ(NETPOL_REASON_ISOLATED, nl_reason(nl));
	EXPECT_EQ(NETPOL_DIRECTION_INGRESS, at_u(nl_reply(nl, NETPOL_A_DIRECTION)));
	EXPECT_EQ(DENY, nl_verdict(nl, "shop/db", "shop/web", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "shop/web", "shop/db", 5432));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "shop/db", 5432));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "shop/web", "office/client", 80));
	EXPECT_EQ(NETPOL_REASON_NOT_ISOLATED, nl_reason(nl));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/guest", "office/client", 80));
	EXPECT_EQ(NETPOL_DIRECTION_EGRESS, at_u(nl_reply(nl, NETPOL_A_DIRECTION)));
	EXPECT_EQ(1, at_len(nl_reply(nl, NETPOL_A_VERDICT)));
	EXPECT_EQ(1, at_len(nl_reply(nl, NETPOL_A_REASON)));
	EXPECT_EQ(1, at_len(nl_reply(nl, NETPOL_A_DIRECTION)));
}

TEST_F(eval, by_address)
{
	struct nl *nl = &self->nl;

	EXPECT_EQ(ALLOW, nl_verdict(nl, "10.0.2.2", "10.0.1.2", 80));
	EXPECT_EQ(DENY, nl_verdict(nl, "10.0.2.2", "10.0.1.2", 443));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "fd00:2::2", "fd00:1::2", 80));
	EXPECT_EQ(DENY, nl_verdict(nl, "fd00:2::2", "fd00:1::2", 443));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "10.0.1.2", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "fd00:2::2", "shop/web", 80));
	EXPECT_EQ(DENY, nl_verdict(nl, "198.51.100.1", "shop/web", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "shop/web", "198.51.100.1", 80));
	/* a remote pod's other half is its own node's */
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/far", "shop/web", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "10.9.2.9", "office/client", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/far", "198.51.100.1", 80));
	EXPECT_EQ(NETPOL_REASON_NOT_LOCAL, nl_reason(nl));
}

TEST_F(eval, family)
{
	struct nl *nl = &self->nl;

	EXPECT_EQ(0, nl_eval_family(nl, "office/client", "shop/web", IPPROTO_TCP, 80,
				    AF_INET6));
	EXPECT_EQ(ALLOW, at_u(nl_reply(nl, NETPOL_A_VERDICT)));
	EXPECT_EQ(0, nl_eval_family(nl, "office/client", "shop/web", IPPROTO_TCP, 80,
				    AF_INET));
	EXPECT_EQ(ALLOW, at_u(nl_reply(nl, NETPOL_A_VERDICT)));
	/* office/guest has no IPv6 address */
	EXPECT_NE(0, nl_eval_family(nl, "office/guest", "shop/web", IPPROTO_TCP, 80,
				    AF_INET6));
	EXPECT_TRUE(nl->ack.has_text);
	EXPECT_NE(0, nl_eval_family(nl, "10.0.2.2", "fd00:1::2", IPPROTO_TCP, 80, 0));
	EXPECT_TRUE(nl->ack.has_text);
	EXPECT_EQ(-EINVAL, nl_eval_family(nl, "office/client", "shop/web", IPPROTO_TCP,
					  80, 77));
}

TEST_F(eval, protocols)
{
	struct nl *nl = &self->nl;

	EXPECT_EQ(0, nl_eval_family(nl, "office/guest", "198.51.100.1", IPPROTO_UDP, 53, 0));
	EXPECT_EQ(ALLOW, at_u(nl_reply(nl, NETPOL_A_VERDICT)));
	EXPECT_EQ(0, nl_eval_family(nl, "office/guest", "198.51.100.1", IPPROTO_TCP, 53, 0));
	EXPECT_EQ(DENY, at_u(nl_reply(nl, NETPOL_A_VERDICT)));
	EXPECT_EQ(0, nl_eval_family(nl, "office/guest", "198.51.100.1", IPPROTO_ICMP, 0, 0));
	EXPECT_EQ(DENY, at_u(nl_reply(nl, NETPOL_A_VERDICT)));
	/* a rule without ports takes every protocol */
	EXPECT_EQ(0, nl_eval_family(nl, "192.0.2.1", "shop/web", IPPROTO_ICMP, 0, 0));
	EXPECT_EQ(ALLOW, at_u(nl_reply(nl, NETPOL_A_VERDICT)));
	EXPECT_EQ(0, nl_eval_family(nl, "192.0.2.1", "shop/web", IPPROTO_SCTP, 99, 0));
	EXPECT_EQ(ALLOW, at_u(nl_reply(nl, NETPOL_A_VERDICT)));
	EXPECT_EQ(0, nl_eval_family(nl, "office/client", "shop/web", IPPROTO_SCTP, 80, 0));
	EXPECT_EQ(DENY, at_u(nl_reply(nl, NETPOL_A_VERDICT)));
}

TEST_F(eval, ranges_and_names)
{
	struct nl *nl = &self->nl;

	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "shop/web", 7999));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 8000));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 8999));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "shop/web", 9000));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 80));
	/* no port: TCP has one */
	EXPECT_EQ(-EINVAL, nl_verdict(nl, "office/client", "shop/web", 0));
	EXPECT_TRUE(ack_missing(&nl->ack, NETPOL_EVAL_A_PORT));
}

/* In egress the name is looked up in the destination pod, whichever it is. */
TEST_F(eval, named_port_of_destination)
{
	struct nl *nl = &self->nl;
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_labels(&t, 1, "app=web,tier=front", "http/6/81");
	t_pod(&t, &(struct pod){ "shop/web2", 1, { "10.0.1.4" }, REMOTE });
	t_policy(&t, "office/client", "app=client", EGRESS);
	t_rule(&t, NETPOL_DIRECTION_EGRESS);
	t_port(&t, IPPROTO_TCP, 0, 0, "http");
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 80));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "shop/web", 81));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "shop/web2", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web2", 81));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "shop/db", 80));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "198.51.100.1", 80));
}

TEST_F(eval, block_and_except)
{
	struct nl *nl = &self->nl;

	EXPECT_EQ(ALLOW, nl_verdict(nl, "192.0.2.0", "shop/web", 1));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "192.0.2.255", "shop/web", 1));
	EXPECT_EQ(DENY, nl_verdict(nl, "192.0.2.7", "shop/web", 1));
	EXPECT_EQ(DENY, nl_verdict(nl, "192.0.3.0", "shop/web", 1));
	EXPECT_EQ(DENY, nl_verdict(nl, "192.0.1.255", "shop/web", 1));
}

/* An except of one block says nothing about another; pods are in blocks too. */
TEST_F(eval, overlapping_blocks)
{
	struct nl *nl = &self->nl;
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_policy(&t, "shop/db", "app=db", INGRESS);
	t_rule(&t, NETPOL_DIRECTION_INGRESS);
	t_block(&t, "10.0.0.0/8");
	t_except(&t, "10.0.2.0/24");
	t_block(&t, "fd00::/16");
	t_except(&t, "fd00:2::/64");
	t_rule(&t, NETPOL_DIRECTION_INGRESS);
	t_block(&t, "10.0.2.4/31");
	t_except(&t, "10.0.2.4/32");
	t_port(&t, IPPROTO_TCP, 80, 0, NULL);
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "10.0.1.2", "shop/db", 443));
	EXPECT_EQ(DENY, nl_verdict(nl, "10.0.2.4", "shop/db", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "10.0.2.5", "shop/db", 80));
	EXPECT_EQ(DENY, nl_verdict(nl, "10.0.2.5", "shop/db", 443));
	EXPECT_EQ(DENY, nl_verdict(nl, "fd00:2::2", "shop/db", 443));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "fd00:1::2", "shop/db", 443));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "fd00:2:0:1::2", "shop/db", 443));
}

/* Every operator, on pods and on namespaces. */
TEST_F(eval, selectors)
{
	static const struct {
		const char *namespaces, *pods;
		int verdict;
	} cases[] = {
		{ "", NULL, ALLOW },
		{ "team=staff", NULL, ALLOW },
		{ "team=sales", NULL, DENY },
		{ "team", NULL, ALLOW },
		{ "!team", NULL, DENY },
		{ "team in sales|staff", NULL, ALLOW },
		{ "team notin sales", NULL, ALLOW },
		{ "team notin staff", NULL, DENY },
		{ "nokey!=x", NULL, ALLOW },
		{ "nokey=x", NULL, DENY },
		{ NULL, "", DENY },
		{ NULL, "app=client", DENY },
		{ "", "app=client", ALLOW },
		{ "", "app", ALLOW },
		{ "", "!app", DENY },
		{ "", "app in web|client", ALLOW },
		{ "", "app notin web|client", DENY },
		{ "", "app=client,!tier", ALLOW },
		{ "", "app=client,tier", DENY },
		{ "team=staff", "app=client", ALLOW },
		{ "team=sales", "app=client", DENY },
	};
	struct nl *nl = &self->nl;
	struct txn t;
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
		t_policy(&t, "shop/db", "app=db", INGRESS);
		t_rule(&t, NETPOL_DIRECTION_INGRESS);
		t_peer(&t, cases[i].namespaces, cases[i].pods);
		ASSERT_EQ(0, txn_commit(&t));
		EXPECT_EQ(cases[i].verdict, nl_verdict(nl, "office/client", "shop/db", 80))
			TH_LOG("namespaces %s, pods %s", cases[i].namespaces, cases[i].pods);
	}
}

TEST_F(eval, itself)
{
	struct nl *nl = &self->nl;

	EXPECT_EQ(ALLOW, nl_verdict(nl, "shop/web", "shop/web", 443));
	EXPECT_EQ(NETPOL_REASON_SELF, nl_reason(nl));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/guest", "10.0.2.3", 443));
	EXPECT_EQ(NETPOL_REASON_SELF, nl_reason(nl));
}

TEST_F(eval, unknown_pod)
{
	struct nl *nl = &self->nl;

	EXPECT_EQ(-ENOENT, nl_verdict(nl, "shop/nobody", "shop/web", 80));
	EXPECT_TRUE(nl->ack.has_text);
	EXPECT_TRUE(nl->ack.has_offset);
	EXPECT_EQ(-ENOENT, nl_verdict(nl, "shop/web", "shop/nobody", 80));
	EXPECT_TRUE(nl->ack.has_text);
	EXPECT_EQ(-ENOENT, nl_verdict(nl, "nowhere/web", "shop/web", 80));
	EXPECT_TRUE(nl->ack.has_text);
}

/* One line for each policy, then one that sums the half up; egress first. */
TEST_F(eval, steps)
{
	struct nl *nl = &self->nl;
	const struct nlattr *step;
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_policy(&t, "shop/a-first", "", INGRESS);
	t_policy(&t, "office/out", "app=client", EGRESS);
	t_rule(&t, NETPOL_DIRECTION_EGRESS);
	t_peer(&t, "team=nobody", NULL);
	t_rule(&t, NETPOL_DIRECTION_EGRESS);
	t_peer(&t, "team=sales", NULL);
	ASSERT_EQ(0, txn_commit(&t));
	ASSERT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 80));
	ASSERT_EQ(5, at_count(nl->reply.data, nl->reply.len, NETPOL_A_STEP));

	step = at_nth(nl->reply.data, nl->reply.len, NETPOL_A_STEP, 0);
	EXPECT_EQ(NETPOL_DIRECTION_EGRESS, at_u_in(step, NETPOL_STEP_A_DIRECTION));
	EXPECT_STREQ("office", at_str_in(step, NETPOL_STEP_A_POD_NAMESPACE));
	EXPECT_STREQ("client", at_str_in(step, NETPOL_STEP_A_POD_NAME));
	EXPECT_STREQ("office", at_str_in(step, NETPOL_STEP_A_POLICY_NAMESPACE));
	EXPECT_STREQ("out", at_str_in(step, NETPOL_STEP_A_POLICY_NAME));
	EXPECT_STREQ("manual", at_str_in(step, NETPOL_STEP_A_POLICY_ORIGIN));
	EXPECT_EQ(1, at_u_in(step, NETPOL_STEP_A_RULE));
	EXPECT_EQ(ALLOW, at_u_in(step, NETPOL_STEP_A_VERDICT));
	EXPECT_EQ(NETPOL_REASON_RULE, at_u_in(step, NETPOL_STEP_A_REASON));

	step = at_nth(nl->reply.data, nl->reply.len, NETPOL_A_STEP, 1);
	EXPECT_EQ(NETPOL_DIRECTION_EGRESS, at_u_in(step, NETPOL_STEP_A_DIRECTION));
	EXPECT_EQ(NULL, at_in(step, NETPOL_STEP_A_POLICY_NAME));
	EXPECT_EQ(NULL, at_in(step, NETPOL_STEP_A_RULE));
	EXPECT_EQ(ALLOW, at_u_in(step, NETPOL_STEP_A_VERDICT));

	step = at_nth(nl->reply.data, nl->reply.len, NETPOL_A_STEP, 2);
	EXPECT_EQ(NETPOL_DIRECTION_INGRESS, at_u_in(step, NETPOL_STEP_A_DIRECTION));
	EXPECT_STREQ("web", at_str_in(step, NETPOL_STEP_A_POD_NAME));
	EXPECT_STREQ("a-first", at_str_in(step, NETPOL_STEP_A_POLICY_NAME));
	EXPECT_EQ(NULL, at_in(step, NETPOL_STEP_A_RULE));
	EXPECT_EQ(NULL, at_in(step, NETPOL_STEP_A_VERDICT));

	step = at_nth(nl->reply.data, nl->reply.len, NETPOL_A_STEP, 3);
	EXPECT_STREQ("web", at_str_in(step, NETPOL_STEP_A_POLICY_NAME));
	EXPECT_EQ(0, at_u_in(step, NETPOL_STEP_A_RULE));

	step = at_nth(nl->reply.data, nl->reply.len, NETPOL_A_STEP, 4);
	EXPECT_EQ(NULL, at_in(step, NETPOL_STEP_A_POLICY_NAME));
	EXPECT_EQ(NETPOL_REASON_RULE, at_u_in(step, NETPOL_STEP_A_REASON));

	/* a deny names every policy that isolates the pod */
	ASSERT_EQ(DENY, nl_verdict(nl, "shop/db", "shop/web", 80));
	ASSERT_LE(3, at_count(nl->reply.data, nl->reply.len, NETPOL_A_STEP));
	EXPECT_NE(NULL, strstr("a-first web", at_str_in(at_nth(nl->reply.data,
		nl->reply.len, NETPOL_A_STEP, 1), NETPOL_STEP_A_POLICY_NAME)));
}

/* More steps than a message of default size holds. */
TEST_F(eval, many_steps)
{
	struct nl *nl = &self->nl;
	char name[64];
	struct txn t;
	int i;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "shop/p%04d", i);
		t_policy(&t, name, "app=db", INGRESS);
	}
	ASSERT_EQ(0, txn_commit(&t));
	ASSERT_EQ(DENY, nl_verdict(nl, "office/client", "shop/db", 80));
	EXPECT_LT(1000, at_count(nl->reply.data, nl->reply.len, NETPOL_A_STEP));
}

TEST_F(eval, unknown_guard)
{
	struct nl *nl = &self->nl;
	struct txn t;
	struct msg *m;
	uint32_t at;
	int unknown;

	EXPECT_EQ(ALLOW, nl_verdict(nl, "10.0.2.99", "office/client", 80));
	for (unknown = NETPOL_UNKNOWN_DENY; unknown <= NETPOL_UNKNOWN_ALLOW; unknown++) {
		int want = unknown == NETPOL_UNKNOWN_DENY ? DENY : ALLOW;

		ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
		m = txn_room(&t);
		at = nest(m, NETPOL_A_SETTINGS);
		put_prefix(m, NETPOL_SETTINGS_A_GUARD_PREFIX, "10.0.0.0/16");
		put_prefix(m, NETPOL_SETTINGS_A_GUARD_PREFIX, "fd00:2::/64");
		put_u8(m, NETPOL_SETTINGS_A_UNKNOWN, unknown);
		nest_end(m, at);
		ASSERT_EQ(0, txn_commit(&t));
		EXPECT_EQ(want, nl_verdict(nl, "10.0.2.99", "office/client", 80));
		if (want == DENY) {
			EXPECT_EQ(NETPOL_REASON_UNKNOWN, nl_reason(nl));
		}
		EXPECT_EQ(want, nl_verdict(nl, "office/client", "10.0.2.99", 80));
		EXPECT_EQ(want, nl_verdict(nl, "fd00:2::99", "office/client", 80));
		EXPECT_EQ(ALLOW, nl_verdict(nl, "10.1.2.99", "office/client", 80));
		EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 80));
		EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "shop/web", 443));
	}
}

TEST_HARNESS_MAIN
