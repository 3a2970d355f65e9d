// SPDX-License-Identifier: GPL-2.0
/*
 * What is wrong with a request is refused, said in words, and pointed at: for every
 * command and for every attribute of TXN_ADD.
 *
 * netpol-test: newest
 */
#include <sched.h>
#include "kselftest_harness.h"
#include "netpol_commands.h"
#include "netpol_obj.h"

FIXTURE(strict)
{
	struct nl nl;
	struct txn t;
	uint64_t generation;
};

FIXTURE_SETUP(strict)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, load_cluster(&self->nl));
	self->generation = nl_generation(&self->nl);
}

FIXTURE_TEARDOWN(strict)
{
	EXPECT_EQ(self->generation, nl_generation(&self->nl));
	nl_close(&self->nl);
}

/* A good request of a command, not sent; a fresh transaction for those that need one. */
static struct msg *request(struct nl *nl, unsigned int i)
{
	uint8_t cmd = commands[i].cmd;
	struct msg *m;
	struct txn t;
	uint32_t at;

	if (cmd == NETPOL_CMD_TXN_ADD || cmd == NETPOL_CMD_TXN_COMMIT ||
	    cmd == NETPOL_CMD_TXN_ABORT)
		if (txn_begin(&t, nl, "manual", 0))
			return NULL;
	m = commands[i].dump ? nl_dump_msg(nl, cmd) : nl_msg(nl, cmd);
	switch (cmd) {
	case NETPOL_CMD_TXN_BEGIN:
		put_str(m, NETPOL_A_ORIGIN, "manual");
		break;
	case NETPOL_CMD_TXN_ADD:
		put_u32(m, NETPOL_A_TXN, t.number);
		at = nest(m, NETPOL_A_NAMESPACE);
		put_str(m, NETPOL_NAMESPACE_A_NAME, "new");
		nest_end(m, at);
		break;
	case NETPOL_CMD_TXN_COMMIT:
	case NETPOL_CMD_TXN_ABORT:
		put_u32(m, NETPOL_A_TXN, t.number);
		break;
	case NETPOL_CMD_GET_TRIE:
		at = nest(m, NETPOL_A_TRIE);
		put_str(m, NETPOL_TRIE_A_POD_NAMESPACE, "shop");
		put_str(m, NETPOL_TRIE_A_POD_NAME, "web");
		nest_end(m, at);
		break;
	case NETPOL_CMD_AUDIT:
	case NETPOL_CMD_AUDIT_END:
		at = nest(m, NETPOL_A_AUDIT);
		put_str(m, NETPOL_AUDIT_A_NAMESPACE, "shop");
		nest_end(m, at);
		break;
	case NETPOL_CMD_TRACE_BEGIN:
		at = nest(m, NETPOL_A_TRACE);
		put_u32(m, NETPOL_TRACE_A_SECONDS, 1);
		nest_end(m, at);
		break;
	case NETPOL_CMD_EVAL:
		at = nest(m, NETPOL_A_EVAL);
		put_address(m, NETPOL_EVAL_A_SOURCE4, NETPOL_EVAL_A_SOURCE6, "10.0.1.2");
		put_address(m, NETPOL_EVAL_A_DESTINATION4, NETPOL_EVAL_A_DESTINATION6,
			    "10.0.1.3");
		put_u8(m, NETPOL_EVAL_A_PROTOCOL, IPPROTO_TCP);
		put_u16(m, NETPOL_EVAL_A_PORT, 80);
		nest_end(m, at);
		break;
	}
	return m;
}

/* Sends what is in nl->out; its errno, what comes back is thrown away. */
static int run(struct nl *nl)
{
	struct bytes sink = {};
	int ret = nl_run(nl, &sink);

	bytes_free(&sink);
	return ret;
}

/*
 * Was the request @i refused in words? 5.10 looks at the attributes of a dump that takes none
 * only when netpol starts it, and sends no words then.
 */
static bool said(const struct nl *nl, unsigned int i)
{
	return nl->ack.has_text || (linux_5_10() && commands[i].dump);
}

static bool refused(int error)
{
	return error == -EINVAL || error == -ERANGE || error == -EOPNOTSUPP;
}

TEST_F(strict, good_requests_are_good)
{
	unsigned int i;

	for (i = 0; i < NCOMMANDS; i++) {
		/* these make a generation, see the teardown; audit.c has good ones */
		if (commands[i].cmd == NETPOL_CMD_TXN_COMMIT ||
		    commands[i].cmd == NETPOL_CMD_FLUSH ||
		    commands[i].cmd == NETPOL_CMD_AUDIT ||
		    commands[i].cmd == NETPOL_CMD_AUDIT_END)
			continue;
		ASSERT_NE(NULL, request(&self->nl, i));
		EXPECT_EQ(0, run(&self->nl))
			TH_LOG("command %u: %s", commands[i].cmd, self->nl.ack.text);
	}
}

