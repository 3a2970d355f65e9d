// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where pods are, by tables that the test makes: routes, results of the CNI, what is loaded, what
 * is found at the other ends of interfaces, and what bridges have learned. The worst tenant writes
 * all that a tenant can write.
 */
#include <stdlib.h>
#include <linux/rtnetlink.h>

#include "check.h"
#include "node/locate.h"

static struct np_cidr cidr(const char *text)
{
	struct np_cidr to;

	CHECK(np_prefix_parse(text, &to));
	return to;
}

static void route(struct np_host *host, const char *to, uint8_t kind, uint32_t ifindex,
		  uint8_t table)
{
	struct np_route r = { .to = cidr(to), .kind = kind, .ifindex = ifindex, .table = table };

	np_host_add_route(host, &r);
}

static void device(struct np_host *host, uint32_t ifindex, const char *name, uint8_t kind)
{
	struct np_device d = { .ifindex = ifindex, .kind = kind };

	/* all ports of the tests are those of one bridge */
	if (!strncmp(name, "port", 4))
		d.master = 4;

	snprintf(d.name, sizeof(d.name), "%s", name);
	np_host_add_device(host, &d);
}

static int where(const struct np_host *host, const char *text, uint32_t *ifindex)
{
	struct np_address addr;

	CHECK(!np_address_parse(text, &addr));
	return np_host_locate(host, &addr, ifindex);
}

static void near(struct np_host *host, const char *text, uint32_t bridge, uint32_t port,
		 uint8_t mac)
{
	struct np_neighbour n = { .ifindex = bridge, .mac = { 2, 0, 0, 0, 0, mac } };
	struct np_station s = { .bridge = bridge, .port = port, .mac = { 2, 0, 0, 0, 0, mac } };

	CHECK(!np_address_parse(text, &n.address));
	np_host_add_neighbour(host, &n);
	if (port)
		np_host_add_station(host, &s);
}

static void make_host(struct np_host *host)
{
	np_host_init(host);
	device(host, 9, "vethb", NP_DEVICE_POD);
	device(host, 2, "eth0", NP_DEVICE_PHYSICAL);
	device(host, 3, "cali1", NP_DEVICE_POD);
	device(host, 4, "cni0", NP_DEVICE_BRIDGE);
	device(host, 5, "flannel.1", NP_DEVICE_TUNNEL);
	device(host, 6, "vxport", NP_DEVICE_TUNNEL);
	device(host, 11, "port1", NP_DEVICE_POD);
	device(host, 12, "port2", NP_DEVICE_POD);
	device(host, 13, "port3", NP_DEVICE_POD);
	route(host, "0.0.0.0/0", NP_ROUTE_GATEWAY, 2, RT_TABLE_MAIN);
	route(host, "192.168.0.0/24", NP_ROUTE_DIRECT, 2, RT_TABLE_MAIN);
	route(host, "10.244.0.0/24", NP_ROUTE_DIRECT, 4, RT_TABLE_MAIN);
	route(host, "10.244.1.0/24", NP_ROUTE_GATEWAY, 5, RT_TABLE_MAIN);
	route(host, "10.244.2.0/24", NP_ROUTE_DIRECT, 5, RT_TABLE_MAIN);
	route(host, "10.245.0.0/16", NP_ROUTE_OTHER, 0, RT_TABLE_MAIN);
	route(host, "10.245.0.7/32", NP_ROUTE_DIRECT, 3, RT_TABLE_MAIN);
	route(host, "10.245.1.0/30", NP_ROUTE_DIRECT, 3, RT_TABLE_MAIN);
	route(host, "10.244.0.1/32", NP_ROUTE_OWN, 4, RT_TABLE_LOCAL);
	route(host, "fd00::7/128", NP_ROUTE_DIRECT, 3, RT_TABLE_MAIN);
	route(host, "fd00::/64", NP_ROUTE_GATEWAY, 2, RT_TABLE_MAIN);
	/* A pod's route does not win over the node's own address. */
	route(host, "10.244.0.1/32", NP_ROUTE_DIRECT, 3, RT_TABLE_MAIN);
	near(host, "10.244.0.5", 4, 9, 5);
	near(host, "10.244.0.6", 4, 6, 6);
	near(host, "10.244.0.8", 4, 2, 8);
	near(host, "10.244.0.9", 4, 0, 9);
	near(host, "10.244.0.10", 4, 77, 10);
	np_host_sort(host);
}

