// SPDX-License-Identifier: GPL-2.0
/*
 * The module is loaded and unloaded while traffic flows, with policies in force in
 * between, and nothing is left: no warning (the rig looks for those), no memory, no
 * reference. It does not go while it enforces.
 *
 * netpol-test: no-module
 * netpol-test: kernels=6.1,debug
 * netpol-test: timeout=900
 */
#include "kselftest_harness.h"
#include "netpol_net.h"
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

/* Lives of the module; an emulated processor takes seconds for each. */
static int lives(void)
{
	return getenv("KSFT_MACHINE_SLOW") ? 25 : 100;
}

/* Loads the module as modprobe finds it. */
static int load(void)
{
	return sh("modprobe netpol");
}

static int unload(void)
{
	return syscall(SYS_delete_module, "netpol", O_NONBLOCK) ? -errno : 0;
}

static bool loaded(void)
{
	return !access("/sys/module/netpol/refcnt", F_OK);
}

/* References that go with an RCU grace period or a work item may lag behind a flush. */
static int unload_soon(void)
{
	int ret;

	WAIT_FOR((ret = unload()) != -EWOULDBLOCK && ret != -EBUSY, 10000);
	return ret;
}

/**
 * struct traffic - a sender of pings and its echo, shared with their processes
 * @echoed: pings that came back
 * @stop: end
 */
struct traffic {
	volatile uint64_t echoed;
	volatile bool stop;
};

FIXTURE(load)
{
	struct netpod a, b;
	struct traffic *traffic;
	pid_t pid;
	struct nl nl;
};

/*
 * A netfilter hook of every kind in some other namespace, for as long as the test runs.
 * Without, each load and unload patches the kernel's text where packets pass (the static
 * keys nf_hooks_needed), and emulated CPUs of QEMU's TCG can trip over the breakpoint
 * that is there for a moment: "Oops: int3" in __ip_local_out(), which is not ours.
 */
static int keep_hooks(int ns)
{
	int here = netns_here(), ret;

	if (here < 0 || setns(ns, CLONE_NEWNET))
		return -1;
	ret = sh("nft add table inet keep && "
		 "for h in prerouting input forward output postrouting; do "
		 "nft add chain inet keep $h \"{ type filter hook $h priority 0; }\" || exit 1; "
		 "done");
	if (setns(here, CLONE_NEWNET))
		ret = -1;
	close(here);
	return ret;
}

/* UDP to and fro between two pods, as fast as it goes, also over lost packets. */
static void exchange(struct traffic *traffic, const struct netpod *a,
		     const struct netpod *b)
{
	int from = udp_open(a, a->address4, 4000), to = udp_open(b, b->address4, 5000);
	uint32_t n = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (from < 0 || to < 0)
		_exit(1);
	while (!traffic->stop) {
		udp_send(from, b->address4, 5000, ++n);
		if (udp_take(to, 20) < 0)
			continue;
		udp_send(to, a->address4, 4000, n);
		if (udp_take(from, 20) >= 0)
			++traffic->echoed;
	}
	_exit(0);
}

FIXTURE_SETUP(load)
{
	self->pid = 0;
	if (loaded())
		SKIP(return, "netpol is loaded already");
	/* the initial network namespace is the node: conntrack is taken there at load */
	ASSERT_EQ(0, write_file("/proc/sys/net/ipv4/ip_forward", "1"));
	ASSERT_EQ(0, netpod_new(&self->a, 1));
	ASSERT_EQ(0, netpod_new(&self->b, 2));
	ASSERT_EQ(0, keep_hooks(self->a.ns));
	self->traffic = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->traffic);
	self->pid = fork();
	ASSERT_LE(0, self->pid);
	if (!self->pid)
		exchange(self->traffic, &self->a, &self->b);
	ASSERT_TRUE(WAIT_FOR(self->traffic->echoed > 10, 20000));
}

FIXTURE_TEARDOWN(load)
{
	if (self->pid > 0) {
		self->traffic->stop = true;
		kill(self->pid, SIGKILL);
		waitpid(self->pid, NULL, 0);
	}
	if (loaded() && !nl_open(&self->nl)) {
		nl_flush_objects(&self->nl);
		nl_close(&self->nl);
		unload_soon();
	}
	sh("ip link del pod1; ip link del pod2");
}

