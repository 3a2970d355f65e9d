// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl lint: each check finds what it is for, and is silent beside it.
 */
#include <stdlib.h>
#include <unistd.h>
#include <cjson/cJSON.h>

#include "object/lint_fix.h"
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

/* namespace: a Namespace with one more label */
#define NAMESPACE(name, labels) \
	"---\napiVersion: v1\nkind: Namespace\nmetadata: {name: " name ", labels: {" labels "}}\n"
#define SERVICE(ns, name, address) \
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: " name ", namespace: " ns "}\n" \
	"spec: {clusterIP: " address "}\n"
/* Two pods of namespace t, of which one is on the host's network. */
#define OTHERS \
	POD("t", "cache", "app: cache", "", "10.0.1.1") \
	"---\napiVersion: v1\nkind: Pod\nmetadata: {name: agent, namespace: t, " \
	"labels: {app: agent}}\nspec: {hostNetwork: true}\nstatus: {podIP: 192.168.0.2}\n"
#define NAMESPACES \
	NAMESPACE("s", "team: one") NAMESPACE("t", "team: two") NAMESPACE("kube-system", "")
#define FROM(peers)	NETPOL("a", "ingress: [{from: [" peers "]}]")

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
	FINDS(PODS NETPOL("a", "ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], "
			  "ports: [{port: 80}]}, {from: [{ipBlock: {cidr: 192.0.2.0/24}}, "
			  "{namespaceSelector: {}, podSelector: {}}]}]"),
	      "NP001 spec.ingress[1].from[1].namespaceSelector, NP017 spec.ingress[0]");
	/* a pod selector narrows it; the policy's own namespace is no cluster */
	FINDS(PODS NETPOL("a", "ingress: [{from: [{namespaceSelector: {}, podSelector: "
			  "{matchLabels: {k8s-app: kube-dns}}}, {podSelector: {}}]}]"), "");
	/* rules that mean nothing are not looked at */
	FINDS(PODS NETPOL("a", "policyTypes: [Egress], "
			  "ingress: [{from: [{namespaceSelector: {}}]}]"),
	      "NP007 spec.ingress");
	/* ports for the whole cluster are how metrics are scraped; a protocol is all of its ports */
	FINDS(PODS NETPOL("a", "ingress: [{from: [{namespaceSelector: {}}], ports: [{port: 80}]}]"),
	      "");
	FINDS(PODS NETPOL("a", "ingress: [{from: [{namespaceSelector: {}}], ports: "
			  "[{protocol: UDP}]}]"),
	      "NP001 spec.ingress[0].from[0].namespaceSelector");
	FINDS(PODS NETPOL("allow-all", "ingress: [{from: [{namespaceSelector: {}}]}]"), "");
	/* egress to every pod closes the internet, and DNS of every namespace is usual */
	FINDS(PODS NETPOL("a", "egress: [{to: [{namespaceSelector: {}}]}]"), "");
	FINDS(PODS NETPOL("a", "egress: [{to: [{namespaceSelector: {}}], ports: [{port: 53, "
			  "protocol: UDP}, {port: 53}, {port: 9000}, {port: 443, protocol: UDP}]}]"),
	      "");
	/* but what is asked for at these ports is no pod */
	FINDS(PODS NETPOL("a", "egress: [{to: [{namespaceSelector: {}}], ports: [{port: 53, "
			  "protocol: UDP}, {port: 443}]}]"),
	      "NP001 spec.egress[0].to[0].namespaceSelector");
	CHECK(strstr(lint.item[0].text, "TCP port 443 of machines outside of the cluster"));
	FINDS(PODS NETPOL("a", "egress: [{to: [{namespaceSelector: {}}], ports: [{port: 53, "
			  "protocol: UDP}, {port: 6443}]}]"),
	      "NP001 spec.egress[0].to[0].namespaceSelector");
	CHECK(strstr(lint.item[0].text, "TCP port 6443 of the API server"));
	/* unless another rule of the namespace opens the port to addresses */
#define TO_PODS	"{to: [{namespaceSelector: {}}], ports: [{port: 53, protocol: UDP}, {port: 443}]}"
	FINDS(PODS NETPOL("a", "egress: [" TO_PODS "]")
	      NETPOL("b", "egress: [{to: [{ipBlock: {cidr: 192.0.2.0/24}}], ports: [{port: 400, "
			  "endPort: 500}]}]"), "");
	FINDS(PODS NETPOL("a", "egress: [" TO_PODS "]") NETPOL("b", "egress: [{ports: [{port: 443}]}]"),
	      "");
	FINDS(PODS NETPOL("a", "egress: [" TO_PODS "]")
	      NETPOL("b", "egress: [{to: [{ipBlock: {cidr: 192.0.2.0/24}}], ports: [{port: 80}]}, "
			  "{to: [{podSelector: {}}]}]"),
	      "NP001 spec.egress[0].to[0].namespaceSelector");
}

static void test_selects_nothing(void)
{
	FINDS(PODS NETPOL("a", "podSelector: {matchLabels: {app: nobody}}"),
	      "NP002 spec.podSelector");
	CHECK_EQ(lint.item[0].line, objs.policies[0].place.line);
	/* what has only exceptions is for pods that may come */
	FINDS(PODS NETPOL("a", "podSelector: {matchExpressions: [{key: app, operator: NotIn, "
			  "values: [web, db]}]}"), "");
	FINDS(PODS NETPOL("a", "podSelector: {matchExpressions: [{key: app, operator: "
			  "DoesNotExist}]}"), "");
	FINDS(PODS NETPOL("a", "podSelector: {matchExpressions: [{key: app, operator: NotIn, "
			  "values: [web]}, {key: app, operator: In, values: [web]}]}"),
	      "NP002 spec.podSelector");
	/* and so is an empty one, and what is for a namespace whose pods are not in the input */
	FINDS(OTHERS NETPOL("a", "policyTypes: [Ingress]"), "");
	FINDS(OTHERS NETPOL("a", "podSelector: {matchLabels: {app: web}}"), "");
	FINDS(OTHERS POD("kube-system", "dns", "k8s-app: kube-dns", "", "10.0.0.3")
	      NETPOL("a", "podSelector: {matchLabels: {app: web}}"), "NP002 spec.podSelector");
	FINDS(PODS NETPOL("a", "podSelector: {matchExpressions: [{key: x, operator: NotIn, "
			  "values: [z]}, {key: app, operator: Exists}, {key: app, operator: In, "
			  "values: [x, db]}]}"), "");
	FINDS(PODS NETPOL("a", "policyTypes: [Ingress]"), "");
	/* nothing is known of the pods */
	FINDS(NETPOL("a", "podSelector: {matchLabels: {app: nobody}}"), "");
	/* pods of the host's network are out of every policy's reach */
	FINDS(NODE_LOCAL "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
	      "metadata: {name: a, namespace: kube-system}\n"
	      "spec: {podSelector: {matchLabels: {k8s-app: node-local-dns}}}\n",
	      "NP002 spec.podSelector");
}

