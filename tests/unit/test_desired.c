// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The desired state against a simple model: random events, in any order, repeated, late,
 * and lists with holes; what would reach the kernel is kept in a toy kernel and compared
 * with what the model says after each commit.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "agent/desired.h"
#include "agent/desired_decode.h"
#include "agent/desired_pod.h"
#include "agent/desired_policy.h"
#include "agent/desired_refuse.h"
#include "agent/encode.h"
#include "netlink/client.h"
#include "netlink/snapshot.h"
#include "object/digest.h"

#define NAMESPACES	3
#define PODS		6
#define POLICIES	4
#define ADDRESSES	5
#define CLUSTERS	4

static unsigned int seed;

static unsigned int pick(unsigned int count)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % count;
}

/* --- the model: what the API server has ------------------------------------------ */

struct model_namespace {
	bool exists;
	unsigned int tier;	/* label tier=N */
	unsigned int audit;	/* which of audit_value */
	bool broken;		/* the last version was malformed */
	bool known;		/* it is good */
};

struct model_pod {
	bool exists;
	unsigned int uid;
	unsigned int app;	/* label app=N; 3: none */
	unsigned int address;	/* 0: none */
	bool local;
	bool finished;
	bool host;
	bool port;
};

struct model_policy {
	bool exists;
	unsigned int app;	/* selects app=N; 3: all, 4: NotIn 0, 5: Exists, 6: not */
	unsigned int rules;
	unsigned int audit;	/* which of audit_value */
	bool broken;		/* its rules can't be decoded */
};

/* What the annotation netpolctl/audit may be: none, one that counts, and others. */
static const char *const audit_value[] = { "", "true", "false", "True" };

#define AUDIT_VALUES	4

/* How the server has a ClusterNetworkPolicy. */
enum how {
	GOOD,
	BAD_RULE,	/* one of its rules can't be read */
	BAD_SUBJECT,
	REJECTED,	/* not even its JSON can be read */
	HOWS,
};

/* What selects the pods of a ClusterNetworkPolicy, and what is to be in force. */
struct model_subject {
	bool every;		/* every pod, because the subject isn't known */
	unsigned int tier;	/* namespaces with tier=N; 3: all, 4: NotIn 0, 5: Exists, 6: not */
	unsigned int app;	/* as that of a policy */
	char json[2048];
};

struct model_cluster {
	bool exists;
	unsigned int uid;
	unsigned int how;
	struct model_subject now;	/* as the server has it */
	struct model_subject force;	/* as it is in force */
};

static struct model_cluster clusters[CLUSTERS];
static struct model_namespace namespaces[NAMESPACES];
static struct model_pod pods[NAMESPACES][PODS];
static struct model_policy policies[NAMESPACES][POLICIES];
static unsigned int uids;
static bool honours;	/* the annotations count */

/* --- objects as the API server writes them -------------------------------------- */

/* As the API client reads it; it lives until the next one. */
static const struct np_node *parse(enum np_source_kind kind, const char *text)
{
	static struct np_arena arena;
	struct np_error err = { 0 };
	struct np_node *object;

	np_arena_reset(&arena);
	if (np_json_object(text, strlen(text), np_source_pick(kind), &arena, &object, &err) !=
	    NP_JSON_WHOLE) {
		printf("%s: %s\n", err.text, text);
		exit(1);
	}
	return object;
}

/* The annotations of an object, with a comma behind them. */
static const char *annotations_json(unsigned int audit)
{
	static char text[128];

	snprintf(text, sizeof(text), "\"annotations\":{\"x\":\"true\"%s%s%s},",
		 audit ? ",\"netpolctl/audit\":\"" : "", audit_value[audit], audit ? "\"" : "");
	return text;
}

static const char *namespace_json(unsigned int n, bool broken)
{
	static char text[512];

	snprintf(text, sizeof(text), "{\"kind\":\"Namespace\",\"metadata\":{\"name\":\"ns%u\",%s"
		 "\"managedFields\":[{\"x\":1}],\"labels\":{\"tier\":%s%u%s}}}", n,
		 annotations_json(namespaces[n].audit), broken ? "" : "\"t", namespaces[n].tier, broken ? "" : "\"");
	return text;
}

static void pod_uid(const struct model_pod *pod, char *text)
{
	sprintf(text, "00000000-0000-4000-8000-%012x", pod->uid);
}

static const char *pod_json(unsigned int n, unsigned int p)
{
	const struct model_pod *pod = &pods[n][p];
	char uid[40], labels[64] = "", status[160] = "";
	static char text[2048];

	pod_uid(pod, uid);
	if (pod->app < 3)
		snprintf(labels, sizeof(labels), "\"labels\":{\"app\":\"a%u\"},", pod->app);
	if (pod->address)
		snprintf(status, sizeof(status), ",\"podIP\":\"10.0.0.%u\",\"podIPs\":[{\"ip\":"
			 "\"10.0.0.%u\"},{\"ip\":\"fd00::%u\"}]", pod->address, pod->address,
			 pod->address);
	snprintf(text, sizeof(text), "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"pod%u\","
		 "\"namespace\":\"ns%u\",%s\"uid\":\"%s\",\"annotations\":{\"x\":\"y\"}},\"spec\":"
		 "{\"nodeName\":\"%s\",\"hostNetwork\":%s,\"containers\":[{\"name\":\"c\","
		 "\"image\":\"i\"%s}],\"initContainers\":[{\"ports\":[{\"name\":\"init\","
		 "\"containerPort\":1}]}]},\"status\":{\"phase\":\"%s\"%s}}", p, n, labels, uid,
		 pod->local ? "here" : "there", pod->host ? "true" : "false",
		 pod->port ? ",\"ports\":[{\"name\":\"web\",\"containerPort\":80}]" : "",
		 pod->finished ? "Succeeded" : "Running", status);
	return text;
}

static const char *policy_json(unsigned int n, unsigned int p)
{
	static const char * const other[] = {
		"{}",
		"{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"NotIn\","
		"\"values\":[\"a0\"]}]}",
		"{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"Exists\"}]}",
		"{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"DoesNotExist\"}]}",
	};
	const struct model_policy *policy = &policies[n][p];
	char selector[256], rules[1024] = "";
	static char text[4096];
	unsigned int i;

	if (policy->app < 3)
		snprintf(selector, sizeof(selector), "{\"matchLabels\":{\"app\":\"a%u\"}}",
			 policy->app);
	else
		snprintf(selector, sizeof(selector), "%s", other[policy->app - 3]);
	for (i = 0; i < policy->rules; i++)
		sprintf(rules + strlen(rules), "%s{\"ports\":[{\"port\":%u}]}", i ? "," : "",
			i + 1);
	snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"pol%u\",%s\"namespace\":\"ns%u\"},"
		 "\"spec\":{\"podSelector\":%s,\"policyTypes\":[\"Ingress\"],\"ingress\":[%s%s]}}",
		 p, annotations_json(policy->audit), n, selector, rules,
		 policy->broken ? (policy->rules ? ",{\"future\":1}" : "{\"future\":1}") : "");
	return text;
}

static const char *selector_json(const char *key, char value, unsigned int which)
{
	static const char * const other[] = {
		"{}",
		"{\"matchExpressions\":[{\"key\":\"%s\",\"operator\":\"NotIn\","
		"\"values\":[\"%c9\",\"%c8\",\"%c0\"]}]}",
		"{\"matchExpressions\":[{\"key\":\"%s\",\"operator\":\"Exists\"}]}",
		"{\"matchExpressions\":[{\"key\":\"%s\",\"operator\":\"DoesNotExist\"}]}",
	};
	static char text[2][256];
	static unsigned int turn;
	char *to = text[turn++ % 2];

	if (which < 3)
		sprintf(to, "{\"matchLabels\":{\"%s\":\"%c%u\"}}", key, value, which);
	else
		sprintf(to, other[which - 3], key, value, value, value);
	return to;
}

static void cluster_uid(const struct model_cluster *cluster, char *text)
{
	sprintf(text, "00000000-0000-4000-9000-%012x", cluster->uid);
}

/* Writes what the server has, at random. */
static void cluster_write(unsigned int c)
{
	struct model_cluster *cluster = &clusters[c];
	struct model_subject *now = &cluster->now;
	char uid[40], rules[512] = "", subject[600];
	unsigned int i, nrules = pick(3);

	cluster_uid(cluster, uid);
	cluster->how = pick(2) ? GOOD : pick(HOWS);
	now->every = cluster->how >= BAD_SUBJECT;
	now->tier = pick(7);
	now->app = pick(2) ? 3 : pick(7);
	if (cluster->how == REJECTED) {
		sprintf(now->json, "{\"metadata\":{\"name\":\"cnp%u\",\"uid\":\"%s\"}}", c, uid);
		return;
	}
	for (i = 0; i < nrules; i++)
		sprintf(rules + strlen(rules), "%s{\"action\":\"%s\",\"from\":[{\"namespaces\":%s}]}",
			i ? "," : "", pick(2) ? "Accept" : pick(2) ? "Deny" : "Pass",
			selector_json("tier", 't', pick(7)));
	if (cluster->how == BAD_RULE)
		sprintf(rules + strlen(rules), "%s{\"name\":\"new\",\"action\":\"%s\",\"from\":"
			"[{\"future\":{}}]}", nrules ? "," : "", pick(2) ? "Accept" : "Pass");
	if (cluster->how == BAD_SUBJECT)
		sprintf(subject, "{\"future\":{}}");
	else if (now->app == 3 && pick(2))
		sprintf(subject, "{\"namespaces\":%s}", selector_json("tier", 't', now->tier));
	else
		sprintf(subject, "{\"pods\":{\"namespaceSelector\":%s,\"podSelector\":%s}}",
			selector_json("tier", 't', now->tier), selector_json("app", 'a', now->app));
	sprintf(now->json, "{\"metadata\":{\"name\":\"cnp%u\",\"uid\":\"%s\"},\"spec\":{\"tier\":"
		"\"%s\",\"priority\":%u,\"subject\":%s,\"ingress\":[%s]}}", c, uid,
		pick(2) ? "Admin" : "Baseline", pick(1001), subject, rules);
}

/* --- the toy kernel -------------------------------------------------------------- */

struct toy {
	bool there;
	__uint128_t digest;
};

static struct toy toy_namespaces[NAMESPACES], toy_pods[NAMESPACES][PODS];
static struct toy toy_policies[NAMESPACES][POLICIES], toy_clusters[CLUSTERS];

static struct toy *toy_of(uint8_t object, const char *namespace, const char *name)
{
	unsigned int n, i;

	if (object == NETPOL_OBJECT_NAMESPACE) {
		sscanf(name, "ns%u", &n);
		return &toy_namespaces[n];
	}
	if (!*namespace) {
		sscanf(name, "cnp%u", &n);
		return &toy_clusters[n];
	}
	sscanf(namespace, "ns%u", &n);
	sscanf(name, "po%*1[dl]%u", &i);
	return object == NETPOL_OBJECT_POD ? &toy_pods[n][i] : &toy_policies[n][i];
}

static __uint128_t record_digest(struct np_desired *d, uint8_t object, void *record)
{
	struct np_address address[NP_POD_ADDRESSES_MAX];
	struct np_placement place = { 0 };
	struct np_namespace ns;
	struct np_policy policy;
	char uid[NP_UID_TEXT];
	struct np_pod pod;

	switch (object) {
	case NETPOL_OBJECT_NAMESPACE:
		np_desired_namespace_view(record, &ns);
		return np_namespace_digest(&ns);
	case NETPOL_OBJECT_POD:
		np_desired_pod_view(d, record, &pod, address, uid);
		place.local = ((struct np_desired_pod *)record)->flags & NP_DESIRED_LOCAL;
		return np_pod_digest(&pod, &place);
	default:
		np_desired_policy_view(record, &policy);
		return np_policy_digest(&policy);
	}
}

