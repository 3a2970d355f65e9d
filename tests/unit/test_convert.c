// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl convert: over random AdminNetworkPolicies and a BaselineAdminNetworkPolicy, next to
 * NetworkPolicies and pods that are not known, the core says of the policies that they become what
 * the naive evaluator says of them as they were, with as many rules, peers and ports as they had.
 * What has no exact form is refused at its place.
 */
#include <netinet/in.h>
#include <stdlib.h>

#include "../evaluator/evaluator.h"
#include "../evaluator/random.h"
#include "base/buffer.h"
#include "load_check.h"
#include "object/convert.h"
#include "object/digest.h"
#include "offline/offline.h"

#define WORLDS		400
#define QUESTIONS	300
#define NAMESPACES	3	/* the last one is not loaded */
#define PODS		9
#define ENDS		(PODS + 4)

static unsigned long asked, allowed, mismatches, parts, split, unknown, passed;

/**
 * struct world - a cluster, and its policies of v1alpha1
 * @random: what decides
 * @objs: all of it, as the evaluator takes it
 * @text: the policies as they are written
 * @network_policies: how many policies are NetworkPolicies
 */
struct world {
	uint64_t random;
	struct np_objects objs;
	struct np_buffer text;
	size_t network_policies;
};

static uint32_t below(struct world *w, uint32_t n)
{
	return random_below(&w->random, n);
}

static void *room(struct world *w, size_t count, size_t size)
{
	return np_arena_zalloc(&w->objs.arena, (count + 1) * size);
}

static void put(struct world *w, const char *text)
{
	np_buffer_print(&w->text, "%s", text);
}

static const char *const keys[] = { "app", "tier" };
static const char *const values[] = { "a", "b", "c" };

/* A selector in the policy and in the text. */
static void some_selector(struct world *w, struct np_selector *selector)
{
	static const char *const op[] = { "In", "NotIn", "Exists", "DoesNotExist" };
	struct np_requirement *need;

	selector->present = true;
	if (below(w, 3) == 0) {
		put(w, "{}");
		return;
	}
	selector->item = room(w, 1, sizeof(*selector->item));
	selector->count = 1;
	need = selector->item;
	need->key = keys[below(w, 2)];
	need->op = below(w, 4);
	if (need->op <= NP_OP_NOT_IN) {
		need->value = room(w, 1, sizeof(*need->value));
		need->value[0] = values[below(w, 3)];
		need->value_count = 1;
	}
	np_buffer_print(&w->text, "{\"matchExpressions\": [{\"key\": \"%s\", \"operator\": \"%s\"",
			need->key, op[need->op]);
	if (need->value_count)
		np_buffer_print(&w->text, ", \"values\": [\"%s\"]", need->value[0]);
	put(w, "}]}");
}

/* {"namespaces": ...} or {"pods": ...} */
static void some_pods(struct world *w, struct np_selector *namespaces, struct np_selector *pods)
{
	if (below(w, 2)) {
		put(w, "{\"namespaces\": ");
		some_selector(w, namespaces);
		put(w, "}");
		return;
	}
	put(w, "{\"pods\": {\"namespaceSelector\": ");
	some_selector(w, namespaces);
	put(w, ", \"podSelector\": ");
	some_selector(w, pods);
	put(w, "}}");
}

static void some_networks(struct world *w, struct np_rule *rule)
{
	static const char *const network[] = {
		"10.0.0.0/16", "10.0.0.0/24", "10.0.1.0/24", "10.0.0.1/32", "10.0.2.0/24",
		"0.0.0.0/0", "192.0.2.0/25", "fd00::/64", "::/0", "10.9.0.0/17",
	};
	uint32_t i, first = below(w, 10), count = 1 + below(w, 3);

	put(w, "{\"networks\": [");
	for (i = 0; i < count; i++) {
		const char *text = network[(first + i) % 10];
		struct np_peer *peer = &rule->peer[rule->peer_count++];

		peer->ipblock = room(w, 1, sizeof(*peer->ipblock));
		CHECK(!np_cidr_parse(text, &peer->ipblock->cidr));
		np_buffer_print(&w->text, "%s\"%s\"", i ? ", " : "", text);
	}
	put(w, "]}");
}

