// SPDX-License-Identifier: GPL-2.0
/*
 * Transactions: all or nothing. After everything that fails or is given up, the
 * generation, every dump and every verdict are what they were.
 *
 * netpol-test: newest
 * netpol-test: timeout=600
 */
#include <sched.h>
#include <sys/wait.h>
#include "kselftest_harness.h"
#include "netpol_obj.h"

#define ALLOW	NETPOL_VERDICT_ALLOW
#define DENY	NETPOL_VERDICT_DENY

FIXTURE(transaction)
{
	struct nl nl;
	struct nl other;
	struct picture before;
};

FIXTURE_SETUP(transaction)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, nl_open(&self->other));
	ASSERT_EQ(0, load_cluster(&self->nl));
	ASSERT_EQ(0, picture_take(&self->nl, &self->before, cluster_pods));
}

FIXTURE_TEARDOWN(transaction)
{
	picture_free(&self->before);
	nl_close(&self->nl);
	nl_close(&self->other);
}

/* What is not as it was when the fixture was set up, or NULL. */
static const char *changed(struct nl *nl, const struct picture *before)
{
	struct picture now;
	const char *what;

	if (picture_take(nl, &now, cluster_pods))
		return "nothing: a dump failed";
	what = picture_differs(before, &now);
	picture_free(&now);
	if (!what && nl_used(nl, NETPOL_LIMIT_TRANSACTIONS))
		what = "transactions";
	return what;
}

#define EXPECT_UNCHANGED() EXPECT_STREQ("nothing", changed(&self->nl, &self->before) ?: "nothing")

/* Changes of every kind, so that an abort has something to undo. */
static void t_upheaval(struct txn *t)
{
	t_namespace(t, "shop", "team=staff");
	t_namespace(t, "third", "team=third,new=key");
	t_labels(t, 1, "app=db,tier=back", "http/6/81");
	t_labels(t, 2, "app=client,brand=new", NULL);
	t_pod(t, &(struct pod){ "shop/web", 1, { "10.0.1.2", "10.0.1.3" }, LOCAL, 0, 9 });
	t_pod(t, &(struct pod){ "shop/db", 1, { "10.0.1.9" }, REMOTE, 0, 2 });
	t_pod(t, &(struct pod){ "third/x", 2, { "10.0.2.2", "fd00:2::2" }, LOCAL, 0, 7 });
	t_policy(t, "shop/web", "brand", INGRESS | EGRESS);
	t_rule(t, NETPOL_DIRECTION_INGRESS);
	t_peer(t, "new", "brand=new");
	t_policy(t, "office/all", "", INGRESS | EGRESS);
	t_delete(t, NETPOL_OBJECT_POLICY, "shop/db", 0);
	t_delete(t, NETPOL_OBJECT_POD, "office/guest", 0);
	t_delete(t, NETPOL_OBJECT_NAMESPACE, "office", 0);
}

/* --- what goes well ---------------------------------------------------------- */

TEST_F(transaction, full_replaces)
{
	struct nl *nl = &self->nl;
	struct bytes pods = {};
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", NETPOL_FLAG_FULL));
	t_namespace(&t, "shop", "team=sales");
	t_labels(&t, 1, "app=web", NULL);
	t_pod(&t, &(struct pod){ "shop/web", 1, { "10.0.1.2" }, LOCAL });
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(self->before.generation + 1,
		  at_u(nl_reply(nl, NETPOL_A_GENERATION)));
	EXPECT_EQ(1, nl_used(nl, NETPOL_LIMIT_NAMESPACES));
	EXPECT_EQ(1, nl_used(nl, NETPOL_LIMIT_PODS));
	EXPECT_EQ(0, nl_used(nl, NETPOL_LIMIT_POLICIES));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "10.0.2.2", "shop/web", 443));
	EXPECT_EQ(-ENOENT, nl_verdict(nl, "office/client", "shop/web", 443));
	ASSERT_EQ(0, nl_dump(nl, NETPOL_CMD_GET_POD, &pods));
	EXPECT_EQ(1, dump_count(&pods, NETPOL_A_POD));
	bytes_free(&pods);
}