static void toy_set(struct np_desired *d, uint8_t object, void *record)
{
	const struct np_desired_policy *policy = record;
	const struct np_desired_namespace *ns = record;
	const struct np_desired_pod *pod = record;
	struct toy *toy;

	if (object == NETPOL_OBJECT_NAMESPACE)
		toy = toy_of(object, "", ns->name);
	else if (object == NETPOL_OBJECT_POD)
		toy = toy_of(object, pod->namespace->name, np_desired_pod_name(pod));
	else
		toy = toy_of(object, policy->namespace->name, policy->policy->name);
	toy->there = np_desired_loaded(object, record);
	if (toy->there)
		toy->digest = record_digest(d, object, record);
}

static void toy_full(struct np_desired *d, struct np_hash *hash, uint8_t object)
{
	size_t i;

	for (i = 0; i < hash->room; i++)
		if (hash->slot[i])
			toy_set(d, object, hash->slot[i]);
}

static void commit(struct np_desired *d)
{
	struct np_change *change;
	size_t count, i, keep;

	if (d->full) {
		memset(toy_namespaces, 0, sizeof(toy_namespaces));
		memset(toy_pods, 0, sizeof(toy_pods));
		memset(toy_policies, 0, sizeof(toy_policies));
		memset(toy_clusters, 0, sizeof(toy_clusters));
		toy_full(d, &d->namespaces, NETPOL_OBJECT_NAMESPACE);
		toy_full(d, &d->pods, NETPOL_OBJECT_POD);
		toy_full(d, &d->policies, NETPOL_OBJECT_POLICY);
		np_desired_finish_full(d);
		return;
	}
	/* Some commits fail half way. */
	change = np_desired_take(d, &count);
	keep = pick(4) ? count : pick(count + 1);
	for (i = 0; i < count; i++) {
		if (i >= keep) {
			np_desired_give_back(d, &change[i]);
			continue;
		}
		if (change[i].object != NETPOL_OBJECT_POD ||
		    !(((struct np_desired_pod *)change[i].record)->flags & NP_DESIRED_REPLACED))
			toy_set(d, change[i].object, change[i].record);
		np_desired_finish(d, &change[i]);
	}
	free(change);
}

/* --- what the model says -------------------------------------------------------- */

static bool selects(const struct model_policy *policy, const struct model_pod *pod)
{
	switch (policy->app) {
	case 3: return true;
	case 4: return pod->app != 0;
	case 5: return pod->app != 3;
	case 6: return pod->app == 3;
	}
	return policy->app == pod->app;
}

/* The same for one of these: 3: all, 4: NotIn 0, 5: Exists, 6: not; none: the label is missing. */
static bool fits(unsigned int which, unsigned int value, unsigned int none)
{
	switch (which) {
	case 3: return true;
	case 4: return value != 0;
	case 5: return value != none;
	case 6: return value == none;
	}
	return which == value;
}

/* Does a ClusterNetworkPolicy select a pod, or may it, because its namespace isn't loaded? */
static bool cluster_selects(const struct model_subject *subject, unsigned int n,
			    const struct model_pod *pod)
{
	bool loaded = namespaces[n].exists && namespaces[n].known;

	return subject->every ||
	       ((!loaded || fits(subject->tier, namespaces[n].tier, 99)) &&
		fits(subject->app, pod->app, 3));
}

static bool runs(const struct model_pod *pod)
{
	return pod->exists && !pod->finished && !pod->host;
}

static unsigned int differing;

static void expect(bool want, const struct toy *toy, const char *what, unsigned int n,
		   unsigned int i)
{
	if (want == toy->there)
		return;
	if (!differing++)
		printf("%s %u/%u: model %d, kernel %d\n", what, n, i, want, toy->there);
}

/* Is a policy observed? What is closed is not, nor is what asks with anything but "true". */
static bool observed(unsigned int n, const struct model_policy *policy)
{
	bool asks = namespaces[n].exists && namespaces[n].known && namespaces[n].audit == 1;

	return honours && !policy->broken && (policy->audit == 1 || (!policy->audit && asks));
}

/* The digest of an object as the model has it, by the tool's own decoder. */
static __uint128_t fresh_digest(enum np_source_kind kind, const char *json, bool local, bool audit)
{
	struct np_placement place = { .local = local };
	struct np_error err = { 0 };
	__uint128_t digest = 0;
	struct np_desired d;
	bool closed;

	np_desired_init(&d, "here");
	if (!np_desired_decode(&d, kind, parse(kind, json), &closed, &err)) {
		if (kind == NP_SOURCE_POD)
			digest = np_pod_digest(&d.scratch.pods[0], &place);
		else if (kind == NP_SOURCE_NAMESPACE)
			digest = np_namespace_digest(&d.scratch.namespaces[0]);
		else
			d.scratch.policies[0].audit = audit;
		if (kind == NP_SOURCE_POLICY || kind == NP_SOURCE_CLUSTER_POLICY)
			digest = np_policy_digest(&d.scratch.policies[0]);
	}
	np_desired_free(&d);
	return digest;
}

static void compare_clusters(bool deep)
{
	unsigned int c, n, k;
	bool wanted;

	for (c = 0; c < CLUSTERS; c++) {
		wanted = false;
		for (n = 0; n < NAMESPACES; n++)
			for (k = 0; k < PODS; k++)
				wanted |= clusters[c].exists && runs(&pods[n][k]) &&
					  pods[n][k].local &&
					  cluster_selects(&clusters[c].force, n, &pods[n][k]);
		expect(wanted, &toy_clusters[c], "cluster", c, 0);
		if (deep && wanted && toy_clusters[c].there)
			differing += fresh_digest(NP_SOURCE_CLUSTER_POLICY, clusters[c].force.json,
						  false, false) != toy_clusters[c].digest;
	}
}

static void compare(bool deep)
{
	unsigned int n, i, k;
	bool wanted;

	differing = 0;
	compare_clusters(deep);
	for (n = 0; n < NAMESPACES; n++) {
		wanted = namespaces[n].exists && namespaces[n].known;
		expect(wanted, &toy_namespaces[n], "namespace", n, 0);
		if (deep && wanted && toy_namespaces[n].there)
			differing += fresh_digest(NP_SOURCE_NAMESPACE, namespace_json(n, false),
						  false, false) != toy_namespaces[n].digest;
		for (i = 0; i < PODS; i++) {
			wanted = runs(&pods[n][i]) && pods[n][i].address;
			expect(wanted, &toy_pods[n][i], "pod", n, i);
			if (deep && wanted && toy_pods[n][i].there)
				differing += fresh_digest(NP_SOURCE_POD, pod_json(n, i),
							  pods[n][i].local, false) !=
					     toy_pods[n][i].digest;
		}
		for (i = 0; i < POLICIES; i++) {
			for (k = 0, wanted = false; k < PODS; k++)
				wanted |= policies[n][i].exists && runs(&pods[n][k]) &&
					  pods[n][k].local && selects(&policies[n][i], &pods[n][k]);
			expect(wanted, &toy_policies[n][i], "policy", n, i);
			if (deep && wanted && toy_policies[n][i].there)
				differing += fresh_digest(NP_SOURCE_POLICY, policy_json(n, i),
							  false, observed(n, &policies[n][i])) !=
					     toy_policies[n][i].digest;
		}
	}
	CHECK_EQ(differing, 0);
}

/* --- events ----------------------------------------------------------------------- */

static void upsert(struct np_desired *d, enum np_source_kind kind, const char *json)
{
	unsigned int times = pick(5) ? 1 : 2;

	while (times--)
		np_desired_upsert(d, kind, parse(kind, json));
}

static void event_namespace(struct np_desired *d)
{
	unsigned int n = pick(NAMESPACES);
	char name[8];

	sprintf(name, "ns%u", n);
	if (!pick(4)) {
		memset(&namespaces[n], 0, sizeof(namespaces[n]));
		np_desired_remove(d, NP_SOURCE_NAMESPACE, "", name, "");
		return;
	}
	namespaces[n].exists = true;
	if (pick(4))
		namespaces[n].tier = pick(3);
	namespaces[n].audit = pick(AUDIT_VALUES);
	namespaces[n].broken = !pick(5);
	if (!namespaces[n].broken) {
		namespaces[n].known = true;
	} else {
		namespaces[n].known = false;
	}
	upsert(d, NP_SOURCE_NAMESPACE, namespace_json(n, namespaces[n].broken));
}

static void event_pod(struct np_desired *d)
{
	unsigned int n = pick(NAMESPACES), p = pick(PODS);
	struct model_pod *pod = &pods[n][p], old = *pod;
	char namespace[8], name[8], uid[40];

	sprintf(namespace, "ns%u", n);
	sprintf(name, "pod%u", p);
	if (pod->exists && !pick(4)) {
		pod_uid(pod, uid);
		memset(pod, 0, sizeof(*pod));
		np_desired_remove(d, NP_SOURCE_POD, namespace, name, uid);
		return;
	}
	if (!pod->exists || !pick(4)) {
		memset(pod, 0, sizeof(*pod));
		pod->exists = true;
		pod->uid = ++uids;
		pod->app = pick(4);
		pod->local = pick(2);
		pod->host = !pick(8);
	}
	if (!pick(3))
		pod->app = pick(4);
	if (!pick(2))
		pod->address = pick(ADDRESSES);
	pod->finished |= !pick(10);
	pod->port = pick(2);
	upsert(d, NP_SOURCE_POD, pod_json(n, p));
	/* The end of the pod before it arrives late. */
	if (old.exists && old.uid != pod->uid && pick(2)) {
		pod_uid(&old, uid);
		np_desired_remove(d, NP_SOURCE_POD, namespace, name, uid);
	}
}

static void event_policy(struct np_desired *d)
{
	unsigned int n = pick(NAMESPACES), p = pick(POLICIES);
	struct model_policy *policy = &policies[n][p];
	char namespace[8], name[8];

	sprintf(namespace, "ns%u", n);
	sprintf(name, "pol%u", p);
	if (!pick(4)) {
		memset(policy, 0, sizeof(*policy));
		np_desired_remove(d, NP_SOURCE_POLICY, namespace, name, "");
		return;
	}
	/* Often nothing but the annotation changes. */
	if (!policy->exists || pick(2)) {
		policy->app = pick(7);
		policy->rules = pick(4);
		policy->broken = !pick(4);
	}
	policy->exists = true;
	policy->audit = pick(AUDIT_VALUES);
	upsert(d, NP_SOURCE_POLICY, policy_json(n, p));
}

/* Hands a ClusterNetworkPolicy over as the server has it. */
static void give_cluster(struct np_desired *d, unsigned int c)
{
	struct model_cluster *cluster = &clusters[c];
	char name[8], uid[40];

	sprintf(name, "cnp%u", c);
	cluster_uid(cluster, uid);
	/* Without a subject, the version before stays if there is one. */
	if (!cluster->now.every || cluster->force.every)
		cluster->force = cluster->now;
	if (cluster->how == REJECTED)
		np_desired_rejected(d, NP_SOURCE_CLUSTER_POLICY, "", name, uid, "too deep");
	else
		upsert(d, NP_SOURCE_CLUSTER_POLICY, cluster->now.json);
}

