// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Audits: the list of the kernel, which policies it is about, and what that means for pods.
 */
#include <stdlib.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "check.h"
#include "base/alloc.h"
#include "netlink/observe.h"
#include "object/load.h"

static const char loaded[] =
"---\n"
"{apiVersion: v1, kind: List, items: [\n"
" {apiVersion: v1, kind: Namespace, metadata: {name: shop}},\n"
" {apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}},\n"
"  status: {podIPs: [{ip: 10.0.0.1}]}},\n"
" {apiVersion: v1, kind: Pod, metadata: {name: cart, namespace: shop, labels: {app: cart}},\n"
"  status: {podIPs: [{ip: 10.0.0.2}]}},\n"
" {apiVersion: v1, kind: Pod, metadata: {name: far, namespace: shop, labels: {app: web}},\n"
"  status: {podIPs: [{ip: 10.0.0.3}]}},\n"
" {apiVersion: v1, kind: Pod, metadata: {name: web, namespace: bank, labels: {app: web}},\n"
"  status: {podIPs: [{ip: 10.0.0.4}]}},\n"
" {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy,\n"
"  metadata: {name: deny, namespace: shop}, spec: {podSelector: {}, policyTypes: [Ingress]}},\n"
" {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy,\n"
"  metadata: {name: web, namespace: shop},\n"
"  spec: {podSelector: {matchLabels: {app: web}}, ingress: [{}], egress: [{}],\n"
"   policyTypes: [Ingress, Egress]}},\n"
" {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy,\n"
"  metadata: {name: deny, namespace: bank}, spec: {podSelector: {}}},\n"
" {apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy,\n"
"  metadata: {name: base},\n"
"  spec: {tier: Admin, priority: 1, subject: {namespaces: {}},\n"
"   egress: [{action: Deny, to: [{namespaces: {}}]}]}}]}\n";

#define PODS	4

static void load(struct np_state *state)
{
	struct np_error err = { 0 };
	size_t i;

	np_state_init(state);
	if (!CHECK(!np_load_buffer(&state->objects, "loaded", loaded, sizeof(loaded) - 1, NULL,
				   &err)))
		printf("\t%s\n", err.text);
	CHECK_EQ(state->objects.pod_count, PODS);
	state->pod = np_xcalloc(PODS, sizeof(*state->pod));
	for (i = 0; i < PODS; i++)
		state->pod[i].place.local = strcmp(state->objects.pods[i].name, "far");
}

static struct np_observe audit(const char *namespace, const char *policy, const char *pod,
			       uint64_t until)
{
	struct np_observe observe = { .until = until };

	snprintf(observe.namespace, sizeof(observe.namespace), "%s", namespace);
	snprintf(observe.policy, sizeof(observe.policy), "%s", policy);
	snprintf(observe.pod, sizeof(observe.pod), "%s", pod);
	return observe;
}

static struct np_observe_effect effect_of(const struct np_state *state,
					  const struct np_observe *item, size_t count)
{
	struct np_observe_list list = { (struct np_observe *)item, count };
	struct np_observe_effect effect;

	np_observe_effect(item, &list, state, &effect);
	return effect;
}

/* How many pods are open and narrowed, as "ingress open, narrowed, egress open, narrowed". */
static const char *counts(const struct np_observe_effect *effect)
{
	static char text[64];

	snprintf(text, sizeof(text), "%zu %zu %zu %zu",
		 effect->open[NETPOL_DIRECTION_INGRESS].count,
		 effect->narrowed[NETPOL_DIRECTION_INGRESS].count,
		 effect->open[NETPOL_DIRECTION_EGRESS].count,
		 effect->narrowed[NETPOL_DIRECTION_EGRESS].count);
	return text;
}

