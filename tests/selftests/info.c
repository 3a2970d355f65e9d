// SPDX-License-Identifier: GPL-2.0
/* GET_INFO: what it says of the module, its limits and its origins, and in what types. */
#include <sched.h>
#include "kselftest_harness.h"
#include "netpol_commands.h"
#include "netpol_obj.h"

FIXTURE(info)
{
	struct nl nl;
};

FIXTURE_SETUP(info)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&self->nl));
}

FIXTURE_TEARDOWN(info)
{
	nl_close(&self->nl);
}

/* Width of each attribute of the answer; 0: a string, -1: a nest. */
static int width_of(uint16_t type)
{
	switch (type) {
	case NETPOL_A_ABI_MIN:
	case NETPOL_A_ABI_MAX:
	case NETPOL_A_FLAGS:
	case NETPOL_A_LACKING:
		return 4;
	case NETPOL_A_FEATURES:
	case NETPOL_A_GENERATION:
		return 8;
	case NETPOL_A_VERSION:
	case NETPOL_A_BOOT_ID:
		return 0;
	case NETPOL_A_LIMIT:
	case NETPOL_A_ORIGIN_INFO:
		return -1;
	}
	return -2;
}

TEST_F(info, attribute_types)
{
	struct nl *nl = &self->nl;

	ASSERT_EQ(0, load_cluster(nl));
	ASSERT_EQ(0, nl_info(nl));
	EXPECT_EQ(NETPOL_CMD_GET_INFO, nl->reply_cmd);
	at_for_each(a, nl->reply.data, nl->reply.len) {
		int width = width_of(at_type(a));

		if (at_type(a) == NETPOL_A_PAD)
			continue;
		EXPECT_NE(-2, width)
			TH_LOG("attribute %u does not belong here", at_type(a));
		if (width > 0)
			EXPECT_EQ(width, at_len(a)) TH_LOG("attribute %u", at_type(a));
		if (!width) {
			EXPECT_LT(0, at_len(a));
			EXPECT_EQ('\0', ((const char *)at_data(a))[at_len(a) - 1]);
		}
		EXPECT_EQ(width == -1, !!(a->nla_type & NLA_F_NESTED))
			TH_LOG("attribute %u", at_type(a));
	}
	ASSERT_EQ(0, nl_flush_objects(nl));
}

TEST_F(info, head)
{
	struct nl *nl = &self->nl;
	const char *text;

	ASSERT_EQ(0, nl_info(nl));
	EXPECT_EQ(1, nl->reply.count);
	EXPECT_LE(at_u(nl_reply(nl, NETPOL_A_ABI_MIN)), NETPOL_ABI_MAX);
	EXPECT_GE(at_u(nl_reply(nl, NETPOL_A_ABI_MAX)), NETPOL_ABI_MIN);
	EXPECT_LE(at_u(nl_reply(nl, NETPOL_A_ABI_MIN)), at_u(nl_reply(nl, NETPOL_A_ABI_MAX)));
	EXPECT_NE(0, at_u(nl_reply(nl, NETPOL_A_FEATURES)) & NETPOL_FEATURE_NETWORK_POLICY);
	text = at_str(nl_reply(nl, NETPOL_A_VERSION));
	EXPECT_LT(0, strlen(text));
	EXPECT_GE(NETPOL_VERSION_MAX, strlen(text));
	EXPECT_EQ(0, at_u(nl_reply(nl, NETPOL_A_GENERATION)));
	EXPECT_EQ(0, at_u(nl_reply(nl, NETPOL_A_FLAGS)) & NETPOL_FLAG_ENFORCING);
	EXPECT_EQ(NULL, nl_reply(nl, NETPOL_A_ORIGIN_INFO));
}

/* Modules can't read the boot id on every kernel: it may be left out, not be wrong. */
TEST_F(info, boot_id)
{
	char want[64] = "";
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "r");

	ASSERT_NE(NULL, f);
	EXPECT_NE(NULL, fgets(want, sizeof(want), f));
	fclose(f);
	want[strcspn(want, "\n")] = '\0';
	ASSERT_EQ(0, nl_info(&self->nl));
	if (nl_reply(&self->nl, NETPOL_A_BOOT_ID)) {
		EXPECT_STREQ(want, at_str(nl_reply(&self->nl, NETPOL_A_BOOT_ID)));
	}
}

