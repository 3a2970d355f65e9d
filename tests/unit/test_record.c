// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events as lines. Flow records: packets added up and told apart, as JSON lines, and as IPFIX that
 * a decoder of this test reads again by nothing but the templates in it.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>

#include "base/alloc.h"
#include "record/ipfix.h"
#include "record/jsonl.h"
#include "record/line.h"
#include "record/record.h"

/* shop/web, 10.1.2.3 port 4000, to db/main, 10.1.2.4 port tcp/80; denied by db/deny. */
static struct np_event packet(void)
{
	struct np_event event = {
		.verdict = NETPOL_VERDICT_DENY,
		.direction = NETPOL_DIRECTION_INGRESS,
		.reason = NETPOL_REASON_ISOLATED,
		.protocol = IPPROTO_TCP,
		.has_ports = true,
		.source_port = 4000,
		.destination_port = 80,
		.packet = true,
		.count = 1,
		.first = 1796000000123456789ULL,
		.time = 1796000000123456789ULL,
		.source = { .namespace = "shop", .name = "web" },
		.destination = { .namespace = "db", .name = "main" },
		.policies = 1,
		.policy_count = 1,
		.policy = { { .namespace = "db", .name = "deny" } },
	};

	np_address_parse("10.1.2.3", &event.source.address);
	np_address_parse("10.1.2.4", &event.destination.address);
	return event;
}

/* --- adding up ----------------------------------------------------------------- */

static void test_alike(void)
{
	struct np_record_table table = { .count = 0 };
	struct np_event event = packet();
	const struct np_record *record;

	np_record_add(&table, &event);
	event.time += 5;
	np_record_add(&table, &event);
	event.first -= 5;
	event.time -= 10;
	np_record_add(&table, &event);
	CHECK_EQ(table.count, 1);
	record = table.record[0];
	CHECK_EQ(record->packets, 3);
	CHECK_EQ(record->first, packet().time - 5);
	CHECK_EQ(record->last, packet().time + 5);
	CHECK_EQ(record->source_port, 4000);
	CHECK_STR(np_record_name(record, NP_RECORD_SOURCE_NAMESPACE), "shop");
	CHECK_STR(np_record_name(record, NP_RECORD_SOURCE_POD), "web");
	CHECK_STR(np_record_name(record, NP_RECORD_DESTINATION_NAMESPACE), "db");
	CHECK_STR(np_record_name(record, NP_RECORD_DESTINATION_POD), "main");
	CHECK_STR(np_record_name(record, NP_RECORD_POLICY), "db/deny");
	/* Another source port is the same flow, which then has none. */
	event.source_port++;
	np_record_add(&table, &event);
	event.source_port = 4000;
	np_record_add(&table, &event);
	CHECK_EQ(table.count, 1);
	CHECK_EQ(table.record[0]->packets, 5);
	CHECK_EQ(table.record[0]->source_port, 0);
	/* An event that is about several packets counts as so many, from the first to the last. */
	event.count = 37;
	event.first = packet().time - 7;
	event.time = packet().time + 9;
	np_record_add(&table, &event);
	CHECK_EQ(table.count, 1);
	CHECK_EQ(table.record[0]->packets, 42);
	CHECK_EQ(table.record[0]->first, packet().time - 7);
	CHECK_EQ(table.record[0]->last, packet().time + 9);
	event.count = 1;
	np_record_clear(&table);
	CHECK_EQ(table.count, 0);
	np_record_add(&table, &event);
	CHECK_EQ(table.count, 1);
	CHECK_EQ(table.record[0]->packets, 1);
	np_record_free(&table);
}

