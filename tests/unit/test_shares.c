// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who pays for the programs of cluster-wide policies. A tenant chooses labels and named ports of
 * its pods, so that each of them can have a program of its own. That counts for its namespace, and
 * never keeps another namespace's pods or an administrator's policy out.
 */
#include <stdlib.h>

#include "check.h"
#include "core/explain.h"
#include "object/load.h"
#include "offline/offline.h"

#define MANY	40	/* pods of the tenant */
#define PORTS	60	/* numbers that each of them gives to one name */
#define VICTIM	0	/* number of the pod a/p0 */
#define OTHERS	(MANY + 10)	/* first number of the pods of v */
#define FEW	10	/* so many */
#define ALIKE	5	/* pods whose programs are one */

static struct np_offline off;
static struct np_error err;
static struct np_objects objs;
static char *text;
static size_t length;
static FILE *out;

static void begin(void)
{
	free(text);
	out = open_memstream(&text, &length);
}

static void add_namespace(const char *name)
{
	fprintf(out, "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: "
		"{name: %s}}\n", name, name);
}

/* A pod with a label, and with @ports numbers for one name that pod number @like has too. */
static void add_numbered(const char *ns, unsigned int number, const char *label,
			 unsigned int ports, unsigned int like)
{
	unsigned int i;

	fprintf(out, "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p%u, namespace: %s, labels: "
		"{%s: x}}\nspec: {containers: [{name: c, image: i, ports: [", number, ns, label);
	for (i = 0; i < ports; i++)
		fprintf(out, "{name: web, containerPort: %u},", 1000 + like * PORTS * 2 + i * 2);
	fprintf(out, "]}]}\nstatus: {podIP: 10.0.%u.%u}\n", number / 200, number % 200 + 1);
}

/* A pod with a label, and with @ports numbers of its own for one name. */
static void add_pod(const char *ns, unsigned int number, const char *label, unsigned int ports)
{
	add_numbered(ns, number, label, ports, number);
}

static void add_cluster(const char *name, const char *spec)
{
	fprintf(out, "---\napiVersion: policy.networking.k8s.io/v1alpha2\n"
		"kind: ClusterNetworkPolicy\nmetadata: {name: %s}\nspec: {tier: Admin, "
		"priority: 1, %s}\n", name, spec);
}

/* A policy of every pod that names a port. */
static void add_named(const char *name)
{
	add_cluster(name, "subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: "
		    "{matchLabels: {name: z}}}], protocols: [{destinationNamedPort: web}]}]");
}

/* A policy of every pod with much more in it. */
static void add_tier(const char *name, const char *tier)
{
	unsigned int i;

	fprintf(out, "---\napiVersion: policy.networking.k8s.io/v1alpha2\n"
		"kind: ClusterNetworkPolicy\nmetadata: {name: %s}\nspec: {tier: %s, "
		"priority: 0, subject: {namespaces: {}}, ingress: [", name, tier);
	for (i = 0; i < 20; i++)
		fprintf(out, "{action: Deny, from: [{namespaces: {matchLabels: {name: z%u}}}], "
			"protocols: [{destinationNamedPort: web}, {tcp: {destinationPort: {number: "
			"%u}}}]},", i, 20 + i * 2);
	fprintf(out, "]}\n");
}

static void add_large(const char *name)
{
	add_tier(name, "Admin");
}

/* A policy of the tenant's own that isolates its pods and opens all. */
static void add_own(void)
{
	fprintf(out, "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: "
		"own, namespace: t}\nspec: {ingress: [{}]}\n");
}

static void read_text(void)
{
	struct np_load_options opts = {};

	fclose(out);
	np_objects_free(&objs);
	np_objects_init(&objs);
	memset(&off.fault, 0, sizeof(off.fault));
	CHECK_EQ(np_load_buffer(&objs, "t.yaml", text, length, &opts, &err), 0);
}

static bool apply(bool full)
{
	read_text();
	return !np_offline_apply(&off, "kube", &objs, full, &err);
}

