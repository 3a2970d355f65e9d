// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl explain: the forms of an end, the workload of a pod, which labels a proposal leaves
 * out, when the answers of files and kernel are the same, and where parts of rules are written.
 */
#include "base/buffer.h"
#include "explain/kernel.h"
#include "explain/path.h"
#include "object/write.h"
#include "offline/ask.h"
#include "load_check.h"

static void test_ends(void)
{
	static const struct {
		const char *text;
		int kind;	/* -1: no end */
	} ends[] = {
		{ "a/b", NP_END_POD }, { "10.0.0.1", NP_END_ADDRESS }, { "fd00::1", NP_END_ADDRESS },
		{ "world", NP_END_WORLD }, { "host", NP_END_HOST },
		{ "label:a=b@ns", NP_END_MADE_UP }, { "label:@ns", NP_END_MADE_UP },
		{ "label:a=b", -1 }, { "label:a=b@", -1 }, { "label:a=b@n/s", -1 }, { "", -1 },
		{ "a", -1 }, { "a/", -1 }, { "/b", -1 }, { "a/b/c", -1 }, { "10.0.0.1/8", NP_END_POD },
		{ "World", -1 }, { "10.0.0.256", -1 },
	};
	struct np_named_end end;
	char text[600];
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		bool is = np_end_parse(ends[i].text, &end);

		if (!CHECK_EQ(is, ends[i].kind >= 0) || (is && !CHECK_EQ(end.kind, ends[i].kind)))
			printf("\t%s\n", ends[i].text);
	}
	memset(text, 'x', sizeof(text));
	text[1] = '/';
	text[NETPOL_NAME_MAX + 2] = '\0';
	CHECK(np_end_parse(text, &end));
	text[NETPOL_NAME_MAX + 2] = 'x';
	text[NETPOL_NAME_MAX + 3] = '\0';
	CHECK(!np_end_parse(text, &end));
}

#define OWNED(labels, owners)						\
	"apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: a, labels: {" labels "}, "	\
	"ownerReferences: " owners "}\nstatus: {podIP: 10.0.0.1}\n"

static void owner(const char *text, const char *want, int line)
{
	if (!CHECK(!load(text)) || !CHECK_EQ(objs.pod_count, 1) ||
	    !CHECK_STR(objs.pods[0].owner, want))
		printf("\tline %d\n", line);
}

#define OWNER(labels, owners, want)	owner(OWNED(labels, owners), want, __LINE__)

static void test_owners(void)
{
	OWNER("", "[{kind: StatefulSet, name: db, controller: true}]", "db");
	OWNER("", "[{kind: StatefulSet, name: db}]", "");
	OWNER("", "[{kind: X, name: x}, {kind: Y, name: db, controller: true}]", "db");
	OWNER("", "[]", "");
	OWNER("", "null", "");
	OWNER("", "[null, 7, {controller: true}]", "");
	OWNER("pod-template-hash: abc", "[{kind: ReplicaSet, name: web-abc, controller: true}]", "web");
	OWNER("pod-template-hash: abc", "[{kind: ReplicaSet, name: webabc, controller: true}]", "webabc");
	OWNER("pod-template-hash: abc", "[{kind: ReplicaSet, name: -abc, controller: true}]", "-abc");
	OWNER("pod-template-hash: abc", "[{kind: DaemonSet, name: web-abc, controller: true}]", "web-abc");
	OWNER("", "[{kind: ReplicaSet, name: web-abc, controller: true}]", "web-abc");
}

static void test_labels(void)
{
	CHECK(np_change_passing_label("pod-template-hash"));
	CHECK(np_change_passing_label("controller-revision-hash"));
	CHECK(np_change_passing_label("statefulset.kubernetes.io/pod-name"));
	CHECK(np_change_passing_label("apps.kubernetes.io/pod-index"));
	CHECK(np_change_passing_label("batch.kubernetes.io/job-name"));
	CHECK(np_change_passing_label("job-name"));
	CHECK(!np_change_passing_label("app"));
	CHECK(!np_change_passing_label("app.kubernetes.io/name"));
}

/* A step: of a policy, with a rule or without, or of a half as a whole. */
static struct np_step step_of(uint8_t direction, const char *policy, int rule)
{
	struct np_step step = {
		.direction = direction,
		.has_rule = rule >= 0,
		.rule = rule >= 0 ? (uint32_t)rule : 0,
		.verdict = rule >= 0 ? NETPOL_VERDICT_ALLOW : 0,
		.reason = rule >= 0 ? NETPOL_REASON_RULE : NETPOL_REASON_ISOLATED,
	};

