// SPDX-License-Identifier: GPL-2.0
/*
 * Good requests with one thing wrong, a few thousand of them: a byte, a length, a type,
 * an order, a piece that is missing or there twice. The kernel has to stay sane (the rig
 * fails on any warning) and nothing may change unless a commit or a flush succeeded.
 * The seed is fixed; NETPOL_SEED chooses another, NETPOL_ROUNDS how many: 6,000 where the
 * processor is emulated, else 20,000.
 *
 * netpol-test: timeout=600
 */
#include <sched.h>
#include "kselftest_harness.h"
#include "netpol_mutate.h"

FIXTURE(mutate)
{
	struct nl nl;
	struct nl watch;
};

FIXTURE_SETUP(mutate)
{
	state = from_env("NETPOL_SEED", 20240229);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, nl_open(&self->watch));
	ASSERT_EQ(0, load_cluster(&self->watch));
}

FIXTURE_TEARDOWN(mutate)
{
	nl_close(&self->nl);
	nl_close(&self->watch);
}

/* A request of some command into nl->out; its command. Transactions may be begun. */
static uint8_t build(struct nl *nl)
{
	static const uint8_t plain[] = {
		NETPOL_CMD_GET_INFO, NETPOL_CMD_GET_SETTINGS, NETPOL_CMD_FLUSH,
	};
	static const uint8_t dumps[] = {
		NETPOL_CMD_GET_NAMESPACE, NETPOL_CMD_GET_POD, NETPOL_CMD_GET_POLICY,
	};
	struct txn t = { .nl = nl };
	struct msg *m;
	uint32_t at;
	uint8_t cmd;

	switch (below(12)) {
	case 0:
		cmd = plain[below(2)];
		m = nl_msg(nl, cmd);
		put_u32(m, NETPOL_A_FLAGS, 0);
		return cmd;
	case 1:
		cmd = dumps[below(3)];
		put_u32(nl_dump_msg(nl, cmd), NETPOL_A_FLAGS, 0);
		return cmd;
	case 2:
		m = nl_msg(nl, NETPOL_CMD_TXN_BEGIN);
		put_str(m, NETPOL_A_ORIGIN, "manual");
		put_u32(m, NETPOL_A_FLAGS, NETPOL_FLAG_FULL);
		put_u64(m, NETPOL_A_BASE_GENERATION, 1);
		return NETPOL_CMD_TXN_BEGIN;
	case 3:
		m = nl_msg(nl, NETPOL_CMD_EVAL);
		at = nest(m, NETPOL_A_EVAL);
		put_u8(m, NETPOL_EVAL_A_FAMILY, AF_INET);
		put_pod_name(m, NETPOL_EVAL_A_SOURCE_NAMESPACE,
			     NETPOL_EVAL_A_SOURCE_NAME, "shop/web");
		put_address(m, NETPOL_EVAL_A_DESTINATION4, 0, "10.0.2.2");
		put_u8(m, NETPOL_EVAL_A_PROTOCOL, IPPROTO_TCP);
		put_u16(m, NETPOL_EVAL_A_PORT, 80);
		nest_end(m, at);
		return NETPOL_CMD_EVAL;
	case 4:
		m = nl_dump_msg(nl, NETPOL_CMD_GET_TRIE);
		at = nest(m, NETPOL_A_TRIE);
		put_str(m, NETPOL_TRIE_A_POD_NAMESPACE, "shop");
		put_str(m, NETPOL_TRIE_A_POD_NAME, "web");
		nest_end(m, at);
		return NETPOL_CMD_GET_TRIE;
	case 5:
		m = nl_dump_msg(nl, NETPOL_CMD_GET_COUNTERS);
		put_u32(m, NETPOL_A_FLAGS, NETPOL_FLAG_ZERO);
		return NETPOL_CMD_GET_COUNTERS;
	}
	/* a transaction whose only message is mutated */
	cmd = NETPOL_CMD_TXN_ADD;
	m = nl_msg(nl, NETPOL_CMD_TXN_BEGIN);
	put_str(m, NETPOL_A_ORIGIN, "fuzz");
	if (below(2))
		put_u32(m, NETPOL_A_FLAGS, NETPOL_FLAG_FULL);
	if (nl_call(nl) == -ENOSPC)
		return 0;
	t.number = at_u(nl_reply(nl, NETPOL_A_TXN));
	txn_message(&t);
	build_add(&t, below(BUILD_KINDS));
	return cmd;
}

