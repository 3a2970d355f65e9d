// SPDX-License-Identifier: GPL-2.0
/*
 * Each allocation that a request makes fails in its turn (/proc/thread-self/fail-nth of a
 * kernel with fault injection): the request ends with an error and nothing has changed, or
 * it did not need that memory and has done its work; in the end it succeeds. What such a
 * failure leaves behind is found by kmemleak afterwards (tests/vm/init).
 *
 * netpol-test: kernels=debug
 * netpol-test: timeout=600
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include "kselftest_harness.h"
#include "netpol_net.h"

#define ALLOCATIONS_MAX 20000	/* of one request; the loop ends long before */

/* Allocations that may sleep fail as well, single pages too, and nothing is printed. */
static int faults_ready(void)
{
	static const char *const set[][2] = {
		{ "/sys/kernel/debug/failslab/ignore-gfp-wait", "N" },
		{ "/sys/kernel/debug/failslab/verbose", "0" },
		{ "/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N" },
		{ "/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N" },
		{ "/sys/kernel/debug/fail_page_alloc/min-order", "0" },
		{ "/sys/kernel/debug/fail_page_alloc/verbose", "0" },
	};
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < sizeof(set) / sizeof(set[0]); i++)
		ret = write_file(set[i][0], set[i][1]);
	return ret;
}

FIXTURE(failnth)
{
	struct nl nl;
	struct picture before;
	struct bytes sink;
	int fault;
};

FIXTURE_SETUP(failnth)
{
	ASSERT_EQ(0, faults_ready());
	self->fault = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fault);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, load_cluster(&self->nl));
	ASSERT_EQ(0, picture_take(&self->nl, &self->before, cluster_pods));
	/* what userspace needs meanwhile it has */
	self->sink.data = malloc(TAKE_MAX);
	self->sink.size = TAKE_MAX;
	ASSERT_NE(NULL, self->sink.data);
	ASSERT_EQ(0, mlockall(MCL_CURRENT | MCL_FUTURE));
}

FIXTURE_TEARDOWN(failnth)
{
	picture_free(&self->before);
	bytes_free(&self->sink);
	nl_close(&self->nl);
	close(self->fault);
}

/* Sends nl->out while the @nth allocation fails; *@reached: there was one. */
static int failing(FIXTURE_DATA(failnth) *self, unsigned int nth, bool *reached)
{
	char text[16];
	int ret;

	snprintf(text, sizeof(text), "%u", nth);
	if (pwrite(self->fault, text, strlen(text), 0) < 0)
		return -errno;
	ret = nl_run(&self->nl, &self->sink);
	memset(text, 0, sizeof(text));
	if (pread(self->fault, text, sizeof(text) - 1, 0) <= 0)
		return -errno;
	*reached = !atoi(text);
	if (pwrite(self->fault, "0", 1, 0) < 0)
		return -errno;
	return ret;
}

/* A refusal, in whichever way netlink had memory left to say it. */
static bool out_of_memory(int error)
{
	return error == -ENOMEM || error == -ENOBUFS;
}

/* What differs from the picture that was taken at first; NULL: nothing. */
static const char *changed(FIXTURE_DATA(failnth) *self)
{
	struct picture now;
	const char *what = "no picture";

	if (!picture_take(&self->nl, &now, cluster_pods))
		what = picture_differs(&self->before, &now);
	picture_free(&now);
	return what;
}

/* Loads the cluster again and takes its picture as the one to compare with. */
static int begin_again(FIXTURE_DATA(failnth) *self)
{
	int ret = load_cluster(&self->nl);

	picture_free(&self->before);
	return ret ? ret : picture_take(&self->nl, &self->before, cluster_pods);
}

/* A request that changes nothing, made by @make each time. */
static void reads(struct __test_metadata *_metadata, FIXTURE_DATA(failnth) *self,
		  const char *name, void (*make)(struct nl *nl))
{
	unsigned int n, refused = 0;
	bool reached = true;
	int ret;

	for (n = 1; reached && n < ALLOCATIONS_MAX; n++) {
		make(&self->nl);
		ret = failing(self, n, &reached);
		if (ret) {
			refused++;
			ASSERT_TRUE(reached) TH_LOG("%s: %d", name, ret);
			ASSERT_TRUE(out_of_memory(ret)) TH_LOG("%s, %u: %d", name, n, ret);
		}
	}
	TH_LOG("%s: %u allocations, %u of them refused it", name, n - 2, refused);
	ASSERT_FALSE(reached);
	ASSERT_LT(0, refused);
	ASSERT_STREQ("", changed(self) ?: "") TH_LOG("%s", name);
}