#define APP(name)	"podSelector: {matchLabels: {app: " name "}}"
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
			  "{to: [{podSelector: {}}]}]"),
	      "NP017 spec.egress[0], NP003 spec.egress");
	/* TCP alone, or another port, is not enough */
	FINDS(PODS NETPOL("a", "policyTypes: [Egress], egress: [" TO_DB "]")
	      DNS("{port: 53}, {port: 5353, protocol: UDP}"),
	      "NP003 spec.egress, NP003 spec.egress");
	CHECK(strstr(lint.item[0].text, "no rule allows UDP port 53 of pod kube-system/dns"));
	/* allowed to pods that do not answer DNS, or to nobody, is not allowed */
	FINDS(PODS NETPOL("a", "policyTypes: [Egress], egress: [{to: [{podSelector: {}}], ports: "
			  "[{port: 53, protocol: UDP}]}]"), "NP003 spec.egress");
	FINDS(PODS NAMESPACES NETPOL("a", "policyTypes: [Egress], egress: [{to: [{"
				     "namespaceSelector: {matchLabels: {name: kube-system}}}]}]"),
	      "NP008 spec.egress[0].to[0].namespaceSelector, NP003 spec.egress");
	/* the world without the cluster has no DNS server; a rule for its port names one */
	FINDS(PODS NETPOL("a", "policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, "
			  "except: [10.0.0.0/8]}}]}]"), "NP003 spec.egress");
	FINDS(PODS NETPOL("a", "policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, "
			  "except: [10.0.0.0/8]}}], ports: [{port: 53, protocol: UDP}]}]"), "");
	/* the DNS pods themselves ask others */
	FINDS(PODS NETPOL("a", "policyTypes: [Egress], egress: [" TO_DB "]")
	      DNS("{port: 53, protocol: UDP}")
	      "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
	      "metadata: {name: a, namespace: kube-system}\nspec: {policyTypes: [Egress], "
	      "egress: [{ports: [{port: 443}]}]}\n", "");
	/* where all is denied on purpose, names are of no use */
	FINDS(PODS NETPOL("a", "policyTypes: [Egress]"), "");
	FINDS(PODS NETPOL("a", "policyTypes: [Ingress], egress: [" TO_DB "]"),
	      "NP007 spec.egress");
	/* the API server and single addresses are found without names */
	FINDS(PODS NETPOL("a", "egress: [{ports: [{port: 443}, {port: 6443}]}]"), "");
	FINDS(PODS NETPOL("a", "egress: [{ports: [{port: 443}]}]"), "NP003 spec.egress");
	FINDS(PODS NETPOL("a", "egress: [{ports: [{port: 6443}, {port: 80}]}]"), "NP003 spec.egress");
	FINDS(PODS NETPOL("a", "egress: [{to: [{ipBlock: {cidr: 192.0.2.1/32}}, {ipBlock: {cidr: "
			  "'2001:db8::1/128'}}]}]"), "");
	FINDS(PODS NETPOL("a", "egress: [{to: [{ipBlock: {cidr: 192.0.2.1/32}}, {ipBlock: {cidr: "
			  "'2001:db8::/64'}}]}]"), "NP003 spec.egress");
	/* without pods the policies of the namespace count together, if one is about all of it */
	FINDS(NETPOL("a", APP("web") ", egress: [" TO_DB "]"), "");
	FINDS(NETPOL("a", APP("web") ", egress: [" TO_DB "]")
	      NETPOL("deny", "policyTypes: [Egress]"), "NP003 spec.egress");
	FINDS(NETPOL("a", APP("web") ", egress: [" TO_DB "]")
	      NETPOL("deny", "policyTypes: [Ingress]"), "");
	/* or if a rule shows that DNS was meant to be allowed, and UDP was forgotten */
	FINDS(NETPOL("a", APP("web") ", egress: [{ports: [{port: 443}, {port: 53}]}]"),
	      "NP003 spec.egress");
	FINDS(NETPOL("a", "policyTypes: [Egress], egress: [" TO_DB "]"), "NP003 spec.egress");
	FINDS(NETPOL("none", "policyTypes: [Egress]")
	      NETPOL("a", "policyTypes: [Egress], egress: [" TO_DB "]")
	      NETPOL("b", "policyTypes: [Egress], egress: [" TO_DB "]"), "NP003 spec.egress");
	CHECK_STR(lint.item[0].policy->name, "a");
	FINDS(NETPOL("a", "policyTypes: [Egress], egress: [" TO_DB "]")
	      DNS("{port: any, protocol: UDP}"), "");
	FINDS(NETPOL("a", "policyTypes: [Egress], egress: [" TO_DB "]")
	      DNS("{port: 5353, protocol: UDP}"), "");
}

#define HIGH_DNS \
	POD("s", "web", "app: web", "", "10.0.0.1") \
	POD("openshift-dns", "dns", "dns.operator.openshift.io/daemonset-dns: default", \
	    "{name: dns, containerPort: 5353, protocol: UDP}, " \
	    "{name: dns-tcp, containerPort: 5353}", "10.0.0.3")
#define TO_HIGH_DNS(ports) \
	NETPOL("a", "policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: " \
	       "{kubernetes.io/metadata.name: openshift-dns}}}], ports: [" ports "]}]")

/* What counts is the port on which the pods of the cluster's DNS listen. */
static void test_dns_port(void)
{
	FINDS(HIGH_DNS TO_HIGH_DNS("{port: 5353, protocol: UDP}, {port: 5353}"), "");
	FINDS(HIGH_DNS TO_HIGH_DNS("{port: dns, protocol: UDP}, {port: dns-tcp}"), "");
	FINDS(HIGH_DNS TO_HIGH_DNS("{port: 53, protocol: UDP}, {port: 53}"), "NP003 spec.egress");
	CHECK(strstr(lint.item[0].text, "no rule allows UDP port 5353 of pod openshift-dns/dns"));
	FINDS(HIGH_DNS TO_HIGH_DNS("{port: dns-tcp}"), "NP003 spec.egress");
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
			  "[10.0.0.0/16]}}, {ipBlock: {cidr: '::/0'}}]}]"), "");
	FINDS(PODS FROM("{ipBlock: {cidr: 10.1.0.0/16}}"), "");
	FINDS(PODS FROM("{ipBlock: {cidr: 0.0.0.0/0}}"), "");
	FINDS(NETPOL("a", "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]"), "");
	/* a host's address is no pod's */
	FINDS(PODS NODE_LOCAL NETPOL("a", "ingress: [{from: [{ipBlock: {cidr: "
					  "192.168.0.0/16}}]}]"), "");
}

