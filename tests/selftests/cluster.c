// SPDX-License-Identifier: GPL-2.0
/*
 * Cluster-wide policies: their tiers, what a Pass does, what is not known, how they are listed, and
 * what of them is refused. The verdicts follow the Kubernetes API policy.networking.k8s.io.
 *
 * netpol-test: newest
 */
#include <sched.h>
#include "kselftest_harness.h"
#include "netpol_obj.h"

#define ALLOW	NETPOL_VERDICT_ALLOW
#define DENY	NETPOL_VERDICT_DENY
#define ADMIN	NETPOL_TIER_ADMIN
#define BASELINE NETPOL_TIER_BASELINE

FIXTURE(cluster)
{
	struct nl nl;
};

FIXTURE_SETUP(cluster)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, load_cluster(&self->nl));
}

FIXTURE_TEARDOWN(cluster)
{
	nl_flush_objects(&self->nl);
	nl_close(&self->nl);
}

/* Deletes a policy of the kind. @namespace: NULL for none. */
static void t_delete_policy(struct txn *t, uint8_t kind, const char *namespace, const char *name)
{
	struct msg *m = txn_room(t);
	uint32_t at = nest(m, NETPOL_A_DELETE);

	put_u8(m, NETPOL_DELETE_A_OBJECT, NETPOL_OBJECT_POLICY);
	put_u8(m, NETPOL_DELETE_A_KIND, kind);
	if (namespace)
		put_str(m, NETPOL_DELETE_A_NAMESPACE, namespace);
	put_str(m, NETPOL_DELETE_A_NAME, name);
	nest_end(m, at);
}

/* A policy of one ingress rule, for pods of the namespaces @subject from those of @peer. */
static int load_rule(struct nl *nl, const char *name, uint8_t tier, uint16_t priority,
		     const char *subject, uint8_t action, const char *peer, uint16_t port)
{
	struct txn t;
	int ret = txn_begin(&t, nl, "manual", 0);

	if (ret)
		return ret;
	t_cluster_policy(&t, name, tier, priority, subject, "", INGRESS);
	t_action(&t, NETPOL_DIRECTION_INGRESS, action, NULL);
	t_peer(&t, peer, NULL);
	if (port)
		t_port(&t, IPPROTO_TCP, port, 0, NULL);
	return txn_commit(&t);
}

static int unload(struct nl *nl, const char *name)
{
	struct txn t;
	int ret = txn_begin(&t, nl, "manual", 0);

	if (ret)
		return ret;
	t_delete_policy(&t, NETPOL_KIND_CLUSTER_NETWORK_POLICY, NULL, name);
	return txn_commit(&t);
}

static int set_ranges(struct nl *nl, const char *range)
{
	struct msg *m;
	struct txn t;
	uint32_t at;
	int ret = txn_begin(&t, nl, "manual", 0);

	if (ret)
		return ret;
	m = txn_room(&t);
	at = nest(m, NETPOL_A_SETTINGS);
	put_prefix(m, NETPOL_SETTINGS_A_POD_RANGE, range);
	put_prefix(m, NETPOL_SETTINGS_A_POD_RANGE, "fd00::/16");
	nest_end(m, at);
	return txn_commit(&t);
}

TEST_F(cluster, admin_stands_above)
{
	struct nl *nl = &self->nl;

	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 80));
	ASSERT_EQ(0, load_rule(nl, "deny", ADMIN, 10, "team=sales", NETPOL_ACTION_DENY,
			       "team=staff", 80));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "shop/web", 80));
	EXPECT_EQ(NETPOL_REASON_RULE, nl_reason(nl));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 8000));
	/* it is no word on the other namespace */
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "office/guest", 80));
	/* of two with other priorities the lower number decides, whatever the names */
	ASSERT_EQ(0, load_rule(nl, "a-allow", ADMIN, 11, "team=sales", NETPOL_ACTION_ACCEPT,
			       "team=staff", 0));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "shop/web", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/db", 5432));
	ASSERT_EQ(0, load_rule(nl, "a-allow", ADMIN, 9, "team=sales", NETPOL_ACTION_ACCEPT,
			       "team=staff", 0));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 80));
	/* and of two with one priority the first name */
	ASSERT_EQ(0, load_rule(nl, "a-allow", ADMIN, 10, "team=sales", NETPOL_ACTION_ACCEPT,
			       "team=staff", 0));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 80));
	ASSERT_EQ(0, unload(nl, "a-allow"));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "shop/web", 80));
	ASSERT_EQ(0, unload(nl, "deny"));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 80));
}