/* The enum of the next ABI, or a command that takes no such attribute. */
TEST_F(strict, unknown_attribute)
{
	static const uint16_t types[] = { NETPOL_A_MAX + 1, NETPOL_A_MAX + 100, 8000 };
	struct nl *nl = &self->nl;
	unsigned int i, k;
	struct msg *m;

	for (i = 0; i < NCOMMANDS; i++)
		for (k = 0; k < 3; k++) {
			m = request(nl, i);
			ASSERT_NE(NULL, m);
			put_u32(m, types[k], 1);
			EXPECT_TRUE(refused(run(nl)))
				TH_LOG("command %u: %d", commands[i].cmd, nl->ack.error);
			EXPECT_TRUE(said(nl, i)) TH_LOG("command %u", commands[i].cmd);
		}
}

/* Attributes of this ABI that belong to other commands. */
TEST_F(strict, attribute_of_another_command)
{
	struct nl *nl = &self->nl;
	unsigned int i;
	struct msg *m;
	uint16_t type;

	for (i = 0; i < NCOMMANDS; i++)
		for (type = 1; type <= NETPOL_A_MAX; type++) {
			switch (type) {
			case NETPOL_A_ABI_MIN:
			case NETPOL_A_VERSION:
			case NETPOL_A_GENERATION:
			case NETPOL_A_LIMIT:
			case NETPOL_A_STEP:
			case NETPOL_A_EVENT:
			case NETPOL_A_BOOT_ID:
				break;
			default:
				continue;
			}
			m = request(nl, i);
			ASSERT_NE(NULL, m);
			put(m, type, "", 0);
			EXPECT_TRUE(refused(run(nl)))
				TH_LOG("command %u, attribute %u: %d", commands[i].cmd,
				       type, nl->ack.error);
			EXPECT_TRUE(said(nl, i));
		}
}

TEST_F(strict, attribute_type_zero)
{
	struct nl *nl = &self->nl;
	unsigned int i;
	struct msg *m;

	for (i = 0; i < NCOMMANDS; i++) {
		m = request(nl, i);
		ASSERT_NE(NULL, m);
		put_u32(m, 0, 1);
		EXPECT_TRUE(refused(run(nl))) TH_LOG("command %u", commands[i].cmd);
		EXPECT_TRUE(said(nl, i)) TH_LOG("command %u", commands[i].cmd);
	}
}

TEST_F(strict, trailing_bytes)
{
	struct nl *nl = &self->nl;
	unsigned int i;
	struct msg *m;

	for (i = 0; i < NCOMMANDS; i++) {
		m = request(nl, i);
		ASSERT_NE(NULL, m);
		memset(m->data + m->len, 0, 8);
		m->len += 3;
		EXPECT_TRUE(refused(run(nl))) TH_LOG("command %u", commands[i].cmd);
		EXPECT_TRUE(said(nl, i)) TH_LOG("command %u", commands[i].cmd);
	}
}

TEST_F(strict, header)
{
	static const uint16_t flags[] = { NLM_F_CREATE, NLM_F_EXCL | NLM_F_CREATE, 0x40, 0x8000 };
	struct nl *nl = &self->nl;
	unsigned int i, k;
	struct genlmsghdr *head;
	struct msg *m;

	for (i = 0; i < NCOMMANDS; i++) {
		for (k = 0; k < 4; k++) {
			m = request(nl, i);
			ASSERT_NE(NULL, m);
			msg_head(m)->nlmsg_flags |= flags[k];
			EXPECT_TRUE(refused(run(nl)))
				TH_LOG("command %u, flags %x: %d", commands[i].cmd,
				       flags[k], nl->ack.error);
		}
		m = request(nl, i);
		ASSERT_NE(NULL, m);
		head = (void *)(m->data + NLMSG_HDRLEN);
		head->reserved = 1;
		EXPECT_TRUE(refused(run(nl))) TH_LOG("command %u", commands[i].cmd);
		/* dump as do and the other way round */
		m = request(nl, i);
		ASSERT_NE(NULL, m);
		msg_head(m)->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK |
					   (commands[i].dump ? 0 : NLM_F_DUMP);
		EXPECT_EQ(-EOPNOTSUPP, run(nl)) TH_LOG("command %u", commands[i].cmd);
	}
	nl_msg(nl, NETPOL_CMD_MAX + 1);
	EXPECT_EQ(-EOPNOTSUPP, run(nl));
	nl_msg(nl, NETPOL_CMD_EVENT);
	EXPECT_EQ(-EOPNOTSUPP, run(nl));
	nl_msg(nl, NETPOL_CMD_CHANGE);
	EXPECT_EQ(-EOPNOTSUPP, run(nl));
	nl_msg(nl, 0);
	EXPECT_EQ(-EOPNOTSUPP, run(nl));
}

