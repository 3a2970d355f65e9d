// SPDX-License-Identifier: GPL-2.0
/* Requests about the whole network namespace: GET_INFO, GET_SETTINGS and FLUSH. */
#include "reply.h"
#include "encode.h"
#include "netlink.h"

/* How much of a limit is in use; false: the limit bounds one object, so nothing adds up. */
static bool limit_used(const struct netpol_net *nn, u32 limit, u64 *used)
{
	switch (limit) {
	case NETPOL_LIMIT_NAMESPACES:
	case NETPOL_LIMIT_PODS:
	case NETPOL_LIMIT_LOCAL_PODS:
	case NETPOL_LIMIT_POLICIES:
	case NETPOL_LIMIT_IDENTITIES:
	case NETPOL_LIMIT_ADDRESSES:
	case NETPOL_LIMIT_UNFREED_BYTES:
	case NETPOL_LIMIT_PROGRAM_BYTES:
		*used = netpol_world_used(nn->world, limit);
		return true;
	case NETPOL_LIMIT_TRANSACTIONS:
		*used = nn->ntransactions;
		return true;
	case NETPOL_LIMIT_GUARDS:
		*used = nn->world->snapshot->settings->nguards;
		return true;
	default:
		return false;
	}
}

static int put_limit(struct sk_buff *skb, const struct netpol_net *nn, u32 limit)
{
	struct nlattr *nest = nla_nest_start(skb, NETPOL_A_LIMIT);
	u64 used;

	if (!nest || nla_put_u32(skb, NETPOL_LIMIT_A_ID, limit) ||
	    (limit_used(nn, limit, &used) &&
	     nla_put_u64_64bit(skb, NETPOL_LIMIT_A_USED, used, NETPOL_LIMIT_A_PAD)) ||
	    nla_put_u64_64bit(skb, NETPOL_LIMIT_A_MAX, nn->world->limit[limit],
			      NETPOL_LIMIT_A_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_origin(struct sk_buff *skb, const struct netpol_origin *origin)
{
	struct nlattr *nest = nla_nest_start(skb, NETPOL_A_ORIGIN_INFO);

	if (!nest || nla_put_string(skb, NETPOL_ORIGIN_A_NAME, origin->name) ||
	    nla_put_u64_64bit(skb, NETPOL_ORIGIN_A_GENERATION, origin->generation,
			      NETPOL_ORIGIN_A_PAD) ||
	    nla_put_u64_64bit(skb, NETPOL_ORIGIN_A_OBJECTS, origin->objects,
			      NETPOL_ORIGIN_A_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_info(struct sk_buff *skb, const struct netpol_net *nn)
{
	const struct netpol_snapshot *snapshot = nn->world->snapshot;
	u32 i, flags = nn->enforcing ? NETPOL_FLAG_ENFORCING : 0;
	const struct netpol_pod *first;

	if (nla_put_u32(skb, NETPOL_A_ABI_MIN, NETPOL_ABI_MIN) ||
	    nla_put_u32(skb, NETPOL_A_ABI_MAX, NETPOL_ABI_MAX) ||
	    nla_put_u64_64bit(skb, NETPOL_A_FEATURES, NETPOL_FEATURE_NETWORK_POLICY |
			      NETPOL_FEATURE_CLUSTER_NETWORK_POLICY | NETPOL_FEATURE_AUDIT |
			      NETPOL_FEATURE_TRACE, NETPOL_A_PAD) ||
	    nla_put_string(skb, NETPOL_A_VERSION, NETPOL_VERSION) ||
	    nla_put_u64_64bit(skb, NETPOL_A_GENERATION, snapshot->generation,
			      NETPOL_A_PAD) ||
	    nla_put_u32(skb, NETPOL_A_FLAGS, flags) ||
	    nla_put_u32(skb, NETPOL_A_LACKING, netpol_world_lacking(nn->world, &first)))
		return -EMSGSIZE;
	for (i = 1; i <= NETPOL_LIMIT_MAX; i++)
		if (put_limit(skb, nn, i))
			return -EMSGSIZE;
	for (i = 0; i < NETPOL_ORIGINS; i++)
		if (snapshot->origin[i].name[0] && put_origin(skb, &snapshot->origin[i]))
			return -EMSGSIZE;
	return 0;
}

/* Answers a request with one message, which @put fills under the lock. */
static int answer(struct genl_info *info, u8 command, size_t size,
		  int (*put)(struct sk_buff *skb, const struct netpol_net *nn))
{
	struct netpol_net *nn = netpol_net(genl_info_net(info));
	struct sk_buff *reply;
	void *header;
	int error;

	reply = netpol_reply_new(info, command, size, &header);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&nn->lock);
	error = put(reply, nn);
	mutex_unlock(&nn->lock);
	return netpol_reply_send(info, reply, header, error);
}

/* Bytes that the answer to GET_INFO takes, at most. */
#define INFO_SIZE \
	(NLMSG_DEFAULT_SIZE + NETPOL_LIMIT_MAX * 64 + NETPOL_ORIGINS * 64)

/*
 * NETPOL_CMD_GET_INFO. It does not contain the kernel's boot id, which modules can't read:
 * userspace finds it in /proc/sys/kernel/random/boot_id.
 */
int netpol_info_doit(struct netpol_refusal *refusal, struct genl_info *info)
{
	return answer(info, NETPOL_CMD_GET_INFO, INFO_SIZE, put_info);
}

/* Bytes that settings take in a message, at most. */
#define SETTINGS_SIZE \
	(NETPOL_GUARDS_MAX * (2 * NLA_HDRLEN + 16 + nla_total_size(1)) + \
	 NETPOL_PATTERNS_MAX * nla_total_size(NETPOL_INTERFACE_MAX + 1) + \
	 NETPOL_HOST_ALLOW_MAX * (2 * NLA_HDRLEN + 16 + 2 * nla_total_size(2)) + \
	 NETPOL_SOURCE_ALLOW_MAX * (3 * NLA_HDRLEN + 16 + nla_total_size(1) + \
				    nla_total_size(NETPOL_NAMESPACE_MAX + 1) + \
				    nla_total_size(NETPOL_NAME_MAX + 1)) + 256)

static int put_settings(struct sk_buff *skb, const struct netpol_net *nn)
{
	return netpol_put_settings(skb, nn->world->snapshot->settings);
}

/* NETPOL_CMD_GET_SETTINGS */
int netpol_settings_doit(struct netpol_refusal *refusal, struct genl_info *info)
{
	return answer(info, NETPOL_CMD_GET_SETTINGS, SETTINGS_SIZE, put_settings);
}

/* NETPOL_CMD_FLUSH */
int netpol_flush_doit(struct netpol_refusal *refusal, struct genl_info *info)
{
	struct netpol_net *nn = netpol_net(genl_info_net(info));
	struct netpol_fault fault = {};
	int error;

	mutex_lock(&nn->lock);
	error = netpol_net_flush(nn, &fault);
	if (error)
		netpol_refuse_fault(refusal, error, &fault);
	mutex_unlock(&nn->lock);
	return error;
}
