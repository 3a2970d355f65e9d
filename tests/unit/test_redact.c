// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Made-up names and addresses in texts: none of the real ones is left, the same one always becomes
 * the same, blocks still hold what they held.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/redact.h"
#include "check.h"

static struct np_redact r;
static struct np_buffer out;

static const char *text_of(const char *text)
{
	np_buffer_free(&out);
	np_redact_text(&r, text, strlen(text), &out);
	np_buffer_print(&out, "%s", "");
	return out.data;
}

static const char *json_of(const char *json)
{
	np_buffer_free(&out);
	np_redact_json(&r, json, strlen(json), &out);
	np_buffer_print(&out, "%s", "");
	return out.data;
}

static void begin(uint8_t seed)
{
	uint8_t key[NP_REDACT_KEY];

	np_redact_free(&r);
	memset(key, seed, sizeof(key));
	np_redact_init(&r, key);
}

static void learn(const char *json)
{
	np_redact_learn(&r, json, strlen(json));
}

static const char objects[] =
"{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": [\n"
"    {\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"shop\", \"labels\": "
"{\"kubernetes.io/metadata.name\": \"shop\", \"team\": \"blue\", \"tier\": \"1\", \"on\": \"true\"}}},\n"
"    {\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"cart-0\", \"namespace\": \"shop\","
" \"labels\": {\"app\": \"cart\"}}, \"spec\": {\"nodeName\": \"w1.example.org\", \"containers\": [{\"name\": "
"\"all\", \"ports\": [{\"name\": \"http\"}]}]}},\n"
"    {\"apiVersion\": \"networking.k8s.io/v1\", \"kind\": \"NetworkPolicy\", \"metadata\": {\"name\": "
"\"allow-cart\", \"namespace\": \"kube-system\"}, \"spec\": {\"podSelector\": {\"matchLabels\": {\"app\": "
"\"web.v2\"}, \"matchExpressions\": [{\"key\": \"zone\", \"operator\": \"In\", \"values\": [\"north\", "
"\"7\"]}]}, \"ingress\": [{\"name\": \"let them in\"}]}}\n  ]\n}\n";

static void test_names(void)
{
	begin(1);
	learn(objects);
	CHECK_STR(text_of("shop/cart-0"), "namespace-x1/pod-x1");
	CHECK_STR(text_of("pod shop/cart-0: its interface eth0 of w1.example.org, w1"),
		  "pod namespace-x1/pod-x1: its interface eth0 of node-x1, w1");
	/* a word within a word of more letters is another one; in front of '-' and '.' it is one */
	CHECK_STR(text_of("shopping shop-2 cart.shop.svc workshop shop_a"),
		  "shopping namespace-x1-2 label-x4.namespace-x1.svc workshop namespace-x1_a");
	/* the longest name counts */
	CHECK_STR(text_of("allow-cart; cart; cart-0; web.v2."), "policy-x1; label-x4; pod-x1; label-x5.");
	/* what every cluster has stays, and so do words that are no names */
	CHECK_STR(text_of("kube-system default 1 true 7"), "kube-system default 1 true 7");
	CHECK_STR(text_of(""), "");
	/* names that were not learnt stay, but at their place in JSON they are seen */
	CHECK_STR(text_of("other"), "other");
	CHECK_STR(json_of("{\"namespace\": \"other\", \"name\": \"other\", \"pod\": \"shop/late\", "
			  "\"other\": \"late\"}"),
		  "{\"namespace\": \"namespace-x2\", \"name\": \"namespace-x2\", \"pod\": "
		  "\"namespace-x1/pod-x2\", \"other\": \"pod-x2\"}");
}

static void test_json(void)
{
	static const char *const real[] = {
		"shop", "cart", "blue", "w1", "example", "web.v2", "north", "let them in",
	};
	char *first;
	size_t i;

	begin(1);
	learn(objects);
	first = strdup(json_of(objects));
	for (i = 0; i < sizeof(real) / sizeof(real[0]); i++)
		if (!CHECK(!strstr(first, real[i])))
			printf("\t%s is left in %s\n", real[i], first);
	/* labels that are numbers are seen at their place only */
	CHECK(strstr(first, "\"tier\": \"label-x"));
	CHECK(!strstr(first, "\"on\": \"true\""));
	CHECK(!strstr(first, "\"7\""));
	/* what is no name of an object stays */
	CHECK(strstr(first, "{\"name\": \"all\", \"ports\": [{\"name\": \"http\"}]}"));
	CHECK(strstr(first, "\"kubernetes.io/metadata.name\": \"namespace-x1\""));
	CHECK(strstr(first, "\"namespace\": \"kube-system\""));
	CHECK(strstr(first, "\"ingress\": [{\"name\": \"rule-x1\"}]"));
	/* and it is the same each time */
	CHECK_STR(json_of(objects), first);
	free(first);
	/* keys stay, even if they are names too */
	np_redact_name(&r, NP_REDACT_NAMESPACE, "status", 6);
	CHECK_STR(json_of("{\"status\": \"status\", \"n\": 5}"),
		  "{\"status\": \"namespace-x2\", \"n\": 5}");
	/* the host of the API server, but no address */
	learn("{\"server\": {\"url\": \"https://api.example.org:6443\"}, \"a\": {\"url\": \"https://10.0.0.1:1\"}}");
	CHECK_STR(text_of("to api.example.org:6443"), "to server-x1:6443");
	/* rules of 'get rules', and objects that the agent could not load */
	CHECK_STR(json_of("{\"kind\": \"RuleList\", \"items\": [{\"namespace\": \"shop\", \"policy\": \"p\", "
			  "\"name\": \"a b\"}]}"),
		  "{\"kind\": \"RuleList\", \"items\": [{\"namespace\": \"namespace-x1\", \"policy\": "
		  "\"policy-x2\", \"name\": \"rule-x2\"}]}");
	r.hide_quoted = true;
	CHECK_STR(json_of("{\"troubles\": [{\"name\": \"bad\", \"reason\": \"\\\"A/b\\\" is no name, \\\"c\"}]}"),
		  "{\"troubles\": [{\"name\": \"object-x1\", \"reason\": \"\\\"...\\\" is no name, \\\"...\\\"\"}]}");
	r.hide_quoted = false;
	/* the same of an error that is no JSON, also of one that was cut */
	np_buffer_free(&out);
	np_redact_reason(&r, "pod shop: \"A/b\" is no name, \"c", 31, &out);
	np_buffer_print(&out, "%s", "");
	CHECK_STR(out.data, "pod namespace-x1: \"...\" is no name, \"...\"");
	/* an escape is no part of a word */
	CHECK_STR(json_of("\"a\\nshop\\tshop\\u0020shop\\/shop\\\\shop\\u003cshop\\u003e\\u00\""),
		  "\"a\\nnamespace-x1\\tnamespace-x1\\u0020namespace-x1\\/namespace-x1\\\\namespace-x1"
		  "\\u003cnamespace-x1\\u003e\\u00\"");
	CHECK(!strstr(json_of("\"\\n10.244.1.10\\nfd00:1:2::3\\r02:00:0a:f4:01:0a\""), "10.244.1.10"));
	CHECK(!strstr(out.data, "1:2::3") && !strstr(out.data, "0a:f4"));
	CHECK(!strncmp(out.data, "\"\\n", 3) && strstr(out.data, "\\nfd") && strstr(out.data, "\\r02:"));
	/* broken off, and too deep: no name is left, and nothing is read beyond it */
	CHECK_STR(json_of("{\"a\": [\"shop"), "{\"a\": [\"namespace-x1\"");
	CHECK_STR(json_of("\"\\"), "\"\\\"");
	CHECK_STR(json_of("}}]]\"shop\""), "}}]]\"namespace-x1\"");
}

static void test_deep(void)
{
	char text[400];

	begin(1);
	learn(objects);
	memset(text, '[', sizeof(text));
	memcpy(text + sizeof(text) - 7, "\"shop\"", 7);
	CHECK(strstr(json_of(text), "namespace-x1"));
}

static uint32_t ipv4(const char *text)
{
	struct in_addr addr = { 0 };

	inet_pton(AF_INET, text_of(text), &addr);
	return ntohl(addr.s_addr);
}

static void test_addresses(void)
{
	static const char *const same[] = {
		"0.0.0.0/0", "127.0.0.1", "255.255.255.255", "224.0.0.1", "::1", "::/0", "ff02::1",
		"1.2.3", "1.2.3.456", "256.1.1.1", "12:34:56", "2026-12-01T03:13:45Z", "a1.2.3.4b",
		"ff:ff:ff:ff:ff:ff", "v1.2.3.4x", "128.0.0.0/1", "8000.0:0:0:0:0:0",
		"800.a:58:a:f4:0:1", "8000.a:58:a:f4:0", "8000.a:58:a:f4:0:1x", "1.2.3.4.5x", "5::x",
	};
	char one[64], text[256];
	unsigned int seed, i, mac[6];
	uint32_t a, b;

	for (seed = 0; seed < 20; seed++) {
		begin((uint8_t)seed);
		for (i = 0; i < sizeof(same) / sizeof(same[0]) - 2; i++)
			CHECK_STR(text_of(same[i]), same[i]);
		/* two addresses share as many bits behind the first octet as before */
		a = ipv4("10.244.1.10");
		CHECK(a != 0x0af4010a && a >> 24 && a >> 24 != 127 && a >> 24 < 224);
		CHECK_EQ(ipv4("10.244.1.10"), a);
		b = ipv4("10.244.1.11");
		CHECK_EQ(a ^ b, 1);
		b = ipv4("10.244.3.10");
		CHECK_EQ((a ^ b) >> 9, 1);
		b = ipv4("10.245.1.10");
		CHECK_EQ((a ^ b) >> 16, 1);
		CHECK((a ^ ipv4("11.244.1.10")) >> 24);
		/* a block holds its addresses and has no bits behind its mask */
		snprintf(one, sizeof(one), "%s", text_of("10.244.0.0/22"));
		CHECK_STR(strchr(one, '/'), "/22");
		*strchr(one, '/') = '\0';
		{
			struct in_addr net = { 0 };

			CHECK_EQ(inet_pton(AF_INET, one, &net), 1);
			CHECK_EQ((a ^ ntohl(net.s_addr)) >> 10, 0);
			CHECK_EQ(ntohl(net.s_addr) & 0x3ff, 0);
		}
		/* wherever it stands */
		snprintf(one, sizeof(one), "%s", text_of("10.244.1.10"));
		snprintf(text, sizeof(text), "from %s:80, [%s] (%s/32).", one, one, one);
		CHECK_STR(text_of("from 10.244.1.10:80, [10.244.1.10] (10.244.1.10/32)."), text);
		CHECK(!strstr(text_of("ip-10-244-1-10.ec2.internal"), "10-244-1-10"));
		/* IPv6, also mapped, and of the link */
		CHECK(!strstr(text_of("fd00:1:2::3"), "1:2"));
		CHECK(!strncmp(out.data, "fd", 2));
		snprintf(one, sizeof(one), "%s", text_of("fd00:1:2::3"));
		snprintf(text, sizeof(text), "[%s]:443 and %s: it", one, one);
		CHECK_STR(text_of("[fd00:1:2::3]:443 and fd00:1:2::3: it"), text);
		CHECK(!strncmp(text_of("fe80::a8bb:ccff:fedd:1"), "fe80::", 6));
		CHECK(!strstr(out.data, "a8bb"));
		CHECK(!strncmp(text_of("::ffff:10.244.1.10"), "::ffff:", 7));
		CHECK(!strstr(out.data, "10.244.1.10"));
		CHECK(strstr(text_of("2001:db8:1::/48"), "::/48"));
		/* link layers */
		snprintf(one, sizeof(one), "%s", text_of("aa:bb:cc:dd:ee:ff"));
		CHECK(strlen(one) == 17 && !strncmp(one, "02:", 3) && !strstr(one, "dd:ee:ff"));
		CHECK_STR(text_of("aa:bb:cc:dd:ee:ff"), one);
		/* the ID of a bridge has its address, without zeros in front */
		snprintf(one, sizeof(one), "%s", text_of("0a:58:0a:f4:00:01"));
		CHECK_EQ(sscanf(one, "%x:%x:%x:%x:%x:%x", &mac[0], &mac[1], &mac[2], &mac[3],
				&mac[4], &mac[5]), 6);
		snprintf(text, sizeof(text), "bridge_id 8000.%x:%x:%x:%x:%x:%x designated_root",
			 mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
		CHECK_STR(text_of("bridge_id 8000.a:58:a:f4:0:1 designated_root"), text);
		CHECK(!strstr(text_of("8000.A:58:A:f4:0:10"), ":58:"));
	}
}

/* Every piece of a text is read within its bounds, whatever it is. */
static void test_any(void)
{
	static const char part[] = "a1.-_:/\"\\{}[], f0shopu";
	unsigned int round, i, len;
	char text[64];

	begin(3);
	learn(objects);
	srand(1);
	for (round = 0; round < 20000; round++) {
		char *exact;

		len = (unsigned int)rand() % sizeof(text);
		for (i = 0; i < len; i++)
			text[i] = part[(unsigned int)rand() % (sizeof(part) - 1)];
		/* on the heap, so that the sanitizer sees the end */
		exact = malloc(len + !len);
		memcpy(exact, text, len);
		np_buffer_free(&out);
		np_redact_text(&r, exact, len, &out);
		np_redact_json(&r, exact, len, &out);
		np_redact_learn(&r, exact, len);
		free(exact);
	}
	CHECK(r.count[NP_REDACT_NAMESPACE] >= 1);
}

int main(void)
{
	test_names();
	test_json();
	test_deep();
	test_addresses();
	test_any();
	np_buffer_free(&out);
	np_redact_free(&r);
	return check_done("test_redact");
}