TEST_F(strict, required_attributes)
{
	static const struct {
		uint8_t cmd;
		uint16_t missing;
	} needs[] = {
		{ NETPOL_CMD_TXN_BEGIN, NETPOL_A_ORIGIN },
		{ NETPOL_CMD_TXN_ADD, NETPOL_A_TXN },
		{ NETPOL_CMD_TXN_COMMIT, NETPOL_A_TXN },
		{ NETPOL_CMD_TXN_ABORT, NETPOL_A_TXN },
		{ NETPOL_CMD_EVAL, NETPOL_A_EVAL },
		{ NETPOL_CMD_GET_TRIE, NETPOL_A_TRIE },
	};
	struct nl *nl = &self->nl;
	unsigned int i;

	for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		if (needs[i].cmd == NETPOL_CMD_GET_TRIE)
			nl_dump_msg(nl, needs[i].cmd);
		else
			nl_msg(nl, needs[i].cmd);
		EXPECT_EQ(-EINVAL, run(nl)) TH_LOG("command %u", needs[i].cmd);
		EXPECT_TRUE(nl->ack.has_text) TH_LOG("command %u", needs[i].cmd);
		/* what ends a dump has no more than words on 6.1 */
		if (needs[i].cmd == NETPOL_CMD_GET_TRIE && !nl->ack.has_missing)
			continue;
		EXPECT_TRUE(ack_missing(&nl->ack, needs[i].missing))
			TH_LOG("command %u", needs[i].cmd);
	}
}

/* The extack points into the request, at the attribute that is wrong. */
TEST_F(strict, offset)
{
	struct nl *nl = &self->nl;
	struct msg *m;
	struct txn t;
	uint32_t at, bad;

	m = nl_msg(nl, NETPOL_CMD_TXN_BEGIN);
	put_u32(m, NETPOL_A_FLAGS, 0);
	bad = m->len;
	put_str(m, NETPOL_A_ORIGIN, "an origin that is much too long");
	EXPECT_TRUE(refused(run(nl)));
	EXPECT_TRUE(nl->ack.has_offset);
	EXPECT_EQ(bad, nl->ack.offset);

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_namespace(&t, "first", NULL);
	m = &nl->out;
	at = nest(m, NETPOL_A_POD);
	put_str(m, NETPOL_POD_A_NAMESPACE, "n");
	put_str(m, NETPOL_POD_A_NAME, "p");
	bad = m->len;
	put(m, NETPOL_POD_A_ADDRESS4, "abcde", 5);
	nest_end(m, at);
	EXPECT_TRUE(refused(run(nl)));
	EXPECT_TRUE(nl->ack.has_offset);
	EXPECT_EQ(bad, nl->ack.offset);
	txn_abort(&t);

	/* what only our own code can see */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	m = &nl->out;
	at = nest(m, NETPOL_A_POD);
	put_str(m, NETPOL_POD_A_NAMESPACE, "n");
	put_str(m, NETPOL_POD_A_NAME, "p");
	bad = m->len;
	put_address(m, NETPOL_POD_A_ADDRESS4, NETPOL_POD_A_ADDRESS6, "127.0.0.1");
	nest_end(m, at);
	EXPECT_EQ(-EINVAL, run(nl));
	EXPECT_TRUE(nl->ack.has_text);
	EXPECT_TRUE(nl->ack.has_offset);
	EXPECT_EQ(bad, nl->ack.offset);
	txn_abort(&t);
	m = nl_msg(nl, NETPOL_CMD_TXN_COMMIT);
	bad = m->len;
	put_u32(m, NETPOL_A_TXN, 0x7fffffff);
	EXPECT_EQ(-ENOENT, run(nl));
	EXPECT_EQ(bad, nl->ack.offset);
}

