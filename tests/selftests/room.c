// SPDX-License-Identifier: GPL-2.0
/*
 * What limits on compiled programs do to pods, and where that can be seen: a pod that is closed
 * because its policies make too many cells, and pods of more kinds than one namespace has rows for.
 *
 * netpol-test: timeout=600
 */
#include <sched.h>
#include "kselftest_harness.h"
#include "netpol_obj.h"

#define ALLOW	NETPOL_VERDICT_ALLOW
#define DENY	NETPOL_VERDICT_DENY
#define IN	NETPOL_DIRECTION_INGRESS

#define RULES	4000	/* with as many blocks and twice as many classes of ports */
#define VALUES	35	/* of each of two label keys */
#define KINDS	(VALUES * VALUES)

FIXTURE(room)
{
	struct nl nl;
};

FIXTURE_SETUP(room)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&self->nl));
}

FIXTURE_TEARDOWN(room)
{
	nl_flush_objects(&self->nl);
	nl_close(&self->nl);
}

/* What the dump of pods says. */
struct seen {
	unsigned int crowded;	/* pods with the flag */
	unsigned int lacks;	/* LACK of all pods */
	char pod[32];		/* the last pod with one */
	char payer[32];		/* its namespace, or "" */
	uint64_t limit;
	uint64_t direction;
	bool bytes;
};

static int look(struct nl *nl, struct seen *seen)
{
	struct bytes dump = {};
	struct record r;
	int ret = nl_dump(nl, NETPOL_CMD_GET_POD, &dump);

	memset(seen, 0, sizeof(*seen));
	for (size_t at = 0; !ret && dump_next(&dump, &at, &r); )
		at_for_each(a, r.attrs, r.len) {
			if (at_type(a) != NETPOL_A_POD)
				continue;
			seen->crowded += !!(at_u_in(a, NETPOL_POD_A_FLAGS) >>
					    NETPOL_POD_F_STATE_SHIFT & NETPOL_OBJECT_F_CROWDED);
			at_for_each_in(lack, a) {
				if (at_type(lack) != NETPOL_POD_A_LACK)
					continue;
				seen->lacks++;
				snprintf(seen->pod, sizeof(seen->pod), "%s",
					 at_str_in(a, NETPOL_POD_A_NAME));
				if (at_in(lack, NETPOL_LACK_A_NAMESPACE))
					snprintf(seen->payer, sizeof(seen->payer), "%s",
						 at_str_in(lack, NETPOL_LACK_A_NAMESPACE));
				seen->limit = at_u_in(lack, NETPOL_LACK_A_LIMIT);
				seen->direction = at_u_in(lack, NETPOL_LACK_A_DIRECTION);
				seen->bytes = at_in(lack, NETPOL_LACK_A_BYTES);
			}
		}
	bytes_free(&dump);
	return ret;
}

static uint64_t info_number(struct nl *nl, uint16_t type)
{
	return nl_info(nl) ? ~0ULL : at_u(nl_reply(nl, type));
}

/* The last STEP of the last answer, which sums up a half. */
static const struct nlattr *last_step(struct nl *nl)
{
	const struct nlattr *last = NULL;

	at_for_each(a, nl->reply.data, nl->reply.len)
		if (at_type(a) == NETPOL_A_STEP)
			last = a;
	return last;
}

