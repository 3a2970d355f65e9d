// SPDX-License-Identifier: GPL-2.0-or-later
#include "../e2e/e2e.h"

#include "api.h"
#include "change.h"
#include "kind.h"
#include "pieces.h"

#define SYSTEM		(NAMESPACES - 1)	/* kube-system */
#define POLICIES	5	/* in a namespace */

struct pod {
	bool known;		/* the API server has it */
	unsigned int namespace;
	unsigned int serial;
	char name[64];		/* namespace/name */
};

static struct pod pods[SLOTS];
static bool policies[NAMESPACES * POLICIES], clusters[CLUSTER_POLICIES];
static unsigned int serial;

static cJSON *block(void)
{
	static const char *const wide[] = { "10.1.0.0/16", "0.0.0.0/0", "10.0.0.0/8" };
	static const char *const narrow[] = { "10.1.1.0/24", "10.1.2.0/24", "10.1.1.8/29",
					      "10.1.2.12/32", "10.1.1.12/30" };
	static const char *const six[] = { "::/0", "fd01::/16", "fd01:1::/64" };
	cJSON *b = object(), *list;

	if (chance(20)) {
		put_text(b, "cidr", any(six, 3));
	} else if (chance(30)) {
		put_text(b, "cidr", any(narrow, 5));
	} else {
		put_text(b, "cidr", any(wide, 3));
		if (chance(60)) {
			list = array();
			cJSON_AddItemToArray(list, need(cJSON_CreateString(any(narrow, 5))));
			put(b, "except", list);
		}
	}
	return b;
}

static cJSON *peers(void)
{
	unsigned int n = change_random(3);
	cJSON *list = array(), *peer;

	while (n--) {
		peer = object();
		switch (change_random(4)) {
		case 0:
			put(peer, "podSelector", selector());
			break;
		case 1:
			put(peer, "namespaceSelector", namespace_selector());
			break;
		case 2:
			put(peer, "podSelector", selector());
			put(peer, "namespaceSelector", namespace_selector());
			break;
		default:
			put(peer, "ipBlock", block());
		}
		cJSON_AddItemToArray(list, peer);
	}
	return list;
}

static cJSON *port_item(void)
{
	static const struct {
		const char *protocol;
		const char *name;
		int number;
	} item[] = {
		{ "UDP", NULL, 7000 }, { "UDP", NULL, 7000 }, { "TCP", NULL, 7001 },
		{ "TCP", NULL, 7001 }, { "TCP", NULL, 80 }, { "TCP", NULL, 8080 },
		{ "UDP", NULL, 53 }, { "TCP", "web", 0 }, { "UDP", "probe", 0 },
		{ "TCP", NULL, 0 }, { "UDP", NULL, 0 }, { "SCTP", NULL, 0 },
	};
	unsigned int i = change_random(sizeof(item) / sizeof(item[0]));
	cJSON *port = put_text(object(), "protocol", item[i].protocol);

	if (item[i].name)
		put_text(port, "port", item[i].name);
	else if (item[i].number)
		need(cJSON_AddNumberToObject(port, "port", item[i].number));
	return port;
}

static cJSON *rules(const char *peer_key)
{
	unsigned int n = change_random(3), ports;
	cJSON *list = array(), *rule, *port_list;

	while (n--) {
		rule = object();
		if (chance(80))
			put(rule, peer_key, peers());
		if (chance(60)) {
			port_list = array();
			for (ports = 1 + change_random(3); ports; ports--)
				cJSON_AddItemToArray(port_list, port_item());
			put(rule, "ports", port_list);
		}
		cJSON_AddItemToArray(list, rule);
	}
	return list;
}