static void some_peers(struct world *w, struct np_rule *rule, bool networks, uint32_t count)
{
	struct np_peer *peer;
	uint32_t i;

	rule->peer = room(w, 3 * count, sizeof(*rule->peer));
	for (i = 0; i < count; i++) {
		put(w, i ? ", " : "");
		if (networks && below(w, 3)) {
			some_networks(w, rule);
			continue;
		}
		peer = &rule->peer[rule->peer_count++];
		some_pods(w, &peer->ns_selector, &peer->pod_selector);
	}
}

static void some_port(struct world *w, struct np_rule *rule, bool names)
{
	static const char *const name[] = { "TCP", "UDP", "SCTP" };
	static const uint8_t protocol[] = { NP_PROTOCOL_TCP, NP_PROTOCOL_UDP, NP_PROTOCOL_SCTP };
	static const uint16_t number[] = { 53, 80, 81, 8080, 7, 1, 65535 };
	struct np_port *port = &rule->port[rule->port_count];
	uint32_t i, which = below(w, 3);

	if (names && below(w, 2)) {
		for (i = 0; i < 3; i++)
			port[i] = (struct np_port) {
				.kind = NP_PORT_NAME, .protocol = protocol[i],
				.name = which ? "web" : "dns",
			};
		rule->port_count += 3;
		np_buffer_print(&w->text, "{\"namedPort\": \"%s\"}", port->name);
		return;
	}
	rule->port_count++;
	port->protocol = protocol[which];
	port->kind = NP_PORT_NUMBER;
	port->first = number[below(w, 7)];
	port->last = port->first;
	if (below(w, 2)) {
		/* TCP is what is meant if none is written. */
		np_buffer_print(&w->text, "{\"portNumber\": {%s%s%s\"port\": %u}}",
				which ? "\"protocol\": \"" : "", which ? name[which] : "",
				which ? "\", " : "", port->first);
		return;
	}
	port->kind = NP_PORT_RANGE;
	port->last += port->first < 60000 ? below(w, 3) : 0;
	np_buffer_print(&w->text, "{\"portRange\": {\"protocol\": \"%s\", \"start\": %u, \"end\": %u}}",
			name[which], port->first, port->last);
}

static void some_rule(struct world *w, struct np_rule *rule, bool egress, bool baseline, bool small)
{
	static const char *const action[] = { "Allow", "Deny", "Pass" };
	bool names = !egress || below(w, 3) == 0;
	uint32_t i, count;

	rule->action = below(w, baseline ? 2 : 3);
	np_buffer_print(&w->text, "{\"action\": \"%s\", \"%s\": [", action[rule->action],
			egress ? "to" : "from");
	count = !small && below(w, 8) == 0 ? 20 + below(w, 81) : 1 + below(w, 3);
	split += count > 25;
	some_peers(w, rule, egress && !names, count);
	put(w, "]");
	if (below(w, 3)) {
		count = !small && below(w, 8) == 0 ? 20 + below(w, 81) : 1 + below(w, 3);
		split += count > 25;
		rule->port = room(w, 3 * count, sizeof(*rule->port));
		put(w, ", \"ports\": [");
		for (i = 0; i < count; i++) {
			put(w, i ? ", " : "");
			some_port(w, rule, names);
		}
		put(w, "]");
	}
	put(w, "}");
}

static void some_rules(struct world *w, struct np_rule **rule, uint32_t *count, bool egress,
		       bool baseline)
{
	bool many = below(w, 8) == 0;
	uint32_t i;

	*count = many ? 20 + below(w, 81) : below(w, 4);
	*rule = room(w, *count, sizeof(**rule));
	np_buffer_print(&w->text, ", \"%s\": [", egress ? "egress" : "ingress");
	for (i = 0; i < *count; i++) {
		put(w, i ? ", " : "");
		some_rule(w, &(*rule)[i], egress, baseline, many);
	}
	put(w, "]");
}