TEST_F(cluster, pass_and_baseline)
{
	struct nl *nl = &self->nl;

	ASSERT_EQ(0, load_rule(nl, "pass", ADMIN, 1, "", NETPOL_ACTION_PASS, "", 0));
	ASSERT_EQ(0, load_rule(nl, "accept", ADMIN, 2, "", NETPOL_ACTION_ACCEPT, "", 0));
	ASSERT_EQ(0, load_rule(nl, "base", BASELINE, 0, "", NETPOL_ACTION_DENY, "", 0));
	/* a NetworkPolicy isolates: it has the last word */
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "shop/web", 443));
	EXPECT_EQ(NETPOL_REASON_ISOLATED, nl_reason(nl));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 80));
	/* none isolates: the Baseline tier decides */
	EXPECT_EQ(DENY, nl_verdict(nl, "shop/web", "office/client", 80));
	EXPECT_EQ(NETPOL_REASON_RULE, nl_reason(nl));
	/* an address outside is no pod, and matches no selector */
	EXPECT_EQ(ALLOW, nl_verdict(nl, "198.51.100.1", "office/client", 80));
	EXPECT_EQ(NETPOL_REASON_NOT_ISOLATED, nl_reason(nl));
	ASSERT_EQ(0, unload(nl, "pass"));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "shop/web", "office/client", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 443));
}

TEST_F(cluster, first_rule_not_longest_prefix)
{
	struct nl *nl = &self->nl;
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_cluster_policy(&t, "blocks", ADMIN, 1, "", "app=client", EGRESS);
	t_action(&t, NETPOL_DIRECTION_EGRESS, NETPOL_ACTION_DENY, "wide");
	t_block(&t, "192.0.0.0/8");
	t_action(&t, NETPOL_DIRECTION_EGRESS, NETPOL_ACTION_ACCEPT, "narrow");
	t_block(&t, "192.0.2.0/24");
	t_action(&t, NETPOL_DIRECTION_EGRESS, NETPOL_ACTION_PASS, NULL);
	t_block(&t, "10.0.1.0/24");
	t_action(&t, NETPOL_DIRECTION_EGRESS, NETPOL_ACTION_DENY, NULL);
	t_block(&t, "0.0.0.0/0");
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "192.0.2.1", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 80));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "office/guest", 80));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "198.51.100.1", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "fd00:9::9", 80));
	/* another pod is no subject */
	EXPECT_EQ(ALLOW, nl_verdict(nl, "shop/web", "192.0.2.1", 80));
}

TEST_F(cluster, pods_that_are_not_known)
{
	struct nl *nl = &self->nl;

	ASSERT_EQ(0, load_rule(nl, "deny", ADMIN, 1, "", NETPOL_ACTION_DENY, "team=evil", 0));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "10.77.0.1", "office/client", 80));
	ASSERT_EQ(0, set_ranges(nl, "10.0.0.0/8"));
	EXPECT_EQ(DENY, nl_verdict(nl, "10.77.0.1", "office/client", 80));
	EXPECT_EQ(NETPOL_REASON_RULE, nl_reason(nl));
	EXPECT_EQ(DENY, nl_verdict(nl, "fd00:77::1", "office/client", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "11.77.0.1", "office/client", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "shop/web", "office/client", 80));
	/* a Pass denies as well, an Accept does not match */
	ASSERT_EQ(0, load_rule(nl, "deny", ADMIN, 1, "", NETPOL_ACTION_PASS, "team=evil", 80));
	EXPECT_EQ(DENY, nl_verdict(nl, "10.77.0.1", "office/client", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "10.77.0.1", "office/client", 81));
	ASSERT_EQ(0, load_rule(nl, "deny", ADMIN, 1, "", NETPOL_ACTION_ACCEPT, "", 0));
	EXPECT_EQ(DENY, nl_verdict(nl, "10.77.0.1", "shop/web", 80));
	EXPECT_EQ(NETPOL_REASON_ISOLATED, nl_reason(nl));
}

