// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kubernetes objects out of documents: fields, defaults, validation, kinds,
 * lists.
 */
#include <stdlib.h>

#include "load_check.h"
#include "object/validate.h"

/* Loads a spec and gives directions, ingress rules, egress rules. */
static void check_spec(const char *text, int directions, unsigned int in,
		       unsigned int out, int line)
{
	const struct np_policy *p = policy_at(text, line);

	if (!p)
		return;
	CHECK_EQ(p->directions, directions);
	if (!check_one(p->ingress_count == in && p->egress_count == out,
		       __FILE__, line, "number of rules"))
		printf("\t%u %u\n", p->ingress_count, p->egress_count);
}

#define CHECK_SPEC(text, directions, in, out) \
	check_spec(SPEC(text), directions, in, out, __LINE__)

#define IN NP_DIR_INGRESS
#define OUT NP_DIR_EGRESS

static void test_empty_and_missing(void)
{
	static const char *const everyone[] = {
		SPEC("  podSelector: {}\n"), SPEC("  podSelector:\n"),
		SPEC("  podSelector: null\n"), SPEC("  policyTypes: []\n"),
		SPEC("  {}\n"), HEAD, HEAD "spec:\n", HEAD "spec: ~\n",
	};
	const struct np_policy *p;
	size_t i;

	for (i = 0; i < sizeof(everyone) / sizeof(everyone[0]); i++) {
		p = POLICY(everyone[i]);
		if (!p)
			continue;
		CHECK_EQ(p->pod_selector.count, 0);
		CHECK_EQ(p->pod_selector.present, i == 0);
		CHECK_STR(p->namespace, "default");
		CHECK_EQ(p->directions, IN);
		CHECK_EQ(objs.warning_count, i >= 5);
	}
	CHECK_SPEC("  ingress: []\n", IN, 0, 0);
	CHECK_SPEC("  ingress: null\n", IN, 0, 0);
	CHECK_SPEC("  ingress:\n  policyTypes: [Ingress]\n", IN, 0, 0);
	CHECK_SPEC("  egress: []\n", IN, 0, 0);
	CHECK_SPEC("  egress: null\n", IN, 0, 0);
	CHECK_SPEC("  egress: [{}]\n", IN | OUT, 0, 1);
	CHECK_SPEC("  egress: [{}]\n  policyTypes: null\n", IN | OUT, 0, 1);
	CHECK_SPEC("  policyTypes: [Egress]\n  ingress: [{}]\n", OUT, 1, 0);
	CHECK_SPEC("  policyTypes: [Ingress]\n  egress: [{}]\n", IN, 0, 1);
	CHECK_SPEC("  policyTypes: [Ingress, Ingress]\n", IN, 0, 0);
	CHECK_SPEC("  policyTypes: [Egress, Ingress]\n", IN | OUT, 0, 0);
	CHECK_SPEC("  ingress: [{from: []}, {from: [], ports: []}]\n", IN, 2,
		   0);
	p = POLICY(SPEC("  ingress: [{}, {from: null}, {from: [], ports: []}]\n"));
	for (i = 0; p && i < p->ingress_count; i++) {
		CHECK_EQ(p->ingress[i].peer_count, 0);
		CHECK_EQ(p->ingress[i].port_count, 0);
	}
}

static void test_null_entries(void)
{
	const char *text = SPEC("  ingress:\n  -\n");

	BAD(text, 7, 4, "spec.ingress[0]", "null");
	CHECK(strstr(err.hint, "{}"));
	BAD(SPEC("  egress: [null]\n"), 6, 12, "spec.egress[0]", "null");
	BAD(SPEC("  ingress: [{ports: [~]}]\n"), 6, 22,
	    "spec.ingress[0].ports[0]", "every TCP port");
	BAD(SPEC("  ingress: [{from: [null]}]\n"), 6, 21,
	    "spec.ingress[0].from[0]", "null");
	BAD(SPEC("  policyTypes: [null]\n"), 6, 17, "spec.policyTypes[0]",
	    "must be a string");
	CHECK_EQ(load_lenient(text), 0);
	CHECK_EQ(objs.policy_count, 1);
	CHECK_EQ(objs.policies[0].ingress_count, 1);
	CHECK_EQ(objs.policies[0].ingress[0].peer_count, 0);
	CHECK_EQ(objs.warning_count, 1);
	CHECK_STR(objs.warnings[0].path, "spec.ingress[0]");
	CHECK_EQ(objs.warnings[0].place.line, 7);
	CHECK_EQ(load_lenient(SPEC("  ingress: [{ports: [~]}]\n")), 0);
	CHECK_EQ(objs.policies[0].ingress[0].port[0].kind, NP_PORT_ANY);
	CHECK_EQ(objs.policies[0].ingress[0].port[0].protocol, 6);
	CHECK_EQ(load_lenient(SPEC("  ingress: [{from: [~]}]\n")), -1);
}

static void check_port(const char *text, int kind, int protocol, int first,
		       int last, const char *name, int line)
{
	const struct np_policy *p = policy_at(text, line);
	const struct np_port *port;

	if (!p || !CHECK_EQ(p->ingress[0].port_count, 1))
		return;
	port = &p->ingress[0].port[0];
	if (!check_one(port->kind == kind && port->protocol == protocol &&
		       port->first == first && port->last == last, __FILE__,
		       line, "port"))
		printf("\t%u %u %u %u\n", port->kind, port->protocol,
		       port->first, port->last);
	CHECK_STR(port->name, name);
	CHECK_EQ(port->has_protocol, !!strstr(text, "protocol: U") ||
		 !!strstr(text, "protocol: S"));
	CHECK_EQ(port->line, 6);
}

