// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Objects through netlink messages and back. No kernel is asked.
 */
#include <errno.h>
#include <stdlib.h>
#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>

#include "check.h"
#include "netlink/client.h"
#include "netlink/decode.h"
#include "netlink/encode.h"
#include "netlink/place.h"
#include "netlink/schema.h"
#include "base/output.h"
#include "object/digest.h"
#include "object/load.h"
#include "object/state.h"
#include "object/write.h"
#include "netlink/observe.h"
#include "netlink/report.h"
#include "netlink/trace.h"
#include "object/settings.h"

/* A decoder at the other end of the encoder. */
struct wire {
	struct np_client client;
	struct np_state state;
	unsigned int messages;
	unsigned int objects;	/* as the kernel counts them */
	uint32_t longest;
};

static struct nl_msg *wire_fresh(void *arg, size_t size)
{
	struct wire *wire = arg;
	struct nl_msg *msg = np_client_message(&wire->client, NETPOL_CMD_TXN_ADD, size);

	nla_put_u32(msg, NETPOL_A_TXN, 7);
	return msg;
}

/* Attribute type 0 is invalid, and each nest must carry its flag. */
static bool wire_strict(const struct nlmsghdr *nlh)
{
	struct nlattr *attrs, *attr;
	int len, left;

	attrs = np_message_attrs(nlh, &len);
	nla_for_each_attr(attr, attrs, len, left)
		if (!nla_type(attr) || (nla_type(attr) >= NETPOL_A_LABEL_SET &&
					!(attr->nla_type & NLA_F_NESTED)))
			return false;
	return !left;
}

static unsigned int wire_objects(const struct nlmsghdr *nlh)
{
	struct nlattr *attrs, *attr;
	unsigned int count = 0;
	int len, left;

	attrs = np_message_attrs(nlh, &len);
	nla_for_each_attr(attr, attrs, len, left) {
		switch (nla_type(attr)) {
		case NETPOL_A_NAMESPACE:
		case NETPOL_A_POD:
		case NETPOL_A_POLICY:
		case NETPOL_A_SETTINGS:
		case NETPOL_A_DELETE:
			count++;
		}
	}
	return count;
}

static int wire_send(void *arg, struct nl_msg *msg, struct np_error *err)
{
	struct wire *wire = arg;
	struct nlmsghdr *nlh = nlmsg_hdr(msg);

	CHECK(wire_strict(nlh));
	wire->objects += wire_objects(nlh);
	wire->messages++;
	if (nlh->nlmsg_len > wire->longest)
		wire->longest = nlh->nlmsg_len;
	return np_state_decode(&wire->state, nlh, err);
}

static void wire_open(struct wire *wire, struct np_encoder *enc)
{
	memset(wire, 0, sizeof(*wire));
	wire->client.family = 0x20;
	np_state_init(&wire->state);
	np_encoder_init(enc, wire_fresh, wire_send, wire);
}

static void wire_close(struct wire *wire, struct np_encoder *enc)
{
	if (enc->msg)
		wire->objects += wire_objects(nlmsg_hdr(enc->msg));
	CHECK_EQ(enc->objects, wire->objects);
	np_encoder_free(enc);
	np_state_free(&wire->state);
}

static unsigned int seed = 1;

static unsigned int pick(unsigned int below)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % below;
}

static const char *word(struct np_objects *objs, const char *base, unsigned int number)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%u", base, number);
	return np_intern_str(objs, text);
}

static void random_labels(struct np_objects *objs, struct np_labels *labels)
{
	unsigned int i;

	labels->count = pick(5);
	labels->item = np_arena_zalloc(&objs->arena, (labels->count + 1) *
				       sizeof(*labels->item));
	for (i = 0; i < labels->count; i++) {
		labels->item[i].key = word(objs, "key.example/", i);
		labels->item[i].value = pick(4) ? word(objs, "v", pick(3)) : "";
	}
}

static void random_selector(struct np_objects *objs, struct np_selector *sel)
{
	struct np_requirement *req;
	unsigned int i, v;

	sel->present = true;
	sel->count = pick(4);
	sel->item = np_arena_zalloc(&objs->arena, (sel->count + 1) * sizeof(*req));
	for (i = 0; i < sel->count; i++) {
		req = &sel->item[i];
		req->key = word(objs, "key.example/", pick(6));
		req->op = pick(4);
		req->value_count = req->op <= NP_OP_NOT_IN ? 1 + pick(4) : 0;
		req->value = np_arena_zalloc(&objs->arena, 4 * sizeof(*req->value));
		for (v = 0; v < req->value_count; v++)
			req->value[v] = pick(5) ? word(objs, "v", v) : "";
	}
}

static void random_cidr(struct np_cidr *cidr)
{
	unsigned int i;

	cidr->family = pick(2) ? AF_INET : AF_INET6;
	cidr->length = pick(cidr->family == AF_INET ? 33 : 129);
	for (i = 0; i < cidr->length / 8U; i++)
		cidr->addr[i] = pick(256);
}

static void random_rule(struct np_objects *objs, struct np_rule *rule)
{
	struct np_port *port;
	struct np_peer *peer;
	unsigned int i, e;

	rule->peer_count = pick(4);
	rule->peer = np_arena_zalloc(&objs->arena, 4 * sizeof(*peer));
	for (i = 0; i < rule->peer_count; i++) {
		peer = &rule->peer[i];
		if (pick(2)) {
			peer->ipblock = np_arena_zalloc(&objs->arena, sizeof(*peer->ipblock));
			random_cidr(&peer->ipblock->cidr);
			peer->ipblock->except_count = pick(3);
			peer->ipblock->except = np_arena_zalloc(&objs->arena,
								3 * sizeof(struct np_cidr));
			for (e = 0; e < peer->ipblock->except_count; e++)
				random_cidr(&peer->ipblock->except[e]);
			continue;
		}
		if (pick(2))
			random_selector(objs, &peer->pod_selector);
		if (!peer->pod_selector.present || pick(2))
			random_selector(objs, &peer->ns_selector);
	}
	rule->port_count = pick(4);
	rule->port = np_arena_zalloc(&objs->arena, 4 * sizeof(*port));
	for (i = 0; i < rule->port_count; i++) {
		port = &rule->port[i];
		port->protocol = pick(2) ? NP_PROTOCOL_TCP : NP_PROTOCOL_SCTP;
		port->kind = pick(4);
		if (port->kind == NP_PORT_NAME)
			port->name = word(objs, "port", pick(3));
		if (port->kind == NP_PORT_NUMBER || port->kind == NP_PORT_RANGE)
			port->first = port->last = 1 + pick(60000);
		if (port->kind == NP_PORT_RANGE)
			port->last += 1 + pick(5000);
	}
}