TEST_F(transaction, full_and_empty)
{
	struct nl *nl = &self->nl;
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", NETPOL_FLAG_FULL));
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(0, nl_used(nl, NETPOL_LIMIT_PODS));
	EXPECT_EQ(0, nl_used(nl, NETPOL_LIMIT_NAMESPACES));
	EXPECT_EQ(0, nl_used(nl, NETPOL_LIMIT_POLICIES));
	ASSERT_EQ(0, nl_info(nl));
	EXPECT_EQ(0, at_u(nl_reply(nl, NETPOL_A_FLAGS)) & NETPOL_FLAG_ENFORCING);
}

/* The same input again changes nothing that can be seen but the generation. */
TEST_F(transaction, full_again)
{
	struct picture now;

	ASSERT_EQ(0, load_cluster(&self->nl));
	ASSERT_EQ(0, picture_take(&self->nl, &now, cluster_pods));
	self->before.generation = now.generation;
	EXPECT_STREQ("nothing", picture_differs(&self->before, &now) ?: "nothing");
	picture_free(&now);
}

TEST_F(transaction, delta)
{
	struct nl *nl = &self->nl;
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_labels(&t, 7, "app=client", NULL);
	t_pod(&t, &(struct pod){ "office/second", 7, { "10.0.2.7" }, LOCAL });
	t_delete(&t, NETPOL_OBJECT_POLICY, "shop/db", 0);
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(6, nl_used(nl, NETPOL_LIMIT_PODS));
	EXPECT_EQ(2, nl_used(nl, NETPOL_LIMIT_POLICIES));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/second", "shop/web", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/second", "shop/db", 1));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/second", "shop/web", 443));
}

/* One message relabels a namespace and with it what its pods may. */
TEST_F(transaction, relabel_namespace)
{
	struct nl *nl = &self->nl;
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_namespace(&t, "office", "team=former");
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "shop/web", 80));
	EXPECT_EQ(DENY, nl_verdict(nl, "fd00:2::2", "shop/web", 80));
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_namespace(&t, "office", "team=staff");
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 80));
}

TEST_F(transaction, relabel_pod)
{
	struct nl *nl = &self->nl;
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_labels(&t, 1, "app=other", NULL);
	t_pod(&t, &(struct pod){ "office/client", 1, { "10.0.2.2", "fd00:2::2" }, LOCAL,
				 0, 3 });
	t_pod(&t, &(struct pod){ "shop/db", 1, { "10.0.1.3", "fd00:1::3" }, LOCAL, 0, 2 });
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "shop/web", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/db", 80));
}

TEST_F(transaction, check)
{
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", NETPOL_FLAG_FULL));
	t_upheaval(&t);
	EXPECT_EQ(0, txn_check(&t));
	EXPECT_UNCHANGED();
	/* it is over with that */
	EXPECT_EQ(-ENOENT, txn_commit_only(&t, 0));
	EXPECT_UNCHANGED();
}

TEST_F(transaction, abort)
{
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", 0));
	t_upheaval(&t);
	ASSERT_EQ(0, txn_flush(&t));
	EXPECT_EQ(1, nl_used(&self->other, NETPOL_LIMIT_TRANSACTIONS));
	EXPECT_EQ(0, txn_abort(&t));
	EXPECT_EQ(-ENOENT, txn_abort(&t));
	EXPECT_TRUE(self->nl.ack.has_text);
	EXPECT_UNCHANGED();
}

TEST_F(transaction, closed_socket_aborts)
{
	struct nl *extra = malloc(sizeof(*extra));
	struct txn t;
	int i;

	ASSERT_NE(NULL, extra);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, nl_open(extra));
		ASSERT_EQ(0, txn_begin(&t, extra, "manual", i % 2 ? NETPOL_FLAG_FULL : 0));
		t_upheaval(&t);
		ASSERT_EQ(0, txn_flush(&t));
		ASSERT_EQ(0, txn_begin(&t, extra, "another", 0));
		ASSERT_EQ(2, nl_used(&self->nl, NETPOL_LIMIT_TRANSACTIONS));
		nl_close(extra);
		ASSERT_TRUE(WAIT_FOR(!nl_used(&self->nl, NETPOL_LIMIT_TRANSACTIONS), 5000));
	}
	EXPECT_UNCHANGED();
	free(extra);
}

