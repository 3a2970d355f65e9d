// SPDX-License-Identifier: GPL-2.0
/*
 * One tenant fills its namespace's share of the memory for compiled programs with policies
 * that do not compress: it is refused with a sentence, the refused object's number and nothing
 * changed, other namespaces go on, and what it took comes back.
 *
 * netpol-test: kernels=debug
 * netpol-test: mem=1024
 * netpol-test: timeout=600
 */
#include <sched.h>
#include "kselftest_harness.h"
#include "netpol_obj.h"

#define RULES	2000
#define PORTS	64	/* of which each rule names some 32 */

FIXTURE(programs)
{
	struct nl nl;
};

FIXTURE_SETUP(programs)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&self->nl));
}

FIXTURE_TEARDOWN(programs)
{
	nl_close(&self->nl);
}

/*
 * A pod and a policy for it alone, of @rules rules with a block and a random half of the ports
 * each, so that no two rows of its program are alike and none has long runs.
 */
static void t_dense(struct txn *t, const char *ns, unsigned int number, unsigned int rules)
{
	char name[64], labels[32], address[32];
	uint64_t random = 0x9E3779B97F4A7C15ULL * (number + 1);
	unsigned int i, port;

	snprintf(labels, sizeof(labels), "n=%u", number);
	snprintf(name, sizeof(name), "%s/p%u", ns, number);
	snprintf(address, sizeof(address), "10.%u.%u.%u", *ns, number / 250, number % 250 + 1);
	t_namespace(t, ns, NULL);
	t_labels(t, number + 1, labels, NULL);
	t_pod(t, &(struct pod){ name, number + 1, { address }, LOCAL });
	t_policy(t, name, labels, INGRESS);
	for (i = 0; i < rules; i++) {
		t_rule(t, NETPOL_DIRECTION_INGRESS);
		snprintf(address, sizeof(address), "192.%u.%u.0/24", i / 256, i % 256);
		t_block(t, address);
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		for (port = 0; port < PORTS; port++)
			if (random >> port & 1)
				t_port(t, IPPROTO_TCP, 1000 + 2 * port, 0, NULL);
	}
}

TEST_F_TIMEOUT(programs, one_namespace_has_a_share, 500)
{
	struct nl *nl = &self->nl;
	uint64_t share = nl_max(nl, NETPOL_LIMIT_PROGRAM_BYTES_PER_NAMESPACE);
	uint64_t generation, used = 0, now;
	struct txn t;
	unsigned int n;
	char name[32];
	int ret = 0;

	for (n = 0; n < 1000; n++) {
		generation = nl_generation(nl);
		ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
		t_dense(&t, "t", n, RULES);
		ret = txn_commit(&t);
		if (ret)
			break;
		used = nl_used(nl, NETPOL_LIMIT_PROGRAM_BYTES);
		ASSERT_GE(share, used);
	}
	TH_LOG("%u pods, %lu bytes of %lu", n, (unsigned long)used, (unsigned long)share);
	EXPECT_EQ(-ENOSPC, ret) TH_LOG("%s", nl->ack.text);
	/* each took what a full table takes, so the share was nearly reached */
	EXPECT_LT(share / 10 * 9, used);
	EXPECT_NE(NULL, strstr(nl->ack.text, "namespace t:")) TH_LOG("%s", nl->ack.text);
	EXPECT_NE(NULL, strstr(nl->ack.text, "the share of a namespace"));
	snprintf(name, sizeof(name), "pod p%u:", n);
	EXPECT_NE(NULL, strstr(nl->ack.text, name)) TH_LOG("%s", nl->ack.text);
	/* the namespace is object 0, the pod 1, the policy 2 */
	EXPECT_EQ(2, nl->ack.object);
	EXPECT_EQ(generation, nl_generation(nl));
	EXPECT_EQ(used, nl_used(nl, NETPOL_LIMIT_PROGRAM_BYTES));

	/* a neighbour is not kept from anything */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_dense(&t, "u", 1001, RULES);
	EXPECT_EQ(0, txn_commit(&t)) TH_LOG("%s", nl->ack.text);
	now = nl_used(nl, NETPOL_LIMIT_PROGRAM_BYTES);
	EXPECT_LT(used, now);

	/* less is always possible, and what it frees can be taken again */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_delete(&t, NETPOL_OBJECT_POLICY, "t/p0", 0);
	EXPECT_EQ(0, txn_commit(&t)) TH_LOG("%s", nl->ack.text);
	EXPECT_GT(now, nl_used(nl, NETPOL_LIMIT_PROGRAM_BYTES));
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_dense(&t, "t", n, RULES);
	EXPECT_EQ(0, txn_commit(&t)) TH_LOG("%s", nl->ack.text);

	EXPECT_EQ(0, nl_flush_objects(nl));
	/* counters of rules are freed in the background */
	EXPECT_TRUE(WAIT_FOR(!nl_used(nl, NETPOL_LIMIT_PROGRAM_BYTES), 20000));
}

TEST_HARNESS_MAIN