static void random_policy(struct np_objects *objs, unsigned int number)
{
	struct np_policy *policy = np_objects_add_policy(objs);
	uint32_t i;

	policy->namespace = word(objs, "ns", pick(5));
	policy->name = word(objs, "policy-", number);
	random_selector(objs, &policy->pod_selector);
	policy->directions = 1 + pick(3);
	policy->ingress_count = pick(4);
	policy->egress_count = pick(4);
	policy->ingress = np_arena_zalloc(&objs->arena, 4 * sizeof(*policy->ingress));
	policy->egress = np_arena_zalloc(&objs->arena, 4 * sizeof(*policy->egress));
	for (i = 0; i < policy->ingress_count; i++)
		random_rule(objs, &policy->ingress[i]);
	for (i = 0; i < policy->egress_count; i++)
		random_rule(objs, &policy->egress[i]);
}

static void random_pod(struct np_objects *objs, unsigned int number)
{
	struct np_pod *pod = np_objects_add_pod(objs);
	uint32_t i;

	pod->namespace = word(objs, "ns", pick(5));
	pod->name = word(objs, "pod-", number);
	pod->uid = pick(3) ? word(objs, "uid ", number) : "";
	pod->node = "";
	pod->phase = pick(2) ? NP_PHASE_RUNNING : NP_PHASE_PENDING;
	random_labels(objs, &pod->labels);
	pod->address_count = 1 + pick(3);
	pod->address = np_arena_zalloc(&objs->arena, 3 * sizeof(*pod->address));
	for (i = 0; i < pod->address_count; i++) {
		pod->address[i].family = pick(2) ? AF_INET : AF_INET6;
		pod->address[i].addr[0] = 10;
		pod->address[i].addr[3] = pick(256);
	}
	pod->port_count = pick(3);
	pod->port = np_arena_zalloc(&objs->arena, 3 * sizeof(*pod->port));
	for (i = 0; i < pod->port_count; i++) {
		pod->port[i].name = word(objs, "port", i);
		pod->port[i].number = 1 + pick(9000);
		pod->port[i].protocol = NP_PROTOCOL_UDP;
	}
}

static void test_round_trip(void)
{
	struct np_error err = { 0 };
	struct np_placement place[300];
	struct np_objects objs;
	struct np_namespace *ns;
	struct np_encoder enc;
	struct wire wire;
	unsigned int i;

	np_objects_init(&objs);
	wire_open(&wire, &enc);
	for (i = 0; i < 300; i++) {
		ns = np_objects_add_namespace(&objs);
		ns->name = word(&objs, "ns", i);
		random_labels(&objs, &ns->labels);
		random_pod(&objs, i);
		random_policy(&objs, i);
		place[i].local = pick(2);
		place[i].ifindex = place[i].local ? pick(3) : 0;
	}
	for (i = 0; i < 300; i++) {
		CHECK(!np_encode_namespace(&enc, &objs.namespaces[i], &err));
		CHECK(!np_encode_pod(&enc, &objs.pods[i], &place[i], &err));
		CHECK(!np_encode_policy(&enc, &objs.policies[i], &err));
	}
	CHECK(!np_encoder_flush(&enc, &err));
	CHECK_STR(err.text, "");
	CHECK_EQ(wire.state.objects.namespace_count, 300);
	CHECK_EQ(wire.state.objects.pod_count, 300);
	CHECK_EQ(wire.state.objects.policy_count, 300);
	CHECK(enc.sets.count < 300);	/* label sets are shared */
	CHECK_EQ(wire.state.set_count, enc.sets.count);
	CHECK(wire.messages > 1);
	CHECK(wire.longest <= NP_MESSAGE_SIZE);
	for (i = 0; i < wire.state.objects.pod_count; i++) {
		CHECK(np_namespace_digest(&objs.namespaces[i]) ==
		      np_namespace_digest(&wire.state.objects.namespaces[i]));
		CHECK(np_pod_digest(&objs.pods[i], &place[i]) ==
		      np_pod_digest(&wire.state.objects.pods[i], &wire.state.pod[i].place));
		CHECK(np_policy_digest(&objs.policies[i]) ==
		      np_policy_digest(&wire.state.objects.policies[i]));
		CHECK_STR(wire.state.objects.policies[i].name, objs.policies[i].name);
	}
	/* A digest is not blind: the next object differs. */
	CHECK(np_policy_digest(&objs.policies[0]) != np_policy_digest(&objs.policies[1]));
	place[0].local = !place[0].local;
	CHECK(np_pod_digest(&objs.pods[0], &place[0]) !=
	      np_pod_digest(&wire.state.objects.pods[0], &wire.state.pod[0].place));
	wire_close(&wire, &enc);
	np_objects_free(&objs);
}

/* A ClusterNetworkPolicy in every form, and rules that are closed. */
static const char cluster_policies[] =
	"apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicyList\nitems:\n"
	"- metadata: {name: a}\n"
	"  spec:\n"
	"    tier: Admin\n"
	"    priority: 1000\n"
	"    subject: {pods: {namespaceSelector: {matchLabels: {a: b}}, podSelector: {matchExpressions: "
	"[{key: c, operator: NotIn, values: [d, e]}]}}}\n"
	"    ingress:\n"
	"    - {name: one, action: Accept, from: [{pods: {podSelector: {}}}, {namespaces: {}}, "
	"{pods: {podSelector: {matchLabels: {a: b}}, namespaceSelector: {}}}]}\n"
	"    - {name: two, action: Deny, from: [{namespaces: {}}], protocols: [{destinationNamedPort: "
	"web}, {tcp: {destinationPort: {number: 1}}}, {sctp: {destinationPort: {range: {start: 2, "
	"end: 65535}}}}]}\n"
	"    - {name: three, action: Accept, from: [{}]}\n"
	"    - {name: four, action: Deny, from: [{}]}\n"
	"    - {action: Pass, from: [{namespaces: {}}]}\n"
	"    egress:\n"
	"    - {action: Accept, to: [{networks: [0.0.0.0/0, \"::/0\"]}, {namespaces: {}}, {networks: "
	"[10.0.0.0/8]}], protocols: [{udp: {destinationPort: {number: 53}}}]}\n"
	"- metadata: {name: b}\n"
	"  spec: {tier: Baseline, priority: 0, subject: {namespaces: {matchLabels: {a: b}}}}\n"
	"- metadata: {name: c}\n"
	"  spec: {tier: Baseline, priority: 7, subject: {namespaces: {}}, egress: [{action: Deny, to: "
	"[{namespaces: {}}]}]}\n"
	"- metadata: {name: d}\n"
	"  spec: {tier: Admin, priority: 7, subject: {pods: {podSelector: {}}}, egress: [{action: "
	"Pass, name: x, to: [{nodes: {}}]}]}\n";

static void manifest(const struct np_policy *policy, char text[8192])
{
	const struct np_policy_state state = { 0 };
	FILE *file = fmemopen(text, 8192, "w");
	struct np_writer w;

	np_writer_init(&w, file, NP_FORMAT_JSONL);
	np_manifest_policy(&w, NULL, policy, &state);
	fclose(file);
}