static void event_cluster(struct np_desired *d)
{
	unsigned int c = pick(CLUSTERS);
	struct model_cluster *cluster = &clusters[c];
	char name[8], uid[40], old[40];
	bool late = false;

	sprintf(name, "cnp%u", c);
	cluster_uid(cluster, old);
	if (!pick(4)) {
		memset(cluster, 0, sizeof(*cluster));
		np_desired_remove(d, NP_SOURCE_CLUSTER_POLICY, "", name, pick(2) ? old : "");
		return;
	}
	if (!cluster->exists || !pick(3)) {
		late = cluster->exists;
		memset(cluster, 0, sizeof(*cluster));
		cluster->exists = true;
		cluster->force.every = true;
		cluster->uid = ++uids;
	}
	cluster_uid(cluster, uid);
	cluster_write(c);
	give_cluster(d, c);
	if (late && pick(2))
		np_desired_remove(d, NP_SOURCE_CLUSTER_POLICY, "", name, old);
}

/* A list, while the server changes; objects may be gone without a word. */
static void relist(struct np_desired *d, enum np_source_kind kind)
{
	unsigned int start = pick(PODS * NAMESPACES), i, n, k;

	np_desired_begin(d, kind);
	if (!pick(4))
		np_desired_begin(d, kind);
	for (i = 0; i < PODS * NAMESPACES; i++) {
		n = (start + i) % NAMESPACES;
		k = (start + i) / NAMESPACES % PODS;
		if (kind == NP_SOURCE_NAMESPACE && !k) {
			if (!pick(4))
				memset(&namespaces[n], 0, sizeof(namespaces[n]));
			if (namespaces[n].exists)
				upsert(d, kind, namespace_json(n, namespaces[n].broken));
		} else if (kind == NP_SOURCE_POD) {
			if (!pick(4))
				memset(&pods[n][k], 0, sizeof(pods[n][k]));
			if (pods[n][k].exists)
				upsert(d, kind, pod_json(n, k));
		} else if (kind == NP_SOURCE_CLUSTER_POLICY && !n && k < CLUSTERS) {
			if (!pick(4))
				memset(&clusters[k], 0, sizeof(clusters[k]));
			if (clusters[k].exists)
				give_cluster(d, k);
		} else if (kind == NP_SOURCE_POLICY && k < POLICIES) {
			if (!pick(4))
				memset(&policies[n][k], 0, sizeof(policies[n][k]));
			if (policies[n][k].exists)
				upsert(d, kind, policy_json(n, k));
		}
	}
	np_desired_synced(d, kind);
}

static void test_random(unsigned int first)
{
	struct np_desired d;
	unsigned int step;

	seed = first;
	memset(namespaces, 0, sizeof(namespaces));
	memset(pods, 0, sizeof(pods));
	memset(policies, 0, sizeof(policies));
	memset(clusters, 0, sizeof(clusters));
	memset(toy_namespaces, 0, sizeof(toy_namespaces));
	memset(toy_pods, 0, sizeof(toy_pods));
	memset(toy_policies, 0, sizeof(toy_policies));
	memset(toy_clusters, 0, sizeof(toy_clusters));
	honours = first % 2;
	np_desired_init(&d, "here");
	d.audit_annotations = honours;
	for (step = 0; step < 400; step++) {
		switch (pick(10)) {
		case 8:
		case 9:
			event_cluster(&d);
			break;
		case 0:
			event_namespace(&d);
			break;
		case 1:
		case 2:
		case 3:
		case 4:
			event_pod(&d);
			break;
		case 5:
		case 6:
			event_policy(&d);
			break;
		default:
			if (!pick(4))
				relist(&d, pick(4));
			break;
		}
		if (!pick(40))
			np_desired_set_full(&d);
		if (!pick(4))
			commit(&d);
		if (!pick(16)) {
			while (d.full || d.pending_count)
				commit(&d);
			compare(!pick(4));
		}
	}
	np_desired_free(&d);
}

/* --- single cases ------------------------------------------------------------------ */

static void give(struct np_desired *d, enum np_source_kind kind, const char *text)
{
	np_desired_upsert(d, kind, parse(kind, text));
}

#define POD(name, uid, more)							\
	"{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"shop\",\"uid\":\"" uid "\","\
	"\"labels\":{\"app\":\"" name "\"}},\"spec\":{\"nodeName\":\"here\"},"	\
	"\"status\":{\"phase\":\"Running\"" more "}}"
#define UID1 "00000000-0000-4000-8000-000000000001"
#define UID2 "00000000-0000-4000-8000-000000000002"

/* Is the pod here, with that IPv4 address, and not loaded, so that its address is closed? */
static bool closed_pod(const struct np_desired *d, uint8_t last)
{
	const struct np_desired_pod *pod = np_desired_pod(d, "shop", "web");

	return pod && pod->flags & NP_DESIRED_LOCAL && pod->flags & NP_DESIRED_REJECTED &&
	       !np_desired_pod_loaded(pod) && pod->address4 == 1 && pod->data[3] == last &&
	       !pod->labels->label_count;
}

static void test_malformed(void)
{
	static const char good[] = POD("web", UID1, ",\"podIP\":\"10.0.0.1\"");
	struct np_desired d;
	char *ports, *at;
	int i;

	np_desired_init(&d, "here");
	give(&d, NP_SOURCE_POD, good);
	CHECK(np_desired_pod_loaded(np_desired_pod(&d, "shop", "web")));
	/* Malformed: no labels of an earlier version stay, but it is known where the pod is. */
	give(&d, NP_SOURCE_POD, POD("web", UID1, ",\"podIPs\":7"));
	CHECK(closed_pod(&d, 1));
	CHECK_EQ(d.stats.malformed[NP_SOURCE_POD], 1);
	CHECK_EQ(d.troubles.count, 1);
	give(&d, NP_SOURCE_POD, good);
	CHECK(np_desired_pod_loaded(np_desired_pod(&d, "shop", "web")));
	CHECK_EQ(d.troubles.count, 0);
	/* Not even the node can be read: a pod does not change it. */
	give(&d, NP_SOURCE_POD, "{\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\",\"uid\":\""
	     UID1 "\"},\"spec\":7}");
	CHECK(closed_pod(&d, 1));
	/* What can be read is newer than what was known. */
	give(&d, NP_SOURCE_POD, POD("web", UID1, ",\"podIP\":\"10.0.0.3\",\"podIPs\":[7]"));
	CHECK(closed_pod(&d, 3));
	/* Another one by its uid: the addresses are of one that is gone. */
	give(&d, NP_SOURCE_POD, POD("web", UID2, ",\"podIPs\":7"));
	CHECK_EQ(np_desired_pod(&d, "shop", "web")->address4, 0);
	give(&d, NP_SOURCE_POD, POD("web", UID2, ",\"podIP\":\"10.0.0.2\""));
	CHECK_EQ(d.troubles.count, 0);
	/* A late end of the first one changes nothing. */
	np_desired_remove(&d, NP_SOURCE_POD, "shop", "web", UID1);
	CHECK(np_desired_pod_loaded(np_desired_pod(&d, "shop", "web")));
	/* Only its names could be read. */
	np_desired_rejected(&d, NP_SOURCE_POD, "shop", "web", UID2, "too large");
	CHECK(!np_desired_pod_loaded(np_desired_pod(&d, "shop", "web")));
	CHECK_EQ(np_desired_pod(&d, "shop", "web")->data[3], 2);
	CHECK_EQ(d.troubles.count, 1);
	/* A rejected object counts as seen. */
	np_desired_begin(&d, NP_SOURCE_POD);
	np_desired_rejected(&d, NP_SOURCE_POD, "shop", "web", UID2, "too large");
	np_desired_synced(&d, NP_SOURCE_POD);
	CHECK(np_desired_pod(&d, "shop", "web"));
	np_desired_begin(&d, NP_SOURCE_POD);
	np_desired_synced(&d, NP_SOURCE_POD);
	CHECK(!np_desired_pod(&d, "shop", "web"));
	CHECK_EQ(d.troubles.count, 0);
	/* A new pod that has more ports than a pod may have is known, and closed. */
	ports = np_xmalloc(128 * 1024);
	at = ports + sprintf(ports, "{\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\","
			     "\"uid\":\"" UID1 "\",\"labels\":{\"a\":\"b\"}},\"spec\":{\"nodeName\":"
			     "\"here\",\"containers\":[{\"ports\":[");
	for (i = 1; i <= 1025; i++)
		at += sprintf(at, "%s{\"name\":\"p%d\",\"containerPort\":%d}", i > 1 ? "," : "", i, i);
	sprintf(at, "]}]},\"status\":{\"phase\":\"Running\",\"podIP\":\"10.0.0.4\"}}");
	give(&d, NP_SOURCE_POD, ports);
	free(ports);
	CHECK(closed_pod(&d, 4));
	np_desired_free(&d);
}

#define POLICY(spec) \
	"{\"metadata\":{\"name\":\"p\",\"namespace\":\"shop\"},\"spec\":{" spec "}}"

static const struct np_desired_policy *give_policy(struct np_desired *d, const char *text)
{
	give(d, NP_SOURCE_POLICY, text);
	return np_desired_policy(d, "shop", "p");
}

static void test_undecodable(void)
{
	const struct np_desired_policy *policy;
	struct np_policy view;
	struct np_desired d;

	np_desired_init(&d, "here");
	give(&d, NP_SOURCE_POD, POD("web", UID1, ",\"podIP\":\"10.0.0.1\""));
	policy = give_policy(&d, POLICY("\"podSelector\":{\"matchLabels\":{\"app\":\"web\"}},"
					"\"ingress\":[{}]"));
	CHECK(policy && !(policy->flags & NP_DESIRED_CLOSED));
	CHECK(np_desired_policy_loaded(policy));
	CHECK_EQ(policy->policy->ingress_count, 1);

	/* A field that may narrow a peer: closed, never the wide version before. */
	policy = give_policy(&d, POLICY("\"podSelector\":{\"matchLabels\":{\"app\":\"web\"}},"
					"\"ingress\":[{\"from\":[{\"podSelector\":{},"
					"\"only\":\"x\"}]}]"));
	CHECK(policy->flags & NP_DESIRED_CLOSED);
	np_desired_policy_view(policy, &view);
	CHECK_EQ(view.ingress_count, 0);
	CHECK_EQ(view.directions, NP_DIR_INGRESS);
	CHECK_EQ(view.pod_selector.count, 1);
	CHECK_EQ(d.troubles.count, 1);

	/* Egress that can't be read isolates egress too. */
	policy = give_policy(&d, POLICY("\"podSelector\":{},\"egress\":\"x\""));
	CHECK_EQ(policy->policy->directions, NP_DIR_INGRESS | NP_DIR_EGRESS);
	/* Types that can't be read: both. */
	policy = give_policy(&d, POLICY("\"podSelector\":{\"matchLabels\":{\"app\":\"web\"}},"
					"\"policyTypes\":[\"Sideways\"]"));
	CHECK_EQ(policy->policy->directions, NP_DIR_INGRESS | NP_DIR_EGRESS);
	CHECK_EQ(policy->policy->pod_selector.count, 1);
	/* A selector that can't be read: the whole namespace, in the directions given. */
	policy = give_policy(&d, POLICY("\"podSelector\":{\"matchExpressions\":[{\"key\":\"a\","
					"\"operator\":\"Like\"}]},\"policyTypes\":[\"Egress\"]"));
	CHECK_EQ(policy->policy->directions, NP_DIR_EGRESS);
	CHECK_EQ(policy->policy->pod_selector.count, 0);
	CHECK(np_desired_policy_loaded(policy));
	np_desired_rejected(&d, NP_SOURCE_POLICY, "shop", "p", "", "too deep");
	CHECK_EQ(policy->policy->directions, NP_DIR_INGRESS | NP_DIR_EGRESS);

	/* Nothing but the name can be read: what was allowed before does not stay. */
	policy = give_policy(&d, POLICY("\"podSelector\":{},\"ingress\":[{}]"));
	CHECK(!(policy->flags & NP_DESIRED_CLOSED));
	policy = give_policy(&d, "{\"metadata\":{\"name\":\"p\",\"namespace\":\"shop\","
			     "\"uid\":7},\"spec\":{\"ingress\":[{}]}}");
	CHECK(policy && policy->flags & NP_DESIRED_CLOSED);
	np_desired_policy_view(policy, &view);
	CHECK_EQ(view.ingress_count, 0);
	CHECK_EQ(view.directions, NP_DIR_INGRESS | NP_DIR_EGRESS);

	/* And good again. */
	policy = give_policy(&d, POLICY("\"podSelector\":{},\"ingress\":[{}]"));
	CHECK(!(policy->flags & NP_DESIRED_CLOSED));
	CHECK_EQ(d.troubles.count, 0);

	/* One without a readable name may be any: those not seen are closed, not opened. */
	np_desired_begin(&d, NP_SOURCE_POLICY);
	np_desired_rejected(&d, NP_SOURCE_POLICY, "", "", "", "no name");
	np_desired_synced(&d, NP_SOURCE_POLICY);
	policy = np_desired_policy(&d, "shop", "p");
	CHECK(policy && policy->flags & NP_DESIRED_CLOSED);
	np_desired_policy_view(policy, &view);
	CHECK_EQ(view.ingress_count, 0);
	np_desired_free(&d);
}

