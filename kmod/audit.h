/* SPDX-License-Identifier: GPL-2.0 */
/* Requests about audits: AUDIT, AUDIT_END and GET_AUDIT. */
#ifndef NETPOL_AUDIT_COMMANDS_H
#define NETPOL_AUDIT_COMMANDS_H

#include <net/genetlink.h>

struct netpol_refusal;

int netpol_audit_doit(struct netpol_refusal *refusal, struct genl_info *info);
int netpol_audit_end_doit(struct netpol_refusal *refusal, struct genl_info *info);
int netpol_audit_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* NETPOL_AUDIT_COMMANDS_H */
