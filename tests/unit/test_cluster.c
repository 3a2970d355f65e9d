// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cluster-wide policies in the core: what pods that are not known meet, and that the list of steps
 * says the same as the verdict.
 */
#include "load_check.h"
#include "offline/offline.h"

#define NAMESPACE(name, labels) \
	"---\napiVersion: v1\nkind: Namespace\nmetadata: {name: " name ", labels: {" labels "}}\n"
#define POD(ns, name, address) \
	"---\napiVersion: v1\nkind: Pod\nmetadata: {name: " name ", namespace: " ns ", " \
	"labels: {app: " name "}}\nspec: {containers: [{name: c, image: i}]}\n" \
	"status: {podIP: " address "}\n"
#define CLUSTER(name, tier, spec) \
	"---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n" \
	"metadata: {name: " name "}\nspec: {tier: " tier ", priority: 1, " \
	"subject: {namespaces: {}}, " spec "}\n"
#define PODS	NAMESPACE("a", "") POD("a", "one", "10.0.0.1") POD("a", "two", "10.0.0.2")

static struct np_offline off;

static void apply(const char *text)
{
	CHECK_EQ(load(text), 0);
	CHECK_EQ(np_offline_apply(&off, "kube", &objs, true, &err), 0);
}

/* The settings of pods' ranges: 10.1.0.0/16, twice. */
static void set_range(void)
{
	struct netpol_settings *settings = netpol_settings_create();
	const u8 prefix[] = { 10, 1 };

	memcpy(settings->range[0].addr, prefix, sizeof(prefix));
	settings->range[0].length = 16;
	settings->range_family[0] = AF_INET;
	settings->range[1] = settings->range[0];
	settings->range_family[1] = AF_INET;
	settings->nranges = 2;
	settings->guard[0] = settings->range[0];
	settings->guard_family[0] = AF_INET;
	settings->nguards = 1;
	settings->unknown = NETPOL_UNKNOWN_ALLOW;
	CHECK_EQ(netpol_settings_finish(settings), 0);
	CHECK(!np_offline_begin(&off, "settings", &err));
	CHECK_EQ(netpol_edit_settings(off.edit, settings), 0);
	CHECK(!np_offline_prepare(&off, &err));
	np_offline_publish(&off);
}

/* The last policy that a list of steps names, and its rule. */
static u8 last_action;

static int visit(void *context, const struct netpol_step *step)
{
	if (step->policy)
		last_action = step->action;
	return 0;
}

static bool allowed(u32 from, u32 to, u16 port)
{
	struct np_flow flow = { .protocol = IPPROTO_TCP, .port = port };
	struct netpol_judgement judgement;

	from = htonl(from);
	to = htonl(to);
	flow.source.family = AF_INET;
	flow.destination.family = AF_INET;
	memcpy(flow.source.addr, &from, 4);
	memcpy(flow.destination.addr, &to, 4);
	last_action = NETPOL_ACTION_NONE;
	np_offline_explain(&off, &flow, &judgement, visit, NULL);
	CHECK(judgement.accept == np_offline_judge(&off, &flow, NULL));
	return judgement.accept;
}

#define ONE	0x0a000001
#define TWO	0x0a000002
#define UNKNOWN	0x0a010001	/* 10.1.0.1 */
#define OUTSIDE	0xc0000201

/* A Pass by a selector denies to a pod that is not known, also where a network has it. */
static void test_mixed_pass(const char *text)
{
	apply(text);
	CHECK(!allowed(ONE, UNKNOWN, 80));
	CHECK_EQ(last_action, NETPOL_ACTION_DENY);
	CHECK(allowed(ONE, UNKNOWN, 81));
	CHECK(allowed(ONE, TWO, 80));
	CHECK_EQ(last_action, NETPOL_ACTION_PASS);
	CHECK(allowed(ONE, OUTSIDE, 80));
	CHECK_EQ(last_action, NETPOL_ACTION_PASS);
}

/* A pod in a namespace that is not loaded is closed, and needs no policy for it. */
static void test_closed(void)
{
	apply(POD("lost", "here", "10.0.3.1"));
	CHECK(allowed(OUTSIDE, 0x0a000301, 80));
	apply(POD("lost", "here", "10.0.3.1")
	      CLUSTER("p", "Baseline", "ingress: [{action: Deny, from: [{namespaces: {matchLabels: "
		      "{a: b}}}]}]"));
	CHECK(!allowed(OUTSIDE, 0x0a000301, 80));
	CHECK(!allowed(0x0a000301, OUTSIDE, 80));
	apply(PODS POD("lost", "here", "10.0.3.1"));
	CHECK(allowed(ONE, 0x0a000301, 80));
}