#define CACHE_AT(args) \
	"---\napiVersion: v1\nkind: Pod\nmetadata: {name: nodelocal, namespace: kube-system, " \
	"labels: {k8s-app: node-local-dns}}\nspec: {hostNetwork: true, containers: [{args: [" \
	args "]}]}\nstatus: {podIP: 192.168.0.1}\n"

static void test_node_local(void)
{
	static const char to_dns[] = PODS NODE_LOCAL
		NETPOL("a", "policyTypes: [Egress], egress: [{to: [{namespaceSelector: "
		       "{matchLabels: {kubernetes.io/metadata.name: kube-system}}}], ports: "
		       "[{port: 53, protocol: UDP}]}]");

	FINDS(to_dns, "NP006 spec.egress");
	CHECK_STR(lint.item[0].hint, "on each node: netpolctl settings host-allow="
		  "169.254.20.10:udp/53,169.254.20.10:tcp/53");
	/* an address block reaches the node, and so does a rule without peers */
	FINDS(PODS NODE_LOCAL NETPOL("a", "policyTypes: [Egress], egress: [{to: [{ipBlock: "
					  "{cidr: 169.254.20.10/32}}]}]"), "");
	FINDS(PODS NODE_LOCAL DNS("{port: 53, protocol: UDP}"), "");
	FINDS(PODS NODE_LOCAL NETPOL("a", "policyTypes: [Egress], egress: [{to: [{ipBlock: "
					  "{cidr: 0.0.0.0/0, except: [169.254.0.0/16]}}]}]"),
	      "NP006 spec.egress");
	/* the cache is where its own arguments say */
	FINDS(PODS CACHE_AT("-localip, '169.254.25.10,fd00::a'")
	      NETPOL("a", "policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: "
		     "169.254.25.10/32}}], ports: [{port: 53, protocol: UDP}]}]"), "");
	FINDS(PODS CACHE_AT("--localip=169.254.25.10")
	      NETPOL("a", "policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: "
		     "169.254.20.10/32}}], ports: [{port: 53, protocol: UDP}]}]"),
	      "NP006 spec.egress");
	FINDS(PODS CACHE_AT("-localip, '169.254.25.10,fd00::a'")
	      NETPOL("a", "policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}}], ports: "
		     "[{port: 53, protocol: UDP}]}]"), "NP006 spec.egress");
	CHECK(strstr(lint.item[0].hint, "host-allow=169.254.25.10:udp/53,169.254.25.10:tcp/53,"
		     "[fd00::a]:udp/53,[fd00::a]:tcp/53"));
	/* blocked altogether is one finding, not two */
	FINDS(PODS NODE_LOCAL NETPOL("a", "policyTypes: [Egress], egress: [" TO_DB "]"),
	      "NP003 spec.egress");
}

static void test_no_direction(void)
{
	FINDS(NETPOL("a", "policyTypes: [Ingress], egress: [" TO_DB "]"), "NP007 spec.egress");
	CHECK(strstr(lint.item[0].text, "policyTypes does not name Egress"));
	FINDS(NETPOL("a", "policyTypes: [Egress], ingress: [{}]"), "NP007 spec.ingress");
	/* without policyTypes the rules say it; an empty list says nothing */
	FINDS(NETPOL("a", "ingress: [{ports: [{port: 80}]}]"), "");
	FINDS(NETPOL("a", "policyTypes: [Ingress], egress: []"), "");
}

#define TEAM(name)	"namespaceSelector: {matchLabels: {team: " name "}}"

static void test_nobody(void)
{
	FINDS(PODS NAMESPACES FROM("{" TEAM("three") "}"),
	      "NP008 spec.ingress[0].from[0].namespaceSelector");
	CHECK_STR(lint.item[0].text, "no namespace has team=three");
	FINDS(PODS NAMESPACES FROM("{namespaceSelector: {matchLabels: {name: t}}}"),
	      "NP008 spec.ingress[0].from[0].namespaceSelector");
	CHECK(strstr(lint.item[0].hint, "{kubernetes.io/metadata.name: t}"));
	FINDS(PODS NAMESPACES FROM("{namespaceSelector: {matchLabels: {team: one, "
				   "kubernetes.io/metadata.name: t}}}"),
	      "NP008 spec.ingress[0].from[0].namespaceSelector");
	FINDS(PODS NAMESPACES FROM("{namespaceSelector: {matchExpressions: [{key: team, operator: "
				   "In, values: [two, three]}]}}"), "");
	/* also without pods, if the namespaces are those of a whole cluster */
	FINDS(NAMESPACES FROM("{" TEAM("three") "}"),
	      "NP008 spec.ingress[0].from[0].namespaceSelector");
	FINDS(NAMESPACE("s", "team: one") FROM("{" TEAM("three") "}"), "");
	FINDS(PODS FROM("{" TEAM("three") "}"), "");
	FINDS(POD("s", "web", "app: web", "", "10.0.0.1") NAMESPACE("s", "team: one")
	      FROM("{" TEAM("three") "}"), "");
	/* labels of pods */
	FINDS(PODS FROM("{" APP("wbe") "}"), "NP008 spec.ingress[0].from[0].podSelector");
	CHECK_STR(lint.item[0].text, "no pod has app=wbe");
	FINDS(PODS FROM("{podSelector: {matchLabels: {app: web, k8s-app: kube-dns}}}"),
	      "NP008 spec.ingress[0].from[0].podSelector");
	FINDS(PODS OTHERS NAMESPACES FROM("{" TEAM("two") ", " APP("cahce") "}"),
	      "NP008 spec.ingress[0].from[0].podSelector");
	FINDS(PODS OTHERS NAMESPACES FROM("{" TEAM("two") ", " APP("cache") "}"), "");
	/* the pods of one namespace say nothing about those of others */
	FINDS(POD("s", "web", "app: web", "", "10.0.0.1") NAMESPACES
	      FROM("{" TEAM("two") ", " APP("cache") "}"), "");
	FINDS(OTHERS NETPOL("a", "podSelector: {matchLabels: {app: x}}, ingress: [{from: [{"
			    APP("web") "}]}]"), "");
	/* a namespace that is not in the input has labels that are not known, but its name is */
	FINDS(PODS OTHERS FROM("{" TEAM("two") ", " APP("cache") "}"), "");
	FINDS(PODS OTHERS FROM("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "
			       "s}}, " APP("cache") "}"), "NP010 spec.ingress[0].from[0]");
	/* a namespace without pods may get some */
	FINDS(PODS NAMESPACES FROM("{" TEAM("two") "}"), "");
	/* an empty namespaceSelector is about all pods, so kube-system must be there */
	FINDS(POD("s", "web", "app: web", "", "10.0.0.1") OTHERS
	      FROM("{namespaceSelector: {}, podSelector: {matchLabels: {k8s-app: kube-dns}}}"), "");
	FINDS(PODS OTHERS FROM("{namespaceSelector: {}, " APP("nobody") "}"),
	      "NP008 spec.ingress[0].from[0].podSelector");
	/* an exception is no mistake where nobody is left */
	FINDS(PODS NAMESPACES FROM("{podSelector: {matchExpressions: [{key: app, operator: "
				   "NotIn, values: [web, db]}]}}, {namespaceSelector: "
				   "{matchExpressions: [{key: kubernetes.io/metadata.name, "
				   "operator: DoesNotExist}]}}"), "");
}