/* A commit of nothing. */
static void commit(void)
{
	begin();
	add_namespace("a");
	CHECK(apply(false));
}

static struct netpol_ns *ns(const char *name)
{
	return netpol_ns_find(off.world, NETPOL_TEXT(name));
}

static u64 *limit(u32 which)
{
	return &off.world->limit[which];
}

/* What they are before a test changes them. */
static u64 usual_share, usual_all;

#define SHARE	(*limit(NETPOL_LIMIT_PROGRAM_BYTES_PER_NAMESPACE))
#define ALL	(*limit(NETPOL_LIMIT_PROGRAM_BYTES))

/* So that nothing of the other tests' limits is left. */
static void usual_limits(void)
{
	SHARE = usual_share;
	ALL = usual_all;
}

static u64 used(void)
{
	return netpol_world_used(off.world, NETPOL_LIMIT_PROGRAM_BYTES);
}

static const struct netpol_local *local_of(unsigned int number)
{
	u32 address = htonl(0x0a000001 + (number / 200 << 8) + number % 200);
	struct netpol_end end;

	netpol_resolve(off.world->snapshot, AF_INET, &address, &end);
	return end.local;
}

/* May the world outside open a connection to a pod? No policy of this test denies that. */
static bool open_to(unsigned int number)
{
	struct np_flow flow = { .protocol = IPPROTO_TCP, .port = 7 };
	u32 from = htonl(0xc0000201), to = htonl(0x0a000001 + (number / 200 << 8) + number % 200);

	flow.source.family = AF_INET;
	flow.destination.family = AF_INET;
	memcpy(flow.source.addr, &from, 4);
	memcpy(flow.destination.addr, &to, 4);
	return np_offline_judge(&off, &flow, NULL);
}

static int note_reason(void *context, const struct netpol_step *step)
{
	u8 *reason = context;

	if (!step->policy)
		*reason = step->reason;
	return 0;
}

/* Why a pod is closed, by an explanation of a connection from the world outside. */
static u8 reason_of(unsigned int number)
{
	u32 from = htonl(0xc0000201), to = htonl(0x0a000001 + (number / 200 << 8) + number % 200);
	struct netpol_flow flow = { .source = &from, .destination = &to, .family = AF_INET,
				    .protocol = IPPROTO_TCP, .port = 7 };
	struct netpol_judgement judgement;
	u8 reason = 0;

	CHECK_EQ(netpol_explain(off.world, &flow, false, &judgement, note_reason, &reason), 0);
	CHECK_EQ(judgement.reason, reason);
	return reason;
}

/* The limit that the pods which closed_pods() found are closed for; 0: not the same for all. */
static u32 closed_for;

/*
 * Checks that as many of the tenant's pods are closed as the snapshot says, and that each has the
 * reason. Return: how many.
 */
static unsigned int closed_pods(void)
{
	const struct netpol_snapshot *snapshot = off.world->snapshot;
	const struct netpol_lack *lack;
	const struct netpol_pod *first;
	unsigned int i, n = 0;

	for (i = 1; i <= MANY; i++) {
		if (!local_of(i))
			continue;
		lack = netpol_pod_lack(snapshot, local_of(i)->pod, NETPOL_DIRECTION_INGRESS);
		CHECK_EQ(!lack, open_to(i));
		if (!lack)
			continue;
		CHECK_EQ(reason_of(i), NETPOL_REASON_NO_ROOM);
		CHECK(lack->need && !lack->cluster);
		CHECK_EQ(lack->need == NETPOL_CELLS_NEED,
			 lack->limit == NETPOL_LIMIT_CELLS_PER_PROGRAM);
		closed_for = n && closed_for != lack->limit ? 0 : lack->limit;
		n++;
	}
	CHECK_EQ(n, snapshot->nlacking);
	CHECK_EQ(n, netpol_world_lacking(off.world, &first));
	CHECK(n ? !strcmp(first->template->ns->name, "t") : !first);
	return n;
}

