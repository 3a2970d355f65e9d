// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Audits in the core: who is observed, and what happens when an audit ends by its time, to those who
 * are concerned and to others, with and without room for what is enforced then. The verdicts
 * themselves are compared with the evaluator in random worlds (tests/truth).
 */
#include <stdlib.h>

#include "check.h"
#include "object/load.h"
#include "offline/offline.h"

/* Rules of the policy that needs much room. */
#define MANY 300

static struct np_offline off;
static struct np_error err;
static struct np_objects objs;

/* Applies manifests of an origin, as a full transaction or not. */
static bool apply(const char *origin, const char *text, bool full)
{
	struct np_load_options opts = {};
	size_t i;

	np_objects_free(&objs);
	np_objects_init(&objs);
	memset(&off.fault, 0, sizeof(off.fault));
	CHECK_EQ(np_load_buffer(&objs, "t.yaml", text, strlen(text), &opts, &err), 0);
	for (i = 0; i < objs.policy_count; i++)
		objs.policies[i].audit = objs.policies[i].audit_asked;
	return !np_offline_apply(&off, origin, &objs, full, &err);
}

#define NAMESPACE(name) "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: " name "}\n"
#define POD(ns, name, address) \
	"---\napiVersion: v1\nkind: Pod\nmetadata: {name: " name ", namespace: " ns "}\n" \
	"spec: {containers: [{name: c, image: i}]}\nstatus: {podIP: " address "}\n"
#define POLICY(name, more, rules) \
	"---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: " name \
	", namespace: t" more "}\nspec: {podSelector: {}, ingress: [" rules "]}\n"
#define PORT(number) "{ports: [{port: " number "}]}"

static const char world[] =
	NAMESPACE("t") NAMESPACE("other") POD("t", "one", "10.0.0.1") POD("t", "two", "10.0.0.2")
	POD("other", "far", "10.0.0.3") POLICY("in", "", PORT("80"));

/* @end: when it ends, 0: it does not. @policy, @pod: see struct netpol_audit. */
static struct netpol_audit about(const char *policy, const char *pod, u64 end)
{
	struct netpol_audit audit = { .end = end };

	audit.ns = netpol_ns_get(off.world, NETPOL_TEXT("t"));
	snprintf(audit.policy, sizeof(audit.policy), "%s", policy);
	snprintf(audit.pod, sizeof(audit.pod), "%s", pod);
	return audit;
}

/*
 * Begins or ends an audit as the module does, or ends those whose time has come (NULL). Return: 0 or a
 * negative errno.
 */
static int edit_audits(struct netpol_audit *audit, bool end)
{
	struct netpol_fault fault = {};
	struct netpol_snapshot *before = off.world->snapshot;
	struct netpol_edit *edit = netpol_edit_begin(off.world, NULL, &fault);
	int error = 0;

	if (IS_ERR(edit))
		return PTR_ERR(edit);
	if (audit)
		error = end ? netpol_edit_audit_end(edit, audit) : netpol_edit_audit(edit, audit);
	if (!error)
		error = netpol_edit_prepare(edit);
	if (error) {
		netpol_edit_abort(edit);
		CHECK(off.world->snapshot == before);
	} else {
		netpol_edit_publish(edit);
		netpol_snapshot_put(off.world, before);
	}
	return error;
}

static int change(struct netpol_audit audit, bool end)
{
	int error = edit_audits(&audit, end);

	netpol_ns_put(off.world, audit.ns);
	return error;
}

/* Judges TCP from the world outside to 10.0.0.@pod. */
static struct netpol_judgement judge(unsigned int pod, u16 port)
{
	struct np_flow flow = { .protocol = IPPROTO_TCP, .port = port };
	u32 from = htonl(0xc0000201), to = htonl(0x0a000000 + pod);
	struct netpol_judgement judgement;

	flow.source.family = AF_INET;
	flow.destination.family = AF_INET;
	memcpy(flow.source.addr, &from, 4);
	memcpy(flow.destination.addr, &to, 4);
	np_offline_judge(&off, &flow, &judgement);
	return judgement;
}

static bool passes(unsigned int pod, u16 port)
{
	return judge(pod, port).accept;
}

static bool audited(unsigned int pod, u16 port)
{
	struct netpol_judgement judgement = judge(pod, port);

	return netpol_judgement_audit(&judgement);
}