static void test_cluster(void)
{
	const struct np_load_options lenient = { .lenient = true };
	const struct np_policy *back;
	char before[8192], after[8192];
	struct np_error err = { 0 };
	struct np_objects objs;
	struct np_encoder enc;
	struct wire wire;
	size_t i, k;

	np_objects_init(&objs);
	CHECK(!np_load_buffer(&objs, "t", cluster_policies, strlen(cluster_policies), &lenient,
			      &err));
	CHECK_EQ(objs.policy_count, 4);
	wire_open(&wire, &enc);
	for (i = 0; i < objs.policy_count; i++)
		CHECK(!np_encode_policy(&enc, &objs.policies[i], &err));
	CHECK(!np_encoder_flush(&enc, &err));
	if (!CHECK_EQ(wire.state.objects.policy_count, 4))
		return;
	back = wire.state.objects.policies;
	for (i = 0; i < 4; i++) {
		CHECK_STR(back[i].namespace, "");
		CHECK_EQ(wire.state.policy[i].kind, NETPOL_KIND_CLUSTER_NETWORK_POLICY);
		CHECK_EQ(back[i].tier, objs.policies[i].tier);
		CHECK_EQ(back[i].priority, objs.policies[i].priority);
		CHECK_EQ(back[i].directions, objs.policies[i].directions);
		CHECK(np_policy_digest(&back[i]) == np_policy_digest(&objs.policies[i]));
		for (k = 0; k < 4; k++)
			CHECK((np_policy_digest(&back[k]) == np_policy_digest(&back[i])) ==
			      (i == k));
		manifest(&objs.policies[i], before);
		manifest(&back[i], after);
		/* a closed Pass is a closed Deny, and all pods are all namespaces */
		if (i < 3)
			CHECK_STR(after, before);
	}
	CHECK(strstr(after, "\"subject\":{\"namespaces\":{}},\"egress\":[{\"name\":\"x\","
		     "\"action\":\"Deny\",\"to\":[{}]}]"));
	CHECK_STR(back[0].ingress[1].name, "two");
	CHECK_EQ(back[0].ingress[0].action, NP_ACTION_ACCEPT);
	CHECK(!back[0].ingress[0].closed && !back[0].ingress[1].closed);
	CHECK_EQ(back[0].ingress[2].action, NP_ACTION_ACCEPT);
	CHECK(back[0].ingress[2].closed && !back[0].ingress[2].peer_count);
	CHECK_EQ(back[0].ingress[3].action, NP_ACTION_DENY);
	CHECK(back[0].ingress[3].closed);
	CHECK_EQ(back[0].ingress[4].action, NP_ACTION_PASS);
	CHECK(!back[0].ingress[4].closed);
	CHECK_STR(back[0].ingress[4].name, "");
	CHECK_EQ(back[3].egress[0].action, NP_ACTION_DENY);
	CHECK(back[3].egress[0].closed);
	wire_close(&wire, &enc);
	np_objects_free(&objs);
}

/* Each part of what a ClusterNetworkPolicy means is in its digest. */
static void test_cluster_digest(void)
{
	struct np_requirement need = { .key = "a", .op = NP_OP_EXISTS };
	struct np_peer peer = { .ns_selector.present = true };
	struct np_rule rule = { .peer = &peer, .peer_count = 1, .action = NP_ACTION_PASS }, other;
	struct np_policy policy = {
		.namespace = "", .name = "c", .tier = NP_TIER_ADMIN, .priority = 5,
		.ingress = &rule, .ingress_count = 1, .directions = NP_DIR_INGRESS,
	}, changed = policy;
	__uint128_t digest = np_policy_digest(&policy);

	changed.tier = NP_TIER_BASELINE;
	CHECK(np_policy_digest(&changed) != digest);
	changed = policy;
	changed.priority = 6;
	CHECK(np_policy_digest(&changed) != digest);
	changed = policy;
	changed.ns_selector = (struct np_selector) { &need, 1, true };
	CHECK(np_policy_digest(&changed) != digest);
	changed.pod_selector = changed.ns_selector;
	changed.ns_selector = policy.ns_selector;
	CHECK(np_policy_digest(&changed) != digest);
	changed = policy;
	changed.egress = changed.ingress;
	changed.egress_count = 1;
	changed.ingress_count = 0;
	CHECK(np_policy_digest(&changed) != digest);
	changed = policy;
	changed.ingress = &other;
	other = rule;
	other.name = "";
	CHECK(np_policy_digest(&changed) == digest);
	other.name = "x";
	CHECK(np_policy_digest(&changed) != digest);
	other = rule;
	other.action = NP_ACTION_DENY;
	CHECK(np_policy_digest(&changed) != digest);
	other = rule;
	other.closed = true;
	CHECK(np_policy_digest(&changed) != digest);
	/* as the kernel has it, and selectors that match everything are as good as none */
	digest = np_policy_digest(&changed);
	other.action = NP_ACTION_DENY;
	CHECK(np_policy_digest(&changed) == digest);
	digest = np_policy_digest(&policy);
	peer.pod_selector.present = true;
	policy.pod_selector.present = true;
	CHECK(np_policy_digest(&policy) == digest);
}

static int note_deletion(void *arg, struct nl_msg *msg, struct np_error *err)
{
	struct nlattr *tb[NETPOL_DELETE_A_MAX + 1], *attrs, *attr;
	char *text = arg;
	int len, left;

	(void)err;
	attrs = np_message_attrs(nlmsg_hdr(msg), &len);
	nla_for_each_attr(attr, attrs, len, left) {
		if (nla_type(attr) != NETPOL_A_DELETE)
			continue;
		CHECK(np_parse_nest(&np_delete_schema, attr, tb));
		sprintf(text + strlen(text), "%u %s/%s,", np_attr_u8(tb[NETPOL_DELETE_A_KIND]),
			tb[NETPOL_DELETE_A_NAMESPACE] ?
			nla_get_string(tb[NETPOL_DELETE_A_NAMESPACE]) : "",
			nla_get_string(tb[NETPOL_DELETE_A_NAME]));
	}
	return 0;
}

static struct nl_msg *fresh_deletion(void *arg, size_t size)
{
	struct np_client client = { .family = 0x20 };

	(void)arg;
	return np_client_message(&client, NETPOL_CMD_TXN_ADD, size);
}

/* A policy that is deleted without a namespace is a ClusterNetworkPolicy. */
static void test_deletions(void)
{
	struct np_error err = { 0 };
	struct np_encoder enc;
	char text[200] = "";

	np_encoder_init(&enc, fresh_deletion, note_deletion, text);
	CHECK(!np_encode_delete(&enc, NETPOL_OBJECT_POLICY, "shop", "a", NULL, &err));
	CHECK(!np_encode_delete(&enc, NETPOL_OBJECT_POLICY, NULL, "b", NULL, &err));
	CHECK(!np_encode_delete(&enc, NETPOL_OBJECT_POLICY, "", "c", NULL, &err));
	CHECK(!np_encode_delete(&enc, NETPOL_OBJECT_NAMESPACE, "", "d", NULL, &err));
	CHECK(!np_encoder_flush(&enc, &err));
	CHECK_STR(text, "1 shop/a,2 /b,2 /c,0 /d,");
	np_encoder_free(&enc);
}

