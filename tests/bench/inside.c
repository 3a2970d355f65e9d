// SPDX-License-Identifier: GPL-2.0-or-later
#include "inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/genetlink.h>
#include <linux/netpol.h>
#include <netlink/msg.h>
#include <netlink/attr.h>

#include "netlink/client.h"
#include "netlink/decode.h"
#include "netlink/transaction.h"

#define FAMILY	32		/* any number that is none of a family that everybody knows */

struct deletion {
	uint8_t object;
	char namespace[NETPOL_NAMESPACE_MAX + 1];
	char name[NETPOL_NAME_MAX + 1];
};

struct inside inside;

static const char *node;
static uint64_t origin_generation, settings_generation;
static struct nlattr *settings;		/* in force, NULL: the default */

/* the open transaction */
static struct {
	bool open;
	bool full;
	bool settings;			/* it is of the origin of settings */
	uint32_t number;
	struct np_state state;
	struct deletion *deletion;
	size_t deletions;
	struct nlattr *new_settings;
} txn;

void inside_begin(const char *name)
{
	struct np_error err;

	node = name;
	if (np_offline_init(&inside.off, name, &err)) {
		np_error_print(stderr, &err);
		exit(1);
	}
	np_state_init(&txn.state);
}

void inside_end(void)
{
	np_offline_free(&inside.off);
	np_state_free(&txn.state);
	free(txn.deletion);
	free(txn.new_settings);
	free(settings);
}

/* --- what is asked ----------------------------------------------------------------- */

static void put_info(struct nl_msg *msg)
{
	static const struct {
		const char *name;
		const uint64_t *generation;
	} origin[] = {
		{ "kube", &origin_generation },
		{ NP_SETTINGS_ORIGIN, &settings_generation },
	};
	struct nlattr *nest;
	uint32_t i;

	nla_put_u32(msg, NETPOL_A_ABI_MIN, NETPOL_ABI_MIN);
	nla_put_u32(msg, NETPOL_A_ABI_MAX, NETPOL_ABI_MAX);
	nla_put_u64(msg, NETPOL_A_GENERATION, inside.generation);
	nla_put_string(msg, NETPOL_A_VERSION, "inside");
	for (i = 1; i <= NETPOL_LIMIT_MAX; i++) {
		nest = nla_nest_start(msg, NETPOL_A_LIMIT);
		nla_put_u32(msg, NETPOL_LIMIT_A_ID, i);
		nla_put_u64(msg, NETPOL_LIMIT_A_MAX, inside.off.world->limit[i]);
		nla_nest_end(msg, nest);
	}
	for (i = 0; i < 2; i++) {
		nest = nla_nest_start(msg, NETPOL_A_ORIGIN_INFO);
		nla_put_string(msg, NETPOL_ORIGIN_A_NAME, origin[i].name);
		nla_put_u64(msg, NETPOL_ORIGIN_A_GENERATION, *origin[i].generation);
		nla_put_u64(msg, NETPOL_ORIGIN_A_OBJECTS, *origin[i].generation ? 1 : 0);
		nla_nest_end(msg, nest);
	}
}

static int txn_begin(const struct nlmsghdr *nlh, struct nl_msg *answer)
{
	struct nlattr *tb[NETPOL_A_MAX + 1];
	uint64_t current;

	if (!np_parse_message(nlh, tb) || !tb[NETPOL_A_ORIGIN] || txn.open)
		return EINVAL;
	txn.settings = !strcmp(nla_get_string(tb[NETPOL_A_ORIGIN]), NP_SETTINGS_ORIGIN);
	txn.full = np_attr_u32(tb[NETPOL_A_FLAGS]) & NETPOL_FLAG_FULL;
	current = txn.settings ? settings_generation : origin_generation;
	if (tb[NETPOL_A_BASE_GENERATION] && np_attr_u64(tb[NETPOL_A_BASE_GENERATION]) != current)
		return ESTALE;
	txn.open = true;
	nla_put_u32(answer, NETPOL_A_TXN, ++txn.number);
	return 0;
}

static void txn_reset(void)
{
	np_state_free(&txn.state);
	np_state_init(&txn.state);
	txn.deletions = 0;
	free(txn.new_settings);
	txn.new_settings = NULL;
	txn.open = false;
}

