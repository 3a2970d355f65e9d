// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What objects can make long lets others run: how often a commit, its abort and the freeing
 * of what it replaces offer the processor (cond_resched()) grows with what there is to do.
 * Counted, not timed: how long a stretch takes is measured by make bench-adversary.
 */
#include "check.h"
#include "offline/offline.h"

#define POLICIES	8
#define BLOCKS		8192	/* of each policy */
#define PODS		65536
#define PORTS		8192

/* An offer for so many small things in a row, at least. */
#define EACH		1024

static u32 offers;

static void offer(void)
{
	offers++;
}

/* How many offers since the last time. */
static u32 offered(void)
{
	u32 n = offers;

	offers = 0;
	return n;
}

/* The order in which the blocks come; or all are the same one. */
enum order { SAME, UP, DOWN };

static u32 block_address(enum order order, u32 n)
{
	switch (order) {
	case UP:
		return 0x14000000 + n;
	case DOWN:
		return 0x14ffffff - n;
	default:
		return 0x14000000;
	}
}

static struct netpol_policy *make_policy(struct netpol_world *world, u32 number, u32 blocks,
					 enum order order)
{
	char text[16];
	struct netpol_text name = { text, snprintf(text, sizeof(text), "policy-%u", number) };
	struct netpol_policy *policy;
	u32 i;

	policy = netpol_policy_create(world, NETPOL_TEXT("ns"), name,
				      NETPOL_KIND_NETWORK_POLICY,
				      BIT(NETPOL_DIRECTION_INGRESS), NULL, 0);
	netpol_policy_add_rule(policy, NETPOL_DIRECTION_INGRESS,
			       NETPOL_ACTION_ACCEPT, NETPOL_TEXT(""));
	for (i = 0; i < blocks; i++) {
		__be32 address = htonl(block_address(order, number * blocks + i));

		CHECK_EQ(netpol_rule_add_block(policy, AF_INET, &address, 32), 0);
	}
	return policy;
}

static void load_pod(struct np_offline *off, u32 number)
{
	char name[16];
	struct netpol_pod_text text = {
		.ns = NETPOL_TEXT("ns"),
		.name = { name, snprintf(name, sizeof(name), "pod-%u", number) },
		.naddress4 = 1,
		.flags = NETPOL_POD_F_RUNNING | (number ? 0 : NETPOL_POD_F_LOCAL),
	};
	__be32 address = htonl(0x0a000001 + number);

	memcpy(text.address4[0], &address, 4);
	text.labels = netpol_labels_get(off->world, NULL, 0);
	CHECK_EQ(netpol_edit_pod(off->edit, netpol_pod_create(off->world, &text)), 0);
	netpol_labels_put(off->world, text.labels);
}

static void begin(struct np_offline *off, u32 blocks, enum order order)
{
	struct netpol_policy *policy[POLICIES];
	struct np_error err;
	u32 i;

	for (i = 0; i < POLICIES; i++)
		policy[i] = make_policy(off->world, i, blocks, order);
	CHECK(!np_offline_begin(off, "kube", &err));
	offered();
	for (i = 0; i < POLICIES; i++)
		CHECK_EQ(netpol_edit_policy(off->edit, policy[i]), 0);
	CHECK(offered() >= POLICIES);
}

static void publish(struct np_offline *off)
{
	struct np_error err;

	CHECK(!np_offline_prepare(off, &err));
	np_offline_publish(off);
}

/* Offers while policies with blocks in this order are compiled, more than for one each. */
static u32 compile_offers(struct np_offline *off, enum order order)
{
	struct np_error err;
	u32 few;

	begin(off, 1, order);
	CHECK(!np_offline_prepare(off, &err));
	few = offered();
	np_offline_abort(off);
	begin(off, BLOCKS, order);
	CHECK(!np_offline_prepare(off, &err));
	return offered() - few;
}

static void test_blocks(struct np_offline *off)
{
	u32 chunks = POLICIES * BLOCKS / EACH;

	/* listed, collected, looked at for their order, and walked */
	CHECK(compile_offers(off, SAME) >= 4 * chunks - 4);
	np_offline_abort(off);
	/* objects are taken back and freed */
	CHECK(offered() >= POLICIES + chunks);
	/* and three times more in the trie, which has as many nodes as it likes */
	CHECK(compile_offers(off, UP) >= 7 * chunks - 7);
	np_offline_abort(off);
	/* and merged, as there are more runs than one */
	CHECK(compile_offers(off, DOWN) >= 8 * chunks - 8);
	np_offline_publish(off);
	/* what is replaced is freed, whose peers are many */
	begin(off, 1, SAME);
	publish(off);
	CHECK(offered() >= chunks);
}

/* A whole that changes nothing: every pod is looked at, and none goes. */
static void test_sweep(struct np_offline *off)
{
	u32 i;

	for (i = 0; i < 2; i++) {
		struct np_error err;
		u32 j;

		CHECK(!np_offline_begin(off, "kube", &err));
		CHECK(!np_offline_expect(off, 0, PODS, 0, &err));
		for (j = 0; j < PODS; j++)
			load_pod(off, j);
		offered();
		CHECK(!np_offline_sweep(off, &err));
		CHECK(offered() >= PODS / EACH);
		publish(off);
	}
}

/*
 * What is replaced is freed in steps, between which the kernel gives the lock back: the number of
 * steps grows with what there is to free.
 */
