/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A transaction: begin, add objects, commit all of it or nothing.
 */
#ifndef NP_NETLINK_TRANSACTION_H
#define NP_NETLINK_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "netlink/client.h"
#include "netlink/encode.h"

/* The origin of settings: whoever writes them agrees on its generation. */
#define NP_SETTINGS_ORIGIN	"settings"
#define NP_MANUAL_ORIGIN	"manual"

struct np_transaction {
	struct np_client *client;
	struct np_encoder encoder;	/* np_encode_...() adds objects */
	uint32_t number;
	uint32_t messages;	/* TXN_ADD messages sent */
	bool open;
	char origin[NETPOL_ORIGIN_MAX + 1];
};

struct np_transaction_options {
	bool full;		/* replace all of the origin */
	bool has_base;
	uint64_t base;		/* generation of the origin that this builds on; 0: none */
};

/* May objects be of this origin? NP_EXIT_USAGE if not. */
int np_origin_check(const char *origin, struct np_error *err);
int np_transaction_begin(struct np_transaction *txn, struct np_client *client,
			 const char *origin, const struct np_transaction_options *opts,
			 struct np_error *err);
/*
 * With check, the kernel does all but publish. *generation, which may be NULL, gets the
 * generation in force. If the origin has moved on, client->refusal.error is ESTALE.
 */
int np_transaction_commit(struct np_transaction *txn, bool check, uint64_t *generation,
			  struct np_error *err);
/* Ends it without a change if it is still open, and frees; never fails. */
void np_transaction_end(struct np_transaction *txn);

#endif