static void add_tenant(void)
{
	unsigned int i;

	add_namespace("a");
	add_namespace("t");
	for (i = 1; i <= MANY; i++)
		add_pod("t", i, "l", PORTS);
	add_pod("a", VICTIM, "l", 0);
	add_pod("a", MANY + 1, "l", PORTS);
}

/* The tenant, and a policy that gives each of its pods a program of its own, are all there is. */
static void load_tenant(void)
{
	begin();
	add_tenant();
	add_named("named");
	CHECK(apply(true));
}

static void delete_policy(const char *namespace, const char *name)
{
	CHECK(!np_offline_begin(&off, "kube", &err));
	CHECK(!np_offline_delete_policy(&off, namespace, name, &err));
	CHECK(!np_offline_prepare(&off, &err));
	np_offline_publish(&off);
}

/* Programs that depend on the pod are charged to its namespace, in each way. */
static void test_charged(void)
{
	struct netpol_ns *cluster = off.world->cluster;
	unsigned int i;
	char label[16];

	begin();
	add_tenant();
	add_numbered("t", MANY + 2, "l", PORTS, 1);
	add_numbered("a", MANY + 3, "l", PORTS, 1);
	add_named("named");
	CHECK(apply(true));
	CHECK(ns("t")->program_bytes > 40 * ns("a")->program_bytes / 3);
	CHECK_EQ(cluster->program_bytes, local_of(VICTIM)->program[0]->bytes);
	CHECK_EQ(used() - off.world->hits_bytes, cluster->program_bytes +
		 ns("t")->program_bytes + ns("a")->program_bytes);
	/* pods of two namespaces that have the same numbers have two programs */
	CHECK(local_of(1)->program[0] == local_of(MANY + 2)->program[0]);
	CHECK(local_of(1)->program[0] != local_of(MANY + 3)->program[0]);
	CHECK_EQ(local_of(1)->program[0]->bytes, local_of(MANY + 3)->program[0]->bytes);

	/* labels: each pod is selected by another policy */
	begin();
	add_namespace("a");
	add_namespace("t");
	add_pod("a", VICTIM, "l", 0);
	for (i = 1; i <= MANY; i++) {
		snprintf(label, sizeof(label), "l%u", i);
		add_pod("t", i, label, 0);
		fprintf(out, "---\napiVersion: policy.networking.k8s.io/v1alpha2\n"
			"kind: ClusterNetworkPolicy\nmetadata: {name: %s}\nspec: {tier: Baseline, "
			"priority: 1, subject: {pods: {podSelector: {matchLabels: {%s: x}}}}, egress: "
			"[{action: Deny, to: [{networks: [192.0.2.0/24]}]}]}\n", label, label);
	}
	add_cluster("each", "subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: "
		    "[198.51.100.0/24]}]}]");
	CHECK(apply(true));
	CHECK(ns("t")->program_bytes > 10 * cluster->program_bytes);
	CHECK(local_of(VICTIM)->program[1]->ns == cluster);
	/* a pod that no such policy picks has the program of the other namespaces */
	begin();
	add_pod("t", MANY + 1, "other", 0);
	CHECK(apply(false));
	CHECK(local_of(VICTIM)->program[1] == local_of(MANY + 1)->program[1]);
}

/* Above its share, a tenant's own pod is refused, and nothing else is. */
static void test_own(void)
{
	u32 i;

	load_tenant();
	SHARE = ns("t")->program_bytes + 2000;
	begin();
	add_pod("t", MANY + 2, "l", PORTS);
	read_text();
	CHECK(!np_offline_begin(&off, "kube", &err));
	CHECK(!np_offline_pod(&off, &objs.pods[0], &err));
	CHECK(np_offline_prepare(&off, &err));
	CHECK_EQ(off.fault.error, -ENOSPC);
	CHECK(strstr(off.fault.text, "namespace t:"));
	CHECK(off.fault.object &&
	      !strcmp(netpol_pod_name(off.fault.object), "p42"));
	np_offline_abort(&off);
	begin();
	add_namespace("b");
	add_pod("b", MANY + 2, "l", PORTS);
	CHECK(apply(false));
	/* each of the tenant's programs grows, which is not its doing */
	begin();
	add_large("large");
	CHECK(apply(false));
	CHECK(ns("t")->program_bytes > SHARE);
	for (i = 0; i <= MANY + 2; i++)
		CHECK(open_to(i));
	usual_limits();
}

