// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets of a trace: read from messages, put together, and put into words.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "check.h"
#include "explain/traced.h"

static const uint8_t client4[4] = { 10, 0, 1, 2 }, server4[4] = { 10, 0, 2, 2 };
static const uint8_t service4[4] = { 10, 96, 0, 1 };

/* What the set has handed over, as "number:fate:passages " of each packet. */
static char done[256];

static void note(const struct np_traced *traced, void *arg)
{
	size_t len = strlen(done);

	snprintf(done + len, sizeof(done) - len, "%u:%s:%zu ", traced->number,
		 np_fate_word(np_traced_fate(traced)), traced->count);
}

static struct np_passage passage_of(uint32_t packet, uint8_t point, uint8_t verdict)
{
	struct np_passage passage = {
		.packet = packet, .point = point, .verdict = verdict, .protocol = IPPROTO_TCP,
		.has_ports = true, .has_tcp = true, .tcp_flags = 0x12, .length = 60,
		.in_ifindex = 3, .in = "veth3", .source.port = 40000, .destination.port = 80,
		.source.address.family = AF_INET, .destination.address.family = AF_INET,
	};

	memcpy(passage.source.address.addr, client4, 4);
	memcpy(passage.destination.address.addr, server4, 4);
	if (point == NETPOL_POINT_POST_ROUTING) {
		passage.out_ifindex = 4;
		strcpy(passage.out, "veth4");
	}
	return passage;
}

static void add(struct np_traced_set *set, uint32_t packet, uint8_t point, uint8_t verdict,
		int64_t now)
{
	struct np_passage passage = passage_of(packet, point, verdict);

	np_traced_add(set, &passage, now, note, NULL);
}

static void test_set(void)
{
	struct np_traced_set set = { .fate = { 0 } };
	uint32_t i;

	/* two packets, one between the passages of the other */
	add(&set, 1, NETPOL_POINT_PRE_ROUTING, NETPOL_VERDICT_ALLOW, 0);
	add(&set, 2, NETPOL_POINT_PRE_ROUTING, NETPOL_VERDICT_ALLOW, 1);
	add(&set, 1, NETPOL_POINT_POST_ROUTING, NETPOL_VERDICT_ALLOW, 2);
	add(&set, 2, NETPOL_POINT_LOCAL_IN, NETPOL_VERDICT_DENY, 3);
	CHECK_STR(done, "1:passed:2 2:dropped:2 ");
	/* one that is denied where it comes in, one that is lost elsewhere, one nobody knows */
	*done = '\0';
	add(&set, 3, NETPOL_POINT_PRE_ROUTING, NETPOL_VERDICT_DENY, 10);
	add(&set, 4, NETPOL_POINT_PRE_ROUTING, NETPOL_VERDICT_ALLOW, 20);
	add(&set, 5, NETPOL_POINT_LOCAL_OUT, 0, 30);
	CHECK_STR(done, "3:dropped:1 5:unknown:1 ");
	np_traced_flush(&set, 20 + NP_TRACED_WAIT - 1, false, note, NULL);
	CHECK_STR(done, "3:dropped:1 5:unknown:1 ");
	np_traced_flush(&set, 20 + NP_TRACED_WAIT, false, note, NULL);
	CHECK_STR(done, "3:dropped:1 5:unknown:1 4:unseen:1 ");
	/* more packets than there is room for: the oldest waits no longer */
	*done = '\0';
	for (i = 0; i <= NP_TRACED_OPEN; i++)
		add(&set, 100 + i, NETPOL_POINT_PRE_ROUTING, NETPOL_VERDICT_ALLOW, 1000 + i);
	CHECK_STR(done, "100:unseen:1 ");
	*done = '\0';
	np_traced_flush(&set, 0, true, note, NULL);
	CHECK(!strncmp(done, "101:unseen:1 102:unseen:1 ", 26));
	CHECK_EQ(set.fate[NP_FATE_PASSED], 1);
	CHECK_EQ(set.fate[NP_FATE_DROPPED], 2);
	CHECK_EQ(set.fate[NP_FATE_UNSEEN], 2 + NP_TRACED_OPEN);
	CHECK_EQ(set.fate[NP_FATE_UNKNOWN], 1);
}

