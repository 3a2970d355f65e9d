// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What programs take: a program whose cells are mostly alike is kept in runs, says the same as one
 * that is written out, and counts against limits before anything is published.
 */
#include "edit_check.h"

#define SUBJECT		0x0a000001
#define BLOCKS		0xac000000	/* 172.0.0.0 */
#define RULES		2040		/* of the policy of 140 KB */

static void load_pod(u32 number, const char *ns)
{
	char name[16];
	struct netpol_pod_text text = {
		.ns = NETPOL_TEXT(ns),
		.name = { name, snprintf(name, sizeof(name), "pod-%u", number) },
		.naddress4 = 1,
		.flags = NETPOL_POD_F_RUNNING | NETPOL_POD_F_LOCAL,
	};
	struct netpol_label_text label = { NETPOL_TEXT("name"), text.name };
	__be32 address = htonl(SUBJECT + number);

	memcpy(text.address4[0], &address, 4);
	text.labels = netpol_labels_get(off.world, &label, 1);
	CHECK_EQ(netpol_edit_pod(off.edit, netpol_pod_create(off.world, &text)), 0);
	netpol_labels_put(off.world, text.labels);
}

/* A policy of one pod: rule i lets block i in at port i + 1, and every odd block at 9000 too. */
static struct netpol_policy *load_policy(const char *ns, const char *name, const char *pod,
					 u32 rules)
{
	struct netpol_text value = NETPOL_TEXT(pod);
	struct netpol_requirement_text subject = {
		.key = NETPOL_TEXT("name"), .operator = NETPOL_OPERATOR_IN, .count = 1,
		.value = &value,
	};
	struct netpol_policy *policy;
	u32 i;

	policy = netpol_policy_create(off.world, NETPOL_TEXT(ns), NETPOL_TEXT(name),
				      NETPOL_KIND_NETWORK_POLICY,
				      BIT(NETPOL_DIRECTION_INGRESS), &subject, 1);
	for (i = 0; i < rules; i++) {
		__be32 address = htonl(BLOCKS + (i << 8));

		netpol_policy_add_rule(policy, NETPOL_DIRECTION_INGRESS,
				       NETPOL_ACTION_ACCEPT, NETPOL_TEXT(""));
		CHECK_EQ(netpol_rule_add_block(policy, AF_INET, &address, 24), 0);
		CHECK_EQ(netpol_rule_add_port(off.world, policy, IPPROTO_TCP,
					      (struct netpol_text){}, i + 1, i + 1), 0);
		if (i % 2)
			CHECK_EQ(netpol_rule_add_port(off.world, policy, IPPROTO_TCP,
						      (struct netpol_text){}, 9000, 9000), 0);
	}
	CHECK_EQ(netpol_edit_policy(off.edit, policy), 0);
	return policy;
}

static bool allowed(u32 pod, u32 block, u16 port)
{
	__be32 from = htonl(BLOCKS + (block << 8) + 7), to = htonl(SUBJECT + pod);
	struct netpol_flow flow = {
		.source = &from, .destination = &to, .family = AF_INET,
		.protocol = IPPROTO_TCP, .port = port,
	};
	struct netpol_judgement judgement;
	struct netpol_end source, destination;

	netpol_resolve(off.world->snapshot, AF_INET, &from, &source);
	netpol_resolve(off.world->snapshot, AF_INET, &to, &destination);
	return netpol_judge(off.world->snapshot, &flow, &source, &destination, &judgement);
}

static const struct netpol_program *program_of(u32 pod)
{
	__be32 to = htonl(SUBJECT + pod);
	struct netpol_end end;

	netpol_resolve(off.world->snapshot, AF_INET, &to, &end);
	return end.local->program[NETPOL_DIRECTION_INGRESS];
}

