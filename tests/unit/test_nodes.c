// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules of ClusterNetworkPolicies that name Nodes: their addresses as blocks, in files and in the
 * agent, and how long commits of the agent wait for the list of Nodes.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "load_check.h"
#include "agent/desired.h"
#include "agent/desired_node.h"
#include "agent/desired_policy.h"
#include "agent/desired_refuse.h"
#include "agent/desired_trouble.h"
#include "agent/nodes.h"
#include "agent/ranges.h"
#include "agent/schedule.h"
#include "agent/settings.h"
#include "base/output.h"
#include "object/digest.h"
#include "object/json.h"
#include "object/nodes.h"
#include "object/write.h"

#define UID1	"11111111-1111-1111-1111-111111111111"
#define UID2	"22222222-2222-2222-2222-222222222222"

/* --- few blocks of many --------------------------------------------------------- */

static const char *aggregate(const char *text)
{
	static char out[512];
	struct np_cidr cidr[32];
	char copy[512], one[NP_CIDR_TEXT], *word;
	size_t count = 0, i, len = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	for (word = strtok(copy, " "); word; word = strtok(NULL, " "))
		CHECK(np_prefix_parse(word, memset(&cidr[count++], 0, sizeof(*cidr))));
	count = np_cidr_aggregate(cidr, count);
	out[0] = '\0';
	for (i = 0; i < count; i++)
		len += snprintf(out + len, sizeof(out) - len, "%s%s", i ? " " : "",
				np_cidr_text(&cidr[i], one));
	return out;
}

static void test_aggregate(void)
{
	CHECK(!strcmp(aggregate(""), ""));
	CHECK(!strcmp(aggregate("10.0.0.1"), "10.0.0.1/32"));
	CHECK(!strcmp(aggregate("10.0.0.1 10.0.0.1"), "10.0.0.1/32"));
	CHECK(!strcmp(aggregate("10.0.0.1 10.0.0.0"), "10.0.0.0/31"));
	/* Neighbours that are no halves of one block stay apart. */
	CHECK(!strcmp(aggregate("10.0.0.1 10.0.0.2"), "10.0.0.1/32 10.0.0.2/32"));
	CHECK(!strcmp(aggregate("10.0.0.3 10.0.0.0 10.0.0.2 10.0.0.1"), "10.0.0.0/30"));
	CHECK(!strcmp(aggregate("10.0.1.0/24 10.0.0.0/24 10.0.0.9 10.0.2.0/24"),
		      "10.0.0.0/23 10.0.2.0/24"));
	CHECK(!strcmp(aggregate("10.0.0.9 10.0.0.0/8 10.0.0.0/24"), "10.0.0.0/8"));
	CHECK(!strcmp(aggregate("0.0.0.0/1 128.0.0.0/1 ::/1 8000::/1"), "0.0.0.0/0 ::/0"));
	CHECK(!strcmp(aggregate("fd00::1 fd00:: 10.0.0.1"), "10.0.0.1/32 fd00::/127"));
	CHECK(!strcmp(aggregate("255.255.255.255 255.255.255.254"), "255.255.255.254/31"));
}

/* Random blocks hold the same addresses afterwards, and no two of them are halves of one. */
static void test_aggregate_random(void)
{
	struct np_cidr before[24], after[24], both;
	unsigned int round, i, host, seed = 7;
	size_t count, left, k;
	bool was, is;

	for (round = 0; round < 2000; round++) {
		count = rand_r(&seed) % 24 + 1;
		for (i = 0; i < count; i++) {
			memset(&before[i], 0, sizeof(*before));
			before[i].family = AF_INET;
			before[i].length = 26 + rand_r(&seed) % 7;
			before[i].addr[3] = rand_r(&seed) % 64 &
					    (0xff << (32 - before[i].length));
		}
		memcpy(after, before, sizeof(after));
		left = np_cidr_aggregate(after, count);
		for (host = 0; host < 256; host++) {
			struct np_cidr one = { .family = AF_INET, .length = 32,
					       .addr = { 0, 0, 0, host } };

			for (k = 0, was = false; k < count; k++)
				was |= np_cidr_contains(&before[k], &one);
			for (k = 0, is = false; k < left; k++)
				is |= np_cidr_contains(&after[k], &one);
			CHECK_EQ(is, was);
		}
		for (k = 1; k < left; k++) {
			both = after[k - 1];
			both.length--;
			both.addr[both.length / 8] &= 0xff << (8 - both.length % 8);
			CHECK(after[k - 1].length != after[k].length ||
			      !np_cidr_contains(&both, &after[k]) ||
			      !np_cidr_contains(&both, &after[k - 1]));
		}
	}
}

/* --- files ---------------------------------------------------------------------- */

#define CNP_HEAD	"apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n" \
		"metadata: {name: p}\nspec:\n  tier: Admin\n  priority: 1\n  subject: " \
		"{namespaces: {}}\n  egress:\n"
#define NODE(name, labels, addresses)						\
	"---\napiVersion: v1\nkind: Node\nmetadata: {name: " name ", labels: {" labels "}}\n" \
	"status: {addresses: [" addresses "]}\n"
#define INTERNAL(address)	"{type: InternalIP, address: \"" address "\"}"
#define EXTERNAL(address)	"{type: ExternalIP, address: \"" address "\"}"

static int resolve(const char *text, bool lenient)
{
	if (load_opts(text, strlen(text), lenient))
		return -2;
	np_load_keep_last(&objs);
	return np_nodes_resolve_all(&objs, lenient, NULL, &err);
}

/* The peers of a rule as the kernel gets them, or "closed". */
static const char *peers(const struct np_rule *rule)
{
	static char text[1024];
	char one[NP_CIDR_TEXT];
	size_t len = 0;
	uint32_t i;

	if (rule->closed)
		return rule->peer_count || rule->port_count ? "half closed" : "closed";
	text[0] = '\0';
	for (i = 0; i < rule->peer_count; i++)
		len += snprintf(text + len, sizeof(text) - len, "%s%s", i ? " " : "",
				rule->peer[i].ipblock ?
				np_cidr_text(&rule->peer[i].ipblock->cidr, one) : "pods");
	return text;
}