/* Objects without a namespace are in the namespace default. */
static void test_default_namespace(void)
{
	static const char pods[] = "apiVersion: v1\nkind: Pod\n"
		"metadata: {name: web, namespace: default, labels: {app: web}}\n"
		"status: {podIP: 10.0.0.1}\n---\napiVersion: v1\nkind: Pod\n"
		"metadata: {name: db, labels: {app: db}}\nstatus: {podIP: 10.0.0.2}\n---\n"
		"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\n"
		"spec: {podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: "
		"{matchLabels: {app: db}}}]}]}\n";

	FINDS(pods, "");
}

static void test_elsewhere(void)
{
	FINDS(PODS OTHERS FROM("{" APP("cache") "}"),
	      "NP009 spec.ingress[0].from[0].podSelector");
	CHECK(strstr(lint.item[0].text, "t/cache"));
	CHECK(strstr(lint.item[0].hint, "{kubernetes.io/metadata.name: t}"));
	FINDS(PODS OTHERS POD("s", "cache", "app: cache", "", "10.0.0.9")
	      FROM("{" APP("cache") "}"), "");
}

static void test_never_both(void)
{
	FINDS(PODS OTHERS NAMESPACES FROM("{" TEAM("one") ", " APP("cache") "}"),
	      "NP010 spec.ingress[0].from[0]");
	FINDS(PODS OTHERS NAMESPACES FROM("{" TEAM("two") "}, {" APP("web") "}"), "");
	FINDS(PODS OTHERS NAMESPACES FROM("{" TEAM("two") ", " APP("cache") "}"), "");
}

static void test_host_pods(void)
{
	FINDS(PODS OTHERS NAMESPACES FROM("{" TEAM("two") ", " APP("agent") "}"),
	      "NP011 spec.ingress[0].from[0]");
	CHECK(strstr(lint.item[0].text, "t/agent"));
	FINDS(PODS OTHERS NAMESPACES FROM("{" TEAM("two") "}"), "");
}

static void test_mistyped_all(void)
{
	FINDS(FROM("{ipBlock: {cidr: 0.0.0.0/24}}, {ipBlock: {cidr: '::/64'}}"),
	      "NP012 spec.ingress[0].from[0].ipBlock.cidr, "
	      "NP012 spec.ingress[0].from[1].ipBlock.cidr");
	FINDS(FROM("{ipBlock: {cidr: 0.0.0.0/0, except: [0.0.0.0/8]}}, {ipBlock: {cidr: '::/0'}}"),
	      "");
	/* the first of the blocks that make up all but some addresses */
	FINDS(FROM("{ipBlock: {cidr: 0.0.0.0/5}}, {ipBlock: {cidr: 8.0.0.0/7}}"), "");
}

#define OPEN_BUT(range)	"{ipBlock: {cidr: 0.0.0.0/0, except: [" range "]}}"

static void test_except_void(void)
{
	FINDS(FROM(OPEN_BUT("10.0.0.0/8") ", {ipBlock: {cidr: 10.0.0.0/8}}"),
	      "NP013 spec.ingress[0].from[0].ipBlock.except[0]");
	FINDS(FROM(OPEN_BUT("10.0.0.0/8, 192.168.0.0/16") ", " OPEN_BUT("10.0.0.0/8")),
	      "NP017 spec.ingress[0].from[0], NP013 spec.ingress[0].from[0].ipBlock.except[1]");
	CHECK(strstr(lint.item[1].text, "except 192.168.0.0/16 has no effect: "
		     "spec.ingress[0].from[1] allows it"));
	/* another rule, if it is for all of the ports */
	FINDS(NETPOL("a", "ingress: [{from: [" OPEN_BUT("10.0.0.0/8") "], ports: [{port: 80}]}, "
		     "{from: [{ipBlock: {cidr: 10.0.0.0/7}}], ports: [{port: 1, endPort: 99}]}]"),
	      "NP013 spec.ingress[0].from[0].ipBlock.except[0]");
	FINDS(NETPOL("a", "ingress: [{from: [" OPEN_BUT("10.0.0.0/8") "], ports: [{port: 80}]}, "
		     "{from: [{ipBlock: {cidr: 10.0.0.0/7}}], ports: [{port: 443}]}]"), "");
	/* another rule for the very range was written to open it */
	FINDS(NETPOL("a", "ingress: [{from: [" OPEN_BUT("10.0.0.0/8") "], ports: [{port: 80}]}, "
		     "{from: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 1, endPort: 99}]}]"),
	      "");
	/* a part of it may be opened on purpose, and pods in it are chosen by labels */
	FINDS(FROM(OPEN_BUT("10.0.0.0/8") ", {ipBlock: {cidr: 10.1.0.0/16}}, {podSelector: {}}"),
	      "");
	/* another policy for all of the pods, which is wider than the range */
	FINDS(NETPOL("a", "podSelector: {matchLabels: {app: web}}, ingress: [{from: ["
		     OPEN_BUT("10.0.0.0/8") "]}]")
	      NETPOL("b", "ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]"),
	      "NP013 spec.ingress[0].from[0].ipBlock.except[0]");
	CHECK(strstr(lint.item[0].text, "spec.ingress[0].from[0] of policy b allows it"));
	FINDS(NETPOL("a", "podSelector: {matchLabels: {app: web}}, ingress: [{from: ["
		     OPEN_BUT("10.0.0.0/8") "]}]")
	      NETPOL("b", "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]"), "");
	FINDS(NETPOL("a", "ingress: [{from: [" OPEN_BUT("10.0.0.0/8") "]}]")
	      NETPOL("b", "podSelector: {matchLabels: {app: web}}, ingress: [{from: [{ipBlock: "
		     "{cidr: 0.0.0.0/0}}]}]"), "");
}

