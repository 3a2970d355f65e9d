// SPDX-License-Identifier: GPL-2.0
/*
 * The family: what each command takes, and who may send it. The policies refuse all
 * that can be told from one attribute; relations between attributes are parse.c's.
 */
#include "netlink.h"
#include "dump.h"
#include "dump_counters.h"
#include "dump_trie.h"
#include "eval.h"
#include "event.h"
#include "reply.h"
#include "txn.h"

#define STRING(max) { .type = NLA_NUL_STRING, .len = (max) }
#define DUMPS_ONLY { .type = NLA_REJECT, .reject_message = "attribute of dumps only" }

/*
 * TCP, UDP or SCTP; the numbers between are parse.c's to refuse: with a function here,
 * nla_get_range_unsigned() would take its address for a range and warn.
 */
#define PROTOCOL NLA_POLICY_RANGE(NLA_U8, IPPROTO_TCP, IPPROTO_SCTP)

static struct netlink_range_validation ifindex_range = { .max = INT_MAX };

static const struct nla_policy label_policy[NETPOL_LABEL_A_MAX + 1] = {
	[NETPOL_LABEL_A_KEY] = STRING(NETPOL_KEY_MAX),
	[NETPOL_LABEL_A_VALUE] = STRING(NETPOL_VALUE_MAX),
};

static const struct nla_policy prefix_policy[NETPOL_PREFIX_A_MAX + 1] = {
	[NETPOL_PREFIX_A_ADDRESS4] = NLA_POLICY_EXACT_LEN(4),
	[NETPOL_PREFIX_A_ADDRESS6] = NLA_POLICY_EXACT_LEN(16),
	[NETPOL_PREFIX_A_LENGTH] = NLA_POLICY_MAX(NLA_U8, 128),
};

static const struct nla_policy port_policy[NETPOL_PORT_A_MAX + 1] = {
	[NETPOL_PORT_A_PROTOCOL] = PROTOCOL,
	[NETPOL_PORT_A_FIRST] = NLA_POLICY_MIN(NLA_U16, 1),
	[NETPOL_PORT_A_LAST] = NLA_POLICY_MIN(NLA_U16, 1),
	[NETPOL_PORT_A_NAME] = STRING(NETPOL_PORT_NAME_MAX),
};

static const struct nla_policy label_set_policy[NETPOL_LABEL_SET_A_MAX + 1] = {
	[NETPOL_LABEL_SET_A_ID] = { .type = NLA_U32 },
	[NETPOL_LABEL_SET_A_LABEL] = NLA_POLICY_NESTED(label_policy),
	[NETPOL_LABEL_SET_A_PORT] = NLA_POLICY_NESTED(port_policy),
};

static const struct nla_policy namespace_policy[NETPOL_NAMESPACE_A_MAX + 1] = {
	[NETPOL_NAMESPACE_A_NAME] = STRING(NETPOL_NAMESPACE_MAX),
	[NETPOL_NAMESPACE_A_LABEL] = NLA_POLICY_NESTED(label_policy),
	[NETPOL_NAMESPACE_A_ORIGIN] = DUMPS_ONLY,
	[NETPOL_NAMESPACE_A_FLAGS] = DUMPS_ONLY,
};

static const struct nla_policy pod_policy[NETPOL_POD_A_MAX + 1] = {
	[NETPOL_POD_A_NAMESPACE] = STRING(NETPOL_NAMESPACE_MAX),
	[NETPOL_POD_A_NAME] = STRING(NETPOL_NAME_MAX),
	[NETPOL_POD_A_UID] = NLA_POLICY_EXACT_LEN(NETPOL_UID_LEN),
	[NETPOL_POD_A_LABEL_SET] = { .type = NLA_U32 },
	[NETPOL_POD_A_ADDRESS4] = NLA_POLICY_EXACT_LEN(4),
	[NETPOL_POD_A_ADDRESS6] = NLA_POLICY_EXACT_LEN(16),
	[NETPOL_POD_A_FLAGS] = NLA_POLICY_MASK(NLA_U32, NETPOL_POD_F_LOCAL |
							NETPOL_POD_F_RUNNING),
	[NETPOL_POD_A_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &ifindex_range),
	[NETPOL_POD_A_ORIGIN] = DUMPS_ONLY,
	[NETPOL_POD_A_LABEL] = DUMPS_ONLY,
	[NETPOL_POD_A_PORT] = DUMPS_ONLY,
	[NETPOL_POD_A_IDENTITY] = DUMPS_ONLY,
};

