// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl lint: each check finds what it is for, and is silent beside it.
 */
#include <stdlib.h>
#include <cjson/cJSON.h>

#include "object/lint_write.h"
#include "load_check.h"

#define POD(ns, name, labels, ports, address) \
	"---\napiVersion: v1\nkind: Pod\nmetadata: {name: " name ", namespace: " ns \
	", labels: {" labels "}}\nspec: {containers: [{ports: [" ports "]}]}\n" \
	"status: {podIP: " address "}\n"
#define NETPOL(name, spec) \
	"---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n" \
	"metadata: {name: " name ", namespace: s}\nspec: {" spec "}\n"

/* Two pods of namespace s, and the DNS server. */
#define PODS \
	POD("s", "web", "app: web", "{name: http, containerPort: 80}", "10.0.0.1") \
	POD("s", "db", "app: db", "{name: sql, containerPort: 5432}", "10.0.0.2") \
	POD("kube-system", "dns", "k8s-app: kube-dns", \
	    "{name: dns, containerPort: 53, protocol: UDP}", "10.0.0.3")
#define NODE_LOCAL \
	"---\napiVersion: v1\nkind: Pod\nmetadata: {name: nodelocal, namespace: kube-system, " \
	"labels: {k8s-app: node-local-dns}}\nspec: {hostNetwork: true}\n" \
	"status: {podIP: 192.168.0.1}\n"

static struct np_lint lint;

static void run(const char *text, int line)
{
	np_lint_free(&lint);
	if (load(text)) {
		printf("%s:%d: does not load: %u:%u %s: %s\n", __FILE__, line, err.line,
		       err.column, err.path, err.text);
		check_failed++;
		return;
	}
	np_lint_run(&lint, &objs);
}

/* want: "NP001 PATH" of each finding, with a comma between. */
static void expect(const char *text, const char *want, int line)
{
	char have[1000] = "";
	size_t i, len = 0;

	run(text, line);
	for (i = 0; i < lint.count; i++)
		len += snprintf(have + len, sizeof(have) - len, "%s%s %s", i ? ", " : "",
				np_lint_checks[lint.item[i].id].id, lint.item[i].path);
	if (!check_one(!strcmp(have, want), __FILE__, line, "findings"))
		printf("\thave %s\n\twant %s\n", have, want);
}

#define FINDS(text, want) expect(text, want, __LINE__)

static void test_empty_selector(void)
{
	FINDS(PODS NETPOL("a", "ingress: [{from: [{namespaceSelector: {}}]}]"),
	      "NP001 spec.ingress[0].from[0].namespaceSelector");
	FINDS(PODS NETPOL("a", "ingress: [{}, {from: [{podSelector: {}}, {namespaceSelector: {}, "
			  "podSelector: {}}]}]"),
	      "NP001 spec.ingress[1].from[1].namespaceSelector");
	/* a pod selector narrows it; the policy's own namespace is no cluster */
	FINDS(PODS NETPOL("a", "ingress: [{from: [{namespaceSelector: {}, podSelector: "
			  "{matchLabels: {app: web}}}, {podSelector: {}}]}]"), "");
	/* rules that mean nothing are not looked at */
	FINDS(PODS NETPOL("a", "policyTypes: [Egress], "
			  "ingress: [{from: [{namespaceSelector: {}}]}]"), "");
}

static void test_selects_nothing(void)
{
	FINDS(PODS NETPOL("a", "podSelector: {matchLabels: {app: nobody}}"),
	      "NP002 spec.podSelector");
	CHECK_EQ(lint.item[0].line, objs.policies[0].place.line);
	FINDS(PODS NETPOL("a", "podSelector: {matchExpressions: [{key: app, operator: NotIn, "
			  "values: [web, db]}]}"), "NP002 spec.podSelector");
	FINDS(PODS NETPOL("a", "podSelector: {matchExpressions: [{key: app, operator: "
			  "DoesNotExist}]}"), "NP002 spec.podSelector");
	FINDS(PODS NETPOL("a", "podSelector: {matchExpressions: [{key: x, operator: NotIn, "
			  "values: [z]}, {key: app, operator: Exists}, {key: app, operator: In, "
			  "values: [x, db]}]}"), "");
	FINDS(PODS NETPOL("a", ""), "");
	/* nothing is known of the pods */
	FINDS(NETPOL("a", "podSelector: {matchLabels: {app: nobody}}"), "");
	/* pods of the host's network are out of every policy's reach */
	FINDS(NODE_LOCAL "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
	      "metadata: {name: a, namespace: kube-system}\nspec: {}\n",
	      "NP002 spec.podSelector");
}

#define TO_DB "{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}"
#define DNS(ports) NETPOL("dns", "podSelector: {}, policyTypes: [Egress], " \
			  "egress: [{ports: [" ports "]}]")