static void test_host_bits(void)
{
	FINDS(FROM("{ipBlock: {cidr: 10.3.4.5/24}}"), "NP014 spec.ingress[0].from[0].ipBlock.cidr");
	CHECK(strstr(lint.item[0].hint, "write 10.3.4.0/24 for the block, or 10.3.4.5/32"));
	FINDS(FROM("{ipBlock: {cidr: 'fd00::1/64'}}"),
	      "NP014 spec.ingress[0].from[0].ipBlock.cidr");
	FINDS(FROM("{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, 10.2.0.1/16]}}"),
	      "NP014 spec.ingress[0].from[0].ipBlock.except[1]");
	FINDS(FROM("{ipBlock: {cidr: 10.3.4.0/24}}, {ipBlock: {cidr: 10.3.5.5/32}}"), "");
	/* an API server takes it, so it is also there in what comes from one */
	np_lint_free(&lint);
	CHECK_EQ(load_lenient(FROM("{ipBlock: {cidr: 10.3.4.5/24}}")), 0);
	np_lint_run(&lint, &objs);
	CHECK_EQ(lint.count, 1);
}

static void test_own_namespace(void)
{
	FINDS(PODS NETPOL("a", "podSelector: {matchLabels: {}}"), "NP015 spec");
	/* what has no podSelector is only a part of a policy */
	FINDS(NETPOL("a", ""), "");
	FINDS(NETPOL("a", "podSelector: {}, policyTypes: [Ingress]"), "");
	FINDS(NETPOL("default-deny-ingress", "podSelector: {}"), "");
	FINDS(NETPOL("a", "podSelector: {}, ingress: [{from: [{podSelector: {}}]}]"), "");
}

static void test_duplicate(void)
{
	FINDS(NETPOL("a", "ingress: [{ports: [{port: 80}]}, {ports: [{port: 81}]}, "
		     "{ports: [{port: 80, protocol: TCP}]}]"), "NP016 spec.ingress[2]");
	FINDS(NETPOL("a", "ingress: [{}, {}]"), "NP016 spec.ingress[1]");
	FINDS(FROM("{podSelector: {}}, {ipBlock: {cidr: 192.0.2.0/24}}, {podSelector: {}}"),
	      "NP016 spec.ingress[0].from[2]");
	FINDS(NETPOL("a", "ingress: [{ports: [{port: 80}, {port: 81}, {port: 80}]}]"),
	      "NP016 spec.ingress[0].ports[2]");
	FINDS(NETPOL("a", "ingress: [{ports: [{port: 80}, {port: 80, protocol: UDP}]}]"), "");
	FINDS(FROM("{podSelector: {matchExpressions: [{key: a, operator: In, values: [p, q]}]}}, "
		   "{podSelector: {matchExpressions: [{key: a, operator: In, values: [q, p]}]}}"),
	      "NP016 spec.ingress[0].from[1]");
	FINDS(FROM("{podSelector: {matchExpressions: [{key: a, operator: In, values: [p, p]}]}}, "
		   "{podSelector: {matchExpressions: [{key: a, operator: In, values: [p, q]}]}}"),
	      "");
}

static void test_adds_nothing(void)
{
	FINDS(NETPOL("a", "ingress: [{from: [{" APP("web") "}], ports: [{port: 80}]}, "
		     "{ports: [{port: 1, endPort: 99}]}]"), "NP017 spec.ingress[0]");
	FINDS(NETPOL("a", "ingress: [{from: [{" APP("web") "}], ports: [{port: 80}]}, "
		     "{from: [{podSelector: {}}]}]"), "NP017 spec.ingress[0]");
	FINDS(NETPOL("a", "ingress: [{from: [{" APP("web") "}], ports: [{port: 80}]}, "
		     "{from: [{podSelector: {}}], ports: [{port: 443}]}]"), "");
	FINDS(NETPOL("a", "ingress: [{from: [{" APP("web") "}]}, {from: [{podSelector: {}}], "
		     "ports: [{port: 443}]}]"), "");
	/* the dash that makes two conditions two entries */
	FINDS(FROM("{namespaceSelector: {}}, {" APP("web") "}"),
	      "NP001 spec.ingress[0].from[0].namespaceSelector, NP017 spec.ingress[0].from[1]");
	FINDS(FROM("{" TEAM("two") "}, {" APP("web") "}"), "");
	/* blocks and their excepts */
	FINDS(FROM("{ipBlock: {cidr: 192.0.2.0/24}}, {ipBlock: {cidr: 192.0.0.0/16}}"),
	      "NP017 spec.ingress[0].from[0]");
	FINDS(FROM("{ipBlock: {cidr: 192.0.2.0/24}}, {ipBlock: {cidr: 192.0.0.0/16, except: "
		   "[192.0.2.128/25]}}"), "NP013 spec.ingress[0].from[1].ipBlock.except[0]");
	FINDS(FROM("{ipBlock: {cidr: 192.0.2.0/24}}, {ipBlock: {cidr: 192.0.0.0/16, except: "
		   "[192.0.3.0/24]}}"), "NP017 spec.ingress[0].from[0]");
	/* pods and blocks are not compared */
	FINDS(FROM("{podSelector: {}}, {ipBlock: {cidr: 0.0.0.0/0}}"), "");
}

