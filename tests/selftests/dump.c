// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps show one committed state from beginning to end, whatever is committed meanwhile
 * and however slowly they are read.
 *
 * netpol-test: timeout=600
 */
#include "kselftest_harness.h"
#include "netpol_net.h"
#include <sys/mman.h>

#define PODS	500
#define SLOW	8192	/* bytes that a slow reader takes at a time */

FIXTURE(dump)
{
	struct nl nl;
	struct nl slow;
	volatile uint64_t *commits;	/* shared with the writer */
	pid_t writer;
};

FIXTURE_SETUP(dump)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, nl_open_small(&self->slow, SLOW));
	self->commits = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			     -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->commits);
	self->writer = 0;
}

FIXTURE_TEARDOWN(dump)
{
	if (self->writer > 0) {
		kill(self->writer, SIGKILL);
		waitpid(self->writer, NULL, 0);
	}
	nl_flush_objects(&self->nl);
	nl_close(&self->nl);
	nl_close(&self->slow);
}

/* Commits every pod, namespace and policy anew, with the label tag=@tag. */
static int commit_tag(struct nl *nl, unsigned int tag)
{
	char labels[64], name[64], address[32];
	struct txn t;
	int i, ret;

	ret = txn_begin(&t, nl, "manual", NETPOL_FLAG_FULL);
	if (ret)
		return ret;
	snprintf(labels, sizeof(labels), "tag=t%u", tag);
	t_labels(&t, 1, labels, NULL);
	for (i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		t_namespace(&t, name, labels);
	}
	for (i = 0; i < PODS; i++) {
		snprintf(name, sizeof(name), "n%d/pod%d", i % 40, i);
		snprintf(address, sizeof(address), "10.1.%d.%d", i / 200, i % 200 + 1);
		t_pod(&t, &(struct pod){ name, 1, { address }, i % 2 ? LOCAL : REMOTE });
	}
	for (i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "n%d/t%u-%d", i % 40, tag, i);
		t_policy(&t, name, labels, INGRESS);
		t_rule(&t, NETPOL_DIRECTION_INGRESS);
		t_peer(&t, labels, NULL);
	}
	return txn_commit(&t);
}

static pid_t start_writer(volatile uint64_t *commits)
{
	pid_t pid = fork();
	struct nl *nl;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	nl = malloc(sizeof(*nl));
	if (!nl || nl_open(nl))
		_exit(1);
	for (unsigned int tag = 1; ; tag++) {
		if (commit_tag(nl, tag))
			_exit(2);
		++*commits;
	}
}

/*
 * A dump read in small pieces, waiting after each until the writer has committed again
 * or some time has passed. Its errno; *@pieces counts.
 */
static int slow_dump(struct nl *nl, uint8_t cmd, struct bytes *to,
		     const volatile uint64_t *commits, unsigned int *pieces)
{
	uint64_t seen;
	int ret;

	nl_dump_msg(nl, cmd);
	nl->interrupted = false;
	to->len = 0;
	to->count = 0;
	*pieces = 0;
	memset(&nl->ack, 0, sizeof(nl->ack));
	ret = nl_send(nl);
	while (!ret) {
		seen = *commits;
		WAIT_FOR(*commits != seen, 500);
		ret = nl_step(nl, to);
		++*pieces;
	}
	return ret < 0 ? ret : nl->ack.error;
}

/* The tag in an attribute's label, or in a policy's name; 0: there is none. */
static unsigned int tag_of(uint8_t cmd, const struct nlattr *a)
{
	const struct nlattr *label;
	unsigned int tag = 0;

	if (cmd == NETPOL_CMD_GET_POLICY) {
		if (sscanf(at_str_in(a, NETPOL_POLICY_A_NAME), "t%u-", &tag) != 1)
			return 0;
		return tag;
	}
	label = at_in(a, cmd == NETPOL_CMD_GET_POD ? NETPOL_POD_A_LABEL :
						     NETPOL_NAMESPACE_A_LABEL);
	if (sscanf(at_str_in(label, NETPOL_LABEL_A_VALUE), "t%u", &tag) != 1)
		return 0;
	return tag;
}

static const struct {
	uint8_t cmd;
	uint16_t type;
	unsigned int count;
} kinds[] = {
	{ NETPOL_CMD_GET_POD, NETPOL_A_POD, PODS },
	{ NETPOL_CMD_GET_NAMESPACE, NETPOL_A_NAMESPACE, 40 },
	{ NETPOL_CMD_GET_POLICY, NETPOL_A_POLICY, 60 },
};

