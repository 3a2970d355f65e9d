// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which local pod an interface belongs to, where its index has been another one's before:
 * what the kernel asks of each packet, to know who may send by that interface. And which
 * address it takes for that pod's without a look-up: never one that leads to another pod.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "core/classify.h"
#include "core/edit.h"
#include "core/hash.h"
#include "core/world.h"

#define IFINDEX 7

static struct netpol_world *world;

/*
 * Sets pod @name, whose last uid byte is @uid, or deletes it (@uid 0). Its addresses are
 * 10.0.0.@address and fd00::@address, or none (0), and as many with @second.
 */
static void commit_two(const char *name, uint8_t uid, uint32_t ifindex, uint8_t address,
		       uint8_t second)
{
	struct netpol_snapshot *old = world->snapshot;
	struct netpol_fault fault = {};
	struct netpol_edit *edit = netpol_edit_begin(world, "manual", &fault);
	struct netpol_pod_text text = {
		.ns = NETPOL_TEXT("a"),
		.name = NETPOL_TEXT(name),
		.flags = NETPOL_POD_F_LOCAL | NETPOL_POD_F_RUNNING,
		.ifindex = ifindex,
		.naddress4 = !!address + !!second,
		.address4 = { { 10, 0, 0, address }, { 10, 0, 0, second } },
		.naddress6 = !!address + !!second,
		.address6 = { { 0xfd, [15] = address }, { 0xfd, [15] = second } },
		.labels = netpol_labels_get(world, NULL, 0),
	};

	if (uid) {
		text.uid[15] = uid;
		CHECK_EQ(netpol_edit_pod(edit, netpol_pod_create(world, &text)), 0);
	} else {
		CHECK_EQ(netpol_edit_delete_pod(edit, text.ns, text.name, NULL), 0);
	}
	netpol_labels_put(world, text.labels);
	CHECK_EQ(netpol_edit_prepare(edit), 0);
	netpol_edit_publish(edit);
	netpol_snapshot_put(world, old);
}

static void commit(const char *name, uint8_t uid, uint32_t ifindex, uint8_t address)
{
	commit_two(name, uid, ifindex, address, 0);
}

static const char *owner(uint32_t ifindex)
{
	const struct netpol_local *local = netpol_snapshot_interface(world->snapshot, ifindex);

	return local ? netpol_pod_name(local->pod) : NULL;
}

/* What kmod/device.c does when the interface goes. */
static void interface_gone(uint32_t ifindex)
{
	const struct netpol_local *local;
	uint32_t slot, number = world->snapshot->locals->count;

	for (slot = 0; slot < number; slot++) {
		local = netpol_snapshot_local(world->snapshot, slot);
		if (local->runtime && local->ifindex == ifindex)
			local->runtime->gone = true;
	}
}

/* The name of the local pod that an address belongs to, by the address map; else NULL. */
static const char *holder(uint8_t family, uint8_t address)
{
	const uint8_t address4[4] = { 10, 0, 0, address };
	const uint8_t address6[16] = { 0xfd, [15] = address };
	uint32_t word[4];
	struct netpol_end end;

	memcpy(word, family == AF_INET ? address4 : address6, family == AF_INET ? 4 : 16);
	netpol_resolve(world->snapshot, family, word, &end);
	return end.local ? netpol_pod_name(end.local->pod) : NULL;
}

/* The same for what comes by an interface, if it needs no look-up; see kmod/plain.c. */
static const char *near(uint32_t ifindex, uint8_t family, uint8_t address)
{
	const struct netpol_local *local = netpol_snapshot_behind(world->snapshot, ifindex);
	const uint8_t address4[4] = { 10, 0, 0, address };
	const uint8_t address6[16] = { 0xfd, [15] = address };
	uint32_t word[4];

	memcpy(word, family == AF_INET ? address4 : address6, family == AF_INET ? 4 : 16);
	if (!local || local->ifindex != ifindex || local->runtime->gone ||
	    !netpol_local_has(local, family, word))
		return NULL;
	CHECK_STR(holder(family, address), netpol_pod_name(local->pod));
	return netpol_pod_name(local->pod);
}

static void check_near(uint32_t ifindex, uint8_t address, const char *name)
{
	CHECK_STR(near(ifindex, AF_INET, address), name);
	CHECK_STR(near(ifindex, AF_INET6, address), name);
}