static void test_cluster_ip(void)
{
	static const char services[] = SERVICE("s", "none", "None") SERVICE("s", "db", "10.96.0.7");
	char text[4096];

	snprintf(text, sizeof(text), "%s%s", services, FROM("{ipBlock: {cidr: 10.96.0.7/32}}"));
	FINDS(text, "NP018 spec.ingress[0].from[0].ipBlock");
	CHECK(strstr(lint.item[0].text, "10.96.0.7/32 holds the ClusterIP of Service s/db"));
	snprintf(text, sizeof(text), "%s%s", services, FROM("{ipBlock: {cidr: 10.96.0.0/12}}"));
	FINDS(text, "NP018 spec.ingress[0].from[0].ipBlock");
	snprintf(text, sizeof(text), "%s%s", services,
		 FROM("{ipBlock: {cidr: 10.96.0.8/32}}, {ipBlock: {cidr: 10.0.0.0/8}}"));
	FINDS(text, "NP017 spec.ingress[0].from[0]");
	/* the DNS cache of a node may listen at the ClusterIP of the cluster's DNS */
	FINDS(PODS CACHE_AT("-localip, '169.254.20.10,10.96.0.10'")
	      SERVICE("kube-system", "kube-dns", "10.96.0.10")
	      NETPOL("a", "policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: "
		     "10.96.0.10/32}}], ports: [{port: 53, protocol: UDP}]}]"), "");
	/* a Service that cannot be read is none */
	FINDS("apiVersion: v1\nkind: Service\nmetadata: 7\nspec: {clusterIPs: [1, {}]}\n"
	      FROM("{ipBlock: {cidr: 10.96.0.7/32}}"), "");
}

#define CLUSTER(name, spec) \
	"---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n" \
	"metadata: {name: " name "}\nspec: {" spec "}\n"

/* What is said of NetworkPolicies holds beside policies of tier Admin, or is not said. */
static void test_beside_admin(void)
{
	FINDS(PODS NETPOL("a", "egress: [{ports: [{port: 443}]}]")
	      CLUSTER("c", "tier: Admin, priority: 1, subject: {namespaces: {}}, egress: [{action: "
			   "Accept, to: [{namespaces: {}}], protocols: [{udp: {destinationPort: "
			   "{number: 53}}}]}]"), "");
	FINDS(PODS NETPOL("a", "egress: [{ports: [{port: 443}]}]")
	      CLUSTER("c", "tier: Baseline, priority: 1, subject: {namespaces: {}}, egress: "
			   "[{action: Accept, to: [{namespaces: {}}]}]"), "NP003 spec.egress");
	FINDS(NETPOL("a", "egress: [{ports: [{port: 443}]}]")
	      CLUSTER("c", "tier: Admin, priority: 1, subject: {namespaces: {}}, egress: [{action: "
			   "Deny, to: [{namespaces: {}}]}]"), "NP003 spec.egress, NP022 spec.egress[0]");
	FINDS(NETPOL("a", "podSelector: {}"), "NP015 spec");
	FINDS(NETPOL("a", "podSelector: {}")
	      CLUSTER("c", "tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: "
			   "Accept, from: [{namespaces: {}}]}]"), "");
	FINDS(NETPOL("a", "podSelector: {}")
	      CLUSTER("c", "tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: "
			   "Pass, from: [{namespaces: {}}]}]"), "NP015 spec");
}

#define ADMIN(name, priority, rest) \
	CLUSTER(name, "tier: Admin, priority: " priority ", " rest)
#define BASELINE(name, priority, rest) \
	CLUSTER(name, "tier: Baseline, priority: " priority ", " rest)
#define ALL	"subject: {namespaces: {}}"
#define LABELLED(labels) "subject: {pods: {podSelector: {" labels "}}}"
#define RULE(action)	"{action: " action ", from: [{namespaces: {}}]}"
#define IN(rules)	", ingress: [" rules "]"
#define OUT(rules)	", egress: [" rules "]"

static void test_equal_priority(void)
{
	FINDS(ADMIN("a", "5", ALL IN(RULE("Deny"))) ADMIN("b", "5", ALL IN(RULE("Accept")))
	      ADMIN("c", "5", ALL IN(RULE("Pass"))), "NP019 spec.priority, NP019 spec.priority");
	CHECK_STR(lint.item[0].policy->name, "b");
	CHECK(strstr(lint.item[1].text, "as a has"));
	/* another tier, another priority, another direction, or nothing that they disagree about */
	FINDS(ADMIN("a", "5", ALL IN(RULE("Deny"))) BASELINE("b", "5", ALL IN(RULE("Accept"))), "");
	FINDS(ADMIN("a", "5", ALL IN(RULE("Deny"))) ADMIN("b", "6", ALL IN(RULE("Accept"))), "");
	FINDS(ADMIN("a", "5", ALL IN(RULE("Deny"))) ADMIN("b", "5", ALL OUT("{action: Accept, to: "
	      "[{networks: [192.0.2.0/24]}]}")), "");
	FINDS(ADMIN("a", "5", ALL IN(RULE("Deny"))) ADMIN("b", "5", ALL IN(RULE("Deny"))), "");
	/* subjects that surely have no pod in common */
#define APART(x, y, want) \
	FINDS(ADMIN("a", "5", LABELLED(x) IN(RULE("Deny"))) \
	      ADMIN("b", "5", LABELLED(y) IN(RULE("Pass"))), want)
#define NEED(op, values) "matchExpressions: [{key: a, operator: " op values "}]"
	APART("matchLabels: {a: x}", "matchLabels: {a: v}", "");
	APART("matchLabels: {a: x}", "matchLabels: {b: v}", "NP019 spec.priority");
	APART("matchLabels: {a: x}", NEED("NotIn", ", values: [x, v]"), "");
	APART(NEED("NotIn", ", values: [x, v]"), "matchLabels: {a: z}", "NP019 spec.priority");
	APART(NEED("In", ", values: [x, v]"), NEED("In", ", values: [v, w]"), "NP019 spec.priority");
	APART(NEED("In", ", values: [x, v]"), NEED("NotIn", ", values: [x]"), "NP019 spec.priority");
	APART(NEED("Exists", ""), NEED("DoesNotExist", ""), "");
	APART(NEED("DoesNotExist", ""), "matchLabels: {a: x}", "");
	APART(NEED("DoesNotExist", ""), NEED("NotIn", ", values: [x]"), "NP019 spec.priority");
	APART(NEED("Exists", ""), "matchLabels: {a: x}", "NP019 spec.priority");
}