/* source-allow: a prefix, and a whole pod or none. */
TEST_F(strict, source_allow)
{
	static const struct {
		const char *prefix;
		const char *ns;
		const char *name;
		unsigned int count;
		int error;
	} entries[] = {
		{ "203.0.113.0/24", NULL, NULL, 32, 0 },
		{ "fd00::/64", "shop", "vpn", 1, 0 },
		{ "0.0.0.0/0", NULL, NULL, 33, -ENOSPC },
		{ NULL, "shop", "vpn", 1, -EINVAL },
		{ "203.0.113.0/24", "shop", NULL, 1, -EINVAL },
		{ "203.0.113.0/24", NULL, "vpn", 1, -EINVAL },
		{ "203.0.113.0/24", "", "vpn", 1, -EINVAL },
		{ "203.0.113.0/24", "shop", "", 1, -EINVAL },
	};
	struct nl *nl = &self->nl;
	uint32_t at, one;
	unsigned int i, n;
	struct msg *m;
	struct txn t;

	for (i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		ASSERT_EQ(0, txn_begin(&t, nl, "settings", 0));
		m = txn_room(&t);
		at = nest(m, NETPOL_A_SETTINGS);
		for (n = 0; n < entries[i].count; n++) {
			one = nest(m, NETPOL_SETTINGS_A_SOURCE_ALLOW);
			if (entries[i].prefix)
				put_prefix(m, NETPOL_SOURCE_ALLOW_A_PREFIX, entries[i].prefix);
			if (entries[i].ns)
				put_str(m, NETPOL_SOURCE_ALLOW_A_NAMESPACE, entries[i].ns);
			if (entries[i].name)
				put_str(m, NETPOL_SOURCE_ALLOW_A_NAME, entries[i].name);
			nest_end(m, one);
		}
		nest_end(m, at);
		EXPECT_EQ(entries[i].error, run(nl)) TH_LOG("entry %u", i);
		if (entries[i].error)
			EXPECT_TRUE(nl->ack.has_text) TH_LOG("entry %u", i);
		txn_abort(&t);
	}
}

/* --- every attribute of TXN_ADD ---------------------------------------------------- */

/* How an attribute is sent wrongly; the rest of its object is good. */
enum wrong {
	SHORT,		/* a byte less than it should have */
	LONG,		/* a byte more */
	EMPTY,
	NO_NUL,		/* string */
	INNER_NUL,	/* string */
	TOO_LONG,	/* string */
	NOT_NESTED,	/* nest, without NLA_F_NESTED */
	BAD_VALUE,	/* a value that the enum or the mask does not have */
	REJECTED,	/* an attribute of dumps */
	WRONGS
};

enum shape { U8, U16, U32, STR, A4, A16, NEST, DUMP };

struct member {
	uint16_t object;
	uint16_t type;
	enum shape shape;
	uint32_t bad;		/* for BAD_VALUE; 0: every value is good */
	uint32_t max;		/* longest string */
};

static const struct member members[] = {
#define M(object, name, ...) { NETPOL_A_##object, NETPOL_##object##_A_##name, __VA_ARGS__ }
	M(LABEL_SET, ID, U32),
	M(LABEL_SET, LABEL, NEST),
	M(LABEL_SET, PORT, NEST),
	M(NAMESPACE, NAME, STR, 0, NETPOL_NAMESPACE_MAX),
	M(NAMESPACE, LABEL, NEST),
	M(NAMESPACE, ORIGIN, DUMP),
	M(NAMESPACE, FLAGS, DUMP),
	M(POD, NAMESPACE, STR, 0, NETPOL_NAMESPACE_MAX),
	M(POD, NAME, STR, 0, NETPOL_NAME_MAX),
	M(POD, UID, A16),
	M(POD, LABEL_SET, U32),
	M(POD, ADDRESS4, A4),
	M(POD, ADDRESS6, A16),
	M(POD, FLAGS, U32, 0x10000),
	M(POD, FLAGS, U32, 4),
	M(POD, IFINDEX, U32, 0x80000000),
	M(POD, ORIGIN, DUMP),
	M(POD, LABEL, DUMP),
	M(POD, PORT, DUMP),
	M(POD, IDENTITY, DUMP),
	M(POLICY, KIND, U8, 3),
	M(POLICY, NAMESPACE, STR, 0, NETPOL_NAMESPACE_MAX),
	M(POLICY, NAME, STR, 0, NETPOL_NAME_MAX),
	M(POLICY, SUBJECT, NEST),
	M(POLICY, DIRECTIONS, U8, 4),
	M(POLICY, TIER, U8, 4),
	M(POLICY, TIER, U8, NETPOL_TIER_ADMIN),
	M(POLICY, PRIORITY, U16, 1),
	M(POLICY, FLAGS, U32, NETPOL_POLICY_F_CONTINUED << 1),
	M(POLICY, FLAGS, U32, NETPOL_POLICY_F_CONTINUED),
	M(POLICY, ORIGIN, DUMP),
	M(POLICY, PODS, DUMP),
	M(RULE, DIRECTION, U8, 2),
	M(RULE, ACTION, U8, 9),
	M(RULE, ACTION, U8, NETPOL_ACTION_DENY),
	M(RULE, NAME, STR, 0, NETPOL_RULE_NAME_MAX),
	M(RULE, INDEX, DUMP),
	M(RULE, HITS, DUMP),
	M(PEER, POD_SELECTOR, NEST),
	M(PEER, NAMESPACE_SELECTOR, NEST),
	M(PEER, PREFIX, NEST),
	M(PORT, PROTOCOL, U8, IPPROTO_ICMP),
	M(PORT, FIRST, U16, 0x10000),
	M(PORT, LAST, U16, 0x10000),
	M(PORT, NAME, STR, 0, NETPOL_PORT_NAME_MAX),
	M(SETTINGS, GUARD_PREFIX, NEST),
	M(SETTINGS, GUARD_INTERFACE, STR, 0, NETPOL_INTERFACE_MAX),
	M(SETTINGS, UNKNOWN, U8, 2),
	M(SETTINGS, ESTABLISHED, U8, 2),
	M(SETTINGS, HOST_EGRESS, U8, 2),
	M(SETTINGS, HOST_ALLOW, NEST),
	M(SETTINGS, EVENT_RATE, U32),
	M(SETTINGS, SOURCE_ALLOW, NEST),
	M(SETTINGS, TUNNELS, U8, 2),
	M(SETTINGS, POD_RANGE, NEST),
	M(DELETE, OBJECT, U8, 9),
	M(DELETE, KIND, U8, 9),
	M(DELETE, NAMESPACE, STR, 0, NETPOL_NAMESPACE_MAX),
	M(DELETE, NAME, STR, 0, NETPOL_NAME_MAX),
	M(DELETE, UID, A16),
#undef M
};

