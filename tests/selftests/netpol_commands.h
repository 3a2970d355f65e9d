/* SPDX-License-Identifier: GPL-2.0 */
/* All commands of the ABI, for tests that try each of them. permission.c sees that none lacks. */
#ifndef NETPOL_COMMANDS_H
#define NETPOL_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/netpol.h>

static const struct {
	uint8_t cmd;
	bool dump;
} commands[] = {
	{ NETPOL_CMD_GET_INFO },
	{ NETPOL_CMD_TXN_BEGIN },
	{ NETPOL_CMD_TXN_ADD },
	{ NETPOL_CMD_TXN_COMMIT },
	{ NETPOL_CMD_TXN_ABORT },
	{ NETPOL_CMD_GET_NAMESPACE, true },
	{ NETPOL_CMD_GET_POD, true },
	{ NETPOL_CMD_GET_POLICY, true },
	{ NETPOL_CMD_GET_SETTINGS },
	{ NETPOL_CMD_GET_TRIE, true },
	{ NETPOL_CMD_GET_COUNTERS, true },
	{ NETPOL_CMD_EVAL },
	{ NETPOL_CMD_FLUSH },
	{ NETPOL_CMD_AUDIT },
	{ NETPOL_CMD_AUDIT_END },
	{ NETPOL_CMD_GET_AUDIT, true },
	{ NETPOL_CMD_TRACE_BEGIN },
};

/* How many commands there are that one can send: EVENT, CHANGE and TRACE are notifications. */
#define NSENT (NETPOL_CMD_MAX - 3)

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

#endif