/* One difference each makes a record of its own; without ports there is no destination port. */
static void test_different(void)
{
	struct np_record_table table = { .count = 0 };
	struct np_event event[13];
	size_t i, round;

	for (i = 0; i < NP_COUNT(event); i++)
		event[i] = packet();
	np_address_parse("10.1.2.5", &event[1].source.address);
	np_address_parse("10.1.2.5", &event[2].destination.address);
	event[3].verdict = NETPOL_VERDICT_AUDIT;
	event[4].direction = NETPOL_DIRECTION_EGRESS;
	event[5].reason = NETPOL_REASON_RULE;
	event[6].protocol = IPPROTO_UDP;
	event[7].destination_port = 81;
	strcpy(event[8].source.name, "wed");
	strcpy(event[9].destination.namespace, "dc");
	strcpy(event[10].policy[0].name, "deny-all");
	event[11].policies = 2;
	event[12].has_ports = false;
	for (round = 0; round < 3; round++)
		for (i = 0; i < NP_COUNT(event); i++)
			np_record_add(&table, &event[i]);
	CHECK_EQ(table.count, NP_COUNT(event));
	for (i = 0; i < table.count; i++)
		CHECK_EQ(table.record[i]->packets, 3);
	CHECK_EQ(table.record[7]->key.destination_port, 81);
	CHECK_EQ(table.record[12]->key.destination_port, 0);
	CHECK_EQ(table.record[12]->source_port, 0);
	np_record_free(&table);
}

/* An event with the longest names that there are. */
static struct np_event longest(void)
{
	struct np_event event = packet();
	size_t i;

	memset(event.source.namespace, 'a', NETPOL_NAMESPACE_MAX);
	memset(event.source.name, 'b', NETPOL_NAME_MAX);
	memset(event.destination.namespace, 'c', NETPOL_NAMESPACE_MAX);
	memset(event.destination.name, 'd', NETPOL_NAME_MAX);
	np_address_parse("fd00::3", &event.source.address);
	np_address_parse("fd00::4", &event.destination.address);
	event.policies = 40;
	event.policy_count = NP_EVENT_POLICIES;
	for (i = 0; i < NP_EVENT_POLICIES; i++) {
		memset(event.policy[i].namespace, 'e', NETPOL_NAMESPACE_MAX);
		memset(event.policy[i].name, 'f', NETPOL_NAME_MAX);
	}
	return event;
}

static void test_policies(void)
{
	struct np_record_table table = { .count = 0 };
	struct np_event event = longest();

	np_record_add(&table, &event);
	CHECK_EQ(table.record[0]->key.policies, 40);
	CHECK_EQ(table.record[0]->key.listed, 1);	/* a second one has no room */
	CHECK_EQ(strlen(np_record_name(table.record[0], NP_RECORD_POLICY)),
		 NETPOL_NAMESPACE_MAX + 1 + NETPOL_NAME_MAX);
	np_record_clear(&table);
	event = packet();
	event.policies = 3;
	event.policy_count = 3;
	strcpy(event.policy[1].name, "no-mail");	/* of no namespace */
	strcpy(event.policy[2].namespace, "db");
	strcpy(event.policy[2].name, "dns");
	np_record_add(&table, &event);
	CHECK_EQ(table.record[0]->key.listed, 3);
	CHECK_STR(np_record_name(table.record[0], NP_RECORD_POLICY), "db/deny");
	CHECK_STR(np_record_name(table.record[0], NP_RECORD_POLICY + 1), "no-mail");
	CHECK_STR(np_record_name(table.record[0], NP_RECORD_POLICY + 2), "db/dns");
	np_record_free(&table);
}

/* --- JSON ---------------------------------------------------------------------- */

static void check_line(const struct np_record *record, const char *want)
{
	size_t len = 0;
	char *line = NULL;
	FILE *file = open_memstream(&line, &len);

	np_jsonl_record(file, record);
	fclose(file);
	CHECK_STR(line, want);
	free(line);
}

/* Compares the line of an event; of text what is behind the time of day. */
static void check_event(bool json, const struct np_event *event, const char *want)
{
	size_t len = 0;
	char *line = NULL;
	FILE *file = open_memstream(&line, &len);

	np_line_event(file, json, event);
	fclose(file);
	CHECK_STR(json ? line : strchr(line, ' ') + 1, want);
	free(line);
}

static void check_loss(bool json, const char *want)
{
	size_t len = 0;
	char *line = NULL;
	FILE *file = open_memstream(&line, &len);

	np_line_lost(file, json, 12);
	fclose(file);
	CHECK_STR(line, want);
	free(line);
}