static size_t size_of(enum shape shape)
{
	static const size_t size[] = { [U8] = 1, [U16] = 2, [U32] = 4, [A4] = 4, [A16] = 16 };

	return shape <= A16 ? size[shape] : 0;
}

/* Writes the attribute in the wrong way; false: it can't be wrong in this way. */
static bool put_wrong(struct msg *m, const struct member *x, enum wrong wrong)
{
	size_t size = size_of(x->shape);
	uint32_t value = x->bad;
	char text[512];

	memset(text, 'a', sizeof(text));
	switch (wrong) {
	case SHORT:
	case LONG:
		if (!size)
			return false;
		put(m, x->type, text, wrong == SHORT ? size - 1 : size + 1);
		return true;
	case EMPTY:
		if (x->shape == NEST || x->shape == DUMP)
			return false;
		put(m, x->type, "", x->shape == STR);
		return true;
	case NO_NUL:
		if (x->shape != STR)
			return false;
		put(m, x->type, text, x->max + 1);
		return true;
	case INNER_NUL:
		if (x->shape != STR)
			return false;
		put(m, x->type, "a\0b", 4);
		return true;
	case TOO_LONG:
		if (x->shape != STR)
			return false;
		text[x->max + 1] = '\0';
		put_str(m, x->type, text);
		return true;
	case NOT_NESTED:
		if (x->shape != NEST)
			return false;
		put(m, x->type, "", 0);
		return true;
	case BAD_VALUE:
		if (!x->bad)
			return false;
		value &= x->bad == 0x10000 && x->shape == U16 ? 0 : ~0U;
		put(m, x->type, &value, size);
		return true;
	case REJECTED:
		if (x->shape != DUMP)
			return false;
		put_u32(m, x->type, 0);
		return true;
	default:
		return false;
	}
}