static void test_hidden_rule(void)
{
	FINDS(ADMIN("a", "5", ALL IN(RULE("Pass") ", " RULE("Deny"))), "NP020 spec.ingress[1]");
	FINDS(ADMIN("a", "5", ALL IN("{action: Deny, from: [{namespaces: {matchLabels: {a: b}}}]}, "
				     RULE("Accept"))), "");
	FINDS(ADMIN("a", "5", ALL IN("{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: "
				     "{destinationPort: {number: 80}}}]}, " RULE("Accept"))), "");
	FINDS(ADMIN("a", "5", ALL IN(RULE("Accept") ", {action: Deny, from: [{pods: {podSelector: "
				     "{}}}], protocols: [{destinationNamedPort: web}]}")),
	      "NP020 spec.ingress[1]");
	FINDS(ADMIN("a", "5", ALL OUT("{action: Accept, to: [{networks: [192.0.0.0/8]}]}, {action: "
				      "Deny, to: [{networks: [192.0.2.0/24]}]}")),
	      "NP020 spec.egress[1]");
	/* addresses of pods are networks, but which pods have them is not known */
	FINDS(ADMIN("a", "5", ALL OUT("{action: Accept, to: [{networks: [192.0.0.0/8]}]}, {action: "
				      "Accept, to: [{namespaces: {}}]}")), "");
	/* what is closed hides all behind it if it denies, and nothing if it accepts */
	np_lint_free(&lint);
	CHECK_EQ(load_lenient(ADMIN("a", "5", ALL IN("{action: Accept, from: [{}]}, " RULE("Deny")))
			      ADMIN("b", "6", ALL IN("{action: Pass, from: [{}]}, " RULE("Deny")))), 0);
	np_lint_run(&lint, &objs);
	if (CHECK_EQ(lint.count, 1))
		CHECK_STR(lint.item[0].policy->name, "b");
}

static void test_idle_pass(void)
{
	FINDS(BASELINE("a", "5", ALL IN(RULE("Pass"))), "NP021 spec.ingress[0]");
	FINDS(BASELINE("a", "5", ALL IN("{action: Pass, from: [{namespaces: {matchLabels: {a: b}}}]}, "
					RULE("Deny"))), "");
	FINDS(BASELINE("a", "5", ALL IN(RULE("Pass"))) BASELINE("b", "6", ALL IN(RULE("Deny"))), "");
	FINDS(BASELINE("b", "5", ALL IN(RULE("Pass"))) BASELINE("a", "5", ALL OUT("{action: Deny, to: "
	      "[{networks: [192.0.2.0/24]}]}")), "NP021 spec.ingress[0]");
	/* asked before, so it takes no notice of the Pass */
	FINDS(BASELINE("a", "5", ALL IN(RULE("Pass"))) BASELINE("b", "4", ALL IN(RULE("Deny"))),
	      "NP021 spec.ingress[0]");
	FINDS(ADMIN("a", "5", ALL IN(RULE("Pass"))), "");
}

#define NO_WAY_OUT "{action: Deny, to: [{networks: [0.0.0.0/0]}]}"
#define DNS_PODS "{namespaces: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}"
#define TO_DNS(action, port) "{action: " action ", to: [" DNS_PODS "], protocols: [{udp: " \
	"{destinationPort: {number: " port "}}}]}"

static void test_denies_dns(void)
{
	FINDS(PODS ADMIN("a", "5", ALL OUT(NO_WAY_OUT)), "NP022 spec.egress[0]");
	CHECK(strstr(lint.item[0].text, "s/web may not ask any DNS server"));
	FINDS(PODS ADMIN("a", "5", ALL OUT(TO_DNS("Deny", "53"))), "");
	FINDS(PODS NAMESPACE("kube-system", "") ADMIN("a", "5", ALL OUT(TO_DNS("Deny", "53"))),
	      "NP022 spec.egress[0]");
	FINDS(PODS NAMESPACE("kube-system", "") ADMIN("a", "5", ALL OUT(TO_DNS("Deny", "54"))), "");
	FINDS(PODS ADMIN("a", "5", ALL OUT(TO_DNS("Accept", "53") ", " NO_WAY_OUT)), "");
	FINDS(PODS ADMIN("a", "5", ALL OUT(TO_DNS("Pass", "53") ", " NO_WAY_OUT)), "");
	FINDS(PODS ADMIN("a", "5", ALL OUT(TO_DNS("Accept", "54") ", " NO_WAY_OUT)),
	      "NP022 spec.egress[1]");
	/* of other policies those count that come first */
	FINDS(PODS ADMIN("a", "5", ALL OUT(NO_WAY_OUT))
	      ADMIN("b", "4", ALL OUT(TO_DNS("Accept", "53"))), "");
	FINDS(PODS ADMIN("a", "5", ALL OUT(NO_WAY_OUT))
	      ADMIN("b", "6", ALL OUT(TO_DNS("Accept", "53"))), "NP022 spec.egress[0]");
	FINDS(PODS ADMIN("a", "5", LABELLED("matchLabels: {app: nobody}") OUT(NO_WAY_OUT)), "");
	FINDS(PODS ADMIN("a", "5", LABELLED("matchLabels: {k8s-app: kube-dns}") OUT(NO_WAY_OUT)), "");
	FINDS(PODS BASELINE("a", "5", ALL OUT(NO_WAY_OUT)), "");
	FINDS(PODS NODE_LOCAL ADMIN("a", "5", ALL OUT(NO_WAY_OUT)), "");
	/* without pods only a Deny of every pod is about those of DNS for sure */
	FINDS(ADMIN("a", "5", ALL OUT("{action: Deny, to: [{namespaces: {}}]}")),
	      "NP022 spec.egress[0]");
	FINDS(ADMIN("a", "5", ALL OUT(NO_WAY_OUT)), "");
	FINDS(ADMIN("a", "5", ALL OUT("{action: Deny, to: [{namespaces: {}}]}"))
	      ADMIN("b", "4", ALL OUT("{action: Pass, to: [{namespaces: {matchLabels: {a: b}}}]}")),
	      "");
}