/* The policy of the issue is sparse, small, and says what its rules say. */
static void test_form(void)
{
	const struct netpol_program *program;
	u32 block, wrong = 0;

	begin();
	load_pod(0, "a");
	load_policy("a", "many", "pod-0", RULES);
	publish();
	program = program_of(0);
	CHECK(program->sparse && !program->cell);
	CHECK(program->bytes < 1024 * 1024);
	CHECK_EQ(netpol_world_used(off.world, NETPOL_LIMIT_PROGRAM_BYTES),
		 program->bytes + off.world->hits_bytes);
	for (block = 0; block < RULES + 2; block++) {
		wrong += allowed(0, block, block + 1) != (block < RULES);
		wrong += allowed(0, block, block + 2);
		wrong += allowed(0, block, block);
		wrong += allowed(0, block, 9000) != (block < RULES && block % 2);
		wrong += allowed(0, block, 8999) || allowed(0, block, 9001);
	}
	CHECK_EQ(wrong, 0);
	/* a small one is written out */
	begin();
	load_policy("a", "many", "pod-0", 3);
	publish();
	program = program_of(0);
	CHECK(!program->sparse && program->cell);
	CHECK(allowed(0, 1, 9000) && allowed(0, 2, 3) && !allowed(0, 2, 9000));
	CHECK(!allowed(0, RULES - 1, RULES));
}

/* Over the share of the namespace the commit is refused, names what it should, and changes nothing. */
static void test_share(void)
{
	u64 *share = &off.world->limit[NETPOL_LIMIT_PROGRAM_BYTES_PER_NAMESPACE];
	u64 *all = &off.world->limit[NETPOL_LIMIT_PROGRAM_BYTES];
	u64 usual = *share, usual_all = *all, generation = off.world->snapshot->generation;
	u64 used = netpol_world_used(off.world, NETPOL_LIMIT_PROGRAM_BYTES);
	const struct netpol_policy *policy;

	*share = 200 * 1024;
	begin();
	policy = load_policy("a", "many", "pod-0", RULES);
	CHECK(np_offline_prepare(&off, &err));
	CHECK_EQ(off.fault.error, -ENOSPC);
	CHECK(strstr(off.fault.text, "namespace a") && strstr(off.fault.text, "pod-0") &&
	      strstr(off.fault.text, "share"));
	CHECK(off.fault.object == policy);
	np_offline_abort(&off);
	CHECK_EQ(off.world->snapshot->generation, generation);
	CHECK_EQ(netpol_world_used(off.world, NETPOL_LIMIT_PROGRAM_BYTES), used);
	CHECK(allowed(0, 1, 9000));
	/* another namespace has a share of its own, until all together take too much */
	begin();
	load_pod(1, "b");
	load_policy("b", "few", "pod-1", 100);
	publish();
	*all = netpol_world_used(off.world, NETPOL_LIMIT_PROGRAM_BYTES) + 1000;
	begin();
	load_pod(2, "c");
	policy = load_policy("c", "few", "pod-2", 100);
	CHECK(np_offline_prepare(&off, &err));
	CHECK_EQ(off.fault.error, -ENOSPC);
	CHECK(strstr(off.fault.text, "namespace c") && strstr(off.fault.text, "all others"));
	CHECK(off.fault.object == policy);
	np_offline_abort(&off);
	*all = usual_all;
	/* above its share a namespace may do with less, and not with more */
	*share = usual;
	begin();
	load_policy("b", "few", "pod-1", 200);
	publish();
	*share = 1000;
	begin();
	load_policy("b", "few", "pod-1", 150);
	publish();
	begin();
	load_policy("b", "few", "pod-1", 180);
	CHECK(np_offline_prepare(&off, &err));
	np_offline_abort(&off);
	/* and it keeps nobody else from anything */
	*share = usual;
	begin();
	load_pod(3, "d");
	load_policy("d", "few", "pod-3", 10);
	publish();
	*share = usual;
}

/* What is counted goes with what it is counted for. */
static void test_gone(void)
{
	begin();
	CHECK_EQ(netpol_edit_clear(off.edit), 0);
	publish();
	CHECK_EQ(netpol_world_used(off.world, NETPOL_LIMIT_PROGRAM_BYTES), 0);
}

int main(void)
{
	netpol_random_seed = 1;
	CHECK(!np_offline_init(&off, "node", &err));
	test_form();
	test_share();
	test_gone();
	np_offline_free(&off);
	CHECK_EQ(netpol_warnings, 0);
	return check_done("sparse");
}