static void test_line(void)
{
	struct np_event event = packet();

	check_event(false, &event, "DENY ingress shop/web:4000 -> db/main:80 tcp  isolated by "
		    "db/deny\n");
	check_event(true, &event, "{\"apiVersion\":\"netpolctl/v1\",\"kind\":\"Event\","
		    "\"time\":\"2026-11-30T00:53:20.123Z\",\"count\":1,\"verdict\":\"DENY\","
		    "\"direction\":\"ingress\",\"reason\":\"isolated\",\"protocol\":\"tcp\","
		    "\"source\":{\"address\":\"10.1.2.3\",\"port\":4000,\"namespace\":\"shop\","
		    "\"pod\":\"web\"},\"destination\":{\"address\":\"10.1.2.4\",\"port\":80,"
		    "\"namespace\":\"db\",\"pod\":\"main\"},\"policies\":[\"db/deny\"],"
		    "\"policyCount\":1}\n");
	/* Several packets, of several source ports. */
	event.count = 37;
	event.source_port = 0;
	event.first -= 970000000;
	check_event(false, &event, "DENY ingress shop/web -> db/main:80 tcp  isolated by db/deny  "
		    "(x 37 in 0.9 s)\n");
	check_event(true, &event, "{\"apiVersion\":\"netpolctl/v1\",\"kind\":\"Event\","
		    "\"first\":\"2026-11-30T00:53:19.153Z\","
		    "\"time\":\"2026-11-30T00:53:20.123Z\",\"count\":37,\"verdict\":\"DENY\","
		    "\"direction\":\"ingress\",\"reason\":\"isolated\",\"protocol\":\"tcp\","
		    "\"source\":{\"address\":\"10.1.2.3\",\"namespace\":\"shop\","
		    "\"pod\":\"web\"},\"destination\":{\"address\":\"10.1.2.4\",\"port\":80,"
		    "\"namespace\":\"db\",\"pod\":\"main\"},\"policies\":[\"db/deny\"],"
		    "\"policyCount\":1}\n");
	check_loss(false, "-- 12 events lost\n");
	check_loss(true, "{\"apiVersion\":\"netpolctl/v1\",\"kind\":\"Lost\",\"events\":12}\n");
}

static void test_json(void)
{
	struct np_lost lost = { .events = 3, .records = 2, .packets = 9 };
	struct np_record_table table = { .count = 0 };
	struct np_event event = packet();
	size_t len = 0;
	char *line = NULL;
	FILE *file;

	np_record_add(&table, &event);
	strcpy(table.record[0]->destination.name, "veth0");
	table.record[0]->destination.index = 7;
	check_line(table.record[0], "{\"apiVersion\":\"netpolctl/v1\",\"kind\":\"Flow\","
		   "\"start\":\"2026-11-30T00:53:20.123Z\",\"end\":\"2026-11-30T00:53:20.123Z\","
		   "\"packets\":1,\"verdict\":\"DENY\",\"direction\":\"ingress\","
		   "\"reason\":\"isolated\",\"protocol\":\"tcp\","
		   "\"source\":{\"address\":\"10.1.2.3\",\"port\":4000,\"namespace\":\"shop\","
		   "\"pod\":\"web\"},\"destination\":{\"address\":\"10.1.2.4\",\"port\":80,"
		   "\"namespace\":\"db\",\"pod\":\"main\",\"interface\":\"veth0\"},"
		   "\"policies\":[\"db/deny\"],\"policyCount\":1}\n");
	np_record_clear(&table);
	/* What no API server would take as a name stays one line and one string. */
	event.has_ports = false;
	event.protocol = 47;
	event.policies = 0;
	event.policy_count = 0;
	*event.destination.namespace = '\0';
	*event.destination.name = '\0';
	strcpy(event.source.name, "a\n\"\x80");
	np_record_add(&table, &event);
	check_line(table.record[0], "{\"apiVersion\":\"netpolctl/v1\",\"kind\":\"Flow\","
		   "\"start\":\"2026-11-30T00:53:20.123Z\",\"end\":\"2026-11-30T00:53:20.123Z\","
		   "\"packets\":1,\"verdict\":\"DENY\",\"direction\":\"ingress\","
		   "\"reason\":\"isolated\",\"protocol\":\"47\","
		   "\"source\":{\"address\":\"10.1.2.3\",\"namespace\":\"shop\","
		   "\"pod\":\"a\\u000a\\\"\\ufffd\"},\"destination\":{\"address\":\"10.1.2.4\"},"
		   "\"policies\":[],\"policyCount\":0}\n");
	np_record_free(&table);
	file = open_memstream(&line, &len);
	np_jsonl_lost(file, &lost, 1796000000123ULL);
	fclose(file);
	CHECK_STR(line, "{\"apiVersion\":\"netpolctl/v1\",\"kind\":\"FlowsLost\","
		  "\"time\":\"2026-11-30T00:53:20.123Z\",\"events\":3,\"records\":2,"
		  "\"packets\":9}\n");
	free(line);
}