/* The end of one that was replaced comes late: the new one must not go with it. */
static void test_late(void)
{
	struct np_desired d;

	np_desired_init(&d, "here");
	give(&d, NP_SOURCE_POLICY, "{\"metadata\":{\"name\":\"p\",\"namespace\":\"shop\","
	     "\"uid\":\"" UID2 "\"},\"spec\":{\"podSelector\":{}}}");
	give(&d, NP_SOURCE_NAMESPACE, "{\"metadata\":{\"name\":\"shop\",\"uid\":\"" UID2
	     "\"}}");
	np_desired_remove(&d, NP_SOURCE_POLICY, "shop", "p", UID1);
	np_desired_remove(&d, NP_SOURCE_NAMESPACE, "", "shop", UID1);
	CHECK(np_desired_policy(&d, "shop", "p"));
	CHECK(np_desired_namespace(&d, "shop"));
	np_desired_remove(&d, NP_SOURCE_POLICY, "shop", "p", UID2);
	np_desired_remove(&d, NP_SOURCE_NAMESPACE, "", "shop", "");
	CHECK(!np_desired_policy(&d, "shop", "p"));
	CHECK(!np_desired_namespace(&d, "shop"));
	np_desired_free(&d);
}

static void test_refuse(void)
{
	struct np_desired_policy *policy;
	struct np_desired_pod *pod;
	struct np_policy view;
	struct np_desired d;

	np_desired_init(&d, "here");
	give(&d, NP_SOURCE_POD, POD("web", UID1, ",\"podIP\":\"10.0.0.1\""));
	give(&d, NP_SOURCE_POLICY, POLICY("\"podSelector\":{},\"ingress\":[{}]"));
	np_desired_finish_full(&d);
	policy = np_desired_policy(&d, "shop", "p");
	pod = np_desired_pod(&d, "shop", "web");

	CHECK(np_desired_refuse(&d, NETPOL_OBJECT_POLICY, policy, "over a cap"));
	CHECK_EQ(d.pending_count, 1);
	CHECK(np_desired_policy_loaded(policy));
	np_desired_policy_view(policy, &view);
	CHECK_EQ(view.ingress_count, 0);
	CHECK(np_desired_pod_loaded(pod));
	/* Not even that: its pods are withdrawn, an address that nobody knows is closed. */
	CHECK(np_desired_refuse(&d, NETPOL_OBJECT_POLICY, policy, "over a cap"));
	CHECK(!np_desired_policy_loaded(policy));
	CHECK(!np_desired_pod_loaded(pod));
	CHECK_EQ(d.pending_count, 2);
	CHECK(!np_desired_refuse(&d, NETPOL_OBJECT_POLICY, policy, "over a cap"));
	CHECK_EQ(d.stats.refused[NP_SOURCE_POLICY], 2);
	np_desired_retry(&d);
	CHECK(np_desired_policy_loaded(policy) && np_desired_pod_loaded(pod));
	CHECK_EQ(d.troubles.count, 0);
	CHECK(np_desired_refuse(&d, NETPOL_OBJECT_POLICY, policy, "over a cap"));
	CHECK(np_desired_refuse(&d, NETPOL_OBJECT_POLICY, policy, "over a cap"));
	np_desired_remove(&d, NP_SOURCE_POLICY, "shop", "p", "");
	CHECK(np_desired_pod_loaded(pod));
	np_desired_free(&d);
}

static struct nl_msg *fresh(void *arg, size_t size)
{
	return np_client_message(arg, NETPOL_CMD_TXN_ADD, size);
}

static int drop(void *arg, struct nl_msg *msg, struct np_error *err)
{
	return 0;
}

/* A refusal names an object by its number; changes that send nothing have none. */
static void test_numbers(void)
{
	struct np_client client = { .family = 0x20 };
	struct np_change *change, *refused = NULL;
	struct np_error err = { 0 };
	struct np_encoder enc;
	struct np_desired d;
	size_t count, i;

	np_desired_init(&d, "here");
	np_encoder_init(&enc, fresh, drop, &client);
	give(&d, NP_SOURCE_POD, POD("old", UID1, ",\"podIP\":\"10.0.0.1\""));
	np_desired_finish_full(&d);
	give(&d, NP_SOURCE_POD, POD("brief", UID1, ",\"podIP\":\"10.0.0.2\""));
	give(&d, NP_SOURCE_POD, POD("web", UID1, ",\"podIP\":\"10.0.0.3\""));
	give(&d, NP_SOURCE_POLICY, POLICY("\"podSelector\":{},\"ingress\":[{}]"));
	np_desired_remove(&d, NP_SOURCE_POD, "shop", "old", "");
	np_desired_remove(&d, NP_SOURCE_POD, "shop", "brief", "");
	change = np_desired_take(&d, &count);
	CHECK_EQ(count, 4);
	((struct np_desired_pod *)change[1].record)->flags |= NP_DESIRED_REPLACED;
	CHECK(!np_changes_encode(&d, change, count, &enc, &refused, &err));
	CHECK(!refused);
	CHECK_EQ(enc.objects, 3);
	CHECK(np_changes_find(change, count, 0) == &change[0]);
	CHECK(np_changes_find(change, count, 1) == &change[2]);
	CHECK(np_changes_find(change, count, 2) == &change[3]);
	CHECK(!np_changes_find(change, count, 3));
	CHECK(!np_changes_find(change, count, UINT32_MAX));
	CHECK(!np_changes_find(change, count, 1ULL << 32));
	((struct np_desired_pod *)change[1].record)->flags &= ~NP_DESIRED_REPLACED;
	for (i = 0; i < count; i++)
		np_desired_finish(&d, &change[i]);
	free(change);
	np_encoder_free(&enc);
	np_desired_free(&d);
}

/* An object that fits no message is refused here and known at once. */
static void test_too_large(void)
{
	static char labels[400000];
	struct np_client client = { .family = 0x20 };
	struct np_change *change, *refused = NULL;
	struct np_error err = { 0 };
	struct np_encoder enc;
	struct np_desired d;
	size_t count, i, len;

	len = sprintf(labels, "{\"metadata\":{\"name\":\"wide\",\"namespace\":\"shop\",\"labels\":{");
	for (i = 0; i < 1100; i++)
		len += sprintf(labels + len, "%s\"key-%zu\":\"%062zu\"", i ? "," : "", i, i);
	sprintf(labels + len, "}},\"status\":{\"podIP\":\"10.0.0.9\",\"phase\":\"Running\"}}");
	np_desired_init(&d, "here");
	np_encoder_init(&enc, fresh, drop, &client);
	np_desired_finish_full(&d);
	give(&d, NP_SOURCE_POD, POD("web", UID1, ",\"podIP\":\"10.0.0.3\""));
	give(&d, NP_SOURCE_POD, labels);
	change = np_desired_take(&d, &count);
	CHECK_EQ(count, 2);
	CHECK_EQ(np_changes_encode(&d, change, count, &enc, &refused, &err), -1);
	CHECK_EQ(err.exit, NP_EXIT_INPUT);
	CHECK(refused == &change[1]);
	CHECK_EQ(enc.objects, 1);
	for (i = 0; i < count; i++)
		np_desired_give_back(&d, &change[i]);
	free(change);
	np_encoder_free(&enc);
	np_desired_free(&d);
}

static void test_early(void)
{
	struct np_address address = { .family = AF_INET, .addr = { 10, 0, 0, 9 } };
	struct np_desired_pod *pod;
	struct np_desired d;

	np_desired_init(&d, "here");
	give(&d, NP_SOURCE_POD, POD("web", UID1, ""));
	np_desired_finish_full(&d);
	pod = np_desired_pod(&d, "shop", "web");
	CHECK(pod && !np_desired_pod_loaded(pod));
	pod = np_desired_early(&d, pod, &address, 1);
	CHECK(np_desired_pod_loaded(pod) && d.pending_count == 1);
	CHECK(d.local_count == 1 && d.local[0] == pod);
	give(&d, NP_SOURCE_POD, POD("web", UID1, ""));
	CHECK_EQ(np_desired_pod(&d, "shop", "web")->address4, 1);
	give(&d, NP_SOURCE_POD, POD("web", UID1, ",\"podIP\":\"10.0.0.1\""));
	pod = np_desired_early(&d, np_desired_pod(&d, "shop", "web"), &address, 1);
	CHECK_EQ(pod->data[3], 1);
	/* A new sandbox has another address; the API server still tells the one before. */
	pod = np_desired_actual(&d, pod, NULL, 0);
	CHECK_EQ(pod->data[3], 1);
	pod = np_desired_actual(&d, pod, &address, 1);
	CHECK_EQ(pod->address4, 1);
	CHECK_EQ(pod->data[3], 9);
	give(&d, NP_SOURCE_POD, POD("web", UID1, ",\"podIP\":\"10.0.0.1\""));
	pod = np_desired_actual(&d, np_desired_pod(&d, "shop", "web"), &address, 1);
	CHECK_EQ(pod->data[3], 9);
	/* It tells the new one: from there on it is the API's again. */
	give(&d, NP_SOURCE_POD, POD("web", UID1, ",\"podIP\":\"10.0.0.9\""));
	pod = np_desired_actual(&d, np_desired_pod(&d, "shop", "web"), NULL, 0);
	CHECK_EQ(pod->address4, 1);
	CHECK(!(pod->flags & NP_DESIRED_EARLY));
	/* Of a family that the interface does not tell of nothing is known. */
	give(&d, NP_SOURCE_POD, POD("web", UID1, ",\"podIP\":\"fd00::1\""));
	pod = np_desired_actual(&d, np_desired_pod(&d, "shop", "web"), &address, 1);
	CHECK_EQ(pod->address4, 0);
	CHECK_EQ(pod->address6, 1);
	/* Of another uid: what the CNI said was about the one before. */
	give(&d, NP_SOURCE_POD, POD("web", UID2, ""));
	CHECK(!np_desired_pod_loaded(np_desired_pod(&d, "shop", "web")));
	np_desired_free(&d);
}

