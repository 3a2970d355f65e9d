/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Puts objects of the core into netlink messages, for dumps and answers; parse.h is the way
 * back. Each function puts one whole attribute, or all attributes of a kind, and returns 0 or
 * -EMSGSIZE. After -EMSGSIZE the message holds an incomplete part, which the caller cuts off.
 * All functions need the lock of the network namespace.
 */
#ifndef NETPOL_ENCODE_H
#define NETPOL_ENCODE_H

#include <net/netlink.h>
#include "core/world.h"

int netpol_put_address(struct sk_buff *skb, int type4, int type6, u8 family,
		       const void *address);
int netpol_put_prefix(struct sk_buff *skb, int type, u8 family, const void *address,
		      u8 length);
int netpol_put_port(struct sk_buff *skb, int type, u8 protocol, const char *name,
		    u16 first, u16 last);
int netpol_put_labels(struct sk_buff *skb, int type, const struct netpol_labels *labels);
int netpol_put_ports(struct sk_buff *skb, int type, const struct netpol_ports *ports);
int netpol_put_selector(struct sk_buff *skb, int type,
			const struct netpol_selector *selector);
int netpol_put_peer(struct sk_buff *skb, const struct netpol_rule_peer *peer);
int netpol_put_namespace(struct sk_buff *skb, const struct netpol_snapshot *snapshot,
			 const struct netpol_namespace *namespace);
int netpol_put_lack(struct sk_buff *skb, int type, const struct netpol_lack *lack, u8 direction,
		    const struct netpol_pod *pod);
int netpol_put_pod(struct sk_buff *skb, const struct netpol_snapshot *snapshot,
		   const struct netpol_pod *pod);
int netpol_put_policy_name(struct sk_buff *skb, int type,
			   const struct netpol_snapshot *snapshot,
			   const struct netpol_policy *policy, u32 flags);
int netpol_put_policy(struct sk_buff *skb, const struct netpol_snapshot *snapshot,
		      const struct netpol_policy *policy);
int netpol_put_settings(struct sk_buff *skb, const struct netpol_settings *settings);

#endif /* NETPOL_ENCODE_H */