#define PORT(text) SPEC("  ingress: [{ports: [{" text "}]}]\n")
#define CHECK_PORT(text, ...) check_port(PORT(text), __VA_ARGS__, __LINE__)
#define BAD_PORT(text, column, field, words) \
	BAD(PORT(text), 6, column, "spec.ingress[0].ports[0]" field, words)

static void test_ports(void)
{
	CHECK_PORT("", NP_PORT_ANY, 6, 0, 0, NULL);
	CHECK_PORT("protocol: UDP", NP_PORT_ANY, 17, 0, 0, NULL);
	CHECK_PORT("protocol: null", NP_PORT_ANY, 6, 0, 0, NULL);
	CHECK_PORT("port: 53", NP_PORT_NUMBER, 6, 53, 53, NULL);
	CHECK_PORT("port: null", NP_PORT_ANY, 6, 0, 0, NULL);
	CHECK_PORT("port: 0x50", NP_PORT_NUMBER, 6, 80, 80, NULL);
	CHECK_PORT("port: 0120", NP_PORT_NUMBER, 6, 80, 80, NULL);
	CHECK_PORT("port: 6_5_535", NP_PORT_NUMBER, 6, 65535, 65535, NULL);
	CHECK_PORT("protocol: SCTP, port: 1", NP_PORT_NUMBER, 132, 1, 1, NULL);
	CHECK_PORT("port: http", NP_PORT_NAME, 6, 0, 0, "http");
	CHECK_PORT("port: a23456789012345", NP_PORT_NAME, 6, 0, 0,
		   "a23456789012345");
	CHECK_PORT("port: 1-a-2", NP_PORT_NAME, 6, 0, 0, "1-a-2");
	CHECK_PORT("port: 80, endPort: 90", NP_PORT_RANGE, 6, 80, 90, NULL);
	CHECK_PORT("port: 80, endPort: 80", NP_PORT_NUMBER, 6, 80, 80, NULL);
	CHECK_PORT("port: 1, endPort: 65535", NP_PORT_RANGE, 6, 1, 65535,
		   NULL);
	CHECK_PORT("port: 80, endPort: null", NP_PORT_NUMBER, 6, 80, 80, NULL);

	BAD_PORT("protocol: tcp", 33, ".protocol", "TCP, UDP or SCTP");
	CHECK_STR(err.hint, "write TCP in capitals");
	BAD_PORT("protocol: \"\"", 33, ".protocol", "TCP, UDP or SCTP");
	BAD_PORT("protocol: ICMP", 33, ".protocol", "TCP, UDP or SCTP");
	BAD_PORT("protocol: 6", 33, ".protocol", "must be a string");
	BAD_PORT("port: 0", 29, ".port", "1 to 65535");
	BAD_PORT("port: 65536", 29, ".port", "1 to 65535");
	BAD_PORT("port: -1", 29, ".port", "1 to 65535");
	BAD_PORT("port: 99999999999999999999", 29, ".port", "number");
	BAD_PORT("port: 80.5", 29, ".port", "number");
	BAD_PORT("port: yes", 29, ".port", "boolean");
	BAD_PORT("port: \"80\"", 29, ".port", "no port name");
	CHECK_STR(err.hint, "write 80 without quotes for a number");
	BAD_PORT("port: \"\"", 29, ".port", "no port name");
	BAD_PORT("port: Http", 29, ".port", "no port name");
	BAD_PORT("port: a234567890123456", 29, ".port", "1 to 15");
	BAD_PORT("port: -http", 29, ".port", "begin or end");
	BAD_PORT("port: http-", 29, ".port", "begin or end");
	BAD_PORT("port: ht--tp", 29, ".port", "in a row");
	BAD_PORT("port: 1-2", 29, ".port", "letter");
	BAD_PORT("port: [80]", 29, ".port", "must be a whole number, is a list");
	BAD_PORT("endPort: 80", 32, ".endPort", "without port");
	BAD_PORT("port: http, endPort: 80", 44, ".endPort", "port name");
	BAD_PORT("port: 80, endPort: 79", 42, ".endPort",
		 "79 is below port 80");
	BAD_PORT("port: 80, endPort: 65536", 42, ".endPort", "1 to 65535");
	BAD_PORT("port: 80, endPort: 0", 42, ".endPort", "1 to 65535");
	BAD_PORT("port: 80, endPort: \"90\"", 42, ".endPort",
		 "must be a whole number, is a string");
	BAD_PORT("port: 80, endport: 90", 33, ".endport", "unknown field");
	CHECK_STR(err.hint, "did you mean endPort?");
}

#define PEER(text) SPEC("  ingress:\n  - from:\n    - " text "\n")
#define BAD_PEER(text, column, field, words) \
	BAD(PEER(text), 8, column, "spec.ingress[0].from[0]" field, words)