static cJSON *policy(unsigned int which)
{
	static const char *const direction[] = { "Ingress", "Egress" };
	cJSON *spec = object(), *types = array(), *root = object(), *meta = object();
	unsigned int set = 1 + change_random(3), i;
	char name[32];

	put(spec, "podSelector", selector());
	if (chance(80))
		put(spec, "ingress", rules("from"));
	if (chance(60))
		put(spec, "egress", rules("to"));
	if (chance(70)) {
		for (i = 0; i < 2; i++)
			if (set >> i & 1)
				cJSON_AddItemToArray(types,
						     need(cJSON_CreateString(direction[i])));
		put(spec, "policyTypes", types);
	} else {
		cJSON_Delete(types);
	}
	snprintf(name, sizeof(name), "policy-%u", which % POLICIES);
	put_text(root, "apiVersion", "networking.k8s.io/v1");
	put_text(root, "kind", "NetworkPolicy");
	put(root, "metadata", put_text(meta, "name", name));
	put(root, "spec", spec);
	return root;
}

/* --- pods --------------------------------------------------------------------- */

static struct pod *pod_of(const struct slot *slot)
{
	return &pods[slot - slots];
}

const char *change_pod(const struct slot *slot)
{
	return pod_of(slot)->known ? pod_of(slot)->name : NULL;
}

static const char *pod_path(const struct slot *slot, const char *below)
{
	static char path[160];
	const struct pod *pod = pod_of(slot);

	snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods/pod-%u%s",
		 namespace_name[pod->namespace], pod->serial, below);
	return path;
}

static cJSON *container_port(const char *protocol, const char *name, int number)
{
	cJSON *port = put_text(put_text(object(), "protocol", protocol), "name", name);

	need(cJSON_AddNumberToObject(port, "containerPort", number));
	return port;
}

static cJSON *status(const char *phase, const struct slot *slot)
{
	cJSON *s = put_text(object(), "phase", phase), *list = array();

	if (slot) {
		put_text(s, "podIP", slot->v4);
		cJSON_AddItemToArray(list, put_text(object(), "ip", slot->v4));
		cJSON_AddItemToArray(list, put_text(object(), "ip", slot->v6));
		put(s, "podIPs", list);
	} else {
		cJSON_Delete(list);
	}
	return put(object(), "status", s);
}

/* Takes pod_labels. */
static void pod_add(const struct slot *slot, cJSON *pod_labels)
{
	struct pod *pod = pod_of(slot);
	cJSON *root = object(), *meta = object(), *spec = object(), *container = object();
	cJSON *containers = array(), *ports = array();
	char path[128], name[32];

	snprintf(name, sizeof(name), "pod-%u", pod->serial);
	put(put_text(meta, "name", name), "labels", pod_labels);
	if (chance(80))
		cJSON_AddItemToArray(ports, container_port("TCP", "web", chance(50) ? 80 : 8080));
	if (chance(80))
		cJSON_AddItemToArray(ports, container_port("UDP", "probe", 7000));
	put_text(put_text(container, "name", "main"), "image", "none");
	cJSON_AddItemToArray(containers, put(container, "ports", ports));
	put(put_text(spec, "nodeName", node_name[slot->node]), "containers", containers);
	put_text(put_text(root, "apiVersion", "v1"), "kind", "Pod");
	put(put(root, "metadata", meta), "spec", spec);
	snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods", namespace_name[pod->namespace]);
	api("POST", path, root);
	api("PATCH", pod_path(slot, "/status"), status("Running", slot));
	pod->known = true;
}

/* An address of the node that no pod has; the one given up last most often. */
static unsigned int free_address(unsigned int node)
{
	unsigned int number, i;
	bool used;

	do {
		number = change_random(ADDRESSES);
		used = false;
		for (i = 0; i < SLOTS; i++)
			used |= slots[i].up && slots[i].node == node && slots[i].number == number;
	} while (used);
	return number;
}

static void pod_prepare(struct slot *slot, unsigned int namespace)
{
	struct pod *pod = pod_of(slot);

	pod->namespace = namespace;
	pod->serial = ++serial;
	snprintf(pod->name, sizeof(pod->name), "%s/pod-%u", namespace_name[pod->namespace],
		 pod->serial);
	slot_up(slot, free_address(slot->node));
}

static struct slot *any_slot(bool up)
{
	unsigned int i, n = 0, wanted;