static void test_routes(void)
{
	struct np_host host;
	uint32_t ifindex;

	make_host(&host);
	CHECK_EQ(where(&host, "10.245.0.7", &ifindex), NP_WHERE_LOCAL);
	CHECK_EQ(ifindex, 3);
	CHECK_EQ(where(&host, "10.245.0.8", &ifindex), NP_WHERE_REMOTE);
	CHECK_EQ(where(&host, "10.245.1.2", &ifindex), NP_WHERE_CONNECTED);
	CHECK_EQ(where(&host, "10.244.0.1", &ifindex), NP_WHERE_OWN);
	/* which pod's port a bridge saw an address on says nothing */
	CHECK_EQ(where(&host, "10.244.0.5", &ifindex), NP_WHERE_BRIDGE);
	CHECK_EQ(ifindex, 4);
	CHECK_EQ(where(&host, "10.244.0.6", &ifindex), NP_WHERE_AWAY);
	CHECK_EQ(where(&host, "10.244.0.7", &ifindex), NP_WHERE_BRIDGE);
	CHECK_EQ(ifindex, 4);
	CHECK_EQ(where(&host, "10.244.0.8", &ifindex), NP_WHERE_AWAY);
	CHECK_EQ(ifindex, 4);
	/* the entry of a port that is no device any more says nothing */
	CHECK_EQ(where(&host, "10.244.0.10", &ifindex), NP_WHERE_BRIDGE);
	CHECK_EQ(ifindex, 4);
	CHECK_EQ(where(&host, "10.244.0.9", &ifindex), NP_WHERE_BRIDGE);
	CHECK_EQ(where(&host, "10.244.1.5", &ifindex), NP_WHERE_REMOTE);
	CHECK_EQ(where(&host, "10.244.2.5", &ifindex), NP_WHERE_REMOTE);
	CHECK_EQ(where(&host, "192.168.0.9", &ifindex), NP_WHERE_REMOTE);
	CHECK_EQ(where(&host, "8.8.8.8", &ifindex), NP_WHERE_REMOTE);
	CHECK_EQ(where(&host, "fd00::7", &ifindex), NP_WHERE_LOCAL);
	CHECK_EQ(where(&host, "fd00::8", &ifindex), NP_WHERE_REMOTE);
	CHECK_EQ(where(&host, "2001:db8::1", &ifindex), NP_WHERE_REMOTE);
	np_host_free(&host);
	np_host_init(&host);
	np_host_sort(&host);
	CHECK_EQ(where(&host, "10.0.0.1", &ifindex), NP_WHERE_REMOTE);
	np_host_free(&host);
}

static char remarks[4096];

static void remark(void *arg, const char *text)
{
	(void)arg;
	snprintf(remarks + strlen(remarks), sizeof(remarks) - strlen(remarks), "%s\n", text);
}

static void add_pod(struct np_objects *objs, const char *name, const char *node,
		    const char *address)
{
	struct np_pod *pod = np_objects_add_pod(objs);

	pod->namespace = "shop";
	pod->name = name;
	pod->node = node;
	pod->uid = "";
	pod->address = np_arena_zalloc(&objs->arena, 2 * sizeof(*pod->address));
	pod->address_count = 1;
	CHECK(!np_address_parse(address, pod->address));
}

static void test_locate(void)
{
	struct np_locate_override over = { "shop/c", "eth0" };
	struct np_locate_options opts = { .mode = NP_LOCATE_AUTO };
	struct np_placement place[5];
	struct np_error err = { 0 };
	struct np_objects objs;
	struct np_host host;

	make_host(&host);
	np_objects_init(&objs);
	add_pod(&objs, "a", "there", "10.245.0.7");
	add_pod(&objs, "b", "here", "10.244.0.7");
	add_pod(&objs, "c", "there", "10.244.1.5");
	add_pod(&objs, "d", "there", "10.245.1.2");
	add_pod(&objs, "e", "here", "10.244.0.1");
	remarks[0] = '\0';
	CHECK(!np_locate(&host, &objs, &opts, NULL, place, remark, NULL, &err));
	CHECK(place[0].local && place[0].ifindex == 3);
	CHECK(place[1].local && !place[1].ifindex && !place[2].local && !place[3].local);
	CHECK(!place[3].own && place[4].own && !place[4].local);
	CHECK(strstr(remarks, "pod shop/b: no port of bridge cni0 leads to 10.244.0.7 yet; taken as "
		     "local"));
	CHECK(strstr(remarks, "pod shop/d: 10.245.1.2 is in a subnet on cali1"));
	CHECK(strstr(remarks, "taken as remote (--node, --local or --interface"));
	opts.node = "here";
	remarks[0] = '\0';
	CHECK(!np_locate(&host, &objs, &opts, NULL, place, remark, NULL, &err));
	CHECK(!place[0].local && place[1].local && !place[1].ifindex && !place[2].local);
	CHECK(place[4].own && !place[4].local);
	CHECK(strstr(remarks, "pod shop/a: spec.nodeName is \"there\""));
	CHECK(strstr(remarks, "pod shop/b: spec.nodeName is this node"));
	opts.node = NULL;
	opts.mode = NP_LOCATE_ALL;
	opts.override = &over;
	opts.override_count = 1;
	CHECK(!np_locate(&host, &objs, &opts, NULL, place, NULL, NULL, &err));
	CHECK(place[0].local && place[1].local && place[2].ifindex == 2 && place[4].own);
	over.device = "nope0";
	CHECK_EQ(np_locate(&host, &objs, &opts, NULL, place, NULL, NULL, &err), -1);
	CHECK_EQ(err.exit, NP_EXIT_INPUT);
	np_objects_free(&objs);
	np_host_free(&host);
}

