// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When a rule was last hit: what a look notes, and what a new version of a policy takes over from
 * the old one.
 */
#include "edit_check.h"

/* A local pod with the label name=@name. */
static void load_pod(const char *name, u8 last)
{
	struct netpol_pod_text text = {
		.ns = NETPOL_TEXT("a"),
		.name = NETPOL_TEXT(name),
		.naddress4 = 1,
		.flags = NETPOL_POD_F_RUNNING | NETPOL_POD_F_LOCAL,
	};
	struct netpol_label_text label = { NETPOL_TEXT("name"), text.name };

	memcpy(text.address4[0], (u8 [4]){ 10, 0, 0, last }, 4);
	text.labels = netpol_labels_get(off.world, &label, 1);
	CHECK_EQ(netpol_edit_pod(off.edit, netpol_pod_create(off.world, &text)), 0);
	netpol_labels_put(off.world, text.labels);
}

/* The policy: it guards pods @name, and rule i lets everybody in at port[i]. */
static struct netpol_policy *load_policy(const char *name, const u16 *port, u32 rules)
{
	struct netpol_text value = NETPOL_TEXT(name);
	struct netpol_requirement_text subject = {
		.key = NETPOL_TEXT("name"), .operator = NETPOL_OPERATOR_IN, .count = 1,
		.value = &value,
	};
	struct netpol_policy *policy;
	u32 i;

	policy = netpol_policy_create(off.world, NETPOL_TEXT("a"), NETPOL_TEXT("in"),
				      NETPOL_KIND_NETWORK_POLICY,
				      BIT(NETPOL_DIRECTION_INGRESS), &subject, 1);
	for (i = 0; i < rules; i++) {
		netpol_policy_add_rule(policy, NETPOL_DIRECTION_INGRESS,
				       NETPOL_ACTION_ACCEPT, NETPOL_TEXT(""));
		CHECK_EQ(netpol_rule_add_port(off.world, policy, IPPROTO_TCP,
					      (struct netpol_text){}, port[i], port[i]), 0);
	}
	CHECK_EQ(netpol_edit_policy(off.edit, policy), 0);
	return policy;
}

static void test_look(struct netpol_hits *hits)
{
	netpol_hits_look(hits, 0, 0, 100);
	CHECK_EQ(hits->rule[0].since, 100);
	CHECK_EQ(hits->rule[0].hit, 0);
	netpol_hits_look(hits, 0, 3, 110);
	CHECK_EQ(hits->rule[0].hit, 110);
	netpol_hits_look(hits, 0, 3, 120);
	CHECK_EQ(hits->rule[0].since, 100);
	CHECK_EQ(hits->rule[0].hit, 110);
	/* what was counted before anybody looked is a hit, too */
	netpol_hits_look(hits, 1, 5, 120);
	CHECK_EQ(hits->rule[1].since, 120);
	CHECK_EQ(hits->rule[1].hit, 120);
}

/* A rule that is another one now was not watched yet; an edit that is given up changes nothing. */
static void test_replaced(struct netpol_hits *hits)
{
	struct netpol_policy *policy;

	begin();
	policy = load_policy("x", (u16 []){ 80, 82 }, 2);
	CHECK(policy->hits == hits);
	CHECK(!np_offline_prepare(&off, &err));
	np_offline_abort(&off);
	CHECK_EQ(hits->rule[1].since, 120);
	CHECK_EQ(hits->rule[1].hit, 120);

	begin();
	policy = load_policy("x", (u16 []){ 80, 82 }, 2);
	publish();
	CHECK(policy->hits == hits);
	CHECK_EQ(hits->rule[0].since, 100);
	CHECK_EQ(hits->rule[0].hit, 110);
	CHECK_EQ(hits->rule[1].since, 0);
	CHECK_EQ(hits->rule[1].hit, 0);
	/* the packets of before are no hits of it */
	netpol_hits_look(hits, 1, 5, 200);
	CHECK_EQ(hits->rule[1].since, 200);
	CHECK_EQ(hits->rule[1].hit, 0);

	/* other pods are guarded */
	begin();
	policy = load_policy("y", (u16 []){ 80, 82 }, 2);
	publish();
	CHECK(policy->hits == hits);
	CHECK_EQ(hits->rule[0].since, 0);
	CHECK_EQ(hits->rule[0].hit, 0);
	CHECK_EQ(hits->rule[1].since, 0);

	/* another number of rules begins with counters of its own */
	begin();
	policy = load_policy("y", (u16 []){ 80 }, 1);
	publish();
	CHECK(policy->hits && policy->hits->count == 1);
	CHECK_EQ(policy->hits->rule[0].since, 0);
}

int main(void)
{
	struct netpol_policy *policy;

	netpol_random_seed = 1;
	CHECK(!np_offline_init(&off, "node", &err));
	begin();
	load_pod("x", 1);
	load_pod("y", 2);
	policy = load_policy("x", (u16 []){ 80, 81 }, 2);
	publish();
	CHECK(policy->hits);
	if (policy->hits) {
		test_look(policy->hits);
		test_replaced(policy->hits);
	}
	np_offline_free(&off);
	CHECK_EQ(netpol_warnings, 0);
	return check_done("hits");
}