/* The process is killed in the middle. */
TEST_F(transaction, killed_owner_aborts)
{
	struct txn t;
	int pipes[2];
	char c;
	pid_t pid;

	ASSERT_EQ(0, pipe(pipes));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		struct nl *extra = malloc(sizeof(*extra));

		if (!extra || nl_open(extra) || txn_begin(&t, extra, "manual", 0))
			_exit(1);
		t_upheaval(&t);
		if (txn_flush(&t) || write(pipes[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(pipes[1]);
	ASSERT_EQ(1, read(pipes[0], &c, 1));
	EXPECT_EQ(1, nl_used(&self->nl, NETPOL_LIMIT_TRANSACTIONS));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_TRUE(WAIT_FOR(!nl_used(&self->nl, NETPOL_LIMIT_TRANSACTIONS), 5000));
	EXPECT_UNCHANGED();
}

/* Leaves answers unread until the kernel has no room to send another one. */
static int fill_receive_buffer(struct nl *nl)
{
	int least = 1, i, ret = 0;

	if (setsockopt(nl->fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)))
		return -errno;
	for (i = 0; i < 16 && !ret; i++) {
		nl_msg(nl, NETPOL_CMD_GET_INFO);
		ret = nl_send(nl);
	}
	return ret;
}

/* A transaction whose number cannot be told to its sender is not left open. */
TEST_F(transaction, begin_without_room_for_the_answer)
{
	struct nl *nl = &self->other;
	struct msg *m;

	ASSERT_EQ(0, fill_receive_buffer(nl));
	m = nl_msg(nl, NETPOL_CMD_TXN_BEGIN);
	put_str(m, NETPOL_A_ORIGIN, "manual");
	ASSERT_EQ(0, nl_send(nl));
	EXPECT_UNCHANGED();
}

/* A commit whose answer cannot be sent is a commit, and its transaction is gone. */
TEST_F(transaction, commit_without_room_for_the_answer)
{
	struct nl *nl = &self->other;
	struct txn t;
	struct msg *m;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_namespace(&t, "third", NULL);
	ASSERT_EQ(0, txn_flush(&t));
	ASSERT_EQ(0, fill_receive_buffer(nl));
	m = nl_msg(nl, NETPOL_CMD_TXN_COMMIT);
	put_u32(m, NETPOL_A_TXN, t.number);
	ASSERT_EQ(0, nl_send(nl));
	EXPECT_EQ(0, nl_used(&self->nl, NETPOL_LIMIT_TRANSACTIONS));
	EXPECT_EQ(3, nl_used(&self->nl, NETPOL_LIMIT_NAMESPACES));
}

/* --- which object is refused ---------------------------------------------------- */

/* Objects 0 to 3; a label set has no number. */
static void t_numbered(struct txn *t)
{
	t_labels(t, 1, "app=web", NULL);
	t_namespace(t, "numbered", NULL);
	t_pod(t, &(struct pod){ "numbered/a", 1, { "10.9.0.1" }, LOCAL });
	t_policy(t, "numbered/p", "", INGRESS);
	t_rule(t, NETPOL_DIRECTION_INGRESS);
	t_delete(t, NETPOL_OBJECT_POD, "numbered/b", 0);
}

TEST_F(transaction, refusal_says_which_object)
{
	struct nl *nl = &self->nl;
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_numbered(&t);
	t_pod(&t, &(struct pod){ "numbered/c", 1, { "224.0.0.1" }, LOCAL });
	EXPECT_EQ(-EINVAL, txn_flush(&t));
	EXPECT_EQ(4, nl->ack.object);
	txn_abort(&t);

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_numbered(&t);
	t_delete(&t, NETPOL_OBJECT_POD, "numbered", 0);
	EXPECT_EQ(-EINVAL, txn_flush(&t));
	EXPECT_EQ(4, nl->ack.object);
	txn_abort(&t);

	/* a rule's parts are the policy's, also in another message and behind others */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_numbered(&t);
	ASSERT_EQ(0, txn_flush(&t));
	t_block(&t, "10.0.0.0/8");
	t_except(&t, "10.0.0.0/7");
	EXPECT_EQ(-EINVAL, txn_flush(&t));
	EXPECT_EQ(2, nl->ack.object);
	txn_abort(&t);

	/* a label set is part of no object, and without a policy a rule is neither */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_numbered(&t);
	t_labels(&t, 1, "app=web", NULL);
	EXPECT_EQ(-EEXIST, txn_flush(&t));
	EXPECT_EQ(-1, nl->ack.object);
	/* after that the transaction is spoilt, which is no object's fault */
	EXPECT_EQ(-EINVAL, txn_commit_only(&t, 0));
	EXPECT_EQ(-1, nl->ack.object);
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_rule(&t, NETPOL_DIRECTION_INGRESS);
	EXPECT_EQ(-EINVAL, txn_flush(&t));
	EXPECT_EQ(-1, nl->ack.object);
	txn_abort(&t);

	/* what netlink refuses never comes to the transaction: there is the offset */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_numbered(&t);
	t_port(&t, 255, 1, 0, NULL);
	EXPECT_EQ(-ERANGE, txn_flush(&t));
	EXPECT_EQ(-1, nl->ack.object);
	EXPECT_TRUE(nl->ack.has_offset);
	txn_abort(&t);
	EXPECT_UNCHANGED();
}

/* --- several at once ---------------------------------------------------------- */

TEST_F(transaction, stale)
{
	struct txn one, two;

	ASSERT_EQ(0, txn_begin(&one, &self->nl, "manual", 0));
	ASSERT_EQ(0, txn_begin(&two, &self->other, "manual", 0));
	t_namespace(&one, "first", NULL);
	t_namespace(&two, "second", NULL);
	ASSERT_EQ(0, txn_commit(&one));
	EXPECT_EQ(-ESTALE, txn_commit(&two));
	EXPECT_TRUE(self->other.ack.has_text);
	EXPECT_EQ(3, nl_used(&self->nl, NETPOL_LIMIT_NAMESPACES));
	EXPECT_EQ(0, nl_used(&self->nl, NETPOL_LIMIT_TRANSACTIONS));
	/* and again, on what there is now */
	ASSERT_EQ(0, txn_begin(&two, &self->other, "manual", 0));
	t_namespace(&two, "second", NULL);
	EXPECT_EQ(0, txn_commit(&two));
	EXPECT_EQ(4, nl_used(&self->nl, NETPOL_LIMIT_NAMESPACES));
}

TEST_F(transaction, base_generation)
{
	struct nl *nl = &self->nl;
	uint64_t base = nl_origin(nl, "manual", NETPOL_ORIGIN_A_GENERATION), wrong = base + 1;
	struct txn t;
	int ret;

	ret = txn_begin_at(&t, nl, "manual", 0, &wrong);
	if (!ret)
		ret = txn_commit(&t);
	EXPECT_EQ(-ESTALE, ret);
	EXPECT_TRUE(nl->ack.has_text);
	EXPECT_UNCHANGED();
	ASSERT_EQ(0, txn_begin_at(&t, nl, "manual", 0, &base));
	EXPECT_EQ(0, txn_commit(&t));
	/* an origin that never was is at 0 */
	base = 0;
	ASSERT_EQ(0, txn_begin_at(&t, nl, "fresh", 0, &base));
	t_namespace(&t, "fresh", NULL);
	EXPECT_EQ(0, txn_commit(&t));
}

/* Origins do not get into each other's way. */
TEST_F(transaction, other_origin_is_not_stale)
{
	struct txn one, two;

	ASSERT_EQ(0, txn_begin(&one, &self->nl, "manual", 0));
	ASSERT_EQ(0, txn_begin(&two, &self->other, "kube", 0));
	t_namespace(&one, "first", NULL);
	t_namespace(&two, "second", NULL);
	EXPECT_EQ(0, txn_commit(&one));
	EXPECT_EQ(0, txn_commit(&two));
}

/* A flush in between takes the ground from under a transaction. */
TEST_F(transaction, flush_makes_stale)
{
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", 0));
	t_upheaval(&t);
	ASSERT_EQ(0, txn_flush(&t));
	ASSERT_EQ(0, nl_flush_objects(&self->other));
	EXPECT_EQ(-ESTALE, txn_commit(&t));
	EXPECT_EQ(0, nl_used(&self->nl, NETPOL_LIMIT_PODS));
}

TEST_F(transaction, many_builders)
{
	uint64_t max = nl_max(&self->nl, NETPOL_LIMIT_TRANSACTIONS), i;
	char origin[16], name[32];
	uint32_t *number;
	struct txn t;

	ASSERT_LE(2, max);
	ASSERT_GE(65536, max);
	number = calloc(max, sizeof(*number));
	ASSERT_NE(NULL, number);
	for (i = 0; i < max; i++) {
		snprintf(origin, sizeof(origin), "o%u", (unsigned int)i % 8);
		ASSERT_EQ(0, txn_begin(&t, &self->nl, origin, 0)) TH_LOG("number %d", (int)i);
		snprintf(name, sizeof(name), "n%u", (unsigned int)i);
		t_namespace(&t, name, "a=b");
		ASSERT_EQ(0, txn_flush(&t));
		number[i] = t.number;
	}
	EXPECT_EQ(-ENOSPC, txn_begin(&t, &self->nl, "one-more", 0));
	EXPECT_TRUE(self->nl.ack.has_text);
	EXPECT_EQ(max, nl_used(&self->nl, NETPOL_LIMIT_TRANSACTIONS));
	/* of each origin the first wins, and the rest is stale */
	for (i = 0; i < max; i++) {
		t.number = number[i];
		EXPECT_EQ(i < 8 ? 0 : -ESTALE, txn_commit_only(&t, 0));
	}
	EXPECT_EQ(0, nl_used(&self->nl, NETPOL_LIMIT_TRANSACTIONS));
	EXPECT_EQ(10, nl_used(&self->nl, NETPOL_LIMIT_NAMESPACES));
	free(number);
}

/* Messages of several transactions mixed: each policy goes on where it left off. */
TEST_F(transaction, interleaved)
{
	struct txn t[4];
	char text[64];
	int i, round;

	for (i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "o%d", i);
		ASSERT_EQ(0, txn_begin(&t[i], &self->nl, text, 0));
		snprintf(text, sizeof(text), "shop/p%d", i);
		t_policy(&t[i], text, "app=db", INGRESS);
		t_rule(&t[i], NETPOL_DIRECTION_INGRESS);
		ASSERT_EQ(0, txn_flush(&t[i]));
	}
	for (round = 0; round < 10; round++)
		for (i = 0; i < 4; i++) {
			txn_message(&t[i]);
			snprintf(text, sizeof(text), "10.%d.%d.0/24", 100 + i, round);
			t_block(&t[i], text);
			ASSERT_EQ(0, txn_flush(&t[i]));
		}
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, txn_commit_only(&t[i], 0));
	EXPECT_EQ(ALLOW, nl_verdict(&self->nl, "10.103.9.1", "shop/db", 80));
	EXPECT_EQ(ALLOW, nl_verdict(&self->nl, "10.100.0.1", "shop/db", 80));
	EXPECT_EQ(DENY, nl_verdict(&self->nl, "10.104.0.1", "shop/db", 80));
}