static void test_near(void)
{
	const uint32_t unspecified[4] = { 0 };
	const struct netpol_local *local;

	commit("one", 11, 20, 1);
	check_near(20, 1, "one");
	check_near(20, 2, NULL);
	check_near(21, 1, NULL);

	/* somebody newer claims the address, by another interface: the one that has it loses it */
	commit("two", 12, 21, 1);
	check_near(20, 1, NULL);
	check_near(21, 1, "two");
	CHECK_STR(holder(AF_INET, 1), "two");
	commit("two", 12, 21, 2);
	check_near(20, 1, "one");
	check_near(21, 1, NULL);
	check_near(21, 2, "two");

	/* of two addresses one that is left, and none */
	commit_two("two", 12, 21, 2, 3);
	commit("three", 13, 22, 2);
	check_near(22, 2, "three");
	check_near(21, 2, NULL);
	check_near(21, 3, "two");
	commit("four", 14, 23, 3);
	check_near(21, 3, NULL);
	check_near(23, 3, "four");

	/* none is not the unspecified address, which a host may send from */
	commit("bare", 15, 24, 0);
	local = netpol_snapshot_behind(world->snapshot, 24);
	CHECK_STR(owner(24), "bare");
	CHECK(!netpol_local_has(local, AF_INET, unspecified));
	CHECK(!netpol_local_has(local, AF_INET6, unspecified));
	local = netpol_snapshot_behind(world->snapshot, 21);
	CHECK_STR(owner(21), "two");
	CHECK(!netpol_local_has(local, AF_INET, unspecified));
	CHECK(!netpol_local_has(local, AF_INET6, unspecified));

	/* a slot that is another pod's by now keeps nothing of the one before */
	commit("four", 0, 23, 3);
	check_near(23, 3, NULL);
	check_near(21, 3, "two");
	CHECK(!netpol_snapshot_behind(world->snapshot, 23));
	commit("five", 16, 25, 5);
	check_near(25, 3, NULL);
	check_near(25, 5, "five");

	/* an index that shares its place is another interface's */
	commit("far", 17, 25 + NETPOL_BEHIND, 6);
	check_near(25 + NETPOL_BEHIND, 5, NULL);
	CHECK(netpol_snapshot_behind(world->snapshot, 25 + NETPOL_BEHIND));
	CHECK_STR(owner(25 + NETPOL_BEHIND), "far");
	CHECK_STR(owner(25 + 2 * NETPOL_BEHIND), NULL);

	/* the interface is gone: so is the pod, and who has its index now is found */
	interface_gone(20);
	check_near(20, 1, NULL);
	commit("heir", 18, 20, 7);
	check_near(20, 7, "heir");
	check_near(20, 1, NULL);
}

static bool may_send(uint8_t address)
{
	const uint8_t v4[4] = { 10, 0, 0, address }, v6[16] = { 0xfd, [15] = address };
	bool may = netpol_snapshot_may_be_local(world->snapshot, AF_INET, v4);

	CHECK_EQ(netpol_snapshot_may_be_local(world->snapshot, AF_INET6, v6), may);
	return may;
}

/* The sources that are looked up: those of all local pods, wherever they are. */
static void test_sources(void)
{
	CHECK(!may_send(90));
	commit("silent", 30, 0, 90);
	CHECK(may_send(90));
	commit("silent", 30, 33, 90);
	CHECK(may_send(90));
	commit("silent", 0, 0, 90);
	CHECK(!may_send(90));
}

/* Do all sources differ in the common bits, so that the filter need not be read? */
static bool told_apart(uint8_t address)
{
	const uint8_t v4[4] = { 10, 0, 0, address }, v6[16] = { 0xfd, [15] = address };
	const struct netpol_snapshot *snapshot = world->snapshot;
	uint64_t word = netpol_source_word(AF_INET6, v6);

	return ((uint32_t)netpol_source_word(AF_INET, v4) & snapshot->common4.mask) !=
	       snapshot->common4.bits &&
	       (word & snapshot->common6.mask) != snapshot->common6.bits;
}

