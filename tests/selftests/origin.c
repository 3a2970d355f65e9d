// SPDX-License-Identifier: GPL-2.0
/*
 * Who wins: two origins, two claims of one address, a namespace that is not loaded; and
 * the caps, which name what was over them.
 *
 * netpol-test: timeout=600
 */
#include <sched.h>
#include "kselftest_harness.h"
#include "netpol_obj.h"

#define ALLOW	NETPOL_VERDICT_ALLOW
#define DENY	NETPOL_VERDICT_DENY

FIXTURE(origin)
{
	struct nl nl;
};

FIXTURE_SETUP(origin)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, load_cluster(&self->nl));
}

FIXTURE_TEARDOWN(origin)
{
	nl_close(&self->nl);
}

/* State flags of pod "name" of an origin; ~0 if the dump has no such pod. */
static uint64_t pod_state(struct nl *nl, const char *name, const char *origin)
{
	struct bytes dump = {};
	uint64_t state = ~0ULL;
	struct record r;

	if (nl_dump(nl, NETPOL_CMD_GET_POD, &dump))
		return state;
	for (size_t at = 0; dump_next(&dump, &at, &r); )
		at_for_each(a, r.attrs, r.len)
			if (at_type(a) == NETPOL_A_POD &&
			    !strcmp(at_str_in(a, NETPOL_POD_A_NAME), name) &&
			    !strcmp(at_str_in(a, NETPOL_POD_A_ORIGIN), origin))
				state = at_u_in(a, NETPOL_POD_A_FLAGS) >>
					NETPOL_POD_F_STATE_SHIFT;
	bytes_free(&dump);
	return state;
}

static uint64_t namespace_state(struct nl *nl, const char *name, const char *origin)
{
	struct bytes dump = {};
	uint64_t state = ~0ULL;
	struct record r;

	if (nl_dump(nl, NETPOL_CMD_GET_NAMESPACE, &dump))
		return state;
	for (size_t at = 0; dump_next(&dump, &at, &r); )
		at_for_each(a, r.attrs, r.len)
			if (at_type(a) == NETPOL_A_NAMESPACE &&
			    !strcmp(at_str_in(a, NETPOL_NAMESPACE_A_NAME), name) &&
			    !strcmp(at_str_in(a, NETPOL_NAMESPACE_A_ORIGIN), origin))
				state = at_in(a, NETPOL_NAMESPACE_A_FLAGS) ?
					at_u_in(a, NETPOL_NAMESPACE_A_FLAGS) : 0;
	bytes_free(&dump);
	return state;
}

TEST_F(origin, kube_wins_pod)
{
	struct nl *nl = &self->nl;
	struct txn t;

	EXPECT_EQ(0, pod_state(nl, "client", "manual"));
	ASSERT_EQ(0, txn_begin(&t, nl, "kube", 0));
	t_labels(&t, 1, "app=visitor", NULL);
	t_pod(&t, &(struct pod){ "office/client", 1, { "10.0.2.2", "fd00:2::2" }, LOCAL,
				 0, 3 });
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "shop/web", 80));
	EXPECT_EQ(NETPOL_OBJECT_F_SHADOWED, pod_state(nl, "client", "manual"));
	EXPECT_EQ(0, pod_state(nl, "client", "kube"));
	/* a change of what is shadowed has no effect */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_labels(&t, 1, "app=client", NULL);
	t_pod(&t, &(struct pod){ "office/client", 1, { "10.0.2.2" }, LOCAL, 0, 3 });
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "shop/web", 80));
	EXPECT_EQ(DENY, nl_verdict(nl, "fd00:2::2", "shop/web", 80));
	/* and is back once the other is gone */
	ASSERT_EQ(0, txn_begin(&t, nl, "kube", NETPOL_FLAG_FULL));
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 80));
	EXPECT_EQ(0, pod_state(nl, "client", "manual"));
}

TEST_F(origin, kube_wins_namespace)
{
	struct nl *nl = &self->nl;
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, nl, "kube", 0));
	t_namespace(&t, "office", "team=other");
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "shop/web", 80));
	EXPECT_EQ(NETPOL_OBJECT_F_SHADOWED, namespace_state(nl, "office", "manual"));
	EXPECT_EQ(0, namespace_state(nl, "office", "kube"));
	EXPECT_EQ(0, namespace_state(nl, "shop", "manual"));
	ASSERT_EQ(0, txn_begin(&t, nl, "kube", 0));
	t_delete(&t, NETPOL_OBJECT_NAMESPACE, "office", 0);
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 80));
	EXPECT_EQ(0, namespace_state(nl, "office", "manual"));
}