/* How many attributes have another tag than the first, and how many there are. */
static unsigned int mixed(const struct bytes *dump, unsigned int kind, unsigned int *count,
			  unsigned int *tag)
{
	unsigned int bad = 0, one;
	struct record r;

	*count = 0;
	*tag = 0;
	for (size_t at = 0; dump_next(dump, &at, &r); )
		at_for_each(a, r.attrs, r.len) {
			if (at_type(a) != kinds[kind].type)
				continue;
			if (kinds[kind].cmd == NETPOL_CMD_GET_POLICY &&
			    at_in(a, NETPOL_POLICY_A_FLAGS) &&
			    at_u_in(a, NETPOL_POLICY_A_FLAGS) & NETPOL_POLICY_F_CONTINUED)
				continue;
			one = tag_of(kinds[kind].cmd, a);
			if (!*tag)
				*tag = one;
			bad += one != *tag || !one;
			++*count;
		}
	return bad;
}

TEST_F_TIMEOUT(dump, one_generation, 240)
{
	unsigned int kind, round, bad, count, tag, pieces;
	struct nl *nl = &self->slow;
	struct bytes dump = {};
	uint64_t before;

	self->writer = start_writer(self->commits);
	ASSERT_LT(0, self->writer);
	ASSERT_TRUE(WAIT_FOR(*self->commits > 0, NL_TIMEOUT));
	for (round = 0; round < 4; round++)
		for (kind = 0; kind < 3; kind++) {
			before = *self->commits;
			ASSERT_EQ(0, slow_dump(nl, kinds[kind].cmd, &dump, self->commits,
					       &pieces));
			bad = mixed(&dump, kind, &count, &tag);
			EXPECT_EQ(0, bad);
			EXPECT_EQ(kinds[kind].count, count);
			EXPECT_FALSE(nl->interrupted);
			if (!kind) {
				EXPECT_LT(3, pieces);
				EXPECT_LT(before, *self->commits)
					TH_LOG("no commit during the dump");
			}
		}
	ASSERT_EQ(0, waitpid(self->writer, NULL, WNOHANG));
	bytes_free(&dump);
}

/* Several readers at once, at their own pace, and a writer. */
TEST_F_TIMEOUT(dump, parallel, 240)
{
	enum { READERS = 6 };
	struct nl *nl[READERS];
	struct bytes dump[READERS] = {};
	bool done[READERS];
	unsigned int i, kind, left, bad, count, tag;
	int ret, rounds = 0;

	for (i = 0; i < READERS; i++) {
		nl[i] = malloc(sizeof(*nl[i]));
		ASSERT_NE(NULL, nl[i]);
		ASSERT_EQ(0, nl_open_small(nl[i], SLOW));
	}
	self->writer = start_writer(self->commits);
	ASSERT_TRUE(WAIT_FOR(*self->commits > 0, NL_TIMEOUT));
	for (i = 0; i < READERS; i++) {
		done[i] = false;
		nl_dump_msg(nl[i], kinds[i % 3].cmd);
		ASSERT_EQ(0, nl_send(nl[i]));
		/* each begins on another state */
		tag = *self->commits;
		WAIT_FOR(*self->commits != tag, 2000);
	}
	for (left = READERS; left && rounds < 10000; rounds++)
		for (i = 0; i < READERS; i++) {
			if (done[i])
				continue;
			ret = nl_step(nl[i], &dump[i]);
			ASSERT_LE(0, ret);
			if (ret) {
				EXPECT_EQ(0, nl[i]->ack.error);
				done[i] = true;
				left--;
			}
		}
	ASSERT_EQ(0, left);
	for (i = 0; i < READERS; i++) {
		kind = i % 3;
		bad = mixed(&dump[i], kind, &count, &tag);
		EXPECT_EQ(0, bad) TH_LOG("reader %u", i);
		EXPECT_EQ(kinds[kind].count, count) TH_LOG("reader %u", i);
		bytes_free(&dump[i]);
		nl_close(nl[i]);
		free(nl[i]);
	}
}