static const struct nla_policy requirement_policy[NETPOL_REQUIREMENT_A_MAX + 1] = {
	[NETPOL_REQUIREMENT_A_KEY] = STRING(NETPOL_KEY_MAX),
	[NETPOL_REQUIREMENT_A_OPERATOR] = NLA_POLICY_RANGE(NLA_U8, NETPOL_OPERATOR_IN,
							   NETPOL_OPERATOR_DOES_NOT_EXIST),
	[NETPOL_REQUIREMENT_A_VALUE] = STRING(NETPOL_VALUE_MAX),
};

static const struct nla_policy selector_policy[NETPOL_SELECTOR_A_MAX + 1] = {
	[NETPOL_SELECTOR_A_REQUIREMENT] = NLA_POLICY_NESTED(requirement_policy),
};

#define DIRECTIONS_MAX (BIT(NETPOL_DIRECTIONS) - 1)

static const struct nla_policy policy_policy[NETPOL_POLICY_A_MAX + 1] = {
	[NETPOL_POLICY_A_KIND] = NLA_POLICY_RANGE(NLA_U8, NETPOL_KIND_NETWORK_POLICY,
						  NETPOL_KIND_CLUSTER_NETWORK_POLICY),
	[NETPOL_POLICY_A_NAMESPACE] = STRING(NETPOL_NAMESPACE_MAX),
	[NETPOL_POLICY_A_NAME] = STRING(NETPOL_NAME_MAX),
	[NETPOL_POLICY_A_SUBJECT] = NLA_POLICY_NESTED(selector_policy),
	[NETPOL_POLICY_A_DIRECTIONS] = NLA_POLICY_RANGE(NLA_U8, 1, DIRECTIONS_MAX),
	[NETPOL_POLICY_A_TIER] = NLA_POLICY_RANGE(NLA_U8, NETPOL_TIER_ADMIN,
						  NETPOL_TIER_BASELINE),
	[NETPOL_POLICY_A_PRIORITY] = { .type = NLA_U16 },
	[NETPOL_POLICY_A_FLAGS] = NLA_POLICY_MASK(NLA_U32, NETPOL_POLICY_F_AUDIT),
	[NETPOL_POLICY_A_ORIGIN] = DUMPS_ONLY,
	[NETPOL_POLICY_A_PODS] = DUMPS_ONLY,
};

static const struct nla_policy rule_policy[NETPOL_RULE_A_MAX + 1] = {
	[NETPOL_RULE_A_DIRECTION] = NLA_POLICY_MAX(NLA_U8, NETPOL_DIRECTIONS - 1),
	[NETPOL_RULE_A_ACTION] = NLA_POLICY_RANGE(NLA_U8, NETPOL_ACTION_ACCEPT,
						  NETPOL_ACTION_PASS),
	[NETPOL_RULE_A_INDEX] = DUMPS_ONLY,
	[NETPOL_RULE_A_HITS] = DUMPS_ONLY,
};

static const struct nla_policy peer_policy[NETPOL_PEER_A_MAX + 1] = {
	[NETPOL_PEER_A_POD_SELECTOR] = NLA_POLICY_NESTED(selector_policy),
	[NETPOL_PEER_A_NAMESPACE_SELECTOR] = NLA_POLICY_NESTED(selector_policy),
	[NETPOL_PEER_A_PREFIX] = NLA_POLICY_NESTED(prefix_policy),
};