/* The order of the commits does not matter. */
TEST_F(origin, kube_first)
{
	struct nl *nl = &self->nl;
	struct txn t;

	ASSERT_EQ(0, nl_flush_objects(nl));
	ASSERT_EQ(0, txn_begin(&t, nl, "kube", NETPOL_FLAG_FULL));
	t_cluster(&t);
	ASSERT_EQ(0, txn_commit(&t));
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_namespace(&t, "office", "team=other");
	t_pod(&t, &(struct pod){ "office/client", 0, { "10.0.2.2" }, LOCAL, 0, 9 });
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 80));
	EXPECT_EQ(NETPOL_OBJECT_F_SHADOWED, namespace_state(nl, "office", "manual"));
	EXPECT_EQ(NETPOL_OBJECT_F_SHADOWED,
		  pod_state(nl, "client", "manual") & NETPOL_OBJECT_F_SHADOWED);
}

TEST_F(origin, policies_add_up)
{
	struct nl *nl = &self->nl;
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, nl, "kube", 0));
	t_policy(&t, "shop/web", "app=web", INGRESS);
	t_rule(&t, NETPOL_DIRECTION_INGRESS);
	t_port(&t, IPPROTO_TCP, 443, 0, NULL);
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(4, nl_used(nl, NETPOL_LIMIT_POLICIES));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/web", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "shop/db", "shop/web", 443));
	EXPECT_EQ(DENY, nl_verdict(nl, "shop/db", "shop/web", 80));
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", NETPOL_FLAG_FULL));
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(1, nl_used(nl, NETPOL_LIMIT_POLICIES));
}

/* There is room for 16 origins, and for another once one has no objects any more. */
TEST_F(origin, many)
{
	struct nl *nl = &self->nl;
	char name[16];
	struct txn t;
	int i, ret = 0, n = 0;

	for (i = 0; i < 64 && !ret; i++) {
		snprintf(name, sizeof(name), "o%d", i);
		ret = txn_begin(&t, nl, name, 0);
		if (!ret) {
			t_namespace(&t, name, NULL);
			ret = txn_commit(&t);
		}
		n += !ret;
	}
	EXPECT_EQ(-ENOSPC, ret);
	EXPECT_EQ(15, n);
	EXPECT_NE(NULL, strstr(nl->ack.text, name)) TH_LOG("%s", nl->ack.text);
	ASSERT_EQ(0, txn_begin(&t, nl, "o3", NETPOL_FLAG_FULL));
	ASSERT_EQ(0, txn_commit(&t));
	ASSERT_EQ(0, txn_begin(&t, nl, "late", 0));
	t_namespace(&t, "late", NULL);
	EXPECT_EQ(0, txn_commit(&t));
}

/* An address that two pods claim is the running one's; else the newest's. */
TEST_F(origin, address_conflict)
{
	struct nl *nl = &self->nl;
	struct txn t;

	/* a pod that does not run takes nothing from one that does */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_labels(&t, 1, "app=thief", NULL);
	t_pod(&t, &(struct pod){ "office/thief", 1, { "10.0.2.2" }, 0, 0, 50 });
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "10.0.2.2", "shop/web", 80));
	EXPECT_EQ(NETPOL_OBJECT_F_CONFLICT, pod_state(nl, "thief", "manual"));
	EXPECT_EQ(0, pod_state(nl, "client", "manual"));
	/* a newer one that runs does */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_labels(&t, 1, "app=thief", NULL);
	t_pod(&t, &(struct pod){ "office/newer", 1, { "10.0.2.2" }, LOCAL, 0, 51 });
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(DENY, nl_verdict(nl, "10.0.2.2", "shop/web", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "fd00:2::2", "shop/web", 80));
	EXPECT_EQ(NETPOL_OBJECT_F_CONFLICT, pod_state(nl, "client", "manual"));
	EXPECT_EQ(0, pod_state(nl, "newer", "manual"));
	/* and when it goes, the address goes back */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_delete(&t, NETPOL_OBJECT_POD, "office/newer", 0);
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "10.0.2.2", "shop/web", 80));
	EXPECT_EQ(0, pod_state(nl, "client", "manual"));
}

