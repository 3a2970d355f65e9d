// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets between two reports of the counters, and packets a second.
 */
#include "check.h"
#include "netlink/rates.h"

static struct np_counters counters(enum np_counters_kind kind, const char *namespace,
				   const char *name)
{
	struct np_counters c = { .kind = kind };

	snprintf(c.namespace, sizeof(c.namespace), "%s", namespace);
	snprintf(c.name, sizeof(c.name), "%s", name);
	return c;
}

static void set(struct np_counters *c, int attr, uint64_t value)
{
	c->value[attr - NP_COUNTER_FIRST] = value;
	c->has[attr - NP_COUNTER_FIRST] = true;
}

/* Of pods: sorted by denied packets, and from 0 for a pod that is new. */
static void test_rates_of_pods(void)
{
	struct np_counters before[2], after[3];
	struct np_counter_list old = { before, 2 }, now = { after, 3 };
	struct np_rate_list list;

	before[0] = counters(NP_COUNTERS_TOTAL, "", "");
	before[1] = counters(NP_COUNTERS_POD, "shop", "a");
	set(&before[0], NETPOL_COUNTERS_A_INGRESS_DENIED, 100);
	set(&before[1], NETPOL_COUNTERS_A_EGRESS_ALLOWED, 1000);
	set(&before[1], NETPOL_COUNTERS_A_INGRESS_ALLOWED, 50);
	after[0] = before[0];
	after[1] = before[1];
	after[2] = counters(NP_COUNTERS_POD, "shop", "b");
	set(&after[0], NETPOL_COUNTERS_A_INGRESS_DENIED, 107);
	set(&after[1], NETPOL_COUNTERS_A_EGRESS_ALLOWED, 1501);
	/* set to zero by somebody in between */
	set(&after[1], NETPOL_COUNTERS_A_INGRESS_ALLOWED, 20);
	set(&after[2], NETPOL_COUNTERS_A_INGRESS_DENIED, 7);

	np_rates_make(&old, &now, NP_RATE_PODS, NP_RATE_BY_DENIED, &list);
	CHECK_EQ(list.count, 2);
	CHECK(list.item[0].subject == &after[2]);
	CHECK_EQ(list.item[0].value[NP_RATE_IN_DENIED], 7);
	CHECK_EQ(list.item[0].denied, 7);
	CHECK(list.item[1].subject == &after[1]);
	CHECK_EQ(list.item[1].value[NP_RATE_OUT_ALLOWED], 501);
	CHECK_EQ(list.item[1].value[NP_RATE_IN_ALLOWED], 20);
	CHECK_EQ(list.item[1].packets, 521);
	CHECK_EQ(list.item[1].denied, 0);
	CHECK(list.total.subject == &after[0]);
	CHECK_EQ(list.total.value[NP_RATE_IN_DENIED], 7);
	free(list.item);

	np_rates_make(&old, &now, NP_RATE_PODS, NP_RATE_BY_PACKETS, &list);
	CHECK(list.item[0].subject == &after[1]);
	free(list.item);
	/* what is audited is among what is allowed; where nothing more is denied it comes first */
	set(&after[2], NETPOL_COUNTERS_A_INGRESS_ALLOWED, 6);
	set(&after[2], NETPOL_COUNTERS_A_INGRESS_AUDITED, 4);
	set(&after[2], NETPOL_COUNTERS_A_EGRESS_AUDITED, 1);
	np_rates_make(&old, &now, NP_RATE_PODS, NP_RATE_BY_AUDITED, &list);
	CHECK(list.item[0].subject == &after[2]);
	CHECK_EQ(list.item[0].value[NP_RATE_IN_AUDITED], 4);
	CHECK_EQ(list.item[0].value[NP_RATE_OUT_AUDITED], 1);
	CHECK_EQ(list.item[0].audited, 5);
	CHECK_EQ(list.item[0].packets, 13);
	CHECK_EQ(list.item[0].denied, 7);
	free(list.item);
	set(&after[2], NETPOL_COUNTERS_A_INGRESS_DENIED, 0);
	np_rates_make(&old, &now, NP_RATE_PODS, NP_RATE_BY_DENIED, &list);
	CHECK(list.item[0].subject == &after[2]);
	free(list.item);
	np_rates_make(&old, &now, NP_RATE_PODS, NP_RATE_BY_NAME, &list);
	CHECK(list.item[0].subject == &after[1] && list.item[1].subject == &after[2]);
	free(list.item);
}

/* Rates of rules: each against itself, whatever its place; a policy is the sum of its rules. */
static void test_rates_of_rules(void)
{
	struct np_rule_hits was[2] = {
		{ .direction = NETPOL_DIRECTION_EGRESS, .index = 0, .hits = 500 },
		{ .direction = NETPOL_DIRECTION_INGRESS, .index = 1, .hits = 30 },
	}, is[3] = {
		{ .direction = NETPOL_DIRECTION_INGRESS, .index = 0, .hits = 8 },
		{ .direction = NETPOL_DIRECTION_INGRESS, .index = 1, .hits = 70 },
		{ .direction = NETPOL_DIRECTION_EGRESS, .index = 0, .hits = 500 },
	};
	struct np_counters before = counters(NP_COUNTERS_POLICY, "shop", "in");
	struct np_counters after = before;
	struct np_counter_list old = { &before, 1 }, now = { &after, 1 };
	struct np_rate_list list;

	before.rule = was;
	before.rule_count = 2;
	after.rule = is;
	after.rule_count = 3;
	np_rates_make(&old, &now, NP_RATE_RULES, NP_RATE_BY_PACKETS, &list);
	CHECK_EQ(list.count, 3);
	CHECK(list.item[0].rule == &is[1]);
	CHECK_EQ(list.item[0].value[NP_RATE_PACKETS], 40);
	CHECK(list.item[1].rule == &is[0]);
	CHECK_EQ(list.item[1].value[NP_RATE_PACKETS], 8);
	CHECK(list.item[2].rule == &is[2]);
	CHECK_EQ(list.item[2].value[NP_RATE_PACKETS], 0);
	CHECK(!list.total.subject);
	free(list.item);

	np_rates_make(&old, &now, NP_RATE_POLICIES, NP_RATE_BY_PACKETS, &list);
	CHECK_EQ(list.count, 1);
	CHECK_EQ(list.item[0].value[NP_RATE_PACKETS], 48);
	CHECK(!list.item[0].rule);
	free(list.item);
	/* Pods are asked for, and there is none. */
	np_rates_make(&old, &now, NP_RATE_PODS, NP_RATE_BY_DENIED, &list);
	CHECK_EQ(list.count, 0);
	free(list.item);
}

/* One packet in an hour is not none. */
static void test_rate_text(void)
{
	char text[NP_RATE_TEXT];

	CHECK(!strcmp(np_rate_text(0, 1000, text), "0"));
	CHECK(!strcmp(np_rate_text(1, 3600000, text), "<0.1"));
	CHECK(!strcmp(np_rate_text(1, 4000, text), "0.3"));
	CHECK(!strcmp(np_rate_text(99, 10000, text), "9.9"));
	CHECK(!strcmp(np_rate_text(25, 2000, text), "13"));
	CHECK(!strcmp(np_rate_text(7, 0, text), "7000"));
	CHECK(!strcmp(np_rate_text(UINT64_MAX / 20000, 1000, text), "922337203685477"));
}

int main(void)
{
	test_rate_text();
	test_rates_of_pods();
	test_rates_of_rules();
	return check_done("test_rates");
}