static void some_policy(struct world *w, const char *name, bool baseline)
{
	struct np_policy policy = {
		.namespace = "",
		.name = baseline ? "default-baseline" : name,
		.tier = baseline ? NP_TIER_BASELINE : NP_TIER_ADMIN,
		.priority = baseline ? 1000 : below(w, 3) * 500,
	};

	np_buffer_print(&w->text, "---\n{\"apiVersion\": \"policy.networking.k8s.io/v1alpha1\", "
			"\"kind\": \"%sAdminNetworkPolicy\", \"metadata\": {\"name\": \"%s\"}, "
			"\"spec\": {", baseline ? "Baseline" : "", baseline ? "default" : name);
	if (!baseline)
		np_buffer_print(&w->text, "\"priority\": %u, ", policy.priority);
	put(w, "\"subject\": ");
	some_pods(w, &policy.ns_selector, &policy.pod_selector);
	some_rules(w, &policy.ingress, &policy.ingress_count, false, baseline);
	some_rules(w, &policy.egress, &policy.egress_count, true, baseline);
	put(w, "}}\n");
	policy.directions = (policy.ingress_count ? NP_DIR_INGRESS : 0) |
			    (policy.egress_count ? NP_DIR_EGRESS : 0);
	*np_objects_add_policy(&w->objs) = policy;
}

/* NetworkPolicies, which a Pass leads to. They are not in the text. */
static void some_network_policies(struct world *w)
{
	static const char *const space[] = { "n0", "n1" };
	uint32_t i, count = below(w, 3);

	for (i = 0; i < count; i++) {
		struct np_policy policy = {
			.namespace = space[below(w, 2)],
			.name = values[i],
			.directions = 1 + below(w, 3),
			.types_given = true,
		};
		struct np_rule *rule = room(w, 1, sizeof(*rule));

		some_selector(w, &policy.pod_selector);
		rule->peer = room(w, 1, sizeof(*rule->peer));
		rule->peer_count = 1;
		some_selector(w, &rule->peer->ns_selector);
		policy.ingress = rule;
		policy.ingress_count = 1;
		policy.egress = rule;
		policy.egress_count = 1;
		*np_objects_add_policy(&w->objs) = policy;
	}
	w->network_policies = w->objs.policy_count;
	np_buffer_free(&w->text);
}

static void some_pod(struct world *w, uint32_t number)
{
	static const char *const space[] = { "n0", "n1", "n2" };
	struct np_pod *pod = np_objects_add_pod(&w->objs);
	char text[32];
	uint32_t i;

	memset(pod, 0, sizeof(*pod));
	snprintf(text, sizeof(text), "p%u", number);
	pod->namespace = space[number / 3];
	pod->name = np_intern_str(&w->objs, text);
	pod->uid = "";
	pod->node = "";
	pod->phase = NP_PHASE_RUNNING;
	pod->labels.item = room(w, 2, sizeof(*pod->labels.item));
	for (i = 0; i < 2; i++)
		if (below(w, 3))
			pod->labels.item[pod->labels.count++] = (struct np_label) {
				keys[i], values[below(w, 3)],
			};
	pod->address = room(w, 2, sizeof(*pod->address));
	snprintf(text, sizeof(text), "10.0.%u.%u", number / 3, number % 3 + 1);
	CHECK(!np_address_parse(text, &pod->address[0]));
	snprintf(text, sizeof(text), "fd00::%u:%u", number / 3, number % 3 + 1);
	CHECK(!np_address_parse(text, &pod->address[1]));
	pod->address_count = 2;
	pod->port = room(w, 2, sizeof(*pod->port));
	if (below(w, 2))
		pod->port[pod->port_count++] = (struct np_named_port) {
			"web", below(w, 2) ? 80 : 8080, NP_PROTOCOL_TCP,
		};
	if (below(w, 2))
		pod->port[pod->port_count++] = (struct np_named_port) { "dns", 53, NP_PROTOCOL_UDP };
}

static void make_world(struct world *w, uint64_t seed)
{
	static const char *const names[] = { "a", "b", "c" };
	static const char *const space[] = { "n0", "n1" };
	struct np_namespace *ns;
	uint32_t i, count;

	memset(w, 0, sizeof(*w));
	w->random = seed * 0x2545f4914f6cdd1dULL + 1;
	np_objects_init(&w->objs);
	for (i = 0; i < NAMESPACES - 1; i++) {
		ns = np_objects_add_namespace(&w->objs);
		ns->name = space[i];
		ns->labels.item = room(w, 1, sizeof(*ns->labels.item));
		ns->labels.item[0] = (struct np_label) { keys[below(w, 2)], values[below(w, 3)] };
		ns->labels.count = 1;
	}
	for (i = 0; i < PODS; i++)
		some_pod(w, i);
	some_network_policies(w);
	count = below(w, 4);
	for (i = 0; i < count; i++)
		some_policy(w, names[i], false);
	if (!count || below(w, 2))
		some_policy(w, "", true);
}