/*
 * An administrator's policy for which there is no room: it is not refused. Pods of the namespace
 * that takes most are closed, and open again when there is room.
 */
static void test_room(void)
{
	u64 generation;
	const struct netpol_policy *blamed;
	unsigned int closed, again, i;

	load_tenant();
	SHARE = 64 << 10;
	ALL = used() + (64 << 10) + 20000;
	begin();
	add_large("large");
	CHECK(apply(false));
	closed = closed_pods();
	CHECK(closed > 2 && closed < MANY);
	CHECK_EQ(closed_for, NETPOL_LIMIT_PROGRAM_BYTES);
	CHECK(open_to(VICTIM) && open_to(MANY + 1));
	CHECK(used() <= ALL - SHARE + off.world->cluster->program_bytes +
	      off.world->cluster->hits_bytes);

	/* as it is, all goes on */
	commit();
	CHECK_EQ(closed_pods(), closed);
	/* and all of it loaded once more is no new reason to refuse anything */
	begin();
	add_tenant();
	add_named("named");
	add_large("large");
	CHECK(apply(true));
	CHECK_EQ(closed_pods(), closed);
	/* the tenant can change its closed pod neither */
	for (i = 1; i <= MANY && open_to(i); i++)
		;
	CHECK(i <= MANY);
	begin();
	add_pod("t", i, "m", PORTS);
	CHECK(!apply(false));
	CHECK(strstr(err.text, "namespace t:"));
	CHECK_EQ(closed_pods(), closed);
	/* others can */
	begin();
	add_pod("a", VICTIM, "m", 0);
	CHECK(apply(false));
	/* a policy of the tenant's is to blame, not the larger one that comes with it */
	begin();
	add_large("larger");
	add_own();
	read_text();
	generation = off.world->snapshot->generation;
	CHECK(!np_offline_begin(&off, "kube", &err));
	CHECK(!np_offline_policy(&off, &objs.policies[0], &err));
	CHECK(!np_offline_policy(&off, &objs.policies[1], &err));
	CHECK(np_offline_prepare(&off, &err));
	blamed = off.fault.object;
	CHECK(blamed && blamed->tier == NETPOL_TIER_NETWORK_POLICY);
	np_offline_abort(&off);
	CHECK_EQ(off.world->snapshot->generation, generation);
	CHECK_EQ(closed_pods(), closed);

	/* room comes with pods that go, and is used */
	for (i = MANY; closed_pods() && i; i--) {
		char name[16];

		snprintf(name, sizeof(name), "p%u", i);
		CHECK(!np_offline_begin(&off, "kube", &err));
		CHECK(!np_offline_delete_pod(&off, "t", name, NULL, &err));
		CHECK(!np_offline_prepare(&off, &err));
		np_offline_publish(&off);
	}
	CHECK(i > MANY / 4);
	/* and with a limit that is lifted */
	load_tenant();
	begin();
	add_large("large");
	CHECK(apply(false));
	again = closed_pods();
	CHECK(again);
	ALL = usual_all;
	commit();
	CHECK_EQ(closed_pods(), 0);
	usual_limits();
}

static void add_kinds(void)
{
	char name[16];
	u32 i;

	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "z%u", i);
		add_namespace(name);
		add_pod(name, OTHERS + FEW + i, "l", 0);
	}
}

static void add_others(void)
{
	u32 i;

	add_namespace("v");
	for (i = 0; i < FEW; i++)
		add_pod("v", OTHERS + i, "l", 1);
}

/* Are all pods of add_others() open? */
static bool others_open(void)
{
	u32 i;

	for (i = 0; i < FEW && open_to(OTHERS + i); i++)
		;
	return i == FEW;
}