static void test_effect(void)
{
	struct np_observe_effect effect;
	struct np_observe item[2];
	struct np_state state;

	load(&state);
	/* nothing isolates web and cart of this node any more, nor egress of web */
	item[0] = audit("shop", "", "", 0);
	effect = effect_of(&state, item, 1);
	CHECK_EQ(effect.policies, 2);
	CHECK(effect.has_namespace && effect.has_pod && !effect.cluster);
	CHECK_STR(counts(&effect), "2 0 1 0");
	CHECK_STR(effect.open[NETPOL_DIRECTION_EGRESS].name[0], "web");
	/* the other policy still isolates ingress of web */
	item[0] = audit("shop", "web", "", 0);
	effect = effect_of(&state, item, 1);
	CHECK_EQ(effect.policies, 1);
	CHECK_STR(counts(&effect), "0 1 1 0");
	/* a policy without rules accepts nothing that could be denied now */
	item[0] = audit("shop", "deny", "", 0);
	effect = effect_of(&state, item, 1);
	CHECK_STR(counts(&effect), "1 0 0 0");
	CHECK_STR(effect.open[NETPOL_DIRECTION_INGRESS].name[0], "cart");
	/* but not if it is observed too, by an audit or because it was loaded so */
	item[0] = audit("shop", "web", "", 0);
	item[1] = audit("shop", "deny", "", 0);
	effect = effect_of(&state, item, 2);
	CHECK_STR(counts(&effect), "1 0 1 0");
	item[1] = audit("shop", "", "web", 0);
	effect = effect_of(&state, item, 2);
	CHECK_STR(counts(&effect), "1 0 1 0");
	item[1] = audit("shop", "", "cart", 0);
	effect = effect_of(&state, item, 2);
	CHECK_STR(counts(&effect), "0 1 1 0");
	CHECK_STR(state.objects.policies[0].name, "deny");
	state.objects.policies[0].audit = true;
	effect = effect_of(&state, item, 1);
	CHECK_STR(counts(&effect), "1 0 1 0");
	state.objects.policies[0].audit = false;
	/* one pod; not one of another node */
	item[0] = audit("shop", "", "web", 0);
	effect = effect_of(&state, item, 1);
	CHECK_EQ(effect.policies, 2);
	CHECK_STR(counts(&effect), "1 0 1 0");
	item[0] = audit("shop", "", "far", 0);
	effect = effect_of(&state, item, 1);
	CHECK(!effect.has_pod);
	CHECK_STR(counts(&effect), "0 0 0 0");
	/* a pod that is not there any more, or is another origin's */
	item[0] = audit("bank", "", "", 0);
	effect = effect_of(&state, item, 1);
	CHECK(!effect.has_namespace && effect.has_pod);
	CHECK_STR(counts(&effect), "1 0 0 0");
	state.pod[3].flags = NETPOL_OBJECT_F_GONE;
	effect = effect_of(&state, item, 1);
	CHECK_STR(counts(&effect), "0 0 0 0");
	/* what is not loaded; a cluster-wide policy is no namespace */
	item[0] = audit("base", "", "", 0);
	effect = effect_of(&state, item, 1);
	CHECK(!effect.policies && !effect.has_namespace && effect.cluster);
	np_state_free(&state);
}

static void put(struct nl_msg *msg, const struct np_observe *observe)
{
	struct nlattr *nest = nla_nest_start(msg, NETPOL_A_AUDIT);

	if (*observe->namespace)
		nla_put_string(msg, NETPOL_AUDIT_A_NAMESPACE, observe->namespace);
	if (*observe->policy)
		nla_put_string(msg, NETPOL_AUDIT_A_POLICY, observe->policy);
	if (*observe->pod)
		nla_put_string(msg, NETPOL_AUDIT_A_POD, observe->pod);
	if (observe->until)
		nla_put_u64(msg, NETPOL_AUDIT_A_UNTIL, observe->until);
	nla_nest_end(msg, nest);
}

static void test_list(void)
{
	const struct np_observe item[] = {
		audit("shop", "web", "", 70), audit("shop", "", "", 50), audit("bank", "", "web", 0),
		audit("", "web", "", 0),
	};
	struct np_client client = { .family = 0x20 };
	struct np_observe_list list = { 0 };
	char text[NP_OBSERVE_TEXT];
	struct np_error err = { 0 };
	struct nl_msg *msg;
	size_t i;

	msg = np_client_message(&client, NETPOL_CMD_GET_AUDIT, 4096);
	for (i = 0; i < 3; i++)
		put(msg, &item[i]);
	CHECK_EQ(np_observe_decode(nlmsg_hdr(msg), &list, &err), 0);
	if (!CHECK_EQ(list.count, 3))
		return;
	for (i = 0; i < 3; i++) {
		CHECK(np_observe_same(&list.item[i], &item[i]));
		CHECK_EQ(list.item[i].until, item[i].until);
	}
	CHECK(!np_observe_same(&list.item[0], &list.item[1]));
	CHECK_STR(np_observe_text(&list.item[0], text), "policy shop/web");
	CHECK_STR(np_observe_text(&list.item[1], text), "namespace shop");
	CHECK_STR(np_observe_text(&list.item[2], text), "pod bank/web");
	CHECK(np_observe_next(&list) == &list.item[1]);
	/* the one that lasts longest */
	CHECK(np_observe_find(&list, "shop", "web", "") == &list.item[0]);
	CHECK(np_observe_find(&list, "shop", "deny", "x") == &list.item[1]);
	list.item[1].until = 0;
	CHECK(np_observe_find(&list, "shop", "web", "") == &list.item[1]);
	CHECK(np_observe_find(&list, "bank", "deny", "web") == &list.item[2]);
	CHECK(!np_observe_find(&list, "bank", "deny", ""));
	CHECK(!np_observe_find(&list, "bank", "deny", "cart"));
	CHECK(!np_observe_find(&list, "mill", "deny", ""));
	list.item[0].until = 0;
	CHECK(!np_observe_next(&list));
	/* an audit is about a namespace */
	np_observe_reset(&list);
	put(msg, &item[3]);
	CHECK_EQ(np_observe_decode(nlmsg_hdr(msg), &list, &err), -1);
	nlmsg_free(msg);
	np_observe_free(&list);
}

int main(void)
{
	test_effect();
	test_list();
	return check_done("observe");
}