/* --- IPFIX --------------------------------------------------------------------- */

/* A template: elements with their enterprise and length, which the message itself told. */
struct shape {
	unsigned int count;
	struct {
		unsigned int id, length, enterprise;
	} element[40];
};

/* What is read of messages, as text. */
struct reading {
	const unsigned char *at, *end;
	bool bad;
	unsigned int records;
	struct shape shape[8];	/* of template 256 on */
	FILE *out;
};

static unsigned long long take(struct reading *reading, unsigned int bytes)
{
	unsigned long long value = 0;

	if (reading->end - reading->at < bytes) {
		reading->bad = true;
		reading->at = reading->end;
		return 0;
	}
	while (bytes--)
		value = value << 8 | *reading->at++;
	return value;
}

static void read_template(struct reading *reading, bool options)
{
	unsigned int number = take(reading, 2), i;
	struct shape *shape = &reading->shape[number & 7];

	shape->count = take(reading, 2);
	fprintf(reading->out, "template %u", number);
	if (options)
		fprintf(reading->out, " scope %llu", take(reading, 2));
	CHECK(number >= 256 && number < 264 && shape->count <= NP_COUNT(shape->element));
	for (i = 0; i < shape->count && !reading->bad; i++) {
		shape->element[i].id = take(reading, 2);
		shape->element[i].length = take(reading, 2);
		shape->element[i].enterprise = shape->element[i].id & 0x8000 ? take(reading, 4) : 0;
		fprintf(reading->out, " %u/%u", shape->element[i].id & 0x7fff,
			shape->element[i].length);
		if (shape->element[i].enterprise)
			fprintf(reading->out, "@%u", shape->element[i].enterprise);
	}
	fputc('\n', reading->out);
}

static void read_data(struct reading *reading, unsigned int number)
{
	const struct shape *shape = &reading->shape[number & 7];
	unsigned int i, length;

	CHECK(shape->count);
	fprintf(reading->out, "data %u", number);
	for (i = 0; i < shape->count && !reading->bad; i++) {
		length = shape->element[i].length;
		fprintf(reading->out, " %s%u=", shape->element[i].enterprise ? "own" : "",
			shape->element[i].id & 0x7fff);
		if (length == 65535) {
			length = take(reading, 1);
			if (length == 255)
				length = take(reading, 2);
			while (length-- && !reading->bad)
				fputc((int)take(reading, 1), reading->out);
		} else if (length == 16) {
			fprintf(reading->out, "%llx:", take(reading, 8));
			fprintf(reading->out, "%llx", take(reading, 8));
		} else {
			fprintf(reading->out, "%llu", take(reading, length));
		}
	}
	fputc('\n', reading->out);
	reading->records++;
}

/* Reads a message, and says what is in it. Returns false if it is not sound. */
static bool read_message(struct reading *reading, const void *data, size_t len)
{
	const unsigned char *whole;
	unsigned int set, size;
	unsigned long long when;

	reading->at = data;
	reading->end = reading->at + len;
	CHECK_EQ(take(reading, 2), 10);
	CHECK_EQ(take(reading, 2), len);
	when = take(reading, 4);
	fprintf(reading->out, "message %llu", when);
	fprintf(reading->out, " %llu", take(reading, 4));
	fprintf(reading->out, " %llu\n", take(reading, 4));
	whole = reading->end;
	while (reading->at < whole && !reading->bad) {
		reading->end = whole;
		set = take(reading, 2);
		size = take(reading, 2);
		if (size < 4 || reading->at + size - 4 > whole)
			return false;
		reading->end = reading->at + size - 4;
		while (reading->at < reading->end && !reading->bad) {
			if (set == 2 || set == 3)
				read_template(reading, set == 3);
			else
				read_data(reading, set);
		}
	}
	return !reading->bad;
}