/* Lists that break off, as often as it takes for their number to come round. */
static void test_cut_lists(void)
{
	struct np_desired d;
	unsigned int i;

	np_desired_init(&d, "here");
	for (i = 0; i < 3; i++)
		np_desired_begin(&d, i);
	give(&d, NP_SOURCE_NAMESPACE, "{\"metadata\":{\"name\":\"shop\"}}");
	give(&d, NP_SOURCE_POD, POD("web", UID1, ",\"podIP\":\"10.0.0.1\""));
	give(&d, NP_SOURCE_POLICY, POLICY("\"podSelector\":{},\"ingress\":[{}]"));
	for (i = 0; i < 3 * 256; i++)
		np_desired_begin(&d, i % 3);
	for (i = 0; i < 3; i++)
		np_desired_synced(&d, i);
	CHECK(!np_desired_namespace(&d, "shop"));
	CHECK(!np_desired_pod(&d, "shop", "web"));
	CHECK(!np_desired_policy(&d, "shop", "p"));
	np_desired_free(&d);
}

static void test_replaced(void)
{
	struct np_desired d;

	np_desired_init(&d, "here");
	/* Malformed and another one by its uid: the labels of the first don't stay. */
	give(&d, NP_SOURCE_NAMESPACE, "{\"metadata\":{\"name\":\"shop\",\"uid\":\"" UID1
	     "\"}}");
	np_desired_rejected(&d, NP_SOURCE_NAMESPACE, "", "shop", UID1, "too deep");
	CHECK(np_desired_namespace(&d, "shop"));
	np_desired_rejected(&d, NP_SOURCE_NAMESPACE, "", "shop", UID2, "too deep");
	CHECK(!np_desired_namespace(&d, "shop"));
	/* What is closed since nobody could read it ends with the object. */
	give(&d, NP_SOURCE_POLICY, "{\"metadata\":{\"name\":\"p\",\"namespace\":\"shop\","
	     "\"uid\":7},\"spec\":{}}");
	CHECK(np_desired_policy(&d, "shop", "p"));
	np_desired_remove(&d, NP_SOURCE_POLICY, "shop", "p", UID1);
	CHECK(!np_desired_policy(&d, "shop", "p"));
	np_desired_free(&d);
}

static void give_large(struct np_desired *d, const char *namespace, unsigned int number,
		       unsigned int peers)
{
	size_t len = 0;
	char *text = NULL;
	unsigned int i;
	FILE *file = open_memstream(&text, &len);

	fprintf(file, "{\"metadata\":{\"name\":\"p%u\",\"namespace\":\"%s\"},\"spec\":"
		"{\"podSelector\":{},\"ingress\":[{\"from\":[", number, namespace);
	for (i = 0; i < peers; i++)
		fprintf(file, "%s{\"ipBlock\":{\"cidr\":\"10.0.0.0/8\"}}", i ? "," : "");
	fputs("]}]}}", file);
	fclose(file);
	give(d, NP_SOURCE_POLICY, text);
	free(text);
}

/* One namespace must not take the memory of the agent of each node. */
static void test_memory(void)
{
	struct np_desired d;
	unsigned int i;

	np_desired_init(&d, "here");
	for (i = 0; i < 20; i++)
		give_large(&d, "evil", i, 30000);
	CHECK(d.policy_bytes < NP_POLICY_BYTES_SHARE + (1 << 20));
	CHECK(!(np_desired_policy(&d, "evil", "p0")->flags & NP_DESIRED_CLOSED));
	CHECK(np_desired_policy(&d, "evil", "p19")->flags & NP_DESIRED_CLOSED);
	CHECK_EQ(np_desired_policy(&d, "evil", "p19")->policy->ingress_count, 0);
	CHECK(d.troubles.count > 0);
	give_large(&d, "good", 0, 30000);
	CHECK(!(np_desired_policy(&d, "good", "p0")->flags & NP_DESIRED_CLOSED));
	/* The same again takes no more, and a small one is itself again. */
	give_large(&d, "evil", 0, 30000);
	CHECK(!(np_desired_policy(&d, "evil", "p0")->flags & NP_DESIRED_CLOSED));
	for (i = 0; i < 20; i++)
		give_large(&d, "evil", i, 1);
	CHECK(!(np_desired_policy(&d, "evil", "p19")->flags & NP_DESIRED_CLOSED));
	CHECK_EQ(d.troubles.count, 0);
	np_desired_begin(&d, NP_SOURCE_POLICY);
	np_desired_synced(&d, NP_SOURCE_POLICY);
	np_desired_set_full(&d);
	CHECK_EQ(d.policy_bytes, 0);
	np_desired_free(&d);
}

/* A pod with labels that no other pod has. */
static void give_labelled(struct np_desired *d, const char *namespace, unsigned int number,
			  unsigned int labels)
{
	size_t len = 0;
	char *text = NULL;
	unsigned int i;
	FILE *file = open_memstream(&text, &len);

	fprintf(file, "{\"metadata\":{\"name\":\"p%u\",\"namespace\":\"%s\",\"labels\":{", number,
		namespace);
	for (i = 0; i < labels; i++)
		fprintf(file, "%s\"l%u-%u\":\"%063u\"", i ? "," : "", number, i, i);
	fputs("}},\"spec\":{\"nodeName\":\"here\"},\"status\":{\"phase\":\"Running\","
	      "\"podIP\":\"10.0.0.1\"}}", file);
	fclose(file);
	give(d, NP_SOURCE_POD, text);
	free(text);
}

static bool rejected(const struct np_desired *d, const char *namespace, const char *name)
{
	return np_desired_pod(d, namespace, name)->flags & NP_DESIRED_REJECTED;
}

/* Nor by the labels of many pods. */
static void test_label_memory(void)
{
	struct np_desired d;
	unsigned int i;

	np_desired_init(&d, "here");
	for (i = 0; i < 250; i++)
		give_labelled(&d, "evil", i, 1000);
	CHECK(d.labels.bytes < NP_LABEL_BYTES_SHARE);
	CHECK(!rejected(&d, "evil", "p0"));
	CHECK(rejected(&d, "evil", "p249"));
	CHECK_EQ(np_desired_pod(&d, "evil", "p249")->labels->label_count, 0);
	CHECK(d.troubles.count > 0);
	/* it is not loaded without its labels, not even when refusals are tried again */
	np_desired_retry(&d);
	CHECK(!np_desired_loaded(NETPOL_OBJECT_POD, np_desired_pod(&d, "evil", "p249")));
	give_labelled(&d, "good", 0, 1000);
	CHECK(!rejected(&d, "good", "p0"));
	/* The same again takes no more, and a small one is itself again. */
	give_labelled(&d, "evil", 0, 1000);
	CHECK(!rejected(&d, "evil", "p0"));
	for (i = 0; i < 250; i++)
		give_labelled(&d, "evil", i, 1);
	CHECK(!rejected(&d, "evil", "p249"));
	CHECK_EQ(np_desired_pod(&d, "evil", "p249")->labels->label_count, 1);
	CHECK_EQ(d.troubles.count, 0);
	/* If many namespaces do it, each may have the lower share. */
	for (i = 0; i < 900; i++) {
		char name[8];

		snprintf(name, sizeof(name), "evil%u", i / 60);
		give_labelled(&d, name, i, 1000);
	}
	CHECK(d.labels.bytes < NP_LABEL_BYTES_ALL + 16 * NP_LABEL_BYTES_LOW);
	CHECK(rejected(&d, "evil14", "p899"));
	give_labelled(&d, "good", 1, 100);
	CHECK(!rejected(&d, "good", "p1"));
	np_desired_begin(&d, NP_SOURCE_POD);
	np_desired_synced(&d, NP_SOURCE_POD);
	np_desired_set_full(&d);
	CHECK_EQ(d.labels.bytes, 0);
	np_desired_free(&d);
}

static void give_labelled_namespace(struct np_desired *d, unsigned int number, unsigned int labels)
{
	size_t len = 0;
	char *text = NULL;
	unsigned int i;
	FILE *file = open_memstream(&text, &len);

	fprintf(file, "{\"metadata\":{\"name\":\"ns%u\",\"labels\":{", number);
	for (i = 0; i < labels; i++)
		fprintf(file, "%s\"l%u-%u\":\"\"", i ? "," : "", number, i);
	fputs("}}}", file);
	fclose(file);
	give(d, NP_SOURCE_NAMESPACE, text);
	free(text);
}

static bool namespace_loaded(const struct np_desired *d, const char *name)
{
	return np_desired_namespace_loaded(np_desired_namespace(d, name));
}

/* Nor by one object, of which the API server lets have 100,000: far more than the kernel takes. */
static void test_labels_of_one(void)
{
	struct np_desired_pod *pod;
	struct np_desired d;
	unsigned int i;

	np_desired_init(&d, "here");
	give_labelled(&d, "evil", 0, 1);
	give_labelled_namespace(&d, 0, 1);
	np_desired_finish_full(&d);
	CHECK(namespace_loaded(&d, "ns0"));
	for (i = 0; i < 12; i++) {
		give_labelled(&d, "evil", i, 30000);
		give_labelled_namespace(&d, i, 30000);
	}
	CHECK(d.labels.bytes < 100000);
	CHECK_EQ(d.troubles.count, 24);
	pod = np_desired_pod(&d, "evil", "p0");
	CHECK(pod->flags & NP_DESIRED_REJECTED && pod->flags & NP_DESIRED_PENDING);
	CHECK(pod->flags & NP_DESIRED_LOCAL && pod->address4 == 1);
	CHECK_EQ(pod->labels->label_count, 0);
	/* The last good version of a namespace does not stay either. */
	CHECK(!namespace_loaded(&d, "ns0"));
	CHECK(np_desired_namespace(&d, "ns0")->flags & NP_DESIRED_PENDING);
	np_desired_retry(&d);
	CHECK(!namespace_loaded(&d, "ns0"));
	/* A list that says the same changes nothing. */
	np_desired_begin(&d, NP_SOURCE_NAMESPACE);
	for (i = 0; i < 12; i++)
		give_labelled_namespace(&d, i, 30000);
	np_desired_synced(&d, NP_SOURCE_NAMESPACE);
	CHECK_EQ(d.troubles.count, 24);
	CHECK(!namespace_loaded(&d, "ns11"));
	/* The kernel takes 256, which are within the bound. */
	give_labelled(&d, "evil", 0, 256);
	CHECK(!(np_desired_pod(&d, "evil", "p0")->flags & NP_DESIRED_REJECTED));
	give_labelled_namespace(&d, 0, 256);
	CHECK(namespace_loaded(&d, "ns0"));
	/* Its name is a label too, which the API server sets. */
	CHECK_EQ(np_desired_namespace(&d, "ns0")->labels->label_count, 257);
	np_desired_free(&d);
}

/* A tenant whose pods take all that they may take does not get his namespace withdrawn. */
static void test_labels_of_namespace(void)
{
	struct np_desired d;
	unsigned int i;
	size_t bytes;

	np_desired_init(&d, "here");
	for (i = 0; i < 250; i++)
		give_labelled(&d, "ns0", i, 1000);
	CHECK(rejected(&d, "ns0", "p249"));
	/* What a pod may take is less than what its namespace takes, so that this fills the share. */
	for (i = 250; i < 300; i++)
		give_labelled(&d, "ns0", i, 1);
	bytes = np_desired_namespace_find(&d, "ns0")->label_bytes;
	CHECK(bytes > NP_LABEL_BYTES_SHARE - 150000);
	/* The list of namespaces may come after that of pods, and somebody may relabel it. */
	give_labelled_namespace(&d, 0, 256);
	CHECK(namespace_loaded(&d, "ns0"));
	give_labelled_namespace(&d, 0, 1000);
	CHECK(namespace_loaded(&d, "ns0"));
	CHECK(np_desired_namespace_find(&d, "ns0")->label_bytes > bytes);
	/* Then it is a pod that is too much. */
	give_labelled(&d, "ns0", 300, 1000);
	CHECK(rejected(&d, "ns0", "p300"));
	np_desired_free(&d);
}