static void test_files(void)
{
	static const char nodes[] =
		NODE("a", "role: w", INTERNAL("10.0.0.8") "," EXTERNAL("192.0.2.1") ","
		     "{type: Hostname, address: a}, {type: InternalDNS, address: 10.0.0.99.example}")
		NODE("b", "role: w, zone: z", INTERNAL("10.0.0.9") "," INTERNAL("fd00::9"))
		NODE("c", "", INTERNAL("10.0.0.10"));
	char text[8192];

	snprintf(text, sizeof(text), "%s%s", CNP_HEAD
		 "  - {action: Deny, to: [{nodes: {}}]}\n"
		 "  - {action: Accept, to: [{nodes: {matchLabels: {role: w}}}]}\n"
		 "  - {action: Pass, to: [{nodes: {matchExpressions: [{key: role, operator: NotIn, "
		 "values: [w]}]}}]}\n"
		 "  - {action: Deny, to: [{namespaces: {}}, {nodes: {matchLabels: {zone: z}}}, "
		 "{networks: [10.0.0.9/32, 10.1.0.0/16]}, {nodes: {matchExpressions: [{key: zone, "
		 "operator: Exists}, {key: role, operator: In, values: [v, w]}]}}]}\n"
		 "  - {action: Deny, to: [{nodes: {matchLabels: {role: x}}}]}\n"
		 "  - {action: Accept, to: [{nodes: {matchLabels: {role: x}}}, {namespaces: {}}]}\n"
		 "  - {action: Deny, to: [{networks: [10.2.0.0/16]}]}\n", nodes);
	CHECK_EQ(resolve(text, false), 0);
	CHECK(!strcmp(peers(&objs.policies[0].egress[0]),
		      "10.0.0.8/31 10.0.0.10/32 192.0.2.1/32 fd00::9/128"));
	CHECK(!strcmp(peers(&objs.policies[0].egress[1]), "10.0.0.8/31 192.0.2.1/32 fd00::9/128"));
	CHECK(!strcmp(peers(&objs.policies[0].egress[2]), "10.0.0.10/32"));
	/* The rule's own peers come first, and none comes twice. */
	CHECK(!strcmp(peers(&objs.policies[0].egress[3]),
		      "pods 10.0.0.9/32 10.1.0.0/16 fd00::9/128"));
	/* No Node: nobody, and not everything. */
	CHECK(!strcmp(peers(&objs.policies[0].egress[4]), "::/128"));
	CHECK(!strcmp(peers(&objs.policies[0].egress[5]), "pods"));
	CHECK(!strcmp(peers(&objs.policies[0].egress[6]), "10.2.0.0/16"));
	CHECK_EQ(objs.warning_count, 0);
	/* It can be done again, as the agent does. */
	CHECK_EQ(np_nodes_resolve_all(&objs, false, NULL, &err), 0);
	CHECK(!strcmp(peers(&objs.policies[0].egress[3]),
		      "pods 10.0.0.9/32 10.1.0.0/16 fd00::9/128"));
	/* Of a Node that is given twice the last one counts. */
	CHECK_EQ(resolve(CNP_HEAD "  - {action: Deny, to: [{nodes: {}}]}\n"
			 NODE("a", "", INTERNAL("10.0.0.8")) NODE("a", "", INTERNAL("10.0.0.9")),
			 false), 0);
	CHECK(!strcmp(peers(&objs.policies[0].egress[0]), "10.0.0.9/32"));
	CHECK_EQ(objs.warning_count, 1);
}

static void test_files_without_nodes(void)
{
	static const char text[] = CNP_HEAD
		"  - {action: Accept, to: [{networks: [10.0.0.0/8]}, {nodes: {}}]}\n"
		"  - {name: x, action: Pass, to: [{nodes: {}}]}\n"
		"  - {action: Deny, to: [{namespaces: {}}]}\n";

	CHECK_EQ(resolve(text, false), -1);
	CHECK(err.exit == NP_EXIT_INPUT && err.line == 9 && err.column > 50);
	CHECK(!strcmp(err.path, "spec.egress[0].to[1].nodes"));
	CHECK(!strcmp(err.object, "ClusterNetworkPolicy p"));
	CHECK(strstr(err.text, "no Node object") && strstr(err.hint, "kubectl get nodes"));
	CHECK_EQ(resolve(text, true), 0);
	CHECK(!strcmp(peers(&objs.policies[0].egress[0]), "closed"));
	CHECK(!strcmp(peers(&objs.policies[0].egress[1]), "closed"));
	CHECK(!strcmp(peers(&objs.policies[0].egress[2]), "pods"));
	/* It is a closed rule like any other. */
	CHECK(!objs.policies[0].egress[0].peer_count && !objs.policies[0].egress[0].nodes);
	CHECK(!strcmp(objs.policies[0].egress[1].name, "x"));
	CHECK_EQ(objs.policies[0].egress[1].action, NP_ACTION_PASS);
	CHECK_EQ(objs.warning_count, 2);
	CHECK(strstr(objs.warnings[0].text, "matches nothing"));
	CHECK(strstr(objs.warnings[1].text, "denies everything"));
	CHECK_EQ(objs.warnings[1].place.line, 10);
	/* Where nobody names Nodes, none is needed. */
	CHECK_EQ(resolve(CNP_HEAD "  - {action: Deny, to: [{namespaces: {}}]}\n", false), 0);
}

/* What this tool has written may have long lists of peers, but no long lists of Nodes. */
static void test_files_own(void)
{
	const struct np_load_options own = { .lenient = true, .own = true };
	char *text;
	size_t len;
	FILE *file;
	int i, more;

	for (more = 0; more < 2; more++) {
		file = open_memstream(&text, &len);
		fputs(CNP_HEAD "  - action: Deny\n    to:\n", file);
		for (i = 0; i < 25 + more; i++)
			fputs("    - {nodes: {}}\n", file);
		fclose(file);
		np_objects_reset(&objs);
		CHECK_EQ(np_load_buffer(&objs, "t", text, len, &own, &err), 0);
		CHECK(objs.policies[0].egress[0].closed);
		CHECK_EQ(!objs.policies[0].egress[0].nodes, more);
		CHECK_EQ(objs.warning_count, more);
		free(text);
	}
	CHECK(objs.warning_count && strstr(objs.warnings[0].text, "at most 25 times") &&
	      !strcmp(objs.warnings[0].path, "spec.egress[0].to[25].nodes"));
}

/* --- the agent ------------------------------------------------------------------ */

static struct np_desired d;
static char remarked[700];

static void on_remark(void *arg, enum np_source_kind kind, const char *namespace,
		      const char *name, const char *text)
{
	snprintf(remarked, sizeof(remarked), "%s %s: %s", np_source_kind_name(kind), name, text);
}

static void give(enum np_source_kind kind, const char *text)
{
	static struct np_arena arena;
	struct np_node *object;

	np_arena_reset(&arena);
	CHECK(np_json_object(text, strlen(text), np_source_pick(kind), &arena, &object, &err) ==
	      NP_JSON_WHOLE);
	np_desired_upsert(&d, kind, object);
}

static void give_node(const char *name, const char *role, const char *address)
{
	static unsigned int version;
	char text[1024];

	/* All that a heartbeat changes is different each time. */
	version++;
	snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"%s\",\"uid\":\"" UID1 "\","
		 "\"resourceVersion\":\"%u\",\"labels\":{\"role\":\"%s\"},\"annotations\":{\"a\":"
		 "\"%u\"}},\"spec\":{\"unschedulable\":true},\"status\":{\"addresses\":[{\"type\":"
		 "\"InternalIP\",\"address\":\"%s\"},{\"type\":\"Hostname\",\"address\":\"%s\"}],"
		 "\"conditions\":[{\"lastHeartbeatTime\":\"%u\"}],\"images\":[{\"names\":[\"%u\"]}]}}",
		 name, version, role, version, address, name, version, version);
	give(NP_SOURCE_NODES, text);
}

static struct np_desired_policy *give_cnp(const char *name, const char *egress)
{
	char text[2048];

	snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"%s\",\"uid\":\"" UID2 "\"},\"spec\":"
		 "{\"tier\":\"Admin\",\"priority\":5,\"subject\":{\"namespaces\":{}},\"egress\":[%s]}}",
		 name, egress);
	give(NP_SOURCE_CLUSTER_POLICY, text);
	return np_desired_policy(&d, "", name);
}

#define DENY	"{\"name\":\"deny\",\"action\":\"Deny\",\"to\":[{\"nodes\":{\"matchLabels\":" \
		"{\"role\":\"w\"}}}]}"
#define ACCEPT	"{\"action\":\"Accept\",\"to\":[{\"nodes\":{}},{\"networks\":[\"10.9.0.0/16\"]}]," \
		"\"protocols\":[{\"tcp\":{\"destinationPort\":{\"number\":80}}}]}"
#define PASS	"{\"action\":\"Pass\",\"to\":[{\"nodes\":{}}]}"

/* The rule as it goes to the kernel. */
static const char *rule(const struct np_desired_policy *policy, uint32_t index)
{
	static struct np_policy view;

	np_desired_policy_view(policy, &view);
	return peers(&view.egress[index]);
}

static const char *trouble(void)
{
	size_t at = 0;
	const struct np_trouble *one = np_hash_next(&d.troubles, &at);

	return one ? one->reason : "";
}

/* As a commit: what is pending is in the kernel then. Returns how many objects it had. */
static size_t commit(void)
{
	struct np_change *change;
	size_t count, i;

	np_desired_policies_resolve(&d);
	change = np_desired_take(&d, &count);
	for (i = 0; i < count; i++)
		np_desired_finish(&d, &change[i]);
	free(change);
	return count;
}

static void list(void)
{
	np_desired_begin(&d, NP_SOURCE_NODES);
	give_node("a", "w", "10.0.0.8");
	give_node("b", "w", "10.0.0.9");
	give_node("c", "x", "10.0.0.16");
	np_desired_synced(&d, NP_SOURCE_NODES);
}

static void begin(void)
{
	np_desired_init(&d, "here");
	d.remark = on_remark;
	remarked[0] = '\0';
	give(NP_SOURCE_NAMESPACE, "{\"metadata\":{\"name\":\"shop\"}}");
	give(NP_SOURCE_POD, "{\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\",\"uid\":\"" UID1
	     "\"},\"spec\":{\"nodeName\":\"here\"},\"status\":{\"podIP\":\"10.1.0.1\"}}");
	np_desired_finish_full(&d);
}

static void test_desired(void)
{
	struct np_desired_policy *policy;

	begin();
	CHECK_EQ(d.node_users, 0);
	/* Nodes are not listed: closed, and silent as long as somebody waits for the list. */
	policy = give_cnp("p", DENY "," ACCEPT "," PASS);
	CHECK_EQ(d.node_users, 1);
	CHECK(!strcmp(rule(policy, 0), "closed") && !strcmp(rule(policy, 1), "closed"));
	CHECK(!strcmp(rule(policy, 2), "closed"));
	CHECK_EQ(d.troubles.count, 0);
	CHECK(!remarked[0]);
	np_desired_begin(&d, NP_SOURCE_NODES);
	give_node("a", "w", "10.0.0.8");
	CHECK_EQ(commit(), 1);
	CHECK(!strcmp(rule(policy, 0), "closed"));
	list();
	CHECK_EQ(commit(), 1);
	CHECK(!strcmp(rule(policy, 0), "10.0.0.8/31"));
	CHECK(!strcmp(rule(policy, 1), "10.9.0.0/16 10.0.0.8/31 10.0.0.16/32"));
	CHECK(!strcmp(rule(policy, 2), "10.0.0.8/31 10.0.0.16/32"));
	/* Heartbeats, a list again, and the policy again: nothing to do. */
	give_node("a", "w", "10.0.0.8");
	CHECK(!d.nodes_stale);
	np_desired_begin(&d, NP_SOURCE_NODES);
	give_node("c", "x", "10.0.0.16");
	CHECK(!d.nodes_stale);
	list();
	CHECK_EQ(commit(), 0);
	give_cnp("p", DENY "," ACCEPT "," PASS);
	CHECK_EQ(commit(), 0);
	CHECK(!strcmp(rule(policy, 0), "10.0.0.8/31"));
	/* Relabelled, a new address, deleted, and missing in a list. */
	give_node("c", "w", "10.0.0.16");
	CHECK(d.nodes_stale);
	CHECK_EQ(commit(), 1);
	CHECK(!strcmp(rule(policy, 0), "10.0.0.8/31 10.0.0.16/32"));
	give_node("c", "w", "10.0.0.17");
	CHECK_EQ(commit(), 1);
	CHECK(!strcmp(rule(policy, 0), "10.0.0.8/31 10.0.0.17/32"));
	/* Another Node of that name was deleted. */
	np_desired_remove(&d, NP_SOURCE_NODES, "", "a", UID2);
	CHECK_EQ(commit(), 0);
	np_desired_remove(&d, NP_SOURCE_NODES, "", "a", UID1);
	CHECK_EQ(commit(), 1);
	CHECK(!strcmp(rule(policy, 0), "10.0.0.9/32 10.0.0.17/32"));
	np_desired_begin(&d, NP_SOURCE_NODES);
	give_node("b", "w", "10.0.0.9");
	CHECK_EQ(commit(), 0);
	np_desired_synced(&d, NP_SOURCE_NODES);
	CHECK_EQ(commit(), 1);
	CHECK(!strcmp(rule(policy, 0), "10.0.0.9/32"));
	/* No Node at all. */
	np_desired_begin(&d, NP_SOURCE_NODES);
	np_desired_synced(&d, NP_SOURCE_NODES);
	CHECK_EQ(commit(), 1);
	CHECK(!strcmp(rule(policy, 0), "::/128"));
	CHECK(!strcmp(rule(policy, 1), "10.9.0.0/16"));
	/* A label that no policy asks for is looked at and changes nothing. */
	give_node("a", "y", "10.0.0.8");
	CHECK_EQ(commit(), 1);
	give_node("a", "z", "10.0.0.8");
	CHECK_EQ(commit(), 0);
	CHECK_EQ(d.troubles.count, 0);
	/* The last policy that names Nodes goes, and another one comes. */
	give_cnp("p", "{\"action\":\"Deny\",\"to\":[{\"namespaces\":{}}]}");
	CHECK_EQ(d.node_users, 0);
	give_cnp("p", DENY);
	CHECK_EQ(d.node_users, 1);
	np_desired_remove(&d, NP_SOURCE_CLUSTER_POLICY, "", "p", UID2);
	CHECK_EQ(d.node_users, 0);
	CHECK_EQ(commit(), 1);
	np_desired_nodes_forget(&d);
	CHECK(!d.synced[NP_SOURCE_NODES] && !d.nodes.count && !d.node_bytes);
	policy = give_cnp("p", DENY);
	CHECK(!strcmp(rule(policy, 0), "closed"));
	np_desired_free(&d);
}