/* The policies of the text as convert writes them and as they are read again. */
static bool converted(struct world *w, enum np_format format, struct np_objects *to)
{
	struct np_convert convert = { 0 };
	struct np_load_options opts = { .convert = &convert };
	struct np_objects rest;
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	bool good;

	np_objects_init(&rest);
	good = CHECK(!np_load_buffer(&rest, "old.yaml", w->text.data, strlen(w->text.data), &opts,
				     &err));
	np_convert_finish(&convert, &rest);
	if (convert.refusals)
		printf("\t%s: %s\n", convert.refused[0].path, convert.refused[0].text);
	good &= CHECK_EQ(convert.refusals, 0) &&
		CHECK_EQ(convert.found, w->objs.policy_count - w->network_policies);
	parts += format == NP_FORMAT_YAML ? convert.count - convert.found : 0;
	np_convert_write(&convert, file, format);
	fclose(file);
	good = good && CHECK(!np_load_buffer(to, format == NP_FORMAT_JSON ? "new.json" : "new.yaml",
					     text, size, NULL, &err));
	good = good && CHECK_EQ(to->policy_count, convert.count);
	np_convert_free(&convert);
	np_objects_free(&rest);
	free(text);
	return good;
}

static struct np_address end_address(const struct world *w, uint32_t end, bool v6)
{
	static const char *const outside[2][4] = {
		{ "10.9.0.1", "192.0.2.1", "10.0.0.9", "8.8.8.8" },
		{ "fd00:9::1", "fd00::9", "2001:db8::1", "fd00::1:9" },
	};
	struct np_address address;

	if (end < PODS)
		return w->objs.pods[end].address[v6];
	CHECK(!np_address_parse(outside[v6][end - PODS], &address));
	return address;
}

static void ask(struct world *w, const struct np_offline *off)
{
	static const uint16_t ports[] = { 53, 80, 81, 82, 8080, 7, 8, 1, 65535 };
	static const uint8_t protocols[] = {
		IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_ICMP,
	};
	struct evaluator ev = { .origin = { &w->objs }, .origins = 1 };
	uint32_t from = below(w, ENDS), to = below(w, ENDS);
	struct evaluator_end end[2] = { 0 };
	struct evaluator_half half[2];
	struct np_flow flow = { .protocol = protocols[below(w, 5)] };
	bool v6 = below(w, 3) == 0, want, have;

	if (from == to || (from >= PODS && to >= PODS))
		return;
	if (flow.protocol != IPPROTO_ICMP)
		flow.port = ports[below(w, 9)];
	flow.source = end_address(w, from, v6);
	flow.destination = end_address(w, to, v6);
	end[0] = (struct evaluator_end) { &flow.source, from < PODS ? &w->objs.pods[from] : NULL };
	end[1] = (struct evaluator_end) { &flow.destination, to < PODS ? &w->objs.pods[to] : NULL };
	want = evaluator_judge(&ev, &end[0], &end[1], flow.protocol, flow.port, &half[0], &half[1]);
	have = np_offline_judge(off, &flow, NULL);
	asked++;
	allowed += have;
	unknown += half[0].unknown || half[1].unknown;
	passed += half[0].pass[0].policy || half[1].pass[0].policy;
	if (want == have)
		return;
	if (mismatches++ < 5)
		printf("%u -> %u protocol %u port %u: %s, and it was %s\n%s", from, to,
		       flow.protocol, flow.port, have ? "allowed" : "denied",
		       want ? "allowed" : "denied", mismatches == 1 ? w->text.data : "");
}