/* What a re-apply makes of pods that are loaded as local. */
static void test_locate_again(void)
{
	static const struct np_placement loaded[] = {
		{ true, 9 }, { true, 3 }, { true, 3 }, { true, 12 }, { true, 99 }, { true, 0 },
		{ true, 0 }, { false, 0 },
	};
	struct np_placement place[sizeof(loaded) / sizeof(loaded[0])];
	struct np_locate_options opts = { .mode = NP_LOCATE_AUTO };
	struct np_error err = { 0 };
	struct np_objects objs;
	struct np_host host;

	make_host(&host);
	np_objects_init(&objs);
	add_pod(&objs, "aged", "here", "10.244.0.7");
	add_pod(&objs, "subnet", "here", "10.245.1.2");
	/* the bridge saw it on another port */
	add_pod(&objs, "moved", "here", "10.244.0.5");
	add_pod(&objs, "routed", "here", "10.244.1.5");
	add_pod(&objs, "gone", "here", "10.244.0.7");
	add_pod(&objs, "unknown", "here", "10.245.1.2");
	add_pod(&objs, "away", "here", "10.244.0.6");
	/* seen behind a tunnel by one address, not at all by the other */
	add_pod(&objs, "dual", "there", "10.244.0.6");
	objs.pods[7].address_count = 2;
	CHECK(!np_address_parse("10.244.0.7", &objs.pods[7].address[1]));
	remarks[0] = '\0';
	CHECK(!np_locate(&host, &objs, &opts, loaded, place, remark, NULL, &err));
	CHECK(place[0].local && place[0].ifindex == 9);
	CHECK(place[1].local && place[1].ifindex == 3);
	CHECK(place[2].local && place[2].ifindex == 3);
	CHECK(place[3].local && place[3].ifindex == 12);
	CHECK(place[4].local && !place[4].ifindex);
	CHECK(place[5].local && !place[5].ifindex);
	CHECK(!place[6].local && !place[7].local);
	CHECK(!strstr(remarks, "shop/aged") && !strstr(remarks, "shop/subnet"));
	CHECK(strstr(remarks, "pod shop/routed: no local route"));
	opts.node = "here";
	CHECK(!np_locate(&host, &objs, &opts, loaded, place, NULL, NULL, &err));
	CHECK(place[0].local && place[0].ifindex == 9 && place[6].local && !place[7].local);
	opts.node = NULL;
	opts.mode = NP_LOCATE_NONE;
	CHECK(!np_locate(&host, &objs, &opts, loaded, place, NULL, NULL, &err));
	CHECK(!place[0].local && !place[0].ifindex);
	np_objects_free(&objs);
	np_host_free(&host);
}

/* --- claims ----------------------------------------------------------------------- */

/* The pod "shop/NAME" has the address 10.244.0.HOST. */
struct claim_pod {
	const char *name;
	unsigned int host;
	uint32_t loaded;	/* the interface that it is loaded with */
	uint32_t want;		/* the interface that is to be found; 0: not known */
};

/* 10.244.0.HOST is at the other end of a port. */
struct claim_shown {
	unsigned int host;
	uint32_t port;
};

struct claim_case {
	const char *what;
	struct claim_pod pod[4];
	struct claim_shown shown[6];
	uint32_t other;			/* a pod that the input lacks is loaded there */
	const char *cni_pod;		/* the CNI says that this pod is at... */
	const char *cni_port;
	const char *remark;
};

#define P1	11
#define P2	12
#define P3	13

