// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which events `netpolctl monitor` shows: each kind of condition alone and with others, and what
 * is no condition.
 */
#include "check.h"

#include <string.h>
#include <netinet/in.h>

#include "netlink/filter.h"

/* shop/web from 10.1.2.3 to db/main at fd00::5, udp/53, isolated by db/deny and db/dns. */
static struct np_event event(void)
{
	struct np_event event = {
		.verdict = NETPOL_VERDICT_DENY,
		.protocol = IPPROTO_UDP,
		.has_ports = true,
		.source_port = 4000,
		.destination_port = 53,
		.source = { .namespace = "shop", .name = "web" },
		.destination = { .namespace = "db", .name = "main" },
		.policies = 3,
		.policy_count = 3,
		.policy = { { .namespace = "", .name = "no-mail" }, { .namespace = "db", .name = "deny" },
			    { .namespace = "db", .name = "dns" } },
	};

	np_address_parse("10.1.2.3", &event.source.address);
	np_address_parse("fd00::5", &event.destination.address);
	return event;
}

/* Whether the event meets one or two conditions; text NULL: there is no second one. */
static bool meets(enum np_filter_field field, const char *text, enum np_filter_field other,
		  const char *other_text)
{
	struct np_filter filter = { .count = { 0 } };
	struct np_event packet = event();
	struct np_error err = { 0 };
	bool ret;

	CHECK(!np_filter_value_add(&filter, field, text, &err));
	CHECK(!other_text || !np_filter_value_add(&filter, other, other_text, &err));
	ret = np_filter_match(&filter, &packet);
	np_filter_free(&filter);
	return ret;
}

static void test_one(void)
{
	static const struct {
		enum np_filter_field field;
		const char *text;
		bool meets;
	} cases[] = {
		{ NP_FILTER_FROM, "shop/web", true },
		{ NP_FILTER_FROM, "db/main", false },
		{ NP_FILTER_FROM, "shop/we", false },
		{ NP_FILTER_FROM, "10.1.2.3", true },
		{ NP_FILTER_FROM, "10.1.0.0/16", true },
		{ NP_FILTER_FROM, "0.0.0.0/0", true },
		{ NP_FILTER_FROM, "::/0", false },
		{ NP_FILTER_FROM, "10.1.2.4", false },
		{ NP_FILTER_TO, "db/main", true },
		{ NP_FILTER_TO, "fd00::/8", true },
		{ NP_FILTER_TO, "10.1.2.3", false },
		{ NP_FILTER_POD, "shop/web", true },
		{ NP_FILTER_POD, "db/main", true },
		{ NP_FILTER_POD, "db/web", false },
		{ NP_FILTER_POD, "fd00::5", true },
		{ NP_FILTER_NAMESPACE, "shop", true },
		{ NP_FILTER_NAMESPACE, "db", true },
		{ NP_FILTER_NAMESPACE, "web", false },
		{ NP_FILTER_POLICY, "db/dns", true },
		{ NP_FILTER_POLICY, "shop/dns", false },
		{ NP_FILTER_POLICY, "dns", false },
		{ NP_FILTER_POLICY, "no-mail", true },
		{ NP_FILTER_PORT, "53", true },
		{ NP_FILTER_PORT, "4000", false },
		{ NP_FILTER_PORT, "udp", true },
		{ NP_FILTER_PORT, "UDP/53", true },
		{ NP_FILTER_PORT, "tcp/53", false },
		{ NP_FILTER_PORT, "udp/54", false },
		{ NP_FILTER_PORT, "ip/17", true },
		{ NP_FILTER_PORT, "icmp", false },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_EQ(meets(cases[i].field, cases[i].text, 0, NULL), cases[i].meets);
}

/* Values of one field are alternatives; fields are all required. */
static void test_two(void)
{
	CHECK(meets(NP_FILTER_FROM, "a/b", NP_FILTER_FROM, "shop/web"));
	CHECK(!meets(NP_FILTER_FROM, "a/b", NP_FILTER_FROM, "c/d"));
	CHECK(meets(NP_FILTER_FROM, "shop/web", NP_FILTER_PORT, "53"));
	CHECK(!meets(NP_FILTER_FROM, "shop/web", NP_FILTER_PORT, "54"));
	CHECK(!meets(NP_FILTER_FROM, "a/b", NP_FILTER_PORT, "53"));
}

/* A protocol without ports has no port 0 either; an end without a name is no pod. */
static void test_bare(void)
{
	struct np_filter filter = { .count = { 0 } };
	struct np_event packet = event();
	struct np_error err = { 0 };

	CHECK(np_filter_match(&filter, &packet));
	packet.has_ports = false;
	CHECK(!np_filter_value_add(&filter, NP_FILTER_PORT, "53", &err));
	CHECK(!np_filter_match(&filter, &packet));
	packet.change = true;
	CHECK(np_filter_match(&filter, &packet));
	np_filter_free(&filter);
	packet = event();
	*packet.source.name = '\0';
	CHECK(!np_filter_value_add(&filter, NP_FILTER_NAMESPACE, "shop", &err));
	CHECK(!np_filter_match(&filter, &packet));
	np_filter_free(&filter);
}

static void test_bad(void)
{
	static const struct {
		enum np_filter_field field;
		const char *text;
	} cases[] = {
		{ NP_FILTER_FROM, "web" },
		{ NP_FILTER_FROM, "" },
		{ NP_FILTER_FROM, "/web" },
		{ NP_FILTER_FROM, "shop/" },
		{ NP_FILTER_FROM, "a/b/c" },
		{ NP_FILTER_FROM, "10.0.0.0/33" },
		{ NP_FILTER_TO, "10.0.0/8" },
		{ NP_FILTER_POD, "fd00::/129" },
		{ NP_FILTER_NAMESPACE, "" },
		{ NP_FILTER_NAMESPACE, "a/b" },
		{ NP_FILTER_NAMESPACE, "a.b" },
		{ NP_FILTER_POLICY, "" },
		{ NP_FILTER_POLICY, "/deny" },
		{ NP_FILTER_POLICY, "a/b/c" },
		{ NP_FILTER_PORT, "" },
		{ NP_FILTER_PORT, "0" },
		{ NP_FILTER_PORT, "65536" },
		{ NP_FILTER_PORT, "53x" },
		{ NP_FILTER_PORT, "http" },
		{ NP_FILTER_PORT, "udp/" },
		{ NP_FILTER_PORT, "udp/0" },
		{ NP_FILTER_PORT, "udp/65536" },
		{ NP_FILTER_PORT, "icmp/8" },
		{ NP_FILTER_PORT, "ip/256" },
		{ NP_FILTER_PORT, "ip" },
		{ NP_FILTER_PORT, "a-very-long-protocol-name" },
	};
	struct np_filter filter = { .count = { 0 } };
	char name[NETPOL_NAMESPACE_MAX + NETPOL_NAME_MAX + 8];
	struct np_error err;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		memset(&err, 0, sizeof(err));
		CHECK(np_filter_value_add(&filter, cases[i].field, cases[i].text, &err));
		CHECK_EQ(err.exit, NP_EXIT_USAGE);
		CHECK(*err.hint);
	}
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	CHECK(np_filter_value_add(&filter, NP_FILTER_NAMESPACE, name, &err));
	name[NETPOL_NAMESPACE_MAX] = '/';
	CHECK(np_filter_value_add(&filter, NP_FILTER_POD, name, &err));
	np_filter_free(&filter);
}

int main(void)
{
	test_one();
	test_two();
	test_bare();
	test_bad();
	return check_done("filter");
}