/* Every limit once, with a maximum, and a use where it is a table that fills. */
TEST_F(info, limits)
{
	uint32_t seen[NETPOL_LIMIT_MAX + 1] = {}, i;
	struct nl *nl = &self->nl;

	ASSERT_EQ(0, nl_info(nl));
	at_for_each(a, nl->reply.data, nl->reply.len) {
		const struct nlattr *used = at_in(a, NETPOL_LIMIT_A_USED);
		uint32_t id;

		if (at_type(a) != NETPOL_A_LIMIT)
			continue;
		id = at_u_in(a, NETPOL_LIMIT_A_ID);
		ASSERT_LE(1, id);
		ASSERT_GE(NETPOL_LIMIT_MAX, id);
		seen[id]++;
		ASSERT_NE(NULL, at_in(a, NETPOL_LIMIT_A_MAX));
		EXPECT_EQ(4, at_len(at_in(a, NETPOL_LIMIT_A_ID)));
		EXPECT_EQ(8, at_len(at_in(a, NETPOL_LIMIT_A_MAX)));
		EXPECT_LT(0, at_u_in(a, NETPOL_LIMIT_A_MAX)) TH_LOG("limit %u", id);
		if (used) {
			EXPECT_EQ(8, at_len(used));
			EXPECT_LE(at_u(used), at_u_in(a, NETPOL_LIMIT_A_MAX))
				TH_LOG("limit %u", id);
		}
	}
	for (i = 1; i <= NETPOL_LIMIT_MAX; i++)
		EXPECT_EQ(1, seen[i]) TH_LOG("limit %u", i);
}

TEST_F(info, use_counts)
{
	struct nl *nl = &self->nl;

	EXPECT_EQ(0, nl_used(nl, NETPOL_LIMIT_PODS));
	ASSERT_EQ(0, load_cluster(nl));
	EXPECT_EQ(2, nl_used(nl, NETPOL_LIMIT_NAMESPACES));
	EXPECT_EQ(5, nl_used(nl, NETPOL_LIMIT_PODS));
	EXPECT_EQ(4, nl_used(nl, NETPOL_LIMIT_LOCAL_PODS));
	EXPECT_EQ(3, nl_used(nl, NETPOL_LIMIT_POLICIES));
	EXPECT_EQ(9, nl_used(nl, NETPOL_LIMIT_ADDRESSES));
	EXPECT_LT(0, nl_used(nl, NETPOL_LIMIT_IDENTITIES));
	EXPECT_EQ(0, nl_used(nl, NETPOL_LIMIT_TRANSACTIONS));
	/* bounds on one object have no use */
	EXPECT_EQ(~0ULL, nl_used(nl, NETPOL_LIMIT_RULES_PER_POLICY));
	EXPECT_EQ(~0ULL, nl_used(nl, NETPOL_LIMIT_LABELS_PER_OBJECT));
	ASSERT_EQ(0, nl_flush_objects(nl));
	EXPECT_EQ(0, nl_used(nl, NETPOL_LIMIT_NAMESPACES));
	EXPECT_EQ(0, nl_used(nl, NETPOL_LIMIT_PODS));
	EXPECT_EQ(0, nl_used(nl, NETPOL_LIMIT_LOCAL_PODS));
	EXPECT_EQ(0, nl_used(nl, NETPOL_LIMIT_POLICIES));
	EXPECT_EQ(0, nl_used(nl, NETPOL_LIMIT_ADDRESSES));
}

/* What replaced state still holds is given back without another commit. */
TEST_F(info, unfreed_drains)
{
	struct nl *nl = &self->nl;
	int i;

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, load_cluster(nl));
		ASSERT_EQ(0, nl_flush_objects(nl));
	}
	EXPECT_TRUE(WAIT_FOR(nl_used(nl, NETPOL_LIMIT_UNFREED_BYTES) == 0, 10000))
		TH_LOG("%llu bytes left",
		       (unsigned long long)nl_used(nl, NETPOL_LIMIT_UNFREED_BYTES));
	EXPECT_EQ(0, nl_used(nl, NETPOL_LIMIT_IDENTITIES));
}

