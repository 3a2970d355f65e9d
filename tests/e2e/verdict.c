// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * verdict - what the module says about many connections, by the same call of netpolctl's
 * library that `netpolctl eval` makes, without starting a process for each.
 *
 *   verdict [NETNS] <LIST
 *
 * A line is "LABEL SOURCE DESTINATION PROTO PORT FAMILY": ends as NAMESPACE/POD or an
 * address, PROTO tcp, udp, sctp or a number, FAMILY 4, 6 or 0. Answers "LABEL yes" or
 * "LABEL no".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <linux/netpol.h>

#include "netlink/client.h"
#include "netlink/report.h"

static int fail(const struct np_error *err)
{
	np_error_print(stderr, err);
	return 2;
}

static bool end_parse(const char *text, struct np_end *end)
{
	const char *slash = strchr(text, '/');

	if (!slash) {
		end->address.family = strchr(text, ':') ? AF_INET6 : AF_INET;
		return inet_pton(end->address.family, text, end->address.addr) == 1;
	}
	snprintf(end->namespace, sizeof(end->namespace), "%.*s", (int)(slash - text), text);
	snprintf(end->name, sizeof(end->name), "%s", slash + 1);
	return true;
}

static uint8_t protocol_parse(const char *text)
{
	if (!strcmp(text, "tcp"))
		return IPPROTO_TCP;
	if (!strcmp(text, "udp"))
		return IPPROTO_UDP;
	if (!strcmp(text, "sctp"))
		return IPPROTO_SCTP;
	return (uint8_t)atoi(text);
}

int main(int argc, char **argv)
{
	char line[1024], label[128], source[320], destination[320], proto[16];
	struct np_client client;
	struct np_error err = { 0 };
	unsigned int port, family;

	memset(&client, 0, sizeof(client));
	if (argc > 1 && strcmp(argv[1], "-") && np_netns_enter(argv[1], &err))
		return fail(&err);
	if (np_client_open(&client, NETPOL_GENL_NAME, NP_CLIENT_TIMEOUT, &err))
		return fail(&err);
	while (fgets(line, sizeof(line), stdin)) {
		struct np_eval_request request = { 0 };
		struct np_eval eval = { 0 };

		if (*line == '\n')
			continue;
		if (sscanf(line, "%127s %319s %319s %15s %u %u", label, source, destination,
			   proto, &port, &family) != 6 ||
		    !end_parse(source, &request.source) ||
		    !end_parse(destination, &request.destination)) {
			fprintf(stderr, "verdict: not a line of a list: %s", line);
			return 2;
		}
		request.protocol = protocol_parse(proto);
		request.has_port = request.protocol == IPPROTO_TCP ||
				   request.protocol == IPPROTO_UDP ||
				   request.protocol == IPPROTO_SCTP;
		request.port = (uint16_t)port;
		if (family)
			request.family = family == 4 ? AF_INET : AF_INET6;
		if (np_eval_get(&client, &request, &eval, &err)) {
			fprintf(stderr, "verdict: %s", line);
			return fail(&err);
		}
		printf("%s %s\n", label, eval.verdict == NETPOL_VERDICT_DENY ? "no" : "yes");
		np_eval_free(&eval);
	}
	np_client_close(&client);
	return 0;
}