/* --- big ones ------------------------------------------------------------------ */

TEST_F_TIMEOUT(transaction, policy_over_many_messages, 240)
{
	struct nl *nl = &self->nl;
	const int peers = 20000;
	struct bytes dump = {};
	char text[64];
	struct txn t;
	int i;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_policy(&t, "shop/db", "app=db", INGRESS);
	t_rule(&t, NETPOL_DIRECTION_INGRESS);
	for (i = 0; i < peers; i++) {
		snprintf(text, sizeof(text), "%d.%d.%d.0/24", 20 + i / 10000, i / 100 % 100,
			 i % 100);
		t_block(&t, text);
		snprintf(text, sizeof(text), "%d.%d.%d.%d/32", 20 + i / 10000, i / 100 % 100,
			 i % 100, i % 256);
		t_except(&t, text);
	}
	ASSERT_EQ(0, t.error);
	ASSERT_EQ(0, txn_commit(&t)) TH_LOG("%s", nl->ack.text);
	for (i = 0; i < peers; i += 997) {
		snprintf(text, sizeof(text), "%d.%d.%d.%d", 20 + i / 10000, i / 100 % 100,
			 i % 100, i % 256);
		EXPECT_EQ(DENY, nl_verdict(nl, text, "shop/db", 80)) TH_LOG("%s", text);
		snprintf(text, sizeof(text), "%d.%d.%d.%d", 20 + i / 10000, i / 100 % 100,
			 i % 100, (i + 1) % 256);
		EXPECT_EQ(ALLOW, nl_verdict(nl, text, "shop/db", 80)) TH_LOG("%s", text);
	}
	EXPECT_EQ(DENY, nl_verdict(nl, "19.0.0.1", "shop/db", 80));
	ASSERT_EQ(0, nl_dump(nl, NETPOL_CMD_GET_POLICY, &dump));
	/* the other policies have three peers and an except; shop/db lost its one */
	EXPECT_EQ(peers + 2, dump_count(&dump, NETPOL_A_PEER));
	EXPECT_EQ(peers + 1, dump_count(&dump, NETPOL_A_EXCEPT));
	bytes_free(&dump);
	ASSERT_EQ(0, load_cluster(nl));
}

