/* SPDX-License-Identifier: GPL-2.0 */
/* NETPOL_CMD_GET_TRIE: the two programs of a pod of this node. */
#ifndef NETPOL_DUMP_PROGRAM_H
#define NETPOL_DUMP_PROGRAM_H

#include <linux/netlink.h>

int netpol_program_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* NETPOL_DUMP_PROGRAM_H */
