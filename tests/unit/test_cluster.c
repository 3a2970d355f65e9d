// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cluster-wide policies in the core: what pods that are not known meet.
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

static bool allowed(u32 from, u32 to, u16 port)
{
	struct np_flow flow = { .protocol = IPPROTO_TCP, .port = port };

	from = htonl(from);
	to = htonl(to);
	flow.source.family = AF_INET;
	flow.destination.family = AF_INET;
	memcpy(flow.source.addr, &from, 4);
	memcpy(flow.destination.addr, &to, 4);
	return np_offline_judge(&off, &flow, NULL);
}

#define ONE	0x0a000001
#define TWO	0x0a000002
#define OUTSIDE	0xc0000201

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

int main(void)
{
	netpol_random_seed = 1;
	CHECK(!np_offline_init(&off, NULL, &err));
	test_closed();
	np_objects_free(&objs);
	np_offline_free(&off);
	CHECK_EQ(netpol_warnings, 0);
	return check_done("cluster");
}