/* --- what is refused ------------------------------------------------------------ */

/* A refused message poisons its transaction: what came before is not published. */
TEST_F(transaction, refused_add_poisons)
{
	struct txn t;
	struct msg *m;
	uint32_t at;

	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", 0));
	t_upheaval(&t);
	ASSERT_EQ(0, txn_flush(&t));
	m = &self->nl.out;
	at = nest(m, NETPOL_A_POD);
	put_str(m, NETPOL_POD_A_NAME, "without-namespace");
	nest_end(m, at);
	EXPECT_EQ(-EINVAL, txn_flush(&t));
	EXPECT_TRUE(self->nl.ack.has_text);
	/* also for good messages that follow */
	t_namespace(&t, "good", NULL);
	EXPECT_NE(0, txn_flush(&t));
	EXPECT_NE(0, txn_commit_only(&t, 0));
	EXPECT_TRUE(self->nl.ack.has_text);
	txn_abort(&t);
	EXPECT_UNCHANGED();
}

/* The first objects of a message are not kept when a later one is refused. */
TEST_F(transaction, refused_in_the_middle)
{
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", 0));
	t_namespace(&t, "good", NULL);
	t_pod(&t, &(struct pod){ "shop/x", 77, { "10.0.1.77" }, LOCAL });
	t_namespace(&t, "good2", NULL);
	EXPECT_EQ(-ENOENT, txn_commit(&t));
	EXPECT_TRUE(self->nl.ack.has_text);
	EXPECT_TRUE(self->nl.ack.has_offset);
	txn_abort(&t);
	EXPECT_UNCHANGED();
}