#define OWN(e)	"1/65535@" e " 2/65535@" e " 3/65535@" e " 4/65535@" e " 5/65535@" e \
		" 6/65535@" e " 7/65535@" e " 8/65535@" e " 9/65535@" e " 10/4@" e
#define BEHIND	"4/1 7/2 11/2 61/1 233/1 89/1 2/8 152/8 153/8 10/4 14/4 "
#define TYPE(n, t, s, name)	"data 259 346=77 303=" n " 339=" t " 344=" s " 341=" name "\n"

static void test_ipfix(void)
{
	struct np_lost lost = { .events = 3, .records = 2, .packets = 9 };
	struct np_record_table table = { .count = 0 };
	struct reading reading = { .records = 0 };
	struct np_ipfix message = { .set = 0 };
	struct np_event event = packet();
	size_t len = 0;
	char *text = NULL;

	reading.out = open_memstream(&text, &len);
	np_ipfix_templates(&message, 77);
	np_ipfix_stamp(message.bytes.data, message.bytes.len, 1796000000, 0);
	CHECK(read_message(&reading, message.bytes.data, message.bytes.len));
	CHECK_EQ(message.records, 10);
	CHECK_EQ(reading.records, 10);
	CHECK(message.bytes.len < NP_IPFIX_MESSAGE);
	np_ipfix_free(&message);

	np_record_add(&table, &event);
	np_record_add(&table, &event);
	strcpy(table.record[0]->destination.name, "veth0");
	table.record[0]->destination.index = 7;
	event.verdict = NETPOL_VERDICT_AUDIT;
	event.direction = NETPOL_DIRECTION_EGRESS;
	event.has_ports = false;
	event.protocol = IPPROTO_ICMPV6;
	np_address_parse("fd00::3", &event.source.address);
	np_address_parse("fd00::4", &event.destination.address);
	strcpy(event.source.name, "a\n\x80\xc3\xa4\xc2\x85z");
	event.policies = 2;
	event.policy_count = 2;
	strcpy(event.policy[1].name, "base");
	np_record_add(&table, &event);
	CHECK(np_ipfix_record(&message, table.record[0]));
	CHECK(np_ipfix_record(&message, table.record[0]));
	CHECK(np_ipfix_record(&message, table.record[1]));
	CHECK(np_ipfix_lost(&message, &lost, 1796000000124ULL));
	CHECK_EQ(message.records, 4);
	CHECK_EQ(message.packets, 5);
	np_ipfix_stamp(message.bytes.data, message.bytes.len, 1796000001, 10);
	CHECK(read_message(&reading, message.bytes.data, message.bytes.len));
	np_ipfix_free(&message);
	np_record_free(&table);
	fclose(reading.out);
	CHECK_STR(text, "message 1796000000 0 0\n"
		  "template 256 8/4 12/4 " BEHIND OWN("77") "\n"
		  "template 257 27/16 28/16 " BEHIND OWN("77") "\n"
		  "template 258 scope 1 149/4 323/8 164/8 166/8 167/8\n"
		  "template 259 scope 2 346/4 303/2 339/1 344/1 341/65535\n"
		  TYPE("1", "13", "0", "sourcePodNamespace")
		  TYPE("2", "13", "0", "sourcePodName")
		  TYPE("3", "13", "0", "destinationPodNamespace")
		  TYPE("4", "13", "0", "destinationPodName")
		  TYPE("5", "13", "0", "sourceInterfaceName")
		  TYPE("6", "13", "0", "destinationInterfaceName")
		  TYPE("7", "13", "0", "networkPolicyVerdict")
		  TYPE("8", "13", "0", "networkPolicyReason")
		  TYPE("9", "13", "0", "networkPolicyNames")
		  TYPE("10", "3", "1", "networkPolicyCount")
		  "message 1796000001 10 0\n"
#define FOUR "data 256 8=167838211 12=167838212 4=6 7=4000 11=80 61=0 233=3 89=129 2=2 " \
	     "152=1796000000123 153=1796000000123 10=0 14=7 own1=shop own2=web own3=db own4=main " \
	     "own5= own6=veth0 own7=DENY own8=isolated own9=db/deny own10=1\n"
		  FOUR FOUR
		  "data 257 27=fd00000000000000:3 28=fd00000000000000:4 4=58 7=0 11=0 61=1 233=4 "
		  "89=64 2=1 152=1796000000123 153=1796000000123 10=0 14=0 own1=shop "
		  "own2=a??\xc3\xa4?z own3=db own4=main own5= own6= own7=AUDIT own8=isolated "
		  "own9=db/deny,base own10=2\n"
		  "data 258 149=0 323=1796000000124 164=3 166=2 167=9\n");
	free(text);
}

