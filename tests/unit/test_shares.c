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

#define VALUES	7	/* of each of three label keys that a policy names */
#define PORT_A	100	/* ports of the rules of one key begin here */
#define PORT(key, value) (PORT_A + (key) * VALUES + (value))
#define KINDS	(VALUES * VALUES * VALUES)
#define TENANT	(OTHERS + 2)	/* first number of the tenant's pods, of all combinations */

/* A pod with a value of each key. */
static void add_kind(const char *ns, unsigned int number, unsigned int kind)
{
	fprintf(out, "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p%u, namespace: %s, labels: "
		"{k0: v%u, k1: v%u, k2: v%u}}\nspec: {containers: [{name: c, image: i}]}\n"
		"status: {podIP: 10.0.%u.%u}\n", number, ns, kind % VALUES,
		kind / VALUES % VALUES, kind / VALUES / VALUES, number / 200, number % 200 + 1);
}

/* A pod without labels that anybody names. */
static void add_plain(const char *ns, unsigned int number)
{
	add_pod(ns, number, "l", 0);
}

/*
 * A policy of every pod that tells all values of the three keys apart: what has one is denied at the
 * port of that value. @port: first port of the policy.
 */
static void add_values(const char *name, unsigned int port)
{
	unsigned int i;

	fprintf(out, "---\napiVersion: policy.networking.k8s.io/v1alpha2\n"
		"kind: ClusterNetworkPolicy\nmetadata: {name: %s}\nspec: {tier: Admin, "
		"priority: 1, subject: {namespaces: {}}, ingress: [", name);
	for (i = 0; i < 3 * VALUES; i++)
		fprintf(out, "{action: Deny, from: [{pods: {namespaceSelector: {}, podSelector: "
			"{matchLabels: {k%u: v%u}}}}], protocols: [{tcp: {destinationPort: {number: "
			"%u}}}]},", i / VALUES, i % VALUES, port + i);
	fprintf(out, "]}\n");
}

static void flow_of(unsigned int from, unsigned int to, u16 port, u32 address[2],
		    struct netpol_flow *flow)
{
	address[0] = htonl(0x0a000001 + (from / 200 << 8) + from % 200);
	address[1] = htonl(0x0a000001 + (to / 200 << 8) + to % 200);
	*flow = (struct netpol_flow){
		.source = &address[0], .destination = &address[1], .family = AF_INET,
		.protocol = IPPROTO_TCP, .port = port,
	};
}

/* What the steps of an explanation say. */
static int note_step(void *context, const struct netpol_step *step)
{
	bool *accept = context;

	if (step->policy ? step->action == NETPOL_ACTION_DENY : !step->accept)
		*accept = false;
	return 0;
}

/* May one pod open a connection to another one? The explanation must say the same. */
static bool reaches(unsigned int from, unsigned int to, u16 port)
{
	struct netpol_judgement judgement;
	struct netpol_flow flow;
	bool accept = true;
	u32 address[2];

	flow_of(from, to, port, address, &flow);
	CHECK_EQ(netpol_explain(off.world, &flow, false, &judgement, note_step, &accept), 0);
	CHECK_EQ(accept, judgement.accept);
	return judgement.accept;
}

/* Is a pod of this kind judged by its labels: denied at the ports of its values, and no other? */
static bool judged_exactly(unsigned int from, unsigned int to, unsigned int kind)
{
	unsigned int i, value[3] = { kind % VALUES, kind / VALUES % VALUES,
				     kind / VALUES / VALUES };

	for (i = 0; i < 3 * VALUES; i++)
		if (reaches(from, to, PORT_A + i) == (value[i / VALUES] == i % VALUES))
			return false;
	return reaches(from, to, 7);
}

/* The pods of the tenant that are taken for unknown ones: denied at all of these ports. */
static unsigned int crowded_from(unsigned int to, unsigned int first, unsigned int pods)
{
	unsigned int i, j, n = 0;

	for (i = first; i < pods; i++) {
		if (judged_exactly(TENANT + i, to, i))
			continue;
		for (j = 0; j < 3 * VALUES; j++)
			CHECK(!reaches(TENANT + i, to, PORT_A + j));
		CHECK(reaches(TENANT + i, to, 7));
		n++;
	}
	return n;
}

static unsigned int crowded(unsigned int to, unsigned int pods)
{
	return crowded_from(to, 0, pods);
}

static void add_kinds_of_tenant(unsigned int pods)
{
	unsigned int i;

	add_namespace("t");
	for (i = 0; i < pods; i++)
		add_kind("t", TENANT + i, i);
}

/* Pods of two other namespaces: one without labels, and one with labels that count. */
static void add_victims(void)
{
	add_namespace("a");
	add_namespace("v");
	add_plain("a", VICTIM);
	add_kind("v", OTHERS, KINDS - 2);
	add_kind("v", OTHERS + 1, KINDS - 1);
}

