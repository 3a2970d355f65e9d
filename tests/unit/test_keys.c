// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A label key tells identities apart exactly while a loaded policy's peer names it. Verdicts of
 * random worlds are compared in tests/truth; here are the numbers of identities, and peers that
 * come back while an old snapshot still holds their policy.
 */
#include "edit_check.h"

#define SUBJECT		0x0a000001
#define PODS		6	/* after the subject; two each have track=0, 1 and 2 */

static void load_pod(u32 number, const char *track)
{
	char name[16];
	struct netpol_pod_text text = {
		.ns = NETPOL_TEXT("ns"),
		.name = { name, snprintf(name, sizeof(name), "pod-%u", number) },
		.naddress4 = 1,
		.flags = NETPOL_POD_F_RUNNING | (number ? 0 : NETPOL_POD_F_LOCAL),
	};
	struct netpol_label_text label = { NETPOL_TEXT("track"), NETPOL_TEXT(track) };
	__be32 address = htonl(SUBJECT + number);

	memcpy(text.address4[0], &address, 4);
	text.labels = netpol_labels_get(off.world, &label, track[0] ? 1 : 0);
	CHECK_EQ(netpol_edit_pod(off.edit, netpol_pod_create(off.world, &text)), 0);
	netpol_labels_put(off.world, text.labels);
}

static void load_namespace(void)
{
	struct np_namespace ns = { .name = "ns" };

	CHECK(!np_offline_namespace(&off, &ns, &err));
}

/* A policy of the namespace's pods that lets in what has the key with this value. */
static void load_policy(const char *name, const char *key, const char *value)
{
	struct netpol_text text = NETPOL_TEXT(value);
	struct netpol_requirement_text pods = {
		.key = NETPOL_TEXT(key),
		.operator = NETPOL_OPERATOR_IN,
		.count = 1,
		.value = &text,
	};
	struct netpol_policy *policy;

	policy = netpol_policy_create(off.world, NETPOL_TEXT("ns"), NETPOL_TEXT(name),
				      NETPOL_KIND_NETWORK_POLICY,
				      BIT(NETPOL_DIRECTION_INGRESS), NULL, 0);
	netpol_policy_add_rule(policy, NETPOL_DIRECTION_INGRESS,
			       NETPOL_ACTION_ACCEPT, NETPOL_TEXT(""));
	CHECK_EQ(netpol_rule_add_pods(off.world, policy, NULL, 0, false, &pods, 1, true), 0);
	CHECK_EQ(netpol_edit_policy(off.edit, policy), 0);
}

static void delete_policy(const char *name)
{
	CHECK_EQ(netpol_edit_delete_policy(off.edit, NETPOL_KIND_NETWORK_POLICY,
					   NETPOL_TEXT("ns"), NETPOL_TEXT(name)), 0);
}

/* Bits of the pods that the subject lets in. */
static u32 allowed(void)
{
	struct netpol_judgement judgement;
	struct netpol_end source, destination;
	__be32 from, to = htonl(SUBJECT);
	struct netpol_flow flow = {
		.source = &from, .destination = &to, .family = AF_INET,
		.protocol = IPPROTO_TCP, .port = 80,
	};
	u32 i, bits = 0;

	for (i = 1; i <= PODS; i++) {
		from = htonl(SUBJECT + i);
		netpol_resolve(off.world->snapshot, AF_INET, &from, &source);
		netpol_resolve(off.world->snapshot, AF_INET, &to, &destination);
		if (netpol_judge(off.world->snapshot, &flow, &source, &destination, &judgement))
			bits |= 1 << (i - 1);
	}
	return bits;
}

#define ALL	((1U << PODS) - 1)
/* the pods of a track, see load() */
#define TRACK(n) (9U << (n))

static void load(void)
{
	static const char *const track[] = { "0", "1", "2" };
	u32 i;

	begin();
	load_namespace();
	load_pod(0, "");
	for (i = 1; i <= PODS; i++)
		load_pod(i, track[(i - 1) % 3]);
	publish();
	CHECK_EQ(off.world->nidentities, 1);
	CHECK_EQ(allowed(), ALL);
}

/* The last policy that names the key goes, also by a new version that names another. */
static void test_merge(void)
{
	begin();
	load_policy("a", "track", "0");
	load_policy("b", "track", "1");
	publish();
	CHECK_EQ(off.world->nidentities, 4);
	CHECK_EQ(allowed(), TRACK(0) | TRACK(1));
	begin();
	delete_policy("a");
	publish();
	CHECK_EQ(off.world->nidentities, 4);
	CHECK_EQ(allowed(), TRACK(1));
	begin();
	load_policy("b", "other", "x");
	publish();
	CHECK_EQ(off.world->nidentities, 1);
	CHECK_EQ(allowed(), 0);
	begin();
	delete_policy("b");
	publish();
	CHECK_EQ(off.world->nidentities, 1);
	CHECK_EQ(allowed(), ALL);
}

