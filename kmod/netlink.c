// SPDX-License-Identifier: GPL-2.0
/*
 * The family: its commands, who may send them, and refusals. netlink_policy.c has the
 * checks of single attributes; relations between attributes are checked by parse.c.
 */
#include "netlink.h"
#include "dump.h"
#include "dump_counters.h"
#include "dump_program.h"
#include "eval.h"
#include "event.h"
#include "netlink_policy.h"
#include "reply.h"
#include "txn.h"

#define POLICY(name) .policy = (name), .maxattr = ARRAY_SIZE(name) - 1

/*
 * A command without a policy takes no attribute at all. What pods there are and how
 * they are labelled is nothing for others to see, so reading needs the capability too.
 */
static const struct genl_ops netpol_ops[] = {
	{
		.cmd = NETPOL_CMD_GET_INFO,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_info_doit,
	}, {
		.cmd = NETPOL_CMD_TXN_BEGIN,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_txn_begin_doit,
		POLICY(netpol_txn_begin_policy),
	}, {
		.cmd = NETPOL_CMD_TXN_ADD,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_txn_add_doit,
		POLICY(netpol_txn_add_policy),
	}, {
		.cmd = NETPOL_CMD_TXN_COMMIT,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_txn_commit_doit,
		POLICY(netpol_txn_commit_policy),
	}, {
		.cmd = NETPOL_CMD_TXN_ABORT,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_txn_abort_doit,
		POLICY(netpol_txn_abort_policy),
	}, {
		.cmd = NETPOL_CMD_GET_NAMESPACE,
		.flags = GENL_ADMIN_PERM,
		.start = netpol_dump_start,
		.dumpit = netpol_namespace_dumpit,
		.done = netpol_dump_done,
	}, {
		.cmd = NETPOL_CMD_GET_POD,
		.flags = GENL_ADMIN_PERM,
		.start = netpol_dump_start,
		.dumpit = netpol_pod_dumpit,
		.done = netpol_dump_done,
	}, {
		.cmd = NETPOL_CMD_GET_POLICY,
		.flags = GENL_ADMIN_PERM,
		.start = netpol_dump_start,
		.dumpit = netpol_policy_dumpit,
		.done = netpol_dump_done,
	}, {
		.cmd = NETPOL_CMD_GET_SETTINGS,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_settings_doit,
	}, {
		.cmd = NETPOL_CMD_GET_TRIE,
		.flags = GENL_ADMIN_PERM,
		.start = netpol_dump_start,
		.dumpit = netpol_program_dumpit,
		.done = netpol_dump_done,
		POLICY(netpol_get_trie_policy),
	}, {
		.cmd = NETPOL_CMD_GET_COUNTERS,
		.flags = GENL_ADMIN_PERM,
		.start = netpol_dump_start,
		.dumpit = netpol_counters_dumpit,
		.done = netpol_dump_done,
		POLICY(netpol_get_counters_policy),
	}, {
		.cmd = NETPOL_CMD_EVAL,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_eval_doit,
		POLICY(netpol_eval_policy),
	}, {
		.cmd = NETPOL_CMD_FLUSH,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_flush_doit,
	},
};