static void check_victims(void)
{
	CHECK(judged_exactly(OTHERS, VICTIM, KINDS - 2));
	CHECK(judged_exactly(OTHERS + 1, VICTIM, KINDS - 1));
	CHECK(judged_exactly(OTHERS, OTHERS + 1, KINDS - 2));
	CHECK(reaches(VICTIM, OTHERS, PORT_A) && open_to(VICTIM) && open_to(OTHERS));
	CHECK_EQ(off.world->snapshot->nlacking, 0);
}

/*
 * A tenant with pods of very many combinations of labels, by which a policy of the administrator's
 * tells pods apart. It has less room for that than all, so that it closes nobody, and later policies
 * are in force.
 */
static void test_combinations(void)
{
	u64 *cells = limit(NETPOL_LIMIT_CELLS_PER_PROGRAM), usual = *cells;

	begin();
	add_victims();
	add_values("values", PORT_A);
	CHECK(apply(true));
	check_victims();
	/* its pods come, for which there is not room in the programs of others */
	*cells = 4000;
	begin();
	add_kinds_of_tenant(KINDS);
	CHECK(apply(false));
	check_victims();
	CHECK(crowded(VICTIM, KINDS) > KINDS / 2);
	/* a later policy, which takes more again */
	begin();
	add_values("later", 500);
	CHECK(apply(false));
	check_victims();
	CHECK(!reaches(OTHERS, VICTIM, 500 + (KINDS - 2) % VALUES));
	CHECK(reaches(OTHERS, VICTIM, 500 + (KINDS - 1) % VALUES));
	/* pods of other namespaces go on to come */
	begin();
	add_kind("v", OTHERS, KINDS - 9);
	add_namespace("b");
	add_kind("b", TENANT + KINDS, KINDS - 9);
	CHECK(apply(false));
	CHECK(judged_exactly(OTHERS, VICTIM, KINDS - 9));
	CHECK(judged_exactly(TENANT + KINDS, VICTIM, KINDS - 9));
	*cells = usual;
}

#define ROWS	16	/* rows that a namespace may add in test_rows() */
#define SOME	40	/* pods of the tenant in it, all different */

static void delete_kinds(unsigned int first, unsigned int count)
{
	unsigned int i;
	char name[16];

	CHECK(!np_offline_begin(&off, "kube", &err));
	for (i = first; i < first + count; i++) {
		snprintf(name, sizeof(name), "p%u", TENANT + i);
		CHECK(!np_offline_delete_pod(&off, "t", name, NULL, &err));
	}
	CHECK(!np_offline_prepare(&off, &err));
	np_offline_publish(&off);
}

/*
 * So many rows a namespace may add to the programs of others, and to its own as many as it likes.
 * Its pods that come first are judged by their labels, and the others are when these go.
 */
static void test_rows(void)
{
	u64 *rows = limit(NETPOL_LIMIT_ROWS_PER_NAMESPACE), usual = *rows;
	unsigned int i;

	*rows = ROWS;
	begin();
	add_victims();
	add_values("values", PORT_A);
	CHECK(apply(true));
	for (i = 0; i < SOME; i++) {
		begin();
		add_namespace("t");
		add_kind("t", TENANT + i, i);
		CHECK(apply(false));
		CHECK_EQ(off.world->snapshot->ncrowded, i < ROWS ? 0 : i + 1 - ROWS);
	}
	check_victims();
	CHECK_EQ(crowded(VICTIM, SOME), SOME - ROWS);
	CHECK_EQ(crowded(OTHERS, SOME), SOME - ROWS);
	/* all of them at once, and with labels that others have too */
	begin();
	add_victims();
	add_values("values", PORT_A);
	add_kinds_of_tenant(SOME);
	add_kind("v", OTHERS + 1, SOME - 1);
	CHECK(apply(true));
	CHECK(judged_exactly(OTHERS + 1, VICTIM, SOME - 1));
	i = crowded(VICTIM, SOME);
	CHECK(i == SOME - ROWS || i == SOME - ROWS - 1);
	/* the tenant's own programs are its own affair */
	begin();
	add_own();
	CHECK(apply(false));
	CHECK_EQ(crowded(TENANT + SOME - 1, SOME - 1), 0);
	CHECK_EQ(crowded(VICTIM, SOME), i);
	/* the first ones go; the next commit gives their rows to others */
	delete_kinds(0, SOME / 4);
	commit();
	CHECK(i - off.world->snapshot->ncrowded == SOME / 4 ||
	      i - off.world->snapshot->ncrowded == SOME / 4 + 1);
	CHECK_EQ(crowded_from(VICTIM, SOME / 4, SOME), off.world->snapshot->ncrowded);
	delete_kinds(SOME / 4, SOME / 2);
	commit();
	CHECK_EQ(off.world->snapshot->ncrowded, 0);
	for (i = SOME - SOME / 4; i < SOME; i++)
		CHECK(judged_exactly(TENANT + i, VICTIM, i));
	*rows = usual;
}