/* What a kernel may not say of a ClusterNetworkPolicy. */
static void test_cluster_malformed(void)
{
	static const struct {
		const char *namespace;
		uint8_t tier;
		uint8_t action;
		int ret;
	} cases[] = {
		{ NULL, NETPOL_TIER_ADMIN, NETPOL_ACTION_PASS, 0 },
		{ NULL, NETPOL_TIER_BASELINE, NETPOL_ACTION_NONE, 0 },
		{ "shop", NETPOL_TIER_ADMIN, NETPOL_ACTION_PASS, -1 },
		{ NULL, NETPOL_TIER_NETWORK_POLICY, NETPOL_ACTION_PASS, -1 },
		{ NULL, 0, NETPOL_ACTION_PASS, -1 },
		{ NULL, NETPOL_TIER_ADMIN, NETPOL_ACTION_PASS + 1, -1 },
	};
	struct np_client client = { .family = 0x20 };
	struct np_error err = { 0 };
	struct np_state state;
	struct nlattr *nest;
	struct nl_msg *msg;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		np_state_init(&state);
		msg = np_client_message(&client, NETPOL_CMD_GET_POLICY, 4096);
		nest = nla_nest_start(msg, NETPOL_A_POLICY);
		nla_put_u8(msg, NETPOL_POLICY_A_KIND, NETPOL_KIND_CLUSTER_NETWORK_POLICY);
		if (cases[i].namespace)
			nla_put_string(msg, NETPOL_POLICY_A_NAMESPACE, cases[i].namespace);
		nla_put_string(msg, NETPOL_POLICY_A_NAME, "a");
		if (cases[i].tier)
			nla_put_u8(msg, NETPOL_POLICY_A_TIER, cases[i].tier);
		nla_nest_end(msg, nest);
		nest = nla_nest_start(msg, NETPOL_A_RULE);
		nla_put_u8(msg, NETPOL_RULE_A_DIRECTION, NETPOL_DIRECTION_EGRESS);
		nla_put_u8(msg, NETPOL_RULE_A_ACTION, cases[i].action);
		nla_nest_end(msg, nest);
		CHECK_EQ(np_state_decode(&state, nlmsg_hdr(msg), &err), cases[i].ret);
		nlmsg_free(msg);
		np_state_free(&state);
	}
}

static void test_empty_selectors(void)
{
	struct np_peer peer[3] = {
		{ .pod_selector.present = true },
		{ .ns_selector.present = true },
		{ .pod_selector.present = true, .ns_selector.present = true },
	};
	struct np_rule rule[2] = { { .peer = peer, .peer_count = 3 }, { .peer = NULL } };
	struct np_policy policy = {
		.namespace = "shop", .name = "all", .ingress = rule, .ingress_count = 2,
		.egress = rule, .egress_count = 2, .directions = NP_DIR_INGRESS,
	};
	const struct np_policy *back;
	struct np_error err = { 0 };
	struct np_encoder enc;
	struct wire wire;

	wire_open(&wire, &enc);
	CHECK(!np_encode_policy(&enc, &policy, &err) && !np_encoder_flush(&enc, &err));
	CHECK_STR(err.text, "");
	back = &wire.state.objects.policies[0];
	if (CHECK_EQ(wire.state.objects.policy_count, 1)) {
		CHECK_EQ(back->ingress_count, 2);
		CHECK_EQ(back->egress_count, 0);	/* not one of its directions */
		CHECK_EQ(back->ingress[0].peer_count, 3);
		CHECK(back->ingress[0].peer[0].pod_selector.present);
		CHECK(!back->ingress[0].peer[0].ns_selector.present);
		CHECK(!back->ingress[0].peer[1].pod_selector.present);
		CHECK(back->ingress[0].peer[1].ns_selector.present);
		CHECK(back->ingress[0].peer[2].pod_selector.present &&
		      back->ingress[0].peer[2].ns_selector.present);
		CHECK_EQ(back->ingress[1].peer_count, 0);
		CHECK(back->pod_selector.present);
		CHECK_EQ(back->pod_selector.count, 0);
	}
	wire_close(&wire, &enc);
}

#define PEERS	20000
#define EXCEPTS	6000

static void test_huge_policy(void)
{
	struct np_peer *peer = calloc(PEERS, sizeof(*peer));
	struct np_ipblock *block = calloc(PEERS, sizeof(*block));
	struct np_cidr *except = calloc(EXCEPTS, sizeof(*except));
	struct np_rule rule = { .peer = peer, .peer_count = PEERS };
	struct np_policy policy = {
		.namespace = "shop", .name = "huge", .egress = &rule, .egress_count = 1,
		.directions = NP_DIR_EGRESS,
	};
	const struct np_rule *back;
	struct np_error err = { 0 };
	struct np_encoder enc;
	struct wire wire;
	int i;

	for (i = 0; i < PEERS; i++) {
		block[i].cidr = (struct np_cidr) { AF_INET, 24, { 10, i >> 8, i } };
		peer[i].ipblock = &block[i];
	}
	for (i = 0; i < EXCEPTS; i++)
		except[i] = (struct np_cidr) { AF_INET, 32, { 10, 1, i >> 8, i } };
	block[500].except = except;
	block[500].except_count = EXCEPTS;
	wire_open(&wire, &enc);
	CHECK(!np_encode_policy(&enc, &policy, &err) && !np_encoder_flush(&enc, &err));
	CHECK(wire.messages > 10);
	CHECK(wire.longest <= NP_MESSAGE_SIZE);
	CHECK_EQ(wire.state.objects.policy_count, 1);
	back = &wire.state.objects.policies[0].egress[0];
	CHECK_EQ(back->peer_count, PEERS);
	CHECK_EQ(back->peer[500].ipblock->except_count, EXCEPTS);
	CHECK_EQ(back->peer[501].ipblock->except_count, 0);
	CHECK(np_policy_digest(&policy) == np_policy_digest(&wire.state.objects.policies[0]));
	wire_close(&wire, &enc);
	free(peer);
	free(block);
	free(except);
}