static void give_node(struct np_desired *d, const char *spec)
{
	char text[256];

	snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"here\"},\"spec\":{%s}}", spec);
	give(d, NP_SOURCE_NODE, text);
}

/* The guards that the own Node asks for. */
static void test_node(void)
{
	struct np_desired d;

	np_desired_init(&d, "here");
	np_desired_begin(&d, NP_SOURCE_NODE);
	np_desired_synced(&d, NP_SOURCE_NODE);
	CHECK(!d.node_seen);
	/* The Node of another name does not count, whoever sent it. */
	give(&d, NP_SOURCE_NODE, "{\"metadata\":{\"name\":\"there\"},\"spec\":{}}");
	CHECK(!d.node_seen);
	give_node(&d, "\"podCIDR\":\"10.1.0.0/24\"");
	CHECK(d.node_seen && d.pod_cidr_count == 1);
	/* Registered anew, it has none for a while. */
	give_node(&d, "");
	CHECK_EQ(d.pod_cidr_count, 1);
	give_node(&d, "\"podCIDRs\":[\"10.2.0.0/24\",\"fd00::/64\"]");
	CHECK_EQ(d.pod_cidr_count, 2);
	np_desired_free(&d);
	/* One that cannot be read is there all the same, so the policies of its pods are loaded. */
	np_desired_init(&d, "here");
	np_desired_rejected(&d, NP_SOURCE_NODE, "", "there", "", "nested too deep");
	CHECK(!d.node_seen);
	np_desired_rejected(&d, NP_SOURCE_NODE, "", "here", "", "nested too deep");
	CHECK(d.node_seen && !d.node_read);
	np_desired_free(&d);
	np_desired_init(&d, "here");
	give_node(&d, "\"podCIDR\":\"ten\"");
	CHECK(d.node_seen && !d.node_read);
	give_node(&d, "");
	CHECK(d.node_read);
	np_desired_free(&d);
}

/* A policy whose selector has that many values, so that it selects pods with app=v0, v1, ... */
static void give_values(struct np_desired *d, const char *name, const char *operator,
			unsigned int values)
{
	size_t len = 0;
	char *text = NULL;
	unsigned int i;
	FILE *file = open_memstream(&text, &len);

	fprintf(file, "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"shop\"},\"spec\":{"
		"\"podSelector\":{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"%s\","
		"\"values\":[", name, operator);
	/* From the last one to the first: nobody has to write them in order. */
	for (i = values; i; i--)
		fprintf(file, "\"v%u\"%s", i - 1, i > 1 ? "," : "");
	fprintf(file, "]}]}}}");
	fclose(file);
	give(d, NP_SOURCE_POLICY, text);
	free(text);
}

static void give_app(struct np_desired *d, unsigned int pod, const char *app)
{
	char text[512];

	snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"p%u\",\"namespace\":\"shop\","
		 "\"uid\":\"00000000-0000-4000-8000-%012u\",\"labels\":{\"app\":\"%s\"}},"
		 "\"spec\":{\"nodeName\":\"here\"},\"status\":{\"phase\":\"Running\","
		 "\"podIP\":\"10.0.1.%u\"}}", pod, pod + 1, app, pod);
	give(d, NP_SOURCE_POD, text);
}

static bool wanted(const struct np_desired *d, const char *name)
{
	return np_desired_policy_loaded(np_desired_policy(d, "shop", name));
}

/*
 * What an event about a local pod costs follows from the number of policies of its namespace, not
 * from the size of their selectors, nor from the number of pods.
 */
static void test_steps(void)
{
	/* Of one policy: the policy, its requirement, and 2^11 values by halving. */
	const unsigned int each = 2 + 12, npolicies = 6, values = 2000, npods = 50;
	struct np_desired d;
	uint64_t before;
	char name[16];
	unsigned int i;

	np_desired_init(&d, "here");
	for (i = 0; i < npolicies; i++) {
		snprintf(name, sizeof(name), "big%u", i);
		give_values(&d, name, i % 2 ? "NotIn" : "In", values);
	}
	before = d.steps;
	for (i = 0; i < npods; i++)
		give_app(&d, i, "other");
	CHECK(d.steps - before <= (uint64_t)npods * npolicies * each);
	CHECK(!wanted(&d, "big0") && wanted(&d, "big1"));
	before = d.steps;
	give_app(&d, 0, "v1999");
	CHECK(wanted(&d, "big0") && wanted(&d, "big1"));
	CHECK(d.steps - before <= npolicies * each * 2);
	/* Nothing has changed that a selector sees. */
	before = d.steps;
	give_app(&d, 0, "v1999");
	CHECK_EQ(d.steps - before, 0);
	give_app(&d, 0, "v0");
	CHECK(wanted(&d, "big0"));
	/* The last one that it selected, and the last one that the other did not. */
	give_app(&d, 0, "other");
	CHECK(!wanted(&d, "big0"));
	for (i = 0; i < npods; i++)
		give_app(&d, i, "v7");
	CHECK(wanted(&d, "big0") && !wanted(&d, "big1"));
	for (i = 0; i < npods; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		np_desired_remove(&d, NP_SOURCE_POD, "shop", name, "");
	}
	CHECK(!wanted(&d, "big0") && !wanted(&d, "big1"));
	np_desired_free(&d);
}

/* Policies that the kernel refuses, one after the other, and what each of them costs. */
static void test_refused_steps(void)
{
	const unsigned int npolicies = 100, npods = 20, each = 2 + 2;
	struct np_desired_policy *policy;
	struct np_desired d;
	uint64_t before;
	char name[16];
	unsigned int i;

	np_desired_init(&d, "here");
	for (i = 0; i < npods; i++)
		give_app(&d, i, i ? "other" : "v0");
	for (i = 0; i < npolicies; i++) {
		snprintf(name, sizeof(name), "l%u", i);
		give_values(&d, name, "In", 1);
	}
	np_desired_finish_full(&d);
	for (i = 0; i < npolicies; i++) {
		snprintf(name, sizeof(name), "l%u", i);
		policy = np_desired_policy(&d, "shop", name);
		before = d.steps;
		CHECK(np_desired_refuse(&d, NETPOL_OBJECT_POLICY, policy, "over a cap"));
		CHECK(np_desired_refuse(&d, NETPOL_OBJECT_POLICY, policy, "over a cap"));
		CHECK(d.steps - before <= npods * each);
		CHECK(!np_desired_pod_loaded(np_desired_pod(&d, "shop", "p0")));
		CHECK(np_desired_pod_loaded(np_desired_pod(&d, "shop", "p1")));
	}
	/* A pod that changes is counted anew. */
	give_app(&d, 0, "other");
	CHECK(np_desired_pod_loaded(np_desired_pod(&d, "shop", "p0")));
	give_app(&d, 1, "v0");
	CHECK(!np_desired_pod_loaded(np_desired_pod(&d, "shop", "p1")));
	for (i = 0; i < npolicies; i++) {
		CHECK(!np_desired_pod_loaded(np_desired_pod(&d, "shop", "p1")));
		snprintf(name, sizeof(name), "l%u", i);
		before = d.steps;
		/* It is deleted, or written anew. */
		if (i % 2)
			np_desired_remove(&d, NP_SOURCE_POLICY, "shop", name, "");
		else
			give_values(&d, name, "NotIn", 1);
		CHECK(d.steps - before <= npods * each * 2);
	}
	CHECK(np_desired_pod_loaded(np_desired_pod(&d, "shop", "p1")));
	np_desired_free(&d);
}

/* Policies go in any order, and those that stay are still found. */
static void test_policy_list(void)
{
	static const char *const order[] = { "l3", "l0", "l2", "l5", "l1" };
	struct np_desired d;
	char name[16];
	unsigned int i;

	np_desired_init(&d, "here");
	give_app(&d, 0, "other");
	np_desired_finish_full(&d);
	for (i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "l%u", i);
		give_values(&d, name, "In", 1);
	}
	for (i = 0; i < 5; i++) {
		struct np_change *change;
		size_t count, k;

		np_desired_remove(&d, NP_SOURCE_POLICY, "shop", order[i], "");
		change = np_desired_take(&d, &count);
		for (k = 0; k < count; k++)
			np_desired_finish(&d, &change[k]);
		free(change);
		CHECK_EQ(d.policies.count, 5 - i);
		give_app(&d, 0, i % 2 ? "other" : "v0");
		CHECK_EQ(wanted(&d, "l4"), !(i % 2));
	}
	np_desired_free(&d);
}

/* --- ClusterNetworkPolicies --------------------------------------------------------- */

#define CNP(name, uid, spec)							\
	"{\"metadata\":{\"name\":\"" name "\",\"uid\":\"" uid "\"},\"spec\":{" spec "}}"
#define HEAD	"\"tier\":\"Admin\",\"priority\":5,"
#define TEAM_A	"{\"namespaces\":{\"matchLabels\":{\"team\":\"a\"}}}"
#define ANY	"\"from\":[{\"namespaces\":{}}]"
#define RULES	"\"ingress\":[{\"name\":\"in\",\"action\":\"Accept\"," ANY "},"		\
		"{\"action\":\"Pass\"," ANY "},{\"action\":\"Deny\"," ANY "}]"

static char remarked[700];

static void on_remark(void *arg, enum np_source_kind kind, const char *namespace,
		      const char *name, const char *text)
{
	snprintf(remarked, sizeof(remarked), "%s %s/%s %s", np_source_kind_name(kind), namespace,
		 name, text);
}

static struct np_desired_policy *give_cnp(struct np_desired *d, const char *name, const char *text)
{
	give(d, NP_SOURCE_CLUSTER_POLICY, text);
	return np_desired_policy(d, "", name);
}

static void give_team(struct np_desired *d, const char *name, const char *team)
{
	char text[256];

	snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"%s\",\"labels\":{\"team\":\"%s\"}}}",
		 name, team);
	give(d, NP_SOURCE_NAMESPACE, text);
}

/* Denies everything to every pod, before all others but those of its priority. */
static bool denies_all(const struct np_desired_policy *policy)
{
	struct np_policy view;

	if (!policy)
		return false;
	np_desired_policy_view(policy, &view);
	return view.tier == NP_TIER_ADMIN && !view.priority && !view.ns_selector.count &&
	       !view.pod_selector.count && view.ingress_count == 1 && view.egress_count == 1 &&
	       view.ingress->closed && view.egress->closed &&
	       view.ingress->action == NP_ACTION_DENY && view.egress->action == NP_ACTION_DENY;
}