#define MIXED(action) \
	"egress: [{action: " action ", to: [{namespaces: {}}, {networks: [10.0.0.0/8, " \
	"192.0.2.0/24]}], protocols: [{tcp: {destinationPort: {number: 80}}}]}"

#define TENANT(rules) \
	"---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n" \
	"metadata: {name: tenant, namespace: a}\nspec: {ingress: [" rules "]}\n"
#define FROM(block) "{from: [{ipBlock: {cidr: " block "}}]}"
#define ADMIN	CLUSTER("p", "Admin", "ingress: [{action: Deny, from: [{namespaces: {matchLabels: " \
			"{a: b}}}], protocols: [{tcp: {destinationPort: {number: 80}}}]}]")

/* Does a setting that accepts still leave a flow to a rule of the Admin tier? */
static bool kept_out(u32 from, u32 to)
{
	struct netpol_judgement judgement;
	struct netpol_end source, destination;
	struct netpol_flow flow = { .source = &from, .destination = &to, .family = AF_INET,
				    .protocol = IPPROTO_TCP, .port = 80 };

	from = htonl(from);
	to = htonl(to);
	netpol_resolve(off.world->snapshot, AF_INET, &from, &source);
	netpol_resolve(off.world->snapshot, AF_INET, &to, &destination);
	return netpol_judge_admin(off.world->snapshot, &flow, &source, &destination, &judgement);
}

/* Nor does a setting open a pod that is closed: an Admin policy may mean it. */
static void test_settings(void)
{
	apply(PODS POD("lost", "here", "10.0.3.1"));
	CHECK(!kept_out(0x0a000301, OUTSIDE));
	apply(PODS POD("lost", "here", "10.0.3.1") ADMIN);
	CHECK(kept_out(0x0a000301, OUTSIDE));
	CHECK(kept_out(OUTSIDE, 0x0a000301));
	CHECK(!kept_out(ONE, OUTSIDE));
	apply(PODS POD("lost", "here", "10.0.3.1") NAMESPACE("lost", "") ADMIN);
	CHECK(!kept_out(0x0a000301, OUTSIDE));
}

/* A namespace that has its whole share keeps no cluster-wide policy out, and is blamed itself. */
static void test_share(void)
{
	u64 *share = &off.world->limit[NETPOL_LIMIT_PROGRAM_BYTES_PER_NAMESPACE], usual = *share;
	const struct netpol_policy *blamed;

	apply(PODS TENANT(FROM("192.0.2.0/24")));
	*share = 1000;
	apply(PODS TENANT(FROM("192.0.2.0/24")) ADMIN);
	CHECK(allowed(OUTSIDE, ONE, 80));
	CHECK_EQ(load(PODS TENANT(FROM("192.0.2.0/24") "," FROM("192.0.3.0/24")) CLUSTER("p", "Admin",
		 "ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {"
		 "destinationPort: {number: 80}}}, {tcp: {destinationPort: {number: 81}}}, {tcp: {"
		 "destinationPort: {number: 82}}}]}]")), 0);
	CHECK(!np_offline_begin(&off, "kube", &err));
	CHECK(!np_offline_policy(&off, &objs.policies[0], &err));
	CHECK(!np_offline_policy(&off, &objs.policies[1], &err));
	CHECK(np_offline_prepare(&off, &err));
	CHECK_EQ(off.fault.error, -ENOSPC);
	CHECK(strstr(off.fault.text, "namespace a"));
	blamed = off.fault.object;
	CHECK(blamed && blamed->tier == NETPOL_TIER_NETWORK_POLICY);
	np_offline_abort(&off);
	*share = usual;
}

int main(void)
{
	netpol_random_seed = 1;
	CHECK(!np_offline_init(&off, NULL, &err));
	test_closed();
	test_settings();
	test_share();
	set_range();
	test_mixed_pass(PODS CLUSTER("p", "Admin", MIXED("Pass") "]"));
	test_mixed_pass(PODS CLUSTER("p", "Baseline", MIXED("Pass") "]"));
	np_objects_free(&objs);
	np_offline_free(&off);
	CHECK_EQ(netpol_warnings, 0);
	return check_done("cluster");
}