static void test_subjects(void)
{
	CHECK(apply("kube", world, true));
	CHECK(passes(1, 80) && !passes(1, 81) && !passes(2, 81));
	CHECK_EQ(change(about("", "two", 0), false), 0);
	CHECK(!passes(1, 81));
	CHECK(passes(2, 81) && audited(2, 81) && passes(2, 80) && !audited(2, 80));
	CHECK_EQ(change(about("in", "", 0), false), 0);
	CHECK(audited(1, 81) && audited(2, 81));
	CHECK_EQ(change(about("", "two", 0), true), 0);
	CHECK(audited(1, 81) && audited(2, 81));
	CHECK_EQ(change(about("", "two", 0), true), -ENOENT);
	CHECK_EQ(change(about("in", "", 0), true), 0);
	CHECK(!passes(1, 81) && !passes(2, 81));
	/* a policy that comes later is meant as well */
	CHECK_EQ(change(about("", "", 0), false), 0);
	CHECK(apply("manual", POLICY("more", "", PORT("90")), false));
	CHECK(audited(1, 81) && !audited(1, 80) && !audited(1, 90) && passes(1, 90));
	CHECK(apply("manual", "", true));
	CHECK_EQ(change(about("", "", 0), true), 0);
}

/* The time is over. An edit of objects leaves it to the edit that is there for it. */
static void test_ends(void)
{
	netpol_clock = 1000;
	CHECK_EQ(change(about("in", "", 1010), false), 0);
	CHECK(audited(1, 81));
	CHECK_EQ(netpol_audits_next_end(off.world->snapshot->audits, 1000), 1010);
	netpol_clock = 1009;
	CHECK_EQ(edit_audits(NULL, true), 0);
	CHECK(audited(1, 81));
	CHECK(!netpol_audits_ended(off.world->snapshot->audits, off.world->snapshot->now, 1009));
	netpol_clock = 1010;
	CHECK(netpol_audits_ended(off.world->snapshot->audits, off.world->snapshot->now, 1010));
	CHECK(apply("manual", NAMESPACE("nobody"), false));
	CHECK(audited(1, 81));
	CHECK_EQ(edit_audits(NULL, true), 0);
	CHECK(!passes(1, 81));
	CHECK(!netpol_audits_ended(off.world->snapshot->audits, off.world->snapshot->now, 2000));
	CHECK_EQ(netpol_audits_next_end(off.world->snapshot->audits, 1010), 0);
	CHECK_EQ(change(about("in", "", 0), true), -ENOENT);
	/* one that ends is not in the way of another one */
	CHECK_EQ(change(about("", "", 1020), false), 0);
	CHECK_EQ(off.world->snapshot->audits->count, 1);
	netpol_clock = 1030;
	CHECK_EQ(change(about("", "two", 0), false), 0);
	CHECK(!passes(1, 81) && audited(2, 81));
	CHECK_EQ(change(about("", "two", 0), true), 0);
	CHECK(apply("manual", "", true));
}

/* An edit that is given up, or that lacks memory at any point, leaves audits as they were. */
static void test_abort(void)
{
	long calls;
	int error;

	CHECK_EQ(change(about("in", "", 0), false), 0);
	for (calls = 0;; calls++) {
		netpol_fail_after = calls;
		error = change(about("", "one", 0), false);
		netpol_fail_after = -1;
		if (!error)
			break;
		CHECK_EQ(error, -ENOMEM);
		CHECK(audited(1, 81) && audited(2, 81));
		CHECK_EQ(off.world->snapshot->audits->count, 1);
	}
	CHECK(calls > 3);
	CHECK_EQ(off.world->snapshot->audits->count, 2);
	CHECK_EQ(change(about("in", "", 0), true), 0);
	CHECK(audited(1, 81) && !passes(2, 81));
	CHECK_EQ(change(about("", "one", 0), true), 0);
}

static struct netpol_ns *ns(const char *name)
{
	return netpol_ns_find(off.world, NETPOL_TEXT(name));
}

/* A policy that takes much room. */
static char *large(void)
{
	size_t length;
	char *text;
	FILE *out = open_memstream(&text, &length);
	int i;

	fprintf(out, "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
		"metadata: {name: large, namespace: t}\nspec: {podSelector: {}, ingress: [");
	for (i = 0; i < MANY; i++)
		fprintf(out, "{from: [{ipBlock: {cidr: 192.0.%d.0/24}}], ports: [{port: %d}]},",
			i % 250, 100 + i * 2);
	fprintf(out, "]}\n");
	fclose(out);
	return text;
}

/* All that programs may take, and the share of a namespace. */
static u64 *limit(u32 which)
{
	return &off.world->limit[which];
}

#define SHARE	(*limit(NETPOL_LIMIT_PROGRAM_BYTES_PER_NAMESPACE))
#define ALL	(*limit(NETPOL_LIMIT_PROGRAM_BYTES))

static u64 used(void)
{
	return netpol_world_used(off.world, NETPOL_LIMIT_PROGRAM_BYTES);
}

/*
 * What is enforced when an audit ends takes more room than there is: @all tells for whom. Nobody who
 * commits then is refused for that, nobody else is closed, and nothing stays open: the pods are
 * closed until there is room.
 */