TEST_F(cluster, namespaces_that_are_not_known)
{
	static const struct pod pods[] = {
		{ "lost/here", 9, { "10.0.3.2" }, LOCAL, 0, 11 },
		{ "lost/there", 9, { "10.9.3.2" }, REMOTE, 0, 12 },
	};
	struct nl *nl = &self->nl;
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_labels(&t, 9, "app=lost", NULL);
	t_pod(&t, &pods[0]);
	t_pod(&t, &pods[1]);
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "lost/there", "office/client", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "198.51.100.1", "lost/here", 80));
	ASSERT_EQ(0, load_rule(nl, "deny", ADMIN, 1, "", NETPOL_ACTION_DENY, "team=evil", 0));
	/* nobody knows whether the rule means it */
	EXPECT_EQ(DENY, nl_verdict(nl, "lost/there", "office/client", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/far", "office/client", 80));
	/* nor whether it is a subject */
	EXPECT_EQ(DENY, nl_verdict(nl, "198.51.100.1", "lost/here", 80));
	EXPECT_EQ(DENY, nl_verdict(nl, "lost/here", "198.51.100.1", 80));
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_namespace(&t, "lost", "team=good");
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "lost/there", "office/client", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "198.51.100.1", "lost/here", 80));
	/* a relabelled namespace changes peers */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_namespace(&t, "lost", "team=evil");
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(DENY, nl_verdict(nl, "lost/there", "office/client", 80));
	/* and subjects */
	ASSERT_EQ(0, load_rule(nl, "deny", ADMIN, 1, "team=evil", NETPOL_ACTION_DENY, "", 0));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "lost/here", 80));
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_namespace(&t, "lost", "team=good");
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "lost/here", 80));
}

TEST_F(cluster, a_rule_that_never_matches)
{
	struct nl *nl = &self->nl;
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_cluster_policy(&t, "closed", ADMIN, 1, "", "", INGRESS);
	t_action(&t, NETPOL_DIRECTION_INGRESS, NETPOL_ACTION_NONE, "unreadable");
	t_action(&t, NETPOL_DIRECTION_INGRESS, NETPOL_ACTION_DENY, "all");
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "shop/web", 80));
	EXPECT_EQ(DENY, nl_verdict(nl, "198.51.100.1", "office/client", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "198.51.100.1", 80));
}

