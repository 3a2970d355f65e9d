// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Transactions. A closed socket aborts what is open, so a killed tool leaves nothing.
 */
#include "netlink/decode.h"
#include "netlink/transaction.h"

#include <errno.h>
#include <string.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

static struct nl_msg *np_transaction_message(void *arg, size_t size)
{
	struct np_transaction *txn = arg;
	struct nl_msg *msg = np_client_message(txn->client, NETPOL_CMD_TXN_ADD, size);

	nla_put_u32(msg, NETPOL_A_TXN, txn->number);
	return msg;
}

static int np_transaction_send(void *arg, struct nl_msg *msg, struct np_error *err)
{
	struct np_transaction *txn = arg;

	txn->messages++;
	return np_client_call_keep(txn->client, msg, NULL, NULL, err);
}

static int np_transaction_begun(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct nlattr *tb[NETPOL_A_MAX + 1];
	struct np_transaction *txn = arg;

	if (!np_parse_message(nlh, tb))
		return np_malformed(err, "transaction");
	txn->number = np_attr_u32(tb[NETPOL_A_TXN]);
	txn->open = tb[NETPOL_A_TXN];
	return 0;
}

static int np_origin_length(const char *origin, struct np_error *err)
{
	if (*origin && strlen(origin) <= NETPOL_ORIGIN_MAX)
		return 0;
	return np_error_set(err, NP_EXIT_USAGE, "origin \"%.40s\": 1 to %d characters are "
			    "allowed", origin, NETPOL_ORIGIN_MAX);
}

int np_origin_check(const char *origin, struct np_error *err)
{
	if (strcmp(origin, NP_SETTINGS_ORIGIN))
		return np_origin_length(origin, err);
	np_error_set(err, NP_EXIT_USAGE, "origin \"%s\" is reserved for the settings", origin);
	np_error_hint(err, "objects take any other; the default is " NP_MANUAL_ORIGIN);
	return -1;
}

int np_transaction_begin(struct np_transaction *txn, struct np_client *client,
			 const char *origin, const struct np_transaction_options *opts,
			 struct np_error *err)
{
	struct nl_msg *msg;

	memset(txn, 0, sizeof(*txn));
	txn->client = client;
	np_encoder_init(&txn->encoder, np_transaction_message, np_transaction_send, txn);
	if (np_origin_length(origin, err))
		return -1;
	strcpy(txn->origin, origin);
	msg = np_client_message(client, NETPOL_CMD_TXN_BEGIN, 256);
	nla_put_string(msg, NETPOL_A_ORIGIN, origin);
	if (opts->full)
		nla_put_u32(msg, NETPOL_A_FLAGS, NETPOL_FLAG_FULL);
	if (opts->has_base)
		nla_put_u64(msg, NETPOL_A_BASE_GENERATION, opts->base);
	if (np_client_call(client, msg, np_transaction_begun, txn, err))
		return -1;
	return txn->open ? 0 : np_malformed(err, "answer to a begin");
}

/* Sends a request that ends a transaction, on which the kernel may work for long. */
static int np_transaction_last(struct np_transaction *txn, struct nl_msg *msg, np_reply_fn reply,
			       void *arg, struct np_error *err)
{
	int ret;

	txn->client->slow = true;
	ret = np_client_call(txn->client, msg, reply, arg, err);
	txn->client->slow = false;
	return ret;
}

static int np_transaction_done(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct nlattr *tb[NETPOL_A_MAX + 1];
	uint64_t *generation = arg;

	if (!np_parse_message(nlh, tb))
		return np_malformed(err, "answer to a commit");
	if (tb[NETPOL_A_GENERATION])
		*generation = nla_get_u64(tb[NETPOL_A_GENERATION]);
	return 0;
}

int np_transaction_commit(struct np_transaction *txn, bool check, uint64_t *generation,
			  struct np_error *err)
{
	uint64_t unused = 0;
	struct nl_msg *msg;

	if (np_encoder_flush(&txn->encoder, err))
		return -1;
	msg = np_client_message(txn->client, NETPOL_CMD_TXN_COMMIT, 256);
	nla_put_u32(msg, NETPOL_A_TXN, txn->number);
	nla_put_u32(msg, NETPOL_A_MESSAGES, txn->messages);
	if (check)
		nla_put_u32(msg, NETPOL_A_FLAGS, NETPOL_FLAG_CHECK);
	if (np_transaction_last(txn, msg, np_transaction_done,
				generation ? generation : &unused, err)) {
		if (txn->client->refusal.error == ESTALE) {
			np_error_set(err, NP_EXIT_KERNEL,
				     "origin \"%s\" was changed by someone else meanwhile",
				     txn->origin);
			np_error_hint(err, "nothing was changed; run it again");
		}
		return -1;
	}
	txn->open = false;
	return 0;
}

void np_transaction_end(struct np_transaction *txn)
{
	struct np_refusal refusal;
	struct np_error ignored;
	struct nl_msg *msg;

	if (txn->open) {
		/* Why it is given up is still to be told. */
		refusal = txn->client->refusal;
		msg = np_client_message(txn->client, NETPOL_CMD_TXN_ABORT, 256);
		nla_put_u32(msg, NETPOL_A_TXN, txn->number);
		np_transaction_last(txn, msg, NULL, NULL, &ignored);
		txn->client->refusal = refusal;
	}
	txn->open = false;
	np_encoder_free(&txn->encoder);
}