static void test_question(void)
{
	struct np_passage passage = passage_of(1, NETPOL_POINT_PRE_ROUTING, NETPOL_VERDICT_ALLOW);
	struct np_eval eval = { .verdict = NETPOL_VERDICT_ALLOW };
	struct np_eval_request request;

	CHECK(!np_passage_question(&passage, &request));
	passage = passage_of(1, NETPOL_POINT_POST_ROUTING, NETPOL_VERDICT_ALLOW);
	CHECK(np_passage_question(&passage, &request));
	CHECK_EQ(request.port, 80);
	CHECK_EQ(request.family, AF_INET);
	/* an answer is asked about as the connection that it belongs to, by the server */
	passage.tracked = true;
	passage.has_ct_ports = true;
	passage.ct_protocol = IPPROTO_TCP;
	passage.opener = passage.source;
	passage.service = passage.destination;
	memcpy(passage.service.address.addr, service4, 4);
	passage.server = passage.destination;
	passage.server.port = 8080;
	passage.source = passage.server;
	passage.destination = passage.opener;
	CHECK(np_passage_question(&passage, &request));
	CHECK_EQ(request.port, 8080);
	CHECK(!memcmp(request.source.address.addr, client4, 4));
	CHECK(!memcmp(request.destination.address.addr, server4, 4));
	/* ports that can't be read */
	passage.tracked = false;
	passage.has_ports = false;
	CHECK(!np_passage_question(&passage, &request));
	/* only an answer of the same kind explains a verdict */
	CHECK(np_passage_explained(&passage, &eval));
	eval.verdict = NETPOL_VERDICT_AUDIT;
	CHECK(np_passage_explained(&passage, &eval));
	eval.verdict = NETPOL_VERDICT_DENY;
	CHECK(!np_passage_explained(&passage, &eval));
	passage.verdict = NETPOL_VERDICT_DENY;
	passage.reason = NETPOL_REASON_ISOLATED;
	CHECK(!np_passage_explained(&passage, &eval));
	eval.reason = NETPOL_REASON_NO_ROOM;
	CHECK(np_passage_explained(&passage, &eval));
	eval.reason = NETPOL_REASON_ISOLATED;
	CHECK(np_passage_explained(&passage, &eval));
	eval.has_direction = true;
	eval.direction = NETPOL_DIRECTION_EGRESS;
	CHECK(!np_passage_explained(&passage, &eval));
}

static void test_text(void)
{
	struct np_trace_end to = { .count = 1 };
	struct np_traced_set set = { .name[1] = { "shop/\033web", &to } };
	struct np_step step = {
		.direction = NETPOL_DIRECTION_INGRESS, .pod_namespace = "shop",
		.pod_name = "web", .policy_namespace = "shop", .policy_name = "deny",
	};
	struct np_eval eval = { .step = &step, .step_count = 1 };
	struct np_traced traced = { .number = 7, .count = 2 };
	char *text = NULL, *line;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	to.block[0] = (struct np_cidr){ .family = AF_INET, .length = 32 };
	memcpy(to.block[0].addr, server4, 4);
	traced.passage[0] = passage_of(7, NETPOL_POINT_PRE_ROUTING, NETPOL_VERDICT_ALLOW);
	traced.passage[1] = passage_of(7, NETPOL_POINT_POST_ROUTING, NETPOL_VERDICT_DENY);
	traced.passage[1].reason = NETPOL_REASON_ISOLATED;
	traced.passage[1].connection = NETPOL_CONNECTION_NEW;
	np_traced_head(file, &set, &traced);
	np_traced_passage(file, &traced.passage[0], NULL);
	np_traced_passage(file, &traced.passage[1], &eval);
	np_traced_result(file, &traced);
	fclose(file);
	/* without the time of day, which depends on where this runs */
	line = strchr(text, ' ');
	line = strchr(line + 1, ' ');
	CHECK_STR(line, " 10.0.1.2:40000 -> shop/\\x1bweb (10.0.2.2:80) tcp SYN,ACK, 60 bytes\n"
		  "   PRE_ROUTING  in veth3: ALLOW\n"
		  "   POST_ROUTING in veth3 out veth4, new: DENY ingress: isolated, no rule accepts\n"
		  "      1 ingress of shop/web   isolated by shop/deny   no rule matches\n"
		  "   = dropped by netpol at POST_ROUTING: isolated, no rule accepts\n");
	free(text);
}

