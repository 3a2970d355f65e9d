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
#include "netpol_obj.h"

static uint64_t state;

/* xorshift64*: the same numbers on every machine. */
static uint32_t below(uint32_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return n ? (state * 0x2545F4914F6CDD1DULL >> 33) % n : 0;
}

static unsigned long from_env(const char *name, unsigned long value)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : value;
}

static unsigned long default_rounds(void)
{
	return getenv("KSFT_MACHINE_SLOW") ? 6000 : 20000;
}

/* A nest within a message, as a path of offsets from the outside in. */
struct spot {
	uint32_t outer[8];
	uint32_t depth;
	uint32_t at;
};

static bool is_nest(const struct msg *m, uint32_t at)
{
	return ((const struct nlattr *)(m->data + at))->nla_type & NLA_F_NESTED;
}

/* An attribute at random, at any depth; false if there is none. */
static bool pick(const struct msg *m, struct spot *s)
{
	uint32_t begin = NLMSG_HDRLEN + GENL_HDRLEN, end = m->len;

	memset(s, 0, sizeof(*s));
	for (;;) {
		uint32_t n = 0, chosen = 0;

		at_for_each(a, m->data + begin, end - begin)
			if (!below(++n))
				chosen = (const unsigned char *)a - m->data;
		if (!n)
			return s->depth > 0;
		s->at = chosen;
		if (!is_nest(m, chosen) || s->depth == 7 || !below(3))
			return true;
		s->outer[s->depth++] = chosen;
		begin = chosen + NLA_HDRLEN;
		end = chosen + ((struct nlattr *)(m->data + chosen))->nla_len;
		if (begin == end) {
			s->depth--;
			return true;
		}
	}
}

/* Makes room for @by bytes at @at, or takes -@by bytes away there. */
static void shift(struct msg *m, const struct spot *s, uint32_t at, int by)
{
	uint32_t from = by < 0 ? at - by : at, i;

	if (from > m->len || m->len + by > MSG_MAX)
		return;
	memmove(m->data + from + (by < 0 ? by : by), m->data + from, m->len - from);
	m->len += by;
	for (i = 0; i < s->depth; i++)
		((struct nlattr *)(m->data + s->outer[i]))->nla_len += by;
}

static const char *mutate(struct msg *m)
{
	unsigned char copy[2048];
	struct nlattr *a;
	uint32_t len, total;
	struct spot s;

	if (!pick(m, &s))
		return "nothing";
	a = (void *)(m->data + s.at);
	len = a->nla_len;
	total = NLA_ALIGN(len);
	if (s.at + total > m->len)
		return "nothing";
	switch (below(12)) {
	case 0:
		a->nla_type ^= 1 << below(16);
		return "type bit";
	case 1:
		a->nla_type = (a->nla_type & ~NLA_TYPE_MASK) | below(40);
		return "type";
	case 2:
		a->nla_len = below(2) ? below(64) : len + below(9) - 4;
		return "length";
	case 3:
		a->nla_type ^= NLA_F_NESTED;
		return "nested flag";
	case 4:
		if (len > NLA_HDRLEN)
			m->data[s.at + NLA_HDRLEN + below(len - NLA_HDRLEN)] ^= 1 << below(8);
		return "payload bit";
	case 5:
		if (len > NLA_HDRLEN)
			m->data[s.at + NLA_HDRLEN + below(len - NLA_HDRLEN)] = below(256);
		return "payload byte";
	case 6:
		if (len > NLA_HDRLEN)
			memset(m->data + s.at + NLA_HDRLEN, below(2) ? 0xff : 0,
			       len - NLA_HDRLEN);
		return "extreme payload";
	case 7:
		shift(m, &s, s.at, -(int)total);
		return "removed";
	case 8:
		if (total > sizeof(copy))
			return "nothing";
		memcpy(copy, a, total);
		shift(m, &s, s.at, total);
		memcpy(m->data + s.at, copy, total);
		return "doubled";
	case 9: {
		/* trade places with the next one */
		struct nlattr *b = (void *)(m->data + s.at + total);
		uint32_t next = s.at + total;

		if (next + NLA_HDRLEN > m->len || total > sizeof(copy) ||
		    next + NLA_ALIGN(b->nla_len) > m->len || b->nla_len < NLA_HDRLEN)
			return "nothing";
		memcpy(copy, a, total);
		len = NLA_ALIGN(b->nla_len);
		memmove(a, b, len);
		memcpy((char *)a + len, copy, total);
		return "swapped";
	}
	case 10:
		m->len -= below(m->len - NLMSG_HDRLEN);
		return "cut off";
	default:
		if (m->len + 16 < MSG_MAX) {
			len = below(16) + 1;
			memset(m->data + m->len, below(256), len);
			m->len += len;
		}
		return "more at the end";
	}
}