/* A dump goes on with a policy in the next message, with or without its rule. */
static void test_continued(void)
{
	struct np_client client = { .family = 0x20 };
	struct np_cidr cidr = { AF_INET, 8, { 10 } };
	struct np_state state;
	struct np_error err = { 0 };
	struct nlattr *nest, *inner;
	struct nl_msg *msg;
	int i;

	np_state_init(&state);
	for (i = 0; i < 4; i++) {
		msg = np_client_message(&client, NETPOL_CMD_GET_POLICY, 4096);
		nest = nla_nest_start(msg, NETPOL_A_POLICY);
		nla_put_string(msg, NETPOL_POLICY_A_NAMESPACE, "shop");
		nla_put_string(msg, NETPOL_POLICY_A_NAME, i < 3 ? "p" : "other");
		nla_put_u8(msg, NETPOL_POLICY_A_DIRECTIONS, 1);
		nla_put_u32(msg, NETPOL_POLICY_A_FLAGS, i ? NETPOL_POLICY_F_CONTINUED : 0);
		nla_nest_end(msg, nest);
		if (i != 1) {
			nest = nla_nest_start(msg, NETPOL_A_RULE);
			nla_put_u8(msg, NETPOL_RULE_A_DIRECTION, 0);
			nla_put_u32(msg, NETPOL_RULE_A_INDEX, 0);
			nla_nest_end(msg, nest);
		}
		nest = nla_nest_start(msg, NETPOL_A_PEER);
		inner = nla_nest_start(msg, NETPOL_PEER_A_PREFIX);
		nla_put(msg, NETPOL_PREFIX_A_ADDRESS4, 4, cidr.addr);
		nla_put_u8(msg, NETPOL_PREFIX_A_LENGTH, 8);
		nla_nest_end(msg, inner);
		nla_nest_end(msg, nest);
		CHECK_EQ(np_state_decode(&state, nlmsg_hdr(msg), &err), i < 3 ? 0 : -1);
		nlmsg_free(msg);
	}
	CHECK_EQ(err.exit, NP_EXIT_ABI);
	CHECK_EQ(state.objects.policy_count, 1);
	CHECK_EQ(state.objects.policies[0].ingress_count, 1);
	CHECK_EQ(state.objects.policies[0].ingress[0].peer_count, 3);
	np_state_free(&state);
}

static void put_listed_policy(struct nl_msg *msg, const char *name, uint32_t flags)
{
	struct nlattr *nest = nla_nest_start(msg, NETPOL_A_POLICY);

	nla_put_string(msg, NETPOL_POLICY_A_NAMESPACE, "shop");
	nla_put_string(msg, NETPOL_POLICY_A_NAME, name);
	nla_put_u8(msg, NETPOL_POLICY_A_DIRECTIONS, 1);
	nla_put_u32(msg, NETPOL_POLICY_A_FLAGS, flags);
	nla_nest_end(msg, nest);
}

static void put_listed_rule(struct nl_msg *msg, uint32_t index)
{
	struct nlattr *nest = nla_nest_start(msg, NETPOL_A_RULE);

	nla_put_u8(msg, NETPOL_RULE_A_DIRECTION, 0);
	nla_put_u32(msg, NETPOL_RULE_A_INDEX, index);
	nla_nest_end(msg, nest);
}

/* Of a message with several policies the last one can be kept alone, and goes on in the next. */
static void test_last(void)
{
	struct np_client client = { .family = 0x20 };
	struct np_error err = { 0 };
	struct np_state state;
	struct nl_msg *msg;

	np_state_init(&state);
	msg = np_client_message(&client, NETPOL_CMD_GET_POLICY, 4096);
	put_listed_policy(msg, "a", 0);
	put_listed_rule(msg, 0);
	put_listed_policy(msg, "b", 0);
	put_listed_rule(msg, 0);
	put_listed_rule(msg, 1);
	CHECK_EQ(np_state_decode(&state, nlmsg_hdr(msg), &err), 0);
	CHECK_EQ(state.objects.policy_count, 2);
	CHECK_EQ(np_state_decode_last(&state, nlmsg_hdr(msg), &err), 0);
	nlmsg_free(msg);
	CHECK_EQ(state.objects.policy_count, 1);
	CHECK_STR(state.objects.policies[0].name, "b");
	CHECK_EQ(state.objects.policies[0].ingress_count, 2);
	msg = np_client_message(&client, NETPOL_CMD_GET_POLICY, 4096);
	put_listed_policy(msg, "b", NETPOL_POLICY_F_CONTINUED);
	put_listed_rule(msg, 1);
	put_listed_rule(msg, 2);
	put_listed_policy(msg, "c", 0);
	CHECK_EQ(np_state_decode(&state, nlmsg_hdr(msg), &err), 0);
	CHECK_EQ(state.objects.policy_count, 2);
	CHECK_EQ(state.objects.policies[0].ingress_count, 3);
	CHECK_EQ(np_state_decode_last(&state, nlmsg_hdr(msg), &err), 0);
	nlmsg_free(msg);
	CHECK_EQ(state.objects.policy_count, 1);
	CHECK_STR(state.objects.policies[0].name, "c");
	CHECK_EQ(state.objects.policies[0].ingress_count, 0);
	np_state_free(&state);
}

static void test_limits(void)
{
	struct np_label *labels = calloc(2000, sizeof(*labels));
	struct np_namespace ns = { .name = "big", .labels = { labels, 120 } };
	struct np_error err = { 0 };
	struct np_encoder enc;
	char key[2000][NETPOL_KEY_MAX + 1];
	struct wire wire;
	int i;

	for (i = 0; i < 2000; i++) {
		memset(key[i], 'k', NETPOL_KEY_MAX);
		snprintf(key[i], NETPOL_KEY_MAX, "%04d", i);
		key[i][4] = 'k';
		key[i][NETPOL_KEY_MAX] = '\0';
		labels[i].key = key[i];
		labels[i].value = "";
	}
	wire_open(&wire, &enc);
	CHECK(!np_encode_namespace(&enc, &ns, &err) && !np_encoder_flush(&enc, &err));
	CHECK(wire.longest > NP_MESSAGE_SIZE);	/* one unit may be larger */
	CHECK_EQ(wire.state.objects.namespaces[0].labels.count, 120);
	ns.labels.count = 2000;		/* but not than an attribute can be */
	CHECK_EQ(np_encode_namespace(&enc, &ns, &err), -1);
	CHECK_EQ(err.exit, NP_EXIT_INPUT);
	CHECK_STR(err.object, "Namespace big");
	wire_close(&wire, &enc);
	free(labels);
}

static void test_uid(void)
{
	uint8_t a[NETPOL_UID_LEN], b[NETPOL_UID_LEN];
	char text[NP_UID_TEXT];

	np_uid_bytes("0f8fad5b-d9cb-469f-A165-70867728950e", a);
	CHECK_EQ(a[0], 0x0f);
	CHECK_EQ(a[8], 0xa1);
	CHECK_STR(np_uid_text(a, text), "0f8fad5b-d9cb-469f-a165-70867728950e");
	np_uid_bytes("", a);
	CHECK_STR(np_uid_text(a, text), "");
	np_uid_bytes("static-pod-digest", a);
	np_uid_bytes(np_uid_text(a, text), b);
	CHECK(!memcmp(a, b, sizeof(a)));	/* its text means the same */
	np_uid_bytes("static-pod-digesu", b);
	CHECK(memcmp(a, b, sizeof(a)));
	np_uid_bytes("0f8fad5b-d9cb-469f-a165-70867728950", a);	/* too short: digest */
	CHECK(a[0] != 0x0f || a[1] != 0x8f);
	/* The published value of FNV-1a, 128 bits, of "a". */
	np_uid_bytes("a", a);
	CHECK_STR(np_uid_text(a, text), "d228cb69-6f1a-8caf-7891-2b704e4a8964");
}