static void test_cluster_subject(void)
{
	struct np_desired_policy *policy;
	struct np_desired d;

	np_desired_init(&d, "here");
	give(&d, NP_SOURCE_POD, POD("web", UID1, ",\"podIP\":\"10.0.0.1\""));
	policy = give_cnp(&d, "p", CNP("p", UID1, HEAD "\"subject\":" TEAM_A "," RULES));
	/* The labels of the namespace are not known: it may select the pod. */
	CHECK(np_desired_policy_loaded(policy));
	give_team(&d, "shop", "b");
	CHECK(!np_desired_policy_loaded(policy));
	give_team(&d, "shop", "a");
	CHECK(np_desired_policy_loaded(policy));
	give_team(&d, "shop", "b");
	CHECK(!np_desired_policy_loaded(policy));
	/* A namespace that the kernel refuses is not there either. */
	CHECK(np_desired_refuse(&d, NETPOL_OBJECT_NAMESPACE, np_desired_namespace(&d, "shop"), "no"));
	CHECK(np_desired_policy_loaded(policy));
	np_desired_retry(&d);
	CHECK(!np_desired_policy_loaded(policy));
	np_desired_rejected(&d, NP_SOURCE_NAMESPACE, "", "shop", "", "too deep");
	CHECK(np_desired_policy_loaded(policy));
	give_team(&d, "shop", "b");
	CHECK(!np_desired_policy_loaded(policy));
	np_desired_remove(&d, NP_SOURCE_NAMESPACE, "", "shop", "");
	CHECK(np_desired_policy_loaded(policy));
	/* The labels of pods count as well. */
	policy = give_cnp(&d, "p", CNP("p", UID1, HEAD "\"subject\":{\"pods\":{\"podSelector\":"
				       "{\"matchLabels\":{\"app\":\"db\"}}}}," RULES));
	CHECK(!np_desired_policy_loaded(policy));
	give(&d, NP_SOURCE_POD, POD("db", UID2, ",\"podIP\":\"10.0.0.2\""));
	CHECK(np_desired_policy_loaded(policy));
	np_desired_remove(&d, NP_SOURCE_POD, "shop", "db", "");
	CHECK(!np_desired_policy_loaded(policy));
	/* A policy without a namespace is none, whatever its name. */
	np_desired_remove(&d, NP_SOURCE_POLICY, "", "p", "");
	CHECK(np_desired_policy(&d, "", "p"));
	CHECK_EQ(d.cluster_policies, 1);
	np_desired_remove(&d, NP_SOURCE_CLUSTER_POLICY, "", "p", "");
	CHECK(!np_desired_policy(&d, "", "p"));
	CHECK_EQ(d.cluster_policies, 0);
	np_desired_free(&d);
}

static void test_cluster_refuse(void)
{
	struct np_desired_policy *policy;
	struct np_desired_pod *pod, *other;
	struct np_policy view;
	struct np_desired d;

	np_desired_init(&d, "here");
	give_team(&d, "shop", "a");
	give_team(&d, "bank", "b");
	give(&d, NP_SOURCE_POD, POD("web", UID1, ",\"podIP\":\"10.0.0.1\""));
	give(&d, NP_SOURCE_POD, "{\"metadata\":{\"name\":\"till\",\"namespace\":\"bank\",\"uid\":\""
	     UID2 "\"},\"spec\":{\"nodeName\":\"here\"},\"status\":{\"podIP\":\"10.0.0.2\"}}");
	policy = give_cnp(&d, "p", CNP("p", UID1, HEAD "\"subject\":" TEAM_A "," RULES));
	np_desired_finish_full(&d);
	pod = np_desired_pod(&d, "shop", "web");
	other = np_desired_pod(&d, "bank", "till");
	/* Every rule is as one that cannot be read, in its place and with its name. */
	CHECK(np_desired_refuse(&d, NETPOL_OBJECT_POLICY, policy, "over a cap"));
	CHECK(np_desired_policy_loaded(policy));
	np_desired_policy_view(policy, &view);
	CHECK_EQ(view.ingress_count, 3);
	CHECK(view.ingress[0].closed && view.ingress[0].action == NP_ACTION_ACCEPT);
	CHECK(!strcmp(view.ingress[0].name, "in") && !view.ingress[0].peer_count);
	CHECK(view.ingress[1].closed && view.ingress[1].action == NP_ACTION_DENY);
	CHECK(view.ingress[2].closed && view.ingress[2].action == NP_ACTION_DENY);
	CHECK_EQ(view.ns_selector.count, 1);
	CHECK_EQ(view.priority, 5);
	CHECK(np_desired_pod_loaded(pod));
	CHECK_EQ(d.stats.refused[NP_SOURCE_CLUSTER_POLICY], 1);
	/* Not even that: the pods that it selects are withheld, and no others. */
	CHECK(np_desired_refuse(&d, NETPOL_OBJECT_POLICY, policy, "over a cap"));
	CHECK(!np_desired_policy_loaded(policy));
	CHECK(!np_desired_pod_loaded(pod) && np_desired_pod_loaded(other));
	/* A namespace that comes to be a subject, and one that ceases to be. */
	give_team(&d, "bank", "a");
	CHECK(!np_desired_pod_loaded(other));
	give_team(&d, "shop", "b");
	CHECK(np_desired_pod_loaded(pod));
	np_desired_remove(&d, NP_SOURCE_NAMESPACE, "", "shop", "");
	CHECK(!np_desired_pod_loaded(pod));
	np_desired_retry(&d);
	CHECK(np_desired_policy_loaded(policy));
	CHECK(np_desired_pod_loaded(pod) && np_desired_pod_loaded(other));
	np_desired_policy_view(policy, &view);
	CHECK(!view.ingress[0].closed && view.ingress[0].peer_count == 1);
	CHECK_EQ(d.troubles.count, 0);
	/* What cannot be read of a policy stays a trouble. */
	policy = give_cnp(&d, "p", CNP("p", UID1, HEAD "\"subject\":" TEAM_A ",\"ingress\":[{\"action\":"
				       "\"Accept\",\"from\":[{\"x\":{}}]}]"));
	CHECK(np_desired_refuse(&d, NETPOL_OBJECT_POLICY, policy, "over a cap"));
	np_desired_retry(&d);
	CHECK_EQ(d.troubles.count, 1);
	np_desired_free(&d);
}

static void test_cluster_unreadable(void)
{
	static const char good[] = CNP("p", UID1, HEAD "\"subject\":" TEAM_A "," RULES);
	static const char lost[] = CNP("p", UID1, HEAD "\"subject\":{\"new\":{}}," RULES);
	struct np_desired_policy *policy;
	struct np_policy view;
	struct np_desired d;

	np_desired_init(&d, "here");
	d.remark = on_remark;
	give_team(&d, "shop", "b");
	give(&d, NP_SOURCE_POD, POD("web", UID1, ",\"podIP\":\"10.0.0.1\""));
	/* One rule: the others stay as they are, and the log names policy and rule. */
	policy = give_cnp(&d, "p", CNP("p", UID1, HEAD "\"subject\":{\"namespaces\":{}},\"egress\":["
				       "{\"action\":\"Deny\",\"to\":[{\"namespaces\":{}}]},"
				       "{\"name\":\"dns\",\"action\":\"Pass\",\"to\":[{\"domainNames\":"
				       "[\"x.org\"]}]}]"));
	CHECK(np_desired_policy_loaded(policy));
	np_desired_policy_view(policy, &view);
	CHECK(!view.egress[0].closed && view.egress[0].peer_count == 1);
	CHECK(view.egress[1].closed);
	CHECK(!strncmp(remarked, "clusternetworkpolicies /p spec.egress[1]", 40));
	CHECK(strstr(remarked, "(rule \"dns\")") && strstr(remarked, "denies everything"));
	CHECK_EQ(d.troubles.count, 1);
	CHECK_EQ(d.stats.malformed[NP_SOURCE_CLUSTER_POLICY], 1);
	/* Good again. */
	policy = give_cnp(&d, "p", good);
	CHECK_EQ(d.troubles.count, 0);
	CHECK(!np_desired_policy_loaded(policy));
	/* Ports that no container can have: a Deny of them denies everything, which is said. */
	policy = give_cnp(&d, "p", CNP("p", UID1, HEAD "\"subject\":" TEAM_A ",\"ingress\":[{\"name\":"
				       "\"web\",\"action\":\"Deny\"," ANY ",\"protocols\":[{"
				       "\"destinationNamedPort\":\"HTTP\"}]}]"));
	np_desired_policy_view(policy, &view);
	CHECK(view.ingress[0].closed && view.ns_selector.count == 1);
	CHECK_EQ(d.troubles.count, 1);
	CHECK(strstr(remarked, "(rule \"web\")") && strstr(remarked, "no container has a port"));
	policy = give_cnp(&d, "p", good);
	CHECK_EQ(d.troubles.count, 0);
	/* Its subject: the version before stays. */
	policy = give_cnp(&d, "p", lost);
	CHECK(!np_desired_policy_loaded(policy) && policy->policy->ns_selector.count == 1);
	CHECK(strstr(remarked, "its version before stays in force: spec.subject"));
	CHECK_EQ(d.troubles.count, 1);
	np_desired_rejected(&d, NP_SOURCE_CLUSTER_POLICY, "", "p", UID1, "too deep");
	CHECK(!np_desired_policy_loaded(policy) && !policy->lost);
	/* But not one of another object of that name. */
	np_desired_rejected(&d, NP_SOURCE_CLUSTER_POLICY, "", "p", UID2, "too deep");
	policy = np_desired_policy(&d, "", "p");
	CHECK(np_desired_policy_loaded(policy) && denies_all(policy));
	CHECK(strstr(remarked, "denies everything to every pod: too deep"));
	np_desired_remove(&d, NP_SOURCE_CLUSTER_POLICY, "", "p", "");
	/* None before: its rules are for every pod, and accept nothing. */
	policy = give_cnp(&d, "p", lost);
	CHECK(np_desired_policy_loaded(policy) && policy->lost);
	np_desired_policy_view(policy, &view);
	CHECK_EQ(view.tier, NP_TIER_ADMIN);
	CHECK_EQ(view.ingress_count, 3);
	CHECK(view.ingress[0].closed && view.ingress[0].action == NP_ACTION_ACCEPT);
	CHECK(!view.ingress[1].closed && view.ingress[1].action == NP_ACTION_DENY);
	/* That one is not what stays. */
	np_desired_rejected(&d, NP_SOURCE_CLUSTER_POLICY, "", "p", UID1, "too deep");
	CHECK(denies_all(np_desired_policy(&d, "", "p")));
	/* A spec that is none, and one that is not there. */
	CHECK(denies_all(give_cnp(&d, "q", "{\"metadata\":{\"name\":\"q\"},\"spec\":7}")));
	CHECK(denies_all(give_cnp(&d, "r", "{\"metadata\":{\"name\":\"r\"}}")));
	/* A malformed uid hides which object it is. */
	give_cnp(&d, "q", good);
	CHECK(denies_all(give_cnp(&d, "q", "{\"metadata\":{\"name\":\"q\",\"uid\":7},\"spec\":7}")));
	np_desired_free(&d);
}