/* More cells than a program may have are as good a reason, but none to share the memory. */
static void test_cells(void)
{
	u64 *cells = limit(NETPOL_LIMIT_CELLS_PER_PROGRAM), usual = *cells, bytes;
	const struct netpol_lack *lack;
	u32 retry;

	begin();
	add_tenant();
	add_others();
	add_named("named");
	add_large("large");
	add_kinds();
	CHECK(apply(true));
	bytes = local_of(OTHERS)->program[0]->bytes;
	begin();
	add_tenant();
	add_others();
	add_named("named");
	CHECK(apply(true));
	*cells = 2000;
	/* the namespaces a, t and v could have 8 programs each of those that v has 10 of */
	ALL = off.world->hits_bytes + 32 * bytes;
	retry = off.world->retry;
	begin();
	add_large("large");
	add_kinds();
	add_pod("v", OTHERS, "m", 1);
	CHECK(apply(false));
	CHECK(off.world->snapshot->nlacking);
	CHECK(open_to(VICTIM) && !open_to(1));
	lack = netpol_pod_lack(off.world->snapshot, local_of(1)->pod, NETPOL_DIRECTION_INGRESS);
	CHECK(lack && lack->limit == NETPOL_LIMIT_CELLS_PER_PROGRAM);
	CHECK_EQ(reason_of(1), NETPOL_REASON_NO_ROOM);
	CHECK(others_open());
	CHECK_EQ(ns("t")->program_bytes, 0);
	/* the edit knows that there is no program for them, and looks for none twice */
	CHECK_EQ(off.world->retry, retry);
	/* less of it opens them again */
	*cells = usual;
	usual_limits();
	delete_policy("", "large");
	CHECK_EQ(closed_pods(), 0);
}

/*
 * The tenant deletes its policy, and the Baseline tier, for which it has not enough memory, holds
 * for its pods. It pays for that alone, now and later. All programs may have @room times the memory
 * of one. @more: so there is a use for a larger share.
 */
static void test_deleted(u32 room, bool more)
{
	u64 bytes;
	unsigned int closed;
	u32 i, retry;

	begin();
	add_tenant();
	add_others();
	add_tier("base", "Baseline");
	/* a program of its own in the other direction, in force behind those of other pods */
	add_pod("t", OTHERS + FEW, "m", 0);
	add_cluster("m", "subject: {pods: {podSelector: {matchLabels: {m: x}}}}, egress: [{action: "
		    "Deny, to: [{networks: [192.0.2.0/24]}]}]");
	CHECK(apply(true));
	bytes = local_of(1)->program[0]->bytes;
	begin();
	add_own();
	CHECK(apply(false));
	/* the next program is known not to do before its size is */
	SHARE = 12 * bytes + ns("t")->hits_bytes + 100;
	ALL = off.world->hits_bytes + room * bytes;
	delete_policy("t", "own");
	closed = closed_pods();
	CHECK(closed && closed < MANY);
	CHECK_EQ(closed_for, more ? NETPOL_LIMIT_PROGRAM_BYTES_PER_NAMESPACE :
				    NETPOL_LIMIT_PROGRAM_BYTES);
	for (i = 0; i < 40; i++) {
		commit();
		CHECK(closed_pods() && others_open());
		CHECK(ns("t")->program_bytes <= SHARE);
		SHARE += bytes / 10;
	}
	CHECK_EQ(closed_pods() < closed, more);
	/* each pod is tried in vain at most a few times for the same room */
	for (i = 0; i < MANY; i++)
		commit();
	retry = off.world->retry;
	commit();
	CHECK_EQ(off.world->retry, retry);
	/* room in the share is used as soon as it is there */
	usual_limits();
	commit();
	CHECK_EQ(closed_pods(), 0);
}

/* Pods with labels of their own that one policy of theirs selects. */
static void add_alike(void)
{
	char label[16];
	u32 i;

	add_namespace("a");
	add_namespace("t");
	for (i = 1; i <= ALIKE; i++) {
		snprintf(label, sizeof(label), "l%u", i);
		add_pod("t", i, label, 0);
	}
	add_own();
}