/* Nobody waits any longer for the list of Nodes. */
static void test_given_up(void)
{
	struct np_desired_policy *policy;

	begin();
	policy = give_cnp("p", ACCEPT "," DENY);
	d.nodes_given_up = true;
	d.nodes_stale = true;
	CHECK_EQ(commit(), 1);
	CHECK(!strcmp(rule(policy, 0), "closed") && !strcmp(rule(policy, 1), "closed"));
	CHECK_EQ(d.troubles.count, 1);
	CHECK(!strcmp(trouble(), "spec.egress[0]: which Nodes there are is not known: the rule is "
		      "closed and matches nothing"));
	CHECK(!strncmp(remarked, "clusternetworkpolicies p: spec.egress[0]: which", 47));
	/* An audit tries again what was refused, and that was not. */
	remarked[0] = '\0';
	np_desired_retry(&d);
	CHECK_EQ(d.troubles.count, 1);
	list();
	CHECK_EQ(commit(), 1);
	CHECK(!strcmp(rule(policy, 1), "10.0.0.8/31"));
	CHECK_EQ(d.troubles.count, 0);
	CHECK(!remarked[0] && !d.nodes_given_up);
	/* What cannot be read of a policy stays a trouble. */
	np_desired_nodes_forget(&d);
	d.nodes_given_up = true;
	policy = give_cnp("p", "{\"action\":\"Deny\",\"to\":[{\"x\":{}}]}," DENY);
	CHECK_EQ(commit(), 1);
	CHECK_EQ(d.troubles.count, 1);
	list();
	CHECK_EQ(commit(), 1);
	CHECK(!strcmp(rule(policy, 0), "closed") && !strcmp(rule(policy, 1), "10.0.0.8/31"));
	CHECK_EQ(d.troubles.count, 1);
	np_desired_free(&d);
}

/* Of a Node that cannot be read nobody knows whether a rule means it. */
static void test_unread(void)
{
	struct np_desired_policy *policy;
	char text[8192];
	size_t len, i;

	begin();
	policy = give_cnp("p", DENY "," ACCEPT "," PASS);
	list();
	commit();
	np_desired_rejected(&d, NP_SOURCE_NODES, "", "b", UID1, "too large");
	CHECK_EQ(commit(), 1);
	CHECK(!strcmp(rule(policy, 0), "closed") && !strcmp(rule(policy, 2), "closed"));
	CHECK(!strcmp(rule(policy, 1), "10.9.0.0/16 10.0.0.8/32 10.0.0.16/32"));
	CHECK(!strcmp(trouble(), "spec.egress[0] (rule \"deny\"): there are Nodes that cannot be "
		      "read: the rule is closed and denies everything"));
	np_desired_rejected(&d, NP_SOURCE_NODES, "", "b", UID1, "too large");
	CHECK_EQ(commit(), 0);
	np_desired_remove(&d, NP_SOURCE_NODES, "", "b", UID1);
	CHECK_EQ(commit(), 1);
	CHECK(!strcmp(rule(policy, 0), "10.0.0.8/32"));
	CHECK_EQ(d.troubles.count, 0);
	/* One without a name may be any, until a complete list shows that it is gone. */
	np_desired_rejected(&d, NP_SOURCE_NODES, "", "", "", "no name");
	CHECK_EQ(commit(), 1);
	CHECK(!strcmp(rule(policy, 0), "closed"));
	np_desired_begin(&d, NP_SOURCE_NODES);
	give_node("a", "w", "10.0.0.20");
	commit();
	CHECK(!strcmp(rule(policy, 0), "closed"));
	list();
	CHECK_EQ(commit(), 1);
	CHECK(!strcmp(rule(policy, 0), "10.0.0.8/31"));
	/* A kubelet that gives its Node very many addresses. */
	len = snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"a\",\"uid\":\"" UID1 "\"},"
		       "\"status\":{\"addresses\":[");
	for (i = 0; i <= NP_NODE_ADDRESSES_MAX; i++)
		len += snprintf(text + len, sizeof(text) - len, "%s{\"address\":\"10.7.0.%zu\"}",
				i ? "," : "", i);
	snprintf(text + len, sizeof(text) - len, "]}}");
	give(NP_SOURCE_NODES, text);
	CHECK_EQ(commit(), 1);
	CHECK(!strcmp(rule(policy, 0), "closed"));
	CHECK(!strcmp(rule(policy, 1), "10.9.0.0/16 10.0.0.9/32 10.0.0.16/32"));
	CHECK(strstr(remarked, "cannot be read"));
	CHECK_EQ(d.stats.malformed[NP_SOURCE_NODES], 4);
	give_node("a", "w", "10.0.0.8");
	CHECK_EQ(commit(), 1);
	CHECK(!strcmp(rule(policy, 0), "10.0.0.8/31"));
	CHECK_EQ(d.nodes_unread, 0);
	/* What is to be an IP address and is none; a name may be anything. */
	give(NP_SOURCE_NODES, "{\"metadata\":{\"name\":\"a\",\"uid\":\"" UID1 "\"},\"status\":"
	     "{\"addresses\":[{\"type\":\"Hostname\",\"address\":\"10.0.0\"}]}}");
	CHECK_EQ(d.nodes_unread, 0);
	give(NP_SOURCE_NODES, "{\"metadata\":{\"name\":\"a\",\"uid\":\"" UID1 "\"},\"status\":"
	     "{\"addresses\":[{\"type\":\"InternalIP\",\"address\":\"10.0.0\"}]}}");
	CHECK_EQ(d.nodes_unread, 1);
	CHECK(strstr(remarked, "is not an IP address"));
	commit();
	CHECK(!strcmp(rule(policy, 0), "closed"));
	np_desired_free(&d);
}

/* What is wrong with a policy besides its Nodes is not forgotten for them. */
static void test_other_troubles(void)
{
	struct np_desired_policy *policy;

	/* A version before the one that cannot be read. */
	begin();
	policy = give_cnp("p", DENY);
	list();
	commit();
	give(NP_SOURCE_CLUSTER_POLICY, "{\"metadata\":{\"name\":\"p\",\"uid\":\"" UID2 "\"},"
	     "\"spec\":{\"tier\":\"Admin\",\"priority\":5,\"subject\":{\"x\":{}},\"egress\":["
	     ACCEPT "]}}");
	CHECK(strstr(trouble(), "its version before stays in force"));
	np_desired_rejected(&d, NP_SOURCE_NODES, "", "b", UID1, "too large");
	commit();
	CHECK(d.troubles.count == 1 && strstr(trouble(), "Nodes that cannot be read"));
	give_node("b", "w", "10.0.0.9");
	commit();
	CHECK(d.troubles.count == 1 && strstr(trouble(), "its version before stays in force"));
	CHECK(np_desired_refuse(&d, NETPOL_OBJECT_POLICY, policy, "no memory"));
	np_desired_retry(&d);
	CHECK(d.troubles.count == 1 && strstr(trouble(), "its version before stays in force"));
	give_cnp("p", DENY);
	CHECK_EQ(d.troubles.count, 0);
	np_desired_free(&d);
	/* One that the kernel has refused is tried again, whatever Nodes come in between. */
	begin();
	d.peers_max = 2;
	policy = give_cnp("p", DENY "," PASS);
	list();
	commit();
	CHECK(strstr(trouble(), "spec.egress[1]: these Nodes have more addresses"));
	CHECK(np_desired_refuse(&d, NETPOL_OBJECT_POLICY, policy, "no memory"));
	commit();
	CHECK(!strcmp(rule(policy, 0), "closed") && !strcmp(trouble(), "no memory"));
	give_node("z", "none", "10.0.0.200");
	commit();
	CHECK(!strcmp(rule(policy, 0), "closed") && !strcmp(trouble(), "no memory"));
	np_desired_retry(&d);
	CHECK_EQ(d.troubles.count, 0);
	commit();
	CHECK(!strcmp(rule(policy, 0), "10.0.0.8/31"));
	CHECK(strstr(trouble(), "spec.egress[1]: these Nodes have more addresses"));
	np_desired_free(&d);
	/* The same where there was nothing to say of Nodes when it was refused. */
	begin();
	policy = give_cnp("p", DENY);
	CHECK(np_desired_refuse(&d, NETPOL_OBJECT_POLICY, policy, "no memory"));
	d.nodes_given_up = true;
	d.nodes_stale = true;
	commit();
	CHECK(!strcmp(trouble(), "no memory"));
	np_desired_retry(&d);
	commit();
	CHECK(strstr(trouble(), "which Nodes there are is not known"));
	np_desired_free(&d);
}