static void test_steps(struct np_offline *off)
{
	struct netpol_snapshot *old = off->world->snapshot;
	u32 i, steps = 0;
	struct np_error err;

	CHECK(!np_offline_begin(off, "kube", &err));
	for (i = 1; i < PODS; i++) {
		char name[16];
		struct netpol_text text = { name, snprintf(name, sizeof(name), "pod-%u", i) };

		CHECK_EQ(netpol_edit_delete_pod(off->edit, NETPOL_TEXT("ns"), text, NULL), 0);
	}
	CHECK(!np_offline_prepare(off, &err));
	netpol_edit_publish(off->edit);
	off->edit = NULL;
	CHECK(off->world->retired_bytes > 0);
	netpol_snapshot_drop(off->world, old);
	do
		steps++;
	while (netpol_world_reap(off->world));
	CHECK(steps >= PODS / 256);
	CHECK_EQ(off->world->retired_bytes, 0);
}

/* One rule with many ports: by numbers in ingress, by names in egress. */
static void load_ports(struct np_offline *off, u32 ports)
{
	struct netpol_policy *policy;
	char text[16];
	u32 i;

	policy = netpol_policy_create(off->world, NETPOL_TEXT("ns"), NETPOL_TEXT("ports"),
				      NETPOL_KIND_NETWORK_POLICY,
				      BIT(NETPOL_DIRECTION_INGRESS) |
				      BIT(NETPOL_DIRECTION_EGRESS), NULL, 0);
	netpol_policy_add_rule(policy, NETPOL_DIRECTION_INGRESS,
			       NETPOL_ACTION_ACCEPT, NETPOL_TEXT(""));
	for (i = 0; i < ports; i++)
		CHECK_EQ(netpol_rule_add_port(off->world, policy, IPPROTO_TCP,
					      (struct netpol_text){}, 65535 - 2 * i,
					      65535 - 2 * i), 0);
	netpol_policy_add_rule(policy, NETPOL_DIRECTION_EGRESS,
			       NETPOL_ACTION_ACCEPT, NETPOL_TEXT(""));
	for (i = 0; i < ports; i++) {
		struct netpol_text name = { text, snprintf(text, sizeof(text), "n%u", i * 7919) };

		CHECK_EQ(netpol_rule_add_port(off->world, policy, IPPROTO_TCP, name, 0, 0), 0);
	}
	CHECK_EQ(netpol_edit_policy(off->edit, policy), 0);
}

/* The ports of all rules are put in order. */
static void test_ports(struct np_offline *off)
{
	struct np_error err;
	u32 few;

	CHECK(!np_offline_begin(off, "kube", &err));
	load_ports(off, 1);
	offered();
	CHECK(!np_offline_prepare(off, &err));
	few = offered();
	np_offline_abort(off);
	CHECK(!np_offline_begin(off, "kube", &err));
	load_ports(off, PORTS);
	offered();
	CHECK(!np_offline_prepare(off, &err));
	/*
	 * In either direction the ports are looked at for each protocol, and twice for spans, in
	 * pieces of 256. The names are sorted in pieces of 1024, merged and made unique.
	 */
	CHECK(offered() - few >= 2 * 5 * (PORTS / 256 - 1) + 4 * (PORTS / EACH));
	np_offline_publish(off);
}

/* Offers to compile one row of policies with very many ports, which are observed or enforced. */
static u32 observed_offers(struct np_offline *off, bool audit)
{
	struct netpol_policy *policy;
	struct np_error err;
	u32 i, j, n;

	CHECK(!np_offline_begin(off, "kube", &err));
	CHECK(!np_offline_sweep(off, &err));
	load_pod(off, 0);
	for (i = 0; i < 40; i++) {
		char text[16];
		struct netpol_text name = { text, snprintf(text, sizeof(text), "ports-%u", i) };

		policy = netpol_policy_create(off->world, NETPOL_TEXT("ns"), name,
					      NETPOL_KIND_NETWORK_POLICY,
					      BIT(NETPOL_DIRECTION_INGRESS), NULL, 0);
		policy->audit = audit;
		netpol_policy_add_rule(policy, NETPOL_DIRECTION_INGRESS,
				       NETPOL_ACTION_ACCEPT, NETPOL_TEXT(""));
		for (j = 0; j < PORTS; j++)
			CHECK_EQ(netpol_rule_add_port(off->world, policy, IPPROTO_TCP,
						      (struct netpol_text){}, 65535 - 2 * j,
						      65535 - 2 * j), 0);
		CHECK_EQ(netpol_edit_policy(off->edit, policy), 0);
	}
	offered();
	CHECK(!np_offline_prepare(off, &err));
	n = offered();
	np_offline_abort(off);
	return n;
}

/* What is observed is as many small things as what is enforced. */
static void test_observed(struct np_offline *off)
{
	u32 enforced = observed_offers(off, false), observed = observed_offers(off, true);

	printf("offers: %u enforced, %u observed\n", enforced, observed);
	CHECK(observed >= enforced);
}

int main(void)
{
	struct np_offline off;
	struct np_error err;

	netpol_random_seed = 1;
	CHECK(!np_offline_init(&off, "node", &err));
	netpol_resched = offer;
	CHECK(!np_offline_begin(&off, "kube", &err));
	load_pod(&off, 0);
	publish(&off);
	test_blocks(&off);
	test_sweep(&off);
	test_steps(&off);
	test_ports(&off);
	test_observed(&off);
	np_offline_free(&off);
	CHECK_EQ(netpol_warnings, 0);
	return check_done("offers");
}