TEST_F(transaction, label_set_numbers)
{
	struct nl *nl = &self->nl;
	struct txn t;

	/* unknown number */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_pod(&t, &(struct pod){ "shop/x", 1, { "10.0.1.77" }, LOCAL });
	EXPECT_EQ(-ENOENT, txn_commit(&t));
	txn_abort(&t);
	/* used before it is given */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_pod(&t, &(struct pod){ "shop/x", 5, { "10.0.1.77" }, LOCAL });
	t_labels(&t, 5, "a=b", NULL);
	EXPECT_EQ(-ENOENT, txn_commit(&t));
	txn_abort(&t);
	/* given twice */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_labels(&t, 5, "a=b", NULL);
	t_labels(&t, 5, "a=c", NULL);
	EXPECT_EQ(-EEXIST, txn_commit(&t));
	txn_abort(&t);
	/* the same key twice */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_labels(&t, 5, "a=b,c=d,a=e", NULL);
	EXPECT_EQ(-EEXIST, txn_commit(&t));
	EXPECT_TRUE(nl->ack.has_text);
	txn_abort(&t);
	EXPECT_UNCHANGED();
	/* any number does, also in another message, and two names for one set */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_labels(&t, 0xffffffff, "app=client", NULL);
	t_labels(&t, 3, "app=client", NULL);
	ASSERT_EQ(0, txn_flush(&t));
	t_pod(&t, &(struct pod){ "office/x", 0xffffffff, { "10.0.2.77" }, LOCAL });
	t_pod(&t, &(struct pod){ "office/y", 3, { "10.0.2.78" }, LOCAL });
	EXPECT_EQ(0, txn_commit(&t));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/x", "shop/web", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/y", "shop/web", 80));
	/* but only in its own transaction */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_pod(&t, &(struct pod){ "office/z", 3, { "10.0.2.79" }, LOCAL });
	EXPECT_EQ(-ENOENT, txn_commit(&t));
}