static const struct claim_case claim_cases[] = {
	{ "silent pods", { { "a", 20, 0, P1 }, { "b", 21, 0, P2 } }, { { 20, P1 }, { 21, P2 } } },
	{ "not started", { { "a", 20, 0, 0 }, { "b", 21, 0, P2 } }, { { 21, P2 } },
	  .remark = "pod shop/a: no port of bridge cni0 leads to 10.244.0.20 yet" },
	{ "beside its own, the address of a pod that is not there: neither is it",
	  { { "evil", 20, 0, 0 }, { "free", 21, 0, 0 } }, { { 20, P1 }, { 21, P1 } },
	  .remark = "pod shop/free: port1 has its address, but is another pod's" },
	{ "the same, where evil is loaded",
	  { { "evil", 20, P1, P1 }, { "free", 21, 0, 0 } }, { { 20, P1 }, { 21, P1 } } },
	{ "two pods that have one address, of which the kernel knows who has it",
	  { { "old", 20, 0, P1 }, { "new", 20, 0, P1 } }, { { 20, P1 } } },
	{ "the same, where the old one is loaded",
	  { { "old", 20, P1, P1 }, { "new", 20, 0, P1 } }, { { 20, P1 } } },
	{ "its own address and that of a running pod",
	  { { "evil", 20, 0, P1 }, { "b", 21, 0, P2 } },
	  { { 20, P1 }, { 21, P1 }, { 21, P2 } } },
	{ "instead of its own, that of a running pod: nobody has it",
	  { { "evil", 20, 0, 0 }, { "b", 21, 0, 0 } }, { { 21, P1 }, { 21, P2 } },
	  .remark = "pod shop/b: it may be behind port1 or port2" },
	{ "the same, where evil is loaded",
	  { { "evil", 20, P1, P1 }, { "b", 21, 0, P2 } }, { { 21, P1 }, { 21, P2 } } },
	{ "the same, where the other one is loaded: it loses rather than evil wins",
	  { { "evil", 20, 0, 0 }, { "b", 21, P2, 0 } }, { { 21, P1 }, { 21, P2 } } },
	{ "instead of its own, that of a pod that is not there, where evil is loaded",
	  { { "evil", 20, P1, P1 }, { "free", 21, 0, 0 } }, { { 21, P1 } } },
	{ "that of a pod that is silent and loaded elsewhere",
	  { { "evil", 20, 0, 0 }, { "b", 21, P2, 0 } }, { { 21, P1 } },
	  .remark = "pod shop/b: it may be behind port2 or port1" },
	{ "beside its own, that of a pod that is silent and loaded elsewhere",
	  { { "evil", 20, 0, P1 }, { "b", 21, P2, P2 } }, { { 20, P1 }, { 21, P1 } } },
	{ "a bridge's lie that was loaded once is mended",
	  { { "evil", 20, P1, P1 }, { "b", 21, P1, P2 } }, { { 20, P1 }, { 21, P2 } } },
	{ "two evil pods against one",
	  { { "evil", 20, 0, 0 }, { "worse", 21, 0, 0 }, { "b", 22, 0, 0 } },
	  { { 22, P1 }, { 20, P2 }, { 21, P2 }, { 22, P3 } } },
	{ "a pod of which the input says nothing has its interface",
	  { { "b", 21, 0, 0 } }, { { 21, P1 } }, .other = P1,
	  .remark = "pod shop/b: port1 has its address, but is another pod's" },
	{ "and so its claims are void", { { "b", 21, 0, P2 } }, { { 21, P1 }, { 21, P2 } },
	  .other = P1 },
	{ "several pods of one interface, which somebody named",
	  { { "a", 20, P1, P1 }, { "b", 21, P1, P1 } }, { { 0 } } },
	{ "the CNI's word against the container's",
	  { { "evil", 20, 0, 0 }, { "b", 21, 0, P2 } }, { { 21, P1 } },
	  .cni_pod = "b", .cni_port = "port2" },
	{ "the CNI's word against what is loaded",
	  { { "b", 21, P1, P2 } }, { { 21, P1 } }, .cni_pod = "b", .cni_port = "port2" },
	{ "the CNI's word takes the interface from others",
	  { { "a", 20, P2, 0 }, { "b", 21, 0, P2 } }, { { 20, P2 } },
	  .cni_pod = "b", .cni_port = "port2" },
	{ "a bridge is no pod's interface", { { "b", 21, 0, P1 } }, { { 21, P1 } },
	  .cni_pod = "b", .cni_port = "cni0" },
	{ "an interface that is no port of the bridge", { { "b", 21, 0, 0 } }, { { 21, 9 } } },
	{ "a bridge saw it on another node, but here it is: neither is believed",
	  { { "evil", 20, 0, 0 }, { "remote", 6, 0, 0 } }, { { 6, P1 } } },
};