TEST_F_TIMEOUT(room, closed, 300)
{
	struct nl *nl = &self->nl;
	const struct nlattr *lack;
	struct seen seen;
	char block[32];
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_namespace(&t, "t", NULL);
	t_labels(&t, 1, "n=0", NULL);
	t_labels(&t, 2, "n=1", NULL);
	t_pod(&t, &(struct pod){ "t/large", 1, { "10.0.1.1" }, LOCAL });
	t_pod(&t, &(struct pod){ "t/small", 2, { "10.0.1.2" }, LOCAL });
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(0, info_number(nl, NETPOL_A_LACKING));
	EXPECT_EQ(0, info_number(nl, NETPOL_A_CROWDED));
	ASSERT_EQ(0, look(nl, &seen));
	EXPECT_EQ(0, seen.lacks);

	/* whose labels select the policy is closed; the policy is in force */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_cluster_policy(&t, "cells", NETPOL_TIER_ADMIN, 1, "", "n=0", EGRESS);
	for (unsigned int i = 0; i < RULES; i++) {
		t_action(&t, NETPOL_DIRECTION_EGRESS, NETPOL_ACTION_DENY, NULL);
		snprintf(block, sizeof(block), "192.%u.%u.0/24", i / 256, i % 256);
		t_block(&t, block);
		t_port(&t, IPPROTO_TCP, 1000 + 2 * i, 0, NULL);
	}
	ASSERT_EQ(0, txn_commit(&t)) TH_LOG("%s", nl->ack.text);
	EXPECT_EQ(1, info_number(nl, NETPOL_A_LACKING));
	ASSERT_EQ(0, look(nl, &seen));
	EXPECT_EQ(1, seen.lacks);
	EXPECT_STREQ("large", seen.pod);
	EXPECT_STREQ("t", seen.payer);
	EXPECT_EQ(NETPOL_LIMIT_CELLS_PER_PROGRAM, seen.limit);
	EXPECT_EQ(NETPOL_DIRECTION_EGRESS, seen.direction);
	EXPECT_FALSE(seen.bytes);

	EXPECT_EQ(DENY, nl_verdict(nl, "t/large", "198.51.100.1", 80));
	EXPECT_EQ(NETPOL_REASON_NO_ROOM, nl_reason(nl));
	ASSERT_NE(NULL, last_step(nl));
	EXPECT_EQ(NETPOL_REASON_NO_ROOM, at_u_in(last_step(nl), NETPOL_STEP_A_REASON));
	lack = at_in(last_step(nl), NETPOL_STEP_A_LACK);
	ASSERT_NE(NULL, lack);
	EXPECT_EQ(NETPOL_LIMIT_CELLS_PER_PROGRAM, at_u_in(lack, NETPOL_LACK_A_LIMIT));
	EXPECT_STREQ("t", at_str_in(lack, NETPOL_LACK_A_NAMESPACE));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "t/small", "198.51.100.1", 80));
	EXPECT_EQ(NULL, at_in(last_step(nl), NETPOL_STEP_A_LACK));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "198.51.100.1", "t/large", 80));

	/* with another label it is open again */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_labels(&t, 2, "n=1", NULL);
	t_pod(&t, &(struct pod){ "t/large", 2, { "10.0.1.1" }, LOCAL });
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(0, info_number(nl, NETPOL_A_LACKING));
	ASSERT_EQ(0, look(nl, &seen));
	EXPECT_EQ(0, seen.lacks);
	EXPECT_EQ(ALLOW, nl_verdict(nl, "t/large", "198.51.100.1", 80));
}