/* An abort takes a merge back. */
static void test_abort(void)
{
	begin();
	load_policy("a", "track", "2");
	publish();
	CHECK_EQ(off.world->nidentities, 4);
	begin();
	delete_policy("a");
	load_policy("c", "other", "x");
	CHECK(!np_offline_prepare(&off, &err));
	np_offline_abort(&off);
	CHECK_EQ(off.world->nidentities, 4);
	CHECK_EQ(allowed(), TRACK(2));
	/* the books are in order: new pods and policies get what is theirs */
	begin();
	load_policy("c", "track", "1");
	load_pod(1, "1");
	publish();
	CHECK_EQ(allowed(), TRACK(1) | TRACK(2) | 1);
	begin();
	load_pod(1, "0");
	delete_policy("c");
	delete_policy("a");
	publish();
	CHECK_EQ(off.world->nidentities, 1);
	CHECK_EQ(allowed(), ALL);
}

/*
 * A peer that nobody uses but an old snapshot comes back: it was not kept up to date meanwhile,
 * while the key did not count and pods changed.
 */
static void test_return(void)
{
	struct netpol_snapshot *held;

	begin();
	load_policy("a", "track", "0");
	publish();
	CHECK_EQ(allowed(), TRACK(0));
	held = netpol_snapshot_get(off.world->snapshot);
	begin();
	delete_policy("a");
	publish();
	CHECK_EQ(off.world->nidentities, 1);
	begin();
	load_pod(1, "1");
	load_pod(2, "0");
	publish();
	begin();
	load_policy("a", "track", "0");
	publish();
	CHECK_EQ(off.world->nidentities, 4);
	CHECK_EQ(allowed(), (TRACK(0) | 2) & ~1U);
	netpol_snapshot_put(off.world, held);
	begin();
	load_pod(1, "0");
	load_pod(2, "1");
	delete_policy("a");
	publish();
	CHECK_EQ(off.world->nidentities, 1);
}

/*
 * To free an identity takes no time for each peer in use: its number stays in their sets until a
 * new identity gets it.
 */
static void test_number(void)
{
	struct netpol_peer *peer;
	u32 number;

	begin();
	load_policy("a", "track", "0");
	load_policy("b", "other", "x");
	publish();
	peer = list_entry(off.world->active_peers.next, struct netpol_peer, active);
	if (strcmp(peer->pods->requirement[0].key->name, "track"))
		peer = list_entry(peer->active.next, struct netpol_peer, active);
	for (number = 1; number < off.world->nblocks * NETPOL_IDENTITY_BLOCK; number++)
		if (netpol_idset_has(&peer->set, number))
			break;
	/* the pods of track=0 go, and their identity with them */
	begin();
	CHECK_EQ(netpol_edit_delete_pod(off.edit, NETPOL_TEXT("ns"), NETPOL_TEXT("pod-1"), NULL),
		 0);
	CHECK_EQ(netpol_edit_delete_pod(off.edit, NETPOL_TEXT("ns"), NETPOL_TEXT("pod-4"), NULL),
		 0);
	publish();
	CHECK(!off.world->identity[number]);
	CHECK(netpol_idset_has(&peer->set, number));
	CHECK_EQ(allowed(), 0);
	/* one that the peer does not match gets the number */
	begin();
	load_pod(1, "3");
	publish();
	CHECK(off.world->identity[number]);
	CHECK(!netpol_idset_has(&peer->set, number));
	CHECK_EQ(allowed(), 0);
	/* and again one that it matches */
	begin();
	CHECK_EQ(netpol_edit_delete_pod(off.edit, NETPOL_TEXT("ns"), NETPOL_TEXT("pod-1"), NULL),
		 0);
	publish();
	CHECK(!off.world->identity[number]);
	begin();
	load_pod(1, "0");
	load_pod(4, "0");
	publish();
	CHECK(netpol_idset_has(&peer->set, number));
	CHECK_EQ(allowed(), TRACK(0));
	/* a number that stays in the set of a peer until it gets the same meaning again */
	begin();
	CHECK_EQ(netpol_edit_delete_pod(off.edit, NETPOL_TEXT("ns"), NETPOL_TEXT("pod-1"), NULL),
		 0);
	CHECK_EQ(netpol_edit_delete_pod(off.edit, NETPOL_TEXT("ns"), NETPOL_TEXT("pod-4"), NULL),
		 0);
	publish();
	begin();
	load_pod(1, "0");
	publish();
	CHECK_EQ(allowed(), 1);
}

int main(void)
{
	netpol_random_seed = 1;
	CHECK(!np_offline_init(&off, "node", &err));
	load();
	test_merge();
	test_abort();
	test_return();
	test_number();
	np_offline_free(&off);
	CHECK_EQ(netpol_warnings, 0);
	return check_done("keys");
}