static void test_place_of_error(void)
{
	struct np_client client = { .family = 0x20 };
	struct np_peer peer = { .ipblock = &(struct np_ipblock) {
		.cidr = { AF_INET, 24, { 10 } } } };
	struct np_rule rule = { .peer = &peer, .peer_count = 1 };
	struct np_policy policy = {
		.namespace = "shop", .name = "in", .ingress = &rule, .ingress_count = 1,
		.directions = NP_DIR_INGRESS,
	};
	struct np_error err = { 0 };
	struct np_encoder enc;
	struct nlmsghdr *nlh;
	struct nlattr *attr;
	struct wire wire;
	int left, len;
	uint32_t peer_at = 0;

	wire_open(&wire, &enc);
	CHECK(!np_encode_policy(&enc, &policy, &err));
	nlh = nlmsg_hdr(enc.msg);
	attr = np_message_attrs(nlh, &len);
	for (left = len; nla_ok(attr, left); attr = nla_next(attr, &left))
		if (nla_type(attr) == NETPOL_A_PEER)
			peer_at = (char *)attr - (char *)nlh;
	np_message_at(nlh, peer_at, &err);
	CHECK_STR(err.path, "peer");
	CHECK_STR(err.object, "NetworkPolicy shop/in");
	np_message_at(nlh, peer_at + 4 + 4 + 8, &err);
	CHECK_STR(err.path, "peer.prefix.length");
	np_message_missing(nlh, peer_at, NETPOL_PEER_A_POD_SELECTOR, &err);
	CHECK_STR(err.path, "peer.pod-selector");
	np_message_missing(nlh, 0, NETPOL_A_ORIGIN, &err);
	CHECK_STR(err.path, "origin");
	np_message_at(nlh, 1 << 30, &err);
	client.refusal = (struct np_refusal) { .error = EPERM };
	np_client_refused(&client, nlh, &err);
	CHECK_EQ(err.exit, NP_EXIT_PERMISSION);
	CHECK(strstr(err.text, "CAP_NET_ADMIN"));
	client.refusal = (struct np_refusal) {
		.error = EINVAL, .text = "bad length", .has_offset = true,
		.offset = peer_at + 4 + 4 + 8,
	};
	np_client_refused(&client, nlh, &err);
	CHECK_EQ(err.exit, NP_EXIT_KERNEL);
	CHECK_STR(err.path, "peer.prefix.length");
	CHECK_STR(err.text, "bad length (Invalid argument)");
	wire_close(&wire, &enc);
}