	for (i = 0; i < SLOTS; i++)
		n += slots[i].up == up;
	if (!n)
		return NULL;
	wanted = change_random(n);
	for (i = 0; i < SLOTS; i++)
		if (slots[i].up == up && !wanted--)
			break;
	return &slots[i];
}

/* One of a list that is, or is not, there; -1: none was found. */
static int any_of(const bool *list, unsigned int count, bool there)
{
	unsigned int tries = 100, i;

	while (tries--) {
		i = change_random(count);
		if (list[i] == there)
			return (int)i;
	}
	return -1;
}

static int any_policy(bool there)
{
	return any_of(policies, NAMESPACES * POLICIES, there);
}

static const char *policy_path(unsigned int which, bool itself)
{
	static char path[160];
	int n = snprintf(path, sizeof(path),
			 "/apis/networking.k8s.io/v1/namespaces/%s/networkpolicies",
			 namespace_name[which / POLICIES]);

	if (itself)
		snprintf(path + n, sizeof(path) - (size_t)n, "/policy-%u", which % POLICIES);
	return path;
}

static const char *cluster_path(unsigned int which)
{
	static char path[160];

	snprintf(path, sizeof(path), KIND_PATH "/cluster-%u", which);
	return path;
}

/* --- changes ------------------------------------------------------------------ */

/* Can a change of this kind be made now? Then it is filled in. */
static bool change_fill(struct change *c)
{
	int which = 0;

	c->slot = NULL;
	switch (c->kind) {
	case CHANGE_POD_ADD:
		c->slot = any_slot(false);
		return c->slot;
	case CHANGE_POD_DELETE:
	case CHANGE_POD_FINISH:
		c->slot = any_slot(true);
		/* Enough of them are to be left to talk. */
		return c->slot && change_random(SLOTS) < SLOTS * 2 / 3;
	case CHANGE_POD_LABELS:
		c->slot = any_slot(true);
		return c->slot;
	case CHANGE_NAMESPACE_LABELS:
		which = (int)change_random(NAMESPACES);
		break;
	case CHANGE_POLICY_ADD:
		which = any_policy(false);
		break;
	case CHANGE_POLICY_REPLACE:
	case CHANGE_POLICY_DELETE:
		which = any_policy(true);
		break;
	case CHANGE_CLUSTER_ADD:
		which = any_of(clusters, CLUSTER_POLICIES, false);
		break;
	case CHANGE_CLUSTER_REPLACE:
	case CHANGE_CLUSTER_DELETE:
		which = any_of(clusters, CLUSTER_POLICIES, true);
		break;
	case CHANGES:
		break;
	}
	c->which = (unsigned int)which;
	return which >= 0;
}

void change_choose(struct change *c, unsigned int allowed)
{
	static const enum change_kind often[] = {
		CHANGE_POD_ADD, CHANGE_POD_ADD, CHANGE_POD_ADD, CHANGE_POD_DELETE,
		CHANGE_POD_FINISH, CHANGE_POD_LABELS, CHANGE_POD_LABELS,
		CHANGE_NAMESPACE_LABELS, CHANGE_NAMESPACE_LABELS, CHANGE_POLICY_ADD,
		CHANGE_POLICY_ADD, CHANGE_POLICY_ADD, CHANGE_POLICY_REPLACE,
		CHANGE_POLICY_REPLACE, CHANGE_POLICY_REPLACE, CHANGE_POLICY_DELETE,
		CHANGE_CLUSTER_ADD, CHANGE_CLUSTER_ADD, CHANGE_CLUSTER_ADD,
		CHANGE_CLUSTER_REPLACE, CHANGE_CLUSTER_REPLACE, CHANGE_CLUSTER_REPLACE,
		CHANGE_CLUSTER_REPLACE, CHANGE_CLUSTER_DELETE, CHANGE_CLUSTER_DELETE,
	};
	static const char *const word[] = {
		"add pod", "delete pod", "finish pod", "relabel pod", "relabel namespace",
		"add policy", "replace policy", "delete policy",
		"add", "replace", "delete",
	};

	do {
		c->kind = often[change_random(sizeof(often) / sizeof(often[0]))];
	} while (!(allowed >> c->kind & 1) || !change_fill(c));
	if (c->kind == CHANGE_POD_ADD)
		pod_prepare(c->slot, change_random(NAMESPACES));
	if (c->slot)
		snprintf(c->text, sizeof(c->text), "%s %s (%s, %s)", word[c->kind],
			 pod_of(c->slot)->name, c->slot->netns, c->slot->v4);
	else if (c->kind == CHANGE_NAMESPACE_LABELS)
		snprintf(c->text, sizeof(c->text), "%s %s", word[c->kind],
			 namespace_name[c->which]);
	else if (CHANGE_CLUSTER >> c->kind & 1)
		snprintf(c->text, sizeof(c->text), "%s ClusterNetworkPolicy cluster-%u",
			 word[c->kind], c->which);
	else
		snprintf(c->text, sizeof(c->text), "%s %s/policy-%u", word[c->kind],
			 namespace_name[c->which / POLICIES], c->which % POLICIES);
}

