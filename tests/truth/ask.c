// SPDX-License-Identifier: GPL-2.0-or-later
/* The loaded module; see the header. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/genetlink.h>
#include <sys/socket.h>

#include "ask.h"
#include "netlink/decode.h"
#include "netlink/transaction.h"

/* Questions in flight: their answers have to fit into the socket's buffer. */
#define WINDOW 64

/* Bytes of a question: two pods by name. */
#define QUESTION_SIZE 1024

static void give_up(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(2);
}

void ask_begin(struct np_client *client)
{
	struct np_error err = {};

	if (unshare(CLONE_NEWNET))
		give_up("unshare");
	if (np_client_open(client, NETPOL_GENL_NAME, NP_CLIENT_TIMEOUT, &err)) {
		np_error_print(stderr, &err);
		exit(2);
	}
}

int ask_offline_ranges(struct np_offline *off, const struct np_cidr *range, unsigned int count,
		       struct np_error *err)
{
	struct netpol_settings *settings = netpol_settings_create();
	unsigned int i;

	for (i = 0; settings && i < count; i++) {
		memcpy(settings->range[i].addr, range[i].addr, sizeof(range[i].addr));
		settings->range[i].length = range[i].length;
		settings->range_family[i] = range[i].family;
	}
	if (settings)
		settings->nranges = count;
	if (!settings || netpol_settings_finish(settings)) {
		netpol_settings_free(settings);
		return np_error_set(err, NP_EXIT_KERNEL, "no memory for the ranges");
	}
	if (np_offline_begin(off, "settings", err)) {
		netpol_settings_free(settings);
		return -1;
	}
	/* the settings are the edit's from here on */
	if (netpol_edit_settings(off->edit, settings) || np_offline_prepare(off, err)) {
		np_offline_abort(off);
		return np_error_set(err, NP_EXIT_KERNEL, "the ranges are refused");
	}
	np_offline_publish(off);
	return 0;
}

int ask_ranges(struct np_client *client, const struct np_cidr *range, unsigned int count,
	       uint64_t *generation, struct np_error *err)
{
	struct np_transaction_options opts = {};
	struct np_settings settings = {};
	struct np_transaction txn;
	unsigned int i;
	int error;

	for (i = 0; i < count; i++)
		np_settings_add_range(&settings, &range[i]);
	error = np_transaction_begin(&txn, client, NP_SETTINGS_ORIGIN, &opts, err);
	if (!error)
		error = np_encode_settings(&txn.encoder, &settings, err);
	if (!error)
		error = np_transaction_commit(&txn, false, generation, err);
	np_transaction_end(&txn);
	np_settings_free(&settings);
	return error;
}

int ask_load(struct np_client *client, const char *origin, const struct np_objects *objs,
	     const struct np_placement *place, struct np_error *err)
{
	struct np_transaction_options opts = { .full = true };
	struct np_placement local = { .local = true };
	const struct np_pod **pod = np_pods_by_arrival(objs);
	struct np_transaction txn;
	int error;
	size_t i;

	error = np_transaction_begin(&txn, client, origin, &opts, err);
	for (i = 0; !error && i < objs->namespace_count; i++)
		error = np_encode_namespace(&txn.encoder, &objs->namespaces[i], err);
	for (i = 0; !error && i < objs->pod_count; i++)
		if (np_pod_usable(pod[i]))
			error = np_encode_pod(&txn.encoder, pod[i],
					      place ? &place[pod[i] - objs->pods] : &local,
					      err);
	for (i = 0; !error && i < objs->policy_count; i++)
		error = np_encode_policy(&txn.encoder, &objs->policies[i], err);
	if (!error)
		error = np_transaction_commit(&txn, false, NULL, err);
	np_transaction_end(&txn);
	free(pod);
	return error;
}

/* base: the attribute of its namespace; name and addresses follow. */
static void put_end(struct nl_msg *msg, const struct np_end *end, int base)
{
	if (*end->name) {
		nla_put_string(msg, base, end->namespace);
		nla_put_string(msg, base + 1, end->name);
	} else if (end->address.family == AF_INET) {
		nla_put(msg, base + 2, 4, end->address.addr);
	} else {
		nla_put(msg, base + 3, 16, end->address.addr);
	}
}