	snprintf(step.policy_namespace, sizeof(step.policy_namespace), "%s", "a");
	snprintf(step.policy_name, sizeof(step.policy_name), "%s", policy);
	return step;
}

static struct np_step half_of(uint8_t direction, bool accept)
{
	struct np_step step = {
		.direction = direction,
		.verdict = accept ? NETPOL_VERDICT_ALLOW : NETPOL_VERDICT_DENY,
		.reason = accept ? NETPOL_REASON_RULE : NETPOL_REASON_ISOLATED,
	};

	return step;
}

static void test_same(void)
{
	const uint8_t in = NETPOL_DIRECTION_INGRESS, out = NETPOL_DIRECTION_EGRESS;
	struct np_step files[] = {
		step_of(out, "x", 1), half_of(out, true), step_of(in, "y", -1), half_of(in, false),
	};
	struct np_step kernel[4];
	struct np_eval a = { .verdict = NETPOL_VERDICT_DENY, .step = files, .step_count = 4 };
	struct np_eval b = { .verdict = NETPOL_VERDICT_DENY, .step = kernel, .step_count = 4 };

	memcpy(kernel, files, sizeof(files));
	CHECK(np_explain_same(&a, &b));
	kernel[0].rule = 2;
	CHECK(!np_explain_same(&a, &b));
	kernel[0] = step_of(out, "z", 1);
	CHECK(!np_explain_same(&a, &b));
	kernel[0] = files[0];
	kernel[3] = half_of(in, true);
	b.verdict = NETPOL_VERDICT_ALLOW;
	CHECK(!np_explain_same(&a, &b));

	/* This node judges the source only, and lets it out. */
	b.step_count = 2;
	CHECK(np_explain_same(&a, &b));
	kernel[0] = step_of(out, "z", 1);
	CHECK(!np_explain_same(&a, &b));
	/* Or none of the two. */
	kernel[0] = (struct np_step){ .direction = in, .reason = NETPOL_REASON_NOT_LOCAL,
				      .verdict = NETPOL_VERDICT_ALLOW };
	b.step_count = 1;
	CHECK(np_explain_same(&a, &b));

	/* Steps that did not fit: what is there must be the same, and so must the verdict. */
	memcpy(kernel, files, sizeof(files));
	b.step_count = 3;
	CHECK(!np_explain_same(&a, &b));
	b.verdict = NETPOL_VERDICT_DENY;
	CHECK(np_explain_same(&a, &b));
	kernel[2] = step_of(in, "y", 0);
	CHECK(!np_explain_same(&a, &b));
	b.step_count = 1;
	CHECK(np_explain_same(&a, &b));
}

/* The paths of all peers and ports of the egress rules, one behind the other. */
static const char *paths(struct np_arena *arena, const struct np_policy *policy)
{
	struct np_path_place place[128];
	struct np_buffer text = { 0 };
	const char *done;
	uint32_t i, k;

	for (i = 0; i < policy->egress_count; i++) {
		const struct np_rule *rule = &policy->egress[i];

		np_path_peers(policy, rule, place);
		for (k = 0; k < rule->peer_count; k++)
			np_buffer_print(&text, "%s ", np_path_peer(arena, policy, &rule->peer[k],
								   &place[k], true));
		np_path_ports(policy, rule, place);
		for (k = 0; k < rule->port_count; k++)
			np_buffer_print(&text, "%s ", np_path_port(arena, policy, &rule->port[k],
								   &place[k]));
		np_buffer_print(&text, "| ");
	}
	done = np_arena_memdup(arena, text.data, strlen(text.data));
	np_buffer_free(&text);
	return done;
}

/* As the kernel gives rules back: it does not know how they were written. */
static void forget_places(struct np_policy *policy)
{
	uint32_t i, k;

	for (i = 0; i < policy->egress_count; i++) {
		for (k = 0; k < policy->egress[i].peer_count; k++) {
			policy->egress[i].peer[k].entry = 0;
			policy->egress[i].peer[k].network = 0;
		}
		for (k = 0; k < policy->egress[i].port_count; k++)
			policy->egress[i].port[k].entry = 0;
	}
}