/* A namespace that is not loaded is matched by no namespaceSelector, not even {}. */
TEST_F(origin, namespace_not_loaded)
{
	struct nl *nl = &self->nl;
	struct txn t;

	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_labels(&t, 1, "app=client", NULL);
	t_pod(&t, &(struct pod){ "late/pod", 1, { "10.0.3.2" }, LOCAL });
	t_policy(&t, "late/in", "", INGRESS);
	t_rule(&t, NETPOL_DIRECTION_INGRESS);
	t_peer(&t, NULL, "");
	t_block(&t, "10.0.2.3/32");
	t_policy(&t, "shop/db", "app=db", INGRESS);
	t_rule(&t, NETPOL_DIRECTION_INGRESS);
	t_peer(&t, "", NULL);
	t_policy(&t, "shop/web", "app=web", INGRESS);
	t_rule(&t, NETPOL_DIRECTION_INGRESS);
	t_peer(&t, "team!=staff", NULL);
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(DENY, nl_verdict(nl, "late/pod", "shop/db", 80));
	EXPECT_EQ(DENY, nl_verdict(nl, "late/pod", "shop/web", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "office/client", "shop/db", 80));
	/* as a subject it is what it is */
	EXPECT_EQ(DENY, nl_verdict(nl, "office/client", "late/pod", 80));
	EXPECT_EQ(NETPOL_REASON_ISOLATED, nl_reason(nl));
	/* with the labels it has when it comes */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_namespace(&t, "late", NULL);
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "late/pod", "shop/db", 80));
	EXPECT_EQ(ALLOW, nl_verdict(nl, "late/pod", "shop/web", 80));
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_delete(&t, NETPOL_OBJECT_NAMESPACE, "late", 0);
	ASSERT_EQ(0, txn_commit(&t));
	EXPECT_EQ(DENY, nl_verdict(nl, "late/pod", "shop/db", 80));
}

/* --- caps ------------------------------------------------------------------------- */

#define EXPECT_NAMED(what) \
	EXPECT_NE(NULL, strstr(nl->ack.text, what)) TH_LOG("\"%s\"", nl->ack.text)

TEST_F_TIMEOUT(origin, cap_local_pods, 240)
{
	struct nl *nl = &self->nl;
	uint64_t max = nl_max(nl, NETPOL_LIMIT_LOCAL_PODS), i;
	struct picture before, after;
	char name[32], address[32];
	struct txn t;

	if (max > 20000)
		SKIP(return, "a limit of %llu is too far for this test",
		     (unsigned long long)max);
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	for (i = 4; i < max; i++) {
		snprintf(name, sizeof(name), "many/p%u", (unsigned int)i);
		snprintf(address, sizeof(address), "10.7.%u.%u", (unsigned int)i / 256,
			 (unsigned int)i % 256);
		t_pod(&t, &(struct pod){ name, 0, { address }, LOCAL });
	}
	ASSERT_EQ(0, txn_commit(&t)) TH_LOG("%s", nl->ack.text);
	EXPECT_EQ(max, nl_used(nl, NETPOL_LIMIT_LOCAL_PODS));
	ASSERT_EQ(0, picture_take(nl, &before, cluster_pods));
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_namespace(&t, "many", "over=it");
	t_pod(&t, &(struct pod){ "shop/remote", 0, { "10.8.0.2" }, REMOTE });
	t_pod(&t, &(struct pod){ "shop/onemore", 0, { "10.8.0.1" }, LOCAL });
	t_pod(&t, &(struct pod){ "shop/last", 0, { "10.8.0.3" }, REMOTE });
	EXPECT_EQ(-ENOSPC, txn_commit(&t));
	EXPECT_NAMED("shop/onemore");
	EXPECT_EQ(2, nl->ack.object);
	ASSERT_EQ(0, picture_take(nl, &after, cluster_pods));
	EXPECT_STREQ("nothing", picture_differs(&before, &after) ?: "nothing");
	picture_free(&before);
	picture_free(&after);
	/* one that is not local fits */
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_pod(&t, &(struct pod){ "shop/onemore", 0, { "10.8.0.1" }, REMOTE });
	EXPECT_EQ(0, txn_commit(&t));
}

/* The namespace that is one too many is found by the commit, also by one that only checks. */
TEST_F_TIMEOUT(origin, cap_namespaces, 240)
{
	struct nl *nl = &self->nl;
	uint64_t max = nl_max(nl, NETPOL_LIMIT_NAMESPACES), fit, i;
	struct picture before, after;
	char name[32];
	struct txn t;
	int check;

	fit = max - nl_used(nl, NETPOL_LIMIT_NAMESPACES);
	if (max > 1 << 17)
		SKIP(return, "a limit of %llu is too far for this test",
		     (unsigned long long)max);
	ASSERT_EQ(0, picture_take(nl, &before, cluster_pods));
	for (check = 0; check < 2; check++) {
		ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
		for (i = 0; i <= fit; i++) {
			snprintf(name, sizeof(name), "n%u", (unsigned int)i);
			t_namespace(&t, name, NULL);
		}
		EXPECT_EQ(-ENOSPC, check ? txn_check(&t) : txn_commit(&t));
		EXPECT_NAMED(name);
		EXPECT_EQ(fit, nl->ack.object);
	}
	ASSERT_EQ(0, picture_take(nl, &after, cluster_pods));
	EXPECT_STREQ("nothing", picture_differs(&before, &after) ?: "nothing");
	picture_free(&before);
	picture_free(&after);
}