/* What a dump shows does not depend on the size of the pieces it is read in. */
TEST_F_TIMEOUT(dump, whole_by_any_piece, 120)
{
	struct bytes fast = {}, slow = {};
	struct nl *nl = &self->nl, *other = &self->slow;
	unsigned int kind, bad, count, tag, pieces;

	ASSERT_EQ(0, commit_tag(nl, 7));
	for (kind = 0; kind < 3; kind++) {
		bool more = true;

		ASSERT_EQ(0, nl_dump(nl, kinds[kind].cmd, &fast));
		bad = mixed(&fast, kind, &count, &tag);
		EXPECT_EQ(0, bad);
		EXPECT_EQ(kinds[kind].count, count);
		EXPECT_EQ(7, tag);
		nl_dump_msg(other, kinds[kind].cmd);
		slow.len = 0;
		slow.count = 0;
		ASSERT_EQ(0, nl_send(other));
		for (pieces = 0; pieces < 10000 && more; pieces++)
			more = nl_step(other, &slow) == 0;
		bad = mixed(&slow, kind, &count, &tag);
		EXPECT_EQ(0, bad);
		EXPECT_EQ(kinds[kind].count, count);
		EXPECT_LE(fast.count, slow.count);
	}
	bytes_free(&fast);
	bytes_free(&slow);
}

/* A policy that spans messages comes back piece by piece, in order, nothing twice. */
TEST_F_TIMEOUT(dump, big_policies, 120)
{
	unsigned int peers = 0, excepts = 0, ports = 0, rules = 0, heads = 0, continued = 0;
	struct nl *nl = &self->nl;
	struct bytes dump = {};
	struct record r;
	char text[64];
	struct txn t;
	bool first;
	int i, k;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	for (k = 0; k < 3; k++) {
		snprintf(text, sizeof(text), "big/p%d", k);
		t_policy(&t, text, "", INGRESS | EGRESS);
		t_rule(&t, NETPOL_DIRECTION_INGRESS);
		for (i = 0; i < 1500; i++) {
			snprintf(text, sizeof(text), "%d.%d.%d.0/24", 20 + k, i / 250, i % 250);
			t_block(&t, text);
			snprintf(text, sizeof(text), "%d.%d.%d.1/32", 20 + k, i / 250, i % 250);
			t_except(&t, text);
		}
		for (i = 0; i < 700; i++)
			t_port(&t, IPPROTO_TCP, 2 * i + 1, 0, NULL);
		for (i = 0; i < 100; i++)
			t_rule(&t, NETPOL_DIRECTION_EGRESS);
	}
	ASSERT_EQ(0, txn_commit(&t)) TH_LOG("%s", nl->ack.text);
	ASSERT_EQ(0, nl_dump(nl, NETPOL_CMD_GET_POLICY, &dump));
	EXPECT_LT(3, dump.count);
	for (size_t at = 0; dump_next(&dump, &at, &r); ) {
		first = true;
		at_for_each(a, r.attrs, r.len) {
			/* each message says first whose pieces these are */
			if (first) {
				EXPECT_EQ(NETPOL_A_POLICY, at_type(a));
				first = false;
			}
			switch (at_type(a)) {
			case NETPOL_A_POLICY:
				if (at_in(a, NETPOL_POLICY_A_FLAGS) &&
				    at_u_in(a, NETPOL_POLICY_A_FLAGS) &
				    NETPOL_POLICY_F_CONTINUED)
					continued++;
				else
					heads++;
				break;
			case NETPOL_A_RULE:
				rules++;
				break;
			case NETPOL_A_PEER:
				peers++;
				break;
			case NETPOL_A_EXCEPT:
				excepts++;
				break;
			case NETPOL_A_PORT:
				ports++;
				break;
			}
		}
	}
	EXPECT_EQ(3, heads);
	EXPECT_LT(0, continued);
	EXPECT_EQ(4500, peers);
	EXPECT_EQ(4500, excepts);
	EXPECT_EQ(2100, ports);
	/* a rule that goes on in the next message is repeated there */
	EXPECT_LE(303, rules);
	bytes_free(&dump);
}