/* The members that make the rest of an object good, but for @but. */
static void put_rest(struct msg *m, uint16_t object, uint16_t but)
{
	uint32_t at;

	switch (object) {
	case NETPOL_A_LABEL_SET:
		if (but != NETPOL_LABEL_SET_A_ID)
			put_u32(m, NETPOL_LABEL_SET_A_ID, 999);
		break;
	case NETPOL_A_NAMESPACE:
		if (but != NETPOL_NAMESPACE_A_NAME)
			put_str(m, NETPOL_NAMESPACE_A_NAME, "n");
		break;
	case NETPOL_A_POD:
		if (but != NETPOL_POD_A_NAMESPACE)
			put_str(m, NETPOL_POD_A_NAMESPACE, "n");
		if (but != NETPOL_POD_A_NAME)
			put_str(m, NETPOL_POD_A_NAME, "p");
		if (but == NETPOL_POD_A_IFINDEX)
			put_u32(m, NETPOL_POD_A_FLAGS, LOCAL);
		break;
	case NETPOL_A_POLICY:
		if (but != NETPOL_POLICY_A_KIND)
			put_u8(m, NETPOL_POLICY_A_KIND, NETPOL_KIND_NETWORK_POLICY);
		if (but != NETPOL_POLICY_A_NAMESPACE)
			put_str(m, NETPOL_POLICY_A_NAMESPACE, "n");
		if (but != NETPOL_POLICY_A_NAME)
			put_str(m, NETPOL_POLICY_A_NAME, "p");
		if (but != NETPOL_POLICY_A_SUBJECT)
			put_selector(m, NETPOL_POLICY_A_SUBJECT, "");
		if (but != NETPOL_POLICY_A_DIRECTIONS)
			put_u8(m, NETPOL_POLICY_A_DIRECTIONS, INGRESS);
		break;
	case NETPOL_A_RULE:
		if (but != NETPOL_RULE_A_DIRECTION)
			put_u8(m, NETPOL_RULE_A_DIRECTION, NETPOL_DIRECTION_INGRESS);
		break;
	case NETPOL_A_PEER:
		if (but != NETPOL_PEER_A_POD_SELECTOR && but != NETPOL_PEER_A_PREFIX)
			put_selector(m, NETPOL_PEER_A_POD_SELECTOR, "");
		break;
	case NETPOL_A_PORT:
		if (but != NETPOL_PORT_A_PROTOCOL)
			put_u8(m, NETPOL_PORT_A_PROTOCOL, IPPROTO_TCP);
		if (but == NETPOL_PORT_A_LAST)
			put_u16(m, NETPOL_PORT_A_FIRST, 1);
		break;
	case NETPOL_A_DELETE:
		at = but == NETPOL_DELETE_A_KIND ? NETPOL_OBJECT_POLICY : NETPOL_OBJECT_POD;
		if (but != NETPOL_DELETE_A_OBJECT)
			put_u8(m, NETPOL_DELETE_A_OBJECT, at);
		if (but != NETPOL_DELETE_A_NAMESPACE)
			put_str(m, NETPOL_DELETE_A_NAMESPACE, "n");
		if (but != NETPOL_DELETE_A_NAME)
			put_str(m, NETPOL_DELETE_A_NAME, "p");
		break;
	}
}

/* A transaction whose message in the making can take any object. */
static int begin_any(struct txn *t, struct nl *nl)
{
	int ret = txn_begin(t, nl, "manual", 0);

	t_policy(t, "n/before", "", INGRESS);
	t_rule(t, NETPOL_DIRECTION_INGRESS);
	t_block(t, "10.0.0.0/8");
	return ret;
}

TEST_F(strict, wrong_members)
{
	struct nl *nl = &self->nl;
	unsigned int i, wrong, n = 0;
	uint32_t at, bad;
	struct txn t;
	int ret;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		for (wrong = 0; wrong < WRONGS; wrong++) {
			ASSERT_EQ(0, begin_any(&t, nl));
			at = nest(&nl->out, members[i].object);
			put_rest(&nl->out, members[i].object, members[i].type);
			bad = nl->out.len;
			if (put_wrong(&nl->out, &members[i], wrong)) {
				nest_end(&nl->out, at);
				ret = run(nl);
				EXPECT_TRUE(refused(ret))
					TH_LOG("object %u, member %u, wrong %u: %d",
					       members[i].object, members[i].type, wrong,
					       ret);
				EXPECT_TRUE(nl->ack.has_text);
				EXPECT_TRUE(nl->ack.has_offset)
					TH_LOG("object %u, member %u, wrong %u: %s",
					       members[i].object, members[i].type, wrong,
					       nl->ack.text);
				if (nl->ack.has_offset) {
					EXPECT_EQ(bad, nl->ack.offset)
						TH_LOG("object %u, member %u, wrong %u: %s",
						       members[i].object, members[i].type,
						       wrong, nl->ack.text);
				}
				n++;
			}
			txn_abort(&t);
		}
	TH_LOG("%u wrong attributes", n);
}