/*
 * Pods that lack one program: when there is room for it, they have it at once. An edit that was
 * given up, whose program was larger, changes nothing of that.
 */
static void test_alike(void)
{
	u64 bytes;

	begin();
	add_alike();
	add_large("large");
	CHECK(apply(true));
	CHECK(local_of(1)->program[0] == local_of(ALIKE)->program[0]);
	bytes = local_of(1)->program[0]->bytes;
	begin();
	add_alike();
	CHECK(apply(true));
	SHARE = 1000;
	ALL = used() + SHARE;
	begin();
	add_large("large");
	CHECK(apply(false));
	CHECK_EQ(closed_pods(), ALIKE);
	ALL = off.world->hits_bytes + SHARE + bytes;
	begin();
	add_large("larger");
	read_text();
	CHECK(!np_offline_begin(&off, "kube", &err));
	CHECK(!np_offline_policy(&off, &objs.policies[0], &err));
	CHECK(!np_offline_prepare(&off, &err));
	np_offline_abort(&off);
	commit();
	CHECK_EQ(closed_pods(), 0);
	usual_limits();
}

/* Namespaces that fill all that there is for them leave the administrator's part alone. */
static void test_reserve(void)
{
	load_tenant();
	SHARE = 80000;
	ALL = used() + SHARE;
	begin();
	add_namespace("b");
	add_pod("b", MANY + 2, "l", PORTS);
	CHECK(!apply(false));
	CHECK(strstr(err.text, "all others"));
	begin();
	add_cluster("networks", "subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: "
		    "[192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24]}]}]");
	CHECK(apply(false));
	CHECK_EQ(closed_pods(), 0);
	usual_limits();
}

/* Checks that the programs of the world are those of the snapshot, each of which can be read. */
static void check_programs(void)
{
	u64 bytes = off.world->hits_bytes;
	struct netpol_program *program;

	list_for_each_entry(program, &off.world->programs, node)
		bytes += program->bytes;
	CHECK_EQ(bytes, used());
}

/* An edit that made programs which nothing uses in the end, and is given up then or on its way. */
static void test_abort(void)
{
	bool prepared = false;
	long after;

	load_tenant();
	SHARE = 64 << 10;
	ALL = used() + (64 << 10) + 20000;
	begin();
	add_large("large");
	read_text();
	for (after = 0; !prepared; after += 97) {
		CHECK(!np_offline_begin(&off, "kube", &err));
		CHECK(!np_offline_policy(&off, &objs.policies[0], &err));
		netpol_fail_after = after;
		prepared = !np_offline_prepare(&off, &err);
		netpol_fail_after = -1;
		CHECK(prepared || off.fault.error == -ENOMEM);
		np_offline_abort(&off);
		check_programs();
		CHECK_EQ(closed_pods(), 0);
	}
	CHECK(after > 5 * 97);
	commit();
	check_programs();
	usual_limits();
}

#define TENANT	(OTHERS + 2)	/* first number of the pods of other namespaces */
#define PORT	100		/* ports of the rules that tell namespaces apart begin here */

/* A pod without labels that anybody names. */
static void add_plain(const char *ns, unsigned int number)
{
	add_pod(ns, number, "l", 0);
}

/* Has the objects of the text refused for want of room. The edit is left for the caller to abort. */
static void prepare_in_vain(void)
{
	size_t i;

	read_text();
	CHECK(!np_offline_begin(&off, "kube", &err));
	for (i = 0; i < objs.namespace_count; i++)
		CHECK(!np_offline_namespace(&off, &objs.namespaces[i], &err));
	for (i = 0; i < objs.pod_count; i++)
		CHECK(!np_offline_pod(&off, &objs.pods[i], &err));
	for (i = 0; i < objs.policy_count; i++)
		CHECK(!np_offline_policy(&off, &objs.policies[i], &err));
	CHECK(np_offline_prepare(&off, &err));
	CHECK_EQ(off.fault.error, -ENOSPC);
}