static void test_peers(void)
{
	const struct np_policy *p;

	p = POLICY(PEER("podSelector: {}"));
	if (p) {
		CHECK(p->ingress[0].peer[0].pod_selector.present);
		CHECK(!p->ingress[0].peer[0].ns_selector.present);
		CHECK(!p->ingress[0].peer[0].ipblock);
		CHECK_EQ(p->ingress[0].line, 7);
		CHECK_EQ(p->ingress[0].peer[0].line, 8);
	}
	p = POLICY(PEER("namespaceSelector: {}"));
	if (p) {
		CHECK(!p->ingress[0].peer[0].pod_selector.present);
		CHECK(p->ingress[0].peer[0].ns_selector.present);
	}
	p = POLICY(PEER("namespaceSelector: {}\n      podSelector: {}"));
	if (p) {
		CHECK_EQ(p->ingress[0].peer_count, 1);
		CHECK(p->ingress[0].peer[0].pod_selector.present);
		CHECK(p->ingress[0].peer[0].ns_selector.present);
	}
	p = POLICY(PEER("namespaceSelector: {}\n    - podSelector: {}"));
	if (p)
		CHECK_EQ(p->ingress[0].peer_count, 2);
	p = POLICY(PEER("{namespaceSelector: null, podSelector: {}}"));
	if (p)
		CHECK(!p->ingress[0].peer[0].ns_selector.present);
	BAD_PEER("{}", 7, "", "must have");
	BAD_PEER("namespaceSelector: null", 7, "", "must have");
	BAD_PEER("ipBlock:", 7, "", "must have");
	BAD_PEER("{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}", 25,
		 ".ipBlock", "beside");
	BAD_PEER("{namespaceSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}", 31,
		 ".ipBlock", "beside");
	BAD_PEER("podselector: {}", 7, ".podselector", "unknown field");
	BAD(SPEC("  ingress: [{to: []}]\n"), 6, 14, "spec.ingress[0].to",
	    "unknown field");
	BAD(SPEC("  egress: [{from: []}]\n"), 6, 13, "spec.egress[0].from",
	    "unknown field");
	BAD(SPEC("  ingress: {}\n"), 6, 12, "spec.ingress", "must be a list");
	BAD(SPEC("  ingress: [1]\n"), 6, 13, "spec.ingress[0]",
	    "must be a map, is a number");
	p = POLICY(SPEC("  egress:\n  - to:\n    - podSelector: {}\n"));
	if (p)
		CHECK_EQ(p->egress[0].peer_count, 1);
}

#define SEL(text) SPEC("  podSelector: " text "\n")
#define BAD_SEL(text, column, field, words) \
	BAD(SEL(text), 6, column, "spec.podSelector" field, words)
#define EXPR(text) SEL("{matchExpressions: [" text "]}")
#define BAD_EXPR(text, column, field, words) \
	BAD(EXPR(text), 6, column, \
	    "spec.podSelector.matchExpressions[0]" field, words)

static void test_selectors(void)
{
	const struct np_policy *p;
	const struct np_selector *s;

	p = POLICY(SEL("{matchExpressions: [{key: d, operator: NotIn, values: ["
		       "z, a]}, {key: c, operator: Exists}, {key: e, operator: "
		       "DoesNotExist, values: []}, {key: x.io/Y_z, operator: "
		       "In, values: [\"\"]}], matchLabels: {b: \"\", a: v}}"));
	if (p && CHECK_EQ(p->pod_selector.count, 6)) {
		s = &p->pod_selector;
		CHECK_STR(s->item[0].key, "a");
		CHECK_EQ(s->item[0].op, NP_OP_IN);
		CHECK_EQ(s->item[0].value_count, 1);
		CHECK_STR(s->item[0].value[0], "v");
		CHECK(s->item[0].match_label && s->item[1].match_label);
		CHECK_STR(s->item[1].value[0], "");
		CHECK(!s->item[2].match_label);
		CHECK_EQ(s->item[2].op, NP_OP_NOT_IN);
		CHECK_STR(s->item[2].value[0], "z");
		CHECK_STR(s->item[2].value[1], "a");
		CHECK_EQ(s->item[3].op, NP_OP_EXISTS);
		CHECK_EQ(s->item[3].value_count, 0);
		CHECK_EQ(s->item[4].op, NP_OP_DOES_NOT_EXIST);
		CHECK_STR(s->item[5].key, "x.io/Y_z");
	}
	p = POLICY(SEL("{matchLabels: null, matchExpressions: null}"));
	if (p)
		CHECK(p->pod_selector.present && !p->pod_selector.count);
	p = POLICY(SEL("{matchLabels: {a: }}"));
	if (p) {
		CHECK_STR(p->pod_selector.item[0].value[0], "");
		CHECK_EQ(objs.warning_count, 1);
	}
	BAD_SEL("{matchLabels: {a b: c}}", 31, ".matchLabels", "label key");
	BAD_SEL("{matchLabels: {/b: c}}", 31, ".matchLabels", "before the");
	BAD_SEL("{matchLabels: {A/b: c}}", 31, ".matchLabels", "DNS");
	BAD_SEL("{matchLabels: {a/b/c: c}}", 31, ".matchLabels", "label key");
	BAD_SEL("{matchLabels: {a/: c}}", 31, ".matchLabels", "empty name");
	BAD_SEL("{matchLabels: {a: -c}}", 34, ".matchLabels.a", "begin");
	BAD_SEL("{matchLabels: {a: yes}}", 34, ".matchLabels.a",
		"must be a string, is a boolean");
	CHECK_STR(err.hint, "quote it: \"yes\"");
	BAD_SEL("{matchLabels: {a: 1}}", 34, ".matchLabels.a", "a number");
	BAD_SEL("{matchLabels: [a]}", 30, ".matchLabels", "must be a map");
	BAD_SEL("{matchlabels: {}}", 17, ".matchlabels", "unknown field");
	BAD_EXPR("{operator: Exists}", 36, ".key", "missing");
	BAD_EXPR("{key: a}", 36, ".operator", "missing");
	BAD_EXPR("{key: '', operator: Exists}", 42, ".key", "empty name");
	BAD_EXPR("{key: a, operator: in}", 55, ".operator", "must be In");
	BAD_EXPR("{key: a, operator: Gt, values: ['1']}", 55, ".operator",
		 "must be In");
	BAD_EXPR("{key: a, operator: In}", 36, ".values", "not be empty");
	BAD_EXPR("{key: a, operator: NotIn, values: []}", 70, ".values",
		 "not be empty");
	BAD_EXPR("{key: a, operator: Exists, values: [b]}", 71, ".values",
		 "must be empty");
	BAD_EXPR("{key: a, operator: DoesNotExist, values: [b]}", 77,
		 ".values", "must be empty");
	BAD_EXPR("{key: a, operator: In, values: [b, c d]}", 71,
		 ".values[1]", "letters");
	BAD_EXPR("{key: a, operator: In, values: [null]}", 68, ".values[0]",
		 "null");
	BAD_EXPR("null", 36, "", "must be a map, is null");
	CHECK_EQ(load_lenient(EXPR("{key: a, operator: In, values: [c d]}")),
		 0);
	CHECK_EQ(objs.warning_count, 1);
}