static void test_decode(void)
{
	struct np_client client = { .family = 0x20 };
	struct nl_msg *msg = np_client_message(&client, NETPOL_CMD_TRACE, 1024);
	struct np_error err = { 0 };
	struct np_passage passage;
	struct nlattr *nest;

	nla_put_u64(msg, NETPOL_A_GENERATION, 12);
	nla_put_u8(msg, NETPOL_A_VERDICT, NETPOL_VERDICT_DENY);
	nla_put_u8(msg, NETPOL_A_REASON, NETPOL_REASON_SPOOFED);
	nla_put_u8(msg, NETPOL_A_DIRECTION, NETPOL_DIRECTION_EGRESS);
	nest = nla_nest_start(msg, NETPOL_A_TRACE);
	nla_put_u32(msg, NETPOL_TRACE_A_PACKET, 5);
	nla_put_u8(msg, NETPOL_TRACE_A_POINT, NETPOL_POINT_LOCAL_IN);
	nla_put_string(msg, NETPOL_TRACE_A_IN_NAME, "eth0");
	nla_put(msg, NETPOL_TRACE_A_SOURCE4, 4, client4);
	nla_put(msg, NETPOL_TRACE_A_DESTINATION4, 4, service4);
	nla_put_u8(msg, NETPOL_TRACE_A_PROTOCOL, IPPROTO_ICMP);
	nla_put_u8(msg, NETPOL_TRACE_A_ICMP_TYPE, 8);
	nla_put_u8(msg, NETPOL_TRACE_A_ICMP_CODE, 0);
	nla_put(msg, NETPOL_TRACE_A_OPENER4, 4, client4);
	nla_put(msg, NETPOL_TRACE_A_SERVICE4, 4, service4);
	nla_put(msg, NETPOL_TRACE_A_SERVER4, 4, server4);
	nla_put_u64(msg, NETPOL_TRACE_A_LOST, 3);
	nla_nest_end(msg, nest);
	CHECK(!np_passage_decode(nlmsg_hdr(msg), &passage, &err));
	CHECK_EQ(passage.packet, 5);
	CHECK_EQ(passage.generation, 12);
	CHECK_EQ(passage.reason, NETPOL_REASON_SPOOFED);
	CHECK_EQ(passage.direction, NETPOL_DIRECTION_EGRESS);
	CHECK_EQ(passage.lost, 3);
	CHECK(passage.tracked && passage.has_icmp && !passage.has_tcp && !passage.has_ports);
	CHECK_STR(passage.in, "eth0");
	CHECK_STR(passage.out, "");
	CHECK(!memcmp(passage.server.address.addr, server4, 4));
	nlmsg_free(msg);

	/* the end has neither a packet nor a point; without END that is an error */
	msg = np_client_message(&client, NETPOL_CMD_TRACE, 1024);
	nest = nla_nest_start(msg, NETPOL_A_TRACE);
	nla_put_u64(msg, NETPOL_TRACE_A_SEEN, 9);
	nla_nest_end(msg, nest);
	CHECK(np_passage_decode(nlmsg_hdr(msg), &passage, &err));
	nla_put_u8(msg, NETPOL_TRACE_A_END, NETPOL_TRACE_END_PACKETS);
	nla_nest_end(msg, nest);
	CHECK(!np_passage_decode(nlmsg_hdr(msg), &passage, &err));
	CHECK_EQ(passage.end, NETPOL_TRACE_END_PACKETS);
	CHECK_EQ(passage.seen, 9);
	nlmsg_free(msg);
}

int main(void)
{
	test_set();
	test_question();
	test_text();
	test_decode();
	return check_done("traced");
}
