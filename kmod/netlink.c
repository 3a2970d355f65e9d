// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family: its commands, who may send them, and refusals. The attribute
 * policies in netlink_policy.c refuse whatever can be refused by looking at one attribute.
 * parse.c checks how attributes relate to each other.
 */
#include "netlink.h"
#include "audit.h"
#include "dump.h"
#include "dump_counters.h"
#include "dump_program.h"
#include "eval.h"
#include "event.h"
#include "netlink_policy.h"
#include "reply.h"
#include "tracer.h"
#include "txn.h"

#define POLICY(name) .policy = (name), .maxattr = ARRAY_SIZE(name) - 1

/* What carries a command out. Return: 0, or a negative errno that @refusal explains. */
typedef int (*netpol_command_fn)(struct netpol_refusal *refusal, struct genl_info *info);

static const netpol_command_fn netpol_command[] = {
	[NETPOL_CMD_GET_INFO] = netpol_info_doit,
	[NETPOL_CMD_TXN_BEGIN] = netpol_txn_begin_doit,
	[NETPOL_CMD_TXN_ADD] = netpol_txn_add_doit,
	[NETPOL_CMD_TXN_COMMIT] = netpol_txn_commit_doit,
	[NETPOL_CMD_TXN_ABORT] = netpol_txn_abort_doit,
	[NETPOL_CMD_GET_SETTINGS] = netpol_settings_doit,
	[NETPOL_CMD_EVAL] = netpol_eval_doit,
	[NETPOL_CMD_FLUSH] = netpol_flush_doit,
	[NETPOL_CMD_AUDIT] = netpol_audit_doit,
	[NETPOL_CMD_AUDIT_END] = netpol_audit_end_doit,
	[NETPOL_CMD_TRACE_BEGIN] = netpol_trace_begin_doit,
};

/*
 * .doit of all commands. The sentence of a refusal is on this stack, so the acknowledgment is
 * sent here, and not by netlink after the return. -EINTR tells netlink to send none, as it does
 * for a dump that has begun.
 */
static int netpol_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct netpol_refusal refusal = { .extack = info->extack };
	int error = netpol_request_check(info->nlhdr, info->extack);

	netpol_event_forget(netpol_net(genl_info_net(info)));
	if (!error)
		error = netpol_command[info->genlhdr->cmd](&refusal, info);
	if (!error)
		return 0;
	netlink_ack(skb, nlmsg_hdr(skb), error, info->extack);
	return -EINTR;
}

/*
 * A command without a policy takes no attributes. Reading needs CAP_NET_ADMIN as well, because
 * the names and labels of pods are not for everybody to see.
 */
static const struct genl_ops netpol_ops[] = {
	{
		.cmd = NETPOL_CMD_GET_INFO,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_doit,
	}, {
		.cmd = NETPOL_CMD_TXN_BEGIN,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_doit,
		POLICY(netpol_txn_begin_policy),
	}, {
		.cmd = NETPOL_CMD_TXN_ADD,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_doit,
		POLICY(netpol_txn_add_policy),
	}, {
		.cmd = NETPOL_CMD_TXN_COMMIT,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_doit,
		POLICY(netpol_txn_commit_policy),
	}, {
		.cmd = NETPOL_CMD_TXN_ABORT,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_doit,
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
		.doit = netpol_doit,
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
		.doit = netpol_doit,
		POLICY(netpol_eval_policy),
	}, {
		.cmd = NETPOL_CMD_FLUSH,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_doit,
	}, {
		.cmd = NETPOL_CMD_AUDIT,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_doit,
		POLICY(netpol_audit_policy),
	}, {
		.cmd = NETPOL_CMD_AUDIT_END,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_doit,
		POLICY(netpol_audit_end_policy),
	}, {
		.cmd = NETPOL_CMD_GET_AUDIT,
		.flags = GENL_ADMIN_PERM,
		.start = netpol_dump_start,
		.dumpit = netpol_audit_dumpit,
		.done = netpol_dump_done,
	}, {
		.cmd = NETPOL_CMD_TRACE_BEGIN,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_doit,
		POLICY(netpol_trace_begin_policy),
	},
};

/**
 * netpol_request_check() - refuse what the kernel does not look at before 6.1
 * @nlh: request, whose attributes netlink has checked if its command has a policy
 * @extack: gets the explanation, or NULL
 *
 * Bits and attributes without a meaning must not be taken for granted by any client: one day
 * they may have one.
 *
 * Return: 0 or -EINVAL
 */
int netpol_request_check(const struct nlmsghdr *nlh, struct netlink_ext_ack *extack)
{
	const struct genlmsghdr *head = nlmsg_data(nlh);
	u16 flags = nlh->nlmsg_flags;
	int i;

	if ((flags & NLM_F_DUMP) == NLM_F_DUMP)
		flags &= ~NLM_F_DUMP;
	if (head->reserved || flags & ~(NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO)) {
		NL_SET_ERR_MSG(extack, "the header has bits without a meaning");
		return -EINVAL;
	}
	for (i = 0; i < ARRAY_SIZE(netpol_ops); i++)
		if (netpol_ops[i].cmd == head->cmd && !netpol_ops[i].maxattr &&
		    nlmsg_len(nlh) > GENL_HDRLEN) {
			NL_SET_ERR_MSG(extack, "the command takes no attributes");
			return -EINVAL;
		}
	return 0;
}

