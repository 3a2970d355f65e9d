// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which local pod an interface belongs to, where its index has been another one's before:
 * what the kernel asks of each packet, to know who may send by that interface.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "edit.h"
#include "world.h"

#define IFINDEX 7

static struct netpol_world *world;

/* Sets pod @name, whose last uid byte is @uid, or deletes it (@uid 0). */
static void commit(const char *name, uint8_t uid, uint32_t ifindex, uint8_t address)
{
	struct netpol_snapshot *old = world->snapshot;
	struct netpol_fault fault = {};
	struct netpol_edit *edit = netpol_edit_begin(world, "manual", &fault);
	struct netpol_pod_text text = {
		.ns = NETPOL_TEXT("a"),
		.name = NETPOL_TEXT(name),
		.flags = NETPOL_POD_F_LOCAL | NETPOL_POD_F_RUNNING,
		.ifindex = ifindex,
		.naddress4 = 1,
		.address4 = { { 10, 0, 0, address } },
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

int main(void)
{
	netpol_core_init();
	world = netpol_world_create();
	if (!CHECK(world))
		return check_done("interface");
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
	netpol_world_destroy(world);
	return check_done("interface");
}
