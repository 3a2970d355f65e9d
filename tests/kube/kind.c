// SPDX-License-Identifier: GPL-2.0-or-later
#include "../e2e/e2e.h"

#include "api.h"
#include "kind.h"
#include "pieces.h"

#define GROUP		"policy.networking.k8s.io"
#define PLURAL		"clusternetworkpolicies"
#define DEFINITIONS	"/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
#define DEFINITION	DEFINITIONS "/" PLURAL "." GROUP
#define SERVED		120	/* seconds until the API server serves it, or ceases to */

static cJSON *put_number(cJSON *parent, const char *key, unsigned int value)
{
	need(cJSON_AddNumberToObject(parent, key, value));
	return parent;
}

static cJSON *one(cJSON *item)
{
	cJSON *list = array();

	cJSON_AddItemToArray(list, item);
	return list;
}

static cJSON *text(const char *value)
{
	return need(cJSON_CreateString(value));
}

static cJSON *json(const char *value)
{
	return need(cJSON_Parse(value));
}

/* --- the definition ------------------------------------------------------------- */

static void wait_served(bool served)
{
	struct timespec pause = { .tv_nsec = 100000000 };
	uint64_t begun = now_us();

	/* 405 and the like would be neither. */
	while (api_try("GET", KIND_PATH, NULL) != (served ? 200 : 404)) {
		errno = 0;
		if (now_us() - begun > SERVED * 1000000ull)
			die("the API server %s " KIND_PATH, served ? "does not serve" : "still serves");
		nanosleep(&pause, NULL);
	}
}

void kind_create(void)
{
	cJSON *version, *spec = object(), *names = object(), *root = object(), *meta = object();

	version = json("{\"name\":\"v1alpha2\",\"served\":true,\"storage\":true,\"schema\":"
		       "{\"openAPIV3Schema\":{\"type\":\"object\",\"properties\":{\"spec\":"
		       "{\"type\":\"object\",\"x-kubernetes-preserve-unknown-fields\":true}}}}}");
	put_text(put_text(names, "plural", PLURAL), "singular", "clusternetworkpolicy");
	put(put_text(names, "kind", "ClusterNetworkPolicy"), "shortNames", one(text("cnp")));
	put(put_text(put_text(spec, "group", GROUP), "scope", "Cluster"), "names", names);
	put(spec, "versions", one(version));
	/* API servers want to know who allowed a group of k8s.io, or that nobody did. */
	put(put_text(meta, "name", PLURAL "." GROUP), "annotations",
	    put_text(object(), "api-approved.kubernetes.io", "unapproved, for a test"));
	put_text(root, "apiVersion", "apiextensions.k8s.io/v1");
	put_text(root, "kind", "CustomResourceDefinition");
	put(put(root, "metadata", meta), "spec", spec);
	api("POST", DEFINITIONS, root);
	wait_served(true);
	api_cluster(API_CLUSTER_THERE);
}

void kind_delete(void)
{
	api("DELETE", DEFINITION, NULL);
	wait_served(false);
}

/* --- rules ---------------------------------------------------------------------- */

static cJSON *pods(cJSON *namespaces, cJSON *labels)
{
	cJSON *p = put(object(), "podSelector", labels);

	return namespaces ? put(p, "namespaceSelector", namespaces) : p;
}

/* A subject, or what a selector peer has. */
static cJSON *selection(cJSON *parent)
{
	if (chance(40))
		return put(parent, "namespaces", namespace_selector());
	return put(parent, "pods", pods(chance(50) ? namespace_selector() : NULL, selector()));
}

static cJSON *networks(void)
{
	static const char *const net[] = {
		"10.1.0.0/16", "10.1.1.0/24", "10.1.2.0/24", "10.1.1.8/29", "10.1.2.12/32",
		"0.0.0.0/0", "192.0.2.0/24", "::/0", "fd01:1::/64", "fd01:2::/112",
	};
	unsigned int n = 1 + change_random(3), at = change_random(10);
	cJSON *list = array();

	while (n--)
		cJSON_AddItemToArray(list, text(net[at++ % 10]));
	return put(object(), "networks", list);
}

static cJSON *port_number(unsigned int number)
{
	return put(object(), "destinationPort", put_number(object(), "number", number));
}

static cJSON *port_range(unsigned int start, unsigned int end)
{
	return put(object(), "destinationPort", put(object(), "range",
		   put_number(put_number(object(), "start", start), "end", end)));
}

static cJSON *protocol_item(bool names)
{
	switch (change_random(names ? 9 : 7)) {
	case 0:
	case 1: return put(object(), "udp", port_number(7000));
	case 2: return put(object(), "tcp", port_number(7001));
	case 3: return put(object(), "tcp", port_number(chance(50) ? 80 : 8080));
	case 4: return put(object(), "tcp", port_range(80, 7001));
	case 5: return put(object(), "udp", port_range(1, 65535));
	case 6: return put(object(), "sctp", port_number(7000));
	case 7: return put_text(object(), "destinationNamedPort", "web");
	default: return put_text(object(), "destinationNamedPort", "probe");
	}
}

/* What the definition lets through and no agent can read: one peer, or one protocol. */
static cJSON *bad_peer(void)
{
	static const char *const peer[] = {
		"{}",
		"{\"newPeers\":{\"name\":\"x\"}}",
		"{\"namespaces\":{\"matchLabels\":{\"app\":\"web\"}},\"except\":\"x\"}",
		"{\"namespaces\":{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"Like\","
			"\"values\":[\"web\"]}]}}",
		"{\"pods\":{\"podSelector\":{\"matchExpressions\":[{\"key\":\"app\","
			"\"operator\":\"In\"}]}}}",
		"{\"pods\":{\"podSelector\":{\"matchLabels\":{\"a b\":\"c\"}}}}",
		"{\"pods\":{\"namespaceSelector\":{}}}",
	};

	return json(any(peer, sizeof(peer) / sizeof(peer[0])));
}