/* Both pods, and a policy that lets their traffic through or not. */
static int load_policy(struct nl *nl, const struct netpod *a, const struct netpod *b,
		       bool allow)
{
	struct txn t;
	int ret = txn_begin(&t, nl, "manual", NETPOL_FLAG_FULL);

	if (ret)
		return ret;
	t_namespace(&t, "t", "team=t");
	t_labels(&t, 1, "app=a", "http/6/80");
	t_labels(&t, 2, "app=b", NULL);
	t_pod(&t, &(struct pod){ "t/a", 1, { a->address4, a->address6 }, LOCAL, a->ifindex });
	t_pod(&t, &(struct pod){ "t/b", 2, { b->address4, b->address6 }, LOCAL, b->ifindex });
	t_policy(&t, "t/in", "app=b", INGRESS | EGRESS);
	if (allow) {
		t_rule(&t, NETPOL_DIRECTION_INGRESS);
		t_peer(&t, "team", "app=a");
		t_block(&t, "192.0.2.0/24");
		t_except(&t, "192.0.2.1/32");
		t_port(&t, IPPROTO_UDP, 5000, 0, NULL);
		/*
		 * Conntrack met this connection in its middle and may have taken the echo
		 * for its opening: that way has to be open too.
		 */
		t_rule(&t, NETPOL_DIRECTION_EGRESS);
		t_peer(&t, NULL, "app=a");
	}
	return txn_commit(&t);
}

/* Does the traffic go on? */
static bool flows(const struct traffic *traffic, int ms)
{
	uint64_t seen = traffic->echoed;

	return WAIT_FOR(traffic->echoed > seen + 2, ms);
}

TEST_F_TIMEOUT(load, cuts_and_mends, 120)
{
	ASSERT_EQ(0, load());
	ASSERT_EQ(0, nl_open(&self->nl));
	EXPECT_TRUE(flows(self->traffic, 10000));
	ASSERT_EQ(0, load_policy(&self->nl, &self->a, &self->b, true));
	EXPECT_TRUE(flows(self->traffic, 10000));
	ASSERT_EQ(0, load_policy(&self->nl, &self->a, &self->b, false));
	EXPECT_TRUE(WAIT_FOR(nl_counter(&self->nl, "b", NETPOL_COUNTERS_A_INGRESS_DENIED) +
			     nl_counter(&self->nl, "b", NETPOL_COUNTERS_A_EGRESS_DENIED) > 5,
			     10000));
	ASSERT_EQ(0, nl_flush_objects(&self->nl));
	EXPECT_TRUE(flows(self->traffic, 10000));
	nl_close(&self->nl);
	ASSERT_EQ(0, unload_soon());
	EXPECT_TRUE(flows(self->traffic, 10000));
}

TEST_F_TIMEOUT(load, refused_while_enforcing, 120)
{
	int i, ret;

	ASSERT_EQ(0, load());
	ASSERT_EQ(0, nl_open(&self->nl));
	EXPECT_EQ(0, module_refs());
	ASSERT_EQ(0, load_policy(&self->nl, &self->a, &self->b, true));
	for (i = 0; i < 20; i++) {
		ret = unload();
		EXPECT_TRUE(ret == -EWOULDBLOCK || ret == -EBUSY) TH_LOG("%d", ret);
	}
	/* and still enforces */
	EXPECT_EQ(NETPOL_VERDICT_DENY, nl_verdict(&self->nl, "198.51.100.1", "t/b", 80));
	EXPECT_TRUE(flows(self->traffic, 10000));
	/* also when whoever loaded it has gone */
	nl_close(&self->nl);
	ret = unload();
	EXPECT_TRUE(ret == -EWOULDBLOCK || ret == -EBUSY) TH_LOG("%d", ret);
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, nl_flush_objects(&self->nl));
	nl_close(&self->nl);
	EXPECT_EQ(0, unload_soon());
	EXPECT_FALSE(loaded());
}

/* Objects in some other network namespace hold it as well, until that one is gone. */
TEST_F_TIMEOUT(load, refused_for_another_namespace, 120)
{
	int here = netns_here(), ret;

	ASSERT_EQ(0, load());
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, load_cluster(&self->nl));
	ret = unload();
	EXPECT_TRUE(ret == -EWOULDBLOCK || ret == -EBUSY) TH_LOG("%d", ret);
	nl_close(&self->nl);
	ASSERT_EQ(0, setns(here, CLONE_NEWNET));
	close(here);
	EXPECT_EQ(0, unload_soon());
	EXPECT_FALSE(loaded());
}

/* What is open but not in force does not hold it: transactions, listeners. */
TEST_F_TIMEOUT(load, open_transaction, 120)
{
	struct txn t;

	ASSERT_EQ(0, load());
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, nl_join(&self->nl, 0));
	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", 0));
	t_cluster(&t);
	ASSERT_EQ(0, txn_flush(&t));
	EXPECT_EQ(0, unload_soon());
	EXPECT_EQ(-ENOENT, nl_resolve(&self->nl));
	nl_close(&self->nl);
}

/* Bytes in use that a leak would show in: slab that can't be reclaimed, per-CPU, vmalloc. */
struct memory {
	long slab, percpu, vmalloc;
};