static void test_room(bool all)
{
	u64 share = SHARE, total = ALL;
	char *text = large();

	netpol_clock = 1000;
	CHECK(apply("other", "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
		    "metadata: {name: own, namespace: other}\nspec: {podSelector: {}, ingress: ["
		    PORT("70") "]}\n", true));
	CHECK_EQ(change(about("large", "", 1010), false), 0);
	CHECK(apply("manual", text, true));
	CHECK(passes(1, 80) && !passes(1, 81) && passes(3, 70) && !passes(3, 71));
	SHARE = all ? 0 : ns("t")->program_bytes + ns("t")->hits_bytes + 4096;
	ALL = all ? used() + 4096 : total;
	/* who ends it on purpose is told */
	CHECK_EQ(change(about("large", "", 0), true), -ENOSPC);
	CHECK(passes(1, 80) && !passes(1, 81));
	netpol_clock = 1010;
	CHECK(apply("third", NAMESPACE("nobody"), false));
	CHECK_EQ(edit_audits(NULL, true), 0);
	CHECK(!passes(1, 80) && !passes(1, 81));
	CHECK(off.world->snapshot->nlacking > 0);
	CHECK(passes(3, 70) && !passes(3, 71));
	CHECK(apply("third", NAMESPACE("another"), false));
	CHECK(!passes(1, 80) && passes(3, 70));
	SHARE = share;
	ALL = total;
	CHECK(apply("third", NAMESPACE("somebody"), false));
	CHECK(passes(1, 80) && !passes(1, 81));
	CHECK_EQ(off.world->snapshot->nlacking, 0);
	CHECK(apply("third", "", true));
	CHECK(apply("other", "", true));
	CHECK(apply("manual", "", true));
	free(text);
}

/* What is observed never closes its pod: without room for it nobody asks it. */
static void test_observed_room(void)
{
	u64 share = SHARE;
	char *text = large();
	size_t i;

	CHECK(apply("kube", world, true));
	CHECK_EQ(change(about("", "", 0), false), 0);
	CHECK(audited(1, 81));
	SHARE = ns("t")->program_bytes + ns("t")->hits_bytes + 1024;
	/* who loads it is told */
	CHECK(!apply("manual", text, false));
	CHECK(audited(1, 81));
	/* a commit by others that makes it larger is not refused for it */
	SHARE = share;
	CHECK(apply("manual", text, false));
	CHECK(audited(1, 81));
	ALL = used() + 4000;
	CHECK(apply("third", "---\napiVersion: policy.networking.k8s.io/v1alpha2\n"
		    "kind: ClusterNetworkPolicy\nmetadata: {name: base}\nspec: {tier: Baseline, "
		    "priority: 0, subject: {namespaces: {}}, ingress: [{action: Deny, from: "
		    "[{namespaces: {matchLabels: {a: b}}}], protocols: [{tcp: {destinationPort: "
		    "{number: 7}}}]}]}\n", false));
	CHECK_EQ(off.world->snapshot->nlacking, 0);
	CHECK(off.world->snapshot->nunobserved > 0);
	CHECK(passes(1, 80) && passes(1, 81) && !audited(1, 81));
	SHARE = share;
	ALL = 256ULL << 20;
	for (i = 0; i < 2; i++)
		CHECK(apply(i ? "manual" : "third", "", true));
	CHECK_EQ(change(about("", "", 0), true), 0);
	free(text);
}

/* What all origins have deleted takes the audits with it, and their namespaces. */
static void test_clear(void)
{
	struct netpol_fault fault = {};
	struct netpol_snapshot *before;
	struct netpol_edit *edit;

	CHECK_EQ(change(about("in", "", 0), false), 0);
	before = off.world->snapshot;
	edit = netpol_edit_begin(off.world, "manual", &fault);
	CHECK(!IS_ERR(edit));
	CHECK_EQ(netpol_edit_clear(edit), 0);
	CHECK_EQ(netpol_edit_prepare(edit), 0);
	netpol_edit_publish(edit);
	netpol_snapshot_put(off.world, before);
	CHECK_EQ(off.world->snapshot->audits->count, 0);
	CHECK(!netpol_ns_find(off.world, NETPOL_TEXT("t")));
	CHECK(apply("kube", world, true));
	CHECK(!passes(1, 81));
	/* the world is destroyed with an audit in it */
	CHECK_EQ(change(about("in", "", 0), false), 0);
}

int main(void)
{
	CHECK_EQ(np_offline_init(&off, NULL, &err), 0);
	test_subjects();
	test_ends();
	test_abort();
	test_room(false);
	test_room(true);
	test_observed_room();
	test_clear();
	np_offline_free(&off);
	np_objects_free(&objs);
	return check_done("audit");
}