/* What all local pods have in common follows them, and never tells one of them apart. */
static void test_common(void)
{
	static const uint8_t address[] = { 0x51, 0x55, 0x15, 0xea };
	char name[8];
	unsigned int i, k;

	CHECK(told_apart(0x51));
	for (i = 0; i < 4; i++) {
		sprintf(name, "c%u", i);
		/* a pod that is deleted does not count any more, and one without an interface does */
		commit(name, 40 + i, i & 1 ? 50 + i : 0, address[i]);
		for (k = 0; k <= i; k++)
			CHECK(!told_apart(address[k]) && may_send(address[k]));
		CHECK_EQ(told_apart(0x50), i < 3);
		CHECK_EQ(told_apart(0x15), i < 2);
	}
	/* c3 has the complement of c2, so nothing of the last byte is common */
	CHECK(!told_apart(0xff));
	CHECK(!may_send(0xff));
	commit("c3", 0, 0, 0);
	CHECK(told_apart(0x50) && !told_apart(0x15));
	for (i = 0; i < 3; i++) {
		sprintf(name, "c%u", i);
		commit(name, 0, 0, 0);
	}
	CHECK(told_apart(0x15));
}

/* An address of pod @pod of node @node, as clusters give them out; IPv6 in two ways. */
static void make_address(uint32_t word[4], uint8_t family, bool narrow, uint32_t node, uint32_t pod)
{
	const uint8_t high = node >> 8, low = node & 255, last = pod & 255;
	const uint8_t address4[4] = { 10, 64 + high, low, last };
	const uint8_t wide6[16] = { 0xfd, 0, 0, 16, 2, 68, high, low, [15] = last };
	const uint8_t narrow6[16] = { 0xfd, [12] = high, low, [15] = last };

	memcpy(word, family == AF_INET ? address4 : narrow ? narrow6 : wide6,
	       family == AF_INET ? 4 : 16);
}

/* Of addresses of other nodes the filter of the sources lets pass hardly more than chance does. */
static void check_filter(uint8_t family, bool narrow)
{
	static uint64_t bits[NETPOL_SOURCES / 64];
	uint32_t word[4], node, pod, bit, taken = 0, asked = 0;

	memset(bits, 0, sizeof(bits));
	for (pod = 2; pod < 112; pod++) {
		make_address(word, family, narrow, 0, pod);
		bit = netpol_source_bit(family, word);
		CHECK(bit < NETPOL_SOURCES);
		bits[bit / 64] |= 1ULL << bit % 64;
	}
	for (node = 1; node < 1000; node++) {
		for (pod = 2; pod < 112; pod++) {
			make_address(word, family, narrow, node, pod);
			bit = netpol_source_bit(family, word);
			taken += bits[bit / 64] >> bit % 64 & 1;
			asked++;
		}
	}
	/* by chance it is 110 in 8,192 */
	CHECK(taken < asked / 50);
}

static void test_filter(void)
{
	check_filter(AF_INET, false);
	check_filter(AF_INET6, false);
	check_filter(AF_INET6, true);
}

int main(void)
{
	netpol_hash_init();
	world = netpol_world_create();
	if (!CHECK(world))
		return check_done("interface");
	test_sources();
	test_common();
	commit("first", 1, IFINDEX, 1);
	commit("second", 2, IFINDEX, 2);
	CHECK_STR(owner(IFINDEX), "second");
	interface_gone(IFINDEX);
	CHECK_STR(owner(IFINDEX), "second");

	/* the next interface has the index; what is told of the dead does not take it */
	commit("heir", 3, IFINDEX, 3);
	CHECK_STR(owner(IFINDEX), "heir");
	commit("first", 1, IFINDEX, 4);
	CHECK_STR(owner(IFINDEX), "heir");

	/* of those that are left, one that lives */
	commit("third", 4, IFINDEX, 5);
	commit("third", 0, IFINDEX, 5);
	CHECK_STR(owner(IFINDEX), "heir");
	commit("heir", 0, IFINDEX, 3);
	CHECK(owner(IFINDEX));
	commit("first", 0, IFINDEX, 4);
	CHECK_STR(owner(IFINDEX), "second");
	commit("second", 0, IFINDEX, 2);
	CHECK_STR(owner(IFINDEX), NULL);
	test_near();
	test_filter();
	netpol_world_destroy(world);
	return check_done("interface");
}