TEST_F(cluster, steps)
{
	struct nl *nl = &self->nl;
	const struct nlattr *step;

	ASSERT_EQ(0, load_rule(nl, "a-pass", ADMIN, 1, "", NETPOL_ACTION_PASS, "", 0));
	ASSERT_EQ(0, load_rule(nl, "b-never", ADMIN, 2, "", NETPOL_ACTION_DENY, "", 0));
	ASSERT_EQ(DENY, nl_verdict(nl, "office/client", "shop/web", 443));
	step = at_nth(nl->reply.data, nl->reply.len, NETPOL_A_STEP, 1);
	ASSERT_NE(NULL, step);
	EXPECT_STREQ("a-pass", at_str_in(step, NETPOL_STEP_A_POLICY_NAME));
	EXPECT_EQ(NULL, at_in(step, NETPOL_STEP_A_POLICY_NAMESPACE));
	EXPECT_EQ(ADMIN, at_u_in(step, NETPOL_STEP_A_TIER));
	EXPECT_EQ(NETPOL_ACTION_PASS, at_u_in(step, NETPOL_STEP_A_ACTION));
	EXPECT_EQ(NULL, at_in(step, NETPOL_STEP_A_VERDICT));
	step = at_nth(nl->reply.data, nl->reply.len, NETPOL_A_STEP, 2);
	ASSERT_NE(NULL, step);
	EXPECT_STREQ("web", at_str_in(step, NETPOL_STEP_A_POLICY_NAME));
	EXPECT_EQ(NETPOL_TIER_NETWORK_POLICY, at_u_in(step, NETPOL_STEP_A_TIER));
	ASSERT_EQ(0, unload(nl, "a-pass"));
	ASSERT_EQ(DENY, nl_verdict(nl, "office/client", "shop/web", 80));
	step = at_nth(nl->reply.data, nl->reply.len, NETPOL_A_STEP, 1);
	ASSERT_NE(NULL, step);
	EXPECT_STREQ("b-never", at_str_in(step, NETPOL_STEP_A_POLICY_NAME));
	EXPECT_EQ(DENY, at_u_in(step, NETPOL_STEP_A_VERDICT));
	EXPECT_EQ(NETPOL_ACTION_DENY, at_u_in(step, NETPOL_STEP_A_ACTION));
	EXPECT_EQ(0, at_u_in(step, NETPOL_STEP_A_RULE));
	/* the rule ends it: no NetworkPolicy is asked */
	step = at_nth(nl->reply.data, nl->reply.len, NETPOL_A_STEP, 2);
	ASSERT_NE(NULL, step);
	EXPECT_EQ(NULL, at_in(step, NETPOL_STEP_A_POLICY_NAME));
}

TEST_F(cluster, listed)
{
	struct bytes dump = { 0 };
	struct nl *nl = &self->nl;
	const struct nlattr *policy = NULL, *rule[2] = { NULL };
	struct record r;
	size_t at = 0;
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_cluster_policy(&t, "shown", BASELINE, 777, "team=staff", "app=client", INGRESS | EGRESS);
	t_action(&t, NETPOL_DIRECTION_INGRESS, NETPOL_ACTION_PASS, "first");
	t_peer(&t, NULL, "app=web");
	t_action(&t, NETPOL_DIRECTION_EGRESS, NETPOL_ACTION_DENY, NULL);
	t_block(&t, "192.0.2.0/24");
	ASSERT_EQ(0, txn_commit(&t));
	ASSERT_EQ(0, nl_dump(nl, NETPOL_CMD_GET_POLICY, &dump));
	while (dump_next(&dump, &at, &r)) {
		at_for_each(b, r.attrs, r.len) {
			if (at_type(b) == NETPOL_A_POLICY)
				policy = !strcmp(at_str_in(b, NETPOL_POLICY_A_NAME), "shown") ?
					 b : NULL;
			if (!policy || at_type(b) != NETPOL_A_RULE)
				continue;
			rule[at_u_in(b, NETPOL_RULE_A_DIRECTION) & 1] = b;
			EXPECT_EQ(NETPOL_KIND_CLUSTER_NETWORK_POLICY,
				  at_u_in(policy, NETPOL_POLICY_A_KIND));
			EXPECT_EQ(NULL, at_in(policy, NETPOL_POLICY_A_NAMESPACE));
			EXPECT_EQ(BASELINE, at_u_in(policy, NETPOL_POLICY_A_TIER));
			EXPECT_EQ(777, at_u_in(policy, NETPOL_POLICY_A_PRIORITY));
			EXPECT_EQ(1, at_u_in(policy, NETPOL_POLICY_A_PODS));
			EXPECT_NE(NULL, at_in(policy, NETPOL_POLICY_A_SUBJECT_NAMESPACES));
		}
	}
	ASSERT_NE(NULL, rule[NETPOL_DIRECTION_INGRESS]);
	ASSERT_NE(NULL, rule[NETPOL_DIRECTION_EGRESS]);
	EXPECT_STREQ("first", at_str_in(rule[NETPOL_DIRECTION_INGRESS], NETPOL_RULE_A_NAME));
	EXPECT_EQ(NETPOL_ACTION_PASS,
		  at_u_in(rule[NETPOL_DIRECTION_INGRESS], NETPOL_RULE_A_ACTION));
	EXPECT_EQ(NETPOL_ACTION_DENY, at_u_in(rule[NETPOL_DIRECTION_EGRESS], NETPOL_RULE_A_ACTION));
	EXPECT_EQ(NULL, at_in(rule[NETPOL_DIRECTION_EGRESS], NETPOL_RULE_A_NAME));
	bytes_free(&dump);
}