static void make_info(struct nl *nl) { nl_msg(nl, NETPOL_CMD_GET_INFO); }
static void make_settings(struct nl *nl) { nl_msg(nl, NETPOL_CMD_GET_SETTINGS); }
static void make_namespaces(struct nl *nl) { nl_dump_msg(nl, NETPOL_CMD_GET_NAMESPACE); }
static void make_pods(struct nl *nl) { nl_dump_msg(nl, NETPOL_CMD_GET_POD); }
static void make_policies(struct nl *nl) { nl_dump_msg(nl, NETPOL_CMD_GET_POLICY); }
static void make_counters(struct nl *nl) { nl_dump_msg(nl, NETPOL_CMD_GET_COUNTERS); }

static void make_trie(struct nl *nl)
{
	struct msg *m = nl_dump_msg(nl, NETPOL_CMD_GET_TRIE);
	uint32_t at = nest(m, NETPOL_A_TRIE);

	put_str(m, NETPOL_TRIE_A_POD_NAMESPACE, "shop");
	put_str(m, NETPOL_TRIE_A_POD_NAME, "web");
	nest_end(m, at);
}

static void make_eval(struct nl *nl)
{
	struct msg *m = nl_msg(nl, NETPOL_CMD_EVAL);
	uint32_t at = nest(m, NETPOL_A_EVAL);

	put_pod_name(m, NETPOL_EVAL_A_SOURCE_NAMESPACE, NETPOL_EVAL_A_SOURCE_NAME,
		     "office/client");
	put_pod_name(m, NETPOL_EVAL_A_DESTINATION_NAMESPACE, NETPOL_EVAL_A_DESTINATION_NAME,
		     "shop/web");
	put_u8(m, NETPOL_EVAL_A_PROTOCOL, IPPROTO_TCP);
	put_u16(m, NETPOL_EVAL_A_PORT, 80);
	nest_end(m, at);
}

TEST_F_TIMEOUT(failnth, reads, 300)
{
	reads(_metadata, self, "GET_INFO", make_info);
	reads(_metadata, self, "GET_SETTINGS", make_settings);
	reads(_metadata, self, "GET_NAMESPACE", make_namespaces);
	reads(_metadata, self, "GET_POD", make_pods);
	reads(_metadata, self, "GET_POLICY", make_policies);
	reads(_metadata, self, "GET_COUNTERS", make_counters);
	reads(_metadata, self, "GET_TRIE", make_trie);
	reads(_metadata, self, "EVAL", make_eval);
}

/* More of every kind than the cluster has, and a policy changed. */
static void t_more(struct txn *t)
{
	t_cluster(t);
	t_namespace(t, "more", "team=more");
	t_labels(t, 9, "app=more,tier=back", "metrics/6/9100");
	t_pod(t, &(struct pod){ "more/one", 9, { "10.0.3.2", "fd00:3::2" }, LOCAL, 0, 9 });
	t_policy(t, "more/one", "app=more", INGRESS | EGRESS);
	t_rule(t, NETPOL_DIRECTION_INGRESS);
	t_peer(t, "team in more|staff", "app notin guest");
	t_block(t, "2001:db8::/32");
	t_except(t, "2001:db8:1::/48");
	t_port(t, IPPROTO_TCP, 0, 0, "metrics");
	t_rule(t, NETPOL_DIRECTION_EGRESS);
	t_block(t, "198.51.100.0/24");
	t_port(t, IPPROTO_UDP, 5000, 6000, NULL);
	/* each half of a pod with a Pass in it, and one without NetworkPolicies; names of ports */
	t_cluster_policy(t, "wall", NETPOL_TIER_ADMIN, 7, "team in more|sales|staff", "app",
			 INGRESS | EGRESS);
	t_action(t, NETPOL_DIRECTION_INGRESS, NETPOL_ACTION_PASS, "hand on");
	t_peer(t, "team=staff", "app=client");
	t_port(t, IPPROTO_TCP, 0, 0, "metrics");
	t_action(t, NETPOL_DIRECTION_EGRESS, NETPOL_ACTION_DENY, "no way");
	t_block(t, "203.0.113.0/24");
	t_action(t, NETPOL_DIRECTION_EGRESS, NETPOL_ACTION_DENY, "names");
	t_peer(t, "team=nobody", NULL);
	t_port(t, IPPROTO_TCP, 0, 0, "metrics");
	t_cluster_policy(t, "ground", NETPOL_TIER_BASELINE, 0, "", "", INGRESS);
	t_action(t, NETPOL_DIRECTION_INGRESS, NETPOL_ACTION_DENY, NULL);
	t_peer(t, "team=none", "app");
}

