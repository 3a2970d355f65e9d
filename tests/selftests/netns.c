// SPDX-License-Identifier: GPL-2.0
/*
 * Network namespaces and interfaces come and go: state per namespace, teardown with
 * objects loaded, and pods that end with their interface.
 *
 * netpol-test: timeout=600
 */
#include "kselftest_harness.h"
#include "netpol_net.h"

#define ALLOW	NETPOL_VERDICT_ALLOW
#define DENY	NETPOL_VERDICT_DENY

FIXTURE(netns)
{
	struct nl nl;
};

FIXTURE_SETUP(netns)
{
	ASSERT_EQ(0, node_enter());
	ASSERT_EQ(0, nl_open(&self->nl));
}

FIXTURE_TEARDOWN(netns)
{
	nl_flush_objects(&self->nl);
	nl_close(&self->nl);
}

/* State flags of a pod in the dump; ~0: it is not there. */
static uint64_t pod_state(struct nl *nl, const char *name)
{
	struct bytes dump = {};
	const struct nlattr *pod;
	uint64_t state = ~0ULL;

	if (!nl_dump(nl, NETPOL_CMD_GET_POD, &dump)) {
		pod = dump_find(&dump, NETPOL_A_POD, NETPOL_POD_A_NAME, name);
		if (pod)
			state = at_u_in(pod, NETPOL_POD_A_FLAGS) >> NETPOL_POD_F_STATE_SHIFT;
	}
	bytes_free(&dump);
	return state;
}

/* Namespace t with pod t/x on an interface, and t/y, which takes t/x only. */
static int load_x(struct nl *nl, unsigned int ifindex)
{
	struct txn t;
	int ret = txn_begin(&t, nl, "manual", NETPOL_FLAG_FULL);

	if (ret)
		return ret;
	t_namespace(&t, "t", "team=t");
	t_labels(&t, 1, "app=x", NULL);
	t_labels(&t, 2, "app=y", NULL);
	t_pod(&t, &(struct pod){ "t/x", 1, { "10.5.0.1", "fd05::1" }, LOCAL, ifindex, 1 });
	t_pod(&t, &(struct pod){ "t/y", 2, { "10.5.0.2", "fd05::2" }, LOCAL, 0, 2 });
	t_policy(&t, "t/in", "app=y", INGRESS);
	t_rule(&t, NETPOL_DIRECTION_INGRESS);
	t_peer(&t, NULL, "app=x");
	return txn_commit(&t);
}

/* The pod is gone, its address is nobody's, and the policies know. */
#define EXPECT_GONE(name) do {							\
	EXPECT_TRUE(WAIT_FOR(pod_state(&self->nl, name) & NETPOL_OBJECT_F_GONE, 5000)); \
	EXPECT_EQ(DENY, nl_verdict(&self->nl, "10.5.0.1", "t/y", 80));		\
	EXPECT_EQ(DENY, nl_verdict(&self->nl, "fd05::1", "t/y", 80));		\
} while (0)

TEST_F(netns, interface_removed)
{
	struct nl *nl = &self->nl;

	ASSERT_EQ(0, sh("ip link add x0 type veth peer name x1"));
	ASSERT_EQ(0, load_x(nl, if_nametoindex("x0")));
	EXPECT_EQ(0, pod_state(nl, "x"));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "t/x", "t/y", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "10.5.0.1", "t/y", 80));
	ASSERT_EQ(0, sh("ip link del x0"));
	EXPECT_GONE("x");
	EXPECT_EQ(0, pod_state(nl, "y"));
	/* the same object again does not bring it back */
	ASSERT_EQ(0, load_x(nl, 0x7000));
	EXPECT_GONE("x");
	/* a new interface does */
	ASSERT_EQ(0, sh("ip link add x0 type veth peer name x1"));
	ASSERT_EQ(0, load_x(nl, if_nametoindex("x0")));
	EXPECT_EQ(0, pod_state(nl, "x"));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "10.5.0.1", "t/y", 80));
}

