// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two local pods with one address: what the CNI has told on this node beats what the API server
 * says of either.
 */
#include <stdlib.h>

#include "check.h"
#include "agent/desired.h"
#include "agent/desired_pod.h"
#include "agent/owner.h"
#include "agent/quarantine.h"
#include "node/cni.h"
#include "node/host.h"

#define UID_WEB "00000000-0000-4000-8000-000000000001"
#define UID_OLD "00000000-0000-4000-8000-000000000002"
#define UID_FAR "00000000-0000-4000-8000-000000000003"
#define UID_OTHER "00000000-0000-4000-8000-000000000004"
#define UID_NEW "00000000-0000-4000-8000-000000000005"

static struct np_desired desired;
static struct np_host host;
static struct np_cni cni;

static void give_at(const char *node, const char *name, const char *uid, const char *address)
{
	static struct np_arena arena;
	struct np_error err = { 0 };
	struct np_node *object;
	char text[512];

	snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"shop\","
		 "\"uid\":\"%s\"},\"spec\":{\"nodeName\":\"%s\"},\"status\":{\"phase\":\"Running\""
		 ",\"podIP\":\"%s\"}}", name, uid, node, address);
	np_arena_reset(&arena);
	CHECK_EQ(np_json_object(text, strlen(text), np_source_pick(NP_SOURCE_POD), &arena, &object,
				&err), NP_JSON_WHOLE);
	np_desired_upsert(&desired, NP_SOURCE_POD, object);
}

static void give(const char *name, const char *uid, const char *address)
{
	give_at("here", name, uid, address);
}

/* It has no address yet. */
static void give_mirror(const char *name, const char *uid, const char *mirror)
{
	static struct np_arena arena;
	struct np_error err = { 0 };
	struct np_node *object;
	char text[512];

	snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"shop\","
		 "\"uid\":\"%s\",\"annotations\":{\"a\":\"b\",\"kubernetes.io/config.mirror\":"
		 "\"%s\"}},\"spec\":{\"nodeName\":\"here\"},\"status\":{\"phase\":\"Pending\"}}",
		 name, uid, mirror);
	np_arena_reset(&arena);
	CHECK_EQ(np_json_object(text, strlen(text), np_source_pick(NP_SOURCE_POD), &arena, &object,
				&err), NP_JSON_WHOLE);
	np_desired_upsert(&desired, NP_SOURCE_POD, object);
}

static void result(const char *name, const char *uid, const char *interface, const char *address,
		   int64_t time)
{
	char text[1024];

	snprintf(text, sizeof(text), "{\"ifName\":\"eth0\",\"cniArgs\":[[\"K8S_POD_NAMESPACE\","
		 "\"shop\"],[\"K8S_POD_NAME\",\"%s\"],[\"K8S_POD_UID\",\"%s\"]],\"result\":{"
		 "\"interfaces\":[{\"name\":\"cni0\"},{\"name\":\"%s\"},{\"name\":\"eth0\","
		 "\"sandbox\":\"/x\"}],\"ips\":[{\"address\":\"%s/24\",\"interface\":2}]}}", name,
		 uid, interface, address);
	CHECK(np_cni_parse(&cni, text, strlen(text), time));
}

static void device(uint32_t ifindex, const char *name, uint8_t kind)
{
	struct np_device d = { .ifindex = ifindex, .kind = kind };

	snprintf(d.name, sizeof(d.name), "%s", name);
	np_host_add_device(&host, &d);
	np_host_sort(&host);
}

static void begin(void)
{
	np_desired_init(&desired, "here");
	np_host_init(&host);
	device(2, "cni0", NP_DEVICE_BRIDGE);
	device(3, "veth3", NP_DEVICE_POD);
	device(4, "veth4", NP_DEVICE_POD);
	give("web", UID_WEB, "10.0.0.9");
	give("old", UID_OLD, "10.0.0.1");
}

static void end(void)
{
	np_desired_free(&desired);
	np_host_free(&host);
	np_cni_free(&cni);
}

/* As the agent does: first the addresses that the CNI has told, then who owns them. */
static void update(void)
{
	const struct np_cni_entry *entry;
	struct np_desired_pod *pod;
	size_t i;

	for (i = 0; i < desired.local_count; i++) {
		pod = desired.local[i];
		entry = np_owner_entry(&cni, &host, pod);
		np_desired_actual(&desired, pod, entry ? entry->address : NULL,
				  entry ? entry->address_count : 0);
	}
	np_owners_update(&desired, &cni, &host);
}

static bool loaded(const char *name)
{
	return np_desired_pod_loaded(np_desired_pod(&desired, "shop", name));
}

/* After a reboot: the API server still says that another pod has the address. */
static void test_reboot(void)
{
	struct np_quarantine q = { 0 };

	begin();
	update();
	CHECK(loaded("web") && loaded("old"));
	np_desired_finish_full(&desired);
	result("web", UID_WEB, "veth3", "10.0.0.1", 100);
	update();
	CHECK(loaded("web") && !loaded("old"));
	/* Both are committed, and the one that waits has a guard. */
	CHECK_EQ(desired.pending_count, 2);
	CHECK(np_quarantine_update(&q, &desired, &host, 10, false));
	CHECK_EQ(q.count, 1);
	CHECK_EQ(q.guard[0].addr[3], 1);
	/* The API server says so again, as after a new list. */
	give("old", UID_OLD, "10.0.0.1");
	update();
	CHECK(loaded("web") && !loaded("old"));
	/* Kubelet has reported where it is now. */
	give("old", UID_OLD, "10.0.0.7");
	update();
	CHECK(loaded("web") && loaded("old"));
	CHECK(np_quarantine_update(&q, &desired, &host, 10, false));
	CHECK_EQ(q.count, 0);
	np_quarantine_free(&q);
	end();
}