/* A policy of v that tells namespaces apart by their label, each with a port of its own. */
static void add_each(void)
{
	unsigned int i;

	fprintf(out, "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: "
		"each, namespace: v}\nspec: {ingress: [");
	for (i = 0; i < 2 * FEW; i++)
		fprintf(out, "{from: [{namespaceSelector: {matchLabels: {name: m%u}}}], ports: "
			"[{port: %u}]},", i, PORT + 2 * i);
	fprintf(out, "]}\n");
}

/* Namespaces with such a label, and a pod in each. */
static void add_labelled(void)
{
	unsigned int i;
	char name[16];

	for (i = 0; i < 2 * FEW; i++) {
		snprintf(name, sizeof(name), "new%u", i);
		fprintf(out, "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: "
			"{name: m%u}}\n", name, i);
		add_plain(name, TENANT + i);
	}
}

/*
 * What makes a program of another namespace too large is refused, and named: a Namespace object
 * that is relabelled, or a pod.
 */
static void test_grown(void)
{
	static const char * const what[] = { "namespace n", "namespace new", "pod new" };
	u64 usual = SHARE, total = ALL;
	char name[16];
	u32 i, kind;

	begin();
	add_namespace("a");
	add_namespace("v");
	add_plain("a", VICTIM);
	add_plain("v", OTHERS);
	for (i = 0; i < 2 * FEW; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		add_namespace(name);
		add_plain(name, TENANT + i);
	}
	add_each();
	CHECK(apply(true));
	SHARE = 1000;
	ALL = used() + SHARE;
	for (kind = 0; kind < 3; kind++) {
		/* the last time, the new namespaces are there already */
		if (kind == 2) {
			begin();
			for (i = 0; i < 2 * FEW; i++)
				fprintf(out, "---\napiVersion: v1\nkind: Namespace\nmetadata: "
					"{name: new%u, labels: {name: m%u}}\n", i, i);
			CHECK(apply(false));
		}
		begin();
		add_plain("a", VICTIM);
		for (i = 0; kind < 2 && i < 2 * FEW; i++)
			fprintf(out, "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: %s%u, "
				"labels: {name: m%u}}\n", kind ? "new" : "n", i, i);
		for (i = 0; kind && i < 2 * FEW; i++) {
			snprintf(name, sizeof(name), "new%u", i);
			add_plain(name, TENANT + 2 * FEW + i);
		}
		prepare_in_vain();
		CHECK(!strncmp(off.fault.text, what[kind], strlen(what[kind])));
		CHECK(strstr(off.fault.text, "programs of namespace v have more than"));
		CHECK(off.fault.object);
		np_offline_abort(&off);
		CHECK_EQ(off.world->snapshot->nlacking, 0);
	}
	SHARE = usual;
	ALL = total;
}

#define SPLIT	600	/* values of a label that no policy names at first */

/*
 * Who writes a policy that has a cell for each of many namespaces keeps no pod of these out: where
 * there are too many cells, it is the policy's own pod that is closed, until some go.
 */
static void test_cells_of_others(void)
{
	u64 *cells = limit(NETPOL_LIMIT_CELLS_PER_PROGRAM), usual = *cells;
	const struct netpol_lack *lack;
	unsigned int i;
	char name[16];

	begin();
	add_namespace("a");
	add_namespace("v");
	add_plain("a", VICTIM);
	add_plain("v", OTHERS);
	add_each();
	CHECK(apply(true));
	CHECK_EQ(off.world->snapshot->nlacking, 0);
	*cells = 16 * local_of(OTHERS)->program[0]->nclasses;
	begin();
	add_labelled();
	CHECK(apply(false));
	CHECK_EQ(off.world->snapshot->nlacking, 1);
	CHECK(open_to(VICTIM) && open_to(TENANT) && !open_to(OTHERS));
	lack = netpol_pod_lack(off.world->snapshot, local_of(OTHERS)->pod, NETPOL_DIRECTION_INGRESS);
	CHECK(lack && lack->limit == NETPOL_LIMIT_CELLS_PER_PROGRAM && !lack->cluster);
	CHECK(!np_offline_begin(&off, "kube", &err));
	for (i = 4; i < 2 * FEW; i++) {
		snprintf(name, sizeof(name), "new%u", i);
		CHECK(!np_offline_delete_namespace(&off, name, &err));
	}
	CHECK(!np_offline_prepare(&off, &err));
	np_offline_publish(&off);
	commit();
	CHECK_EQ(off.world->snapshot->nlacking, 0);
	*cells = usual;
}