/* Inside a guard the address is then that of an unknown pod. */
TEST_F(netns, gone_and_guarded)
{
	struct nl *nl = &self->nl;
	struct txn t;
	struct msg *m;
	uint32_t at;

	ASSERT_EQ(0, sh("ip link add x0 type veth peer name x1"));
	ASSERT_EQ(0, load_x(nl, if_nametoindex("x0")));
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	m = txn_room(&t);
	at = nest(m, NETPOL_A_SETTINGS);
	put_prefix(m, NETPOL_SETTINGS_A_GUARD_PREFIX, "10.5.0.0/24");
	nest_end(m, at);
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "10.5.0.1", "198.51.100.1", 80));
	ASSERT_EQ(0, sh("ip link del x0"));
	EXPECT_TRUE(WAIT_FOR(nl_verdict(nl, "10.5.0.1", "198.51.100.1", 80) == DENY, 5000));
	EXPECT_EQ(NETPOL_REASON_UNKNOWN, nl_reason(nl));
}

/* Moving an interface to another namespace ends its pod here too. */
TEST_F(netns, interface_moved)
{
	struct nl *nl = &self->nl;
	int other = netns_new();

	ASSERT_LE(0, other);
	ASSERT_EQ(0, sh("ip link add x0 type veth peer name x1"));
	ASSERT_EQ(0, load_x(nl, if_nametoindex("x0")));
	ASSERT_EQ(0, sh("ip link set x1 down && ip link set x0 netns /proc/%d/fd/%d",
			getpid(), other));
	EXPECT_GONE("x");
	close(other);
}

/* Clock ticks that a process has spent in the kernel; -1: it is not there. */
static long kernel_ticks(pid_t pid)
{
	char path[64], line[1024] = "", *at;
	long ticks = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (f && fgets(line, sizeof(line), f)) {
		at = strrchr(line, ')');
		if (at && sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %ld",
				 &ticks) != 1)
			ticks = -1;
	}
	if (f)
		fclose(f);
	return ticks;
}

#define ALIKE	6000

/* Sends pods that all claim one address; that takes a commit the square of their number. */
static int send_alike(struct nl *nl, struct txn *t)
{
	char name[32];
	int i, ret = txn_begin(t, nl, "manual", 0);

	for (i = 0; !ret && i < ALIKE; i++) {
		snprintf(name, sizeof(name), "t/alike-%d", i);
		t_labels(t, 10 + i, "app=alike", NULL);
		t_pod(t, &(struct pod){ name, 10 + i, { "10.5.9.9" }, REMOTE });
	}
	return ret;
}

/*
 * A commit that takes long keeps no interface waiting: one goes, and another one comes, while it
 * runs, and the pod of the first is gone at once. RTNL is held meanwhile, so the machine waits.
 */
TEST_F_TIMEOUT(netns, interface_during_commit, 240)
{
	struct pollfd ended = { .events = POLLIN };
	struct nl *nl = &self->nl;
	int pipes[2], status, before;
	struct nl other;
	struct txn t;
	pid_t pid;

	ASSERT_EQ(0, sh("ip link add x0 type veth peer name x1"));
	ASSERT_EQ(0, load_x(nl, if_nametoindex("x0")));
	ASSERT_EQ(0, pipe(pipes));
	ended.fd = pipes[0];
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(pipes[0]);
		if (nl_open(&other) || send_alike(&other, &t))
			_exit(1);
		/* the reader looks at the ticks from here on */
		if (write(pipes[1], "c", 1) != 1)
			_exit(2);
		_exit(txn_commit(&t) ? 3 : 0);
	}
	close(pipes[1]);
	ASSERT_EQ(1, read(pipes[0], &(char){ 0 }, 1));
	before = kernel_ticks(pid);
	ASSERT_LE(0, before);
	/* nothing but the commit spends that much there now */
	ASSERT_TRUE(WAIT_FOR(kernel_ticks(pid) >= before + 10, 20000));
	EXPECT_EQ(0, sh("ip link del x0 && ip link add x2 type dummy && ip link del x2"));
	/* the commit ends the process, and with it the pipe */
	EXPECT_EQ(0, poll(&ended, 1, 0)) TH_LOG("the interface waited for the commit");
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	close(pipes[0]);
	EXPECT_GONE("x");
}