TEST_F(transaction, except_outside_block)
{
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", 0));
	t_policy(&t, "shop/p", "", INGRESS);
	t_rule(&t, NETPOL_DIRECTION_INGRESS);
	t_block(&t, "10.0.0.0/16");
	t_except(&t, "10.1.0.0/24");
	EXPECT_EQ(-EINVAL, txn_commit(&t));
	EXPECT_NE(NULL, strstr(self->nl.ack.text, "shop/p")) TH_LOG("%s", self->nl.ack.text);
	txn_abort(&t);
	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", 0));
	t_policy(&t, "shop/p", "", INGRESS);
	t_rule(&t, NETPOL_DIRECTION_INGRESS);
	t_block(&t, "10.0.0.0/16");
	t_except(&t, "10.0.0.0/16");
	EXPECT_EQ(-EINVAL, txn_commit(&t));
	txn_abort(&t);
	/* an except of a peer made of selectors, and of no peer */
	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", 0));
	t_policy(&t, "shop/p", "", INGRESS);
	t_rule(&t, NETPOL_DIRECTION_INGRESS);
	t_peer(&t, "", NULL);
	t_except(&t, "10.0.0.0/16");
	EXPECT_EQ(-EINVAL, txn_commit(&t));
	txn_abort(&t);
	EXPECT_UNCHANGED();
}

/* A commit that says how many messages it had is refused if one was lost. */
TEST_F(transaction, messages_counted)
{
	struct nl *nl = &self->nl;
	struct txn t;
	struct msg *m;
	uint32_t bad;
	int claim;

	for (claim = 0; claim < 4; claim++) {
		ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
		t_upheaval(&t);
		ASSERT_EQ(0, txn_flush(&t));
		t_namespace(&t, "second", NULL);
		ASSERT_EQ(0, txn_flush(&t));
		m = nl_msg(nl, NETPOL_CMD_TXN_COMMIT);
		put_u32(m, NETPOL_A_TXN, t.number);
		put_u32(m, NETPOL_A_FLAGS, NETPOL_FLAG_CHECK);
		bad = m->len;
		put_u32(m, NETPOL_A_MESSAGES, claim);
		EXPECT_EQ(claim == 2 ? 0 : -EINVAL, nl_call(nl)) TH_LOG("%d", claim);
		if (claim != 2) {
			EXPECT_TRUE(nl->ack.has_text);
			EXPECT_EQ(bad, nl->ack.offset);
		}
		EXPECT_UNCHANGED();
	}
}

/* --- deletes ---------------------------------------------------------------------- */

TEST_F(transaction, delete_with_uid)
{
	struct nl *nl = &self->nl;
	struct txn t;

	/* another pod took the name by now: it stays */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_delete(&t, NETPOL_OBJECT_POD, "shop/web", 99);
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(5, nl_used(nl, NETPOL_LIMIT_PODS));
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_delete(&t, NETPOL_OBJECT_POD, "shop/web", 1);
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(4, nl_used(nl, NETPOL_LIMIT_PODS));
	EXPECT_EQ(-ENOENT, nl_verdict(nl, "shop/web", "shop/db", 80));
	EXPECT_EQ(DENY, nl_verdict(nl, "10.0.1.2", "shop/db", 5432));
}