static void cluster_write(const struct change *c)
{
	cJSON *root;
	char name[32];

	snprintf(name, sizeof(name), "cluster-%u", c->which);
	if (c->kind == CHANGE_CLUSTER_ADD) {
		api("POST", KIND_PATH, kind_policy(name, true));
		clusters[c->which] = true;
		return;
	}
	/* A custom resource can't be replaced without the version that is replaced. */
	root = kind_policy(name, false);
	api("GET", cluster_path(c->which), NULL);
	put_text(cJSON_GetObjectItem(root, "metadata"), "resourceVersion", api_version());
	api("PUT", cluster_path(c->which), root);
}

const char *change_resource(const struct change *c)
{
	if (c->slot)
		return "pods";
	if (c->kind == CHANGE_NAMESPACE_LABELS)
		return "namespaces";
	return CHANGE_CLUSTER >> c->kind & 1 ? "clusternetworkpolicies" : "networkpolicies";
}

/* The objects that are written to for change_mark(). Nothing else is in their namespace. */
static void markers_make(void)
{
	cJSON *root;

	root = need(cJSON_Parse("{\"apiVersion\":\"networking.k8s.io/v1\",\"kind\":\"NetworkPolicy\","
		"\"metadata\":{\"name\":\"marker\"},\"spec\":{\"podSelector\":{\"matchLabels\":"
		"{\"nobody\":\"has\"}}}}"));
	api("POST", "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies", root);
	/* It waits for a node for ever. */
	root = need(cJSON_Parse("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":"
		"\"marker\"},\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":\"none\"}]}}"));
	api("POST", "/api/v1/namespaces/default/pods", root);
}

const char *change_mark(const struct change *c)
{
	const char *kind = change_resource(c), *path;
	static unsigned int count;
	cJSON *meta;
	char number[16];

	if (!strcmp(kind, "pods"))
		path = "/api/v1/namespaces/default/pods/marker";
	else if (!strcmp(kind, "namespaces"))
		path = "/api/v1/namespaces/default";
	else if (!strcmp(kind, "networkpolicies"))
		path = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies/marker";
	else
		path = KIND_PATH "/marker";
	snprintf(number, sizeof(number), "%u", ++count);
	meta = put(object(), "annotations", put_text(object(), "example.com/mark", number));
	api("PATCH", path, put(object(), "metadata", meta));
	return api_version();
}

