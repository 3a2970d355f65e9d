// SPDX-License-Identifier: GPL-2.0
/*
 * What limits on compiled programs do to pods, and where that can be seen: a pod that is closed
 * because its policies make too many cells.
 *
 * netpol-test: timeout=600
 */
#include <sched.h>
#include "kselftest_harness.h"
#include "netpol_obj.h"

#define ALLOW	NETPOL_VERDICT_ALLOW
#define DENY	NETPOL_VERDICT_DENY

#define RULES	4000	/* with as many blocks and twice as many classes of ports */

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

TEST_HARNESS_MAIN