TEST_F_TIMEOUT(room, crowded, 300)
{
	struct nl *nl = &self->nl;
	unsigned int rows = nl_max(nl, NETPOL_LIMIT_ROWS_PER_NAMESPACE), i, denied = 0, exact = 0;
	char name[32], labels[32], address[32];
	struct seen seen;
	struct txn t;

	ASSERT_GT(KINDS, rows);
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_namespace(&t, "a", NULL);
	t_namespace(&t, "t", NULL);
	t_pod(&t, &(struct pod){ "a/web", 0, { "10.0.1.1" }, LOCAL });
	/* pods with a value of x are denied at its port, and likewise those with a value of y */
	t_cluster_policy(&t, "values", NETPOL_TIER_ADMIN, 1, "", "", INGRESS);
	for (i = 0; i < 2 * VALUES; i++) {
		t_action(&t, IN, NETPOL_ACTION_DENY, NULL);
		snprintf(labels, sizeof(labels), "%c=%u", i < VALUES ? 'x' : 'y', i % VALUES);
		t_peer(&t, NULL, labels);
		t_port(&t, IPPROTO_TCP, 1000 + 2 * i, 0, NULL);
	}
	for (i = 0; i < KINDS; i++) {
		snprintf(name, sizeof(name), "t/p%u", i);
		snprintf(labels, sizeof(labels), "x=%u,y=%u", i / VALUES, i % VALUES);
		snprintf(address, sizeof(address), "10.1.%u.%u", i / 250, i % 250 + 1);
		t_labels(&t, i + 1, labels, NULL);
		t_pod(&t, &(struct pod){ name, i + 1, { address }, REMOTE });
	}
	t_labels(&t, KINDS + 1, "x=0,y=1", NULL);
	t_pod(&t, &(struct pod){ "a/other", KINDS + 1, { "10.2.0.1" }, REMOTE });
	ASSERT_EQ(0, txn_commit(&t)) TH_LOG("%s", nl->ack.text);
	EXPECT_LE(KINDS - rows - 1, info_number(nl, NETPOL_A_CROWDED));
	EXPECT_GE(KINDS - rows, info_number(nl, NETPOL_A_CROWDED));
	ASSERT_EQ(0, look(nl, &seen));
	EXPECT_EQ(info_number(nl, NETPOL_A_CROWDED), seen.crowded);
	EXPECT_EQ(0, info_number(nl, NETPOL_A_LACKING));

	/* some of the pods, and all of them if each answer were quick */
	for (i = 0; i < KINDS; i += 3) {
		bool other, crowded;

		snprintf(name, sizeof(name), "t/p%u", i);
		EXPECT_EQ(DENY, nl_verdict(nl, name, "a/web", 1000 + 2 * (i / VALUES)));
		EXPECT_EQ(DENY, nl_verdict(nl, name, "a/web", 1000 + 2 * (VALUES + i % VALUES)));
		other = nl_verdict(nl, name, "a/web",
				   1000 + 2 * ((i / VALUES + 1) % VALUES)) == DENY;
		crowded = at_in(last_step(nl), NETPOL_STEP_A_CROWDED);
		EXPECT_EQ(other, crowded);
		denied += other;
		exact += !other;
		EXPECT_EQ(ALLOW, nl_verdict(nl, name, "a/web", 7));
	}
	EXPECT_LT(rows / 4, exact);
	EXPECT_LT((KINDS - rows) / 6, denied);
	/* a pod of another namespace with such labels is what it is */
	EXPECT_EQ(DENY, nl_verdict(nl, "a/other", "a/web", 1000));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "a/other", "a/web", 1002));

	/* a later policy, which tells the same pods apart, is in force */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_cluster_policy(&t, "later", NETPOL_TIER_ADMIN, 2, "", "", INGRESS);
	t_action(&t, IN, NETPOL_ACTION_DENY, NULL);
	t_peer(&t, NULL, "x=0");
	t_port(&t, IPPROTO_TCP, 7, 0, NULL);
	ASSERT_EQ(0, txn_commit(&t)) TH_LOG("%s", nl->ack.text);
	EXPECT_EQ(DENY, nl_verdict(nl, "a/other", "a/web", 7));

	/* the first pods go, and the others are judged by their labels with the next commit */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	for (i = 0; i < KINDS - 100; i++) {
		snprintf(name, sizeof(name), "t/p%u", i);
		t_delete(&t, NETPOL_OBJECT_POD, name, 0);
	}
	ASSERT_EQ(0, txn_commit(&t)) TH_LOG("%s", nl->ack.text);
	/* what has gone is freed in the background */
	EXPECT_TRUE(WAIT_FOR(nl_used(nl, NETPOL_LIMIT_IDENTITIES) < 200, 20000));
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(0, info_number(nl, NETPOL_A_CROWDED));
	snprintf(name, sizeof(name), "t/p%u", KINDS - 1);
	EXPECT_EQ(ALLOW, nl_verdict(nl, name, "a/web", 1000));
}

TEST_HARNESS_MAIN