/* A list in which something has no name, or one that no object has. */
static void test_cluster_nameless(void)
{
	static const char *const names[] = { "", "A_B" };
	struct np_desired_policy *policy;
	struct np_policy view;
	struct np_desired d;
	unsigned int i, loaded;
	size_t at;

	for (i = 0; i < 2; i++) {
		np_desired_init(&d, "here");
		give_team(&d, "shop", "a");
		give(&d, NP_SOURCE_POD, POD("web", UID1, ",\"podIP\":\"10.0.0.1\""));
		give(&d, NP_SOURCE_POLICY, POLICY("\"podSelector\":{},\"ingress\":[{}]"));
		give_cnp(&d, "p", CNP("p", UID1, HEAD "\"subject\":" TEAM_A "," RULES));
		np_desired_begin(&d, NP_SOURCE_CLUSTER_POLICY);
		np_desired_rejected(&d, NP_SOURCE_CLUSTER_POLICY, "", names[i], "", "garbage");
		np_desired_synced(&d, NP_SOURCE_CLUSTER_POLICY);
		/* It may be p, which accepts nothing any more, or another one. */
		policy = np_desired_policy(&d, "", "p");
		CHECK(np_desired_policy_loaded(policy));
		np_desired_policy_view(policy, &view);
		CHECK(view.ingress_count == 3 && view.ingress[0].closed);
		CHECK_EQ(d.cluster_policies, 2);
		for (at = 0, loaded = 0; (policy = np_hash_next(&d.policies, &at));)
			loaded += policy->namespace == d.cluster && denies_all(policy) &&
				  np_desired_policy_loaded(policy);
		CHECK_EQ(loaded, 1);
		policy = np_desired_policy(&d, "shop", "p");
		CHECK(policy && !(policy->flags & NP_DESIRED_CLOSED));
		/* A whole list shows that it is gone. */
		np_desired_begin(&d, NP_SOURCE_CLUSTER_POLICY);
		policy = give_cnp(&d, "p", CNP("p", UID1, HEAD "\"subject\":" TEAM_A "," RULES));
		np_desired_synced(&d, NP_SOURCE_CLUSTER_POLICY);
		CHECK_EQ(d.cluster_policies, 1);
		np_desired_policy_view(policy, &view);
		CHECK(!view.ingress[0].closed);
		CHECK_EQ(d.troubles.count, 0);
		/* A list of one kind says nothing of the other one. */
		np_desired_begin(&d, NP_SOURCE_POLICY);
		np_desired_synced(&d, NP_SOURCE_POLICY);
		CHECK(np_desired_policy(&d, "", "p") && !np_desired_policy(&d, "shop", "p"));
		np_desired_begin(&d, NP_SOURCE_CLUSTER_POLICY);
		np_desired_synced(&d, NP_SOURCE_CLUSTER_POLICY);
		CHECK(!np_desired_policy(&d, "", "p"));
		np_desired_free(&d);
	}
}

/* Lists may break off 256 times; what was seen in the first one was not seen in the last. */
static void test_cluster_cut_lists(void)
{
	struct np_desired d;
	unsigned int i;

	np_desired_init(&d, "here");
	for (i = 0; i < 257; i++) {
		np_desired_begin(&d, NP_SOURCE_CLUSTER_POLICY);
		if (!i) {
			give_cnp(&d, "p", CNP("p", UID1, HEAD "\"subject\":" TEAM_A));
			give(&d, NP_SOURCE_POLICY, POLICY("\"podSelector\":{}"));
		}
	}
	np_desired_synced(&d, NP_SOURCE_CLUSTER_POLICY);
	CHECK(!np_desired_policy(&d, "", "p"));
	CHECK(np_desired_policy(&d, "shop", "p"));
	np_desired_free(&d);
}

/* A policy with that many rules of 25 peers of 25 networks each. */
static void give_networks(struct np_desired *d, unsigned int number, unsigned int rules)
{
	size_t len = 0;
	char *text = NULL;
	unsigned int i;
	FILE *file = open_memstream(&text, &len);

	fprintf(file, "{\"metadata\":{\"name\":\"n%u\",\"uid\":\"00000000-0000-4000-8000-%012u\"},"
		"\"spec\":{" HEAD "\"subject\":" TEAM_A ",\"egress\":[", number, number);
	for (i = 0; i < rules * 625; i++)
		fprintf(file, "%s%s\"10.%u.%u.%u/32\"%s%s", i % 625 ? "" : i ? ",{\"action\":\"Deny\","
			"\"to\":[" : "{\"action\":\"Deny\",\"to\":[", i % 25 ? "," : i % 625 ?
			",{\"networks\":[" : "{\"networks\":[", i >> 16, i >> 8 & 255, i & 255,
			i % 25 == 24 ? "]}" : "", i % 625 == 624 ? "]}" : "");
	fprintf(file, "]}}");
	fclose(file);
	give(d, NP_SOURCE_CLUSTER_POLICY, text);
	free(text);
}

/* They have a bound of their own, beyond which all rules of one are closed. */
static void test_cluster_memory(void)
{
	const struct np_desired_policy *policy;
	struct np_policy view;
	struct np_desired d;
	char name[16];
	size_t one;
	unsigned int i;

	np_desired_init(&d, "here");
	give_team(&d, "shop", "a");
	give(&d, NP_SOURCE_POD, POD("web", UID1, ",\"podIP\":\"10.0.0.1\""));
	/* What tenants have does not matter. */
	d.policy_bytes = (size_t)1 << 40;
	give_networks(&d, 0, 25);
	one = d.cluster->policy_bytes;
	CHECK(one > 1000000);
	/* As if others took so much that two more of this size would be too many. */
	d.cluster->policy_bytes = NP_POLICY_BYTES_CLUSTER - one - one / 2;
	for (i = 1; i < 3; i++)
		give_networks(&d, i, 25);
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		policy = np_desired_policy(&d, "", name);
		np_desired_policy_view(policy, &view);
		CHECK(np_desired_policy_loaded(policy) && view.egress_count == 25);
		CHECK_EQ(view.ns_selector.count, 1);
		CHECK_EQ(!!(policy->flags & NP_DESIRED_CLOSED), i == 2);
		CHECK_EQ(view.egress[24].closed, i == 2);
		CHECK_EQ(view.egress[24].peer_count, i == 2 ? 0 : 625);
		CHECK_EQ(policy->policy->egress[0].peer_count, i == 2 ? 0 : 625);
	}
	CHECK_EQ(d.troubles.count, 1);
	CHECK(d.policy_bytes == (size_t)1 << 40);
	/* It is tried again when the others are gone. */
	d.cluster->policy_bytes = 2 * one;
	give_networks(&d, 2, 25);
	CHECK(!(np_desired_policy(&d, "", "n2")->flags & NP_DESIRED_CLOSED));
	CHECK_EQ(d.troubles.count, 0);
	np_desired_free(&d);
}

/* What the label of a namespace costs: the policies times the local pods that are in it. */
static void test_cluster_steps(void)
{
	const unsigned int npolicies = 20, npods = 10, each = 4;
	struct np_desired d;
	uint64_t before;
	char text[600];
	unsigned int i;

	np_desired_init(&d, "here");
	give_team(&d, "shop", "b");
	give_team(&d, "empty", "b");
	for (i = 0; i < npods; i++)
		give_app(&d, i, "web");
	for (i = 0; i < npolicies; i++) {
		snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"c%u\"},\"spec\":{" HEAD
			 "\"subject\":" TEAM_A "}}", i);
		give(&d, NP_SOURCE_CLUSTER_POLICY, text);
	}
	before = d.steps;
	give_team(&d, "shop", "a");
	CHECK(d.steps - before <= (uint64_t)npolicies * npods * each * 2);
	CHECK(np_desired_policy_loaded(np_desired_policy(&d, "", "c7")));
	before = d.steps;
	give_team(&d, "empty", "a");
	give_team(&d, "shop", "a");
	CHECK_EQ(d.steps - before, 0);
	np_desired_free(&d);
}

/* What is in force goes through the snapshot file as it is, closed rules too. */
static void test_cluster_snapshot(void)
{
	struct np_policy_state state = { .origin = "kube" };
	struct np_origin origin = { .name = "kube", .generation = 3, .objects = 1 };
	struct np_info info = { .generation = 3, .origin = &origin, .origin_count = 1 };
	static const char *const names[] = { "good", "rule", "refused", "lost", "name" };
	char dir[] = "/tmp/netpol-test-XXXXXX", path[64];
	struct np_policy view[5], *read;
	struct np_snapshot_output out;
	struct np_settings set = { 0 };
	struct np_desired_policy *policy;
	struct np_error err = { 0 };
	struct np_snapshot snap;
	struct np_desired d;
	size_t i;

	if (!CHECK(mkdtemp(dir)))
		return;
	snprintf(path, sizeof(path), "%s/snap", dir);
	np_desired_init(&d, "here");
	give_cnp(&d, "good", CNP("good", UID1, HEAD "\"subject\":" TEAM_A "," RULES));
	give_cnp(&d, "rule", CNP("rule", UID1, HEAD "\"subject\":" TEAM_A ",\"egress\":[{\"name\":\"x\","
				 "\"action\":\"Pass\",\"to\":[{\"networks\":[\"10.0.0.0/8\"]},{\"new\":"
				 "{}}]},{\"action\":\"Deny\",\"to\":[{\"networks\":[\"fd00::/8\"]}]}]"));
	policy = give_cnp(&d, "refused", CNP("refused", UID1, HEAD "\"subject\":" TEAM_A "," RULES));
	CHECK(np_desired_refuse(&d, NETPOL_OBJECT_POLICY, policy, "over a cap"));
	give_cnp(&d, "lost", CNP("lost", UID1, HEAD "\"subject\":{}," RULES));
	np_desired_rejected(&d, NP_SOURCE_CLUSTER_POLICY, "", "name", "", "too deep");
	CHECK(!np_snapshot_begin(&out, path, &info, &set, NULL, &err));
	for (i = 0; i < 5; i++) {
		np_desired_policy_view(np_desired_policy(&d, "", names[i]), &view[i]);
		np_snapshot_policy(&out, &view[i], &state);
	}
	CHECK(!np_snapshot_end(&out, false, &err));
	if (CHECK(!np_snapshot_read(path, "", &snap, &err)) && CHECK_EQ(snap.origin_count, 1) &&
	    CHECK_EQ(snap.origin[0].objects.policy_count, 5)) {
		for (i = 0; i < 5; i++) {
			read = &snap.origin[0].objects.policies[i];
			CHECK(!strcmp(read->name, names[i]) && !*read->namespace);
			CHECK(np_policy_digest(read) == np_policy_digest(&view[i]));
		}
	} else {
		printf("\t%s\n", err.text);
	}
	np_snapshot_free(&snap);
	np_desired_free(&d);
	remove(path);
	rmdir(dir);
}

/* In the order in which they are asked, before all else. */
static void test_cluster_order(void)
{
	static const char *const want[] = { "b", "c", "a", "p" };
	struct np_change *change;
	struct np_desired d;
	size_t count, i;

	np_desired_init(&d, "here");
	give(&d, NP_SOURCE_POD, POD("web", UID1, ",\"podIP\":\"10.0.0.1\""));
	np_desired_finish_full(&d);
	give(&d, NP_SOURCE_POLICY, POLICY("\"podSelector\":{}"));
	give_cnp(&d, "a", CNP("a", UID1, "\"tier\":\"Baseline\",\"priority\":0,\"subject\":"
			      "{\"namespaces\":{}}"));
	give_cnp(&d, "c", CNP("c", UID1, HEAD "\"subject\":{\"namespaces\":{}}"));
	give_cnp(&d, "b", CNP("b", UID1, HEAD "\"subject\":{\"namespaces\":{}}"));
	change = np_desired_take(&d, &count);
	np_changes_sort(change, count);
	CHECK_EQ(count, 4);
	for (i = 0; i < count; i++) {
		CHECK(!strcmp(((struct np_desired_policy *)change[i].record)->policy->name, want[i]));
		np_desired_finish(&d, &change[i]);
	}
	free(change);
	np_desired_free(&d);
}

int main(void)
{
	unsigned int i;

	for (i = 1; i <= 300; i++)
		test_random(i);
	test_malformed();
	test_undecodable();
	test_late();
	test_refuse();
	test_numbers();
	test_too_large();
	test_early();
	test_steps();
	test_refused_steps();
	test_policy_list();
	test_cut_lists();
	test_replaced();
	test_node();
	test_memory();
	test_label_memory();
	test_labels_of_one();
	test_labels_of_namespace();
	test_cluster_subject();
	test_cluster_refuse();
	test_cluster_unreadable();
	test_cluster_nameless();
	test_cluster_cut_lists();
	test_cluster_memory();
	test_cluster_steps();
	test_cluster_snapshot();
	test_cluster_order();
	return check_done("test_desired");
}