/* A pod that waits is as before once the other's result is gone. */
static void test_taken_back(void)
{
	begin();
	result("web", UID_WEB, "veth3", "10.0.0.1", 100);
	update();
	CHECK(!loaded("old"));
	np_cni_free(&cni);
	update();
	CHECK(loaded("old"));
	/* What is said of another uid gives it to nobody. */
	result("web", UID_OLD, "veth3", "10.0.0.1", 100);
	update();
	CHECK(loaded("old"));
	end();
}

/*
 * A pod of another node has the address of a local pod, by mistake or as a lie. The kernel gives an
 * address to the newest pod, so this one must not be loaded.
 */
static void test_other_node(void)
{
	begin();
	give_at("there", "far", UID_FAR, "10.0.0.5");
	give_at("there", "other", UID_OTHER, "10.0.0.6");
	result("web", UID_WEB, "veth3", "10.0.0.5", 100);
	update();
	CHECK(loaded("web") && loaded("old") && !loaded("far") && loaded("other"));
	/* It comes after the local pod has the address, also as a new pod. */
	give_at("there", "other", UID_OTHER, "10.0.0.5");
	CHECK(!loaded("other"));
	give_at("there", "new", UID_NEW, "10.0.0.5");
	CHECK(loaded("web") && !loaded("new"));
	/* It has an address of its own, or comes here, where the CNI decides. */
	give_at("there", "other", UID_OTHER, "10.0.0.6");
	CHECK(loaded("other"));
	give("new", UID_NEW, "10.0.0.5");
	update();
	CHECK(loaded("web") && !loaded("new"));
	/* The local pod is gone, and its address is free. */
	np_desired_remove(&desired, NP_SOURCE_POD, "shop", "web", UID_WEB);
	update();
	CHECK(loaded("far") && loaded("new"));
	/* Where the CNI says nothing, the address is that of the API server. */
	np_cni_free(&cni);
	give_at("there", "other", UID_OTHER, "10.0.0.1");
	update();
	CHECK(loaded("old") && loaded("other"));
	end();
}

static bool has_address(const char *name, uint8_t last)
{
	struct np_address address[NP_POD_ADDRESSES_MAX];
	struct np_desired_pod *pod = np_desired_pod(&desired, "shop", name);

	return np_desired_addresses(pod, address) == 1 && address[0].addr[3] == last;
}

/* A mirror pod has a uid of the API server; runtime and CNI have that of the static pod. */
static void test_mirror(void)
{
	const char *static_uid = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";

	begin();
	give_mirror("static", UID_FAR, static_uid);
	update();
	CHECK(!loaded("static"));
	result("static", static_uid, "veth3", "10.0.0.1", 100);
	update();
	CHECK(loaded("static") && has_address("static", 1) && !loaded("old"));
	/* It is the same after a list, and with the address in another place of the record. */
	give_mirror("static", UID_FAR, static_uid);
	give("old", UID_OLD, "10.0.0.7");
	update();
	CHECK(loaded("static") && has_address("static", 1) && loaded("old"));
	/* The static pod was changed, so its uid is another one. */
	give_mirror("static", UID_FAR, "ffffffffffffffffffffffffffffffff");
	update();
	CHECK(!loaded("static"));
	end();
	/* Somebody writes this into a pod of his own: what is left over gives it nothing. */
	begin();
	give_mirror("mine", UID_FAR, UID_OTHER);
	result("mine", UID_OTHER, "veth9", "10.0.0.9", 100);
	update();
	CHECK(!loaded("mine") && loaded("web"));
	result("mine", UID_FAR, "veth4", "10.0.0.8", 50);
	device(9, "veth9", NP_DEVICE_POD);
	update();
	CHECK(loaded("mine") && has_address("mine", 8) && loaded("web"));
	end();
}

/* Two results with one address: the latest counts, and none that is left over. */
static void test_two_results(void)
{
	begin();
	result("old", UID_OLD, "veth4", "10.0.0.1", 50);
	result("web", UID_WEB, "veth3", "10.0.0.1", 100);
	update();
	CHECK(loaded("web") && !loaded("old"));
	np_cni_free(&cni);
	result("old", UID_OLD, "veth4", "10.0.0.1", 200);
	result("web", UID_WEB, "veth3", "10.0.0.1", 100);
	update();
	CHECK(!loaded("web") && loaded("old"));
	/* It was written later by a clock that was wrong, and its interface is gone. */
	np_cni_free(&cni);
	result("old", UID_OLD, "veth9", "10.0.0.1", 200);
	result("web", UID_WEB, "veth3", "10.0.0.1", 100);
	update();
	CHECK(loaded("web") && !loaded("old"));
	end();
}

int main(void)
{
	test_reboot();
	test_taken_back();
	test_two_results();
	test_other_node();
	test_mirror();
	return check_done("owner");
}