static void test_disable(void)
{
	CHECK_EQ(np_lint_disable(&lint, "NP099", &err), -1);
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

static bool put(int fd, const char *text)
{
	return CHECK_EQ(pwrite(fd, text, strlen(text), 0), (ssize_t)strlen(text)) &&
	       CHECK_EQ(ftruncate(fd, strlen(text)), 0);
}

/*
 * Loads a file with this text and returns the diff of its fixes. later: what the file has become
 * until they are looked for, or NULL.
 */
static char *diff_of(const char *text, const char *later)
{
	char name[] = "/tmp/netpol-lint-XXXXXX";
	int fd = mkstemp(name);
	char *diff = NULL;

	if (CHECK(fd >= 0) && put(fd, text)) {
		np_lint_free(&lint);
		np_objects_reset(&objs);
		CHECK_EQ(np_load_path(&objs, name, NULL, &err), 0);
		np_lint_run(&lint, &objs);
		CHECK(!later || put(fd, later));
		np_lint_fix_find(&lint);
		diff = written(np_lint_write_diff);
	}
	close(fd);
	unlink(name);
	return diff;
}

#define PORT(n)	"    - port: " n "\n"
#define PORTS_OF_A "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n" \
		"metadata: {name: a, namespace: s}\nspec:\n  ingress:\n  - ports:\n"
#define BLOCK_OF_A(cidr) PORTS_OF_A PORT("1") "    from:\n    - ipBlock: {cidr: " cidr "}\n"

static void test_fix(void)
{
	char *diff = diff_of(PORTS_OF_A PORT("1") PORT("1") PORT("2") PORT("3") PORT("4") PORT("5")
			     PORT("6") PORT("7") PORT("8") PORT("9") PORT("9") PORT("10")
			     "    from:\n    - ipBlock: {cidr: 10.0.0.1/8}", NULL);
	const char *hunks = diff ? strstr(diff, "@@") : NULL;

	/* hunks whose lines do not meet, and a last line without an end */
	if (CHECK(hunks))
		CHECK_STR(hunks, "@@ -5,7 +5,6 @@\n   ingress:\n   - ports:\n " PORT("1")
			  "-" PORT("1") " " PORT("2") " " PORT("3") " " PORT("4")
			  "@@ -14,7 +13,6 @@\n " PORT("7") " " PORT("8") " " PORT("9") "-" PORT("9")
			  " " PORT("10") "     from:\n"
			  "-    - ipBlock: {cidr: 10.0.0.1/8}\n\\ No newline at end of file\n"
			  "+    - ipBlock: {cidr: 10.0.0.0/8}\n\\ No newline at end of file\n");
	free(diff);
	/* an entry that ends with the file and has no line ending stays */
	diff = diff_of(PORTS_OF_A PORT("1") "    - port: 1", NULL);
	CHECK_STR(diff, "");
	free(diff);
	CHECK_EQ(lint.count, 1);
	/* the file has become another one, or is not there */
	diff = diff_of(BLOCK_OF_A("10.0.0.1/8"), BLOCK_OF_A("10.0.0.1/80"));
	CHECK_STR(diff, "");
	free(diff);
	diff = diff_of(BLOCK_OF_A("10.0.0.1/8"), BLOCK_OF_A("10.0.0.2/8"));
	CHECK_STR(diff, "");
	free(diff);
	diff = diff_of(BLOCK_OF_A("10.0.0.1/8"), "");
	CHECK_STR(diff, "");
	free(diff);
	CHECK_EQ(lint.count, 1);
	run(PORTS_OF_A PORT("1") PORT("1"), __LINE__);
	np_lint_fix_find(&lint);
	if (CHECK_EQ(lint.count, 1))
		CHECK(!lint.item[0].fix);
}

/* A list that an alias repeats has its findings twice, and each text changes once. */
static void test_fix_alias(void)
{
	char *diff = diff_of(PORTS_OF_A PORT("1") "    from: &p\n"
			     "    - ipBlock: {cidr: 10.0.0.177/24}\n"
			     "    - ipBlock: {cidr: 10.1.0.177/24}\n  egress:\n  - to: *p\n", NULL);
	const char *hunks = diff ? strstr(diff, "@@") : NULL;

	CHECK_EQ(lint.count, 4);
	if (CHECK(hunks))
		CHECK_STR(hunks, "@@ -6,7 +6,7 @@\n   - ports:\n " PORT("1") "     from: &p\n"
			  "-    - ipBlock: {cidr: 10.0.0.177/24}\n"
			  "+    - ipBlock: {cidr: 10.0.0.0/24}\n"
			  "-    - ipBlock: {cidr: 10.1.0.177/24}\n"
			  "+    - ipBlock: {cidr: 10.1.0.0/24}\n   egress:\n   - to: *p\n");
	free(diff);
}

/* What ends a line in YAML and not here may shift an entry to another one: no fix. */
static void test_fix_lines(void)
{
	static const char * const end[] = { "\r#", "\xc2\x85#", "\xe2\x80\xa8#", "\xe2\x80\xa9#" };
	char text[512];
	char *diff;
	size_t i;

	for (i = 0; i < NP_COUNT(end); i++) {
		snprintf(text, sizeof(text), "#%s\n%s", end[i], PORTS_OF_A PORT("1") PORT("1")
			 "    from: []\n  - ports:\n" PORT("2"));
		diff = diff_of(text, NULL);
		CHECK_STR(diff, "");
		free(diff);
		CHECK_EQ(lint.count, 1);
	}
	diff = diff_of(PORTS_OF_A "    - port: 1\r\n    - port: 1\r\n" PORT("2"), NULL);
	if (CHECK(diff))
		CHECK(strstr(diff, " @@\n   ingress:\n   - ports:\n     - port: 1\r\n"
			     "-    - port: 1\r\n " PORT("2")));
	free(diff);
}

/* The only entry of a list stays: a list without entries means all. So do quotes over lines. */
static void test_fix_entry(void)
{
	char *diff = diff_of(PORTS_OF_A PORT("1") PORT("1"), PORTS_OF_A "#\n" PORT("2"));

	CHECK_STR(diff, "");
	free(diff);
	diff = diff_of(PORTS_OF_A PORT("1") "#\n\n" PORT("1"), NULL);
	CHECK(diff && strstr(diff, "\n-" PORT("1")));
	free(diff);
	diff = diff_of(PORTS_OF_A PORT("\"a\"") "    - port: \"\\\n\\\n a\"\n" PORT("2"), NULL);
	CHECK_STR(diff, "");
	free(diff);
	CHECK_EQ(lint.count, 1);
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
	run(PODS NETPOL("a", "policyTypes: [Ingress]"), __LINE__);
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
	test_dns_port();
	test_node_local();
	test_no_direction();
	test_nobody();
	test_default_namespace();
	test_elsewhere();
	test_never_both();
	test_host_pods();
	test_mistyped_all();
	test_except_void();
	test_host_bits();
	test_own_namespace();
	test_duplicate();
	test_adds_nothing();
	test_cluster_ip();
	test_beside_admin();
	test_equal_priority();
	test_hidden_rule();
	test_idle_pass();
	test_denies_dns();
	test_disable();
	test_fix();
	test_fix_alias();
	test_fix_lines();
	test_fix_entry();
	test_forms();
	np_lint_free(&lint);
	np_objects_free(&objs);
	return check_done("test_lint");
}