static void test_dns(void)
{
	FINDS(PODS NETPOL("a", "policyTypes: [Egress], egress: [" TO_DB "]"),
	      "NP003 spec.egress");
	CHECK(strstr(lint.item[0].text, "s/web may not ask any DNS server"));
	/* the policies of a pod add up */
	FINDS(PODS NETPOL("a", "policyTypes: [Egress], egress: [" TO_DB "]")
	      DNS("{port: 53, protocol: UDP}"), "");
	FINDS(PODS NETPOL("a", "policyTypes: [Egress], egress: [" TO_DB "]")
	      DNS("{port: 50, endPort: 60, protocol: UDP}"), "");
	FINDS(PODS NETPOL("a", "policyTypes: [Egress], egress: [" TO_DB "]")
	      DNS("{protocol: UDP}"), "");
	FINDS(PODS NETPOL("a", "policyTypes: [Egress], egress: [" TO_DB "]")
	      DNS("{port: dns, protocol: UDP}"), "");
	FINDS(PODS NETPOL("a", "policyTypes: [Egress], egress: [" TO_DB ", "
			  "{to: [{podSelector: {}}]}]"), "");
	/* TCP alone, or another port, is not enough */
	FINDS(PODS NETPOL("a", "policyTypes: [Egress], egress: [" TO_DB "]")
	      DNS("{port: 53}, {port: 5353, protocol: UDP}"),
	      "NP003 spec.egress, NP003 spec.egress");
	/* where all is denied on purpose, names are of no use */
	FINDS(PODS NETPOL("a", "policyTypes: [Egress]"), "");
	FINDS(PODS NETPOL("a", "policyTypes: [Ingress], egress: [" TO_DB "]"), "");
	/* without pods the policies of the namespace count together */
	FINDS(NETPOL("a", "policyTypes: [Egress], egress: [" TO_DB "]"), "NP003 spec.egress");
	FINDS(NETPOL("a", "policyTypes: [Egress], egress: [" TO_DB "]")
	      DNS("{port: any, protocol: UDP}"), "");
}

static void test_port_name(void)
{
	FINDS(PODS NETPOL("a", "podSelector: {matchLabels: {app: web}}, "
			  "ingress: [{ports: [{port: http}]}]"), "");
	FINDS(PODS NETPOL("a", "podSelector: {matchLabels: {app: web}}, "
			  "ingress: [{ports: [{port: 80}, {port: htpp}]}]"),
	      "NP004 spec.ingress[0].ports[1].port");
	/* the protocol counts, and whose port it is */
	FINDS(PODS NETPOL("a", "podSelector: {matchLabels: {app: web}}, "
			  "ingress: [{ports: [{port: http, protocol: UDP}, {port: sql}]}]"),
	      "NP004 spec.ingress[0].ports[0].port, NP004 spec.ingress[0].ports[1].port");
	FINDS(PODS NETPOL("a", "podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], "
			  "egress: [{ports: [{port: sql}, {port: dns, protocol: UDP}, "
			  "{port: dns}]}]"), "NP004 spec.egress[0].ports[2].port");
	FINDS(NETPOL("a", "ingress: [{ports: [{port: htpp}]}]"), "");
	FINDS(PODS NETPOL("a", "podSelector: {matchLabels: {app: nobody}}, "
			  "ingress: [{ports: [{port: http}]}]"), "NP002 spec.podSelector");
}

static void test_block(void)
{
	FINDS(PODS NETPOL("a", "ingress: [{from: [{ipBlock: {cidr: 10.0.0.2/32}}]}]"),
	      "NP005 spec.ingress[0].from[0].ipBlock");
	CHECK(strstr(lint.item[0].text, "10.0.0.2/32 holds an address of pod s/db"));
	FINDS(PODS NETPOL("a", "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]"),
	      "NP005 spec.ingress[0].from[0].ipBlock");
	FINDS(PODS NETPOL("a", "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: "
			  "[10.0.0.0/16]}}, {ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: "
			  "'::/0'}}, {ipBlock: {cidr: 10.1.0.0/16}}]}]"), "");
	FINDS(NETPOL("a", "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]"), "");
	/* a host's address is no pod's */
	FINDS(PODS NODE_LOCAL NETPOL("a", "ingress: [{from: [{ipBlock: {cidr: "
					  "192.168.0.0/16}}]}]"), "");
}