static void add_deletion(struct nlattr *attr)
{
	struct nlattr *tb[NETPOL_DELETE_A_MAX + 1];
	struct deletion *del;

	nla_parse_nested(tb, NETPOL_DELETE_A_MAX, attr, NULL);
	txn.deletion = np_array_grow(txn.deletion, txn.deletions, sizeof(*txn.deletion));
	del = &txn.deletion[txn.deletions++];
	memset(del, 0, sizeof(*del));
	del->object = np_attr_u8(tb[NETPOL_DELETE_A_OBJECT]);
	np_attr_string(tb[NETPOL_DELETE_A_NAMESPACE], del->namespace, sizeof(del->namespace));
	np_attr_string(tb[NETPOL_DELETE_A_NAME], del->name, sizeof(del->name));
}

static int txn_add(const struct nlmsghdr *nlh)
{
	struct nlattr *attrs, *attr;
	struct np_error err;
	int len, left;

	if (!txn.open || np_state_decode(&txn.state, nlh, &err))
		return EINVAL;
	attrs = np_message_attrs(nlh, &len);
	nla_for_each_attr(attr, attrs, len, left) {
		if (nla_type(attr) == NETPOL_A_DELETE) {
			add_deletion(attr);
		} else if (nla_type(attr) == NETPOL_A_SETTINGS) {
			txn.new_settings = np_xmalloc(nla_total_size(nla_len(attr)));
			memcpy(txn.new_settings, attr, nla_total_size(nla_len(attr)));
		}
	}
	return 0;
}

/* --- what is committed ------------------------------------------------------------- */

static int apply_deletion(const struct deletion *del, struct np_error *err)
{
	struct np_offline *off = &inside.off;

	switch (del->object) {
	case NETPOL_OBJECT_NAMESPACE:
		return np_offline_delete_namespace(off, del->name, err);
	case NETPOL_OBJECT_POD:
		return np_offline_delete_pod(off, del->namespace, del->name, NULL, err);
	default:
		return np_offline_delete_policy(off, del->namespace, del->name, err);
	}
}

static int apply(struct np_error *err)
{
	struct np_objects *objs = &txn.state.objects;
	struct np_offline *off = &inside.off;
	size_t i;

	for (i = 0; i < txn.deletions; i++)
		if (apply_deletion(&txn.deletion[i], err))
			return -1;
	for (i = 0; i < objs->namespace_count; i++)
		if (np_offline_namespace(off, &objs->namespaces[i], err))
			return -1;
	for (i = 0; i < objs->policy_count; i++)
		if (np_offline_policy(off, &objs->policies[i], err))
			return -1;
	for (i = 0; i < objs->pod_count; i++) {
		objs->pods[i].node = txn.state.pod[i].place.local ? node : "";
		if (np_offline_pod(off, &objs->pods[i], err))
			return -1;
	}
	return txn.full ? np_offline_sweep(off, err) : 0;
}

static int commit_objects(void)
{
	struct np_objects *objs = &txn.state.objects;
	struct np_offline *off = &inside.off;
	struct np_error err = { 0 };

	if (np_offline_begin(off, "kube", &err))
		return -off->fault.error;
	if (np_offline_expect(off, (uint32_t)objs->namespace_count, (uint32_t)objs->pod_count,
			      (uint32_t)objs->policy_count, &err) ||
	    apply(&err) || np_offline_prepare(off, &err)) {
		np_offline_abort(off);
		inside.refused++;
		return off->fault.error ? -off->fault.error : EINVAL;
	}
	np_offline_publish(off);
	inside.commits++;
	origin_generation = ++inside.generation;
	return 0;
}

static int txn_commit(struct nl_msg *answer)
{
	int ret = 0;

	if (!txn.open)
		return EINVAL;
	if (txn.settings) {
		free(settings);
		settings = txn.new_settings;
		txn.new_settings = NULL;
		settings_generation = ++inside.generation;
	} else {
		ret = commit_objects();
	}
	/* The agent aborts a transaction that was refused. */
	if (!ret)
		txn_reset();
	nla_put_u64(answer, NETPOL_A_GENERATION, inside.generation);
	return ret;
}

/* --- the functions of netlink/client.h --------------------------------------------- */