/* TXN_BEGIN, TXN_ADD and TXN_ABORT: a transaction that is refused leaves nothing in force. */
TEST_F_TIMEOUT(failnth, transaction, 300)
{
	struct nl *nl = &self->nl;
	unsigned int n, step, refused[3] = {};
	bool reached;
	struct txn t;
	int ret;

	for (step = 0; step < 3; step++) {
		reached = true;
		for (n = 1; reached && n < ALLOCATIONS_MAX; n++) {
			if (step) {
				ASSERT_EQ(0, txn_begin(&t, nl, "manual", NETPOL_FLAG_FULL));
				if (step == 1)
					t_more(&t);
				else
					put_u32(nl_msg(nl, NETPOL_CMD_TXN_ABORT),
						NETPOL_A_TXN, t.number);
			} else {
				put_str(nl_msg(nl, NETPOL_CMD_TXN_BEGIN), NETPOL_A_ORIGIN,
					"manual");
			}
			ret = failing(self, n, &reached);
			refused[step] += !!ret;
			ASSERT_TRUE(!ret || out_of_memory(ret))
				TH_LOG("step %u, %u: %d", step, n, ret);
			ASSERT_TRUE(!ret || reached) TH_LOG("step %u: %d", step, ret);
			if (step == 1)
				ASSERT_EQ(0, txn_abort(&t));
			/* an open transaction goes with its socket */
			nl_close(nl);
			ASSERT_EQ(0, nl_open(nl));
		}
		ASSERT_FALSE(reached);
		ASSERT_LT(0, refused[step]);
		ASSERT_STREQ("", changed(self) ?: "") TH_LOG("step %u", step);
		TH_LOG("step %u: %u allocations, %u of them refused it", step, n - 2,
		       refused[step]);
	}
}

/*
 * A commit, of more than there is, of less, and a trial; and FLUSH. All of it is in force
 * or nothing, also where only the answer could not be sent.
 */
static void commits(struct __test_metadata *_metadata, FIXTURE_DATA(failnth) *self,
		    const char *name, bool more, uint32_t flags)
{
	unsigned int n, refused = 0, silent = 0;
	struct nl *nl = &self->nl;
	bool reached = true;
	struct txn t;
	int ret;

	for (n = 1; reached && n < ALLOCATIONS_MAX; n++) {
		uint64_t generation;

		ASSERT_EQ(0, txn_begin(&t, nl, "manual", NETPOL_FLAG_FULL));
		if (more)
			t_more(&t);
		else
			t_namespace(&t, "shop", "team=sales");
		ASSERT_EQ(0, txn_flush(&t));
		put_u32(nl_msg(nl, NETPOL_CMD_TXN_COMMIT), NETPOL_A_TXN, t.number);
		if (flags)
			put_u32(&nl->out, NETPOL_A_FLAGS, flags);
		ret = failing(self, n, &reached);
		ASSERT_TRUE(!ret || out_of_memory(ret)) TH_LOG("%s, %u: %d", name, n, ret);
		ASSERT_TRUE(!ret || reached) TH_LOG("%s: %d", name, ret);
		refused += !!ret;
		generation = nl_generation(nl);
		if (ret)
			txn_abort(&t);
		if (generation == self->before.generation) {
			ASSERT_TRUE(ret || flags & NETPOL_FLAG_CHECK) TH_LOG("%s, %u", name, n);
			ASSERT_STREQ("", changed(self) ?: "") TH_LOG("%s, %u", name, n);
			continue;
		}
		silent += !!ret;
		ASSERT_FALSE(flags & NETPOL_FLAG_CHECK);
		/* only a commit whose answer was lost may have an error and be in force */
		ASSERT_TRUE(!ret || ret == -ENOBUFS) TH_LOG("%s, %u: %d", name, n, ret);
		ASSERT_EQ(more ? NETPOL_VERDICT_DENY : -ENOENT,
			  nl_verdict(nl, "office/guest", more ? "more/one" : "shop/web", 9100));
		ASSERT_EQ(0, begin_again(self));
	}
	TH_LOG("%s: %u allocations, %u of them refused it, %u took the answer", name, n - 2,
	       refused, silent);
	ASSERT_FALSE(reached);
	ASSERT_LT(0, refused);
}

TEST_F_TIMEOUT(failnth, commits, 500)
{
	commits(_metadata, self, "commit of more", true, 0);
	commits(_metadata, self, "commit of less", false, 0);
	commits(_metadata, self, "trial", true, NETPOL_FLAG_CHECK);
}

TEST_F_TIMEOUT(failnth, flush, 300)
{
	struct nl *nl = &self->nl;
	bool reached = true;
	unsigned int n;
	int ret;

	for (n = 1; reached && n < ALLOCATIONS_MAX; n++) {
		nl_msg(nl, NETPOL_CMD_FLUSH);
		ret = failing(self, n, &reached);
		ASSERT_TRUE(!ret || out_of_memory(ret)) TH_LOG("%u: %d", n, ret);
		if (nl_generation(nl) == self->before.generation) {
			ASSERT_NE(0, ret);
			ASSERT_STREQ("", changed(self) ?: "") TH_LOG("%u", n);
			continue;
		}
		ASSERT_EQ(-ENOENT, nl_verdict(nl, "office/guest", "shop/web", 80));
		ASSERT_EQ(0, begin_again(self));
	}
	TH_LOG("FLUSH: %u allocations", n - 2);
	ASSERT_FALSE(reached);
}

TEST_HARNESS_MAIN