static void run_world(uint64_t seed)
{
	struct np_objects now, json, core;
	struct np_offline off = { 0 };
	struct world w;
	size_t i;

	make_world(&w, seed);
	np_objects_init(&now);
	np_objects_init(&json);
	if (converted(&w, NP_FORMAT_YAML, &now) && converted(&w, NP_FORMAT_JSON, &json)) {
		for (i = 0; i < now.policy_count && i < json.policy_count; i++)
			CHECK(np_policy_digest(&now.policies[i]) ==
			      np_policy_digest(&json.policies[i]));
		core = w.objs;
		core.policy_count = w.network_policies + now.policy_count;
		core.policies = np_xcalloc(core.policy_count + 1, sizeof(*core.policies));
		memcpy(core.policies, w.objs.policies,
		       w.network_policies * sizeof(*core.policies));
		memcpy(core.policies + w.network_policies, now.policies,
		       now.policy_count * sizeof(*core.policies));
		CHECK(!np_offline_init(&off, NULL, &err) &&
		      !np_offline_apply(&off, "manual", &core, true, &err));
		for (i = 0; i < QUESTIONS; i++)
			ask(&w, &off);
		np_offline_free(&off);
		free(core.policies);
	}
	np_objects_free(&now);
	np_objects_free(&json);
	np_objects_free(&w.objs);
	np_buffer_free(&w.text);
}

static void test_worlds(void)
{
	uint64_t seed;

	for (seed = 1; seed <= WORLDS; seed++)
		run_world(seed);
	printf("%lu verdicts before and after, %lu of them allow, %lu deny what is not known, %lu are "
	       "passed on; %lu rules were split, %lu policies are further parts; %lu mismatches\n",
	       asked, allowed, unknown, passed, split, parts, mismatches);
	CHECK_EQ(mismatches, 0);
	CHECK(asked > 20000 && allowed > 5000 && asked - allowed > 5000);
	CHECK(unknown > 500 && passed > 500 && split > 100 && parts > 50);
}

#define ANP(spec)	"--- {apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy, " \
			"metadata: {name: a}, spec: {" spec "}}"
#define BANP(name, spec) "--- {apiVersion: policy.networking.k8s.io/v1alpha1, " \
			"kind: BaselineAdminNetworkPolicy, metadata: {name: " name "}, spec: {" spec "}}"
#define HEADED(more)	ANP("priority: 1, subject: {namespaces: {}}, " more)
#define EGRESS(rule)	HEADED("egress: [{action: Deny, to: [{namespaces: {}}]}, {" rule "}]")
#define PORT(port)	EGRESS("action: Allow, to: [{namespaces: {}}], ports: [" port "]")

static void refused(const char *text, const char *path, const char *words, bool lenient, int line)
{
	struct np_convert convert = { 0 };
	struct np_load_options opts = { .convert = &convert, .lenient = lenient };
	struct np_objects rest;

	np_objects_init(&rest);
	if (!CHECK(!np_load_buffer(&rest, "old.yaml", text, strlen(text), &opts, &err)) ||
	    !CHECK_EQ(convert.refusals, 1) || !CHECK_EQ(convert.count, 0) ||
	    !CHECK_STR(convert.refused[0].path, path) ||
	    !CHECK(strstr(convert.refused[0].text, words)))
		printf("\tline %d: %s\n", line, convert.refusals ? convert.refused[0].text : "");
	np_convert_free(&convert);
	np_objects_free(&rest);
}

/* Nothing is passed over, however the input is read. */
#define REFUSED(text, path, words)					\
do {									\
	refused(text, path, words, false, __LINE__);			\
	refused(text, path, words, true, __LINE__);			\
} while (0)

