/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The generic netlink family "netpol", see uapi/linux/netpol.h and docs/abi.md. This
 * header is what the files of the netlink side share; the rest of the module needs
 * netns.h, and event.c the family and its groups.
 *
 * Every operation finds its struct netpol_net by the socket's network namespace and
 * takes its lock; the family runs operations in parallel.
 */
#ifndef NETPOL_NETLINK_H
#define NETPOL_NETLINK_H

#include "compat.h"
#include "netns.h"
#include <linux/netpol.h>

/*
 * Longest nested attribute that TXN_ADD takes, so that what comes back in a dump, with
 * the attributes that dumps add, stays below the 64 KiB that a nest can have.
 */
#define NETPOL_NEST_MAX 60000

/* Multicast groups, places in netpol_genl_family.mcgrps. */
enum netpol_group {
	NETPOL_GROUP_DENY,
	NETPOL_GROUP_AUDIT,
	NETPOL_GROUP_CHANGE,
};

extern struct genl_family netpol_genl_family;

/*
 * Has anybody ever wanted to be told of denied packets? Where the kernel does not tell,
 * it may be so. It is never taken back: the kernel tells before somebody is a listener.
 */
extern bool netpol_event_asked;

/* Does anybody want to be told of denied packets? RCU. */
static inline bool netpol_event_wanted(const struct netpol_net *nn)
{
	return READ_ONCE(netpol_event_asked) &&
	       genl_has_listeners(&netpol_genl_family, nn->net, NETPOL_GROUP_DENY);
}

/* netlink.c: refusals. All return the error, so that a caller can return it as well. */
int __printf(5, 6) netpol_refuse(struct netpol_net *nn, struct netlink_ext_ack *extack,
				 const struct nlattr *attr, int error,
				 const char *format, ...);
int netpol_refuse_fault(struct netpol_net *nn, struct netlink_ext_ack *extack, int error,
			const struct netpol_fault *fault);
int netpol_refuse_missing(struct netlink_ext_ack *extack, const struct nlattr *nest,
			  u16 type);
struct sk_buff *netpol_reply_new(struct genl_info *info, u8 command, size_t size,
				 void **header);

/* txn.c */
int netpol_txn_begin_doit(struct sk_buff *skb, struct genl_info *info);
int netpol_txn_add_doit(struct sk_buff *skb, struct genl_info *info);
int netpol_txn_commit_doit(struct sk_buff *skb, struct genl_info *info);
int netpol_txn_abort_doit(struct sk_buff *skb, struct genl_info *info);

/* reply.c */
int netpol_info_doit(struct sk_buff *skb, struct genl_info *info);
int netpol_settings_doit(struct sk_buff *skb, struct genl_info *info);
int netpol_flush_doit(struct sk_buff *skb, struct genl_info *info);

/* eval.c */
int netpol_eval_doit(struct sk_buff *skb, struct genl_info *info);

/* dump.c: one .start and .done for all of them */
int netpol_dump_start(struct netlink_callback *cb);
int netpol_dump_done(struct netlink_callback *cb);
int netpol_namespace_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int netpol_pod_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int netpol_policy_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

/* dump_trie.c */
int netpol_trie_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

/* dump_counters.c */
int netpol_counters_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* NETPOL_NETLINK_H */