TEST_F_TIMEOUT(origin, caps_on_one_object, 120)
{
	struct nl *nl = &self->nl;
	struct picture before, after;
	uint64_t max, i;
	struct msg *m;
	struct txn t;
	char text[32];
	uint32_t at;

	ASSERT_EQ(0, picture_take(nl, &before, cluster_pods));

	max = nl_max(nl, NETPOL_LIMIT_RULES_PER_POLICY);
	ASSERT_GE(1 << 17, max);
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_policy(&t, "shop/rules", "", INGRESS);
	for (i = 0; i <= max; i++)
		t_rule(&t, NETPOL_DIRECTION_INGRESS);
	EXPECT_EQ(-ENOSPC, txn_commit(&t));
	EXPECT_NAMED("shop/rules");
	EXPECT_EQ(0, nl->ack.object);
	txn_abort(&t);

	max = nl_max(nl, NETPOL_LIMIT_PEERS_PER_POLICY);
	ASSERT_GE(1 << 17, max);
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_policy(&t, "shop/peers", "", INGRESS);
	t_rule(&t, NETPOL_DIRECTION_INGRESS);
	for (i = 0; i <= max; i++)
		t_peer(&t, NULL, "");
	EXPECT_EQ(-ENOSPC, txn_commit(&t));
	EXPECT_NAMED("shop/peers");
	txn_abort(&t);

	max = nl_max(nl, NETPOL_LIMIT_ADDRESSES_PER_POD);
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	m = txn_room(&t);
	at = nest(m, NETPOL_A_POD);
	put_pod_name(m, NETPOL_POD_A_NAMESPACE, NETPOL_POD_A_NAME, "shop/wide");
	for (i = 0; i <= max; i++) {
		snprintf(text, sizeof(text), "10.6.0.%u", (unsigned int)i + 1);
		put_address(m, NETPOL_POD_A_ADDRESS4, NETPOL_POD_A_ADDRESS6, text);
	}
	nest_end(m, at);
	EXPECT_EQ(-ENOSPC, txn_commit(&t));
	EXPECT_TRUE(nl->ack.has_text);
	EXPECT_TRUE(nl->ack.has_offset);
	txn_abort(&t);

	max = nl_max(nl, NETPOL_LIMIT_LABELS_PER_OBJECT);
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	m = txn_room(&t);
	at = nest(m, NETPOL_A_NAMESPACE);
	put_str(m, NETPOL_NAMESPACE_A_NAME, "labels");
	for (i = 0; i <= max; i++) {
		snprintf(text, sizeof(text), "k%u=v", (unsigned int)i);
		put_labels(m, NETPOL_NAMESPACE_A_LABEL, text);
	}
	nest_end(m, at);
	EXPECT_EQ(-ENOSPC, txn_commit(&t));
	EXPECT_TRUE(nl->ack.has_text);
	EXPECT_TRUE(nl->ack.has_offset);
	txn_abort(&t);

	ASSERT_EQ(0, picture_take(nl, &after, cluster_pods));
	EXPECT_STREQ("nothing", picture_differs(&before, &after) ?: "nothing");
	picture_free(&before);
	picture_free(&after);
}

/* A program of more cells than it may have: the policy is refused, by name. */
TEST_F_TIMEOUT(origin, cap_cells, 240)
{
	struct nl *nl = &self->nl;
	uint64_t max = nl_max(nl, NETPOL_LIMIT_CELLS_PER_PROGRAM), rules, i;
	struct picture before, after;
	char text[32];
	struct txn t;
	int ret;

	/* each rule has a row and a class of its own: rules squared */
	for (rules = 16; rules * rules <= max; rules *= 2)
		;
	if (rules > nl_max(nl, NETPOL_LIMIT_RULES_PER_POLICY))
		SKIP(return, "a limit of %llu is too far for this test",
		     (unsigned long long)max);
	ASSERT_EQ(0, picture_take(nl, &before, cluster_pods));
	ASSERT_EQ(0, txn_begin(&t, nl, "manual", 0));
	t_policy(&t, "shop/cells", "app=db", INGRESS);
	for (i = 0; i < rules; i++) {
		t_rule(&t, NETPOL_DIRECTION_INGRESS);
		snprintf(text, sizeof(text), "20.0.%u.%u/32", (unsigned int)i / 256,
			 (unsigned int)i % 256);
		t_block(&t, text);
		t_port(&t, IPPROTO_TCP, 2 * i + 1, 0, NULL);
	}
	ret = txn_commit(&t);
	EXPECT_EQ(-ENOSPC, ret);
	EXPECT_NAMED("shop");
	ASSERT_EQ(0, picture_take(nl, &after, cluster_pods));
	EXPECT_STREQ("nothing", picture_differs(&before, &after) ?: "nothing");
	picture_free(&before);
	picture_free(&after);
}

TEST_HARNESS_MAIN