/* Thousands of single mutations; every fourth transaction is then committed. */
TEST_F_TIMEOUT(mutate, one_at_a_time, 500)
{
	unsigned long rounds = from_env("NETPOL_ROUNDS", default_rounds()), i, accepted = 0;
	unsigned long commits = 0;
	struct nl *nl = &self->nl;
	struct bytes sink = {};
	uint64_t generation = nl_generation(&self->watch), now;
	const char *how;
	struct txn t;
	uint8_t cmd;
	int ret;

	for (i = 0; i < rounds; i++) {
		cmd = build(nl);
		if (!cmd || i % 64 == 63) {
			/* abort what is open the way a crash would */
			nl_close(nl);
			ASSERT_EQ(0, nl_open(nl));
			continue;
		}
		t.nl = nl;
		t.number = cmd == NETPOL_CMD_TXN_ADD ? at_u(nl_reply(nl, NETPOL_A_TXN)) : 0;
		how = mutate(&nl->out);
		ret = nl_run(nl, &sink);
		ASSERT_NE(-ETIMEDOUT, ret) TH_LOG("round %lu, command %u, %s", i, cmd, how);
		accepted += !ret;
		if (ret < 0) {
			EXPECT_TRUE(ret == -EINVAL || ret == -ERANGE || ret == -ENOENT ||
				    ret == -EOPNOTSUPP || ret == -ENOSPC || ret == -EEXIST ||
				    ret == -ESTALE || ret == -EMSGSIZE ||
				    (cmd == NETPOL_CMD_EVAL && ret == -EADDRNOTAVAIL))
				TH_LOG("round %lu, command %u, %s: %d", i, cmd, how, ret);
			/* netlink itself refuses some without a word, before us */
			EXPECT_TRUE(nl->ack.has_text || ret == -EOPNOTSUPP ||
				    nl->out.len < NLMSG_HDRLEN + GENL_HDRLEN)
				TH_LOG("round %lu, command %u, %s: %d without a word", i,
				       cmd, how, ret);
		}
		if (cmd == NETPOL_CMD_TXN_ADD) {
			if (below(4)) {
				ret = txn_abort(&t);
				ASSERT_EQ(0, ret);
			} else {
				int add = ret;

				ret = txn_commit_only(&t, below(4) ? NETPOL_FLAG_CHECK : 0);
				if (add && add != -EOPNOTSUPP && t.number) {
					/* only a refusal by us poisons, not one by genl */
					EXPECT_TRUE(ret <= 0);
				}
				commits += !ret;
				now = nl_generation(&self->watch);
				if (now != generation) {
					ASSERT_EQ(0, ret)
						TH_LOG("round %lu: %d changed it", i, ret);
					ASSERT_EQ(generation + 1, now);
					generation = now;
				}
			}
		}
		if (i % 16 == 0) {
			now = nl_generation(&self->watch);
			ASSERT_EQ(generation, now) TH_LOG("round %lu, command %u, %s", i, cmd, how);
		}
	}
	TH_LOG("%lu rounds, %lu accepted, %lu commits", rounds, accepted, commits);
	EXPECT_LT(rounds / 50, accepted);
	EXPECT_EQ(generation, nl_generation(&self->watch));
	nl_close(nl);
	ASSERT_EQ(0, nl_open(nl));
	EXPECT_TRUE(WAIT_FOR(!nl_used(nl, NETPOL_LIMIT_TRANSACTIONS), 5000));
	/* and it all still works */
	ASSERT_EQ(0, nl_flush_objects(nl));
	ASSERT_EQ(0, load_cluster(nl));
	EXPECT_EQ(NETPOL_VERDICT_ALLOW, nl_verdict(nl, "office/client", "shop/web", 80));
	EXPECT_EQ(NETPOL_VERDICT_DENY, nl_verdict(nl, "office/client", "shop/web", 443));
	bytes_free(&sink);
}

/* Noise behind a good header. */
TEST_F_TIMEOUT(mutate, noise, 120)
{
	uint64_t generation = nl_generation(&self->watch);
	struct nl *nl = &self->nl;
	struct bytes sink = {};
	unsigned int i, k, len;
	uint8_t cmd;

	for (i = 0; i < 2000; i++) {
		cmd = 1 + below(NETPOL_CMD_EVAL);
		msg_start(&nl->out, nl->family, cmd, NLM_F_REQUEST | NLM_F_ACK |
			  (below(2) ? NLM_F_DUMP : 0));
		len = below(400);
		for (k = 0; k < len; k++)
			nl->out.data[nl->out.len + k] = below(8) ? below(8) : below(256);
		nl->out.len += len;
		ASSERT_NE(-ETIMEDOUT, nl_run(nl, &sink));
	}
	EXPECT_EQ(generation, nl_generation(&self->watch));
	bytes_free(&sink);
}

TEST_HARNESS_MAIN
