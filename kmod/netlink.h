/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The generic netlink family "netpol": its registration, and what all commands share. See
 * uapi/linux/netpol.h and docs/abi.md.
 *
 * A command finds its struct netpol_net by the network namespace of the socket and takes its
 * lock. The family does not serialize commands.
 */
#ifndef NETPOL_NETLINK_H
#define NETPOL_NETLINK_H

#include "compat.h"
#include "netns.h"
#include <linux/netpol.h>

/*
 * Longest nested attribute that TXN_ADD takes, in bytes. A dump adds attributes to it, and the
 * result must stay below the 64 KiB that a nested attribute can have.
 */
#define NETPOL_NEST_MAX 60000

/* Multicast groups: indices of netpol_genl_family.mcgrps. */
enum netpol_group {
	NETPOL_GROUP_DENY,
	NETPOL_GROUP_AUDIT,
	NETPOL_GROUP_CHANGE,
};

extern struct genl_family netpol_genl_family;

int netpol_netlink_register(void);
void netpol_netlink_unregister(void);
int netpol_request_check(const struct nlmsghdr *nlh, struct netlink_ext_ack *extack);

/**
 * struct netpol_refusal - why one request is refused
 * @extack: gets the explanation; NULL: nobody asked for one
 * @text: the sentence that @extack points to. Each request has its own, which stays until
 *	netlink has copied it
 */
struct netpol_refusal {
	struct netlink_ext_ack *extack;
	char text[NETPOL_FAULT_TEXT];
};

/* Refusals return their error, so that a caller can refuse and return in one statement. */
int __printf(4, 5) netpol_refuse(struct netpol_refusal *refusal, const struct nlattr *attr,
				 int error, const char *format, ...);
int netpol_refuse_fault(struct netpol_refusal *refusal, int error,
			const struct netpol_fault *fault);
int netpol_refuse_missing(struct netpol_refusal *refusal, const struct nlattr *nest,
			  u16 type);
struct sk_buff *netpol_reply_new(struct genl_info *info, u8 command, size_t size,
				 void **header);
int netpol_reply_send(struct genl_info *info, struct sk_buff *skb, void *header, int error);
void netpol_notify_change(struct netpol_net *nn, const char *origin, u64 generation);

#endif /* NETPOL_NETLINK_H */