/* The paths of a policy of the kernel are those of the manifest that is made of it. */
static void check_manifest(struct np_arena *arena, const char *want)
{
	struct np_policy_state state = { { 0 } };
	struct np_objects again;
	struct np_writer w;
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	forget_places(&objs.policies[0]);
	CHECK_STR(paths(arena, &objs.policies[0]), want);
	np_writer_init(&w, file, NP_FORMAT_YAML);
	np_manifest_policy(&w, NULL, &objs.policies[0], &state);
	fclose(file);
	np_objects_init(&again);
	if (CHECK(!np_load_buffer(&again, "again.yaml", text, size, NULL, &err)))
		CHECK_STR(paths(arena, &again.policies[0]), want);
	np_objects_free(&again);
	free(text);
}

#define PATHS_HEAD CLUSTER_SPEC("  tier: Admin\n  priority: 1\n  subject: {namespaces: {}}\n  egress:\n")

static void test_paths(void)
{
	struct np_arena arena = { 0 };
	struct np_buffer many = { 0 };
	int i;

	CHECK(!load(PATHS_HEAD
		"  - action: Deny\n"
		"    to:\n"
		"    - networks: [10.0.0.0/8, 11.0.0.0/8]\n"
		"    - networks: [12.0.0.0/8, 10.9.0.0/8, 13.0.0.0/8]\n"
		"    - pods: {podSelector: {}}\n"
		"    - networks: [fd00::/8]\n"
		"    protocols: [{sctp: {destinationPort: {number: 7}}}, {tcp: {destinationPort: {range: {start: 1, end: 2}}}}]\n"
		"  - action: Pass\n"
		"    to: [{namespaces: {}}, {namespaces: {matchLabels: {a: b}}}]\n"
		"    protocols: [{destinationNamedPort: a}, {destinationNamedPort: a}, {udp: {destinationPort: {number: 7}}}, {destinationNamedPort: b}]\n"));
	/* 10.9.0.0/8 is 10.0.0.0/8, which is there */
	CHECK_STR(paths(&arena, &objs.policies[0]), "to[0].networks[0] to[0].networks[1] "
		  "to[1].networks[0] to[1].networks[2] to[2] to[3].networks[0] "
		  "protocols[0].sctp.destinationPort protocols[1].tcp.destinationPort | "
		  "to[0] to[1] protocols[0].destinationNamedPort protocols[0].destinationNamedPort "
		  "protocols[0].destinationNamedPort protocols[1].destinationNamedPort "
		  "protocols[1].destinationNamedPort protocols[1].destinationNamedPort "
		  "protocols[2].udp.destinationPort protocols[3].destinationNamedPort "
		  "protocols[3].destinationNamedPort protocols[3].destinationNamedPort | ");
	check_manifest(&arena, "to[0].networks[0] to[0].networks[1] "
		  "to[0].networks[2] to[0].networks[3] to[1] to[2].networks[0] "
		  "protocols[0].sctp.destinationPort protocols[1].tcp.destinationPort | "
		  "to[0] to[1] protocols[0].destinationNamedPort protocols[0].destinationNamedPort "
		  "protocols[0].destinationNamedPort protocols[1].destinationNamedPort "
		  "protocols[1].destinationNamedPort protocols[1].destinationNamedPort "
		  "protocols[2].udp.destinationPort protocols[3].destinationNamedPort "
		  "protocols[3].destinationNamedPort protocols[3].destinationNamedPort | ");

	/* A name that no port has is left out of a rule; what stands behind it keeps its place. */
	CHECK(!load_lenient(PATHS_HEAD
		"  - action: Deny\n"
		"    to: [{namespaces: {}}]\n"
		"    protocols: [{destinationNamedPort: -}, {udp: {destinationPort: {number: 7}}}]\n"));
	CHECK_STR(paths(&arena, &objs.policies[0]), "to[0] protocols[1].udp.destinationPort | ");

	/* One entry has at most 25 networks. */
	np_buffer_print(&many, PATHS_HEAD "  - action: Deny\n    to:\n");
	for (i = 0; i < 30; i++)
		np_buffer_print(&many, "%s10.%d.0.0/16%s", i % 15 ? ", " : "    - networks: [", i,
				i % 15 == 14 ? "]\n" : "");
	CHECK(!load(many.data));
	np_buffer_free(&many);
	for (i = 0; i < 30; i++)
		np_buffer_print(&many, "to[%d].networks[%d] ", i / 25, i % 25);
	np_buffer_print(&many, "| ");
	CHECK(strcmp(paths(&arena, &objs.policies[0]), many.data));
	check_manifest(&arena, many.data);
	np_buffer_free(&many);
	np_arena_free(&arena);
}

