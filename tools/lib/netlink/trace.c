// SPDX-License-Identifier: GPL-2.0-or-later
/* Traces: requests and messages. */
#include "netlink/trace.h"

#include <string.h>

#include "netlink/decode.h"
#include "netlink/encode.h"

#define NP_TRACE_SIZE	1024	/* bytes of a request, at most */

static void np_trace_put_end(struct nl_msg *msg, int type, const struct np_trace_end *end)
{
	size_t i;

	for (i = 0; i < end->count; i++)
		np_put_prefix(msg, type, &end->block[i]);
}

int np_trace_begin(struct np_client *client, const struct np_trace_request *request,
		   np_reply_fn reply, void *arg, struct np_error *err)
{
	struct nl_msg *msg = np_client_message(client, NETPOL_CMD_TRACE_BEGIN, NP_TRACE_SIZE);
	struct nlattr *nest = nla_nest_start(msg, NETPOL_A_TRACE);

	np_trace_put_end(msg, NETPOL_TRACE_A_FROM, &request->from);
	np_trace_put_end(msg, NETPOL_TRACE_A_TO, &request->to);
	if (request->has_protocol)
		nla_put_u8(msg, NETPOL_TRACE_A_PROTOCOL, request->protocol);
	if (request->port)
		nla_put_u16(msg, NETPOL_TRACE_A_PORT, request->port);
	if (request->packets)
		nla_put_u32(msg, NETPOL_TRACE_A_PACKETS, request->packets);
	nla_put_u32(msg, NETPOL_TRACE_A_SECONDS, request->seconds);
	nla_nest_end(msg, nest);
	return np_client_call(client, msg, reply, arg, err);
}

/* Reads an address, whose attribute for IPv6 follows that for IPv4, and a port. */
static bool np_trace_read(struct nlattr **tb, int four, int port, struct np_trace_address *to)
{
	to->port = np_attr_u16(tb[port]);
	return np_read_address(tb[four], tb[four + 1], &to->address);
}

static bool np_passage_packet(struct nlattr **tb, struct np_passage *passage)
{
	if (!tb[NETPOL_TRACE_A_PACKET] || !tb[NETPOL_TRACE_A_POINT] ||
	    !np_trace_read(tb, NETPOL_TRACE_A_SOURCE4, NETPOL_TRACE_A_SOURCE_PORT,
			   &passage->source) ||
	    !np_trace_read(tb, NETPOL_TRACE_A_DESTINATION4, NETPOL_TRACE_A_DESTINATION_PORT,
			   &passage->destination) ||
	    !np_trace_read(tb, NETPOL_TRACE_A_OPENER4, NETPOL_TRACE_A_OPENER_PORT,
			   &passage->opener) ||
	    !np_trace_read(tb, NETPOL_TRACE_A_SERVICE4, NETPOL_TRACE_A_SERVICE_PORT,
			   &passage->service) ||
	    !np_trace_read(tb, NETPOL_TRACE_A_SERVER4, NETPOL_TRACE_A_SERVER_PORT,
			   &passage->server))
		return false;
	passage->time = np_attr_u64(tb[NETPOL_TRACE_A_TIME]);
	passage->packet = np_attr_u32(tb[NETPOL_TRACE_A_PACKET]);
	passage->length = np_attr_u32(tb[NETPOL_TRACE_A_LENGTH]);
	passage->flags = np_attr_u32(tb[NETPOL_TRACE_A_FLAGS]);
	passage->point = np_attr_u8(tb[NETPOL_TRACE_A_POINT]);
	passage->protocol = np_attr_u8(tb[NETPOL_TRACE_A_PROTOCOL]);
	passage->connection = np_attr_u8(tb[NETPOL_TRACE_A_CONNECTION]);
	passage->ct_protocol = np_attr_u8(tb[NETPOL_TRACE_A_CT_PROTOCOL]);
	passage->tcp_flags = np_attr_u8(tb[NETPOL_TRACE_A_TCP_FLAGS]);
	passage->icmp_type = np_attr_u8(tb[NETPOL_TRACE_A_ICMP_TYPE]);
	passage->icmp_code = np_attr_u8(tb[NETPOL_TRACE_A_ICMP_CODE]);
	passage->has_ports = tb[NETPOL_TRACE_A_DESTINATION_PORT];
	passage->has_tcp = tb[NETPOL_TRACE_A_TCP_FLAGS];
	passage->has_icmp = tb[NETPOL_TRACE_A_ICMP_TYPE];
	passage->tracked = passage->opener.address.family && passage->server.address.family;
	passage->has_ct_ports = tb[NETPOL_TRACE_A_SERVER_PORT];
	passage->in_ifindex = np_attr_u32(tb[NETPOL_TRACE_A_IN_IFINDEX]);
	passage->out_ifindex = np_attr_u32(tb[NETPOL_TRACE_A_OUT_IFINDEX]);
	np_attr_string(tb[NETPOL_TRACE_A_IN_NAME], passage->in, sizeof(passage->in));
	np_attr_string(tb[NETPOL_TRACE_A_OUT_NAME], passage->out, sizeof(passage->out));
	return true;
}

int np_passage_decode(const struct nlmsghdr *nlh, struct np_passage *passage,
		      struct np_error *err)
{
	struct nlattr *tb[NETPOL_A_MAX + 1], *in[NETPOL_TRACE_A_MAX + 1];

	memset(passage, 0, sizeof(*passage));
	if (!np_parse_message(nlh, tb) || !tb[NETPOL_A_TRACE] ||
	    !np_parse_nest(&np_trace_schema, tb[NETPOL_A_TRACE], in))
		return np_malformed(err, "message of a trace");
	passage->generation = np_attr_u64(tb[NETPOL_A_GENERATION]);
	passage->verdict = np_attr_u8(tb[NETPOL_A_VERDICT]);
	passage->reason = np_attr_u8(tb[NETPOL_A_REASON]);
	passage->direction = np_attr_u8(tb[NETPOL_A_DIRECTION]);
	passage->end = np_attr_u8(in[NETPOL_TRACE_A_END]);
	passage->seen = np_attr_u64(in[NETPOL_TRACE_A_SEEN]);
	passage->lost = np_attr_u64(in[NETPOL_TRACE_A_LOST]);
	if (!passage->end && !np_passage_packet(in, passage))
		return np_malformed(err, "message of a trace");
	return 0;
}

const char *np_point_word(uint8_t point)
{
	static const char * const word[] = {
		"other", "preRouting", "localOut", "postRouting", "localIn",
	};

	return word[point < NP_COUNT(word) ? point : 0];
}

const char *np_point_name(uint8_t point)
{
	static const char * const name[] = {
		"elsewhere", "PRE_ROUTING", "LOCAL_OUT", "POST_ROUTING", "LOCAL_IN",
	};

	return name[point < NP_COUNT(name) ? point : 0];
}

const char *np_connection_word(uint8_t connection)
{
	static const char * const word[] = {
		"none", "untracked", "new", "established", "related",
	};

	return word[connection < NP_COUNT(word) ? connection : 0];
}
