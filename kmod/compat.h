/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The differences between the kernels that netpol builds on, all in this one
 * place. HAVE_... comes from kmod/compat.sh, which looks at the headers of the
 * kernel in question; no other file asks for a HAVE_... or a kernel version.
 */
#ifndef NETPOL_COMPAT_H
#define NETPOL_COMPAT_H

#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/random.h>
#include <linux/skbuff.h>
#include <net/genetlink.h>
#include <trace/events/skb.h>

#ifdef HAVE_LINUX_UNALIGNED_H
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* For .flags of a multicast group: CAP_NET_ADMIN over the listener's netns. */
#ifndef HAVE_GENL_MCAST_CAP_NET_ADMIN
#define GENL_MCAST_CAP_NET_ADMIN GENL_UNS_ADMIN_PERM
#endif

#ifndef HAVE_GENL_REQ_ATTR_CHECK
#define GENL_REQ_ATTR_CHECK(info, attr) ({				\
	struct genl_info *__info = (info);				\
	bool __miss = !__info->attrs[(attr)];				\
									\
	if (__miss)							\
		NL_SET_ERR_MSG(__info->extack,				\
			       "required attribute missing");		\
	__miss;								\
})
#endif

/*
 * Has a family tell @joined of each group that somebody is about to join, before it is
 * registered. Return: does the kernel know how?
 */
static inline bool netpol_genl_tell(struct genl_family *family, int (*joined)(int group))
{
#ifdef HAVE_GENL_FAMILY_BIND
	family->bind = joined;
	return true;
#else
	return false;
#endif
}

/* The request's attributes in a dumpit. */
static inline struct nlattr **netpol_dump_attrs(struct netlink_callback *cb)
{
#ifdef HAVE_GENL_INFO_DUMP
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
/* The bridge port that a bridged packet came in by; needs rcu_read_lock. */
static inline struct net_device *
netpol_bridge_physindev(const struct sk_buff *skb, struct net *net)
{
#ifdef HAVE_BRIDGE_PHYSINDEV_NET
	return nf_bridge_get_physindev(skb, net);
#else
	return nf_bridge_get_physindev(skb);
#endif
}

/* The bridge port that a bridged packet leaves by; NULL if it isn't bridged. */
static inline struct net_device *netpol_bridge_physoutdev(const struct sk_buff *skb)
{
	return nf_bridge_get_physoutdev(skb);
}

/* Did it come in by a bridge port, under br_netfilter? */
static inline bool netpol_bridged(const struct sk_buff *skb)
{
	return nf_bridge_info_exists(skb);
}
#else
static inline struct net_device *
netpol_bridge_physindev(const struct sk_buff *skb, struct net *net)
{
	return NULL;
}

static inline struct net_device *netpol_bridge_physoutdev(const struct sk_buff *skb)
{
	return NULL;
}

static inline bool netpol_bridged(const struct sk_buff *skb)
{
	return false;
}
#endif

/* Does somebody trace drops, and could see where a packet is freed? */
static inline bool netpol_drop_traced(void)
{
#if defined(HAVE_NF_DROP_REASON) && defined(HAVE_NETFILTER_DROP_REASON)
	return trace_kfree_skb_enabled();
#else
	return false;
#endif
}

/*
 * The verdict for a denied packet; don't touch the skb afterwards. nf_hook_slow() frees it
 * and tells the sender of EPERM; where drops are traced it is freed here, for the same
 * reason, so that the trace leads here.
 */
static inline unsigned int netpol_drop(struct sk_buff *skb)
{
#if defined(HAVE_NF_DROP_REASON) && defined(HAVE_NETFILTER_DROP_REASON)
	if (netpol_drop_traced())
		return NF_DROP_REASON(skb, SKB_DROP_REASON_NETFILTER_DROP, EPERM);
#endif
	return NF_DROP;
}

#endif /* NETPOL_COMPAT_H */