/* An interface that goes down or is renamed is still there. */
TEST_F(netns, interface_down)
{
	struct nl *nl = &self->nl;

	ASSERT_EQ(0, sh("ip link add x0 type veth peer name x1; ip link set x0 up"));
	ASSERT_EQ(0, load_x(nl, if_nametoindex("x0")));
	ASSERT_EQ(0, sh("ip link set x0 down && ip link set x0 name x9 && ip link set x9 up"));
	EXPECT_EQ(0, pod_state(nl, "x"));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "10.5.0.1", "t/y", 80));
}

/* A pod whose interface was gone before the commit is gone from the beginning. */
TEST_F(netns, interface_gone_before_commit)
{
	struct nl *nl = &self->nl;
	unsigned int ifindex;
	struct txn t;

	ASSERT_EQ(0, sh("ip link add x0 type veth peer name x1"));
	ifindex = if_nametoindex("x0");
	ASSERT_EQ(0, load_x(nl, 0));
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_labels(&t, 1, "app=x", NULL);
	t_pod(&t, &(struct pod){ "t/x", 1, { "10.5.0.1", "fd05::1" }, LOCAL, ifindex, 1 });
	ASSERT_EQ(0, txn_flush(&t));
	ASSERT_EQ(0, sh("ip link del x0"));
	ASSERT_EQ(0, txn_commit_only(&t, 0));
	EXPECT_GONE("x");
}

/* The interface of a pod that runs in a namespace dies with that namespace. */
TEST_F_TIMEOUT(netns, pod_namespace_removed, 60)
{
	struct netpod p;

	ASSERT_EQ(0, netpod_new(&p, 5));
	ASSERT_EQ(0, load_x(&self->nl, p.ifindex));
	EXPECT_EQ(0, pod_state(&self->nl, "x"));
	close(p.ns);
	EXPECT_TRUE(WAIT_FOR(!if_nametoindex(p.veth), 20000));
	EXPECT_GONE("x");
}

/* Removed with everything loaded, a transaction open and a dump on its way. */
TEST_F_TIMEOUT(netns, removed_with_objects, 300)
{
	static struct nl nl, builder, reader;
	long idle = module_refs();
	int i, here = netns_here();
	struct bytes dump = {};
	struct txn t;

	ASSERT_LE(0, here);
	ASSERT_LE(0, idle);
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, unshare(CLONE_NEWNET));
		ASSERT_EQ(0, nl_open(&nl));
		ASSERT_EQ(0, sh("ip link add x0 type veth peer name x1"));
		ASSERT_EQ(0, load_cluster(&nl));
		ASSERT_EQ(0, load_x(&nl, if_nametoindex("x0")));
		if (i % 2) {
			ASSERT_EQ(0, nl_open(&builder));
			ASSERT_EQ(0, txn_begin(&t, &builder, "kube", 0));
			t_cluster(&t);
			ASSERT_EQ(0, txn_flush(&t));
			ASSERT_EQ(0, nl_open(&reader));
			ASSERT_EQ(0, nl_join(&reader, 0));
			nl_dump_msg(&reader, NETPOL_CMD_GET_POD);
			ASSERT_EQ(0, nl_send(&reader));
		}
		ASSERT_EQ(0, setns(here, CLONE_NEWNET));
		if (i % 2) {
			nl_close(&builder);
			nl_close(&reader);
		}
		nl_close(&nl);
	}
	EXPECT_TRUE(WAIT_FOR(module_refs() == idle, 60000))
		TH_LOG("%ld references, %ld before", module_refs(), idle);
	/* this namespace saw nothing of it */
	EXPECT_EQ(0, nl_generation(&self->nl));
	ASSERT_EQ(0, nl_dump(&self->nl, NETPOL_CMD_GET_POD, &dump));
	EXPECT_EQ(0, dump.count);
	bytes_free(&dump);
	close(here);
}