static void test_refused(void)
{
	REFUSED(ANP("subject: {namespaces: {}}"), "spec.priority", "is missing");
	REFUSED(ANP("priority: 1001, subject: {namespaces: {}}"), "spec.priority", "0 to 1000");
	REFUSED(ANP("priority: -1, subject: {namespaces: {}}"), "spec.priority", "0 to 1000");
	REFUSED(ANP("priority: 1"), "spec.subject", "is missing");
	REFUSED(ANP("priority: 1, subject: {}"), "spec.subject", "exactly one");
	REFUSED(ANP("priority: 1, subject: {namespaces: null}"), "spec.subject", "exactly one");
	REFUSED(ANP("priority: 1, subject: {namespaces: {}, pods: {}}"), "spec.subject.pods",
		"beside namespaces");
	REFUSED(ANP("priority: 1, subject: {pods: {podSelector: {}}}"),
		"spec.subject.pods.namespaceSelector", "is missing");
	REFUSED(HEADED("tier: Admin"), "spec.tier", "unknown field");
	REFUSED(BANP("other", "subject: {namespaces: {}}"), "metadata.name", "must be default");
	REFUSED(BANP("default", "priority: 1, subject: {namespaces: {}}"), "spec.priority",
		"unknown field");
	REFUSED(BANP("default", "subject: {namespaces: {}}, ingress: [{action: Pass, from: "
		     "[{namespaces: {}}]}]"), "spec.ingress[0].action", "Allow or Deny");
	REFUSED(BANP("default", "subject: {namespaces: {}}, egress: [{action: Allow, to: "
		     "[{domainNames: [a.io]}]}]"), "spec.egress[0].to[0].domainNames",
		"unknown field");
	REFUSED(EGRESS("action: Accept, to: [{namespaces: {}}]"), "spec.egress[1].action",
		"Allow, Deny or Pass");
	REFUSED(EGRESS("to: [{namespaces: {}}]"), "spec.egress[1].action", "is missing");
	REFUSED(EGRESS("action: Deny"), "spec.egress[1].to", "is missing");
	REFUSED(EGRESS("action: Deny, to: []"), "spec.egress[1].to", "at least one");
	REFUSED(EGRESS("action: Deny, to: [{}]"), "spec.egress[1].to[0]", "exactly one");
	REFUSED(EGRESS("action: Deny, to: [{fqdns: [a]}]"), "spec.egress[1].to[0].fqdns",
		"unknown field");
	REFUSED(EGRESS("action: Deny, to: [{domainNames: [a.io]}]"),
		"spec.egress[1].to[0].domainNames", "is not enforced");
	REFUSED(EGRESS("action: Deny, to: [{networks: [10.0.0.0]}]"),
		"spec.egress[1].to[0].networks[0]", "");
	REFUSED(EGRESS("action: Deny, to: [{networks: []}]"), "spec.egress[1].to[0].networks",
		"1 to 25");
	REFUSED(EGRESS("action: Deny, to: [{namespaces: {matchExpressions: [{key: a, operator: Is}]}}]"),
		"spec.egress[1].to[0].namespaces.matchExpressions[0].operator", "must be In");
	REFUSED(HEADED("ingress: [{action: Deny, from: [{networks: [10.0.0.0/8]}]}]"),
		"spec.ingress[0].from[0].networks", "unknown field");
	REFUSED(EGRESS("action: Deny, to: [{namespaces: {}}], ports: []"), "spec.egress[1].ports",
		"at least one");
	REFUSED(PORT("{}"), "spec.egress[1].ports[0]", "exactly one");
	REFUSED(PORT("{portNumber: {protocol: TCP}}"), "spec.egress[1].ports[0].portNumber.port",
		"is missing");
	REFUSED(PORT("{portNumber: {port: 0}}"), "spec.egress[1].ports[0].portNumber.port", "1 to 65535");
	REFUSED(PORT("{portNumber: {protocol: ICMP, port: 1}}"),
		"spec.egress[1].ports[0].portNumber.protocol", "TCP, UDP or SCTP");
	REFUSED(PORT("{portRange: {start: 5, end: 4}}"), "spec.egress[1].ports[0].portRange.end",
		"must not be below start 5");
	REFUSED(EGRESS("action: Deny, to: [{namespaces: {}}, {networks: [10.0.0.0/8]}], "
		       "ports: [{portNumber: {port: 1}}, {namedPort: a}]"),
		"spec.egress[1].ports[1].namedPort", "no exact form");
	/* What only the reader of ClusterNetworkPolicies knows is said in its words. */
	REFUSED(EGRESS("action: Deny, to: [{networks: [10.0.0.0/8, 10.0.0.0/8]}]"), "",
		"is refused: spec.egress[1].to[0].networks[1]: \"10.0.0.0/8\" is there twice");
	REFUSED(PORT("{namedPort: \"a b\"}"), "", "is refused: spec.egress[1].protocols[0]");
}

int main(void)
{
	np_objects_init(&objs);
	test_refused();
	test_worlds();
	np_objects_free(&objs);
	return check_done("convert");
}