/* What is proposed for a/s to a/p by tcp/@port. @reason: of the kernel. */
static void propose(struct np_explain *x, uint16_t port, uint8_t reason)
{
	static struct np_step step;

	memset(x, 0, sizeof(*x));
	step = half_of(NETPOL_DIRECTION_INGRESS, false);
	step.reason = reason;
	x->eval = (struct np_eval){ .verdict = NETPOL_VERDICT_DENY, .reason = reason,
				    .direction = NETPOL_DIRECTION_INGRESS,
				    .step = &step, .step_count = 1 };
	x->request.protocol = IPPROTO_TCP;
	x->request.port = port;
	strcpy(x->request.source.namespace, "a");
	strcpy(x->request.source.name, "s");
	strcpy(x->request.destination.namespace, "a");
	strcpy(x->request.destination.name, "p");
	CHECK(!np_ask_find(&objs, &x->request, &x->flow, &err));
	np_reason_end(&objs, &objs.pods[0], &x->flow.source, "a/s", &x->end[0]);
	np_reason_end(&objs, &objs.pods[1], &x->flow.destination, "a/p", &x->end[1]);
	np_explain_propose(x, &objs);
	x->eval = (struct np_eval){ 0 };
}

#define TWO_PODS						\
	"apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: "	\
	"{kubernetes.io/metadata.name: a}}\n---\n"		\
	"apiVersion: v1\nkind: Pod\nmetadata: {name: s, namespace: a}\n"	\
	"status: {podIP: 10.0.0.1}\n"				\
	"---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: a}\n"	\
	"status: {podIP: 10.0.0.2}\n---\n"

#define ISOLATE(spec) "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: "	\
	"{name: own, namespace: a}\nspec: {" spec "}\n---\n"

/* What the kernel said is told, whatever becomes of the proposal. */
static void test_propose(void)
{
	struct np_buffer many = { 0 };
	struct np_policy twin;
	struct np_explain x;
	unsigned int i;

	CHECK(!load(TWO_PODS ISOLATE("policyTypes: [Ingress]")));
	propose(&x, 80, NETPOL_REASON_ISOLATED);
	CHECK_EQ(x.change.policies, 1);
	CHECK(!x.change.none);
	np_explain_free(&x);
	/* a limit, which other commits have come under, or a setting */
	propose(&x, 80, NETPOL_REASON_NO_ROOM);
	CHECK_EQ(x.change.policies, 0);
	CHECK(x.change.none && strstr(x.change.none, "no room"));
	np_explain_free(&x);
	propose(&x, 80, NETPOL_REASON_UNKNOWN);
	CHECK(x.change.none && strstr(x.change.none, "no policy"));
	np_explain_free(&x);
	/* the policies of two origins have one name, and both are in force */
	twin = objs.policies[0];
	*np_objects_add_policy(&objs) = twin;
	propose(&x, 80, NETPOL_REASON_ISOLATED);
	CHECK_EQ(x.change.policies, 0);
	CHECK(x.change.none && strstr(x.change.none, "a/own"));
	np_explain_free(&x);
	/* more than fits in one world */
	np_buffer_print(&many, "%s", TWO_PODS);
	np_buffer_print(&many, "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: "
			"{name: own, namespace: a}\nspec: {ingress: [");
	for (i = 0; i < 3000; i++)
		np_buffer_print(&many, "{from: [{ipBlock: {cidr: 192.%u.%u.0/24}}], ports: "
				"[{port: %u}]},", i / 256, i % 256, 1000 + 2 * i);
	np_buffer_print(&many, "]}\n");
	CHECK(!load(many.data));
	propose(&x, 80, NETPOL_REASON_ISOLATED);
	CHECK_EQ(x.change.policies, 0);
	CHECK(x.change.none && strstr(x.change.none, "tried out"));
	np_explain_free(&x);
	np_buffer_free(&many);
}

int main(void)
{
	np_objects_init(&objs);
	test_ends();
	test_owners();
	test_labels();
	test_same();
	test_paths();
	test_propose();
	np_objects_free(&objs);
	return check_done("explain");
}