void change_write(const struct change *c)
{
	char path[128];

	switch (c->kind) {
	case CHANGE_POD_ADD:
		pod_add(c->slot, labels(false));
		break;
	case CHANGE_POD_DELETE:
		api("DELETE", pod_path(c->slot, "?gracePeriodSeconds=0"), NULL);
		pod_of(c->slot)->known = false;
		break;
	case CHANGE_POD_FINISH:
		api("PATCH", pod_path(c->slot, "/status"), status("Succeeded", NULL));
		pod_of(c->slot)->known = false;
		break;
	case CHANGE_POD_LABELS:
		api("PATCH", pod_path(c->slot, ""),
		    put(object(), "metadata", put(object(), "labels", labels(true))));
		break;
	case CHANGE_NAMESPACE_LABELS:
		snprintf(path, sizeof(path), "/api/v1/namespaces/%s", namespace_name[c->which]);
		api("PATCH", path, put(object(), "metadata", put(object(), "labels", labels(true))));
		break;
	case CHANGE_POLICY_ADD:
		api("POST", policy_path(c->which, false), policy(c->which));
		policies[c->which] = true;
		break;
	case CHANGE_POLICY_REPLACE:
		api("PUT", policy_path(c->which, true), policy(c->which));
		break;
	case CHANGE_POLICY_DELETE:
		api("DELETE", policy_path(c->which, true), NULL);
		policies[c->which] = false;
		break;
	case CHANGE_CLUSTER_ADD:
	case CHANGE_CLUSTER_REPLACE:
		cluster_write(c);
		break;
	case CHANGE_CLUSTER_DELETE:
		api("DELETE", cluster_path(c->which), NULL);
		clusters[c->which] = false;
		break;
	case CHANGES:
		break;
	}
}

void change_finish(const struct change *c)
{
	if (c->kind == CHANGE_POD_DELETE || c->kind == CHANGE_POD_FINISH)
		slot_down(c->slot);
}

void change_begin(uint64_t seed)
{
	cJSON *root, *meta;
	unsigned int i;

	pieces_seed(seed);
	for (i = 0; i < NAMESPACES; i++) {
		if (i == SYSTEM)	/* the API server's own */
			continue;
		root = put_text(put_text(object(), "apiVersion", "v1"), "kind", "Namespace");
		meta = put_text(object(), "name", namespace_name[i]);
		put(meta, "labels", put_text(object(), "name", namespace_name[i]));
		api("POST", "/api/v1/namespaces", put(root, "metadata", meta));
	}
	markers_make();
}

void change_dns(void)
{
	cJSON *root;
	unsigned int i;

	root = need(cJSON_Parse("{\"apiVersion\":\"networking.k8s.io/v1\",\"kind\":\"NetworkPolicy\","
		"\"metadata\":{\"name\":\"dns\"},\"spec\":{\"podSelector\":{},\"policyTypes\":"
		"[\"Ingress\",\"Egress\"],\"ingress\":[{\"ports\":[{\"protocol\":\"UDP\",\"port\":53}]}]}}"));
	api("POST", "/apis/networking.k8s.io/v1/namespaces/kube-system/networkpolicies", root);
	for (i = 0; i < SLOTS; i += SLOTS / NODES) {
		pod_prepare(&slots[i], SYSTEM);
		pod_add(&slots[i], put_text(object(), "app", "dns"));
	}
}

void change_fill_up(void)
{
	unsigned int i;

	api("DELETE", "/apis/networking.k8s.io/v1/namespaces/kube-system/networkpolicies/dns", NULL);
	for (i = 0; i < SLOTS; i++) {
		if (slots[i].up || i % 5 == 4)
			continue;
		pod_prepare(&slots[i], change_random(NAMESPACES));
		pod_add(&slots[i], labels(false));
	}
}

void change_clusters_end(void)
{
	struct change c = { .kind = CHANGE_CLUSTER_DELETE };

	for (c.which = 0; c.which < CLUSTER_POLICIES; c.which++)
		if (clusters[c.which])
			change_write(&c);
}

void change_clear(void)
{
	struct change c = { 0 };
	unsigned int i;

	for (i = 0; i < NAMESPACES * POLICIES; i++) {
		c.kind = CHANGE_POLICY_DELETE;
		c.which = i;
		if (policies[i])
			change_write(&c);
	}
	for (i = 0; i < SLOTS; i++) {
		c.kind = CHANGE_POD_DELETE;
		c.slot = &slots[i];
		if (!slots[i].up)
			continue;
		change_write(&c);
		change_finish(&c);
	}
}