/* The same with everything right, so that the test above tests what it says. */
TEST_F(strict, right_members)
{
	static const uint16_t objects[] = {
		NETPOL_A_LABEL_SET, NETPOL_A_NAMESPACE, NETPOL_A_POD, NETPOL_A_POLICY,
		NETPOL_A_RULE, NETPOL_A_PEER, NETPOL_A_PORT, NETPOL_A_SETTINGS,
		NETPOL_A_DELETE,
	};
	struct nl *nl = &self->nl;
	struct txn t;
	uint32_t at;
	unsigned int i;

	for (i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		ASSERT_EQ(0, begin_any(&t, nl));
		at = nest(&nl->out, objects[i]);
		put_rest(&nl->out, objects[i], 0xffff);
		nest_end(&nl->out, at);
		EXPECT_EQ(0, run(nl)) TH_LOG("object %u: %s", objects[i], nl->ack.text);
		txn_abort(&t);
	}
}

/* Objects that lack something they need. */
TEST_F(strict, missing_members)
{
	static const struct {
		uint16_t object, missing;
	} needs[] = {
		{ NETPOL_A_LABEL_SET, NETPOL_LABEL_SET_A_ID },
		{ NETPOL_A_NAMESPACE, NETPOL_NAMESPACE_A_NAME },
		{ NETPOL_A_POD, NETPOL_POD_A_NAMESPACE },
		{ NETPOL_A_POD, NETPOL_POD_A_NAME },
		{ NETPOL_A_POLICY, NETPOL_POLICY_A_KIND },
		{ NETPOL_A_POLICY, NETPOL_POLICY_A_NAMESPACE },
		{ NETPOL_A_POLICY, NETPOL_POLICY_A_NAME },
		{ NETPOL_A_POLICY, NETPOL_POLICY_A_SUBJECT },
		{ NETPOL_A_POLICY, NETPOL_POLICY_A_DIRECTIONS },
		{ NETPOL_A_RULE, NETPOL_RULE_A_DIRECTION },
		{ NETPOL_A_PORT, NETPOL_PORT_A_PROTOCOL },
		{ NETPOL_A_DELETE, NETPOL_DELETE_A_OBJECT },
		{ NETPOL_A_DELETE, NETPOL_DELETE_A_NAMESPACE },
		{ NETPOL_A_DELETE, NETPOL_DELETE_A_NAME },
	};
	struct nl *nl = &self->nl;
	unsigned int i;
	struct txn t;
	uint32_t at;

	for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		ASSERT_EQ(0, begin_any(&t, nl));
		at = nest(&nl->out, needs[i].object);
		put_rest(&nl->out, needs[i].object, needs[i].missing);
		nest_end(&nl->out, at);
		EXPECT_EQ(-EINVAL, run(nl))
			TH_LOG("object %u, member %u", needs[i].object, needs[i].missing);
		EXPECT_TRUE(nl->ack.has_text);
		EXPECT_TRUE(ack_missing(&nl->ack, needs[i].missing))
			TH_LOG("object %u, member %u", needs[i].object, needs[i].missing);
		txn_abort(&t);
	}
}

