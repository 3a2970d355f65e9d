// SPDX-License-Identifier: GPL-2.0-or-later
/* What eval and explain share. */
#include "question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <netinet/in.h>

#include "base/alloc.h"

/* Reads a protocol and a port. With some, a protocol that has ports may come without one. */
static int np_asking_protocol(const char *text, bool some, struct np_eval_request *request,
			      struct np_error *err)
{
	const char *slash = strchr(text, '/');
	unsigned long number;
	char name[16], *end;

	snprintf(name, sizeof(name), "%.*s", slash ? (int)(slash - text) : 15, text);
	request->protocol = np_protocol_parse(name);
	request->has_port = slash;
	if (!request->protocol && !strcasecmp(name, "icmp"))
		request->protocol = IPPROTO_ICMP;
	if (!request->protocol && !strcasecmp(name, "icmpv6"))
		request->protocol = IPPROTO_ICMPV6;
	if (!request->protocol && *name >= '0' && *name <= '9') {
		number = strtoul(name, &end, 10);
		if (!*end && number <= 255)
			request->protocol = (uint8_t)number;
	}
	if (!request->protocol && strcmp(name, "0"))
		goto bad;
	if (slash) {
		number = slash[1] >= '0' && slash[1] <= '9' ? strtoul(slash + 1, &end, 10) : 0;
		if (!number || *end || number > 65535 ||
		    !*np_protocol_name(request->protocol))
			goto bad;
		request->port = (uint16_t)number;
	} else if (*np_protocol_name(request->protocol) && !some) {
		goto bad;
	}
	return 0;
bad:
	np_error_set(err, NP_EXIT_USAGE, "\"%.40s\" is no protocol and port", text);
	np_error_hint(err, "as tcp/80, udp/53, sctp/3868, icmp, icmpv6 or 47; %s",
		      some ? "only tcp, udp and sctp have ports" :
		      "tcp, udp and sctp need a port, others have none");
	return -1;
}

int np_asking_some(const char *arg, struct np_asking *asking, struct np_error *err)
{
	asking->protocol = arg;
	return np_asking_protocol(arg, true, &asking->request, err);
}

int np_asking_take(struct np_asking *asking, int code, const char *arg, struct np_error *err)
{
	switch (code) {
	case 'p':
		asking->protocol = arg;
		return np_asking_protocol(arg, false, &asking->request, err);
	case 'f':
		asking->file = np_array_grow(asking->file, asking->file_count,
					     sizeof(*asking->file));
		asking->file[asking->file_count++] = arg;
		return 0;
	case 'R':
		asking->load.recursive = true;
		return 0;
	case NP_OPT_ASK_LENIENT:
		asking->load.lenient = true;
		return 0;
	case NP_OPT_ASK_FAMILY:
		return np_parse_family(arg, &asking->request.family, err);
	}
	return 1;
}

int np_asking_check(const struct np_command *cmd, const struct np_asking *asking, int words)
{
	if (words != 2)
		return np_usage(cmd, "%s takes a source and a destination", cmd->name);
	if (!asking->protocol)
		return np_usage(cmd, "%s needs -p PROTO/PORT", cmd->name);
	if (!asking->file_count && (asking->load.recursive || asking->load.lenient))
		return np_usage(cmd, "-R and --lenient belong to files, which -f names");
	return NP_PARSE_DONE;
}

int np_asking_kernel(const struct np_eval_request *request, struct np_eval *eval,
		     struct np_error *err)
{
	struct np_client client;
	struct np_info info;
	int ret;

	ret = np_connect(&client, &info, err);
	if (!ret)
		ret = np_eval_get(&client, request, eval, err);
	np_info_free(&info);
	np_client_close(&client);
	return ret;
}