TEST_F(info, generation_and_origins)
{
	struct nl *nl = &self->nl;
	struct txn t;
	uint64_t one, two;

	EXPECT_EQ(0, nl_generation(nl));
	ASSERT_EQ(0, load_cluster(nl));
	one = nl_generation(nl);
	EXPECT_LT(0, one);
	EXPECT_EQ(one, nl_origin(nl, "manual", NETPOL_ORIGIN_A_GENERATION));
	EXPECT_EQ(10, nl_origin(nl, "manual", NETPOL_ORIGIN_A_OBJECTS));
	EXPECT_EQ(~0ULL, nl_origin(nl, "kube", NETPOL_ORIGIN_A_GENERATION));
	ASSERT_EQ(0, nl_info(nl));
	EXPECT_NE(0, at_u(nl_reply(nl, NETPOL_A_FLAGS)) & NETPOL_FLAG_ENFORCING);

	ASSERT_EQ(0, txn_begin(&t, nl, "kube", 0));
	t_namespace(&t, "more", NULL);
	ASSERT_EQ(0, txn_commit(&t));
	two = nl_generation(nl);
	EXPECT_LT(one, two);
	EXPECT_EQ(two, nl_origin(nl, "kube", NETPOL_ORIGIN_A_GENERATION));
	EXPECT_EQ(one, nl_origin(nl, "manual", NETPOL_ORIGIN_A_GENERATION));
	EXPECT_EQ(1, nl_origin(nl, "kube", NETPOL_ORIGIN_A_OBJECTS));

	ASSERT_EQ(0, nl_flush_objects(nl));
	EXPECT_LT(two, nl_generation(nl));
	ASSERT_EQ(0, nl_info(nl));
	EXPECT_EQ(0, at_u(nl_reply(nl, NETPOL_A_FLAGS)) & NETPOL_FLAG_ENFORCING);
}

/* The family is what the header says it is. */
TEST_F(info, family)
{
	struct nl *nl = &self->nl;
	uint32_t admin = 0, ops = 0;

	msg_start(&nl->out, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_REQUEST | NLM_F_ACK);
	put_str(&nl->out, CTRL_ATTR_FAMILY_NAME, NETPOL_GENL_NAME);
	ASSERT_EQ(0, nl_call(nl));
	EXPECT_EQ(NETPOL_GENL_VERSION, at_u(nl_reply(nl, CTRL_ATTR_VERSION)));
	EXPECT_EQ(0, at_u(nl_reply(nl, CTRL_ATTR_HDRSIZE)));
	ASSERT_NE(NULL, nl_reply(nl, CTRL_ATTR_OPS));
	at_for_each_in(op, nl_reply(nl, CTRL_ATTR_OPS)) {
		ops++;
		admin += !!(at_u_in(op, CTRL_ATTR_OP_FLAGS) & GENL_ADMIN_PERM);
	}
	EXPECT_EQ(NSENT, ops);
	EXPECT_EQ(ops, admin);
	EXPECT_NE(0, nl->group[0]);
	EXPECT_NE(0, nl->group[1]);
	EXPECT_NE(0, nl->group[2]);
}

/* The policies of the family, as anyone may read them; a broken one warns here. */
TEST_F(info, policies)
{
	struct nl *nl = &self->nl;
	struct bytes dump = {};
	struct msg *m = &nl->out;

	msg_start(m, GENL_ID_CTRL, CTRL_CMD_GETPOLICY, NLM_F_REQUEST | NLM_F_DUMP);
	put_u16(m, CTRL_ATTR_FAMILY_ID, nl->family);
	ASSERT_EQ(0, nl_run(nl, &dump));
	EXPECT_LT(20, dump.count);
	bytes_free(&dump);
}

TEST_HARNESS_MAIN