static struct nl_msg *question(struct np_client *client, const struct np_eval_request *request,
			       uint32_t sequence)
{
	struct nl_msg *msg = np_client_message(client, NETPOL_CMD_EVAL, QUESTION_SIZE);
	struct nlattr *nest = nla_nest_start(msg, NETPOL_A_EVAL);

	if (request->family)
		nla_put_u8(msg, NETPOL_EVAL_A_FAMILY, request->family);
	put_end(msg, &request->source, NETPOL_EVAL_A_SOURCE_NAMESPACE);
	put_end(msg, &request->destination, NETPOL_EVAL_A_DESTINATION_NAMESPACE);
	nla_put_u8(msg, NETPOL_EVAL_A_PROTOCOL, request->protocol);
	if (request->has_port)
		nla_put_u16(msg, NETPOL_EVAL_A_PORT, request->port);
	nla_nest_end(msg, nest);
	nlmsg_hdr(msg)->nlmsg_flags = NLM_F_REQUEST;
	nlmsg_hdr(msg)->nlmsg_seq = sequence;
	nlmsg_hdr(msg)->nlmsg_pid = client->port;
	return msg;
}

/* As many questions as fit into one datagram. */
static void send_questions(struct np_client *client, const struct np_eval_request *request,
			   unsigned int count, uint32_t first)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	static char buffer[WINDOW * QUESTION_SIZE];
	size_t used = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		struct nl_msg *msg = question(client, &request[i], first + i);

		memcpy(buffer + used, nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len);
		used += NLMSG_ALIGN(nlmsg_hdr(msg)->nlmsg_len);
		nlmsg_free(msg);
	}
	if (sendto(client->fd, buffer, used, 0, (struct sockaddr *)&kernel, sizeof(kernel)) !=
	    (ssize_t)used)
		give_up("sending questions");
}

static bool read_answer(const struct nlmsghdr *nlh, struct answer *answer)
{
	const struct nlmsgerr *refused = nlmsg_data(nlh);
	struct nlattr *attrs, *attr;
	int len, left;

	if (nlh->nlmsg_type == NLMSG_ERROR) {
		answer->error = -refused->error;
		return answer->error;
	}
	attrs = np_message_attrs(nlh, &len);
	nla_for_each_attr(attr, attrs, len, left) {
		if (nla_type(attr) == NETPOL_A_VERDICT)
			answer->verdict = nla_get_u8(attr);
		else if (nla_type(attr) == NETPOL_A_REASON)
			answer->reason = nla_get_u8(attr);
		else if (nla_type(attr) == NETPOL_A_GENERATION)
			answer->generation = nla_get_u64(attr);
	}
	return true;
}

static void window(struct np_client *client, const struct np_eval_request *request, unsigned int count,
		   struct answer *answer)
{
	static char buffer[256 * 1024];
	uint32_t first = client->sequence + 1;
	unsigned int have = 0;

	client->sequence += count;
	memset(answer, 0, count * sizeof(*answer));
	send_questions(client, request, count, first);
	while (have < count) {
		ssize_t len = recv(client->fd, buffer, sizeof(buffer), 0);
		struct nlmsghdr *nlh = (struct nlmsghdr *)buffer;
		int left = len;

		if (len <= 0)
			give_up("receiving answers");
		for (; nlmsg_ok(nlh, left); nlh = nlmsg_next(nlh, &left))
			if (nlh->nlmsg_seq - first < count &&
			    read_answer(nlh, &answer[nlh->nlmsg_seq - first]))
				have++;
	}
}

void ask(struct np_client *client, const struct np_eval_request *request, unsigned int count,
	 struct answer *answer)
{
	unsigned int i, n;

	for (i = 0; i < count; i += n) {
		n = count - i < WINDOW ? count - i : WINDOW;
		window(client, request + i, n, answer + i);
	}
}