/* An object of the largest size that a message takes comes back in a dump. */
TEST_F_TIMEOUT(dump, largest_object, 60)
{
	struct nl *nl = &self->nl;
	struct bytes dump = {};
	char key[400], value[80];
	struct txn t;
	uint32_t at, one;
	int i, n = 0;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	at = nest(&nl->out, NETPOL_A_NAMESPACE);
	put_str(&nl->out, NETPOL_NAMESPACE_A_NAME, "large");
	memset(value, 'v', sizeof(value));
	value[NETPOL_VALUE_MAX] = '\0';
	for (i = 0; i < 256 && nl->out.len - at < 59000; i++, n++) {
		memset(key, 'k', sizeof(key));
		snprintf(key, 16, "k%03d", i);
		key[strlen(key)] = 'k';
		key[NETPOL_KEY_MAX] = '\0';
		one = nest(&nl->out, NETPOL_NAMESPACE_A_LABEL);
		put_str(&nl->out, NETPOL_LABEL_A_KEY, key);
		put_str(&nl->out, NETPOL_LABEL_A_VALUE, value);
		nest_end(&nl->out, one);
	}
	nest_end(&nl->out, at);
	ASSERT_EQ(0, nl_call(nl)) TH_LOG("%s", nl->ack.text);
	t_namespace((txn_message(&t), &t), "small", "a=b");
	ASSERT_EQ(0, txn_commit(&t));
	ASSERT_EQ(0, nl_dump(nl, NETPOL_CMD_GET_NAMESPACE, &dump));
	EXPECT_EQ(2, dump_count(&dump, NETPOL_A_NAMESPACE));
	ASSERT_NE(NULL, dump_find(&dump, NETPOL_A_NAMESPACE, NETPOL_NAMESPACE_A_NAME, "large"));
	at = 0;
	at_for_each_in(a, dump_find(&dump, NETPOL_A_NAMESPACE, NETPOL_NAMESPACE_A_NAME, "large"))
		at += at_type(a) == NETPOL_NAMESPACE_A_LABEL;
	EXPECT_EQ(n, at);
	bytes_free(&dump);
}

/* A reader that goes away in the middle leaves nothing, neither state nor references. */
TEST_F_TIMEOUT(dump, closed_in_the_middle, 120)
{
	struct nl *nl = &self->nl, *other = malloc(sizeof(*other));
	static unsigned char buffer[SLOW];
	long refs, idle;
	int i;

	ASSERT_NE(NULL, other);
	ASSERT_EQ(0, commit_tag(nl, 1));
	idle = module_refs();
	ASSERT_LT(0, idle);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, nl_open_small(other, SLOW));
		nl_dump_msg(other, NETPOL_CMD_GET_POD);
		ASSERT_EQ(0, nl_send(other));
		ASSERT_LT(0, nl_take(other, buffer, sizeof(buffer), NL_TIMEOUT));
		refs = module_refs();
		EXPECT_LT(idle, refs);
		/* the state that it reads is replaced meanwhile */
		ASSERT_EQ(0, commit_tag(nl, i + 2));
		nl_close(other);
		EXPECT_TRUE(WAIT_FOR(module_refs() == idle, 5000))
			TH_LOG("%ld references, %ld before", module_refs(), idle);
	}
	free(other);
	ASSERT_EQ(0, nl_flush_objects(nl));
	EXPECT_TRUE(WAIT_FOR(!nl_used(nl, NETPOL_LIMIT_UNFREED_BYTES), 10000));
}

/* A policy in force holds the module; a flush lets it go. */
TEST_F(dump, module_references)
{
	long idle = module_refs();

	ASSERT_LE(0, idle);
	ASSERT_EQ(0, load_cluster(&self->nl));
	EXPECT_EQ(idle + 1, module_refs());
	ASSERT_EQ(0, load_cluster(&self->nl));
	EXPECT_EQ(idle + 1, module_refs());
	ASSERT_EQ(0, nl_flush_objects(&self->nl));
	EXPECT_EQ(idle, module_refs());
}

/* Dumps of a pod's programs during change: unknown pods are refused. */
TEST_F_TIMEOUT(dump, trie, 120)
{
	struct nl *nl = &self->nl;
	struct bytes dump = {};
	unsigned int i;
	struct msg *m;
	uint32_t at;

	ASSERT_EQ(0, load_cluster(nl));
	for (i = 0; i < 3; i++) {
		static const char *const names[] = { "shop/web", "shop/nobody", "office/far" };

		m = nl_dump_msg(nl, NETPOL_CMD_GET_TRIE);
		at = nest(m, NETPOL_A_TRIE);
		put_pod_name(m, NETPOL_TRIE_A_POD_NAMESPACE, NETPOL_TRIE_A_POD_NAME, names[i]);
		nest_end(m, at);
		if (!i) {
			ASSERT_EQ(0, nl_run(nl, &dump));
			EXPECT_LT(0, dump_count(&dump, NETPOL_A_TRIE));
		} else {
			EXPECT_NE(0, nl_run(nl, &dump)) TH_LOG("%s", names[i]);
			EXPECT_TRUE(nl->ack.has_text);
		}
	}
	bytes_free(&dump);
}

TEST_HARNESS_MAIN