/* Answers a request. Returns 0 or a positive errno. */
static int handle(const struct nlmsghdr *nlh, struct nl_msg *answer)
{
	const struct genlmsghdr *head = nlmsg_data(nlh);

	switch (head->cmd) {
	case NETPOL_CMD_GET_INFO:
		put_info(answer);
		return 0;
	case NETPOL_CMD_GET_SETTINGS:
		if (settings)
			nla_put(answer, NETPOL_A_SETTINGS | NLA_F_NESTED, nla_len(settings),
				nla_data(settings));
		return 0;
	case NETPOL_CMD_TXN_BEGIN:
		return txn_begin(nlh, answer);
	case NETPOL_CMD_TXN_ADD:
		return txn_add(nlh);
	case NETPOL_CMD_TXN_COMMIT:
		return txn_commit(answer);
	case NETPOL_CMD_TXN_ABORT:
		txn_reset();
		return 0;
	default:
		return EOPNOTSUPP;
	}
}

int np_netns_enter(const char *name, struct np_error *err)
{
	return np_error_set(err, NP_EXIT_KERNEL, "there is no network namespace \"%s\" here", name);
}

static int client_new(struct np_client *client, uint16_t family, int timeout)
{
	memset(client, 0, sizeof(*client));
	client->fd = -1;
	client->family = family;
	client->timeout = timeout;
	return 0;
}

int np_client_open(struct np_client *client, const char *family, int timeout,
		   struct np_error *err)
{
	return client_new(client, FAMILY, timeout);
}

int np_client_open_route(struct np_client *client, int timeout, struct np_error *err)
{
	return client_new(client, 0, timeout);
}

int np_client_open_netfilter(struct np_client *client, int timeout, struct np_error *err)
{
	return client_new(client, 0, timeout);
}

void np_client_close(struct np_client *client)
{
}

struct nl_msg *np_client_message(const struct np_client *client, uint8_t command, size_t size)
{
	struct nl_msg *msg = nlmsg_alloc_size(NLMSG_HDRLEN + GENL_HDRLEN + size);
	struct genlmsghdr head = { .cmd = command, .version = NETPOL_GENL_VERSION };

	if (!msg || !nlmsg_put(msg, 0, 0, client->family, 0, 0) ||
	    nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO)) {
		fputs("inside: no memory\n", stderr);
		exit(1);
	}
	return msg;
}

int np_client_call_keep(struct np_client *client, struct nl_msg *msg, np_reply_fn reply, void *arg,
			struct np_error *err)
{
	struct nl_msg *answer = np_client_message(client, 0, 65536);
	int ret;

	memset(&client->refusal, 0, sizeof(client->refusal));
	client->refusal.error = handle(nlmsg_hdr(msg), answer);
	if (client->refusal.error)
		ret = np_client_refused(client, NULL, err);
	else
		ret = reply ? reply(nlmsg_hdr(answer), arg, err) : 0;
	nlmsg_free(answer);
	return ret;
}

int np_client_call(struct np_client *client, struct nl_msg *msg, np_reply_fn reply, void *arg,
		   struct np_error *err)
{
	int ret = np_client_call_keep(client, msg, reply, arg, err);

	nlmsg_free(msg);
	return ret;
}

int np_client_dump(struct np_client *client, struct nl_msg *msg, np_restart_fn restart,
		   np_reply_fn reply, void *arg, struct np_error *err)
{
	if (restart)
		restart(arg);
	nlmsg_free(msg);
	return 0;
}

int np_client_join(struct np_client *client, const char *group, struct np_error *err)
{
	return 0;
}

int np_client_receive(struct np_client *client, int timeout, np_reply_fn reply, void *arg,
		      uint64_t *lost, struct np_error *err)
{
	return 0;
}

int np_client_feed(struct np_client *client, const void *data, size_t len, uint32_t sequence,
		   np_reply_fn reply, void *arg, struct np_error *err)
{
	return 1;
}

int np_client_refused(const struct np_client *client, const struct nlmsghdr *request,
		      struct np_error *err)
{
	return np_error_set(err, NP_EXIT_KERNEL, "refused: %s%s%s",
			    strerror(client->refusal.error), *inside.off.fault.text ? ": " : "",
			    inside.off.fault.text);
}