static const struct nla_policy host_allow_policy[NETPOL_HOST_ALLOW_A_MAX + 1] = {
	[NETPOL_HOST_ALLOW_A_ADDRESS4] = NLA_POLICY_EXACT_LEN(4),
	[NETPOL_HOST_ALLOW_A_ADDRESS6] = NLA_POLICY_EXACT_LEN(16),
	[NETPOL_HOST_ALLOW_A_PROTOCOL] = PROTOCOL,
	[NETPOL_HOST_ALLOW_A_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
};

static const struct nla_policy settings_policy[NETPOL_SETTINGS_A_MAX + 1] = {
	[NETPOL_SETTINGS_A_GUARD_PREFIX] = NLA_POLICY_NESTED(prefix_policy),
	[NETPOL_SETTINGS_A_GUARD_INTERFACE] = STRING(NETPOL_INTERFACE_MAX),
	[NETPOL_SETTINGS_A_UNKNOWN] = NLA_POLICY_MAX(NLA_U8, NETPOL_UNKNOWN_ALLOW),
	[NETPOL_SETTINGS_A_ESTABLISHED] = NLA_POLICY_MAX(NLA_U8, NETPOL_ESTABLISHED_KEEP),
	[NETPOL_SETTINGS_A_HOST_EGRESS] = NLA_POLICY_MAX(NLA_U8, NETPOL_HOST_EGRESS_ALLOW),
	[NETPOL_SETTINGS_A_HOST_ALLOW] = NLA_POLICY_NESTED(host_allow_policy),
	[NETPOL_SETTINGS_A_EVENT_RATE] = { .type = NLA_U32 },
};

static const struct nla_policy delete_policy[NETPOL_DELETE_A_MAX + 1] = {
	[NETPOL_DELETE_A_OBJECT] = NLA_POLICY_RANGE(NLA_U8, NETPOL_OBJECT_NAMESPACE,
						    NETPOL_OBJECT_SETTINGS),
	[NETPOL_DELETE_A_KIND] = NLA_POLICY_RANGE(NLA_U8, NETPOL_KIND_NETWORK_POLICY,
						  NETPOL_KIND_CLUSTER_NETWORK_POLICY),
	[NETPOL_DELETE_A_NAMESPACE] = STRING(NETPOL_NAMESPACE_MAX),
	[NETPOL_DELETE_A_NAME] = STRING(NETPOL_NAME_MAX),
	[NETPOL_DELETE_A_UID] = NLA_POLICY_EXACT_LEN(NETPOL_UID_LEN),
};

static const struct nla_policy eval_nest_policy[NETPOL_EVAL_A_MAX + 1] = {
	[NETPOL_EVAL_A_FAMILY] = { .type = NLA_U8 },
	[NETPOL_EVAL_A_SOURCE_NAMESPACE] = STRING(NETPOL_NAMESPACE_MAX),
	[NETPOL_EVAL_A_SOURCE_NAME] = STRING(NETPOL_NAME_MAX),
	[NETPOL_EVAL_A_SOURCE4] = NLA_POLICY_EXACT_LEN(4),
	[NETPOL_EVAL_A_SOURCE6] = NLA_POLICY_EXACT_LEN(16),
	[NETPOL_EVAL_A_DESTINATION_NAMESPACE] = STRING(NETPOL_NAMESPACE_MAX),
	[NETPOL_EVAL_A_DESTINATION_NAME] = STRING(NETPOL_NAME_MAX),
	[NETPOL_EVAL_A_DESTINATION4] = NLA_POLICY_EXACT_LEN(4),
	[NETPOL_EVAL_A_DESTINATION6] = NLA_POLICY_EXACT_LEN(16),
	[NETPOL_EVAL_A_PROTOCOL] = { .type = NLA_U8 },
	[NETPOL_EVAL_A_PORT] = { .type = NLA_U16 },
};

static const struct nla_policy trie_nest_policy[NETPOL_TRIE_A_POD_NAME + 1] = {
	[NETPOL_TRIE_A_POD_NAMESPACE] = STRING(NETPOL_NAMESPACE_MAX),
	[NETPOL_TRIE_A_POD_NAME] = STRING(NETPOL_NAME_MAX),
};

/* The attributes of each command. */
static const struct nla_policy begin_policy[NETPOL_A_BASE_GENERATION + 1] = {
	[NETPOL_A_FLAGS] = NLA_POLICY_MASK(NLA_U32, NETPOL_FLAG_FULL),
	[NETPOL_A_ORIGIN] = STRING(NETPOL_ORIGIN_MAX),
	[NETPOL_A_BASE_GENERATION] = { .type = NLA_U64 },
};

static const struct nla_policy add_policy[NETPOL_A_DELETE + 1] = {
	[NETPOL_A_TXN] = { .type = NLA_U32 },
	[NETPOL_A_LABEL_SET] = NLA_POLICY_NESTED(label_set_policy),
	[NETPOL_A_NAMESPACE] = NLA_POLICY_NESTED(namespace_policy),
	[NETPOL_A_POD] = NLA_POLICY_NESTED(pod_policy),
	[NETPOL_A_POLICY] = NLA_POLICY_NESTED(policy_policy),
	[NETPOL_A_RULE] = NLA_POLICY_NESTED(rule_policy),
	[NETPOL_A_PEER] = NLA_POLICY_NESTED(peer_policy),
	[NETPOL_A_EXCEPT] = NLA_POLICY_NESTED(prefix_policy),
	[NETPOL_A_PORT] = NLA_POLICY_NESTED(port_policy),
	[NETPOL_A_SETTINGS] = NLA_POLICY_NESTED(settings_policy),
	[NETPOL_A_DELETE] = NLA_POLICY_NESTED(delete_policy),
};

static const struct nla_policy commit_policy[NETPOL_A_MESSAGES + 1] = {
	[NETPOL_A_MESSAGES] = { .type = NLA_U32 },
	[NETPOL_A_FLAGS] = NLA_POLICY_MASK(NLA_U32, NETPOL_FLAG_CHECK),
	[NETPOL_A_TXN] = { .type = NLA_U32 },
};

static const struct nla_policy abort_policy[NETPOL_A_TXN + 1] = {
	[NETPOL_A_TXN] = { .type = NLA_U32 },
};

static const struct nla_policy trie_policy[NETPOL_A_TRIE + 1] = {
	[NETPOL_A_TRIE] = NLA_POLICY_NESTED(trie_nest_policy),
};

static const struct nla_policy counters_policy[NETPOL_A_FLAGS + 1] = {
	[NETPOL_A_FLAGS] = NLA_POLICY_MASK(NLA_U32, NETPOL_FLAG_ZERO),
};

static const struct nla_policy eval_policy[NETPOL_A_EVAL + 1] = {
	[NETPOL_A_EVAL] = NLA_POLICY_NESTED(eval_nest_policy),
};

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
		POLICY(begin_policy),
	}, {
		.cmd = NETPOL_CMD_TXN_ADD,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_txn_add_doit,
		POLICY(add_policy),
	}, {
		.cmd = NETPOL_CMD_TXN_COMMIT,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_txn_commit_doit,
		POLICY(commit_policy),
	}, {
		.cmd = NETPOL_CMD_TXN_ABORT,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_txn_abort_doit,
		POLICY(abort_policy),
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
		.dumpit = netpol_trie_dumpit,
		.done = netpol_dump_done,
		POLICY(trie_policy),
	}, {
		.cmd = NETPOL_CMD_GET_COUNTERS,
		.flags = GENL_ADMIN_PERM,
		.start = netpol_dump_start,
		.dumpit = netpol_counters_dumpit,
		.done = netpol_dump_done,
		POLICY(counters_policy),
	}, {
		.cmd = NETPOL_CMD_EVAL,
		.flags = GENL_ADMIN_PERM,
		.doit = netpol_eval_doit,
		POLICY(eval_policy),
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