static const struct genl_multicast_group netpol_groups[] = {
	[NETPOL_GROUP_DENY] = {
		.name = NETPOL_MCGRP_DENY,
		NETPOL_MCGRP_FLAGS
	},
	[NETPOL_GROUP_AUDIT] = {
		.name = NETPOL_MCGRP_AUDIT,
		NETPOL_MCGRP_FLAGS
	},
	[NETPOL_GROUP_CHANGE] = {
		.name = NETPOL_MCGRP_CHANGE,
		NETPOL_MCGRP_FLAGS
	},
};

/* Called before somebody joins a multicast group, in whichever network namespace. */
static int netpol_group_joined(int group)
{
	if (group == NETPOL_GROUP_DENY)
		WRITE_ONCE(netpol_event_asked, true);
	return 0;
}

/*
 * The module has no alias by the name of the family: anybody may look up a family, and with
 * an alias that would load the module.
 */
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
 * @refusal: of the request
 * @attr: attribute to blame, or NULL
 * @error: negative errno
 * @format: printf format of the sentence
 *
 * Return: @error
 */
int netpol_refuse(struct netpol_refusal *refusal, const struct nlattr *attr, int error,
		  const char *format, ...)
{
	struct netpol_fault fault = { .error = error };
	va_list args;

	va_start(args, format);
	vsnprintf(fault.text, sizeof(fault.text), format, args);
	va_end(args);
	if (attr)
		NL_SET_BAD_ATTR(refusal->extack, attr);
	return netpol_refuse_fault(refusal, error, &fault);
}

/**
 * netpol_refuse_fault() - refuse a request with the core's explanation
 * @refusal: of the request
 * @error: negative errno
 * @fault: the explanation
 *
 * Return: @error
 */
int netpol_refuse_fault(struct netpol_refusal *refusal, int error,
			const struct netpol_fault *fault)
{
	if (!refusal->extack)
		return error;
	if (fault->text[0]) {
		strscpy(refusal->text, fault->text, sizeof(refusal->text));
		refusal->extack->_msg = refusal->text;
	} else if (error == -ENOMEM) {
		NL_SET_ERR_MSG(refusal->extack, "out of memory");
	}
	return error;
}

/**
 * netpol_refuse_missing() - refuse a request that lacks an attribute
 * @refusal: of the request
 * @nest: nested attribute that lacks it; NULL: the message lacks it
 * @type: of the missing attribute
 *
 * Return: -EINVAL
 */
int netpol_refuse_missing(struct netpol_refusal *refusal, const struct nlattr *nest, u16 type)
{
	NL_SET_ERR_MSG(refusal->extack, "a required attribute is missing");
	netpol_attr_missing(refusal->extack, nest, type);
	return -EINVAL;
}

/**
 * netpol_reply_new() - begin the answer to a request
 * @info: request
 * @command: enum netpol_cmd of the request
 * @size: bytes of attributes to make room for
 * @header: set for netpol_reply_send()
 *
 * Return: the message, which the caller sends or frees; NULL: no memory.
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
 * netpol_reply_send() - end an answer and send it, or free it after an error
 * @info: request
 * @skb: answer, which this takes over
 * @header: from netpol_reply_new()
 * @error: negative errno: the request failed
 *
 * Return: @error, or if that is 0 the result of sending.
 */
int netpol_reply_send(struct genl_info *info, struct sk_buff *skb, void *header, int error)
{
	if (error) {
		nlmsg_free(skb);
		return error;
	}
	genlmsg_end(skb, header);
	return genlmsg_reply(skb, info);
}

/**
 * netpol_notify_change() - tell the multicast group "change" about a commit
 * @nn: state, locked
 * @origin: origin that committed; NULL: an audit began or ended
 * @generation: generation that the commit made
 *
 * A listener that misses a message sees ENOBUFS, or a gap in the generations.
 */
void netpol_notify_change(struct netpol_net *nn, const char *origin, u64 generation)
{
	struct sk_buff *skb;
	void *header;

	if (!netpol_genl_listened(&netpol_genl_family, nn->net, NETPOL_GROUP_CHANGE))
		return;
	skb = genlmsg_new(nla_total_size(NETPOL_ORIGIN_MAX + 1) +
			  nla_total_size_64bit(sizeof(u64)), GFP_KERNEL);
	if (!skb)
		goto lost;
	header = genlmsg_put(skb, 0, 0, &netpol_genl_family, 0, NETPOL_CMD_CHANGE);
	if (!header || (origin && nla_put_string(skb, NETPOL_A_ORIGIN, origin)) ||
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

/*
 * Registers the family. To be called after netpol_net_register(), because requests can come
 * at once. Return: 0 or a negative errno.
 */
int __init netpol_netlink_register(void)
{
	int error = netpol_txn_register();

	if (error)
		return error;
	error = netpol_tracer_register();
	if (error)
		goto unregister_txn;
	netpol_event_asked = !netpol_genl_watch(&netpol_genl_family, netpol_group_joined);
	error = genl_register_family(&netpol_genl_family);
	if (!error)
		return 0;
	netpol_tracer_unregister();
unregister_txn:
	netpol_txn_unregister();
	return error;
}

/*
 * Unregisters the family. To be called before netpol_net_unregister(). Afterwards no request
 * runs and no dump is open.
 */
void netpol_netlink_unregister(void)
{
	genl_unregister_family(&netpol_genl_family);
	netpol_tracer_unregister();
	netpol_txn_unregister();
}