#define LONG "v123456789012345678901234567890123456789012345678901234567890123"

/* Values that no label can have, as API servers up to 1.26 took them. */
static void test_long_values(void)
{
	const struct np_selector *s;

	BAD_EXPR("{key: a, operator: In, values: [" LONG "]}", 68, ".values[0]",
		 "63 characters");
	CHECK_EQ(load_lenient(EXPR("{key: a, operator: In, values: [" LONG ", b]}, "
				   "{key: c, operator: NotIn, values: [" LONG "]}, "
				   "{key: d, operator: NotIn, values: [e, " LONG "]}, "
				   "{key: f, operator: In, values: [" LONG "]}")), 0);
	CHECK_EQ(objs.warning_count, 4);
	CHECK(strstr(objs.warnings[0].text, "no label has it, ignored"));
	CHECK_STR(objs.warnings[2].path,
		  "spec.podSelector.matchExpressions[2].values[1]");
	s = &objs.policies[0].pod_selector;
	if (!CHECK_EQ(s->count, 4))
		return;
	CHECK_EQ(s->item[0].op, NP_OP_IN);
	CHECK_EQ(s->item[0].value_count, 1);
	CHECK_STR(s->item[0].value[0], "b");
	CHECK_STR(s->item[1].key, "d");
	CHECK_EQ(s->item[1].op, NP_OP_NOT_IN);
	CHECK_EQ(s->item[1].value_count, 1);
	CHECK_STR(s->item[2].key, "f");
	CHECK_EQ(s->item[2].op, NP_OP_EXISTS);
	CHECK_STR(s->item[3].key, "f");
	CHECK_EQ(s->item[3].op, NP_OP_DOES_NOT_EXIST);
	CHECK_EQ(s->item[3].value_count, 0);
	/* nothing left: every pod */
	CHECK_EQ(load_lenient(EXPR("{key: c, operator: NotIn, values: [" LONG "]}")), 0);
	s = &objs.policies[0].pod_selector;
	CHECK(s->present && !s->count);
}

#define BLOCK(text) PEER("ipBlock: {" text "}")
#define BAD_BLOCK(text, column, field, words) \
	BAD_PEER("ipBlock: {" text "}", column, ".ipBlock" field, words)

static void check_block(const char *text, const char *cidr,
			const char *except, unsigned int warnings, int line)
{
	const struct np_policy *p = policy_at(text, line);
	const struct np_ipblock *block;
	char buf[NP_CIDR_TEXT];

	if (!p)
		return;
	block = p->ingress[0].peer[0].ipblock;
	CHECK_STR(np_cidr_text(&block->cidr, buf), cidr);
	CHECK_EQ(block->except_count, !!except);
	if (except && block->except_count)
		CHECK_STR(np_cidr_text(&block->except[0], buf), except);
	if (!check_one(objs.warning_count == warnings, __FILE__, line,
		       "warnings"))
		printf("\t%zu\n", objs.warning_count);
}

#define CHECK_BLOCK(text, ...) check_block(BLOCK(text), __VA_ARGS__, __LINE__)