/* An edit that changes who is crowded, by new pods and by a key that splits them, and is given up. */
static void test_crowd_abort(void)
{
	u64 *rows = limit(NETPOL_LIMIT_ROWS_PER_NAMESPACE), usual = *rows;
	struct netpol_idset before = {};
	bool prepared = false;
	unsigned int i;
	long after;

	*rows = ROWS;
	/* what an edit replaces has rows until the next one */
	begin();
	add_namespace("a");
	CHECK(apply(true));
	begin();
	add_victims();
	add_values("values", PORT_A);
	add_kinds_of_tenant(SOME);
	CHECK(apply(true));
	CHECK(!netpol_idset_copy(&before, &off.world->crowd));
	CHECK_EQ(netpol_idset_weight(&before), SOME - ROWS);
	begin();
	for (i = 0; i < 4; i++)
		add_kind("t", TENANT + SOME + i, SOME + i);
	add_cluster("split", "subject: {namespaces: {matchLabels: {name: z}}}, ingress: [{action: "
		    "Deny, from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {m: x}}}}]}]");
	add_numbered("t", TENANT + SOME + 5, "m", 0, 0);
	read_text();
	for (after = 0; !prepared; after += 7) {
		CHECK(!np_offline_begin(&off, "kube", &err));
		for (i = 0; i < objs.pod_count; i++)
			CHECK(!np_offline_pod(&off, &objs.pods[i], &err));
		CHECK(!np_offline_policy(&off, &objs.policies[0], &err));
		netpol_fail_after = after;
		prepared = !np_offline_prepare(&off, &err);
		netpol_fail_after = -1;
		CHECK(prepared || off.fault.error == -ENOMEM);
		np_offline_abort(&off);
		check_programs();
		CHECK(netpol_idset_equal(&before, &off.world->crowd));
		CHECK_EQ(crowded(VICTIM, SOME), SOME - ROWS);
	}
	CHECK(after > 10 * 7);
	CHECK(!np_offline_apply(&off, "kube", &objs, false, &err));
	CHECK_EQ(off.world->snapshot->ncrowded, SOME + 4 - ROWS);
	CHECK_EQ(crowded(VICTIM, SOME + 4), SOME + 4 - ROWS);
	/* a key that tells pods of one crowded kind apart: both are crowded */
	begin();
	fprintf(out, "---\napiVersion: v1\nkind: Pod\nmetadata: {name: twin, namespace: t, labels: "
		"{k0: v%u, k1: v%u, k2: v0, n: x}}\nspec: {containers: [{name: c, image: i}]}\n"
		"status: {podIP: 10.0.9.9}\n", (SOME + 3) % VALUES, (SOME + 3) / VALUES);
	CHECK(apply(false));
	CHECK_EQ(off.world->snapshot->ncrowded, SOME + 4 - ROWS);
	begin();
	add_cluster("split", "subject: {namespaces: {matchLabels: {name: z}}}, ingress: [{action: "
		    "Deny, from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {n: x}}}}]}]");
	CHECK(apply(false));
	CHECK_EQ(off.world->snapshot->ncrowded, SOME + 5 - ROWS);
	CHECK(!reaches(9 * 200 + 8, VICTIM, PORT_A + (SOME + 4) % VALUES));
	CHECK(reaches(9 * 200 + 8, VICTIM, 7));
	/* in a namespace that is not loaded any more they are unknown for that reason */
	CHECK(!np_offline_begin(&off, "kube", &err));
	CHECK(!np_offline_delete_namespace(&off, "t", &err));
	CHECK(!np_offline_prepare(&off, &err));
	np_offline_publish(&off);
	CHECK_EQ(off.world->snapshot->ncrowded, 0);
	CHECK(!reaches(TENANT, VICTIM, PORT_A + 1));
	netpol_idset_free(&before);
	*rows = usual;
}