/* Pieces of a policy without what they belong to, and other relations. */
TEST_F(strict, relations)
{
	struct nl *nl = &self->nl;
	struct msg *m = &nl->out;
	uint32_t at, outer, inner;
	struct txn t;

#define REFUSED(body) do {						\
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));			\
	body;								\
	EXPECT_TRUE(refused(run(nl))) TH_LOG("%d: %s", nl->ack.error, #body);	\
	EXPECT_TRUE(nl->ack.has_text);					\
	EXPECT_TRUE(nl->ack.has_offset || nl->ack.has_missing || ack_missing(&nl->ack, 0)) \
		TH_LOG("%s", nl->ack.text);				\
	txn_abort(&t);							\
} while (0)
	REFUSED(t_rule(&t, 0));
	REFUSED(t_peer(&t, "", ""));
	REFUSED(t_port(&t, IPPROTO_TCP, 1, 0, NULL));
	REFUSED(t_except(&t, "10.0.0.0/8"));
	REFUSED({ t_policy(&t, "n/p", "", INGRESS); t_peer(&t, "", ""); });
	REFUSED({ t_policy(&t, "n/p", "", INGRESS); t_rule(&t, NETPOL_DIRECTION_EGRESS); });
	REFUSED({ t_policy(&t, "n/p", "", INGRESS); t_rule(&t, 0); t_peer(&t, NULL, NULL); });
	REFUSED({ t_policy(&t, "n/p", "", INGRESS); t_rule(&t, 0);
		  t_except(&t, "10.0.0.0/8"); });
	REFUSED({ t_policy(&t, "n/p", "", INGRESS); t_rule(&t, 0);
		  t_port(&t, IPPROTO_TCP, 9, 8, NULL); });
	REFUSED({ t_policy(&t, "n/p", "", INGRESS); t_rule(&t, 0);
		  t_port(&t, IPPROTO_TCP, 9, 0, "name"); });
	REFUSED({ t_policy(&t, "n/p", "", INGRESS); t_rule(&t, 0);
		  t_port(&t, IPPROTO_TCP, 0, 8, NULL); });
	REFUSED({ t_policy(&t, "n/p", "", INGRESS); t_rule(&t, 0);
		  t_block(&t, "10.0.0.0/33"); });
	REFUSED({ t_policy(&t, "n/p", "", INGRESS); t_rule(&t, 0);
		  t_block(&t, "10.0.0.0/8"); t_except(&t, "fd00::/64"); });
	REFUSED({ t_policy(&t, "n/p", "", INGRESS); t_rule(&t, 0);
		  t_block(&t, "fd00::/129"); });
	REFUSED(t_pod(&t, &(struct pod){ "n/p", 0, { "10.0.0.9" }, REMOTE, 5 }));
	REFUSED(t_pod(&t, &(struct pod){ "n/p", 0, { "224.0.0.1" }, LOCAL }));
	REFUSED(t_pod(&t, &(struct pod){ "n/p", 0, { "0.0.0.0" }, LOCAL }));
	REFUSED(t_pod(&t, &(struct pod){ "n/p", 0, { "::1" }, LOCAL }));
	REFUSED(t_pod(&t, &(struct pod){ "n/p", 0, { "::ffff:10.0.0.1" }, LOCAL }));
	/* IN without values, EXISTS with one */
	REFUSED({ at = nest(m, NETPOL_A_POLICY);
		  put_rest(m, NETPOL_A_POLICY, NETPOL_POLICY_A_SUBJECT);
		  put_selector(m, NETPOL_POLICY_A_SUBJECT, "a in ");
		  nest_end(m, at); });
	REFUSED({ at = nest(m, NETPOL_A_POLICY);
		  put_rest(m, NETPOL_A_POLICY, NETPOL_POLICY_A_SUBJECT);
		  outer = nest(m, NETPOL_POLICY_A_SUBJECT);
		  inner = nest(m, NETPOL_SELECTOR_A_REQUIREMENT);
		  put_str(m, NETPOL_REQUIREMENT_A_KEY, "k");
		  put_u8(m, NETPOL_REQUIREMENT_A_OPERATOR, NETPOL_OPERATOR_EXISTS);
		  put_str(m, NETPOL_REQUIREMENT_A_VALUE, "v");
		  nest_end(m, inner);
		  nest_end(m, outer);
		  nest_end(m, at); });
	/* a label whose key is empty or too long, and a value that is too long */
	REFUSED(t_namespace(&t, "n", "=v"));
	REFUSED({ at = nest(m, NETPOL_A_DELETE);
		  put_u8(m, NETPOL_DELETE_A_OBJECT, NETPOL_OBJECT_NAMESPACE);
		  put_str(m, NETPOL_DELETE_A_NAME, "n");
		  put_str(m, NETPOL_DELETE_A_NAMESPACE, "n");
		  nest_end(m, at); });
#undef REFUSED
}

/* A nest as long as a nest can be, and one that is longer than it is taken. */
TEST_F(strict, long_nest)
{
	struct nl *nl = &self->nl;
	struct txn t;
	uint32_t at;
	int ret;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	at = nest(&nl->out, NETPOL_A_POLICY);
	put_rest(&nl->out, NETPOL_A_POLICY, NETPOL_POLICY_A_SUBJECT);
	put_selector(&nl->out, NETPOL_POLICY_A_SUBJECT, "");
	while (nl->out.len - at < 65000)
		put_str(&nl->out, NETPOL_POLICY_A_NAME, "the same name over and over");
	nest_end(&nl->out, at);
	ret = run(nl);
	EXPECT_TRUE(ret == -EMSGSIZE || refused(ret)) TH_LOG("%d", ret);
	EXPECT_TRUE(nl->ack.has_text);
	txn_abort(&t);
}

/* Repeats of what may come once: the last one counts or it is refused, no more. */
TEST_F(strict, repeated_attribute)
{
	struct nl *nl = &self->nl;
	struct msg *m = nl_msg(nl, NETPOL_CMD_TXN_BEGIN);
	int i;

	for (i = 0; i < 100; i++)
		put_str(m, NETPOL_A_ORIGIN, i % 2 ? "kube" : "manual");
	run(nl);
	m = nl_msg(nl, NETPOL_CMD_EVAL);
	for (i = 0; i < 100; i++)
		nest_end(m, nest(m, NETPOL_A_EVAL));
	EXPECT_EQ(-EINVAL, run(nl));
	EXPECT_TRUE(nl->ack.has_text);
}

TEST_HARNESS_MAIN