static void measure(struct memory *m)
{
	struct memory now;
	int i;

	/* the least of several looks, as freeing goes on in the background */
	m->slab = m->percpu = m->vmalloc = 0;
	for (i = 0; i < 20; i++) {
		write_file("/proc/sys/vm/drop_caches", "3");
		write_file("/proc/sys/vm/compact_memory", "1");
		now.slab = read_number("/proc/meminfo", "SUnreclaim:");
		now.percpu = read_number("/proc/meminfo", "Percpu:");
		now.vmalloc = read_number("/proc/meminfo", "VmallocUsed:");
		if (!i || now.slab < m->slab)
			m->slab = now.slab;
		if (!i || now.percpu < m->percpu)
			m->percpu = now.percpu;
		if (!i || now.vmalloc < m->vmalloc)
			m->vmalloc = now.vmalloc;
		poll(NULL, 0, 20);
	}
}

/* Objects of a slab cache in use; -1: there is no such cache. */
static long slab_objects(const char *cache)
{
	char key[64];

	snprintf(key, sizeof(key), "%s ", cache);
	return read_number("/proc/slabinfo", key);
}

/* One life of the module: loaded, enforcing (letting through or not), flushed, gone. */
static int life(FIXTURE_DATA(load) *self, int i)
{
	struct nl *nl = &self->nl;
	int ret;

	ret = load();
	if (ret)
		return ret;
	ret = nl_open(nl);
	if (!ret)
		ret = load_policy(nl, &self->a, &self->b, i % 2);
	if (!ret && i % 5 == 0) {
		/* let packets be judged by it */
		uint64_t seen = 0;

		if (!WAIT_FOR(seen = nl_counter(nl, "a", NETPOL_COUNTERS_A_SEEN_SENT),
			      10000) || seen == ~0ULL)
			ret = -ETIMEDOUT;
	}
	if (!ret)
		ret = nl_flush_objects(nl);
	nl_close(nl);
	return ret ? ret : unload_soon();
}

TEST_F_TIMEOUT(load, many_times, 600)
{
	static const char *const caches[] = { "kmalloc-64", "kmalloc-cg-64", "kmalloc-4k",
					      "kmalloc-cg-4k", "kmalloc-cg-192" };
	struct memory before, after;
	long objects[5], now;
	unsigned int k;
	int i;

	/* what the first lives leave behind is the kernel's: modules, caches */
	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, life(self, i)) TH_LOG("life %d", i);
	measure(&before);
	for (k = 0; k < 5; k++)
		objects[k] = slab_objects(caches[k]);
	for (i = 0; i < lives(); i++) {
		ASSERT_EQ(0, life(self, i)) TH_LOG("life %d", i);
		ASSERT_FALSE(loaded());
		if (i % 10 == 0) {
			EXPECT_TRUE(flows(self->traffic, 10000)) TH_LOG("life %d", i);
		}
	}
	measure(&after);
	TH_LOG("slab %ld to %ld kB, per-CPU %ld to %ld kB, vmalloc %ld to %ld kB",
	       before.slab, after.slab, before.percpu, after.percpu, before.vmalloc,
	       after.vmalloc);
	/*
	 * KASAN and kmemleak keep memory of what was freed, so these figures say nothing there;
	 * kmemleak itself is asked after the test (tests/vm/init).
	 */
	if (!access("/sys/kernel/debug/kmemleak", F_OK))
		return;
	/* a few kB for the kernel itself: 60 to 80 are seen in all, one world takes more a life */
	EXPECT_GE(before.slab + 90 + 2 * lives(), after.slab);
	EXPECT_GE(before.percpu + 25, after.percpu);
	EXPECT_GE(before.vmalloc + 100, after.vmalloc);
	for (k = 0; k < 5; k++) {
		now = slab_objects(caches[k]);
		if (now < 0 || objects[k] < 0)
			continue;
		TH_LOG("%s: %ld to %ld objects", caches[k], objects[k], now);
		EXPECT_GE(objects[k] + 10 * lives(), now) TH_LOG("%s", caches[k]);
	}
}

/* Unloaded in the middle of everything else that can go on. */
TEST_F_TIMEOUT(load, while_being_asked, 240)
{
	pid_t pid;
	int i;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		struct bytes dump = {};

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			/* whatever comes of it */
			if (nl_open(&self->nl) == 0) {
				nl_info(&self->nl);
				nl_dump(&self->nl, NETPOL_CMD_GET_POD, &dump);
				nl_dump(&self->nl, NETPOL_CMD_GET_COUNTERS, &dump);
			}
			nl_close(&self->nl);
		}
	}
	for (i = 0; i < lives() / 2; i++) {
		ASSERT_EQ(0, load());
		ASSERT_EQ(0, unload_soon()) TH_LOG("life %d", i);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST_HARNESS_MAIN