/*
 * A list lacks a policy, and has one whose name cannot be read, which may be the same. So its rules
 * are closed, whatever Nodes come.
 */
static void test_swept(void)
{
	struct np_desired_policy *policy;

	begin();
	policy = give_cnp("p", ACCEPT "," DENY);
	list();
	commit();
	CHECK(strcmp(rule(policy, 0), "closed"));
	np_desired_begin(&d, NP_SOURCE_CLUSTER_POLICY);
	np_desired_rejected(&d, NP_SOURCE_CLUSTER_POLICY, "", "", "", "no name");
	np_desired_synced(&d, NP_SOURCE_CLUSTER_POLICY);
	commit();
	CHECK(!strcmp(rule(policy, 0), "closed") && !strcmp(rule(policy, 1), "closed"));
	CHECK_EQ(d.troubles.count, 2);
	give_node("d", "x", "10.0.0.77");
	commit();
	CHECK(!strcmp(rule(policy, 0), "closed") && !strcmp(rule(policy, 1), "closed"));
	CHECK_EQ(d.troubles.count, 2);
	/* It is there after all. */
	give_cnp("p", ACCEPT "," DENY);
	commit();
	CHECK(!strcmp(rule(policy, 1), "10.0.0.8/31"));
	np_desired_free(&d);
}

static void test_too_many(void)
{
	struct np_desired_policy *policy, *other;
	char name[16], address[32];
	unsigned int i;

	begin();
	d.peers_max = 20;
	policy = give_cnp("p", ACCEPT "," DENY "," PASS);
	other = give_cnp("q", DENY);
	np_desired_begin(&d, NP_SOURCE_NODES);
	for (i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		snprintf(address, sizeof(address), "10.0.%u.1", i);
		give_node(name, i < 4 ? "w" : "x", address);
	}
	np_desired_synced(&d, NP_SOURCE_NODES);
	CHECK_EQ(commit(), 2);
	/* What still fits is in force. */
	CHECK(strncmp(rule(policy, 0), "10.9.0.0/16 10.0.0.1/32 10.0.1.1/32 ", 36) == 0);
	CHECK(!strcmp(rule(policy, 1), "10.0.0.1/32 10.0.1.1/32 10.0.2.1/32 10.0.3.1/32"));
	CHECK(!strcmp(rule(policy, 2), "closed"));
	CHECK(!strcmp(rule(other, 0), "10.0.0.1/32 10.0.1.1/32 10.0.2.1/32 10.0.3.1/32"));
	CHECK_EQ(d.troubles.count, 1);
	CHECK(!strcmp(trouble(), "spec.egress[2]: these Nodes have more addresses than the kernel "
		      "takes in a policy: the rule is closed and denies everything"));
	for (i = 4; i < 12; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		np_desired_remove(&d, NP_SOURCE_NODES, "", name, UID1);
	}
	CHECK_EQ(commit(), 1);
	CHECK(!strcmp(rule(policy, 2), "10.0.0.1/32 10.0.1.1/32 10.0.2.1/32 10.0.3.1/32"));
	CHECK_EQ(d.troubles.count, 0);
	/* The kernel refuses it for a reason of its own: fewer Nodes are tried again. */
	CHECK(np_desired_refuse(&d, NETPOL_OBJECT_POLICY, policy, "no"));
	commit();
	CHECK(!strcmp(rule(policy, 1), "closed"));
	give_node("n0", "w", "10.0.0.1");
	CHECK_EQ(commit(), 0);
	CHECK(!strcmp(rule(policy, 1), "closed"));
	np_desired_remove(&d, NP_SOURCE_NODES, "", "n0", UID1);
	CHECK_EQ(commit(), 2);
	CHECK(!strcmp(rule(policy, 1), "10.0.1.1/32 10.0.2.1/32 10.0.3.1/32"));
	CHECK_EQ(d.troubles.count, 0);
	np_desired_free(&d);
}

/* A snapshot holds the addresses, however many they are, and restoring it gives the same rules. */
static void test_written(void)
{
	const struct np_load_options own = { .lenient = true, .own = true };
	const struct np_policy_state state = { 0 };
	struct np_desired_policy *policy;
	struct np_policy view;
	char *text, address[32], name[16];
	struct np_writer w;
	unsigned int i;
	size_t len;
	FILE *file;

	begin();
	policy = give_cnp("p", DENY "," ACCEPT);
	np_desired_begin(&d, NP_SOURCE_NODES);
	for (i = 0; i < 700; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		snprintf(address, sizeof(address), "10.%u.%u.1", i / 256, i % 256);
		give_node(name, "w", address);
	}
	for (int listed = 0; listed < 2; listed++) {
		if (listed)
			np_desired_synced(&d, NP_SOURCE_NODES);
		commit();
		np_desired_policy_view(policy, &view);
		CHECK_EQ(view.egress[0].closed, !listed);
		file = open_memstream(&text, &len);
		np_writer_init(&w, file, NP_FORMAT_JSONL);
		np_manifest_policy(&w, NULL, &view, &state);
		fclose(file);
		np_objects_reset(&objs);
		CHECK_EQ(np_load_buffer(&objs, "t", text, len, &own, &err), 0);
		CHECK_EQ(objs.warning_count, 0);
		CHECK(np_policy_digest(&objs.policies[0]) == np_policy_digest(&view));
		CHECK_EQ(objs.policies[0].egress[0].closed, !listed);
		/* Nobody else may have lists of this length. */
		np_objects_reset(&objs);
		CHECK_EQ(np_load_buffer(&objs, "t", text, len, NULL, &err), listed ? -1 : 0);
		free(text);
	}
	CHECK_EQ(view.egress[0].peer_count, 700);
	np_desired_free(&d);
}

/* --- ranges of pods ------------------------------------------------------------- */

static void give_range(const char *name, const char *spec, const char *annotations,
		       const char *addresses)
{
	char text[2048];

	snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"%s\",\"uid\":\"" UID1 "\","
		 "\"annotations\":{%s}},\"spec\":{%s},\"status\":{\"addresses\":[%s]}}", name,
		 annotations, spec, addresses);
	give(NP_SOURCE_NODES, text);
}