/* An error as the kernel writes it, with remarks behind a cut request. */
static void test_feed(void)
{
	struct np_client client = { .family = 0x20, .port = 5 };
	struct nl_msg *msg = nlmsg_alloc_size(4096);
	struct nlmsgerr end = { .error = -ESTALE };
	struct np_error err = { 0 };
	struct nlmsghdr *nlh;

	nlh = nlmsg_put(msg, 5, 9, NLMSG_ERROR, 0, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	nlmsg_append(msg, &end, sizeof(end), 4);
	nla_put_string(msg, NLMSGERR_ATTR_MSG, "base generation is 4");
	nla_put_u32(msg, NLMSGERR_ATTR_OFFS, 24);
	nla_put_u32(msg, NLMSGERR_ATTR_MISS_TYPE, NETPOL_A_ORIGIN);
	nla_put_u64(msg, NLMSGERR_ATTR_COOKIE, 70000);
	CHECK_EQ(np_client_feed(&client, nlh, nlh->nlmsg_len, 8, NULL, NULL, &err), 0);
	CHECK_EQ(np_client_feed(&client, nlh, nlh->nlmsg_len, 9, NULL, NULL, &err), -1);
	CHECK_EQ(client.refusal.error, ESTALE);
	CHECK_STR(client.refusal.text, "base generation is 4");
	CHECK_EQ(client.refusal.offset, 24);
	CHECK_EQ(client.refusal.missing, NETPOL_A_ORIGIN);
	CHECK(client.refusal.has_object);
	CHECK_EQ(client.refusal.object, 70000);
	((struct nlmsgerr *)NLMSG_DATA(nlh))->error = 0;
	CHECK_EQ(np_client_feed(&client, nlh, nlh->nlmsg_len, 9, NULL, NULL, &err), 1);
	CHECK_STR(client.refusal.text, "base generation is 4");
	nlh->nlmsg_flags |= NLM_F_DUMP_INTR;
	np_client_feed(&client, nlh, nlh->nlmsg_len, 9, NULL, NULL, &err);
	CHECK(client.interrupted);
	nlmsg_free(msg);
}

static void put_policy(struct nl_msg *msg, const char *name)
{
	struct nlattr *nest = nla_nest_start(msg, NETPOL_EVENT_A_POLICY);

	nla_put_string(msg, NETPOL_POLICY_A_NAMESPACE, "shop");
	nla_put_string(msg, NETPOL_POLICY_A_NAME, name);
	nla_nest_end(msg, nest);
}

static void test_event(void)
{
	struct np_client client = { .family = 0x20 };
	struct nl_msg *msg = np_client_message(&client, NETPOL_CMD_EVENT, 4096);
	uint8_t address[16] = { 0xfd, [15] = 1 };
	struct np_error err = { 0 };
	struct np_event event;
	struct nlattr *nest;

	nla_put_u8(msg, NETPOL_A_VERDICT, NETPOL_VERDICT_AUDIT);
	nest = nla_nest_start(msg, NETPOL_A_EVENT);
	nla_put_u64(msg, NETPOL_EVENT_A_TIME, 1500000000);
	nla_put_u8(msg, NETPOL_EVENT_A_DIRECTION, NETPOL_DIRECTION_EGRESS);
	nla_put_u8(msg, NETPOL_EVENT_A_REASON, NETPOL_REASON_ISOLATED);
	nla_put(msg, NETPOL_EVENT_A_SOURCE6, 16, address);
	nla_put_string(msg, NETPOL_EVENT_A_SOURCE_NAMESPACE, "shop");
	nla_put_string(msg, NETPOL_EVENT_A_SOURCE_NAME, "cart-0");
	nla_put_u16(msg, NETPOL_EVENT_A_DESTINATION_PORT, 443);
	put_policy(msg, "a");
	put_policy(msg, "b");
	nla_put_u32(msg, NETPOL_EVENT_A_POLICIES, 9);
	nla_put_u64(msg, NETPOL_EVENT_A_LOST, 3);
	nla_nest_end(msg, nest);
	CHECK(!np_event_decode(nlmsg_hdr(msg), &event, &err));
	CHECK(!event.change && event.has_ports);
	CHECK_EQ(event.verdict, NETPOL_VERDICT_AUDIT);
	CHECK_EQ(event.direction, NETPOL_DIRECTION_EGRESS);
	CHECK_EQ(event.source.address.family, AF_INET6);
	CHECK_STR(event.source.name, "cart-0");
	CHECK_EQ(event.destination_port, 443);
	CHECK_EQ(event.policy_count, 2);
	CHECK_STR(event.policy[1].name, "b");
	CHECK_EQ(event.policies, 9);
	CHECK_EQ(event.lost, 3);
	CHECK(event.packet);
	CHECK_EQ(event.count, 1);
	CHECK_EQ(event.first, event.time);
	nlmsg_free(msg);
	/* Several packets. */
	msg = np_client_message(&client, NETPOL_CMD_EVENT, 4096);
	nest = nla_nest_start(msg, NETPOL_A_EVENT);
	nla_put_u64(msg, NETPOL_EVENT_A_TIME, 1500000000);
	nla_put_u64(msg, NETPOL_EVENT_A_COUNT, 37);
	nla_put_u64(msg, NETPOL_EVENT_A_FIRST, 1400000000);
	nla_nest_end(msg, nest);
	CHECK(!np_event_decode(nlmsg_hdr(msg), &event, &err));
	CHECK_EQ(event.count, 37);
	CHECK_EQ(event.first, 1400000000);
	CHECK_EQ(event.time, 1500000000);
	nlmsg_free(msg);
	/* What was lost, alone. */
	msg = np_client_message(&client, NETPOL_CMD_EVENT, 4096);
	nest = nla_nest_start(msg, NETPOL_A_EVENT);
	nla_put_u64(msg, NETPOL_EVENT_A_LOST, 5);
	nla_nest_end(msg, nest);
	CHECK(!np_event_decode(nlmsg_hdr(msg), &event, &err));
	CHECK(!event.packet && !event.change);
	CHECK_EQ(event.lost, 5);
	/* A string that does not end is refused. */
	nest = nla_nest_start(msg, NETPOL_A_EVENT);
	nla_put(msg, NETPOL_EVENT_A_SOURCE_NAME, 4, "cart");
	nla_nest_end(msg, nest);
	CHECK_EQ(np_event_decode(nlmsg_hdr(msg), &event, &err), -1);
	nlmsg_free(msg);
}

/* --- what limits have done -------------------------------------------------------- */

static void put_lack(struct nl_msg *msg, int type, uint8_t direction, uint32_t limit,
		     const char *namespace, uint64_t bytes)
{
	struct nlattr *nest = nla_nest_start(msg, type);

	nla_put_u8(msg, NETPOL_LACK_A_DIRECTION, direction);
	nla_put_u32(msg, NETPOL_LACK_A_LIMIT, limit);
	if (namespace)
		nla_put_string(msg, NETPOL_LACK_A_NAMESPACE, namespace);
	if (bytes)
		nla_put_u64(msg, NETPOL_LACK_A_BYTES, bytes);
	nla_nest_end(msg, nest);
}

/* The sentence about what a pod lacks. The caller frees it. */
static char *shortage_text(const struct np_shortage *lack)
{
	char *text = NULL;
	size_t length;
	FILE *file = open_memstream(&text, &length);

	np_shortage_print(file, lack);
	fclose(file);
	return text;
}

static void test_lack(void)
{
	static const char * const text[] = {
		"policies of namespace shop make more cells on it than limit cells-per-program "
		"leaves; use fewer ports, peers or blocks in them",
		"ClusterNetworkPolicies take 2 KiB or more on it, and that is more than limit "
		"program-bytes leaves; use fewer ports, peers or blocks in any namespace",
	};
	struct np_client client = { .family = 0x20 };
	struct nl_msg *msg = np_client_message(&client, NETPOL_CMD_GET_POD, 4096);
	struct np_error err = { 0 };
	struct np_eval eval = { 0 };
	struct np_info info = { 0 };
	struct np_state state;
	struct nlattr *nest;
	uint32_t i;
	char *said;

	nest = nla_nest_start(msg, NETPOL_A_POD);
	nla_put_string(msg, NETPOL_POD_A_NAMESPACE, "shop");
	nla_put_string(msg, NETPOL_POD_A_NAME, "cart-0");
	nla_put_u32(msg, NETPOL_POD_A_FLAGS, NETPOL_POD_F_LOCAL);
	put_lack(msg, NETPOL_POD_A_LACK, NETPOL_DIRECTION_INGRESS,
		 NETPOL_LIMIT_CELLS_PER_PROGRAM, "shop", 0);
	put_lack(msg, NETPOL_POD_A_LACK, NETPOL_DIRECTION_EGRESS, NETPOL_LIMIT_PROGRAM_BYTES, NULL,
		 2048);
	nla_nest_end(msg, nest);
	np_state_init(&state);
	CHECK_EQ(np_state_decode(&state, nlmsg_hdr(msg), &err), 0);
	CHECK_EQ(state.pod[0].lack_count, 2);
	for (i = 0; i < 2; i++) {
		CHECK_EQ(state.pod[0].lack[i].direction, i);
		said = shortage_text(&state.pod[0].lack[i]);
		CHECK_STR(said, text[i]);
		free(said);
	}
	/* another pod has nothing of it */
	nest = nla_nest_start(msg, NETPOL_A_POD);
	nla_put_string(msg, NETPOL_POD_A_NAMESPACE, "shop");
	nla_put_string(msg, NETPOL_POD_A_NAME, "cart-1");
	nla_nest_end(msg, nest);
	np_state_reset(&state);
	CHECK_EQ(np_state_decode(&state, nlmsg_hdr(msg), &err), 0);
	CHECK_EQ(state.pod[1].lack_count, 0);
	np_state_free(&state);
	nlmsg_free(msg);

	msg = np_client_message(&client, NETPOL_CMD_EVAL, 4096);
	nla_put_u8(msg, NETPOL_A_VERDICT, NETPOL_VERDICT_DENY);
	nest = nla_nest_start(msg, NETPOL_A_STEP);
	nla_put_u8(msg, NETPOL_STEP_A_REASON, NETPOL_REASON_NO_ROOM);
	put_lack(msg, NETPOL_STEP_A_LACK, NETPOL_DIRECTION_INGRESS,
		 NETPOL_LIMIT_PROGRAM_BYTES_PER_NAMESPACE, "shop", 4096);
	nla_nest_end(msg, nest);
	CHECK_EQ(np_eval_decode(nlmsg_hdr(msg), &eval, &err), 0);
	CHECK_EQ(eval.step_count, 1);
	CHECK_EQ(eval.step[0].lack.limit, NETPOL_LIMIT_PROGRAM_BYTES_PER_NAMESPACE);
	CHECK_EQ(eval.step[0].lack.bytes, 4096);
	CHECK_STR(eval.step[0].lack.namespace, "shop");
	CHECK_STR(np_reason_text(eval.step[0].reason), "closed, no room for its policies");
	np_eval_free(&eval);
	nlmsg_free(msg);

	msg = np_client_message(&client, NETPOL_CMD_GET_INFO, 4096);
	nla_put_u32(msg, NETPOL_A_LACKING, 3);
	CHECK_EQ(np_info_decode(nlmsg_hdr(msg), &info, &err), 0);
	CHECK_EQ(info.lacking, 3);
	np_info_free(&info);
	nlmsg_free(msg);
}

/* --- malformed attributes --------------------------------------------------------- */

/* An attribute that is too short, or a string without an end (0), or too long (1). */
static bool put_bad(struct nl_msg *msg, const struct nla_policy *policy, int type, int variant)
{
	static const uint8_t size[NLA_TYPE_MAX + 1] = {
		[NLA_U8] = 1, [NLA_U16] = 2, [NLA_U32] = 4, [NLA_U64] = 8,
	};
	static char bytes[512];

	memset(bytes, 'x', sizeof(bytes));
	if (policy->type == NLA_STRING) {
		bytes[policy->maxlen] = '\0';
		nla_put(msg, type, variant ? policy->maxlen + 1 : 1, bytes);
	} else if (policy->minlen) {
		nla_put(msg, type, variant ? policy->maxlen + 1 : policy->minlen - 1, bytes);
	} else if (!variant && size[policy->type]) {
		nla_put(msg, type, size[policy->type] - 1, bytes);
	} else {
		return false;
	}
	return true;
}

/* Decodes a message with what its attribute at the top level calls for. */
static int decode_any(const struct nlmsghdr *nlh, int top, struct np_error *err)
{
	struct np_observe_list observed = { 0 };
	struct np_counter_list counters = { 0 };
	struct np_settings settings = { 0 };
	struct np_trie_list trie = { 0 };
	struct np_eval eval = { 0 };
	struct np_info info = { 0 };
	struct np_passage passage;
	struct np_event event;
	int len, ret;

	switch (top) {
	case NETPOL_A_COUNTERS:
		ret = np_counters_decode(nlh, &counters, err);
		np_counters_free(&counters);
		return ret;
	case NETPOL_A_AUDIT:
		ret = np_observe_decode(nlh, &observed, err);
		np_observe_free(&observed);
		return ret;
	case NETPOL_A_TRIE:
		ret = np_trie_decode(nlh, &trie, err);
		np_trie_free(&trie);
		return ret;
	case NETPOL_A_STEP:
	case NETPOL_A_VERDICT:
	case NETPOL_A_REASON:
	case NETPOL_A_DIRECTION:
		ret = np_eval_decode(nlh, &eval, err);
		np_eval_free(&eval);
		return ret;
	case NETPOL_A_EVENT:
		return np_event_decode(nlh, &event, err);
	case NETPOL_A_TRACE:
		return np_passage_decode(nlh, &passage, err);
	case NETPOL_A_SETTINGS:
		ret = np_read_settings(np_message_attrs(nlh, &len), &settings) ? 0 : -1;
		np_settings_free(&settings);
		return ret;
	default:
		ret = np_info_decode(nlh, &info, err);
		np_info_free(&info);
		return ret;
	}
}

/* Objects need those before them: a policy, a rule, a peer. */
static int decode_object(const struct nlmsghdr *nlh, struct np_error *err)
{
	struct np_rule rule = { .peer_count = 1 };
	struct np_policy policy = {
		.namespace = "shop", .name = "p", .directions = NP_DIR_INGRESS,
		.ingress = &rule, .ingress_count = 1,
	};
	struct np_ipblock block = { .cidr = { .family = AF_INET, .length = 8 } };
	struct np_peer peer = { .ipblock = &block };
	struct np_encoder enc;
	struct wire wire;
	int ret;

	rule.peer = &peer;
	wire_open(&wire, &enc);
	CHECK(!np_encode_policy(&enc, &policy, err) && !np_encoder_flush(&enc, err));
	ret = np_state_decode(&wire.state, nlh, err);
	wire_close(&wire, &enc);
	return ret;
}

static int decode_bad(const int *way, int depth, const struct nla_policy *policy, int variant)
{
	struct np_client client = { .family = 0x20 };
	struct nl_msg *msg = np_client_message(&client, NETPOL_CMD_GET_INFO, 4096);
	struct np_error err = { 0 };
	struct nlattr *nest[8];
	int i, ret = -1;

	for (i = 0; i < depth; i++)
		nest[i] = nla_nest_start(msg, way[i]);
	if (put_bad(msg, policy, way[depth], variant)) {
		while (i--)
			nla_nest_end(msg, nest[i]);
		if (way[0] >= NETPOL_A_LABEL_SET && way[0] <= NETPOL_A_PORT)
			ret = decode_object(nlmsg_hdr(msg), &err);
		else
			ret = decode_any(nlmsg_hdr(msg), way[0], &err);
	}
	nlmsg_free(msg);
	return ret;
}

/*
 * Every attribute that an answer may hold, in every nest that is read: of the policies in
 * programs and events only the names are. Returns how many there are.
 */
static unsigned int refuse_all(const struct np_schema *schema, int *way, int depth)
{
	unsigned int count = 0;
	int variant;

	for (way[depth] = 1; way[depth] <= (int)schema->max; way[depth]++) {
		if (!schema->attr[way[depth]].name ||
		    (!depth && (way[0] == NETPOL_A_DELETE || way[0] == NETPOL_A_EVAL)))
			continue;
		if (schema->attr[way[depth]].nest == &np_selector_schema &&
		    (way[0] == NETPOL_A_TRIE || way[0] == NETPOL_A_EVENT))
			continue;
		if (schema->attr[way[depth]].nest) {
			count += refuse_all(schema->attr[way[depth]].nest, way, depth + 1);
			continue;
		}
		count++;
		for (variant = 0; variant < 2; variant++)
			CHECK(decode_bad(way, depth, &schema->policy[way[depth]], variant));
	}
	return count;
}

static void test_malformed(void)
{
	int way[8];

	CHECK(refuse_all(&np_netpol_schema, way, 0) > 150);
}

int main(void)
{
	test_round_trip();
	test_cluster();
	test_cluster_digest();
	test_deletions();
	test_cluster_malformed();
	test_empty_selectors();
	test_huge_policy();
	test_continued();
	test_last();
	test_limits();
	test_uid();
	test_place_of_error();
	test_feed();
	test_event();
	test_lack();
	test_malformed();
	return check_done("message");
}
