/* SPDX-License-Identifier: GPL-2.0 */
/* NETPOL_CMD_EVAL: the verdict for a connection, without a packet. */
#ifndef NETPOL_EVAL_H
#define NETPOL_EVAL_H

#include <net/genetlink.h>

struct netpol_refusal;

int netpol_eval_doit(struct netpol_refusal *refusal, struct genl_info *info);

#endif /* NETPOL_EVAL_H */