static void test_claim(const struct claim_case *c)
{
	struct np_locate_options opts = { .mode = NP_LOCATE_AUTO };
	struct np_placement place[4], loaded[4] = { { false } };
	struct np_error err = { 0 };
	struct np_cni cni = { 0 };
	struct np_objects objs;
	struct np_host host;
	char text[1024];
	const struct np_pod stranger = { .namespace = "shop", .name = "stranger" };
	const struct np_locate_other other = { &stranger, c->other };
	unsigned int failed = check_failed;
	size_t i;

	make_host(&host);
	for (i = 0; i < 6 && c->shown[i].port; i++) {
		struct np_inside inside = { .ifindex = c->shown[i].port };

		snprintf(text, sizeof(text), "10.244.0.%u", c->shown[i].host);
		CHECK(!np_address_parse(text, &inside.address));
		np_host_add_inside(&host, &inside);
	}
	np_host_sort(&host);
	np_objects_init(&objs);
	for (i = 0; i < 4 && c->pod[i].name; i++) {
		snprintf(text, sizeof(text), "10.244.0.%u", c->pod[i].host);
		add_pod(&objs, c->pod[i].name, "here", text);
		objs.pods[i].uid = c->pod[i].name;
		loaded[i].ifindex = c->pod[i].loaded;
		loaded[i].local = c->pod[i].loaded;
	}
	if (c->cni_pod) {
		snprintf(text, sizeof(text), "{\"ifName\":\"eth0\",\"cniArgs\":["
			 "[\"K8S_POD_NAMESPACE\",\"shop\"],[\"K8S_POD_NAME\",\"%s\"],"
			 "[\"K8S_POD_UID\",\"%s\"]],\"result\":{\"interfaces\":["
			 "{\"name\":\"cni0\"},{\"name\":\"%s\"},"
			 "{\"name\":\"eth0\",\"sandbox\":\"/run/netns/x\"}],"
			 "\"ips\":[{\"interface\":2,\"address\":\"10.244.0.9/24\"}]}}",
			 c->cni_pod, c->cni_pod, c->cni_port);
		CHECK(np_cni_parse(&cni, text, strlen(text), 1));
		opts.cni = &cni;
	}
	opts.other = &other;
	opts.other_count = c->other ? 1 : 0;
	remarks[0] = '\0';
	CHECK(!np_locate(&host, &objs, &opts, loaded, place, remark, NULL, &err));
	for (i = 0; i < objs.pod_count; i++) {
		CHECK(place[i].local);
		CHECK_EQ(place[i].ifindex, c->pod[i].want);
		/* who is not found is told about */
		snprintf(text, sizeof(text), "pod shop/%s: ", c->pod[i].name);
		CHECK_EQ(strstr(remarks, text) != NULL, !c->pod[i].want);
	}
	if (c->remark)
		CHECK(strstr(remarks, c->remark));
	if (check_failed > failed)
		printf("that was: %s\n%s", c->what, remarks);
	np_cni_free(&cni);
	np_objects_free(&objs);
	np_host_free(&host);
}

/* Where spec.nodeName decides, the interface is found by the same evidence. */
static void test_claim_node(void)
{
	struct np_locate_options opts = { .mode = NP_LOCATE_AUTO, .node = "here" };
	struct np_inside inside = { .ifindex = 9 };
	struct np_placement place[2];
	struct np_error err = { 0 };
	struct np_objects objs;
	struct np_host host;

	make_host(&host);
	CHECK(!np_address_parse("172.16.0.5", &inside.address));
	np_host_add_inside(&host, &inside);
	np_host_sort(&host);
	np_objects_init(&objs);
	add_pod(&objs, "routed", "here", "172.16.0.5");
	add_pod(&objs, "there", "there", "10.244.0.5");
	CHECK(!np_locate(&host, &objs, &opts, NULL, place, NULL, NULL, &err));
	CHECK(place[0].local && place[0].ifindex == 9);
	CHECK(!place[1].local && !place[1].ifindex);
	/* who names an interface is believed, whatever the container shows */
	opts.override = &(struct np_locate_override){ "shop/routed", "cali1" };
	opts.override_count = 1;
	CHECK(!np_locate(&host, &objs, &opts, NULL, place, NULL, NULL, &err));
	CHECK(place[0].local && place[0].ifindex == 3);
	np_objects_free(&objs);
	np_host_free(&host);
}

int main(void)
{
	size_t i;

	test_routes();
	test_locate();
	test_locate_again();
	for (i = 0; i < sizeof(claim_cases) / sizeof(claim_cases[0]); i++)
		test_claim(&claim_cases[i]);
	test_claim_node();
	return check_done("locate");
}