static void test_blocks(void)
{
	CHECK_BLOCK("cidr: 10.0.0.0/8", "10.0.0.0/8", NULL, 0);
	CHECK_BLOCK("cidr: 0.0.0.0/0, except: null", "0.0.0.0/0", NULL, 0);
	CHECK_BLOCK("cidr: 10.0.0.129/24", "10.0.0.0/24", NULL, 1);
	CHECK_BLOCK("cidr: 010.000.1.0/024", "10.0.1.0/24", NULL, 1);
	CHECK_BLOCK("cidr: \"::ffff:10.0.0.0/104\"", "10.0.0.0/8", NULL, 1);
	CHECK_BLOCK("cidr: \"::ffff:0:0/96\"", "0.0.0.0/0", NULL, 1);
	CHECK_BLOCK("cidr: \"::ffff:0:0/80\"", "::/80", NULL, 1);
	CHECK_BLOCK("cidr: \"::/0\"", "::/0", NULL, 0);
	CHECK_BLOCK("cidr: \"2001:DB8::1:0/112\"", "2001:db8::1:0/112", NULL,
		    0);
	CHECK_BLOCK("cidr: \"1:2:3:4:5:6:1.2.3.4/128\"",
		    "1:2:3:4:5:6:102:304/128", NULL, 0);
	CHECK_BLOCK("cidr: 10.0.0.0/8, except: [10.1.0.0/16]", "10.0.0.0/8",
		    "10.1.0.0/16", 0);
	CHECK_BLOCK("cidr: 10.0.0.0/8, except: ['::ffff:10.1.0.0/112']",
		    "10.0.0.0/8", "10.1.0.0/16", 1);
	CHECK_BLOCK("cidr: 0.0.0.0/0, except: [128.0.0.0/1]", "0.0.0.0/0",
		    "128.0.0.0/1", 0);
	CHECK(POLICY(BLOCK("cidr: 10.0.0.0/8, except: [10.1.0.0/16, 10.1.0.0/16, 10.1.1.0/24]")));
	BAD_BLOCK("except: []", 16, ".cidr", "missing");
	BAD_BLOCK("cidr: \"\"", 23, ".cidr", "missing");
	BAD_BLOCK("cidr: 10.0.0.1", 23, ".cidr", "no prefix length");
	CHECK_STR(err.hint, "for one address write 10.0.0.1/32");
	BAD_BLOCK("cidr: 10.0.0.0/33", 23, ".cidr", "0 to 32");
	BAD_BLOCK("cidr: 10.0.0.0/", 23, ".cidr", "0 to 32");
	BAD_BLOCK("cidr: 10.0.0/8", 23, ".cidr", "not an address block");
	BAD_BLOCK("cidr: 10.0.0.256/8", 23, ".cidr", "not an address block");
	BAD_BLOCK("cidr: \"fe80::1%eth0/64\"", 23, ".cidr", "not an address");
	BAD_BLOCK("cidr: \"1::2::3/64\"", 23, ".cidr", "not an address");
	BAD_BLOCK("cidr: \"::/129\"", 23, ".cidr", "0 to 128");
	BAD_BLOCK("cidr: 10.0.0.0/8, except: [11.0.0.0/16]", 44,
		  ".except[0]", "strict part");
	BAD_BLOCK("cidr: 10.0.0.0/8, except: [10.0.0.0/8]", 44,
		  ".except[0]", "strict part");
	BAD_BLOCK("cidr: 10.0.0.0/8, except: [0.0.0.0/0]", 44,
		  ".except[0]", "strict part");
	BAD_BLOCK("cidr: 10.0.0.0/8, except: ['fd00::/16']", 44,
		  ".except[0]", "family");
	BAD_BLOCK("cidr: 10.0.0.0/8, except: [10.1.0.0]", 44, ".except[0]",
		  "no prefix length");
	BAD_BLOCK("cidr: 10.0.0.0/8, except: [~]", 44, ".except[0]", "null");
	BAD_BLOCK("cidr: 10.0.0.0/8, excepts: []", 35, ".excepts",
		  "unknown field");
}

#define NAMED(meta) "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n" \
		    "metadata: {" meta "}\nspec: {}\n"
#define BAD_META(meta, column, field, words) \
	BAD(NAMED(meta), 3, column, "metadata" field, words)

static void repeat(char *buf, char c, size_t count)
{
	memset(buf, c, count);
	buf[count] = '\0';
}

static void test_metadata(void)
{
	char name[300], text[600];
	const struct np_policy *p;

	BAD_META("", 11, ".name", "is missing");
	BAD_META("name: ''", 18, ".name", "is missing");
	BAD_META("generateName: a-", 11, ".name", "is missing");
	BAD_META("name: A", 18, ".name", "lower case");
	BAD_META("name: a..b", 18, ".name", "lower case");
	BAD_META("name: -a", 18, ".name", "begin and end");
	BAD_META("name: 1", 18, ".name", "must be a string, is a number");
	BAD_META("name: a, namespace: a.b", 32, ".namespace", "lower case");
	BAD_META("name: a, lables: {}", 21, ".lables", "unknown field");
	CHECK_STR(err.hint, "did you mean labels?");
	CHECK_STR(err.object, "NetworkPolicy default/a");
	BAD_META("name: a, labels: {a: 1}", 33, ".labels.a", "a number");
	BAD_META("name: a, labels: {a: 'b '}", 33, ".labels.a", "letters");
	BAD("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nspec: {}\n",
	    1, 1, "metadata.name", "is missing");
	BAD(HEAD "sepc: {}\n", 5, 1, "sepc", "unknown field");
	CHECK_EQ(load_lenient(HEAD "sepc: {}\n"), 0);
	CHECK_STR(objs.warnings[0].text, "unknown field, ignored");
	p = POLICY(NAMED("name: a.b-1, namespace: x, labels: {z: '1', b: c}, "
			 "annotations: {q: w}, uid: u, resourceVersion: '1', "
			 "generation: 1, creationTimestamp: null, "
			 "managedFields: [], ownerReferences: [], finalizers: ["
			 "], selfLink: /x"));
	if (p) {
		CHECK_STR(p->namespace, "x");
		CHECK_EQ(p->labels.count, 2);
		CHECK_STR(p->labels.item[0].key, "b");
		CHECK_STR(np_labels_get(&p->labels, "z"), "1");
		CHECK_STR(np_labels_get(&p->labels, "y"), NULL);
		CHECK_EQ(p->place.line, 1);
	}
	repeat(name, 'a', 253);
	snprintf(text, sizeof(text), NAMED("name: %s"), name);
	CHECK_EQ(load(text), 0);
	repeat(name, 'a', 254);
	snprintf(text, sizeof(text), NAMED("name: %s"), name);
	BAD(text, 3, 18, "metadata.name", "253");
	repeat(name, 'a', 63);
	CHECK(!np_check_dns_label(name) && !np_check_label_value(name) &&
	      !np_check_label_key(name));
	repeat(name, 'a', 64);
	CHECK(np_check_dns_label(name) && np_check_label_value(name) &&
	      np_check_label_key(name));
	repeat(name, 'a', 253);
	strcat(name, "/k");
	CHECK(!np_check_label_key(name));
	repeat(name, 'a', 254);
	strcat(name, "/k");
	CHECK(np_check_label_key(name));
	BAD(SPEC("  policyTypes: [Ingres]\n"), 6, 17, "spec.policyTypes[0]",
	    "Ingress or Egress");
	BAD(SPEC("  policyTypes: [Ingress, Egress, Egress]\n"), 6, 34,
	    "spec.policyTypes", "no more than two");
	BAD(SPEC("  policyTypes: Ingress\n"), 6, 16, "spec.policyTypes",
	    "must be a list");
	BAD(SPEC("  podselector: {}\n"), 6, 3, "spec.podselector",
	    "unknown field");
}