/* What is wrong with a policy, and stands in the place of what is right. */
enum fault {
	HAS_NAMESPACE,
	NO_TIER,
	NO_PRIORITY,
	NO_NAMESPACES,
	WRONG_TIER,
	FAULTS
};

TEST_F(cluster, refused)
{
	struct nl *nl = &self->nl;
	struct picture before, after;
	struct msg *m;
	struct txn t;
	uint32_t at;
	int fault;

	ASSERT_EQ(0, picture_take(nl, &before, cluster_pods));
	for (fault = 0; fault < FAULTS; fault++) {
		ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
		m = txn_room(&t);
		at = nest(m, NETPOL_A_POLICY);
		put_u8(m, NETPOL_POLICY_A_KIND, NETPOL_KIND_CLUSTER_NETWORK_POLICY);
		put_str(m, NETPOL_POLICY_A_NAME, "wrong");
		put_selector(m, NETPOL_POLICY_A_SUBJECT, "");
		put_u8(m, NETPOL_POLICY_A_DIRECTIONS, INGRESS);
		if (fault == HAS_NAMESPACE)
			put_str(m, NETPOL_POLICY_A_NAMESPACE, "shop");
		if (fault != NO_NAMESPACES)
			put_selector(m, NETPOL_POLICY_A_SUBJECT_NAMESPACES, "");
		if (fault != NO_TIER)
			put_u8(m, NETPOL_POLICY_A_TIER, fault == WRONG_TIER ?
			       NETPOL_TIER_NETWORK_POLICY : ADMIN);
		if (fault != NO_PRIORITY)
			put_u16(m, NETPOL_POLICY_A_PRIORITY, 1);
		nest_end(m, at);
		EXPECT_EQ(-EINVAL, txn_commit(&t)) TH_LOG("fault %d", fault);
		EXPECT_TRUE(nl->ack.has_text || nl->ack.has_missing) TH_LOG("fault %d", fault);
	}
	/* what a NetworkPolicy does not have */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_policy(&t, "shop/wrong", "", INGRESS);
	t_action(&t, NETPOL_DIRECTION_INGRESS, NETPOL_ACTION_DENY, NULL);
	EXPECT_EQ(-EINVAL, txn_commit(&t));
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_policy(&t, "shop/wrong", "", INGRESS);
	t_action(&t, NETPOL_DIRECTION_INGRESS, NETPOL_ACTION_ACCEPT, "name");
	EXPECT_EQ(-EINVAL, txn_commit(&t));
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_delete_policy(&t, NETPOL_KIND_CLUSTER_NETWORK_POLICY, "shop", "wrong");
	EXPECT_EQ(-EINVAL, txn_commit(&t));
	ASSERT_EQ(0, picture_take(nl, &after, cluster_pods));
	EXPECT_EQ(NULL, picture_differs(&before, &after)) TH_LOG("%s", picture_differs(&before,
										       &after));
	picture_free(&before);
	picture_free(&after);
}

TEST_HARNESS_MAIN