/* What is taken for an unknown pod is accepted by no rule that names pods. */
static void test_accepts(void)
{
	u64 *rows = limit(NETPOL_LIMIT_ROWS_PER_NAMESPACE), usual = *rows;
	unsigned int i, at, open, n = 0;

	*rows = ROWS;
	begin();
	add_victims();
	add_kinds_of_tenant(SOME);
	CHECK(apply(true));
	begin();
	fprintf(out, "---\napiVersion: policy.networking.k8s.io/v1alpha2\n"
		"kind: ClusterNetworkPolicy\nmetadata: {name: accepts}\nspec: {tier: Admin, "
		"priority: 1, subject: {namespaces: {}}, egress: [");
	for (i = 0; i < 3 * VALUES; i++)
		fprintf(out, "{action: Accept, to: [{pods: {namespaceSelector: {}, podSelector: "
			"{matchLabels: {k%u: v%u}}}}], protocols: [{tcp: {destinationPort: {number: "
			"%u}}}]},", i / VALUES, i % VALUES, PORT_A + i);
	fprintf(out, "{action: Deny, to: [{networks: [0.0.0.0/0]}]}]}\n");
	CHECK(apply(false));
	CHECK(!local_of(VICTIM)->program[1]->doubts);
	for (i = 0; i < SOME; i++) {
		open = 0;
		for (at = 0; at < 3 * VALUES; at++)
			open += reaches(VICTIM, TENANT + i, PORT_A + at);
		CHECK(!open || open == 3);
		CHECK(!reaches(VICTIM, TENANT + i, 7));
		n += !open;
	}
	CHECK_EQ(n, SOME - ROWS);
	CHECK(reaches(VICTIM, OTHERS, PORT(0, (KINDS - 2) % VALUES)));
	CHECK(!reaches(VICTIM, OTHERS, PORT(0, (KINDS - 1) % VALUES)));
	*rows = usual;
}

/* Memory that does not do is as good a reason as cells; and an edit that is given up on its way. */
static void test_combinations_bytes(void)
{
	u64 usual = SHARE, total = ALL;
	bool prepared = false;
	unsigned int i;
	long after;

	begin();
	add_victims();
	add_values("values", PORT_A);
	CHECK(apply(true));
	SHARE = 20000;
	ALL = used() + 10000;
	begin();
	add_kinds_of_tenant(KINDS);
	read_text();
	for (after = 0; !prepared; after += 397) {
		CHECK(!np_offline_begin(&off, "kube", &err));
		CHECK(!np_offline_namespace(&off, &objs.namespaces[0], &err));
		for (i = 0; i < objs.pod_count; i++)
			CHECK(!np_offline_pod(&off, &objs.pods[i], &err));
		netpol_fail_after = after;
		prepared = !np_offline_prepare(&off, &err);
		netpol_fail_after = -1;
		CHECK(prepared || off.fault.error == -ENOMEM);
		np_offline_abort(&off);
		check_programs();
		CHECK_EQ(off.world->crowd.count, 0);
	}
	begin();
	add_kinds_of_tenant(KINDS);
	CHECK(apply(false));
	check_victims();
	CHECK(used() <= ALL);
	i = crowded(VICTIM, KINDS);
	CHECK(i > KINDS / 2);
	/* as it is, all goes on; and with memory that others no longer take, fewer do without a row */
	commit();
	CHECK_EQ(crowded(VICTIM, KINDS), i);
	SHARE = usual;
	ALL = total;
	delete_kinds(KINDS - 4, 1);
	commit();
	CHECK_EQ(off.world->snapshot->ncrowded, 0);
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
	add_victims();
	for (i = 0; i < 2 * FEW; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		add_namespace(name);
		add_plain(name, TENANT + i);
	}
	/* each of many namespaces counts for itself, so that having fewer rows is of no use */
	fprintf(out, "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: "
		"each, namespace: v}\nspec: {ingress: [");
	for (i = 0; i < 2 * FEW; i++)
		fprintf(out, "{from: [{namespaceSelector: {matchLabels: {name: m%u}}}], ports: "
			"[{port: %u}]},", i, PORT_A + 2 * i);
	fprintf(out, "]}\n");
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
		read_text();
		CHECK(!np_offline_begin(&off, "kube", &err));
		for (i = 0; i < objs.namespace_count; i++)
			CHECK(!np_offline_namespace(&off, &objs.namespaces[i], &err));
		for (i = 0; i < objs.pod_count; i++)
			CHECK(!np_offline_pod(&off, &objs.pods[i], &err));
		CHECK(np_offline_prepare(&off, &err));
		CHECK_EQ(off.fault.error, -ENOSPC);
		CHECK(!strncmp(off.fault.text, what[kind], strlen(what[kind])));
		CHECK(strstr(off.fault.text, "programs of namespace v have more than"));
		CHECK(off.fault.object);
		np_offline_abort(&off);
		CHECK_EQ(off.world->snapshot->nlacking, 0);
	}
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
	test_combinations();
	test_rows();
	test_crowd_abort();
	test_accepts();
	test_combinations_bytes();
	test_grown();
	np_objects_free(&objs);
	np_offline_free(&off);
	free(text);
	CHECK_EQ(netpol_warnings, 0);
	return check_done("shares");
}