/* Two namespaces with the same names and addresses, and other policies. */
TEST_F(netns, independent)
{
	static struct nl other;
	int here = netns_here();
	struct txn t;

	ASSERT_LE(0, here);
	ASSERT_EQ(0, load_cluster(&self->nl));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&other));
	ASSERT_EQ(0, load_cluster(&other));
	ASSERT_EQ(0, txn_begin(&t, &other, "manual", 0));
	t_namespace(&t, "office", "team=former");
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(DENY, nl_verdict(&other, "office/client", "shop/web", 80));
	EXPECT_EQ(ALLOW, nl_verdict(&self->nl, "office/client", "shop/web", 80));
	ASSERT_EQ(0, nl_flush_objects(&other));
	EXPECT_EQ(ALLOW, nl_verdict(&self->nl, "office/client", "shop/web", 80));
	EXPECT_EQ(5, nl_used(&self->nl, NETPOL_LIMIT_PODS));
	nl_close(&other);
	ASSERT_EQ(0, setns(here, CLONE_NEWNET));
	close(here);
}

/* Packets are judged by the namespace they are in: a "node" beside this one. */
TEST_F_TIMEOUT(netns, packets_of_each, 60)
{
	static struct nl other;
	struct netpod a, b;
	int from, to;
	struct txn t;

	/* the first node denies what the second one sees */
	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", NETPOL_FLAG_FULL));
	t_namespace(&t, "t", NULL);
	t_pod(&t, &(struct pod){ "t/a", 0, { "10.0.1.2" }, LOCAL });
	t_pod(&t, &(struct pod){ "t/b", 0, { "10.0.2.2" }, LOCAL });
	t_policy(&t, "t/none", "", INGRESS | EGRESS);
	ASSERT_EQ(0, txn_commit(&t));
	ASSERT_EQ(0, node_enter());
	ASSERT_EQ(0, nl_open(&other));
	ASSERT_EQ(0, netpod_new(&a, 1));
	ASSERT_EQ(0, netpod_new(&b, 2));
	from = udp_open(&a, a.address4, 4000);
	to = udp_open(&b, b.address4, 5000);
	EXPECT_TRUE(udp_reaches(from, to, b.address4, 5000, 10000));
	/* and now the second one denies it as well */
	ASSERT_EQ(0, txn_begin(&t, &other, "manual", NETPOL_FLAG_FULL));
	t_namespace(&t, "t", NULL);
	t_pod(&t, &(struct pod){ "t/a", 0, { a.address4 }, LOCAL, a.ifindex });
	t_pod(&t, &(struct pod){ "t/b", 0, { b.address4 }, LOCAL, b.ifindex });
	t_policy(&t, "t/some", "", INGRESS);
	t_rule(&t, NETPOL_DIRECTION_INGRESS);
	t_port(&t, IPPROTO_UDP, 5001, 0, NULL);
	ASSERT_EQ(0, txn_commit(&t));
	ASSERT_EQ(0, udp_send(from, b.address4, 5000, 7));
	EXPECT_TRUE(WAIT_FOR(nl_counter(&other, "b", NETPOL_COUNTERS_A_INGRESS_DENIED) == 1,
			     5000));
	EXPECT_EQ(-1, udp_take(to, 0));
	EXPECT_EQ(0, nl_counter(&self->nl, "b", NETPOL_COUNTERS_A_INGRESS_DENIED));
	nl_flush_objects(&other);
	EXPECT_TRUE(udp_reaches(from, to, b.address4, 5000, 10000));
	nl_close(&other);
}

TEST_HARNESS_MAIN
