/* SPDX-License-Identifier: GPL-2.0 */
/* Requests about the whole network namespace: GET_INFO, GET_SETTINGS and FLUSH. */
#ifndef NETPOL_REPLY_H
#define NETPOL_REPLY_H

#include <net/genetlink.h>

struct netpol_refusal;

int netpol_info_doit(struct netpol_refusal *refusal, struct genl_info *info);
int netpol_settings_doit(struct netpol_refusal *refusal, struct genl_info *info);
int netpol_flush_doit(struct netpol_refusal *refusal, struct genl_info *info);

#endif /* NETPOL_REPLY_H */