static void test_kinds(void)
{
	BAD("kind: NetworkPolicy\nmetadata: {name: a}\n", 1, 1, "apiVersion",
	    "is missing");
	BAD("apiVersion: v1\nmetadata: {name: a}\n", 1, 1, "kind",
	    "is missing");
	BAD("apiVersion: networking.k8s.io/v1beta1\nkind: NetworkPolicy\n", 1,
	    13, "apiVersion", "not supported");
	BAD("apiVersion: extensions/v1beta1\nkind: NetworkPolicy\n", 1, 13,
	    "apiVersion", "not supported");
	BAD("apiVersion: v1\nkind: NetworkPolicy\n", 1, 13, "apiVersion",
	    "not supported");
	BAD("apiVersion: v2\nkind: Pod\n", 1, 13, "apiVersion", "not");
	BAD("- a\n", 1, 1, "", "must be a map");
	BAD("just text\n", 1, 1, "", "must be a map, is a string");
	CHECK_EQ(load("apiVersion: apps/v1\n"
		      "kind: Deployment\n"
		      "metadata: {name: d, namespace: m}\n"
		      "---\n"
		      "apiVersion: crd.projectcalico.org/v1\n"
		      "kind: NetworkPolicy\n"
		      "metadata: {name: c}\n"
		      "---\n"
		      "apiVersion: metrics.k8s.io/v1\n"
		      "kind: Pod\n"), 0);
	CHECK_EQ(objs.skipped_count, 3);
	CHECK_EQ(objs.warning_count, 2);
	CHECK_STR(objs.warnings[0].text,
		  "NetworkPolicy of crd.projectcalico.org/v1 is not enforced, skipped");
	CHECK_STR(objs.skipped[0].kind, "Deployment");
	CHECK_STR(objs.skipped[0].namespace, "m");
	CHECK_STR(objs.skipped[0].name, "d");
	CHECK_STR(objs.skipped[1].api_version, "crd.projectcalico.org/v1");
	CHECK_EQ(objs.skipped[1].place.line, 5);
	/* To leave out what denies would open it. */
	BAD("apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\n", 1, 1, "",
	    "ClusterNetworkPolicy took its place");
	BAD("apiVersion: v1\nkind: List\nitems:\n"
	    "- apiVersion: policy.networking.k8s.io/v1alpha1\n"
	    "  kind: BaselineAdminNetworkPolicy\n", 4, 3, "items[0]", "not enforced");
	CHECK(strstr(err.hint, "tier Baseline") && strstr(err.hint, "netpolctl convert"));
	BAD("apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicyList\n"
	    "items: [{metadata: {name: a}}]\n", 1, 1, "", "not enforced");
	CHECK(strstr(err.hint, "tier Admin"));
	/* another version may mean something else, so that nothing helps but to stop */
	BAD("apiVersion: policy.networking.k8s.io/v1beta1\nkind: ClusterNetworkPolicy\n", 1, 13,
	    "apiVersion", "not supported for ClusterNetworkPolicy");
	CHECK_STR(err.hint, "use policy.networking.k8s.io/v1alpha2");
	CHECK_EQ(load_lenient("apiVersion: policy.networking.k8s.io/v1beta1\n"
			      "kind: ClusterNetworkPolicy\nmetadata: {name: a}\n"), -1);
	BAD("apiVersion: policy.networking.k8s.io/v1beta1\nkind: ClusterNetworkPolicyList\n"
	    "items: []\n", 1, 13, "apiVersion", "not supported");
	/* and a kind of another group is another kind */
	CHECK_EQ(load("apiVersion: crd.antrea.io/v1beta1\nkind: ClusterNetworkPolicy\n"
		      "metadata: {name: a}\n---\napiVersion: extensions/v1beta1\n"
		      "kind: ClusterNetworkPolicy\nmetadata: {name: a}\n"), 0);
	CHECK_EQ(objs.policy_count, 0);
	CHECK_EQ(objs.skipped_count, 2);
	CHECK_STR(objs.warnings[0].text,
		  "ClusterNetworkPolicy of crd.antrea.io/v1beta1 is not enforced, skipped");
	/* policies of other kinds are named once each, whatever else is skipped */
	CHECK_EQ(load("apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: a}\n"
		      "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
		      "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n"
		      "metadata: {name: b}\n"
		      "---\napiVersion: k8s.cni.cncf.io/v1beta1\nkind: MultiNetworkPolicyList\n"
		      "items: []\n"), 0);
	CHECK_EQ(objs.skipped_count, 4);
	CHECK_EQ(objs.warning_count, 2);
	CHECK_STR(objs.warnings[0].text,
		  "CiliumNetworkPolicy of cilium.io/v2 is not enforced, skipped");
	CHECK_EQ(objs.warnings[0].place.line, 1);
	CHECK(strstr(objs.warnings[1].text, "MultiNetworkPolicyList of k8s.cni.cncf.io"));
	CHECK_EQ(load_lenient("apiVersion: policy.networking.k8s.io/v1alpha1\n"
			      "kind: AdminNetworkPolicy\nmetadata: {name: a}\n"
			      "---\napiVersion: policy.networking.k8s.io/v1alpha1\n"
			      "kind: AdminNetworkPolicy\nmetadata: {name: b}\n"), 0);
	CHECK_EQ(objs.warning_count, 1);
}