/* The ranges, found anew. */
static const char *ranges(size_t room)
{
	static char text[4096];
	char one[NP_CIDR_TEXT];
	size_t len = 0, i;

	np_desired_policies_resolve(&d);
	np_desired_ranges_update(&d, room);
	text[0] = '\0';
	for (i = 0; i < d.range_count; i++)
		len += snprintf(text + len, sizeof(text) - len, "%s%s", i ? " " : "",
				np_cidr_text(&d.range[i], one));
	return text;
}

#define DENY_PODS	"{\"action\":\"Deny\",\"to\":[{\"namespaces\":{}}]}"
#define FLANNEL(how)	"\"flannel.alpha.coreos.com/backend-type\":\"" how "\""

static void range_begin(void)
{
	begin();
	d.node_ranges = true;
	give_cnp("p", DENY_PODS);
	np_desired_begin(&d, NP_SOURCE_NODES);
	np_desired_synced(&d, NP_SOURCE_NODES);
}

/* Which policies ask for ranges: those that an unknown pod may be missed by. */
static void test_range_users(void)
{
	begin();
	give_cnp("p", DENY_PODS);
	CHECK(!d.node_users && !d.range_users);
	d.node_ranges = true;
	give_cnp("p", DENY_PODS);
	CHECK(d.node_users == 1 && d.range_users == 1);
	give_cnp("p", "{\"action\":\"Accept\",\"to\":[{\"namespaces\":{}}]}");
	CHECK(!d.node_users && !d.range_users);
	give_cnp("p", "{\"action\":\"Deny\",\"to\":[{\"networks\":[\"10.0.0.0/8\"]}]}");
	CHECK(!d.node_users && !d.range_users);
	give_cnp("p", "{\"action\":\"Pass\",\"to\":[{\"networks\":[\"10.0.0.0/8\"]},"
		 "{\"pods\":{\"podSelector\":{}}}]}");
	CHECK(d.node_users == 1 && d.range_users == 1);
	give_cnp("p", DENY);
	CHECK(d.node_users == 1 && !d.range_users);
	give_cnp("p", "{\"action\":\"Deny\",\"to\":[{\"namespaces\":{}},{\"nodes\":{}}]}");
	CHECK(d.node_users == 1 && d.range_users == 1);
	/* What cannot be read denies everything anyway. */
	give_cnp("p", "{\"action\":\"Deny\",\"to\":[{\"namespaces\":{}},{\"x\":{}}]}");
	CHECK(!d.node_users && !d.range_users);
	give_cnp("p", DENY_PODS);
	give_cnp("q", DENY_PODS);
	CHECK(d.node_users == 2 && d.range_users == 2);
	np_desired_remove(&d, NP_SOURCE_CLUSTER_POLICY, "", "p", UID2);
	np_desired_remove(&d, NP_SOURCE_CLUSTER_POLICY, "", "q", UID2);
	CHECK(!d.node_users && !d.range_users);
	np_desired_free(&d);
}

static void test_ranges(void)
{
	range_begin();
	CHECK(!strcmp(ranges(256), "") && !np_desired_ranges_known(&d));
	/* Without the first address, which flannel gives to its tunnel. */
	give_range("a", "\"podCIDR\":\"10.1.0.0/29\",\"podCIDRs\":[\"10.1.0.0/29\"]", "", "");
	CHECK(!strcmp(ranges(256), "10.1.0.1/32 10.1.0.2/31 10.1.0.4/30"));
	CHECK(np_desired_ranges_known(&d));
	/* Heartbeats change nothing. */
	CHECK(!np_desired_ranges_update(&d, 256));
	/* Its other addresses, and the tunnels that Calico notes, of any Node. */
	give_range("a", "\"podCIDR\":\"10.1.0.0/29\"",
		   "\"projectcalico.org/IPv4VXLANTunnelAddr\":\"10.1.0.6\","
		   "\"projectcalico.org/IPv4IPIPTunnelAddr\":\"none\"",
		   "{\"type\":\"InternalIP\",\"address\":\"10.1.0.1\"},"
		   "{\"type\":\"InternalIP\",\"address\":\"10.9.0.1\"}");
	CHECK(!strcmp(ranges(256), "10.1.0.2/31 10.1.0.4/31 10.1.0.7/32"));
	give_range("b", "", "\"projectcalico.org/IPv4WireguardInterfaceAddr\":\"10.1.0.7\"", "");
	CHECK(!strcmp(ranges(256), "10.1.0.2/31 10.1.0.4/31"));
	/* IPv6: whole, but for what is known to be a Node's. */
	give_range("a", "\"podCIDRs\":[\"fd00::/125\"]", "", "");
	CHECK(!strcmp(ranges(256), "fd00::/125"));
	give_range("a", "\"podCIDRs\":[\"fd00::/125\"]", FLANNEL("vxlan"), "");
	CHECK(!strcmp(ranges(256), "fd00::1/128 fd00::2/127 fd00::4/126"));
	give_range("a", "\"podCIDRs\":[\"fd00::/125\"]", FLANNEL("host-gw"), "");
	CHECK(!strcmp(ranges(256), "fd00::/125"));
	/* A block too small for anything but pods. */
	give_range("a", "\"podCIDRs\":[\"10.1.0.4/31\",\"10.1.0.9/32\"]", "", "");
	CHECK(!strcmp(ranges(256), "10.1.0.4/31 10.1.0.9/32"));
	/* One that cannot be read keeps its podCIDR and what is its own, and one that is gone not. */
	np_desired_rejected(&d, NP_SOURCE_NODES, "", "a", UID1, "too large");
	CHECK(!strcmp(ranges(256), "10.1.0.4/31 10.1.0.9/32"));
	give_range("a", "\"podCIDR\":\"10.1.0.0/29\"",
		   "\"projectcalico.org/IPv4VXLANTunnelAddr\":\"10.1.0.6\"",
		   "{\"type\":\"InternalIP\",\"address\":\"10.1.0.1\"}");
	np_desired_rejected(&d, NP_SOURCE_NODES, "", "a", UID1, "too large");
	CHECK(!strcmp(ranges(256), "10.1.0.2/31 10.1.0.4/31"));
	CHECK_EQ(d.nodes_unread, 1);
	np_desired_remove(&d, NP_SOURCE_NODES, "", "a", UID1);
	CHECK(!strcmp(ranges(256), ""));
	/* Needed no more. */
	give_range("a", "\"podCIDR\":\"10.1.0.0/29\"", "", "");
	CHECK(*ranges(256));
	np_desired_remove(&d, NP_SOURCE_CLUSTER_POLICY, "", "p", UID2);
	CHECK(!strcmp(ranges(256), "") && !np_desired_ranges_known(&d));
	np_desired_free(&d);
}