static void test_node_local(void)
{
	static const char to_dns[] = PODS NODE_LOCAL
		NETPOL("a", "policyTypes: [Egress], egress: [{to: [{namespaceSelector: "
		       "{matchLabels: {kubernetes.io/metadata.name: kube-system}}}], ports: "
		       "[{port: 53, protocol: UDP}]}]");

	FINDS(to_dns, "NP006 spec.egress");
	CHECK(strstr(lint.item[0].hint, "netpolctl settings host-allow=169.254.20.10:udp/53,"
		     "169.254.20.10:tcp/53"));
	/* an address block reaches the node, and so does a rule without peers */
	FINDS(PODS NODE_LOCAL NETPOL("a", "policyTypes: [Egress], egress: [{to: [{ipBlock: "
					  "{cidr: 169.254.20.10/32}}]}]"), "");
	FINDS(PODS NODE_LOCAL DNS("{port: 53, protocol: UDP}"), "");
	FINDS(PODS NODE_LOCAL NETPOL("a", "policyTypes: [Egress], egress: [{to: [{ipBlock: "
					  "{cidr: 0.0.0.0/0, except: [169.254.0.0/16]}}]}]"),
	      "NP006 spec.egress");
	/* blocked altogether is one finding, not two */
	FINDS(PODS NODE_LOCAL NETPOL("a", "policyTypes: [Egress], egress: [" TO_DB "]"),
	      "NP003 spec.egress");
}

static void test_disable(void)
{
	CHECK_EQ(np_lint_disable(&lint, "NP009", &err), -1);
	CHECK_EQ(err.exit, NP_EXIT_USAGE);
	np_lint_free(&lint);
	CHECK_EQ(np_lint_disable(&lint, "NP002", &err), 0);
	CHECK_EQ(np_lint_disable(&lint, "dns-blocked", &err), 0);
	CHECK_EQ(load(PODS NETPOL("a", "podSelector: {matchLabels: {app: nobody}}")
		      NETPOL("b", "policyTypes: [Egress], egress: [" TO_DB "]")), 0);
	np_lint_run(&lint, &objs);
	CHECK_EQ(lint.count, 0);
}

static char *written(void (*form)(const struct np_lint *, FILE *))
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	form(&lint, file);
	fclose(file);
	return text;
}

static const cJSON *at(const cJSON *json, const char *key)
{
	return cJSON_IsArray(json) ? cJSON_GetArrayItem(json, atoi(key)) :
	       cJSON_GetObjectItem(json, key);
}

static void test_forms(void)
{
	const cJSON *run_one, *result;
	char *text;
	cJSON *json;

	run(PODS NETPOL("a", "podSelector: {matchLabels: {app: nobody}}"), __LINE__);
	if (!CHECK_EQ(lint.count, 1))
		return;
	((struct np_policy *)lint.item[0].policy)->place.file = "a b/\x1b%\"<.yaml";
	text = written(np_lint_write_text);
	CHECK(strstr(text, "a b/\\x1b%\"<.yaml:20: NP002 s/a: spec.podSelector: selects no pod "
		     "of namespace s\n    a pod must have"));
	CHECK(strstr(text, "\n1 finding\n"));
	free(text);
	text = written(np_lint_write_json);
	json = cJSON_Parse(text);
	result = at(at(json, "findings"), "0");
	CHECK_STR(cJSON_GetStringValue(at(result, "id")), "NP002");
	CHECK_STR(cJSON_GetStringValue(at(result, "policy")), "s/a");
	CHECK_STR(cJSON_GetStringValue(at(result, "file")), "a b/\x1b%\"<.yaml");
	cJSON_Delete(json);
	free(text);
	text = written(np_lint_write_sarif);
	json = cJSON_Parse(text);
	CHECK_STR(cJSON_GetStringValue(at(json, "version")), "2.1.0");
	run_one = at(at(json, "runs"), "0");
	CHECK_EQ(cJSON_GetArraySize(at(at(at(run_one, "tool"), "driver"), "rules")),
		 NP_LINT_COUNT);
	result = at(at(run_one, "results"), "0");
	CHECK_STR(cJSON_GetStringValue(at(result, "ruleId")), "NP002");
	CHECK_EQ(cJSON_GetNumberValue(at(result, "ruleIndex")), 1);
	result = at(at(at(result, "locations"), "0"), "physicalLocation");
	CHECK_STR(cJSON_GetStringValue(at(at(result, "artifactLocation"), "uri")),
		  "a%20b/%1B%25%22%3C.yaml");
	CHECK_EQ(cJSON_GetNumberValue(at(at(result, "region"), "startLine")), 20);
	cJSON_Delete(json);
	free(text);
	run(PODS NETPOL("a", ""), __LINE__);
	text = written(np_lint_write_text);
	CHECK_STR(text, "no findings\n");
	free(text);
}

int main(void)
{
	test_empty_selector();
	test_selects_nothing();
	test_dns();
	test_port_name();
	test_block();
	test_node_local();
	test_disable();
	test_forms();
	np_lint_free(&lint);
	np_objects_free(&objs);
	return check_done("test_lint");
}