static void test_lists(void)
{
	static const char typed[] =
		"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicyList\n"
		"items:\n- metadata: {name: a}\n  spec: {}\n"
		"- metadata: {name: b}\n  spec: {ingress: [{form: []}]}\n";

	BAD(typed, 7, 21, "items[1].spec.ingress[0].form", "unknown field");
	CHECK_EQ(load("apiVersion: v1\n"
		      "kind: List\n"
		      "items:\n"
		      "- {apiVersion: v1, kind: Namespace, metadata: {name: "
		      "m}}\n"
		      "- {apiVersion: v1, kind: PodList, items: [{metadata: {"
		      "name: p}}]}\n"
		      "- {apiVersion: v1, kind: Service, metadata: {name: s}}\n"), 0);
	CHECK_EQ(objs.namespace_count, 1);
	CHECK_EQ(objs.pod_count, 1);
	CHECK_EQ(objs.skipped_count, 1);
	BAD("apiVersion: v1\nkind: List\nitems:\n- metadata: {name: a}\n", 4,
	    3, "items[0].kind", "is missing");
	BAD("apiVersion: v1\nkind: PodList\nitems:\n- kind: Service\n", 4, 9,
	    "items[0].kind", "is in a PodList");
	BAD("apiVersion: v1\nkind: PodList\nitems: {}\n", 3, 8, "items",
	    "must be a list");
	CHECK_EQ(load("apiVersion: v1\nkind: List\nitems: null\n"), 0);
	CHECK_EQ(load("{\"items\":[{\"metadata\":{\"name\":\"a\"}},{"
		      "\"metadata\":{\"name\":\"b\"}}],\"kind\":\"PodList\","
		      "\"apiVersion\":\"v1\"}"), 0);
	CHECK_EQ(objs.pod_count, 2);
	CHECK_STR(objs.pods[1].name, "b");
	CHECK_EQ(load("{\"kind\":\"NamespaceList\",\"apiVersion\":\"v1\","
		      "\"items\":[{\"metadata\":{\"name\":\"a\"}}]}"), 0);
	CHECK_EQ(objs.namespace_count, 1);
	BAD("{\"items\":[{\"metadata\":{\"name\":\"a\"}},\n"
	    "{\"metadata\":{\"name\":\"B\"}}],\"kind\":\"PodList\","
	    "\"apiVersion\":\"v1\"}",
	    2, 21, "items[1].metadata.name", "lower case");
	/* Items of a kind that turns out to be no list of ours don't count. */
	CHECK_EQ(load("{\"items\":[{\"apiVersion\":\"v1\",\"kind\":\"Pod\","
		      "\"metadata\":{\"name\":\"a\"}},{}],\"kind\":\"Set\","
		      "\"apiVersion\":\"x/v1\"}"), 0);
	CHECK_EQ(objs.pod_count, 0);
	CHECK_EQ(objs.skipped_count, 1);
	BAD("{\"items\":[],\"kind\":\"NetworkPolicy\","
	    "\"apiVersion\":\"networking.k8s.io/v1\",\"metadata\":{"
	    "\"name\":\"a\"}}",
	    1, 2, "items", "unknown field");
	BAD("{\"items\":[],\"items\":[],\"kind\":\"List\",\"apiVersion\":\"v1\"}",
	    1, 13, "", "given twice");
}

static void test_namespaces(void)
{
	const struct np_labels *labels;

	CHECK_EQ(load("apiVersion: v1\n"
		      "kind: Namespace\n"
		      "metadata: {name: a, labels: {z: '', b: c}}\n"
		      "spec: {finalizers: [kubernetes]}\n"
		      "status: {phase: Active}\n"), 0);
	if (CHECK_EQ(objs.namespace_count, 1)) {
		labels = &objs.namespaces[0].labels;
		CHECK_EQ(labels->count, 3);
		CHECK_STR(labels->item[1].key, "kubernetes.io/metadata.name");
		CHECK_STR(labels->item[1].value, "a");
		CHECK_STR(labels->item[2].key, "z");
		CHECK_EQ(objs.warning_count, 0);
	}
	CHECK_EQ(load("apiVersion: v1\n"
		      "kind: Namespace\n"
		      "metadata: {name: a, labels: {"
		      "kubernetes.io/metadata.name: b}}\n"), 0);
	labels = &objs.namespaces[0].labels;
	CHECK_STR(np_labels_get(labels, "kubernetes.io/metadata.name"), "a");
	CHECK_EQ(labels->count, 1);
	CHECK_EQ(objs.warning_count, 1);
	CHECK_EQ(load("apiVersion: v1\n"
		      "kind: Namespace\n"
		      "metadata: {name: a, labels: {"
		      "kubernetes.io/metadata.name: a}}\n"), 0);
	CHECK_EQ(objs.warning_count, 0);
	BAD("apiVersion: v1\nkind: Namespace\nmetadata: {name: a.b}\n", 3, 18,
	    "metadata.name", "lower case");
	BAD("apiVersion: v1\nkind: Namespace\nmetadata: {name: a, namespace: b}\n",
	    3, 32, "metadata.namespace", "not in a namespace");
}