/* Many Nodes: pieces without the first addresses, then whole podCIDRs, then some are left out. */
static void test_range_room(void)
{
	char name[16], spec[64];
	unsigned int i;

	range_begin();
	for (i = 0; i < 32; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		snprintf(spec, sizeof(spec), "\"podCIDR\":\"10.1.%u.0/24\"", i);
		give_range(name, spec, "", "");
	}
	ranges(256);
	CHECK(d.range_count == 256 && !d.ranges_left_out);
	CHECK(!strcmp(ranges(255), "10.1.0.0/19") && !d.ranges_left_out);
	/* Of two of them flannel says that it has given the address away. */
	give_range("n0", "\"podCIDR\":\"10.1.0.0/24\"", FLANNEL("vxlan"), "");
	give_range("n31", "\"podCIDR\":\"10.1.31.0/24\"", FLANNEL("vxlan"), "");
	ranges(255);
	CHECK(d.range_count == 8 + 4 + 4 + 8 && !d.ranges_left_out);
	CHECK(!strcmp(ranges(8), "10.1.1.0/24 10.1.2.0/23 10.1.4.0/22 10.1.8.0/21 10.1.16.0/21 "
		      "10.1.24.0/22 10.1.28.0/23 10.1.30.0/24"));
	CHECK_EQ(d.ranges_left_out, 2);
	ranges(16);
	CHECK(d.range_count == 16 && d.ranges_left_out == 1);
	ranges(3);
	CHECK(d.range_count == 3 && d.ranges_left_out == 7);
	ranges(0);
	CHECK(!d.range_count && d.ranges_left_out == 10);
	np_desired_free(&d);
}

/* Random Nodes: in a range is exactly what is in a podCIDR and not a Node's. */
static void test_range_random(void)
{
	char name[16], spec[64], addresses[128], notes[128];
	unsigned int round, i, host, seed = 3, length, at, own[8], extra[8];
	struct np_cidr cidr[8];
	bool want, is;
	size_t k;

	for (round = 0; round < 300; round++) {
		range_begin();
		for (i = 0; i < 8; i++) {
			length = 26 + rand_r(&seed) % 5;
			at = rand_r(&seed) % 256 & 0xff << (32 - length);
			own[i] = rand_r(&seed) % 256;
			extra[i] = rand_r(&seed) % 256;
			cidr[i] = (struct np_cidr){ .family = AF_INET, .length = length,
						    .addr = { 10, 1, 0, at } };
			snprintf(name, sizeof(name), "n%u", i);
			snprintf(spec, sizeof(spec), "\"podCIDR\":\"10.1.0.%u/%u\"", at, length);
			snprintf(addresses, sizeof(addresses), "{\"address\":\"10.1.0.%u\"}", own[i]);
			snprintf(notes, sizeof(notes),
				 "\"projectcalico.org/IPv4IPIPTunnelAddr\":\"10.1.0.%u\"", extra[i]);
			give_range(name, spec, notes, addresses);
		}
		ranges(256);
		CHECK(d.range_count && !d.ranges_left_out);
		for (host = 0; host < 256; host++) {
			struct np_cidr one = { .family = AF_INET, .length = 32,
					       .addr = { 10, 1, 0, host } };

			for (i = 0, want = false; i < 8; i++)
				want |= np_cidr_contains(&cidr[i], &one);
			for (i = 0; i < 8; i++)
				want &= own[i] != host && extra[i] != host &&
					cidr[i].addr[3] != host;
			for (k = 0, is = false; k < d.range_count; k++)
				is |= np_cidr_contains(&d.range[k], &one);
			CHECK_EQ(is, want);
		}
		np_desired_free(&d);
	}
}

/* The setting, and what is taken away when. */
static const char *setting(const struct np_agent_options *opts, const char *have)
{
	static char text[512];
	struct np_quarantine quarantine = { 0 };
	struct np_settings set, now = { 0 };
	struct np_kernel kernel = { 0 };
	char one[NP_CIDR_TEXT], word[256];
	size_t len = 0, i;

	kernel.limit[NETPOL_LIMIT_GUARDS] = 5;
	snprintf(word, sizeof(word), "pod-range=%s", have);
	CHECK_EQ(np_setting_assign(&now, word, &err), 0);
	np_settings_wanted(opts, &d, &quarantine, &kernel, &now, &set);
	text[0] = '\0';
	for (i = 0; i < set.pod_range_count; i++)
		len += snprintf(text + len, sizeof(text) - len, "%s%s", i ? "," : "",
				np_cidr_text(&set.pod_range[i], one));
	np_settings_free(&set);
	np_settings_free(&now);
	return text;
}

static void test_range_setting(void)
{
	struct np_agent_options opts = { .node = "here", .node_ranges = true };

	begin();
	d.node_ranges = true;
	/* At a start it is not known whether ranges are asked for. */
	CHECK(!strcmp(setting(&opts, "10.1.0.0/16"), "10.1.0.0/16"));
	CHECK_EQ(np_setting_assign(&opts.settings, "pod-range=10.2.0.0/16", &err), 0);
	CHECK(!strcmp(setting(&opts, "10.1.0.0/16,10.2.0.0/16"), "10.2.0.0/16,10.1.0.0/16"));
	/* They are not: as it is without Nodes. */
	np_desired_begin(&d, NP_SOURCE_CLUSTER_POLICY);
	np_desired_synced(&d, NP_SOURCE_CLUSTER_POLICY);
	CHECK(!strcmp(setting(&opts, "10.1.0.0/16"), "10.2.0.0/16"));
	/* They are, and Nodes are not listed. */
	give_cnp("p", DENY_PODS);
	CHECK(!strcmp(setting(&opts, "10.1.0.0/16"), "10.2.0.0/16,10.1.0.0/16"));
	np_desired_begin(&d, NP_SOURCE_NODES);
	give_range("a", "\"podCIDRs\":[\"10.3.0.0/31\",\"10.2.0.0/16\",\"fd00::/64\"]", "", "");
	np_desired_synced(&d, NP_SOURCE_NODES);
	CHECK(!strcmp(ranges(2), "10.2.0.0/16 10.3.0.0/31"));
	CHECK_EQ(d.ranges_left_out, 1);
	CHECK(!strcmp(setting(&opts, "10.1.0.0/16"), "10.2.0.0/16,10.3.0.0/31"));
	/* No Node has a podCIDR: others give addresses to pods, and only the options say which. */
	give_range("a", "", "", "");
	ranges(256);
	CHECK(!strcmp(setting(&opts, "10.1.0.0/16"), "10.2.0.0/16"));
	/* The options say nothing either: what somebody has set stays. */
	np_settings_free(&opts.settings);
	memset(&opts.settings, 0, sizeof(opts.settings));
	CHECK(!strcmp(setting(&opts, "10.1.0.0/16"), "10.1.0.0/16"));
	np_desired_free(&d);
}

/* --- waiting -------------------------------------------------------------------- */

static struct np_agent agent;
static unsigned int commits;
static void (*fire_commit)(void *context);

static int64_t frozen(void *context)
{
	return 0;
}

static void on_commit(void *context)
{
	commits++;
}