/* A namespace whose new labels mean nothing to any policy is not refused for what others do. */
static void test_irrelevant_label(void)
{
	u64 usual = SHARE, total = ALL;
	unsigned int i;

	begin();
	add_namespace("v");
	add_namespace("big");
	add_plain("v", OTHERS);
	for (i = 0; i < 4 * FEW; i++)
		fprintf(out, "---\napiVersion: v1\nkind: Pod\nmetadata: {name: b%u, namespace: big, "
			"labels: {k: v%u}}\nspec: {containers: [{name: c, image: i}]}\nstatus: "
			"{podIP: 10.9.0.%u}\n", i, i, i + 1);
	fprintf(out, "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: "
		"kinds, namespace: big}\nspec: {podSelector: {matchLabels: {no: pod}}, ingress: "
		"[{from: [{podSelector: {matchLabels: {k: v1}}}]}]}\n");
	add_each();
	CHECK(apply(true));
	SHARE = 1000;
	ALL = used() + SHARE;
	begin();
	fprintf(out, "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: big, labels: {name: big, "
		"team: other}}\n");
	add_labelled();
	prepare_in_vain();
	CHECK(off.fault.object && !strncmp(off.fault.text, "namespace new", 13));
	np_offline_abort(&off);
	SHARE = usual;
	ALL = total;
}

/*
 * A tenant's policy that names a label splits the identities of its pods, and makes a program of
 * another namespace too large. A pod that comes in the same edit is not to blame.
 */
static void test_split(void)
{
	u64 usual = SHARE, total = ALL;
	u32 i;

	begin();
	add_namespace("a");
	add_namespace("v");
	add_namespace("t");
	add_plain("v", OTHERS);
	for (i = 0; i < SPLIT; i++)
		fprintf(out, "---\napiVersion: v1\nkind: Pod\nmetadata: {name: s%u, namespace: t, "
			"labels: {k: v%u}}\nspec: {containers: [{name: c, image: i}]}\nstatus: "
			"{podIP: 10.1.%u.%u}\n", i, i, i / 200, i % 200 + 1);
	fprintf(out, "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: "
		"all, namespace: v}\nspec: {ingress: [{from: [{namespaceSelector: {}}]}]}\n");
	CHECK(apply(true));
	SHARE = 1000;
	ALL = used() + SHARE;
	begin();
	add_plain("a", VICTIM);
	fprintf(out, "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: "
		"split, namespace: t}\nspec: {podSelector: {matchLabels: {no: pod}}, ingress: "
		"[{from: [{podSelector: {matchLabels: {k: v1}}}]}]}\n");
	prepare_in_vain();
	CHECK(!off.fault.object);
	np_offline_abort(&off);
	/* without it, there is room for the pod */
	begin();
	add_plain("a", VICTIM);
	CHECK(apply(false));
	SHARE = usual;
	ALL = total;
}

int main(void)
{
	netpol_random_seed = 1;
	CHECK(!np_offline_init(&off, NULL, &err));
	usual_share = SHARE;
	usual_all = ALL;
	test_charged();
	test_own();
	test_room();
	test_cells();
	test_deleted(34, true);
	test_deleted(16, false);
	test_alike();
	test_reserve();
	test_abort();
	test_grown();
	test_split();
	test_cells_of_others();
	test_irrelevant_label();
	np_objects_free(&objs);
	np_offline_free(&off);
	free(text);
	CHECK_EQ(netpol_warnings, 0);
	return check_done("shares");
}