#define POD(meta, spec, status) \
	"apiVersion: v1\nkind: Pod\nmetadata: {name: p" meta "}\n" \
	"spec: {" spec "}\nstatus: {" status "}\n"

static const struct np_pod *pod_at(const char *text, int line)
{
	if (!check_one(!load(text) && objs.pod_count == 1, __FILE__, line,
		       "pod loads")) {
		printf("\t%s: %s\n", err.path, err.text);
		return NULL;
	}
	return &objs.pods[0];
}

static void test_pods(void)
{
	const struct np_pod *pod;
	char buf[NP_CIDR_TEXT];

	pod = pod_at(POD(", namespace: m, uid: u-1, creationTimestamp: "
			 "'2024-01-02T03:04:05Z', deletionTimestamp: "
			 "2024-01-02T03:04:05Z, labels: {a: b}",
			 "nodeName: w, hostNetwork: false, containers: [{"
			 "ports: [{containerPort: 1}, {name: http, "
			 "containerPort: 80}, {name: dns, containerPort: 53, "
			 "protocol: UDP}]}, {ports: [{name: http, "
			 "containerPort: 8080}, {name: http, containerPort: "
			 "80}]}], initContainers: [{ports: [{name: no, "
			 "containerPort: 9}]}, {restartPolicy: Always, ports: ["
			 "{name: side, containerPort: 9, protocol: SCTP}]}]",
			 "phase: Running, podIP: 10.0.0.1, podIPs: [{ip: "
			 "10.0.0.1}, {ip: 'fd00::1'}, {ip: '::ffff:10.0.0.2'}]"),
		     __LINE__);
	if (pod) {
		CHECK_STR(pod->namespace, "m");
		CHECK_STR(pod->uid, "u-1");
		CHECK_STR(pod->node, "w");
		CHECK_EQ(pod->created, 1704164645);
		CHECK(pod->deleting && !pod->host_network);
		CHECK_EQ(pod->phase, NP_PHASE_RUNNING);
		CHECK(np_pod_usable(pod));
		CHECK_EQ(pod->address_count, 3);
		CHECK_STR(np_address_text(&pod->address[0], buf), "10.0.0.1");
		CHECK_STR(np_address_text(&pod->address[1], buf), "fd00::1");
		CHECK_STR(np_address_text(&pod->address[2], buf), "10.0.0.2");
		CHECK_EQ(pod->port_count, 4);
		CHECK_EQ(pod->port[0].number, 80);
		CHECK_EQ(pod->port[1].protocol, NP_PROTOCOL_UDP);
		CHECK_EQ(pod->port[2].number, 8080);
		CHECK_STR(pod->port[3].name, "side");
		CHECK_EQ(pod->port[3].protocol, NP_PROTOCOL_SCTP);
	}
	pod = pod_at("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n",
		     __LINE__);
	if (pod) {
		CHECK_STR(pod->namespace, "default");
		CHECK_STR(pod->node, "");
		CHECK_EQ(pod->phase, NP_PHASE_NONE);
		CHECK(!np_pod_usable(pod));
	}
	pod = pod_at(POD("", "hostNetwork: true", "podIP: 10.0.0.1"),
		     __LINE__);
	CHECK(pod && pod->host_network && !np_pod_usable(pod));
	pod = pod_at(POD("", "", "phase: Succeeded, podIP: 1.2.3.4"),
		     __LINE__);
	CHECK(pod && !np_pod_usable(pod));
	pod = pod_at(POD("", "", "phase: Failed, podIP: 1.2.3.4"), __LINE__);
	CHECK(pod && !np_pod_usable(pod));
	pod = pod_at(POD("", "", "podIP: 1.2.3.4"), __LINE__);
	CHECK(pod && np_pod_usable(pod));
	pod = pod_at(POD("", "", "podIP: '', podIPs: null"), __LINE__);
	CHECK(pod && !pod->address_count);
	BAD(POD("", "", "podIP: 1.2.3"), 5, 17, "status.podIP", "IP address");
	BAD(POD("", "", "phase: Done"), 5, 17, "status.phase", "must be");
	BAD(POD("", "hostNetwork: 'no'", ""), 4, 21, "spec.hostNetwork",
	    "must be a boolean");
	BAD(POD("", "containers: [{ports: [{name: a, containerPort: 0}]}]",
		""), 4, 55, "spec.containers[0].ports[0].containerPort",
	    "1 to 65535");
	CHECK_EQ(load_lenient(POD("", "", "podIP: 1.2.3, phase: X")), 0);
	CHECK_EQ(objs.warning_count, 1);
}

int main(void)
{
	test_empty_and_missing();
	test_null_entries();
	test_ports();
	test_peers();
	test_selectors();
	test_long_values();
	test_blocks();
	test_metadata();
	test_kinds();
	test_lists();
	test_namespaces();
	test_pods();
	np_objects_free(&objs);
	return check_done("test_load");
}