/* Messages keep their bound, lose nothing at it, and take even the longest record. */
static void test_full(void)
{
	struct np_record_table table = { .count = 0 };
	struct reading reading = { .records = 0 };
	struct np_ipfix message = { .set = 0 };
	struct np_lost lost = { .events = 1 };
	struct np_event event = longest();
	unsigned int records = 0, i;
	size_t len = 0;
	char *text = NULL;

	reading.out = open_memstream(&text, &len);
	np_ipfix_templates(&message, NP_IPFIX_ENTERPRISE);
	np_ipfix_stamp(message.bytes.data, message.bytes.len, 0, 0);
	CHECK(read_message(&reading, message.bytes.data, message.bytes.len));
	np_ipfix_free(&message);
	np_record_add(&table, &event);
	memset(table.record[0]->source.name, 'x', IF_NAMESIZE - 1);
	memset(table.record[0]->destination.name, 'y', IF_NAMESIZE - 1);
	CHECK(np_ipfix_record(&message, table.record[0]));
	CHECK(!np_ipfix_record(&message, table.record[0]));
	CHECK(message.bytes.len <= NP_IPFIX_MESSAGE);
	np_ipfix_stamp(message.bytes.data, message.bytes.len, 0, 0);
	reading.records = 0;
	CHECK(read_message(&reading, message.bytes.data, message.bytes.len));
	CHECK_EQ(reading.records, 1);
	np_ipfix_free(&message);
	np_record_clear(&table);

	event = packet();
	for (i = 0; i < 60; i++) {
		event.destination_port = (uint16_t)(1 + i);
		/* Every third one has another template. */
		np_address_parse(i % 3 ? "10.1.2.3" : "fd00::3", &event.source.address);
		np_record_add(&table, &event);
	}
	reading.records = 0;
	for (i = 0; i < table.count; i++) {
		if (np_ipfix_record(&message, table.record[i]))
			continue;
		CHECK(message.records > 4);
		CHECK(message.bytes.len <= NP_IPFIX_MESSAGE);
		np_ipfix_stamp(message.bytes.data, message.bytes.len, 0, 0);
		CHECK(read_message(&reading, message.bytes.data, message.bytes.len));
		records += message.records;
		np_ipfix_free(&message);
		i--;
	}
	while (np_ipfix_lost(&message, &lost, 0))
		;
	CHECK(message.bytes.len <= NP_IPFIX_MESSAGE);
	np_ipfix_stamp(message.bytes.data, message.bytes.len, 0, 0);
	CHECK(read_message(&reading, message.bytes.data, message.bytes.len));
	CHECK_EQ(reading.records, records + message.records);
	CHECK(reading.records > 60);
	np_ipfix_free(&message);
	np_record_free(&table);
	fclose(reading.out);
	free(text);
}

/* Prints lines of all kinds, for tests/unit/flows.sh. */
static int print_lines(void)
{
	struct np_lost lost = { .events = 3 };
	struct np_record_table table = { .count = 0 };
	struct np_event event = packet();
	size_t i;

	np_record_add(&table, &event);
	strcpy(table.record[0]->destination.name, "veth0");
	event = longest();
	np_record_add(&table, &event);
	event.verdict = NETPOL_VERDICT_AUDIT;
	event.direction = NETPOL_DIRECTION_EGRESS;
	event.reason = NETPOL_REASON_MAX + 1;
	event.protocol = 255;
	event.has_ports = false;
	*event.destination.namespace = '\0';
	*event.destination.name = '\0';
	event.policy_count = 0;
	np_record_add(&table, &event);
	for (i = 0; i < table.count; i++)
		np_jsonl_record(stdout, table.record[i]);
	np_jsonl_lost(stdout, &lost, 1796000000124ULL);
	np_record_free(&table);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "lines"))
		return print_lines();
	test_alike();
	test_different();
	test_policies();
	test_line();
	test_json();
	test_ipfix();
	test_full();
	return check_done("record");
}