static void build_add(struct txn *t, uint32_t kind)
{
	struct msg *m = &t->nl->out;
	uint32_t at, one;

	switch (kind) {
	case 0:
		t_cluster(t);
		break;
	case 1:
		t_namespace(t, "shop", "team=sales,a=b,c");
		t_labels(t, 40, "app=web,x=y", "http/6/80,dns/17/53");
		t_pod(t, &(struct pod){ "shop/web", 40, { "10.0.1.2", "10.0.1.4", "fd00:1::2" },
					LOCAL, 1, 1 });
		break;
	case 2:
		t_policy(t, "shop/m", "app in web|db,tier notin x,!gone,here",
			 INGRESS | EGRESS);
		t_rule(t, NETPOL_DIRECTION_INGRESS);
		t_peer(t, "team=sales", "app,app!=none");
		t_block(t, "10.0.0.0/8");
		t_except(t, "10.1.0.0/16");
		t_except(t, "10.2.0.0/16");
		t_port(t, IPPROTO_UDP, 1, 65535, NULL);
		t_port(t, IPPROTO_SCTP, 0, 0, "name");
		t_rule(t, NETPOL_DIRECTION_EGRESS);
		t_block(t, "::/0");
		t_except(t, "fe80::/10");
		break;
	case 3:
		at = nest(m, NETPOL_A_SETTINGS);
		put_prefix(m, NETPOL_SETTINGS_A_GUARD_PREFIX, "10.0.0.0/8");
		put_prefix(m, NETPOL_SETTINGS_A_GUARD_PREFIX, "fd00::/8");
		put_str(m, NETPOL_SETTINGS_A_GUARD_INTERFACE, "veth*");
		put_u8(m, NETPOL_SETTINGS_A_UNKNOWN, 1);
		put_u8(m, NETPOL_SETTINGS_A_ESTABLISHED, 1);
		put_u8(m, NETPOL_SETTINGS_A_HOST_EGRESS, 1);
		one = nest(m, NETPOL_SETTINGS_A_HOST_ALLOW);
		put_address(m, NETPOL_HOST_ALLOW_A_ADDRESS4, 0, "169.254.20.10");
		put_u8(m, NETPOL_HOST_ALLOW_A_PROTOCOL, IPPROTO_UDP);
		put_u16(m, NETPOL_HOST_ALLOW_A_PORT, 53);
		nest_end(m, one);
		one = nest(m, NETPOL_SETTINGS_A_SOURCE_ALLOW);
		put_prefix(m, NETPOL_SOURCE_ALLOW_A_PREFIX, "203.0.113.0/24");
		put_str(m, NETPOL_SOURCE_ALLOW_A_NAMESPACE, "shop");
		put_str(m, NETPOL_SOURCE_ALLOW_A_NAME, "web");
		nest_end(m, one);
		put_u32(m, NETPOL_SETTINGS_A_EVENT_RATE, 7);
		put_u8(m, NETPOL_SETTINGS_A_TUNNELS, 1);
		nest_end(m, at);
		break;
	default:
		t_delete(t, NETPOL_OBJECT_POD, "shop/web", 1);
		t_delete(t, NETPOL_OBJECT_POLICY, "shop/web", 0);
		t_delete(t, NETPOL_OBJECT_NAMESPACE, "office", 0);
		t_delete(t, NETPOL_OBJECT_SETTINGS, NULL, 0);
	}
}

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
	build_add(&t, below(5));
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