static cJSON *bad_protocol(void)
{
	static const char *const item[] = {
		"{}", "{\"tcp\":{}}", "{\"quic\":{\"destinationPort\":{\"number\":80}}}",
		"{\"udp\":{\"destinationPort\":{\"number\":70000}}}",
		"{\"tcp\":{\"destinationPort\":{\"range\":{\"start\":9,\"end\":8}}}}",
		"{\"destinationNamedPort\":\"\"}",
		"{\"tcp\":{\"destinationPort\":{\"number\":80}},"
			"\"udp\":{\"destinationPort\":{\"number\":80}}}",
	};

	return json(any(item, sizeof(item) / sizeof(item[0])));
}

static cJSON *rule(bool egress, bool bad)
{
	static const char *const action[] = { "Accept", "Accept", "Deny", "Deny", "Pass" };
	static const char *const unknown[] = { "Log", "Allow", "accept" };
	unsigned int what = bad ? 1 + change_random(3) : 0, n;
	cJSON *r = object(), *list = array();
	bool addresses = false;

	put_text(r, "action", what == 1 ? any(unknown, 3) : any(action, 5));
	for (n = 1 + change_random(2); n; n--) {
		if (egress && chance(35)) {
			cJSON_AddItemToArray(list, networks());
			addresses = true;
		} else {
			cJSON_AddItemToArray(list, selection(object()));
		}
	}
	if (what == 2)
		cJSON_AddItemToArray(list, bad_peer());
	put(r, egress ? "to" : "from", list);
	if (chance(50) || what == 3) {
		list = array();
		for (n = 1 + change_random(3); n; n--)
			cJSON_AddItemToArray(list, protocol_item(!addresses));
		if (what == 3)
			cJSON_AddItemToArray(list, bad_protocol());
		put(r, "protocols", list);
	}
	if (chance(30))
		put_text(r, "name", chance(50) ? "a rule" : "another rule");
	return r;
}

static cJSON *rules(bool egress)
{
	unsigned int n = 1 + change_random(3);
	cJSON *list = array();

	while (n--)
		cJSON_AddItemToArray(list, rule(egress, chance(6)));
	return list;
}

/* --- policies ------------------------------------------------------------------- */

static cJSON *policy(const char *name, cJSON *spec)
{
	cJSON *root = object();

	put_text(put_text(root, "apiVersion", GROUP "/v1alpha2"), "kind", "ClusterNetworkPolicy");
	return put(put(root, "metadata", put_text(object(), "name", name)), "spec", spec);
}

cJSON *kind_policy(const char *name, bool fresh)
{
	static const unsigned int priority[] = { 0, 9, 10, 10, 1000 };
	unsigned int what = chance(6) ? 1 + change_random(fresh ? 4 : 3) : 0;
	cJSON *spec = object();

	put_text(spec, "tier", what == 1 ? "Emergency" : chance(60) ? "Admin" : "Baseline");
	put_number(spec, "priority", what == 2 ? 1001 : priority[change_random(5)]);
	if (what == 3)
		put_text(spec, "schedule", "weekdays");
	if (what == 4)
		put(spec, "subject", json(chance(50) ? "{}" : "{\"namespaces\":{\"matchExpressions\":"
					  "[{\"key\":\"app\",\"operator\":\"Near\"}]}}"));
	else
		put(spec, "subject", selection(object()));
	if (chance(70))
		put(spec, "ingress", rules(false));
	if (chance(60))
		put(spec, "egress", rules(true));
	return policy(name, spec);
}

cJSON *kind_marker(const char *name)
{
	return policy(name, json("{\"tier\":\"Baseline\",\"priority\":1000,\"subject\":{\"namespaces\":"
				 "{\"matchLabels\":{\"nobody\":\"has\"}}}}"));
}

cJSON *kind_fixed(unsigned int number)
{
	static const char *const spec[KIND_FIXED] = {
		"{\"tier\":\"Admin\",\"priority\":7,\"subject\":{\"namespaces\":{}},\"ingress\":[{\"action\":"
			"\"Deny\",\"from\":[{\"namespaces\":{}}],\"protocols\":[{\"udp\":"
			"{\"destinationPort\":{\"number\":7000}}}]}]}",
		"{\"tier\":\"Admin\",\"priority\":8,\"subject\":{\"namespaces\":{}},\"ingress\":[{\"action\":"
			"\"Accept\",\"from\":[{\"namespaces\":{}}],\"protocols\":[{\"tcp\":"
			"{\"destinationPort\":{\"number\":7001}}}]}],\"egress\":[{\"action\":\"Accept\","
			"\"to\":[{\"namespaces\":{}}],\"protocols\":[{\"tcp\":{\"destinationPort\":"
			"{\"number\":7001}}}]}]}",
		"{\"tier\":\"Baseline\",\"priority\":0,\"subject\":{\"namespaces\":{}},\"egress\":[{\"action\":"
			"\"Deny\",\"to\":[{\"networks\":[\"10.1.0.0/16\",\"fd01::/16\"]}]}]}",
	};
	char name[16];

	snprintf(name, sizeof(name), "fixed-%u", number);
	return policy(name, json(spec[number]));
}