static void wait_begin(bool whole)
{
	static const struct np_agent_options opts = { .node = "here" };
	unsigned int k;

	memset(&agent, 0, sizeof(agent));
	agent.opts = &opts;
	agent.loop = np_loop_new();
	np_loop_set_clock(agent.loop, frozen, NULL);
	np_notify_open(&agent.outside.notify);
	np_desired_init(&agent.desired, "here");
	np_intake_init(&agent.intake, agent.loop, &agent.desired);
	np_schedule_init(&agent);
	np_agent_nodes_init(&agent);
	fire_commit = agent.commits.timer.fire;
	agent.commits.timer.fire = on_commit;
	agent.commits.whole = whole;
	commits = 0;
	for (k = 0; k < NP_SOURCE_NODES; k++)
		agent.desired.synced[k] = true;
	agent.desired.node_seen = true;
}

static void wait_end(void)
{
	np_timer_stop(&agent.nodes.timer);
	np_timer_stop(&agent.commits.timer);
	np_notify_close(&agent.outside.notify);
	np_desired_free(&agent.desired);
	np_loop_free(agent.loop);
}

/* Lets time pass, with all that comes of it. */
static void pass(int64_t ms)
{
	unsigned int i;

	if (ms)
		np_loop_skip(agent.loop, ms);
	for (i = 0; i < 4; i++)
		np_loop_step(agent.loop, 0);
}

static void need(size_t users)
{
	agent.desired.node_users = users;
	np_agent_nodes_check(&agent);
	np_schedule_wake(&agent);
	pass(0);
}

static void test_wait_running(void)
{
	char why[512];

	/* Not needed: nothing is waited for. */
	wait_begin(true);
	need(0);
	CHECK(!np_desired_nodes_wait(&agent.desired) && !agent.nodes.followed);
	CHECK_EQ(commits, 1);
	CHECK(np_agent_ready(&agent, why, sizeof(why)));
	/* Needed, and listed at once. */
	need(1);
	CHECK(agent.nodes.followed && np_desired_nodes_wait(&agent.desired) && !np_agent_synced(&agent));
	CHECK_EQ(commits, 1);
	CHECK(!np_agent_ready(&agent, why, sizeof(why)));
	CHECK(strstr(why, "allnodes are not synced"));
	np_desired_begin(&agent.desired, NP_SOURCE_NODES);
	np_desired_synced(&agent.desired, NP_SOURCE_NODES);
	np_schedule_wake(&agent);
	pass(0);
	CHECK_EQ(commits, 2);
	CHECK(np_agent_ready(&agent, why, sizeof(why)));
	/* Needed no more: nothing is known of them. */
	need(0);
	CHECK(!agent.nodes.followed && !agent.desired.synced[NP_SOURCE_NODES]);
	/* Needed again, and not listed for too long. */
	commits = 0;
	need(2);
	pass(NP_NODES_WAIT_MS - 1);
	CHECK(!commits && !agent.desired.nodes_given_up);
	pass(2);
	CHECK(agent.desired.nodes_given_up && agent.desired.nodes_stale);
	CHECK_EQ(commits, 1);
	CHECK(!np_agent_ready(&agent, why, sizeof(why)));
	/* They come after all. */
	np_desired_begin(&agent.desired, NP_SOURCE_NODES);
	np_desired_synced(&agent.desired, NP_SOURCE_NODES);
	CHECK(!agent.desired.nodes_given_up && !np_desired_nodes_wait(&agent.desired));
	wait_end();
}

/* A list that is long, or slow, is waited for longer, as long as it comes. */
static void test_wait_list(void)
{
	struct np_intake_kind *list = &agent.intake.kind[NP_SOURCE_NODES];
	unsigned int broken;

	for (broken = 0; broken < 2; broken++) {
		wait_begin(true);
		/* An earlier one does not count. */
		list->begun = true;
		need(1);
		CHECK(!list->begun);
		pass(NP_NODES_WAIT_MS - 10);
		list->begun = true;
		pass(20);
		CHECK(!commits && !agent.desired.nodes_given_up);
		pass(NP_NODES_LIST_MS - NP_NODES_WAIT_MS - 20);
		CHECK(!commits);
		if (broken) {
			strcpy(list->error, "it broke off");
			np_agent_nodes_check(&agent);
			pass(0);
		} else {
			pass(20);
		}
		CHECK(commits == 1 && agent.desired.nodes_given_up);
		wait_end();
	}
}

/* What comes to nothing is paced as commits are, and what waits for Nodes is not stuck. */
static void test_wait_commit(void)
{
	wait_begin(true);
	agent.commits.timer.fire = fire_commit;
	agent.desired.full = false;
	agent.desired.synced[NP_SOURCE_NODES] = true;
	agent.desired.node_users = 1;
	agent.desired.nodes_stale = true;
	np_schedule_wake(&agent);
	pass(0);
	CHECK(!agent.desired.nodes_stale && agent.commits.pending_ms < 0);
	CHECK_EQ(agent.commits.committed_ms, -1);
	agent.desired.nodes_stale = true;
	np_schedule_wake(&agent);
	CHECK(np_timer_left(&agent.commits.timer) > 0);
	/* Nodes are listed no longer, and needed again. */
	agent.desired.synced[NP_SOURCE_NODES] = false;
	CHECK(agent.commits.pending_ms >= 0);
	pass(1000);
	CHECK(!np_timer_active(&agent.commits.timer) && agent.commits.pending_ms < 0);
	CHECK(np_agent_progress(&agent));
	wait_end();
}

/* What was in force before the agent started stays, until it is certain that Nodes are not shown. */
static void test_wait_start(void)
{
	bool *forbidden = &agent.intake.kind[NP_SOURCE_NODES].forbidden;

	wait_begin(false);
	need(1);
	pass(3600 * 1000);
	CHECK(!commits && np_desired_nodes_wait(&agent.desired));
	/* A server that has just started refuses everything. */
	*forbidden = true;
	np_agent_nodes_check(&agent);
	pass(0);
	pass(NP_NODES_REFUSED_MS - 10);
	*forbidden = false;
	np_agent_nodes_check(&agent);
	pass(NP_NODES_REFUSED_MS);
	CHECK(!commits);
	*forbidden = true;
	np_agent_nodes_check(&agent);
	pass(0);
	pass(NP_NODES_REFUSED_MS - 10);
	np_agent_nodes_check(&agent);
	pass(0);
	CHECK(!commits);
	pass(20);
	CHECK_EQ(commits, 1);
	CHECK(agent.desired.nodes_given_up);
	wait_end();
}

/* The last policy that names Nodes goes while commits wait. */
static void test_wait_ends(void)
{
	wait_begin(false);
	need(1);
	CHECK(!commits);
	need(0);
	CHECK_EQ(commits, 1);
	CHECK(!agent.nodes.followed);
	pass(NP_NODES_REFUSED_MS * 2);
	CHECK(!agent.desired.nodes_given_up);
	wait_end();
}

int main(void)
{
	test_aggregate();
	test_aggregate_random();
	test_files();
	test_files_without_nodes();
	test_files_own();
	test_desired();
	test_given_up();
	test_unread();
	test_other_troubles();
	test_swept();
	test_too_many();
	test_written();
	test_range_users();
	test_ranges();
	test_range_room();
	test_range_random();
	test_range_setting();
	test_wait_running();
	test_wait_list();
	test_wait_commit();
	test_wait_start();
	test_wait_ends();
	np_objects_free(&objs);
	return check_done("nodes");
}
