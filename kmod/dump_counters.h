/* SPDX-License-Identifier: GPL-2.0 */
/* NETPOL_CMD_GET_COUNTERS: counters of packets, in total, for each pod and for each rule. */
#ifndef NETPOL_DUMP_COUNTERS_H
#define NETPOL_DUMP_COUNTERS_H

#include <linux/netlink.h>

int netpol_counters_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* NETPOL_DUMP_COUNTERS_H */