TEST_F(transaction, delete_what_is_not_there)
{
	struct nl *nl = &self->nl;
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_delete(&t, NETPOL_OBJECT_POD, "shop/nobody", 0);
	t_delete(&t, NETPOL_OBJECT_POLICY, "nowhere/p", 0);
	t_delete(&t, NETPOL_OBJECT_NAMESPACE, "nowhere", 0);
	t_delete(&t, NETPOL_OBJECT_SETTINGS, NULL, 0);
	ASSERT_EQ(0, txn_commit(&t));
	self->before.generation = nl_generation(nl);
	EXPECT_UNCHANGED();
	/* another origin's objects are not there either */
	ASSERT_EQ(0, txn_begin(&t, nl, "kube", 0));
	t_delete(&t, NETPOL_OBJECT_POD, "shop/web", 0);
	ASSERT_EQ(0, txn_commit(&t));
	self->before.generation = nl_generation(nl);
	EXPECT_UNCHANGED();
}

#define REFUSED_SOCKETS	16
#define REFUSED_MS	6000

/* Has a transaction refused that is not there, again and again. How often it saw another's text. */
static int refused(uint32_t number)
{
	int64_t end = now_ms() + REFUSED_MS;
	char mine[64];
	struct nl nl;
	int wrong = 0;

	if (nl_open(&nl))
		return 100;
	for (; now_ms() < end; number++) {
		put_u32(nl_msg(&nl, NETPOL_CMD_TXN_ABORT), NETPOL_A_TXN, number);
		snprintf(mine, sizeof(mine), "this socket has no transaction %u", number);
		if (nl_call(&nl) != -ENOENT || strcmp(nl.ack.text, mine))
			wrong++;
	}
	nl_close(&nl);
	return wrong < 100 ? wrong : 100;
}

/* However many are refused at the same time, each is told why its own request was. */
TEST_F_TIMEOUT(transaction, refused_in_parallel, 120)
{
	pid_t pid[REFUSED_SOCKETS];
	int i, status, wrong = 0;

	for (i = 0; i < REFUSED_SOCKETS; i++) {
		pid[i] = fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i])
			_exit(refused(1000000 * (i + 1)));
	}
	for (i = 0; i < REFUSED_SOCKETS; i++) {
		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		wrong += WIFEXITED(status) ? WEXITSTATUS(status) : 100;
	}
	EXPECT_EQ(0, wrong);
}

/* The last of several operations on an object counts. */
TEST_F(transaction, order_within)
{
	struct nl *nl = &self->nl;
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_delete(&t, NETPOL_OBJECT_NAMESPACE, "office", 0);
	t_namespace(&t, "office", "team=former");
	t_namespace(&t, "office", "team=staff");
	t_namespace(&t, "gone", NULL);
	t_delete(&t, NETPOL_OBJECT_NAMESPACE, "gone", 0);
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(2, nl_used(nl, NETPOL_LIMIT_NAMESPACES));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 80));
	self->before.generation = nl_generation(nl);
	EXPECT_EQ(0, nl_used(nl, NETPOL_LIMIT_TRANSACTIONS));
}

TEST_F(transaction, flush)
{
	struct nl *nl = &self->nl;
	struct bytes dump = {};

	ASSERT_EQ(0, nl_flush_objects(nl));
	EXPECT_LT(self->before.generation, nl_generation(nl));
	ASSERT_EQ(0, nl_dump(nl, NETPOL_CMD_GET_POD, &dump));
	EXPECT_EQ(0, dump.count);
	ASSERT_EQ(0, nl_dump(nl, NETPOL_CMD_GET_NAMESPACE, &dump));
	EXPECT_EQ(0, dump.count);
	ASSERT_EQ(0, nl_dump(nl, NETPOL_CMD_GET_POLICY, &dump));
	EXPECT_EQ(0, dump.count);
	ASSERT_EQ(0, nl_flush_objects(nl));
	bytes_free(&dump);
}

TEST_HARNESS_MAIN