static const struct genl_multicast_group netpol_groups[] = {
	[NETPOL_GROUP_DENY] = {
		.name = NETPOL_MCGRP_DENY,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
	[NETPOL_GROUP_AUDIT] = {
		.name = NETPOL_MCGRP_AUDIT,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
	[NETPOL_GROUP_CHANGE] = {
		.name = NETPOL_MCGRP_CHANGE,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

/* Somebody is about to listen to a group, in whichever network namespace. */
static int netpol_group_joined(int group)
{
	if (group == NETPOL_GROUP_DENY)
		WRITE_ONCE(netpol_event_asked, true);
	return 0;
}

/* No alias by family name: looking a name up needs no capability and would load us. */
struct genl_family netpol_genl_family __ro_after_init = {
	.name = NETPOL_GENL_NAME,
	.version = NETPOL_GENL_VERSION,
	.module = THIS_MODULE,
	.netnsok = true,
	.parallel_ops = true,
	.ops = netpol_ops,
	.n_ops = ARRAY_SIZE(netpol_ops),
	.mcgrps = netpol_groups,
	.n_mcgrps = ARRAY_SIZE(netpol_groups),
};

/**
 * netpol_refuse() - refuse a request with a sentence
 * @nn: state, locked; the sentence is kept there until the acknowledgment is sent
 * @extack: where to; may be NULL
 * @attr: attribute to blame, or NULL
 * @error: negative errno
 * @format: printf format of the sentence
 *
 * Return: @error
 */
int netpol_refuse(struct netpol_net *nn, struct netlink_ext_ack *extack,
		  const struct nlattr *attr, int error, const char *format, ...)
{
	struct netpol_fault fault = { .error = error };
	va_list args;

	va_start(args, format);
	vsnprintf(fault.text, sizeof(fault.text), format, args);
	va_end(args);
	if (attr)
		NL_SET_BAD_ATTR(extack, attr);
	return netpol_refuse_fault(nn, extack, error, &fault);
}

/**
 * netpol_refuse_fault() - refuse a request with what the core says of it
 * @nn: state, locked
 * @extack: where to; may be NULL
 * @error: negative errno
 * @fault: its explanation
 *
 * Return: @error
 */
int netpol_refuse_fault(struct netpol_net *nn, struct netlink_ext_ack *extack, int error,
			const struct netpol_fault *fault)
{
	lockdep_assert_held(&nn->lock);
	if (!extack)
		return error;
	if (fault->text[0])
		extack->_msg = netpol_net_fault(nn, fault);
	else if (error == -ENOMEM)
		NL_SET_ERR_MSG(extack, "out of memory");
	return error;
}

/* Refuses a request that lacks attribute @type of @nest; NULL: of the message. -EINVAL */
int netpol_refuse_missing(struct netlink_ext_ack *extack, const struct nlattr *nest,
			  u16 type)
{
	NL_SET_ERR_MSG(extack, "a required attribute is missing");
	NL_SET_ERR_ATTR_MISS(extack, nest, type);
	return -EINVAL;
}

/**
 * netpol_reply_new() - begin the answer to a request
 * @info: request
 * @command: enum netpol_cmd, that of the request
 * @size: bytes of attributes to make room for
 * @header: set to what genlmsg_end() takes
 *
 * Return: the message, the caller's to send or free; NULL without memory.
 */
struct sk_buff *netpol_reply_new(struct genl_info *info, u8 command, size_t size,
				 void **header)
{
	struct sk_buff *skb = nlmsg_new(GENL_HDRLEN + size, GFP_KERNEL | __GFP_NOWARN);

	if (!skb)
		return NULL;
	*header = genlmsg_put_reply(skb, info, &netpol_genl_family, 0, command);
	if (!*header) {
		nlmsg_free(skb);
		return NULL;
	}
	return skb;
}

/**
 * netpol_notify_change() - tell the group "change" of a commit
 * @nn: state, locked
 * @origin: whose commit it was
 * @generation: that it made
 *
 * Listeners that can't be told see ENOBUFS or a gap in the generations.
 */
void netpol_notify_change(struct netpol_net *nn, const char *origin, u64 generation)
{
	struct sk_buff *skb;
	void *header;

	if (!genl_has_listeners(&netpol_genl_family, nn->net, NETPOL_GROUP_CHANGE))
		return;
	skb = genlmsg_new(nla_total_size(NETPOL_ORIGIN_MAX + 1) +
			  nla_total_size_64bit(sizeof(u64)), GFP_KERNEL);
	if (!skb)
		goto lost;
	header = genlmsg_put(skb, 0, 0, &netpol_genl_family, 0, NETPOL_CMD_CHANGE);
	if (!header || nla_put_string(skb, NETPOL_A_ORIGIN, origin) ||
	    nla_put_u64_64bit(skb, NETPOL_A_GENERATION, generation, NETPOL_A_PAD)) {
		nlmsg_free(skb);
		goto lost;
	}
	genlmsg_end(skb, header);
	genlmsg_multicast_netns(&netpol_genl_family, nn->net, skb, 0,
				NETPOL_GROUP_CHANGE, GFP_KERNEL);
	return;
lost:
	genl_set_err(&netpol_genl_family, nn->net, 0, NETPOL_GROUP_CHANGE, -ENOBUFS);
}

/* After netpol_net_register(), for requests can come from here on. 0 or an errno. */
int __init netpol_netlink_register(void)
{
	int error = netpol_txn_register();

	if (error)
		return error;
	netpol_event_asked = !netpol_genl_tell(&netpol_genl_family, netpol_group_joined);
	error = genl_register_family(&netpol_genl_family);
	if (error)
		netpol_txn_unregister();
	return error;
}

/* Before netpol_net_unregister(). No request runs afterwards, no dump is open. */
void netpol_netlink_unregister(void)
{
	genl_unregister_family(&netpol_genl_family);
	netpol_txn_unregister();
}
